/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "oci_jail.h"

/*
 * Mounts through which files belong to other ids: by mappings of the mount's own (config.md "Mounts"), by
 * those of the container's user namespace, or as crun's option says them.
 */

static int add_range(
	struct oci_load *l, struct id_map *map, uint32_t inside, uint32_t outside, uint32_t count)
{
	struct id_range *v = pool_grow(l->pool, map->v, map->n, sizeof(*v));

	if (!v)
		return err_memory(l->e);
	map->v = v;
	map->v[map->n++] = (struct id_range){inside, outside, count};
	return 0;
}

/* --- crun's option: idmap=uids=0-1000-10#20-@5-1;gids=… ---------------------------------------- */

/* Three numbers with "-" between, the whole text. */
static bool parse_triplet(const char *s, size_t len, uint32_t ret[3])
{
	for (int i = 0; i < 3; i++) {
		const char *end = i < 2 ? memchr(s, '-', len) : s + len;
		uint64_t n;

		if (!end || fmt_u64(s, (size_t)(end - s), &n) < 0 || n >= UINT32_MAX)
			return false;
		ret[i] = (uint32_t)n;
		len -= (size_t)(end - s) + (i < 2);
		s = end + (i < 2);
	}
	return ret[2] && (uint64_t)ret[0] + ret[2] <= UINT32_MAX &&
	       (uint64_t)ret[1] + ret[2] <= UINT32_MAX;
}

/* The second id is one of the container's: what it is on the host, range by range. */
static int add_relative(struct oci_load *l, const char *option, const struct id_map *container,
	const uint32_t t[3], struct id_map *map)
{
	uint32_t done = 0;

	while (done < t[2]) {
		const struct id_range *found = NULL;
		uint32_t id = t[1] + done, off, count;

		for (size_t i = 0; i < container->n && !found; i++) {
			const struct id_range *r = &container->v[i];

			if (id >= r->inside && id - r->inside < r->count)
				found = r;
		}
		if (!found)
			return OCI_FAIL(l, option,
				"'%s': %u is no id of the container's user namespace", option, id);
		off = id - found->inside;
		count = found->count - off < t[2] - done ? found->count - off : t[2] - done;
		TRY(add_range(l, map, t[0] + done, found->outside + off, count));
		done += count;
	}
	return 0;
}

static int parse_ranges(struct oci_load *l, const char *option, const char *s, size_t len,
	const struct id_map *container, struct id_map *map)
{
	const char *stop = s + len;

	map->at = option;
	for (const char *end; s < stop; s = end + 1) {
		bool relative = *s == '@';
		uint32_t t[3];

		end = memchr(s, '#', (size_t)(stop - s));
		end = end ? end : stop;
		if (!parse_triplet(s + relative, (size_t)(end - s) - relative, t))
			return OCI_FAIL(l, option, "'%s': '%.*s' is not ID-ID-COUNT", option,
				(int)(end - s), s);
		if (relative)
			TRY(add_relative(l, option, container, t, map));
		else
			TRY(add_range(l, map, t[0], t[1], t[2]));
	}
	return map->n ? 0 : OCI_FAIL(l, option, "'%s': no ids", option);
}

static int parse_maps(struct oci_load *l, struct jail_mount *m, const char *option, const char *s)
{
	const struct jail_ids *jail = &l->jail->ids;
	const char *end;

	for (; *s; s = *end ? end + 1 : end) {
		bool gids = !strncmp(s, "gids=", 5);
		struct id_map *map = gids ? &m->ids.gids : &m->ids.uids;

		end = strchrnul(s, ';');
		if ((!gids && strncmp(s, "uids=", 5)) || map->n)
			return OCI_FAIL(
				l, option, "'%s' is not of the form idmap=uids=…;gids=…", option);
		TRY(parse_ranges(l, option, s + 5, (size_t)(end - s) - 5,
			gids ? &jail->gids : &jail->uids, map));
	}
	/* What is not said is as in the container's user namespace. */
	if (!m->ids.uids.n)
		m->ids.uids = jail->uids;
	if (!m->ids.gids.n)
		m->ids.gids = jail->gids;
	if (m->ids.uids.n && m->ids.gids.n)
		return 0;
	return OCI_FAIL(l, option,
		"'%s' maps only one kind of ids, and no user namespace has mappings for the other",
		option);
}

int oci_load_idmap_option(struct oci_load *l, struct jail_mount *m, const char *option)
{
	const char *maps = strchr(option, '=');

	if (m->ids.how != IDMAP_NONE)
		return OCI_FAIL(l, option, "idmap or ridmap was given already");
	m->ids.how = maps ? IDMAP_OWN : IDMAP_JAIL;
	m->ids.deep = *option == 'r';
	m->ids.at = option;
	return maps ? parse_maps(l, m, option, maps + 1) : 0;
}

/* --- uidMappings, gidMappings ------------------------------------------------------------------ */

static int load_own(struct oci_load *l, const struct oci_mount *o, struct jail_mount *m)
{
	if (!o->uidMappings.n || !o->gidMappings.n) {
		OCI_FAIL(l, o->uidMappings.n ? (const void *)&o->uidMappings : &o->gidMappings,
			"uidMappings and gidMappings go together: the other is missing");
		return -EINVAL;
	}
	if (m->ids.how == IDMAP_OWN)
		return OCI_FAIL(l, m->ids.at, "the mount has mappings of its own already");
	m->ids.how = IDMAP_OWN;
	m->ids.at = m->ids.at ? m->ids.at : &o->uidMappings;
	TRY(oci_load_map(l, (const struct list *)&o->uidMappings, &m->ids.uids));
	return oci_load_map(l, (const struct list *)&o->gidMappings, &m->ids.gids);
}

/* It has to be made outside of the container, where these would show the host's. */
static bool namespaced(const char *type)
{
	static const char *const types[] = {
		"proc", "sysfs", "mqueue", "devpts", "cgroup", "cgroup2"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!strcmp(types[i], type))
			return true;
	}
	return false;
}

int oci_load_mount_ids(struct oci_load *l, const struct oci_mount *o, struct jail_mount *m)
{
	if (o->uidMappings.n || o->gidMappings.n)
		TRY(load_own(l, o, m));
	if (m->ids.how == IDMAP_NONE)
		return 0;
	if (m->kind != MOUNT_BIND && m->kind != MOUNT_FS)
		return OCI_FAIL(l, m->ids.at, "ids are mapped for binds and new filesystems only");
	if (m->kind == MOUNT_FS && namespaced(m->type))
		return OCI_FAIL(
			l, m->ids.at, "ids cannot be mapped in a filesystem of type %s", m->type);
	if (m->ids.how == IDMAP_OWN || jail_has_own(l->jail, NS_USER))
		return 0;
	OCI_FAIL(l, m->ids.at, "neither has the mount mappings nor the container a user namespace");
	return err_fix(l->e, "give the mount uidMappings and gidMappings");
}
