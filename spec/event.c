/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <string.h>

int event_send(
	struct sink *sink, enum event_kind kind, const char *s, struct place at, struct err *e)
{
	struct event ev = {.kind = kind, .at = at, .s = s ? s : "", .len = s ? strlen(s) : 0};

	return sink->take(sink, &ev, e);
}
