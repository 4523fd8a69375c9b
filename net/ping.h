/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_PING_H
#define JAILRT_NET_PING_H
/*
 * ping: echoes of IPv6, which libslirp does not carry.
 *
 * By the kernel's ping sockets (icmp(7), ping_group_range), one for each identifier of the jail and
 * whom it asks. What may not be sent is lost.
 */
#include "packet.h"
#include "polls.h"

struct ping;

struct pings {
	struct ping *first;
	size_t n;
	void (*give)(const uint8_t *packet, size_t len, void *arg); /* to the jail */
	void *arg;
};

enum { PINGS = 64 };

/* The request p goes to the address; the answer comes from where p was sent. */
void pings_send(
	struct pings *all, const struct packet *p, const struct net_address *to, uint64_t now);
void pings_fill(struct pings *all, struct polls *polls);
void pings_poll(struct pings *all, const struct polls *polls, uint64_t now);

#endif
