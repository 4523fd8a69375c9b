/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "../spec/oci_jail.h"
#include "../spec/set.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "do/cgroup.h"
#include "do/systemd.h"
#include "life_update.h"

/* --- what is wanted ----------------------------------------------------------------------------------- */

/* An option of update is a field of linux.resources. */
static const struct {
	size_t offset; /* of the option's text */
	const char *option, *object, *field;
	bool is_size;
} limit_options[] = {
#define LIMIT(member, option, object, field, is_size)                                 \
	{                                                                             \
		offsetof(struct life_options, member), option, object, field, is_size \
	}
	LIMIT(memory, "memory", "memory", "limit", true),
	LIMIT(memory_reservation, "memory-reservation", "memory", "reservation", true),
	LIMIT(memory_swap, "memory-swap", "memory", "swap", true),
	LIMIT(kernel_memory, "kernel-memory", "memory", "kernel", true),
	LIMIT(kernel_memory_tcp, "kernel-memory-tcp", "memory", "kernelTCP", true),
	LIMIT(cpu_share, "cpu-share", "cpu", "shares", false),
	LIMIT(cpu_period, "cpu-period", "cpu", "period", false),
	LIMIT(cpu_quota, "cpu-quota", "cpu", "quota", false),
	LIMIT(cpu_burst, "cpu-burst", "cpu", "burst", false),
	LIMIT(cpu_idle, "cpu-idle", "cpu", "idle", false),
	LIMIT(cpu_rt_period, "cpu-rt-period", "cpu", "realtimePeriod", false),
	LIMIT(cpu_rt_runtime, "cpu-rt-runtime", "cpu", "realtimeRuntime", false),
	LIMIT(cpuset_cpus, "cpuset-cpus", "cpu", "cpus", false),
	LIMIT(cpuset_mems, "cpuset-mems", "cpu", "mems", false),
	LIMIT(blkio_weight, "blkio-weight", "blockIO", "weight", false),
	LIMIT(pids_limit, "pids-limit", "pids", "limit", true),
#undef LIMIT
};

/* "64M", "1GiB", "-1", "max": a number of bytes; -1 for none. */
static int read_size(const char *text, int64_t *ret)
{
	static const char units[] = "bkmgtp";
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] ? strchr(units, text[n] | 0x20) : units;
	const char *rest = text + n + (text[n] != '\0');
	uint64_t v;

	if (!strcmp(text, "-1") || !strcmp(text, "max") || !strcmp(text, "unlimited")) {
		*ret = -1;
		return 0;
	}
	if (fmt_u64(text, n, &v) < 0 || !unit || !*unit)
		return -EINVAL;
	if (*rest && strcasecmp(rest, "b") && strcasecmp(rest, "ib"))
		return -EINVAL;
	if (v > (uint64_t)INT64_MAX >> 10 * (unit - units))
		return -ERANGE;
	*ret = (int64_t)(v << 10 * (unit - units));
	return 0;
}

static void *object_of(struct oci_resources *doc, const char *name, struct pool *pool)
{
	const struct field *f = field_find(&table_oci_resources, name);
	void **object = field_at(f, doc);

	if (!*object)
		*object = pool_alloc(pool, f->table->size);
	return *object;
}

static int apply_option(struct life *l, size_t i, struct oci_resources *doc, struct err *e)
{
	const char *text = *(const char **)((char *)&l->o + limit_options[i].offset);
	const struct field *object = field_find(&table_oci_resources, limit_options[i].object);
	void *to;
	int64_t v;

	if (!text)
		return 0;
	if (limit_options[i].is_size) {
		if (read_size(text, &v) < 0)
			return err_set(e, EINVAL,
				"--%s: '%s' is no amount such as 67108864, 64M or -1",
				limit_options[i].option, text);
		text = pool_printf(&l->pool, "%lld", (long long)v);
	}
	to = object_of(doc, limit_options[i].object, &l->pool);
	if (!to || !text)
		return err_memory(e);
	if (field_set(field_find(object->table, limit_options[i].field), to, text, &l->pool, e) < 0)
		return err_add(e, "--%s", limit_options[i].option);
	return 0;
}

static int read_resources(struct life *l, struct oci_resources **ret, struct err *e)
{
	bool in = !strcmp(l->o.resources, "-");
	const char *name = in ? "stdin" : l->o.resources;
	struct bytes text;

	if (in)
		TRY(fd_read_all(0, 32 << 20, &l->pool, &text, e));
	else
		TRY(fd_read_file(AT_FDCWD, name, 32 << 20, &l->pool, &text, e));
	return oci_read_resources(text.data, text.len, name, &l->pool, ret, &l->loaded.origin, e);
}

static int wanted(struct life *l, struct oci_resources **ret, struct err *e)
{
	struct oci_resources *doc = POOL_NEW(&l->pool, struct oci_resources);

	if (!doc)
		return err_memory(e);
	l->loaded.origin = (struct origin){.table = &table_oci_resources, .root = doc};
	if (l->o.resources)
		TRY(read_resources(l, &doc, e));
	for (size_t i = 0; i < ARRAY_LEN(limit_options); i++)
		TRY(apply_option(l, i, doc, e));
	*ret = doc;
	return 0;
}

/* --- what v2 says in one word and OCI in two --------------------------------------------------------- */

/* The first number of a file of the container's cgroups; false: there is no such file, or it says "max". */
static bool present(const struct life *l, const char *file, int64_t *ret)
{
	uint64_t v;

	list_each (i, l->state->cgroups) {
		if (!cgroup_number(l->state->cgroups.v[i], file, NULL, &v) && v <= INT64_MAX) {
			*ret = (int64_t)v;
			return true;
		}
	}
	return false;
}

/* The second number of cpu.max, or what v1 has a file for. */
static bool present_period(const struct life *l, int64_t *ret)
{
	list_each (i, l->state->cgroups) {
		char path[PATH_MAX], text[64];
		const char *blank;

		fmt_put(path, sizeof(path), "%s/cpu.max", l->state->cgroups.v[i]);
		if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
			continue;
		blank = strchr(text, ' ');
		if (blank && !fmt_i64(blank + 1, strspn(blank + 1, "0123456789"), ret))
			return true;
	}
	return present(l, "cpu.cfs_period_us", ret);
}

/* A limit of memory and swap needs that of memory, and a period its quota, given or not. */
static int complete(struct life *l, struct jail_cgroup *c, struct err *e)
{
	const struct host_hierarchy *memory = host_controller(&l->host, "memory");
	int64_t v;

	if (c->memory_swap.set && c->memory_swap.v != INT64_MAX && !c->memory.set && memory &&
		memory->v2) {
		if (!present(l, "memory.max", &v))
			return origin_fail(&l->loaded.origin, c->at_memory, e, EINVAL,
				"swap: a swap limit without a memory limit");
		c->memory = (struct limit){true, v};
	}
	if (c->memory_swap.set && c->memory.set && c->memory_swap.v < c->memory.v)
		return origin_fail(&l->loaded.origin, c->at_memory, e, EINVAL,
			"swap: memory and swap together are less than memory alone");
	if (c->cpu_period.set && !c->cpu_quota.set && present(l, "cpu.max", &v))
		c->cpu_quota = (struct limit){true, v};
	/* systemd is told the share of a CPU that both make. */
	if (l->state->unit && c->cpu_quota.set && !c->cpu_period.set && present_period(l, &v))
		c->cpu_period = (struct limit){true, v};
	return 0;
}

/* --- doing it ------------------------------------------------------------------------------------------ */

struct update {
	struct life *l;
	int *slots;
	struct cgroup_change *changes;
	const void **at; /* of each change */
	size_t n;
	struct rdt_change rdt;
};

static void close_slots(struct update *u)
{
	for (int i = 0; u->slots && i < u->l->plan.slots; i++)
		own_close(&u->slots[i]);
}

static int collect(struct update *u, struct err *e)
{
	const struct plan *p = &u->l->plan;
	struct pool *pool = &u->l->pool;

	u->slots = pool_array(pool, (size_t)p->slots + 1, sizeof(*u->slots));
	u->changes = pool_array(pool, p->n + 1, sizeof(*u->changes));
	u->at = pool_array(pool, p->n + 1, sizeof(*u->at));
	if (!u->slots || !u->changes || !u->at)
		return err_memory(e);
	memset(u->slots, -1, (size_t)p->slots * sizeof(*u->slots));
	for (size_t i = 0; i < p->n; i++) {
		const struct step_cgroup *dir = p->v[i].args;
		const struct step_cgroup_set *set = p->v[i].args;

		if (p->v[i].kind == STEP_CGROUP) {
			u->slots[dir->slot] = fd_open(
				AT_FDCWD, dir->mount, O_RDONLY | O_DIRECTORY, 0, e);
			TRY(u->slots[dir->slot]);
		} else if (p->v[i].kind == STEP_CGROUP_SET) {
			u->changes[u->n] = (struct cgroup_change){
				.dir = u->slots[set->slot], .set = set};
			u->at[u->n++] = p->v[i].at;
		}
	}
	return 0;
}

static int name_failure(const struct update *u, const void *at, struct err *e)
{
	char where[512];

	origin_describe(&u->l->loaded.origin, at, where, sizeof(where));
	return where[0] ? err_add(e, "%s", where) : -e->code;
}

static int update_devices(const struct update *u, struct err *e)
{
	const struct plan *p = &u->l->plan;

	for (size_t i = 0; i < p->n; i++) {
		const struct step_cgroup_devices *d = p->v[i].args;

		if (p->v[i].kind == STEP_CGROUP_DEVICES &&
			cgroup_devices_update(u->slots[d->slot], d, e) < 0)
			return name_failure(u, p->v[i].at, e);
	}
	return 0;
}

/* systemd is told, too, and rounds what it writes: then the files get their exact values once more. */
static int update_unit(const struct update *u, struct err *e)
{
	const struct plan *p = &u->l->plan;

	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].kind != STEP_UNIT_SET)
			continue;
		TRY(systemd_set(u->l->systemd, p->v[i].args, e));
		for (size_t j = 0; j < u->n; j++)
			(void)cgroup_set(u->changes[j].dir, u->changes[j].set, NULL);
	}
	return 0;
}

static int carry_out(struct update *u, struct err *e)
{
	size_t failed;

	TRY(collect(u, e));
	if (cgroup_update(u->changes, u->n, &u->l->pool, &failed, e) < 0)
		return name_failure(u, failed < u->n ? u->at[failed] : NULL, e);
	if (rdt_change_do(u->l, &u->rdt, e) < 0 || update_unit(u, e) < 0 ||
		update_devices(u, e) < 0) {
		rdt_change_undo(u->l, &u->rdt);
		cgroup_update_undo(u->changes, u->n);
		return -e->code;
	}
	return 0;
}

int life_update(struct life *l, struct err *e)
{
	own(close_slots) struct update u = {.l = l};
	struct jail *jail = &l->loaded.jail;
	struct jail_paths cgroups = {0};
	struct oci_resources *doc = NULL;

	TRY(life_open(l, true, e));
	if (state_status(l->dir, l->state) == STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running: no such process");
	TRY(wanted(l, &doc, e));
	if (l->o.kernel_memory)
		log_warning(
			"--kernel-memory has no effect: kernels count it with all other memory");
	jail_init(jail);
	jail->origin = &l->loaded.origin;
	jail->cgroup.at_memory = doc->memory;
	TRY(oci_jail_resources(doc, &l->loaded.origin, &l->pool, &jail->cgroup, e));
	TRY(host_probe(&l->host, &l->pool, e));
	TRY(rdt_change_begin(l, &u.rdt, e));
	TRY(complete(l, &jail->cgroup, e));
	cgroups.v = l->state->cgroups.v;
	cgroups.n = l->state->cgroups.n;
	if (l->state->unit)
		TRY(life_systemd(l, e));
	TRY(plan_update(jail, &l->host, &cgroups, l->state->unit, &l->plan, e));
	return carry_out(&u, e);
}
