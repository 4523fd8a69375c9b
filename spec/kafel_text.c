/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafel_names.h"

/* How conditions are spelt. */
struct style {
	const char *ops[6];
	const char *and, * or, *not_;
	bool words;
};

static const struct style kafel = {
	.ops = {" == ", " != ", " < ", " <= ", " > ", " >= "},
	.and = " && ",
	.or = " || ",
	.not_ = "!",
};
static const struct style words = {
	.ops = {" is ", " is not ", " is below ", " is at most ", " is above ", " is at least "},
	.and = " and ",
	.or = " or ",
	.not_ = "not ",
	.words = true,
};

struct printer {
	const struct style *style;
	struct kafel_args args;
	bool known; /* the arguments' names, and kafel can say them */
	struct str *out;
};

/* Kafel has no identifiers that begin with an underscore. */
static struct printer printer_of(
	const struct style *style, const struct arch *arch, uint32_t call, struct str *out)
{
	struct kafel_machine m = kafel_machine(arch);
	struct printer p = {.style = style, .out = out};

	p.known = kafel_args(&m, kafel_call_of(&m, call).kernel, &p.args);
	for (unsigned i = 0; p.known && !style->words && i < p.args.n; i++)
		p.known = p.args.name[i][0] != '_';
	return p;
}

static bool has_name(const struct printer *p, unsigned arg)
{
	return p->known && arg < p->args.n;
}

static void put_arg(const struct printer *p, unsigned arg)
{
	if (has_name(p, arg))
		str_add(p->out, p->args.name[arg]);
	else
		str_addf(p->out, "arg%u", arg);
}

void kafel_text_arg(const struct arch *arch, uint32_t call, unsigned arg, struct str *out)
{
	const struct printer p = printer_of(&words, arch, call, out);

	put_arg(&p, arg);
}

void kafel_text_number(uint64_t number, struct str *out)
{
	str_addf(out, number < 4096 ? "%llu" : "0x%llx", (unsigned long long)number);
}

void kafel_text_call(const struct arch *arch, uint32_t call, struct str *out)
{
	const char *name = arch_call_name(arch, call);

	if (name)
		str_add(out, name);
	else
		str_addf(out, "%u", call);
}

/* --- values --------------------------------------------------------------------------------------- */

/* What kafel goes by when it chooses how many bits to compare (kafel.h). */
struct width {
	bool arg, wide_arg, unnamed;
};

static void look(const struct printer *p, const struct rule_value *v, struct width *w)
{
	switch (v->kind) {
	case VALUE_ARG:
		w->arg = true;
		/* One that the policy has to name itself is wide in kafel. */
		w->wide_arg |= !has_name(p, v->arg) || p->args.wide[v->arg];
		w->unnamed |= !has_name(p, v->arg) && !p->style->words;
		return;
	case VALUE_NUMBER:
		return;
	default:
		look(p, v->left, w);
		look(p, v->right, w);
	}
}

/* What is to be done to an argument so that it is compared in the width that is due. */
enum fit { FIT_AS_IS, FIT_LOW, FIT_ALL };

static void put_fitted(const struct printer *p, unsigned arg, enum fit fit)
{
	if (fit == FIT_ALL && p->style->words) {
		str_add(p->out, "all 64 bits of ");
		put_arg(p, arg);
		return;
	}
	if (fit != FIT_AS_IS)
		str_addc(p->out, '(');
	put_arg(p, arg);
	if (fit == FIT_LOW)
		str_add(p->out, " & 0xffffffff)");
	if (fit == FIT_ALL) {
		/* The same value; but the number makes kafel look at all bits. */
		str_add(p->out, " | ");
		put_arg(p, arg);
		str_add(p->out, " & 0xffffffff00000000)");
	}
}

static void put_value(
	const struct printer *p, const struct rule_value *v, enum fit fit, bool nested)
{
	uint64_t number = v->number;

	switch (v->kind) {
	case VALUE_ARG:
		put_fitted(p, v->arg, fit);
		return;
	case VALUE_NUMBER:
		if (nested)
			str_addf(p->out, "0x%llx", (unsigned long long)number);
		else
			kafel_text_number(number, p->out);
		return;
	default:
		str_addc(p->out, '(');
		put_value(p, v->left, fit, true);
		str_add(p->out, v->kind == VALUE_AND ? " & " : " | ");
		put_value(p, v->right, fit, true);
		str_addc(p->out, ')');
	}
}

/* Of a comparison of 32 bits nothing above them counts, in masks neither. */
static const struct rule_value *low_half(struct pool *pool, const struct rule_value *v)
{
	if (v->kind == VALUE_ARG)
		return v;
	if (v->kind == VALUE_NUMBER)
		return rule_value_number(pool, (uint32_t)v->number);
	return rule_value_join(pool, v->kind, low_half(pool, v->left), low_half(pool, v->right));
}

/* --- conditions ----------------------------------------------------------------------------------- */

static void put_compare(const struct printer *p, const struct rule_test *t)
{
	own_pool struct pool pool = {0};
	const struct rule_value *left = t->left, *right = t->right;
	struct width w = {0};
	enum fit fit = FIT_AS_IS;

	if (!t->wide) {
		left = low_half(&pool, left);
		right = low_half(&pool, right);
	}
	if (!left || !right) {
		p->out->broken = true;
		return;
	}
	look(p, left, &w);
	look(p, right, &w);
	if (!t->wide && w.wide_arg)
		fit = FIT_LOW;
	/* Elsewhere a number of more bits may be folded away. And friendly knows what it is not told. */
	if (t->wide && w.arg && (!w.wide_arg || w.unnamed) &&
		!(t->right->kind == VALUE_NUMBER && t->right->number > UINT32_MAX))
		fit = FIT_ALL;
	put_value(p, left, fit, false);
	str_add(p->out, p->style->ops[t->op]);
	put_value(p, right, fit, false);
}

static void put_test(const struct printer *p, const struct rule_test *t, bool nested)
{
	const char *between;

	switch (t->kind) {
	case TEST_ALWAYS:
	case TEST_NEVER:
		str_add(p->out, p->style->words ? (t->kind == TEST_ALWAYS ? "always" : "never")
						: (t->kind == TEST_ALWAYS ? "0 == 0" : "0 == 1"));
		return;
	case TEST_NOT:
		str_add(p->out, p->style->not_);
		str_addc(p->out, '(');
		put_test(p, t->a, false);
		str_addc(p->out, ')');
		return;
	case TEST_AND:
	case TEST_OR:
		between = t->kind == TEST_AND ? p->style->and : p->style->or ;
		if (nested)
			str_addc(p->out, '(');
		put_test(p, t->a, t->a->kind != t->kind);
		str_add(p->out, between);
		put_test(p, t->b, t->b->kind != t->kind);
		if (nested)
			str_addc(p->out, ')');
		return;
	default:
		put_compare(p, t);
	}
}

void kafel_text_words(
	const struct arch *arch, uint32_t call, const struct rule_test *t, struct str *out)
{
	const struct printer p = printer_of(&words, arch, call, out);

	put_test(&p, t, false);
}

/* --- the policy ----------------------------------------------------------------------------------- */

static void put_action(uint32_t action, struct str *out)
{
	char text[32];

	action_text(action, text);
	str_add(out, text);
}

static bool value_uses(const struct rule_value *v, unsigned from)
{
	if (v->kind == VALUE_AND || v->kind == VALUE_OR)
		return value_uses(v->left, from) || value_uses(v->right, from);
	return v->kind == VALUE_ARG && v->arg >= from;
}

/* An argument from this one on. */
static bool test_uses(const struct rule_test *t, unsigned from)
{
	switch (t->kind) {
	case TEST_NOT:
		return test_uses(t->a, from);
	case TEST_AND:
	case TEST_OR:
		return test_uses(t->a, from) || test_uses(t->b, from);
	case TEST_COMPARE:
		return value_uses(t->left, from) || value_uses(t->right, from);
	default:
		return false;
	}
}

static void put_filter(const struct arch *arch, const struct rule *r, struct str *out)
{
	struct printer p = printer_of(&kafel, arch, r->call, out);
	struct kafel_machine m = kafel_machine(arch);
	const char *name = kafel_call_of(&m, r->call).kernel;

	if (name)
		str_add(out, name);
	else
		str_addf(out, "SYSCALL[%u]", r->call);
	if (!r->when)
		return;
	p.known = p.known && !test_uses(r->when, p.args.n);
	if (!p.known) {
		/* A policy that names one argument itself names all. */
		str_addc(out, '(');
		for (unsigned i = 0; i < KAFEL_ARGS; i++)
			str_addf(out, "%sarg%u", i ? ", " : "", i);
		str_addc(out, ')');
	}
	str_add(out, " { ");
	put_test(&p, r->when, false);
	str_add(out, " }");
}

struct listed {
	const struct rule *rule;
	size_t depth; /* its place among those of its call */
	bool done;
};

/* A line holds several filters, but one that has a condition only itself. */
static void put_between(const struct rule *last, const struct rule *r, size_t line, struct str *out)
{
	enum { COLUMNS = 90 };

	if (last)
		str_addc(out, ',');
	str_add(out, !last || last->when || r->when || out->len - line > COLUMNS ? "\n\t" : " ");
}

/* All filters of one action at one depth, as one block. */
static void put_block(
	const struct arch *arch, struct listed *v, size_t n, size_t from, struct str *out)
{
	const struct listed *first = &v[from];
	const struct rule *last = NULL;
	size_t line = out->len;

	put_action(first->rule->action, out);
	str_add(out, " {");
	for (size_t i = from; i < n; i++) {
		if (v[i].done || v[i].depth != first->depth ||
			v[i].rule->action != first->rule->action)
			continue;
		put_between(last, v[i].rule, line, out);
		if (out->data && out->data[out->len - 1] == '\t')
			line = out->len;
		put_filter(arch, v[i].rule, out);
		last = v[i].rule;
		if (i != from)
			v[i].done = true;
	}
	v[from].done = true;
	str_add(out, "\n}\n");
}

/*
 * Rules of different calls do not meet, so each call's first ones can stand together before all second
 * ones, and so on: then calls with the same action share a block.
 */
static int put_rules(
	const struct arch *arch, const struct rule *v, size_t n, struct str *out, struct err *e)
{
	own_free struct listed *list = calloc(n + 1, sizeof(*list));
	size_t deepest = 0;

	if (!list)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		bool again = i && v[i - 1].call == v[i].call;

		list[i] = (struct listed){&v[i], again ? list[i - 1].depth + 1 : 0, false};
		/* What stands behind a rule without a condition is never reached. */
		list[i].done = again && (list[i - 1].done || !v[i - 1].when);
		if (list[i].depth > deepest)
			deepest = list[i].depth;
	}
	for (size_t depth = 0; depth <= deepest; depth++) {
		for (size_t i = 0; i < n; i++) {
			if (!list[i].done && list[i].depth == depth)
				put_block(arch, list, n, i, out);
		}
	}
	return 0;
}

/*
 * Kafel has one default, and here what is above the newest call has another one: that becomes kafel's,
 * and what is below and has no rule gets one.
 */
static int fill(
	const struct rules_arch *a, struct pool *pool, struct rules_arch *ret, struct err *e)
{
	enum { MOST = 1 << 14 };
	size_t i = 0;

	*ret = (struct rules_arch){.arch = a->arch, .otherwise = a->beyond};
	if (a->newest - a->arch->bit > MOST)
		return err_set(e, EOVERFLOW,
			"kafel cannot say that calls above number %u have another verdict",
			a->newest);
	for (uint32_t call = a->arch->bit; call <= a->newest; call++) {
		bool any = false;
		struct rule *r;

		for (; i < a->n && a->v[i].call == call; i++) {
			r = rules_add(ret, pool);
			if (!r)
				return err_memory(e);
			*r = a->v[i];
			any = !r->when;
		}
		if (any)
			continue;
		r = rules_add(ret, pool);
		if (!r)
			return err_memory(e);
		*r = (struct rule){call, a->otherwise, NULL, NULL};
	}
	for (; i < a->n; i++) {
		struct rule *r = rules_add(ret, pool);

		if (!r)
			return err_memory(e);
		*r = a->v[i];
	}
	return 0;
}

int kafel_text_policy(const struct rules_arch *a, struct str *out, struct err *e)
{
	own_pool struct pool pool = {0};
	struct rules_arch filled = *a;

	if (a->arch->bit)
		return err_set(e, EOVERFLOW, "kafel has no word for %s", a->arch->name);
	if (a->has_newest && a->beyond != a->otherwise)
		TRY(fill(a, &pool, &filled, e));
	TRY(put_rules(a->arch, filled.v, filled.n, out, e));
	str_add(out, "DEFAULT ");
	put_action(filled.otherwise, out);
	str_addc(out, '\n');
	return str_check(out, e);
}
