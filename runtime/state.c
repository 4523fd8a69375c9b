/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "../spec/bind.h"
#include "../spec/json.h"
#include "../spec/load.h"
#include "../spec/names.h"
#include "../spec/walk.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "base/sys.h"
#include "do/cgroup.h"

static const struct field state_rows[] = {
	FIELD_U32(state, version, "of this format"),
	FIELD_BOOL(state, complete, "create has come to its end"),
	FIELD_TEXT(state, ociVersion, "of the config"),
	FIELD_TEXT(state, id, "of the container"),
	FIELD_TEXT(state, bundle, "its directory on the host"),
	FIELD_TEXT(state, rootfs, "its root filesystem on the host"),
	FIELD_TEXT(state, created, "when"),
	FIELD_TEXT(state, owner, "the user who made it"),
	FIELD_I32(state, pid, "of its first process"),
	FIELD_U64(state, started, "when that began, in clock ticks since boot"),
	FIELD_U64(state, pid_inode, "of that process's pidfd"),
	FIELD_I32(state, creator, "the process that makes it"),
	FIELD_U64(state, creator_started, "when that began"),
	FIELD_MAP(state, annotations, "of the config"),
	FIELD_TEXTS(state, cgroups, "directories of its cgroups"),
	FIELD_TEXTS(state, resctrl, "directories of its resctrl groups"),
	FIELD_TEXTS(state, resctrl_own, "those of them that were made for it"),
	FIELD_BOOL(state, cgroup_v2, "they are of cgroup v2"),
	FIELD_TEXT(state, unit, "systemd's, which has made them"),
	FIELD_MASK(state, namespaces, ns_flag_words, "that it does not share with its caller"),
	FIELD_TEXT(state, config, "name of its config"),
	FIELD_ENUM(state, dialect, dialect_words, "of that config"),
	FIELD_I32(state, compat, "whose meaning it has"),
	FIELD_TEXTS(state, args, "command in place of the config's"),
	FIELD_TEXTS(state, sets, "fields set on the command line"),
	FIELD_TEXTS(state, profiles, "seccomp profiles from the command line"),
	FIELD_U64(state, time_limit, "of its life from start on", .unit = "ms"),
	FIELD_U64(state, cpu_soft, "RLIMIT_CPU, soft", .unit = "s"),
	FIELD_U64(state, cpu_hard, "RLIMIT_CPU, hard", .unit = "s"),
	FIELD_BOOL(state, fsize, "it has an RLIMIT_FSIZE"),
	FIELD_BOOL(state, filter_kills, "its system call filter has calls that end it"),
	FIELD_BOOL(state, at_once, "its program did not wait for start"),
	FIELD_BOOL(state, terminal, "it has one"),
	FIELD_BOOL(state, no_new_keyring, "it has its caller's session keyring"),
	FIELD_BOOL(state, relays, "it has a socket to say that it is ready"),
	FIELD_TEXT(state, listener, "socket of the agent of its seccomp filter"),
	FIELD_TEXT(state, listener_metadata, "text for that agent"),
	FIELD_OBJECTS(state, poststart, oci_hook, "hooks to run after start"),
	FIELD_OBJECTS(state, poststop, oci_hook, "hooks to run after delete"),
};
TABLE(state);

const char *const status_names[] = {
	[STATUS_CREATING] = "creating",
	[STATUS_CREATED] = "created",
	[STATUS_RUNNING] = "running",
	[STATUS_PAUSED] = "paused",
	[STATUS_STOPPED] = "stopped",
};

/* --- the file ------------------------------------------------------------------------------------- */

int state_write(int dir, const struct state *s, struct err *e)
{
	own_str struct str out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	TRY(walk(&table_state, s, 0, &w.sink, e));
	str_addc(&out, '\n');
	TRY(str_check(&out, e));
	if (fd_replace_file(dir, STATE_FILE, out.data, out.len, 0600, e) < 0)
		return err_add(e, "write the state of '%s'", s->id);
	return 0;
}

void state_write_start(int dir, const struct timespec *t)
{
	own_fd int fd = openat(dir, START_TIME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char text[32];

	fmt_put(text, sizeof(text), "%llu",
		(unsigned long long)t->tv_sec * 1000000000 + (unsigned long long)t->tv_nsec);
	if (fd >= 0)
		(void)fd_write_all(fd, text, strlen(text), NULL); /* then nobody knows */
}

void state_read_start(int dir, struct timespec *ret)
{
	char text[32];
	uint64_t v;

	*ret = (struct timespec){0};
	if (fd_read_small(dir, START_TIME, text, sizeof(text)) > 0 &&
		!fmt_u64(text, strlen(text), &v))
		*ret = (struct timespec){(time_t)(v / 1000000000), (long)(v % 1000000000)};
}

static int damaged(struct err *e)
{
	err_add(e, "the state file is damaged");
	return err_fix(e, "'delete --force' removes what is left of the container");
}

static int parse(const char *text, size_t len, struct pool *pool, struct state **ret, struct err *e)
{
	struct state *s = POOL_NEW(pool, struct state);
	struct origin origin = {.file = STATE_FILE};
	struct bind b;
	int r;

	if (!s)
		return err_memory(e);
	bind_init(&b, &table_state, s, &origin, pool, BIND_OCI);
	r = json_read(text, len, STATE_FILE, &b.sink, e);
	/* A newer one may have keys that are unknown; this one comes first. */
	if (s->version > STATE_VERSION) {
		err_set(e, EPROTO, "the state file is of version %u, and this program knows %d",
			s->version, STATE_VERSION);
		return err_fix(e, "use the newer program that made the container");
	}
	if (r < 0)
		return damaged(e);
	if (!s->version || !s->id || !s->bundle) {
		err_set(e, EINVAL, "%s: version, id or bundle is missing", STATE_FILE);
		return damaged(e);
	}
	*ret = s;
	return 0;
}

static int read_file(int dir, struct pool *pool, struct state **ret, struct err *e)
{
	struct bytes text;

	if (fd_read_file(dir, STATE_FILE, 16 << 20, pool, &text, e) < 0)
		return damaged(e);
	return parse(text.data, text.len, pool, ret, e);
}

int state_read(int dir, const char *id, struct pool *pool, struct state **ret, struct err *e)
{
	enum { PATIENCE_MS = 200 };

	for (int waited = 0;; waited += 5) {
		int r = read_file(dir, pool, ret, e);

		if (r != -ENOENT)
			return r;
		TRY(state_check_there(dir, id, e));
		if (waited >= PATIENCE_MS)
			break;
		sys_pause_ms(5);
	}
	err_set(e, EBADMSG, "%s is missing", STATE_FILE);
	return damaged(e);
}

/* --- looking --------------------------------------------------------------------------------------- */

enum { STAT_FLAGS = 9, STAT_STARTED = 22 }; /* proc(5) stat */
enum { FLAG_EXITING = 0x4 }; /* the kernel's PF_EXITING: set before anything of the process is closed */

static int read_stat(pid_t pid, int wanted, uint64_t *ret)
{
	char path[48], text[1024];
	own_fd int fd = -1;
	const char *s;
	ssize_t n;

	fmt_put(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* One read has all that is looked at: the kernel makes the text in one piece. */
	n = fd < 0 ? -1 : fd_read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	/* The program's name may hold anything, so count from the last ')': state is field 3. */
	s = strrchr(text, ')');
	if (!s || !s[1] || s[2] == 'Z' || s[2] == 'X')
		return -ESRCH;
	s += 2;
	for (int field = 3; field < wanted; field++) {
		s = strchr(s, ' ');
		if (!s)
			return -ESRCH;
		s++;
	}
	return fmt_u64(s, strspn(s, "0123456789"), ret) < 0 ? -ESRCH : 0;
}

int state_process_start(pid_t pid, uint64_t *ret)
{
	return read_stat(pid, STAT_STARTED, ret);
}

static bool is_alive(int32_t pid, uint64_t started)
{
	uint64_t found;

	return pid > 0 && !state_process_start(pid, &found) && found == started;
}

int state_pid_inode(int pidfd, uint64_t *ret)
{
	enum { PIDFS = 0x50494446 }; /* statfs(2) f_type; other pidfds share one inode */
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS || fstat(pidfd, &st) < 0)
		return -ENODATA;
	*ret = st.st_ino;
	return 0;
}

/* pidfd: of what has the container's pid now, or a negative errno value. */
static bool is_its(int pidfd, const struct state *s)
{
	struct stat st;

	if (!s->has_pid_inode || (pidfd < 0 && pidfd != -ESRCH))
		return is_alive(s->pid, s->started);
	return pidfd >= 0 && !fstat(pidfd, &st) && st.st_ino == s->pid_inode &&
	       fd_wait(pidfd, 0) <= 0;
}

/* Of thousands each is looked at: a pidfd costs a third of a line of procfs. */
static bool is_running(const struct state *s)
{
	own_fd int pidfd = s->has_pid_inode && s->pid > 0 ? sys_pidfd_open(s->pid, 0) : -ENODATA;

	return is_its(pidfd, s);
}

/* Of v1's hierarchies one has the freezer, which by its name is tried first. */
static bool is_frozen(const struct state *s)
{
	list_each (i, s->cgroups) {
		int r = s->cgroup_v2 || !strstr(s->cgroups.v[i], "/freezer/")
				? -ENOENT
				: cgroup_frozen(s->cgroups.v[i], false);

		if (r >= 0)
			return r;
	}
	list_each (i, s->cgroups) {
		if (cgroup_frozen(s->cgroups.v[i], s->cgroup_v2) > 0)
			return true;
	}
	return false;
}

static int hold_process(pid_t pid, struct err *e)
{
	int pidfd = sys_pidfd_open(pid, 0);

	if (pidfd >= 0)
		return pidfd;
	err_sys(e, -pidfd, "hold process %d", (int)pid);
	if (pidfd == -ENOSYS || pidfd == -EPERM)
		return err_fix(e,
			"containers that outlive jailrt need pidfd_open(2): use a kernel of 5.3 "
			"or newer, and let no filter refuse the call");
	return pidfd;
}

int state_can_hold(struct err *e)
{
	own_fd int pidfd = hold_process(getpid(), e);

	return pidfd < 0 ? pidfd : 0;
}

int state_open_process(const struct state *s, struct err *e)
{
	own_fd int pidfd = -1;

	if (s->pid > 0)
		pidfd = hold_process(s->pid, e);
	/* The pid may be another's by now, even a thread's; that one would have started later. */
	if (!is_its(pidfd, s))
		return err_set(e, ESRCH, "container not running: no such process");
	TRY(pidfd);
	return take_fd(&pidfd);
}

/* --- the start socket ------------------------------------------------------------------------------ */

/* A path in a sockaddr is short; the directory's fd makes it so. */
static void start_address(int dir, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	fmt_put(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%s", dir, START_SOCKET);
}

int state_connect_start(int dir, struct err *e)
{
	own_fd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	start_address(dir, &a);
	if (sock < 0 || connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, errno, "reach the process that waits for start");
	return take_fd(&sock);
}

/*
 * The socket is there until start; whether somebody still listens is what tells. A process that is
 * stopped or frozen takes no connection: then the queue fills up (EAGAIN), and we do not wait.
 */
static bool is_listened_to(int dir)
{
	own_fd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;

	start_address(dir, &a);
	return sock >= 0 && (!connect(sock, (struct sockaddr *)&a, sizeof(a)) || errno == EAGAIN);
}

int state_listen_start(int dir, struct err *e)
{
	own_fd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	start_address(dir, &a);
	if (sock < 0 || bind(sock, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(sock, 4) < 0)
		return err_sys(e, errno, "make the start socket");
	return take_fd(&sock);
}

enum status state_status_but_created(const struct state *s)
{
	if (!s->complete)
		return is_alive(s->creator, s->creator_started) ? STATUS_CREATING : STATUS_STOPPED;
	if (!is_running(s))
		return STATUS_STOPPED;
	return is_frozen(s) ? STATUS_PAUSED : STATUS_RUNNING;
}

/* prefix: "ID/" where dir is the root. A file that is there is found in less time than one that is not. */
static bool was_started(int dir, const char *prefix, const struct state *s)
{
	char path[NAME_MAX + sizeof("/" START_TIME)];

	fmt_put(path, sizeof(path), "%s%s", prefix, START_TIME);
	return s->at_once || !faccessat(dir, path, F_OK, 0);
}

enum status state_status(int dir, const struct state *s)
{
	enum status status = state_status_but_created(s);
	uint64_t flags;

	if (status != STATUS_RUNNING || was_started(dir, "", s))
		return status;
	if (!faccessat(dir, START_SOCKET, F_OK, 0) && is_listened_to(dir))
		return STATUS_CREATED;
	/* It was let go this moment; or it is being killed, which closes its socket first. */
	if (read_stat(s->pid, STAT_FLAGS, &flags) < 0 || flags & FLAG_EXITING)
		return STATUS_STOPPED;
	return state_status_but_created(s);
}

/* A small file in one read, found in one call; what is out of the ordinary is left to state_read. */
static int read_quickly(int root, const char *id, struct pool *pool, struct state **ret)
{
	struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	char path[NAME_MAX + sizeof("/" STATE_FILE)], text[8192];
	own_fd int fd = -1;
	ssize_t n;

	fmt_put(path, sizeof(path), "%s/%s", id, STATE_FILE);
	fd = sys_openat2(root, path, &how);
	n = fd < 0 ? fd : fd_read(fd, text, sizeof(text));
	if (n <= 0 || n == (ssize_t)sizeof(text))
		return -EAGAIN;
	return parse(text, (size_t)n, pool, ret, NULL) < 0 ? -EAGAIN : 0;
}

int state_look(int root, const char *id, struct pool *pool, struct state **ret,
	enum status *ret_status, struct err *e)
{
	char prefix[NAME_MAX + 2];
	own_fd int dir = -1;

	if (!read_quickly(root, id, pool, ret)) {
		fmt_put(prefix, sizeof(prefix), "%s/", id);
		*ret_status = state_status_but_created(*ret);
		if (*ret_status != STATUS_RUNNING || was_started(root, prefix, *ret))
			return 0;
	}
	dir = state_open(root, id, false, e);
	if (dir < 0)
		return -ENOENT;
	TRY(state_read(dir, id, pool, ret, e));
	*ret_status = state_status(dir, *ret);
	return 0;
}

/* --- for people and engines -------------------------------------------------------------------------- */

/* What `state` and `list` show, in their order. */
struct state_view {
	const char *ociVersion, *id;
	OPT(int32_t, pid);
	const char *status, *bundle, *rootfs, *created;
	struct pairs annotations;
	const char *owner;
};

static const struct field state_view_rows[] = {
	FIELD_TEXT(state_view, ociVersion, "version of the spec"),
	FIELD_TEXT(state_view, id, "of the container"),
	FIELD_I32(state_view, pid, "of its first process, 0 when it has ended"),
	FIELD_TEXT(state_view, status, "creating, created, running, paused or stopped"),
	FIELD_TEXT(state_view, bundle, "its directory"),
	FIELD_TEXT(state_view, rootfs, "its root filesystem"),
	FIELD_TEXT(state_view, created, "when"),
	FIELD_MAP(state_view, annotations, "of the config"),
	FIELD_TEXT(state_view, owner, "the user who made it"),
};
static TABLE(state_view);

int state_send(const struct state *s, enum status status, struct sink *sink, struct err *e)
{
	const struct state_view view = {
		.ociVersion = s->ociVersion,
		.id = s->id,
		.pid = status == STATUS_STOPPED || !s->has_pid ? 0 : s->pid,
		.has_pid = true,
		.status = status_names[status],
		.bundle = s->bundle,
		.rootfs = s->rootfs,
		.created = s->created,
		.annotations = s->annotations.n ? s->annotations : (struct pairs){0},
		.owner = s->owner ? s->owner : "",
	};

	return walk(&table_state_view, &view, 0, sink, e);
}
