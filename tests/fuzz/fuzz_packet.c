/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_packet: any bytes as a packet of the jail. It is judged, led elsewhere and back, and refused; on the
 * way back it is what it was, byte for byte, and what is read of it lies within it.
 */
#include <stdlib.h>
#include <string.h>

#include "../../net/flow.h"
#include "../../net/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct flows flows;

static void lead_and_back(struct packet *p, const struct net_address *to)
{
	const struct packet before = *p;
	bool icmp = p->proto == IPPROTO_ICMP;
	struct flow *w = flows_add(&flows, p, to, 80, 1);

	if (!w || flows_find(&flows, p, 1) != w)
		abort();
	packet_set_source(p, to, w->alias);
	packet_set_destination(p, to, icmp ? w->alias : w->to_port);
	if (flows_answer(&flows, p->family, p->proto, w->alias, 1) != w)
		abort();
	packet_set_source(p, &before.src, before.sport);
	packet_set_destination(p, &before.dst, before.dport);
	flows_remove(&flows, w);
}

static void refuse(const struct packet *p)
{
	static uint8_t made[2048];
	struct packet answer, inner;
	size_t n = packet_refuse(p, &p->dst, made, sizeof(made));

	if (n && packet_parse(made, n, &answer) < 0)
		abort();
	if (n && answer.proto == IPPROTO_ICMP && packet_inner(&answer, &inner) &&
		(inner.body < made || inner.body + inner.body_len > made + n))
		abort();
}

/* 0xffff and 0 are the same in a checksum: which of them is there may change. */
static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ += a[i] != b[i];
	return differ <= 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct user_net_rule one = {
		.family = 4, .action = USER_NET_REJECT, .src = "10.0.0.0/8"};
	static struct user_net_rule *rules[] = {&one};
	static const struct user_net net = {.ip4 = "10.0.0.2",
		.gw4 = "10.0.0.1",
		.ip6 = "fc00::2",
		.gw6 = "fc00::1",
		.rules = {rules, 1}};
	static uint8_t copy[PACKET_MOST];
	static struct judge j;
	static struct pool pool;
	const struct judge_rule *r;
	struct net_address to = {{127, 0, 0, 1}};
	struct packet p, inner;
	struct err e;

	if (!j.v) {
		if (judge_read(&net, &pool, &j, &e) < 0)
			abort();
		flows_init(&flows);
	}
	if (size > sizeof(copy))
		return 0;
	memcpy(copy, data, size);
	if (packet_parse(copy, size, &p) < 0)
		return 0;
	if (p.body < copy || p.body + p.body_len > copy + size || p.len > size)
		abort();
	(void)judge(&j, &p, &r);
	(void)packet_inner(&p, &inner);
	refuse(&p);
	lead_and_back(&p, &to);
	if (!same(copy, data, size))
		abort();
	return 0;
}
