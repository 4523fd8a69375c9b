/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "plan_build.h"

/* Where the jail's cgroups are: in which mounts of the hierarchies, and below what. */

const char *plan_cgroup_base(const struct host_hierarchy *h, const char *path)
{
	const char *best = path_beneath(h->mount, path) ? h->mount : NULL;

	list_each (i, h->also) {
		if (path_beneath(h->also.v[i], path) && (!best || path_beneath(best, h->also.v[i])))
			best = h->also.v[i];
	}
	return best;
}

/* What was chosen for a controller of the hierarchy; NULL: nothing. */
static const struct cgroup_choice *choice_of(
	const struct builder *b, const struct host_hierarchy *h)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	for (size_t i = 0; i < c->n_choices && !h->v2; i++) {
		if (host_controller(b->host, c->choices[i].controller) == h)
			return &c->choices[i];
	}
	return NULL;
}

const char *plan_cgroup_mount_of(const struct builder *b, const struct host_hierarchy *h)
{
	const struct cgroup_choice *choice = choice_of(b, h);
	const char *want = h->v2 ? b->jail->cgroup.parent_v2 : choice ? choice->mount : NULL;
	const char *base = want && !b->unit_path ? plan_cgroup_base(h, want) : NULL;

	return base ? base : h->mount;
}

/* "/PARENT/NAME", without a second slash in front. */
static const char *join(struct builder *b, const char *above, const char *parent, const char *name)
{
	parent += strspn(parent, "/");
	return plan_printf(b, "%s/%s%s%s", above, parent, *parent ? "/" : "", name);
}

const char *plan_cgroup_path(struct builder *b, const struct host_hierarchy *h)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const char *name = c->path ? c->path : b->jail->notes.id ? b->jail->notes.id : "ID";
	const struct cgroup_choice *choice = choice_of(b, h);
	const char *mount = plan_cgroup_mount_of(b, h);
	char own[PATH_MAX], path[PATH_MAX];
	const char *parent;
	char *slash;

	if (b->unit_path)
		return plan_printf(b, "%s%s%s", b->unit_path, c->subgroup ? "/" : "",
			c->subgroup ? c->subgroup : "");
	if (choice && choice->mount)
		return join(b, choice->mount + strlen(mount), choice->parent, name);
	parent = h->v2 ? c->parent_v2 : choice ? choice->parent : c->parent_v1;
	/* By its place in the file system, or below the hierarchy. */
	if (parent)
		return join(
			b, "", path_beneath(mount, parent) ? parent + strlen(mount) : parent, name);
	fmt_put(own, sizeof(own), "%s", h->own);
	/*
	 * Under v2 a cgroup with processes in it cannot hand controllers down, so the jail stands
	 * beside the caller's own cgroup, not below it.
	 */
	slash = strrchr(own, '/');
	if (h->v2 && slash)
		slash[slash == own] = '\0';
	if (path_join(path, sizeof(path), own, name) < 0)
		return plan_printf(b, "%s", name);
	return plan_printf(b, "%s", path);
}

/* --- checks ------------------------------------------------------------------------------------ */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int check_choice(struct builder *b, const struct cgroup_choice *c)
{
	const struct host_hierarchy *h = host_controller(b->host, c->controller);
	const struct cgroup_choice *first;

	/* Where v2 keeps the limit what is said of v1 does not matter, as to nsjail. */
	if (!h || h->v2)
		return 0;
	if (c->mount && !plan_cgroup_base(h, c->mount)) {
		PLAN_FAIL(b, c->at_mount, EINVAL,
			"'%s' is not in a mount of the cgroup controller '%s', which is at '%s'",
			c->mount, c->controller, h->mount);
		return err_fix(b->e, "name that, or leave it out");
	}
	first = choice_of(b, h);
	if (!same(first->mount, c->mount))
		return PLAN_FAIL(b, c->at_mount, EINVAL,
			"'%s' and '%s' are one hierarchy here, and have one place",
			first->controller, c->controller);
	if (!same(first->parent, c->parent))
		return PLAN_FAIL(b, c->at_parent, EINVAL,
			"'%s' and '%s' are one hierarchy here, and have one parent",
			first->controller, c->controller);
	return 0;
}

static const struct host_hierarchy *v2_of(const struct builder *b)
{
	list_each (i, b->host->hierarchies) {
		if (b->host->hierarchies.v[i]->v2)
			return b->host->hierarchies.v[i];
	}
	return NULL;
}

/* Whether any of the limits is kept by v2. */
static bool uses_v2(const struct builder *b)
{
	static const char *const all[] = {"memory", "pids", "cpu"};
	const struct jail_cgroup *c = &b->jail->cgroup;
	const bool set[] = {c->memory.set, c->pids.set, c->cpu_quota.set};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct host_hierarchy *h = host_controller(b->host, all[i]);

		if (set[i] && h && h->v2)
			return true;
	}
	return false;
}

int plan_cgroup_check_places(struct builder *b)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const struct host_hierarchy *v2 = v2_of(b);

	for (size_t i = 0; i < c->n_choices; i++)
		TRY(check_choice(b, &c->choices[i]));
	if (!c->parent_v2 || (!c->only_v2 && !uses_v2(b)) ||
		(v2 && plan_cgroup_base(v2, c->parent_v2)))
		return 0;
	PLAN_FAIL(b, c->at_parent_v2, EINVAL, "'%s' is not in cgroup v2, which is %s%s",
		c->parent_v2, v2 ? "at " : "not mounted", v2 ? v2->mount : "");
	return err_fix(b->e, "name a directory there, or leave it out");
}
