/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "floor.h"

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

#ifndef MS_SLAVE
#define MS_SLAVE (1 << 19)
#endif

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* clang-format off */
static const struct floor_mount mounts[] = {
	{"proc", "proc", 0, {NULL}, false},
	{"tmpfs", "dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
		{"mode", "755", "size", "65536k"}, false},
	{"devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		{"ptmxmode", "0666", "mode", "0620", "gid", "5"}, true},
	{"tmpfs", "dev/shm", SAFE, {"mode", "1777", "size", "65536k"}, true},
	{"mqueue", "dev/mqueue", SAFE, {NULL}, true},
	{"sysfs", "sys", SAFE | MOUNT_ATTR_RDONLY, {NULL}, false},
};

static const struct { const char *path; unsigned major, minor; } devices[] = {
	{"dev/null", 1, 3}, {"dev/zero", 1, 5}, {"dev/full", 1, 7},
	{"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static const struct { const char *path, *target; } links[] = {
	{"dev/fd", "/proc/self/fd"}, {"dev/stdin", "/proc/self/fd/0"},
	{"dev/stdout", "/proc/self/fd/1"}, {"dev/stderr", "/proc/self/fd/2"},
	{"dev/ptmx", "pts/ptmx"},
};
/* clang-format on */

static const char *const readonly[] = {
	"proc/bus",
	"proc/fs",
	"proc/irq",
	"proc/sys",
	"proc/sysrq-trigger",
};

static const char *const masked[] = {
	"proc/acpi",
	"proc/asound",
	"proc/kcore",
	"proc/keys",
	"proc/latency_stats",
	"proc/timer_list",
	"proc/timer_stats",
	"proc/sched_debug",
	"sys/firmware",
	"proc/scsi",
};

unsigned long floor_namespaces(const struct floor_jail *j)
{
	return CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
	       (j->net ? CLONE_NEWNET : 0) | (j->v2 ? CLONE_NEWCGROUP : 0);
}

/* All fds are close-on-exec: to close them singly would be calls that nobody needs. */
int floor_mount_new(const struct floor_mount *m)
{
	int fs = sys_fsopen(m->type, FSOPEN_CLOEXEC), mount;

	if (fs < 0)
		floor_die(m->type);
	for (const char *const *o = m->options; *o; o += 2) {
		if (sys_fsconfig(fs, FSCONFIG_SET_STRING, o[0], o[1], 0) < 0)
			floor_die(o[0]);
	}
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		floor_die(m->type);
	mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, m->attributes);
	if (mount < 0)
		floor_die(m->type);
	return mount;
}

void floor_mount_attach(int mount, int root, const char *target)
{
	if (sys_move_mount(mount, "", root, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		floor_die(target);
}

int floor_mount_clone(int dir, const char *path, unsigned flags)
{
	return sys_open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

void floor_mount_restrict(int mount, unsigned attributes, unsigned flags)
{
	const struct mount_attr a = {.attr_set = attributes};

	if (sys_mount_setattr(mount, "", AT_EMPTY_PATH | flags, &a, sizeof(a)) < 0)
		floor_die("mount_setattr");
}

void floor_detach(void)
{
	const struct mount_attr slave = {.propagation = MS_SLAVE};

	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave, sizeof(slave)) < 0)
		floor_die("propagation");
}

static int place_root(const char *rootfs)
{
	int root;

	floor_detach();
	root = floor_mount_clone(AT_FDCWD, rootfs, AT_RECURSIVE);
	if (root < 0)
		floor_die(rootfs);
	floor_mount_attach(root, AT_FDCWD, "/");
	return root;
}

/* v1: the bundle's seventh mount is a tmpfs with a bind of each hierarchy. */
static void mount_hierarchies(const struct floor_jail *j, int root)
{
	static const struct floor_mount tmpfs = {"tmpfs", "", SAFE, {"mode", "755"}, false};
	int top = floor_mount_new(&tmpfs);
	char target[128];

	floor_mount_attach(top, root, "sys/fs/cgroup");
	for (size_t i = 0; i < j->n; i++) {
		int mount = floor_mount_clone(AT_FDCWD, j->hierarchies[i].path, 0);

		if (mount < 0)
			floor_die(j->hierarchies[i].path);
		floor_mount_restrict(mount, SAFE | MOUNT_ATTR_RDONLY, 0);
		mkdirat(top, j->hierarchies[i].name, 0755);
		snprintf(target, sizeof(target), "sys/fs/cgroup/%s", j->hierarchies[i].name);
		floor_mount_attach(mount, root, target);
	}
	floor_mount_restrict(top, MOUNT_ATTR_RDONLY, 0);
}

static void mount_all(const struct floor_jail *j, int root)
{
	static const struct floor_mount v2 = {
		"cgroup2", "", SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_RELATIME, {NULL}, false};

	for (size_t i = 0; i < COUNT(mounts); i++) {
		int mount = floor_mount_new(&mounts[i]);

		if (mounts[i].make)
			mkdirat(root, mounts[i].target, 0755);
		floor_mount_attach(mount, root, mounts[i].target);
	}
	if (j->v2)
		floor_mount_attach(floor_mount_new(&v2), root, "sys/fs/cgroup");
	else if (j->n)
		mount_hierarchies(j, root);
}

/* Of one directory beside the root, on targets that are there. */
static void bind_many(const struct floor_jail *j, int root)
{
	char source[600], target[16];

	snprintf(source, sizeof(source), "%s/../source", j->rootfs);
	for (unsigned i = 0; i < j->binds; i++) {
		int mount = floor_mount_clone(AT_FDCWD, source, AT_RECURSIVE);

		if (mount < 0)
			floor_die(source);
		snprintf(target, sizeof(target), "m/%04u", i);
		floor_mount_attach(mount, root, target);
		close(mount); /* there may be 1,024 files */
	}
}

static void fill_dev(int root)
{
	for (size_t i = 0; i < COUNT(devices); i++) {
		dev_t dev = makedev(devices[i].major, devices[i].minor);

		if (mknodat(root, devices[i].path, S_IFCHR | 0666, dev) < 0)
			floor_die(devices[i].path);
	}
	for (size_t i = 0; i < COUNT(links); i++) {
		if (symlinkat(links[i].target, root, links[i].path) < 0)
			floor_die(links[i].path);
	}
}

static void make_readonly(int root)
{
	for (size_t i = 0; i < COUNT(readonly); i++) {
		int mount = floor_mount_clone(root, readonly[i], AT_RECURSIVE);

		if (mount == -ENOENT)
			continue;
		if (mount < 0)
			floor_die(readonly[i]);
		floor_mount_restrict(mount, MOUNT_ATTR_RDONLY, AT_RECURSIVE);
		floor_mount_attach(mount, root, readonly[i]);
	}
}

/* One empty tmpfs hides all directories, the host's /dev/null all files. */
static void mask(int root)
{
	static const struct floor_mount empty = {
		"tmpfs", "", SAFE | MOUNT_ATTR_RDONLY, {"mode", "755"}, false};
	int shared = -1;

	for (size_t i = 0; i < COUNT(masked); i++) {
		struct stat st;
		int mount;

		if (fstatat(root, masked[i], &st, 0) < 0)
			continue;
		if (!S_ISDIR(st.st_mode))
			mount = floor_mount_clone(AT_FDCWD, "/dev/null", 0);
		else if (shared < 0)
			mount = shared = floor_mount_new(&empty);
		else
			mount = floor_mount_clone(shared, "", AT_EMPTY_PATH);
		floor_mount_attach(mount, root, masked[i]);
	}
}

void floor_enter(int root)
{
	if (fchdir(root) < 0 || sys_pivot_root(".", ".") < 0 || sys_umount2(".", MNT_DETACH) < 0 ||
		chdir("/") < 0)
		floor_die("pivot_root");
}

void floor_raise_loopback(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		floor_die("lo");
}

/* Of the size that the file has. */
static void load_filter(int fd)
{
	static struct sock_filter program[BPF_MAXINSNS];
	ssize_t n = read(fd, program, sizeof(program));
	const struct sock_fprog p = {(unsigned short)((size_t)n / sizeof(*program)), program};

	if (n <= 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		floor_die("filter");
}

void floor_become(const struct floor_jail *j)
{
	const unsigned keep = 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE | 1U << CAP_AUDIT_WRITE;
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct caps[2] = {{.effective = keep, .permitted = keep}};
	const struct rlimit files = {1024, 1024};

	for (int cap = 0; cap < 64; cap++) {
		if (cap < 32 && keep & 1U << cap)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* past the kernel's last one */
	}
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 || setgroups(0, NULL) < 0 ||
		sys_setresgid(0, 0, 0) < 0 || sys_setresuid(0, 0, 0) < 0 ||
		syscall(SYS_capset, &h, caps) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		floor_die("become");
	if (j->filter >= 0)
		load_filter(j->filter);
}

void floor_jail_make(const struct floor_jail *j)
{
	int root;

	umask(0);
	floor_cgroups_enter(j);
	if (j->net)
		floor_raise_loopback();
	if (sethostname("jailrt", 6) < 0)
		floor_die("sethostname");
	root = place_root(j->rootfs);
	mount_all(j, root);
	fill_dev(root);
	make_readonly(root);
	mask(root);
	bind_many(j, root);
	floor_mount_restrict(root, MOUNT_ATTR_RDONLY, 0);
	floor_enter(root);
	floor_become(j);
}
