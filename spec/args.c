/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/fmt.h"

struct parse {
	const struct option_rows *options;
	char **argv;
	int argc, at; /* the argument at hand */
	bool getopt;
	args_set *set;
	void *to;
};

static const struct option_row *find_long(const struct option_rows *o, const char *name, size_t len)
{
	for (size_t i = 0; i < o->n; i++) {
		if (strlen(o->v[i].name) == len && !memcmp(o->v[i].name, name, len))
			return &o->v[i];
	}
	return NULL;
}

/* The one that begins so; -EINVAL when there are several that do not mean the same. */
static int find_prefix(const struct option_rows *o, const char *name, size_t len,
	const struct option_row **ret, struct err *e)
{
	*ret = NULL;
	for (size_t i = 0; i < o->n && len; i++) {
		const struct option_row *row = &o->v[i];

		if (row->hidden || strncmp(row->name, name, len))
			continue;
		if (*ret)
			return err_set(e, EINVAL, "option '--%.*s' may be --%s or --%s", (int)len,
				name, (*ret)->name, row->name);
		*ret = row;
	}
	return 0;
}

static const struct option_row *find_letter(const struct option_rows *o, char letter)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->v[i].letter && o->v[i].letter == letter)
			return &o->v[i];
	}
	return NULL;
}

static int unknown(const struct option_rows *o, const char *arg, struct err *e)
{
	const char *name = arg + strspn(arg, "-"), *best = NULL;
	unsigned most = 3;

	for (size_t i = 0; i < o->n; i++) {
		unsigned d = fmt_distance(name, o->v[i].name);

		if (d < most && !o->v[i].hidden) {
			most = d;
			best = o->v[i].name;
		}
	}
	err_set(e, EINVAL, "unknown option '%s'", arg);
	return best ? err_fix(e, "did you mean --%s?", best) : -EINVAL;
}

static int assign(
	const struct parse *p, const struct option_row *o, const char *value, struct err *e)
{
	if (o->value && !value)
		value = o->value;
	if (p->set(p->to, o->field, value ? value : "true", e) < 0)
		return err_add(e, "option --%s", o->name);
	return 0;
}

/* value: what stood behind '=' or the letter, or NULL. */
static int take(struct parse *p, const struct option_row *o, const char *value, struct err *e)
{
	if (o->arg && !value) {
		if (p->at + 1 >= p->argc)
			return err_set(e, EINVAL, "option --%s requires an argument", o->name);
		value = p->argv[++p->at];
	}
	return assign(p, o, value, e);
}

static int take_letters(struct parse *p, const char *letters, struct err *e)
{
	for (const char *c = letters; *c; c++) {
		const struct option_row *o = find_letter(p->options, *c);

		if (!o)
			return unknown(p->options, p->argv[p->at], e);
		if (o->arg)
			return take(p, o, c[1] ? c + 1 + (!p->getopt && c[1] == '=') : NULL, e);
		TRY(assign(p, o, NULL, e));
	}
	return 0;
}

static int take_getopt(struct parse *p, struct err *e)
{
	const char *arg = p->argv[p->at], *name = arg + 2;
	size_t len = strcspn(name, "=");
	const struct option_row *o;

	if (arg[1] != '-')
		return take_letters(p, arg + 1, e);
	o = find_long(p->options, name, len);
	if (!o)
		TRY(find_prefix(p->options, name, len, &o, e));
	if (!o)
		return unknown(p->options, arg, e);
	if (!o->arg && name[len])
		return err_set(e, EINVAL, "option --%s takes no argument", o->name);
	return take(p, o, name[len] ? name + len + 1 : NULL, e);
}

static int take_option(struct parse *p, struct err *e)
{
	const char *arg = p->argv[p->at];
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const struct option_row *o = find_long(p->options, name, len);

	/* A single letter is one, though an option were called so. */
	if (o && (arg[1] == '-' || len > 1))
		return take(p, o, name[len] ? name + len + 1 : NULL, e);
	if (arg[1] == '-')
		return unknown(p->options, arg, e);
	return take_letters(p, arg + 1, e);
}

/* "run ID -- COMMAND": right behind the first argument the dashes say what is clear already. */
static bool may_follow(enum args_order order, int n)
{
	return order == ARGS_FIRST && n == 1;
}

int args_parse(const struct option_rows *options, enum args_order order, int argc, char **argv,
	args_set *set, void *to, int *ret_dashes, struct err *e)
{
	bool getopt = order == ARGS_GETOPT || order == ARGS_GETOPT_FIRST;
	struct parse p = {options, argv, argc, 0, getopt, set, to};
	bool ended = false;
	int n = 0, dashes = -1;

	for (; p.at < argc; p.at++) {
		char *arg = argv[p.at];

		if (dashes < 0 && !strcmp(arg, "--") && (!ended || may_follow(order, n))) {
			ended = true;
			dashes = n;
		} else if (!ended && arg[0] == '-' && arg[1]) {
			TRY(getopt ? take_getopt(&p, e) : take_option(&p, e));
		} else {
			argv[n++] = arg;
			ended = ended || (order != ARGS_ANYWHERE && order != ARGS_GETOPT);
		}
	}
	*ret_dashes = dashes < 0 ? n : dashes;
	return n;
}
