/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_jail.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/path.h"
#include "set.h"

const struct pair *oci_annotation(const struct oci_load *l, const char *key)
{
	const struct pairs *all = &l->doc->annotations;

	for (size_t i = 0; i < all->n; i++) {
		if (!strcmp(all->v[i].key, key))
			return &all->v[i];
	}
	return NULL;
}

/* MAJOR.MINOR.PATCH, with "-…" or "+…" behind it (semver.org). */
static int read_version(const char *v, uint64_t *ret_major)
{
	uint64_t number;

	for (int i = 0; i < 3; i++) {
		size_t n = strspn(v, "0123456789");

		if (fmt_u64(v, n, i ? &number : ret_major) < 0 || (i < 2 && v[n] != '.'))
			return -EINVAL;
		v += n + (i < 2);
	}
	return *v && *v != '-' && *v != '+' ? -EINVAL : 0;
}

static int load_version(struct oci_load *l)
{
	const char *v = l->doc->ociVersion;
	uint64_t major;

	if (read_version(v, &major) < 0)
		return OCI_FAIL(l, &l->doc->ociVersion, "'%s' is no version such as 1.3.0", v);
	if (major != 1) {
		OCI_FAIL(l, &l->doc->ociVersion, "version %s is of another major than 1", v);
		return err_fix(l->e, "write the config to runtime-spec 1.x");
	}
	return 0;
}

/* --- namespaces and ids ----------------------------------------------------------------------- */

static int load_namespaces(struct oci_load *l)
{
	list_each (i, l->os->namespaces) {
		const struct oci_namespace *n = l->os->namespaces.v[i];
		struct jail_ns *ns = &l->jail->ns[n->type];

		if (ns->how != NS_SHARE)
			return OCI_FAIL(
				l, n, "a second namespace of type %s", ns_names[n->type].word);
		ns->at = n;
		/* Engines write "path": "" for a new namespace. */
		ns->how = n->path && *n->path ? NS_JOIN : NS_NEW;
		if (ns->how == NS_JOIN && *n->path != '/')
			return OCI_FAIL(l, &n->path, "'%s' is not an absolute path", n->path);
		ns->path = ns->how == NS_JOIN ? n->path : NULL;
	}
	return 0;
}

int oci_load_map(struct oci_load *l, const struct list *list, struct id_map *map)
{
	if (!list->n)
		return 0;
	map->at = list;
	map->v = pool_array(l->pool, list->n, sizeof(*map->v));
	if (!map->v)
		return err_memory(l->e);
	list_each (i, *list) {
		const struct oci_id_mapping *m = list->v[i];

		if (!m->size)
			return OCI_FAIL(l, &m->size, "a mapping of no ids");
		if ((uint64_t)m->containerID + m->size > UINT32_MAX ||
			(uint64_t)m->hostID + m->size > UINT32_MAX)
			return OCI_FAIL(l, m, "the ids go beyond 4294967294");
		map->v[map->n++] = (struct id_range){m->containerID, m->hostID, m->size};
	}
	return 0;
}

static int load_map(struct oci_load *l, const struct list *list, struct id_map *map, uint32_t own)
{
	TRY(oci_load_map(l, list, map));
	/* Without privilege the kernel takes one own id; for more, the setuid helpers have a word. */
	map->helper = !l->bare && l->caller->uid && map->n &&
		      (map->n > 1 || map->v[0].count > 1 || map->v[0].outside != own);
	return 0;
}

static int own_id_map(struct oci_load *l, struct id_map *map, uint32_t own)
{
	map->v = POOL_NEW(l->pool, struct id_range);
	if (!map->v)
		return err_memory(l->e);
	map->v[map->n++] = (struct id_range){0, own, 1};
	return 0;
}

static int load_ids(struct oci_load *l)
{
	const struct oci_linux *os = l->os;
	const struct jail_ns *user = &l->jail->ns[NS_USER];
	struct jail_ids *ids = &l->jail->ids;

	TRY(load_map(l, (const struct list *)&os->uidMappings, &ids->uids, l->caller->uid));
	TRY(load_map(l, (const struct list *)&os->gidMappings, &ids->gids, l->caller->gid));
	if ((ids->uids.n || ids->gids.n) && user->how == NS_SHARE)
		return OCI_FAIL(l, ids->uids.n ? ids->uids.at : ids->gids.at,
			"mappings without a user namespace");
	if (user->how != NS_NEW || l->more_ids)
		return 0;
	if (!ids->uids.n != !ids->gids.n)
		return OCI_FAIL(
			l, user->at, "user ids are mapped and group ids are not, or vice versa");
	if (ids->uids.n)
		return 0;
	if (!l->caller->uid) {
		OCI_FAIL(l, user->at, "a user namespace without mappings");
		return err_fix(l->e, "give linux.uidMappings and linux.gidMappings");
	}
	/* A plain user needs to say nothing: root inside is the user outside. */
	TRY(own_id_map(l, &ids->uids, l->caller->uid));
	return own_id_map(l, &ids->gids, l->caller->gid);
}

static struct jail_clock clock_of(const struct oci_time_offset *o)
{
	if (!o)
		return (struct jail_clock){0};
	return (struct jail_clock){.set = true, .seconds = o->secs, .nanoseconds = o->nanosecs};
}

static void load_time(struct oci_load *l)
{
	const struct oci_time_offsets *o = l->os->timeOffsets;

	if (!o)
		return;
	l->jail->time.monotonic = clock_of(o->monotonic);
	l->jail->time.boottime = clock_of(o->boottime);
	l->jail->time.at = o;
}

/* --- root ------------------------------------------------------------------------------------- */

static int load_root(struct oci_load *l)
{
	const struct oci_root *r = l->doc->root;
	struct jail_root *root = &l->jail->root;
	char path[PATH_MAX];

	if (!r)
		return oci_more_root(l);
	if (!*r->path)
		return OCI_FAIL(l, &r->path, "an empty path");
	if (path_join(path, sizeof(path), l->bundle, r->path) < 0)
		return OCI_FAIL(l, &r->path, "the path is too long");
	root->kind = ROOT_DIR;
	root->path = pool_text(l->pool, path);
	root->readonly = r->readonly;
	root->at = &r->path;
	root->propagation = MS_SLAVE | MS_REC;
	if (l->os->has_rootfsPropagation)
		root->propagation = (uint64_t)l->os->rootfsPropagation;
	return root->path ? oci_more_mounts(l) : err_memory(l->e);
}

static void load_paths(const struct texts *from, struct jail_paths *to)
{
	to->v = from->v;
	to->n = from->n;
	to->at = from;
}

/* --- hooks, notes, and jailrt's own ------------------------------------------------------------ */

static int load_hook_list(struct oci_load *l, const struct list *list, struct jail_hooks *hooks)
{
	hooks->v = pool_array(l->pool, list->n, sizeof(*hooks->v));
	if (!hooks->v)
		return err_memory(l->e);
	list_each (i, *list) {
		const struct oci_hook *h = list->v[i];

		if (*h->path != '/')
			return OCI_FAIL(l, &h->path, "'%s' is not an absolute path", h->path);
		hooks->v[hooks->n++] = (struct jail_hook){
			.path = h->path,
			.args = h->args,
			.env = h->env,
			.inherit_env = !h->env.v,
			.timeout = h->timeout,
			.at = h,
		};
	}
	return 0;
}

static int load_hooks(struct oci_load *l)
{
	const struct oci_hooks *h = l->doc->hooks;
	const struct list *const lists[HOOK_KINDS] = {
		[HOOK_PRESTART] = h ? (const struct list *)&h->prestart : NULL,
		[HOOK_CREATE_RUNTIME] = h ? (const struct list *)&h->createRuntime : NULL,
		[HOOK_CREATE_CONTAINER] = h ? (const struct list *)&h->createContainer : NULL,
		[HOOK_START_CONTAINER] = h ? (const struct list *)&h->startContainer : NULL,
		[HOOK_POSTSTART] = h ? (const struct list *)&h->poststart : NULL,
		[HOOK_POSTSTOP] = h ? (const struct list *)&h->poststop : NULL,
	};

	for (int kind = 0; kind < HOOK_KINDS; kind++) {
		if (lists[kind] && lists[kind]->n)
			TRY(load_hook_list(l, lists[kind], &l->jail->hooks[kind]));
	}
	return 0;
}

static int add_profiles(struct oci_load *l, const struct texts *names)
{
	struct texts *all = &l->jail->filter.profiles;

	list_each (i, *names) {
		const char **v = pool_grow(l->pool, all->v, all->n, sizeof(*v));

		if (!v)
			return err_memory(l->e);
		all->v = v;
		v[all->n++] = names->v[i];
	}
	return 0;
}

#define ANNOTATION_PREFIX "org.jailrt."

/* Pod authors write annotations: one can only make the jail stricter. */
static int load_annotation(struct oci_load *l, const struct pair *a)
{
	const char *key = a->key + strlen(ANNOTATION_PREFIX);
	const struct field *f = field_find(&table_nsjail_config, key);
	struct nsjail_config value = {0};
	struct jail_service *service = &l->jail->service;
	uint64_t limit;

	if (!f || !(f->flags & FIELD_TIGHTEN))
		return OCI_FAIL(l, a->value, "'%s' cannot be set by an annotation", key);
	if (field_set(f, &value, a->value, l->pool, l->e) < 0)
		return OCI_FAIL(l, a->value, "'%s' is no value for %s", a->value, key);
	limit = value.time_limit * 1000ULL;
	if (limit && (!service->time_limit || limit < service->time_limit))
		service->time_limit = limit;
	return add_profiles(l, &value.seccomp_profile);
}

/* From wherever a command is called, it is the same file. */
static int check_hook_files(const struct oci_load *l)
{
	static const char *const keys[] = {"run.oci.hooks.stdout", "run.oci.hooks.stderr"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct pair *a = oci_annotation(l, keys[i]);

		if (a && *a->value != '/')
			return OCI_FAIL(l, a->value, "'%s' is not an absolute path", a->value);
	}
	return 0;
}

/* The name of one cgroup below another. */
static int load_cgroup_name(struct oci_load *l, const struct pair *a, const char **ret)
{
	if (strchr(a->value, '/') || a->value[0] == '.' || !strncmp(a->value, "cgroup.", 7))
		return OCI_FAIL(l, a->value, "'%s' is no name of a cgroup", a->value);
	*ret = *a->value ? a->value : NULL;
	return 0;
}

static int load_note(struct oci_load *l, const struct pair *a)
{
	struct jail_cgroup *c = &l->jail->cgroup;

	if (!strncmp(a->key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)))
		return load_annotation(l, a);
	if (!strcmp(a->key, "run.oci.systemd.subgroup"))
		return load_cgroup_name(l, a, &c->subgroup);
	if (!strcmp(a->key, "run.oci.delegate-cgroup"))
		return load_cgroup_name(l, a, &c->delegated);
	return 0;
}

static int load_notes(struct oci_load *l)
{
	const struct pairs *all = &l->doc->annotations;

	l->jail->notes.annotations = *all;
	l->jail->notes.version = l->doc->ociVersion;
	l->jail->notes.bundle = l->bundle;
	TRY(check_hook_files(l));
	for (size_t i = 0; i < all->n; i++)
		TRY(load_note(l, &all->v[i]));
	return 0;
}

int oci_jail(const struct oci_config *doc, const struct origin *origin, const struct caller *caller,
	const char *bundle, const struct bytes *filter, struct pool *pool, struct jail *jail,
	struct err *e)
{
	static const struct oci_linux none;
	struct oci_load l = {
		.doc = doc,
		.os = doc->linux ? doc->linux : &none,
		.origin = origin,
		.caller = caller,
		.bundle = bundle,
		.filter = filter,
		.pool = pool,
		.jail = jail,
		.e = e,
	};

	jail_init(jail);
	jail->origin = origin;
	TRY(load_version(&l));
	TRY(load_namespaces(&l));
	TRY(oci_more_begin(&l));
	TRY(load_ids(&l));
	load_time(&l);
	TRY(load_root(&l));
	TRY(oci_load_mounts(&l));
	TRY(oci_load_devices(&l));
	load_paths(&l.os->maskedPaths, &jail->masked);
	load_paths(&l.os->readonlyPaths, &jail->readonly);
	TRY(oci_load_limits(&l));
	TRY(oci_load_rdt(&l));
	TRY(oci_load_net(&l));
	TRY(oci_load_process(&l));
	TRY(oci_load_seccomp(&l));
	TRY(load_hooks(&l));
	TRY(oci_load_more(&l));
	if (doc->jail)
		TRY(add_profiles(&l, &doc->jail->seccomp_profile));
	return load_notes(&l);
}
