/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_RESOLVE_H
#define JAILRT_KAFEL_RESOLVE_H
/*
 * kafel_resolve: names and conditions of a filter for one architecture. For spec/kafel*.c only.
 */
#include "kafel_names.h"
#include "kafel_note.h"
#include "kafel_tree.h"

/*
 * Finds the call of a filter and makes its condition; f->dropped where it can never hold. Unknown
 * names are noted and counted as errors; fails only when memory runs out.
 */
int kafel_resolve(struct kafel_work *w, const struct kafel_machine *m, struct kafel_filter *f);

/* The action with its data. */
int kafel_resolve_action(struct kafel_work *w, const struct kafel_machine *m,
	const struct kafel_action *a, uint32_t *ret);

#endif
