/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: the same verdicts as the program that libseccomp makes of the same profile, as runc has it
 * made, for every call of every architecture that both know and for arguments around each bound.
 *
 * Told apart by name: calls beyond the newest one named (ENOSYS here; that stub is runc's own doing,
 * not libseccomp's), and the multiplexers socketcall and ipc, to which we give rules of the calls made
 * through them. Several rules with ordered comparisons for one call are left out: libseccomp 2.5.4
 * makes wrong programs of such, as of LE 3 or MASKED_EQ 5 5 on one argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/bpf.h"
#include "../../spec/profile.h"
#include "tap.h"

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

/* --- libseccomp --------------------------------------------------------------------------------- */

static uint32_t token(const struct arch *arch)
{
	return arch->bit ? (uint32_t)SCMP_ARCH_X32 : arch->audit;
}

static uint32_t library_action(int32_t action, bool has, uint32_t number)
{
	static const uint32_t actions[] = {
		[OCI_ACT_KILL_THREAD] = SCMP_ACT_KILL_THREAD,
		[OCI_ACT_KILL_PROCESS] = SCMP_ACT_KILL_PROCESS,
		[OCI_ACT_TRAP] = SCMP_ACT_TRAP,
		[OCI_ACT_ERRNO] = SCMP_ACT_ERRNO(0),
		[OCI_ACT_TRACE] = SCMP_ACT_TRACE(0),
		[OCI_ACT_ALLOW] = SCMP_ACT_ALLOW,
		[OCI_ACT_LOG] = SCMP_ACT_LOG,
		[OCI_ACT_NOTIFY] = SCMP_ACT_NOTIFY,
	};
	bool takes = action == OCI_ACT_ERRNO || action == OCI_ACT_TRACE;

	return actions[action] | (takes ? (has ? number : EPERM) : 0);
}

static void library_rule(
	scmp_filter_ctx ctx, const struct oci_syscall *s, uint32_t action, int call)
{
	static const int ops[] = {
		[OCI_CMP_NE] = SCMP_CMP_NE,
		[OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE,
		[OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE,
		[OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp cmp[6];
	int r;

	list_each (i, s->args) {
		const struct oci_seccomp_arg *a = s->args.v[i];

		cmp[i] = (struct scmp_arg_cmp){
			a->index, (enum scmp_compare)ops[a->op], a->value, a->valueTwo};
	}
	r = seccomp_rule_add_array(ctx, action, call, (unsigned)s->args.n, cmp);
	/* A second rule for the whole call: the first one holds. */
	ok(r == 0 || r == -EEXIST || r == -EDOM);
}

static bool is_action(uint32_t k)
{
	return action_leniency(k) > 1 || k == SECCOMP_RET_KILL_PROCESS;
}

static int library_program(
	scmp_filter_ctx ctx, bool swap, struct pool *pool, struct bpf_program *ret)
{
	own_fd int fd = memfd_create("program", MFD_CLOEXEC);
	struct bytes b;
	struct err e;

	if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
		fd_read_all(fd, 1 << 20, pool, &b, &e) < 0)
		return -1;
	*ret = (struct bpf_program){
		(struct sock_filter *)(void *)b.data, b.len / sizeof(struct sock_filter)};
	/* The library writes for the machine that it is for, but the actions of rules for ours. */
	for (size_t i = 0; swap && i < ret->n; i++) {
		struct sock_filter *f = &ret->v[i];

		f->code = __builtin_bswap16(f->code);
		if (f->code != (BPF_RET | BPF_K) || !is_action(f->k))
			f->k = __builtin_bswap32(f->k);
	}
	return 0;
}

/* Only that one architecture: those of one filter may not differ in the order of bytes. */
static int library_compile(const struct oci_seccomp *doc, const struct arch *arch,
	struct pool *pool, struct bpf_program *ret)
{
	uint32_t otherwise = library_action(
		doc->defaultAction, doc->has_defaultErrnoRet, doc->defaultErrnoRet);
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int r;

	if (token(arch) != seccomp_arch_native()) {
		(void)seccomp_arch_remove(ctx, seccomp_arch_native());
		if (seccomp_arch_add(ctx, token(arch)) < 0) {
			seccomp_release(ctx);
			return -1;
		}
	}
	list_each (i, doc->syscalls) {
		const struct oci_syscall *s = doc->syscalls.v[i];
		uint32_t action = library_action(s->action, s->has_errnoRet, s->errnoRet);

		list_each (j, s->names) {
			int call = seccomp_syscall_resolve_name(s->names.v[j]);

			if (action != otherwise && call != __NR_SCMP_ERROR)
				library_rule(ctx, s, action, call);
		}
	}
	r = library_program(ctx, arch->big_endian, pool, ret);
	seccomp_release(ctx);
	return r;
}

/* --- ours --------------------------------------------------------------------------------------- */

static int our_rules(
	struct oci_seccomp *doc, const struct arch *arch, struct pool *pool, struct rules *ret)
{
	const struct origin origin = {0};
	const struct profile_options options = {0};
	struct texts kept = doc->architectures;
	struct err e;
	int r;

	doc->architectures = (struct texts){(const char **)&arch->scmp, 1};
	r = profile_rules(doc, &origin, &options, pool, ret, &e);
	doc->architectures = kept;
	tap_check(r == 0, TAP_HERE, "%s", r < 0 ? e.text : "");
	return r;
}

static struct rules_arch *rules_of(struct rules *r, const struct arch *arch)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].arch == arch)
			return &r->v[i];
	}
	return NULL;
}

/* --- beside each other -------------------------------------------------------------------------- */

struct pair_of {
	struct rules rules;
	struct bpf_program ours, theirs;
	const struct arch *arch;
	unsigned asked;
};

static bool agree(struct pair_of *p, const struct rule_call *call)
{
	uint32_t ours = bpf_run(&p->ours, call, NULL), theirs = bpf_run(&p->theirs, call, NULL);
	char one[32], other[32];

	p->asked++;
	action_text(ours, one);
	action_text(theirs, other);
	return tap_check(ours == theirs, p->arch->name, "%u (%llx, %llx, %llx): %s, libseccomp: %s",
		call->number, (unsigned long long)call->args[0], (unsigned long long)call->args[1],
		(unsigned long long)call->args[2], one, other);
}

/* A value beside one of the conditions' own, or one with the upper half set. */
static uint64_t near_bound(const struct oci_seccomp *doc)
{
	const struct oci_syscall *s = doc->syscalls.v[below((uint32_t)doc->syscalls.n)];
	const struct oci_seccomp_arg *a;
	uint64_t v;

	if (!s->args.n)
		return below(8);
	a = s->args.v[below((uint32_t)s->args.n)];
	v = below(2) ? a->value : a->valueTwo;
	switch (below(4)) {
	case 0:
		return v ^ 1ull << below(64);
	case 1:
		return v | 0x100000000;
	default:
		return v + below(3) - 1;
	}
}

static void ask_conditions(struct pair_of *p, const struct oci_seccomp *doc, uint32_t number)
{
	struct rule_call call = {p->arch->audit, number, {0}};

	for (int i = 0; i < 300; i++) {
		for (int j = 0; j < 6; j++)
			call.args[j] = near_bound(doc);
		if (!agree(p, &call))
			return;
	}
}

static bool has_condition(const struct rules_arch *a, uint32_t number)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].call == number && a->v[i].when)
			return true;
	}
	return false;
}

static void ask_all(struct pair_of *p, const struct oci_seccomp *doc)
{
	const struct rules_arch *a = rules_of(&p->rules, p->arch);
	int64_t socketcall = arch_multiplexer(p->arch, false);
	int64_t ipc = arch_multiplexer(p->arch, true);

	/* The calls of MIPS begin at 4000, 5000 and 6000. */
	for (uint32_t n = 0; n < 6600; n++) {
		const struct rule_call call = {p->arch->audit, n | p->arch->bit, {0}};

		if (n == socketcall || n == ipc)
			continue;
		/* _llseek: the library has it there, our table for 32 bits alone (test_arch.c). */
		if (n == 140 && !strcmp(p->arch->name, "parisc64"))
			continue;
		if (!agree(p, &call))
			return;
		if (has_condition(a, call.number))
			ask_conditions(p, doc, call.number);
	}
	for (uint32_t n = 0; n < 64; n++) {
		const struct rule_call call = {arches[below((uint32_t)arches_n)].audit,
			below(2) ? 0x40000000 + n : UINT32_MAX - n, {0}};

		/* -1 is what a tracer sets to skip a call: none of x32's here. */
		if (p->arch->bit && call.number == UINT32_MAX)
			continue;
		if (!agree(p, &call))
			return;
	}
}

/* ret: how many calls were asked about; 0 where libseccomp does not know the architecture. */
static unsigned beside_library(struct oci_seccomp *doc, const struct arch *arch)
{
	own_pool struct pool pool = {0};
	struct pair_of p = {.arch = arch};
	struct rules_arch *a;
	struct err e;

	if (library_compile(doc, arch, &pool, &p.theirs) < 0)
		return 0;
	if (our_rules(doc, arch, &pool, &p.rules) < 0)
		return 0;
	a = rules_of(&p.rules, arch);
	a->has_newest = false;
	/* As the library was told: no other, not even the machine's own. */
	p.rules.v = a;
	p.rules.n = 1;
	is_int(bpf_compile(&p.rules, &pool, &p.ours, &e), 0);
	ask_all(&p, doc);
	return p.asked;
}

/* --- the engines' profiles ---------------------------------------------------------------------- */

static void engine(const char *name)
{
	own_pool struct pool pool = {0};
	struct origin origin = {0};
	struct oci_config *doc;
	struct bytes text;
	unsigned known = 0;
	struct err e;

	if (!is_int(fd_read_file(AT_FDCWD, name, 1 << 24, &pool, &text, &e), 0) ||
		!is_int(oci_read(text.data, text.len, name, false, &pool, &doc, &origin, &e), 0))
		return;
	for (size_t i = 0; i < arches_n; i++) {
		unsigned n = beside_library(doc->linux->seccomp, &arches[i]);

		ok(!n || n > 6600);
		known += n > 0;
	}
	ok(known >= 19);
}

static void the_profile_of_docker(void)
{
	engine("tests/data/engine-configs/docker-run.config.json");
}

static void the_profile_of_podman(void)
{
	engine("tests/data/engine-configs/podman-run.config.json");
}

static void the_profile_of_containerd(void)
{
	engine("tests/data/engine-configs/cri-container.config.json");
}

/* What is told apart from libseccomp. */
static void calls_beyond_the_newest_one_named_give_enosys(void)
{
	own_pool struct pool pool = {0};
	static const char *one[] = {"read", "openat2"};
	struct oci_syscall s = {.names = {one, 2}, .action = OCI_ACT_ALLOW}, *list[] = {&s};
	struct oci_seccomp doc = {.defaultAction = OCI_ACT_ERRNO, .syscalls = {list, 1}};
	struct rules r;
	struct rule_call call = {.arch = arch_by_name("aarch64")->audit};

	if (our_rules(&doc, arch_by_name("aarch64"), &pool, &r) < 0)
		return;
	call.number = 437;
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ALLOW);
	call.number = 436;
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ERRNO | EPERM);
	call.number = 438;
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ERRNO | ENOSYS);
	doc.defaultAction = OCI_ACT_LOG;
	s.action = OCI_ACT_ERRNO;
	is_int(our_rules(&doc, arch_by_name("aarch64"), &pool, &r), 0);
	is_int(rules_verdict(&r, &call), SECCOMP_RET_LOG);
}

static void a_rule_holds_through_the_multiplexer_too(void)
{
	own_pool struct pool pool = {0};
	static const char *one[] = {"socket"};
	struct oci_seccomp_arg family = {.index = 0, .op = OCI_CMP_EQ, .value = 16},
			       *args[] = {&family};
	struct oci_syscall s = {.names = {one, 1}, .action = OCI_ACT_ERRNO}, *list[] = {&s};
	struct oci_seccomp doc = {.defaultAction = OCI_ACT_ALLOW, .syscalls = {list, 1}};
	struct rules r;
	struct rule_call call = {arch_by_name("x86")->audit, 102, {1}};

	if (our_rules(&doc, arch_by_name("x86"), &pool, &r) < 0)
		return;
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ERRNO | EPERM);
	call.args[0] = 2; /* bind */
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ALLOW);
	/* The condition lies behind a pointer there: what is refused in part is refused whole. */
	s.args.v = args;
	s.args.n = 1;
	call.args[0] = 1;
	is_int(our_rules(&doc, arch_by_name("x86"), &pool, &r), 0);
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ERRNO | EPERM);
	/* And what is allowed in part is not allowed there at all. */
	doc.defaultAction = OCI_ACT_ERRNO;
	s.action = OCI_ACT_ALLOW;
	is_int(our_rules(&doc, arch_by_name("x86"), &pool, &r), 0);
	is_int(rules_verdict(&r, &call), SECCOMP_RET_ERRNO | EPERM);
}

/* --- profiles of chance ------------------------------------------------------------------------- */

struct made {
	struct oci_seccomp doc;
	struct oci_syscall calls[4], *list[4];
	struct oci_seccomp_arg args[4][3], *arg_list[4][3];
};

static uint64_t a_number(void)
{
	static const uint64_t edges[] = {0, 1, 5, 16, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x100000001, 0xffffffff00000000, UINT64_MAX - 1, UINT64_MAX};

	return below(2) ? below(6) : edges[below(sizeof(edges) / sizeof(*edges))];
}

static void begin_made(struct made *m, unsigned n)
{
	static const char *names[] = {"read"};
	static const int32_t actions[] = {
		OCI_ACT_ALLOW, OCI_ACT_KILL_PROCESS, OCI_ACT_TRAP, OCI_ACT_LOG};
	int32_t action = actions[below(4)];

	*m = (struct made){.doc = {.defaultAction = OCI_ACT_ERRNO, .syscalls = {m->list, n}}};
	for (unsigned i = 0; i < n; i++) {
		m->list[i] = &m->calls[i];
		m->calls[i] = (struct oci_syscall){
			.names = {names, 1}, .action = action, .args = {m->arg_list[i], 0}};
	}
}

static void add_arg(struct made *m, unsigned i, uint32_t index, int32_t op)
{
	size_t k = m->calls[i].args.n++;

	m->args[i][k] = (struct oci_seccomp_arg){
		.index = index, .op = op, .value = a_number(), .valueTwo = a_number()};
	m->arg_list[i][k] = &m->args[i][k];
}

static const struct arch *some_arch(void)
{
	static const char *const names[] = {"x86_64", "x86", "x32", "aarch64", "s390x", "ppc"};

	return arch_by_name(names[below(6)]);
}

static void one_rule_with_any_conditions(void)
{
	unsigned asked = 0;

	seed = 88172645463325252;
	for (int round = 0; round < 400; round++) {
		struct made m;
		uint32_t n = 1 + below(3), first = below(6);

		begin_made(&m, 1);
		for (uint32_t i = 0; i < n; i++)
			add_arg(&m, 0, (first + i) % 6, (int32_t)below(7));
		asked += beside_library(&m.doc, some_arch());
	}
	ok(asked > 400 * 6600);
}

static void several_rules_on_one_argument(void)
{
	unsigned asked = 0;

	seed = 1181783497276652981;
	for (int round = 0; round < 400; round++) {
		struct made m;
		uint32_t n = 2 + below(3), index = below(6);
		int32_t op = below(2) ? OCI_CMP_EQ : OCI_CMP_MASKED_EQ;

		begin_made(&m, n);
		for (uint32_t i = 0; i < n; i++)
			add_arg(&m, i, index, op);
		asked += beside_library(&m.doc, some_arch());
	}
	ok(asked > 400 * 6600);
}

int main(void)
{
	run(the_profile_of_docker);
	run(the_profile_of_podman);
	run(the_profile_of_containerd);
	run(calls_beyond_the_newest_one_named_give_enosys);
	run(a_rule_holds_through_the_multiplexer_too);
	run(one_rule_with_any_conditions);
	run(several_rules_on_one_argument);
	return tap_done();
}
