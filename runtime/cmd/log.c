/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "../../spec/json.h"
#include "../base/fd.h"
#include "../base/fmt.h"
#include "cmd.h"

/* The log, for engines: a file, or one of the system's own. */

/* As jailrt_log counts. */
enum { LOG_ERROR_LEVEL, LOG_WARNING_LEVEL, LOG_INFO_LEVEL, LOG_DEBUG_LEVEL };

enum log_kind { LOG_TO_FILE, LOG_TO_JOURNAL, LOG_TO_SYSLOG };

static struct {
	int fd; /* -1: none */
	enum log_kind kind;
	const char *name; /* for the system's */
	bool json;
} target = {.fd = -1};

/* --- where ---------------------------------------------------------------------------------------------- */

static int open_socket(const char *path, const char *what, struct err *e)
{
	own_fd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	fmt_put(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (sock < 0 || connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, errno, "--log: %s is not to be had at '%s'", what, path);
	return take_fd(&sock);
}

static int open_system(const char *name, enum log_kind kind, struct err *e)
{
	bool journal = kind == LOG_TO_JOURNAL;

	if (!*name)
		return err_set(e, EINVAL, "--log: a name is missing behind the ':'");
	target.fd = open_socket(journal ? "/run/systemd/journal/socket" : "/dev/log",
		journal ? "systemd's journal" : "syslog", e);
	TRY(target.fd);
	target.kind = kind;
	target.name = name;
	if (!journal)
		openlog(name, LOG_PID, LOG_USER);
	return 0;
}

int cmd_log_open(const char *to, bool json, struct err *e)
{
	size_t n = strcspn(to, ":/");

	target.json = json;
	if (to[n] == ':' && !strncmp(to, "journald:", n + 1))
		return open_system(to + n + 1, LOG_TO_JOURNAL, e);
	if (to[n] == ':' && !strncmp(to, "syslog:", n + 1))
		return open_system(to + n + 1, LOG_TO_SYSLOG, e);
	if (to[n] == ':' && strncmp(to, "file:", n + 1)) {
		err_set(e, EINVAL, "--log: unknown kind of log '%.*s'", (int)n, to);
		return err_fix(e,
			"use file:PATH, journald:NAME or syslog:NAME; './%s' is a file of that "
			"name",
			to);
	}
	target.fd = fd_open(
		AT_FDCWD, to[n] == ':' ? to + n + 1 : to, O_WRONLY | O_CREAT | O_APPEND, 0600, e);
	return target.fd < 0 ? target.fd : 0;
}

/* Far from the numbers that a caller hands on to the program. */
enum { LOG_FD_FROM = 100 };

static int open_config_log(struct cmd_call *c)
{
	const char *path = jailrt_get(c->jailrt, "log_file"), *fd = jailrt_get(c->jailrt, "log_fd");
	int n = fd ? atoi(fd) : -1;
	char text[600];

	if (path && *path) {
		target.fd = fd_open(
			AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0640, &c->err);
		return target.fd < 0 ? err_add(&c->err, "%s", jailrt_place(c->jailrt, "log_file"))
				     : 0;
	}
	if (!fd || n == 2)
		return 0; /* messages are on stderr anyway */
	target.fd = n < 0 ? -1 : fcntl(n, F_DUPFD_CLOEXEC, LOG_FD_FROM);
	if (target.fd < 0 && n >= 0 && errno == EINVAL)
		target.fd = fcntl(n, F_DUPFD_CLOEXEC, 3); /* so few files may be open */
	/* Nothing is lost: they are on stderr, too. */
	if (target.fd < 0) {
		fmt_put(text, sizeof(text), "%s: fd %s is not open; messages go to stderr alone",
			jailrt_place(c->jailrt, "log_fd"), fd);
		cmd_warn(text);
	}
	return 0;
}

int cmd_log_config(struct cmd_call *c)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {{"DEBUG", LOG_DEBUG_LEVEL}, {"INFO", LOG_INFO_LEVEL},
		{"WARNING", LOG_WARNING_LEVEL}, {"ERROR", LOG_ERROR_LEVEL},
		{"FATAL", LOG_ERROR_LEVEL}};
	const char *level = jailrt_get(c->jailrt, "log_level");

	if (target.fd < 0 && open_config_log(c) < 0)
		return CMD_REFUSED;
	for (size_t i = 0; level && !c->o.log_level && !c->o.debug && i < ARRAY_LEN(levels); i++) {
		if (!strcmp(level, levels[i].name))
			cmd_log_level(c, levels[i].level);
	}
	return 0;
}

/* --- records ---------------------------------------------------------------------------------------------- */

static int priority_of(const char *level)
{
	switch (*level) {
	case 'e':
		return LOG_ERR;
	case 'w':
		return LOG_WARNING;
	case 'i':
		return LOG_INFO;
	default:
		return LOG_DEBUG;
	}
}

static void put_record(struct str *out, const char *level, const char *text)
{
	bool json = target.json;
	struct timespec now;
	char when[24];

	clock_gettime(CLOCK_REALTIME, &now);
	fmt_utc(when, now.tv_sec);
	strcat(when, "Z");
	str_addf(out,
		json ? "{\"level\":\"%s\",\"msg\":" : "time=\"%s\" level=", json ? level : when);
	if (!json)
		str_addf(out, "%s msg=", level);
	json_quote(out, text, strlen(text));
	if (json)
		str_addf(out, ",\"time\":\"%s\"}", when);
	str_addc(out, '\n');
}

/* A field a line, and so none within one (systemd's "Native Journal Protocol"). */
static void put_fields(struct str *out, const char *level, const char *text)
{
	str_addf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=jailrt\nID=%s\nMESSAGE=", priority_of(level),
		target.name);
	for (; *text; text++)
		str_addc(out, *text == '\n' ? ' ' : *text);
	str_addc(out, '\n');
}

void cmd_log_record(const char *level, const char *text)
{
	own_str struct str out = {0};

	if (target.fd < 0)
		return;
	/* The same words are on stderr; a full disk must not hide them. */
	switch (target.kind) {
	case LOG_TO_FILE:
		put_record(&out, level, text);
		(void)fd_write_all(target.fd, str_text(&out), out.len, NULL);
		break;
	case LOG_TO_JOURNAL:
		put_fields(&out, level, text);
		(void)!send(target.fd, str_text(&out), out.len, MSG_NOSIGNAL);
		break;
	case LOG_TO_SYSLOG:
		syslog(priority_of(level), "%s", text);
		break;
	}
}
