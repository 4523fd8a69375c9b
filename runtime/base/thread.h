/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_THREAD_H
#define JAILRT_THREAD_H
/*
 * thread: one that helps, with a small stack and without signals: those stay with the threads that the
 * caller of the library knows of. Not for use between clone and exec.
 */
#include <pthread.h>

/* ret: for pthread_join(3), or NULL for one that nobody waits for. 0, or a negative errno value. */
int thread_start(void *(*fn)(void *arg), void *arg, pthread_t *ret);

#endif
