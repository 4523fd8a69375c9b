/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/sys.h"
#include "do/cgroup.h"
#include "do/rdt.h"
#include "life.h"

/* --- hooks ----------------------------------------------------------------------------------------- */

static int run_hook(const struct run_state *texts, const struct jail_hook *h, const char *status,
	pid_t pid, const char *cwd, struct err *e)
{
	own_pool struct pool pool = {0};
	char **argv = pool_array(&pool, h->args.n + 2, sizeof(*argv));
	char **envp = pool_array(&pool, h->env.n + 1, sizeof(*envp));
	char number[16];
	struct spawn s = {
		.path = h->path,
		.argv = argv,
		.envp = h->inherit_env ? NULL : envp,
		.input = {texts->head, status, texts->middle, number, texts->tail},
		.cwd = cwd,
		.out = texts->out,
	};

	if (!argv || !envp)
		return err_memory(e);
	fmt_put(number, sizeof(number), "%d", (int)pid);
	list_each (i, h->args)
		argv[i] = (char *)h->args.v[i];
	if (!h->args.n)
		argv[0] = (char *)h->path;
	list_each (i, h->env)
		envp[i] = (char *)h->env.v[i];
	return spawn_run(&s, h->timeout, e);
}

int life_run_hooks(const struct run_state *texts, const struct jail_hooks *hooks, const char *kind,
	const char *status, pid_t pid, const char *cwd, bool must, struct err *e)
{
	struct stat st;

	/* The bundle may be gone by the time of poststop. */
	if (stat(cwd, &st) < 0)
		cwd = "/";
	list_each (i, *hooks) {
		if (run_hook(texts, &hooks->v[i], status, pid, cwd, e) >= 0)
			continue;
		err_add(e, "error running %s hook #%zu", kind, i);
		if (must)
			return -e->code;
		log_warning("%s", e->text);
	}
	return 0;
}

/* The hooks that the state file keeps. */
static int hooks_of(
	const struct list *from, struct pool *pool, struct jail_hooks *to, struct err *e)
{
	to->v = pool_array(pool, from->n + 1, sizeof(*to->v));
	if (!to->v)
		return err_memory(e);
	list_each (i, *from) {
		const struct oci_hook *h = from->v[i];

		to->v[to->n++] = (struct jail_hook){
			.path = h->path,
			.args = h->args,
			.env = h->env,
			.inherit_env = !h->env.v,
			.timeout = h->timeout,
		};
	}
	return 0;
}

int life_state_hooks(
	struct life *l, const char *kind, const char *status, pid_t pid, bool must, struct err *e)
{
	const struct state *s = l->state;
	const struct list *from = strcmp(kind, "poststop") ? (const struct list *)&s->poststart
							   : (const struct list *)&s->poststop;
	struct jail_hooks hooks = {0};
	struct run_state texts = {0};
	int r;

	if (!from->n)
		return 0;
	TRY(hooks_of(from, &l->pool, &hooks, e));
	TRY(life_hook_texts(s->ociVersion, s->id, s->bundle, &s->annotations, &l->pool, &texts, e));
	r = life_open_hook_files(&s->annotations, &texts, e);
	if (r >= 0)
		r = life_run_hooks(&texts, &hooks, kind, status, pid, s->bundle, must, e);
	else if (!must)
		log_warning("%s", e->text);
	life_close_hook_files(&texts);
	return must ? r : 0;
}

/* --- kill ------------------------------------------------------------------------------------------- */

/* Under v1 a frozen process does not even die; who has no freezer needs none. */
static void thaw(const struct state *s)
{
	list_each (i, s->cgroups)
		(void)cgroup_freeze(s->cgroups.v[i], false, NULL);
}

/* They all have the signal before any of them runs again. */
static int kill_frozen(struct life *l, struct err *e)
{
	struct i32s pids = {0};

	if (state_status(l->dir, l->state) != STATUS_PAUSED)
		return 0;
	TRY(cgroup_pids(l->state->cgroups.v[0], &l->pool, &pids, e));
	list_each (i, pids)
		(void)kill(pids.v[i], SIGKILL); /* who is gone needs none */
	thaw(l->state);
	return 0;
}

/*
 * KILL goes to each hierarchy of cgroups until nobody is left there. Any other signal goes to each process
 * once, though it is in all of the hierarchies.
 */
static int kill_all(struct life *l, int sig, struct err *e)
{
	struct i32s pids = {0};

	if (sig == SIGKILL) {
		TRY(kill_frozen(l, e));
		list_each (i, l->state->cgroups)
			TRY(cgroup_kill(l->state->cgroups.v[i], sig, e));
		return 0;
	}
	TRY(life_processes(l, &pids, e));
	list_each (i, pids)
		(void)kill(pids.v[i], sig); /* who is gone needs none */
	return 0;
}

int life_kill(struct life *l, struct err *e)
{
	int sig = signal_parse(l->o.signal ? l->o.signal : "TERM"), r;
	own_fd int pidfd = -1;

	if (sig < 0)
		return err_set(e, EINVAL, "unknown signal '%s'", l->o.signal);
	TRY(life_open(l, false, e));
	/* With the first process of its pid namespace the kernel kills all the others. */
	if (l->o.all && (l->state->cgroups.n || sig != SIGKILL))
		return kill_all(l, sig, e);
	pidfd = state_open_process(l->state, e);
	/* Engines send a last KILL to all that may be left: then there need be nobody. */
	if (pidfd == -ESRCH && l->o.all)
		return 0;
	TRY(pidfd);
	r = sys_pidfd_send_signal(pidfd, sig, NULL, 0);
	if (r == -ESRCH)
		return err_set(e, ESRCH, "container not running: no such process");
	if (sig == SIGKILL && r >= 0)
		thaw(l->state);
	return r < 0 ? err_sys(e, -r, "send signal %d", sig) : 0;
}

/* --- delete ----------------------------------------------------------------------------------------- */

static int end_process(const struct state *s, struct err *e)
{
	enum { PATIENCE_MS = 10000 };
	own_fd int pidfd = state_open_process(s, e);
	int r;

	if (pidfd == -ESRCH)
		return 0;
	TRY(pidfd);
	r = sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	if (r < 0 && r != -ESRCH)
		return err_sys(e, -r, "kill process %d", s->pid);
	thaw(s);
	if (fd_wait(pidfd, PATIENCE_MS) <= 0)
		return err_set(e, EBUSY, "process %d does not end", s->pid);
	/* A child of ours is reaped, or it would look alive to whoever asks next. */
	(void)waitpid(s->pid, NULL, WNOHANG);
	return 0;
}

/* Without a pid namespace of its own, what the container started may live on without its first process. */
static int end_the_rest(const struct state *s, struct err *e)
{
	if (s->namespaces & CLONE_NEWPID)
		return 0;
	list_each (i, s->cgroups)
		TRY(cgroup_kill(s->cgroups.v[i], SIGKILL, e));
	return 0;
}

/* Whoever waits to report reads the cgroups first. */
static void let_watcher_read(int dir)
{
	own_fd int fd = openat(dir, "watch", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < 200 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		sys_pause_ms(10);
}

static int remove_all(struct life *l, struct err *e)
{
	life_stop_unit(l);
	list_each (i, l->state->cgroups)
		TRY(cgroup_remove(l->state->cgroups.v[i], e));
	list_each (i, l->state->resctrl_own)
		TRY(rdt_remove(l->state->resctrl_own.v[i], e));
	TRY(state_remove(l->root, l->o.id, l->dir, e));
	l->claimed = false;
	return life_state_hooks(l, "poststop", "stopped", 0, false, e);
}

/* The creator is still at work, and has the lock: it is ended, and its child with it. */
static int end_creator(const struct state *s, struct err *e)
{
	uint64_t started;
	own_fd int pidfd = s->has_creator ? sys_pidfd_open(s->creator, 0) : -1;
	int r;

	if (s->complete || pidfd < 0 || state_process_start(s->creator, &started) < 0 ||
		started != s->creator_started)
		return 0;
	r = sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	if (r < 0 && r != -ESRCH)
		return err_sys(e, -r, "kill the creator, process %d", s->creator);
	return fd_wait(pidfd, 10000) > 0 ? 0
					 : err_set(e, EBUSY, "process %d does not end", s->creator);
}

/* What a creator left that was killed before it could write a state, or a state that cannot be read. */
static int remove_remains(struct life *l, struct err *e)
{
	/* An empty one is from before anything was made. */
	if (!state_is_empty(l->dir))
		log_warning("%s: removed without looking for processes and cgroups", e->text);
	return state_remove(l->root, l->o.id, l->dir, e);
}

/*
 * With force what cannot be read is still opened and locked; then the failure is that of reading. A creator
 * at work, which force ends, has the lock.
 */
static int open_for_delete(struct life *l, struct err *e)
{
	int r;

	if (!l->o.force)
		return life_open(l, true, e);
	r = life_open(l, false, e);
	if (r < 0 && l->dir < 0)
		return r;
	if (r >= 0)
		TRY(end_creator(l->state, e));
	own_close(&l->dir);
	/* Read again under the lock: it may have changed meanwhile. */
	return life_open(l, true, e);
}

int life_delete(struct life *l, struct err *e)
{
	enum status status;
	int r = l->dir >= 0 && l->state ? state_lock(l->dir, l->o.id, e) : open_for_delete(l, e);

	/* Somebody else may have deleted it; there may even be another of that name by now. */
	if (r == -ENOENT)
		return l->o.force || l->claimed ? 0 : r;
	if (r < 0 && l->dir >= 0 && l->o.force)
		return remove_remains(l, e);
	TRY(r);
	status = state_status(l->dir, l->state);
	if (!l->o.force && (status == STATUS_RUNNING || status == STATUS_PAUSED)) {
		err_set(e, EBUSY, "cannot delete container '%s' that is not stopped: %s", l->o.id,
			status_names[status]);
		return err_fix(e, "kill it first, or use --force");
	}
	if (status == STATUS_CREATING)
		return err_set(e, EBUSY, "container '%s' is being created by process %d", l->o.id,
			l->state->creator);
	TRY(end_process(l->state, e));
	TRY(end_the_rest(l->state, e));
	let_watcher_read(l->dir);
	return remove_all(l, e);
}

/* --- wait -------------------------------------------------------------------------------------------- */

/* linux/pidfd.h, 6.15: what is left of a process once it is reaped. */
struct pidfd_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_GET_INFO	_IOWR(0xFF, 11, struct pidfd_info)
#define PIDFD_INFO_EXIT (1ULL << 3)

/* Of a process that has ended and not been reaped yet: what it used, and its wait status (proc(5) stat). */
static int status_of_zombie(pid_t pid, struct rusage *ru)
{
	enum { STATE = 3, USER = 14, SYSTEM, CHILD_USER, CHILD_SYSTEM, STATUS = 52 };
	const uint64_t a_second = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t v[STATUS + 1] = {0}, user, system;
	char path[48], text[2048];
	const char *s;

	fmt_put(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	s = strrchr(text, ')');
	if (!s || s[2] != 'Z')
		return -1;
	s += 2;
	for (int field = STATE + 1; field <= STATUS; field++) {
		s = strchr(s, ' ');
		if (!s++)
			return -1;
		(void)fmt_u64(s, strspn(s, "0123456789"), &v[field]); /* else 0 */
	}
	user = (v[USER] + v[CHILD_USER]) * 1000000 / a_second;
	system = (v[SYSTEM] + v[CHILD_SYSTEM]) * 1000000 / a_second;
	ru->ru_utime = (struct timeval){(time_t)(user / 1000000), (suseconds_t)(user % 1000000)};
	ru->ru_stime = (struct timeval){
		(time_t)(system / 1000000), (suseconds_t)(system % 1000000)};
	return (int)v[STATUS];
}

/* The wait status of somebody else's child; -1 when there is no way to see it any more. */
static int status_of_stranger(int pidfd, pid_t pid, struct report *r)
{
	struct pollfd p = {.fd = pidfd};
	struct pidfd_info info = {.mask = PIDFD_INFO_EXIT};
	struct rusage ru = {0};
	int status = status_of_zombie(pid, &ru);

	if (status != -1) {
		report_time(r, &ru);
		return status;
	}
	/* The kernel keeps it for holders of a pidfd from when it is reaped: then comes POLLHUP. */
	(void)poll(&p, 1, 1000);
	if (ioctl(pidfd, PIDFD_GET_INFO, &info) == 0 && info.mask & PIDFD_INFO_EXIT)
		return info.exit_code;
	return -1;
}

static uint64_t milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - start->tv_sec) * 1000 +
			  (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* Waits for the end of the process that pidfd holds, keeps its time limit, and fills in the report. */
static int watch_end(struct life *l, uint64_t limit_ms, struct err *e)
{
	const struct report_limits limits = life_limits(l->state);
	struct report *r = &l->report;
	int ready = fd_wait(l->pidfd, limit_ms ? (int)limit_ms : -1);

	if (ready == 0) {
		l->timed_out = true;
		(void)sys_pidfd_send_signal(
			l->pidfd, SIGKILL, NULL, 0); /* it may have just ended */
		(void)end_the_rest(l->state, e);
		ready = fd_wait(l->pidfd, -1);
	}
	if (ready < 0)
		return err_sys(e, -ready, "wait for process %d", l->pid);
	report_usage(r, &l->state->cgroups);
	l->status = status_of_stranger(l->pidfd, l->pid, r);
	r->id = l->o.id;
	if (l->started.tv_sec)
		OPT_SET(r, wall_ms, milliseconds_since(&l->started));
	report_judge(r, l->status, l->timed_out, &limits);
	l->phase = LIFE_ENDED;
	return l->report_fd >= 0 ? report_write(r, l->report_fd, e) : 0;
}

/* Those who wait to report share it; delete gives them the time to read the cgroups. */
static int lock_watch(int dir, struct err *e)
{
	own_fd int fd = openat(dir, "watch", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_SH) < 0)
		return err_sys(e, errno, "make the watcher's lock");
	return take_fd(&fd);
}

int life_wait(struct life *l, struct err *e)
{
	own_fd int lock = -1;

	TRY(life_open(l, false, e));
	if (l->o.report) {
		l->report_fd = report_open(l->o.report, 0, e);
		TRY(l->report_fd);
		lock = lock_watch(l->dir, e);
		TRY(lock);
	}
	l->pid = l->state->pid;
	l->pidfd = state_open_process(l->state, e);
	TRY(l->pidfd);
	state_read_start(l->dir, &l->started);
	return watch_end(l, 0, e);
}

/* What it holds open is its own: the container's lock and what somebody waits for the end of are not. */
static _Noreturn void watcher(struct life *l, int lock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int keep[] = {lock, l->pidfd, l->report_fd};
	struct err e;

	(void)setsid();
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
	fd_close_others(3, keep, ARRAY_LEN(keep));
	l->root = l->dir = -1;
	if (watch_end(l, l->state->time_limit, &e) < 0)
		_exit(1);
	_exit(0);
}

int life_watch(struct life *l, struct err *e)
{
	own_fd int lock = lock_watch(l->dir, e);
	pid_t pid;

	TRY(lock);
	pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "start a watcher");
	if (pid == 0) {
		pid = fork();
		if (pid != 0)
			_exit(pid < 0);
		watcher(l, lock);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
