/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_args: any words, one a line, as the arguments of a command with some options of each form. */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/base/pool.h"
#include "../../spec/args.h"
#include "../../spec/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct option_row rows[] = {
	{"detach", 'd', NULL, "detach", NULL, "takes nothing", false},
	{"tty", 't', NULL, "tty", NULL, "takes nothing", false},
	{"bundle", 'b', "DIR", "bundle", NULL, "takes a word", false},
	{"b", 0, "X", "b", NULL, "a long name of one letter", false},
	{"no-pivot", 0, NULL, "pivot", "false", "sets a value of its own", false},
	{"old", 0, NULL, "old", NULL, "hidden", true},
};
static const struct option_rows options = {rows, sizeof(rows) / sizeof(rows[0])};

static int take(void *to, const char *field, const char *value, struct err *e)
{
	size_t *n = to;

	if (!*field || !value)
		abort();
	(*n)++;
	/* Some values are refused. */
	return *value == '!' ? err_set(e, 22, "'%s' is refused", value) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (enum args_order order = ARGS_COMMAND; order <= ARGS_ANYWHERE; order++) {
		own_pool struct pool pool = {0};
		char *text = pool_copy(&pool, data, size), *argv[65] = {0};
		size_t set = 0;
		int argc = 0, n, dashes = -1;
		struct err e = {0};

		while (argc < 64 && *text) {
			argv[argc++] = text;
			text = strchrnul(text, '\n');
			if (*text)
				*text++ = '\0';
		}
		n = args_parse(&options, order, argc, argv, take, &set, &dashes, &e);
		if (n < 0 && (e.code != -n || !e.text[0]))
			abort();
		if (n < 0)
			continue;
		if (n > argc || dashes < 0 || dashes > n)
			abort();
		for (int i = 0; i < n; i++)
			if (!argv[i])
				abort();
	}
	return 0;
}
