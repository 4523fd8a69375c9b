/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_PARSE_H
#define JAILRT_KAFEL_PARSE_H
/*
 * kafel_parse: policy texts as a tree. For spec/kafel*.c only.
 *
 * As in kafel the first error ends it.
 */
#include "kafel_tree.h"

struct kafel_work;

int kafel_parse(
	struct kafel_work *w, const struct kafel_text *texts, size_t n, struct kafel_tree *ret);

#endif
