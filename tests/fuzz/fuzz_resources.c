/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_resources: any bytes as the resources.json of update, to the plan of new limits. */
#include <stdio.h>

#include "../../spec/oci_jail.h"
#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int make(const char *data, size_t size, size_t which, struct pool *pool, struct plan *plan,
	struct err *e)
{
	struct origin *origin = POOL_NEW(pool, struct origin);
	struct jail *jail = POOL_NEW(pool, struct jail);
	const char *dirs[] = {
		"/sys/fs/cgroup/a/b/x", "/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/cpu,cpuacct/x"};
	const struct jail_paths cgroups = {.v = dirs, .n = 3};
	struct oci_resources *doc;

	jail_init(jail);
	jail->origin = origin;
	TRY(oci_read_resources(data, size, "resources.json", pool, &doc, origin, e));
	TRY(oci_jail_resources(doc, origin, pool, &jail->cgroup, e));
	return plan_update(jail, &fuzz_hosts[which], &cgroups, NULL, plan, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t which = 0; which < 3; which++) {
		own_pool struct pool pool = {0};
		own_plan struct plan plan = {0};
		own_str struct str out = {0};
		char *copy = pool_copy(&pool, data, size);
		struct err e = {0};
		int r = make(copy, size, which, &pool, &plan, &e);

		fuzz_judge(r, &e);
		if (r >= 0 && plan_text(&plan, &out, &e) < 0)
			abort();
	}
	return 0;
}
