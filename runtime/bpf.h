/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_BPF_H
#define JAILRT_BPF_H
/*
 * bpf: seccomp rules turned into a program of the kernel's (classic) BPF machine.
 *
 * Pure. The rules become one decision diagram: architecture, call number, then the words of the
 * arguments, each looked at no more than once on a way from top to bottom; equal parts are shared.
 * From that, the instructions: a search tree at each word, with the smallest number of comparisons.
 * Calls that are always allowed are decided by number and architecture alone, in the instructions
 * that let the kernel remember it (5.11: it then does not run the program for them at all).
 *
 * What comes out is run against the rules before it is handed over.
 */
#include <linux/filter.h>

#include "../spec/rules.h"
#include "base/err.h"

/* The kernel's own limit (BPF_MAXINSNS). */
enum { BPF_MOST = 4096 };

struct bpf_program {
	struct sock_filter *v;
	size_t n;
};

/* -E2BIG when the program would be longer than the kernel takes. The program lies on the pool. */
int bpf_compile(
	const struct rules *rules, struct pool *pool, struct bpf_program *ret, struct err *e);

/*
 * What the kernel would do: the program's verdict on a call. ret_steps (may be NULL): the number of
 * instructions executed. A program that the kernel would refuse gives KILL_PROCESS.
 */
uint32_t bpf_run(
	const struct bpf_program *program, const struct rule_call *call, unsigned *ret_steps);

/* The verdict on a number where the program looks at nothing else; false: it does. Of a valid program. */
bool bpf_run_plain(
	const struct bpf_program *program, uint32_t audit, uint32_t number, uint32_t *ret);

/* -EINVAL with the place when the kernel would not take the program (seccomp(2), EINVAL). */
int bpf_validate(const struct bpf_program *program, struct err *e);

#endif
