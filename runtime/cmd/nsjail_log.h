/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CMD_NSJAIL_LOG_H
#define JAILRT_CMD_NSJAIL_LOG_H
/*
 * nsjail_log: messages as nsjail writes them, which people's scripts read.
 *
 *	[I][2026-11-21T19:53:34+0000] message
 *	[W][2026-11-21T19:53:34+0000][PID] function():LINE message
 *
 * What is said before it is known where to, and how much, is kept until then.
 */
#include "../../spec/nsjail_args.h"
#include "../base/str.h"

enum nsjail_log_kind {
	LOG_KIND_DEBUG,
	LOG_KIND_INFO,
	LOG_KIND_WARNING,
	LOG_KIND_ERROR,
	LOG_KIND_FATAL
};

struct nsjail_log {
	int fd; /* own; -1: not open yet */
	int least; /* enum nsjail_log_kind */
	bool color;
	struct str kept;
	size_t n;
};

/* Takes the library's messages from now on. */
void nsjail_log_begin(struct nsjail_log *l);

/* Opens where it goes to. background: /var/log/nsjail.log where nothing else is said. */
int nsjail_log_open(
	struct nsjail_log *l, const struct nsjail_args *a, bool background, struct err *e);

void nsjail_log_say(struct nsjail_log *l, int kind, const char *text);

/* Lines without a tag (help). */
void nsjail_log_plain(struct nsjail_log *l, const char *text);

#endif
