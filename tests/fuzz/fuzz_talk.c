/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_talk: what an enemy in a child's place can send to the parent. The input is a list of records:
 * one byte of control (the side; how many fds come along; whether the plan has a mid), one of length,
 * and that many bytes of the message. Whatever comes, the parent's step is one of the plan's, no fd is
 * lost, and a failure has words.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../runtime/parent.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct step_clone birth_of_mid = {.who = SIDE_MID}, birth_of_init = {.who = SIDE_INIT};
static const struct step_text name = {.value = "x"};
static const struct step_console console = {.slot = 1};
static const struct step_exec program;
static const struct jail jail;

static struct step with_mid[] = {
	{STEP_CLONE, SIDE_PARENT, NULL, &birth_of_mid},
	{STEP_UNSHARE, SIDE_MID, NULL, &name},
	{STEP_CLONE, SIDE_MID, NULL, &birth_of_init},
	{STEP_HOSTNAME, SIDE_INIT, NULL, &name},
	{STEP_CONSOLE, SIDE_INIT, NULL, &console},
	{STEP_CREATED, SIDE_PARENT, NULL, NULL},
	{STEP_EXEC, SIDE_INIT, NULL, &program},
};
static struct step without[] = {
	{STEP_CLONE, SIDE_PARENT, NULL, &birth_of_init},
	{STEP_HOSTNAME, SIDE_INIT, NULL, &name},
	{STEP_CREATED, SIDE_PARENT, NULL, NULL},
	{STEP_EXEC, SIDE_INIT, NULL, &program},
};
static const struct plan plans[] = {
	{.v = without,
		.n = ARRAY_LEN(without),
		.slots = 2,
		.root = -1,
		.console = -1,
		.jail = &jail},
	{.v = with_mid,
		.n = ARRAY_LEN(with_mid),
		.slots = 2,
		.root = -1,
		.console = 1,
		.has_mid = true,
		.jail = &jail},
};

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A birth is of the process whose pidfd comes along: of this one, here. */
static int own_pidfd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = sys_pidfd_open(getpid(), 0);
	return fd;
}

static void send_raw(int sock, const uint8_t *data, size_t len, int fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} c = {0};
	char none = 0;
	struct iovec iov = {len ? (void *)data : &none, len};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	int all[3] = {own_pidfd(), 0, 0};

	if (fds) {
		h.msg_control = &c;
		h.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
		c.header.cmsg_level = SOL_SOCKET;
		c.header.cmsg_type = SCM_RIGHTS;
		c.header.cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
		memcpy(CMSG_DATA(&c.header), all, (size_t)fds * sizeof(int));
	}
	/* An empty message is taken for the end: nobody hears what comes after it. */
	if (sendmsg(sock, &h, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		abort();
}

/* Returns how much of the input it took. */
static size_t send_record(struct parent *p, const uint8_t *data, size_t size, bool mid)
{
	static uint8_t message[sizeof(struct talk_message) + 256];
	enum side side = mid && data[0] & 1 ? SIDE_MID : SIDE_INIT;
	size_t len = size > 1 ? data[1] : 0;

	if (size < 2)
		return size;
	if (len > size - 2)
		len = size - 2;
	memset(message, 0, sizeof(message));
	memcpy(message, data + 2, len);
	if (((struct talk_message *)message)->pid == 77)
		((struct talk_message *)message)->pid = getpid();
	/* Words are long: a bit says that the message has the length of one with words. */
	send_raw(p->run.talk[RUN_CHILD_END(side)], message,
		data[0] & 8 ? sizeof(struct talk_message) : len, data[0] >> 1 & 3);
	return len + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool mid = size && data[0] & 16;
	int before = (own_pidfd(), count_fds()), r = 0;
	struct parent p;
	struct err e = {0};

	if (parent_begin(&p, &plans[mid], NULL, -1, -1, &e) < 0)
		abort();
	p.at = 1;
	while (size && !r) {
		size_t used = send_record(&p, data, size, mid);

		data += used;
		size -= used;
		if (mid)
			r = hear(&p, SIDE_MID, &e);
		if (!r)
			r = hear(&p, SIDE_INIT, &e);
		if (r < 0 && (e.code != -r || !e.text[0]))
			abort();
		if (p.at > plans[mid].n)
			abort();
		p.launched = false;
	}
	parent_done(&p);
	if (count_fds() != before)
		abort();
	return 0;
}
