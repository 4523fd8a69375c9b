/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* What jailrt is to reach, and whether it does. */

enum kind {
	TARGET_RATIO, /* ours divided by the peer's, or by our own of another workload */
	TARGET_OVER, /* ours less our own of another workload */
	TARGET_VALUE
};

struct target {
	const char *goal; /* the line of the goals that it is a part of */
	enum kind kind;
	bool at_least;
	double bound;
	const char *workload;
	const char *peer; /* who; NULL: jailrt itself */
	const char *other; /* the workload of the peer; NULL: the same */
};

#define CRUN	 "crun" /* each crun that takes part */
#define OLD_CRUN "crun < 1.27"
#define NEW_CRUN "crun >= 1.27"
#define NSJAIL	 "nsjail"

/* clang-format off */
#define MOST(n, w, who) TARGET_RATIO, false, n, w, who, NULL
#define LEAST(n, w, who) TARGET_RATIO, true, n, w, who, NULL
#define OVER(n, w, base) TARGET_OVER, false, n, w, NULL, base
#define VALUE(n, w) TARGET_VALUE, false, n, w, NULL, NULL

#define G_RUN "run, netns, no seccomp"
#define G_SECCOMP "run with an engine's default seccomp profile"
#define G_CYCLE "create+start+delete"
#define G_EXEC "exec"
#define G_QUERY "state, kill, delete, list"
#define G_RATE "64 at a time"
#define G_MEMORY "VmHWM of any jailrt process; memory limit"
#define G_JAIL "start of an nsjail-style jail"

static const struct target targets[] = {
	{G_RUN, MOST(1.5, "run", "floor")},
	{G_RUN, MOST(1.5, "run, cgroups", "floor")},
	{G_RUN, MOST(0.3, "run", OLD_CRUN)},
	{G_RUN, MOST(0.3, "run, cgroups", OLD_CRUN)},
	{G_RUN, MOST(0.4, "run", NEW_CRUN)},
	{G_RUN, MOST(0.4, "run, cgroups", NEW_CRUN)},
	{G_RUN, MOST(1.0, "run", "bwrap")},
	{G_SECCOMP, OVER(0.6, "run, profile, warm", "run")},
	{G_SECCOMP, OVER(0.6, "run, profile, cold", "run")},
	{G_SECCOMP, OVER(0.6, "run, profile, cgroups, warm", "run, cgroups")},
	{G_SECCOMP, OVER(0.6, "run, profile, cgroups, cold", "run, cgroups")},
	{G_SECCOMP, MOST(0.5, "run, profile, warm", NEW_CRUN)},
	{G_SECCOMP, MOST(0.5, "run, profile, cgroups, warm", NEW_CRUN)},
	{G_CYCLE, MOST(0.4, "create+start+delete", CRUN)},
	{G_CYCLE, MOST(0.4, "create+start+delete, cgroups", CRUN)},
	{G_EXEC, MOST(0.45, "exec", CRUN)},
	{G_EXEC, MOST(0.45, "exec, cgroups", CRUN)},
	{G_QUERY, MOST(0.3, "state", CRUN)},
	{G_QUERY, MOST(0.3, "kill", CRUN)},
	{G_QUERY, MOST(0.3, "delete", CRUN)},
	{G_QUERY, MOST(0.3, "delete, cgroups", CRUN)},
	{G_QUERY, MOST(0.3, "list of 1", CRUN)},
	{G_QUERY, MOST(0.3, "list of 1000", CRUN)},
	{G_QUERY, MOST(0.3, "list of 10000", CRUN)},
	{G_QUERY, VALUE(150, "list of 10000")},
	/* Linear: a tenth more is the page cache's and the directory's. */
	{G_QUERY, TARGET_RATIO, false, 11, "list of 10000", NULL, "list of 1000"},
	{G_RATE, LEAST(2, "starts a second, 64 at a time", CRUN)},
	{G_RATE, LEAST(2, "starts a second, 64 at a time, cgroups", CRUN)},
	/* No fall: but a twentieth, which runs differ by. */
	{G_RATE, TARGET_RATIO, true, 0.95, "starts a second, 64 at a time", NULL,
		"starts a second, 8 at a time"},
	{G_RATE, TARGET_RATIO, true, 0.95, "starts a second, 64 at a time, cgroups", NULL,
		"starts a second, 8 at a time, cgroups"},
	{G_MEMORY, VALUE(512, "smallest memory limit")},
	{G_MEMORY, VALUE(1535, "memory of a waiting run")},
	{G_MEMORY, VALUE(1535, "memory of a created container")},
	{G_MEMORY, VALUE(1535, "memory of create")},
	{G_MEMORY, VALUE(1535, "memory of create, profile")},
	{G_MEMORY, VALUE(1535, "memory of start")},
	{G_MEMORY, VALUE(1535, "memory of delete")},
	{G_MEMORY, VALUE(1535, "memory of exec")},
	{G_MEMORY, VALUE(1535, "memory of state")},
	{G_MEMORY, VALUE(1535, "memory of list of 1000")},
	{G_MEMORY, VALUE(1535, "memory of a listener with 1000 jails")},
	{G_JAIL, MOST(1.0, "jail of the whole host, read-only", NSJAIL)},
	{G_JAIL, MOST(1.0, "jail of nine mounts", NSJAIL)},
};
/* clang-format on */

const char *const verdicts[] = {
	[NOT_MEASURED] = "not measured", [MET] = "met", [MISSED] = "missed"};

/* Version 1.8.1 is 108. */
static int crun_version(const struct contestant *c)
{
	unsigned major, minor;

	if (sscanf(c->version, "crun version %u.%u", &major, &minor) != 2)
		return -1;
	return (int)(major * 100 + minor);
}

static bool is_peer(const struct contestant *c, const char *who)
{
	int crun = crun_version(c);

	if (!strcmp(who, CRUN))
		return crun >= 0;
	if (!strcmp(who, OLD_CRUN))
		return crun >= 0 && crun < 127;
	if (!strcmp(who, NEW_CRUN))
		return crun >= 127;
	if (!strcmp(who, NSJAIL))
		return c->dialect == &dialect_nsjail;
	return !strcmp(c->name, who);
}

static void judge_mode(
	struct judged *j, const struct cell *us, const struct cell *them, enum mode m)
{
	const struct target *t = j->target;
	double value = report_median(us, m), other = them ? report_median(them, m) : 0;
	bool met;

	if (!us->samples[m].n || (them && !them->samples[m].n))
		return;
	if (t->kind == TARGET_RATIO)
		value /= other;
	else if (t->kind == TARGET_OVER)
		value -= other;
	j->values[m] = value;
	j->has[m] = true;
	met = t->at_least ? value >= t->bound : value <= t->bound;
	if (!met)
		j->verdict = MISSED;
	else if (j->verdict == NOT_MEASURED)
		j->verdict = MET;
}

static struct judged judge(const struct results *r, const struct target *t, const char *peer)
{
	const struct cell *us = report_find(r, t->workload, "jailrt"), *them = NULL;
	struct judged j = {.target = t, .peer = peer};

	if (t->kind != TARGET_VALUE) {
		them = report_find(r, t->other ? t->other : t->workload, peer ? peer : "jailrt");
		if (!them)
			return j;
	}
	for (int m = 0; m < MODES && us; m++)
		judge_mode(&j, us, them, m);
	return j;
}

size_t targets_judge(const struct results *r, struct judged ret[static JUDGED])
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(targets); i++) {
		const struct target *t = &targets[i];
		size_t before = n;

		for (size_t k = 0; t->peer && k < r->n_contestants && n < JUDGED; k++) {
			if (is_peer(&r->contestants[k], t->peer))
				ret[n++] = judge(r, t, r->contestants[k].name);
		}
		if (n == before && n < JUDGED)
			ret[n++] = t->peer ? (struct judged){.target = t} : judge(r, t, NULL);
	}
	return n;
}

const char *target_workload(const struct target *t)
{
	return t->workload;
}

const char *target_goal(const struct target *t)
{
	return t->goal;
}

const char *target_other(const struct target *t)
{
	return t->other;
}

void target_text(const struct judged *j, char *ret, size_t size)
{
	const struct target *t = j->target;
	const char *unit = "";
	int digits = t->bound < 10 && t->bound != (int)t->bound ? 2 : 0;
	const char *peer = j->peer ? j->peer : t->peer;

	for (size_t i = 0; i < n_workloads; i++) {
		if (!strcmp(workloads[i].name, t->workload))
			unit = units[workloads[i].measure].unit;
	}
	snprintf(ret, size, "%s %.*f %s%s%s", t->at_least ? "at least" : "at most", digits,
		t->bound, t->kind == TARGET_RATIO ? "× " : unit,
		t->kind == TARGET_OVER ? " over " : "",
		t->kind == TARGET_VALUE				   ? ""
		: t->kind == TARGET_OVER || (t->other && !t->peer) ? t->other
								   : peer);
}
