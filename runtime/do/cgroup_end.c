/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"
#include "../base/sys.h"
#include "cgroup.h"

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static DIR *open_dir(const char *path)
{
	return opendir(path);
}

/* Calls fn for each cgroup directly beneath dir. */
static int each_child(
	const char *dir, int (*fn)(const char *, void *, struct err *), void *arg, struct err *e)
{
	own(close_dir) DIR *d = open_dir(dir);
	char path[PATH_MAX];
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, errno, "'%s'", dir);
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (fmt_put(path, sizeof(path), "%s/%s", dir, entry->d_name) < sizeof(path))
			TRY(fn(path, arg, e));
	}
	return 0;
}

/* --- pids -------------------------------------------------------------------------------------- */

struct collect {
	struct pool *pool;
	struct i32s *to;
};

static int collect_pids(const char *dir, void *arg, struct err *e)
{
	const struct collect *c = arg;
	own_pool struct pool scratch = {0};
	struct bytes text;
	char path[PATH_MAX];
	int r;

	fmt_put(path, sizeof(path), "%s/cgroup.procs", dir);
	r = fd_read_file(AT_FDCWD, path, 64 << 20, &scratch, &text, e);
	/* A threaded v2 cgroup lists none itself; one that is gone has none. */
	if (r == -ENOENT || r == -EOPNOTSUPP || r == -ENODEV)
		return 0;
	TRY(r);
	for (const char *s = text.data; *s;) {
		size_t n = strcspn(s, "\n");
		int32_t *v;
		uint64_t pid;

		if (!fmt_u64(s, n, &pid) && pid) {
			v = pool_grow(c->pool, c->to->v, c->to->n, sizeof(*v));
			if (!v)
				return err_memory(e);
			c->to->v = v;
			c->to->v[c->to->n++] = (int32_t)pid;
		}
		s += n + (s[n] == '\n');
	}
	return each_child(dir, collect_pids, arg, e);
}

int cgroup_pids(const char *dir, struct pool *pool, struct i32s *ret, struct err *e)
{
	struct collect c = {pool, ret};

	return collect_pids(dir, &c, e);
}

/* --- kill -------------------------------------------------------------------------------------- */

static bool kill_at_once(const char *dir)
{
	char path[PATH_MAX];

	fmt_put(path, sizeof(path), "%s/cgroup.kill", dir);
	return !fd_write_text(AT_FDCWD, path, "1", NULL);
}

int cgroup_kill(const char *dir, int sig, struct err *e)
{
	enum { ROUNDS = 100 };

	if (sig == SIGKILL && kill_at_once(dir))
		return 0;
	/* They may fork while we go through the list: a fatal signal is sent until nobody is left. */
	for (int round = 0; round < ROUNDS; round++) {
		own_pool struct pool pool = {0};
		struct i32s pids = {0};

		TRY(cgroup_pids(dir, &pool, &pids, e));
		list_each (i, pids)
			(void)kill(pids.v[i], sig); /* who is gone needs none */
		if (!pids.n || sig != SIGKILL)
			return 0;
		sys_pause_ms(round < 10 ? 1 : 10);
	}
	return err_set(e, EBUSY, "the processes in '%s' do not end", dir);
}

/* --- remove ------------------------------------------------------------------------------------ */

static int remove_tree(const char *dir, void *arg, struct err *e)
{
	(void)arg;
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return err_sys(e, errno, "remove the cgroup '%s'", dir);
	TRY(each_child(dir, remove_tree, NULL, e));
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, errno, "remove the cgroup '%s'", dir);
}

int cgroup_remove(const char *dir, struct err *e)
{
	enum { ROUNDS = 300 };
	int r = 0;

	/* A process that was killed leaves its cgroup only when it has been torn down. */
	for (int round = 0; round < ROUNDS; round++) {
		r = remove_tree(dir, NULL, e);
		if (r != -EBUSY)
			return r;
		sys_pause_ms(round < 20 ? 1 : 10);
	}
	return r;
}

/* --- numbers ----------------------------------------------------------------------------------- */

int cgroup_number(const char *dir, const char *file, const char *key, uint64_t *ret)
{
	char path[PATH_MAX], text[4096];
	const char *s = text;
	size_t n;

	fmt_put(path, sizeof(path), "%s/%s", dir, file);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -ENOENT;
	for (n = key ? strlen(key) : 0; key; s += strcspn(s, "\n"), s += *s == '\n') {
		if (!*s)
			return -ENOENT;
		if (!strncmp(s, key, n) && s[n] == ' ')
			break;
	}
	s += n + (key != NULL);
	return fmt_u64(s, strspn(s, "0123456789"), ret) < 0 ? -ENOENT : 0;
}
