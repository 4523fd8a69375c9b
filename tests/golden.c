/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden [--update] CASE...: makes the plan of each case, from its config, caller and host alone, and
 * compares it with its plan.txt. A case is a directory:
 *
 *	config, caller, host, …		as golden_case.h says
 *	plan.txt			what is expected: the plan, or "error: …"
 *
 * Nothing of the machine is asked, so it needs no root and gives the same everywhere.
 */
#include <stdio.h>

#include "golden_case.h"
#include "plan_rules.h"

/* The plan as text; or -errno, also when it breaks a rule that holds of every plan. */
static int make(int dir, struct golden_case *c, struct str *out, struct err *e)
{
	static struct rules rules;
	const char *broken;

	TRY(golden_make(dir, c, e));
	broken = plan_broken(&c->plan, 0, &rules);
	if (broken)
		printf("# the plan breaks a rule: %s\n", broken);
	TRY(plan_text(&c->plan, out, e));
	return broken ? 1 : 0;
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
	own(golden_done) struct golden_case c = {0};
	own_str struct str out = {0};
	struct err e;
	int r;

	if (dir < 0) {
		printf("# no directory '%s'\n", path);
		return false;
	}
	r = make(dir, &c, &out, &e);
	if (r < 0) {
		str_done(&out);
		str_addf(&out, "error: %s\n", e.text);
		if (e.fix[0])
			str_addf(&out, "fix: %s\n", e.fix);
	}
	if (r <= 0 && update)
		return fd_replace_file(dir, "plan.txt", str_text(&out), out.len, 0644, &e) >= 0;
	if (r <= 0 && same(dir, &out, &c.pool))
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
