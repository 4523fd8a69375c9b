/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_HOST_H
#define JAILRT_HOST_H
/*
 * host: what planning may know of the machine.
 *
 * Facts, probed once; a plan depends on its jail and on these and on nothing else. table_host reads and
 * writes them as JSON, so that a plan can be made for another machine (jailrt plan --host).
 */
#include "../spec/field.h"

/* One cgroup hierarchy: a v1 one with its controllers, or the v2 one. */
struct host_hierarchy {
	const char *mount; /* where it is mounted */
	struct texts also; /* and where else, or parts of it */
	const char *own; /* the caller's cgroup, below mount */
	struct texts controllers; /* of v1: "cpu", "name=systemd"; of v2: those the root offers */
	OPT(bool, v2);
	OPT(bool, writable); /* the caller may make cgroups below its own */
};

struct host {
	OPT(uint32_t, kernel); /* major * 1000 + minor: 6018 */
	OPT(uint32_t, uid); /* effective */
	OPT(bool, privileged); /* CAP_SYS_ADMIN over the namespaces it lives in */
	OPT(bool, in_userns); /* not the first user namespace */
	OPT(bool,
		initramfs); /* the root is the kernel's first filesystem: pivot_root cannot leave it */
	OPT(bool, clone3);
	OPT(bool, mount_setattr);
	OPT(bool, apparmor); /* is enabled */
	OPT(bool, selinux); /* likewise, with a policy */
	OPT(uint32_t, last_cap);
	LIST_OF(struct host_hierarchy) hierarchies;
	const char *resctrl; /* where it is mounted; NULL: it is not */
	/* of the systemd that makes cgroups, when one is to */
	OPT(uint32_t, systemd); /* its version; 0: none was asked */
	OPT(bool, systemd_user); /* it is the user's own */
	const char *systemd_root; /* its cgroup; "" is that of the whole machine's */
};

extern const struct table table_host;

int host_probe(struct host *host, struct pool *pool, struct err *e);

/* The hierarchy that has a controller; NULL: none has. */
const struct host_hierarchy *host_controller(const struct host *host, const char *controller);

/* "v1", "v2", "hybrid" or "none". */
const char *host_layout(const struct host *host);

#endif
