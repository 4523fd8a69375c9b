/* SPDX-License-Identifier: Apache-2.0 */
/* walk, and the JSON writer behind it: every kind of row out, and in again as it was. */
#include <errno.h>
#include <stdlib.h>

#include "../../runtime/base/fmt.h"
#include "../../spec/bind.h"
#include "../../spec/json.h"
#include "../../spec/walk.h"
#include "tap.h"

struct inner {
	OBJECT;
	OPT(int32_t, n);
};

struct keyed {
	const char *key;
	const char *text;
};

struct all {
	OBJECT;
	OPT(bool, yes);
	OPT(int32_t, i32);
	OPT(uint32_t, u32);
	OPT(int64_t, i64);
	OPT(uint64_t, u64);
	OPT(int32_t, color);
	OPT(uint64_t, colors);
	const char *some_text;
	struct bytes bytes;
	struct texts texts;
	struct i32s i32s;
	struct u32s u32s;
	struct inner *inner;
	LIST_OF(struct inner) list;
	struct pairs map;
	LIST_OF(struct keyed) objects;
};

static const struct word color_words_rows[] = {{"RED", 1}, {"GREEN", 2}, {"BLUE", 4}};
static WORDS(color_words);
static const struct field inner_rows[] = {FIELD_I32(inner, n, "")};
static TABLE(inner);
static const struct field keyed_rows[] = {FIELD_TEXT(keyed, text, "")};
static TABLE(keyed);
static const struct field all_rows[] = {
	FIELD_BOOL(all, yes, ""),
	FIELD_I32(all, i32, ""),
	FIELD_U32(all, u32, ""),
	FIELD_I64(all, i64, ""),
	FIELD_U64(all, u64, ""),
	FIELD_ENUM(all, color, color_words, ""),
	FIELD_MASK(all, colors, color_words, ""),
	FIELD_TEXT(all, some_text, ""),
	FIELD_BYTES(all, bytes, ""),
	FIELD_TEXTS(all, texts, ""),
	FIELD_I32S(all, i32s, ""),
	FIELD_U32S(all, u32s, ""),
	FIELD_OBJECT(all, inner, inner, ""),
	FIELD_OBJECTS(all, list, inner, ""),
	FIELD_MAP(all, map, ""),
	FIELD_MAP_OBJECTS(all, objects, keyed, ""),
	FIELD_SKIP("skipped", ""),
};
static TABLE(all);

static const char *const full =
	"{\"yes\":false,\"i32\":-2147483648,\"u32\":4294967295,\"i64\":-9223372036854775808,"
	"\"u64\":18446744073709551615,\"color\":\"GREEN\",\"colors\":[\"RED\",\"BLUE\"],"
	"\"some_text\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\",\"bytes\":\"AP8B\",\"texts\":[\"\",\"b\"],"
	"\"i32s\":[-1,2],\"u32s\":[4294967295],\"inner\":{\"n\":3},\"list\":[{\"n\":1},{}],"
	"\"map\":{\"k.1\":\"v\",\"k2\":\"\"},\"objects\":{\"eth0\":{\"text\":\"t\"},\"eth1\":{}}}";

static struct pool pool;
static struct err err;

static struct all *load(const char *text)
{
	struct all *a = POOL_NEW(&pool, struct all);
	struct origin *o = POOL_NEW(&pool, struct origin);
	struct bind b;

	bind_init(&b, &table_all, a, o, &pool, BIND_OCI);
	tap_check(!json_read(text, strlen(text), "f", &b.sink, &err), TAP_HERE, "%s", err.text);
	return a;
}

static const char *put(const struct all *a, unsigned indent, unsigned rules)
{
	static struct str out;
	struct json_writer w;

	str_done(&out);
	json_writer_init(&w, &out, indent);
	is_int(walk(&table_all, a, rules, &w.sink, &err), 0);
	return str_text(&out);
}

static void every_kind_comes_back(void)
{
	is_text(put(load(full), 0, 0), full);
	is_text(put(load(put(load(full), 3, 0)), 0, 0), full);
}

static void nothing_is_an_empty_object(void)
{
	is_text(put(load("{}"), 0, 0), "{}");
	is_text(put(load("{}"), 2, 0), "{}");
	is_text(put(load("{\"yes\":null,\"list\":null}"), 0, 0), "{}");
}

static void empty_lists_and_maps_stay(void)
{
	const char *text = "{\"colors\":[],\"texts\":[],\"u32s\":[],\"inner\":{},\"list\":[],"
			   "\"map\":{},\"objects\":{}}";

	is_text(put(load(text), 0, 0), text);
}

static void indent_is_by_level(void)
{
	is_text(put(load("{\"inner\":{\"n\":3},\"list\":[{}],\"i32s\":[1,2]}"), 2, 0),
		"{\n  \"i32s\": [\n    1,\n    2\n  ],\n  \"inner\": {\n    \"n\": 3\n  },\n"
		"  \"list\": [\n    {}\n  ]\n}");
}

static void keys_can_be_camels(void)
{
	is_text(put(load("{\"some_text\":\"x\"}"), 0, WALK_CAMEL), "{\"someText\":\"x\"}");
}

static void bytes_are_base64(void)
{
	static const char *const all[] = {"", "AA==", "AAA=", "AAAA", "/+8=", "aGVsbG8="};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		fmt_put(text, sizeof(text), "{\"bytes\":\"%s\"}", all[i]);
		is_text(put(load(text), 0, 0), text);
	}
}

/* A sink that takes so many events and then fails. */
struct failing {
	struct sink sink;
	int left;
};

static int fail_late(struct sink *sink, const struct event *ev, struct err *e)
{
	struct failing *f = (struct failing *)sink;

	(void)ev;
	if (f->left < 0)
		ok(!"called again behind a failure");
	return f->left-- ? 0 : err_set(e, ENOSPC, "full");
}

/* Wherever the sink fails the walk ends, with the sink's words. */
static void a_failure_of_the_sink_is_handed_on(void)
{
	const struct all *a = load(full);
	struct failing f = {.sink.take = fail_late};
	int n = 0, r;

	do {
		f.left = n++;
		r = walk(&table_all, a, 0, &f.sink, &err);
		if (r < 0)
			is_int(r, -ENOSPC);
	} while (r < 0 && n < 1000);
	is_int(r, 0);
	ok(n > 60);
}

int main(void)
{
	run(every_kind_comes_back);
	run(nothing_is_an_empty_object);
	run(empty_lists_and_maps_stay);
	run(indent_is_by_level);
	run(keys_can_be_camels);
	run(bytes_are_base64);
	run(a_failure_of_the_sink_is_handed_on);
	pool_done(&pool);
	put(&(struct all){0}, 0, 0);
	return tap_done();
}
