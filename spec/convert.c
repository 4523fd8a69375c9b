/* SPDX-License-Identifier: Apache-2.0 */
#include "convert.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "json.h"

int convert_fail(struct convert *c, const void *at, const char *what)
{
	return origin_fail(c->origin, at, c->e, EINVAL, "%s", what);
}

int convert_lost(struct convert *c, const void *at, const char *what)
{
	char where[256];

	if (!c->lossy) {
		origin_fail(c->origin, at, c->e, ENOTSUP, "%s%s%s cannot say this",
			what ? what : "", what ? ": " : "", c->side);
		return err_fix(c->e, "leave it out of the config, or use --lossy");
	}
	origin_describe(c->origin, at, where, sizeof(where));
	log_warning("%s%s%s: left out, as %s cannot say it", where, *where && what ? ": " : "",
		what ? what : "", c->side);
	return 0;
}

int convert_add(struct convert *c, void *list, void *object)
{
	struct list *l = list;
	void **v = object ? pool_grow(c->pool, l->v, l->n, sizeof(*v)) : NULL;

	if (!v)
		return err_memory(c->e);
	l->v = v;
	v[l->n++] = object;
	return 0;
}

int convert_add_text(struct convert *c, struct texts *to, const char *text)
{
	return convert_add(c, to, (void *)text);
}

void convert_drop(const struct table *t, void *object, const char *key)
{
	const struct field *f = field_find(t, key);
	struct list *l = field_at(f, object);

	if (f->has != NO_HAS)
		*(bool *)((char *)object + f->has) = false;
	else
		l->v = NULL; /* all others begin with their pointer */
	if (f->kind == FIELD_KIND_TEXTS || f->kind == FIELD_KIND_OBJECTS)
		l->n = 0;
}

int convert_next_word(struct convert *c, const char **at, const char **ret)
{
	const char *s = *at ? *at + strspn(*at, ",") : "";
	size_t n = strcspn(s, ",");

	if (!n)
		return 0;
	*ret = pool_copy(c->pool, s, n);
	*at = s + n;
	return *ret ? 1 : err_memory(c->e);
}

/* --- what JSON can hold -------------------------------------------------------------------------- */

static int check_text(const char *text, const void *at, const struct origin *origin, struct err *e)
{
	return json_is_utf8(text, strlen(text)) ? 0
						: origin_fail(origin, at, e, ENOTSUP,
							  "JSON cannot say this: it is no UTF-8");
}

static int check_texts(
	const struct table *t, const void *object, const struct origin *origin, struct err *e)
{
	row_each (f, t) {
		const struct list *l = field_at(f, object);

		if (!field_present(f, object))
			continue;
		if (f->kind == FIELD_KIND_TEXT)
			TRY(check_text((const char *)l->v, l, origin, e));
		else if (f->kind == FIELD_KIND_OBJECT)
			TRY(check_texts(f->table, l->v, origin, e));
		for (size_t i = 0; f->kind == FIELD_KIND_TEXTS && i < l->n; i++)
			TRY(check_text(l->v[i], l->v[i], origin, e));
		for (size_t i = 0; f->kind == FIELD_KIND_OBJECTS && i < l->n; i++)
			TRY(check_texts(f->table, l->v[i], origin, e));
	}
	return 0;
}

int convert_check_texts(const struct nsjail_config *in, const struct origin *origin, struct err *e)
{
	return check_texts(&table_nsjail_config, in, origin, e);
}

/* --- what is left over --------------------------------------------------------------------------- */

/* Engines write empty ones for none. */
static bool asks(const struct field *f, const void *object)
{
	const void *at = field_at(f, object);
	const struct list *l = at;

	if (!field_present(f, object) || f->flags & FIELD_INERT)
		return false;
	switch (f->kind) {
	case FIELD_KIND_BOOL:
		return *(const bool *)at;
	case FIELD_KIND_TEXT:
		return **(const char *const *)at;
	case FIELD_KIND_OBJECT:
		row_each (inner, f->table) {
			if (asks(inner, l->v))
				return true;
		}
		return false;
	case FIELD_KIND_TEXTS:
	case FIELD_KIND_U32S:
	case FIELD_KIND_MAP:
	case FIELD_KIND_OBJECTS:
	case FIELD_KIND_MAP_OBJECTS:
		return l->n;
	default:
		return true;
	}
}

/* Of a list each one is. */
static int lose(struct convert *c, const struct field *f, const void *object)
{
	const struct list *l = field_at(f, object);
	const struct pairs *pairs = (const void *)l;

	switch (f->kind) {
	case FIELD_KIND_OBJECT:
		return convert_lost(c, l->v, NULL);
	case FIELD_KIND_TEXTS:
	case FIELD_KIND_OBJECTS:
	case FIELD_KIND_MAP_OBJECTS:
		list_each (i, *l)
			TRY(convert_lost(c, l->v[i], NULL));
		return 0;
	case FIELD_KIND_MAP:
		list_each (i, *pairs)
			TRY(convert_lost(c, pairs->v[i].value, NULL));
		return 0;
	default:
		return convert_lost(c, l, NULL);
	}
}

int convert_others(
	struct convert *c, const struct table *t, const void *object, const char *const *taken)
{
	if (!object)
		return 0;
	row_each (f, t) {
		bool known = false;

		for (const char *const *k = taken; *k; k++)
			known = known || !strcmp(*k, f->key);
		if (!known && asks(f, object))
			TRY(lose(c, f, object));
	}
	return 0;
}
