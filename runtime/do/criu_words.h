/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_CRIU_WORDS_H
#define JAILRT_DO_CRIU_WORDS_H
/*
 * criu_words: the little of protobuf's wire format that criu is spoken to with.
 *
 * Numbers (varint) and byte strings; a message within a message is a byte string. What comes is read in
 * place, and nothing of it is believed: a field that does not end within the message is an error.
 */
#include <stddef.h>
#include <stdint.h>

#include "../base/str.h"

void words_put_number(struct str *to, unsigned field, uint64_t v);
void words_put_bytes(struct str *to, unsigned field, const char *data, size_t len);

struct words_reader {
	const unsigned char *at, *end;
};

struct words_field {
	unsigned number;
	uint64_t value; /* of a number */
	const char *data; /* of bytes; NULL: it is a number */
	size_t len;
};

/* 1: *ret is the next field; 0: the end; -EPROTO: this is no message. */
int words_next(struct words_reader *r, struct words_field *ret);

#endif
