/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "bpf.h"
#include "bpf_emit.h"
#include "bpf_graph.h"

enum {
	X32_FIRST = 0x40000000,
	X32_LAST = 0xfffffffe, /* -1 is no call of x32's: tracers set it to skip one */
};

struct compiler {
	struct graph g;
	const struct rules *rules;
	const struct arch *arch; /* whose rules are being compiled */
	uint32_t yes, no; /* the leaves of conditions */
	struct claim *claims;
	size_t n_claims;
};

/* A call that must have this verdict whatever its arguments are. */
struct claim {
	uint32_t audit, call, action;
};

/* --- comparisons ------------------------------------------------------------------------------- */

static uint32_t load_half(struct compiler *c, unsigned arg, bool high)
{
	uint32_t at = offsetof(struct seccomp_data, args) + 8 * arg;

	return graph_load(&c->g, at + (high != c->arch->big_endian ? 4 : 0));
}

static uint32_t half(struct compiler *c, const struct rule_value *v, bool high)
{
	uint32_t a, b;

	switch (v->kind) {
	case VALUE_NUMBER:
		return graph_number(&c->g, (uint32_t)(high ? v->number >> 32 : v->number));
	case VALUE_ARG:
		return load_half(c, v->arg, high);
	default:
		a = half(c, v->left, high);
		b = half(c, v->right, high);
		return graph_join(&c->g, v->kind == VALUE_AND ? WORD_AND : WORD_OR, a, b);
	}
}

/* Below, equal, above: where each leads. */
struct ways {
	uint32_t lt, eq, gt;
};

static uint32_t choose(
	struct compiler *c, enum word_kind op, uint32_t a, uint32_t b, uint32_t yes, uint32_t no)
{
	struct graph_edge edges[] = {{0, no}, {1, yes}};
	uint32_t word = graph_word(&c->g, (struct word){.kind = op, .a = a, .b = b, .bits = 1});

	return graph_switch(&c->g, word, edges, 2);
}

static uint32_t against_number(struct compiler *c, uint32_t word, uint32_t k, struct ways w)
{
	struct graph_edge edges[3];
	size_t n = 0;

	if (k)
		edges[n++] = (struct graph_edge){0, w.lt};
	edges[n++] = (struct graph_edge){k, w.eq};
	if (k != UINT32_MAX)
		edges[n++] = (struct graph_edge){k + 1, w.gt};
	return graph_switch(&c->g, word, edges, n);
}

static uint32_t compare_words(struct compiler *c, uint32_t a, uint32_t b, struct ways w)
{
	const struct word *words = c->g.words;

	if (c->g.broken)
		return 0;
	if (a == b)
		return w.eq;
	if (words[b].kind == WORD_NUMBER)
		return against_number(c, a, words[b].k, w);
	if (words[a].kind == WORD_NUMBER)
		return against_number(c, b, words[a].k, (struct ways){w.gt, w.eq, w.lt});
	if (w.lt == w.gt)
		return choose(c, WORD_EQ, a < b ? a : b, a < b ? b : a, w.eq, w.lt);
	if (w.eq == w.gt)
		return choose(c, WORD_GE, a, b, w.eq, w.lt);
	if (w.eq == w.lt)
		return choose(c, WORD_GT, a, b, w.gt, w.eq);
	return choose(c, WORD_GT, a, b, w.gt, choose(c, WORD_EQ, a, b, w.eq, w.lt));
}

static uint32_t compare(struct compiler *c, const struct rule_test *t, uint32_t yes, uint32_t no)
{
	bool lt = t->op == COMPARE_LT || t->op == COMPARE_LE || t->op == COMPARE_NE;
	bool eq = t->op == COMPARE_EQ || t->op == COMPARE_LE || t->op == COMPARE_GE;
	bool gt = t->op == COMPARE_GT || t->op == COMPARE_GE || t->op == COMPARE_NE;
	struct ways w = {lt ? yes : no, eq ? yes : no, gt ? yes : no};
	/* The high half first: it comes first in every ordered diagram then. */
	uint32_t high[2] = {0, 0}, low[2];

	if (t->wide) {
		high[0] = half(c, t->left, true);
		high[1] = half(c, t->right, true);
	}
	low[0] = half(c, t->left, false);
	low[1] = half(c, t->right, false);
	w.eq = compare_words(c, low[0], low[1], w);
	return t->wide ? compare_words(c, high[0], high[1], w) : w.eq;
}

/* --- conditions -------------------------------------------------------------------------------- */

/* One test after the other, as they are written: never long, not always quick. */
static uint32_t chain(struct compiler *c, const struct rule_test *t, uint32_t yes, uint32_t no)
{
	switch (t->kind) {
	case TEST_ALWAYS:
		return yes;
	case TEST_NEVER:
		return no;
	case TEST_NOT:
		return chain(c, t->a, no, yes);
	case TEST_AND:
		return chain(c, t->a, chain(c, t->b, yes, no), no);
	case TEST_OR:
		return chain(c, t->a, yes, chain(c, t->b, yes, no));
	default:
		return compare(c, t, yes, no);
	}
}

/* What a chain of && or of || joins: how many they are, and each of them. */
static size_t gather(
	const struct rule_test *t, enum rule_test_kind kind, const struct rule_test **ret)
{
	size_t n;

	if (t->kind != kind) {
		if (ret)
			*ret = t;
		return 1;
	}
	n = gather(t->a, kind, ret);
	return n + gather(t->b, kind, ret ? ret + n : NULL);
}

static uint32_t ordered(struct compiler *c, const struct rule_test *t);

/* By halves: one by one each would be merged with all that came before it. */
static uint32_t join(
	struct compiler *c, enum rule_test_kind kind, const struct rule_test **v, size_t n)
{
	uint32_t settled = kind == TEST_AND ? c->no : c->yes, a, b;

	if (n == 1)
		return ordered(c, v[0]);
	a = join(c, kind, v, n / 2);
	if (a == settled)
		return a;
	b = join(c, kind, v + n / 2, n - n / 2);
	return kind == TEST_AND ? graph_if(&c->g, a, b, c->no) : graph_if(&c->g, a, c->yes, b);
}

static uint32_t join_all(struct compiler *c, const struct rule_test *t)
{
	size_t n = gather(t, t->kind, NULL);
	const struct rule_test **v = pool_array(c->g.pool, n, sizeof(const struct rule_test *));

	if (!v) {
		c->g.broken = GRAPH_NO_MEMORY;
		return 0;
	}
	gather(t, t->kind, v);
	return join(c, t->kind, v, n);
}

static uint32_t ordered(struct compiler *c, const struct rule_test *t)
{
	struct graph *g = &c->g;

	switch (t->kind) {
	case TEST_ALWAYS:
		return c->yes;
	case TEST_NEVER:
		return c->no;
	case TEST_NOT:
		return graph_if(g, ordered(c, t->a), c->no, c->yes);
	case TEST_AND:
	case TEST_OR:
		return join_all(c, t);
	default:
		/* A comparison of two words can come out of order: it is put in its place. */
		return graph_if(g, compare(c, t, c->yes, c->no), c->yes, c->no);
	}
}

static size_t count_compares(const struct rule_test *t)
{
	switch (t->kind) {
	case TEST_NOT:
		return count_compares(t->a);
	case TEST_AND:
	case TEST_OR:
		return count_compares(t->a) + count_compares(t->b);
	default:
		return 1;
	}
}

/* --- the rules of one call --------------------------------------------------------------------- */

/* When one of them holds, by halves as above. */
static uint32_t either(struct compiler *c, const struct rule *v, size_t n)
{
	uint32_t a;

	if (n == 1)
		return ordered(c, v->when);
	a = either(c, v, n / 2);
	return graph_if(&c->g, a, c->yes, either(c, v + n / 2, n - n / 2));
}

static uint32_t rules_ordered(
	struct compiler *c, const struct rule *v, size_t n, uint32_t otherwise)
{
	while (n && !c->g.broken) {
		const struct rule *last = &v[n - 1];
		uint32_t leaf = graph_leaf(&c->g, last->action);
		size_t same = 1;

		if (!last->when) {
			otherwise = leaf;
			n--;
			continue;
		}
		while (same < n && v[n - 1 - same].when && v[n - 1 - same].action == last->action)
			same++;
		n -= same;
		otherwise = graph_if(&c->g, either(c, v + n, same), leaf, otherwise);
	}
	return otherwise;
}

static uint32_t rules_chain(struct compiler *c, const struct rule *v, size_t n, uint32_t otherwise)
{
	for (size_t i = n; i-- > 0 && !c->g.broken;) {
		const struct rule *r = &v[i];
		uint32_t leaf = graph_leaf(&c->g, r->action);

		otherwise = r->when ? chain(c, r->when, leaf, otherwise) : leaf;
	}
	return otherwise;
}

/*
 * An ordered diagram looks at each word once, but conditions can be written for which it is huge. It
 * may cost some times what the conditions are; then they are tested one after the other.
 */
static uint32_t rules_of_call(
	struct compiler *c, const struct rule *v, size_t n, uint32_t otherwise)
{
	size_t compares = 0, base;
	uint32_t node;

	for (size_t i = 0; i < n; i++) {
		const struct rule *r = &v[i];

		if (!r->when) {
			n = i + 1; /* what follows is never reached */
			break;
		}
		compares += count_compares(r->when);
	}
	if (!compares)
		return graph_leaf(&c->g, v[0].action);
	base = c->g.n_work;
	graph_allow(&c->g, 64 + 64 * compares);
	node = rules_ordered(c, v, n, otherwise);
	if (c->g.broken != GRAPH_SPENT)
		return node;
	graph_allow(&c->g, 0);
	c->g.n_work = base;
	return rules_chain(c, v, n, otherwise);
}

/* --- all calls --------------------------------------------------------------------------------- */

static uint32_t default_at(struct compiler *c, const struct rules_arch *a, uint32_t number)
{
	bool beyond = a->has_newest && number > a->newest;

	return graph_leaf(&c->g, beyond ? a->beyond : a->otherwise);
}

/* Defaults from first on, up to and with last. */
static void push_defaults(struct compiler *c, const struct rules_arch *a, const uint32_t *fixed,
	uint32_t first, uint32_t last)
{
	graph_push(&c->g, 0, first, fixed ? *fixed : default_at(c, a, first));
	if (!fixed && a->has_newest && a->newest >= first && a->newest < last)
		graph_push(&c->g, 0, a->newest + 1, default_at(c, a, a->newest + 1));
}

static void claim(struct compiler *c, uint32_t call, uint32_t node)
{
	const struct graph_node *n = &c->g.nodes[node];
	struct claim *v;

	if (c->g.broken || n->word != GRAPH_LEAF)
		return;
	v = pool_grow(c->g.pool, c->claims, c->n_claims, sizeof(*v));
	if (!v) {
		c->g.broken = GRAPH_NO_MEMORY;
		return;
	}
	c->claims = v;
	v[c->n_claims++] = (struct claim){c->arch->audit, call, n->first};
}

/*
 * The edges for the numbers first … last, from the rules of one architecture. fixed: what a number
 * without a rule leads to, in place of the architecture's default.
 */
static void push_section(struct compiler *c, const struct rules_arch *a, const uint32_t *fixed,
	uint32_t first, uint32_t last)
{
	uint64_t at = first;
	size_t i = 0;

	c->arch = a->arch;
	while (i < a->n && a->v[i].call < first)
		i++;
	while (i < a->n && a->v[i].call <= last) {
		uint32_t call = a->v[i].call, node;
		size_t n = 1;

		while (i + n < a->n && a->v[i + n].call == call)
			n++;
		if (call > at)
			push_defaults(c, a, fixed, (uint32_t)at, call - 1);
		node = rules_of_call(c, a->v + i, n, default_at(c, a, call));
		graph_push(&c->g, 0, call, node);
		claim(c, call, node);
		at = (uint64_t)call + 1;
		i += n;
	}
	if (at <= last)
		push_defaults(c, a, fixed, (uint32_t)at, last);
}

static uint32_t finish_switch(struct compiler *c, uint32_t offset)
{
	uint32_t word = graph_load(&c->g, offset);
	uint32_t node = graph_switch(&c->g, word, c->g.work, c->g.n_work);

	c->g.n_work = 0;
	return node;
}

static uint32_t arch_node(struct compiler *c, const struct rules_arch *a)
{
	push_section(c, a, NULL, 0, UINT32_MAX);
	return finish_switch(c, offsetof(struct seccomp_data, nr));
}

/* x86-64 and x32 are one architecture to the kernel, told apart by a bit of the number. */
static uint32_t x86_node(
	struct compiler *c, const struct rules_arch *a, const struct rules_arch *x32)
{
	uint32_t foreign = graph_leaf(&c->g, c->rules->foreign);

	if (a)
		push_section(c, a, NULL, 0, X32_FIRST - 1);
	else
		graph_push(&c->g, 0, 0, foreign);
	if (x32)
		push_section(c, x32, NULL, X32_FIRST, X32_LAST);
	else
		push_section(c, a, c->rules->x32_open ? NULL : &foreign, X32_FIRST, X32_LAST);
	if (a)
		push_section(c, a, NULL, UINT32_MAX, UINT32_MAX);
	else
		graph_push(&c->g, 0, UINT32_MAX, foreign);
	return finish_switch(c, offsetof(struct seccomp_data, nr));
}

/* --- all architectures ------------------------------------------------------------------------- */

struct arch_edge {
	uint32_t audit, node;
};

static const struct rules_arch *find_arch(const struct rules *rules, uint32_t audit, bool x32)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct arch *arch = rules->v[i].arch;

		if (arch->audit == audit && (arch->bit != 0) == x32)
			return &rules->v[i];
	}
	return NULL;
}

/* An edge for each, by number. */
static size_t each_arch(struct compiler *c, struct arch_edge *edges)
{
	const struct rules *rules = c->rules;
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++) {
		uint32_t audit = rules->v[i].arch->audit, node;
		const struct rules_arch *x32 = find_arch(rules, audit, true);
		const struct rules_arch *a = find_arch(rules, audit, false);
		size_t at;

		if (x32 == &rules->v[i] && a)
			continue; /* comes with the other one */
		node = audit == arches[0].audit ? x86_node(c, a, x32) : arch_node(c, a);
		for (at = n; at > 0 && edges[at - 1].audit > audit; at--)
			edges[at] = edges[at - 1];
		edges[at] = (struct arch_edge){audit, node};
		n++;
	}
	return n;
}

static uint32_t whole(struct compiler *c, struct arch_edge *edges)
{
	uint32_t foreign = graph_leaf(&c->g, c->rules->foreign);
	size_t n = each_arch(c, edges);

	graph_push(&c->g, 0, 0, foreign);
	for (size_t i = 0; i < n; i++) {
		graph_push(&c->g, 0, edges[i].audit, edges[i].node);
		if (i + 1 == n || edges[i + 1].audit != edges[i].audit + 1)
			graph_push(&c->g, 0, edges[i].audit + 1, foreign);
	}
	return finish_switch(c, offsetof(struct seccomp_data, arch));
}

/*
 * A program that says something else than the rules would be a hole, so what is cheap to try is tried
 * each time: every call that has one verdict. The full proof is for the tests.
 */
static int prove(const struct compiler *c, const struct bpf_program *p, struct err *e)
{
	TRY(bpf_validate(p, e));
	for (size_t i = 0; i < c->n_claims; i++) {
		const struct claim *one = &c->claims[i];
		struct rule_call call = {.arch = one->audit, .number = one->call};
		uint32_t verdict;

		if (!bpf_run_plain(p, one->audit, one->call, &verdict))
			verdict = bpf_run(p, &call, NULL);
		if (verdict != one->action)
			return err_set(e, EINVAL,
				"the seccomp program has a wrong verdict for call %u: a defect of "
				"jailrt's",
				one->call);
	}
	return 0;
}

int bpf_compile(
	const struct rules *rules, struct pool *pool, struct bpf_program *ret, struct err *e)
{
	struct compiler c = {.g = {.pool = pool}, .rules = rules};
	struct arch_edge *edges = pool_array(pool, rules->n + 1, sizeof(*edges));
	struct bpf_program p;
	uint32_t root;

	if (!edges)
		return err_memory(e);
	/* Architecture and number come before all arguments. */
	graph_load(&c.g, offsetof(struct seccomp_data, arch));
	graph_load(&c.g, offsetof(struct seccomp_data, nr));
	c.no = graph_leaf(&c.g, 0);
	c.yes = graph_leaf(&c.g, 1);
	root = whole(&c, edges);
	if (c.g.broken)
		return err_memory(e);
	TRY(bpf_emit(&c.g, root, &p, e));
	TRY(prove(&c, &p, e));
	*ret = p;
	return 0;
}
