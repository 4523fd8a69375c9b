/* SPDX-License-Identifier: Apache-2.0 */
#include "nsjail_argv.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "set.h"

struct writer {
	const struct nsjail_config *doc;
	const struct origin *origin;
	bool lossy;
	struct pool *pool;
	struct texts *out;
	struct err *e;
};

static int put(struct writer *w, const char *word)
{
	const char **v = pool_grow(w->pool, w->out->v, w->out->n, sizeof(*v));

	if (!v || !word)
		return err_memory(w->e);
	w->out->v = v;
	v[w->out->n++] = word;
	return 0;
}

static int put_option(struct writer *w, const char *name, const char *value)
{
	TRY(put(w, pool_printf(w->pool, "--%s", name)));
	return value ? put(w, value) : 0;
}

static int lost(struct writer *w, const void *at, const char *what)
{
	char where[256];

	if (!w->lossy) {
		origin_fail(w->origin, at, w->e, ENOTSUP, "no option says this: %s", what);
		return err_fix(w->e, "leave it out of the config, or use --lossy");
	}
	origin_describe(w->origin, at, where, sizeof(where));
	log_warning("%s%s%s is left out: no option says it", where, *where ? ": " : "", what);
	return 0;
}

/* --- fields that are options as they stand --------------------------------------------------------- */

static const char *number(struct writer *w, const struct field *f)
{
	const void *at = field_at(f, w->doc);

	switch (f->kind) {
	case FIELD_KIND_I32:
		return pool_printf(w->pool, "%d", *(const int32_t *)at);
	case FIELD_KIND_U32:
		return pool_printf(w->pool, "%u", *(const uint32_t *)at);
	case FIELD_KIND_I64:
		return pool_printf(w->pool, "%lld", (long long)*(const int64_t *)at);
	case FIELD_KIND_U64:
		return pool_printf(w->pool, "%llu", (unsigned long long)*(const uint64_t *)at);
	default:
		return *(const char *const *)at;
	}
}

/* A switch has one direction: the other is the default. */
static int put_bool(struct writer *w, const struct field *f, const struct option_row *o)
{
	const char *value = *(const bool *)field_at(f, w->doc) ? "true" : "false";

	return strcmp(value, o->value) ? 0 : put_option(w, o->name, NULL);
}

static int put_simple(struct writer *w, const struct field *f, const struct option_row *o)
{
	const struct texts *texts = field_at(f, w->doc);
	const struct i32s *numbers = field_at(f, w->doc);

	switch (f->kind) {
	case FIELD_KIND_BOOL:
		return put_bool(w, f, o);
	case FIELD_KIND_TEXTS:
		for (size_t i = 0; i < texts->n; i++)
			TRY(put_option(w, o->name, texts->v[i]));
		return 0;
	case FIELD_KIND_I32S:
		for (size_t i = 0; i < numbers->n; i++)
			TRY(put_option(w, o->name, pool_printf(w->pool, "%d", numbers->v[i])));
		return 0;
	default:
		return put_option(w, o->name, number(w, f));
	}
}

static const struct option_row *option_of(const char *field)
{
	for (size_t i = 0; i < nsjail_options.n; i++) {
		if (!nsjail_options.v[i].hidden && !strcmp(nsjail_options.v[i].field, field))
			return &nsjail_options.v[i];
	}
	return NULL;
}

/* --- limits ---------------------------------------------------------------------------------------- */

static int put_rlimit(struct writer *w, const struct field *f, const struct option_row *o)
{
	static const char *const words[] = {NULL, "soft", "hard", "inf"};
	const struct field *type = f + 1; /* the next row (nsjail.c) */
	bool given = *(const bool *)((const char *)w->doc + type->has);
	uint64_t dflt;
	int32_t v = *(const int32_t *)field_at(type, w->doc);

	if (!given && words_find(type->words, type->dflt, &dflt) >= 0)
		v = (int32_t)dflt;
	if (v == NSJAIL_RLIMIT_VALUE)
		return put_option(w, o->name, field_present(f, w->doc) ? number(w, f) : f->dflt);
	if (field_present(f, w->doc))
		TRY(lost(w, field_at(f, w->doc), "a value that its type does not use"));
	return given ? put_option(w, o->name, words[v]) : 0;
}

/* --- mounts ---------------------------------------------------------------------------------------- */

static bool has_colon(const char *text)
{
	return text && strchr(text, ':');
}

static bool given(const char *text)
{
	return text && *text;
}

static const char *mount_words(struct writer *w, const struct nsjail_mount *m, bool ro)
{
	return pool_printf(w->pool, "%s%s%s%s%s%s", given(m->options) ? "," : "",
		given(m->options) ? m->options : "", ro ? ",ro" : "", m->nosuid ? ",nosuid" : "",
		m->nodev ? ",nodev" : "", m->noexec ? ",noexec" : "");
}

/* Why it cannot be said; NULL: it can. */
static const char *unsayable(const struct nsjail_mount *m)
{
	if (m->src_content.len)
		return "a mount with src_content";
	if (given(m->prefix_src_env) || given(m->prefix_dst_env))
		return "a mount with a prefix from the environment";
	if (m->has_mandatory && !m->mandatory)
		return "a mount that is not mandatory";
	if (has_colon(m->src) || has_colon(m->dst) || has_colon(m->fstype))
		return "a mount with a colon";
	if (m->has_is_dir && (m->is_bind || !m->is_dir))
		return "a mount's is_dir";
	if (!given(m->dst) || (!given(m->src) && (m->is_bind || m->is_symlink)))
		return "a mount without src or dst";
	return NULL;
}

static int put_mount(struct writer *w, const struct nsjail_mount *m)
{
	const char *why = unsayable(m), *words;

	if (why)
		return lost(w, m, why);
	if (m->is_symlink)
		return put_option(w, "symlink", pool_printf(w->pool, "%s:%s", m->src, m->dst));
	words = mount_words(w, m, !m->rw);
	if (!words)
		return err_memory(w->e);
	words += *words == ',';
	if (!m->is_bind)
		return put_option(w, "mount",
			pool_printf(w->pool, "%s:%s:%s%s%s", given(m->src) ? m->src : "none",
				m->dst, m->fstype ? m->fstype : "", *words ? ":" : "", words));
	if (!strcmp(words, "ro"))
		return put_option(w, "bindmount_ro", pool_printf(w->pool, "%s:%s", m->src, m->dst));
	return put_option(w, "bindmount",
		pool_printf(w->pool, "%s:%s%s%s", m->src, m->dst, *words ? ":" : "", words));
}

/* --- the rest --------------------------------------------------------------------------------------- */

static int put_maps(struct writer *w, const struct list *maps, const char *name, const char *helper)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct nsjail_id_map *m = maps->v[i];

		if (has_colon(m->inside_id) || has_colon(m->outside_id)) {
			TRY(lost(w, m, "a name with a colon"));
			continue;
		}
		TRY(put_option(w, m->use_newidmap ? helper : name,
			pool_printf(w->pool, "%s:%s:%u", m->inside_id ? m->inside_id : "",
				m->outside_id ? m->outside_id : "", m->has_count ? m->count : 1)));
	}
	return 0;
}

static int put_service(struct writer *w)
{
	static const char *const modes[] = {"listen", "once", "rerun", "execve"};
	const struct nsjail_config *d = w->doc;

	/* A port means LISTEN, unless the mode comes behind it. */
	if (d->has_port)
		TRY(put_option(w, "port", pool_printf(w->pool, "%u", d->port)));
	if (d->has_mode || d->has_port)
		TRY(put_option(w, "mode", modes[d->has_mode ? d->mode : NSJAIL_MODE_ONCE]));
	return 0;
}

static int put_log(struct writer *w)
{
	static const char *const levels[] = {"verbose", NULL, "quiet", NULL, "really_quiet"};
	const struct nsjail_config *d = w->doc;

	if (d->has_log_fd)
		TRY(put_option(w, "log_fd", pool_printf(w->pool, "%d", d->log_fd)));
	if (d->log_file)
		TRY(put_option(w, "log", d->log_file));
	if (!d->has_log_level || d->log_level == NSJAIL_LOG_INFO)
		return 0;
	return levels[d->log_level] ? put_option(w, levels[d->log_level], NULL)
				    : lost(w, &d->log_level, "log_level ERROR");
}

static int put_net(struct writer *w)
{
	const struct nsjail_user_net *n = w->doc->user_net;

	if (!n)
		return 0;
	row_each (f, &table_nsjail_user_net) {
		if (field_present(f, n) && strcmp(f->key, "backend"))
			return lost(w, n, "settings of user_net");
	}
	return n->has_backend && n->backend != NSJAIL_BACKEND_NSTUN
		       ? lost(w, n, "a backend of user_net")
		       : put_option(w, "user_net", NULL);
}

static int put_program(struct writer *w)
{
	const struct nsjail_exe *x = w->doc->exec_bin;

	if (!x)
		return 0;
	if (x->exec_fd)
		TRY(put_option(w, "execute_fd", NULL));
	if (x->arg0)
		TRY(put_option(w, "exec_file", x->path));
	TRY(put(w, "--"));
	TRY(put(w, x->arg0 ? x->arg0 : x->path));
	for (size_t i = 0; i < x->arg.n; i++)
		TRY(put(w, x->arg.v[i]));
	return 0;
}

/* By a grammar: said elsewhere, each of them. */
static bool is_grammar(const char *key)
{
	static const char *const all[] = {"mode", "port", "log_fd", "log_file", "log_level",
		"uidmap", "gidmap", "mount", "mount_proc", "user_net", "exec_bin"};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!strcmp(key, all[i]))
			return true;
	}
	return false;
}

static int put_fields(struct writer *w)
{
	row_each (f, &table_nsjail_config) {
		const struct option_row *o = option_of(f->key);
		bool limit = !strncmp(f->key, "rlimit_", 7);
		bool type = limit && !o;

		if (limit && !type && (field_present(f, w->doc) || field_present(f + 1, w->doc)))
			TRY(put_rlimit(w, f, o));
		if (limit || is_grammar(f->key) || !field_present(f, w->doc))
			continue;
		TRY(o ? put_simple(w, f, o) : lost(w, field_at(f, w->doc), f->key));
	}
	return 0;
}

int nsjail_argv(const struct nsjail_config *doc, const struct origin *origin, bool lossy,
	struct pool *pool, struct texts *ret, struct err *e)
{
	struct writer w = {doc, origin, lossy, pool, ret, e};

	*ret = (struct texts){0};
	TRY(put_service(&w));
	TRY(put_log(&w));
	TRY(put_fields(&w));
	TRY(put_maps(&w, (const struct list *)&doc->uidmap, "user", "uid_mapping"));
	TRY(put_maps(&w, (const struct list *)&doc->gidmap, "group", "gid_mapping"));
	for (size_t i = 0; i < doc->mount.n; i++)
		TRY(put_mount(&w, doc->mount.v[i]));
	if (!doc->mount_proc)
		TRY(put_option(&w, "disable_proc", NULL));
	TRY(put_net(&w));
	return put_program(&w);
}
