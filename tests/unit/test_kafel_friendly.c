/* SPDX-License-Identifier: Apache-2.0 */
/* kafel, friendly: what people write is taken and does what it says; what is wrong is told. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "../../runtime/base/own.h"
#include "kafel_test.h"

#define POLICIES "tests/data/kafel/policies/"

static const struct kafel_how friendly = {.strict = false};
static const uint32_t allow = SECCOMP_RET_ALLOW, kill_thread = SECCOMP_RET_KILL_THREAD;

static uint32_t verdict_of(
	struct kafel_case *c, uint32_t number, uint64_t a, uint64_t b, uint64_t d)
{
	struct rule_call call = {AUDIT_ARCH_X86_64, number, {a, b, d}};

	return kafel_verdict(c, &call);
}

static bool make_file(struct kafel_case *c, const char *path, const struct kafel_how *how)
{
	own_pool struct pool pool = {0};
	struct bytes b;
	struct err e = {0};

	*c = (struct kafel_case){0};
	if (!ok(!fd_read_file(AT_FDCWD, path, 1 << 20, &pool, &b, &e)))
		return false;
	kafel_make(c, b.data, b.len, how);
	return true;
}

/* --- policies of others ------------------------------------------------------------------------ */

static void a_code_execution_policy_compiles(void)
{
	static const uint32_t allowed[] = {0, 1, 2, 4, 5, 6, 9, 56, 59, 60, 231, 262, 318};
	own_case struct kafel_case c;

	if (!make_file(&c, POLICIES "seed002a.policy", &friendly))
		return;
	if (!is_text(kafel_outcome(&c), "taken"))
		printf("# %s\n", c.e.text);
	is_int(c.rules.v[0].n, 58);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		is_int(verdict_of(&c, allowed[i], 0, 0, 0), allow);
	is_int(verdict_of(&c, 41, 0, 0, 0), kill_thread);
	is_int(verdict_of(&c, 101, 0, 0, 0), kill_thread);
}

static void a_restricted_io_policy_compiles(void)
{
	own_case struct kafel_case c;

	if (!make_file(&c, POLICIES "seed002b.policy", &friendly))
		return;
	if (!is_text(kafel_outcome(&c), "taken"))
		printf("# %s\n", c.e.text);
	is_int(verdict_of(&c, 2, 0x1234, 0, 0), allow);
	is_int(verdict_of(&c, 2, 0x1234, 1, 0), kill_thread);
	is_int(verdict_of(&c, 257, 5, 0x1234, 0), allow);
	is_int(verdict_of(&c, 257, 0, 0, 2), kill_thread);
	is_int(verdict_of(&c, 56, 0x10f00, 0, 0), allow);
	is_int(verdict_of(&c, 56, 0xff00, 0, 0), kill_thread);
	is_int(verdict_of(&c, 41, 1, 1, 0), allow);
	/* The kernel looks at 32 bits of the domain, so the filter does. */
	is_int(verdict_of(&c, 41, 0x100000001, 1, 0), allow);
	is_int(verdict_of(&c, 41, 2, 1, 0), kill_thread);
}

static void a_denylist_with_umount2_compiles(void)
{
	static const uint32_t killed[] = {310, 311, 175, 313, 176, 246, 320, 169, 170, 171, 272,
		308, 165, 166, 155, 161, 298, 321, 56, 435};
	own_case struct kafel_case c;

	if (!make_file(&c, POLICIES "seed003.policy", &friendly))
		return;
	if (!is_text(kafel_outcome(&c), "taken"))
		printf("# %s\n", c.e.text);
	is_int(verdict_of(&c, 101, 0, 0, 0), SECCOMP_RET_ERRNO | 1);
	for (size_t i = 0; i < ARRAY_LEN(killed); i++)
		is_int(verdict_of(&c, killed[i], 0, 0, 0), kill_thread);
	is_int(verdict_of(&c, 0, 0, 0, 0), allow);
	is_int(verdict_of(&c, 57, 0, 0, 0), allow);
}

static void what_kafel_takes_means_the_same_here(void)
{
	static const char *const files[] = {
		"seed001.policy", "seed002c.policy", "overflow_open.policy"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		own_case struct kafel_case a;
		own_case struct kafel_case b;
		char path[96];

		fmt_put(path, sizeof(path), POLICIES "%s", files[i]);
		if (!make_file(&a, path, &friendly) ||
			!make_file(&b, path, &(struct kafel_how){.strict = true}))
			return;
		is_int(a.result, 0);
		is_int(b.result, 0);
		for (uint32_t n = 0; n < 470; n++) {
			for (uint64_t v = 0; v < 8; v++) {
				if (verdict_of(&a, n, v, v, v) != verdict_of(&b, n, v, v, v))
					is_int(n, -1);
			}
		}
	}
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
	}
}

static void what_people_write_is_taken(void)
{
	static const struct row rows[] = {
		{"POLICY a { ALLOW { read } ALLOW { write }, } USE a", "taken"},
		{"ALLOW { read write, close, }", "taken"},
		{"ALLOW { read }, DEFAULT KILL", "taken"},
		{"ALLOW { read { fd == 1, } }", "taken"},
		{"ALLOW { read }\r\nDEFAULT KILL\r\n", "taken"},
		{"# a comment\nALLOW { read } # another\n#\n#\tdefine the rest\nDEFAULT KILL # end",
			"taken"},
		{"# define A 1\nALLOW { read { fd == A } }", "taken"},
		{"ALLOW { read(_fd) { _fd == 1 } }", "taken"},
		{"/***/ ALLOW { read } /** x **/", "taken"},
		{"ALLOW { openat { flags == O_RDONLY } }", "taken"},
		{"ALLOW { openat { dirfd == AT_FDCWD } }", "taken"},
		{"ALLOW { open { !(flags & (O_CREAT | O_TRUNC)) } }", "taken"},
		{"ALLOW { clone { clone_flags & CLONE_THREAD } }", "taken"},
		{"ALLOW { socket { domain == AF_UNIX && (type & 0xf) == SOCK_STREAM } }", "taken"},
		{"ERRNO(EPERM) { ptrace { request == PTRACE_ATTACH } }", "taken"},
		{"#define E 5\nERRNO(E) { read } DEFAULT ERRNO(ENOSYS)", "taken"},
		{"KILL { ioctl { request == TIOCSTI } }", "taken"},
		{"ALLOW { SYSCALL[1] { fd == 1 && arg2 == 5 } }", "taken"},
		{"ALLOW { prctl { arg2 == 1 } }", "taken"},
		{"ALLOW { read { (fd) } }", "taken"},
		{"ALLOW { read { (fd) && ((count) || buf) } }", "taken"},
		{"POLICY a { ALLOW { read } DEFAULT KILL } USE a DEFAULT KILL", "taken"},
		{"POLICY a { ALLOW { read } DEFAULT KILL }", "taken"},
	};

	check_rows(rows, ARRAY_LEN(rows), &friendly);
}

static void what_is_wrong_is_told(void)
{
	static const struct row rows[] = {
		{"ALLOW { open { flags & O_RDONLY } }", "1:16 never"},
		{"ALLOW { read { 0 } }", "1:16 never"},
		{"ALLOW { read { count == 08 } }", "1:25 lex-range"},
		{"#undef A\nALLOW { read }", "1:2 syntax"},
		{"## x\nALLOW { read }", "2:1 syntax"},
		{"ALLOW { read { arg3 == 1 } }", "1:16 undefined-id"},
		{"ALLOW { prctl { arg0 == 1 } }", "1:17 undefined-id"},
		{"ALLOW { prctl { arg1 == 1 } }", "1:17 undefined-id"},
		{"ALLOW { read(a) { fd == 1 } }", "1:19 undefined-id"},
		{"ALLOW { open { flags == O_RDONYL } }", "1:25 undefined-id"},
		{"ERRNO(EPREM) { read }", "1:7 undefined-id"},
		{"ERRNO(TIOCLINUX) { read }", "taken"},
		{"ERRNO(CLONE_NEWUSER) { read }", "1:7 action-range"},
		{"ALLOW { read, , write }", "1:15 syntax"},
		{"ALLOW { , read }", "1:9 syntax"},
		{"POLICY a { DEFAULT KILL DEFAULT KILL } USE a", "1:25 redef-default"},
		{"POLICY a { DEFAULT KILL } USE a DEFAULT ALLOW", "1:12 redef-default"},
		{"POLICY a { DEFAULT KILL } POLICY b { DEFAULT LOG } USE a USE b",
			"1:38 redef-default"},
		{"POLICY a { DEFAULT KILL } POLICY b { DEFAULT LOG } USE b", "taken"},
		{"ALLOW { read } /* open", "1:16 lex-comment"},
		{"ALLOW { read { fd = 1 } }", "1:19 lex-char"},
		{"... ALLOW { read }", "1:1 lex-char"},
		{"", "1:1 syntax"},
	};

	check_rows(rows, ARRAY_LEN(rows), &friendly);
}

/* --- meanings ---------------------------------------------------------------------------------- */

struct verdict_row {
	const char *policy;
	uint32_t number;
	uint64_t args[3];
	uint32_t verdict;
};

static const struct verdict_row verdicts[] = {
	{"ALLOW { openat { dirfd == AT_FDCWD } }", 257, {0xffffff9c, 0, 0}, SECCOMP_RET_ALLOW},
	{"ALLOW { openat { dirfd == AT_FDCWD } }", 257, {0xffffffffffffff9c, 0, 0},
		SECCOMP_RET_ALLOW},
	{"ALLOW { openat { dfd == -100 } }", 257, {0xffffff9c, 0, 0}, SECCOMP_RET_KILL_THREAD},
	{"ERRNO(1) { socket(d) { d == 2 } } DEFAULT ALLOW", 41, {0x100000002, 0, 0},
		SECCOMP_RET_ERRNO | 1},
	{"ERRNO(1) { read(a, b) { b == 2 } } DEFAULT ALLOW", 0, {0, 0x100000002, 0},
		SECCOMP_RET_ALLOW},
	{"ALLOW { clone { flags & CLONE_THREAD } }", 56, {0x50f00, 0, 0}, SECCOMP_RET_ALLOW},
	{"ALLOW { clone { flags & CLONE_THREAD } }", 56, {0x40f00, 0, 0}, SECCOMP_RET_KILL_THREAD},
	{"ALLOW { prctl { arg2 == 1 } }", 157, {0, 1, 0}, SECCOMP_RET_ALLOW},
	{"ALLOW { prctl { arg2 == 1 } }", 157, {0, 0, 1}, SECCOMP_RET_KILL_THREAD},
	{"ALLOW { read { arg2 == 1 } }", 0, {0, 0, 1}, SECCOMP_RET_ALLOW},
	{"#define O_RDONLY 5\nALLOW { open { flags == O_RDONLY } }", 2, {0, 5, 0},
		SECCOMP_RET_ALLOW},
	{"ALLOW { read(O_RDONLY) { O_RDONLY == 3 } }", 0, {3, 0, 0}, SECCOMP_RET_ALLOW},
	{"DEFAULT ERRNO(ENOSYS)", 0, {0, 0, 0}, SECCOMP_RET_ERRNO | 38},
	{"#define A 1 # define B 2\nALLOW { read { fd == B } }", 0, {2, 0, 0}, SECCOMP_RET_ALLOW},
	{"ALLOW { fstat, umount2, uname, lstat, sendfile, _sysctl }", 63, {0, 0, 0},
		SECCOMP_RET_ALLOW},
	{"ALLOW { !fd }", 0, {0, 0, 0}, 1},
	{"ALLOW { read { !fd } }", 0, {0, 0, 0}, SECCOMP_RET_ALLOW},
	{"ALLOW { read { !fd } }", 0, {1, 0, 0}, SECCOMP_RET_KILL_THREAD},
	{"ALLOW { read { fd, count } }", 0, {0, 0, 1}, SECCOMP_RET_ALLOW},
	{"ALLOW { read { fd && count } }", 0, {0, 0, 1}, SECCOMP_RET_KILL_THREAD},
	{"ALLOW { SYSCALL[0] { arg0 == 1 } }", 0, {0x100000001, 0, 0}, SECCOMP_RET_ALLOW},
	{"POLICY a { ALLOW { read } DEFAULT LOG } USE a", 7, {0, 0, 0}, SECCOMP_RET_LOG},
	{"POLICY a { ALLOW { read } DEFAULT LOG }", 7, {0, 0, 0}, SECCOMP_RET_KILL_THREAD},
	{"ALLOW { SYSCALL[4294967295] }", 0xffffffff, {0, 0, 0}, SECCOMP_RET_ALLOW},
};

static void what_is_taken_does_what_it_says(void)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		const struct verdict_row *v = &verdicts[i];
		own_case struct kafel_case c;

		kafel_make(&c, v->policy, strlen(v->policy), &friendly);
		if (v->verdict == 1) {
			is_int(c.result, -EINVAL);
			continue;
		}
		if (!is_text(kafel_outcome(&c), "taken") ||
			!is_int(verdict_of(&c, v->number, v->args[0], v->args[1], v->args[2]),
				v->verdict))
			printf("# of: %s\n# %s\n", v->policy, c.e.text);
	}
}

static void a_negative_number_for_32_bits_is_warned_of(void)
{
	static const char policy[] = "ALLOW { openat { dfd == -100 } }";
	own_case struct kafel_case c;

	is_int(kafel_make(&c, policy, strlen(policy), &friendly), 0);
	if (ok(kafel_first(&c, true))) {
		has_text(kafel_first(&c, true)->text, "write 0xffffff9c");
		is_int(kafel_first(&c, true)->at.at.column, 25);
	}
}

static void names_are_suggested(void)
{
	static const struct row rows[] = {
		{"ALLOW { open { flags == O_RDONYL } }", "did you mean 'O_RDONLY'?"},
		{"ALLOW { opnat }", "did you mean 'openat'?"},
		{"ERRNO(EPREM) { read }", "did you mean 'EPERM'?"},
		{"ALLOW { read { nothing == 1 } }", "(it has: fd, buf, count)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		own_case struct kafel_case c;

		is_int(kafel_make(&c, rows[i].policy, strlen(rows[i].policy), &friendly), -EINVAL);
		has_text(c.e.text, rows[i].outcome);
	}
}

static void constants_are_those_of_the_architecture(void)
{
	static const struct {
		const char *arch, *policy;
		uint32_t number;
		uint64_t value;
	} rows[] = {
		{"x86_64", "ALLOW { openat(a, b, c) { a == O_DIRECTORY } }", 257, 0200000},
		{"aarch64", "ALLOW { openat(a, b, c) { a == O_DIRECTORY } }", 56, 040000},
		{"arm", "ALLOW { openat(a, b, c) { a == O_DIRECTORY } }", 322, 040000},
		{"mips", "ALLOW { openat(a, b, c) { a == O_CREAT } }", 4288, 0400},
		{"mips", "ALLOW { socket(a) { a == SOCK_STREAM } }", 4183, 2},
		{"mips64", "ALLOW { mmap(a) { a == MAP_ANONYMOUS } }", 5009, 0x800},
		{"x86", "ALLOW { socket(a) { a == (SOCK_STREAM | SOCK_CLOEXEC) } }", 359, 02000001},
		{"riscv64", "ALLOW { socket(a) { a == AF_INET6 } }", 198, 10},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		own_case struct kafel_case c;
		struct rule_call call = {
			arch_by_name(rows[i].arch)->audit, rows[i].number, {rows[i].value}};

		kafel_make(&c, rows[i].policy, strlen(rows[i].policy),
			&(struct kafel_how){.arch = rows[i].arch});
		if (!is_text(kafel_outcome(&c), "taken") ||
			!is_int(kafel_verdict(&c, &call), allow))
			printf("# of: %s on %s\n# %s\n", rows[i].policy, rows[i].arch, c.e.text);
		call.args[0]++;
		is_int(kafel_verdict(&c, &call), kill_thread);
	}
}

/* The C library's headers are the oracle, where they have the name. */
static void constants_are_those_of_the_headers(void)
{
	static const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
#define ROW(name) {#name, (uint32_t)(name)}
		ROW(O_RDONLY),
		ROW(O_WRONLY),
		ROW(O_RDWR),
		ROW(O_CREAT),
		ROW(O_EXCL),
		ROW(O_TRUNC),
		ROW(O_APPEND),
		ROW(O_CLOEXEC),
		ROW(O_TMPFILE),
		ROW(O_PATH),
		ROW(AT_FDCWD),
		ROW(AT_EMPTY_PATH),
		ROW(AT_SYMLINK_NOFOLLOW),
		ROW(F_DUPFD),
		ROW(F_SETFL),
		ROW(EPERM),
		ROW(ENOSYS),
		ROW(EACCES),
		ROW(EAFNOSUPPORT),
		ROW(S_IRUSR),
		ROW(S_ISUID),
#undef ROW
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		own_case struct kafel_case c;
		char policy[96];

		fmt_put(policy, sizeof(policy), "ALLOW { socket { domain == %s } }", rows[i].name);
		kafel_make(&c, policy, strlen(policy), &friendly);
		if (!is_text(kafel_outcome(&c), "taken") ||
			!is_int(verdict_of(&c, 41, rows[i].value, 0, 0), allow))
			printf("# %s is not 0x%" PRIx64 "\n", rows[i].name, rows[i].value);
	}
}

int main(void)
{
	run(a_code_execution_policy_compiles);
	run(a_restricted_io_policy_compiles);
	run(a_denylist_with_umount2_compiles);
	run(what_kafel_takes_means_the_same_here);
	run(what_people_write_is_taken);
	run(what_is_wrong_is_told);
	run(what_is_taken_does_what_it_says);
	run(a_negative_number_for_32_bits_is_warned_of);
	run(names_are_suggested);
	run(constants_are_those_of_the_architecture);
	run(constants_are_those_of_the_headers);
	return tap_done();
}
