/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/mount.h>
#include <limits.h>
#include <string.h>

#include "../runtime/base/path.h"
#include "convert.h"
#include "jail.h"

/*
 * Mounts of an nsjail config in a config.json. The jail object's mounts are made before the config's, so the
 * last ones that the spec can say go to "mounts", and all before them to the object: the order is kept.
 */

/* What the words of options come to. */
struct sum {
	struct mount_attrs attrs, deep;
	bool own; /* options of the filesystem */
	bool odd; /* that mean another thing in a config.json, or nothing */
};

static void add_word(const char *word, struct sum *s)
{
	const struct mount_word *w = mount_word_find(word);
	struct mount_attrs *a = w && w->recursive ? &s->deep : &s->attrs;

	if (!w) {
		s->own = true;
		s->odd = s->odd || !strncmp(word, "idmap=", 6) || !strncmp(word, "ridmap=", 7);
	} else if (w->kind == MOUNT_WORD_ATTR) {
		a->set = (a->set & ~w->clear) | w->set;
		a->clear = (a->clear & ~w->set) | w->clear;
	} else if (w->kind != MOUNT_WORD_SUPER && w->kind != MOUNT_WORD_NOTHING) {
		s->odd = true;
	}
}

static int sum_up(struct convert *c, const char *options, struct sum *ret)
{
	const char *word;
	int r;

	*ret = (struct sum){0};
	while ((r = convert_next_word(c, &options, &word)) > 0)
		add_word(word, ret);
	return r;
}

static uint64_t bits_of(const struct nsjail_mount *m)
{
	return (m->nosuid ? MOUNT_ATTR_NOSUID : 0) | (m->nodev ? MOUNT_ATTR_NODEV : 0) |
	       (m->noexec ? MOUNT_ATTR_NOEXEC : 0);
}

static bool is_plain(const struct nsjail_mount *m)
{
	return !m->src_content.len && !m->is_symlink && !m->has_is_dir &&
	       !(m->has_mandatory && !m->mandatory) && !convert_given(m->prefix_src_env) &&
	       !convert_given(m->prefix_dst_env) && convert_given(m->dst);
}

/* Types that are something else there. */
static bool is_other_type(const char *type)
{
	return !strcmp(type, "bind") || !strcmp(type, "rbind") || !strcmp(type, "cgroup") ||
	       !strcmp(type, "cgroup2");
}

static bool is_on_root(const struct nsjail_mount *m)
{
	char path[PATH_MAX];

	return convert_given(m->dst) && path_join(path, sizeof(path), "/", m->dst) >= 0 &&
	       !strcmp(path, "/");
}

/* Whatever the environment has. */
static bool is_surely_root(const struct nsjail_mount *m)
{
	bool left_out = convert_given(m->prefix_src_env) && m->has_mandatory && !m->mandatory;

	return is_on_root(m) && !convert_given(m->prefix_dst_env) && !left_out;
}

/* A word that takes back what a field says: there the last one would count. */
static bool is_at_odds(const struct nsjail_mount *m, const struct sum *s)
{
	uint64_t bits = bits_of(m) | (!m->rw && !m->is_bind ? MOUNT_ATTR_RDONLY : 0);

	return s->attrs.clear & bits || (!m->rw && m->is_bind && s->deep.clear & MOUNT_ATTR_RDONLY);
}

/* 1: a config.json says it in its mounts. */
static int is_said(struct convert *c, const struct nsjail_mount *m)
{
	struct sum s;

	if (!is_plain(m) || is_on_root(m))
		return 0;
	TRY(sum_up(c, m->options, &s));
	if (s.odd || is_at_odds(m, &s))
		return 0;
	if (!m->is_bind)
		return convert_given(m->fstype) && !is_other_type(m->fstype);
	/* Read-only at the top alone is what nsjail has no field for: on the way back it would be all. */
	return convert_given(m->src) && *m->src == '/' && !convert_given(m->fstype) && !s.own &&
	       !(s.attrs.set & MOUNT_ATTR_RDONLY);
}

static int add_options(struct convert *c, const struct nsjail_mount *m, struct texts *to)
{
	const char *options = m->options, *word;
	const struct {
		bool set;
		const char *word;
	} fields[] = {
		{m->nosuid, "nosuid"},
		{m->nodev, "nodev"},
		{m->noexec, "noexec"},
		{!m->rw, m->is_bind ? "rro" : "ro"},
	};
	int r;

	if (m->is_bind)
		TRY(convert_add_text(c, to, "rbind"));
	while ((r = convert_next_word(c, &options, &word)) > 0)
		TRY(convert_add_text(c, to, word));
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(fields); i++) {
		if (fields[i].set)
			TRY(convert_add_text(c, to, fields[i].word));
	}
	return r;
}

static int add_mount(struct to_oci *t, const struct nsjail_mount *m)
{
	struct oci_mount *o = POOL_NEW(t->c.pool, struct oci_mount);

	TRY(convert_add(&t->c, &t->out->mounts, o));
	o->destination = m->dst;
	o->type = m->is_bind ? NULL : m->fstype;
	o->source = convert_given(m->src) ? m->src : NULL;
	return add_options(&t->c, m, &o->options);
}

/* As nsjail mounts it, behind all others. */
static int add_proc(struct to_oci *t)
{
	struct nsjail_mount proc = {
		.src = "proc",
		.dst = "/proc",
		.fstype = "proc",
		.nosuid = true,
		.nodev = true,
		.noexec = true,
	};

	return add_mount(t, &proc);
}

/* --- the root ------------------------------------------------------------------------------------- */

static struct nsjail_mount *add_root(struct to_oci *t)
{
	struct nsjail_mount *m = POOL_NEW(t->c.pool, struct nsjail_mount);

	if (convert_add(&t->c, &t->more->mount, m) < 0)
		return NULL;
	m->dst = "/";
	return m;
}

/* What an nsjail config that mounts nothing on "/" has. */
static int say_root(struct to_oci *t)
{
	struct nsjail_mount *m = add_root(t);

	if (!m)
		return -t->c.e->code;
	if (t->d->clone_newns) {
		m->fstype = "tmpfs";
		m->options = "size=16777216";
		return 0;
	}
	m->src = "/";
	OPT_SET(m, is_bind, true);
	OPT_SET(m, rw, true);
	return 0;
}

/* A directory that can be written to, and nothing besides, is what the spec calls a root. */
static bool is_spec_root(const struct nsjail_mount *m)
{
	char path[PATH_MAX];

	return m->is_bind && m->rw && is_plain(m) && !bits_of(m) && !convert_given(m->options) &&
	       !convert_given(m->fstype) && convert_given(m->src) &&
	       path_join(path, sizeof(path), "/", m->src) >= 0 && !strcmp(path, m->src);
}

static int set_spec_root(struct to_oci *t, const struct nsjail_mount *m)
{
	struct oci_root *root = POOL_NEW(t->c.pool, struct oci_root);

	if (!root)
		return err_memory(t->c.e);
	root->path = m->src;
	t->out->root = root;
	OPT_SET(t->out->linux, rootfsPropagation, MS_PRIVATE | MS_REC);
	return 0;
}

/* How many of the mounts go to the object: those up to the last one that the spec cannot say. */
static int count_object(struct to_oci *t, size_t *ret)
{
	size_t n = t->in->mount.n;
	int r = 1;

	while (n && t->d->clone_newns && (r = is_said(&t->c, t->in->mount.v[n - 1])) > 0)
		n--;
	*ret = n;
	return r;
}

int convert_mounts_to_oci(struct to_oci *t)
{
	struct nsjail_mount *const *v = t->in->mount.v;
	bool rooted = false;
	size_t n;

	convert_drop(&table_nsjail_config, t->more, "mount");
	convert_drop(&table_nsjail_config, t->more, "mount_proc");
	TRY(count_object(t, &n));
	for (size_t i = 0; i < n; i++)
		rooted = rooted || is_surely_root(v[i]);
	if (t->d->clone_newns && n == 1 && rooted && is_spec_root(v[0]))
		TRY(set_spec_root(t, v[0]));
	else if (t->d->clone_newns ? !rooted : !n)
		TRY(say_root(t));
	for (size_t i = 0; i < n && !t->out->root; i++)
		TRY(convert_add(&t->c, &t->more->mount, v[i]));
	for (size_t i = n; i < t->in->mount.n; i++)
		TRY(add_mount(t, v[i]));
	return t->d->mount_proc ? add_proc(t) : 0;
}
