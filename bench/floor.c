/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void floor_die(const char *what)
{
	dprintf(2, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static pid_t clone_child(const struct floor_jail *j, unsigned long namespaces)
{
	struct clone_args args = {.flags = namespaces, .exit_signal = SIGCHLD};
	pid_t pid;

	if (j->v2 && j->cgroup) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned long)j->hierarchies[0].tasks;
	}
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0)
		floor_die("clone3");
	return pid;
}

/* Strings of 1 KiB with their NULs. */
static char **make_environment(unsigned n)
{
	enum { SIZE = 1024 };
	char **list = calloc(n + 1, sizeof(*list)), *text = malloc((size_t)n * SIZE);

	if (!list || (n && !text))
		floor_die("environment");
	for (unsigned i = 0; i < n; i++) {
		list[i] = text + (size_t)i * SIZE;
		memset(list[i], '0', SIZE - 1);
		list[i][SIZE - 1] = '\0';
		memcpy(list[i], "V=", 2);
	}
	return list;
}

static _Noreturn void run_program(const struct floor_jail *j)
{
	execve(j->program[0], j->program, make_environment(j->variables));
	floor_die(j->program[0]);
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		floor_die("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- the verbs --------------------------------------------------------------------------------- */

/* run ROOTFS PROGRAM… */
static int verb_run(struct floor_jail *j, char **args)
{
	pid_t pid;
	int status;

	j->rootfs = args[0];
	j->program = args + 1;
	floor_cgroups_make(j);
	pid = clone_child(j, floor_namespaces(j));
	if (!pid) {
		floor_jail_make(j);
		run_program(j);
	}
	status = wait_for(pid);
	floor_cgroups_remove(j);
	return status;
}

/* host PROGRAM…, nine PROGRAM…: as nsjail's command lines would have it. */
static int verb_jail(struct floor_jail *j, char **args, void (*make)(const struct floor_jail *j))
{
	pid_t pid = clone_child(j, floor_nsjail_namespaces());

	j->program = args;
	if (!pid) {
		make(j);
		run_program(j);
	}
	return wait_for(pid);
}

static int verb_host(struct floor_jail *j, char **args)
{
	return verb_jail(j, args, floor_host_make);
}

static int verb_nine(struct floor_jail *j, char **args)
{
	return verb_jail(j, args, floor_nine_make);
}

static void write_pid(int dir, pid_t pid)
{
	int fd = openat(dir, "pid", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char text[16];

	if (fd < 0 || write(fd, text, (size_t)snprintf(text, sizeof(text), "%d", pid)) < 0)
		floor_die("pid");
}

static pid_t read_pid(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		floor_die(path);
	text[n] = '\0';
	close(fd);
	return atoi(text);
}

/* create STATE ROOTFS PROGRAM…: the program waits for a byte in STATE/start. */
static int verb_create(struct floor_jail *j, char **args)
{
	int dir, fifo, made[2];
	pid_t pid;
	char byte;

	j->rootfs = args[1];
	j->program = args + 2;
	if (mkdir(args[0], 0700) < 0 || pipe2(made, O_CLOEXEC) < 0)
		floor_die(args[0]);
	dir = open(args[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkfifoat(dir, "start", 0600) < 0)
		floor_die("start");
	fifo = openat(dir, "start", O_RDWR | O_CLOEXEC);
	floor_cgroups_make(j);
	pid = clone_child(j, floor_namespaces(j));
	if (!pid) {
		floor_jail_make(j);
		close(made[0]);
		if (write(made[1], "", 1) != 1 || close(made[1]) < 0 || read(fifo, &byte, 1) != 1)
			floor_die("start");
		run_program(j);
	}
	close(made[1]);
	write_pid(dir, pid);
	return read(made[0], &byte, 1) == 1 ? 0 : 1;
}

/* start STATE */
static int verb_start(struct floor_jail *j, char **args)
{
	int dir = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fifo = openat(dir, "start", O_WRONLY | O_CLOEXEC);

	(void)j;
	if (fifo < 0 || write(fifo, "", 1) != 1 || unlinkat(dir, "start", 0) < 0)
		floor_die("start");
	return 0;
}

/* delete STATE: of a container that has ended. */
static int verb_delete(struct floor_jail *j, char **args)
{
	int dir = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (kill(read_pid(dir, "pid"), 0) == 0 || errno != ESRCH)
		floor_die("it runs");
	floor_cgroups_remove(j);
	if (unlinkat(dir, "pid", 0) < 0 || rmdir(args[0]) < 0)
		floor_die(args[0]);
	return 0;
}

/* signal STATE: one that changes nothing. */
static int verb_signal(struct floor_jail *j, char **args)
{
	int dir = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	int pidfd = sys_pidfd_open(read_pid(dir, "pid"), 0);

	(void)j;
	if (pidfd < 0 || sys_pidfd_send_signal(pidfd, SIGCONT, NULL, 0) < 0)
		floor_die(args[0]);
	return 0;
}

/* The bench has adopted the container: a process with another parent only has its number. */
static bool is_ours(pid_t pid)
{
	char path[32], text[512] = "", *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return false;
	state = strrchr(text, ')');
	return state && strlen(state) > 4 && atoi(state + 4) == getppid();
}

/* kill STATE: and delete it, whatever it is. For cleaning up only. */
static int verb_kill(struct floor_jail *j, char **args)
{
	int dir = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0) {
		pid_t pid = read_pid(dir, "pid");

		if (is_ours(pid))
			kill(pid, SIGKILL);
		unlinkat(dir, "start", 0);
		unlinkat(dir, "pid", 0);
		rmdir(args[0]);
	}
	for (size_t i = 0; j->cgroup && i < j->n; i++) {
		for (int tries = 0; rmdir(j->hierarchies[i].path) < 0 && errno == EBUSY; tries++) {
			if (tries == 200)
				floor_die(j->hierarchies[i].path);
			usleep(10000);
		}
	}
	return 0;
}

/* exec STATE PROGRAM… */
static int verb_exec(struct floor_jail *j, char **args)
{
	int dir = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	int pidfd = sys_pidfd_open(read_pid(dir, "pid"), 0);
	pid_t pid;

	j->program = args + 1;
	floor_cgroups_open(j);
	/* Who is in the jail's cgroup namespace already cannot be born in its cgroup. */
	if (pidfd < 0 ||
		sys_setns(pidfd, (int)(floor_namespaces(j) & ~(unsigned long)CLONE_NEWCGROUP)) < 0)
		floor_die("setns");
	pid = clone_child(j, 0);
	if (!pid) {
		if (j->v2 && sys_setns(pidfd, CLONE_NEWCGROUP) < 0)
			floor_die("setns");
		floor_cgroups_enter(j);
		floor_become(j);
		run_program(j);
	}
	return wait_for(pid);
}

/* A process that has ended but was not waited for is "Z", and counts as stopped. */
static void print_state(int proc, const char *id, pid_t pid)
{
	char path[32], text[512] = "", *state;
	int fd;

	snprintf(path, sizeof(path), "%d/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	state = strrchr(text, ')');
	printf("{\"id\":\"%s\",\"pid\":%d,\"status\":\"%s\"}\n", id, pid,
		!state || state[2] == 'Z' ? "stopped" : "running");
}

/* state STATE */
static int verb_state(struct floor_jail *j, char **args)
{
	int dir = open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)j;
	print_state(proc, strrchr(args[0], '/') + 1, read_pid(dir, "pid"));
	return fflush(stdout);
}

/* list STATES */
static int verb_list(struct floor_jail *j, char **args)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	DIR *d = opendir(args[0]);
	struct dirent *entry;
	char path[300];

	(void)j;
	if (!d)
		floor_die(args[0]);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/pid", entry->d_name);
		print_state(proc, entry->d_name, read_pid(dirfd(d), path));
	}
	return fflush(stdout);
}

/* --- the command line -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*fn)(struct floor_jail *j, char **args);
	int args; /* at least */
} verbs[] = {
	{"run", verb_run, 2},
	{"create", verb_create, 3},
	{"start", verb_start, 1},
	{"signal", verb_signal, 1},
	{"delete", verb_delete, 1},
	{"kill", verb_kill, 1},
	{"exec", verb_exec, 2},
	{"state", verb_state, 1},
	{"list", verb_list, 1},
	{"host", verb_host, 1},
	{"nine", verb_nine, 1},
};

static void add_hierarchy(struct floor_jail *j, char *text)
{
	struct floor_hierarchy *h = &j->hierarchies[j->n++];
	char *dir = strchr(text, '=');

	if (!dir || j->n == FLOOR_HIERARCHIES)
		floor_die(text);
	*dir++ = '\0';
	h->name = text;
	h->dir = dir;
	if (!*text)
		j->v2 = true;
}

static void name_cgroups(struct floor_jail *j)
{
	for (size_t i = 0; i < j->n; i++) {
		struct floor_hierarchy *h = &j->hierarchies[i];

		snprintf(h->path, sizeof(h->path), "%s%s%s", h->dir, j->cgroup ? "/" : "",
			j->cgroup ? j->cgroup : "");
	}
}

/* An option with a value; false: there is no such one. */
static bool take_option(struct floor_jail *j, const char *name, char *value)
{
	if (!strcmp(name, "--cgroup"))
		j->cgroup = value;
	else if (!strcmp(name, "--hierarchy"))
		add_hierarchy(j, value);
	else if (!strcmp(name, "--filter"))
		j->filter = open(value, O_RDONLY | O_CLOEXEC);
	else if (!strcmp(name, "--binds"))
		j->binds = (unsigned)atoi(value);
	else if (!strcmp(name, "--variables"))
		j->variables = (unsigned)atoi(value);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	static struct floor_jail j = {.filter = -1};
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--net"))
			j.net = true;
		else if (!strcmp(argv[i], "--no-net"))
			j.net = false;
		else if (i + 1 == argc || !take_option(&j, argv[i], argv[i + 1]))
			break;
		else
			i++;
	}
	name_cgroups(&j);
	for (size_t v = 0; i < argc && v < sizeof(verbs) / sizeof(*verbs); v++) {
		if (!strcmp(argv[i], verbs[v].name) && argc - i - 1 >= verbs[v].args)
			return verbs[v].fn(&j, argv + i + 1);
	}
	dprintf(2, "usage: floor [--net] [--cgroup NAME] [--hierarchy NAME=DIR]… [--filter FILE] "
		   "[--binds N] "
		   "[--variables N] VERB ARGUMENT…\n");
	return 2;
}
