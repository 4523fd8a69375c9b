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

/* --- where ------------------------------------------------------------------------------------- */

/* The jail's cgroup below the mount of a hierarchy. */
static const char *cgroup_path(struct builder *b, const struct host_hierarchy *h)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const char *name = c->path ? c->path : b->jail->notes.id ? b->jail->notes.id : "ID";
	char own[PATH_MAX], path[PATH_MAX];
	char *slash;

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

static bool has_controller(const struct host_hierarchy *h, const char *controller)
{
	list_each (i, h->controllers) {
		if (!strcmp(h->controllers.v[i], controller))
			return true;
	}
	return false;
}

/* --- what is limited --------------------------------------------------------------------------- */

struct setting {
	const char *controller, *file, *value;
	const void *at;
};

struct settings {
	struct setting v[32];
	size_t n;
};

static void set(struct settings *s, const char *controller, const char *file, const char *value,
	const void *at)
{
	if (value && s->n < ARRAY_LEN(s->v))
		s->v[s->n++] = (struct setting){controller, file, value, at};
}

static const char *amount(struct builder *b, const struct limit *l, const char *none)
{
	if (!l->set)
		return NULL;
	return l->v == INT64_MAX ? none : plan_printf(b, "%lld", (long long)l->v);
}

static void set_v1(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct limit swap = c->memory_swap;

	if (c->swap_only.set && c->memory.set) {
		swap.set = true;
		if (__builtin_add_overflow(c->memory.v, c->swap_only.v, &swap.v))
			swap.v = INT64_MAX;
	}
	set(s, "memory", "memory.limit_in_bytes", amount(b, &c->memory, "-1"), c->at_memory);
	set(s, "memory", "memory.memsw.limit_in_bytes", amount(b, &swap, "-1"), c->at_memory);
	set(s, "memory", "memory.soft_limit_in_bytes", amount(b, &c->memory_low, "-1"),
		c->at_memory);
	set(s, "cpu", "cpu.shares", amount(b, &c->cpu_shares, NULL), c->at_cpu);
	set(s, "cpu", "cpu.cfs_period_us", amount(b, &c->cpu_period, NULL), c->at_cpu);
	set(s, "cpu", "cpu.cfs_quota_us", amount(b, &c->cpu_quota, "-1"), c->at_cpu);
	set(s, "cpuset", "cpuset.cpus", c->cpus, c->at_cpu);
	set(s, "cpuset", "cpuset.mems", c->mems, c->at_cpu);
	set(s, "pids", "pids.max", amount(b, &c->pids, "max"), c->at_pids);
}

/* Of a number of 1 or more, by squaring. The C library's is in a library that nothing else needs. */
static double log2_of(double x)
{
	double log = 0;

	for (; x >= 2; x /= 2)
		log++;
	for (double bit = 0.5; bit > 1e-15; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			log += bit;
		}
	}
	return log;
}

/* e to the x, for x from 0 to 10: the series for a 64th, squared six times. */
static double exp_of(double x)
{
	double sum = 1, term = 1;

	x /= 64;
	for (int i = 1; i < 20; i++)
		sum += term *= x / i;
	for (int i = 0; i < 6; i++)
		sum *= sum;
	return sum;
}

/*
 * shares run from 2 over 1024 (usual) to 262144, weights from 1 over 100 to 10000: a parabola through
 * the three points, on logarithmic scales. The formula is the one runc (1.3.2) and crun (1.23) agreed on.
 */
static uint64_t weight_of(int64_t shares)
{
	double l = log2_of((double)shares);
	double weight = exp_of(2.302585092994046 * ((l * l + 125 * l) / 612 - 7.0 / 34));
	uint64_t whole = (uint64_t)weight;

	/* Rounded up, but for what is only a rounding error above a whole number. */
	return weight - (double)whole > 1e-6 ? whole + 1 : whole;
}

static const char *cpu_max(struct builder *b, const struct jail_cgroup *c)
{
	long long period = c->cpu_period.set ? (long long)c->cpu_period.v : 100000;

	if (!c->cpu_quota.set && !c->cpu_period.set)
		return NULL;
	if (!c->cpu_quota.set || c->cpu_quota.v == INT64_MAX)
		return plan_printf(b, "max %lld", period);
	return plan_printf(b, "%lld %lld", (long long)c->cpu_quota.v, period);
}

static const char *swap_max(struct builder *b, const struct jail_cgroup *c)
{
	struct limit swap = c->swap_only;

	if (c->memory_swap.set && c->memory_swap.v == INT64_MAX)
		return "max";
	/* OCI and nsjail's memsw count memory and swap together, the kernel swap alone. */
	if (c->memory_swap.set)
		swap = (struct limit){true, c->memory_swap.v - c->memory.v};
	return amount(b, &swap, "max");
}

static void set_v2(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	set(s, "memory", "memory.max", amount(b, &c->memory, "max"), c->at_memory);
	set(s, "memory", "memory.swap.max", swap_max(b, c), c->at_memory);
	set(s, "memory", "memory.low", amount(b, &c->memory_low, "max"), c->at_memory);
	set(s, "cpu", "cpu.max", cpu_max(b, c), c->at_cpu);
	if (c->cpu_shares.set)
		set(s, "cpu", "cpu.weight",
			plan_printf(b, "%llu", (unsigned long long)weight_of(c->cpu_shares.v)),
			c->at_cpu);
	set(s, "cpuset", "cpuset.cpus", c->cpus, c->at_cpu);
	set(s, "cpuset", "cpuset.mems", c->mems, c->at_cpu);
	set(s, "pids", "pids.max", amount(b, &c->pids, "max"), c->at_pids);
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

static void add_settings(
	struct builder *b, const struct host_hierarchy *h, const struct settings *all, int slot)
{
	for (size_t i = 0; i < all->n; i++) {
		struct step_cgroup_set *s;

		if (!takes(h, &all->v[i]))
			continue;
		s = plan_add(b, SIDE_PARENT, STEP_CGROUP_SET, all->v[i].at);
		OPT_SET(s, slot, slot);
		s->file = all->v[i].file;
		s->value = all->v[i].value;
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

static void add_needed(struct builder *b, struct step_cgroup *s, const struct settings *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *c = all->v[i].controller;
		bool known = !strcmp(c, "cgroup");

		list_each (j, s->controllers)
			known = known || !strcmp(s->controllers.v[j], c);
		if (!known)
			plan_add_text(b, &s->controllers, c);
	}
}

static void add_hierarchy(
	struct builder *b, const struct host_hierarchy *h, const struct settings *all, bool devices)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct step_cgroup *s = plan_add(b, SIDE_PARENT, STEP_CGROUP, c->at);
	bool small = c->memory.set && c->memory.v <= SMALL_MEMORY && has_controller(h, "memory");
	int slot = plan_slot(b), tasks = -1;

	s->mount = h->mount;
	s->path = cgroup_path(b, h);
	OPT_SET(s, slot, slot);
	if (h->v2) {
		OPT_SET(s, v2, true);
		add_needed(b, s, all);
	} else {
		s->controllers = h->controllers;
	}
	if (!c->required && !b->host->privileged)
		OPT_SET(s, optional, true);
	if (h->v2 && !small && b->host->clone3) {
		b->cgroup_clone = slot;
	} else {
		tasks = plan_slot(b);
		OPT_SET(s, tasks, tasks);
		plan_add_i32(b, small ? &b->enter_late : &b->enter, tasks);
	}
	plan_add_text(b, &b->cgroup_dirs, plan_printf(b, "%s%s", h->mount, s->path));
	plan_add_text(b, &b->cgroup_names, strrchr(h->mount, '/') + 1);
	b->plan->own_cgroup = true;
	add_settings(b, h, all, slot);
	if (devices)
		add_devices(b, h, slot);
}

/* --- checks ------------------------------------------------------------------------------------ */

/* "cgroup." files are those of cgroup v2 itself. */
static const struct host_hierarchy *keeper_of(const struct builder *b, const char *controller)
{
	if (strcmp(controller, "cgroup"))
		return host_controller(b->host, controller);
	list_each (i, b->host->hierarchies) {
		if (b->host->hierarchies.v[i]->v2)
			return b->host->hierarchies.v[i];
	}
	return NULL;
}

static int check_settings(struct builder *b, const struct settings *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct setting *s = &all->v[i];
		const struct host_hierarchy *h = keeper_of(b, s->controller);

		if (!h) {
			PLAN_FAIL(b, s->at, ENOENT, "this machine has no cgroup controller '%s'",
				s->controller);
			return err_fix(b->e, "mount it, or take the limit out");
		}
		if (!h->writable && !b->jail->cgroup.path) {
			PLAN_FAIL(b, s->at, EACCES, "no cgroup can be made below '%s%s' (%s)",
				h->mount, h->own, s->controller);
			return err_fix(b->e,
				"run as root, or in a cgroup delegated to you, such as a "
				"systemd-run --user --scope -p Delegate=yes gives");
		}
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
		if (all->n == ARRAY_LEN(all->v))
			return PLAN_FAIL(b, u->v[i].value, E2BIG, "too many cgroup settings");
		set(all, controller, u->v[i].key, u->v[i].value, u->v[i].value);
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
	if (!h->writable && !b->jail->cgroup.path)
		return false;
	if (!h->v2 || !strcmp(host_layout(b->host), "v2") || h == devices)
		return true;
	for (size_t i = 0; i < all->n; i++) {
		if (takes(h, &all->v[i]))
			return true;
	}
	return false;
}

int plan_cgroup(struct builder *b)
{
	struct settings v1 = {0}, v2 = {0};
	const struct host_hierarchy *devices = device_keeper(b);

	if (b->jail->cgroup.manager == CGROUP_DISABLED)
		return check_disabled(b);
	set_v1(b, &v1);
	set_v2(b, &v2);
	TRY(check_unified(b, &v2));
	TRY(check_settings(b, &v2));
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
			plan_printf(b, "%s%s", h->mount, own ? cgroup_path(b, h) : h->own));
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
