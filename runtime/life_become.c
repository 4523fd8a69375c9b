/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../spec/origin.h"
#include "base/fd.h"
#include "base/log.h"
#include "life.h"

/*
 * Mode EXECVE: the calling process is turned into the program. Nobody is left to keep a time limit, to carry
 * the network or to remove what was made, and there is no state of it that could be looked at.
 */

static int refuse(const struct life *l, const void *at, const char *what, struct err *e)
{
	return origin_fail(l->loaded.jail.origin, at, e, EINVAL,
		"%s: nobody is left to do that in mode EXECVE", what);
}

static int check(const struct life *l, struct err *e)
{
	const struct jail *jail = &l->loaded.jail;

	if (l->o.report)
		return refuse(l, jail->service.at_mode, "a report", e);
	if (jail->filter.listener)
		return refuse(l, jail->filter.at, "to watch system calls", e);
	if (jail->filter.watch)
		return refuse(l, jail->filter.at_watch, "to watch system calls", e);
	if (jail->process.terminal)
		return refuse(l, jail->process.at, "a terminal", e);
	if (jail->cgroup.manager != CGROUP_DISABLED)
		log_warning("the cgroup of mode EXECVE stays behind when it ends");
	return 0;
}

/* From the birth on this is the helper: the program is another process by then. */
static int carry_out(struct life *l, struct err *e)
{
	for (;;) {
		int r = parent_step(&l->parent, e);

		TRY(r);
		if (r == PARENT_RUNNING)
			_exit(0);
		if (r == PARENT_CREATED)
			log_info("Executing '%s' for '[STANDALONE MODE]'",
				l->loaded.jail.process.file ? l->loaded.jail.process.file
							    : l->loaded.jail.process.args.v[0]);
		if (r != PARENT_WAIT)
			continue;
		r = fd_wait(parent_fd(&l->parent), -1);
		if (r < 0)
			return err_sys(e, -r, "wait");
	}
}

int life_become(struct life *l, struct err *e)
{
	TRY(life_load(l, e));
	TRY(check(l, e));
	TRY(life_make_plan(l, false, e));
	l->begun = true;
	TRY(parent_begin(&l->parent, &l->plan, NULL, -1, -1, e));
	return carry_out(l, e);
}
