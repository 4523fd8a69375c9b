/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"
#include "nsjail_jail.h"
#include "set.h"
#include "user_net.h"

/* The network through a process of the host: user_net, in the words of nsjail 3.6 and of later ones. */

struct load_net {
	struct nsjail_load *l;
	const struct nsjail_user_net *doc;
	struct user_net *to;
};

static bool is_given(const struct load_net *n, const void *address)
{
	return origin_place(n->l->origin, address).line != 0;
}

/* --- addresses --------------------------------------------------------------------------------- */

static int check_address(const struct load_net *n, int family, const char *const *text)
{
	struct net_address a;

	if (user_net_parse(family, *text, &a, NULL) < 0)
		return NSJAIL_FAIL(n->l, text, "'%s' is not an IPv%d address", *text, family);
	return user_net_is_special(family, &a)
		       ? NSJAIL_FAIL(n->l, text, "'%s' cannot be the address of a host", *text)
		       : 0;
}

/* An address and its gateway; without the address the family is off. */
static int load_pair(const struct load_net *n, int family, const char *const *ip,
	const char *const *gw, const char **ret_ip, const char **ret_gw)
{
	if (!**ip)
		return 0;
	TRY(check_address(n, family, ip));
	if (!**gw)
		return NSJAIL_FAIL(n->l, gw, "the IPv%d gateway is missing", family);
	TRY(check_address(n, family, gw));
	if (!strcmp(*ip, *gw))
		return NSJAIL_FAIL(n->l, gw, "the jail's own address is its gateway");
	*ret_ip = *ip;
	*ret_gw = *gw;
	return 0;
}

static int load_device(const struct load_net *n)
{
	const char *name = n->doc->ns_iface;

	if (!user_net_is_device(name))
		return NSJAIL_FAIL(n->l, &n->doc->ns_iface,
			"'%s' cannot be the name of the jail's network device", name);
	n->to->device = name;
	return 0;
}

/* --- pasta ------------------------------------------------------------------------------------- */

/* What both generations say of it. */
struct pasta {
	bool nat, tcp, udp, icmp, map_gw, dhcp4, dhcp6, ra, dns;
	bool v4, v6;
	const char *const *mask4, *const *mask6, *const *dns_forward;
	const char *tcp_in, *udp_in, *tcp_out, *udp_out;
};

static int add_arg(const struct load_net *n, const char *arg)
{
	struct texts *to = &n->to->args;
	const char **v = pool_grow(n->l->pool, to->v, to->n, sizeof(*v));

	if (!v)
		return err_memory(n->l->e);
	to->v = v;
	to->v[to->n++] = arg;
	return 0;
}

static int add_pair(const struct load_net *n, const char *option, const char *value)
{
	TRY(add_arg(n, option));
	return add_arg(n, value);
}

/* 255.255.255.0 or 24. */
static bool is_netmask(const char *text)
{
	struct net_address a;
	uint64_t length;
	uint32_t bits = 0;

	if (!fmt_u64(text, strlen(text), &length))
		return length > 0 && length <= 32;
	if (user_net_parse(4, text, &a, NULL) < 0)
		return false;
	for (int i = 0; i < 4; i++)
		bits = bits << 8 | a.b[i];
	return bits && !(~bits & (~bits + 1));
}

static int check_pasta(const struct load_net *n, const struct pasta *p)
{
	struct net_address a;
	const char *dns = *p->dns_forward;

	if (n->to->ip4 && !is_netmask(*p->mask4))
		return NSJAIL_FAIL(n->l, p->mask4, "'%s' is not a netmask", *p->mask4);
	if (strcmp(*p->mask6, "64"))
		return NSJAIL_FAIL(n->l, p->mask6,
			"'%s': pasta knows IPv6 networks of 64 bits alone", *p->mask6);
	if (dns && *dns && user_net_parse(4, dns, &a, NULL) < 0 &&
		user_net_parse(6, dns, &a, NULL) < 0)
		return NSJAIL_FAIL(n->l, p->dns_forward, "'%s' is not an address", dns);
	return 0;
}

static int add_switches(const struct load_net *n, const struct pasta *p)
{
	const struct {
		bool wanted;
		const char *option;
	} all[] = {
		{!p->dhcp4, "--no-dhcp"},
		{!p->dhcp6, "--no-dhcpv6"},
		{!p->ra, "--no-ra"},
		{!p->dhcp4 && !p->dhcp6, "--config-net"},
		{p->dns, "--dhcp-dns"},
		{!p->tcp, "--no-tcp"},
		{!p->udp, "--no-udp"},
		{!p->icmp, "--no-icmp"},
		{!p->map_gw, "--no-map-gw"},
		{!n->to->ip4, "-6"},
		{!n->to->ip6, "-4"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].wanted)
			TRY(add_arg(n, all[i].option));
	}
	return 0;
}

static int add_interface(const struct load_net *n, const struct pasta *p)
{
	const struct user_net *to = n->to;

	TRY(add_switches(n, p));
	if (*p->dns_forward && **p->dns_forward)
		TRY(add_pair(n, "--dns-forward", *p->dns_forward));
	if (to->ip4) {
		TRY(add_pair(n, "-a", to->ip4));
		TRY(add_pair(n, "-n", *p->mask4));
		TRY(add_pair(n, "-g", to->gw4));
	}
	if (to->ip6) {
		TRY(add_pair(n, "-a", to->ip6));
		TRY(add_pair(n, "-g", to->gw6));
	}
	return add_pair(n, "-I", to->device);
}

/* In nsjail's words, and its order. */
static int load_pasta(const struct load_net *n, const struct pasta *p)
{
	struct user_net *to = n->to;

	OPT_SET(to, backend, USER_NET_PASTA);
	OPT_SET(to, configured, p->nat && !p->dhcp4 && !p->dhcp6);
	to->program = caller_env(n->l->caller, "NSJAIL_PASTA_PATH");
	to->search = caller_env(n->l->caller, "PATH");
	if (!to->search)
		to->search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	if (!p->v4)
		to->ip4 = to->gw4 = NULL;
	if (!p->v6)
		to->ip6 = to->gw6 = NULL;
	if (!to->ip4 && !to->ip6)
		return NSJAIL_FAIL(n->l, n->doc, "neither IPv4 nor IPv6 is left on");
	TRY(check_pasta(n, p));
	TRY(add_pair(n, "-f", "-q"));
	if (p->nat)
		TRY(add_interface(n, p));
	else
		to->device = NULL;
	TRY(add_pair(n, "-t", p->tcp_in));
	TRY(add_pair(n, "-u", p->udp_in));
	TRY(add_pair(n, "-T", p->tcp_out));
	TRY(add_pair(n, "-U", p->udp_out));
	return p->nat ? 0 : add_arg(n, "--splice-only");
}

/* --- rules ------------------------------------------------------------------------------------- */

static int load_ports(const struct load_net *n, const uint32_t *first, const uint32_t *last,
	bool *ret_has, uint32_t *ret_first, bool *ret_has_last, uint32_t *ret_last)
{
	if (*last && !*first)
		return NSJAIL_FAIL(n->l, last, "the end of a range of ports that has no beginning");
	if (*last && *last < *first)
		return NSJAIL_FAIL(
			n->l, last, "a range of ports from %u to %u is empty", *first, *last);
	*ret_has = *ret_has_last = *first != 0;
	*ret_first = *first;
	*ret_last = *last ? *last : *first;
	return 0;
}

/* An address of all zeros matches any, too. */
static int load_network(
	const struct load_net *n, int family, const char *const *text, const char **ret)
{
	struct net_address a, none = {{0}};
	unsigned length;

	if (!*text || !**text)
		return 0;
	if (user_net_parse(family, *text, &a, &length) < 0)
		return NSJAIL_FAIL(
			n->l, text, "'%s' is not an IPv%d address or network", *text, family);
	if (memcmp(&a, &none, sizeof(a)))
		*ret = *text;
	return 0;
}

static bool is_proxy(const struct user_net_rule *r)
{
	return r->action == USER_NET_SOCKS5 || r->action == USER_NET_CONNECT;
}

/* Where to instead. A proxy of IPv6 connections may be reached by IPv4. */
static int load_target(
	const struct load_net *n, const struct nsjail_nstun_rule *d, struct user_net_rule *r)
{
	struct net_address a;
	bool in = r->direction == USER_NET_IN;
	bool given = d->redirect_ip && *d->redirect_ip;

	if (!is_proxy(r) && r->action != USER_NET_REDIRECT)
		return given || d->redirect_port
			       ? NSJAIL_FAIL(n->l,
					 given ? (const void *)&d->redirect_ip : &d->redirect_port,
					 "has no effect beside this action")
			       : 0;
	if (!given && !in)
		return NSJAIL_FAIL(n->l, d, "redirect_ip is missing");
	if (given && user_net_parse(r->family, d->redirect_ip, &a, NULL) < 0 &&
		(!is_proxy(r) || user_net_parse(4, d->redirect_ip, &a, NULL) < 0))
		return NSJAIL_FAIL(n->l, &d->redirect_ip, "'%s' is not an IPv%d address",
			d->redirect_ip, r->family);
	if (!d->redirect_port && r->proto != USER_NET_ICMP && !in)
		return NSJAIL_FAIL(n->l, d, "redirect_port is missing");
	if (d->redirect_port && r->proto == USER_NET_ICMP)
		return NSJAIL_FAIL(n->l, &d->redirect_port, "ICMP has no ports");
	if (given && !in &&
		(!strcmp(d->redirect_ip, n->to->gw4 ? n->to->gw4 : "") ||
			!strcmp(d->redirect_ip, n->to->gw6 ? n->to->gw6 : "")))
		return NSJAIL_FAIL(n->l, &d->redirect_ip, "nobody is at the jail's gateway");
	r->to = given ? d->redirect_ip : in ? (r->family == 6 ? n->to->ip6 : n->to->ip4) : NULL;
	if (d->redirect_port)
		OPT_SET(r, to_port, d->redirect_port);
	return 0;
}

static int check_in(
	const struct load_net *n, const struct nsjail_nstun_rule *d, const struct user_net_rule *r)
{
	if (r->direction != USER_NET_IN || r->action == USER_NET_ALLOW)
		return 0;
	if (r->action != USER_NET_REDIRECT) {
		NSJAIL_FAIL(n->l, &d->action, "HOST_TO_GUEST knows REDIRECT and ALLOW alone");
		return err_fix(n->l->e,
			"nobody gets in but by a REDIRECT; its src_ip says on which "
			"address of the host");
	}
	if (r->proto != USER_NET_TCP && r->proto != USER_NET_UDP)
		return NSJAIL_FAIL(n->l, d, "HOST_TO_GUEST needs proto: TCP or UDP");
	if (!r->has_dport)
		return NSJAIL_FAIL(n->l, d, "dport is missing: the port that is listened on");
	if (r->dst || r->has_sport)
		return NSJAIL_FAIL(n->l, d, "dst_ip and sport have no meaning for HOST_TO_GUEST");
	if (r->src && strchr(r->src, '/'))
		return NSJAIL_FAIL(n->l, &d->src_ip,
			"'%s' is a network: it is the address to listen on", r->src);
	return 0;
}

static int check_rule(
	const struct load_net *n, const struct nsjail_nstun_rule *d, const struct user_net_rule *r)
{
	if (r->proto == USER_NET_ICMP && (r->has_sport || r->has_dport))
		return NSJAIL_FAIL(n->l, r->has_sport ? &d->sport : &d->dport, "ICMP has no ports");
	if (is_proxy(r) && r->proto == USER_NET_ICMP)
		return NSJAIL_FAIL(n->l, &d->action, "no proxy carries ICMP");
	if (r->action == USER_NET_CONNECT && r->proto == USER_NET_UDP) {
		NSJAIL_FAIL(n->l, &d->action, "a CONNECT proxy does not carry UDP");
		return err_fix(n->l->e, "use ENCAP_SOCKS5, or DROP");
	}
	return check_in(n, d, r);
}

static int load_rule(const struct load_net *n, int family, const struct nsjail_nstun_rule *d)
{
	static const enum user_net_action actions[] = {
		[NSJAIL_NSTUN_DROP] = USER_NET_DROP,
		[NSJAIL_NSTUN_REJECT] = USER_NET_REJECT,
		[NSJAIL_NSTUN_ALLOW] = USER_NET_ALLOW,
		[NSJAIL_NSTUN_REDIRECT] = USER_NET_REDIRECT,
		[NSJAIL_NSTUN_ENCAP_SOCKS5] = USER_NET_SOCKS5,
		[NSJAIL_NSTUN_ENCAP_CONNECT] = USER_NET_CONNECT,
	};
	static const enum user_net_proto protos[] = {
		[NSJAIL_NSTUN_PROTO_ANY] = USER_NET_ANY,
		[NSJAIL_NSTUN_PROTO_TCP] = USER_NET_TCP,
		[NSJAIL_NSTUN_PROTO_UDP] = USER_NET_UDP,
		[NSJAIL_NSTUN_PROTO_ICMP] = USER_NET_ICMP,
	};
	struct user_net_rule *r = POOL_NEW(n->l->pool, struct user_net_rule);

	if (!r)
		return err_memory(n->l->e);
	OPT_SET(r, family, family);
	OPT_SET(r, direction,
		d->direction == NSJAIL_NSTUN_HOST_TO_GUEST ? USER_NET_IN : USER_NET_OUT);
	OPT_SET(r, action, (int32_t)actions[d->action]);
	OPT_SET(r, proto, (int32_t)protos[d->proto]);
	TRY(load_network(n, family, &d->src_ip, &r->src));
	TRY(load_network(n, family, &d->dst_ip, &r->dst));
	TRY(load_ports(n, &d->sport, &d->sport_end, &r->has_sport, &r->sport, &r->has_sport_end,
		&r->sport_end));
	TRY(load_ports(n, &d->dport, &d->dport_end, &r->has_dport, &r->dport, &r->has_dport_end,
		&r->dport_end));
	TRY(load_target(n, d, r));
	TRY(check_rule(n, d, r));
	n->to->rules.v[n->to->rules.n++] = r;
	return 0;
}

static int load_rules(const struct load_net *n, int family, const struct list *from, bool on)
{
	if (from->n && !on) {
		NSJAIL_FAIL(n->l, from->v[0], "a rule for IPv%d, which is off", family);
		return err_fix(n->l->e, "give user_net an ip%d, or leave the rule out", family);
	}
	list_each (i, *from)
		TRY(load_rule(n, family, from->v[i]));
	return 0;
}

/* --- the generations --------------------------------------------------------------------------- */

static int load_built_in(const struct load_net *n)
{
	const struct nsjail_user_net *d = n->doc;
	struct user_net *to = n->to;

	OPT_SET(to, backend, USER_NET_BUILT_IN);
	if (d->pasta) {
		NSJAIL_FAIL(n->l, d->pasta, "has no effect with backend NSTUN");
		return err_fix(n->l->e, "add backend: PASTA");
	}
	if (!to->ip4 && !to->ip6)
		return NSJAIL_FAIL(n->l, d, "neither IPv4 nor IPv6 is left on");
	if (!d->rule4.n && !d->rule6.n)
		return 0;
	to->rules.v = pool_array(n->l->pool, d->rule4.n + d->rule6.n + 1, sizeof(*to->rules.v));
	if (!to->rules.v)
		return err_memory(n->l->e);
	TRY(load_rules(n, 4, (const struct list *)&d->rule4, to->ip4));
	return load_rules(n, 6, (const struct list *)&d->rule6, to->ip6);
}

static int load_new_pasta(const struct load_net *n)
{
	const struct nsjail_user_net *d = n->doc;
	const struct nsjail_pasta *x = d->pasta;
	struct nsjail_pasta *none;
	const struct list *rules = d->rule4.n ? (const struct list *)&d->rule4
					      : (const struct list *)&d->rule6;

	if (rules->n) {
		NSJAIL_FAIL(n->l, rules->v[0], "backend PASTA keeps no rules");
		return err_fix(n->l->e, "use backend: NSTUN");
	}
	if (!x) {
		none = POOL_NEW(n->l->pool, struct nsjail_pasta);
		if (!none)
			return err_memory(n->l->e);
		TRY(field_defaults(&table_nsjail_pasta, none, n->l->pool, n->l->e));
		x = none;
	}
	return load_pasta(
		n, &(struct pasta){x->nat, x->enable_tcp, x->enable_udp, x->enable_icmp, x->map_gw,
			   x->enable_ip4_dhcp, x->enable_ip6_dhcp, x->enable_ip6_ra, x->enable_dns,
			   x->ip4_enabled, x->ip6_enabled, &x->mask4, &x->mask6, &x->dns_forward,
			   x->tcp_map_in, x->udp_map_in, x->tcp_map_out, x->udp_map_out});
}

static bool or_true(bool has, bool v)
{
	return !has || v;
}

static bool is_old(const struct nsjail_user_net *d)
{
	return d->has_enable || d->ip || d->mask || d->gw || d->mask6 || d->tcp_ports ||
	       d->udp_ports || d->has_enable_ip4_dhcp || d->has_enable_ip6_dhcp ||
	       d->has_enable_ip6_ra || d->has_enable_dns || d->dns_forward || d->has_enable_tcp ||
	       d->has_enable_udp || d->has_enable_icmp || d->has_no_map_gw;
}

/* Releases 3.5 and 3.6. Who writes in both languages may mean anything. */
static int load_old(const struct load_net *n)
{
	static const char *const mask4 = "255.255.255.0", *const mask6 = "64";
	const struct nsjail_user_net *d = n->doc;
	const void *later = is_given(n, &d->backend) ? (const void *)&d->backend
			    : d->pasta		     ? d->pasta
			    : d->rule4.n	     ? d->rule4.v[0]
			    : d->rule6.n	     ? d->rule6.v[0]
			    : is_given(n, &d->ip4)   ? (const void *)&d->ip4
			    : is_given(n, &d->gw4)   ? (const void *)&d->gw4
						     : NULL;

	if (later) {
		NSJAIL_FAIL(n->l, later, "beside fields of nsjail 3.6, which have no such thing");
		return err_fix(
			n->l->e, "say all of user_net in the newer words (docs/user-net.md)");
	}
	return load_pasta(
		n, &(struct pasta){true, or_true(d->has_enable_tcp, d->enable_tcp),
			   or_true(d->has_enable_udp, d->enable_udp),
			   or_true(d->has_enable_icmp, d->enable_icmp), !d->no_map_gw,
			   d->enable_ip4_dhcp, d->enable_ip6_dhcp, d->enable_ip6_ra, d->enable_dns,
			   true, true, d->mask ? &d->mask : &mask4, d->mask6 ? &d->mask6 : &mask6,
			   &d->dns_forward, d->tcp_ports ? d->tcp_ports : "none",
			   d->udp_ports ? d->udp_ports : "none", "none", "none"});
}

static int check_place(struct nsjail_load *l)
{
	if (!jail_has_new(l->jail, NS_NET)) {
		NSJAIL_FAIL(l, l->doc->user_net, "there is no network namespace to give it to");
		return err_fix(l->e, "set clone_newnet: true");
	}
	if (l->doc->mode == NSJAIL_MODE_EXECVE)
		return NSJAIL_FAIL(l, l->doc->user_net,
			"nobody is left to look after the network in mode EXECVE");
	return 0;
}

int nsjail_load_user_net(struct nsjail_load *l)
{
	const struct nsjail_user_net *d = l->doc->user_net;
	struct load_net n = {l, d, NULL};
	bool old;

	if (!d)
		return 0;
	old = is_old(d);
	if (old && !d->enable) {
		if (!d->has_enable)
			log_warning("user_net: the fields are of nsjail 3.6, where it is off "
				    "without enable: true");
		return 0;
	}
	TRY(check_place(l));
	n.to = POOL_NEW(l->pool, struct user_net);
	if (!n.to)
		return err_memory(l->e);
	TRY(load_device(&n));
	TRY(load_pair(&n, 4, old && d->ip ? &d->ip : &d->ip4, old && d->gw ? &d->gw : &d->gw4,
		&n.to->ip4, &n.to->gw4));
	TRY(load_pair(&n, 6, &d->ip6, &d->gw6, &n.to->ip6, &n.to->gw6));
	TRY(old					     ? load_old(&n)
		: d->backend == NSJAIL_BACKEND_PASTA ? load_new_pasta(&n)
						     : load_built_in(&n));
	l->jail->net.user = n.to;
	l->jail->net.at_user = d;
	return 0;
}
