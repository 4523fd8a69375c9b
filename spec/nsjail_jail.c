/* SPDX-License-Identifier: Apache-2.0 */
#include "nsjail_jail.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"
#include "set.h"

/* --- namespaces and ids ----------------------------------------------------------------------- */

static void load_namespaces(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	const struct {
		enum ns_kind kind;
		bool wanted;
		const void *at;
	} all[] = {
		{NS_USER, d->clone_newuser, &d->clone_newuser},
		{NS_MOUNT, d->clone_newns, &d->clone_newns},
		{NS_PID, d->clone_newpid, &d->clone_newpid},
		{NS_NET, d->clone_newnet, &d->clone_newnet},
		{NS_IPC, d->clone_newipc, &d->clone_newipc},
		{NS_UTS, d->clone_newuts, &d->clone_newuts},
		{NS_CGROUP, d->clone_newcgroup, &d->clone_newcgroup},
		{NS_TIME, d->clone_newtime, &d->clone_newtime},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		l->jail->ns[all[i].kind].how = all[i].wanted ? NS_NEW : NS_SHARE;
		l->jail->ns[all[i].kind].at = all[i].at;
	}
	l->jail->net.loopback = !d->iface_no_lo;
	if (d->clone_newuts)
		l->jail->hostname = d->hostname;
	l->jail->at_hostname = &d->hostname;
}

typedef int look_up(const struct caller *caller, const char *name, uint32_t *ret);

/* Empty: the caller's own; else a name, else a number (nsjail-compat: names win over numbers). */
static int read_id(
	struct nsjail_load *l, const char *const *text, look_up *find, uint32_t own, uint32_t *ret)
{
	uint64_t v;

	if (!*text || !**text) {
		*ret = own;
		return 0;
	}
	if (!find(l->caller, *text, ret))
		return 0;
	if (fmt_u64(*text, strlen(*text), &v) < 0 || v >= UINT32_MAX)
		return NSJAIL_FAIL(l, text, "'%s' is neither a name nor an id", *text);
	*ret = (uint32_t)v;
	return 0;
}

static int load_map(struct nsjail_load *l, const struct list *from, look_up *find, uint32_t own,
	struct id_map *to)
{
	to->v = pool_array(l->pool, from->n + 1, sizeof(*to->v));
	if (!to->v)
		return err_memory(l->e);
	if (!from->n)
		to->v[to->n++] = (struct id_range){own, own, 1};
	list_each (i, *from) {
		const struct nsjail_id_map *m = from->v[i];
		struct id_range *r = &to->v[to->n++];

		TRY(read_id(l, &m->inside_id, find, own, &r->inside));
		TRY(read_id(l, &m->outside_id, find, own, &r->outside));
		r->count = m->count ? m->count : 1;
		if ((uint64_t)r->inside + r->count > UINT32_MAX ||
			(uint64_t)r->outside + r->count > UINT32_MAX)
			return NSJAIL_FAIL(l, m, "the ids go beyond 4294967294");
		if (i && m->use_newidmap != to->helper)
			return NSJAIL_FAIL(l, m,
				"some maps with use_newidmap and some without: the "
				"kernel takes a map once");
		to->helper = m->use_newidmap;
		to->at = i ? to->at : m;
	}
	return 0;
}

/* Without a user namespace root becomes the first inside ids; the further groups are its others. */
static int load_groups(struct nsjail_load *l)
{
	const struct id_map *gids = &l->jail->ids.gids;
	struct jail_process *p = &l->jail->process;

	if (l->doc->clone_newuser || gids->n < 2)
		return 0;
	p->groups.v = pool_array(l->pool, gids->n, sizeof(*p->groups.v));
	if (!p->groups.v)
		return err_memory(l->e);
	for (size_t i = 1; i < gids->n; i++)
		p->groups.v[p->groups.n++] = gids->v[i].inside;
	return 0;
}

int nsjail_load_ids(struct nsjail_load *l)
{
	struct jail_ids *ids = &l->jail->ids;
	struct jail_process *p = &l->jail->process;

	TRY(load_map(
		l, (const struct list *)&l->doc->uidmap, caller_user, l->caller->uid, &ids->uids));
	TRY(load_map(
		l, (const struct list *)&l->doc->gidmap, caller_group, l->caller->gid, &ids->gids));
	p->uid = ids->uids.v[0].inside;
	p->gid = ids->gids.v[0].inside;
	return load_groups(l);
}

int nsjail_settle_ids(struct nsjail_load *l)
{
	struct jail_ids *ids = &l->jail->ids;
	struct jail_process *p = &l->jail->process;

	if (!l->doc->clone_newuser && l->caller->uid &&
		(p->uid != l->caller->uid || p->gid != l->caller->gid || p->groups.n))
		return NSJAIL_FAIL(l, ids->uids.at ? ids->uids.at : ids->gids.at,
			"without a user namespace only root can become somebody else");
	if (!l->doc->clone_newuser) {
		p->keep_ids = p->keep_groups = l->caller->uid != 0;
		ids->uids.n = ids->gids.n = 0;
	} else if (!l->caller->uid && ids->uids.v[0].outside == 0 && l->door == NSJAIL_DOOR_OURS &&
		   l->origin->file) {
		log_warning(
			"the jail's user %u is root on the host: map another with uidmap", p->uid);
	}
	return 0;
}

/* --- limits ------------------------------------------------------------------------------------ */

/*
 * Where the jail's cgroup is made. What nobody has changed is left to the host: cgroups are found by what
 * they control, wherever they are mounted.
 */
int nsjail_load_places(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	struct jail_cgroup *c = &l->jail->cgroup;
	const struct {
		bool limits;
		const char *controller, *dflt;
		const char *const *mount, *const *parent;
	} all[CGROUP_CHOICES] = {
		{c->memory.set, "memory", "/sys/fs/cgroup/memory", &d->cgroup_mem_mount,
			&d->cgroup_mem_parent},
		{c->pids.set, "pids", "/sys/fs/cgroup/pids", &d->cgroup_pids_mount,
			&d->cgroup_pids_parent},
		{c->net_class.set, "net_cls", "/sys/fs/cgroup/net_cls", &d->cgroup_net_cls_mount,
			&d->cgroup_net_cls_parent},
		{c->cpu_quota.set, "cpu", "/sys/fs/cgroup/cpu", &d->cgroup_cpu_mount,
			&d->cgroup_cpu_parent},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		bool mount = strcmp(*all[i].mount, all[i].dflt) != 0;
		bool parent = strcmp(*all[i].parent, "NSJAIL") != 0;

		if (!all[i].limits || (!mount && !parent))
			continue;
		if (mount && **all[i].mount != '/')
			return NSJAIL_FAIL(
				l, all[i].mount, "'%s' is no absolute path", *all[i].mount);
		c->choices[c->n_choices++] = (struct cgroup_choice){all[i].controller,
			mount ? *all[i].mount : NULL, *all[i].parent, all[i].mount, all[i].parent};
		/* What is not limited goes along. */
		if (parent && !c->parent_v1)
			c->parent_v1 = *all[i].parent;
	}
	if (strcmp(d->cgroupv2_mount, "/sys/fs/cgroup"))
		c->parent_v2 = d->cgroupv2_mount;
	c->at_parent_v2 = &d->cgroupv2_mount;
	c->only_v2 = d->use_cgroupv2 && !d->detect_cgroupv2;
	return 0;
}

static int load_cgroup(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	struct jail_cgroup *c = &l->jail->cgroup;

	c->at = c->at_memory = &d->cgroup_mem_max;
	c->at_pids = &d->cgroup_pids_max;
	c->at_cpu = &d->cgroup_cpu_ms_per_sec;
	if (d->cgroup_mem_memsw_max && d->cgroup_mem_swap_max >= 0)
		return NSJAIL_FAIL(l, &d->cgroup_mem_swap_max,
			"cgroup_mem_memsw_max and cgroup_mem_swap_max say the same; give one");
	if (d->cgroup_mem_max)
		c->memory = (struct limit){true, (int64_t)d->cgroup_mem_max};
	if (d->cgroup_mem_memsw_max)
		c->memory_swap = (struct limit){true, (int64_t)d->cgroup_mem_memsw_max};
	if (d->cgroup_mem_swap_max >= 0)
		c->swap_only = (struct limit){true, d->cgroup_mem_swap_max};
	if ((c->memory_swap.set || c->swap_only.set) && !c->memory.set)
		return NSJAIL_FAIL(l,
			c->memory_swap.set ? (const void *)&d->cgroup_mem_memsw_max
					   : &d->cgroup_mem_swap_max,
			"a limit of swap needs cgroup_mem_max");
	if (c->memory_swap.set && c->memory_swap.v < c->memory.v)
		return NSJAIL_FAIL(l, &d->cgroup_mem_memsw_max,
			"memory and swap together are less than memory alone");
	if (d->cgroup_pids_max)
		c->pids = (struct limit){true, (int64_t)d->cgroup_pids_max};
	if (d->cgroup_net_cls_classid)
		c->net_class = (struct limit){true, d->cgroup_net_cls_classid};
	if (d->cgroup_cpu_ms_per_sec) {
		c->cpu_quota = (struct limit){true, d->cgroup_cpu_ms_per_sec * 1000LL};
		c->cpu_period = (struct limit){true, 1000000};
	}
	c->at_net = &d->cgroup_net_cls_classid;
	c->required = c->memory.set || c->pids.set || c->cpu_quota.set || c->net_class.set;
	/* Where nothing is limited no cgroup is touched. */
	c->manager = c->required ? CGROUP_FS : CGROUP_DISABLED;
	return nsjail_load_places(l);
}

/* --- the process ------------------------------------------------------------------------------- */

int nsjail_load_caps(struct nsjail_load *l)
{
	struct jail_caps *c = &l->jail->process.caps;
	uint64_t bit, mask = 0;

	l->jail->process.at_caps = &l->doc->cap;
	c->inherit = l->doc->keep_caps;
	if (l->doc->keep_caps)
		return 0;
	list_each (i, l->doc->cap) {
		const char *name = l->doc->cap.v[i], *near;

		if (words_find(&capability_words, name, &bit) < 0) {
			near = words_nearest(&capability_words, name);
			NSJAIL_FAIL(l, name, "unknown capability '%s'", name);
			return near ? err_fix(l->e, "did you mean %s?", near) : -EINVAL;
		}
		mask |= bit;
	}
	for (int set = 0; set < CAP_SETS; set++)
		c->set[set] = mask;
	return 0;
}

int nsjail_add_env(struct nsjail_load *l, const char *entry)
{
	struct texts *env = &l->jail->process.env;
	size_t n = strcspn(entry, "=");
	const char **v;

	for (size_t i = 0; i < env->n; i++) {
		if (!strncmp(env->v[i], entry, n) && env->v[i][n] == '=') {
			env->v[i] = entry;
			return 0;
		}
	}
	v = pool_grow(l->pool, env->v, env->n, sizeof(*v));
	if (!v)
		return err_memory(l->e);
	env->v = v;
	env->v[env->n++] = entry;
	return 0;
}

int nsjail_load_env(struct nsjail_load *l)
{
	for (size_t i = 0; l->doc->keep_env && i < l->caller->env.n; i++)
		TRY(nsjail_add_env(l, l->caller->env.v[i]));
	list_each (i, l->doc->envar) {
		const char *entry = l->doc->envar.v[i], *value;

		if (!strchr(entry, '=')) {
			value = caller_env(l->caller, entry);
			if (!value) {
				log_warning("envar: '%s' is not set here, and so not in the jail",
					entry);
				continue;
			}
			entry = pool_printf(l->pool, "%s=%s", entry, value);
			if (!entry)
				return err_memory(l->e);
		}
		TRY(nsjail_add_env(l, entry));
	}
	return 0;
}

int nsjail_load_command(struct nsjail_load *l)
{
	const struct nsjail_exe *x = l->doc->exec_bin;
	struct jail_process *p = &l->jail->process;

	p->at_args = x;
	/* nsjail looks nothing up along PATH. */
	p->search_path = l->door == NSJAIL_DOOR_OURS;
	if (!x)
		return 0;
	p->open_file = x->exec_fd;
	p->args.v = pool_array(l->pool, x->arg.n + 1, sizeof(char *));
	if (!p->args.v)
		return err_memory(l->e);
	p->args.v[p->args.n++] = x->arg0 ? x->arg0 : x->path;
	list_each (i, x->arg)
		p->args.v[p->args.n++] = x->arg.v[i];
	p->file = x->path;
	return 0;
}

static void load_personality(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	struct jail_process *p = &l->jail->process;

	p->personality |= d->persona_addr_compat_layout ? ADDR_COMPAT_LAYOUT : 0;
	p->personality |= d->persona_mmap_page_zero ? MMAP_PAGE_ZERO : 0;
	p->personality |= d->persona_read_implies_exec ? READ_IMPLIES_EXEC : 0;
	p->personality |= d->persona_addr_limit_3gb ? ADDR_LIMIT_3GB : 0;
	p->personality |= d->persona_addr_no_randomize ? ADDR_NO_RANDOMIZE : 0;
	p->personality_set = p->personality_set || p->personality;
}

static void load_cpus(struct nsjail_load *l)
{
	uint32_t want = l->doc->max_cpus, have = l->caller->cpus;

	if (want > have)
		log_warning("max_cpus: %u CPUs are wanted, and %u are to be had", want, have);
	/* All of them is no restriction. */
	l->jail->process.max_cpus = want < have ? want : 0;
}

void nsjail_load_manners(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	struct jail_process *p = &l->jail->process;

	p->new_session = !d->skip_setsid;
	p->stdio_null = d->silent;
	p->stderr_null = d->stderr_to_null;
	p->pass_fds = d->pass_fd;
	p->core_sched = d->use_core_scheduling;
	p->no_tsc = d->disable_tsc;
	load_personality(l);
	load_cpus(l);
}

static int load_process(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	struct jail_process *p = &l->jail->process;

	p->at = d;
	if (!*d->cwd)
		return NSJAIL_FAIL(l, &d->cwd, "an empty path");
	/* A relative one starts from the root. */
	p->cwd = *d->cwd == '/' ? d->cwd : pool_printf(l->pool, "/%s", d->cwd);
	if (!p->cwd)
		return err_memory(l->e);
	p->at_cwd = &d->cwd;
	p->no_new_privs = !d->disable_no_new_privs;
	p->nice = (struct limit){true, d->nice_level};
	if (d->has_oom_score_adj)
		p->oom_score_adj = (struct limit){true, d->oom_score_adj};
	nsjail_load_manners(l);
	TRY(nsjail_load_caps(l));
	TRY(nsjail_load_env(l));
	TRY(nsjail_load_rlimits(l));
	return nsjail_load_command(l);
}

/* --- the service, and what is odd about all of it ---------------------------------------------- */

void nsjail_load_service(struct nsjail_load *l)
{
	static const enum service_mode modes[] = {
		[NSJAIL_MODE_LISTEN] = SERVICE_LISTEN,
		[NSJAIL_MODE_ONCE] = SERVICE_ONCE,
		[NSJAIL_MODE_RERUN] = SERVICE_RERUN,
		[NSJAIL_MODE_EXECVE] = SERVICE_EXECVE,
	};
	const struct nsjail_config *d = l->doc;
	struct jail_service *s = &l->jail->service;

	s->mode = modes[d->mode];
	s->address = d->bindhost;
	s->port = (uint16_t)d->port;
	s->max_conns = d->max_conns;
	s->max_conns_per_ip = d->max_conns_per_ip;
	s->time_limit = d->time_limit * 1000ULL;
	s->forward_signals = d->forward_signals;
	s->background = d->daemon;
	s->at_mode = &d->mode;
	s->at_address = &d->bindhost;
	l->jail->notes.name = d->name;
}

/* Sizes in bytes where MiB are due, and values that are not asked for. */
static void warn_of_limits(const struct nsjail_config *d)
{
#define GIVEN(name)                                                                 \
	{                                                                           \
		"rlimit_" #name, d->has_rlimit_##name, d->has_rlimit_##name##_type, \
			d->rlimit_##name##_type                                     \
	}
	const struct {
		const char *name;
		bool value, type;
		int32_t from;
	} all[] = {GIVEN(nproc), GIVEN(stack), GIVEN(memlock), GIVEN(rtprio), GIVEN(msgqueue)};
#undef GIVEN
	const uint64_t tib = 1 << 20; /* in MiB */

	for (size_t i = 0; i < ARRAY_LEN(all) && !d->disable_rl; i++) {
		if (all[i].value && !all[i].type && all[i].from != NSJAIL_RLIMIT_VALUE)
			log_warning("%s: has no effect without %s_type: VALUE", all[i].name,
				all[i].name);
	}
	if (d->has_rlimit_as && d->rlimit_as_type == NSJAIL_RLIMIT_VALUE && d->rlimit_as > 16 * tib)
		log_warning("rlimit_as: %llu MiB is no limit; was it meant in bytes?",
			(unsigned long long)d->rlimit_as);
	if (d->has_rlimit_fsize && d->rlimit_fsize_type == NSJAIL_RLIMIT_VALUE &&
		d->rlimit_fsize >= tib)
		log_warning("rlimit_fsize: %llu MiB is no limit; was it meant in bytes?",
			(unsigned long long)d->rlimit_fsize);
}

void nsjail_warn(const struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;

	if (d->has_port && d->mode != NSJAIL_MODE_LISTEN)
		log_warning("port: nothing listens, as mode is not LISTEN");
	if (d->mode == NSJAIL_MODE_EXECVE && d->has_time_limit && d->time_limit)
		log_warning("time_limit: nobody is left to keep it in mode EXECVE");
	if (d->keep_caps && d->cap.n)
		log_warning("cap: has no effect beside keep_caps");
	warn_of_limits(d);
}

int nsjail_jail(struct nsjail_config *doc, const struct origin *origin, const struct caller *caller,
	enum nsjail_door door, const struct bytes *filter, struct pool *pool, struct jail *jail,
	struct err *e)
{
	struct nsjail_load l = {doc, origin, caller, door, filter, pool, jail, e};

	if (doc->has_bare && !doc->bare)
		return origin_fail(
			origin, &doc->bare, e, EINVAL, "an nsjail config is always bare");
	TRY(field_defaults(&table_nsjail_config, doc, pool, e));
	jail_init(jail);
	jail->bare = true;
	jail->origin = origin;
	nsjail_load_service(&l);
	load_namespaces(&l);
	TRY(nsjail_load_ids(&l));
	TRY(nsjail_settle_ids(&l));
	TRY(nsjail_load_devices(&l));
	TRY(nsjail_load_traffic(&l));
	TRY(nsjail_load_mounts(&l));
	TRY(load_cgroup(&l));
	TRY(load_process(&l));
	TRY(nsjail_load_user_net(&l));
	nsjail_warn(&l);
	return nsjail_load_seccomp(&l);
}
