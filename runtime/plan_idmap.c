/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan_build.h"

/* Mounts through which files have other ids. */

/* A mount with the same ids as an earlier one takes that one's namespace. */
static int find_space(const struct builder *b, const char *uids, const char *gids)
{
	list_each (i, b->id_spaces) {
		const struct step_id_space *s = b->plan->v[b->id_spaces.v[i]].args;

		if (!strcmp(s->uids, uids) && !strcmp(s->gids, gids))
			return s->slot;
	}
	return -1;
}

/* The jail's own user namespace does not exist before the jail: another one with the same maps does. */
static int add_space(
	struct builder *b, const struct id_map *uids, const struct id_map *gids, const void *at)
{
	const char *u = plan_map_text(b, uids), *g = plan_map_text(b, gids);
	int slot = find_space(b, u, g);
	struct step_id_space *s;

	if (slot >= 0)
		return slot;
	s = plan_add(b, SIDE_PARENT, STEP_ID_SPACE, at);
	s->uids = u;
	s->gids = g;
	OPT_SET(s, slot, plan_slot(b));
	plan_add_i32(b, &b->id_spaces, (int32_t)b->plan->n - 1);
	return s->slot;
}

int plan_id_space(struct builder *b, const struct jail_mount *m)
{
	const struct jail *jail = b->jail;

	if (!b->host->mount_setattr) {
		PLAN_FAIL(b, m->ids.at, ENOSYS, "a mount with mapped ids needs mount_setattr(2)");
		return err_fix(b->e, "use a kernel of 5.12 or newer");
	}
	if (!b->host->privileged) {
		PLAN_FAIL(b, m->ids.at, EPERM, "only root may map the ids of a mount");
		return err_fix(b->e, "run as root, or leave idmap and the mount's mappings out");
	}
	if (m->ids.how == IDMAP_OWN)
		return add_space(b, &m->ids.uids, &m->ids.gids, m->ids.at);
	if (jail->ns[NS_USER].how == NS_JOIN)
		return b->ns_slots[NS_USER];
	return add_space(b, &jail->ids.uids, &jail->ids.gids, m->ids.at);
}
