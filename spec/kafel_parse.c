/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_parse.h"

#include <linux/seccomp.h>

#include "kafel_filter.h"

static bool strict(const struct kafel_parser *p)
{
	return p->w->options->strict;
}

static bool is(const struct kafel_parser *p, char letter)
{
	return kafel_lex_is(&p->lex, letter);
}

static enum kafel_token_kind kind(const struct kafel_parser *p)
{
	return p->lex.token.kind;
}

static int next(struct kafel_parser *p)
{
	return kafel_lex_next(&p->lex);
}

/* --- rules ------------------------------------------------------------------------------------- */

struct action_row {
	enum kafel_token_kind kind;
	uint32_t action;
	bool data;
};

static const struct action_row actions[] = {
	{TOKEN_ALLOW, SECCOMP_RET_ALLOW, false},
	{TOKEN_LOG, SECCOMP_RET_LOG, false},
	{TOKEN_USER_NOTIF, SECCOMP_RET_USER_NOTIF, false},
	{TOKEN_KILL, SECCOMP_RET_KILL_THREAD, false},
	{TOKEN_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, false},
	{TOKEN_ERRNO, SECCOMP_RET_ERRNO, true},
	{TOKEN_TRAP, SECCOMP_RET_TRAP, true},
	{TOKEN_TRACE, SECCOMP_RET_TRACE, true},
};

static const struct action_row *find_action(const struct kafel_parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (actions[i].kind == kind(p))
			return &actions[i];
	}
	return NULL;
}

static int action_data(struct kafel_parser *p, struct kafel_action *ret)
{
	const struct kafel_token *t = &p->lex.token;
	const struct kafel_constant *c = NULL;
	uint64_t number = t->number;

	ret->at = t->at;
	if (kind(p) == TOKEN_NAME && !strict(p)) {
		TRY(kafel_lex_name(&p->lex, &ret->data));
		c = kafel_dict_find(&p->constants, ret->data);
		if (!c)
			return next(p);
		ret->data = NULL;
		number = c->value;
	} else if (kind(p) != TOKEN_NUMBER) {
		return kafel_lex_unexpected(&p->lex, "a number");
	}
	if (number > UINT16_MAX)
		return kafel_fail(
			p->w, KAFEL_ACTION_DATA, t->at, "this must be a number from 0 to 65535");
	/* The kernel caps it in silence. */
	if ((ret->action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && number > 4095)
		kafel_warn(p->w, t->at, "the greatest errno that the kernel gives is 4095");
	ret->action |= (uint32_t)number;
	return next(p);
}

static int action(struct kafel_parser *p, struct kafel_action *ret)
{
	const struct action_row *row = find_action(p);

	if (!row)
		return kafel_lex_unexpected(&p->lex, "an action (ALLOW, ERRNO(n), KILL …)");
	ret->action = row->action;
	ret->at = p->lex.token.at;
	TRY(next(p));
	if (!row->data)
		return 0;
	TRY(kafel_lex_expect(&p->lex, '(', "'('"));
	TRY(action_data(p, ret));
	return kafel_lex_expect(&p->lex, ')', "')'");
}

static bool begins_rule(const struct kafel_parser *p)
{
	return kind(p) == TOKEN_USE || find_action(p);
}

static int rule(struct kafel_parser *p, struct kafel_policy *to)
{
	struct kafel_rule *r = pool_grow(p->w->pool, to->v, to->n, sizeof(*r));
	struct kafel_at at;
	const char *name;

	if (!r)
		return kafel_no_memory(p->w);
	to->v = r;
	r += to->n;
	*r = (struct kafel_rule){0};
	if (kind(p) != TOKEN_USE) {
		TRY(action(p, &r->action));
		to->n++;
		return kafel_filters(p, r);
	}
	TRY(next(p));
	at = p->lex.token.at;
	TRY(kafel_take_name(p, "the name of a policy", &name));
	r->use = kafel_dict_find(&p->policies, name);
	if (!r->use)
		return kafel_fail(p->w, KAFEL_POLICY_UNKNOWN, at,
			"there is no policy '%.60s' above here", name);
	to->n++;
	return 0;
}

static int otherwise(struct kafel_parser *p, struct kafel_policy *to)
{
	struct kafel_at at = p->lex.token.at;
	struct kafel_action a = {0};

	TRY(next(p));
	TRY(action(p, &a));
	if (to->has_otherwise)
		return kafel_fail(p->w, KAFEL_DEFAULT_TWICE, at, "there is a DEFAULT already");
	to->has_otherwise = true;
	to->otherwise = a;
	to->otherwise.at = at;
	return 0;
}

/* --- statements -------------------------------------------------------------------------------- */

static int add_policy(struct kafel_parser *p, struct kafel_policy *policy)
{
	struct kafel_tree *t = p->tree;
	struct kafel_policy **v = pool_grow(p->w->pool, t->v, t->n, sizeof(*v));

	if (!v)
		return kafel_no_memory(p->w);
	t->v = v;
	v[t->n++] = policy;
	return 0;
}

/* In kafel's grammar: rules with commas between them. Here also none, one too many, and DEFAULT. */
static int policy_body(struct kafel_parser *p, struct kafel_policy *to)
{
	bool after_comma = false;

	while (!is(p, '}') || (after_comma && strict(p))) {
		if (!strict(p) && kind(p) == TOKEN_DEFAULT)
			TRY(otherwise(p, to));
		else if (begins_rule(p))
			TRY(rule(p, to));
		else
			return kafel_lex_unexpected(&p->lex, "an action, USE or '}'");
		after_comma = is(p, ',');
		if (after_comma)
			TRY(next(p));
		else if (strict(p) && !is(p, '}'))
			return kafel_lex_unexpected(&p->lex, "',' or '}'");
	}
	return next(p);
}

static int policy(struct kafel_parser *p)
{
	struct kafel_policy *to = POOL_NEW(p->w->pool, struct kafel_policy), *old;

	if (!to)
		return kafel_no_memory(p->w);
	to->at = p->lex.token.at;
	TRY(next(p));
	TRY(kafel_take_name(p, "the name of a policy", &to->name));
	TRY(kafel_lex_expect(&p->lex, '{', "'{'"));
	TRY(add_policy(p, to));
	TRY(policy_body(p, to));
	old = kafel_dict_find(&p->policies, to->name);
	if (old)
		return kafel_fail(p->w, KAFEL_POLICY_TWICE, to->at,
			"there is a policy '%.60s' already, from %.60s:%u:%u", to->name,
			old->at.file, old->at.at.line, old->at.at.column);
	if (kafel_dict_add(&p->policies, p->w->pool, to->name, to) < 0)
		return kafel_no_memory(p->w);
	return 0;
}

static int define(struct kafel_parser *p)
{
	struct kafel_at at = p->lex.token.at;
	const struct kafel_token *t = &p->lex.token;
	struct kafel_constant *c, *old;
	const char *name;

	TRY(next(p));
	if (kind(p) != TOKEN_DEFINE)
		return kafel_lex_unexpected(&p->lex, "'define' or 'include'");
	TRY(next(p));
	TRY(kafel_take_name(p, "the name of a constant", &name));
	if (kind(p) != TOKEN_NUMBER)
		return kafel_lex_unexpected(&p->lex, "a number");
	old = kafel_dict_find(&p->constants, name);
	if (old && old->value != t->number)
		return kafel_fail(p->w, KAFEL_CONSTANT_TWICE, at,
			"'%.60s' is 0x%llx here, and another number at %.60s:%u:%u", name,
			(unsigned long long)t->number, old->at.file, old->at.at.line,
			old->at.at.column);
	if (!old) {
		c = POOL_NEW(p->w->pool, struct kafel_constant);
		if (!c)
			return kafel_no_memory(p->w);
		*c = (struct kafel_constant){t->number, t->negative, at};
		if (kafel_dict_add(&p->constants, p->w->pool, name, c) < 0)
			return kafel_no_memory(p->w);
	}
	return next(p);
}

static int top_rules(struct kafel_parser *p)
{
	struct kafel_policy *top = p->tree->top;

	if (!top->n)
		TRY(add_policy(p, top));
	TRY(rule(p, top));
	while (is(p, ',')) {
		TRY(next(p));
		if (!begins_rule(p)) {
			if (!strict(p))
				break;
			return kafel_lex_unexpected(&p->lex, "an action or USE");
		}
		TRY(rule(p, top));
	}
	return 0;
}

static int statement(struct kafel_parser *p)
{
	if (is(p, '#'))
		return define(p);
	if (kind(p) == TOKEN_POLICY)
		return policy(p);
	if (kind(p) == TOKEN_DEFAULT)
		return otherwise(p, p->tree->top);
	if (begins_rule(p))
		return top_rules(p);
	return kafel_lex_unexpected(&p->lex, "POLICY, USE, DEFAULT, an action or #define");
}

int kafel_parse(
	struct kafel_work *w, const struct kafel_text *texts, size_t n, struct kafel_tree *ret)
{
	struct kafel_parser p = {.w = w, .tree = ret};

	ret->top = POOL_NEW(w->pool, struct kafel_policy);
	if (!ret->top)
		return kafel_no_memory(w);
	TRY(kafel_lex_begin(&p.lex, w, texts, n));
	do
		TRY(statement(&p));
	while (kind(&p) != TOKEN_END);
	return 0;
}
