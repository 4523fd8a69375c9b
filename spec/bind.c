/* SPDX-License-Identifier: Apache-2.0 */
#include "bind.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"

static struct bind_frame *top(struct bind *b)
{
	return &b->stack[b->depth - 1];
}

static bool is_list(const struct field *f)
{
	switch (f->kind) {
	case FIELD_KIND_TEXTS:
	case FIELD_KIND_I32S:
	case FIELD_KIND_U32S:
	case FIELD_KIND_OBJECTS:
		return true;
	default:
		return false;
	}
}

static size_t frame_count(const struct bind_frame *fr)
{
	return ((const struct list *)field_at(fr->row, fr->object))->n;
}

/* "linux.resources.memory.limit": where in the document we are; inner: the next element's index too. */
static void describe(const struct bind *b, char *dst, size_t size)
{
	size_t len = 0;

	dst[0] = '\0';
	for (int i = 0; i < b->depth && len < size; i++) {
		const struct bind_frame *fr = &b->stack[i];
		bool inner = i + 1 < b->depth;

		if (!fr->table && fr->map_key)
			len += fmt_put(dst + len, size - len, ".%s", fr->map_key);
		if (!fr->row || !fr->table)
			continue;
		len += fmt_put(dst + len, size - len, "%s%s", len ? "." : "", fr->row->key);
		if ((fr->in_list || inner) && is_list(fr->row) && len < size)
			len += fmt_put(dst + len, size - len, "[%zu]", frame_count(fr) - inner);
	}
}

static int fail_at(const struct bind *b, struct place at, struct err *e)
{
	char path[512];

	if (!e)
		return -EINVAL;
	describe(b, path, sizeof(path));
	if (b->origin->file && at.line)
		return err_add(e, "%s%s%s:%u:%u%s", path, path[0] ? " (" : "", b->origin->file,
			at.line, at.column, path[0] ? ")" : "");
	return path[0] ? err_add(e, "%s", path) : -e->code;
}

static int fail(const struct bind *b, struct place at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(const struct bind *b, struct place at, struct err *e, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	fmt_vput(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(e, EINVAL, "%s", text);
	return fail_at(b, at, e);
}

static int note(struct bind *b, const void *address, struct place at, struct err *e)
{
	return origin_note(b->origin, b->pool, address, at) < 0 ? err_memory(e) : 0;
}

static int push(struct bind *b, const struct table *table, void *object, const struct field *row,
	struct place at, struct err *e)
{
	if (b->depth == BIND_DEPTH)
		return fail(b, at, e, "nested deeper than %d", BIND_DEPTH);
	b->stack[b->depth++] = (struct bind_frame){.table = table, .object = object, .row = row};
	return table ? note(b, object, at, e) : 0;
}

/* Keys often come in the table's order, in our own files always: after: the row before. */
static const struct field *find_row(
	const struct bind *b, const struct table *t, const struct field *after, const char *key)
{
	const struct field *found;
	char camel[64];

	for (size_t i = after ? (size_t)(after - t->rows) + 1 : 0; i < t->n; i++) {
		if (!strcmp(t->rows[i].key, key))
			return &t->rows[i];
	}
	found = after ? field_find(t, key) : NULL;

	if (found || !(b->rules & BIND_CAMEL))
		return found;
	row_each (f, t) {
		field_camel(camel, sizeof(camel), f->key);
		if (!strcmp(camel, key))
			return f;
	}
	return NULL;
}

static int unknown_key(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = top(b);
	const char *near = field_nearest(fr->table, ev->s);
	char hint[96] = "", where[64] = "";

	fr->row = NULL;
	if (near)
		fmt_put(hint, sizeof(hint), " (did you mean '%s'?)", near);
	if (!fr->table->open || (b->rules & BIND_STRICT))
		return fail(b, ev->at, e, "unknown key '%.100s'%s", ev->s, hint);
	/* The spec: unknown properties are ignored. One warning is enough to find them. */
	if (!b->unknown++) {
		fmt_put(where, sizeof(where), "%u:%u", ev->at.line, ev->at.column);
		log_warning("%s:%s: unknown key '%.100s' is ignored%s",
			b->origin->file ? b->origin->file : "", where, ev->s, hint);
	}
	b->skip_next = true;
	return 0;
}

static int take_key(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = top(b);

	if (!fr->table) {
		if (!ev->len)
			return fail(b, ev->at, e, "a key is empty");
		fr->map_key = pool_copy(b->pool, ev->s, ev->len);
		return fr->map_key ? 0 : err_memory(e);
	}
	fr->row = find_row(b, fr->table, fr->row, ev->s);
	if (!fr->row)
		return unknown_key(b, ev, e);
	if (fr->row->kind == FIELD_KIND_SKIP) {
		b->skip_next = true;
		return 0;
	}
	if (field_present(fr->row, fr->object) && !((b->rules & BIND_REPEAT) && is_list(fr->row)))
		return fail(b, ev->at, e, "given twice");
	return 0;
}

static int wrong_map_value(struct bind *b, const struct event *ev, struct err *e)
{
	return fail(b, ev->at, e, "expected %s, found %s",
		top(b)->row->kind == FIELD_KIND_MAP ? "a string" : "an object",
		value_form(ev->kind));
}

static int take_map_value(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = top(b);
	char *value;

	if (fr->row->kind != FIELD_KIND_MAP || ev->kind != EVENT_TEXT)
		return wrong_map_value(b, ev, e);
	value = pool_copy(b->pool, ev->s, ev->len);
	TRY(value_add_pair(fr->row, fr->object, fr->map_key, value, b->pool, e));
	return note(b, value, ev->at, e);
}

/* What a later complaint about this value will have in hand. */
static const void *address_of(const struct bind_frame *fr)
{
	const struct texts *l = field_at(fr->row, fr->object);

	return fr->row->kind == FIELD_KIND_TEXTS ? l->v[l->n - 1] : field_at(fr->row, fr->object);
}

static int take_scalar(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = top(b);
	bool list;

	if ((b->rules & BIND_NULL) && ev->kind == EVENT_WORD && !strcmp(ev->s, "null") &&
		!fr->in_list)
		return 0;
	if (!fr->table)
		return take_map_value(b, ev, e);
	list = is_list(fr->row) || fr->row->kind == FIELD_KIND_MASK;
	if (list != fr->in_list && !(list && (b->rules & BIND_REPEAT))) {
		value_mismatch(fr->row, ev, e);
		return fail_at(b, ev->at, e);
	}
	if (value_store(fr->row, fr->object, ev, b->rules, b->pool, e) < 0)
		return fail_at(b, ev->at, e);
	return note(b, address_of(fr), ev->at, e);
}

static void *add_object(struct bind *b, struct list *l, const struct table *t)
{
	void **v = pool_grow(b->pool, l->v, l->n, sizeof(*v));
	void *object = pool_alloc(b->pool, t->size);

	if (!v || !object)
		return NULL;
	l->v = v;
	l->v[l->n++] = object;
	return object;
}

static int take_object(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = b->depth ? top(b) : NULL;
	const struct field *f = fr ? fr->row : NULL;
	void *at, *object;

	if (!fr)
		return push(b, b->origin->table, (void *)b->origin->root, NULL, ev->at, e);
	at = field_at(f, fr->object);
	if (!fr->table && f->kind == FIELD_KIND_MAP_OBJECTS) {
		object = add_object(b, at, f->table);
		if (object)
			*(const char **)object = fr->map_key;
	} else if (fr->table && f->kind == FIELD_KIND_OBJECT) {
		object = *(void **)at = pool_alloc(b->pool, f->table->size);
	} else if (fr->table && f->kind == FIELD_KIND_OBJECTS &&
		   (fr->in_list || (b->rules & BIND_REPEAT))) {
		object = add_object(b, at, f->table);
	} else if (fr->table && (f->kind == FIELD_KIND_MAP || f->kind == FIELD_KIND_MAP_OBJECTS)) {
		struct list *l = at;

		l->v = l->v ? l->v : pool_alloc(b->pool, 4 * sizeof(struct pair));
		return l->v ? push(b, NULL, fr->object, f, ev->at, e) : err_memory(e);
	} else if (!fr->table) {
		return wrong_map_value(b, ev, e);
	} else {
		value_mismatch(f, ev, e);
		return fail_at(b, ev->at, e);
	}
	return object ? push(b, f->table, object, NULL, ev->at, e) : err_memory(e);
}

static int take_object_end(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = top(b);
	struct place at = ev->at;

	if (fr->table) {
		fr->row = NULL;
		row_each (f, fr->table) {
			if (!(f->flags & FIELD_REQUIRED) || field_present(f, fr->object))
				continue;
			if (b->depth > 1)
				at = origin_place(b->origin, fr->object);
			return fail(b, at, e, "'%s' is missing", f->key);
		}
	}
	b->depth--;
	return 0;
}

static int take_list(struct bind *b, const struct event *ev, struct err *e)
{
	struct bind_frame *fr = top(b);
	struct list *l;

	if (!fr->table || fr->in_list) {
		err_set(e, EINVAL, "expected no list here");
		return fail_at(b, ev->at, e);
	}
	if (is_list(fr->row)) {
		l = field_at(fr->row, fr->object);
		l->v = l->v ? l->v : pool_alloc(b->pool, 4 * sizeof(void *));
		if (!l->v)
			return err_memory(e);
	} else if (fr->row->kind == FIELD_KIND_MASK) {
		*(bool *)((char *)fr->object + fr->row->has) = true;
	} else {
		value_mismatch(fr->row, ev, e);
		return fail_at(b, ev->at, e);
	}
	fr->in_list = true;
	return note(b, field_at(fr->row, fr->object), ev->at, e);
}

/* True when the event belongs to a value that is passed over. */
static bool skipped(struct bind *b, const struct event *ev)
{
	bool opens = ev->kind == EVENT_OBJECT || ev->kind == EVENT_LIST;
	bool closes = ev->kind == EVENT_OBJECT_END || ev->kind == EVENT_LIST_END;

	if (b->skip) {
		b->skip += opens - closes;
		return true;
	}
	if (!b->skip_next)
		return false;
	b->skip_next = false;
	b->skip = opens;
	return true;
}

static int bind_take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct bind *b = (struct bind *)sink;

	if (skipped(b, ev))
		return 0;
	if (!b->depth && ev->kind != EVENT_OBJECT)
		return fail(b, ev->at, e, "expected an object, found %s", value_form(ev->kind));
	switch (ev->kind) {
	case EVENT_KEY:
		return take_key(b, ev, e);
	case EVENT_OBJECT:
		return take_object(b, ev, e);
	case EVENT_OBJECT_END:
		return take_object_end(b, ev, e);
	case EVENT_LIST:
		return take_list(b, ev, e);
	case EVENT_LIST_END:
		top(b)->in_list = false;
		return 0;
	default:
		return take_scalar(b, ev, e);
	}
}

void bind_init(struct bind *b, const struct table *table, void *object, struct origin *origin,
	struct pool *pool, unsigned rules)
{
	memset(b, 0, offsetof(struct bind, stack));
	b->sink.take = bind_take;
	b->pool = pool;
	b->origin = origin;
	b->rules = rules;
	b->depth = b->skip = 0;
	b->skip_next = false;
	b->unknown = 0;
	origin->table = table;
	origin->root = object;
}
