/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CALLER_H
#define JAILRT_CALLER_H
/*
 * caller: all that loading a document may know of who loads it.
 *
 * A jail depends on its document and on this, and on nothing else: the same two give the same jail, on
 * any machine. caller_probe reads it off the process once; a test reads it from JSON by table_caller.
 */
#include "field.h"

struct caller_limit {
	const char *key; /* "RLIMIT_NOFILE" */
	OPT(uint64_t, soft);
	OPT(uint64_t, hard);
};

struct caller {
	OPT(uint32_t, uid);
	OPT(uint32_t, gid);
	OPT(uint32_t, cpus); /* how many this process may use */
	const char *cwd;
	struct texts env;
	LIST_OF(struct caller_limit) limits;
	struct pairs users, groups; /* name to number; asked first */
	struct pairs paths; /* path to "dir" or "file"; asked first */
	bool live; /* what is not in those lists is asked of the system */
};

extern const struct table table_caller;

int caller_probe(struct caller *caller, struct pool *pool, struct err *e);

/* The number of a user or group name: 0 or -ENOENT. */
int caller_user(const struct caller *caller, const char *name, uint32_t *ret);
int caller_group(const struct caller *caller, const char *name, uint32_t *ret);

/* The value of an environment variable, or NULL. */
const char *caller_env(const struct caller *caller, const char *name);

/* The caller's own limit: 0 or -ENOENT. */
int caller_rlimit(const struct caller *caller, const char *name, uint64_t *soft, uint64_t *hard);

enum caller_path { CALLER_PATH_NONE, CALLER_PATH_DIR, CALLER_PATH_FILE };
enum caller_path caller_path_kind(const struct caller *caller, const char *path);

#endif
