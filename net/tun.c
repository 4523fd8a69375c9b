/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "../runtime/base/fmt.h"
#include "tun.h"

/* linux/ipv6.h clashes with the C library's headers. */
struct in6_ifreq {
	struct in6_addr address;
	uint32_t prefix_len;
	int index;
};

static int say(const char *what, const char *device, struct err *e)
{
	return err_sys(e, errno, "%s of the jail's network device '%s'", what, device);
}

static void name(struct ifreq *r, const char *device)
{
	*r = (struct ifreq){0};
	fmt_put(r->ifr_name, sizeof(r->ifr_name), "%s", device);
}

static void put_v4(struct sockaddr *to, const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	if (text)
		(void)inet_pton(AF_INET, text, &a.sin_addr); /* it was read before */
	memcpy(to, &a, sizeof(a));
}

/* One address, the gateway at the other end, and all else behind that. */
static int configure_v4(int sock, const struct user_net *n, struct err *e)
{
	struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (char *)n->device};
	struct ifreq r;

	name(&r, n->device);
	put_v4(&r.ifr_addr, n->ip4);
	if (ioctl(sock, SIOCSIFADDR, &r) < 0)
		return say("set the IPv4 address", n->device, e);
	put_v4(&r.ifr_netmask, "255.255.255.255");
	if (ioctl(sock, SIOCSIFNETMASK, &r) < 0)
		return say("set the IPv4 netmask", n->device, e);
	put_v4(&r.ifr_dstaddr, n->gw4);
	if (ioctl(sock, SIOCSIFDSTADDR, &r) < 0)
		return say("set the IPv4 gateway", n->device, e);
	put_v4(&route.rt_dst, NULL);
	put_v4(&route.rt_genmask, NULL);
	if (ioctl(sock, SIOCADDRT, &route) < 0)
		return say("set the IPv4 route", n->device, e);
	return 0;
}

static int configure_v6(const struct user_net *n, int index, struct err *e)
{
	own_fd int sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct in6_ifreq a = {.prefix_len = 128, .index = index};
	struct in6_rtmsg route = {
		.rtmsg_flags = RTF_UP, .rtmsg_metric = 1024, .rtmsg_ifindex = index};

	/* A kernel without IPv6 has none in the jail either. */
	if (sock < 0 && errno == EAFNOSUPPORT)
		return 0;
	if (sock < 0)
		return say("open a socket for the IPv6 address", n->device, e);
	(void)inet_pton(AF_INET6, n->ip6, &a.address); /* it was read before */
	if (ioctl(sock, SIOCSIFADDR, &a) < 0)
		return errno == EACCES || errno == EOPNOTSUPP
			       ? 0 /* switched off in new namespaces (disable_ipv6) */
			       : say("set the IPv6 address", n->device, e);
	if (ioctl(sock, SIOCADDRT, &route) < 0)
		return say("set the IPv6 route", n->device, e);
	return 0;
}

static int configure(const struct user_net *n, struct err *e)
{
	own_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r;

	if (sock < 0)
		return say("open a socket", n->device, e);
	name(&r, n->device);
	r.ifr_mtu = TUN_MTU;
	if (ioctl(sock, SIOCSIFMTU, &r) < 0)
		return say("set the MTU", n->device, e);
	name(&r, n->device);
	if (ioctl(sock, SIOCGIFFLAGS, &r) < 0)
		return say("read the flags", n->device, e);
	r.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (ioctl(sock, SIOCSIFFLAGS, &r) < 0)
		return say("bring up the link", n->device, e);
	if (n->ip4)
		TRY(configure_v4(sock, n, e));
	name(&r, n->device);
	if (ioctl(sock, SIOCGIFINDEX, &r) < 0)
		return say("find the number", n->device, e);
	return n->ip6 ? configure_v6(n, r.ifr_ifindex, e) : 0;
}

int tun_make(const void *arg, struct err *e)
{
	const struct user_net *n = arg;
	own_fd int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct ifreq r;

	if (fd < 0) {
		err_sys(e, errno, "open '/dev/net/tun'");
		return err_fix(e, "load the kernel module tun, or give this machine the device");
	}
	name(&r, n->device);
	r.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &r) < 0)
		return say("make the link", n->device, e);
	TRY(configure(n, e));
	return take_fd(&fd);
}
