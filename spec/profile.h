/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PROFILE_H
#define JAILRT_PROFILE_H
/*
 * profile: the seccomp object of a config.json as rules (config-linux.md, seccomp).
 *
 * The verdicts are those of the program that runc has libseccomp make from the same object:
 *
 * - A rule with the default's own action says nothing.
 * - Of several rules for a call, one without conditions wins, wherever it stands; of two such the
 *   first (engines hand over profiles like that, with a refusal for each thing that they allow).
 * - Where the conditions of several rules hold, the strictest action counts, in the kernel's order.
 *   (What libseccomp makes of that depends on how its tree came out.)
 * - Several conditions on one argument are alternatives, and so is then every condition of that rule.
 * - On architectures with 32-bit registers the low 32 bits count.
 * - Where the default refuses, calls above the newest one that the profile names give ENOSYS.
 *
 * Beyond that, a rule for a call that can also be made through socketcall(2) or ipc(2) holds there too.
 */
#include "oci.h"
#include "rules.h"

struct profile_options {
	/* A name that nobody knows is an error even where leaving it out makes nothing weaker. */
	bool fail_unknown;
	/* In place of the machine's own and the document's; n_archs 0: those. */
	const struct arch *const *archs;
	size_t n_archs;
};

/* The rules lie on the pool and refer to the document. */
int profile_rules(const struct oci_seccomp *doc, const struct origin *origin,
	const struct profile_options *options, struct pool *pool, struct rules *ret, struct err *e);

#endif
