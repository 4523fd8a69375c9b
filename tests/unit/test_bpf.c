/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpf: the machine of ours beside the kernel's, by programs of chance; and programs made from rules of
 * chance beside the rules. What comes up is the same at every run.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/bpf.h"
#include "tap.h"

enum { KILL = SECCOMP_RET_KILL_PROCESS, ALLOW = SECCOMP_RET_ALLOW, ERRNO = SECCOMP_RET_ERRNO };

static uint64_t seed;

static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(chance() >> 20) % n;
}

/* Numbers at whose sides things change, mostly. */
static uint64_t a_number(void)
{
	static const uint64_t edges[] = {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff, 0xffffffff00000000,
		UINT64_MAX};

	switch (below(4)) {
	case 0:
		return chance();
	case 1:
		return below(8);
	default:
		return edges[below(sizeof(edges) / sizeof(*edges))];
	}
}

/* --- the machine, beside the kernel's ----------------------------------------------------------- */

enum { TEST_CALL = 0x2345678, CALLS = 12, LONGEST = 40 };

/* What the child learns from the kernel. */
struct seen {
	int loaded; /* 1: it took the program */
	int verdict[CALLS]; /* the errno that it gave; -1: the child did not survive the call */
};

static void in_child(const struct bpf_program *p, const struct rule_call *calls, struct seen *seen)
{
	struct sock_fprog prog = {(unsigned short)p->n, p->v};

	prctl(PR_SET_DUMPABLE, 0); /* no core of those that are killed */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		_exit(0);
	seen->loaded = 1;
	for (int i = 0; calls && i < CALLS; i++) {
		const uint64_t *a = calls[i].args;

		seen->verdict[i] = -1;
		seen->verdict[i] = syscall(TEST_CALL, a[0], a[1], a[2], a[3], a[4], a[5]) < 0
					   ? errno
					   : 0;
	}
	_exit(0);
}

static void ask_kernel(
	const struct bpf_program *p, const struct rule_call *calls, struct seen *shared)
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (!pid)
		in_child(p, calls, shared);
	waitpid(pid, NULL, 0);
}

static struct seen *shared_seen(void)
{
	struct seen *s = mmap(
		NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return s == MAP_FAILED ? NULL : s;
}

/* Something to compute with: the two registers, the cells, the arguments. */
static struct sock_filter a_computation(void)
{
	static const uint16_t ops[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR,
		BPF_LSH, BPF_RSH, BPF_NEG};
	static const uint16_t moves[] = {BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA, BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN};
	static const uint16_t cells[] = {BPF_ST, BPF_STX, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM};
	static const uint16_t tests[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	uint16_t op = ops[below(10)], from = op != BPF_NEG && below(2) ? BPF_X : BPF_K;
	uint32_t k = (uint32_t)a_number();

	switch (below(5)) {
	case 0:
		return (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, 16 + 4 * below(12)};
	case 1:
		return (struct sock_filter){moves[below(6)], 0, 0, k};
	case 2:
		return (struct sock_filter){cells[below(4)], 0, 0, below(2)};
	case 3:
		return (struct sock_filter){(uint16_t)(BPF_JMP | tests[below(4)] | from),
			(uint8_t)below(3), (uint8_t)below(3), k};
	default:
		if (from == BPF_K && (op == BPF_LSH || op == BPF_RSH))
			k %= 32;
		if (from == BPF_K && op == BPF_DIV && !k)
			k = 1;
		return (struct sock_filter){(uint16_t)(BPF_ALU | op | from), 0, 0, k};
	}
}

static size_t a_program(struct sock_filter *v)
{
	const struct sock_filter head[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
		{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, TEST_CALL},
		{BPF_RET | BPF_K, 0, 0, ALLOW},
		/* The kernel wants cells written before they are read. */
		{BPF_ST, 0, 0, 0},
		{BPF_ST, 0, 0, 1},
	};
	const struct sock_filter tail[] = {
		/* Jumps may pass over some of these: then A is taken as it is, and made an errno. */
		{BPF_MISC | BPF_TAX, 0, 0, 0},
		{BPF_MISC | BPF_TXA, 0, 0, 0},
		{BPF_MISC | BPF_TAX, 0, 0, 0},
		{BPF_ALU | BPF_RSH | BPF_K, 0, 0, 12},
		{BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0},
		{BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xfff},
		{BPF_ALU | BPF_OR | BPF_K, 0, 0, ERRNO},
		{BPF_RET | BPF_A, 0, 0, 0},
	};
	size_t n = sizeof(head) / sizeof(*head), more = 4 + below(24);

	memcpy(v, head, sizeof(head));
	while (more--)
		v[n++] = a_computation();
	memcpy(v + n, tail, sizeof(tail));
	return n + sizeof(tail) / sizeof(*tail);
}

static bool same_verdict(uint32_t ours, int kernels)
{
	if (ours == ALLOW)
		return kernels == ENOSYS; /* there is no such call */
	if ((ours & SECCOMP_RET_ACTION_FULL) != ERRNO)
		return kernels == -1;
	return kernels == (int)(ours & SECCOMP_RET_DATA);
}

static void computes_what_the_kernel_computes(void)
{
	struct seen *seen = shared_seen();
	struct sock_filter v[LONGEST];
	int died = 0;

	seed = 88172645463325252;
	for (int round = 0; seen && round < 600; round++) {
		struct bpf_program p = {v, a_program(v)};
		struct rule_call calls[CALLS];
		struct err e;

		for (int i = 0; i < CALLS; i++) {
			calls[i] = (struct rule_call){arch_native()->audit, TEST_CALL, {0}};
			for (int j = 0; j < 6; j++)
				calls[i].args[j] = a_number();
		}
		is_int(bpf_validate(&p, &e), 0);
		ask_kernel(&p, calls, seen);
		if (!is_int(seen->loaded, 1))
			return;
		for (int i = 0; i < CALLS; i++) {
			uint32_t ours = bpf_run(&p, &calls[i], NULL);

			if (!tap_check(same_verdict(ours, seen->verdict[i]), TAP_HERE,
				    "program %d, call %d: %#x, the kernel: %d", round, i, ours,
				    seen->verdict[i]))
				return;
			if (seen->verdict[i] == -1) {
				died++;
				break;
			}
		}
	}
	ok(seen && died > 0 && died < 300);
	munmap(seen, sizeof(*seen));
}

/* Any bytes in place of one instruction. */
static void takes_what_the_kernel_takes(void)
{
	struct seen *seen = shared_seen();
	struct sock_filter v[LONGEST];
	int taken = 0, refused = 0;

	seed = 1181783497276652981;
	for (int round = 0; seen && round < 1500; round++) {
		struct bpf_program p = {v, a_program(v)};
		size_t at = 5 + below((uint32_t)p.n - 5);
		struct err e;
		int r;

		v[at] = (struct sock_filter){(uint16_t)below(256), (uint8_t)below(16),
			(uint8_t)below(16), below(2) ? below(80) : (uint32_t)chance()};
		/* Reading cells that were never written is refused by the kernel, in another place. */
		if (BPF_MODE(v[at].code) == BPF_MEM && v[at].k > 1 && v[at].k < BPF_MEMWORDS)
			v[at].k = 0;
		r = bpf_validate(&p, &e);
		ask_kernel(&p, NULL, seen);
		if (!tap_check(seen->loaded == (r == 0), TAP_HERE,
			    "program %d, instruction %zu, code %#x %u %u %#x: %d, the kernel: %d",
			    round, at, v[at].code, v[at].jt, v[at].jf, v[at].k, r, seen->loaded))
			return;
		*(r == 0 ? &taken : &refused) += 1;
	}
	ok(seen && taken > 50 && refused > 200);
	munmap(seen, sizeof(*seen));
}

static void programs_that_are_none(void)
{
	static struct sock_filter many[BPF_MOST + 1];
	struct sock_filter falls = {BPF_LD | BPF_IMM, 0, 0, 1};
	const struct rule_call call = {0};
	struct err e;

	for (size_t i = 0; i <= BPF_MOST; i++)
		many[i] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, ALLOW};
	is_int(bpf_validate(&(struct bpf_program){many, 0}, &e), -EINVAL);
	is_int(bpf_validate(&(struct bpf_program){many, BPF_MOST}, &e), 0);
	is_int(bpf_validate(&(struct bpf_program){many, BPF_MOST + 1}, &e), -EINVAL);
	has_text(e.text, "4097 instructions");
	is_int(bpf_validate(&(struct bpf_program){&falls, 1}, &e), -EINVAL);
	has_text(e.text, "does not end with a return");
	is_int(bpf_run(&(struct bpf_program){&falls, 1}, &call, NULL), (uint32_t)KILL);
}

static void the_halves_of_arguments_lie_as_the_machine_has_them(void)
{
	struct sock_filter v[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, 24},
		{BPF_RET | BPF_A, 0, 0, 0},
	};
	const struct bpf_program p = {v, 2};
	struct rule_call call = {AUDIT_ARCH_X86_64, 0, {0, 0x1111111122222222}};
	unsigned steps;

	is_int(bpf_run(&p, &call, &steps), 0x22222222);
	is_int(steps, 2);
	call.arch = AUDIT_ARCH_S390X;
	is_int(bpf_run(&p, &call, NULL), 0x11111111);
}

/* --- rules, compiled ---------------------------------------------------------------------------- */

static struct pool pool;

static const struct rule_value *a_value(int depth)
{
	if (depth <= 0 || below(2))
		return below(2) ? rule_value_number(&pool, a_number())
				: rule_value_arg(&pool, below(3));
	return rule_value_join(
		&pool, below(2) ? VALUE_AND : VALUE_OR, a_value(depth - 1), a_value(depth - 1));
}

static const struct rule_test *a_test(int depth)
{
	if (depth <= 0 || !below(3))
		return rule_test_compare(&pool, (enum rule_compare)below(6), below(2),
			a_value((int)below(3)), a_value((int)below(3)));
	switch (below(3)) {
	case 0:
		return rule_test_join(&pool, TEST_NOT, a_test(depth - 1), NULL);
	case 1:
		return rule_test_join(&pool, TEST_AND, a_test(depth - 1), a_test(depth - 1));
	default:
		return rule_test_join(&pool, TEST_OR, a_test(depth - 1), a_test(depth - 1));
	}
}

static uint32_t an_action(void)
{
	static const uint32_t actions[] = {
		ALLOW, KILL, SECCOMP_RET_KILL_THREAD, ERRNO | 1, ERRNO | 2, SECCOMP_RET_LOG};

	return actions[below(6)];
}

static void fill_arch(struct rules_arch *a)
{
	uint32_t n = below(30), bit = a->arch->bit;
	struct err e;

	a->otherwise = an_action();
	a->has_newest = below(2);
	a->newest = below(40) | bit;
	a->beyond = ERRNO | ENOSYS;
	while (n--) {
		struct rule *r = rules_add(a, &pool);

		r->call = below(20) | bit;
		if (!below(30))
			r->call = below(2) ? UINT32_MAX : 0x40000000 + below(10);
		r->action = an_action();
		r->when = below(3) ? a_test((int)below(5)) : NULL;
	}
	is_int(rules_sort(a, &e), 0);
}

static void some_rules(struct rules *ret)
{
	uint32_t n = 1 + below(4);

	*ret = (struct rules){.foreign = an_action(), .x32_open = below(2)};
	while (n--) {
		const struct arch *arch = &arches[below((uint32_t)arches_n)];
		bool twice = false;

		for (size_t i = 0; i < ret->n; i++)
			twice = twice || ret->v[i].arch == arch;
		if (!twice)
			fill_arch(rules_add_arch(ret, &pool, arch));
	}
}

static struct rule_call a_call(const struct rules *r)
{
	const struct arch *arch = r->v[below((uint32_t)r->n)].arch;
	struct rule_call call = {.number = below(44)};

	call.arch = below(10) ? arch->audit : arches[below((uint32_t)arches_n)].audit;
	if (arch->bit ? below(4) > 0 : !below(8))
		call.number = below(8) ? 0x40000000 + below(24) : UINT32_MAX;
	for (int i = 0; i < 3; i++)
		call.args[i] = a_number();
	return call;
}

static void programs_say_what_their_rules_say(void)
{
	unsigned too_long = 0, done = 0;

	seed = 2685821657736338717;
	for (int round = 0; round < 1000; round++) {
		struct bpf_program p;
		struct rules rules;
		struct err e;
		int r;

		some_rules(&rules);
		r = bpf_compile(&rules, &pool, &p, &e);
		if (r == -E2BIG)
			too_long++;
		else
			is_int(r, 0);
		for (int i = 0; r == 0 && i < 300; i++) {
			struct rule_call call = a_call(&rules);
			uint32_t is = bpf_run(&p, &call, NULL);
			uint32_t should = rules_verdict(&rules, &call);

			done++;
			if (!tap_check(is == should, TAP_HERE,
				    "set %d, arch %#x nr %#x: %#x, not %#x", round, call.arch,
				    call.number, is, should))
				return;
		}
		pool_done(&pool);
	}
	ok(done > 200000 && too_long < 100);
}

/* Searched for, not tried one after the other: a list of values is what a policy of ioctl's requests is. */
static void many_values_of_one_argument(void)
{
	enum { N = 2000, CALL = 16 };
	struct rules rules = {.foreign = KILL};
	struct rule_call call = {.arch = arches[0].audit, .number = CALL};
	unsigned longest = 0, wrong = 0;
	struct rules_arch *a = rules_add_arch(&rules, &pool, &arches[0]);
	struct bpf_program p = {0};
	struct err e;

	a->otherwise = KILL;
	for (uint64_t i = 1; i <= N; i++) {
		struct rule *r = rules_add(a, &pool);

		r->call = CALL;
		r->action = ALLOW;
		r->when = rule_test_compare(&pool, COMPARE_EQ, true, rule_value_arg(&pool, 1),
			rule_value_number(&pool, i * i * 7));
	}
	is_int(rules_sort(a, &e), 0);
	is_int(bpf_compile(&rules, &pool, &p, &e), 0);
	ok(p.n < 2 * N);
	for (uint64_t i = 1; i <= N; i++) {
		for (int by = -1; by <= 1; by++) {
			unsigned steps;

			call.args[1] = i * i * 7 + (uint64_t)by;
			wrong += bpf_run(&p, &call, &steps) != (by ? KILL : ALLOW);
			longest = steps > longest ? steps : longest;
		}
		call.args[1] = i * i * 7 + (1ULL << 32);
		wrong += bpf_run(&p, &call, NULL) != KILL;
	}
	is_int(wrong, 0);
	ok(longest < 32);
	pool_done(&pool);
}

int main(void)
{
	run(computes_what_the_kernel_computes);
	run(takes_what_the_kernel_takes);
	run(programs_that_are_none);
	run(the_halves_of_arguments_lie_as_the_machine_has_them);
	run(programs_say_what_their_rules_say);
	run(many_values_of_one_argument);
	return tap_done();
}
