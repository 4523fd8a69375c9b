/* SPDX-License-Identifier: Apache-2.0 */
#include "assoc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dial.h"

enum { WAITING = 8, IDLE = 60, PATIENCE = 30, UDP_HEAD = 8 };

struct waiting {
	struct proxy_end end;
	uint8_t *data;
	size_t len;
};

struct assoc {
	struct assoc *next;
	int family;
	struct net_address src; /* the jail's */
	uint16_t sport;
	struct judge_rule rule;
	struct dial dial; /* its fd holds the association */
	int udp;
	int at_dial, at_udp; /* of this turn's polls */
	uint64_t used;
	struct waiting waiting[WAITING];
	size_t n_waiting;
};

static void send_wrapped(
	struct assoc *a, const struct proxy_end *end, const uint8_t *data, size_t len)
{
	uint8_t head[PROXY_HEAD];
	struct iovec parts[] = {{head, proxy_wrap(end, head)}, {(void *)data, len}};

	(void)!writev(a->udp, parts, 2); /* one that does not go is lost */
}

static void keep(struct assoc *a, const struct proxy_end *end, const uint8_t *data, size_t len)
{
	struct waiting *w = &a->waiting[a->n_waiting];

	if (a->n_waiting == WAITING)
		return;
	w->data = malloc(len + 1);
	if (!w->data)
		return;
	memcpy(w->data, data, len);
	w->len = len;
	w->end = *end;
	a->n_waiting++;
}

static void send_waiting(struct assoc *a)
{
	for (size_t i = 0; i < a->n_waiting; i++) {
		if (a->udp >= 0)
			send_wrapped(a, &a->waiting[i].end, a->waiting[i].data, a->waiting[i].len);
		free(a->waiting[i].data);
	}
	a->n_waiting = 0;
}

static struct assoc *begin(
	struct assocs *all, const struct judge_rule *r, const struct packet *p, uint64_t now)
{
	/* RFC 1928: zeros, where it is not known whence the datagrams will come. */
	const struct proxy_end any = {.family = r->to_family};
	struct assoc *a = all->n < ASSOCS ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return NULL;
	if (dial_begin(&a->dial, r, PROXY_UDP, &any) < 0) {
		free(a);
		return NULL;
	}
	a->family = p->family;
	a->src = p->src;
	a->sport = p->sport;
	a->rule = *r;
	a->udp = a->at_dial = a->at_udp = -1;
	a->used = now;
	a->next = all->first;
	all->first = a;
	all->n++;
	return a;
}

static struct assoc *find(struct assocs *all, const struct judge_rule *r, const struct packet *p)
{
	for (struct assoc *a = all->first; a; a = a->next) {
		if (a->family == p->family && a->sport == p->sport &&
			a->rule.to_port == r->to_port && a->rule.to_family == r->to_family &&
			!memcmp(&a->rule.to, &r->to, sizeof(r->to)))
			return a;
	}
	return NULL;
}

void assocs_send(
	struct assocs *all, const struct judge_rule *r, const struct packet *p, uint64_t now)
{
	const struct proxy_end end = {p->family, p->dst, p->dport};
	struct assoc *a = find(all, r, p);

	if (!a)
		a = begin(all, r, p, now);
	if (!a)
		return;
	a->used = now;
	if (a->udp < 0)
		keep(a, &end, p->body + UDP_HEAD, p->body_len - UDP_HEAD);
	else
		send_wrapped(a, &end, p->body + UDP_HEAD, p->body_len - UDP_HEAD);
}

void assocs_fill(struct assocs *all, struct polls *polls)
{
	for (struct assoc *a = all->first; a; a = a->next) {
		a->at_dial = polls_add(polls, a->dial.fd, dial_events(&a->dial));
		a->at_udp = a->udp >= 0 ? polls_add(polls, a->udp, POLLIN) : -1;
	}
}

/* A relay at no address, or at a name, is at the proxy's own. */
static int open_relay(struct assoc *a)
{
	static const struct net_address none;
	const struct proxy_end *b = &a->dial.bound;
	bool own = !b->family || !memcmp(&b->address, &none, sizeof(none));

	a->udp = dial_socket(SOCK_DGRAM, own ? a->rule.to_family : b->family,
		own ? &a->rule.to : &b->address, b->port);
	TRY(a->udp);
	send_waiting(a);
	return 0;
}

static void take_answers(struct assocs *all, struct assoc *a, uint64_t now)
{
	static uint8_t data[PACKET_MOST], packet[PACKET_MOST];
	struct proxy_end from;
	ssize_t n;
	int head;

	while ((n = recv(a->udp, data, sizeof(data), MSG_DONTWAIT)) >= 0) {
		head = proxy_unwrap(data, (size_t)n, &from);
		if (head < 0 || from.family != a->family)
			continue;
		a->used = now;
		all->give(packet,
			packet_udp(a->family, &from.address, from.port, &a->src, a->sport,
				data + head, (size_t)(n - head), packet, sizeof(packet)),
			all->arg);
	}
}

/* While it is held, the proxy says nothing; that it says so is its end. */
static int still_held(struct assoc *a)
{
	uint8_t byte;
	ssize_t n = recv(a->dial.fd, &byte, 1, MSG_DONTWAIT);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)) ? 0 : -ECONNRESET;
}

static int step(struct assocs *all, struct assoc *a, const struct polls *polls, uint64_t now)
{
	short got = polls_got(polls, a->at_dial);
	bool open = a->dial.state == DIAL_OPEN;

	if (now - a->used > (open ? IDLE : PATIENCE))
		return -ETIMEDOUT;
	if (!open) {
		TRY(dial_step(&a->dial, got));
		return a->dial.state == DIAL_OPEN ? open_relay(a) : 0;
	}
	if (polls_got(polls, a->at_udp))
		take_answers(all, a, now);
	return got ? still_held(a) : 0;
}

void assocs_poll(struct assocs *all, const struct polls *polls, uint64_t now)
{
	for (struct assoc **at = &all->first; *at;) {
		struct assoc *a = *at;

		if (step(all, a, polls, now) >= 0) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		all->n--;
		own_close(&a->udp);
		own_close(&a->dial.fd);
		send_waiting(a); /* to nobody: they are freed */
		free(a);
	}
}
