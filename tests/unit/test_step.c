/* SPDX-License-Identifier: Apache-2.0 */
/* step: the rows of the kinds are complete, each has somebody who carries it out, and a plan's text. */
#include <ctype.h>
#include <stdlib.h>

#include "../../runtime/plan.h"
#include "../../runtime/run.h"
#include "../../spec/bind.h"
#include "../../spec/json.h"
#include "../../spec/walk.h"
#include "tap.h"

static void every_kind_is_a_row(void)
{
	for (int kind = 0; kind < STEP_KINDS; kind++) {
		const struct step_kind_row *row = &step_kinds[kind];

		if (!tap_check(row->name && *row->name, TAP_HERE, "kind %d has no name", kind))
			continue;
		ok(row->sides && row->sides < 1u << SIDES);
		for (const char *c = row->name; *c; c++)
			ok(islower((unsigned char)*c) || *c == '-');
		for (int other = 0; other < kind; other++)
			ok(strcmp(row->name, step_kinds[other].name));
	}
}

/* What the parent does by itself (parent.c), being a machine that never waits, and births and turns. */
static bool is_the_parents_own(int kind)
{
	switch (kind) {
	case STEP_CGROUP:
	case STEP_CGROUP_SET:
	case STEP_CGROUP_DEVICES:
	case STEP_CGROUP_MOVE:
	case STEP_CGROUP_OWN:
	case STEP_UNIT:
	case STEP_UNIT_SET:
	case STEP_UNIT_JOIN:
	case STEP_CLONE:
	case STEP_NET_DEVICE:
	case STEP_MACVLAN:
	case STEP_USER_NET:
	case STEP_RDT:
	case STEP_RDT_ENTER:
	case STEP_NO_SETGROUPS:
	case STEP_ID_MAP:
	case STEP_CREATED:
	case STEP_LEAVE:
	case STEP_RELEASE:
	case STEP_UNMOUNT:
	case STEP_END:
		return true;
	default:
		return false;
	}
}

static void every_kind_has_a_doer(void)
{
	for (int kind = 0; kind < STEP_KINDS; kind++)
		tap_check((doers[kind] != NULL) != is_the_parents_own(kind), TAP_HERE,
			"%s has %s doer", step_kinds[kind].name, doers[kind] ? "a" : "no");
}

/* Children run what they find in the table, but for these: init.c and mid.c do them. */
static void children_find_all_their_doers(void)
{
	for (int kind = 0; kind < STEP_KINDS; kind++) {
		if (step_kinds[kind].sides & 1u << SIDE_INIT && kind != STEP_RELEASE &&
			kind != STEP_END)
			tap_check(doers[kind], TAP_HERE, "init has no doer of %s",
				step_kinds[kind].name);
		if (step_kinds[kind].sides & 1u << SIDE_MID && kind != STEP_CLONE &&
			kind != STEP_UNMOUNT)
			tap_check(doers[kind], TAP_HERE, "mid has no doer of %s",
				step_kinds[kind].name);
	}
}

static void arguments_are_rows_with_help(void)
{
	for (int kind = 0; kind < STEP_KINDS; kind++) {
		const struct table *t = step_kinds[kind].table;

		if (!t)
			continue;
		ok(t->n > 0 && t->size > 0);
		row_each (f, t) {
			ok(f->help && *f->help);
			ok(f->offset < t->size);
			for (const struct field *g = t->rows; g < f; g++)
				ok(f->offset != g->offset && strcmp(f->key, g->key));
		}
	}
}

/* Steps of all kinds with nothing in them are printed in both forms, and the JSON is JSON. */

struct counter {
	struct sink sink;
	int depth, objects;
};

static int count_objects(struct sink *sink, const struct event *ev, struct err *e)
{
	struct counter *c = (struct counter *)sink;

	(void)e;
	if (ev->kind == EVENT_OBJECT && ++c->depth == 1)
		c->objects++;
	c->depth -= ev->kind == EVENT_OBJECT_END;
	return 0;
}

static void empty_steps_are_printed(void)
{
	own_pool struct pool pool = {0};
	own_str struct str text = {0}, json = {0};
	struct jail jail = {0};
	struct step steps[STEP_KINDS];
	const struct plan plan = {.v = steps, .n = STEP_KINDS, .jail = &jail};
	struct counter c = {.sink.take = count_objects};
	int lines = 0;
	struct err e;

	for (int kind = 0; kind < STEP_KINDS; kind++)
		steps[kind] = (struct step){.kind = (enum step_kind)kind,
			.side = step_kinds[kind].sides & 1u << SIDE_INIT  ? SIDE_INIT
				: step_kinds[kind].sides & 1u << SIDE_MID ? SIDE_MID
									  : SIDE_PARENT,
			.args = pool_alloc(&pool, 4096)};
	is_int(plan_text(&plan, &text, &e), 0);
	for (const char *s = str_text(&text); *s; s++)
		lines += *s == '\n';
	is_int(lines, STEP_KINDS);
	is_int(plan_json(&plan, &json, &e), 0);
	is_int(json_read(str_text(&json), json.len, "plan", &c.sink, &e), 0);
	is_int(c.objects, STEP_KINDS);
}

/* A reader can tell where a value ends, whatever is in it. */
static void odd_texts_are_quoted(void)
{
	own_str struct str out = {0};
	const char *args[] = {"plain", "", "a b", "a=b", "[x", "x]", "{", "a,b", "\"", "\\", "\n",
		"\x7f", "\xc3\xa9", "/a:b@c"};
	struct step_exec x = {.file = "two words", .args = {args, ARRAY_LEN(args)}};
	struct step s = {.kind = STEP_EXEC, .side = SIDE_INIT, .args = &x};
	const struct jail jail = {0};
	const struct plan plan = {.v = &s, .n = 1, .jail = &jail};
	struct err e;

	is_int(plan_text(&plan, &out, &e), 0);
	is_text(str_text(&out),
		"init   exec file=\"two words\" args=[plain,\"\",\"a "
		"b\",\"a=b\",\"[x\",\"x]\",\"{\","
		"\"a,b\",\"\\\"\",\"\\\\\",\"\\n\",\"\\u007f\",\"\xc3\xa9\",/a:b@c]\n");
}

int main(void)
{
	run(every_kind_is_a_row);
	run(every_kind_has_a_doer);
	run(children_find_all_their_doers);
	run(arguments_are_rows_with_help);
	run(empty_steps_are_printed);
	run(odd_texts_are_quoted);
	return tap_done();
}
