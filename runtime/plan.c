/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <string.h>

#include "../spec/json.h"
#include "../spec/origin.h"
#include "../spec/walk.h"

void plan_done(struct plan *p)
{
	pool_done(&p->pool);
	p->n = 0;
}

/* A value that a reader can tell the end of stands bare, any other in quotes. */
static void put_text(struct str *out, const char *s, size_t len)
{
	bool bare = len > 0;

	for (size_t i = 0; i < len && bare; i++)
		bare = s[i] > ' ' && s[i] < 0x7f && !strchr("\"\\[],={}", s[i]);
	if (bare)
		str_addn(out, s, len);
	else
		json_quote(out, s, len);
}

/* A sink that writes arguments as name=value, lists as [a,b], objects as {name=value}. */
struct line_writer {
	struct sink sink;
	struct str *out;
	unsigned depth;
	bool first; /* nothing stands yet in the innermost list or object */
};

static void separate(struct line_writer *w)
{
	if (!w->first)
		str_addc(w->out, w->depth ? ',' : ' ');
	w->first = false;
}

static int line_take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct line_writer *w = (struct line_writer *)sink;
	bool after_key = w->out->len && w->out->data[w->out->len - 1] == '=';

	switch (ev->kind) {
	case EVENT_KEY:
		separate(w);
		str_addn(w->out, ev->s, ev->len);
		str_addc(w->out, '=');
		break;
	case EVENT_LIST:
	case EVENT_OBJECT:
		if (!after_key)
			separate(w);
		str_addc(w->out, ev->kind == EVENT_LIST ? '[' : '{');
		w->depth++;
		w->first = true;
		break;
	case EVENT_LIST_END:
	case EVENT_OBJECT_END:
		str_addc(w->out, ev->kind == EVENT_LIST_END ? ']' : '}');
		w->depth--;
		w->first = false;
		break;
	case EVENT_BYTES:
		str_addf(w->out, "(%zu bytes)", ev->len);
		break;
	default:
		if (!after_key)
			separate(w);
		put_text(w->out, ev->s, ev->len);
	}
	return str_check(w->out, e);
}

int plan_text(const struct plan *p, struct str *out, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->v[i];
		const struct step_kind_row *row = &step_kinds[s->kind];
		struct line_writer w = {.sink.take = line_take, .out = out, .first = true};

		str_addf(out, "%s", side_names[s->side]);
		for (size_t n = strlen(side_names[s->side]); n < 7; n++)
			str_addc(out, ' ');
		str_add(out, row->name);
		if (row->table) {
			str_addc(out, ' ');
			TRY(walk(row->table, s->args, WALK_OPEN, &w.sink, e));
		}
		str_addc(out, '\n');
	}
	return str_check(out, e);
}

static int put_pair(struct sink *sink, const char *key, const char *value, struct err *e)
{
	TRY(event_send(sink, EVENT_KEY, key, (struct place){0}, e));
	return event_send(sink, EVENT_TEXT, value, (struct place){0}, e);
}

int plan_json(const struct plan *p, struct str *out, struct err *e)
{
	const struct place nowhere = {0};
	struct json_writer w;
	char where[512];

	json_writer_init(&w, out, 2);
	TRY(event_send(&w.sink, EVENT_LIST, NULL, nowhere, e));
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->v[i];
		const struct step_kind_row *row = &step_kinds[s->kind];

		TRY(event_send(&w.sink, EVENT_OBJECT, NULL, nowhere, e));
		TRY(put_pair(&w.sink, "side", side_names[s->side], e));
		TRY(put_pair(&w.sink, "step", row->name, e));
		origin_describe(p->jail->origin, s->at, where, sizeof(where));
		if (where[0])
			TRY(put_pair(&w.sink, "from", where, e));
		if (row->table)
			TRY(walk(row->table, s->args, WALK_OPEN, &w.sink, e));
		TRY(event_send(&w.sink, EVENT_OBJECT_END, NULL, nowhere, e));
	}
	TRY(event_send(&w.sink, EVENT_LIST_END, NULL, nowhere, e));
	str_addc(out, '\n');
	return str_check(out, e);
}
