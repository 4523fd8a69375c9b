/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: what is made of rules says what they say: sets of bits, kafel, OCI's JSON, two filters as one.
 * POLICY_ROUNDS random sets of rules each (300), from POLICY_SEED.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "../../runtime/base/own.h"
#include "../../spec/bits.h"
#include "../../spec/json.h"
#include "../../spec/kafel_text.h"
#include "../../spec/policy.h"
#include "../../spec/profile_doc.h"
#include "../../spec/walk.h"
#include "tap.h"

static uint64_t state = 1;
static unsigned rounds = 300;

static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)(draw() % n);
}

/* --- random rules --------------------------------------------------------------------------------- */

/* read, mmap, ioctl, socket, clone, add_key (whose arguments kafel cannot name), fcntl, openat. */
static const uint32_t calls[] = {0, 9, 16, 41, 56, 248, 72, 257};
static const uint32_t actions[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_ERRNO | 1,
	SECCOMP_RET_ERRNO | 38, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
	SECCOMP_RET_TRAP};
static const uint64_t numbers[] = {0, 1, 2, 3, 7, 8, 40, 0x10000, 0x7e020000, 0x80000000,
	0xffffffff, 0x100000000, 0x100000001, 0xffffffff00000000, 0xffffffffffffff9c, UINT64_MAX};

static uint64_t some_number(void)
{
	return numbers[below(ARRAY_LEN(numbers))];
}

static const struct rule_value *some_value(struct pool *pool, unsigned depth)
{
	switch (below(depth ? 5 : 3)) {
	case 0:
		return rule_value_number(pool, some_number());
	case 3:
	case 4:
		return rule_value_join(pool, below(3) ? VALUE_AND : VALUE_OR,
			some_value(pool, depth - 1), some_value(pool, depth - 1));
	default:
		return rule_value_arg(pool, below(3));
	}
}

static const struct rule_test *some_test(struct pool *pool, unsigned depth)
{
	enum rule_test_kind kind = TEST_NOT + below(3);

	if (depth && below(3))
		return rule_test_join(pool, kind, some_test(pool, depth - 1),
			kind == TEST_NOT ? NULL : some_test(pool, depth - 1));
	/* Two variables that are compared in order are much work for the parts of OCI. */
	if (below(4))
		return rule_test_compare(pool, below(6), below(2),
			below(3) ? rule_value_arg(pool, below(3))
				 : rule_value_join(pool, VALUE_AND, rule_value_arg(pool, below(3)),
					   rule_value_number(pool, some_number())),
			rule_value_number(pool, some_number()));
	return rule_test_compare(pool, below(6), below(2), some_value(pool, 2),
		rule_value_number(pool, some_number()));
}

static struct rules some_rules(struct pool *pool, bool newest)
{
	struct rules r = {.foreign = SECCOMP_RET_KILL_THREAD};
	struct rules_arch *a = rules_add_arch(&r, pool, arch_by_name("x86_64"));
	unsigned n = below(12);
	struct err e;

	a->otherwise = actions[below(ARRAY_LEN(actions))];
	a->beyond = SECCOMP_RET_ERRNO | 38;
	a->has_newest = newest;
	a->newest = newest ? 257 + below(60) : 0;
	for (unsigned i = 0; i < n; i++)
		*rules_add(a, pool) = (struct rule){calls[below(ARRAY_LEN(calls))],
			actions[below(ARRAY_LEN(actions))], below(4) ? some_test(pool, 2) : NULL,
			NULL};
	ok(rules_sort(a, &e) == 0);
	return r;
}

static struct rule_call some_call(void)
{
	struct rule_call c = {.arch = AUDIT_ARCH_X86_64, .number = calls[below(ARRAY_LEN(calls))]};

	if (!below(10))
		c.number = below(2) ? below(400) : (uint32_t)draw();
	for (int i = 0; i < 6; i++)
		c.args[i] = some_number() + (below(3) ? 0 : below(3) - 1);
	return c;
}

/* x32: what kafel and OCI say of its calls is not in the rules. */
static bool agree(const struct rules *a, const struct rules *b, uint32_t most, unsigned seed)
{
	for (int i = 0; i < 300; i++) {
		struct rule_call c = some_call();
		uint32_t x, y;

		if (c.number > most)
			continue;
		x = rules_verdict(a, &c);
		y = rules_verdict(b, &c);
		if (!tap_check(x == y, TAP_HERE,
			    "policy %u, call %u(%llx, %llx, %llx): 0x%x, not 0x%x", seed, c.number,
			    (long long)c.args[0], (long long)c.args[1], (long long)c.args[2], y, x))
			return false;
	}
	return true;
}

/* --- sets of bits --------------------------------------------------------------------------------- */

static bool is_in(const struct bits *b, uint32_t set, const uint64_t *args)
{
	while (set != BITS_NONE && set != BITS_ALL) {
		const struct bits_node *x = &b->nodes[set];

		set = args[b->arg[x->level]] >> b->bit[x->level] & 1 ? x->yes : x->no;
	}
	return set == BITS_ALL;
}

static int count_hits(const struct bits_cube *cube, void *arg)
{
	const struct rule_call *c = ((const void **)arg)[0];
	unsigned *hits = ((void **)arg)[1], *parts = ((void **)arg)[2];
	bool hit = true;

	if (++*parts > 5000)
		return -1; /* some sets have more than there are numbers */
	for (int i = 0; i < BITS_ARGS; i++)
		hit &= (c->args[i] & cube->mask[i]) == cube->value[i];
	*hits += hit;
	return 0;
}

static void sets_hold_what_the_conditions_say(void)
{
	own_bits struct bits b = {0};

	for (unsigned i = 0; i < rounds; i++) {
		own_pool struct pool pool = {0};
		struct rules r = some_rules(&pool, false);
		struct rules_slice s = rules_slice(&r, AUDIT_ARCH_X86_64, some_call().number);
		struct bits_regions regions;
		struct err e;

		bits_begin(&b, &s, 1, false);
		if (!ok(bits_regions(&b, &s, &pool, &regions, &e) == 0))
			return;
		for (int k = 0; k < 100; k++) {
			struct rule_call c = some_call();
			unsigned hits = 0, parts = 0;

			c.number = s.n ? s.v[0].call : 0;
			for (size_t m = 0; m < regions.n; m++)
				ok(is_in(&b, regions.v[m].set, c.args) ==
					(regions.v[m].action ==
						(s.n ? rules_verdict(&r, &c) : s.otherwise)));
			for (size_t m = 0; m < regions.n && k < 5; m++)
				bits_each(&b, regions.v[m].set, count_hits,
					(void *[]){(void *)&c, &hits, &parts});
			ok(k >= 5 || hits == 1 || parts > 5000);
		}
		for (size_t m = 0; m < regions.n; m++)
			ok(is_in(&b, regions.v[m].set, bits_example(&b, regions.v[m].set).value));
	}
}

static void two_variables_are_compared_in_little_room(void)
{
	own_pool struct pool pool = {0};
	own_bits struct bits b = {0};
	struct rule r = {0, SECCOMP_RET_ALLOW,
		rule_test_compare(&pool, COMPARE_LT, true, rule_value_arg(&pool, 0),
			rule_value_arg(&pool, 4)),
		NULL};
	struct rules_slice s = {&r, 1, SECCOMP_RET_KILL_THREAD};
	struct bits_regions regions;
	struct err e;

	bits_begin(&b, &s, 1, false);
	is_int(bits_regions(&b, &s, &pool, &regions, &e), 0);
	is_int(regions.n, 2);
	ok(b.n < 2000);
	bits_begin(&b, &s, 1, false);
	bits_know(&b, 0, UINT64_MAX, UINT64_MAX);
	is_int(bits_regions(&b, &s, &pool, &regions, &e), 0);
	is_int(regions.n, 1);
	is_int(regions.v[0].action, SECCOMP_RET_KILL_THREAD);
}

/* --- kafel and OCI ---------------------------------------------------------------------------------- */

static const struct arch *const *x86_64(void)
{
	static const struct arch *arch;

	arch = arch_by_name("x86_64");
	return &arch;
}

static void kafel_says_what_the_rules_say(void)
{
	for (unsigned i = 0; i < rounds; i++) {
		own_pool struct pool pool = {0};
		own_str struct str out = {0};
		struct rules r = some_rules(&pool, i % 3 == 0), back;
		struct err e = {0};

		is_int(kafel_text_policy(&r.v[0], &out, &e), 0);
		for (int strict = 0; strict < 2; strict++) {
			const struct policy_options o = {strict, x86_64(), 1};
			const struct bytes text = {out.data, out.len};

			if (!tap_check(policy_rules(&text, "p", &o, &pool, &back, &e) == 0,
				    TAP_HERE, "%s in\n%s", e.text, out.data) ||
				!agree(&r, &back, 0x3fffffff, i)) {
				printf("%s", out.data);
				return;
			}
		}
	}
}

static void oci_says_what_the_rules_say(void)
{
	unsigned done = 0;

	for (unsigned i = 0; i < rounds; i++) {
		own_pool struct pool pool = {0};
		own_str struct str out = {0};
		const struct policy_options o = {false, x86_64(), 1};
		struct rules r = some_rules(&pool, i % 3 == 0), back;
		struct oci_seccomp *doc;
		struct json_writer w;
		struct err e = {0};
		struct bytes text;

		if (profile_doc(&r, &pool, &doc, &e) < 0) {
			ok(e.code == EOVERFLOW || e.code == E2BIG);
			continue;
		}
		done++;
		json_writer_init(&w, &out, 2);
		is_int(walk(&table_oci_seccomp, doc, 0, &w.sink, &e), 0);
		text = (struct bytes){out.data, out.len};
		if (!tap_check(policy_rules(&text, "p", &o, &pool, &back, &e) == 0, TAP_HERE, "%s",
			    e.text) ||
			!agree(&r, &back,
				back.v[0].has_newest && !r.v[0].has_newest ? back.v[0].newest
									   : 0x3fffffff,
				i)) {
			printf("%s", out.data);
			return;
		}
	}
	ok(done * 2 > rounds);
}

static void what_oci_has_no_words_for_is_an_error(void)
{
	static const struct {
		const char *policy, *words;
	} rows[] = {
		{"ALLOW { SYSCALL[4294967295] }", "number 4294967295 has no name"},
		{"TRAP(7) { read }", "OCI has no word for the action 0x30007 of read"},
		{"ALLOW { read { buf < count } }", "OCI needs more than 4096 rules"},
	};
	const struct policy_options o = {false, x86_64(), 1};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		own_pool struct pool pool = {0};
		const struct bytes text = {(char *)rows[i].policy, strlen(rows[i].policy)};
		struct oci_seccomp *doc;
		struct rules r;
		struct err e = {0};

		is_int(policy_rules(&text, "p", &o, &pool, &r, &e), 0);
		is_int(profile_doc(&r, &pool, &doc, &e), -EOVERFLOW);
		has_text(e.text, rows[i].words);
	}
}

static void one_rule_of_oci_for_two_architectures_has_to_be_one(void)
{
	const struct arch *archs[] = {arch_by_name("x86_64"), arch_by_name("aarch64")};
	const struct policy_options o = {false, archs, 2};
	static const char good[] = "ALLOW { read, openat { flags == 0 }, open ON x86_64 }",
			  bad[] = "ALLOW { read ON x86_64 }";
	own_pool struct pool pool = {0};
	struct bytes text = {(char *)good, strlen(good)};
	struct oci_seccomp *doc;
	struct rules r;
	struct err e = {0};

	is_int(policy_rules(&text, "p", &o, &pool, &r, &e), 0);
	is_int(profile_doc(&r, &pool, &doc, &e), 0);
	is_int(doc->architectures.n, 2);
	is_int(doc->syscalls.n, 2);
	text = (struct bytes){(char *)bad, strlen(bad)};
	is_int(policy_rules(&text, "p", &o, &pool, &r, &e), 0);
	is_int(profile_doc(&r, &pool, &doc, &e), -EOVERFLOW);
	has_text(e.text, "read: the policy says something else of it on aarch64");
}

/* --- two filters as one ------------------------------------------------------------------------------ */

static void of_two_filters_the_stricter_verdict_counts(void)
{
	for (unsigned i = 0; i < rounds; i++) {
		own_pool struct pool pool = {0};
		struct rules a = some_rules(&pool, i % 2 == 0), b = some_rules(&pool, i % 3 == 0),
			     both;
		struct err e;

		a.x32_open = i % 5 == 0;
		b.x32_open = i % 7 == 0;
		is_int(rules_both(&a, &b, &pool, &both, &e), 0);
		for (int k = 0; k < 300; k++) {
			struct rule_call c = some_call();
			uint32_t x = rules_verdict(&a, &c), y = rules_verdict(&b, &c);
			uint32_t strict = action_leniency(x) < action_leniency(y) ? x : y;
			uint32_t got = rules_verdict(&both, &c);

			/* Where only one is open for x32 the thread is killed, if not more. */
			if (a.x32_open != b.x32_open && c.number >= 0x40000000)
				strict = got = action_leniency(got) < 2 ? strict : got;
			if (!tap_check(action_leniency(got) == action_leniency(strict), TAP_HERE,
				    "policy %u, call %u: 0x%x of 0x%x and 0x%x", i, c.number, got,
				    x, y))
				return;
		}
	}
}

static void a_filter_for_fewer_architectures_stops_the_others(void)
{
	own_pool struct pool pool = {0};
	struct rules a = some_rules(&pool, false), b = {.foreign = SECCOMP_RET_KILL_PROCESS}, both;
	struct rules_arch *side = rules_add_arch(&b, &pool, arch_by_name("x86"));
	struct rule_call c = {.arch = AUDIT_ARCH_I386, .number = 3};
	struct err e;

	side->otherwise = SECCOMP_RET_ALLOW;
	is_int(rules_both(&a, &b, &pool, &both, &e), 0);
	is_int(rules_verdict(&both, &c), SECCOMP_RET_KILL_THREAD);
	c.arch = AUDIT_ARCH_X86_64;
	is_int(rules_verdict(&both, &c), SECCOMP_RET_KILL_PROCESS);
	c.arch = AUDIT_ARCH_ARM;
	is_int(rules_verdict(&both, &c), SECCOMP_RET_KILL_PROCESS);
}

/* --- names ---------------------------------------------------------------------------------------- */

static void policies_of_the_program_are_found_by_name(void)
{
	const struct policy_options o = {0};
	own_pool struct pool pool = {0};
	struct rules r;
	struct err e = {0};
	unsigned n = 0;

	for (size_t i = 0; i < policy_texts_n; i++) {
		const struct arch *archs[] = {arch_by_name("x86_64"), arch_by_name("aarch64")};
		const struct policy_options both = {false, archs, 2};

		if (strchr(policy_texts[i].name, '/')) {
			ok(!policy_is_own(policy_texts[i].name));
			continue;
		}
		n++;
		tap_check(policy_by_name(policy_texts[i].name, &both, &pool, &r, &e) == 0, TAP_HERE,
			"%s: %s", policy_texts[i].name, e.text);
	}
	ok(n >= 13);
	is_int(policy_by_name("phyton", &o, &pool, &r, &e), -ENOENT);
	has_text(e.text, "did you mean 'python'?");
	is_int(policy_by_name("../default", &o, &pool, &r, &e), -ENOENT);
	is_int(policy_by_name("", &o, &pool, &r, &e), -ENOENT);
	is_int(policy_by_name("parts/base", &o, &pool, &r, &e), -ENOENT);
}

int main(void)
{
	const char *n = getenv("POLICY_ROUNDS"), *seed = getenv("POLICY_SEED");

	rounds = n ? (unsigned)atoi(n) : rounds;
	state = seed ? (uint64_t)atoll(seed) : state;
	tap_run("sets hold what the conditions say", sets_hold_what_the_conditions_say);
	tap_run("two variables are compared in little room",
		two_variables_are_compared_in_little_room);
	tap_run("kafel says what the rules say", kafel_says_what_the_rules_say);
	tap_run("OCI says what the rules say", oci_says_what_the_rules_say);
	tap_run("what OCI has no words for is an error", what_oci_has_no_words_for_is_an_error);
	tap_run("one rule of OCI for two architectures has to be one",
		one_rule_of_oci_for_two_architectures_has_to_be_one);
	tap_run("of two filters the stricter verdict counts",
		of_two_filters_the_stricter_verdict_counts);
	tap_run("a filter for fewer architectures stops the others",
		a_filter_for_fewer_architectures_stops_the_others);
	tap_run("policies of the program are found by name",
		policies_of_the_program_are_found_by_name);
	return tap_done();
}
