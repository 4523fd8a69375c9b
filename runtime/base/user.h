/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_USER_H
#define JAILRT_USER_H
/*
 * user: names of users and groups, as /etc/passwd and /etc/group have them, and getent(1) the others.
 *
 * Not by the C library's name service: that loads libraries, which a static program cannot. getent is
 * the same service, asked only for a name that the files do not have. For the parent alone.
 */
#include <stddef.h>
#include <stdint.h>

/* The id of a name; -ENOENT. */
int user_find(const char *name, uint32_t *ret);
int user_find_group(const char *name, uint32_t *ret);

/* The name of a user id; -ENOENT, also when it is as long as size. */
int user_name(uint32_t uid, char *ret, size_t size);

#endif
