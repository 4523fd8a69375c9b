/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_oci: any bytes as a config.json, to a plan. */
#include <stdio.h>

#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_plan((const char *)data, size, DIALECT_OCI);
	return 0;
}
