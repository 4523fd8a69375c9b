/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_POOL_H
#define JAILRT_POOL_H
/*
 * pool: memory that is freed all at once.
 *
 * A zeroed struct pool is an empty pool. What is allocated from it is zeroed, aligned for any type,
 * and lives until pool_done; nothing is freed piecemeal. Allocators return NULL when memory runs
 * out. Not for use between clone and exec (reading what is there is fine).
 */
#include <stddef.h>

#include "own.h"

struct pool_chunk;

struct pool {
	struct pool_chunk *chunks; /* newest first */
	size_t used; /* of the newest */
};

void pool_done(struct pool *p);
#define own_pool own(pool_done)

void *pool_alloc(struct pool *p, size_t size);
#define POOL_NEW(p, type) ((type *)pool_alloc((p), sizeof(type)))

/* n elements of size bytes; NULL too when the product does not fit. */
void *pool_array(struct pool *p, size_t n, size_t size);

/* A copy of len bytes with a NUL after them. */
char *pool_copy(struct pool *p, const void *data, size_t len);
char *pool_text(struct pool *p, const char *text);
char *pool_printf(struct pool *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Room for one more element in an array of n elements that only grows through this call: returns
 * the array, moved when it was full (capacities are powers of two from 4 on).
 */
void *pool_grow(struct pool *p, void *array, size_t n, size_t size);

#endif
