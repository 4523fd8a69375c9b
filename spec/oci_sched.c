/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "../runtime/base/fmt.h"
#include "oci_jail.h"

/* What the scheduler is told of a process. */

#define SCHED_FAIL(at, ...) origin_fail(origin, (at), e, EINVAL, __VA_ARGS__)

/* The kernel passes over what does not go with a policy; a config that says it means something else. */
static int check_scheduler(
	const struct oci_scheduler *s, const struct origin *origin, struct err *e)
{
	bool realtime = s->policy == SCHED_POLICY_FIFO || s->policy == SCHED_POLICY_RR;
	bool deadline = s->policy == SCHED_POLICY_DEADLINE;
	const char *name = words_name(&sched_policy_words, (uint64_t)s->policy);

	if (realtime && (s->priority < 1 || s->priority > 99))
		return SCHED_FAIL(
			s, "%s needs a priority of 1 to 99, and this is %d", name, s->priority);
	if (!realtime && s->priority)
		return SCHED_FAIL(&s->priority, "a priority does not go with %s", name);
	if (!deadline && (s->runtime || s->deadline || s->period))
		return SCHED_FAIL(s, "runtime, deadline and period do not go with %s", name);
	if (deadline && !s->runtime)
		return SCHED_FAIL(s, "%s needs a runtime", name);
	return 0;
}

static int load_scheduler(const struct oci_scheduler *s, const struct origin *origin,
	struct jail_scheduler *to, struct err *e)
{
	if (!s)
		return 0;
	TRY(check_scheduler(s, origin, e));
	*to = (struct jail_scheduler){
		.set = true,
		.policy = s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
		.at = s,
	};
	return 0;
}

int oci_load_list(
	const char *const *list, const char *what, const struct origin *origin, struct err *e)
{
	uint64_t words[JAIL_LIST_BITS / 64] = {0};
	int r = *list && **list ? fmt_list(*list, words, JAIL_LIST_BITS) : 0;

	if (r == -ERANGE)
		return SCHED_FAIL(
			list, "'%s': there are %d %s at most", *list, JAIL_LIST_BITS, what);
	return r < 0 ? SCHED_FAIL(list, "'%s' is no list of %s such as 0-3,7", *list, what) : 0;
}

static int load_affinity(const struct oci_cpu_affinity *a, const struct origin *origin,
	struct jail_affinity *to, struct err *e)
{
	if (!a)
		return 0;
	TRY(oci_load_list(&a->initial, "CPUs", origin, e));
	TRY(oci_load_list(&a->final, "CPUs", origin, e));
	*to = (struct jail_affinity){
		.initial = a->initial && *a->initial ? a->initial : NULL,
		.final = a->final && *a->final ? a->final : NULL,
		.at_initial = &a->initial,
		.at_final = &a->final,
	};
	return 0;
}

int oci_load_memory_policy(struct oci_load *l)
{
	const struct oci_memory_policy *m = l->os->memoryPolicy;

	if (!m)
		return 0;
	if (!m->has_mode)
		return OCI_FAIL(l, m, "the mode is missing");
	TRY(oci_load_list(&m->nodes, "memory nodes", l->origin, l->e));
	l->jail->process.memory = (struct jail_memory_policy){
		.set = true,
		.mode = m->mode,
		.flags = m->flags,
		.nodes = m->nodes && *m->nodes ? m->nodes : NULL,
		.at = m,
	};
	return 0;
}

int oci_load_scheduling(const struct oci_process *doc, const struct origin *origin,
	struct jail_process *process, struct err *e)
{
	const struct oci_io_priority *io = doc->ioPriority;

	TRY(load_scheduler(doc->scheduler, origin, &process->scheduler, e));
	TRY(load_affinity(doc->execCPUAffinity, origin, &process->affinity, e));
	if (io)
		process->io = (struct jail_io_priority){
			true, (uint32_t)io->class, (uint32_t)io->priority, io};
	return 0;
}
