/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/path.h"
#include "../runtime/base/sys.h"
#include "net.h"

/* pasta, a program of its own (package passt): started, watched, and ended with the jail. */

enum { STEP_MS = 5, PATIENCE_MS = 10000, SETTLE_MS = 300 };

/* --- the program ------------------------------------------------------------------------------- */

static int find(const struct user_net *n, char *path, size_t size, struct err *e)
{
	const char *s = n->search ? n->search : "";

	if (n->program) {
		fmt_put(path, size, "%s", n->program);
		return 0;
	}
	while (*s) {
		size_t len = strcspn(s, ":");

		/* What is not absolute would be looked for in a directory that nobody meant. */
		if (*s == '/' && fmt_put(path, size, "%.*s/pasta", (int)len, s) < size &&
			!access(path, X_OK))
			return 0;
		s += len;
		s += *s == ':';
	}
	err_set(e, ENOENT, "pasta is not installed");
	return err_fix(e, "apt-get install passt");
}

static _Noreturn void become(const char *path, char *const argv[], int output, int report)
{
	char *const envp[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), code;

	sys_reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 ||
		dup2(output, 2) < 0)
		goto failed;
	execve(path, argv, envp);
failed:
	code = errno;
	(void)!write(report, &code, sizeof(code));
	_exit(127);
}

enum { ARGUMENTS = 64, LAST = 32 };

/*
 * Root's pasta would become nobody first, who may not enter the namespaces; it gives up its capabilities,
 * its files and most system calls all the same.
 */
static int put_arguments(const struct user_net *n, const struct jail_end *jail,
	char last[static LAST], char *argv[static ARGUMENTS], struct err *e)
{
	size_t i = 0;

	if (n->args.n > ARGUMENTS - 8)
		return err_set(e, E2BIG, "too many arguments for pasta");
	argv[i++] = "pasta";
	for (size_t k = 0; k < n->args.n; k++)
		argv[i++] = (char *)n->args.v[k];
	if (geteuid() == 0) {
		argv[i++] = "--runas";
		argv[i++] = "0:0";
	}
	if (jail->user >= 0) {
		fmt_put(last, LAST, "%d", (int)jail->pid);
	} else {
		/* Nor may it look up the process of a stronger one: it inherits the namespace. */
		argv[i++] = "--netns-only";
		argv[i++] = "--no-netns-quit";
		argv[i++] = "--netns";
		fmt_put(last, LAST, "/proc/self/fd/%d", jail->net);
	}
	argv[i++] = last;
	argv[i] = NULL;
	return 0;
}

static pid_t start(const struct user_net *n, const struct jail_end *jail, int output, struct err *e)
{
	char *argv[ARGUMENTS], path[PATH_MAX], last[LAST];
	own_fd int in = -1, out = -1;
	int pipe[2], code;
	pid_t child;

	TRY(find(n, path, sizeof(path), e));
	TRY(put_arguments(n, jail, last, argv, e));
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	in = pipe[0];
	out = pipe[1];
	child = sys_fork();
	if (child < 0)
		return err_sys(e, -child, "make a process");
	if (child == 0) {
		if (jail->user < 0)
			(void)fcntl(jail->net, F_SETFD, 0); /* else pasta says that it is missing */
		become(path, argv, output, out);
	}
	own_close(&out);
	if (fd_read(in, &code, sizeof(code)) != (ssize_t)sizeof(code))
		return child;
	(void)waitpid(child, NULL, 0); /* it ends by itself */
	err_sys(e, code, "start '%s'", path);
	return err_fix(e, "apt-get install passt, or set NSJAIL_PASTA_PATH to its path");
}

/* --- is it there? ------------------------------------------------------------------------------ */

static int open_inside(const void *arg, struct err *e)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)arg;
	return fd < 0 ? err_sys(e, errno, "open a socket in the jail") : fd;
}

/* Whether the device is there, and up if pasta is to bring it up. */
static bool is_up(int inside, const struct user_net *n)
{
	struct ifreq r = {0};

	fmt_put(r.ifr_name, sizeof(r.ifr_name), "%s", n->device);
	if (ioctl(inside, SIOCGIFFLAGS, &r) < 0)
		return false;
	if (!n->configured)
		return true;
	if (!(r.ifr_flags & IFF_UP))
		return false;
	return !n->ip4 || ioctl(inside, SIOCGIFADDR, &r) == 0;
}

/* Without a syslog it complains of that, too, and behind a word on an option comes all of its usage. */
static void take_line(char *to, size_t size, const char *line, size_t len)
{
	size_t at = strlen(to);

	if (len && strncmp(line, "Failed to send", 14) && strncmp(line, "Usage:", 6))
		fmt_put(to + at, size - at, "%s%.*s", at ? "; " : "", (int)len, line);
}

/* Its first words, in one line. */
static int explain(int output, struct err *e)
{
	char text[1024], words[400] = "";
	ssize_t n = pread(output, text, sizeof(text) - 1, 0);
	char *usage;

	text[n > 0 ? n : 0] = '\0';
	usage = strstr(text, "\nUsage:");
	if (usage)
		*usage = '\0';
	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		take_line(words, sizeof(words), line, len);
		line += len + (line[len] == '\n');
	}
	err_set(e, ECHILD, "pasta ended%s%s", *words ? ": " : " without a word", words);
	if (strstr(words, "--splice-only"))
		return err_fix(e, "this pasta is too old for pasta { nat: false }");
	return -ECHILD;
}

/* Without a device there is no telling but that it goes on. */
static int await(const struct user_net *n, int inside, pid_t child, int output, struct err *e)
{
	int patience = n->device ? PATIENCE_MS : SETTLE_MS;

	for (int ms = 0; ms < patience; ms += STEP_MS) {
		if (waitpid(child, NULL, WNOHANG) == child)
			return explain(output, e);
		if (n->device && is_up(inside, n))
			return 0;
		(void)poll(NULL, 0, STEP_MS);
	}
	return n->device ? err_set(e, ETIMEDOUT, "pasta has not made the network device '%s'",
				   n->device)
			 : 0;
}

static void end(pid_t child)
{
	(void)kill(child, SIGKILL); /* ours, and not reaped */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

int pasta_run(const struct user_net *n, const struct jail_end *jail, ready_fn *ready, struct err *e)
{
	own_fd int output = sys_memfd_create("pasta", 1 /* MFD_CLOEXEC */);
	own_fd int inside = -1, its = -1;
	struct pollfd both[2];
	pid_t child;
	int r;

	if (output < 0)
		return err_sys(e, -output, "keep what pasta says");
	inside = enter(jail, open_inside, NULL, e);
	TRY(inside);
	child = start(n, jail, output, e);
	TRY(child);
	its = sys_pidfd_open(child, 0);
	r = its < 0 ? err_sys(e, -its, "hold pasta") : await(n, inside, child, output, e);
	if (r < 0) {
		/* Reaped or not: nobody else has that number while we have not asked for it. */
		if (kill(child, 0) == 0)
			end(child);
		return r;
	}
	ready();
	both[0] = (struct pollfd){.fd = jail->pidfd, .events = POLLIN};
	both[1] = (struct pollfd){.fd = its, .events = POLLIN};
	while (poll(both, 2, -1) < 0 && errno == EINTR)
		;
	/* Without its network the jail would go on as something that nobody asked for. */
	if (!both[0].revents)
		(void)sys_pidfd_send_signal(jail->pidfd, SIGKILL, NULL, 0);
	end(child);
	return 0;
}
