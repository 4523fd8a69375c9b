/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_process: any bytes as the process.json of exec, to the plan of a further process. */
#include <stdio.h>

#include "../../spec/check.h"
#include "../../spec/oci_jail.h"
#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int make(const char *data, size_t size, size_t which, struct pool *pool, struct plan *plan,
	struct err *e)
{
	struct origin *origin = POOL_NEW(pool, struct origin);
	struct jail *jail = POOL_NEW(pool, struct jail);
	const char *cgroups[] = {"/sys/fs/cgroup/a/b/x", "/sys/fs/cgroup/memory/x"};
	const struct plan_target target = {
		.namespaces = 0x20000000,
		.cgroups = {.v = cgroups, .n = which},
		.v2 = which == 1,
	};
	struct oci_process *doc;

	jail_init(jail);
	jail->origin = origin;
	jail->ns[NS_PID].how = NS_NEW;
	jail->ns[NS_USER].how = which == 2 ? NS_NEW : NS_SHARE;
	jail->service.hold = which == 1;
	TRY(oci_read_process(data, size, "process.json", pool, &doc, origin, e));
	TRY(check_supported(&table_oci_process, doc, origin, e));
	TRY(oci_jail_process(doc, origin, pool, &jail->process, e));
	TRY(check_jail(jail, e));
	return plan_exec(jail, &fuzz_hosts[which], &target, plan, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules rules;

	for (size_t which = 0; which < 3; which++) {
		own_pool struct pool pool = {0};
		own_plan struct plan plan = {0};
		own_str struct str out = {0};
		char *copy = pool_copy(&pool, data, size);
		struct err e = {0};
		int r = make(copy, size, which, &pool, &plan, &e);

		fuzz_judge(r, &e);
		if (r < 0)
			continue;
		if (plan_broken(&plan, 1, &rules)) {
			fputs(rules.why, stderr);
			abort();
		}
		if (plan_text(&plan, &out, &e) < 0)
			abort();
	}
	return 0;
}
