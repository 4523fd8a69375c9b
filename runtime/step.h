/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_STEP_H
#define JAILRT_STEP_H
/*
 * step: the kinds of things that are done to make a jail, and their arguments.
 *
 * A plan is one ordered list of steps over three processes. Each kind is a row: its name, the sides
 * that may carry it out, and the table of its arguments, by which a plan is printed. Arguments are
 * plain data made before the child is born; the doers that use them are found in doers.h.
 *
 * A slot is a number that stands for an fd that exists only when the plan is carried out (a cgroup's
 * directory, a mount, a pty). A slot filled before a clone is inherited; one that is filled in a child
 * and used by the parent is sent over the socket.
 */
#include "../spec/field.h"

enum side { SIDE_PARENT, SIDE_MID, SIDE_INIT, SIDES };
extern const char *const side_names[SIDES];

enum step_kind {
	/* parent, before anything is born */
	STEP_OPEN_NS,
	STEP_OPEN_FILE,
	STEP_CGROUP,
	STEP_CGROUP_SET,
	STEP_CGROUP_DEVICES,
	STEP_ID_SPACE,
	STEP_RDT,
	STEP_TREE,
	STEP_FILESYSTEM,
	/* parent, when systemd makes the cgroups: for an init that is born */
	STEP_UNIT,
	STEP_UNIT_SET,
	STEP_UNIT_JOIN,
	STEP_CGROUP_MOVE,
	STEP_CGROUP_OWN,
	/* births and the ids of who is born */
	STEP_CLONE,
	STEP_NO_SETGROUPS,
	STEP_ID_MAP,
	/* namespaces */
	STEP_FORGET_SELF,
	STEP_JOIN,
	STEP_UNSHARE,
	STEP_CLOCK,
	STEP_AFFINITY,
	STEP_CGROUP_ENTER,
	STEP_SESSION,
	STEP_LABEL,
	STEP_KEYRING,
	STEP_BECOME,
	STEP_LOOPBACK,
	STEP_NET_DEVICE,
	STEP_MACVLAN,
	STEP_NET_ADDRESS,
	STEP_NET_FILTER,
	STEP_NET_RULE,
	STEP_USER_NET,
	STEP_RDT_ENTER,
	/* filesystem */
	STEP_PROPAGATION,
	STEP_ROOT,
	STEP_MOUNT,
	STEP_BIND,
	STEP_CGROUP_MOUNT,
	STEP_CONTENT,
	STEP_LINK,
	STEP_DEVICE,
	STEP_CONSOLE,
	STEP_MASK,
	STEP_READONLY,
	STEP_MAKE_DIR,
	STEP_ATTRIBUTES,
	STEP_PIVOT,
	STEP_CHROOT,
	STEP_UNMOUNT,
	/* names, parameters, limits */
	STEP_HOSTNAME,
	STEP_DOMAINNAME,
	STEP_SYSCTL,
	STEP_OOM_SCORE,
	STEP_NICE,
	STEP_SCHEDULER,
	STEP_IO_PRIORITY,
	STEP_CPUS,
	STEP_MEMORY_POLICY,
	STEP_PERSONALITY,
	STEP_CORE_SCHED,
	STEP_NO_TSC,
	STEP_RAISE_LIMITS,
	/* the process */
	STEP_STDIO,
	STEP_CWD,
	STEP_UMASK,
	STEP_OWN_STDIO,
	STEP_USER,
	STEP_CAPABILITIES,
	STEP_NO_NEW_PRIVS,
	STEP_FIND,
	/* the end of create, and what start does; end: there is no program */
	STEP_HOOK,
	STEP_CREATED,
	STEP_RELEASE,
	STEP_LEAVE,
	STEP_WAIT_START,
	STEP_WATCH,
	STEP_SECCOMP,
	STEP_LIMITS,
	STEP_EXEC,
	STEP_END,
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	enum side side;
	const void *at; /* address in the document this comes from, or NULL */
	const void *args; /* of the kind's struct */
};

struct step_kind_row {
	const char *name;
	unsigned sides; /* bits 1 << side */
	const struct table *table; /* of the arguments; NULL: none */
};

extern const struct step_kind_row step_kinds[STEP_KINDS];

/* Of the steps about networks (step_net.c), and what they share with the others. */
extern const struct table table_step_net_device, table_step_macvlan, table_step_net_address,
	table_step_net_filter, table_step_net_rule;
extern const struct words who_words;

/* --- arguments --------------------------------------------------------------------------------- */

struct step_open_ns {
	OPT(int32_t, slot);
	OPT(uint64_t, namespace); /* CLONE_NEW… */
	const char *path;
};

struct step_cgroup {
	OPT(int32_t, slot); /* the directory */
	OPT(int32_t, tasks); /* its file of members, open for writing; not for v2 with clone-into */
	const char *mount, *path;
	OPT(bool, v2);
	struct texts controllers; /* v2: those that must be there; v1: those of the hierarchy */
	OPT(bool, optional); /* go on without when it may not be made */
	OPT(bool, joined); /* systemd has made it, and init may be in it */
	OPT(bool, inner); /* what is above it is the jail's, too, and init is there still */
};

/* A unit of systemd. */
struct step_unit {
	const char *name;
	OPT(bool, has_init); /* init is in it, from when it is made */
	struct texts
		properties; /* "NAME=TYPE:VALUE", TYPE a D-Bus signature: y is a byte in two hex
				    digits, words of a list have blanks between them, and a
				    device is "c:1:3:rwm" */
};

struct step_unit_join {
	const char *name;
	const char *below; /* in its cgroup: "" or "/container" */
};

struct step_cgroup_own {
	OPT(int32_t, slot);
	OPT(uint32_t, uid);
};

struct step_cgroup_set {
	OPT(int32_t, slot);
	const char *file, *value;
	const char *or_file, *or_value; /* where there is no such file */
	const char *usage; /* a file: when it says more than value, the limit is refused */
	OPT(bool, if_there); /* no failure where there is no such file */
};

struct step_cgroup_devices {
	OPT(int32_t, slot);
	OPT(bool, v2);
	OPT(bool, optional);
	struct texts rules; /* "deny a *:* rwm" */
};

struct step_id_space {
	OPT(int32_t, slot); /* a user namespace nobody is in */
	const char *uids, *gids; /* lines of its maps */
};

struct step_rdt {
	const char *mount;
	const char *group; /* below it; "": the root group */
	OPT(bool, own); /* it is made, and nobody else's */
	const char *schemata; /* absent: the group is there already, or takes the defaults */
	const char *monitor; /* monitoring group that is made in it */
};

struct step_rdt_enter {
	OPT(int32_t, who);
	struct texts groups; /* directories */
	OPT(bool, optional); /* one that is gone is passed over */
};

struct step_tree {
	OPT(int32_t, slot);
	const char *path;
	OPT(bool, recursive);
	OPT(bool, link); /* a symlink at its end is not followed */
	OPT(int32_t, ids); /* slot of the user namespace whose ids its files have */
	OPT(bool, ids_deep); /* and those of what is mounted beneath */
	OPT(bool, optional);
};

struct step_clone {
	OPT(int32_t, who); /* enum side: mid or init */
	OPT(uint64_t, namespaces);
	OPT(int32_t, cgroup); /* slot to be born in (cgroup v2) */
	OPT(bool, itself); /* nobody is: the caller itself becomes it */
};

struct step_id_map {
	OPT(int32_t, who);
	const char *file; /* "uid_map" or "gid_map" */
	const char *map; /* its lines */
	OPT(bool, helper);
};

struct step_who {
	OPT(int32_t, who);
};

struct step_join {
	OPT(int32_t, slot);
	OPT(uint64_t, namespaces);
	OPT(bool, keep_groups); /* a user namespace: with the caller's supplementary groups */
	OPT(bool, retry); /* EPERM is no failure yet: it is joined again after the user namespace */
};

struct step_unshare {
	OPT(uint64_t, namespaces);
};

struct step_clock {
	const char *clock; /* "monotonic" or "boottime" */
	OPT(int64_t, seconds);
	OPT(uint32_t, nanoseconds);
};

/* Of init by itself, or by the parent (move). */
struct step_cgroup_enter {
	struct i32s slots; /* the tasks files */
};

struct step_ids {
	OPT(uint32_t, uid);
	OPT(uint32_t, gid);
	struct u32s groups;
	OPT(bool, keep_ids);
	OPT(bool, keep_groups);
};

struct step_propagation {
	OPT(uint64_t, how); /* MS_… | MS_REC */
	OPT(bool, recursive);
};

struct step_root {
	OPT(int32_t, slot);
	const char *path; /* absent: an empty tmpfs */
	const char *options; /* of the tmpfs */
	OPT(int32_t, tree); /* slot of a tree that the parent opened */
	OPT(bool, in_place); /* over path itself, whose mount is made private; otherwise over "/" */
	OPT(bool, by_path); /* over path itself, where hooks look for it */
};

struct step_mount {
	OPT(int32_t, slot);
	const char *target, *type, *source;
	struct texts options;
	OPT(uint64_t, attributes); /* MOUNT_ATTR_… */
	OPT(uint64_t, super); /* MS_… */
	OPT(uint64_t, propagation);
	OPT(bool, recursive); /* the propagation */
	const char *label; /* SELinux label of its top directory */
	OPT(int32_t, ids); /* as of a tree */
	OPT(int32_t, tree); /* slot of the filesystem that the parent made */
	OPT(bool, copy_up);
	OPT(bool, no_links); /* the target may not be reached through a symlink */
	OPT(bool, optional);
};

struct step_bind {
	OPT(int32_t, slot);
	const char *target, *source;
	OPT(int32_t, tree); /* slot of a tree that the parent opened, instead of source */
	OPT(bool, recursive);
	OPT(uint64_t, attributes);
	OPT(uint64_t, clear);
	OPT(uint64_t, deep);
	OPT(uint64_t, deep_clear);
	OPT(uint64_t, propagation);
	OPT(bool, propagation_deep);
	OPT(uint64_t, links); /* MOUNT_LINK_… */
	OPT(int32_t, make); /* enum mount_dir */
	OPT(bool, optional);
};

struct step_cgroup_mount {
	const char *target;
	OPT(bool, fresh); /* v2 in a cgroup namespace: a mount of its own */
	struct texts sources; /* the jail's directory in each hierarchy, on the host */
	struct texts
		names; /* what each is called below target; none: the only one is target itself */
	struct texts links; /* "cpu" for a hierarchy called "cpu,cpuacct" */
	OPT(uint64_t, attributes);
};

struct step_content {
	const char *target;
	struct bytes content;
	OPT(uint64_t, attributes);
	OPT(bool, optional);
};

struct step_link {
	const char *path, *target;
	OPT(bool, strict); /* what is there already is an error */
	OPT(bool, optional);
};

struct step_device {
	const char *path;
	const char *type; /* "c", "b" or "p" */
	OPT(uint32_t, mode); /* permissions */
	OPT(uint32_t, major);
	OPT(uint32_t, minor);
	OPT(uint32_t, uid);
	OPT(uint32_t, gid);
	OPT(bool, bind); /* the host's node, where mknod(2) is not allowed */
};

struct step_console {
	OPT(int32_t, slot);
	OPT(uint32_t, rows);
	OPT(uint32_t, columns);
	OPT(bool, bind); /* onto /dev/console */
	OPT(uint32_t, uid);
};

struct step_paths {
	struct texts paths;
};

struct step_path {
	const char *path;
};

struct step_attributes {
	OPT(int32_t, slot); /* of the mount; or */
	const char *path; /* where it is mounted */
	OPT(uint64_t, attributes);
	OPT(uint64_t, clear);
	OPT(bool, recursive);
	OPT(uint64_t, propagation);
};

struct step_pivot {
	OPT(int32_t, slot);
	OPT(bool, chroot); /* stay in the mount tree, with another root directory */
	OPT(uint64_t, propagation);
};

struct step_label {
	const char *module; /* "apparmor" or "selinux" */
	const char *file; /* of /proc/self/attr: "exec" */
	const char *value; /* what is written there */
};

struct step_net_device {
	OPT(int32_t, who); /* whose network namespace it goes to */
	const char *device, *name;
	OPT(bool, bare); /* as the kernel moves it: down, without addresses */
};

struct step_macvlan {
	OPT(int32_t, who); /* whose network namespace it is made in */
	const char *device, *name;
	OPT(int32_t, mode); /* MACVLAN_MODE_… */
	const char *mac; /* absent: by chance */
	uint8_t mac_bytes[6];
};

struct step_net_address {
	const char *device;
	const char *address; /* "10.0.0.2/24" */
	const char *gateway; /* of the default route; absent: none */
	uint32_t ip, via; /* the same, in network byte order */
	uint8_t bits; /* of the network */
};

/* An address and how many of its bits count. */
struct step_net_prefix {
	uint8_t address[16];
	uint8_t bits; /* 0: any address */
};

struct step_net_ports {
	uint16_t first, last; /* 0: any port */
};

/* What the packet filter lets through. */
struct step_net_filter {
	struct texts rules; /* in words, the first that a packet meets decides */
	struct bytes message; /* for the kernel (nft.h) */
	const void *const *places; /* of the rules, in the document */
};

/* A routing rule (ip-rule(8)). */
struct step_net_rule {
	OPT(int32_t, family); /* AF_… */
	OPT(uint32_t, priority); /* the lowest is asked first */
	const char *from, *to, *sport, *dport; /* absent: any; those at the end, in words */
	const char *iif, *oif;
	OPT(int32_t, protocol); /* IPPROTO_… */
	OPT(int32_t, action); /* FR_ACT_… */
	struct step_net_prefix source, destination;
	struct step_net_ports source_ports, destination_ports;
};

struct step_text {
	const char *value;
};

struct step_sysctl {
	const char *path, *value;
};

struct step_number {
	OPT(int64_t, value);
};

struct step_mode {
	OPT(uint32_t, value);
};

struct step_oom_score {
	OPT(int32_t, who);
	OPT(int64_t, value);
};

struct step_limit {
	const char *name;
	OPT(uint64_t, soft);
	OPT(uint64_t, hard);
};

struct step_limits {
	OPT(int32_t, who);
	LIST_OF(struct step_limit) limits;
};

struct step_affinity {
	const char *cpus; /* "0-3,7" */
};

struct step_memory_policy {
	OPT(int32_t, mode);
	OPT(uint64_t, flags);
	const char *nodes; /* "0-3,7" */
};

struct step_scheduler {
	OPT(int32_t, who);
	OPT(int32_t, policy);
	OPT(uint64_t, flags);
	OPT(int32_t, nice);
	OPT(uint32_t, priority);
	OPT(uint64_t, runtime);
	OPT(uint64_t, deadline);
	OPT(uint64_t, period);
};

struct step_io_priority {
	OPT(int32_t, who);
	OPT(int32_t, class);
	OPT(uint32_t, priority);
};

struct step_stdio {
	OPT(bool, all); /* 0, 1 and 2 become /dev/null; otherwise 2 alone */
	OPT(bool, own); /* those that are /dev/null become the jail's */
};

struct step_cwd {
	const char *path;
	OPT(bool, make);
};

struct step_capabilities {
	OPT(bool, inherit); /* all that are permitted, also across exec; the sets are not used */
	OPT(uint64_t, bounding);
	OPT(uint64_t, permitted);
	OPT(uint64_t, effective);
	OPT(uint64_t, inheritable);
	OPT(uint64_t, ambient);
	OPT(uint64_t, hold); /* permitted and in effect until exec, beside the sets */
};

struct step_find {
	const char *name;
	const char *search; /* PATH; absent: name is a path */
};

struct step_hook {
	OPT(int32_t, hook); /* enum hook_kind */
	OPT(uint32_t, number);
	const char *path;
	struct texts args, env;
	OPT(bool, inherit_env);
	OPT(int32_t, timeout);
};

struct sock_filter;

struct step_seccomp {
	OPT(uint32_t, length); /* instructions */
	OPT(uint64_t, flags); /* SECCOMP_FILTER_FLAG_… */
	const char *listener, *metadata;
	OPT(int32_t, slot);
	const struct sock_filter *program;
};

struct step_file {
	const char *path;
	OPT(int32_t, slot);
};

struct step_exec {
	const char *file; /* absent: what find found */
	OPT(int32_t, slot); /* the file itself, which is on the host */
	struct texts args, env;
	OPT(bool, find_home);
	OPT(uint32_t, uid); /* whose home */
	OPT(uint32_t, keep_fds); /* 3 … 2 + keep_fds stay open */
	struct i32s pass_fds;
};

#endif
