/* SPDX-License-Identifier: Apache-2.0 */
#include "ns.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/sys.h"

/* Its root would be exchanged for the jail's, which is to say the whole machine's. */
static int check_not_own(int fd, const char *path, struct err *e)
{
	struct stat its, ours;

	if (fstat(fd, &its) < 0 || stat("/proc/self/ns/mnt", &ours) < 0)
		return err_sys(e, errno, "'%s'", path);
	if (its.st_dev != ours.st_dev || its.st_ino != ours.st_ino)
		return 0;
	err_set(e, EINVAL, "'%s' is the caller's own", path);
	return err_fix(e, "leave the path out: the jail then has a mount namespace of its own");
}

int ns_open(const char *path, uint64_t flag, const char *type, struct err *e)
{
	own_fd int fd = fd_open(
		AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, e); /* not for a FIFO's writer */
	int found;

	TRY(fd);
	found = ioctl(fd, NS_GET_NSTYPE);
	if (found < 0)
		return err_set(e, EINVAL, "'%s' is no namespace", path);
	if ((uint64_t)found != flag)
		return err_set(
			e, EINVAL, "'%s' is a namespace of another type than %s", path, type);
	if (flag == CLONE_NEWNS)
		TRY(check_not_own(fd, path, e));
	return take_fd(&fd);
}

int ns_join(int fd, uint64_t flags, bool keep_groups, struct err *e)
{
	int r;

	/*
	 * A user namespace may have given up setgroups(2): the caller's groups are dropped on this side
	 * of it. Who may not do that here must be able to there, or fails there.
	 */
	if (flags & CLONE_NEWUSER && !keep_groups)
		(void)sys_setgroups(0, NULL);
	r = sys_setns(fd, (int)flags);

	return r < 0 ? err_sys(e, -r, "join the namespace") : 0;
}

int ns_unshare(uint64_t flags, struct err *e)
{
	int r = sys_unshare((unsigned long)flags);

	return r < 0 ? err_sys(e, -r, "unshare") : 0;
}

/* --- births ------------------------------------------------------------------------------------ */

/* The old call cannot reset handlers: until the child has done so, no signal may reach it. */
static pid_t clone_old(uint64_t flags, int *pidfd)
{
	sigset_t all, before;
	long pid;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = syscall(SYS_clone, (unsigned long)flags | SIGCHLD, NULL, pidfd, NULL, NULL);
	if (pid < 0)
		pid = -errno;
	for (int sig = 1; pid == 0 && sig < NSIG; sig++) {
		struct sigaction act;

		if (!sigaction(sig, NULL, &act) && act.sa_handler != SIG_IGN)
			signal(sig, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return (pid_t)pid;
}

static int explain_clone(int code, uint64_t flags, struct err *e)
{
	err_sys(e, code, "clone a process in new namespaces");
	if (code == EPERM && flags & CLONE_NEWUSER)
		return err_fix(e, "user namespaces are not allowed to you here: see "
				  "/proc/sys/user/max_user_namespaces, "
				  "kernel.unprivileged_userns_clone and "
				  "kernel.apparmor_restrict_unprivileged_userns");
	if (code == EPERM)
		return err_fix(e, "run as root, or add a user namespace to the config");
	if (code == ENOSPC)
		return err_fix(
			e, "a limit in /proc/sys/user/ on the number of namespaces is reached");
	return -code;
}

pid_t ns_clone(uint64_t flags, int cgroup, bool sibling, int *ret_pidfd, struct err *e)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = sibling ? 0 : SIGCHLD,
	};
	int r;

	if (sibling)
		args.flags |= CLONE_PARENT;
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	r = sys_clone3(&args, sizeof(args));
	if ((r == -ENOSYS || r == -EPERM || r == -EINVAL) && cgroup < 0 && !(flags & CLONE_NEWTIME))
		r = clone_old(flags | CLONE_PIDFD | (sibling ? CLONE_PARENT : 0), &pidfd);
	if (r < 0)
		return explain_clone(-r, flags, e);
	if (r > 0)
		*ret_pidfd = pidfd;
	return r;
}

int ns_clock(int proc, const char *clock, int64_t seconds, uint32_t nanoseconds, struct err *e)
{
	char line[96];

	fmt_put(line, sizeof(line), "%s %lld %u", clock, (long long)seconds, nanoseconds);
	if (fd_write_text(proc, "self/timens_offsets", line, e) < 0)
		return err_add(e, "set the clock '%s'", clock);
	return 0;
}

/* --- ids --------------------------------------------------------------------------------------- */

int ns_write_map(int proc, pid_t pid, const char *file, const char *map, struct err *e)
{
	char path[64];
	int r;

	fmt_put(path, sizeof(path), "%d/%s", (int)pid, file);
	r = fd_write_text(proc, path, map, e);
	if (r == -EPERM)
		return err_fix(e, "a plain user may map its own id alone; more ids come from "
				  "/etc/subuid and /etc/subgid by newuidmap and newgidmap");
	if (r == -EINVAL)
		return err_fix(e, "ranges must not overlap, and the kernel takes 340 of them "
				  "at most, and 4095 bytes in all");
	return r;
}

int ns_deny_setgroups(int proc, pid_t pid, struct err *e)
{
	char path[64];

	fmt_put(path, sizeof(path), "%d/setgroups", (int)pid);
	return fd_write_text(proc, path, "deny", e);
}

/* Lives until the parent has no end of the pipe left, be it dead. */
static _Noreturn void be_there(int pipe[2])
{
	char c;

	close(pipe[1]);
	while (read(pipe[0], &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int open_space(int proc, pid_t pid, const char *uids, const char *gids, struct err *e)
{
	char path[64];

	TRY(ns_write_map(proc, pid, "gid_map", gids, e));
	TRY(ns_write_map(proc, pid, "uid_map", uids, e));
	fmt_put(path, sizeof(path), "%d/ns/user", (int)pid);
	return fd_open(proc, path, O_RDONLY, 0, e);
}

int ns_id_space(int proc, const char *uids, const char *gids, struct err *e)
{
	own_fd int pidfd = -1, in = -1, out = -1;
	int pipe[2], fd;
	pid_t pid;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	in = pipe[0];
	out = pipe[1];
	pid = ns_clone(CLONE_NEWUSER, -1, false, &pidfd, e);
	TRY(pid);
	if (pid == 0)
		be_there(pipe);
	fd = open_space(proc, pid, uids, gids, e);
	own_close(&out);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

/* --- network ----------------------------------------------------------------------------------- */

int ns_loopback(struct err *e)
{
	struct ifreq r = {.ifr_name = "lo"};
	own_fd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return err_sys(e, errno, "make a socket");
	if (ioctl(sock, SIOCGIFFLAGS, &r) < 0)
		return err_sys(e, errno, "look up the loopback device");
	r.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &r) < 0)
		return err_sys(e, errno, "bring up the loopback device");
	return 0;
}
