/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden [--update] CASE...: makes the plan of each case, from its config, caller and host alone, and
 * compares it with its plan.txt. A case is a directory:
 *
 *	config.json | config.cfg	the document: OCI or nsjail
 *	caller, host			JSON, often a link to one in callers/ or hosts/
 *	args, sets, hold		optional: a command, FIELD=VALUE lines, and "held for start"
 *	plan.txt			what is expected: the plan, or "error: …"
 *
 * Nothing of the machine is asked, so it needs no root and gives the same everywhere.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/base/fd.h"
#include "../runtime/base/fmt.h"
#include "../runtime/plan.h"
#include "../spec/bind.h"
#include "../spec/json.h"
#include "../spec/load.h"
#include "../spec/set.h"

static int read_table(int dir, const char *name, const struct table *t, void *object,
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

static void read_lines(int dir, const char *name, struct texts *to, struct pool *pool)
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

static int make(int dir, struct pool *pool, struct str *out, struct err *e)
{
	bool oci = !faccessat(dir, "config.json", F_OK, 0);
	const char *name = oci ? "config.json" : "config.cfg";
	struct texts args = {0}, sets = {0};
	struct caller caller = {0};
	struct host host = {0};
	struct loaded loaded;
	struct bytes text;
	own_plan struct plan plan = {0};
	struct load_request q = {.bundle = "/bundle",
		.config = name,
		.args = &args,
		.sets = &sets,
		.known = true,
		.dialect = oci ? DIALECT_OCI : DIALECT_NSJAIL};

	TRY(read_table(dir, "caller", &table_caller, &caller, pool, e));
	TRY(read_table(dir, "host", &table_host, &host, pool, e));
	read_lines(dir, "args", &args, pool);
	read_lines(dir, "sets", &sets, pool);
	TRY(fd_read_file(dir, name, 32 << 20, pool, &text, e));
	q.text = &text;
	TRY(load(&q, &caller, pool, &loaded, e));
	loaded.jail.notes.id = "ID";
	loaded.jail.service.hold = !faccessat(dir, "hold", F_OK, 0);
	TRY(plan_make(&loaded.jail, &host, &plan, e));
	return plan_text(&plan, out, e);
}

static bool same(int dir, const struct str *made, struct pool *pool)
{
	struct bytes want;

	return fd_read_file(dir, "plan.txt", 32 << 20, pool, &want, NULL) >= 0 &&
	       want.len == made->len && !memcmp(want.data, made->data, want.len);
}

/* Leaves what was made beside what was expected, for diff(1). */
static void show_difference(const char *path, const struct str *made)
{
	char command[1024];
	FILE *diff;

	fmt_put(command, sizeof(command), "diff -u %s/plan.txt - | sed 's/^/# /'", path);
	fflush(stdout);
	diff = popen(command, "w");
	if (!diff)
		return;
	fwrite(str_text(made), 1, made->len, diff);
	pclose(diff);
}

static bool run_case(const char *path, bool update)
{
	own_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_pool struct pool pool = {0};
	own_str struct str out = {0};
	struct err e;

	if (dir < 0) {
		printf("# no directory '%s'\n", path);
		return false;
	}
	if (make(dir, &pool, &out, &e) < 0) {
		str_done(&out);
		str_addf(&out, "error: %s\n", e.text);
		if (e.fix[0])
			str_addf(&out, "fix: %s\n", e.fix);
	}
	if (update)
		return fd_replace_file(dir, "plan.txt", str_text(&out), out.len, 0644, &e) >= 0;
	if (same(dir, &out, &pool))
		return true;
	show_difference(path, &out);
	return false;
}

int main(int argc, char **argv)
{
	bool update = argc > 1 && !strcmp(argv[1], "--update");
	int passed = 0, failed = 0;

	for (int i = 1 + update; i < argc; i++) {
		bool good = run_case(argv[i], update);

		printf("%sok %d - %s\n", good ? "" : "not ", i - update, argv[i]);
		passed += good;
		failed += !good;
	}
	printf("golden: %d passed, %d failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
