/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_RDT_H
#define JAILRT_DO_RDT_H
/*
 * rdt: groups of the resctrl filesystem (cache and memory bandwidth by group of processes).
 *
 * A group of the jail's own is made and removed with it. One that the config names is used when it is
 * there, provided it has the lines that were asked for; it is made when there are lines to give it, and
 * never removed: others may count on it.
 */
#include <sys/types.h>

#include "../base/err.h"
#include "../step.h"

enum { RDT_MADE_GROUP = 1, RDT_MADE_MONITOR = 2 };

/* *ret_made says, also of a failure, what was made of it. */
int rdt_make(const struct step_rdt *s, unsigned *ret_made, struct err *e);

/* Takes back what was made, but for a group that the config names. */
int rdt_unmake(const struct step_rdt *s, unsigned made, struct err *e);

/*
 * Gives a group that is in use other lines, all of them or none. The lines it had go to old, when that is not
 * NULL, for giving them back.
 */
int rdt_change(const char *mount, const char *dir, const char *lines, char *old, size_t size,
	struct err *e);

int rdt_enter(pid_t pid, const struct step_rdt_enter *s, struct err *e);

/* One that is gone already is no failure. */
int rdt_remove(const char *dir, struct err *e);

#endif
