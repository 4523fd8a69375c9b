/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_SCHED_H
#define JAILRT_DO_SCHED_H
/*
 * sched: what the kernel's schedulers are told of a process.
 *
 * pid 0 is the caller. All of it outlives exec, and may be called between clone and exec.
 */
#include <sys/types.h>

#include "../base/err.h"
#include "../step.h"

int sched_set(pid_t pid, const struct step_scheduler *s, struct err *e);
int sched_set_io(pid_t pid, const struct step_io_priority *s, struct err *e);

/* The caller's CPUs; no more of them than its cgroup has. */
int sched_affinity(const struct step_affinity *s, struct err *e);

/* The caller's threads share no core with programs that are not of the jail. */
int sched_core(struct err *e);

/* Reading the time stamp counter kills (x86). */
int sched_no_tsc(struct err *e);

/* Where the caller's memory comes from from now on. */
int sched_memory(const struct step_memory_policy *s, struct err *e);

#endif
