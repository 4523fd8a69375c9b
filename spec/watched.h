/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_WATCHED_H
#define JAILRT_WATCHED_H
/*
 * watched: the system calls that seccomp_unotify watches, and what their arguments are.
 *
 * Those that name a file or a peer. sendmsg is not among them, as the listener itself is sent by it;
 * nor is what goes past system calls (io_uring). Constant data, no state.
 */
#include "arch.h"

enum watched_arg {
	WATCHED_NONE, /* not looked at */
	WATCHED_DIR, /* int: where the next path begins */
	WATCHED_PATH,
	WATCHED_TEXT, /* a text that is no access: a symlink's content */
	WATCHED_MODE, /* of a file that is made or changed */
	WATCHED_NEW_MODE, /* likewise, if the flags of open make one */
	WATCHED_ACCESS, /* R_OK … */
	WATCHED_OPEN, /* O_… */
	WATCHED_HOW, /* struct open_how * */
	WATCHED_FLAGS,
	WATCHED_OWNER,
	WATCHED_GROUP,
	WATCHED_ARGV,
	WATCHED_SOCKET, /* int */
	WATCHED_ADDRESS, /* struct sockaddr *; its length is the next argument */
	WATCHED_DOMAIN,
	WATCHED_TYPE,
	WATCHED_PROTOCOL,
	WATCHED_SOCKETCALL, /* one of the above, by a number; its arguments are in memory */
};

struct watched_call {
	const char *name;
	unsigned char args[6]; /* enum watched_arg */
};

extern const struct watched_call watched_calls[];
extern const size_t watched_calls_n;

/* NULL when it is none of them. */
const struct watched_call *watched_find(const char *name);

/* The architectures whose calls this machine can make: 0 its own, 1 the narrow one; NULL: no more. */
const struct arch *watched_arch(unsigned i);

#endif
