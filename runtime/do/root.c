/* SPDX-License-Identifier: Apache-2.0 */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/mnt.h"
#include "../base/path.h"
#include "../base/sys.h"

int root_propagate(const struct step_propagation *s, struct err *e)
{
	const struct mnt_change c = {.propagation = s->how, .recursive = s->recursive};
	own_fd int top = fd_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, e);

	TRY(top);
	return mnt_change(top, &c, e);
}

int root_tree(const struct step_tree *s, int ids, struct err *e)
{
	const struct mnt_change slave = {.propagation = MS_SLAVE, .recursive = true};
	own_fd int tree = mnt_clone(AT_FDCWD, s->path, s->recursive, s->link, e);

	TRY(tree);
	TRY(mnt_change(tree, &slave, e));
	if (ids >= 0)
		TRY(mnt_map_ids(tree, ids, s->ids_deep, e));
	return take_fd(&tree);
}

/* An fd of the root of the mount that fd lies on. */
static int mount_root_of(int fd, struct err *e)
{
	own_fd int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statx st;

	for (;;) {
		int up;

		if (at < 0 || statx(at, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
			return err_sys(e, errno, "find the mount of the root filesystem");
		if (!(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
			return err_set(e, ENOSYS, "a shared root needs a kernel of 5.8 or newer");
		if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return take_fd(&at);
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
}

/*
 * The host's mounts shall stay shared, so nothing may be put over "/", where it would be passed on: the
 * root is put over itself, and the mount that holds it stops passing on what happens to it.
 */
static int put_in_place(const struct step_root *s, int tree, struct err *e)
{
	const struct mnt_change private = {.propagation = MS_PRIVATE};
	own_fd int at = fd_open(AT_FDCWD, s->path, O_PATH | O_DIRECTORY, 0, e);
	own_fd int holder = at < 0 ? -1 : mount_root_of(at, e);
	const struct mnt_target to = {.fd = at, .root = at, .path = s->path};

	TRY(at);
	TRY(holder);
	TRY(mnt_change(holder, &private, e));
	TRY(mnt_change(tree, &private, e));
	return mnt_attach(tree, &to, e);
}

/*
 * Without open_tree(2) the root is bound over itself. What is mounted over "/" could not be found
 * again by name: "/" goes on meaning what lies beneath.
 */
static int bind_over_itself(const char *path, int source, struct err *e)
{
	own_fd int mount = -1;
	struct stat was, is;
	int r = sys_mount(path, path, NULL, MS_BIND | MS_REC, NULL);

	if (r < 0)
		return err_sys(e, -r, "bind '%s' on itself", path);
	mount = fd_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, e);
	TRY(mount);
	if (fstat(source, &was) < 0 || fstat(mount, &is) < 0 || was.st_dev != is.st_dev ||
		was.st_ino != is.st_ino)
		return err_set(e, ESTALE, "'%s' was changed while it was mounted", path);
	return take_fd(&mount);
}

static int check_root(int root, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(root, &st) < 0)
		return err_sys(e, errno, "'%s'", path);
	return S_ISDIR(st.st_mode) ? 0 : err_sys(e, ENOTDIR, "the root filesystem '%s'", path);
}

static int place_tree(const struct step_root *s, int tree, struct err *e)
{
	own_fd int own = s->by_path ? open(s->path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	/* The user of a namespace may not get at what its parent opened: then no hook of its does. */
	const char *path = own >= 0 ? s->path : "/";
	own_fd int top = own >= 0 ? take_fd(&own)
				  : fd_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, e);
	const struct mnt_target over = {.fd = top, .root = top, .path = path};

	TRY(top);
	return s->in_place ? put_in_place(s, tree, e) : mnt_attach(tree, &over, e);
}

/*
 * Where the root cannot be put over "/" by fd, and found again by it, it takes a directory of the host;
 * one that a jail hardly takes anything from.
 */
static int mount_aside(const struct mnt_fs *fs, struct err *e)
{
	static const char *const places[] = {"/srv", "/media", "/mnt", "/opt", "/boot"};
	own_fd int top = fd_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, e);

	TRY(top);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		own_fd int at = fd_open(AT_FDCWD, places[i], O_PATH | O_DIRECTORY, 0, e);
		const struct mnt_target to = {.fd = at, .root = top, .path = places[i]};

		if (at >= 0)
			return mnt_mount(fs, &to, e);
	}
	return err_set(e, ENOENT, "the host has no directory to mount the root on");
}

static int make_tmpfs(const struct step_root *s, struct err *e)
{
	const char *options[8];
	struct mnt_fs fs = {.type = "tmpfs", .source = "tmpfs", .options = options};
	own_fd int mount = -1;
	char words[256] = "";

	if (s->options && strlen(s->options) >= sizeof(words))
		return err_set(e, E2BIG, "the options of the root are too long");
	if (s->options)
		memcpy(words, s->options, strlen(s->options) + 1);
	for (char *w = words, *end; *w && fs.n_options < ARRAY_LEN(options); w = end) {
		end = strchrnul(w, ',');
		if (*end)
			*end++ = '\0';
		options[fs.n_options++] = w;
	}
	mount = mnt_new(&fs, e);
	if (mount == -ENOSYS || mount == -EPERM)
		return mount_aside(&fs, e);
	TRY(mount);
	TRY(place_tree(s, mount, e));
	return take_fd(&mount);
}

static int make_from_path(const struct step_root *s, struct err *e)
{
	own_fd int source = fd_open(AT_FDCWD, s->path, O_PATH, 0, e);
	own_fd int tree = -1;

	TRY(source);
	TRY(check_root(source, s->path, e));
	tree = mnt_clone(source, "", true, false, e);
	if ((tree == -ENOSYS || tree == -EPERM) && !s->in_place)
		return bind_over_itself(s->path, source, e);
	TRY(tree);
	TRY(place_tree(s, tree, e));
	return take_fd(&tree);
}

int root_make(const struct step_root *s, int tree, struct err *e)
{
	own_fd int mount = -1;

	if (!s->path)
		return make_tmpfs(s, e);
	if (tree < 0)
		return make_from_path(s, e);
	TRY(check_root(tree, s->path, e));
	TRY(place_tree(s, tree, e));
	mount = dup(tree);
	return mount < 0 ? err_sys(e, errno, "keep the root's fd") : take_fd(&mount);
}

static int pivot(struct err *e)
{
	const struct mnt_change slave = {.propagation = MS_SLAVE, .recursive = true};
	own_fd int old = fd_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, e);
	int r;

	TRY(old);
	/* new_root and put_old may be one: the old root is then stacked on the new one. */
	r = sys_pivot_root(".", ".");
	if (r < 0) {
		err_sys(e, -r, "pivot_root");
		return r == -EINVAL ? err_fix(e, "on an initramfs use --no-pivot") : r;
	}
	/* Where mounts are shared with the host, unmounting must not reach it. */
	TRY(mnt_change(old, &slave, e));
	r = fchdir(old);
	if (!r)
		r = sys_umount2(".", MNT_DETACH);
	return r < 0 ? err_sys(e, errno, "detach the host's root") : 0;
}

int root_switch(const struct step_pivot *s, int root, struct err *e)
{
	const struct mnt_change spread = {.propagation = s->propagation, .recursive = true};

	if (fchdir(root) < 0)
		return err_sys(e, errno, "enter the root filesystem");
	if (!s->chroot)
		TRY(pivot(e));
	else if (chroot(".") < 0)
		return err_sys(e, errno, "chroot");
	if (chdir("/") < 0)
		return err_sys(e, errno, "enter the root filesystem");
	return mnt_change(root, &spread, e);
}

int root_chroot(const char *path, struct err *e)
{
	if (chroot(path) < 0 || chdir("/") < 0)
		return err_sys(e, errno, "chroot to '%s'", path);
	return 0;
}
