/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_proxy: any bytes as what a proxy says. What is taken of them is no more than there is. */
#include <stdlib.h>

#include "../../net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_end end;

	if (proxy_greeted(data, size) > (int)size ||
		proxy_answered(USER_NET_SOCKS5, data, size, &end) > (int)size ||
		proxy_answered(USER_NET_CONNECT, data, size, &end) > (int)size ||
		proxy_unwrap(data, size, &end) > (int)size)
		abort();
	return 0;
}
