/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_CRIU_H
#define JAILRT_DO_CRIU_H
/*
 * criu: the program that writes processes to files and makes them again (criu(8)), as a servant of ours.
 *
 * It is started as "criu swrk" and told by messages over a socket what to do, as runc does it: only so does
 * it hand over the master of a restored terminal, and say at which moment hooks can be run; all that
 * its command line knows can be asked for, too. A request is made of options by their numbers in
 * criu's images/rpc.proto (protobuf, proto2), which are part of its interface and do not change. criu has no
 * other fds than those that a request hands on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"
#include "../base/str.h"

enum criu_action { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4 };

/* Fields of criu_opts. */
enum criu_option {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PAGE_SERVER = 11,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_EXT_MNT = 23,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25,
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_EXT_MASTERS = 30,
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_JOIN_NS = 39,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_STATUS_FD = 49,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
	CRIU_NETWORK_LOCK = 64,
};

struct criu_request {
	enum criu_action action;
	struct str options; /* the message so far; str_check is done when it is sent */
	struct {
		int fd; /* not owned */
		const char *folder; /* or what is opened there */
	} fds[16]; /* that criu gets */
	size_t n_fds;
	bool shell_job; /* criu has our session and stdin: what is restored gets them from it */
	const char *
		own_root; /* restore: a directory that is bound over itself in criu's own mount namespace */
};

void criu_request_done(struct criu_request *q);

void criu_put_number(struct criu_request *q, enum criu_option o, uint64_t v);
void criu_put_text(struct criu_request *q, enum criu_option o, const char *text);
/* A message of two texts, its fields 1 and 2; first NULL: it has only the second. */
void criu_put_pair(
	struct criu_request *q, enum criu_option o, const char *first, const char *second);
/* An fd, or a directory, that criu gets; -E2BIG: there are too many. */
int criu_put_fd(struct criu_request *q, enum criu_option o, int fd, struct err *e);
int criu_put_folder(struct criu_request *q, enum criu_option o, const char *path, struct err *e);
/* restore: what is called key in the images becomes this fd. */
int criu_put_inherited(struct criu_request *q, const char *key, int fd, struct err *e);
void criu_put_page_server(struct criu_request *q, const char *address, uint32_t port);

/* A criu that waits for its request. */
struct criu {
	pid_t pid;
	int socket;
	int output; /* what it printed */
};

/* path: of the program. The fds of the request must be known by now. */
int criu_begin(const char *path, const struct criu_request *q, struct criu *ret, struct err *e);

/*
 * What criu says in between: "setup-namespaces", "post-restore", "orphan-pts-master" (with the fd of
 * the terminal's master, the callee's to keep) and so on; pid is that of the restored process. A failure
 * ends the action.
 */
typedef int criu_notify(const char *action, pid_t pid, int fd, void *arg, struct err *e);

/* Sends the request and sees it through; *ret_pid, when not NULL, is that of the restored process. */
int criu_run(struct criu *c, const struct criu_request *q, criu_notify *notify, void *arg,
	pid_t *ret_pid, struct err *e);

/* Ends and reaps it. */
void criu_end(struct criu *c);

#endif
