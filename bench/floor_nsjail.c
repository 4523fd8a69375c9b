/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "floor.h"

/*
 * The jails that nsjail makes of `--chroot / -- PROGRAM` and of a published config of nine mounts: in a user
 * namespace, with limits and without capabilities.
 */

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

unsigned long floor_nsjail_namespaces(void)
{
	return CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
	       CLONE_NEWNET | CLONE_NEWCGROUP;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		floor_die(path);
	close(fd);
}

/* A process may map the one id that it has by itself, so nobody waits for anybody. */
static void map_ids(const char *map)
{
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/gid_map", map);
}

static void limit(void)
{
	static const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{RLIMIT_AS, 4096UL << 20},
		{RLIMIT_CORE, 0},
		{RLIMIT_CPU, 600},
		{RLIMIT_FSIZE, 64UL << 20},
		{RLIMIT_NOFILE, 128},
		{RLIMIT_NPROC, 1024},
		{RLIMIT_STACK, 8UL << 20},
		{RLIMIT_MEMLOCK, 64UL << 10},
		{RLIMIT_RTPRIO, 0},
		{RLIMIT_MSGQUEUE, 1024},
	};

	for (size_t i = 0; i < COUNT(limits); i++) {
		const struct rlimit l = {limits[i].value, limits[i].value};

		if (setrlimit(limits[i].resource, &l) < 0)
			floor_die("setrlimit");
	}
}

static void become_nobody(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {{.effective = 0}};

	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* past the kernel's last one */
	}
	limit();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &h, none) < 0)
		floor_die("become");
}

static void begin(const char *map, const char *hostname)
{
	umask(0);
	map_ids(map);
	floor_raise_loopback();
	if (setsid() < 0 || sethostname(hostname, strlen(hostname)) < 0)
		floor_die("hostname");
	floor_detach();
}

void floor_host_make(const struct floor_jail *j)
{
	static const struct floor_mount proc = {"proc", "proc", MOUNT_ATTR_RDONLY, {NULL}, false};
	int root;

	(void)j;
	begin("0 0 1", "NSJAIL");
	root = floor_mount_clone(AT_FDCWD, "/", AT_RECURSIVE);
	if (root < 0)
		floor_die("/");
	floor_mount_restrict(root, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, AT_RECURSIVE);
	floor_mount_attach(root, AT_FDCWD, "/");
	floor_mount_attach(floor_mount_new(&proc), root, "proc");
	floor_enter(root);
	become_nobody();
}

static void bind_one(int root, const char *path)
{
	int mount = floor_mount_clone(AT_FDCWD, path, AT_RECURSIVE);

	if (mount < 0)
		floor_die(path);
	floor_mount_restrict(mount, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, AT_RECURSIVE);
	floor_mount_attach(mount, root, path + 1);
}

void floor_nine_make(const struct floor_jail *j)
{
	static const char *const dirs[] = {
		"usr", "lib", "lib64", "bin", "tmp", "app", "proc", "dev"};
	static const char *const files[] = {"dev/null", "dev/urandom"};
	static const char *const binds[] = {
		"/usr", "/lib", "/lib64", "/bin", "/dev/null", "/dev/urandom"};
	static const struct floor_mount base = {
		"tmpfs", "", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, {"mode", "755"}, false};
	static const struct floor_mount mounts[] = {
		{"tmpfs", "tmp", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, {NULL}, false},
		{"tmpfs", "app", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, {NULL}, false},
		{"proc", "proc", MOUNT_ATTR_RDONLY, {NULL}, false},
	};
	int root;

	(void)j;
	begin("1000 0 1", "sandbox");
	root = floor_mount_new(&base);
	floor_mount_attach(root, AT_FDCWD, "/tmp");
	for (size_t i = 0; i < COUNT(dirs); i++)
		mkdirat(root, dirs[i], 0755);
	for (size_t i = 0; i < COUNT(files); i++)
		close(openat(root, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	for (size_t i = 0; i < COUNT(binds); i++)
		bind_one(root, binds[i]);
	for (size_t i = 0; i < COUNT(mounts); i++)
		floor_mount_attach(floor_mount_new(&mounts[i]), root, mounts[i].target);
	floor_mount_restrict(root, MOUNT_ATTR_RDONLY, 0);
	floor_enter(root);
	if (chdir("/app") < 0)
		floor_die("/app");
	become_nobody();
}
