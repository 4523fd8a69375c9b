/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_UNIT_H
#define JAILRT_UNIT_H
/*
 * unit: what a container is for systemd: the name of its unit, where that has its cgroup, and the
 * properties that annotations may set. Pure.
 */
#include <stdbool.h>

#include "base/err.h"
#include "base/pool.h"

struct unit {
	const char *name; /* "jailrt-web.scope" */
	const char *slice; /* that it is in: "system.slice" */
	const char
		*path; /* its cgroup, below that of its systemd: "/system.slice/jailrt-web.scope" */
	bool is_slice; /* it has no processes of its own for systemd */
};

/*
 * From a cgroupsPath "slice:prefix:name": PREFIX-NAME.scope, or NAME.scope with an empty prefix; a name
 * that ends in .slice is the unit's own. NULL is "SLICE:jailrt:ID". Without a slice it is system.slice,
 * or user.slice of a user's own systemd.
 */
int unit_make(const char *cgroups_path, const char *id, bool user, struct pool *pool,
	struct unit *ret, struct err *e);

/* "org.systemd.property.": what stands in front of a property's name in an annotation. */
extern const char unit_annotation[];

/*
 * A property from an annotation: its name, without the prefix, and its value in GVariant's text form. *ret
 * becomes "NAME=TYPE:VALUE", TYPE being the D-Bus signature. Annotations are less trusted than the rest:
 * only properties that neither run anything nor loosen a limit are taken. -EPERM: not one of them.
 */
int unit_property(
	const char *name, const char *value, struct pool *pool, const char **ret, struct err *e);

/* The CPUs or nodes of "0-2,5", as the hexadecimal bytes of a mask, the lowest first ("27"); NULL: no list. */
const char *unit_mask(const char *list, struct pool *pool);

#endif
