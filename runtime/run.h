/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_RUN_H
#define JAILRT_RUN_H
/*
 * run: a plan while it is carried out, as each of the three processes sees it.
 *
 * The parent fills it before the first clone; the children have copies. Slots are this process's fds
 * for the plan's numbers, -1 while there is none.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/* The state that hooks read on stdin, in parts: head status middle pid tail. */
struct run_state {
	const char *head, *middle, *tail;
	int out[2]; /* files for what hooks print on stdout and stderr; 0: none */
};

struct run {
	const struct plan *plan;
	struct run_state state;
	int *slots;
	int proc; /* the host's procfs, proven to be it */
	int null; /* the host's /dev/null, likewise */
	int self; /* the file of our own program (self.h); -1: none */
	int talk[2 * 3]; /* by side: the parent's end, the child's end; -1: closed or none */
	int stdio[3]; /* init's 0, 1 and 2; 0: as the caller has it */
	int helper; /* who is init by itself: readable once its helper is gone; -1 */
	int start; /* the socket that start comes to; -1: none */
	bool released; /* init does not die with its parent any more */
	bool born; /* in a child: it has had its first turn */
	unsigned keep_fds;
	mode_t umask; /* of the caller */
	const struct step_seccomp *filter; /* set last; NULL: none */
	int words_fd; /* its file; -1 */
	struct err *words; /* where a failure is left when it cannot be sent any more */
	char *found; /* PATH_MAX bytes on init's stack: the program, once it is looked for */
};

/* The two ends of a side's socket pair. */
#define RUN_PARENT_END(side) (2 * (side))
#define RUN_CHILD_END(side)  (2 * (side) + 1)

/* The children's lives; at: the step to begin with. They end in exec or exit. */
_Noreturn void init_main(struct run *r, size_t at);
_Noreturn void mid_main(struct run *r, size_t at);

/* Carries out a step in a child; waiting is allowed. */
typedef int doer(struct run *r, const struct step *s, struct err *e);
extern doer *const doers[STEP_KINDS];
/* A procfs that the mount is attached from: an fd; -1: none is needed; another failure. */
int do_inner_proc(struct run *r, const struct step_mount *a, struct err *e);
doer do_open_file, do_core_sched, do_no_tsc, do_wait_start, do_watch; /* doers_more.c */
doer do_net_address, do_net_filter, do_net_rule;

/* For children, once born: closes what is not this side's. */
void child_begin(struct run *r, enum side side);

/*
 * For children. Says FAIL and exits. Lets the turn go over, and waits until it comes back: returns the
 * step to go on at.
 */
_Noreturn void child_fail(struct run *r, enum side side, size_t at, const struct err *e);
size_t child_turn(struct run *r, enum side side, size_t at);

#endif
