/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_BITS_H
#define JAILRT_BITS_H
/*
 * bits: conditions of seccomp rules as sets of arguments, exactly.
 *
 * A set is a decision diagram over the single bits of the six arguments (reduced and ordered, so equal
 * sets have equal numbers). Whether a rule can ever be reached, what one filter lets through that
 * another does not, and an example of it: all of that is read off the sets. What is compared with each
 * other lies next to each other in the order of bits, so that comparisons stay small.
 *
 * A struct bits is for one call: bits_begin forgets what was before. When it grows too large or memory
 * runs out `broken` is set, and the sets mean nothing any more.
 */
#include "rules.h"

enum { BITS_ARGS = 6, BITS_NONE = 0, BITS_ALL = 1 };

struct bits_node {
	uint16_t level; /* of the bit that is looked at */
	uint32_t no, yes;
};

struct bits_memo {
	uint32_t f, yes, no, result;
};

struct bits {
	struct bits_node *nodes;
	uint32_t *slots; /* hash of nodes; what is found, plus 1 */
	struct bits_memo *memo;
	uint32_t n, cap, n_slots;
	uint16_t level[BITS_ARGS][64]; /* of each bit */
	uint8_t arg[BITS_ARGS * 64], bit[BITS_ARGS * 64]; /* at each level */
	uint64_t mask[BITS_ARGS], value[BITS_ARGS]; /* bits that are known */
	bool broken;
};

void bits_done(struct bits *b);
#define own_bits own(bits_done)

/*
 * Forgets everything; sets are made from the tests of these slices only. narrow: the call's registers
 * have 32 bits.
 */
void bits_begin(struct bits *b, const struct rules_slice *slices, size_t n, bool narrow);

/* Bits of an argument that have one value only, before the first set is made. */
void bits_know(struct bits *b, unsigned arg, uint64_t mask, uint64_t value);

/* The arguments for which a test holds; NULL: always. */
uint32_t bits_of(struct bits *b, const struct rule_test *t);

/* Where f holds yes, elsewhere no: also "and" (f, g, NONE), "or" (f, ALL, g), "without" (g, NONE, f). */
uint32_t bits_if(struct bits *b, uint32_t f, uint32_t yes, uint32_t no);

/* A part of a set: the bits of mask have this value, all others any. */
struct bits_cube {
	uint64_t mask[BITS_ARGS], value[BITS_ARGS];
};

/* One of a set that is not empty: with few bits set, and few that matter. */
struct bits_cube bits_example(const struct bits *b, uint32_t set);

/* All of a set, in parts that do not overlap, until fn returns below 0. */
int bits_each(const struct bits *b, uint32_t set,
	int (*fn)(const struct bits_cube *cube, void *arg), void *arg);

/* Where a slice has which verdict; each verdict once, none of the sets empty. */
struct bits_region {
	uint32_t action, set;
};

struct bits_regions {
	struct bits_region *v;
	size_t n;
};

int bits_regions(struct bits *b, const struct rules_slice *slice, struct pool *pool,
	struct bits_regions *ret, struct err *e);

#endif
