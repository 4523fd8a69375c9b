/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_SET_H
#define JAILRT_SET_H
/*
 * set: values that come from no document: defaults, and one field at a time.
 */
#include "field.h"

/*
 * Gives each absent scalar and text of the object, and of the objects in it, the value of its default.
 * A scalar stays absent (has_x false); a text has no way to say so, hence a document that is to be
 * written out again is not given defaults.
 */
int field_defaults(const struct table *t, void *object, struct pool *pool, struct err *e);

/*
 * Parses value as the kind of row f wants and stores it in the object: a list grows by one element, a
 * map by "key=value". Objects cannot be set so. The words of a failure begin with the key.
 */
int field_set(
	const struct field *f, void *object, const char *value, struct pool *pool, struct err *e);

#endif
