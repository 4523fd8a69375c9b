/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"

#include <linux/seccomp.h>

#include "../spec/jail.h"
#include "../spec/names.h"
#include "../spec/user_net.h"

const char *const side_names[SIDES] = {
	[SIDE_PARENT] = "parent",
	[SIDE_MID] = "mid",
	[SIDE_INIT] = "init",
};

static const struct word who_words_rows[] = {
	{"parent", SIDE_PARENT},
	{"mid", SIDE_MID},
	{"init", SIDE_INIT},
};
WORDS(who_words);

static const struct word make_words_rows[] = {
	{"guess", MOUNT_GUESS},
	{"dir", MOUNT_IS_DIR},
	{"file", MOUNT_IS_FILE},
};
static WORDS(make_words);

static const struct field step_open_ns_rows[] = {
	FIELD_MASK(step_open_ns, namespace, ns_flag_words, "its type, checked"),
	FIELD_TEXT(step_open_ns, path, "the file that names it"),
	FIELD_I32(step_open_ns, slot, "becomes"),
};
static TABLE(step_open_ns);

static const struct field step_cgroup_rows[] = {
	FIELD_TEXT(step_cgroup, mount, "the hierarchy"),
	FIELD_TEXT(step_cgroup, path, "the cgroup in it, made when missing"),
	FIELD_BOOL(step_cgroup, v2, "cgroup v2"),
	FIELD_TEXTS(step_cgroup, controllers, "v1: the hierarchy's; v2: those it must have"),
	FIELD_BOOL(step_cgroup, optional, "go on without when it may not be made"),
	FIELD_BOOL(step_cgroup, joined, "systemd made it, and init may be in it"),
	FIELD_BOOL(step_cgroup, inner, "below where init is"),
	FIELD_I32(step_cgroup, slot, "its directory becomes"),
	FIELD_I32(step_cgroup, tasks, "its list of tasks, open for writing, becomes"),
};
static TABLE(step_cgroup);

static const struct field step_unit_rows[] = {
	FIELD_TEXT(step_unit, name, "of systemd's unit"),
	FIELD_BOOL(step_unit, has_init, "init is in it"),
	FIELD_TEXTS(step_unit, properties, "NAME=TYPE:VALUE"),
};
static TABLE(step_unit);

static const struct field step_unit_join_rows[] = {
	FIELD_TEXT(step_unit_join, name, "of systemd's unit"),
	FIELD_TEXT(step_unit_join, below, "where in its cgroup init is put"),
};
static TABLE(step_unit_join);

static const struct field step_cgroup_own_rows[] = {
	FIELD_I32(step_cgroup_own, slot, "of the cgroup"),
	FIELD_U32(step_cgroup_own, uid, "who may divide it up"),
};
static TABLE(step_cgroup_own);

static const struct field step_cgroup_set_rows[] = {
	FIELD_I32(step_cgroup_set, slot, "of the cgroup"),
	FIELD_TEXT(step_cgroup_set, file, "which file"),
	FIELD_TEXT(step_cgroup_set, value, "what is written"),
	FIELD_TEXT(step_cgroup_set, or_file, "where this kernel has no such file"),
	FIELD_TEXT(step_cgroup_set, or_value, "what is written there"),
	FIELD_TEXT(step_cgroup_set, usage, "the file whose number may not be above the value"),
	FIELD_BOOL(step_cgroup_set, if_there, "no failure where this kernel has no such file"),
};
static TABLE(step_cgroup_set);

static const struct field step_cgroup_devices_rows[] = {
	FIELD_I32(step_cgroup_devices, slot, "of the cgroup"),
	FIELD_BOOL(step_cgroup_devices, v2, "by a BPF program"),
	FIELD_BOOL(step_cgroup_devices, optional, "a user namespace forbids device nodes anyhow"),
	FIELD_TEXTS(step_cgroup_devices, rules, "in order, a later one overrides"),
};
static TABLE(step_cgroup_devices);

static const struct field step_id_space_rows[] = {
	FIELD_TEXT(step_id_space, uids, "inside outside count, …"),
	FIELD_TEXT(step_id_space, gids, "the same of groups"),
	FIELD_I32(step_id_space, slot, "a user namespace with them becomes"),
};
static TABLE(step_id_space);

static const struct field step_rdt_rows[] = {
	FIELD_TEXT(step_rdt, mount, "of resctrl"),
	FIELD_TEXT(step_rdt, group, "below it"),
	FIELD_BOOL(step_rdt, own, "it is new, and removed at the end"),
	FIELD_TEXT(step_rdt, schemata, "its lines: written, or what they must be already"),
	FIELD_TEXT(step_rdt, monitor, "monitoring group that is made in it"),
};
static TABLE(step_rdt);

static const struct field step_rdt_enter_rows[] = {
	FIELD_ENUM(step_rdt_enter, who, who_words, "who"),
	FIELD_TEXTS(step_rdt_enter, groups, "resctrl groups to be in"),
	FIELD_BOOL(step_rdt_enter, optional, "one that is gone is passed over"),
};
static TABLE(step_rdt_enter);

static const struct field step_tree_rows[] = {
	FIELD_TEXT(step_tree, path, "on the host"),
	FIELD_BOOL(step_tree, recursive, "with what is mounted beneath"),
	FIELD_BOOL(step_tree, link, "or the symlink itself"),
	FIELD_I32(step_tree, ids, "slot of the user namespace whose ids its files have"),
	FIELD_BOOL(step_tree, ids_deep, "and those of what is mounted beneath"),
	FIELD_BOOL(step_tree, optional, "it may be missing"),
	FIELD_I32(step_tree, slot, "becomes"),
};
static TABLE(step_tree);

static const struct field step_clone_rows[] = {
	FIELD_ENUM(step_clone, who, who_words, "the process that is born"),
	FIELD_MASK(step_clone, namespaces, ns_flag_words, "in new ones of these"),
	FIELD_I32(step_clone, cgroup, "slot of the cgroup it is born in"),
	FIELD_BOOL(step_clone, itself, "the caller itself becomes it"),
};
static TABLE(step_clone);

static const struct field step_id_map_rows[] = {
	FIELD_ENUM(step_id_map, who, who_words, "whose user namespace"),
	FIELD_TEXT(step_id_map, file, "uid_map or gid_map"),
	FIELD_TEXT(step_id_map, map, "inside outside count, …"),
	FIELD_BOOL(step_id_map, helper, "by newuidmap or newgidmap"),
};
static TABLE(step_id_map);

static const struct field step_who_rows[] = {
	FIELD_ENUM(step_who, who, who_words, "which process"),
};
static TABLE(step_who);

static const struct field step_join_rows[] = {
	FIELD_MASK(step_join, namespaces, ns_flag_words, "which"),
	FIELD_I32(step_join, slot, "of the namespace or of a process in it"),
	FIELD_BOOL(step_join, keep_groups, "with the caller's supplementary groups"),
	FIELD_BOOL(step_join, retry, "when not permitted, again after the user namespace"),
};
static TABLE(step_join);

static const struct field step_unshare_rows[] = {
	FIELD_MASK(step_unshare, namespaces, ns_flag_words, "new ones of these"),
};
static TABLE(step_unshare);

static const struct field step_clock_rows[] = {
	FIELD_TEXT(step_clock, clock, "monotonic or boottime"),
	FIELD_I64(step_clock, seconds, "added to it"),
	FIELD_U32(step_clock, nanoseconds, "and these"),
};
static TABLE(step_clock);

static const struct field step_cgroup_enter_rows[] = {
	FIELD_I32S(step_cgroup_enter, slots, "the lists of tasks to be in"),
};
static TABLE(step_cgroup_enter);

static const struct field step_ids_rows[] = {
	FIELD_U32(step_ids, uid, "user id"),
	FIELD_U32(step_ids, gid, "group id"),
	FIELD_U32S(step_ids, groups, "supplementary groups"),
	FIELD_BOOL(step_ids, keep_ids, "leave user and group"),
	FIELD_BOOL(step_ids, keep_groups, "leave the supplementary groups"),
};
static TABLE(step_ids);

static const struct field step_propagation_rows[] = {
	FIELD_MASK(step_propagation, how, propagation_words, "of the mounts taken over"),
	FIELD_BOOL(step_propagation, recursive, "of all mounts"),
};
static TABLE(step_propagation);

static const struct field step_root_rows[] = {
	FIELD_TEXT(step_root, path, "the root filesystem; absent: an empty tmpfs"),
	FIELD_I32(step_root, tree, "slot of the tree, opened by the parent"),
	FIELD_TEXT(step_root, options, "of the tmpfs"),
	FIELD_BOOL(step_root, in_place, "put over itself; otherwise over the host's root"),
	FIELD_BOOL(step_root, by_path, "put over itself, for hooks to see"),
	FIELD_I32(step_root, slot, "becomes"),
};
static TABLE(step_root);

static const struct field step_mount_rows[] = {
	FIELD_TEXT(step_mount, target, "where, beneath the root"),
	FIELD_TEXT(step_mount, type, "of filesystem"),
	FIELD_TEXT(step_mount, source, "device or name"),
	FIELD_TEXTS(step_mount, options, "the filesystem's own"),
	FIELD_MASK(step_mount, attributes, mount_attr_words, "of the mount"),
	FIELD_MASK(step_mount, super, super_words, "of the filesystem"),
	FIELD_MASK(step_mount, propagation, propagation_words, "of the mount"),
	FIELD_BOOL(step_mount, recursive, "and of all beneath it"),
	FIELD_TEXT(step_mount, label, "SELinux label of its top directory"),
	FIELD_I32(step_mount, ids, "slot of the user namespace whose ids its files have"),
	FIELD_I32(step_mount, tree, "slot of the filesystem, made by the parent"),
	FIELD_BOOL(step_mount, copy_up, "filled with what it covers"),
	FIELD_BOOL(step_mount, no_links, "no symlink may lead there"),
	FIELD_BOOL(step_mount, optional, "go on when it fails"),
	FIELD_I32(step_mount, slot, "becomes"),
};
static TABLE(step_mount);

static const struct field step_bind_rows[] = {
	FIELD_TEXT(step_bind, target, "where, beneath the root"),
	FIELD_TEXT(step_bind, source, "on the host"),
	FIELD_I32(step_bind, tree, "slot of the tree, opened by the parent"),
	FIELD_BOOL(step_bind, recursive, "with what is mounted beneath"),
	FIELD_MASK(step_bind, attributes, mount_attr_words, "set on the mount"),
	FIELD_MASK(step_bind, clear, mount_attr_words, "cleared on the mount"),
	FIELD_MASK(step_bind, deep, mount_attr_words, "set on it and all beneath"),
	FIELD_MASK(step_bind, deep_clear, mount_attr_words, "cleared on it and all beneath"),
	FIELD_MASK(step_bind, propagation, propagation_words, "of the mount"),
	FIELD_BOOL(step_bind, propagation_deep, "and of all beneath it"),
	FIELD_MASK(step_bind, links, mount_link_words, "symlinks that are not followed"),
	FIELD_ENUM(step_bind, make, make_words, "what to make when the target is missing"),
	FIELD_BOOL(step_bind, optional, "go on when it fails"),
	FIELD_I32(step_bind, slot, "becomes"),
};
static TABLE(step_bind);

static const struct field step_cgroup_mount_rows[] = {
	FIELD_TEXT(step_cgroup_mount, target, "where, beneath the root"),
	FIELD_BOOL(step_cgroup_mount, fresh, "a mount of its own cgroup namespace"),
	FIELD_TEXTS(step_cgroup_mount, sources, "the jail's cgroups"),
	FIELD_TEXTS(step_cgroup_mount, names, "what each is called there"),
	FIELD_TEXTS(step_cgroup_mount, links, "further names"),
	FIELD_MASK(step_cgroup_mount, attributes, mount_attr_words, "of the mounts"),
};
static TABLE(step_cgroup_mount);

static const struct field step_content_rows[] = {
	FIELD_TEXT(step_content, target, "where, beneath the root"),
	FIELD_BYTES(step_content, content, "what the file holds"),
	FIELD_MASK(step_content, attributes, mount_attr_words, "of the mount"),
	FIELD_BOOL(step_content, optional, "go on when it fails"),
};
static TABLE(step_content);

static const struct field step_link_rows[] = {
	FIELD_TEXT(step_link, path, "the symlink, beneath the root"),
	FIELD_TEXT(step_link, target, "what it points at"),
	FIELD_BOOL(step_link, strict, "fail when something is there"),
	FIELD_BOOL(step_link, optional, "go on when it fails"),
};
static TABLE(step_link);

static const struct field step_device_rows[] = {
	FIELD_TEXT(step_device, path, "where, beneath the root"),
	FIELD_TEXT(step_device, type, "c, b or p"),
	FIELD_MODE(step_device, mode, "permissions"),
	FIELD_U32(step_device, major, "major number"),
	FIELD_U32(step_device, minor, "minor number"),
	FIELD_U32(step_device, uid, "owner"),
	FIELD_U32(step_device, gid, "group"),
	FIELD_BOOL(step_device, bind, "the host's node is bound there"),
};
static TABLE(step_device);

static const struct field step_console_rows[] = {
	FIELD_U32(step_console, rows, "height"),
	FIELD_U32(step_console, columns, "width"),
	FIELD_U32(step_console, uid, "owner"),
	FIELD_BOOL(step_console, bind, "onto /dev/console too"),
	FIELD_I32(step_console, slot, "the terminal's other end becomes"),
};
static TABLE(step_console);

static const struct field step_paths_rows[] = {
	FIELD_TEXTS(step_paths, paths, "beneath the root; passed over when missing"),
};
static TABLE(step_paths);

static const struct field step_path_rows[] = {
	FIELD_TEXT(step_path, path, "on the host"),
};
static TABLE(step_path);

static const struct field step_attributes_rows[] = {
	FIELD_I32(step_attributes, slot, "of the mount"),
	FIELD_TEXT(step_attributes, path, "where it is mounted"),
	FIELD_MASK(step_attributes, attributes, mount_attr_words, "to set"),
	FIELD_MASK(step_attributes, clear, mount_attr_words, "to clear"),
	FIELD_BOOL(step_attributes, recursive, "on all mounts beneath, too"),
	FIELD_MASK(step_attributes, propagation, propagation_words, "of the mount"),
};
static TABLE(step_attributes);

static const struct field step_pivot_rows[] = {
	FIELD_I32(step_pivot, slot, "of the new root"),
	FIELD_BOOL(step_pivot, chroot, "by chroot: the old tree stays beneath"),
	FIELD_MASK(step_pivot, propagation, propagation_words, "of the finished tree"),
};
static TABLE(step_pivot);

static const struct field step_label_rows[] = {
	FIELD_TEXT(step_label, module, "the security module"),
	FIELD_TEXT(step_label, file, "below /proc/self/attr"),
	FIELD_TEXT(step_label, value, "what is written"),
};
static TABLE(step_label);

static const struct field step_text_rows[] = {
	FIELD_TEXT(step_text, value, "the text"),
};
static TABLE(step_text);

static const struct field step_sysctl_rows[] = {
	FIELD_TEXT(step_sysctl, path, "below /proc/sys"),
	FIELD_TEXT(step_sysctl, value, "what is written"),
};
static TABLE(step_sysctl);

static const struct field step_number_rows[] = {
	FIELD_I64(step_number, value, "the number"),
};
static TABLE(step_number);

static const struct field step_mode_rows[] = {
	FIELD_MODE(step_mode, value, "permissions"),
};
static TABLE(step_mode);

static const struct field step_oom_score_rows[] = {
	FIELD_ENUM(step_oom_score, who, who_words, "whose; absent: its own"),
	FIELD_I64(step_oom_score, value, "oom_score_adj"),
};
static TABLE(step_oom_score);

static const struct field step_limit_rows[] = {
	FIELD_TEXT(step_limit, name, "which"),
	FIELD_U64(step_limit, soft, "the limit in force"),
	FIELD_U64(step_limit, hard, "how far it may be raised"),
};
static TABLE(step_limit);

static const struct field step_limits_rows[] = {
	FIELD_ENUM(step_limits, who, who_words, "whose"),
	FIELD_OBJECTS(step_limits, limits, step_limit, "resource limits"),
};
static TABLE(step_limits);

static const struct field step_affinity_rows[] = {
	FIELD_TEXT(step_affinity, cpus, "the CPUs it runs on"),
};
static TABLE(step_affinity);

static const struct field step_memory_policy_rows[] = {
	FIELD_ENUM(step_memory_policy, mode, mempolicy_mode_words, "of set_mempolicy(2)"),
	FIELD_MASK(step_memory_policy, flags, mempolicy_flag_words, "of the mode"),
	FIELD_TEXT(step_memory_policy, nodes, "memory nodes"),
};
static TABLE(step_memory_policy);

static const struct field step_scheduler_rows[] = {
	FIELD_ENUM(step_scheduler, who, who_words, "whose; absent: its own"),
	FIELD_ENUM(step_scheduler, policy, sched_policy_words, "scheduling policy"),
	FIELD_MASK(step_scheduler, flags, sched_flag_words, "of sched_setattr(2)"),
	FIELD_I32(step_scheduler, nice, "nice value"),
	FIELD_U32(step_scheduler, priority, "real-time priority"),
	FIELD_U64(step_scheduler, runtime, "nanoseconds a period"),
	FIELD_U64(step_scheduler, deadline, "nanoseconds"),
	FIELD_U64(step_scheduler, period, "nanoseconds"),
};
static TABLE(step_scheduler);

static const struct field step_io_priority_rows[] = {
	FIELD_ENUM(step_io_priority, who, who_words, "whose; absent: its own"),
	FIELD_ENUM(step_io_priority, class, io_class_words, "scheduling class"),
	FIELD_U32(step_io_priority, priority, "within the class"),
};
static TABLE(step_io_priority);

static const struct field step_stdio_rows[] = {
	FIELD_BOOL(step_stdio, all, "fds 0, 1 and 2; otherwise 2 alone"),
	FIELD_BOOL(step_stdio, own, "those that are the null device already, to the jail's own"),
};
static TABLE(step_stdio);

static const struct field step_cwd_rows[] = {
	FIELD_TEXT(step_cwd, path, "the working directory"),
	FIELD_BOOL(step_cwd, make, "made when missing"),
};
static TABLE(step_cwd);

static const struct field step_capabilities_rows[] = {
	FIELD_BOOL(step_capabilities, inherit, "all that are permitted, also across exec"),
	FIELD_MASK(step_capabilities, bounding, capability_words, "bounding set"),
	FIELD_MASK(step_capabilities, permitted, capability_words, "permitted set"),
	FIELD_MASK(step_capabilities, effective, capability_words, "effective set"),
	FIELD_MASK(step_capabilities, inheritable, capability_words, "inheritable set"),
	FIELD_MASK(step_capabilities, ambient, capability_words, "ambient set"),
	FIELD_MASK(step_capabilities, hold, capability_words, "kept until exec, for the filter"),
};
static TABLE(step_capabilities);

static const struct field step_find_rows[] = {
	FIELD_TEXT(step_find, name, "the program"),
	FIELD_TEXT(step_find, search, "directories to look in"),
};
static TABLE(step_find);

static const struct field step_hook_rows[] = {
	FIELD_ENUM(step_hook, hook, hook_words, "which kind"),
	FIELD_U32(step_hook, number, "its number in the config, from 0"),
	FIELD_TEXT(step_hook, path, "the program"),
	FIELD_TEXTS(step_hook, args, "its arguments"),
	FIELD_TEXTS(step_hook, env, "its environment"),
	FIELD_BOOL(step_hook, inherit_env, "has the runtime's environment"),
	FIELD_I32(step_hook, timeout, "seconds"),
};
static TABLE(step_hook);

static const struct word filter_flag_words_rows[] = {
	{"log", SECCOMP_FILTER_FLAG_LOG}, {"spec-allow", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"new-listener", SECCOMP_FILTER_FLAG_NEW_LISTENER},
	{"wait-killable", 1 << 5}, /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 5.19 */
};
static WORDS(filter_flag_words);

/* The program itself is shown by `jailrt seccomp`. */
static const struct field step_seccomp_rows[] = {
	FIELD_U32(step_seccomp, length, "instructions of the program"),
	FIELD_MASK(step_seccomp, flags, filter_flag_words, "of seccomp(2)"),
	FIELD_TEXT(step_seccomp, listener, "socket of the agent that answers notifications"),
	FIELD_TEXT(step_seccomp, metadata, "for that agent"),
	FIELD_I32(step_seccomp, slot, "the listener's fd becomes"),
};
static TABLE(step_seccomp);

static const struct field step_file_rows[] = {
	FIELD_TEXT(step_file, path, "on the host"),
	FIELD_I32(step_file, slot, "becomes"),
};
static TABLE(step_file);

static const struct field step_exec_rows[] = {
	FIELD_TEXT(step_exec, file, "what is executed; absent: what was found"),
	FIELD_I32(step_exec, slot, "where that is open"),
	FIELD_TEXTS(step_exec, args, "arguments"),
	FIELD_TEXTS(step_exec, env, "environment"),
	FIELD_BOOL(step_exec, find_home, "HOME from the jail's passwd file"),
	FIELD_U32(step_exec, uid, "the user"),
	FIELD_U32(step_exec, keep_fds, "how many fds from 3 on stay open"),
	FIELD_I32S(step_exec, pass_fds, "further fds that stay open"),
};
static TABLE(step_exec);

enum {
	P = 1 << SIDE_PARENT,
	M = 1 << SIDE_MID,
	I = 1 << SIDE_INIT,
};

const struct step_kind_row step_kinds[STEP_KINDS] = {
	[STEP_OPEN_NS] = {"open-namespace", P, &table_step_open_ns},
	[STEP_OPEN_FILE] = {"open-file", P, &table_step_file},
	[STEP_CGROUP] = {"cgroup", P, &table_step_cgroup},
	[STEP_CGROUP_SET] = {"cgroup-set", P, &table_step_cgroup_set},
	[STEP_CGROUP_DEVICES] = {"cgroup-devices", P, &table_step_cgroup_devices},
	[STEP_ID_SPACE] = {"id-space", P, &table_step_id_space},
	[STEP_RDT] = {"resctrl", P, &table_step_rdt},
	[STEP_RDT_ENTER] = {"resctrl-enter", P, &table_step_rdt_enter},
	[STEP_TREE] = {"tree", P, &table_step_tree},
	[STEP_FILESYSTEM] = {"filesystem", P, &table_step_mount},
	[STEP_UNIT] = {"unit", P, &table_step_unit},
	[STEP_UNIT_SET] = {"unit-set", P, &table_step_unit},
	[STEP_UNIT_JOIN] = {"unit-join", P, &table_step_unit_join},
	[STEP_CGROUP_MOVE] = {"cgroup-move", P, &table_step_cgroup_enter},
	[STEP_CGROUP_OWN] = {"cgroup-own", P, &table_step_cgroup_own},
	[STEP_CLONE] = {"clone", P | M, &table_step_clone},
	[STEP_NO_SETGROUPS] = {"no-setgroups", P, &table_step_who},
	[STEP_ID_MAP] = {"id-map", P, &table_step_id_map},
	[STEP_FORGET_SELF] = {"forget-self", M | I, NULL},
	[STEP_JOIN] = {"join", M | I, &table_step_join},
	[STEP_UNSHARE] = {"unshare", M | I, &table_step_unshare},
	[STEP_CLOCK] = {"clock", M, &table_step_clock},
	[STEP_AFFINITY] = {"affinity", M | I, &table_step_affinity},
	[STEP_CGROUP_ENTER] = {"cgroup-enter", I, &table_step_cgroup_enter},
	[STEP_SESSION] = {"session", I, NULL},
	[STEP_LABEL] = {"label", M | I, &table_step_label},
	[STEP_KEYRING] = {"keyring", I, &table_step_text},
	[STEP_BECOME] = {"become", I, &table_step_ids},
	[STEP_LOOPBACK] = {"loopback", I, NULL},
	[STEP_NET_DEVICE] = {"net-device", P, &table_step_net_device},
	[STEP_MACVLAN] = {"macvlan", P, &table_step_macvlan},
	[STEP_NET_ADDRESS] = {"net-address", I, &table_step_net_address},
	[STEP_NET_FILTER] = {"net-filter", I, &table_step_net_filter},
	[STEP_NET_RULE] = {"net-rule", I, &table_step_net_rule},
	[STEP_USER_NET] = {"user-net", P, &table_user_net},
	[STEP_PROPAGATION] = {"propagation", I, &table_step_propagation},
	[STEP_ROOT] = {"root", I, &table_step_root},
	[STEP_MOUNT] = {"mount", I, &table_step_mount},
	[STEP_BIND] = {"bind", I, &table_step_bind},
	[STEP_CGROUP_MOUNT] = {"cgroup-mount", I, &table_step_cgroup_mount},
	[STEP_CONTENT] = {"content", I, &table_step_content},
	[STEP_LINK] = {"link", I, &table_step_link},
	[STEP_DEVICE] = {"device", I, &table_step_device},
	[STEP_CONSOLE] = {"console", I, &table_step_console},
	[STEP_MASK] = {"mask", I, &table_step_paths},
	[STEP_READONLY] = {"readonly", I, &table_step_paths},
	[STEP_MAKE_DIR] = {"make-directory", I, &table_step_path},
	[STEP_ATTRIBUTES] = {"attributes", I, &table_step_attributes},
	[STEP_PIVOT] = {"pivot", I, &table_step_pivot},
	[STEP_CHROOT] = {"chroot", I, &table_step_path},
	[STEP_UNMOUNT] = {"unmount", M, &table_step_path},
	[STEP_HOSTNAME] = {"hostname", I, &table_step_text},
	[STEP_DOMAINNAME] = {"domainname", I, &table_step_text},
	[STEP_SYSCTL] = {"sysctl", I, &table_step_sysctl},
	[STEP_OOM_SCORE] = {"oom-score", P | M | I, &table_step_oom_score},
	[STEP_NICE] = {"nice", I, &table_step_number},
	[STEP_SCHEDULER] = {"scheduler", P | I, &table_step_scheduler},
	[STEP_IO_PRIORITY] = {"io-priority", P | I, &table_step_io_priority},
	[STEP_CPUS] = {"cpus", I, &table_step_number},
	[STEP_MEMORY_POLICY] = {"memory-policy", I, &table_step_memory_policy},
	[STEP_PERSONALITY] = {"personality", I, &table_step_number},
	[STEP_CORE_SCHED] = {"core-scheduling", I, NULL},
	[STEP_NO_TSC] = {"no-tsc", I, NULL},
	[STEP_RAISE_LIMITS] = {"raise-limits", P | I, &table_step_limits},
	[STEP_STDIO] = {"stdio-to-null", I, &table_step_stdio},
	[STEP_CWD] = {"cwd", I, &table_step_cwd},
	[STEP_UMASK] = {"umask", I, &table_step_mode},
	[STEP_OWN_STDIO] = {"own-stdio", I, &table_step_ids},
	[STEP_USER] = {"user", I, &table_step_ids},
	[STEP_CAPABILITIES] = {"capabilities", I, &table_step_capabilities},
	[STEP_NO_NEW_PRIVS] = {"no-new-privileges", I, NULL},
	[STEP_FIND] = {"find", I, &table_step_find},
	[STEP_HOOK] = {"hook", P | I, &table_step_hook},
	[STEP_CREATED] = {"created", P, NULL},
	[STEP_RELEASE] = {"release", I, NULL},
	[STEP_LEAVE] = {"leave", P, NULL},
	[STEP_WAIT_START] = {"wait-start", I, NULL},
	[STEP_LIMITS] = {"limits", I, &table_step_limits},
	[STEP_WATCH] = {"watch", I, &table_step_seccomp},
	[STEP_SECCOMP] = {"seccomp", I, &table_step_seccomp},
	[STEP_EXEC] = {"exec", I, &table_step_exec},
	[STEP_END] = {"end", I, NULL},
};
