/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "bind.h"

int words_find(const struct words *w, const char *name, uint64_t *ret)
{
	for (size_t i = 0; i < w->n; i++) {
		if (!strcmp(w->v[i].name, name)) {
			*ret = w->v[i].value;
			return 0;
		}
	}
	return -ENOENT;
}

const char *words_name(const struct words *w, uint64_t value)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].value == value)
			return w->v[i].name;
	}
	return NULL;
}

/* A third of the letters may be wrong, but not more than three. */
static unsigned near_enough(const char *name)
{
	size_t n = strlen(name) / 3;

	return n < 1 ? 1 : n > 3 ? 3 : (unsigned)n;
}

static void take_nearer(const char *name, const char *candidate, unsigned *most, const char **best)
{
	unsigned d = fmt_distance(name, candidate);

	if (d <= *most && (!*best || d < *most)) {
		*most = d;
		*best = candidate;
	}
}

const char *words_nearest(const struct words *w, const char *name)
{
	unsigned most = near_enough(name);
	const char *best = NULL;

	for (size_t i = 0; i < w->n; i++)
		take_nearer(name, w->v[i].name, &most, &best);
	return best;
}

const struct field *field_find(const struct table *t, const char *key)
{
	row_each (f, t) {
		if (!strcmp(f->key, key))
			return f;
	}
	return NULL;
}

const char *field_nearest(const struct table *t, const char *key)
{
	unsigned most = near_enough(key);
	const char *best = NULL;

	row_each (f, t)
		take_nearer(key, f->key, &most, &best);
	return best;
}

bool field_present(const struct field *f, const void *object)
{
	if (f->kind == FIELD_KIND_SKIP)
		return false;
	if (f->has != NO_HAS)
		return *(const bool *)((const char *)object + f->has);
	/* Text, bytes, lists, maps and objects all begin with their pointer. */
	return *(void *const *)field_at(f, object) != NULL;
}

static int row_default(const struct field *f, void *object, struct pool *pool, struct err *e)
{
	TRY(field_set(f, object, f->dflt, pool, e));
	if (f->has != NO_HAS)
		*(bool *)((char *)object + f->has) = false;
	return 0;
}

int field_defaults(const struct table *t, void *object, struct pool *pool, struct err *e)
{
	row_each (f, t) {
		struct list *l = field_at(f, object);

		if (f->dflt && !field_present(f, object))
			TRY(row_default(f, object, pool, e));
		else if (f->kind == FIELD_KIND_OBJECT && field_present(f, object))
			TRY(field_defaults(f->table, *(void **)field_at(f, object), pool, e));
		else if (f->kind == FIELD_KIND_OBJECTS || f->kind == FIELD_KIND_MAP_OBJECTS)
			for (size_t i = 0; i < l->n; i++)
				TRY(field_defaults(f->table, l->v[i], pool, e));
	}
	return 0;
}

static enum event_kind form_of(const struct field *f)
{
	switch (f->kind) {
	case FIELD_KIND_TEXT:
	case FIELD_KIND_TEXTS:
	case FIELD_KIND_BYTES:
	case FIELD_KIND_ENUM:
	case FIELD_KIND_MASK:
		return EVENT_TEXT;
	default:
		return EVENT_WORD;
	}
}

int field_set(
	const struct field *f, void *object, const char *value, struct pool *pool, struct err *e)
{
	struct event ev = {.kind = form_of(f), .s = value, .len = strlen(value)};
	const char *equals = strchr(value, '=');
	int r;

	if (f->kind == FIELD_KIND_MAP) {
		if (!equals || equals == value)
			return err_set(
				e, EINVAL, "%s: expected KEY=VALUE, found '%s'", f->key, value);
		r = bind_pair(f, object, pool_copy(pool, value, (size_t)(equals - value)),
			pool_text(pool, equals + 1), pool, e);
	} else {
		r = bind_value(f, object, &ev, BIND_ARGUMENT, pool, e);
	}
	return r < 0 ? err_add(e, "%s", f->key) : r;
}

void field_camel(char *dst, size_t size, const char *key)
{
	size_t n = 0;
	bool raise = false;

	for (; *key && n + 1 < size; key++) {
		if (*key == '_') {
			raise = true;
			continue;
		}
		dst[n++] = raise && *key >= 'a' && *key <= 'z' ? (char)(*key - 32) : *key;
		raise = false;
	}
	dst[n] = '\0';
}
