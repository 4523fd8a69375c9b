/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../../spec/doc.h"
#include "../../spec/nsjail.h"
#include "../../spec/oci.h"
#include "../../spec/oci_jail.h"
#include "cmd.h"
#include "options.h"

/* help: all that is written about commands and fields comes from their rows. */

static const struct option_row cmd_help_options_v[] = {
	{"format", 'f', "text|man|markdown", "format", NULL, "how to write it", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_help_options);

static void put_overview(struct str *out, const char *program)
{
	str_addf(out, "usage: %s [OPTIONS] COMMAND [ARGUMENTS]\n\n", program);
	str_add(out, "Runs OCI bundles and nsjail configs.\n\ncommands:\n");
	for (size_t i = 0; i < cmd_rows_n; i++) {
		str_addf(out, "  %s", cmd_rows[i].name);
		for (size_t n = strlen(cmd_rows[i].name); n < 12; n++)
			str_addc(out, ' ');
		str_addf(out, "%s\n", cmd_rows[i].summary);
	}
	str_add(out, "\noptions, before the command:\n");
	doc_options(&cmd_global_options, out);
	str_addf(out,
		"\n'%s COMMAND --help' tells more of a command, '%s help fields' of configs.\n",
		program, program);
}

void cmd_put_help(const struct cmd_row *row, const char *program, struct str *out)
{
	if (!row) {
		put_overview(out, program);
		return;
	}
	str_addf(out, "usage: %s %s [OPTIONS] %s\n\n%s\n", program, row->name, row->args,
		row->summary);
	if (row->text)
		str_addf(out, "\n%s\n", row->text);
	str_add(out, "\noptions:\n");
	doc_options(row->options, out);
}

/* --- manual pages ------------------------------------------------------------------------------------ */

static void put_heading(struct str *out, const char *name, const char *summary)
{
	str_addf(out, ".TH JAILRT%s%s 8 \"\" \"jailrt %s\" \"jailrt manual\"\n", *name ? "-" : "",
		name, jailrt_version());
	str_addf(out, ".SH NAME\njailrt%s%s \\- ", *name ? "\\-" : "", name);
	doc_man_text(summary, out);
	str_addc(out, '\n');
}

static void put_man_page(const struct cmd_row *row, struct str *out)
{
	put_heading(out, row->name, row->summary);
	str_addf(out, ".SH SYNOPSIS\n\\fBjailrt %s\\fR [OPTIONS] ", row->name);
	doc_man_text(row->args, out);
	str_add(out, "\n.SH DESCRIPTION\n");
	doc_man_text(row->text ? row->text : row->summary, out);
	str_add(out, "\n.SH OPTIONS\n");
	doc_options_man(row->options, out);
	str_add(out, ".SH EXIT STATUS\n");
	str_add(out,
		row->failure == 255
			? "255 when jailrt itself fails; else the program's, or 128 and the "
			  "signal's number.\n"
		: row->failure
			? "See above.\n"
			: "1 when jailrt itself fails. Commands that wait for a program exit with "
			  "its status, or 128 and the signal's number.\n");
	str_add(out, ".SH SEE ALSO\n.BR jailrt (8)\n");
}

static void put_main_page(struct str *out)
{
	put_heading(out, "", "run OCI bundles and nsjail configs");
	str_add(out, ".SH SYNOPSIS\n\\fBjailrt\\fR [OPTIONS] COMMAND [ARGUMENTS]\n.SH COMMANDS\n");
	for (size_t i = 0; i < cmd_rows_n; i++) {
		str_addf(out, ".TP\n.BR jailrt\\-%s (8)\n", cmd_rows[i].name);
		doc_man_text(cmd_rows[i].summary, out);
		str_addc(out, '\n');
	}
	str_add(out, ".SH OPTIONS\n");
	doc_options_man(&cmd_global_options, out);
	str_add(out, ".SH FILES\n.TP\n\\fI/run/jailrt\\fR\nStates of containers; "
		     "\\fI$XDG_RUNTIME_DIR/jailrt\\fR for a plain user.\n");
}

/* --- reference lists ---------------------------------------------------------------------------------- */

static void put_command_rows(const struct cmd_row *row, struct str *out)
{
	own_str struct str prefix = {0};

	str_addf(out, "| `%s` |  | ", row->name);
	doc_cell(row->args, out);
	str_add(out, " | ");
	doc_cell(row->summary, out);
	str_add(out, " |\n");
	str_addf(&prefix, "%s ", row->name);
	doc_options_markdown(row->options, str_text(&prefix), out);
}

static void put_markdown(const struct cmd_row *row, struct str *out)
{
	str_add(out, "| command or option | short | takes | meaning |\n|---|---|---|---|\n");
	if (row) {
		put_command_rows(row, out);
		return;
	}
	doc_options_markdown(&cmd_global_options, "", out);
	for (size_t i = 0; i < cmd_rows_n; i++)
		put_command_rows(&cmd_rows[i], out);
}

static void put_jail_object(struct str *out)
{
	str_add(out, "\n## The jail object of a config.json\n\nIt has the fields of nsjail "
		     "configs, but for "
		     "those that the spec has a place for (docs/convert.md):\n\n");
	for (size_t i = 0; i < oci_said_n; i++)
		str_addf(out, "- `%s`: `%s`\n", oci_said[i].key, oci_said[i].instead);
	str_add(out,
		"- `rlimit_…`, and `rlimit_…_type` with `VALUE` or `INF`: `process.rlimits`\n");
}

static void put_fields(struct str *out)
{
	str_add(out, "## config.json (OCI)\n\n| field | type | default | meaning "
		     "|\n|---|---|---|---|\n");
	doc_fields(&table_oci_config, "", out);
	str_add(out,
		"\n## nsjail configs\n\n| field | type | default | meaning |\n|---|---|---|---|\n");
	doc_fields(&table_nsjail_config, "", out);
	put_jail_object(out);
}

/* --- the command -------------------------------------------------------------------------------------- */

static const struct cmd_row *find_command(const char *name)
{
	for (size_t i = 0; i < cmd_rows_n; i++) {
		if (!strcmp(cmd_rows[i].name, name))
			return &cmd_rows[i];
	}
	return NULL;
}

int cmd_help(struct cmd_call *c)
{
	own_str struct str out = {0};
	const char *name = c->argc ? c->argv[0] : NULL;
	const char *format = c->o.format ? c->o.format : "text";
	const struct cmd_row *row = name ? find_command(name) : NULL;
	bool man = !strcmp(format, "man"), markdown = !strcmp(format, "markdown");

	if (!man && !markdown && strcmp(format, "text"))
		return CMD_REFUSE(c, "unknown format '%s': text, man or markdown", format);
	if (name && !strcmp(name, "fields"))
		put_fields(&out);
	else if (name && !row)
		return CMD_REFUSE(c, "unknown command '%s'", name);
	else if (markdown)
		put_markdown(row, &out);
	else if (man && row)
		put_man_page(row, &out);
	else if (man)
		put_main_page(&out);
	else
		cmd_put_help(row, c->program, &out);
	return str_check(&out, &c->err) < 0 ? CMD_REFUSED : cmd_print(out.data);
}
