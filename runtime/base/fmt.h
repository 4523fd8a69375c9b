/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_FMT_H
#define JAILRT_FMT_H
/*
 * fmt: text and numbers, both ways, without stdio, locale or heap.
 *
 * Between clone and exec a child may use nothing else to make text: snprintf may allocate, and
 * takes locks that another thread of the parent can have held at the clone.
 *
 * Conversions: %s %.*s %.Ns %c %d %i %u %x %o %% with the lengths l ll z h hh, a field width and
 * zero padding. Anything else is a programming error and is copied as it stands.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Like vsnprintf: writes at most size bytes, always ending with NUL when size > 0, and returns the
 * length the whole text has. dst may be NULL when size is 0.
 */
size_t fmt_vput(char *dst, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
size_t fmt_put(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Strict number readers: the whole of text must be one decimal number, without sign (u64), or with
 * an optional leading '-' (i64); no blanks, no '+', nothing after it.
 * Return 0, -EINVAL (not a number) or -ERANGE; *ret is untouched on failure.
 */
int fmt_u64(const char *text, size_t len, uint64_t *ret);
int fmt_i64(const char *text, size_t len, int64_t *ret);

/*
 * Numbers and ranges, "0-3,7", as bits: those of the list are set in words, which is all zero before.
 * Blanks are passed over. -EINVAL, also for an empty list; -ERANGE beyond the last bit.
 */
int fmt_list(const char *text, uint64_t *words, size_t bits);

/*
 * "2026-01-31T23:59:59", of seconds since 1970 in UTC, years 1 to 9999. The C library reads the file of the
 * local time zone first.
 */
void fmt_utc(char dst[static 24], int64_t seconds);

/*
 * The edit distance of two short words, ignoring case, for "did you mean": a transposed, missing,
 * extra or changed letter counts 1. Words longer than 63 bytes are as far apart as their length.
 */
unsigned fmt_distance(const char *a, const char *b);

#endif
