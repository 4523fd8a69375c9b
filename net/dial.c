/* SPDX-License-Identifier: Apache-2.0 */
#include "dial.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int dial_socket(int kind, int family, const struct net_address *a, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	own_fd int fd = socket(
		family == 6 ? AF_INET6 : AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	memcpy(&v4.sin_addr, a->b, 4);
	memcpy(&v6.sin6_addr, a->b, 16);
	r = family == 6 ? connect(fd, (struct sockaddr *)&v6, sizeof(v6))
			: connect(fd, (struct sockaddr *)&v4, sizeof(v4));
	if (r < 0 && errno != EINPROGRESS)
		return -errno;
	return take_fd(&fd);
}

int dial_begin(struct dial *d, const struct judge_rule *r, enum proxy_command command,
	const struct proxy_end *end)
{
	int fd = dial_socket(SOCK_STREAM, r->to_family, &r->to, r->to_port);

	if (fd < 0)
		return fd;
	d->state = DIAL_CONNECT;
	d->kind = r->action;
	d->command = command;
	d->fd = fd;
	d->end = *end;
	d->n = 0;
	return 0;
}

short dial_events(const struct dial *d)
{
	return d->state == DIAL_CONNECT ? POLLOUT : POLLIN;
}

/* Words this short find room in a socket that nothing was written to. */
static int say(struct dial *d, const uint8_t *words, size_t len)
{
	ssize_t n = len ? send(d->fd, words, len, MSG_NOSIGNAL) : 0;

	return n < 0 ? -errno : (size_t)n < len ? -EIO : 0;
}

static int ask(struct dial *d)
{
	uint8_t words[PROXY_WORDS];

	d->state = DIAL_ASK;
	return say(d, words, proxy_ask(d->kind, d->command, &d->end, words));
}

static int take_connection(struct dial *d)
{
	uint8_t words[PROXY_WORDS];
	int code = 0;
	socklen_t len = sizeof(code);
	size_t n = proxy_greet(d->kind, words);

	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code)
		return code ? -code : -errno;
	if (!n)
		return ask(d);
	d->state = DIAL_GREET;
	return say(d, words, n);
}

static int hear(struct dial *d)
{
	ssize_t n = recv(d->fd, d->heard + d->n, sizeof(d->heard) - d->n, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	d->n += (size_t)n;
	return n ? 0 : -ECONNRESET;
}

static void forget(struct dial *d, size_t n)
{
	d->n -= n;
	memmove(d->heard, d->heard + n, d->n);
}

int dial_step(struct dial *d, short got)
{
	int n;

	if (!got)
		return 0;
	if (d->state == DIAL_CONNECT)
		return take_connection(d);
	TRY(hear(d));
	if (d->state == DIAL_GREET) {
		n = TRY(proxy_greeted(d->heard, d->n));
		if (!n)
			return 0;
		forget(d, (size_t)n);
		return ask(d);
	}
	n = TRY(proxy_answered(d->kind, d->heard, d->n, &d->bound));
	if (n) {
		forget(d, (size_t)n);
		d->state = DIAL_OPEN;
	}
	return 0;
}
