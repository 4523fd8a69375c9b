/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PLAN_BUILD_H
#define JAILRT_PLAN_BUILD_H
/*
 * plan_build: what the files that make plans share. For runtime/plan*.c only.
 */
#include <errno.h>

#include "../spec/origin.h"
#include "base/sys.h"
#include "plan.h"

enum { PLAN_HIERARCHIES = 24 };

struct plan_closing {
	int slot;
	const void *at;
};

struct builder {
	const struct jail *jail;
	const struct host *host;
	struct plan *plan;
	struct err *e;
	bool no_memory; /* an addition was lost */
	_Alignas(max_align_t) char scratch[512]; /* where arguments go when memory runs out */

	bool userns; /* the jail's user namespace is not the caller's */
	bool parent_opens; /* the parent opens bind sources: the child's root may not reach them */
	int program; /* slot of the file that is executed; -1: it has a path in the jail */
	int root; /* slot of the root's mount */
	int root_tree; /* slot of the tree that the parent opened for it; -1: none */
	int *trees; /* by mount: slot of the parent's tree; -1: the child opens it */
	struct plan_closing *closing; /* mounts that become read-only once all is in place */
	size_t n_closing;
	struct i32s id_spaces; /* positions of their steps: mounts with the same ids share one */
	int cgroup_clone; /* slot of the cgroup v2 to be born in; -1: none */
	struct i32s enter; /* slots of task lists to enter first */
	struct i32s enter_late; /* and once all is set up: a small memory limit */
	struct texts cgroup_dirs, cgroup_names; /* the jail's cgroups on the host */
	int ns_slots[NS_KINDS];
	struct texts rdt; /* directories of the jail's resctrl groups */
	const char *unit_path; /* cgroup of systemd's unit for the jail; NULL: none */
	bool unit_is_slice;
	const struct host_hierarchy *v2; /* where the jail has a cgroup of v2 */
	int v2_slot; /* and its directory's slot */
	bool updates; /* the limits are those of a container that is there */
};

/* What is written to a file of a cgroup. */
struct setting {
	const char *controller, *file, *value;
	const char *or_file, *or_value; /* where this kernel has no such file */
	const char *usage; /* a file: more than value in it is an error */
	bool is_new; /* it is what a new cgroup has, so that an older kernel's has it too */
	bool if_there; /* no loss where this kernel has no such file */
	const void *at;
};

struct settings {
	struct setting *v;
	size_t n;
};

/* Appends a step and returns its zeroed arguments, never NULL. */
void *plan_add(struct builder *b, enum side side, enum step_kind kind, const void *at);
int plan_slot(struct builder *b);
void plan_add_i32(struct builder *b, struct i32s *to, int32_t v);
void plan_add_text(struct builder *b, struct texts *to, const char *s);
char *plan_printf(struct builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The lines of uid_map and gid_map. */
const char *plan_map_text(struct builder *b, const struct id_map *map);

/* origin_fail at an address of the jail's document. */
#define PLAN_FAIL(b, at, code, ...) \
	origin_fail((b)->jail->origin, (at), (b)->e, (code), __VA_ARGS__)

/* Appends a setting; value NULL: none. Never NULL. */
struct setting *plan_setting(struct builder *b, struct settings *s, const char *controller,
	const char *file, const char *value, const void *at);
/* The jail's limits as the files of cgroup v1, or of v2, say them. */
void plan_settings_v1(struct builder *b, struct settings *s);
void plan_settings_v2(struct builder *b, struct settings *s);

/* The builder and the plan it fills; plan_finish is an error when an addition was lost. */
void plan_begin(struct builder *b, const struct jail *jail, const struct host *host,
	struct plan *plan, struct err *e);
int plan_finish(struct builder *b);
/* Births, and what whoever is born does first. */
void plan_clone(struct builder *b, enum side side, enum side who, uint64_t namespaces);
void plan_forget_self(struct builder *b, enum side side);
void plan_become(struct builder *b);
void plan_enter_cgroups(struct builder *b, const struct i32s *slots);
/* A step of init's with a text of the jail; NULL: none. */
void plan_text_step(struct builder *b, enum step_kind kind, const char *value);

/* Where the jail's cgroup is in a hierarchy: its place below a mount of it, and which mount. */
const char *plan_cgroup_path(struct builder *b, const struct host_hierarchy *h);
const char *plan_cgroup_mount_of(const struct builder *b, const struct host_hierarchy *h);
/* The mount of the hierarchy that a path is below; NULL: none. */
const char *plan_cgroup_base(const struct host_hierarchy *h, const char *path);
/* That it can be where the config wants it. */
int plan_cgroup_check_places(struct builder *b);
int plan_cgroup(struct builder *b);
int plan_cgroup_update(struct builder *b, const struct jail_paths *cgroups, const char *unit);
/* Behind init's cgroup namespace: the cgroup below its own that it has for itself. */
int plan_cgroup_inner(struct builder *b);
/* systemd's unit for the jail; limits in the words of cgroup v2. */
int plan_unit(struct builder *b, const struct settings *limits);
void plan_unit_update(struct builder *b, const char *unit, const struct settings *limits);
int plan_cgroup_mount(struct builder *b, const struct jail_mount *m);
/*
 * The slot of a user namespace whose ids the mount's files are to have, made by the parent before
 * anybody is born; -errno when the host cannot give that.
 */
int plan_id_space(struct builder *b, const struct jail_mount *m);
int plan_root(struct builder *b);
int plan_mounts(struct builder *b);
/* For a root that is in place already: what the parent opens for the mounts, and the mounts. */
int plan_trees(struct builder *b);
int plan_mounts_in_place(struct builder *b);
int plan_devices(struct builder *b);
void plan_console(struct builder *b);
void plan_pivot(struct builder *b);
/* The resctrl group is made before anybody is born, and entered after. */
int plan_rdt(struct builder *b);
void plan_rdt_enter(struct builder *b, const struct texts *groups, bool optional);
/* Devices that the parent gives to the jail's network namespace. Hooks come later: they find them there. */
int plan_net_devices(struct builder *b);
/* What init does there: addresses and rules. */
int plan_net(struct builder *b);
int plan_process(struct builder *b);
int plan_lsm(struct builder *b);
/* In front of a new keyring: it has the process's label. */
void plan_lsm_keys(struct builder *b);
void plan_oom_score(struct builder *b, enum side side, enum side who);
void plan_oom_score_at_birth(struct builder *b, enum side who);
void plan_hold(struct builder *b);
int plan_launch(struct builder *b);
int plan_filter(struct builder *b);
/* Without no_new_privs only CAP_SYS_ADMIN may set a filter. */
bool plan_filter_needs_privilege(const struct builder *b);
void plan_hooks(struct builder *b, enum hook_kind kind, enum side side);
void plan_raise_limits(struct builder *b, enum side side);

#endif
