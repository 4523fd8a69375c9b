/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

#include <errno.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../spec/names.h"
#include "../base/fd.h"
#include "../base/fmt.h"

static int number_of(const struct step_limit *l)
{
	uint64_t n = 0;

	(void)words_find(&rlimit_words, l->name, &n); /* the name was made from this list */
	return (int)n;
}

static const char *amount(char buf[static 24], uint64_t v)
{
	if (v == RLIM_INFINITY)
		return "unlimited";
	fmt_put(buf, 24, "%llu", (unsigned long long)v);
	return buf;
}

static int explain(const struct step_limit *l, int code, struct err *e)
{
	char soft[24], hard[24];

	err_sys(e, code, "set %s to %s:%s", l->name, amount(soft, l->soft), amount(hard, l->hard));
	if (code == EPERM)
		return err_fix(e,
			"a hard limit is raised by CAP_SYS_RESOURCE only: lower it in the "
			"config, or raise it for the caller");
	return -code;
}

int limits_raise(pid_t pid, const struct step_limits *s, struct err *e)
{
	list_each (i, s->limits) {
		const struct step_limit *l = s->limits.v[i];
		struct rlimit now, want;

		if (prlimit(pid, (__rlimit_resource_t)number_of(l), NULL, &now) < 0)
			return explain(l, errno, e);
		if (l->hard <= now.rlim_max)
			continue;
		want = (struct rlimit){now.rlim_cur, l->hard};
		if (prlimit(pid, (__rlimit_resource_t)number_of(l), &want, NULL) < 0)
			return explain(l, errno, e);
	}
	return 0;
}

int limits_set(const struct step_limits *s, struct err *e)
{
	list_each (i, s->limits) {
		const struct step_limit *l = s->limits.v[i];
		const struct rlimit want = {l->soft, l->hard};

		if (prlimit(0, (__rlimit_resource_t)number_of(l), &want, NULL) < 0)
			return explain(l, errno, e);
	}
	return 0;
}

int limits_oom_score(int proc, pid_t pid, const struct step_oom_score *s, struct err *e)
{
	char text[24], path[48] = "self/oom_score_adj";
	int r;

	if (pid)
		fmt_put(path, sizeof(path), "%d/oom_score_adj", (int)pid);
	fmt_put(text, sizeof(text), "%lld", (long long)s->value);
	r = fd_write_text(proc, path, text, e);
	if (r < 0)
		err_add(e, "set oom_score_adj to %s", text);
	return r == -EACCES ? err_fix(e, "it is lowered by CAP_SYS_RESOURCE only") : r;
}

int limits_nice(int64_t value, struct err *e)
{
	if (setpriority(PRIO_PROCESS, 0, (int)value) < 0) {
		/* Without the right a caller that is nicer than that stays so: that hurts nobody. */
		if ((errno == EACCES || errno == EPERM) && value >= 0)
			return 0;
		return err_sys(e, errno, "set the nice value to %lld", (long long)value);
	}
	return 0;
}

int limits_cpus(int64_t n, struct err *e)
{
	cpu_set_t have, keep;
	unsigned char dice[64];
	int left;

	if (sched_getaffinity(0, sizeof(have), &have) < 0)
		return err_sys(e, errno, "look up the CPUs");
	left = CPU_COUNT(&have);
	if (left < n)
		return err_set(e, EINVAL, "%lld CPUs are wanted, and %d are to be had",
			(long long)n, left);
	if (getrandom(dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		return err_sys(e, errno, "draw a random number");
	CPU_ZERO(&keep);
	for (int64_t chosen = 0; chosen < n; chosen++) {
		int skip = dice[chosen % (int64_t)sizeof(dice)] % left--;
		int cpu = -1;

		while (skip >= 0)
			skip -= CPU_ISSET(++cpu, &have) ? 1 : 0;
		CPU_CLR(cpu, &have);
		CPU_SET(cpu, &keep);
	}
	if (sched_setaffinity(0, sizeof(keep), &keep) < 0)
		return err_sys(e, errno, "set the CPUs");
	return 0;
}

int limits_personality(int64_t value, struct err *e)
{
	if (personality((unsigned long)value) < 0)
		return err_sys(e, errno, "set the personality");
	return 0;
}
