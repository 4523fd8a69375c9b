/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_OWN_H
#define JAILRT_OWN_H
/*
 * own: who closes and frees what.
 *
 * A variable declared with own_fd or own_free is released when it leaves its scope, on every path.
 * take_fd and take_ptr move the value out, so that ownership is handed on by name:
 *
 *	own_fd int fd = -1;
 *	...
 *	return take_fd(&fd);
 *
 * Nothing here fails, allocates or locks; it may be used between clone and exec.
 */
#include <stdlib.h>
#include <unistd.h>

static inline void own_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void own_release(void *at)
{
	free(*(void **)at);
}

#define own_fd	 __attribute__((cleanup(own_close)))
#define own_free __attribute__((cleanup(own_release)))

/* Runs DONE(&variable) when the variable leaves its scope; DONE accepts a half-built or empty one. */
#define own(DONE) __attribute__((cleanup(DONE)))

#define take_ptr(p)                             \
	({                                      \
		__typeof__(*(p)) taken_ = *(p); \
		*(p) = NULL;                    \
		taken_;                         \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
