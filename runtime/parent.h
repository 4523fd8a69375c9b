/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PARENT_H
#define JAILRT_PARENT_H
/*
 * parent: the side of a plan that the caller's own process carries out.
 *
 * A state machine that never waits: parent_step does what can be done and says what it waits for, and
 * parent_fd is readable when there is more to do. One loop can so hold many jails. It changes nothing
 * of the process but its children and fds. A plan with a unit of systemd's is the exception: there it
 * waits for systemd, half a minute at the most (systemd.h).
 */
#include "base/err.h"
#include "do/spawn.h"
#include "run.h"

/* How long the program that carries packets (net/) may take to begin. */
enum { NET_PATIENCE_S = 30 };

struct user_net;

enum parent_event {
	PARENT_WAIT, /* call again when parent_fd is readable */
	PARENT_CREATED, /* all is set up; call again to let the program run, or be held for start */
	PARENT_LEFT, /* held: it belongs to nobody now, and waits for start */
	PARENT_RUNNING, /* the program is executed */
};

struct parent {
	struct run run;
	pid_t pid[3]; /* by side; 0: none, or reaped */
	int pidfd[3];
	size_t at;
	size_t failed_at; /* the step that failed, when parent_step failed in a child or here */
	bool go_sent, launched;
	int words; /* file of init's last words (seccomp.h); -1: it can speak */
	int epoll, timer;
	struct spawned spawned; /* a hook or a helper that is running; pid 0: none */
	const char *doing; /* what it is, for its failure */
	struct texts made_cgroups;
	const struct step_rdt *rdt; /* carried out so far as rdt_made says (rdt.h) */
	unsigned rdt_made;
	struct systemd *systemd; /* for a plan with a unit; not owned */
	const char *made_unit;
	struct pool pool;
};

/*
 * Begins. plan and state must live until parent_done. start: a listening socket that a held jail's init
 * takes over, or -1. pidfd: what exec joins, or -1 (the plan's slot 0).
 */
int parent_begin(struct parent *p, const struct plan *plan, const struct run_state *state,
	int start, int pidfd, struct err *e);

int parent_fd(const struct parent *p);

/* An event, or -errno: then the plan has failed, and parent_abort takes back what was made. */
int parent_step(struct parent *p, struct err *e);

/* Kills and reaps the children, and removes the cgroups and the unit that were made. */
void parent_abort(struct parent *p);

/* The program runs: what only its making needed is closed. */
void parent_settle(struct parent *p);

/*
 * For who is not born by the plan but made otherwise: makes the cgroups and resctrl groups of the plan and
 * puts the process into them; what it starts is there, too.
 */
int parent_place(struct parent *p, pid_t pid, struct err *e);

/* Frees and closes what is the parent's own; the program, and what of it was taken out, lives on. */
void parent_done(struct parent *p);

/* The terminal's master, for the caller to keep; -1 when there is none. */
int parent_take_console(struct parent *p);
int parent_take_pidfd(struct parent *p);

/* The agent's end of the filter, likewise. */
int parent_take_listener(struct parent *p);

/* --- for the files of this room only ---------------------------------------------------------- */

/* Steps of cgroups or of systemd's unit, and what is left of them when the plan fails. */
int parent_cgroup(struct parent *p, const struct step *s, struct err *e);
void parent_abort_cgroups(struct parent *p);
/* Starts what carries the packets; it ends once the network is there, or with why it is not. */
int parent_user_net(struct parent *p, const struct user_net *a, struct err *e);

#endif
