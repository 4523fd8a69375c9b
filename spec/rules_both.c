/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rules.h"

/* Two filters as one: for each call every rule of the one with every rule of the other, in order. */

struct merger {
	const struct rules *a, *b;
	struct pool *pool;
	struct rules_arch *to;
	struct err *e;
};

/* Of two with the same action the data of the first counts, as in the kernel. */
static uint32_t stricter(uint32_t a, uint32_t b)
{
	return action_leniency(b) < action_leniency(a) ? b : a;
}

static const struct rules_arch *side_of(const struct rules *r, const struct arch *arch)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].arch == arch)
			return &r->v[i];
	}
	return NULL;
}

static int add_pair(struct merger *m, uint32_t call, const struct rule *a, const struct rule *b)
{
	struct rule *r = rules_add(m->to, m->pool);

	if (!r)
		return err_memory(m->e);
	*r = (struct rule){
		call, stricter(a->action, b->action), a->when ? a->when : b->when, a->at};
	if (a->when && b->when)
		r->when = rule_test_join(m->pool, TEST_AND, a->when, b->when);
	return a->when && !r->when ? err_memory(m->e) : 0;
}

/* The first pair in this order whose conditions hold has the first rule of each side that does. */
static int merge_call(struct merger *m, uint32_t call)
{
	uint32_t audit = m->to->arch->audit;
	const struct rules_slice a = rules_slice(m->a, audit, call);
	const struct rules_slice b = rules_slice(m->b, audit, call);
	const struct rule rest[2] = {
		{call, a.otherwise, NULL, NULL}, {call, b.otherwise, NULL, NULL}};

	for (size_t i = 0; i <= a.n; i++) {
		const struct rule *x = i < a.n ? &a.v[i] : &rest[0];

		for (size_t k = 0; k <= b.n; k++) {
			const struct rule *y = k < b.n ? &b.v[k] : &rest[1];

			TRY(add_pair(m, call, x, y));
			if (!y->when)
				break;
		}
		if (!x->when)
			break;
	}
	return 0;
}

static size_t skip_call(const struct rules_arch *a, size_t i, uint32_t call)
{
	while (a && i < a->n && a->v[i].call == call)
		i++;
	return i;
}

static int merge_named(struct merger *m, const struct rules_arch *a, const struct rules_arch *b)
{
	size_t i = 0, k = 0, na = a ? a->n : 0, nb = b ? b->n : 0;

	while (i < na || k < nb) {
		uint32_t call = k == nb || (i < na && a->v[i].call < b->v[k].call) ? a->v[i].call
										   : b->v[k].call;

		TRY(merge_call(m, call));
		i = skip_call(a, i, call);
		k = skip_call(b, k, call);
	}
	return 0;
}

/* Above which number what no rule names has another verdict: one of the two, or both with a gap. */
static int merge_defaults(struct merger *m, const struct rules_arch *a, const struct rules_arch *b)
{
	struct rules_arch *to = m->to;
	uint32_t ends[2], n = 0, top = a->arch->bit | 0x3fffffff;

	if (a->has_newest)
		ends[n++] = a->newest;
	if (b->has_newest)
		ends[n++] = b->newest;
	to->otherwise = stricter(a->otherwise, b->otherwise);
	if (!n)
		return 0;
	to->has_newest = true;
	to->newest = n == 2 && ends[1] > ends[0] ? ends[1] : ends[0];
	to->beyond = stricter(rules_slice(m->a, a->arch->audit, top).otherwise,
		rules_slice(m->b, a->arch->audit, top).otherwise);
	if (n == 1 || ends[0] == ends[1])
		return 0;
	for (uint32_t call = to->newest; call > (ends[0] < ends[1] ? ends[0] : ends[1]); call--) {
		if (!rules_slice(m->a, a->arch->audit, call).n &&
			!rules_slice(m->b, a->arch->audit, call).n)
			TRY(merge_call(m, call));
	}
	return rules_sort(to, m->e);
}

static int merge_arch(struct merger *m, struct rules *to, const struct rules_arch *a,
	const struct rules_arch *b, const struct arch *arch)
{
	m->to = rules_add_arch(to, m->pool, arch);
	if (!m->to)
		return err_memory(m->e);
	if (!a || !b) {
		const struct rules_arch *one = a ? a : b;
		uint32_t other = a ? m->b->foreign : m->a->foreign;

		m->to->has_newest = one->has_newest;
		m->to->newest = one->newest;
		m->to->beyond = stricter(one->beyond, other);
		m->to->otherwise = stricter(one->otherwise, other);
		return merge_named(m, a, b);
	}
	TRY(merge_named(m, a, b));
	return merge_defaults(m, a, b);
}

int rules_both(const struct rules *a, const struct rules *b, struct pool *pool, struct rules *ret,
	struct err *e)
{
	struct rules rules = {.foreign = stricter(a->foreign, b->foreign),
		.x32_open = a->x32_open && b->x32_open};
	struct merger m = {.a = a, .b = b, .pool = pool, .e = e};

	for (size_t i = 0; i < arches_n; i++) {
		const struct arch *arch = &arches[i];
		const struct rules_arch *x = side_of(a, arch), *y = side_of(b, arch);

		if (arch->bit ? x && y : x || y)
			TRY(merge_arch(&m, &rules, x, y, arch));
	}
	*ret = rules;
	return 0;
}
