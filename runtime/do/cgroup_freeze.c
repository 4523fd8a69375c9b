/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/sys.h"
#include "cgroup.h"

/*
 * The two freezers: of v1 a hierarchy of its own, whose groups are FROZEN, FREEZING or THAWED; of v2 files
 * that every cgroup has (Linux 5.2).
 */
enum { ROUNDS = 1000 };

static int file_in(const char *dir, const char *file, char path[static PATH_MAX])
{
	return fmt_put(path, PATH_MAX, "%s/%s", dir, file) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int read_in(const char *dir, const char *file, char text[static 256])
{
	char path[PATH_MAX];

	if (file_in(dir, file, path) < 0 || fd_read_small(AT_FDCWD, path, text, 256) < 0)
		return -ENOENT;
	return 0;
}

static int write_in(const char *dir, const char *file, const char *text, struct err *e)
{
	char path[PATH_MAX];

	if (file_in(dir, file, path) < 0)
		return err_set(e, ENAMETOOLONG, "the cgroup '%s'", dir);
	return fd_write_text(AT_FDCWD, path, text, e);
}

int cgroup_frozen(const char *dir, bool v2)
{
	char text[256];

	for (int i = 0; i < 2; i++, v2 = !v2) {
		if (read_in(dir, v2 ? "cgroup.freeze" : "freezer.state", text) < 0)
			continue;
		return v2 ? text[0] == '1' : !strncmp(text, "FRO", 3) || !strncmp(text, "FREEZ", 5);
	}
	return -ENOENT;
}

/* cgroup.freeze is what was asked for, cgroup.events what is. */
static bool is_done(const char *dir, bool v1, bool freeze)
{
	char text[256];

	if (v1)
		return read_in(dir, "freezer.state", text) < 0 ||
		       !strncmp(text, freeze ? "FROZEN" : "THAWED", 6);
	return read_in(dir, "cgroup.events", text) < 0 ||
	       strstr(text, freeze ? "frozen 1" : "frozen 0");
}

int cgroup_freeze(const char *dir, bool freeze, struct err *e)
{
	char text[256];
	bool v1 = !read_in(dir, "freezer.state", text);
	const char *file = v1 ? "freezer.state" : "cgroup.freeze";
	const char *on = v1 ? "FROZEN" : "1", *off = v1 ? "THAWED" : "0";

	if (!v1 && read_in(dir, file, text) < 0)
		return 0;
	TRY(write_in(dir, file, freeze ? on : off, e));
	for (int round = 0; round < ROUNDS; round++) {
		if (is_done(dir, v1, freeze))
			return 1;
		/* A v1 group can hang in FREEZING, when one of its processes is forked meanwhile. */
		if (v1 && freeze && round % 50 == 49) {
			TRY(write_in(dir, file, off, e));
			TRY(write_in(dir, file, on, e));
		}
		sys_pause_ms(round < 20 ? 1 : 10);
	}
	if (freeze)
		(void)write_in(dir, file, off, NULL); /* half paused is worse than running */
	return err_set(
		e, EBUSY, "the processes in '%s' do not %s", dir, freeze ? "freeze" : "thaw");
}
