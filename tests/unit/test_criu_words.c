/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../../runtime/do/criu_words.h"
#include "tap.h"

/* What protobuf's documentation of its wire format has as examples, and what no message is. */

static struct words_reader reader(const char *data, size_t len)
{
	return (struct words_reader){
		(const unsigned char *)data, (const unsigned char *)data + len};
}

static void writes_as_documented(void)
{
	own_str struct str s = {0};

	words_put_number(&s, 1, 150);
	words_put_bytes(&s, 2, "testing", 7);
	ok(s.len == 12);
	ok(!memcmp(s.data, "\x08\x96\x01\x12\x07testing", 12));
}

static void reads_what_it_writes(void)
{
	static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
	own_str struct str s = {0};
	struct words_reader r;
	struct words_field f;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		words_put_number(&s, (unsigned)i + 14, numbers[i]);
	words_put_bytes(&s, 536870911, "", 0);
	r = reader(s.data, s.len);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		ok(words_next(&r, &f) == 1);
		ok(f.number == i + 14 && f.value == numbers[i] && !f.data);
	}
	ok(words_next(&r, &f) == 1);
	ok(f.number == 536870911 && f.data && !f.len);
	ok(words_next(&r, &f) == 0);
}

static void passes_fixed_sizes_over(void)
{
	struct words_reader r = reader("\x0d"
				       "abcd"
				       "\x11"
				       "abcdefgh"
				       "\x18\x05",
		16);
	struct words_field f;

	ok(words_next(&r, &f) == 1 && f.number == 1 && f.len == 4);
	ok(words_next(&r, &f) == 1 && f.number == 2 && f.len == 8);
	ok(words_next(&r, &f) == 1 && f.number == 3 && f.value == 5);
	ok(words_next(&r, &f) == 0);
}

static void refuses_what_does_not_end(void)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{"\x08", 1}, /* no value */
		{"\x08\x80", 2}, /* in the middle of a number */
		{"\x12\x02"
		 "a",
			3}, /* one byte is missing */
		{"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
			11}, /* a length beyond all memory */
		{"\x0d"
		 "abc",
			4},
		{"\x11"
		 "abcdefg",
			8},
		{"\x00\x01", 2}, /* field 0 */
		{"\x0b", 1}, /* a group, which nobody uses */
		{"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12}, /* more than 64 bits */
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct words_reader r = reader(bad[i].data, bad[i].len);
		struct words_field f;

		tap_check(words_next(&r, &f) == -EPROTO, TAP_HERE, "message %zu is taken", i);
	}
}

int main(void)
{
	run(writes_as_documented);
	run(reads_what_it_writes);
	run(passes_fixed_sizes_over);
	run(refuses_what_does_not_end);
	return tap_done();
}
