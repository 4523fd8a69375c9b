/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_LSM_H
#define JAILRT_DO_LSM_H
/*
 * lsm: what the kernel's security modules are told of the process.
 *
 * It is written to files of procfs; each is proven to be that, since a write that goes anywhere else
 * would leave the program without its restriction, unseen (CVE-2019-16884, CVE-2025-52881).
 */
#include "../base/err.h"
#include "../step.h"

/* proc is an fd of the host's procfs. Takes effect with exec. */
int lsm_label(int proc, const struct step_label *s, struct err *e);

#endif
