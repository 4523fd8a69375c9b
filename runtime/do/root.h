/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_ROOT_H
#define JAILRT_DO_ROOT_H
/*
 * root: the jail's root filesystem, from its place on the host to being "/".
 */
#include "../base/err.h"
#include "../step.h"

/* Changes the propagation of the caller's mounts. */
int root_propagate(const struct step_propagation *s, struct err *e);

/* A detached copy of a tree of the host, cut off from the host's later mounts. */
int root_tree(const struct step_tree *s, int ids, struct err *e);

/*
 * Puts the root in place, over the host's root: in a mount namespace of its own that hides nothing,
 * since who has "/" for a root goes on seeing what lies beneath. tree is what the parent opened, or
 * -1. Returns the fd of the root's mount.
 */
int root_make(const struct step_root *s, int tree, struct err *e);

/* Makes the root "/", and detaches the host's tree (pivot_root(2)), or leaves it beneath (chroot). */
int root_switch(const struct step_pivot *s, int root, struct err *e);

int root_chroot(const char *path, struct err *e);

#endif
