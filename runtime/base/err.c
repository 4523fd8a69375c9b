/* SPDX-License-Identifier: Apache-2.0 */
#include "err.h"

#include <errno.h>
#include <string.h>

#include "fmt.h"

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -code;
	e->code = code;
	e->fix[0] = '\0';
	va_start(ap, fmt);
	fmt_vput(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -code;
}

int err_sys(struct err *e, int code, const char *fmt, ...)
{
	size_t len;
	va_list ap;

	if (!e)
		return -code;
	e->code = code;
	e->fix[0] = '\0';
	va_start(ap, fmt);
	len = fmt_vput(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (len < sizeof(e->text))
		fmt_put(e->text + len, sizeof(e->text) - len, ": %s", err_word(code));
	return -code;
}

int err_add(struct err *e, const char *fmt, ...)
{
	char front[512];
	size_t len, room;
	va_list ap;

	if (!e)
		return -EIO;
	va_start(ap, fmt);
	len = fmt_vput(front, sizeof(front) - 2, fmt, ap);
	va_end(ap);
	if (len > sizeof(front) - 3)
		len = sizeof(front) - 3;
	memcpy(front + len, ": ", 2);
	len += 2;
	/* The words in front are the place; when all does not fit, the tail of the cause goes. */
	room = sizeof(e->text) - len;
	if (strlen(e->text) >= room)
		e->text[room - 1] = '\0';
	memmove(e->text + len, e->text, strlen(e->text) + 1);
	memcpy(e->text, front, len);
	return -e->code;
}

int err_fix(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EIO;
	if (!e->fix[0]) {
		va_start(ap, fmt);
		fmt_vput(e->fix, sizeof(e->fix), fmt, ap);
		va_end(ap);
	}
	return -e->code;
}

int err_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

const char *err_word(int code)
{
	const char *word = strerrordesc_np(code);

	return word ? word : "Unknown error";
}

const char *err_name(int code)
{
	const char *name = strerrorname_np(code);

	return name ? name : "E?";
}
