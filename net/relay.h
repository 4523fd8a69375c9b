/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_RELAY_H
#define JAILRT_NET_RELAY_H
/*
 * relay: TCP connections of the jail that go through a proxy.
 *
 * Each has a port of the loopback for itself, where libslirp connects to in place of where the jail wants to
 * go; from there it is carried to the proxy. The port is open until that one connection has come, and
 * nobody else's is taken. A proxy that refuses is a reset to the jail.
 */
#include "judge.h"
#include "polls.h"

struct relay;

struct relays {
	struct relay *first;
	size_t n;
};

enum { RELAYS = 1024 };

/* For the packet that opens the connection: the port of the loopback; -errno. */
int relays_begin(struct relays *all, const struct judge_rule *r, const struct packet *p,
	uint64_t now, uint16_t *ret_port);
void relays_fill(struct relays *all, struct polls *polls);
void relays_poll(struct relays *all, const struct polls *polls, uint64_t now);

#endif
