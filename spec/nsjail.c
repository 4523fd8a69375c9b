/* SPDX-License-Identifier: Apache-2.0 */
#include "nsjail.h"

#include <errno.h>
#include <string.h>

#include "bind.h"
#include "json.h"
#include "textproto.h"

static const struct word nsjail_mode_words_rows[] = {
	{"LISTEN", NSJAIL_MODE_LISTEN},
	{"ONCE", NSJAIL_MODE_ONCE},
	{"RERUN", NSJAIL_MODE_RERUN},
	{"EXECVE", NSJAIL_MODE_EXECVE},
};
WORDS(nsjail_mode_words);

static const struct word nsjail_log_level_words_rows[] = {
	{"DEBUG", NSJAIL_LOG_DEBUG},
	{"INFO", NSJAIL_LOG_INFO},
	{"WARNING", NSJAIL_LOG_WARNING},
	{"ERROR", NSJAIL_LOG_ERROR},
	{"FATAL", NSJAIL_LOG_FATAL},
};
WORDS(nsjail_log_level_words);

static const struct word nsjail_rlimit_words_rows[] = {
	{"VALUE", NSJAIL_RLIMIT_VALUE},
	{"SOFT", NSJAIL_RLIMIT_SOFT},
	{"HARD", NSJAIL_RLIMIT_HARD},
	{"INF", NSJAIL_RLIMIT_INF},
};
WORDS(nsjail_rlimit_words);

static const struct word nsjail_backend_words_rows[] = {
	{"NSTUN", NSJAIL_BACKEND_NSTUN},
	{"PASTA", NSJAIL_BACKEND_PASTA},
};
WORDS(nsjail_backend_words);

static const struct word nsjail_traffic_proto_words_rows[] = {
	{"UNKNOWN_PROTO", NSJAIL_TRAFFIC_PROTO_UNKNOWN},
	{"TCP", NSJAIL_TRAFFIC_PROTO_TCP},
	{"UDP", NSJAIL_TRAFFIC_PROTO_UDP},
	{"ICMP", NSJAIL_TRAFFIC_PROTO_ICMP},
	{"ICMPV6", NSJAIL_TRAFFIC_PROTO_ICMPV6},
};
WORDS(nsjail_traffic_proto_words);

static const struct word nsjail_traffic_action_words_rows[] = {
	{"UNKNOWN_ACTION", NSJAIL_TRAFFIC_UNKNOWN},
	{"DROP", NSJAIL_TRAFFIC_DROP},
	{"REJECT", NSJAIL_TRAFFIC_REJECT},
	{"ALLOW", NSJAIL_TRAFFIC_ALLOW},
};
WORDS(nsjail_traffic_action_words);

static const struct word nsjail_ip_family_words_rows[] = {
	{"IPV4", NSJAIL_IPV4},
	{"IPV6", NSJAIL_IPV6},
};
WORDS(nsjail_ip_family_words);

static const struct word nsjail_nstun_direction_words_rows[] = {
	{"GUEST_TO_HOST", NSJAIL_NSTUN_GUEST_TO_HOST},
	{"HOST_TO_GUEST", NSJAIL_NSTUN_HOST_TO_GUEST},
};
WORDS(nsjail_nstun_direction_words);

static const struct word nsjail_nstun_action_words_rows[] = {
	{"DROP", NSJAIL_NSTUN_DROP},
	{"REJECT", NSJAIL_NSTUN_REJECT},
	{"ALLOW", NSJAIL_NSTUN_ALLOW},
	{"REDIRECT", NSJAIL_NSTUN_REDIRECT},
	{"ENCAP_SOCKS5", NSJAIL_NSTUN_ENCAP_SOCKS5},
	{"ENCAP_CONNECT", NSJAIL_NSTUN_ENCAP_CONNECT},
};
WORDS(nsjail_nstun_action_words);

static const struct word nsjail_nstun_proto_words_rows[] = {
	{"ANY", NSJAIL_NSTUN_PROTO_ANY},
	{"TCP", NSJAIL_NSTUN_PROTO_TCP},
	{"UDP", NSJAIL_NSTUN_PROTO_UDP},
	{"ICMP", NSJAIL_NSTUN_PROTO_ICMP},
};
WORDS(nsjail_nstun_proto_words);

/*
 * A text whose default is "" has no .dflt: absent and empty mean the same. The addresses of user_net
 * have one, since an empty one switches its family off.
 */
#define DFLT(text) .dflt = (text)
#define UNIT(text) .unit = (text)
#define PORT_RANGE .max = 65535

static const struct field nsjail_id_map_rows[] = {
	FIELD_TEXT(nsjail_id_map, inside_id,
		"first id in the jail, name or number; empty: the caller's"),
	FIELD_TEXT(nsjail_id_map, outside_id,
		"first id on the host, name or number; empty: the caller's"),
	FIELD_U32(nsjail_id_map, count, "how many ids in a row; 0 counts as 1", DFLT("1")),
	FIELD_BOOL(nsjail_id_map, use_newidmap, "write this map through newuidmap or newgidmap",
		DFLT("false")),
};
TABLE(nsjail_id_map);

static const struct field nsjail_mount_rows[] = {
	FIELD_TEXT(
		nsjail_mount, src, "what to mount: a path or a device; for a symlink, its target"),
	FIELD_TEXT(
		nsjail_mount, prefix_src_env, "environment variable whose value is put before src"),
	FIELD_BYTES(nsjail_mount, src_content, "make a file with this content and mount it on dst"),
	FIELD_TEXT(nsjail_mount, dst, "where in the jail", .flags = FIELD_REQUIRED),
	FIELD_TEXT(
		nsjail_mount, prefix_dst_env, "environment variable whose value is put before dst"),
	FIELD_TEXT(nsjail_mount, fstype, "filesystem type; empty for bind mounts"),
	FIELD_TEXT(nsjail_mount, options, "options of the filesystem, separated by commas"),
	FIELD_BOOL(
		nsjail_mount, is_bind, "bind src and all that is mounted below it", DFLT("false")),
	FIELD_BOOL(nsjail_mount, rw, "writable; a mount is read-only without it", DFLT("false")),
	FIELD_BOOL(nsjail_mount, is_dir,
		"whether dst is a directory; found out from src when not given"),
	FIELD_BOOL(
		nsjail_mount, mandatory, "do not start when this cannot be mounted", DFLT("true")),
	FIELD_BOOL(nsjail_mount, is_symlink, "make dst a symlink to src, mount nothing",
		DFLT("false")),
	FIELD_BOOL(nsjail_mount, nosuid, "ignore set-user-id bits and file capabilities",
		DFLT("false")),
	FIELD_BOOL(nsjail_mount, nodev, "device nodes do not work", DFLT("false")),
	FIELD_BOOL(nsjail_mount, noexec, "programs cannot be run from here", DFLT("false")),
};
TABLE(nsjail_mount);

static const struct field nsjail_exe_rows[] = {
	FIELD_TEXT(nsjail_exe, path, "the program, also argv[0] unless arg0 is given",
		.flags = FIELD_REQUIRED),
	FIELD_TEXTS(nsjail_exe, arg, "its arguments, from argv[1] on"),
	FIELD_TEXT(nsjail_exe, arg0, "argv[0] in place of the path"),
	FIELD_BOOL(
		nsjail_exe, exec_fd, "open path on the host and execute that file", DFLT("false")),
};
TABLE(nsjail_exe);

static const struct field nsjail_traffic_rule_rows[] = {
	FIELD_TEXT(nsjail_traffic_rule, src_ip, "source address or network it is for"),
	FIELD_TEXT(nsjail_traffic_rule, dst_ip, "destination address or network it is for"),
	FIELD_TEXT(nsjail_traffic_rule, iif,
		"interface the packet comes in by; lo: the jail sends it itself"),
	FIELD_TEXT(nsjail_traffic_rule, oif, "interface the packet goes out by"),
	FIELD_ENUM(nsjail_traffic_rule, proto, nsjail_traffic_proto_words,
		"protocol it is for; any when not given"),
	FIELD_U32(nsjail_traffic_rule, sport, "source port, or the first of a range", PORT_RANGE),
	FIELD_U32(nsjail_traffic_rule, sport_end, "last source port of the range", PORT_RANGE),
	FIELD_U32(nsjail_traffic_rule, dport, "destination port, or the first of a range",
		PORT_RANGE),
	FIELD_U32(nsjail_traffic_rule, dport_end, "last destination port of the range", PORT_RANGE),
	FIELD_ENUM(nsjail_traffic_rule, action, nsjail_traffic_action_words,
		"what happens to the packet", DFLT("DROP")),
	FIELD_ENUM(nsjail_traffic_rule, ip_family, nsjail_ip_family_words,
		"address family it is for", DFLT("IPV4")),
};
TABLE(nsjail_traffic_rule);

static const struct field nsjail_nstun_rule_rows[] = {
	FIELD_ENUM(nsjail_nstun_rule, direction, nsjail_nstun_direction_words,
		"which side opens the connection", DFLT("GUEST_TO_HOST")),
	FIELD_ENUM(nsjail_nstun_rule, action, nsjail_nstun_action_words,
		"what happens to the connection", DFLT("ALLOW")),
	FIELD_ENUM(nsjail_nstun_rule, proto, nsjail_nstun_proto_words, "protocol it is for",
		DFLT("ANY")),
	FIELD_TEXT(nsjail_nstun_rule, src_ip,
		"source address or network; the address to listen on for HOST_TO_GUEST"),
	FIELD_U32(nsjail_nstun_rule, sport, "source port, or the first of a range; 0: any",
		PORT_RANGE),
	FIELD_U32(nsjail_nstun_rule, sport_end, "last source port of the range", PORT_RANGE),
	FIELD_TEXT(nsjail_nstun_rule, dst_ip, "destination address or network"),
	FIELD_U32(nsjail_nstun_rule, dport,
		"destination port, or the first of a range; the port to listen on for "
		"HOST_TO_GUEST",
		PORT_RANGE),
	FIELD_U32(nsjail_nstun_rule, dport_end, "last destination port of the range", PORT_RANGE),
	FIELD_TEXT(nsjail_nstun_rule, redirect_ip, "where to instead, or the address of the proxy"),
	FIELD_U32(nsjail_nstun_rule, redirect_port, "port to go to instead, or that of the proxy",
		PORT_RANGE),
};
TABLE(nsjail_nstun_rule);

static const struct field nsjail_pasta_rows[] = {
	FIELD_BOOL(nsjail_pasta, nat, "give the jail an interface; false: forwarded ports only",
		DFLT("true")),
	FIELD_BOOL(nsjail_pasta, enable_tcp, "carry TCP", DFLT("true")),
	FIELD_BOOL(nsjail_pasta, enable_udp, "carry UDP", DFLT("true")),
	FIELD_BOOL(nsjail_pasta, enable_icmp, "carry ICMP echo", DFLT("true")),
	FIELD_BOOL(nsjail_pasta, ip4_enabled, "carry IPv4", DFLT("true")),
	FIELD_TEXT(
		nsjail_pasta, mask4, "netmask of the jail's IPv4 address", DFLT("255.255.255.0")),
	FIELD_BOOL(
		nsjail_pasta, enable_ip4_dhcp, "answer DHCP requests from the jail", DFLT("false")),
	FIELD_BOOL(nsjail_pasta, ip6_enabled, "carry IPv6", DFLT("true")),
	FIELD_TEXT(nsjail_pasta, mask6, "prefix length of the jail's IPv6 address", DFLT("64")),
	FIELD_BOOL(nsjail_pasta, enable_ip6_dhcp, "answer DHCPv6 requests from the jail",
		DFLT("false")),
	FIELD_BOOL(nsjail_pasta, enable_ip6_ra, "send IPv6 router advertisements", DFLT("false")),
	FIELD_BOOL(nsjail_pasta, enable_dns, "tell the jail the host's name servers by DHCP",
		DFLT("false")),
	FIELD_TEXT(nsjail_pasta, dns_forward,
		"address at which the jail reaches the host's name server"),
	FIELD_BOOL(nsjail_pasta, map_gw, "the gateway's address leads to the host", DFLT("true")),
	FIELD_TEXT(nsjail_pasta, tcp_map_in, "TCP ports forwarded from host to jail", DFLT("none")),
	FIELD_TEXT(nsjail_pasta, udp_map_in, "UDP ports forwarded from host to jail", DFLT("none")),
	FIELD_TEXT(
		nsjail_pasta, tcp_map_out, "TCP ports forwarded from jail to host", DFLT("none")),
	FIELD_TEXT(
		nsjail_pasta, udp_map_out, "UDP ports forwarded from jail to host", DFLT("none")),
};
TABLE(nsjail_pasta);

static const struct field nsjail_user_net_rows[] = {
	FIELD_ENUM(nsjail_user_net, backend, nsjail_backend_words, "what carries the packets",
		DFLT("NSTUN")),
	FIELD_OBJECT(nsjail_user_net, pasta, nsjail_pasta, "settings of the PASTA backend"),
	FIELD_OBJECTS(nsjail_user_net, rule4, nsjail_nstun_rule,
		"rules for IPv4 connections, first match wins"),
	FIELD_OBJECTS(nsjail_user_net, rule6, nsjail_nstun_rule,
		"rules for IPv6 connections, first match wins"),
	FIELD_TEXT(
		nsjail_user_net, ip4, "the jail's IPv4 address; empty: none", DFLT("10.255.255.2")),
	FIELD_TEXT(nsjail_user_net, gw4, "its IPv4 gateway", DFLT("10.255.255.1")),
	FIELD_TEXT(nsjail_user_net, ip6, "the jail's IPv6 address; empty: none", DFLT("fc00::2")),
	FIELD_TEXT(nsjail_user_net, gw6, "its IPv6 gateway", DFLT("fc00::1")),
	FIELD_TEXT(nsjail_user_net, ns_iface, "name of the interface in the jail", DFLT("eth0")),
	FIELD_BOOL(nsjail_user_net, enable, "3.6: switch the network on; later user_net {} does"),
	FIELD_TEXT(nsjail_user_net, ip, "3.6: the jail's IPv4 address, now ip4"),
	FIELD_TEXT(nsjail_user_net, mask, "3.6: its netmask, now pasta.mask4"),
	FIELD_TEXT(nsjail_user_net, gw, "3.6: its IPv4 gateway, now gw4"),
	FIELD_TEXT(nsjail_user_net, mask6, "3.6: IPv6 prefix length, now pasta.mask6"),
	FIELD_TEXT(nsjail_user_net, tcp_ports,
		"3.6: TCP ports forwarded to the jail, now pasta.tcp_map_in"),
	FIELD_TEXT(nsjail_user_net, udp_ports,
		"3.6: UDP ports forwarded to the jail, now pasta.udp_map_in"),
	FIELD_BOOL(nsjail_user_net, enable_ip4_dhcp, "3.6: answer DHCP requests, now in pasta"),
	FIELD_BOOL(nsjail_user_net, enable_ip6_dhcp, "3.6: answer DHCPv6 requests, now in pasta"),
	FIELD_BOOL(nsjail_user_net, enable_ip6_ra,
		"3.6: send IPv6 router advertisements, now in pasta"),
	FIELD_BOOL(nsjail_user_net, enable_dns, "3.6: pass name servers on by DHCP, now in pasta"),
	FIELD_TEXT(nsjail_user_net, dns_forward,
		"3.6: address of the forwarded name server, now in pasta"),
	FIELD_BOOL(nsjail_user_net, enable_tcp, "3.6: carry TCP, now in pasta"),
	FIELD_BOOL(nsjail_user_net, enable_udp, "3.6: carry UDP, now in pasta"),
	FIELD_BOOL(nsjail_user_net, enable_icmp, "3.6: carry ICMP echo, now in pasta"),
	FIELD_BOOL(nsjail_user_net, no_map_gw, "3.6: the opposite of pasta.map_gw"),
};
TABLE(nsjail_user_net);

#define RLIMIT(m, what, dflt_, unit_, type_)                                            \
	FIELD_U64(nsjail_config, rlimit_##m, what ", when rlimit_" #m "_type is VALUE", \
		DFLT(dflt_), UNIT(unit_)),                                              \
		FIELD_ENUM(nsjail_config, rlimit_##m##_type, nsjail_rlimit_words,       \
			"where the limit comes from: rlimit_" #m                        \
			", the caller's soft or hard limit, or none",                   \
			DFLT(type_))

static const struct field nsjail_config_rows[] = {
	FIELD_TEXT(nsjail_config, name, "what this config is called", .flags = FIELD_INERT),
	FIELD_TEXTS(nsjail_config, description, "what this config is for, a line each",
		.flags = FIELD_INERT),
	FIELD_ENUM(nsjail_config, mode, nsjail_mode_words,
		"once, again and again, for each TCP connection, or in place of the caller",
		DFLT("ONCE")),
	FIELD_TEXT(nsjail_config, hostname, "host name in the jail", DFLT("NSJAIL")),
	FIELD_TEXT(nsjail_config, cwd, "working directory in the jail", DFLT("/")),
	FIELD_BOOL(nsjail_config, no_pivotroot,
		"switch the root with chroot in place of pivot_root", DFLT("false")),
	FIELD_U32(nsjail_config, port,
		"TCP port that mode LISTEN listens on; 0: the kernel picks one", DFLT("0"),
		PORT_RANGE),
	FIELD_TEXT(nsjail_config, bindhost, "address that mode LISTEN listens on", DFLT("::")),
	FIELD_U32(nsjail_config, max_conns, "connections served at a time; 0: no limit", DFLT("0")),
	FIELD_U32(nsjail_config, max_conns_per_ip,
		"connections served at a time from one address; 0: no limit", DFLT("0")),
	FIELD_U32(nsjail_config, time_limit, "kill the jail after this time; 0: never", DFLT("600"),
		UNIT("seconds"), .flags = FIELD_TIGHTEN),
	FIELD_BOOL(nsjail_config, daemon, "go to the background", DFLT("false")),
	FIELD_U32(nsjail_config, max_cpus, "CPUs the jail may run on; 0: those of the caller",
		DFLT("0")),
	FIELD_I32(nsjail_config, nice_level, "scheduling priority, from -20 to 19, the lowest",
		DFLT("19")),
	FIELD_I32(nsjail_config, oom_score_adj,
		"how readily the kernel kills the jail when memory is short"),
	FIELD_BOOL(nsjail_config, use_core_scheduling, "share no CPU core with other programs",
		DFLT("false")),
	FIELD_BOOL(nsjail_config, disable_tsc, "no access to the time stamp counter (x86)",
		DFLT("false")),
	FIELD_BOOL(nsjail_config, forward_signals,
		"pass fatal signals on to the jail in place of killing it", DFLT("false")),

	FIELD_I32(nsjail_config, log_fd, "file descriptor that messages go to"),
	FIELD_TEXT(nsjail_config, log_file, "file that messages are appended to"),
	FIELD_ENUM(nsjail_config, log_level, nsjail_log_level_words,
		"least severe kind of message that is shown; jailrt run: else --log-level's",
		DFLT("INFO")),

	FIELD_BOOL(nsjail_config, keep_env, "pass the caller's environment on", DFLT("false")),
	FIELD_TEXTS(nsjail_config, envar,
		"environment variable as NAME=VALUE, or NAME to pass the caller's on"),
	FIELD_BOOL(
		nsjail_config, keep_caps, "keep all capabilities the jail can have", DFLT("false")),
	FIELD_TEXTS(nsjail_config, cap, "capability to keep, as CAP_NAME"),
	FIELD_BOOL(nsjail_config, silent, "standard input, output and error are /dev/null",
		DFLT("false")),
	FIELD_BOOL(nsjail_config, skip_setsid,
		"stay in the caller's session, so that job control works", DFLT("false")),
	FIELD_BOOL(nsjail_config, stderr_to_null, "standard error is /dev/null", DFLT("false")),
	FIELD_I32S(nsjail_config, pass_fd,
		"file descriptor that the program inherits, besides 0, 1 and 2"),
	FIELD_BOOL(nsjail_config, disable_no_new_privs, "set-user-id programs work in the jail",
		DFLT("false")),

	RLIMIT(as, "address space of a process", "4096", "MiB", "VALUE"),
	RLIMIT(core, "size of a core dump", "0", "MiB", "VALUE"),
	RLIMIT(cpu, "CPU time of a process", "600", "seconds", "VALUE"),
	RLIMIT(fsize, "size of a file that is written", "1", "MiB", "VALUE"),
	RLIMIT(nofile, "highest file descriptor and one", "32", "file descriptors", "VALUE"),
	RLIMIT(nproc, "processes and threads of the user", "1024", "tasks", "SOFT"),
	RLIMIT(stack, "stack of the main thread", "8", "MiB", "SOFT"),
	RLIMIT(memlock, "memory locked into RAM", "64", "KiB", "SOFT"),
	RLIMIT(rtprio, "real-time priority", "0", NULL, "SOFT"),
	RLIMIT(msgqueue, "POSIX message queues of the user", "1024", "bytes", "SOFT"),
	FIELD_BOOL(nsjail_config, disable_rl, "leave all these limits as the caller has them",
		DFLT("false")),

	FIELD_BOOL(nsjail_config, persona_addr_compat_layout,
		"personality: the old layout of memory", DFLT("false")),
	FIELD_BOOL(nsjail_config, persona_mmap_page_zero, "personality: page 0 is mapped",
		DFLT("false")),
	FIELD_BOOL(nsjail_config, persona_read_implies_exec,
		"personality: readable memory is executable", DFLT("false")),
	FIELD_BOOL(nsjail_config, persona_addr_limit_3gb, "personality: 3 GiB of address space",
		DFLT("false")),
	FIELD_BOOL(nsjail_config, persona_addr_no_randomize,
		"personality: addresses are not randomised", DFLT("false")),

	FIELD_BOOL(nsjail_config, clone_newnet, "a network namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newuser, "a user namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newns, "a mount namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newpid, "a pid namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newipc, "an IPC namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newuts, "a UTS namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newcgroup, "a cgroup namespace of its own", DFLT("true")),
	FIELD_BOOL(nsjail_config, clone_newtime, "a time namespace of its own", DFLT("false")),

	FIELD_OBJECTS(nsjail_config, uidmap, nsjail_id_map,
		"users of the jail and who they are on the host"),
	FIELD_OBJECTS(nsjail_config, gidmap, nsjail_id_map,
		"groups of the jail and who they are on the host"),

	FIELD_BOOL(nsjail_config, mount_proc, "mount /proc, after all other mounts", DFLT("false")),
	FIELD_OBJECTS(
		nsjail_config, mount, nsjail_mount, "what is mounted in the jail, in this order"),

	FIELD_TEXT(nsjail_config, seccomp_policy_file, "file with a kafel policy"),
	FIELD_TEXTS(nsjail_config, seccomp_string, "kafel policy, a line each"),
	FIELD_BOOL(nsjail_config, seccomp_log, "the kernel logs what the policy refuses",
		DFLT("false")),
	FIELD_BOOL(nsjail_config, seccomp_unotify,
		"tell in the end which files and peers system calls named; no boundary",
		DFLT("false")),
	FIELD_TEXT(
		nsjail_config, seccomp_unotify_report, "file that what was watched is written to"),
	FIELD_TEXTS(nsjail_config, seccomp_profile,
		"jailrt's own: profile that holds too (jailrt seccomp list)",
		.flags = FIELD_TIGHTEN),

	FIELD_U64(nsjail_config, cgroup_mem_max, "memory of the whole jail; 0: no limit", DFLT("0"),
		UNIT("bytes"), .max = INT64_MAX),
	FIELD_U64(nsjail_config, cgroup_mem_memsw_max,
		"memory and swap of the whole jail together; 0: no limit", DFLT("0"), UNIT("bytes"),
		.max = INT64_MAX),
	FIELD_I64(nsjail_config, cgroup_mem_swap_max, "swap of the whole jail; -1: no limit",
		DFLT("-1"), UNIT("bytes")),
	FIELD_TEXT(nsjail_config, cgroup_mem_mount,
		"where the memory controller is mounted (cgroup v1)",
		DFLT("/sys/fs/cgroup/memory")),
	FIELD_TEXT(nsjail_config, cgroup_mem_parent,
		"group in it that the jail's is made in (cgroup v1)", DFLT("NSJAIL")),
	FIELD_U64(nsjail_config, cgroup_pids_max,
		"processes and threads of the whole jail; 0: no limit", DFLT("0"), UNIT("tasks"),
		.max = INT64_MAX),
	FIELD_TEXT(nsjail_config, cgroup_pids_mount,
		"where the pids controller is mounted (cgroup v1)", DFLT("/sys/fs/cgroup/pids")),
	FIELD_TEXT(nsjail_config, cgroup_pids_parent,
		"group in it that the jail's is made in (cgroup v1)", DFLT("NSJAIL")),
	FIELD_U32(nsjail_config, cgroup_net_cls_classid, "class of the jail's packets; 0: none",
		DFLT("0")),
	FIELD_TEXT(nsjail_config, cgroup_net_cls_mount,
		"where the net_cls controller is mounted (cgroup v1)",
		DFLT("/sys/fs/cgroup/net_cls")),
	FIELD_TEXT(nsjail_config, cgroup_net_cls_parent,
		"group in it that the jail's is made in (cgroup v1)", DFLT("NSJAIL")),
	FIELD_U32(nsjail_config, cgroup_cpu_ms_per_sec,
		"CPU time of the whole jail, 1000 for one CPU; 0: no limit", DFLT("0"),
		UNIT("ms of CPU a second")),
	FIELD_TEXT(nsjail_config, cgroup_cpu_mount,
		"where the cpu controller is mounted (cgroup v1)", DFLT("/sys/fs/cgroup/cpu")),
	FIELD_TEXT(nsjail_config, cgroup_cpu_parent,
		"group in it that the jail's is made in (cgroup v1)", DFLT("NSJAIL")),
	FIELD_TEXT(nsjail_config, cgroupv2_mount, "group that the jail's is made in (cgroup v2)",
		DFLT("/sys/fs/cgroup")),
	FIELD_BOOL(nsjail_config, use_cgroupv2, "use cgroup v2", DFLT("false")),
	FIELD_BOOL(nsjail_config, detect_cgroupv2,
		"use cgroup v2 if it is mounted at cgroupv2_mount, else v1", DFLT("false")),

	FIELD_BOOL(nsjail_config, iface_no_lo, "leave the loopback interface down", DFLT("false")),
	FIELD_TEXTS(nsjail_config, iface_own,
		"host interface that is moved into the jail, where it is down and has no address"),
	FIELD_TEXT(nsjail_config, macvlan_iface,
		"host interface that the jail gets a macvlan of, named vs"),
	FIELD_TEXT(nsjail_config, macvlan_vs_ip, "its address; 0.0.0.0: not set up",
		DFLT("192.168.0.2")),
	FIELD_TEXT(nsjail_config, macvlan_vs_nm, "its netmask", DFLT("255.255.255.0")),
	FIELD_TEXT(nsjail_config, macvlan_vs_gw, "its gateway; 0.0.0.0: none", DFLT("192.168.0.1")),
	FIELD_TEXT(nsjail_config, macvlan_vs_ma, "its MAC address"),
	FIELD_TEXT(nsjail_config, macvlan_vs_mo, "its mode: private, vepa, bridge or passthru",
		DFLT("private")),
	FIELD_OBJECTS(nsjail_config, traffic_rule, nsjail_traffic_rule,
		"rules for what the jail may reach; the first that a packet meets decides"),
	FIELD_OBJECT(nsjail_config, user_net, nsjail_user_net,
		"network through a user process, no privileges needed"),

	FIELD_OBJECT(nsjail_config, exec_bin, nsjail_exe, "the program to run"),
	FIELD_BOOL(nsjail_config, bare,
		"jailrt's own, of a jail object: nothing is added that nobody asked for, as here"),
};
TABLE(nsjail_config);

const struct nsjail_removed nsjail_removed[] = {
	{"chroot_dir", "mount { src: \"DIR\" dst: \"/\" is_bind: true }"},
	{"is_root_rw", "rw: true in the mount whose dst is \"/\""},
	{"is_ro", "rw; a mount is read-only without it"},
	{"pivot_root_only", "nothing; pivot_root alone is what happens without no_pivotroot"},
	{"use_switchroot", "no_pivotroot"},
	{"keep_local_caps", "keep_caps, or cap for each one to keep"},
	{"keep_global_caps", "keep_caps, or cap for each one to keep"},
	{"max_cpu_num", "max_cpus"},
	{"newuidmap", "uidmap { ... use_newidmap: true }"},
	{"newgidmap", "gidmap { ... use_newidmap: true }"},
	{"rlimit_mlock", "rlimit_memlock"},
	{"rlimit_mlock_type", "rlimit_memlock_type"},
	{"rlimit_rtpr", "rlimit_rtprio"},
	{"rlimit_rtpr_type", "rlimit_rtprio_type"},
	{"rlimit_msgq", "rlimit_msgqueue"},
	{"rlimit_msgq_type", "rlimit_msgqueue_type"},
	{"nstun_rule", "rule4 for IPv4 and rule6 for IPv6"},
	{"port_map", "rule4 or rule6 with direction: HOST_TO_GUEST, or pasta { tcp_map_in: ... }"},
	{NULL, NULL},
};

const struct nsjail_removed *nsjail_removed_find(const char *name)
{
	char camel[64];

	for (const struct nsjail_removed *r = nsjail_removed; r->name; r++) {
		field_camel(camel, sizeof(camel), r->name);
		if (!strcmp(name, r->name) || !strcmp(name, camel))
			return r;
	}
	return NULL;
}

/* What nsjail's log calls its modes, which people take for the values of mode. */
static const struct nsjail_removed mode_names[] = {
	{"LISTEN_TCP", "LISTEN"},
	{"STANDALONE_ONCE", "ONCE"},
	{"STANDALONE_RERUN", "RERUN"},
	{"STANDALONE_EXECVE", "EXECVE"},
};

/* Stands before the binder, to see which event it fails on. */
struct watch {
	struct sink sink;
	struct bind bind;
};

static int watch_take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct watch *w = (struct watch *)sink;
	int r = w->bind.sink.take(&w->bind.sink, ev, e);
	const struct nsjail_removed *gone;

	if (r >= 0)
		return r;
	gone = ev->kind == EVENT_KEY ? nsjail_removed_find(ev->s) : NULL;
	if (gone)
		err_fix(e, "'%s' was removed from nsjail; use %s", gone->name, gone->instead);
	for (size_t i = 0; ev->kind != EVENT_KEY && i < ARRAY_LEN(mode_names); i++) {
		if (!strcmp(ev->s, mode_names[i].name))
			err_fix(e, "write %s", mode_names[i].instead);
	}
	return r;
}

static bool looks_like_json(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!text[i] || !strchr(" \t\r\n\v\f", text[i]))
			return text[i] == '{';
	}
	return false;
}

int nsjail_read(const char *text, size_t len, const char *file, struct pool *pool,
	struct nsjail_config **ret, struct origin *origin, struct err *e)
{
	struct nsjail_config *config = POOL_NEW(pool, struct nsjail_config);
	bool json = looks_like_json(text, len);
	struct watch w = {.sink.take = watch_take};

	if (!len)
		return err_set(e, EINVAL, "%s is empty", file ? file : "the config");
	*origin = (struct origin){.file = file ? pool_text(pool, file) : NULL};
	if (!config || (file && !origin->file))
		return err_memory(e);
	bind_init(&w.bind, &table_nsjail_config, config, origin, pool,
		json ? BIND_PROTO_JSON : BIND_PROTO_TEXT);
	TRY((json ? json_read : textproto_read)(text, len, file, &w.sink, e));
	*ret = config;
	return 0;
}
