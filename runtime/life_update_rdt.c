/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "do/rdt.h"
#include "life_update.h"

/* update --l3-cache-schema, --mem-bw-schema: the lines of the container's resctrl group. */

static int add_lines(
	struct str *to, const char *option, const char *text, bool bandwidth, struct err *e)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		if (n && !strncmp(text, "MB:", 3) != bandwidth)
			return err_set(e, EINVAL, "--%s: '%.*s' is no line of that kind", option,
				(int)n, text);
		if (n)
			str_addf(to, "%.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	return 0;
}

/* The monitoring group within it, which is listed too, has no lines. */
static const char *group_of(const struct state *s)
{
	list_each (i, s->resctrl) {
		if (!strstr(s->resctrl.v[i], "/mon_groups/"))
			return s->resctrl.v[i];
	}
	return NULL;
}

/* As runc does it, a container that has no group gets one with its name. */
static int make_group(struct life *l, struct rdt_change *c, struct err *e)
{
	struct state *s = l->state;
	struct i32s pids = {0};
	struct texts *group = &c->entered.groups;

	c->made = (struct step_rdt){.mount = l->host.resctrl,
		.group = pool_printf(&l->pool, "/%s", l->o.id),
		.own = true,
		.has_own = true,
		.schemata = c->lines};
	group->v = pool_array(&l->pool, 1, sizeof(*group->v));
	c->group = pool_printf(&l->pool, "%s/%s", l->host.resctrl, l->o.id);
	if (!c->made.group || !group->v || !c->group)
		return err_memory(e);
	group->v[group->n++] = c->group;
	TRY(rdt_make(&c->made, &c->what, e));
	TRY(life_processes(l, &pids, e));
	list_each (i, pids) {
		int r = rdt_enter(pids.v[i], &c->entered, e);

		/* One that has ended meanwhile needs no group. */
		if (r < 0 && r != -ESRCH)
			return r;
	}
	s->resctrl = s->resctrl_own = *group;
	return state_write(l->dir, s, e);
}

int rdt_change_begin(struct life *l, struct rdt_change *c, struct err *e)
{
	own_str struct str lines = {0};

	TRY(add_lines(&lines, "l3-cache-schema", l->o.l3_cache_schema, false, e));
	TRY(add_lines(&lines, "mem-bw-schema", l->o.mem_bw_schema, true, e));
	TRY(str_check(&lines, e));
	if (!lines.len)
		return 0;
	if (!l->host.resctrl) {
		err_set(e, ENOTSUP, "--%s: no resctrl filesystem is mounted",
			l->o.l3_cache_schema ? "l3-cache-schema" : "mem-bw-schema");
		return err_fix(
			e, "mount -t resctrl resctrl /sys/fs/resctrl, on a machine with RDT");
	}
	c->lines = pool_text(&l->pool, lines.data);
	return c->lines ? 0 : err_memory(e);
}

int rdt_change_do(struct life *l, struct rdt_change *c, struct err *e)
{
	if (!c->lines)
		return 0;
	c->group = group_of(l->state);
	if (!c->group)
		return make_group(l, c, e);
	TRY(rdt_change(l->host.resctrl, c->group, c->lines, c->old, sizeof(c->old), e));
	c->done = true;
	return 0;
}

void rdt_change_undo(struct life *l, struct rdt_change *c)
{
	struct err ignored; /* the failure that came first is the one to be told */

	if (c->done)
		(void)rdt_change(l->host.resctrl, c->group, c->old, NULL, 0, &ignored);
	if (!c->what)
		return;
	/* Whoever is in it goes back to the root group with it. */
	(void)rdt_unmake(&c->made, c->what, &ignored);
	l->state->resctrl = l->state->resctrl_own = (struct texts){0};
	(void)state_write(l->dir, l->state, &ignored);
}
