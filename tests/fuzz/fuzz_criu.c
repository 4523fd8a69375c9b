/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_criu: any bytes as what criu answers. They are an answer or none; what is read of one lies within it,
 * and its texts end.
 */
#include <stdlib.h>

#include "../../runtime/do/criu.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer a;

	if (read_answer((const char *)data, size, &a) < 0)
		return 0;
	if (!memchr(a.action, '\0', sizeof(a.action)) ||
		!memchr(a.message, '\0', sizeof(a.message)))
		abort();
	return 0;
}
