/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "fmt.h"

int netlink_open(struct err *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? err_sys(e, errno, "open a netlink socket") : fd;
}

/* --- building ---------------------------------------------------------------------------------- */

void netlink_begin(struct netlink *m, int type, int flags, const void *head, size_t size)
{
	memset(m, 0, sizeof(m->h));
	m->h.nlmsg_type = (uint16_t)type;
	m->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m->h.nlmsg_len = NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&m->h), head, size);
}

void netlink_add(struct netlink *m, int type, const void *data, size_t size)
{
	struct rtattr *a = (struct rtattr *)((char *)m + NLMSG_ALIGN(m->h.nlmsg_len));

	a->rta_type = (uint16_t)type;
	a->rta_len = (uint16_t)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(a), data, size);
	m->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(m->h.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

void netlink_add_text(struct netlink *m, int type, const char *text)
{
	netlink_add(m, type, text, strlen(text) + 1);
}

struct rtattr *netlink_nest(struct netlink *m, int type)
{
	struct rtattr *nest = (struct rtattr *)((char *)m + NLMSG_ALIGN(m->h.nlmsg_len));

	netlink_add(m, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void netlink_nest_end(struct netlink *m, struct rtattr *nest)
{
	nest->rta_len = (uint16_t)((char *)m + m->h.nlmsg_len - (char *)nest);
}

/* --- talking ----------------------------------------------------------------------------------- */

int netlink_send(int sock, const struct netlink *m)
{
	struct iovec iov = {(void *)m, m->h.nlmsg_len};
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct msghdr h = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(sock, &h, 0) < 0 ? -errno : 0;
}

ssize_t netlink_receive(int sock, struct netlink *m)
{
	struct iovec iov = {m, sizeof(*m)};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do
		n = recvmsg(sock, &h, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return h.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

int netlink_answer(int sock, struct netlink *m)
{
	ssize_t n = netlink_receive(sock, m);

	if (n < 0)
		return (int)n;
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || m->h.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ((const struct nlmsgerr *)NLMSG_DATA(&m->h))->error;
}

int netlink_ask(int sock, struct netlink *m)
{
	int r;

	m->h.nlmsg_flags |= NLM_F_ACK;
	r = netlink_send(sock, m);
	return r < 0 ? r : netlink_answer(sock, m);
}

int netlink_index(int sock, const char *device)
{
	struct ifreq r = {0};

	fmt_put(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	return ioctl(sock, SIOCGIFINDEX, &r) < 0 ? -errno : r.ifr_ifindex;
}
