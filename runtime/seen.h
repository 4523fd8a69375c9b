/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_SEEN_H
#define JAILRT_SEEN_H
/*
 * seen: which files and peers the watched system calls of jails named, in nsjail's form of report.
 *
 * Shared by the threads that watch and who reads it in the end (notice.h): each call takes its lock, but
 * for seen_lock. What a jail can fill it with is limited; what goes beyond is counted, and the report says so.
 */
#include "../spec/field.h"
#include "base/str.h"

enum seen_file {
	SEEN_UNKNOWN,
	SEEN_NONEXISTENT,
	SEEN_REGULAR,
	SEEN_DIR,
	SEEN_CHR,
	SEEN_BLK,
	SEEN_FIFO,
	SEEN_LINK,
	SEEN_SOCK
};

enum seen_mode { SEEN_UNSPECIFIED, SEEN_RDONLY, SEEN_WRONLY, SEEN_RDWR };

enum seen_family { SEEN_FAMILY_UNKNOWN, SEEN_IPV4, SEEN_IPV6, SEEN_UNIX, SEEN_NETLINK };

enum { SEEN_ENTRIES = 8192, SEEN_SYSCALLS = 32, SEEN_BYTES = 8 << 20 };

struct seen_call {
	const char *name;
	struct texts args;
};

struct seen_path {
	const char *path;
	enum seen_file in_jail, in_main;
	enum seen_mode mode;
};

struct seen_peer {
	enum seen_family family;
	const char *endpoint; /* "" for none */
	const char *socket_path; /* of a unix socket that is a file, else NULL */
	uint32_t port; /* 0: none */
};

struct seen;

/* One holder; NULL when memory runs out. */
struct seen *seen_new(void);
struct seen *seen_hold(struct seen *s);
void seen_drop(struct seen *s);

void seen_lock(struct seen *s);
void seen_unlock(struct seen *s);
/* Between lock and unlock. */
void seen_add_path(struct seen *s, const struct seen_call *call, const struct seen_path *path);
void seen_add_peer(struct seen *s, const struct seen_call *call, const struct seen_peer *peer);
/* A call whose arguments could not be read. */
void seen_add_unread(struct seen *s);

/* The report, in text format; empty when nothing was seen. */
int seen_text(struct seen *s, struct str *out, struct err *e);

#endif
