/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOOR_H
#define FLOOR_H
/*
 * floor: what the kernel itself takes to make the jail of the bundle that `jailrt spec` writes.
 *
 * The calls that such a jail cannot do without, in an order that needs the fewest of them, and nothing
 * else: no config is read, no host is probed, no path is resolved with care, nothing is reported. It
 * is no runtime, only a lower bound to measure runtimes against; the first failure ends it.
 *
 * floor.c has the verbs, floor_cgroup.c the cgroups, floor_jail.c what happens in the child, floor_nsjail.c
 * the jails that nsjail's command lines ask for.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../runtime/base/sys.h"

enum { FLOOR_HIERARCHIES = 32 };

/* A cgroup hierarchy: where the caller is in it, and what is made of it. */
struct floor_hierarchy {
	const char *name; /* what it is called in the jail; "" is cgroup v2 */
	const char *dir; /* the caller's own directory */
	char path[512]; /* the jail's: below dir, or dir itself */
	int tasks;
};

struct floor_jail {
	bool net, v2;
	const char *cgroup; /* name of the cgroups to make; NULL: none */
	struct floor_hierarchy hierarchies[FLOOR_HIERARCHIES];
	size_t n;
	const char *rootfs;
	char **program; /* its arguments, up to NULL */
	int filter; /* a file with a program for seccomp, open; -1: none */
	unsigned binds; /* mounts of one directory on /m/NNNN */
	unsigned variables; /* of 1 KiB each, in the environment */
};

_Noreturn void floor_die(const char *what);

/* Makes the cgroups and opens what their members are written to. */
void floor_cgroups_make(struct floor_jail *j);
/* The same for cgroups that are there. */
void floor_cgroups_open(struct floor_jail *j);
void floor_cgroups_remove(const struct floor_jail *j);
/* In the child. */
void floor_cgroups_enter(const struct floor_jail *j);

unsigned long floor_namespaces(const struct floor_jail *j);
/* In the child: everything up to exec. */
void floor_jail_make(const struct floor_jail *j);
void floor_become(const struct floor_jail *j);

/* Pieces of it. */
struct floor_mount {
	const char *type, *target;
	unsigned attributes;
	const char *options[8]; /* key, value (NULL: a flag), …, NULL */
	bool make;
};
int floor_mount_new(const struct floor_mount *m);
int floor_mount_clone(int dir, const char *path, unsigned flags);
void floor_mount_attach(int mount, int root, const char *target);
void floor_mount_restrict(int mount, unsigned attributes, unsigned flags);
void floor_detach(void); /* mounts made from here on are ours alone */
void floor_enter(int root);
void floor_raise_loopback(void);

unsigned long floor_nsjail_namespaces(void);
void floor_host_make(const struct floor_jail *j);
void floor_nine_make(const struct floor_jail *j);

#endif
