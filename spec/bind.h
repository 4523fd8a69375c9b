/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_BIND_H
#define JAILRT_BIND_H
/*
 * bind: the sink that fills a struct from events, by its table.
 *
 * It knows types, bounds, required keys, unknown and doubled keys and misspellings, and notes where
 * each value came from. It has no opinion on what a value means. All memory comes from the pool of
 * the document; after a failure the struct is half filled and only good for being freed.
 */
#include "event.h"
#include "field.h"
#include "origin.h"

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

enum { BIND_DEPTH = 128 };

struct bind_frame {
	const struct table *table; /* NULL: the inside of a map; row then is the map's */
	void *object;
	const struct field *row; /* whose value comes next, or whose list is open */
	const char *map_key;
	bool in_list;
};

struct bind {
	struct sink sink;
	struct pool *pool;
	struct origin *origin;
	unsigned rules;
	struct bind_frame stack[BIND_DEPTH];
	int depth;
	int skip; /* how deep we are in a value that is passed over */
	bool skip_next; /* the next value is to be passed over */
	unsigned unknown; /* how many keys were passed over as unknown */
};

/*
 * Makes b a sink that fills *object, a zeroed struct of that table, and notes places in origin (whose
 * file is set by the caller; table and root are set here).
 */
void bind_init(struct bind *b, const struct table *table, void *object, struct origin *origin,
	struct pool *pool, unsigned rules);

/* One scalar, text or list element, without a document around it. */
int bind_value(const struct field *f, void *object, const struct event *ev, unsigned rules,
	struct pool *pool, struct err *e);

/* One pair of a map; key and value are kept, not copied; either may be NULL for out of memory. */
int bind_pair(const struct field *f, void *object, const char *key, const char *value,
	struct pool *pool, struct err *e);

#endif
