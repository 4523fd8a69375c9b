/* SPDX-License-Identifier: Apache-2.0 */
#include "talk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/own.h"

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

int talk_pair(int ret[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
		return err_sys(e, errno, "make a socket pair");
	return 0;
}

/* Most end before the words. */
static size_t size_of(const struct talk_message *m)
{
	return m->type >= TALK_WARN ? sizeof(*m) : offsetof(struct talk_message, err);
}

int talk_send(int sock, const struct talk_message *m, int fd, struct err *e)
{
	struct iovec iov = {.iov_base = (void *)m, .iov_len = size_of(m)};
	union control c = {0};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		h.msg_control = &c;
		h.msg_controllen = sizeof(c);
		c.header.cmsg_level = SOL_SOCKET;
		c.header.cmsg_type = SCM_RIGHTS;
		c.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &h, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, errno, "send to the other process") : 0;
}

static int take_rights(struct msghdr *h, int *ret_fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return 0;
}

static int check(const struct talk_message *m, size_t len, int flags, struct err *e)
{
	if (flags & (MSG_TRUNC | MSG_CTRUNC) || len < offsetof(struct talk_message, err) ||
		m->type >= TALK_TYPES || len != size_of(m) ||
		(m->type >= TALK_WARN && m->err.code <= 0))
		return err_set(e, EBADMSG, "a malformed message from the other process");
	return 0;
}

int talk_receive(int sock, bool wait, struct talk_message *m, int *ret_fd, struct err *e)
{
	struct iovec iov = {.iov_base = m, .iov_len = sizeof(*m)};
	union control c;
	struct msghdr h = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &c,
		/* For one fd: with CMSG_SPACE two would fit, and be ours unseen. */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	own_fd int fd = -1;
	ssize_t n;

	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < 0)
		/* A peer that died with unread data of ours resets the connection: it is gone. */
		return errno == ECONNRESET ? 0 : err_sys(e, errno, "hear from the other process");
	(void)take_rights(&h, &fd); /* most messages bring none */
	if (n == 0)
		return 0;
	TRY(check(m, (size_t)n, h.msg_flags, e));
	if (m->type >= TALK_WARN) {
		m->err.text[sizeof(m->err.text) - 1] = '\0';
		m->err.fix[sizeof(m->err.fix) - 1] = '\0';
	}
	*ret_fd = take_fd(&fd);
	return 1;
}
