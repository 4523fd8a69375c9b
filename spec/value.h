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

/* Stores the value at the member's address; a list grows by one. rules: enum bind_rules. */
int value_store(const struct field *f, void *at, const struct event *ev, unsigned rules,
	struct pool *pool, struct err *e);

/* "expected an integer, found a string"; returns -EINVAL. */
int value_mismatch(const struct field *f, const struct event *ev, struct err *e);

/* "a string", "a list": what an event brings. */
const char *value_form(enum event_kind kind);

#endif
