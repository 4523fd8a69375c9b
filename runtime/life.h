/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_LIFE_H
#define JAILRT_LIFE_H
/*
 * life: a container from its config to its end, for one command.
 *
 * A struct life is one container as one process deals with it: the options it was given, its config and
 * plan when it makes it, its state when it finds it. The calls are those of jailrt.h, which wraps it;
 * there it is said what each does. life.c has options, places and configs; life_make.c begins a
 * container, life_exec.c a further process in one; life_step.c carries either to its end; life_hand.c hands
 * over, life_pass.c hands on, life_seen.c has system calls watched, life_systemd.c knows systemd; life_start.c, life_end.c, life_view.c,
 * life_pause.c, life_update.c, life_stats.c and life_events.c deal with those that are there;
 * life_criu.c, life_criu_mounts.c, life_checkpoint.c and life_restore.c have criu write them to files and
 * make them again.
 */
#include <time.h>

#include "../spec/load.h"
#include "notice.h"
#include "parent.h"
#include "report.h"
#include "state.h"

/* What can be set on a container by jailrt_set and, through it, by the commands' options. */
struct life_options {
	/* all commands */
	const char *root, *id;
	OPT(int32_t, cgroup_manager);
	OPT(bool, systemd_cgroup);
	/* create and run */
	const char *bundle, *config;
	const char *config_text; /* in place of a file */
	OPT(int32_t, compat); /* enum nsjail_door */
	struct texts args, set, syscall_profile;
	OPT(bool, strict);
	const char *pid_file, *console_socket, *pidfd_socket;
	OPT(uint32_t, preserve_fds);
	OPT(bool, no_pivot);
	OPT(bool, no_new_keyring);
	OPT(bool, detach);
	OPT(bool, keep);
	const char *report;
	OPT(int32_t, env_mode);
	struct texts env_pass, env_strip;
	OPT(bool, env_secrets);
	/* exec, and what run sets */
	const char *process, *cwd, *user;
	struct texts env, cap;
	struct u32s additional_gids;
	OPT(bool, tty);
	OPT(bool, no_new_privs);
	OPT(bool, ignore_paused);
	struct texts cgroup; /* "[CONTROLLERS:]PATH" */
	const char *apparmor, *process_label;
	/* kill, delete, wait */
	const char *signal;
	OPT(bool, all);
	OPT(bool, force);
	/* update; numbers and sizes are texts as they were given */
	const char *resources;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *cpu_share, *cpu_period, *cpu_quota, *cpu_burst, *cpu_idle;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems;
	const char *blkio_weight, *pids_limit, *l3_cache_schema, *mem_bw_schema;
	/* mounts */
	const char *mounts_file;
	/* events */
	const char *interval;
	OPT(bool, stats);
	/* checkpoint and restore */
	const char *criu, *image_path, *work_path, *parent_path, *page_server;
	OPT(int32_t, manage_cgroups_mode);
	OPT(int32_t, network_lock);
	OPT(uint32_t, status_fd);
	struct texts empty_ns;
	const char *lsm_profile, *lsm_mount_context;
	OPT(bool, leave_running);
	OPT(bool, tcp_established);
	OPT(bool, tcp_skip_in_flight);
	OPT(bool, tcp_close);
	OPT(bool, ext_unix_sk);
	OPT(bool, shell_job);
	OPT(bool, file_locks);
	OPT(bool, link_remap);
	OPT(bool, pre_dump);
	OPT(bool, lazy_pages);
	OPT(bool, auto_dedup);
};

/* As criu counts them (rpc.proto). */
enum { CGROUPS_IGNORE = 0, CGROUPS_SOFT = 3 };

extern const struct table table_life_options;

enum life_phase {
	LIFE_NEW,
	LIFE_LOADED,
	LIFE_MAKING,
	LIFE_CREATED,
	LIFE_LEFT,
	LIFE_RUNNING,
	LIFE_ENDED
};

struct life {
	struct life_options o;
	struct pool pool;
	struct caller caller;
	struct loaded loaded;
	struct host host;
	struct plan plan;
	struct run_state texts;
	struct parent parent;
	enum life_phase phase;
	bool begun; /* parent is to be done with */
	bool claimed; /* the state directory is ours, until it is whole */
	bool adopted; /* its process was made by criu, and runs */
	bool host_probed;
	int root, dir; /* fds of the state directories */
	int report_fd;
	bool reported; /* by another life that has the fd */
	struct seen *
		seen; /* by the watching; shared by all jails of a service. NULL: nothing is watched */
	struct notice *notice; /* who watches this one */
	int seen_fd; /* where the report of that goes; -1: the log alone */
	bool seen_made; /* that file was not there before, and is empty */
	int console, pidfd, timer;
	int stdio[3]; /* what the program has as its 0, 1 and 2; 0: the caller's own. Not owned */
	bool shares_plan; /* and what is loaded: another life's, which outlives this one */
	int notify; /* what the container says of itself (life_pass.c); -1: nobody asked */
	bool relays; /* the container has that socket */
	pid_t pid;
	struct state *state;
	struct timespec started;
	bool timed_out;
	int status; /* of wait(2); -1: nobody saw it */
	struct report report;
	struct systemd *systemd; /* the connection; NULL: none was needed */
};

void life_init(struct life *l);
void life_done(struct life *l);

int life_set(struct life *l, const char *field, const char *value, struct err *e);
int life_load(struct life *l, struct err *e);
int life_plan(struct life *l, bool json, struct str *out, struct err *e);

/* Turns the calling process into the program; returns only when that fails, in whichever process. */
int life_become(struct life *l, struct err *e);

/* Making: begin, then step until it says what is wanted (jailrt.h: events). */
int life_check_id(const struct life *l, struct err *e);
int life_begin(struct life *l, bool hold, struct err *e);
/* One more jail of the same config, which is loaded once and planned once if that goes; id is kept. */
int life_another(const struct life *l, const char *id, struct life *ret, struct err *e);
int life_exec_begin(struct life *l, struct err *e);
int life_fd(const struct life *l);
int life_step(struct life *l, struct err *e);
/* Steps, waiting, until the phase is reached or passed. */
int life_reach(struct life *l, enum life_phase phase, struct err *e);

int life_start(struct life *l, struct err *e);
int life_wait(struct life *l, struct err *e);
int life_kill(struct life *l, struct err *e);
int life_delete(struct life *l, struct err *e);

/* By criu, to the directory image_path and from it. */
int life_checkpoint(struct life *l, struct err *e);
/* Begins as life_begin does; with detach it runs when this returns, else at the next step. */
int life_restore_begin(struct life *l, struct err *e);

/* Mounts the file's mounts in a container that runs, or takes out what is mounted there. */
int life_mounts(struct life *l, bool add, struct err *e);

int life_pause(struct life *l, struct err *e);
int life_resume(struct life *l, struct err *e);
int life_update(struct life *l, struct err *e);
/* Calls fn with one line of JSON for each event, until the container ends or fn returns other than 0. */
int life_events(struct life *l, int (*fn)(const char *json, void *arg), void *arg, struct err *e);

int life_view(struct life *l, struct str *out, struct err *e);
int life_list(struct life *l, int (*fn)(const struct state *, enum status, void *), void *arg,
	struct err *e);
int life_pids(struct life *l, struct i32s *ret, struct err *e);

/* --- for the files of this room only ---------------------------------------------------------- */

/* Opens ROOT, and ROOT/ID with its state, locked when lock is true. */
int life_open(struct life *l, bool lock, struct err *e);
/* Of a container that is open: its processes, each once. */
int life_processes(struct life *l, struct i32s *ret, struct err *e);
const char *life_root(struct life *l, struct err *e);
int life_open_root(struct life *l, bool make, struct err *e);
int life_make_plan(struct life *l, bool hold, struct err *e);
/* Takes back what was made of a container that does not come to be. */
void life_unclaim(struct life *l);
/* The same, said where it was asked to be, and with its poststop hooks; returns -e->code. */
int life_fail(struct life *l, const struct err *e);
/* Making in two parts: all that is looked at before anything is made, and the state on disk. */
int life_prepare(struct life *l, bool hold, struct err *e);
int life_claim(struct life *l, struct err *e);
/* The process that somebody else made for it is its first, and a child of ours. */
int life_adopt(struct life *l, pid_t pid, struct err *e);
/* The config of a container that is there, from its state directory. */
int life_load_copy(struct life *l, struct err *e);

/* Runs hooks of the state or the jail one after the other: the first failure ends it, or only warns. */
int life_run_hooks(const struct run_state *texts, const struct jail_hooks *hooks, const char *kind,
	const char *status, pid_t pid, const char *cwd, bool must, struct err *e);
/*
 * What watching needs, before anything is made; who begins the watching, with the listener that is taken
 * over; and what was seen, once all is over.
 */
int life_watch_prepare(struct life *l, struct err *e);
int life_watch_calls(struct life *l, int listener, struct err *e);
int life_watch_tell(struct life *l, struct err *e);
void life_watch_done(struct life *l);
/* The hooks that the state file keeps: "poststart" or "poststop". */
int life_state_hooks(
	struct life *l, const char *kind, const char *status, pid_t pid, bool must, struct err *e);
/* What of the state can be the cause of a signal. */
struct report_limits life_limits(const struct state *s);
bool life_is_rootless(void);
/* Connects to the systemd that makes cgroups, and asks it what planning may know. */
int life_systemd(struct life *l, struct err *e);
/* Where the caller may not put a process into the container's cgroup but systemd may: *ret is the unit. */
int life_join_unit(
	struct life *l, const struct jail_paths *cgroups, const char **ret, struct err *e);
/* Ends the unit that the state names. */
void life_stop_unit(struct life *l);
/* The directories of the cgroups that a process of exec enters. */
int life_exec_cgroups(struct life *l, struct jail_paths *ret, struct err *e);
/* What its cgroups count, as the "data" of runc's events. */
int life_stats(const struct life *l, struct str *out, struct err *e);
/* The parts of the state that hooks read. */
int life_hook_texts(const char *version, const char *id, const char *bundle,
	const struct pairs *annotations, struct pool *pool, struct run_state *ret, struct err *e);

/* A process of its own that outlives the command: it waits for the end, keeps the time limit, reports. */
int life_watch(struct life *l, struct err *e);

/* That what preserve_fds hands on is open, and the caller's. */
int life_check_fds(const struct life *l, struct err *e);

/* The files of run.oci.hooks.stdout and .stderr, for what hooks print. */
int life_open_hook_files(const struct pairs *annotations, struct run_state *to, struct err *e);
void life_close_hook_files(struct run_state *texts);

/* Replaces or adds NAME=value in the environment of the program. */
int life_set_env(struct life *l, const char *entry, struct err *e);

/*
 * What the service manager hands on: sockets (LISTEN_FDS) and its ear (NOTIFY_SOCKET, by a socket of
 * our own between). pass changes what is loaded; prepare makes the folder, listen the socket in it.
 */
int life_pass(struct life *l, struct err *e);
int life_notify_prepare(struct life *l, struct err *e);
int life_notify_listen(struct life *l, struct err *e);
/* Hands on what is there to hear; 1 once that was that it is ready. main: its pid, or 0 for ourselves. */
int life_notify_relay(struct life *l, pid_t main);
/* Until it is ready, or gone. */
void life_notify_wait(struct life *l);

int life_write_pid_file(const char *path, pid_t pid, struct err *e);
/* what: "standard" for a container's first process, "setns" for one of exec. */
int life_send_pidfd(const char *socket, int pidfd, const char *what, struct err *e);
int life_send_console(const char *socket, int console, struct err *e);
/* Sends the filter's listener to its agent, and closes it. */
int life_send_listener(struct life *l, int listener, const char *status, struct err *e);

#endif
