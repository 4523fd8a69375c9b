/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_NOTE_H
#define JAILRT_KAFEL_NOTE_H
/*
 * kafel_note: what the parts of the kafel compiler share, and its complaints. For spec/kafel*.c only.
 */
#include "kafel.h"

struct kafel_work {
	const struct kafel_options *options;
	struct pool *pool;
	struct kafel_notes notes;
	size_t errors;
	bool no_memory;
};

/* Notes an error; returns -EINVAL, or -ENOMEM when memory ran out. */
int kafel_fail(struct kafel_work *w, enum kafel_class class, struct kafel_at at, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

void kafel_warn(struct kafel_work *w, struct kafel_at at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int kafel_no_memory(struct kafel_work *w);

/* The errors as one text; returns -e->code. */
int kafel_tell(const struct kafel_work *w, struct err *e);

#endif
