/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_POLICY_H
#define JAILRT_POLICY_H
/*
 * policy: a system call filter by its text or its name.
 *
 * A text that begins with '{' is JSON: OCI's seccomp object, or a config.json that has one; any other
 * one is kafel. Names are those of the policies in seccomp-profiles/, which are part of the program,
 * and of further ones that are installed beside them (POLICY_FOLDER).
 */
#include "../runtime/base/fd.h"
#include "kafel.h"

#define POLICY_FOLDER JAILRT_SHARE "/seccomp-profiles"

struct policy_text {
	const char *name; /* "python"; of what the others include: "parts/files" */
	const char *text;
};

/* All that is part of the program; the names with a slash are parts of the others. */
extern const struct policy_text policy_texts[];
extern const size_t policy_texts_n;

struct policy_options {
	bool strict; /* kafel as kafel has it */
	const struct arch *const
		*archs; /* n_archs 0: kafel: the machine's own, OCI: the document's */
	size_t n_archs;
};

enum { POLICY_MOST = 64 << 20 };

/* The rules lie on the pool. file: what complaints call it; where its includes are looked for. */
int policy_rules(const struct bytes *text, const char *file, const struct policy_options *options,
	struct pool *pool, struct rules *ret, struct err *e);

/* -ENOENT when there is no policy of that name. */
int policy_by_name(const char *name, const struct policy_options *options, struct pool *pool,
	struct rules *ret, struct err *e);

/* Whether it is part of the program. */
bool policy_is_own(const char *name);

/* What it is for: the comment that it begins with. */
const char *policy_summary(const struct policy_text *p, struct pool *pool);

#endif
