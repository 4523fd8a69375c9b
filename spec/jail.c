/* SPDX-License-Identifier: Apache-2.0 */
#include "jail.h"

#include <string.h>

static const struct word hook_words_rows[] = {
	{"prestart", HOOK_PRESTART},
	{"createRuntime", HOOK_CREATE_RUNTIME},
	{"createContainer", HOOK_CREATE_CONTAINER},
	{"startContainer", HOOK_START_CONTAINER},
	{"poststart", HOOK_POSTSTART},
	{"poststop", HOOK_POSTSTOP},
};
WORDS(hook_words);

void jail_init(struct jail *jail)
{
	memset(jail, 0, sizeof(*jail));
	jail->process.cwd = "/";
	jail->process.new_session = true;
	jail->notes.version = OCI_VERSION;
}

struct jail_mount *jail_add_mount(struct jail *jail, struct pool *pool)
{
	struct jail_mounts *l = &jail->mounts;
	struct jail_mount *v = pool_grow(pool, l->v, l->n, sizeof(*v));

	if (!v)
		return NULL;
	l->v = v;
	return &l->v[l->n++];
}

struct jail_device *jail_add_device(struct jail *jail, struct pool *pool)
{
	struct jail_devices *l = &jail->devices;
	struct jail_device *v = pool_grow(pool, l->v, l->n, sizeof(*v));

	if (!v)
		return NULL;
	l->v = v;
	return &l->v[l->n++];
}

int jail_add_link(
	struct jail *jail, struct pool *pool, const char *path, const char *target, struct err *e)
{
	struct jail_devices *l = &jail->devices;
	struct jail_link *v = pool_grow(pool, l->links, l->n_links, sizeof(*v));

	if (!v)
		return err_memory(e);
	l->links = v;
	l->links[l->n_links++] = (struct jail_link){path, target};
	return 0;
}

bool jail_has_limits(const struct jail_cgroup *c)
{
	const struct limit *const all[] = {&c->memory, &c->memory_low, &c->memory_swap,
		&c->swap_only, &c->memory_tcp, &c->swappiness, &c->cpu_quota, &c->cpu_period,
		&c->cpu_shares, &c->cpu_rt_runtime, &c->cpu_rt_period, &c->pids, &c->io_weight,
		&c->io_leaf_weight, &c->net_class};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i]->set)
			return true;
	}
	return (c->cpu_burst.set && c->cpu_burst.v) || (c->cpu_idle.set && c->cpu_idle.v) ||
	       c->stop_at_memory || c->cpus || c->mems || c->n_io || c->n_huge_pages ||
	       c->n_net_priorities || c->n_rdma || c->unified.n;
}
