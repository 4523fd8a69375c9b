/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"
#include "nsjail_jail.h"

/* Rules for what the jail may reach. */

/* --- one rule ---------------------------------------------------------------------------------- */

static void clear_beyond(struct net_prefix *p, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		unsigned from = i * 8;

		if (p->bits <= from)
			p->address[i] = 0;
		else if (p->bits < from + 8)
			p->address[i] &= (uint8_t)(0xff << (from + 8 - p->bits));
	}
}

static int refuse_address(struct nsjail_load *l, const char *const *text, bool ipv6)
{
	struct in6_addr other;
	char address[INET6_ADDRSTRLEN];

	NSJAIL_FAIL(l, text, "'%s' is no IPv%c address or network", *text, ipv6 ? '6' : '4');
	fmt_put(address, sizeof(address), "%.*s", (int)strcspn(*text, "/"), *text);
	if (inet_pton(ipv6 ? AF_INET : AF_INET6, address, &other) == 1)
		return err_fix(l->e, "a rule is for one family: give ip_family: %s",
			ipv6 ? "IPV4" : "IPV6");
	return -EINVAL;
}

/* "10.0.0.0/8" or "10.0.0.1". */
static int load_prefix(
	struct nsjail_load *l, const char *const *text, bool ipv6, struct net_prefix *to)
{
	const unsigned size = ipv6 ? 16 : 4;
	char address[INET6_ADDRSTRLEN];
	const char *slash;
	uint64_t bits = size * 8;

	if (!*text || !**text)
		return 0;
	slash = strchrnul(*text, '/');
	if ((size_t)(slash - *text) >= sizeof(address))
		return refuse_address(l, text, ipv6);
	fmt_put(address, sizeof(address), "%.*s", (int)(slash - *text), *text);
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, address, to->address) != 1)
		return refuse_address(l, text, ipv6);
	if (*slash && (fmt_u64(slash + 1, strlen(slash + 1), &bits) < 0 || bits > size * 8))
		return NSJAIL_FAIL(l, text, "'%s': the bits of the network are not from 0 to %u",
			*text, size * 8);
	to->bits = (uint8_t)bits;
	clear_beyond(to, size);
	return 0;
}

static int load_ports(struct nsjail_load *l, const uint32_t *first, const uint32_t *last,
	const char *name, struct net_ports *to)
{
	to->first = (uint16_t)*first;
	to->last = (uint16_t)(*last ? *last : *first);
	if (!to->first && *last)
		return NSJAIL_FAIL(l, last, "the end of a range without %s, its beginning", name);
	if (to->last < to->first)
		return NSJAIL_FAIL(
			l, last, "the range ends with %u before it begins with %u", *last, *first);
	return 0;
}

static int load_protocol(
	struct nsjail_load *l, const struct nsjail_traffic_rule *from, struct jail_net_rule *to)
{
	static const uint8_t numbers[] = {
		[NSJAIL_TRAFFIC_PROTO_UNKNOWN] = 0,
		[NSJAIL_TRAFFIC_PROTO_TCP] = IPPROTO_TCP,
		[NSJAIL_TRAFFIC_PROTO_UDP] = IPPROTO_UDP,
		[NSJAIL_TRAFFIC_PROTO_ICMP] = IPPROTO_ICMP,
		[NSJAIL_TRAFFIC_PROTO_ICMPV6] = IPPROTO_ICMPV6,
	};
	bool ports = to->source_ports.first || to->destination_ports.first;

	to->protocol = numbers[from->proto];
	if (to->protocol == (to->ipv6 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		NSJAIL_FAIL(l, &from->proto, "there is no such protocol in IPv%c",
			to->ipv6 ? '6' : '4');
		return err_fix(
			l->e, to->ipv6 ? "give proto: ICMPV6" : "give ip_family: IPV6 with it");
	}
	if (ports && (to->protocol == IPPROTO_ICMP || to->protocol == IPPROTO_ICMPV6))
		return NSJAIL_FAIL(l, &from->proto, "ports, and a protocol that has none");
	return 0;
}

static int load_verdict(
	struct nsjail_load *l, const struct nsjail_traffic_rule *from, struct jail_net_rule *to)
{
	switch (from->action) {
	case NSJAIL_TRAFFIC_DROP:
		to->verdict = NET_DROP;
		return 0;
	case NSJAIL_TRAFFIC_REJECT:
		to->verdict = NET_REJECT;
		return 0;
	case NSJAIL_TRAFFIC_ALLOW:
		to->verdict = NET_ALLOW;
		return 0;
	default:
		NSJAIL_FAIL(l, &from->action, "the rule does nothing");
		return err_fix(l->e, "use DROP, REJECT or ALLOW");
	}
}

static int load_interface(struct nsjail_load *l, const char *const *name, const char **ret)
{
	if (!*name || !**name)
		return 0;
	if (!device_name_valid(*name, false))
		return NSJAIL_FAIL(l, name, "'%s' cannot be the name of a network device", *name);
	*ret = *name;
	return 0;
}

static int load_rule(
	struct nsjail_load *l, const struct nsjail_traffic_rule *from, struct jail_net_rule *to)
{
	to->at = from;
	to->ipv6 = from->ip_family == NSJAIL_IPV6;
	TRY(load_verdict(l, from, to));
	TRY(load_prefix(l, &from->src_ip, to->ipv6, &to->source));
	TRY(load_prefix(l, &from->dst_ip, to->ipv6, &to->destination));
	TRY(load_ports(l, &from->sport, &from->sport_end, "sport", &to->source_ports));
	TRY(load_ports(l, &from->dport, &from->dport_end, "dport", &to->destination_ports));
	TRY(load_protocol(l, from, to));
	TRY(load_interface(l, &from->iif, &to->iif));
	return load_interface(l, &from->oif, &to->oif);
}

/* --- their order ------------------------------------------------------------------------------- */

static bool prefixes_meet(const struct net_prefix *a, const struct net_prefix *b)
{
	struct net_prefix x = *a, y = *b;

	x.bits = y.bits = a->bits < b->bits ? a->bits : b->bits;
	clear_beyond(&x, sizeof(x.address));
	clear_beyond(&y, sizeof(y.address));
	return !memcmp(x.address, y.address, sizeof(x.address));
}

static bool ports_meet(const struct net_ports *a, const struct net_ports *b)
{
	return !a->first || !b->first || (a->first <= b->last && b->first <= a->last);
}

static bool names_meet(const char *a, const char *b)
{
	return !a || !b || !strcmp(a, b);
}

/* Whether there are packets that both are for. */
static bool rules_meet(const struct jail_net_rule *a, const struct jail_net_rule *b)
{
	return a->ipv6 == b->ipv6 && (!a->protocol || !b->protocol || a->protocol == b->protocol) &&
	       ports_meet(&a->source_ports, &b->source_ports) &&
	       ports_meet(&a->destination_ports, &b->destination_ports) &&
	       names_meet(a->iif, b->iif) && names_meet(a->oif, b->oif) &&
	       prefixes_meet(&a->source, &b->source) &&
	       prefixes_meet(&a->destination, &b->destination);
}

/*
 * nsjail gives rules to the kernel without a priority, and so the last one is asked first. Who wrote them as a
 * list from top to bottom is told.
 */
static void turn_round(struct nsjail_load *l)
{
	struct jail_net *net = &l->jail->net;
	char early[256], late[256];
	bool told = false;

	for (size_t i = 0; i < net->n_rules && !told; i++) {
		for (size_t j = i + 1; j < net->n_rules && !told; j++) {
			told = net->rules[i].verdict != net->rules[j].verdict &&
			       rules_meet(&net->rules[i], &net->rules[j]);
			if (!told)
				continue;
			origin_describe(l->origin, net->rules[i].at, early, sizeof(early));
			origin_describe(l->origin, net->rules[j].at, late, sizeof(late));
			log_warning("%s is asked before %s, as nsjail does: the last rule that is "
				    "for a packet decides",
				late, early);
		}
	}
	for (size_t i = 0; i < net->n_rules / 2; i++) {
		struct jail_net_rule kept = net->rules[i];

		net->rules[i] = net->rules[net->n_rules - 1 - i];
		net->rules[net->n_rules - 1 - i] = kept;
	}
}

int nsjail_load_traffic(struct nsjail_load *l)
{
	struct jail_net *net = &l->jail->net;
	const struct list *from = (const struct list *)&l->doc->traffic_rule;

	if (!from->n)
		return 0;
	TRY(nsjail_needs_net(l, from->v[0]));
	net->rules = pool_array(l->pool, from->n, sizeof(*net->rules));
	if (!net->rules)
		return err_memory(l->e);
	list_each (i, *from)
		TRY(load_rule(l, from->v[i], &net->rules[net->n_rules++]));
	if (l->door != NSJAIL_DOOR_OURS)
		turn_round(l);
	return 0;
}
