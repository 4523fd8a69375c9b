/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_WALK_H
#define JAILRT_WALK_H
/*
 * walk: the source that reads a struct out by its table.
 *
 * Sends what is present, in the order of the rows, as one object: walk into a writer serialises, walk
 * into a binder converts. Places are those of no file.
 */
#include "event.h"
#include "field.h"

enum walk_rules {
	WALK_CAMEL = 1, /* keys in lowerCamelCase (protobuf's JSON) */
	WALK_OPEN = 2, /* without the outermost braces */
};

int walk(const struct table *t, const void *object, unsigned rules, struct sink *sink,
	struct err *e);

/* One value, without its key. Lists and maps are sent with their brackets. */
int walk_value(const struct field *f, const void *object, unsigned rules, struct sink *sink,
	struct err *e);

#endif
