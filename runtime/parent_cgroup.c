/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "do/cgroup.h"
#include "parent.h"

/* The parent's part of cgroups: made, limited, and taken back when all comes to nothing. */

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

int parent_cgroup(struct parent *p, const struct step *s, struct err *e)
{
	switch (s->kind) {
	case STEP_CGROUP:
		return make(p, s->args, e);
	case STEP_CGROUP_SET:
		return set(p, s->args, e);
	case STEP_CGROUP_DEVICES:
		return set_devices(p, s->args, e);
	default:
		return err_set(e, ENOSYS, "a step that is not about cgroups");
	}
}

void parent_abort_cgroups(struct parent *p)
{
	struct err e;

	list_each (i, p->made_cgroups) {
		(void)cgroup_kill(p->made_cgroups.v[i], SIGKILL, &e);
		if (cgroup_remove(p->made_cgroups.v[i], &e) < 0)
			log_warning("%s", e.text);
	}
}
