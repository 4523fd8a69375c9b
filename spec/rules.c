/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "rules.h"

struct rules_arch *rules_add_arch(struct rules *r, struct pool *pool, const struct arch *arch)
{
	struct rules_arch *v = pool_grow(pool, r->v, r->n, sizeof(*v));

	if (!v)
		return NULL;
	r->v = v;
	v[r->n] = (struct rules_arch){.arch = arch};
	return &v[r->n++];
}

struct rule *rules_add(struct rules_arch *a, struct pool *pool)
{
	struct rule *v = pool_grow(pool, a->v, a->n, sizeof(*v));

	if (!v)
		return NULL;
	a->v = v;
	v[a->n] = (struct rule){0};
	return &v[a->n++];
}

/* Merges: stable, and quick where much is in order already. */
static void sort(struct rule *v, struct rule *spare, size_t n)
{
	size_t half = n / 2, i = 0, j = half, k = 0;

	if (n < 2)
		return;
	sort(v, spare, half);
	sort(v + half, spare, n - half);
	if (v[half - 1].call <= v[half].call)
		return;
	memcpy(spare, v, n * sizeof(*v));
	while (i < half || j < n)
		v[k++] = j == n || (i < half && spare[i].call <= spare[j].call) ? spare[i++]
										: spare[j++];
}

/* Numbers that lie close together are counted: that takes as long as reading them. */
static bool sort_by_counting(struct rule *v, struct rule *spare, size_t n)
{
	enum { SPAN = 1024 };
	uint32_t low = UINT32_MAX, high = 0;
	uint16_t first[SPAN + 1] = {0};

	for (size_t i = 0; i < n; i++) {
		low = v[i].call < low ? v[i].call : low;
		high = v[i].call > high ? v[i].call : high;
	}
	if (n > UINT16_MAX || high - low >= SPAN)
		return false;
	for (size_t i = 0; i < n; i++)
		first[v[i].call - low + 1]++;
	for (size_t i = 0; i < SPAN; i++)
		first[i + 1] = (uint16_t)(first[i + 1] + first[i]);
	memcpy(spare, v, n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[first[spare[i].call - low]++] = spare[i];
	return true;
}

int rules_sort(struct rules_arch *a, struct err *e)
{
	own_free struct rule *spare = NULL;
	size_t i = 1;

	while (i < a->n && a->v[i - 1].call <= a->v[i].call)
		i++;
	if (i >= a->n)
		return 0;
	spare = malloc(a->n * sizeof(*spare));
	if (!spare)
		return err_memory(e);
	if (a->n < 64 || !sort_by_counting(a->v, spare, a->n))
		sort(a->v, spare, a->n);
	return 0;
}

static struct rule_value *new_value(struct pool *pool, struct rule_value v)
{
	struct rule_value *ret = POOL_NEW(pool, struct rule_value);

	if (ret)
		*ret = v;
	return ret;
}

const struct rule_value *rule_value_arg(struct pool *pool, unsigned arg)
{
	return new_value(pool, (struct rule_value){.kind = VALUE_ARG, .arg = arg});
}

const struct rule_value *rule_value_number(struct pool *pool, uint64_t number)
{
	return new_value(pool, (struct rule_value){.kind = VALUE_NUMBER, .number = number});
}

const struct rule_value *rule_value_join(struct pool *pool, enum rule_value_kind kind,
	const struct rule_value *left, const struct rule_value *right)
{
	if (!left || !right)
		return NULL;
	return new_value(pool, (struct rule_value){.kind = kind, .left = left, .right = right});
}

static struct rule_test *new_test(struct pool *pool, struct rule_test t)
{
	struct rule_test *ret = POOL_NEW(pool, struct rule_test);

	if (ret)
		*ret = t;
	return ret;
}

const struct rule_test *rule_test_compare(struct pool *pool, enum rule_compare op, bool wide,
	const struct rule_value *left, const struct rule_value *right)
{
	if (!left || !right)
		return NULL;
	return new_test(pool, (struct rule_test){.kind = TEST_COMPARE,
				      .op = op,
				      .wide = wide,
				      .left = left,
				      .right = right});
}

const struct rule_test *rule_test_join(struct pool *pool, enum rule_test_kind kind,
	const struct rule_test *a, const struct rule_test *b)
{
	if (!a || (!b && kind != TEST_NOT))
		return NULL;
	return new_test(pool, (struct rule_test){.kind = kind, .a = a, .b = b});
}

/* --- the verdict ------------------------------------------------------------------------------- */

static uint64_t value_of(const struct rule_value *v, const struct rule_call *call)
{
	switch (v->kind) {
	case VALUE_ARG:
		return call->args[v->arg];
	case VALUE_NUMBER:
		return v->number;
	case VALUE_AND:
		return value_of(v->left, call) & value_of(v->right, call);
	default:
		return value_of(v->left, call) | value_of(v->right, call);
	}
}

static bool compares(const struct rule_test *t, const struct rule_call *call)
{
	uint64_t a = value_of(t->left, call), b = value_of(t->right, call);

	if (!t->wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (t->op) {
	case COMPARE_EQ:
		return a == b;
	case COMPARE_NE:
		return a != b;
	case COMPARE_LT:
		return a < b;
	case COMPARE_LE:
		return a <= b;
	case COMPARE_GT:
		return a > b;
	default:
		return a >= b;
	}
}

bool rule_test_holds(const struct rule_test *t, const struct rule_call *call)
{
	switch (t->kind) {
	case TEST_ALWAYS:
		return true;
	case TEST_NEVER:
		return false;
	case TEST_NOT:
		return !rule_test_holds(t->a, call);
	case TEST_AND:
		return rule_test_holds(t->a, call) && rule_test_holds(t->b, call);
	case TEST_OR:
		return rule_test_holds(t->a, call) || rule_test_holds(t->b, call);
	default:
		return compares(t, call);
	}
}

static size_t first_of(const struct rules_arch *a, uint32_t number)
{
	size_t low = 0, high = a->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (a->v[mid].call < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool names(const struct rules_arch *a, uint32_t number)
{
	size_t i = first_of(a, number);

	return i < a->n && a->v[i].call == number;
}

struct rules_slice rules_slice(const struct rules *r, uint32_t audit, uint32_t number)
{
	struct rules_slice ret = {.otherwise = r->foreign};
	const struct rules_arch *found = NULL;
	bool is_x32;

	for (size_t i = 0; i < r->n; i++) {
		const struct arch *arch = r->v[i].arch;

		if (arch->audit != audit)
			continue;
		/* -1 is no number of x32's: it is what a tracer sets to skip a call. */
		if (arch->bit && (!(number & arch->bit) || number == UINT32_MAX))
			continue;
		if (!found || arch->bit)
			found = &r->v[i];
	}
	if (!found)
		return ret;
	is_x32 = audit == arches[0].audit && number >= 0x40000000 && number != UINT32_MAX;
	if (is_x32 && !found->arch->bit && !r->x32_open && !names(found, number))
		return ret;
	ret.otherwise = found->has_newest && number > found->newest ? found->beyond
								    : found->otherwise;
	ret.v = found->v + first_of(found, number);
	while (ret.v + ret.n < found->v + found->n && ret.v[ret.n].call == number)
		ret.n++;
	return ret;
}

uint32_t rules_verdict(const struct rules *r, const struct rule_call *call)
{
	struct rules_slice s = rules_slice(r, call->arch, call->number);

	for (size_t i = 0; i < s.n; i++) {
		if (!s.v[i].when || rule_test_holds(s.v[i].when, call))
			return s.v[i].action;
	}
	return s.otherwise;
}

/* --- actions ----------------------------------------------------------------------------------- */

struct action_row {
	uint32_t action;
	const char *name;
	bool data;
};

/* Strictest first, the kernel's order (seccomp(2)). */
static const struct action_row actions[] = {
	{SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS", false},
	{SECCOMP_RET_KILL_THREAD, "KILL_THREAD", false},
	{SECCOMP_RET_TRAP, "TRAP", true},
	{SECCOMP_RET_ERRNO, "ERRNO", true},
	{SECCOMP_RET_USER_NOTIF, "USER_NOTIF", false},
	{SECCOMP_RET_TRACE, "TRACE", true},
	{SECCOMP_RET_LOG, "LOG", false},
	{SECCOMP_RET_ALLOW, "ALLOW", false},
};

unsigned action_leniency(uint32_t action)
{
	for (unsigned i = 0; i < ARRAY_LEN(actions); i++) {
		if ((action & SECCOMP_RET_ACTION_FULL) == actions[i].action)
			return i;
	}
	return 0; /* as the kernel takes what it does not know */
}

void action_text(uint32_t action, char buf[static 32])
{
	const struct action_row *row = &actions[action_leniency(action)];

	if (row->data)
		fmt_put(buf, 32, "%s(%u)", row->name, action & SECCOMP_RET_DATA);
	else
		fmt_put(buf, 32, "%s", row->name);
}
