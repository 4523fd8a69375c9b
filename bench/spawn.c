/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { WORDS = 256 };

static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static char *environment[] = {path, NULL};

double spawn_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* --- patience ------------------------------------------------------------------------------------ */

unsigned spawn_patience = 60;
static volatile sig_atomic_t alarmed;
static bool gave_up; /* since the words were forgotten */

static void on_alarm(int sig)
{
	(void)sig;
	alarmed = 1;
}

/* Again and again, for one that comes just before a call that blocks is lost. */
static void set_alarm(unsigned seconds)
{
	const struct itimerval t = {
		.it_value.tv_sec = seconds, .it_interval.tv_usec = seconds ? 100000 : 0};

	setitimer(ITIMER_REAL, &t, NULL);
}

void spawn_be_patient(void)
{
	static const struct sigaction act = {.sa_handler = on_alarm};
	static bool once;

	if (!once)
		sigaction(SIGALRM, &act, NULL);
	once = true;
	alarmed = 0;
	set_alarm(spawn_patience);
}

bool spawn_impatient(void)
{
	return alarmed;
}

void spawn_be_calm(void)
{
	set_alarm(0);
}

/* Nothing is lost: they are ours, or orphans of what we ran. */
static void kill_children(void)
{
	char name[64], text[65536] = "", *save = NULL;
	int fd;
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", getpid());
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	for (char *s = strtok_r(text, " \n", &save); s; s = strtok_r(NULL, " \n", &save))
		kill((pid_t)strtol(s, NULL, 10), SIGKILL);
}

/* --- programs ------------------------------------------------------------------------------------ */

static int split(char *text, char **words)
{
	int n = 0;

	for (char *s = strtok(text, " "); s; s = strtok(NULL, " ")) {
		if (n == WORDS - 1)
			return -1;
		words[n++] = s;
	}
	words[n] = NULL;
	return n;
}

static int null_fd(void)
{
	static int null = -1;

	if (null < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return null;
}

/*
 * posix_spawn(3) shares our memory until exec, so our own size does not count. All get the same small
 * environment.
 */
pid_t spawn_begin(const char *text, int in, int out)
{
	char copy[WORDS_TEXT], *words[WORDS];
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r, null = null_fd();

	if (strlen(text) >= sizeof(copy) || split(strcpy(copy, text), words) < 1)
		return -E2BIG;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in < 0 ? null : in, 0);
	posix_spawn_file_actions_adddup2(&actions, out < 0 ? null : out, 1);
	posix_spawn_file_actions_adddup2(&actions, place.errors < 0 ? null : place.errors, 2);
	r = posix_spawn(&pid, words[0], &actions, NULL, words, environment);
	posix_spawn_file_actions_destroy(&actions);
	return r ? -r : pid;
}

pid_t spawn_begin_traced(const char *text, int in, int out)
{
	char copy[WORDS_TEXT], *words[WORDS];
	int null = null_fd();
	pid_t pid;

	if (strlen(text) >= sizeof(copy) || split(strcpy(copy, text), words) < 1)
		return -E2BIG;
	pid = fork();
	if (pid)
		return pid < 0 ? -errno : pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && dup2(in < 0 ? null : in, 0) == 0 &&
		dup2(out < 0 ? null : out, 1) == 1 &&
		dup2(place.errors < 0 ? null : place.errors, 2) == 2)
		execve(words[0], words, environment);
	_exit(127);
}

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int spawn_wait(pid_t pid, struct spawned *ret)
{
	struct rusage usage;
	int err;

	spawn_be_patient();
	do {
		gave_up |= spawn_impatient();
		if (spawn_impatient() && pid > 0)
			kill(pid, SIGKILL);
		else if (spawn_impatient())
			kill_children();
		ret->pid = wait4(pid, &ret->status, 0, &usage);
		err = errno;
	} while (ret->pid < 0 && err == EINTR);
	spawn_be_calm();
	if (ret->pid < 0)
		return err == ECHILD ? 0 : -err;
	ret->cpu = ms(usage.ru_utime) + ms(usage.ru_stime);
	return 1;
}

int spawn_run(const char *text, int in, int out, double *cpu)
{
	pid_t pid = spawn_begin(text, in, out);
	struct spawned s;

	if (pid < 0 || spawn_wait(pid, &s) <= 0)
		return -1;
	if (cpu)
		*cpu += s.cpu;
	return s.status ? -1 : 0;
}

int spawn_read(const char *text, int in, char *ret, size_t size)
{
	size_t len = 0;
	ssize_t n;
	pid_t pid;
	struct spawned s;
	int pipe[2];
	char rest[4096];

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return -1;
	pid = spawn_begin(text, in, pipe[1]);
	close(pipe[1]);
	spawn_be_patient();
	while (pid > 0 && len < size - 1 && (n = read(pipe[0], ret + len, size - 1 - len)) > 0)
		len += (size_t)n;
	while (pid > 0 && read(pipe[0], rest, sizeof(rest)) > 0)
		;
	spawn_be_calm();
	ret[len] = '\0';
	close(pipe[0]);
	return pid < 0 || spawn_wait(pid, &s) <= 0 ? -1 : s.status != 0;
}

/* --- what they say ------------------------------------------------------------------------------- */

void spawn_forget_words(void)
{
	gave_up = false;
	if (place.errors >= 0 && ftruncate(place.errors, 0) < 0)
		perror("bench: ftruncate");
}

void spawn_last_words(char *ret, size_t size)
{
	char text[4096];
	ssize_t n = pread(place.errors, text, sizeof(text) - 1, 0);
	char *line;

	if (gave_up) {
		snprintf(ret, size, "it took longer than %u s", spawn_patience);
		return;
	}
	text[n < 0 ? 0 : n] = '\0';
	for (n = (ssize_t)strlen(text); n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	line = strrchr(text, '\n');
	snprintf(ret, size, "%.200s", *text ? (line ? line + 1 : text) : "it said nothing");
}
