/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jailrt-hook-net: a veth pair between a container's network namespace and a bridge, or the host itself.
 *
 * The same hook with the same settings is for createRuntime, where it makes all, and for poststop, where it
 * removes all: the container's status says which.
 */
#include "net.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "hook.h"

enum forward { FORWARD_CHECK, FORWARD_ENABLE, FORWARD_LEAVE };

struct net_settings {
	struct texts address, gateway;
	const char *bridge, *interface;
	OPT(uint32_t, mtu);
	OPT(bool, nat);
	OPT(int32_t, forward);
};

static const struct word forward_words_rows[] = {
	{"check", FORWARD_CHECK},
	{"enable", FORWARD_ENABLE},
	{"leave", FORWARD_LEAVE},
};
static WORDS(forward_words);

static const struct field net_settings_rows[] = {
	FIELD_TEXTS(net_settings, address, "the container's addresses"),
	FIELD_TEXTS(net_settings, gateway, "its gateways"),
	FIELD_TEXT(net_settings, bridge, "the bridge"),
	FIELD_TEXT(net_settings, interface, "the container's device", .dflt = "eth0"),
	FIELD_U32(net_settings, mtu, "largest packet", .min = 68, .max = 65535),
	FIELD_BOOL(net_settings, nat, "masquerade"),
	FIELD_ENUM(net_settings, forward, forward_words, "the host's forwarding"),
};
static TABLE(net_settings);

static const struct option_row net_options_v[] = {
	{"address", 'a', "ADDRESS/PREFIX", "address", NULL,
		"the container's address; one IPv4, one IPv6, or both", false},
	{"gateway", 'g', "ADDRESS", "gateway", NULL,
		"its default route; without a bridge this is the host's end of the pair", false},
	{"bridge", 'b', "NAME", "bridge", NULL,
		"a bridge of the host that the pair is put on; it must be there", false},
	{"interface", 'i', "NAME", "interface", NULL, "the device in the container (default eth0)",
		false},
	{"mtu", 0, "BYTES", "mtu", NULL, "of both ends", false},
	{"nat", 0, NULL, "nat", NULL, "what leaves the host has the host's address", false},
	{"forward", 0, "check|enable|leave", "forward", NULL,
		"the host's forwarding: must be on (default with --nat), is turned on and stays "
		"so, "
		"does not matter (default without)",
		false},
	HOOK_COMMON_OPTIONS,
};
static OPTION_ROWS(net_options);

/* --- what is asked for --------------------------------------------------------------------------- */

/* Letters, digits, '_', '.', '-': the kernel would take more, shells and rules would not. */
static bool is_device_name(const char *name)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t n = strlen(name);

	return n && n < IFNAMSIZ && strspn(name, good) == n && *name != '-' && *name != '.' &&
	       strcmp(name, "lo") && strcmp(name, "all") && strcmp(name, "default");
}

static int read_address(const char *text, bool prefix, struct net_address *ret, struct err *e)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	unsigned char raw[16];
	uint64_t bits = 0;

	if (prefix != (slash != NULL) || n >= sizeof(ret->text))
		goto bad;
	memcpy(ret->text, text, n);
	ret->text[n] = '\0';
	ret->family = strchr(ret->text, ':') ? AF_INET6 : AF_INET;
	ret->prefix = ret->family == AF_INET ? 32 : 128;
	if (inet_pton(ret->family, ret->text, raw) != 1)
		goto bad;
	if (slash &&
		(fmt_u64(slash + 1, strlen(slash + 1), &bits) < 0 || !bits || bits > ret->prefix))
		goto bad;
	if (slash)
		ret->prefix = (unsigned)bits;
	/* 0.0.0.0, multicast and broadcast are nobody's; the kernel would take some of them. */
	if (ret->family == AF_INET ? !raw[0] || raw[0] >= 224
				   : raw[0] == 0xff || !memcmp(raw, &in6addr_any, sizeof(raw)))
		goto bad;
	/* As the kernel spells it. */
	if (!inet_ntop(ret->family, raw, ret->text, sizeof(ret->text)))
		goto bad;
	return 0;
bad:
	return err_set(e, EINVAL, "'%s' is no %s", text,
		prefix ? "address with a prefix, as 10.0.0.2/24" : "address, as 10.0.0.1");
}

static int read_addresses(const struct texts *from, bool prefix, struct net_address *to,
	unsigned *ret_n, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		if (i == NET_ADDRESSES)
			return err_set(e, EINVAL, "one IPv4 and one IPv6 address are the most");
		TRY(read_address(from->v[i], prefix, &to[i], e));
		if (i && to[0].family == to[i].family)
			return err_set(e, EINVAL, "'%s' and '%s' are of one family", from->v[0],
				from->v[i]);
	}
	*ret_n = (unsigned)from->n;
	return 0;
}

static const struct net_address *of_family(const struct net_address *list, unsigned n, int family)
{
	for (unsigned i = 0; i < n; i++) {
		if (list[i].family == family)
			return &list[i];
	}
	return NULL;
}

/* Addresses and gateways go together. */
static int check_families(const struct net *n, struct err *e)
{
	for (unsigned i = 0; i < n->n_gateways; i++) {
		const struct net_address *g = &n->gateway[i];
		const struct net_address *a = of_family(n->address, n->n_addresses, g->family);

		if (!a)
			return err_set(e, EINVAL,
				"--gateway: '%s': the container has no address of its family",
				g->text);
		if (!strcmp(a->text, g->text))
			return err_set(e, EINVAL, "--gateway: '%s' is the container's own address",
				g->text);
	}
	for (unsigned i = 0; i < n->n_addresses && (!n->bridge || n->nat); i++) {
		const struct net_address *a = &n->address[i];

		if (!of_family(n->gateway, n->n_gateways, a->family))
			return err_set(e, EINVAL, "--gateway is needed for '%s' %s", a->text,
				n->nat ? "with --nat"
				       : "without a bridge: the address of the host's end");
	}
	return 0;
}

static int net_read(const struct net_settings *s, struct net *n, struct err *e)
{
	int forward = s->has_forward ? s->forward : s->nat ? FORWARD_CHECK : FORWARD_LEAVE;

	n->interface = s->interface;
	n->bridge = s->bridge;
	n->mtu = s->has_mtu ? s->mtu : 0;
	n->nat = s->nat;
	n->enable_forwarding = forward == FORWARD_ENABLE;
	n->check_forwarding = forward == FORWARD_CHECK;
	if (!is_device_name(n->interface))
		return err_set(e, EINVAL, "--interface: '%s' is no name of a device", n->interface);
	if (n->bridge && !is_device_name(n->bridge))
		return err_set(e, EINVAL, "--bridge: '%s' is no name of a device", n->bridge);
	if (!s->address.n)
		return err_set(e, EINVAL, "--address is needed: ADDRESS/PREFIX of the container");
	if (read_addresses(&s->address, true, n->address, &n->n_addresses, e) < 0)
		return err_add(e, "--address");
	if (read_addresses(&s->gateway, false, n->gateway, &n->n_gateways, e) < 0)
		return err_add(e, "--gateway");
	return check_families(n, e);
}

/* --- the hook ------------------------------------------------------------------------------------ */

static int net_run(
	const struct hook_state *state, const void *settings, struct pool *pool, struct err *e)
{
	struct net n = {.id = state->id};
	int r;

	(void)pool; /* all of it has its size */
	net_name(&n, state->id, state->bundle);
	r = net_read(settings, &n, e);
	if (r >= 0 && !hook_stopped(state))
		return net_up(&n, state->has_pid ? state->pid : 0, e);
	if (r >= 0)
		return net_down(&n, n.nat, e);
	if (hook_stopped(state))
		(void)net_down(&n, true, NULL); /* the first failure is told */
	return r;
}

static int net_clean(const struct hook_state *state, struct pool *pool, struct err *e)
{
	struct net n = {.id = state->id};

	(void)pool;
	net_name(&n, state->id, state->bundle);
	return net_down(&n, true, e);
}

int main(int argc, char **argv)
{
	static const struct hook h = {
		.name = "net",
		.summary = "connects a container to the network, and removes that again",
		.text = "For createRuntime and poststop, with the same options. A pair of veth "
			"devices joins\n"
			"the container's network namespace and a bridge, or the host itself; "
			"loopback is\n"
			"brought up. Needs ip(8) of iproute2, and nft(8) of nftables for --nat.",
		.settings = &table_net_settings,
		.options = &net_options,
		.run = net_run,
		.clean = net_clean,
	};
	struct net_settings settings = {0};

	return hook_main(&h, &settings, argc, argv);
}
