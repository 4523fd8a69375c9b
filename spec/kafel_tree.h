/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_TREE_H
#define JAILRT_KAFEL_TREE_H
/*
 * kafel_tree: a policy as it is written, for no architecture yet. For spec/kafel*.c only.
 *
 * Constants that the policy defines are put in already. All of it lies on one pool.
 */
#include <stdbool.h>

#include "kafel.h"

enum kafel_expr_kind {
	KAFEL_X_NUMBER,
	KAFEL_X_NAME, /* an argument; or a constant of the kernel's */
	KAFEL_X_BITS_AND,
	KAFEL_X_BITS_OR,
	/* from here on conditions */
	KAFEL_X_COMPARE,
	KAFEL_X_MASK, /* a value that is not 0 (friendly) */
	KAFEL_X_NOT,
	KAFEL_X_AND,
	KAFEL_X_OR,
};

struct kafel_expr {
	enum kafel_expr_kind kind;
	enum rule_compare op;
	unsigned depth;
	struct kafel_at at;
	const char *name;
	uint64_t number;
	bool negative; /* written so */
	const struct kafel_expr *a, *b;
};

enum { KAFEL_ARGUMENTS = 6 };

struct kafel_filter {
	struct kafel_at at;
	const char *name; /* NULL: a number */
	uint32_t number;
	bool declares; /* names its arguments itself */
	const char *args[KAFEL_ARGUMENTS];
	unsigned n_args;
	uint32_t guard; /* bits by index into arches; 0: for all */
	const struct kafel_expr *when; /* NULL: always */
	/* What became of it for the present architecture. */
	bool dropped;
	uint32_t call;
	const struct rule_test *test;
};

struct kafel_action {
	uint32_t action; /* without data when that has a name */
	const char *data; /* a constant of the kernel's, as in ERRNO(EPERM) (friendly); or NULL */
	struct kafel_at at;
};

struct kafel_policy;

struct kafel_rule {
	struct kafel_policy *use; /* or: */
	struct kafel_action action;
	struct kafel_filter *v;
	size_t n;
};

struct kafel_policy {
	const char *name; /* NULL: what stands at top level */
	struct kafel_at at;
	struct kafel_rule *v;
	size_t n;
	bool has_otherwise;
	struct kafel_action otherwise;
	/* While rules are made. */
	bool used;
	size_t next;
	struct kafel_policy *back;
};

struct kafel_tree {
	struct kafel_policy *top;
	struct kafel_policy **v; /* in the order of their beginnings, with top if it has rules */
	size_t n;
};

#endif
