/* SPDX-License-Identifier: Apache-2.0 */
/* What nsjail's fields of the network mean: devices, the macvlan, rules and their order; and what they may not. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../runtime/nft.h"
#include "../../runtime/plan.h"
#include "../../spec/load.h"
#include "../../spec/nsjail_jail.h"
#include "tap.h"

static struct pool pool;
static struct loaded loaded;
static struct err err;
static char heard[1024];
static const struct caller caller = {.uid = 5, .gid = 5, .cpus = 1, .cwd = "/home"};

static void hear(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	fmt_put(heard, sizeof(heard), "%s", text);
}

static int load_for(const char *text, int door)
{
	char *copy;
	struct bytes bytes;
	const struct load_request q = {.bundle = "b", .config = "f", .text = &bytes, .door = door};

	pool_done(&pool);
	loaded = (struct loaded){0};
	err = (struct err){0};
	heard[0] = '\0';
	copy = pool_printf(&pool, "disable_rl: true exec_bin { path: '/x' }\n%s", text);
	bytes = (struct bytes){copy, strlen(copy)};
	return load(&q, &caller, &pool, &loaded, &err);
}

static const struct jail_net *net_of(const char *text)
{
	is_int(load_for(text, NSJAIL_DOOR_OURS), 0);
	is_text(err.text, "");
	return &loaded.jail.net;
}

/* --- devices ----------------------------------------------------------------------------------- */

static void devices_keep_their_names(void)
{
	const struct jail_net *net = net_of("iface_own: 'a' iface_own: 'exactly-15-byte'");

	is_int(net->n, 2);
	is_text(net->devices[0].device, "a");
	is_text(net->devices[1].name, "exactly-15-byte");
	ok(net->devices[0].bare && net->devices[1].bare && !net->macvlan.device);
}

static void a_macvlan_has_defaults(void)
{
	const struct jail_macvlan *m = &net_of("macvlan_iface: 'e'")->macvlan;

	is_text(m->device, "e");
	is_text(m->name, "vs");
	is_int(m->mode, MACVLAN_MODE_PRIVATE);
	ok(!m->has_mac);
	is_int(m->address, 0xc0a80002);
	is_int(m->bits, 24);
	is_int(m->gateway, 0xc0a80001);
	is_text(heard, "");
}

static void a_macvlan_is_as_told(void)
{
	static const struct {
		const char *word;
		uint32_t mode;
	} modes[] = {{"private", MACVLAN_MODE_PRIVATE}, {"VEPA", MACVLAN_MODE_VEPA},
		{"Bridge", MACVLAN_MODE_BRIDGE}, {"passthru", MACVLAN_MODE_PASSTHRU}};
	static const uint8_t mac[] = {2, 0xab, 0xcd, 0xef, 0x10, 0xff};
	const struct jail_macvlan *m;
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		fmt_put(text, sizeof(text),
			"macvlan_iface: 'e' macvlan_vs_mo: '%s' macvlan_vs_ma: '02:ab:CD:ef:10:fF'",
			modes[i].word);
		m = &net_of(text)->macvlan;
		is_int(m->mode, modes[i].mode);
		ok(m->has_mac && !memcmp(m->mac, mac, 6));
	}
	m = &net_of("macvlan_iface: 'e' macvlan_vs_ip: '10.1.2.3' macvlan_vs_nm: '255.240.0.0' "
		    "macvlan_vs_gw: '10.15.0.1'")
		     ->macvlan;
	is_int(m->address, 0x0a010203);
	is_int(m->bits, 12);
	is_int(m->gateway, 0x0a0f0001);
	m = &net_of("macvlan_iface: 'e' macvlan_vs_ip: '0.0.0.0' macvlan_vs_gw: '1.2.3.4'")
		     ->macvlan;
	is_int(m->address, 0);
	is_int(m->gateway, 0);
	m = &net_of("macvlan_iface: 'e' macvlan_vs_gw: '0.0.0.0' macvlan_vs_nm: '0.0.0.0'")
		     ->macvlan;
	is_int(m->gateway, 0);
	is_int(m->bits, 0);
	is_int(net_of("macvlan_iface: 'e' macvlan_vs_gw: '0.0.0.0' macvlan_vs_nm: "
		      "'255.255.255.255'")
			->macvlan.bits,
		32);
}

static void settings_without_a_macvlan_are_told(void)
{
	ok(!net_of("macvlan_vs_mo: 'bridge'")->macvlan.device);
	is_text(heard, "macvlan_vs_mo: has no effect without macvlan_iface");
	ok(!net_of("macvlan_iface: ''")->macvlan.device);
	is_text(heard, "");
}

/* --- what is refused --------------------------------------------------------------------------- */

static const struct {
	const char *text, *want;
} bad[] = {
	{"iface_own: 'a' iface_own: 'a'", "iface_own[1] (f:2:27): 'a' is there twice"},
	{"iface_own: ''", "iface_own[0] (f:2:12): '' cannot be the name"},
	{"iface_own: 'sixteen-bytes-xx'", "iface_own[0] (f:2:12): 'sixteen-bytes-xx' cannot be"},
	{"iface_own: 'a%d'", "iface_own[0] (f:2:12): 'a%d' cannot be"},
	{"iface_own: 'vs' macvlan_iface: 'e'", "iface_own[0] (f:2:12): 'vs' is what"},
	{"iface_own: 'e' macvlan_iface: 'e'", "macvlan_iface (f:2:31): 'e' is moved into the jail"},
	{"iface_own: 'e' clone_newnet: false", "iface_own[0] (f:2:12): the jail's network is"},
	{"macvlan_iface: 'e' clone_newnet: false", "macvlan_iface (f:2:16): the jail's network is"},
	{"traffic_rule {} clone_newnet: false", "traffic_rule[0] (f:2:14): the jail's network is"},
	{"macvlan_iface: 'e/'", "macvlan_iface (f:2:16): 'e/' cannot be"},
	{"macvlan_iface: 'e' macvlan_vs_ma: '02:00:00:00:00'", "macvlan_vs_ma (f:2:35): '02:"},
	{"macvlan_iface: 'e' macvlan_vs_ma: '02:00:00:00:00:000'", "is no MAC address like"},
	{"macvlan_iface: 'e' macvlan_vs_ma: '02-00-00-00-00-00'", "is no MAC address like"},
	{"macvlan_iface: 'e' macvlan_vs_ma: '0g:00:00:00:00:00'", "is no MAC address like"},
	{"macvlan_iface: 'e' macvlan_vs_ma: '03:00:00:00:00:00'", "of one device"},
	{"macvlan_iface: 'e' macvlan_vs_ma: '00:00:00:00:00:00'", "of one device"},
	{"macvlan_iface: 'e' macvlan_vs_mo: ''", "macvlan_vs_mo (f:2:35): '' is no mode"},
	{"macvlan_iface: 'e' macvlan_vs_mo: 'source'", "macvlan_vs_mo (f:2:35): 'source' is no"},
	{"macvlan_iface: 'e' macvlan_vs_ip: ''", "macvlan_vs_ip (f:2:35): '' is no IPv4 address"},
	{"macvlan_iface: 'e' macvlan_vs_ip: '1.2.3.4/24'", "'1.2.3.4/24' is no IPv4 address"},
	{"macvlan_iface: 'e' macvlan_vs_ip: '::1'", "'::1' is no IPv4 address"},
	{"macvlan_iface: 'e' macvlan_vs_ip: '224.0.0.1'", "is not the address of one host"},
	{"macvlan_iface: 'e' macvlan_vs_nm: '24'", "macvlan_vs_nm (f:2:35): '24' is no IPv4"},
	{"macvlan_iface: 'e' macvlan_vs_nm: '255.0.255.0'",
		"macvlan_vs_nm (f:2:35): '255.0.255.0'"},
	{"macvlan_iface: 'e' macvlan_vs_nm: '0.0.0.1'", "'0.0.0.1' is no netmask"},
	{"macvlan_iface: 'e' macvlan_vs_gw: 'x'", "macvlan_vs_gw (f:2:35): 'x' is no IPv4"},
	{"macvlan_iface: 'e' macvlan_vs_gw: '192.168.1.1'",
		"is not in the network of 192.168.0.2/24"},
	{"macvlan_iface: 'e' macvlan_vs_gw: '192.168.0.2'", "'192.168.0.2' is the jail's own"},
	{"traffic_rule { src_ip: '1.2.3' }", "traffic_rule[0].src_ip (f:2:24): '1.2.3' is no IPv4"},
	{"traffic_rule { dst_ip: '1.2.3.4/' }",
		"traffic_rule[0].dst_ip (f:2:24): '1.2.3.4/': the bits"},
	{"traffic_rule { dst_ip: '1.2.3.4/33' }", "are not from 0 to 32"},
	{"traffic_rule { dst_ip: '1.2.3.4/-1' }", "are not from 0 to 32"},
	{"traffic_rule { dst_ip: 'fd00::/129' ip_family: IPV6 }", "are not from 0 to 128"},
	{"traffic_rule { dst_ip: '1.2.3.4' ip_family: IPV6 }", "is no IPv6 address or network"},
	{"traffic_rule {} traffic_rule { dport_end: 5 }",
		"traffic_rule[1].dport_end (f:2:43): the end"},
	{"traffic_rule { sport: 0 sport_end: 5 }",
		"traffic_rule[0].sport_end (f:2:36): the end of"},
	{"traffic_rule { dport: 5 dport_end: 4 }", "the range ends with 4 before it begins with 5"},
	{"traffic_rule { dport: 65536 }", "traffic_rule[0].dport (f:2:23): 65536 is not between"},
	{"traffic_rule { proto: ICMP dport: 5 }", "ports, and a protocol that has none"},
	{"traffic_rule { proto: ICMPV6 }", "there is no such protocol in IPv4"},
	{"traffic_rule { proto: ICMP ip_family: IPV6 }", "there is no such protocol in IPv6"},
	{"traffic_rule { action: UNKNOWN_ACTION }",
		"traffic_rule[0].action (f:2:24): the rule does"},
	{"traffic_rule { iif: 'a b' action: ALLOW }", "'a b' cannot be the name"},
};

static void what_cannot_be_is_refused_with_its_place(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ok(load_for(bad[i].text, NSJAIL_DOOR_OURS) < 0);
		ok(err.code == EINVAL || err.code == ERANGE);
		has_text(err.text, bad[i].want);
	}
}

/* --- rules ------------------------------------------------------------------------------------- */

static void a_rule_is_as_told(void)
{
	static const uint8_t fd00[16] = {0xfd};
	const struct jail_net_rule *r = net_of(
		"traffic_rule { src_ip: '10.255.3.4/9' dst_ip: '1.2.3.4' iif: 'lo' proto: UDP "
		"sport: 7 "
		"dport: 8 dport_end: 9 action: REJECT } traffic_rule { ip_family: IPV6 dst_ip: "
		"'fd00:0::1/16' proto: ICMPV6 oif: 'e' action: ALLOW } traffic_rule { }")
						->rules;

	ok(!memcmp(r[0].source.address, "\x0a\x80\x00\x00", 4));
	is_int(r[0].source.bits, 9);
	is_int(r[0].destination.bits, 32);
	ok(!memcmp(r[0].destination.address, "\1\2\3\4", 4));
	is_text(r[0].iif, "lo");
	is_int(r[0].protocol, IPPROTO_UDP);
	ok(r[0].source_ports.first == 7 && r[0].source_ports.last == 7);
	ok(r[0].destination_ports.first == 8 && r[0].destination_ports.last == 9);
	is_int(r[0].verdict, NET_REJECT);
	ok(r[1].ipv6 && !memcmp(r[1].destination.address, fd00, 16));
	is_int(r[1].verdict, NET_ALLOW);
	is_int(r[1].protocol, IPPROTO_ICMPV6);
	is_text(r[1].oif, "e");
	is_int(r[2].verdict, NET_DROP);
	ok(!r[2].ipv6 && !r[2].protocol && !r[2].source.bits && !r[2].destination_ports.first);
}

/* The first letters of the verdicts, in the order of evaluation. */
static const char *order(const char *text, int door)
{
	static char out[16];
	const struct jail_net *net = &loaded.jail.net;

	is_int(load_for(text, door), 0);
	for (size_t i = 0; i < net->n_rules && i < sizeof(out) - 1; i++) {
		out[i] = "DRA"[net->rules[i].verdict];
		out[i + 1] = '\0';
	}
	return out;
}

#define ALLOW_443 "traffic_rule { proto: TCP dport: 443 action: ALLOW } "

static void the_order_is_that_of_the_door(void)
{
	const char *three = ALLOW_443
		"traffic_rule { proto: TCP } traffic_rule { proto: UDP action: REJECT }";

	is_text(order(three, NSJAIL_DOOR_OURS), "ADR");
	is_text(heard, "");
	is_text(order(three, NSJAIL_DOOR_NSJAIL), "RDA");
	has_text(heard,
		"traffic_rule[1] (f:2:67) is asked before traffic_rule[0] (f:2:14), as nsjail");
	is_text(order(three, NSJAIL_DOOR_PYTHON), "RDA");
	has_text(heard, "is asked before");
}

static void only_an_order_that_matters_is_told(void)
{
	static const struct {
		const char *other;
		bool told;
	} all[] = {
		{"proto: TCP dport: 440 dport_end: 442", false},
		{"proto: TCP dport: 440 dport_end: 443", true},
		{"proto: UDP dport: 443", false},
		{"dport: 443", true},
		{"proto: TCP sport: 5", true},
		{"proto: TCP ip_family: IPV6", false},
		{"proto: TCP action: ALLOW", false},
		{"dst_ip: '1.2.3.4'", true},
	};
	static const struct {
		const char *a, *b;
		bool told;
	} prefixes[] = {
		{"10.0.0.0/8", "10.1.2.3", true},
		{"10.0.0.0/8", "11.0.0.0/8", false},
		{"10.0.0.0/9", "10.128.0.0/9", false},
		{"10.0.0.0/9", "10.127.0.0/15", true},
		{"0.0.0.0/0", "10.128.0.0/9", true},
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		fmt_put(text, sizeof(text), ALLOW_443 "traffic_rule { %s }", all[i].other);
		is_int(load_for(text, NSJAIL_DOOR_NSJAIL), 0);
		tap_check(!!heard[0] == all[i].told, TAP_HERE, "%s: '%s'", all[i].other, heard);
	}
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		fmt_put(text, sizeof(text),
			"traffic_rule { dst_ip: '%s' action: ALLOW } traffic_rule { dst_ip: '%s' }",
			prefixes[i].a, prefixes[i].b);
		is_int(load_for(text, NSJAIL_DOOR_NSJAIL), 0);
		tap_check(!!heard[0] == prefixes[i].told, TAP_HERE, "%s: '%s'", text, heard);
	}
}

/* --- plans ------------------------------------------------------------------------------------- */

/* The plan's routing rules, as "priority:action" each, a=allow d=drop r=reject. */
static const char *routing(const char *text, int door, struct bytes *filter)
{
	static char out[256];
	const struct host host = {.privileged = true, .clone3 = true};
	own_plan struct plan plan = {0};

	out[0] = '\0';
	is_int(load_for(text, door), 0);
	is_int(plan_make(&loaded.jail, &host, &plan, &err), 0);
	for (size_t i = 0; i < plan.n; i++) {
		const struct step_net_rule *s = plan.v[i].args;
		const struct step_net_filter *f = plan.v[i].args;
		size_t n = strlen(out);

		if (plan.v[i].kind == STEP_NET_RULE)
			fmt_put(out + n, sizeof(out) - n, "%s%u:%c", n ? " " : "", s->priority,
				s->action == FR_ACT_TO_TBL	? 'a'
				: s->action == FR_ACT_BLACKHOLE ? 'd'
								: 'r');
		if (plan.v[i].kind == STEP_NET_FILTER && filter)
			*filter = (struct bytes){
				pool_copy(&pool, f->message.data, f->message.len), f->message.len};
	}
	return out;
}

/* Routing blocks what it is sure of, and nothing that the filter lets through. */
static void routing_has_no_more_than_it_knows(void)
{
	static const struct {
		const char *rules, *want;
	} all[] = {
		{ALLOW_443 "traffic_rule { proto: TCP }", "32764:a 32765:d"},
		{"traffic_rule { src_ip: '1.2.3.4' }", "32765:d"},
		{"traffic_rule { oif: 'e' } traffic_rule { action: REJECT }", "32764:d 32765:r"},
		{"traffic_rule { oif: 'e' action: ALLOW } traffic_rule { }", ""},
		{"traffic_rule { iif: 'lo' action: ALLOW } traffic_rule { }", ""},
		{"traffic_rule { src_ip: '1.2.3.4' action: ALLOW } traffic_rule { }", ""},
		{"traffic_rule { sport: 4 action: ALLOW } traffic_rule { }", ""},
		{"traffic_rule { dport: 4 dport_end: 65535 action: ALLOW } traffic_rule { }", ""},
		{"traffic_rule { dport: 65535 } traffic_rule { dport: 9 }", "32765:d"},
		{"traffic_rule { sport: 65535 } traffic_rule { dport: 9 }", "32765:d"},
		{"traffic_rule { dport: 9 dport_end: 65535 }", "32765:d"},
		{"traffic_rule { dport: 9 } traffic_rule { oif: 'e' action: ALLOW } traffic_rule { "
		 "}",
			"32765:d"},
		{"traffic_rule { oif: 'e' action: ALLOW } traffic_rule { ip_family: IPV6 }",
			"32765:d"},
		{"traffic_rule { ip_family: IPV6 } traffic_rule { }", "32765:d 32765:d"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		is_text(routing(all[i].rules, NSJAIL_DOOR_OURS, NULL), all[i].want);
	is_text(routing(ALLOW_443 "traffic_rule { action: REJECT }", NSJAIL_DOOR_NSJAIL, NULL),
		"32764:r 32765:a");
}

/* --- the filter's messages --------------------------------------------------------------------- */

/* Attributes fill their room to the last byte, at every depth; -1, or how many there are. */
static int attributes(const char *data, size_t len)
{
	int n = 0;

	for (size_t at = 0; at < len; n++) {
		const struct nlattr *a = (const struct nlattr *)(data + at);
		int inner = 0;

		if (len - at < NLA_HDRLEN || a->nla_len < NLA_HDRLEN || a->nla_len > len - at)
			return -1;
		if (a->nla_type & NLA_F_NESTED)
			inner = attributes(data + at + NLA_HDRLEN, a->nla_len - NLA_HDRLEN);
		if (inner < 0)
			return -1;
		n += inner;
		at += NLA_ALIGN(a->nla_len);
	}
	return n;
}

struct seen {
	int batches, rules, answered, chains;
	uint32_t last_rule;
	size_t longest;
};

static bool walk_messages(const struct bytes *b, struct seen *s)
{
	size_t begin = 0;

	for (size_t at = 0; at < b->len;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)(b->data + at);
		size_t head = NLMSG_LENGTH(sizeof(struct nfgenmsg));
		int kind = h->nlmsg_type & 0xff;

		if (h->nlmsg_len < head || h->nlmsg_len > b->len - at ||
			attributes(b->data + at + head, h->nlmsg_len - head) < 0)
			return false;
		if (h->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
			begin = at;
		at += NLMSG_ALIGN(h->nlmsg_len);
		s->answered += !!(h->nlmsg_flags & NLM_F_ACK);
		if (h->nlmsg_type == NFNL_MSG_BATCH_END) {
			s->batches++;
			s->longest = at - begin > s->longest ? at - begin : s->longest;
		} else if (h->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES) {
			s->rules += kind == NFT_MSG_NEWRULE;
			s->chains += kind == NFT_MSG_NEWCHAIN;
			s->last_rule = h->nlmsg_seq > s->last_rule ? h->nlmsg_seq : s->last_rule;
		}
	}
	return true;
}

/* Six rules for neighbours, two jumps; a refusal of all protocols is two, and of what comes in twice as many. */
static void the_filter_is_one_batch_of_well_formed_messages(void)
{
	static const struct {
		const char *rules;
		int more;
	} all[] = {
		{"traffic_rule { }", 1},
		{"traffic_rule { action: REJECT }", 2},
		{"traffic_rule { action: REJECT proto: UDP }", 1},
		{"traffic_rule { action: REJECT iif: 'e' }", 4},
		{"traffic_rule { iif: 'lo' }", 1},
		{"traffic_rule { iif: 'e' oif: 'f' }", 1},
		{"traffic_rule { src_ip: '1.2.3.0/23' dst_ip: '1.2.3.4' sport: 1 dport: 2 "
		 "dport_end: 3 }",
			1},
		{"traffic_rule { ip_family: IPV6 src_ip: 'fd00::/9' dst_ip: 'fd00::1' }", 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct bytes message;
		struct seen s = {0};

		routing(all[i].rules, NSJAIL_DOOR_OURS, &message);
		ok(walk_messages(&message, &s));
		is_int(s.batches, 1);
		is_int(s.answered, 1);
		is_int(s.chains, 4);
		is_int(s.rules, 8 + all[i].more);
		is_int(s.last_rule, 1);
	}
}

static void many_rules_are_some_batches(void)
{
	struct jail_net_rule *rules = pool_array(&pool, 40000, sizeof(*rules));
	const struct jail_net net = {.rules = rules, .n_rules = 40000};
	struct bytes message;
	struct seen s = {0};

	is_int(nft_messages(&net, &pool, &message, &err), 0);
	ok(walk_messages(&message, &s));
	is_int(s.rules, 8 + 40000);
	is_int(s.last_rule, 40000);
	ok(s.batches > 10);
	is_int(s.answered, s.batches);
	ok(s.longest < NFT_BATCH + 4096);
}

/* Routing has as many priorities as it has; what is beyond is the filter's alone. */
static void routing_has_an_end(void)
{
	const struct host host = {.privileged = true, .clone3 = true};
	struct jail_net_rule *rules = pool_array(&pool, 33000, sizeof(*rules));
	own_plan struct plan plan = {0};
	size_t n = 0;
	uint32_t lowest = UINT32_MAX, highest = 0;
	struct jail jail;

	jail_init(&jail);
	jail.process.args = (struct texts){(const char *[]){"x"}, 1};
	jail.process.file = "x";
	jail.ns[NS_NET].how = NS_NEW;
	jail.net.rules = rules;
	jail.net.n_rules = 33000;
	is_int(plan_make(&jail, &host, &plan, &err), 0);
	for (size_t i = 0; i < plan.n; i++) {
		const struct step_net_rule *s = plan.v[i].args;

		if (plan.v[i].kind != STEP_NET_RULE)
			continue;
		n++;
		lowest = s->priority < lowest ? s->priority : lowest;
		highest = s->priority > highest ? s->priority : highest;
	}
	is_int(n, 32765);
	is_int(lowest, 1);
	is_int(highest, 32765);
}

int main(void)
{
	log_to(hear, NULL, LOG_WARNING);
	run(devices_keep_their_names);
	run(a_macvlan_has_defaults);
	run(a_macvlan_is_as_told);
	run(settings_without_a_macvlan_are_told);
	run(what_cannot_be_is_refused_with_its_place);
	run(a_rule_is_as_told);
	run(the_order_is_that_of_the_door);
	run(only_an_order_that_matters_is_told);
	run(routing_has_no_more_than_it_knows);
	run(the_filter_is_one_batch_of_well_formed_messages);
	run(many_rules_are_some_batches);
	run(routing_has_an_end);
	pool_done(&pool);
	return tap_done();
}
