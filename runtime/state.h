/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_STATE_H
#define JAILRT_STATE_H
/*
 * state: what is kept of a container between commands.
 *
 * Each container has a directory ROOT/ID, made by its creator, which is what makes an id taken:
 *
 *	state.json	table_state, replaced as a whole, so that reading it needs no lock
 *	config		a copy of the config, which exec reads again
 *	filter		what the policy of an nsjail config was compiled to, for exec
 *	start		a socket that init listens on until start lets it go
 *	started		when that was; it is there only once the program runs
 *	notify/		the folder of the container's NOTIFY_SOCKET
 *	watch		held locked by those who wait to report
 *
 * A command that changes a container holds a lock on the directory. Whether a container is created,
 * running, paused or stopped is not written down but looked at: the socket, the process, the freezer.
 */
#include <time.h>

#include "../spec/event.h"
#include "../spec/field.h"
#include "../spec/oci.h"

enum { STATE_VERSION = 1 };

#define STATE_FILE   "state.json"
#define STATE_FILTER "filter"
#define START_SOCKET "start"
#define START_TIME   "started"

struct state {
	OPT(uint32_t, version);
	OPT(bool, complete); /* false while create is at work, or after it was killed */
	const char *ociVersion, *id, *bundle, *rootfs, *created, *owner;
	OPT(int32_t, pid);
	OPT(uint64_t,
		started); /* of the process, in clock ticks since boot (proc(5) stat, field 22) */
	OPT(uint64_t, pid_inode); /* of its pidfd, which no other has since boot: kernel 6.9 */
	OPT(int32_t, creator);
	OPT(uint64_t, creator_started);
	struct pairs annotations;
	struct texts cgroups; /* directories of its own cgroups */
	OPT(bool, cgroup_v2);
	struct texts resctrl,
		resctrl_own; /* groups that it is in; those of them that are its own */
	const char *unit; /* of systemd, which made them; NULL: none */
	OPT(uint64_t, namespaces); /* CLONE_NEW…, those it does not share */
	const char *config; /* name of the config, for messages */
	OPT(int32_t, dialect);
	OPT(int32_t, compat); /* enum nsjail_door */
	struct texts args, sets; /* what the command line changed in it */
	struct texts profiles; /* of system calls, from there too */
	OPT(uint64_t, time_limit); /* milliseconds */
	OPT(uint64_t, cpu_soft); /* RLIMIT_CPU, seconds */
	OPT(uint64_t, cpu_hard);
	OPT(bool, fsize); /* it has an RLIMIT_FSIZE */
	OPT(bool, filter_kills); /* its filter has calls that end it */
	OPT(bool, at_once); /* its program did not wait for start */
	OPT(bool, terminal);
	OPT(bool, no_new_keyring);
	OPT(bool, relays); /* it has a socket to say that it is ready */
	const char *listener, *listener_metadata; /* of the seccomp filter */
	LIST_OF(struct oci_hook) poststart;
	LIST_OF(struct oci_hook) poststop;
};

extern const struct table table_state;

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
extern const char *const status_names[];

/* -EINVAL with the reason when it cannot be the name of a container. */
int state_check_id(const char *id, struct err *e);

/* The directory of all containers; made when make is true. */
int state_open_root(const char *root, bool make, struct err *e);

/* Makes and locks ROOT/ID: an fd of it. -EEXIST when the id is taken. */
int state_claim(int root, const char *id, struct err *e);

/* Opens ROOT/ID, and locks it when lock is true, waiting a while for who has it. -ENOENT: no such. */
int state_open(int root, const char *id, bool lock, struct err *e);

/* Locks what is open already. -ENOENT: it was deleted meanwhile. */
int state_lock(int dir, const char *id, struct err *e);

int state_write(int dir, const struct state *s, struct err *e);

/*
 * It may be made or removed at this moment: waits a little for a file that is not there yet, and is
 * -ENOENT when the directory is gone.
 */
int state_read(int dir, const char *id, struct pool *pool, struct state **ret, struct err *e);

/*
 * When it was started, of CLOCK_MONOTONIC: for reports alone, so that what cannot be kept is no failure,
 * and zero when it was not.
 */
void state_write_start(int dir, const struct timespec *t);
void state_read_start(int dir, struct timespec *ret);

/* -ENOENT when it was removed meanwhile. */
int state_check_there(int dir, const char *id, struct err *e);

/* Whether nothing is in it: its creator was killed before anything was made. */
bool state_is_empty(int dir);

/* Removes ROOT/ID and what is in it. */
int state_remove(int root, const char *id, int dir, struct err *e);

enum status state_status(int dir, const struct state *s);
/* The same, but STATUS_RUNNING also for one that waits for start. */
enum status state_status_but_created(const struct state *s);

/* Both of a container that may be one of thousands, in the fewest calls. -ENOENT: no such, or none of ours. */
int state_look(int root, const char *id, struct pool *pool, struct state **ret,
	enum status *ret_status, struct err *e);

/* The inode that only this process's pidfds have; -ENODATA: the kernel is older than that. */
int state_pid_inode(int pidfd, uint64_t *ret);

/* When a process started; -ESRCH when there is none, or only what is left of one. */
int state_process_start(pid_t pid, uint64_t *ret);

/* Whether there are pidfds: nobody could start, end or delete a container without. */
int state_can_hold(struct err *e);
/* A pidfd of the container's process, or -ESRCH when that has ended. */
int state_open_process(const struct state *s, struct err *e);

/* A stream of SEQPACKET to the init that waits for start. */
int state_connect_start(int dir, struct err *e);
int state_listen_start(int dir, struct err *e);

/* Sends what `state` and `list` show of it, status as it is now, as one object. */
int state_send(const struct state *s, enum status status, struct sink *sink, struct err *e);

#endif
