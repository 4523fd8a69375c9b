/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_H
#define JAILRT_NET_H
/*
 * net: jailrt-net, the program beside a jail that carries its packets.
 *
 * jailrt starts it with the process id of the jail's init, and struct user_net as JSON on stdin. It ends
 * with status 0 once the jail has its network, or with 1 and the reason on stderr; what then carries
 * the packets is a process of its own, which holds a pidfd of init and is gone when init is. It
 * changes the jail in one way alone: it makes its network device. All of the jail's packets are an
 * enemy's.
 */
#include "../spec/user_net.h"

/* The jail as the program sees it. */
struct jail_end {
	pid_t pid;
	int pidfd; /* of init */
	int user, net; /* its namespaces; user -1: our own */
};

/*
 * Calls fn in a process that has joined the jail's namespaces, and hands out the fd that fn returns.
 * A failure of fn is the failure of this.
 */
int enter(const struct jail_end *jail, int (*fn)(const void *arg, struct err *e), const void *arg,
	struct err *e);

/*
 * The two backends, begun in the process that stays: ready is called once the network is there, and
 * they return when the jail is gone, or with why there is no network.
 */
typedef void ready_fn(void);
int pasta_run(
	const struct user_net *n, const struct jail_end *jail, ready_fn *ready, struct err *e);
int stack_run(
	const struct user_net *n, const struct jail_end *jail, ready_fn *ready, struct err *e);

#endif
