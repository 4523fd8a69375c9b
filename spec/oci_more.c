/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "oci_jail.h"
#include "set.h"

/*
 * The "jail" object: what an nsjail config can say and the spec cannot, by nsjail's names, carried out by what
 * does it for nsjail configs. What the spec has a place for is not taken from it, so that a fact stands in
 * one place. Lists go together: first the object's mounts and variables, then the config's own.
 */

const struct oci_said oci_said[] = {
	{"hostname", "hostname"},
	{"cwd", "process.cwd"},
	{"oom_score_adj", "process.oomScoreAdj"},
	{"cap", "process.capabilities"},
	{"disable_no_new_privs", "process.noNewPrivileges"},
	{"disable_rl", "process.rlimits"},
	{"clone_newnet", "linux.namespaces"},
	{"clone_newuser", "linux.namespaces"},
	{"clone_newns", "linux.namespaces"},
	{"clone_newpid", "linux.namespaces"},
	{"clone_newipc", "linux.namespaces"},
	{"clone_newuts", "linux.namespaces"},
	{"clone_newcgroup", "linux.namespaces"},
	{"clone_newtime", "linux.namespaces"},
	{"mount_proc", "mounts"},
	{"cgroup_mem_max", "linux.resources.memory.limit"},
	{"cgroup_mem_memsw_max", "linux.resources.memory.swap"},
	{"cgroup_mem_swap_max", "linux.resources.memory.swap"},
	{"cgroup_pids_max", "linux.resources.pids.limit"},
	{"cgroup_net_cls_classid", "linux.resources.network.classID"},
	{"cgroup_cpu_ms_per_sec", "linux.resources.cpu.quota"},
};
const size_t oci_said_n = ARRAY_LEN(oci_said);

/* An object's place is noted at itself, a list's at what is in it. */
static const void *place_of(const struct field *f, const struct nsjail_config *x)
{
	const struct list *l = field_at(f, x);
	bool list = f->kind == FIELD_KIND_TEXTS || f->kind == FIELD_KIND_OBJECTS;

	return f->kind == FIELD_KIND_OBJECT || (list && l->n) ? *l->v : (const void *)l;
}

static int refuse(struct oci_load *l, const struct field *f, const char *instead)
{
	OCI_FAIL(l, place_of(f, l->doc->jail), "the runtime-spec has a place for this");
	return err_fix(l->e, "say it there: %s", instead);
}

static int check_said(struct oci_load *l)
{
	const struct nsjail_config *x = l->doc->jail;

	for (size_t i = 0; i < oci_said_n; i++) {
		const struct field *f = field_find(&table_nsjail_config, oci_said[i].key);

		if (field_present(f, x))
			return refuse(l, f, oci_said[i].instead);
	}
	for (size_t i = 0; i < NSJAIL_LIMITS; i++) {
		const struct field *value = nsjail_limit_row(&nsjail_limits[i]), *type = value + 1;
		enum nsjail_rlimit t = nsjail_limit_type(&nsjail_limits[i], x);

		if (field_present(value, x))
			return refuse(l, value, "process.rlimits");
		if (field_present(type, x) && (t == NSJAIL_RLIMIT_VALUE || t == NSJAIL_RLIMIT_INF))
			return refuse(l, type, "process.rlimits");
	}
	return 0;
}

/* The same, or the contrary, said by both. */
static int check_twice(struct oci_load *l)
{
	const struct nsjail_config *x = l->doc->jail;
	const struct oci_process *p = l->doc->process;
	const struct oci_user *u = p ? p->user : NULL;
	bool maps = x->uidmap.n || x->gidmap.n;
	const void *map = x->uidmap.n	? (const void *)x->uidmap.v[0]
			  : x->gidmap.n ? (const void *)x->gidmap.v[0]
					: NULL;
	const struct {
		bool both;
		const void *at;
		const char *other;
	} all[] = {
		{p && x->keep_caps && p->capabilities, &x->keep_caps, "process.capabilities"},
		{p && x->exec_bin && p->args.n, x->exec_bin, "process.args"},
		{p && x->has_nice_level && p->scheduler, &x->nice_level, "process.scheduler"},
		{p && x->silent && p->terminal, &x->silent, "process.terminal"},
		{p && x->stderr_to_null && p->terminal, &x->stderr_to_null, "process.terminal"},
		{p && x->skip_setsid && p->terminal, &x->skip_setsid, "process.terminal"},
		{maps && (l->os->uidMappings.n || l->os->gidMappings.n), map,
			"linux.uidMappings and gidMappings"},
		{maps && u && (u->has_uid || u->has_gid || u->additionalGids.n), map,
			"process.user"},
		{l->os->seccomp && x->seccomp_string.n,
			x->seccomp_string.n ? x->seccomp_string.v[0] : NULL, "linux.seccomp"},
		{l->os->seccomp && x->seccomp_policy_file, &x->seccomp_policy_file,
			"linux.seccomp"},
		{l->os->seccomp && x->seccomp_log, &x->seccomp_log, "linux.seccomp.flags"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].both)
			return OCI_FAIL(
				l, all[i].at, "this and %s: give one of them", all[i].other);
	}
	return 0;
}

/* What is not given means what it means in a container, not nsjail's default. */
static int make_complete(struct oci_load *l)
{
	struct nsjail_config *x = l->doc->jail;

	TRY(field_defaults(&table_nsjail_config, x, l->pool, l->e));
	if (!x->has_time_limit)
		x->time_limit = 0;
	x->clone_newuser = jail_has_new(l->jail, NS_USER);
	x->clone_newns = jail_has_own(l->jail, NS_MOUNT);
	return 0;
}

int oci_more_begin(struct oci_load *l)
{
	struct nsjail_config *x = l->doc->jail;

	if (!x)
		return 0;
	TRY(check_said(l));
	TRY(check_twice(l));
	l->bare = x->bare;
	l->jail->bare = x->bare;
	l->more_ids = x->uidmap.n || x->gidmap.n;
	if (l->more_ids && l->jail->ns[NS_USER].how == NS_JOIN)
		return OCI_FAIL(l, x->uidmap.n ? (void *)x->uidmap.v[0] : x->gidmap.v[0],
			"the user namespace that is joined has its mappings");
	TRY(make_complete(l));
	l->more = (struct nsjail_load){
		.doc = x,
		.origin = l->origin,
		.caller = l->caller,
		.door = NSJAIL_DOOR_OURS,
		.filter = l->filter,
		.pool = l->pool,
		.jail = l->jail,
		.e = l->e,
	};
	return 0;
}

/* --- the root, and what is mounted first --------------------------------------------------------- */

static int root_missing(struct oci_load *l)
{
	return OCI_FAIL(l, NULL, "%s: 'root' is missing", l->origin->file);
}

/* The root of a jail without a mount namespace is said by a mount on "/", as always. */
static int load_host_root(struct oci_load *l)
{
	if (!l->more.doc->mount.n)
		return root_missing(l);
	if (l->doc->mounts.n)
		return OCI_FAIL(l, l->doc->mounts.v[0], "mounts without a mount namespace");
	return nsjail_load_host_root(&l->more);
}

int oci_more_root(struct oci_load *l)
{
	struct jail_root *r = &l->jail->root;

	if (!l->more.doc)
		return root_missing(l);
	if (!l->more.doc->clone_newns)
		return load_host_root(l);
	*r = (struct jail_root){.propagation = MS_PRIVATE | MS_REC};
	if (l->os->has_rootfsPropagation)
		r->propagation = (uint64_t)l->os->rootfsPropagation;
	TRY(nsjail_load_mount_list(&l->more));
	return r->at ? 0 : root_missing(l);
}

int oci_more_mounts(struct oci_load *l)
{
	const void *at = l->jail->root.at;

	if (!l->more.doc)
		return 0;
	if (l->more.doc->mount.n && !l->more.doc->clone_newns)
		return OCI_FAIL(l, l->more.doc->mount.v[0], "mounts without a mount namespace");
	TRY(nsjail_load_mount_list(&l->more));
	if (l->jail->root.at != at)
		return OCI_FAIL(l, l->jail->root.at, "this and root: give one of them");
	return 0;
}

/* --- the rest ------------------------------------------------------------------------------------- */

static int load_ids(struct oci_load *l)
{
	if (l->more_ids)
		TRY(nsjail_load_ids(&l->more));
	return l->more_ids || l->bare ? nsjail_settle_ids(&l->more) : 0;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && !memcmp(a, b, n);
}

/* The caller's variables, the object's, then the process's. */
static int load_env(struct oci_load *l)
{
	const struct nsjail_config *x = l->more.doc;
	const struct texts own = l->jail->process.env;

	if (!x->keep_env && !x->envar.n)
		return 0;
	list_each (i, x->envar) {
		list_each (j, own) {
			if (same_name(x->envar.v[i], own.v[j]))
				return OCI_FAIL(l, x->envar.v[i],
					"this and process.env[%zu]: give one of them", j);
		}
	}
	l->jail->process.env = (struct texts){0};
	TRY(nsjail_load_env(&l->more));
	list_each (i, own)
		TRY(nsjail_add_env(&l->more, own.v[i]));
	return 0;
}

static int load_rlimits(struct oci_load *l)
{
	struct jail_rlimits *to = &l->jail->process.rlimits;
	const struct jail_rlimits own = *to;

	for (size_t i = 0; i < NSJAIL_LIMITS; i++) {
		const struct field *type = nsjail_limit_row(&nsjail_limits[i]) + 1;

		for (size_t j = 0; field_present(type, l->more.doc) && j < own.n; j++) {
			if (own.v[j].resource == nsjail_limits[i].resource)
				return OCI_FAIL(l, field_at(type, l->more.doc),
					"this and process.rlimits[%zu]: give one of them", j);
		}
	}
	to->v = pool_array(l->pool, own.n + NSJAIL_LIMITS, sizeof(*to->v));
	if (!to->v)
		return err_memory(l->e);
	if (own.n)
		memcpy(to->v, own.v, own.n * sizeof(*to->v));
	return nsjail_load_caller_limits(&l->more, true);
}

static int load_cgroup(struct oci_load *l)
{
	struct jail_cgroup *c = &l->jail->cgroup;

	TRY(nsjail_load_places(&l->more));
	if (c->path && (c->n_choices || c->parent_v2))
		return OCI_FAIL(l, &l->os->cgroupsPath,
			"this and the parent group of the jail object: give one of them");
	return 0;
}

static int load_process(struct oci_load *l)
{
	const struct nsjail_config *x = l->more.doc;
	struct jail_process *p = &l->jail->process;

	nsjail_load_manners(&l->more);
	if (x->has_nice_level)
		p->nice = (struct limit){true, x->nice_level};
	if (x->keep_caps)
		TRY(nsjail_load_caps(&l->more));
	TRY(load_ids(l));
	TRY(load_env(l));
	TRY(load_rlimits(l));
	return x->exec_bin ? nsjail_load_command(&l->more) : 0;
}

/* Nobody has asked for these. */
static void make_bare(struct oci_load *l)
{
	const struct oci_user *u = l->doc->process->user;
	struct jail_process *p = &l->jail->process;
	struct jail_cgroup *c = &l->jail->cgroup;

	p->umask.set = u && u->has_umask;
	p->make_cwd = p->find_home = p->own_stdio = false;
	/* Where nothing is limited no cgroup is touched. */
	if (!c->required && !c->n_devices && !c->path)
		c->manager = CGROUP_DISABLED;
}

int oci_load_more(struct oci_load *l)
{
	const struct nsjail_config *x = l->more.doc;

	if (!x)
		return 0;
	TRY(load_process(l));
	TRY(load_cgroup(l));
	l->jail->root.no_pivot = l->jail->root.no_pivot || x->no_pivotroot;
	if (x->iface_no_lo)
		l->jail->net.loopback = false;
	TRY(nsjail_load_devices(&l->more));
	TRY(nsjail_load_traffic(&l->more));
	TRY(nsjail_load_user_net(&l->more));
	if (l->bare)
		make_bare(l);
	nsjail_load_service(&l->more);
	nsjail_warn(&l->more);
	nsjail_load_watch(&l->more);
	return nsjail_load_policy(&l->more);
}
