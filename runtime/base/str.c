/* SPDX-License-Identifier: Apache-2.0 */
#include "str.h"

#include <stdarg.h>
#include <string.h>

#include "fmt.h"

void str_done(struct str *s)
{
	free(s->data);
	*s = (struct str){0};
}

static bool reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1, cap = s->cap ? s->cap : 64;
	char *data;

	if (s->broken || need < more)
		goto broken;
	if (need <= s->cap)
		return true;
	while (cap < need)
		cap *= 2;
	data = realloc(s->data, cap);
	if (!data)
		goto broken;
	s->data = data;
	s->cap = cap;
	return true;
broken:
	s->broken = true;
	return false;
}

void str_addn(struct str *s, const char *data, size_t len)
{
	if (!reserve(s, len))
		return;
	memcpy(s->data + s->len, data, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = fmt_vput(NULL, 0, fmt, ap);
	va_end(ap);
	if (!reserve(s, len))
		return;
	va_start(ap, fmt);
	fmt_vput(s->data + s->len, len + 1, fmt, ap);
	va_end(ap);
	s->len += len;
}

int str_check(const struct str *s, struct err *e)
{
	return s->broken ? err_memory(e) : 0;
}

const char *str_text(const struct str *s)
{
	return s->data ? s->data : "";
}
