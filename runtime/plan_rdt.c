/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan_build.h"

int plan_rdt(struct builder *b)
{
	const struct jail_rdt *from = &b->jail->rdt;
	const char *id = b->jail->notes.id;
	struct step_rdt *s;

	if (!from->set)
		return 0;
	if (!b->host->resctrl) {
		PLAN_FAIL(b, from->at, ENOTSUP, "no resctrl filesystem is mounted");
		return err_fix(b->e,
			"mount -t resctrl resctrl /sys/fs/resctrl, on a machine with RDT, or "
			"leave linux.intelRdt out");
	}
	s = plan_add(b, SIDE_PARENT, STEP_RDT, from->at);
	s->mount = b->host->resctrl;
	if (!from->group)
		OPT_SET(s, own, true);
	if (from->group && !strcmp(from->group, "/"))
		s->group = "";
	else
		s->group = plan_printf(b, "/%s", from->group ? from->group : id);
	s->schemata = from->schemata;
	plan_add_text(b, &b->rdt, plan_printf(b, "%s%s", s->mount, s->group));
	if (!from->monitor)
		return 0;
	s->monitor = id;
	plan_add_text(b, &b->rdt, plan_printf(b, "%s%s/mon_groups/%s", s->mount, s->group, id));
	return 0;
}

void plan_rdt_enter(struct builder *b, const struct texts *groups, bool optional)
{
	struct step_rdt_enter *s;

	if (!groups->n)
		return;
	s = plan_add(b, SIDE_PARENT, STEP_RDT_ENTER, b->jail->rdt.at);
	OPT_SET(s, who, SIDE_INIT);
	s->groups = *groups;
	if (optional)
		OPT_SET(s, optional, true);
}
