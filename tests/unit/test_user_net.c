/* SPDX-License-Identifier: Apache-2.0 */
/* user_net: what both generations of nsjail's message mean, and what is refused in them. */
#include "../../spec/load.h"
#include "../../spec/user_net.h"
#include "tap.h"

static struct pool pool;
static struct loaded loaded;
static struct err err;
static const struct user_net *net;

static int load_with(const char *text, const char *pasta)
{
	const char *env[] = {"PATH=/bin", pasta};
	const struct caller caller = {.cpus = 1, .cwd = "/", .env = {env, pasta ? 2 : 1}};
	char *copy = pool_text(&pool, text);
	const struct bytes bytes = {copy, strlen(copy)};
	const struct load_request q = {.bundle = "b", .config = "f", .text = &bytes};
	int r;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	err = (struct err){0};
	r = load(&q, &caller, &pool, &loaded, &err);
	net = r < 0 ? NULL : loaded.jail.net.user;
	return r;
}

static int load_text(const char *text)
{
	return load_with(pool_printf(&pool, "exec_bin { path: '/x' }\n%s", text), NULL);
}

static const char *args(void)
{
	const char *text = "";

	for (size_t i = 0; net && i < net->args.n; i++)
		text = pool_printf(&pool, "%s%s%s", text, i ? " " : "", net->args.v[i]);
	return text;
}

/* --- what it means ------------------------------------------------------------------------------ */

static void without_it_there_is_no_network(void)
{
	is_int(load_text(""), 0);
	ok(!net);
}

static void empty_it_is_the_built_in_backend(void)
{
	is_int(load_text("user_net { }"), 0);
	if (!ok(net))
		return;
	is_int(net->backend, USER_NET_BUILT_IN);
	is_text(net->ip4, "10.255.255.2");
	is_text(net->gw4, "10.255.255.1");
	is_text(net->ip6, "fc00::2");
	is_text(net->gw6, "fc00::1");
	is_text(net->device, "eth0");
	is_int(net->rules.n, 0);
}

static void an_empty_address_switches_its_family_off(void)
{
	is_int(load_text("user_net { ip6: '' ip4: '192.168.7.2' gw4: '10.0.0.1' }"), 0);
	if (!ok(net))
		return;
	ok(!net->ip6 && !net->gw6);
	is_text(net->ip4, "192.168.7.2");
	is_int(load_text("user_net { ip4: '' gw4: 'nonsense that is not used' }"), 0);
	ok(net && !net->ip4 && net->ip6);
}

static void rules_stay_in_their_order(void)
{
	const struct user_net_rule *r;

	is_int(load_text("user_net { rule6 { dst_ip: '2001:db8::/32' action: DROP }"
			 " rule4 { proto: UDP dport: 53 action: REDIRECT redirect_ip: '9.9.9.9'"
			 " redirect_port: 5353 } rule4 { sport: 5 sport_end: 9 src_ip: '0.0.0.0'"
			 " action: REJECT } rule4 { direction: HOST_TO_GUEST proto: TCP dport: 80"
			 " action: REDIRECT } }"),
		0);
	if (!ok(net) || !is_int(net->rules.n, 4))
		return;
	r = net->rules.v[0];
	is_int(r->family, 4);
	is_int(r->action, USER_NET_REDIRECT);
	is_text(r->to, "9.9.9.9");
	is_int(r->to_port, 5353);
	ok(r->dport == 53 && r->dport_end == 53 && !r->has_sport);
	r = net->rules.v[1];
	ok(r->sport == 5 && r->sport_end == 9 && !r->src && !r->has_dport);
	r = net->rules.v[2];
	is_int(r->direction, USER_NET_IN);
	is_text(r->to, "10.255.255.2");
	ok(!r->has_to_port);
	r = net->rules.v[3];
	is_int(r->family, 6);
	is_text(r->dst, "2001:db8::/32");
}

static void pasta_is_told_what_nsjail_tells_it(void)
{
	is_int(load_text("user_net { backend: PASTA }"), 0);
	is_text(args(), "-f -q --no-dhcp --no-dhcpv6 --no-ra --config-net -a 10.255.255.2 "
			"-n 255.255.255.0 -g 10.255.255.1 -a fc00::2 -g fc00::1 -I eth0 "
			"-t none -u none -T none -U none");
	ok(net && net->configured && !net->program);
	is_int(load_text("user_net { backend: PASTA ns_iface: 'net0' pasta { ip6_enabled: false"
			 " enable_ip4_dhcp: true enable_dns: true dns_forward: '1.1.1.1'"
			 " enable_udp: false enable_icmp: false map_gw: false tcp_map_in: "
			 "'80:8080' } }"),
		0);
	is_text(args(), "-f -q --no-dhcpv6 --no-ra --dhcp-dns --no-udp --no-icmp --no-map-gw -4 "
			"--dns-forward 1.1.1.1 -a 10.255.255.2 -n 255.255.255.0 -g 10.255.255.1 "
			"-I net0 -t 80:8080 -u none -T none -U none");
	ok(net && !net->configured);
	is_int(load_text("user_net { backend: PASTA ip4: '' pasta { nat: true } }"), 0);
	has_text(args(), " -6 ");
	is_int(load_text("user_net { backend: PASTA pasta { nat: false udp_map_out: '53' } }"), 0);
	is_text(args(), "-f -q -t none -u none -T none -U 53 --splice-only");
	ok(net && !net->device);
}

static void pasta_is_where_the_caller_says(void)
{
	const char *text = "exec_bin { path: '/x' } user_net { backend: PASTA }";

	is_int(load_with(text, "NSJAIL_PASTA_PATH=/opt/pasta"), 0);
	is_text(net->program, "/opt/pasta");
	is_text(net->search, "/bin");
}

static void the_older_words_mean_pasta(void)
{
	is_int(load_text("user_net { enable: true }"), 0);
	is_text(args(), "-f -q --no-dhcp --no-dhcpv6 --no-ra --config-net -a 10.255.255.2 "
			"-n 255.255.255.0 -g 10.255.255.1 -a fc00::2 -g fc00::1 -I eth0 "
			"-t none -u none -T none -U none");
	is_int(load_text("user_net { enable: true ip: '10.1.0.2' gw: '10.1.0.1' mask: '255.255.0.0'"
			 " ip6: '' tcp_ports: '8080' no_map_gw: true enable_tcp: true"
			 " enable_udp: false }"),
		0);
	is_text(args(), "-f -q --no-dhcp --no-dhcpv6 --no-ra --config-net --no-udp --no-map-gw -4 "
			"-a 10.1.0.2 -n 255.255.0.0 -g 10.1.0.1 -I eth0 "
			"-t 8080 -u none -T none -U none");
	is_int(load_text("user_net { enable: false ip: '10.1.0.2' }"), 0);
	ok(!net);
	is_int(load_text("user_net { ip: '10.1.0.2' }"), 0); /* with a warning */
	ok(!net);
}

/* --- what is refused ---------------------------------------------------------------------------- */

static const struct {
	const char *text, *want;
} refused[] = {
	{"clone_newnet: false user_net {}",
		"user_net (f:2:30): there is no network namespace to give it to"},
	{"mode: EXECVE user_net {}", "user_net (f:2:23): nobody is left"},
	{"user_net { ip4: '' ip6: '' }", "user_net (f:2:10): neither IPv4 nor IPv6"},
	{"user_net { ip4: '10.0.0' }", "user_net.ip4 (f:2:17): '10.0.0' is not an IPv4 address"},
	{"user_net { ip4: '127.0.0.1' }", "user_net.ip4 (f:2:17): '127.0.0.1' cannot be"},
	{"user_net { ip6: '1.2.3.4' }", "user_net.ip6 (f:2:17): '1.2.3.4' is not"},
	{"user_net { gw4: '' }", "user_net.gw4 (f:2:17): the IPv4 gateway is missing"},
	{"user_net { gw6: 'fc00::2' }", "user_net.gw6 (f:2:17): the jail's own address"},
	{"user_net { ns_iface: 'lo' }", "user_net.ns_iface (f:2:22): 'lo' cannot be"},
	{"user_net { ns_iface: 'a-name-that-is-long' }", "ns_iface (f:2:22): 'a-name"},
	{"user_net { ns_iface: 'a%d' }", "ns_iface (f:2:22): 'a%d' cannot be"},
	{"user_net { pasta { } }", "user_net.pasta (f:2:18): has no effect with backend"},
	{"user_net { backend: SLIRP }", "user_net.backend (f:2:21): unknown value 'SLIRP'"},
	{"user_net { backend: PASTA rule4 { } }", "rule4[0] (f:2:33): backend PASTA keeps"},
	{"user_net { backend: PASTA pasta { ip4_enabled: false ip6_enabled: false } }",
		"user_net (f:2:10): neither"},
	{"user_net { backend: PASTA pasta { mask4: '255.0.255.0' } }",
		"user_net.pasta.mask4 (f:2:42): '255.0.255.0' is not a netmask"},
	{"user_net { backend: PASTA pasta { mask6: '48' } }", "mask6 (f:2:42): '48'"},
	{"user_net { backend: PASTA pasta { dns_forward: 'one' } }",
		"dns_forward (f:2:48): 'one' is not an address"},
	{"user_net { enable: true backend: NSTUN }", "user_net.backend (f:2:34): beside"},
	{"user_net { enable: true rule4 {} }", "user_net.rule4[0] (f:2:31): beside"},
	{"user_net { enable: true ip: 'x' }", "user_net.ip (f:2:29): 'x' is not"},
	{"user_net { enable: true mask: 'x' }", "user_net.mask (f:2:31): 'x' is not a"},
	{"user_net { ip6: '' rule6 { } }", "rule6[0] (f:2:26): a rule for IPv6, which is"},
	{"user_net { rule4 { dst_ip: 'fc00::/8' } }",
		"user_net.rule4[0].dst_ip (f:2:28): 'fc00::/8' is not an IPv4 address or"},
	{"user_net { rule4 { dst_ip: '10.0.0.0/33' } }", "dst_ip (f:2:28): '10.0.0.0/33'"},
	{"user_net { rule4 { dst_ip: '10.0.0.0/' } }", "dst_ip (f:2:28): '10.0.0.0/'"},
	{"user_net { rule4 { src_ip: 'me' } }", "src_ip (f:2:28): 'me' is not"},
	{"user_net { rule4 { dport: 65536 } }", "dport (f:2:27):"},
	{"user_net { rule4 { dport: 9 dport_end: 8 } }", "dport_end (f:2:40): a range"},
	{"user_net { rule4 { sport_end: 8 } }", "sport_end (f:2:31): the end of a range"},
	{"user_net { rule4 { proto: ICMP dport: 8 } }", "dport (f:2:39): ICMP has no"},
	{"user_net { rule4 { action: REDIRECT } }", "(f:2:18): redirect_ip is missing"},
	{"user_net { rule4 { action: REDIRECT redirect_ip: '1.1.1.1' } }",
		"(f:2:18): redirect_port is missing"},
	{"user_net { rule6 { action: REDIRECT redirect_ip: '1.1.1.1' redirect_port: 1 } }",
		"redirect_ip (f:2:50): '1.1.1.1' is not an IPv6 address"},
	{"user_net { rule4 { proto: ICMP action: REDIRECT redirect_ip: '10.255.255.1' } }",
		"redirect_ip (f:2:62): nobody is at the jail's gateway"},
	{"user_net { rule4 { redirect_ip: '1.1.1.1' } }", "(f:2:33): has no effect"},
	{"user_net { rule4 { proto: ICMP action: ENCAP_SOCKS5 redirect_ip: '1.1.1.1' } }",
		"action (f:2:40): no proxy carries ICMP"},
	{"user_net { rule4 { proto: UDP action: ENCAP_CONNECT redirect_ip: '1.1.1.1'"
	 " redirect_port: 1 } }",
		"action (f:2:39): a CONNECT proxy does not carry UDP"},
	{"user_net { rule4 { direction: HOST_TO_GUEST action: DROP } }",
		"action (f:2:53): HOST_TO_GUEST knows"},
	{"user_net { rule4 { direction: HOST_TO_GUEST action: REDIRECT dport: 1 } }",
		"(f:2:18): HOST_TO_GUEST needs proto"},
	{"user_net { rule4 { direction: HOST_TO_GUEST action: REDIRECT proto: TCP } }",
		"(f:2:18): dport is missing"},
	{"user_net { rule4 { direction: HOST_TO_GUEST action: REDIRECT proto: TCP dport: 1"
	 " src_ip: '10.0.0.0/8' } }",
		"src_ip (f:2:90): '10.0.0.0/8' is a network"},
	{"user_net { rule4 { direction: HOST_TO_GUEST action: REDIRECT proto: TCP dport: 1"
	 " dst_ip: '10.0.0.1' } }",
		"dst_ip and sport have no meaning"},
};

static void what_cannot_be_is_refused_with_its_place(void)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		ok(load_text(refused[i].text) < 0);
		has_text(err.text, refused[i].want);
	}
}

/* --- addresses ---------------------------------------------------------------------------------- */

static bool within(int family, const char *network, const char *address)
{
	struct net_range p;
	struct net_address a;

	return ok(!user_net_parse(family, network, &p.address, &p.length)) &&
	       ok(!user_net_parse(family, address, &a, NULL)) && user_net_within(&p, &a);
}

static bool special(int family, const char *address)
{
	struct net_address a;

	return ok(!user_net_parse(family, address, &a, NULL)) && user_net_is_special(family, &a);
}

static void networks_hold_their_addresses(void)
{
	ok(within(4, "10.0.0.0/8", "10.255.0.1"));
	ok(!within(4, "10.0.0.0/8", "11.0.0.0"));
	ok(within(4, "10.128.0.0/9", "10.200.0.1"));
	ok(!within(4, "10.128.0.0/9", "10.127.255.255"));
	ok(within(4, "0.0.0.0/0", "255.255.255.255"));
	ok(within(4, "1.2.3.4", "1.2.3.4"));
	ok(!within(4, "1.2.3.4", "1.2.3.5"));
	ok(within(4, "1.2.3.4/31", "1.2.3.5"));
	ok(within(6, "2001:db8::/33", "2001:db8:7fff::1"));
	ok(!within(6, "2001:db8::/33", "2001:db8:8000::1"));
	ok(within(6, "2001:db8::1/128", "2001:db8::1"));
	ok(!within(6, "2001:db8::1", "2001:db8::2"));
}

static void nobody_is_at_special_addresses(void)
{
	static const char *const bad4[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255",
		"224.0.0.1", "239.1.1.1", "255.255.255.255"};
	static const char *const good4[] = {"1.0.0.0", "10.0.0.1", "126.255.255.255", "128.0.0.1",
		"169.254.1.1", "223.255.255.255", "192.168.0.1"};
	static const char *const bad6[] = {"::", "::1", "::1.2.3.4", "::ffff:127.0.0.1", "fe80::1",
		"febf::1", "fec0::1", "ff02::1"};
	static const char *const good6[] = {"::1:0:0:0", "fc00::1", "2001:db8::1", "fe7f::1"};

	for (size_t i = 0; i < ARRAY_LEN(bad4); i++)
		ok(special(4, bad4[i]));
	for (size_t i = 0; i < ARRAY_LEN(good4); i++)
		ok(!special(4, good4[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad6); i++)
		ok(special(6, bad6[i]));
	for (size_t i = 0; i < ARRAY_LEN(good6); i++)
		ok(!special(6, good6[i]));
}

int main(void)
{
	run(without_it_there_is_no_network);
	run(empty_it_is_the_built_in_backend);
	run(an_empty_address_switches_its_family_off);
	run(rules_stay_in_their_order);
	run(pasta_is_told_what_nsjail_tells_it);
	run(pasta_is_where_the_caller_says);
	run(the_older_words_mean_pasta);
	run(what_cannot_be_is_refused_with_its_place);
	run(networks_hold_their_addresses);
	run(nobody_is_at_special_addresses);
	pool_done(&pool);
	return tap_done();
}
