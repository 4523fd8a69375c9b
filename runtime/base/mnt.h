/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_MNT_H
#define JAILRT_MNT_H
/*
 * mnt: mounts by fd.
 *
 * A mount is made detached, given its attributes, and only then put onto a target fd (fsopen,
 * open_tree, mount_setattr, move_mount), so that no path is looked at twice. Where those calls are
 * missing or a filter around us refuses them, mount(2) does the same through /proc/self/fd. No heap;
 * usable between clone and exec.
 *
 * attributes are MOUNT_ATTR_…, propagation is MS_SHARED and the like, 0 for leave it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct mnt_change {
	uint64_t set, clear;
	uint64_t propagation;
	bool recursive;
};

/* A place to mount on: an fd of it, and how to find what is there afterwards. */
struct mnt_target {
	int fd; /* O_PATH, of the directory or file that is covered */
	int root; /* the root it lies beneath */
	const char *path; /* from there */
	bool link; /* a symlink at its end is what is covered */
};

struct mnt_fs {
	const char *type, *source;
	const char *const *options;
	size_t n_options;
	uint64_t super; /* MS_SYNCHRONOUS and the like */
	uint64_t attributes;
};

/*
 * A detached copy of the tree at dir/path (path "" for dir itself); -ENOSYS where there are none. link: of a
 * symlink at its end itself.
 */
int mnt_clone(int dir, const char *path, bool recursive, bool link, struct err *e);

/*
 * The files of a detached mount belong, from now on, to the ids that the user namespace gives them; deep:
 * those of what is mounted beneath, too. For a mount whose ids are mapped already that is an error.
 */
int mnt_map_ids(int mount, int userns, bool deep, struct err *e);

/* Puts a detached mount onto the target. */
int mnt_attach(int mount, const struct mnt_target *to, struct err *e);

/* Binds source (an O_PATH fd) onto the target and returns an fd of the new mount. */
int mnt_bind(int source, bool recursive, const struct mnt_target *to, struct err *e);

/* A new filesystem, mounted nowhere yet; -ENOSYS or -EPERM where there is no such thing. */
int mnt_new(const struct mnt_fs *fs, struct err *e);

/* Mounts a new filesystem onto the target and returns an fd of the mount. */
int mnt_mount(const struct mnt_fs *fs, const struct mnt_target *to, struct err *e);

/* Changes a mount, given an fd of its root. Flags that are locked on it stay (mount_setattr(2)). */
int mnt_change(int mount, const struct mnt_change *c, struct err *e);

#endif
