/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_LIFE_UPDATE_H
#define JAILRT_LIFE_UPDATE_H
/*
 * life_update: what the files of update share. begin looks at what is asked for and at the host; do changes the
 * container's resctrl group, or makes one; undo takes that back, also after a failure of do.
 */
#include "life.h"

struct rdt_change {
	const char *lines; /* NULL: none */
	const char *group; /* its directory */
	struct step_rdt made;
	struct step_rdt_enter entered;
	unsigned what; /* was made */
	bool done;
	char old[4096];
};

int rdt_change_begin(struct life *l, struct rdt_change *c, struct err *e);
int rdt_change_do(struct life *l, struct rdt_change *c, struct err *e);
void rdt_change_undo(struct life *l, struct rdt_change *c);

#endif
