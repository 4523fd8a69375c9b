/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_CONFINE_H
#define JAILRT_NET_CONFINE_H
/*
 * confine: what a process that reads an enemy's packets gives up before it reads the first.
 *
 * Afterwards it is nobody where it was root, has no capabilities and no files (an empty root, and no
 * system call to open one), and can make sockets of IPv4 and IPv6 alone.
 */
#include "../runtime/base/err.h"

int confine(struct err *e);

#endif
