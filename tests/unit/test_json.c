/* SPDX-License-Identifier: Apache-2.0 */
/* json: what is read, what is refused and where, and what is written. */
#include <errno.h>

#include "../../spec/json.h"
#include "tap.h"

/* A sink that writes down what it is sent: "{1:1 k:a1:2 w:7@1:6 }1:8". */
struct record {
	struct sink sink;
	struct str out;
	bool places;
	int left; /* fails when this many events have come; negative: never */
};

static int record_take(struct sink *sink, const struct event *ev, struct err *e)
{
	static const char *const marks[] = {
		[EVENT_KEY] = "k:",
		[EVENT_WORD] = "w:",
		[EVENT_TEXT] = "t:",
		[EVENT_NAME] = "n:",
		[EVENT_BYTES] = "b:",
		[EVENT_OBJECT] = "{",
		[EVENT_OBJECT_END] = "}",
		[EVENT_LIST] = "[",
		[EVENT_LIST_END] = "]",
	};
	struct record *r = (struct record *)sink;

	if (!r->left--)
		return err_set(e, EPERM, "enough");
	tap_check(ev->s && strlen(ev->s) == ev->len, TAP_HERE, "event %d: no NUL at the end",
		(int)ev->kind);
	str_addf(&r->out, "%s%s%s", r->out.len ? " " : "", marks[ev->kind], ev->s);
	if (r->places)
		str_addf(&r->out, "@%u:%u", ev->at.line, ev->at.column);
	return 0;
}

static void record_done(struct record *r)
{
	str_done(&r->out);
}

#define own_record own(record_done)

/* A copy of just that length, for a sanitizer to see the reader take a byte too many. */
static int read_copy(const char *input, size_t len, struct sink *sink, struct err *e)
{
	char *copy = malloc(len + !len);
	int r;

	memcpy(copy, input, len);
	r = json_read(copy, len, "f", sink, e);
	free(copy);
	return r;
}

static void check_read(
	const char *where, bool places, const char *input, size_t len, const char *want)
{
	own_record struct record r = {.sink.take = record_take, .left = -1, .places = places};
	struct err e = {0};
	int ret = read_copy(input, len, &r.sink, &e);

	tap_check(!ret && !e.code, where, "returned %d: %s", ret, e.text);
	tap_check(!strcmp(str_text(&r.out), want), where, "sent\n#   %s, not\n#   %s",
		str_text(&r.out), want);
}

static void check_refusal(const char *where, const char *input, size_t len, const char *want)
{
	own_record struct record r = {.sink.take = record_take, .left = -1};
	struct err e = {0};
	int ret = read_copy(input, len, &r.sink, &e);

	tap_check(ret == -EINVAL && e.code == EINVAL, where, "returned %d", ret);
	tap_check(!strncmp(e.text, want, strlen(want)), where, "'%s', not '%s'", e.text, want);
}

#define reads_as(input, want)  check_read(TAP_HERE, false, input, sizeof(input) - 1, want)
#define placed_as(input, want) check_read(TAP_HERE, true, input, sizeof(input) - 1, want)
/* The words of the failure begin with this. */
#define refused_as(input, want) check_refusal(TAP_HERE, input, sizeof(input) - 1, want)

static void reads_values(void)
{
	reads_as("{}", "{ }");
	reads_as(" [ ] ", "[ ]");
	reads_as("{\"a\":1,\"b\":\"x\",\"c\":[true,false,null],\"d\":{\"e\":{}}}",
		"{ k:a w:1 k:b t:x k:c [ w:true w:false w:null ] k:d { k:e { } } }");
	reads_as("[0,-1,1.5,1e9,-0,18446744073709551615,99999999999999999999999]",
		"[ w:0 w:-1 w:1.5 w:1e9 w:-0 w:18446744073709551615 w:99999999999999999999999 ]");
	reads_as("[\"\", \"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\ud83d\\ude00\"]",
		"[ t: t:\"\\/\b\f\n\r\t t:\xc3\xa9\xf0\x9f\x98\x80 ]");
	reads_as("\"top\"", "t:top");
	reads_as("{\"\":1}", "{ k: w:1 }");
}

static void tells_places(void)
{
	placed_as("{\"a\": 1,\n  \"bc\" : [ true,\n\t\t\"x\" ],\n\n \"d\":{ } }",
		"{@1:1 k:a@1:2 w:1@1:7 k:bc@2:3 [@2:10 w:true@2:12 t:x@3:3 ]@3:7 k:d@5:2 {@5:6 "
		"}@5:8 }@5:10");
	placed_as("[1,22 ,333\n,4]", "[@1:1 w:1@1:2 w:22@1:4 w:333@1:8 w:4@2:2 ]@2:3");
	placed_as("\r\n{\"k\"\r\n:\r\n-5}", "{@2:1 k:k@2:2 w:-5@4:1 }@4:3");
	placed_as("[\"a:b, c\", \"d\"]", "[@1:1 t:a:b, c@1:2 t:d@1:12 ]@1:15");
}

static void refuses_bad_syntax(void)
{
	refused_as("", "f:1:");
	refused_as("   ", "f:1:");
	refused_as("{", "f:1:");
	refused_as("{\"a\"}", "f:1:5: not JSON: ");
	refused_as("{\"a\":}", "f:1:6: not JSON: ");
	refused_as("{\"a\":1,}", "f:1:8: not JSON: ");
	refused_as("[1,]", "f:1:4: not JSON: ");
	refused_as("{a:1}", "f:1:2: not JSON: ");
	refused_as("{'a':1}", "f:1:2: not JSON: ");
	refused_as("{}\n{}", "f:2:1: not JSON: ");
	refused_as("{} x", "f:1:4: not JSON: ");
	refused_as("[1 2]", "f:1:4: not JSON: ");
	refused_as("[01]", "f:1:");
	refused_as("[+1]", "f:1:2: not JSON: ");
	refused_as("[NaN]", "f:1:2: not JSON: ");
	refused_as("[tru]", "f:1:");
	refused_as("// c\n{}", "f:1:");
	refused_as("/* c */{}", "f:1:");
	refused_as("\xef\xbb\xbf{}", "f:1:1: not JSON: ");
	refused_as("[\"a\nb\"]", "f:1:");
	refused_as("[\"\\x\"]", "f:1:");
	refused_as("[\"\\ud83d", "f:1:");
	refused_as("[\"\xff\"]", "f:1:");
	refused_as("[\"a", "f:1:");
	refused_as("{\n\"a\":\n  oops}", "f:3:3: not JSON: ");
}

static void refuses_nul(void)
{
	refused_as("{\"a\":\n \"x\\u0000y\"}", "f:2:2: a string holds a NUL");
	refused_as("{\"x\\u0000y\":1}", "f:1:2: a string holds a NUL");
	refused_as("[1]\0", "f:1:4: not JSON");
	refused_as("[\0]", "f:1:2: not JSON");
}

static void refuses_doubled_keys(void)
{
	refused_as("{\"a\":1,\n\"b\":2, \"a\":3}", "f:2:8: a key is given twice");
	refused_as("{\"a\":{\"x\":1,\"x\":1}}", "f:1:13: a key is given twice");
	refused_as("{\"ab\":1,\"\\u0061b\":2}", "f:1:9: a key is given twice");
	refused_as("{\"a\":[{\"k\":1},{\"k\":1}],\"b\":{\"a\":1},\"a\":0}",
		"f:1:36: a key is given twice");
	reads_as("{\"a\":{\"a\":{\"a\":1}},\"A\":2,\"aa\":3}",
		"{ k:a { k:a { k:a w:1 } } k:A w:2 k:aa w:3 }");
	reads_as("[{\"k\":1},{\"k\":1}]", "[ { k:k w:1 } { k:k w:1 } ]");
}

/* Thousands of keys share the chains of the table; none may be taken for another. */
static void knows_many_keys(void)
{
	own_record struct record r = {.sink.take = record_take, .left = -1};
	own_str struct str text = {0};
	struct err e = {0};

	for (int i = 0; i < 20000; i++)
		str_addf(&text, "%s\"key%d\":{\"key%d\":0}", i ? "," : "{", i, i);
	str_add(&text, "}");
	is_int(json_read(text.data, text.len, "f", &r.sink, &e), 0);
	text.len--;
	text.data[text.len] = '\0';
	str_add(&text, ",\"key777\":0}");
	is_int(json_read(text.data, text.len, "f", &r.sink, &e), -EINVAL);
	has_text(e.text, "a key is given twice");
}

static int read_nested(const char *open, int depth, const char *close, struct err *e)
{
	own_record struct record r = {.sink.take = record_take, .left = -1};
	own_str struct str text = {0};

	for (int i = 0; i < depth; i++)
		str_add(&text, open);
	for (int i = 0; i < depth && close; i++)
		str_add(&text, close);
	return json_read(text.data, text.len, "f", &r.sink, e);
}

static void limits_depth(void)
{
	struct err e = {0};

	is_int(read_nested("[", 128, "]", &e), 0);
	is_int(read_nested("[", 129, "]", &e), -EINVAL);
	is_text(e.text, "f:1:129: nested deeper than 128");
	is_int(read_nested("[{\"a\":", 10000, "}]", &e), -EINVAL);
	has_text(e.text, "nested deeper than 128");
	is_int(read_nested("[", 1000000, NULL, &e), -EINVAL);
	is_text(e.text, "f:1:129: nested deeper than 128");
}

static void takes_large_strings(void)
{
	enum { SIZE = 10 << 20 };
	own_record struct record r = {.sink.take = record_take, .left = -1};
	own_str struct str text = {0};
	struct err e = {0};

	str_add(&text, "[\"");
	for (int i = 0; i < SIZE / 16; i++)
		str_addn(&text, i % 1000 ? "0123456789abcdef" : "\\n\\t\\u0041xxxxxx", 16);
	str_add(&text, "\"]");
	is_int(json_read(text.data, text.len, "f", &r.sink, &e), 0);
	ok(r.out.len > SIZE - SIZE / 1000);
	is_int(json_read(text.data, text.len - 2, "f", &r.sink, &e), -EINVAL);
}

/* The sink's failure is the reader's, with the sink's words, whichever event it is. */
static void stops_with_the_sink(void)
{
	static const char text[] = "{\"a\":[1,\"x\",true,null],\"b\":{}}";
	struct err e = {0};

	for (int i = 0; i < 12; i++) {
		own_record struct record r = {.sink.take = record_take, .left = i};

		is_int(json_read(text, sizeof(text) - 1, "f", &r.sink, &e), -EPERM);
		is_text(e.text, "enough");
		is_int(r.left, -1);
	}
	own_record struct record r = {.sink.take = record_take, .left = 12};

	is_int(json_read(text, sizeof(text) - 1, "f", &r.sink, &e), 0);
	r.left = 3;
	is_int(json_read(text, sizeof(text) - 1, "f", &r.sink, NULL), -EPERM);
	is_int(json_read("[", 1, NULL, &r.sink, NULL), -EINVAL);
}

static void survives_truncation(void)
{
	static const char text[] = "{\"a\\u00e9\": [1, -2.5e3, {\"b\": \"x\\ny\"}],\n\"c\": true}";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		own_record struct record r = {.sink.take = record_take, .left = -1};
		struct err e = {0};

		is_int(read_copy(text, len, &r.sink, &e), -EINVAL);
		ok(!strncmp(e.text, "f:", 2));
	}
}

/* --- out ------------------------------------------------------------------------------------- */

static void rewrite(const char *text, unsigned indent, struct str *out)
{
	struct json_writer w;
	struct err e = {0};

	json_writer_init(&w, out, indent);
	is_int(json_read(text, strlen(text), "f", &w.sink, &e), 0);
}

static void writes_compact(void)
{
	static const char *const same[] = {
		"{}",
		"[]",
		"{\"a\":{},\"b\":[],\"c\":[[],{}]}",
		"[1,-2,18446744073709551615,1.5,true,null,\"x\"]",
		"{\"a\":{\"b\":[{\"c\":1},{\"c\":2}]},\"d\":\"\"}",
		"[\"\\\"\\\\\\n\\t\\r\\u0001\\u001f\\u007f\",\"\xc3\xa9\"]",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		own_str struct str out = {0};

		rewrite(same[i], 0, &out);
		is_text(str_text(&out), same[i]);
	}
}

static void writes_indented(void)
{
	own_str struct str out = {0}, again = {0};
	static const char want[] = "{\n"
				   "  \"a\": {},\n"
				   "  \"b\": [\n"
				   "    1,\n"
				   "    {\n"
				   "      \"c\": []\n"
				   "    }\n"
				   "  ],\n"
				   "  \"d\": \"x\"\n"
				   "}";

	rewrite("{\"a\":{},\"b\":[1,{\"c\":[]}],\"d\":\"x\"}", 2, &out);
	is_text(str_text(&out), want);
	rewrite(want, 2, &again);
	is_text(str_text(&again), want);
}

static void writes_bytes(void)
{
	static const struct {
		const char *data;
		size_t len;
		const char *want;
	} rows[] = {
		{"", 0, "\"\""},
		{"f", 1, "\"Zg==\""},
		{"fo", 2, "\"Zm8=\""},
		{"foo", 3, "\"Zm9v\""},
		{"\xfb\xff\0\xfe", 4, "\"+/8A/g==\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own_str struct str out = {0};
		struct json_writer w;
		struct err e = {0};
		struct event ev = {.kind = EVENT_BYTES, .s = rows[i].data, .len = rows[i].len};

		json_writer_init(&w, &out, 0);
		is_int(w.sink.take(&w.sink, &ev, &e), 0);
		is_text(str_text(&out), rows[i].want);
	}
}

int main(void)
{
	run(reads_values);
	run(tells_places);
	run(refuses_bad_syntax);
	run(refuses_nul);
	run(refuses_doubled_keys);
	run(knows_many_keys);
	run(limits_depth);
	run(takes_large_strings);
	run(stops_with_the_sink);
	run(survives_truncation);
	run(writes_compact);
	run(writes_indented);
	run(writes_bytes);
	return tap_done();
}
