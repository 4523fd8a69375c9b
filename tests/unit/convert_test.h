/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_TEST_H
#define CONVERT_TEST_H
/*
 * convert_test: what the tests of conversion share: a text as the other dialect's, or NULL with the words in err.
 */
#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../spec/convert.h"
#include "../../spec/json.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "tap.h"

static struct err err;
static char warnings[4096];

static void hear(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	fmt_put(warnings + strlen(warnings), sizeof(warnings) - strlen(warnings), "%s\n", text);
}

static const char *oci_text(const struct oci_config *doc, struct pool *pool)
{
	own_str struct str out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 1);
	is_int(walk(&table_oci_config, doc, 0, &w.sink, &err), 0);
	return pool_text(pool, str_text(&out));
}

static const char *nsjail_text(const struct nsjail_config *doc, struct pool *pool)
{
	own_str struct str out = {0};
	struct textproto_writer w;

	textproto_writer_init(&w, &out);
	is_int(walk(&table_nsjail_config, doc, WALK_OPEN, &w.sink, &err), 0);
	return pool_text(pool, str_text(&out));
}

static const char *as_oci(const char *text, bool lossy, struct pool *pool)
{
	struct nsjail_config *doc;
	struct oci_config *out;
	struct origin *origin = POOL_NEW(pool, struct origin);

	warnings[0] = '\0';
	if (nsjail_read(text, strlen(text), "f", pool, &doc, origin, &err) < 0 ||
		convert_to_oci(doc, origin, lossy, pool, &out, &err) < 0)
		return NULL;
	return oci_text(out, pool);
}

static const char *as_nsjail(const char *text, bool lossy, struct pool *pool)
{
	struct oci_config *doc;
	struct nsjail_config *out;
	struct origin *origin = POOL_NEW(pool, struct origin);

	warnings[0] = '\0';
	if (oci_read(text, strlen(text), "f", true, pool, &doc, origin, &err) < 0 ||
		convert_to_nsjail(doc, origin, "/bundle", lossy, pool, &out, &err) < 0)
		return NULL;
	return nsjail_text(out, pool);
}

#endif
