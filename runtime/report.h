/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_REPORT_H
#define JAILRT_REPORT_H
/*
 * report: why a container ended and what it used, as one JSON object.
 *
 * A cause is named only when it was seen: in the wait status, in the cgroup's own counters, or because
 * we did it ourselves. docs/report.md says what counts as seen. Figures that nobody kept are absent.
 */
#include <sys/resource.h>

#include "../spec/field.h"

struct report {
	const char *id;
	const char *cause;
	OPT(int32_t, exit_status);
	OPT(int32_t, signal);
	const char *signal_name;
	const char *step; /* cause setup: the step that failed, */
	const char *error; /* its words, */
	const char *errno_name; /* and the kernel's code */
	OPT(uint64_t, wall_ms);
	OPT(uint64_t, user_us);
	OPT(uint64_t, system_us);
	OPT(uint64_t, memory_peak_bytes);
	OPT(uint64_t, oom_kills);
	OPT(uint64_t, pids_refused);
	char name_space[24]; /* what signal_name points at */
};

extern const struct table table_report;

/* Where a report goes: opened before the container is, so that it cannot fail at the end. */
int report_open(const char *where, unsigned preserve_fds, struct err *e);

/* Reads the counters of the cgroups, while they are there. */
void report_usage(struct report *r, const struct texts *cgroups);

/* What the kernel said of the process itself; may be called before or after report_usage. */
void report_rusage(struct report *r, const struct rusage *ru);
/* Only its CPU time. */
void report_time(struct report *r, const struct rusage *ru);

/* What the jail has that a signal can come from. Without it the signal was somebody's, or the program's own. */
struct report_limits {
	uint64_t cpu_soft, cpu_hard; /* RLIMIT_CPU, seconds; 0: none */
	bool fsize; /* RLIMIT_FSIZE */
	bool kills; /* the system call filter has calls that end the program */
};

/*
 * Names the cause of an end. status is that of wait(2), or -1 when nobody saw it; timed_out: we killed
 * it for its time limit. limits are those the program had.
 */
void report_judge(struct report *r, int status, bool timed_out, const struct report_limits *limits);

int report_write(const struct report *r, int fd, struct err *e);

#endif
