/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_INPUT_H
#define JAILRT_KAFEL_INPUT_H
/*
 * kafel_input: the texts of a policy and the files that they include, without blanks and comments. For
 * spec/kafel*.c only.
 *
 * An included file is spliced in between two tokens, wherever they are. Quirks of kafel's that change
 * what a text means are kept in strict mode: where comments end, and places at the end of the text.
 */
#include <stdbool.h>

#include "kafel_note.h"

enum { KAFEL_INCLUDES = 16 };

struct kafel_input {
	const char *file;
	const char *at, *end, *line_start;
	uint32_t line;
	bool directive; /* in the line of an #include */
	bool blank; /* a blank stands before, there */
};

struct kafel_reader {
	struct kafel_work *w;
	struct kafel_input inputs[KAFEL_INCLUDES + 1];
	unsigned depth; /* of the present one */
	const struct kafel_text *texts;
	uint32_t *first_line; /* of each text in the whole */
	size_t n_texts, text;
	size_t files; /* included so far */
	struct kafel_at last; /* of what was read last, also blanks and comments */
};

int kafel_reader_begin(
	struct kafel_reader *r, struct kafel_work *w, const struct kafel_text *texts, size_t n);

/* Goes to where the next token is: 1, or 0 when there is none. */
int kafel_reader_find(struct kafel_reader *r);

struct kafel_at kafel_reader_place(struct kafel_reader *r);

/* Fails for the byte where the reader is. */
int kafel_reader_bad(struct kafel_reader *r);

static inline struct kafel_input *kafel_input(struct kafel_reader *r)
{
	return &r->inputs[r->depth];
}

/* The byte some places on; NUL behind the end. */
static inline char kafel_ahead(const struct kafel_input *in, size_t n)
{
	return n < (size_t)(in->end - in->at) ? in->at[n] : '\0';
}

static inline bool kafel_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool kafel_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool kafel_is_word(char c)
{
	return kafel_is_letter(c) || kafel_is_digit(c) || c == '_';
}

#endif
