/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "bpf.h"

/* A machine that understands what bpf_emit makes and what the kernel lets seccomp programs have. */
struct machine {
	uint32_t a, x, mem[BPF_MEMWORDS];
};

static uint32_t data_word(const struct rule_call *call, uint32_t offset)
{
	const struct arch *arch = arch_by_audit(call->arch);
	uint32_t in_args = offset - (uint32_t)offsetof(struct seccomp_data, args);
	uint64_t arg;

	switch (offset) {
	case offsetof(struct seccomp_data, nr):
		return call->number;
	case offsetof(struct seccomp_data, arch):
		return call->arch;
	case offsetof(struct seccomp_data, instruction_pointer):
	case offsetof(struct seccomp_data, instruction_pointer) + 4:
		return 0;
	default:
		arg = call->args[in_args / 8];
		/* The half that lies first is the low one, but on big-endian machines. */
		return (uint32_t)((in_args % 8 != 0) != (arch && arch->big_endian) ? arg >> 32
										   : arg);
	}
}

static uint32_t alu(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b; /* by zero: see bpf_run */
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	default:
		return -a; /* BPF_NEG */
	}
}

static bool jumps(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:
		return (a & b) != 0; /* BPF_JSET */
	}
}

static void load(struct machine *m, const struct sock_filter *i, const struct rule_call *call)
{
	uint32_t *to = BPF_CLASS(i->code) == BPF_LD ? &m->a : &m->x;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		*to = i->k;
		break;
	case BPF_MEM:
		*to = m->mem[i->k];
		break;
	case BPF_LEN:
		*to = sizeof(struct seccomp_data);
		break;
	default:
		*to = data_word(call, i->k);
	}
}

/* Executes one instruction that is no return; gives how many to pass over. */
static uint32_t execute(
	struct machine *m, const struct sock_filter *i, const struct rule_call *call)
{
	uint32_t other = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		load(m, i, call);
		return 0;
	case BPF_ST:
		m->mem[i->k] = m->a;
		return 0;
	case BPF_STX:
		m->mem[i->k] = m->x;
		return 0;
	case BPF_ALU:
		m->a = alu(BPF_OP(i->code), m->a, other);
		return 0;
	case BPF_MISC:
		*(BPF_MISCOP(i->code) == BPF_TAX ? &m->x : &m->a) = BPF_MISCOP(i->code) == BPF_TAX
									    ? m->a
									    : m->x;
		return 0;
	default:
		if (BPF_OP(i->code) == BPF_JA)
			return i->k;
		return jumps(BPF_OP(i->code), m->a, other) ? i->jt : i->jf;
	}
}

/*
 * The way of a call through the instructions that a verdict by architecture and number alone needs: the same
 * as bpf_run's, for who has many to ask. False: it looks at something else.
 */
bool bpf_run_plain(
	const struct bpf_program *program, uint32_t audit, uint32_t number, uint32_t *ret)
{
	const struct sock_filter *i = program->v, *end = i + program->n;
	uint32_t a = 0;

	for (; i < end; i++) {
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k != offsetof(struct seccomp_data, nr) &&
				i->k != offsetof(struct seccomp_data, arch))
				return false;
			a = i->k == offsetof(struct seccomp_data, nr) ? number : audit;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			i += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JA:
			i += i->k;
			break;
		case BPF_RET | BPF_K:
			*ret = i->k;
			return true;
		default:
			return false;
		}
	}
	return false;
}

uint32_t bpf_run(
	const struct bpf_program *program, const struct rule_call *call, unsigned *ret_steps)
{
	struct machine m = {0};
	unsigned steps = 0;

	for (size_t at = 0; at < program->n; at++) {
		const struct sock_filter *i = &program->v[at];

		steps++;
		if (BPF_CLASS(i->code) == BPF_RET) {
			if (ret_steps)
				*ret_steps = steps;
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		}
		/* The kernel ends the program there, with 0. */
		if (i->code == (BPF_ALU | BPF_DIV | BPF_X) && !m.x) {
			if (ret_steps)
				*ret_steps = steps;
			return SECCOMP_RET_KILL_THREAD;
		}
		at += execute(&m, i, call);
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* --- what the kernel takes --------------------------------------------------------------------- */

/* The instructions of seccomp_check_filter() in the kernel. */
static const uint16_t known_codes[] = {
	BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_W | BPF_LEN,
	BPF_LDX | BPF_W | BPF_LEN,
	BPF_LD | BPF_IMM,
	BPF_LDX | BPF_IMM,
	BPF_LD | BPF_MEM,
	BPF_LDX | BPF_MEM,
	BPF_ST,
	BPF_STX,
	BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA,
	BPF_ALU | BPF_ADD | BPF_K,
	BPF_ALU | BPF_ADD | BPF_X,
	BPF_ALU | BPF_SUB | BPF_K,
	BPF_ALU | BPF_SUB | BPF_X,
	BPF_ALU | BPF_MUL | BPF_K,
	BPF_ALU | BPF_MUL | BPF_X,
	BPF_ALU | BPF_DIV | BPF_K,
	BPF_ALU | BPF_DIV | BPF_X,
	BPF_ALU | BPF_AND | BPF_K,
	BPF_ALU | BPF_AND | BPF_X,
	BPF_ALU | BPF_OR | BPF_K,
	BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_K,
	BPF_ALU | BPF_XOR | BPF_X,
	BPF_ALU | BPF_LSH | BPF_K,
	BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_K,
	BPF_ALU | BPF_RSH | BPF_X,
	BPF_ALU | BPF_NEG,
	BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JEQ | BPF_K,
	BPF_JMP | BPF_JEQ | BPF_X,
	BPF_JMP | BPF_JGE | BPF_K,
	BPF_JMP | BPF_JGE | BPF_X,
	BPF_JMP | BPF_JGT | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X,
	BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JSET | BPF_X,
	BPF_RET | BPF_K,
	BPF_RET | BPF_A,
};

static bool is_known(uint16_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(known_codes); i++) {
		if (known_codes[i] == code)
			return true;
	}
	return false;
}

/* What is wrong with an instruction; NULL: nothing. left: how many follow it. */
static const char *fault(const struct sock_filter *i, size_t left)
{
	if (!is_known(i->code))
		return "has a code that seccomp does not know";
	if (i->code == (BPF_LD | BPF_W | BPF_ABS) &&
		(i->k % 4 || i->k >= sizeof(struct seccomp_data)))
		return "loads from beside struct seccomp_data";
	if ((BPF_CLASS(i->code) == BPF_ST || BPF_CLASS(i->code) == BPF_STX ||
		    i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) &&
		i->k >= BPF_MEMWORDS)
		return "uses a memory cell that does not exist";
	if (i->code == (BPF_ALU | BPF_DIV | BPF_K) && !i->k)
		return "divides by zero";
	if ((i->code == (BPF_ALU | BPF_LSH | BPF_K) || i->code == (BPF_ALU | BPF_RSH | BPF_K)) &&
		i->k >= 32)
		return "shifts too far";
	if (i->code == (BPF_JMP | BPF_JA) && i->k >= left)
		return "jumps behind the end";
	if (BPF_CLASS(i->code) == BPF_JMP && i->code != (BPF_JMP | BPF_JA) &&
		(i->jt >= left || i->jf >= left))
		return "jumps behind the end";
	return NULL;
}

int bpf_validate(const struct bpf_program *program, struct err *e)
{
	if (!program->n || program->n > BPF_MOST)
		return err_set(e, EINVAL, "a seccomp program of %zu instructions: 1 to %d are due",
			program->n, BPF_MOST);
	for (size_t i = 0; i < program->n; i++) {
		const char *what = fault(&program->v[i], program->n - 1 - i);

		if (what)
			return err_set(
				e, EINVAL, "instruction %zu of the seccomp program %s", i, what);
	}
	if (BPF_CLASS(program->v[program->n - 1].code) != BPF_RET)
		return err_set(e, EINVAL, "the seccomp program does not end with a return");
	return 0;
}
