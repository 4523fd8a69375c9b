/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_NS_H
#define JAILRT_DO_NS_H
/*
 * ns: births, and entering and leaving namespaces.
 *
 * Flags are CLONE_NEW… of one or more types. Everything but ns_open may be called between clone and
 * exec.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"

/* Opens the namespace that a file stands for, and makes sure that it is of that type (ioctl_ns(2)). */
int ns_open(const char *path, uint64_t flag, const char *type, struct err *e);

/*
 * fd is of a namespace, or a pidfd: then the namespaces of that process, all in one step (5.8). With a
 * user namespace the supplementary groups are dropped, unless they are to be kept.
 */
int ns_join(int fd, uint64_t flags, bool keep_groups, struct err *e);
int ns_unshare(uint64_t flags, struct err *e);

/*
 * Gives birth to a process in new namespaces, with default signal handlers. cgroup is the directory
 * of a v2 cgroup to be born in, or -1. sibling: the child becomes a child of the caller's parent.
 * Returns 0 in the child; in the parent the pid, and a pidfd in *ret_pidfd.
 */
pid_t ns_clone(uint64_t flags, int cgroup, bool sibling, int *ret_pidfd, struct err *e);

/* Sets a clock of the time namespace that the caller's children will be in (time_namespaces(7)). */
int ns_clock(int proc, const char *clock, int64_t seconds, uint32_t nanoseconds, struct err *e);

/* proc is an fd of the host's procfs. map is the lines of uid_map or gid_map (user_namespaces(7)). */
int ns_write_map(int proc, pid_t pid, const char *file, const char *map, struct err *e);
/*
 * A user namespace with these maps (lines of uid_map and gid_map) that nobody is in: an fd of it. The
 * process that had to be in it to make it is gone when this returns.
 */
int ns_id_space(int proc, const char *uids, const char *gids, struct err *e);
int ns_deny_setgroups(int proc, pid_t pid, struct err *e);

/* Brings up the loopback device of the network namespace that the caller is in. */
int ns_loopback(struct err *e);

#endif
