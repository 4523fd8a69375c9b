/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_nsjail_args: any words, one a line, as nsjail's command line; behind a line "%%" stands a config, which
 * the word "@" names. What comes of it is written out and read again, as the door does, and goes to a plan.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../spec/nsjail_args.h"
#include "../../spec/nsjail_jail.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 128 };

/* The path of a file with this in it: the same one each time. */
static const char *config_file(const char *text)
{
	static char path[32];
	static int fd = -1;
	size_t n = strlen(text);

	if (fd < 0) {
		fd = memfd_create("config", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, n, 0) != (ssize_t)n)
		abort();
	return path;
}

/* Of all files this one only: what lies on the machine is no input. */
static const char *word_of(const char *word, const char *config)
{
	return !strcmp(word, "@") ? config : strchr(word, '@') ? "at" : word;
}

static int split(char *text, const char *config, struct pool *pool, char **argv)
{
	int argc = 0;

	while (argc < WORDS && *text) {
		char *end = strchrnul(text, '\n');

		if (*end)
			*end++ = '\0';
		argv[argc++] = pool_text(pool, word_of(text, config));
		text = end;
	}
	return argc;
}

static void plan_of(const struct str *out, size_t which, int door)
{
	const struct bytes text = {out->data, out->len};
	const struct texts none = {0};
	const struct load_request q = {
		.bundle = "/bundle",
		.config = "nsjail",
		.text = &text,
		.sets = &none,
		.door = door,
		.known = true,
		.dialect = DIALECT_NSJAIL,
	};

	fuzz_one_plan(&q, which, false);
}

/* What the door writes it can read, and it is the same then. */
static void read_again(const struct str *out, struct pool *pool)
{
	own_str struct str again = {0};
	struct textproto_writer w;
	struct nsjail_config *doc;
	struct origin origin;
	struct err e = {0};

	if (nsjail_read(str_text(out), out->len, "again", pool, &doc, &origin, &e) < 0) {
		fprintf(stderr, "%s\n%s\n", e.text, str_text(out));
		abort();
	}
	textproto_writer_init(&w, &again);
	if (walk(&table_nsjail_config, doc, WALK_OPEN, &w.sink, &e) < 0 ||
		strcmp(str_text(&again), str_text(out)))
		abort();
}

static void one(const uint8_t *data, size_t size, size_t which)
{
	own_pool struct pool pool = {0};
	own_str struct str out = {0};
	char *text = pool_copy(&pool, data, size), *argv[WORDS + 1] = {0};
	char *mark = strstr(text, "\n%%\n");
	const char *config = config_file(mark ? mark + 4 : "");
	struct textproto_writer w;
	struct nsjail_args args;
	struct err e = {0};
	int argc, r;

	if (mark)
		mark[1] = '\0';
	argc = split(text, config, &pool, argv);
	r = nsjail_args_read(argc, argv, &fuzz_callers[which], &pool, &args, &e);
	fuzz_judge(r, &e);
	if (r < 0 || args.help)
		return;
	textproto_writer_init(&w, &out);
	if (walk(&table_nsjail_config, args.doc, WALK_OPEN, &w.sink, &e) < 0)
		abort();
	read_again(&out, &pool);
	plan_of(&out, which, args.python ? NSJAIL_DOOR_PYTHON : NSJAIL_DOOR_NSJAIL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t which = 0; which < 3; which++)
		one(data, size, which);
	return 0;
}
