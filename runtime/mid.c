/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "do/mount.h"
#include "do/ns.h"
#include "do/talk.h"
#include "run.h"

/*
 * mid: the short-lived process between parent and init, where init cannot do for itself: to be born in
 * a pid namespace one must have a parent that has joined it; a time namespace gets its clocks before
 * anybody is in it. It gives birth to init as its own sibling, says so, and ends.
 */

static size_t keep_tasks(struct run *r, int keep[], size_t n, size_t most)
{
	const struct plan *p = r->plan;

	for (size_t i = 0; i < p->n; i++) {
		const struct step_cgroup_enter *a = p->v[i].args;

		if (p->v[i].kind != STEP_CGROUP_ENTER)
			continue;
		for (size_t k = 0; k < a->slots.n && n < most; k++)
			keep[n++] = r->slots[a->slots.v[k]];
	}
	return n;
}

/* Of a mount nobody gets above its root, and what is mounted the jail is to have anyway. */
static size_t keep_mounts(struct run *r, int keep[], size_t n, size_t most)
{
	const struct plan *p = r->plan;

	if (p->root >= 0 && n < most)
		keep[n++] = r->slots[p->root];
	for (size_t i = 0; i < p->n && n < most; i++) {
		const struct step_tree *tree = p->v[i].args;
		const struct step_mount *filesystem = p->v[i].args;

		if (p->v[i].kind == STEP_TREE)
			keep[n++] = r->slots[tree->slot];
		else if (p->v[i].kind == STEP_FILESYSTEM)
			keep[n++] = r->slots[filesystem->slot];
	}
	return n;
}

/*
 * Who is born among the jail's own processes brings nothing of the host along that it does not need: the
 * host's procfs and directories of cgroups would lead whoever may trace it there out of the jail.
 */
static void shed(struct run *r)
{
	int keep[PLAN_MOUNTS_ADDED + 64] = {
		r->talk[RUN_CHILD_END(SIDE_MID)], r->talk[RUN_CHILD_END(SIDE_INIT)], r->null};
	size_t n = keep_tasks(r, keep, 3, 64);

	n = keep_mounts(r, keep, n, ARRAY_LEN(keep));
	fd_close_others(3 + (int)r->keep_fds, keep, n);
	r->proc = r->self = -1;
	for (int i = 0; i < r->plan->slots; i++) {
		bool kept = false;

		for (size_t k = 0; k < n; k++)
			kept = kept || keep[k] == r->slots[i];
		if (!kept)
			r->slots[i] = -1;
	}
}

static int give_birth(struct run *r, size_t at, struct err *e)
{
	const struct step_clone *a = r->plan->v[at].args;
	struct talk_message m = {.type = TALK_BORN};
	own_fd int pidfd = -1;
	pid_t pid;

	if (r->plan->guest)
		shed(r);
	pid = ns_clone(a->namespaces, -1, true, &pidfd, e);

	TRY(pid);
	if (pid == 0) {
		r->born = false;
		init_main(r, at + 1);
	}
	m.pid = pid;
	return talk_send(r->talk[RUN_CHILD_END(SIDE_MID)], &m, pidfd, e);
}

static int carry_out(struct run *r, const struct step *s, struct err *e)
{
	/* Nobody in the jail sees this process, which has the host's procfs. */
	if (s->kind == STEP_UNMOUNT)
		return mount_remove(r->slots[r->plan->root], r->proc, s->args, e);
	return doers[s->kind](r, s, e);
}

_Noreturn void mid_main(struct run *r, size_t at)
{
	const struct plan *p = r->plan;
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* the end of the socket tells, too */
	child_begin(r, SIDE_MID);
	/*
	 * In a moment it is in somebody's namespaces: nobody there shall read its memory, its fds or the
	 * path of its program (ptrace(2), CVE-2016-9962).
	 */
	if (p->joins && prctl(PR_SET_DUMPABLE, 0) < 0)
		_exit(1);
	while (at < p->n) {
		if (p->v[at].side != SIDE_MID) {
			at = child_turn(r, SIDE_MID, at);
			continue;
		}
		r->born = true;
		if (p->v[at].kind == STEP_CLONE) {
			if (give_birth(r, at, &e) < 0)
				child_fail(r, SIDE_MID, at, &e);
			_exit(0);
		}
		if (carry_out(r, &p->v[at], &e) < 0)
			child_fail(r, SIDE_MID, at, &e);
		at++;
	}
	_exit(1); /* its last step is a birth */
}
