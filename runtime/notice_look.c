/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/own.h"
#include "base/sys.h"
#include "notice.h"

/* What a path is, here and there: looked at, never opened. */

static enum seen_file kind_of(int dir, const char *path, uint64_t resolve)
{
	const struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS};
	own_fd int fd = sys_openat2(dir, path, &how);
	struct stat st;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return SEEN_NONEXISTENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return SEEN_UNKNOWN;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return SEEN_REGULAR;
	case S_IFDIR:
		return SEEN_DIR;
	case S_IFCHR:
		return SEEN_CHR;
	case S_IFBLK:
		return SEEN_BLK;
	case S_IFIFO:
		return SEEN_FIFO;
	case S_IFLNK:
		return SEEN_LINK;
	default:
		return S_ISSOCK(st.st_mode) ? SEEN_SOCK : SEEN_UNKNOWN;
	}
}

/* In its procfs "self" is who asks, and that are not we. */
static enum seen_file kind_in_jail(pid_t pid, const char *path)
{
	char root[48], own[4200];
	own_fd int dir = -1;

	if (!strncmp(path, "/proc/self/", 11)) {
		fmt_put(own, sizeof(own), "/proc/%d/%s", (int)pid, path + 11);
		return kind_of(AT_FDCWD, own, 0);
	}
	fmt_put(root, sizeof(root), "/proc/%d/root", (int)pid);
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? SEEN_UNKNOWN : kind_of(dir, path, RESOLVE_IN_ROOT);
}

void notice_look(pid_t pid, struct seen_path *p)
{
	p->in_jail = kind_in_jail(pid, p->path);
	p->in_main = *p->path == '/' ? kind_of(AT_FDCWD, p->path, 0) : SEEN_UNKNOWN;
}
