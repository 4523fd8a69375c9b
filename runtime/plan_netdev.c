/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <netinet/in.h>
#include <string.h>

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

/*
 * The kernel's ranges end at 65534. A range beyond is what the range below it is not: packets to that one
 * are sent on to the next rule, and the rule itself looks at no port.
 */
static bool beyond(const struct net_ports *p)
{
	return p->last == UINT16_MAX;
}

static unsigned kernel_rules(const struct jail_net_rule *r)
{
	return 1 + (beyond(&r->source_ports) && r->source_ports.first > 1) +
	       (beyond(&r->destination_ports) && r->destination_ports.first > 1);
}

static const char *prefix_text(struct builder *b, const struct net_prefix *p, bool ipv6)
{
	char text[INET6_ADDRSTRLEN];

	if (!p->bits)
		return NULL;
	if (!inet_ntop(ipv6 ? AF_INET6 : AF_INET, p->address, text, sizeof(text)))
		return NULL;
	return plan_printf(b, "%s/%u", text, p->bits);
}

static void set_ports(struct builder *b, const struct net_ports *from, struct step_net_ports *to,
	const char **text)
{
	if (!from->first || beyond(from))
		return;
	*to = (struct step_net_ports){from->first, from->last};
	*text = plan_printf(b, from->first == from->last ? "%u" : "%u-%u", from->first, from->last);
}

static struct step_net_rule *add_rule(
	struct builder *b, const struct jail_net_rule *r, uint32_t priority, int action)
{
	struct step_net_rule *s = plan_add(b, SIDE_INIT, STEP_NET_RULE, r->at);

	OPT_SET(s, family, r->ipv6 ? AF_INET6 : AF_INET);
	OPT_SET(s, priority, priority);
	s->source = (struct step_net_prefix){.bits = r->source.bits};
	memcpy(s->source.address, r->source.address, sizeof(s->source.address));
	s->from = prefix_text(b, &r->source, r->ipv6);
	s->destination = (struct step_net_prefix){.bits = r->destination.bits};
	memcpy(s->destination.address, r->destination.address, sizeof(s->destination.address));
	s->to = prefix_text(b, &r->destination, r->ipv6);
	s->iif = r->iif;
	s->oif = r->oif;
	if (r->protocol)
		OPT_SET(s, protocol, r->protocol);
	set_ports(b, &r->source_ports, &s->source_ports, &s->sport);
	set_ports(b, &r->destination_ports, &s->destination_ports, &s->dport);
	OPT_SET(s, action, action);
	return s;
}

/* Returns the priority of the rule that comes next. */
static uint32_t add_rules(struct builder *b, const struct jail_net_rule *r, uint32_t priority)
{
	static const int actions[] = {
		[NET_DROP] = FR_ACT_BLACKHOLE,
		[NET_REJECT] = FR_ACT_UNREACHABLE,
		[NET_ALLOW] = FR_ACT_TO_TBL,
	};
	const uint32_t next = priority + kernel_rules(r);
	const struct net_ports *from = &r->source_ports, *to = &r->destination_ports;
	struct step_net_rule *s;

	if (beyond(from) && from->first > 1) {
		const struct net_ports below = {1, (uint16_t)(from->first - 1)};

		s = add_rule(b, r, priority++, FR_ACT_GOTO);
		set_ports(b, &below, &s->source_ports, &s->sport);
		OPT_SET(s, go_to, next);
	}
	if (beyond(to) && to->first > 1) {
		const struct net_ports below = {1, (uint16_t)(to->first - 1)};

		s = add_rule(b, r, priority++, FR_ACT_GOTO);
		set_ports(b, &below, &s->destination_ports, &s->dport);
		OPT_SET(s, go_to, next);
	}
	add_rule(b, r, priority, actions[r->verdict]);
	return next;
}

/* They stand directly before the kernel's, where the kernel itself would put them. */
static int rules_of(struct builder *b, bool ipv6)
{
	const struct jail_net *net = &b->jail->net;
	uint64_t n = 0;
	uint32_t priority;

	for (size_t i = 0; i < net->n_rules; i++)
		n += net->rules[i].ipv6 == ipv6 ? kernel_rules(&net->rules[i]) : 0;
	if (n >= MAIN_RULE)
		return PLAN_FAIL(b, net->rules[0].at, E2BIG,
			"the rules are %llu, and the kernel has room for %d", (unsigned long long)n,
			MAIN_RULE - 1);
	priority = MAIN_RULE - (uint32_t)n;
	for (size_t i = 0; i < net->n_rules; i++) {
		if (net->rules[i].ipv6 == ipv6)
			priority = add_rules(b, &net->rules[i], priority);
	}
	return 0;
}

int plan_net(struct builder *b)
{
	add_address(b);
	TRY(rules_of(b, false));
	return rules_of(b, true);
}
