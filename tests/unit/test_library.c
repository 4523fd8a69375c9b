/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library: load, plan and free, over all samples there are, good and bad, by load() and by jailrt.h.
 * Run under valgrind (tests/leaks) nothing is left and nothing is touched that is not ours.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../runtime/jailrt.h"
#include "../golden_case.h"
#include "tap.h"

static int loads, failures;

/* --- golden cases: load() and plan_make() -------------------------------------------------------- */

static void golden_cases(void)
{
	DIR *d = opendir("tests/golden");
	struct dirent *de;

	loads = failures = 0;
	while (d && (de = readdir(d))) {
		own(golden_done) struct golden_case c = {0};
		own_fd int dir = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY);
		own_str struct str text = {0}, json = {0};
		struct err e;

		if (de->d_name[0] == '.' || dir < 0 || faccessat(dir, "host", F_OK, 0) < 0)
			continue;
		loads++;
		if (golden_make(dir, &c, &e) < 0) {
			failures++;
			continue;
		}
		is_int(plan_text(&c.plan, &text, &e), 0);
		is_int(plan_json(&c.plan, &json, &e), 0);
	}
	if (d)
		closedir(d);
	ok(loads > 150 && failures > 50 && failures < loads);
}

/* --- all samples: jailrt.h ------------------------------------------------------------------------ */

static void plan_file(const char *path)
{
	struct jailrt *j = jailrt_new();
	const char *text, *again;
	int r;

	loads++;
	is_int(jailrt_set(j, "id", "x"), 0);
	is_int(jailrt_set(j, "config", path), 0);
	is_int(jailrt_set(j, "args", "/bin/true"), 0);
	r = jailrt_plan(j, 0, &text);
	if (r < 0) {
		failures++;
		tap_check(*jailrt_error(j), path, "no words");
		jailrt_free(j);
		return;
	}
	ok(strstr(text, "exec"));
	is_int(jailrt_plan(j, 1, &again), 0);
	ok(*again == '[');
	jailrt_free(j);
}

static void plan_folder(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *de;
	struct stat st;
	char path[512];

	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		fmt_put(path, sizeof(path), "%s/%s", folder, de->d_name);
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			plan_folder(path);
		else
			plan_file(path);
	}
	if (d)
		closedir(d);
}

static void all_samples(void)
{
	loads = failures = 0;
	plan_folder("tests/data");
	ok(loads > 40 && failures > 10 && failures < loads);
}

static void fields_one_by_one(void)
{
	struct jailrt *j = jailrt_new();
	const char *text;

	is_int(jailrt_set(j, "config", "tests/golden/oci-spec-v2/config.json"), 0);
	is_int(jailrt_set(j, "process.terminal", "false"), 0);
	is_int(jailrt_set(j, "hostname", "box"), 0);
	is_int(jailrt_set(j, "process.env", "A=b"), 0);
	is_int(jailrt_set(j, "process.user.uid", "7"), 0);
	is_int(jailrt_load(j), 0);
	is_int(jailrt_load(j), 0);
	is_int(jailrt_plan(j, 0, &text), 0);
	has_text(text, "hostname value=box");
	has_text(text, "A=b");
	has_text(text, "uid=7");
	jailrt_free(j);
}

static void log_nothing(int level, const char *text, void *arg)
{
	(void)arg;
	ok(level >= 0 && level <= 3 && *text);
}

static void again_and_again(void)
{
	jailrt_log(log_nothing, NULL, 3);
	for (int i = 0; i < 200; i++)
		plan_file("tests/golden/oci-spec-v2/config.json");
	jailrt_log(NULL, NULL, 0);
}

int main(void)
{
	run(golden_cases);
	run(all_samples);
	run(fields_one_by_one);
	run(again_and_again);
	return tap_done();
}
