/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_nsjail: any bytes as an nsjail config, text or JSON, to a plan. */
#include <stdio.h>

#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_plan((const char *)data, size, DIALECT_NSJAIL);
	return 0;
}
