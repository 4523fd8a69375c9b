/* SPDX-License-Identifier: Apache-2.0 */
#include "textproto.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"

struct reader {
	struct sink *sink;
	struct err *e;
	const char *file;
	const char *at, *end;
	const char *line_start;
	uint32_t line;
	unsigned depth;
	struct str text; /* of the token that is being sent */
};

/* Strings do not span lines, so that lines end in blanks only and this is right for every token. */
static struct place here(const struct reader *r)
{
	return (struct place){r->line, (uint32_t)(r->at - r->line_start) + 1};
}

static int fail(struct reader *r, struct place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct reader *r, struct place at, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	fmt_vput(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(r->e, EINVAL, "%s:%u:%u: %s", r->file, at.line, at.column, text);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* The length of the letters, digits and, when points is true, points at the cursor. */
static size_t word_length(const struct reader *r, bool points)
{
	const char *p = r->at;

	while (p < r->end && (is_letter(*p) || is_digit(*p) || (points && *p == '.')))
		p++;
	return (size_t)(p - r->at);
}

/* "expected ':', found 'x'" */
static int unexpected(struct reader *r, const char *wanted)
{
	int n = (int)word_length(r, true);
	unsigned char c;

	if (r->at == r->end)
		return fail(r, here(r), "expected %s, found the end of the file", wanted);
	c = (unsigned char)*r->at;
	if (n > 40 || !n)
		n = n ? 40 : 1;
	if (c == '/')
		return fail(r, here(r), "expected %s, found '/' (comments begin with '#')", wanted);
	if (c < ' ' || c >= 0x7f)
		return fail(r, here(r), "expected %s, found the byte 0x%02x", wanted, c);
	return fail(r, here(r), "expected %s, found '%.*s'", wanted, n, r->at);
}

static void skip_blanks(struct reader *r)
{
	for (; r->at < r->end; r->at++) {
		if (*r->at == '#') {
			const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));

			r->at = nl ? nl : r->end;
			if (!nl)
				return;
		}
		if (*r->at == '\n') {
			r->line++;
			r->line_start = r->at + 1;
		} else if (!strchr(" \t\r\v\f", *r->at)) {
			return;
		}
	}
}

/* The next byte that is not blank; NUL at the end, where else there is none. */
static char peek(struct reader *r)
{
	skip_blanks(r);
	return r->at < r->end ? *r->at : '\0';
}

static bool eat(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static int send(struct reader *r, enum event_kind kind, struct place at)
{
	return event_send(r->sink, kind, NULL, at, r->e);
}

static int send_text(struct reader *r, enum event_kind kind, struct place at)
{
	struct event ev = {.kind = kind, .at = at, .s = str_text(&r->text), .len = r->text.len};

	TRY(str_check(&r->text, r->e));
	return r->sink->take(r->sink, &ev, r->e);
}

static int send_word(struct reader *r, enum event_kind kind)
{
	struct place at = here(r);
	size_t n = word_length(r, false);

	r->text.len = 0;
	str_addn(&r->text, r->at, n);
	r->at += n;
	return send_text(r, kind, at);
}

/* --- numbers --------------------------------------------------------------------------------- */

/* The value of "0x1f" or "017": 0, -EINVAL or -ERANGE. */
static int read_based(const char *s, size_t n, uint64_t *ret)
{
	bool hex = n > 1 && (s[1] | 0x20) == 'x';
	uint64_t v = 0;

	if (hex && n == 2)
		return -EINVAL;
	for (size_t i = hex ? 2 : 0; i < n; i++) {
		int d = hex_digit(s[i]);

		if (d < 0 || (!hex && d > 7))
			return -EINVAL;
	}
	for (size_t i = hex ? 2 : 0; i < n; i++) {
		if (v >> (hex ? 60 : 61))
			return -ERANGE;
		v = (v << (hex ? 4 : 3)) | (uint64_t)hex_digit(s[i]);
	}
	*ret = v;
	return 0;
}

static int read_number(struct reader *r)
{
	struct place at = here(r);
	bool minus = eat(r, '-');
	char first = peek(r);
	uint64_t v;
	size_t n;
	int code;

	r->text.len = 0;
	if (minus)
		str_addc(&r->text, '-');
	if (!is_digit(first) && first != '.')
		return unexpected(r, "a number");
	n = word_length(r, true);
	if (first == '0') {
		code = read_based(r->at, n, &v);
		if (!code)
			str_addf(&r->text, "%llu", (unsigned long long)v);
	} else {
		code = 0;
		for (size_t i = 0; i < n; i++)
			code = is_digit(r->at[i]) ? code : -EINVAL;
		str_addn(&r->text, r->at, n);
	}
	if (code)
		return fail(r, here(r), "%.*s%s", n > 40 ? 40 : (int)n, r->at,
			code == -ERANGE ? " is larger than 64 bits hold"
					: ": expected a whole number, without point or suffix");
	r->at += n;
	return send_text(r, EVENT_WORD, at);
}

/* --- strings --------------------------------------------------------------------------------- */

static void add_utf8(struct str *s, uint32_t c)
{
	if (c < 0x80) {
		str_addc(s, (char)c);
		return;
	}
	if (c < 0x800) {
		str_addc(s, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			str_addc(s, (char)(0xe0 | c >> 12));
		} else {
			str_addc(s, (char)(0xf0 | c >> 18));
			str_addc(s, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		str_addc(s, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	str_addc(s, (char)(0x80 | (c & 0x3f)));
}

/* Up to most digits of a base at the cursor, which moves behind them; returns how many. */
static unsigned take_digits(struct reader *r, int base, unsigned most, uint32_t *ret)
{
	unsigned n = 0;

	for (*ret = 0; n < most && r->at < r->end; n++, r->at++) {
		int d = hex_digit(*r->at);

		if (d < 0 || d >= base)
			break;
		*ret = *ret * (unsigned)base + (unsigned)d;
	}
	return n;
}

/* The low half of a surrogate pair, when one is spelt at the cursor; else 0, and nothing moves. */
static uint32_t take_low_surrogate(struct reader *r)
{
	const char *from = r->at;
	uint32_t c;

	if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
		return 0;
	r->at += 2;
	if (take_digits(r, 16, 4, &c) == 4 && c >= 0xdc00 && c < 0xe000)
		return c;
	r->at = from;
	return 0;
}

/* Behind \u or \U. */
static int read_code_point(struct reader *r, struct place at, unsigned digits)
{
	uint32_t c, low;

	if (take_digits(r, 16, digits, &c) < digits)
		return fail(r, at, "expected %u hexadecimal digits after \\%c", digits,
			digits == 4 ? 'u' : 'U');
	if (c > 0x10ffff)
		return fail(r, at, "there is no character 0x%x", c);
	low = c >= 0xd800 && c < 0xdc00 ? take_low_surrogate(r) : 0;
	add_utf8(&r->text, low ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : c);
	return 0;
}

static int read_escape(struct reader *r)
{
	static const char names[] = "abfnrtv\\'\"?", values[] = "\a\b\f\n\r\t\v\\'\"?";
	struct place at = here(r);
	char c = r->end - r->at > 1 ? r->at[1] : '\0';
	const char *name = c ? strchr(names, c) : NULL;
	uint32_t v;

	r->at++;
	if (take_digits(r, 8, 3, &v)) {
		str_addc(&r->text,
			(char)v); /* \400 and above lose their ninth bit, as in protobuf */
		return 0;
	}
	r->at += c != '\0';
	if (name) {
		str_addc(&r->text, values[name - names]);
		return 0;
	}
	if (c == 'u' || c == 'U')
		return read_code_point(r, at, c == 'u' ? 4 : 8);
	if (c != 'x')
		return fail(r, at, "unknown escape in a string (a backslash is written \\\\)");
	if (!take_digits(r, 16, 2, &v))
		return fail(r, at, "expected hexadecimal digits after \\x");
	str_addc(&r->text, (char)v);
	return 0;
}

static int read_literal(struct reader *r)
{
	struct place at = here(r);
	char quote = *r->at++;
	const char *from = r->at;

	while (r->at < r->end && *r->at != quote && *r->at != '\n') {
		if (*r->at != '\\') {
			r->at++;
			continue;
		}
		str_addn(&r->text, from, (size_t)(r->at - from));
		TRY(read_escape(r));
		from = r->at;
	}
	if (r->at == r->end || *r->at == '\n')
		return fail(r, at, "the string does not end on its line");
	str_addn(&r->text, from, (size_t)(r->at - from));
	r->at++;
	return 0;
}

static int read_string(struct reader *r)
{
	struct place at = here(r);

	r->text.len = 0;
	do
		TRY(read_literal(r));
	while (peek(r) == '"' || peek(r) == '\'');
	return send_text(r, EVENT_TEXT, at);
}

/* --- fields ---------------------------------------------------------------------------------- */

static int read_field(struct reader *r, char close);

/* Up to the closing bracket, or to the end of the file when close is NUL. */
static int read_fields(struct reader *r, char close)
{
	while (peek(r) != close)
		TRY(read_field(r, close));
	return 0;
}

static int read_message(struct reader *r)
{
	char close = *r->at == '{' ? '}' : '>';

	if (r->depth == TEXTPROTO_DEPTH)
		return fail(r, here(r), "nested deeper than %d", TEXTPROTO_DEPTH);
	TRY(send(r, EVENT_OBJECT, here(r)));
	r->at++;
	r->depth++;
	TRY(read_fields(r, close));
	TRY(send(r, EVENT_OBJECT_END, here(r)));
	r->at++;
	r->depth--;
	return 0;
}

static int read_scalar(struct reader *r)
{
	char c = peek(r);

	if (c == '"' || c == '\'')
		return read_string(r);
	if (is_digit(c) || c == '-' || c == '.')
		return read_number(r);
	return is_letter(c) ? send_word(r, EVENT_WORD) : unexpected(r, "a value");
}

static int read_list(struct reader *r, bool colon)
{
	struct place at = here(r);
	char c;

	TRY(send(r, EVENT_LIST, at));
	r->at++;
	if (peek(r) != ']') {
		do {
			c = peek(r);
			if (c != '{' && c != '<' && c != ']' && !colon)
				return fail(r, at, "expected ':' before a list of values");
			TRY(c == '{' || c == '<' ? read_message(r) : read_scalar(r));
		} while (eat(r, ','));
	}
	if (peek(r) != ']')
		return unexpected(r, "',' or ']'");
	TRY(send(r, EVENT_LIST_END, here(r)));
	r->at++;
	return 0;
}

static int read_field(struct reader *r, char close)
{
	char wanted[] = "a field name or '}'";
	bool colon;
	char c;

	if (!is_letter(peek(r))) {
		wanted[sizeof(wanted) - 3] = close;
		return unexpected(r, close ? wanted : "a field name");
	}
	TRY(send_word(r, EVENT_KEY));
	colon = eat(r, ':');
	c = peek(r);
	if (c == '{' || c == '<')
		TRY(read_message(r));
	else if (c == '[')
		TRY(read_list(r, colon));
	else if (colon)
		TRY(read_scalar(r));
	else
		return unexpected(r, "':'");
	if (!eat(r, ','))
		eat(r, ';');
	return 0;
}

static int read_document(struct reader *r)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *nul = memchr(r->at, '\0', (size_t)(r->end - r->at));

	if (r->end - r->at >= 3 && !memcmp(r->at, mark, 3))
		return fail(r, here(r), "begins with a byte order mark: save it without");
	if (nul) {
		for (const char *nl; (nl = memchr(r->at, '\n', (size_t)(nul - r->at))); r->line++)
			r->at = r->line_start = nl + 1;
		r->at = nul;
		return fail(r, here(r), "a NUL byte: not a text file");
	}
	TRY(send(r, EVENT_OBJECT, here(r)));
	TRY(read_fields(r, '\0'));
	return send(r, EVENT_OBJECT_END, here(r));
}

int textproto_read(const char *text, size_t len, const char *file, struct sink *sink, struct err *e)
{
	struct err spare;
	struct reader r = {
		.sink = sink,
		.e = e ? e : &spare,
		.file = file ? file : "(text)",
		.at = text,
		.end = text + len,
		.line_start = text,
		.line = 1,
	};
	int ret = read_document(&r);

	str_done(&r.text);
	return ret;
}

/* --- out ------------------------------------------------------------------------------------- */

/* Octal always takes three digits here: a shorter one would swallow a digit that follows. */
static void quote(struct str *out, const char *s, size_t len, bool bytes)
{
	size_t from = 0;

	str_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f && (c < 0x80 || !bytes))
			continue;
		str_addn(out, s + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			str_addf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else
			str_addf(out, "\\%03o", c);
	}
	str_addn(out, s + from, len - from);
	str_addc(out, '"');
}

static struct textproto_level *level(struct textproto_writer *w)
{
	return &w->levels[w->depth];
}

static void new_line(struct textproto_writer *w)
{
	if (w->fresh)
		str_addc(w->out, '\n');
	w->fresh = false;
	for (unsigned i = 0; i < w->depth; i++)
		str_add(w->out, "  ");
}

static int take_key(struct textproto_writer *w, const struct event *ev, struct err *e)
{
	bool good = ev->len && is_letter(ev->s[0]) && ev->len < sizeof(level(w)->key);

	for (size_t i = 0; good && i < ev->len; i++)
		good = is_letter(ev->s[i]) || is_digit(ev->s[i]);
	if (!good)
		return err_set(e, EINVAL, "'%.100s' cannot name a field in text format", ev->s);
	memcpy(level(w)->key, ev->s, ev->len + 1);
	return 0;
}

static int take_object(struct textproto_writer *w, struct err *e)
{
	if (!w->depth && !level(w)->key[0])
		return 0; /* the document itself has no braces */
	if (w->depth == TEXTPROTO_DEPTH)
		return err_set(e, EINVAL, "nested deeper than %d", TEXTPROTO_DEPTH);
	new_line(w);
	str_addf(w->out, "%s {", level(w)->key);
	w->fresh = true;
	w->depth++;
	*level(w) = (struct textproto_level){0};
	return 0;
}

static void take_object_end(struct textproto_writer *w)
{
	if (!w->depth)
		return;
	w->depth--;
	if (!w->fresh)
		new_line(w);
	w->fresh = false;
	str_add(w->out, "}\n");
}

static int take_scalar(struct textproto_writer *w, const struct event *ev, struct err *e)
{
	if (ev->kind == EVENT_NAME && !ev->len)
		return err_set(e, EINVAL, "%s has a value without a name", level(w)->key);
	new_line(w);
	str_addf(w->out, "%s: ", level(w)->key);
	if (ev->kind == EVENT_TEXT || ev->kind == EVENT_BYTES)
		quote(w->out, ev->s, ev->len, ev->kind == EVENT_BYTES);
	else
		str_addn(w->out, ev->s, ev->len);
	str_addc(w->out, '\n');
	return 0;
}

static int writer_take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct textproto_writer *w = (struct textproto_writer *)sink;

	switch (ev->kind) {
	case EVENT_KEY:
		return take_key(w, ev, e);
	case EVENT_OBJECT:
		TRY(take_object(w, e));
		break;
	case EVENT_OBJECT_END:
		take_object_end(w);
		break;
	case EVENT_LIST:
		if (level(w)->list)
			return err_set(e, EINVAL, "text format has no lists of lists");
		level(w)->list = true;
		break;
	case EVENT_LIST_END:
		level(w)->list = false;
		break;
	default:
		TRY(take_scalar(w, ev, e));
	}
	return str_check(w->out, e);
}

void textproto_writer_init(struct textproto_writer *w, struct str *out)
{
	w->sink.take = writer_take;
	w->out = out;
	w->depth = 0;
	w->fresh = false;
	w->levels[0] = (struct textproto_level){0};
}
