/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_OCI_H
#define JAILRT_OCI_H
/*
 * oci: the faithful mirror of an OCI config.json (runtime-spec 1.3, config.md and config-linux.md).
 *
 * A member is named as its key and holds what the document says, nothing derived; what it means is
 * said in oci_jail.c. Objects of other systems (windows, vm, …) are passed over. The one key that is
 * not the spec's is "jail": what config.json cannot say, with nsjail's field names.
 */
#include "bind.h"
#include "field.h"
#include "nsjail.h"
#include "origin.h"

struct oci_id_mapping {
	OBJECT;
	OPT(uint32_t, containerID);
	OPT(uint32_t, hostID);
	OPT(uint32_t, size);
};

struct oci_mount {
	OBJECT;
	const char *destination, *type, *source;
	struct texts options;
	LIST_OF(struct oci_id_mapping) uidMappings;
	LIST_OF(struct oci_id_mapping) gidMappings;
};

struct oci_root {
	OBJECT;
	const char *path;
	OPT(bool, readonly);
};

struct oci_console_size {
	OBJECT;
	OPT(uint64_t, height);
	OPT(uint64_t, width);
};

struct oci_user {
	OBJECT;
	OPT(uint32_t, uid);
	OPT(uint32_t, gid);
	OPT(uint32_t, umask);
	struct u32s additionalGids;
	const char *username;
};

struct oci_capabilities {
	OBJECT;
	struct texts bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit {
	OBJECT;
	const char *type;
	OPT(uint64_t, soft);
	OPT(uint64_t, hard);
};

struct oci_io_priority {
	OBJECT;
	OPT(int32_t, class);
	OPT(int32_t, priority);
};

struct oci_scheduler {
	OBJECT;
	OPT(int32_t, policy);
	OPT(int32_t, nice);
	OPT(int32_t, priority);
	OPT(uint64_t, flags);
	OPT(uint64_t, runtime);
	OPT(uint64_t, deadline);
	OPT(uint64_t, period);
};

struct oci_cpu_affinity {
	OBJECT;
	const char *initial, *final;
};

struct oci_process {
	OBJECT;
	OPT(bool, terminal);
	struct oci_console_size *consoleSize;
	struct oci_user *user;
	struct texts args, env;
	const char *commandLine, *cwd;
	struct oci_capabilities *capabilities;
	LIST_OF(struct oci_rlimit) rlimits;
	OPT(bool, noNewPrivileges);
	const char *apparmorProfile;
	OPT(int32_t, oomScoreAdj);
	struct oci_scheduler *scheduler;
	const char *selinuxLabel;
	struct oci_io_priority *ioPriority;
	struct oci_cpu_affinity *execCPUAffinity;
};

struct oci_hook {
	OBJECT;
	const char *path;
	struct texts args, env;
	OPT(int32_t, timeout);
};

struct oci_hooks {
	OBJECT;
	LIST_OF(struct oci_hook) prestart;
	LIST_OF(struct oci_hook) createRuntime;
	LIST_OF(struct oci_hook) createContainer;
	LIST_OF(struct oci_hook) startContainer;
	LIST_OF(struct oci_hook) poststart;
	LIST_OF(struct oci_hook) poststop;
};

struct oci_namespace {
	OBJECT;
	OPT(int32_t, type);
	const char *path;
};

struct oci_device {
	OBJECT;
	const char *type, *path;
	OPT(int64_t, major);
	OPT(int64_t, minor);
	OPT(uint32_t, fileMode);
	OPT(uint32_t, uid);
	OPT(uint32_t, gid);
};

struct oci_net_device {
	const char *key; /* the host's name of the device */
	const char *name;
};

struct oci_device_rule {
	OBJECT;
	OPT(bool, allow);
	const char *type;
	OPT(int64_t, major);
	OPT(int64_t, minor);
	const char *access;
};

struct oci_memory {
	OBJECT;
	OPT(int64_t, limit);
	OPT(int64_t, reservation);
	OPT(int64_t, swap);
	OPT(int64_t, kernel);
	OPT(int64_t, kernelTCP);
	OPT(uint64_t, swappiness);
	OPT(bool, disableOOMKiller);
	OPT(bool, useHierarchy);
	OPT(bool, checkBeforeUpdate);
};

struct oci_cpu {
	OBJECT;
	OPT(uint64_t, shares);
	OPT(int64_t, quota);
	OPT(uint64_t, burst);
	OPT(uint64_t, period);
	OPT(int64_t, realtimeRuntime);
	OPT(uint64_t, realtimePeriod);
	const char *cpus, *mems;
	OPT(int64_t, idle);
};

struct oci_pids {
	OBJECT;
	OPT(int64_t, limit);
};

struct oci_weight_device {
	OBJECT;
	OPT(int64_t, major);
	OPT(int64_t, minor);
	OPT(uint32_t, weight);
	OPT(uint32_t, leafWeight);
};

struct oci_throttle_device {
	OBJECT;
	OPT(int64_t, major);
	OPT(int64_t, minor);
	OPT(uint64_t, rate);
};

struct oci_block_io {
	OBJECT;
	OPT(uint32_t, weight);
	OPT(uint32_t, leafWeight);
	LIST_OF(struct oci_weight_device) weightDevice;
	LIST_OF(struct oci_throttle_device) throttleReadBpsDevice;
	LIST_OF(struct oci_throttle_device) throttleWriteBpsDevice;
	LIST_OF(struct oci_throttle_device) throttleReadIOPSDevice;
	LIST_OF(struct oci_throttle_device) throttleWriteIOPSDevice;
};

struct oci_hugepage_limit {
	OBJECT;
	const char *pageSize;
	OPT(uint64_t, limit);
};

struct oci_interface_priority {
	OBJECT;
	const char *name;
	OPT(uint32_t, priority);
};

struct oci_network {
	OBJECT;
	OPT(uint32_t, classID);
	LIST_OF(struct oci_interface_priority) priorities;
};

struct oci_rdma {
	const char *key; /* the device */
	OPT(uint32_t, hcaHandles);
	OPT(uint32_t, hcaObjects);
};

struct oci_resources {
	OBJECT;
	struct pairs unified;
	LIST_OF(struct oci_device_rule) devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *blockIO;
	LIST_OF(struct oci_hugepage_limit) hugepageLimits;
	struct oci_network *network;
	LIST_OF(struct oci_rdma) rdma;
};

struct oci_seccomp_arg {
	OBJECT;
	OPT(uint32_t, index);
	OPT(uint64_t, value);
	OPT(uint64_t, valueTwo);
	OPT(int32_t, op);
};

struct oci_syscall {
	OBJECT;
	struct texts names;
	OPT(int32_t, action);
	OPT(uint32_t, errnoRet);
	LIST_OF(struct oci_seccomp_arg) args;
};

struct oci_seccomp {
	OBJECT;
	OPT(int32_t, defaultAction);
	OPT(uint32_t, defaultErrnoRet);
	struct texts architectures;
	struct texts flags;
	const char *listenerPath, *listenerMetadata;
	LIST_OF(struct oci_syscall) syscalls;
};

struct oci_intel_rdt {
	OBJECT;
	const char *closID;
	struct texts schemata;
	const char *l3CacheSchema, *memBwSchema;
	OPT(bool, enableMonitoring);
};

struct oci_memory_policy {
	OBJECT;
	OPT(int32_t, mode);
	const char *nodes;
	OPT(uint64_t, flags);
};

struct oci_personality {
	OBJECT;
	OPT(int32_t, domain);
	struct texts flags;
};

struct oci_time_offset {
	OBJECT;
	OPT(int64_t, secs);
	OPT(uint32_t, nanosecs);
};

struct oci_time_offsets {
	OBJECT;
	struct oci_time_offset *monotonic, *boottime;
};

struct oci_linux {
	OBJECT;
	LIST_OF(struct oci_namespace) namespaces;
	LIST_OF(struct oci_id_mapping) uidMappings;
	LIST_OF(struct oci_id_mapping) gidMappings;
	struct oci_time_offsets *timeOffsets;
	LIST_OF(struct oci_device) devices;
	LIST_OF(struct oci_net_device) netDevices;
	const char *cgroupsPath;
	struct oci_resources *resources;
	OPT(int32_t, rootfsPropagation);
	struct oci_seccomp *seccomp;
	struct pairs sysctl;
	struct texts maskedPaths, readonlyPaths;
	const char *mountLabel;
	struct oci_intel_rdt *intelRdt;
	struct oci_memory_policy *memoryPolicy;
	struct oci_personality *personality;
};

struct oci_config {
	OBJECT;
	const char *ociVersion;
	struct oci_root *root;
	LIST_OF(struct oci_mount) mounts;
	struct oci_process *process;
	const char *hostname, *domainname;
	struct oci_hooks *hooks;
	struct pairs annotations;
	struct oci_linux *linux;
	struct nsjail_config *jail;
};

/* Mounts by themselves: the file of "mounts add". */
struct oci_mounts {
	OBJECT;
	LIST_OF(struct oci_mount) mounts;
};

extern const struct table table_oci_config, table_oci_process, table_oci_resources,
	table_oci_seccomp, table_oci_hook;

enum oci_seccomp_action {
	OCI_ACT_KILL_THREAD,
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY,
};

enum oci_seccomp_op {
	OCI_CMP_NE,
	OCI_CMP_LT,
	OCI_CMP_LE,
	OCI_CMP_EQ,
	OCI_CMP_GE,
	OCI_CMP_GT,
	OCI_CMP_MASKED_EQ,
};

extern const struct words oci_action_words, oci_op_words, oci_seccomp_flag_words, oci_arch_words;

/*
 * Reads a config.json, a process.json (exec) or a resources.json (update) from text. The origin keeps
 * the name of the file and the places; all memory is the pool's. strict: unknown keys are errors.
 */
int oci_read(const char *text, size_t len, const char *file, bool strict, struct pool *pool,
	struct oci_config **ret, struct origin *origin, struct err *e);
/* A seccomp object by itself; a key that is unknown is an error: it may restrict what it stands by. */
int oci_read_seccomp(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_seccomp **ret, struct origin *origin, struct err *e);
int oci_read_process(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_process **ret, struct origin *origin, struct err *e);
int oci_read_resources(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_resources **ret, struct origin *origin, struct err *e);

/* {"mounts": […]}, or the list alone. */
int oci_read_mounts(const char *text, size_t len, const char *file, struct pool *pool,
	struct oci_mounts **ret, struct origin *origin, struct err *e);

/* For the rows of CPUs and memory nodes: "0-3,7". */
const char *oci_check_cpu_list(const char *text);

#endif
