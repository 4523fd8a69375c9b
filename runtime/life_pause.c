/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "do/cgroup.h"
#include "life.h"

static int freeze(struct life *l, bool on, struct err *e)
{
	list_each (i, l->state->cgroups) {
		int r = cgroup_freeze(l->state->cgroups.v[i], on, e);

		TRY(r);
		if (r)
			return 0;
	}
	err_set(e, ENOTSUP, "the container has no cgroup with a freezer");
	return err_fix(e, "mount the v1 hierarchy 'freezer', or cgroup v2 (Linux 5.2), and let it "
			  "have cgroups");
}

int life_pause(struct life *l, struct err *e)
{
	enum status status;

	TRY(life_open(l, true, e));
	status = state_status(l->dir, l->state);
	if (status == STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running: no such process");
	if (status != STATUS_RUNNING && status != STATUS_CREATED)
		return err_set(
			e, EBUSY, "container not running or created: %s", status_names[status]);
	return freeze(l, true, e);
}

int life_resume(struct life *l, struct err *e)
{
	enum status status;

	TRY(life_open(l, true, e));
	status = state_status(l->dir, l->state);
	if (status != STATUS_PAUSED)
		return err_set(e, status == STATUS_STOPPED ? ESRCH : EBUSY,
			"container not paused: %s", status_names[status]);
	return freeze(l, false, e);
}
