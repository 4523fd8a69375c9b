/* SPDX-License-Identifier: Apache-2.0 */
#include "netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/sys.h"

enum { BUFFER = 32768, ADDRESSES = 16384 };

/* A request under construction, or an answer; aligned as the kernel's macros want it. */
struct message {
	struct nlmsghdr h;
	char body[BUFFER];
};

/* The RTM_NEWADDR messages of the device, one behind the other. */
struct addresses {
	_Alignas(NLMSG_ALIGNTO) char v[ADDRESSES];
	size_t len;
};

/* --- netlink ----------------------------------------------------------------------------------- */

static int open_netlink(struct err *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? err_sys(e, errno, "open a netlink socket") : fd;
}

static void begin(struct message *m, int type, int flags, const void *head, size_t size)
{
	memset(m, 0, sizeof(m->h));
	m->h.nlmsg_type = (uint16_t)type;
	m->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m->h.nlmsg_len = NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&m->h), head, size);
}

static void add(struct message *m, int type, const void *data, size_t size)
{
	struct rtattr *a = (struct rtattr *)((char *)m + NLMSG_ALIGN(m->h.nlmsg_len));

	a->rta_type = (uint16_t)type;
	a->rta_len = (uint16_t)RTA_LENGTH(size);
	memcpy(RTA_DATA(a), data, size);
	m->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(m->h.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

static int send_message(int sock, const struct message *m)
{
	struct iovec iov = {(void *)m, m->h.nlmsg_len};
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct msghdr h = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(sock, &h, 0) < 0 ? -errno : 0;
}

static ssize_t receive(int sock, struct message *m)
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

/* Sends the request; the kernel's answer is 0 or -errno. */
static int ask(int sock, struct message *m)
{
	ssize_t n;
	int r;

	m->h.nlmsg_flags |= NLM_F_ACK;
	r = send_message(sock, m);
	if (r < 0)
		return r;
	n = receive(sock, m);
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || m->h.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ((const struct nlmsgerr *)NLMSG_DATA(&m->h))->error;
}

/* --- addresses --------------------------------------------------------------------------------- */

static int keep(struct addresses *to, const struct nlmsghdr *h, int index)
{
	const struct ifaddrmsg *a = NLMSG_DATA(h);

	if ((int)a->ifa_index != index || a->ifa_scope != RT_SCOPE_UNIVERSE ||
		!(a->ifa_flags & IFA_F_PERMANENT))
		return 0;
	if (to->len + NLMSG_ALIGN(h->nlmsg_len) > sizeof(to->v))
		return -E2BIG;
	memcpy(to->v + to->len, h, h->nlmsg_len);
	to->len += NLMSG_ALIGN(h->nlmsg_len);
	return 0;
}

/* 1: that was the last part. */
static int take_part(struct message *m, size_t n, struct addresses *to, int index)
{
	for (struct nlmsghdr *h = &m->h; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		if (h->nlmsg_type == RTM_NEWADDR)
			TRY(keep(to, h, index));
	}
	return 0;
}

static int list_addresses(int sock, struct message *m, int index, struct addresses *to)
{
	const struct ifaddrmsg all = {.ifa_family = AF_UNSPEC};
	int r;

	begin(m, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	r = send_message(sock, m);
	while (!r) {
		ssize_t n = receive(sock, m);

		r = n < 0 ? (int)n : take_part(m, (size_t)n, to, index);
	}
	return r < 0 ? r : 0;
}

/* What the kernel says of an address is more than it takes: its label, its age. */
static void copy_attributes(struct message *m, const struct nlmsghdr *from)
{
	const struct ifaddrmsg *a = NLMSG_DATA(from);
	size_t n = IFA_PAYLOAD(from);

	for (struct rtattr *r = IFA_RTA(a); RTA_OK(r, n); r = RTA_NEXT(r, n)) {
		uint32_t flags;

		switch (r->rta_type) {
		case IFA_LOCAL:
		case IFA_ADDRESS:
		case IFA_BROADCAST:
		case IFA_RT_PRIORITY:
			add(m, r->rta_type, RTA_DATA(r), RTA_PAYLOAD(r));
			break;
		case IFA_FLAGS:
			memcpy(&flags, RTA_DATA(r), sizeof(flags));
			flags &= IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
				 IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
			add(m, IFA_FLAGS, &flags, sizeof(flags));
			break;
		default:
			break;
		}
	}
}

static int add_addresses(int sock, struct message *m, int index, const struct addresses *from)
{
	for (size_t at = 0; at < from->len;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)(from->v + at);
		struct ifaddrmsg a = *(const struct ifaddrmsg *)NLMSG_DATA(h);

		a.ifa_index = (unsigned)index;
		a.ifa_flags = 0;
		begin(m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof(a));
		copy_attributes(m, h);
		TRY(ask(sock, m));
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

/* --- the device -------------------------------------------------------------------------------- */

/* Its number in the namespace of the socket, or -errno. */
static int index_of(int sock, const char *name)
{
	struct ifreq r = {0};

	fmt_put(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(sock, SIOCGIFINDEX, &r) < 0 ? -errno : r.ifr_ifindex;
}

/* The kernel would count the device itself among those that have the name. */
static int choose_name(int there, const char *template, char name[static IFNAMSIZ], struct err *e)
{
	const char *percent = strchr(template, '%');

	if (!percent) {
		fmt_put(name, IFNAMSIZ, "%s", template);
		if (index_of(there, name) == -ENODEV)
			return 0;
		return err_set(e, EEXIST, "the network namespace has a device '%s' already", name);
	}
	for (unsigned i = 0; i < 32768; i++) {
		if (fmt_put(name, IFNAMSIZ, "%.*s%u%s", (int)(percent - template), template, i,
			    percent + 2) >= IFNAMSIZ)
			break;
		if (index_of(there, name) == -ENODEV)
			return 0;
	}
	return err_set(e, EEXIST, "no name '%s' is free in the network namespace", template);
}

static int move(int here, struct message *m, int index, int ns, const char *name)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};

	begin(m, RTM_NEWLINK, 0, &link, sizeof(link));
	add(m, IFLA_NET_NS_FD, &ns, sizeof(ns));
	add(m, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(here, m);
}

static int bring_up(int there, struct message *m, int index)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP};

	begin(m, RTM_NEWLINK, 0, &link, sizeof(link));
	return ask(there, m);
}

static int explain_move(int code, const char *device, const char *name, struct err *e)
{
	err_sys(e, code, "move the network device '%s' as '%s'", device, name);
	if (code == EINVAL)
		return err_fix(e, "some devices belong to their namespace for good (loopback, "
				  "bridges and tunnels that say netns-local)");
	if (code == EPERM)
		return err_fix(e, "it takes CAP_NET_ADMIN over both network namespaces");
	return -code;
}

static int settle(int there, struct message *m, const char *name, const struct addresses *addresses,
	struct err *e)
{
	int index = index_of(there, name), r;

	if (index < 0)
		return err_sys(e, -index, "find the network device '%s' behind its move", name);
	r = add_addresses(there, m, index, addresses);
	if (r < 0)
		return err_sys(e, -r, "give the network device '%s' its addresses", name);
	r = bring_up(there, m, index);
	return r < 0 ? err_sys(e, -r, "bring up the network device '%s'", name) : 0;
}

/* In a process of its own, which changes its network namespace on the way. */
static int carry(int ns, const struct step_net_device *s, struct err *e)
{
	struct addresses addresses = {.len = 0};
	struct message m;
	char name[IFNAMSIZ];
	int here = open_netlink(e), there, index, r;

	TRY(here);
	index = index_of(here, s->device);
	if (index < 0)
		return err_sys(e, -index, "network device '%s'", s->device);
	r = list_addresses(here, &m, index, &addresses);
	if (r < 0)
		return err_sys(e, -r, "list the addresses of the network device '%s'", s->device);
	r = sys_setns(ns, CLONE_NEWNET);
	if (r < 0)
		return err_sys(e, -r, "enter the container's network namespace");
	there = open_netlink(e);
	TRY(there);
	TRY(choose_name(there, s->name, name, e));
	r = move(here, &m, index, ns, name);
	if (r < 0)
		return explain_move(-r, s->device, name, e);
	return settle(there, &m, name, &addresses, e);
}

static int open_namespace(int proc, pid_t pid, struct err *e)
{
	char path[48];
	struct stat its, ours;
	own_fd int ns = -1;

	fmt_put(path, sizeof(path), "%d/ns/net", (int)pid);
	ns = fd_open(proc, path, O_RDONLY, 0, e);
	TRY(ns);
	if (fstat(ns, &its) < 0 || fstatat(proc, "self/ns/net", &ours, 0) < 0)
		return err_sys(e, errno, "look at the network namespaces");
	if (its.st_dev == ours.st_dev && its.st_ino == ours.st_ino)
		return err_set(e, EINVAL, "the container's network namespace is the caller's own");
	return take_fd(&ns);
}

int netdev_move(int proc, pid_t pid, const struct step_net_device *s, struct err *e)
{
	own_fd int ns = open_namespace(proc, pid, e), in = -1, out = -1;
	struct err told = {0};
	int pipe[2], status;
	pid_t child;

	TRY(ns);
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	in = pipe[0];
	out = pipe[1];
	child = sys_fork();
	if (child < 0)
		return err_sys(e, -child, "make a process");
	if (child == 0) {
		if (carry(ns, s, &told) < 0)
			(void)!write(out, &told, sizeof(told)); /* too short is told, too */
		_exit(told.code != 0);
	}
	own_close(&out);
	if (fd_read(in, &told, sizeof(told)) != (ssize_t)sizeof(told))
		told.code = 0;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(e, errno, "wait for the process that moves '%s'", s->device);
	}
	if (status && !told.code)
		return err_set(e, ECHILD, "the process that moves '%s' was killed", s->device);
	if (told.code && e)
		*e = told;
	return -told.code;
}
