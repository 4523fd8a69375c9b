/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stack.h"

enum { TYPE_IP4 = 0x0800, TYPE_ARP = 0x0806, TYPE_IP6 = 0x86dd };
enum { ARP_LEN = 28, ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { SOLICITATION = 135, ADVERTISEMENT = 136, ADVERTISEMENT_LEN = 32 };

/* Locally administered, and nobody else's on a wire that has two ends. */
static const uint8_t jail_mac[6] = {0x52, 0x54, 0, 0, 0, 2};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_head(uint8_t *frame, const uint8_t *to, uint16_t type)
{
	memcpy(frame, to, 6);
	memcpy(frame + 6, jail_mac, 6);
	put16(frame + 12, type);
}

void stack_input(struct stack *s, const struct packet *p)
{
	static const uint8_t router[6] = {0x52, 0x55, 0, 0, 0, 1};
	uint8_t *frame = p->data - FRAME_HEAD;

	put_head(frame, router, p->family == 6 ? TYPE_IP6 : TYPE_IP4);
	slirp_input(s->slirp, frame, (int)(FRAME_HEAD + p->len));
}

void stack_flush(struct stack *s)
{
	/* It may ask again on the way. */
	for (size_t i = 0; i < s->queued; i++)
		slirp_input(s->slirp, s->queue[i].v, (int)s->queue[i].len);
	s->queued = 0;
}

static struct small_frame *next_small(struct stack *s, size_t len)
{
	struct small_frame *f;

	if (s->queued == FRAME_QUEUE)
		return NULL; /* it asks again */
	f = &s->queue[s->queued++];
	memset(f->v, 0, sizeof(f->v));
	f->len = len;
	return f;
}

/* That address is here. To nobody but itself: so libslirp learns it unasked. */
static void tell_v4(struct stack *s, const uint8_t *address, const uint8_t *mac, const uint8_t *ip)
{
	static const uint8_t kinds[] = {0, 1, TYPE_IP4 >> 8, TYPE_IP4 & 0xff, 6, 4};
	struct small_frame *f = next_small(s, FRAME_HEAD + ARP_LEN);
	uint8_t *to;

	if (!f)
		return;
	put_head(f->v, mac, TYPE_ARP);
	to = f->v + FRAME_HEAD;
	memcpy(to, kinds, sizeof(kinds));
	put16(to + 6, memcmp(address, ip, 4) ? ARP_REPLY : ARP_REQUEST);
	memcpy(to + 8, jail_mac, 6);
	memcpy(to + 14, address, 4);
	memcpy(to + 18, mac, 6);
	memcpy(to + 24, ip, 4);
}

/* Who has that address? The jail has all of them. */
static void answer_arp(struct stack *s, const uint8_t *frame, size_t len)
{
	const uint8_t *arp = frame + FRAME_HEAD;

	if (len >= FRAME_HEAD + ARP_LEN && get16(arp + 6) == ARP_REQUEST)
		tell_v4(s, arp + 24, arp + 8, arp + 14);
}

static void tell_v6(struct stack *s, const uint8_t *address, const uint8_t *mac, const uint8_t *to)
{
	struct small_frame *f = next_small(s, FRAME_HEAD + 40 + ADVERTISEMENT_LEN);
	struct packet made;
	uint8_t *ip, *body;

	if (!f)
		return;
	put_head(f->v, mac, TYPE_IP6);
	ip = f->v + FRAME_HEAD;
	body = ip + 40;
	ip[0] = 0x60;
	put16(ip + 4, ADVERTISEMENT_LEN);
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, address, 16);
	memcpy(ip + 24, to, 16);
	body[0] = ADVERTISEMENT;
	body[4] = 0x60; /* solicited, and it overrides */
	memcpy(body + 8, address, 16);
	body[24] = 2; /* option: the link-layer address */
	body[25] = 1;
	memcpy(body + 26, jail_mac, 6);
	if (packet_parse(ip, 40 + ADVERTISEMENT_LEN, &made) == 0)
		packet_finish(&made);
}

void stack_introduce(struct stack *s)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct judge *j = &s->judge;

	if (j->on[0]) {
		tell_v4(s, j->own[0].b, all, j->own[0].b);
		tell_v4(s, s->alias[0].b, all, s->alias[0].b);
	}
	if (j->on[1]) {
		tell_v6(s, j->own[1].b, all, j->gateway[1].b);
		tell_v6(s, s->alias[1].b, all, j->gateway[1].b);
	}
	stack_flush(s);
}

void stack_frame(struct stack *s, const uint8_t *frame, size_t len)
{
	struct packet p;
	uint16_t type;

	if (len < FRAME_HEAD || len > FRAME_HEAD + sizeof(s->out))
		return;
	type = get16(frame + 12);
	if (type == TYPE_ARP) {
		answer_arp(s, frame, len);
		return;
	}
	if (type != TYPE_IP4 && type != TYPE_IP6)
		return;
	len -= FRAME_HEAD;
	memcpy(s->out, frame + FRAME_HEAD, len);
	if (type == TYPE_IP6 && packet_parse(s->out, len, &p) == 0 && p.proto == IPPROTO_ICMP &&
		!p.echo && p.body[0] >= 133 && p.body[0] <= 137) {
		/* Neighbours and routers: the device of the jail knows none. */
		if (p.body[0] == SOLICITATION && p.body_len >= 24)
			tell_v6(s, p.body + 8, frame + 6, p.src.b);
		return;
	}
	stack_give(s, len);
}
