/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include "../runtime/base/fmt.h"

static const struct place nowhere;

static int send(struct sink *sink, enum event_kind kind, const char *s, struct err *e)
{
	return event_send(sink, kind, s, nowhere, e);
}

static int send_u64(struct sink *sink, uint64_t v, struct err *e)
{
	char text[24];

	fmt_put(text, sizeof(text), "%llu", (unsigned long long)v);
	return send(sink, EVENT_WORD, text, e);
}

static int send_i64(struct sink *sink, int64_t v, struct err *e)
{
	char text[24];

	fmt_put(text, sizeof(text), "%lld", (long long)v);
	return send(sink, EVENT_WORD, text, e);
}

static int send_mode(uint32_t v, struct sink *sink, struct err *e)
{
	char s[16];

	fmt_put(s, sizeof(s), "%04o", v);
	return send(sink, EVENT_TEXT, s, e);
}

static int send_mask(const struct field *f, uint64_t mask, struct sink *sink, struct err *e)
{
	TRY(send(sink, EVENT_LIST, NULL, e));
	for (size_t i = 0; i < f->words->n; i++) {
		if (mask & f->words->v[i].value)
			TRY(send(sink, EVENT_NAME, f->words->v[i].name, e));
	}
	return send(sink, EVENT_LIST_END, NULL, e);
}

static int send_list(
	const struct field *f, const void *at, unsigned rules, struct sink *sink, struct err *e)
{
	const struct list *objects = at;
	const struct texts *texts = at;
	const struct u32s *numbers = at;

	TRY(send(sink, EVENT_LIST, NULL, e));
	for (size_t i = 0; i < objects->n; i++) {
		if (f->kind == FIELD_KIND_TEXTS)
			TRY(send(sink, EVENT_TEXT, texts->v[i], e));
		else if (f->kind == FIELD_KIND_I32S)
			TRY(send_i64(sink, (int32_t)numbers->v[i], e));
		else if (f->kind == FIELD_KIND_U32S)
			TRY(send_u64(sink, numbers->v[i], e));
		else
			TRY(walk(f->table, objects->v[i], rules & ~WALK_OPEN, sink, e));
	}
	return send(sink, EVENT_LIST_END, NULL, e);
}

static int send_map(
	const struct field *f, const void *at, unsigned rules, struct sink *sink, struct err *e)
{
	const struct list *objects = at;
	const struct pairs *pairs = at;

	TRY(send(sink, EVENT_OBJECT, NULL, e));
	for (size_t i = 0; i < pairs->n; i++) {
		if (f->kind == FIELD_KIND_MAP) {
			TRY(send(sink, EVENT_KEY, pairs->v[i].key, e));
			TRY(send(sink, EVENT_TEXT, pairs->v[i].value, e));
		} else {
			TRY(send(sink, EVENT_KEY, *(const char **)objects->v[i], e));
			TRY(walk(f->table, objects->v[i], rules & ~WALK_OPEN, sink, e));
		}
	}
	return send(sink, EVENT_OBJECT_END, NULL, e);
}

static int send_bytes(const struct bytes *b, struct sink *sink, struct err *e)
{
	struct event ev = {.kind = EVENT_BYTES, .s = b->data, .len = b->len};

	return sink->take(sink, &ev, e);
}

int walk_value(
	const struct field *f, const void *object, unsigned rules, struct sink *sink, struct err *e)
{
	const void *at = field_at(f, object);

	switch (f->kind) {
	case FIELD_KIND_BOOL:
		return send(sink, EVENT_WORD, *(const bool *)at ? "true" : "false", e);
	case FIELD_KIND_I32:
		return send_i64(sink, *(const int32_t *)at, e);
	case FIELD_KIND_U32:
		return send_u64(sink, *(const uint32_t *)at, e);
	case FIELD_KIND_MODE:
		return send_mode(*(const uint32_t *)at, sink, e);
	case FIELD_KIND_I64:
		return send_i64(sink, *(const int64_t *)at, e);
	case FIELD_KIND_U64:
		return send_u64(sink, *(const uint64_t *)at, e);
	case FIELD_KIND_ENUM:
		return send(sink, EVENT_NAME,
			words_name(f->words, (uint64_t) * (const int32_t *)at), e);
	case FIELD_KIND_MASK:
		return send_mask(f, *(const uint64_t *)at, sink, e);
	case FIELD_KIND_TEXT:
		return send(sink, EVENT_TEXT, *(const char *const *)at, e);
	case FIELD_KIND_BYTES:
		return send_bytes(at, sink, e);
	case FIELD_KIND_OBJECT:
		return walk(f->table, *(void *const *)at, rules & ~WALK_OPEN, sink, e);
	case FIELD_KIND_MAP:
	case FIELD_KIND_MAP_OBJECTS:
		return send_map(f, at, rules, sink, e);
	case FIELD_KIND_SKIP:
		return 0;
	default:
		return send_list(f, at, rules, sink, e);
	}
}

int walk(
	const struct table *t, const void *object, unsigned rules, struct sink *sink, struct err *e)
{
	char camel[64];

	if (!(rules & WALK_OPEN))
		TRY(send(sink, EVENT_OBJECT, NULL, e));
	row_each (f, t) {
		if (!field_present(f, object))
			continue;
		field_camel(camel, sizeof(camel), f->key);
		TRY(send(sink, EVENT_KEY, rules & WALK_CAMEL ? camel : f->key, e));
		TRY(walk_value(f, object, rules, sink, e));
	}
	return rules & WALK_OPEN ? 0 : send(sink, EVENT_OBJECT_END, NULL, e);
}
