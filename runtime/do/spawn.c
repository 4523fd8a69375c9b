/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/own.h"
#include "../base/sys.h"

extern char **environ;

/* In the child. A failure is told by its errno through the pipe, which a good exec closes. */
static void become(const struct spawn *s, int input, int output, int report)
{
	int fds[] = {input, output, output}, code;

	for (int i = 0; i < 2 && s->out; i++)
		fds[1 + i] = s->out[i] ? s->out[i] : output;
	sys_reset_signals();
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(fds[fd], fd) < 0)
			goto failed;
	}
	if (s->cwd && chdir(s->cwd) < 0)
		goto failed;
	/* All that we opened is close-on-exec; what our caller left open is not. */
	(void)sys_close_range(3, ~0U, SYS_CLOSE_RANGE_CLOEXEC);
	execve(s->path, s->argv, s->envp ? s->envp : environ);
failed:
	code = errno;
	(void)!write(report, &code, sizeof(code));
	_exit(127);
}

static int make_input(const struct spawn *s, struct err *e)
{
	own_fd int fd = sys_memfd_create("stdin", 1 /* MFD_CLOEXEC */);

	if (fd < 0)
		return err_sys(e, -fd, "keep the input of '%s'", s->path);
	for (size_t i = 0; i < ARRAY_LEN(s->input) && s->input[i]; i++)
		TRY(fd_write_all(fd, s->input[i], strlen(s->input[i]), e));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "keep the input of '%s'", s->path);
	return take_fd(&fd);
}

static pid_t give_birth(int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid != -ENOSYS && pid != -EPERM && pid != -EINVAL)
		return pid;
	*ret_pidfd = -1;
	pid = sys_fork();
	if (pid > 0)
		*ret_pidfd = sys_pidfd_open(pid, 0);
	return pid;
}

int spawn_begin(const struct spawn *s, struct spawned *ret, struct err *e)
{
	own_fd int input = make_input(s, e);
	own_fd int output = sys_memfd_create("output", 1 /* MFD_CLOEXEC */);
	own_fd int report_in = -1, report_out = -1;
	int pipe[2], code = 0;

	TRY(input);
	if (output < 0)
		return err_sys(e, -output, "keep the output of '%s'", s->path);
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	report_in = pipe[0];
	report_out = pipe[1];
	*ret = (struct spawned){.pidfd = -1};
	ret->pid = give_birth(&ret->pidfd);
	if (ret->pid < 0)
		return err_sys(e, -ret->pid, "start '%s'", s->path);
	if (ret->pid == 0)
		become(s, input, output, report_out);
	own_close(&report_out);
	ret->output = take_fd(&output);
	if (fd_read(report_in, &code, sizeof(code)) == (ssize_t)sizeof(code)) {
		spawn_cancel(ret);
		return err_sys(e, code, "start '%s'", s->path);
	}
	return 0;
}

static void forget(struct spawned *p)
{
	own_close(&p->pidfd);
	own_close(&p->output);
	p->pid = 0;
}

/* The last words, in one line. */
static void last_words(int output, char *text, size_t size)
{
	off_t len = lseek(output, 0, SEEK_END);
	off_t from = len > (off_t)size - 1 ? len - (off_t)size + 1 : 0;
	ssize_t n = pread(output, text, size - 1, from);

	n = n < 0 ? 0 : n;
	while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	for (char *c = text; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
}

int spawn_end(struct spawned *p, struct err *e)
{
	char words[512];
	siginfo_t si = {0};
	int r;

	do
		r = waitid(P_PID, (id_t)p->pid, &si, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = err_sys(e, errno, "wait for process %d", (int)p->pid);
		forget(p);
		return r;
	}
	last_words(p->output, words, sizeof(words));
	forget(p);
	if (si.si_code == CLD_EXITED && si.si_status == 0)
		return 0;
	return err_set(e, ECHILD, "%s %d%s%s",
		si.si_code == CLD_EXITED ? "exit status" : "killed by signal", si.si_status,
		words[0] ? ": " : "", words);
}

void spawn_cancel(struct spawned *p)
{
	if (p->pid <= 0)
		return;
	(void)kill(p->pid, SIGKILL); /* not reaped yet, so the pid is still its own */
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(p);
}

int spawn_run(const struct spawn *s, int timeout_s, struct err *e)
{
	struct spawned p;
	int r;

	TRY(spawn_begin(s, &p, e));
	r = timeout_s && p.pidfd >= 0 ? fd_wait(p.pidfd, timeout_s * 1000) : 1;
	if (r > 0)
		return spawn_end(&p, e);
	spawn_cancel(&p);
	return err_set(e, ETIMEDOUT, "killed after %d s", timeout_s);
}
