/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"

const char *value_form(enum event_kind kind)
{
	switch (kind) {
	case EVENT_TEXT:
	case EVENT_BYTES:
		return "a string";
	case EVENT_OBJECT:
		return "an object";
	case EVENT_LIST:
		return "a list";
	default:
		return "a bare word";
	}
}

/* inner: of one element of a list. */
static const char *kind_name(enum field_kind kind, bool inner)
{
	switch (kind) {
	case FIELD_KIND_BOOL:
		return "true or false";
	case FIELD_KIND_TEXT:
	case FIELD_KIND_BYTES:
		return "a string";
	case FIELD_KIND_ENUM:
		return "one of its names";
	case FIELD_KIND_TEXTS:
		return inner ? "a string" : "a list of strings";
	case FIELD_KIND_I32S:
	case FIELD_KIND_U32S:
		return inner ? "an integer" : "a list of integers";
	case FIELD_KIND_OBJECT:
	case FIELD_KIND_MAP:
	case FIELD_KIND_MAP_OBJECTS:
		return "an object";
	case FIELD_KIND_OBJECTS:
		return "a list of objects";
	default:
		return "an integer";
	}
}

static int say_mismatch(const struct field *f, const struct event *ev, bool inner, struct err *e)
{
	const char *want = kind_name(f->kind, inner);

	if (ev->kind == EVENT_WORD)
		return err_set(e, EINVAL, "expected %s, found '%.100s'", want, ev->s);
	return err_set(e, EINVAL, "expected %s, found %s", want, value_form(ev->kind));
}

int value_mismatch(const struct field *f, const struct event *ev, struct err *e)
{
	return say_mismatch(f, ev, false, e);
}

static int mismatch(const struct field *f, const struct event *ev, struct err *e)
{
	return say_mismatch(f, ev, true, e);
}

static bool is_number(const struct event *ev, unsigned rules)
{
	return ev->kind == EVENT_WORD || (ev->kind == EVENT_TEXT && (rules & BIND_TEXT_NUMBERS));
}

static int out_of_range(const struct event *ev, int64_t min, uint64_t max, struct err *e)
{
	return err_set(e, ERANGE, "%.100s is not between %lld and %llu", ev->s, (long long)min,
		(unsigned long long)max);
}

/* The integer of an event as its two's complement, within the row's bounds or the type's. */
static int read_integer(const struct field *f, const struct event *ev, unsigned rules, int64_t min,
	uint64_t max, uint64_t *ret, struct err *e)
{
	int64_t negative;
	uint64_t v;
	int r;

	if (f->min || f->max) {
		min = f->min;
		max = f->max;
	}
	if (!is_number(ev, rules))
		return mismatch(f, ev, e);
	if (ev->s[0] == '-' && min >= 0)
		return fmt_i64(ev->s, ev->len, &negative) == -EINVAL
			       ? mismatch(f, ev, e)
			       : out_of_range(ev, min, max, e);
	if (ev->s[0] == '-') {
		r = fmt_i64(ev->s, ev->len, &negative);
		if (r == -EINVAL)
			return mismatch(f, ev, e);
		if (r < 0 || negative < min)
			return out_of_range(ev, min, max, e);
		*ret = (uint64_t)negative;
		return 0;
	}
	r = fmt_u64(ev->s, ev->len, &v);
	if (r == -EINVAL)
		return mismatch(f, ev, e);
	if (r < 0 || v > max || (min > 0 && v < (uint64_t)min))
		return out_of_range(ev, min, max, e);
	*ret = v;
	return 0;
}

static int read_bool(
	const struct field *f, const struct event *ev, unsigned rules, bool *ret, struct err *e)
{
	static const char *const yes[] = {"true", "True", "t", "1"};
	static const char *const no[] = {"false", "False", "f", "0"};
	size_t n = rules & BIND_LOOSE_BOOLS ? ARRAY_LEN(yes) : 1;

	for (size_t i = 0; ev->kind == EVENT_WORD && i < n; i++) {
		if (!strcmp(ev->s, yes[i]) || !strcmp(ev->s, no[i])) {
			*ret = !strcmp(ev->s, yes[i]);
			return 0;
		}
	}
	return mismatch(f, ev, e);
}

static int read_enum(
	const struct field *f, const struct event *ev, unsigned rules, int32_t *ret, struct err *e)
{
	bool bare = ev->kind == EVENT_WORD, words = rules & BIND_WORD_ENUMS;
	const char *near;
	uint64_t v;

	if (ev->kind == EVENT_NAME || bare == words) {
		if (!words_find(f->words, ev->s, &v)) {
			*ret = (int32_t)v;
			return 0;
		}
	} else if (!bare) {
		return mismatch(f, ev, e);
	}
	/* A number stands for a value that has a name. */
	if ((words || (rules & BIND_TEXT_NUMBERS)) && !fmt_u64(ev->s, ev->len, &v) &&
		words_name(f->words, v)) {
		*ret = (int32_t)v;
		return 0;
	}
	if (bare && !words)
		return mismatch(f, ev, e);
	near = words_nearest(f->words, ev->s);
	return err_set(e, EINVAL, "unknown value '%.100s'%s%s%s", ev->s,
		near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static int decode_base64(
	const struct event *ev, struct pool *pool, struct bytes *ret, struct err *e)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t len = ev->len;
	char *out = pool_alloc(pool, len / 4 * 3 + 4);
	size_t n = 0;

	if (!out)
		return err_memory(e);
	while (len && ev->s[len - 1] == '=' && ev->len - len < 2)
		len--;
	for (size_t i = 0; i < len; i++) {
		static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		char c = ev->s[i] == '-' ? '+' : ev->s[i] == '_' ? '/' : ev->s[i];
		const char *at = c ? strchr(digits, c) : NULL;

		if (!at)
			return err_set(e, EINVAL, "not base64");
		bits = bits << 6 | (uint32_t)(at - digits);
		held += 6;
		if (held >= 8)
			out[n++] = (char)(bits >> (held -= 8));
	}
	if (held >= 6)
		return err_set(e, EINVAL, "not base64: its length is wrong");
	*ret = (struct bytes){out, n};
	return 0;
}

static int read_text(const struct field *f, const struct event *ev, struct pool *pool,
	const char **ret, struct err *e)
{
	const char *wrong;

	if (ev->kind != EVENT_TEXT)
		return mismatch(f, ev, e);
	if (memchr(ev->s, '\0', ev->len))
		return err_set(e, EINVAL, "has a NUL byte in it");
	wrong = f->check ? f->check(ev->s) : NULL;
	if (wrong)
		return err_set(e, EINVAL, "'%.100s' %s", ev->s, wrong);
	*ret = pool_copy(pool, ev->s, ev->len);
	return *ret ? 0 : err_memory(e);
}

static int add_text(const struct field *f, struct texts *l, const struct event *ev,
	struct pool *pool, struct err *e)
{
	const char *s, **v;

	TRY(read_text(f, ev, pool, &s, e));
	v = pool_grow(pool, l->v, l->n, sizeof(*v));
	if (!v)
		return err_memory(e);
	l->v = v;
	l->v[l->n++] = s;
	return 0;
}

static int add_integer(const struct field *f, void *list, const struct event *ev, unsigned rules,
	struct pool *pool, struct err *e)
{
	bool sign = f->kind == FIELD_KIND_I32S;
	struct u32s *l = list; /* of the same layout as struct i32s */
	uint32_t *v;
	uint64_t n;

	TRY(read_integer(f, ev, rules, sign ? INT32_MIN : 0, sign ? INT32_MAX : UINT32_MAX, &n, e));
	v = pool_grow(pool, l->v, l->n, sizeof(*v));
	if (!v)
		return err_memory(e);
	l->v = v;
	l->v[l->n++] = (uint32_t)n;
	return 0;
}

static int add_mask(const struct field *f, uint64_t *mask, const struct event *ev, struct err *e)
{
	uint64_t bit;

	if (words_find(f->words, ev->s, &bit) < 0)
		return err_set(e, EINVAL, "unknown value '%.100s'", ev->s);
	*mask |= bit;
	return 0;
}

static int store_integer(
	const struct field *f, void *at, const struct event *ev, unsigned rules, struct err *e)
{
	uint64_t v;

	switch (f->kind) {
	case FIELD_KIND_I32:
		TRY(read_integer(f, ev, rules, INT32_MIN, INT32_MAX, &v, e));
		*(int32_t *)at = (int32_t)v;
		return 0;
	case FIELD_KIND_U32:
		TRY(read_integer(f, ev, rules, 0, UINT32_MAX, &v, e));
		*(uint32_t *)at = (uint32_t)v;
		return 0;
	case FIELD_KIND_I64:
		TRY(read_integer(f, ev, rules, INT64_MIN, INT64_MAX, &v, e));
		*(int64_t *)at = (int64_t)v;
		return 0;
	default:
		TRY(read_integer(f, ev, rules, 0, UINT64_MAX, &v, e));
		*(uint64_t *)at = v;
		return 0;
	}
}

static int store_bytes(const struct field *f, struct bytes *at, const struct event *ev,
	unsigned rules, struct pool *pool, struct err *e)
{
	if (ev->kind != EVENT_TEXT && ev->kind != EVENT_BYTES)
		return mismatch(f, ev, e);
	if ((rules & BIND_BASE64) && ev->kind == EVENT_TEXT)
		return decode_base64(ev, pool, at, e);
	at->data = pool_copy(pool, ev->s, ev->len);
	at->len = ev->len;
	return at->data ? 0 : err_memory(e);
}

static int store(const struct field *f, void *at, const struct event *ev, unsigned rules,
	struct pool *pool, struct err *e)
{
	switch (f->kind) {
	case FIELD_KIND_BOOL:
		return read_bool(f, ev, rules, at, e);
	case FIELD_KIND_I32:
	case FIELD_KIND_U32:
	case FIELD_KIND_I64:
	case FIELD_KIND_U64:
		return store_integer(f, at, ev, rules, e);
	case FIELD_KIND_ENUM:
		return read_enum(f, ev, rules, at, e);
	case FIELD_KIND_MASK:
		return add_mask(f, at, ev, e);
	case FIELD_KIND_TEXT:
		return read_text(f, ev, pool, at, e);
	case FIELD_KIND_BYTES:
		return store_bytes(f, at, ev, rules, pool, e);
	case FIELD_KIND_TEXTS:
		return add_text(f, at, ev, pool, e);
	case FIELD_KIND_I32S:
	case FIELD_KIND_U32S:
		return add_integer(f, at, ev, rules, pool, e);
	default:
		return mismatch(f, ev, e);
	}
}

int value_store(const struct field *f, void *object, const struct event *ev, unsigned rules,
	struct pool *pool, struct err *e)
{
	TRY(store(f, field_at(f, object), ev, rules, pool, e));
	if (f->has != NO_HAS)
		*(bool *)((char *)object + f->has) = true;
	return 0;
}

int value_add_pair(const struct field *f, void *object, const char *key, const char *value,
	struct pool *pool, struct err *e)
{
	struct pairs *l = field_at(f, object);
	struct pair *v = pool_grow(pool, l->v, l->n, sizeof(*v));

	if (!v || !key || !value)
		return err_memory(e);
	l->v = v;
	l->v[l->n++] = (struct pair){key, value};
	return 0;
}
