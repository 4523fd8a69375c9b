/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_FD_H
#define JAILRT_FD_H
/*
 * fd: whole reads and writes on file descriptors, and files replaced in one step.
 *
 * Every fd opened here is close-on-exec. What takes a pool allocates from it; all else uses no heap
 * and may be called between clone and exec. dir is a directory fd or AT_FDCWD. EINTR is retried.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"
#include "pool.h"

struct bytes {
	char *data;
	size_t len;
};

/* An fd, or the failure with the path in its words. */
int fd_open(int dir, const char *path, int flags, mode_t mode, struct err *e);

/* All of a regular file or an unnamed pipe, NUL-terminated; -EFBIG when it is longer than most. */
int fd_read_file(int dir, const char *path, size_t most, struct pool *pool, struct bytes *ret,
	struct err *e);
int fd_read_all(int fd, size_t most, struct pool *pool, struct bytes *ret, struct err *e);

/*
 * Up to size - 1 bytes of a small (kernel) file and a NUL; returns the length. The rest, if any, is
 * dropped: for files whose first line is what counts.
 */
ssize_t fd_read_small(int dir, const char *path, char *buf, size_t size);

/* read(2) that retries EINTR; -errno on failure. */
ssize_t fd_read(int fd, void *buf, size_t size);

int fd_write_all(int fd, const void *data, size_t len, struct err *e);

/* Writes text in a single write, as kernel files want it. */
int fd_write_text(int dir, const char *path, const char *text, struct err *e);

/*
 * Makes DIR/NAME hold the data, at once or not at all: a reader sees the old file or the new one.
 * No fsync: state lives on a tmpfs and dies with the machine. A failure leaves the old file.
 */
int fd_replace_file(
	int dir, const char *name, const void *data, size_t len, mode_t mode, struct err *e);

/* Waits until the fd is readable: 1, or 0 after timeout_ms (-1: no limit); -errno on failure. */
int fd_wait(int fd, int timeout_ms);

/* Closes all fds from first on but these (-1: none). */
void fd_close_others(int first, const int *keep, size_t n);

/* 1 when the fd is the root of a procfs, a character device with that number, and so on; else 0. */
bool fd_is_proc_root(int fd);
bool fd_is_char_device(int fd, unsigned major, unsigned minor);

#endif
