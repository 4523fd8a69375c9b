/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_TUN_H
#define JAILRT_NET_TUN_H
/*
 * tun: the jail's network device, of IP packets, with its address and a route to everywhere.
 */
#include "../spec/user_net.h"

enum { TUN_MTU = 64512 };

/* In the jail's network namespace (enter, net.h): the device's fd, which does not block. */
int tun_make(const void *user_net, struct err *e);

#endif
