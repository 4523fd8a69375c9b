/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_build.h"

#include <stdarg.h>
#include <string.h>

#include "base/fmt.h"

void *plan_add(struct builder *b, enum side side, enum step_kind kind, const void *at)
{
	struct plan *p = b->plan;
	const struct table *t = step_kinds[kind].table;
	struct step *v = pool_grow(&p->pool, p->v, p->n, sizeof(*v));
	void *args = pool_alloc(&p->pool, t ? t->size : 1);

	if (!v || !args) {
		b->no_memory = true;
		return memset(b->scratch, 0, sizeof(b->scratch));
	}
	p->v = v;
	p->v[p->n++] = (struct step){.kind = kind, .side = side, .at = at, .args = args};
	return args;
}

int plan_slot(struct builder *b)
{
	return b->plan->slots++;
}

void plan_add_i32(struct builder *b, struct i32s *to, int32_t n)
{
	int32_t *v = pool_grow(&b->plan->pool, to->v, to->n, sizeof(*v));

	if (!v) {
		b->no_memory = true;
		return;
	}
	to->v = v;
	to->v[to->n++] = n;
}

void plan_add_text(struct builder *b, struct texts *to, const char *s)
{
	const char **v = pool_grow(&b->plan->pool, to->v, to->n, sizeof(*v));

	if (!v || !s) {
		b->no_memory = true;
		return;
	}
	to->v = v;
	to->v[to->n++] = s;
}

char *plan_printf(struct builder *b, const char *fmt, ...)
{
	va_list ap;
	size_t len;
	char *text;

	va_start(ap, fmt);
	len = fmt_vput(NULL, 0, fmt, ap);
	va_end(ap);
	text = pool_alloc(&b->plan->pool, len + 1);
	if (!text) {
		b->no_memory = true;
		return b->scratch;
	}
	va_start(ap, fmt);
	fmt_vput(text, len + 1, fmt, ap);
	va_end(ap);
	return text;
}

const char *plan_map_text(struct builder *b, const struct id_map *map)
{
	const char *text = "";

	for (size_t i = 0; i < map->n; i++)
		text = plan_printf(b, "%s%s%u %u %u", text, i ? "\n" : "", map->v[i].inside,
			map->v[i].outside, map->v[i].count);
	return text;
}
