/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "walk.h"

#define FAIL(jail, at, ...) origin_fail((jail)->origin, (at), e, EINVAL, __VA_ARGS__)

/* --- what is not enforced yet ------------------------------------------------------------------ */

/* A sink that compares the one word or text it is sent with another. */
struct compare {
	struct sink sink;
	const char *with;
	bool differs;
};

static int compare_take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct compare *c = (struct compare *)sink;

	(void)e;
	if (!c->with || strcmp(ev->s, c->with))
		c->differs = true;
	return 0;
}

static bool any_value(const struct field *f, const void *object);

/* An object in it asks for something by being there, as nsjail's user_net { pasta { } } does. */
static bool any_in(const struct table *t, const void *object)
{
	row_each (f, t) {
		if (field_present(f, object) &&
			(f->kind == FIELD_KIND_OBJECT || any_value(f, object)))
			return true;
	}
	return false;
}

/* True when the row's value asks for something: not the default, not empty, not an object of such. */
static bool any_value(const struct field *f, const void *object)
{
	struct compare c = {.sink.take = compare_take, .with = f->dflt};
	const struct list *l = field_at(f, object);
	const char *text;

	switch (f->kind) {
	case FIELD_KIND_SKIP:
		return false;
	case FIELD_KIND_OBJECT:
		return any_in(f->table, *(void *const *)field_at(f, object));
	case FIELD_KIND_TEXT:
		text = *(const char *const *)field_at(f, object);
		return *text && (!f->dflt || strcmp(text, f->dflt));
	case FIELD_KIND_BYTES:
	case FIELD_KIND_TEXTS:
	case FIELD_KIND_I32S:
	case FIELD_KIND_U32S:
	case FIELD_KIND_MAP:
	case FIELD_KIND_OBJECTS:
	case FIELD_KIND_MAP_OBJECTS:
		return l->n > 0;
	default:
		/* Cannot fail: the sink above does not. */
		(void)walk_value(f, object, 0, &c.sink, NULL);
		return c.differs;
	}
}

/* An object's place is noted at itself, a list's at its bracket or, without one, at its elements. */
static const void *noted_at(const struct field *f, const void *object, const struct origin *origin)
{
	const struct list *l = field_at(f, object);

	if (f->kind == FIELD_KIND_OBJECT)
		return l->v;
	if ((f->kind == FIELD_KIND_TEXTS || f->kind == FIELD_KIND_OBJECTS) && l->n &&
		!origin_place(origin, l).line)
		return l->v[0];
	return l;
}

static int refuse(
	const struct field *f, const void *object, const struct origin *origin, struct err *e)
{
	const void *at = noted_at(f, object, origin);

	origin_fail(origin, at, e, ENOTSUP, "not supported yet");
	/* A value whose place was not noted is still named. */
	if (e && !strstr(e->text, f->key))
		err_add(e, "%s", f->key);
	return -ENOTSUP;
}

static int check_row(
	const struct field *f, const void *object, const struct origin *origin, struct err *e)
{
	const struct list *l = field_at(f, object);

	if (f->flags & FIELD_NOT_YET)
		return any_value(f, object) ? refuse(f, object, origin, e) : 0;
	if (f->kind == FIELD_KIND_OBJECT)
		return check_supported(f->table, *(void *const *)field_at(f, object), origin, e);
	if (f->kind != FIELD_KIND_OBJECTS && f->kind != FIELD_KIND_MAP_OBJECTS)
		return 0;
	list_each (i, *l)
		TRY(check_supported(f->table, l->v[i], origin, e));
	return 0;
}

int check_supported(
	const struct table *t, const void *object, const struct origin *origin, struct err *e)
{
	row_each (f, t) {
		if (field_present(f, object))
			TRY(check_row(f, object, origin, e));
	}
	return 0;
}

int check_complete(
	const struct table *t, const void *object, const struct origin *origin, struct err *e)
{
	row_each (f, t) {
		const void *const *inner = field_at(f, object);

		if (f->flags & FIELD_REQUIRED && !field_present(f, object))
			return origin_fail(origin, object, e, EINVAL, "'%s' is missing", f->key);
		if (f->kind == FIELD_KIND_OBJECT && *inner)
			TRY(check_complete(f->table, *inner, origin, e));
	}
	return 0;
}

/* --- rules -------------------------------------------------------------------------------------- */

static int check_names(const struct jail *jail, struct err *e)
{
	const struct {
		const char *value, *what;
		const void *at;
	} names[] = {
		{jail->hostname, "host name", jail->at_hostname},
		{jail->domainname, "domain name", jail->at_domainname},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!names[i].value || !*names[i].value)
			continue;
		if (!jail_has_own(jail, NS_UTS)) {
			FAIL(jail, names[i].at,
				"the %s would be the host's without a UTS namespace",
				names[i].what);
			return err_fix(e, "add a namespace of type uts");
		}
		if (strlen(names[i].value) > 64)
			return FAIL(jail, names[i].at, "a %s longer than 64 bytes (sethostname(2))",
				names[i].what);
	}
	return 0;
}

/* Which namespace a kernel parameter belongs to; NS_KINDS: to none, so to the whole machine. */
static enum ns_kind sysctl_owner(const char *path)
{
	static const char *const ipc[] = {"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",
		"kernel/sem", "kernel/shmall", "kernel/shmmax", "kernel/shmmni",
		"kernel/shm_rmid_forced"};

	for (size_t i = 0; i < ARRAY_LEN(ipc); i++) {
		if (!strcmp(path, ipc[i]))
			return NS_IPC;
	}
	if (!strncmp(path, "fs/mqueue/", 10))
		return NS_IPC;
	if (!strncmp(path, "net/", 4))
		return NS_NET;
	if (!strcmp(path, "kernel/domainname"))
		return NS_UTS;
	if (!strncmp(path, "user/", 5))
		return NS_USER;
	return NS_KINDS;
}

static int check_sysctls(const struct jail *jail, struct err *e)
{
	for (size_t i = 0; i < jail->n_sysctls; i++) {
		const struct jail_sysctl *s = &jail->sysctls[i];
		enum ns_kind owner = sysctl_owner(s->path);

		if (!strcmp(s->path, "kernel/hostname"))
			return FAIL(jail, s->at, "the host name is set by 'hostname'");
		if (owner == NS_KINDS)
			return FAIL(jail, s->at,
				"'%s' belongs to no namespace: it would be set for the "
				"whole machine",
				s->path);
		if (!jail_has_own(jail, owner))
			return FAIL(jail, s->at,
				"'%s' would be the host's without a namespace of type %s", s->path,
				ns_names[owner].word);
	}
	return 0;
}

static bool overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < b ? b - a < a_count : a - b < b_count;
}

/* The kernel refuses both, without a word as to which. */
static int check_map(const struct jail *jail, const struct id_map *map, struct err *e)
{
	enum { MOST = 340 };

	if (map->n > MOST)
		return FAIL(jail, map->at, "%zu ranges of ids; the kernel takes %d at most", map->n,
			MOST);
	for (size_t i = 0; i < map->n; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct id_range *a = &map->v[i], *b = &map->v[j];

			if (overlap(a->inside, a->count, b->inside, b->count) ||
				overlap(a->outside, a->count, b->outside, b->count))
				return FAIL(jail, map->at, "the ranges %zu and %zu overlap", j, i);
		}
	}
	return 0;
}

static bool maps(const struct id_map *map, uint32_t id)
{
	for (size_t i = 0; i < map->n; i++) {
		if (id >= map->v[i].inside && id - map->v[i].inside < map->v[i].count)
			return true;
	}
	return !map->n;
}

static int check_ids(const struct jail *jail, struct err *e)
{
	const struct jail_process *p = &jail->process;

	if (!jail_has_new(jail, NS_USER))
		return 0;
	TRY(check_map(jail, &jail->ids.uids, e));
	TRY(check_map(jail, &jail->ids.gids, e));
	if (p->keep_ids)
		return 0;
	if (!maps(&jail->ids.uids, p->uid))
		return FAIL(
			jail, p->at_user, "user %u is not mapped into the user namespace", p->uid);
	if (!maps(&jail->ids.gids, p->gid))
		return FAIL(
			jail, p->at_user, "group %u is not mapped into the user namespace", p->gid);
	list_each (i, p->groups) {
		if (!maps(&jail->ids.gids, p->groups.v[i]))
			return FAIL(jail, p->at_user,
				"group %u is not mapped into the user namespace", p->groups.v[i]);
	}
	return 0;
}

/* The mappings of a mount's own are taken by the kernel as a user namespace's are. */
static int check_mount_ids(const struct jail *jail, struct err *e)
{
	list_each (i, jail->mounts) {
		const struct mount_ids *ids = &jail->mounts.v[i].ids;

		if (ids->how != IDMAP_OWN)
			continue;
		TRY(check_map(jail, &ids->uids, e));
		TRY(check_map(jail, &ids->gids, e));
	}
	return 0;
}

static int check_time(const struct jail *jail, struct err *e)
{
	if ((jail->time.monotonic.set || jail->time.boottime.set) && !jail_has_new(jail, NS_TIME))
		return FAIL(jail, jail->time.at, "clocks are set in a new time namespace only");
	return 0;
}

static int check_paths(const struct jail *jail, const struct jail_paths *paths, struct err *e)
{
	list_each (i, *paths) {
		if (paths->v[i][0] != '/')
			return FAIL(jail, paths->v[i], "'%s' is not an absolute path", paths->v[i]);
	}
	return 0;
}

int check_jail(const struct jail *jail, struct err *e)
{
	TRY(check_names(jail, e));
	TRY(check_sysctls(jail, e));
	TRY(check_ids(jail, e));
	TRY(check_mount_ids(jail, e));
	TRY(check_time(jail, e));
	TRY(check_paths(jail, &jail->masked, e));
	return check_paths(jail, &jail->readonly, e);
}
