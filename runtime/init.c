/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "do/talk.h"
#include "run.h"

/*
 * init: the process that becomes the program. It follows the plan's steps for its side, and knows
 * nothing of jails.
 */

/* From here on init belongs to nobody: its creator may go. */
static int release(struct run *r, struct err *e)
{
	r->released = true;
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(e, errno, "leave the parent");
	return 0;
}

/*
 * While it waits for start it keeps its stdio, what it was asked to hand on, and what it needs. Any
 * other fd of its creator's caller could be a pipe whose end somebody waits for; and whoever gets into
 * the container meanwhile must not find the host's procfs in /proc/1/fd.
 */
static void close_others(struct run *r)
{
	fd_close_others(3 + (int)r->keep_fds, &r->start, 1);
	r->talk[RUN_CHILD_END(SIDE_INIT)] = r->null = r->self = r->proc = -1;
	r->state.out[0] = r->state.out[1] = 0; /* start brings them anew */
}

/* There is no program: what was to be done in the jail is done. */
static int end(struct run *r, struct err *e)
{
	const struct talk_message m = {.type = TALK_GO, .step = (uint32_t)r->plan->n};

	TRY(talk_send(r->talk[RUN_CHILD_END(SIDE_INIT)], &m, -1, e));
	_exit(0);
}

static int carry_out(struct run *r, const struct step *s, struct err *e)
{
	if (s->kind == STEP_RELEASE)
		return release(r, e);
	if (s->kind == STEP_END)
		return end(r, e);
	if (s->kind == STEP_WAIT_START)
		close_others(r);
	return doers[s->kind](r, s, e);
}

/* Copies, which are open across exec; the originals are not. */
static int take_stdio(const struct run *r)
{
	for (int fd = 0; fd < 3; fd++) {
		if (r->stdio[fd] && dup2(r->stdio[fd], fd) < 0)
			return -1;
	}
	return 0;
}

_Noreturn void init_main(struct run *r, size_t at)
{
	const struct plan *p = r->plan;
	char found[PATH_MAX];
	struct err e;

	/*
	 * The child dies with its creator until create hands over. A change of ids takes the signal
	 * off again; then the end of the socket tells.
	 */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	child_begin(r, SIDE_INIT);
	r->umask = umask(0);
	found[0] = '\0';
	r->found = found;
	if (take_stdio(r) < 0)
		_exit(1); /* nothing can be full with good fds */
	while (at < p->n) {
		if (p->v[at].side != SIDE_INIT) {
			at = child_turn(r, SIDE_INIT, at);
			continue;
		}
		r->born = true;
		if (carry_out(r, &p->v[at], &e) < 0)
			child_fail(r, SIDE_INIT, at, &e);
		at++;
	}
	_exit(1); /* a plan ends in exec or end, which do not return */
}
