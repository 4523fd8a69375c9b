/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/capability.h>
#include <string.h>

#include "plan_build.h"

static void add_number(struct builder *b, enum step_kind kind, const struct limit *l)
{
	struct step_number *s;

	if (!l->set)
		return;
	s = plan_add(b, SIDE_INIT, kind, b->jail->process.at);
	OPT_SET(s, value, l->v);
}

static void add_umask(struct builder *b, const struct limit *l)
{
	struct step_mode *s;

	if (!l->set)
		return;
	s = plan_add(b, SIDE_INIT, STEP_UMASK, b->jail->process.at);
	OPT_SET(s, value, (uint32_t)l->v);
}

void plan_oom_score(struct builder *b, enum side side, enum side who)
{
	const struct jail_process *p = &b->jail->process;
	struct step_oom_score *s;

	if (!p->oom_score_adj.set)
		return;
	s = plan_add(b, side, STEP_OOM_SCORE, NULL);
	OPT_SET(s, value, p->oom_score_adj.v);
	if (side != who)
		OPT_SET(s, who, (int32_t)who);
}

/*
 * /proc/self belongs to the host's root as soon as a process is nobody's to look at, and in a user namespace
 * that is somebody else: there it is done at birth. To lower it takes a right that the parent may have.
 */
void plan_oom_score_at_birth(struct builder *b, enum side who)
{
	if (b->userns)
		plan_oom_score(b, b->host->privileged ? SIDE_PARENT : who, who);
}

static void add_limits(struct builder *b, enum side side, enum step_kind kind)
{
	const struct jail_rlimits *l = &b->jail->process.rlimits;
	struct step_limits *s;

	if (!l->n)
		return;
	s = plan_add(b, side, kind, l->v[0].at);
	s->limits.v = pool_array(&b->plan->pool, l->n, sizeof(*s->limits.v));
	if (side == SIDE_PARENT)
		OPT_SET(s, who, SIDE_INIT);
	list_each (i, *l) {
		struct step_limit *one = POOL_NEW(&b->plan->pool, struct step_limit);

		if (!one || !s->limits.v) {
			b->no_memory = true;
			return;
		}
		one->name = words_name(&rlimit_words, (uint64_t)l->v[i].resource);
		OPT_SET(one, soft, l->v[i].limit.rlim_cur);
		OPT_SET(one, hard, l->v[i].limit.rlim_max);
		s->limits.v[s->limits.n++] = one;
	}
}

/*
 * Only a hard limit above the present one needs a right, which init gives up, or never has in a user
 * namespace; so that is done early, by who has the right. All else is done last: a low limit would
 * get in the way of what is still to come.
 */
void plan_raise_limits(struct builder *b, enum side side)
{
	add_limits(b, side, STEP_RAISE_LIMITS);
}

/*
 * A plain user's namespace gives up setgroups(2) for good (user_namespaces(7)): the caller's groups
 * cannot be dropped then, and none can be added.
 */
static bool groups_are_fixed(const struct builder *b)
{
	return jail_has_new(b->jail, NS_USER) && !b->host->privileged && !b->jail->ids.gids.helper;
}

static void add_user(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_ids *s;

	if (p->keep_ids && p->keep_groups)
		return;
	s = plan_add(b, SIDE_INIT, STEP_USER, p->at_user);
	if (p->keep_ids) {
		OPT_SET(s, keep_ids, true);
	} else {
		OPT_SET(s, uid, p->uid);
		OPT_SET(s, gid, p->gid);
	}
	s->groups = p->groups;
	if (p->keep_groups || groups_are_fixed(b))
		OPT_SET(s, keep_groups, true);
}

/* Root can open them again whoever has them. */
static void add_own_stdio(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_ids *s;

	if (p->keep_ids || !p->uid || !p->own_stdio)
		return;
	s = plan_add(b, SIDE_INIT, STEP_OWN_STDIO, p->at_user);
	OPT_SET(s, uid, p->uid);
	OPT_SET(s, gid, p->gid);
}

static void add_capabilities(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	uint64_t known = b->host->last_cap >= 63 ? UINT64_MAX
						 : (1ULL << (b->host->last_cap + 1)) - 1;
	struct step_capabilities *s;

	s = plan_add(b, SIDE_INIT, STEP_CAPABILITIES, p->at_caps);
	if (p->caps.inherit) {
		OPT_SET(s, inherit, true);
		return;
	}
	OPT_SET(s, bounding, p->caps.set[CAP_BOUNDING] & known);
	OPT_SET(s, permitted, p->caps.set[CAP_PERMITTED] & known);
	OPT_SET(s, effective, p->caps.set[CAP_EFFECTIVE] & known);
	OPT_SET(s, inheritable, p->caps.set[CAP_INHERITABLE] & known);
	OPT_SET(s, ambient, p->caps.set[CAP_AMBIENT] & known);
	/*
	 * The filter is set by the very last system call but exec, so that it need not allow what
	 * comes before. The right to do so ends with exec, which makes these sets anew.
	 */
	if (plan_filter_needs_privilege(b))
		OPT_SET(s, hold, 1ULL << CAP_SYS_ADMIN);
}

/*
 * Beyond what a plain user may, the kernel asks for a right in the first user namespace: there init has
 * none, so its parent does it.
 */
static enum side scheduling_side(const struct builder *b)
{
	return b->userns && b->host->privileged ? SIDE_PARENT : SIDE_INIT;
}

static void add_scheduler(struct builder *b)
{
	const struct jail_scheduler *from = &b->jail->process.scheduler;
	enum side side = scheduling_side(b);
	struct step_scheduler *s;

	if (!from->set)
		return;
	s = plan_add(b, side, STEP_SCHEDULER, from->at);
	if (side == SIDE_PARENT)
		OPT_SET(s, who, SIDE_INIT);
	OPT_SET(s, policy, from->policy);
	if (from->flags)
		OPT_SET(s, flags, from->flags);
	if (from->nice)
		OPT_SET(s, nice, from->nice);
	if (from->priority)
		OPT_SET(s, priority, from->priority);
	if (from->policy != SCHED_POLICY_DEADLINE)
		return;
	OPT_SET(s, runtime, from->runtime);
	OPT_SET(s, deadline, from->deadline);
	OPT_SET(s, period, from->period);
}

static void add_io_priority(struct builder *b)
{
	const struct jail_io_priority *from = &b->jail->process.io;
	enum side side = scheduling_side(b);
	struct step_io_priority *s;

	if (!from->set)
		return;
	s = plan_add(b, side, STEP_IO_PRIORITY, from->at);
	if (side == SIDE_PARENT)
		OPT_SET(s, who, SIDE_INIT);
	OPT_SET(s, class, (int32_t)from->class);
	OPT_SET(s, priority, from->priority);
}

static void add_memory_policy(struct builder *b)
{
	const struct jail_memory_policy *from = &b->jail->process.memory;
	struct step_memory_policy *s;

	if (!from->set)
		return;
	s = plan_add(b, SIDE_INIT, STEP_MEMORY_POLICY, from->at);
	OPT_SET(s, mode, from->mode);
	if (from->flags)
		OPT_SET(s, flags, from->flags);
	s->nodes = from->nodes;
}

static void add_cwd(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_cwd *s = plan_add(b, SIDE_INIT, STEP_CWD, p->at_cwd);

	s->path = p->cwd;
	if (p->make_cwd)
		OPT_SET(s, make, true);
}

static const char *search_path(const struct jail_process *p)
{
	const char *path = NULL;

	/* As a shell does it, the last one of several counts. */
	list_each (i, p->env) {
		if (!strncmp(p->env.v[i], "PATH=", 5))
			path = p->env.v[i] + 5;
	}
	return path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static void add_find(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	const char *name = p->file ? p->file : p->args.n ? p->args.v[0] : "";
	struct step_find *s;

	if (!p->search_path || p->open_file)
		return;
	s = plan_add(b, SIDE_INIT, STEP_FIND, p->at_args);
	s->name = name;
	if (!strchr(name, '/'))
		s->search = search_path(p);
}

static void add_stdio(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_stdio *s;

	if (!p->stdio_null && !p->stderr_null)
		return;
	s = plan_add(b, SIDE_INIT, STEP_STDIO, p->at);
	if (p->stdio_null)
		OPT_SET(s, all, true);
}

int plan_process(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct limit personality = {p->personality_set, p->personality};
	struct limit cpus = {p->max_cpus != 0, p->max_cpus};

	if (!p->args.n && !p->file)
		return PLAN_FAIL(b, p->at, EINVAL, "args: the program to run is missing");
	if (p->groups.n && !p->keep_groups && groups_are_fixed(b)) {
		PLAN_FAIL(b, p->at_user, EPERM,
			"supplementary groups cannot be set without privilege");
		return err_fix(b->e, "leave them out, or map group ids by /etc/subgid");
	}
	/* In exec there is no place but here for a terminal: the jail's mounts are there already. */
	if (p->terminal && b->plan->console < 0)
		plan_console(b);
	/* In exec init has no procfs of the host's, and has these from mid. */
	if (!b->plan->guest && !b->userns)
		plan_oom_score(b, SIDE_INIT, SIDE_INIT);
	add_number(b, STEP_NICE, &p->nice);
	add_scheduler(b);
	add_io_priority(b);
	add_number(b, STEP_CPUS, &cpus);
	add_memory_policy(b);
	add_number(b, STEP_PERSONALITY, &personality);
	if (p->core_sched)
		plan_add(b, SIDE_INIT, STEP_CORE_SCHED, p->at);
	if (p->no_tsc)
		plan_add(b, SIDE_INIT, STEP_NO_TSC, p->at);
	if (!b->plan->guest)
		TRY(plan_lsm(b));
	add_stdio(b);
	add_cwd(b);
	add_umask(b, &p->umask);
	add_own_stdio(b);
	add_user(b);
	add_capabilities(b);
	if (p->no_new_privs)
		plan_add(b, SIDE_INIT, STEP_NO_NEW_PRIVS, p->at);
	add_find(b);
	return 0;
}

/* Create ends here; with hold, what follows waits for start. */
void plan_hold(struct builder *b)
{
	plan_add(b, SIDE_PARENT, STEP_CREATED, NULL);
	if (!b->jail->service.hold)
		return;
	plan_add(b, SIDE_INIT, STEP_RELEASE, NULL);
	plan_add(b, SIDE_PARENT, STEP_LEAVE, NULL);
	plan_add(b, SIDE_INIT, STEP_WAIT_START, NULL);
}

/* With a NULL behind it, as execve(2) wants it, and room for one more. */
static struct texts terminated(struct builder *b, const struct texts *l)
{
	struct texts copy = {pool_array(&b->plan->pool, l->n + 2, sizeof(char *)), l->n};

	if (!copy.v) {
		b->no_memory = true;
		return *l;
	}
	for (size_t i = 0; i < l->n; i++)
		copy.v[i] = l->v[i];
	return copy;
}

void plan_hooks(struct builder *b, enum hook_kind kind, enum side side)
{
	const struct jail_hooks *hooks = &b->jail->hooks[kind];

	list_each (i, *hooks) {
		const struct jail_hook *h = &hooks->v[i];
		struct step_hook *s = plan_add(b, side, STEP_HOOK, h->at);

		OPT_SET(s, hook, (int32_t)kind);
		OPT_SET(s, number, (uint32_t)i);
		s->path = h->path;
		s->args = terminated(b, &h->args);
		if (!h->args.n)
			plan_add_text(b, &s->args, h->path);
		s->env = terminated(b, &h->env);
		if (h->inherit_env)
			OPT_SET(s, inherit_env, true);
		if (h->timeout)
			OPT_SET(s, timeout, h->timeout);
	}
}

int plan_launch(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_exec *s;

	TRY(plan_filter(b));
	add_limits(b, SIDE_INIT, STEP_LIMITS);
	s = plan_add(b, SIDE_INIT, STEP_EXEC, p->at_args);
	/* What find found is executed; without it the name is a path as it stands. */
	if (b->program >= 0)
		OPT_SET(s, slot, b->program);
	if (!p->search_path || p->open_file)
		s->file = p->file ? p->file : p->args.n ? p->args.v[0] : "";
	s->args = terminated(b, &p->args);
	s->env = terminated(b, &p->env);
	if (p->find_home)
		OPT_SET(s, find_home, true);
	if (p->find_home)
		OPT_SET(s, uid, p->uid);
	if (p->preserve_fds)
		OPT_SET(s, keep_fds, p->preserve_fds);
	s->pass_fds = p->pass_fds;
	return 0;
}
