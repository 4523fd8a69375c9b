/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_FLOW_H
#define JAILRT_NET_FLOW_H
/*
 * flow: what is led elsewhere than where the jail sent it.
 *
 * Each connection, or exchange of datagrams, has an alias: a source port that no other one has. On the way
 * out source and destination are replaced, on the way back the alias tells what they were. What is idle
 * for long is forgotten; when there is no room the packet is lost, as on any network.
 */
#include "packet.h"

enum { FLOWS = 4096, FLOW_ALIAS = 1024, FLOW_ROUNDS = 15 };

struct flow {
	int family; /* 0: free */
	unsigned proto;
	uint16_t sport, dport; /* the jail's */
	struct net_address src, dst;
	uint16_t to_port, alias;
	struct net_address to;
	uint64_t used; /* seconds */
	bool closing;
	bool plain; /* nothing is replaced: it only is known already */
	unsigned round;
	int next; /* of the same bucket; -1 */
};

struct flows {
	struct flow v[FLOWS];
	int buckets[FLOWS];
	unsigned hand; /* where a free one is looked for next */
};

void flows_init(struct flows *f);

/* That of a packet from the jail, or NULL. */
struct flow *flows_find(struct flows *f, const struct packet *p, uint64_t now);
/* A new one; NULL when there is no room. */
struct flow *flows_add(struct flows *f, const struct packet *p, const struct net_address *to,
	uint16_t to_port, uint64_t now);
/* That of a packet to the alias, or NULL. */
struct flow *flows_answer(
	struct flows *f, int family, unsigned proto, uint16_t alias, uint64_t now);
void flows_remove(struct flows *f, struct flow *flow);

/* Notes what TCP says of its end. */
void flow_watch(struct flow *flow, const struct packet *p);

#endif
