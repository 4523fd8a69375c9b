/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PATH_H
#define JAILRT_PATH_H
/*
 * path: look-ups inside a root whose content is not trusted.
 *
 * The root filesystem of a jail may hold any symlink, and another process may change it while we
 * look. So a path is never checked and then used: it is resolved once, by the kernel, beneath the
 * root (openat2 with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS), and the fd is used from then on.
 * Absolute symlinks and ".." stay within the root. Where openat2 is missing or blocked the same walk
 * is made by hand, a component at a time on O_PATH fds.
 *
 * root is an O_PATH or directory fd of the root. No heap; usable between clone and exec.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/* Opens the path beneath root; flags as for open(2), close-on-exec always. -errno in the words too. */
int path_open(int root, const char *path, int flags, mode_t mode, struct err *e);

/*
 * As path_open with O_PATH, but makes what is missing: directories (0755), and the last component as
 * a directory or, when file is true, as an empty file (0644). What exists is taken as it is, whatever
 * its type. One component at a time, on fds, so that a swapped symlink leads nowhere outside.
 */
int path_make(int root, const char *path, bool file, struct err *e);

/*
 * Opens the directory that holds the last component of path, making missing ones when make is true;
 * *ret_name points at the last component within path. -EINVAL when the last one is empty, "." or "..".
 */
int path_open_parent(int root, const char *path, bool make, const char **ret_name, struct err *e);

/*
 * For text only: the absolute path made of base and path ("/" between), without "." and empty
 * components, and with ".." taken back lexically, never above "/". -ENAMETOOLONG when it does not fit.
 */
int path_join(char *dst, size_t size, const char *base, const char *path);

/* True when path is dir itself or lies beneath it; both as path_join makes them. */
bool path_beneath(const char *dir, const char *path);

/* "/proc/self/fd/N": for the few calls that take no fd. */
const char *path_of_fd(char buf[static 32], int fd);

#endif
