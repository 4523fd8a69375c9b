/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "life.h"

/* Which cgroups a process of exec enters: the container's, or one beneath it. */

static const struct host_hierarchy *hierarchy_of(const struct life *l, const char *dir)
{
	const struct host_hierarchy *best = NULL;

	list_each (i, l->host.hierarchies) {
		const struct host_hierarchy *h = l->host.hierarchies.v[i];

		if (path_beneath(h->mount, dir) && (!best || path_beneath(best->mount, h->mount)))
			best = h;
	}
	return best;
}

/* --- --cgroup [CONTROLLER,…:]PATH ------------------------------------------------------------------------ */

static int beneath(
	struct life *l, const char *own, const char *path, const char **ret, struct err *e)
{
	char full[PATH_MAX];

	if (path_join(full, sizeof(full), own, path + strspn(path, "/")) < 0)
		return err_set(e, ENAMETOOLONG, "--cgroup: '%s'", path);
	if (!path_beneath(own, full))
		return err_set(
			e, EINVAL, "--cgroup: '%s' is not below the container's cgroup", path);
	if (access(full, F_OK) < 0)
		return err_sys(e, errno, "--cgroup: '%s'", full);
	*ret = pool_text(&l->pool, full);
	return *ret ? 0 : err_memory(e);
}

static int choose_all(struct life *l, const char *path, struct jail_paths *to, struct err *e)
{
	list_each (i, *to)
		TRY(beneath(l, l->state->cgroups.v[i], path, &to->v[i], e));
	return 0;
}

static int choose_one(
	struct life *l, const char *name, const char *path, struct jail_paths *to, struct err *e)
{
	const struct host_hierarchy *h = host_controller(&l->host, name);

	list_each (i, *to) {
		if (h && hierarchy_of(l, l->state->cgroups.v[i]) == h)
			return beneath(l, l->state->cgroups.v[i], path, &to->v[i], e);
	}
	return err_set(
		e, ENOENT, "--cgroup: the container has no cgroup of a controller '%s'", name);
}

static int choose(struct life *l, const char *option, struct jail_paths *to, struct err *e)
{
	const char *colon = strchr(option, ':'), *slash = strchr(option, '/');
	char name[64];

	if (!colon || (slash && slash < colon))
		return choose_all(l, option, to, e);
	while (option < colon) {
		size_t n = strcspn(option, ",:");

		fmt_put(name, sizeof(name), "%.*s", (int)n, option);
		TRY(choose_one(l, name, colon + 1, to, e));
		option += n + 1;
	}
	return 0;
}

/* --- a container that has cgroups of its own -------------------------------------------------------------- */

/*
 * Under v2 a cgroup that hands controllers down has no processes: the container's first one (systemd, say)
 * has moved below, and who comes later goes where it is.
 */
static int follow_init(struct life *l, const char **dir, struct err *e)
{
	const struct host_hierarchy *h = hierarchy_of(l, *dir);
	char path[PATH_MAX], text[PATH_MAX], *own;

	fmt_put(path, sizeof(path), "%s/cgroup.subtree_control", *dir);
	if (!h || !h->v2 || fd_read_small(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
		text[strspn(text, "\n")] == '\0')
		return 0;
	fmt_put(path, sizeof(path), "/proc/%d/cgroup", l->state->pid);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	own = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!own)
		return 0;
	own = strchr(own, '/');
	if (!own)
		return 0;
	own[strcspn(own, "\n")] = '\0';
	fmt_put(path, sizeof(path), "%s%s", h->mount, own);
	if (!path_beneath(*dir, path))
		return 0;
	*dir = pool_text(&l->pool, path);
	return *dir ? 0 : err_memory(e);
}

int life_exec_cgroups(struct life *l, struct jail_paths *ret, struct err *e)
{
	const struct texts *own = &l->state->cgroups;

	*ret = (struct jail_paths){.v = pool_array(&l->pool, own->n + 1, sizeof(*ret->v))};
	if (!ret->v)
		return err_memory(e);
	list_each (i, *own) {
		ret->v[ret->n] = own->v[i];
		TRY(follow_init(l, &ret->v[ret->n++], e));
	}
	list_each (i, l->o.cgroup)
		TRY(choose(l, l->o.cgroup.v[i], ret, e));
	return 0;
}
