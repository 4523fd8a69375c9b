/* SPDX-License-Identifier: Apache-2.0 */
/* args: every spelling of an option, what ends them, and the words of a mistake. */
#include <errno.h>
#include <string.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/own.h"
#include "../../spec/args.h"
#include "tap.h"

static const struct option_row rows[] = {
	{"detach", 'd', NULL, "detach", NULL, "", false},
	{"tty", 't', NULL, "tty", NULL, "", false},
	{"bundle", 'b', "DIR", "bundle", NULL, "", false},
	{"user", 'u', "UID", "user", NULL, "", false},
	{"no-pivot", 0, NULL, "pivot", "false", "", false},
	{"quick", 0, "N", "time", "1", "", false},
	{"b", 0, "X", "long_b", NULL, "", false},
	{"secret", 0, NULL, "secret", NULL, "", true},
};
static const struct option_rows options = {rows, ARRAY_LEN(rows)};

static char taken[512];
static struct err err;
static char *argv[32];
static int argc, dashes;

static int take(void *to, const char *field, const char *value, struct err *e)
{
	size_t n = strlen(taken);

	(void)to;
	if (!strcmp(value, "bad"))
		return err_set(e, EDOM, "the value is bad");
	fmt_put(taken + n, sizeof(taken) - n, "%s%s=%s", n ? " " : "", field, value);
	return 0;
}

/* Words are parted by '|'. Returns the arguments that are left, joined. */
static const char *parse(enum args_order order, const char *line)
{
	static char copy[512], left[512];
	char *word = copy;
	int n;

	fmt_put(copy, sizeof(copy), "%s", line);
	taken[0] = left[0] = '\0';
	err = (struct err){0};
	for (argc = 0; *line && word; argc++) {
		argv[argc] = word;
		word = strchr(word, '|');
		if (word)
			*word++ = '\0';
	}
	argv[argc] = NULL;
	n = args_parse(&options, order, argc, argv, take, NULL, &dashes, &err);
	if (n < 0) {
		is_int(n, -err.code);
		return NULL;
	}
	for (int i = 0; i < n; i++)
		fmt_put(left + strlen(left), sizeof(left) - strlen(left), "%s%s", i ? "|" : "",
			argv[i]);
	return left;
}

static void spellings(void)
{
	static const struct {
		const char *line, *want;
	} all[] = {
		{"--bundle|/x", "bundle=/x"},
		{"--bundle=/x", "bundle=/x"},
		{"-bundle|/x", "bundle=/x"},
		{"-bundle=/x", "bundle=/x"},
		{"-b|/x", "bundle=/x"},
		{"-b/x", "bundle=/x"},
		{"-b=/x", "bundle=/x"},
		{"--bundle=", "bundle="},
		{"--bundle|", "bundle="},
		{"--bundle=a=b", "bundle=a=b"},
		{"--bundle|--detach", "bundle=--detach"},
		{"-d", "detach=true"},
		{"--detach", "detach=true"},
		{"--detach=false", "detach=false"},
		{"-dt", "detach=true tty=true"},
		{"-dtb|/x", "detach=true tty=true bundle=/x"},
		{"-dtb/x", "detach=true tty=true bundle=/x"},
		{"--no-pivot", "pivot=false"},
		{"--b|y", "long_b=y"},
		{"--secret", "secret=true"},
		{"-d|-d|-b|1|-b|2", "detach=true detach=true bundle=1 bundle=2"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		is_text(parse(ARGS_ANYWHERE, all[i].line), "");
		is_text(taken, all[i].want);
	}
}

static void order_says_where_options_end(void)
{
	is_text(parse(ARGS_ANYWHERE, "one|-d|two|--bundle|x|three"), "one|two|three");
	is_text(taken, "detach=true bundle=x");
	is_text(parse(ARGS_FIRST, "-d|one|-t|--|-b"), "one|-t|--|-b");
	is_text(taken, "detach=true");
	is_text(parse(ARGS_COMMAND, "-d|one|-t|--"), "one|-t|--");
	is_text(taken, "detach=true");
	/* A lone dash is an argument: standard input, mostly. */
	is_text(parse(ARGS_ANYWHERE, "-|-d"), "-");
	is_text(taken, "detach=true");
	is_text(parse(ARGS_ANYWHERE, "|-d"), "");
	is_text(taken, "detach=true");
}

static void dashes_end_options(void)
{
	is_text(parse(ARGS_ANYWHERE, "-d|--|-t|--"), "-t|--");
	is_int(dashes, 0);
	is_text(taken, "detach=true");
	/* Right behind the first argument they are dropped, further on they are the command's. */
	is_text(parse(ARGS_FIRST, "id|--|sh|-c"), "id|sh|-c");
	is_int(dashes, 1);
	is_text(parse(ARGS_FIRST, "id|sh|--|-c"), "id|sh|--|-c");
	is_int(dashes, 4);
	is_text(parse(ARGS_FIRST, "--|id|--|-c"), "id|--|-c");
	is_int(dashes, 0);
	is_text(parse(ARGS_FIRST, "a|b"), "a|b");
	is_int(dashes, 2);
}

static void mistakes_are_named(void)
{
	ok(!parse(ARGS_ANYWHERE, "--bundel|x"));
	is_text(err.text, "unknown option '--bundel'");
	is_text(err.fix, "did you mean --bundle?");
	ok(!parse(ARGS_ANYWHERE, "--secre"));
	is_text(err.fix, ""); /* what is hidden is not proposed */
	ok(!parse(ARGS_ANYWHERE, "--zzzzzzzz"));
	is_text(err.text, "unknown option '--zzzzzzzz'");
	is_text(err.fix, "");
	ok(!parse(ARGS_ANYWHERE, "-dx"));
	is_text(err.text, "unknown option '-dx'");
	ok(!parse(ARGS_ANYWHERE, "--bundle"));
	is_text(err.text, "option --bundle requires an argument");
	ok(!parse(ARGS_ANYWHERE, "-d|-b"));
	is_text(err.text, "option --bundle requires an argument");
	ok(!parse(ARGS_ANYWHERE, "--user=bad"));
	is_int(err.code, EDOM);
	is_text(err.text, "option --user: the value is bad");
	ok(!parse(ARGS_ANYWHERE, "--=x"));
	ok(!parse(ARGS_ANYWHERE, "---"));
}

/* Nothing is taken from an option that came after the mistake. */
static void a_mistake_ends_it(void)
{
	ok(!parse(ARGS_ANYWHERE, "-d|--no|-t"));
	is_text(taken, "detach=true");
}

static void getopt_has_rules_of_its_own(void)
{
	/* One dash: letters alone, and '=' is part of the value. */
	is_text(parse(ARGS_GETOPT, "-bundle|/x"), "/x");
	is_text(taken, "bundle=undle");
	is_text(parse(ARGS_GETOPT, "-b=/x"), "");
	is_text(taken, "bundle==/x");
	is_text(parse(ARGS_GETOPT, "-dtb/x|--bundle=y|-u|7"), "");
	is_text(taken, "detach=true tty=true bundle=/x bundle=y user=7");
	/* Cut short, as far as it is clear. */
	is_text(parse(ARGS_GETOPT, "--det|--bu|z|--u=4"), "");
	is_text(taken, "detach=true bundle=z user=4");
	is_text(parse(ARGS_GETOPT, "--b|y"), ""); /* a whole name goes before the begin of one */
	is_text(taken, "long_b=y");
	ok(!parse(ARGS_GETOPT, "--secre")); /* not of what is hidden */
	is_text(err.text, "unknown option '--secre'");
	is_text(parse(ARGS_GETOPT, "--secret"), "");
	ok(!parse(ARGS_GETOPT, "--detach=yes"));
	is_text(err.text, "option --detach takes no argument");
}

static void an_unclear_name_is_refused(void)
{
	static const struct option_row two[] = {
		{"time_limit", 't', "N", "a", NULL, "", false},
		{"time", 0, "N", "b", NULL, "", false},
		{"timer", 0, "N", "c", NULL, "", false},
	};
	static const struct option_rows rows_of_two = {two, ARRAY_LEN(two)};
	char first[] = "--tim=1", second[] = "--time=1";
	char *v[] = {first, NULL};

	taken[0] = '\0';
	is_int(args_parse(&rows_of_two, ARGS_GETOPT, 1, v, take, NULL, &dashes, &err), -EINVAL);
	is_text(err.text, "option '--tim' may be --time_limit or --time");
	v[0] = second;
	is_int(args_parse(&rows_of_two, ARGS_GETOPT, 1, v, take, NULL, &dashes, &err), 0);
	is_text(taken, "b=1");
}

static void getopt_permutes_unless_posix(void)
{
	is_text(parse(ARGS_GETOPT, "one|-d|two|--|-t"), "one|two|-t");
	is_text(taken, "detach=true");
	is_text(parse(ARGS_GETOPT_FIRST, "-d|one|-t"), "one|-t");
	is_text(taken, "detach=true");
	is_text(parse(ARGS_GETOPT_FIRST, "-d|--|-t"), "-t");
}

int main(void)
{
	run(spellings);
	run(order_says_where_options_end);
	run(dashes_end_options);
	run(mistakes_are_named);
	run(a_mistake_ends_it);
	run(getopt_has_rules_of_its_own);
	run(an_unclear_name_is_refused);
	run(getopt_permutes_unless_posix);
	return tap_done();
}
