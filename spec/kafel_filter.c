/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_filter.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

int kafel_take_name(struct kafel_parser *p, const char *wanted, const char **ret)
{
	if (p->lex.token.kind != TOKEN_NAME)
		return kafel_lex_unexpected(&p->lex, wanted);
	TRY(kafel_lex_name(&p->lex, ret));
	return kafel_lex_next(&p->lex);
}

struct guard_row {
	const char *name;
	const char *arch[2]; /* kafel does not tell byte orders apart */
};

static const struct guard_row guards[] = {
	{"arm", {"arm"}},
	{"aarch64", {"aarch64"}},
	{"arm64", {"aarch64"}},
	{"x86_64", {"x86_64"}},
	{"amd64", {"x86_64"}},
	{"x86", {"x86"}},
	{"i386", {"x86"}},
	{"mips", {"mips", "mipsel"}},
	{"mipso32", {"mips", "mipsel"}},
	{"mips64", {"mips64", "mipsel64"}},
	{"riscv64", {"riscv64"}},
	{"rv64", {"riscv64"}},
	{"m68k", {"m68k"}},
};

uint32_t kafel_guard(const char *name)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(guards); i++) {
		if (strcasecmp(guards[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(guards[i].arch) && guards[i].arch[k]; k++)
			bits |= 1u << (arch_by_name(guards[i].arch[k]) - arches);
	}
	return bits;
}

static int guard_name(struct kafel_parser *p, struct kafel_filter *f)
{
	struct kafel_at at = p->lex.token.at;
	const char *name;
	uint32_t bits;

	TRY(kafel_take_name(p, "the name of an architecture", &name));
	bits = kafel_guard(name);
	if (!bits)
		return kafel_fail(p->w, KAFEL_ARCH_UNKNOWN, at,
			"unknown architecture '%.60s': there are arm, aarch64, x86_64, i386, mips, "
			"mips64, riscv64, m68k",
			name);
	if (f->guard & bits)
		return kafel_fail(p->w, KAFEL_ARCH_TWICE, at,
			"architecture '%.60s' is in this list already", name);
	f->guard |= bits;
	return 0;
}

static int guard(struct kafel_parser *p, struct kafel_filter *f)
{
	if (!kafel_lex_is(&p->lex, '{'))
		return guard_name(p, f);
	do {
		TRY(kafel_lex_next(&p->lex));
		TRY(guard_name(p, f));
	} while (kafel_lex_is(&p->lex, ','));
	return kafel_lex_expect(&p->lex, '}', "',' or '}'");
}

static int argument(struct kafel_parser *p, struct kafel_filter *f)
{
	struct kafel_at at = p->lex.token.at;
	const char *name;

	TRY(kafel_take_name(p, "the name of an argument", &name));
	if (f->n_args == KAFEL_ARGUMENTS)
		return kafel_fail(p->w, KAFEL_ARGUMENTS_MANY, at,
			"a system call has no more than %d arguments", KAFEL_ARGUMENTS);
	for (unsigned i = 0; i < f->n_args; i++) {
		if (!strcmp(f->args[i], name))
			return kafel_fail(p->w, KAFEL_ARGUMENT_TWICE, at,
				"argument '%.60s' is in this list already", name);
	}
	f->args[f->n_args++] = name;
	return 0;
}

static int arguments(struct kafel_parser *p, struct kafel_filter *f)
{
	f->declares = true;
	TRY(kafel_lex_next(&p->lex));
	if (!kafel_lex_is(&p->lex, ')')) {
		TRY(argument(p, f));
		while (kafel_lex_is(&p->lex, ',')) {
			TRY(kafel_lex_next(&p->lex));
			TRY(argument(p, f));
		}
	}
	return kafel_lex_expect(&p->lex, ')', "',' or ')'");
}

static int target(struct kafel_parser *p, struct kafel_filter *f)
{
	const struct kafel_constant *c;

	f->at = p->lex.token.at;
	if (p->lex.token.kind == TOKEN_SYSCALL) {
		TRY(kafel_lex_next(&p->lex));
		TRY(kafel_lex_expect(&p->lex, '[', "'['"));
		if (p->lex.token.kind != TOKEN_NUMBER)
			return kafel_lex_unexpected(&p->lex, "a number");
		f->number = (uint32_t)p->lex.token.number;
		TRY(kafel_lex_next(&p->lex));
		return kafel_lex_expect(&p->lex, ']', "']'");
	}
	TRY(kafel_take_name(p, "the name of a system call or SYSCALL", &f->name));
	c = kafel_dict_find(&p->constants, f->name);
	if (c) {
		f->name = NULL;
		f->number = (uint32_t)c->value;
	}
	return 0;
}

static int filter(struct kafel_parser *p, struct kafel_filter *f)
{
	TRY(target(p, f));
	if (kafel_lex_is(&p->lex, '('))
		TRY(arguments(p, f));
	if (p->lex.token.kind == TOKEN_ON) {
		TRY(kafel_lex_next(&p->lex));
		TRY(guard(p, f));
	}
	if (!kafel_lex_is(&p->lex, '{'))
		return 0;
	TRY(kafel_lex_next(&p->lex));
	if (!kafel_lex_is(&p->lex, '}'))
		TRY(kafel_condition(p, &f->when));
	return kafel_lex_expect(&p->lex, '}', "an operator or '}'");
}

static int add_filter(struct kafel_parser *p, struct kafel_rule *r)
{
	struct kafel_filter *v = pool_grow(p->w->pool, r->v, r->n, sizeof(*v));

	if (!v)
		return kafel_no_memory(p->w);
	r->v = v;
	v[r->n] = (struct kafel_filter){0};
	return filter(p, &v[r->n++]);
}

static bool begins_filter(const struct kafel_parser *p)
{
	return p->lex.token.kind == TOKEN_NAME || p->lex.token.kind == TOKEN_SYSCALL;
}

int kafel_filters(struct kafel_parser *p, struct kafel_rule *r)
{
	TRY(kafel_lex_expect(&p->lex, '{', "'{'"));
	if (kafel_lex_is(&p->lex, '}'))
		return kafel_lex_next(&p->lex);
	TRY(add_filter(p, r));
	while (kafel_lex_is(&p->lex, ',') || (!p->w->options->strict && begins_filter(p))) {
		if (kafel_lex_is(&p->lex, ','))
			TRY(kafel_lex_next(&p->lex));
		if (!p->w->options->strict && kafel_lex_is(&p->lex, '}'))
			break;
		TRY(add_filter(p, r));
	}
	return kafel_lex_expect(
		&p->lex, '}', r->v[r->n - 1].when ? "',' or '}'" : "',', '(', ON, '{' or '}'");
}
