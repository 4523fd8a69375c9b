/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_ASSOC_H
#define JAILRT_NET_ASSOC_H
/*
 * assoc: datagrams of the jail that go through a SOCKS5 proxy.
 *
 * Each port of the jail has an association, as RFC 1928 calls it: a connection to the proxy that holds it,
 * and a socket to where the proxy relays. Until it is there the first datagrams wait. Answers become
 * packets from whom the proxy says they are.
 */
#include "judge.h"
#include "polls.h"

struct assoc;

struct assocs {
	struct assoc *first;
	size_t n;
	void (*give)(const uint8_t *packet, size_t len, void *arg); /* to the jail */
	void *arg;
};

enum { ASSOCS = 256 };

/* A datagram that cannot be sent is lost. */
void assocs_send(
	struct assocs *all, const struct judge_rule *r, const struct packet *p, uint64_t now);
void assocs_fill(struct assocs *all, struct polls *polls);
void assocs_poll(struct assocs *all, const struct polls *polls, uint64_t now);

#endif
