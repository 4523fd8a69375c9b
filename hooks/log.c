/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jailrt-hook-log: a container's life as lines of JSON.
 *
 * A line goes to the end of the file in one write, so that hooks of many containers can share it: with
 * O_APPEND the kernel keeps lines whole. A line that did not get there as a whole is a failure.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "../runtime/base/str.h"
#include "../spec/json.h"
#include "hook.h"

struct log_settings {
	const char *file;
	OPT(int32_t, stage);
};

static const struct field log_settings_rows[] = {
	FIELD_TEXT(log_settings, file, "the file that gets the line"),
	FIELD_ENUM(log_settings, stage, hook_stage_words, "which kind of hook this is"),
};
static TABLE(log_settings);

static const struct option_row log_options_v[] = {
	{"file", 'f', "FILE", "file", NULL, "append the line to this file; made, mode 0600", false},
	{"stage", 's', "KIND", "stage", NULL,
		"which kind of hook this is: prestart, createRuntime, …", false},
	HOOK_COMMON_OPTIONS,
};
static OPTION_ROWS(log_options);

static void put_text(struct str *out, const char *key, const char *value)
{
	str_addf(out, ",\"%s\":", key);
	json_quote(out, value, strlen(value));
}

static int put_line(const struct hook_state *s, const char *stage, struct str *out, struct err *e)
{
	struct timespec now;
	struct tm tm;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || !gmtime_r(&now.tv_sec, &tm))
		return err_sys(e, errno, "tell the time");
	str_addf(out, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%09uZ\"", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)now.tv_nsec);
	put_text(out, "id", s->id);
	put_text(out, "stage", stage);
	if (s->has_pid && s->pid > 0)
		str_addf(out, ",\"pid\":%lld", (long long)s->pid);
	else
		str_add(out, ",\"pid\":null");
	put_text(out, "status", s->status);
	put_text(out, "bundle", s->bundle);
	str_add(out, "}\n");
	return str_check(out, e);
}

static int log_run(
	const struct hook_state *s, const void *settings, struct pool *pool, struct err *e)
{
	const struct log_settings *o = settings;
	own_str struct str line = {0};
	own_fd int fd = -1;
	ssize_t n;

	(void)pool; /* a line is kept by itself */
	if (!o->file)
		return err_set(e, EINVAL, "--file is needed: where the line goes");
	if (!o->has_stage)
		return err_set(e, EINVAL,
			"--stage is needed: the state does not say which kind of hook this is");
	TRY(put_line(s, words_name(&hook_stage_words, (uint64_t)o->stage), &line, e));
	fd = hook_open_log(o->file, e);
	TRY(fd);
	do
		n = write(fd, line.data, line.len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, errno, "write to '%s'", o->file);
	if ((size_t)n != line.len)
		return err_set(e, EIO, "write to '%s': only %zu of %zu bytes", o->file, (size_t)n,
			line.len);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct hook h = {
		.name = "log",
		.summary = "writes a line of JSON about a container's life",
		.text = "The line has time, id, stage, pid (null when there is none), status and\n"
			"bundle. Hooks of all kinds and containers may share a file.",
		.settings = &table_log_settings,
		.options = &log_options,
		.run = log_run,
	};
	struct log_settings settings = {0};

	return hook_main(&h, &settings, argc, argv);
}
