/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "oci.h"

/* The rows of linux.resources, which is also a document by itself: resources.json of update. */

static const char *check_page_size(const char *s)
{
	const char *p = s;

	if (*p < '1' || *p > '9')
		return "is not a page size such as 2MB";
	while (isdigit((unsigned char)*p))
		p++;
	if (!*p || !strchr("KMG", *p) || strcmp(p + 1, "B"))
		return "is not a page size such as 2MB";
	return NULL;
}

static const char *check_rule_type(const char *s)
{
	return !*s || (!s[1] && strchr("acb", *s)) ? NULL : "is not one of a, c, b";
}

static const char *check_access(const char *s)
{
	return s[strspn(s, "rwm")] ? "is not made of r, w, m" : NULL;
}

static const struct field oci_device_rule_rows[] = {
	FIELD_BOOL(oci_device_rule, allow, "allow or deny", .flags = FIELD_REQUIRED),
	FIELD_TEXT(oci_device_rule, type, "a, c or b", .check = check_rule_type),
	/* The kernel's numbers have 32 bits: a longer one must not be cut to another device's. */
	FIELD_I64(oci_device_rule, major, "major number; absent or -1: any", .min = -1,
		.max = UINT32_MAX),
	FIELD_I64(oci_device_rule, minor, "minor number; absent or -1: any", .min = -1,
		.max = UINT32_MAX),
	FIELD_TEXT(
		oci_device_rule, access, "r (read), w (write), m (mknod)", .check = check_access),
};
static OPEN_TABLE(oci_device_rule);

static const struct field oci_memory_rows[] = {
	FIELD_I64(oci_memory, limit, "memory limit; -1: none", .unit = "bytes"),
	FIELD_I64(oci_memory, reservation, "memory that is reclaimed last", .unit = "bytes"),
	FIELD_I64(oci_memory, swap, "limit of memory and swap together; -1: none", .unit = "bytes"),
	FIELD_I64(oci_memory, kernel, "deprecated: kernel memory", .unit = "bytes",
		.flags = FIELD_INERT),
	FIELD_I64(oci_memory, kernelTCP, "kernel TCP buffer memory; cgroup v1 only",
		.unit = "bytes", .dflt = "0"),
	FIELD_U64(oci_memory, swappiness, "inclination to swap, 0 to 100; cgroup v1 only"),
	FIELD_BOOL(oci_memory, disableOOMKiller,
		"stop instead of kill when out of memory; cgroup v1 only", .dflt = "false"),
	FIELD_BOOL(oci_memory, useHierarchy, "count child cgroups too", .dflt = "false"),
	FIELD_BOOL(oci_memory, checkBeforeUpdate, "refuse a limit below what is in use",
		.dflt = "false"),
};
static OPEN_TABLE(oci_memory);

static const struct field oci_cpu_rows[] = {
	FIELD_U64(oci_cpu, shares, "share of CPU time when it is short; 0: unset", .dflt = "0"),
	FIELD_I64(oci_cpu, quota, "CPU time a period; 0 or less: no limit", .unit = "µs"),
	FIELD_U64(
		oci_cpu, burst, "unused CPU time that may be saved up", .unit = "µs", .dflt = "0"),
	FIELD_U64(oci_cpu, period, "length of a period; 0: unset", .unit = "µs", .dflt = "0"),
	FIELD_I64(
		oci_cpu, realtimeRuntime, "real-time CPU time a period", .unit = "µs", .dflt = "0"),
	FIELD_U64(
		oci_cpu, realtimePeriod, "length of a real-time period", .unit = "µs", .dflt = "0"),
	FIELD_TEXT(oci_cpu, cpus, "the CPUs it may use", .check = oci_check_cpu_list),
	FIELD_TEXT(oci_cpu, mems, "the memory nodes it may use", .check = oci_check_cpu_list),
	FIELD_I64(oci_cpu, idle, "1: run only when nothing else does", .min = 0, .max = 1,
		.dflt = "0"),
};
static OPEN_TABLE(oci_cpu);

static const struct field oci_pids_rows[] = {
	FIELD_I64(oci_pids, limit, "most tasks; -1: no limit"),
};
static OPEN_TABLE(oci_pids);

static const struct field oci_weight_device_rows[] = {
	FIELD_I64(oci_weight_device, major, "major number", .flags = FIELD_REQUIRED, .min = 0,
		.max = 4095),
	FIELD_I64(oci_weight_device, minor, "minor number", .flags = FIELD_REQUIRED, .min = 0,
		.max = 1048575),
	FIELD_U32(oci_weight_device, weight, "weight of the device", .max = 1000),
	FIELD_U32(oci_weight_device, leafWeight, "weight against child cgroups", .max = 1000),
};
static OPEN_TABLE(oci_weight_device);

static const struct field oci_throttle_device_rows[] = {
	FIELD_I64(oci_throttle_device, major, "major number", .flags = FIELD_REQUIRED, .min = 0,
		.max = 4095),
	FIELD_I64(oci_throttle_device, minor, "minor number", .flags = FIELD_REQUIRED, .min = 0,
		.max = 1048575),
	FIELD_U64(oci_throttle_device, rate, "bytes or operations a second"),
};
static OPEN_TABLE(oci_throttle_device);

static const struct field oci_block_io_rows[] = {
	FIELD_U32(oci_block_io, weight, "weight of the container's I/O; 0: unset", .max = 1000,
		.dflt = "0"),
	FIELD_U32(oci_block_io, leafWeight, "weight against child cgroups; 0: unset", .max = 1000,
		.dflt = "0"),
	FIELD_OBJECTS(oci_block_io, weightDevice, oci_weight_device, "weights by device"),
	FIELD_OBJECTS(oci_block_io, throttleReadBpsDevice, oci_throttle_device,
		"bytes read a second, by device"),
	FIELD_OBJECTS(oci_block_io, throttleWriteBpsDevice, oci_throttle_device,
		"bytes written a second, by device"),
	FIELD_OBJECTS(oci_block_io, throttleReadIOPSDevice, oci_throttle_device,
		"reads a second, by device"),
	FIELD_OBJECTS(oci_block_io, throttleWriteIOPSDevice, oci_throttle_device,
		"writes a second, by device"),
};
static OPEN_TABLE(oci_block_io);

static const struct field oci_hugepage_limit_rows[] = {
	FIELD_TEXT(oci_hugepage_limit, pageSize, "size of the pages, such as 2MB",
		.flags = FIELD_REQUIRED, .check = check_page_size),
	FIELD_U64(oci_hugepage_limit, limit, "most memory in such pages", .unit = "bytes",
		.flags = FIELD_REQUIRED),
};
static OPEN_TABLE(oci_hugepage_limit);

static const struct field oci_interface_priority_rows[] = {
	FIELD_TEXT(oci_interface_priority, name, "network interface", .flags = FIELD_REQUIRED),
	FIELD_U32(oci_interface_priority, priority, "priority of its traffic",
		.flags = FIELD_REQUIRED),
};
static OPEN_TABLE(oci_interface_priority);

static const struct field oci_network_rows[] = {
	FIELD_U32(oci_network, classID, "class of the container's packets (net_cls)", .dflt = "0"),
	FIELD_OBJECTS(oci_network, priorities, oci_interface_priority, "priorities by interface"),
};
static OPEN_TABLE(oci_network);

static const struct field oci_rdma_rows[] = {
	FIELD_U32(oci_rdma, hcaHandles, "most handles"),
	FIELD_U32(oci_rdma, hcaObjects, "most objects"),
};
static OPEN_TABLE(oci_rdma);

static const struct field oci_resources_rows[] = {
	FIELD_MAP(oci_resources, unified, "cgroup v2 files and what is written to them"),
	FIELD_OBJECTS(oci_resources, devices, oci_device_rule,
		"which devices may be used; a later rule overrides an earlier one"),
	FIELD_OBJECT(oci_resources, memory, oci_memory, "memory"),
	FIELD_OBJECT(oci_resources, cpu, oci_cpu, "CPU time"),
	FIELD_OBJECT(oci_resources, pids, oci_pids, "number of tasks"),
	FIELD_OBJECT(oci_resources, blockIO, oci_block_io, "block device I/O"),
	FIELD_OBJECTS(oci_resources, hugepageLimits, oci_hugepage_limit, "huge pages"),
	FIELD_OBJECT(oci_resources, network, oci_network, "marks on network packets"),
	FIELD_MAP_OBJECTS(oci_resources, rdma, oci_rdma, "RDMA, by device"),
};
OPEN_TABLE(oci_resources);
