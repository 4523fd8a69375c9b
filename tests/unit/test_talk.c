/* SPDX-License-Identifier: Apache-2.0 */
/* talk: good messages, and all that a bad peer in another process can send. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/base/own.h"
#include "../../runtime/do/talk.h"
#include "tap.h"

enum { SHORT = offsetof(struct talk_message, err), LONG = sizeof(struct talk_message) };

static int pair[2];
static struct err err;

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 512; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void begin(void)
{
	err = (struct err){0};
	is_int(talk_pair(pair, &err), 0);
}

static void end(void)
{
	own_close(&pair[0]);
	own_close(&pair[1]);
}

/* A child sends len bytes, with n copies of its standard input. */
static void send_raw(const void *data, size_t len, int n)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} c = {0};
	struct iovec iov = {(void *)data, len};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	int all[8] = {0}, status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (n) {
			h.msg_control = &c;
			h.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
			c.header.cmsg_level = SOL_SOCKET;
			c.header.cmsg_type = SCM_RIGHTS;
			c.header.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
			memcpy(CMSG_DATA(&c.header), all, (size_t)n * sizeof(int));
		}
		_exit(sendmsg(pair[1], &h, MSG_NOSIGNAL) < 0);
	}
	ok(waitpid(pid, &status, 0) == pid && status == 0);
}

static void messages_arrive_whole(void)
{
	for (uint32_t type = 0; type < TALK_TYPES; type++) {
		struct talk_message m = {type, 7, -3, 42, {5, "words", "fix"}}, got;
		int fd = -1;

		memset(&got, 0x55, sizeof(got));
		begin();
		is_int(talk_send(pair[1], &m, -1, &err), 0);
		is_int(talk_receive(pair[0], false, &got, &fd, &err), 1);
		is_int(got.type, type);
		is_int(got.step, 7);
		is_int(got.slot, -3);
		is_int(got.pid, 42);
		is_int(fd, -1);
		if (type >= TALK_WARN) {
			is_int(got.err.code, 5);
			is_text(got.err.text, "words");
			is_text(got.err.fix, "fix");
		}
		end();
	}
}

static void an_fd_comes_along(void)
{
	const struct talk_message m = {.type = TALK_SLOT};
	struct talk_message got;
	int pipe_[2], fd = -1;
	char c;

	begin();
	ok(!pipe(pipe_));
	is_int(talk_send(pair[1], &m, pipe_[1], &err), 0);
	close(pipe_[1]);
	is_int(talk_receive(pair[0], true, &got, &fd, &err), 1);
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	ok(write(fd, "x", 1) == 1 && read(pipe_[0], &c, 1) == 1 && c == 'x');
	close(fd);
	close(pipe_[0]);
	end();
}

static void nothing_there_and_the_end(void)
{
	struct talk_message got;
	int fd = -1;

	begin();
	is_int(talk_receive(pair[0], false, &got, &fd, &err), -EAGAIN);
	own_close(&pair[1]);
	is_int(talk_receive(pair[0], false, &got, &fd, &err), 0);
	is_int(talk_receive(pair[0], true, &got, &fd, &err), 0);
	is_int(fd, -1);
	end();
	/* A peer that died with something unread of ours is just gone. */
	begin();
	is_int(talk_send(pair[0], &(struct talk_message){.type = TALK_GO}, -1, &err), 0);
	own_close(&pair[1]);
	is_int(talk_receive(pair[0], true, &got, &fd, &err), 0);
	is_int(talk_send(pair[0], &(struct talk_message){.type = TALK_GO}, -1, &err), -EPIPE);
	end();
}

static void bad_lengths_and_types_are_refused(void)
{
	static const struct {
		uint32_t type;
		size_t len;
	} bad[] = {
		{TALK_GO, 1},
		{TALK_GO, SHORT - 1},
		{TALK_GO, SHORT + 1},
		{TALK_GO, LONG},
		{TALK_GO, LONG + 1},
		{TALK_SLOT, 4},
		{TALK_BORN, LONG},
		{TALK_WARN, SHORT},
		{TALK_FAIL, SHORT},
		{TALK_FAIL, LONG - 1},
		{TALK_FAIL, LONG + 1},
		{TALK_FAIL, LONG + 4096},
		{TALK_TYPES, SHORT},
		{TALK_TYPES, LONG},
		{0xffffffff, LONG},
		{0xffffffff, SHORT},
	};
	static union {
		struct talk_message m;
		char space[LONG + 8192];
	} u;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (int fds = 0; fds < 4; fds++) {
			int before, fd = -1;
			struct talk_message got;

			begin();
			before = count_fds();
			u.m.type = bad[i].type;
			send_raw(&u, bad[i].len, fds);
			tap_check(talk_receive(pair[0], false, &got, &fd, &err) == -EBADMSG,
				TAP_HERE, "type %u of %zu bytes is taken", bad[i].type, bad[i].len);
			is_text(err.text, "a malformed message from the other process");
			is_int(fd, -1);
			is_int(count_fds(), before);
			end();
		}
	}
}

static void more_fds_than_one_are_refused_and_closed(void)
{
	const struct talk_message m = {.type = TALK_SLOT};

	for (int fds = 2; fds <= 8; fds++) {
		struct talk_message got;
		int before, fd = -1;

		begin();
		before = count_fds();
		send_raw(&m, SHORT, fds);
		is_int(talk_receive(pair[0], false, &got, &fd, &err), -EBADMSG);
		is_int(fd, -1);
		is_int(count_fds(), before);
		end();
	}
}

/* An empty message looks like the end; what came along with it must not stay open. */
static void an_empty_message_leaves_nothing(void)
{
	for (int fds = 0; fds < 3; fds++) {
		struct talk_message got;
		int before, fd = -1;

		begin();
		before = count_fds();
		send_raw("", 0, fds);
		ok(talk_receive(pair[0], false, &got, &fd, &err) <= 0);
		is_int(fd, -1);
		is_int(count_fds(), before);
		end();
	}
}

static void words_end_within_the_message(void)
{
	struct talk_message m = {.type = TALK_FAIL}, got;
	int fd;

	memset(&m.err, 'x', sizeof(m.err)); /* the code too */
	begin();
	send_raw(&m, LONG, 0);
	is_int(talk_receive(pair[0], false, &got, &fd, &err), 1);
	is_int(strnlen(got.err.text, sizeof(got.err.text)), sizeof(got.err.text) - 1);
	is_int(strnlen(got.err.fix, sizeof(got.err.fix)), sizeof(got.err.fix) - 1);
	end();
}

static void a_failure_has_a_code(void)
{
	static const int32_t codes[] = {0, -1, -22, INT32_MIN};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct talk_message m = {.type = TALK_FAIL, .err = {codes[i], "x", ""}}, got;
		int fd = -1;

		begin();
		send_raw(&m, LONG, 0);
		is_int(talk_receive(pair[0], false, &got, &fd, &err), -EBADMSG);
		end();
	}
}

/* Other control messages (here: who sends) are no fds. */
static void credentials_are_no_fd(void)
{
	const struct talk_message m = {.type = TALK_GO};
	struct talk_message got;
	int on = 1, fd = -1;

	begin();
	ok(!setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	send_raw(&m, SHORT, 0);
	ok(talk_receive(pair[0], false, &got, &fd, &err) <= 1);
	is_int(fd, -1);
	end();
}

int main(void)
{
	run(messages_arrive_whole);
	run(an_fd_comes_along);
	run(nothing_there_and_the_end);
	run(bad_lengths_and_types_are_refused);
	run(more_fds_than_one_are_refused_and_closed);
	run(an_empty_message_leaves_nothing);
	run(words_end_within_the_message);
	run(a_failure_has_a_code);
	run(credentials_are_no_fd);
	return tap_done();
}
