/* SPDX-License-Identifier: Apache-2.0 */
#include "set.h"

#include <errno.h>
#include <string.h>

#include "value.h"

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
		r = value_add_pair(f, object, pool_copy(pool, value, (size_t)(equals - value)),
			pool_text(pool, equals + 1), pool, e);
	} else {
		r = value_store(f, object, &ev, BIND_ARGUMENT, pool, e);
	}
	return r < 0 ? err_add(e, "%s", f->key) : r;
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
