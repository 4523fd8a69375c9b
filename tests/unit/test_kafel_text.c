/* SPDX-License-Identifier: Apache-2.0 */
/* kafel: texts in parts and in files, long, deep and broken ones. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "kafel_test.h"

static const struct kafel_how strict = {.strict = true};

struct row {
	const char *policy, *outcome;
};

/* --- includes ---------------------------------------------------------------------------------- */

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	fmt_put(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (ok(f)) {
		fputs(text, f);
		fclose(f);
	}
}

static const struct row include_rows[] = {
	{"#include \"exit.inc\"\nALLOW { read }", "taken"},
	{"#include \"exit.inc\";ALLOW { read }", "taken"},
	{"#include \"a.inc\" \"b.inc\"\nALLOW { read { fd == A || fd == B } }", "taken"},
	{"#include \"a.inc\" \"a.inc\"\nALLOW { read { fd == A } }", "taken"},
	{"#include \"a.inc\"\"b.inc\"\n", "1:17 include-blank"},
	{"#include \"nosuch.inc\"\n", "1:10 include"},
	{"#include \"dir\"\nALLOW {}", "1:10 include"},
	{"#include \"self.inc\"\nALLOW {}", "1:10 include-depth"},
	{"#include \"ping.inc\"\nALLOW {}", "1:10 include-depth"},
	{"ALLOW { read, #include \"list.inc\"\n}", "taken"},
	{"ALLOW { #include \"open.inc\"\n read }", "taken"},
	{"#include \"bad.inc\"\n", "2:3 syntax"},
	{"#include \"cut.inc\"\nALLOW {}", "1:17 include-end"},
};

static void included_files_are_spliced_in(void)
{
	char dir[] = "/tmp/test_kafel.XXXXXX", sub[64], command[96];
	const char *include[] = {"/nonexistent", sub, dir};
	struct kafel_how how = {.strict = true, .include = include, .n_include = 3};
	own_case struct kafel_case c;
	static const char first[] = "#include \"which.inc\"\n";

	if (!ok(mkdtemp(dir)))
		return;
	fmt_put(sub, sizeof(sub), "%s/dir", dir);
	is_int(mkdir(sub, 0700), 0);
	put_file(dir, "exit.inc", "ALLOW { exit }");
	put_file(dir, "a.inc", "#define A 1");
	put_file(dir, "b.inc", "#define B 2\n");
	put_file(dir, "self.inc", "#include \"self.inc\"\n");
	put_file(dir, "ping.inc", "#include \"pong.inc\"\n");
	put_file(dir, "pong.inc", "#include \"ping.inc\"\n");
	put_file(dir, "list.inc", "write, close { fd == 1 }");
	put_file(dir, "open.inc", "write, /* not closed");
	put_file(dir, "bad.inc", "\n  ; ALLOW");
	put_file(dir, "cut.inc", "#include \"a.inc\"");
	put_file(dir, "which.inc", "ALLOW { nosuch }");
	put_file(sub, "which.inc", "ERRNO(1) { nosuch }");
	for (size_t i = 0; i < ARRAY_LEN(include_rows); i++) {
		own_case struct kafel_case d;
		const char *want = include_rows[i].outcome;

		kafel_make(&d, include_rows[i].policy, strlen(include_rows[i].policy), &how);
		if (strstr(include_rows[i].policy, "bad.inc"))
			want = "2:3 lex-char";
		if (!is_text(kafel_outcome(&d), want))
			printf("# of: %s\n# %s\n", include_rows[i].policy, d.e.text);
	}
	kafel_make(&c, first, strlen(first), &how);
	is_text(kafel_outcome(&c), "1:12 undefined-id");
	has_text(c.e.text, "dir/which.inc:1:12: ");
	fmt_put(command, sizeof(command), "rm -r %s", dir);
	is_int(system(command), 0);
}

static void parts_of_a_text_are_told_apart(void)
{
	own_pool struct pool pool = {0};
	const struct kafel_text texts[] = {
		{"seccomp_string[0]", "ALLOW { read } // a", 19},
		{"seccomp_string[1]", "ALLOW {\n write }", 16},
		{"seccomp_string[2]", "ALLOW {\n nosuch }", 17},
	};
	const struct arch *arch = arch_native();
	const struct kafel_options o = {.strict = true};
	struct rules rules;
	struct err e = {0};

	is_int(kafel_rules(texts, 3, &arch, 1, &o, &pool, &rules, NULL, &e), -EINVAL);
	has_text(e.text, "seccomp_string[2]:2:2: unknown system call");
	is_int(kafel_rules(texts, 2, &arch, 1, &o, &pool, &rules, NULL, &e), 0);
	is_int(rules.v[0].n, 2);
	is_int(kafel_rules(texts, 0, &arch, 1, &o, &pool, &rules, NULL, &e), -EINVAL);
}

/* --- much -------------------------------------------------------------------------------------- */

static void depth_is_limited_as_in_kafel(void)
{
	for (int n = 199; n <= 201; n++) {
		own_str struct str ors = {0}, nots = {0}, ands = {0};
		own_case struct kafel_case a, b, c;

		str_add(&ors, "ALLOW { read { fd == 0");
		str_add(&nots, "ALLOW { read { ");
		str_add(&ands, "ALLOW { read { fd");
		for (int i = 0; i < n; i++) {
			if (i)
				str_addf(&ors, "%s fd == %d", n % 2 ? " ||" : ",", i);
			str_add(&nots, "!");
			str_add(&ands, " & fd");
		}
		str_add(&ors, " } }");
		str_add(&nots, "fd == 1 } }");
		str_add(&ands, " == 1 } }");
		kafel_make(&a, ors.data, ors.len, &strict);
		is_text(kafel_outcome(&a), n <= 200 ? "taken" : "1:16 depth");
		kafel_make(&b, nots.data, nots.len, &strict);
		is_text(kafel_outcome(&b), n <= 199 ? "taken" : "1:16 depth");
		kafel_make(&c, ands.data, ands.len, &strict);
		is_text(kafel_outcome(&c), n <= 199 ? "taken" : "1:16 depth");
	}
}

static void long_policies_end_in_a_program_or_an_error(void)
{
	own_str struct str rules = {0}, chain = {0}, nested = {0}, numbers = {0}, nots = {0};
	own_case struct kafel_case a, b, c, d, f;

	for (int i = 0; i < 10000; i++)
		str_addf(&rules, "ERRNO(%d) { read { fd == %d } }\n", i % 4, i);
	kafel_make(&a, rules.data, rules.len, &strict);
	is_int(a.rules.v[0].n, 10000);
	ok(a.result == 0 || a.result == -E2BIG);
	str_add(&chain, "POLICY p0 { ALLOW { read } }");
	for (int i = 1; i < 100000; i++)
		str_addf(&chain, "POLICY p%d { USE p%d, USE p%d }", i, i - 1, i - 1);
	str_add(&chain, "USE p99999");
	is_int(kafel_make(&b, chain.data, chain.len, &strict), 0);
	is_int(b.rules.v[0].n, 1);
	str_add(&nested, "ALLOW { read { ");
	for (int i = 0; i < 3000; i++)
		str_addc(&nested, '(');
	str_add(&nested, "fd == 1");
	for (int i = 0; i < 3000; i++)
		str_addc(&nested, ')');
	str_add(&nested, " } }");
	is_int(kafel_make(&c, nested.data, nested.len, &strict), 0);
	str_add(&numbers, "ALLOW { read");
	for (int i = 0; i < 65535; i++)
		str_addf(&numbers, ", SYSCALL[%d]", i * 2);
	str_add(&numbers, " }");
	is_int(kafel_make(&d, numbers.data, numbers.len, &strict), -E2BIG);
	str_add(&nots, "ALLOW { read { ");
	for (int i = 0; i < 10 << 20; i++)
		str_addc(&nots, i % 2 ? '!' : i % 3 ? '!' : ' ');
	str_add(&nots, "fd == 1 } }");
	kafel_make(&f, nots.data, nots.len, &strict);
	has_text(kafel_outcome(&f), "depth");
}

/* Four neighbouring calls, the lowest with n alternatives: kafel's own jumps overflow around 126. */
static void put_sweep(struct str *s, unsigned n, bool masks)
{
	str_add(s, "ERRNO(2) { fcntl { fd != 77 && (fd == 5");
	for (unsigned i = 0; i < n; i++)
		str_addf(s, masks ? "|| (arg & 0x%x) == 0x%x" : "|| arg == 0x%x", 7 * i + 1000,
			7 * i + 1000);
	str_add(s, ") } } KILL { flock { fd == 3 || fd == 9 } } ERRNO(4) { fsync { fd == 5 } }"
		   "ERRNO(5) { fdatasync { fd == 7 } } DEFAULT ALLOW");
}

static void no_size_is_compiled_wrong(void)
{
	for (unsigned n = 1; n < 180; n++) {
		own_str struct str s = {0};
		own_case struct kafel_case c;

		put_sweep(&s, n, n % 2);
		if (!is_int(kafel_make(&c, s.data, s.len, &strict), 0))
			return;
		for (uint32_t call = 71; call < 77; call++) {
			for (uint64_t v = 0; v < 12 + n; v++) {
				uint64_t arg = v < 12 ? v : 7 * (v - 12) + 1000;
				struct rule_call one = {AUDIT_ARCH_X86_64, call, {v % 12, 0, arg}};
				uint32_t want = rules_verdict(&c.rules, &one);

				if (!is_int(kafel_verdict(&c, &one), want))
					return;
			}
		}
	}
}

static void ten_megabytes_come_to_an_end(void)
{
	static const char *const pieces[] = {
		"ALLOW { read { fd == 1 } }\n",
		"ALLOW { nosuch, read { nosuch == 1 } }\n",
		"ERRNO(NOSUCH) { open { flags == O_NOSUCH } }\n",
		"POLICY a {",
		"/* ",
		"#define A 1\n",
		"((((((((((",
		"# comment\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		own_str struct str s = {0};
		own_case struct kafel_case c;
		const char *piece = pieces[i];

		while (s.len < 10 << 20)
			str_add(&s, piece);
		kafel_make(&c, s.data, s.len, &(struct kafel_how){.strict = i % 2});
		ok(c.result == 0 || strstr(c.e.text, "p:"));
		is_int(c.result == 0, i == 0 || i == 5);
	}
}

static void a_nul_byte_is_an_error(void)
{
	static const char policy[] = "ALLOW { read\0 }";
	own_case struct kafel_case c;

	is_int(kafel_make(&c, policy, sizeof(policy) - 1, &strict), -EINVAL);
	is_text(kafel_outcome(&c), "1:13 lex-char");
}

static void the_greatest_number_is_a_call_like_others(void)
{
	static const char *const policies[] = {"ERRNO(5) { SYSCALL[4294967295] } DEFAULT ALLOW",
		"ERRNO(5) { SYSCALL[-1](a) { a >= 0 } } DEFAULT ALLOW"};
	struct rule_call call = {.arch = AUDIT_ARCH_X86_64, .number = UINT32_MAX};

	for (size_t i = 0; i < 4; i++) {
		own_case struct kafel_case c;
		const char *policy = policies[i % 2];

		is_int(kafel_make(&c, policy, strlen(policy), &(struct kafel_how){.strict = i / 2}),
			0);
		call.number = UINT32_MAX;
		is_int(kafel_verdict(&c, &call), SECCOMP_RET_ERRNO | 5);
		call.number = 0;
		is_int(kafel_verdict(&c, &call), SECCOMP_RET_ALLOW);
	}
}

static void carriage_returns_are_blanks_in_the_friendly_dialect_alone(void)
{
	static const char policy[] = "ALLOW { read }\r\nDEFAULT KILL\r\n";
	own_case struct kafel_case c, d;

	is_int(kafel_make(&c, policy, sizeof(policy) - 1, &strict), -EINVAL);
	is_text(kafel_outcome(&c), "1:15 lex-char");
	is_int(kafel_make(&d, policy, sizeof(policy) - 1, &(struct kafel_how){0}), 0);
}

int main(void)
{
	run(included_files_are_spliced_in);
	run(parts_of_a_text_are_told_apart);
	run(depth_is_limited_as_in_kafel);
	run(long_policies_end_in_a_program_or_an_error);
	run(no_size_is_compiled_wrong);
	run(ten_megabytes_come_to_an_end);
	run(a_nul_byte_is_an_error);
	run(the_greatest_number_is_a_call_like_others);
	run(carriage_returns_are_blanks_in_the_friendly_dialect_alone);
	return tap_done();
}
