/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_PROXY_H
#define JAILRT_NET_PROXY_H
/*
 * proxy: what is said to a SOCKS5 proxy (RFC 1928) and to one of HTTP's CONNECT (RFC 9110, 9.3.6), and
 * what they say.
 *
 * Pure. What is heard may come in parts: the parsers tell how many bytes they took, 0 that there are
 * too few yet, or -ECONNREFUSED, -EPROTO. No authentication is offered.
 */
#include <stddef.h>

#include "../spec/user_net.h"

enum { PROXY_WORDS = 256, PROXY_ANSWER = 8192, PROXY_HEAD = 22 };
enum proxy_command { PROXY_TCP = 1, PROXY_UDP = 3 };

struct proxy_end {
	int family; /* 0: by a name */
	struct net_address address;
	uint16_t port;
};

/* Into to, which has room for PROXY_WORDS; how many bytes. A CONNECT proxy is not greeted: 0. */
size_t proxy_greet(enum user_net_action kind, uint8_t *to);
size_t proxy_ask(enum user_net_action kind, enum proxy_command command, const struct proxy_end *end,
	uint8_t *to);

int proxy_greeted(const uint8_t *data, size_t len);
/* *ret_bound: where the proxy relays; of SOCKS5 only. */
int proxy_answered(
	enum user_net_action kind, const uint8_t *data, size_t len, struct proxy_end *ret_bound);

/* In front of each datagram; and what stands in front of one: its length, or -EPROTO. */
size_t proxy_wrap(const struct proxy_end *end, uint8_t *to);
int proxy_unwrap(const uint8_t *data, size_t len, struct proxy_end *ret);

#endif
