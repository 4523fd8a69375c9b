/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <stdarg.h>
#include <stddef.h>

#include "fmt.h"

static struct {
	log_fn *fn;
	void *arg;
	enum log_level level;
} sink;

void log_to(log_fn *fn, void *arg, enum log_level level)
{
	sink.fn = fn;
	sink.arg = arg;
	sink.level = level;
}

void log_put(enum log_level level, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (!sink.fn || level > sink.level)
		return;
	va_start(ap, fmt);
	fmt_vput(text, sizeof(text), fmt, ap);
	va_end(ap);
	sink.fn(level, text, sink.arg);
}

void log_text(enum log_level level, const char *text)
{
	if (sink.fn && level <= sink.level)
		sink.fn(level, text, sink.arg);
}
