/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NETLINK_H
#define JAILRT_NETLINK_H
/*
 * netlink: requests to the kernel's tables of network devices, addresses, routes and rules
 * (rtnetlink(7)).
 *
 * A message is built on the caller's stack, sent and answered on a socket of the network namespace in
 * which the socket was made. No heap, no locks: for use between clone and exec, too. Unless said
 * otherwise the calls return 0 or -errno.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

enum { NETLINK_BODY = 32768 };

/* A request under construction, or an answer; aligned as the kernel's macros want it. */
struct netlink {
	struct nlmsghdr h;
	char body[NETLINK_BODY];
};

/* A socket; the failure has words. */
int netlink_open(struct err *e);

/* type is RTM_…, head the struct that its messages begin with. */
void netlink_begin(struct netlink *m, int type, int flags, const void *head, size_t size);
/* The caller adds no more than there is room for. */
void netlink_add(struct netlink *m, int type, const void *data, size_t size);
void netlink_add_text(struct netlink *m, int type, const char *text);
/* What is added until the end lies in an attribute of that type. */
struct rtattr *netlink_nest(struct netlink *m, int type);
void netlink_nest_end(struct netlink *m, struct rtattr *nest);

int netlink_send(int sock, const struct netlink *m);
/* The length of what came, or -errno. */
ssize_t netlink_receive(int sock, struct netlink *m);
/* The kernel's word on a request, 0 or -errno; m becomes the answer. */
int netlink_answer(int sock, struct netlink *m);
/* Sends the request, which becomes the answer; returns the kernel's word, 0 or -errno. */
int netlink_ask(int sock, struct netlink *m);

/* A device's number in the namespace of the socket, or -errno. */
int netlink_index(int sock, const char *device);

#endif
