/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"

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

	if (*candidate && d <= *most && (!*best || d < *most)) {
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
