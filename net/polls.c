/* SPDX-License-Identifier: Apache-2.0 */
#include "polls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int polls_add(struct polls *p, int fd, short events)
{
	size_t room = p->room ? p->room * 2 : 64;
	struct pollfd *v = p->v;

	if (p->n == p->room) {
		v = realloc(v, room * sizeof(*v));
		if (!v)
			return -1;
		p->v = v;
		p->room = room;
	}
	v[p->n] = (struct pollfd){.fd = fd, .events = events};
	return (int)p->n++;
}

short polls_got(const struct polls *p, int at)
{
	return at < 0 ? 0 : p->v[at].revents;
}

bool polls_have_peer(const struct polls *p, int fd)
{
	struct sockaddr_storage peer = {0}, own;
	socklen_t len = sizeof(peer), own_len;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		memset(&own, 0, sizeof(own));
		own_len = sizeof(own);
		if (!getsockname(p->v[i].fd, (struct sockaddr *)&own, &own_len) && own_len == len &&
			!memcmp(&own, &peer, len))
			return true;
	}
	return false;
}
