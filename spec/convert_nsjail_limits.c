/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "convert.h"

/* The ids and cgroup limits of a config.json in an nsjail config. */

/* --- ids ------------------------------------------------------------------------------------------- */

static const char *number(struct to_nsjail *t, uint32_t n)
{
	return pool_printf(t->c.pool, "%u", n);
}

static int add_map(
	struct to_nsjail *t, void *list, uint32_t inside, const char *outside, uint32_t count)
{
	struct nsjail_id_map *m = POOL_NEW(t->c.pool, struct nsjail_id_map);

	TRY(convert_add(&t->c, list, m));
	m->inside_id = number(t, inside);
	m->outside_id = outside;
	if (count != 1)
		OPT_SET(m, count, count);
	return m->inside_id && m->outside_id ? 0 : err_memory(t->c.e);
}

static bool holds(const struct oci_id_mapping *m, uint32_t id)
{
	return id >= m->containerID && id - m->containerID < m->size;
}

/* The first id of the first map is the process's: the range that holds it is put there, cut in two. */
static int put_range(
	struct to_nsjail *t, void *list, const struct oci_id_mapping *m, uint32_t id, bool first)
{
	uint32_t before = id - m->containerID;

	if (!holds(m, id))
		return first ? 0 : add_map(t, list, m->containerID, number(t, m->hostID), m->size);
	if (first)
		return add_map(t, list, id, number(t, m->hostID + before), m->size - before);
	return before ? add_map(t, list, m->containerID, number(t, m->hostID), before) : 0;
}

static int put_map(
	struct to_nsjail *t, const struct list *from, uint32_t id, void *to, const void *at)
{
	struct list *list = to;

	/* Without a word about it, root is whoever starts it. */
	if (!from->n)
		return add_map(t, to, 0, "", 1);
	list_each (i, *from)
		TRY(put_range(t, to, from->v[i], id, true));
	if (list->n != 1)
		return convert_fail(&t->c, at, "the id is mapped not once");
	list_each (i, *from)
		TRY(put_range(t, to, from->v[i], id, false));
	return 0;
}

static int put_plain(struct to_nsjail *t, void *list, uint32_t id)
{
	return add_map(t, list, id, number(t, id), 1);
}

int convert_ids_to_nsjail(struct to_nsjail *t)
{
	static const char *const taken[] = {"uid", "gid", "additionalGids", NULL};
	static const struct oci_user root;
	const struct oci_user *u = t->p->user ? t->p->user : &root;
	const struct nsjail_config *more = t->in->jail;
	bool userns = !t->out->has_clone_newuser || t->out->clone_newuser;

	TRY(convert_others(&t->c, convert_table(&table_oci_process, "user"), t->p->user, taken));
	if (more && (more->uidmap.n || more->gidmap.n))
		return 0;
	if (!userns) {
		TRY(put_plain(t, &t->out->uidmap, u->uid));
		TRY(put_plain(t, &t->out->gidmap, u->gid));
		list_each (i, u->additionalGids)
			TRY(put_plain(t, &t->out->gidmap, u->additionalGids.v[i]));
		return 0;
	}
	if (u->additionalGids.n)
		TRY(convert_lost(&t->c, u, "supplementary groups in a user namespace"));
	TRY(put_map(t, (const struct list *)&t->os->uidMappings, u->uid, &t->out->uidmap, &u->uid));
	return put_map(
		t, (const struct list *)&t->os->gidMappings, u->gid, &t->out->gidmap, &u->gid);
}

/* --- cgroups ---------------------------------------------------------------------------------------- */

static int put_memory(struct to_nsjail *t, const struct oci_memory *m)
{
	static const char *const taken[] = {"limit", "swap", NULL};

	if (!m)
		return 0;
	if (m->limit > 0)
		OPT_SET(t->out, cgroup_mem_max, (uint64_t)m->limit);
	if (m->swap > 0)
		OPT_SET(t->out, cgroup_mem_memsw_max, (uint64_t)m->swap);
	if (m->swap < 0)
		TRY(convert_lost(&t->c, &m->swap, NULL));
	return convert_others(&t->c, convert_table(&table_oci_resources, "memory"), m, taken);
}

static int put_cpu(struct to_nsjail *t, const struct oci_cpu *c)
{
	static const char *const taken[] = {"quota", "period", NULL};
	uint64_t period, ms;

	if (!c)
		return 0;
	TRY(convert_others(&t->c, convert_table(&table_oci_resources, "cpu"), c, taken));
	if (c->quota <= 0)
		return c->period ? convert_lost(&t->c, &c->period, NULL) : 0;
	period = c->period ? c->period : 100000;
	/* nsjail counts in milliseconds of each second. */
	if (period != 1000000 || c->quota % 1000)
		TRY(convert_lost(&t->c, &c->quota, "a quota but of whole ms and a period of 1 s"));
	ms = (uint64_t)c->quota > UINT64_MAX / 1000 ? UINT64_MAX
						    : (uint64_t)c->quota * 1000 / period;
	if (ms)
		OPT_SET(t->out, cgroup_cpu_ms_per_sec, ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms);
	return 0;
}

int convert_resources_to_nsjail(struct to_nsjail *t)
{
	static const char *const taken[] = {"memory", "cpu", "pids", "network", NULL};
	static const char *const class[] = {"classID", NULL};
	const struct oci_resources *r = t->os->resources;

	if (!r)
		return 0;
	TRY(put_memory(t, r->memory));
	TRY(put_cpu(t, r->cpu));
	if (r->pids && r->pids->limit > 0)
		OPT_SET(t->out, cgroup_pids_max, (uint64_t)r->pids->limit);
	if (r->pids && r->pids->has_limit && !r->pids->limit)
		TRY(convert_lost(&t->c, &r->pids->limit, NULL));
	TRY(convert_others(
		&t->c, convert_table(&table_oci_resources, "network"), r->network, class));
	if (r->network && r->network->classID)
		OPT_SET(t->out, cgroup_net_cls_classid, r->network->classID);
	return convert_others(&t->c, &table_oci_resources, r, taken);
}
