/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "do/seccomp.h"
#include "do/talk.h"
#include "life.h"

/* Connects to who waits for start: that it can be done is what makes a container one that is created. */
static int connect_startable(struct life *l, struct err *e)
{
	enum status status = state_status_but_created(l->state);
	int sock = status == STATUS_RUNNING ? state_connect_start(l->dir, e) : -1;

	if (sock >= 0)
		return sock;
	switch (status) {
	case STATUS_STOPPED:
		return err_set(e, ESRCH, "cannot start a container that has stopped");
	default:
		return err_set(
			e, EBUSY, "cannot start a container that is %s", status_names[status]);
	}
}

/* What init tells on its way. */
struct hearing {
	bool launched;
	int words; /* file of its last words */
};

static int take_message(
	struct life *l, struct hearing *h, const struct talk_message *m, int *fd, struct err *e)
{
	switch (m->type) {
	case TALK_FAIL:
		if (e)
			*e = m->err;
		return m->err.code > 0 ? -m->err.code : -EPROTO;
	case TALK_GO:
		h->launched = true;
		own_close(&h->words);
		h->words = take_fd(fd);
		return 0;
	case TALK_SLOT:
		if (*fd < 0 || !h->launched || !l->state->listener)
			return err_set(e, EPROTO, "an unexpected fd");
		return life_send_listener(l, take_fd(fd), "created", e);
	default:
		return 0;
	}
}

static int hear(struct life *l, int sock, struct hearing *h, struct err *e)
{
	for (;;) {
		struct talk_message m;
		own_fd int fd = -1;
		int r = talk_receive(sock, true, &m, &fd, e);

		TRY(r);
		if (r == 0)
			break;
		TRY(take_message(l, h, &m, &fd, e));
	}
	if (!h->launched)
		return err_set(e, ESRCH, "the container's process ended before it was started");
	return seccomp_read_words(h->words, e);
}

static int send_hook_files(struct life *l, int sock, struct err *e)
{
	struct talk_message m = {.type = TALK_SLOT};
	struct run_state files = {0};
	int r = life_open_hook_files(&l->state->annotations, &files, e);

	for (m.slot = 0; m.slot < 2 && r >= 0; m.slot++) {
		if (files.out[m.slot])
			r = talk_send(sock, &m, files.out[m.slot], e);
	}
	life_close_hook_files(&files);
	return r;
}

/* Lets init go, and hears whether it became the program. */
static int let_go(struct life *l, int sock, struct err *e)
{
	const struct talk_message m = {.type = TALK_GO};
	struct hearing h = {.words = -1};
	int r;

	TRY(send_hook_files(l, sock, e));
	TRY(talk_send(sock, &m, -1, e));
	r = hear(l, sock, &h, e);
	own_close(&h.words);
	return r;
}

static int launch(struct life *l, int sock, struct err *e)
{
	clock_gettime(CLOCK_MONOTONIC, &l->started);
	TRY(let_go(l, sock, e));
	state_write_start(l->dir, &l->started);
	if (unlinkat(l->dir, "start", 0) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove the start socket");
	return 0;
}

int life_start(struct life *l, struct err *e)
{
	own_fd int sock = -1;

	TRY(life_open(l, true, e));
	sock = connect_startable(l, e);
	TRY(sock);
	if (l->o.report) {
		l->report_fd = report_open(l->o.report, 0, e);
		TRY(l->report_fd);
	}
	l->pid = l->state->pid;
	/* Held from before it runs: a short program may have ended, and been reaped, a moment later. */
	l->pidfd = state_open_process(l->state, e);
	TRY(l->pidfd);
	if (l->state->relays)
		TRY(life_notify_listen(l, e));
	TRY(launch(l, sock, e));
	l->phase = LIFE_RUNNING;
	if (life_state_hooks(l, "poststart", "running", l->pid, true, e) < 0) {
		(void)sys_pidfd_send_signal(l->pidfd, SIGKILL, NULL, 0); /* it may have ended */
		return -e->code;
	}
	if (l->report_fd >= 0 || l->state->time_limit)
		TRY(life_watch(l, e));
	life_notify_wait(l);
	return 0;
}
