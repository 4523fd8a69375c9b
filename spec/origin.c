/* SPDX-License-Identifier: Apache-2.0 */
#include "origin.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "../runtime/base/fmt.h"

int origin_note(struct origin *o, struct pool *pool, const void *address, struct place at)
{
	struct origin_note *notes = pool_grow(pool, o->notes, o->n, sizeof(*notes));

	if (!notes)
		return -ENOMEM;
	o->notes = notes;
	o->notes[o->n++] = (struct origin_note){address, at};
	return 0;
}

struct place origin_place(const struct origin *o, const void *address)
{
	for (size_t i = o->n; i-- > 0;) {
		if (o->notes[i].address == address)
			return o->notes[i].at;
	}
	return (struct place){0};
}

/* The name of what stands at an address, built on the way down to it. */
struct search {
	const void *address;
	char path[384];
};

static bool search_table(struct search *s, size_t len, const struct table *t, const void *object);

static size_t extend(struct search *s, size_t len, const char *fmt, ...)
{
	va_list ap;

	if (len >= sizeof(s->path))
		return len;
	va_start(ap, fmt);
	len += fmt_vput(s->path + len, sizeof(s->path) - len, fmt, ap);
	va_end(ap);
	return len;
}

static bool search_list(struct search *s, size_t len, const struct field *f, const void *object)
{
	const struct list *l = field_at(f, object);

	for (size_t i = 0; i < l->n; i++) {
		size_t at = f->kind == FIELD_KIND_OBJECTS
				    ? extend(s, len, "[%zu]", i)
				    : extend(s, len, ".%s", *(const char **)l->v[i]);

		if (l->v[i] == s->address || search_table(s, at, f->table, l->v[i]))
			return true;
	}
	return false;
}

static bool search_texts(struct search *s, size_t len, const struct field *f, const void *object)
{
	const struct texts *l = field_at(f, object);

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i] == s->address) {
			extend(s, len, "[%zu]", i);
			return true;
		}
	}
	return false;
}

static bool search_map(struct search *s, size_t len, const struct field *f, const void *object)
{
	const struct pairs *l = field_at(f, object);

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].value == s->address) {
			extend(s, len, ".%s", l->v[i].key);
			return true;
		}
	}
	return false;
}

static bool search_row(struct search *s, size_t len, const struct field *f, const void *object)
{
	const void *at = field_at(f, object);

	len = extend(s, len, len ? ".%s" : "%s", f->key);
	if (at == s->address)
		return true;
	switch (f->kind) {
	case FIELD_KIND_OBJECT:
		at = *(void **)at;
		return at == s->address || search_table(s, len, f->table, at);
	case FIELD_KIND_OBJECTS:
	case FIELD_KIND_MAP_OBJECTS:
		return search_list(s, len, f, object);
	case FIELD_KIND_TEXTS:
		return search_texts(s, len, f, object);
	case FIELD_KIND_MAP:
		return search_map(s, len, f, object);
	default:
		return false;
	}
}

static bool search_table(struct search *s, size_t len, const struct table *t, const void *object)
{
	row_each (f, t) {
		if (f->kind != FIELD_KIND_SKIP && field_present(f, object) &&
			search_row(s, len, f, object))
			return true;
	}
	return false;
}

void origin_describe(const struct origin *o, const void *address, char *dst, size_t size)
{
	struct search s = {.address = address};
	struct place at;

	dst[0] = '\0';
	if (!o || !address)
		return;
	at = origin_place(o, address);
	if (address == o->root || !o->root || !search_table(&s, 0, o->table, o->root))
		s.path[0] = '\0';
	if (o->file && at.line)
		fmt_put(dst, size, "%s%s%s:%u:%u%s", s.path, s.path[0] ? " (" : "", o->file,
			at.line, at.column, s.path[0] ? ")" : "");
	else if (o->file && s.path[0])
		fmt_put(dst, size, "%s (%s)", s.path, o->file);
	else
		fmt_put(dst, size, "%s", s.path[0] ? s.path : o->file ? o->file : "");
}

struct way {
	const struct table *table;
	const void *object, *address;
};

/* Goes where the next part of a name leads, "mount" or "mount[3]": its length, or 0. */
static size_t step_down(struct way *w, const char *s)
{
	size_t len = strcspn(s, ".[: "), digits, i = 0;
	const struct field *f;
	const struct list *l;
	char key[64];

	if (fmt_put(key, sizeof(key), "%.*s", (int)len, s) >= sizeof(key))
		return 0;
	f = field_find(w->table, key);
	if (!f || f->kind == FIELD_KIND_SKIP)
		return 0;
	l = w->address = field_at(f, w->object);
	w->table = f->table;
	w->object = f->kind == FIELD_KIND_OBJECT ? *(void *const *)w->address : NULL;
	if (s[len] != '[')
		return len;
	if (f->kind != FIELD_KIND_OBJECTS && f->kind != FIELD_KIND_TEXTS)
		return 0;
	for (digits = 1; s[len + digits] >= '0' && s[len + digits] <= '9' && digits < 10; digits++)
		i = i * 10 + (size_t)(s[len + digits] - '0');
	if (s[len + digits] != ']' || i >= l->n)
		return 0;
	w->address = l->v[i];
	w->object = f->table ? l->v[i] : NULL;
	return len + digits + 1;
}

struct place origin_find(const struct origin *o, const char *text, size_t *ret_len)
{
	struct way w = {o->table, o->root, o->root};
	struct place ret = {0};
	const char *s = text;

	while (w.object) {
		size_t len = step_down(&w, s);
		struct place at = len ? origin_place(o, w.address) : ret;

		if (!len)
			return (struct place){0};
		if (at.line)
			ret = at;
		s += len;
		if (*s != '.')
			break;
		s++;
	}
	*ret_len = (size_t)(s - text);
	return *s == ':' && s[1] == ' ' ? ret : (struct place){0};
}

int origin_fail(
	const struct origin *o, const void *address, struct err *e, int code, const char *fmt, ...)
{
	char where[512], text[1024];
	va_list ap;

	va_start(ap, fmt);
	fmt_vput(text, sizeof(text), fmt, ap);
	va_end(ap);
	origin_describe(o, address, where, sizeof(where));
	return err_set(e, code, "%s%s%s", where, where[0] ? ": " : "", text);
}
