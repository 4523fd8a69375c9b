/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_TEXT_H
#define JAILRT_KAFEL_TEXT_H
/*
 * kafel_text: rules as kafel, and their conditions as words.
 *
 * The policy that is written is taken by kafel itself (strict) and by the friendly dialect, and has the
 * verdicts of the rules there, with two exceptions that kafel has no words for: calls of x32, which are
 * stopped by the friendly dialect, and what is said to other architectures.
 */
#include "../runtime/base/str.h"
#include "kafel.h"

/* One architecture's rules. -EOVERFLOW when they cannot be said. */
int kafel_text_policy(const struct rules_arch *a, struct str *out, struct err *e);

/* The name of a call as unistd.h has it, or "500". */
void kafel_text_call(const struct arch *arch, uint32_t call, struct str *out);

/* "family is 1 and (type & 0xf) is not 3". */
void kafel_text_words(
	const struct arch *arch, uint32_t call, const struct rule_test *t, struct str *out);

/* The name of an argument: the kernel's, or "arg2". */
void kafel_text_arg(const struct arch *arch, uint32_t call, unsigned arg, struct str *out);

/* A number as people write it: 3, 0x80000. */
void kafel_text_number(uint64_t number, struct str *out);

#endif
