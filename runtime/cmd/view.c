/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../spec/json.h"
#include "../base/fd.h"
#include "../base/fmt.h"
#include "cmd.h"
#include "options.h"

/* state, list, ps, wait, plan: what looks at containers and configs. */

static const struct option_row cmd_state_options_v[] = {OPTION_HELP};
OPTION_ROWS(cmd_state_options);

static const struct option_row cmd_list_options_v[] = {
	{"format", 'f', "table|json", "format", NULL, "how to show it", false},
	{"quiet", 'q', NULL, "quiet", NULL, "ids only", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_list_options);

static const struct option_row cmd_ps_options_v[] = {
	{"format", 'f', "table|json", "format", NULL, "how to show it", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_ps_options);

static const struct option_row cmd_wait_options_v[] = {
	{"report", 0, "FILE|fd:N", "report", NULL, "say there as JSON how it ended", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_wait_options);

static const struct option_row cmd_plan_options_v[] = {
	OPTIONS_CONFIG,
	{"json", 0, NULL, "json", NULL, "as JSON, with the place each step comes from", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_plan_options);

int cmd_state(struct cmd_call *c)
{
	const char *json;

	if (cmd_set_id(c) < 0 || jailrt_state(c->jailrt, &json) < 0)
		return CMD_FAILED;
	return cmd_print(json);
}

/* --- list ------------------------------------------------------------------------------------------- */

enum { COLUMNS = 6, AT_ONCE = 16384 };

struct listing {
	struct str out, cells; /* cells: row by row, each with its NUL */
	size_t width[COLUMNS];
	const char *format;
	bool quiet;
};

static void listing_done(struct listing *l)
{
	str_done(&l->out);
	str_done(&l->cells);
}

static int add_row(struct listing *l, const char *const cells[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		size_t n = strlen(cells[i]);

		l->width[i] = n > l->width[i] ? n : l->width[i];
		str_addn(&l->cells, cells[i], n + 1);
	}
	return str_check(&l->cells, NULL);
}

static int list_one(const struct jailrt_entry *entry, void *arg)
{
	struct listing *l = arg;
	char pid[16];
	const char *const cells[COLUMNS] = {
		entry->id, pid, entry->status, entry->bundle, entry->created, entry->owner};

	fmt_put(pid, sizeof(pid), "%d", entry->pid);
	if (l->quiet)
		str_addf(&l->out, "%s\n", entry->id);
	else if (!strcmp(l->format, "json"))
		str_addf(&l->out, "%s%s", l->out.len ? "," : "[", jailrt_entry_json(entry));
	else
		return add_row(l, cells);
	return str_check(&l->out, NULL);
}

/* A long one in parts: there is no room for all of it twice. */
static int put_table(struct listing *l)
{
	const char *cell = str_text(&l->cells), *end = cell + l->cells.len;

	for (int k = 0; cell < end; k = (k + 1) % COLUMNS) {
		size_t n = strlen(cell);

		str_addn(&l->out, cell, n);
		cell += n + 1;
		for (; k < COLUMNS - 1 && n < l->width[k] + 2; n++)
			str_addc(&l->out, ' ');
		if (k < COLUMNS - 1)
			continue;
		str_addc(&l->out, '\n');
		if (l->out.len < AT_ONCE || l->out.broken)
			continue;
		TRY(fd_write_all(1, l->out.data, l->out.len, NULL));
		l->out.data[l->out.len = 0] = '\0';
	}
	return 0;
}

int cmd_list(struct cmd_call *c)
{
	static const char *const head[COLUMNS] = {
		"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
	own(listing_done) struct listing l = {
		.format = c->o.format ? c->o.format : "table", .quiet = c->o.quiet};
	bool json = !strcmp(l.format, "json");

	if (!json && strcmp(l.format, "table"))
		return CMD_REFUSE(c, "unknown format '%s': table or json", l.format);
	if (!json && !l.quiet && add_row(&l, head) < 0)
		return CMD_REFUSE(c, "out of memory");
	if (jailrt_list(c->jailrt, list_one, &l) < 0)
		return CMD_FAILED;
	if (json && !l.quiet)
		str_add(&l.out, l.out.len ? "]\n" : "[]\n");
	if (put_table(&l) < 0)
		return 1;
	if (str_check(&l.out, &c->err) < 0)
		return CMD_REFUSED;
	return cmd_print(str_text(&l.out));
}

/* --- ps ---------------------------------------------------------------------------------------------- */

static int print_pids(const int *pids, size_t n, struct cmd_call *c)
{
	own_str struct str out = {0};

	for (size_t i = 0; i < n; i++)
		str_addf(&out, "%s%d", i ? "," : "[", pids[i]);
	str_add(&out, n ? "]\n" : "[]\n");
	return str_check(&out, &c->err) < 0 ? CMD_REFUSED : cmd_print(out.data);
}

static bool is_listed(int pid, const int *pids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

/* Which blank-separated column is PID, or -1. */
static int pid_column(const char *head)
{
	int column = 0;

	for (const char *s = head + strspn(head, " "); *s && *s != '\n'; column++) {
		size_t n = strcspn(s, " \n");

		if (n == 3 && !memcmp(s, "PID", 3))
			return column;
		s += n;
		s += strspn(s, " ");
	}
	return -1;
}

static int pid_of(const char *line, int column)
{
	uint64_t v;

	line += strspn(line, " ");
	for (; column; column--) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return fmt_u64(line, strspn(line, "0123456789"), &v) < 0 ? -1 : (int)v;
}

/* The host's ps(1), with those of its lines that are of the container. */
static int filter_ps(struct cmd_call *c, int from, const int *pids, size_t n)
{
	own_str struct str out = {0};
	own_pool struct pool pool = {0};
	struct bytes text;
	int column;

	if (fd_read_all(from, 64 << 20, &pool, &text, &c->err) < 0)
		return CMD_REFUSED;
	column = pid_column(text.data);
	if (column < 0)
		return CMD_REFUSE(c, "ps: its output has no PID column");
	for (const char *s = text.data; *s;) {
		size_t len = strcspn(s, "\n") + 1;

		if (s == text.data || is_listed(pid_of(s, column), pids, n))
			str_addn(&out, s, len);
		s += len - 1;
		s += *s == '\n';
	}
	return str_check(&out, &c->err) < 0 ? CMD_REFUSED : cmd_print(str_text(&out));
}

static int run_ps(struct cmd_call *c, const int *pids, size_t n)
{
	char *argv[64] = {(char *)"ps", (char *)"-ef"};
	own_fd int from = -1;
	int pipe[2], status, count = 1, r;
	pid_t pid;

	for (int i = 1; i < c->argc && count < 62; i++)
		argv[count++] = c->argv[i];
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return CMD_REFUSE(c, "ps: %s", err_word(errno));
	from = pipe[0];
	pid = fork();
	if (pid == 0) {
		dup2(pipe[1], 1);
		execvp("ps", argv);
		_exit(127);
	}
	close(pipe[1]);
	if (pid < 0)
		return CMD_REFUSE(c, "ps: %s", err_word(errno));
	r = filter_ps(c, from, pids, n);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return CMD_REFUSE(c, "ps(1) is not installed here (package procps)");
	return r;
}

int cmd_ps(struct cmd_call *c)
{
	const char *format = c->o.format ? c->o.format : "table";
	const int *pids;
	size_t n;

	if (cmd_set_id(c) < 0 || jailrt_pids(c->jailrt, &pids, &n) < 0)
		return CMD_FAILED;
	if (!strcmp(format, "json"))
		return print_pids(pids, n, c);
	if (strcmp(format, "table"))
		return CMD_REFUSE(c, "unknown format '%s': table or json", format);
	return run_ps(c, pids, n);
}

/* --- wait, plan --------------------------------------------------------------------------------------- */

int cmd_wait(struct cmd_call *c)
{
	int status;

	if (cmd_set_id(c) < 0 || jailrt_wait(c->jailrt, &status) < 0)
		return CMD_FAILED;
	if (status == -1)
		return CMD_REFUSE(c, "it has ended; how, this kernel does not tell");
	return cmd_exit_status(status);
}

int cmd_plan(struct cmd_call *c)
{
	const char *text;
	int from = 0;

	if (!jailrt_get(c->jailrt, "config") && !jailrt_get(c->jailrt, "bundle") && c->argc &&
		c->dashes) {
		if (cmd_set(c, "bundle", c->argv[from++]) < 0)
			return CMD_FAILED;
	}
	for (; from < c->argc; from++) {
		if (cmd_set(c, "args", c->argv[from]) < 0)
			return CMD_FAILED;
	}
	if (jailrt_plan(c->jailrt, c->o.json, &text) < 0)
		return CMD_FAILED;
	return cmd_print(text);
}
