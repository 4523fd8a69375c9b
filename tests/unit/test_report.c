/* SPDX-License-Identifier: Apache-2.0 */
/* report: a cause is named only when it was seen; what was not counted is absent. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/base/fmt.h"
#include "../../runtime/report.h"
#include "tap.h"

static struct err err;

#define EXITED(n)   ((n) << 8)
#define KILLED(sig) (sig)
#define DUMPED(sig) ((sig) | 0x80)

static const struct report_limits none;

static void causes(void)
{
	static const struct {
		int status;
		bool timed_out;
		uint64_t oom, refused, user_us;
		const char *cause;
	} all[] = {
		{EXITED(0), false, 0, 0, 0, "exited"},
		{EXITED(3), false, 0, 0, 0, "exited"},
		{EXITED(3), false, 5, 0, 0, "exited"}, /* a child was killed, and it went on */
		{EXITED(0), false, 0, 5, 0, "exited"},
		{EXITED(1), false, 0, 5, 0, "pids_limit"},
		{EXITED(1), true, 0, 0, 0, "exited"}, /* it was quicker than our signal */
		{KILLED(SIGKILL), false, 0, 0, 0, "signaled"},
		{KILLED(SIGKILL), true, 0, 0, 0, "time_limit"},
		{KILLED(SIGKILL), true, 3, 0, 0, "time_limit"},
		{KILLED(SIGKILL), false, 1, 0, 0, "oom"},
		{KILLED(SIGKILL), false, 0, 0, 1850000, "signaled"},
		{KILLED(SIGKILL), false, 0, 0, 1950000, "cpu_limit"},
		{KILLED(SIGTERM), false, 4, 0, 0, "signaled"},
		{KILLED(SIGXCPU), false, 0, 0, 900000, "cpu_limit"},
		{KILLED(SIGXCPU), false, 0, 0, 1100000, "cpu_limit"},
		{KILLED(SIGXCPU), false, 0, 0, 700000, "signaled"}, /* somebody sent it */
		{KILLED(SIGXCPU), false, 0, 0, 0, "signaled"},
		{KILLED(SIGXCPU), true, 0, 0, 0, "time_limit"},
		{KILLED(SIGXFSZ), false, 0, 0, 0, "fsize"},
		{KILLED(SIGSYS), false, 0, 0, 0, "seccomp"},
		{DUMPED(SIGSYS), false, 0, 0, 0, "seccomp"},
		{DUMPED(SIGSEGV), false, 0, 0, 0, "signaled"},
		{-1, false, 0, 0, 0, "unknown"},
		{-1, true, 0, 0, 0, "time_limit"},
		{-1, false, 7, 7, 0, "unknown"},
	};
	const struct report_limits limits = {1, 2, true, true};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct report r = {.oom_kills = all[i].oom,
			.pids_refused = all[i].refused,
			.user_us = all[i].user_us};

		report_judge(&r, all[i].status, all[i].timed_out, &limits);
		tap_check(!strcmp(r.cause, all[i].cause), TAP_HERE, "row %zu: %s", i, r.cause);
		is_int(r.has_signal, all[i].status != -1 && (all[i].status & 0x7f) != 0);
		is_int(r.has_exit_status, all[i].status != -1 && (all[i].status & 0x7f) == 0);
	}
}

static void a_limit_that_nobody_set_is_no_cause(void)
{
	static const int signals[] = {SIGKILL, SIGXCPU, SIGXFSZ, SIGSYS};
	const struct report_limits soft = {.cpu_soft = 1}, fsize = {.fsize = true};
	struct report r = {.user_us = 999999999};

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		report_judge(&r, KILLED(signals[i]), false, &none);
		is_text(r.cause, "signaled");
		is_int(r.signal, signals[i]);
	}
	/* Each is the cause of its own signal alone. */
	report_judge(&r, KILLED(SIGKILL), false, &soft);
	is_text(r.cause, "signaled");
	report_judge(&r, KILLED(SIGXCPU), false, &soft);
	is_text(r.cause, "cpu_limit");
	report_judge(&r, KILLED(SIGSYS), false, &fsize);
	is_text(r.cause, "signaled");
	report_judge(&r, KILLED(SIGXFSZ), false, &fsize);
	is_text(r.cause, "fsize");
}

static void signals_have_names(void)
{
	struct report r = {0};

	report_judge(&r, KILLED(SIGTERM), false, &none);
	is_int(r.signal, SIGTERM);
	is_text(r.signal_name, "SIGTERM");
	report_judge(&r, KILLED(35), false, &none);
	is_text(r.signal_name, "SIGRTMIN+1");
}

/* A cgroup's directory as the kernel has it, made of plain files. */
static char folder[] = "/tmp/test_report.XXXXXX";

static void put(const char *name, const char *text)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY);

	is_int(fd_replace_file(dir, name, text, strlen(text), 0600, &err), 0);
	close(dir);
}

static void take_away(const char *name)
{
	char path[128];

	fmt_put(path, sizeof(path), "%s/%s", folder, name);
	ok(!unlink(path));
}

static void usage_is_read_of_v2(void)
{
	const char *v[] = {"/no/such/cgroup", folder};
	const struct texts dirs = {v, 2};
	struct report r = {0};

	report_usage(&r, &dirs);
	ok(!r.has_memory_peak_bytes && !r.has_oom_kills && !r.has_user_us && !r.has_pids_refused);
	put("memory.peak", "12345\n");
	put("memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n");
	put("pids.events", "max 6\n");
	put("cpu.stat", "usage_usec 9\nuser_usec 7\nsystem_usec 2\nnr_periods 1\n");
	report_usage(&r, &dirs);
	ok(r.memory_peak_bytes == 12345 && r.has_memory_peak_bytes);
	is_int(r.oom_kills, 4);
	is_int(r.pids_refused, 6);
	is_int(r.user_us, 7);
	is_int(r.system_us, 2);
	take_away("memory.peak");
	take_away("memory.events");
	take_away("pids.events");
	take_away("cpu.stat");
}

static void usage_is_read_of_v1(void)
{
	const char *v[] = {folder};
	const struct texts dirs = {v, 1};
	struct report r = {0};
	const struct rusage ru = {.ru_utime = {9, 0}, .ru_stime = {8, 1}, .ru_maxrss = 5};

	put("memory.max_usage_in_bytes", "18446744073709551615\n");
	put("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	put("cpuacct.usage_user", "7999\n");
	report_usage(&r, &dirs);
	ok(r.memory_peak_bytes == UINT64_MAX);
	is_int(r.oom_kills, 2);
	is_int(r.user_us, 7);
	ok(!r.has_system_us);
	/* The process's own figures fill what the cgroup does not count. */
	report_rusage(&r, &ru);
	is_int(r.user_us, 7);
	is_int(r.system_us, 8000001);
	ok(r.memory_peak_bytes == UINT64_MAX);
	take_away("memory.max_usage_in_bytes");
	take_away("memory.oom_control");
	take_away("cpuacct.usage_user");
	r = (struct report){0};
	report_rusage(&r, &ru);
	is_int(r.memory_peak_bytes, 5 * 1024);
}

static const char *read_back(void)
{
	static char text[4096];
	char path[128];

	fmt_put(path, sizeof(path), "%s/out", folder);
	ok(fd_read_small(AT_FDCWD, path, text, sizeof(text)) > 0);
	return text;
}

static void it_is_written_as_json(void)
{
	char path[128];
	struct report r = {.id = "a\"b"};
	int fd;

	fmt_put(path, sizeof(path), "%s/out", folder);
	fd = report_open(path, 0, &err);
	ok(fd >= 0);
	report_judge(&r, EXITED(3), false, &none);
	OPT_SET(&r, wall_ms, UINT64_MAX);
	is_int(report_write(&r, fd, &err), 0);
	close(fd);
	is_text(read_back(),
		"{\"id\":\"a\\\"b\",\"cause\":\"exited\",\"exit_status\":3,\"wall_ms\":"
		"18446744073709551615}\n");
	/* A report is opened anew, not added to. */
	fd = report_open(path, 0, &err);
	ok(fd >= 0 && lseek(fd, 0, SEEK_END) == 0);
	close(fd);
	take_away("out");
}

static void where_it_may_go(void)
{
	static const char *const bad[] = {"fd:", "fd:x", "fd:-1", "fd:0", "fd:1", "fd:2", "fd:999",
		"fd:1048577", "fd:18446744073709551619", "/no/such/dir/x", "/"};
	int low = open("/dev/null", O_WRONLY), high = fcntl(low, F_DUPFD, 100), fd;
	char name[16];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tap_check(report_open(bad[i], 0, &err) < 0 && err.text[0], TAP_HERE,
			"'%s' is taken", bad[i]);
	fmt_put(name, sizeof(name), "fd:%d", high);
	fd = report_open(name, 0, &err);
	ok(fd >= 0 && fd != high);
	ok(fcntl(high, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(fd);
	/* An fd that the program is handed it could write to. */
	is_int(report_open(name, (unsigned)high - 2, &err), -EINVAL);
	has_text(err.text, "the container's too");
	fd = report_open(name, (unsigned)high - 3, &err);
	ok(fd >= 0);
	close(fd);
	close(high);
	close(low);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	run(causes);
	run(a_limit_that_nobody_set_is_no_cause);
	run(signals_have_names);
	run(usage_is_read_of_v2);
	run(usage_is_read_of_v1);
	run(it_is_written_as_json);
	run(where_it_may_go);
	rmdir(folder);
	return tap_done();
}
