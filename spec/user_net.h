/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_USER_NET_H
#define JAILRT_USER_NET_H
/*
 * user_net: the network that a jail has through a process of the host, and its rules.
 *
 * The same plain struct is a part of the jail, the arguments of its step, and what the helper program
 * (net/) reads as JSON on stdin, by its table. Addresses are texts that user_net_parse takes; a family
 * that is off has none.
 */
#include <netinet/in.h>

#include "field.h"

/* The program that carries packets, and what the process of it that stays is called (15 bytes at the most). */
#define JAILRT_NET	  "jailrt-net"
#define JAILRT_NET_SERVER "jailrt-net-jail"

enum user_net_backend { USER_NET_BUILT_IN, USER_NET_PASTA };

enum user_net_direction {
	USER_NET_OUT,
	USER_NET_IN
}; /* who opens the connection: the jail, or others */

enum user_net_action {
	USER_NET_DROP,
	USER_NET_REJECT,
	USER_NET_ALLOW,
	USER_NET_REDIRECT,
	USER_NET_SOCKS5,
	USER_NET_CONNECT,
};

enum user_net_proto { USER_NET_ANY, USER_NET_TCP, USER_NET_UDP, USER_NET_ICMP };

struct user_net_rule {
	OPT(int32_t, family); /* 4 or 6 */
	OPT(int32_t, direction);
	OPT(int32_t, action);
	OPT(int32_t, proto);
	const char *src,
		*dst; /* ADDRESS or ADDRESS/LENGTH; NULL: any. USER_NET_IN: src is listened on */
	OPT(uint32_t, sport); /* absent: any */
	OPT(uint32_t, sport_end); /* with sport, always */
	OPT(uint32_t, dport);
	OPT(uint32_t, dport_end);
	const char *to; /* where to instead, or the proxy */
	OPT(uint32_t, to_port); /* absent: the same */
};

struct user_net {
	OPT(int32_t, backend);
	const char *program; /* pasta's path; NULL: found along search */
	const char *search; /* directories, with colons between */
	struct texts args; /* pasta's, all but the process id */
	const char *device; /* its name in the jail; NULL: there is none */
	OPT(bool, configured); /* pasta gives it its address */
	const char *ip4, *gw4, *ip6, *gw6;
	LIST_OF(struct user_net_rule)
	rules; /* of a family and direction, the first that matches counts */
};

extern const struct table table_user_net_rule;
extern const struct table table_user_net;

/* An address, in the order of the network; the first 4 bytes of IPv4. */
struct net_address {
	uint8_t b[16];
};

/* How many of its bits are equal to those of the network; family 4: 32 at the most. */
struct net_range {
	struct net_address address;
	unsigned length;
};

/* ADDRESS, and where ret_length is not NULL also ADDRESS/LENGTH: 0 or -EINVAL. */
int user_net_parse(int family, const char *text, struct net_address *ret, unsigned *ret_length);

bool user_net_within(const struct net_range *p, const struct net_address *a);

/* Of no host that can be reached: this host, multicast, broadcast, link-local, IPv4 in IPv6. */
bool user_net_is_special(int family, const struct net_address *a);
/* Link-local of IPv4, where clouds keep what machines may know of themselves. */
bool user_net_is_metadata(int family, const struct net_address *a);

/* What a network device can be called. */
bool user_net_is_device(const char *name);

#endif
