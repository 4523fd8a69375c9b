/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/mount.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/sys.h"

const struct ns_name ns_names[NS_KINDS] = {
	[NS_USER] = {"user", "user", CLONE_NEWUSER},
	[NS_CGROUP] = {"cgroup", "cgroup", CLONE_NEWCGROUP},
	[NS_IPC] = {"ipc", "ipc", CLONE_NEWIPC},
	[NS_UTS] = {"uts", "uts", CLONE_NEWUTS},
	[NS_NET] = {"network", "net", CLONE_NEWNET},
	[NS_PID] = {"pid", "pid", CLONE_NEWPID},
	[NS_TIME] = {"time", "time", CLONE_NEWTIME},
	[NS_MOUNT] = {"mount", "mnt", CLONE_NEWNS},
};

static const struct word ns_words_rows[] = {
	{"pid", NS_PID},
	{"network", NS_NET},
	{"mount", NS_MOUNT},
	{"ipc", NS_IPC},
	{"uts", NS_UTS},
	{"user", NS_USER},
	{"cgroup", NS_CGROUP},
	{"time", NS_TIME},
};
WORDS(ns_words);

static const struct word ns_flag_words_rows[] = {
	{"user", CLONE_NEWUSER},
	{"pid", CLONE_NEWPID},
	{"mount", CLONE_NEWNS},
	{"network", CLONE_NEWNET},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
};
WORDS(ns_flag_words);

#define CAP(n, name)                    \
	{                               \
		"CAP_" #name, 1ULL << n \
	}

static const struct word capability_words_rows[] = {
	CAP(0, CHOWN),
	CAP(1, DAC_OVERRIDE),
	CAP(2, DAC_READ_SEARCH),
	CAP(3, FOWNER),
	CAP(4, FSETID),
	CAP(5, KILL),
	CAP(6, SETGID),
	CAP(7, SETUID),
	CAP(8, SETPCAP),
	CAP(9, LINUX_IMMUTABLE),
	CAP(10, NET_BIND_SERVICE),
	CAP(11, NET_BROADCAST),
	CAP(12, NET_ADMIN),
	CAP(13, NET_RAW),
	CAP(14, IPC_LOCK),
	CAP(15, IPC_OWNER),
	CAP(16, SYS_MODULE),
	CAP(17, SYS_RAWIO),
	CAP(18, SYS_CHROOT),
	CAP(19, SYS_PTRACE),
	CAP(20, SYS_PACCT),
	CAP(21, SYS_ADMIN),
	CAP(22, SYS_BOOT),
	CAP(23, SYS_NICE),
	CAP(24, SYS_RESOURCE),
	CAP(25, SYS_TIME),
	CAP(26, SYS_TTY_CONFIG),
	CAP(27, MKNOD),
	CAP(28, LEASE),
	CAP(29, AUDIT_WRITE),
	CAP(30, AUDIT_CONTROL),
	CAP(31, SETFCAP),
	CAP(32, MAC_OVERRIDE),
	CAP(33, MAC_ADMIN),
	CAP(34, SYSLOG),
	CAP(35, WAKE_ALARM),
	CAP(36, BLOCK_SUSPEND),
	CAP(37, AUDIT_READ),
	CAP(38, PERFMON),
	CAP(39, BPF),
	CAP(40, CHECKPOINT_RESTORE),
};
WORDS(capability_words);
_Static_assert(ARRAY_LEN(capability_words_rows) == CAPABILITIES, "a row for each capability");

#define LIMIT(name)                            \
	{                                      \
		"RLIMIT_" #name, RLIMIT_##name \
	}

static const struct word rlimit_words_rows[] = {
	LIMIT(AS),
	LIMIT(CORE),
	LIMIT(CPU),
	LIMIT(DATA),
	LIMIT(FSIZE),
	LIMIT(LOCKS),
	LIMIT(MEMLOCK),
	LIMIT(MSGQUEUE),
	LIMIT(NICE),
	LIMIT(NOFILE),
	LIMIT(NPROC),
	LIMIT(RSS),
	LIMIT(RTPRIO),
	LIMIT(RTTIME),
	LIMIT(SIGPENDING),
	LIMIT(STACK),
};
WORDS(rlimit_words);

/* --- scheduling: sched_setattr(2), ioprio_set(2), set_mempolicy(2) ------------------------------- */

static const struct word io_class_words_rows[] = {
	{"IOPRIO_CLASS_RT", 1},
	{"IOPRIO_CLASS_BE", 2},
	{"IOPRIO_CLASS_IDLE", 3},
};
WORDS(io_class_words);

static const struct word sched_policy_words_rows[] = {
	{"SCHED_OTHER", 0},
	{"SCHED_FIFO", 1},
	{"SCHED_RR", 2},
	{"SCHED_BATCH", 3},
	{"SCHED_ISO", 4},
	{"SCHED_IDLE", 5},
	{"SCHED_DEADLINE", 6},
};
WORDS(sched_policy_words);

static const struct word sched_flag_words_rows[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},
	{"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},
	{"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};
WORDS(sched_flag_words);

static const struct word mempolicy_mode_words_rows[] = {
	{"MPOL_DEFAULT", 0},
	{"MPOL_PREFERRED", 1},
	{"MPOL_BIND", 2},
	{"MPOL_INTERLEAVE", 3},
	{"MPOL_LOCAL", 4},
	{"MPOL_PREFERRED_MANY", 5},
	{"MPOL_WEIGHTED_INTERLEAVE", 6},
};
WORDS(mempolicy_mode_words);

static const struct word mempolicy_flag_words_rows[] = {
	{"MPOL_F_STATIC_NODES", 1 << 15},
	{"MPOL_F_RELATIVE_NODES", 1 << 14},
	{"MPOL_F_NUMA_BALANCING", 1 << 13},
};
WORDS(mempolicy_flag_words);

#define SIGNAL(name)             \
	{                        \
#name, SIG##name \
	}

/* The first row of a number is the name it is shown by; the rest are its other names. */
static const struct word signal_words_rows[] = {
	SIGNAL(HUP),
	SIGNAL(INT),
	SIGNAL(QUIT),
	SIGNAL(ILL),
	SIGNAL(TRAP),
	SIGNAL(ABRT),
	SIGNAL(BUS),
	SIGNAL(FPE),
	SIGNAL(KILL),
	SIGNAL(USR1),
	SIGNAL(SEGV),
	SIGNAL(USR2),
	SIGNAL(PIPE),
	SIGNAL(ALRM),
	SIGNAL(TERM),
	SIGNAL(STKFLT),
	SIGNAL(CHLD),
	SIGNAL(CONT),
	SIGNAL(STOP),
	SIGNAL(TSTP),
	SIGNAL(TTIN),
	SIGNAL(TTOU),
	SIGNAL(URG),
	SIGNAL(XCPU),
	SIGNAL(XFSZ),
	SIGNAL(VTALRM),
	SIGNAL(PROF),
	SIGNAL(WINCH),
	SIGNAL(IO),
	SIGNAL(PWR),
	SIGNAL(SYS),
	{"IOT", SIGABRT},
	{"CLD", SIGCHLD},
	{"POLL", SIGIO},
};
WORDS(signal_words);

/* The kernel's first real-time signal; the C library's SIGRTMIN is higher by what it keeps. */
enum { RT_FIRST = 34, RT_LAST = 64 };

static int parse_realtime(const char *s)
{
	bool low = !strncasecmp(s, "RTMIN", 5);
	uint64_t n = 0;

	if (!low && strncasecmp(s, "RTMAX", 5))
		return -EINVAL;
	s += 5;
	if (*s && (*s != (low ? '+' : '-') || fmt_u64(s + 1, strlen(s + 1), &n) < 0 ||
			  n > RT_LAST - RT_FIRST))
		return -EINVAL;
	return low ? RT_FIRST + (int)n : RT_LAST - (int)n;
}

int signal_parse(const char *text)
{
	uint64_t n;

	if (!fmt_u64(text, strlen(text), &n))
		return n >= 1 && n <= RT_LAST ? (int)n : -EINVAL;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (size_t i = 0; i < signal_words.n; i++) {
		if (!strcasecmp(text, signal_words.v[i].name))
			return (int)signal_words.v[i].value;
	}
	return parse_realtime(text);
}

const char *signal_name(int number, char buf[static 24])
{
	const char *name = words_name(&signal_words, (uint64_t)number);

	if (name)
		fmt_put(buf, 24, "SIG%s", name);
	else if (number == RT_FIRST)
		fmt_put(buf, 24, "SIGRTMIN");
	else if (number > RT_FIRST && number <= RT_LAST)
		fmt_put(buf, 24, "SIGRTMIN+%d", number - RT_FIRST);
	else
		fmt_put(buf, 24, "signal %d", number);
	return buf;
}

/* --- mount options: config.md "Linux mount options", mount_setattr(2), mount(2) ---------------- */

#define ATIME MOUNT_ATTR__ATIME

/* Both of a pair; the plain word and its recursive twin. */
#define ATTR(name_, set_, clear_)                                                         \
	{.name = name_, .kind = MOUNT_WORD_ATTR, .set = set_, .clear = clear_},           \
	{                                                                                 \
		.name = "r" name_, .kind = MOUNT_WORD_ATTR, .set = set_, .clear = clear_, \
		.recursive = true                                                         \
	}
#define SUPER(name_, set_, clear_)                                                    \
	{                                                                             \
		.name = name_, .kind = MOUNT_WORD_SUPER, .set = set_, .clear = clear_ \
	}
#define SPREAD(name_, set_)                                                                       \
	{.name = name_, .kind = MOUNT_WORD_PROPAGATION, .set = set_},                             \
	{                                                                                         \
		.name = "r" name_, .kind = MOUNT_WORD_PROPAGATION, .set = set_, .recursive = true \
	}
#define OTHER(name_, kind_, ...)                            \
	{                                                   \
		.name = name_, .kind = kind_, ##__VA_ARGS__ \
	}

const struct mount_word mount_words[] = {
	ATTR("ro", MOUNT_ATTR_RDONLY, 0),
	ATTR("rw", 0, MOUNT_ATTR_RDONLY),
	ATTR("nosuid", MOUNT_ATTR_NOSUID, 0),
	ATTR("suid", 0, MOUNT_ATTR_NOSUID),
	ATTR("nodev", MOUNT_ATTR_NODEV, 0),
	ATTR("dev", 0, MOUNT_ATTR_NODEV),
	ATTR("noexec", MOUNT_ATTR_NOEXEC, 0),
	ATTR("exec", 0, MOUNT_ATTR_NOEXEC),
	ATTR("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	ATTR("symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	ATTR("nodiratime", MOUNT_ATTR_NODIRATIME, 0),
	ATTR("diratime", 0, MOUNT_ATTR_NODIRATIME),
	/* The three ways of keeping access times exclude each other; relatime is the kernel's own. */
	ATTR("noatime", MOUNT_ATTR_NOATIME, ATIME),
	ATTR("atime", 0, ATIME),
	ATTR("relatime", 0, ATIME),
	ATTR("norelatime", 0, 0),
	ATTR("strictatime", MOUNT_ATTR_STRICTATIME, ATIME),
	ATTR("nostrictatime", 0, ATIME),

	SUPER("sync", MS_SYNCHRONOUS, 0),
	SUPER("async", 0, MS_SYNCHRONOUS),
	SUPER("dirsync", MS_DIRSYNC, 0),
	SUPER("mand", MS_MANDLOCK, 0),
	SUPER("nomand", 0, MS_MANDLOCK),
	SUPER("lazytime", MS_LAZYTIME, 0),
	SUPER("nolazytime", 0, MS_LAZYTIME),
	SUPER("iversion", MS_I_VERSION, 0),
	SUPER("noiversion", 0, MS_I_VERSION),
	SUPER("silent", MS_SILENT, 0),
	SUPER("loud", 0, MS_SILENT),

	SPREAD("private", MS_PRIVATE),
	SPREAD("shared", MS_SHARED),
	SPREAD("slave", MS_SLAVE),
	SPREAD("unbindable", MS_UNBINDABLE),

	OTHER("bind", MOUNT_WORD_BIND),
	OTHER("rbind", MOUNT_WORD_BIND, .recursive = true),
	OTHER("remount", MOUNT_WORD_REMOUNT),
	OTHER("defaults", MOUNT_WORD_NOTHING),
	OTHER("tmpcopyup", MOUNT_WORD_COPY_UP),
	OTHER("idmap", MOUNT_WORD_IDMAP),
	OTHER("ridmap", MOUNT_WORD_IDMAP, .recursive = true),
	OTHER("copy-symlink", MOUNT_WORD_LINK, .set = MOUNT_LINK_COPY),
	OTHER("src-nofollow", MOUNT_WORD_LINK, .set = MOUNT_LINK_SOURCE),
	OTHER("dest-nofollow", MOUNT_WORD_LINK, .set = MOUNT_LINK_TARGET),
};
const size_t mount_words_n = ARRAY_LEN(mount_words);

const struct mount_word *mount_word_find(const char *name)
{
	for (size_t i = 0; i < mount_words_n; i++) {
		if (!strcmp(mount_words[i].name, name))
			return &mount_words[i];
	}
	return NULL;
}

static const struct word mount_attr_words_rows[] = {
	{"ro", MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC},
	{"noatime", MOUNT_ATTR_NOATIME},
	{"strictatime", MOUNT_ATTR_STRICTATIME},
	{"nodiratime", MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
};
WORDS(mount_attr_words);

static const struct word propagation_words_rows[] = {
	{"private", MS_PRIVATE},
	{"shared", MS_SHARED},
	{"slave", MS_SLAVE},
	{"unbindable", MS_UNBINDABLE},
};
WORDS(propagation_words);

static const struct word mount_link_words_rows[] = {
	{"copy", MOUNT_LINK_COPY},
	{"source", MOUNT_LINK_SOURCE},
	{"target", MOUNT_LINK_TARGET},
};
WORDS(mount_link_words);

static const struct word super_words_rows[] = {
	{"sync", MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC},
	{"mand", MS_MANDLOCK},
	{"lazytime", MS_LAZYTIME},
	{"iversion", MS_I_VERSION},
	{"silent", MS_SILENT},
};
WORDS(super_words);

/* --- network devices -------------------------------------------------------------------------- */

static const struct word macvlan_mode_words_rows[] = {
	{"private", MACVLAN_MODE_PRIVATE},
	{"vepa", MACVLAN_MODE_VEPA},
	{"bridge", MACVLAN_MODE_BRIDGE},
	{"passthru", MACVLAN_MODE_PASSTHRU},
};
WORDS(macvlan_mode_words);

static const struct word net_protocol_words_rows[] = {
	{"icmp", IPPROTO_ICMP},
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"icmpv6", IPPROTO_ICMPV6},
};
WORDS(net_protocol_words);

bool device_name_valid(const char *s, bool template)
{
	const char *percent = strchr(s, '%');

	if (!*s || strlen(s) >= IFNAMSIZ || !strcmp(s, ".") || !strcmp(s, "..") ||
		s[strcspn(s, "/: \t\n\v\f\r")])
		return false;
	return !percent || (template && percent[1] == 'd' && !strchr(percent + 1, '%'));
}
