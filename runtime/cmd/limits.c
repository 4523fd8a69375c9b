/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "../base/fd.h"
#include "cmd.h"
#include "options.h"

/* mounts, pause, resume, update, events: what is changed of a container that runs, and looked at. */

static const struct option_row cmd_mounts_options_v[] = {OPTION_HELP};
OPTION_ROWS(cmd_mounts_options);

static const struct option_row cmd_pause_options_v[] = {OPTION_HELP};
OPTION_ROWS(cmd_pause_options);

static const struct option_row cmd_resume_options_v[] = {OPTION_HELP};
OPTION_ROWS(cmd_resume_options);

static const struct option_row cmd_update_options_v[] = {
	{"resources", 'r', "FILE|-", "resources", NULL,
		"file with an OCI resources object, or - for stdin", false},
	{"memory", 0, "BYTES", "memory", NULL, "memory limit; -1: none", false},
	{"memory-reservation", 0, "BYTES", "memory_reservation", NULL,
		"memory that is reclaimed last", false},
	{"memory-swap", 0, "BYTES", "memory_swap", NULL,
		"limit of memory and swap together; -1: none", false},
	{"kernel-memory", 0, "BYTES", "kernel_memory", NULL, "has no effect", true},
	{"kernel-memory-tcp", 0, "BYTES", "kernel_memory_tcp", NULL,
		"kernel TCP buffer memory; cgroup v1 only", false},
	{"cpu-share", 0, "N", "cpu_share", NULL, "share of CPU time when it is short, 2 to 262144",
		false},
	{"cpu-period", 0, "MICROSECONDS", "cpu_period", NULL, "length of a period", false},
	{"cpu-quota", 0, "MICROSECONDS", "cpu_quota", NULL, "CPU time a period; -1: no limit",
		false},
	{"cpu-burst", 0, "MICROSECONDS", "cpu_burst", NULL, "unused CPU time that may be saved up",
		false},
	{"cpu-idle", 0, "0|1", "cpu_idle", NULL, "1: run only when nothing else does", false},
	{"cpu-rt-period", 0, "MICROSECONDS", "cpu_rt_period", NULL,
		"length of a real-time period; cgroup v1 only", false},
	{"cpu-rt-runtime", 0, "MICROSECONDS", "cpu_rt_runtime", NULL,
		"real-time CPU time a period; cgroup v1 only", false},
	{"cpuset-cpus", 0, "LIST", "cpuset_cpus", NULL, "the CPUs it may use, as 0-3,7", false},
	{"cpuset-mems", 0, "LIST", "cpuset_mems", NULL, "the memory nodes it may use", false},
	{"blkio-weight", 0, "N", "blkio_weight", NULL, "weight of its I/O, 10 to 1000", false},
	{"pids-limit", 0, "N", "pids_limit", NULL, "most tasks; -1: no limit", false},
	{"l3-cache-schema", 0, "LINES", "l3_cache_schema", NULL,
		"L3 cache lines of its resctrl group", false},
	{"mem-bw-schema", 0, "LINE", "mem_bw_schema", NULL,
		"memory bandwidth line of its resctrl group", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_update_options);

static const struct option_row cmd_events_options_v[] = {
	{"interval", 0, "TIME", "interval", NULL, "time between statistics, 5s by default", false},
	{"stats", 0, NULL, "stats", NULL, "statistics once, and no events", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_events_options);

int cmd_mounts(struct cmd_call *c)
{
	bool add = !strcmp(c->argv[0], "add");

	if (!add && strcmp(c->argv[0], "remove"))
		return CMD_REFUSE(c, "'%s': add or remove", c->argv[0]);
	if (cmd_set(c, "id", c->argv[1]) < 0 || cmd_set(c, "mounts_file", c->argv[2]) < 0)
		return CMD_FAILED;
	return jailrt_mounts(c->jailrt, add) < 0 ? CMD_FAILED : 0;
}

int cmd_pause(struct cmd_call *c)
{
	return cmd_set_id(c) < 0 || jailrt_pause(c->jailrt) < 0 ? CMD_FAILED : 0;
}

int cmd_resume(struct cmd_call *c)
{
	return cmd_set_id(c) < 0 || jailrt_resume(c->jailrt) < 0 ? CMD_FAILED : 0;
}

int cmd_update(struct cmd_call *c)
{
	return cmd_set_id(c) < 0 || jailrt_update(c->jailrt) < 0 ? CMD_FAILED : 0;
}

static int print_event(const char *json, void *arg)
{
	own_str struct str line = {0};

	(void)arg;
	str_addf(&line, "%s\n", json);
	/* Whoever read us has gone: that is the end of it. */
	return str_check(&line, NULL) < 0 || cmd_print(line.data);
}

int cmd_events(struct cmd_call *c)
{
	int r = cmd_set_id(c);

	if (r >= 0)
		r = jailrt_events(c->jailrt, print_event, NULL);
	return r < 0 ? CMD_FAILED : r;
}
