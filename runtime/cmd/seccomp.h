/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CMD_SECCOMP_H
#define JAILRT_CMD_SECCOMP_H
/*
 * seccomp: what the parts of `jailrt seccomp` share.
 */
#include "../../spec/bits.h"
#include "../../spec/policy.h"
#include "cmd.h"

/* Exit statuses. A call's verdict has one; of several calls the greatest counts. */
enum {
	SECCOMP_SAME = 0, /* diff */
	SECCOMP_ALLOWED = 0,
	SECCOMP_DIFFERS = 1, /* diff */
	SECCOMP_TROUBLE = 2,
	SECCOMP_ASKS, /* USER_NOTIF, TRACE */
	SECCOMP_ERRNO,
	SECCOMP_TRAP,
	SECCOMP_KILL,
	SECCOMP_DEPENDS, /* on arguments that were not given */
};

/* The rules of "-" (stdin), of a file, or of a profile by its name. */
int cmd_policy_load(struct cmd_call *c, const char *name, struct rules *ret);

/* Of rules that were loaded: those for one architecture; NULL: there are none. */
const struct rules_arch *cmd_policy_side(const struct rules *r, const struct arch *arch);

/* "ERRNO(1) EPERM" */
void cmd_policy_put_action(uint32_t action, struct str *out);

/* "socket(family=40)": the arguments that matter. */
void cmd_policy_put_example(
	const struct arch *arch, uint32_t call, const struct bits_cube *cube, struct str *out);

/* Lets the call be made, watched or not. */
bool cmd_policy_lets(uint32_t action);

/* The calls that an architecture has, as a list of numbers that is 0-terminated by n. */
int cmd_policy_calls(const struct arch *arch, struct pool *pool, struct u32s *ret, struct err *e);

int cmd_policy_compile(struct cmd_call *c);
int cmd_policy_explain(struct cmd_call *c);
int cmd_policy_test(struct cmd_call *c);
int cmd_policy_diff(struct cmd_call *c);
int cmd_policy_list(struct cmd_call *c);

#endif
