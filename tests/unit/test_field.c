/* SPDX-License-Identifier: Apache-2.0 */
/* field: a table with every kind of row, bound, walked, given defaults, asked for its places. */
#include <errno.h>
#include <limits.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../spec/bind.h"
#include "../../spec/field.h"
#include "../../spec/json.h"
#include "../../spec/origin.h"
#include "../../spec/textproto.h"
#include "../../spec/set.h"
#include "../../spec/walk.h"
#include "tap.h"

static const struct word color_words_rows[] = {{"red", 0}, {"green", 1}, {"blue", 7}};
static WORDS(color_words);

static const struct word cap_words_rows[] = {{"CAP_A", 1}, {"CAP_B", 2}, {"CAP_LAST", 1ull << 63}};
static WORDS(cap_words);

struct thing_part {
	OPT(uint32_t, n);
	const char *type;
	struct texts args;
	struct thing_part *inner;
};

struct thing_net {
	const char *key;
	OPT(bool, on);
};

struct thing {
	OPT(bool, flag);
	OPT(int32_t, small);
	OPT(uint32_t, count);
	OPT(int64_t, big);
	OPT(uint64_t, huge);
	OPT(int32_t, nice_level);
	OPT(uint32_t, port);
	OPT(int32_t, color);
	OPT(uint64_t, caps);
	const char *text;
	const char *path;
	struct bytes data;
	struct texts args;
	struct i32s offsets;
	struct u32s gids;
	struct thing_part *part;
	LIST_OF(struct thing_part) mounts;
	struct pairs labels;
	LIST_OF(struct thing_net) nets;
};

static const char *absolute(const char *text)
{
	return text[0] == '/' ? NULL : "is not an absolute path";
}

extern const struct table table_thing_part;

static const struct field thing_part_rows[] = {
	FIELD_U32(thing_part, n, "a number", .dflt = "3"),
	FIELD_TEXT(thing_part, type, "a type", .flags = FIELD_REQUIRED),
	FIELD_TEXTS(thing_part, args, "arguments"),
	FIELD_OBJECT(thing_part, inner, thing_part, "one more"),
};
TABLE(thing_part);

static const struct field thing_net_rows[] = {
	FIELD_BOOL(thing_net, on, "whether it is on", .dflt = "true"),
};
static TABLE(thing_net);

static const struct field thing_rows[] = {
	FIELD_BOOL(thing, flag, "a flag", .dflt = "true"),
	FIELD_I32(thing, small, "an integer", .dflt = "-5"),
	FIELD_U32(thing, count, "a count"),
	FIELD_I64(thing, big, "a large integer"),
	FIELD_U64(thing, huge, "a larger one", .dflt = "18446744073709551615"),
	FIELD_I32(thing, nice_level, "bounded below and above", .min = -20, .max = 19),
	FIELD_U32(thing, port, "bounded above", .min = 1, .max = 65535),
	FIELD_ENUM(thing, color, color_words, "a colour", .dflt = "blue"),
	FIELD_MASK(thing, caps, cap_words, "some of several"),
	FIELD_TEXT(thing, text, "a text", .dflt = "hello"),
	FIELD_TEXT(thing, path, "a checked text", .check = absolute),
	FIELD_BYTES(thing, data, "bytes"),
	FIELD_TEXTS(thing, args, "texts"),
	FIELD_I32S(thing, offsets, "integers"),
	FIELD_U32S(thing, gids, "more integers"),
	FIELD_OBJECT(thing, part, thing_part, "an object"),
	FIELD_OBJECTS(thing, mounts, thing_part, "objects"),
	FIELD_MAP(thing, labels, "texts by name"),
	FIELD_MAP_OBJECTS(thing, nets, thing_net, "objects by name"),
	FIELD_SKIP("windows", "of no meaning here"),
};
static TABLE(thing);

/* The same rows in a table that passes unknown keys over. */
static const struct table open_thing = {
	.name = "thing",
	.size = sizeof(struct thing),
	.rows = thing_rows,
	.n = ARRAY_LEN(thing_rows),
	.open = true,
};

/* One document at a time: what read_as fills, and where it failed. */
static struct pool pool;
static struct thing *thing;
static struct origin origin;
static struct err err;

static int read_table(const struct table *t, const char *text, unsigned rules)
{
	struct bind b;

	pool_done(&pool);
	origin = (struct origin){.file = "f"};
	err = (struct err){0};
	thing = POOL_NEW(&pool, struct thing);
	bind_init(&b, t, thing, &origin, &pool, rules);
	if (rules & BIND_WORD_ENUMS)
		return textproto_read(text, strlen(text), "f", &b.sink, &err);
	return json_read(text, strlen(text), "f", &b.sink, &err);
}

static int read_json(const char *text)
{
	return read_table(&table_thing, text, BIND_OCI);
}

static int read_proto(const char *text)
{
	return read_table(&table_thing, text, BIND_PROTO_TEXT);
}

static void check_refusal(
	const char *where, const char *text, unsigned rules, int code, const char *want)
{
	int r = read_table(&table_thing, text, rules);

	tap_check(r == -code && err.code == code, where, "returned %d", r);
	tap_check(!strcmp(err.text, want), where, "'%s', not\n#   '%s'", err.text, want);
}

#define refused_as(text, want)	  check_refusal(TAP_HERE, text, BIND_OCI, EINVAL, want)
#define out_of_range(text, want)  check_refusal(TAP_HERE, text, BIND_OCI, ERANGE, want)
#define proto_refused(text, want) check_refusal(TAP_HERE, text, BIND_PROTO_TEXT, EINVAL, want)

static void write_json(unsigned rules, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	is_int(walk(&table_thing, thing, rules, &w.sink, &err), 0);
}

static const char full[] =
	"{\"flag\":false,\"small\":-2147483648,\"count\":4294967295,\"big\":-9223372036854775808,"
	"\"huge\":18446744073709551615,\"nice_level\":-20,\"port\":65535,\"color\":\"green\","
	"\"caps\":[\"CAP_A\",\"CAP_LAST\"],\"text\":\"a\\\"\xc3\xa9\",\"path\":\"/x\","
	"\"data\":\"AP+A\",\"args\":[\"x\",\"\"],\"offsets\":[-1,0,2147483647],"
	"\"gids\":[0,4294967295],\"part\":{\"n\":1,\"type\":\"t\",\"args\":[],\"inner\":{\"type\":"
	"\"u\"}},\"mounts\":[{\"type\":\"a\"},{\"n\":2,\"type\":\"b\",\"args\":[\"y\"]}],"
	"\"labels\":{\"org.x\":\"1\",\"b\":\"\"},\"nets\":{\"eth0\":{\"on\":true},\"eth1\":{}}}";

static void binds_every_kind(void)
{
	is_int(read_json(full), 0);
	ok(thing->has_flag && !thing->flag);
	ok(thing->small == INT32_MIN && thing->count == UINT32_MAX);
	ok(thing->big == INT64_MIN && thing->huge == UINT64_MAX);
	is_int(thing->color, 1);
	ok(thing->caps == (1 | 1ull << 63));
	is_text(thing->text, "a\"\xc3\xa9");
	is_int(thing->data.len, 3);
	ok(!memcmp(thing->data.data, "\0\xff\x80", 3));
	is_int(thing->args.n, 2);
	is_text(thing->args.v[1], "");
	is_int(thing->offsets.n, 3);
	is_int(thing->offsets.v[0], -1);
	ok(thing->gids.v[1] == UINT32_MAX);
	is_text(thing->part->inner->type, "u");
	is_int(thing->mounts.n, 2);
	is_text(thing->mounts.v[1]->args.v[0], "y");
	is_text(thing->labels.v[0].key, "org.x");
	is_text(thing->nets.v[1]->key, "eth1");
	ok(thing->nets.v[0]->on && !thing->nets.v[1]->has_on);
}

static void walk_is_the_inverse_of_bind(void)
{
	own_str struct str out = {0}, camel = {0}, open = {0};

	is_int(read_json(full), 0);
	write_json(0, &out);
	is_text(str_text(&out), full);
	write_json(WALK_CAMEL, &camel);
	has_text(str_text(&camel), "\"niceLevel\":-20");
	is_int(read_table(&table_thing, str_text(&camel), BIND_OCI | BIND_CAMEL), 0);
	str_done(&out);
	write_json(0, &out);
	is_text(str_text(&out), full);
	is_int(read_json("{\"part\":{\"type\":\"x\"}}"), 0);
	write_json(WALK_OPEN, &open);
	is_text(str_text(&open), "\"part\":{\"type\":\"x\"}");
}

/* Struct to struct, without a text between. */
static void walk_into_bind_converts(void)
{
	own_str struct str before = {0}, after = {0};
	own_pool struct pool kept = {0};
	struct origin o = {0};
	struct thing *copy = POOL_NEW(&kept, struct thing);
	struct bind b;

	is_int(read_json(full), 0);
	write_json(0, &before);
	bind_init(&b, &table_thing, copy, &o, &kept, BIND_PROTO_TEXT);
	is_int(walk(&table_thing, thing, 0, &b.sink, &err), 0);
	pool_done(&pool);
	thing = copy;
	write_json(0, &after);
	is_text(str_text(&after), str_text(&before));
}

static void refuses_wrong_types(void)
{
	refused_as("{\"flag\":1}", "flag (f:1:9): expected true or false, found '1'");
	refused_as(
		"{\n \"small\":\n  \"1\"}", "small (f:3:3): expected an integer, found a string");
	refused_as("{\"small\":1.5}", "small (f:1:10): expected an integer, found '1.5'");
	refused_as("{\"small\":true}", "small (f:1:10): expected an integer, found 'true'");
	refused_as("{\"text\":{}}", "text (f:1:9): expected a string, found an object");
	refused_as("{\"args\":\"x\"}", "args (f:1:9): expected a list of strings, found a string");
	refused_as("{\"args\":{}}", "args (f:1:9): expected a list of strings, found an object");
	refused_as(
		"{\"mounts\":{}}", "mounts (f:1:11): expected a list of objects, found an object");
	refused_as("{\"labels\":[]}", "labels (f:1:11): expected an object, found a list");
	refused_as("{\"color\":1}", "color (f:1:10): expected one of its names, found '1'");
	refused_as("[]", "f:1:1: expected an object, found a list");
	refused_as("7", "f:1:1: expected an object, found a bare word");
}

static void names_the_way_to_a_value(void)
{
	refused_as("{\"mounts\":[{\"type\":\"a\"},\n{\"type\":5}]}",
		"mounts[1].type (f:2:9): expected a string, found '5'");
	refused_as(
		"{\"mounts\":[{\"type\":\"a\",\"args\":[]},{\"type\":\"b\",\"args\":[\"\",[]]}]}",
		"mounts[1].args[1] (f:1:58): expected no list here");
	ok(read_json("{\"gids\":[1,2,{}]}") < 0);
	has_text(err.text, "gids[2] (f:1:14): expected ");
	refused_as("{\"part\":{\"inner\":{\"inner\":{\"n\":\"x\"}}}}",
		"part.inner.inner.n (f:1:32): expected an integer, found a string");
	refused_as("{\"labels\":{\"a\":\"1\",\"b.c\":2}}",
		"labels.b.c (f:1:26): expected a string, found a bare word");
	ok(read_json("{\"labels\":{\"a\":{}}}") < 0);
	has_text(err.text, "labels.a (f:1:16): expected ");
	refused_as("{\"nets\":{\"e0\":{\"on\":true},\"e1\":{\"on\":3}}}",
		"nets.e1.on (f:1:38): expected true or false, found '3'");
	refused_as(
		"{\"nets\":{\"e0\":1}}", "nets.e0 (f:1:15): expected an object, found a bare word");
	refused_as("{\"labels\":{\"\":\"1\"}}", "labels (f:1:12): a key is empty");
}

static void keeps_to_bounds(void)
{
	out_of_range("{\"small\":2147483648}",
		"small (f:1:10): 2147483648 is not between -2147483648 and 2147483647");
	out_of_range("{\"count\":-1}", "count (f:1:10): -1 is not between 0 and 4294967295");
	out_of_range("{\"huge\":18446744073709551616}",
		"huge (f:1:9): 18446744073709551616 is not between 0 and 18446744073709551615");
	out_of_range("{\"huge\":-1}", "huge (f:1:9): -1 is not between 0 and 18446744073709551615");
	out_of_range("{\"big\":9223372036854775808}",
		"big (f:1:8): 9223372036854775808 is not between -9223372036854775808 and "
		"9223372036854775807");
	out_of_range("{\"big\":-9223372036854775809}",
		"big (f:1:8): -9223372036854775809 is not between -9223372036854775808 and "
		"9223372036854775807");
	out_of_range("{\"nice_level\":-21}", "nice_level (f:1:15): -21 is not between -20 and 19");
	out_of_range("{\"nice_level\":20}", "nice_level (f:1:15): 20 is not between -20 and 19");
	out_of_range("{\"port\":0}", "port (f:1:9): 0 is not between 1 and 65535");
	out_of_range("{\"port\":65536}", "port (f:1:9): 65536 is not between 1 and 65535");
	out_of_range("{\"gids\":[1,-1]}", "gids[1] (f:1:12): -1 is not between 0 and 4294967295");
	out_of_range("{\"offsets\":[4294967295]}",
		"offsets[0] (f:1:13): 4294967295 is not between -2147483648 and 2147483647");
	refused_as("{\"path\":\"x\"}", "path (f:1:9): 'x' is not an absolute path");
	refused_as("{\"caps\":[\"CAP_A\",\"CAP_X\"]}", "caps (f:1:18): unknown value 'CAP_X'");
	refused_as("{\"color\":\"grene\"}",
		"color (f:1:10): unknown value 'grene' (did you mean 'green'?)");
	refused_as(
		"{\"color\":\"Red\"}", "color (f:1:10): unknown value 'Red' (did you mean 'red'?)");
	refused_as("{\"color\":\"purple\"}", "color (f:1:10): unknown value 'purple'");
}

static void wants_required_keys(void)
{
	refused_as("{\"mounts\":[{\"type\":\"a\"},\n {\"args\":[]}]}",
		"mounts[1] (f:2:2): 'type' is missing");
	refused_as("{\"part\":\n{\"inner\":\n{}}}", "part.inner (f:3:1): 'type' is missing");
	is_int(read_json("{\"mounts\":[],\"part\":{\"type\":\"\"}}"), 0);
	proto_refused("mounts { type: 'a' }\n mounts { args: 'b' }",
		"mounts[1] (f:2:9): 'type' is missing");
}

/* --- keys ------------------------------------------------------------------------------------ */

static struct str heard;

static void hear(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	str_addf(&heard, "%s;", text);
}

static void refuses_unknown_keys(void)
{
	refused_as("{\"flagg\":true}", "f:1:2: unknown key 'flagg' (did you mean 'flag'?)");
	refused_as("{\"zzz\":true}", "f:1:2: unknown key 'zzz'");
	refused_as("{\"mounts\":[{\"typ\":1}]}",
		"mounts[0] (f:1:13): unknown key 'typ' (did you mean 'type'?)");
	refused_as(
		"{\"niceLevel\":1}", "f:1:2: unknown key 'niceLevel' (did you mean 'nice_level'?)");
	is_int(read_table(&table_thing, "{\"niceLevel\":1}", BIND_PROTO_JSON), 0);
	is_int(thing->nice_level, 1);
	is_int(read_table(&table_thing, "{\"nice_level\":1}", BIND_PROTO_JSON), 0);
	is_int(read_json("{\"windows\":{\"any\":[1,{}]},\"flag\":true,\"part\":{\"type\":\"x\"}}"),
		0);
	ok(thing->flag && thing->part);
}

static void passes_over_in_open_tables(void)
{
	static const char text[] = "{\"flagg\":{\"flag\":[1,{\"x\":[]}]},\"flag\":true,\n"
				   "\"zzz\":null,\"yyy\":[],\"text\":\"x\"}";

	log_to(hear, NULL, LOG_WARNING);
	is_int(read_table(&open_thing, text, BIND_OCI), 0);
	ok(thing->flag);
	is_text(thing->text, "x");
	is_text(str_text(&heard), "f:1:2: unknown key 'flagg' is ignored (did you mean 'flag'?);");
	is_int(read_table(&open_thing, text, BIND_OCI | BIND_STRICT), -EINVAL);
	is_text(err.text, "f:1:2: unknown key 'flagg' (did you mean 'flag'?)");
	/* What lies in an open table may be closed itself. */
	is_int(read_table(&open_thing, "{\"part\":{\"typ\":1}}", BIND_OCI), -EINVAL);
	log_to(NULL, NULL, LOG_WARNING);
	str_done(&heard);
}

static void refuses_doubled_keys(void)
{
	refused_as("{\"flag\":true,\n\"flag\":true}", "f:2:1: a key is given twice");
	proto_refused("flag: true\nflag: true", "flag (f:2:1): given twice");
	proto_refused("part { type: 'a' }\npart { type: 'b' }", "part (f:2:1): given twice");
	proto_refused("text: ''\ntext: ''", "text (f:2:1): given twice");
	check_refusal(TAP_HERE, "{\"niceLevel\":1,\"nice_level\":1}", BIND_PROTO_JSON, EINVAL,
		"nice_level (f:1:16): given twice");
	is_int(read_proto("args: 'a' args: ['b', 'c'] args: [] mounts { type: 'x' } "
			  "mounts: [{ type: 'y' }] gids: 1 gids: [2]"),
		0);
	is_int(thing->args.n, 3);
	is_text(thing->args.v[2], "c");
	is_int(thing->mounts.n, 2);
	is_int(thing->gids.n, 2);
}

static void tells_null_empty_and_absent(void)
{
	is_int(read_json("{\"flag\":null,\"small\":null,\"text\":null,\"args\":null,\"part\":null,"
			 "\"mounts\":null,\"labels\":null,\"data\":null,\"color\":null}"),
		0);
	row_each (f, &table_thing)
		tap_check(!field_present(f, thing), TAP_HERE, "%s is there", f->key);
	is_int(read_json("{\"args\":[],\"mounts\":[],\"labels\":{},\"nets\":{},\"gids\":[],"
			 "\"caps\":[],\"text\":\"\",\"data\":\"\"}"),
		0);
	ok(thing->args.v && !thing->args.n);
	ok(thing->mounts.v && !thing->mounts.n);
	ok(thing->labels.v && !thing->labels.n);
	ok(thing->nets.v && thing->gids.v && thing->has_caps && !thing->caps);
	ok(thing->text && thing->data.data && !thing->data.len);
	ok(read_json("{\"args\":[null]}") < 0);
	ok(read_json("{\"mounts\":[null]}") < 0);
	ok(read_proto("text: null") < 0);
}

static void decodes_base64(void)
{
	static const struct {
		const char *in, *out;
		size_t len;
	} rows[] = {
		{"", "", 0},
		{"Zg==", "f", 1},
		{"Zg", "f", 1},
		{"Zm9v", "foo", 3},
		{"-_8A", "\xfb\xff\0", 3},
		{"+/8A/g==", "\xfb\xff\0\xfe", 4},
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fmt_put(text, sizeof(text), "{\"data\":\"%s\"}", rows[i].in);
		is_int(read_json(text), 0);
		is_int(thing->data.len, rows[i].len);
		ok(thing->data.data && !memcmp(thing->data.data, rows[i].out, rows[i].len));
	}
	refused_as("{\"data\":\"Zg=x\"}", "data (f:1:9): not base64");
	refused_as("{\"data\":\"Z===\"}", "data (f:1:9): not base64");
	refused_as("{\"data\":\"Z m9\"}", "data (f:1:9): not base64");
	refused_as("{\"data\":\"Zm9vZ\"}", "data (f:1:9): not base64: its length is wrong");
}

static void reads_as_the_rules_say(void)
{
	is_int(read_table(&table_thing,
		       "{\"huge\":\"18446744073709551615\",\"color\":1,\"gids\":[\"7\"]}",
		       BIND_PROTO_JSON),
		0);
	ok(thing->huge == UINT64_MAX && thing->color == 1 && thing->gids.v[0] == 7);
	ok(read_table(&table_thing, "{\"color\":2}", BIND_PROTO_JSON) < 0);
	ok(read_table(&table_thing, "{\"huge\":\" 1\"}", BIND_PROTO_JSON) < 0);
	ok(read_table(&table_thing, "{\"flag\":1}", BIND_PROTO_JSON) < 0);
	is_int(read_proto("flag: t color: green data: '\\000\\377' big: - 5"), 0);
	ok(thing->flag && thing->color == 1 && thing->big == -5 && thing->data.len == 2);
	is_int(read_proto("flag: 0 color: 7 caps: 'CAP_B'"), 0);
	ok(!thing->flag && thing->has_flag && thing->color == 7 && thing->caps == 2);
	ok(read_proto("flag: yes") < 0);
	ok(read_proto("flag: TRUE") < 0);
	ok(read_proto("color: 'green'") < 0);
	ok(read_proto("huge: '1'") < 0);
	proto_refused("text: 'a\\000b'", "text (f:1:7): has a NUL byte in it");
	proto_refused("text: word", "text (f:1:7): expected a string, found 'word'");
	proto_refused(
		"color: grene", "color (f:1:8): unknown value 'grene' (did you mean 'green'?)");
}

static void limits_depth(void)
{
	own_str struct str text = {0};

	for (int i = 0; i < 126; i++)
		str_addf(&text, "{\"%s\":", i ? "inner" : "part");
	str_add(&text, "{\"type\":\"x\"");
	for (int i = 0; i < 126; i++)
		str_add(&text, i ? ",\"type\":\"x\"}" : "}");
	str_add(&text, "}");
	is_int(read_json(str_text(&text)), 0);
	str_done(&text);
	for (int i = 0; i < 10000; i++)
		str_addf(&text, "{\"%s\":", i ? "inner" : "part");
	is_int(read_json(str_text(&text)), -EINVAL);
	has_text(err.text, "nested deeper than 128");
	/* Without the reader's own limit, too. */
	struct bind b;
	int r = 0;

	thing = POOL_NEW(&pool, struct thing);
	bind_init(&b, &table_thing, thing, &origin, &pool, BIND_OCI);
	for (int i = 0; i < BIND_DEPTH && !r; i++) {
		is_int(event_send(&b.sink, EVENT_OBJECT, NULL, (struct place){1, 1}, &err), 0);
		r = event_send(
			&b.sink, EVENT_KEY, i ? "inner" : "part", (struct place){1, 1}, &err);
	}
	is_int(event_send(&b.sink, EVENT_OBJECT, NULL, (struct place){1, 1}, &err), -EINVAL);
	has_text(err.text, "nested deeper than 128");
}

/* --- defaults, single values, places --------------------------------------------------------- */

static void gives_defaults(void)
{
	is_int(read_json(
		       "{\"small\":1,\"part\":{\"type\":\"a\",\"inner\":{\"type\":\"b\",\"n\":9}},"
		       "\"mounts\":[{\"type\":\"c\"}],\"nets\":{\"e\":{}}}"),
		0);
	is_int(field_defaults(&table_thing, thing, &pool, &err), 0);
	ok(thing->flag && !thing->has_flag);
	ok(thing->small == 1 && thing->has_small);
	ok(thing->huge == UINT64_MAX && !thing->has_huge);
	ok(thing->color == 7 && !thing->has_color);
	is_text(thing->text, "hello");
	ok(!thing->path && !thing->count && !thing->args.v);
	ok(thing->part->n == 3 && !thing->part->has_n);
	ok(thing->part->inner->n == 9 && thing->part->inner->has_n);
	is_int(thing->mounts.v[0]->n, 3);
	ok(thing->nets.v[0]->on);
}

static int set(const char *key, const char *value)
{
	return field_set(field_find(&table_thing, key), thing, value, &pool, &err);
}

static void sets_single_fields(void)
{
	is_int(read_json("{}"), 0);
	is_int(set("flag", "t"), 0);
	is_int(set("small", "-7"), 0);
	is_int(set("color", "green"), 0);
	is_int(set("text", "x=y"), 0);
	is_int(set("args", "a"), 0);
	is_int(set("args", "b"), 0);
	is_int(set("gids", "5"), 0);
	is_int(set("caps", "CAP_A"), 0);
	is_int(set("caps", "CAP_B"), 0);
	is_int(set("labels", "k=v=w"), 0);
	is_int(set("data", "raw"), 0);
	ok(thing->flag && thing->has_flag && thing->small == -7 && thing->color == 1);
	is_text(thing->text, "x=y");
	is_int(thing->args.n, 2);
	ok(thing->caps == 3 && thing->gids.v[0] == 5);
	is_text(thing->labels.v[0].key, "k");
	is_text(thing->labels.v[0].value, "v=w");
	is_text(thing->data.data, "raw");
	is_int(set("small", "x"), -EINVAL);
	is_text(err.text, "small: expected an integer, found 'x'");
	is_int(set("port", "70000"), -ERANGE);
	is_int(set("labels", "kv"), -EINVAL);
	is_int(set("labels", "=v"), -EINVAL);
	is_int(set("part", "x"), -EINVAL);
	is_int(set("mounts", "x"), -EINVAL);
}

static const char *described(const void *address)
{
	static char text[256];

	origin_describe(&origin, address, text, sizeof(text));
	return text;
}

static void describes_places(void)
{
	is_int(read_json(
		       "{\"small\":1,\n \"args\":[\"a\",\n\"b\"],\n\"mounts\":[{\"type\":\"a\"},\n"
		       "{\"n\":2,\"type\":\"b\",\"args\":[\"c\"]}],\"part\":{\"type\":\"p\"},\n"
		       "\"labels\":{\"x\":\"1\", \"y\":\"2\"},\"nets\":{\"e0\":{\"on\":true}}}"),
		0);
	is_text(described(&thing->small), "small (f:1:10)");
	is_text(described(thing->args.v[1]), "args[1] (f:3:1)");
	is_text(described(&thing->args), "args (f:2:9)");
	is_text(described(&thing->mounts.v[1]->type), "mounts[1].type (f:5:15)");
	is_text(described(thing->mounts.v[1]->args.v[0]), "mounts[1].args[0] (f:5:27)");
	is_text(described(thing->mounts.v[0]), "mounts[0] (f:4:11)");
	is_text(described(thing->part), "part (f:5:41)");
	is_text(described(&thing->part->type), "part.type (f:5:49)");
	is_text(described(thing->labels.v[1].value), "labels.y (f:6:24)");
	is_text(described(&thing->nets.v[0]->on), "nets.e0.on (f:6:48)");
	is_text(described(NULL), "");
	is_int(origin_fail(&origin, &thing->small, &err, ERANGE, "is %d", 1), -ERANGE);
	is_text(err.text, "small (f:1:10): is 1");
	is_int(origin_fail(NULL, NULL, &err, EINVAL, "alone"), -EINVAL);
	is_text(err.text, "alone");
	is_int(origin_place(&origin, &thing->count).line, 0);
}

static void names_in_camel_case(void)
{
	char text[64], small[6];

	field_camel(text, sizeof(text), "persona_addr_limit_3gb");
	is_text(text, "personaAddrLimit3gb");
	field_camel(text, sizeof(text), "name");
	is_text(text, "name");
	field_camel(text, sizeof(text), "_a__b_");
	is_text(text, "AB");
	field_camel(small, sizeof(small), "time_limit");
	is_text(small, "timeL");
}

int main(void)
{
	run(binds_every_kind);
	run(walk_is_the_inverse_of_bind);
	run(walk_into_bind_converts);
	run(refuses_wrong_types);
	run(names_the_way_to_a_value);
	run(keeps_to_bounds);
	run(wants_required_keys);
	run(refuses_unknown_keys);
	run(passes_over_in_open_tables);
	run(refuses_doubled_keys);
	run(tells_null_empty_and_absent);
	run(decodes_base64);
	run(reads_as_the_rules_say);
	run(limits_depth);
	run(gives_defaults);
	run(sets_single_fields);
	run(describes_places);
	run(names_in_camel_case);
	pool_done(&pool);
	return tap_done();
}
