/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../spec/json.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/sys.h"
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

/* --- list ------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_names(int root, struct pool *pool, struct texts *to, struct err *e)
{
	int copy = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int r = 0;

	if (!d)
		return err_sys(e, errno, "list the containers");
	while (!r && (entry = readdir(d))) {
		const char **v;

		/* What cannot be an id is not ours. */
		if (entry->d_name[0] == '.' || state_check_id(entry->d_name, NULL) < 0)
			continue;
		v = pool_grow(pool, to->v, to->n, sizeof(*v));
		if (!v) {
			r = err_memory(e);
			break;
		}
		to->v = v;
		v[to->n] = pool_text(pool, entry->d_name);
		r = v[to->n++] ? 0 : err_memory(e);
	}
	closedir(d);
	return r;
}

static int show(struct life *l, const char *id,
	int (*fn)(const struct state *, enum status, void *), void *arg)
{
	own_pool struct pool pool = {0};
	enum status status;
	struct state *s;
	struct err e;
	int r = state_look(l->root, id, &pool, &s, &status, &e);

	/* One that is being removed at this moment, or is damaged, does not spoil the list. */
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		log_warning("container '%s': %s", id, e.text);
		return 0;
	}
	return fn(s, status, arg);
}

int life_list(struct life *l, int (*fn)(const struct state *, enum status, void *), void *arg,
	struct err *e)
{
	bool given = l->o.root != NULL;
	const char *root = life_root(l, e);
	struct texts names = {0};

	if (!root)
		return -ENOMEM;
	l->root = state_open_root(root, false, e);
	/* The default place is made with the first container; one that was named must be there. */
	if (l->root == -ENOENT && !given)
		return 0;
	TRY(l->root);
	TRY(read_names(l->root, &l->pool, &names, e));
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), compare_names);
	list_each (i, names)
		TRY(show(l, names.v[i], fn, arg));
	return 0;
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
