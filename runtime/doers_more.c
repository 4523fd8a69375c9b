/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "../spec/origin.h"
#include "base/fd.h"
#include "do/become.h"
#include "do/mount.h"
#include "do/netconf.h"
#include "do/sched.h"
#include "do/seccomp.h"
#include "do/talk.h"
#include "run.h"

/* Further doers; their array is in doers.c. */

int do_open_file(struct run *r, const struct step *s, struct err *e)
{
	const struct step_file *a = s->args;

	return r->slots[a->slot] = fd_open(AT_FDCWD, a->path, O_PATH, 0, e);
}

static int new_proc(void *arg, struct err *e)
{
	return mount_new(arg, -1, e);
}

int do_inner_proc(struct run *r, const struct step_mount *a, struct err *e)
{
	/* A procfs shows the pid namespace of who makes it, and the caller itself is not in the jail's. */
	if (!r->plan->itself || strcmp(a->type, "proc") || !jail_has_new(r->plan->jail, NS_PID))
		return -1;
	return become_inside(new_proc, (void *)a, e);
}

int do_core_sched(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	(void)s;
	return sched_core(e);
}

int do_no_tsc(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	(void)s;
	return sched_no_tsc(e);
}

/*
 * It is in force from here on, before the limit of fds is lowered: the listener needs one. Nothing that is left
 * to do is among what is watched but the exec, and would only be let go, too.
 */
int do_watch(struct run *r, const struct step *s, struct err *e)
{
	const struct step_seccomp *a = s->args;
	const struct talk_message m = {.type = TALK_SLOT, .slot = a->slot};
	own_fd int listener = seccomp_set(a, e);

	TRY(listener);
	return talk_send(r->talk[RUN_CHILD_END(SIDE_INIT)], &m, listener, e);
}

int do_net_address(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return netconf_address(s->args, e);
}

/* The step is for all of the rules, and one of them is what the kernel refused. */
int do_net_filter(struct run *r, const struct step *s, struct err *e)
{
	const struct step_net_filter *a = s->args;
	char where[512];
	size_t rule = 0;

	if (netconf_filter(&a->message, &rule, e) >= 0)
		return 0;
	origin_describe(r->plan->jail->origin, a->places[rule], where, sizeof(where));
	return where[0] ? err_add(e, "%s", where) : -e->code;
}

int do_net_rule(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return netconf_rule(s->args, e);
}

/* One connection of a start command: 1 when it said go. Files for what hooks print come before. */
static int serve_start(struct run *r, int sock, struct err *e)
{
	struct talk_message m = {.type = TALK_SLOT};

	while (m.type != TALK_GO) {
		own_fd int extra = -1;

		if (talk_receive(sock, true, &m, &extra, e) <= 0)
			return 0; /* somebody looked in and went away */
		if (m.type == TALK_SLOT && (m.slot == 0 || m.slot == 1) && extra > 0)
			r->state.out[m.slot] = take_fd(&extra);
		else if (m.type != TALK_GO)
			return 0;
	}
	own_close(&r->talk[RUN_CHILD_END(SIDE_INIT)]);
	r->talk[RUN_CHILD_END(SIDE_INIT)] = sock;
	return 1;
}

int do_wait_start(struct run *r, const struct step *s, struct err *e)
{
	(void)s;
	for (;;) {
		int sock = accept4(r->start, NULL, NULL, SOCK_CLOEXEC);

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0)
			return err_sys(e, errno, "wait for start");
		if (serve_start(r, sock, e))
			break;
		close(sock);
	}
	own_close(&r->start);
	return 0;
}
