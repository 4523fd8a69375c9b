/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NSJAIL_GRAMMAR_H
#define JAILRT_NSJAIL_GRAMMAR_H
/*
 * nsjail_grammar: the options of nsjail that are more than a field and a value. For nsjail_args.c only.
 */
#include "nsjail_args.h"

typedef int nsjail_grammar(struct nsjail_args *a, const char *value, struct err *e);

/* By what stands behind the '@' of its row; NULL: there is none. */
nsjail_grammar *nsjail_grammar_find(const char *name);

/* --- what nsjail_args.c has for them ------------------------------------------------------------ */

/* Sets a field of the config. */
int nsjail_arg_set(struct nsjail_args *a, const char *field, const char *value, struct err *e);
/* A later -C would discard this. */
int nsjail_arg_note(struct nsjail_args *a, const char *what, struct err *e);
/* Appends a mount; src may be NULL. */
struct nsjail_mount *nsjail_arg_mount(
	struct nsjail_args *a, const char *src, const char *dst, struct err *e);

#endif
