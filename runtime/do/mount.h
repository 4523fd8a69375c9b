/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_MOUNT_H
#define JAILRT_DO_MOUNT_H
/*
 * mount: what is mounted in a jail.
 *
 * root is the fd of the jail's root mount; targets are resolved beneath it, made when they are missing,
 * and from then on known by fd. Sources are the host's: this runs before the host's tree is let go.
 */
#include "../base/err.h"
#include "../step.h"

/* Each returns the fd of the mount (the caller's), or 0 where there is none to speak of. */
/* tree: what the parent opened or made, or -1. */
int mount_fs(int root, const struct step_mount *s, int tree, struct err *e);
int mount_bind(int root, const struct step_bind *s, int tree, struct err *e);
/* A new filesystem, mounted nowhere yet, whose files have the ids of a user namespace (-1: as they are). */
int mount_new(const struct step_mount *s, int ids, struct err *e);
int mount_cgroups(int root, const struct step_cgroup_mount *s, struct err *e);
int mount_content(int root, const struct step_content *s, struct err *e);

/* mount: the mount's own fd, or -1 for what is mounted at s->path. */
int mount_change(int root, const struct step_attributes *s, int mount, struct err *e);

/*
 * Detaches what is mounted at the path. proc: the host's procfs, since the jail's, which is "/proc" here,
 * may be anything.
 */
int mount_remove(int root, int proc, const struct step_path *s, struct err *e);

/*
 * Hides paths: a file behind /dev/null, a directory behind an empty one; or makes them, and what is
 * mounted beneath, read-only. What is missing is passed over (config-linux.md).
 */
int mount_mask(int root, const struct step_paths *s, struct err *e);
int mount_readonly(int root, const struct step_paths *s, struct err *e);

#endif
