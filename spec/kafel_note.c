/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_note.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"

enum { NOTES_MOST = 256 };

static void note(struct kafel_work *w, enum kafel_class class, struct kafel_at at, const char *fmt,
	va_list ap)
{
	struct kafel_note *v;
	char text[320];

	if (w->notes.n == NOTES_MOST) {
		w->notes.more++;
		return;
	}
	fmt_vput(text, sizeof(text), fmt, ap);
	v = pool_grow(w->pool, w->notes.v, w->notes.n, sizeof(*v));
	if (!v) {
		w->no_memory = true;
		return;
	}
	w->notes.v = v;
	v[w->notes.n] = (struct kafel_note){class, at, pool_text(w->pool, text)};
	if (v[w->notes.n].text)
		w->notes.n++;
	else
		w->no_memory = true;
}

int kafel_fail(
	struct kafel_work *w, enum kafel_class class, struct kafel_at at, const char *fmt, ...)
{
	va_list ap;

	w->errors++;
	va_start(ap, fmt);
	note(w, class, at, fmt, ap);
	va_end(ap);
	return w->no_memory ? -ENOMEM : -EINVAL;
}

void kafel_warn(struct kafel_work *w, struct kafel_at at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(w, KAFEL_WARNING, at, fmt, ap);
	va_end(ap);
}

int kafel_no_memory(struct kafel_work *w)
{
	w->no_memory = true;
	return -ENOMEM;
}

int kafel_tell(const struct kafel_work *w, struct err *e)
{
	enum { SPARE = 48 };
	char text[sizeof(e->text) - 256];
	size_t len = 0, told = 0;

	if (w->no_memory)
		return err_memory(e);
	for (size_t i = 0; i < w->notes.n; i++) {
		const struct kafel_note *n = &w->notes.v[i];
		size_t before = len;

		if (n->class == KAFEL_WARNING)
			continue;
		len += fmt_put(text + len, sizeof(text) - len, "%s%s:%u:%u: %s", told ? "; " : "",
			n->at.file, n->at.at.line, n->at.at.column, n->text);
		if (len >= sizeof(text) - SPARE && told) {
			len = before;
			break;
		}
		if (len >= sizeof(text))
			len = sizeof(text) - 1;
		told++;
	}
	if (w->errors > told)
		fmt_put(text + len, sizeof(text) - len, "; and %zu more", w->errors - told);
	else
		text[len] = '\0';
	return err_set(e, EINVAL, "%s", text);
}

void kafel_tell_warnings(const struct kafel_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct kafel_note *n = &notes->v[i];

		if (n->class == KAFEL_WARNING)
			log_warning("%s:%u:%u: %s", n->at.file, n->at.at.line, n->at.at.column,
				n->text);
	}
}
