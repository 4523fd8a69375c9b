/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_dict.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static struct kafel_dict_slot *find_slot(const struct kafel_dict *d, const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	i = (size_t)(h ^ h >> 32) & (d->cap - 1);
	while (d->slots[i].name && strcmp(d->slots[i].name, name) != 0)
		i = (i + 1) & (d->cap - 1);
	return &d->slots[i];
}

void *kafel_dict_find(const struct kafel_dict *d, const char *name)
{
	return d->cap ? find_slot(d, name)->thing : NULL;
}

int kafel_dict_add(struct kafel_dict *d, struct pool *pool, const char *name, void *thing)
{
	if (d->n * 2 >= d->cap) {
		struct kafel_dict bigger = {.cap = d->cap ? d->cap * 2 : 64, .n = d->n};

		bigger.slots = pool_array(pool, bigger.cap, sizeof(*bigger.slots));
		if (!bigger.slots)
			return -ENOMEM;
		for (size_t i = 0; i < d->cap; i++) {
			if (d->slots[i].name)
				*find_slot(&bigger, d->slots[i].name) = d->slots[i];
		}
		*d = bigger;
	}
	*find_slot(d, name) = (struct kafel_dict_slot){name, thing};
	d->n++;
	return 0;
}
