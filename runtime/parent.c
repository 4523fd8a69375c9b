/* SPDX-License-Identifier: Apache-2.0 */
#include "parent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../spec/origin.h"
#include "../spec/user_net.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/sys.h"
#include "do/become.h"
#include "do/cgroup.h"
#include "do/limits.h"
#include "do/netdev.h"
#include "do/ns.h"
#include "do/rdt.h"
#include "do/sched.h"
#include "do/seccomp.h"
#include "do/self.h"
#include "do/talk.h"

/* --- beginning and end --------------------------------------------------------------------------- */

static int watch(struct parent *p, int fd, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_sys(e, errno, "watch an fd");
	return 0;
}

static int open_base_fds(struct run *r, struct err *e)
{
	r->proc = fd_open(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0, e);
	TRY(r->proc);
	if (!fd_is_proc_root(r->proc))
		return err_set(e, ENODEV, "/proc is no procfs");
	r->self = self_open(r->proc);
	r->null = fd_open(AT_FDCWD, "/dev/null", O_RDWR | O_NOFOLLOW, 0, e);
	TRY(r->null);
	if (!fd_is_char_device(r->null, 1, 3))
		return err_set(e, ENODEV, "/dev/null is not the null device");
	return 0;
}

static int begin(struct parent *p, struct err *e)
{
	struct run *r = &p->run;

	r->slots = pool_array(&p->pool, (size_t)r->plan->slots + 1, sizeof(int));
	if (!r->slots)
		return err_memory(e);
	for (int i = 0; i < r->plan->slots; i++)
		r->slots[i] = -1;
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll < 0)
		return err_sys(e, errno, "make an epoll");
	TRY(open_base_fds(r, e));
	TRY(talk_pair(r->talk + RUN_PARENT_END(SIDE_INIT), e));
	TRY(watch(p, r->talk[RUN_PARENT_END(SIDE_INIT)], e));
	if (!r->plan->has_mid)
		return 0;
	TRY(talk_pair(r->talk + RUN_PARENT_END(SIDE_MID), e));
	return watch(p, r->talk[RUN_PARENT_END(SIDE_MID)], e);
}

int parent_begin(struct parent *p, const struct plan *plan, const struct run_state *state,
	int start, int pidfd, struct err *e)
{
	*p = (struct parent){
		.run = {.plan = plan,
			.proc = -1,
			.null = -1,
			.self = -1,
			.helper = -1,
			.start = start,
			.words_fd = -1},
		.pidfd = {-1, -1, -1},
		.epoll = -1,
		.timer = -1,
		.words = -1,
		.spawned = {.pidfd = -1, .output = -1},
	};
	if (state)
		p->run.state = *state;
	p->run.keep_fds = plan->jail->process.preserve_fds;
	for (size_t i = 0; i < ARRAY_LEN(p->run.talk); i++)
		p->run.talk[i] = -1;
	TRY(begin(p, e));
	if (pidfd >= 0)
		p->run.slots[0] = pidfd;
	return 0;
}

int parent_fd(const struct parent *p)
{
	return p->epoll;
}

static int take_slot(struct parent *p, int slot)
{
	return slot >= 0 && p->run.slots ? take_fd(&p->run.slots[slot]) : -1;
}

int parent_take_console(struct parent *p)
{
	return take_slot(p, p->run.plan->console);
}

int parent_take_listener(struct parent *p)
{
	return take_slot(p, p->run.plan->listener);
}

int parent_take_pidfd(struct parent *p)
{
	return take_fd(&p->pidfd[SIDE_INIT]);
}

static void reap(struct parent *p, enum side side)
{
	if (p->pid[side] > 0 && !p->run.plan->itself)
		while (waitpid(p->pid[side], NULL, 0) < 0 && errno == EINTR)
			;
	p->pid[side] = 0;
}

void parent_abort(struct parent *p)
{
	struct err e;

	spawn_cancel(&p->spawned);
	for (int side = SIDE_MID; side < SIDES; side++) {
		if (p->pid[side] > 0 && !p->run.plan->itself)
			(void)kill(
				p->pid[side], SIGKILL); /* not reaped: the pid is still its own */
		reap(p, (enum side)side);
	}
	parent_abort_cgroups(p);
	if (p->rdt && rdt_unmake(p->rdt, p->rdt_made, &e) < 0)
		log_warning("%s", e.text);
}

void parent_settle(struct parent *p)
{
	own_close(&p->run.proc);
	own_close(&p->run.null);
	own_close(&p->run.self);
	own_close(&p->words);
}

void parent_done(struct parent *p)
{
	for (int i = 0; p->run.slots && i < p->run.plan->slots; i++)
		own_close(&p->run.slots[i]);
	for (size_t i = 0; i < ARRAY_LEN(p->run.talk); i++)
		own_close(&p->run.talk[i]);
	for (size_t i = 0; i < ARRAY_LEN(p->pidfd); i++)
		own_close(&p->pidfd[i]);
	own_close(&p->run.proc);
	own_close(&p->run.null);
	own_close(&p->run.self);
	own_close(&p->spawned.pidfd);
	own_close(&p->spawned.output);
	own_close(&p->timer);
	own_close(&p->words);
	own_close(&p->epoll);
	pool_done(&p->pool);
}

/* --- steps of the parent -------------------------------------------------------------------------- */

/* What is made is put down first, for who takes it back. */
static int do_rdt(struct parent *p, const struct step_rdt *a, struct err *e)
{
	p->rdt = a;
	return rdt_make(a, &p->rdt_made, e);
}

/* By itself it is put into its cgroup before it has namespaces. */
static pid_t become(
	struct parent *p, const struct step_clone *a, int cgroup, int *pidfd, struct err *e)
{
	if (cgroup >= 0)
		TRY(fd_write_text(cgroup, "cgroup.procs", "0", e));
	return become_jail(a->namespaces, &p->run.helper, pidfd, e);
}

static int do_clone(struct parent *p, const struct step_clone *a, struct err *e)
{
	enum side who = (enum side)a->who;
	int cgroup = a->has_cgroup ? p->run.slots[a->cgroup] : -1, pidfd = -1;
	pid_t pid = a->itself ? become(p, a, cgroup, &pidfd, e)
			      : ns_clone(a->namespaces, cgroup, false, &pidfd, e);

	TRY(pid);
	if (pid == 0) {
		if (who == SIDE_MID)
			mid_main(&p->run, p->at + 1);
		init_main(&p->run, p->at + 1);
	}
	p->pid[who] = pid;
	p->pidfd[who] = pidfd;
	own_close(&p->run.talk[RUN_CHILD_END(who)]);
	/* Init's end goes through mid; the parent needs it no longer. */
	if (who == SIDE_MID)
		own_close(&p->run.talk[RUN_CHILD_END(SIDE_INIT)]);
	/* What follows directly the child begins with by itself. */
	p->go_sent = p->at + 1 < p->run.plan->n && p->run.plan->v[p->at + 1].side == who;
	return 0;
}

/* Waits for the program that runs on the side; it is killed when the time is up. */
static int await_spawned(struct parent *p, const char *doing, int timeout_s, struct err *e)
{
	struct itimerspec when = {.it_value.tv_sec = timeout_s};

	p->doing = doing;
	if (p->spawned.pidfd < 0)
		return 0; /* an old kernel: parent_step waits for it */
	TRY(watch(p, p->spawned.pidfd, e));
	if (!timeout_s)
		return 0;
	if (p->timer < 0) {
		p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (p->timer < 0)
			return err_sys(e, errno, "make a timer");
		TRY(watch(p, p->timer, e));
	}
	if (timerfd_settime(p->timer, 0, &when, NULL) < 0)
		return err_sys(e, errno, "set the timer");
	return 0;
}

/* newuidmap PID inside outside count …, from the lines of the map. */
static int map_by_helper(struct parent *p, const struct step_id_map *a, struct err *e)
{
	bool gid = a->file[0] == 'g';
	const char *name = gid ? "newgidmap" : "newuidmap";
	const char *path = gid ? "/usr/bin/newgidmap" : "/usr/bin/newuidmap";
	char *words = pool_text(&p->pool, a->map), **argv, *pid;
	size_t n = 0, most = strlen(a->map) + 4;
	struct spawn s = {.path = path, .input = {""}};

	argv = pool_array(&p->pool, most, sizeof(*argv));
	pid = pool_printf(&p->pool, "%d", (int)p->pid[a->who]);
	if (!words || !argv || !pid)
		return err_memory(e);
	argv[n++] = (char *)name;
	argv[n++] = pid;
	for (char *end; *words; words = end) {
		end = words + strcspn(words, " \n");
		if (*end)
			*end++ = '\0';
		argv[n++] = words;
	}
	s.argv = argv;
	if (spawn_begin(&s, &p->spawned, e) < 0) {
		err_add(e, "map ids");
		return err_fix(e, "install newuidmap and newgidmap (package uidmap)");
	}
	return await_spawned(p, name, 0, e);
}

static int do_id_map(struct parent *p, const struct step_id_map *a, struct err *e)
{
	if (a->helper)
		return map_by_helper(p, a, e);
	return ns_write_map(p->run.proc, p->pid[a->who], a->file, a->map, e);
}

static int do_hook(struct parent *p, const struct step_hook *a, struct err *e)
{
	const struct run_state *st = &p->run.state;
	char pid[16];
	struct spawn s = {
		.path = a->path,
		.argv = (char *const *)a->args.v,
		.envp = a->inherit_env ? NULL : (char *const *)a->env.v,
		.input = {st->head, "creating", st->middle, pid, st->tail},
		.cwd = p->run.plan->jail->notes.bundle,
		.out = st->out,
	};
	const char *what = pool_printf(&p->pool, "error running %s hook #%u",
		words_name(&hook_words, (uint64_t)a->hook), a->number);

	fmt_put(pid, sizeof(pid), "%d", (int)p->pid[SIDE_INIT]);
	if (!what)
		return err_memory(e);
	if (spawn_begin(&s, &p->spawned, e) < 0)
		return err_add(e, "%s", what);
	return await_spawned(p, what, a->timeout, e);
}

static int carry_out(struct parent *p, const struct step *s, struct err *e)
{
	switch (s->kind) {
	case STEP_CGROUP:
	case STEP_CGROUP_SET:
	case STEP_CGROUP_DEVICES:
	case STEP_CGROUP_OWN:
	case STEP_CGROUP_MOVE:
	case STEP_UNIT:
	case STEP_UNIT_JOIN:
		return parent_cgroup(p, s, e);
	case STEP_CLONE:
		return do_clone(p, s->args, e);
	case STEP_NO_SETGROUPS:
		return ns_deny_setgroups(
			p->run.proc, p->pid[((const struct step_who *)s->args)->who], e);
	case STEP_ID_MAP:
		return do_id_map(p, s->args, e);
	case STEP_RAISE_LIMITS:
		return limits_raise(p->pid[SIDE_INIT], s->args, e);
	case STEP_RDT:
		return do_rdt(p, s->args, e);
	case STEP_RDT_ENTER:
		return rdt_enter(p->pid[SIDE_INIT], s->args, e);
	case STEP_NET_DEVICE:
		return netdev_move(p->run.proc, p->pid[SIDE_INIT], s->args, e);
	case STEP_MACVLAN:
		return netdev_macvlan(p->run.proc, p->pid[SIDE_INIT], s->args, e);
	case STEP_OOM_SCORE:
		return limits_oom_score(p->run.proc,
			p->pid[((const struct step_oom_score *)s->args)->who], s->args, e);
	case STEP_SCHEDULER:
		return sched_set(p->pid[SIDE_INIT], s->args, e);
	case STEP_IO_PRIORITY:
		return sched_set_io(p->pid[SIDE_INIT], s->args, e);
	case STEP_HOOK:
		return do_hook(p, s->args, e);
	case STEP_USER_NET:
		TRY(parent_user_net(p, s->args, e));
		return await_spawned(p, JAILRT_NET, NET_PATIENCE_S, e);
	case STEP_CREATED:
	case STEP_LEAVE:
		return 0;
	default:
		return doers[s->kind](&p->run, s, e);
	}
}

/* --- what children say ------------------------------------------------------------------------------ */

/* In front of a failure: the place in the config that its step came from. */
static int name_step(struct parent *p, size_t at, struct err *e)
{
	const struct plan *plan = p->run.plan;
	char where[512];

	p->failed_at = at;
	if (at >= plan->n)
		return -e->code;
	origin_describe(plan->jail->origin, plan->v[at].at, where, sizeof(where));
	return where[0] ? err_add(e, "%s", where) : -e->code;
}

/* Whose pidfd it is, as the host's procfs has it; -1: nobody's. */
static pid_t pid_of(const struct parent *p, int pidfd)
{
	char path[48], text[512];
	const char *s;
	uint64_t pid;

	fmt_put(path, sizeof(path), "self/fdinfo/%d", pidfd);
	if (fd_read_small(p->run.proc, path, text, sizeof(text)) < 0)
		return -1;
	s = strstr(text, "\nPid:\t");
	return s && !fmt_u64(s + 6, strspn(s + 6, "0123456789"), &pid) ? (pid_t)pid : -1;
}

static int take_born(
	struct parent *p, const struct talk_message *m, enum side side, int *fd, struct err *e)
{
	if (side != SIDE_MID || p->pid[SIDE_INIT] || m->pid <= 0 || *fd < 0 ||
		pid_of(p, *fd) != m->pid)
		return err_set(e, EPROTO, "an unexpected birth");
	p->pid[SIDE_INIT] = m->pid;
	p->pidfd[SIDE_INIT] = take_fd(fd);
	/* What follows init begins with by itself. */
	for (size_t i = p->at; i < p->run.plan->n; i++) {
		const struct step *s = &p->run.plan->v[i];

		if (s->kind == STEP_CLONE && s->side == SIDE_MID) {
			p->at = i + 1;
			break;
		}
	}
	p->go_sent = p->at < p->run.plan->n && p->run.plan->v[p->at].side == SIDE_INIT;
	return 0;
}

static int take_go(
	struct parent *p, const struct talk_message *m, enum side side, int *fd, struct err *e)
{
	size_t n = p->run.plan->n;

	if (m->step < p->at || m->step > n || (m->step == n && side != SIDE_INIT))
		return err_set(e, EPROTO, "a process is out of step");
	/* It has done its own steps; nobody else's can be passed over. */
	for (size_t i = p->at; i < m->step; i++) {
		if (p->run.plan->v[i].side != side)
			return err_set(e, EPROTO, "a process is out of step");
	}
	p->launched = m->step == n;
	if (p->launched)
		p->words = take_fd(fd);
	p->at = m->step;
	p->go_sent = false;
	return 0;
}

static int take_slot_fd(struct parent *p, const struct talk_message *m, int *fd, struct err *e)
{
	const struct plan *plan = p->run.plan;
	/* That of the watching comes before the launch, an agent's behind it. */
	bool listens = m->slot == plan->listener && (p->launched || plan->jail->filter.watch);
	bool expected = m->slot == plan->console || listens;

	if (m->slot < 0 || !expected || *fd < 0 || p->run.slots[m->slot] >= 0)
		return err_set(e, EPROTO, "an unexpected fd");
	p->run.slots[m->slot] = take_fd(fd);
	return 0;
}

static int take_message(
	struct parent *p, enum side side, struct talk_message *m, int fd, struct err *e)
{
	own_fd int extra = fd;

	switch (m->type) {
	case TALK_GO:
		return take_go(p, m, side, &extra, e);
	case TALK_SLOT:
		return take_slot_fd(p, m, &extra, e);
	case TALK_BORN:
		return take_born(p, m, side, &extra, e);
	case TALK_WARN:
		(void)name_step(p, m->step, &m->err);
		log_warning("%s", m->err.text);
		return 0;
	default:
		if (e)
			*e = m->err;
		return name_step(p, m->step, e);
	}
}

/* A child that is gone without a word was killed; by whom the kernel tells, if it was for memory. */
static int explain_death(struct parent *p, enum side side, struct err *e)
{
	siginfo_t si = {0};
	uint64_t killed = 0;

	if (waitid(P_PID, (id_t)p->pid[side], &si, WEXITED | WNOWAIT) < 0)
		return err_sys(e, errno, "the %s process is gone", side_names[side]);
	list_each (i, p->made_cgroups) {
		if (cgroup_number(p->made_cgroups.v[i], "memory.oom_control", "oom_kill", &killed) <
			0)
			(void)cgroup_number(
				p->made_cgroups.v[i], "memory.events", "oom_kill", &killed);
		if (killed)
			break;
	}
	p->failed_at = p->at;
	err_set(e, ECHILD, "the %s process ended during set-up (%s %d)", side_names[side],
		si.si_code == CLD_EXITED ? "exit status" : "signal", si.si_status);
	if (killed)
		return err_fix(e, "the memory limit is too small to start in: raise it");
	return -ECHILD;
}

/* 1: end of file after the launch. */
static int hear(struct parent *p, enum side side, struct err *e)
{
	struct talk_message m;
	int *sock = &p->run.talk[RUN_PARENT_END(side)], fd = -1, r;

	while (*sock >= 0) {
		r = talk_receive(*sock, false, &m, &fd, e);
		if (r == -EAGAIN)
			return 0;
		TRY(r);
		if (r > 0) {
			TRY(take_message(p, side, &m, fd, e));
			fd = -1;
			continue;
		}
		/* A child of somebody else may have a copy, with which epoll would not forget it. */
		(void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, *sock, NULL);
		own_close(sock);
		if (side == SIDE_INIT && p->launched)
			return seccomp_read_words(p->words, e) < 0
				       ? name_step(p, p->run.plan->n - 1, e)
				       : 1;
		if (side == SIDE_INIT || !p->pid[SIDE_INIT])
			return explain_death(p, side, e);
		reap(p, SIDE_MID);
	}
	return 0;
}

/* --- the machine ------------------------------------------------------------------------------------ */

/* 1 while the program on the side is still running. */
static int check_spawned(struct parent *p, struct err *e)
{
	uint64_t expirations;
	int ready;

	if (!p->spawned.pid)
		return 0;
	ready = p->spawned.pidfd < 0 ? 1 : fd_wait(p->spawned.pidfd, 0);
	if (!ready && p->timer >= 0 && read(p->timer, &expirations, sizeof(expirations)) > 0) {
		spawn_cancel(&p->spawned);
		return err_set(e, ETIMEDOUT, "%s: it did not end in time and was killed", p->doing);
	}
	if (!ready)
		return 1;
	if (p->timer >= 0) {
		const struct itimerspec never = {0};

		(void)timerfd_settime(
			p->timer, 0, &never, NULL); /* cannot fail with these arguments */
	}
	return spawn_end(&p->spawned, e) < 0 ? err_add(e, "%s", p->doing) : 0;
}

static int give_turn(struct parent *p, enum side side, struct err *e)
{
	const struct talk_message m = {.type = TALK_GO, .step = (uint32_t)p->at};

	if (p->go_sent)
		return 0;
	p->go_sent = true;
	if (talk_send(p->run.talk[RUN_PARENT_END(side)], &m, -1, e) < 0)
		return explain_death(p, side, e);
	return 0;
}

/* Carries out the parent's own steps up to one that is another's, or that has to be waited for. */
static int advance(struct parent *p, struct err *e)
{
	const struct plan *plan = p->run.plan;
	int r;

	while (p->at < plan->n && !p->spawned.pid) {
		const struct step *s = &plan->v[p->at];

		if (s->side != SIDE_PARENT)
			return give_turn(p, s->side, e);
		r = carry_out(p, s, e);
		if (r < 0)
			return name_step(p, p->at, e);
		p->at++;
		if (s->kind == STEP_CREATED)
			return PARENT_CREATED;
		if (s->kind == STEP_LEAVE)
			return give_turn(p, SIDE_INIT, e) < 0 ? -e->code : PARENT_LEFT;
	}
	return PARENT_WAIT;
}

int parent_step(struct parent *p, struct err *e)
{
	int r = 0;

	/* Init may speak before mid has said who it is: until then there is nobody to listen to. */
	if (p->run.plan->has_mid)
		TRY(hear(p, SIDE_MID, e));
	if (!p->run.plan->has_mid || p->pid[SIDE_INIT])
		r = hear(p, SIDE_INIT, e);
	if (r > 0)
		return PARENT_RUNNING;
	TRY(r);
	r = check_spawned(p, e);
	if (r < 0)
		return name_step(p, p->at ? p->at - 1 : 0, e);
	if (r > 0)
		return PARENT_WAIT;
	/* It is init's turn until it says otherwise. */
	if (p->launched ||
		(p->go_sent && p->at < p->run.plan->n && p->run.plan->v[p->at].side != SIDE_PARENT))
		return PARENT_WAIT;
	return advance(p, e);
}
