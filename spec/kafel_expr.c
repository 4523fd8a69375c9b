/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_expr.h"

#include <errno.h>

enum {
	DEPTH_MOST = 200, /* of a condition, kafel's own */
	NESTED_MOST = 4000, /* parentheses, which cost stack here */
};

static bool is_condition(const struct kafel_expr *x)
{
	return x->kind >= KAFEL_X_COMPARE;
}

static struct kafel_expr *new_expr(
	struct kafel_parser *p, enum kafel_expr_kind kind, struct kafel_at at)
{
	struct kafel_expr *x = POOL_NEW(p->w->pool, struct kafel_expr);

	if (!x) {
		kafel_no_memory(p->w);
		return NULL;
	}
	x->kind = kind;
	x->at = at;
	return x;
}

/*
 * What is too deep is not built: the walks over a condition recur. It is said when the whole condition
 * has been read, since kafel finds a wrong token first.
 */
static int join(struct kafel_parser *p, enum kafel_expr_kind kind, enum rule_compare op,
	const struct kafel_expr **left, const struct kafel_expr *right)
{
	const struct kafel_expr *a = *left;
	unsigned depth = right && right->depth > a->depth ? right->depth : a->depth;
	struct kafel_expr *x;

	if (depth + 1 > DEPTH_MOST) {
		p->deep = true;
		if (is_condition(a) == (kind >= KAFEL_X_COMPARE))
			return 0;
	}
	x = new_expr(p, kind, a->at);
	if (!x)
		return -ENOMEM;
	x->op = op;
	x->depth = depth + 1;
	x->a = a;
	x->b = right;
	*left = x;
	return 0;
}

static int enter(struct kafel_parser *p)
{
	if (p->nested == NESTED_MOST)
		return kafel_fail(p->w, KAFEL_NESTING, p->lex.token.at,
			"parentheses are nested deeper than %d", NESTED_MOST);
	p->nested++;
	return kafel_lex_next(&p->lex);
}

static int leave(struct kafel_parser *p, const char *wanted)
{
	p->nested--;
	return kafel_lex_expect(&p->lex, ')', wanted);
}

/* --- values ------------------------------------------------------------------------------------ */

static int value(
	struct kafel_parser *p, const struct kafel_expr *first, const struct kafel_expr **ret);

static int atom(struct kafel_parser *p, const struct kafel_expr **ret)
{
	const struct kafel_token *t = &p->lex.token;
	const struct kafel_constant *c;
	struct kafel_expr *x;

	if (kafel_lex_is(&p->lex, '(')) {
		TRY(enter(p));
		TRY(value(p, NULL, ret));
		return leave(p, "'&', '|' or ')'");
	}
	if (t->kind != TOKEN_NUMBER && t->kind != TOKEN_NAME)
		return kafel_lex_unexpected(&p->lex, "a number, a name or '('");
	x = new_expr(p, t->kind == TOKEN_NUMBER ? KAFEL_X_NUMBER : KAFEL_X_NAME, t->at);
	if (!x)
		return -ENOMEM;
	x->number = t->number;
	x->negative = t->negative;
	if (t->kind == TOKEN_NAME) {
		TRY(kafel_lex_name(&p->lex, &x->name));
		c = kafel_dict_find(&p->constants, x->name);
		if (c) {
			x->kind = KAFEL_X_NUMBER;
			x->number = c->value;
			x->negative = c->negative;
		}
	}
	*ret = x;
	return kafel_lex_next(&p->lex);
}

/* first: the first atom, when that has been read; else NULL. */
static int band(
	struct kafel_parser *p, const struct kafel_expr *first, const struct kafel_expr **ret)
{
	const struct kafel_expr *left = first, *right;

	if (!left)
		TRY(atom(p, &left));
	while (kafel_lex_is(&p->lex, '&')) {
		TRY(kafel_lex_next(&p->lex));
		TRY(atom(p, &right));
		TRY(join(p, KAFEL_X_BITS_AND, COMPARE_NE, &left, right));
	}
	*ret = left;
	return 0;
}

static int value(
	struct kafel_parser *p, const struct kafel_expr *first, const struct kafel_expr **ret)
{
	const struct kafel_expr *left, *right;

	TRY(band(p, first, &left));
	while (kafel_lex_is(&p->lex, '|')) {
		TRY(kafel_lex_next(&p->lex));
		TRY(band(p, NULL, &right));
		TRY(join(p, KAFEL_X_BITS_OR, COMPARE_NE, &left, right));
	}
	*ret = left;
	return 0;
}

/* --- conditions -------------------------------------------------------------------------------- */

static int inside(struct kafel_parser *p, const struct kafel_expr **ret);

static bool find_op(const struct kafel_token *t, enum rule_compare *ret)
{
	switch (t->kind) {
	case TOKEN_EQ:
		*ret = COMPARE_EQ;
		return true;
	case TOKEN_NE:
		*ret = COMPARE_NE;
		return true;
	case TOKEN_LE:
		*ret = COMPARE_LE;
		return true;
	case TOKEN_GE:
		*ret = COMPARE_GE;
		return true;
	case TOKEN_LETTER:
		*ret = t->letter == '<' ? COMPARE_LT : COMPARE_GT;
		return t->letter == '<' || t->letter == '>';
	default:
		return false;
	}
}

static int as_condition(struct kafel_parser *p, const struct kafel_expr **at)
{
	if (is_condition(*at))
		return 0;
	if (p->w->options->strict)
		return kafel_lex_unexpected(&p->lex, "a comparison (kafel takes no value alone)");
	return join(p, KAFEL_X_MASK, COMPARE_NE, at, NULL);
}

/* What stands between two operators. It may be a value when it is all that a parenthesis holds. */
static int unit(struct kafel_parser *p, bool may_be_value, const struct kafel_expr **ret)
{
	const struct kafel_expr *x = NULL, *right;
	unsigned nots = 0;
	enum rule_compare op;

	while (kafel_lex_is(&p->lex, '!')) {
		nots++;
		TRY(kafel_lex_next(&p->lex));
	}
	if (kafel_lex_is(&p->lex, '(')) {
		TRY(enter(p));
		TRY(inside(p, &x));
		TRY(leave(p, is_condition(x) ? "an operator or ')'" : "a comparison or ')'"));
	}
	if (!x || !is_condition(x)) {
		TRY(value(p, x, &x));
		if (find_op(&p->lex.token, &op)) {
			TRY(kafel_lex_next(&p->lex));
			TRY(value(p, NULL, &right));
			TRY(join(p, KAFEL_X_COMPARE, op, &x, right));
		} else if (nots || !may_be_value) {
			TRY(as_condition(p, &x));
		}
	}
	for (; nots && !p->deep; nots--)
		TRY(join(p, KAFEL_X_NOT, COMPARE_NE, &x, NULL));
	*ret = x;
	return 0;
}

/* Each of these goes on behind its first part, x. */
static int and_from(struct kafel_parser *p, const struct kafel_expr **x)
{
	const struct kafel_expr *right;

	while (p->lex.token.kind == TOKEN_BOTH) {
		TRY(as_condition(p, x));
		TRY(kafel_lex_next(&p->lex));
		TRY(unit(p, false, &right));
		TRY(join(p, KAFEL_X_AND, COMPARE_NE, x, right));
	}
	return 0;
}

static int or_from(struct kafel_parser *p, const struct kafel_expr **x)
{
	const struct kafel_expr *right;

	TRY(and_from(p, x));
	while (p->lex.token.kind == TOKEN_EITHER) {
		TRY(as_condition(p, x));
		TRY(kafel_lex_next(&p->lex));
		TRY(unit(p, false, &right));
		TRY(and_from(p, &right));
		TRY(join(p, KAFEL_X_OR, COMPARE_NE, x, right));
	}
	return 0;
}

static int comma_from(struct kafel_parser *p, const struct kafel_expr **x)
{
	const struct kafel_expr *right;

	TRY(or_from(p, x));
	while (kafel_lex_is(&p->lex, ',')) {
		TRY(as_condition(p, x));
		TRY(kafel_lex_next(&p->lex));
		if (!p->w->options->strict && !p->nested && kafel_lex_is(&p->lex, '}'))
			break;
		TRY(unit(p, false, &right));
		TRY(or_from(p, &right));
		TRY(join(p, KAFEL_X_OR, COMPARE_NE, x, right));
	}
	return 0;
}

static int inside(struct kafel_parser *p, const struct kafel_expr **ret)
{
	TRY(unit(p, true, ret));
	return comma_from(p, ret);
}

int kafel_condition(struct kafel_parser *p, const struct kafel_expr **ret)
{
	struct kafel_at at = p->lex.token.at;

	p->deep = false;
	p->nested = 0;
	TRY(unit(p, false, ret));
	TRY(comma_from(p, ret));
	if (p->deep && kafel_lex_is(&p->lex, '}'))
		return kafel_fail(p->w, KAFEL_DEEP, at,
			"the condition is deeper than %d: a chain of as many comparisons, or that "
			"many '!'; make several filters of it",
			DEPTH_MOST);
	return 0;
}
