/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"

enum { HALF = 32768, PATIENCE = 30 };

/* One direction. */
struct half {
	uint8_t v[HALF];
	size_t from, to;
	bool end, shut; /* no more will come; and that was said */
};

struct relay {
	struct relay *next;
	struct judge_rule rule;
	struct proxy_end end;
	int listener, inner; /* inner: libslirp's connection */
	int at_listener, at_inner, at_outer; /* of this turn's polls */
	uint64_t since;
	struct dial dial; /* its fd is the proxy */
	struct half up, down;
};

static int open_listener(int family, uint16_t *ret_port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *a = family == 6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	socklen_t len = family == 6 ? sizeof(v6) : sizeof(v4);
	own_fd int fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, a, len) < 0 || listen(fd, 8) < 0 || getsockname(fd, a, &len) < 0)
		return -errno;
	*ret_port = ntohs(family == 6 ? v6.sin6_port : v4.sin_port);
	return take_fd(&fd);
}

int relays_begin(struct relays *all, const struct judge_rule *rule, const struct packet *p,
	uint64_t now, uint16_t *ret_port)
{
	struct relay *r = all->n < RELAYS ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return -ENOMEM;
	*r = (struct relay){.next = all->first,
		.rule = *rule,
		.end = {p->family, p->dst, p->dport},
		.inner = -1,
		.since = now,
		.dial.fd = -1};
	r->listener = open_listener(p->family, ret_port);
	if (r->listener < 0) {
		int code = r->listener;

		free(r);
		return code;
	}
	all->first = r;
	all->n++;
	return 0;
}

/* --- what is waited for ------------------------------------------------------------------------ */

static bool has_data(const struct half *h)
{
	return h->from < h->to;
}

static bool has_room(const struct half *h)
{
	return !h->end && (h->to < HALF || h->from);
}

static int watch(struct polls *polls, int fd, short events)
{
	return events ? polls_add(polls, fd, events) : -1;
}

static void fill(struct relay *r, struct polls *polls)
{
	bool open = r->dial.state == DIAL_OPEN;

	r->at_listener = r->at_inner = r->at_outer = -1;
	if (r->inner < 0) {
		r->at_listener = polls_add(polls, r->listener, POLLIN);
		return;
	}
	if (!open) {
		r->at_outer = polls_add(polls, r->dial.fd, dial_events(&r->dial));
		return;
	}
	r->at_inner = watch(polls, r->inner,
		(short)((has_room(&r->up) ? POLLIN : 0) | (has_data(&r->down) ? POLLOUT : 0)));
	r->at_outer = watch(polls, r->dial.fd,
		(short)((has_room(&r->down) ? POLLIN : 0) | (has_data(&r->up) ? POLLOUT : 0)));
}

void relays_fill(struct relays *all, struct polls *polls)
{
	for (struct relay *r = all->first; r; r = r->next)
		fill(r, polls);
}

/* --- carrying ---------------------------------------------------------------------------------- */

/* Everybody on the host can come to the port; the one that is wanted is a socket of our own. */
static int take_connection(struct relay *r, const struct polls *polls)
{
	own_fd int fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 || !polls_have_peer(polls, fd))
		return 0;
	own_close(&r->listener);
	r->inner = take_fd(&fd);
	return dial_begin(&r->dial, &r->rule, PROXY_TCP, &r->end);
}

static int take_in(int fd, struct half *h)
{
	ssize_t n;

	if (h->from) {
		memmove(h->v, h->v + h->from, h->to - h->from);
		h->to -= h->from;
		h->from = 0;
	}
	if (h->to == HALF)
		return 0;
	n = recv(fd, h->v + h->to, HALF - h->to, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	h->to += (size_t)n;
	h->end = !n;
	return 0;
}

static int give_out(int fd, struct half *h)
{
	ssize_t n = has_data(h) ? send(fd, h->v + h->from, h->to - h->from, MSG_NOSIGNAL) : 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	h->from += (size_t)n;
	if (has_data(h))
		return 0;
	h->from = h->to = 0;
	if (h->end && !h->shut) {
		h->shut = true;
		return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
	}
	return 0;
}

/* 1: both sides have said that they are done. */
static int carry(struct relay *r, short inner, short outer)
{
	if (inner & ~POLLOUT && has_room(&r->up))
		TRY(take_in(r->inner, &r->up));
	if (outer & ~POLLOUT && has_room(&r->down))
		TRY(take_in(r->dial.fd, &r->down));
	TRY(give_out(r->dial.fd, &r->up));
	TRY(give_out(r->inner, &r->down));
	return r->up.shut && r->down.shut;
}

static int step(struct relay *r, const struct polls *polls, uint64_t now)
{
	short outer = polls_got(polls, r->at_outer);

	if (r->dial.state != DIAL_OPEN && now - r->since > PATIENCE)
		return -ETIMEDOUT;
	if (r->inner < 0)
		return polls_got(polls, r->at_listener) ? take_connection(r, polls) : 0;
	if (r->dial.state == DIAL_OPEN)
		return carry(r, polls_got(polls, r->at_inner), outer);
	TRY(dial_step(&r->dial, outer));
	if (r->dial.state == DIAL_OPEN) {
		memcpy(r->down.v, r->dial.heard, r->dial.n);
		r->down.to = r->dial.n;
	}
	return 0;
}

/* Cut off, the jail is told so: by a reset. */
static void end(struct relay *r, bool cut)
{
	const struct linger at_once = {.l_onoff = 1};

	if (cut && r->inner >= 0)
		(void)setsockopt(r->inner, SOL_SOCKET, SO_LINGER, &at_once,
			sizeof(at_once)); /* else it is told of a good end */
	own_close(&r->listener);
	own_close(&r->inner);
	own_close(&r->dial.fd);
	free(r);
}

void relays_poll(struct relays *all, const struct polls *polls, uint64_t now)
{
	for (struct relay **at = &all->first; *at;) {
		struct relay *r = *at;
		int done = step(r, polls, now);

		if (!done) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		all->n--;
		end(r, done < 0);
	}
}
