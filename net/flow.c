/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include <string.h>

/* Seconds without a packet. */
enum { IDLE_TCP = 3600, IDLE_CLOSING = 60, IDLE_UDP = 60, IDLE_ICMP = 10 };

void flows_init(struct flows *f)
{
	memset(f->v, 0, sizeof(f->v));
	f->hand = 0;
	for (size_t i = 0; i < FLOWS; i++)
		f->buckets[i] = -1;
}

static unsigned hash(
	int family, unsigned proto, uint16_t sport, uint16_t dport, const struct net_address *dst)
{
	uint32_t h = 2166136261U ^ (unsigned)family ^ proto << 8;

	h = (h ^ sport) * 16777619U;
	h = (h ^ dport) * 16777619U;
	for (size_t i = 0; i < (family == 6 ? 16 : 4); i++)
		h = (h ^ dst->b[i]) * 16777619U;
	return (h ^ h >> 16) % FLOWS;
}

static bool is_idle(const struct flow *w, uint64_t now)
{
	uint64_t most = w->proto == IPPROTO_UDP	   ? IDLE_UDP
			: w->proto == IPPROTO_ICMP ? IDLE_ICMP
			: w->closing		   ? IDLE_CLOSING
						   : IDLE_TCP;

	return now - w->used > most;
}

struct flow *flows_find(struct flows *f, const struct packet *p, uint64_t now)
{
	int at = f->buckets[hash(p->family, p->proto, p->sport, p->dport, &p->dst)];

	for (; at >= 0; at = f->v[at].next) {
		struct flow *w = &f->v[at];

		if (w->family != p->family || w->proto != p->proto || w->sport != p->sport ||
			w->dport != p->dport || memcmp(&w->dst, &p->dst, sizeof(w->dst)))
			continue;
		if (is_idle(w, now))
			return NULL;
		w->used = now;
		return w;
	}
	return NULL;
}

void flows_remove(struct flows *f, struct flow *w)
{
	int *at = &f->buckets[hash(w->family, w->proto, w->sport, w->dport, &w->dst)];
	int me = (int)(w - f->v);

	while (*at >= 0 && *at != me)
		at = &f->v[*at].next;
	if (*at == me)
		*at = w->next;
	w->family = 0;
}

static struct flow *find_free(struct flows *f, uint64_t now)
{
	for (unsigned i = 0; i < FLOWS; i++) {
		struct flow *w = &f->v[f->hand];

		f->hand = (f->hand + 1) % FLOWS;
		if (w->family && is_idle(w, now))
			flows_remove(f, w);
		if (!w->family)
			return w;
	}
	return NULL;
}

struct flow *flows_add(struct flows *f, const struct packet *p, const struct net_address *to,
	uint16_t to_port, uint64_t now)
{
	struct flow *w = find_free(f, now);
	unsigned round, bucket;

	if (!w)
		return NULL;
	round = (w->round + 1) % FLOW_ROUNDS;
	*w = (struct flow){.family = p->family,
		.proto = p->proto,
		.sport = p->sport,
		.dport = p->dport,
		.src = p->src,
		.dst = p->dst,
		.to = *to,
		.to_port = to_port,
		.alias = (uint16_t)(FLOW_ALIAS + (w - f->v) + round * FLOWS),
		.used = now,
		.round = round};
	bucket = hash(w->family, w->proto, w->sport, w->dport, &w->dst);
	w->next = f->buckets[bucket];
	f->buckets[bucket] = (int)(w - f->v);
	return w;
}

struct flow *flows_answer(struct flows *f, int family, unsigned proto, uint16_t alias, uint64_t now)
{
	struct flow *w;

	if (alias < FLOW_ALIAS)
		return NULL;
	w = &f->v[(unsigned)(alias - FLOW_ALIAS) % FLOWS];
	if (w->family != family || w->proto != proto || w->alias != alias)
		return NULL;
	w->used = now;
	return w;
}

void flow_watch(struct flow *w, const struct packet *p)
{
	if (p->proto == IPPROTO_TCP)
		w->closing = w->closing || p->flags & (TCP_FIN | TCP_RST);
}
