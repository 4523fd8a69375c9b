/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_SYSTEMD_WIRE_H
#define JAILRT_DO_SYSTEMD_WIRE_H
/*
 * systemd_wire: what jailrt and its program for systemd (runtime/systemd/) say to each other.
 *
 * Over a stream, which is that program's stdin, by turns: a question is its length and then texts, each
 * with its NUL, and has one struct as its answer. The two are of one version, or the first answer is an
 * error. The stream's end is the program's.
 *
 *	open	VERSION, "system" or "user"	version and cgroup of that systemd
 *	start	UNIT, PID ("0": none), PROPERTY…
 *	set	UNIT, PROPERTY…
 *	join	UNIT, BELOW, PID
 *	stop	UNIT
 */
#include <limits.h>

#include "../base/err.h"

#define SYSTEMD_PROGRAM "jailrt-systemd"

enum { SYSTEMD_QUESTION_LARGEST = 16 << 20 };

struct systemd_answer {
	int32_t code; /* 0, or -errno; then err has the words */
	uint32_t version;
	char cgroup[PATH_MAX];
	struct err err;
};

#endif
