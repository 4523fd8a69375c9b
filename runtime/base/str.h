/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_STR_H
#define JAILRT_STR_H
/*
 * str: text that grows.
 *
 * A zeroed struct str is an empty text. Adding never fails at the call: when memory runs out the
 * text is marked broken and str_check says so once, at the end. data is NULL or ends with NUL.
 * Lives on the heap; str_done frees it and leaves an empty text. Not for use between clone and exec.
 */
#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "own.h"

struct str {
	char *data;
	size_t len, cap;
	bool broken;
};

void str_done(struct str *s);
#define own_str own(str_done)

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *data, size_t len);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* 0, or -ENOMEM when an addition was lost. */
int str_check(const struct str *s, struct err *e);

/* The text as a C string: "" when empty. */
const char *str_text(const struct str *s);

#endif
