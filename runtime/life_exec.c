/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "../spec/check.h"
#include "../spec/oci_jail.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "life.h"

/* --- the config, read again -------------------------------------------------------------------------- */

/* The copy in the state directory: the bundle may have changed, or be gone. */
int life_load_copy(struct life *l, struct err *e)
{
	const struct state *s = l->state;
	struct load_request q = {
		.bundle = s->bundle,
		.config = s->config,
		.args = &s->args,
		.sets = &s->sets,
		.profiles = &s->profiles,
		.known = true,
		.dialect = (enum dialect)s->dialect,
		.door = s->compat,
	};
	struct bytes text, filter;

	TRY(fd_read_file(l->dir, "config", 64 << 20, &l->pool, &text, e));
	q.text = &text;
	if (!faccessat(l->dir, STATE_FILTER, F_OK, 0)) {
		TRY(fd_read_file(l->dir, STATE_FILTER, 1 << 20, &l->pool, &filter, e));
		q.filter = &filter;
	}
	TRY(caller_probe(&l->caller, &l->pool, e));
	return load(&q, &l->caller, &l->pool, &l->loaded, e);
}

/* --- the process ------------------------------------------------------------------------------------- */

static int load_process_file(struct life *l, struct err *e)
{
	struct origin *origin = POOL_NEW(&l->pool, struct origin);
	struct jail_process *p = &l->loaded.jail.process;
	const struct jail_process first = *p;
	struct oci_process *doc;
	struct bytes text;

	if (!origin)
		return err_memory(e);
	TRY(fd_read_file(AT_FDCWD, l->o.process, 32 << 20, &l->pool, &text, e));
	TRY(oci_read_process(text.data, text.len, l->o.process, &l->pool, &doc, origin, e));
	TRY(check_supported(&table_oci_process, doc, origin, e));
	TRY(oci_jail_process(doc, origin, &l->pool, p, e));
	/* These are not the process object's, but hold of all that runs in the container. */
	p->keyring = first.keyring;
	p->personality_set = first.personality_set;
	p->personality = first.personality;
	p->memory = first.memory;
	p->keep_groups = first.keep_groups;
	l->loaded.jail.origin = origin;
	return 0;
}

/* One number, the whole of it: "1x" must not become 1, nor anything become root by an overflow. */
static int read_id(const char *text, size_t len, uint32_t *ret, struct err *e)
{
	uint64_t v;

	if (fmt_u64(text, len, &v) < 0 || v >= UINT32_MAX)
		return err_set(e, EINVAL, "--user: '%.*s' is no id", (int)len, text);
	*ret = (uint32_t)v;
	return 0;
}

static int apply_user(const char *user, struct jail_process *p, struct err *e)
{
	size_t n = strcspn(user, ":");

	TRY(read_id(user, n, &p->uid, e));
	p->gid = 0;
	if (user[n] == ':')
		TRY(read_id(user + n + 1, strlen(user + n + 1), &p->gid, e));
	p->keep_ids = false;
	return 0;
}

static int set_env(struct life *l, const char *entry, struct err *e)
{
	if (*entry == '=' || !strchr(entry, '='))
		return err_set(e, EINVAL, "--env: '%s' is not NAME=value", entry);
	return life_set_env(l, entry, e);
}

static int add_caps(const struct texts *names, struct jail_caps *caps, struct err *e)
{
	uint64_t bit;

	list_each (i, *names) {
		if (words_find(&capability_words, names->v[i], &bit) < 0)
			return err_set(e, EINVAL, "--cap: unknown capability '%s'", names->v[i]);
		caps->set[CAP_BOUNDING] |= bit;
		caps->set[CAP_EFFECTIVE] |= bit;
		caps->set[CAP_PERMITTED] |= bit;
	}
	return 0;
}

static int add_groups(struct life *l, struct jail_process *p, struct err *e)
{
	const struct u32s *more = &l->o.additional_gids;
	struct u32s all = {pool_array(&l->pool, p->groups.n + more->n, sizeof(uint32_t)), 0};

	if (!all.v)
		return err_memory(e);
	list_each (i, p->groups)
		all.v[all.n++] = p->groups.v[i];
	list_each (i, *more)
		all.v[all.n++] = more->v[i];
	p->groups = all;
	return 0;
}

static int load_process(struct life *l, struct err *e)
{
	struct jail_process *p = &l->loaded.jail.process;
	const struct life_options *o = &l->o;

	if (o->process)
		TRY(load_process_file(l, e));
	/* The terminal of the config is that of the first process. */
	if (!o->process || o->has_tty)
		p->terminal = o->tty;
	p->open_file = false;
	if (o->args.n) {
		p->args = o->args;
		p->file = NULL;
		p->at_args = NULL;
	}
	if (o->cwd) {
		p->cwd = o->cwd;
		p->at_cwd = NULL;
	}
	if (o->user)
		TRY(apply_user(o->user, p, e));
	list_each (i, o->env)
		TRY(set_env(l, o->env.v[i], e));
	TRY(add_caps(&o->cap, &p->caps, e));
	if (o->additional_gids.n)
		TRY(add_groups(l, p, e));
	if (o->apparmor) {
		p->apparmor = *o->apparmor ? o->apparmor : NULL;
		p->at_apparmor = NULL;
	}
	if (o->process_label) {
		p->selinux = *o->process_label ? o->process_label : NULL;
		p->at_selinux = NULL;
	}
	if (o->no_new_privs)
		p->no_new_privs = true;
	p->preserve_fds = o->preserve_fds;
	return 0;
}

/* --- beginning --------------------------------------------------------------------------------------- */

static int check_running(struct life *l, struct err *e)
{
	enum status status = state_status(l->dir, l->state);

	if (status == STATUS_STOPPED)
		return err_set(e, ESRCH, "cannot exec in a stopped container");
	if (status == STATUS_CREATING)
		return err_set(e, EBUSY, "cannot exec in a container that is being created");
	if (status == STATUS_PAUSED && !l->o.ignore_paused) {
		err_set(e, EBUSY, "cannot exec in a paused container");
		return err_fix(e, "resume it, or use --ignore-paused");
	}
	return 0;
}

/* A path may have gone meanwhile with the process that kept it (a joined namespace's, say). */
static void forget_joins(struct jail *jail)
{
	for (int kind = 0; kind < NS_KINDS; kind++) {
		if (jail->ns[kind].how == NS_JOIN)
			jail->ns[kind].path = "";
	}
}

static int make_plan(struct life *l, struct err *e)
{
	const struct state *s = l->state;
	struct plan_target target = {
		.namespaces = s->namespaces, .v2 = s->cgroup_v2, .rdt = s->resctrl};

	forget_joins(&l->loaded.jail);
	/* The time limit is the container's as a whole, and kept by who started it. */
	l->loaded.jail.service.time_limit = 0;
	l->loaded.jail.service.hold = l->o.detach;
	TRY(host_probe(&l->host, &l->pool, e));
	TRY(life_exec_cgroups(l, &target.cgroups, e));
	TRY(life_join_unit(l, &target.cgroups, &target.unit, e));
	return plan_exec(&l->loaded.jail, &l->host, &target, &l->plan, e);
}

static int check_terminal(const struct life *l, struct err *e)
{
	bool terminal = l->loaded.jail.process.terminal;

	if (terminal && l->o.detach && !l->o.console_socket)
		return err_set(e, EINVAL,
			"a terminal is wanted, and nobody would hold it: give "
			"--console-socket");
	if (!terminal && l->o.console_socket)
		return err_set(e, EINVAL, "--console-socket is given, and no terminal is wanted");
	return 0;
}

int life_exec_begin(struct life *l, struct err *e)
{
	own_fd int pidfd = -1;

	TRY(life_open(l, false, e));
	TRY(check_running(l, e));
	TRY(life_check_fds(l, e));
	TRY(life_load_copy(l, e));
	if (!l->state->no_new_keyring && !l->loaded.jail.bare)
		l->loaded.jail.process.keyring = pool_printf(&l->pool, "_ses.%s", l->o.id);
	TRY(load_process(l, e));
	TRY(check_terminal(l, e));
	TRY(make_plan(l, e));
	pidfd = state_open_process(l->state, e);
	TRY(pidfd);
	l->begun = true;
	l->phase = LIFE_MAKING;
	TRY(parent_begin(&l->parent, &l->plan, NULL, -1, pidfd, e));
	l->parent.systemd = l->systemd;
	(void)take_fd(&pidfd);
	return 0;
}
