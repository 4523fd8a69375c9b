/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../spec/origin.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "serve.h"

/* The socket that LISTEN listens on, and who comes by it. */

enum { ACCEPT_AT_ONCE = 64 };

/* An IPv4 address is one of IPv6 here: one socket has both. */
static int read_address(const char *text, struct in6_addr *ret)
{
	char mapped[64];

	if (inet_pton(AF_INET6, text, ret) == 1)
		return 0;
	fmt_put(mapped, sizeof(mapped), "::ffff:%s", text);
	return inet_pton(AF_INET6, mapped, ret) == 1 ? 0 : -1;
}

static void put_address(const struct sockaddr_in6 *a, char ret[static SERVE_ADDRESS])
{
	char text[INET6_ADDRSTRLEN] = "?";

	(void)inet_ntop(AF_INET6, &a->sin6_addr, text, sizeof(text)); /* there is room */
	fmt_put(ret, SERVE_ADDRESS, "[%s]:%u", text, (unsigned)ntohs(a->sin6_port));
}

static int open_listener(struct serve *s, const struct sockaddr_in6 *where)
{
	static const int on = 1, off = 0;
	own_fd int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
		bind(fd, (const struct sockaddr *)where, sizeof(*where)) < 0 ||
		listen(fd, SOMAXCONN) < 0)
		return -errno;
	s->listener = take_fd(&fd);
	return 0;
}

int serve_listen(struct serve *s, struct err *e)
{
	const struct jail *jail = &s->base->loaded.jail;
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(jail->service.port)};
	socklen_t len = sizeof(a);
	int r;

	if (read_address(jail->service.address, &a.sin6_addr) < 0)
		return origin_fail(jail->origin, jail->service.at_address, e, EINVAL,
			"'%s' is no IPv6 or IPv4 address", jail->service.address);
	put_address(&a, s->local);
	r = open_listener(s, &a);
	if (r < 0)
		return err_sys(e, -r, "listen on %s", s->local);
	if (getsockname(s->listener, (struct sockaddr *)&a, &len) < 0)
		return err_sys(e, errno, "ask for the port");
	put_address(&a, s->local);
	/* In a flood that uses up all fds this one is given away to be able to turn somebody down. */
	s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log_info("Listening on %s", s->local);
	return serve_watch(s, s->listener, EPOLLIN, &s->on_listener, e);
}

/* --- who comes ---------------------------------------------------------------------------------------- */

static unsigned count_peer(const struct serve *s, const unsigned char *address)
{
	unsigned n = 0;

	for (const struct conn *c = s->conns; c; c = c->next)
		n += c->has_life && !memcmp(c->address, address, sizeof(c->address));
	return n;
}

static bool is_welcome(const struct serve *s, const unsigned char *address, const char *remote)
{
	const struct jail_service *sv = &s->base->loaded.jail.service;

	if (sv->max_conns && s->live >= sv->max_conns) {
		log_warning("Rejecting connection from '%s', max_conns limit reached: %u", remote,
			sv->max_conns);
		return false;
	}
	if (sv->max_conns_per_ip && count_peer(s, address) >= sv->max_conns_per_ip) {
		log_warning("Rejecting connection from '%s', max_conns_per_ip limit reached: %u",
			remote, sv->max_conns_per_ip);
		return false;
	}
	return true;
}

/* No fd is left for it: it is turned down, or the listener would be readable for ever. */
static void turn_down(struct serve *s)
{
	own_close(&s->spare);
	s->spare = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	own_close(&s->spare);
	s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (serve_ms_since(&s->told) < 1000)
		return;
	clock_gettime(CLOCK_MONOTONIC, &s->told);
	log_warning("Rejecting connections: no file descriptors are left (raise RLIMIT_NOFILE)");
}

static void welcome(struct serve *s, int socket, const struct sockaddr_in6 *a)
{
	static const int on = 1;
	own_fd int fd = socket;
	char remote[SERVE_ADDRESS];
	struct err e;

	put_address(a, remote);
	if (!is_welcome(s, a->sin6_addr.s6_addr, remote))
		return;
	log_info("New connection from: %s on: %s", remote, s->local);
	/* A peer that vanishes is noticed in the end, and small answers go at once; else no loss. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (serve_jail(s, take_fd(&fd), a->sin6_addr.s6_addr, remote, &e) < 0)
		log_put(LOG_ERROR, "%s: %s", remote, e.text);
}

void serve_accept(struct serve *s)
{
	for (int i = 0; i < ACCEPT_AT_ONCE && s->listener >= 0; i++) {
		struct sockaddr_in6 a = {0};
		socklen_t len = sizeof(a);
		int fd = accept4(
			s->listener, (struct sockaddr *)&a, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			turn_down(s);
		else if (fd < 0 && errno != ECONNABORTED && errno != EINTR)
			return;
		else if (fd >= 0)
			welcome(s, fd, &a);
	}
}
