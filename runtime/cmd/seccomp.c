/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>

#include "../../spec/kafel_text.h"
#include "../base/fd.h"
#include "options.h"

/* seccomp: policies and profiles of system calls: what they say, and what becomes of them. */

static const struct option_row cmd_seccomp_options_v[] = {
	{"strict", 0, NULL, "strict", NULL, "kafel to the letter, as nsjail takes it", false},
	{"arch", 0, "ARCH", "arch", NULL,
		"x86_64, aarch64, …; more than once for several. The machine's own by default, or "
		"those that a profile names",
		false},
	{"format", 'f', "FORMAT", "format", NULL,
		"compile: bpf, c, asm, oci, kafel; list: table, markdown", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_seccomp_options);

/* --- architectures -------------------------------------------------------------------------------- */

static const struct arch *find_arch(const char *name)
{
	static const char *const others[][2] = {
		{"amd64", "x86_64"},
		{"arm64", "aarch64"},
		{"i386", "x86"},
		{"i686", "x86"},
	};
	const struct arch *arch = arch_by_name(name);

	for (size_t i = 0; !arch && i < ARRAY_LEN(others); i++) {
		if (!strcmp(others[i][0], name))
			arch = arch_by_name(others[i][1]);
	}
	return arch ? arch : arch_by_scmp(name);
}

static int take_archs(struct cmd_call *c, struct policy_options *to)
{
	const struct arch **v = pool_array(&c->pool, c->o.arch.n + 1, sizeof(*v));

	if (!v)
		return CMD_REFUSE(c, "out of memory");
	to->archs = v;
	list_each (i, c->o.arch) {
		const struct arch *arch = find_arch(c->o.arch.v[i]);

		if (!arch)
			return CMD_REFUSE(
				c, "'%s' is no architecture that is known here", c->o.arch.v[i]);
		for (size_t k = 0; k < to->n_archs; k++) {
			if (v[k] == arch)
				return CMD_REFUSE(c, "%s is given twice", arch->name);
		}
		v[to->n_archs++] = arch;
	}
	return 0;
}

/* --- policies ------------------------------------------------------------------------------------- */

static int load_by(
	struct cmd_call *c, const char *name, const struct policy_options *o, struct rules *ret)
{
	bool path = strpbrk(name, "/.") != NULL;
	struct bytes text;
	int r;

	if (!strcmp(name, "-")) {
		TRY(fd_read_all(0, POLICY_MOST, &c->pool, &text, &c->err));
		return policy_rules(&text, "stdin", o, &c->pool, ret, &c->err);
	}
	if (!path && policy_is_own(name))
		return policy_by_name(name, o, &c->pool, ret, &c->err);
	r = fd_read_file(AT_FDCWD, name, POLICY_MOST, &c->pool, &text, &c->err);
	if (r >= 0)
		return policy_rules(&text, name, o, &c->pool, ret, &c->err);
	return path || r != -ENOENT ? r : policy_by_name(name, o, &c->pool, ret, &c->err);
}

int cmd_policy_load(struct cmd_call *c, const char *name, struct rules *ret)
{
	struct policy_options o = {.strict = jailrt_get(c->jailrt, "strict") != NULL};

	*ret = (struct rules){0};
	if (take_archs(c, &o) < 0)
		return CMD_REFUSED;
	return load_by(c, name, &o, ret) < 0 ? CMD_REFUSED : 0;
}

const struct rules_arch *cmd_policy_side(const struct rules *r, const struct arch *arch)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].arch == arch)
			return &r->v[i];
	}
	return NULL;
}

bool cmd_policy_lets(uint32_t action)
{
	return action_leniency(action) >= action_leniency(SECCOMP_RET_LOG);
}

static int add_call(struct u32s *to, uint32_t call, struct pool *pool)
{
	uint32_t *v = pool_grow(pool, to->v, to->n, sizeof(*v));

	if (!v)
		return -ENOMEM;
	to->v = v;
	v[to->n++] = call;
	return 0;
}

/* No architecture has more, beside some of arm's and mips' first ones. */
int cmd_policy_calls(const struct arch *arch, struct pool *pool, struct u32s *ret, struct err *e)
{
	static const uint32_t firsts[] = {0, 4000, 5000, 6000, 0xf0000};
	enum { SPAN = 1000 };

	*ret = (struct u32s){0};
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		for (uint32_t call = firsts[i]; call < firsts[i] + SPAN; call++) {
			if (arch_call_name(arch, arch->bit | call) &&
				add_call(ret, arch->bit | call, pool) < 0)
				return err_memory(e);
		}
	}
	return 0;
}

/* --- words ---------------------------------------------------------------------------------------- */

void cmd_policy_put_action(uint32_t action, struct str *out)
{
	char text[32];

	action_text(action, text);
	str_add(out, text);
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && action & SECCOMP_RET_DATA)
		str_addf(out, " %s", err_name((int)(action & SECCOMP_RET_DATA)));
}

void cmd_policy_put_example(
	const struct arch *arch, uint32_t call, const struct bits_cube *cube, struct str *out)
{
	const char *between = "(";

	kafel_text_call(arch, call, out);
	for (unsigned i = 0; i < BITS_ARGS; i++) {
		if (!cube->mask[i])
			continue;
		str_add(out, between);
		kafel_text_arg(arch, call, i, out);
		str_addc(out, '=');
		kafel_text_number(cube->value[i], out);
		between = ", ";
	}
	if (*between == ',')
		str_addc(out, ')');
}

/* --- the command ---------------------------------------------------------------------------------- */

static const struct part {
	const char *name, *args;
	int least, most; /* arguments; most -1: any number */
	int (*run)(struct cmd_call *c);
} parts[] = {
	{"compile", "POLICY", 1, 1, cmd_policy_compile},
	{"explain", "POLICY", 1, 1, cmd_policy_explain},
	{"test", "POLICY CALL…", 2, -1, cmd_policy_test},
	{"diff", "POLICY POLICY", 2, 2, cmd_policy_diff},
	{"list", "", 0, 0, cmd_policy_list},
};

int cmd_seccomp(struct cmd_call *c)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct part *p = &parts[i];

		if (strcmp(p->name, c->argv[0]) != 0)
			continue;
		c->argv++;
		c->argc--;
		if (c->argc >= p->least && (p->most < 0 || c->argc <= p->most))
			return p->run(c);
		err_set(&c->err, EINVAL,
			c->argc < p->least ? "an argument is missing" : "too many arguments");
		err_fix(&c->err, "usage: %s seccomp %s [OPTIONS] %s", c->program, p->name, p->args);
		return CMD_REFUSED;
	}
	return CMD_REFUSE(c, "'%s': compile, explain, test, diff or list", c->argv[0]);
}
