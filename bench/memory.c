/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { TRIES = 10, IMPATIENT = 5 };

/* VmHWM of a process, what of it is in memory now, and what of that are pages of files; KiB. */
static int read_memory(pid_t pid, struct sample *ret)
{
	char path[64], line[256];
	FILE *f;

	*ret = (struct sample){-1, -1, -1};
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "VmHWM:", 6))
			ret->wall = strtod(line + 6, NULL);
		if (!strncmp(line, "VmRSS:", 6))
			ret->cpu = strtod(line + 6, NULL);
		if (!strncmp(line, "RssFile:", 8))
			ret->file = strtod(line + 8, NULL);
	}
	if (f)
		fclose(f);
	return ret->wall > 0 ? 0 : -1;
}

/* --- a command that ends ------------------------------------------------------------------------- */

/* The kernel stops who is traced when it ends, while its memory is still there. Its children run untraced. */
static int watch(pid_t pid, struct sample *ret)
{
	int status, r = -1;

	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL) < 0)
		return -1;
	for (;;) {
		long sig = 0;

		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
			r = read_memory(pid, ret);
		else if (WSTOPSIG(status) != SIGTRAP)
			sig = WSTOPSIG(status);
		if (ptrace(PTRACE_CONT, pid, NULL, sig) < 0 || waitpid(pid, &status, 0) < 0)
			return -1;
		if (!WIFSTOPPED(status))
			return status ? -1 : r;
	}
}

int memory_peak(const struct cell *c, struct fill *f, struct sample *ret)
{
	char text[WORDS_TEXT];
	pid_t pid;
	int r;

	words_fill(f, c->w->verbs[0], text);
	pid = spawn_begin_traced(text, -1, -1);
	r = pid < 0 ? -1 : watch(pid, ret);
	if (!c->w->containers)
		cell_clean(c->c, c->w);
	return r;
}

/* --- processes that wait ------------------------------------------------------------------------- */

int memory_waiting(const struct cell *c, struct fill *f, struct sample *ret)
{
	char text[WORDS_TEXT];
	struct spawned s;
	struct pipes p;
	pid_t pid;
	int r;

	words_fill(f, c->w->verbs[0], text);
	if (sample_open_pipes(&p) < 0)
		return -1;
	pid = spawn_begin(text, p.in[0], p.out[1]);
	close(p.in[0]);
	close(p.out[1]);
	r = pid < 0 || sample_await(p.out[0]) < 0 ? -1 : read_memory(pid, ret);
	close(p.in[1]);
	close(p.out[0]);
	if (pid > 0 && spawn_wait(pid, &s) > 0 && s.status)
		r = -1;
	return r;
}

int memory_init(const struct cell *c, struct fill *f, struct sample *ret)
{
	char text[WORDS_TEXT], out[65536];
	const char *at;
	int r;

	words_fill(f, VERB_CREATE, text);
	r = spawn_run(text, -1, -1, NULL);
	words_fill(f, VERB_STATE, text);
	r = r ? r : spawn_read(text, -1, out, sizeof(out));
	at = r ? NULL : strstr(out, "\"pid\"");
	r = at ? read_memory((pid_t)strtol(at + 5 + strspn(at + 5, " :"), NULL, 10), ret) : -1;
	cell_clean(c->c, c->w);
	return r;
}

/* --- a thousand jails ---------------------------------------------------------------------------- */

/* A port that was free a moment ago. */
static unsigned free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		a.sin_port = 0;
	if (fd >= 0)
		close(fd);
	return ntohs(a.sin_port);
}

/* Until the listener listens; it takes its time to start. */
static int connect_to(unsigned port)
{
	const struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port)};
	const struct timespec moment = {.tv_nsec = 10000000};

	for (int tries = 0; tries < 500 && !bench_stop; tries++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || !connect(fd, (const struct sockaddr *)&a, sizeof(a)))
			return fd;
		close(fd);
		nanosleep(&moment, NULL);
	}
	return -1;
}

static void allow_files(rlim_t most)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = most && most < r.rlim_max ? most : r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r); /* then a connection fails, and that is told */
}

int memory_listener(const struct cell *c, struct fill *f, struct sample *ret)
{
	char text[WORDS_TEXT];
	int fds[MANY_JAILS], r = 0;
	struct rlimit before = {.rlim_cur = 0};
	struct spawned s;
	size_t n = 0;
	pid_t pid;

	f->port = free_port();
	words_fill(f, c->w->verbs[0], text);
	pid = spawn_begin(text, -1, -1);
	if (pid < 0)
		return -1;
	(void)getrlimit(RLIMIT_NOFILE, &before); /* 0 is all there is */
	allow_files(0);
	for (; n < COUNT(fds) && !r && !bench_stop; n++) {
		fds[n] = connect_to(f->port);
		if (fds[n] < 0)
			break;
		r = sample_await(fds[n]);
	}
	r = r || n < COUNT(fds) || read_memory(pid, ret) < 0 ? -1 : 0;
	while (n > 0)
		close(fds[--n]);
	allow_files(before.rlim_cur);
	kill(pid, SIGTERM);
	(void)spawn_wait(pid, &s); /* by that signal, or with 0: as it likes */
	cell_reap(NULL);
	return r;
}

/* --- limits -------------------------------------------------------------------------------------- */

int memory_limit(const struct cell *c, struct fill *f, struct sample *ret)
{
	static const unsigned limits[] = {64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096,
		6144, 8192, 12288, 16384, 24576, 32768, 65536};
	char text[WORDS_TEXT], bundle[PATH_MAX + 64];
	unsigned patience = spawn_patience;
	int r = -1;

	snprintf(bundle, sizeof(bundle), "%s/bundle-limit", place.dir);
	f->bundle = bundle;
	words_fill(f, c->w->verbs[0], text);
	spawn_patience = IMPATIENT;
	for (size_t i = 0; r && i < COUNT(limits) && !bench_stop; i++) {
		r = bundle_limit(limits[i]);
		for (int tries = 0; tries < TRIES && !r; tries++)
			r = spawn_run(text, -1, -1, NULL);
		if (r)
			cell_clean(c->c, c->w);
		*ret = (struct sample){limits[i], 0, 0};
	}
	spawn_patience = patience;
	return r;
}
