/* SPDX-License-Identifier: Apache-2.0 */
#include "stack.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t stack_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec;
}

void stack_write(const uint8_t *data, size_t len, void *arg)
{
	struct stack *s = arg;

	/* A device that is full loses packets, as every one does. */
	if (len)
		(void)!write(s->tun, data, len);
}

static bool equal(int family, const struct net_address *a, const struct net_address *b)
{
	return !memcmp(a->b, b->b, family == 6 ? 16 : 4);
}

/* --- out of the jail --------------------------------------------------------------------------- */

static void lead(struct stack *s, struct packet *p, struct flow *w)
{
	bool icmp = p->proto == IPPROTO_ICMP;

	flow_watch(w, p);
	if (!w->plain) {
		packet_set_source(p, &s->alias[judge_index(p->family)], w->alias);
		packet_set_destination(p, &w->to, icmp ? w->alias : w->to_port);
	}
	stack_input(s, p);
}

static void redirect(
	struct stack *s, struct packet *p, const struct net_address *to, uint16_t to_port)
{
	struct flow *w = flows_add(&s->flows, p, to, to_port, stack_seconds());

	if (w)
		lead(s, p, w);
}

static void refuse(struct stack *s, const struct packet *p)
{
	stack_write(s->refusal,
		packet_refuse(p, &s->judge.gateway[judge_index(p->family)], s->refusal,
			sizeof(s->refusal)),
		s);
}

static void by_proxy(struct stack *s, struct packet *p, const struct judge_rule *r)
{
	static const struct net_address loopback[] = {
		{{127, 0, 0, 1}}, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
	uint16_t port;

	if (p->proto == IPPROTO_UDP)
		assocs_send(&s->assocs, r, p, stack_seconds());
	else if (relays_begin(&s->relays, r, p, stack_seconds(), &port) < 0)
		refuse(s, p);
	else
		redirect(s, p, &loopback[judge_index(p->family)], port);
}

static void decide(struct stack *s, struct packet *p)
{
	const struct judge_rule *rule;

	enum user_net_action action = judge(&s->judge, p, &rule);

	/* libslirp 4.7 answers for the gateway, and carries no echo of IPv6 any further. */
	if (p->family == 6 && p->proto == IPPROTO_ICMP &&
		(action == USER_NET_REDIRECT ||
			(action == USER_NET_ALLOW && !equal(6, &p->dst, &s->judge.gateway[1])))) {
		pings_send(&s->pings, p, action == USER_NET_REDIRECT ? &rule->to : &p->dst,
			stack_seconds());
		return;
	}
	switch (action) {
	case USER_NET_ALLOW:
		stack_input(s, p);
		return;
	case USER_NET_REJECT:
		refuse(s, p);
		return;
	case USER_NET_REDIRECT:
		redirect(s, p, &rule->to, rule->has_to_port ? rule->to_port : p->dport);
		return;
	case USER_NET_SOCKS5:
	case USER_NET_CONNECT:
		by_proxy(s, p, rule);
		return;
	default:
		return;
	}
}

void stack_take(struct stack *s, size_t len)
{
	struct packet p;
	struct flow *w;

	if (packet_parse(s->in + FRAME_HEAD, len, &p) < 0)
		return;
	w = flows_find(&s->flows, &p, stack_seconds());
	if (w && w->closing && p.proto == IPPROTO_TCP && packet_opens(&p)) {
		/* The same ports anew; where the last connection was led there may be nobody any more. */
		flows_remove(&s->flows, w);
		w = NULL;
	}
	if (w)
		lead(s, &p, w);
	else if (packet_opens(&p))
		decide(s, &p);
	else if (equal(p.family, &p.src, &s->judge.own[judge_index(p.family)]))
		stack_input(s, &p); /* of a connection that libslirp knows; else it refuses it */
}

/* --- to the jail ------------------------------------------------------------------------------- */

/* As the jail has it: from where it was sent to, and to who sent it. */
static bool lead_back(struct stack *s, struct packet *p)
{
	struct flow *w = flows_answer(&s->flows, p->family, p->proto, p->dport, stack_seconds());
	bool icmp = p->proto == IPPROTO_ICMP;

	if (!w || w->plain)
		return false;
	flow_watch(w, p);
	packet_set_source(p, &w->dst, icmp ? w->sport : w->dport);
	packet_set_destination(p, &w->src, w->sport);
	return true;
}

/* The same of a complaint about what was sent. */
static bool complain_back(struct stack *s, struct packet *p)
{
	struct packet inner;
	struct flow *w;

	if (!packet_inner(p, &inner))
		return false;
	w = flows_answer(&s->flows, p->family, inner.proto, inner.sport, stack_seconds());
	if (!w || w->plain)
		return false;
	packet_set_source(&inner, &w->src, w->sport);
	packet_set_destination(&inner, &w->dst, inner.proto == IPPROTO_ICMP ? w->sport : w->dport);
	/* Whoever complains, the jail knows only whom it sent to; from the loopback it would take nothing. */
	packet_set_source(p, &w->dst, 0);
	packet_set_destination(p, &w->src, 0);
	packet_finish(p);
	return true;
}

/* Somebody sends to an open port: what the jail answers is no new exchange. */
static void note_heard(struct stack *s, const struct packet *p)
{
	struct packet answer = {.family = p->family,
		.proto = p->proto,
		.src = p->dst,
		.dst = p->src,
		.sport = p->dport,
		.dport = p->sport};
	struct flow *w;

	for (size_t i = 0; i < s->n_udp_in; i++) {
		if (s->udp_in[i] != p->dport || flows_find(&s->flows, &answer, stack_seconds()))
			continue;
		w = flows_add(&s->flows, &answer, &answer.dst, answer.dport, stack_seconds());
		if (w)
			w->plain = true;
	}
}

void stack_give(struct stack *s, size_t len)
{
	struct packet p;

	if (packet_parse(s->out, len, &p) < 0)
		return;
	if (equal(p.family, &p.dst, &s->alias[judge_index(p.family)])) {
		if (!(p.proto == IPPROTO_ICMP && !p.echo ? complain_back(s, &p) : lead_back(s, &p)))
			return;
	} else if (p.proto == IPPROTO_UDP && s->n_udp_in) {
		note_heard(s, &p);
	}
	stack_write(s->out, p.len, s);
}
