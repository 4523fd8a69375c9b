/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_NETDEV_H
#define JAILRT_DO_NETDEV_H
/*
 * netdev: network devices on their way into a jail.
 */
#include <sys/types.h>

#include "../base/err.h"
#include "../step.h"

/*
 * Moves a device of the caller's network namespace to the process's, under its name there, with the
 * permanent addresses of global scope that it has, and brings it up. A name that is taken there is an
 * error before anything is moved. proc is an fd of the host's procfs. The caller's own namespaces
 * stay as they are, also for a moment: a process of its own does the work. A bare device is moved as the
 * kernel does it: it is down then, and has no addresses.
 */
int netdev_move(int proc, pid_t pid, const struct step_net_device *s, struct err *e);

/* Makes a macvlan of a device of the caller's network namespace, in the process's. It is down. */
int netdev_macvlan(int proc, pid_t pid, const struct step_macvlan *s, struct err *e);

#endif
