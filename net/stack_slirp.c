/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "net.h"
#include "stack.h"
#include "tun.h"

/* libslirp, and the loop around it. */

/* --- what libslirp asks for -------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t clock_ns(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static ssize_t take_frame(const void *frame, size_t len, void *arg)
{
	stack_frame(arg, frame, len);
	return (ssize_t)len;
}

static void guest_error(const char *text, void *arg)
{
	(void)text;
	(void)arg; /* whatever the jail sends, it is the jail's own affair */
}

static void *timer_new(SlirpTimerCb fn, void *fn_arg, void *arg)
{
	struct stack *s = arg;

	for (size_t i = 0; i < STACK_TIMERS; i++) {
		if (s->timers[i].fn)
			continue;
		s->timers[i] = (struct stack_timer){fn, fn_arg, -1};
		return &s->timers[i];
	}
	return NULL;
}

static void timer_free(void *timer, void *arg)
{
	(void)arg;
	if (timer)
		((struct stack_timer *)timer)->fn = NULL;
}

static void timer_mod(void *timer, int64_t when, void *arg)
{
	(void)arg;
	if (timer)
		((struct stack_timer *)timer)->when = when;
}

static void ignore_fd(int fd, void *arg)
{
	(void)fd;
	(void)arg; /* it names them at each turn */
}

static void ignore(void *arg)
{
	(void)arg;
}

/* --- beginning --------------------------------------------------------------------------------- */

static void put_v4(struct in_addr *to, const struct net_address *a)
{
	memcpy(to, a->b, sizeof(*to));
}

static void put_v6(struct in6_addr *to, const struct net_address *a)
{
	memcpy(to, a->b, sizeof(*to));
}

/*
 * The smallest network that the gateway is in, and not the last of: that would be its broadcast address,
 * which libslirp takes all for that come in.
 */
static unsigned network_length(const struct net_address *gateway)
{
	unsigned bits = 2;

	for (unsigned last = gateway->b[3]; bits < 8; bits++) {
		if ((last & ((1U << bits) - 1)) != (1U << bits) - 1)
			break;
	}
	return 32 - bits;
}

/* What it would lead to the host's own loopback, the judge lets through for answers alone. */
static int begin_slirp(struct stack *s, struct err *e)
{
	static const SlirpCb calls = {
		.send_packet = take_frame,
		.guest_error = guest_error,
		.clock_get_ns = clock_ns,
		.timer_new = timer_new,
		.timer_free = timer_free,
		.timer_mod = timer_mod,
		.register_poll_fd = ignore_fd,
		.unregister_poll_fd = ignore_fd,
		.notify = ignore,
	};
	const struct judge *j = &s->judge;
	SlirpConfig c = {.version = 4,
		.in_enabled = j->on[0],
		.in6_enabled = j->on[1],
		.vprefix_len = 128,
		.if_mtu = TUN_MTU,
		.if_mru = TUN_MTU,
		.disable_dns = true,
		.disable_dhcp = true};

	c.vnetmask.s_addr = htonl(~0U << (32 - network_length(&j->gateway[0])));
	put_v4(&c.vnetwork, &j->gateway[0]);
	c.vnetwork.s_addr &= c.vnetmask.s_addr;
	put_v4(&c.vhost, &j->gateway[0]);
	put_v4(&c.vdhcp_start, &j->own[0]);
	put_v6(&c.vprefix_addr6, &j->gateway[1]);
	put_v6(&c.vhost6, &j->gateway[1]);
	s->slirp = slirp_new(&c, &calls, s);
	return s->slirp ? 0 : err_set(e, ENOMEM, "libslirp does not begin");
}

/* Next to the jail's own, and not the gateway's; on our side of the device nobody else is. */
static void choose_alias(struct stack *s, int at, size_t len)
{
	struct net_address *a = &s->alias[at];

	for (uint8_t bit = 1; bit < 8; bit <<= 1) {
		*a = s->judge.own[at];
		a->b[len - 1] ^= bit;
		if (memcmp(a->b, s->judge.gateway[at].b, len))
			return;
	}
}

static socklen_t put_socket(
	struct sockaddr_storage *to, int family, const char *text, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (family == 6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		if (text)
			(void)inet_pton(AF_INET6, text, &v6->sin6_addr); /* it was read before */
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	if (text)
		(void)inet_pton(AF_INET, text, &v4->sin_addr);
	return sizeof(*v4);
}

static int open_port(
	struct stack *s, const struct user_net_rule *rule, uint16_t port, struct err *e)
{
	enum { TRIES = 20, TRY_MS = 50 };
	struct sockaddr_storage host, jail;
	int r = -1;
	uint16_t inner = rule->has_to_port ? (uint16_t)rule->to_port : port;
	socklen_t host_len = put_socket(&host, rule->family, rule->src, port);
	socklen_t jail_len = put_socket(&jail, rule->family, rule->to, inner);
	int flags = (rule->proto == USER_NET_UDP ? SLIRP_HOSTFWD_UDP : 0) |
		    (rule->family == 6 ? SLIRP_HOSTFWD_V6ONLY : 0);

	/* The jail before may be gone, and its network not yet. */
	for (int i = 0; i < TRIES; i++) {
		r = slirp_add_hostxfwd(s->slirp, (struct sockaddr *)&host, host_len,
			(struct sockaddr *)&jail, jail_len, flags);
		if (r >= 0 || errno != EADDRINUSE)
			break;
		(void)poll(NULL, 0, TRY_MS);
	}
	if (r < 0)
		return err_sys(e, errno, "listen on %s port %u of the host",
			rule->src	    ? rule->src
			: rule->family == 6 ? "[::]"
					    : "0.0.0.0",
			port);
	if (rule->proto == USER_NET_UDP)
		s->udp_in[s->n_udp_in++] = inner;
	return 0;
}

static int open_ports(struct stack *s, const struct user_net *n, struct pool *pool, struct err *e)
{
	size_t udp = 0;

	list_each (i, n->rules) {
		const struct user_net_rule *r = n->rules.v[i];

		if (r->direction == USER_NET_IN && r->action == USER_NET_REDIRECT)
			udp += r->dport_end - r->dport + 1;
	}
	s->udp_in = pool_array(pool, udp + 1, sizeof(*s->udp_in));
	if (!s->udp_in)
		return err_memory(e);
	list_each (i, n->rules) {
		const struct user_net_rule *r = n->rules.v[i];

		if (r->direction != USER_NET_IN || r->action != USER_NET_REDIRECT)
			continue;
		for (uint32_t port = r->dport; port <= r->dport_end; port++)
			TRY(open_port(s, r, (uint16_t)port, e));
	}
	return 0;
}

/* --- the loop ---------------------------------------------------------------------------------- */

static int add_poll(int fd, int events, void *arg)
{
	struct stack *s = arg;

	return polls_add(&s->polls, fd,
		(short)((events & SLIRP_POLL_IN ? POLLIN : 0) |
			(events & SLIRP_POLL_OUT ? POLLOUT : 0) |
			(events & SLIRP_POLL_PRI ? POLLPRI : 0)));
}

static int get_events(int at, void *arg)
{
	struct stack *s = arg;
	int got = polls_got(&s->polls, at);

	return (got & POLLIN ? SLIRP_POLL_IN : 0) | (got & POLLOUT ? SLIRP_POLL_OUT : 0) |
	       (got & POLLPRI ? SLIRP_POLL_PRI : 0) | (got & POLLERR ? SLIRP_POLL_ERR : 0) |
	       (got & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static uint32_t until_timer(struct stack *s, uint32_t timeout)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < STACK_TIMERS; i++) {
		const struct stack_timer *t = &s->timers[i];
		int64_t left = t->when > now ? t->when - now : 0;

		if (t->fn && t->when >= 0 && left < (int64_t)timeout)
			timeout = (uint32_t)left;
	}
	return timeout;
}

static void run_timers(struct stack *s)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < STACK_TIMERS; i++) {
		struct stack_timer *t = &s->timers[i];

		if (!t->fn || t->when < 0 || t->when > now)
			continue;
		t->when = -1;
		t->fn(t->arg);
	}
}

/* False when the device is gone, for good. */
static bool read_device(struct stack *s)
{
	enum { TURN = 64 };

	for (int i = 0; i < TURN; i++) {
		ssize_t n = read(s->tun, s->in + FRAME_HEAD, PACKET_MOST);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		stack_take(s, (size_t)n);
	}
	return true;
}

/* What is our own also looks at what time it is. */
static uint32_t fill(struct stack *s)
{
	enum { LOOK_MS = 5000 };
	uint32_t timeout = s->relays.n || s->assocs.n || s->pings.n ? LOOK_MS : UINT32_MAX;

	slirp_pollfds_fill(s->slirp, &timeout, add_poll, s);
	relays_fill(&s->relays, &s->polls);
	assocs_fill(&s->assocs, &s->polls);
	pings_fill(&s->pings, &s->polls);
	return until_timer(s, timeout);
}

/* What was named for this turn is done with before anything new comes up in it. */
static bool turn(struct stack *s, bool failed)
{
	slirp_pollfds_poll(s->slirp, failed, get_events, s);
	relays_poll(&s->relays, &s->polls, stack_seconds());
	assocs_poll(&s->assocs, &s->polls, stack_seconds());
	pings_poll(&s->pings, &s->polls, stack_seconds());
	if (!failed && s->polls.v[1].revents && !read_device(s))
		return false;
	run_timers(s);
	stack_flush(s);
	return true;
}

static void loop(struct stack *s, int pidfd)
{
	for (;;) {
		uint32_t timeout;
		int r;

		s->polls.n = 0;
		if (polls_add(&s->polls, pidfd, POLLIN) < 0 ||
			polls_add(&s->polls, s->tun, POLLIN) < 0)
			return;
		timeout = fill(s);
		r = poll(s->polls.v, s->polls.n, timeout > INT32_MAX ? -1 : (int)timeout);
		if (r < 0 && errno != EINTR)
			return;
		if (r > 0 && s->polls.v[0].revents)
			return;
		if (!turn(s, r < 0))
			return;
	}
}

int stack_run(const struct user_net *n, const struct jail_end *jail, ready_fn *ready, struct err *e)
{
	static struct stack s; /* large, and there is one */
	own_pool struct pool pool = {0};

	TRY(judge_read(n, &pool, &s.judge, e));
	flows_init(&s.flows);
	s.assocs.give = stack_write;
	s.assocs.arg = &s;
	s.pings.give = stack_write;
	s.pings.arg = &s;
	choose_alias(&s, 0, 4);
	choose_alias(&s, 1, 16);
	s.tun = enter(jail, tun_make, n, e);
	TRY(s.tun);
	TRY(begin_slirp(&s, e));
	TRY(open_ports(&s, n, &pool, e));
	TRY(confine(e));
	stack_introduce(&s);
	ready();
	loop(&s, jail->pidfd);
	return 0;
}
