/* SPDX-License-Identifier: Apache-2.0 */
#include "oci.h"

#include <linux/mount.h>
#include <string.h>

#include "json.h"
#include "names.h"

/* --- what a text must look like (the patterns of the spec's JSON schema) ---------------------- */

static const char *check_rlimit(const char *s)
{
	uint64_t v;

	return words_find(&rlimit_words, s, &v) < 0 ? "is no resource limit" : NULL;
}

static const char *check_device_type(const char *s)
{
	return *s && !s[1] && strchr("cbup", *s) ? NULL : "is not one of c, b, u, p";
}

const char *oci_check_cpu_list(const char *s)
{
	return s[strspn(s, "0123456789, -")] ? "is not a list of CPUs such as 0-3,7" : NULL;
}

static const char *check_mem_bw(const char *s)
{
	return strncmp(s, "MB:", 3) || strchr(s, '\n') ? "is not one line beginning with MB:"
						       : NULL;
}

/* --- rows ------------------------------------------------------------------------------------ */

static const struct field oci_id_mapping_rows[] = {
	FIELD_U32(
		oci_id_mapping, containerID, "first id in the container", .flags = FIELD_REQUIRED),
	FIELD_U32(oci_id_mapping, hostID, "first id on the host", .flags = FIELD_REQUIRED),
	FIELD_U32(oci_id_mapping, size, "how many ids", .flags = FIELD_REQUIRED),
};
static OPEN_TABLE(oci_id_mapping);

static const struct field oci_mount_rows[] = {
	FIELD_TEXT(oci_mount, destination, "where in the container", .flags = FIELD_REQUIRED),
	FIELD_TEXT(oci_mount, type, "filesystem type; not needed for binds"),
	FIELD_TEXT(oci_mount, source, "device, or path on the host; relative to the bundle"),
	FIELD_TEXTS(oci_mount, options, "mount options; unknown ones go to the filesystem"),
	FIELD_OBJECTS(oci_mount, uidMappings, oci_id_mapping, "user ids seen through the mount"),
	FIELD_OBJECTS(oci_mount, gidMappings, oci_id_mapping, "group ids seen through the mount"),
};
static OPEN_TABLE(oci_mount);

static const struct field oci_mounts_rows[] = {
	FIELD_OBJECTS(oci_mounts, mounts, oci_mount, "mounts to add or remove, in order"),
};
static TABLE(oci_mounts);

static const struct field oci_root_rows[] = {
	FIELD_TEXT(oci_root, path, "the root filesystem; relative to the bundle",
		.flags = FIELD_REQUIRED),
	FIELD_BOOL(oci_root, readonly, "make the root filesystem read-only", .dflt = "false"),
};
static OPEN_TABLE(oci_root);

static const struct field oci_console_size_rows[] = {
	FIELD_U64(oci_console_size, height, "rows of the terminal", .flags = FIELD_REQUIRED,
		.max = 65535),
	FIELD_U64(oci_console_size, width, "columns of the terminal", .flags = FIELD_REQUIRED,
		.max = 65535),
};
static OPEN_TABLE(oci_console_size);

/* 2^32-1 is "no id" to the kernel; a config must not turn it, or a wrapped number, into root. */
static const struct field oci_user_rows[] = {
	FIELD_U32(oci_user, uid, "user id in the container", .max = 4294967294),
	FIELD_U32(oci_user, gid, "group id in the container", .max = 4294967294),
	FIELD_U32(oci_user, umask, "file mode creation mask", .max = 0777),
	FIELD_U32S(oci_user, additionalGids, "supplementary group ids", .max = 4294967294),
	FIELD_TEXT(oci_user, username, "Windows: the user's name", .flags = FIELD_INERT),
};
static OPEN_TABLE(oci_user);

static const struct field oci_capabilities_rows[] = {
	FIELD_TEXTS(oci_capabilities, bounding, "capabilities that can ever be gained"),
	FIELD_TEXTS(oci_capabilities, effective, "capabilities that are checked"),
	FIELD_TEXTS(oci_capabilities, inheritable, "capabilities kept by files that allow it"),
	FIELD_TEXTS(oci_capabilities, permitted, "capabilities that may be made effective"),
	FIELD_TEXTS(oci_capabilities, ambient, "capabilities kept across exec without file bits"),
};
static OPEN_TABLE(oci_capabilities);

static const struct field oci_rlimit_rows[] = {
	FIELD_TEXT(oci_rlimit, type, "RLIMIT_NOFILE and so on", .flags = FIELD_REQUIRED,
		.check = check_rlimit),
	FIELD_U64(oci_rlimit, soft, "the limit in force", .flags = FIELD_REQUIRED),
	FIELD_U64(oci_rlimit, hard, "how far the process may raise it", .flags = FIELD_REQUIRED),
};
static OPEN_TABLE(oci_rlimit);

static const struct field oci_io_priority_rows[] = {
	FIELD_ENUM(oci_io_priority, class, io_class_words, "I/O scheduling class",
		.flags = FIELD_REQUIRED),
	FIELD_I32(oci_io_priority, priority, "priority within the class, 0 the highest", .max = 7),
};
static OPEN_TABLE(oci_io_priority);

static const struct field oci_scheduler_rows[] = {
	FIELD_ENUM(oci_scheduler, policy, sched_policy_words, "scheduling policy",
		.flags = FIELD_REQUIRED),
	FIELD_I32(oci_scheduler, nice, "nice value", .min = -20, .max = 19),
	FIELD_I32(oci_scheduler, priority, "static priority of the real-time policies"),
	FIELD_MASK(oci_scheduler, flags, sched_flag_words, "flags of sched_setattr(2)"),
	FIELD_U64(oci_scheduler, runtime, "deadline scheduling: time a period", .unit = "ns"),
	FIELD_U64(oci_scheduler, deadline, "deadline scheduling: deadline", .unit = "ns"),
	FIELD_U64(oci_scheduler, period, "deadline scheduling: period", .unit = "ns"),
};
static OPEN_TABLE(oci_scheduler);

static const struct field oci_cpu_affinity_rows[] = {
	FIELD_TEXT(oci_cpu_affinity, initial, "CPUs for exec until it is in its cgroup",
		.check = oci_check_cpu_list),
	FIELD_TEXT(oci_cpu_affinity, final, "CPUs for exec once it is in its cgroup",
		.check = oci_check_cpu_list),
};
static OPEN_TABLE(oci_cpu_affinity);

static const struct field oci_process_rows[] = {
	FIELD_BOOL(
		oci_process, terminal, "give the process a terminal of its own", .dflt = "false"),
	FIELD_OBJECT(oci_process, consoleSize, oci_console_size, "size of the terminal"),
	FIELD_OBJECT(oci_process, user, oci_user, "who the process runs as"),
	FIELD_TEXTS(oci_process, args, "the program and its arguments"),
	FIELD_TEXT(oci_process, commandLine, "Windows: the command line", .flags = FIELD_INERT),
	FIELD_TEXTS(oci_process, env, "the environment, as NAME=value"),
	FIELD_TEXT(oci_process, cwd, "working directory; absolute, made when missing",
		.flags = FIELD_REQUIRED),
	FIELD_OBJECT(oci_process, capabilities, oci_capabilities, "the five capability sets"),
	FIELD_OBJECTS(oci_process, rlimits, oci_rlimit, "resource limits (getrlimit(2))"),
	FIELD_BOOL(oci_process, noNewPrivileges, "no exec can gain privileges", .dflt = "false"),
	FIELD_TEXT(oci_process, apparmorProfile, "AppArmor profile; empty: the caller's stays"),
	FIELD_I32(oci_process, oomScoreAdj, "the kernel's inclination to kill it (proc(5))",
		.min = -1000, .max = 1000),
	FIELD_OBJECT(oci_process, scheduler, oci_scheduler, "CPU scheduling"),
	FIELD_TEXT(oci_process, selinuxLabel, "SELinux label; empty: as the policy says"),
	FIELD_OBJECT(oci_process, ioPriority, oci_io_priority, "I/O scheduling"),
	FIELD_OBJECT(oci_process, execCPUAffinity, oci_cpu_affinity, "CPUs for exec"),
};
OPEN_TABLE(oci_process);

static const struct field oci_hook_rows[] = {
	FIELD_TEXT(oci_hook, path, "the program; absolute", .flags = FIELD_REQUIRED),
	FIELD_TEXTS(oci_hook, args, "its arguments, the first being its name"),
	FIELD_TEXTS(oci_hook, env, "its environment"),
	FIELD_I32(oci_hook, timeout, "after how long it is killed", .unit = "seconds", .min = 1,
		.max = INT32_MAX),
};
OPEN_TABLE(oci_hook);

static const struct field oci_hooks_rows[] = {
	FIELD_OBJECTS(oci_hooks, prestart, oci_hook, "deprecated: as createRuntime, before it"),
	FIELD_OBJECTS(oci_hooks, createRuntime, oci_hook,
		"in create, in the runtime's namespaces, before pivot_root"),
	FIELD_OBJECTS(oci_hooks, createContainer, oci_hook,
		"in create, in the container's namespaces, before pivot_root"),
	FIELD_OBJECTS(oci_hooks, startContainer, oci_hook,
		"in start, in the container, before the program"),
	FIELD_OBJECTS(oci_hooks, poststart, oci_hook, "after the program has started"),
	FIELD_OBJECTS(oci_hooks, poststop, oci_hook, "after the container is deleted"),
};
static OPEN_TABLE(oci_hooks);

static const struct field oci_namespace_rows[] = {
	FIELD_ENUM(oci_namespace, type, ns_words, "which namespace", .flags = FIELD_REQUIRED),
	FIELD_TEXT(oci_namespace, path, "the one to join; absent: a new one"),
};
static OPEN_TABLE(oci_namespace);

static const struct field oci_device_rows[] = {
	FIELD_TEXT(oci_device, type, "c, b, u or p (mknod(1))", .flags = FIELD_REQUIRED,
		.check = check_device_type),
	FIELD_TEXT(oci_device, path, "where in the container", .flags = FIELD_REQUIRED),
	FIELD_I64(oci_device, major, "major number", .min = 0, .max = 4095),
	FIELD_I64(oci_device, minor, "minor number", .min = 0, .max = 1048575),
	FIELD_U32(oci_device, fileMode, "permissions, and its type if it likes (inode(7))",
		.max = 0177777),
	FIELD_U32(oci_device, uid, "owner", .max = 4294967294),
	FIELD_U32(oci_device, gid, "group", .max = 4294967294),
};
static OPEN_TABLE(oci_device);

static const struct field oci_net_device_rows[] = {
	FIELD_TEXT(oci_net_device, name, "its name in the container; %d is a free number"),
};
static OPEN_TABLE(oci_net_device);

static const struct word oci_action_words_rows[] = {
	{"SCMP_ACT_KILL", OCI_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_THREAD", OCI_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", OCI_ACT_KILL_PROCESS},
	{"SCMP_ACT_TRAP", OCI_ACT_TRAP},
	{"SCMP_ACT_ERRNO", OCI_ACT_ERRNO},
	{"SCMP_ACT_TRACE", OCI_ACT_TRACE},
	{"SCMP_ACT_ALLOW", OCI_ACT_ALLOW},
	{"SCMP_ACT_LOG", OCI_ACT_LOG},
	{"SCMP_ACT_NOTIFY", OCI_ACT_NOTIFY},
};
WORDS(oci_action_words);

static const struct word oci_op_words_rows[] = {
	{"SCMP_CMP_NE", OCI_CMP_NE},
	{"SCMP_CMP_LT", OCI_CMP_LT},
	{"SCMP_CMP_LE", OCI_CMP_LE},
	{"SCMP_CMP_EQ", OCI_CMP_EQ},
	{"SCMP_CMP_GE", OCI_CMP_GE},
	{"SCMP_CMP_GT", OCI_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", OCI_CMP_MASKED_EQ},
};
WORDS(oci_op_words);

/* Values as in linux/seccomp.h. */
static const struct word oci_seccomp_flag_words_rows[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", 1},
	{"SECCOMP_FILTER_FLAG_LOG", 2},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 32},
};
WORDS(oci_seccomp_flag_words);

static const struct field oci_seccomp_arg_rows[] = {
	FIELD_U32(oci_seccomp_arg, index, "which argument, from 0", .flags = FIELD_REQUIRED,
		.max = 5),
	FIELD_U64(oci_seccomp_arg, value, "what it is compared with", .flags = FIELD_REQUIRED),
	FIELD_U64(
		oci_seccomp_arg, valueTwo, "for SCMP_CMP_MASKED_EQ: what the masked bits must be"),
	FIELD_ENUM(oci_seccomp_arg, op, oci_op_words, "how", .flags = FIELD_REQUIRED),
};
static OPEN_TABLE(oci_seccomp_arg);

static const struct field oci_syscall_rows[] = {
	FIELD_TEXTS(oci_syscall, names, "the system calls", .flags = FIELD_REQUIRED),
	FIELD_ENUM(oci_syscall, action, oci_action_words, "what happens", .flags = FIELD_REQUIRED),
	FIELD_U32(oci_syscall, errnoRet, "the errno, or the tracer's message"),
	FIELD_OBJECTS(oci_syscall, args, oci_seccomp_arg, "conditions, all of which must hold"),
};
static OPEN_TABLE(oci_syscall);

static const struct field oci_seccomp_rows[] = {
	FIELD_ENUM(oci_seccomp, defaultAction, oci_action_words, "for calls that no rule names",
		.flags = FIELD_REQUIRED),
	FIELD_U32(oci_seccomp, defaultErrnoRet, "the errno of the default action"),
	FIELD_TEXTS(oci_seccomp, architectures, "SCMP_ARCH_X86_64 and so on"),
	FIELD_TEXTS(oci_seccomp, flags, "flags of seccomp(2)"),
	FIELD_TEXT(oci_seccomp, listenerPath, "socket of the agent that answers notifications"),
	FIELD_TEXT(oci_seccomp, listenerMetadata, "text passed to that agent"),
	FIELD_OBJECTS(oci_seccomp, syscalls, oci_syscall, "the rules"),
};
OPEN_TABLE(oci_seccomp);

static const struct field oci_intel_rdt_rows[] = {
	FIELD_TEXT(oci_intel_rdt, closID, "group of resctrl; absent: one named by the container"),
	FIELD_TEXTS(oci_intel_rdt, schemata, "lines of the schemata file"),
	FIELD_TEXT(oci_intel_rdt, l3CacheSchema, "L3 cache lines"),
	FIELD_TEXT(oci_intel_rdt, memBwSchema, "memory bandwidth line", .check = check_mem_bw),
	FIELD_BOOL(
		oci_intel_rdt, enableMonitoring, "a monitoring group of its own", .dflt = "false"),
};
static OPEN_TABLE(oci_intel_rdt);

static const struct field oci_memory_policy_rows[] = {
	FIELD_ENUM(oci_memory_policy, mode, mempolicy_mode_words, "mode of set_mempolicy(2)"),
	FIELD_TEXT(oci_memory_policy, nodes, "memory nodes", .check = oci_check_cpu_list),
	FIELD_MASK(oci_memory_policy, flags, mempolicy_flag_words, "flags of set_mempolicy(2)"),
};
static OPEN_TABLE(oci_memory_policy);

static const struct word personality_words_rows[] = {
	{"LINUX", 0x0000},
	{"LINUX32", 0x0008},
};
static WORDS(personality_words);

static const struct field oci_personality_rows[] = {
	FIELD_ENUM(oci_personality, domain, personality_words, "execution domain"),
	FIELD_TEXTS(oci_personality, flags, "none are defined: any is refused"),
};
static OPEN_TABLE(oci_personality);

static const struct field oci_time_offset_rows[] = {
	FIELD_I64(oci_time_offset, secs, "whole seconds", .unit = "seconds"),
	FIELD_U32(oci_time_offset, nanosecs, "and a fraction", .unit = "ns", .max = 999999999),
};
static OPEN_TABLE(oci_time_offset);

static const struct field oci_time_offsets_rows[] = {
	FIELD_OBJECT(oci_time_offsets, monotonic, oci_time_offset, "CLOCK_MONOTONIC"),
	FIELD_OBJECT(oci_time_offsets, boottime, oci_time_offset, "CLOCK_BOOTTIME"),
};
static OPEN_TABLE(oci_time_offsets);

static const struct word rootfs_propagation_words_rows[] = {
	{"private", MS_PRIVATE | MS_REC},
	{"shared", MS_SHARED | MS_REC},
	{"slave", MS_SLAVE | MS_REC},
	{"unbindable", MS_UNBINDABLE | MS_REC},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"rshared", MS_SHARED | MS_REC},
	{"rslave", MS_SLAVE | MS_REC},
	{"runbindable", MS_UNBINDABLE | MS_REC},
	{"", MS_SLAVE | MS_REC},
};
static WORDS(rootfs_propagation_words);

static const struct field oci_linux_rows[] = {
	FIELD_OBJECTS(oci_linux, namespaces, oci_namespace, "new or joined namespaces"),
	FIELD_OBJECTS(oci_linux, uidMappings, oci_id_mapping, "user ids of the user namespace"),
	FIELD_OBJECTS(oci_linux, gidMappings, oci_id_mapping, "group ids of the user namespace"),
	FIELD_OBJECT(oci_linux, timeOffsets, oci_time_offsets, "clocks of the time namespace"),
	FIELD_OBJECTS(oci_linux, devices, oci_device, "device nodes to make"),
	FIELD_MAP_OBJECTS(oci_linux, netDevices, oci_net_device,
		"network devices to move into the network namespace"),
	FIELD_TEXT(oci_linux, cgroupsPath, "the container's cgroup"),
	FIELD_OBJECT(oci_linux, resources, oci_resources, "limits of the cgroup"),
	FIELD_ENUM(oci_linux, rootfsPropagation, rootfs_propagation_words,
		"mount propagation of the root"),
	FIELD_OBJECT(oci_linux, seccomp, oci_seccomp, "system call filter"),
	FIELD_MAP(oci_linux, sysctl, "kernel parameters of its namespaces"),
	FIELD_TEXTS(oci_linux, maskedPaths, "paths to hide"),
	FIELD_TEXTS(oci_linux, readonlyPaths, "paths to make read-only"),
	FIELD_TEXT(oci_linux, mountLabel, "SELinux context of the mounts"),
	FIELD_OBJECT(oci_linux, intelRdt, oci_intel_rdt, "cache and memory bandwidth (resctrl)"),
	FIELD_OBJECT(oci_linux, memoryPolicy, oci_memory_policy, "NUMA memory policy"),
	FIELD_OBJECT(oci_linux, personality, oci_personality, "execution domain"),
};
static OPEN_TABLE(oci_linux);

static const struct field oci_config_rows[] = {
	FIELD_TEXT(oci_config, ociVersion, "version of the spec this is written to",
		.flags = FIELD_REQUIRED),
	FIELD_OBJECT(oci_config, process, oci_process, "the program"),
	FIELD_OBJECT(oci_config, root, oci_root, "the root filesystem"),
	FIELD_TEXT(oci_config, hostname, "host name; needs a UTS namespace"),
	FIELD_TEXT(oci_config, domainname, "NIS domain name; needs a UTS namespace"),
	FIELD_OBJECTS(oci_config, mounts, oci_mount, "further mounts, in order"),
	FIELD_OBJECT(oci_config, hooks, oci_hooks, "programs to run at points of its life"),
	FIELD_MAP(oci_config, annotations, "notes of whoever made the config"),
	FIELD_OBJECT(oci_config, linux, oci_linux, "what only Linux has"),
	FIELD_OBJECT(oci_config, jail, nsjail_config,
		"jailrt's own: what the spec cannot say, in nsjail's words"),
	FIELD_SKIP("windows", "for Windows"),
	FIELD_SKIP("solaris", "for Solaris"),
	FIELD_SKIP("vm", "for virtual machines"),
	FIELD_SKIP("zos", "for z/OS"),
	FIELD_SKIP("freebsd", "for FreeBSD"),
};
OPEN_TABLE(oci_config);

/* --- reading --------------------------------------------------------------------------------- */

static int read_into(const struct table *t, void *object, const char *text, size_t len,
	const char *file, bool strict, struct pool *pool, struct origin *origin, struct err *e)
{
	struct bind b;

	*origin = (struct origin){.file = pool_text(pool, file)};
	if (!origin->file || !object)
		return err_memory(e);
	bind_init(&b, t, object, origin, pool, BIND_OCI | (strict ? BIND_STRICT : 0));
	return json_read(text, len, origin->file, &b.sink, e);
}

int oci_read(const char *text, size_t len, const char *file, bool strict, struct pool *pool,
	struct oci_config **ret, struct origin *origin, struct err *e)
{
	struct oci_config *doc = POOL_NEW(pool, struct oci_config);

	TRY(read_into(&table_oci_config, doc, text, len, file, strict, pool, origin, e));
	*ret = doc;
	return 0;
}

int oci_read_resources(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_resources **ret, struct origin *origin, struct err *e)
{
	struct oci_resources *doc = POOL_NEW(pool, struct oci_resources);

	TRY(read_into(&table_oci_resources, doc, text, len, file, false, pool, origin, e));
	*ret = doc;
	return 0;
}

int oci_read_process(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_process **ret, struct origin *origin, struct err *e)
{
	struct oci_process *doc = POOL_NEW(pool, struct oci_process);

	TRY(read_into(&table_oci_process, doc, text, len, file, false, pool, origin, e));
	*ret = doc;
	return 0;
}

/* A list is read as if it stood in the object. */
static int read_list(const char *text, size_t len, const char *file, struct sink *to, struct err *e)
{
	const struct place top = {1, 1};

	TRY(event_send(to, EVENT_OBJECT, NULL, top, e));
	TRY(event_send(to, EVENT_KEY, "mounts", top, e));
	TRY(json_read(text, len, file, to, e));
	return event_send(to, EVENT_OBJECT_END, NULL, top, e);
}

int oci_read_mounts(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_mounts **ret, struct origin *origin, struct err *e)
{
	struct oci_mounts *doc = POOL_NEW(pool, struct oci_mounts);
	struct bind b;

	if (text[strspn(text, " \t\r\n")] == '[' && doc) {
		*origin = (struct origin){.file = pool_text(pool, file)};
		bind_init(&b, &table_oci_mounts, doc, origin, pool, BIND_OCI);
		TRY(origin->file ? read_list(text, len, origin->file, &b.sink, e) : err_memory(e));
	} else {
		TRY(read_into(&table_oci_mounts, doc, text, len, file, false, pool, origin, e));
	}
	*ret = doc;
	return 0;
}

int oci_read_seccomp(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_seccomp **ret, struct origin *origin, struct err *e)
{
	struct oci_seccomp *doc = POOL_NEW(pool, struct oci_seccomp);

	TRY(read_into(&table_oci_seccomp, doc, text, len, file, true, pool, origin, e));
	*ret = doc;
	return 0;
}
