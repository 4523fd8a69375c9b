/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_textproto: any bytes as text format; a config that is read, written and read again is
 * the same.
 */
#include <string.h>

#include "../../spec/bind.h"
#include "../../spec/nsjail.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True when the bytes are a config; then out is what is written of it. */
static bool rewrite(const char *text, size_t len, struct str *out)
{
	own_pool struct pool pool = {0};
	struct nsjail_config config = {0};
	struct origin origin = {.file = "f"};
	struct err e = {0};
	struct bind b;
	struct textproto_writer w;

	bind_init(&b, &table_nsjail_config, &config, &origin, &pool, BIND_PROTO_TEXT);
	textproto_writer_init(&w, out);
	if (textproto_read(text, len, "f", &b.sink, &e) < 0) {
		if (!e.code || !e.text[0])
			abort();
		return false;
	}
	if (walk(&table_nsjail_config, &config, 0, &w.sink, &e) < 0)
		abort();
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_str struct str once = {0}, twice = {0};

	if (rewrite((const char *)data, size, &once)) {
		if (!rewrite(str_text(&once), once.len, &twice) ||
			strcmp(str_text(&once), str_text(&twice)))
			abort();
	}
	return 0;
}
