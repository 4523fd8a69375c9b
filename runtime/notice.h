/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NOTICE_H
#define JAILRT_NOTICE_H
/*
 * notice: watches the system calls that a jail's filter tells of (STEP_WATCH), and lets them go on.
 *
 * By a thread for each jail, since the memory and the files that a call names are looked at, which takes as
 * long as whoever is behind them likes (a filesystem of the jail's own, say): the loop that keeps time limits
 * and serves others must not wait for that; only the jail itself waits. A call goes on only after it was
 * looked at, and is noted only when it did: the notification was still the same after the reading.
 *
 * This observes and restricts nothing: what was read may be changed until the kernel reads it, too.
 */
#include <linux/seccomp.h>

#include "seen.h"

struct notice;

/* Takes over the listener. seen is held by the thread as long as it needs it. */
int notice_begin(int listener, struct seen *seen, struct notice **ret, struct err *e);

/* Ends the watching, at once as far as the caller is concerned: calls still to come fail with ENOSYS. */
void notice_end(struct notice *n);

/* --- for the files of this room only ---------------------------------------------------------- */

/* What a call named. */
struct noticed {
	struct pool pool;
	struct seen_call call;
	struct seen_path paths[2];
	unsigned n_paths;
	struct seen_peer peer;
	bool has_peer, unread;
};

/* Reads all that is to be known, from the process that waits; nothing of it is to be believed yet. */
void notice_read(const struct seccomp_notif *n, struct noticed *ret);
void noticed_done(struct noticed *n);

/* What a path is in the jail of the process and on the host. */
void notice_look(pid_t pid, struct seen_path *path);

#endif
