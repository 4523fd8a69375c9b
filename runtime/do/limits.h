/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_LIMITS_H
#define JAILRT_DO_LIMITS_H
/*
 * limits: what the kernel counts by process: resource limits, priority, CPUs, personality.
 */
#include <sys/types.h>

#include "../base/err.h"
#include "../step.h"

/* Raises hard limits that are below those wanted, and nothing else. pid 0: the caller's. */
int limits_raise(pid_t pid, const struct step_limits *s, struct err *e);

/* Sets them as wanted; can only fail where a raise was needed and not done. */
int limits_set(const struct step_limits *s, struct err *e);

/* proc is an fd of the host's procfs; value -1000 … 1000 (proc(5)); pid 0: our own. */
int limits_oom_score(int proc, pid_t pid, const struct step_oom_score *s, struct err *e);

int limits_nice(int64_t value, struct err *e);

/* Keeps this many of the CPUs that the caller may use, chosen at random to spread jails. */
int limits_cpus(int64_t n, struct err *e);

int limits_personality(int64_t value, struct err *e);

#endif
