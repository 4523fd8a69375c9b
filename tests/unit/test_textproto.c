/* SPDX-License-Identifier: Apache-2.0 */
/* textproto: the grammar, each class of error with its place, the writer. */
#include <errno.h>

#include "../../spec/textproto.h"
#include "tap.h"

/* A sink that writes down what it is sent, without the document's own braces: "k:a@1:1 w:7@1:4". */
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
	tap_check(ev->s && !ev->s[ev->len], TAP_HERE, "event %d: no NUL at the end", (int)ev->kind);
	str_addf(&r->out, "%s%s", r->out.len ? " " : "", marks[ev->kind]);
	str_addn(&r->out, ev->s, ev->len);
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
	r = textproto_read(copy, len, "f", sink, e);
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
	tap_check(!strcmp(e.text, want), where, "'%s', not\n#   '%s'", e.text, want);
}

#define reads_as(input, want)	check_read(TAP_HERE, false, input, sizeof(input) - 1, want)
#define placed_as(input, want)	check_read(TAP_HERE, true, input, sizeof(input) - 1, want)
#define refused_as(input, want) check_refusal(TAP_HERE, input, sizeof(input) - 1, want)

static void reads_fields(void)
{
	reads_as("", "{ }");
	reads_as(" \t\r\n\v\f# only a comment", "{ }");
	reads_as("a: 1", "{ k:a w:1 }");
	reads_as("name:\"x\"daemon:true", "{ k:name t:x k:daemon w:true }");
	reads_as("a:1,b:2;c:3 d:4,", "{ k:a w:1 k:b w:2 k:c w:3 k:d w:4 }");
	reads_as("a\n#one\n:#two\n1#three\n,#four\nb:2", "{ k:a w:1 k:b w:2 }");
	reads_as("_a9: _Z", "{ k:_a9 w:_Z }");
	reads_as("e: inf e: nan e: True", "{ k:e w:inf k:e w:nan k:e w:True }");
	reads_as("# \xff\xc3\xa9 \x01 in a comment\na: b", "{ k:a w:b }");
}

static void reads_messages(void)
{
	reads_as("m {} m: {} m <> m: <>", "{ k:m { } k:m { } k:m { } k:m { } }");
	reads_as("m{a:1}n<b:2>", "{ k:m { k:a w:1 } k:n { k:b w:2 } }");
	reads_as("m { n < o { a: 1 } >, b: 2; };", "{ k:m { k:n { k:o { k:a w:1 } } k:b w:2 } }");
	reads_as("m\n{\n}\n,n{}", "{ k:m { } k:n { } }");
}

static void reads_lists(void)
{
	reads_as("a: []", "{ k:a [ ] }");
	reads_as("m []", "{ k:m [ ] }");
	reads_as("a: [1, -2 ,x, \"y\" 'z']", "{ k:a [ w:1 w:-2 w:x t:yz ] }");
	reads_as("m: [{a: 1}, <b: 2>]", "{ k:m [ { k:a w:1 } { k:b w:2 } ] }");
	reads_as("m [\n{\n}\n,\n{}\n]\n;a: 1", "{ k:m [ { } { } ] k:a w:1 }");
	reads_as("m: [] m: [{}] m {}", "{ k:m [ ] k:m [ { } ] k:m { } }");
}

static void reads_integers(void)
{
	reads_as("a: 0 a: 00 a: 7", "{ k:a w:0 k:a w:0 k:a w:7 }");
	reads_as("a: 0x1f a: 0XFF a: 0xffffffffffffffff",
		"{ k:a w:31 k:a w:255 k:a w:18446744073709551615 }");
	reads_as("a: 010 a: 0777 a: 01777777777777777777777",
		"{ k:a w:8 k:a w:511 k:a w:18446744073709551615 }");
	reads_as("a: -5 a: - 5 a:-\n#x\n0x10 a: -010", "{ k:a w:-5 k:a w:-5 k:a w:-16 k:a w:-8 }");
	/* What does not fit is for the binder to name: it knows the bounds. */
	reads_as("a: 99999999999999999999999", "{ k:a w:99999999999999999999999 }");
	reads_as("a: -9223372036854775808", "{ k:a w:-9223372036854775808 }");
}

static void reads_strings(void)
{
	reads_as("a: \"\" a: ''", "{ k:a t: k:a t: }");
	reads_as("a: \"it's\" b: 'a \"b\"'", "{ k:a t:it's k:b t:a \"b\" }");
	reads_as("a: \"x\" 'y'\n# between\n\"z\" '' b: 1", "{ k:a t:xyz k:b w:1 }");
	reads_as("a: 'x''y'\"\"", "{ k:a t:xy }");
	reads_as("a: \"# no comment; {}\"", "{ k:a t:# no comment; {} }");
	reads_as("a: \"tab\there \xc3\xa9\xff\"", "{ k:a t:tab\there \xc3\xa9\xff }");
	/* A shorter string after a longer one, and none after one. */
	reads_as("a: 'longer' a: 'x' a: ''", "{ k:a t:longer k:a t:x k:a t: }");
}

static void reads_escapes(void)
{
	reads_as("a: \"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\\?\"", "{ k:a t:\a\b\f\n\r\t\v\\'\"? }");
	reads_as("a: '\\1018 \\1\\12\\123\\1234 \\7x'", "{ k:a t:A8 \1\nSS4 \7x }");
	reads_as("a: '\\x41 \\x4g \\x414 \\xfF'", "{ k:a t:A \4g A4 \xff }");
	reads_as("a: '\\777\\500'", "{ k:a t:\xff@ }");
	reads_as("a: '\\u0041\\u00e9\\u20aC\\U0001F600'",
		"{ k:a t:A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 }");
	reads_as("a: '\\ud83d\\ude00'", "{ k:a t:\xf0\x9f\x98\x80 }");
	reads_as("a: '\\U0010FFFF'", "{ k:a t:\xf4\x8f\xbf\xbf }");
	/* Half a pair alone is put out as it is, as protobuf does. */
	reads_as("a: '\\ud83dx\\ude00'", "{ k:a t:\xed\xa0\xbdx\xed\xb8\x80 }");
	reads_as("a: '\\ud83d\\u00e9'", "{ k:a t:\xed\xa0\xbd\xc3\xa9 }");
}

static void reads_bytes_with_nul(void)
{
	own_record struct record r = {.sink.take = record_take, .left = -1};
	struct err e = {0};
	static const char input[] = "a: 'x\\000y\\x00' '\\0z'", want[] = "{ k:a t:x\0y\0\0z }";

	is_int(read_copy(input, sizeof(input) - 1, &r.sink, &e), 0);
	is_int(r.out.len, sizeof(want) - 1);
	ok(r.out.data && !memcmp(r.out.data, want, sizeof(want)));
}

static void tells_places(void)
{
	placed_as("", "{@1:1 }@1:1");
	placed_as("a: 1\n  bc :\n\t- 2 # c\n\nd: 'x'\n 'y'\n",
		"{@1:1 k:a@1:1 w:1@1:4 k:bc@2:3 w:-2@3:2 k:d@5:1 t:xy@5:4 }@7:1");
	placed_as("m {\n\tn: [\n1,\r\n <>]}",
		"{@1:1 k:m@1:1 {@1:3 k:n@2:2 [@2:5 w:1@3:1 {@4:2 }@4:3 ]@4:4 }@4:5 }@4:6");
	placed_as("\n#\xc3\xa9\n", "{@1:1 }@3:1");
}

/* --- what is refused ------------------------------------------------------------------------- */

static void refuses_separators(void)
{
	refused_as("a: 1,,", "f:1:6: expected a field name, found ','");
	refused_as("a: 1;;b: 2", "f:1:6: expected a field name, found ';'");
	refused_as("a: 1 ,\n;", "f:2:1: expected a field name, found ';'");
	refused_as(",a: 1", "f:1:1: expected a field name, found ','");
	refused_as("m {;}", "f:1:4: expected a field name or '}', found ';'");
	refused_as("m < , >", "f:1:5: expected a field name or '>', found ','");
	refused_as("m {},,", "f:1:6: expected a field name, found ','");
}

static void refuses_missing_colons(void)
{
	refused_as("a 1", "f:1:3: expected ':', found '1'");
	refused_as("a \"x\"", "f:1:3: expected ':', found '\"'");
	refused_as("a b: 1", "f:1:3: expected ':', found 'b'");
	refused_as("a\n[1]", "f:2:1: expected ':' before a list of values");
	refused_as("m [{}, 1]", "f:1:3: expected ':' before a list of values");
	refused_as("a:: 1", "f:1:3: expected a value, found ':'");
	refused_as("a", "f:1:2: expected ':', found the end of the file");
	refused_as("a:\n", "f:2:1: expected a value, found the end of the file");
	refused_as("a: ,", "f:1:4: expected a value, found ','");
	refused_as("a: }", "f:1:4: expected a value, found '}'");
}

static void refuses_bad_lists(void)
{
	refused_as("a: [1,]", "f:1:7: expected a value, found ']'");
	refused_as("m: [{},\n]", "f:2:1: expected a value, found ']'");
	refused_as("a: [,1]", "f:1:5: expected a value, found ','");
	refused_as("a: [1;2]", "f:1:6: expected ',' or ']', found ';'");
	refused_as("a: [1 2]", "f:1:7: expected ',' or ']', found '2'");
	refused_as("m: [{} {}]", "f:1:8: expected ',' or ']', found '{'");
	refused_as("a: [[1]]", "f:1:5: expected a value, found '['");
	refused_as("a: [1", "f:1:6: expected ',' or ']', found the end of the file");
	refused_as("a: [", "f:1:5: expected a value, found the end of the file");
}

static void refuses_bad_braces(void)
{
	refused_as("m {", "f:1:4: expected a field name or '}', found the end of the file");
	refused_as("m {\na: 1\n", "f:3:1: expected a field name or '}', found the end of the file");
	refused_as("m < a: 1 }", "f:1:10: expected a field name or '>', found '}'");
	refused_as("m { a: 1 >", "f:1:10: expected a field name or '}', found '>'");
	refused_as("a: 1 }", "f:1:6: expected a field name, found '}'");
	refused_as("{ a: 1 }", "f:1:1: expected a field name, found '{'");
}

#define COMMENT_HINT "found '/' (comments begin with '#')"

static void refuses_comments_of_other_tongues(void)
{
	refused_as("// x\na: 1", "f:1:1: expected a field name, " COMMENT_HINT);
	refused_as("a: 1 /* x */", "f:1:6: expected a field name, " COMMENT_HINT);
	refused_as("a: // x\n1", "f:1:4: expected a value, " COMMENT_HINT);
}

#define BAD_ESCAPE ": unknown escape in a string (a backslash is written \\\\)"

static void refuses_bad_strings(void)
{
	refused_as("a: \"x", "f:1:4: the string does not end on its line");
	refused_as("a: 'x\"", "f:1:4: the string does not end on its line");
	refused_as("a: \"x\ny\"", "f:1:4: the string does not end on its line");
	refused_as("a: \"x\"\n  'y\n'", "f:2:3: the string does not end on its line");
	refused_as("a: 'x\\e'", "f:1:6" BAD_ESCAPE);
	refused_as("a: '\\q'", "f:1:5" BAD_ESCAPE);
	refused_as("a: '\\8'", "f:1:5" BAD_ESCAPE);
	refused_as("a: '\\X41'", "f:1:5" BAD_ESCAPE);
	refused_as("a: 'x\\\ny'", "f:1:6" BAD_ESCAPE);
	refused_as("a: 'x\\", "f:1:6" BAD_ESCAPE);
	refused_as("a: '\\x'", "f:1:5: expected hexadecimal digits after \\x");
	refused_as("a: '\\xg'", "f:1:5: expected hexadecimal digits after \\x");
	refused_as("a: '\\u12'", "f:1:5: expected 4 hexadecimal digits after \\u");
	refused_as("a: '\\U0001F60'", "f:1:5: expected 8 hexadecimal digits after \\U");
	refused_as("a: '\\U00110000'", "f:1:5: there is no character 0x110000");
}

#define NOT_WHOLE ": expected a whole number, without point or suffix"

static void refuses_bad_numbers(void)
{
	refused_as("a: 1.5", "f:1:4: 1.5" NOT_WHOLE);
	refused_as("a: 1.", "f:1:4: 1." NOT_WHOLE);
	refused_as("a: .5", "f:1:4: .5" NOT_WHOLE);
	refused_as("a: -1.5", "f:1:5: 1.5" NOT_WHOLE);
	refused_as("a: 1e3", "f:1:4: 1e3" NOT_WHOLE);
	refused_as("a: 1f", "f:1:4: 1f" NOT_WHOLE);
	refused_as("a: 4G", "f:1:4: 4G" NOT_WHOLE);
	refused_as("a: 10b: 1", "f:1:4: 10b" NOT_WHOLE);
	refused_as("a: 1_0", "f:1:4: 1_0" NOT_WHOLE);
	refused_as("a: 08", "f:1:4: 08" NOT_WHOLE);
	refused_as("a: 0x", "f:1:4: 0x" NOT_WHOLE);
	refused_as("a: 0xg", "f:1:4: 0xg" NOT_WHOLE);
	refused_as("a: 0x1.5", "f:1:4: 0x1.5" NOT_WHOLE);
	refused_as(
		"a: 0x10000000000000000", "f:1:4: 0x10000000000000000 is larger than 64 bits hold");
	refused_as("a: 02000000000000000000000",
		"f:1:4: 02000000000000000000000 is larger than 64 bits hold");
	refused_as("a: +1", "f:1:4: expected a value, found '+'");
	refused_as("a: --1", "f:1:5: expected a number, found '-'");
	refused_as("a: -inf", "f:1:5: expected a number, found 'inf'");
	refused_as("a: -\n\"x\"", "f:2:1: expected a number, found '\"'");
	refused_as("a: -", "f:1:5: expected a number, found the end of the file");
}

static void refuses_what_is_no_field(void)
{
	refused_as("4: 1", "f:1:1: expected a field name, found '4'");
	refused_as("[ext.name]: 1", "f:1:1: expected a field name, found '['");
	refused_as("\"a\": 1", "f:1:1: expected a field name, found '\"'");
	refused_as("a.b: 1", "f:1:2: expected ':', found '.b'");
	refused_as("a-b: 1", "f:1:2: expected ':', found '-'");
	refused_as("a: 1\n\xc3\xa9: 2", "f:2:1: expected a field name, found the byte 0xc3");
	refused_as("a: 1\x01", "f:1:5: expected a field name, found the byte 0x01");
	refused_as("a: \x7f", "f:1:4: expected a value, found the byte 0x7f");
	refused_as("\xef\xbb\xbf#", "f:1:1: begins with a byte order mark: save it without");
	refused_as("a: 1\n  \0b: 2", "f:2:3: a NUL byte: not a text file");
	refused_as("\0", "f:1:1: a NUL byte: not a text file");
	refused_as("a: 'x\n\n\0", "f:3:1: a NUL byte: not a text file");
}

/* --- sizes ----------------------------------------------------------------------------------- */

static int read_nested(const char *open, int depth, const char *close, struct err *e)
{
	own_record struct record r = {.sink.take = record_take, .left = -1};
	own_str struct str text = {0};

	for (int i = 0; i < depth; i++)
		str_add(&text, open);
	for (int i = 0; i < depth && close; i++)
		str_add(&text, close);
	return textproto_read(text.data, text.len, "f", &r.sink, e);
}

static void limits_depth(void)
{
	struct err e = {0};

	is_int(read_nested("m{", 100, "}", &e), 0);
	is_int(read_nested("m:[<", 100, ">]", &e), 0);
	is_int(read_nested("m{", 101, "}", &e), -EINVAL);
	is_text(e.text, "f:1:202: nested deeper than 100");
	is_int(read_nested("m:<\n", 10000, ">", &e), -EINVAL);
	is_text(e.text, "f:101:3: nested deeper than 100");
	is_int(read_nested("m{m:[", 1000000, NULL, &e), -EINVAL);
	/* Depth is what is open at a time, not how much there is. */
	is_int(read_nested("m{m{}}", 10000, NULL, &e), 0);
}

static void takes_large_texts(void)
{
	enum { SIZE = 10 << 20 };
	own_record struct record r = {.sink.take = record_take, .left = -1};
	own_str struct str text = {0};
	struct err e = {0};

	str_add(&text, "a: \"");
	for (int i = 0; i < SIZE / 16; i++)
		str_add(&text, i % 1000 ? "0123456789abcdef" : "\\n\\t\\x41\" 'xxxx' \"");
	str_add(&text, "\" b: 1");
	is_int(textproto_read(text.data, text.len, "f", &r.sink, &e), 0);
	ok(r.out.len > SIZE - SIZE / 1000 && !strcmp(r.out.data + r.out.len - 10, " k:b w:1 }"));
	is_int(textproto_read(text.data, text.len - 6, "f", &r.sink, &e), -EINVAL);
	str_done(&text);
	str_add(&text, "a: ");
	for (int i = 0; i < SIZE / 16; i++)
		str_add(&text, "1234567890123456");
	is_int(textproto_read(text.data, text.len, "f", &r.sink, &e), 0);
	memset(text.data, '\n', text.len);
	str_add(&text, "?");
	is_int(textproto_read(text.data, text.len, "f", &r.sink, &e), -EINVAL);
	is_text(e.text, "f:10485764:1: expected a field name, found '?'");
}

static const char sample[] =
	"a: -0x1f, b: \"x\\u00e9\\101\\n\" 'y' # c\nm { n: [1, {c: t}], o <> };\n";

static void survives_truncation(void)
{
	int good = 0;

	for (size_t len = 0; len < sizeof(sample); len++) {
		own_record struct record r = {.sink.take = record_take, .left = -1};
		struct err e = {0};
		int ret = read_copy(sample, len, &r.sink, &e);

		good += !ret;
		tap_check(ret ? ret == -EINVAL && !strncmp(e.text, "f:", 2) : !e.code, TAP_HERE,
			"%zu bytes: %d '%s'", len, ret, e.text);
	}
	/* Nothing; -0, and -0x1 up to the blank; each literal up to what follows; the end. */
	is_int(good, 17);
}

/* The sink's failure is the reader's, with the sink's words, whichever event it is. */
static void stops_with_the_sink(void)
{
	struct err e = {0};
	int events = 0;

	for (int ret = -1; ret; events++) {
		own_record struct record r = {.sink.take = record_take, .left = events};

		ret = read_copy(sample, sizeof(sample) - 1, &r.sink, &e);
		ok(!ret || (ret == -EPERM && !strcmp(e.text, "enough")));
	}
	is_int(events - 1, 20);
	own_record struct record r = {.sink.take = record_take, .left = 3};

	is_int(textproto_read(sample, sizeof(sample) - 1, NULL, &r.sink, NULL), -EPERM);
	is_int(textproto_read("?", 1, NULL, &r.sink, NULL), -EINVAL);
}

/* --- out ------------------------------------------------------------------------------------- */

static void check_rewrite(const char *where, const char *input, const char *want)
{
	own_str struct str out = {0}, again = {0};
	struct textproto_writer w;
	struct err e = {0};

	textproto_writer_init(&w, &out);
	tap_check(!textproto_read(input, strlen(input), "f", &w.sink, &e), where, "%s", e.text);
	tap_check(!strcmp(str_text(&out), want), where, "wrote\n%s, not\n%s", str_text(&out), want);
	textproto_writer_init(&w, &again);
	textproto_read(str_text(&out), out.len, "f", &w.sink, &e);
	tap_check(!strcmp(str_text(&again), want), where, "then wrote\n%s", str_text(&again));
}

#define written_as(input, want) check_rewrite(TAP_HERE, input, want)

static void writes_fields(void)
{
	written_as("", "");
	written_as("a:0x10,b:-  5;c:ONCE d:\"x\"'y'", "a: 16\nb: -5\nc: ONCE\nd: \"xy\"\n");
	written_as("a: [1, 2] b: []", "a: 1\na: 2\n");
	written_as("m {} m: <n: {} a: 1>", "m {}\nm {\n  n {}\n  a: 1\n}\n");
	written_as("m: [{a: [1,2] n: [{b: 1},{}] c: 3}, {}] d: 4",
		"m {\n  a: 1\n  a: 2\n  n {\n    b: 1\n  }\n  n {}\n  c: 3\n}\nm {}\nd: 4\n");
}

static void writes_strings(void)
{
	written_as(
		"a: '\"\\\\\\n\\t\\r\\1\\0019\\x7f'", "a: \"\\\"\\\\\\n\\t\\r\\001\\0019\\177\"\n");
	written_as("a: '\xc3\xa9\\xff'", "a: \"\xc3\xa9\xff\"\n");
	written_as("a: \"it's?\"", "a: \"it's?\"\n");
}

static int take(struct textproto_writer *w, enum event_kind kind, const char *s, struct err *e)
{
	struct event ev = {.kind = kind, .s = s, .len = kind == EVENT_BYTES ? 3 : strlen(s)};

	return w->sink.take(&w->sink, &ev, e);
}

/* Every byte, as bytes and as text, is read back as it was. */
static void writes_every_byte(void)
{
	for (int c = 0; c < 512; c++) {
		char data[4] = {(char)c, '7', (char)c}, want[16] = "{ k:a t:... }";
		own_record struct record r = {.sink.take = record_take, .left = -1};
		own_str struct str out = {0};
		struct textproto_writer w;
		struct err e = {0};

		textproto_writer_init(&w, &out);
		is_int(take(&w, EVENT_KEY, "a", &e), 0);
		is_int(take(&w, c < 257 ? EVENT_BYTES : EVENT_TEXT, data, &e), 0);
		is_int(read_copy(str_text(&out), out.len, &r.sink, &e), 0);
		memcpy(want + 8, data, 3);
		tap_check(r.out.len == 13 && !memcmp(r.out.data, want, 13), TAP_HERE, "byte %d: %s",
			c, str_text(&out));
		for (size_t i = 0; c < 257 && i < out.len; i++)
			ok((unsigned char)out.data[i] < 0x80);
	}
}

static void writes_without_the_outer_object(void)
{
	own_str struct str out = {0};
	struct textproto_writer w;
	struct err e = {0};

	textproto_writer_init(&w, &out);
	is_int(take(&w, EVENT_KEY, "m", &e), 0);
	is_int(take(&w, EVENT_OBJECT, "", &e), 0);
	is_int(take(&w, EVENT_KEY, "e", &e), 0);
	is_int(take(&w, EVENT_NAME, "ONCE", &e), 0);
	is_int(take(&w, EVENT_OBJECT_END, "", &e), 0);
	is_text(str_text(&out), "m {\n  e: ONCE\n}\n");
}

static void refuses_what_cannot_be_written(void)
{
	static const char long_key[] =
		"k23456789012345678901234567890123456789012345678901234567890123x";
	own_str struct str out = {0};
	struct textproto_writer w;
	struct err e = {0};

	textproto_writer_init(&w, &out);
	is_int(take(&w, EVENT_OBJECT, "", &e), 0);
	is_int(take(&w, EVENT_KEY, "org.x", &e), -EINVAL);
	is_text(e.text, "'org.x' cannot name a field in text format");
	is_int(take(&w, EVENT_KEY, "", &e), -EINVAL);
	is_int(take(&w, EVENT_KEY, "9a", &e), -EINVAL);
	is_int(take(&w, EVENT_KEY, long_key, &e), -EINVAL);
	is_int(take(&w, EVENT_KEY, "e", &e), 0);
	is_int(take(&w, EVENT_NAME, "", &e), -EINVAL);
	is_int(take(&w, EVENT_LIST, "", &e), 0);
	is_int(take(&w, EVENT_LIST, "", &e), -EINVAL);
	textproto_writer_init(&w, &out);
	for (int i = 0; i < TEXTPROTO_DEPTH; i++) {
		is_int(take(&w, EVENT_KEY, "m", &e), 0);
		is_int(take(&w, EVENT_OBJECT, "", &e), 0);
	}
	is_int(take(&w, EVENT_KEY, "m", &e), 0);
	is_int(take(&w, EVENT_OBJECT, "", &e), -EINVAL);
}

int main(void)
{
	run(reads_fields);
	run(reads_messages);
	run(reads_lists);
	run(reads_integers);
	run(reads_strings);
	run(reads_escapes);
	run(reads_bytes_with_nul);
	run(tells_places);
	run(refuses_separators);
	run(refuses_missing_colons);
	run(refuses_bad_lists);
	run(refuses_bad_braces);
	run(refuses_comments_of_other_tongues);
	run(refuses_bad_strings);
	run(refuses_bad_numbers);
	run(refuses_what_is_no_field);
	run(limits_depth);
	run(takes_large_texts);
	run(survives_truncation);
	run(stops_with_the_sink);
	run(writes_fields);
	run(writes_strings);
	run(writes_every_byte);
	run(writes_without_the_outer_object);
	run(refuses_what_cannot_be_written);
	return tap_done();
}
