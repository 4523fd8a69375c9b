/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf_text.h"

#include <linux/seccomp.h>
#include <stddef.h>

#include "base/fmt.h"

/* --- words ---------------------------------------------------------------------------------------- */

static const char *alu_word(uint16_t op)
{
	static const char *const words[16] = {
		"add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "neg", "mod", "xor"};

	return words[op >> 4];
}

static const char *jump_word(uint16_t op)
{
	static const char *const words[16] = {"ja", "jeq", "jgt", "jge", "jset"};

	return words[op >> 4];
}

static void data_name(uint32_t offset, char *to, size_t size)
{
	uint32_t in_args = offset - (uint32_t)offsetof(struct seccomp_data, args);

	if (offset == offsetof(struct seccomp_data, nr))
		fmt_put(to, size, "number");
	else if (offset == offsetof(struct seccomp_data, arch))
		fmt_put(to, size, "architecture");
	else if (offset < offsetof(struct seccomp_data, args))
		fmt_put(to, size, "instruction pointer");
	else
		fmt_put(to, size, "args[%u], %s word", in_args / 8,
			in_args & 4 ? "second" : "first");
}

/* --- one instruction ------------------------------------------------------------------------------ */

static void put_load(const struct sock_filter *i, struct str *out)
{
	const char *op = BPF_CLASS(i->code) == BPF_LD ? "ld" : "ldx";
	char name[40];

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		str_addf(out, "%s #0x%x", op, i->k);
		return;
	case BPF_MEM:
		str_addf(out, "%s M[%u]", op, i->k);
		return;
	case BPF_LEN:
		str_addf(out, "%s #len", op);
		return;
	default:
		data_name(i->k, name, sizeof(name));
		str_addf(out, "%s [%u] ; %s", op, i->k, name);
	}
}

static void put_return(const struct sock_filter *i, struct str *out)
{
	char text[32];

	if (BPF_RVAL(i->code) == BPF_A) {
		str_add(out, "ret a");
		return;
	}
	action_text(i->k, text);
	str_addf(out, "ret #0x%08x ; %s", i->k, text);
}

static void put_jump(const struct sock_filter *i, size_t at, struct str *out)
{
	if (BPF_OP(i->code) == BPF_JA) {
		str_addf(out, "jmp l%zu", at + 1 + i->k);
		return;
	}
	str_add(out, jump_word(BPF_OP(i->code)));
	if (BPF_SRC(i->code) == BPF_X)
		str_add(out, " x");
	else
		str_addf(out, " #0x%x", i->k);
	str_addf(out, ", l%zu, l%zu", at + 1 + i->jt, at + 1 + i->jf);
}

static void put_instruction(const struct sock_filter *i, size_t at, struct str *out)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		put_load(i, out);
		return;
	case BPF_ST:
	case BPF_STX:
		str_addf(out, "%s M[%u]", BPF_CLASS(i->code) == BPF_ST ? "st" : "stx", i->k);
		return;
	case BPF_ALU:
		str_add(out, alu_word(BPF_OP(i->code)));
		if (BPF_OP(i->code) == BPF_NEG)
			return;
		if (BPF_SRC(i->code) == BPF_X)
			str_add(out, " x");
		else
			str_addf(out, " #0x%x", i->k);
		return;
	case BPF_MISC:
		str_add(out, BPF_MISCOP(i->code) == BPF_TAX ? "tax" : "txa");
		return;
	case BPF_RET:
		put_return(i, out);
		return;
	default:
		put_jump(i, at, out);
	}
}

/* --- programs ------------------------------------------------------------------------------------- */

void bpf_text_asm(const struct bpf_program *program, struct str *out)
{
	for (size_t i = 0; i < program->n; i++) {
		str_addf(out, "l%zu:\t", i);
		put_instruction(&program->v[i], i, out);
		str_addc(out, '\n');
	}
}

void bpf_text_c(const struct bpf_program *program, struct str *out)
{
	str_add(out, "#include <linux/filter.h>\n\nstatic struct sock_filter filter[] = {\n");
	for (size_t i = 0; i < program->n; i++) {
		const struct sock_filter *f = &program->v[i];

		str_addf(out, "\t{0x%02x, %u, %u, 0x%08x}, /* %zu: ", f->code, f->jt, f->jf, f->k,
			i);
		put_instruction(f, i, out);
		str_add(out, " */\n");
	}
	str_addf(out,
		"};\n\nstatic const struct sock_fprog program = {\n\t.len = %zu,\n\t.filter = "
		"filter,\n};\n",
		program->n);
}
