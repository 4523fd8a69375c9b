/* SPDX-License-Identifier: Apache-2.0 */
#include "netconf.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/netlink.h"
#include "../base/own.h"

/* --- addresses and routes ---------------------------------------------------------------------- */

static int add_address(
	int sock, struct netlink *m, int index, const struct step_net_address *s, struct err *e)
{
	const struct ifaddrmsg a = {.ifa_family = AF_INET,
		.ifa_prefixlen = s->bits,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (unsigned)index};
	uint32_t broadcast = s->ip | (s->bits < 32 ? htonl(0xffffffffU >> s->bits) : 0);
	int r;

	netlink_begin(m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof(a));
	netlink_add(m, IFA_LOCAL, &s->ip, sizeof(s->ip));
	netlink_add(m, IFA_ADDRESS, &s->ip, sizeof(s->ip));
	/* A network of one or two addresses has none for all. */
	if (s->bits < 31)
		netlink_add(m, IFA_BROADCAST, &broadcast, sizeof(broadcast));
	r = netlink_ask(sock, m);
	return r < 0 ? err_sys(e, -r, "give '%s' the address %s", s->device, s->address) : 0;
}

/*
 * A namespace goes some time after its last process, and the MAC address of a macvlan is taken until then: a
 * jail that comes right behind another waits for that.
 */
static int bring_up(
	int sock, struct netlink *m, int index, const struct step_net_address *s, struct err *e)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP};
	int r = -EADDRINUSE;

	for (int i = 0; i < 100 && r == -EADDRINUSE; i++) {
		if (i)
			(void)poll(NULL, 0, 20); /* interrupted, it comes back earlier */
		netlink_begin(m, RTM_NEWLINK, 0, &link, sizeof(link));
		r = netlink_ask(sock, m);
	}
	if (r >= 0)
		return 0;
	err_sys(e, -r, "bring up '%s'", s->device);
	return r == -EADDRINUSE ? err_fix(e, "another macvlan has its MAC address") : r;
}

static int add_route(
	int sock, struct netlink *m, int index, const struct step_net_address *s, struct err *e)
{
	const struct rtmsg route = {.rtm_family = AF_INET,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST};
	int r;

	netlink_begin(m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	netlink_add(m, RTA_GATEWAY, &s->via, sizeof(s->via));
	netlink_add(m, RTA_OIF, &index, sizeof(index));
	r = netlink_ask(sock, m);
	return r < 0 ? err_sys(e, -r, "add the default route by %s", s->gateway) : 0;
}

int netconf_address(const struct step_net_address *s, struct err *e)
{
	own_fd int sock = netlink_open(e);
	struct netlink m;
	int index;

	TRY(sock);
	index = netlink_index(sock, s->device);
	if (index < 0)
		return err_sys(e, -index, "network device '%s'", s->device);
	TRY(add_address(sock, &m, index, s, e));
	TRY(bring_up(sock, &m, index, s, e));
	return s->gateway ? add_route(sock, &m, index, s, e) : 0;
}

/* --- the packet filter --------------------------------------------------------------------------- */

static const struct nlmsghdr *message_at(const struct bytes *b, size_t at)
{
	return (const struct nlmsghdr *)(b->data + at);
}

static size_t batch_end(const struct bytes *b, size_t at)
{
	bool last = false;

	while (at < b->len && !last) {
		last = message_at(b, at)->nlmsg_type == NFNL_MSG_BATCH_END;
		at += NLMSG_ALIGN(message_at(b, at)->nlmsg_len);
	}
	return at;
}

static int send_batch(int sock, const char *data, size_t size)
{
	struct iovec iov = {(void *)data, size};
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct msghdr h = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(sock, &h, 0) < 0 ? -errno : 0;
}

static int explain_filter(int code, struct err *e)
{
	err_sys(e, code, "set up the packet filter");
	if (code == EPERM)
		return err_fix(e, "it takes CAP_NET_ADMIN over the network namespace");
	if (code == EOPNOTSUPP || code == EPROTONOSUPPORT || code == ENOENT)
		return err_fix(e, "the kernel needs nf_tables (CONFIG_NF_TABLES_INET, "
				  "CONFIG_NFT_REJECT_INET; modprobe nf_tables nft_reject_inet)");
	return -code;
}

int netconf_filter(const struct bytes *messages, size_t *ret_rule, struct err *e)
{
	own_fd int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	struct netlink m;

	if (sock < 0)
		return explain_filter(errno, e);
	m.h.nlmsg_seq = 0;
	for (size_t at = 0, end; at < messages->len; at = end) {
		int r;

		end = batch_end(messages, at);
		r = send_batch(sock, messages->data + at, end - at);
		r = r < 0 ? r : netlink_answer(sock, &m);
		if (r >= 0)
			continue;
		if (m.h.nlmsg_seq)
			*ret_rule = m.h.nlmsg_seq - 1;
		return explain_filter(-r, e);
	}
	return 0;
}

/* --- rules of routing --------------------------------------------------------------------------------------- */

static void add_prefix(struct netlink *m, int type, int family, const struct step_net_prefix *p)
{
	if (p->bits)
		netlink_add(m, type, p->address, family == AF_INET ? 4 : 16);
}

static void add_ports(struct netlink *m, int type, const struct step_net_ports *p)
{
	const struct fib_rule_port_range range = {p->first, p->last};

	if (p->first)
		netlink_add(m, type, &range, sizeof(range));
}

static void add_matches(struct netlink *m, const struct step_net_rule *s)
{
	const uint8_t protocol = (uint8_t)s->protocol;

	add_prefix(m, FRA_SRC, s->family, &s->source);
	add_prefix(m, FRA_DST, s->family, &s->destination);
	if (s->iif)
		netlink_add_text(m, FRA_IIFNAME, s->iif);
	if (s->oif)
		netlink_add_text(m, FRA_OIFNAME, s->oif);
	if (s->has_protocol)
		netlink_add(m, FRA_IP_PROTO, &protocol, sizeof(protocol));
	add_ports(m, FRA_SPORT_RANGE, &s->source_ports);
	add_ports(m, FRA_DPORT_RANGE, &s->destination_ports);
}

int netconf_rule(const struct step_net_rule *s, struct err *e)
{
	const struct fib_rule_hdr rule = {.family = (uint8_t)s->family,
		.src_len = s->source.bits,
		.dst_len = s->destination.bits,
		.table = s->action == FR_ACT_TO_TBL ? RT_TABLE_MAIN : RT_TABLE_UNSPEC,
		.action = (uint8_t)s->action};
	own_fd int sock = netlink_open(e);
	struct netlink m;
	int r;

	TRY(sock);
	netlink_begin(&m, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &rule, sizeof(rule));
	netlink_add(&m, FRA_PRIORITY, &s->priority, sizeof(s->priority));
	add_matches(&m, s);
	r = netlink_ask(sock, &m);
	if (r >= 0)
		return 0;
	err_sys(e, -r, "add a routing rule with the priority %u", s->priority);
	if (r == -EOPNOTSUPP || r == -EAFNOSUPPORT)
		return err_fix(e, "the kernel needs routing by rules (CONFIG_IP_MULTIPLE_TABLES, "
				  "CONFIG_IPV6_MULTIPLE_TABLES)");
	return r;
}
