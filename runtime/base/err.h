/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_ERR_H
#define JAILRT_ERR_H
/*
 * err: the code and the words of one failure.
 *
 * A struct err is owned by the caller, of fixed size and holds no pointer: it can be filled between
 * clone and exec, when memory is short, and crosses a socket as it is. A function that can fail
 * returns 0 or more on success and a negative errno value on failure, and takes a struct err * as
 * its last parameter; NULL means that the caller does not want the words.
 *
 * The innermost function names the cause (err_set, err_sys); each caller above adds in front what
 * the user knows by name (err_add): "mounts[3]: mount 'proc' on '/proc': Operation not permitted".
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct err {
	int32_t code; /* a positive errno value; 0: no failure */
	char text[1532];
	char fix[512]; /* what the user can do about it; empty when not known */
};

/* Sets the words; returns -code. code is a positive errno value. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the kernel's word for the code after the text. */
int err_sys(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts the words and ": " in front of what is there; returns -e->code. */
int err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says what to do, unless somebody below has said so; returns -e->code. */
int err_fix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory; returns -ENOMEM. */
int err_memory(struct err *e);

/* The kernel's word for an errno value: never NULL, never allocates, never translated. */
const char *err_word(int code);

/* "ENOENT" and so on; "E?" for a value that has no name. */
const char *err_name(int code);

/* Returns from the calling function when the call failed. The only macro that changes control flow. */
#define TRY(call)                                  \
	({                                         \
		__typeof__(call) try_ = (call);    \
		if (__builtin_expect(try_ < 0, 0)) \
			return (int)try_;          \
		try_;                              \
	})

#endif
