/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "../spec/json.h"
#include "../spec/names.h"
#include "../spec/walk.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "do/cgroup.h"

static const struct field report_rows[] = {
	FIELD_TEXT(report, id, "of the container"),
	FIELD_TEXT(report, cause,
		"exited, signaled, time_limit, cpu_limit, oom, pids_limit, seccomp, fsize, setup "
		"or unknown"),
	FIELD_I32(report, exit_status, "of the program"),
	FIELD_I32(report, signal, "that ended it"),
	FIELD_TEXT(report, signal_name, "its name"),
	FIELD_TEXT(report, step, "of the set-up that failed"),
	FIELD_TEXT(report, error, "what is said of it"),
	FIELD_TEXT(report, errno_name, "the kernel's code for it"),
	FIELD_U64(report, wall_ms, "from start to end", .unit = "ms"),
	FIELD_U64(report, user_us, "CPU time in user mode", .unit = "µs"),
	FIELD_U64(report, system_us, "CPU time in the kernel", .unit = "µs"),
	FIELD_U64(report, memory_peak_bytes, "most memory in use", .unit = "bytes"),
	FIELD_U64(report, oom_kills, "processes killed for want of memory"),
	FIELD_U64(report, pids_refused, "forks refused by the limit of tasks"),
};
TABLE(report);

/* --- where it goes -------------------------------------------------------------------------------- */

static int open_number(const char *where, unsigned preserve_fds, struct err *e)
{
	uint64_t n;
	own_fd int fd = -1;
	int mode;

	if (fmt_u64(where + 3, strlen(where + 3), &n) < 0 || n > 1 << 20)
		return err_set(e, EINVAL, "'%s' is not fd:N", where);
	if (n < 3 + (uint64_t)preserve_fds) {
		err_set(e, EINVAL, "fd %d is the container's too, which could write to it", (int)n);
		return err_fix(e, "open the report on a higher fd");
	}
	mode = fcntl((int)n, F_GETFL);
	if (mode < 0)
		return err_sys(e, errno, "report on fd %d", (int)n);
	if ((mode & O_ACCMODE) == O_RDONLY || mode & O_PATH)
		return err_set(e, EBADF, "report on fd %d: it is not open for writing", (int)n);
	/* The original stays open in us, so it must not reach the program either. */
	if (fcntl((int)n, F_SETFD, FD_CLOEXEC) < 0)
		return err_sys(e, errno, "report on fd %d", (int)n);
	fd = fcntl((int)n, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, errno, "report on fd %d", (int)n) : take_fd(&fd);
}

int report_open(const char *where, unsigned preserve_fds, struct err *e)
{
	int fd;

	if (!strncmp(where, "fd:", 3))
		return open_number(where, preserve_fds, e);
	fd = fd_open(AT_FDCWD, where, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0644, e);
	return fd < 0 ? err_add(e, "report") : fd;
}

int report_write(const struct report *r, int fd, struct err *e)
{
	own_str struct str out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	TRY(walk(&table_report, r, 0, &w.sink, e));
	str_addc(&out, '\n');
	TRY(str_check(&out, e));
	return fd_write_all(fd, out.data, out.len, e) < 0 ? err_add(e, "report") : 0;
}

/* --- usage ---------------------------------------------------------------------------------------- */

/* The first cgroup that has the number; v1 keeps it in one hierarchy of many. */
static bool find(const struct texts *cgroups, const char *file, const char *key, uint64_t *ret)
{
	list_each (i, *cgroups) {
		if (!cgroup_number(cgroups->v[i], file, key, ret))
			return true;
	}
	return false;
}

void report_usage(struct report *r, const struct texts *cgroups)
{
	uint64_t v;

	if (find(cgroups, "memory.max_usage_in_bytes", NULL, &v) ||
		find(cgroups, "memory.peak", NULL, &v))
		OPT_SET(r, memory_peak_bytes, v);
	if (find(cgroups, "memory.oom_control", "oom_kill", &v) ||
		find(cgroups, "memory.events", "oom_kill", &v))
		OPT_SET(r, oom_kills, v);
	if (find(cgroups, "pids.events", "max", &v))
		OPT_SET(r, pids_refused, v);
	/* The cgroup counts all of the container; the wait status only what was waited for in it. */
	if (find(cgroups, "cpu.stat", "user_usec", &v))
		OPT_SET(r, user_us, v);
	else if (find(cgroups, "cpuacct.usage_user", NULL, &v))
		OPT_SET(r, user_us, v / 1000);
	if (find(cgroups, "cpu.stat", "system_usec", &v))
		OPT_SET(r, system_us, v);
	else if (find(cgroups, "cpuacct.usage_sys", NULL, &v))
		OPT_SET(r, system_us, v / 1000);
}

static uint64_t microseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

void report_time(struct report *r, const struct rusage *ru)
{
	if (!r->has_user_us)
		OPT_SET(r, user_us, microseconds(&ru->ru_utime));
	if (!r->has_system_us)
		OPT_SET(r, system_us, microseconds(&ru->ru_stime));
}

void report_rusage(struct report *r, const struct rusage *ru)
{
	report_time(r, ru);
	if (!r->has_memory_peak_bytes)
		OPT_SET(r, memory_peak_bytes, (uint64_t)ru->ru_maxrss * 1024);
}

/* --- the cause ------------------------------------------------------------------------------------ */

/*
 * At the hard limit of CPU time the kernel kills; at the soft one it sends SIGXCPU. It counts whole ticks
 * there, whoever had the rest of them, so the exact time that is reported may be a little less: more so
 * where others compute, too, which matters for SIGXCPU, as hardly anybody sends that.
 */
static bool cpu_used_up(const struct report *r, uint64_t limit, unsigned part)
{
	uint64_t used = r->user_us + r->system_us;

	return limit && (used + used / part + 20000) / 1000000 >= limit;
}

static const char *cause_of_signal(
	const struct report *r, bool timed_out, const struct report_limits *had)
{
	bool seen = false;
	const char *cause = "signaled";

	if (timed_out)
		return "time_limit";
	switch (r->signal) {
	case SIGXCPU:
		cause = "cpu_limit";
		seen = cpu_used_up(r, had->cpu_soft, 4);
		break;
	case SIGXFSZ:
		cause = "fsize";
		seen = had->fsize;
		break;
	case SIGSYS:
		cause = "seccomp";
		seen = had->kills;
		break;
	case SIGKILL:
		cause = r->oom_kills ? "oom" : "cpu_limit";
		seen = r->oom_kills || cpu_used_up(r, had->cpu_hard, 20);
		break;
	}
	return seen ? cause : "signaled";
}

void report_judge(struct report *r, int status, bool timed_out, const struct report_limits *limits)
{
	if (status == -1) {
		r->cause = timed_out ? "time_limit" : "unknown";
	} else if (WIFSIGNALED(status)) {
		OPT_SET(r, signal, WTERMSIG(status));
		r->signal_name = signal_name(r->signal, r->name_space);
		r->cause = cause_of_signal(r, timed_out, limits);
	} else {
		OPT_SET(r, exit_status, WEXITSTATUS(status));
		/* A program that was refused a fork and then gave up: both were seen. */
		r->cause = r->exit_status && r->pids_refused ? "pids_limit" : "exited";
	}
}
