/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
	V4_HEAD = 20,
	V6_HEAD = 40,
	TCP_HEAD = 20,
	UDP_HEAD = 8,
	ICMP_HEAD = 8,
	/* offsets */
	V4_SUM = 10,
	TCP_FLAGS = 13,
	TCP_SUM = 16,
	UDP_SUM = 6,
	ICMP_SUM = 2,
	ICMP_ID = 4,
	/* types */
	UNREACHABLE4 = 3,
	UNREACHABLE6 = 1,
	ECHO4 = 8,
	ECHO6 = 128,
	NO_PORT4 = 3,
	NO_PORT6 = 4,
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, (uint16_t)(v >> 16));
	put16(at + 2, (uint16_t)v);
}

/* --- checksums (RFC 1071, RFC 1624) ------------------------------------------------------------ */

static uint32_t add_up(uint32_t sum, const uint8_t *at, size_t len)
{
	uint64_t total = sum;

	for (; len > 1; at += 2, len -= 2)
		total += get16(at);
	if (len)
		total += (uint32_t)at[0] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint32_t)total;
}

static size_t address_len(int family)
{
	return family == 6 ? 16 : 4;
}

/* Of the pseudo header; ICMP of IPv4 has none. */
static uint32_t pseudo(const struct packet *p)
{
	size_t n = address_len(p->family);
	uint32_t sum = 0;

	if (p->family == 4 && p->proto == IPPROTO_ICMP)
		return 0;
	sum = add_up(sum, p->src.b, n);
	sum = add_up(sum, p->dst.b, n);
	sum += p->family == 6 && p->proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : p->proto;
	return sum + (uint32_t)p->body_len;
}

static uint8_t *sum_of(const struct packet *p)
{
	return p->body + (p->proto == IPPROTO_TCP	   ? TCP_SUM
				 : p->proto == IPPROTO_UDP ? UDP_SUM
							   : ICMP_SUM);
}

static void finish_body(struct packet *p)
{
	uint8_t *at = sum_of(p);
	uint16_t sum;

	put16(at, 0);
	sum = (uint16_t)~add_up(pseudo(p), p->body, p->body_len);
	put16(at, !sum && p->proto == IPPROTO_UDP ? 0xffff : sum);
}

static void finish_head(struct packet *p)
{
	if (p->family == 6)
		return;
	put16(p->data + V4_SUM, 0);
	put16(p->data + V4_SUM, (uint16_t)~add_up(0, p->data, (size_t)(p->data[0] & 15) * 4));
}

void packet_finish(struct packet *p)
{
	finish_head(p);
	finish_body(p);
}

/* As if what was there had been other bytes from the beginning. */
static void adjust(uint8_t *sum, const uint8_t *from, const uint8_t *to, size_t len)
{
	uint32_t v = (uint16_t)~get16(sum);

	for (size_t i = 0; i < len; i += 2) {
		v += (uint16_t)~get16(from + i);
		v += get16(to + i);
	}
	while (v >> 16)
		v = (v & 0xffff) + (v >> 16);
	put16(sum, (uint16_t)~v);
}

/* --- reading ----------------------------------------------------------------------------------- */

static int read_v4(struct packet *p)
{
	const uint8_t *d = p->data;
	size_t head, total;

	if (p->len < V4_HEAD)
		return -EBADMSG;
	head = (size_t)(d[0] & 15) * 4;
	total = get16(d + 2);
	if (head < V4_HEAD || total < head || total > p->len)
		return -EBADMSG;
	/* The first, or a later one: a rule of ports could not be held against it. */
	if (get16(d + 6) & 0x3fff)
		return -EBADMSG;
	p->family = 4;
	p->len = total;
	memcpy(p->src.b, d + 12, 4);
	memcpy(p->dst.b, d + 16, 4);
	p->proto = d[9];
	p->body = p->data + head;
	p->body_len = total - head;
	return 0;
}

static int read_v6(struct packet *p)
{
	const uint8_t *d = p->data;
	size_t total;

	if (p->len < V6_HEAD)
		return -EBADMSG;
	total = V6_HEAD + (size_t)get16(d + 4);
	if (total > p->len)
		return -EBADMSG;
	p->family = 6;
	p->len = total;
	memcpy(p->src.b, d + 8, 16);
	memcpy(p->dst.b, d + 24, 16);
	/* Extension headers, fragments among them, are none of these. */
	p->proto = d[6] == IPPROTO_ICMPV6 ? IPPROTO_ICMP : d[6] == IPPROTO_ICMP ? 255 : d[6];
	p->body = p->data + V6_HEAD;
	p->body_len = total - V6_HEAD;
	return 0;
}

static int read_ports(struct packet *p)
{
	p->sport = get16(p->body);
	p->dport = get16(p->body + 2);
	if (p->proto == IPPROTO_UDP)
		return get16(p->body + 4) == p->body_len ? 0 : -EBADMSG;
	p->flags = p->body[TCP_FLAGS];
	return (size_t)(p->body[12] >> 4) * 4 <= p->body_len ? 0 : -EBADMSG;
}

static void read_icmp(struct packet *p)
{
	uint8_t type = p->body[0];

	p->request = type == (p->family == 6 ? ECHO6 : ECHO4);
	p->echo = p->request || type == (p->family == 6 ? ECHO6 + 1 : 0);
	if (p->echo)
		p->sport = p->dport = get16(p->body + ICMP_ID);
}

static int read_body(struct packet *p)
{
	static const size_t least[] = {TCP_HEAD, UDP_HEAD, ICMP_HEAD};
	int kind = p->proto == IPPROTO_TCP ? 0 : p->proto == IPPROTO_UDP ? 1 : 2;

	if (kind == 2 && p->proto != IPPROTO_ICMP)
		return -EPROTONOSUPPORT;
	if (p->body_len < least[kind])
		return -EBADMSG;
	if (kind < 2)
		return read_ports(p);
	read_icmp(p);
	return 0;
}

int packet_parse(uint8_t *data, size_t len, struct packet *ret)
{
	struct packet p = {.data = data, .len = len};
	int r = -EBADMSG;

	if (len && data[0] >> 4 == 4)
		r = read_v4(&p);
	else if (len && data[0] >> 4 == 6)
		r = read_v6(&p);
	if (!r)
		r = read_body(&p);
	if (!r)
		*ret = p;
	return r;
}

bool packet_opens(const struct packet *p)
{
	return p->proto != IPPROTO_TCP || (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* --- other addresses --------------------------------------------------------------------------- */

static void set_port(struct packet *p, bool source, uint16_t port)
{
	bool icmp = p->proto == IPPROTO_ICMP;
	uint8_t *at = p->body + (icmp ? ICMP_ID : source ? 0 : 2), to[2];

	if (icmp && !p->echo)
		return;
	put16(to, port);
	if (p->proto != IPPROTO_UDP || get16(sum_of(p)))
		adjust(sum_of(p), at, to, 2);
	memcpy(at, to, 2);
	if (source || icmp)
		p->sport = port;
	if (!source || icmp)
		p->dport = port;
}

static void set(struct packet *p, bool source, const struct net_address *a, uint16_t port)
{
	size_t n = address_len(p->family);
	uint8_t *at = p->data + (p->family == 6 ? (source ? 8 : 24) : (source ? 12 : 16));
	/* An UDP packet of IPv4 may come without a checksum. */
	bool summed = p->proto != IPPROTO_UDP || get16(sum_of(p));

	if (summed && !(p->family == 4 && p->proto == IPPROTO_ICMP))
		adjust(sum_of(p), at, a->b, n);
	if (p->family == 4)
		adjust(p->data + V4_SUM, at, a->b, n);
	memcpy(at, a->b, n);
	memcpy(source ? p->src.b : p->dst.b, a->b, n);
	set_port(p, source, port);
	if (summed && p->proto == IPPROTO_UDP && !get16(sum_of(p)))
		put16(sum_of(p), 0xffff);
}

void packet_set_source(struct packet *p, const struct net_address *a, uint16_t port)
{
	set(p, true, a, port);
}

void packet_set_destination(struct packet *p, const struct net_address *a, uint16_t port)
{
	set(p, false, a, port);
}

/* --- making ------------------------------------------------------------------------------------ */

/* A packet of the headers, zeroed but for what is said here; the body is the caller's to fill. */
static bool begin(struct packet *p, int family, unsigned proto, const struct net_address *src,
	const struct net_address *dst, size_t body_len, uint8_t *to, size_t size)
{
	size_t head = family == 6 ? V6_HEAD : V4_HEAD, n = address_len(family);

	if (head + body_len > size || head + body_len > 65535)
		return false;
	*p = (struct packet){.data = to,
		.len = head + body_len,
		.family = family,
		.proto = proto,
		.src = *src,
		.dst = *dst,
		.body = to + head,
		.body_len = body_len};
	memset(to, 0, head + body_len);
	to[0] = family == 6 ? 0x60 : 0x45;
	if (family == 6) {
		put16(to + 4, (uint16_t)body_len);
		to[6] = proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : (uint8_t)proto;
		to[7] = 64;
	} else {
		put16(to + 2, (uint16_t)p->len);
		to[8] = 64;
		to[9] = (uint8_t)proto;
	}
	memcpy(to + (family == 6 ? 8 : 12), src->b, n);
	memcpy(to + (family == 6 ? 24 : 16), dst->b, n);
	return true;
}

/* As RFC 9293 has it, 3.10.7.1: of a connection that there is not. */
static size_t reset(const struct packet *p, uint8_t *to, size_t size)
{
	size_t data = p->body_len - (size_t)(p->body[12] >> 4) * 4;
	bool ack = p->flags & TCP_ACK;
	struct packet r;

	if (p->flags & TCP_RST ||
		!begin(&r, p->family, IPPROTO_TCP, &p->dst, &p->src, TCP_HEAD, to, size))
		return 0;
	put16(r.body, p->dport);
	put16(r.body + 2, p->sport);
	if (ack)
		put32(r.body + 4, get32(p->body + 8));
	else
		put32(r.body + 8, get32(p->body + 4) + (uint32_t)data + !!(p->flags & TCP_SYN) +
					  !!(p->flags & TCP_FIN));
	r.body[12] = TCP_HEAD / 4 << 4;
	r.body[TCP_FLAGS] = TCP_RST | (ack ? 0 : TCP_ACK);
	packet_finish(&r);
	return r.len;
}

size_t packet_refuse(
	const struct packet *p, const struct net_address *from, uint8_t *to, size_t size)
{
	size_t most = p->family == 6 ? 1280 - V6_HEAD - ICMP_HEAD : 576 - V4_HEAD - ICMP_HEAD;
	size_t quoted = p->len < most ? p->len : most;
	struct packet r;

	if (p->proto == IPPROTO_TCP)
		return reset(p, to, size);
	/* Never an error about an error. */
	if (p->proto == IPPROTO_ICMP && !p->request)
		return 0;
	if (!begin(&r, p->family, IPPROTO_ICMP, from, &p->src, ICMP_HEAD + quoted, to, size))
		return 0;
	r.body[0] = p->family == 6 ? UNREACHABLE6 : UNREACHABLE4;
	r.body[1] = p->family == 6 ? NO_PORT6 : NO_PORT4;
	memcpy(r.body + ICMP_HEAD, p->data, quoted);
	packet_finish(&r);
	return r.len;
}

size_t packet_udp(int family, const struct net_address *src, uint16_t sport,
	const struct net_address *dst, uint16_t dport, const uint8_t *payload, size_t len,
	uint8_t *to, size_t size)
{
	struct packet r;

	if (!begin(&r, family, IPPROTO_UDP, src, dst, UDP_HEAD + len, to, size))
		return 0;
	put16(r.body, sport);
	put16(r.body + 2, dport);
	put16(r.body + 4, (uint16_t)(UDP_HEAD + len));
	memcpy(r.body + UDP_HEAD, payload, len);
	packet_finish(&r);
	return r.len;
}

size_t packet_echo(int family, const struct net_address *src, const struct net_address *dst,
	uint16_t id, const uint8_t *message, size_t len, uint8_t *to, size_t size)
{
	struct packet r;

	if (len < ICMP_HEAD || !begin(&r, family, IPPROTO_ICMP, src, dst, len, to, size))
		return 0;
	memcpy(r.body, message, len);
	put16(r.body + ICMP_ID, id);
	packet_finish(&r);
	return r.len;
}

/* --- errors about packets ---------------------------------------------------------------------- */

/* Its own lengths are those it had; there are 8 bytes of its body at least. */
bool packet_inner(const struct packet *p, struct packet *ret)
{
	uint8_t *d = p->body + ICMP_HEAD;
	size_t len = p->body_len - ICMP_HEAD, head;
	struct packet i = {.data = d, .len = len, .family = p->family};
	bool v6 = p->family == 6;

	if (p->proto != IPPROTO_ICMP || p->echo || len < (v6 ? V6_HEAD : V4_HEAD) + 8 ||
		d[0] >> 4 != p->family)
		return false;
	head = v6 ? V6_HEAD : (size_t)(d[0] & 15) * 4;
	if (head < V4_HEAD || len < head + 8)
		return false;
	i.proto = v6 ? (d[6] == IPPROTO_ICMPV6 ? IPPROTO_ICMP : d[6]) : d[9];
	memcpy(i.src.b, d + (v6 ? 8 : 12), address_len(p->family));
	memcpy(i.dst.b, d + (v6 ? 24 : 16), address_len(p->family));
	i.body = d + head;
	i.body_len = len - head;
	if (i.proto == IPPROTO_ICMP)
		read_icmp(&i);
	else
		i.sport = get16(i.body), i.dport = get16(i.body + 2);
	*ret = i;
	return i.proto == IPPROTO_UDP || i.echo ||
	       (i.proto == IPPROTO_TCP && i.body_len >= TCP_HEAD);
}
