/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_NETCONF_H
#define JAILRT_DO_NETCONF_H
/*
 * netconf: what a process sets up in the network namespace that it is in: addresses, routes and rules.
 */
#include "../base/err.h"
#include "../step.h"

/* Gives the device its address, brings it up, and sends by it what has no other way. */
int netconf_address(const struct step_net_address *s, struct err *e);

/*
 * Sends the messages of a packet filter (nft.h), batch by batch. On failure *ret_rule is the position of the rule
 * that the kernel refused, or untouched.
 */
int netconf_filter(const struct bytes *messages, size_t *ret_rule, struct err *e);

int netconf_rule(const struct step_net_rule *s, struct err *e);

#endif
