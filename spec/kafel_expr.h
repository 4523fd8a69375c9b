/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_EXPR_H
#define JAILRT_KAFEL_EXPR_H
/*
 * kafel_expr: the conditions of kafel. For spec/kafel*.c only.
 *
 * From the tightest: '&', '|', comparisons, '!', "&&", "||", ','. A comma means "or".
 */
#include "kafel_dict.h"
#include "kafel_lex.h"
#include "kafel_tree.h"

struct kafel_constant {
	uint64_t value;
	bool negative;
	struct kafel_at at;
};

/* What the parser knows. */
struct kafel_parser {
	struct kafel_work *w;
	struct kafel_lex lex;
	struct kafel_dict constants, policies;
	struct kafel_tree *tree;
	unsigned nested; /* parentheses */
	bool deep; /* the present condition */
};

/* A condition, up to the '}' that closes it. */
int kafel_condition(struct kafel_parser *p, const struct kafel_expr **ret);

#endif
