/* SPDX-License-Identifier: Apache-2.0 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/mnt.h"
#include "../base/path.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

/* --- nodes ------------------------------------------------------------------------------------- */

static mode_t type_of(const struct step_device *s)
{
	return *s->type == 'b' ? S_IFBLK : *s->type == 'p' ? S_IFIFO : S_IFCHR;
}

static int check_same(int dir, const char *name, const struct step_device *s, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "'%s'", s->path);
	if ((st.st_mode & S_IFMT) == type_of(s) &&
		(S_ISFIFO(st.st_mode) || st.st_rdev == makedev(s->major, s->minor)))
		return 0;
	return err_set(e, EEXIST, "'%s' is there already and is another kind of file", s->path);
}

static int make_node(int dir, const char *name, const struct step_device *s, struct err *e)
{
	if (mknodat(dir, name, type_of(s) | s->mode, makedev(s->major, s->minor)) < 0) {
		if (errno == EEXIST)
			return check_same(dir, name, s, e);
		return err_sys(e, errno, "make the device '%s'", s->path);
	}
	if ((s->uid || s->gid) && fchownat(dir, name, s->uid, s->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "give '%s' its owner", s->path);
	return 0;
}

static int bind_node(int root, const struct step_device *s, struct err *e)
{
	own_fd int source = fd_open(AT_FDCWD, s->path, O_PATH | O_NOFOLLOW, 0, e);
	own_fd int target = -1, mount = -1;
	struct mnt_target to = {.root = root, .path = s->path};
	struct stat st;

	TRY(source);
	if (fstat(source, &st) < 0)
		return err_sys(e, errno, "'%s'", s->path);
	if ((st.st_mode & S_IFMT) != type_of(s) || st.st_rdev != makedev(s->major, s->minor))
		return err_set(e, ENODEV, "the host's '%s' is not device %u:%u", s->path, s->major,
			s->minor);
	target = path_make(root, s->path, true, e);
	TRY(target);
	to.fd = target;
	mount = mnt_bind(source, false, &to, e);
	return mount < 0 ? mount : 0;
}

int dev_node(int root, const struct step_device *s, struct err *e)
{
	own_fd int dir = -1;
	const char *name;

	if (s->bind)
		return bind_node(root, s, e);
	dir = path_open_parent(root, s->path, true, &name, e);
	TRY(dir);
	return make_node(dir, name, s, e);
}

int dev_link(int root, const struct step_link *s, struct err *e)
{
	const char *name;
	own_fd int dir = path_open_parent(root, s->path, true, &name, e);

	TRY(dir);
	if (symlinkat(s->target, dir, name) == 0 || (errno == EEXIST && !s->strict))
		return 0;
	return err_sys(e, errno, "make the symlink '%s'", s->path);
}

/* --- the terminal ------------------------------------------------------------------------------ */

static int open_master(int root, struct err *e)
{
	own_fd int ptmx = path_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, e);
	struct statfs fs;
	int off = 0;

	if (ptmx < 0) {
		err_add(e, "open a terminal");
		return err_fix(e, "mount devpts on /dev/pts with newinstance and ptmxmode=0666");
	}
	if (fstatfs(ptmx, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC ||
		!fd_is_char_device(ptmx, 5, 2))
		return err_set(e, ENODEV, "'/dev/pts/ptmx' is not a devpts' own");
	if (ioctl(ptmx, TIOCSPTLCK, &off) < 0)
		return err_sys(e, errno, "unlock the terminal");
	return take_fd(&ptmx);
}

static int set_up(int terminal, const struct step_console *s, struct err *e)
{
	struct winsize size = {.ws_row = (uint16_t)s->rows, .ws_col = (uint16_t)s->columns};
	struct termios t;

	/* A newline stays a newline: what reads the master is another terminal, which makes it two. */
	if (tcgetattr(terminal, &t) < 0)
		return err_sys(e, errno, "look at the terminal");
	t.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(terminal, TCSANOW, &t) < 0)
		return err_sys(e, errno, "set up the terminal");
	if (s->has_rows && ioctl(terminal, TIOCSWINSZ, &size) < 0)
		return err_sys(e, errno, "set the size of the terminal");
	if (s->uid && fchown(terminal, s->uid, (gid_t)-1) < 0)
		return err_sys(e, errno, "give the terminal its owner");
	return 0;
}

/* /dev/console is made anew or taken as the plain file that it is; a symlink there is refused. */
static int bind_console(int root, int terminal, struct err *e)
{
	const char *name;
	own_fd int dir = path_open_parent(root, "/dev/console", true, &name, e);
	own_fd int at = -1, mount = -1;
	struct mnt_target to = {.root = root, .path = "/dev/console"};
	struct stat st;

	TRY(dir);
	at = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (at < 0 && errno != EEXIST)
		return err_sys(e, errno, "make '/dev/console'");
	own_close(&at);
	at = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 || fstat(at, &st) < 0)
		return err_sys(e, errno, "'/dev/console'");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, ELOOP, "'/dev/console' is %s",
			S_ISLNK(st.st_mode) ? "a symlink" : "a directory");
	to.fd = at;
	mount = mnt_bind(terminal, false, &to, e);
	return mount < 0 ? mount : 0;
}

static int become_stdio(int terminal, struct err *e)
{
	if (ioctl(terminal, TIOCSCTTY, 0) < 0)
		return err_sys(e, errno, "make the terminal the controlling one");
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(terminal, fd) < 0)
			return err_sys(e, errno, "make the terminal fd %d", fd);
	}
	return 0;
}

int dev_terminal(int root, const struct step_console *s, struct err *e)
{
	own_fd int top = root < 0 ? fd_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, e) : -1;
	own_fd int master = -1, terminal = -1;

	if (root < 0)
		TRY(top);
	master = open_master(root < 0 ? top : root, e);
	TRY(master);
	/* The other end by the master itself: what lies at /dev/pts/N is not asked. */
	terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0)
		return err_sys(e, errno, "open the terminal");
	TRY(set_up(terminal, s, e));
	if (s->bind)
		TRY(bind_console(root, terminal, e));
	TRY(become_stdio(terminal, e));
	return take_fd(&master);
}

static int own_null(int root, struct err *e)
{
	int fd = path_open(root, "/dev/null", O_RDWR | O_NOCTTY, 0, e);

	if (fd >= 0 && !fd_is_char_device(fd, 1, 3)) {
		(void)close(fd); /* it is open for nothing */
		return err_set(e, ENODEV, "'/dev/null' is not the null device");
	}
	return fd;
}

int dev_stdio(int root, int null, const struct step_stdio *s, struct err *e)
{
	own_fd int own = -1;

	for (int fd = s->all || s->own ? 0 : 2; fd < 3; fd++) {
		if (s->own && !fd_is_char_device(fd, 1, 3))
			continue;
		if (s->own && own < 0) {
			own = own_null(root, e);
			TRY(own);
		}
		if (dup2(s->own ? own : null, fd) < 0)
			return err_sys(e, errno, "make /dev/null fd %d", fd);
	}
	return 0;
}
