/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_doc.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"

enum { RULES_MOST = 4096 }; /* of one call: more instructions no program has */

/* What is said of one call: a rule without a name for each part of it. */
struct said {
	const char *name;
	struct oci_syscall **v;
	size_t n;
};

struct maker {
	const struct rules *rules;
	const struct rules_arch *arch;
	struct pool *pool;
	struct bits bits;
	struct said *said;
	size_t n;
	uint32_t action; /* of the parts being made */
	struct said *now;
	struct err *e;
};

/* --- actions -------------------------------------------------------------------------------------- */

static int put_action(struct maker *m, uint32_t action, const char *of, struct oci_syscall *to)
{
	static const struct {
		uint32_t action;
		enum oci_seccomp_action word;
		bool number;
	} rows[] = {
		{SECCOMP_RET_KILL_THREAD, OCI_ACT_KILL_THREAD, false},
		{SECCOMP_RET_KILL_PROCESS, OCI_ACT_KILL_PROCESS, false},
		{SECCOMP_RET_TRAP, OCI_ACT_TRAP, false},
		{SECCOMP_RET_ERRNO, OCI_ACT_ERRNO, true},
		{SECCOMP_RET_TRACE, OCI_ACT_TRACE, true},
		{SECCOMP_RET_ALLOW, OCI_ACT_ALLOW, false},
		{SECCOMP_RET_LOG, OCI_ACT_LOG, false},
		{SECCOMP_RET_USER_NOTIF, OCI_ACT_NOTIFY, false},
	};
	uint32_t number = action & SECCOMP_RET_DATA;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if ((action & SECCOMP_RET_ACTION_FULL) != rows[i].action)
			continue;
		if (number && !rows[i].number)
			break;
		OPT_SET(to, action, (int32_t)rows[i].word);
		if (rows[i].number) /* the kernel caps an errno there */
			OPT_SET(to, errnoRet,
				rows[i].word == OCI_ACT_ERRNO && number > 4095 ? 4095 : number);
		return 0;
	}
	return err_set(m->e, EOVERFLOW, "OCI has no word for the action 0x%x of %s", action, of);
}

/* --- conditions ----------------------------------------------------------------------------------- */

static struct oci_syscall *add_part(struct maker *m)
{
	struct said *s = m->now;
	struct oci_syscall **v = pool_grow(m->pool, s->v, s->n, sizeof(*v));

	if (!v)
		return NULL;
	s->v = v;
	v[s->n] = POOL_NEW(m->pool, struct oci_syscall);
	return v[s->n] ? v[s->n++] : NULL;
}

static int add_arg(struct maker *m, struct oci_syscall *to, const struct oci_seccomp_arg *arg)
{
	struct oci_seccomp_arg *a = POOL_NEW(m->pool, struct oci_seccomp_arg);
	struct oci_seccomp_arg **v = pool_grow(m->pool, to->args.v, to->args.n, sizeof(*v));

	if (!a || !v)
		return err_memory(m->e);
	*a = *arg;
	a->has_index = a->has_value = a->has_op = true;
	to->args.v = v;
	v[to->args.n++] = a;
	return 0;
}

static int add_cube(const struct bits_cube *cube, void *arg)
{
	struct maker *m = arg;
	struct oci_syscall *part = add_part(m);

	if (!part)
		return err_memory(m->e);
	if (m->now->n > RULES_MOST)
		return err_set(m->e, EOVERFLOW,
			"%s: OCI needs more than %d rules for its conditions", m->now->name,
			RULES_MOST);
	TRY(put_action(m, m->action, m->now->name, part));
	for (unsigned i = 0; i < BITS_ARGS; i++) {
		struct oci_seccomp_arg a = {.index = i, .op = OCI_CMP_EQ, .value = cube->value[i]};

		if (!cube->mask[i])
			continue;
		if (~cube->mask[i]) {
			a.op = OCI_CMP_MASKED_EQ;
			a.value = cube->mask[i];
			OPT_SET(&a, valueTwo, cube->value[i]);
		}
		TRY(add_arg(m, part, &a));
	}
	return 0;
}

/* A condition that OCI has a word for itself: of each argument no more than one comparison. */
static bool is_plain(const struct rule_test *t, unsigned *seen)
{
	if (t->kind == TEST_AND)
		return is_plain(t->a, seen) && is_plain(t->b, seen);
	if (t->kind != TEST_COMPARE || !t->wide || t->left->kind != VALUE_ARG ||
		t->right->kind != VALUE_NUMBER || *seen & 1u << t->left->arg)
		return false;
	*seen |= 1u << t->left->arg;
	return true;
}

static int add_plain(struct maker *m, struct oci_syscall *to, const struct rule_test *t)
{
	static const enum oci_seccomp_op ops[] = {
		[COMPARE_EQ] = OCI_CMP_EQ,
		[COMPARE_NE] = OCI_CMP_NE,
		[COMPARE_LT] = OCI_CMP_LT,
		[COMPARE_LE] = OCI_CMP_LE,
		[COMPARE_GT] = OCI_CMP_GT,
		[COMPARE_GE] = OCI_CMP_GE,
	};

	if (t->kind == TEST_AND) {
		TRY(add_plain(m, to, t->a));
		return add_plain(m, to, t->b);
	}
	return add_arg(m, to,
		&(struct oci_seccomp_arg){.index = t->left->arg,
			.op = (int32_t)ops[t->op],
			.value = t->right->number});
}

/* All rules say one thing, each in OCI's own words, and what is left is the default. */
static bool all_plain(const struct rules_slice *s, const struct arch *arch)
{
	for (size_t i = 0; i < s->n; i++) {
		unsigned seen = 0;

		if (!arch->wide || !s->v[i].when || s->v[i].action != s->v[0].action ||
			!is_plain(s->v[i].when, &seen))
			return false;
	}
	return s->n > 0;
}

/* --- calls ---------------------------------------------------------------------------------------- */

static int say_plain(struct maker *m, const struct rules_slice *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct oci_syscall *part = add_part(m);

		if (!part)
			return err_memory(m->e);
		TRY(put_action(m, s->v[i].action, m->now->name, part));
		TRY(add_plain(m, part, s->v[i].when));
	}
	return 0;
}

static int say_call(struct maker *m, const struct rules_slice *s)
{
	struct bits_regions regions;

	if (all_plain(s, m->arch->arch))
		return say_plain(m, s);
	bits_begin(&m->bits, s, 1, !m->arch->arch->wide);
	if (bits_regions(&m->bits, s, m->pool, &regions, m->e) < 0)
		return err_add(m->e, "%s", m->now->name);
	for (size_t i = 0; i < regions.n; i++) {
		m->action = regions.v[i].action;
		if (m->action != s->otherwise)
			TRY(bits_each(&m->bits, regions.v[i].set, add_cube, m));
	}
	return 0;
}

static bool same(const struct said *a, const struct said *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct oci_syscall *x = a->v[i], *y = b->v[i];

		if (x->action != y->action || x->errnoRet != y->errnoRet || x->args.n != y->args.n)
			return false;
		for (size_t k = 0; k < x->args.n; k++) {
			const struct oci_seccomp_arg *p = x->args.v[k], *q = y->args.v[k];

			if (p->index != q->index || p->op != q->op || p->value != q->value ||
				p->valueTwo != q->valueTwo)
				return false;
		}
	}
	return true;
}

static struct said *find(struct maker *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (!strcmp(m->said[i].name, name))
			return &m->said[i];
	}
	return NULL;
}

static int differs(struct maker *m, const char *name)
{
	err_set(m->e, EOVERFLOW, "%s: the policy says something else of it on %s than elsewhere",
		name, m->arch->arch->name);
	return err_fix(m->e, "OCI has one rule for all architectures: compile for one with --arch");
}

static int keep(struct maker *m, const struct said *s)
{
	struct said *before = find(m, s->name), *v;

	if (before)
		return same(before, s) ? 0 : differs(m, s->name);
	v = pool_grow(m->pool, m->said, m->n, sizeof(*v));
	if (!v)
		return err_memory(m->e);
	m->said = v;
	v[m->n++] = *s;
	return 0;
}

static int say_arch(struct maker *m)
{
	const struct rules_arch *a = m->arch;
	size_t n;

	for (size_t i = 0; i < a->n; i += n) {
		struct rules_slice s = rules_slice(m->rules, a->arch->audit, a->v[i].call);
		struct said now = {.name = arch_call_name(a->arch, a->v[i].call)};

		n = s.n;
		if (!now.name)
			return err_set(m->e, EOVERFLOW,
				"number %u has no name on %s, and OCI knows calls by their names",
				a->v[i].call, a->arch->name);
		m->now = &now;
		TRY(say_call(m, &s));
		if (now.n)
			TRY(keep(m, &now));
	}
	return 0;
}

/* What was said for one architecture holds on all that have such a call. */
static int check_arch(struct maker *m)
{
	const struct rules_arch *a = m->arch;

	for (size_t i = 0; i < m->n; i++) {
		int64_t call = arch_call(a->arch, m->said[i].name);

		if (call >= 0 && !rules_slice(m->rules, a->arch->audit, (uint32_t)call).n)
			return differs(m, m->said[i].name);
	}
	return 0;
}

/* That a newer call gives ENOSYS begins behind the newest one that has a name here. */
static int say_newest(struct maker *m)
{
	const struct rules_arch *a = m->arch;
	struct said now = {.name = arch_call_name(a->arch, a->newest)};
	struct oci_syscall *part;

	if (!a->has_newest || a->beyond == a->otherwise || !now.name || find(m, now.name))
		return 0;
	m->now = &now;
	part = add_part(m);
	if (!part)
		return err_memory(m->e);
	TRY(put_action(m, a->otherwise, now.name, part));
	return keep(m, &now);
}

/* --- the document --------------------------------------------------------------------------------- */

static int add_text(struct maker *m, struct texts *to, const char *text)
{
	const char **v = pool_grow(m->pool, to->v, to->n, sizeof(*v));

	if (!v)
		return err_memory(m->e);
	to->v = v;
	v[to->n++] = text;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct said *)a)->name, ((const struct said *)b)->name);
}

/* The names that the same is said of stand together, at the first of them. */
static int put_group(struct maker *m, size_t from, struct oci_seccomp *doc)
{
	const struct said *first = &m->said[from];
	struct texts names = {0};

	for (size_t i = 0; i < from; i++) {
		if (same(&m->said[i], first))
			return 0;
	}
	for (size_t i = from; i < m->n; i++) {
		if (same(&m->said[i], first))
			TRY(add_text(m, &names, m->said[i].name));
	}
	for (size_t i = 0; i < first->n; i++) {
		struct oci_syscall **v = pool_grow(
			m->pool, doc->syscalls.v, doc->syscalls.n, sizeof(*v));

		if (!v)
			return err_memory(m->e);
		doc->syscalls.v = v;
		v[doc->syscalls.n++] = first->v[i];
		first->v[i]->names = names;
	}
	return 0;
}

static int make(struct maker *m, struct oci_seccomp *doc)
{
	struct oci_syscall otherwise = {0};
	const struct rules *r = m->rules;

	if (!r->n)
		return err_set(m->e, EINVAL, "rules for no architecture");
	TRY(put_action(m, r->v[0].otherwise, "the default", &otherwise));
	OPT_SET(doc, defaultAction, otherwise.action);
	doc->has_defaultErrnoRet = otherwise.has_errnoRet;
	doc->defaultErrnoRet = otherwise.errnoRet;
	for (size_t i = 0; i < r->n; i++) {
		m->arch = &r->v[i];
		TRY(say_arch(m));
		TRY(say_newest(m));
		TRY(add_text(m, &doc->architectures, r->v[i].arch->scmp));
	}
	for (size_t i = 0; i < r->n; i++) {
		m->arch = &r->v[i];
		TRY(check_arch(m));
	}
	if (m->n)
		qsort(m->said, m->n, sizeof(*m->said), by_name);
	for (size_t i = 0; i < m->n; i++)
		TRY(put_group(m, i, doc));
	return 0;
}

int profile_doc(
	const struct rules *rules, struct pool *pool, struct oci_seccomp **ret, struct err *e)
{
	struct maker m = {.rules = rules, .pool = pool, .e = e};
	struct oci_seccomp *doc = POOL_NEW(pool, struct oci_seccomp);
	int r = doc ? make(&m, doc) : err_memory(e);

	bits_done(&m.bits);
	TRY(r);
	*ret = doc;
	return 0;
}
