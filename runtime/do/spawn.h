/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_SPAWN_H
#define JAILRT_DO_SPAWN_H
/*
 * spawn: a helper program run on the side: hooks, newuidmap.
 *
 * It gets a text on stdin, its output is kept for the error message, no other fd reaches it, and it is
 * held by a pidfd. Beginning and ending are apart, so that the parent never waits in between. No heap;
 * init uses it too, between clone and exec.
 */
#include <stddef.h>
#include <sys/types.h>

#include "../base/err.h"

struct spawn {
	const char *path;
	char *const *argv, *const *envp; /* NULL-terminated; envp NULL: the caller's own */
	const char *input[6]; /* in turn, up to a NULL */
	const char *cwd; /* NULL: the caller's */
	const int *
		out; /* NULL, or where its stdout and stderr go; 0: they are kept for the message */
};

struct spawned {
	pid_t pid;
	int pidfd; /* -1: none */
	int output; /* what it printed, from offset 0 */
};

/* Starts the program; 0 only once it really runs: a missing file is reported here. */
int spawn_begin(const struct spawn *s, struct spawned *ret, struct err *e);

/* Reaps it, when its pidfd is readable, and says how it failed, with the end of its output. */
int spawn_end(struct spawned *p, struct err *e);

/* Kills and reaps it. */
void spawn_cancel(struct spawned *p);

/* The whole of it, waiting; timeout_s 0: as long as it takes. */
int spawn_run(const struct spawn *s, int timeout_s, struct err *e);

#endif
