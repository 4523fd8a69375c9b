/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_H
#define JAILRT_KAFEL_H
/*
 * kafel: the policy language of nsjail, as rules.
 *
 * Strict is the language as kafel itself takes it, in acceptance, places of errors and verdicts:
 *
 * - The rules at top level, those of each USE in its place, count in their order: the first of a call's
 *   number whose condition holds; else DEFAULT; without one the thread is killed. So it is on all other
 *   architectures, and x32's numbers go to DEFAULT unless a rule names them.
 * - Each comparison is unsigned, of 64 bits when after folding an argument in it is 64 bits wide or a
 *   number does not fit in 32, else of the low 32 bits. Arguments that the policy names itself are wide.
 * - What kafel compiles wrong, or has no room for, is compiled right.
 *
 * Friendly (the other one) also takes what people write, and closes two holes: x32's numbers are
 * killed unless a rule names them, and an argument that the policy names itself is as wide as the kernel
 * takes it. In its grammar and its names only what is an error in kafel means something else there:
 *
 * - no comma between rules and filters, or one too many; DEFAULT in a POLICY that is used;
 * - '#' and a blank begin a comment; CR is a blank; names may begin with '_';
 * - the names of unistd.h (fstat, umount2), man page names of arguments, arg0 … arg5;
 * - a value as a condition ("is not 0"), the kernel's constants, also in ERRNO().
 * But "08" is an error there, and a comment ends at the first end.
 *
 * All names that nobody knows are complained about at once, with what they may have been meant as.
 */
#include "../runtime/base/err.h"
#include "../runtime/base/pool.h"
#include "event.h"
#include "rules.h"

/* A text in parts, as seccomp_string is one: each is followed by a newline. */
struct kafel_text {
	const char *file; /* what complaints call it */
	const char *data;
	size_t len;
};

struct kafel_options {
	bool strict;
	const char *const *include; /* folders where #include looks, in this order; nowhere else */
	size_t n_include;
	const struct kafel_text *own; /* texts that it finds by their names before all files */
	size_t n_own;
};

enum kafel_class {
	KAFEL_CHARACTER, /* unexpected in the text */
	KAFEL_NUMBER, /* does not fit in 64 bits */
	KAFEL_COMMENT, /* has no end */
	KAFEL_INCLUDE, /* cannot be read */
	KAFEL_INCLUDE_END, /* of the text in the line of an #include */
	KAFEL_INCLUDE_BLANK, /* none before a name */
	KAFEL_INCLUDE_DEPTH,
	KAFEL_SYNTAX,
	KAFEL_NESTING, /* of parentheses */
	KAFEL_POLICY_TWICE,
	KAFEL_POLICY_UNKNOWN,
	KAFEL_DEFAULT_TWICE,
	KAFEL_CONSTANT_TWICE,
	KAFEL_ACTION_DATA, /* out of range */
	KAFEL_ARCH_UNKNOWN,
	KAFEL_ARCH_TWICE,
	KAFEL_ARGUMENT_TWICE,
	KAFEL_ARGUMENTS_MANY,
	KAFEL_DEEP, /* a condition */
	KAFEL_UNKNOWN, /* system call, argument or constant */
	KAFEL_NEVER, /* a mask that is always 0 (friendly) */
	KAFEL_WARNING,
};

/* Where something stands; also what rule.at of these rules points to. */
struct kafel_at {
	const char *file;
	struct place at;
};

struct kafel_note {
	enum kafel_class class;
	struct kafel_at at;
	const char *text; /* without the place */
};

struct kafel_notes {
	struct kafel_note *v;
	size_t n;
	size_t more; /* that there was no room for */
};

/*
 * The rules of a policy for some architectures (each once), sorted, on the pool; rules.foreign kills
 * the thread. On failure e has the errors with their places, as many as fit. ret_notes (may be NULL)
 * has each error, the first one first, and the warnings; also on success.
 */
int kafel_rules(const struct kafel_text *texts, size_t n_texts, const struct arch *const *archs,
	size_t n_archs, const struct kafel_options *options, struct pool *pool, struct rules *ret,
	struct kafel_notes *ret_notes, struct err *e);

/* Warnings go to the log. */
void kafel_tell_warnings(const struct kafel_notes *notes);

#endif
