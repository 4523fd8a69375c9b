/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_BPF_TEXT_H
#define JAILRT_BPF_TEXT_H
/*
 * bpf_text: a program as text: in the language of the kernel's bpf_asm (tools/bpf), and as C.
 */
#include "base/str.h"
#include "bpf.h"

/* A line for each instruction, with labels, and what a line is about behind a semicolon. */
void bpf_text_asm(const struct bpf_program *program, struct str *out);

/* An initialised array of struct sock_filter, and a struct sock_fprog around it. */
void bpf_text_c(const struct bpf_program *program, struct str *out);

#endif
