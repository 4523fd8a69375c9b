/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "oci_jail.h"

/* linux.resources: block devices, huge pages, marks on packets, RDMA. */

static int add_io(const struct limits_load *l, enum io_kind kind, int64_t major, int64_t minor,
	uint64_t v, const void *at)
{
	struct jail_cgroup *c = l->cgroup;
	struct io_limit *io = pool_grow(l->pool, c->io, c->n_io, sizeof(*io));

	if (!io)
		return err_memory(l->e);
	c->io = io;
	io[c->n_io++] = (struct io_limit){kind, (uint32_t)major, (uint32_t)minor, v, at};
	return 0;
}

static int load_weights(const struct limits_load *l, const struct list *list)
{
	list_each (i, *list) {
		const struct oci_weight_device *d = list->v[i];

		if (d->weight)
			TRY(add_io(l, IO_WEIGHT, d->major, d->minor, d->weight, d));
		if (d->leafWeight)
			TRY(add_io(l, IO_LEAF_WEIGHT, d->major, d->minor, d->leafWeight, d));
	}
	return 0;
}

static int load_rates(const struct limits_load *l, enum io_kind kind, const struct list *list)
{
	list_each (i, *list) {
		const struct oci_throttle_device *d = list->v[i];

		TRY(add_io(l, kind, d->major, d->minor, d->rate, d));
	}
	return 0;
}

static int load_block_io(const struct limits_load *l, const struct oci_block_io *b)
{
	const struct list *const rates[IO_KINDS] = {
		[IO_READ_BPS] = (const struct list *)&b->throttleReadBpsDevice,
		[IO_WRITE_BPS] = (const struct list *)&b->throttleWriteBpsDevice,
		[IO_READ_IOPS] = (const struct list *)&b->throttleReadIOPSDevice,
		[IO_WRITE_IOPS] = (const struct list *)&b->throttleWriteIOPSDevice,
	};
	struct jail_cgroup *c = l->cgroup;

	c->at_io = b;
	if (b->weight)
		c->io_weight = (struct limit){true, b->weight};
	if (b->leafWeight)
		c->io_leaf_weight = (struct limit){true, b->leafWeight};
	TRY(load_weights(l, (const struct list *)&b->weightDevice));
	for (int kind = IO_READ_BPS; kind < IO_KINDS; kind++)
		TRY(load_rates(l, (enum io_kind)kind, rates[kind]));
	return 0;
}

static int load_huge_pages(const struct limits_load *l, const struct list *list)
{
	struct jail_cgroup *c = l->cgroup;

	c->huge_pages = pool_array(l->pool, list->n, sizeof(*c->huge_pages));
	if (!c->huge_pages)
		return err_memory(l->e);
	list_each (i, *list) {
		const struct oci_hugepage_limit *h = list->v[i];

		for (size_t j = 0; j < i; j++) {
			if (!strcmp(c->huge_pages[j].name, h->pageSize))
				return OCI_FAIL(
					l, h, "a second limit for pages of %s", h->pageSize);
		}
		c->huge_pages[c->n_huge_pages++] = (struct named_limit){h->pageSize, h->limit, h};
	}
	return 0;
}

static bool is_interface(const char *name)
{
	size_t n = strlen(name);

	return n && n < 16 && !name[strcspn(name, "/ \t\n")];
}

static int load_network(const struct limits_load *l, const struct oci_network *n)
{
	struct jail_cgroup *c = l->cgroup;

	c->at_net = n;
	if (n->classID)
		c->net_class = (struct limit){true, n->classID};
	c->net_priorities = pool_array(l->pool, n->priorities.n, sizeof(*c->net_priorities));
	if (!c->net_priorities)
		return err_memory(l->e);
	list_each (i, n->priorities) {
		const struct oci_interface_priority *p = n->priorities.v[i];

		if (!is_interface(p->name))
			return OCI_FAIL(l, &p->name, "'%s' is no network interface", p->name);
		c->net_priorities[c->n_net_priorities++] = (struct named_limit){
			p->name, p->priority, p};
	}
	return 0;
}

static int load_rdma(const struct limits_load *l, const struct list *list)
{
	struct jail_cgroup *c = l->cgroup;

	c->rdma = pool_array(l->pool, list->n, sizeof(*c->rdma));
	if (!c->rdma)
		return err_memory(l->e);
	list_each (i, *list) {
		const struct oci_rdma *r = list->v[i];

		if (!*r->key || r->key[strcspn(r->key, " \t\n")])
			return OCI_FAIL(l, r, "'%s' is no device", r->key);
		if (!r->has_hcaHandles && !r->has_hcaObjects)
			continue;
		c->rdma[c->n_rdma++] = (struct rdma_limit){r->key,
			{r->has_hcaHandles, r->hcaHandles}, {r->has_hcaObjects, r->hcaObjects}, r};
	}
	return 0;
}

int oci_load_io(const struct limits_load *l)
{
	const struct oci_resources *r = l->doc;

	if (r->blockIO)
		TRY(load_block_io(l, r->blockIO));
	TRY(load_huge_pages(l, (const struct list *)&r->hugepageLimits));
	if (r->network)
		TRY(load_network(l, r->network));
	return load_rdma(l, (const struct list *)&r->rdma);
}
