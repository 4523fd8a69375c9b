/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_TALK_H
#define JAILRT_DO_TALK_H
/*
 * talk: the only way the processes of a start speak to each other.
 *
 * Two SOCK_SEQPACKET pairs, parent - mid and parent - init; mid and init do not speak. The plan says
 * whose turn it is; a turn goes over by GO, with the number of the step to go on at:
 *
 *	parent              mid               init
 *	   | clone ---------->|                 |
 *	   |<--- BORN (pid) --| clone --------->|	only when the plan has a mid
 *	   |-------------------- GO(n) -------->|
 *	   |<------------------- SLOT(k), fd ---|	an fd that the parent will use
 *	   |<------------------- GO(m) ---------|	or FAIL(step, err), which ends all
 *	   |-------------------- GO(…) -------->|
 *	   |<------------------- end of file ---|	the program is running
 *
 * Without a mid the parent clones init itself. A child that reads end of file has lost its parent and
 * exits. Who may send what, and what the receiver checks before it believes it (the
 * last GO of an init with a filter brings the file of its last words along, see seccomp.h):
 *
 *	GO    any to any    the number is a step of the receiver's, or of a side it serves, not behind, and
 *	                    with none of another process's before it
 *	SLOT  start → init  before GO: slot 0 or 1, a file for what hooks print on stdout or stderr
 *	SLOT  child → parent  the slot is one that this side fills, and one fd came along
 *	BORN  mid → parent  once; the pidfd that came along is of the pid
 *	WARN  child → parent  as FAIL; it is logged, and changes nothing
 *	FAIL  child → parent  it has a code, and the text ends within the message; nothing is read after it
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"

enum talk_type { TALK_GO, TALK_SLOT, TALK_BORN, TALK_WARN, TALK_FAIL, TALK_TYPES };

struct talk_message {
	uint32_t type;
	uint32_t step; /* GO, WARN, FAIL */
	int32_t slot; /* SLOT */
	int32_t pid; /* BORN */
	struct err err; /* WARN, FAIL */
};

int talk_pair(int ret[2], struct err *e);

/* Sends m, and fd with it unless it is -1. */
int talk_send(int sock, const struct talk_message *m, int fd, struct err *e);

/*
 * 1 and the message; 0 at end of file; -EAGAIN when wait is false and nothing is there; another
 * -errno. *ret_fd is the fd that came along, or -1; it is the caller's.
 */
int talk_receive(int sock, bool wait, struct talk_message *m, int *ret_fd, struct err *e);

#endif
