/* SPDX-License-Identifier: Apache-2.0 */
/* load: which dialect a text is, what the command line changes, and how files are named. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/fmt.h"
#include "../../spec/load.h"
#include "tap.h"

static struct pool pool;
static struct loaded loaded;
static struct err err;
static const struct caller caller = {.cpus = 1, .cwd = "/home"};

static int load_text(const char *text, const struct texts *sets, const struct texts *args)
{
	char *copy = pool_text(&pool, text);
	const struct bytes bytes = {copy, strlen(copy)};
	const struct load_request q = {
		.bundle = "b", .config = "f", .text = &bytes, .sets = sets, .args = args};

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	err = (struct err){0};
	return load(&q, &caller, &pool, &loaded, &err);
}

#define OCI(more)                                                       \
	"{'ociVersion':'1.0.2','root':{'path':'r'},'process':{'cwd':'/" \
	"','args':['x'],'env':['A=b']}" more "}"

static int set(const char *text, const char *assignment)
{
	const char *v[] = {assignment};

	return load_text(text, &(struct texts){v, 1}, NULL);
}

/* --- dialects ----------------------------------------------------------------------------------- */

static void the_content_tells_the_dialect(void)
{
	static const struct {
		const char *text;
		int want; /* a dialect, or the failure */
	} all[] = {
		{OCI(""), DIALECT_OCI},
		{" \n\t" OCI(""), DIALECT_OCI},
		{"{'ociVersion':'1.0.2','hostname':'x'}", -EINVAL}, /* OCI, and has no root */
		{"{'hostname':'x','execBin':{'path':'/x'}}", DIALECT_NSJAIL},
		{"{'exec_bin':{'path':'/x'}}", DIALECT_NSJAIL},
		{"{}", DIALECT_NSJAIL},
		{"name: 'x'", DIALECT_NSJAIL},
		{"# {\nname: 'x'", DIALECT_NSJAIL},
		{"{'hostname':'x','linux':{}}", -EINVAL},
		{"{'process':{'ociVersion':'1.0.2'}}", -EINVAL},
		{"[]", -EINVAL},
		{"'x'", -EINVAL},
		{"{", -EINVAL},
		{"", -EINVAL},
		{"\xef\xbb\xbf{'ociVersion':'1.0.2'}", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int r = load_text(all[i].text, NULL, NULL);

		if (all[i].want >= 0)
			tap_check(!r && loaded.dialect == (enum dialect)all[i].want, TAP_HERE,
				"%s: %s", all[i].text, err.text);
		else
			tap_check(r == all[i].want && err.text[0], TAP_HERE, "%s is taken",
				all[i].text);
	}
}

static void a_text_of_neither_names_both(void)
{
	is_int(load_text("{'hostname':'x',\n 'linux':{}}", NULL, NULL), -EINVAL);
	is_text(err.text, "f:2:2: neither an OCI config (it has no 'ociVersion') nor an nsjail "
			  "config (it has "
			  "'linux')");
}

/* --- --set -------------------------------------------------------------------------------------- */

static void fields_are_set(void)
{
	is_int(set(OCI(""), "process.cwd=/tmp"), 0);
	is_text(loaded.jail.process.cwd, "/tmp");
	is_int(set(OCI(""), "process.user.uid=7"), 0); /* the object is made */
	is_int(loaded.jail.process.uid, 7);
	is_int(set(OCI(""), "root.readonly=true"), 0);
	ok(loaded.jail.root.readonly);
	is_int(set(OCI(""), "process.env=C=d=e"), 0); /* a list grows */
	is_int(loaded.jail.process.env.n, 2);
	is_text(loaded.jail.process.env.v[1], "C=d=e");
	is_int(set(OCI(""), "annotations=k=v=w"), 0);
	is_text(loaded.jail.notes.annotations.v[0].key, "k");
	is_text(loaded.jail.notes.annotations.v[0].value, "v=w");
	is_int(set(OCI(""), "linux.resources.memory.limit=9"), 0);
	is_int(loaded.jail.cgroup.memory.v, 9);
	is_int(set("exec_bin { path: '/x' }", "hostname=box"), 0);
	is_text(loaded.jail.hostname, "box");
}

static void wrong_assignments_are_refused(void)
{
	static const struct {
		const char *set, *want;
	} all[] = {
		{"hostname", "--set hostname: 'hostname' is not FIELD=VALUE"},
		{"", "--set : '' is not FIELD=VALUE"},
		{"=x", "--set =x: unknown field ''"},
		{".=x", "--set .=x: unknown field ''"},
		{"hostnam=x",
			"--set hostnam=x: unknown field 'hostnam' (did you mean 'hostname'?)"},
		{"hostname.x=y", "--set hostname.x=y: 'hostname' has no fields"},
		{"process.env.x=y", "--set process.env.x=y: 'env' has no fields"},
		{"mounts.destination=y", "--set mounts.destination=y: 'mounts' has no fields"},
		{"process=x", "--set process=x: process: expected an object, found 'x'"},
		{"mounts=x", "--set mounts=x: mounts: expected a list of objects, found 'x'"},
		{"process.user.uid=x",
			"--set process.user.uid=x: uid: expected an integer, found 'x'"},
		{"process.user.uid=4294967295", "--set process.user.uid=4294967295: uid: "
						"4294967295 is not between 0 and 4294967294"},
		{"root.readonly=maybe", "--set root.readonly=maybe: readonly: expected true or "
					"false, found 'maybe'"},
		{"annotations=x",
			"--set annotations=x: annotations: expected KEY=VALUE, found 'x'"},
		{"windows=x", "--set windows=x: windows: expected an integer, found 'x'"},
		{"linux.namespaces=pid", "--set linux.namespaces=pid: namespaces: expected a list "
					 "of objects, found 'pid'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		ok(set(OCI(""), all[i].set) < 0);
		if (strncmp(all[i].set, "windows", 7))
			is_text(err.text, all[i].want);
	}
}

static void what_is_set_is_checked_like_the_rest(void)
{
	is_int(set(OCI(""), "jail.cwd=/"), -EINVAL);
	is_text(err.text, "jail.cwd (f): the runtime-spec has a place for this");
	is_int(set(OCI(""), "hostname=x"), -EINVAL); /* without a UTS namespace */
	is_int(set("{'ociVersion':'1.0.0','root':{'path':'r'}}", "process.terminal=true"), -EINVAL);
	is_text(err.text, "process (f): 'cwd' is missing");
	is_int(set("{'ociVersion':'1.0.0','process':{'cwd':'/'}}", "root.readonly=true"), -EINVAL);
	is_text(err.text, "root (f): 'path' is missing");
	is_int(set("{'ociVersion':'1.0.0'}", "linux.seccomp.listenerPath=x"), -EINVAL);
	is_text(err.text, "linux.seccomp (f): 'defaultAction' is missing");
}

/* --- commands and files -------------------------------------------------------------------------- */

static void a_command_replaces_the_documents(void)
{
	const char *v[] = {"y", "z"};

	is_int(load_text(OCI(""), NULL, &(struct texts){v, 2}), 0);
	is_int(loaded.jail.process.args.n, 2);
	is_text(loaded.jail.process.args.v[0], "y");
	is_int(load_text("exec_bin { path: '/x' }", NULL, &(struct texts){v, 1}), 0);
	is_text(loaded.jail.process.args.v[0], "y");
	ok(!loaded.jail.process.file);
	is_int(load_text(OCI(""), NULL, &(struct texts){v, 0}), 0);
	is_text(loaded.jail.process.args.v[0], "x");
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void files_are_found_and_named(void)
{
	char dir[] = "/tmp/test_load.XXXXXX", file[64];
	struct load_request q = {.bundle = dir};

	ok(mkdtemp(dir));
	fmt_put(file, sizeof(file), "%s/config.json", dir);
	is_int(load(&q, &caller, &pool, &loaded, &err), -ENOENT);
	has_text(err.text, "/config.json");
	has_text(err.fix, "jailrt spec");
	ok(!mkdir(file, 0700));
	is_int(load(&q, &caller, &pool, &loaded, &err), -EINVAL);
	rmdir(file);
	put_file(file, "{\"ociVersion\":\"1.0.0\",\n \"proces\": }");
	is_int(load(&q, &caller, &pool, &loaded, &err), -EINVAL);
	has_text(err.text, "/config.json:2:12: not JSON");
	put_file(file, "name: \"x\"");
	is_int(load(&q, &caller, &pool, &loaded, &err), -EINVAL); /* a bundle's is OCI */
	unlink(file);
	rmdir(dir);
}

static void the_bundle_is_made_absolute(void)
{
	is_int(load_text(OCI(""), NULL, NULL), 0);
	is_text(loaded.bundle, "/home/b");
	is_text(loaded.jail.root.path, "/home/b/r");
	is_text(loaded.jail.notes.bundle, "/home/b");
}

int main(void)
{
	run(the_content_tells_the_dialect);
	run(a_text_of_neither_names_both);
	run(fields_are_set);
	run(wrong_assignments_are_refused);
	run(what_is_set_is_checked_like_the_rest);
	run(a_command_replaces_the_documents);
	run(files_are_found_and_named);
	run(the_bundle_is_made_absolute);
	pool_done(&pool);
	return tap_done();
}
