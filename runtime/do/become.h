/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_BECOME_H
#define JAILRT_DO_BECOME_H
/*
 * become: a birth the other way round: the caller enters new namespaces itself, and a helper that stays
 * outside goes on with what was its work.
 *
 * The helper is nobody's child that the program would know of. Where there is a pid namespace, its first process
 * is one that only takes care of orphans: the caller itself stays in the one that it was born in.
 */
#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"

/*
 * Returns 0 in the caller, with *ret_helper readable once the helper is gone. In the helper, once the caller
 * is in its namespaces, the caller's pid, and a pidfd of it in *ret_pidfd; the helper ends when the caller fails
 * before that.
 */
pid_t become_jail(uint64_t flags, int *ret_helper, int *ret_pidfd, struct err *e);

/* Calls fn in a process that shares the caller's fds and is born in the pid namespace for its children. */
int become_inside(int (*fn)(void *arg, struct err *e), void *arg, struct err *e);

#endif
