/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "profile.h"

/* One architecture in the making. */
struct side {
	struct rules_arch *to;
	struct rules_arch late; /* what goes behind all others */
	int64_t multiplexer[2]; /* socketcall, ipc */
};

struct builder {
	const struct oci_seccomp *doc;
	const struct origin *origin;
	const struct profile_options *options;
	struct pool *pool;
	struct rules *rules;
	struct side *sides; /* as rules->v */
	struct err *e;
};

#define PROFILE_FAIL(b, address, ...) \
	origin_fail((b)->origin, (address), (b)->e, EINVAL, __VA_ARGS__)

/* --- actions ----------------------------------------------------------------------------------- */

static int make_action(struct builder *b, int32_t action, bool has_errno, uint32_t number,
	const void *at, uint32_t *ret)
{
	static const uint32_t actions[] = {
		[OCI_ACT_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
		[OCI_ACT_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
		[OCI_ACT_TRAP] = SECCOMP_RET_TRAP,
		[OCI_ACT_ERRNO] = SECCOMP_RET_ERRNO,
		[OCI_ACT_TRACE] = SECCOMP_RET_TRACE,
		[OCI_ACT_ALLOW] = SECCOMP_RET_ALLOW,
		[OCI_ACT_LOG] = SECCOMP_RET_LOG,
		[OCI_ACT_NOTIFY] = SECCOMP_RET_USER_NOTIF,
	};
	bool takes_errno = action == OCI_ACT_ERRNO || action == OCI_ACT_TRACE;

	if (has_errno && !takes_errno)
		return PROFILE_FAIL(b, at, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take an errno");
	/* The kernel would cap an errno in silence. */
	if (has_errno && number > (action == OCI_ACT_ERRNO ? 4095 : UINT16_MAX))
		return PROFILE_FAIL(b, at, "%u: the greatest errno is 4095", number);
	*ret = actions[action];
	if (takes_errno)
		*ret |= has_errno ? number : EPERM;
	return 0;
}

/* --- conditions -------------------------------------------------------------------------------- */

static const struct rule_test *one_condition(
	struct builder *b, const struct arch *arch, const struct oci_seccomp_arg *a)
{
	static const enum rule_compare ops[] = {
		[OCI_CMP_NE] = COMPARE_NE,
		[OCI_CMP_LT] = COMPARE_LT,
		[OCI_CMP_LE] = COMPARE_LE,
		[OCI_CMP_EQ] = COMPARE_EQ,
		[OCI_CMP_GE] = COMPARE_GE,
		[OCI_CMP_GT] = COMPARE_GT,
		[OCI_CMP_MASKED_EQ] = COMPARE_EQ,
	};
	const struct rule_value *left = rule_value_arg(b->pool, a->index);
	uint64_t value = a->value;

	if (a->op == OCI_CMP_MASKED_EQ) {
		left = rule_value_join(
			b->pool, VALUE_AND, left, rule_value_number(b->pool, a->value));
		/* Bits beside the mask are passed over, as libseccomp does. */
		value = a->valueTwo & a->value;
	}
	return rule_test_compare(
		b->pool, ops[a->op], arch->wide, left, rule_value_number(b->pool, value));
}

static bool repeats_argument(const struct oci_syscall *s)
{
	unsigned seen = 0;

	list_each (i, s->args) {
		if (seen & 1u << s->args.v[i]->index)
			return true;
		seen |= 1u << s->args.v[i]->index;
	}
	return false;
}

/* --- one call on one architecture -------------------------------------------------------------- */

struct target {
	struct side *side;
	const struct oci_syscall *doc;
	const char *name; /* the document's text, and so its place */
	const struct multiplexed *multiplexed;
	uint32_t action;
};

static int add(struct builder *b, struct rules_arch *to, const struct target *t, uint32_t call,
	const struct rule_test *when)
{
	struct rule *r = rules_add(to, b->pool);

	if (!r)
		return err_memory(b->e);
	*r = (struct rule){call, t->action, when, t->doc};
	return 0;
}

static int add_rules(struct builder *b, const struct target *t, uint32_t call)
{
	const struct rule_test *all = NULL;
	struct rules_arch *to = t->side->to;
	bool alternatives;

	if (!t->doc->args.n)
		return add(b, to, t, call, NULL);
	alternatives = repeats_argument(t->doc);
	list_each (i, t->doc->args) {
		const struct rule_test *one = one_condition(b, to->arch, t->doc->args.v[i]);

		if (alternatives) {
			if (!one)
				return err_memory(b->e);
			TRY(add(b, to, t, call, one));
			continue;
		}
		all = all ? rule_test_join(b->pool, TEST_AND, all, one) : one;
		if (!all)
			return err_memory(b->e);
	}
	return all ? add(b, to, t, call, all) : 0;
}

/*
 * The same call made through the multiplexer, whose other arguments are behind a pointer: conditions
 * cannot be looked at. A rule that is stricter than the default holds without them; one that lets more
 * through does not hold at all.
 */
static int add_multiplexed(struct builder *b, const struct target *t)
{
	struct side *side = t->side;
	int64_t call = side->multiplexer[t->multiplexed->ipc];
	const struct rule_value *low;
	const struct rule_test *when;

	if (call < 0)
		return 0;
	if (t->doc->args.n && action_leniency(t->action) >= action_leniency(side->to->otherwise))
		return 0;
	low = rule_value_join(
		b->pool, VALUE_AND, rule_value_arg(b->pool, 0), rule_value_number(b->pool, 0xffff));
	when = rule_test_compare(
		b->pool, COMPARE_EQ, false, low, rule_value_number(b->pool, t->multiplexed->first));
	if (!when)
		return err_memory(b->e);
	return add(b, &side->late, t, (uint32_t)call, when);
}

static int unknown_name(struct builder *b, const struct target *t)
{
	const struct rules_arch *to = t->side->to;
	const char *near = arch_call_nearest(to->arch, t->name);
	bool weaker = action_leniency(to->otherwise) > action_leniency(t->action);

	if (!weaker && !b->options->fail_unknown) {
		log_debug("seccomp: '%s' is no system call that is known here", t->name);
		return 0;
	}
	PROFILE_FAIL(b, t->name, "'%s' is no system call that is known here%s", t->name,
		weaker ? ", and without its rule the profile would be weaker" : "");
	if (near)
		return err_fix(b->e, "did you mean '%s'?", near);
	return -b->e->code;
}

static int add_call(struct builder *b, const struct target *t, const struct call_name *name)
{
	struct rules_arch *to = t->side->to;
	int64_t call = arch_call_of(to->arch, name);

	if (call == CALL_UNKNOWN)
		return unknown_name(b, t);
	if (call >= 0 && (!to->has_newest || call > to->newest)) {
		to->has_newest = true;
		to->newest = (uint32_t)call;
	}
	if (t->action == to->otherwise)
		return 0;
	if (t->multiplexed)
		TRY(add_multiplexed(b, t));
	return call < 0 ? 0 : add_rules(b, t, (uint32_t)call);
}

/* All rules, on all architectures. */
static int add_all(struct builder *b)
{
	list_each (i, b->doc->syscalls) {
		struct target t = {.doc = b->doc->syscalls.v[i]};

		TRY(make_action(b, t.doc->action, t.doc->has_errnoRet, t.doc->errnoRet,
			&t.doc->errnoRet, &t.action));
		list_each (j, t.doc->names) {
			struct call_name name = arch_look_up(t.doc->names.v[j]);

			t.name = t.doc->names.v[j];
			t.multiplexed = arch_multiplexed(t.name);
			for (size_t k = 0; k < b->rules->n; k++) {
				t.side = &b->sides[k];
				TRY(add_call(b, &t, &name));
			}
		}
	}
	return 0;
}

/* --- one architecture -------------------------------------------------------------------------- */

static void strictest_first(struct rule *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct rule one = v[i];
		size_t at = i;

		for (; at && action_leniency(v[at - 1].action) > action_leniency(one.action); at--)
			v[at] = v[at - 1];
		v[at] = one;
	}
}

static void tell_of_shadow(struct builder *b, const struct arch *arch, const struct rule *x)
{
	const char *name = arch_call_name(arch, x->call);
	char place[256];

	origin_describe(b->origin, x->at, place, sizeof(place));
	log_info("%s: another rule for %s has no conditions and wins over this one", place,
		name ? name : "the call");
}

/*
 * The rules of one call, in the order in which they are asked: the first one without conditions has
 * the last word, and others that say something else are told of.
 */
static void settle(struct builder *b, const struct arch *arch, struct rule *v, size_t n)
{
	const struct rule *whole = NULL;

	for (size_t i = 0; !whole && i < n; i++) {
		if (!v[i].when)
			whole = &v[i];
	}
	if (!whole) {
		strictest_first(v, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i].action != whole->action)
			tell_of_shadow(b, arch, &v[i]);
	}
	v[0] = *whole;
}

static void settle_all(struct builder *b, struct rules_arch *a)
{
	size_t n;

	for (size_t i = 0; i < a->n; i += n) {
		for (n = 1; i + n < a->n && a->v[i + n].call == a->v[i].call; n++)
			;
		settle(b, a->arch, a->v + i, n);
	}
}

static int add_arch(struct builder *b, const struct arch *arch, uint32_t otherwise)
{
	struct rules_arch *to = rules_add_arch(b->rules, b->pool, arch);

	if (!to)
		return err_memory(b->e);
	to->otherwise = otherwise;
	to->beyond = SECCOMP_RET_ERRNO | ENOSYS;
	return 0;
}

static int finish(struct builder *b, struct side *side)
{
	struct rules_arch *to = side->to;

	TRY(rules_sort(to, b->e));
	settle_all(b, to);
	/* A rule that names the multiplexer itself goes before those of the calls in it. */
	for (size_t i = 0; i < side->late.n; i++) {
		struct rule *r = rules_add(to, b->pool);

		if (!r)
			return err_memory(b->e);
		*r = side->late.v[i];
	}
	if (side->late.n)
		TRY(rules_sort(to, b->e));
	/* Where the default lets calls through there is nothing to fall back from. */
	if (action_leniency(to->otherwise) > action_leniency(SECCOMP_RET_ERRNO))
		to->has_newest = false;
	return 0;
}

/* --- the whole --------------------------------------------------------------------------------- */

static bool has_arch(const struct rules *r, const struct arch *arch)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].arch == arch)
			return true;
	}
	return false;
}

static int add_arches(struct builder *b, uint32_t otherwise)
{
	for (size_t i = 0; i < b->options->n_archs; i++)
		TRY(add_arch(b, b->options->archs[i], otherwise));
	if (b->options->n_archs)
		return 0;
	/* The machine's own belongs to it, named or not. */
	TRY(add_arch(b, arch_native(), otherwise));
	list_each (i, b->doc->architectures) {
		const char *const *name = &b->doc->architectures.v[i];
		const struct arch *arch = arch_by_scmp(*name);

		if (!arch)
			return PROFILE_FAIL(b, *name, "'%s' is no architecture", *name);
		if (!has_arch(b->rules, arch))
			TRY(add_arch(b, arch, otherwise));
	}
	return 0;
}

static int make_sides(struct builder *b)
{
	b->sides = pool_array(b->pool, b->rules->n, sizeof(*b->sides));
	if (!b->sides)
		return err_memory(b->e);
	for (size_t i = 0; i < b->rules->n; i++) {
		struct side *side = &b->sides[i];

		side->to = &b->rules->v[i];
		side->multiplexer[false] = arch_multiplexer(side->to->arch, false);
		side->multiplexer[true] = arch_multiplexer(side->to->arch, true);
	}
	return 0;
}

int profile_rules(const struct oci_seccomp *doc, const struct origin *origin,
	const struct profile_options *options, struct pool *pool, struct rules *ret, struct err *e)
{
	struct rules rules = {.foreign = SECCOMP_RET_KILL_THREAD};
	struct builder b = {doc, origin, options, pool, &rules, NULL, e};
	uint32_t otherwise;

	if (doc->defaultAction == OCI_ACT_NOTIFY)
		return PROFILE_FAIL(&b, &doc->defaultAction,
			"SCMP_ACT_NOTIFY cannot be the default: nobody could start the agent");
	TRY(make_action(&b, doc->defaultAction, doc->has_defaultErrnoRet, doc->defaultErrnoRet,
		&doc->defaultErrnoRet, &otherwise));
	TRY(add_arches(&b, otherwise));
	TRY(make_sides(&b));
	TRY(add_all(&b));
	for (size_t i = 0; i < rules.n; i++)
		TRY(finish(&b, &b.sides[i]));
	*ret = rules;
	return 0;
}
