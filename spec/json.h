/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_JSON_H
#define JAILRT_JSON_H
/*
 * json: JSON in (by yajl, the only file that knows it) and out.
 *
 * The reader is stricter than yajl where RFC 8259 leaves room and a config must not: nesting is
 * limited to 128, an object may not hold a key twice, a string may not hold NUL, and the text must be
 * one value and nothing after it. Numbers go out as they are spelt, so that every uint64 survives.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../runtime/base/str.h"
#include "event.h"

/* Reads text into the sink. file is what complaints call it. */
int json_read(const char *text, size_t len, const char *file, struct sink *sink, struct err *e);

/* A sink that writes JSON to a str; indent is the number of blanks a level, 0 for a single line. */
struct json_writer {
	struct sink sink;
	struct str *out;
	unsigned indent;
	unsigned depth;
	char before; /* what the last event was: 0 nothing, '{' an opening, ':' a key, ',' a value */
};

void json_writer_init(struct json_writer *w, struct str *out, unsigned indent);

/* What a string of JSON can hold. */
bool json_is_utf8(const char *text, size_t len);

/* A JSON string with its quotes. Bytes that are not UTF-8 go through as they are. */
void json_quote(struct str *out, const char *s, size_t len);

#endif
