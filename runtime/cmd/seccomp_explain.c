/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../../spec/kafel_text.h"
#include "../base/fmt.h"
#include "seccomp.h"

/* seccomp explain and list: what policies say, as tables. */

static void put_cell(struct str *out, size_t from, size_t width)
{
	do
		str_addc(out, ' ');
	while (out->len < from + width);
}

/* A row: the call, and each verdict that there is a way to. */
static int put_call(struct cmd_call *c, struct bits *b, const struct rules *rules,
	const struct rules_arch *a, uint32_t call, struct str *out)
{
	struct rules_slice s = rules_slice(rules, a->arch->audit, call);
	uint32_t left = BITS_ALL;
	size_t from = out->len;
	bool any = false;

	str_addf(out, "%6u  ", call & ~a->arch->bit);
	kafel_text_call(a->arch, call, out);
	put_cell(out, from, 32);
	bits_begin(b, &s, 1, !a->arch->wide);
	for (size_t i = 0; i <= s.n && left != BITS_NONE; i++) {
		const struct rule *r = i < s.n ? &s.v[i] : NULL;
		uint32_t set = bits_of(b, r ? r->when : NULL);
		uint32_t here = bits_if(b, set, left, BITS_NONE);

		left = bits_if(b, set, BITS_NONE, left);
		if (b->broken)
			return CMD_REFUSE(c, "its conditions are too many to look at");
		if (here == BITS_NONE)
			continue; /* what stands before it has said it all */
		str_add(out, any ? (left == BITS_NONE ? "; else " : "; else, ") : "");
		cmd_policy_put_action(r ? r->action : s.otherwise, out);
		if (left != BITS_NONE) {
			str_add(out, " if ");
			kafel_text_words(a->arch, call, r->when, out);
		}
		any = true;
	}
	str_addc(out, '\n');
	return 0;
}

static void put_rest(const char *what, uint32_t action, struct str *out)
{
	size_t from = out->len;

	str_addf(out, "        %s", what);
	put_cell(out, from, 32);
	cmd_policy_put_action(action, out);
	str_addc(out, '\n');
}

static int put_arch(struct cmd_call *c, struct bits *b, const struct rules *rules,
	const struct rules_arch *a, struct str *out)
{
	str_addf(out, "%s\n", a->arch->name);
	for (size_t i = 0; i < a->n; i++) {
		if (i && a->v[i].call == a->v[i - 1].call)
			continue;
		if (put_call(c, b, rules, a, a->v[i].call, out) < 0)
			return CMD_REFUSED;
	}
	put_rest("all others", a->otherwise, out);
	if (a->has_newest && a->beyond != a->otherwise) {
		char text[64];

		fmt_put(text, sizeof(text), "above %u", a->newest & ~a->arch->bit);
		put_rest(text, a->beyond, out);
	}
	return 0;
}

int cmd_policy_explain(struct cmd_call *c)
{
	own_str struct str out = {0};
	own_bits struct bits b = {0};
	bool x86 = false, x32 = false;
	struct rules rules;

	if (cmd_policy_load(c, c->argv[0], &rules) < 0)
		return CMD_REFUSED;
	for (size_t i = 0; i < rules.n; i++) {
		const struct arch *arch = rules.v[i].arch;

		if (put_arch(c, &b, &rules, &rules.v[i], &out) < 0)
			return CMD_REFUSED;
		x86 |= arch->audit == arches[0].audit;
		x32 |= arch->bit != 0;
	}
	if (x86 && !x32)
		put_rest("calls of x32", rules_slice(&rules, arches[0].audit, 0x7ffffffe).otherwise,
			&out);
	put_rest("other architectures", rules.foreign, &out);
	return str_check(&out, &c->err) < 0 ? CMD_REFUSED : cmd_print(out.data);
}

/* --- list ----------------------------------------------------------------------------------------- */

/* How many calls it lets through, and how many of them with some arguments only. */
static int count(struct cmd_call *c, const struct rules *rules, size_t *ret, size_t *ret_some)
{
	own_bits struct bits b = {0};
	const struct arch *arch = rules->v[0].arch;
	struct u32s calls;

	*ret = *ret_some = 0;
	TRY(cmd_policy_calls(arch, &c->pool, &calls, &c->err));
	list_each (i, calls) {
		struct rules_slice s = rules_slice(rules, arch->audit, calls.v[i]);
		struct bits_regions regions;
		bool lets = false, stops = false;

		bits_begin(&b, &s, 1, !arch->wide);
		TRY(bits_regions(&b, &s, &c->pool, &regions, &c->err));
		list_each (k, regions) {
			lets |= cmd_policy_lets(regions.v[k].action);
			stops |= !cmd_policy_lets(regions.v[k].action);
		}
		*ret += lets;
		*ret_some += lets && stops;
	}
	return 0;
}

static int put_profile(
	struct cmd_call *c, const struct policy_text *p, bool markdown, struct str *out)
{
	const struct arch *arch = &arches[0];
	const struct policy_options o = {.archs = &arch, .n_archs = 1};
	const char *summary = policy_summary(p, &c->pool);
	size_t from = out->len, calls, some;
	struct rules rules;

	TRY(policy_by_name(p->name, &o, &c->pool, &rules, &c->err));
	TRY(count(c, &rules, &calls, &some));
	if (!summary)
		return err_memory(&c->err);
	if (markdown) {
		str_addf(out, "| [`%s`](%s.policy) | %zu | %zu | %s | `%s` |\n", p->name, p->name,
			calls, some, summary, p->name);
		return 0;
	}
	str_addf(out, "%s", p->name);
	put_cell(out, from, 16);
	str_addf(out, "%4zu  %s\n", calls, summary);
	return 0;
}

int cmd_policy_list(struct cmd_call *c)
{
	const char *format = c->o.format ? c->o.format : "table";
	bool markdown = !strcmp(format, "markdown");
	own_str struct str out = {0};

	if (!markdown && strcmp(format, "table"))
		return CMD_REFUSE(c, "unknown format '%s': table or markdown", format);
	str_add(&out, markdown ? "| profile | calls | of these, some arguments only | for | test "
				 "|\n|---|---|---|---|---|\n"
			       : "NAME            CALLS FOR\n");
	for (size_t i = 0; i < policy_texts_n; i++) {
		if (!strchr(policy_texts[i].name, '/') &&
			put_profile(c, &policy_texts[i], markdown, &out) < 0)
			return CMD_REFUSED;
	}
	return str_check(&out, &c->err) < 0 ? CMD_REFUSED : cmd_print(out.data);
}
