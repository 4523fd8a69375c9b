/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/path.h"
#include "life.h"

/* What a service manager gives its services: sd_listen_fds(3), sd_notify(3). */

/* The folder of the socket, in the state directory and in the container. */
#define FOLDER	  "notify"
#define IN_FOLDER "notify/notify.sock"
#define INSIDE	  "/run/notify"

/* --- the environment ------------------------------------------------------------------------------- */

int life_set_env(struct life *l, const char *entry, struct err *e)
{
	struct texts *env = &l->loaded.jail.process.env;
	size_t n = strcspn(entry, "=");
	/* The list may be the document's own, with no room behind it. */
	const char **v = pool_array(&l->pool, env->n + 1, sizeof(*v));
	bool there = false;

	if (!v || !entry)
		return err_memory(e);
	for (size_t i = 0; i < env->n; i++) {
		bool same = !there && !strncmp(env->v[i], entry, n + 1);

		v[i] = same ? entry : env->v[i];
		there = there || same;
	}
	v[env->n] = entry;
	*env = (struct texts){v, env->n + !there};
	return 0;
}

/* --- LISTEN_FDS ------------------------------------------------------------------------------------ */

static bool read_number(const char *text, uint64_t *ret)
{
	return text && fmt_u64(text, strlen(text), ret) >= 0;
}

/* As runc: they are the first fds, those of --preserve-fds follow. */
static int pass_sockets(struct life *l, struct err *e)
{
	const char *names = caller_env(&l->caller, "LISTEN_FDNAMES");
	uint64_t pid, n;

	/* What was meant for another process is left alone. */
	if (!read_number(caller_env(&l->caller, "LISTEN_PID"), &pid) || pid != (uint64_t)getpid() ||
		!read_number(caller_env(&l->caller, "LISTEN_FDS"), &n) || !n)
		return 0;
	if (n > 4096)
		return err_set(e, EINVAL, "LISTEN_FDS: more than 4096 sockets");
	l->o.preserve_fds += (uint32_t)n;
	l->loaded.jail.process.preserve_fds = l->o.preserve_fds;
	TRY(life_set_env(l, pool_printf(&l->pool, "LISTEN_FDS=%u", (unsigned)n), e));
	TRY(life_set_env(l, "LISTEN_PID=1", e));
	return names ? life_set_env(l, pool_printf(&l->pool, "LISTEN_FDNAMES=%s", names), e) : 0;
}

/* --- NOTIFY_SOCKET --------------------------------------------------------------------------------- */

static const char *manager(const struct life *l)
{
	const char *path = caller_env(&l->caller, "NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

static int pass_notify(struct life *l, struct err *e)
{
	const char *root = life_root(l, e);
	struct jail_mount *m;
	char path[PATH_MAX];

	if (!manager(l) || !l->o.id || l->loaded.jail.root.kind != ROOT_DIR)
		return 0;
	if (!root)
		return -ENOMEM;
	if (path_join(path, sizeof(path), l->caller.cwd, root) < 0)
		return err_sys(e, ENAMETOOLONG, "state directory");
	m = jail_add_mount(&l->loaded.jail, &l->pool);
	if (!m)
		return err_memory(e);
	*m = (struct jail_mount){
		.kind = MOUNT_BIND,
		.source = pool_printf(&l->pool, "%s/%s/" FOLDER, path, l->o.id),
		.target = INSIDE,
		.type = "bind",
		.attrs.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			     MOUNT_ATTR_NOEXEC,
		.is_dir = MOUNT_IS_DIR,
	};
	l->relays = true;
	return m->source ? life_set_env(l, "NOTIFY_SOCKET=" INSIDE "/notify.sock", e)
			 : err_memory(e);
}

int life_pass(struct life *l, struct err *e)
{
	if (l->loaded.jail.bare)
		return 0;
	TRY(pass_sockets(l, e));
	return pass_notify(l, e);
}

int life_notify_prepare(struct life *l, struct err *e)
{
	if (!l->relays)
		return 0;
	/* Whoever the program runs as goes through it; above it is the owner's alone. */
	if (mkdirat(l->dir, FOLDER, 0755) < 0 || fchmodat(l->dir, FOLDER, 0755, 0) < 0)
		return err_sys(e, errno, "make the folder of the notify socket");
	return 0;
}

int life_notify_listen(struct life *l, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (!l->relays && !(l->state && l->state->relays))
		return 0;
	if (!l->caller.cwd)
		TRY(caller_probe(&l->caller, &l->pool, e));
	l->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->notify < 0)
		return err_sys(e, errno, "make a socket");
	fmt_put(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" IN_FOLDER, l->dir);
	if (bind(l->notify, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		fchmodat(l->dir, IN_FOLDER, 0777, 0) < 0)
		return err_sys(e, errno, "make the notify socket");
	return 0;
}

/* --- the relay --------------------------------------------------------------------------------------- */

struct ear {
	struct sockaddr_un a;
	socklen_t len;
	int sock;
};

static int find_ear(const char *path, struct ear *ear)
{
	size_t n = strlen(path);

	*ear = (struct ear){.a.sun_family = AF_UNIX, .sock = -1};
	if (n >= sizeof(ear->a.sun_path) || (*path != '/' && *path != '@'))
		return -EINVAL;
	memcpy(ear->a.sun_path, path, n);
	if (*path == '@')
		ear->a.sun_path[0] = '\0';
	ear->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path == '/'));
	ear->sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ear->sock < 0 ? -errno : 0;
}

static int say(const struct ear *ear, const char *text, size_t len, int fd)
{
	struct iovec iov = {(char *)text, len};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr h = {.msg_name = (void *)&ear->a,
		.msg_namelen = ear->len,
		.msg_iov = &iov,
		.msg_iovlen = 1};

	if (fd >= 0) {
		h.msg_control = &c;
		h.msg_controllen = sizeof(c);
		c.header.cmsg_level = SOL_SOCKET;
		c.header.cmsg_type = SCM_RIGHTS;
		c.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	}
	return sendmsg(ear->sock, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Until the manager has read it all: it would not know a sender that has ended meanwhile. */
static void wait_for_manager(const struct ear *ear)
{
	static const char barrier[] = "BARRIER=1";
	enum { PATIENCE_MS = 10000 };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	if (say(ear, barrier, sizeof(barrier) - 1, ends[1]) >= 0) {
		own_close(&ends[1]);
		(void)fd_wait(ends[0], PATIENCE_MS); /* an old manager never answers */
	}
	own_close(&ends[0]);
	own_close(&ends[1]);
}

/* runc's way: that it is ready, and who it is; what else it says is not for the manager. */
static void tell(const char *path, const char *ready, size_t len, pid_t main)
{
	struct ear ear;
	char text[32];
	int r = find_ear(path, &ear);

	if (r >= 0)
		r = say(&ear, ready, len, -1);
	if (r >= 0 && main) {
		fmt_put(text, sizeof(text), "MAINPID=%d\n", (int)main);
		r = say(&ear, text, strlen(text), -1);
	}
	if (r >= 0 && main)
		wait_for_manager(&ear);
	own_close(&ear.sock);
	if (r < 0)
		log_warning("NOTIFY_SOCKET '%s': %s", path, err_word(-r));
}

int life_notify_relay(struct life *l, pid_t main)
{
	static const char word[] = "READY=";
	char text[4096];
	ssize_t n;

	while (l->notify >= 0 && (n = recv(l->notify, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		for (char *line = text, *end; line < text + n; line = end + 1) {
			end = line + strcspn(line, "\n");
			*end = '\n'; /* there is room for one more */
			if (strncmp(line, word, sizeof(word) - 1))
				continue;
			if (manager(l))
				tell(manager(l), line, (size_t)(end + 1 - line), main);
			return 1;
		}
	}
	return 0;
}

void life_notify_wait(struct life *l)
{
	struct pollfd fds[2] = {
		{.fd = l->notify, .events = POLLIN}, {.fd = l->pidfd, .events = POLLIN}};

	if (l->notify < 0 || !manager(l))
		return;
	/* That may take its time, and other commands are not to wait. */
	(void)flock(l->dir, LOCK_UN); /* cannot fail on a good fd */
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (life_notify_relay(l, l->pid) || fds[1].revents)
			return;
	}
}
