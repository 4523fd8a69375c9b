/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/sys.h"
#include "../spec/bind.h"
#include "../spec/json.h"
#include "net.h"

/* What is kept, so that the first process can say how it went. */
static int ready_pipe = -1;

static int read_settings(struct pool *pool, struct user_net **ret, struct err *e)
{
	struct user_net *n = POOL_NEW(pool, struct user_net);
	struct origin origin = {.file = "stdin"};
	struct bytes text;
	struct bind b;

	if (!n)
		return err_memory(e);
	TRY(fd_read_all(0, 16 << 20, pool, &text, e));
	bind_init(&b, &table_user_net, n, &origin, pool, 0);
	TRY(json_read(text.data, text.len, "stdin", &b.sink, e));
	*ret = n;
	return 0;
}

/* -1 when it is our own. */
static int open_namespace(pid_t pid, const char *type, struct err *e)
{
	char path[48];
	struct stat its, ours;
	own_fd int fd = -1;

	fmt_put(path, sizeof(path), "/proc/self/ns/%s", type);
	if (stat(path, &ours) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	fmt_put(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, type);
	fd = fd_open(AT_FDCWD, path, O_RDONLY, 0, e);
	TRY(fd);
	if (fstat(fd, &its) < 0)
		return err_sys(e, errno, "look at '%s'", path);
	if (its.st_dev != ours.st_dev || its.st_ino != ours.st_ino)
		return take_fd(&fd);
	return -1;
}

/* Its number means init as long as whoever gave it to us has not reaped that. */
static int find_jail(const char *text, pid_t parent, struct jail_end *ret, struct err *e)
{
	struct err mine;
	uint64_t pid;

	if (fmt_u64(text, strlen(text), &pid) < 0 || pid < 1 || pid > INT32_MAX)
		return err_set(e, EINVAL, "'%s' is not a process id", text);
	ret->pid = (pid_t)pid;
	ret->pidfd = sys_pidfd_open(ret->pid, 0);
	if (ret->pidfd < 0)
		return err_sys(e, -ret->pidfd, "hold process %d", (int)pid);
	ret->user = open_namespace(ret->pid, "user", &mine);
	if (ret->user < -1) {
		*e = mine;
		return -e->code;
	}
	ret->net = open_namespace(ret->pid, "net", &mine);
	if (ret->net < -1) {
		*e = mine;
		return -e->code;
	}
	if (ret->net < 0)
		return err_set(e, EINVAL, "the jail has no network namespace of its own");
	if (getppid() != parent)
		return err_set(e, ESRCH, "who started this is gone");
	return 0;
}

static void say_ready(void)
{
	const struct err none = {0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)!write(ready_pipe, &none, sizeof(none)); /* nobody there: nobody to tell */
	own_close(&ready_pipe);
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd); /* without it there is nothing to be seen there either */
	own_close(&null);
}

/* The process that stays. */
static _Noreturn void stay(const struct user_net *n, const struct jail_end *jail)
{
	struct err e = {0};
	int r;

	(void)setsid(); /* a new child leads no group */
	(void)prctl(PR_SET_NAME, JAILRT_NET_SERVER); /* cannot fail with a good address */
	(void)signal(SIGPIPE, SIG_IGN);
	r = n->backend == USER_NET_PASTA ? pasta_run(n, jail, say_ready, &e)
					 : stack_run(n, jail, say_ready, &e);
	if (r < 0 && ready_pipe >= 0)
		(void)!write(ready_pipe, &e, sizeof(e)); /* as above */
	_exit(r < 0);
}

static int begin(const char *pid_text, struct err *e)
{
	own_pool struct pool pool = {0};
	pid_t parent = getppid(), child;
	struct jail_end jail;
	struct user_net *n = NULL;
	struct err told = {0};
	own_fd int in = -1;
	int pipe[2];

	TRY(read_settings(&pool, &n, e));
	TRY(find_jail(pid_text, parent, &jail, e));
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	in = pipe[0];
	ready_pipe = pipe[1];
	child = sys_fork();
	if (child < 0)
		return err_sys(e, -child, "make a process");
	if (child == 0) {
		own_close(&in);
		stay(n, &jail);
	}
	own_close(&ready_pipe);
	if (fd_read(in, &told, sizeof(told)) != (ssize_t)sizeof(told))
		return err_set(e, ECHILD, "the process that carries packets was killed");
	*e = told;
	if (told.code)
		(void)waitpid(child, NULL, 0); /* it is going */
	return -told.code;
}

int main(int argc, char **argv)
{
	struct err e = {0};

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "jailrt-net is started by jailrt, for a jail with user_net\n");
		return 1;
	}
	umask(077);
	if (begin(argv[1], &e) == 0)
		return 0;
	fprintf(stderr, "%s%s%s\n", e.text, e.fix[0] ? ". Fix: " : "", e.fix);
	return 1;
}
