/* SPDX-License-Identifier: Apache-2.0 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>

#include "fmt.h"
#include "sys.h"

int fd_open(int dir, const char *path, int flags, mode_t mode, struct err *e)
{
	int fd;

	do
		fd = openat(dir, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? err_sys(e, errno, "open '%s'", path) : fd;
}

ssize_t fd_read(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int fd_read_all(int fd, size_t most, struct pool *pool, struct bytes *ret, struct err *e)
{
	struct stat st;
	size_t cap = 4096, len = 0;
	own_free char *data = NULL;
	ssize_t n;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size < most)
		cap = (size_t)st.st_size + 1;
	for (;;) {
		char *grown = realloc(data, cap);

		if (!grown)
			return err_memory(e);
		data = grown;
		n = fd_read(fd, data + len, cap - len);
		if (n < 0)
			return err_sys(e, (int)-n, "read");
		if (!n)
			break;
		len += (size_t)n;
		if (len > most)
			return err_set(e, EFBIG, "longer than %zu bytes", most);
		if (len == cap)
			cap *= 2;
	}
	ret->data = pool_copy(pool, data, len);
	if (!ret->data)
		return err_memory(e);
	ret->len = len;
	return 0;
}

/* A file, or the pipe that a shell's <(…) or a stdin is: who waits for that has asked for it. */
static bool is_readable_to_its_end(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return false;
	if (!S_ISFIFO(st.st_mode) || fs.f_type != PIPEFS_MAGIC)
		return S_ISREG(st.st_mode);
	return fcntl(fd, F_SETFL, O_RDONLY) == 0;
}

int fd_read_file(
	int dir, const char *path, size_t most, struct pool *pool, struct bytes *ret, struct err *e)
{
	/* Opening a FIFO would wait for who may never come. */
	own_fd int fd = fd_open(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, e);

	TRY(fd);
	if (!is_readable_to_its_end(fd))
		return err_set(e, EINVAL, "'%s' is no regular file", path);
	if (fd_read_all(fd, most, pool, ret, e) < 0)
		return err_add(e, "'%s'", path);
	return 0;
}

ssize_t fd_read_small(int dir, const char *path, char *buf, size_t size)
{
	own_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = fd_read(fd, buf + len, size - 1 - len);
		if (n < 0)
			return n;
		if (!n)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

int fd_write_all(int fd, const void *data, size_t len, struct err *e)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int code = errno;

			err_sys(e, code, "write");
			return code == EFBIG
				       ? err_fix(e, "raise the limit of file sizes, ulimit -f")
				       : -code;
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_write_text(int dir, const char *path, const char *text, struct err *e)
{
	own_fd int fd = fd_open(dir, path, O_WRONLY, 0, e);
	ssize_t n;

	TRY(fd);
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, errno, "write '%.200s' to '%s'", text, path) : 0;
}

int fd_replace_file(
	int dir, const char *name, const void *data, size_t len, mode_t mode, struct err *e)
{
	char temp[280];
	own_fd int fd = -1;
	int r;

	fmt_put(temp, sizeof(temp), ".%s.%d", name, (int)getpid());
	fd = fd_open(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode, e);
	TRY(fd);
	r = fd_write_all(fd, data, len, e);
	if (!r && renameat(dir, temp, dir, name) < 0)
		r = err_sys(e, errno, "rename");
	if (r < 0) {
		(void)unlinkat(
			dir, temp, 0); /* it was ours; a left-over is overwritten next time */
		return err_add(e, "'%s'", name);
	}
	return 0;
}

int fd_wait(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct timespec now, end = {0};
	int n, left = timeout_ms;

	clock_gettime(CLOCK_MONOTONIC, &end);
	for (;;) {
		n = poll(&p, 1, left);
		if (n >= 0)
			return n > 0;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms < 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = timeout_ms - (int)((now.tv_sec - end.tv_sec) * 1000 +
					    (now.tv_nsec - end.tv_nsec) / 1000000);
		if (left < 0)
			left = 0;
	}
}

static void close_between(int first, int last)
{
	if (first > last || sys_close_range((unsigned)first, (unsigned)last, 0) >= 0)
		return;
	/* An old kernel: what a program that made jails may have open. */
	for (int fd = first; fd <= last && fd < 4096; fd++)
		close(fd);
}

void fd_close_others(int first, const int *keep, size_t n)
{
	for (;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < n; i++) {
			if (keep[i] >= first && keep[i] < next)
				next = keep[i];
		}
		close_between(first, next == INT_MAX ? next : next - 1);
		if (next == INT_MAX)
			return;
		first = next + 1;
	}
}

bool fd_is_proc_root(int fd)
{
	struct statfs fs;
	struct stat st;

	/* The root of every procfs has inode 1 (PROC_ROOT_INO). */
	return !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC && !fstat(fd, &st) &&
	       st.st_ino == 1;
}

bool fd_is_char_device(int fd, unsigned major_, unsigned minor_)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major_, minor_);
}
