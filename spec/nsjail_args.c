/* SPDX-License-Identifier: Apache-2.0 */
#include "nsjail_args.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"
#include "set.h"

/* --- numbers ------------------------------------------------------------------------------------- */

/* C's bases, as nsjail takes them: 0x1f, 017, 15; all of the text, or it is left to be complained of. */
static const char *decimal(const char *text, char buf[static 32])
{
	bool minus = *text == '-';
	const char *s = text + minus;
	unsigned base = 8;
	uint64_t v = 0;

	if (s[0] != '0' || !s[1])
		return text;
	if (s[1] == 'x' || s[1] == 'X') {
		base = 16;
		s += 2;
	}
	if (!*s)
		return text;
	for (; *s; s++) {
		unsigned digit = *s >= 'a' && *s <= 'f'	  ? (unsigned)(*s - 'a' + 10)
				 : *s >= 'A' && *s <= 'F' ? (unsigned)(*s - 'A' + 10)
				 : *s >= '0' && *s <= '9' ? (unsigned)(*s - '0')
							  : base;

		if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
			__builtin_add_overflow(v, (uint64_t)digit, &v))
			return text;
	}
	fmt_put(buf, 32, "%s%llu", minus ? "-" : "", (unsigned long long)v);
	return buf;
}

int nsjail_arg_set(struct nsjail_args *a, const char *field, const char *value, struct err *e)
{
	const struct field *f = field_find(&table_nsjail_config, field);
	char buf[32];

	if (!f)
		return err_set(e, ENOSYS, "'%s' is no field", field);
	switch (f->kind) {
	case FIELD_KIND_I32:
	case FIELD_KIND_U32:
	case FIELD_KIND_I64:
	case FIELD_KIND_U64:
	case FIELD_KIND_I32S:
		value = decimal(value, buf);
		break;
	default:
		break;
	}
	return field_set(f, a->doc, value, a->pool, e);
}

/* "soft", "hard", "inf", or a number, which is what the limit then comes from. */
static int set_rlimit(struct nsjail_args *a, const char *field, const char *value, struct err *e)
{
	static const struct {
		const char *word, *type;
	} words[] = {{"def", "SOFT"}, {"soft", "SOFT"}, {"max", "HARD"}, {"hard", "HARD"},
		{"inf", "INF"}};
	char type[40];

	fmt_put(type, sizeof(type), "%s_type", field);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!strcasecmp(value, words[i].word))
			return nsjail_arg_set(a, type, words[i].type, e);
	}
	TRY(nsjail_arg_set(a, field, value, e));
	return nsjail_arg_set(a, type, "VALUE", e);
}

/* --- an option ----------------------------------------------------------------------------------- */

/* These survive a -C: they grow. */
static bool survives(const char *field)
{
	return !strcmp(field, "pass_fd");
}

int nsjail_arg_note(struct nsjail_args *a, const char *what, struct err *e)
{
	const char **v;

	for (size_t i = 0; i < a->before.n; i++) {
		if (!strcmp(a->before.v[i], what))
			return 0;
	}
	v = pool_grow(a->pool, a->before.v, a->before.n, sizeof(*v));
	if (!v)
		return err_memory(e);
	a->before.v = v;
	a->before.v[a->before.n++] = what;
	return 0;
}

static int take_value(struct nsjail_args *a, const char *field, const char *value, struct err *e);

/* The option that sets this now, or NULL. */
static const char *option_of(const char *field)
{
	for (size_t i = 0; i < nsjail_options.n; i++) {
		if (!nsjail_options.v[i].hidden && !strcmp(nsjail_options.v[i].field, field))
			return nsjail_options.v[i].name;
	}
	return NULL;
}

/* "iface:macvlan_iface": an option that is called otherwise now, or does nothing any more. */
static int take_old(struct nsjail_args *a, const char *names, const char *value, struct err *e)
{
	const char *colon = strchr(names, ':'), *now = option_of(colon + 1);

	if (!colon[1]) {
		log_warning("option --%.*s has no effect any more", (int)(colon - names), names);
		return 0;
	}
	log_warning("option --%.*s is deprecated%s%s", (int)(colon - names), names,
		now ? ": use --" : "", now ? now : "");
	return take_value(a, colon + 1, value, e);
}

static int take_value(struct nsjail_args *a, const char *field, const char *value, struct err *e)
{
	nsjail_grammar *grammar;

	if (!strncmp(field, "@old:", 5))
		return take_old(a, field + 5, value, e);
	if (!strncmp(field, "@gone:", 6)) {
		err_set(e, EINVAL, "there is no such option");
		return err_fix(e, "%s", field + 6);
	}
	if (*field == '@') {
		grammar = nsjail_grammar_find(field + 1);
		return grammar ? grammar(a, value, e)
			       : err_set(e, ENOSYS, "'%s' has no grammar", field);
	}
	if (!survives(field))
		TRY(nsjail_arg_note(a, field, e));
	return strncmp(field, "rlimit_", 7) ? nsjail_arg_set(a, field, value, e)
					    : set_rlimit(a, field, value, e);
}

static int take(void *to, const char *field, const char *value, struct err *e)
{
	struct nsjail_args *a = to;
	int r = take_value(a, field, value, e);

	a->bad_value = r < 0;
	return r;
}

/* --- the whole ------------------------------------------------------------------------------------ */

/* A word behind the options replaces the config's program, unless -x named one. */
static int apply_command(struct nsjail_args *a, struct err *e)
{
	struct nsjail_exe *x = a->doc->exec_bin;

	if (!a->command.n && x && x->path && *x->path)
		return 0;
	if (!a->command.n)
		return err_set(e, ENOENT, "the command is missing");
	if (!x)
		x = a->doc->exec_bin = POOL_NEW(a->pool, struct nsjail_exe);
	if (!x)
		return err_memory(e);
	if (!a->program || !x->path)
		x->path = a->command.v[0];
	x->arg0 = strcmp(x->path, a->command.v[0]) ? a->command.v[0] : NULL;
	x->arg = (struct texts){a->command.v + 1, a->command.n - 1};
	return 0;
}

static int prepend_mount(struct nsjail_args *a, struct nsjail_mount *m, struct err *e)
{
	struct nsjail_config *d = a->doc;
	struct nsjail_mount **v = pool_array(a->pool, d->mount.n + 1, sizeof(*v));

	if (!v)
		return err_memory(e);
	v[0] = m;
	for (size_t i = 0; i < d->mount.n; i++)
		v[i + 1] = d->mount.v[i];
	d->mount.v = v;
	d->mount.n++;
	return 0;
}

static bool mounts_root(const struct nsjail_config *d)
{
	list_each (i, d->mount) {
		const char *dst = d->mount.v[i]->dst;

		if (dst && *dst && !dst[strspn(dst, "/")] && !d->mount.v[i]->prefix_dst_env)
			return true;
	}
	return false;
}

/* --chroot is a bind on "/", the first mount of all; without it --rw makes the empty root writable. */
static int apply_root(struct nsjail_args *a, struct err *e)
{
	struct nsjail_mount *m;

	if (!a->chroot && (!a->rw || mounts_root(a->doc)))
		return 0;
	m = POOL_NEW(a->pool, struct nsjail_mount);
	if (!m)
		return err_memory(e);
	m->dst = "/";
	if (a->chroot) {
		m->src = a->chroot;
		OPT_SET(m, is_bind, true);
	} else {
		m->fstype = "tmpfs";
		m->options = "size=16777216";
	}
	if (a->rw)
		OPT_SET(m, rw, true);
	return prepend_mount(a, m, e);
}

/* The last mount of all. A default that nobody asked for gives way where there are no mounts. */
static int apply_proc(struct nsjail_args *a, struct err *e)
{
	struct nsjail_config *d = a->doc;
	bool no_mounts = d->has_clone_newns && !d->clone_newns;
	struct nsjail_mount *m;

	OPT_SET(d, mount_proc, false);
	if (!a->proc || (no_mounts && !a->proc_asked))
		return 0;
	m = nsjail_arg_mount(a, NULL, a->proc, e);
	if (!m)
		return -ENOMEM;
	m->fstype = "proc";
	OPT_SET(m, is_dir, true);
	OPT_SET(m, nosuid, true);
	OPT_SET(m, nodev, true);
	OPT_SET(m, noexec, true);
	if (a->proc_rw)
		OPT_SET(m, rw, true);
	return 0;
}

int nsjail_args_read(int argc, char **argv, const struct caller *caller, struct pool *pool,
	struct nsjail_args *ret, struct err *e)
{
	bool posix = caller_env(caller, "POSIXLY_CORRECT") != NULL;
	int dashes, n;

	*ret = (struct nsjail_args){
		.caller = caller,
		.pool = pool,
		.doc = POOL_NEW(pool, struct nsjail_config),
		.proc = "/proc",
		.tmpfs_size = "4194304",
	};
	if (!ret->doc)
		return err_memory(e);
	n = args_parse(&nsjail_options, posix ? ARGS_GETOPT_FIRST : ARGS_GETOPT, argc, argv, take,
		ret, &dashes, e);
	TRY(n);
	if (ret->help)
		return 0;
	ret->command = (struct texts){(const char **)argv, (size_t)n};
	TRY(apply_command(ret, e));
	TRY(apply_root(ret, e));
	return apply_proc(ret, e);
}
