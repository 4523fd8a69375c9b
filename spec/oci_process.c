/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "oci_jail.h"

/* What a process object needs to be turned into a jail's process. */
struct process_load {
	const struct oci_process *doc;
	const struct origin *origin;
	struct pool *pool;
	struct jail_process *process;
	struct err *e;
};

/*
 * A name that the kernel's list does not have can give nothing, so leaving it out is the stricter
 * choice; the spec wants a warning.
 */
static uint64_t load_cap_set(const struct process_load *l, const struct texts *names)
{
	uint64_t mask = 0, bit;
	char where[256];

	list_each (i, *names) {
		if (!words_find(&capability_words, names->v[i], &bit)) {
			mask |= bit;
			continue;
		}
		origin_describe(l->origin, names->v[i], where, sizeof(where));
		log_warning("%s: unknown capability '%s' is left out", where, names->v[i]);
	}
	return mask;
}

static int load_caps(const struct process_load *l)
{
	static const struct oci_capabilities none;
	const struct oci_capabilities *c = l->doc->capabilities ? l->doc->capabilities : &none;
	uint64_t *set = l->process->caps.set;

	l->process->at_caps = l->doc->capabilities;
	set[CAP_BOUNDING] = load_cap_set(l, &c->bounding);
	set[CAP_EFFECTIVE] = load_cap_set(l, &c->effective);
	set[CAP_PERMITTED] = load_cap_set(l, &c->permitted);
	set[CAP_INHERITABLE] = load_cap_set(l, &c->inheritable);
	set[CAP_AMBIENT] = load_cap_set(l, &c->ambient);
	if (set[CAP_EFFECTIVE] & ~set[CAP_PERMITTED])
		return OCI_FAIL(l, &c->effective,
			"a capability cannot be effective without being permitted");
	/*
	 * The kernel raises only what is permitted and inheritable (capabilities(7)). The configs that
	 * runc and crun write ask for more; that they never got it is the stricter of the two.
	 */
	if (set[CAP_AMBIENT] & ~(set[CAP_PERMITTED] & set[CAP_INHERITABLE]))
		log_info("process.capabilities.ambient: what is not inheritable is left out");
	set[CAP_AMBIENT] &= set[CAP_PERMITTED] & set[CAP_INHERITABLE];
	return 0;
}

static int load_rlimits(const struct process_load *l)
{
	const struct list *list = (const struct list *)&l->doc->rlimits;
	struct jail_rlimits *to = &l->process->rlimits;
	uint64_t resource = 0;

	to->v = pool_array(l->pool, list->n, sizeof(*to->v));
	if (!to->v)
		return err_memory(l->e);
	list_each (i, *list) {
		const struct oci_rlimit *r = list->v[i];

		(void)words_find(&rlimit_words, r->type, &resource); /* the row has checked it */
		for (size_t j = 0; j < to->n; j++) {
			if (to->v[j].resource == (int)resource)
				return OCI_FAIL(l, r, "a second limit of type %s", r->type);
		}
		if (r->soft > r->hard)
			return OCI_FAIL(l, r, "the soft limit is above the hard one");
		to->v[to->n++] = (struct jail_rlimit){(int)resource, {r->soft, r->hard}, r};
	}
	return 0;
}

static void load_user(const struct process_load *l)
{
	const struct oci_user *u = l->doc->user;

	l->process->at_user = u;
	/* The spec is silent; runtimes agree that the caller's mask is not the container's. */
	l->process->umask = (struct limit){true, 0022};
	if (!u)
		return;
	l->process->uid = u->uid;
	l->process->gid = u->gid;
	l->process->groups = u->additionalGids;
	if (u->has_umask)
		l->process->umask.v = u->umask;
}

static void load_terminal(const struct process_load *l)
{
	const struct oci_console_size *size = l->doc->consoleSize;

	l->process->terminal = l->doc->terminal;
	if (l->doc->terminal && size) {
		l->process->rows = (uint16_t)size->height;
		l->process->columns = (uint16_t)size->width;
	}
}

/* Engines write empty ones for none. */
static void load_labels(const struct process_load *l)
{
	const struct oci_process *d = l->doc;

	l->process->apparmor = d->apparmorProfile && *d->apparmorProfile ? d->apparmorProfile
									 : NULL;
	l->process->at_apparmor = &d->apparmorProfile;
	l->process->selinux = d->selinuxLabel && *d->selinuxLabel ? d->selinuxLabel : NULL;
	l->process->at_selinux = &d->selinuxLabel;
}

static int load(const struct process_load *l)
{
	const struct oci_process *d = l->doc;
	struct jail_process *p = l->process;

	p->at = d;
	p->args = d->args;
	p->at_args = &d->args;
	p->env = d->env;
	p->cwd = d->cwd;
	p->make_cwd = true;
	p->at_cwd = &d->cwd;
	if (*p->cwd != '/')
		return OCI_FAIL(l, &d->cwd, "'%s' is not an absolute path", d->cwd);
	p->new_session = true;
	p->search_path = true;
	p->find_home = true;
	p->own_stdio = true;
	p->no_new_privs = d->noNewPrivileges;
	if (d->has_oomScoreAdj)
		p->oom_score_adj = (struct limit){true, d->oomScoreAdj};
	load_user(l);
	load_terminal(l);
	load_labels(l);
	TRY(load_caps(l));
	TRY(oci_load_scheduling(d, l->origin, p, l->e));
	return load_rlimits(l);
}

int oci_jail_process(const struct oci_process *doc, const struct origin *origin, struct pool *pool,
	struct jail_process *process, struct err *e)
{
	const struct process_load l = {doc, origin, pool, process, e};

	*process = (struct jail_process){0};
	return load(&l);
}

int oci_load_process(struct oci_load *l)
{
	const struct oci_personality *p = l->os->personality;
	const struct pair *keep;
	struct jail *jail = l->jail;

	jail->hostname = l->doc->hostname;
	jail->domainname = l->doc->domainname;
	jail->at_hostname = &l->doc->hostname;
	jail->at_domainname = &l->doc->domainname;
	if (!l->doc->process)
		return OCI_FAIL(l, NULL, "%s: 'process' is missing", l->origin->file);
	TRY(oci_jail_process(l->doc->process, l->origin, l->pool, &jail->process, l->e));
	keep = oci_annotation(l, "run.oci.keep_original_groups");
	jail->process.keep_groups = keep && strcmp(keep->value, "0") != 0;
	TRY(oci_load_memory_policy(l));
	if (p) {
		if (p->flags.n)
			return OCI_FAIL(l, p->flags.v[0],
				"'%s': the runtime-spec defines no flag of a personality",
				p->flags.v[0]);
		jail->process.personality_set = true;
		jail->process.personality = (uint32_t)p->domain;
	}
	return 0;
}
