/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/path.h"
#include "check.h"
#include "json.h"
#include "policy.h"
#include "nsjail_jail.h"
#include "oci_jail.h"
#include "set.h"

enum { CONFIG_MOST = 32 << 20 };

static const struct word dialect_words_rows[] = {
	{"oci", DIALECT_OCI},
	{"nsjail", DIALECT_NSJAIL},
};
WORDS(dialect_words);

/* --- which dialect ------------------------------------------------------------------------------ */

/* A sink that looks at the outermost keys alone. */
struct spotter {
	struct sink sink;
	unsigned depth;
	bool oci, foreign;
	char first_foreign[64];
	struct place at;
};

static bool is_nsjail_key(const char *key)
{
	char camel[64];

	row_each (f, &table_nsjail_config) {
		field_camel(camel, sizeof(camel), f->key);
		if (!strcmp(f->key, key) || !strcmp(camel, key))
			return true;
	}
	return false;
}

static int spot(struct sink *sink, const struct event *ev, struct err *e)
{
	struct spotter *s = (struct spotter *)sink;

	(void)e;
	if (ev->kind == EVENT_OBJECT || ev->kind == EVENT_LIST)
		s->depth++;
	else if (ev->kind == EVENT_OBJECT_END || ev->kind == EVENT_LIST_END)
		s->depth--;
	if (ev->kind != EVENT_KEY || s->depth != 1)
		return 0;
	if (!strcmp(ev->s, "ociVersion"))
		s->oci = true;
	if (!s->foreign && !is_nsjail_key(ev->s)) {
		s->foreign = true;
		s->at = ev->at;
		fmt_put(s->first_foreign, sizeof(s->first_foreign), "%s", ev->s);
	}
	return 0;
}

int load_tell_dialect(const struct bytes *text, const char *file, enum dialect *ret, struct err *e)
{
	struct spotter s = {.sink.take = spot};
	size_t blank = strspn(text->data, " \t\r\n");

	*ret = DIALECT_NSJAIL;
	if (text->data[blank] != '{')
		return 0;
	TRY(json_read(text->data, text->len, file, &s.sink, e));
	if (s.oci)
		*ret = DIALECT_OCI;
	else if (s.foreign)
		return err_set(e, EINVAL,
			"%s:%u:%u: neither an OCI config (it has no 'ociVersion') nor an nsjail "
			"config "
			"(it has '%s')",
			file, s.at.line, s.at.column, s.first_foreign);
	return 0;
}

/* --- the file ----------------------------------------------------------------------------------- */

static int find_file(const struct load_request *q, const struct caller *caller, struct pool *pool,
	struct loaded *ret, const char **ret_file, struct err *e)
{
	char bundle[PATH_MAX], file[PATH_MAX];

	if (q->bundle && !*q->bundle)
		return err_set(e, EINVAL, "the bundle's path is empty");
	if (path_join(bundle, sizeof(bundle), caller->cwd, q->bundle ? q->bundle : ".") < 0)
		return err_sys(e, ENAMETOOLONG, "bundle");
	ret->bundle = pool_text(pool, bundle);
	if (q->config)
		fmt_put(file, sizeof(file), "%s", q->config);
	else if (q->bundle)
		fmt_put(file, sizeof(file), "%s/config.json", q->bundle);
	else
		fmt_put(file, sizeof(file), "config.json");
	*ret_file = pool_text(pool, file);
	return ret->bundle && *ret_file ? 0 : err_memory(e);
}

static int read_config(const struct load_request *q, const char *file, struct pool *pool,
	struct bytes *ret, struct err *e)
{
	int r;

	if (q->text) {
		*ret = *q->text;
		return 0;
	}
	r = fd_read_file(AT_FDCWD, file, CONFIG_MOST, pool, ret, e);
	if (r == -ENOENT && !q->config)
		return err_fix(e,
			"name a bundle, a directory that holds a config.json; 'jailrt spec' "
			"writes one");
	return r;
}

/* --- changes from the command line ---------------------------------------------------------------- */

/* FIELD may go into objects: "process.cwd=/tmp"; missing ones are made. */
static int set_path(const struct table *t, void *object, const char *assignment, struct pool *pool,
	struct err *e)
{
	const char *equals = strchr(assignment, '='), *s = assignment;

	if (!equals)
		return err_set(e, EINVAL, "'%s' is not FIELD=VALUE", assignment);
	for (;;) {
		size_t n = strcspn(s, ".=");
		char key[64];
		const struct field *f;
		const char *near;
		void **inner;

		fmt_put(key, sizeof(key), "%.*s", (int)n, s);
		f = field_find(t, key);
		if (!f) {
			near = field_nearest(t, key);
			return err_set(e, EINVAL, "unknown field '%s'%s%s%s", key,
				near ? " (did you mean '" : "", near ? near : "",
				near ? "'?)" : "");
		}
		if (s[n] == '=')
			return field_set(f, object, equals + 1, pool, e);
		if (f->kind != FIELD_KIND_OBJECT)
			return err_set(e, EINVAL, "'%s' has no fields", key);
		inner = field_at(f, object);
		if (!*inner)
			*inner = pool_alloc(pool, f->table->size);
		if (!*inner)
			return err_memory(e);
		object = *inner;
		t = f->table;
		s += n + 1;
	}
}

static int apply_sets(const struct load_request *q, const struct table *t, void *doc,
	const struct origin *origin, struct pool *pool, struct err *e)
{
	if (!q->sets || !q->sets->n)
		return 0;
	for (size_t i = 0; i < q->sets->n; i++) {
		if (set_path(t, doc, q->sets->v[i], pool, e) < 0)
			return err_add(e, "--set %s", q->sets->v[i]);
	}
	/* An object that was made on the way may lack what it needs. */
	return check_complete(t, doc, origin, e);
}

static void apply_args(const struct load_request *q, struct jail *jail)
{
	if (!q->args || !q->args->n)
		return;
	jail->process.args = *q->args;
	jail->process.file = jail->process.open_file ? q->args->v[0] : NULL;
	jail->process.at_args = NULL;
}

/* --- profiles of system calls ---------------------------------------------------------------------- */

/* They hold on top of what the config says: nothing that it stops is let through by one. */
static int add_profile(struct jail *jail, const char *name, struct pool *pool, struct err *e)
{
	static const struct policy_options options;
	struct rules *rules = POOL_NEW(pool, struct rules), *both = POOL_NEW(pool, struct rules);
	struct jail_filter *f = &jail->filter;

	if (!rules || !both)
		return err_memory(e);
	if (f->program.len)
		return err_set(e, EINVAL,
			"the config has a finished seccomp program, which nothing can be added to");
	TRY(policy_by_name(name, &options, pool, rules, e));
	if (f->rules) {
		TRY(rules_both(f->rules, rules, pool, both, e));
		rules = both;
	}
	f->rules = rules;
	return 0;
}

static int add_named(struct jail *jail, const struct texts *names, struct pool *pool, struct err *e)
{
	for (size_t i = 0; names && i < names->n; i++) {
		int r = add_profile(jail, names->v[i], pool, e);

		if (r == -ENOENT)
			return r; /* the words have the name */
		if (r < 0)
			return err_add(e, "seccomp profile '%s'", names->v[i]);
	}
	return 0;
}

/* The config's own, then those that were asked for beside it. */
static int add_profiles(
	struct jail *jail, const struct texts *asked, struct pool *pool, struct err *e)
{
	TRY(add_named(jail, &jail->filter.profiles, pool, e));
	return add_named(jail, asked, pool, e);
}

/* Policies and profiles are in it already. */
static int use_filter(struct jail *jail, const struct bytes *filter)
{
	jail->filter.rules = NULL;
	jail->filter.program = *filter;
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static int load_oci(const struct load_request *q, const struct caller *caller, const char *file,
	struct pool *pool, struct loaded *ret, struct err *e)
{
	TRY(oci_read(
		ret->text.data, ret->text.len, file, q->strict, pool, &ret->oci, &ret->origin, e));
	TRY(apply_sets(q, &table_oci_config, ret->oci, &ret->origin, pool, e));
	TRY(check_supported(&table_oci_config, ret->oci, &ret->origin, e));
	return oci_jail(
		ret->oci, &ret->origin, caller, ret->bundle, q->filter, pool, &ret->jail, e);
}

static int load_nsjail(const struct load_request *q, const struct caller *caller, const char *file,
	struct pool *pool, struct loaded *ret, struct err *e)
{
	TRY(nsjail_read(ret->text.data, ret->text.len, file, pool, &ret->nsjail, &ret->origin, e));
	TRY(apply_sets(q, &table_nsjail_config, ret->nsjail, &ret->origin, pool, e));
	TRY(check_supported(&table_nsjail_config, ret->nsjail, &ret->origin, e));
	return nsjail_jail(ret->nsjail, &ret->origin, caller, (enum nsjail_door)q->door, q->filter,
		pool, &ret->jail, e);
}

int load(const struct load_request *q, const struct caller *caller, struct pool *pool,
	struct loaded *ret, struct err *e)
{
	const char *file;

	*ret = (struct loaded){.dialect = q->dialect};
	TRY(find_file(q, caller, pool, ret, &file, e));
	/* What was never a file has no places that a user could look at. */
	if (q->text && !q->config)
		file = NULL;
	TRY(read_config(q, file, pool, &ret->text, e));
	if (!q->known && q->config)
		TRY(load_tell_dialect(&ret->text, file, &ret->dialect, e));
	if (ret->dialect == DIALECT_OCI)
		TRY(load_oci(q, caller, file, pool, ret, e));
	else
		TRY(load_nsjail(q, caller, file, pool, ret, e));
	apply_args(q, &ret->jail);
	TRY(q->filter ? use_filter(&ret->jail, q->filter)
		      : add_profiles(&ret->jail, q->profiles, pool, e));
	if (q->profiles && q->profiles->n && ret->jail.bare)
		ret->jail.process.no_new_privs = true; /* as with a policy of its own */
	ret->jail.notes.bundle = ret->bundle;
	return check_jail(&ret->jail, e);
}
