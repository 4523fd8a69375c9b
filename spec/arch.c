/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/own.h"
#include "arch.h"
#include "syscalls.inc"

#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 0xc0000102U
#endif

/* The order of OCI's list (config-linux.md, seccomp). */
const struct arch arches[] = {
	{"x86_64", "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, 0, true, false, numbers_x86_64},
	{"x86", "SCMP_ARCH_X86", AUDIT_ARCH_I386, 0, false, false, numbers_x86},
	/* Registers are wide there, but its pointers, longs and sizes are not. */
	{"x32", "SCMP_ARCH_X32", AUDIT_ARCH_X86_64, 0x40000000, false, false, numbers_x32},
	{"arm", "SCMP_ARCH_ARM", AUDIT_ARCH_ARM, 0, false, false, numbers_arm},
	{"aarch64", "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, 0, true, false, numbers_aarch64},
	{"mips", "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS, 0, false, true, numbers_mips},
	{"mips64", "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64, 0, true, true, numbers_mips64},
	{"mips64n32", "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32, 0, false, true,
		numbers_mips64n32},
	{"mipsel", "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL, 0, false, false, numbers_mips},
	{"mipsel64", "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64, 0, true, false, numbers_mips64},
	{"mipsel64n32", "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32, 0, false, false,
		numbers_mips64n32},
	{"ppc", "SCMP_ARCH_PPC", AUDIT_ARCH_PPC, 0, false, true, numbers_ppc},
	{"ppc64", "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64, 0, true, true, numbers_ppc64},
	{"ppc64le", "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE, 0, true, false, numbers_ppc64},
	{"s390", "SCMP_ARCH_S390", AUDIT_ARCH_S390, 0, false, true, numbers_s390},
	{"s390x", "SCMP_ARCH_S390X", AUDIT_ARCH_S390X, 0, true, true, numbers_s390x},
	{"parisc", "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC, 0, false, true, numbers_parisc},
	{"parisc64", "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64, 0, true, true, numbers_parisc64},
	{"riscv64", "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64, 0, true, false, numbers_riscv64},
	{"loongarch64", "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64, 0, true, false,
		numbers_loongarch64},
	{"m68k", "SCMP_ARCH_M68K", AUDIT_ARCH_M68K, 0, false, true, numbers_m68k},
	/* libseccomp calls the little-endian one SH, the kernel the big-endian one. */
	{"sh", "SCMP_ARCH_SH", AUDIT_ARCH_SHEL, 0, false, false, numbers_sh},
	{"sheb", "SCMP_ARCH_SHEB", AUDIT_ARCH_SH, 0, false, true, numbers_sh},
};
const size_t arches_n = ARRAY_LEN(arches);

const struct arch *arch_native(void)
{
#if defined(__x86_64__) && defined(__ILP32__)
	return arch_by_name("x32");
#elif defined(__x86_64__)
	return &arches[0];
#elif defined(__i386__)
	return arch_by_name("x86");
#else
	return arch_by_audit(seccomp_arch_native());
#endif
}

const struct arch *arch_by_name(const char *name)
{
	for (size_t i = 0; i < arches_n; i++) {
		if (!strcmp(arches[i].name, name))
			return &arches[i];
	}
	return NULL;
}

const struct arch *arch_by_scmp(const char *name)
{
	static const char prefix[] = "SCMP_ARCH_";

	if (!strncmp(name, prefix, sizeof(prefix) - 1))
		name += sizeof(prefix) - 1;
	for (size_t i = 0; i < arches_n; i++) {
		if (!strcmp(arches[i].scmp + sizeof(prefix) - 1, name))
			return &arches[i];
	}
	return NULL;
}

const struct arch *arch_by_audit(uint32_t audit)
{
	for (size_t i = 0; i < arches_n; i++) {
		if (arches[i].audit == audit && !arches[i].bit)
			return &arches[i];
	}
	return NULL;
}

/* The hash that syscalls.awk lays the table out by. */
static int find_call(const char *name)
{
	uint32_t h = 0;

	for (const char *c = name; *c; c++)
		h = (h * 33 + (unsigned char)*c) & 0xffffff;
	for (h %= CALL_SLOTS; call_slot[h]; h = (h + 1) % CALL_SLOTS) {
		int call = call_slot[h] - 1;

		if (!strcmp(call_text + call_start[call], name))
			return call;
	}
	return CALL_NONE;
}

/* SCMP_ARCH_X32 is libseccomp's own token; all others are the kernel's. */
static uint32_t token(const struct arch *arch)
{
	return arch->bit ? (uint32_t)SCMP_ARCH_X32 : arch->audit;
}

static int64_t ask_library(const struct arch *arch, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(token(arch), name);

	/* Below zero are names that other architectures have. */
	if (number == __NR_SCMP_ERROR)
		return CALL_UNKNOWN;
	return number < 0 ? CALL_NONE : (int64_t)(uint32_t)number;
}

struct call_name arch_look_up(const char *name)
{
	return (struct call_name){name, find_call(name)};
}

int64_t arch_call_of(const struct arch *arch, const struct call_name *name)
{
	if (name->row < 0)
		return ask_library(arch, name->name);
	if (arch->numbers[name->row] < 0)
		return CALL_NONE;
	return (int64_t)((uint32_t)arch->numbers[name->row] | arch->bit);
}

int64_t arch_call(const struct arch *arch, const char *name)
{
	struct call_name call = arch_look_up(name);

	return arch_call_of(arch, &call);
}

const char *arch_call_name(const struct arch *arch, uint32_t number)
{
	if (arch->bit && !(number & arch->bit))
		return NULL;
	for (int i = 0; i < CALLS; i++) {
		if (arch->numbers[i] >= 0 && ((uint32_t)arch->numbers[i] | arch->bit) == number)
			return call_text + call_start[i];
	}
	return NULL;
}

const char *arch_call_nearest(const struct arch *arch, const char *name)
{
	const char *best = NULL;
	unsigned least = 3;

	for (int i = 0; i < CALLS; i++) {
		const char *candidate = call_text + call_start[i];
		unsigned d;

		if (arch->numbers[i] < 0)
			continue;
		d = fmt_distance(candidate, name);
		if (d < least && d < strlen(name)) {
			least = d;
			best = candidate;
		}
	}
	return best;
}

/* In the order of strcmp(3). */
static const struct multiplexed multiplexed[] = {
	{"accept", 5, false},
	{"accept4", 18, false},
	{"bind", 2, false},
	{"connect", 3, false},
	{"getpeername", 7, false},
	{"getsockname", 6, false},
	{"getsockopt", 15, false},
	{"listen", 4, false},
	{"msgctl", 14, true},
	{"msgget", 13, true},
	{"msgrcv", 12, true},
	{"msgsnd", 11, true},
	{"recv", 10, false},
	{"recvfrom", 12, false},
	{"recvmmsg", 19, false},
	{"recvmsg", 17, false},
	{"semctl", 3, true},
	{"semget", 2, true},
	{"semop", 1, true},
	{"semtimedop", 4, true},
	{"send", 9, false},
	{"sendmmsg", 20, false},
	{"sendmsg", 16, false},
	{"sendto", 11, false},
	{"setsockopt", 14, false},
	{"shmat", 21, true},
	{"shmctl", 24, true},
	{"shmdt", 22, true},
	{"shmget", 23, true},
	{"shutdown", 13, false},
	{"socket", 1, false},
	{"socketpair", 8, false},
};

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct multiplexed *)row)->name);
}

const struct multiplexed *arch_multiplexed(const char *name)
{
	return bsearch(
		name, multiplexed, ARRAY_LEN(multiplexed), sizeof(*multiplexed), compare_name);
}

int64_t arch_multiplexer(const struct arch *arch, bool ipc)
{
	return arch_call(arch, ipc ? "ipc" : "socketcall");
}
