/* SPDX-License-Identifier: Apache-2.0 */
#include "netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/netlink.h"
#include "../base/sys.h"

enum { ADDRESSES = 16384 };

/* The RTM_NEWADDR messages of the device, one behind the other. */
struct addresses {
	_Alignas(NLMSG_ALIGNTO) char v[ADDRESSES];
	size_t len;
};

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
static int take_part(struct netlink *m, size_t n, struct addresses *to, int index)
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

static int list_addresses(int sock, struct netlink *m, int index, struct addresses *to)
{
	const struct ifaddrmsg all = {.ifa_family = AF_UNSPEC};
	int r;

	netlink_begin(m, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	r = netlink_send(sock, m);
	while (!r) {
		ssize_t n = netlink_receive(sock, m);

		r = n < 0 ? (int)n : take_part(m, (size_t)n, to, index);
	}
	return r < 0 ? r : 0;
}

/* What the kernel says of an address is more than it takes: its label, its age. */
static void copy_attributes(struct netlink *m, const struct nlmsghdr *from)
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
			netlink_add(m, r->rta_type, RTA_DATA(r), RTA_PAYLOAD(r));
			break;
		case IFA_FLAGS:
			memcpy(&flags, RTA_DATA(r), sizeof(flags));
			flags &= IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
				 IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
			netlink_add(m, IFA_FLAGS, &flags, sizeof(flags));
			break;
		default:
			break;
		}
	}
}

static int add_addresses(int sock, struct netlink *m, int index, const struct addresses *from)
{
	for (size_t at = 0; at < from->len;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)(from->v + at);
		struct ifaddrmsg a = *(const struct ifaddrmsg *)NLMSG_DATA(h);

		a.ifa_index = (unsigned)index;
		a.ifa_flags = 0;
		netlink_begin(m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof(a));
		copy_attributes(m, h);
		TRY(netlink_ask(sock, m));
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

/* --- the device -------------------------------------------------------------------------------- */

/* The kernel would count the device itself among those that have the name. */
static int choose_name(int there, const char *template, char name[static IFNAMSIZ], struct err *e)
{
	const char *percent = strchr(template, '%');

	if (!percent) {
		fmt_put(name, IFNAMSIZ, "%s", template);
		if (netlink_index(there, name) == -ENODEV)
			return 0;
		return err_set(e, EEXIST, "the network namespace has a device '%s' already", name);
	}
	for (unsigned i = 0; i < 32768; i++) {
		if (fmt_put(name, IFNAMSIZ, "%.*s%u%s", (int)(percent - template), template, i,
			    percent + 2) >= IFNAMSIZ)
			break;
		if (netlink_index(there, name) == -ENODEV)
			return 0;
	}
	return err_set(e, EEXIST, "no name '%s' is free in the network namespace", template);
}

static int move(int here, struct netlink *m, int index, int ns, const char *name)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};

	netlink_begin(m, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add(m, IFLA_NET_NS_FD, &ns, sizeof(ns));
	netlink_add(m, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(here, m);
}

static int bring_up(int there, struct netlink *m, int index)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP};

	netlink_begin(m, RTM_NEWLINK, 0, &link, sizeof(link));
	return netlink_ask(there, m);
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

static int settle(int there, struct netlink *m, const char *name, const struct addresses *addresses,
	struct err *e)
{
	int index = netlink_index(there, name), r;

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
	struct netlink m;
	char name[IFNAMSIZ];
	int here = netlink_open(e), there, index, r;

	TRY(here);
	index = netlink_index(here, s->device);
	if (index < 0)
		return err_sys(e, -index, "network device '%s'", s->device);
	r = list_addresses(here, &m, index, &addresses);
	if (r < 0)
		return err_sys(e, -r, "list the addresses of the network device '%s'", s->device);
	r = sys_setns(ns, CLONE_NEWNET);
	if (r < 0)
		return err_sys(e, -r, "enter the container's network namespace");
	there = netlink_open(e);
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

/* The kernel does it in one step; nothing has to be done in the other namespace. */
static int push(int ns, const struct step_net_device *s, struct err *e)
{
	own_fd int here = netlink_open(e);
	struct netlink m;
	int index, r;

	TRY(here);
	index = netlink_index(here, s->device);
	if (index < 0)
		return err_sys(e, -index, "network device '%s'", s->device);
	r = move(here, &m, index, ns, s->name);
	return r < 0 ? explain_move(-r, s->device, s->name, e) : 0;
}

static int carry_apart(int ns, const struct step_net_device *s, struct err *e)
{
	own_fd int in = -1, out = -1;
	struct err told = {0};
	int pipe[2], status;
	pid_t child;

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

int netdev_move(int proc, pid_t pid, const struct step_net_device *s, struct err *e)
{
	own_fd int ns = open_namespace(proc, pid, e);

	TRY(ns);
	return s->bare ? push(ns, s, e) : carry_apart(ns, s, e);
}

/* --- macvlan ----------------------------------------------------------------------------------- */

static int explain_macvlan(int code, const struct step_macvlan *s, struct err *e)
{
	err_sys(e, code, "make a macvlan '%s' of the network device '%s'", s->name, s->device);
	if (code == EBUSY)
		return err_fix(e, "the device is a port of something else");
	if (code == EINVAL)
		return err_fix(e, "loopback has none, and one whose mode is passthru stays alone");
	if (code == EOPNOTSUPP)
		return err_fix(e, "the kernel needs macvlan (CONFIG_MACVLAN)");
	if (code == EPERM)
		return err_fix(e, "it takes CAP_NET_ADMIN over both network namespaces");
	return -code;
}

int netdev_macvlan(int proc, pid_t pid, const struct step_macvlan *s, struct err *e)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
	const uint32_t mode = (uint32_t)s->mode;
	own_fd int ns = open_namespace(proc, pid, e), here = -1;
	struct rtattr *info, *data;
	struct netlink m;
	int index, r;

	TRY(ns);
	here = netlink_open(e);
	TRY(here);
	index = netlink_index(here, s->device);
	if (index < 0)
		return err_sys(e, -index, "network device '%s'", s->device);
	netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	netlink_add(&m, IFLA_LINK, &index, sizeof(index));
	netlink_add(&m, IFLA_NET_NS_FD, &ns, sizeof(ns));
	netlink_add_text(&m, IFLA_IFNAME, s->name);
	if (s->mac)
		netlink_add(&m, IFLA_ADDRESS, s->mac_bytes, sizeof(s->mac_bytes));
	info = netlink_nest(&m, IFLA_LINKINFO);
	netlink_add_text(&m, IFLA_INFO_KIND, "macvlan");
	data = netlink_nest(&m, IFLA_INFO_DATA);
	netlink_add(&m, IFLA_MACVLAN_MODE, &mode, sizeof(mode));
	netlink_nest_end(&m, data);
	netlink_nest_end(&m, info);
	r = netlink_ask(here, &m);
	return r < 0 ? explain_macvlan(-r, s, e) : 0;
}
