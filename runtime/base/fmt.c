/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct out {
	char *dst;
	size_t size, len;
};

struct conversion {
	bool zero;
	int width, precision;
	int longs; /* 'l' counts 1, 'z' counts as 1 too: both are 64 bits here or narrower */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->dst[o->len] = c;
	o->len++;
}

static void put_text(struct out *o, const char *s, const struct conversion *c)
{
	size_t len;

	if (!s)
		s = "(null)";
	len = c->precision >= 0 ? strnlen(s, (size_t)c->precision) : strlen(s);
	for (int pad = c->width - (int)len; pad > 0; pad--)
		put(o, ' ');
	for (size_t i = 0; i < len; i++)
		put(o, s[i]);
}

static void put_number(
	struct out *o, unsigned long long v, unsigned base, bool minus, const struct conversion *c)
{
	char digits[24];
	int n = 0, pad;

	do
		digits[n++] = "0123456789abcdef"[v % base];
	while (v /= base);
	pad = c->width - n - minus;
	for (; !c->zero && pad > 0; pad--)
		put(o, ' ');
	if (minus)
		put(o, '-');
	for (; pad > 0; pad--)
		put(o, '0');
	while (n)
		put(o, digits[--n]);
}

static unsigned long long next_unsigned(va_list *ap, int longs)
{
	if (longs >= 2)
		return va_arg(*ap, unsigned long long);
	return longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned);
}

static long long next_signed(va_list *ap, int longs)
{
	if (longs >= 2)
		return va_arg(*ap, long long);
	return longs ? va_arg(*ap, long) : va_arg(*ap, int);
}

static const char *read_conversion(const char *f, struct conversion *c, va_list *ap)
{
	*c = (struct conversion){.precision = -1};
	for (; *f == '0'; f++)
		c->zero = true;
	for (; *f >= '0' && *f <= '9'; f++)
		c->width = c->width * 10 + (*f - '0');
	if (*f == '.' && f[1] == '*') {
		c->precision = va_arg(*ap, int);
		f += 2;
	} else if (*f == '.') {
		for (f++, c->precision = 0; *f >= '0' && *f <= '9'; f++)
			c->precision = c->precision * 10 + (*f - '0');
	}
	for (; *f == 'l' || *f == 'z' || *f == 'h'; f++)
		c->longs += *f != 'h';
	return f;
}

static bool convert(struct out *o, char kind, const struct conversion *c, va_list *ap)
{
	unsigned long long u;
	long long d;

	switch (kind) {
	case 's':
		put_text(o, va_arg(*ap, const char *), c);
		return true;
	case 'c':
		put(o, (char)va_arg(*ap, int));
		return true;
	case 'd':
	case 'i':
		d = next_signed(ap, c->longs);
		u = d < 0 ? 0ULL - (unsigned long long)d : (unsigned long long)d;
		put_number(o, u, 10, d < 0, c);
		return true;
	case 'u':
	case 'x':
	case 'o':
		u = next_unsigned(ap, c->longs);
		put_number(o, u, kind == 'u' ? 10 : kind == 'x' ? 16 : 8, false, c);
		return true;
	case '%':
		put(o, '%');
		return true;
	default:
		return false;
	}
}

size_t fmt_vput(char *dst, size_t size, const char *fmt, va_list args)
{
	struct out o = {.dst = dst, .size = size};
	va_list ap;

	va_copy(ap, args);
	for (const char *f = fmt; *f; f++) {
		struct conversion c;
		const char *end;

		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		end = read_conversion(f + 1, &c, &ap);
		if (!convert(&o, *end, &c, &ap))
			put(&o, '%');
		else
			f = end;
	}
	va_end(ap);
	if (size)
		dst[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t fmt_put(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = fmt_vput(dst, size, fmt, ap);
	va_end(ap);
	return len;
}

int fmt_u64(const char *text, size_t len, uint64_t *ret)
{
	uint64_t v = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v))
			return -ERANGE;
	}
	*ret = v;
	return 0;
}

int fmt_i64(const char *text, size_t len, int64_t *ret)
{
	bool minus = len && text[0] == '-';
	uint64_t v;
	int r;

	r = fmt_u64(text + minus, len - minus, &v);
	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + minus)
		return -ERANGE;
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

unsigned fmt_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned char row[3][64];

	if (na > 63 || nb > 63)
		return (unsigned)(na > nb ? na : nb);
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned char *now = row[i % 3], *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned char)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);
			unsigned best = up[j - 1] + cost;

			if (up[j] + 1u < best)
				best = up[j] + 1u;
			if (now[j - 1] + 1u < best)
				best = now[j - 1] + 1u;
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]) && up2[j - 2] + 1u < best)
				best = up2[j - 2] + 1u;
			now[j] = (unsigned char)best;
		}
	}
	return row[na % 3][nb];
}

/* --- lists of numbers ---------------------------------------------------------------------------- */

static const char *number(const char *s, uint64_t *ret)
{
	size_t n;

	s += strspn(s, " ");
	n = strspn(s, "0123456789");
	if (!n || fmt_u64(s, n, ret) < 0)
		return NULL;
	s += n;
	return s + strspn(s, " ");
}

int fmt_list(const char *text, uint64_t *words, size_t bits)
{
	for (const char *s = text;; s++) {
		uint64_t from, to;

		s = number(s, &from);
		if (!s)
			return -EINVAL;
		to = from;
		if (*s == '-')
			s = number(s + 1, &to);
		if (!s || to < from || (*s && *s != ','))
			return -EINVAL;
		if (to >= bits)
			return -ERANGE;
		for (uint64_t i = from; i <= to; i++)
			words[i / 64] |= 1ULL << (i % 64);
		if (!*s)
			return 0;
	}
}

/* Years begin in March, so that the day that some lack is their last: then months have a plain rule. */
void fmt_utc(char dst[static 24], int64_t seconds)
{
	const int64_t day = 86400, cycle = 146097; /* days in 400 years */
	int64_t days = (seconds >= 0 ? seconds : seconds - day + 1) / day;
	unsigned s = (unsigned)(seconds - days * day), d, year, month;
	int64_t n = days + 719468; /* since 0000-03-01 */
	int64_t cycles = (n >= 0 ? n : n - cycle + 1) / cycle;

	d = (unsigned)(n - cycles * cycle);
	year = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	d -= 365 * year + year / 4 - year / 100;
	month = (5 * d + 2) / 153;
	d -= (153 * month + 2) / 5;
	fmt_put(dst, 24, "%04lld-%02u-%02uT%02u:%02u:%02u",
		(long long)(cycles * 400 + year + (month >= 10)),
		month < 10 ? month + 3 : month - 9, d + 1, s / 3600, s / 60 % 60, s % 60);
}
