/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_JAIL_H
#define JAILRT_JAIL_H
/*
 * jail: what a jail is, in the kernel's terms.
 *
 * Plain data, made once by loading a document and const from then on. No fds, pids, callbacks or
 * spellings of a dialect; values are normalised: bytes, milliseconds, masks, absolute paths. All of it
 * lies on one pool. Groups stand in the order in which the executor comes to them.
 *
 * `at` members are addresses in the document the jail came from: origin_describe turns one into the
 * name and place a user knows. They may be NULL.
 */
#include <stdbool.h>
#include <stdint.h>
#include <linux/mount.h>
#include <sys/resource.h>

#include "field.h"
#include "names.h"

struct origin;
struct user_net;

/* The newest version of the runtime-spec whose fields are known. */
#define OCI_VERSION "1.3.0"

/* --- namespaces and ids ----------------------------------------------------------------------- */

enum ns_how { NS_SHARE, NS_NEW, NS_JOIN };

struct jail_ns {
	enum ns_how how;
	const char *path; /* NS_JOIN: a file below /proc/PID/ns, or a bind of one */
	const void *at;
};

struct id_range {
	uint32_t inside, outside, count;
};

struct id_map {
	struct id_range *v;
	size_t n;
	bool helper; /* written by newuidmap or newgidmap (subuid(5)) */
	const void *at;
};

struct jail_ids {
	struct id_map uids, gids; /* empty: the user namespace, if any, is left as it is */
};

struct jail_clock {
	bool set;
	int64_t seconds;
	uint32_t nanoseconds;
};

struct jail_time {
	struct jail_clock monotonic, boottime;
	const void *at;
};

/* --- filesystem ------------------------------------------------------------------------------- */

enum root_kind {
	ROOT_HOST, /* no mount namespace: the host's own root, or a chroot to path */
	ROOT_DIR, /* a directory of the host */
	ROOT_TMPFS, /* an empty tmpfs */
};

struct jail_root {
	enum root_kind kind;
	const char *path; /* absolute; ROOT_HOST: NULL for the host's root */
	uint64_t attr_set, attr_clear; /* MOUNT_ATTR_… of the root mount, beside readonly */
	uint64_t propagation; /* MS_… | MS_REC of the finished root; 0: as it is */
	const char *options; /* ROOT_TMPFS: its mount options */
	bool readonly;
	bool readonly_deep; /* what is mounted beneath, too */
	bool no_pivot; /* chroot instead of pivot_root */
	const void *at;
};

enum mount_kind {
	MOUNT_FS, /* a filesystem of type */
	MOUNT_BIND, /* source, from the host */
	MOUNT_CGROUP, /* the jail's own cgroups, whatever the layout of the host */
	MOUNT_CONTENT, /* a file that holds content */
	MOUNT_SYMLINK, /* a symlink to source: no mount at all */
	MOUNT_REMOUNT, /* other attributes for what is mounted there */
};

/* A set of attributes to set and to clear, MOUNT_ATTR_… */
struct mount_attrs {
	uint64_t set, clear;
};

/* Whose ids the owners of files are seen by through a mount (mount_setattr(2), MOUNT_ATTR_IDMAP). */
enum mount_idmap {
	IDMAP_NONE,
	IDMAP_JAIL, /* as the jail's user namespace has them */
	IDMAP_OWN, /* by maps of its own */
};

struct mount_ids {
	enum mount_idmap how;
	bool deep; /* all that is mounted beneath, too */
	struct id_map uids, gids; /* IDMAP_OWN: inside is the id in the filesystem */
	const void *at;
};

struct jail_mount {
	enum mount_kind kind;
	const char *source, *target, *type;
	struct bytes content;
	struct texts options; /* the filesystem's own */
	struct mount_attrs attrs, deep; /* of the mount; of it and all beneath it */
	uint64_t super; /* MS_SYNCHRONOUS and the like, of the filesystem */
	uint64_t propagation; /* MS_…, with MS_REC for all beneath it; 0: as it comes */
	struct mount_ids ids;
	uint32_t links; /* MOUNT_LINK_… */
	enum mount_dir is_dir; /* what to make when the target is missing */
	bool recursive; /* a bind takes what is mounted beneath the source along */
	const char *label; /* SELinux label, for a filesystem without an option for it */
	bool copy_up; /* a tmpfs begins as a copy of what it covers */
	bool optional; /* go on when it cannot be made */
	const void *at;
};

struct jail_mounts {
	struct jail_mount *v;
	size_t n;
};

struct jail_device {
	const char *path;
	uint32_t mode; /* S_IFCHR, S_IFBLK or S_IFIFO, and the permissions */
	uint32_t major, minor;
	uint32_t uid, gid;
	bool standard; /* one of those every container has */
	const void *at;
};

struct jail_link {
	const char *path, *target;
};

struct jail_devices {
	struct jail_device *v;
	size_t n;
	struct jail_link *links;
	size_t n_links;
};

struct jail_paths {
	const char **v;
	size_t n;
	const void *at;
};

/* --- limits ----------------------------------------------------------------------------------- */

struct device_rule {
	bool allow;
	char type; /* a, b or c */
	int64_t major, minor; /* -1: any */
	uint8_t access; /* 1 mknod, 2 read, 4 write: the bits of the kernel's BPF program */
};

enum { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4 };

/* A number that may be absent; no limit is INT64_MAX. */
struct limit {
	bool set;
	int64_t v;
};

/* A limit of one block device. */
enum io_kind {
	IO_WEIGHT,
	IO_LEAF_WEIGHT,
	IO_READ_BPS,
	IO_WRITE_BPS,
	IO_READ_IOPS,
	IO_WRITE_IOPS,
	IO_KINDS,
};

struct io_limit {
	enum io_kind kind;
	uint32_t major, minor;
	uint64_t v; /* of a rate: 0 takes the limit away */
	const void *at;
};

/* A limit of something that has a name: huge pages of a size, a network interface. */
struct named_limit {
	const char *name;
	uint64_t v;
	const void *at;
};

struct rdma_limit {
	const char *device;
	struct limit handles, objects;
	const void *at;
};

enum cgroup_manager { CGROUP_FS, CGROUP_SYSTEMD, CGROUP_DISABLED };

/* Where the cgroup is in the hierarchy of a v1 controller. */
struct cgroup_choice {
	const char *controller;
	const char *mount; /* or a directory below one; NULL: wherever it is mounted */
	const char *parent;
	const void *at_mount, *at_parent;
};

enum { CGROUP_CHOICES = 4 };

struct jail_cgroup {
	enum cgroup_manager manager;
	const char
		*path; /* absolute: from the cgroup mount; relative: below the caller's; NULL: ID;
			  for systemd: "slice:prefix:name" */
	const char *parent_v1,
		*parent_v2; /* where path, or ID, is in a hierarchy; NULL: as path says */
	struct cgroup_choice
		choices[CGROUP_CHOICES]; /* in v1, by controller; else as parent_v1 says */
	size_t n_choices;
	bool only_v2; /* a parent_v2 that is not in cgroup v2 is an error, whoever keeps the limits */
	const void *at_parent_v2;
	struct limit memory, memory_low, memory_swap; /* bytes; memory_swap: of memory and swap */
	struct limit swap_only; /* bytes of swap alone */
	struct limit cpu_quota, cpu_period; /* µs */
	struct limit cpu_shares; /* 2 … 262144, as cgroup v1 counts */
	struct limit cpu_burst, cpu_rt_runtime, cpu_rt_period; /* µs */
	struct limit cpu_idle; /* 0 or 1 */
	struct limit memory_tcp, swappiness; /* cgroup v1 only */
	bool stop_at_memory; /* v1: what goes beyond the memory limit waits, in place of dying */
	bool count_beneath; /* memory of the cgroups beneath is counted, too */
	bool check_usage; /* a memory limit below what is in use is refused */
	struct limit pids;
	const char *cpus, *mems;
	struct limit io_weight, io_leaf_weight; /* 1 … 1000 */
	struct io_limit *io;
	size_t n_io;
	struct named_limit *huge_pages;
	size_t n_huge_pages;
	struct limit net_class;
	struct named_limit *net_priorities;
	size_t n_net_priorities;
	struct rdma_limit *rdma;
	size_t n_rdma;
	struct device_rule *devices;
	size_t n_devices;
	struct pairs unified;
	bool required; /* limits were asked for: without a cgroup the jail does not start */
	const char *subgroup; /* below systemd's scope: the jail's cgroup; NULL: the scope itself */
	const char *delegated; /* below the jail's cgroup, without limits: where init is; NULL */
	const void *at, *at_memory, *at_cpu, *at_pids, *at_devices, *at_io, *at_net;
};

/* A group of the resctrl filesystem: cache and memory bandwidth. */
struct jail_rdt {
	bool set;
	const char *group; /* "/": the root group; NULL: one of its own, with the jail's name */
	const char *schemata; /* lines; NULL: as they are */
	bool monitor; /* a monitoring group of its own */
	const void *at;
};

struct jail_rlimit {
	int resource;
	struct rlimit limit;
	const void *at;
};

struct jail_rlimits {
	struct jail_rlimit *v;
	size_t n;
};

struct jail_net_device {
	const char *device; /* as the caller's network namespace has it */
	const char *name; /* in the jail; "eth%d": with the lowest number that is free */
	bool bare; /* down there and without addresses; otherwise as the caller has it */
	const void *at;
};

/* A device of the jail's own that shares another's wire (ip-link(8)). */
struct jail_macvlan {
	const char *device; /* the caller's; NULL: there is none */
	const char *name; /* in the jail */
	uint32_t mode; /* MACVLAN_MODE_… */
	bool has_mac;
	uint8_t mac[6];
	uint32_t address, gateway; /* IPv4, host byte order; 0: none; without address: down */
	uint8_t bits; /* of address that are the network's */
	const void *at, *at_address;
};

/* An address and how many of its bits count. */
struct net_prefix {
	uint8_t address[16]; /* IPv4: the first four */
	uint8_t bits; /* 0: any address */
};

struct net_ports {
	uint16_t first, last; /* 0: any port */
};

enum net_verdict { NET_DROP, NET_REJECT, NET_ALLOW };

/* What becomes of packets that the jail sends to others, or passes on, or gets by iif. */
struct jail_net_rule {
	bool ipv6;
	struct net_prefix source, destination;
	struct net_ports source_ports, destination_ports;
	const char *iif, *oif; /* NULL: any */
	uint8_t protocol; /* IPPROTO_…; 0: any */
	enum net_verdict verdict;
	const void *at;
};

struct jail_net {
	bool loopback; /* bring lo up in a new network namespace */
	struct jail_net_device *devices; /* that are moved into the jail's */
	size_t n;
	struct jail_macvlan macvlan;
	struct jail_net_rule *rules; /* the first that a packet meets decides */
	size_t n_rules;
	const struct user_net *user; /* a network through a process of the host; NULL: none */
	const void *at_user;
};

struct jail_sysctl {
	const char *path; /* below /proc/sys: "net/ipv4/ip_forward" */
	const char *value;
	const void *at;
};

/* --- the process ------------------------------------------------------------------------------ */

enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE, CAP_BOUNDING, CAP_AMBIENT, CAP_SETS };

struct jail_caps {
	uint64_t set[CAP_SETS];
	bool inherit; /* all that are permitted, kept across exec; set is not used */
};

/* Of sched_setattr(2). */
struct jail_scheduler {
	bool set;
	int32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
	const void *at;
};

struct jail_io_priority {
	bool set;
	uint32_t class, priority;
	const void *at;
};

/* Of set_mempolicy(2). */
struct jail_memory_policy {
	bool set;
	int32_t mode;
	uint64_t flags;
	const char *nodes; /* "0-3,7"; NULL: none */
	const void *at;
};

/* Of exec alone; NULL: none is set. */
struct jail_affinity {
	const char *initial, *final; /* before and in the container's cgroup */
	const void *at_initial, *at_final;
};

/* Numbers of CPUs and memory nodes are below this. */
enum { JAIL_LIST_BITS = 8192 };

struct jail_process {
	struct texts args, env;
	const char *file; /* what is executed; NULL: args[0], looked up along PATH */
	const char *cwd;
	bool make_cwd; /* when it is missing */
	uint32_t uid, gid;
	struct u32s groups;
	bool keep_groups; /* leave the supplementary groups as they are */
	bool keep_ids; /* leave user and group as they are */
	struct limit umask;
	struct jail_caps caps;
	struct jail_rlimits rlimits;
	struct limit oom_score_adj, nice;
	struct jail_scheduler scheduler;
	struct jail_io_priority io;
	struct jail_affinity affinity;
	struct jail_memory_policy memory;
	uint32_t max_cpus; /* 0: as the caller */
	bool no_new_privs;
	bool terminal;
	uint16_t rows, columns; /* 0: unknown */
	bool new_session;
	const char *apparmor; /* profile; NULL: the caller's stays */
	const char *selinux; /* label; NULL: as the policy says */
	const char *keyring; /* name of a new session keyring; NULL: the caller's stays */
	bool search_path; /* look args[0] up along PATH; otherwise it is a path */
	bool open_file; /* file is the host's, opened before all else */
	bool core_sched; /* share no core with others */
	bool no_tsc; /* no access to the time stamp counter */
	bool find_home; /* HOME from the jail's own passwd file unless env has one */
	bool own_stdio; /* the pipes and terminals on 0, 1 and 2 become the user's */
	bool stdio_null, stderr_null;
	bool personality_set;
	uint32_t personality;
	uint32_t preserve_fds; /* fds from 3 on that the program inherits */
	struct i32s pass_fds;
	const void *at, *at_args, *at_cwd, *at_user, *at_caps, *at_apparmor, *at_selinux;
};

/* --- the system call filter --------------------------------------------------------------------- */

struct rules;

struct jail_filter {
	const struct rules *rules; /* NULL: there are none */
	struct texts profiles; /* names of policies that hold too (policy.h); rules then has them */
	struct bytes program; /* a finished one instead (struct sock_filter), as it stands */
	uint32_t flags; /* SECCOMP_FILTER_FLAG_LOG and the like (seccomp(2)) */
	const char *listener; /* socket of the agent that answers notifications; NULL: none */
	const char *metadata; /* text for that agent */
	bool watch; /* file and network calls are watched by who runs the jail (watched.h) */
	const char *watch_report; /* file for what was seen; NULL: only the log has it */
	const void *at, *at_watch, *at_watch_report;
};

/* --- hooks, service, notes -------------------------------------------------------------------- */

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS,
};

extern const struct words hook_words; /* "prestart" … */

struct jail_hook {
	const char *path;
	struct texts args, env;
	bool inherit_env; /* env was not given */
	int32_t timeout; /* seconds; 0: none */
	const void *at;
};

struct jail_hooks {
	struct jail_hook *v;
	size_t n;
};

enum service_mode {
	SERVICE_ONCE,
	SERVICE_RERUN, /* again and again */
	SERVICE_LISTEN, /* a jail for each TCP connection */
	SERVICE_EXECVE, /* in place of the caller */
};

struct jail_service {
	enum service_mode mode;
	const char *address; /* LISTEN: an IPv6 or IPv4 literal */
	uint16_t port; /* 0: the kernel picks one */
	uint32_t max_conns, max_conns_per_ip; /* 0: no limit */
	uint64_t time_limit; /* milliseconds of wall time; 0: none */
	bool forward_signals; /* a fatal signal goes to the program, in place of killing it */
	bool background; /* go to the background first */
	const void *at_mode, *at_address;
	bool hold; /* made, and then held until start; of exec: outlives its caller */
};

struct jail_notes {
	const char *id, *bundle; /* given by the caller of the load */
	const char *name; /* nsjail's informational name */
	const char *version; /* ociVersion of the state that hooks are told */
	struct pairs annotations;
};

struct jail {
	struct jail_ns ns[NS_KINDS];
	struct jail_ids ids;
	struct jail_time time;
	struct jail_root root;
	struct jail_mounts mounts;
	const char *mount_label; /* SELinux label of new mounts, in their options; NULL: none */
	const void *at_mount_label;
	struct jail_devices devices;
	struct jail_paths masked, readonly;
	struct jail_cgroup cgroup;
	struct jail_rdt rdt;
	struct jail_net net;
	const char *hostname, *domainname;
	const void *at_hostname, *at_domainname; /* see origin.h */
	struct jail_sysctl *sysctls;
	size_t n_sysctls;
	struct jail_process process;
	struct jail_filter filter;
	struct jail_hooks hooks[HOOK_KINDS];
	struct jail_service service;
	struct jail_notes notes;
	bool bare; /* gets nothing that was not asked for, such as a keyring or a manager's sockets */
	const struct origin *origin;
};

/* A jail that shares everything with its caller and runs nothing. */
void jail_init(struct jail *jail);

/* Appends a zeroed element; NULL when memory runs out. */
struct jail_mount *jail_add_mount(struct jail *jail, struct pool *pool);
struct jail_device *jail_add_device(struct jail *jail, struct pool *pool);
int jail_add_link(
	struct jail *jail, struct pool *pool, const char *path, const char *target, struct err *e);

/* True when a limit is asked for that not every cgroup has. */
bool jail_has_limits(const struct jail_cgroup *c);

static inline bool jail_has_new(const struct jail *jail, enum ns_kind kind)
{
	return jail->ns[kind].how == NS_NEW;
}

/* True when the jail's processes are in a namespace that is not the caller's. */
static inline bool jail_has_own(const struct jail *jail, enum ns_kind kind)
{
	return jail->ns[kind].how != NS_SHARE;
}

#endif
