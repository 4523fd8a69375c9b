/* SPDX-License-Identifier: Apache-2.0 */
/* arch: names and numbers of system calls, beside those of libseccomp, wherever both know them. */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "../../spec/arch.h"
#include "tap.h"

enum { NUMBERS = 8192, NAMES = 1024 };

/* libseccomp's word for an architecture. */
static uint32_t token(const struct arch *arch)
{
	return arch->bit ? (uint32_t)SCMP_ARCH_X32 : arch->audit;
}

/* --- all names that either of the two has, once ------------------------------------------------- */

static char *names[NAMES];
static size_t names_n;

static void note(const char *name)
{
	for (size_t i = 0; i < names_n; i++) {
		if (!strcmp(names[i], name))
			return;
	}
	if (names_n < NAMES)
		names[names_n++] = strdup(name);
}

static void note_all(void)
{
	for (size_t i = 0; i < arches_n; i++) {
		for (uint32_t n = 0; n < NUMBERS; n++) {
			const char *ours = arch_call_name(&arches[i], n | arches[i].bit);
			char *theirs = seccomp_syscall_resolve_num_arch(
				token(&arches[i]), (int)(n | arches[i].bit));

			if (ours)
				note(ours);
			if (theirs)
				note(theirs);
			free(theirs);
		}
	}
}

/* --- beside libseccomp -------------------------------------------------------------------------- */

static unsigned compared, newer;

/*
 * Where a call can also be made through socketcall or ipc, libseccomp has no number of it but one below
 * zero: 100 or 200, and what the multiplexer's first argument is.
 */
static void through_multiplexer(const struct arch *arch, const char *name, int theirs)
{
	const struct multiplexed *m = arch_multiplexed(name);
	bool ipc = theirs <= -200;

	if (theirs > -100 || theirs <= -300) {
		tap_check(!m, arch->name, "%s is not multiplexed", name);
	} else if (tap_check(m, arch->name, "%s is multiplexed", name)) {
		is_int(m->first, -theirs % 100);
		is_int(m->ipc, ipc);
		compared++;
	}
}

/* What the two make of the kernel's column for "64" and "common". */
static bool is_told_apart(const struct arch *arch, const char *name)
{
	return (!strcmp(arch->name, "parisc64") && !strcmp(name, "_llseek")) ||
	       (!strcmp(arch->name, "x32") && !strcmp(name, "map_shadow_stack"));
}

static void one_name(const struct arch *arch, const char *name)
{
	int theirs = seccomp_syscall_resolve_name_arch(token(arch), name);
	int64_t ours = arch_call(arch, name);

	if (is_told_apart(arch, name))
		return;
	if (theirs == __NR_SCMP_ERROR) {
		newer += ours >= 0;
	} else if (theirs < 0) {
		through_multiplexer(arch, name, theirs);
		tap_check(
			ours < 0 || (theirs <= -100 && arch_multiplexer(arch, theirs <= -200) > 0),
			arch->name, "%s is %d, libseccomp has none", name, (int)ours);
	} else {
		tap_check(ours == theirs, arch->name, "%s is %d, libseccomp: %d", name, (int)ours,
			theirs);
		compared++;
	}
}

static void names_have_the_numbers_of_libseccomp(void)
{
	unsigned known = 0;

	for (size_t i = 0; i < arches_n; i++) {
		if (seccomp_syscall_resolve_name_arch(token(&arches[i]), "read") < 0)
			continue;
		known++;
		for (size_t j = 0; j < names_n; j++)
			one_name(&arches[i], names[j]);
	}
	ok(known >= 19 && compared > known * 250 && names_n > 450 && names_n < NAMES);
	ok(newer > 0); /* which is why there is a table of our own */
}

static void a_number_has_the_name_that_has_it(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < arches_n; i++) {
		for (uint32_t nr = 0; nr < NUMBERS; nr++) {
			const char *name = arch_call_name(&arches[i], nr | arches[i].bit);

			if (!name)
				continue;
			n++;
			tap_check(arch_call(&arches[i], name) == (int64_t)(nr | arches[i].bit),
				arches[i].name, "%s is not %u", name, nr);
		}
	}
	ok(n > arches_n * 250);
}

/* --- by hand ------------------------------------------------------------------------------------ */

static void this_machines_numbers(void)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {{"read", SYS_read}, {"execve", SYS_execve}, {"openat2", SYS_openat2},
		{"clone3", SYS_clone3}, {"mount_setattr", SYS_mount_setattr}};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		is_int(arch_call(arch_native(), calls[i].name), calls[i].number);
		is_text(arch_call_name(arch_native(), (uint32_t)calls[i].number), calls[i].name);
	}
}

static void multiplexers_are_where_there_are_any(void)
{
	is_int(arch_multiplexer(arch_by_name("x86"), false), 102);
	is_int(arch_multiplexer(arch_by_name("x86"), true), 117);
	is_int(arch_multiplexer(arch_by_name("s390x"), false), 102);
	ok(arch_multiplexer(arch_native(), false) < 0 || arch_native() != &arches[0]);
	ok(arch_multiplexer(arch_by_name("aarch64"), true) < 0);
	ok(!arch_multiplexed("read") && !arch_multiplexed("") && !arch_multiplexed("zzz"));
}

static void looked_up_once_is_the_same(void)
{
	for (size_t j = 0; j < names_n; j++) {
		struct call_name name = arch_look_up(names[j]);

		for (size_t i = 0; i < arches_n; i++)
			is_int(arch_call_of(&arches[i], &name), arch_call(&arches[i], names[j]));
	}
}

static void names_that_are_none(void)
{
	const struct arch *x86_64 = arch_by_name("x86_64"), *x32 = arch_by_name("x32");

	is_int(arch_call(x86_64, "reed"), CALL_UNKNOWN);
	is_int(arch_call(x86_64, ""), CALL_UNKNOWN);
	is_int(arch_call(x86_64, "_llseek"), CALL_NONE);
	is_text(arch_call_nearest(x86_64, "reed"), "read");
	is_text(arch_call_nearest(x86_64, "exceve"), "execve");
	ok(!arch_call_nearest(x86_64, "nothing_like_it"));
	ok(!arch_call_name(x86_64, 0x3fffffff));
	ok(!arch_call_name(x86_64, UINT32_MAX));
	ok(!arch_call_name(x32, 0)); /* without its bit a number is none of x32's */
	is_int(arch_call(x32, "read"), 0x40000000);
}

static void architectures_by_each_of_their_names(void)
{
	for (size_t i = 0; i < arches_n; i++) {
		ok(arch_by_name(arches[i].name) == &arches[i]);
		ok(arch_by_scmp(arches[i].scmp) == &arches[i]);
		ok(arch_by_scmp(arches[i].scmp + strlen("SCMP_ARCH_")) == &arches[i]);
		if (!arches[i].bit)
			ok(arch_by_audit(arches[i].audit) == &arches[i]);
		is_int(arches[i].wide || arches[i].bit,
			!!(arches[i].audit & __AUDIT_ARCH_64BIT) && !strstr(arches[i].name, "n32"));
		is_int(!arches[i].big_endian, !!(arches[i].audit & __AUDIT_ARCH_LE));
	}
	ok(!arch_by_name("x86-64") && !arch_by_scmp("SCMP_ARCH_") && !arch_by_scmp(""));
	ok(!arch_by_audit(0));
}

int main(void)
{
	note_all();
	run(names_have_the_numbers_of_libseccomp);
	run(a_number_has_the_name_that_has_it);
	run(this_machines_numbers);
	run(multiplexers_are_where_there_are_any);
	run(looked_up_once_is_the_same);
	run(names_that_are_none);
	run(architectures_by_each_of_their_names);
	for (size_t i = 0; i < names_n; i++)
		free(names[i]);
	return tap_done();
}
