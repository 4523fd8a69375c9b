/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "cgroup.h"

/*
 * New limits for a cgroup that is in use. Which order the kernel takes them in depends on those it has (a
 * limit of memory and swap may not be below that of memory, nor a burst above the quota), so what it
 * refuses is tried again after the others; when nothing more goes through, all is put back.
 */

/* Files of a line a device, interface and so on: a write changes the line that it names. */
static bool is_keyed(const char *file)
{
	static const char *const ends[] = {
		"io.max", "io.weight", "io.bfq.weight", "_device", "rdma.max", "ifpriomap"};
	size_t len = strlen(file);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len >= n && !strcmp(file + len - n, ends[i]))
			return true;
	}
	return false;
}

/* What stands for "no limit" behind a key that has no line. */
static const char *none_for(const char *file)
{
	if (!strcmp(file, "io.max"))
		return "rbps=max wbps=max riops=max wiops=max";
	return strstr(file, "weight") && !strstr(file, "blkio") ? "default" : "0";
}

static const char *find_line(const char *text, const char *key, size_t n)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (!strncmp(text, key, n) && text[n] == ' ')
			return text;
	}
	return NULL;
}

/* The text that puts back what a file says now; NULL without memory. */
static char *old_text(const char *file, const char *value, const char *now, struct pool *pool)
{
	const char *key = value, *line;
	size_t n = strcspn(value, " ");

	if (!strcmp(file, "memory.oom_control")) {
		line = find_line(now, "oom_kill_disable", 16);
		return pool_text(pool, line && line[17] == '1' ? "1" : "0");
	}
	if (!is_keyed(file))
		return pool_printf(pool, "%.*s%s", (int)strcspn(now, "\n"), now, *now ? "" : "\n");
	if (!value[n] || !strncmp(value, "default ", 8)) {
		key = "default"; /* a weight for all devices; of v1 it is all that the file says */
		n = 7;
	}
	line = find_line(now, key, n);
	if (!line && !value[strcspn(value, " ")])
		line = now;
	if (line)
		return pool_copy(pool, line, strcspn(line, "\n"));
	return pool_printf(pool, "%.*s %s", (int)n, key, none_for(file));
}

static int remember(struct cgroup_change *c, struct pool *pool, struct err *e)
{
	const struct step_cgroup_set *s = c->set;
	char now[4096];

	c->file = s->file;
	if (fd_read_small(c->dir, c->file, now, sizeof(now)) < 0) {
		if (!s->or_file || fd_read_small(c->dir, s->or_file, now, sizeof(now)) < 0)
			return 0; /* what cannot be read: the write will tell why */
		c->file = s->or_file;
	}
	c->old = old_text(c->file, s->value, now, pool);
	return c->old ? 0 : err_memory(e);
}

void cgroup_update_undo(struct cgroup_change *v, size_t n)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = n; i-- > 0;) {
			if (!v[i].done || !v[i].old ||
				fd_write_text(v[i].dir, v[i].file, v[i].old, NULL) < 0)
				continue;
			v[i].done = false;
			again = true;
		}
	}
}

/* Writes what was not written yet: how many went through; a failure that no other write can mend. */
static int write_round(struct cgroup_change *v, size_t n, size_t *ret_failed, struct err *e)
{
	int written = 0;

	*ret_failed = n;
	for (size_t i = 0; i < n; i++) {
		struct err mine;
		int r = v[i].done ? 0 : cgroup_set(v[i].dir, v[i].set, &mine);

		if (r >= 0) {
			written += !v[i].done;
			v[i].done = true;
			continue;
		}
		if (*ret_failed == n) {
			*ret_failed = i;
			*e = mine;
		}
		if (r != -EINVAL && r != -EBUSY)
			return r;
	}
	return written;
}

int cgroup_update(
	struct cgroup_change *v, size_t n, struct pool *pool, size_t *ret_failed, struct err *e)
{
	int r;

	*ret_failed = n;
	for (size_t i = 0; i < n; i++)
		TRY(remember(&v[i], pool, e));
	do
		r = write_round(v, n, ret_failed, e);
	while (r > 0 && *ret_failed < n);
	if (*ret_failed == n)
		return 0;
	cgroup_update_undo(v, n);
	return -e->code;
}
