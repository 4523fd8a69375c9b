/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_LOAD_H
#define JAILRT_LOAD_H
/*
 * load: from a file to a checked jail, whichever dialect the file speaks.
 *
 * A bundle's config.json is OCI. A file that is named by itself is told by its content: one that begins
 * with '{' and has "ociVersion" is OCI, one with nsjail's keys only is nsjail's JSON, one that begins
 * otherwise is nsjail's text format.
 */
#include "caller.h"
#include "jail.h"
#include "nsjail.h"
#include "oci.h"

enum dialect { DIALECT_OCI, DIALECT_NSJAIL };
extern const struct words dialect_words;

struct load_request {
	const char *bundle; /* directory; its config.json is read unless config names a file */
	const char *config; /* file, or NULL */
	const struct bytes
		*text; /* the file's content, when it is at hand; config then is its name */
	const struct texts *args; /* a command in place of the document's, or NULL */
	const struct texts *sets; /* "FIELD=VALUE" of the document, or NULL */
	const struct texts *profiles; /* of system calls that hold too (policy.h), or NULL */
	const struct bytes
		*filter; /* the whole filter as it was when the jail was made, which holds in
		place of policies and profiles, or NULL. Their files may have changed, or be gone. */
	bool strict; /* unknown keys of OCI documents are errors */
	int door; /* whose meaning nsjail configs have: enum nsjail_door */
	bool known; /* the dialect is given, not looked for */
	enum dialect dialect;
};

struct loaded {
	enum dialect dialect;
	struct bytes text;
	struct origin origin;
	struct oci_config *oci; /* one of the two */
	struct nsjail_config *nsjail;
	const char *bundle; /* absolute */
	struct jail jail;
};

/* Which dialect a file speaks, by its content. */
int load_tell_dialect(const struct bytes *text, const char *file, enum dialect *ret, struct err *e);

/*
 * All memory is the pool's, and *ret must stay where it is as long as the jail is used. Besides the
 * file nothing is read but what caller stands for.
 */
int load(const struct load_request *request, const struct caller *caller, struct pool *pool,
	struct loaded *ret, struct err *e);

#endif
