/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../runtime/base/log.h"
#include "nsjail_jail.h"

/* Network devices of the host that the jail gets, or gets one of. */

/* What nsjail calls the jail's macvlan. */
static const char macvlan_name[] = "vs";

int nsjail_needs_net(struct nsjail_load *l, const void *at)
{
	if (jail_has_new(l->jail, NS_NET))
		return 0;
	NSJAIL_FAIL(l, at, "the jail's network is the host's, which is left as it is");
	return err_fix(l->e, "leave out clone_newnet: false");
}

static int check_name(struct nsjail_load *l, const void *at, const char *name)
{
	return device_name_valid(name, false)
		       ? 0
		       : NSJAIL_FAIL(l, at, "'%s' cannot be the name of a network device", name);
}

static int load_own(struct nsjail_load *l)
{
	const struct texts *own = &l->doc->iface_own;
	struct jail_net *net = &l->jail->net;
	struct jail_net_device *all = pool_array(l->pool, net->n + own->n, sizeof(*all));

	if (!own->n)
		return 0;
	TRY(nsjail_needs_net(l, own->v[0]));
	if (!all)
		return err_memory(l->e);
	/* Behind those of a bundle's linux.netDevices. */
	for (size_t i = 0; i < net->n; i++)
		all[i] = net->devices[i];
	net->devices = all;
	list_each (i, *own) {
		const char *name = own->v[i];

		TRY(check_name(l, name, name));
		for (size_t j = 0; j < net->n; j++) {
			if (!strcmp(net->devices[j].name, name) ||
				!strcmp(net->devices[j].device, name))
				return NSJAIL_FAIL(l, name, "'%s' is there twice", name);
		}
		net->devices[net->n++] = (struct jail_net_device){
			.device = name, .name = name, .bare = true, .at = name};
	}
	return 0;
}

/* --- macvlan ----------------------------------------------------------------------------------- */

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_mac(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++, text += 3) {
		int high = hex(text[0]), low = high < 0 ? -1 : hex(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int load_mac(struct nsjail_load *l, struct jail_macvlan *to)
{
	static const uint8_t none[6];
	const char *const *text = &l->doc->macvlan_vs_ma;

	if (!*text || !**text)
		return 0;
	if (!read_mac(*text, to->mac))
		return NSJAIL_FAIL(l, text, "'%s' is no MAC address like 02:00:00:00:00:01", *text);
	if (to->mac[0] & 1 || !memcmp(to->mac, none, sizeof(none)))
		return NSJAIL_FAIL(l, text, "'%s' is not the MAC address of one device", *text);
	to->has_mac = true;
	return 0;
}

static int load_mode(struct nsjail_load *l, struct jail_macvlan *to)
{
	const char *const *text = &l->doc->macvlan_vs_mo;

	for (size_t i = 0; i < macvlan_mode_words.n; i++) {
		if (!strcasecmp(macvlan_mode_words.v[i].name, *text)) {
			to->mode = (uint32_t)macvlan_mode_words.v[i].value;
			return 0;
		}
	}
	NSJAIL_FAIL(l, text, "'%s' is no mode of a macvlan", *text);
	return err_fix(l->e, "use private, vepa, bridge or passthru");
}

static int read_ip(struct nsjail_load *l, const char *const *text, uint32_t *ret)
{
	struct in_addr a;

	if (inet_pton(AF_INET, *text, &a) != 1)
		return NSJAIL_FAIL(l, text, "'%s' is no IPv4 address", *text);
	*ret = ntohl(a.s_addr);
	return 0;
}

static int load_mask(struct nsjail_load *l, struct jail_macvlan *to)
{
	const char *const *text = &l->doc->macvlan_vs_nm;
	uint32_t mask;

	TRY(read_ip(l, text, &mask));
	while (to->bits < 32 && mask & 1U << (31 - to->bits))
		to->bits++;
	if (to->bits < 32 && mask & 0xffffffffU >> to->bits)
		return NSJAIL_FAIL(l, text, "'%s' is no netmask: it has bits behind a gap", *text);
	return 0;
}

/* The kernel would refuse it, in words of its own. */
static int load_gateway(struct nsjail_load *l, struct jail_macvlan *to)
{
	const struct nsjail_config *d = l->doc;
	uint32_t mask = to->bits ? ~(uint32_t)0 << (32 - to->bits) : 0;

	TRY(read_ip(l, &d->macvlan_vs_gw, &to->gateway));
	if (!to->gateway)
		return 0;
	if (to->gateway == to->address)
		return NSJAIL_FAIL(
			l, &d->macvlan_vs_gw, "'%s' is the jail's own address", d->macvlan_vs_gw);
	if (!((to->gateway ^ to->address) & mask))
		return 0;
	NSJAIL_FAIL(l, &d->macvlan_vs_gw, "the gateway %s is not in the network of %s/%u",
		d->macvlan_vs_gw, d->macvlan_vs_ip, to->bits);
	return err_fix(l->e, "give macvlan_vs_gw: \"0.0.0.0\" for none");
}

static int load_address(struct nsjail_load *l, struct jail_macvlan *to)
{
	const struct nsjail_config *d = l->doc;

	to->at_address = &d->macvlan_vs_ip;
	TRY(read_ip(l, &d->macvlan_vs_ip, &to->address));
	TRY(load_mask(l, to));
	if (!to->address)
		return 0;
	if (to->address >> 28 >= 0xe)
		return NSJAIL_FAIL(l, &d->macvlan_vs_ip, "'%s' is not the address of one host",
			d->macvlan_vs_ip);
	return load_gateway(l, to);
}

/* Whether a field of the macvlan says something else than its default. */
static const char *left_over(const struct nsjail_config *d)
{
	const struct {
		const char *name, *value, *dflt;
	} all[] = {
		{"macvlan_vs_ip", d->macvlan_vs_ip, "192.168.0.2"},
		{"macvlan_vs_nm", d->macvlan_vs_nm, "255.255.255.0"},
		{"macvlan_vs_gw", d->macvlan_vs_gw, "192.168.0.1"},
		{"macvlan_vs_ma", d->macvlan_vs_ma, ""},
		{"macvlan_vs_mo", d->macvlan_vs_mo, "private"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].value && strcmp(all[i].value, all[i].dflt))
			return all[i].name;
	}
	return NULL;
}

static int load_macvlan(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	struct jail_net *net = &l->jail->net;
	struct jail_macvlan *to = &net->macvlan;
	const char *unused = left_over(d);

	if (!d->macvlan_iface || !*d->macvlan_iface) {
		if (unused)
			log_warning("%s: has no effect without macvlan_iface", unused);
		return 0;
	}
	TRY(nsjail_needs_net(l, &d->macvlan_iface));
	TRY(check_name(l, &d->macvlan_iface, d->macvlan_iface));
	to->name = macvlan_name;
	to->at = &d->macvlan_iface;
	for (size_t i = 0; i < net->n; i++) {
		if (!strcmp(net->devices[i].name, macvlan_name))
			return NSJAIL_FAIL(l, net->devices[i].at,
				"'%s' is what the jail's macvlan is called", macvlan_name);
		if (!strcmp(net->devices[i].device, d->macvlan_iface))
			return NSJAIL_FAIL(l, &d->macvlan_iface,
				"'%s' is moved into the jail by iface_own", d->macvlan_iface);
	}
	TRY(load_mac(l, to));
	TRY(load_mode(l, to));
	TRY(load_address(l, to));
	to->device = d->macvlan_iface;
	return 0;
}

int nsjail_load_devices(struct nsjail_load *l)
{
	TRY(load_own(l));
	return load_macvlan(l);
}
