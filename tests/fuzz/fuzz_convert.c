/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_convert: any bytes as a config. An nsjail config that becomes a config.json, and that one an nsjail config
 * again: the three have the same plan, or none of them has one. An OCI config becomes one that can be read.
 */
#include <stdio.h>

#include "../../spec/convert.h"
#include "../../spec/json.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL: there is none. */
static const char *plan_of(const char *text, enum dialect dialect, size_t which, struct pool *pool)
{
	const struct bytes bytes = {(char *)text, strlen(text)};
	const struct load_request q = {.bundle = "/bundle",
		.config = "f",
		.text = &bytes,
		.known = true,
		.dialect = dialect};
	struct loaded *l = POOL_NEW(pool, struct loaded);
	own_str struct str out = {0};
	own_plan struct plan plan = {0};
	struct err e = {0};

	if (load(&q, &fuzz_callers[which], pool, l, &e) < 0)
		return NULL;
	l->jail.notes.id = "ID";
	if (plan_make(&l->jail, &fuzz_hosts[which], &plan, &e) < 0)
		return NULL;
	if (plan_text(&plan, &out, &e) < 0)
		abort();
	return pool_text(pool, str_text(&out));
}

static const char *as_oci(const char *text, struct pool *pool)
{
	struct origin *origin = POOL_NEW(pool, struct origin);
	own_str struct str out = {0};
	struct nsjail_config *doc;
	struct oci_config *made;
	struct json_writer w;
	struct err e = {0};
	int r = nsjail_read(text, strlen(text), "f", pool, &doc, origin, &e);

	if (r >= 0)
		r = convert_to_oci(doc, origin, false, pool, &made, &e);
	fuzz_judge(r, &e);
	if (r < 0)
		return NULL;
	json_writer_init(&w, &out, 1);
	if (walk(&table_oci_config, made, 0, &w.sink, &e) < 0)
		abort();
	return pool_text(pool, str_text(&out));
}

static const char *as_nsjail(const char *text, bool lossy, struct pool *pool)
{
	struct origin *origin = POOL_NEW(pool, struct origin);
	own_str struct str out = {0};
	struct nsjail_config *made;
	struct textproto_writer w;
	struct oci_config *doc;
	struct err e = {0};
	int r = oci_read(text, strlen(text), "f", false, pool, &doc, origin, &e);

	if (r >= 0)
		r = convert_to_nsjail(doc, origin, "/bundle", lossy, pool, &made, &e);
	fuzz_judge(r, &e);
	if (r < 0)
		return NULL;
	textproto_writer_init(&w, &out);
	if (walk(&table_nsjail_config, made, WALK_OPEN, &w.sink, &e) < 0)
		abort();
	return pool_text(pool, str_text(&out));
}

static void must_be_same(const char *first, const char *second, const char *text)
{
	if (!first == !second && (!first || !strcmp(first, second)))
		return;
	fprintf(stderr, "%s\n-- first --\n%s\n-- second --\n%s\n", text, first ? first : "none",
		second ? second : "none");
	abort();
}

static void there_and_back(const char *text, size_t which)
{
	own_pool struct pool pool = {0};
	const char *first = plan_of(text, DIALECT_NSJAIL, which, &pool), *back;
	const char *oci = as_oci(text, &pool);

	if (!oci)
		return;
	must_be_same(first, plan_of(oci, DIALECT_OCI, which, &pool), oci);
	back = as_nsjail(oci, false, &pool);
	if (first)
		must_be_same(first, back ? plan_of(back, DIALECT_NSJAIL, which, &pool) : NULL,
			back ? back : "not converted");
}

static void read_again(const char *text)
{
	own_pool struct pool pool = {0};
	const char *made = as_nsjail(text, true, &pool);
	struct nsjail_config *doc;
	struct origin origin;
	struct err e = {0};

	if (made && *made &&
		nsjail_read(made, strlen(made), "again", &pool, &doc, &origin, &e) < 0) {
		fprintf(stderr, "%s\n%s\n", e.text, made);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_pool struct pool pool = {0};
	const char *text = pool_copy(&pool, data, size);

	for (size_t which = 0; which < 3; which++)
		there_and_back(text, which);
	read_again(text);
	return 0;
}
