/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "plan_build.h"

/*
 * With a memory limit this small, what setting up costs the kernel (mounts, namespaces, page tables)
 * would fill the cgroup before the program runs: it is entered last.
 */
enum { SMALL_MEMORY = 8 << 20 };

static bool has_controller(const struct host_hierarchy *h, const char *controller)
{
	list_each (i, h->controllers) {
		if (!strcmp(h->controllers.v[i], controller))
			return true;
	}
	return false;
}

/* The part of a file's name before the first dot; "cgroup." files belong to every cgroup. */
static const char *controller_of(struct builder *b, const char *file)
{
	return plan_printf(b, "%.*s", (int)strcspn(file, "."), file);
}

/* --- the steps --------------------------------------------------------------------------------- */

/* What of the settings a hierarchy can take. */
static bool takes(const struct host_hierarchy *h, const struct setting *s)
{
	return !strcmp(s->controller, "cgroup") || has_controller(h, s->controller);
}

static void add_setting(struct builder *b, const struct setting *from, int slot)
{
	struct step_cgroup_set *s = plan_add(b, SIDE_PARENT, STEP_CGROUP_SET, from->at);

	OPT_SET(s, slot, slot);
	s->file = from->file;
	s->value = from->value;
	s->or_file = from->or_file;
	s->or_value = from->or_value;
	s->usage = from->usage;
	if (from->if_there || from->is_new)
		OPT_SET(s, if_there, true);
}

static void add_settings(
	struct builder *b, const struct host_hierarchy *h, const struct settings *all, int slot)
{
	for (size_t i = 0; i < all->n; i++) {
		if (takes(h, &all->v[i]) && (b->updates || !all->v[i].is_new))
			add_setting(b, &all->v[i], slot);
	}
}

static const char *number_or_any(struct builder *b, int64_t n)
{
	return n < 0 ? "*" : plan_printf(b, "%lld", (long long)n);
}

static const char *rule_text(struct builder *b, const struct device_rule *r)
{
	return plan_printf(b, "%s %c %s:%s %s%s%s", r->allow ? "allow" : "deny", r->type,
		number_or_any(b, r->major), number_or_any(b, r->minor),
		r->access & DEVICE_READ ? "r" : "", r->access & DEVICE_WRITE ? "w" : "",
		r->access & DEVICE_MKNOD ? "m" : "");
}

static void add_devices(struct builder *b, const struct host_hierarchy *h, int slot)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct step_cgroup_devices *s;

	if (!c->n_devices)
		return;
	s = plan_add(b, SIDE_PARENT, STEP_CGROUP_DEVICES, c->at_devices);
	OPT_SET(s, slot, slot);
	if (h->v2)
		OPT_SET(s, v2, true);
	/* Nobody can make a device node in a user namespace, and nobody but root may set rules. */
	if (b->userns || b->host->in_userns || b->host->uid)
		OPT_SET(s, optional, true);
	for (size_t i = 0; i < c->n_devices; i++)
		plan_add_text(b, &s->rules, rule_text(b, &c->devices[i]));
}

static void add_needed(struct builder *b, const struct host_hierarchy *h, struct step_cgroup *s,
	const struct settings *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *c = all->v[i].controller;
		bool known = !takes(h, &all->v[i]) || !strcmp(c, "cgroup") || all->v[i].if_there ||
			     all->v[i].is_new;

		list_each (j, s->controllers)
			known = known || !strcmp(s->controllers.v[j], c);
		if (!known)
			plan_add_text(b, &s->controllers, c);
	}
}

static struct step_cgroup *add_cgroup(
	struct builder *b, const struct host_hierarchy *h, const char *path)
{
	struct step_cgroup *s = plan_add(b, SIDE_PARENT, STEP_CGROUP, b->jail->cgroup.at);

	s->mount = plan_cgroup_mount_of(b, h);
	s->path = path;
	OPT_SET(s, slot, plan_slot(b));
	if (h->v2)
		OPT_SET(s, v2, true);
	else
		s->controllers = h->controllers;
	return s;
}

static void open_tasks(struct builder *b, struct step_cgroup *s, struct i32s *enter)
{
	OPT_SET(s, tasks, plan_slot(b));
	plan_add_i32(b, enter, s->tasks);
}

static void move_init(struct builder *b, struct i32s *slots)
{
	struct step_cgroup_enter *s;

	if (!slots->n)
		return;
	s = plan_add(b, SIDE_PARENT, STEP_CGROUP_MOVE, b->jail->cgroup.at);
	s->slots = *slots;
	*slots = (struct i32s){0};
}

/*
 * systemd has put init where it knows of. A v2 scope with a process in it hands no controllers down, so
 * what is below it gets them only once init is there.
 */
static struct step_cgroup *add_unit_cgroup(struct builder *b, const struct host_hierarchy *h)
{
	const char *path = plan_cgroup_path(b, h);
	struct step_cgroup *s = add_cgroup(b, h, path);

	OPT_SET(s, joined, true);
	if (!h->v2 || b->unit_is_slice) {
		open_tasks(b, s, &b->enter);
		return s;
	}
	if (!b->jail->cgroup.subgroup)
		return s;
	OPT_SET(s, inner, true);
	open_tasks(b, s, &b->enter);
	move_init(b, &b->enter);
	s = add_cgroup(b, h, path);
	OPT_SET(s, joined, true);
	return s;
}

static struct step_cgroup *add_own_cgroup(struct builder *b, const struct host_hierarchy *h)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	/* What is delegated is below it, and entered on the way. */
	bool small = c->memory.set && c->memory.v <= SMALL_MEMORY && !c->delegated &&
		     has_controller(h, "memory");
	struct step_cgroup *s = add_cgroup(b, h, plan_cgroup_path(b, h));

	if (!c->required && (!b->host->privileged || b->host->in_userns))
		OPT_SET(s, optional, true);
	if (h->v2 && !small && b->host->clone3)
		b->cgroup_clone = s->slot;
	else
		open_tasks(b, s, small ? &b->enter_late : &b->enter);
	return s;
}

/* --- delegation -------------------------------------------------------------------------------- */

/* The host's id of the jail's root, when that is to have the cgroup for itself. */
static bool owner_of(const struct builder *b, uint32_t *ret)
{
	const struct jail *jail = b->jail;
	const struct id_map *uids = &jail->ids.uids;
	bool writable = false;

	for (size_t i = 0; i < jail->mounts.n; i++) {
		const struct jail_mount *m = &jail->mounts.v[i];

		writable = writable || (m->kind == MOUNT_CGROUP &&
					       !((m->attrs.set | m->deep.set) & MOUNT_ATTR_RDONLY));
	}
	if (!writable || !b->host->privileged || !jail_has_new(jail, NS_USER) ||
		!jail_has_new(jail, NS_CGROUP))
		return false;
	for (size_t i = 0; i < uids->n; i++) {
		*ret = uids->v[i].outside;
		if (!uids->v[i].inside && uids->v[i].count)
			return *ret != b->host->uid;
	}
	return false;
}

static void give_away(struct builder *b, int slot)
{
	struct step_cgroup_own *s;
	uint32_t uid;

	if (!owner_of(b, &uid))
		return;
	s = plan_add(b, SIDE_PARENT, STEP_CGROUP_OWN, b->jail->cgroup.at);
	OPT_SET(s, slot, slot);
	OPT_SET(s, uid, uid);
}

/* Its root is the cgroup above, with the limits: the jail can hand controllers down there by itself. */
int plan_cgroup_inner(struct builder *b)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct i32s tasks = {0};
	struct step_cgroup *s;

	if (!c->delegated)
		return 0;
	if (!b->v2)
		return PLAN_FAIL(b, c->delegated, ENOTSUP,
			"only a cgroup of cgroup v2 can be delegated, and the container has none");
	s = add_cgroup(b, b->v2, plan_printf(b, "%s/%s", plan_cgroup_path(b, b->v2), c->delegated));
	OPT_SET(s, inner, true);
	open_tasks(b, s, &tasks);
	give_away(b, s->slot);
	move_init(b, &tasks);
	return 0;
}

static void add_hierarchy(
	struct builder *b, const struct host_hierarchy *h, const struct settings *all, bool devices)
{
	struct step_cgroup *s = b->unit_path ? add_unit_cgroup(b, h) : add_own_cgroup(b, h);
	int slot = s->slot;

	if (h->v2) {
		add_needed(b, h, s, all);
		b->v2 = h;
	}
	plan_add_text(b, &b->cgroup_dirs, plan_printf(b, "%s%s", s->mount, s->path));
	plan_add_text(b, &b->cgroup_names, strrchr(h->mount, '/') + 1);
	b->plan->own_cgroup = true;
	add_settings(b, h, all, slot);
	if (devices)
		add_devices(b, h, slot);
	if (h->v2)
		give_away(b, slot);
}

/* --- checks ------------------------------------------------------------------------------------ */

/* "cgroup." files are those of cgroup v2 itself, "io" and "blkio" one controller's names on v2 and v1. */
static const struct host_hierarchy *keeper_of(const struct builder *b, const char *controller)
{
	const struct host_hierarchy *h = host_controller(b->host, controller);

	if (!h && !strcmp(controller, "io"))
		return host_controller(b->host, "blkio");
	if (!h && !strcmp(controller, "blkio"))
		return host_controller(b->host, "io");
	if (strcmp(controller, "cgroup"))
		return h;
	list_each (i, b->host->hierarchies) {
		if (b->host->hierarchies.v[i]->v2)
			return b->host->hierarchies.v[i];
	}
	return NULL;
}

/* A user's systemd has the user's part of v2 alone. */
static bool may_make(const struct builder *b, const struct host_hierarchy *h)
{
	if (b->unit_path)
		return h->v2 || !b->host->systemd_user;
	return h->writable || b->jail->cgroup.path;
}

static int check_setting(struct builder *b, const struct setting *s)
{
	const struct host_hierarchy *h = keeper_of(b, s->controller);

	if (!h && (s->is_new || s->if_there))
		return 0;
	if (!h) {
		PLAN_FAIL(b, s->at, ENOENT, "this machine has no cgroup controller '%s'",
			s->controller);
		return err_fix(b->e, "mount it, or take the limit out");
	}
	if (!b->updates && !may_make(b, h)) {
		PLAN_FAIL(b, s->at, EACCES, "no cgroup can be made below '%s%s' (%s)", h->mount,
			h->own, s->controller);
		return err_fix(b->e, "run as root, or in a cgroup delegated to you, such as a "
				     "systemd-run --user --scope -p Delegate=yes gives");
	}
	return 0;
}

static int check_settings(struct builder *b, const struct settings *v1, const struct settings *v2)
{
	for (size_t i = 0; i < v2->n; i++)
		TRY(check_setting(b, &v2->v[i]));
	for (size_t i = 0; i < v1->n; i++)
		TRY(check_setting(b, &v1->v[i]));
	return 0;
}

/* What only v1 has is refused where v2 keeps its controller: not to have it would be no limit at all. */
static int check_v1_only(struct builder *b)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const struct {
		bool asked;
		const char *controller, *what;
		const void *at;
	} all[] = {
		{c->memory_tcp.set, "memory", "kernelTCP", c->at_memory},
		{c->swappiness.set, "memory", "swappiness", c->at_memory},
		{c->stop_at_memory, "memory", "disableOOMKiller", c->at_memory},
		{c->cpu_rt_runtime.set, "cpu", "realtimeRuntime", c->at_cpu},
		{c->cpu_rt_period.set, "cpu", "realtimePeriod", c->at_cpu},
		{c->io_leaf_weight.set, "io", "leafWeight", c->at_io},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct host_hierarchy *h = keeper_of(b, all[i].controller);

		if (all[i].asked && h && h->v2)
			return PLAN_FAIL(b, all[i].at, ENOTSUP, "%s: cgroup v2 has no such limit",
				all[i].what);
	}
	for (size_t i = 0; i < c->n_io; i++) {
		const struct host_hierarchy *h = keeper_of(b, "io");

		if (c->io[i].kind == IO_LEAF_WEIGHT && h && h->v2)
			return PLAN_FAIL(
				b, c->io[i].at, ENOTSUP, "leafWeight: cgroup v2 has no such limit");
	}
	return 0;
}

static int check_unified(struct builder *b, struct settings *all)
{
	const struct pairs *u = &b->jail->cgroup.unified;

	for (size_t i = 0; i < u->n; i++) {
		const char *controller = controller_of(b, u->v[i].key);
		const struct host_hierarchy *h = host_controller(b->host, controller);

		if (h && !h->v2)
			return PLAN_FAIL(b, u->v[i].value, EINVAL,
				"'%s' is for cgroup v2, and '%s' is a v1 controller here",
				u->v[i].key, controller);
		plan_setting(b, all, controller, u->v[i].key, u->v[i].value, u->v[i].value);
	}
	return 0;
}

/* The first of the limits, as the kernel groups them. */
static const void *first_limit(const struct jail_cgroup *c)
{
	if (c->memory.set || c->memory_low.set || c->memory_swap.set || c->swap_only.set)
		return c->at_memory;
	if (c->cpu_quota.set || c->cpu_shares.set || c->cpus || c->mems)
		return c->at_cpu;
	return c->pids.set ? c->at_pids : c->unified.n ? c->unified.v[0].value : c->at;
}

static int check_disabled(struct builder *b)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	if (!c->required)
		return 0;
	PLAN_FAIL(b, first_limit(c), ENOTSUP, "limits were asked for, and cgroups are disabled");
	return err_fix(b->e, "leave the cgroup manager out, or the limits");
}

/* Who keeps the device rules: the v1 controller where there is one, else a program on v2. */
static const struct host_hierarchy *device_keeper(const struct builder *b)
{
	const struct host_hierarchy *h = host_controller(b->host, "devices");

	return h ? h : keeper_of(b, "cgroup");
}

/* A v2 hierarchy beside v1 ones is used for what only it can do. */
static bool wanted(const struct builder *b, const struct host_hierarchy *h,
	const struct settings *all, const struct host_hierarchy *devices)
{
	if (!may_make(b, h))
		return false;
	if (!h->v2 || b->unit_path || b->jail->cgroup.delegated ||
		!strcmp(host_layout(b->host), "v2") || h == devices)
		return true;
	for (size_t i = 0; i < all->n; i++) {
		if (takes(h, &all->v[i]) && !all->v[i].is_new)
			return true;
	}
	return false;
}

static int make_settings(struct builder *b, struct settings *v1, struct settings *v2)
{
	plan_settings_v1(b, v1);
	plan_settings_v2(b, v2);
	TRY(check_unified(b, v2));
	if (!b->updates && b->jail->cgroup.manager == CGROUP_SYSTEMD)
		TRY(plan_unit(b, v2));
	TRY(check_v1_only(b));
	return check_settings(b, v1, v2);
}

int plan_cgroup(struct builder *b)
{
	struct settings v1 = {0}, v2 = {0};
	const struct host_hierarchy *devices = device_keeper(b);

	if (b->jail->cgroup.manager == CGROUP_DISABLED)
		return check_disabled(b);
	TRY(make_settings(b, &v1, &v2));
	TRY(plan_cgroup_check_places(b));
	if (b->jail->cgroup.n_devices && !devices && b->host->privileged && !b->userns &&
		!b->host->in_userns) {
		PLAN_FAIL(b, b->jail->cgroup.at_devices, ENOENT,
			"no cgroup hierarchy can keep the rules for devices");
		return err_fix(b->e, "mount a cgroup hierarchy, or disable cgroups");
	}
	list_each (i, b->host->hierarchies) {
		const struct host_hierarchy *h = b->host->hierarchies.v[i];
		const struct settings *all = h->v2 ? &v2 : &v1;

		if (wanted(b, h, all, devices))
			add_hierarchy(b, h, all, h == devices);
	}
	if (b->unit_path)
		move_init(b, &b->enter);
	return 0;
}

/* --- update ------------------------------------------------------------------------------------- */

static const char *dir_in(const struct host_hierarchy *h, const struct jail_paths *cgroups)
{
	const char *best = NULL;

	list_each (i, *cgroups) {
		if (plan_cgroup_base(h, cgroups->v[i]))
			best = cgroups->v[i];
	}
	return best;
}

static int check_has(
	struct builder *b, const struct setting *s, bool v2, const struct jail_paths *cgroups)
{
	const struct host_hierarchy *h = keeper_of(b, s->controller);

	/* The other list has it under its name there. */
	if (!h || h->v2 != v2 || s->is_new || s->if_there || dir_in(h, cgroups))
		return 0;
	PLAN_FAIL(b, s->at, ENOENT, "the container has no cgroup with the controller '%s'",
		s->controller);
	return err_fix(b->e, "give a limit of that kind in its config, too");
}

int plan_cgroup_update(struct builder *b, const struct jail_paths *cgroups, const char *unit)
{
	struct settings v1 = {0}, v2 = {0};
	const struct host_hierarchy *devices = device_keeper(b);

	b->updates = true;
	TRY(make_settings(b, &v1, &v2));
	for (size_t i = 0; i < v1.n; i++)
		TRY(check_has(b, &v1.v[i], false, cgroups));
	for (size_t i = 0; i < v2.n; i++)
		TRY(check_has(b, &v2.v[i], true, cgroups));
	list_each (i, b->host->hierarchies) {
		const struct host_hierarchy *h = b->host->hierarchies.v[i];
		const char *dir = dir_in(h, cgroups);
		struct step_cgroup *s;

		if (!dir)
			continue;
		s = plan_add(b, SIDE_PARENT, STEP_CGROUP, NULL);
		s->mount = dir;
		s->path = "";
		OPT_SET(s, slot, plan_slot(b));
		if (h->v2)
			OPT_SET(s, v2, true);
		add_settings(b, h, h->v2 ? &v2 : &v1, s->slot);
		if (h == devices)
			add_devices(b, h, s->slot);
	}
	if (unit)
		plan_unit_update(b, unit, &v2);
	return 0;
}

/* --- the cgroup filesystem inside --------------------------------------------------------------- */

int plan_cgroup_mount(struct builder *b, const struct jail_mount *m)
{
	struct step_cgroup_mount *s;
	bool v2 = !strcmp(host_layout(b->host), "v2"), own = b->cgroup_dirs.n;

	if (!b->host->hierarchies.n)
		return PLAN_FAIL(
			b, m->at, ENODEV, "no cgroup hierarchy is mounted on this machine");
	s = plan_add(b, SIDE_INIT, STEP_CGROUP_MOUNT, m->at);
	s->target = m->target;
	OPT_SET(s, attributes, m->attrs.set | m->deep.set);
	if (v2 && jail_has_own(b->jail, NS_CGROUP)) {
		OPT_SET(s, fresh, true);
		return 0;
	}
	list_each (i, b->host->hierarchies) {
		const struct host_hierarchy *h = b->host->hierarchies.v[i];

		if (h->v2 != v2)
			continue;
		plan_add_text(b, &s->sources,
			own ? plan_printf(
				      b, "%s%s", plan_cgroup_mount_of(b, h), plan_cgroup_path(b, h))
			    : plan_printf(b, "%s%s", h->mount, h->own));
		if (v2)
			continue;
		plan_add_text(b, &s->names, strrchr(h->mount, '/') + 1);
		for (size_t j = 0; h->controllers.n > 1 && j < h->controllers.n; j++)
			plan_add_text(b, &s->links,
				plan_printf(b, "%s %s", h->controllers.v[j],
					strrchr(h->mount, '/') + 1));
	}
	/* Without a cgroup of its own the jail sees its caller's, and must not change it. */
	if (!own)
		s->attributes |= MOUNT_ATTR_RDONLY;
	return 0;
}
