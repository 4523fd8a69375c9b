/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NAMES_H
#define JAILRT_NAMES_H
/*
 * names: the kernel's words, as rows: namespaces, capabilities, signals, resource limits, mount
 * options. Each list stands in one place only; parsing, writing and `features` read it.
 */
#include "field.h"

/* In the order in which namespaces are joined: a user namespace may give the right to the others. */
enum ns_kind { NS_USER, NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_TIME, NS_MOUNT, NS_KINDS };

/* The OCI names: "mount", "network", … */
extern const struct words ns_words;

struct ns_name {
	const char *word; /* OCI's */
	const char *file; /* below /proc/PID/ns */
	uint64_t flag; /* CLONE_NEW… */
};
extern const struct ns_name ns_names[NS_KINDS];

/* "CAP_CHOWN" …; the value is the bit of its mask (capabilities(7)). */
extern const struct words capability_words;
enum { CAPABILITIES = 41 };

/* "RLIMIT_NOFILE" …; the value is that of getrlimit(2). */
extern const struct words rlimit_words;

/* "SCHED_FIFO" …; "SCHED_FLAG_RECLAIM" …; "IOPRIO_CLASS_RT" …; "MPOL_BIND" …; "MPOL_F_STATIC_NODES" … */
enum { SCHED_POLICY_FIFO = 1, SCHED_POLICY_RR = 2, SCHED_POLICY_DEADLINE = 6 };
extern const struct words sched_policy_words, sched_flag_words, io_class_words,
	mempolicy_mode_words, mempolicy_flag_words;

/* "private" …; the value is MACVLAN_MODE_… */
extern const struct words macvlan_mode_words;
/* "tcp" …; the value is IPPROTO_… */
extern const struct words net_protocol_words;
/*
 * Whether the kernel takes the text for the name of a network device (dev_valid_name). A template may have
 * one "%d" for a free number.
 */
bool device_name_valid(const char *s, bool template);

/* "TERM" …, without SIG; the value is the signal's number (signal(7)). */
extern const struct words signal_words;

/*
 * A signal as a user writes it: a name with or without SIG, of any case, RTMIN+1, RTMAX-2, or a number.
 * Returns the number, or -EINVAL.
 */
int signal_parse(const char *text);
/* "SIGTERM"; "SIGRTMIN+3"; "signal 99" for what has no name. */
const char *signal_name(int number, char buf[static 24]);

/* What a mount's target is made as when it is missing; guess: as its source is. */
enum mount_dir { MOUNT_GUESS, MOUNT_IS_DIR, MOUNT_IS_FILE };

/* What a word in a mount's options does. */
enum mount_word_kind {
	MOUNT_WORD_ATTR, /* set and clear are MOUNT_ATTR_…; of this mount, or recursive */
	MOUNT_WORD_SUPER, /* set and clear are MS_…: of the filesystem */
	MOUNT_WORD_PROPAGATION, /* set is MS_SHARED …, with MS_REC when recursive */
	MOUNT_WORD_BIND,
	MOUNT_WORD_REMOUNT,
	MOUNT_WORD_COPY_UP,
	MOUNT_WORD_IDMAP,
	MOUNT_WORD_LINK, /* set is MOUNT_LINK_… */
	MOUNT_WORD_NOTHING, /* has no effect on Linux today, but is no filesystem's own option */
};

/* What a bind does about a symlink at either end (crun's options); otherwise it is followed. */
enum {
	MOUNT_LINK_COPY = 1, /* a source that is one is made anew as a symlink, with no mount */
	MOUNT_LINK_SOURCE = 2, /* the symlink itself is what is bound */
	MOUNT_LINK_TARGET = 4, /* the symlink itself is what is covered */
};

struct mount_word {
	const char *name;
	enum mount_word_kind kind;
	uint64_t set, clear;
	bool recursive;
};

/* By what they do. */
extern const struct mount_word mount_words[];
extern const size_t mount_words_n;

/* The row of an option; NULL: the option is the filesystem's own. */
const struct mount_word *mount_word_find(const char *name);

/* MOUNT_ATTR_… and MS_… propagation as words, for plans. */
extern const struct words mount_attr_words, propagation_words, super_words, ns_flag_words,
	mount_link_words;

#endif
