/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NFT_H
#define JAILRT_NFT_H
/*
 * nft: the rules of a jail's network as the kernel's packet filter takes them (nf_tables).
 *
 * Pure: the messages are made with the plan, and init only sends them. A table "jailrt" of its own filters
 * what the jail sends and what it passes on; what it says to itself by the loopback device is not looked at
 * unless a rule names that device, nor are the messages that IPv6 finds its neighbours by. A rule
 * with an interface that packets come in by filters what comes in; "lo" stands for the jail itself.
 */
#include "../spec/jail.h"
#include "base/pool.h"

/* No batch of messages, which is what the kernel takes as a whole, is much longer. */
enum { NFT_BATCH = 96 * 1024 };

/*
 * The messages, batch by batch. The sequence number of one that makes a rule is the rule's position and 1, of
 * others 0. The last of a batch before its end is answered.
 */
int nft_messages(const struct jail_net *net, struct pool *pool, struct bytes *ret, struct err *e);

#endif
