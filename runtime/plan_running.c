/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "plan_build.h"

/* Plans for jails that run already: one more process, more or fewer mounts, other limits. */

/* --- exec -------------------------------------------------------------------------------------- */

/* On a hybrid host a jail can have cgroups of both versions. */
static bool is_v2(const struct builder *b, const struct plan_target *target, const char *dir)
{
	const struct host_hierarchy *best = NULL;

	list_each (i, b->host->hierarchies) {
		const struct host_hierarchy *h = b->host->hierarchies.v[i];

		if (path_beneath(h->mount, dir) && (!best || path_beneath(best->mount, h->mount)))
			best = h;
	}
	return best ? best->v2 : target->v2;
}

static void exec_cgroups(struct builder *b, const struct plan_target *target)
{
	for (size_t i = 0; i < target->cgroups.n; i++) {
		struct step_cgroup *s = plan_add(b, SIDE_PARENT, STEP_CGROUP, NULL);

		s->mount = target->cgroups.v[i];
		s->path = "";
		OPT_SET(s, v2, is_v2(b, target, s->mount));
		OPT_SET(s, slot, plan_slot(b));
		if (s->v2 && target->unit)
			continue;
		/* Who is born in the cgroup has never run before it. */
		if (s->v2 && !b->jail->process.affinity.initial) {
			b->cgroup_clone = s->slot;
			continue;
		}
		OPT_SET(s, tasks, plan_slot(b));
		plan_add_i32(b, &b->enter, s->tasks);
	}
}

static void add_affinity(struct builder *b, enum side side, const char *cpus, const void *at)
{
	struct step_affinity *s;

	if (!cpus)
		return;
	s = plan_add(b, side, STEP_AFFINITY, at);
	s->cpus = cpus;
}

/* Where in the unit's cgroup the v2 directory is. */
static void join_unit(struct builder *b, const struct plan_target *target)
{
	struct step_unit_join *s;

	if (!target->unit)
		return;
	s = plan_add(b, SIDE_PARENT, STEP_UNIT_JOIN, NULL);
	s->name = target->unit;
	s->below = "";
	for (size_t i = 0; i < target->cgroups.n; i++) {
		const char *at = strstr(target->cgroups.v[i], target->unit);

		if (at && is_v2(b, target, target->cgroups.v[i]))
			s->below = at + strlen(target->unit);
	}
}

int plan_exec(const struct jail *jail, const struct host *host, const struct plan_target *target,
	struct plan *ret, struct err *e)
{
	own_plan struct plan plan = {0};
	const struct jail_affinity *affinity = &jail->process.affinity;
	struct step_join *s;
	struct builder b;
	int pidfd;

	plan_begin(&b, jail, host, &plan, e);
	pidfd = plan_slot(&b);
	exec_cgroups(&b, target);
	plan.has_mid = plan.joins = plan.guest = true;
	plan_clone(&b, SIDE_PARENT, SIDE_MID, 0);
	add_affinity(&b, SIDE_MID, affinity->initial, affinity->at_initial);
	if (host->privileged)
		plan_forget_self(&b, SIDE_MID);
	plan_oom_score(&b, SIDE_MID, SIDE_MID);
	TRY(plan_lsm(&b));
	plan_lsm_keys(&b);
	s = plan_add(&b, SIDE_MID, STEP_JOIN, NULL);
	OPT_SET(s, slot, pidfd);
	OPT_SET(s, namespaces, target->namespaces);
	if (target->namespaces & CLONE_NEWUSER && jail->process.keep_groups)
		OPT_SET(s, keep_groups, true);
	if (!host->privileged)
		plan_forget_self(&b, SIDE_MID);
	plan_clone(&b, SIDE_MID, SIDE_INIT, 0);
	plan_rdt_enter(&b, &target->rdt, true);
	if (b.userns)
		plan_raise_limits(&b, SIDE_PARENT);
	join_unit(&b, target);
	plan_become(&b);
	plan_enter_cgroups(&b, &b.enter);
	add_affinity(&b, SIDE_INIT, affinity->final, affinity->at_final);
	if (jail->process.new_session)
		plan_add(&b, SIDE_INIT, STEP_SESSION, NULL);
	plan_text_step(&b, STEP_KEYRING, jail->process.keyring);
	if (!b.userns)
		plan_raise_limits(&b, SIDE_INIT);
	TRY(plan_process(&b));
	plan_add(&b, SIDE_PARENT, STEP_CREATED, NULL);
	if (jail->service.hold)
		plan_add(&b, SIDE_INIT, STEP_RELEASE, NULL);
	TRY(plan_launch(&b));
	TRY(plan_finish(&b));
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}

/* --- mounts ------------------------------------------------------------------------------------- */

/* What a jail that runs can be given. */
static int check_mount(struct builder *b, const struct jail_mount *m, bool add)
{
	if (!strcmp(m->target, "/"))
		return PLAN_FAIL(b, m->at, EINVAL, "the root of a container stays what it is");
	if (m->kind == MOUNT_CGROUP && add)
		return PLAN_FAIL(
			b, m->at, ENOTSUP, "cgroups cannot be mounted into a container that runs");
	return 0;
}

static void remove_mounts(struct builder *b)
{
	for (size_t i = b->jail->mounts.n; i-- > 0;) {
		struct step_path *s = plan_add(b, SIDE_MID, STEP_UNMOUNT, b->jail->mounts.v[i].at);

		s->path = b->jail->mounts.v[i].target;
	}
}

int plan_mount_change(const struct jail *jail, const struct host *host, uint64_t namespaces,
	bool add, struct plan *ret, struct err *e)
{
	own_plan struct plan plan = {0};
	struct step_join *s;
	struct builder b;
	int pidfd;

	plan_begin(&b, jail, host, &plan, e);
	if (!host->mount_setattr) {
		err_set(e, ENOSYS, "mounts of a container that runs need mount_setattr(2)");
		return err_fix(
			e, "use a kernel of 5.12 or newer, and let no filter refuse the call");
	}
	if (jail->mounts.n > PLAN_MOUNTS_ADDED)
		return err_set(e, E2BIG, "more than %d mounts at once", PLAN_MOUNTS_ADDED);
	pidfd = plan_slot(&b);
	plan.root = plan_slot(&b);
	list_each (i, jail->mounts)
		TRY(check_mount(&b, &jail->mounts.v[i], add));
	b.root = plan.root;
	/* The source of a bind is the host's, and the child sees the jail's files only. */
	b.parent_opens = true;
	if (add)
		TRY(plan_trees(&b));
	plan.has_mid = plan.joins = plan.guest = true;
	plan_clone(&b, SIDE_PARENT, SIDE_MID, 0);
	if (host->privileged)
		plan_forget_self(&b, SIDE_MID);
	s = plan_add(&b, SIDE_MID, STEP_JOIN, NULL);
	OPT_SET(s, slot, pidfd);
	OPT_SET(s, namespaces, namespaces);
	if (!host->privileged)
		plan_forget_self(&b, SIDE_MID);
	/* By mid, which nobody in the jail sees, and which has the host's procfs. */
	if (!add)
		remove_mounts(&b);
	plan_clone(&b, SIDE_MID, SIDE_INIT, 0);
	plan_become(&b);
	/* By init, since a procfs shows the processes of the namespace of who mounts it. */
	if (add)
		TRY(plan_mounts_in_place(&b));
	plan_add(&b, SIDE_PARENT, STEP_CREATED, NULL);
	plan_add(&b, SIDE_INIT, STEP_END, NULL);
	TRY(plan_finish(&b));
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}

/* --- update ------------------------------------------------------------------------------------ */

int plan_update(const struct jail *jail, const struct host *host, const struct jail_paths *cgroups,
	const char *unit, struct plan *ret, struct err *e)
{
	own_plan struct plan plan = {0};
	struct builder b;

	plan_begin(&b, jail, host, &plan, e);
	TRY(plan_cgroup_update(&b, cgroups, unit));
	TRY(plan_finish(&b));
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}
