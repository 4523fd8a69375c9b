/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_SELF_H
#define JAILRT_DO_SELF_H
/*
 * self: a process that no longer leads to the file it was started from.
 *
 * A program in a jail that is told to execute /proc/self/exe, or a script with that after its "#!", would
 * get the host's jailrt, and with it an fd that can be opened again for writing once nobody runs it
 * (CVE-2019-5736). Where pid namespaces are shared /proc/PID/exe of a jail in the making would do as well.
 *
 * So the process takes its code and data into memory of its own, where they stay at their addresses,
 * and tells the kernel that its program is another file: an empty one that nobody can write to. That
 * takes a tenth of the time of starting again from a sealed copy.
 */
#include "../base/err.h"

/*
 * proc: the host's procfs. Needs CAP_SYS_RESOURCE, or CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the
 * user namespace it is in. A process that has done it already, or its child, may call it again.
 */
int self_forget(int proc, struct err *e);

#endif
