/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { WORDS = 256, TEXT = 16384 };

double spawn_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

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

/*
 * posix_spawn(3) shares our memory until exec, so our own size does not count. All get the same small
 * environment.
 */
pid_t spawn_begin(const char *text, int in, int out)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static int null = -1;
	char copy[TEXT], *words[WORDS], *environment[] = {path, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	if (null < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
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

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int spawn_wait(pid_t pid, struct spawned *ret)
{
	struct rusage usage;

	do
		ret->pid = wait4(pid, &ret->status, 0, &usage);
	while (ret->pid < 0 && errno == EINTR);
	if (ret->pid < 0)
		return errno == ECHILD ? 0 : -errno;
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

int spawn_read(const char *text, char *ret, size_t size)
{
	size_t len = 0;
	ssize_t n;
	pid_t pid;
	struct spawned s;
	int pipe[2];
	char rest[4096];

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return -1;
	pid = spawn_begin(text, -1, pipe[1]);
	close(pipe[1]);
	while (pid > 0 && len < size - 1 && (n = read(pipe[0], ret + len, size - 1 - len)) > 0)
		len += (size_t)n;
	while (pid > 0 && read(pipe[0], rest, sizeof(rest)) > 0)
		;
	ret[len] = '\0';
	close(pipe[0]);
	return pid < 0 || spawn_wait(pid, &s) <= 0 ? -1 : 0;
}

void spawn_forget_words(void)
{
	if (place.errors >= 0 && ftruncate(place.errors, 0) < 0)
		perror("bench: ftruncate");
}

void spawn_last_words(char *ret, size_t size)
{
	char text[4096];
	ssize_t n = pread(place.errors, text, sizeof(text) - 1, 0);
	char *line;

	text[n < 0 ? 0 : n] = '\0';
	for (n = (ssize_t)strlen(text); n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	line = strrchr(text, '\n');
	snprintf(ret, size, "%.200s", *text ? (line ? line + 1 : text) : "it said nothing");
}
