/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_TAP_H
#define JAILRT_TAP_H
/*
 * tap: what a unit test needs to speak the Test Anything Protocol.
 *
 * A test file is a list of functions and a main that calls tap_run for each; a failing check prints
 * its place and makes its function "not ok". Include it in one .c file a program only.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;
static bool tap_ok;

__attribute__((format(printf, 3, 4))) static bool tap_check(
	bool good, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	tap_ok = false;
	printf("# %s: ", where);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

#define TAP_STR_(x) #x
#define TAP_STR(x)  TAP_STR_(x)
#define TAP_HERE    __FILE__ ":" TAP_STR(__LINE__)

/* Each returns whether it held. */
#define ok(cond) tap_check(!!(cond), TAP_HERE, "%s", #cond)
#define is_int(got, want)                                                                      \
	({                                                                                     \
		long long got_ = (long long)(got), want_ = (long long)(want);                  \
		tap_check(got_ == want_, TAP_HERE, "%s is %lld, not %lld", #got, got_, want_); \
	})
#define is_text(got, want)                                                              \
	({                                                                              \
		const char *got_ = (got), *want_ = (want);                              \
		tap_check(got_ &&want_ && !strcmp(got_, want_), TAP_HERE,               \
			"%s is\n#   '%s', not\n#   '%s'", #got, got_ ? got_ : "(null)", \
			want_ ? want_ : "(null)");                                      \
	})
#define has_text(got, part)                                                                \
	({                                                                                 \
		const char *got_ = (got), *part_ = (part);                                 \
		tap_check(got_ &&strstr(got_, part_), TAP_HERE, "'%s' does not hold '%s'", \
			got_ ? got_ : "(null)", part_);                                    \
	})

static void tap_run(const char *name, void (*test)(void))
{
	tap_ok = true;
	test();
	printf("%sok %d - %s\n", tap_ok ? "" : "not ", ++tap_count, name);
	tap_failures += !tap_ok;
	fflush(stdout);
}

#define run(test) tap_run(#test, test)

static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures ? 1 : 0;
}

#endif
