/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "fmt.h"

struct pool_chunk {
	struct pool_chunk *next;
	size_t size;
	_Alignas(max_align_t) char data[];
};

enum { CHUNK_FIRST = 1024 - 64, CHUNK_LARGEST = 256 * 1024 };

void pool_done(struct pool *p)
{
	struct pool_chunk *next;

	for (struct pool_chunk *c = p->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	*p = (struct pool){0};
}

static struct pool_chunk *add_chunk(struct pool *p, size_t least)
{
	size_t size = p->chunks ? p->chunks->size * 2 : CHUNK_FIRST;
	struct pool_chunk *c;

	if (size > CHUNK_LARGEST)
		size = CHUNK_LARGEST;
	if (size < least)
		size = least;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	c->next = p->chunks;
	c->size = size;
	p->chunks = c;
	p->used = 0;
	return c;
}

void *pool_alloc(struct pool *p, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct pool_chunk *c = p->chunks;
	void *at;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - p->used < size)
		c = add_chunk(p, size);
	if (!c)
		return NULL;
	at = c->data + p->used;
	p->used += size;
	return memset(at, 0, size);
}

void *pool_array(struct pool *p, size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : pool_alloc(p, all);
}

char *pool_copy(struct pool *p, const void *data, size_t len)
{
	char *copy = pool_alloc(p, len + 1);

	if (copy && len)
		memcpy(copy, data, len);
	return copy;
}

char *pool_text(struct pool *p, const char *text)
{
	return pool_copy(p, text, strlen(text));
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
	va_list ap;
	size_t len;
	char *text;

	va_start(ap, fmt);
	len = fmt_vput(NULL, 0, fmt, ap);
	va_end(ap);
	text = pool_alloc(p, len + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	fmt_vput(text, len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void *pool_grow(struct pool *p, void *array, size_t n, size_t size)
{
	void *grown;

	if (n && (n < 4 || (n & (n - 1))))
		return array;
	grown = pool_array(p, n ? n * 2 : 4, size);
	if (grown && n)
		memcpy(grown, array, n * size);
	return grown;
}
