/* SPDX-License-Identifier: Apache-2.0 */
#include "become.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/own.h"
#include "../base/sys.h"

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status;
}

/* --- the first process of the pid namespace ------------------------------------------------------- */

/*
 * It ends with the program, and all of the namespace with it. What it holds of the host (its memory is the
 * caller's, its file jailrt's) is not for those who are beside it: not dumpable, it has no door in /proc.
 */
static _Noreturn void care_for_orphans(int parent)
{
	struct pollfd p = {.fd = parent, .events = POLLIN};

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "ns-init");
	sys_reset_signals();
	(void)signal(SIGCHLD, SIG_IGN); /* the kernel reaps them */
	/* The signal does not come from a program that is another user; the pidfd always tells. */
	if (dup2(parent, 0) == 0) {
		p.fd = 0;
		(void)sys_close_range(1, ~0U, 0);
	}
	while (poll(&p, 1, -1) <= 0)
		;
	_exit(0);
}

static int start_first(int pidfd, struct err *e)
{
	pid_t pid = sys_fork();

	if (pid < 0)
		return err_sys(e, -pid, "start the first process of the pid namespace");
	if (pid == 0)
		care_for_orphans(pidfd);
	return 0;
}

/* --- the two ways ----------------------------------------------------------------------------------- */

static pid_t be_helper(pid_t caller, int go, int *ret_pidfd, int pidfd)
{
	char c;

	/* Without the word the caller has failed, and says so itself. */
	if (fd_read(go, &c, 1) != 1)
		_exit(0);
	*ret_pidfd = pidfd;
	return caller;
}

static int enter(uint64_t flags, int go, int pidfd, struct err *e)
{
	int r = sys_unshare((unsigned long)flags);

	if (r < 0) {
		err_sys(e, -r, "unshare");
		return r == -EPERM
			       ? err_fix(e, "run as root, or with user namespaces allowed to you")
			       : r;
	}
	if (flags & CLONE_NEWPID)
		TRY(start_first(pidfd, e));
	return fd_write_all(go, "g", 1, e);
}

pid_t become_jail(uint64_t flags, int *ret_helper, int *ret_pidfd, struct err *e)
{
	pid_t caller = getpid(), child;
	int go[2], gone[2];
	int pidfd = sys_pidfd_open(caller, 0), r;

	if (pidfd < 0)
		return err_sys(e, -pidfd, "open a pidfd of the own process");
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(gone, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	child = sys_fork();
	if (child < 0)
		return err_sys(e, -child, "start a helper");
	if (child == 0) {
		child = sys_fork();
		if (child)
			_exit(child < 0);
		close(go[1]);
		close(gone[0]);
		return be_helper(caller, go[0], ret_pidfd, pidfd);
	}
	close(go[0]);
	close(gone[1]);
	if (reap(child) != 0)
		return err_set(e, EAGAIN, "start a helper");
	r = enter(flags, go[1], pidfd, e);
	close(go[1]);
	close(pidfd);
	*ret_helper = gone[0];
	return r < 0 ? r : 0;
}

/* --- a moment inside -------------------------------------------------------------------------------- */

struct inside {
	int ret;
	struct err err;
};

int become_inside(int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct inside *in = mmap(
		NULL, sizeof(*in), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long pid;
	int r;

	if (in == MAP_FAILED)
		return err_memory(e);
	in->ret = -ECHILD;
	err_set(&in->err, ECHILD, "a process in the pid namespace was killed");
	/* As a fork, but for the fds. */
	pid = syscall(SYS_clone, (unsigned long)CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		in->ret = fn(arg, &in->err);
		_exit(0);
	}
	if (pid < 0)
		return err_sys(e, errno, "start a process in the pid namespace");
	(void)reap((pid_t)pid); /* what it did is written down */
	r = in->ret;
	if (r < 0 && e)
		*e = in->err;
	(void)syscall(SYS_munmap, in, sizeof(*in)); /* a page that exec would drop as well */
	return r;
}
