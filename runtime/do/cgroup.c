/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"

/* --- making ------------------------------------------------------------------------------------ */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list) {
		size_t len = strcspn(list, " \n");

		if (len == n && !memcmp(list, word, n))
			return true;
		list += len + (list[len] != '\0');
	}
	return false;
}

static bool wants(const struct step_cgroup *s, const char *controller)
{
	list_each (i, s->controllers) {
		if (!strcmp(s->controllers.v[i], controller))
			return true;
	}
	return false;
}

/* Under v1 a new cpuset is empty, and nothing can enter it: it starts with what its parent has. */
static int inherit_cpuset(int parent, int dir, struct err *e)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	char text[4096];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		ssize_t n = fd_read_small(dir, files[i], text, sizeof(text));

		if (n < 0)
			return err_sys(e, (int)-n, "read '%s'", files[i]);
		if (text[strspn(text, " \n")])
			continue;
		n = fd_read_small(parent, files[i], text, sizeof(text));
		if (n < 0)
			return err_sys(e, (int)-n, "read '%s'", files[i]);
		if (text[strspn(text, " \n")])
			TRY(fd_write_text(dir, files[i], text, e));
	}
	return 0;
}

/*
 * Hands controllers down to the children of a v2 cgroup. All that are to be had are switched on, since
 * the files that report use come with them; only those that a limit needs must be.
 */
static int hand_down(int dir, const struct step_cgroup *s, struct err *e)
{
	char have[256], on[256], write[64];

	if (fd_read_small(dir, "cgroup.controllers", have, sizeof(have)) < 0 ||
		fd_read_small(dir, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return err_sys(e, errno, "read the controllers of a cgroup");
	for (char *c = have, *end; *c; c = end) {
		int r;

		end = c + strcspn(c, " \n");
		if (*end)
			*end++ = '\0';
		if (!*c || has_word(on, c))
			continue;
		fmt_put(write, sizeof(write), "+%s", c);
		r = fd_write_text(dir, "cgroup.subtree_control", write, e);
		if (r < 0 && wants(s, c)) {
			err_add(e, "hand down the controller '%s'", c);
			return err_fix(e,
				"a cgroup with processes of its own hands nothing down: choose "
				"a cgroup path beside it, or move them into a child");
		}
	}
	return 0;
}

static int check_controllers(int dir, const struct step_cgroup *s, struct err *e)
{
	char have[256];

	if (fd_read_small(dir, "cgroup.controllers", have, sizeof(have)) < 0)
		return err_sys(e, errno, "read the controllers of the cgroup");
	list_each (i, s->controllers) {
		if (!has_word(have, s->controllers.v[i])) {
			err_set(e, ENOENT, "the cgroup has no controller '%s'",
				s->controllers.v[i]);
			return err_fix(e,
				"switch it on in the cgroup.subtree_control of the cgroups above");
		}
	}
	return 0;
}

static int open_child(int parent, const char *name, bool *ret_made, struct err *e)
{
	*ret_made = !mkdirat(parent, name, 0755);
	if (!*ret_made && errno != EEXIST)
		return err_sys(e, errno, "make the cgroup '%s'", name);
	return fd_open(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

static int enter_level(int parent, const char *name, bool last, const struct step_cgroup *s,
	bool *ret_made, struct err *e)
{
	own_fd int dir = -1;

	/* What has processes could hand down some controllers, and nobody could enter the child then. */
	if (s->v2 && !(s->inner && last))
		TRY(hand_down(parent, s, e));
	dir = open_child(parent, name, ret_made, e);
	TRY(dir);
	if (!s->v2 && wants(s, "cpuset"))
		TRY(inherit_cpuset(parent, dir, e));
	return take_fd(&dir);
}

static int walk_down(const struct step_cgroup *s, bool *ret_made, struct err *e)
{
	own_fd int dir = fd_open(AT_FDCWD, s->mount, O_RDONLY | O_DIRECTORY, 0, e);
	char name[NAME_MAX + 1];

	TRY(dir);
	for (const char *p = s->path; *(p += strspn(p, "/"));) {
		size_t n = strcspn(p, "/");
		int next;

		if (n > NAME_MAX)
			return err_sys(e, ENAMETOOLONG, "the cgroup '%s'", s->path);
		memcpy(name, p, n);
		name[n] = '\0';
		p += n;
		next = enter_level(dir, name, !p[strspn(p, "/")], s, ret_made, e);
		TRY(next);
		close(dir);
		dir = next;
	}
	return take_fd(&dir);
}

/* Whoever is in a cgroup that was there before would get the jail's limits, and die with it. */
static int check_empty(int dir, struct err *e)
{
	char text[64];

	if (fd_read_small(dir, "cgroup.procs", text, sizeof(text)) > 0) {
		err_set(e, EBUSY, "the cgroup is in use by process %.*s", (int)strcspn(text, "\n"),
			text);
		return err_fix(e, "give the container a cgroup path of its own");
	}
	return 0;
}

int cgroup_make(const struct step_cgroup *s, int *ret_tasks, bool *ret_made, struct err *e)
{
	own_fd int dir = -1, tasks = -1;

	*ret_made = false;
	/* Without a path the cgroup is the mount itself: exec enters what is there. */
	dir = walk_down(s, ret_made, e);
	if (dir < 0)
		return err_add(e, "cgroup '%s%s'", s->mount, s->path);
	if (*s->path && s->v2)
		TRY(check_controllers(dir, s, e));
	if (*s->path && !*ret_made && !s->joined)
		TRY(check_empty(dir, e));
	if (ret_tasks) {
		tasks = fd_open(
			dir, s->v2 ? "cgroup.procs" : "tasks", s->joined ? O_RDWR : O_WRONLY, 0, e);
		if (tasks < 0)
			return err_add(e, "cgroup '%s%s'", s->mount, s->path);
		*ret_tasks = take_fd(&tasks);
	}
	return take_fd(&dir);
}

static int check_usage(int dir, const struct step_cgroup_set *s, struct err *e)
{
	char text[32];
	uint64_t used, most;
	ssize_t n = fd_read_small(dir, s->usage, text, sizeof(text));

	/* "max" and -1 are above any use; what is not counted is not in use. */
	if (n <= 0 || fmt_u64(s->value, strlen(s->value), &most) < 0 ||
		fmt_u64(text, strcspn(text, "\n"), &used) < 0 || used <= most)
		return 0;
	err_set(e, EBUSY, "'%s' is %llu already, more than the limit of %s", s->usage,
		(unsigned long long)used, s->value);
	return err_fix(e, "take checkBeforeUpdate out: then the kernel makes room, or kills");
}

/* What an errno of a cgroup file is likely to come from. */
static int explain(const struct step_cgroup_set *s, int r, struct err *e)
{
	if (r == -ENOENT && (strstr(s->file, "swap") || strstr(s->file, "memsw")))
		return err_fix(e,
			"this kernel does not count swap: boot it with swapaccount=1, or leave "
			"the swap limit out");
	if (r == -ENOENT && s->or_file)
		return err_fix(e, "this kernel has neither '%s' nor '%s': leave the limit out",
			s->file, s->or_file);
	if (r == -ENOENT)
		return err_fix(e, "this kernel has no such limit: leave it out");
	if (r == -EBUSY)
		return err_fix(e, "the cgroup uses more than that already");
	if (r == -EINVAL && strstr(s->file, ".rt_"))
		return err_fix(e, "the cgroups above must have as much real-time time");
	return r;
}

int cgroup_set(int dir, const struct step_cgroup_set *s, struct err *e)
{
	int r;

	if (s->usage)
		TRY(check_usage(dir, s, e));
	r = fd_write_text(dir, s->file, s->value, e);
	if (r == -ENOENT && s->or_file)
		r = fd_write_text(dir, s->or_file, s->or_value, e);
	if (r == -ENOENT && s->if_there)
		return 0;
	return r < 0 ? explain(s, r, e) : 0;
}

int cgroup_enter(int tasks, struct err *e)
{
	ssize_t n;

	do
		n = write(tasks, "0", 1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, errno, "enter the cgroup") : 0;
}
