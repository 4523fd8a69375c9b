/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../spec/json.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "life.h"

/* What is handed to others: the pid in a file, the terminal and the filter's listener over sockets. */

int life_write_pid_file(const char *path, pid_t pid, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096], text[16];
	own_fd int fd = -1;

	/* Without a newline: go-runc reads it so. */
	fmt_put(text, sizeof(text), "%d", (int)pid);
	fmt_put(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
	fd = fd_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, e);
	TRY(fd);
	if (fd_replace_file(fd, slash ? slash + 1 : path, text, strlen(text), 0644, e) < 0)
		return err_add(e, "pid file '%s'", path);
	return 0;
}

int life_open_hook_files(const struct pairs *annotations, struct run_state *to, struct err *e)
{
	static const char *const keys[] = {"run.oci.hooks.stdout", "run.oci.hooks.stderr"};

	for (size_t i = 0; i < annotations->n; i++) {
		for (int k = 0; k < 2; k++) {
			const char *path = annotations->v[i].value;
			int fd;

			if (strcmp(annotations->v[i].key, keys[k]) || to->out[k])
				continue;
			fd = fd_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600, e);
			if (fd < 0)
				return err_add(e, "%s", keys[k]);
			to->out[k] = fd;
		}
	}
	return 0;
}

void life_close_hook_files(struct run_state *texts)
{
	for (int k = 0; k < 2; k++) {
		if (texts->out[k] > 0)
			close(texts->out[k]);
		texts->out[k] = 0;
	}
}

/* By its folder, since a path may be longer than an address has room for. */
static int connect_to(const char *path, struct err *e)
{
	own_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	own_fd int dir = -1;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *slash = strrchr(path, '/');
	char folder[4096];

	if (sock < 0)
		return err_sys(e, errno, "make a socket");
	fmt_put(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
		slash ? path : ".");
	dir = fd_open(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0, e);
	TRY(dir);
	if (fmt_put(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir,
		    slash ? slash + 1 : path) >= sizeof(a.sun_path))
		return err_sys(e, ENAMETOOLONG, "connect");
	if (connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, errno, "connect");
	return take_fd(&sock);
}

/* The fd goes with the first byte of the text. */
static int send_fd(const char *path, int fd, const char *text, size_t len, struct err *e)
{
	own_fd int sock = connect_to(path, e);
	struct iovec iov = {(char *)text, len};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)};
	ssize_t sent;

	TRY(sock);
	c.header.cmsg_level = SOL_SOCKET;
	c.header.cmsg_type = SCM_RIGHTS;
	c.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	sent = sendmsg(sock, &h, MSG_NOSIGNAL);
	if (sent < 0)
		return err_sys(e, errno, "send");
	return fd_write_all(sock, text + sent, len - (size_t)sent, e);
}

/* As runc does it, for the engines that listen there. */
int life_send_pidfd(const char *path, int pidfd, const char *what, struct err *e)
{
	if (send_fd(path, pidfd, what, strlen(what), e) < 0)
		return err_add(e, "pidfd socket '%s'", path);
	return 0;
}

/* One message: the fd, and the terminal's name as its data. */
int life_send_console(const char *path, int console, struct err *e)
{
	static const char name[] = "/dev/ptmx";

	if (send_fd(path, console, name, sizeof(name) - 1, e) < 0)
		return err_add(e, "console socket '%s'", path);
	return 0;
}

/* The container process state of config-linux.md (seccomp), with the fd that it names. */
int life_send_listener(struct life *l, int listener, const char *status, struct err *e)
{
	const struct state *s = l->state;
	const char *metadata = s->listener_metadata ? s->listener_metadata : "";
	pid_t init = s->complete ? s->pid : l->pid;
	own_fd int fd = listener;
	own_str struct str out = {0};
	struct run_state t;

	TRY(life_hook_texts(s->ociVersion, s->id, s->bundle, &s->annotations, &l->pool, &t, e));
	str_add(&out, "{\"ociVersion\":");
	json_quote(&out, s->ociVersion, strlen(s->ociVersion));
	str_addf(&out, ",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":", (int)l->pid);
	json_quote(&out, metadata, strlen(metadata));
	str_addf(&out, ",\"state\":%s%s%s%d%s}", t.head, status, t.middle, (int)init, t.tail);
	TRY(str_check(&out, e));
	if (send_fd(s->listener, fd, out.data, out.len, e) < 0)
		return err_add(e, "seccomp listener '%s'", s->listener);
	return 0;
}
