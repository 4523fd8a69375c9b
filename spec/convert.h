/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CONVERT_H
#define JAILRT_CONVERT_H
/*
 * convert: a document of one dialect as one of the other, that amounts to the same jail.
 *
 * Document to document: nothing is asked of the machine or the caller, so what depends on them (a name of a
 * user, a limit of the caller's) stays as it was said. What the other side has no words for is an error with
 * its place, or, where losses are allowed, left out with a warning each. docs/convert.md says what goes where.
 * Nothing of the document that is given is changed; the one that is made refers to it.
 */
#include "nsjail.h"
#include "oci.h"

/*
 * To config.json: what the spec has a place for stands there, the rest in the "jail" object. Everything that an
 * nsjail config says can be said so; what has no effect is left out.
 */
int convert_to_oci(const struct nsjail_config *in, const struct origin *origin, bool lossy,
	struct pool *pool, struct oci_config **ret, struct err *e);

/* bundle: the absolute directory that relative paths start from. */
int convert_to_nsjail(const struct oci_config *in, const struct origin *origin, const char *bundle,
	bool lossy, struct pool *pool, struct nsjail_config **ret, struct err *e);

/* That JSON can hold the texts of an nsjail config: it knows UTF-8 only. */
int convert_check_texts(const struct nsjail_config *in, const struct origin *origin, struct err *e);

/* --- for the files of this room only ---------------------------------------------------------- */

struct convert {
	const struct origin *origin;
	const char *side; /* that has no words for it: "an nsjail config" */
	bool lossy;
	struct pool *pool;
	struct err *e;
};

/* An error, or a warning. what: NULL when the place says it. */
int convert_lost(struct convert *c, const void *at, const char *what);
int convert_fail(struct convert *c, const void *at, const char *what);

/* Lists that only grow by these. */
int convert_add(struct convert *c, void *list, void *object);
int convert_add_text(struct convert *c, struct texts *to, const char *text);

/* Makes a field absent. */
void convert_drop(const struct table *t, void *object, const char *key);

static inline bool convert_given(const char *text)
{
	return text && *text;
}

/* The words of a list of mount options, one at a time: 0 at the end. */
int convert_next_word(struct convert *c, const char **at, const char **ret);

struct to_oci {
	struct convert c;
	const struct nsjail_config *in; /* as it was written */
	const struct nsjail_config *d; /* its own fields with their defaults */
	struct oci_config *out;
	struct nsjail_config *more; /* out's jail object */
};

int convert_mounts_to_oci(struct to_oci *t);
int convert_ids_to_oci(struct to_oci *t);

struct to_nsjail {
	struct convert c;
	const struct oci_config *in;
	const struct oci_linux *os; /* in's, or an empty one */
	const struct oci_process *p;
	const char *bundle;
	struct nsjail_config *out;
	bool bare;
};

int convert_mounts_to_nsjail(struct to_nsjail *t);
int convert_ids_to_nsjail(struct to_nsjail *t);
int convert_resources_to_nsjail(struct to_nsjail *t);

/* The table of the objects in a field. */
static inline const struct table *convert_table(const struct table *t, const char *key)
{
	return field_find(t, key)->table;
}

/* All that is present and asks for something is lost, but for these keys (ending with NULL). */
int convert_others(
	struct convert *c, const struct table *t, const void *object, const char *const *taken);

#endif
