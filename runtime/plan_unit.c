/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/fmt.h"
#include "plan_build.h"
#include "unit.h"

/*
 * The unit that systemd makes for the jail, and its properties: those it is to have for itself, those of
 * annotations, and the limits that systemd has words for. The limits are written to the cgroup's files as
 * well; systemd has to know them, too, because it writes what it knows whenever it looks at the unit.
 */

static int name_place(struct builder *b, const void *at)
{
	char where[512];

	origin_describe(b->jail->origin, at, where, sizeof(where));
	return where[0] ? err_add(b->e, "%s", where) : -b->e->code;
}

static void add_property(
	struct builder *b, struct texts *to, const char *name, const char *type, const char *value)
{
	plan_add_text(b, to, plan_printf(b, "%s=%s:%s", name, type, value));
}

/* --- limits -------------------------------------------------------------------------------------- */

/* Numbers whose files and properties mean the same, on the same scale, from what systemd takes as the least. */
static const struct number {
	const char *file, *property;
	uint64_t least;
} numbers[] = {
	{"memory.max", "MemoryMax", 1},
	{"memory.swap.max", "MemorySwapMax", 0},
	{"memory.low", "MemoryLow", 0},
	{"memory.high", "MemoryHigh", 1},
	{"memory.min", "MemoryMin", 0},
	{"pids.max", "TasksMax", 1},
	{"cpu.weight", "CPUWeight", 1},
	{"io.weight", "IOWeight", 1},
};

/* As the kernel reads the files of memory: 64M. */
static int read_amount(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] ? strchr(units, text[n] & ~0x20) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (fmt_u64(text, n, ret) < 0 || (text[n] && (!unit || text[n + 1])) ||
		*ret > UINT64_MAX >> shift)
		return -EINVAL;
	*ret <<= shift;
	return 0;
}

static void add_number(
	struct builder *b, struct texts *to, const struct number *n, const char *value)
{
	uint64_t v;

	if (!strcmp(value, "max"))
		v = UINT64_MAX;
	else if (read_amount(value, &v) < 0)
		return; /* the kernel refuses it, with the place */
	v = v < n->least ? n->least : v;
	add_property(b, to, n->property, "t", plan_printf(b, "%llu", (unsigned long long)v));
}

/* systemd counts in hundredths of a CPU: rounded up, so that it never cuts what the file gives. */
static void add_quota(struct builder *b, struct texts *to, const char *value)
{
	size_t n = strcspn(value, " ");
	uint64_t quota, period = 100000, per_second;

	if (value[n] && fmt_u64(value + n + 1, strlen(value + n + 1), &period) < 0)
		return;
	if (n == 3 && !strncmp(value, "max", 3))
		add_property(b, to, "CPUQuotaPerSecUSec", "t", "18446744073709551615");
	else if (!fmt_u64(value, n, &quota) && period && quota < UINT64_MAX / 1000000) {
		per_second = (quota * 1000000 / period + 9999) / 10000 * 10000;
		add_property(b, to, "CPUQuotaPerSecUSec", "t",
			plan_printf(b, "%llu", (unsigned long long)per_second));
	}
	if (value[n] && b->host->systemd >= 242)
		add_property(b, to, "CPUQuotaPeriodUSec", "t",
			plan_printf(b, "%llu", (unsigned long long)period));
}

/* A list that is none the kernel refuses, with the place. */
static void add_mask(struct builder *b, struct texts *to, const char *name, const char *value)
{
	const char *mask = unit_mask(value, &b->plan->pool);

	if (mask && b->host->systemd >= 244)
		add_property(b, to, name, "ay", mask);
}

static void add_limit(struct builder *b, struct texts *to, const struct setting *s)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (!strcmp(s->file, numbers[i].file))
			add_number(b, to, &numbers[i], s->value);
		else if (s->or_file && !strcmp(s->or_file, numbers[i].file))
			add_number(b, to, &numbers[i], s->or_value);
	}
	if (!strcmp(s->file, "cpu.max"))
		add_quota(b, to, s->value);
	else if (!strcmp(s->file, "cpuset.cpus"))
		add_mask(b, to, "AllowedCPUs", s->value);
	else if (!strcmp(s->file, "cpuset.mems"))
		add_mask(b, to, "AllowedMemoryNodes", s->value);
	else if (!strcmp(s->file, "cpu.idle") && !strcmp(s->value, "1") && b->host->systemd >= 252)
		add_property(b, to, "CPUWeight", "t", "0");
}

/* --- devices ------------------------------------------------------------------------------------- */

static bool covers(const struct device_rule *wide, const struct device_rule *r)
{
	return wide->type == r->type && (wide->major < 0 || wide->major == r->major) &&
	       (wide->minor < 0 || wide->minor == r->minor);
}

/* Takes a rule into a list of what is allowed; what a denial touches in part is left out. */
static size_t apply_rule(struct device_rule *v, size_t n, const struct device_rule *r)
{
	size_t left = 0;

	if (r->allow) {
		v[n] = *r;
		return n + 1;
	}
	for (size_t i = 0; i < n; i++) {
		if (covers(r, &v[i]) || covers(&v[i], r))
			v[i].access &= (uint8_t)~r->access;
		if (v[i].access)
			v[left++] = v[i];
	}
	return left;
}

/* The same for what is not of one type. */
static size_t apply_to_both(struct device_rule *v, size_t n, struct device_rule r)
{
	r.type = 'c';
	n = apply_rule(v, n, &r);
	r.type = 'b';
	return apply_rule(v, n, &r);
}

/* All of them together; *ret_all: any device at all, and no list. */
static size_t allowed_devices(const struct jail_cgroup *c, struct device_rule *v, bool *ret_all)
{
	const uint8_t rwm = DEVICE_MKNOD | DEVICE_READ | DEVICE_WRITE;
	const struct device_rule any = {true, 'a', -1, -1, rwm};
	size_t n = 0;

	*ret_all = true;
	for (size_t i = 0; i < c->n_devices; i++) {
		const struct device_rule *r = &c->devices[i];

		if (r->type == 'a' && r->access == rwm) {
			*ret_all = r->allow;
			n = 0;
			continue;
		}
		if (*ret_all && r->allow)
			continue;
		if (*ret_all)
			n = apply_to_both(v, 0, any);
		*ret_all = false;
		n = r->type == 'a' ? apply_to_both(v, n, *r) : apply_rule(v, n, r);
	}
	return n;
}

static const char *number_or_any(struct builder *b, int64_t n)
{
	return n < 0 ? "*" : plan_printf(b, "%lld", (long long)n);
}

/*
 * On v1 systemd writes its own list of devices whenever it looks at the unit: all of them, unless it knows
 * better. On v2 the rules are a program that it leaves alone.
 */
static void add_devices(struct builder *b, struct texts *to)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct device_rule *v = pool_array(&b->plan->pool, 2 * c->n_devices + 2, sizeof(*v));
	const char *text = "";
	bool all;
	size_t n;

	if (!c->n_devices || !host_controller(b->host, "devices") || !v)
		return;
	n = allowed_devices(c, v, &all);
	for (size_t i = 0; i < n; i++)
		text = plan_printf(b, "%s%s%c:%s:%s:%s%s%s", text, i ? " " : "", v[i].type,
			number_or_any(b, v[i].major), number_or_any(b, v[i].minor),
			v[i].access & DEVICE_READ ? "r" : "", v[i].access & DEVICE_WRITE ? "w" : "",
			v[i].access & DEVICE_MKNOD ? "m" : "");
	add_property(b, to, "DevicePolicy", "s", all ? "auto" : "strict");
	/* An empty list takes away what was there. */
	add_property(b, to, "DeviceAllow", "a(ss)", "");
	if (n)
		add_property(b, to, "DeviceAllow", "a(ss)", text);
}

static void add_limits(struct builder *b, struct texts *to, const struct settings *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		add_limit(b, to, &limits->v[i]);
	add_devices(b, to);
}

/* --- the unit ------------------------------------------------------------------------------------ */

static int add_annotations(struct builder *b, struct texts *to)
{
	const struct pairs *all = &b->jail->notes.annotations;
	size_t n = strlen(unit_annotation);

	for (size_t i = 0; i < all->n; i++) {
		const struct pair *a = &all->v[i];
		const char *property;

		if (strncmp(a->key, unit_annotation, n))
			continue;
		if (unit_property(a->key + n, a->value, &b->plan->pool, &property, b->e) < 0)
			return name_place(b, a->value);
		plan_add_text(b, to, property);
	}
	return 0;
}

int plan_unit(struct builder *b, const struct settings *limits)
{
	static const char *const accounting[] = {
		"CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting"};
	const struct jail_cgroup *c = &b->jail->cgroup;
	const char *id = b->jail->notes.id ? b->jail->notes.id : "ID";
	struct unit u;
	struct step_unit *s;

	if (unit_make(c->path, id, b->host->systemd_user, &b->plan->pool, &u, b->e) < 0)
		return name_place(b, c->at);
	b->unit_path = plan_printf(
		b, "%s%s", b->host->systemd_root ? b->host->systemd_root : "", u.path);
	b->unit_is_slice = u.is_slice;
	s = plan_add(b, SIDE_PARENT, STEP_UNIT, c->at);
	s->name = u.name;
	OPT_SET(s, has_init, !u.is_slice);
	add_property(b, &s->properties, "Description", "s", plan_printf(b, "container %s", id));
	/* A slice has its place by its name; this is how runc has the one it is given, too. */
	if (u.is_slice) {
		add_property(b, &s->properties, "Wants", "as", u.slice);
	} else {
		add_property(b, &s->properties, "Slice", "s", u.slice);
		add_property(b, &s->properties, "Delegate", "b", "true");
	}
	add_property(b, &s->properties, "DefaultDependencies", "b", "false");
	for (size_t i = 0; i < ARRAY_LEN(accounting); i++)
		add_property(b, &s->properties, accounting[i], "b", "true");
	TRY(add_annotations(b, &s->properties));
	add_limits(b, &s->properties, limits);
	return 0;
}

void plan_unit_update(struct builder *b, const char *unit, const struct settings *limits)
{
	struct texts properties = {0};
	struct step_unit *s;

	add_limits(b, &properties, limits);
	if (!properties.n)
		return;
	s = plan_add(b, SIDE_PARENT, STEP_UNIT_SET, NULL);
	s->name = unit;
	s->properties = properties;
}
