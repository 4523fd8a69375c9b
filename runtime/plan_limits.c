/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan_build.h"

/*
 * A jail's limits in the words of the kernel: which file of which controller gets which text, on cgroup v1
 * and on v2, whose scales differ (docs/cgroups.md has the conversions).
 */

struct setting *plan_setting(struct builder *b, struct settings *s, const char *controller,
	const char *file, const char *value, const void *at)
{
	struct setting *v = value ? pool_grow(&b->plan->pool, s->v, s->n, sizeof(*v)) : NULL;

	if (!v) {
		b->no_memory = b->no_memory || value;
		return memset(b->scratch, 0, sizeof(*v));
	}
	s->v = v;
	v[s->n] = (struct setting){
		.controller = controller, .file = file, .value = value, .at = at};
	return &v[s->n++];
}

static const char *amount(struct builder *b, const struct limit *l, const char *none)
{
	if (!l->set)
		return NULL;
	return l->v == INT64_MAX ? none : plan_printf(b, "%lld", (long long)l->v);
}

static const char *number(struct builder *b, uint64_t n)
{
	return plan_printf(b, "%llu", (unsigned long long)n);
}

static const char *of_device(
	struct builder *b, const struct io_limit *io, const char *what, uint64_t v)
{
	return plan_printf(b, "%u:%u %s%llu", io->major, io->minor, what, (unsigned long long)v);
}

/* --- cgroup v1 ----------------------------------------------------------------------------------- */

static struct limit memory_and_swap(const struct jail_cgroup *c)
{
	struct limit swap = c->memory_swap;

	if (c->swap_only.set && c->memory.set) {
		swap.set = true;
		if (__builtin_add_overflow(c->memory.v, c->swap_only.v, &swap.v))
			swap.v = INT64_MAX;
	}
	return swap;
}

static void memory_v1(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const void *at = c->at_memory;
	struct limit swap = memory_and_swap(c);
	struct setting *set;

	set = plan_setting(
		b, s, "memory", "memory.limit_in_bytes", amount(b, &c->memory, "-1"), at);
	if (c->check_usage)
		set->usage = "memory.usage_in_bytes";
	set = plan_setting(
		b, s, "memory", "memory.memsw.limit_in_bytes", amount(b, &swap, "-1"), at);
	if (c->check_usage)
		set->usage = "memory.memsw.usage_in_bytes";
	/* The limit of both may not be below that of memory: no limit of memory takes it away, too. */
	if (b->updates && c->memory.set && c->memory.v == INT64_MAX && !swap.set)
		plan_setting(b, s, "memory", "memory.memsw.limit_in_bytes", "-1", at)->if_there =
			true;
	plan_setting(
		b, s, "memory", "memory.soft_limit_in_bytes", amount(b, &c->memory_low, "-1"), at);
	plan_setting(b, s, "memory", "memory.kmem.tcp.limit_in_bytes",
		amount(b, &c->memory_tcp, "-1"), at);
	plan_setting(b, s, "memory", "memory.swappiness", amount(b, &c->swappiness, NULL), at);
	if (c->stop_at_memory)
		plan_setting(b, s, "memory", "memory.oom_control", "1", at);
	/* Since 5.11 there is no other way. */
	if (c->count_beneath)
		plan_setting(b, s, "memory", "memory.use_hierarchy", "1", at)->if_there = true;
}

static void cpu_v1(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const void *at = c->at_cpu;

	plan_setting(b, s, "cpu", "cpu.shares", amount(b, &c->cpu_shares, NULL), at);
	plan_setting(b, s, "cpu", "cpu.cfs_period_us", amount(b, &c->cpu_period, NULL), at);
	plan_setting(b, s, "cpu", "cpu.cfs_quota_us", amount(b, &c->cpu_quota, "-1"), at);
	plan_setting(b, s, "cpu", "cpu.cfs_burst_us", amount(b, &c->cpu_burst, NULL), at)->is_new =
		!c->cpu_burst.v;
	plan_setting(b, s, "cpu", "cpu.idle", amount(b, &c->cpu_idle, NULL), at)->is_new =
		!c->cpu_idle.v;
	plan_setting(b, s, "cpu", "cpu.rt_period_us", amount(b, &c->cpu_rt_period, NULL), at);
	plan_setting(b, s, "cpu", "cpu.rt_runtime_us", amount(b, &c->cpu_rt_runtime, NULL), at);
	plan_setting(b, s, "cpuset", "cpuset.cpus", c->cpus, at);
	plan_setting(b, s, "cpuset", "cpuset.mems", c->mems, at);
}

/* Weights are those of the I/O scheduler: CFQ's until Linux 5.0, BFQ's since. */
static const struct {
	const char *file, *bfq;
} io_v1[IO_KINDS] = {
	[IO_WEIGHT] = {"blkio.weight_device", "blkio.bfq.weight_device"},
	[IO_LEAF_WEIGHT] = {"blkio.leaf_weight_device", NULL},
	[IO_READ_BPS] = {"blkio.throttle.read_bps_device", NULL},
	[IO_WRITE_BPS] = {"blkio.throttle.write_bps_device", NULL},
	[IO_READ_IOPS] = {"blkio.throttle.read_iops_device", NULL},
	[IO_WRITE_IOPS] = {"blkio.throttle.write_iops_device", NULL},
};

static void block_io_v1(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct setting *set = plan_setting(
		b, s, "blkio", "blkio.weight", amount(b, &c->io_weight, NULL), c->at_io);

	set->or_file = "blkio.bfq.weight";
	set->or_value = set->value;
	plan_setting(
		b, s, "blkio", "blkio.leaf_weight", amount(b, &c->io_leaf_weight, NULL), c->at_io);
	for (size_t i = 0; i < c->n_io; i++) {
		const struct io_limit *io = &c->io[i];

		set = plan_setting(
			b, s, "blkio", io_v1[io->kind].file, of_device(b, io, "", io->v), io->at);
		set->or_file = io_v1[io->kind].bfq;
		set->or_value = set->or_file ? set->value : NULL;
		set->is_new = !io->v;
	}
}

static void network_v1(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	plan_setting(b, s, "net_cls", "net_cls.classid", amount(b, &c->net_class, NULL), c->at_net);
	for (size_t i = 0; i < c->n_net_priorities; i++) {
		const struct named_limit *p = &c->net_priorities[i];

		plan_setting(b, s, "net_prio", "net_prio.ifpriomap",
			plan_printf(b, "%s %llu", p->name, (unsigned long long)p->v), p->at);
	}
}

/* --- both ---------------------------------------------------------------------------------------- */

/* The limit on reservations (5.7) is what keeps a process from dying of a page fault. */
static void huge_pages(struct builder *b, struct settings *s, const char *word)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	for (size_t i = 0; i < c->n_huge_pages; i++) {
		const struct named_limit *h = &c->huge_pages[i];

		plan_setting(b, s, "hugetlb", plan_printf(b, "hugetlb.%s.%s", h->name, word),
			number(b, h->v), h->at);
		plan_setting(b, s, "hugetlb", plan_printf(b, "hugetlb.%s.rsvd.%s", h->name, word),
			number(b, h->v), h->at)
			->if_there = true;
	}
}

static const char *rdma_amount(struct builder *b, const char *what, const struct limit *l)
{
	return l->set ? plan_printf(b, " %s=%lld", what, (long long)l->v) : "";
}

static void rdma(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	for (size_t i = 0; i < c->n_rdma; i++) {
		const struct rdma_limit *r = &c->rdma[i];

		plan_setting(b, s, "rdma", "rdma.max",
			plan_printf(b, "%s%s%s", r->device,
				rdma_amount(b, "hca_handle", &r->handles),
				rdma_amount(b, "hca_object", &r->objects)),
			r->at);
	}
}

void plan_settings_v1(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	memory_v1(b, s);
	cpu_v1(b, s);
	plan_setting(b, s, "pids", "pids.max", amount(b, &c->pids, "max"), c->at_pids);
	block_io_v1(b, s);
	huge_pages(b, s, "limit_in_bytes");
	network_v1(b, s);
	rdma(b, s);
}

/* --- cgroup v2 ----------------------------------------------------------------------------------- */

/* Of a number of 1 or more, by squaring. The C library's is in a library that nothing else needs. */
static double log2_of(double x)
{
	double log = 0;

	for (; x >= 2; x /= 2)
		log++;
	for (double bit = 0.5; bit > 1e-15; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			log += bit;
		}
	}
	return log;
}

/* e to the x, for x from 0 to 10: the series for a 64th, squared six times. */
static double exp_of(double x)
{
	double sum = 1, term = 1;

	x /= 64;
	for (int i = 1; i < 20; i++)
		sum += term *= x / i;
	for (int i = 0; i < 6; i++)
		sum *= sum;
	return sum;
}

/*
 * shares run from 2 over 1024 (usual) to 262144, weights from 1 over 100 to 10000: a parabola through
 * the three points, on logarithmic scales. The formula is the one runc (1.3.2) and crun (1.23) agreed on.
 */
static uint64_t weight_of(int64_t shares)
{
	double l = log2_of((double)shares);
	double weight = exp_of(2.302585092994046 * ((l * l + 125 * l) / 612 - 7.0 / 34));
	uint64_t whole = (uint64_t)weight;

	/* Rounded up, but for what is only a rounding error above a whole number. */
	return weight - (double)whole > 1e-6 ? whole + 1 : whole;
}

static const char *cpu_max(struct builder *b, const struct jail_cgroup *c)
{
	long long period = c->cpu_period.set ? (long long)c->cpu_period.v : 100000;
	bool none = !c->cpu_quota.set || c->cpu_quota.v == INT64_MAX;

	if (!c->cpu_quota.set && !c->cpu_period.set)
		return NULL;
	/* Without a period the kernel keeps the one it has. */
	if (b->updates && !c->cpu_period.set)
		return amount(b, &c->cpu_quota, "max");
	if (none)
		return plan_printf(b, "max %lld", period);
	return plan_printf(b, "%lld %lld", (long long)c->cpu_quota.v, period);
}

static const char *swap_max(struct builder *b, const struct jail_cgroup *c)
{
	struct limit swap = c->swap_only;

	if (c->memory_swap.set && c->memory_swap.v == INT64_MAX)
		return "max";
	/* OCI and nsjail's memsw count memory and swap together, the kernel swap alone. */
	if (c->memory_swap.set)
		swap = (struct limit){true, c->memory_swap.v - c->memory.v};
	return amount(b, &swap, "max");
}

static void memory_v2(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const char *swap = swap_max(b, c);
	struct setting *set;

	set = plan_setting(
		b, s, "memory", "memory.max", amount(b, &c->memory, "max"), c->at_memory);
	if (c->check_usage)
		set->usage = "memory.current";
	set = plan_setting(b, s, "memory", "memory.swap.max", swap, c->at_memory);
	if (c->check_usage)
		set->usage = "memory.swap.current";
	if (b->updates && c->memory.set && c->memory.v == INT64_MAX && !swap)
		plan_setting(b, s, "memory", "memory.swap.max", "max", c->at_memory)->if_there =
			true;
	plan_setting(b, s, "memory", "memory.low", amount(b, &c->memory_low, "max"), c->at_memory);
}

static void cpu_v2(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	const void *at = c->at_cpu;

	plan_setting(b, s, "cpu", "cpu.max", cpu_max(b, c), at);
	plan_setting(b, s, "cpu", "cpu.max.burst", amount(b, &c->cpu_burst, NULL), at)->is_new =
		!c->cpu_burst.v;
	if (c->cpu_shares.set)
		plan_setting(b, s, "cpu", "cpu.weight", number(b, weight_of(c->cpu_shares.v)), at);
	plan_setting(b, s, "cpu", "cpu.idle", amount(b, &c->cpu_idle, NULL), at)->is_new =
		!c->cpu_idle.v;
	plan_setting(b, s, "cpuset", "cpuset.cpus", c->cpus, at);
	plan_setting(b, s, "cpuset", "cpuset.mems", c->mems, at);
}

/* 10 to 1000 there, 1 to 10000 here: a straight line, as runc and crun have it; less than 10 is the least. */
static uint64_t io_weight_of(uint64_t weight)
{
	return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

static void device_v2(struct builder *b, struct settings *s, const struct io_limit *io)
{
	static const char *const keys[IO_KINDS] = {
		[IO_READ_BPS] = "rbps=",
		[IO_WRITE_BPS] = "wbps=",
		[IO_READ_IOPS] = "riops=",
		[IO_WRITE_IOPS] = "wiops=",
	};
	struct setting *set;

	if (io->kind == IO_WEIGHT) {
		set = plan_setting(
			b, s, "io", "io.bfq.weight", of_device(b, io, "", io->v), io->at);
		set->or_file = "io.weight";
		set->or_value = of_device(b, io, "", io_weight_of(io->v));
	} else if (io->kind != IO_LEAF_WEIGHT) {
		plan_setting(b, s, "io", "io.max",
			io->v ? of_device(b, io, keys[io->kind], io->v)
			      : plan_printf(b, "%u:%u %smax", io->major, io->minor, keys[io->kind]),
			io->at)
			->is_new = !io->v;
	}
}

static void block_io_v2(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;
	struct setting *set;

	if (c->io_weight.set) {
		set = plan_setting(
			b, s, "io", "io.bfq.weight", amount(b, &c->io_weight, NULL), c->at_io);
		set->or_file = "io.weight";
		set->or_value = number(b, io_weight_of((uint64_t)c->io_weight.v));
	}
	for (size_t i = 0; i < c->n_io; i++)
		device_v2(b, s, &c->io[i]);
}

void plan_settings_v2(struct builder *b, struct settings *s)
{
	const struct jail_cgroup *c = &b->jail->cgroup;

	memory_v2(b, s);
	cpu_v2(b, s);
	plan_setting(b, s, "pids", "pids.max", amount(b, &c->pids, "max"), c->at_pids);
	block_io_v2(b, s);
	huge_pages(b, s, "max");
	rdma(b, s);
}
