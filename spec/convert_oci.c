/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "convert.h"
#include "jail.h"
#include "nsjail_jail.h"
#include "set.h"

/* An nsjail config as a config.json. All fields begin in the jail object; what the spec says leaves it. */

static void drop(struct to_oci *t, const char *key)
{
	convert_drop(&table_nsjail_config, t->more, key);
}

/* --- namespaces, ids ------------------------------------------------------------------------------ */

static int add_namespace(struct to_oci *t, enum ns_kind kind)
{
	struct oci_namespace *n = POOL_NEW(t->c.pool, struct oci_namespace);

	TRY(convert_add(&t->c, &t->out->linux->namespaces, n));
	OPT_SET(n, type, (int32_t)kind);
	return 0;
}

static int put_namespaces(struct to_oci *t)
{
	const struct nsjail_config *d = t->d;
	const struct {
		const char *key;
		bool wanted;
		enum ns_kind kind;
	} all[] = {
		{"clone_newns", d->clone_newns, NS_MOUNT},
		{"clone_newuser", d->clone_newuser, NS_USER},
		{"clone_newpid", d->clone_newpid, NS_PID},
		{"clone_newnet", d->clone_newnet, NS_NET},
		{"clone_newipc", d->clone_newipc, NS_IPC},
		{"clone_newuts", d->clone_newuts, NS_UTS},
		{"clone_newcgroup", d->clone_newcgroup, NS_CGROUP},
		{"clone_newtime", d->clone_newtime, NS_TIME},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		drop(t, all[i].key);
		if (all[i].wanted)
			TRY(add_namespace(t, all[i].kind));
	}
	/* Without a namespace of its own the name is the host's, whatever the config says. */
	t->out->hostname = d->clone_newuts ? d->hostname : NULL;
	drop(t, "hostname");
	return 0;
}

static bool is_number(const char *text, uint32_t *ret)
{
	uint64_t v;

	if (!convert_given(text) || fmt_u64(text, strlen(text), &v) < 0 || v >= UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* Names, and what is the caller's own, are not known here: they stay words. */
static bool are_numbers(const struct list *maps)
{
	uint32_t n;

	list_each (i, *maps) {
		const struct nsjail_id_map *m = maps->v[i];

		if (m->use_newidmap || !is_number(m->inside_id, &n) ||
			!is_number(m->outside_id, &n))
			return false;
	}
	return maps->n;
}

static int put_map(struct to_oci *t, const struct list *maps, void *to)
{
	list_each (i, *maps) {
		const struct nsjail_id_map *m = maps->v[i];
		struct oci_id_mapping *o = POOL_NEW(t->c.pool, struct oci_id_mapping);

		TRY(convert_add(&t->c, to, o));
		(void)is_number(m->inside_id, &o->containerID); /* are_numbers has looked */
		(void)is_number(m->outside_id, &o->hostID);
		o->has_containerID = o->has_hostID = true;
		OPT_SET(o, size, m->count ? m->count : 1);
	}
	return 0;
}

/* Without a user namespace the further groups are supplementary ones. */
static int put_groups(struct to_oci *t, struct oci_user *u)
{
	const struct list *gids = (const struct list *)&t->in->gidmap;

	if (gids->n < 2)
		return 0;
	u->additionalGids.v = pool_array(t->c.pool, gids->n, sizeof(uint32_t));
	if (!u->additionalGids.v)
		return err_memory(t->c.e);
	for (size_t i = 1; i < gids->n; i++)
		(void)is_number(((const struct nsjail_id_map *)gids->v[i])->inside_id,
			&u->additionalGids.v[u->additionalGids.n++]);
	return 0;
}

/* Said, so that it is not the spec's default: root. */
static int say_own(struct to_oci *t, void *list)
{
	struct nsjail_id_map *m;

	if (((struct list *)list)->n)
		return 0;
	m = POOL_NEW(t->c.pool, struct nsjail_id_map);
	if (m)
		m->inside_id = m->outside_id = "";
	return convert_add(&t->c, list, m);
}

int convert_ids_to_oci(struct to_oci *t)
{
	const struct list *uids = (const struct list *)&t->in->uidmap;
	const struct list *gids = (const struct list *)&t->in->gidmap;
	struct oci_user *u = POOL_NEW(t->c.pool, struct oci_user);

	if (!u)
		return err_memory(t->c.e);
	if (!are_numbers(uids) || !are_numbers(gids)) {
		TRY(say_own(t, &t->more->uidmap));
		return say_own(t, &t->more->gidmap);
	}
	drop(t, "uidmap");
	drop(t, "gidmap");
	(void)is_number(t->in->uidmap.v[0]->inside_id, &u->uid);
	(void)is_number(t->in->gidmap.v[0]->inside_id, &u->gid);
	u->has_uid = u->has_gid = true;
	t->out->process->user = u;
	if (!t->d->clone_newuser)
		return put_groups(t, u);
	TRY(put_map(t, uids, &t->out->linux->uidMappings));
	return put_map(t, gids, &t->out->linux->gidMappings);
}

/* --- the process ---------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && !memcmp(a, b, n);
}

static bool is_known_before(const struct texts *env, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (same_name(env->v[i], env->v[n]))
			return true;
	}
	return false;
}

/* The object's variables come first: the last that have values of their own are the spec's. */
static int put_env(struct to_oci *t)
{
	const struct texts *env = &t->in->envar;
	size_t n = env->n;

	while (n && strchr(env->v[n - 1], '=') && !is_known_before(env, n - 1))
		n--;
	t->more->envar = (struct texts){n ? env->v : NULL, n};
	for (size_t i = n; i < env->n; i++)
		TRY(convert_add_text(&t->c, &t->out->process->env, env->v[i]));
	return 0;
}

static int put_caps(struct to_oci *t)
{
	const struct texts *cap = &t->in->cap;
	struct oci_capabilities *to;
	uint64_t bit;

	drop(t, "cap");
	if (!cap->n || t->d->keep_caps)
		return 0;
	list_each (i, *cap) {
		if (words_find(&capability_words, cap->v[i], &bit) < 0)
			return convert_fail(&t->c, cap->v[i], "an unknown capability");
	}
	to = t->out->process->capabilities = POOL_NEW(t->c.pool, struct oci_capabilities);
	if (!to)
		return err_memory(t->c.e);
	to->bounding = to->effective = to->inheritable = to->permitted = to->ambient = *cap;
	return 0;
}

static int put_limit(struct to_oci *t, const struct nsjail_limit *r)
{
	enum nsjail_rlimit type = nsjail_limit_type(r, t->d);
	const struct field *row = nsjail_limit_row(r);
	struct oci_rlimit *o;
	uint64_t v;

	drop(t, row[0].key);
	drop(t, row[1].key);
	if (t->d->disable_rl)
		return 0;
	if (type == NSJAIL_RLIMIT_SOFT || type == NSJAIL_RLIMIT_HARD) {
		*(int32_t *)field_at(&row[1], t->more) = (int32_t)type;
		*(bool *)((char *)t->more + row[1].has) = true;
		return 0;
	}
	if (nsjail_limit_value(r, t->d, NULL, &v, NULL) < 0)
		return convert_fail(&t->c, field_at(row, t->in), "more bytes than there can be");
	o = POOL_NEW(t->c.pool, struct oci_rlimit);
	TRY(convert_add(&t->c, &t->out->process->rlimits, o));
	o->type = r->name;
	OPT_SET(o, soft, v);
	OPT_SET(o, hard, v);
	return 0;
}

static int put_cwd(struct to_oci *t)
{
	const char *cwd = t->d->cwd;

	drop(t, "cwd");
	if (!*cwd)
		return convert_fail(&t->c, &t->in->cwd, "an empty path");
	/* A relative one starts from the root. */
	t->out->process->cwd = *cwd == '/' ? cwd : pool_printf(t->c.pool, "/%s", cwd);
	return t->out->process->cwd ? 0 : err_memory(t->c.e);
}

static int put_command(struct to_oci *t)
{
	const struct nsjail_exe *x = t->in->exec_bin;
	struct texts *args = &t->out->process->args;

	if (!x || x->arg0 || x->exec_fd)
		return 0;
	drop(t, "exec_bin");
	TRY(convert_add_text(&t->c, args, x->path));
	list_each (i, x->arg)
		TRY(convert_add_text(&t->c, args, x->arg.v[i]));
	return 0;
}

static int put_process(struct to_oci *t)
{
	struct oci_process *p = t->out->process;
	bool filtered = nsjail_has_policy(t->in) || t->in->seccomp_profile.n;

	TRY(put_cwd(t));
	TRY(put_env(t));
	TRY(put_caps(t));
	for (size_t i = 0; i < NSJAIL_LIMITS; i++)
		TRY(put_limit(t, &nsjail_limits[i]));
	drop(t, "disable_rl");
	/* A filter brings it along. */
	if (filtered || !t->d->disable_no_new_privs)
		OPT_SET(p, noNewPrivileges, true);
	drop(t, "disable_no_new_privs");
	if (t->in->has_oom_score_adj) {
		if (t->in->oom_score_adj < -1000 || t->in->oom_score_adj > 1000)
			return convert_fail(&t->c, &t->in->oom_score_adj, "not from -1000 to 1000");
		OPT_SET(p, oomScoreAdj, t->in->oom_score_adj);
	}
	drop(t, "oom_score_adj");
	return put_command(t);
}

/* --- limits of the whole -------------------------------------------------------------------------- */

static int put_memory(struct to_oci *t, struct oci_resources *r)
{
	const struct nsjail_config *d = t->d;
	struct oci_memory *m = POOL_NEW(t->c.pool, struct oci_memory);
	int64_t swap = (int64_t)d->cgroup_mem_memsw_max;

	if (!m)
		return err_memory(t->c.e);
	if (d->cgroup_mem_memsw_max && d->cgroup_mem_swap_max >= 0)
		return convert_fail(&t->c, &t->in->cgroup_mem_swap_max,
			"cgroup_mem_memsw_max and this say the same; give one");
	if (d->cgroup_mem_swap_max >= 0 &&
		__builtin_add_overflow((int64_t)d->cgroup_mem_max, d->cgroup_mem_swap_max, &swap))
		return convert_fail(&t->c, &t->in->cgroup_mem_swap_max,
			"with cgroup_mem_max more bytes than there can be");
	if (d->cgroup_mem_swap_max >= 0 && !d->cgroup_mem_max)
		return convert_fail(
			&t->c, &t->in->cgroup_mem_swap_max, "a limit of swap needs cgroup_mem_max");
	if (d->cgroup_mem_max)
		OPT_SET(m, limit, (int64_t)d->cgroup_mem_max);
	if (swap)
		OPT_SET(m, swap, swap);
	if (m->has_limit || m->has_swap)
		r->memory = m;
	return 0;
}

static int put_cpu(struct to_oci *t, struct oci_resources *r)
{
	struct oci_cpu *c = POOL_NEW(t->c.pool, struct oci_cpu);

	if (!c)
		return err_memory(t->c.e);
	OPT_SET(c, quota, t->d->cgroup_cpu_ms_per_sec * 1000LL);
	OPT_SET(c, period, 1000000);
	r->cpu = c;
	return 0;
}

static int put_counts(struct to_oci *t, struct oci_resources *r)
{
	struct oci_pids *pids = POOL_NEW(t->c.pool, struct oci_pids);
	struct oci_network *net = POOL_NEW(t->c.pool, struct oci_network);

	if (!pids || !net)
		return err_memory(t->c.e);
	OPT_SET(pids, limit, (int64_t)t->d->cgroup_pids_max);
	OPT_SET(net, classID, t->d->cgroup_net_cls_classid);
	r->pids = pids->limit ? pids : NULL;
	r->network = net->classID ? net : NULL;
	return 0;
}

static int put_resources(struct to_oci *t)
{
	static const char *const keys[] = {"cgroup_mem_max", "cgroup_mem_memsw_max",
		"cgroup_mem_swap_max", "cgroup_pids_max", "cgroup_net_cls_classid",
		"cgroup_cpu_ms_per_sec"};
	struct oci_resources *r = POOL_NEW(t->c.pool, struct oci_resources);

	if (!r)
		return err_memory(t->c.e);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		drop(t, keys[i]);
	TRY(put_memory(t, r));
	TRY(put_counts(t, r));
	if (t->d->cgroup_cpu_ms_per_sec)
		TRY(put_cpu(t, r));
	if (r->memory || r->pids || r->network || r->cpu)
		t->out->linux->resources = r;
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------------- */

/* nsjail has these when nothing is said, and a container has not. */
static void say_defaults(struct to_oci *t)
{
	if (t->d->time_limit)
		OPT_SET(t->more, time_limit, t->d->time_limit);
	OPT_SET(t->more, nice_level, t->d->nice_level);
	OPT_SET(t->more, bare, true);
}

/* The fields that stand in it directly, with their defaults; what is in those is not looked at here. */
static int complete(struct to_oci *t)
{
	struct nsjail_config *d = POOL_NEW(t->c.pool, struct nsjail_config);

	if (!d)
		return err_memory(t->c.e);
	*d = *t->in;
	d->user_net = NULL;
	d->exec_bin = NULL;
	d->mount.n = d->uidmap.n = d->gidmap.n = d->traffic_rule.n = 0;
	t->d = d;
	return field_defaults(&table_nsjail_config, d, t->c.pool, t->c.e);
}

static int make_parts(struct to_oci *t)
{
	struct oci_config *out = POOL_NEW(t->c.pool, struct oci_config);

	if (!out)
		return err_memory(t->c.e);
	out->ociVersion = OCI_VERSION;
	out->process = POOL_NEW(t->c.pool, struct oci_process);
	out->linux = POOL_NEW(t->c.pool, struct oci_linux);
	out->jail = t->more = POOL_NEW(t->c.pool, struct nsjail_config);
	if (!out->process || !out->linux || !t->more)
		return err_memory(t->c.e);
	*t->more = *t->in;
	t->out = out;
	return complete(t);
}

int convert_to_oci(const struct nsjail_config *in, const struct origin *origin, bool lossy,
	struct pool *pool, struct oci_config **ret, struct err *e)
{
	struct to_oci t = {.c = {origin, "a config.json", lossy, pool, e}, .in = in};

	if (in->has_bare && !in->bare)
		return convert_fail(&t.c, &in->bare, "an nsjail config is always bare");
	TRY(convert_check_texts(in, origin, e));
	TRY(make_parts(&t));
	TRY(put_namespaces(&t));
	TRY(convert_ids_to_oci(&t));
	TRY(convert_mounts_to_oci(&t));
	TRY(put_process(&t));
	TRY(put_resources(&t));
	say_defaults(&t);
	*ret = t.out;
	return 0;
}
