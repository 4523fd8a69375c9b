/* SPDX-License-Identifier: Apache-2.0 */
#include "criu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/own.h"
#include "../base/sys.h"
#include "criu_words.h"

/* Fields of criu_req and criu_resp, and what is within them. */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum {
	RESP_TYPE = 1,
	RESP_SUCCESS = 2,
	RESP_RESTORE = 4,
	RESP_NOTIFY = 5,
	RESP_ERRNO = 7,
	RESP_MESSAGE = 9
};
enum { TYPE_NOTIFY = 6 };

enum { SOCKET_FD = 3, FIRST_FD = 4, ASIDE = 64 };

/* --- the request ---------------------------------------------------------------------------------- */

void criu_request_done(struct criu_request *q)
{
	str_done(&q->options);
}

void criu_put_number(struct criu_request *q, enum criu_option o, uint64_t v)
{
	words_put_number(&q->options, o, v);
}

void criu_put_text(struct criu_request *q, enum criu_option o, const char *text)
{
	words_put_bytes(&q->options, o, text, strlen(text));
}

static void put_message(struct criu_request *q, enum criu_option o, const struct str *m)
{
	q->options.broken = q->options.broken || m->broken;
	words_put_bytes(&q->options, o, str_text(m), m->len);
}

void criu_put_pair(
	struct criu_request *q, enum criu_option o, const char *first, const char *second)
{
	own_str struct str m = {0};

	if (first)
		words_put_bytes(&m, 1, first, strlen(first));
	words_put_bytes(&m, 2, second, strlen(second));
	put_message(q, o, &m);
}

static int add_fd(struct criu_request *q, int fd, const char *folder, struct err *e)
{
	if (q->n_fds == ARRAY_LEN(q->fds))
		return err_set(e, E2BIG, "more fds than criu can be given");
	q->fds[q->n_fds].fd = fd;
	q->fds[q->n_fds].folder = folder;
	return FIRST_FD + (int)q->n_fds++;
}

int criu_put_fd(struct criu_request *q, enum criu_option o, int fd, struct err *e)
{
	int number = add_fd(q, fd, NULL, e);

	TRY(number);
	criu_put_number(q, o, (uint64_t)number);
	return 0;
}

int criu_put_folder(struct criu_request *q, enum criu_option o, const char *path, struct err *e)
{
	int number = add_fd(q, -1, path, e);

	TRY(number);
	criu_put_number(q, o, (uint64_t)number);
	return 0;
}

int criu_put_inherited(struct criu_request *q, const char *key, int fd, struct err *e)
{
	own_str struct str m = {0};
	int number = add_fd(q, fd, NULL, e);

	TRY(number);
	words_put_bytes(&m, 1, key, strlen(key));
	words_put_number(&m, 2, (uint64_t)number);
	put_message(q, CRIU_INHERIT_FD, &m);
	return 0;
}

void criu_put_page_server(struct criu_request *q, const char *address, uint32_t port)
{
	own_str struct str m = {0};

	words_put_bytes(&m, 1, address, strlen(address));
	words_put_number(&m, 2, port);
	put_message(q, CRIU_PAGE_SERVER, &m);
}

/* --- its process ------------------------------------------------------------------------------------ */

/*
 * criu wants the root to be a mount of its own; in a mount namespace of criu's that is nobody else's
 * business, and gone with it.
 */
static int place_root(const char *root)
{
	int r = sys_unshare(CLONE_NEWNS);

	if (r >= 0)
		r = sys_mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
	return r >= 0 ? sys_mount(root, root, NULL, MS_BIND | MS_REC, NULL) : r;
}

/* Each fd to the number that the request gives it: first out of the way of all of these numbers. */
static int place_fds(const struct criu_request *q, int socket, int null, int output)
{
	int aside[ARRAY_LEN(q->fds)];

	null = fcntl(null, F_DUPFD_CLOEXEC, ASIDE);
	output = fcntl(output, F_DUPFD_CLOEXEC, ASIDE);
	for (size_t i = 0; i < q->n_fds; i++) {
		/* Opened here, a directory is of the mount namespace that criu is in. */
		int fd = q->fds[i].folder
				 ? open(q->fds[i].folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				 : q->fds[i].fd;

		aside[i] = fcntl(fd, F_DUPFD_CLOEXEC, ASIDE);
		if (aside[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < q->n_fds; i++) {
		if (dup2(aside[i], FIRST_FD + (int)i) < 0)
			return -errno;
	}
	if (dup2(socket, SOCKET_FD) < 0 || (!q->shell_job && dup2(null, 0) < 0) ||
		dup2(output, 1) < 0 || dup2(output, 2) < 0)
		return -errno;
	(void)sys_close_range(FIRST_FD + (unsigned)q->n_fds, ~0U, SYS_CLOSE_RANGE_CLOEXEC);
	return 0;
}

/* A number and, unless it is -1, an fd. */
static int tell(int socket, int code, int fd)
{
	struct iovec iov = {&code, sizeof(code)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		h.msg_control = &c;
		h.msg_controllen = sizeof(c);
		c.header.cmsg_level = SOL_SOCKET;
		c.header.cmsg_type = SCM_RIGHTS;
		c.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/*
 * criu looks fds up in the process that made its socket, so that is itself: only there are directories of
 * its own mount namespace. We get the other end.
 */
static int make_socket(int report)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = tell(report, 0, pair[0]);
	close(pair[0]);
	return r < 0 ? r : fcntl(pair[1], F_DUPFD_CLOEXEC, ASIDE);
}

/* In the child: criu, or an errno through the report, which a good exec closes. */
static _Noreturn void become(const char *path, const struct criu_request *q, int output, int report)
{
	static char *const argv[] = {(char *)"criu", (char *)"swrk", (char *)"3", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0, socket;

	sys_reset_signals();
	/* A signal of the terminal is not for criu, which would stop in the middle. */
	if (!q->shell_job)
		(void)setsid();
	report = fcntl(report, F_DUPFD_CLOEXEC, ASIDE);
	if (q->own_root)
		r = place_root(q->own_root);
	socket = r < 0 ? r : make_socket(report);
	r = socket < 0 ? socket : place_fds(q, socket, null, output);
	if (r >= 0) {
		execv(path, argv);
		r = -errno;
	}
	(void)tell(report, -r, -1); /* without anybody there that is all the same */
	_exit(127);
}

static int receive(int socket, int *ret_code, int *ret_fd)
{
	struct iovec iov = {ret_code, sizeof(*ret_code)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} c;
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)};
	ssize_t n;

	do
		n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n > 0 && h.msg_controllen >= CMSG_LEN(sizeof(int)) && c.header.cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(&c.header), sizeof(int));
	return n == (ssize_t)sizeof(*ret_code);
}

int criu_begin(const char *path, const struct criu_request *q, struct criu *ret, struct err *e)
{
	own_fd int output = sys_memfd_create("criu", 1 /* MFD_CLOEXEC */);
	own_fd int ours = -1, theirs = -1, sock = -1, none = -1;
	int pair[2], code = 0, born;

	if (output < 0)
		return err_sys(e, -output, "keep the output of criu");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "make a socket for criu");
	ours = pair[0];
	theirs = pair[1];
	*ret = (struct criu){.socket = -1, .output = -1};
	ret->pid = sys_fork();
	if (ret->pid < 0)
		return err_sys(e, (int)-ret->pid, "start '%s'", path);
	if (ret->pid == 0)
		become(path, q, output, theirs);
	own_close(&theirs);
	born = receive(ours, &code, &sock);
	/* Then silence, since exec closes it; or the reason why not. */
	if (born && !code)
		(void)receive(ours, &code, &none);
	if (!born || code || sock < 0) {
		criu_end(ret);
		return err_sys(e, code ? code : ECHILD, "start '%s'", path);
	}
	ret->socket = take_fd(&sock);
	ret->output = take_fd(&output);
	return 0;
}

void criu_end(struct criu *c)
{
	own_close(&c->socket);
	own_close(&c->output);
	if (c->pid <= 0)
		return;
	(void)kill(c->pid, SIGKILL); /* not reaped yet, so the pid is still its own */
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
}

/* --- the conversation ------------------------------------------------------------------------------- */

struct answer {
	unsigned type;
	bool success;
	char action[32], message[512];
	int error;
	pid_t pid;
};

static void copy_text(char *to, size_t size, const struct words_field *f)
{
	size_t n = f->len < size - 1 ? f->len : size - 1;

	memcpy(to, f->data ? f->data : "", f->data ? n : 0);
	to[f->data ? n : 0] = '\0';
}

/* criu_restore_resp has the pid as field 1, criu_notify as field 2 with the action in front. */
static int read_inner(const struct words_field *outer, struct answer *a)
{
	struct words_reader r;
	struct words_field f;
	int more;

	if (!outer->data)
		return -EPROTO;
	r.at = (const unsigned char *)outer->data;
	r.end = r.at + outer->len;
	while ((more = words_next(&r, &f)) > 0) {
		if (f.data && f.number == 1)
			copy_text(a->action, sizeof(a->action), &f);
		else if (!f.data)
			a->pid = (pid_t)f.value;
	}
	return more;
}

static int read_answer(const char *data, size_t len, struct answer *a)
{
	struct words_reader r = {(const unsigned char *)data, (const unsigned char *)data + len};
	struct words_field f;
	int more;

	*a = (struct answer){0};
	while ((more = words_next(&r, &f)) > 0) {
		if (f.number == RESP_TYPE)
			a->type = (unsigned)f.value;
		else if (f.number == RESP_SUCCESS)
			a->success = f.value != 0;
		else if (f.number == RESP_ERRNO)
			a->error = (int)f.value;
		else if (f.number == RESP_MESSAGE)
			copy_text(a->message, sizeof(a->message), &f);
		else if ((f.number == RESP_RESTORE || f.number == RESP_NOTIFY) &&
			 read_inner(&f, a) < 0)
			return -EPROTO;
	}
	return more;
}

static int say(struct criu *c, const struct str *m, struct err *e)
{
	TRY(str_check(m, e));
	if (send(c->socket, m->data, m->len, MSG_NOSIGNAL) < 0)
		return err_sys(e, errno, "speak to criu");
	return 0;
}

/* The last line that it printed, for when it is gone without an answer. */
static int explain_end(struct criu *c, struct err *e)
{
	char text[1024], *line = text;
	off_t len = lseek(c->output, 0, SEEK_END);
	ssize_t n = pread(c->output, text, sizeof(text) - 1,
		len > (off_t)sizeof(text) - 1 ? len - (off_t)sizeof(text) + 1 : 0);

	n = n < 0 ? 0 : n;
	while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	if (strrchr(text, '\n'))
		line = strrchr(text, '\n') + 1;
	return err_set(e, EPROTO, "criu ended without an answer%s%s", *line ? ": " : "", line);
}

static int hear(struct criu *c, struct answer *a, int *ret_fd, struct err *e)
{
	char data[4096];
	struct iovec iov = {data, sizeof(data)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr h = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(c->socket, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return err_sys(e, errno, "hear criu");
	if (n <= 0)
		return explain_end(c, e);
	*ret_fd = -1;
	if (h.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(&control.header), sizeof(int));
	if (h.msg_flags & MSG_TRUNC || read_answer(data, (size_t)n, a) < 0) {
		own_close(ret_fd);
		return err_set(e, EPROTO, "criu's answer cannot be read");
	}
	return 0;
}

static int send_request(struct criu *c, const struct criu_request *q, struct err *e)
{
	own_str struct str m = {0};

	TRY(str_check(&q->options, e));
	words_put_number(&m, REQ_TYPE, q->action);
	words_put_bytes(&m, REQ_OPTS, str_text(&q->options), q->options.len);
	return say(c, &m, e);
}

static int answer_notice(struct criu *c, bool success, struct err *e)
{
	own_str struct str m = {0};

	words_put_number(&m, REQ_TYPE, TYPE_NOTIFY);
	words_put_number(&m, REQ_NOTIFY_SUCCESS, success);
	return say(c, &m, e);
}

int criu_run(struct criu *c, const struct criu_request *q, criu_notify *notify, void *arg,
	pid_t *ret_pid, struct err *e)
{
	struct err refused = {0};
	struct answer a;
	int fd = -1;

	TRY(send_request(c, q, e));
	for (;;) {
		TRY(hear(c, &a, &fd, e));
		if (a.type != TYPE_NOTIFY)
			break;
		if (!refused.code)
			(void)notify(a.action, a.pid, take_fd(&fd), arg, &refused);
		own_close(&fd);
		TRY(answer_notice(c, !refused.code, e));
	}
	own_close(&fd);
	/* It failed because we said so. */
	if (refused.code) {
		*e = refused;
		return -e->code;
	}
	if (!a.success || a.type != (unsigned)q->action)
		return err_set(e, a.error > 0 ? a.error : EIO, "criu: %s",
			a.message[0]  ? a.message
			: a.error > 0 ? err_word(a.error)
				      : "it failed");
	if (ret_pid)
		*ret_pid = a.pid;
	return 0;
}
