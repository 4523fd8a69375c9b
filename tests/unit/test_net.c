/* SPDX-License-Identifier: Apache-2.0 */
/* net: packets read and rewritten, rules held against them, and what is led elsewhere. */
#include <arpa/inet.h>
#include <errno.h>

#include "../../net/flow.h"
#include "../../net/judge.h"
#include "../../net/proxy.h"
#include "tap.h"

static uint8_t data[2048], made[2048];
static struct packet packet;
static struct pool pool;

static struct net_address address(const char *text)
{
	struct net_address a = {{0}};

	ok(!user_net_parse(strchr(text, ':') ? 6 : 4, text, &a, NULL));
	return a;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* One's complement sum, written for the test: big-endian words, one at a time. */
static uint32_t words(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static bool sums_hold(const struct packet *p)
{
	size_t n = p->family == 6 ? 16 : 4;
	const uint8_t *src = p->data + (p->family == 6 ? 8 : 12);
	bool bare = p->family == 4 && p->proto == IPPROTO_ICMP;
	unsigned proto = p->family == 6 && p->proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : p->proto;
	uint32_t sum = bare ? 0 : words(src, 2 * n, proto + (uint32_t)p->body_len);

	sum = words(p->body, p->body_len, sum);
	if (p->family == 4 && words(p->data, 20, 0) != 0xffff)
		return false;
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static bool udp(const char *src, uint16_t sport, const char *dst, uint16_t dport, const char *text)
{
	struct net_address from = address(src), to = address(dst);
	size_t n = packet_udp(strchr(src, ':') ? 6 : 4, &from, sport, &to, dport,
		(const uint8_t *)text, strlen(text), data, sizeof(data));

	return ok(n > 0) && is_int(packet_parse(data, n, &packet), 0);
}

/* From the bytes of an UDP packet: its body becomes that of a TCP packet or of an echo. */
static bool tcp(const char *src, uint16_t sport, const char *dst, uint16_t dport, uint8_t flags)
{
	bool v6 = strchr(src, ':');

	if (!udp(src, sport, dst, dport, "12 bytes ...and 7 more"))
		return false;
	data[v6 ? 6 : 9] = IPPROTO_TCP;
	packet.proto = IPPROTO_TCP;
	memset(packet.body + 4, 0, 16);
	packet.body[7] = 100; /* sequence number */
	packet.body[11] = 50; /* acknowledged */
	packet.body[12] = 5 << 4;
	packet.body[13] = flags;
	packet_finish(&packet);
	return is_int(packet_parse(data, packet.len, &packet), 0);
}

static bool echo(const char *src, const char *dst, uint16_t id)
{
	bool v6 = strchr(src, ':');

	if (!udp(src, 0, dst, 0, "ping"))
		return false;
	data[v6 ? 6 : 9] = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	packet.proto = IPPROTO_ICMP;
	memset(packet.body, 0, 8);
	packet.body[0] = v6 ? 128 : 8;
	packet.body[4] = (uint8_t)(id >> 8);
	packet.body[5] = (uint8_t)id;
	packet_finish(&packet);
	return is_int(packet_parse(data, packet.len, &packet), 0);
}

/* --- packets ------------------------------------------------------------------------------------ */

static void packets_say_what_they_are(void)
{
	ok(udp("10.0.0.2", 1000, "192.0.2.1", 53, "hello") && sums_hold(&packet));
	ok(packet.family == 4 && packet.proto == IPPROTO_UDP);
	ok(packet.sport == 1000 && packet.dport == 53 && packet_opens(&packet));
	is_int(packet.dst.b[0], 192);
	ok(tcp("fc00::2", 1000, "2001:db8::1", 443, TCP_SYN) && sums_hold(&packet));
	ok(packet.family == 6 && packet.proto == IPPROTO_TCP && packet_opens(&packet));
	is_int(packet.dst.b[1], 1);
	ok(tcp("10.0.0.2", 1, "10.0.0.3", 2, TCP_SYN | TCP_ACK) && !packet_opens(&packet));
	ok(tcp("10.0.0.2", 1, "10.0.0.3", 2, TCP_ACK) && !packet_opens(&packet));
	ok(tcp("10.0.0.2", 1, "10.0.0.3", 2, TCP_SYN | TCP_FIN) && packet_opens(&packet));
	ok(echo("10.0.0.2", "10.0.0.3", 77) && packet.request && sums_hold(&packet));
	ok(packet.sport == 77 && packet.dport == 77);
	ok(echo("fc00::2", "fc00::3", 78) && packet.request && sums_hold(&packet));
}

static void what_is_not_whole_is_no_packet(void)
{
	ok(udp("10.0.0.2", 1000, "192.0.2.1", 53, "hello"));
	for (size_t n = 0; n < packet.len; n++)
		is_int(packet_parse(data, n, &(struct packet){0}), -EBADMSG);
	data[6] = 0x20; /* more fragments */
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EBADMSG);
	data[6] = 0;
	data[7] = 1; /* a later fragment */
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EBADMSG);
	data[6] = 0x40; /* not to be made fragments of */
	data[7] = 0;
	is_int(packet_parse(data, packet.len, &(struct packet){0}), 0);
	packet.body[5]++; /* the length of UDP */
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EBADMSG);
	ok(tcp("10.0.0.2", 1, "10.0.0.3", 2, TCP_SYN));
	packet.body[12] = 15 << 4;
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EBADMSG);
	ok(udp("fc00::2", 1000, "fc00::3", 53, "hello"));
	for (size_t n = 0; n < packet.len; n++)
		is_int(packet_parse(data, n, &(struct packet){0}), -EBADMSG);
	data[6] = 44; /* a fragment header */
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EPROTONOSUPPORT);
	data[6] = IPPROTO_ICMP; /* IPv4's, in IPv6 */
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EPROTONOSUPPORT);
	data[0] = 0x50;
	is_int(packet_parse(data, packet.len, &(struct packet){0}), -EBADMSG);
}

static void rewritten_packets_have_right_checksums(void)
{
	static const char *const ends[][3] = {
		{"10.0.0.2", "192.0.2.1", "255.1.0.255"}, {"fc00::2", "2001:db8::1", "ffff::ff00"}};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct net_address other = address(ends[i][2]);

		for (int kind = 0; kind < 3; kind++) {
			ok(kind == 0	    ? udp(ends[i][0], 1, ends[i][1], 65535, "odd")
				: kind == 1 ? tcp(ends[i][0], 1, ends[i][1], 9, TCP_SYN)
					    : echo(ends[i][0], ends[i][1], 1));
			packet_set_source(&packet, &other, 0xfffe);
			ok(sums_hold(&packet));
			packet_set_destination(&packet, &other, kind == 2 ? 7 : 0x0100);
			ok(sums_hold(&packet));
			is_int(packet_parse(data, packet.len, &packet), 0);
			ok(!memcmp(&packet.src, &other, sizeof(other)));
			ok(!memcmp(&packet.dst, &other, sizeof(other)));
			ok(packet.sport == (kind == 2 ? 7 : 0xfffe));
			ok(packet.dport == (kind == 2 ? 7 : 0x0100));
		}
	}
}

static void wrong_checksums_stay_wrong(void)
{
	struct net_address other = address("203.0.113.7");

	ok(tcp("10.0.0.2", 1, "10.0.0.3", 9, TCP_SYN));
	packet.body[16] ^= 0x55;
	packet_set_destination(&packet, &other, 80);
	ok(!sums_hold(&packet));
	ok(udp("10.0.0.2", 1, "10.0.0.3", 9, "none"));
	packet.body[6] = packet.body[7] = 0; /* IPv4 may leave it out */
	packet_set_destination(&packet, &other, 80);
	is_int(get16(packet.body + 6), 0);
}

static bool refusal(struct packet *ret, const char *from)
{
	struct net_address a = address(from);
	size_t n = packet_refuse(&packet, &a, made, sizeof(made));

	return ok(n > 0) && is_int(packet_parse(made, n, ret), 0) && ok(sums_hold(ret));
}

static void refusals_are_what_a_closed_port_says(void)
{
	struct packet r;

	ok(tcp("10.0.0.2", 1000, "192.0.2.1", 443, TCP_SYN) && refusal(&r, "10.0.0.1"));
	ok(r.sport == 443 && r.dport == 1000 && r.flags == (TCP_RST | TCP_ACK));
	is_int(r.src.b[0], 192);
	is_int(r.body[11], 100 + 1 + 10); /* the sequence number, SYN, and the data */
	ok(tcp("fc00::2", 1000, "2001:db8::1", 443, TCP_ACK) && refusal(&r, "fc00::1"));
	ok(r.flags == TCP_RST && r.body[7] == 50);
	ok(tcp("10.0.0.2", 1, "10.0.0.3", 2, TCP_RST));
	is_int(packet_refuse(&packet, &r.src, made, sizeof(made)), 0);
	ok(udp("10.0.0.2", 1000, "192.0.2.1", 53, "hello") && refusal(&r, "10.0.0.1"));
	ok(r.proto == IPPROTO_ICMP && r.body[0] == 3 && r.body[1] == 3 && r.src.b[3] == 1);
	ok(!memcmp(r.body + 8, data, packet.len) && r.body_len == 8 + packet.len);
	ok(echo("fc00::2", "2001:db8::1", 5) && refusal(&r, "fc00::1"));
	ok(r.body[0] == 1 && r.body[1] == 4);
	packet = r; /* no error about an error */
	is_int(packet_refuse(&packet, &r.src, data, sizeof(data)), 0);
}

static void complaints_tell_what_they_are_about(void)
{
	struct packet r, inner;

	ok(udp("10.0.0.2", 1000, "192.0.2.1", 53, "hello") && refusal(&r, "10.0.0.1"));
	ok(packet_inner(&r, &inner));
	ok(inner.sport == 1000 && inner.dport == 53 && inner.proto == IPPROTO_UDP);
	ok(!memcmp(&inner.dst, &packet.dst, sizeof(inner.dst)));
	for (size_t n = 0; n < 28; n++) {
		r.body_len = 8 + n;
		ok(!packet_inner(&r, &inner));
	}
	ok(!packet_inner(&packet, &inner));
}

/* --- rules -------------------------------------------------------------------------------------- */

static struct judge judges;

static void rules_are(struct user_net_rule *const *v, size_t n)
{
	const struct user_net net = {.ip4 = "10.0.0.2",
		.gw4 = "10.0.0.1",
		.ip6 = "fc00::2",
		.gw6 = "fc00::1",
		.rules = {(struct user_net_rule **)v, n}};
	struct err e;

	is_int(judge_read(&net, &pool, &judges, &e), 0);
}

#define RULE(family_, action_, proto_, ...)           \
	(&(struct user_net_rule){.family = (family_), \
		.action = USER_NET_##action_,         \
		.proto = USER_NET_##proto_,           \
		##__VA_ARGS__})
#define RULES(...)                                         \
	rules_are((struct user_net_rule *[]){__VA_ARGS__}, \
		sizeof((struct user_net_rule *[]){__VA_ARGS__}) / sizeof(void *))
#define PORTS(which, from, to_) .has_##which = true, .which = (from), .which##_end = (to_)

static enum user_net_action verdict(void)
{
	const struct judge_rule *r;

	return judge(&judges, &packet, &r);
}

static enum user_net_action on_udp(const char *dst, uint16_t port)
{
	bool v6 = strchr(dst, ':');

	ok(udp(v6 ? "fc00::2" : "10.0.0.2", 40000, dst, port, "x"));
	return verdict();
}

static enum user_net_action on_tcp(const char *dst, uint16_t port)
{
	bool v6 = strchr(dst, ':');

	ok(tcp(v6 ? "fc00::2" : "10.0.0.2", 40000, dst, port, TCP_SYN));
	return verdict();
}

static enum user_net_action on_echo(const char *dst)
{
	ok(echo(strchr(dst, ':') ? "fc00::2" : "10.0.0.2", dst, 9));
	return verdict();
}

static void without_rules_the_world_is_open(void)
{
	rules_are(NULL, 0);
	is_int(on_tcp("192.0.2.1", 80), USER_NET_ALLOW);
	is_int(on_udp("2001:db8::1", 80), USER_NET_ALLOW);
	is_int(on_tcp("10.0.0.1", 80), USER_NET_REJECT); /* the gateway */
	is_int(on_echo("10.0.0.1"), USER_NET_ALLOW);
	is_int(on_udp("127.0.0.1", 80), USER_NET_DROP);
	is_int(on_tcp("0.0.0.0", 80), USER_NET_DROP);
	is_int(on_tcp("::ffff:10.0.0.9", 80), USER_NET_DROP);
	is_int(on_udp("224.0.0.251", 5353), USER_NET_DROP);
	is_int(on_tcp("169.254.169.254", 80), USER_NET_DROP);
	ok(tcp("10.0.0.9", 1, "192.0.2.1", 2, TCP_SYN)); /* not from the jail's own address */
	is_int(verdict(), USER_NET_DROP);
}

static void the_first_rule_that_matches_counts(void)
{
	RULES(RULE(4, REJECT, TCP, .dst = "192.0.2.0/24", PORTS(dport, 80, 90)),
		RULE(4, ALLOW, ANY, .dst = "192.0.2.0/24"), RULE(4, DROP, ANY),
		RULE(4, ALLOW, ANY, .dst = "8.8.8.8"));
	is_int(on_tcp("192.0.2.7", 79), USER_NET_ALLOW);
	is_int(on_tcp("192.0.2.7", 80), USER_NET_REJECT);
	is_int(on_tcp("192.0.2.7", 90), USER_NET_REJECT);
	is_int(on_tcp("192.0.2.7", 91), USER_NET_ALLOW);
	is_int(on_udp("192.0.2.7", 80), USER_NET_ALLOW);
	is_int(on_echo("192.0.2.7"), USER_NET_ALLOW);
	is_int(on_udp("192.0.3.7", 80), USER_NET_DROP);
	is_int(on_echo("192.0.3.7"), USER_NET_DROP);
	is_int(on_tcp("8.8.8.8", 80), USER_NET_DROP);
	is_int(on_tcp("2001:db8::1", 80), USER_NET_ALLOW); /* of IPv6 nothing was said */
}

static void a_rule_looks_at_where_it_comes_from(void)
{
	RULES(RULE(4, DROP, ANY, PORTS(sport, 40000, 40000)),
		RULE(6, DROP, UDP, .src = "fc00::/64"));
	is_int(on_tcp("192.0.2.1", 80), USER_NET_DROP);
	ok(tcp("10.0.0.2", 40001, "192.0.2.1", 80, TCP_SYN));
	is_int(verdict(), USER_NET_ALLOW);
	is_int(on_echo("192.0.2.1"), USER_NET_ALLOW); /* it has no ports */
	is_int(on_udp("2001:db8::1", 80), USER_NET_DROP);
	is_int(on_tcp("2001:db8::1", 80), USER_NET_ALLOW);
}

static void metadata_is_open_to_a_rule_that_names_it_alone(void)
{
	RULES(RULE(4, ALLOW, TCP, .dst = "169.254.169.254", PORTS(dport, 80, 80)),
		RULE(4, ALLOW, ANY));
	is_int(on_tcp("169.254.169.254", 80), USER_NET_ALLOW);
	is_int(on_tcp("169.254.169.254", 81), USER_NET_DROP);
	is_int(on_udp("169.254.0.1", 80), USER_NET_DROP);
}

static void what_no_proxy_carries_does_not_pass_it_by(void)
{
	RULES(RULE(4, CONNECT, ANY, .to = "127.0.0.1", .has_to_port = true, .to_port = 8080),
		RULE(6, SOCKS5, ANY, .to = "127.0.0.1", .has_to_port = true, .to_port = 1080));
	is_int(on_tcp("192.0.2.1", 80), USER_NET_CONNECT);
	is_int(on_udp("192.0.2.1", 80), USER_NET_DROP);
	is_int(on_echo("192.0.2.1"), USER_NET_DROP);
	is_int(on_tcp("2001:db8::1", 80), USER_NET_SOCKS5);
	is_int(on_udp("2001:db8::1", 80), USER_NET_SOCKS5);
	is_int(on_echo("2001:db8::1"), USER_NET_DROP);
	is_int(judges.v[1].to_family, 4);
}

static void rules_for_others_are_passed_over(void)
{
	RULES(RULE(4, DROP, ANY, .direction = USER_NET_IN));
	is_int(on_tcp("192.0.2.1", 80), USER_NET_ALLOW);
	is_int(judges.n, 0);
}

/* --- what is led elsewhere ---------------------------------------------------------------------- */

static struct flows flows;

static void answers_find_their_way_back(void)
{
	struct net_address to = address("127.0.0.1");
	struct flow *a, *b;

	flows_init(&flows);
	ok(udp("10.0.0.2", 1000, "192.0.2.1", 53, "x"));
	ok(!flows_find(&flows, &packet, 1));
	a = flows_add(&flows, &packet, &to, 5353, 1);
	ok(a && flows_find(&flows, &packet, 2) == a);
	ok(udp("10.0.0.2", 1000, "192.0.2.2", 53, "x") && !flows_find(&flows, &packet, 2));
	b = flows_add(&flows, &packet, &to, 5353, 1);
	if (!ok(a && b && a != b && a->alias != b->alias))
		return;
	ok(flows_answer(&flows, 4, IPPROTO_UDP, a->alias, 2) == a);
	ok(flows_answer(&flows, 4, IPPROTO_UDP, b->alias, 2) == b);
	ok(!flows_answer(&flows, 4, IPPROTO_TCP, a->alias, 2));
	ok(!flows_answer(&flows, 6, IPPROTO_UDP, a->alias, 2));
	ok(!flows_answer(&flows, 4, IPPROTO_UDP, 0, 2));
	flows_remove(&flows, a);
	ok(!flows_answer(&flows, 4, IPPROTO_UDP, a->alias, 2));
	ok(flows_find(&flows, &packet, 2) == b);
}

static void what_is_idle_is_forgotten(void)
{
	struct net_address to = address("127.0.0.1");
	struct flow *w;

	flows_init(&flows);
	ok(udp("10.0.0.2", 1000, "192.0.2.1", 53, "x"));
	ok(flows_add(&flows, &packet, &to, 1, 100) != NULL);
	ok(flows_find(&flows, &packet, 160) != NULL);
	ok(!flows_find(&flows, &packet, 221));
	ok(tcp("10.0.0.2", 1000, "192.0.2.1", 53, TCP_SYN));
	w = flows_add(&flows, &packet, &to, 1, 100);
	ok(flows_find(&flows, &packet, 3000) == w);
	ok(tcp("10.0.0.2", 1000, "192.0.2.1", 53, TCP_FIN | TCP_ACK));
	flow_watch(w, &packet);
	ok(flows_find(&flows, &packet, 3050) == w && !flows_find(&flows, &packet, 3120));
}

static void there_is_room_for_many_and_an_end_to_it(void)
{
	struct net_address to = address("::1");
	bool seen[65536] = {false}, twice = false;

	flows_init(&flows);
	ok(udp("fc00::2", 1000, "2001:db8::1", 53, "x"));
	for (int i = 0; i < FLOWS; i++) {
		struct flow *w;

		packet.sport = (uint16_t)i;
		w = flows_add(&flows, &packet, &to, 1, 100);
		if (!ok(w != NULL))
			return;
		twice = twice || seen[w->alias] || w->alias < FLOW_ALIAS;
		seen[w->alias] = true;
	}
	ok(!twice);
	packet.sport = 50000;
	ok(!flows_add(&flows, &packet, &to, 1, 110));
	ok(flows_add(&flows, &packet, &to, 1, 200) != NULL); /* those are idle by now */
	packet.sport = 77;
	ok(!flows_find(&flows, &packet, 200));
}

/* --- proxies ------------------------------------------------------------------------------------ */

static void proxies_are_asked_in_their_words(void)
{
	const struct proxy_end v4 = {4, address("192.0.2.1"), 443},
			       v6 = {6, address("2001:db8::1"), 80};
	uint8_t words[PROXY_WORDS + 1] = {0};

	is_int(proxy_greet(USER_NET_CONNECT, words), 0);
	is_int(proxy_greet(USER_NET_SOCKS5, words), 3);
	ok(!memcmp(words, "\5\1\0", 3));
	is_int(proxy_ask(USER_NET_SOCKS5, PROXY_TCP, &v4, words), 10);
	ok(!memcmp(words, "\5\1\0\1\300\0\2\1\1\273", 10));
	is_int(proxy_ask(USER_NET_SOCKS5, PROXY_UDP, &v6, words), 22);
	ok(!memcmp(words, "\5\3\0\4\40\1\15\270", 8) && words[21] == 80);
	words[proxy_ask(USER_NET_CONNECT, PROXY_TCP, &v4, words)] = 0;
	is_text((char *)words, "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n");
	words[proxy_ask(USER_NET_CONNECT, PROXY_TCP, &v6, words)] = 0;
	is_text((char *)words,
		"CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
}

static int heard(enum user_net_action kind, const char *said, size_t len, struct proxy_end *bound)
{
	for (size_t n = 0; n < len; n++)
		is_int(proxy_answered(kind, (const uint8_t *)said, n, bound), 0);
	return proxy_answered(kind, (const uint8_t *)said, len, bound);
}

static void proxies_are_heard_in_parts(void)
{
	const char *http = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";
	struct proxy_end b = {0};

	is_int(proxy_greeted((const uint8_t *)"\5", 1), 0);
	is_int(proxy_greeted((const uint8_t *)"\5\0x", 3), 2);
	is_int(proxy_greeted((const uint8_t *)"\5\377", 2), -ECONNREFUSED);
	is_int(proxy_greeted((const uint8_t *)"\4\0", 2), -EPROTO);
	is_int(heard(USER_NET_SOCKS5, "\5\0\0\1\300\0\2\1\1\273", 10, &b), 10);
	ok(b.family == 4 && b.port == 443 && b.address.b[0] == 192);
	is_int(heard(USER_NET_SOCKS5, "\5\0\0\3\3abc\0\7", 10, &b), 10);
	ok(b.family == 0 && b.port == 7);
	is_int(heard(USER_NET_SOCKS5, "\5\0\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\0\7", 22, &b),
		22);
	ok(b.family == 6 && b.address.b[15] == 1);
	is_int(proxy_answered(USER_NET_SOCKS5, (const uint8_t *)"\5\5\0\1", 4, &b), -ECONNREFUSED);
	is_int(proxy_answered(USER_NET_SOCKS5, (const uint8_t *)"\5\0\0\2\0\0", 6, &b), -EPROTO);
	is_int(heard(USER_NET_CONNECT, http, strlen(http), &b), (int)strlen(http));
	http = "HTTP/1.0 407 No\r\n\r\n";
	is_int(heard(USER_NET_CONNECT, http, strlen(http), &b), -ECONNREFUSED);
	http = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
	is_int(heard(USER_NET_CONNECT, http, strlen(http), &b), -EPROTO);
}

static void datagrams_are_wrapped_and_unwrapped(void)
{
	const struct proxy_end v6 = {6, address("2001:db8::1"), 53};
	uint8_t head[PROXY_HEAD];
	struct proxy_end b;

	is_int(proxy_wrap(&v6, head), 22);
	is_int(proxy_unwrap(head, 22, &b), 22);
	ok(!memcmp(&b.address, &v6.address, 16) && b.port == 53 && b.family == 6);
	for (size_t n = 0; n < 22; n++)
		is_int(proxy_unwrap(head, n, &b), -EPROTO);
	head[2] = 1; /* a fragment */
	is_int(proxy_unwrap(head, 22, &b), -EPROTO);
}

int main(void)
{
	run(proxies_are_asked_in_their_words);
	run(proxies_are_heard_in_parts);
	run(datagrams_are_wrapped_and_unwrapped);
	run(packets_say_what_they_are);
	run(what_is_not_whole_is_no_packet);
	run(rewritten_packets_have_right_checksums);
	run(wrong_checksums_stay_wrong);
	run(refusals_are_what_a_closed_port_says);
	run(complaints_tell_what_they_are_about);
	run(without_rules_the_world_is_open);
	run(the_first_rule_that_matches_counts);
	run(a_rule_looks_at_where_it_comes_from);
	run(metadata_is_open_to_a_rule_that_names_it_alone);
	run(what_no_proxy_carries_does_not_pass_it_by);
	run(rules_for_others_are_passed_over);
	run(answers_find_their_way_back);
	run(what_is_idle_is_forgotten);
	run(there_is_room_for_many_and_an_end_to_it);
	pool_done(&pool);
	return tap_done();
}
