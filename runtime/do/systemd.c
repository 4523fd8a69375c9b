/* SPDX-License-Identifier: Apache-2.0 */
#include "systemd.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"
#include "../base/str.h"
#include "../base/sys.h"
#include "systemd_wire.h"

extern char **environ;

struct systemd {
	int sock;
	pid_t pid;
	uint32_t version;
	char cgroup[PATH_MAX];
};

/* --- the program --------------------------------------------------------------------------------- */

/* Beside our own program, as the build leaves it and a package may, or else where it is installed. */
static void find_program(char path[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	while (n > 0 && self[n - 1] != '/')
		n--;
	if (n > 0 && fmt_put(path, PATH_MAX, "%.*s" SYSTEMD_PROGRAM, (int)n, self) < PATH_MAX &&
		!access(path, X_OK))
		return;
	fmt_put(path, PATH_MAX, "%s", JAILRT_LIBEXEC "/" SYSTEMD_PROGRAM);
}

/* In the child. That there is no such program is told as that program tells failures. */
static _Noreturn void become(const char *path, int sock)
{
	char *const argv[] = {(char *)SYSTEMD_PROGRAM, NULL};
	struct systemd_answer a = {0};

	sys_reset_signals();
	/* What the terminal sends to those in front is for us alone: we have it end with the stream. */
	(void)setsid();
	if (dup2(sock, 0) >= 0) {
		(void)sys_close_range(3, ~0U, SYS_CLOSE_RANGE_CLOEXEC);
		execve(path, argv, environ);
	}
	a.code = err_sys(&a.err, errno, "the systemd cgroup manager needs the program '%s'", path);
	err_fix(&a.err, "'make install' puts it there; or use --cgroup-manager cgroupfs");
	(void)fd_write_all(sock, &a, sizeof(a), NULL); /* then the stream's end tells */
	_exit(127);
}

static int start_program(struct systemd *s, struct err *e)
{
	char path[PATH_MAX];
	own_fd int other = -1;
	int pair[2];

	find_program(path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "make a socket for '%s'", path);
	s->sock = pair[0];
	other = pair[1];
	s->pid = sys_fork();
	if (s->pid == 0)
		become(path, other);
	return s->pid < 0 ? err_sys(e, -s->pid, "start '%s'", path) : 0;
}

void systemd_close(struct systemd *s)
{
	if (!s)
		return;
	own_close(&s->sock);
	while (s->pid > 0 && waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(s);
}

/* --- questions ----------------------------------------------------------------------------------- */

static void add_text(struct str *q, const char *text)
{
	str_addn(q, text, strlen(text) + 1);
}

static void add_number(struct str *q, pid_t pid)
{
	str_addf(q, "%d", (int)pid);
	str_addc(q, '\0');
}

static void add_properties(struct str *q, const struct texts *properties)
{
	list_each (i, *properties)
		add_text(q, properties->v[i]);
}

static int send_all(int sock, const void *data, size_t len)
{
	for (const char *at = data; len;) {
		ssize_t n = send(sock, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int receive(int sock, struct systemd_answer *ret)
{
	char *at = (char *)ret;

	for (size_t have = 0; have < sizeof(*ret);) {
		ssize_t n = fd_read(sock, at + have, sizeof(*ret) - have);

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		have += (size_t)n;
	}
	return 0;
}

/* What could not be sent may have been answered: the program is not there, and says why. */
static int ask(struct systemd *s, const struct str *q, struct err *e)
{
	struct systemd_answer a;
	uint32_t len = (uint32_t)q->len;
	int sent, r;

	TRY(str_check(q, e));
	if (q->len > SYSTEMD_QUESTION_LARGEST)
		return err_set(e, E2BIG, "the properties for systemd are longer than %d bytes",
			SYSTEMD_QUESTION_LARGEST);
	sent = send_all(s->sock, &len, sizeof(len));
	if (sent >= 0)
		sent = send_all(s->sock, q->data, q->len);
	r = receive(s->sock, &a);
	if (r < 0)
		return err_sys(e, sent < 0 ? -sent : -r, "talk to " SYSTEMD_PROGRAM);
	if (a.code < 0 && e)
		*e = a.err;
	if (a.code < 0)
		return a.code;
	if (a.version) {
		s->version = a.version;
		fmt_put(s->cgroup, sizeof(s->cgroup), "%s", a.cgroup);
	}
	return 0;
}

int systemd_open(bool user, struct systemd **ret, struct err *e)
{
	own_str struct str q = {0};
	struct systemd *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_memory(e);
	s->sock = -1;
	add_text(&q, "open");
	add_text(&q, JAILRT_VERSION);
	add_text(&q, user ? "user" : "system");
	r = start_program(s, e);
	if (r >= 0)
		r = ask(s, &q, e);
	if (r < 0) {
		systemd_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int systemd_probe(const struct systemd *s, struct pool *pool, uint32_t *ret_version,
	const char **ret_cgroup, struct err *e)
{
	*ret_cgroup = pool_text(pool, s->cgroup);
	*ret_version = s->version;
	return *ret_cgroup ? 0 : err_memory(e);
}

int systemd_start(struct systemd *s, const struct step_unit *a, pid_t pid, struct err *e)
{
	own_str struct str q = {0};

	add_text(&q, "start");
	add_text(&q, a->name);
	add_number(&q, a->has_init ? pid : 0);
	add_properties(&q, &a->properties);
	return ask(s, &q, e);
}

int systemd_set(struct systemd *s, const struct step_unit *a, struct err *e)
{
	own_str struct str q = {0};

	add_text(&q, "set");
	add_text(&q, a->name);
	add_properties(&q, &a->properties);
	return ask(s, &q, e);
}

int systemd_join(struct systemd *s, const char *unit, const char *below, pid_t pid, struct err *e)
{
	own_str struct str q = {0};

	add_text(&q, "join");
	add_text(&q, unit);
	add_text(&q, below);
	add_number(&q, pid);
	return ask(s, &q, e);
}

int systemd_stop(struct systemd *s, const char *unit, struct err *e)
{
	own_str struct str q = {0};

	add_text(&q, "stop");
	add_text(&q, unit);
	return ask(s, &q, e);
}
