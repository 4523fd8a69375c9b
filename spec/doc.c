/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"

#include <string.h>

static size_t spelling(const struct option_row *o, struct str *out)
{
	size_t from = out->len;

	if (o->letter)
		str_addf(out, "-%c, ", o->letter);
	else
		str_add(out, "    ");
	str_addf(out, "--%s", o->name);
	if (o->arg)
		str_addf(out, " %s", o->arg);
	return out->len - from;
}

void doc_options(const struct option_rows *options, struct str *out)
{
	enum { COLUMN = 30 };

	for (size_t i = 0; i < options->n; i++) {
		const struct option_row *o = &options->v[i];
		size_t n;

		if (o->hidden)
			continue;
		str_add(out, "  ");
		n = spelling(o, out);
		if (n >= COLUMN) {
			str_addc(out, '\n');
			n = 0;
			str_add(out, "  ");
		}
		for (; n < COLUMN; n++)
			str_addc(out, ' ');
		str_addf(out, "%s\n", o->help);
	}
}

void doc_man_text(const char *text, struct str *out)
{
	bool line_start = true;

	for (const char *s = text; *s; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			str_add(out, "\\&");
		line_start = *s == '\n';
		if (*s == '-')
			str_add(out, "\\-");
		else if (*s == '\\')
			str_add(out, "\\e");
		else
			str_addc(out, *s);
	}
}

void doc_options_man(const struct option_rows *options, struct str *out)
{
	for (size_t i = 0; i < options->n; i++) {
		const struct option_row *o = &options->v[i];

		if (o->hidden)
			continue;
		str_add(out, ".TP\n");
		if (o->letter)
			str_addf(out, "\\fB\\-%c\\fR, ", o->letter);
		str_add(out, "\\fB\\-\\-");
		doc_man_text(o->name, out);
		str_add(out, "\\fR");
		if (o->arg) {
			str_add(out, " \\fI");
			doc_man_text(o->arg, out);
			str_add(out, "\\fR");
		}
		str_addc(out, '\n');
		doc_man_text(o->help, out);
		str_addc(out, '\n');
	}
}

static const char *kind_word(const struct field *f)
{
	switch (f->kind) {
	case FIELD_KIND_BOOL:
		return "bool";
	case FIELD_KIND_I32:
	case FIELD_KIND_I64:
		return "integer";
	case FIELD_KIND_U32:
	case FIELD_KIND_U64:
		return "integer, 0 or more";
	case FIELD_KIND_ENUM:
		return "name";
	case FIELD_KIND_MASK:
		return "list of names";
	case FIELD_KIND_TEXT:
		return "text";
	case FIELD_KIND_BYTES:
		return "bytes";
	case FIELD_KIND_TEXTS:
		return "list of texts";
	case FIELD_KIND_I32S:
	case FIELD_KIND_U32S:
		return "list of integers";
	case FIELD_KIND_OBJECT:
		return "object";
	case FIELD_KIND_OBJECTS:
		return "list of objects";
	case FIELD_KIND_MAP:
		return "map of texts";
	case FIELD_KIND_MAP_OBJECTS:
		return "map of objects";
	default:
		return "passed over";
	}
}

void doc_cell(const char *text, struct str *out)
{
	for (const char *s = text; *s; s++) {
		if (*s == '|')
			str_addc(out, '\\');
		str_addc(out, *s);
	}
}

void doc_options_markdown(const struct option_rows *options, const char *prefix, struct str *out)
{
	for (size_t i = 0; i < options->n; i++) {
		const struct option_row *o = &options->v[i];

		str_addf(out, "| `%s--%s` | ", prefix, o->name);
		if (o->letter)
			str_addf(out, "`-%c`", o->letter);
		str_add(out, " | ");
		doc_cell(o->arg ? o->arg : "", out);
		str_add(out, " | ");
		doc_cell(o->help, out);
		str_add(out, o->hidden ? " *(not in the help)* |\n" : " |\n");
	}
}

static void put_row(const struct field *f, const char *prefix, struct str *out)
{
	str_addf(out, "| `%s%s` | %s", prefix, f->key, kind_word(f));
	if (f->unit)
		str_addf(out, ", %s", f->unit);
	str_addf(out, " | %s%s%s | ", f->dflt ? "`" : "", f->dflt ? f->dflt : "",
		f->dflt ? "`" : "");
	doc_cell(f->help, out);
	if (f->flags & FIELD_NOT_YET)
		str_add(out, " *(not enforced yet: a config with it does not start)*");
	str_add(out, " |\n");
}

void doc_fields(const struct table *t, const char *prefix, struct str *out)
{
	row_each (f, t) {
		own_str struct str inner = {0};

		put_row(f, prefix, out);
		if (!f->table || !strcmp(f->key, "jail"))
			continue;
		str_addf(&inner, "%s%s%s.", prefix, f->key,
			f->kind == FIELD_KIND_OBJECTS	    ? "[]"
			: f->kind == FIELD_KIND_MAP_OBJECTS ? ".NAME"
							    : "");
		doc_fields(f->table, str_text(&inner), out);
	}
}
