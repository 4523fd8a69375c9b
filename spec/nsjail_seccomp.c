/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <string.h>

#include "../runtime/base/fd.h"
#include "../runtime/base/log.h"
#include "../runtime/base/path.h"
#include "kafel.h"
#include "nsjail_jail.h"

/*
 * The policy of an nsjail config, in kafel's friendly dialect but behind nsjail's door. A policy file is the one thing beside the
 * config itself that is read, and what it includes.
 */

struct policy {
	struct kafel_text *v;
	size_t n;
	const char *folder; /* where includes are looked for */
	const void *at;
};

static int read_policy_file(struct nsjail_load *l, struct policy *p)
{
	const char *name = l->doc->seccomp_policy_file;
	char path[PATH_MAX];
	struct bytes text;
	char *folder;

	p->at = &l->doc->seccomp_policy_file;
	if (path_join(path, sizeof(path), l->caller->cwd, name) < 0)
		return NSJAIL_FAIL(l, p->at, "the path is too long");
	if (fd_read_file(AT_FDCWD, path, 32 << 20, l->pool, &text, l->e) < 0)
		return origin_fail(l->origin, p->at, l->e, l->e->code, "%s", l->e->text);
	p->v = POOL_NEW(l->pool, struct kafel_text);
	folder = pool_text(l->pool, path);
	if (!p->v || !folder)
		return err_memory(l->e);
	*strrchr(folder, '/') = '\0'; /* a joined path is absolute */
	p->folder = *folder ? folder : "/";
	p->v[p->n++] = (struct kafel_text){name, text.data, text.len};
	return 0;
}

static int take_policy_strings(struct nsjail_load *l, struct policy *p)
{
	const struct texts *lines = &l->doc->seccomp_string;

	p->at = lines->v[0];
	p->folder = l->caller->cwd;
	p->v = pool_array(l->pool, lines->n, sizeof(*p->v));
	if (!p->v)
		return err_memory(l->e);
	list_each (i, *lines) {
		const char *name = pool_printf(l->pool, "seccomp_string[%zu]", i);

		if (!name)
			return err_memory(l->e);
		p->v[p->n++] = (struct kafel_text){name, lines->v[i], strlen(lines->v[i])};
	}
	return 0;
}

static int compile(struct nsjail_load *l, const struct policy *p)
{
	const struct arch *native = arch_native();
	/* Behind its own door a policy is what it is to nsjail, mistakes included. */
	const struct kafel_options options = {
		.strict = l->door == NSJAIL_DOOR_NSJAIL, .include = &p->folder, .n_include = 1};
	struct kafel_notes notes = {0};
	struct rules *rules = POOL_NEW(l->pool, struct rules);
	struct jail_filter *f = &l->jail->filter;

	if (!rules)
		return err_memory(l->e);
	if (kafel_rules(p->v, p->n, &native, 1, &options, l->pool, rules, &notes, l->e) < 0)
		return -l->e->code;
	kafel_tell_warnings(&notes);
	f->rules = rules;
	f->at = p->at;
	return 0;
}

static int load_policy(struct nsjail_load *l, bool is_file)
{
	struct policy p = {0};

	TRY(is_file ? read_policy_file(l, &p) : take_policy_strings(l, &p));
	return compile(l, &p);
}

/* As nsjail does, no_new_privs comes with it. */
void nsjail_load_watch(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	const char *report = d->seccomp_unotify_report;
	struct jail_filter *f = &l->jail->filter;

	f->watch = d->seccomp_unotify;
	f->at_watch = &d->seccomp_unotify;
	f->watch_report = report && *report ? report : NULL;
	f->at_watch_report = &d->seccomp_unotify_report;
	if (f->watch)
		l->jail->process.no_new_privs = true;
	else if (f->watch_report)
		log_warning("seccomp_unotify_report: nothing is watched without seccomp_unotify");
}

int nsjail_load_policy(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;
	bool has_file = d->seccomp_policy_file && *d->seccomp_policy_file;

	if (has_file && d->seccomp_string.n)
		return NSJAIL_FAIL(l, &d->seccomp_policy_file,
			"seccomp_policy_file and seccomp_string are two policies; give one");
	if (d->seccomp_log && (nsjail_has_policy(d) || d->seccomp_profile.n))
		l->jail->filter.flags |= SECCOMP_FILTER_FLAG_LOG;
	/* With a filter, the caller has what came of the policy. */
	return l->filter || !nsjail_has_policy(d) ? 0 : load_policy(l, has_file);
}

int nsjail_load_seccomp(struct nsjail_load *l)
{
	const struct nsjail_config *d = l->doc;

	nsjail_load_watch(l);
	l->jail->filter.profiles = d->seccomp_profile;
	/* As nsjail does, whatever disable_no_new_privs says. */
	if (nsjail_has_policy(d) || d->seccomp_profile.n)
		l->jail->process.no_new_privs = true;
	return nsjail_load_policy(l);
}
