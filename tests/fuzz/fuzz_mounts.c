/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mounts: any bytes as the file of "mounts add" and "mounts remove", to the plan of either. */
#include <stdio.h>

#include "../../runtime/base/sys.h"
#include "../../spec/oci_jail.h"
#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int make(const char *data, size_t size, size_t which, struct pool *pool, struct plan *plan,
	struct err *e)
{
	static const struct caller nobody = {.cwd = "/"};
	struct origin *origin = POOL_NEW(pool, struct origin);
	struct jail *jail = POOL_NEW(pool, struct jail);
	struct oci_mounts *doc;

	jail_init(jail);
	TRY(oci_read_mounts(data, size, "mounts.json", pool, &doc, origin, e));
	TRY(oci_jail_mounts(NULL, doc, origin, &nobody, "/bundle", pool, jail, e));
	return plan_mount_change(
		jail, &fuzz_hosts[which], CLONE_NEWNS | CLONE_NEWPID, which != 1, plan, e);
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
