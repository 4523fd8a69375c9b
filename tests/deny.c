/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny ERRNO CALL[,CALL…] COMMAND…: runs the command with these system calls failing, for it and all that
 * comes of it: an old kernel, or a filter around us that does not know them. ERRNO is ENOSYS or EPERM.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	int number;
} calls[] = {
	{"openat2", SYS_openat2},
	{"clone3", SYS_clone3},
	{"fsopen", SYS_fsopen},
	{"fsmount", SYS_fsmount},
	{"open_tree", SYS_open_tree},
	{"move_mount", SYS_move_mount},
	{"mount_setattr", SYS_mount_setattr},
	{"close_range", SYS_close_range},
	{"pidfd_open", SYS_pidfd_open},
	{"pidfd_send_signal", SYS_pidfd_send_signal},
	{"faccessat2", SYS_faccessat2},
	{"memfd_create", SYS_memfd_create},
	{"statx", SYS_statx},
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(calls[i].name, name))
			return calls[i].number;
	}
	fprintf(stderr, "deny: no call named '%s'\n", name);
	exit(2);
}

static int deny(int number, unsigned code)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog f = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &f);
}

int main(int argc, char **argv)
{
	unsigned code;

	if (argc < 4) {
		fprintf(stderr, "deny ERRNO CALL[,CALL…] COMMAND…\n");
		return 2;
	}
	code = !strcmp(argv[1], "ENOSYS") ? ENOSYS : EPERM;
	for (char *name = strtok(argv[2], ","); name; name = strtok(NULL, ",")) {
		if (deny(number_of(name), code) < 0) {
			perror("deny: seccomp");
			return 2;
		}
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
