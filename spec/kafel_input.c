/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "../runtime/base/fd.h"
#include "../runtime/base/str.h"

enum {
	FILES_MOST = 1000, /* included in all: sixteen levels of ten files each would never end */
	FILE_SIZE_MOST = 32 << 20,
};

static bool strict(const struct kafel_reader *r)
{
	return r->w->options->strict;
}

static struct kafel_at place(struct kafel_reader *r, uint32_t line, uint32_t column)
{
	const struct kafel_input *in = kafel_input(r);

	if (r->depth)
		return (struct kafel_at){in->file, {line, column}};
	while (r->text + 1 < r->n_texts && r->first_line[r->text + 1] <= line)
		r->text++;
	return (struct kafel_at){
		r->texts[r->text].file, {line - r->first_line[r->text] + 1, column}};
}

static struct kafel_at here(struct kafel_reader *r)
{
	const struct kafel_input *in = kafel_input(r);

	return place(r, in->line, (uint32_t)(in->at - in->line_start) + 1);
}

static bool is_blank(const struct kafel_reader *r, char c)
{
	return c == ' ' || c == '\t' || (c == '\r' && !strict(r));
}

struct kafel_at kafel_reader_place(struct kafel_reader *r)
{
	return here(r);
}

int kafel_reader_bad(struct kafel_reader *r)
{
	unsigned char c = (unsigned char)*kafel_input(r)->at;

	if (c == '\r')
		return kafel_fail(r->w, KAFEL_CHARACTER, here(r),
			"unexpected carriage return: kafel takes lines that end in LF only");
	if (c < ' ' || c >= 0x7f)
		return kafel_fail(r->w, KAFEL_CHARACTER, here(r), "unexpected byte 0x%02x", c);
	return kafel_fail(r->w, KAFEL_CHARACTER, here(r), "unexpected '%c'%s", c,
		c == '=' ? ": equality is written '=='" : "");
}

/* --- blanks and comments ----------------------------------------------------------------------- */

static void new_line(struct kafel_reader *r)
{
	struct kafel_input *in = kafel_input(r);

	in->at++;
	in->line++;
	in->line_start = in->at;
	r->last = place(r, in->line, 0);
}

static void to_end_of_line(struct kafel_reader *r)
{
	struct kafel_input *in = kafel_input(r);
	const char *nl = memchr(in->at, '\n', (size_t)(in->end - in->at));

	in->at = nl ? nl : in->end;
}

/*
 * Behind the opening. In kafel a '*' swallows what follows it, unless that is the '/': a comment like
 * the box of "**" and "/" at its end never closes there.
 */
static int block_comment(struct kafel_reader *r, struct kafel_at from)
{
	struct kafel_input *in = kafel_input(r);
	bool text = false; /* the last thing read: a piece goes on */

	while (in->at < in->end) {
		bool star = *in->at == '*';

		if (star && kafel_ahead(in, 1) == '/') {
			r->last = here(r);
			in->at += 2;
			return 0;
		}
		if (*in->at == '\n') {
			new_line(r);
			text = false;
			continue;
		}
		if (star || !text)
			r->last = here(r);
		text = !star;
		in->at++;
		if (star && strict(r) && in->at < in->end && *in->at != '\n')
			in->at++;
	}
	if (strict(r) && r->depth)
		return 0;
	return kafel_fail(r->w, KAFEL_COMMENT, strict(r) ? r->last : from, "a comment has no end%s",
		strict(r) ? " (in kafel, '**' before the '/' hides it)" : "");
}

/* In friendly mode: "# define NAME 1" is what it is in kafel, any other '#' and a blank a comment. */
static bool is_hash_comment(const struct kafel_reader *r)
{
	const struct kafel_input *in = &r->inputs[r->depth];
	static const char word[] = "define";
	size_t i = 1, blanks;
	char c = kafel_ahead(in, 1);

	if (strict(r) || *in->at != '#' || kafel_is_word(c) || (c > ' ' && c < 0x7f))
		return false;
	while (is_blank(r, kafel_ahead(in, i)))
		i++;
	for (size_t k = 0; word[k]; k++, i++) {
		if (kafel_ahead(in, i) != word[k])
			return true;
	}
	for (blanks = i; is_blank(r, kafel_ahead(in, i)); i++)
		;
	if (i == blanks || !(kafel_is_letter(kafel_ahead(in, i)) || kafel_ahead(in, i) == '_'))
		return true;
	while (kafel_is_word(kafel_ahead(in, i)))
		i++;
	for (blanks = i; is_blank(r, kafel_ahead(in, i)); i++)
		;
	if (kafel_ahead(in, i) == '-')
		i++;
	return i == blanks || !kafel_is_digit(kafel_ahead(in, i));
}

/* Up to the next token of this input, or its end. */
static int skip(struct kafel_reader *r)
{
	struct kafel_input *in = kafel_input(r);

	while (in->at < in->end) {
		struct kafel_at from = here(r);

		if (*in->at == '\n') {
			new_line(r);
		} else if (is_blank(r, *in->at)) {
			r->last = from;
			while (in->at < in->end && is_blank(r, *in->at))
				in->at++;
		} else if ((*in->at == '/' && kafel_ahead(in, 1) == '/') || is_hash_comment(r)) {
			r->last = from;
			to_end_of_line(r);
		} else if (*in->at == '/' && kafel_ahead(in, 1) == '*') {
			r->last = from;
			in->at += 2;
			TRY(block_comment(r, from));
		} else {
			break;
		}
	}
	return 0;
}

/* --- included files ---------------------------------------------------------------------------- */

static int read_include(struct kafel_reader *r, struct kafel_at at, const char *name,
	const char *path, struct bytes *ret)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	struct err e = {0};

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return kafel_fail(r->w, KAFEL_INCLUDE, at, "cannot include \"%.100s\": %s", name,
			err_word(errno));
	if (!S_ISREG(st.st_mode))
		return kafel_fail(r->w, KAFEL_INCLUDE, at,
			"cannot include \"%.100s\": '%.100s' is not a regular file", name, path);
	if (fd_read_all(fd, FILE_SIZE_MOST, r->w->pool, ret, &e) < 0)
		return kafel_fail(
			r->w, KAFEL_INCLUDE, at, "cannot include \"%.100s\": %.100s", name, e.text);
	return 1;
}

static void enter(struct kafel_reader *r, const char *file, const char *data, size_t len)
{
	r->depth++;
	*kafel_input(r) = (struct kafel_input){
		.file = file,
		.at = data,
		.end = data + len,
		.line_start = data,
		.line = 1,
	};
}

static int include(struct kafel_reader *r, struct kafel_at at, const char *name)
{
	const struct kafel_options *o = r->w->options;

	if (r->depth == KAFEL_INCLUDES)
		return kafel_fail(r->w, KAFEL_INCLUDE_DEPTH, at,
			"includes are nested deeper than %d (does a file include itself?)",
			KAFEL_INCLUDES);
	if (r->files++ == FILES_MOST)
		return kafel_fail(r->w, KAFEL_INCLUDE_DEPTH, at, "more than %d files are included",
			FILES_MOST);
	for (size_t i = 0; i < o->n_own; i++) {
		if (strcmp(o->own[i].file, name) != 0)
			continue;
		enter(r, o->own[i].file, o->own[i].data, o->own[i].len);
		return 0;
	}
	for (size_t i = 0; i < o->n_include; i++) {
		const char *path = pool_printf(r->w->pool, "%s/%s", o->include[i], name);
		struct bytes b;

		if (!path)
			return kafel_no_memory(r->w);
		if (!TRY(read_include(r, at, name, path, &b)))
			continue;
		enter(r, path, b.data, b.len);
		return 0;
	}
	return kafel_fail(r->w, KAFEL_INCLUDE, at, "cannot include \"%.100s\": %s", name,
		o->n_include ? "no such file in the search path"
			     : "there is no search path for included files");
}

/* One step in the line of an #include: a file, a blank, or its end. */
static int directive(struct kafel_reader *r)
{
	struct kafel_input *in = kafel_input(r);
	struct kafel_at at = here(r);
	const char *close, *name;
	size_t rest = (size_t)(in->end - in->at);

	if (!rest)
		return kafel_fail(
			r->w, KAFEL_INCLUDE_END, at, "the text ends in the line of an #include");
	if (*in->at == '\n' || *in->at == ';') {
		in->directive = false;
		r->last = at;
		if (*in->at == '\n')
			new_line(r);
		else
			in->at++;
		return 0;
	}
	if (is_blank(r, *in->at)) {
		in->blank = true;
		in->at++;
		return 0;
	}
	close = *in->at == '"' && rest > 1 ? memchr(in->at + 1, '"', rest - 1) : NULL;
	if (!close || memchr(in->at, '\n', (size_t)(close - in->at)))
		return kafel_reader_bad(r);
	if (!in->blank)
		return kafel_fail(r->w, KAFEL_INCLUDE_BLANK, at,
			"there must be a blank before the name of an included file");
	name = pool_copy(r->w->pool, in->at + 1, (size_t)(close - in->at) - 1);
	if (!name)
		return kafel_no_memory(r->w);
	if (strlen(name) != (size_t)(close - in->at) - 1)
		return kafel_fail(
			r->w, KAFEL_CHARACTER, at, "unexpected byte 0x00 in the name of a file");
	in->at = close + 1;
	in->blank = false;
	r->last = at;
	return include(r, at, name);
}

/* Up to where a token is, leaving included files that have ended; true when there is one. */
int kafel_reader_find(struct kafel_reader *r)
{
	static const char mark[] = "#include";

	for (;;) {
		struct kafel_input *in = kafel_input(r);
		size_t rest;

		if (in->directive) {
			TRY(directive(r));
			continue;
		}
		TRY(skip(r));
		rest = (size_t)(in->end - in->at);
		if (rest >= sizeof(mark) - 1 && !memcmp(in->at, mark, sizeof(mark) - 1)) {
			r->last = here(r);
			in->at += sizeof(mark) - 1;
			in->directive = true;
			in->blank = false;
		} else if (rest) {
			return 1;
		} else if (r->depth) {
			r->depth--;
		} else {
			return 0;
		}
	}
}

/* --- the texts --------------------------------------------------------------------------------- */

int kafel_reader_begin(
	struct kafel_reader *r, struct kafel_work *w, const struct kafel_text *texts, size_t n)
{
	struct kafel_input *in = &r->inputs[0];
	own_str struct str whole = {0};
	uint32_t line = 1;

	*r = (struct kafel_reader){.w = w, .texts = texts, .n_texts = n};
	r->first_line = pool_array(w->pool, n + 1, sizeof(*r->first_line));
	if (!r->first_line)
		return kafel_no_memory(w);
	in->line = 1;
	in->at = "";
	in->end = in->at;
	if (n == 1) {
		in->at = texts[0].data;
		in->end = in->at + texts[0].len;
		r->first_line[0] = 1;
	}
	for (size_t i = 0; n > 1 && i < n; i++) {
		r->first_line[i] = line;
		str_addn(&whole, texts[i].data, texts[i].len);
		str_addc(&whole, '\n');
		line++;
		for (size_t k = 0; k < texts[i].len; k++)
			line += texts[i].data[k] == '\n';
	}
	if (n > 1) {
		if (str_check(&whole, NULL) < 0)
			return kafel_no_memory(w);
		in->at = pool_copy(w->pool, whole.data, whole.len);
		if (!in->at)
			return kafel_no_memory(w);
		in->end = in->at + whole.len;
	}
	in->line_start = in->at;
	r->last = (struct kafel_at){n ? texts[0].file : "", {0, 0}};
	return 0;
}
