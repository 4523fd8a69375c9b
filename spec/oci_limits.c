/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "oci_jail.h"

/* -1 is "no limit"; 0, from engines that write every number, is "not set". */
static int load_bytes(const struct limits_load *l, const int64_t *v, bool has, struct limit *to)
{
	if (!has || !*v)
		return 0;
	if (*v < -1)
		return OCI_FAIL(l, v, "%lld is neither a size nor -1", (long long)*v);
	*to = (struct limit){true, *v == -1 ? INT64_MAX : *v};
	return 0;
}

/* Engines that have no opinion write -1, which is no unsigned number. */
static int load_swappiness(const struct limits_load *l, const struct oci_memory *m)
{
	if (!m->has_swappiness || m->swappiness == UINT64_MAX)
		return 0;
	if (m->swappiness > 100)
		return OCI_FAIL(l, &m->swappiness, "%llu is more than 100",
			(unsigned long long)m->swappiness);
	l->cgroup->swappiness = (struct limit){true, (int64_t)m->swappiness};
	return 0;
}

static int load_memory(const struct limits_load *l)
{
	const struct oci_memory *m = l->doc->memory;
	struct jail_cgroup *c = l->cgroup;

	if (!m)
		return 0;
	c->at_memory = m;
	TRY(load_bytes(l, &m->limit, m->has_limit, &c->memory));
	TRY(load_bytes(l, &m->reservation, m->has_reservation, &c->memory_low));
	TRY(load_bytes(l, &m->swap, m->has_swap, &c->memory_swap));
	TRY(load_bytes(l, &m->kernelTCP, m->has_kernelTCP, &c->memory_tcp));
	TRY(load_swappiness(l, m));
	c->stop_at_memory = m->disableOOMKiller;
	c->count_beneath = m->useHierarchy;
	c->check_usage = m->checkBeforeUpdate;
	if (c->memory_swap.set && c->memory.set && c->memory_swap.v < c->memory.v)
		return OCI_FAIL(l, &m->swap, "memory and swap together are less than memory alone");
	/* An update may be of one alone; what the other is, the cgroup knows. */
	if (c->memory_swap.set && c->memory_swap.v != INT64_MAX && !c->memory.set && !l->update)
		return OCI_FAIL(l, &m->swap, "a swap limit without a memory limit");
	return 0;
}

static void load_realtime(const struct oci_cpu *c, struct jail_cgroup *to)
{
	if (c->realtimePeriod)
		to->cpu_rt_period = (struct limit){true, (int64_t)c->realtimePeriod};
	if (c->realtimeRuntime)
		to->cpu_rt_runtime = (struct limit){true, c->realtimeRuntime};
}

static int load_cpu(const struct limits_load *l)
{
	const struct oci_cpu *c = l->doc->cpu;
	struct jail_cgroup *to = l->cgroup;

	if (!c)
		return 0;
	to->at_cpu = c;
	if (c->shares)
		to->cpu_shares = (struct limit){
			true, c->shares > 262144 ? 262144 : (int64_t)c->shares};
	if (to->cpu_shares.set && to->cpu_shares.v < 2)
		to->cpu_shares.v = 2;
	if (c->period > 1000000 || (c->period && c->period < 1000))
		return OCI_FAIL(l, &c->period, "a period is 1000 to 1000000 µs");
	if (c->period)
		to->cpu_period = (struct limit){true, (int64_t)c->period};
	if (c->has_quota && c->quota > 0 && c->quota < 1000)
		return OCI_FAIL(l, &c->quota, "a quota is at least 1000 µs");
	if (c->has_quota && c->quota)
		to->cpu_quota = (struct limit){true, c->quota < 0 ? INT64_MAX : c->quota};
	if (c->burst > INT64_MAX || c->realtimePeriod > INT64_MAX)
		return OCI_FAIL(
			l, c->burst > INT64_MAX ? &c->burst : &c->realtimePeriod, "is too large");
	if (c->has_burst)
		to->cpu_burst = (struct limit){true, (int64_t)c->burst};
	if (c->has_idle)
		to->cpu_idle = (struct limit){true, c->idle};
	load_realtime(c, to);
	to->cpus = c->cpus && *c->cpus ? c->cpus : NULL;
	to->mems = c->mems && *c->mems ? c->mems : NULL;
	return 0;
}

static int load_pids(const struct limits_load *l)
{
	const struct oci_pids *p = l->doc->pids;

	if (!p || !p->has_limit)
		return 0;
	l->cgroup->at_pids = p;
	l->cgroup->pids = (struct limit){true, p->limit < 0 ? INT64_MAX : p->limit};
	return 0;
}

static int load_unified(const struct limits_load *l)
{
	const struct pairs *u = &l->doc->unified;

	for (size_t i = 0; i < u->n; i++) {
		if (strchr(u->v[i].key, '/') || !strcmp(u->v[i].key, "..") ||
			!strcmp(u->v[i].key, "."))
			return OCI_FAIL(
				l, u->v[i].value, "'%s' is no file of a cgroup", u->v[i].key);
	}
	l->cgroup->unified = *u;
	return 0;
}

/* --- devices ----------------------------------------------------------------------------------- */

enum { ALL = DEVICE_MKNOD | DEVICE_READ | DEVICE_WRITE };

/*
 * What every container may do whatever its rules say, as runc has it: make nodes, and use the standard
 * devices and terminals. Config writers count on it.
 */
static const struct device_rule always[] = {
	{true, 'c', -1, -1, DEVICE_MKNOD},
	{true, 'b', -1, -1, DEVICE_MKNOD},
	{true, 'c', 1, 3, ALL},
	{true, 'c', 1, 5, ALL},
	{true, 'c', 1, 7, ALL},
	{true, 'c', 1, 8, ALL},
	{true, 'c', 1, 9, ALL},
	{true, 'c', 5, 0, ALL},
	{true, 'c', 5, 1, ALL},
	{true, 'c', 5, 2, ALL},
	{true, 'c', 136, -1, ALL},
};

static uint8_t load_access(const char *access)
{
	uint8_t bits = 0;

	if (!access || !*access)
		return ALL;
	for (; *access; access++)
		bits |= *access == 'r' ? DEVICE_READ : *access == 'w' ? DEVICE_WRITE : DEVICE_MKNOD;
	return bits;
}

static int load_rule(const struct limits_load *l, const struct oci_device_rule *r)
{
	struct device_rule *to = &l->cgroup->devices[l->cgroup->n_devices++];

	*to = (struct device_rule){
		.allow = r->allow,
		.type = r->type && *r->type ? *r->type : 'a',
		.major = r->has_major ? r->major : -1,
		.minor = r->has_minor ? r->minor : -1,
		.access = load_access(r->access),
	};
	if (to->major < -1 || to->minor < -1)
		return OCI_FAIL(l, r, "a device number is 0 or more, or -1 for any");
	if (to->type == 'a' && (to->major >= 0 || to->minor >= 0))
		return OCI_FAIL(l, r, "a device number needs the type c or b");
	if (to->type == 'a' && to->access != ALL)
		return OCI_FAIL(l, r, "a rule for all devices must be for rwm");
	return 0;
}

static int load_device_rules(const struct limits_load *l, const struct list *rules)
{
	struct jail_cgroup *c = l->cgroup;

	c->at_devices = rules;
	c->devices = pool_array(l->pool, rules->n + ARRAY_LEN(always) + 1, sizeof(*c->devices));
	if (!c->devices)
		return err_memory(l->e);
	list_each (i, *rules)
		TRY(load_rule(l, rules->v[i]));
	/* Nothing is allowed that no rule speaks of; most configs begin with saying so. */
	if (!c->n_devices || c->devices[0].type != 'a') {
		memmove(c->devices + 1, c->devices, c->n_devices * sizeof(*c->devices));
		c->devices[0] = (struct device_rule){false, 'a', -1, -1, ALL};
		c->n_devices++;
	}
	memcpy(c->devices + c->n_devices, always, sizeof(always));
	c->n_devices += ARRAY_LEN(always);
	return 0;
}

static int load_resources(const struct limits_load *l)
{
	TRY(load_memory(l));
	TRY(load_cpu(l));
	TRY(load_pids(l));
	TRY(oci_load_io(l));
	return load_unified(l);
}

/* "Deny all" alone is what engines write who have no rules in mind. */
static bool names_devices(const struct list *rules)
{
	list_each (i, *rules) {
		if (((const struct oci_device_rule *)rules->v[i])->allow)
			return true;
	}
	return false;
}

int oci_jail_resources(const struct oci_resources *doc, const struct origin *origin,
	struct pool *pool, struct jail_cgroup *cgroup, struct err *e)
{
	const struct limits_load l = {doc, origin, pool, cgroup, true, e};

	TRY(load_resources(&l));
	if (!names_devices((const struct list *)&doc->devices))
		return 0;
	return load_device_rules(&l, (const struct list *)&doc->devices);
}

/* --- the path, and kernel parameters ----------------------------------------------------------- */

static bool goes_up(const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && !memcmp(path, "..", 2))
			return true;
		path += n + (path[n] == '/');
	}
	return false;
}

static int load_cgroup(struct oci_load *l)
{
	static const struct oci_resources none;
	const struct oci_linux *os = l->os;
	const struct oci_resources *r = os->resources ? os->resources : &none;
	const struct limits_load limits = {r, l->origin, l->pool, &l->jail->cgroup, false, l->e};
	struct jail_cgroup *c = &l->jail->cgroup;

	c->at = &os->cgroupsPath;
	if (os->cgroupsPath && *os->cgroupsPath) {
		c->path = os->cgroupsPath;
		if (goes_up(c->path))
			return OCI_FAIL(l, &os->cgroupsPath, "'%s' holds '..'", c->path);
	}
	TRY(load_resources(&limits));
	if (!l->bare || r->devices.n)
		TRY(load_device_rules(&limits, (const struct list *)&r->devices));
	c->required = jail_has_limits(c);
	return 0;
}

static int load_sysctls(struct oci_load *l)
{
	const struct pairs *from = &l->os->sysctl;
	struct jail *jail = l->jail;

	jail->sysctls = pool_array(l->pool, from->n, sizeof(*jail->sysctls));
	if (!jail->sysctls)
		return err_memory(l->e);
	for (size_t i = 0; i < from->n; i++) {
		char *path = pool_text(l->pool, from->v[i].key);

		if (!path)
			return err_memory(l->e);
		/* "net.ipv4.ip_forward"; with a '/' in it the name is a path already (sysctl(8)). */
		if (!strchr(path, '/')) {
			for (char *dot = path; (dot = strchr(dot, '.')); dot++)
				*dot = '/';
		}
		if (goes_up(path) || *path == '/')
			return OCI_FAIL(
				l, from->v[i].value, "'%s' is no kernel parameter", from->v[i].key);
		jail->sysctls[jail->n_sysctls++] = (struct jail_sysctl){
			path, from->v[i].value, from->v[i].value};
	}
	return 0;
}

int oci_load_limits(struct oci_load *l)
{
	l->jail->net.loopback = jail_has_new(l->jail, NS_NET);
	TRY(load_cgroup(l));
	return load_sysctls(l);
}
