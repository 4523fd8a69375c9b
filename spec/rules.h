/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_RULES_H
#define JAILRT_RULES_H
/*
 * rules: what a seccomp filter says, whatever language it was written in.
 *
 * For each architecture an ordered list of rules. The verdict on a call is the action of the first
 * rule of its number whose condition holds; without one, the architecture's own default. Actions are
 * the kernel's return values (seccomp(2), SECCOMP_RET_…) with their 16 bits of data.
 *
 * Conditions are trees over the six arguments. A comparison is unsigned and looks at all 64 bits of
 * what it compares, or at the low 32 bits only.
 *
 * Plain data on a pool, made by the dialects, turned into a program by bpf.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../runtime/base/err.h"
#include "../runtime/base/pool.h"
#include "arch.h"

enum rule_value_kind { VALUE_ARG, VALUE_NUMBER, VALUE_AND, VALUE_OR };

struct rule_value {
	enum rule_value_kind kind;
	unsigned arg; /* VALUE_ARG: 0 … 5 */
	uint64_t number;
	const struct rule_value *left, *right;
};

enum rule_test_kind { TEST_ALWAYS, TEST_NEVER, TEST_NOT, TEST_AND, TEST_OR, TEST_COMPARE };
enum rule_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

struct rule_test {
	enum rule_test_kind kind;
	const struct rule_test *a, *b; /* NOT has only a */
	enum rule_compare op;
	bool wide; /* 64 bits; otherwise the low 32 of both sides */
	const struct rule_value *left, *right;
};

struct rule {
	uint32_t call;
	uint32_t action;
	const struct rule_test *when; /* NULL: always */
	const void *at; /* see origin.h */
};

struct rules_arch {
	const struct arch *arch;
	struct rule *v;
	size_t n;
	uint32_t otherwise;
	/*
	 * Calls above the newest one that the rules know: a C library falls back on an older call when
	 * it is told ENOSYS, but not when it is told EPERM.
	 */
	bool has_newest;
	uint32_t newest, beyond;
};

struct rules {
	struct rules_arch *v;
	size_t n;
	uint32_t foreign; /* for all other architectures */
	bool x32_open; /* x32's numbers are taken as x86-64's unless x32 is among them; else foreign */
};

/*
 * Sorts by call, keeping the order of those of one call. The programs and rules_verdict work with
 * sorted lists only.
 */
int rules_sort(struct rules_arch *a, struct err *e);

struct rules_arch *rules_add_arch(struct rules *r, struct pool *pool, const struct arch *arch);
struct rule *rules_add(struct rules_arch *a, struct pool *pool);

const struct rule_value *rule_value_arg(struct pool *pool, unsigned arg);
const struct rule_value *rule_value_number(struct pool *pool, uint64_t number);
const struct rule_value *rule_value_join(struct pool *pool, enum rule_value_kind kind,
	const struct rule_value *left, const struct rule_value *right);
const struct rule_test *rule_test_compare(struct pool *pool, enum rule_compare op, bool wide,
	const struct rule_value *left, const struct rule_value *right);
const struct rule_test *rule_test_join(struct pool *pool, enum rule_test_kind kind,
	const struct rule_test *a, const struct rule_test *b);

struct rule_call {
	uint32_t arch; /* AUDIT_ARCH_… */
	uint32_t number;
	uint64_t args[6];
};

/* What a filter says of one number: the first rule whose condition holds, or otherwise. */
struct rules_slice {
	const struct rule *v;
	size_t n;
	uint32_t otherwise;
};

struct rules_slice rules_slice(const struct rules *r, uint32_t audit, uint32_t number);

/* The verdict, straight from the lists: what every program made from them is held against. */
uint32_t rules_verdict(const struct rules *r, const struct rule_call *call);

bool rule_test_holds(const struct rule_test *t, const struct rule_call *call);

/*
 * What holds when two filters are in force, as the kernel has it: of each call the stricter verdict.
 * Calls of x32 are stopped unless both know that architecture. ret lies on the pool and refers to both.
 */
int rules_both(const struct rules *a, const struct rules *b, struct pool *pool, struct rules *ret,
	struct err *e);

/*
 * How much an action lets through, as the kernel orders them when several filters speak: 0 for
 * KILL_PROCESS up to 7 for ALLOW.
 */
unsigned action_leniency(uint32_t action);

/* "ALLOW", "ERRNO(1)", "KILL_PROCESS" …: the words of kafel. */
void action_text(uint32_t action, char buf[static 32]);

#endif
