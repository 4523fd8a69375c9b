/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "../../spec/json.h"
#include "../../spec/kafel_text.h"
#include "../../spec/profile_doc.h"
#include "../../spec/walk.h"
#include "../base/fd.h"
#include "../base/log.h"
#include "../bpf_text.h"
#include "seccomp.h"

/* seccomp compile: a policy in another form. */

static int put_raw(struct cmd_call *c, const struct bpf_program *p)
{
	if (isatty(1)) {
		err_set(&c->err, EINVAL, "a program of bytes is nothing for a terminal");
		err_fix(&c->err, "redirect it, or give --format asm");
		return CMD_REFUSED;
	}
	return fd_write_all(1, p->v, p->n * sizeof(*p->v), &c->err) < 0 ? CMD_REFUSED : 0;
}

static int put_program(struct cmd_call *c, const struct rules *rules, struct str *out)
{
	const char *format = c->o.format ? c->o.format : "bpf";
	struct bpf_program p;

	if (bpf_compile(rules, &c->pool, &p, &c->err) < 0)
		return CMD_REFUSED;
	if (!strcmp(format, "asm"))
		bpf_text_asm(&p, out);
	else if (!strcmp(format, "c"))
		bpf_text_c(&p, out);
	else
		return put_raw(c, &p);
	return 0;
}

static int put_oci(struct cmd_call *c, const struct rules *rules, struct str *out)
{
	struct oci_seccomp *doc;
	struct json_writer w;

	json_writer_init(&w, out, 2);
	if (profile_doc(rules, &c->pool, &doc, &c->err) < 0 ||
		walk(&table_oci_seccomp, doc, 0, &w.sink, &c->err) < 0)
		return CMD_REFUSED;
	str_addc(out, '\n');
	return 0;
}

/* Kafel is written for one architecture: the machine's, unless another one is given. */
static int put_kafel(struct cmd_call *c, const struct rules *rules, struct str *out)
{
	const struct rules_arch *side = cmd_policy_side(rules, arch_native());

	if (!side || c->o.arch.n)
		side = &rules->v[0];
	for (size_t i = 0; i < rules->n; i++) {
		if (&rules->v[i] == side)
			continue;
		if (c->o.arch.n)
			return CMD_REFUSE(c, "kafel is written for one architecture");
		log_warning(
			"the calls of %s are left out: kafel stops them", rules->v[i].arch->name);
	}
	return kafel_text_policy(side, out, &c->err) < 0 ? CMD_REFUSED : 0;
}

int cmd_policy_compile(struct cmd_call *c)
{
	static const struct {
		const char *name;
		int (*put)(struct cmd_call *c, const struct rules *rules, struct str *out);
	} formats[] = {
		{"bpf", put_program},
		{"c", put_program},
		{"asm", put_program},
		{"oci", put_oci},
		{"kafel", put_kafel},
	};
	const char *format = c->o.format ? c->o.format : "bpf";
	own_str struct str out = {0};
	struct rules rules;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, format) != 0)
			continue;
		if (cmd_policy_load(c, c->argv[0], &rules) < 0 ||
			formats[i].put(c, &rules, &out) < 0 || str_check(&out, &c->err) < 0)
			return CMD_REFUSED;
		return out.len ? cmd_print(out.data) : 0;
	}
	return CMD_REFUSE(c, "unknown format '%s': bpf, c, asm, oci or kafel", format);
}
