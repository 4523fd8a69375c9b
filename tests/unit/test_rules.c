/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the verdict, straight from the lists; the same by the compiled program (see test_bpf.c). */
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "../../runtime/base/own.h"
#include "../../spec/rules.h"
#include "tap.h"

enum { ALLOW = SECCOMP_RET_ALLOW, FIRST = SECCOMP_RET_ERRNO | 1, SECOND = SECCOMP_RET_ERRNO | 2 };
enum { OTHERWISE = SECCOMP_RET_ERRNO | 10, BEYOND = SECCOMP_RET_ERRNO | 38 };

static const uint32_t foreign = SECCOMP_RET_KILL_PROCESS;

static uint32_t verdict(const struct rules *r, uint32_t arch, uint32_t number, uint64_t arg)
{
	const struct rule_call call = {arch, number, {arg, arg, arg, arg, arg, arg}};

	return rules_verdict(r, &call);
}

static void add(struct rules_arch *a, struct pool *pool, uint32_t number, uint32_t action,
	const struct rule_test *when)
{
	*rules_add(a, pool) = (struct rule){number, action, when, NULL};
}

static const struct rule_test *compare(
	struct pool *pool, enum rule_compare op, bool wide, uint64_t number)
{
	return rule_test_compare(
		pool, op, wide, rule_value_arg(pool, 0), rule_value_number(pool, number));
}

static void the_first_that_holds_counts(void)
{
	own_pool struct pool pool = {0};
	struct rules r = {.foreign = foreign};
	struct rules_arch *a = rules_add_arch(&r, &pool, arch_by_name("x86_64"));
	struct err e;

	a->otherwise = OTHERWISE;
	add(a, &pool, 7, FIRST, compare(&pool, COMPARE_LT, true, 5));
	add(a, &pool, 3, ALLOW, NULL);
	add(a, &pool, 7, SECOND, compare(&pool, COMPARE_LT, true, 9));
	add(a, &pool, 3, FIRST, NULL);
	is_int(rules_sort(a, &e), 0);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 7, 4), FIRST);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 7, 5), SECOND);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 7, 9), OTHERWISE);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 3, 0), ALLOW);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 4, 0), OTHERWISE);
	is_int(verdict(&r, AUDIT_ARCH_AARCH64, 3, 0), foreign);
}

static void sorting_keeps_the_order_of_one_call(void)
{
	own_pool struct pool pool = {0};
	struct rules r = {0};
	struct rules_arch *a = rules_add_arch(&r, &pool, arch_native());
	struct err e;

	for (uint32_t i = 0; i < 1000; i++)
		add(a, &pool, i * 7919 % 13, i, NULL);
	is_int(rules_sort(a, &e), 0);
	for (size_t i = 1; i < a->n; i++)
		ok(a->v[i - 1].call < a->v[i].call ||
			(a->v[i - 1].call == a->v[i].call && a->v[i - 1].action < a->v[i].action));
	is_int(a->n, 1000);
}

static void comparisons(void)
{
	static const uint64_t big = 0x100000005;
	static const struct {
		enum rule_compare op;
		bool wide;
		uint64_t number, arg;
		bool holds;
	} rows[] = {
		{COMPARE_EQ, true, 5, 5, true},
		{COMPARE_EQ, true, 5, big, false},
		{COMPARE_EQ, false, 5, big, true},
		{COMPARE_NE, true, 5, big, true},
		{COMPARE_NE, false, 5, big, false},
		{COMPARE_LT, true, big, 5, true},
		{COMPARE_LT, false, big, 5, false},
		{COMPARE_LE, false, big, 5, true},
		{COMPARE_GT, true, 5, big, true},
		{COMPARE_GT, false, 5, big, false},
		{COMPARE_GE, false, 5, big, true},
		/* Unsigned: what a program means by -1 is the greatest. */
		{COMPARE_GT, true, 5, UINT64_MAX, true},
		{COMPARE_LT, true, UINT64_MAX, UINT64_MAX, false},
		{COMPARE_LT, true, 0, 0, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		own_pool struct pool pool = {0};
		struct rule_call call = {.args = {rows[i].arg}};
		const struct rule_test *t = compare(
			&pool, rows[i].op, rows[i].wide, rows[i].number);

		tap_check(rule_test_holds(t, &call) == rows[i].holds, TAP_HERE, "row %zu", i);
		tap_check(rule_test_holds(rule_test_join(&pool, TEST_NOT, t, NULL), &call) !=
				  rows[i].holds,
			TAP_HERE, "not row %zu", i);
	}
}

static void values_and_tests_join(void)
{
	own_pool struct pool pool = {0};
	const struct rule_call call = {.args = {0x0f, 0xf0, 0, 0, 0, 1}};
	const struct rule_value *a = rule_value_arg(&pool, 0), *b = rule_value_arg(&pool, 1);
	const struct rule_value *both = rule_value_join(&pool, VALUE_OR, a, b);
	const struct rule_value *none = rule_value_join(&pool, VALUE_AND, a, b);
	const struct rule_test *yes = rule_test_compare(
		&pool, COMPARE_EQ, true, both, rule_value_number(&pool, 0xff));
	const struct rule_test *no = rule_test_compare(
		&pool, COMPARE_NE, true, none, rule_value_arg(&pool, 2));

	ok(rule_test_holds(yes, &call));
	ok(!rule_test_holds(no, &call));
	ok(rule_test_holds(rule_test_join(&pool, TEST_OR, no, yes), &call));
	ok(!rule_test_holds(rule_test_join(&pool, TEST_AND, yes, no), &call));
	ok(rule_test_holds(&(struct rule_test){.kind = TEST_ALWAYS}, &call));
	ok(!rule_test_holds(&(struct rule_test){.kind = TEST_NEVER}, &call));
	ok(rule_test_holds(rule_test_compare(&pool, COMPARE_EQ, true, rule_value_arg(&pool, 5),
				   rule_value_number(&pool, 1)),
		&call));
}

static void calls_beyond_the_newest(void)
{
	own_pool struct pool pool = {0};
	struct rules r = {.foreign = foreign};
	struct rules_arch *a = rules_add_arch(&r, &pool, arch_by_name("aarch64"));

	a->otherwise = OTHERWISE;
	a->has_newest = true;
	a->newest = 100;
	a->beyond = BEYOND;
	add(a, &pool, 200, ALLOW, NULL);
	is_int(verdict(&r, AUDIT_ARCH_AARCH64, 100, 0), OTHERWISE);
	is_int(verdict(&r, AUDIT_ARCH_AARCH64, 101, 0), BEYOND);
	is_int(verdict(&r, AUDIT_ARCH_AARCH64, 200, 0), ALLOW); /* named nonetheless */
	is_int(verdict(&r, AUDIT_ARCH_AARCH64, UINT32_MAX, 0), BEYOND);
}

static void x32_is_none_of_x86_64(void)
{
	own_pool struct pool pool = {0};
	struct rules r = {.foreign = foreign};
	struct rules_arch *a = rules_add_arch(&r, &pool, arch_by_name("x86_64"));

	a->otherwise = ALLOW;
	add(a, &pool, 0x40000001, FIRST, NULL);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 0x40000000, 0), foreign);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 0x40000001, 0), FIRST);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 0x3fffffff, 0), ALLOW);
	/* What a tracer sets to skip a call is no call of x32's. */
	is_int(verdict(&r, AUDIT_ARCH_X86_64, UINT32_MAX, 0), ALLOW);
	r.x32_open = true;
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 0x40000000, 0), ALLOW);
	a = rules_add_arch(&r, &pool, arch_by_name("x32"));
	a->otherwise = SECOND;
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 0x40000000, 0), SECOND);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, 0, 0), ALLOW);
	is_int(verdict(&r, AUDIT_ARCH_X86_64, UINT32_MAX, 0), ALLOW);
}

static void actions_in_the_kernels_order(void)
{
	static const uint32_t order[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | 7, SECCOMP_RET_USER_NOTIF,
		SECCOMP_RET_TRACE | 9, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};
	char text[32];

	for (unsigned i = 0; i < 8; i++) {
		is_int(action_leniency(order[i]), i);
		/* The kernel's own order: the action as a signed number. */
		ok(!i || (int32_t)order[i - 1] < (int32_t)order[i]);
	}
	action_text(SECCOMP_RET_ERRNO | 7, text);
	is_text(text, "ERRNO(7)");
	action_text(SECCOMP_RET_TRACE | 65535, text);
	is_text(text, "TRACE(65535)");
	action_text(SECCOMP_RET_KILL_THREAD, text);
	is_text(text, "KILL_THREAD");
	/* The kernel takes what it does not know as the strictest. */
	is_int(action_leniency(0x12340000), 0);
}

/* Many, near to each other and far apart: two ways of sorting. */
static void many_are_sorted_as_few(void)
{
	static const uint32_t spans[] = {400, 1024, 1025, UINT32_MAX};

	for (size_t k = 0; k < 4; k++) {
		own_pool struct pool pool = {0};
		struct rules r = {0};
		struct rules_arch *a = rules_add_arch(&r, &pool, arch_native());
		uint32_t x = 7, first = k % 2 ? 0 : 0x40000000;
		struct err e;

		for (uint32_t i = 0; i < 700; i++) {
			x = x * 1664525 + 1013904223;
			add(a, &pool, first + x % spans[k], i, NULL);
		}
		add(a, &pool, first, 700, NULL);
		add(a, &pool, first + spans[k] - 1, 701, NULL);
		is_int(rules_sort(a, &e), 0);
		for (size_t i = 1; i < a->n; i++)
			ok(a->v[i - 1].call < a->v[i].call ||
				(a->v[i - 1].call == a->v[i].call &&
					a->v[i - 1].action < a->v[i].action));
	}
}

int main(void)
{
	run(the_first_that_holds_counts);
	run(sorting_keeps_the_order_of_one_call);
	run(many_are_sorted_as_few);
	run(comparisons);
	run(values_and_tests_join);
	run(calls_beyond_the_newest);
	run(x32_is_none_of_x86_64);
	run(actions_in_the_kernels_order);
	return tap_done();
}
