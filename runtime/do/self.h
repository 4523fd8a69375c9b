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
 * So the process takes its data into memory of its own and its code from a read-only mount that nobody
 * can see (or into memory as well), all at the same addresses, and tells the kernel that its program is
 * another file: an empty one that nobody can write to. That is cheaper than starting again from a copy.
 */
#include "../base/err.h"

/*
 * The program's file as another mount has it, one of its own that is read-only and nowhere to be seen: to
 * the kernel that is not the file that was executed, so that code can be mapped from it. For the parent:
 * it takes the mount namespace that the program was found in. -1 without the right to make one.
 */
int self_open(int proc);

/*
 * proc: the host's procfs; file: from self_open, or -1 for all to be copied. Needs CAP_SYS_RESOURCE, or CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the
 * user namespace it is in. A process that has done it already, or its child, may call it again.
 */
int self_forget(int proc, int file, struct err *e);

#endif
