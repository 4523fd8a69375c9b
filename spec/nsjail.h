/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NSJAIL_H
#define JAILRT_NSJAIL_H
/*
 * nsjail: the mirror of nsjail's config message, field by field, under nsjail's own names.
 *
 * A document that nsjail reads is read here, from text format or from protobuf's JSON, and refused
 * where nsjail refuses it; what the values mean is said in nsjail_jail.c. The numbers of enumerated
 * values are nsjail's. Of user_net both generations are known: the flat one of releases 3.5 and 3.6,
 * and the one with a backend that came after.
 */
#include "field.h"
#include "origin.h"

enum nsjail_mode {
	NSJAIL_MODE_LISTEN,
	NSJAIL_MODE_ONCE,
	NSJAIL_MODE_RERUN,
	NSJAIL_MODE_EXECVE,
};

enum nsjail_log_level {
	NSJAIL_LOG_DEBUG,
	NSJAIL_LOG_INFO,
	NSJAIL_LOG_WARNING,
	NSJAIL_LOG_ERROR,
	NSJAIL_LOG_FATAL,
};

enum nsjail_rlimit {
	NSJAIL_RLIMIT_VALUE,
	NSJAIL_RLIMIT_SOFT,
	NSJAIL_RLIMIT_HARD,
	NSJAIL_RLIMIT_INF,
};

enum nsjail_backend {
	NSJAIL_BACKEND_NSTUN,
	NSJAIL_BACKEND_PASTA,
};

enum nsjail_traffic_proto {
	NSJAIL_TRAFFIC_PROTO_UNKNOWN,
	NSJAIL_TRAFFIC_PROTO_TCP,
	NSJAIL_TRAFFIC_PROTO_UDP,
	NSJAIL_TRAFFIC_PROTO_ICMP,
	NSJAIL_TRAFFIC_PROTO_ICMPV6,
};

enum nsjail_traffic_action {
	NSJAIL_TRAFFIC_UNKNOWN,
	NSJAIL_TRAFFIC_DROP,
	NSJAIL_TRAFFIC_REJECT,
	NSJAIL_TRAFFIC_ALLOW,
};

enum nsjail_ip_family {
	NSJAIL_IPV4,
	NSJAIL_IPV6,
};

enum nsjail_nstun_direction {
	NSJAIL_NSTUN_GUEST_TO_HOST,
	NSJAIL_NSTUN_HOST_TO_GUEST,
};

enum nsjail_nstun_action {
	NSJAIL_NSTUN_DROP,
	NSJAIL_NSTUN_REJECT,
	NSJAIL_NSTUN_ALLOW,
	NSJAIL_NSTUN_REDIRECT,
	NSJAIL_NSTUN_ENCAP_SOCKS5,
	NSJAIL_NSTUN_ENCAP_CONNECT,
};

enum nsjail_nstun_proto {
	NSJAIL_NSTUN_PROTO_ANY,
	NSJAIL_NSTUN_PROTO_TCP,
	NSJAIL_NSTUN_PROTO_UDP,
	NSJAIL_NSTUN_PROTO_ICMP,
};

extern const struct words nsjail_mode_words;
extern const struct words nsjail_log_level_words;
extern const struct words nsjail_rlimit_words;
extern const struct words nsjail_backend_words;
extern const struct words nsjail_traffic_proto_words;
extern const struct words nsjail_traffic_action_words;
extern const struct words nsjail_ip_family_words;
extern const struct words nsjail_nstun_direction_words;
extern const struct words nsjail_nstun_action_words;
extern const struct words nsjail_nstun_proto_words;

struct nsjail_id_map {
	OBJECT;
	const char *inside_id, *outside_id;
	OPT(uint32_t, count);
	OPT(bool, use_newidmap);
};

struct nsjail_mount {
	OBJECT;
	const char *src, *prefix_src_env;
	struct bytes src_content;
	const char *dst, *prefix_dst_env;
	const char *fstype, *options;
	OPT(bool, is_bind);
	OPT(bool, rw);
	OPT(bool, is_dir);
	OPT(bool, mandatory);
	OPT(bool, is_symlink);
	OPT(bool, nosuid);
	OPT(bool, nodev);
	OPT(bool, noexec);
};

struct nsjail_exe {
	OBJECT;
	const char *path;
	struct texts arg;
	const char *arg0;
	OPT(bool, exec_fd);
};

struct nsjail_traffic_rule {
	OBJECT;
	const char *src_ip, *dst_ip;
	const char *iif, *oif;
	OPT(int32_t, proto);
	OPT(uint32_t, sport);
	OPT(uint32_t, sport_end);
	OPT(uint32_t, dport);
	OPT(uint32_t, dport_end);
	OPT(int32_t, action);
	OPT(int32_t, ip_family);
};

struct nsjail_nstun_rule {
	OBJECT;
	OPT(int32_t, direction);
	OPT(int32_t, action);
	OPT(int32_t, proto);
	const char *src_ip;
	OPT(uint32_t, sport);
	OPT(uint32_t, sport_end);
	const char *dst_ip;
	OPT(uint32_t, dport);
	OPT(uint32_t, dport_end);
	const char *redirect_ip;
	OPT(uint32_t, redirect_port);
};

struct nsjail_pasta {
	OBJECT;
	OPT(bool, nat);
	OPT(bool, enable_tcp);
	OPT(bool, enable_udp);
	OPT(bool, enable_icmp);
	OPT(bool, ip4_enabled);
	const char *mask4;
	OPT(bool, enable_ip4_dhcp);
	OPT(bool, ip6_enabled);
	const char *mask6;
	OPT(bool, enable_ip6_dhcp);
	OPT(bool, enable_ip6_ra);
	OPT(bool, enable_dns);
	const char *dns_forward;
	OPT(bool, map_gw);
	const char *tcp_map_in, *udp_map_in, *tcp_map_out, *udp_map_out;
};

struct nsjail_user_net {
	OBJECT;
	OPT(int32_t, backend);
	struct nsjail_pasta *pasta;
	LIST_OF(struct nsjail_nstun_rule) rule4;
	LIST_OF(struct nsjail_nstun_rule) rule6;
	const char *ip4, *gw4;
	const char *ip6, *gw6;
	const char *ns_iface;
	/* 3.5 and 3.6, pasta only; ip6, gw6 and ns_iface are in both. No defaults: NULL tells which. */
	OPT(bool, enable);
	const char *ip, *mask, *gw, *mask6;
	const char *tcp_ports, *udp_ports;
	OPT(bool, enable_ip4_dhcp);
	OPT(bool, enable_ip6_dhcp);
	OPT(bool, enable_ip6_ra);
	OPT(bool, enable_dns);
	const char *dns_forward;
	OPT(bool, enable_tcp);
	OPT(bool, enable_udp);
	OPT(bool, enable_icmp);
	OPT(bool, no_map_gw);
};

struct nsjail_config {
	OBJECT;
	const char *name;
	struct texts description;
	OPT(int32_t, mode);
	const char *hostname, *cwd;
	OPT(bool, no_pivotroot);
	OPT(uint32_t, port);
	const char *bindhost;
	OPT(uint32_t, max_conns);
	OPT(uint32_t, max_conns_per_ip);
	OPT(uint32_t, time_limit);
	OPT(bool, daemon);
	OPT(uint32_t, max_cpus);
	OPT(int32_t, nice_level);
	OPT(int32_t, oom_score_adj);
	OPT(bool, use_core_scheduling);
	OPT(bool, disable_tsc);
	OPT(bool, forward_signals);

	OPT(int32_t, log_fd);
	const char *log_file;
	OPT(int32_t, log_level);

	OPT(bool, keep_env);
	struct texts envar;
	OPT(bool, keep_caps);
	struct texts cap;
	OPT(bool, silent);
	OPT(bool, skip_setsid);
	OPT(bool, stderr_to_null);
	struct i32s pass_fd;
	OPT(bool, disable_no_new_privs);

	OPT(uint64_t, rlimit_as);
	OPT(int32_t, rlimit_as_type);
	OPT(uint64_t, rlimit_core);
	OPT(int32_t, rlimit_core_type);
	OPT(uint64_t, rlimit_cpu);
	OPT(int32_t, rlimit_cpu_type);
	OPT(uint64_t, rlimit_fsize);
	OPT(int32_t, rlimit_fsize_type);
	OPT(uint64_t, rlimit_nofile);
	OPT(int32_t, rlimit_nofile_type);
	OPT(uint64_t, rlimit_nproc);
	OPT(int32_t, rlimit_nproc_type);
	OPT(uint64_t, rlimit_stack);
	OPT(int32_t, rlimit_stack_type);
	OPT(uint64_t, rlimit_memlock);
	OPT(int32_t, rlimit_memlock_type);
	OPT(uint64_t, rlimit_rtprio);
	OPT(int32_t, rlimit_rtprio_type);
	OPT(uint64_t, rlimit_msgqueue);
	OPT(int32_t, rlimit_msgqueue_type);
	OPT(bool, disable_rl);

	OPT(bool, persona_addr_compat_layout);
	OPT(bool, persona_mmap_page_zero);
	OPT(bool, persona_read_implies_exec);
	OPT(bool, persona_addr_limit_3gb);
	OPT(bool, persona_addr_no_randomize);

	OPT(bool, clone_newnet);
	OPT(bool, clone_newuser);
	OPT(bool, clone_newns);
	OPT(bool, clone_newpid);
	OPT(bool, clone_newipc);
	OPT(bool, clone_newuts);
	OPT(bool, clone_newcgroup);
	OPT(bool, clone_newtime);

	LIST_OF(struct nsjail_id_map) uidmap;
	LIST_OF(struct nsjail_id_map) gidmap;

	OPT(bool, mount_proc);
	LIST_OF(struct nsjail_mount) mount;

	const char *seccomp_policy_file;
	struct texts seccomp_string;
	OPT(bool, seccomp_log);
	OPT(bool, seccomp_unotify);
	const char *seccomp_unotify_report;
	struct texts seccomp_profile; /* jailrt's own */

	OPT(uint64_t, cgroup_mem_max);
	OPT(uint64_t, cgroup_mem_memsw_max);
	OPT(int64_t, cgroup_mem_swap_max);
	const char *cgroup_mem_mount, *cgroup_mem_parent;
	OPT(uint64_t, cgroup_pids_max);
	const char *cgroup_pids_mount, *cgroup_pids_parent;
	OPT(uint32_t, cgroup_net_cls_classid);
	const char *cgroup_net_cls_mount, *cgroup_net_cls_parent;
	OPT(uint32_t, cgroup_cpu_ms_per_sec);
	const char *cgroup_cpu_mount, *cgroup_cpu_parent;
	const char *cgroupv2_mount;
	OPT(bool, use_cgroupv2);
	OPT(bool, detect_cgroupv2);

	OPT(bool, iface_no_lo);
	struct texts iface_own;
	const char *macvlan_iface;
	const char *macvlan_vs_ip, *macvlan_vs_nm, *macvlan_vs_gw;
	const char *macvlan_vs_ma, *macvlan_vs_mo;
	LIST_OF(struct nsjail_traffic_rule) traffic_rule;
	struct nsjail_user_net *user_net;

	struct nsjail_exe *exec_bin;
	OPT(bool, bare); /* jailrt's own */
};

extern const struct table table_nsjail_id_map;
extern const struct table table_nsjail_mount;
extern const struct table table_nsjail_exe;
extern const struct table table_nsjail_traffic_rule;
extern const struct table table_nsjail_nstun_rule;
extern const struct table table_nsjail_pasta;
extern const struct table table_nsjail_user_net;
extern const struct table table_nsjail_config;

/* Fields that older releases knew, and what does their work now; ends with a NULL name. */
struct nsjail_removed {
	const char *name, *instead;
};

extern const struct nsjail_removed nsjail_removed[];

/* The row of a removed field, by its name or its JSON name, or NULL. */
const struct nsjail_removed *nsjail_removed_find(const char *name);

/*
 * Reads a config: JSON when its first byte that is not blank is '{', else text format. Everything,
 * origin's file name too, lives on the pool. Absent fields stay absent: see field_defaults.
 */
int nsjail_read(const char *text, size_t len, const char *file, struct pool *pool,
	struct nsjail_config **ret, struct origin *origin, struct err *e);

#endif
