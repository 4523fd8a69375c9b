/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "life_criu.h"

/* --- the request ------------------------------------------------------------------------------------------ */

/* criu finds a namespace of networks or processes by the name of the images, others by a path. */
static int give_namespaces(struct criu_call *c, int fds[2], struct err *e)
{
	static const char *const names[NS_KINDS] = {
		[NS_NET] = "extRootNetNS", [NS_PID] = "extRootPidNS"};
	const struct jail *jail = &c->l->loaded.jail;

	for (int kind = 0; kind < NS_KINDS; kind++) {
		const struct jail_ns *ns = &jail->ns[kind];
		int *fd = &fds[kind == NS_PID];

		if (ns->how != NS_JOIN || kind == NS_MOUNT || kind == NS_CGROUP)
			continue;
		if (!names[kind]) {
			criu_put_pair(&c->request, CRIU_JOIN_NS, ns_names[kind].file, ns->path);
			continue;
		}
		*fd = fd_open(AT_FDCWD, ns->path, O_RDONLY, 0, e);
		TRY(*fd);
		TRY(criu_put_inherited(&c->request, names[kind], *fd, e));
	}
	return 0;
}

static const char *joined(struct pool *pool, const struct texts *words)
{
	const char *all = "";

	list_each (i, *words) {
		all = pool_printf(pool, "%s%s%s", all, i ? "," : "", words->v[i]);
		if (!all)
			return NULL;
	}
	return all;
}

/* Its cgroups may have other names than those that were dumped. */
static int give_cgroups(struct criu_call *c, struct err *e)
{
	const struct plan *plan = &c->l->plan;

	if (c->l->o.has_manage_cgroups_mode && c->l->o.manage_cgroups_mode == CGROUPS_IGNORE)
		return 0;
	for (size_t i = 0; i < plan->n; i++) {
		const struct step_cgroup *a = plan->v[i].args;
		const char *controllers;

		if (plan->v[i].kind != STEP_CGROUP || a->inner)
			continue;
		controllers = a->v2 ? NULL : joined(&c->l->pool, &a->controllers);
		if (!a->v2 && !controllers)
			return err_memory(e);
		criu_put_pair(&c->request, CRIU_CG_ROOT, controllers, a->path);
	}
	return 0;
}

static int prepare(struct criu_call *c, int fds[2], struct err *e)
{
	const struct life_options *o = &c->l->o;
	const struct jail_root *root = &c->l->loaded.jail.root;
	struct criu_request *q = &c->request;

	criu_put_number(q, CRIU_RST_SIBLING, 1);
	criu_put_number(q, CRIU_EVASIVE_DEVICES, 1);
	if (root->kind == ROOT_DIR) {
		q->own_root = root->path;
		criu_put_text(q, CRIU_ROOT, root->path);
	}
	if (o->lsm_profile)
		criu_put_text(q, CRIU_LSM_PROFILE, o->lsm_profile);
	if (o->lsm_mount_context)
		criu_put_text(q, CRIU_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
	TRY(give_namespaces(c, fds, e));
	TRY(give_cgroups(c, e));
	TRY(criu_give_mounts(c, e));
	return criu_give_stdio(c, e);
}

/* --- restoring -------------------------------------------------------------------------------------------- */

static int run_hooks(struct life *l, enum hook_kind kind, pid_t pid, struct err *e)
{
	const struct jail *jail = &l->loaded.jail;

	return life_run_hooks(&l->texts, &jail->hooks[kind], words_name(&hook_words, kind),
		"creating", pid, jail->notes.bundle, true, e);
}

static int hear(const char *action, pid_t pid, int fd, void *arg, struct err *e)
{
	own_fd int given = fd;
	struct life *l = arg;
	int slot = l->plan.console;

	log_debug("criu: %s, process %d", action, (int)pid);
	if (!strcmp(action, "orphan-pts-master") && given >= 0 && slot >= 0 &&
		l->parent.run.slots[slot] < 0)
		l->parent.run.slots[slot] = take_fd(&given);
	/* While it is held: a short program may have ended a moment later. */
	if (!strcmp(action, "post-restore") && pid > 0)
		return life_adopt(l, pid, e);
	if (strcmp(action, "setup-namespaces"))
		return 0;
	/* As runc: its namespaces are there, and nothing of it runs yet. */
	TRY(run_hooks(l, HOOK_PRESTART, pid, e));
	return run_hooks(l, HOOK_CREATE_RUNTIME, pid, e);
}

static int have_it_made(struct criu_call *c, struct err *e)
{
	struct life *l = c->l;
	struct criu criu;
	int r;

	TRY(criu_begin(c->program, &c->request, &criu, e));
	/* What criu makes is where criu is. */
	r = parent_place(&l->parent, criu.pid, e);
	if (r >= 0) {
		r = criu_run(&criu, &c->request, hear, l, NULL, e);
		if (r < 0)
			(void)criu_call_explain(c, e);
	}
	criu_end(&criu);
	TRY(r);
	if (!l->adopted)
		return err_set(e, EPROTO, "criu did not say which process it made");
	return 0;
}

static int restore(struct criu_call *c, struct err *e)
{
	struct life *l = c->l;

	TRY(life_claim(l, e));
	TRY(life_notify_listen(l, e));
	l->begun = true;
	l->phase = LIFE_MAKING;
	TRY(parent_begin(&l->parent, &l->plan, &l->texts, -1, -1, e));
	l->parent.systemd = l->systemd;
	return have_it_made(c, e);
}

int life_restore_begin(struct life *l, struct err *e)
{
	own(criu_call_done) struct criu_call c = {.images = -1, .work = -1, .null = -1};
	own_fd int net = -1, processes = -1;
	int fds[2] = {-1, -1}, r;

	TRY(life_prepare(l, false, e));
	TRY(criu_check_network(l, e));
	TRY(criu_call_begin(&c, l, CRIU_RESTORE, &l->loaded.jail.notes.annotations, e));
	r = prepare(&c, fds, e);
	net = fds[0];
	processes = fds[1];
	TRY(r);
	if (restore(&c, e) < 0)
		return life_fail(l, e);
	if (!l->o.detach)
		return 0;
	TRY(life_reach(l, LIFE_RUNNING, e));
	return l->state->time_limit ? life_watch(l, e) : 0;
}
