/* SPDX-License-Identifier: Apache-2.0 */
#include "nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/str.h"

static const char table_name[] = "jailrt", list_name[] = "rules";

/* --- messages and attributes ------------------------------------------------------------------- */

struct maker {
	struct str out;
	size_t batch; /* where the batch begins */
	size_t last; /* where its last message begins */
	uint32_t rule; /* position of the rule at hand and 1; 0: none */
};

static void maker_done(struct maker *m)
{
	str_done(&m->out);
}
#define own_maker own(maker_done)

static void put(struct maker *m, const void *data, size_t size)
{
	static const char zeros[NLMSG_ALIGNTO];

	if (!size)
		return;
	str_addn(&m->out, data, size);
	str_addn(&m->out, zeros, NLMSG_ALIGN(size) - size);
}

static void put_attribute(struct maker *m, int type, const void *data, size_t size)
{
	const struct nlattr a = {(uint16_t)(NLA_HDRLEN + size), (uint16_t)type};

	put(m, &a, sizeof(a));
	put(m, data, size);
}

static void put_text(struct maker *m, int type, const char *text)
{
	put_attribute(m, type, text, strlen(text) + 1);
}

static void put_u32(struct maker *m, int type, uint32_t v)
{
	v = htonl(v);
	put_attribute(m, type, &v, sizeof(v));
}

static size_t open_nest(struct maker *m, int type)
{
	size_t at = m->out.len;

	put_attribute(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static void close_nest(struct maker *m, size_t at)
{
	const uint16_t size = (uint16_t)(m->out.len - at);

	if (!m->out.broken)
		memcpy(m->out.data + at, &size, sizeof(size));
}

static void open_message(struct maker *m, int type, int flags, uint8_t family, uint16_t id)
{
	const struct nlmsghdr h = {.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = m->rule};
	const struct nfgenmsg g = {
		.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(id)};

	m->last = m->out.len;
	put(m, &h, sizeof(h));
	put(m, &g, sizeof(g));
}

static struct nlmsghdr *last_message(struct maker *m)
{
	return (struct nlmsghdr *)(m->out.data + m->last);
}

static void close_message(struct maker *m)
{
	if (!m->out.broken)
		last_message(m)->nlmsg_len = (uint32_t)(m->out.len - m->last);
}

static void open_table_message(struct maker *m, int type, int flags)
{
	open_message(m, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_CREATE | flags, NFPROTO_INET, 0);
}

static void begin_batch(struct maker *m)
{
	m->batch = m->out.len;
	open_message(m, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	close_message(m);
}

static void end_batch(struct maker *m)
{
	if (!m->out.broken)
		last_message(m)->nlmsg_flags |= NLM_F_ACK;
	open_message(m, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	close_message(m);
}

/* --- expressions ------------------------------------------------------------------------------- */

/* All of them use one register: what is loaded is compared at once. */
struct expression {
	size_t element, data;
};

static struct expression open_expression(struct maker *m, const char *name)
{
	struct expression x = {.element = open_nest(m, NFTA_LIST_ELEM)};

	put_text(m, NFTA_EXPR_NAME, name);
	x.data = open_nest(m, NFTA_EXPR_DATA);
	return x;
}

static void close_expression(struct maker *m, struct expression x)
{
	close_nest(m, x.data);
	close_nest(m, x.element);
}

static void put_value(struct maker *m, int type, const void *data, size_t size)
{
	size_t nest = open_nest(m, type);

	put_attribute(m, NFTA_DATA_VALUE, data, size);
	close_nest(m, nest);
}

static void compare(struct maker *m, int how, const void *data, size_t size)
{
	struct expression x = open_expression(m, "cmp");

	put_u32(m, NFTA_CMP_SREG, NFT_REG_1);
	put_u32(m, NFTA_CMP_OP, (uint32_t)how);
	put_value(m, NFTA_CMP_DATA, data, size);
	close_expression(m, x);
}

static void compare_meta(struct maker *m, int key, int how, const void *data, size_t size)
{
	struct expression x = open_expression(m, "meta");

	put_u32(m, NFTA_META_DREG, NFT_REG_1);
	put_u32(m, NFTA_META_KEY, (uint32_t)key);
	close_expression(m, x);
	compare(m, how, data, size);
}

static void compare_byte(struct maker *m, int key, int how, uint8_t v)
{
	compare_meta(m, key, how, &v, sizeof(v));
}

static void compare_name(struct maker *m, int key, int how, const char *name)
{
	char padded[IFNAMSIZ] = "";

	memcpy(padded, name, strnlen(name, sizeof(padded) - 1));
	compare_meta(m, key, how, padded, sizeof(padded));
}

static void load(struct maker *m, int base, uint32_t offset, uint32_t size)
{
	struct expression x = open_expression(m, "payload");

	put_u32(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_u32(m, NFTA_PAYLOAD_BASE, (uint32_t)base);
	put_u32(m, NFTA_PAYLOAD_OFFSET, offset);
	put_u32(m, NFTA_PAYLOAD_LEN, size);
	close_expression(m, x);
}

/* The first bits of what was loaded. */
static void mask(struct maker *m, unsigned bits, uint32_t size)
{
	static const uint8_t zeros[16];
	struct expression x = open_expression(m, "bitwise");
	uint8_t ones[16] = {0};

	for (unsigned i = 0; i < bits; i++)
		ones[i / 8] |= (uint8_t)(0x80 >> i % 8);
	put_u32(m, NFTA_BITWISE_SREG, NFT_REG_1);
	put_u32(m, NFTA_BITWISE_DREG, NFT_REG_1);
	put_u32(m, NFTA_BITWISE_LEN, size);
	put_value(m, NFTA_BITWISE_MASK, ones, size);
	put_value(m, NFTA_BITWISE_XOR, zeros, size);
	close_expression(m, x);
}

/* chain: where to go on; NULL: code is the last word. */
static void decide(struct maker *m, int32_t code, const char *chain)
{
	struct expression x = open_expression(m, "immediate");
	size_t data, verdict;

	put_u32(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = open_nest(m, NFTA_IMMEDIATE_DATA);
	verdict = open_nest(m, NFTA_DATA_VERDICT);
	put_u32(m, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		put_text(m, NFTA_VERDICT_CHAIN, chain);
	close_nest(m, verdict);
	close_nest(m, data);
	close_expression(m, x);
}

static void reject(struct maker *m, int type)
{
	const uint8_t code = NFT_REJECT_ICMPX_NO_ROUTE;
	struct expression x = open_expression(m, "reject");

	put_u32(m, NFTA_REJECT_TYPE, (uint32_t)type);
	if (type == NFT_REJECT_ICMPX_UNREACH)
		put_attribute(m, NFTA_REJECT_ICMP_CODE, &code, sizeof(code));
	close_expression(m, x);
}

static size_t open_rule(struct maker *m, const char *chain)
{
	open_table_message(m, NFT_MSG_NEWRULE, NLM_F_APPEND);
	put_text(m, NFTA_RULE_TABLE, table_name);
	put_text(m, NFTA_RULE_CHAIN, chain);
	return open_nest(m, NFTA_RULE_EXPRESSIONS);
}

static void close_rule(struct maker *m, size_t expressions)
{
	close_nest(m, expressions);
	close_message(m);
}

/* --- a rule ------------------------------------------------------------------------------------ */

static void match_prefix(
	struct maker *m, const struct net_prefix *p, bool ipv6, bool is_destination)
{
	const uint32_t size = ipv6 ? 16 : 4;

	if (!p->bits)
		return;
	load(m, NFT_PAYLOAD_NETWORK_HEADER, (ipv6 ? 8 : 12) + (is_destination ? size : 0), size);
	if (p->bits < size * 8)
		mask(m, p->bits, size);
	compare(m, NFT_CMP_EQ, p->address, size);
}

/* TCP, UDP and all that has ports has them in the same place. */
static void match_ports(struct maker *m, const struct net_ports *p, bool is_destination)
{
	const uint16_t first = htons(p->first), last = htons(p->last);

	if (!p->first)
		return;
	load(m, NFT_PAYLOAD_TRANSPORT_HEADER, is_destination ? 2 : 0, sizeof(first));
	if (first == last) {
		compare(m, NFT_CMP_EQ, &first, sizeof(first));
		return;
	}
	compare(m, NFT_CMP_GTE, &first, sizeof(first));
	compare(m, NFT_CMP_LTE, &last, sizeof(last));
}

static void match_protocol(struct maker *m, const struct jail_net_rule *r, uint8_t protocol)
{
	if (protocol)
		compare_byte(m, NFT_META_L4PROTO, NFT_CMP_EQ, protocol);
	else if (r->source_ports.first || r->destination_ports.first)
		compare_byte(
			m, NFT_META_L4PROTO, NFT_CMP_NEQ, r->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* What comes in has no interface to go out by, and what the jail itself sends none it came in by. */
static void match_interfaces(struct maker *m, const struct jail_net_rule *r, bool is_input)
{
	if (r->iif)
		compare_name(m, NFT_META_IIFNAME, NFT_CMP_EQ, strcmp(r->iif, "lo") ? r->iif : "");
	if (r->oif)
		compare_name(m, NFT_META_OIFNAME, NFT_CMP_EQ, r->oif);
	else if (!is_input)
		compare_name(m, NFT_META_OIFNAME, NFT_CMP_NEQ, "lo");
}

static void put_rule(struct maker *m, const struct jail_net_rule *r, const char *chain,
	bool is_input, uint8_t protocol)
{
	size_t x = open_rule(m, chain);

	compare_byte(m, NFT_META_NFPROTO, NFT_CMP_EQ, r->ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	match_interfaces(m, r, is_input);
	match_protocol(m, r, protocol);
	match_prefix(m, &r->source, r->ipv6, false);
	match_prefix(m, &r->destination, r->ipv6, true);
	match_ports(m, &r->source_ports, false);
	match_ports(m, &r->destination_ports, true);
	if (r->verdict == NET_REJECT)
		reject(m, protocol == IPPROTO_TCP ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	else
		decide(m, r->verdict == NET_ALLOW ? NF_ACCEPT : NF_DROP, NULL);
	close_rule(m, x);
}

static void add_to(struct maker *m, const struct jail_net_rule *r, const char *chain, bool is_input)
{
	/* Each protocol has its own way of saying no. */
	if (r->verdict == NET_REJECT && !r->protocol)
		put_rule(m, r, chain, is_input, IPPROTO_TCP);
	put_rule(m, r, chain, is_input, r->protocol);
}

/* --- the table --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t hook;
} chains[] = {
	{"received", NF_INET_LOCAL_IN},
	{"passed", NF_INET_FORWARD},
	{"sent", NF_INET_LOCAL_OUT},
};

static void put_chain(struct maker *m, const char *name, int hook)
{
	size_t nest;

	open_table_message(m, NFT_MSG_NEWCHAIN, 0);
	put_text(m, NFTA_CHAIN_TABLE, table_name);
	put_text(m, NFTA_CHAIN_NAME, name);
	if (hook >= 0) {
		nest = open_nest(m, NFTA_CHAIN_HOOK);
		put_u32(m, NFTA_HOOK_HOOKNUM, (uint32_t)hook);
		put_u32(m, NFTA_HOOK_PRIORITY, 0);
		close_nest(m, nest);
		put_text(m, NFTA_CHAIN_TYPE, "filter");
		put_u32(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
	}
	close_message(m);
}

/* ICMPv6's own: listeners (130 to 132, 143), routers, neighbours and redirects (133 to 137). */
static void allow_neighbours(struct maker *m, const char *chain, uint8_t first, uint8_t last)
{
	size_t x = open_rule(m, chain);

	compare_byte(m, NFT_META_NFPROTO, NFT_CMP_EQ, NFPROTO_IPV6);
	compare_byte(m, NFT_META_L4PROTO, NFT_CMP_EQ, IPPROTO_ICMPV6);
	load(m, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	compare(m, NFT_CMP_GTE, &first, 1);
	compare(m, NFT_CMP_LTE, &last, 1);
	decide(m, NF_ACCEPT, NULL);
	close_rule(m, x);
}

static void put_table(struct maker *m)
{
	size_t x;

	open_table_message(m, NFT_MSG_NEWTABLE, 0);
	put_text(m, NFTA_TABLE_NAME, table_name);
	close_message(m);
	put_chain(m, list_name, -1);
	for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
		put_chain(m, chains[i].name, (int)chains[i].hook);
		allow_neighbours(m, chains[i].name, 130, 137);
		allow_neighbours(m, chains[i].name, 143, 143);
		if (chains[i].hook == NF_INET_LOCAL_IN)
			continue;
		x = open_rule(m, chains[i].name);
		decide(m, NFT_JUMP, list_name);
		close_rule(m, x);
	}
}

int nft_messages(const struct jail_net *net, struct pool *pool, struct bytes *ret, struct err *e)
{
	own_maker struct maker m = {0};
	char *data;

	begin_batch(&m);
	put_table(&m);
	for (size_t i = 0; i < net->n_rules; i++) {
		const struct jail_net_rule *r = &net->rules[i];

		m.rule = (uint32_t)i + 1;
		if (r->iif && strcmp(r->iif, "lo") && !r->oif)
			add_to(&m, r, "received", true);
		add_to(&m, r, list_name, false);
		m.rule = 0;
		if (m.out.len - m.batch < NFT_BATCH || i + 1 == net->n_rules)
			continue;
		end_batch(&m);
		begin_batch(&m);
	}
	end_batch(&m);
	TRY(str_check(&m.out, e));
	data = pool_alloc(pool, m.out.len);
	if (!data)
		return err_memory(e);
	*ret = (struct bytes){memcpy(data, m.out.data, m.out.len), m.out.len};
	return 0;
}
