/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/sys.h"
#include "do/cgroup.h"
#include "life.h"

/* The machine that carries a container from being made to its end, a step at a time. */

/* --- created ------------------------------------------------------------------------------------------ */

static int give_console(struct life *l, struct err *e)
{
	l->console = parent_take_console(&l->parent);
	if (l->console < 0 || !l->o.console_socket)
		return 0;
	TRY(life_send_console(l->o.console_socket, l->console, e));
	own_close(&l->console);
	return 0;
}

static const char *annotation(const struct life *l, const char *key)
{
	const struct pairs *all = &l->loaded.jail.notes.annotations;

	for (size_t i = 0; i < all->n; i++) {
		if (!strcmp(all->v[i].key, key))
			return all->v[i].value;
	}
	return NULL;
}

static int give_pidfd(struct life *l, struct err *e)
{
	const char *receiver = annotation(l, "run.oci.pidfd_receiver");
	own_fd int opened = -1;
	int pidfd = l->parent.pidfd[SIDE_INIT];

	if (!l->o.pidfd_socket && (!receiver || !l->claimed))
		return 0;
	if (pidfd < 0)
		pidfd = opened = sys_pidfd_open(l->pid, 0);
	if (pidfd < 0)
		return err_sys(e, -pidfd, "open a pidfd of the process");
	if (l->o.pidfd_socket)
		TRY(life_send_pidfd(
			l->o.pidfd_socket, pidfd, l->claimed ? "standard" : "setns", e));
	if (receiver && l->claimed)
		TRY(life_send_pidfd(receiver, pidfd, "standard", e));
	return 0;
}

static void record_inode(struct life *l, struct state *s)
{
	own_fd int opened = -1;
	int pidfd = l->parent.pidfd[SIDE_INIT];
	uint64_t inode;

	if (pidfd < 0)
		pidfd = opened = sys_pidfd_open(l->pid, 0);
	if (pidfd >= 0 && !state_pid_inode(pidfd, &inode))
		OPT_SET(s, pid_inode, inode);
}

/* All is made: the container has a process, and says so where it was asked to. */
static int record_created(struct life *l, struct err *e)
{
	struct state *s = l->state;
	uint64_t started;

	l->pid = l->parent.pid[SIDE_INIT];
	log_debug("'%s': all is set up, as process %d", l->o.id, (int)l->pid);
	TRY(give_console(l, e));
	TRY(give_pidfd(l, e));
	if (l->claimed) {
		if (state_process_start(l->pid, &started) < 0)
			return err_set(e, ESRCH, "the container's process is gone");
		OPT_SET(s, complete, true);
		OPT_SET(s, pid, l->pid);
		OPT_SET(s, started, started);
		record_inode(l, s);
		s->has_creator = s->has_creator_started = false;
		TRY(state_write(l->dir, s, e));
	}
	return l->o.pid_file ? life_write_pid_file(l->o.pid_file, l->pid, e) : 0;
}

/* --- running ------------------------------------------------------------------------------------------ */

static int set_time_limit(struct life *l, struct err *e)
{
	uint64_t ms = l->loaded.jail.service.time_limit;
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ms / 1000),
					  .tv_nsec = (long)(ms % 1000) * 1000000}};
	struct epoll_event ev = {.events = EPOLLIN};

	if (!ms)
		return 0;
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer < 0 || timerfd_settime(l->timer, 0, &when, NULL) < 0)
		return err_sys(e, errno, "set the time limit");
	ev.data.fd = l->timer;
	if (epoll_ctl(parent_fd(&l->parent), EPOLL_CTL_ADD, l->timer, &ev) < 0)
		return err_sys(e, errno, "watch the time limit");
	return 0;
}

/* Init has a copy of the directory's fd for a while, and would keep the lock. */
static void unlock(struct life *l)
{
	if (l->dir >= 0)
		(void)flock(l->dir, LOCK_UN); /* cannot fail on a good fd */
}

/* From here on the program runs, and a failure of ours must not be told as one of the start. */
static int record_running(struct life *l, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN};
	const struct jail_notes *n = &l->loaded.jail.notes;

	clock_gettime(CLOCK_MONOTONIC, &l->started);
	l->pidfd = parent_take_pidfd(&l->parent);
	l->phase = LIFE_RUNNING;
	log_debug("'%s': the program runs", l->o.id);
	if (l->pidfd >= 0) {
		ev.data.fd = l->pidfd;
		if (epoll_ctl(parent_fd(&l->parent), EPOLL_CTL_ADD, l->pidfd, &ev) < 0)
			return err_sys(e, errno, "watch the process");
	}
	ev.data.fd = l->notify;
	if (l->notify >= 0 && epoll_ctl(parent_fd(&l->parent), EPOLL_CTL_ADD, l->notify, &ev) < 0)
		return err_sys(e, errno, "listen to the container");
	TRY(set_time_limit(l, e));
	if (!l->claimed)
		return 0;
	unlock(l);
	return life_run_hooks(&l->texts, &l->loaded.jail.hooks[HOOK_POSTSTART], "poststart",
		"running", l->pid, n->bundle, true, e);
}

static void record_end(struct life *l, const struct rusage *ru, int status)
{
	const struct report_limits limits = life_limits(l->state);
	struct timespec now;

	l->phase = LIFE_ENDED;
	l->status = status;
	log_debug("'%s': ended with wait status 0x%x", l->o.id, (unsigned)status);
	clock_gettime(CLOCK_MONOTONIC, &now);
	l->report.id = l->o.id;
	OPT_SET(&l->report, wall_ms,
		(uint64_t)((now.tv_sec - l->started.tv_sec) * 1000 +
			   (now.tv_nsec - l->started.tv_nsec) / 1000000));
	/* A good end has one cause; the figures are for a report alone. */
	if (l->state && (status || l->report_fd >= 0 || l->reported))
		report_usage(&l->report, &l->state->cgroups);
	report_rusage(&l->report, ru);
	report_judge(&l->report, status, l->timed_out, &limits);
}

static int check_end(struct life *l, struct err *e)
{
	uint64_t expirations;
	struct rusage ru;
	int status;
	pid_t r;

	if (l->timer >= 0 && read(l->timer, &expirations, sizeof(expirations)) > 0) {
		l->timed_out = true;
		/* With init gone the kernel ends all that is in its pid namespace. */
		(void)kill(l->pid, SIGKILL); /* our child, not reaped: the pid is its own */
		if (!jail_has_own(&l->loaded.jail, NS_PID) && l->state)
			list_each (i, l->state->cgroups)
				(void)cgroup_kill(l->state->cgroups.v[i], SIGKILL, e);
	}
	(void)life_notify_relay(l, 0); /* that it is ready changes nothing here */
	r = wait4(l->pid, &status, WNOHANG, &ru);
	if (r < 0 && errno != EINTR)
		return err_sys(e, errno, "wait for the container's process");
	if (r == l->pid)
		record_end(l, &ru, status);
	return 0;
}

int life_fd(const struct life *l)
{
	return parent_fd(&l->parent);
}

int life_fail(struct life *l, const struct err *e)
{
	const struct jail *jail = &l->loaded.jail;
	struct err mine;
	bool begun;

	l->report.id = l->o.id;
	l->report.cause = "setup";
	if (l->parent.failed_at < l->plan.n)
		l->report.step = step_kinds[l->plan.v[l->parent.failed_at].kind].name;
	l->report.error = e->text;
	l->report.errno_name = err_name(e->code);
	if (l->report_fd >= 0 && report_write(&l->report, l->report_fd, &mine) < 0)
		log_warning("%s", mine.text);
	begun = l->claimed;
	life_unclaim(l);
	/* As the spec has it, what was begun is ended with its poststop hooks: they undo the others. */
	if (begun)
		(void)life_run_hooks(&l->texts, &jail->hooks[HOOK_POSTSTOP], "poststop", "stopped",
			0, jail->notes.bundle, false, &mine);
	return -e->code;
}

/* At once: even the exec may wait for the agent's answer. */
static int give_listener(struct life *l, struct err *e)
{
	int listener = parent_take_listener(&l->parent);

	if (listener < 0)
		return 0;
	if (l->seen)
		return life_watch_calls(l, listener, e);
	return life_send_listener(l, listener, l->claimed ? "creating" : "running", e);
}

int life_adopt(struct life *l, pid_t pid, struct err *e)
{
	int pidfd = sys_pidfd_open(pid, 0);

	l->parent.pid[SIDE_INIT] = pid;
	if (pidfd < 0)
		return err_sys(e, -pidfd, "hold process %d", (int)pid);
	l->parent.pidfd[SIDE_INIT] = pidfd;
	TRY(record_created(l, e));
	l->adopted = true;
	l->phase = LIFE_CREATED;
	return 0;
}

int life_step(struct life *l, struct err *e)
{
	int r;

	if (l->phase == LIFE_ENDED)
		return LIFE_ENDED;
	if (l->phase == LIFE_RUNNING)
		return check_end(l, e) < 0 ? -e->code : (int)l->phase;
	r = l->adopted ? PARENT_RUNNING : parent_step(&l->parent, e);
	if (r >= 0 && give_listener(l, e) < 0)
		r = -e->code;
	if (r == PARENT_CREATED) {
		l->phase = LIFE_CREATED;
		r = record_created(l, e);
	} else if (r == PARENT_LEFT) {
		l->phase = LIFE_LEFT;
		unlock(l);
	} else if (r == PARENT_RUNNING) {
		r = record_running(l, e);
	}
	return r < 0 ? life_fail(l, e) : (int)l->phase;
}

int life_reach(struct life *l, enum life_phase phase, struct err *e)
{
	while (l->phase < phase) {
		enum life_phase before = l->phase;
		int r = life_step(l, e);

		TRY(r);
		if (l->phase >= phase || l->phase != before)
			continue;
		r = fd_wait(life_fd(l), -1);
		if (r < 0)
			return err_sys(e, -r, "wait");
	}
	return 0;
}
