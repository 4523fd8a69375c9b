/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bpf_graph.h"

enum { MEMO_SLOTS = 512 };

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

/* --- tables by content ------------------------------------------------------------------------- */

typedef bool same_fn(const struct graph *g, uint32_t one, const void *other);

/* The slot where what is sought is, or may be put; the caller fills it. */
static uint32_t *find_slot(const struct graph *g, const struct graph_index *ix, uint32_t hash,
	same_fn *same, const void *sought)
{
	size_t i = hash & (ix->cap - 1);

	while (ix->slots[i] && !same(g, ix->slots[i] - 1, sought))
		i = (i + 1) & (ix->cap - 1);
	return &ix->slots[i];
}

typedef uint32_t hash_fn(const struct graph *g, uint32_t one);

static bool make_room(struct graph *g, struct graph_index *ix, hash_fn *hash)
{
	struct graph_index bigger = {.cap = ix->cap ? ix->cap * 2 : 256, .n = ix->n};

	if (ix->n * 2 < ix->cap)
		return true;
	bigger.slots = pool_array(g->pool, bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots) {
		g->broken = GRAPH_NO_MEMORY;
		return false;
	}
	for (size_t i = 0; i < ix->cap; i++) {
		size_t at;

		if (!ix->slots[i])
			continue;
		at = hash(g, ix->slots[i] - 1) & (bigger.cap - 1);
		while (bigger.slots[at])
			at = (at + 1) & (bigger.cap - 1);
		bigger.slots[at] = ix->slots[i];
	}
	*ix = bigger;
	return true;
}

/* --- words ------------------------------------------------------------------------------------- */

static uint32_t hash_of_word(const struct word *w)
{
	return mix(mix(mix((uint32_t)w->kind, w->k), w->a), w->b);
}

static uint32_t hash_word(const struct graph *g, uint32_t one)
{
	return hash_of_word(&g->words[one]);
}

static bool same_word(const struct graph *g, uint32_t one, const void *other)
{
	const struct word *a = &g->words[one], *b = other;

	return a->kind == b->kind && a->k == b->k && a->a == b->a && a->b == b->b;
}

uint32_t graph_word(struct graph *g, struct word w)
{
	struct word *grown;
	uint32_t *slot;

	if (!make_room(g, &g->word_index, hash_word))
		return 0;
	slot = find_slot(g, &g->word_index, hash_of_word(&w), same_word, &w);
	if (*slot)
		return *slot - 1;
	grown = pool_grow(g->pool, g->words, g->n_words, sizeof(w));
	if (!grown) {
		g->broken = GRAPH_NO_MEMORY;
		return 0;
	}
	g->words = grown;
	grown[g->n_words++] = w;
	*slot = (uint32_t)g->n_words;
	g->word_index.n++;
	return (uint32_t)g->n_words - 1;
}

uint32_t graph_number(struct graph *g, uint32_t k)
{
	return graph_word(g, (struct word){.kind = WORD_NUMBER, .k = k, .bits = k, .ones = k});
}

uint32_t graph_load(struct graph *g, uint32_t offset)
{
	return graph_word(g, (struct word){.kind = WORD_LOAD, .k = offset, .bits = UINT32_MAX});
}

uint32_t graph_join(struct graph *g, enum word_kind kind, uint32_t a, uint32_t b)
{
	struct word w = {.kind = kind, .a = a, .b = b}, x, y;

	if (g->broken || a == b)
		return a;
	/* The number on the right, else the older word on the left: one form for equal things. */
	if (g->words[a].kind == WORD_NUMBER || (g->words[b].kind != WORD_NUMBER && a > b)) {
		w.a = b;
		w.b = a;
	}
	x = g->words[w.a];
	y = g->words[w.b];
	w.bits = kind == WORD_AND ? x.bits & y.bits : x.bits | y.bits;
	w.ones = kind == WORD_AND ? x.ones & y.ones : x.ones | y.ones;
	if (w.bits == w.ones)
		return graph_number(g, w.bits);
	if (y.kind == WORD_NUMBER && y.k == (kind == WORD_AND ? UINT32_MAX : 0))
		return w.a;
	/* (x & 12) & 4 is x & 4. */
	if (y.kind == WORD_NUMBER && x.kind == kind && g->words[x.b].kind == WORD_NUMBER) {
		uint32_t k = g->words[x.b].k;

		return graph_join(
			g, kind, x.a, graph_number(g, kind == WORD_AND ? k & y.k : k | y.k));
	}
	return graph_word(g, w);
}

/* --- nodes ------------------------------------------------------------------------------------- */

struct wanted {
	uint32_t word, value;
	const struct graph_edge *edges;
	size_t n;
};

static uint32_t hash_edges(uint32_t word, const struct graph_edge *edges, size_t n)
{
	uint32_t h = mix(0x5bd1e995u, word);

	for (size_t i = 0; i < n; i++)
		h = mix(mix(h, edges[i].from), edges[i].to);
	return h;
}

static uint32_t hash_node(const struct graph *g, uint32_t one)
{
	const struct graph_node *node = &g->nodes[one];

	if (node->word == GRAPH_LEAF)
		return mix(1, node->first);
	return hash_edges(node->word, g->edges + node->first, node->n);
}

static bool same_node(const struct graph *g, uint32_t one, const void *other)
{
	const struct graph_node *node = &g->nodes[one];
	const struct wanted *w = other;

	if (node->word != w->word)
		return false;
	if (node->word == GRAPH_LEAF)
		return node->first == w->value;
	return node->n == w->n &&
	       !memcmp(g->edges + node->first, w->edges, w->n * sizeof(*w->edges));
}

static uint32_t add_node(struct graph *g, const struct wanted *w, uint32_t hash)
{
	struct graph_node *nodes;
	struct graph_node made = {.word = w->word, .first = w->value, .n = (uint32_t)w->n};
	uint32_t *slot;

	if (g->broken || !make_room(g, &g->node_index, hash_node))
		return 0;
	slot = find_slot(g, &g->node_index, hash, same_node, w);
	if (*slot)
		return *slot - 1;
	nodes = pool_grow(g->pool, g->nodes, g->n_nodes, sizeof(*nodes));
	if (!nodes)
		goto no_memory;
	g->nodes = nodes;
	if (w->n)
		made.first = (uint32_t)g->n_edges;
	for (size_t i = 0; i < w->n; i++) {
		struct graph_edge *edges = pool_grow(g->pool, g->edges, g->n_edges, sizeof(*edges));

		if (!edges)
			goto no_memory;
		g->edges = edges;
		edges[g->n_edges++] = w->edges[i];
	}
	nodes[g->n_nodes++] = made;
	*slot = (uint32_t)g->n_nodes;
	g->node_index.n++;
	return (uint32_t)g->n_nodes - 1;

no_memory:
	g->broken = GRAPH_NO_MEMORY;
	return 0;
}

uint32_t graph_leaf(struct graph *g, uint32_t value)
{
	struct wanted w = {.word = GRAPH_LEAF, .value = value};

	return add_node(g, &w, mix(1, value));
}

void graph_push(struct graph *g, size_t base, uint32_t from, uint32_t to)
{
	if (g->broken || (g->n_work > base && g->work[g->n_work - 1].to == to))
		return;
	if (g->n_work == g->cap_work) {
		size_t cap = g->cap_work ? g->cap_work * 2 : 256;
		struct graph_edge *grown = pool_array(g->pool, cap, sizeof(*grown));

		if (!grown) {
			g->broken = GRAPH_NO_MEMORY;
			return;
		}
		if (g->n_work)
			memcpy(grown, g->work, g->n_work * sizeof(*grown));
		g->work = grown;
		g->cap_work = cap;
	}
	g->work[g->n_work++] = (struct graph_edge){from, to};
}

static uint32_t follow(const struct graph_edge *edges, size_t n, uint32_t value)
{
	while (n > 1 && edges[n - 1].from > value)
		n--;
	return edges[n - 1].to;
}

/*
 * Values that the word cannot have lead where it makes the fewest intervals. A word with one free bit
 * has two values, which are told apart by whether it is above the lower one.
 */
uint32_t graph_switch(struct graph *g, uint32_t word, const struct graph_edge *edges, size_t n)
{
	const struct word w = g->words[word];
	uint32_t free_bits = w.bits & ~w.ones;
	size_t base = g->n_work;
	struct wanted wanted = {.word = word};
	uint32_t node;

	if (g->broken)
		return 0;
	if (!free_bits)
		return follow(edges, n, w.ones);
	if (!(free_bits & (free_bits - 1))) {
		uint32_t high = follow(edges, n, w.bits);

		graph_push(g, base, 0, follow(edges, n, w.ones));
		graph_push(g, base, w.ones + 1, high);
	} else {
		/* The stack may move while it is pushed to. */
		bool on_stack = g->work && edges >= g->work && edges < g->work + base;
		size_t at = on_stack ? (size_t)(edges - g->work) : 0;

		for (size_t i = 0; i < n; i++) {
			const struct graph_edge *one = on_stack ? &g->work[at + i] : &edges[i];
			bool last = i + 1 == n;

			if (one->from > w.bits || (!last && one[1].from <= w.ones))
				continue;
			graph_push(g, base, g->n_work == base ? 0 : one->from, one->to);
		}
	}
	if (g->broken)
		return 0;
	wanted.edges = g->work + base;
	wanted.n = g->n_work - base;
	node = wanted.n == 1 ? wanted.edges->to
			     : add_node(g, &wanted, hash_edges(word, wanted.edges, wanted.n));
	g->n_work = base;
	return node;
}

/* --- composition ------------------------------------------------------------------------------- */

void graph_allow(struct graph *g, size_t edges)
{
	g->allowance = edges;
	g->age++;
	if (g->broken == GRAPH_SPENT)
		g->broken = GRAPH_WHOLE;
	if (!g->memo)
		g->memo = pool_array(g->pool, MEMO_SLOTS, sizeof(*g->memo));
	if (!g->memo)
		g->broken = GRAPH_NO_MEMORY;
}

/* A walk along the intervals of a node, or of what stands still while others walk. */
struct walker {
	uint32_t node; /* where the present value leads */
	uint32_t first, left; /* further edges */
};

static struct walker walk_from(const struct graph *g, uint32_t node, uint32_t word)
{
	const struct graph_node *n = &g->nodes[node];

	if (n->word != word)
		return (struct walker){.node = node};
	return (struct walker){g->edges[n->first].to, n->first + 1, n->n - 1};
}

static uint32_t next_value(const struct graph *g, const struct walker *w)
{
	return w->left ? g->edges[w->first].from : UINT32_MAX;
}

static void step_to(const struct graph *g, struct walker *w, uint32_t value)
{
	while (w->left && g->edges[w->first].from <= value) {
		w->node = g->edges[w->first].to;
		w->first++;
		w->left--;
	}
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t combine(struct graph *g, uint32_t f, uint32_t t, uint32_t e)
{
	uint32_t word = least(g->nodes[f].word, least(g->nodes[t].word, g->nodes[e].word));
	struct walker wf = walk_from(g, f, word), wt = walk_from(g, t, word),
		      we = walk_from(g, e, word);
	size_t base = g->n_work;
	uint32_t value = 0, result;

	for (;;) {
		uint32_t to = graph_if(g, wf.node, wt.node, we.node);

		if (!g->broken && !g->allowance--)
			g->broken = GRAPH_SPENT;
		if (g->broken)
			return 0;
		graph_push(g, base, value, to);
		if (!wf.left && !wt.left && !we.left)
			break;
		value = least(next_value(g, &wf), least(next_value(g, &wt), next_value(g, &we)));
		step_to(g, &wf, value);
		step_to(g, &wt, value);
		step_to(g, &we, value);
	}
	if (g->broken)
		return 0;
	result = graph_switch(g, word, g->work + base, g->n_work - base);
	g->n_work = base;
	return result;
}

uint32_t graph_if(struct graph *g, uint32_t f, uint32_t t, uint32_t e)
{
	struct graph_memo *memo;
	uint32_t result;

	if (g->broken)
		return 0;
	if (t == e)
		return t;
	if (g->nodes[f].word == GRAPH_LEAF)
		return g->nodes[f].first ? t : e;
	memo = &g->memo[mix(mix(mix(0, f), t), e) % MEMO_SLOTS];
	if (memo->age == g->age && memo->f == f && memo->t == t && memo->e == e)
		return memo->result;
	result = combine(g, f, t, e);
	if (!g->broken)
		*memo = (struct graph_memo){f, t, e, result, g->age};
	return result;
}
