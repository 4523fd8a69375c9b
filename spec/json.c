/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { DEPTH_MOST = 128 };

/*
 * The keys of the objects that are open, innermost last, also chained by their hash: what an object
 * brought goes off the end again when it closes. An object is known by its number.
 */
struct key {
	uint32_t next, slot; /* next: index + 1 in the chain; 0 ends it */
	size_t name, len; /* in names */
	unsigned object;
};

struct reader {
	struct sink *sink;
	struct err *e;
	const char *text, *file;
	size_t len;
	size_t from; /* the end of the token before: the next one starts after blanks, ':', ',' */
	size_t line_start; /* offset of the first byte of the current line */
	size_t counted; /* up to where lines are counted */
	unsigned line;
	unsigned depth, objects, open[DEPTH_MOST];
	struct key *keys;
	size_t n;
	struct str names;
	uint32_t chains[1024];
	bool failed;
	yajl_handle yajl;
};

/* Where the current token starts. Lines are counted once, front to back. */
static struct place token_place(struct reader *r)
{
	size_t at = r->from;

	while (at < r->len && strchr(" \t\r\n:,", r->text[at]) && r->text[at])
		at++;
	for (const char *nl; r->counted < at; r->counted = (size_t)(nl - r->text) + 1) {
		nl = memchr(r->text + r->counted, '\n', at - r->counted);
		if (!nl) {
			r->counted = at;
			break;
		}
		r->line++;
		r->line_start = (size_t)(nl - r->text) + 1;
	}
	r->from = yajl_get_bytes_consumed(r->yajl);
	return (struct place){r->line, (uint32_t)(at - r->line_start) + 1};
}

static int refuse(struct reader *r, struct place at, const char *why)
{
	err_set(r->e, EINVAL, "%s:%u:%u: %s", r->file, at.line, at.column, why);
	r->failed = true;
	return 0;
}

static int send(struct reader *r, enum event_kind kind, const char *s, size_t len)
{
	struct event ev = {.kind = kind, .at = token_place(r), .s = s, .len = len};

	if (r->sink->take(r->sink, &ev, r->e) < 0)
		r->failed = true;
	return !r->failed;
}

/* Stricter than yajl: no longer forms than need be, no surrogates, nothing above U+10FFFF. */
bool json_is_utf8(const char *text, size_t len)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;

	for (const unsigned char *end = s + len; s < end;) {
		unsigned more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
		uint32_t c = more ? *s & (0x3fu >> more) : *s;

		if ((size_t)(end - s) <= more || (*s >= 0x80 && *s < 0xc0) || *s >= 0xf8)
			return false;
		for (unsigned i = 1; i <= more; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (s[i] & 0x3f);
		}
		if (c < least[more] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
			return false;
		s += more + 1;
	}
	return true;
}

/* yajl's strings lie in its buffer without a NUL after them. */
static int send_copy(struct reader *r, enum event_kind kind, const unsigned char *s, size_t len)
{
	char small[256], *copy = small;
	own_free char *large = NULL;

	if (len >= sizeof(small))
		copy = large = malloc(len + 1);
	if (!copy) {
		err_memory(r->e);
		r->failed = true;
		return 0;
	}
	memcpy(copy, s, len);
	copy[len] = '\0';
	if (kind != EVENT_WORD && memchr(copy, '\0', len))
		return refuse(r, token_place(r), "a string holds a NUL");
	if (!json_is_utf8((const char *)s, len))
		return refuse(r, token_place(r), "a string is no UTF-8");
	return send(r, kind, copy, len);
}

static int on_null(void *ctx)
{
	return send(ctx, EVENT_WORD, "null", 4);
}

static int on_boolean(void *ctx, int v)
{
	return send(ctx, EVENT_WORD, v ? "true" : "false", v ? 4 : 5);
}

static int on_number(void *ctx, const char *s, size_t len)
{
	return send_copy(ctx, EVENT_WORD, (const unsigned char *)s, len);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	return send_copy(ctx, EVENT_TEXT, s, len);
}

static uint32_t hash_key(const unsigned char *s, size_t len, unsigned object)
{
	uint32_t h = 2166136261u ^ object * 2654435761u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool known_key(const struct reader *r, uint32_t slot, const unsigned char *s, size_t len)
{
	unsigned object = r->open[r->depth - 1];

	for (uint32_t i = r->chains[slot]; i; i = r->keys[i - 1].next) {
		const struct key *k = &r->keys[i - 1];

		if (k->object == object && k->len == len &&
			!memcmp(r->names.data + k->name, s, len))
			return true;
	}
	return false;
}

static int add_key(struct reader *r, uint32_t slot, const unsigned char *s, size_t len)
{
	if ((r->n & (r->n - 1)) == 0 && (r->n >= 64 || !r->n)) {
		struct key *keys = realloc(r->keys, (r->n ? r->n * 2 : 64) * sizeof(*keys));

		if (!keys)
			return err_memory(r->e);
		r->keys = keys;
	}
	r->keys[r->n++] = (struct key){
		r->chains[slot], slot, r->names.len, len, r->open[r->depth - 1]};
	r->chains[slot] = (uint32_t)r->n;
	str_addn(&r->names, (const char *)s, len);
	return str_check(&r->names, r->e);
}

static void drop_keys(struct reader *r)
{
	unsigned object = r->open[--r->depth];

	while (r->n && r->keys[r->n - 1].object == object) {
		const struct key *k = &r->keys[--r->n];

		r->chains[k->slot] = k->next;
		r->names.len = k->name;
	}
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	uint32_t slot = hash_key(s, len, r->open[r->depth - 1]) % ARRAY_LEN(r->chains);

	if (known_key(r, slot, s, len))
		return refuse(r, token_place(r), "a key is given twice");
	if (add_key(r, slot, s, len) < 0) {
		r->failed = true;
		return 0;
	}
	return send_copy(r, EVENT_KEY, s, len);
}

static int enter(struct reader *r, enum event_kind kind)
{
	if (r->depth == DEPTH_MOST)
		return refuse(r, token_place(r), "nested deeper than 128");
	r->open[r->depth++] = ++r->objects;
	return send(r, kind, "", 0);
}

static int on_map(void *ctx)
{
	return enter(ctx, EVENT_OBJECT);
}

static int on_array(void *ctx)
{
	return enter(ctx, EVENT_LIST);
}

static int on_map_end(void *ctx)
{
	drop_keys(ctx);
	return send(ctx, EVENT_OBJECT_END, "", 0);
}

static int on_array_end(void *ctx)
{
	drop_keys(ctx);
	return send(ctx, EVENT_LIST_END, "", 0);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_map_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

static int syntax_error(struct reader *r)
{
	unsigned char *words = yajl_get_error(r->yajl, 0, (const unsigned char *)r->text, r->len);
	const char *text = words ? (const char *)words : "cannot be read";
	size_t used = yajl_get_bytes_consumed(r->yajl);
	struct place at;

	/* yajl stops behind the character that it cannot use. */
	r->from = used ? used - 1 : 0;
	if (r->from > r->len)
		r->from = r->len;
	if (r->from < r->counted)
		r->from = r->counted;
	at = token_place(r);
	err_set(r->e, EINVAL, "%s:%u:%u: not JSON: %.*s", r->file, at.line, at.column,
		(int)strcspn(text, "\n"), text);
	if (words)
		yajl_free_error(r->yajl, words);
	return -EINVAL;
}

static int parse(struct reader *r)
{
	yajl_status status = yajl_parse(r->yajl, (const unsigned char *)r->text, r->len);

	if (status == yajl_status_ok)
		status = yajl_complete_parse(r->yajl);
	if (r->failed)
		return r->e ? -r->e->code : -EINVAL;
	return status == yajl_status_ok ? 0 : syntax_error(r);
}

int json_read(const char *text, size_t len, const char *file, struct sink *sink, struct err *e)
{
	struct err spare;
	struct reader *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return err_memory(e);
	r->sink = sink;
	r->e = e ? e : &spare;
	r->text = text;
	r->file = file ? file : "(text)";
	r->len = len;
	r->line = 1;
	r->yajl = yajl_alloc(&callbacks, NULL, r);
	ret = r->yajl ? parse(r) : err_memory(e);
	if (r->yajl)
		yajl_free(r->yajl);
	free(r->keys);
	str_done(&r->names);
	free(r);
	return ret;
}

/* --- out ------------------------------------------------------------------------------------- */

void json_quote(struct str *out, const char *s, size_t len)
{
	size_t from = 0;

	str_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		str_addn(out, s + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			str_addf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else
			str_addf(out, "\\u%04x", c);
	}
	str_addn(out, s + from, len - from);
	str_addc(out, '"');
}

static void quote_base64(struct str *out, const char *s, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	str_addc(out, '"');
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)s[i] << 16;

		if (i + 1 < len)
			v |= (uint32_t)(unsigned char)s[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)s[i + 2];
		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, i + 1 < len ? digits[v >> 6 & 63] : '=');
		str_addc(out, i + 2 < len ? digits[v & 63] : '=');
	}
	str_addc(out, '"');
}

static void new_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	str_addc(w->out, '\n');
	for (unsigned i = 0; i < w->depth * w->indent; i++)
		str_addc(w->out, ' ');
}

static void put_value(struct json_writer *w, const struct event *ev)
{
	if (ev->kind == EVENT_TEXT || ev->kind == EVENT_NAME)
		json_quote(w->out, ev->s, ev->len);
	else if (ev->kind == EVENT_BYTES)
		quote_base64(w->out, ev->s, ev->len);
	else if (ev->kind == EVENT_WORD)
		str_addn(w->out, ev->s, ev->len);
}

static int writer_take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct json_writer *w = (struct json_writer *)sink;
	bool opens = ev->kind == EVENT_OBJECT || ev->kind == EVENT_LIST;
	bool closes = ev->kind == EVENT_OBJECT_END || ev->kind == EVENT_LIST_END;

	if (closes) {
		w->depth--;
		if (w->before != '{')
			new_line(w);
		str_addc(w->out, ev->kind == EVENT_OBJECT_END ? '}' : ']');
		w->before = ',';
		return str_check(w->out, e);
	}
	if (w->before == ',')
		str_addc(w->out, ',');
	if (w->before == ',' || w->before == '{')
		new_line(w);
	if (ev->kind == EVENT_KEY) {
		json_quote(w->out, ev->s, ev->len);
		str_add(w->out, w->indent ? ": " : ":");
		w->before = ':';
	} else if (opens) {
		str_addc(w->out, ev->kind == EVENT_OBJECT ? '{' : '[');
		w->depth++;
		w->before = '{';
	} else {
		put_value(w, ev);
		w->before = ',';
	}
	return str_check(w->out, e);
}

void json_writer_init(struct json_writer *w, struct str *out, unsigned indent)
{
	*w = (struct json_writer){.sink.take = writer_take, .out = out, .indent = indent};
}
