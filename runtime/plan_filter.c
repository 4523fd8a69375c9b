/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seccomp.h>
#include <string.h>

#include "../spec/watched.h"
#include "bpf.h"
#include "plan_build.h"

enum { WAIT_KILLABLE = 1 << 5 }; /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */

/* The system call filter: the program, and whether what is left to do gets through it. */

static bool has_filter(const struct builder *b)
{
	return b->jail->filter.rules || b->jail->filter.program.len;
}

bool plan_filter_needs_privilege(const struct builder *b)
{
	return has_filter(b) && !b->jail->process.no_new_privs;
}

static int make_program(struct builder *b, struct bpf_program *ret)
{
	const struct jail_filter *f = &b->jail->filter;

	if (f->rules)
		return bpf_compile(f->rules, &b->plan->pool, ret, b->e);
	ret->n = f->program.len / sizeof(*ret->v);
	ret->v = pool_array(&b->plan->pool, ret->n, sizeof(*ret->v));
	if (!ret->v)
		return err_memory(b->e);
	memcpy(ret->v, f->program.data, f->program.len);
	return bpf_validate(ret, b->e);
}

static uint32_t verdict(const struct bpf_program *program, const char *name)
{
	const struct arch *arch = arch_native();
	const struct rule_call call = {
		.arch = arch->audit, .number = (uint32_t)arch_call(arch, name)};

	return bpf_run(program, &call, NULL) & SECCOMP_RET_ACTION_FULL;
}

/* Whether any verdict of the program is to ask the agent. */
static bool asks_agent(const struct bpf_program *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].code == (BPF_RET | BPF_K) &&
			(p->v[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return false;
}

/*
 * The agent's end of a filter exists once the filter is in force, and is sent then; what sends it must
 * not have to ask the agent. Without a path nobody would ever answer.
 */
static int check_listener(struct builder *b, const struct bpf_program *program)
{
	const struct jail_filter *f = &b->jail->filter;
	uint32_t sending = verdict(program, "sendmsg");

	if (!f->listener && asks_agent(program)) {
		PLAN_FAIL(b, f->at, EINVAL, "SCMP_ACT_NOTIFY, and no agent that would answer");
		return err_fix(b->e, "give linux.seccomp.listenerPath");
	}
	if (!f->listener || sending == SECCOMP_RET_ALLOW || sending == SECCOMP_RET_LOG)
		return 0;
	PLAN_FAIL(b, f->at, EINVAL,
		"the filter stops sendmsg, by which its own listener is sent to the agent");
	return err_fix(b->e, "allow sendmsg in the profile");
}

/* --- watching ---------------------------------------------------------------------------------- */

static int add_watched(struct builder *b, struct rules *r, const struct arch *arch)
{
	struct rules_arch *a = rules_add_arch(r, &b->plan->pool, arch);

	if (!a)
		return err_memory(b->e);
	a->otherwise = SECCOMP_RET_ALLOW;
	for (size_t i = 0; i < watched_calls_n; i++) {
		int64_t call = arch_call(arch, watched_calls[i].name);
		struct rule *rule = call < 0 ? NULL : rules_add(a, &b->plan->pool);

		if (call >= 0 && !rule)
			return err_memory(b->e);
		if (!rule)
			continue;
		rule->call = (uint32_t)call;
		rule->action = SECCOMP_RET_USER_NOTIF;
	}
	return rules_sort(a, b->e);
}

/*
 * A filter of its own below the policy, whose stricter verdicts hold: what the policy refuses is not seen.
 * Who joins later is not watched.
 */
static int plan_watch(struct builder *b)
{
	const struct jail_filter *f = &b->jail->filter;
	struct rules rules = {.foreign = SECCOMP_RET_ALLOW, .x32_open = true};
	struct bpf_program program;
	struct step_seccomp *s;

	if (!f->watch || b->plan->guest)
		return 0;
	if (b->host->kernel < 5005) {
		PLAN_FAIL(b, f->at_watch, ENOSYS, "this kernel cannot let watched calls go on");
		return err_fix(b->e, "use a kernel of 5.5 or newer");
	}
	for (unsigned i = 0; watched_arch(i); i++)
		TRY(add_watched(b, &rules, watched_arch(i)));
	TRY(bpf_compile(&rules, &b->plan->pool, &program, b->e));
	b->plan->listener = plan_slot(b);
	s = plan_add(b, SIDE_INIT, STEP_WATCH, f->at_watch);
	OPT_SET(s, length, (uint32_t)program.n);
	OPT_SET(s, flags, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	/* Else a signal of the program's own starts a call anew that is being looked at. */
	if (b->host->kernel >= 5019)
		s->flags |= WAIT_KILLABLE;
	OPT_SET(s, slot, b->plan->listener);
	s->program = program.v;
	return 0;
}

int plan_filter(struct builder *b)
{
	const struct jail_filter *f = &b->jail->filter;
	struct bpf_program program;
	struct step_seccomp *s;
	uint64_t flags = f->flags;

	TRY(plan_watch(b));
	if (!has_filter(b))
		return 0;
	if (make_program(b, &program) < 0)
		return PLAN_FAIL(b, f->at, b->e->code, "%s", b->e->text);
	TRY(check_listener(b, &program));
	if (f->listener)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	s = plan_add(b, SIDE_INIT, STEP_SECCOMP, f->at);
	OPT_SET(s, length, (uint32_t)program.n);
	s->program = program.v;
	if (flags)
		OPT_SET(s, flags, flags);
	if (!f->listener)
		return 0;
	b->plan->listener = plan_slot(b);
	OPT_SET(s, slot, b->plan->listener);
	s->listener = f->listener;
	s->metadata = f->metadata;
	return 0;
}
