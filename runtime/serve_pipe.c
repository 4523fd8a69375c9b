/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "serve.h"

/*
 * Bytes between a connection and its program: spliced, never copied here. The fds are watched for changes
 * (edge-triggered), so each round goes on until nothing moves; one that would take too long of the loop's
 * time is asked for again.
 */

enum {
	AT_ONCE = 65536,
	ROUNDS = 16,
	QUIET_MS = 10000, /* a peer that takes nothing of what an ended program said */
	CLOSING_MS = 3000, /* and one that does not hang up, having it all */
};

int serve_pipes(struct conn *c, struct err *e)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	c->theirs[0] = in[0];
	c->in = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	c->out = out[0];
	c->theirs[1] = out[1];
	/* Each end has flags of its own: the program's stay as it expects them. */
	if (fcntl(c->in, F_SETFL, O_WRONLY | O_NONBLOCK) < 0 ||
		fcntl(c->out, F_SETFL, O_RDONLY | O_NONBLOCK) < 0)
		return err_sys(e, errno, "make a pipe");
	return 0;
}

int serve_watch_pipes(struct conn *c, struct err *e)
{
	struct serve *s = c->serve;

	TRY(serve_watch(s, c->in, EPOLLOUT | EPOLLET, &c->on_in, e));
	TRY(serve_watch(s, c->out, EPOLLIN | EPOLLET, &c->on_out, e));
	return serve_watch(
		s, c->socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &c->on_socket, e);
}

/* Asks for the event once more, though nothing new has come. */
static void ask_again(struct conn *c, int fd, uint32_t events, struct serve_watch *w)
{
	struct epoll_event ev = {.events = events | EPOLLET, .data.ptr = w};

	(void)epoll_ctl(c->serve->epoll, EPOLL_CTL_MOD, fd, &ev); /* it is watched already */
}

enum moved { MOVED_ALL, MOVED_SOME, MOVED_END, MOVED_BROKEN };

/* SOME: there may be more, but it is others' turn. */
static enum moved move(struct conn *c, int from, int to)
{
	for (int i = 0; i < ROUNDS;) {
		ssize_t n = splice(
			from, NULL, to, NULL, AT_ONCE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n == 0)
			return MOVED_END;
		if (n < 0 && errno == EAGAIN)
			return MOVED_ALL;
		if (n < 0 && errno != EINTR)
			return MOVED_BROKEN;
		i++;
		if (c->ended)
			clock_gettime(CLOCK_MONOTONIC, &c->quiet);
	}
	return MOVED_SOME;
}

static void pump_in(struct conn *c)
{
	enum moved m;

	if (c->in < 0)
		return;
	m = move(c, c->socket, c->in);
	/* The peer has said all, or nobody listens to it any more. */
	if (m == MOVED_END || m == MOVED_BROKEN)
		serve_close(c->serve, &c->in);
	if (m == MOVED_SOME)
		ask_again(c, c->in, EPOLLOUT, &c->on_in);
}

static bool is_empty(int pipe)
{
	int n = 0;

	return ioctl(pipe, FIONREAD, &n) < 0 || n == 0;
}

/* All is sent. To close now would throw it away again if the peer has said more than was read. */
static void hang_up(struct conn *c)
{
	serve_close(c->serve, &c->out);
	if (shutdown(c->socket, SHUT_WR) < 0 || !c->ended) {
		if (c->ended)
			serve_drop(c);
		return;
	}
	serve_close(c->serve, &c->in);
	c->closing = true;
	clock_gettime(CLOCK_MONOTONIC, &c->quiet);
	serve_need_tick(c->serve);
}

static void pump_out(struct conn *c)
{
	enum moved m;

	if (c->out < 0) {
		if (c->ended && !c->closing)
			hang_up(c);
		return;
	}
	m = move(c, c->out, c->socket);
	if (m == MOVED_SOME) {
		ask_again(c, c->out, EPOLLIN, &c->on_out);
	} else if (m == MOVED_BROKEN) {
		serve_close(c->serve, &c->out);
		if (c->ended)
			serve_drop(c);
		else
			serve_kill(c, SIGKILL);
	} else if (m == MOVED_END || (c->ended && is_empty(c->out))) {
		hang_up(c);
	}
}

/* What still comes is nobody's; the end of it is what is waited for. */
static void swallow(struct conn *c)
{
	char nothing[4096];
	ssize_t n = 1;

	for (int i = 0; i < ROUNDS && n > 0; i++)
		n = recv(c->socket, nothing, sizeof(nothing), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		serve_drop(c);
}

void serve_pump(struct conn *c)
{
	if (c->socket < 0)
		return;
	if (c->closing) {
		swallow(c);
		return;
	}
	if (c->ended && !c->quiet.tv_sec) {
		clock_gettime(CLOCK_MONOTONIC, &c->quiet);
		serve_need_tick(c->serve);
	}
	pump_in(c);
	pump_out(c);
}

void serve_pump_tick(struct conn *c)
{
	if (c->socket < 0 || !c->ended)
		return;
	if (serve_ms_since(&c->quiet) > (c->closing ? CLOSING_MS : QUIET_MS)) {
		serve_drop(c);
		return;
	}
	serve_pump(c);
}
