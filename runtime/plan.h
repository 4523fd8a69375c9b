/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PLAN_H
#define JAILRT_PLAN_H
/*
 * plan: a jail and a host, turned into the list of steps that makes the one on the other.
 *
 * Pure: nothing of the machine is asked or touched, the same jail and host give the same plan. The
 * list runs over all sides; where the side changes, the turn goes over. What a jail needs and the host
 * cannot give is refused here, before anything has happened. The plan points into the jail.
 */
#include "../runtime/base/str.h"
#include "../spec/jail.h"
#include "host.h"
#include "step.h"

struct plan {
	struct step *v;
	size_t n;
	int slots; /* how many there are */
	int root; /* slot of the root's mount; -1: none of its own */
	int console; /* slot of the terminal's master; -1: none */
	int listener; /* slot of the seccomp listener; -1: none */
	bool has_mid;
	bool joins; /* a process of ours is seen in namespaces of others */
	bool itself; /* the caller becomes init */
	bool guest; /* init is born among processes of the jail: exec */
	bool own_cgroup; /* the plan makes one */
	const struct jail *jail;
	struct pool pool;
};

void plan_done(struct plan *p);
#define own_plan own(plan_done)

int plan_make(const struct jail *jail, const struct host *host, struct plan *ret, struct err *e);

/* What exec joins. */
struct plan_target {
	uint64_t namespaces; /* CLONE_NEW…, those that the jail does not share with its caller */
	struct jail_paths cgroups; /* its directories, v1 or v2 */
	struct texts rdt; /* its resctrl groups */
	bool v2;
	const char *unit; /* of systemd, which has to move who joins; NULL: the caller may */
};

/* The plan for one more process in a jail that is there. Slot 0 is the pidfd of its init. */
int plan_exec(const struct jail *jail, const struct host *host, const struct plan_target *target,
	struct plan *ret, struct err *e);

enum { PLAN_MOUNTS_ADDED = 256 };

/*
 * The jail's mounts, PLAN_MOUNTS_ADDED at the most, put into a jail that is there or taken out of it, the last first. Slot 0 is the pidfd of
 * its init, slot 1 its root; both are filled by the caller.
 */
int plan_mount_change(const struct jail *jail, const struct host *host, uint64_t namespaces,
	bool add, struct plan *ret, struct err *e);

/* The limits that jail->cgroup sets, for the cgroups (directories) of a jail that is there; unit: systemd's. */
int plan_update(const struct jail *jail, const struct host *host, const struct jail_paths *cgroups,
	const char *unit, struct plan *ret, struct err *e);

/* One line a step: side, kind, arguments. */
int plan_text(const struct plan *p, struct str *out, struct err *e);
int plan_json(const struct plan *p, struct str *out, struct err *e);

#endif
