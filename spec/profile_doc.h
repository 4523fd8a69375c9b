/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_PROFILE_DOC_H
#define JAILRT_PROFILE_DOC_H
/*
 * profile_doc: rules as OCI's seccomp object.
 *
 * OCI says each rule of all architectures at once, by the name of the call, and lets conditions only be
 * joined by "and". So rules have to say the same of a name on each architecture that has it, and
 * conditions are taken apart, down to single bits where need be; none of the parts overlap, so the order
 * in which a runtime asks does not matter. What cannot be said so is an error. Calls that are newer than
 * all that are named give ENOSYS there where the default refuses (profile.h).
 */
#include "oci.h"
#include "rules.h"

int profile_doc(
	const struct rules *rules, struct pool *pool, struct oci_seccomp **ret, struct err *e);

#endif
