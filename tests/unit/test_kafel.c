/* SPDX-License-Identifier: Apache-2.0 */
/* kafel, strict: what kafel itself answered to a few hundred policies, and its own tests in other words. */
#include <errno.h>
#include <fcntl.h>

#include "../../spec/json.h"
#include "kafel_test.h"

#define DATA "tests/data/kafel/"

static const struct kafel_how strict = {.strict = true};

/* --- vectors ----------------------------------------------------------------------------------- */

struct vector {
	struct sink sink;
	struct pool *pool;
	char key[16];
	unsigned depth;
	const char *policy, *class, *at;
	size_t policy_len;
	bool accept;
	struct rule_call call;
	size_t n_args;
	uint32_t want;
	struct kafel_case c;
	bool made;
	size_t calls, wrong;
};

static void make_once(struct vector *v)
{
	if (v->made)
		return;
	v->made = true;
	kafel_make(&v->c, v->policy, v->policy_len, &strict);
}

static void take_text(struct vector *v, const struct event *ev)
{
	const char *copy = pool_copy(v->pool, ev->s, ev->len);

	if (!strcmp(v->key, "policy")) {
		v->policy = copy;
		v->policy_len = ev->len;
	} else if (!strcmp(v->key, "class")) {
		v->class = copy;
	} else if (!strcmp(v->key, "at")) {
		v->at = copy;
	}
}

static void take_word(struct vector *v, const struct event *ev)
{
	uint64_t n = 0;

	if (!strcmp(v->key, "accept"))
		v->accept = !strcmp(ev->s, "true");
	(void)fmt_u64(ev->s, ev->len, &n); /* others are true and false */
	if (!strcmp(v->key, "arch"))
		v->call.arch = (uint32_t)n;
	else if (!strcmp(v->key, "nr"))
		v->call.number = (uint32_t)n;
	else if (!strcmp(v->key, "ret"))
		v->want = (uint32_t)n;
	else if (!strcmp(v->key, "args") && v->n_args < 6)
		v->call.args[v->n_args++] = n;
}

static void judge(struct vector *v)
{
	uint32_t got;

	make_once(v);
	if (v->c.result < 0)
		return;
	v->calls++;
	got = kafel_verdict(&v->c, &v->call);
	if (got == v->want)
		return;
	v->wrong++;
	printf("# %s\n# call %u (%" PRIx64 ", %" PRIx64 ", %" PRIx64 ") is 0x%x, not 0x%x\n",
		v->policy, v->call.number, v->call.args[0], v->call.args[1], v->call.args[2], got,
		v->want);
}

static int take(struct sink *sink, const struct event *ev, struct err *e)
{
	struct vector *v = (struct vector *)sink;

	(void)e;
	switch (ev->kind) {
	case EVENT_KEY:
		fmt_put(v->key, sizeof(v->key), "%s", ev->s);
		break;
	case EVENT_TEXT:
		take_text(v, ev);
		break;
	case EVENT_WORD:
		take_word(v, ev);
		break;
	case EVENT_OBJECT:
		v->depth++;
		v->call = (struct rule_call){0};
		v->n_args = 0;
		break;
	case EVENT_OBJECT_END:
		if (v->depth-- == 2)
			judge(v);
		break;
	default:
		break;
	}
	return 0;
}

static size_t one_vector(const char *line, size_t len)
{
	own_pool struct pool pool = {0};
	struct vector v = {.sink.take = take, .pool = &pool};
	char want[64] = "taken";
	struct err e = {0};

	if (!is_int(json_read(line, len, "vectors.jsonl", &v.sink, &e), 0))
		return 0;
	make_once(&v);
	if (!v.accept)
		fmt_put(want, sizeof(want), "%s %s", v.at, v.class);
	if (!is_text(kafel_outcome(&v.c), want))
		printf("# of: %s\n# %s\n", v.policy, v.c.e.text);
	is_int(v.wrong, 0);
	kafel_case_done(&v.c);
	return v.calls;
}

static void every_vector_holds(void)
{
	own_pool struct pool pool = {0};
	struct bytes b;
	struct err e = {0};
	size_t calls = 0, policies = 0;

	if (!ok(!fd_read_file(AT_FDCWD, DATA "vectors.jsonl", 1 << 24, &pool, &b, &e)))
		return;
	for (const char *line = b.data, *nl; (nl = strchr(line, '\n')); line = nl + 1) {
		calls += one_vector(line, (size_t)(nl - line));
		policies++;
	}
	is_int(policies, 250);
	is_int(calls, 2504);
}

/* --- rows -------------------------------------------------------------------------------------- */

struct row {
	const char *policy, *outcome;
};

static void check_rows(const struct row *rows, size_t n, const struct kafel_how *how)
{
	for (size_t i = 0; i < n; i++) {
		own_case struct kafel_case c;

		kafel_make(&c, rows[i].policy, strlen(rows[i].policy), how);
		if (!is_text(kafel_outcome(&c), rows[i].outcome))
			printf("# of: %s\n# %s\n", rows[i].policy, c.e.text);
		ok(c.result >= 0 || (c.e.code == -c.result && strstr(c.e.text, "p:")));
	}
}

static void what_kafel_refuses_is_refused_at_its_place(void)
{
	static const struct row rows[] = {
		{"ALLOW { SYSCALL[99999999999999999999] }", "1:17 lex-range"},
		{"ERRNO(65536) { read }", "1:7 action-range"},
		{"TRAP(65536) { read }", "1:6 action-range"},
		{"ALLOW { read(a, a) { a == 1 } }", "1:17 redef-arg"},
		{"ALLOW { write(a, b, c, d, e, f, g) { a == 1 } }", "1:33 too-many-args"},
		{"POLICY a { USE a }", "1:16 undefined-policy"},
		{"POLICY a {} POLICY b { USE c }", "1:28 undefined-policy"},
		{"ALLOW { read } /* open", "1:18 lex-comment"},
		{"#define A 1\n#define A 2", "2:1 redef-const"},
		{"ALLOW { read ON { x86_64, amd64 } }", "1:27 duplicate-arch"},
		{"ALLOW { read ON vax }", "1:17 unknown-arch"},
		{"ALLOW { nosuch ON arm, read ON nowhere }", "1:32 unknown-arch"},
		{"#include \"x\"", "1:10 include"},
		{"#include\"x\"\n", "1:9 include-blank"},
		{"#include", "1:9 include-end"},
		{"#include x\n", "1:10 lex-char"},
		{"#include // no\nALLOW {}", "1:10 lex-char"},
		{"#include \"x\nALLOW {}", "1:10 lex-char"},
		{"ALLOW { read { fd == 1 } } DEFAULT", "1:28 syntax"},
		{"ALLOW { read }, DEFAULT KILL", "1:17 syntax"},
		{"ALLOW { read }, POLICY a {}", "1:17 syntax"},
		{"POLICY a {}, ALLOW { read }", "1:12 syntax"},
		{"POLICY ALLOW {}", "1:8 syntax"},
		{"USE define", "1:5 syntax"},
		{"ALLOW { DENY }", "1:9 syntax"},
		{"ALLOW { read { (fd, 1) == 1 } }", "1:19 syntax"},
		{"ALLOW { read { fd == (fd == 1) } }", "1:26 syntax"},
		{"ALLOW { read { (fd == 1) == 1 } }", "1:26 syntax"},
		{"ALLOW { read { (fd == 1) & 1 } }", "1:26 syntax"},
		{"ALLOW { read { fd && fd == 1 } }", "1:19 syntax"},
		{"ALLOW { read { fd == 1 == 1 } }", "1:24 syntax"},
		{"ALLOW { read { (fd } }", "1:20 syntax"},
		{"ALLOW { read { (fd) } }", "1:21 syntax"},
		{"ALLOW { read { == 1 } }", "1:16 syntax"},
		{"KILL(1) { read }", "1:5 syntax"},
		{"ALLOW { read } \f", "1:16 lex-char"},
		{"ALLOW { read() { fd == 1 } }", "1:18 undefined-id"},
		{"ALLOW { SYSCALL[0] { fd == 1 } }", "1:22 undefined-id"},
		{"#define read 0\nALLOW { read { fd == 1 } }", "2:16 undefined-id"},
		{"ALLOW { read { fd == A } }\n#define A 1", "1:22 undefined-id"},
	};

	check_rows(rows, ARRAY_LEN(rows), &strict);
}

static void what_kafel_takes_is_taken(void)
{
	static const struct row rows[] = {
		{"#include\nALLOW { read }", "taken"},
		{"#include;ALLOW { read }", "taken"},
		{"# \n define A\n1 ALLOW { read }", "taken"},
		{"#define A 1 #define A 0x1 ALLOW { read { fd == A } }", "taken"},
		{"ALLOW{read{fd==1}}DEFAULT/**/KILL", "taken"},
		{"DEFAULT KILL ALLOW { read }", "taken"},
		{"ALLOW { read }, ALLOW { write }\nALLOW { close }", "taken"},
		{"POLICY a { ALLOW {}, USE b2 }", "1:26 undefined-policy"},
		{"POLICY b2 {} POLICY a { ALLOW {}, USE b2, USE b2 } USE a", "taken"},
		{"ALLOW { read ON X86_64, ioctl ON { ARM64, i386 } }", "taken"},
		{"ALLOW { nosuch ON arm { nosuch == 1 } }", "taken"},
		{"ALLOW { prctl { option == 1 && arg2 == 2 } }", "taken"},
		{"ALLOW { read { fd == 1 } } // end", "taken"},
		{"/*** x ***/ ALLOW {}", "taken"},
		{"ALLOW { SYSCALL [ 4294967295 ], allow2() }", "1:33 undefined-id"},
		{"#define allow 5\nALLOW { allow }", "taken"},
	};

	check_rows(rows, ARRAY_LEN(rows), &strict);
}

/* --- single topics ----------------------------------------------------------------------------- */

static uint32_t verdict_of(
	struct kafel_case *c, uint32_t number, uint64_t a, uint64_t b, uint64_t d)
{
	struct rule_call call = {AUDIT_ARCH_X86_64, number, {a, b, d}};

	return kafel_verdict(c, &call);
}

static void all_unknown_names_are_told_at_once(void)
{
	static const char policy[] = "POLICY p { ALLOW { umount2, openat { dirfd == 1 } } }\n"
				     "ALLOW { raed, read { arg0 == 1 || cuont == 2 } }\n";
	own_case struct kafel_case c;

	is_int(kafel_make(&c, policy, strlen(policy), &strict), -EINVAL);
	is_int(c.notes.n, 5);
	has_text(c.e.text,
		"p:1:20: unknown system call on x86_64: 'umount2'; did you mean 'umount'?");
	has_text(c.e.text, "p:1:38: unknown name 'dirfd': neither an argument of 'openat' nor a "
			   "constant; did you mean 'dfd'?");
	has_text(c.e.text, "p:2:9: unknown system call on x86_64: 'raed'; did you mean 'read'?");
	has_text(c.e.text, "did you mean 'fd'?");
	has_text(c.e.text, "did you mean 'count'?");
}

static void many_unknown_names_end_in_a_number(void)
{
	own_str struct str s = {0};
	own_case struct kafel_case c;

	str_add(&s, "ALLOW { read");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, ", nosuchcall%d", i);
	str_add(&s, " }");
	is_int(kafel_make(&c, s.data, s.len, &strict), -EINVAL);
	has_text(c.e.text, "p:1:15: ");
	has_text(c.e.text, " more");
	is_int(c.notes.n + c.notes.more, 1000);
}

static void an_unused_policy_is_warned_of(void)
{
	static const char policy[] = "POLICY a { ALLOW { read } }\nDEFAULT KILL";
	own_case struct kafel_case c;

	is_int(kafel_make(&c, policy, strlen(policy), &strict), 0);
	if (ok(kafel_first(&c, true)))
		has_text(kafel_first(&c, true)->text, "no USE");
	is_int(verdict_of(&c, 0, 0, 0, 0), SECCOMP_RET_KILL_THREAD);
}

static void what_kafel_miscompiles_is_right(void)
{
	own_pool struct pool pool = {0};
	own_case struct kafel_case c;
	own_case struct kafel_case d;
	static const char collapse[] = "ALLOW { write { 0x100000000 < (count & 5) } }";
	struct bytes b;
	struct err e = {0};

	if (!ok(!fd_read_file(
		    AT_FDCWD, DATA "policies/overflow_open.policy", 1 << 20, &pool, &b, &e)))
		return;
	if (is_int(kafel_make(&c, b.data, b.len, &strict), 0)) {
		is_int(verdict_of(&c, 73, 3, 0, 0), SECCOMP_RET_KILL_THREAD);
		is_int(verdict_of(&c, 73, 4, 0, 0), SECCOMP_RET_KILL_THREAD);
		is_int(verdict_of(&c, 73, 5, 0, 0), SECCOMP_RET_ALLOW);
		is_int(verdict_of(&c, 72, 1001, 0, 0), SECCOMP_RET_ERRNO | 2);
		is_int(verdict_of(&c, 72, 77, 0, 0), SECCOMP_RET_ALLOW);
		is_int(verdict_of(&c, 74, 6, 0, 0), SECCOMP_RET_ERRNO | 4);
		is_int(verdict_of(&c, 75, 7, 0, 0), SECCOMP_RET_ERRNO | 5);
	}
	if (is_int(kafel_make(&d, collapse, strlen(collapse), &strict), 0)) {
		is_int(verdict_of(&d, 1, 0, 0, 5), SECCOMP_RET_KILL_THREAD);
		is_int(verdict_of(&d, 0, 0, 0, 5), SECCOMP_RET_KILL_THREAD);
	}
}

static void strict_leaves_x32_to_default(void)
{
	static const char policy[] =
		"KILL { ptrace } ERRNO(3) { SYSCALL[0x40000009] } DEFAULT ALLOW";
	struct kafel_how friendly = {0};
	own_case struct kafel_case c;
	own_case struct kafel_case d;

	is_int(kafel_make(&c, policy, strlen(policy), &strict), 0);
	is_int(verdict_of(&c, 0x40000065, 0, 0, 0), SECCOMP_RET_ALLOW);
	is_int(verdict_of(&c, 0x40000009, 0, 0, 0), SECCOMP_RET_ERRNO | 3);
	is_int(kafel_make(&d, policy, strlen(policy), &friendly), 0);
	is_int(verdict_of(&d, 0x40000065, 0, 0, 0), SECCOMP_RET_KILL_THREAD);
	is_int(verdict_of(&d, 0x40000009, 0, 0, 0), SECCOMP_RET_ERRNO | 3);
}

static void several_architectures_have_their_own_numbers(void)
{
	static const char policy[] = "ALLOW { openat { dfd == 5 }, write ON arm } DEFAULT ERRNO(1)";
	const struct kafel_text text = {"p", policy, sizeof(policy) - 1};
	const struct arch *archs[] = {
		arch_by_name("x86_64"), arch_by_name("aarch64"), arch_by_name("arm")};
	const struct kafel_options o = {.strict = true};
	own_pool struct pool pool = {0};
	struct kafel_case c = {0};
	struct rule_call call = {AUDIT_ARCH_X86_64, 257, {5}};

	is_int(kafel_rules(&text, 1, archs, 3, &o, &pool, &c.rules, NULL, &c.e), 0);
	is_int(bpf_compile(&c.rules, &pool, &c.program, &c.e), 0);
	is_int(kafel_verdict(&c, &call), SECCOMP_RET_ALLOW);
	call.arch = AUDIT_ARCH_AARCH64;
	is_int(kafel_verdict(&c, &call), SECCOMP_RET_ERRNO | 1);
	call.number = 56;
	is_int(kafel_verdict(&c, &call), SECCOMP_RET_ALLOW);
	call = (struct rule_call){AUDIT_ARCH_ARM, 4, {0}};
	is_int(kafel_verdict(&c, &call), SECCOMP_RET_ALLOW);
	call.arch = AUDIT_ARCH_I386;
	is_int(kafel_verdict(&c, &call), SECCOMP_RET_KILL_THREAD);
}

static void kafel_has_its_own_names_on_each_architecture(void)
{
	static const struct {
		const char *arch, *name;
		int number; /* -1: unknown to kafel */
	} rows[] = {
		{"x86_64", "newstat", 4},
		{"x86_64", "newuname", 63},
		{"x86_64", "sendfile64", 40},
		{"x86_64", "umount", 166},
		{"x86_64", "sysctl", 156},
		{"x86_64", "stat", -1},
		{"x86_64", "uname", -1},
		{"x86_64", "sendfile", -1},
		{"x86_64", "umount2", -1},
		{"x86_64", "file_setattr", 469},
		{"x86", "stat", 18},
		{"x86", "newstat", 106},
		{"x86", "umount", 52},
		{"x86", "oldumount", 22},
		{"x86", "getuid", 199},
		{"x86", "getuid16", 24},
		{"x86", "uname", 109},
		{"x86", "newuname", 122},
		{"x86", "select", 142},
		{"x86", "mmap_pgoff", 192},
		{"x86", "old_mmap", 90},
		{"aarch64", "newfstat", 80},
		{"aarch64", "newuname", 160},
		{"aarch64", "umount", 39},
		{"aarch64", "stat", -1},
		{"aarch64", "open", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		own_case struct kafel_case c;
		char policy[64];

		fmt_put(policy, sizeof(policy), "ALLOW { %s }", rows[i].name);
		kafel_make(&c, policy, strlen(policy),
			&(struct kafel_how){.strict = true, .arch = rows[i].arch});
		if (rows[i].number < 0)
			is_text(kafel_outcome(&c), "1:9 undefined-id");
		else if (is_text(kafel_outcome(&c), "taken"))
			is_int(c.rules.v[0].v[0].call, rows[i].number);
	}
}

int main(void)
{
	run(every_vector_holds);
	run(what_kafel_refuses_is_refused_at_its_place);
	run(what_kafel_takes_is_taken);
	run(all_unknown_names_are_told_at_once);
	run(many_unknown_names_end_in_a_number);
	run(an_unused_policy_is_warned_of);
	run(what_kafel_miscompiles_is_right);
	run(strict_leaves_x32_to_default);
	run(several_architectures_have_their_own_numbers);
	run(kafel_has_its_own_names_on_each_architecture);
	return tap_done();
}
