/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "observe.h"

extern char **environ;

/* --- /proc/self/status ------------------------------------------------------------------------------- */

static void observe_status(void)
{
	static const char *const wanted[] = {"Name", "Umask", "TracerPid", "Uid", "Gid", "Groups",
		"Threads", "SigBlk", "SigIgn", "SigCgt", "ShdPnd", "CapInh", "CapPrm", "CapEff",
		"CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters",
		"Speculation_Store_Bypass", "SpeculationIndirectBranch", "CoreDumping",
		"THP_enabled", "untag_mask", "Cpus_allowed_list", "Mems_allowed_list"};
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096], name[4200];

	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':'), *value = colon + 1;

		if (!colon)
			continue;
		*colon = '\0';
		value[strcspn(value, "\n")] = '\0';
		value += strspn(value, " \t");
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
			snprintf(name, sizeof(name), "status %s", line);
			if (!strcmp(line, wanted[i]))
				say(name, "%s", value);
		}
	}
	if (f)
		fclose(f);
}

/* --- what only calls tell ---------------------------------------------------------------------------- */

static void observe_limits(void)
{
	static const char *const names[] = {"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC",
		"NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO",
		"RTTIME"};
	struct rlimit limit;
	char name[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(name, sizeof(name), "limit %s", names[i]);
		if (getrlimit((int)i, &limit) < 0)
			say(name, "(%s)", word_of(errno));
		else
			say(name, "%lld %lld", (long long)limit.rlim_cur,
				(long long)limit.rlim_max);
	}
}

static void observe_environment(void)
{
	char name[256];

	for (char **v = environ; *v; v++) {
		snprintf(name, sizeof(name), "env %.*s", (int)strcspn(*v, "="), *v);
		say(name, "%s", strchr(*v, '=') ? strchr(*v, '=') + 1 : "(no value)");
	}
}

static void observe_prctl(void)
{
	int signal = 0, reaper = 0;

	prctl(PR_GET_PDEATHSIG, &signal);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	say("prctl parent-death signal", "%d", signal);
	say("prctl subreaper", "%d", reaper);
	say("prctl dumpable", "%d", prctl(PR_GET_DUMPABLE));
	say("prctl keep capabilities", "%d", prctl(PR_GET_KEEPCAPS));
	say("prctl securebits", "%#x", prctl(PR_GET_SECUREBITS));
	say("prctl timer slack", "%d", prctl(PR_GET_TIMERSLACK));
	say("prctl no THP", "%d", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	say("prctl machine check", "%d", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	say("personality", "%#x", (unsigned int)personality(0xffffffff));
}

static void observe_scheduling(void)
{
	static const char *const policies[] = {
		"OTHER", "FIFO", "RR", "BATCH", "ISO", "IDLE", "DEADLINE"};
	struct sched_param param = {0};
	int policy = sched_getscheduler(0), mode = -1;

	sched_getparam(0, &param);
	say("scheduler", "%s%s priority %d nice %d",
		policy < 0 ? word_of(errno) : policies[(policy & ~SCHED_RESET_ON_FORK) % 7],
		policy > 0 && policy & SCHED_RESET_ON_FORK ? " reset-on-fork" : "",
		param.sched_priority, getpriority(PRIO_PROCESS, 0));
	say("I/O priority", "%#lx", syscall(SYS_ioprio_get, 1, 0));
	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0)
		say("memory policy", "(%s)", word_of(errno));
	else
		say("memory policy", "%#x", mode);
}

/* "keyring;0;0;3f030000;_ses.NAME" is the form that the kernel describes it in. */
static void observe_keyring(void)
{
	char text[256] = "";
	long id = syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* session */, 0);

	if (id < 0 || syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, id, text, sizeof(text)) < 0)
		say("keyring", "(%s)", word_of(errno));
	else
		say("keyring", "%s", text);
}

static void observe_terminal(void)
{
	struct winsize size = {0};
	char *name = ttyname(STDIN_FILENO);

	say("terminal", "%s", name ? name : word_of(errno));
	if (name && !ioctl(STDIN_FILENO, TIOCGWINSZ, &size))
		say("terminal size", "%dx%d", size.ws_col, size.ws_row);
	say("terminal controls", "%s",
		tcgetpgrp(STDIN_FILENO) == getpgrp() ? "this group" : word_of(errno));
	say("process id", "%s", getpid() == 1 ? "1" : "another");
	say("parent", "%s", getppid() ? "seen" : "not seen");
	say("session", "%s", getsid(0) == getpid() ? "leader" : "member");
	say("process group", "%s", getpgrp() == getpid() ? "leader" : "member");
}

void observe_process(void)
{
	static const char *const files[] = {"oom_score_adj", "cgroup", "attr/current", "attr/exec",
		"loginuid", "coredump_filter"};
	char path[64], name[64], folder[4096];

	observe_status();
	observe_limits();
	observe_environment();
	observe_prctl();
	observe_scheduling();
	observe_keyring();
	observe_terminal();
	say("current directory", "%s", getcwd(folder, sizeof(folder)) ? folder : word_of(errno));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		snprintf(name, sizeof(name), "self %s", files[i]);
		say(name, "%s", text_of(path));
	}
}
