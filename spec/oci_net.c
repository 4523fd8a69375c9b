/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "oci_jail.h"

/* Network devices that are moved into the container (config-linux.md "Network Devices"). */

static int check_device(struct oci_load *l, const struct oci_net_device *o)
{
	const struct jail_net *net = &l->jail->net;
	const char *name = o->name && *o->name ? o->name : o->key;

	if (!device_name_valid(o->key, false))
		return OCI_FAIL(l, o, "'%s' cannot be the name of a network device", o->key);
	if (!device_name_valid(name, true))
		return OCI_FAIL(l, &o->name, "'%s' cannot be the name of a network device", name);
	for (size_t i = 0; i < net->n; i++) {
		if (!strcmp(net->devices[i].name, name) && !strchr(name, '%'))
			return OCI_FAIL(l, o, "a second network device called '%s'", name);
	}
	return 0;
}

int oci_load_net(struct oci_load *l)
{
	struct jail_net *net = &l->jail->net;
	const struct list *list = (const struct list *)&l->os->netDevices;

	if (!list->n)
		return 0;
	if (!jail_has_own(l->jail, NS_NET)) {
		OCI_FAIL(l, list, "network devices, and no network namespace to move them to");
		return err_fix(l->e, "add a network namespace to linux.namespaces");
	}
	net->devices = pool_array(l->pool, list->n, sizeof(*net->devices));
	if (!net->devices)
		return err_memory(l->e);
	list_each (i, *list) {
		const struct oci_net_device *o = list->v[i];

		TRY(check_device(l, o));
		net->devices[net->n++] = (struct jail_net_device){
			.device = o->key,
			.name = o->name && *o->name ? o->name : o->key,
			.at = o,
		};
	}
	return 0;
}
