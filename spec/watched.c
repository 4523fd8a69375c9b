/* SPDX-License-Identifier: Apache-2.0 */
#include "watched.h"

#include <string.h>

#define DIR	 WATCHED_DIR
#define PATH	 WATCHED_PATH
#define TEXT	 WATCHED_TEXT
#define MODE	 WATCHED_MODE
#define NEW_MODE WATCHED_NEW_MODE
#define ACCESS	 WATCHED_ACCESS
#define OPEN	 WATCHED_OPEN
#define HOW	 WATCHED_HOW
#define FLAGS	 WATCHED_FLAGS
#define OWNER	 WATCHED_OWNER
#define GROUP	 WATCHED_GROUP
#define ARGV	 WATCHED_ARGV
#define SOCKET	 WATCHED_SOCKET
#define ADDRESS	 WATCHED_ADDRESS
#define DOMAIN	 WATCHED_DOMAIN
#define TYPE	 WATCHED_TYPE
#define PROTOCOL WATCHED_PROTOCOL
#define NONE	 WATCHED_NONE

const struct watched_call watched_calls[] = {
	{"open", {PATH, OPEN, NEW_MODE}},
	{"openat", {DIR, PATH, OPEN, NEW_MODE}},
	{"openat2", {DIR, PATH, HOW}},
	{"creat", {PATH, MODE}},
	{"stat", {PATH}},
	{"lstat", {PATH}},
	{"stat64", {PATH}},
	{"lstat64", {PATH}},
	{"newfstatat", {DIR, PATH, NONE, FLAGS}},
	{"fstatat64", {DIR, PATH, NONE, FLAGS}},
	{"statx", {DIR, PATH, FLAGS}},
	{"statfs", {PATH}},
	{"statfs64", {PATH}},
	{"access", {PATH, ACCESS}},
	{"faccessat", {DIR, PATH, ACCESS}},
	{"faccessat2", {DIR, PATH, ACCESS, FLAGS}},
	{"chmod", {PATH, MODE}},
	{"fchmodat", {DIR, PATH, MODE}},
	{"fchmodat2", {DIR, PATH, MODE, FLAGS}},
	{"chown", {PATH, OWNER, GROUP}},
	{"lchown", {PATH, OWNER, GROUP}},
	{"chown32", {PATH, OWNER, GROUP}},
	{"lchown32", {PATH, OWNER, GROUP}},
	{"fchownat", {DIR, PATH, OWNER, GROUP, FLAGS}},
	{"readlink", {PATH}},
	{"readlinkat", {DIR, PATH}},
	{"mkdir", {PATH, MODE}},
	{"mkdirat", {DIR, PATH, MODE}},
	{"mknod", {PATH, MODE}},
	{"mknodat", {DIR, PATH, MODE}},
	{"rmdir", {PATH}},
	{"unlink", {PATH}},
	{"unlinkat", {DIR, PATH, FLAGS}},
	{"rename", {PATH, PATH}},
	{"renameat", {DIR, PATH, DIR, PATH}},
	{"renameat2", {DIR, PATH, DIR, PATH, FLAGS}},
	{"link", {PATH, PATH}},
	{"linkat", {DIR, PATH, DIR, PATH, FLAGS}},
	{"symlink", {TEXT, PATH}},
	{"symlinkat", {TEXT, DIR, PATH}},
	{"truncate", {PATH}},
	{"truncate64", {PATH}},
	{"utime", {PATH}},
	{"utimes", {PATH}},
	{"futimesat", {DIR, PATH}},
	{"utimensat", {DIR, PATH, NONE, FLAGS}},
	{"utimensat_time64", {DIR, PATH, NONE, FLAGS}},
	{"getxattr", {PATH}},
	{"lgetxattr", {PATH}},
	{"listxattr", {PATH}},
	{"llistxattr", {PATH}},
	{"setxattr", {PATH}},
	{"lsetxattr", {PATH}},
	{"removexattr", {PATH}},
	{"lremovexattr", {PATH}},
	{"chdir", {PATH}},
	{"chroot", {PATH}},
	{"execve", {PATH, ARGV}},
	{"execveat", {DIR, PATH, ARGV, NONE, FLAGS}},
	{"socket", {DOMAIN, TYPE, PROTOCOL}},
	{"connect", {SOCKET, ADDRESS}},
	{"bind", {SOCKET, ADDRESS}},
	{"sendto", {SOCKET, NONE, NONE, FLAGS, ADDRESS}},
	{"socketcall", {WATCHED_SOCKETCALL}},
};

const size_t watched_calls_n = sizeof(watched_calls) / sizeof(*watched_calls);

const struct watched_call *watched_find(const char *name)
{
	for (size_t i = 0; i < watched_calls_n; i++) {
		if (!strcmp(watched_calls[i].name, name))
			return &watched_calls[i];
	}
	return NULL;
}

const struct arch *watched_arch(unsigned i)
{
	static const char *const narrow[][2] = {
		{"x86_64", "x86"}, {"aarch64", "arm"}, {"s390x", "s390"}, {"mips64", "mips"}};
	const struct arch *native = arch_native();

	if (i == 0)
		return native;
	for (size_t j = 0; i == 1 && j < sizeof(narrow) / sizeof(*narrow); j++) {
		if (!strcmp(native->name, narrow[j][0]))
			return arch_by_name(narrow[j][1]);
	}
	return NULL;
}
