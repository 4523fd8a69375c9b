/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_resolve.h"

#include <string.h>

#include "../runtime/base/fmt.h"

/* What comes later gets no suggestion: a search through all names, for each of a million, has no end. */
enum { SUGGESTIONS_MOST = 32 };

struct resolver {
	struct kafel_work *w;
	const struct kafel_machine *m;
	const struct kafel_filter *filter;
	const char *kernel; /* the call's name there; NULL: not known */
	struct kafel_args args; /* with the names that count */
	struct kafel_args real; /* as the kernel has them */
	bool known; /* real is */
	bool unknown; /* a name of the condition is */
};

static bool strict(const struct resolver *r)
{
	return r->w->options->strict;
}

/* --- names ------------------------------------------------------------------------------------- */

static int find_arg(const struct kafel_args *args, const char *name)
{
	for (unsigned i = 0; i < args->n; i++) {
		if (!strcmp(args->name[i], name))
			return (int)i;
	}
	return -1;
}

/* N of "argN", or -1. */
static int position(const char *name)
{
	if (strncmp(name, "arg", 3) != 0 || name[3] < '0' || name[3] > '5' || name[4])
		return -1;
	return name[3] - '0';
}

/* The kernel itself calls arguments so, and counts from 1 (prctl, keyctl). */
static bool has_positions(const struct kafel_args *args)
{
	for (unsigned i = 0; i < args->n; i++) {
		if (position(args->name[i]) >= 0)
			return true;
	}
	return false;
}

/* An argument of the call: its index, or -1. */
static int argument(const struct resolver *r, const char *name)
{
	int i = find_arg(&r->args, name);

	if (i >= 0)
		return i;
	if (!r->filter->declares && r->kernel) {
		i = kafel_arg_alias(r->kernel, name, strict(r));
		if (i >= 0 && (unsigned)i < r->args.n)
			return i;
	}
	i = position(name);
	if (strict(r) || i < 0 || has_positions(&r->args))
		return -1;
	return !r->known || (unsigned)i < r->real.n ? i : -1;
}

/* What an unknown name in a condition may have been meant as; false when nobody knows. */
static bool hint(const struct resolver *r, const char *name, char *buf, size_t size)
{
	const char *near = NULL;
	unsigned least = 3;
	int i = r->kernel && !r->filter->declares ? kafel_arg_alias(r->kernel, name, false) : -1;

	if (i < 0 && !has_positions(&r->args))
		i = position(name);
	if (i >= 0 && (unsigned)i < r->args.n)
		near = r->args.name[i];
	for (unsigned k = 0; !near && k < r->args.n; k++) {
		unsigned d = fmt_distance(r->args.name[k], name);

		if (d < least && d * 2 <= strlen(name)) {
			least = d;
			near = r->args.name[k];
		}
	}
	if (!near && !strict(r))
		near = kafel_constant_nearest(r->m, name);
	if (near)
		fmt_put(buf, size, "; did you mean '%.60s'?", near);
	return near;
}

static void unknown_name(struct resolver *r, const struct kafel_expr *x)
{
	char text[256], *at = text;
	size_t left = sizeof(text), n;
	uint64_t value;

	text[0] = '\0';
	if (r->w->errors < SUGGESTIONS_MOST && !hint(r, x->name, text, sizeof(text))) {
		for (unsigned i = 0; i < r->args.n; i++) {
			n = fmt_put(at, left, "%s%.20s", i ? ", " : " (it has: ", r->args.name[i]);
			at += n;
			left -= n;
		}
		if (r->args.n)
			fmt_put(at, left, ")");
		else if (strict(r) && kafel_constant(r->m, x->name, &value))
			fmt_put(at, left, "; kafel knows no constants but those of #define");
	}
	kafel_fail(r->w, KAFEL_UNKNOWN, x->at,
		"unknown name '%.60s': neither an argument of '%.60s'%s "
		"nor a constant%s",
		x->name, r->filter->name ? r->filter->name : "this number",
		text[0] == ' ' ? text : "", text[0] == ' ' ? "" : text);
	r->unknown = true;
}

/* --- values ------------------------------------------------------------------------------------ */

static const struct rule_value *number(struct resolver *r, uint64_t n)
{
	return rule_value_number(r->w->pool, n);
}

static const struct rule_value *name(struct resolver *r, const struct kafel_expr *x)
{
	int i = argument(r, x->name);
	uint64_t value;

	if (i >= 0)
		return rule_value_arg(r->w->pool, (unsigned)i);
	if (!strict(r) && kafel_constant(r->m, x->name, &value))
		return number(r, value);
	unknown_name(r, x);
	return number(r, 1);
}

/* Folds as kafel does: what is folded away has no say in the width. */
static const struct rule_value *join(struct resolver *r, enum rule_value_kind kind,
	const struct rule_value *a, const struct rule_value *b)
{
	const struct rule_value *k, *x;
	uint64_t ruling = kind == VALUE_AND ? 0 : UINT64_MAX; /* what makes all of it itself */

	if (!a || !b)
		return NULL;
	if (a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER)
		return number(r, kind == VALUE_AND ? a->number & b->number : a->number | b->number);
	k = a->kind == VALUE_NUMBER ? a : b;
	x = a->kind == VALUE_NUMBER ? b : a;
	if (k->kind == VALUE_NUMBER && k->number == ruling)
		return k;
	if (k->kind == VALUE_NUMBER && k->number == ~ruling)
		return x;
	return rule_value_join(r->w->pool, kind, a, b);
}

/* NULL: out of memory. */
static const struct rule_value *value(struct resolver *r, const struct kafel_expr *x)
{
	const struct rule_value *a;

	switch (x->kind) {
	case KAFEL_X_NUMBER:
		return number(r, x->number);
	case KAFEL_X_NAME:
		return name(r, x);
	default:
		a = value(r, x->a);
		return join(
			r, x->kind == KAFEL_X_BITS_AND ? VALUE_AND : VALUE_OR, a, value(r, x->b));
	}
}

static bool is_wide(const struct resolver *r, const struct rule_value *v)
{
	switch (v->kind) {
	case VALUE_NUMBER:
		return v->number > UINT32_MAX;
	case VALUE_ARG:
		return v->arg >= r->args.n || r->args.wide[v->arg];
	default:
		return is_wide(r, v->left) || is_wide(r, v->right);
	}
}

/* --- conditions -------------------------------------------------------------------------------- */

static const struct rule_test always = {.kind = TEST_ALWAYS}, never = {.kind = TEST_NEVER};

/* "dfd == -100" holds for a sign-extended register only, which C libraries do not pass. */
static void warn_negative(
	struct resolver *r, const struct kafel_expr *x, const struct rule_value *v)
{
	if (x->kind == KAFEL_X_NUMBER && x->negative && v->kind == VALUE_ARG && !is_wide(r, v))
		kafel_warn(r->w, x->at, "a negative number has 64 bits, '%.60s' has 32: write 0x%x",
			r->args.name[v->arg], (uint32_t)x->number);
}

static const struct rule_test *compare(struct resolver *r, enum rule_compare op,
	const struct rule_value *a, const struct rule_value *b)
{
	bool same = a && b && a->kind == VALUE_ARG && b->kind == VALUE_ARG && a->arg == b->arg;
	const struct rule_test *t = rule_test_compare(
		r->w->pool, op, a && b && (is_wide(r, a) || is_wide(r, b)), a, b);
	static const struct rule_call none;

	if (!t || !(same || (a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER)))
		return t;
	return rule_test_holds(t, &none) ? &always : &never;
}

static const struct rule_test *comparison(struct resolver *r, const struct kafel_expr *x)
{
	const struct rule_value *a = value(r, x->a), *b = value(r, x->b);

	if (a && b) {
		warn_negative(r, x->b, a);
		warn_negative(r, x->a, b);
	}
	return compare(r, x->op, a, b);
}

static const struct rule_test *mask(struct resolver *r, const struct kafel_expr *x)
{
	const struct rule_value *v = value(r, x->a);

	if (v && v->kind == VALUE_NUMBER && !v->number && !r->unknown)
		kafel_fail(r->w, KAFEL_NEVER, x->at,
			"this is always 0, so it never holds: compare with '=='");
	return compare(r, COMPARE_NE, v, number(r, 0));
}

static const struct rule_test *test(struct resolver *r, const struct kafel_expr *x)
{
	const struct rule_test *a, *b = NULL, *rules;

	if (x->kind == KAFEL_X_COMPARE)
		return comparison(r, x);
	if (x->kind == KAFEL_X_MASK)
		return mask(r, x);
	a = test(r, x->a);
	if (x->kind != KAFEL_X_NOT)
		b = test(r, x->b);
	if (!a || (x->kind != KAFEL_X_NOT && !b))
		return NULL;
	if (x->kind == KAFEL_X_NOT)
		return a == &always  ? &never
		       : a == &never ? &always
				     : rule_test_join(r->w->pool, TEST_NOT, a, NULL);
	rules = x->kind == KAFEL_X_AND ? &never : &always;
	if (a == rules || b == rules)
		return rules;
	if (a == &always || a == &never)
		return b;
	if (b == &always || b == &never)
		return a;
	return rule_test_join(r->w->pool, x->kind == KAFEL_X_AND ? TEST_AND : TEST_OR, a, b);
}

/* --- filters ----------------------------------------------------------------------------------- */

static void unknown_call(struct resolver *r, int why)
{
	const struct kafel_filter *f = r->filter;
	const char *near = r->w->errors < SUGGESTIONS_MOST
				   ? kafel_call_nearest(r->m, f->name, strict(r))
				   : NULL;

	kafel_fail(r->w, KAFEL_UNKNOWN, f->at,
		why == CALL_NONE ? "%s has no system call '%.60s'%s%.60s%s"
				 : "unknown system call on %s: '%.60s'%s%.60s%s",
		r->m->arch->name, f->name, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

static bool find_call(struct resolver *r, struct kafel_filter *f)
{
	struct kafel_call call = {.number = f->number};

	if (f->name) {
		int why = kafel_call(r->m, f->name, strict(r), &call);

		if (why < 0) {
			unknown_call(r, why);
			return false;
		}
	} else if (!strict(r) && f->when) { /* kafel knows no arguments of a number */
		call = kafel_call_of(r->m, f->number);
	}
	f->call = call.number;
	r->kernel = call.kernel;
	return true;
}

/*
 * Strict: what a policy names itself is 64 bits wide. That lets a caller slip past "domain == 2" with
 * bits that the kernel drops, so in friendly mode it is as wide as the kernel takes it.
 */
static void find_args(struct resolver *r)
{
	const struct kafel_filter *f = r->filter;

	r->known = kafel_args(r->m, r->kernel, &r->real);
	r->args = (struct kafel_args){0};
	if (!f->declares) {
		r->args = r->real;
		return;
	}
	r->args.n = strict(r) || f->n_args > r->real.n ? f->n_args : r->real.n;
	for (unsigned i = 0; i < r->args.n; i++) {
		r->args.name[i] = i < f->n_args ? f->args[i] : "";
		r->args.wide[i] = strict(r) || !r->known || i >= r->real.n || r->real.wide[i];
	}
}

int kafel_resolve(struct kafel_work *w, const struct kafel_machine *m, struct kafel_filter *f)
{
	struct resolver r = {.w = w, .m = m, .filter = f};

	f->test = NULL;
	f->dropped = f->guard && !(f->guard & 1u << (m->arch - arches));
	if (f->dropped || !find_call(&r, f) || !f->when)
		return 0;
	find_args(&r);
	f->test = test(&r, f->when);
	if (!f->test)
		return kafel_no_memory(w);
	f->dropped = f->test == &never;
	if (f->test == &always)
		f->test = NULL;
	return 0;
}

int kafel_resolve_action(struct kafel_work *w, const struct kafel_machine *m,
	const struct kafel_action *a, uint32_t *ret)
{
	uint64_t value;

	*ret = a->action;
	if (!a->data)
		return 0;
	if (!kafel_constant(m, a->data, &value)) {
		const char *near = w->errors < SUGGESTIONS_MOST ? kafel_constant_nearest(m, a->data)
								: NULL;

		return kafel_fail(w, KAFEL_UNKNOWN, a->at, "unknown constant '%.60s'%s%.60s%s",
			a->data, near ? "; did you mean '" : "", near ? near : "",
			near ? "'?" : "");
	}
	if (value > UINT16_MAX)
		return kafel_fail(w, KAFEL_ACTION_DATA, a->at,
			"'%.60s' is 0x%llx here: this must be a number from 0 to 65535", a->data,
			(unsigned long long)value);
	*ret |= (uint32_t)value;
	return 0;
}
