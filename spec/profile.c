/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "profile.h"

struct builder {
	const struct oci_seccomp *doc;
	const struct origin *origin;
	const struct profile_options *options;
	struct pool *pool;
	struct rules *rules;
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
	struct rules_arch *to;
	const struct oci_syscall *doc;
	const char *name;
	uint32_t action;
};

static int add(
	struct builder *b, const struct target *t, uint32_t call, const struct rule_test *when)
{
	struct rule *r = rules_add(t->to, b->pool);

	if (!r)
		return err_memory(b->e);
	*r = (struct rule){call, t->action, when, t->doc};
	return 0;
}

static int add_rules(struct builder *b, const struct target *t, uint32_t call)
{
	const struct rule_test *all = NULL;

	if (!t->doc->args.n)
		return add(b, t, call, NULL);
	list_each (i, t->doc->args) {
		const struct rule_test *one = one_condition(b, t->to->arch, t->doc->args.v[i]);

		if (repeats_argument(t->doc)) {
			if (!one)
				return err_memory(b->e);
			TRY(add(b, t, call, one));
			continue;
		}
		all = all ? rule_test_join(b->pool, TEST_AND, all, one) : one;
		if (!all)
			return err_memory(b->e);
	}
	return all ? add(b, t, call, all) : 0;
}

/*
 * The same call made through the multiplexer, whose other arguments are behind a pointer: conditions
 * cannot be looked at. A rule that is stricter than the default holds without them; one that lets more
 * through does not hold at all.
 */
static int add_multiplexed(struct builder *b, const struct target *t)
{
	uint32_t call, first;
	const struct rule_value *low;
	const struct rule_test *when;

	if (!arch_multiplexed(t->to->arch, t->name, &call, &first))
		return 0;
	if (t->doc->args.n && action_leniency(t->action) >= action_leniency(t->to->otherwise))
		return 0;
	low = rule_value_join(
		b->pool, VALUE_AND, rule_value_arg(b->pool, 0), rule_value_number(b->pool, 0xffff));
	when = rule_test_compare(
		b->pool, COMPARE_EQ, false, low, rule_value_number(b->pool, first));
	if (!when)
		return err_memory(b->e);
	return add(b, t, call, when);
}

static int unknown_name(struct builder *b, const struct target *t, const void *at)
{
	const char *near = arch_call_nearest(t->to->arch, t->name);
	bool weaker = action_leniency(t->to->otherwise) > action_leniency(t->action);

	if (!weaker && !b->options->fail_unknown) {
		log_debug("seccomp: '%s' is no system call that is known here", t->name);
		return 0;
	}
	PROFILE_FAIL(b, at, "'%s' is no system call that is known here%s", t->name,
		weaker ? ", and without its rule the profile would be weaker" : "");
	if (near)
		return err_fix(b->e, "did you mean '%s'?", near);
	return -b->e->code;
}

static int add_name(struct builder *b, const struct target *t, const void *at, bool multiplexed)
{
	int64_t call = arch_call(t->to->arch, t->name);

	if (call == CALL_UNKNOWN)
		return multiplexed ? 0 : unknown_name(b, t, at);
	if (call >= 0 && (!t->to->has_newest || call > t->to->newest)) {
		t->to->has_newest = true;
		t->to->newest = (uint32_t)call;
	}
	if (t->action == t->to->otherwise)
		return 0;
	if (multiplexed)
		return add_multiplexed(b, t);
	return call < 0 ? 0 : add_rules(b, t, (uint32_t)call);
}

/* --- one architecture -------------------------------------------------------------------------- */

static int add_all(struct builder *b, struct rules_arch *to, bool multiplexed)
{
	list_each (i, b->doc->syscalls) {
		struct target t = {.to = to, .doc = b->doc->syscalls.v[i]};

		TRY(make_action(b, t.doc->action, t.doc->has_errnoRet, t.doc->errnoRet,
			&t.doc->errnoRet, &t.action));
		list_each (j, t.doc->names) {
			t.name = t.doc->names.v[j];
			TRY(add_name(b, &t, &t.doc->names.v[j], multiplexed));
		}
	}
	return 0;
}

static int contradiction(
	struct builder *b, const struct arch *arch, const struct rule *x, const struct rule *y)
{
	const char *name = arch_call_name(arch, x->call);
	char one[32], other[32];

	action_text(x->action, one);
	action_text(y->action, other);
	return PROFILE_FAIL(b, y->at, "%s is %s here, and %s by another rule",
		name ? name : "a call", other, one);
}

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

static void warn_of_shadow(struct builder *b, const struct arch *arch, const struct rule *x)
{
	const char *name = arch_call_name(arch, x->call);
	char place[256];

	origin_describe(b->origin, x->at, place, sizeof(place));
	log_warning("%s: another rule for %s has no conditions and wins over this one", place,
		name ? name : "the call");
}

/* The rules of one call, in the order in which they are asked. */
static int settle(struct builder *b, const struct arch *arch, struct rule *v, size_t n)
{
	const struct rule *whole = NULL;

	for (size_t i = 0; i < n; i++) {
		if (v[i].when)
			continue;
		if (whole && v[i].action != whole->action)
			return contradiction(b, arch, whole, &v[i]);
		whole = &v[i];
	}
	if (!whole) {
		strictest_first(v, n);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i].action != whole->action)
			warn_of_shadow(b, arch, &v[i]);
	}
	v[0] = *whole;
	return 0;
}

static int settle_all(struct builder *b, struct rules_arch *a)
{
	size_t n;

	for (size_t i = 0; i < a->n; i += n) {
		for (n = 1; i + n < a->n && a->v[i + n].call == a->v[i].call; n++)
			;
		TRY(settle(b, a->arch, a->v + i, n));
	}
	return 0;
}

static int add_arch(struct builder *b, const struct arch *arch, uint32_t otherwise)
{
	struct rules_arch *to = rules_add_arch(b->rules, b->pool, arch);

	if (!to)
		return err_memory(b->e);
	to->otherwise = otherwise;
	TRY(add_all(b, to, false));
	TRY(rules_sort(to, b->e));
	TRY(settle_all(b, to));
	/* After all others: a rule that names the multiplexer itself goes first. */
	TRY(add_all(b, to, true));
	TRY(rules_sort(to, b->e));
	/* Where the default lets calls through there is nothing to fall back from. */
	if (action_leniency(otherwise) > action_leniency(SECCOMP_RET_ERRNO))
		to->has_newest = false;
	to->beyond = SECCOMP_RET_ERRNO | ENOSYS;
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
	/* The machine's own belongs to it, named or not. */
	TRY(add_arch(b, arch_native(), otherwise));
	list_each (i, b->doc->architectures) {
		const char *const *name = &b->doc->architectures.v[i];
		const struct arch *arch = arch_by_scmp(*name);

		if (!arch)
			return PROFILE_FAIL(b, name, "'%s' is no architecture", *name);
		if (!has_arch(b->rules, arch))
			TRY(add_arch(b, arch, otherwise));
	}
	return 0;
}

int profile_rules(const struct oci_seccomp *doc, const struct origin *origin,
	const struct profile_options *options, struct pool *pool, struct rules *ret, struct err *e)
{
	struct rules rules = {.foreign = SECCOMP_RET_KILL_THREAD};
	struct builder b = {doc, origin, options, pool, &rules, e};
	uint32_t otherwise;

	if (doc->defaultAction == OCI_ACT_NOTIFY)
		return PROFILE_FAIL(&b, &doc->defaultAction,
			"SCMP_ACT_NOTIFY cannot be the default: nobody could start the agent");
	TRY(make_action(&b, doc->defaultAction, doc->has_defaultErrnoRet, doc->defaultErrnoRet,
		&doc->defaultErrnoRet, &otherwise));
	TRY(add_arches(&b, otherwise));
	*ret = rules;
	return 0;
}
