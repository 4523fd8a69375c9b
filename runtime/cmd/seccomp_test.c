/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <linux/seccomp.h>
#include <string.h>

#include "../../spec/kafel_names.h"
#include "../base/fmt.h"
#include "seccomp.h"

/*
 * seccomp test: the verdict on a call as one writes it: openat(AT_FDCWD, "x", O_RDONLY). Where a pointer
 * points to no filter can know, so a string is any value, as is '?' and what is not given.
 */

struct question {
	const char *text, *at;
	struct kafel_machine machine;
	struct kafel_call call;
	struct kafel_args args;
	bool named; /* the arguments have names */
	bool known[BITS_ARGS];
	uint64_t value[BITS_ARGS];
	struct err *e;
};

static int bad(struct question *q, const char *what)
{
	return err_set(q->e, EINVAL, "%s:%zu: %s", q->text, (size_t)(q->at - q->text) + 1, what);
}

static void skip_blank(struct question *q)
{
	while (*q->at == ' ' || *q->at == '\t')
		q->at++;
}

static bool take(struct question *q, char c)
{
	skip_blank(q);
	if (*q->at != c)
		return false;
	q->at++;
	return true;
}

static int take_word(struct question *q, char *to, size_t size)
{
	size_t n = 0;

	skip_blank(q);
	while (isalnum((unsigned char)q->at[n]) || q->at[n] == '_')
		n++;
	if (!n || n >= size)
		return bad(q, n ? "the name is too long" : "a name or a number is due");
	fmt_put(to, size, "%.*s", (int)n, q->at);
	q->at += n;
	return 0;
}

/* --- the call ------------------------------------------------------------------------------------- */

static int find_call(struct question *q, const char *name)
{
	uint64_t number;
	int r;

	if (isdigit((unsigned char)*name)) {
		if (fmt_u64(name, strlen(name), &number) < 0 || number > UINT32_MAX)
			return bad(q, "no number of a call");
		q->call = kafel_call_of(&q->machine, (uint32_t)number);
	} else {
		r = kafel_call(&q->machine, name, false, &q->call);
		if (r < 0) {
			const char *near = kafel_call_nearest(&q->machine, name, false);

			return err_set(q->e, EINVAL, "%s has no call '%s'%s%s%s",
				q->machine.arch->name, name, near ? "; did you mean '" : "",
				near ? near : "", near ? "'?" : "");
		}
	}
	q->named = kafel_args(&q->machine, q->call.kernel, &q->args);
	return 0;
}

static int find_arg(struct question *q, const char *name)
{
	uint64_t number;
	int i;

	for (i = 0; q->named && i < (int)q->args.n; i++) {
		if (!strcmp(q->args.name[i], name))
			return i;
	}
	if (q->call.kernel) {
		i = kafel_arg_alias(q->call.kernel, name, false);
		if (i >= 0)
			return i;
	}
	if (!strncmp(name, "arg", 3) && fmt_u64(name + 3, strlen(name + 3), &number) >= 0 &&
		number < BITS_ARGS)
		return (int)number;
	return err_set(q->e, EINVAL, "%s: the call has no argument '%s'", q->text, name);
}

/* --- values --------------------------------------------------------------------------------------- */

/* What a program is free to put there: a string, a structure, or nothing that is said. */
static int skip_unknown(struct question *q)
{
	static const char closing[] = "\"\"{}[]";
	const char *kind = strchr(closing, *q->at);
	char open = *q->at, close = kind[1];
	unsigned depth = 0;

	for (; *q->at; q->at++) {
		if (*q->at == '\\' && open == '"' && q->at[1]) {
			q->at++;
			continue;
		}
		if (depth && *q->at == close) {
			if (!--depth) {
				q->at++;
				return 0;
			}
		} else if (*q->at == open) {
			depth++;
		}
	}
	return bad(q, "it has no end");
}

static int constant(struct question *q, const char *word, uint64_t *ret)
{
	const char *near;

	if (!strcmp(word, "NULL")) {
		*ret = 0;
		return 0;
	}
	if (kafel_constant(&q->machine, word, ret))
		return 0;
	near = kafel_constant_nearest(&q->machine, word);
	return err_set(q->e, EINVAL, "%s: '%s' is no constant that is known here%s%s%s", q->text,
		word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int digits(const char *word, unsigned base, uint64_t *ret)
{
	uint64_t v = 0;

	for (const char *s = word; *s; s++) {
		const char *all = "0123456789abcdef", *at = strchr(all, tolower((unsigned char)*s));

		if (!at || (unsigned)(at - all) >= base || v > (UINT64_MAX - base) / base)
			return -EINVAL;
		v = v * base + (uint64_t)(at - all);
	}
	*ret = v;
	return *word ? 0 : -EINVAL;
}

static int number(struct question *q, const char *word, uint64_t *ret)
{
	int r;

	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'b'))
		r = digits(word + 2, word[1] == 'x' ? 16 : 2, ret);
	else
		r = digits(word, word[0] == '0' ? 8 : 10, ret);
	return r < 0 ? bad(q, "no number of 64 bits") : 0;
}

static int term(struct question *q, uint64_t *ret)
{
	bool minus = take(q, '-');
	char word[64];

	TRY(take_word(q, word, sizeof(word)));
	TRY(isdigit((unsigned char)*word) ? number(q, word, ret) : constant(q, word, ret));
	if (minus)
		*ret = -*ret;
	return 0;
}

/* A C library hands an int over with zeros in the upper half, whatever its sign. */
static uint64_t as_passed(const struct question *q, int arg, uint64_t v)
{
	bool narrow = q->named && arg < (int)q->args.n && !q->args.wide[arg];

	return narrow && (int64_t)v < 0 && (int64_t)v >= INT32_MIN ? (uint32_t)v : v;
}

static int value(struct question *q, int arg)
{
	uint64_t all = 0, one;
	char word[64];

	skip_blank(q);
	if (*q->at == '?') {
		q->at++;
		return 0;
	}
	if (*q->at && strchr("\"{[", *q->at))
		return skip_unknown(q);
	if (take(q, '&'))
		return take_word(q, word, sizeof(word));
	do {
		TRY(term(q, &one));
		all |= one;
	} while (take(q, '|'));
	q->known[arg] = true;
	q->value[arg] = as_passed(q, arg, all);
	return 0;
}

/* "NAME=" in front of a value; 0 when there is none. */
static bool has_name(const struct question *q)
{
	const char *s = q->at + strspn(q->at, " \t");
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	s += n;
	return n && s[strspn(s, " \t")] == '=';
}

static int argument(struct question *q, int position)
{
	char word[64];
	int arg = position;

	if (has_name(q)) {
		TRY(take_word(q, word, sizeof(word)));
		(void)take(q, '=');
		arg = TRY(find_arg(q, word));
	}
	if (arg >= BITS_ARGS || (q->named && arg >= (int)q->args.n))
		return bad(q, "the call has no more arguments");
	return value(q, arg);
}

static int parse(struct question *q)
{
	char word[64];
	int n = 0;

	q->at = q->text;
	TRY(take_word(q, word, sizeof(word)));
	TRY(find_call(q, word));
	if (take(q, '(') && !take(q, ')')) {
		do
			TRY(argument(q, n++));
		while (take(q, ','));
		if (!take(q, ')'))
			return bad(q, "',' or ')' is due");
	}
	skip_blank(q);
	return *q->at ? bad(q, "the call has ended") : 0;
}

/* --- the answer ----------------------------------------------------------------------------------- */

static int status_of(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return SECCOMP_ALLOWED;
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_TRACE:
		return SECCOMP_ASKS;
	case SECCOMP_RET_ERRNO:
		return SECCOMP_ERRNO;
	case SECCOMP_RET_TRAP:
		return SECCOMP_TRAP;
	default:
		return SECCOMP_KILL;
	}
}

static void put_ways(const struct question *q, const struct bits *b,
	const struct bits_regions *regions, struct str *out)
{
	list_each (i, *regions) {
		struct bits_cube cube = bits_example(b, regions->v[i].set);

		str_add(out, i ? "; " : "depends on the arguments: ");
		cmd_policy_put_action(regions->v[i].action, out);
		str_add(out, " as with ");
		cmd_policy_put_example(q->machine.arch, q->call.number, &cube, out);
	}
}

static int answer(struct cmd_call *c, const struct rules *rules, const struct arch *arch,
	const char *text, struct str *out)
{
	struct question q = {.text = text, .machine = kafel_machine(arch), .e = &c->err};
	own_bits struct bits b = {0};
	struct bits_regions regions;
	struct rules_slice s;

	TRY(parse(&q));
	s = rules_slice(rules, arch->audit, q.call.number);
	bits_begin(&b, &s, 1, !arch->wide);
	for (unsigned i = 0; i < BITS_ARGS; i++) {
		if (q.known[i])
			bits_know(
				&b, i, UINT64_MAX, arch->wide ? q.value[i] : (uint32_t)q.value[i]);
	}
	TRY(bits_regions(&b, &s, &c->pool, &regions, &c->err));
	if (c->o.arch.n > 1)
		str_addf(out, "%s: ", arch->name);
	str_addf(out, "%s: ", text);
	if (regions.n > 1)
		put_ways(&q, &b, &regions, out);
	else
		cmd_policy_put_action(regions.v[0].action, out);
	str_addc(out, '\n');
	return regions.n > 1 ? SECCOMP_DEPENDS : status_of(regions.v[0].action);
}

int cmd_policy_test(struct cmd_call *c)
{
	own_str struct str out = {0};
	const struct arch *one = arch_native();
	struct rules rules;
	int status = SECCOMP_ALLOWED, r;

	if (cmd_policy_load(c, c->argv[0], &rules) < 0)
		return CMD_REFUSED;
	if (!cmd_policy_side(&rules, one) && rules.n == 1)
		one = rules.v[0].arch;
	for (int i = 1; i < c->argc; i++) {
		for (size_t k = 0; k < (c->o.arch.n ? rules.n : 1); k++) {
			r = answer(
				c, &rules, c->o.arch.n ? rules.v[k].arch : one, c->argv[i], &out);
			if (r < 0)
				return CMD_REFUSED;
			status = r > status ? r : status;
		}
	}
	if (str_check(&out, &c->err) < 0)
		return CMD_REFUSED;
	return cmd_print(out.data) ? SECCOMP_TROUBLE : status;
}
