/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <errno.h>
#include <string.h>

static int read_address(int family, const char *text, struct net_address *ret, struct err *e)
{
	if (user_net_parse(family, text, ret, NULL) < 0)
		return err_set(e, EINVAL, "'%s' is not an IPv%d address", text, family);
	return 0;
}

static int read_prefix(
	int family, const char *text, bool *ret_has, struct net_range *ret, struct err *e)
{
	*ret_has = text != NULL;
	if (text && user_net_parse(family, text, &ret->address, &ret->length) < 0)
		return err_set(e, EINVAL, "'%s' is not an IPv%d network", text, family);
	return 0;
}

static void read_range(bool has, uint32_t first, uint32_t last, uint16_t ret[static 2])
{
	ret[0] = has ? (uint16_t)first : 0;
	ret[1] = has ? (uint16_t)last : 65535;
}

static int read_rule(const struct user_net_rule *r, struct judge_rule *ret, struct err *e)
{
	static const unsigned protos[] = {
		[USER_NET_ANY] = 0,
		[USER_NET_TCP] = IPPROTO_TCP,
		[USER_NET_UDP] = IPPROTO_UDP,
		[USER_NET_ICMP] = IPPROTO_ICMP,
	};

	ret->family = r->family;
	ret->proto = protos[r->proto];
	ret->action = (enum user_net_action)r->action;
	TRY(read_prefix(r->family, r->src, &ret->has_src, &ret->src, e));
	TRY(read_prefix(r->family, r->dst, &ret->has_dst, &ret->dst, e));
	read_range(r->has_sport, r->sport, r->sport_end, ret->sport);
	read_range(r->has_dport, r->dport, r->dport_end, ret->dport);
	ret->has_to_port = r->has_to_port;
	ret->to_port = (uint16_t)r->to_port;
	if (!r->to)
		return 0;
	ret->to_family = strchr(r->to, ':') ? 6 : 4;
	return read_address(ret->to_family, r->to, &ret->to, e);
}

static int read_end(
	int family, const char *own, const char *gateway, struct judge *j, struct err *e)
{
	int i = judge_index(family);

	if (!own || !gateway)
		return 0;
	j->on[i] = true;
	TRY(read_address(family, own, &j->own[i], e));
	return read_address(family, gateway, &j->gateway[i], e);
}

int judge_read(const struct user_net *n, struct pool *pool, struct judge *ret, struct err *e)
{
	*ret = (struct judge){.v = pool_array(pool, n->rules.n + 1, sizeof(*ret->v))};
	if (!ret->v)
		return err_memory(e);
	TRY(read_end(4, n->ip4, n->gw4, ret, e));
	TRY(read_end(6, n->ip6, n->gw6, ret, e));
	list_each (i, n->rules) {
		if (n->rules.v[i]->direction == USER_NET_OUT)
			TRY(read_rule(n->rules.v[i], &ret->v[ret->n++], e));
	}
	return 0;
}

static bool same(int family, const struct net_address *a, const struct net_address *b)
{
	return !memcmp(a->b, b->b, family == 6 ? 16 : 4);
}

static bool within(const uint16_t range[static 2], uint16_t port)
{
	return port >= range[0] && port <= range[1];
}

static bool matches(const struct judge_rule *r, const struct packet *p)
{
	if (r->family != p->family || (r->proto && r->proto != p->proto))
		return false;
	if (r->has_src && !user_net_within(&r->src, &p->src))
		return false;
	if (r->has_dst && !user_net_within(&r->dst, &p->dst))
		return false;
	/* A rule of ports is not for what has none. */
	if (p->proto == IPPROTO_ICMP)
		return !r->sport[0] && !r->dport[0];
	return within(r->sport, p->sport) && within(r->dport, p->dport);
}

/* What the action cannot be done to goes nowhere: never past a proxy. */
static enum user_net_action possible(const struct judge_rule *r, const struct packet *p)
{
	if (r->action == USER_NET_SOCKS5 && p->proto == IPPROTO_ICMP)
		return USER_NET_DROP;
	if (r->action == USER_NET_CONNECT && p->proto != IPPROTO_TCP)
		return USER_NET_DROP;
	return r->action;
}

enum user_net_action judge(
	const struct judge *j, const struct packet *p, const struct judge_rule **ret_rule)
{
	int at = judge_index(p->family);
	enum user_net_action action = USER_NET_ALLOW;
	const struct judge_rule *r = NULL;

	*ret_rule = NULL;
	if (!j->on[at] || !same(p->family, &p->src, &j->own[at]) ||
		user_net_is_special(p->family, &p->dst) ||
		(p->proto == IPPROTO_ICMP && !p->request))
		return USER_NET_DROP;
	for (size_t i = 0; i < j->n && !r; i++) {
		if (matches(&j->v[i], p))
			r = &j->v[i];
	}
	*ret_rule = r;
	if (r)
		action = possible(r, p);
	if (action != USER_NET_ALLOW)
		return action;
	if (user_net_is_metadata(p->family, &p->dst) && !(r && r->has_dst))
		return USER_NET_DROP;
	/* The gateway answers an echo, and is nobody else. */
	if (same(p->family, &p->dst, &j->gateway[at]) && p->proto != IPPROTO_ICMP)
		return USER_NET_REJECT;
	return USER_NET_ALLOW;
}
