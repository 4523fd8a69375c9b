/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "../../spec/kafel_text.h"
#include "seccomp.h"

/*
 * seccomp diff: what one policy lets through and another does not, exactly: the sets of arguments are
 * subtracted from each other, and what is left has an example.
 */

struct comparison {
	struct cmd_call *c;
	struct rules side[2];
	const struct arch *arch;
	struct bits bits;
	struct str lines[2]; /* what only the first lets through, and only the second */
};

static void comparison_done(struct comparison *d)
{
	bits_done(&d->bits);
	str_done(&d->lines[0]);
	str_done(&d->lines[1]);
}

/* The arguments with which a call is let through. */
static int passing(struct comparison *d, const struct rules_slice *s, struct bits_regions *regions,
	uint32_t *ret)
{
	uint32_t set = BITS_NONE;

	TRY(bits_regions(&d->bits, s, &d->c->pool, regions, &d->c->err));
	list_each (i, *regions) {
		if (cmd_policy_lets(regions->v[i].action))
			set = bits_if(&d->bits, set, BITS_ALL, regions->v[i].set);
	}
	*ret = set;
	return 0;
}

/* The verdict on an example. */
static uint32_t judge(const struct comparison *d, int side, uint32_t call, const uint64_t *args)
{
	struct rule_call x = {.arch = d->arch->audit, .number = call};

	for (unsigned i = 0; i < BITS_ARGS; i++)
		x.args[i] = args[i];
	return rules_verdict(&d->side[side], &x);
}

static void put_line(struct comparison *d, int side, uint32_t call, uint32_t set)
{
	struct bits_cube cube = bits_example(&d->bits, set);
	struct str *out = &d->lines[side];

	str_add(out, "  ");
	cmd_policy_put_example(d->arch, call, &cube, out);
	str_add(out, set == BITS_ALL ? ": " : " and the like: ");
	cmd_policy_put_action(judge(d, side, call, cube.value), out);
	str_add(out, ", not ");
	cmd_policy_put_action(judge(d, !side, call, cube.value), out);
	str_addc(out, '\n');
}

static int compare_call(struct comparison *d, uint32_t call)
{
	struct rules_slice s[2];
	struct bits_regions regions[2];
	uint32_t set[2], rest;

	for (int i = 0; i < 2; i++)
		s[i] = rules_slice(&d->side[i], d->arch->audit, call);
	bits_begin(&d->bits, s, 2, !d->arch->wide);
	for (int i = 0; i < 2; i++) {
		if (passing(d, &s[i], &regions[i], &set[i]) < 0) {
			const char *name = arch_call_name(d->arch, call);

			return err_add(&d->c->err, "%s", name ? name : "a call");
		}
	}
	for (int i = 0; i < 2; i++) {
		rest = bits_if(&d->bits, set[!i], BITS_NONE, set[i]);
		if (d->bits.broken)
			return err_set(&d->c->err, E2BIG, "the conditions are too many to compare");
		if (rest != BITS_NONE)
			put_line(d, i, call, rest);
	}
	return 0;
}

/* --- which calls ---------------------------------------------------------------------------------- */

static int add_number(struct cmd_call *c, struct u32s *to, uint32_t call)
{
	uint32_t *v = pool_grow(&c->pool, to->v, to->n, sizeof(*v));

	if (!v)
		return err_memory(&c->err);
	to->v = v;
	v[to->n++] = call;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_listed(const struct u32s *calls, uint32_t call)
{
	return calls->n && bsearch(&call, calls->v, calls->n, sizeof(call), by_number);
}

/* Those without a name or a rule are alike between two of these; one each stands for them. */
static int add_nameless(struct comparison *d, struct u32s *to)
{
	uint32_t edges[6] = {0, 0x40000000, UINT32_MAX, 0x7fffffff};
	size_t named = to->n, n = 4;

	for (int i = 0; i < 2; i++) {
		const struct rules_arch *a = cmd_policy_side(&d->side[i], d->arch);

		if (a && a->has_newest)
			edges[n++] = a->newest + 1;
	}
	for (size_t i = 0; i < n; i++) {
		const struct u32s known = {to->v, named};
		uint32_t call = edges[i] | d->arch->bit;

		while (is_listed(&known, call) && call != UINT32_MAX)
			call++;
		if (!is_listed(&known, call))
			TRY(add_number(d->c, to, call));
	}
	return 0;
}

static int list_calls(struct comparison *d, struct u32s *ret)
{
	TRY(cmd_policy_calls(d->arch, &d->c->pool, ret, &d->c->err));
	for (int i = 0; i < 2; i++) {
		const struct rules_arch *a = cmd_policy_side(&d->side[i], d->arch);

		for (size_t k = 0; a && k < a->n; k++)
			TRY(add_number(d->c, ret, a->v[k].call));
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_number);
	TRY(add_nameless(d, ret));
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_number);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------------ */

static int compare_arch(struct comparison *d)
{
	struct u32s calls;

	TRY(list_calls(d, &calls));
	list_each (i, calls) {
		if (!i || calls.v[i] != calls.v[i - 1])
			TRY(compare_call(d, calls.v[i]));
	}
	return 0;
}

static void put_side(struct comparison *d, int side, struct str *out)
{
	if (!d->lines[side].len)
		return;
	str_addf(out, "%s: only '%s' allows:\n%s", d->arch->name, d->c->argv[side],
		d->lines[side].data);
	str_done(&d->lines[side]);
	d->lines[side] = (struct str){0};
}

int cmd_policy_diff(struct cmd_call *c)
{
	own(comparison_done) struct comparison d = {.c = c};
	own_str struct str out = {0};

	for (int i = 0; i < 2; i++) {
		if (cmd_policy_load(c, c->argv[i], &d.side[i]) < 0) {
			err_add(&c->err, "%s", c->argv[i]);
			return CMD_REFUSED;
		}
	}
	for (size_t i = 0; i < arches_n; i++) {
		d.arch = &arches[i];
		if (!cmd_policy_side(&d.side[0], d.arch) && !cmd_policy_side(&d.side[1], d.arch))
			continue;
		if (compare_arch(&d) < 0)
			return CMD_REFUSED;
		put_side(&d, 0, &out);
		put_side(&d, 1, &out);
	}
	if (str_check(&out, &c->err) < 0)
		return CMD_REFUSED;
	if (!out.len)
		return SECCOMP_SAME;
	return cmd_print(out.data) ? SECCOMP_TROUBLE : SECCOMP_DIFFERS;
}
