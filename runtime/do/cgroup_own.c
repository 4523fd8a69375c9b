/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"
#include "cgroup.h"

/* What the parent does about whose a cgroup is, and who is in it. */

/* The kernel's list of the files that somebody needs who divides a cgroup up; since 4.15. */
static const char *delegated_files(char text[static 4096])
{
	ssize_t n = fd_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", text, 4096);

	return n > 0 ? text : "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
}

int cgroup_own(int dir, uint32_t uid, struct err *e)
{
	char text[4096], name[NAME_MAX + 1];

	if (fchown(dir, uid, (gid_t)-1) < 0)
		return err_sys(e, errno, "give the cgroup to user %u", uid);
	for (const char *s = delegated_files(text); *s; s += *s == '\n') {
		size_t n = strcspn(s, "\n");

		if (fmt_put(name, sizeof(name), "%.*s", (int)n, s) >= sizeof(name) ||
			strchr(name, '/'))
			return err_set(e, EPROTO, "/sys/kernel/cgroup/delegate names no file");
		/* The list is of all kernels' files that a cgroup could have. */
		if (n && fchownat(dir, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
			errno != ENOENT)
			return err_sys(e, errno, "give '%s' to user %u", name, uid);
		s += n;
	}
	return 0;
}

/* The text of a list of pids holds one. */
static bool lists(const char *text, const char *pid)
{
	size_t n = strlen(pid);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (!strncmp(text, pid, n) && (text[n] == '\n' || !text[n]))
			return true;
	}
	return false;
}

int cgroup_move(int tasks, pid_t pid, struct err *e)
{
	char text[4096], number[16];
	ssize_t n = pread(tasks, text, sizeof(text) - 1, 0);

	fmt_put(number, sizeof(number), "%d", (int)pid);
	/* To be moved takes the kernel long, even to where one is already. */
	text[n > 0 ? n : 0] = '\0';
	if (lists(text, number))
		return 0;
	do
		n = write(tasks, number, strlen(number));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, errno, "move process %s into the cgroup", number) : 0;
}
