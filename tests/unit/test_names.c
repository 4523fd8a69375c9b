/* SPDX-License-Identifier: Apache-2.0 */
/* names: each list against somebody else's: libcap, the C library, the kernel's headers, the spec. */
#include <ctype.h>
#include <errno.h>
#include <linux/mount.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/sys.h"
#include "../../spec/names.h"
#include "tap.h"

/* --- signals ---------------------------------------------------------------------------------- */

static void signals_are_parsed(void)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{"TERM", SIGTERM},
		{"SIGTERM", SIGTERM},
		{"sigterm", SIGTERM},
		{"Kill", SIGKILL},
		{"9", SIGKILL},
		{"1", 1},
		{"64", 64},
		{"POLL", SIGIO},
		{"IO", SIGIO},
		{"CLD", SIGCHLD},
		{"IOT", SIGABRT},
		{"RTMIN", 34},
		{"SIGRTMIN", 34},
		{"rtmin+0", 34},
		{"RTMIN+1", 35},
		{"SIGRTMIN+30", 64},
		{"RTMAX", 64},
		{"RTMAX-2", 62},
		{"SIGRTMAX-30", 34},
		{"", -EINVAL},
		{"0", -EINVAL},
		{"65", -EINVAL},
		{"-9", -EINVAL},
		{"+9", -EINVAL},
		{" 9", -EINVAL},
		{"9 ", -EINVAL},
		{"9x", -EINVAL},
		{"18446744073709551625", -EINVAL},
		{"4294967305", -EINVAL},
		{"SIG", -EINVAL},
		{"SIGSIGTERM", -EINVAL},
		{"TER", -EINVAL},
		{"TERMX", -EINVAL},
		{"RTMIN+", -EINVAL},
		{"RTMIN+31", -EINVAL},
		{"RTMIN-1", -EINVAL},
		{"RTMAX+1", -EINVAL},
		{"RTMAX-31", -EINVAL},
		{"RTMIN+1x", -EINVAL},
		{"RTMIN 1", -EINVAL},
		{"RTMINIMUM", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tap_check(signal_parse(rows[i].text) == rows[i].want, TAP_HERE, "'%s' is %d",
			rows[i].text, signal_parse(rows[i].text));
}

/* Written and read, each number is itself, also those without a name of their own. */
static void signal_names_come_back(void)
{
	char buf[24];

	for (int n = 1; n <= 64; n++) {
		const char *name = signal_name(n, buf);

		if (n == 32 || n == 33) { /* the C library's own: nobody names them */
			ok(!strncmp(name, "signal ", 7));
			continue;
		}
		ok(!strncmp(name, "SIG", 3));
		is_int(signal_parse(name), n);
		is_int(signal_parse(name + 3), n);
	}
	is_text(signal_name(99, buf), "signal 99");
	is_text(signal_name(SIGABRT, buf), "SIGABRT");
	is_text(signal_name(SIGIO, buf), "SIGIO");
}

/* The C library knows each of them by the same name. */
static void signals_are_those_of_the_library(void)
{
	uint64_t n;

	for (int sig = 1; sig < 32; sig++) {
		const char *name = sigabbrev_np(sig);

		if (tap_check(name && !words_find(&signal_words, name, &n), TAP_HERE,
			    "signal %d, %s, is not there", sig, name ? name : "(null)"))
			is_int(n, sig);
	}
}

/* --- capabilities ------------------------------------------------------------------------------ */

static void capabilities_are_libcaps(void)
{
	is_int(capability_words.n, CAPABILITIES);
	for (unsigned n = 0; n < CAPABILITIES; n++) {
		char *want = cap_to_name((cap_value_t)n), *all = strdup(want ? want : "");
		const char *name = words_name(&capability_words, 1ULL << n);

		for (char *c = all; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		is_text(name, all);
		free(all);
		cap_free(want);
	}
}

/* --- resource limits, namespaces ---------------------------------------------------------------- */

static void limits_are_all_there(void)
{
	uint64_t seen = 0;

	is_int(rlimit_words.n, RLIM_NLIMITS);
	for (size_t i = 0; i < rlimit_words.n; i++) {
		ok(!strncmp(rlimit_words.v[i].name, "RLIMIT_", 7));
		seen |= 1ULL << rlimit_words.v[i].value;
	}
	is_int(seen, (1ULL << RLIM_NLIMITS) - 1);
	is_text(words_name(&rlimit_words, RLIMIT_NOFILE), "RLIMIT_NOFILE");
	is_text(words_name(&rlimit_words, RLIMIT_RTTIME), "RLIMIT_RTTIME");
}

static void namespaces_agree_in_all_lists(void)
{
	uint64_t kind, flag;

	is_int(ns_words.n, NS_KINDS);
	is_int(ns_flag_words.n, NS_KINDS);
	for (int i = 0; i < NS_KINDS; i++) {
		is_int(words_find(&ns_words, ns_names[i].word, &kind), 0);
		is_int(kind, i);
		is_int(words_find(&ns_flag_words, ns_names[i].word, &flag), 0);
		is_int(flag, ns_names[i].flag);
	}
	/* Of all namespaces only a user namespace can give the right to join the others. */
	is_int(NS_USER, 0);
	is_int(ns_names[NS_NET].flag, CLONE_NEWNET);
	is_int(ns_names[NS_TIME].flag, CLONE_NEWTIME);
	is_text(ns_names[NS_MOUNT].file, "mnt");
	is_text(ns_names[NS_NET].file, "net");
}

/* --- mount options ------------------------------------------------------------------------------ */

/* config.md of runtime-spec 1.3, "Linux mount options": all that is listed there. */
static const char *const spec_options[] = {"async", "atime", "bind", "defaults", "dev", "diratime",
	"dirsync", "exec", "iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime",
	"noexec", "noiversion", "nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid",
	"nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "remount",
	"rexec", "rnoatime", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime", "rnosuid",
	"rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave",
	"rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "silent", "slave",
	"strictatime", "suid", "symfollow", "sync", "tmpcopyup", "unbindable", "idmap", "ridmap",
	"rnodev"};

static void options_of_the_spec_are_there(void)
{
	for (size_t i = 0; i < ARRAY_LEN(spec_options); i++)
		tap_check(mount_word_find(spec_options[i]), TAP_HERE, "'%s' is not there",
			spec_options[i]);
	ok(!mount_word_find("size=1"));
	ok(!mount_word_find(""));
	ok(!mount_word_find("RO"));
}

static void options_are_there_once(void)
{
	for (size_t i = 0; i < mount_words_n; i++) {
		for (size_t j = 0; j < i; j++)
			ok(strcmp(mount_words[i].name, mount_words[j].name));
		is_text(mount_word_find(mount_words[i].name)->name, mount_words[i].name);
	}
}

/* A recursive word does to the tree what the plain one does to the mount. */
static void recursive_options_have_a_plain_twin(void)
{
	size_t twins = 0;

	for (size_t i = 0; i < mount_words_n; i++) {
		const struct mount_word *w = &mount_words[i], *plain;

		if (!w->recursive)
			continue;
		plain = mount_word_find(w->name + 1);
		twins++;
		is_int(w->name[0], 'r');
		if (!tap_check(plain, TAP_HERE, "'%s' has no twin", w->name))
			continue;
		ok(!plain->recursive);
		is_int(plain->kind, w->kind);
		is_int(plain->set, w->set);
		is_int(plain->clear, w->clear);
	}
	is_int(twins, 18 + 4 + 1 + 1); /* attributes, propagation, rbind, ridmap */
}

/* What one word sets its opposite clears, and the three ways of access times exclude each other. */
static void opposites_undo_each_other(void)
{
	static const char *const pairs[][2] = {{"ro", "rw"}, {"nosuid", "suid"}, {"nodev", "dev"},
		{"noexec", "exec"}, {"nosymfollow", "symfollow"}, {"nodiratime", "diratime"},
		{"sync", "async"}, {"mand", "nomand"}, {"lazytime", "nolazytime"},
		{"iversion", "noiversion"}, {"silent", "loud"}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const struct mount_word *on = mount_word_find(pairs[i][0]);
		const struct mount_word *off = mount_word_find(pairs[i][1]);

		ok(on->set != 0);
		is_int(on->clear, 0);
		is_int(off->set, 0);
		is_int(off->clear, on->set);
		is_int(on->kind, off->kind);
	}
	is_int(mount_word_find("noatime")->set, MOUNT_ATTR_NOATIME);
	is_int(mount_word_find("noatime")->clear, MOUNT_ATTR__ATIME);
	is_int(mount_word_find("strictatime")->clear, MOUNT_ATTR__ATIME);
	is_int(mount_word_find("relatime")->clear, MOUNT_ATTR__ATIME);
	is_int(mount_word_find("relatime")->set, MOUNT_ATTR_RELATIME);
}

/* Whatever an option can set has a word to be printed by. */
static void plans_can_print_every_option(void)
{
	for (size_t i = 0; i < mount_words_n; i++) {
		const struct mount_word *w = &mount_words[i];
		const struct words *words = w->kind == MOUNT_WORD_ATTR		? &mount_attr_words
					    : w->kind == MOUNT_WORD_SUPER	? &super_words
					    : w->kind == MOUNT_WORD_PROPAGATION ? &propagation_words
										: NULL;

		if (words && w->set)
			tap_check(words_name(words, w->set), TAP_HERE, "'%s' has no word", w->name);
	}
}

int main(void)
{
	run(signals_are_parsed);
	run(signal_names_come_back);
	run(signals_are_those_of_the_library);
	run(capabilities_are_libcaps);
	run(limits_are_all_there);
	run(namespaces_agree_in_all_lists);
	run(options_of_the_spec_are_there);
	run(options_are_there_once);
	run(recursive_options_have_a_plain_twin);
	run(opposites_undo_each_other);
	run(plans_can_print_every_option);
	return tap_done();
}
