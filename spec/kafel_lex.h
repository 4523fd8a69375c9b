/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_LEX_H
#define JAILRT_KAFEL_LEX_H
/*
 * kafel_lex: policy texts as tokens. For spec/kafel*.c only.
 *
 * Strict mode keeps that in an octal number the digits 8 and 9 end the value, but not the token.
 */
#include "kafel_input.h"

enum kafel_token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_NUMBER,
	/* keywords */
	TOKEN_SYSCALL,
	TOKEN_ALLOW,
	TOKEN_LOG,
	TOKEN_USER_NOTIF,
	TOKEN_ERRNO,
	TOKEN_KILL,
	TOKEN_KILL_PROCESS,
	TOKEN_TRAP,
	TOKEN_TRACE,
	TOKEN_USE,
	TOKEN_POLICY,
	TOKEN_DEFAULT,
	TOKEN_ON,
	TOKEN_DEFINE,
	/* of two letters; all others are their letter */
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LE,
	TOKEN_GE,
	TOKEN_BOTH,
	TOKEN_EITHER,
	TOKEN_LETTER,
};

struct kafel_token {
	enum kafel_token_kind kind;
	char letter;
	struct kafel_at at;
	const char *s; /* as it stands in the text, len bytes */
	size_t len;
	uint64_t number;
	bool negative; /* was written with a '-' */
};

struct kafel_lex {
	struct kafel_reader reader;
	struct kafel_work *w;
	struct kafel_token token; /* the present one */
};

/* Takes the first token. */
int kafel_lex_begin(
	struct kafel_lex *l, struct kafel_work *w, const struct kafel_text *texts, size_t n);

/* The next token into l->token. */
int kafel_lex_next(struct kafel_lex *l);

/* A sign of one letter is here. */
static inline bool kafel_lex_is(const struct kafel_lex *l, char letter)
{
	return l->token.kind == TOKEN_LETTER && l->token.letter == letter;
}

/* Fails: "unexpected 'x', expected …". */
int kafel_lex_unexpected(struct kafel_lex *l, const char *wanted);

/* Goes past the sign, or fails. */
int kafel_lex_expect(struct kafel_lex *l, char letter, const char *wanted);

/* The name that is here, on the pool. */
int kafel_lex_name(struct kafel_lex *l, const char **ret);

#endif
