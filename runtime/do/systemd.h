/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_SYSTEMD_H
#define JAILRT_DO_SYSTEMD_H
/*
 * systemd: units of a systemd, over D-Bus. For the parent alone, never between clone and exec.
 *
 * The connection is held by a program of its own (runtime/systemd/), a child, started when the first is
 * opened: libsystemd is loaded there, and jailrt itself can be linked statically. The calls wait for
 * systemd, up to half a minute each: this is the one thing of the parent's that does not go through its
 * epoll. What systemd does with the cgroups of the unit is done when they return.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "../base/err.h"
#include "../base/pool.h"
#include "../step.h"

struct systemd;

/* Connects to the machine's systemd, or to the user's own. */
int systemd_open(bool user, struct systemd **ret, struct err *e);
void systemd_close(struct systemd *s);

/* Its version (252), and its cgroup ("" is the root). */
int systemd_probe(const struct systemd *s, struct pool *pool, uint32_t *ret_version,
	const char **ret_cgroup, struct err *e);

/* Makes a unit that is there no longer than it has processes, with pid in it when it takes one. */
int systemd_start(struct systemd *s, const struct step_unit *a, pid_t pid, struct err *e);

/* New properties for a unit, which a restart of the machine undoes. */
int systemd_set(struct systemd *s, const struct step_unit *a, struct err *e);

/* Puts a process into a unit's cgroup, at below ("" or "/name"): systemd may where the caller may not. */
int systemd_join(struct systemd *s, const char *unit, const char *below, pid_t pid, struct err *e);

/* Ends a unit, and forgets that it failed; 0 also when there is none. */
int systemd_stop(struct systemd *s, const char *unit, struct err *e);

#endif
