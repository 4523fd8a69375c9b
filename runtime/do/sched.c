/* SPDX-License-Identifier: Apache-2.0 */
#include "sched.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../spec/names.h"
#include "../base/fmt.h"

/* --- CPU --------------------------------------------------------------------------------------- */

/* The kernel's struct sched_attr as of 5.3; its header clashes with the C library's. */
struct scheduler {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static int explain(int code, const struct step_scheduler *s, struct err *e)
{
	const char *name = words_name(&sched_policy_words, (uint64_t)s->policy);

	err_sys(e, code, "set the scheduling policy %s", name);
	if (code == EPERM && s->policy == SCHED_POLICY_DEADLINE)
		return err_fix(e, "it takes CAP_SYS_NICE, and every CPU: no cpuset, no affinity");
	if (code == EPERM)
		return err_fix(e, "it takes CAP_SYS_NICE, and for real-time policies a cgroup with "
				  "real-time CPU time (linux.resources.cpu.realtimeRuntime)");
	if (code == EBUSY)
		return err_fix(
			e, "the CPUs cannot keep that deadline beside those promised already");
	if (code == EINVAL || code == EOPNOTSUPP)
		return err_fix(e, "this kernel does not know the policy or one of its flags, or "
				  "they do not go together");
	return -code;
}

int sched_set(pid_t pid, const struct step_scheduler *s, struct err *e)
{
	const struct scheduler attr = {
		.size = sizeof(attr),
		.policy = (uint32_t)s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	return syscall(SYS_sched_setattr, pid, &attr, 0) < 0 ? explain(errno, s, e) : 0;
}

/* 8192: more than any kernel is built for. */
enum { LIST_BITS = 8192, WORD_BITS = 8 * sizeof(long) };

/* The kernel's words are long. */
static int read_list(const char *list, unsigned long *to)
{
	uint64_t bits[LIST_BITS / 64] = {0};

	if (fmt_list(list, bits, LIST_BITS) < 0)
		return -EINVAL;
	for (int i = 0; i < LIST_BITS; i++) {
		if (bits[i / 64] >> (i % 64) & 1)
			to[i / WORD_BITS] |= 1UL << (i % WORD_BITS);
	}
	return 0;
}

int sched_affinity(const struct step_affinity *s, struct err *e)
{
	unsigned long cpus[LIST_BITS / WORD_BITS] = {0};

	if (read_list(s->cpus, cpus) < 0)
		return err_set(e, EINVAL, "'%s' is no list of CPUs", s->cpus);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(cpus), cpus) >= 0)
		return 0;
	if (errno != EINVAL)
		return err_sys(e, errno, "run on the CPUs %s", s->cpus);
	return err_set(e, EINVAL, "run on the CPUs %s: none of them is there for it", s->cpus);
}

/* --- I/O --------------------------------------------------------------------------------------- */

enum { IO_WHO_PROCESS = 1, IO_CLASS_SHIFT = 13 }; /* ioprio_set(2) */

int sched_set_io(pid_t pid, const struct step_io_priority *s, struct err *e)
{
	int value = s->class << IO_CLASS_SHIFT | (int)s->priority, code;

	if (syscall(SYS_ioprio_set, IO_WHO_PROCESS, pid, value) >= 0)
		return 0;
	code = errno;
	err_sys(e, code, "set the I/O priority %s:%u",
		words_name(&io_class_words, (uint64_t)s->class), s->priority);
	return code == EPERM ? err_fix(e, "it takes CAP_SYS_NICE or CAP_SYS_ADMIN") : -code;
}

/* --- memory ------------------------------------------------------------------------------------- */

static int explain_memory(int code, const struct step_memory_policy *s, struct err *e)
{
	err_sys(e, code, "set the memory policy %s on nodes %s",
		words_name(&mempolicy_mode_words, (uint64_t)s->mode),
		s->nodes ? s->nodes : "(none)");
	if (code == EINVAL)
		return err_fix(e, "the nodes may not be there, or not be in the cgroup's "
				  "cpuset.mems; MPOL_DEFAULT and MPOL_LOCAL take none, all others "
				  "but MPOL_PREFERRED need some; the flags exclude each other, and "
				  "need nodes");
	if (code == ENOSYS)
		return err_fix(e, "this kernel is built without NUMA");
	return -code;
}

int sched_memory(const struct step_memory_policy *s, struct err *e)
{
	unsigned long nodes[LIST_BITS / WORD_BITS] = {0};
	long mode = (long)s->mode | (long)s->flags;

	if (s->nodes && read_list(s->nodes, nodes) < 0)
		return err_set(e, EINVAL, "'%s' is no list of memory nodes", s->nodes);
	/* The kernel counts one less than it is told. */
	if (syscall(SYS_set_mempolicy, mode, s->nodes ? nodes : NULL,
		    s->nodes ? LIST_BITS + 1UL : 0UL) < 0)
		return explain_memory(errno, s, e);
	return 0;
}

/* --- cores and counters ------------------------------------------------------------------------ */

int sched_core(struct err *e)
{
	/* linux/prctl.h, 5.14: PR_SCHED_CORE, its CREATE, for a group of threads. */
	if (prctl(62, 1, 0, 1, 0) >= 0)
		return 0;
	err_sys(e, errno, "have CPU cores to oneself (core scheduling)");
	return err_fix(e, "it takes a kernel with CONFIG_SCHED_CORE, and CPUs with several "
			  "threads a core; or leave use_core_scheduling out");
}

int sched_no_tsc(struct err *e)
{
	if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) >= 0)
		return 0;
	err_sys(e, errno, "forbid the time stamp counter");
	return err_fix(e, "only x86 can; leave disable_tsc out");
}
