/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../spec/user_net.h"
#include "base/fmt.h"
#include "base/path.h"
#include "plan_build.h"

/* The order of all steps, and who is born when. */

void plan_begin(struct builder *b, const struct jail *jail, const struct host *host,
	struct plan *plan, struct err *e)
{
	*plan = (struct plan){.jail = jail,
		.itself = jail->service.mode == SERVICE_EXECVE,
		.root = -1,
		.console = -1,
		.listener = -1};
	*b = (struct builder){
		.jail = jail,
		.host = host,
		.plan = plan,
		.e = e,
		.userns = jail_has_own(jail, NS_USER),
		.cgroup_clone = -1,
		.program = -1,
		.root = -1,
	};
	/*
	 * With a user namespace of its own the child is nobody on the host: it could not walk to a
	 * root filesystem in a directory that is root's alone. A plain user's child can, and only it
	 * has the right to mount.
	 */
	b->parent_opens = b->userns && host->privileged && jail->root.kind != ROOT_HOST;
}

int plan_finish(struct builder *b)
{
	return b->no_memory ? err_memory(b->e) : 0;
}

/* --- births ------------------------------------------------------------------------------------ */

static uint64_t new_namespaces(const struct jail *jail)
{
	uint64_t flags = 0;

	for (int kind = 0; kind < NS_KINDS; kind++) {
		if (jail_has_new(jail, (enum ns_kind)kind))
			flags |= ns_names[kind].flag;
	}
	return flags;
}

/*
 * What init takes by itself once it is in its cgroup, which becomes the root of the cgroup namespace, and once
 * it is the user namespace's root: /dev/mqueue belongs to whoever makes the IPC namespace.
 */
static uint64_t late_namespaces(const struct builder *b)
{
	uint64_t late = CLONE_NEWCGROUP | (b->userns ? CLONE_NEWIPC : 0);

	return new_namespaces(b->jail) & late;
}

static bool joins_any(const struct jail *jail)
{
	for (int kind = 0; kind < NS_KINDS; kind++) {
		if (jail->ns[kind].how == NS_JOIN)
			return true;
	}
	return false;
}

/*
 * A process between parent and init is needed where init cannot do for itself: enter a pid namespace
 * (that takes a fork), set the clocks of a time namespace (that must be before anybody is in it), join
 * what belongs to the host and then be in a new user namespace.
 */
static bool needs_mid(const struct jail *jail)
{
	return jail->ns[NS_PID].how == NS_JOIN || jail->ns[NS_USER].how == NS_JOIN ||
	       jail->time.monotonic.set || jail->time.boottime.set ||
	       (jail_has_new(jail, NS_USER) && joins_any(jail));
}

/* It need not be in the jail. */
static void open_program(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	struct step_file *s;

	if (!p->open_file || !p->file)
		return;
	b->program = plan_slot(b);
	s = plan_add(b, SIDE_PARENT, STEP_OPEN_FILE, p->at_args);
	s->path = p->file;
	OPT_SET(s, slot, b->program);
}

static void open_namespaces(struct builder *b)
{
	for (int kind = 0; kind < NS_KINDS; kind++) {
		const struct jail_ns *ns = &b->jail->ns[kind];
		struct step_open_ns *s;

		if (ns->how != NS_JOIN)
			continue;
		b->ns_slots[kind] = plan_slot(b);
		s = plan_add(b, SIDE_PARENT, STEP_OPEN_NS, ns->at);
		OPT_SET(s, namespace, ns_names[kind].flag);
		OPT_SET(s, slot, b->ns_slots[kind]);
		s->path = ns->path;
	}
}

static void add_join(struct builder *b, enum side side, int kind, bool retry)
{
	struct step_join *s = plan_add(b, side, STEP_JOIN, b->jail->ns[kind].at);

	OPT_SET(s, slot, b->ns_slots[kind]);
	OPT_SET(s, namespaces, ns_names[kind].flag);
	if (retry)
		OPT_SET(s, retry, true);
	if (kind == NS_USER && b->jail->process.keep_groups)
		OPT_SET(s, keep_groups, true);
}

/*
 * A namespace may belong to the host, and only the host's root may enter it, or to the joined user
 * namespace, and only its root may: all are tried before it, and those refused again after.
 */
static void join_namespaces(struct builder *b, enum side side)
{
	bool user = b->jail->ns[NS_USER].how == NS_JOIN;

	for (int round = 0; round < (user ? 2 : 1); round++) {
		if (round)
			add_join(b, side, NS_USER, false);
		for (int kind = 0; kind < NS_KINDS; kind++) {
			if (kind != NS_USER && b->jail->ns[kind].how == NS_JOIN)
				add_join(b, side, kind, user && !round);
		}
	}
}

void plan_clone(struct builder *b, enum side side, enum side who, uint64_t namespaces)
{
	struct step_clone *s = plan_add(b, side, STEP_CLONE, NULL);

	OPT_SET(s, who, (int32_t)who);
	OPT_SET(s, namespaces, namespaces);
	/* A child is born in its parent's cgroup, so it is the parent's child that is placed. */
	if (side == SIDE_PARENT && b->cgroup_clone >= 0)
		OPT_SET(s, cgroup, b->cgroup_clone);
	if (side == SIDE_PARENT && b->jail->service.mode == SERVICE_EXECVE)
		OPT_SET(s, itself, true);
}

static void add_map(struct builder *b, enum side who, const struct id_map *map, const char *file)
{
	struct step_id_map *s;

	if (!map->n)
		return;
	s = plan_add(b, SIDE_PARENT, STEP_ID_MAP, map->at);
	OPT_SET(s, who, (int32_t)who);
	s->file = file;
	s->map = plan_map_text(b, map);
	if (map->helper)
		OPT_SET(s, helper, true);
}

static void add_maps(struct builder *b, enum side who)
{
	const struct jail_ids *ids = &b->jail->ids;
	struct step_who *s;

	if (!jail_has_new(b->jail, NS_USER))
		return;
	/* Without privilege a group map is taken only once setgroups(2) is given up for good. */
	if (!b->host->privileged && !ids->gids.helper) {
		s = plan_add(b, SIDE_PARENT, STEP_NO_SETGROUPS, b->jail->ns[NS_USER].at);
		OPT_SET(s, who, (int32_t)who);
	}
	add_map(b, who, &ids->gids, "gid_map");
	add_map(b, who, &ids->uids, "uid_map");
}

static void add_clock(struct builder *b, const char *name, const struct jail_clock *c)
{
	struct step_clock *s;

	if (!c->set)
		return;
	s = plan_add(b, SIDE_MID, STEP_CLOCK, b->jail->time.at);
	s->clock = name;
	OPT_SET(s, seconds, c->seconds);
	OPT_SET(s, nanoseconds, c->nanoseconds);
}

static void unshare(struct builder *b, enum side side, uint64_t flags)
{
	struct step_unshare *s;

	if (!flags)
		return;
	s = plan_add(b, side, STEP_UNSHARE, NULL);
	OPT_SET(s, namespaces, flags);
}

/*
 * Before anybody of the jail can look at a process of ours, or have it execute its own program. A plain
 * user has the right only in the user namespace: there it comes as soon as that is joined.
 */
void plan_forget_self(struct builder *b, enum side side)
{
	const struct jail_root *r = &b->jail->root;

	/* Who has the host's files can open jailrt by its name. */
	if (r->kind != ROOT_HOST || r->path)
		plan_add(b, side, STEP_FORGET_SELF, NULL);
}

static void births_by_mid(struct builder *b, uint64_t flags)
{
	bool clocks = b->jail->time.monotonic.set || b->jail->time.boottime.set;

	b->plan->has_mid = true;
	b->plan->joins = b->jail->ns[NS_PID].how == NS_JOIN;
	plan_clone(b, SIDE_PARENT, SIDE_MID, 0);
	plan_oom_score_at_birth(b, SIDE_MID);
	if (b->host->privileged)
		plan_forget_self(b, SIDE_MID);
	join_namespaces(b, SIDE_MID);
	unshare(b, SIDE_MID, flags & CLONE_NEWUSER);
	if (!b->host->privileged)
		plan_forget_self(b, SIDE_MID);
	add_maps(b, SIDE_MID);
	if (clocks)
		unshare(b, SIDE_MID, flags & CLONE_NEWTIME);
	add_clock(b, "monotonic", &b->jail->time.monotonic);
	add_clock(b, "boottime", &b->jail->time.boottime);
	flags &= ~(uint64_t)CLONE_NEWUSER & ~(uint64_t)(clocks ? CLONE_NEWTIME : 0);
	plan_clone(b, SIDE_MID, SIDE_INIT, flags);
}

static void births(struct builder *b)
{
	uint64_t flags = new_namespaces(b->jail) & ~late_namespaces(b);

	if (needs_mid(b->jail)) {
		births_by_mid(b, flags);
	} else {
		plan_clone(b, SIDE_PARENT, SIDE_INIT, flags);
		add_maps(b, SIDE_INIT);
		plan_oom_score_at_birth(b, SIDE_INIT);
		plan_forget_self(b, SIDE_INIT);
		join_namespaces(b, SIDE_INIT);
	}
	if (b->userns)
		plan_raise_limits(b, SIDE_PARENT);
}

/* What it runs joins the namespaces of init, and is gone with it. */
static void user_net(struct builder *b)
{
	const struct jail_net *net = &b->jail->net;

	if (net->user)
		*(struct user_net *)plan_add(
			b, SIDE_PARENT, STEP_USER_NET, net->at_user) = *net->user;
}

/* --- init, up to its filesystem ---------------------------------------------------------------- */

static bool maps_id(const struct id_map *map, uint32_t id)
{
	for (size_t i = 0; i < map->n; i++) {
		if (id >= map->v[i].inside && id - map->v[i].inside < map->v[i].count)
			return true;
	}
	return false;
}

/*
 * In a new user namespace init still has an id of the host, which the namespace may not know: files it
 * made would belong to nobody. It becomes the namespace's root, or who it will be anyway.
 */
void plan_become(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;
	const struct jail_ids *ids = &b->jail->ids;
	struct step_ids *s;

	if (!b->userns)
		return;
	s = plan_add(b, SIDE_INIT, STEP_BECOME, b->jail->ns[NS_USER].at);
	OPT_SET(s, uid, !ids->uids.n || maps_id(&ids->uids, 0) ? 0 : p->uid);
	OPT_SET(s, gid, !ids->gids.n || maps_id(&ids->gids, 0) ? 0 : p->gid);
}

void plan_enter_cgroups(struct builder *b, const struct i32s *slots)
{
	struct step_cgroup_enter *s;

	if (!slots->n)
		return;
	s = plan_add(b, SIDE_INIT, STEP_CGROUP_ENTER, b->jail->cgroup.at);
	s->slots = *slots;
}

void plan_text_step(struct builder *b, enum step_kind kind, const char *value)
{
	struct step_text *s;

	if (!value || !*value)
		return;
	s = plan_add(b, SIDE_INIT, kind, NULL);
	s->value = value;
}

static void names_and_parameters(struct builder *b)
{
	const struct jail *jail = b->jail;

	plan_text_step(b, STEP_HOSTNAME, jail->hostname);
	plan_text_step(b, STEP_DOMAINNAME, jail->domainname);
	for (size_t i = 0; i < jail->n_sysctls; i++) {
		struct step_sysctl *s = plan_add(b, SIDE_INIT, STEP_SYSCTL, jail->sysctls[i].at);

		s->path = jail->sysctls[i].path;
		s->value = jail->sysctls[i].value;
	}
}

static int setup_namespaces(struct builder *b)
{
	const struct jail *jail = b->jail;

	plan_become(b);
	plan_enter_cgroups(b, &b->enter);
	unshare(b, SIDE_INIT, late_namespaces(b));
	TRY(plan_cgroup_inner(b));
	if (jail->process.new_session)
		plan_add(b, SIDE_INIT, STEP_SESSION, NULL);
	plan_lsm_keys(b);
	plan_text_step(b, STEP_KEYRING, jail->process.keyring);
	if (jail->net.loopback && jail_has_new(jail, NS_NET))
		plan_add(b, SIDE_INIT, STEP_LOOPBACK, NULL);
	TRY(plan_net(b));
	names_and_parameters(b);
	return 0;
}

int plan_make(const struct jail *jail, const struct host *host, struct plan *ret, struct err *e)
{
	own_plan struct plan plan = {0};
	bool by_systemd = jail->cgroup.manager == CGROUP_SYSTEMD;
	struct builder b;

	plan_begin(&b, jail, host, &plan, e);
	open_program(&b);
	open_namespaces(&b);
	if (!by_systemd)
		TRY(plan_cgroup(&b));
	TRY(plan_rdt(&b));
	TRY(plan_root(&b));
	births(&b);
	/* systemd wants to know whom it makes a unit for. */
	if (by_systemd)
		TRY(plan_cgroup(&b));
	plan_rdt_enter(&b, &b.rdt, false);
	TRY(plan_net_devices(&b));
	user_net(&b);
	TRY(setup_namespaces(&b));
	TRY(plan_mounts(&b));
	TRY(plan_devices(&b));
	plan_hooks(&b, HOOK_PRESTART, SIDE_PARENT);
	plan_hooks(&b, HOOK_CREATE_RUNTIME, SIDE_PARENT);
	plan_hooks(&b, HOOK_CREATE_CONTAINER, SIDE_INIT);
	plan_pivot(&b);
	if (!b.userns)
		plan_raise_limits(&b, SIDE_INIT);
	plan_enter_cgroups(&b, &b.enter_late);
	TRY(plan_process(&b));
	plan_hold(&b);
	plan_hooks(&b, HOOK_START_CONTAINER, SIDE_INIT);
	TRY(plan_launch(&b));
	TRY(plan_finish(&b));
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}
