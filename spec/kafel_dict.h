/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_KAFEL_DICT_H
#define JAILRT_KAFEL_DICT_H
/*
 * kafel_dict: things by name, for policies with thousands of them. For spec/kafel*.c only.
 *
 * A zeroed dict is empty. It lies on a pool; names and things stay where they are.
 */
#include <stddef.h>

#include "../runtime/base/pool.h"

struct kafel_dict_slot {
	const char *name;
	void *thing;
};

struct kafel_dict {
	struct kafel_dict_slot *slots;
	size_t cap, n;
};

/* NULL when there is none. */
void *kafel_dict_find(const struct kafel_dict *d, const char *name);

/* The name must not be there yet; 0 or -ENOMEM. */
int kafel_dict_add(struct kafel_dict *d, struct pool *pool, const char *name, void *thing);

#endif
