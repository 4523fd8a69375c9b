/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jailrt-hook-debug: what a container sees at the stage of this hook.
 *
 * createContainer and startContainer run in the container's namespaces: they tell of themselves. prestart,
 * createRuntime and poststart run beside the runtime: they tell of the container's first process. At poststop
 * there is none any more. What cannot be read (no /proc in the container) is told as that; only a dump that
 * cannot be written is a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/base/str.h"
#include "../spec/names.h"
#include "hook.h"

enum { FILE_MOST = 4 << 20 };

struct debug_settings {
	const char *file;
	OPT(int32_t, stage);
};

static const struct field debug_settings_rows[] = {
	FIELD_TEXT(debug_settings, file, "the file that gets the dump"),
	FIELD_ENUM(debug_settings, stage, hook_stage_words, "which kind of hook this is"),
};
static TABLE(debug_settings);

static const struct option_row debug_options_v[] = {
	{"file", 'f', "FILE", "file", NULL,
		"append the dump to this file (made, mode 0600) instead of printing it", false},
	{"stage", 's', "KIND", "stage", NULL,
		"which kind of hook this is: prestart, createRuntime, …", false},
	HOOK_COMMON_OPTIONS,
};
static OPTION_ROWS(debug_options);

static struct bytes state_text;

/* Of one process. */
struct dump {
	const char *proc; /* "/proc/self" */
	struct pool *pool;
	struct str out;
};

static void put_heading(struct dump *d, const char *name)
{
	str_addf(&d->out, "--- %s\n", name);
}

static void put_line(struct dump *d, const char *text, size_t len)
{
	str_addn(&d->out, text, len);
	if (!len || text[len - 1] != '\n')
		str_addc(&d->out, '\n');
}

static const char *path_of(const struct dump *d, const char *name)
{
	return pool_printf(d->pool, "%s/%s", d->proc, name);
}

static int read_one(struct dump *d, const char *name, struct bytes *ret)
{
	const char *path = path_of(d, name);
	struct err err = {0};
	int r = path ? fd_read_file(AT_FDCWD, path, FILE_MOST, d->pool, ret, &err) : -ENOMEM;

	if (r < 0)
		str_addf(&d->out, "(%s)\n", path ? err.text : "no memory");
	return r;
}

static void put_file(struct dump *d, const char *name)
{
	struct bytes text;

	put_heading(d, name);
	if (read_one(d, name, &text) >= 0)
		put_line(d, text.data, text.len);
}

/* A variable a line; what would break the line is escaped, so that one is not taken for two. */
static void put_environment(struct dump *d)
{
	struct bytes text;

	put_heading(d, "environ");
	if (read_one(d, "environ", &text) < 0)
		return;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (!c)
			str_addc(&d->out, '\n');
		else if (c < ' ' || c == 127)
			str_addf(&d->out, "\\%03o", c);
		else
			str_addc(&d->out, (char)c);
	}
}

static void put_link(struct dump *d, const char *name)
{
	const char *path = path_of(d, name);
	char to[4096];
	ssize_t n = path ? readlink(path, to, sizeof(to)) : -1;

	if (n < 0)
		str_addf(&d->out, "%s: (%s)\n", name, err_word(errno));
	else
		str_addf(&d->out, "%s: %.*s\n", name, (int)n, to);
}

static void put_links(struct dump *d)
{
	static const char *const links[] = {"ns/cgroup", "ns/ipc", "ns/mnt", "ns/net", "ns/pid",
		"ns/time", "ns/user", "ns/uts", "root", "cwd", "exe"};

	put_heading(d, "namespaces and places");
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		put_link(d, links[i]);
}

static void put_names(struct dump *d, const char *line)
{
	uint64_t set = strtoull(line + strlen("CapXxx:"), NULL, 16);

	str_addf(&d->out, "%.6s:", line);
	for (size_t i = 0; i < capability_words.n; i++) {
		if (set & capability_words.v[i].value)
			str_addf(&d->out, " %s", capability_words.v[i].name);
	}
	str_addc(&d->out, '\n');
}

/* Ids, capabilities with their names, and what else the kernel says of credentials. */
static void put_status(struct dump *d)
{
	static const char *const keys[] = {"Uid:", "Gid:", "Groups:", "NSpid:", "NoNewPrivs:",
		"Seccomp:", "Seccomp_filters:", "Cpus_allowed_list:", "Mems_allowed_list:"};
	struct bytes text;
	char *rest, *line;

	put_heading(d, "ids and capabilities");
	if (read_one(d, "status", &text) < 0)
		return;
	for (rest = text.data; (line = strsep(&rest, "\n"));) {
		if (!strncmp(line, "Cap", 3))
			put_names(d, line);
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			if (!strncmp(line, keys[i], strlen(keys[i])))
				put_line(d, line, strlen(line));
		}
	}
}

static void put_all(struct dump *d)
{
	static const char *const files[] = {
		"uid_map", "gid_map", "cgroup", "limits", "oom_score_adj", "mountinfo"};

	put_links(d);
	put_status(d);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		put_file(d, files[i]);
	put_environment(d);
}

/* Whom it tells of; NULL: nobody is left. */
static const char *whom(const struct hook_state *s, int stage, struct pool *pool)
{
	if (stage == HOOK_POSTSTOP)
		return NULL;
	if (stage == HOOK_CREATE_CONTAINER || stage == HOOK_START_CONTAINER)
		return "/proc/self";
	return s->has_pid && s->pid > 0 ? pool_printf(pool, "/proc/%lld", (long long)s->pid) : NULL;
}

static int deliver(const struct str *out, const char *file, struct err *e)
{
	own_fd int fd = -1;

	if (!file)
		return fd_write_all(1, out->data, out->len, e);
	fd = hook_open_log(file, e);
	TRY(fd);
	if (fd_write_all(fd, out->data, out->len, e) < 0)
		return err_add(e, "'%s'", file);
	return 0;
}

static int debug_run(
	const struct hook_state *s, const void *settings, struct pool *pool, struct err *e)
{
	const struct debug_settings *o = settings;
	struct dump d = {.pool = pool};
	int r;

	if (!o->has_stage)
		return err_set(e, EINVAL,
			"--stage is needed: the state does not say which kind of hook this is");
	d.proc = whom(s, o->stage, pool);
	str_addf(&d.out, "=== %s %s: %s\n", s->id,
		words_name(&hook_stage_words, (uint64_t)o->stage), d.proc ? d.proc : "no process");
	put_heading(&d, "state");
	put_line(&d, state_text.data, state_text.len);
	if (d.proc)
		put_all(&d);
	r = str_check(&d.out, e);
	if (r >= 0)
		r = deliver(&d.out, o->file, e);
	str_done(&d.out);
	return r;
}

int main(int argc, char **argv)
{
	static const struct hook h = {
		.name = "debug",
		.summary = "dumps what a container sees: namespaces, ids, capabilities, cgroup, "
			   "limits,\n"
			   "mounts, environment",
		.text = "Of the hook's own process for createContainer and startContainer, which "
			"run in\n"
			"the container, else of the container's first process. The environment is "
			"in it:\n"
			"mind who may read the file.",
		.settings = &table_debug_settings,
		.options = &debug_options,
		.run = debug_run,
		.text_of_state = &state_text,
	};
	struct debug_settings settings = {0};

	return hook_main(&h, &settings, argc, argv);
}
