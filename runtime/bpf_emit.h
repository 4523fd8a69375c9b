/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_BPF_EMIT_H
#define JAILRT_BPF_EMIT_H
/*
 * bpf_emit: a diagram laid out as instructions. For runtime/bpf*.c only.
 *
 * The machine jumps forward only, and a condition no further than 255 instructions. So the program is
 * laid out from its end: followers first, and a place that has come to lie too far away is repeated (a
 * return) or reached over a jump.
 */
#include "bpf.h"
#include "bpf_graph.h"

/* -E2BIG when it would be longer than BPF_MOST. */
int bpf_emit(const struct graph *g, uint32_t root, struct bpf_program *ret, struct err *e);

#endif
