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
#include "value.h"

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

#endif
