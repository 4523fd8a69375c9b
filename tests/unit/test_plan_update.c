/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_update: the limits of each golden case, set anew for the cgroups that its plan makes, are the
 * settings that its plan makes them with; nothing else is done, and only in cgroups that are there.
 */
#include <dirent.h>
#include <errno.h>

#include "../golden_case.h"
#include "tap.h"

static struct err err;

/* The directories of the cgroups that a plan makes. */
static struct jail_paths made_by(const struct plan *p, struct pool *pool)
{
	struct jail_paths dirs = {.v = pool_array(pool, p->n + 1, sizeof(*dirs.v))};

	for (size_t i = 0; i < p->n; i++) {
		const struct step_cgroup *s = p->v[i].args;

		if (p->v[i].kind == STEP_CGROUP && !s->inner)
			dirs.v[dirs.n++] = pool_printf(pool, "%s%s", s->mount, s->path);
	}
	return dirs;
}

static const char *dir_of(const struct plan *p, int slot, struct pool *pool)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct step_cgroup *s = p->v[i].args;

		if (p->v[i].kind == STEP_CGROUP && s->slot == slot)
			return pool_printf(pool, "%s%s", s->mount, s->path);
	}
	return "";
}

/* A quota alone leaves the period, which a new cgroup is given. */
static bool same_value(const struct step_cgroup_set *made, const struct step_cgroup_set *anew)
{
	size_t n = strlen(anew->value);

	if (!strcmp(made->file, "cpu.max") && !strncmp(made->value, anew->value, n))
		return !made->value[n] || made->value[n] == ' ';
	return !strcmp(made->value, anew->value);
}

static bool sets(const struct plan *p, const char *dir, const struct step_cgroup_set *want,
	struct pool *pool)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct step_cgroup_set *s = p->v[i].args;

		if (p->v[i].kind == STEP_CGROUP_SET && !strcmp(s->file, want->file) &&
			same_value(want, s) && !strcmp(dir_of(p, s->slot, pool), dir))
			return true;
	}
	return false;
}

static void check_update(const char *name, struct golden_case *c)
{
	own_plan struct plan p = {0};
	const struct jail_paths dirs = made_by(&c->plan, &c->pool);

	if (!tap_check(!plan_update(&c->loaded.jail, &c->host, &dirs, NULL, &p, &err), name, "%s",
		    err.text))
		return;
	for (size_t i = 0; i < p.n; i++)
		ok(p.v[i].side == SIDE_PARENT &&
			(p.v[i].kind == STEP_CGROUP || p.v[i].kind == STEP_CGROUP_SET ||
				p.v[i].kind == STEP_CGROUP_DEVICES));
	for (size_t i = 0; i < c->plan.n; i++) {
		const struct step_cgroup_set *s = c->plan.v[i].args;

		if (c->plan.v[i].kind == STEP_CGROUP_SET)
			tap_check(sets(&p, dir_of(&c->plan, s->slot, &c->pool), s, &c->pool), name,
				"%s is not set to '%s'", s->file, s->value);
	}
}

/* Without the cgroups there is nothing to set, and a limit is not lost without a word. */
static void check_nowhere(const char *name, struct golden_case *c)
{
	own_plan struct plan p = {0};
	const struct jail_paths none = {0};
	int r = plan_update(&c->loaded.jail, &c->host, &none, NULL, &p, &err);

	if (!jail_has_limits(&c->loaded.jail.cgroup)) {
		tap_check(!r && !p.n, name, "%s", err.text);
		return;
	}
	tap_check(r == -ENOENT && strstr(err.text, "no cgroup with the controller"), name, "%s",
		err.text);
}

static int each_case(void (*fn)(const char *name, struct golden_case *c))
{
	DIR *d = opendir("tests/golden");
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d))) {
		own(golden_done) struct golden_case c = {0};
		own_fd int dir = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY);

		if (de->d_name[0] == '.' || dir < 0 || faccessat(dir, "host", F_OK, 0) < 0 ||
			golden_make(dir, &c, &err) < 0 ||
			c.loaded.jail.cgroup.manager == CGROUP_DISABLED)
			continue;
		fn(de->d_name, &c);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static void limits_are_set_anew(void)
{
	ok(each_case(check_update) > 70);
}

static void limits_without_a_cgroup_are_refused(void)
{
	ok(each_case(check_nowhere) > 70);
}

int main(void)
{
	run(limits_are_set_anew);
	run(limits_without_a_cgroup_are_refused);
	return tap_done();
}
