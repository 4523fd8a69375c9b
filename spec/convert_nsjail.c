/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "convert.h"
#include "jail.h"
#include "nsjail_jail.h"
#include "kafel_text.h"
#include "profile.h"
#include "set.h"

/* A config.json as an nsjail config. What its jail object says is there already, in nsjail's words. */

/* --- namespaces ------------------------------------------------------------------------------------ */

/* ret: of each kind, whether there is one of its own. */
static int find_namespaces(struct to_nsjail *t, bool ret[NS_KINDS])
{
	list_each (i, t->os->namespaces) {
		const struct oci_namespace *n = t->os->namespaces.v[i];

		ret[n->type] = true;
		if (convert_given(n->path))
			TRY(convert_lost(&t->c, &n->path, "a namespace that is joined"));
	}
	return 0;
}

static int put_namespaces(struct to_nsjail *t)
{
	struct nsjail_config *o = t->out;
	bool own[NS_KINDS] = {false};

	TRY(find_namespaces(t, own));
	if (!own[NS_MOUNT])
		OPT_SET(o, clone_newns, false);
	if (!own[NS_USER])
		OPT_SET(o, clone_newuser, false);
	if (!own[NS_PID])
		OPT_SET(o, clone_newpid, false);
	if (!own[NS_NET])
		OPT_SET(o, clone_newnet, false);
	if (!own[NS_IPC])
		OPT_SET(o, clone_newipc, false);
	if (!own[NS_UTS])
		OPT_SET(o, clone_newuts, false);
	if (!own[NS_CGROUP])
		OPT_SET(o, clone_newcgroup, false);
	if (own[NS_TIME])
		OPT_SET(o, clone_newtime, true);
	/* Without a word about it, nsjail has a name of its own. */
	if (own[NS_UTS])
		o->hostname = t->in->hostname ? t->in->hostname : "";
	else if (convert_given(t->in->hostname))
		return convert_lost(
			&t->c, &t->in->hostname, "a host name without a namespace for it");
	return 0;
}

/* --- the process ----------------------------------------------------------------------------------- */

static bool same_texts(const struct texts *a, const struct texts *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = !strcmp(a->v[i], b->v[i]);
	return same;
}

static int put_caps(struct to_nsjail *t)
{
	const struct oci_capabilities *c = t->p->capabilities;

	if (!c)
		return 0;
	if (!same_texts(&c->bounding, &c->effective) || !same_texts(&c->bounding, &c->permitted) ||
		!same_texts(&c->bounding, &c->inheritable) ||
		!same_texts(&c->bounding, &c->ambient))
		TRY(convert_lost(&t->c, c, "five sets that are not the same"));
	list_each (i, c->effective)
		TRY(convert_add_text(&t->c, &t->out->cap, c->effective.v[i]));
	return 0;
}

static int put_env(struct to_nsjail *t)
{
	const struct nsjail_config *more = t->in->jail;

	t->out->envar = (struct texts){0};
	for (size_t i = 0; more && i < more->envar.n; i++)
		TRY(convert_add_text(&t->c, &t->out->envar, more->envar.v[i]));
	list_each (i, t->p->env) {
		if (strchr(t->p->env.v[i], '='))
			TRY(convert_add_text(&t->c, &t->out->envar, t->p->env.v[i]));
		else
			TRY(convert_lost(&t->c, t->p->env.v[i], "a variable without a value"));
	}
	return 0;
}

static int put_command(struct to_nsjail *t)
{
	const struct texts *args = &t->p->args;
	struct nsjail_exe *x;

	if (!args->n)
		return 0;
	t->out->exec_bin = x = POOL_NEW(t->c.pool, struct nsjail_exe);
	if (!x)
		return err_memory(t->c.e);
	x->path = args->v[0];
	for (size_t i = 1; i < args->n; i++)
		TRY(convert_add_text(&t->c, &x->arg, args->v[i]));
	return 0;
}

/* --- limits ---------------------------------------------------------------------------------------- */

static const struct nsjail_limit *limit_of(const char *name)
{
	for (size_t i = 0; i < NSJAIL_LIMITS; i++) {
		if (!strcmp(nsjail_limits[i].name, name))
			return &nsjail_limits[i];
	}
	return NULL;
}

static void set_limit(
	struct to_nsjail *t, const struct nsjail_limit *r, enum nsjail_rlimit type, uint64_t value)
{
	const struct field *row = nsjail_limit_row(r);

	*(int32_t *)field_at(&row[1], t->out) = (int32_t)type;
	*(bool *)((char *)t->out + row[1].has) = true;
	if (type != NSJAIL_RLIMIT_VALUE)
		return;
	*(uint64_t *)field_at(&row[0], t->out) = value;
	*(bool *)((char *)t->out + row[0].has) = true;
}

static int put_limit(struct to_nsjail *t, const struct oci_rlimit *from)
{
	const struct nsjail_limit *r = limit_of(from->type);

	if (!r)
		return convert_lost(&t->c, from, NULL);
	if (from->soft != from->hard)
		TRY(convert_lost(&t->c, from, "a hard limit that is not the soft one"));
	if (from->soft != RLIM_INFINITY && from->soft % r->unit)
		TRY(convert_lost(&t->c, from, "bytes that are no whole unit of nsjail's"));
	set_limit(t, r, from->soft == RLIM_INFINITY ? NSJAIL_RLIMIT_INF : NSJAIL_RLIMIT_VALUE,
		from->soft / r->unit);
	return 0;
}

/* What is not said is as the caller has it, which nsjail says of all of them or of none. */
static int put_limits(struct to_nsjail *t)
{
	bool any = t->p->rlimits.n;

	list_each (i, t->p->rlimits)
		TRY(put_limit(t, t->p->rlimits.v[i]));
	for (size_t i = 0; i < NSJAIL_LIMITS; i++)
		any = any || field_present(nsjail_limit_row(&nsjail_limits[i]) + 1, t->out);
	if (!any) {
		OPT_SET(t->out, disable_rl, true);
		return 0;
	}
	for (size_t i = 0; i < NSJAIL_LIMITS; i++) {
		if (field_present(nsjail_limit_row(&nsjail_limits[i]) + 1, t->out))
			continue;
		TRY(convert_lost(&t->c, t->p->rlimits.n ? t->p->rlimits.v[0] : NULL,
			"some limits as the caller has them, beside others"));
		set_limit(t, &nsjail_limits[i], NSJAIL_RLIMIT_SOFT, 0);
	}
	return 0;
}

/* --- scheduling, and what is left of the process ------------------------------------------------------ */

static int put_nice(struct to_nsjail *t)
{
	static const char *const taken[] = {"policy", "nice", NULL};
	const struct oci_scheduler *s = t->p->scheduler;

	/* nsjail's own default is 19. */
	if (!t->out->has_nice_level)
		OPT_SET(t->out, nice_level, s ? s->nice : 0);
	if (!s)
		return 0;
	if (strcmp(words_name(&sched_policy_words, (uint64_t)s->policy), "SCHED_OTHER") != 0)
		return convert_lost(&t->c, s, NULL);
	return convert_others(&t->c, convert_table(&table_oci_process, "scheduler"), s, taken);
}

static int put_privileges(struct to_nsjail *t)
{
	bool filtered = nsjail_has_policy(t->out) || t->out->seccomp_profile.n;

	if (t->p->noNewPrivileges)
		return 0;
	if (filtered)
		return convert_lost(&t->c, t->p, "a filter without noNewPrivileges");
	OPT_SET(t->out, disable_no_new_privs, true);
	return 0;
}

static int put_process(struct to_nsjail *t)
{
	static const char *const taken[] = {"user", "args", "env", "cwd", "capabilities", "rlimits",
		"noNewPrivileges", "oomScoreAdj", "scheduler", NULL};
	const struct oci_process *p = t->p;

	t->out->cwd = p->cwd;
	TRY(put_command(t));
	TRY(put_env(t));
	TRY(put_caps(t));
	TRY(put_limits(t));
	TRY(put_nice(t));
	TRY(put_privileges(t));
	if (p->has_oomScoreAdj)
		OPT_SET(t->out, oom_score_adj, p->oomScoreAdj);
	return convert_others(&t->c, &table_oci_process, p, taken);
}

/* --- system calls ----------------------------------------------------------------------------------- */

static int put_lines(struct to_nsjail *t, char *text)
{
	for (char *end; *text; text = end) {
		end = strchrnul(text, '\n');
		if (*end)
			*end++ = '\0';
		TRY(convert_add_text(&t->c, &t->out->seccomp_string, text));
	}
	return 0;
}

/* The filter's rules as a kafel policy: for this machine's kind, as kafel has it. */
static int put_seccomp(struct to_nsjail *t)
{
	static const char *const taken[] = {
		"defaultAction", "defaultErrnoRet", "architectures", "syscalls", "flags", NULL};
	static const struct profile_options options;
	const struct oci_seccomp *s = t->os->seccomp;
	struct rules *rules = POOL_NEW(t->c.pool, struct rules);
	own_str struct str out = {0};

	if (!s)
		return 0;
	list_each (i, s->flags) {
		if (!strcmp(s->flags.v[i], "SECCOMP_FILTER_FLAG_LOG"))
			OPT_SET(t->out, seccomp_log, true);
		else
			TRY(convert_lost(&t->c, s->flags.v[i], NULL));
	}
	TRY(convert_others(&t->c, &table_oci_seccomp, s, taken));
	if (!rules)
		return err_memory(t->c.e);
	TRY(profile_rules(s, t->c.origin, &options, t->c.pool, rules, t->c.e));
	if (rules->n != 1)
		TRY(convert_lost(&t->c, s, "rules for other architectures"));
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->v[i].arch != arch_native())
			continue;
		if (kafel_text_policy(&rules->v[i], &out, t->c.e) < 0)
			return convert_lost(&t->c, s, NULL);
	}
	TRY(str_check(&out, t->c.e));
	return put_lines(t, pool_text(t->c.pool, str_text(&out)));
}

/* --- all of it ---------------------------------------------------------------------------------------- */

static int put_linux(struct to_nsjail *t)
{
	static const char *const taken[] = {"namespaces", "uidMappings", "gidMappings", "resources",
		"rootfsPropagation", "seccomp", NULL};

	TRY(convert_resources_to_nsjail(t));
	return convert_others(&t->c, convert_table(&table_oci_config, "linux"), t->os, taken);
}

static bool same_value(const struct field *f, const void *a, const void *b)
{
	const void *at = field_at(f, a), *other = field_at(f, b);

	switch (f->kind) {
	case FIELD_KIND_BOOL:
		return *(const bool *)at == *(const bool *)other;
	case FIELD_KIND_U64:
	case FIELD_KIND_I64:
		return *(const uint64_t *)at == *(const uint64_t *)other;
	case FIELD_KIND_TEXT:
		return !strcmp(*(const char *const *)at, *(const char *const *)other);
	default:
		return *(const uint32_t *)at == *(const uint32_t *)other;
	}
}

static bool is_own_id(const struct nsjail_id_map *m)
{
	return !convert_given(m->inside_id) && !convert_given(m->outside_id) && !m->use_newidmap &&
	       (!m->has_count || m->count < 2);
}

/* What nsjail has anyhow need not be said. */
static int forget_defaults(struct to_nsjail *t)
{
	struct nsjail_config *o = t->out, dflt = {0};

	TRY(field_defaults(&table_nsjail_config, &dflt, t->c.pool, t->c.e));
	row_each (f, &table_nsjail_config) {
		if (f->dflt && field_present(f, o) && same_value(f, o, &dflt))
			convert_drop(&table_nsjail_config, o, f->key);
	}
	if (o->uidmap.n == 1 && is_own_id(o->uidmap.v[0]))
		convert_drop(&table_nsjail_config, o, "uidmap");
	if (o->gidmap.n == 1 && is_own_id(o->gidmap.v[0]))
		convert_drop(&table_nsjail_config, o, "gidmap");
	return 0;
}

/* The root that is there when nothing is mounted on "/". */
static void forget_root(struct to_nsjail *t)
{
	struct nsjail_config *o = t->out;
	const struct nsjail_mount *m = o->mount.n ? o->mount.v[0] : NULL;

	if (!m || !m->fstype || !m->options || strcmp(m->dst, "/") != 0 || m->rw ||
		strcmp(m->fstype, "tmpfs") != 0 || strcmp(m->options, "size=16777216") != 0 ||
		m->nosuid || m->nodev || m->noexec || convert_given(m->src) ||
		convert_given(m->prefix_src_env) || convert_given(m->prefix_dst_env) ||
		m->is_bind || m->is_symlink || m->src_content.len)
		return;
	o->mount.v++;
	o->mount.n--;
}

static int begin(struct to_nsjail *t)
{
	static const struct oci_linux none;
	static const struct oci_process no_process = {.cwd = "/"};

	t->out = POOL_NEW(t->c.pool, struct nsjail_config);
	if (!t->out)
		return err_memory(t->c.e);
	if (t->in->jail)
		*t->out = *t->in->jail;
	t->bare = t->out->bare;
	convert_drop(&table_nsjail_config, t->out, "bare");
	t->os = t->in->linux ? t->in->linux : &none;
	t->p = t->in->process ? t->in->process : &no_process;
	/* Without a word about it a jail of nsjail's is killed after ten minutes. */
	if (!t->out->has_time_limit)
		OPT_SET(t->out, time_limit, 0);
	return 0;
}

int convert_to_nsjail(const struct oci_config *in, const struct origin *origin, const char *bundle,
	bool lossy, struct pool *pool, struct nsjail_config **ret, struct err *e)
{
	static const char *const taken[] = {
		"ociVersion", "process", "root", "hostname", "mounts", "linux", "jail", NULL};
	struct to_nsjail t = {
		.c = {origin, "an nsjail config", lossy, pool, e}, .in = in, .bundle = bundle};

	TRY(begin(&t));
	TRY(put_namespaces(&t));
	TRY(convert_ids_to_nsjail(&t));
	TRY(convert_mounts_to_nsjail(&t));
	TRY(put_seccomp(&t));
	TRY(put_process(&t));
	TRY(put_linux(&t));
	TRY(convert_others(&t.c, &table_oci_config, in, taken));
	forget_root(&t);
	TRY(forget_defaults(&t));
	*ret = t.out;
	return 0;
}
