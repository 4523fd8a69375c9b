/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>

#include "../runtime/base/own.h"
#include "kafel.h"
#include "kafel_note.h"
#include "kafel_parse.h"
#include "kafel_resolve.h"

/* --- checking ---------------------------------------------------------------------------------- */

static int resolve_policy(
	struct kafel_work *w, const struct kafel_machine *m, struct kafel_policy *p)
{
	uint32_t action;

	/* Errors are counted. */
	if (p->has_otherwise)
		(void)kafel_resolve_action(w, m, &p->otherwise, &action);
	for (size_t i = 0; i < p->n; i++) {
		(void)kafel_resolve_action(w, m, &p->v[i].action, &action);
		for (size_t k = 0; k < p->v[i].n; k++)
			TRY(kafel_resolve(w, m, &p->v[i].v[k]));
	}
	return 0;
}

/* Also what no USE reaches must name things that exist. */
static int resolve_all(struct kafel_work *w, const struct kafel_machine *m, struct kafel_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		TRY(resolve_policy(w, m, t->v[i]));
	return w->no_memory ? -ENOMEM : w->errors ? -EINVAL : 0;
}

/* --- rules ------------------------------------------------------------------------------------- */

static int add_rules(struct kafel_work *w, const struct kafel_machine *m, struct rules_arch *a,
	const struct kafel_rule *rule)
{
	uint32_t action;

	TRY(kafel_resolve_action(w, m, &rule->action, &action));
	for (size_t i = 0; i < rule->n; i++) {
		const struct kafel_filter *f = &rule->v[i];
		struct rule *r;

		if (f->dropped)
			continue;
		r = rules_add(a, w->pool);
		if (!r)
			return kafel_no_memory(w);
		*r = (struct rule){
			.call = f->call, .action = action, .when = f->test, .at = &f->at};
	}
	return 0;
}

/*
 * What stands at top level, with the used policies in place. The first rule that holds counts, so only
 * the first USE of a policy says anything; nor could a long one be had by using two of its kind. The
 * way back is kept in the policies: a chain of them can be longer than the stack.
 */
static int flatten(struct kafel_work *w, const struct kafel_machine *m, struct rules_arch *a,
	struct kafel_tree *t)
{
	struct kafel_policy *at = t->top;

	for (size_t i = 0; i < t->n; i++) {
		t->v[i]->used = false;
		t->v[i]->next = 0;
	}
	at->used = true;
	at->next = 0;
	at->back = NULL;
	while (at) {
		const struct kafel_rule *rule;

		if (at->next == at->n) {
			at = at->back;
			continue;
		}
		rule = &at->v[at->next++];
		if (!rule->use) {
			TRY(add_rules(w, m, a, rule));
		} else if (!rule->use->used) {
			rule->use->used = true;
			rule->use->back = at;
			at = rule->use;
		}
	}
	return 0;
}

/* --- the default ------------------------------------------------------------------------------- */

/* In friendly mode also a used policy can say it; then all that say it must say the same. */
static int find_otherwise(struct kafel_work *w, const struct kafel_machine *m,
	const struct kafel_tree *t, struct rules_arch *a)
{
	const struct kafel_policy *from = t->top->has_otherwise ? t->top : NULL;
	uint32_t action;

	a->otherwise = SECCOMP_RET_KILL_THREAD;
	if (from)
		TRY(kafel_resolve_action(w, m, &from->otherwise, &a->otherwise));
	for (size_t i = 0; i < t->n; i++) {
		const struct kafel_policy *p = t->v[i];

		if (p == t->top || !p->used || !p->has_otherwise)
			continue;
		TRY(kafel_resolve_action(w, m, &p->otherwise, &action));
		if (from && action != a->otherwise)
			return kafel_fail(w, KAFEL_DEFAULT_TWICE, p->otherwise.at,
				"this is another DEFAULT than that of %.100s:%u:%u",
				from->otherwise.at.file, from->otherwise.at.at.line,
				from->otherwise.at.at.column);
		from = p;
		a->otherwise = action;
	}
	return 0;
}

static void warn_unused(struct kafel_work *w, const struct kafel_tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!t->v[i]->used)
			kafel_warn(w, t->v[i]->at,
				"policy '%.60s' has no effect: there is no USE of it",
				t->v[i]->name);
	}
}

/* ----------------------------------------------------------------------------------------------- */

static int compile(struct kafel_work *w, const struct kafel_text *texts, size_t n_texts,
	const struct arch *const *archs, size_t n_archs, struct rules *rules)
{
	struct kafel_tree tree = {0};

	TRY(kafel_parse(w, texts, n_texts, &tree));
	rules->foreign = SECCOMP_RET_KILL_THREAD;
	rules->x32_open = w->options->strict;
	for (size_t i = 0; i < n_archs; i++) {
		const struct kafel_machine m = kafel_machine(archs[i]);
		struct rules_arch *a = rules_add_arch(rules, w->pool, archs[i]);

		if (!a)
			return kafel_no_memory(w);
		TRY(resolve_all(w, &m, &tree));
		TRY(flatten(w, &m, a, &tree));
		TRY(find_otherwise(w, &m, &tree, a));
		if (rules_sort(a, NULL) < 0)
			return kafel_no_memory(w);
	}
	warn_unused(w, &tree);
	return 0;
}

int kafel_rules(const struct kafel_text *texts, size_t n_texts, const struct arch *const *archs,
	size_t n_archs, const struct kafel_options *options, struct pool *pool, struct rules *ret,
	struct kafel_notes *ret_notes, struct err *e)
{
	struct kafel_work w = {.options = options, .pool = pool};
	struct rules rules = {0};
	int r = compile(&w, texts, n_texts, archs, n_archs, &rules);

	if (ret_notes)
		*ret_notes = w.notes;
	if (r < 0)
		return kafel_tell(&w, e);
	*ret = rules;
	return 0;
}
