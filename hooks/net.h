/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_HOOK_NET_H
#define JAILRT_HOOK_NET_H
/*
 * net: a container's way to the network, and how it is made.
 *
 * What is asked for is checked by net.c and is data here; net_make.c carries it out with ip(8) and nft(8),
 * which are given nothing but what was checked. All that is made on the host has a name made of the
 * container's id and bundle, so that it is found again with nothing kept on disk: a pair of veth devices whose
 * host's end is "jr" and 12 hex digits, and a table "jailrt_" and the same digits.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "../runtime/base/err.h"

struct net_address {
	int family;
	char text[INET6_ADDRSTRLEN];
	unsigned prefix;
};

enum { NET_ADDRESSES = 2 }; /* one IPv4, one IPv6 */

struct net {
	const char *id;
	char link[IFNAMSIZ]; /* the host's end */
	char table[32];
	const char *interface; /* the container's end */
	const char *bridge; /* NULL: point-to-point */
	struct net_address address[NET_ADDRESSES], gateway[NET_ADDRESSES];
	unsigned n_addresses, n_gateways;
	uint32_t mtu; /* 0: the kernel's */
	bool nat, enable_forwarding, check_forwarding;
};

/* The names of what belongs to the container. */
void net_name(struct net *n, const char *id, const char *bundle);

/* Makes it all for the container of that process, in place of what is left of an earlier one; or nothing. */
int net_up(const struct net *n, int64_t pid, struct err *e);

/* Removes it all; what is not there does not matter. nat: also the table. */
int net_down(const struct net *n, bool nat, struct err *e);

#endif
