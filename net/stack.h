/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_STACK_H
#define JAILRT_NET_STACK_H
/*
 * stack: the built-in backend: packets of the jail's device to and from libslirp.
 *
 * libslirp speaks Ethernet, and the device does not: frames are put around packets and taken off, and
 * whatever address libslirp looks for is at the jail's end. Every packet of the jail is judged before
 * libslirp sees it (judge.h); what is led elsewhere is rewritten on both ways (flow.h), to a proxy by way of
 * ourselves (relay.h, assoc.h). For the files
 * of this room only: stack.c is the way of packets, stack_frame.c the Ethernet, stack_slirp.c libslirp and
 * the loop.
 */
#include <slirp/libslirp.h>

#include "assoc.h"
#include "flow.h"
#include "judge.h"
#include "ping.h"
#include "polls.h"
#include "relay.h"

enum { FRAME_HEAD = 14, FRAME_QUEUE = 16, FRAME_SMALL = 96, STACK_TIMERS = 4 };

struct small_frame {
	uint8_t v[FRAME_SMALL];
	size_t len;
};

struct stack_timer {
	SlirpTimerCb fn;
	void *arg;
	int64_t when; /* ms; below 0: never */
};

struct stack {
	struct judge judge;
	struct flows flows;
	struct net_address alias[2]; /* who sends to libslirp what is led elsewhere */
	Slirp *slirp;
	int tun;
	struct small_frame queue[FRAME_QUEUE]; /* for libslirp, which cannot take them at once */
	size_t queued;
	struct stack_timer timers[STACK_TIMERS];
	struct polls polls;
	struct relays relays;
	struct assocs assocs;
	struct pings pings;
	uint16_t *udp_in; /* the jail's ports that are open to others */
	size_t n_udp_in;
	uint8_t in[FRAME_HEAD + PACKET_MOST], out[PACKET_MOST], refusal[2048];
};

/* A packet of the jail, at in + FRAME_HEAD. */
void stack_take(struct stack *s, size_t len);
/* A packet of libslirp's, to the jail: in out. */
void stack_give(struct stack *s, size_t len);

/* Into the jail, as it is. */
void stack_write(const uint8_t *packet, size_t len, void *stack);

/* To libslirp, with a frame around. There is room for the frame in front of the packet. */
void stack_input(struct stack *s, const struct packet *p);
/* A frame of libslirp's. */
void stack_frame(struct stack *s, const uint8_t *frame, size_t len);
/* libslirp learns who is at the jail's end, before it has to ask. */
void stack_introduce(struct stack *s);
/* What is queued goes to libslirp. */
void stack_flush(struct stack *s);

uint64_t stack_seconds(void);

#endif
