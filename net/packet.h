/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NET_PACKET_H
#define JAILRT_NET_PACKET_H
/*
 * packet: one IP packet, read and written in place.
 *
 * Pure. A packet that parses is whole: its lengths hold, it is no fragment, and its headers can be read and
 * written without another look. Ports are numbers of the machine, addresses as the network has them; an
 * ICMP echo has its identifier in the place of both ports.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../spec/user_net.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PUSH = 8, TCP_ACK = 16 };

enum { PACKET_MOST = 65536 };

struct packet {
	uint8_t *data;
	size_t len;
	int family; /* 4 or 6 */
	unsigned proto; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP for both families' */
	struct net_address src, dst;
	uint16_t sport, dport;
	uint8_t flags; /* of TCP */
	bool echo; /* a request or an answer */
	bool request;
	uint8_t *body; /* the header of proto and what follows */
	size_t body_len;
};

/* 0; -EBADMSG: not a whole packet, or a fragment; -EPROTONOSUPPORT: of another protocol. */
int packet_parse(uint8_t *data, size_t len, struct packet *ret);

/* Asks for a new connection: what every other TCP packet belongs to has been decided on before. */
bool packet_opens(const struct packet *p);

/* Writes another source or destination; the checksums stay as right, or wrong, as they were. */
void packet_set_source(struct packet *p, const struct net_address *a, uint16_t port);
void packet_set_destination(struct packet *p, const struct net_address *a, uint16_t port);

/*
 * Writes what refuses the packet: a reset of TCP's, else "port unreachable", which comes from. Its length;
 * 0: what is refused must not be answered.
 */
size_t packet_refuse(
	const struct packet *p, const struct net_address *from, uint8_t *to, size_t size);

/* An UDP packet around the payload; its length, 0 when it has no room. */
size_t packet_udp(int family, const struct net_address *src, uint16_t sport,
	const struct net_address *dst, uint16_t dport, const uint8_t *payload, size_t len,
	uint8_t *to, size_t size);

/* An echo of the identifier; message is its ICMP part, as the kernel's ping sockets have it. */
size_t packet_echo(int family, const struct net_address *src, const struct net_address *dst,
	uint16_t id, const uint8_t *message, size_t len, uint8_t *to, size_t size);

/*
 * For an ICMP error: the packet that it complains of, as far as it is there; false when it is none.
 * packet_finish makes the checksum of the whole right again.
 */
bool packet_inner(const struct packet *p, struct packet *ret);
void packet_finish(struct packet *p);

#endif
