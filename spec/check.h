/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CHECK_H
#define JAILRT_CHECK_H
/*
 * check: rules that hold for any jail, whatever document it came from.
 */
#include "jail.h"
#include "origin.h"

/* -EINVAL with the place and the words of the first rule that is broken. */
int check_jail(const struct jail *jail, struct err *e);

/*
 * A value that is read but not enforced yet makes the start fail: -ENOTSUP for the first present value
 * of a FIELD_NOT_YET row that is not the row's default (and not empty).
 */
int check_supported(
	const struct table *t, const void *object, const struct origin *origin, struct err *e);

/*
 * What the binder checks of a document's objects, for those that were made after it (--set): -EINVAL
 * when a required value is missing. Lists are not looked into: such objects are in none.
 */
int check_complete(
	const struct table *t, const void *object, const struct origin *origin, struct err *e);

#endif
