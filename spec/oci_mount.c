/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "../runtime/base/path.h"
#include "oci_jail.h"

/* --- mounts (config.md "Mounts") --------------------------------------------------------------- */

static void apply_attr(const struct mount_word *w, struct mount_attrs *a)
{
	a->clear = (a->clear & ~w->set) | w->clear;
	a->set = (a->set & ~w->clear) | w->set;
}

static int add_option(struct oci_load *l, struct jail_mount *m, const char *option)
{
	const char **v = pool_grow(l->pool, m->options.v, m->options.n, sizeof(*v));

	if (!v)
		return err_memory(l->e);
	m->options.v = v;
	m->options.v[m->options.n++] = option;
	return 0;
}

static int load_option(struct oci_load *l, struct jail_mount *m, const char *option)
{
	const struct mount_word *w = mount_word_find(option);

	if (!strncmp(option, "idmap=", 6) || !strncmp(option, "ridmap=", 7))
		return oci_load_idmap_option(l, m, option);
	if (!w)
		return add_option(l, m, option);
	switch (w->kind) {
	case MOUNT_WORD_ATTR:
		apply_attr(w, w->recursive ? &m->deep : &m->attrs);
		return 0;
	case MOUNT_WORD_SUPER:
		m->super = (m->super & ~w->clear) | w->set;
		return 0;
	case MOUNT_WORD_PROPAGATION:
		m->propagation = w->set | (w->recursive ? MS_REC : 0);
		return 0;
	case MOUNT_WORD_BIND:
		/* "remount,bind" changes a mount, as in mount(8), in whatever order. */
		if (m->kind != MOUNT_REMOUNT)
			m->kind = MOUNT_BIND;
		m->recursive = m->recursive || w->recursive;
		return 0;
	case MOUNT_WORD_REMOUNT:
		m->kind = MOUNT_REMOUNT;
		return 0;
	case MOUNT_WORD_COPY_UP:
		m->copy_up = true;
		return 0;
	case MOUNT_WORD_IDMAP:
		return oci_load_idmap_option(l, m, option);
	case MOUNT_WORD_LINK:
		m->links |= (uint32_t)w->set;
		return 0;
	case MOUNT_WORD_NOTHING:
		return 0;
	}
	return 0;
}

/* A symlink is copied or mounted, not both; and it is a bind's alone. */
static int check_links(struct oci_load *l, const struct oci_mount *o, const struct jail_mount *m)
{
	if (!m->links)
		return 0;
	if (m->kind != MOUNT_BIND)
		return OCI_FAIL(
			l, o, "copy-symlink, src-nofollow and dest-nofollow are for binds only");
	if (m->links & MOUNT_LINK_COPY && m->links != MOUNT_LINK_COPY)
		return OCI_FAIL(
			l, o, "copy-symlink goes with neither src-nofollow nor dest-nofollow");
	return 0;
}

static int load_source(struct oci_load *l, const struct oci_mount *o, struct jail_mount *m)
{
	char path[PATH_MAX];

	if (m->kind != MOUNT_BIND) {
		m->source = o->source;
		return 0;
	}
	if (!o->source || !*o->source)
		return OCI_FAIL(l, o, "a bind without 'source'");
	m->source = o->source;
	if (*o->source == '/')
		return 0;
	if (path_join(path, sizeof(path), l->bundle, o->source) < 0)
		return OCI_FAIL(l, &o->source, "the path is too long");
	m->source = pool_text(l->pool, path);
	return m->source ? 0 : err_memory(l->e);
}

/* The kernel takes a filesystem's own options for a new one only, and would say nothing. */
static int check_options(struct oci_load *l, const struct jail_mount *m)
{
	if (!m->options.n || (m->kind != MOUNT_BIND && m->kind != MOUNT_REMOUNT))
		return 0;
	return OCI_FAIL(l, m->options.v[0],
		"'%s' is no option of a mount; a filesystem's own are not for a bind or remount",
		m->options.v[0]);
}

/* --- SELinux labels of mounts ------------------------------------------------------------------ */

static const char *label_option(const struct oci_load *l)
{
	const struct pair *a = oci_annotation(l, "run.oci.mount_context_type");

	return a ? a->value : "context";
}

static int load_label(struct oci_load *l)
{
	static const char *const known[] = {"context", "fscontext", "defcontext", "rootcontext"};
	const char *label = l->os->mountLabel, *option = label_option(l);

	if (label && *label) {
		l->jail->mount_label = label;
		l->jail->at_mount_label = &l->os->mountLabel;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!strcmp(option, known[i]))
			return 0;
	}
	return OCI_FAIL(l, option, "'%s' is none of context, fscontext, defcontext and rootcontext",
		option);
}

/* As runc and crun: the kernel's own files have the policy's labels; a message queue takes one later. */
static int label_mount(struct oci_load *l, struct jail_mount *m)
{
	const char *option = label_option(l), *text;

	if (!l->jail->mount_label || m->kind != MOUNT_FS || !strcmp(m->type, "proc") ||
		!strcmp(m->type, "sysfs"))
		return 0;
	if (!strcmp(m->type, "mqueue")) {
		m->label = l->jail->mount_label;
		return 0;
	}
	for (size_t i = 0; i < m->options.n; i++) {
		const char *o = m->options.v[i];

		if (!strncmp(o, option, strlen(option)) && o[strlen(option)] == '=')
			return 0;
	}
	/* A label may hold commas. */
	text = pool_printf(l->pool, "%s=\"%s\"", option, l->jail->mount_label);
	return text ? add_option(l, m, text) : err_memory(l->e);
}

static int load_mount(struct oci_load *l, const struct oci_mount *o)
{
	struct jail_mount *m = jail_add_mount(l->jail, l->pool);
	const char *type = o->type ? o->type : "";
	char target[PATH_MAX];

	if (!m)
		return err_memory(l->e);
	m->at = o;
	if (!*o->destination)
		return OCI_FAIL(l, &o->destination, "an empty destination");
	/* A relative destination is deprecated; it means relative to "/". */
	if (path_join(target, sizeof(target), "/", o->destination) < 0)
		return OCI_FAIL(l, &o->destination, "the path is too long");
	m->target = pool_text(l->pool, target);
	m->type = type;
	if (!strcmp(type, "bind") || !strcmp(type, "rbind")) {
		m->kind = MOUNT_BIND;
		m->recursive = *type == 'r';
	}
	list_each (i, o->options)
		TRY(load_option(l, m, o->options.v[i]));
	TRY(check_options(l, m));
	if (m->kind == MOUNT_FS && (!strcmp(type, "cgroup") || !strcmp(type, "cgroup2")))
		m->kind = MOUNT_CGROUP;
	if (m->kind == MOUNT_FS && !*type)
		return OCI_FAIL(l, o, "neither a 'type' nor the option bind or rbind");
	if (m->copy_up && (m->kind != MOUNT_FS || strcmp(type, "tmpfs")))
		return OCI_FAIL(l, o, "tmpcopyup is for tmpfs only");
	TRY(label_mount(l, m));
	TRY(check_links(l, o, m));
	TRY(oci_load_mount_ids(l, o, m));
	TRY(load_source(l, o, m));
	return m->target ? 0 : err_memory(l->e);
}

int oci_load_mounts(struct oci_load *l)
{
	TRY(load_label(l));
	list_each (i, l->doc->mounts)
		TRY(load_mount(l, l->doc->mounts.v[i]));
	return 0;
}

int oci_jail_mounts(const struct oci_config *config, const struct oci_mounts *mounts,
	const struct origin *origin, const struct caller *caller, const char *bundle,
	struct pool *pool, struct jail *jail, struct err *e)
{
	static const struct oci_linux no_linux;
	struct oci_config *doc = POOL_NEW(pool, struct oci_config);
	struct oci_load l = {
		.doc = doc,
		.os = config && config->linux ? config->linux : &no_linux,
		.origin = origin,
		.caller = caller,
		.bundle = bundle,
		.pool = pool,
		.jail = jail,
		.e = e,
	};

	if (!doc)
		return err_memory(e);
	doc->mounts.v = mounts->mounts.v;
	doc->mounts.n = mounts->mounts.n;
	jail->mounts = (struct jail_mounts){0};
	jail->origin = origin;
	return oci_load_mounts(&l);
}

/* --- devices (config-linux.md "Devices", "Default Devices") ------------------------------------ */

static const struct jail_device standard_devices[] = {
	{"/dev/null", S_IFCHR | 0666, 1, 3, 0, 0, true, NULL},
	{"/dev/zero", S_IFCHR | 0666, 1, 5, 0, 0, true, NULL},
	{"/dev/full", S_IFCHR | 0666, 1, 7, 0, 0, true, NULL},
	{"/dev/random", S_IFCHR | 0666, 1, 8, 0, 0, true, NULL},
	{"/dev/urandom", S_IFCHR | 0666, 1, 9, 0, 0, true, NULL},
	{"/dev/tty", S_IFCHR | 0666, 5, 0, 0, 0, true, NULL},
};

static const struct jail_link standard_links[] = {
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/ptmx", "pts/ptmx"},
};

static uint32_t device_type(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

static int load_device(struct oci_load *l, const struct oci_device *o)
{
	struct jail_device *d = jail_add_device(l->jail, l->pool);
	char path[PATH_MAX];

	if (!d)
		return err_memory(l->e);
	d->at = o;
	if (path_join(path, sizeof(path), "/", o->path) < 0 || !strcmp(path, "/"))
		return OCI_FAIL(l, &o->path, "'%s' cannot be the path of a device", o->path);
	d->path = pool_text(l->pool, path);
	if (*o->type != 'p' && (!o->has_major || !o->has_minor))
		return OCI_FAIL(l, o, "'major' and 'minor' are needed");
	d->mode = device_type(*o->type) | (o->has_fileMode ? o->fileMode & 07777 : 0666);
	/* podman has what stat(2) says of the host's own there. */
	if (o->fileMode & S_IFMT && (o->fileMode & S_IFMT) != (d->mode & S_IFMT))
		return OCI_FAIL(l, &o->fileMode, "0%o is the mode of another type than '%s'",
			o->fileMode, o->type);
	d->major = (uint32_t)o->major;
	d->minor = (uint32_t)o->minor;
	d->uid = o->uid;
	d->gid = o->gid;
	return d->path ? 0 : err_memory(l->e);
}

static bool has_device(const struct jail *jail, const char *path)
{
	list_each (i, jail->devices) {
		if (!strcmp(jail->devices.v[i].path, path))
			return true;
	}
	return false;
}

/* With the host's own /dev bound there, nothing is to be made in it. */
static bool brings_dev(const struct jail *jail)
{
	list_each (i, jail->mounts) {
		const struct jail_mount *m = &jail->mounts.v[i];

		if (m->kind == MOUNT_BIND && !strcmp(m->target, "/dev"))
			return true;
	}
	return false;
}

int oci_load_devices(struct oci_load *l)
{
	list_each (i, l->os->devices)
		TRY(load_device(l, l->os->devices.v[i]));
	if (l->bare || brings_dev(l->jail))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(standard_devices); i++) {
		struct jail_device *d;

		if (has_device(l->jail, standard_devices[i].path))
			continue;
		d = jail_add_device(l->jail, l->pool);
		if (!d)
			return err_memory(l->e);
		*d = standard_devices[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(standard_links); i++)
		TRY(jail_add_link(
			l->jail, l->pool, standard_links[i].path, standard_links[i].target, l->e));
	return 0;
}
