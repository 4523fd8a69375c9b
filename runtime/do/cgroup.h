/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_CGROUP_H
#define JAILRT_DO_CGROUP_H
/*
 * cgroup: the jail's control groups, from being made to being removed (cgroups(7)).
 *
 * Making and limiting is the parent's; entering is the child's own, by a file that the parent opened;
 * counting, killing and removing happen at the end, from the paths that the state file keeps.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"
#include "../base/pool.h"
#include "../step.h"

/*
 * Makes the cgroup and what is missing above it. Returns an fd of its directory; *ret_tasks, when not
 * NULL, becomes its list of tasks, open for writing. *ret_made is true when the cgroup itself was not
 * there before and is now, also on failure: then it is the caller's to remove. One that holds processes
 * is somebody else's: -EBUSY, unless init has joined it.
 */
int cgroup_make(const struct step_cgroup *s, int *ret_tasks, bool *ret_made, struct err *e);

int cgroup_set(int dir, const struct step_cgroup_set *s, struct err *e);

/* Device rules: by devices.allow and devices.deny, or by a BPF program. */
int cgroup_devices(int dir, const struct step_cgroup_devices *s, struct err *e);

/* The same for a cgroup whose processes use devices: what stays allowed is so at any moment. */
int cgroup_devices_update(int dir, const struct step_cgroup_devices *s, struct err *e);

/*
 * Several settings of cgroups that are in use, all of them or none: what was written is put back when one
 * is refused, *ret_failed being its number. undo puts back what an update wrote.
 */
struct cgroup_change {
	int dir;
	const struct step_cgroup_set *set;
	const char *file, *old; /* filled in by the update */
	bool done;
};
int cgroup_update(
	struct cgroup_change *v, size_t n, struct pool *pool, size_t *ret_failed, struct err *e);
void cgroup_update_undo(struct cgroup_change *v, size_t n);

/* The calling, single-threaded process enters. */
int cgroup_enter(int tasks, struct err *e);

/* Another's single thread enters, unless it is there; its pid as the caller sees it. */
int cgroup_move(int tasks, pid_t pid, struct err *e);

/* Gives the directory of a v2 cgroup to a user, with the files that are needed to divide it up. */
int cgroup_own(int dir, uint32_t uid, struct err *e);

/* --- the freezer: dir is the path of a cgroup's directory --------------------------------------- */

/* 1 when it is done, all of its processes having stopped or going on; 0 when dir has no freezer. */
int cgroup_freeze(const char *dir, bool freeze, struct err *e);

/* 1 when it is frozen or freezing, 0 when not; -ENOENT: it has no freezer. v2: which is more likely. */
int cgroup_frozen(const char *dir, bool v2);

/* --- the end: dir is the path of a cgroup's directory ------------------------------------------ */

/* Kills all that is in it and beneath it; 0 also when there is nothing. */
int cgroup_kill(const char *dir, int sig, struct err *e);

/* Removes it and what is beneath it, waiting a while for what is dying; 0 when it is gone. */
int cgroup_remove(const char *dir, struct err *e);

/* The pids in it and beneath it. */
int cgroup_pids(const char *dir, struct pool *pool, struct i32s *ret, struct err *e);

/* One number of a cgroup file; with key, the one that stands after it ("oom_kill 3"). -ENOENT: not there. */
int cgroup_number(const char *dir, const char *file, const char *key, uint64_t *ret);

#endif
