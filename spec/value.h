/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_VALUE_H
#define JAILRT_VALUE_H
/*
 * value: one value, from the event that carries it to the C type of its row.
 *
 * Types, bounds, names and encodings are checked here; the words of a failure say what was expected
 * and what was found, without a place: the binder adds it.
 */
#include "event.h"
#include "field.h"

/* What the dialects differ in. */
enum bind_rules {
	BIND_REPEAT = 1, /* a list may be given an element a time (textproto) */
	BIND_WORD_ENUMS = 2, /* enumerated values are bare words or numbers (textproto) */
	BIND_TEXT_NUMBERS = 4, /* integers may be quoted, enums may be numbers (protobuf's JSON) */
	BIND_BASE64 = 8, /* bytes are in base64 (JSON) */
	BIND_CAMEL = 16, /* keys may be in lowerCamelCase (protobuf's JSON) */
	BIND_LOOSE_BOOLS = 32, /* True t 1 False f 0 too (textproto, arguments) */
	BIND_STRICT = 64, /* unknown keys are errors in open tables too */
	BIND_NULL = 128, /* null is as good as absent (JSON, as Go reads it) */

	BIND_OCI = BIND_BASE64 | BIND_NULL,
	BIND_PROTO_TEXT = BIND_REPEAT | BIND_WORD_ENUMS | BIND_LOOSE_BOOLS,
	BIND_PROTO_JSON = BIND_TEXT_NUMBERS | BIND_BASE64 | BIND_CAMEL | BIND_NULL,
	BIND_ARGUMENT = BIND_TEXT_NUMBERS | BIND_LOOSE_BOOLS,
};

/*
 * Stores a scalar, a text or one element of a list in the row's member of the object, and marks it as
 * present.
 */
int value_store(const struct field *f, void *object, const struct event *ev, unsigned rules,
	struct pool *pool, struct err *e);

/* One pair of a map; key and value are kept, not copied; either may be NULL for out of memory. */
int value_add_pair(const struct field *f, void *object, const char *key, const char *value,
	struct pool *pool, struct err *e);

/* "expected an integer, found a string"; returns -EINVAL. */
int value_mismatch(const struct field *f, const struct event *ev, struct err *e);

/* "a string", "a list": what an event brings. */
const char *value_form(enum event_kind kind);

#endif
