/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../runtime/base/sys.h"
#include "../runtime/bpf.h"
#include "../spec/policy.h"

enum { NOBODY = 65534 };

static const char calls[] =
	"ALLOW {"
	" read, readv, write, writev, recvfrom, recvmsg, sendto, sendmsg, close, poll ON x86_64, "
	"ppoll,"
	" connect, bind, listen, accept ON x86_64, accept4, getsockname, getpeername, getsockopt,"
	" setsockopt, shutdown, fcntl, ioctl, clock_gettime, gettimeofday, brk, mmap, munmap, "
	"mremap,"
	" madvise, mprotect, futex, rt_sigreturn, rt_sigprocmask, rt_sigaction, exit, exit_group,"
	" getpid, gettid, tgkill, getrandom, restart_syscall, lseek, newfstat, dup2 ON x86_64, "
	"dup3,"
	" socket(domain) { domain == 2 || domain == 10 }"
	"} DEFAULT ERRNO(1)";

static int filter(struct err *e)
{
	static const struct policy_options options;
	const struct bytes text = {(char *)calls, sizeof(calls) - 1};
	own_pool struct pool pool = {0};
	struct bpf_program p;
	struct sock_fprog prog;
	struct rules rules;

	TRY(policy_rules(&text, "net/confine.c", &options, &pool, &rules, e));
	TRY(bpf_compile(&rules, &pool, &p, e));
	prog = (struct sock_fprog){.len = (unsigned short)p.n, .filter = p.v};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		return err_sys(e, errno, "set the filter of system calls");
	return 0;
}

/* An empty directory, of which nobody else has a name. */
static int leave_files(struct err *e)
{
	if (chroot("/proc/self/fdinfo") < 0 || chdir("/") < 0)
		return err_sys(e, errno, "leave the root directory");
	return 0;
}

static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {0};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* 4.3 */
	if (syscall(SYS_capset, &head, none) < 0)
		return err_sys(e, errno, "give up capabilities");
	return 0;
}

/* The right to do this is among what goes. */
static void bound_capabilities(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap); /* no_new_privs holds where there is no right */
}

static int become_nobody(struct err *e)
{
	TRY(leave_files(e));
	if (sys_setgroups(0, NULL) < 0 || sys_setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		sys_setresuid(NOBODY, NOBODY, NOBODY) < 0) {
		/* In a user namespace without that id root is no root of the machine's. */
		if (errno == EINVAL)
			return 0;
		return err_sys(e, errno, "become nobody");
	}
	return 0;
}

static void raise_files(void)
{
	enum { MOST = 8192 };
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= MOST)
		return;
	l.rlim_cur = l.rlim_max < MOST ? l.rlim_max : MOST;
	(void)setrlimit(RLIMIT_NOFILE, &l); /* fewer connections, then */
}

int confine(struct err *e)
{
	raise_files();
	bound_capabilities();
	if (geteuid() == 0)
		TRY(become_nobody(e));
	TRY(drop_capabilities(e));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, errno, "give up privileges for good");
	return filter(e);
}
