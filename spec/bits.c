/* SPDX-License-Identifier: Apache-2.0 */
#include "bits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEVELS = BITS_ARGS * 64, /* of the leaves */
	MEMOS = 1 << 15,
	NODES_MOST = 1 << 21,
};

void bits_done(struct bits *b)
{
	free(b->nodes);
	free(b->slots);
	free(b->memo);
}

/* --- the order of bits ---------------------------------------------------------------------------- */

static unsigned args_of(const struct rule_value *v)
{
	switch (v->kind) {
	case VALUE_ARG:
		return 1u << v->arg;
	case VALUE_NUMBER:
		return 0;
	default:
		return args_of(v->left) | args_of(v->right);
	}
}

/* group[arg]: the arguments that it is compared with, and itself. */
static void tie(unsigned *group, const struct rule_test *t)
{
	unsigned all;

	if (t->kind == TEST_AND || t->kind == TEST_OR)
		tie(group, t->b);
	if (t->kind == TEST_AND || t->kind == TEST_OR || t->kind == TEST_NOT)
		tie(group, t->a);
	if (t->kind != TEST_COMPARE)
		return;
	all = args_of(t->left) | args_of(t->right);
	for (unsigned i = 0; i < BITS_ARGS; i++) {
		if (all & 1u << i)
			all |= group[i];
	}
	for (unsigned i = 0; i < BITS_ARGS; i++) {
		if (all & 1u << i)
			group[i] = all;
	}
}

/* Group by group; in each the highest bits first, side by side. */
static void lay_out(struct bits *b, const unsigned *group)
{
	unsigned done = 0;
	uint16_t level = 0;

	for (unsigned i = 0; i < BITS_ARGS; i++) {
		if (done & 1u << i)
			continue;
		for (int bit = 63; bit >= 0; bit--) {
			for (unsigned k = i; k < BITS_ARGS; k++) {
				if (!(group[i] & 1u << k))
					continue;
				b->level[k][bit] = level;
				b->arg[level] = (uint8_t)k;
				b->bit[level++] = (uint8_t)bit;
			}
		}
		done |= group[i];
	}
}

static bool make_room(struct bits *b)
{
	if (!b->memo)
		b->memo = calloc(MEMOS, sizeof(*b->memo));
	else
		memset(b->memo, 0, MEMOS * sizeof(*b->memo));
	if (!b->nodes) {
		b->cap = 1024;
		b->n_slots = 4096;
		b->nodes = calloc(b->cap, sizeof(*b->nodes));
		b->slots = calloc(b->n_slots, sizeof(*b->slots));
	} else {
		memset(b->slots, 0, b->n_slots * sizeof(*b->slots));
	}
	return b->memo && b->nodes && b->slots;
}

void bits_begin(struct bits *b, const struct rules_slice *slices, size_t n, bool narrow)
{
	unsigned group[BITS_ARGS];

	for (unsigned i = 0; i < BITS_ARGS; i++) {
		group[i] = 1u << i;
		b->mask[i] = narrow ? ~(uint64_t)UINT32_MAX : 0;
		b->value[i] = 0;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < slices[i].n; k++) {
			if (slices[i].v[k].when)
				tie(group, slices[i].v[k].when);
		}
	}
	lay_out(b, group);
	b->broken = !make_room(b);
	if (b->broken)
		return;
	b->nodes[BITS_NONE] = (struct bits_node){LEVELS, BITS_NONE, BITS_NONE};
	b->nodes[BITS_ALL] = (struct bits_node){LEVELS, BITS_ALL, BITS_ALL};
	b->n = 2;
}

void bits_know(struct bits *b, unsigned arg, uint64_t mask, uint64_t value)
{
	b->value[arg] = (b->value[arg] & ~mask) | (value & mask);
	b->mask[arg] |= mask;
}

/* --- nodes ---------------------------------------------------------------------------------------- */

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = (a * 0x9e3779b97f4a7c15u) ^ (b * 0xbf58476d1ce4e5b9u) ^
		     (c * 0x94d049bb133111ebu);

	return (uint32_t)(h >> 29 ^ h);
}

static uint32_t *slot_of(struct bits *b, const struct bits_node *x)
{
	uint32_t h = mix(x->level, x->no, x->yes) & (b->n_slots - 1);

	for (; b->slots[h]; h = (h + 1) & (b->n_slots - 1)) {
		const struct bits_node *y = &b->nodes[b->slots[h] - 1];

		if (y->level == x->level && y->no == x->no && y->yes == x->yes)
			break;
	}
	return &b->slots[h];
}

static bool grow(struct bits *b)
{
	struct bits_node *nodes = realloc(b->nodes, 2 * b->cap * sizeof(*nodes));
	uint32_t *slots;

	if (!nodes)
		return false;
	b->nodes = nodes;
	b->cap *= 2;
	slots = calloc(4 * (size_t)b->cap, sizeof(*slots));
	if (!slots)
		return false;
	free(b->slots);
	b->slots = slots;
	b->n_slots = 4 * b->cap;
	for (uint32_t i = 2; i < b->n; i++)
		*slot_of(b, &b->nodes[i]) = i + 1;
	return true;
}

static uint32_t node(struct bits *b, uint16_t level, uint32_t no, uint32_t yes)
{
	struct bits_node x = {level, no, yes};
	uint32_t *slot;

	if (no == yes || b->broken)
		return no;
	slot = slot_of(b, &x);
	if (*slot)
		return *slot - 1;
	if (b->n == b->cap) {
		if (b->cap >= NODES_MOST || !grow(b)) {
			b->broken = true;
			return BITS_NONE;
		}
		slot = slot_of(b, &x);
	}
	b->nodes[b->n] = x;
	*slot = ++b->n;
	return *slot - 1;
}

static uint32_t half(const struct bits *b, uint32_t f, uint16_t level, bool yes)
{
	const struct bits_node *x = &b->nodes[f];

	if (x->level != level)
		return f;
	return yes ? x->yes : x->no;
}

uint32_t bits_if(struct bits *b, uint32_t f, uint32_t yes, uint32_t no)
{
	struct bits_memo *memo;
	uint16_t level;
	uint32_t y, n;

	if (b->broken || f == BITS_ALL || yes == no)
		return b->broken ? BITS_NONE : yes;
	if (f == BITS_NONE)
		return no;
	if (yes == BITS_ALL && no == BITS_NONE)
		return f;
	memo = &b->memo[mix(f, yes, no) % MEMOS];
	if (memo->f == f && memo->yes == yes && memo->no == no)
		return memo->result; /* f is no leaf, so an empty memo is none of its */
	level = b->nodes[f].level;
	if (b->nodes[yes].level < level)
		level = b->nodes[yes].level;
	if (b->nodes[no].level < level)
		level = b->nodes[no].level;
	y = bits_if(
		b, half(b, f, level, true), half(b, yes, level, true), half(b, no, level, true));
	n = bits_if(
		b, half(b, f, level, false), half(b, yes, level, false), half(b, no, level, false));
	y = node(b, level, n, y);
	*memo = (struct bits_memo){f, yes, no, y};
	return y;
}

/* --- conditions ----------------------------------------------------------------------------------- */

static uint32_t bit_of(struct bits *b, const struct rule_value *v, int bit)
{
	uint64_t one = (uint64_t)1 << bit;
	uint32_t left, right;

	switch (v->kind) {
	case VALUE_NUMBER:
		return v->number & one ? BITS_ALL : BITS_NONE;
	case VALUE_ARG:
		if (b->mask[v->arg] & one)
			return b->value[v->arg] & one ? BITS_ALL : BITS_NONE;
		return node(b, b->level[v->arg][bit], BITS_NONE, BITS_ALL);
	default:
		left = bit_of(b, v->left, bit);
		right = bit_of(b, v->right, bit);
		return v->kind == VALUE_AND ? bits_if(b, left, right, BITS_NONE)
					    : bits_if(b, left, BITS_ALL, right);
	}
}

/* From the lowest bit on: a higher one that differs decides alone. */
static uint32_t compare(struct bits *b, const struct rule_test *t)
{
	bool eq = t->op == COMPARE_EQ || t->op == COMPARE_LE || t->op == COMPARE_GE;
	bool lt = t->op == COMPARE_LT || t->op == COMPARE_LE || t->op == COMPARE_NE;
	bool gt = t->op == COMPARE_GT || t->op == COMPARE_GE || t->op == COMPARE_NE;
	uint32_t set = eq ? BITS_ALL : BITS_NONE, below = lt ? BITS_ALL : BITS_NONE,
		 above = gt ? BITS_ALL : BITS_NONE;

	for (int bit = 0; bit < (t->wide ? 64 : 32); bit++) {
		uint32_t left = bit_of(b, t->left, bit), right = bit_of(b, t->right, bit);

		set = bits_if(
			b, left, bits_if(b, right, set, above), bits_if(b, right, below, set));
	}
	return set;
}

uint32_t bits_of(struct bits *b, const struct rule_test *t)
{
	if (!t)
		return BITS_ALL;
	switch (t->kind) {
	case TEST_ALWAYS:
		return BITS_ALL;
	case TEST_NEVER:
		return BITS_NONE;
	case TEST_NOT:
		return bits_if(b, bits_of(b, t->a), BITS_NONE, BITS_ALL);
	case TEST_AND:
		return bits_if(b, bits_of(b, t->a), bits_of(b, t->b), BITS_NONE);
	case TEST_OR:
		return bits_if(b, bits_of(b, t->a), BITS_ALL, bits_of(b, t->b));
	default:
		return compare(b, t);
	}
}

/* --- sets ----------------------------------------------------------------------------------------- */

static void choose(const struct bits *b, struct bits_cube *c, uint16_t level, bool yes)
{
	uint64_t one = (uint64_t)1 << b->bit[level];

	c->mask[b->arg[level]] |= one;
	if (yes)
		c->value[b->arg[level]] |= one;
	else
		c->value[b->arg[level]] &= ~one;
}

struct bits_cube bits_example(const struct bits *b, uint32_t set)
{
	struct bits_cube c = {0};

	/* Every node but the one leads to the other leaf too. */
	while (set != BITS_ALL && set != BITS_NONE) {
		const struct bits_node *x = &b->nodes[set];
		bool yes = x->no == BITS_NONE;

		choose(b, &c, x->level, yes);
		set = yes ? x->yes : x->no;
	}
	return c;
}

struct walk {
	const struct bits *b;
	int (*fn)(const struct bits_cube *cube, void *arg);
	void *arg;
};

static int each(const struct walk *w, uint32_t set, struct bits_cube *c)
{
	const struct bits_node *x = &w->b->nodes[set];
	uint64_t one = (uint64_t)1 << w->b->bit[x->level % LEVELS];

	if (set == BITS_NONE)
		return 0;
	if (set == BITS_ALL)
		return w->fn(c, w->arg);
	choose(w->b, c, x->level, false);
	TRY(each(w, x->no, c));
	choose(w->b, c, x->level, true);
	TRY(each(w, x->yes, c));
	c->mask[w->b->arg[x->level]] &= ~one;
	c->value[w->b->arg[x->level]] &= ~one;
	return 0;
}

int bits_each(const struct bits *b, uint32_t set,
	int (*fn)(const struct bits_cube *cube, void *arg), void *arg)
{
	const struct walk w = {b, fn, arg};
	struct bits_cube c = {0};

	return each(&w, set, &c);
}

/* --- regions -------------------------------------------------------------------------------------- */

static int add_region(struct bits *b, struct bits_regions *to, uint32_t action, uint32_t set,
	struct pool *pool, struct err *e)
{
	struct bits_region *v;

	if (set == BITS_NONE)
		return 0;
	for (size_t i = 0; i < to->n; i++) {
		if (to->v[i].action != action)
			continue;
		to->v[i].set = bits_if(b, to->v[i].set, BITS_ALL, set);
		return 0;
	}
	v = pool_grow(pool, to->v, to->n, sizeof(*v));
	if (!v)
		return err_memory(e);
	to->v = v;
	v[to->n++] = (struct bits_region){action, set};
	return 0;
}

int bits_regions(struct bits *b, const struct rules_slice *slice, struct pool *pool,
	struct bits_regions *ret, struct err *e)
{
	struct bits_regions regions = {0};
	uint32_t left = BITS_ALL;

	for (size_t i = 0; i < slice->n && left != BITS_NONE; i++) {
		uint32_t set = bits_of(b, slice->v[i].when);

		TRY(add_region(b, &regions, slice->v[i].action, bits_if(b, set, left, BITS_NONE),
			pool, e));
		left = bits_if(b, set, BITS_NONE, left);
	}
	TRY(add_region(b, &regions, slice->otherwise, left, pool, e));
	if (b->broken)
		return err_set(e, E2BIG,
			"the conditions depend on each other in more ways than can be looked at");
	*ret = regions;
	return 0;
}
