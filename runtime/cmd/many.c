/* SPDX-License-Identifier: Apache-2.0 */
#include <regex.h>
#include <string.h>

#include "cmd.h"

/* One command for many containers: their ids by a regular expression, as crun has it. */

struct match {
	regex_t regex;
	bool compiled;
	struct pool pool;
	struct texts ids;
};

static void match_done(struct match *m)
{
	if (m->compiled)
		regfree(&m->regex);
	pool_done(&m->pool);
}

static int add_match(const struct jailrt_entry *entry, void *arg)
{
	struct match *m = arg;
	const char **v;

	if (regexec(&m->regex, entry->id, 0, NULL, 0))
		return 0;
	v = pool_grow(&m->pool, m->ids.v, m->ids.n, sizeof(*v));
	if (!v)
		return -ENOMEM;
	m->ids.v = v;
	v[m->ids.n] = pool_text(&m->pool, entry->id);
	return v[m->ids.n++] ? 0 : -ENOMEM;
}

static int do_one(struct cmd_call *c, const char *id, int (*fn)(struct cmd_call *, struct jailrt *))
{
	struct jailrt *one = jailrt_new();
	const char *root = jailrt_get(c->jailrt, "root");
	int r = one ? jailrt_set(one, "id", id) : -ENOMEM;

	if (r >= 0 && root)
		r = jailrt_set(one, "root", root);
	if (r >= 0)
		r = fn(c, one);
	if (r < 0 && !c->err.code) {
		err_set(&c->err, -r, "'%s': %s", id, one ? jailrt_error(one) : "out of memory");
		err_fix(&c->err, "%s", one ? jailrt_fix(one) : "");
	}
	jailrt_free(one);
	return r;
}

int cmd_each_match(struct cmd_call *c, int (*fn)(struct cmd_call *c, struct jailrt *one))
{
	own(match_done) struct match m = {0};
	int bad = regcomp(&m.regex, c->argv[0], REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (bad) {
		regerror(bad, &m.regex, why, sizeof(why));
		return CMD_REFUSE(c, "'%s': %s", c->argv[0], why);
	}
	m.compiled = true;
	if (jailrt_list(c->jailrt, add_match, &m) < 0)
		return CMD_FAILED;
	list_each (i, m.ids)
		(void)do_one(c, m.ids.v[i], fn); /* the failure is in c->err */
	return c->err.code ? CMD_REFUSED : 0;
}
