/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../spec/json.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/path.h"
#include "do/cgroup.h"

static const struct word cgroup_manager_words_rows[] = {
	{"cgroupfs", CGROUP_FS},
	{"systemd", CGROUP_SYSTEMD},
	{"disabled", CGROUP_DISABLED},
};
static WORDS(cgroup_manager_words);

static const struct field life_options_rows[] = {
	FIELD_TEXT(life_options, root, "directory that container states are kept in"),
	FIELD_TEXT(life_options, id, "name of the container"),
	FIELD_ENUM(life_options, cgroup_manager, cgroup_manager_words, "who makes cgroups"),
	FIELD_BOOL(life_options, systemd_cgroup, "cgroups are made by systemd"),
	FIELD_TEXT(life_options, bundle, "directory with config.json"),
	FIELD_TEXT(life_options, config, "OCI or nsjail config in place of the bundle's"),
	FIELD_TEXTS(life_options, args, "command in place of the config's"),
	FIELD_TEXTS(life_options, set, "FIELD=VALUE of the config"),
	FIELD_BOOL(life_options, strict, "unknown keys of the config are errors"),
	FIELD_TEXT(life_options, pid_file, "file that the process id is written to"),
	FIELD_TEXT(life_options, console_socket, "socket that the terminal's master is sent to"),
	FIELD_U32(life_options, preserve_fds, "how many fds from 3 on the program inherits",
		.max = 4096),
	FIELD_BOOL(life_options, no_pivot, "chroot in place of pivot_root"),
	FIELD_BOOL(life_options, no_new_keyring, "keep the caller's session keyring"),
	FIELD_BOOL(life_options, detach, "do not wait for the program"),
	FIELD_BOOL(life_options, keep, "do not delete the container when it ends"),
	FIELD_TEXT(life_options, report, "file or fd:N that the report goes to"),
	FIELD_TEXT(life_options, process, "file with the process object (process.json)"),
	FIELD_TEXT(life_options, cwd, "working directory"),
	FIELD_TEXT(life_options, user, "UID[:GID]"),
	FIELD_TEXTS(life_options, env, "NAME=value"),
	FIELD_TEXTS(life_options, cap, "further capability"),
	FIELD_U32S(life_options, additional_gids, "further group id", .max = 4294967294),
	FIELD_BOOL(life_options, tty, "give the process a terminal"),
	FIELD_BOOL(life_options, no_new_privs, "no exec can gain privileges"),
	FIELD_BOOL(life_options, ignore_paused, "also in a paused container"),
	FIELD_TEXT(life_options, signal, "name or number"),
	FIELD_BOOL(life_options, all, "to all processes of the container"),
	FIELD_BOOL(life_options, force, "kill it if it runs"),
};
TABLE(life_options);

/* --- beginning and end ---------------------------------------------------------------------------- */

void life_init(struct life *l)
{
	*l = (struct life){
		.root = -1,
		.dir = -1,
		.report_fd = -1,
		.console = -1,
		.pidfd = -1,
		.timer = -1,
		.status = -1,
	};
}

void life_done(struct life *l)
{
	if (l->begun)
		parent_done(&l->parent);
	plan_done(&l->plan);
	own_close(&l->root);
	own_close(&l->dir);
	own_close(&l->report_fd);
	own_close(&l->console);
	own_close(&l->pidfd);
	own_close(&l->timer);
	pool_done(&l->pool);
	life_init(l);
}

int life_set(struct life *l, const char *field, const char *value, struct err *e)
{
	const struct field *f = field_find(&table_life_options, field);
	char *set;

	if (f)
		return field_set(f, &l->o, value, &l->pool, e);
	/* What is not about making a container is a field of its config. */
	set = pool_printf(&l->pool, "%s=%s", field, value);
	if (!set)
		return err_memory(e);
	return field_set(field_find(&table_life_options, "set"), &l->o, set, &l->pool, e);
}

/* --- where states are ----------------------------------------------------------------------------- */

static bool is_rootless(void)
{
	char map[64];
	ssize_t n;

	if (geteuid())
		return true;
	/* Root of a user namespace, as rootless engines run us: ids are mapped one way or another. */
	n = fd_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map));
	return n > 0 && !strstr(map, "4294967295");
}

const char *life_root(struct life *l, struct err *e)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (l->o.root)
		return l->o.root;
	if (is_rootless() && runtime_dir && *runtime_dir)
		l->o.root = pool_printf(&l->pool, "%s/jailrt", runtime_dir);
	else
		l->o.root = "/run/jailrt";
	if (!l->o.root)
		err_memory(e);
	return l->o.root;
}

static int open_root(struct life *l, bool make, struct err *e)
{
	const char *root = life_root(l, e);

	if (!root)
		return -ENOMEM;
	if (l->root < 0)
		l->root = state_open_root(root, make, e);
	return l->root;
}

int life_open(struct life *l, bool lock, struct err *e)
{
	if (!l->o.id)
		return err_set(e, EINVAL, "the container's id is missing");
	TRY(state_check_id(l->o.id, e));
	if (open_root(l, false, e) == -ENOENT)
		return err_set(e, ENOENT, "container does not exist: '%s'", l->o.id);
	TRY(l->root);
	l->dir = state_open(l->root, l->o.id, lock, e);
	TRY(l->dir);
	return state_read(l->dir, &l->pool, &l->state, e);
}

/* --- loading -------------------------------------------------------------------------------------- */

static void apply_options(struct life *l)
{
	struct jail *jail = &l->loaded.jail;
	const struct life_options *o = &l->o;

	jail->notes.id = o->id;
	jail->process.preserve_fds = o->preserve_fds;
	jail->root.no_pivot = jail->root.no_pivot || o->no_pivot;
	if (o->has_cgroup_manager && jail->cgroup.manager != CGROUP_DISABLED)
		jail->cgroup.manager = (enum cgroup_manager)o->cgroup_manager;
	if (o->systemd_cgroup && jail->cgroup.manager == CGROUP_FS)
		jail->cgroup.manager = CGROUP_SYSTEMD;
	if (!o->no_new_keyring && l->loaded.dialect == DIALECT_OCI && o->id)
		jail->process.keyring = pool_printf(&l->pool, "_ses.%s", o->id);
}

int life_load(struct life *l, struct err *e)
{
	const struct load_request q = {
		.bundle = l->o.bundle,
		.config = l->o.config,
		.args = &l->o.args,
		.sets = &l->o.set,
		.strict = l->o.strict,
	};

	if (l->phase >= LIFE_LOADED)
		return 0;
	TRY(caller_probe(&l->caller, &l->pool, e));
	TRY(load(&q, &l->caller, &l->pool, &l->loaded, e));
	apply_options(l);
	if (l->loaded.jail.cgroup.manager == CGROUP_SYSTEMD)
		return err_set(e, ENOTSUP, "the systemd cgroup manager is not supported yet");
	l->phase = LIFE_LOADED;
	return 0;
}

static int make_plan(struct life *l, bool hold, struct err *e)
{
	l->loaded.jail.service.hold = hold;
	if (!l->host_probed)
		TRY(host_probe(&l->host, &l->pool, e));
	l->host_probed = true;
	return plan_make(&l->loaded.jail, &l->host, &l->plan, e);
}

int life_plan(struct life *l, bool json, struct str *out, struct err *e)
{
	TRY(life_load(l, e));
	TRY(make_plan(l, false, e));
	return json ? plan_json(&l->plan, out, e) : plan_text(&l->plan, out, e);
}

/* --- what hooks are told ---------------------------------------------------------------------------- */

static int put_tail(const char *bundle, const struct pairs *annotations, struct str *out)
{
	str_add(out, ",\"bundle\":");
	json_quote(out, bundle, strlen(bundle));
	str_add(out, ",\"annotations\":{");
	for (size_t i = 0; i < annotations->n; i++) {
		const struct pair *a = &annotations->v[i];

		str_add(out, i ? "," : "");
		json_quote(out, a->key, strlen(a->key));
		str_addc(out, ':');
		json_quote(out, a->value, strlen(a->value));
	}
	str_add(out, "}}");
	return 0;
}

int life_hook_texts(const char *version, const char *id, const char *bundle,
	const struct pairs *annotations, struct pool *pool, struct run_state *ret, struct err *e)
{
	own_str struct str head = {0}, tail = {0};

	str_add(&head, "{\"ociVersion\":");
	json_quote(&head, version, strlen(version));
	str_add(&head, ",\"id\":");
	json_quote(&head, id, strlen(id));
	str_add(&head, ",\"status\":\"");
	put_tail(bundle, annotations, &tail);
	TRY(str_check(&head, e));
	TRY(str_check(&tail, e));
	ret->head = pool_text(pool, head.data);
	ret->middle = "\",\"pid\":";
	ret->tail = pool_text(pool, tail.data);
	return ret->head && ret->tail ? 0 : err_memory(e);
}

/* --- the state file ---------------------------------------------------------------------------------- */

static const char *now_text(struct pool *pool)
{
	struct timespec t;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	return pool_printf(pool, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, t.tv_nsec);
}

static const char *owner_name(struct pool *pool)
{
	uid_t uid = geteuid();
	const struct passwd *pw = uid ? getpwuid(uid) : NULL;

	if (!uid)
		return "root";
	return pw ? pool_text(pool, pw->pw_name) : pool_printf(pool, "%u", (unsigned)uid);
}

static int copy_hooks(
	const struct jail_hooks *from, struct list *to, struct pool *pool, struct err *e)
{
	to->v = pool_array(pool, from->n + 1, sizeof(*to->v));
	if (!to->v)
		return err_memory(e);
	list_each (i, *from) {
		struct oci_hook *h = POOL_NEW(pool, struct oci_hook);

		if (!h)
			return err_memory(e);
		h->path = from->v[i].path;
		h->args = from->v[i].args;
		h->env = from->v[i].env;
		h->timeout = from->v[i].timeout;
		h->has_timeout = from->v[i].timeout != 0;
		to->v[to->n++] = h;
	}
	if (!to->n)
		to->v = NULL;
	return 0;
}

#define PUT(s, member, v) ((s)->member = (v), (s)->has_##member = true)

static uint64_t own_namespaces(const struct jail *jail)
{
	uint64_t flags = 0;

	for (int kind = 0; kind < NS_KINDS; kind++) {
		if (jail_has_own(jail, (enum ns_kind)kind))
			flags |= ns_names[kind].flag;
	}
	return flags;
}

/* The cgroups that the plan will make: written down before they are there, so that delete finds them. */
static int list_cgroups(const struct life *l, struct state *s, struct pool *pool, struct err *e)
{
	for (size_t i = 0; i < l->plan.n; i++) {
		const struct step_cgroup *a = l->plan.v[i].args;
		const char **v;

		if (l->plan.v[i].kind != STEP_CGROUP)
			continue;
		v = pool_grow(pool, s->cgroups.v, s->cgroups.n, sizeof(*v));
		if (!v)
			return err_memory(e);
		s->cgroups.v = v;
		v[s->cgroups.n] = pool_printf(pool, "%s%s", a->mount, a->path);
		if (!v[s->cgroups.n++])
			return err_memory(e);
		if (a->v2)
			PUT(s, cgroup_v2, true);
	}
	return 0;
}

static int first_state(struct life *l, struct err *e)
{
	const struct jail *jail = &l->loaded.jail;
	struct state *s = POOL_NEW(&l->pool, struct state);
	uint64_t started = 0;

	if (!s)
		return err_memory(e);
	l->state = s;
	(void)state_process_start(
		getpid(), &started); /* 0: then a recorded creator counts as dead */
	PUT(s, version, STATE_VERSION);
	PUT(s, complete, false);
	s->ociVersion = jail->notes.version;
	s->id = l->o.id;
	s->bundle = l->loaded.bundle;
	s->rootfs = jail->root.path ? jail->root.path : "";
	s->created = now_text(&l->pool);
	s->owner = owner_name(&l->pool);
	PUT(s, creator, getpid());
	PUT(s, creator_started, started);
	s->annotations = jail->notes.annotations;
	PUT(s, namespaces, own_namespaces(jail));
	s->config = l->loaded.origin.file;
	PUT(s, dialect, (int32_t)l->loaded.dialect);
	s->args = l->o.args;
	s->sets = l->o.set;
	if (jail->service.time_limit)
		PUT(s, time_limit, jail->service.time_limit);
	if (jail->process.terminal)
		PUT(s, terminal, true);
	if (l->o.no_new_keyring)
		PUT(s, no_new_keyring, true);
	TRY(copy_hooks(&jail->hooks[HOOK_POSTSTART], (struct list *)&s->poststart, &l->pool, e));
	TRY(copy_hooks(&jail->hooks[HOOK_POSTSTOP], (struct list *)&s->poststop, &l->pool, e));
	return list_cgroups(l, s, &l->pool, e);
}

static int claim(struct life *l, struct err *e)
{
	TRY(open_root(l, true, e));
	l->dir = state_claim(l->root, l->o.id, e);
	TRY(l->dir);
	l->claimed = true;
	TRY(state_write(l->dir, l->state, e));
	if (fd_replace_file(l->dir, "config", l->loaded.text.data, l->loaded.text.len, 0600, e) < 0)
		return err_add(e, "keep the config of '%s'", l->o.id);
	return 0;
}

/* Takes back what was made of a container that does not come to be; e keeps its words. */
static void unclaim(struct life *l)
{
	struct err mine;

	if (l->begun) {
		parent_abort(&l->parent);
		parent_done(&l->parent);
		l->begun = false;
	}
	if (l->claimed && state_remove(l->root, l->o.id, l->dir, &mine) < 0)
		log_warning("%s", mine.text);
	l->claimed = false;
}

/* --- making ------------------------------------------------------------------------------------------ */

/* runc's rules: a terminal that nobody holds would be lost, and one that is not there cannot be sent. */
static int check_terminal(const struct life *l, bool detached, struct err *e)
{
	bool terminal = l->loaded.jail.process.terminal;

	if (terminal && detached && !l->o.console_socket) {
		err_set(e, EINVAL, "a terminal is wanted, and nobody would hold it");
		return err_fix(e, "give --console-socket, or set process.terminal to false");
	}
	if (!terminal && l->o.console_socket) {
		err_set(e, EINVAL, "--console-socket is given, and no terminal is wanted");
		return err_fix(e, "set process.terminal to true");
	}
	return 0;
}

static int check_fds(const struct life *l, struct err *e)
{
	for (uint32_t fd = 3; fd < 3 + l->o.preserve_fds; fd++) {
		if (fcntl((int)fd, F_GETFD) < 0)
			return err_set(e, EBADF, "--preserve-fds %u: fd %u is not open",
				l->o.preserve_fds, fd);
	}
	return 0;
}

static int check_root(const struct life *l, struct err *e)
{
	const struct jail_root *r = &l->loaded.jail.root;
	own_fd int fd = -1;

	if (r->kind != ROOT_DIR)
		return 0;
	fd = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	return origin_fail(l->loaded.jail.origin, r->at, e, errno, "root filesystem '%s': %s",
		r->path, err_word(errno));
}

static int begin(struct life *l, bool hold, struct err *e)
{
	const struct jail_notes *n = &l->loaded.jail.notes;
	own_fd int start = -1;

	TRY(life_hook_texts(n->version, n->id, n->bundle, &n->annotations, &l->pool, &l->texts, e));
	TRY(first_state(l, e));
	TRY(claim(l, e));
	if (hold) {
		start = state_listen_start(l->dir, e);
		TRY(start);
	}
	l->begun = true;
	l->phase = LIFE_MAKING;
	return parent_begin(&l->parent, &l->plan, &l->texts, start, -1, e) < 0
		       ? -e->code
		       : (take_fd(&start), 0);
}

int life_begin(struct life *l, bool hold, struct err *e)
{
	int r;

	if (!l->o.id)
		return err_set(e, EINVAL, "the container's id is missing");
	TRY(state_check_id(l->o.id, e));
	TRY(life_load(l, e));
	TRY(check_terminal(l, hold || l->o.detach, e));
	TRY(check_fds(l, e));
	TRY(check_root(l, e));
	if (l->o.report) {
		l->report_fd = report_open(l->o.report, l->o.preserve_fds, e);
		TRY(l->report_fd);
	}
	TRY(make_plan(l, hold, e));
	r = begin(l, hold, e);
	if (r < 0)
		unclaim(l);
	return r;
}

int life_write_pid_file(const char *path, pid_t pid, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096], text[16];
	own_fd int fd = -1;

	/* Without a newline: go-runc reads it so. */
	fmt_put(text, sizeof(text), "%d", (int)pid);
	fmt_put(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
	fd = fd_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, e);
	TRY(fd);
	if (fd_replace_file(fd, slash ? slash + 1 : path, text, strlen(text), 0644, e) < 0)
		return err_add(e, "pid file '%s'", path);
	return 0;
}

/* One message: the fd, and the terminal's name as its data. */
int life_send_console(const char *path, int console, struct err *e)
{
	own_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	own_fd int dir = -1;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *slash = strrchr(path, '/');
	char name[] = "/dev/ptmx", folder[4096];
	struct iovec iov = {name, sizeof(name) - 1};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)};

	if (sock < 0)
		return err_sys(e, errno, "make a socket");
	fmt_put(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
		slash ? path : ".");
	dir = fd_open(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0, e);
	TRY(dir);
	if (fmt_put(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir,
		    slash ? slash + 1 : path) >= sizeof(a.sun_path))
		return err_sys(e, ENAMETOOLONG, "console socket '%s'", path);
	if (connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, errno, "console socket '%s'", path);
	c.header.cmsg_level = SOL_SOCKET;
	c.header.cmsg_type = SCM_RIGHTS;
	c.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c.header), &console, sizeof(console));
	return sendmsg(sock, &h, MSG_NOSIGNAL) < 0
		       ? err_sys(e, errno, "send the terminal to '%s'", path)
		       : 0;
}

static int give_console(struct life *l, struct err *e)
{
	l->console = parent_take_console(&l->parent);
	if (l->console < 0 || !l->o.console_socket)
		return 0;
	TRY(life_send_console(l->o.console_socket, l->console, e));
	own_close(&l->console);
	return 0;
}

/* All is made: the container has a process, and says so where it was asked to. */
static int record_created(struct life *l, struct err *e)
{
	struct state *s = l->state;
	uint64_t started;

	l->pid = l->parent.pid[SIDE_INIT];
	TRY(give_console(l, e));
	if (l->claimed) {
		if (state_process_start(l->pid, &started) < 0)
			return err_set(e, ESRCH, "the container's process is gone");
		PUT(s, complete, true);
		PUT(s, pid, l->pid);
		PUT(s, started, started);
		s->has_creator = s->has_creator_started = false;
		TRY(state_write(l->dir, s, e));
	}
	return l->o.pid_file ? life_write_pid_file(l->o.pid_file, l->pid, e) : 0;
}

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
	if (l->pidfd >= 0) {
		ev.data.fd = l->pidfd;
		if (epoll_ctl(parent_fd(&l->parent), EPOLL_CTL_ADD, l->pidfd, &ev) < 0)
			return err_sys(e, errno, "watch the process");
	}
	TRY(set_time_limit(l, e));
	if (!l->claimed)
		return 0;
	unlock(l);
	return life_run_hooks(&l->texts, &l->loaded.jail.hooks[HOOK_POSTSTART], "poststart",
		"running", l->pid, n->bundle, true, e);
}

static void record_end(struct life *l, const struct rusage *ru, int status)
{
	struct timespec now;

	l->phase = LIFE_ENDED;
	l->status = status;
	clock_gettime(CLOCK_MONOTONIC, &now);
	l->report.id = l->o.id;
	PUT(&l->report, wall_ms,
		(uint64_t)((now.tv_sec - l->started.tv_sec) * 1000 +
			   (now.tv_nsec - l->started.tv_nsec) / 1000000));
	if (l->state)
		report_usage(&l->report, &l->state->cgroups);
	report_rusage(&l->report, ru);
	report_judge(&l->report, status, l->timed_out, &l->loaded.jail.process.rlimits);
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

static int fail(struct life *l, const struct err *e)
{
	struct err mine;

	l->report.id = l->o.id;
	l->report.cause = "setup";
	if (l->parent.failed_at < l->plan.n)
		l->report.step = step_kinds[l->plan.v[l->parent.failed_at].kind].name;
	l->report.error = e->text;
	l->report.errno_name = err_name(e->code);
	if (l->report_fd >= 0 && report_write(&l->report, l->report_fd, &mine) < 0)
		log_warning("%s", mine.text);
	unclaim(l);
	return -e->code;
}

int life_step(struct life *l, struct err *e)
{
	int r;

	if (l->phase == LIFE_ENDED)
		return LIFE_ENDED;
	if (l->phase == LIFE_RUNNING)
		return check_end(l, e) < 0 ? -e->code : (int)l->phase;
	r = parent_step(&l->parent, e);
	if (r == PARENT_CREATED) {
		l->phase = LIFE_CREATED;
		r = record_created(l, e);
	} else if (r == PARENT_LEFT) {
		l->phase = LIFE_LEFT;
		unlock(l);
	} else if (r == PARENT_RUNNING) {
		r = record_running(l, e);
	}
	return r < 0 ? fail(l, e) : (int)l->phase;
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
