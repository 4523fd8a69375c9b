/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_BPF_GRAPH_H
#define JAILRT_BPF_GRAPH_H
/*
 * bpf_graph: decision diagrams over 32-bit words. For runtime/bpf*.c only.
 *
 * A node is a leaf with a value, or a switch: a word and the intervals of its values, each with the
 * node that follows. Nodes and words are made once: equal ones have equal numbers, and a node's number
 * is greater than those of its followers. A word is something that the machine can have in its
 * accumulator: a word of struct seccomp_data, or an expression over such words.
 *
 * In an ordered diagram words come in the order of their numbers on every way down, which is what
 * graph_if needs and keeps. When memory runs out, or graph_if has made more edges than it may, `broken`
 * says so and what comes back is of no use.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"

enum word_kind { WORD_NUMBER, WORD_LOAD, WORD_AND, WORD_OR, WORD_EQ, WORD_GT, WORD_GE };

struct word {
	enum word_kind kind;
	uint32_t k; /* the number; where in struct seccomp_data */
	uint32_t a, b; /* words; of the last three the result is 0 or 1 */
	uint32_t bits, ones; /* which bits can be 1, which always are */
};

struct graph_edge {
	uint32_t from; /* the first value of the interval; it ends where the next begins */
	uint32_t to; /* a node */
};

enum { GRAPH_LEAF = UINT32_MAX };

struct graph_node {
	uint32_t word; /* GRAPH_LEAF: value is in first */
	uint32_t first, n; /* edges */
};

struct graph_index {
	uint32_t *slots; /* what is found, plus 1 */
	size_t cap, n;
};

struct graph_memo {
	uint32_t f, t, e, result, age;
};

enum graph_state { GRAPH_WHOLE, GRAPH_SPENT, GRAPH_NO_MEMORY };

struct graph {
	struct pool *pool;
	struct word *words;
	struct graph_node *nodes;
	struct graph_edge *edges;
	struct graph_edge *work; /* a stack of edges not yet in a node */
	size_t n_words, n_nodes, n_edges, n_work, cap_work;
	struct graph_index word_index, node_index;
	struct graph_memo *memo;
	uint32_t age;
	size_t allowance; /* edges that graph_if may still make */
	enum graph_state broken;
};

uint32_t graph_word(struct graph *g, struct word w);
uint32_t graph_number(struct graph *g, uint32_t k);
uint32_t graph_load(struct graph *g, uint32_t offset);
/* AND or OR of two words, folded where that can be said beforehand. */
uint32_t graph_join(struct graph *g, enum word_kind kind, uint32_t a, uint32_t b);

uint32_t graph_leaf(struct graph *g, uint32_t value);
/* The first edge begins at 0; edges may be a part of g->work, which is not popped. */
uint32_t graph_switch(struct graph *g, uint32_t word, const struct graph_edge *edges, size_t n);

/* Pushes onto the stack, unless the one below leads to the same node. */
void graph_push(struct graph *g, size_t base, uint32_t from, uint32_t to);

/* f leads to leaves 0 and 1: t in place of 1, e in place of 0. All three ordered, and the result. */
uint32_t graph_if(struct graph *g, uint32_t f, uint32_t t, uint32_t e);

/* A new allowance for graph_if; what it remembered is forgotten, and that it was spent. */
void graph_allow(struct graph *g, size_t edges);

#endif
