/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_SERVE_H
#define JAILRT_SERVE_H
/*
 * serve: the jails of one config: one, one after the other, or one for each TCP connection.
 *
 * One process and one epoll hold all of them, each a life of its own (life.h) with its own id and state
 * directory; nothing waits. A connection's program has pipes for its stdio, never the socket: that
 * could be disconnected, and connected to somewhere else in the caller's network namespace. What happens is said
 * to the log in the words of nsjail, which people's scripts look for. serve.c has the jails and the loop,
 * serve_listen.c the socket and who comes by it, serve_pipe.c the bytes.
 */
#include "life.h"

enum { SERVE_ADDRESS = 64 };

/* What an event of the epoll is about. */
enum serve_source { SERVE_LIFE, SERVE_SOCKET, SERVE_IN, SERVE_OUT, SERVE_LISTENER, SERVE_TICK };

struct serve_watch {
	enum serve_source source;
	struct conn *conn;
};

struct conn {
	struct serve *serve;
	struct conn *next, *prev;
	struct life life;
	bool has_life, ended; /* the jail has not been deleted yet; the program is gone */
	struct serve_watch on_life, on_socket, on_in, on_out;
	int socket, in, out; /* ours; -1: closed, or none. in: to the program, out: from it */
	int theirs[2]; /* the program's ends, until it has them */
	unsigned char address[16]; /* of the peer */
	char remote[SERVE_ADDRESS]; /* as the log has it */
	bool failed; /* there was no jail: it is freed when nobody has a copy of its fds */
	bool closing; /* all is sent; the peer's end is waited for */
	struct timespec quiet; /* since when nothing has moved, once the program is gone */
};

struct serve {
	struct life *base; /* loaded; not owned */
	int epoll, listener, tick, spare;
	bool ticking;
	char local[SERVE_ADDRESS];
	struct serve_watch on_listener, on_tick;
	struct conn *conns, *dead;
	uint64_t born; /* jails so far */
	unsigned live; /* jails now */
	unsigned stop; /* how often it was told to */
	int signal; /* by which */
	bool done;
	uint32_t wait_ms; /* RERUN: how long a jail that is broken is left alone */
	struct timespec again; /* and until when */
	struct timespec told; /* when it was last said that fds are short */
};

/* Loads, and begins the first jail or listens. base is loaded by this, and must outlive it. */
int serve_begin(struct serve *s, struct life *base, struct err *e);
int serve_fd(const struct serve *s);
/* LIFE_RUNNING, LIFE_ENDED once there is nothing more to come, or the failure of ONCE and RERUN. */
int serve_step(struct serve *s, struct err *e);
/* A fatal signal: kills all, or passes it on (forward_signals); the second one kills. */
void serve_stop(struct serve *s, int sig);
/* Says who is there. */
void serve_tell(const struct serve *s);
void serve_done(struct serve *s);

/* --- for the files of this room only ---------------------------------------------------------- */

int serve_watch(struct serve *s, int fd, uint32_t events, struct serve_watch *w, struct err *e);
/*
 * Closes what is watched. The epoll forgets an fd by itself only when its last copy is closed, and a jail that
 * is just being born has copies of all.
 */
void serve_close(struct serve *s, int *fd);
/* Begins a jail; socket: its connection, which is taken over, or -1. */
int serve_jail(struct serve *s, int socket, const unsigned char *address, const char *remote,
	struct err *e);
/* Kills the program, or gives up making it. */
void serve_kill(struct conn *c, int sig);
/* Nothing of it is left; it is freed by the loop. */
void serve_drop(struct conn *c);
/* The ticks come ten times a second from now on. */
void serve_need_tick(struct serve *s);
uint64_t serve_ms_since(const struct timespec *t);

int serve_listen(struct serve *s, struct err *e);
void serve_accept(struct serve *s);

/* Makes the program's pipes. */
int serve_pipes(struct conn *c, struct err *e);
int serve_watch_pipes(struct conn *c, struct err *e);
/* Moves what can be moved. */
void serve_pump(struct conn *c);
/* A tenth of a second has passed. */
void serve_pump_tick(struct conn *c);

#endif
