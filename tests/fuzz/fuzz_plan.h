/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_FUZZ_PLAN_H
#define JAILRT_FUZZ_PLAN_H
/*
 * fuzz_plan: from a config's text, whatever it is, to a plan, for each of a few callers and hosts that
 * stand here as data. Either a plan comes out that keeps the rules of all plans, or an error that has a
 * code and words. FIELD=VALUE lines may stand before the text, each with a NUL behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/plan.h"
#include "../../spec/load.h"
#include "../plan_rules.h"

#define FUZZ_TEXTS(...)                                                              \
	{                                                                            \
		(const char *[]){__VA_ARGS__},                                       \
			sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *) \
	}

static struct host_hierarchy fuzz_v2 = {.mount = "/sys/fs/cgroup",
	.own = "/a/b",
	.controllers = FUZZ_TEXTS("cpuset", "cpu", "memory", "pids"),
	.v2 = true,
	.writable = true};
static struct host_hierarchy fuzz_memory = {.mount = "/sys/fs/cgroup/memory",
	.own = "/",
	.controllers = FUZZ_TEXTS("memory"),
	.writable = true};
static struct host_hierarchy fuzz_cpu = {.mount = "/sys/fs/cgroup/cpu,cpuacct",
	.own = "/a",
	.controllers = FUZZ_TEXTS("cpu", "cpuacct"),
	.writable = true};
static struct host_hierarchy fuzz_devices = {.mount = "/sys/fs/cgroup/devices",
	.own = "/a",
	.controllers = FUZZ_TEXTS("devices"),
	.writable = true};

static const struct host fuzz_hosts[] = {
	{.kernel = 6001,
		.privileged = true,
		.clone3 = true,
		.mount_setattr = true,
		.last_cap = 40,
		.hierarchies = {(struct host_hierarchy *[]){&fuzz_v2}, 1}},
	{.kernel = 4018,
		.privileged = true,
		.last_cap = 37,
		.hierarchies = {(struct host_hierarchy *[]){&fuzz_memory, &fuzz_cpu, &fuzz_devices},
			3}},
	{.kernel = 6001,
		.uid = 1000,
		.clone3 = true,
		.mount_setattr = true,
		.last_cap = 40,
		.hierarchies = {(struct host_hierarchy *[]){&fuzz_v2}, 1}},
};

/* The same machines, with systemd to make the cgroups: by turns the machine's and a user's. */
static void fuzz_systemd(struct host *host, struct jail *jail)
{
	host->systemd = host->kernel < 5000 ? 240 : 252;
	host->systemd_user = host->uid;
	host->systemd_root = host->uid ? "/user.slice/user@1000.service" : NULL;
	jail->cgroup.manager = CGROUP_SYSTEMD;
}

static const struct caller fuzz_callers[] = {
	{.cpus = 4, .cwd = "/c", .env = FUZZ_TEXTS("PATH=/bin", "HOME=/root", "A=b")},
	{.cpus = 4, .cwd = "/c", .env = FUZZ_TEXTS("PATH=/bin")},
	{.uid = 1000, .gid = 1000, .cpus = 1, .cwd = "/", .env = FUZZ_TEXTS("PATH=/bin")},
};

static void fuzz_judge(int r, const struct err *e)
{
	/* A failure has a code, that of its return, and words. */
	if (r < 0 && (e->code != -r || !e->text[0]))
		abort();
}

static void fuzz_one_plan(const struct load_request *q, size_t which, bool systemd)
{
	static struct rules rules;
	own_pool struct pool pool = {0};
	own_str struct str out = {0};
	own_plan struct plan plan = {0};
	struct host host = fuzz_hosts[which];
	struct loaded loaded;
	struct err e = {0};
	int r = load(q, &fuzz_callers[which], &pool, &loaded, &e);

	fuzz_judge(r, &e);
	if (r < 0)
		return;
	loaded.jail.notes.id = "ID";
	loaded.jail.service.hold = which == 1;
	if (systemd)
		fuzz_systemd(&host, &loaded.jail);
	r = plan_make(&loaded.jail, &host, &plan, &e);
	fuzz_judge(r, &e);
	if (r < 0)
		return;
	if (plan_broken(&plan, 0, &rules)) {
		fputs(rules.why, stderr);
		abort();
	}
	if (plan_text(&plan, &out, &e) < 0 || plan_json(&plan, &out, &e) < 0)
		abort();
}

static inline void fuzz_plan(const char *data, size_t size, enum dialect dialect)
{
	own_pool struct pool pool = {0};
	const char *nul;
	struct texts sets = {pool_array(&pool, 8, sizeof(char *)), 0};
	struct bytes text;

	while (sets.n < 8 && (nul = memchr(data, '\0', size))) {
		sets.v[sets.n++] = pool_text(&pool, data);
		size -= (size_t)(nul + 1 - data);
		data = nul + 1;
	}
	text = (struct bytes){pool_copy(&pool, data, size), size};
	for (size_t which = 0; which < 3; which++) {
		const struct load_request q = {
			.bundle = "/bundle",
			.config = "config",
			.text = &text,
			.sets = &sets,
			.strict = which == 1,
			.known = which != 2,
			.dialect = dialect,
		};

		fuzz_one_plan(&q, which, false);
		fuzz_one_plan(&q, which, true);
	}
}

#endif
