/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_ARCH_H
#define JAILRT_ARCH_H
/*
 * arch: the architectures a seccomp filter can speak of, and their system calls.
 *
 * Names and numbers come from spec/data/syscalls.tsv (the kernel's own tables), which the build turns
 * into C; a call that is newer than the data is looked up in libseccomp. Constant data, no state.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arch {
	const char *name; /* "x86_64": as the column of the data */
	const char *scmp; /* "SCMP_ARCH_X86_64": OCI's */
	uint32_t audit; /* AUDIT_ARCH_…, what the kernel says in struct seccomp_data */
	uint32_t bit; /* x32: set in each of its numbers */
	bool wide; /* 64-bit registers are compared; otherwise the low 32 bits */
	bool big_endian;
	const int32_t *numbers; /* by call; -1: it has none */
};

extern const struct arch arches[];
extern const size_t arches_n;

/* The machine's own. */
const struct arch *arch_native(void);

/* NULL when there is none. scmp: with or without "SCMP_ARCH_". */
const struct arch *arch_by_name(const char *name);
const struct arch *arch_by_scmp(const char *name);
const struct arch *arch_by_audit(uint32_t audit);

enum { CALL_NONE = -1, CALL_UNKNOWN = -2 };

/*
 * The number of a call by its name in the kernel's unistd.h; CALL_NONE when this architecture has no
 * such call, CALL_UNKNOWN when nobody knows the name.
 */
int64_t arch_call(const struct arch *arch, const char *name);

/* The same, where one name is asked of several architectures: the name is looked up but once. */
struct call_name {
	const char *name; /* the caller's */
	int row; /* in the tables; -1: not there */
};

struct call_name arch_look_up(const char *name);
int64_t arch_call_of(const struct arch *arch, const struct call_name *name);

/* The name of a number; NULL when nobody knows it. */
const char *arch_call_name(const struct arch *arch, uint32_t number);

/* The name nearest to a misspelt one; NULL when none is near. */
const char *arch_call_nearest(const struct arch *arch, const char *name);

/*
 * Some architectures have one call for all of sockets (socketcall(2)) or of System V IPC (ipc(2)); which
 * of a call's variants is meant is the low 16 bits of the first argument.
 */
struct multiplexed {
	const char *name;
	uint16_t first; /* linux/net.h, linux/ipc.h */
	bool ipc;
};

/* NULL for a call that cannot be made that way anywhere. */
const struct multiplexed *arch_multiplexed(const char *name);

/* The number of socketcall or ipc; below 0 where there is none. */
int64_t arch_multiplexer(const struct arch *arch, bool ipc);

#endif
