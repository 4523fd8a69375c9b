/* SPDX-License-Identifier: Apache-2.0 */
#include "sys.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

int sys_fsopen(const char *type, unsigned flags)
{
	return result(syscall(SYS_fsopen, type, flags));
}

int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return result(syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

int sys_fsmount(int fd, unsigned flags, unsigned attributes)
{
	return result(syscall(SYS_fsmount, fd, flags, attributes));
}

int sys_open_tree(int dir, const char *path, unsigned flags)
{
	return result(syscall(SYS_open_tree, dir, path, flags));
}

int sys_move_mount(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return result(syscall(SYS_move_mount, from_dir, from, to_dir, to, flags));
}

int sys_mount_setattr(
	int dir, const char *path, unsigned flags, const struct mount_attr *attr, size_t size)
{
	return result(syscall(SYS_mount_setattr, dir, path, flags, attr, size));
}

int sys_openat2(int dir, const char *path, const struct open_how *how)
{
	return result(syscall(SYS_openat2, dir, path, how, sizeof(*how)));
}

int sys_clone3(struct clone_args *args, size_t size)
{
	return result(syscall(SYS_clone3, args, size));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return result(syscall(SYS_close_range, first, last, flags));
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return result(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags)
{
	return result(syscall(SYS_pidfd_send_signal, pidfd, sig, info, flags));
}

int sys_setns(int fd, int types)
{
	return result(syscall(SYS_setns, fd, types));
}

int sys_unshare(unsigned long flags)
{
	return result(syscall(SYS_unshare, flags));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return result(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data)
{
	return result(syscall(SYS_mount, source, target, type, flags, data));
}

int sys_umount2(const char *target, int flags)
{
	return result(syscall(SYS_umount2, target, flags));
}

int sys_memfd_create(const char *name, unsigned flags)
{
	return result(syscall(SYS_memfd_create, name, flags));
}

int sys_execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	return result(syscall(SYS_execveat, dir, path, argv, envp, flags));
}

int sys_faccessat2(int dir, const char *path, int mode, int flags)
{
	return result(syscall(SYS_faccessat2, dir, path, mode, flags));
}

int sys_setresuid(uid_t r, uid_t e, uid_t s)
{
	return result(syscall(SYS_setresuid, r, e, s));
}

int sys_setresgid(gid_t r, gid_t e, gid_t s)
{
	return result(syscall(SYS_setresgid, r, e, s));
}

int sys_setgroups(size_t n, const gid_t *list)
{
	return result(syscall(SYS_setgroups, n, list));
}

void sys_reset_signals(void)
{
	/* The kernel's own struct, whatever its fields: all zero is the default. */
	static const unsigned long act[8];
	sigset_t none;

	/* The C library would not touch the two that it keeps for itself; KILL and STOP fail. */
	for (int sig = 1; sig < NSIG; sig++)
		(void)syscall(SYS_rt_sigaction, sig, act, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t sys_fork(void)
{
#ifdef SYS_fork
	return result(syscall(SYS_fork));
#else
	return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
#endif
}

void sys_pause_ms(unsigned ms)
{
	(void)poll(NULL, 0, (int)ms);
}
