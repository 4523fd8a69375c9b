/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

/* clang-format off */
#define OCI "{exe} {manager} --root {states} "
#define OCI_VERBS \
	[VERB_RUN] = OCI "run --bundle {bundle} {id}", \
	[VERB_CREATE] = OCI "create --bundle {bundle} {id}", \
	[VERB_START] = OCI "start {id}", \
	[VERB_SIGNAL] = OCI "kill {id} CONT", \
	[VERB_DELETE] = OCI "delete {id}", \
	[VERB_EXEC] = OCI "exec {id} /bin/true", \
	[VERB_STATE] = OCI "state {id}", \
	[VERB_LIST] = OCI "list", \
	[VERB_CLEAN] = OCI "delete --force {id}"
#define NSJAIL_VERBS(nsjail) \
	[VERB_HOST] = nsjail "-Q -Mo --chroot / -- /bin/true", \
	[VERB_NINE] = nsjail "-Q --config {nine} -- /bin/true", \
	[VERB_LISTEN] = nsjail "-Q -Ml --port {port} --chroot {rootfs} -- /bin/wait"

const struct dialect dialect_oci = {
	.name = "oci", .oci = true, .can_have_cgroup = true, .can_have_none = true,
	.verbs = {OCI_VERBS},
};

const struct dialect dialect_jailrt = {
	.name = "jailrt", .oci = true, .can_have_cgroup = true, .can_have_none = true,
	.verbs = {OCI_VERBS, NSJAIL_VERBS("{exe} --root {states} nsjail ")},
};

const struct dialect dialect_nsjail = {
	.name = "nsjail", .can_have_cgroup = true, .can_have_none = true,
	.verbs = {NSJAIL_VERBS("{exe} ")},
};

#define FLOOR "{exe} {net} {cgroup} {extra} "
const struct dialect dialect_floor = {
	.name = "floor", .can_have_cgroup = true, .can_have_none = true,
	.verbs = {
		[VERB_RUN] = FLOOR "run {rootfs} /bin/{program}",
		[VERB_CREATE] = FLOOR "create {states}/{id} {rootfs} /bin/{program}",
		[VERB_START] = FLOOR "start {states}/{id}",
		[VERB_SIGNAL] = FLOOR "signal {states}/{id}",
		[VERB_DELETE] = FLOOR "delete {states}/{id}",
		[VERB_EXEC] = FLOOR "exec {states}/{id} /bin/true",
		[VERB_STATE] = FLOOR "state {states}/{id}",
		[VERB_LIST] = FLOOR "list {states}",
		[VERB_HOST] = "{exe} host /bin/true",
		[VERB_NINE] = "{exe} nine /bin/true",
		[VERB_CLEAN] = FLOOR "kill {states}/{id}",
	},
};

/* As near as its options go: it neither masks paths nor makes /proc/sys read-only, nor sets limits. */
#define BWRAP_USER "{exe} --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts " \
	"--unshare-cgroup --cap-drop ALL --new-session "
const struct dialect dialect_bwrap = {
	.name = "bwrap", .can_have_none = true,
	.verbs = {
		[VERB_RUN] = "{exe} {net} --unshare-pid --unshare-ipc --unshare-uts --hostname jailrt "
			"--ro-bind {rootfs} / --proc /proc --dev /dev --mqueue /dev/mqueue "
			"--ro-bind /sys /sys --cap-drop ALL --new-session {extra} /bin/{program}",
		[VERB_HOST] = BWRAP_USER "--hostname NSJAIL --ro-bind / / --proc /proc /bin/true",
		[VERB_NINE] = BWRAP_USER "--hostname sandbox --uid 1000 --gid 1000 --ro-bind /usr /usr "
			"--ro-bind /lib /lib --ro-bind-try /lib64 /lib64 --ro-bind /bin /bin --tmpfs /tmp "
			"--tmpfs /app --proc /proc --dev-bind /dev/null /dev/null "
			"--dev-bind /dev/urandom /dev/urandom --chdir /app /bin/true",
	},
};

const struct unit units[MEASURES] = {
	[MEASURE_TIME] = {"ms", "cpu_ms", 2},
	[MEASURE_RATE] = {"1/s", "cpu_ms", 0},
	[MEASURE_PEAK] = {"KiB", "rss_kib", 0},
	[MEASURE_WAITING] = {"KiB", "rss_kib", 0},
	[MEASURE_INIT] = {"KiB", "rss_kib", 0},
	[MEASURE_LISTENER] = {"KiB", "rss_kib", 0},
	[MEASURE_LIMIT] = {"KiB", NULL, 0},
	[MEASURE_CALL] = {"ns", NULL, 1},
};

#define VERBS(...)     .verbs = {__VA_ARGS__}
#define BEFORE(...)    .before = {__VA_ARGS__}
#define RUN            VERBS(VERB_RUN)
#define CYCLE          VERBS(VERB_CREATE, VERB_START, VERB_DELETE)
#define RATE(n)        .measure = MEASURE_RATE, RUN, .at_a_time = n, .part = 5
#define PEAK(verb)     .measure = MEASURE_PEAK, VERBS(verb), .part = 10
#define CALL(what)     .measure = MEASURE_CALL, RUN, .program = what, .part = 5
#define NONE           .cgroups = CGROUPS_NONE
#define OWN            .cgroups = CGROUPS_OWN

/*
 * A workload stands behind its base. kill is measured by a signal that changes nothing, delete with containers
 * that have ended.
 */
const struct workload workloads[] = {
	{"run", RUN, NONE},
	{"run, no netns", RUN, .no_net = true, NONE},
	{"run, cgroups", RUN, OWN},
	{"run, no netns, cgroups", RUN, .no_net = true, OWN},

	{"run, profile, warm", RUN, .extra = EXTRA_PROFILE, NONE, .base = "run"},
	{"run, profile, cold", RUN, .extra = EXTRA_PROFILE, .cold = true, NONE, .base = "run"},
	{"run, profile, cgroups, warm", RUN, .extra = EXTRA_PROFILE, OWN, .base = "run, cgroups"},
	{"run, profile, cgroups, cold", RUN, .extra = EXTRA_PROFILE, .cold = true, OWN,
		.base = "run, cgroups"},

	{"create+start+delete", CYCLE, NONE},
	{"create+start+delete, cgroups", CYCLE, OWN},
	{"exec", VERBS(VERB_EXEC), NONE, .containers = 1},
	{"exec, cgroups", VERBS(VERB_EXEC), OWN, .containers = 1},

	{"state", VERBS(VERB_STATE), .containers = 1},
	{"kill", VERBS(VERB_SIGNAL), .containers = 1},
	{"delete", BEFORE(VERB_CREATE, VERB_START), VERBS(VERB_DELETE), NONE},
	{"delete, cgroups", BEFORE(VERB_CREATE, VERB_START), VERBS(VERB_DELETE), OWN},
	{"list of 1", VERBS(VERB_LIST), .containers = 1},
	{"list of 1000", VERBS(VERB_LIST), .containers = 1000, .part = 5},
	{"list of 10000", VERBS(VERB_LIST), .containers = 10000, .part = 10},

	{"starts a second, 1 at a time", RATE(1), NONE},
	{"starts a second, 8 at a time", RATE(8), NONE},
	{"starts a second, 64 at a time", RATE(64), NONE},
	{"starts a second, 1 at a time, cgroups", RATE(1), OWN},
	{"starts a second, 8 at a time, cgroups", RATE(8), OWN},
	{"starts a second, 64 at a time, cgroups", RATE(64), OWN},

	{"run, 2000 mounts", RUN, .extra = EXTRA_MOUNTS, .part = 5, .base = "run"},
	{"run, environment of 1 MiB", RUN, .extra = EXTRA_ENV, .part = 5, .base = "run"},
	{"run, filter of 4000 instructions", RUN, .extra = EXTRA_FILTER, .part = 5, .base = "run"},

	{"jail of the whole host, read-only", VERBS(VERB_HOST), NONE},
	{"jail of nine mounts", VERBS(VERB_NINE), NONE},
	{"jail of nine mounts, cgroups", VERBS(VERB_NINE), OWN},

	{"smallest memory limit", .measure = MEASURE_LIMIT, RUN, OWN},
	{"memory of a waiting run", .measure = MEASURE_WAITING, RUN, .program = "wait", .part = 10},
	{"memory of a created container", .measure = MEASURE_INIT, VERBS(VERB_CREATE), .program = "wait",
		.part = 10},
	{"memory of a listener with 1000 jails", .measure = MEASURE_LISTENER, VERBS(VERB_LISTEN)},
	{"memory of create", PEAK(VERB_CREATE)},
	{"memory of create, profile", PEAK(VERB_CREATE), .extra = EXTRA_PROFILE},
	{"memory of start", PEAK(VERB_START), BEFORE(VERB_CREATE)},
	{"memory of delete", PEAK(VERB_DELETE), BEFORE(VERB_CREATE, VERB_START)},
	{"memory of exec", PEAK(VERB_EXEC), .containers = 1},
	{"memory of state", PEAK(VERB_STATE), .containers = 1},
	{"memory of list of 1000", PEAK(VERB_LIST), .containers = 1000},

	{"a call", CALL("calls")},
	{"a call, profile", CALL("calls"), .extra = EXTRA_PROFILE, .base = "a call"},
	{"a call with arguments", CALL("looks")},
	{"a call with arguments, profile", CALL("looks"), .extra = EXTRA_PROFILE,
		.base = "a call with arguments"},
	{"a call with arguments, filter of 4000", CALL("looks"), .extra = EXTRA_FILTER,
		.base = "a call with arguments"},
};
const size_t n_workloads = COUNT(workloads);
/* clang-format on */
