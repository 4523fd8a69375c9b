/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "nsjail_jail.h"

const struct nsjail_limit nsjail_limits[NSJAIL_LIMITS] = {
	{"rlimit_as", "RLIMIT_AS", RLIMIT_AS, 1 << 20},
	{"rlimit_core", "RLIMIT_CORE", RLIMIT_CORE, 1 << 20},
	{"rlimit_cpu", "RLIMIT_CPU", RLIMIT_CPU, 1},
	{"rlimit_fsize", "RLIMIT_FSIZE", RLIMIT_FSIZE, 1 << 20},
	{"rlimit_nofile", "RLIMIT_NOFILE", RLIMIT_NOFILE, 1},
	{"rlimit_nproc", "RLIMIT_NPROC", RLIMIT_NPROC, 1},
	{"rlimit_stack", "RLIMIT_STACK", RLIMIT_STACK, 1 << 20},
	{"rlimit_memlock", "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 1024},
	{"rlimit_rtprio", "RLIMIT_RTPRIO", RLIMIT_RTPRIO, 1},
	{"rlimit_msgqueue", "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE, 1},
};

const struct field *nsjail_limit_row(const struct nsjail_limit *r)
{
	return field_find(&table_nsjail_config, r->field);
}

enum nsjail_rlimit nsjail_limit_type(const struct nsjail_limit *r, const struct nsjail_config *doc)
{
	return (enum nsjail_rlimit) * (const int32_t *)field_at(nsjail_limit_row(r) + 1, doc);
}

int nsjail_limit_value(const struct nsjail_limit *r, const struct nsjail_config *doc,
	const struct origin *origin, uint64_t *ret, struct err *e)
{
	const uint64_t *value = field_at(nsjail_limit_row(r), doc);

	*ret = RLIM_INFINITY;
	if (nsjail_limit_type(r, doc) == NSJAIL_RLIMIT_VALUE &&
		__builtin_mul_overflow(*value, r->unit, ret))
		return origin_fail(origin, value, e, EINVAL,
			"%llu times %llu bytes is more than there can be",
			(unsigned long long)*value, (unsigned long long)r->unit);
	return 0;
}

static int load_limit(struct nsjail_load *l, const struct nsjail_limit *r)
{
	struct jail_rlimits *to = &l->jail->process.rlimits;
	enum nsjail_rlimit type = nsjail_limit_type(r, l->doc);
	uint64_t soft = RLIM_INFINITY, hard = RLIM_INFINITY, v;

	(void)caller_rlimit(l->caller, r->name, &soft, &hard); /* unknown: without limit */
	TRY(nsjail_limit_value(r, l->doc, l->origin, &v, l->e));
	if (type == NSJAIL_RLIMIT_SOFT)
		v = soft;
	if (type == NSJAIL_RLIMIT_HARD)
		v = hard;
	to->v[to->n++] = (struct jail_rlimit){
		r->resource, {v, v}, field_at(nsjail_limit_row(r), l->doc)};
	return 0;
}

int nsjail_load_caller_limits(struct nsjail_load *l, bool given)
{
	for (size_t i = 0; i < NSJAIL_LIMITS; i++) {
		const struct nsjail_limit *r = &nsjail_limits[i];
		enum nsjail_rlimit type = nsjail_limit_type(r, l->doc);

		if ((type == NSJAIL_RLIMIT_SOFT || type == NSJAIL_RLIMIT_HARD) &&
			(!given || field_present(nsjail_limit_row(r) + 1, l->doc)))
			TRY(load_limit(l, r));
	}
	return 0;
}

/* First those that have a number, as in a bundle, where the spec has a place for them. */
int nsjail_load_rlimits(struct nsjail_load *l)
{
	struct jail_rlimits *to = &l->jail->process.rlimits;

	if (l->doc->disable_rl)
		return 0;
	to->v = pool_array(l->pool, NSJAIL_LIMITS, sizeof(*to->v));
	if (!to->v)
		return err_memory(l->e);
	for (size_t i = 0; i < NSJAIL_LIMITS; i++) {
		enum nsjail_rlimit type = nsjail_limit_type(&nsjail_limits[i], l->doc);

		if (type == NSJAIL_RLIMIT_VALUE || type == NSJAIL_RLIMIT_INF)
			TRY(load_limit(l, &nsjail_limits[i]));
	}
	return nsjail_load_caller_limits(l, false);
}
