/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <netinet/in.h>
#include <string.h>

#include "../spec/names.h"
#include "nft.h"
#include "plan_build.h"

/* The jail's network: devices, which only the parent can give, and what init makes of them. */

/* The kernel's own rule that asks the main table; those before it are the jail's. */
enum { MAIN_RULE = 32766 };

/* --- devices ----------------------------------------------------------------------------------- */

static int refuse(struct builder *b, const void *at, const char *what, const char *field)
{
	PLAN_FAIL(b, at, EPERM, "a %s without privilege on the host", what);
	return err_fix(b->e, "run as root, or leave %s out", field);
}

static void add_macvlan(struct builder *b)
{
	const struct jail_macvlan *from = &b->jail->net.macvlan;
	const uint8_t *a = from->mac;
	struct step_macvlan *s = plan_add(b, SIDE_PARENT, STEP_MACVLAN, from->at);

	OPT_SET(s, who, SIDE_INIT);
	s->device = from->device;
	s->name = from->name;
	OPT_SET(s, mode, (int32_t)from->mode);
	if (!from->has_mac)
		return;
	memcpy(s->mac_bytes, a, sizeof(s->mac_bytes));
	s->mac = plan_printf(
		b, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
}

int plan_net_devices(struct builder *b)
{
	const struct jail_net *net = &b->jail->net;

	if (net->n && !b->host->privileged)
		return refuse(b, net->devices[0].at, "network device cannot be moved",
			net->devices[0].bare ? "iface_own" : "linux.netDevices");
	if (net->macvlan.device && !b->host->privileged)
		return refuse(b, net->macvlan.at, "macvlan cannot be made", "macvlan_iface");
	for (size_t i = 0; i < net->n; i++) {
		struct step_net_device *s = plan_add(
			b, SIDE_PARENT, STEP_NET_DEVICE, net->devices[i].at);

		OPT_SET(s, who, SIDE_INIT);
		s->device = net->devices[i].device;
		s->name = net->devices[i].name;
		if (net->devices[i].bare)
			OPT_SET(s, bare, true);
	}
	if (net->macvlan.device)
		add_macvlan(b);
	return 0;
}

static const char *ip_text(struct builder *b, uint32_t ip)
{
	return plan_printf(b, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
}

static void add_address(struct builder *b)
{
	const struct jail_macvlan *from = &b->jail->net.macvlan;
	struct step_net_address *s;

	if (!from->device || !from->address)
		return;
	s = plan_add(b, SIDE_INIT, STEP_NET_ADDRESS, from->at_address);
	s->device = from->name;
	s->ip = htonl(from->address);
	s->bits = from->bits;
	s->address = plan_printf(b, "%s/%u", ip_text(b, from->address), from->bits);
	if (!from->gateway)
		return;
	s->via = htonl(from->gateway);
	s->gateway = ip_text(b, from->gateway);
}

/* --- rules --------------------------------------------------------------------------------------- */

static const char *prefix_text(struct builder *b, const struct net_prefix *p, bool ipv6)
{
	char text[INET6_ADDRSTRLEN];

	if (!p->bits || !inet_ntop(ipv6 ? AF_INET6 : AF_INET, p->address, text, sizeof(text)))
		return NULL;
	return plan_printf(b, "%s/%u", text, p->bits);
}

static const char *ports_text(struct builder *b, const struct net_ports *p)
{
	if (!p->first)
		return NULL;
	return plan_printf(b, p->first == p->last ? "%u" : "%u-%u", p->first, p->last);
}

static const char *add_words(
	struct builder *b, const char *text, const char *what, const char *value)
{
	return value ? plan_printf(b, "%s %s %s", text, what, value) : text;
}

static const char *rule_text(struct builder *b, const struct jail_net_rule *r)
{
	static const char *const verdicts[] = {
		[NET_DROP] = "drop", [NET_REJECT] = "reject", [NET_ALLOW] = "allow"};
	const char *text = plan_printf(b, "%s %s", verdicts[r->verdict], r->ipv6 ? "ipv6" : "ipv4");

	text = add_words(b, text, "protocol",
		r->protocol ? words_name(&net_protocol_words, r->protocol) : NULL);
	text = add_words(b, text, "from", prefix_text(b, &r->source, r->ipv6));
	text = add_words(b, text, "to", prefix_text(b, &r->destination, r->ipv6));
	text = add_words(b, text, "sport", ports_text(b, &r->source_ports));
	text = add_words(b, text, "dport", ports_text(b, &r->destination_ports));
	text = add_words(b, text, "iif", r->iif);
	return add_words(b, text, "oif", r->oif);
}

/* Of the whole list, which is in force as a whole; it names the place of the rule that the kernel refuses. */
static int add_filter(struct builder *b)
{
	const struct jail_net *net = &b->jail->net;
	struct step_net_filter *s = plan_add(b, SIDE_INIT, STEP_NET_FILTER, NULL);
	const void **places = pool_array(&b->plan->pool, net->n_rules, sizeof(*places));

	if (!places)
		return err_memory(b->e);
	for (size_t i = 0; i < net->n_rules; i++) {
		plan_add_text(b, &s->rules, rule_text(b, &net->rules[i]));
		places[i] = net->rules[i].at;
	}
	s->places = places;
	return nft_messages(net, &b->plan->pool, &s->message, b->e);
}

/*
 * What the filter drops a program waits for. Under nsjail, whose rules are routing's, it is told at once that there
 * is no way; so routing has the rules, too, as far as it knows them. It may block less than the filter and never
 * more: a rule that allows what routing cannot tell (it does not know the source before there is a way, interfaces
 * only of sockets that are bound to one, and no port 65535) ends its list.
 */
static bool allows_unseen(const struct jail_net_rule *r)
{
	return r->verdict == NET_ALLOW &&
	       (r->source.bits || r->source_ports.first || r->iif || r->oif ||
		       r->destination_ports.last == UINT16_MAX);
}

static bool beyond_routing(const struct jail_net_rule *r)
{
	return r->source_ports.first == UINT16_MAX || r->destination_ports.first == UINT16_MAX;
}

static struct net_ports within_routing(const struct net_ports *p)
{
	return (struct net_ports){p->first, p->last == UINT16_MAX ? UINT16_MAX - 1 : p->last};
}

static void set_prefix(const struct net_prefix *from, struct step_net_prefix *to)
{
	to->bits = from->bits;
	memcpy(to->address, from->address, sizeof(to->address));
}

static void add_rule(struct builder *b, const struct jail_net_rule *r, uint32_t priority)
{
	static const int actions[] = {
		[NET_DROP] = FR_ACT_BLACKHOLE,
		[NET_REJECT] = FR_ACT_UNREACHABLE,
		[NET_ALLOW] = FR_ACT_TO_TBL,
	};
	const struct net_ports from = within_routing(&r->source_ports);
	const struct net_ports to = within_routing(&r->destination_ports);
	struct step_net_rule *s = plan_add(b, SIDE_INIT, STEP_NET_RULE, r->at);

	OPT_SET(s, family, r->ipv6 ? AF_INET6 : AF_INET);
	OPT_SET(s, priority, priority);
	set_prefix(&r->source, &s->source);
	s->from = prefix_text(b, &r->source, r->ipv6);
	set_prefix(&r->destination, &s->destination);
	s->to = prefix_text(b, &r->destination, r->ipv6);
	s->iif = r->iif;
	s->oif = r->oif;
	if (r->protocol)
		OPT_SET(s, protocol, r->protocol);
	s->source_ports = (struct step_net_ports){from.first, from.last};
	s->sport = ports_text(b, &from);
	s->destination_ports = (struct step_net_ports){to.first, to.last};
	s->dport = ports_text(b, &to);
	OPT_SET(s, action, actions[r->verdict]);
}

/* They stand directly before the kernel's own, where it would put them by itself. */
static void add_rules(struct builder *b, bool ipv6)
{
	const struct jail_net *net = &b->jail->net;
	uint32_t n = 0, priority;
	size_t end;

	for (end = 0; end < net->n_rules && n + 1 < MAIN_RULE; end++) {
		const struct jail_net_rule *r = &net->rules[end];

		if (r->ipv6 == ipv6 && allows_unseen(r))
			break;
		n += r->ipv6 == ipv6 && !beyond_routing(r);
	}
	priority = MAIN_RULE - n;
	for (size_t i = 0; i < end; i++) {
		const struct jail_net_rule *r = &net->rules[i];

		if (r->ipv6 == ipv6 && !beyond_routing(r))
			add_rule(b, r, priority++);
	}
}

int plan_net(struct builder *b)
{
	add_address(b);
	if (!b->jail->net.n_rules)
		return 0;
	TRY(add_filter(b));
	add_rules(b, false);
	add_rules(b, true);
	return 0;
}
