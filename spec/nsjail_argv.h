/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NSJAIL_ARGV_H
#define JAILRT_NSJAIL_ARGV_H
/*
 * nsjail_argv: a config as the command line that amounts to it: nsjail_args backwards, by the same rows.
 *
 * What no option can say is an error that names it, or, where losses are allowed, left out with a warning.
 */
#include "nsjail_args.h"

/* Words without the program's name; "--" stands before the command. doc is without defaults. */
int nsjail_argv(const struct nsjail_config *doc, const struct origin *origin, bool lossy,
	struct pool *pool, struct texts *ret, struct err *e);

#endif
