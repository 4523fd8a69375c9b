/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_DEV_H
#define JAILRT_DO_DEV_H
/*
 * dev: device nodes, symlinks and the terminal of a jail.
 *
 * All goes by the fd of the directory that holds the name, found beneath the root; what is there
 * already is never followed, removed or changed.
 */
#include "../base/err.h"
#include "../step.h"

/* Makes the node, or binds the host's. A node of the same kind that is there already will do. */
int dev_node(int root, const struct step_device *s, struct err *e);

int dev_link(int root, const struct step_link *s, struct err *e);

/*
 * A new terminal of the jail's own devpts becomes stdin, stdout, stderr and the controlling terminal
 * of the calling process, a session leader. Returns its master. root -1: the caller's "/".
 */
int dev_terminal(int root, const struct step_console *s, struct err *e);

/*
 * Makes null, the host's /dev/null, fds 0, 1 and 2, or 2 alone. Or puts the jail's own, open for both,
 * in place of the null device where an fd is one: the host's is not to be reached, and engines hand one
 * over that can only be read, also for output.
 */
int dev_stdio(int root, int null, const struct step_stdio *s, struct err *e);

#endif
