/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: what becomes of policies, and how long that takes. Programs of the policies that kafel's were
 * measured with (length, and instructions that a call executes at worst and at best), and the compilation of
 * a profile of 400 names for three architectures beside libseccomp's.
 */
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/base/own.h"
#include "../runtime/base/str.h"
#include "../runtime/bpf.h"
#include "../spec/policy.h"
#include "../spec/profile.h"

enum { CALLS = 470, NAMES = 400, BATCHES = 41 };

/* --- programs ------------------------------------------------------------------------------------- */

struct measured {
	const char *what, *policy;
	unsigned kafel[3]; /* its length, worst and best, as measured on kafel of 2026-04 */
};

static void put_every_second(struct str *s)
{
	for (unsigned i = 0; i < CALLS; i += 2)
		str_addf(s, "ALLOW { SYSCALL[%u] } ", i);
}

/* Arguments are zero, and the values that the policies compare them with. */
static void run_calls(const struct bpf_program *p, unsigned *worst, unsigned *best)
{
	*worst = 0;
	*best = BPF_MOST;
	for (uint32_t nr = 0; nr < CALLS; nr++) {
		for (uint64_t v = 0; v < 8; v++) {
			struct rule_call c = {.arch = arches[0].audit, .number = nr};
			unsigned steps;

			for (int i = 0; i < 6; i++)
				c.args[i] = v < 6 ? v : UINT64_MAX;
			bpf_run(p, &c, &steps);
			*worst = steps > *worst ? steps : *worst;
			*best = steps < *best ? steps : *best;
		}
	}
}

static int measure_program(const struct measured *m, const char *text)
{
	own_pool struct pool pool = {0};
	const struct arch *arch = &arches[0];
	const struct policy_options o = {.strict = true, .archs = &arch, .n_archs = 1};
	const struct bytes bytes = {(char *)text, strlen(text)};
	struct bpf_program p;
	struct rules rules;
	unsigned worst, best;
	struct err e;

	if (policy_rules(&bytes, "policy", &o, &pool, &rules, &e) < 0 ||
		bpf_compile(&rules, &pool, &p, &e) < 0)
		return fprintf(stderr, "bench: %s: %s\n", m->what, e.text), 1;
	run_calls(&p, &worst, &best);
	printf("%-44s %5zu %5u %5u   %5u %5u %5u\n", m->what, p.n, worst, best, m->kafel[0],
		m->kafel[1], m->kafel[2]);
	return 0;
}

static int measure_programs(void)
{
	static const struct measured list[] = {
		{"KILL { ptrace } DEFAULT ALLOW", "KILL { ptrace } DEFAULT ALLOW", {7, 6, 5}},
		{"ALLOW { write { fd == 1 } }", "ALLOW { write { fd == 1 } }", {9, 8, 5}},
		{"two values of one argument", "ALLOW { write { fd == 1 || fd == 2 } }",
			{10, 9, 5}},
		{"20 calls killed, one refused",
			"ERRNO(1) { ptrace } KILL { pivot_root, chroot, mount, umount, reboot, "
			"sethostname, setdomainname, init_module, delete_module, kexec_load, "
			"unshare, perf_event_open, setns, process_vm_readv, process_vm_writev, "
			"finit_module, kexec_file_load, bpf, clone, clone3 } DEFAULT ALLOW",
			{36, 9, 8}},
		{"every second call", NULL, {477, 13, 10}},
	};
	own_str struct str every = {0};
	int bad = 0;

	put_every_second(&every);
	printf("%-44s %17s   %17s\n", "", "jailrt", "kafel");
	printf("%-44s %5s %5s %5s   %5s %5s %5s\n", "instructions", "all", "worst", "best", "all",
		"worst", "best");
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		bad |= measure_program(
			&list[i], list[i].policy ? list[i].policy : str_text(&every));
	return bad;
}

/* --- times ---------------------------------------------------------------------------------------- */

static const char *const scmp_archs[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
static struct texts names;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Not in the order of numbers: profiles come in that of the alphabet. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect_names(void)
{
	static const char *v[NAMES];

	names.v = v;
	for (uint32_t nr = 0; names.n < NAMES; nr++) {
		const char *name = arch_call_name(&arches[0], nr);

		/* Names that the library does not know are not its work. */
		if (!name && nr > 1000)
			break;
		if (name && seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
			v[names.n++] = name;
	}
	/* The rest of them are calls of 32-bit x86. */
	for (uint32_t nr = 0; names.n < NAMES && nr < 500; nr++) {
		const char *name = arch_call_name(arch_by_name("x86"), nr);

		if (name && arch_call(&arches[0], name) < 0 &&
			seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
			v[names.n++] = name;
	}
	qsort(v, names.n, sizeof(*v), by_name);
}

static size_t compile_ours(void)
{
	own_pool struct pool pool = {0};
	struct oci_syscall all = {.names = names};
	struct oci_syscall *list[] = {&all};
	struct oci_seccomp doc = {.architectures = {(const char **)scmp_archs, 3}};
	static const struct profile_options options;
	struct bpf_program p;
	struct rules rules;
	struct err e;

	OPT_SET(&doc, defaultAction, OCI_ACT_ERRNO);
	OPT_SET(&all, action, OCI_ACT_ALLOW);
	doc.syscalls.v = list;
	doc.syscalls.n = 1;
	if (profile_rules(&doc, NULL, &options, &pool, &rules, &e) < 0 ||
		bpf_compile(&rules, &pool, &p, &e) < 0) {
		fprintf(stderr, "bench: %s\n", e.text);
		exit(1);
	}
	return p.n;
}

static size_t compile_theirs(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	int fd = memfd_create("program", MFD_CLOEXEC);
	off_t size;

	if (!ctx || fd < 0 || seccomp_arch_add(ctx, SCMP_ARCH_X86) < 0 ||
		seccomp_arch_add(ctx, SCMP_ARCH_X32) < 0)
		exit(1);
	for (size_t i = 0; i < names.n; i++) {
		int call = seccomp_syscall_resolve_name(names.v[i]);

		(void)seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, call, 0); /* there is none on this one */
	}
	if (seccomp_export_bpf(ctx, fd) < 0)
		exit(1);
	size = lseek(fd, 0, SEEK_END);
	close(fd);
	seccomp_release(ctx);
	return (size_t)size / sizeof(struct sock_filter);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* CPU time of one compilation: the median of batches, and the least. */
static void measure_time(const char *who, size_t (*compile)(void), unsigned each)
{
	double ms[BATCHES];
	size_t n = compile();

	for (int i = 0; i < BATCHES; i++) {
		double from = now_ms();

		for (unsigned k = 0; k < each; k++)
			compile();
		ms[i] = (now_ms() - from) / each;
	}
	qsort(ms, BATCHES, sizeof(*ms), by_value);
	printf("%-44s %5zu %8.3f %8.3f\n", who, n, ms[BATCHES / 2], ms[0]);
}

int main(int argc, char **argv)
{
	const char *library = argc > 1 ? argv[1] : NULL;
	const struct scmp_version *v = seccomp_version();
	char who[64];

	collect_names();
	/* For profilers. */
	if (library && !strcmp(library, "ours")) {
		for (int i = 0; i < 200; i++)
			compile_ours();
		return 0;
	}
	if (measure_programs())
		return 1;
	printf("\n%-44s %5s %8s %8s\n", "400 names, 3 architectures", "all", "ms", "least ms");
	measure_time("jailrt", compile_ours, 20);
	snprintf(who, sizeof(who), "libseccomp %u.%u.%u", v->major, v->minor, v->micro);
	measure_time(who, compile_theirs, 1);
	return 0;
}
