/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_POLLS_H
#define JAILRT_NET_POLLS_H
/*
 * polls: what the loop waits for, named anew at each turn.
 */
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct polls {
	struct pollfd *v;
	size_t n, room;
};

/* The place of the fd in the list; -1 when memory runs out: it is passed over this time. */
int polls_add(struct polls *p, int fd, short events);
/* What happened at a place; 0 for -1. */
short polls_got(const struct polls *p, int at);

/* Whether one of them is the socket at the other end of fd. */
bool polls_have_peer(const struct polls *p, int fd);

#endif
