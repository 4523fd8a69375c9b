/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/log.h"
#include "base/path.h"
#include "do/systemd.h"
#include "life.h"

/* Which systemd makes the cgroups of a container, and the connection to it. */

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/*
 * A user has a systemd of its own. Root of a user namespace is such a user where a rootless engine runs us
 * there, and says where the session is; in a container with a systemd it is the machine's root.
 */
static bool is_user(void)
{
	return geteuid() || (life_is_rootless() && (is_set("XDG_RUNTIME_DIR") ||
							   is_set("DBUS_SESSION_BUS_ADDRESS")));
}

int life_systemd(struct life *l, struct err *e)
{
	struct host *host = &l->host;

	if (!l->systemd)
		TRY(systemd_open(is_user(), &l->systemd, e));
	if (host->systemd)
		return 0;
	OPT_SET(host, systemd_user, is_user());
	TRY(systemd_probe(l->systemd, &l->pool, &host->systemd, &host->systemd_root, e));
	host->has_systemd = true;
	return 0;
}

/* cgroups(7): who moves a process must be allowed to write to where both cgroups meet. */
static bool may_move(const struct host *host, const char *to)
{
	list_each (i, host->hierarchies) {
		const struct host_hierarchy *h = host->hierarchies.v[i];
		char from[PATH_MAX], path[PATH_MAX];
		size_t n = 0, common = strlen(h->mount);

		if (!h->v2 || !path_beneath(h->mount, to))
			continue;
		fmt_put(from, sizeof(from), "%s%s", h->mount, h->own);
		for (; from[n] && from[n] == to[n]; n++)
			common = to[n] == '/' && n > common ? n : common;
		if ((!from[n] || from[n] == '/') && (!to[n] || to[n] == '/'))
			common = n;
		fmt_put(path, sizeof(path), "%.*s/cgroup.procs", (int)common, to);
		return !access(path, W_OK);
	}
	return true;
}

int life_join_unit(
	struct life *l, const struct jail_paths *cgroups, const char **ret, struct err *e)
{
	const char *unit = l->state->unit;

	for (size_t i = 0; unit && i < cgroups->n; i++) {
		if (!may_move(&l->host, cgroups->v[i])) {
			*ret = unit;
			return life_systemd(l, e);
		}
	}
	return 0;
}

void life_stop_unit(struct life *l)
{
	const char *unit = l->state->unit;
	struct err e;

	if (!unit)
		return;
	/* A container can be deleted without it: systemd forgets a scope that is empty. */
	if ((!l->systemd && systemd_open(is_user(), &l->systemd, &e) < 0) ||
		systemd_stop(l->systemd, unit, &e) < 0)
		log_warning("%s", e.text);
}
