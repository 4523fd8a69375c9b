/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "do/talk.h"
#include "run.h"

/* What mid and init have in common: how they speak with the parent. */

/* Who is the caller itself lets its helper speak first. */
static _Noreturn void child_end(const struct run *r)
{
	if (r->helper < 0)
		_exit(1);
	(void)fd_wait(r->helper, -1); /* its end is all there is to know */
	_exit(255);
}

_Noreturn void child_fail(struct run *r, enum side side, size_t at, const struct err *e)
{
	struct talk_message m = {.type = TALK_FAIL, .step = (uint32_t)at, .err = *e};

	if (r->words)
		*r->words = *e;
	/* Before the filter is in force this says it, too. */
	(void)talk_send(r->talk[RUN_CHILD_END(side)], &m, -1, NULL); /* who would hear of it? */
	child_end(r);
}

void child_begin(struct run *r, enum side side)
{
	/*
	 * A copy of the parent's end would keep the connection open, and its death unnoticed. Mid has
	 * init's own end to hand on.
	 */
	for (int other = SIDE_MID; other < SIDES; other++) {
		own_close(&r->talk[RUN_PARENT_END(other)]);
		if (side == SIDE_INIT && other != SIDE_INIT)
			own_close(&r->talk[RUN_CHILD_END(other)]);
	}
}

static _Noreturn void lost(const struct run *r)
{
	child_end(r); /* without a parent there is nobody to be a jail for */
}

size_t child_turn(struct run *r, enum side side, size_t at)
{
	struct talk_message m = {.type = TALK_GO, .step = (uint32_t)at};
	int sock = r->talk[RUN_CHILD_END(side)], fd = -1;

	/* The step at hand is another's: give it the turn. Right after birth the turn is not ours. */
	if (r->born && talk_send(sock, &m, -1, NULL) < 0)
		lost(r);
	r->born = true;
	if (talk_receive(sock, true, &m, &fd, NULL) <= 0)
		lost(r);
	own_close(&fd);
	if (m.type != TALK_GO || m.step < at || m.step >= r->plan->n ||
		r->plan->v[m.step].side != side)
		lost(r);
	return m.step;
}
