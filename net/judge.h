/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_JUDGE_H
#define JAILRT_NET_JUDGE_H
/*
 * judge: what becomes of a packet that the jail sends, by the rules and by what always holds.
 *
 * Pure. Always dropped is what does not come from the jail's own address, and what is for nobody out
 * there (user_net_is_special). The first rule that matches counts; without one a packet passes, but to
 * link-local IPv4 (the metadata of clouds) it has to be named by a rule's dst.
 */
#include "../runtime/base/pool.h"
#include "packet.h"

struct judge_rule {
	int family;
	unsigned proto; /* IPPROTO_…; 0: any */
	enum user_net_action action;
	bool has_src, has_dst;
	struct net_range src, dst;
	uint16_t sport[2], dport[2]; /* first and last */
	int to_family;
	struct net_address to;
	bool has_to_port;
	uint16_t to_port;
};

struct judge {
	struct judge_rule *v;
	size_t n;
	bool on[2]; /* IPv4, IPv6 */
	struct net_address own[2], gateway[2];
};

/* Of the rules those for connections out of the jail. */
int judge_read(const struct user_net *n, struct pool *pool, struct judge *ret, struct err *e);

/* *ret_rule: the one that said so, or NULL. */
enum user_net_action judge(
	const struct judge *j, const struct packet *p, const struct judge_rule **ret_rule);

static inline int judge_index(int family)
{
	return family == 6;
}

#endif
