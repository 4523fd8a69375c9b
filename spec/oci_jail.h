/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_OCI_JAIL_H
#define JAILRT_OCI_JAIL_H
/*
 * oci_jail: what a config.json means.
 *
 * Turns the mirror of an OCI document into a jail, a screen a topic (oci_mount.c, oci_process.c,
 * oci_limits.c, oci_sched.c, oci_seccomp.c beside oci_jail.c). Pure: what depends on who loads comes from the caller struct, and
 * nothing of the machine is touched. Complaints name the place in the document.
 */
#include "caller.h"
#include "jail.h"
#include "nsjail_jail.h"
#include "oci.h"

/*
 * bundle: the absolute directory that relative paths start from. filter: as in nsjail_jail. The jail refers to
 * the document, whose "jail" object is given its defaults on the way; it is not to be written out afterwards.
 */
int oci_jail(const struct oci_config *doc, const struct origin *origin, const struct caller *caller,
	const char *bundle, const struct bytes *filter, struct pool *pool, struct jail *jail,
	struct err *e);

/* Fills jail->process anew from a process object: process.json of exec. */
int oci_jail_process(const struct oci_process *doc, const struct origin *origin, struct pool *pool,
	struct jail_process *process, struct err *e);

/*
 * Mounts alone, in place of the jail's: what is to be added to a container of that config (NULL: it has
 * none), or removed from it.
 */
int oci_jail_mounts(const struct oci_config *config, const struct oci_mounts *mounts,
	const struct origin *origin, const struct caller *caller, const char *bundle,
	struct pool *pool, struct jail *jail, struct err *e);

/*
 * Limits alone: resources.json of update. Fills the group's limits that are given, and its device rules
 * when there is one that allows something.
 */
int oci_jail_resources(const struct oci_resources *doc, const struct origin *origin,
	struct pool *pool, struct jail_cgroup *cgroup, struct err *e);

/* Fields that the "jail" object does not take, as the spec has a place for them. */
struct oci_said {
	const char *key, *instead;
};
extern const struct oci_said oci_said[];
extern const size_t oci_said_n;

/* --- for the files of this room only ---------------------------------------------------------- */

struct oci_load {
	const struct oci_config *doc;
	const struct oci_linux *os; /* doc's, or an empty one */
	const struct origin *origin;
	const struct caller *caller;
	const char *bundle;
	const struct bytes *filter;
	struct pool *pool;
	struct jail *jail;
	struct err *e;
	struct nsjail_load more; /* of the "jail" object; its doc is NULL when there is none */
	bool more_ids; /* it says who the process is */
	bool bare; /* nothing that was not asked for */
};

/* What a resources object needs to be turned into a jail's limits. */
struct limits_load {
	const struct oci_resources *doc;
	const struct origin *origin;
	struct pool *pool;
	struct jail_cgroup *cgroup;
	bool update; /* of a cgroup that has limits already */
	struct err *e;
};

/* Block devices, huge pages, marks on packets, RDMA. */
int oci_load_io(const struct limits_load *l);
/* The annotation of that name, or NULL. */
const struct pair *oci_annotation(const struct oci_load *l, const char *key);

int oci_load_mounts(struct oci_load *l);
/* The ids of a mount, from uidMappings and gidMappings (oci_idmap.c). */
int oci_load_mount_ids(struct oci_load *l, const struct oci_mount *o, struct jail_mount *m);
/* Or from the option "idmap" or "ridmap", with crun's "=uids=…;gids=…" behind it. */
int oci_load_idmap_option(struct oci_load *l, struct jail_mount *m, const char *option);
/* The "jail" object (oci_more.c): checked, once the namespaces are known; then a topic each. */
int oci_more_begin(struct oci_load *l);
int oci_more_root(struct oci_load *l); /* of a config without a root */
int oci_more_mounts(struct oci_load *l); /* of one that has a root */
int oci_load_more(struct oci_load *l);
/* A list of struct oci_id_mapping. */
int oci_load_map(struct oci_load *l, const struct list *list, struct id_map *map);
int oci_load_devices(struct oci_load *l);
int oci_load_limits(struct oci_load *l);
int oci_load_process(struct oci_load *l);
int oci_load_seccomp(struct oci_load *l);
int oci_load_rdt(struct oci_load *l);
int oci_load_net(struct oci_load *l);
int oci_load_memory_policy(struct oci_load *l);
/* That a text is a list of numbers, when it is there and not empty; what: "CPUs". */
int oci_load_list(
	const char *const *list, const char *what, const struct origin *origin, struct err *e);
int oci_load_scheduling(const struct oci_process *doc, const struct origin *origin,
	struct jail_process *process, struct err *e);

/* origin_fail with EINVAL at an address of the document. */
#define OCI_FAIL(l, address, ...) origin_fail((l)->origin, (address), (l)->e, EINVAL, __VA_ARGS__)

#endif
