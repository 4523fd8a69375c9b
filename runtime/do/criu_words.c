/* SPDX-License-Identifier: Apache-2.0 */
#include "criu_words.h"

#include <errno.h>

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

static void put_varint(struct str *to, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		str_addc(to, (char)(v | 0x80));
	str_addc(to, (char)v);
}

void words_put_number(struct str *to, unsigned field, uint64_t v)
{
	put_varint(to, (uint64_t)field << 3 | WIRE_VARINT);
	put_varint(to, v);
}

void words_put_bytes(struct str *to, unsigned field, const char *data, size_t len)
{
	put_varint(to, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(to, len);
	str_addn(to, data, len);
}

static int get_varint(struct words_reader *r, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
		unsigned char c = *r->at++;

		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return 0;
		}
	}
	return -EPROTO;
}

static int get_bytes(struct words_reader *r, size_t len, struct words_field *ret)
{
	if (len > (size_t)(r->end - r->at))
		return -EPROTO;
	ret->data = (const char *)r->at;
	ret->len = len;
	r->at += len;
	return 0;
}

int words_next(struct words_reader *r, struct words_field *ret)
{
	uint64_t key, len;

	if (r->at == r->end)
		return 0;
	*ret = (struct words_field){0};
	if (get_varint(r, &key) < 0 || key >> 3 > 0x1fffffff || !(key >> 3))
		return -EPROTO;
	ret->number = (unsigned)(key >> 3);
	switch (key & 7) {
	case WIRE_VARINT:
		return get_varint(r, &ret->value) < 0 ? -EPROTO : 1;
	case WIRE_BYTES:
		if (get_varint(r, &len) < 0)
			return -EPROTO;
		return get_bytes(r, len, ret) < 0 ? -EPROTO : 1;
	case WIRE_32:
		return get_bytes(r, 4, ret) < 0 ? -EPROTO : 1;
	case WIRE_64:
		return get_bytes(r, 8, ret) < 0 ? -EPROTO : 1;
	default:
		return -EPROTO;
	}
}
