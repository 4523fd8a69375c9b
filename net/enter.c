/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/base/sys.h"
#include "net.h"

/* What is sent back: an fd beside it when there is no failure. */
static int send_back(int sock, const struct err *told, int fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = {.h = {.cmsg_len = CMSG_LEN(sizeof(int)),
		       .cmsg_level = SOL_SOCKET,
		       .cmsg_type = SCM_RIGHTS}};
	struct iovec iov = {(void *)told, sizeof(*told)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	if (fd >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c.room);
	}
	return sendmsg(sock, &m, 0) < 0 ? -errno : 0;
}

static int take_back(int sock, struct err *told, int *ret_fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec iov = {told, sizeof(*told)};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &c,
		.msg_controllen = sizeof(c.room)};
	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);

	if (n != (ssize_t)sizeof(*told))
		return -EPROTO;
	if (m.msg_controllen >= sizeof(c.h) && c.h.cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(&c.h), sizeof(*ret_fd));
	return 0;
}

static int in_the_jail(const struct jail_end *jail, int (*fn)(const void *arg, struct err *e),
	const void *arg, struct err *e)
{
	int r = jail->user >= 0 ? sys_setns(jail->user, CLONE_NEWUSER) : 0;

	if (r < 0)
		return err_sys(e, -r, "enter the jail's user namespace");
	r = sys_setns(jail->net, CLONE_NEWNET);
	if (r < 0)
		return err_sys(e, -r, "enter the jail's network namespace");
	return fn(arg, e);
}

int enter(const struct jail_end *jail, int (*fn)(const void *arg, struct err *e), const void *arg,
	struct err *e)
{
	own_fd int ours = -1, its = -1, fd = -1;
	struct err told = {0};
	int pair[2], r;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "make a socket pair");
	ours = pair[0];
	its = pair[1];
	child = sys_fork();
	if (child < 0)
		return err_sys(e, -child, "make a process");
	if (child == 0) {
		/* Nobody of the jail may look into it, even where it is in the jail's namespaces. */
		(void)prctl(PR_SET_DUMPABLE, 0); /* cannot fail with 0 */
		r = in_the_jail(jail, fn, arg, &told);
		_exit(send_back(its, &told, r < 0 ? -1 : r) < 0);
	}
	own_close(&its);
	r = take_back(ours, &told, &fd);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_set(e, -r, "the process in the jail's network namespace was killed");
	if (told.code && e)
		*e = told;
	return told.code ? -told.code : take_fd(&fd);
}
