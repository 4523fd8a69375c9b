/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "plan_build.h"

/* --- trees that the parent opens ---------------------------------------------------------------- */

static struct step_tree *add_tree(
	struct builder *b, const char *path, bool recursive, bool optional, const void *at)
{
	struct step_tree *s = plan_add(b, SIDE_PARENT, STEP_TREE, at);

	s->path = path;
	OPT_SET(s, slot, plan_slot(b));
	if (recursive)
		OPT_SET(s, recursive, true);
	if (optional)
		OPT_SET(s, optional, true);
	return s;
}

/*
 * Filesystems that belong to a namespace the jail shares with its caller: in a user namespace of its
 * own it has no right to mount another instance, but the host's shows the same.
 */
static const char *shared_instead(const struct builder *b, const struct jail_mount *m)
{
	if (m->kind != MOUNT_FS || !b->userns)
		return NULL;
	if (!strcmp(m->type, "proc") && !jail_has_own(b->jail, NS_PID))
		return "/proc";
	if (!strcmp(m->type, "sysfs") && !jail_has_own(b->jail, NS_NET))
		return "/sys";
	return NULL;
}

/* --- the root ----------------------------------------------------------------------------------- */

/* True when something is made below the target later: a tmpfs stays writable until then. */
static bool filled_later(const struct builder *b, size_t i)
{
	const struct jail *jail = b->jail;
	const char *dir = jail->mounts.v[i].target;

	for (size_t j = i + 1; j < jail->mounts.n; j++) {
		if (path_beneath(dir, jail->mounts.v[j].target) &&
			strcmp(dir, jail->mounts.v[j].target))
			return true;
	}
	list_each (j, jail->devices) {
		if (path_beneath(dir, jail->devices.v[j].path))
			return true;
	}
	for (size_t j = 0; j < jail->devices.n_links; j++) {
		if (path_beneath(dir, jail->devices.links[j].path))
			return true;
	}
	return jail->process.terminal && path_beneath(dir, "/dev/console");
}

static bool closes_later(const struct builder *b, size_t i)
{
	const struct jail_mount *m = &b->jail->mounts.v[i];

	return (m->attrs.set | m->deep.set) & MOUNT_ATTR_RDONLY && !strcmp(m->type, "tmpfs") &&
	       (m->copy_up || filled_later(b, i));
}

/* What the filesystem is, wherever it is mounted. */
static void describe_fs(const struct builder *b, struct step_mount *s, size_t i)
{
	const struct jail_mount *m = &b->jail->mounts.v[i];
	uint64_t attributes = m->attrs.set | m->deep.set;

	s->type = m->type;
	s->source = m->source && *m->source ? m->source : m->type;
	s->options = m->options;
	if (closes_later(b, i))
		attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (attributes)
		OPT_SET(s, attributes, attributes);
	if (m->super)
		OPT_SET(s, super, m->super);
}

/* A filesystem is the host's for its ids to be mapped, so the parent makes it. */
static int make_filesystem(struct builder *b, size_t i, int ids)
{
	struct step_mount *s = plan_add(b, SIDE_PARENT, STEP_FILESYSTEM, b->jail->mounts.v[i].at);

	describe_fs(b, s, i);
	OPT_SET(s, ids, ids);
	OPT_SET(s, slot, plan_slot(b));
	return s->slot;
}

/* ids: slot of the user namespace whose ids the files have; -1: their own. */
static int open_source(struct builder *b, const struct jail_mount *m, int ids)
{
	struct step_tree *s = add_tree(b, m->source, m->recursive, m->optional, m->at);

	if (m->links & (MOUNT_LINK_COPY | MOUNT_LINK_SOURCE))
		OPT_SET(s, link, true);
	if (ids >= 0)
		OPT_SET(s, ids, ids);
	if (ids >= 0 && m->ids.deep)
		OPT_SET(s, ids_deep, true);
	return s->slot;
}

/* Opens what the parent has to open, in the order of the mounts; must come before births. */
int plan_trees(struct builder *b)
{
	const struct jail_mounts *all = &b->jail->mounts;

	b->trees = pool_array(&b->plan->pool, all->n + 1, sizeof(*b->trees));
	if (!b->trees)
		return err_memory(b->e);
	list_each (i, *all) {
		const struct jail_mount *m = &all->v[i];
		int ids = m->ids.how == IDMAP_NONE ? -1 : plan_id_space(b, m);

		b->trees[i] = -1;
		if (m->ids.how != IDMAP_NONE)
			TRY(ids);
		if (m->kind == MOUNT_BIND && (b->parent_opens || ids >= 0))
			b->trees[i] = open_source(b, m, ids);
		else if (m->kind == MOUNT_FS && ids >= 0)
			b->trees[i] = make_filesystem(b, i, ids);
	}
	return 0;
}

int plan_root(struct builder *b)
{
	const struct jail_root *r = &b->jail->root;

	b->root_tree = -1;
	if (r->kind == ROOT_HOST)
		return 0;
	if (!jail_has_own(b->jail, NS_MOUNT))
		return PLAN_FAIL(b, r->at, EINVAL, "a root filesystem needs a mount namespace");
	if (r->readonly_deep && !b->host->mount_setattr) {
		PLAN_FAIL(b, r->at, ENOSYS,
			"a root that is read-only with all that is mounted beneath it needs "
			"mount_setattr(2)");
		return err_fix(b->e, "use a kernel of 5.12 or newer");
	}
	if (r->kind == ROOT_DIR && b->parent_opens)
		b->root_tree = add_tree(b, r->path, true, false, r->at)->slot;
	return plan_trees(b);
}

static void add_root_attributes(struct builder *b, bool deep)
{
	const struct jail_root *r = &b->jail->root;
	struct step_attributes *s;

	if (!r->readonly && !r->attr_set && !r->attr_clear)
		return;
	s = plan_add(b, SIDE_INIT, STEP_ATTRIBUTES, r->at);
	OPT_SET(s, slot, b->root);
	OPT_SET(s, attributes, r->attr_set | (r->readonly ? MOUNT_ATTR_RDONLY : 0));
	if (r->attr_clear)
		OPT_SET(s, clear, r->attr_clear);
	if (deep)
		OPT_SET(s, recursive, true);
}

/* Hooks that come before pivot_root prepare the root filesystem by the path that the bundle gives it. */
static bool hooks_look_in(const struct jail *jail)
{
	return jail->hooks[HOOK_PRESTART].n || jail->hooks[HOOK_CREATE_RUNTIME].n ||
	       jail->hooks[HOOK_CREATE_CONTAINER].n;
}

static void place_root(struct builder *b)
{
	const struct jail_root *r = &b->jail->root;
	uint64_t how = r->propagation & ~(uint64_t)MS_REC;
	struct step_propagation *p;
	struct step_root *s;

	/*
	 * The copy of the host's mounts is cut off from the host first, or what is mounted here would
	 * appear there. With a shared root that is what is wanted, of volumes: only the mount that
	 * holds the root is cut off, and the root is put over itself.
	 */
	if (how != MS_SHARED) {
		p = plan_add(b, SIDE_INIT, STEP_PROPAGATION, NULL);
		OPT_SET(p, how, how == MS_PRIVATE || how == MS_UNBINDABLE ? MS_PRIVATE : MS_SLAVE);
		OPT_SET(p, recursive, true);
	}
	s = plan_add(b, SIDE_INIT, STEP_ROOT, r->at);
	b->root = plan_slot(b);
	b->plan->root = b->root;
	OPT_SET(s, slot, b->root);
	s->path = r->kind == ROOT_DIR ? r->path : NULL;
	s->options = r->kind == ROOT_TMPFS ? r->options : NULL;
	if (b->root_tree >= 0)
		OPT_SET(s, tree, b->root_tree);
	if (how == MS_SHARED && r->kind == ROOT_DIR)
		OPT_SET(s, in_place, true);
	else if (r->kind == ROOT_DIR && hooks_look_in(b->jail))
		OPT_SET(s, by_path, true);
	/* With all beneath it, so before anything of the jail's own is mounted there. */
	if (r->readonly_deep)
		add_root_attributes(b, true);
}

/* --- mounts ------------------------------------------------------------------------------------- */

/* Makes the mount in this slot read-only once all is in place. */
static void close_later(struct builder *b, int slot, const void *at)
{
	struct plan_closing *v = pool_grow(&b->plan->pool, b->closing, b->n_closing, sizeof(*v));

	if (!v) {
		b->no_memory = true;
		return;
	}
	b->closing = v;
	b->closing[b->n_closing++] = (struct plan_closing){slot, at};
}

static void close_all(struct builder *b)
{
	for (size_t i = 0; i < b->n_closing; i++) {
		struct step_attributes *s = plan_add(
			b, SIDE_INIT, STEP_ATTRIBUTES, b->closing[i].at);

		OPT_SET(s, slot, b->closing[i].slot);
		OPT_SET(s, attributes, MOUNT_ATTR_RDONLY);
	}
}

static void add_fs(struct builder *b, size_t i)
{
	const struct jail_mount *m = &b->jail->mounts.v[i];
	struct step_mount *s = plan_add(b, SIDE_INIT, STEP_MOUNT, m->at);

	s->target = m->target;
	s->label = m->label;
	if (b->trees[i] >= 0) {
		OPT_SET(s, tree, b->trees[i]);
		s->type = m->type;
	} else {
		describe_fs(b, s, i);
	}
	if (closes_later(b, i)) {
		OPT_SET(s, slot, plan_slot(b));
		close_later(b, s->slot, m->at);
	}
	if (m->propagation)
		OPT_SET(s, propagation, m->propagation & ~(uint64_t)MS_REC);
	if (m->propagation & MS_REC)
		OPT_SET(s, recursive, true);
	if (m->copy_up)
		OPT_SET(s, copy_up, true);
	/* A symlink in their place could have the kernel's files looked for elsewhere. */
	if (!strcmp(m->type, "proc") || !strcmp(m->type, "sysfs"))
		OPT_SET(s, no_links, true);
	if (m->optional)
		OPT_SET(s, optional, true);
}

static void put_attrs(
	struct step_bind *s, const struct mount_attrs *top, const struct mount_attrs *deep)
{
	if (top->set)
		OPT_SET(s, attributes, top->set);
	if (top->clear)
		OPT_SET(s, clear, top->clear);
	if (deep->set)
		OPT_SET(s, deep, deep->set);
	if (deep->clear)
		OPT_SET(s, deep_clear, deep->clear);
}

static void add_bind(struct builder *b, size_t i, const char *instead)
{
	const struct jail_mount *m = &b->jail->mounts.v[i];
	struct step_bind *s = plan_add(b, SIDE_INIT, STEP_BIND, m->at);
	const struct mount_attrs none = {0};

	s->target = m->target;
	s->source = instead ? instead : m->source;
	if (b->trees[i] >= 0)
		OPT_SET(s, tree, b->trees[i]);
	if (m->recursive || instead)
		OPT_SET(s, recursive, true);
	/* The host's /proc and /sys are taken with all that is mounted in them. */
	if (instead)
		put_attrs(s, &none, &m->attrs);
	else
		put_attrs(s, &m->attrs, &m->deep);
	if (m->propagation)
		OPT_SET(s, propagation, m->propagation & ~(uint64_t)MS_REC);
	if (m->propagation & MS_REC)
		OPT_SET(s, propagation_deep, true);
	if (m->links)
		OPT_SET(s, links, m->links);
	if (m->is_dir != MOUNT_GUESS)
		OPT_SET(s, make, m->is_dir);
	if (m->optional)
		OPT_SET(s, optional, true);
}

static void add_link(struct builder *b, const char *path, const char *target, bool strict,
	bool optional, const void *at)
{
	struct step_link *s = plan_add(b, SIDE_INIT, STEP_LINK, at);

	s->path = path;
	s->target = target;
	if (strict)
		OPT_SET(s, strict, true);
	if (optional)
		OPT_SET(s, optional, true);
}

static void add_content(struct builder *b, const struct jail_mount *m)
{
	struct step_content *s = plan_add(b, SIDE_INIT, STEP_CONTENT, m->at);

	s->target = m->target;
	s->content = m->content;
	OPT_SET(s, attributes, m->attrs.set);
	if (m->optional)
		OPT_SET(s, optional, true);
}

static void add_change(struct builder *b, const struct jail_mount *m,
	const struct mount_attrs *attrs, uint64_t propagation, bool deep)
{
	struct step_attributes *s;

	if (!attrs->set && !attrs->clear && !propagation)
		return;
	s = plan_add(b, SIDE_INIT, STEP_ATTRIBUTES, m->at);
	s->path = m->target;
	if (attrs->set)
		OPT_SET(s, attributes, attrs->set);
	if (attrs->clear)
		OPT_SET(s, clear, attrs->clear);
	if (propagation)
		OPT_SET(s, propagation, propagation);
	if (deep)
		OPT_SET(s, recursive, true);
}

/* What is for all beneath comes first, so that the mount's own words override it there. */
static void add_remount(struct builder *b, const struct jail_mount *m)
{
	const struct mount_attrs none = {0};

	add_change(b, m, &m->deep, 0, true);
	add_change(b, m, &m->attrs, 0, false);
	add_change(b, m, &none, m->propagation & ~(uint64_t)MS_REC, m->propagation & MS_REC);
}

static int add_mount(struct builder *b, size_t i)
{
	const struct jail_mount *m = &b->jail->mounts.v[i];
	const char *instead = shared_instead(b, m);

	if ((m->deep.set || m->deep.clear) && !b->host->mount_setattr) {
		PLAN_FAIL(b, m->at, ENOSYS, "a recursive option needs mount_setattr(2)");
		return err_fix(
			b->e, "use a kernel of 5.12 or newer, or the option without its 'r'");
	}
	if (instead || m->kind == MOUNT_BIND) {
		add_bind(b, i, instead);
		return 0;
	}
	switch (m->kind) {
	case MOUNT_CGROUP:
		TRY(plan_cgroup_mount(b, m));
		add_change(b, m, &(struct mount_attrs){0}, m->propagation & ~(uint64_t)MS_REC,
			m->propagation & MS_REC);
		return 0;
	case MOUNT_CONTENT:
		add_content(b, m);
		return 0;
	case MOUNT_SYMLINK:
		add_link(b, m->target, m->source, true, m->optional, m->at);
		return 0;
	case MOUNT_REMOUNT:
		add_remount(b, m);
		return 0;
	default:
		add_fs(b, i);
		return 0;
	}
}

int plan_mounts_in_place(struct builder *b)
{
	list_each (i, b->jail->mounts)
		TRY(add_mount(b, i));
	close_all(b);
	return 0;
}

int plan_mounts(struct builder *b)
{
	if (b->jail->root.kind == ROOT_HOST)
		return 0;
	place_root(b);
	list_each (i, b->jail->mounts)
		TRY(add_mount(b, i));
	return 0;
}

/* --- devices, and what is hidden ---------------------------------------------------------------- */

static void add_device(struct builder *b, const struct jail_device *d)
{
	struct step_device *s = plan_add(b, SIDE_INIT, STEP_DEVICE, d->at);
	bool node = S_ISCHR(d->mode) || S_ISBLK(d->mode);

	s->path = d->path;
	s->type = S_ISBLK(d->mode) ? "b" : S_ISFIFO(d->mode) ? "p" : "c";
	OPT_SET(s, mode, d->mode & 07777);
	if (node) {
		OPT_SET(s, major, d->major);
		OPT_SET(s, minor, d->minor);
	}
	OPT_SET(s, uid, d->uid);
	OPT_SET(s, gid, d->gid);
	/* mknod(2) of a device is for the first user namespace only. */
	if (node && (b->userns || b->host->in_userns || !b->host->privileged))
		OPT_SET(s, bind, true);
}

void plan_console(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_console *s;

	if (!p->terminal)
		return;
	s = plan_add(b, SIDE_INIT, STEP_CONSOLE, p->at);
	b->plan->console = plan_slot(b);
	OPT_SET(s, slot, b->plan->console);
	if (p->rows || p->columns) {
		OPT_SET(s, rows, p->rows);
		OPT_SET(s, columns, p->columns);
	}
	if (b->root >= 0)
		OPT_SET(s, bind, true);
	if (p->uid)
		OPT_SET(s, uid, p->uid);
}

static void add_paths(struct builder *b, enum step_kind kind, const struct jail_paths *paths)
{
	struct step_paths *s;

	if (!paths->n)
		return;
	s = plan_add(b, SIDE_INIT, kind, paths->at);
	s->paths = (struct texts){paths->v, paths->n};
}

static void own_null(struct builder *b)
{
	struct step_stdio *s = plan_add(b, SIDE_INIT, STEP_STDIO, b->jail->process.at);

	OPT_SET(s, own, true);
}

int plan_devices(struct builder *b)
{
	const struct jail_devices *d = &b->jail->devices;
	bool null = false;

	if (b->jail->root.kind == ROOT_HOST) {
		plan_console(b);
		return 0;
	}
	list_each (i, *d) {
		add_device(b, &d->v[i]);
		null = null || !strcmp(d->v[i].path, "/dev/null");
	}
	for (size_t i = 0; i < d->n_links; i++)
		add_link(b, d->links[i].path, d->links[i].target, false, false, NULL);
	plan_console(b);
	if (null && !b->jail->process.terminal && !b->jail->process.stdio_null)
		own_null(b);
	add_paths(b, STEP_READONLY, &b->jail->readonly);
	add_paths(b, STEP_MASK, &b->jail->masked);
	close_all(b);
	return 0;
}

/* --- the switch --------------------------------------------------------------------------------- */

/* The working directory, as long as the root can be written to. */
static void make_cwd(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_path *s;

	if (!p->make_cwd || !strcmp(p->cwd, "/"))
		return;
	s = plan_add(b, SIDE_INIT, STEP_MAKE_DIR, p->at_cwd);
	s->path = p->cwd;
}

void plan_pivot(struct builder *b)
{
	const struct jail_root *r = &b->jail->root;
	struct step_pivot *s;
	struct step_path *c;

	if (r->kind == ROOT_HOST) {
		if (!r->path)
			return;
		c = plan_add(b, SIDE_INIT, STEP_CHROOT, r->at);
		c->path = r->path;
		return;
	}
	make_cwd(b);
	if (!r->readonly_deep)
		add_root_attributes(b, false);
	s = plan_add(b, SIDE_INIT, STEP_PIVOT, r->at);
	OPT_SET(s, slot, b->root);
	if (r->no_pivot || b->host->initramfs)
		OPT_SET(s, chroot, true);
	if (r->propagation && (r->propagation & ~(uint64_t)MS_REC) != MS_SLAVE)
		OPT_SET(s, propagation, r->propagation & ~(uint64_t)MS_REC);
}
