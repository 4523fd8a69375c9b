/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_DIAL_H
#define JAILRT_NET_DIAL_H
/*
 * dial: a connection to a proxy on its way to being open: connected, greeted, asked.
 *
 * Nothing waits: dial_step does what can be done when the socket says so (dial_events).
 */
#include "judge.h"
#include "proxy.h"

enum dial_state { DIAL_CONNECT, DIAL_GREET, DIAL_ASK, DIAL_OPEN };

struct dial {
	enum dial_state state;
	enum user_net_action kind;
	enum proxy_command command;
	int fd;
	struct proxy_end end; /* what it is asked for */
	struct proxy_end bound; /* what it answers */
	uint8_t heard[PROXY_ANSWER];
	size_t n; /* once it is open: what came behind the answer */
};

/* Begins to connect; -errno. */
int dial_begin(struct dial *d, const struct judge_rule *r, enum proxy_command command,
	const struct proxy_end *end);
short dial_events(const struct dial *d);
/* -errno when it fails. */
int dial_step(struct dial *d, short got);

/* A socket that does not block, connected to where it is; -errno. kind: SOCK_STREAM or SOCK_DGRAM. */
int dial_socket(int kind, int family, const struct net_address *a, uint16_t port);

#endif
