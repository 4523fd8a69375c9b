/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "../runtime/base/path.h"
#include "convert.h"
#include "jail.h"

/* Root and mounts of a config.json in an nsjail config; and the devices that every container has. */

static struct nsjail_mount *add(struct to_nsjail *t)
{
	struct nsjail_mount *m = POOL_NEW(t->c.pool, struct nsjail_mount);

	return convert_add(&t->c, &t->out->mount, m) < 0 ? NULL : m;
}

/* From the bundle, where it is relative. */
static const char *absolute(struct to_nsjail *t, const char *path)
{
	char joined[PATH_MAX];

	if (*path == '/')
		return path;
	if (path_join(joined, sizeof(joined), t->bundle, path) < 0)
		return NULL;
	return pool_text(t->c.pool, joined);
}

/* --- options --------------------------------------------------------------------------------------- */

enum { BASIC = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

struct look {
	struct mount_attrs attrs, deep;
	bool bind, recursive;
};

/* What the words come to: a later one takes back an earlier one. */
static void look(const struct oci_mount *o, struct look *ret)
{
	const char *type = o->type ? o->type : "";

	*ret = (struct look){
		.bind = !strcmp(type, "bind") || !strcmp(type, "rbind"),
		.recursive = !strcmp(type, "rbind"),
	};
	list_each (i, o->options) {
		const struct mount_word *w = mount_word_find(o->options.v[i]);
		struct mount_attrs *a = w && w->recursive ? &ret->deep : &ret->attrs;

		if (w && w->kind == MOUNT_WORD_ATTR) {
			a->clear = (a->clear & ~w->set) | w->clear;
			a->set = (a->set & ~w->clear) | w->set;
		} else if (w && w->kind == MOUNT_WORD_BIND) {
			ret->bind = true;
			ret->recursive = ret->recursive || w->recursive;
		}
	}
}

/* 1: a word for the options; 0: said by a field, or nothing to be said. */
static int keeps(struct to_nsjail *t, const struct look *l, const char *word)
{
	const struct mount_word *w = mount_word_find(word);

	if (!w && strncmp(word, "idmap=", 6) != 0 && strncmp(word, "ridmap=", 7) != 0)
		return 1;
	if (w && w->kind == MOUNT_WORD_ATTR && w->recursive)
		return !(l->bind && w->set == MOUNT_ATTR_RDONLY && l->deep.set & MOUNT_ATTR_RDONLY);
	if (w && w->kind == MOUNT_WORD_ATTR && (w->set | w->clear) & BASIC)
		return (w->clear & l->attrs.clear) != 0;
	if (w && (w->kind == MOUNT_WORD_ATTR || w->kind == MOUNT_WORD_SUPER))
		return 1;
	if (w && (w->kind == MOUNT_WORD_BIND || w->kind == MOUNT_WORD_NOTHING))
		return 0;
	/* Everything in the jail is private. */
	if (w && w->kind == MOUNT_WORD_PROPAGATION && w->set == MS_PRIVATE)
		return 0;
	return convert_lost(&t->c, word, NULL);
}

static int put_options(struct to_nsjail *t, const struct oci_mount *o, const struct look *l,
	struct nsjail_mount *m)
{
	uint64_t set = l->attrs.set;
	int r;

	list_each (i, o->options) {
		r = keeps(t, l, o->options.v[i]);
		if (r > 0 && strchr(o->options.v[i], ','))
			r = convert_lost(&t->c, o->options.v[i], NULL);
		TRY(r);
		if (!r)
			continue;
		m->options = pool_printf(t->c.pool, "%s%s%s", m->options ? m->options : "",
			m->options ? "," : "", o->options.v[i]);
		if (!m->options)
			return err_memory(t->c.e);
	}
	if (set & MOUNT_ATTR_NOSUID)
		OPT_SET(m, nosuid, true);
	if (set & MOUNT_ATTR_NODEV)
		OPT_SET(m, nodev, true);
	if (set & MOUNT_ATTR_NOEXEC)
		OPT_SET(m, noexec, true);
	/* A bind that is read-only is so with all that is mounted beneath it: it may be more, never less. */
	if (!(set & MOUNT_ATTR_RDONLY) && !(l->bind && l->deep.set & MOUNT_ATTR_RDONLY))
		OPT_SET(m, rw, true);
	return 0;
}

/* --- mounts ---------------------------------------------------------------------------------------- */

static bool is_cgroup(const struct oci_mount *o)
{
	return o->type && (!strcmp(o->type, "cgroup") || !strcmp(o->type, "cgroup2"));
}

static bool is_remount(const struct oci_mount *o)
{
	list_each (i, o->options) {
		const struct mount_word *w = mount_word_find(o->options.v[i]);

		if (w && w->kind == MOUNT_WORD_REMOUNT)
			return true;
	}
	return false;
}

static int put_mount(struct to_nsjail *t, const struct oci_mount *o)
{
	static const char *const taken[] = {"destination", "type", "source", "options", NULL};
	struct nsjail_mount *m;
	struct look l;

	look(o, &l);
	if (is_remount(o))
		return convert_lost(&t->c, o, "a remount");
	if (!l.bind && is_cgroup(o))
		return convert_lost(&t->c, o, "a mount of the container's cgroup");
	if (l.bind && !l.recursive)
		TRY(convert_lost(&t->c, o, "a bind without what is mounted beneath"));
	m = add(t);
	if (!m)
		return -t->c.e->code;
	m->dst = o->destination;
	if (l.bind) {
		OPT_SET(m, is_bind, true);
		m->src = o->source ? absolute(t, o->source) : NULL;
		if (!m->src)
			return convert_fail(&t->c, o, "a bind without a source that can be");
	} else {
		m->src = o->source;
		m->fstype = o->type;
	}
	TRY(put_options(t, o, &l, m));
	return convert_others(&t->c, convert_table(&table_oci_config, "mounts"), o, taken);
}

/* nsjail's own way to say it, where it is the last one. */
static bool is_mount_proc(const struct oci_mount *o)
{
	static const char *const words[] = {"nosuid", "nodev", "noexec", "ro"};

	if (strcmp(o->destination, "/proc") != 0 || !o->type || strcmp(o->type, "proc") != 0 ||
		!o->source || strcmp(o->source, "proc") != 0 || o->options.n != ARRAY_LEN(words) ||
		o->uidMappings.n || o->gidMappings.n)
		return false;
	list_each (i, o->options) {
		if (strcmp(o->options.v[i], words[i]) != 0)
			return false;
	}
	return true;
}

/* --- the root, devices ------------------------------------------------------------------------------ */

static int put_root(struct to_nsjail *t)
{
	static const char *const taken[] = {"path", "readonly", NULL};
	const struct oci_root *r = t->in->root;
	struct nsjail_mount *m;

	if (!r)
		return 0; /* one of the jail object's mounts is it */
	m = add(t);
	if (!m)
		return -t->c.e->code;
	m->src = absolute(t, r->path);
	if (!m->src)
		return convert_fail(&t->c, &r->path, "the path is too long");
	m->dst = "/";
	OPT_SET(m, is_bind, true);
	if (!r->readonly)
		OPT_SET(m, rw, true);
	return convert_others(&t->c, convert_table(&table_oci_config, "root"), r, taken);
}

/* What the spec gives every container, in the only way that a config has: from the host. */
static int put_devices(struct to_nsjail *t)
{
	static const char *const nodes[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
	static const char *const links[][2] = {{"/dev/fd", "/proc/self/fd"},
		{"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
		{"/dev/stderr", "/proc/self/fd/2"}, {"/dev/ptmx", "pts/ptmx"}};
	struct nsjail_mount *m;

	list_each (i, t->in->mounts) {
		struct look l;

		look(t->in->mounts.v[i], &l);
		if (l.bind && !strcmp(t->in->mounts.v[i]->destination, "/dev"))
			return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		if (!(m = add(t)))
			return -t->c.e->code;
		m->src = m->dst = nodes[i];
		OPT_SET(m, is_bind, true);
		OPT_SET(m, rw, true);
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (!(m = add(t)))
			return -t->c.e->code;
		m->dst = links[i][0];
		m->src = links[i][1];
		OPT_SET(m, is_symlink, true);
		OPT_SET(m, mandatory, false); /* an image may have it */
	}
	return 0;
}

int convert_mounts_to_nsjail(struct to_nsjail *t)
{
	const struct nsjail_config *more = t->in->jail;
	size_t n = t->in->mounts.n;

	convert_drop(&table_nsjail_config, t->out, "mount");
	TRY(put_root(t));
	for (size_t i = 0; more && i < more->mount.n; i++)
		TRY(convert_add(&t->c, &t->out->mount, more->mount.v[i]));
	if (t->bare && n && is_mount_proc(t->in->mounts.v[n - 1])) {
		OPT_SET(t->out, mount_proc, true);
		n--;
	}
	for (size_t i = 0; i < n; i++)
		TRY(put_mount(t, t->in->mounts.v[i]));
	if (t->os->has_rootfsPropagation && (t->os->rootfsPropagation & ~MS_REC) != MS_PRIVATE)
		TRY(convert_lost(&t->c, &t->os->rootfsPropagation, NULL));
	return t->bare ? 0 : put_devices(t);
}
