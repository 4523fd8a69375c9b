/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_SECCOMP_H
#define JAILRT_DO_SECCOMP_H
/*
 * seccomp: the system call filter, and last words that need no system call.
 *
 * Once the filter is in force it may stop anything but exec. What goes wrong then is left in a page of
 * memory whose file the other side has: it looks there when the connection ends.
 */
#include "../base/err.h"
#include "../step.h"

/* Maps the page: its file, or -errno. An exec takes the page away. */
int seccomp_words(struct err **ret, struct err *e);

/* What was left there: 0 when nothing was, otherwise that failure. */
int seccomp_read_words(int fd, struct err *e);

/* From here on the filter is in force. The fd of the agent's end when one was asked for, or 0. */
int seccomp_set(const struct step_seccomp *s, struct err *e);

#endif
