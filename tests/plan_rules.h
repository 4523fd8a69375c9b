/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PLAN_RULES_H
#define JAILRT_PLAN_RULES_H
/*
 * plan_rules: what holds of every plan, whatever it is for. plan_broken returns the first rule that is
 * broken, in words, or NULL. Golden cases, unit tests and fuzzers all ask it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../runtime/base/fmt.h"
#include "../runtime/plan.h"

enum { RULES_SLOTS = 4096 };

struct rules {
	const struct plan *plan;
	bool filled[RULES_SLOTS]; /* by a step before the one at hand */
	enum side filler[RULES_SLOTS];
	bool before_birth[RULES_SLOTS]; /* filled by the parent before anybody was born */
	size_t count[STEP_KINDS];
	bool born[SIDES], rooted, switched, created, held, bound;
	char why[256];
};

#define RULE(r, cond, ...)                                                \
	do {                                                              \
		if (!(cond) && !(r)->why[0])                              \
			fmt_put((r)->why, sizeof((r)->why), __VA_ARGS__); \
	} while (0)

/* --- slots -------------------------------------------------------------------------------------- */

static void rules_fill(struct rules *r, size_t at, int slot)
{
	const struct plan *p = r->plan;

	RULE(r, slot >= 0 && slot < p->slots && slot < RULES_SLOTS, "step %zu: slot %d of %d", at,
		slot, p->slots);
	if (r->why[0])
		return;
	RULE(r, !r->filled[slot], "step %zu: slot %d is filled a second time", at, slot);
	r->filled[slot] = true;
	r->filler[slot] = p->v[at].side;
	r->before_birth[slot] = !r->born[SIDE_MID] && !r->born[SIDE_INIT];
}

static void rules_use(struct rules *r, size_t at, int slot)
{
	enum side side = r->plan->v[at].side;

	RULE(r, slot >= 0 && slot < r->plan->slots && slot < RULES_SLOTS, "step %zu: slot %d of %d",
		at, slot, r->plan->slots);
	if (r->why[0])
		return;
	RULE(r, r->filled[slot], "step %zu: slot %d is used before it is filled", at, slot);
	/* What the parent opens later a child that is born does not have; nor the other way round. */
	RULE(r, r->filler[slot] == side || (side != SIDE_PARENT && r->before_birth[slot]),
		"step %zu: slot %d is another process's", at, slot);
}

static void rules_slots_used(struct rules *r, size_t at)
{
	const struct step *s = &r->plan->v[at];
	const void *a = s->args;

	switch (s->kind) {
	case STEP_CGROUP_SET:
		rules_use(r, at, ((const struct step_cgroup_set *)a)->slot);
		break;
	case STEP_CGROUP_DEVICES:
		rules_use(r, at, ((const struct step_cgroup_devices *)a)->slot);
		break;
	case STEP_CLONE:
		if (((const struct step_clone *)a)->has_cgroup)
			rules_use(r, at, ((const struct step_clone *)a)->cgroup);
		break;
	case STEP_JOIN:
		rules_use(r, at, ((const struct step_join *)a)->slot);
		break;
	case STEP_CGROUP_OWN:
		rules_use(r, at, ((const struct step_cgroup_own *)a)->slot);
		break;
	case STEP_CGROUP_MOVE:
	case STEP_CGROUP_ENTER:
		list_each (i, ((const struct step_cgroup_enter *)a)->slots)
			rules_use(r, at, ((const struct step_cgroup_enter *)a)->slots.v[i]);
		break;
	case STEP_ROOT:
		if (((const struct step_root *)a)->has_tree)
			rules_use(r, at, ((const struct step_root *)a)->tree);
		break;
	case STEP_BIND:
		if (((const struct step_bind *)a)->has_tree)
			rules_use(r, at, ((const struct step_bind *)a)->tree);
		break;
	case STEP_ATTRIBUTES:
		if (((const struct step_attributes *)a)->has_slot)
			rules_use(r, at, ((const struct step_attributes *)a)->slot);
		break;
	case STEP_EXEC:
		if (((const struct step_exec *)a)->has_slot)
			rules_use(r, at, ((const struct step_exec *)a)->slot);
		break;
	case STEP_PIVOT:
		rules_use(r, at, ((const struct step_pivot *)a)->slot);
		break;
	default:
		break;
	}
}

static void rules_slots_filled(struct rules *r, size_t at)
{
	const struct step *s = &r->plan->v[at];
	const void *a = s->args;

	switch (s->kind) {
	case STEP_OPEN_NS:
		rules_fill(r, at, ((const struct step_open_ns *)a)->slot);
		break;
	case STEP_OPEN_FILE:
		rules_fill(r, at, ((const struct step_file *)a)->slot);
		break;
	case STEP_CGROUP:
		rules_fill(r, at, ((const struct step_cgroup *)a)->slot);
		if (((const struct step_cgroup *)a)->has_tasks)
			rules_fill(r, at, ((const struct step_cgroup *)a)->tasks);
		break;
	case STEP_TREE:
		rules_fill(r, at, ((const struct step_tree *)a)->slot);
		break;
	case STEP_ROOT:
		rules_fill(r, at, ((const struct step_root *)a)->slot);
		RULE(r, r->plan->root == ((const struct step_root *)a)->slot,
			"step %zu: the root's slot is not the plan's", at);
		break;
	case STEP_MOUNT:
		if (((const struct step_mount *)a)->has_slot)
			rules_fill(r, at, ((const struct step_mount *)a)->slot);
		break;
	case STEP_BIND:
		if (((const struct step_bind *)a)->has_slot)
			rules_fill(r, at, ((const struct step_bind *)a)->slot);
		break;
	case STEP_CONSOLE:
		rules_fill(r, at, ((const struct step_console *)a)->slot);
		RULE(r, r->plan->console == ((const struct step_console *)a)->slot,
			"step %zu: the terminal's slot is not the plan's", at);
		break;
	default:
		break;
	}
}

/* --- order -------------------------------------------------------------------------------------- */

static void rules_birth(struct rules *r, size_t at)
{
	const struct step_clone *a = r->plan->v[at].args;
	enum side side = r->plan->v[at].side;

	RULE(r, a->who == SIDE_MID || a->who == SIDE_INIT, "step %zu: a clone of nobody", at);
	RULE(r, !r->born[a->who], "step %zu: a second %s", at, side_names[a->who]);
	RULE(r, (a->who == SIDE_MID) == (side == SIDE_PARENT && r->plan->has_mid),
		"step %zu: %s gives birth to %s", at, side_names[side], side_names[a->who]);
	RULE(r, !(a->namespaces & (1ULL << 25)), "step %zu: the cgroup namespace at the clone", at);
	r->born[a->who] = true;
}

/* True of what needs the jail's mounts to be made, and the host's to be there still. */
static bool rules_before_switch(enum step_kind kind)
{
	return kind >= STEP_PROPAGATION && kind <= STEP_READONLY && kind != STEP_CONSOLE;
}

static bool rules_after_switch(enum step_kind kind)
{
	return kind >= STEP_CWD && kind <= STEP_FIND;
}

static void rules_filesystem(struct rules *r, size_t at)
{
	enum step_kind kind = r->plan->v[at].kind;
	bool own_root = r->plan->root >= 0;

	if (kind == STEP_ROOT)
		r->rooted = true;
	if (kind == STEP_PIVOT || kind == STEP_CHROOT)
		r->switched = true;
	if (rules_before_switch(kind))
		RULE(r, !r->switched, "step %zu: %s behind the switch of the root", at,
			step_kinds[kind].name);
	if (rules_before_switch(kind) && kind > STEP_ROOT)
		RULE(r, r->rooted, "step %zu: %s before the root", at, step_kinds[kind].name);
	if (rules_after_switch(kind) && own_root)
		RULE(r, r->switched, "step %zu: %s in the host's root", at, step_kinds[kind].name);
	/* A mount that was made writable for a while is closed before the program sees it. */
	RULE(r, kind != STEP_ATTRIBUTES || !r->switched, "step %zu: attributes too late", at);
}

static void rules_process(struct rules *r, size_t at)
{
	const size_t *n = r->count;
	enum step_kind kind = r->plan->v[at].kind;

	switch (kind) {
	case STEP_BECOME:
		RULE(r, !n[STEP_ROOT] && !n[STEP_CGROUP_ENTER], "step %zu: become is late", at);
		break;
	case STEP_USER:
		RULE(r, !n[STEP_CAPABILITIES], "step %zu: a user after the capabilities", at);
		break;
	case STEP_CAPABILITIES:
		RULE(r, !n[STEP_NO_NEW_PRIVS], "step %zu: capabilities last", at);
		r->bound = true;
		break;
	case STEP_RAISE_LIMITS:
		RULE(r, !n[STEP_USER] && !r->bound, "step %zu: limits are raised too late", at);
		break;
	case STEP_ID_MAP:
	case STEP_NO_SETGROUPS:
		RULE(r, !n[STEP_BECOME], "step %zu: ids are mapped too late", at);
		RULE(r, kind != STEP_NO_SETGROUPS || !n[STEP_ID_MAP],
			"step %zu: setgroups is given up behind the map", at);
		break;
	case STEP_UNSHARE:
		RULE(r, !n[STEP_CAPABILITIES], "step %zu: unshare without a right", at);
		break;
	default:
		break;
	}
}

static void rules_end(struct rules *r, size_t at)
{
	const struct plan *p = r->plan;
	enum step_kind kind = p->v[at].kind;

	if (kind == STEP_CREATED)
		r->created = true;
	if (kind == STEP_RELEASE || kind == STEP_LEAVE || kind == STEP_WAIT_START) {
		r->held = true;
		RULE(r, r->created, "step %zu: %s before created", at, step_kinds[kind].name);
	}
	if (r->created)
		RULE(r,
			kind == STEP_CREATED || kind == STEP_RELEASE || kind == STEP_LEAVE ||
				kind == STEP_WAIT_START || kind == STEP_HOOK ||
				kind == STEP_LIMITS || kind == STEP_WATCH || kind == STEP_SECCOMP ||
				kind == STEP_EXEC,
			"step %zu: %s can fail behind create", at, step_kinds[kind].name);
	RULE(r, (kind == STEP_EXEC) == (at + 1 == p->n), "step %zu of %zu: %s", at, p->n,
		step_kinds[kind].name);
	RULE(r, kind != STEP_LIMITS || at + 2 == p->n, "step %zu: limits are lowered too early",
		at);
}

/* given: how many slots are filled beforehand (1 for exec: the pidfd of init). */
static const char *plan_broken(const struct plan *p, int given, struct rules *r)
{
	*r = (struct rules){.plan = p};
	for (int i = 0; i < given; i++)
		r->filled[i] = r->before_birth[i] = true;
	RULE(r, p->n > 0, "no step at all");
	for (size_t i = 0; i < p->n && !r->why[0]; i++) {
		const struct step *s = &p->v[i];

		RULE(r, s->kind < STEP_KINDS && s->side < SIDES, "step %zu is of no kind", i);
		if (r->why[0])
			break;
		RULE(r, step_kinds[s->kind].sides & 1u << s->side, "step %zu: %s in %s", i,
			step_kinds[s->kind].name, side_names[s->side]);
		RULE(r, s->args || !step_kinds[s->kind].table, "step %zu: no arguments", i);
		RULE(r, s->side == SIDE_PARENT || r->born[s->side], "step %zu: %s is not born", i,
			side_names[s->side]);
		RULE(r, s->side != SIDE_MID || !r->born[SIDE_INIT], "step %zu: mid is gone", i);
		rules_slots_used(r, i);
		rules_slots_filled(r, i);
		if (s->kind == STEP_CLONE)
			rules_birth(r, i);
		rules_filesystem(r, i);
		rules_process(r, i);
		rules_end(r, i);
		r->count[s->kind]++;
	}
	RULE(r, r->born[SIDE_INIT], "init is never born");
	RULE(r, r->born[SIDE_MID] == p->has_mid, "mid is not what the plan says");
	RULE(r, r->count[STEP_CREATED] == 1, "created %zu times", r->count[STEP_CREATED]);
	RULE(r, r->rooted == (p->root >= 0), "the root is not what the plan says");
	RULE(r, r->count[STEP_CONSOLE] == (p->console >= 0),
		"the terminal is not what the plan says");
	RULE(r, r->count[STEP_CAPABILITIES] == 1, "capabilities %zu times",
		r->count[STEP_CAPABILITIES]);
	return r->why[0] ? r->why : NULL;
}

#endif
