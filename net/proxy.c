/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"

enum { VERSION = 5, NO_AUTHENTICATION = 0, IS_V4 = 1, IS_NAME = 3, IS_V6 = 4 };

static size_t put_end(const struct proxy_end *end, uint8_t *to)
{
	size_t n = end->family == 6 ? 16 : 4;

	to[0] = end->family == 6 ? IS_V6 : IS_V4;
	memcpy(to + 1, end->address.b, n);
	to[1 + n] = (uint8_t)(end->port >> 8);
	to[2 + n] = (uint8_t)end->port;
	return 3 + n;
}

/* From the kind of address on; how many bytes, 0: too few, or -EPROTO. */
static int get_end(const uint8_t *at, size_t len, struct proxy_end *ret)
{
	size_t n = len < 2	      ? 0
		   : at[0] == IS_V4   ? 4
		   : at[0] == IS_V6   ? 16
		   : at[0] == IS_NAME ? 1 + (size_t)at[1]
				      : SIZE_MAX;

	if (n == SIZE_MAX)
		return -EPROTO;
	if (!n || len < 3 + n)
		return 0;
	*ret = (struct proxy_end){.family = at[0] == IS_V4 ? 4 : at[0] == IS_V6 ? 6 : 0};
	if (ret->family)
		memcpy(ret->address.b, at + 1, n);
	ret->port = (uint16_t)(at[1 + n] << 8 | at[2 + n]);
	return (int)(3 + n);
}

size_t proxy_greet(enum user_net_action kind, uint8_t *to)
{
	if (kind == USER_NET_CONNECT)
		return 0;
	to[0] = VERSION;
	to[1] = 1;
	to[2] = NO_AUTHENTICATION;
	return 3;
}

int proxy_greeted(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	if (data[0] != VERSION)
		return -EPROTO;
	return data[1] == NO_AUTHENTICATION ? 2 : -ECONNREFUSED;
}

static size_t ask_connect(const struct proxy_end *end, uint8_t *to)
{
	char text[INET6_ADDRSTRLEN], where[INET6_ADDRSTRLEN + 16];

	(void)inet_ntop(end->family == 6 ? AF_INET6 : AF_INET, end->address.b, text, sizeof(text));
	fmt_put(where, sizeof(where), end->family == 6 ? "[%s]:%u" : "%s:%u", text, end->port);
	return fmt_put(
		(char *)to, PROXY_WORDS, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", where, where);
}

size_t proxy_ask(enum user_net_action kind, enum proxy_command command, const struct proxy_end *end,
	uint8_t *to)
{
	if (kind == USER_NET_CONNECT)
		return ask_connect(end, to);
	to[0] = VERSION;
	to[1] = (uint8_t)command;
	to[2] = 0;
	return 3 + put_end(end, to + 3);
}

/* "HTTP/1.1 200 …", and all up to an empty line. */
static int connected(const uint8_t *data, size_t len)
{
	const uint8_t *end = memmem(data, len, "\r\n\r\n", 4);

	if (!end)
		return len < PROXY_ANSWER ? 0 : -EPROTO;
	if (len < 12 || memcmp(data, "HTTP/1.", 7) || data[8] != ' ')
		return -EPROTO;
	return data[9] == '2' ? (int)(end + 4 - data) : -ECONNREFUSED;
}

int proxy_answered(
	enum user_net_action kind, const uint8_t *data, size_t len, struct proxy_end *ret_bound)
{
	int n;

	if (kind == USER_NET_CONNECT)
		return connected(data, len);
	if (len < 4)
		return 0;
	if (data[0] != VERSION)
		return -EPROTO;
	if (data[1])
		return -ECONNREFUSED;
	n = get_end(data + 3, len - 3, ret_bound);
	return n <= 0 ? n : 3 + n;
}

size_t proxy_wrap(const struct proxy_end *end, uint8_t *to)
{
	memset(to, 0, 3);
	return 3 + put_end(end, to + 3);
}

/* One in fragments is refused, as RFC 1928 lets it be. */
int proxy_unwrap(const uint8_t *data, size_t len, struct proxy_end *ret)
{
	int n = len < 4 || data[2] ? -EPROTO : get_end(data + 3, len - 3, ret);

	return n <= 0 ? -EPROTO : 3 + n;
}
