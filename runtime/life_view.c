/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "../spec/json.h"
#include "base/fmt.h"
#include "do/cgroup.h"
#include "life.h"

int life_view(struct life *l, struct str *out, struct err *e)
{
	struct json_writer w;

	TRY(life_open(l, false, e));
	json_writer_init(&w, out, 2);
	TRY(state_send(l->state, state_status(l->dir, l->state), &w.sink, e));
	str_addc(out, '\n');
	return str_check(out, e);
}

/* --- processes -------------------------------------------------------------------------------------- */

static bool same_namespace(const char *pid, const struct stat *as)
{
	char path[64];
	struct stat st;

	fmt_put(path, sizeof(path), "/proc/%s/ns/pid", pid);
	return !stat(path, &st) && st.st_ino == as->st_ino && st.st_dev == as->st_dev;
}

static int add_pid(struct pool *pool, struct i32s *to, int32_t pid, struct err *e)
{
	int32_t *v = pool_grow(pool, to->v, to->n, sizeof(*v));

	if (!v)
		return err_memory(e);
	to->v = v;
	to->v[to->n++] = pid;
	return 0;
}

/* Without a cgroup of its own: who is in its pid namespace, or else its first process alone. */
static int pids_by_namespace(struct life *l, struct i32s *ret, struct err *e)
{
	char path[64];
	struct stat as;
	DIR *d;
	struct dirent *entry;
	uint64_t pid;
	int r = 0;

	fmt_put(path, sizeof(path), "/proc/%d/ns/pid", l->state->pid);
	if (!(l->state->namespaces & CLONE_NEWPID) || stat(path, &as) < 0)
		return add_pid(&l->pool, ret, l->state->pid, e);
	d = opendir("/proc");
	if (!d)
		return err_sys(e, errno, "list the processes");
	while (!r && (entry = readdir(d))) {
		if (!fmt_u64(entry->d_name, strlen(entry->d_name), &pid) &&
			same_namespace(entry->d_name, &as))
			r = add_pid(&l->pool, ret, (int32_t)pid, e);
	}
	closedir(d);
	return r;
}

int life_processes(struct life *l, struct i32s *ret, struct err *e)
{
	/* Without a pid namespace of its own there may be some though the first has ended. */
	list_each (i, l->state->cgroups) {
		TRY(cgroup_pids(l->state->cgroups.v[i], &l->pool, ret, e));
		if (ret->n)
			return 0;
	}
	if (state_status(l->dir, l->state) == STATUS_STOPPED)
		return 0;
	return pids_by_namespace(l, ret, e);
}

int life_pids(struct life *l, struct i32s *ret, struct err *e)
{
	TRY(life_open(l, false, e));
	return life_processes(l, ret, e);
}
