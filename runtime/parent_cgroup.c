/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/fd.h"
#include "base/log.h"
#include "do/cgroup.h"
#include "do/rdt.h"
#include "do/systemd.h"
#include "parent.h"

/* The parent's part of cgroups: made, limited, handed over, and taken back when all comes to nothing. */
/* Has to be removed if the jail does not come to be. */
static int note_cgroup(struct parent *p, const struct step_cgroup *a, struct err *e)
{
	const char **v = pool_grow(&p->pool, p->made_cgroups.v, p->made_cgroups.n, sizeof(*v));

	if (!v)
		return err_memory(e);
	p->made_cgroups.v = v;
	v[p->made_cgroups.n] = pool_printf(&p->pool, "%s%s", a->mount, a->path);
	return v[p->made_cgroups.n] ? (p->made_cgroups.n++, 0) : err_memory(e);
}

static int make(struct parent *p, const struct step_cgroup *a, struct err *e)
{
	int *tasks = a->has_tasks ? &p->run.slots[a->tasks] : NULL;
	bool made;
	int dir = cgroup_make(a, tasks, &made, e);

	if (dir >= 0)
		p->run.slots[a->slot] = dir;
	if (made)
		TRY(note_cgroup(p, a, dir < 0 ? NULL : e));
	if (dir < 0 && a->optional && (dir == -EACCES || dir == -EPERM || dir == -EROFS))
		return 0;
	return dir < 0 ? dir : 0;
}

static int set(struct parent *p, const struct step_cgroup_set *a, struct err *e)
{
	int dir = p->run.slots[a->slot];

	return dir < 0 ? 0 : cgroup_set(dir, a, e);
}

static int set_devices(struct parent *p, const struct step_cgroup_devices *a, struct err *e)
{
	int dir = p->run.slots[a->slot];

	return dir < 0 ? 0 : cgroup_devices(dir, a, e);
}

static int give(struct parent *p, const struct step_cgroup_own *a, struct err *e)
{
	int dir = p->run.slots[a->slot];

	return dir < 0 ? 0 : cgroup_own(dir, a->uid, e);
}

static int move_init(struct parent *p, const struct step_cgroup_enter *a, struct err *e)
{
	list_each (i, a->slots) {
		int *fd = &p->run.slots[a->slots.v[i]];

		if (*fd >= 0)
			TRY(cgroup_move(*fd, p->pid[SIDE_INIT], e));
		own_close(fd);
	}
	return 0;
}

static int start_unit(struct parent *p, const struct step_unit *a, struct err *e)
{
	int r;

	if (!p->systemd)
		return err_set(e, ENOTCONN, "there is no connection to systemd");
	r = systemd_start(p->systemd, a, p->pid[SIDE_INIT], e);
	/* Whatever became of it, unless it is another's. */
	if (r >= 0 || r == -ETIMEDOUT)
		p->made_unit = a->name;
	return r;
}

static int join_unit(struct parent *p, const struct step_unit_join *a, struct err *e)
{
	if (!p->systemd)
		return err_set(e, ENOTCONN, "there is no connection to systemd");
	return systemd_join(p->systemd, a->name, a->below, p->pid[SIDE_INIT], e);
}

int parent_cgroup(struct parent *p, const struct step *s, struct err *e)
{
	switch (s->kind) {
	case STEP_CGROUP:
		return make(p, s->args, e);
	case STEP_CGROUP_SET:
		return set(p, s->args, e);
	case STEP_CGROUP_DEVICES:
		return set_devices(p, s->args, e);
	case STEP_CGROUP_OWN:
		return give(p, s->args, e);
	case STEP_CGROUP_MOVE:
		return move_init(p, s->args, e);
	case STEP_UNIT:
		return start_unit(p, s->args, e);
	case STEP_UNIT_JOIN:
		return join_unit(p, s->args, e);
	default:
		return err_set(e, ENOSYS, "a step that is not about cgroups");
	}
}

/* In place of being born in a cgroup of v2. */
static int enter_born(struct parent *p, const struct step_clone *a, pid_t pid, struct err *e)
{
	own_fd int procs = -1;
	int dir = a->has_cgroup ? p->run.slots[a->cgroup] : -1;

	if (dir < 0)
		return 0;
	procs = fd_open(dir, "cgroup.procs", O_WRONLY, 0, e);
	TRY(procs);
	return cgroup_move(procs, pid, e);
}

static int place_step(struct parent *p, const struct step *s, pid_t pid, struct err *e)
{
	switch (s->kind) {
	case STEP_CLONE:
		return enter_born(p, s->args, pid, e);
	case STEP_CGROUP_ENTER:
		return move_init(p, s->args, e);
	case STEP_RDT:
		p->rdt = s->args;
		return rdt_make(s->args, &p->rdt_made, e);
	case STEP_RDT_ENTER:
		return rdt_enter(pid, s->args, e);
	case STEP_CGROUP:
	case STEP_CGROUP_SET:
	case STEP_CGROUP_DEVICES:
	case STEP_CGROUP_OWN:
	case STEP_CGROUP_MOVE:
	case STEP_UNIT:
	case STEP_UNIT_JOIN:
		return parent_cgroup(p, s, e);
	default:
		return 0; /* criu makes what else there is */
	}
}

int parent_place(struct parent *p, pid_t pid, struct err *e)
{
	const struct plan *plan = p->run.plan;
	int r = 0;

	p->pid[SIDE_INIT] = pid;
	for (p->at = 0; p->at < plan->n && r >= 0; p->at++)
		r = place_step(p, &plan->v[p->at], pid, e);
	p->pid[SIDE_INIT] = 0; /* that one is not the jail's */
	return r < 0 ? r : 0;
}

void parent_abort_cgroups(struct parent *p)
{
	struct err e;

	if (p->made_unit && systemd_stop(p->systemd, p->made_unit, &e) < 0)
		log_warning("%s", e.text);
	list_each (i, p->made_cgroups) {
		(void)cgroup_kill(p->made_cgroups.v[i], SIGKILL, &e);
		if (cgroup_remove(p->made_cgroups.v[i], &e) < 0)
			log_warning("%s", e.text);
	}
}
