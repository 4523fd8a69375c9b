/* SPDX-License-Identifier: Apache-2.0 */
/* doc: tables as text, for the screen, for man(7), for Markdown. */
#include "../../spec/doc.h"
#include "tap.h"

static const struct option_row rows[] = {
	{"bundle", 'b', "DIR", "bundle", NULL, "where it is", false},
	{"old", 0, NULL, "old", NULL, "not shown", true},
	{"a-name-that-is-much-too-long", 0, "ARGUMENT", "x", NULL, ".begins with a dot", false},
	{"quiet", 'q', NULL, "quiet", NULL, "less", false},
};
static const struct option_rows options = {rows, ARRAY_LEN(rows)};

static void options_stand_in_columns(void)
{
	own_str struct str out = {0};

	doc_options(&options, &out);
	is_text(str_text(&out), "  -b, --bundle DIR              where it is\n"
				"      --a-name-that-is-much-too-long ARGUMENT\n"
				"                                .begins with a dot\n"
				"  -q, --quiet                   less\n");
}

static void manual_text_is_escaped(void)
{
	own_str struct str out = {0};

	doc_man_text(".dot\n'quote\na-b \\n .x\n..", &out);
	is_text(str_text(&out), "\\&.dot\n\\&'quote\na\\-b \\en .x\n\\&..");
}

static void manual_options(void)
{
	own_str struct str out = {0};

	doc_options_man(&options, &out);
	has_text(str_text(&out), "\\-\\-bundle");
	has_text(str_text(&out), "\\&.begins");
	ok(!strstr(str_text(&out), "old"));
	/* No line of text begins with what roff would take for a request that is not ours. */
	for (const char *s = str_text(&out); s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		ok(*s != '.' || !strncmp(s, ".TP", 3) || !strncmp(s, ".B", 2) ||
			!strncmp(s, ".I", 2));
}

struct small {
	OBJECT;
	OPT(uint32_t, n);
};
struct big {
	OBJECT;
	const char *text;
	struct small *small;
	LIST_OF(struct small) list;
	OPT(uint64_t, size);
};
static const struct field small_rows[] = {FIELD_U32(small, n, "a | b")};
static TABLE(small);
static const struct field big_rows[] = {
	FIELD_TEXT(big, text, "some text", .dflt = "none"),
	FIELD_OBJECT(big, small, small, "an object"),
	FIELD_OBJECTS(big, list, small, "a list", .flags = FIELD_NOT_YET),
	FIELD_U64(big, size, "how much", .unit = "bytes"),
};
static TABLE(big);

static void fields_are_rows_of_markdown(void)
{
	own_str struct str out = {0};
	const char *text;

	doc_fields(&table_big, "", &out);
	text = str_text(&out);
	has_text(text, "| `text` | text | `none` | some text |\n");
	has_text(text, "| `small.n` | integer, 0 or more |  | a \\| b |\n");
	has_text(text, "| `list[].n` |");
	has_text(text, "| `list` | list of objects |  | a list *(not enforced yet");
	has_text(text, "| `size` | integer, 0 or more, bytes |  | how much |\n");
	/* Each line has as many cells as the others. */
	for (const char *s = text; *s; s = strchr(s, '\n') + 1) {
		int bars = 0;

		for (const char *c = s; *c != '\n'; c++)
			bars += *c == '|' && (c == s || c[-1] != '\\');
		is_int(bars, 5);
	}
}

int main(void)
{
	run(options_stand_in_columns);
	run(manual_text_is_escaped);
	run(manual_options);
	run(fields_are_rows_of_markdown);
	return tap_done();
}
