/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "bpf_emit.h"

/*
 * Positions count from the end of the program: the last instruction is 0. An instruction at p reaches
 * one at q < p with the offset p - q - 1.
 */
enum {
	NOWHERE = UINT32_MAX,
	/* Two places may be brought near before the condition that needs both is put: 2 less than 255. */
	NEAR = 253,
	NODE = 1u << 31, /* marks a target that is a node, not a position */
};

struct emitter {
	const struct graph *g;
	struct pool *pool;
	struct sock_filter *v; /* backwards */
	uint32_t n;
	uint32_t *home; /* by node: where it stands */
	uint32_t *near; /* by node: the latest place that leads there */
	bool too_long;
	unsigned scratch; /* cells of the machine's memory in use */
};

static uint32_t put(struct emitter *m, uint16_t code, uint32_t k, uint32_t jt, uint32_t jf)
{
	if (m->n >= BPF_MOST || jt > UINT8_MAX || jf > UINT8_MAX) {
		m->too_long = true;
		return 0;
	}
	m->v[m->n] = (struct sock_filter){code, (uint8_t)jt, (uint8_t)jf, k};
	return m->n++;
}

/* A position for the target that the next instructions can reach. */
static uint32_t bring_near(struct emitter *m, uint32_t target)
{
	uint32_t node = target & ~(uint32_t)NODE;
	uint32_t at = target;

	if (target & NODE) {
		at = m->near[node];
		if (at != NOWHERE && m->n - at <= NEAR)
			return at;
		if (m->g->nodes[node].word == GRAPH_LEAF)
			at = put(m, BPF_RET | BPF_K, m->g->nodes[node].first, 0, 0);
		else
			at = put(m, BPF_JMP | BPF_JA, m->n - m->home[node] - 1, 0, 0);
		m->near[node] = at;
		return at;
	}
	if (m->n - at <= NEAR)
		return at;
	return put(m, BPF_JMP | BPF_JA, m->n - at - 1, 0, 0);
}

/* A condition with its two targets; returns its position. */
static uint32_t branch(struct emitter *m, uint16_t op, uint32_t k, uint32_t yes, uint32_t no)
{
	/* What stands nearer first: what is put for the other one pushes it away. */
	uint32_t at_no = bring_near(m, no);
	uint32_t at_yes = bring_near(m, yes);

	return put(m, (uint16_t)(BPF_JMP | op), k, m->n - at_yes - 1, m->n - at_no - 1);
}

/* --- words ------------------------------------------------------------------------------------- */

static bool is_plain(const struct emitter *m, uint32_t word)
{
	const struct word *w = &m->g->words[word];

	if (w->kind == WORD_AND || w->kind == WORD_OR)
		return m->g->words[w->b].kind == WORD_NUMBER && is_plain(m, w->a);
	return true;
}

static void load_pair(struct emitter *m, uint32_t a, uint32_t b);

/* Puts the word into the accumulator; plain words leave the index register alone. */
static void load(struct emitter *m, uint32_t word)
{
	const struct word *w = &m->g->words[word];
	uint16_t op = w->kind == WORD_AND ? BPF_AND : BPF_OR;

	switch (w->kind) {
	case WORD_NUMBER:
		put(m, BPF_LD | BPF_IMM, w->k, 0, 0);
		break;
	case WORD_LOAD:
		put(m, BPF_LD | BPF_W | BPF_ABS, w->k, 0, 0);
		break;
	default:
		if (m->g->words[w->b].kind == WORD_NUMBER) {
			put(m, BPF_ALU | op | BPF_K, m->g->words[w->b].k, 0, 0);
			load(m, w->a);
		} else {
			put(m, BPF_ALU | op | BPF_X, 0, 0, 0);
			if (is_plain(m, w->a))
				load_pair(m, w->a, w->b);
			else
				load_pair(m, w->b, w->a);
		}
	}
}

/* a into the accumulator and b into the index register. */
static void load_pair(struct emitter *m, uint32_t a, uint32_t b)
{
	if (is_plain(m, a)) {
		load(m, a);
		put(m, BPF_MISC | BPF_TAX, 0, 0, 0);
		load(m, b);
		return;
	}
	if (m->scratch >= BPF_MEMWORDS) {
		m->too_long = true;
		return;
	}
	put(m, BPF_LD | BPF_MEM, m->scratch, 0, 0);
	put(m, BPF_MISC | BPF_TAX, 0, 0, 0);
	m->scratch++;
	load(m, b);
	m->scratch--;
	put(m, BPF_ST, m->scratch, 0, 0);
	load(m, a);
}

/* --- switches ---------------------------------------------------------------------------------- */

static bool is_single(const struct graph_edge *e, size_t i)
{
	return e[i].from + 1 == e[i + 1].from;
}

/* One value between two intervals that lead to the same place costs one comparison, not two. */
static bool is_island(const struct graph_edge *e, size_t first, size_t last, size_t i)
{
	return i > first && i + 1 < last && is_single(e, i) && e[i - 1].to == e[i + 1].to;
}

static size_t comparisons(const struct graph_edge *e, size_t first, size_t last)
{
	size_t sum = 0;

	for (size_t i = first + 1; i < last; sum++)
		i += is_island(e, first, last, i) ? 2 : 1;
	return sum;
}

/*
 * The boundary at which to begin: the longer side is as short as it can be. To begin with the boundary
 * of an island saves nothing, what is left of it costs a comparison as before.
 */
static size_t middle(const struct graph_edge *e, size_t first, size_t last)
{
	size_t all = comparisons(e, first, last), best = SIZE_MAX, at = first + 1, sum = 0;

	for (size_t i = first + 1; i < last; sum++) {
		bool island = is_island(e, first, last, i);
		size_t right = all - sum - (island ? 0 : 1);
		size_t longer = sum > right ? sum : right;

		if (longer < best) {
			best = longer;
			at = i;
		}
		i += island ? 2 : 1;
	}
	return at;
}

static uint32_t search(struct emitter *m, const struct graph_edge *e, size_t first, size_t last)
{
	size_t n = last - first, at;
	uint32_t left, right;

	if (n == 1)
		return NODE | e[first].to;
	if (n == 3 && is_island(e, first, last, first + 1))
		return branch(m, BPF_JEQ | BPF_K, e[first + 1].from, NODE | e[first + 1].to,
			NODE | e[first].to);
	at = n == 2 ? first + 1 : middle(e, first, last);
	right = search(m, e, at, last);
	left = search(m, e, first, at);
	return branch(m, BPF_JGE | BPF_K, e[at].from, right, left);
}

static void emit_node(struct emitter *m, uint32_t node)
{
	const struct graph_node *n = &m->g->nodes[node];
	const struct graph_edge *e;
	const struct word *w;

	if (n->word == GRAPH_LEAF)
		return; /* put where it is needed; it has no word and no edges */
	e = m->g->edges + n->first;
	w = &m->g->words[n->word];
	if (w->kind >= WORD_EQ) {
		uint16_t op = w->kind == WORD_EQ ? BPF_JEQ : w->kind == WORD_GT ? BPF_JGT : BPF_JGE;

		branch(m, op | BPF_X, 0, NODE | e[1].to, NODE | e[0].to);
		load_pair(m, w->a, w->b);
	} else if (w->kind == WORD_AND && n->n == 2 && e[1].from == 1 &&
		   m->g->words[w->b].kind == WORD_NUMBER) {
		branch(m, BPF_JSET | BPF_K, m->g->words[w->b].k, NODE | e[1].to, NODE | e[0].to);
		load(m, w->a);
	} else {
		search(m, e, 0, n->n);
		load(m, n->word);
	}
	m->home[node] = m->near[node] = m->n - 1;
}

/* --- the whole --------------------------------------------------------------------------------- */

static void mark(const struct graph *g, uint32_t root, bool *used)
{
	used[root] = true;
	/* Followers have smaller numbers. */
	for (uint32_t i = root + 1; i-- > 0;) {
		const struct graph_node *n = &g->nodes[i];

		if (!used[i] || n->word == GRAPH_LEAF)
			continue;
		for (uint32_t j = 0; j < n->n; j++)
			used[g->edges[n->first + j].to] = true;
	}
}

static int emit_all(struct emitter *m, uint32_t root, struct err *e)
{
	bool *used = pool_array(m->pool, root + 1, sizeof(*used));

	if (!used || !m->v || !m->home || !m->near)
		return err_memory(e);
	memset(m->home, 0xff, (root + 1) * sizeof(*m->home));
	memset(m->near, 0xff, (root + 1) * sizeof(*m->near));
	mark(m->g, root, used);
	for (uint32_t i = 0; i <= root && !m->too_long; i++) {
		if (used[i])
			emit_node(m, i);
	}
	if (m->g->nodes[root].word == GRAPH_LEAF)
		bring_near(m, NODE | root);
	if (m->too_long) {
		err_set(e, E2BIG,
			"the seccomp program is longer than the %d instructions that the kernel "
			"takes",
			BPF_MOST);
		return err_fix(e, "use fewer or simpler conditions, or fewer architectures");
	}
	return 0;
}

int bpf_emit(const struct graph *g, uint32_t root, struct bpf_program *ret, struct err *e)
{
	struct emitter m = {
		.g = g,
		.pool = g->pool,
		.v = pool_array(g->pool, BPF_MOST, sizeof(*m.v)),
		.home = pool_array(g->pool, root + 1, sizeof(*m.home)),
		.near = pool_array(g->pool, root + 1, sizeof(*m.near)),
	};

	TRY(emit_all(&m, root, e));
	for (uint32_t i = 0; i < m.n / 2; i++) {
		struct sock_filter swap = m.v[i];

		m.v[i] = m.v[m.n - 1 - i];
		m.v[m.n - 1 - i] = swap;
	}
	*ret = (struct bpf_program){m.v, m.n};
	return 0;
}
