/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_H
#define JAILRT_H
/*
 * jailrt: containers and jails, for programs.
 *
 * A struct jailrt is one container as this process deals with it. Set what is wanted, then call:
 *
 *	struct jailrt *j = jailrt_new();
 *	int status;
 *
 *	if (jailrt_set(j, "id", "web") || jailrt_set(j, "bundle", "/srv/web") ||
 *		jailrt_run(j, &status))
 *		fprintf(stderr, "%s\n", jailrt_error(j));
 *	jailrt_free(j);
 *
 * Calls return 0 or more, or a negative errno value; then jailrt_error and jailrt_fix have the words.
 * Nothing is printed, no signal handler is set, no attribute of the process is changed but that it
 * gets children: SIGCHLD must not be ignored. A struct jailrt is for one thread at a time. Detached
 * containers live on without it; one that is still being made does not.
 */
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct jailrt;

struct jailrt *jailrt_new(void); /* NULL: out of memory */
void jailrt_free(struct jailrt *j);

/* The words of the last failure, and what to do about it ("" when not known). */
const char *jailrt_error(const struct jailrt *j);
const char *jailrt_fix(const struct jailrt *j);

/*
 * Sets an option of the calls below (id, bundle, config, root, pid_file, …: jailrt help fields) or a
 * field of the config (hostname, process.cwd, time_limit, …). A list grows by one with each call.
 */
int jailrt_set(struct jailrt *j, const char *field, const char *value);

/* What an option was set to, as text; NULL when it was not. Valid until it is set again. */
const char *jailrt_get(struct jailrt *j, const char *field);

/* Of an nsjail config that is loaded: "FIELD (FILE:LINE:COLUMN)", as much of it as is known. */
const char *jailrt_place(struct jailrt *j, const char *field);

/* Reads and checks the config; the other calls do it when it was not done. */
int jailrt_load(struct jailrt *j);

/* What the jail will be: a text of one step a line, or JSON. Valid until the next call on j. */
int jailrt_plan(struct jailrt *j, int json, const char **ret_text);

/* create, start and delete as in the runtime-spec. create returns when all but the program is done. */
int jailrt_create(struct jailrt *j);
int jailrt_start(struct jailrt *j);
int jailrt_kill(struct jailrt *j); /* option signal, all */
int jailrt_delete(struct jailrt *j); /* option force */

/*
 * Makes a container, waits for its end and deletes it (unless keep is set). *ret_status is as of
 * wait(2). The option report names where to say how it ended.
 */
int jailrt_run(struct jailrt *j, int *ret_status);

/*
 * Writes a container to files by criu(8) and makes one of them: options image_path, work_path, leave_running,
 * … (jailrt help checkpoint). What was written is deleted, unless it was left running or was only pre-dumped.
 * restore_begin is as run_begin, and the next step says that it runs; with detach it runs at once.
 */
int jailrt_checkpoint(struct jailrt *j);
int jailrt_restore_begin(struct jailrt *j);

/* Runs a further process in a container and waits for its end. */
int jailrt_exec(struct jailrt *j, int *ret_status);

/* Waits for the end of a container; *ret_status is -1 when the kernel no longer tells. */
int jailrt_wait(struct jailrt *j, int *ret_status);

/*
 * The same without waiting, for event loops: begin, then step whenever jailrt_fd is readable, until it
 * says what is wanted. With systemd's cgroups a step or two wait for systemd, 30 s at the most.
 */
enum jailrt_event {
	JAILRT_AGAIN, /* nothing new */
	JAILRT_CREATED, /* all is set up; the next steps run the program */
	JAILRT_RUNNING,
	JAILRT_ENDED, /* jailrt_end has the rest */
};
int jailrt_run_begin(struct jailrt *j);
int jailrt_exec_begin(struct jailrt *j);
int jailrt_fd(const struct jailrt *j);
int jailrt_step(struct jailrt *j); /* enum jailrt_event */

/*
 * An nsjail config may ask for more than one jail: one after the other (mode RERUN), or one for each TCP
 * connection (LISTEN). All are j's, and ENDED comes when there are no more. signal says what the caller's
 * process was told by its user: 1 when that is dealt with, 0 when it is for the program. In mode EXECVE
 * run_begin turns the calling process into the program, and returns only when that fails.
 */
int jailrt_signal(struct jailrt *j, int signal);
/* Why it ended, as in a report: "exited", "time_limit", …; NULL: not known yet. */
const char *jailrt_cause(const struct jailrt *j);
int jailrt_end(struct jailrt *j, int *ret_status); /* reports; deletes what run_begin made */

/* While it runs: the process, and the terminal's master (-1: none); both stay j's. */
int jailrt_pid(const struct jailrt *j);
int jailrt_console(const struct jailrt *j);

/* JSON of the state as runtime-spec has it; valid until the next call on j. */
int jailrt_state(struct jailrt *j, const char **ret_json);

/* Mounts, in a container that runs, what the file of the option mounts_file lists; or removes what is there. */
int jailrt_mounts(struct jailrt *j, int add);

/* Stops all of its processes, and lets them go on. */
int jailrt_pause(struct jailrt *j);
int jailrt_resume(struct jailrt *j);

/* Sets limits of a container that is there, all of those given or none: options resources, memory, … */
int jailrt_update(struct jailrt *j);

/*
 * Calls fn with a line of JSON every interval (statistics of its cgroups) and whenever it runs out of
 * memory, until it ends or fn returns other than 0. With the option stats: once, and at once.
 */
int jailrt_events(struct jailrt *j, int (*fn)(const char *json, void *arg), void *arg);

/*
 * Calls fn for each container, in the order of ids, until it returns non-zero. Where there are many, a
 * second thread, which is gone at the end, looks at some of them meanwhile; fn is called by the caller's own.
 */
struct jailrt_entry {
	const char *id, *status, *bundle, *rootfs, *created, *owner, *version;
	int pid;
};
int jailrt_list(
	struct jailrt *j, int (*fn)(const struct jailrt_entry *entry, void *arg), void *arg);
/* In fn: the entry as JSON, as `state` has it, until fn returns; "" when memory is short. */
const char *jailrt_entry_json(const struct jailrt_entry *entry);

/* The pids of a container's processes; valid until the next call on j. */
int jailrt_pids(struct jailrt *j, const int **ret_pids, size_t *ret_n);

/* What the library would like to say on the side: level 0 error, 1 warning, 2 info, 3 debug. */
void jailrt_log(void (*fn)(int level, const char *text, void *arg), void *arg, int level);

const char *jailrt_version(void);

#ifdef __cplusplus
}
#endif
#endif
