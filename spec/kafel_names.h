/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_NAMES_H
#define JAILRT_KAFEL_NAMES_H
/*
 * kafel_names: what kafel calls system calls and their arguments, and the kernel's constants. For
 * spec/kafel*.c only.
 *
 * Kafel's names are those of the kernel's SYSCALL_DEFINE macros: newfstat, umount, dfd. What differs
 * from unistd.h, and all arguments, comes from spec/data/syscall-args.tsv, constants from
 * spec/data/constants.tsv, which the build turns into C. Constant data, no state.
 */
#include <stdbool.h>
#include <stdint.h>

#include "arch.h"

/* An architecture, with what is looked up once for it. */
struct kafel_machine {
	const struct arch *arch;
	uint32_t column; /* of the data, as a bit; 0: it has none */
};

struct kafel_machine kafel_machine(const struct arch *arch);

struct kafel_call {
	uint32_t number;
	const char *kernel; /* its name; NULL: nobody knows the call */
};

/*
 * 0, or CALL_NONE where this architecture has no such call, or CALL_UNKNOWN. Names that differ from
 * kafel's only where not strict.
 */
int kafel_call(
	const struct kafel_machine *m, const char *name, bool strict, struct kafel_call *ret);

/* The call of a number. */
struct kafel_call kafel_call_of(const struct kafel_machine *m, uint32_t number);

/* What a misspelt name may have been meant as; NULL when there is nothing near. */
const char *kafel_call_nearest(const struct kafel_machine *m, const char *name, bool strict);

enum { KAFEL_ARGS = 6 };

struct kafel_args {
	unsigned n;
	const char *name[KAFEL_ARGS];
	bool wide[KAFEL_ARGS]; /* 64 bits */
};

/* False when they are not known. */
bool kafel_args(const struct kafel_machine *m, const char *kernel, struct kafel_args *ret);

/* The index of an argument by another name: of older kernels, or (not strict) the manual's; or -1. */
int kafel_arg_alias(const char *kernel, const char *name, bool strict);

/* False when there is no such constant on this architecture. */
bool kafel_constant(const struct kafel_machine *m, const char *name, uint64_t *ret);

/* The nearest constant; NULL when none is near. */
const char *kafel_constant_nearest(const struct kafel_machine *m, const char *name);

#endif
