/* SPDX-License-Identifier: Apache-2.0 */
#include "caller.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/user.h"
#include "names.h"

static const struct field caller_limit_rows[] = {
	FIELD_U64(caller_limit, soft, "the limit in force"),
	FIELD_U64(caller_limit, hard, "how far it may be raised"),
};
static TABLE(caller_limit);

static const struct field caller_rows[] = {
	FIELD_U32(caller, uid, "effective user id", .dflt = "0"),
	FIELD_U32(caller, gid, "effective group id", .dflt = "0"),
	FIELD_U32(caller, cpus, "CPUs that it may use", .dflt = "1"),
	FIELD_TEXT(caller, cwd, "working directory"),
	FIELD_TEXTS(caller, env, "environment"),
	FIELD_MAP_OBJECTS(caller, limits, caller_limit, "resource limits"),
	FIELD_MAP(caller, users, "user names and their ids"),
	FIELD_MAP(caller, groups, "group names and their ids"),
	FIELD_MAP(caller, paths, "host paths and whether they are a dir or a file"),
};
TABLE(caller);

extern char **environ;

static int probe_limits(struct caller *c, struct pool *pool, struct err *e)
{
	struct caller_limit *all = pool_array(pool, rlimit_words.n, sizeof(*all));
	struct caller_limit **v = pool_array(pool, rlimit_words.n, sizeof(*v));
	struct rlimit r;

	if (!all || !v)
		return err_memory(e);
	for (size_t i = 0; i < rlimit_words.n; i++) {
		/* Cannot fail: the resource is known and the address is good. */
		(void)getrlimit((__rlimit_resource_t)rlimit_words.v[i].value, &r);
		all[i] = (struct caller_limit){
			rlimit_words.v[i].name, r.rlim_cur, true, r.rlim_max, true};
		v[i] = &all[i];
	}
	c->limits.v = v;
	c->limits.n = rlimit_words.n;
	return 0;
}

int caller_probe(struct caller *c, struct pool *pool, struct err *e)
{
	char cwd[PATH_MAX];
	cpu_set_t cpus;

	*c = (struct caller){.live = true};
	c->uid = geteuid();
	c->gid = getegid();
	c->cpus = 1;
	if (!sched_getaffinity(0, sizeof(cpus), &cpus))
		c->cpus = (uint32_t)CPU_COUNT(&cpus);
	c->has_uid = c->has_gid = c->has_cpus = true;
	c->cwd = pool_text(pool, getcwd(cwd, sizeof(cwd)) ? cwd : "/");
	c->env.v = (const char **)environ;
	while (environ && environ[c->env.n])
		c->env.n++;
	return c->cwd ? probe_limits(c, pool, e) : err_memory(e);
}

static const char *find_pair(const struct pairs *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i].key, key))
			return l->v[i].value;
	}
	return NULL;
}

static int find_id(const struct pairs *l, const char *name, uint32_t *ret)
{
	const char *value = find_pair(l, name);
	uint64_t v;

	if (!value || fmt_u64(value, strlen(value), &v) < 0 || v > UINT32_MAX)
		return -ENOENT;
	*ret = (uint32_t)v;
	return 0;
}

int caller_user(const struct caller *c, const char *name, uint32_t *ret)
{
	if (!find_id(&c->users, name, ret))
		return 0;
	return c->live ? user_find(name, ret) : -ENOENT;
}

int caller_group(const struct caller *c, const char *name, uint32_t *ret)
{
	if (!find_id(&c->groups, name, ret))
		return 0;
	return c->live ? user_find_group(name, ret) : -ENOENT;
}

const char *caller_env(const struct caller *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < c->env.n; i++) {
		if (!strncmp(c->env.v[i], name, n) && c->env.v[i][n] == '=')
			return c->env.v[i] + n + 1;
	}
	return NULL;
}

int caller_rlimit(const struct caller *c, const char *name, uint64_t *soft, uint64_t *hard)
{
	list_each (i, c->limits) {
		const struct caller_limit *l = c->limits.v[i];

		if (strcmp(l->key, name))
			continue;
		*soft = l->soft;
		*hard = l->hard;
		return 0;
	}
	return -ENOENT;
}

enum caller_path caller_path_kind(const struct caller *c, const char *path)
{
	const char *kind = find_pair(&c->paths, path);
	struct stat st;

	if (kind)
		return !strcmp(kind, "dir") ? CALLER_PATH_DIR : CALLER_PATH_FILE;
	if (!c->live || stat(path, &st) < 0)
		return CALLER_PATH_NONE;
	return S_ISDIR(st.st_mode) ? CALLER_PATH_DIR : CALLER_PATH_FILE;
}
