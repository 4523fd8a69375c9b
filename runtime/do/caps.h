/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_CAPS_H
#define JAILRT_DO_CAPS_H
/*
 * caps: who the process is and what it may do (credentials(7), capabilities(7)).
 *
 * All calls change the calling process alone and are for between clone and exec.
 */
#include "../base/err.h"
#include "../step.h"

/*
 * User, group and supplementary groups. Permitted capabilities are kept over the change, effective ones
 * too; caps_set gives them up.
 */
int caps_become(const struct step_ids *s, struct err *e);

/* The five sets. The bounding set first, which needs a capability; the ambient one last. */
int caps_set(const struct step_capabilities *s, struct err *e);

int caps_no_new_privs(struct err *e);

#endif
