/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

/* clang-format off */
#define OCI "{exe} {manager} --root {states} "
const struct dialect dialect_oci = {
	.name = "oci",
	.can_have_cgroup = true,
	.can_have_none = true,
	.verbs = {
		[VERB_RUN] = OCI "run --bundle {bundle} {id}",
		[VERB_CREATE] = OCI "create --bundle {bundle} {id}",
		[VERB_START] = OCI "start {id}",
		[VERB_DELETE] = OCI "delete {id}",
		[VERB_EXEC] = OCI "exec {id} /bin/true",
		[VERB_STATE] = OCI "state {id}",
		[VERB_LIST] = OCI "list",
		[VERB_CLEAN] = OCI "delete --force {id}",
	},
};

#define FLOOR "{exe} {net} {cgroup} "
const struct dialect dialect_floor = {
	.name = "floor",
	.can_have_cgroup = true,
	.can_have_none = true,
	.verbs = {
		[VERB_RUN] = FLOOR "run {rootfs} /bin/{program}",
		[VERB_CREATE] = FLOOR "create {states}/{id} {rootfs} /bin/{program}",
		[VERB_START] = FLOOR "start {states}/{id}",
		[VERB_DELETE] = FLOOR "delete {states}/{id}",
		[VERB_EXEC] = FLOOR "exec {states}/{id} /bin/true",
		[VERB_STATE] = FLOOR "state {states}/{id}",
		[VERB_LIST] = FLOOR "list {states}",
		[VERB_CLEAN] = FLOOR "kill {states}/{id}",
	},
};

/* As near to the bundle as its options go: it neither masks paths nor makes /proc/sys read-only. */
const struct dialect dialect_bwrap = {
	.name = "bwrap",
	.can_have_none = true,
	.verbs = {
		[VERB_RUN] = "{exe} {net} --unshare-pid --unshare-ipc --unshare-uts --hostname jailrt "
			"--ro-bind {rootfs} / --proc /proc --dev /dev --mqueue /dev/mqueue "
			"--ro-bind /sys /sys --cap-drop ALL --new-session /bin/{program}",
	},
};

#define TIME(...)      .measure = MEASURE_TIME, .verbs = {__VA_ARGS__}
#define CYCLE          TIME(VERB_CREATE, VERB_START, VERB_DELETE)
#define RATE(n)        .measure = MEASURE_RATE, .verbs = {VERB_RUN}, .at_a_time = n, .part = 5
#define TARGETS(...)   .targets = {__VA_ARGS__}

const struct workload workloads[] = {
	{"run", TIME(VERB_RUN), .cgroups = CGROUPS_NONE,
		TARGETS({"floor", 1.5}, {"crun", 0.4})},
	{"run, no netns", TIME(VERB_RUN), .no_net = true, .cgroups = CGROUPS_NONE,
		TARGETS({"floor", 1.5}, {"crun", 0.4})},
	{"run, cgroups", TIME(VERB_RUN), .cgroups = CGROUPS_OWN,
		TARGETS({"floor", 1.5}, {"crun", 0.4})},
	{"run, no netns, cgroups", TIME(VERB_RUN), .no_net = true, .cgroups = CGROUPS_OWN,
		TARGETS({"floor", 1.5}, {"crun", 0.4})},
	{"create+start+delete", CYCLE, .cgroups = CGROUPS_NONE, TARGETS({"crun", 0.4})},
	{"create+start+delete, cgroups", CYCLE, .cgroups = CGROUPS_OWN, TARGETS({"crun", 0.4})},
	{"exec", TIME(VERB_EXEC), .cgroups = CGROUPS_NONE, .containers = 1,
		TARGETS({"crun", 0.45})},
	{"exec, cgroups", TIME(VERB_EXEC), .cgroups = CGROUPS_OWN, .containers = 1,
		TARGETS({"crun", 0.45})},
	{"state", TIME(VERB_STATE), .containers = 1, TARGETS({"crun", 0.3})},
	{"list of 1", TIME(VERB_LIST), .containers = 1, TARGETS({"crun", 0.3})},
	{"list of 1000", TIME(VERB_LIST), .containers = 1000, .part = 5, TARGETS({"crun", 0.3})},
	{"starts a second, 1 at a time", RATE(1), .cgroups = CGROUPS_NONE, TARGETS({"crun", 2})},
	{"starts a second, 8 at a time", RATE(8), .cgroups = CGROUPS_NONE, TARGETS({"crun", 2})},
	{"starts a second, 8 at a time, cgroups", RATE(8), .cgroups = CGROUPS_OWN,
		TARGETS({"crun", 2})},
	{"memory of a waiting run", .measure = MEASURE_MEMORY, .verbs = {VERB_RUN}, .part = 10},
};
const size_t n_workloads = COUNT(workloads);
/* clang-format on */
