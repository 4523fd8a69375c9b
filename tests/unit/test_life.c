/* SPDX-License-Identifier: Apache-2.0 */
/* life and jailrt.h: what can be set and read back, in which order calls may come, how they fail. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/jailrt.h"
#include "../../runtime/life.h"
#include "tap.h"

static char folder[] = "/tmp/test_life.XXXXXX";

/* --- options ------------------------------------------------------------------------------------ */

static void every_option_has_help_and_a_place_of_its_own(void)
{
	row_each (f, &table_life_options) {
		ok(f->help && *f->help);
		for (const struct field *g = table_life_options.rows; g < f; g++)
			ok(f->offset != g->offset && strcmp(f->key, g->key));
	}
}

/*
 * What is no option is a field of the config; so no option may be called like one. These are: objects,
 * which have no value of their own to be set, and two of exec that nsjail's configs have, too ("set"
 * reaches the latter).
 */
static void options_do_not_hide_fields(void)
{
	static const char *const known[] = {"root", "process", "cwd", "cap"};

	row_each (f, &table_life_options) {
		bool expected = false;

		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			expected = expected || !strcmp(f->key, known[i]);
		tap_check(expected || (!field_find(&table_oci_config, f->key) &&
					      !field_find(&table_nsjail_config, f->key)),
			TAP_HERE, "%s is a field of a config, too", f->key);
	}
}

static void values_are_read_back(void)
{
	static const struct {
		const char *field, *value, *want;
	} all[] = {
		{"root", "/r", "/r"},
		{"root", "/q", "/q"},
		{"id", "", ""},
		{"detach", "true", "true"},
		{"detach", "false", NULL},
		{"preserve_fds", "4096", "4096"},
		{"cgroup_manager", "disabled", "disabled"},
		{"args", "x", NULL}, /* a list is not read back */
		{"no such option", "x", NULL},
	};
	struct jailrt *j = jailrt_new();

	ok(!jailrt_get(j, "root"));
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const char *got;

		is_int(jailrt_set(j, all[i].field, all[i].value), 0);
		got = jailrt_get(j, all[i].field);
		if (all[i].want)
			is_text(got, all[i].want);
		else
			ok(!got);
	}
	jailrt_free(j);
}

static void wrong_values_are_refused(void)
{
	static const struct {
		const char *field, *value, *want;
		int code;
	} all[] = {
		{"preserve_fds", "4097", "preserve_fds: 4097 is not between 0 and 4096", ERANGE},
		{"preserve_fds", "-1", "preserve_fds: -1 is not between 0 and 4096", ERANGE},
		{"preserve_fds", "1x", "preserve_fds: expected an integer, found '1x'", EINVAL},
		{"preserve_fds", "", "preserve_fds: expected an integer, found ''", EINVAL},
		{"detach", "yes", "detach: expected true or false, found 'yes'", EINVAL},
		{"cgroup_manager", "cgroups",
			"cgroup_manager: unknown value 'cgroups' (did you mean 'cgroupfs'?)",
			EINVAL},
		{"additional_gids", "4294967295",
			"additional_gids: 4294967295 is not between 0 and 4294967294", ERANGE},
	};
	struct jailrt *j = jailrt_new();

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		is_int(jailrt_set(j, all[i].field, all[i].value), -all[i].code);
		is_text(jailrt_error(j), all[i].want);
	}
	ok(!jailrt_get(j, "preserve_fds"));
	jailrt_free(j);
}

/* A field of the config is looked up only when there is a config. */
static void fields_fail_at_load(void)
{
	struct jailrt *j = jailrt_new();
	char path[128],
		text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":"
			 "\"/\",\"args\":[\"x\"]}}";
	FILE *f;

	fmt_put(path, sizeof(path), "%s/config.json", folder);
	f = fopen(path, "w");
	ok(f && fputs(text, f) >= 0);
	fclose(f);
	is_int(jailrt_set(j, "bundle", folder), 0);
	is_int(jailrt_set(j, "process.cwdd", "/"), 0);
	is_int(jailrt_load(j), -EINVAL);
	is_text(jailrt_error(j),
		"--set process.cwdd=/: unknown field 'cwdd' (did you mean 'cwd'?)");
	jailrt_free(j);
	unlink(path);
}

/* --- calls -------------------------------------------------------------------------------------- */

static void calls_without_an_id_fail_with_words(void)
{
	int (*const calls[])(struct jailrt *) = {jailrt_create, jailrt_start, jailrt_kill,
		jailrt_delete, jailrt_run_begin, jailrt_exec_begin};
	const char *text;
	const int *pids;
	size_t n;
	int status;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct jailrt *j = jailrt_new();

		is_int(calls[i](j), -EINVAL);
		is_text(jailrt_error(j), "the container's id is missing");
		jailrt_free(j);
	}
	for (int i = 0; i < 4; i++) {
		struct jailrt *j = jailrt_new();
		int r = i == 0	 ? jailrt_state(j, &text)
			: i == 1 ? jailrt_pids(j, &pids, &n)
			: i == 2 ? jailrt_wait(j, &status)
				 : jailrt_run(j, &status);

		is_int(r, -EINVAL);
		is_text(jailrt_error(j), "the container's id is missing");
		jailrt_free(j);
	}
}

static void bad_ids_are_refused_by_every_call(void)
{
	int (*const calls[])(struct jailrt *) = {jailrt_create, jailrt_start, jailrt_kill,
		jailrt_delete, jailrt_run_begin, jailrt_exec_begin};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct jailrt *j = jailrt_new();

		is_int(jailrt_set(j, "root", folder), 0);
		is_int(jailrt_set(j, "id", "../x"), 0);
		is_int(calls[i](j), -EINVAL);
		is_text(jailrt_error(j), "invalid container id '../x'");
		has_text(jailrt_fix(j), "letters, digits");
		jailrt_free(j);
	}
}

static void what_is_not_there_is_said_not_to_be(void)
{
	int (*const calls[])(struct jailrt *) = {
		jailrt_start, jailrt_kill, jailrt_delete, jailrt_exec_begin};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct jailrt *j = jailrt_new();

		is_int(jailrt_set(j, "root", i % 2 ? "/no/such/root" : folder), 0);
		is_int(jailrt_set(j, "id", "x"), 0);
		is_int(calls[i](j), -ENOENT);
		is_text(jailrt_error(j), "container does not exist: 'x'");
		jailrt_free(j);
	}
}

static int count(const struct jailrt_entry *entry, void *arg)
{
	(void)entry;
	++*(int *)arg;
	return 0;
}

static void a_list_of_none(void)
{
	struct jailrt *j = jailrt_new();
	int n = 0;

	is_int(jailrt_set(j, "root", folder), 0);
	is_int(jailrt_list(j, count, &n), 0);
	is_int(n, 0);
	jailrt_free(j);
	j = jailrt_new();
	is_int(jailrt_set(j, "root", "/no/such/root"), 0);
	is_int(jailrt_list(j, count, &n), -ENOENT);
	has_text(jailrt_error(j), "/no/such/root");
	jailrt_free(j);
	jailrt_free(NULL);
}

static void a_new_one_has_no_words(void)
{
	struct jailrt *j = jailrt_new();

	is_text(jailrt_error(j), "");
	is_text(jailrt_fix(j), "");
	is_int(jailrt_pid(j), 0);
	is_int(jailrt_console(j), -1);
	ok(*jailrt_version() >= '0' && *jailrt_version() <= '9');
	jailrt_free(j);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	run(every_option_has_help_and_a_place_of_its_own);
	run(options_do_not_hide_fields);
	run(values_are_read_back);
	run(wrong_values_are_refused);
	run(fields_fail_at_load);
	run(calls_without_an_id_fail_with_words);
	run(bad_ids_are_refused_by_every_call);
	run(what_is_not_there_is_said_not_to_be);
	run(a_list_of_none);
	run(a_new_one_has_no_words);
	rmdir(folder);
	return tap_done();
}
