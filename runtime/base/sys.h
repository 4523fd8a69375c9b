/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_SYS_H
#define JAILRT_SYS_H
/*
 * sys: the system calls that the C library does not wrap, or wraps with locks.
 *
 * Each returns 0 or more, or -errno. No heap, no locks: usable between clone and exec. The numbers
 * and flags are those of the kernel's own headers; what Debian 12's (6.1) lack is defined here.
 * Where a call came with a certain kernel its line says so; see the man page of that name.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* sys/mount.h of glibc 2.36 clashes with linux/mount.h in part; these two are all that is needed. */
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif
#define SYS_CLOSE_RANGE_CLOEXEC (1U << 2) /* 5.11 */
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

int sys_fsopen(const char *type, unsigned flags); /* 5.2 */
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux); /* 5.2 */
int sys_fsmount(int fd, unsigned flags, unsigned attributes); /* 5.2 */
int sys_open_tree(int dir, const char *path, unsigned flags); /* 5.2 */
int sys_move_mount(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int sys_mount_setattr(int dir, const char *path, unsigned flags, const struct mount_attr *attr,
	size_t size); /* 5.12 */
int sys_openat2(int dir, const char *path, const struct open_how *how); /* 5.6 */
int sys_clone3(struct clone_args *args, size_t size); /* 5.3 */
int sys_close_range(unsigned first, unsigned last, unsigned flags); /* 5.9 */
int sys_pidfd_open(pid_t pid, unsigned flags); /* 5.3 */
int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags); /* 5.1 */
int sys_setns(int fd, int types);
int sys_unshare(unsigned long flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);
int sys_umount2(const char *target, int flags);
int sys_memfd_create(const char *name, unsigned flags);
int sys_execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags);
int sys_faccessat2(int dir, const char *path, int mode, int flags); /* 5.8 */

/* The id calls of the C library signal all threads and take a lock; these change the caller alone. */
int sys_setresuid(uid_t r, uid_t e, uid_t s);
int sys_setresgid(gid_t r, gid_t e, gid_t s);
int sys_setgroups(size_t n, const gid_t *list);

/* Default handlers for all signals, none of them blocked: a caller may have left others. */
void sys_reset_signals(void);

/* Sleeps so long, or shorter when a signal comes. */
void sys_pause_ms(unsigned ms);

/* A plain fork without handlers or cached state: 0 in the child, the pid in the parent. */
pid_t sys_fork(void);

#endif
