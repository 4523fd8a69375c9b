/* SPDX-License-Identifier: Apache-2.0 */
#include "user_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "../runtime/base/fmt.h"

static const struct word backend_words_rows[] = {
	{"built-in", USER_NET_BUILT_IN},
	{"pasta", USER_NET_PASTA},
};
static WORDS(backend_words);

static const struct word direction_words_rows[] = {
	{"out", USER_NET_OUT},
	{"in", USER_NET_IN},
};
static WORDS(direction_words);

static const struct word action_words_rows[] = {
	{"drop", USER_NET_DROP},
	{"reject", USER_NET_REJECT},
	{"allow", USER_NET_ALLOW},
	{"redirect", USER_NET_REDIRECT},
	{"socks5", USER_NET_SOCKS5},
	{"connect", USER_NET_CONNECT},
};
static WORDS(action_words);

static const struct word proto_words_rows[] = {
	{"any", USER_NET_ANY},
	{"tcp", USER_NET_TCP},
	{"udp", USER_NET_UDP},
	{"icmp", USER_NET_ICMP},
};
static WORDS(proto_words);

static const struct word family_words_rows[] = {
	{"ipv4", 4},
	{"ipv6", 6},
};
static WORDS(family_words);

#define PORT .max = 65535

static const struct field user_net_rule_rows[] = {
	FIELD_ENUM(user_net_rule, family, family_words, "ipv4 or ipv6"),
	FIELD_ENUM(user_net_rule, direction, direction_words, "out of the jail, or into it"),
	FIELD_ENUM(user_net_rule, action, action_words, "what is done"),
	FIELD_ENUM(user_net_rule, proto, proto_words, "tcp, udp, icmp or any"),
	FIELD_TEXT(user_net_rule, src, "from where; in: what is listened on"),
	FIELD_U32(user_net_rule, sport, "first port there", PORT),
	FIELD_U32(user_net_rule, sport_end, "and the last", PORT),
	FIELD_TEXT(user_net_rule, dst, "where to"),
	FIELD_U32(user_net_rule, dport, "first port there", PORT),
	FIELD_U32(user_net_rule, dport_end, "and the last", PORT),
	FIELD_TEXT(user_net_rule, to, "where to instead, or the proxy"),
	FIELD_U32(user_net_rule, to_port, "port there", PORT),
};
TABLE(user_net_rule);

static const struct field user_net_rows[] = {
	FIELD_ENUM(user_net, backend, backend_words, "what carries the packets"),
	FIELD_TEXT(user_net, program, "the path of pasta"),
	FIELD_TEXT(user_net, search, "directories to look for it in"),
	FIELD_TEXTS(user_net, args, "its arguments"),
	FIELD_TEXT(user_net, device, "name of the device in the jail"),
	FIELD_BOOL(user_net, configured, "pasta gives it its address"),
	FIELD_TEXT(user_net, ip4, "the jail's IPv4 address"),
	FIELD_TEXT(user_net, gw4, "its gateway"),
	FIELD_TEXT(user_net, ip6, "the jail's IPv6 address"),
	FIELD_TEXT(user_net, gw6, "its gateway"),
	FIELD_OBJECTS(user_net, rules, user_net_rule, "the first that matches counts"),
};
TABLE(user_net);

int user_net_parse(int family, const char *text, struct net_address *ret, unsigned *ret_length)
{
	unsigned most = family == 6 ? 128 : 32;
	const char *slash = ret_length ? strchr(text, '/') : NULL;
	struct net_address a = {{0}};
	uint64_t length = most;
	char copy[INET6_ADDRSTRLEN];

	if (slash && (fmt_u64(slash + 1, strlen(slash + 1), &length) < 0 || length > most))
		return -EINVAL;
	if (fmt_put(copy, sizeof(copy), "%.*s", (int)(slash ? slash - text : (long)strlen(text)),
		    text) >= sizeof(copy))
		return -EINVAL;
	if (inet_pton(family == 6 ? AF_INET6 : AF_INET, copy, a.b) != 1)
		return -EINVAL;
	*ret = a;
	if (ret_length)
		*ret_length = (unsigned)length;
	return 0;
}

bool user_net_within(const struct net_range *p, const struct net_address *a)
{
	unsigned whole = p->length / 8, rest = p->length % 8;

	if (memcmp(p->address.b, a->b, whole))
		return false;
	return !rest || !((p->address.b[whole] ^ a->b[whole]) >> (8 - rest));
}

bool user_net_is_special(int family, const struct net_address *a)
{
	static const struct net_range v4[] = {
		{{{0}}, 8}, /* connect(2) takes 0.0.0.0 for the host itself */
		{{{127}}, 8},
		{{{224}}, 4},
		{{{255, 255, 255, 255}}, 32},
	};
	static const struct net_range v6[] = {
		{{{0}}, 96}, /* ::, ::1, and IPv4-compatible */
		{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}, 96}, /* IPv4-mapped */
		{{{0xfe, 0x80}}, 9}, /* link-local, site-local */
		{{{0xff}}, 8},
	};
	const struct net_range *v = family == 6 ? v6 : v4;

	for (size_t i = 0; i < (family == 6 ? ARRAY_LEN(v6) : ARRAY_LEN(v4)); i++) {
		if (user_net_within(&v[i], a))
			return true;
	}
	return false;
}

bool user_net_is_metadata(int family, const struct net_address *a)
{
	static const struct net_range link_local = {{{169, 254}}, 16};

	return family == 4 && user_net_within(&link_local, a);
}

bool user_net_is_device(const char *s)
{
	return *s && strlen(s) < IFNAMSIZ && strcmp(s, ".") && strcmp(s, "..") && strcmp(s, "lo") &&
	       !strchr(s, '%') && !s[strcspn(s, "/: \t\n\v\f\r")];
}
