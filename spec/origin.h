/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_ORIGIN_H
#define JAILRT_ORIGIN_H
/*
 * origin: where in which file a value was written.
 *
 * While a document is bound, each value's address is noted with its place. A later complaint about
 * the value, also from the far end of the program, gives the address and gets back the name and the
 * place: "mounts[3].type (config.json:41:9)". The name is found by a search through the tables, which
 * costs nothing until something fails.
 *
 * Noted are: the address of a scalar or text member, an object's own address, the pointer to each
 * text in a list and to each value in a map. An origin and its document live on one pool.
 */
#include "event.h"
#include "field.h"

struct origin_note {
	const void *address;
	struct place at;
};

struct origin {
	const char *file; /* as the user named it; NULL: no file */
	const struct table *table;
	const void *root;
	struct origin_note *notes;
	size_t n;
};

int origin_note(struct origin *o, struct pool *pool, const void *address, struct place at);

/* The place of what stands at address; line 0 when it was not noted. */
struct place origin_place(const struct origin *o, const void *address);

/*
 * "mounts[3].type (config.json:41:9)", as much of it as is known, or "" when nothing is.
 * o and address may be NULL.
 */
void origin_describe(const struct origin *o, const void *address, char *dst, size_t size);

/*
 * The place of the value that text begins with the name of ("mount[3].src: …"), or of what it is in: line 0
 * when text does not begin so, or the value was not noted. *ret_len is the length of the name.
 */
struct place origin_find(const struct origin *o, const char *text, size_t *ret_len);

/* err_set with the description and ": " in front; returns -code. */
int origin_fail(const struct origin *o, const void *address, struct err *e, int code,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
