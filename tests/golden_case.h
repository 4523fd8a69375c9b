/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_GOLDEN_CASE_H
#define JAILRT_GOLDEN_CASE_H
/*
 * golden_case: a directory below tests/golden, read: from its config, caller and host alone, a plan.
 *
 *	config.json | config.cfg	the document: OCI or nsjail
 *	caller, host			JSON, often a link to one in callers/ or hosts/
 *	args, sets, hold		optional: a command, FIELD=VALUE lines, and "held for start"
 *	systemd				optional: it makes the cgroups
 *
 * For programs of one file each: all is static.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/base/fd.h"
#include "../runtime/plan.h"
#include "../spec/bind.h"
#include "../spec/json.h"
#include "../spec/load.h"
#include "../spec/set.h"

struct golden_case {
	struct pool pool;
	struct caller caller;
	struct host host;
	struct loaded loaded;
	struct plan plan;
};

static void golden_done(struct golden_case *c)
{
	plan_done(&c->plan);
	pool_done(&c->pool);
}

static int golden_table(int dir, const char *name, const struct table *t, void *object,
	struct pool *pool, struct err *e)
{
	struct origin *origin = POOL_NEW(pool, struct origin);
	struct bytes text;
	struct bind b;

	origin->file = name;
	TRY(fd_read_file(dir, name, 1 << 20, pool, &text, e));
	bind_init(&b, t, object, origin, pool, BIND_OCI);
	TRY(json_read(text.data, text.len, name, &b.sink, e));
	return field_defaults(t, object, pool, e);
}

static void golden_lines(int dir, const char *name, struct texts *to, struct pool *pool)
{
	struct bytes text;

	if (fd_read_file(dir, name, 1 << 20, pool, &text, NULL) < 0)
		return;
	for (char *s = text.data, *end; *s; s = end) {
		end = strchrnul(s, '\n');
		if (*end)
			*end++ = '\0';
		to->v = pool_grow(pool, to->v, to->n, sizeof(*to->v));
		to->v[to->n++] = s;
	}
}

/* c is zeroed, and done with by golden_done whatever this returns. */
static int golden_make(int dir, struct golden_case *c, struct err *e)
{
	bool oci = !faccessat(dir, "config.json", F_OK, 0);
	const char *name = oci ? "config.json" : "config.cfg";
	struct texts args = {0}, sets = {0};
	struct bytes text;
	struct load_request q = {.bundle = "/bundle",
		.config = name,
		.args = &args,
		.sets = &sets,
		.known = true,
		.dialect = oci ? DIALECT_OCI : DIALECT_NSJAIL};

	TRY(golden_table(dir, "caller", &table_caller, &c->caller, &c->pool, e));
	TRY(golden_table(dir, "host", &table_host, &c->host, &c->pool, e));
	golden_lines(dir, "args", &args, &c->pool);
	golden_lines(dir, "sets", &sets, &c->pool);
	TRY(fd_read_file(dir, name, 32 << 20, &c->pool, &text, e));
	q.text = &text;
	TRY(load(&q, &c->caller, &c->pool, &c->loaded, e));
	c->loaded.jail.notes.id = "ID";
	if (!faccessat(dir, "systemd", F_OK, 0))
		c->loaded.jail.cgroup.manager = CGROUP_SYSTEMD;
	c->loaded.jail.service.hold = !faccessat(dir, "hold", F_OK, 0);
	return plan_make(&c->loaded.jail, &c->host, &c->plan, e);
}

#endif
