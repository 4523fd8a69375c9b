/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_HOOK_H
#define JAILRT_HOOK_H
/*
 * hook: what every hook program of this folder begins with.
 *
 * A hook speaks only the public contract: the container's state as JSON on stdin, its arguments, its
 * environment; exit status 0, or 1 with one line on stderr. It is told its settings in up to three ways, and
 * all of them fill one struct by its table: options (--host-name value), the environment (PREFIX_HOST_NAME)
 * and annotations of the container (org.jailrt-hooks.NAME.host-name). Authors of pods write annotations, so
 * they count only for the settings that --annotations names, and any other is refused. A setting that is
 * given in two ways is an error: nothing overrides silently. An option may be repeated where the setting is
 * a list; in the environment and in annotations commas are between.
 *
 * All memory is the hook's pool; a hook is a short life.
 */
#include "../spec/args.h"
#include "../spec/field.h"

/* The state of a container, as far as the specification has it. */
struct hook_state {
	const char *ociVersion, *id, *status;
	OPT(int64_t, pid);
	const char *bundle;
	struct pairs annotations;
};

enum hook_stage {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
};

extern const struct words hook_stage_words;

struct hook {
	const char *name; /* "net": the program is jailrt-hook-net */
	const char *summary, *text; /* of --help and the manual page */
	const struct table *settings;
	const struct option_rows *options;
	int (*run)(const struct hook_state *state, const void *settings, struct pool *pool,
		struct err *e);
	/*
	 * NULL, or what is done with a stopped container whose settings cannot be read: what was made must go
	 * away all the same.
	 */
	int (*clean)(const struct hook_state *state, struct pool *pool, struct err *e);
	/* Where the state goes as it was read; NULL. */
	struct bytes *text_of_state;
};

/* The whole main of a hook. settings is a zeroed struct of that table. */
int hook_main(const struct hook *h, void *settings, int argc, char **argv);

/* Whether the container is gone: the hook is there to clean up. */
bool hook_stopped(const struct hook_state *state);

/*
 * An absolute path, opened for appending; made when it is not there, mode 0600. Not through a symlink at its
 * end, and only a regular file: a fifo without a reader would hold up the container.
 */
int hook_open_log(const char *file, struct err *e);

#define HOOK_COMMON_OPTIONS                                                    \
	{"annotations", 0, "NAME[,NAME…]", "annotations", NULL,                \
		"settings that annotations of the container may give", false}, \
		{"help", 'h', NULL, "help", NULL, "show this", false},         \
	{                                                                      \
		"man", 0, NULL, "man", NULL, "the manual page", true           \
	}

#endif
