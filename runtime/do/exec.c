/* SPDX-License-Identifier: Apache-2.0 */
#include "exec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/path.h"
#include "../base/sys.h"

/* The kernel's word as Go programs write it, which is what engines compare with. */
static const char *small_word(int code, char buf[static 96])
{
	fmt_put(buf, 96, "%s", err_word(code));
	buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

/* --- the working directory --------------------------------------------------------------------- */

/*
 * A path such as /proc/self/fd/7 can lead out of the jail: to a directory of the host that somebody
 * left open. The kernel then has no path for it from our root, and says so.
 */
static int check_inside(const char *path, struct err *e)
{
	char cwd[PATH_MAX];
	long n = syscall(SYS_getcwd, cwd, sizeof(cwd));

	if (n > 0 && cwd[0] == '/')
		return 0;
	return err_set(e, EPERM, "the working directory '%s' is outside of the jail", path);
}

int exec_enter(const struct step_cwd *s, struct err *e)
{
	own_fd int top = -1, dir = -1;

	if (s->make) {
		top = fd_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, e);
		TRY(top);
		dir = path_make(top, s->path, false, e);
	} else {
		dir = fd_open(AT_FDCWD, s->path, O_PATH | O_DIRECTORY, 0, e);
	}
	if (dir < 0)
		return err_add(e, "working directory");
	if (fchdir(dir) < 0)
		return err_sys(e, errno, "enter the working directory '%s'", s->path);
	return check_inside(s->path, e);
}

/* --- the program ------------------------------------------------------------------------------- */

/* 0, or why it cannot be executed. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EACCES; /* as execve(2) says */
	return access(path, X_OK) < 0 ? errno : 0;
}

static int find_by_path(const char *name, struct err *e)
{
	char word[96];
	int code = executable(name);

	if (!code)
		return 0;
	small_word(code, word);
	if (code == ENOENT || code == ENOTDIR)
		return err_set(e, code,
			"unable to start container process: exec: \"%s\": stat %s: %s", name, name,
			word);
	/* Engines know what cannot be run by these words. */
	return err_set(e, code, "unable to start container process: exec: \"%s\": %s%s", name, word,
		code == EISDIR ? ": permission denied" : "");
}

static int find_by_name(const struct step_find *s, char ret[static PATH_MAX], struct err *e)
{
	for (const char *dir = s->search; *s->name; dir++) {
		size_t n = strcspn(dir, ":");

		if (fmt_put(ret, PATH_MAX, "%.*s%s%s", (int)n, dir, n ? "/" : "", s->name) <
				PATH_MAX &&
			!executable(ret))
			return 0;
		dir += n;
		if (!*dir)
			break;
	}
	err_set(e, ENOENT,
		"unable to start container process: exec: \"%s\": executable file not found in "
		"$PATH",
		s->name);
	return err_fix(e, "PATH in the jail is '%s'", s->search);
}

int exec_find(const struct step_find *s, char ret[static PATH_MAX], struct err *e)
{
	if (s->search)
		return find_by_name(s, ret, e);
	TRY(find_by_path(s->name, e));
	if (fmt_put(ret, PATH_MAX, "%s", s->name) >= PATH_MAX)
		return err_set(e, ENAMETOOLONG, "the program's path is too long");
	return 0;
}

/* --- what it inherits -------------------------------------------------------------------------- */

int exec_own_stdio(const struct step_ids *s, struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || fd_is_char_device(fd, 1, 3))
			continue;
		if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) && !isatty(fd))
			continue;
		if (st.st_uid == s->uid)
			continue;
		/* On a read-only mount, or with an owner the user namespace does not know, it stays. */
		if (fchown(fd, s->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM &&
			errno != EROFS)
			return err_sys(e, errno, "give fd %d to the user", fd);
	}
	return 0;
}

static int mark(int fd, bool close_it)
{
	return fcntl(fd, F_SETFD, close_it ? FD_CLOEXEC : 0);
}

/* Without close_range(2): all that the kernel lists. */
static int close_by_list(int proc, unsigned first, struct err *e)
{
	own_fd int dir = fd_open(proc, "self/fd", O_RDONLY | O_DIRECTORY, 0, e);
	_Alignas(8) char buf[1024];
	long n;

	TRY(dir);
	while ((n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			uint64_t fd;
			unsigned short len;
			const char *name = buf + at + 19; /* struct linux_dirent64: d_name */

			memcpy(&len, buf + at + 16, sizeof(len));
			at += len;
			if (!fmt_u64(name, strlen(name), &fd) && fd >= first)
				(void)mark((int)fd, true); /* it may be our own dir, closed soon */
		}
	}
	return n < 0 ? err_sys(e, errno, "list the open fds") : 0;
}

int exec_close_fds(int proc, unsigned first, struct err *e)
{
	int r = sys_close_range(first, ~0U, SYS_CLOSE_RANGE_CLOEXEC);

	/* Who waited for start has no procfs any more, and has closed all the others then. */
	return r < 0 && proc >= 0 ? close_by_list(proc, first, e) : 0;
}

/* --- HOME -------------------------------------------------------------------------------------- */

enum { PASSWD_MOST = 16 << 20 };

/* The n-th field of a passwd(5) line. */
static const char *field_of(char *line, int n)
{
	for (; n && line; n--) {
		line = strchr(line, ':');
		line = line ? line + 1 : NULL;
	}
	if (line)
		line[strcspn(line, ":")] = '\0';
	return line;
}

static bool line_is_of(const char *line, uint32_t uid)
{
	const char *s = strchr(line, ':');
	uint64_t id;

	s = s ? strchr(s + 1, ':') : NULL;
	return s && !fmt_u64(s + 1, strcspn(s + 1, ":"), &id) && id == uid;
}

/* The jail's own, which may be anything: a device or a fifo is none, and would be read for ever. */
static int open_passwd(void)
{
	own_fd int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) ? take_fd(&fd) : -1;
}

/*
 * Reads it a buffer at a time, and no more than a real one has; lines longer than a buffer are passed
 * over.
 */
static void find_home(uint32_t uid, char *ret, size_t size)
{
	own_fd int fd = open_passwd();
	char buf[2048];
	size_t len = 0, all = 0;
	ssize_t n;

	fmt_put(ret, size, "HOME=/");
	while (fd >= 0 && all < PASSWD_MOST &&
		(n = fd_read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		char *line = buf, *end;

		len += (size_t)n;
		all += (size_t)n;
		buf[len] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (line_is_of(line, uid)) {
				const char *home = field_of(line, 5);

				if (home && *home == '/')
					fmt_put(ret, size, "HOME=%s", home);
				return;
			}
		}
		len = strlen(line);
		memmove(buf, line, len);
		if (len == sizeof(buf) - 1)
			len = 0;
	}
}

static bool has_variable(const struct texts *env, const char *name)
{
	size_t n = strlen(name);

	list_each (i, *env) {
		if (!strncmp(env->v[i], name, n) && env->v[i][n] == '=')
			return true;
	}
	return false;
}

/* --- the end ----------------------------------------------------------------------------------- */

static int exec_file(int fd, const char *file, const struct step_exec *s)
{
	if (fd < 0)
		return execve(file, (char *const *)s->args.v, (char *const *)s->env.v);
	return (int)syscall(SYS_execveat, fd, "", s->args.v, s->env.v, AT_EMPTY_PATH);
}

int exec_program(const struct step_exec *s, int fd, const char *found, int proc,
	const struct exec_last *last, struct err *e)
{
	const char *file = s->file ? s->file : found;
	char home[PATH_MAX], word[96];

	if (s->find_home && !has_variable(&s->env, "HOME")) {
		find_home(s->uid, home, sizeof(home));
		s->env.v[s->env.n] = home; /* the plan left room for it and for the NULL after it */
	}
	TRY(check_inside(".", e));
	TRY(exec_close_fds(proc, 3 + s->keep_fds, e));
	for (unsigned n = 3; n < 3 + s->keep_fds; n++)
		(void)mark((int)n, false); /* that they are open was checked before */
	list_each (i, s->pass_fds)
		(void)mark(
			s->pass_fds.v[i], false); /* nsjail: one that is not open is passed over */
	sys_reset_signals();
	TRY(last->fn(last->arg, e));
	(void)exec_file(fd, file, s); /* returns only when it has failed */
	err_set(e, errno, "unable to start container process: exec %s: %s", file,
		small_word(errno, word));
	if (fd >= 0 && e->code == ENOENT)
		return err_fix(e,
			"a script, or a program whose loader is not in the jail, cannot be "
			"executed by its fd");
	return -e->code;
}
