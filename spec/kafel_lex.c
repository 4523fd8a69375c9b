/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_lex.h"

#include <string.h>

static bool strict(const struct kafel_lex *l)
{
	return l->w->options->strict;
}

static bool is_hex(char c)
{
	return kafel_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct keyword {
	const char *word;
	enum kafel_token_kind kind;
};

static const struct keyword keywords[] = {
	{"ALLOW", TOKEN_ALLOW},
	{"ERRNO", TOKEN_ERRNO},
	{"KILL", TOKEN_KILL},
	{"KILL_THREAD", TOKEN_KILL},
	{"DENY", TOKEN_KILL},
	{"KILL_PROCESS", TOKEN_KILL_PROCESS},
	{"LOG", TOKEN_LOG},
	{"TRAP", TOKEN_TRAP},
	{"TRACE", TOKEN_TRACE},
	{"USER_NOTIF", TOKEN_USER_NOTIF},
	{"SYSCALL", TOKEN_SYSCALL},
	{"USE", TOKEN_USE},
	{"POLICY", TOKEN_POLICY},
	{"DEFAULT", TOKEN_DEFAULT},
	{"ON", TOKEN_ON},
	{"define", TOKEN_DEFINE},
};

static void word(struct kafel_lex *l)
{
	struct kafel_input *in = kafel_input(&l->reader);
	struct kafel_token *t = &l->token;

	t->kind = TOKEN_NAME;
	while (kafel_is_word(kafel_ahead(in, t->len)))
		t->len++;
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		const char *k = keywords[i].word;

		if (t->s[0] == k[0] && strlen(k) == t->len && !memcmp(t->s, k, t->len))
			t->kind = keywords[i].kind;
	}
}

static int number(struct kafel_lex *l)
{
	struct kafel_input *in = kafel_input(&l->reader);
	struct kafel_token *t = &l->token;
	unsigned base = 10;
	size_t i = 0;

	t->kind = TOKEN_NUMBER;
	t->negative = *in->at == '-';
	if (t->negative)
		i = 1;
	if (kafel_ahead(in, 0) == '0' && kafel_ahead(in, 1) == 'x' && is_hex(kafel_ahead(in, 2)))
		base = 16;
	else if (kafel_ahead(in, 0) == '0' && kafel_ahead(in, 1) == 'b' &&
		 (kafel_ahead(in, 2) | 1) == '1')
		base = 2;
	else if (kafel_ahead(in, 0) == '0' && kafel_is_digit(kafel_ahead(in, 1)))
		base = 8;
	i += base == 8 ? 1 : base == 10 ? 0 : 2;
	for (bool ended = false;; i++) {
		char c = kafel_ahead(in, i);
		unsigned d = kafel_is_digit(c) ? (unsigned)(c - '0')
					       : (unsigned)((c | 0x20) - 'a') + 10;

		if (base == 16 ? !is_hex(c) : !kafel_is_digit(c) || (base == 2 && d > 1))
			break;
		if (d >= base && !strict(l))
			return kafel_fail(l->w, KAFEL_NUMBER, t->at,
				"a number that begins with 0 is octal: it has no digit %u", d);
		/* As strtoull: the value ends before an 8, the token does not. */
		ended = ended || d >= base;
		if (!ended && __builtin_mul_overflow(t->number, (uint64_t)base, &t->number))
			goto range;
		if (!ended && __builtin_add_overflow(t->number, (uint64_t)d, &t->number))
			goto range;
	}
	t->len = i;
	if (t->negative)
		t->number = -t->number;
	return 0;

range:
	return kafel_fail(l->w, KAFEL_NUMBER, t->at, "the number does not fit in 64 bits");
}

struct pair {
	char text[2];
	enum kafel_token_kind kind;
};

static int sign(struct kafel_lex *l)
{
	static const struct pair pairs[] = {
		{"==", TOKEN_EQ},
		{"!=", TOKEN_NE},
		{"<=", TOKEN_LE},
		{">=", TOKEN_GE},
		{"&&", TOKEN_BOTH},
		{"||", TOKEN_EITHER},
	};
	struct kafel_input *in = kafel_input(&l->reader);
	struct kafel_token *t = &l->token;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (t->s[0] == pairs[i].text[0] && kafel_ahead(in, 1) == pairs[i].text[1]) {
			t->kind = pairs[i].kind;
			t->len = 2;
			return 0;
		}
	}
	if (!t->s[0] || !strchr("<>&|!(){}[],#", t->s[0]))
		return kafel_reader_bad(&l->reader);
	t->kind = TOKEN_LETTER;
	t->letter = t->s[0];
	t->len = 1;
	return 0;
}

int kafel_lex_next(struct kafel_lex *l)
{
	int found = TRY(kafel_reader_find(&l->reader));
	struct kafel_input *in = kafel_input(&l->reader);
	struct kafel_token *t = &l->token;
	char c;

	*t = (struct kafel_token){.at = kafel_reader_place(&l->reader), .s = in->at};
	if (!found) {
		if (strict(l))
			t->at = l->reader.last;
		return 0;
	}
	c = *in->at;
	if (kafel_is_letter(c) || (c == '_' && !strict(l)))
		word(l);
	else if (kafel_is_digit(c) ||
		 (c == '-' && kafel_is_digit(kafel_ahead(in, 1)) && kafel_ahead(in, 1) != '0'))
		TRY(number(l));
	else
		TRY(sign(l));
	l->reader.last = t->at;
	in->at += t->len;
	return 0;
}

int kafel_lex_begin(
	struct kafel_lex *l, struct kafel_work *w, const struct kafel_text *texts, size_t n)
{
	*l = (struct kafel_lex){.w = w};
	TRY(kafel_reader_begin(&l->reader, w, texts, n));
	return kafel_lex_next(l);
}

int kafel_lex_unexpected(struct kafel_lex *l, const char *wanted)
{
	const struct kafel_token *t = &l->token;

	if (t->kind == TOKEN_END)
		return kafel_fail(l->w, KAFEL_SYNTAX, t->at,
			"expected %s, found the end of the text", wanted);
	return kafel_fail(l->w, KAFEL_SYNTAX, t->at, "expected %s, found '%.*s'", wanted,
		t->len > 60 ? 60 : (int)t->len, t->s);
}

int kafel_lex_expect(struct kafel_lex *l, char letter, const char *wanted)
{
	return kafel_lex_is(l, letter) ? kafel_lex_next(l) : kafel_lex_unexpected(l, wanted);
}

int kafel_lex_name(struct kafel_lex *l, const char **ret)
{
	*ret = pool_copy(l->w->pool, l->token.s, l->token.len);
	return *ret ? 0 : kafel_no_memory(l->w);
}
