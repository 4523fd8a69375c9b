/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_TEXTPROTO_H
#define JAILRT_TEXTPROTO_H
/*
 * textproto: protobuf's text format, in and out.
 *
 * The reader takes what protobuf's own C++ parser takes and refuses what it refuses, without knowing
 * the message: which fields exist, repeat or are integers is the binder's to say (BIND_PROTO_TEXT).
 * A document is sent as one object. Integers of any base go out as decimal words, a "-" with blanks
 * after it closed up; strings go out unescaped and joined. Floats, extensions and field numbers do
 * not occur in our messages and are errors. Nesting is limited to 100.
 */
#include <stddef.h>

#include "../runtime/base/str.h"
#include "event.h"

enum { TEXTPROTO_DEPTH = 100 };

/* Reads text into the sink. file is what complaints call it. */
int textproto_read(
	const char *text, size_t len, const char *file, struct sink *sink, struct err *e);

struct textproto_level {
	char key[64];
	bool list; /* the values that come belong to this key until the list ends */
};

/*
 * A sink that writes text format to a str, a field a line, two blanks a level. A list is written as
 * its field repeated, so one without elements leaves no trace. Keys must be identifiers: text format
 * has no other way to name a field.
 */
struct textproto_writer {
	struct sink sink;
	struct str *out;
	unsigned depth;
	bool fresh; /* the last thing written is a '{' */
	struct textproto_level levels[TEXTPROTO_DEPTH + 1];
};

void textproto_writer_init(struct textproto_writer *w, struct str *out);

#endif
