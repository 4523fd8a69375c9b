/* SPDX-License-Identifier: Apache-2.0 */
#include "copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "own.h"

enum { DEPTH_MOST = 64 };

struct dirent64_raw {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int copy_level(int from, int to, dev_t device, unsigned depth, struct err *e);

static int copy_meta(int to, const char *name, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "give '%s' its owner", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return err_sys(e, errno, "give '%s' its mode", name);
	if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "give '%s' its times", name);
	return 0;
}

static int copy_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, errno, "read the link '%s'", name);
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? err_sys(e, errno, "make the link '%s'", name) : 0;
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	own_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	own_fd int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return err_sys(e, errno, "copy '%s'", name);
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	return n < 0 ? err_sys(e, errno, "copy '%s'", name) : 0;
}

static int copy_dir(int from, int to, const char *name, dev_t device, unsigned depth, struct err *e)
{
	own_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_fd int out = -1;

	if (in < 0)
		return err_sys(e, errno, "copy '%s'", name);
	if (mkdirat(to, name, 0700) < 0)
		return err_sys(e, errno, "make '%s'", name);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(e, errno, "copy '%s'", name);
	return copy_level(in, out, device, depth + 1, e);
}

static int copy_entry(
	int from, int to, const char *name, dev_t device, unsigned depth, struct err *e)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "copy '%s'", name);
	if (S_ISDIR(st.st_mode) && st.st_dev == device)
		TRY(copy_dir(from, to, name, device, depth, e));
	else if (S_ISLNK(st.st_mode))
		TRY(copy_link(from, to, name, e));
	else if (S_ISREG(st.st_mode))
		TRY(copy_file(from, to, name, e));
	else if (mknodat(to, name, st.st_mode & (S_IFMT | 07777), st.st_rdev) < 0)
		return err_sys(e, errno, "make the node '%s'", name);
	return copy_meta(to, name, &st, e);
}

static int copy_level(int from, int to, dev_t device, unsigned depth, struct err *e)
{
	_Alignas(struct dirent64_raw) char buf[2048];
	long n;

	if (depth > DEPTH_MOST)
		return err_set(e, ELOOP, "directories are nested deeper than %d", DEPTH_MOST);
	while ((n = syscall(SYS_getdents64, from, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct dirent64_raw *d = (const void *)(buf + at);

			at += d->len;
			if (strcmp(d->name, ".") && strcmp(d->name, ".."))
				TRY(copy_entry(from, to, d->name, device, depth, e));
		}
	}
	return n < 0 ? err_sys(e, errno, "list a directory") : 0;
}

int copy_tree(int from, int to, struct err *e)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_sys(e, errno, "copy a directory");
	if (fchownat(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
		return err_sys(e, errno, "copy a directory's owner");
	return copy_level(from, to, st.st_dev, 0, e);
}
