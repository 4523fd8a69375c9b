/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_COPY_H
#define JAILRT_COPY_H
/*
 * copy: a directory tree copied into another, for a tmpfs that begins as what it covers.
 *
 * Files, directories, symlinks and nodes with owner, mode and times; mounts beneath are not entered.
 * Nothing is followed: all goes by directory fds and names. No heap; usable between clone and exec.
 */
#include "err.h"

/* from and to are directory fds; from must be open for reading. */
int copy_tree(int from, int to, struct err *e);

#endif
