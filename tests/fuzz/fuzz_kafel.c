/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_kafel: any bytes as a policy, to a program, in both dialects and on three architectures. What is
 * refused has words and a place; a program says what the rules say.
 */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/bpf.h"
#include "../../spec/kafel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct rules *rules, const struct bpf_program *program, const uint8_t *data,
	size_t size)
{
	struct rule_call call = {0};

	for (size_t i = 0; i < rules->n; i++) {
		const struct rules_arch *a = &rules->v[i];

		call.arch = a->arch->audit;
		for (size_t k = 0; k < a->n && k < 64; k++) {
			call.number = a->v[k].call;
			for (size_t m = 0; m < sizeof(call.args) && size; m++)
				((uint8_t *)call.args)[m] = data[(m * 7 + k) % size];
			if (bpf_run(program, &call, NULL) != rules_verdict(rules, &call))
				abort();
		}
	}
}

static int compile(const uint8_t *data, size_t size, bool strict, const char *name)
{
	own_pool struct pool pool = {0};
	const struct kafel_options o = {.strict = strict};
	const struct kafel_text texts[] = {
		{"a", (const char *)data, size / 2},
		{"b", (const char *)data + size / 2, size - size / 2},
	};
	const struct kafel_text whole = {"f", (const char *)data, size};
	const struct arch *arch = arch_by_name(name);
	struct kafel_notes notes;
	struct bpf_program program;
	struct rules rules = {0};
	struct err e = {0};
	int r;

	(void)kafel_rules(texts, 2, &arch, 1, &o, &pool, &rules, NULL, NULL); /* no crash is all */
	r = kafel_rules(&whole, 1, &arch, 1, &o, &pool, &rules, &notes, &e);
	if (r < 0) {
		if (e.code != -r || strncmp(e.text, "f:", 2) != 0 || !notes.n)
			abort();
		return r;
	}
	if (bpf_compile(&rules, &pool, &program, &e) < 0) {
		if (e.code != E2BIG)
			abort();
		return 0;
	}
	judge(&rules, &program, data, size);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const archs[] = {"x86_64", "x86", "aarch64"};

	for (size_t i = 0; i < 3; i++) {
		(void)compile(data, size, true, archs[i]); /* refused or taken */
		(void)compile(data, size, false, archs[i]);
	}
	return 0;
}
