/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_FILTER_H
#define JAILRT_KAFEL_FILTER_H
/*
 * kafel_filter: the filters in the braces of an action. For spec/kafel*.c only.
 */
#include "kafel_expr.h"

/* The braces and what is in them. */
int kafel_filters(struct kafel_parser *p, struct kafel_rule *r);

/* A name, and past it. */
int kafel_take_name(struct kafel_parser *p, const char *wanted, const char **ret);

/* The architectures that an ON guard means by a name, as bits by index into arches; 0: none. */
uint32_t kafel_guard(const char *name);

#endif
