/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_EVENT_H
#define JAILRT_EVENT_H
/*
 * event: the one narrow door between a document's text and its struct.
 *
 * A source (JSON, textproto, argv, a walk over a struct) sends a document to a sink (the binder, a
 * writer) as a flat sequence of events. A document is one object. Every event says where it comes
 * from, so that every complaint can.
 */
#include <stddef.h>
#include <stdint.h>

#include "../runtime/base/err.h"

/* 1-based; line 0: not from a file (column then is an argv index, or 0 for nowhere). */
struct place {
	uint32_t line, column;
};

enum event_kind {
	EVENT_KEY, /* s: the name of what follows */
	EVENT_WORD, /* s: bare: a decimal number, true, false, null; or an identifier */
	EVENT_TEXT, /* s, len: a quoted string, unescaped; never with a NUL in JSON */
	EVENT_NAME, /* s: the name of an enumerated value (sent by a walk) */
	EVENT_BYTES, /* s, len: any bytes (sent by a walk) */
	EVENT_OBJECT,
	EVENT_OBJECT_END,
	EVENT_LIST,
	EVENT_LIST_END,
};

struct event {
	enum event_kind kind;
	struct place at;
	const char *s; /* ends with NUL; valid during the call only */
	size_t len;
};

/* take returns 0, or -errno with the words, and is not called again after a failure. */
struct sink {
	int (*take)(struct sink *sink, const struct event *ev, struct err *e);
};

int event_send(
	struct sink *sink, enum event_kind kind, const char *s, struct place at, struct err *e);

#endif
