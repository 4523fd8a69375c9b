/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

/* Verdicts: what the kernel, capabilities, device rules and seccomp together say of a call. */

struct call {
	const char *name;
	long number;
	long a, b, c;
};

/* Where a call is let through, it fails of its arguments, or does nothing that stays. */
static const struct call calls[] = {
	{"acct", SYS_acct, -1, 0, 0},
	{"add_key", SYS_add_key, 0, 0, 0},
	{"bpf", SYS_bpf, -1, 0, 0},
	{"chroot", SYS_chroot, 0, 0, 0},
	{"clock_settime", SYS_clock_settime, -1, 0, 0},
	{"clone3", SYS_clone3, 0, 0, 0},
	{"delete_module", SYS_delete_module, 0, 0, 0},
	{"fanotify_init", SYS_fanotify_init, -1, 0, 0},
	{"fsopen", SYS_fsopen, 0, -1, 0},
	{"getcpu", SYS_getcpu, 0, 0, 0},
	{"init_module", SYS_init_module, 0, 0, 0},
	{"io_uring_setup", SYS_io_uring_setup, 0, 0, 0},
	{"kcmp", SYS_kcmp, 0, 0, 0},
	{"kexec_load", SYS_kexec_load, 0, -1, 0},
	{"keyctl", SYS_keyctl, -1, 0, 0},
	{"lookup_dcookie", SYS_lookup_dcookie, 0, 0, 0},
	{"mbind", SYS_mbind, 0, 0, -1},
	{"mount", SYS_mount, 0, 0, 0},
	{"open_by_handle_at", SYS_open_by_handle_at, -1, 0, 0},
	{"perf_event_open", SYS_perf_event_open, 0, 0, 0},
	{"pidfd_getfd", SYS_pidfd_getfd, -1, 0, 0},
	{"pivot_root", SYS_pivot_root, 0, 0, 0},
	{"process_vm_readv", SYS_process_vm_readv, -1, 0, 0},
	{"quotactl", SYS_quotactl, -1, 0, 0},
	{"reboot", SYS_reboot, 0, 0, 0},
	{"setns", SYS_setns, -1, 0, 0},
	{"settimeofday", SYS_settimeofday, 1, 0, 0},
	{"socket AF_VSOCK", SYS_socket, 40, 1, 0},
	{"socket AF_ALG", SYS_socket, 38, 5, 0},
	{"swapon", SYS_swapon, 0, 0, 0},
	{"syslog", SYS_syslog, 10, 0, 0},
	{"umount", SYS_umount2, 0, 0, 0},
	{"unshare CLONE_NEWUTS", SYS_unshare, CLONE_NEWUTS, 0, 0},
	{"unshare CLONE_NEWUSER", SYS_unshare, CLONE_NEWUSER, 0, 0},
	{"userfaultfd", SYS_userfaultfd, -1, 0, 0},
	{"no such call", 1000, 0, 0, 0},
};

/* In a child: what a call changes is gone with it; what kills it is seen. */
static void verdict(const char *name, int (*doing)(const void *), const void *what)
{
	pid_t pid = fork();
	char title[64];
	int status = 0;

	if (!pid)
		_exit(doing(what));
	snprintf(title, sizeof(title), "call %s", name);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		say(title, "(%s)", word_of(errno));
	else if (WIFSIGNALED(status))
		say(title, "killed by %s", sigabbrev_np(WTERMSIG(status)));
	else
		say(title, "%s", word_of(WEXITSTATUS(status)));
}

static int do_call(const void *what)
{
	const struct call *c = what;

	return syscall(c->number, c->a, c->b, c->c, 0, 0, 0) < 0 ? errno : 0;
}

struct node {
	const char *name;
	mode_t mode;
	unsigned int major, minor;
};

static const struct node nodes[] = {
	{"null", S_IFCHR, 1, 3},
	{"mem", S_IFCHR, 1, 1},
	{"kmsg", S_IFCHR, 1, 11},
	{"console", S_IFCHR, 5, 1},
	{"ptmx", S_IFCHR, 5, 2},
	{"tun", S_IFCHR, 10, 200},
	{"fuse", S_IFCHR, 10, 229},
	{"loop0", S_IFBLK, 7, 0},
};

/* Made, read, written: the errors of each are one number. */
static int make_node(const void *what)
{
	const struct node *n = what;

	return mknod("/tmp/observed-node", n->mode | 0600, makedev(n->major, n->minor)) < 0 ? errno
											    : 0;
}

static int read_node(const void *what)
{
	(void)what;
	return open("/tmp/observed-node", O_RDONLY | O_NONBLOCK | O_NOCTTY) < 0 ? errno : 0;
}

static int write_node(const void *what)
{
	(void)what;
	return open("/tmp/observed-node", O_WRONLY | O_NONBLOCK | O_NOCTTY) < 0 ? errno : 0;
}

static void observe_node(const struct node *n)
{
	char name[64];

	snprintf(name, sizeof(name), "mknod %s", n->name);
	verdict(name, make_node, n);
	/* Where it cannot be made here there may be one all the same, but not of this number. */
	if (make_node(n) < 0 || access("/tmp/observed-node", F_OK) < 0)
		return;
	snprintf(name, sizeof(name), "read %s", n->name);
	verdict(name, read_node, NULL);
	snprintf(name, sizeof(name), "write %s", n->name);
	verdict(name, write_node, NULL);
	unlink("/tmp/observed-node");
}

/* getpid by the i386 table, where the machine has it. */
static int do_i386(const void *what)
{
	(void)what;
#ifdef __x86_64__
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result < 0 ? (int)-result : 0;
#else
	return ENOSYS;
#endif
}

void observe_calls(void)
{
	fflush(stdout);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		verdict(calls[i].name, do_call, &calls[i]);
	verdict("getpid of i386", do_i386, NULL);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		observe_node(&nodes[i]);
}
