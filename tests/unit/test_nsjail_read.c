/* SPDX-License-Identifier: Apache-2.0 */
/* nsjail_read: the sample configs, what is accepted and refused, with which words, and abuse. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "../../runtime/base/fmt.h"
#include "../../spec/bind.h"
#include "../../spec/json.h"
#include "../../spec/nsjail.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "tap.h"

/* One document at a time. */
static struct pool pool;
static struct nsjail_config *config;
static struct origin origin;
static struct err err;

static int parse_text(const char *text, size_t len)
{
	pool_done(&pool);
	config = NULL;
	err = (struct err){0};
	return nsjail_read(text, len, "f", &pool, &config, &origin, &err);
}

static int parse(const char *text)
{
	return parse_text(text, strlen(text));
}

enum form { TEXT, JSON_CAMEL, JSON_SNAKE };

static void put(const struct table *t, const void *object, enum form form, struct str *out)
{
	struct textproto_writer text;
	struct json_writer json;

	str_done(out);
	textproto_writer_init(&text, out);
	json_writer_init(&json, out, 1);
	is_int(walk(t, object, form == JSON_CAMEL ? WALK_CAMEL : 0,
		       form == TEXT ? &text.sink : &json.sink, &err),
		0);
}

static int read_back(const struct table *t, struct str *text, enum form form, void *object)
{
	struct origin o = {.file = "back"};
	struct bind b;

	bind_init(&b, t, object, &o, &pool, form == TEXT ? BIND_PROTO_TEXT : BIND_PROTO_JSON);
	return (form == TEXT ? textproto_read : json_read)(
		str_text(text), text->len, "back", &b.sink, &err);
}

/* Written and read in each form, an object comes back as it was: the same text in the same form. */
static void check_identity(const struct table *t, const void *object, const char *what)
{
	own_str struct str text = {0}, again = {0};

	for (enum form form = TEXT; form <= JSON_SNAKE; form++) {
		void *copy = pool_alloc(&pool, t->size);

		put(t, object, form, &text);
		tap_check(!read_back(t, &text, form, copy), TAP_HERE, "%s %s: %s", t->name, what,
			err.text);
		for (enum form other = TEXT; other <= JSON_SNAKE; other++) {
			put(t, object, other, &text);
			put(t, copy, other, &again);
			tap_check(!strcmp(str_text(&text), str_text(&again)), TAP_HERE,
				"%s %s:\n%s, not\n%s", t->name, what, str_text(&again),
				str_text(&text));
		}
	}
}

#define DATA "tests/data/nsjail/"

static struct bytes load(const char *path)
{
	static struct pool files;
	struct bytes b = {0};

	pool_done(&files);
	if (path)
		is_int(fd_read_file(AT_FDCWD, path, 1 << 20, &files, &b, &err), 0);
	return b;
}

static int parse_file(const char *path)
{
	struct bytes b = load(path);
	char *copy = malloc(b.len + !b.len); /* exactly: a sanitizer sees a byte too many */
	int r;

	memcpy(copy, b.data ? b.data : "", b.len);
	r = parse_text(copy, b.len);
	free(copy);
	return r;
}

static void check_file(const char *path)
{
	int r = parse_file(path);

	if (strstr(path, "blog-listen-repl")) {
		is_int(r, -EINVAL);
		is_text(err.text, "mode (f:2:7): unknown value 'LISTEN_TCP'");
		is_text(err.fix, "write LISTEN");
		return;
	}
	if (tap_check(!r, path, "%s", err.text))
		check_identity(&table_nsjail_config, config, path);
}

static int check_folder(const char *folder)
{
	struct dirent *de;
	DIR *d = opendir(folder);
	char path[512];
	int n = 0;

	while (d && (de = readdir(d))) {
		if (!strstr(de->d_name, ".cfg") && !strstr(de->d_name, ".json"))
			continue;
		fmt_put(path, sizeof(path), "%s%s", folder, de->d_name);
		check_file(path);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static void samples_are_read(void)
{
	is_int(check_folder(DATA), 3);
	is_int(check_folder(DATA "configs/"), 15);
}

static void json_sample_is_the_text_sample(void)
{
	own_str struct str text = {0}, json = {0};

	is_int(parse_file(DATA "configs/bash-with-fake-geteuid.cfg"), 0);
	put(&table_nsjail_config, config, TEXT, &text);
	is_int(parse_file(DATA "configs/bash-with-fake-geteuid.json"), 0);
	put(&table_nsjail_config, config, TEXT, &json);
	is_text(str_text(&text), str_text(&json));
	ok(text.len > 2000);
}

static void samples_say_what_they_say(void)
{
	is_int(parse_file(DATA "tooljet-full.cfg"), 0);
	ok(config->rlimit_as == 536870912 && config->rlimit_nproc == 1 && config->log_fd == -1);
	ok(!config->has_rlimit_nproc_type && config->cgroup_mem_swap_max == 0);
	is_int(config->envar.n, 10);
	is_int(config->seccomp_string.n, 27);
	is_text(config->seccomp_string.v[26], "DEFAULT ALLOW");
	is_text(config->uidmap.v[0]->outside_id, "65534");
	is_text(config->mount.v[11]->src_content.data, "sandbox:x:0:");
	is_int(config->log_level, NSJAIL_LOG_WARNING);

	is_int(parse_file(DATA "blog-python-sandbox.cfg"), 0);
	ok(config->rlimit_as_type == NSJAIL_RLIMIT_HARD && config->rlimit_fsize == 64);
	ok(config->mount.n == 9 && !config->mount.v[2]->mandatory);

	is_int(parse_file(DATA "configs/imagemagick-convert.cfg"), 0);
	is_text(config->exec_bin->path, "");
	ok(config->exec_bin->exec_fd);

	is_int(parse_file(DATA "configs/home-documents-with-xorg-no-net.cfg"), 0);
	ok(!config->exec_bin && config->seccomp_string.n == 6);
	is_text(config->mount.v[12]->prefix_src_env, "HOME");

	is_int(parse_file(DATA "configs/test-redirect.cfg"), 0);
	ok(config->user_net->rule4.n == 4 && config->user_net->rule6.n == 3);
	is_int(config->user_net->rule4.v[1]->redirect_port, 53);
	is_int(config->user_net->rule4.v[0]->action, NSJAIL_NSTUN_REDIRECT);

	is_int(parse_file(DATA "configs/test-traffic-rules.cfg"), 0);
	ok(config->traffic_rule.v[1]->dport_end == 85 && config->user_net &&
		!config->user_net->ip4);

	is_int(parse_file(DATA "configs/bash-with-fake-geteuid.cfg"), 0);
	ok(config->pass_fd.n == 2 && config->pass_fd.v[0] == 100 &&
		config->uidmap.v[0]->outside_id);
	is_text(config->mount.v[10]->src_content.data, "This file was created dynamically");
}

/* --- formats and refusals -------------------------------------------------------------------- */

static void formats_are_told_apart(void)
{
	is_int(parse("{}"), 0);
	is_int(parse(" \n\t {\"timeLimit\": 5}"), 0);
	is_int(config->time_limit, 5);
	is_int(parse("# {\ntime_limit: 6"), 0);
	is_int(config->time_limit, 6);
	is_int(parse("\n\n"), 0);
	is_int(parse("# nothing"), 0);
	is_int(parse(""), -EINVAL);
	is_text(err.text, "f is empty");
	is_int(parse("\xef\xbb\xbf{}"), -EINVAL);
	is_text(err.text, "f:1:1: begins with a byte order mark: save it without");
	is_int(parse_text("{}\0", 3), -EINVAL);
	is_int(nsjail_read("x", 1, NULL, &pool, &config, &origin, &err), -EINVAL);
	ok(!config);
}

static void check_refusal(const char *where, const char *text, const char *want)
{
	int r = parse(text);

	tap_check(r < 0 && r == -err.code && !config, where, "returned %d", r);
	tap_check(!strcmp(err.text, want), where, "'%s', not\n#   '%s'", err.text, want);
}

#define refused_as(text, want) check_refusal(TAP_HERE, text, want)

static void text_refusals(void)
{
	refused_as("mode: ONCE\nrlimit_ass: 5",
		"f:2:1: unknown key 'rlimit_ass' (did you mean 'rlimit_as'?)");
	refused_as("timeLimit: 5", "f:1:1: unknown key 'timeLimit' (did you mean 'time_limit'?)");
	refused_as("Mode: ONCE", "f:1:1: unknown key 'Mode' (did you mean 'mode'?)");
	refused_as(
		"exec_bin { path: 'a' }\nexec_bin { path: 'b' }", "exec_bin (f:2:1): given twice");
	refused_as("cwd: 'a' cwd: 'a'", "cwd (f:1:10): given twice");
	refused_as("mount { dst: '' }\nmount {\n rw: true }", "mount[1] (f:2:7): 'dst' is missing");
	refused_as("exec_bin {}", "exec_bin (f:1:10): 'path' is missing");
	refused_as("mode: 'ONCE'", "mode (f:1:7): expected one of its names, found a string");
	refused_as("mode: once", "mode (f:1:7): unknown value 'once' (did you mean 'ONCE'?)");
	refused_as("mode: 4", "mode (f:1:7): unknown value '4'");
	refused_as("daemon: TRUE", "daemon (f:1:9): expected true or false, found 'TRUE'");
	refused_as("daemon: 2", "daemon (f:1:9): expected true or false, found '2'");
	refused_as("daemon: 'true'", "daemon (f:1:9): expected true or false, found a string");
	refused_as("max_cpus: -1", "max_cpus (f:1:11): -1 is not between 0 and 4294967295");
	refused_as("max_cpus: 4294967296",
		"max_cpus (f:1:11): 4294967296 is not between 0 and 4294967295");
	refused_as("port: 65536", "port (f:1:7): 65536 is not between 0 and 65535");
	refused_as("time_limit: '5'", "time_limit (f:1:13): expected an integer, found a string");
	refused_as("time_limit: true", "time_limit (f:1:13): expected an integer, found 'true'");
	refused_as("time_limit: [5]", "time_limit (f:1:13): expected an integer, found a list");
	refused_as("time_limit {}", "time_limit (f:1:12): expected an integer, found an object");
	refused_as("cwd: root", "cwd (f:1:6): expected a string, found 'root'");
	refused_as("cwd: 5", "cwd (f:1:6): expected a string, found '5'");
	refused_as("cwd: '\\0'", "cwd (f:1:6): has a NUL byte in it");
	refused_as("user_net: [{}]", "user_net (f:1:11): expected an object, found a list");
	refused_as("exec_bin: 'sh'", "exec_bin (f:1:11): expected an object, found a string");
	refused_as("mount { dst: 'a'\n rw: maybe }",
		"mount[0].rw (f:2:6): expected true or false, found 'maybe'");
	refused_as("user_net { rule4 {} rule4 { proto: ICMPV6 } }",
		"user_net.rule4[1].proto (f:1:36): unknown value 'ICMPV6' (did you mean 'ICMP'?)");
	refused_as("rlimit_as: 4G", "f:1:12: 4G: expected a whole number, without point or suffix");
	refused_as("hostname: \"a\nb\"", "f:1:11: the string does not end on its line");
}

static void json_refusals(void)
{
	refused_as("{\"rlimit_ass\": 5}",
		"f:1:2: unknown key 'rlimit_ass' (did you mean 'rlimit_as'?)");
	refused_as("{\"timeLimit\":1,\n\"time_limit\":1}", "time_limit (f:2:1): given twice");
	refused_as("{\"mount\":[{\"dst\":\"a\"},\n{\"rw\":true}]}",
		"mount[1] (f:2:1): 'dst' is missing");
	refused_as("{\"mode\":true}", "mode (f:1:9): expected one of its names, found 'true'");
	refused_as(
		"{\"mode\":\"once\"}", "mode (f:1:9): unknown value 'once' (did you mean 'ONCE'?)");
	refused_as("{\"daemon\":1}", "daemon (f:1:11): expected true or false, found '1'");
	refused_as("{\"mount\":{}}", "mount (f:1:10): expected a list of objects, found an object");
	refused_as("{\"timeLimit\":1.5}", "time_limit (f:1:14): expected an integer, found '1.5'");
	refused_as("{\"timeLimit\":\"x\"}",
		"time_limit (f:1:14): expected an integer, found a string");
	refused_as("{\"envar\":\"A=1\"}",
		"envar (f:1:10): expected a list of strings, found a string");
	refused_as("{\"mount\":[{\"dst\":\"a\",\"srcContent\":\"?\"}]}",
		"mount[0].src_content (f:1:35): not base64");
	is_int(parse("{\"timeLimit\":1,}"), -EINVAL);
	has_text(err.text, "f:1:16: not JSON: ");
}

static void accepted_forms(void)
{
	is_int(parse("mount: [ { dst: '/a' is_bind: 1 }, < dst: \"/b\" rw: t > ]; envar: ['A=1', "
		     "'B=2'],\n"
		     "mount { dst: '/c' } pass_fd: [3, 0x10] pass_fd: 010 uidmap [ { count: 0x2 } "
		     "]\n"
		     "mode: 2; cgroup_mem_swap_max: - 1 cgroup_mem_max: 9223372036854775807"),
		0);
	ok(config->mount.n == 3 && config->mount.v[1]->rw && config->mount.v[0]->is_bind);
	ok(config->pass_fd.v[1] == 16 && config->pass_fd.v[2] == 8 && config->envar.n == 2);
	ok(config->uidmap.v[0]->count == 2 && config->mode == NSJAIL_MODE_RERUN);
	ok(config->cgroup_mem_swap_max == -1 && config->cgroup_mem_max == INT64_MAX);
	is_int(parse("{\"mode\":1,\"cgroup_mem_max\":\"9223372036854775807\",\"rlimitAs\":7,"
		     "\"cwd\":null,"
		     "\"mount\":[{\"dst\":\"\",\"srcContent\":\"-_8\"}],\"personaAddrLimit3gb\":"
		     "true}"),
		0);
	ok(config->mode == NSJAIL_MODE_ONCE && config->cgroup_mem_max == INT64_MAX && !config->cwd);
	ok(config->mount.v[0]->src_content.len == 2 && config->persona_addr_limit_3gb);
	is_int(parse("user_net { enable: true ip: '10.0.0.2' tcp_ports: '80' no_map_gw: true }"),
		0);
	ok(config->user_net->enable && config->user_net->no_map_gw);
	is_text(config->user_net->tcp_ports, "80");
}

static const char *described(const void *address)
{
	static char text[256];

	origin_describe(&origin, address, text, sizeof(text));
	return text;
}

static void places_are_kept(void)
{
	is_int(parse("hostname: 'x'\nmount { src: 'a' dst: 'b' }\nmount {\n  dst: 'c'\n  rw: "
		     "true\n}\n"
		     "envar: 'A'\nenvar: 'B'\nuser_net {\n rule4 { dport: 5 }\n}"),
		0);
	is_text(described(&config->hostname), "hostname (f:1:11)");
	is_text(described(&config->mount.v[1]->dst), "mount[1].dst (f:4:8)");
	is_text(described(&config->mount.v[1]->rw), "mount[1].rw (f:5:7)");
	is_text(described(config->mount.v[1]), "mount[1] (f:3:7)");
	is_text(described(config->envar.v[1]), "envar[1] (f:8:8)");
	is_text(described(&config->user_net->rule4.v[0]->dport),
		"user_net.rule4[0].dport (f:10:17)");
}

/* --- abuse ----------------------------------------------------------------------------------- */

/* A cut or garbled config is read or refused with words; what is read can be written and read. */
static void check_abused(const char *text, size_t len)
{
	char *copy = malloc(len + !len);
	own_str struct str out = {0};
	int r;

	memcpy(copy, text, len);
	r = parse_text(copy, len);
	free(copy);
	if (r < 0) {
		ok(r == -err.code && err.text[0] && !config);
		return;
	}
	put(&table_nsjail_config, config, TEXT, &out);
	tap_check(!out.len || !parse(str_text(&out)), TAP_HERE, "%s", err.text);
}

static void survives_truncation(void)
{
	static const char *const paths[] = {
		DATA "configs/bash-with-fake-geteuid.cfg",
		DATA "configs/bash-with-fake-geteuid.json",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct bytes b = load(paths[i]);

		for (size_t len = 0; len <= b.len; len++)
			check_abused(b.data, len);
	}
}

static void survives_noise(void)
{
	static const char marks[] = "{}[]<>:,;\"'\\-#0x\n\0\xff t";
	uint32_t seed = 1;

	for (int round = 0; round < 6000; round++) {
		struct bytes b = load(round % 2 ? DATA "configs/test-redirect.cfg"
						: DATA "configs/bash-with-fake-geteuid.json");

		for (int i = 0; i < 1 + round % 3; i++) {
			seed = seed * 1664525u + 1013904223u;
			b.data[(seed >> 8) % b.len] = marks[(seed >> 24) % (sizeof(marks) - 1)];
		}
		check_abused(b.data, b.len);
	}
}

static int parse_nested(const char *open, int n)
{
	own_str struct str text = {0};

	for (int i = 0; i < n; i++)
		str_add(&text, open);
	return parse(str_text(&text));
}

static void survives_size(void)
{
	enum { SIZE = 10 << 20 };
	own_str struct str text = {0};

	is_int(parse_nested("mount {", 10000), -EINVAL);
	is_int(parse_nested("user_net {", 10000), -EINVAL);
	is_int(parse_nested("{\"mount\":[", 10000), -EINVAL);
	is_int(parse_nested("{", 10000), -EINVAL);
	is_int(parse_nested("[", 10000), -EINVAL);
	str_add(&text, "mount { dst: '/x' src_content: '");
	for (int i = 0; i < SIZE / 16; i++)
		str_add(&text, "0123456789abcdef");
	str_add(&text, "' }");
	is_int(parse(str_text(&text)), 0);
	is_int(config->mount.v[0]->src_content.len, SIZE);
	str_done(&text);
	for (int i = 0; i < 50000; i++)
		str_add(&text, "envar: 'A=1' mount { dst: '/x' } ");
	is_int(parse(str_text(&text)), 0);
	ok(config->envar.n == 50000 && config->mount.n == 50000);
}

int main(void)
{
	run(samples_are_read);
	run(json_sample_is_the_text_sample);
	run(samples_say_what_they_say);
	run(formats_are_told_apart);
	run(text_refusals);
	run(json_refusals);
	run(accepted_forms);
	run(places_are_kept);
	run(survives_truncation);
	run(survives_noise);
	run(survives_size);
	pool_done(&pool);
	load(NULL);
	return tap_done();
}
