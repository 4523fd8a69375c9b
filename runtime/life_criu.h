/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_LIFE_CRIU_H
#define JAILRT_LIFE_CRIU_H
/*
 * life_criu: what checkpoint and restore have in common, and what they keep beside criu's images.
 *
 * criu makes again what belongs to the container alone. What is the host's — sources of binds, the files
 * and pipes of its stdio, namespaces that it joined — gets a name in the images, and restore says what
 * that name stands for now. The names are kept in "jailrt.json" beside the images.
 */
#include "../spec/names.h"
#include "do/criu.h"
#include "life.h"

struct kept {
	struct texts mounts; /* of the host's, by what the config calls their targets */
	/* Of fds 0, 1 and 2, by criu's names, with " null" or " file" behind; "": the container's own. */
	struct texts stdio;
};

struct criu_call {
	struct life *l;
	struct criu_request request;
	const char *program;
	const char *log; /* its name */
	const char *log_folder;
	int images, work; /* work: -1 where it is that of the images */
	int null; /* for restored stdio */
	struct kept kept;
};

void criu_call_done(struct criu_call *c);

/* What the container's config has of a network must be all in its own namespaces. */
int criu_check_network(const struct life *l, struct err *e);

/* Finds criu, opens the directories (and makes them, for dumping), and puts the common options. */
int criu_call_begin(struct criu_call *c, struct life *l, enum criu_action action,
	const struct pairs *annotations, struct err *e);

/* Adds to a failure of criu the last errors of its log, and where that is; returns -e->code. */
int criu_call_explain(const struct criu_call *c, struct err *e);

int kept_write(int images, const struct kept *k, struct err *e);
/* -ENOENT: there is none; the images are another runtime's. */
int kept_read(int images, struct pool *pool, struct kept *ret, struct err *e);

/* For dumping process l->state->pid: names what is not the container's own. */
int criu_name_mounts(struct criu_call *c, struct err *e);
int criu_name_stdio(struct criu_call *c, struct err *e);
/* For restoring: says what the names stand for. */
int criu_give_mounts(struct criu_call *c, struct err *e);
int criu_give_stdio(struct criu_call *c, struct err *e);

#endif
