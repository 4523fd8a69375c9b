/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_ARGS_H
#define JAILRT_ARGS_H
/*
 * args: the command line in, by rows.
 *
 * An option is a row: how it is spelt, what it takes, and what it sets, a field and a value. Parsing
 * knows no option; it finds rows and hands field and value on, in the order of the command line.
 *
 * Spellings: --name value, --name=value, the same with one dash (as Go programs take them), -n value,
 * -nvalue, and letters together (-dt) where none but the last takes a value. "--" ends options.
 *
 * By the rules of getopt_long(3) one dash is for letters alone, -n=value is the value "=value", and a
 * name may be cut short as long as it is that of one option.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../runtime/base/err.h"

struct option_row {
	const char *name;
	char letter; /* 0: none */
	const char *arg; /* what it takes, for help: "DIR"; NULL: nothing, or =true or =false */
	const char *field; /* what it sets */
	const char *value; /* to this; NULL: to its argument ("true" when it takes none) */
	const char *help;
	bool hidden; /* accepted for others' sake: not shown, and not to be cut short */
};

struct option_rows {
	const struct option_row *v;
	size_t n;
};

#define OPTION_ROWS(id) const struct option_rows id = {id##_v, ARRAY_LEN(id##_v)}

typedef int args_set(void *to, const char *field, const char *value, struct err *e);

enum args_order {
	ARGS_COMMAND, /* options end at the first argument that is none; what follows is not looked at */
	ARGS_FIRST, /* likewise, and "--" right behind it is dropped */
	ARGS_ANYWHERE, /* options may stand among the others */
	ARGS_OWN, /* whoever gets them reads them by itself */
	ARGS_GETOPT, /* options may stand among the others, by the rules of getopt_long */
	ARGS_GETOPT_FIRST, /* by its rules, and as ARGS_COMMAND (POSIXLY_CORRECT) */
};

/*
 * Calls set for each option of argv[0 … argc), and moves the other arguments to the front of argv.
 * Returns how many there are. *ret_dashes is the index among them of the first that stood behind "--"
 * (their number when there is no "--").
 */
int args_parse(const struct option_rows *options, enum args_order order, int argc, char **argv,
	args_set *set, void *to, int *ret_dashes, struct err *e);

#endif
