/* SPDX-License-Identifier: Apache-2.0 */
#include "hook.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../runtime/base/str.h"
#include "../spec/bind.h"
#include "../spec/doc.h"
#include "../spec/json.h"
#include "../spec/set.h"

enum { STATE_MOST = 4 << 20 };

#define ANNOTATIONS "org.jailrt-hooks."

static const struct field hook_state_rows[] = {
	FIELD_TEXT(hook_state, ociVersion, "version of the specification"),
	FIELD_TEXT(hook_state, id, "name of the container", .flags = FIELD_REQUIRED),
	FIELD_TEXT(hook_state, status, "creating, created, running or stopped",
		.flags = FIELD_REQUIRED),
	FIELD_I64(hook_state, pid, "its first process"),
	FIELD_TEXT(hook_state, bundle, "its bundle", .flags = FIELD_REQUIRED),
	FIELD_MAP(hook_state, annotations, "its annotations"),
};
static OPEN_TABLE(hook_state);

static const struct word hook_stage_words_rows[] = {
	{"prestart", HOOK_PRESTART},
	{"createRuntime", HOOK_CREATE_RUNTIME},
	{"createContainer", HOOK_CREATE_CONTAINER},
	{"startContainer", HOOK_START_CONTAINER},
	{"poststart", HOOK_POSTSTART},
	{"poststop", HOOK_POSTSTOP},
};
WORDS(hook_stage_words);

/* A call of the hook. */
struct call {
	const struct hook *h;
	void *settings;
	struct pool pool;
	const char *given[32]; /* a row of the table each: what has set it */
	const char *allowed; /* --annotations */
	bool help, man;
};

bool hook_stopped(const struct hook_state *state)
{
	return !strcmp(state->status, "stopped");
}

/* --- settings ----------------------------------------------------------------------------------- */

/* "host_name" to "host-name", or to "HOST_NAME". */
static const char *spell(struct call *c, const char *prefix, const char *key, bool loud)
{
	char *text = pool_printf(&c->pool, "%s%s", prefix, key);

	for (char *p = text ? text + strlen(prefix) : NULL; p && *p; p++)
		*p = loud ? (char)toupper(*p) : *p == '_' ? '-' : *p;
	return text;
}

static int set_each(struct call *c, const struct field *f, const char *value, struct err *e)
{
	char *list = pool_text(&c->pool, value), *rest = list;

	if (!list)
		return err_memory(e);
	if (f->kind != FIELD_KIND_TEXTS)
		return field_set(f, c->settings, value, &c->pool, e);
	while (rest) {
		const char *one = strsep(&rest, ",");

		TRY(field_set(f, c->settings, one, &c->pool, e));
	}
	return 0;
}

/* way: "--mtu", "JAILRT_NET_MTU" or "an annotation". */
static int set(
	struct call *c, const struct field *f, const char *way, const char *value, struct err *e)
{
	const char **given = &c->given[f - c->h->settings->rows];

	if (!way)
		return err_memory(e);
	if (*given && (f->kind != FIELD_KIND_TEXTS || strcmp(*given, way)))
		return err_set(e, EINVAL, "given already by %s", *given);
	*given = way;
	return set_each(c, f, value, e);
}

static int set_option(void *to, const char *field, const char *value, struct err *e)
{
	struct call *c = to;
	const struct field *f = field_find(c->h->settings, field);

	if (f)
		return set(c, f, spell(c, "--", f->key, false), value, e);
	if (!strcmp(field, "help"))
		c->help = true;
	else if (!strcmp(field, "man"))
		c->help = c->man = true;
	else
		c->allowed = value;
	return 0;
}

static int set_environment(struct call *c, struct err *e)
{
	const char *prefix = spell(c, "JAILRT_", c->h->name, true);

	prefix = prefix ? pool_printf(&c->pool, "%s_", prefix) : NULL;
	if (!prefix)
		return err_memory(e);
	row_each (f, c->h->settings) {
		const char *name = spell(c, prefix, f->key, true);
		const char *value = name ? getenv(name) : NULL;

		if (value && set(c, f, name, value, e) < 0)
			return err_add(e, "%s", name);
	}
	return 0;
}

static bool allows(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list && *list) {
		size_t n = strcspn(list, ",");

		if (n == len && !memcmp(list, name, n))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static int set_annotation(struct call *c, const struct pair *a, const char *key, struct err *e)
{
	row_each (f, c->h->settings) {
		const char *name = spell(c, "", f->key, false);

		if (!name)
			return err_memory(e);
		if (strcmp(name, key))
			continue;
		if (allows(c->allowed, name))
			return set(c, f, "an annotation", a->value, e);
		err_set(e, EPERM, "not allowed");
		return err_fix(
			e, "the hook's argument '--annotations %s' lets containers say so", name);
	}
	return err_set(e, EINVAL, "there is no setting '%s'", key);
}

static int set_annotations(struct call *c, const struct hook_state *state, struct err *e)
{
	const char *prefix = pool_printf(&c->pool, ANNOTATIONS "%s.", c->h->name);

	if (!prefix)
		return err_memory(e);
	for (size_t i = 0; i < state->annotations.n; i++) {
		const struct pair *a = &state->annotations.v[i];

		if (!strncmp(a->key, prefix, strlen(prefix)) &&
			set_annotation(c, a, a->key + strlen(prefix), e) < 0)
			return err_add(e, "the annotation %s", a->key);
	}
	return field_defaults(c->h->settings, c->settings, &c->pool, e);
}

int hook_open_log(const char *file, struct err *e)
{
	own_fd int fd = -1;
	struct stat st;

	if (*file != '/')
		return err_set(e, EINVAL, "'%s' is no absolute path", file);
	fd = fd_open(AT_FDCWD, file,
		O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600, e);
	TRY(fd);
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "look at '%s'", file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "'%s' is no regular file", file);
	return take_fd(&fd);
}

/* --- the call ------------------------------------------------------------------------------------ */

static void put_ways(const struct call *c, struct str *out)
{
	str_add(out, "also as JAILRT_");
	for (const char *p = c->h->name; *p; p++)
		str_addc(out, (char)toupper(*p));
	str_addf(out,
		"_NAME in the environment and as annotations " ANNOTATIONS "%s.name:", c->h->name);
}

static void put_help(const struct call *c, struct str *out)
{
	str_addf(out, "usage: jailrt-hook-%s [OPTIONS] < state.json\n\n%s\n\n%s\n\noptions, ",
		c->h->name, c->h->summary, c->h->text);
	put_ways(c, out);
	str_addc(out, '\n');
	doc_options(c->h->options, out);
}

static void put_man_page(const struct call *c, struct str *out)
{
	str_addf(out, ".TH JAILRT-HOOK-%s 8 \"\" \"jailrt %s\" \"jailrt manual\"\n", c->h->name,
		JAILRT_VERSION);
	str_addf(out, ".SH NAME\njailrt\\-hook\\-%s \\- ", c->h->name);
	doc_man_text(c->h->summary, out);
	str_addf(out, "\n.SH SYNOPSIS\n\\fBjailrt\\-hook\\-%s\\fR [OPTIONS] < state.json\n",
		c->h->name);
	str_add(out, ".SH DESCRIPTION\n");
	doc_man_text(c->h->text, out);
	str_add(out, "\n.PP\nThe options are ");
	put_ways(c, out);
	str_add(out, "\n.SH OPTIONS\n");
	doc_options_man(c->h->options, out);
	str_add(out, ".SH EXIT STATUS\n0, or 1 and one line on standard error.\n"
		     ".SH SEE ALSO\n.BR jailrt (8)\n");
}

static int print_help(const struct call *c)
{
	own_str struct str out = {0};

	if (c->man)
		put_man_page(c, &out);
	else
		put_help(c, &out);
	return fputs(str_text(&out), stdout) < 0 || fflush(stdout) ? 1 : 0;
}

static int read_state(struct call *c, struct hook_state *ret, struct err *e)
{
	struct origin origin = {.file = "state"};
	struct bytes text;
	struct bind b;

	TRY(fd_read_all(0, STATE_MOST, &c->pool, &text, e));
	if (c->h->text_of_state)
		*c->h->text_of_state = text;
	bind_init(&b, &table_hook_state, ret, &origin, &c->pool, BIND_OCI);
	if (json_read(text.data, text.len, "state", &b.sink, e) < 0) {
		err_add(e, "the container's state on stdin");
		return err_fix(e, "an OCI runtime starts this program, as a hook of a container");
	}
	if (!*ret->id || !*ret->bundle)
		return err_set(e, EINVAL, "the container's state has an empty id or bundle");
	return 0;
}

static int serve(struct call *c, int argc, char **argv, struct hook_state *state, struct err *e)
{
	int dashes, n, r;

	/* What is wrong with the arguments must not hide whose hook this is. */
	n = args_parse(c->h->options, ARGS_ANYWHERE, argc - 1, argv + 1, set_option, c, &dashes, e);
	if (c->help && n >= 0)
		return 0;
	if (n > 0)
		n = err_set(e, EINVAL, "unexpected argument '%s'", argv[1]);
	r = read_state(c, state, n < 0 ? NULL : e);
	if (r < 0)
		return n < 0 ? n : r;
	if (n >= 0 && set_environment(c, e) >= 0 && set_annotations(c, state, e) >= 0)
		return c->h->run(state, c->settings, &c->pool, e);
	if (c->h->clean && hook_stopped(state))
		(void)c->h->clean(state, &c->pool, NULL); /* the first failure is told */
	return -e->code;
}

int hook_main(const struct hook *h, void *settings, int argc, char **argv)
{
	struct call c = {.h = h, .settings = settings};
	struct hook_state state = {0};
	struct err err = {0};
	int r = serve(&c, argc, argv, &state, &err);

	if (r >= 0 && c.help)
		r = print_help(&c);
	else if (r < 0)
		fprintf(stderr, "jailrt-hook-%s: %s%s%s%s%s\n", h->name, state.id ? state.id : "",
			state.id ? ": " : "", err.text, *err.fix ? ". Fix: " : "", err.fix);
	pool_done(&c.pool);
	return r != 0;
}
