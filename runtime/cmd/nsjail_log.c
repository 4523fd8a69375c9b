/* SPDX-License-Identifier: Apache-2.0 */
#include "nsjail_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../jailrt.h"

/* Far from the numbers that a caller hands on to the program. */
enum { LOG_FD_FROM = 100 };

static const struct {
	char letter;
	const char *color;
} kinds[] = {
	[LOG_KIND_DEBUG] = {'D', "\033[0;4m"},
	[LOG_KIND_INFO] = {'I', "\033[1m"},
	[LOG_KIND_WARNING] = {'W', "\033[0;33m"},
	[LOG_KIND_ERROR] = {'E', "\033[1;31m"},
	[LOG_KIND_FATAL] = {'F', "\033[7;35m"},
};

/* --- a line ----------------------------------------------------------------------------------------- */

static void put_line(const struct nsjail_log *l, int kind, const char *text, struct str *out)
{
	time_t now = time(NULL);
	struct tm tm;
	char when[40];

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%FT%T%z", &tm);
	if (l->color)
		str_add(out, kinds[kind].color);
	str_addf(out, "[%c][%s]", kinds[kind].letter, when);
	if (kind != LOG_KIND_INFO)
		str_addf(out, "[%d] jailrt():1", (int)getpid());
	str_addf(out, " %s%s\n", text, l->color ? "\033[0m" : "");
}

static void write_out(const struct nsjail_log *l, const char *text, size_t len)
{
	/* One write a line; whom it cannot be told it is not told. */
	(void)fd_write_all(l->fd >= 0 ? l->fd : 2, text, len, NULL);
}

/* Before the log is open: kind and text, one behind the other. */
static void keep(struct nsjail_log *l, int kind, const char *text)
{
	str_addc(&l->kept, (char)('0' + kind));
	str_addn(&l->kept, text, strlen(text) + 1);
}

void nsjail_log_say(struct nsjail_log *l, int kind, const char *text)
{
	own_str struct str out = {0};

	if (l->fd < 0) {
		keep(l, kind, text);
		return;
	}
	if (kind < l->least && kind != LOG_KIND_FATAL)
		return;
	put_line(l, kind, text, &out);
	write_out(l, str_text(&out), out.len);
}

static void say_kept(struct nsjail_log *l)
{
	struct str kept = l->kept;

	l->kept = (struct str){0};
	for (size_t i = 0; i < kept.len; i += strlen(kept.data + i) + 1)
		nsjail_log_say(l, kept.data[i] - '0', kept.data + i + 1);
	str_done(&kept);
}

void nsjail_log_plain(struct nsjail_log *l, const char *text)
{
	own_str struct str out = {0};

	for (const char *s = text; *s;) {
		size_t n = strcspn(s, "\n");

		str_addc(&out, ' ');
		str_addn(&out, s, n);
		str_addc(&out, '\n');
		s += n + (s[n] == '\n');
	}
	write_out(l, str_text(&out), out.len);
}

/* --- where it goes ------------------------------------------------------------------------------------ */

static void take(int level, const char *text, void *arg)
{
	static const int as[] = {LOG_KIND_ERROR, LOG_KIND_WARNING, LOG_KIND_INFO, LOG_KIND_DEBUG};

	nsjail_log_say(arg, as[level], text);
}

void nsjail_log_begin(struct nsjail_log *l)
{
	*l = (struct nsjail_log){.fd = -1, .least = LOG_KIND_INFO};
	jailrt_log(take, l, 3);
}

static int high(int fd)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD_FROM);

	/* Where the limit of open files is that low, any number will do. */
	return r >= 0 ? r : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* An fd that is not there would take every word, the reason of a failure too, with it. */
static int use_fd(struct nsjail_log *l, int fd)
{
	char text[96];

	l->fd = fd < 0 ? -1 : high(fd);
	if (l->fd >= 0)
		return 0;
	fmt_put(text, sizeof(text), "log_fd %d is not open; messages go to stderr", fd);
	keep(l, LOG_KIND_WARNING, text);
	return -1;
}

static int use_file(struct nsjail_log *l, const char *path, struct err *e)
{
	own_fd int fd = fd_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0640, e);

	if (fd < 0)
		return err_add(e, "log");
	l->fd = high(fd);
	return 0;
}

int nsjail_log_open(
	struct nsjail_log *l, const struct nsjail_args *a, bool background, struct err *e)
{
	struct err mine;
	int r = 0;

	if (a->has_log_level)
		l->least = a->log_level;
	if (a->log_file)
		r = use_file(l, a->log_file, e);
	else if (a->has_log_fd)
		(void)use_fd(l, a->log_fd); /* then it is stderr */
	else if (background)
		(void)use_file(l, "/var/log/nsjail.log", &mine);
	if (l->fd < 0)
		l->fd = high(2);
	l->color = isatty(l->fd) && !getenv("NO_COLOR");
	say_kept(l);
	jailrt_log(take, l,
		l->least == LOG_KIND_DEBUG     ? 3
		: l->least == LOG_KIND_INFO    ? 2
		: l->least == LOG_KIND_WARNING ? 1
					       : 0);
	return r;
}
