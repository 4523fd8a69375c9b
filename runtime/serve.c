/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"

enum { WAIT_FIRST_MS = 100, WAIT_MOST_MS = 5000, BROKEN_BELOW_MS = 1000 };

/* --- small parts ----------------------------------------------------------------------------------- */

static const struct jail_service *service(const struct serve *s)
{
	return &s->base->loaded.jail.service;
}

uint64_t serve_ms_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - t->tv_sec) * 1000 + (now.tv_nsec - t->tv_nsec) / 1000000);
}

int serve_watch(struct serve *s, int fd, uint32_t events, struct serve_watch *w, struct err *e)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_sys(e, errno, "watch an fd");
	return 0;
}

static void unwatch(struct serve *s, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL); /* it may not be watched yet */
}

void serve_close(struct serve *s, int *fd)
{
	unwatch(s, *fd);
	own_close(fd);
}

static void set_tick(struct serve *s, bool on)
{
	const struct itimerspec often = {{0, 100000000}, {0, 100000000}}, never = {0};

	if (s->ticking == on)
		return;
	s->ticking = on;
	(void)timerfd_settime(s->tick, 0, on ? &often : &never, NULL); /* cannot fail so */
}

void serve_need_tick(struct serve *s)
{
	set_tick(s, true);
}

/* --- one jail --------------------------------------------------------------------------------------- */

static struct conn *new_conn(struct serve *s, int socket, const char *remote)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->serve = s;
	c->socket = socket;
	c->in = c->out = c->theirs[0] = c->theirs[1] = -1;
	c->on_life = (struct serve_watch){SERVE_LIFE, c};
	c->on_socket = (struct serve_watch){SERVE_SOCKET, c};
	c->on_in = (struct serve_watch){SERVE_IN, c};
	c->on_out = (struct serve_watch){SERVE_OUT, c};
	fmt_put(c->remote, sizeof(c->remote), "%s", remote);
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	return c;
}

static void end_life(struct conn *c)
{
	if (!c->has_life)
		return;
	if (c->life.begun)
		unwatch(c->serve, life_fd(&c->life));
	life_done(&c->life);
	c->has_life = false;
	c->serve->live--;
}

/* Events for it may be in the loop's hands: it is freed behind them. */
void serve_drop(struct conn *c)
{
	struct serve *s = c->serve;

	end_life(c);
	serve_close(s, &c->socket);
	serve_close(s, &c->in);
	serve_close(s, &c->out);
	own_close(&c->theirs[0]);
	own_close(&c->theirs[1]);
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->next = s->dead;
	s->dead = c;
	c->serve = NULL;
}

static int begin_jail(struct conn *c, struct err *e)
{
	struct serve *s = c->serve;
	char id[300];

	/* The first of a service that has but one at a time has its name. */
	if (c->socket < 0)
		fmt_put(id, sizeof(id), "%s", s->base->o.id);
	else
		fmt_put(id, sizeof(id), "%s-%llu", s->base->o.id, (unsigned long long)s->born + 1);
	TRY(life_another(s->base, id, &c->life, e));
	c->has_life = true;
	s->live++;
	s->born++;
	if (c->socket >= 0) {
		TRY(serve_pipes(c, e));
		c->life.stdio[0] = c->theirs[0];
		c->life.stdio[1] = c->life.stdio[2] = c->theirs[1];
	}
	TRY(life_begin(&c->life, false, e));
	TRY(serve_watch(s, life_fd(&c->life), EPOLLIN, &c->on_life, e));
	return c->socket >= 0 ? serve_watch_pipes(c, e) : 0;
}

static void say_executing(const struct conn *c)
{
	const struct jail_process *p = &c->life.loaded.jail.process;

	log_info("Executing '%s' for '%s'",
		p->file	    ? p->file
		: p->args.n ? p->args.v[0]
			    : "",
		c->remote);
}

static void say_violation(const struct conn *c)
{
	log_warning("pid=%d committed a syscall/seccomp violation and exited with SIGSYS",
		(int)c->life.pid);
	log_warning("pid=%d SiStatus:31: the kernel's log (dmesg, journalctl -ek) has the call",
		(int)c->life.pid);
}

static void say_end(const struct conn *c)
{
	const struct life *l = &c->life;
	unsigned left = c->serve->live - 1;
	char name[24];

	if (l->timed_out)
		log_info("pid=%d run time >= time limit (%llu >= %llu) (%s). Killing it",
			(int)l->pid, (unsigned long long)(l->report.wall_ms / 1000),
			(unsigned long long)(service(c->serve)->time_limit / 1000), c->remote);
	if (WIFSIGNALED(l->status) && WTERMSIG(l->status) == SIGSYS)
		say_violation(c);
	if (WIFSIGNALED(l->status))
		log_info("pid=%d (%s) terminated with signal: %s (%d), (PIDs left: %u)",
			(int)l->pid, c->remote, signal_name(WTERMSIG(l->status), name),
			WTERMSIG(l->status), left);
	else
		log_info("pid=%d (%s) exited with status: %d, (PIDs left: %u)", (int)l->pid,
			c->remote, WEXITSTATUS(l->status), left);
}

/* Back-off: a program that fails at once is not started anew at once. */
static void plan_again(struct serve *s, const struct life *l)
{
	bool broken = l->status != 0 && l->report.wall_ms < BROKEN_BELOW_MS;

	if (!broken)
		s->wait_ms = 0;
	else if (!s->wait_ms)
		s->wait_ms = WAIT_FIRST_MS;
	else
		s->wait_ms = s->wait_ms * 2 < WAIT_MOST_MS ? s->wait_ms * 2 : WAIT_MOST_MS;
	clock_gettime(CLOCK_MONOTONIC, &s->again);
	if (s->wait_ms)
		serve_need_tick(s);
}

/* What is left of it for those who ask: how it ended. */
static void keep_result(struct serve *s, struct life *l)
{
	s->base->status = l->status;
	s->base->timed_out = l->timed_out;
	s->base->report = l->report;
	s->base->report.id = s->base->o.id;
	if (l->report.signal_name)
		s->base->report.signal_name = s->base->report.name_space;
}

static int finish(struct conn *c, struct err *e)
{
	struct serve *s = c->serve;
	struct life *l = &c->life;
	struct err mine;

	say_end(c);
	keep_result(s, l);
	if (s->base->report_fd >= 0 && service(s)->mode != SERVICE_ONCE)
		TRY(report_write(&l->report, s->base->report_fd, e));
	if (!l->o.keep && life_delete(l, &mine) < 0)
		log_warning("%s", mine.text);
	if (service(s)->mode == SERVICE_RERUN)
		plan_again(s, l);
	if (service(s)->mode == SERVICE_ONCE)
		s->done = true;
	end_life(c);
	c->ended = true;
	if (c->socket < 0)
		serve_drop(c);
	else
		serve_pump(c);
	return 0;
}

/* The connection, or the whole service, has no jail: that is told, and nothing of it stays. */
static int launch_failed(struct conn *c, struct err *e)
{
	bool listens = c->socket >= 0;
	char remote[SERVE_ADDRESS];

	fmt_put(remote, sizeof(remote), "%s", c->remote);
	c->failed = true;
	serve_drop(c);
	if (!listens)
		return -e->code;
	log_put(LOG_ERROR, "%s: %s%s%s", remote, e->text, *e->fix ? ". Fix: " : "", e->fix);
	log_put(LOG_ERROR, "Couldn't launch the child process");
	return 0;
}

static int step_life(struct conn *c, struct err *e)
{
	while (c->has_life) {
		enum life_phase before = c->life.phase;
		int r = life_step(&c->life, e);

		if (r < 0)
			return launch_failed(c, e);
		if (c->life.phase == before)
			return 0;
		if (c->life.phase == LIFE_CREATED)
			say_executing(c);
		if (c->life.phase == LIFE_RUNNING) {
			own_close(&c->theirs[0]);
			own_close(&c->theirs[1]);
			parent_settle(&c->life.parent);
			/* It was told to stop while this one was in the making. */
			if (c->serve->stop)
				serve_kill(c, SIGKILL);
		}
		if (c->life.phase == LIFE_ENDED)
			return finish(c, e);
	}
	return 0;
}

int serve_jail(struct serve *s, int socket, const unsigned char *address, const char *remote,
	struct err *e)
{
	struct conn *c = new_conn(s, socket, remote);

	if (!c) {
		own_close(&socket);
		return err_memory(e);
	}
	if (address)
		memcpy(c->address, address, sizeof(c->address));
	if (begin_jail(c, e) < 0)
		return launch_failed(c, e);
	return step_life(c, e);
}

void serve_kill(struct conn *c, int sig)
{
	if (!c->has_life)
		return;
	if (c->life.phase == LIFE_RUNNING) {
		(void)kill(c->life.pid, sig); /* our child, not reaped: the pid is its own */
		return;
	}
	if (c->life.phase != LIFE_ENDED && c->socket >= 0) {
		end_life(c); /* what was made so far goes with it */
		serve_drop(c);
	}
}

/* --- the loop ---------------------------------------------------------------------------------------- */

static int on_tick(struct serve *s, struct err *e)
{
	bool waits = service(s)->mode == SERVICE_RERUN && !s->live && !s->stop;
	uint64_t ticks;

	(void)!read(s->tick, &ticks, sizeof(ticks)); /* how many does not matter */
	for (struct conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		serve_pump_tick(c);
		waits = waits || c->ended;
	}
	if (!waits)
		set_tick(s, false);
	(void)e;
	return 0;
}

static int on_event(struct serve *s, const struct serve_watch *w, uint32_t events, struct err *e)
{
	struct conn *c = w->conn;

	switch (w->source) {
	case SERVE_LISTENER:
		serve_accept(s);
		return 0;
	case SERVE_TICK:
		return on_tick(s, e);
	default:
		break;
	}
	if (!c->serve)
		return 0; /* it was dropped in this very round */
	if (w->source == SERVE_LIFE)
		return step_life(c, e);
	if (w->source == SERVE_SOCKET && events & (EPOLLERR | EPOLLHUP) && !c->closing) {
		serve_close(s, &c->in);
		if (c->ended)
			serve_drop(c);
		else
			serve_kill(c, SIGKILL); /* the peer is gone altogether */
		return 0;
	}
	serve_pump(c);
	return 0;
}

/* Of one that failed in the making the epoll may still tell: what it watched was closed already. */
static void free_dead(struct serve *s)
{
	for (struct conn **at = &s->dead; *at;) {
		struct conn *c = *at;

		if (c->failed && s->live) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free(c);
	}
}

/* What is due: the next of RERUN's. */
static int next_jail(struct serve *s, struct err *e)
{
	if (service(s)->mode != SERVICE_RERUN || s->live || s->stop || s->done)
		return 0;
	if (s->wait_ms && serve_ms_since(&s->again) < s->wait_ms)
		return 0;
	return serve_jail(s, -1, NULL, "[STANDALONE MODE]", e);
}

int serve_step(struct serve *s, struct err *e)
{
	struct epoll_event ev[64];
	int n = epoll_wait(s->epoll, ev, ARRAY_LEN(ev), 0), r = 0;

	if (n < 0 && errno != EINTR)
		return err_sys(e, errno, "wait for events");
	for (int i = 0; i < n && r >= 0; i++)
		r = on_event(s, ev[i].data.ptr, ev[i].events, e);
	free_dead(s);
	if (r >= 0)
		r = next_jail(s, e);
	free_dead(s);
	TRY(r);
	if (s->stop && !s->live)
		s->done = true;
	/* Whoever was told to end has ended by that, whatever its program made of it. */
	if (s->done && s->stop)
		s->base->status = service(s)->mode == SERVICE_LISTEN ? 0 : s->signal;
	return s->done ? LIFE_ENDED : LIFE_RUNNING;
}

int serve_fd(const struct serve *s)
{
	return s->epoll;
}

/* --- told from outside -------------------------------------------------------------------------------- */

void serve_stop(struct serve *s, int sig)
{
	bool forward = service(s)->forward_signals && !s->stop;

	s->stop++;
	s->signal = sig;
	log_info("Server stops due to fatal signal (%d) caught. Exiting", sig);
	serve_close(s, &s->listener);
	for (struct conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		serve_kill(c, forward ? sig : SIGKILL);
	}
	/* The loop looks at it again at once, also when nobody is left. */
	serve_need_tick(s);
}

void serve_tell(const struct serve *s)
{
	uint64_t limit = service(s)->time_limit;

	log_info("Total number of spawned namespaces: %u", s->live);
	for (const struct conn *c = s->conns; c; c = c->next) {
		uint64_t run = c->has_life && c->life.phase == LIFE_RUNNING
				       ? serve_ms_since(&c->life.started)
				       : 0;

		if (!c->has_life)
			continue;
		if (limit)
			log_info(
				"pid=%d, Remote host: %s, Run time: %llu sec. (time left: %lld s.)",
				(int)c->life.pid, c->remote, (unsigned long long)run / 1000,
				(long long)(limit - run) / 1000);
		else
			log_info("pid=%d, Remote host: %s, Run time: %llu sec. (time left: "
				 "unlimited)",
				(int)c->life.pid, c->remote, (unsigned long long)run / 1000);
	}
}

/* --- beginning and end -------------------------------------------------------------------------------- */

static int open_fds(struct serve *s, struct err *e)
{
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->tick = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll < 0 || s->tick < 0)
		return err_sys(e, errno, "make an event loop");
	s->on_tick.source = SERVE_TICK;
	s->on_listener.source = SERVE_LISTENER;
	return serve_watch(s, s->tick, EPOLLIN, &s->on_tick, e);
}

int serve_begin(struct serve *s, struct life *base, struct err *e)
{
	*s = (struct serve){.base = base, .epoll = -1, .listener = -1, .tick = -1, .spare = -1};
	TRY(life_load(base, e));
	if (base->o.report) {
		base->report_fd = report_open(base->o.report, base->o.preserve_fds, e);
		TRY(base->report_fd);
	}
	TRY(life_watch_prepare(base, e));
	TRY(open_fds(s, e));
	/* Also what cannot be planned is told before anybody comes. */
	TRY(life_make_plan(base, false, e));
	if (service(s)->mode == SERVICE_LISTEN)
		return serve_listen(s, e);
	return serve_jail(s, -1, NULL, "[STANDALONE MODE]", e);
}

void serve_done(struct serve *s)
{
	for (struct conn *c = s->conns, *next; c; c = next) {
		struct err e;

		next = c->next;
		if (c->has_life && c->life.phase == LIFE_RUNNING) {
			c->life.o.has_force = c->life.o.force = true;
			if (life_delete(&c->life, &e) < 0)
				log_warning("%s", e.text);
		}
		serve_drop(c);
	}
	free_dead(s);
	own_close(&s->listener);
	own_close(&s->spare);
	own_close(&s->tick);
	own_close(&s->epoll);
}
