/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_TEST_H
#define JAILRT_KAFEL_TEST_H
/*
 * kafel_test: what the tests of kafel share: a policy compiled for some architectures, and its verdicts
 * by the rules and by the program, which must be the same.
 */
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/base/fmt.h"
#include "../../runtime/base/str.h"
#include "../../runtime/bpf.h"
#include "../../spec/kafel.h"
#include "tap.h"

struct kafel_case {
	struct pool pool;
	struct rules rules;
	struct bpf_program program;
	struct kafel_notes notes;
	struct err e;
	int result;
};

static void kafel_case_done(struct kafel_case *c)
{
	pool_done(&c->pool);
}
#define own_case own(kafel_case_done)

struct kafel_how {
	bool strict;
	const char *arch; /* NULL: x86_64 */
	const char *const *include;
	size_t n_include;
};

/* Compiled, down to the program; the result is that of kafel_rules, or of the program's compiler. */
__attribute__((unused)) static int kafel_make(
	struct kafel_case *c, const char *policy, size_t len, const struct kafel_how *how)
{
	const struct kafel_options o = {
		.strict = how->strict, .include = how->include, .n_include = how->n_include};
	const struct kafel_text text = {"p", policy, len};
	const struct arch *arch = arch_by_name(how->arch ? how->arch : "x86_64");

	*c = (struct kafel_case){0};
	c->result = kafel_rules(&text, 1, &arch, 1, &o, &c->pool, &c->rules, &c->notes, &c->e);
	if (c->result >= 0)
		c->result = bpf_compile(&c->rules, &c->pool, &c->program, &c->e);
	return c->result;
}

/* The verdict, which the rules and the program must agree on; KILL_PROCESS | 0xffff when not. */
__attribute__((unused)) static uint32_t kafel_verdict(
	struct kafel_case *c, const struct rule_call *call)
{
	uint32_t verdict = rules_verdict(&c->rules, call);

	if (bpf_run(&c->program, call, NULL) == verdict)
		return verdict;
	printf("# the program has 0x%x for call %u, the rules 0x%x\n",
		bpf_run(&c->program, call, NULL), call->number, verdict);
	return SECCOMP_RET_KILL_PROCESS | 0xffff;
}

/* The first error (warning: false) or warning; NULL when there is none. */
__attribute__((unused)) static const struct kafel_note *kafel_first(
	const struct kafel_case *c, bool warning)
{
	for (size_t i = 0; i < c->notes.n; i++) {
		if ((c->notes.v[i].class == KAFEL_WARNING) == warning)
			return &c->notes.v[i];
	}
	return NULL;
}

static const char *kafel_class_name(enum kafel_class class)
{
	static const char *const names[] = {
		[KAFEL_CHARACTER] = "lex-char",
		[KAFEL_NUMBER] = "lex-range",
		[KAFEL_COMMENT] = "lex-comment",
		[KAFEL_INCLUDE] = "include",
		[KAFEL_INCLUDE_END] = "include-end",
		[KAFEL_INCLUDE_BLANK] = "include-blank",
		[KAFEL_INCLUDE_DEPTH] = "include-depth",
		[KAFEL_SYNTAX] = "syntax",
		[KAFEL_NESTING] = "nesting",
		[KAFEL_POLICY_TWICE] = "redef-policy",
		[KAFEL_POLICY_UNKNOWN] = "undefined-policy",
		[KAFEL_DEFAULT_TWICE] = "redef-default",
		[KAFEL_CONSTANT_TWICE] = "redef-const",
		[KAFEL_ACTION_DATA] = "action-range",
		[KAFEL_ARCH_UNKNOWN] = "unknown-arch",
		[KAFEL_ARCH_TWICE] = "duplicate-arch",
		[KAFEL_ARGUMENT_TWICE] = "redef-arg",
		[KAFEL_ARGUMENTS_MANY] = "too-many-args",
		[KAFEL_DEEP] = "depth",
		[KAFEL_UNKNOWN] = "undefined-id",
		[KAFEL_NEVER] = "never",
		[KAFEL_WARNING] = "warning",
	};

	return names[class];
}

/* "1:15 syntax", or "taken". */
__attribute__((unused)) static const char *kafel_outcome(const struct kafel_case *c)
{
	static char text[64];

	if (c->result >= 0)
		return "taken";
	for (size_t i = 0; i < c->notes.n; i++) {
		const struct kafel_note *n = &c->notes.v[i];

		if (n->class == KAFEL_WARNING)
			continue;
		fmt_put(text, sizeof(text), "%u:%u %s", n->at.at.line, n->at.at.column,
			kafel_class_name(n->class));
		return text;
	}
	fmt_put(text, sizeof(text), "errno %d", -c->result);
	return text;
}

#endif
