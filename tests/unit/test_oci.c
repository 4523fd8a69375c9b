/* SPDX-License-Identifier: Apache-2.0 */
/* oci: the spec's and the engines' documents, read, written and read again; the tables themselves. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "../../runtime/base/fmt.h"
#include "../../spec/json.h"
#include "../../spec/oci.h"
#include "../../spec/walk.h"
#include "tap.h"

#define DATA "tests/data/"

static struct pool pool;
static struct origin origin;
static struct err err;

static struct bytes file(const char *path)
{
	struct bytes b = {0};

	is_int(fd_read_file(AT_FDCWD, path, 1 << 20, &pool, &b, &err), 0);
	return b;
}

/* The text stands at the end of its memory: a sanitizer sees a byte too many. */
static int read_config(const char *text, size_t len, bool strict, struct oci_config **ret)
{
	char *copy = malloc(len + !len);
	int r;

	memcpy(copy, text, len);
	err = (struct err){0};
	r = oci_read(copy, len, "f", strict, &pool, ret, &origin, &err);
	free(copy);
	return r;
}

static int each_file(const char *folder, const char *end, int (*fn)(const char *path))
{
	DIR *d = opendir(folder);
	struct dirent *de;
	char path[512];
	int n = 0;

	while (d && (de = readdir(d))) {
		size_t len = strlen(de->d_name), least = strlen(end);

		if (len < least || strcmp(de->d_name + len - least, end))
			continue;
		fmt_put(path, sizeof(path), "%s/%s", folder, de->d_name);
		n += fn(path);
	}
	if (d)
		closedir(d);
	return n;
}

/* --- documents ---------------------------------------------------------------------------------- */

static const char *written(const struct table *t, const void *object)
{
	static struct str out[2];
	static int turn;
	struct str *s = &out[turn = !turn];
	struct json_writer w;

	str_done(s);
	if (!object)
		return NULL;
	json_writer_init(&w, s, 1);
	is_int(walk(t, object, 0, &w.sink, &err), 0);
	return str_text(s);
}

/* Read, written, read: nothing is lost and nothing is made up. */
static int comes_back(const char *path)
{
	struct oci_config *once = NULL, *twice = NULL;
	struct bytes b = file(path);
	const char *text;

	if (!tap_check(!read_config(b.data, b.len, false, &once), path, "%s", err.text))
		return 1;
	text = written(&table_oci_config, once);
	if (tap_check(!read_config(text, strlen(text), true, &twice), path, "again: %s", err.text))
		is_text(written(&table_oci_config, twice), text);
	return 1;
}

static void good_samples_are_read(void)
{
	is_int(each_file(DATA "runtime-spec/test/config/good", ".json", comes_back), 9);
}

static void engine_configs_are_read(void)
{
	is_int(each_file(DATA "engine-configs", ".config.json", comes_back), 7);
}

static void golden_configs_come_back(void)
{
	DIR *d = opendir("tests/golden");
	struct dirent *de;
	char path[512];
	int n = 0;

	while (d && (de = readdir(d))) {
		fmt_put(path, sizeof(path), "tests/golden/%s/config.json", de->d_name);
		if (access(path, F_OK) < 0)
			continue;
		/* Those that are no document at all are about just that. */
		if (strcmp(de->d_name, "device-rules-long-number") &&
			strcmp(de->d_name, "device-rules-below"))
			n += comes_back(path);
	}
	if (d)
		closedir(d);
	ok(n > 80);
}

static int fails_with_a_place(const char *path)
{
	struct oci_config *doc;
	struct bytes b = file(path);

	/* What only FreeBSD has is passed over. */
	if (strstr(path, "freebsd")) {
		tap_check(!read_config(b.data, b.len, false, &doc), path, "%s", err.text);
		return 1;
	}
	tap_check(read_config(b.data, b.len, false, &doc) < 0, path, "it is read");
	ok(strstr(err.text, "f:"));
	return 1;
}

static void bad_samples_fail(void)
{
	is_int(each_file(DATA "runtime-spec/test/config/bad", ".json", fails_with_a_place), 5);
}

static int process_comes_back(const char *path)
{
	struct oci_process *once = NULL, *twice = NULL;
	struct bytes b = file(path);
	const char *text;

	tap_check(!oci_read_process(b.data, b.len, "f", &pool, &once, &origin, &err), path, "%s",
		err.text);
	text = written(&table_oci_process, once);
	tap_check(!oci_read_process(text, strlen(text), "f", &pool, &twice, &origin, &err), path,
		"%s", err.text);
	is_text(written(&table_oci_process, twice), text);
	return 1;
}

static void engine_processes_are_read(void)
{
	is_int(each_file(DATA "engine-configs", ".process.json", process_comes_back), 4);
}

/* --- places ------------------------------------------------------------------------------------- */

static void mistakes_have_their_place(void)
{
	static const struct {
		const char *text, *want;
	} all[] = {
		{"{}", "f:1:2: 'ociVersion' is missing"},
		{"{\"ociVersion\":1}", "ociVersion (f:1:15): expected a string, found '1'"},
		{"{\"ociVersion\":\"1.0.0\",\n\"root\":{}}", "root (f:2:8): 'path' is missing"},
		{"{\"ociVersion\":\"1.0.0\",\"mounts\":[{\"destination\":\"/\"},\n "
		 "{\"type\":\"x\"}]}",
			"mounts[1] (f:2:2): 'destination' is missing"},
		{"{\"ociVersion\":\"1.0.0\",\"mounts\":{}}",
			"mounts (f:1:32): expected a list of objects, found an object"},
		{"{\"ociVersion\":\"1.0.0\",\"mounts\":[[]]}",
			"mounts[0] (f:1:33): expected no list here"},
		{"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\",\"args\":\"sh\"}}",
			"process.args (f:1:51): expected a list of strings, found a string"},
		{"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\",\"args\":[1]}}",
			"process.args[0] (f:1:52): expected a string, found '1'"},
		{"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1}}}",
			"process.user.uid (f:1:58): -1 is not between 0 and 4294967294"},
		{"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/"
		 "\",\"user\":{\"uid\":4294967295}}}",
			"process.user.uid (f:1:58): 4294967295 is not between 0 and 4294967294"},
		{"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":1.0}}}",
			"process.user.uid (f:1:58): expected an integer, found '1.0'"},
		{"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"umask\":512}}}",
			"process.user.umask (f:1:60): 512 is not between 0 and 511"},
		{"{\"ociVersion\":\"1.0.0\",\"linux\":{\"namespaces\":[{\"type\":\"netwrok\"}]}}",
			"linux.namespaces[0].type (f:1:54): unknown value 'netwrok' (did you mean "
			"'network'?)"},
		{"{\"ociVersion\":\"1.0.0\",\"linux\":{\"sysctl\":{\"a\":1}}}",
			"linux.sysctl.a (f:1:46): expected a string, found a bare word"},
		{"{\"ociVersion\":\"1.0.0\",\"hostname\":\"a\",\"hostname\":\"b\"}",
			"f:1:38: a key is given twice"},
	};
	struct oci_config *doc;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		ok(read_config(all[i].text, strlen(all[i].text), false, &doc) < 0);
		is_text(err.text, all[i].want);
	}
}

static void unknown_keys_are_passed_over_or_refused(void)
{
	const char *text =
		"{\"ociVersion\":\"1.0.0\",\"hostnam\":{\"a\":[1,{}]},\"hostname\":\"x\"}";
	struct oci_config *doc;

	is_int(read_config(text, strlen(text), false, &doc), 0);
	is_text(doc->hostname, "x");
	is_int(read_config(text, strlen(text), true, &doc), -EINVAL);
	is_text(err.text, "f:1:23: unknown key 'hostnam' (did you mean 'hostname'?)");
	/* Our own object is not the spec's: it knows all of its keys. */
	text = "{\"ociVersion\":\"1.0.0\",\"jail\":{\"time_limt\":1}}";
	is_int(read_config(text, strlen(text), false, &doc), -EINVAL);
	has_text(err.text, "did you mean 'time_limit'?");
}

static void great_numbers_survive(void)
{
	const char *text =
		"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/"
		"\",\"rlimits\":[{\"type\":\"RLIMIT_"
		"CORE\",\"hard\":18446744073709551615,\"soft\":9007199254740993}]},\"linux\":{"
		"\"resources\":{\"memory\":{\"limit\":-9223372036854775808}}}}";
	struct oci_config *doc;

	is_int(read_config(text, strlen(text), false, &doc), 0);
	ok(doc->process->rlimits.v[0]->hard == UINT64_MAX);
	ok(doc->process->rlimits.v[0]->soft == 9007199254740993);
	ok(doc->linux->resources->memory->limit == INT64_MIN);
}

/* --- the tables themselves ---------------------------------------------------------------------- */

/*
 * A complaint names a value by its address: in no struct may a value stand where the struct itself
 * begins. Only the objects of a map begin with their key, which is no value.
 */
static void check_table(const struct table *t, bool keyed, int depth)
{
	if (depth > 12)
		return;
	ok(t->n > 0);
	row_each (f, t) {
		tap_check(f->help && *f->help, t->name, "%s has no help", f->key);
		tap_check(f->kind == FIELD_KIND_SKIP || f->offset > 0, t->name,
			"%s stands at the beginning", f->key);
		tap_check(f->kind == FIELD_KIND_SKIP || f->offset < t->size, t->name, "%s", f->key);
		tap_check(!keyed || f->offset >= sizeof(char *), t->name, "%s is the key", f->key);
		if (f->table)
			check_table(f->table, f->kind == FIELD_KIND_MAP_OBJECTS, depth + 1);
		for (const struct field *g = t->rows; g < f; g++)
			tap_check(strcmp(f->key, g->key) && (f->kind == FIELD_KIND_SKIP ||
								    g->kind == FIELD_KIND_SKIP ||
								    f->offset != g->offset),
				t->name, "%s and %s", f->key, g->key);
	}
}

static void values_do_not_stand_where_structs_begin(void)
{
	check_table(&table_oci_config, false, 0);
	check_table(&table_oci_process, false, 0);
	check_table(&table_oci_resources, false, 0);
	check_table(&table_nsjail_config, false, 0);
}

int main(void)
{
	run(good_samples_are_read);
	run(engine_configs_are_read);
	run(golden_configs_come_back);
	run(bad_samples_fail);
	run(engine_processes_are_read);
	run(mistakes_have_their_place);
	run(unknown_keys_are_passed_over_or_refused);
	run(great_numbers_survive);
	run(values_do_not_stand_where_structs_begin);
	written(NULL, NULL);
	written(NULL, NULL);
	pool_done(&pool);
	return tap_done();
}
