/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../../spec/nsjail.h"
#include "../../spec/origin.h"
#include "tap.h"

/* Places by name; describing is tested with the tables, in test_field.c. */

static struct pool pool;
static struct origin origin;

/* The line of what text begins with the name of, and the length of the name in *len. */
static unsigned found(const char *text, size_t *len)
{
	*len = 0;
	return (unsigned)origin_find(&origin, text, len).line;
}

static void places_of_names(void)
{
	static const char text[] = "time_limit: 5\nenvar: \"A=1\"\nenvar: \"B=2\"\n"
				   "mount { dst: \"/a\" }\nmount {\n  dst: \"/b\" rw: true }\n"
				   "exec_bin { path: \"/p\" }\n";
	struct nsjail_config *doc;
	struct err err;
	size_t len;

	is_int(nsjail_read(text, sizeof(text) - 1, "f", &pool, &doc, &origin, &err), 0);
	is_int(found("time_limit: is short", &len), 1);
	is_int(len, 10);
	is_int(found("envar[1]: x", &len), 3);
	is_int(found("mount[1]: x", &len), 5);
	is_int(found("mount[1].dst: x: y", &len), 6);
	is_int(len, 12);
	is_int(found("exec_bin.path: x", &len), 7);
	/* What was not given is where it would be. */
	is_int(found("mount[1].src: x", &len), 5);
	is_int(found("mount[2]: x", &len), 0);
	is_int(found("mount[1: x", &len), 0);
	is_int(found("mount[-1]: x", &len), 0);
	is_int(found("mount[99999999999999999999]: x", &len), 0);
	is_int(found("time_limit[0]: x", &len), 0);
	is_int(found("time_limit.x: x", &len), 0);
	is_int(found("time_limit (f:1:2): x", &len), 0);
	is_int(found("time_limit", &len), 0);
	is_int(found("time_limit:1:9: x", &len), 0);
	is_int(found("open it: x", &len), 0);
	is_int(found("", &len), 0);
}

int main(void)
{
	run(places_of_names);
	pool_done(&pool);
	return tap_done();
}
