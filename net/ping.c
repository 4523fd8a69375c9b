/* SPDX-License-Identifier: Apache-2.0 */
#include "ping.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLE = 10, REPLY6 = 129 };

struct ping {
	struct ping *next;
	struct net_address src, dst; /* the jail's */
	uint16_t id;
	int fd, at; /* at: in this turn's polls */
	uint64_t used;
};

static int open_socket(const struct net_address *to)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6};
	own_fd int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	memcpy(&a.sin6_addr, to->b, sizeof(a.sin6_addr));
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return take_fd(&fd);
}

static struct ping *find(struct pings *all, const struct packet *p)
{
	for (struct ping *g = all->first; g; g = g->next) {
		if (g->id == p->sport && !memcmp(&g->dst, &p->dst, sizeof(g->dst)))
			return g;
	}
	return NULL;
}

static struct ping *begin(struct pings *all, const struct packet *p, const struct net_address *to)
{
	struct ping *g = all->n < PINGS ? calloc(1, sizeof(*g)) : NULL;

	if (!g)
		return NULL;
	g->fd = open_socket(to);
	if (g->fd < 0) {
		free(g);
		return NULL;
	}
	g->src = p->src;
	g->dst = p->dst;
	g->id = p->sport;
	g->at = -1;
	g->next = all->first;
	all->first = g;
	all->n++;
	return g;
}

void pings_send(
	struct pings *all, const struct packet *p, const struct net_address *to, uint64_t now)
{
	struct ping *g = find(all, p);

	if (!g)
		g = begin(all, p, to);
	if (!g)
		return;
	g->used = now;
	(void)!send(g->fd, p->body, p->body_len, MSG_NOSIGNAL); /* or it is lost */
}

void pings_fill(struct pings *all, struct polls *polls)
{
	for (struct ping *g = all->first; g; g = g->next)
		g->at = polls_add(polls, g->fd, POLLIN);
}

/* -errno when it is over. */
static int take(struct pings *all, struct ping *g)
{
	static uint8_t message[PACKET_MOST], packet[PACKET_MOST];
	ssize_t n = recv(g->fd, message, sizeof(message), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n > 0 && message[0] == REPLY6)
		all->give(packet,
			packet_echo(6, &g->dst, &g->src, g->id, message, (size_t)n, packet,
				sizeof(packet)),
			all->arg);
	return 0;
}

void pings_poll(struct pings *all, const struct polls *polls, uint64_t now)
{
	for (struct ping **at = &all->first; *at;) {
		struct ping *g = *at;
		bool over = now - g->used > IDLE;

		if (!over && polls_got(polls, g->at))
			over = take(all, g) < 0;
		if (!over) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		all->n--;
		own_close(&g->fd);
		free(g);
	}
}
