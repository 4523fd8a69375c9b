/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/*
 * Instead of being measured, a workload is handed to another program (bench/trace): the command lines of
 * each contestant, in the place that they would be measured in.
 */

static int write_commands(const char *path, const struct cell *cells, size_t n)
{
	char text[WORDS_TEXT], id[64];
	FILE *f = fopen(path, "we");

	for (size_t i = 0; f && i < n; i++) {
		const struct cell *c = &cells[i];
		struct fill fill = {.c = c->c, .w = c->w, .id = id};

		fill.program = c->w->program ? c->w->program : "true";
		if (c->out)
			continue;
		words_id(c->c, 0, id, sizeof(id));
		for (size_t k = 0; k < COUNT(c->w->verbs) && c->w->verbs[k]; k++) {
			words_fill(&fill, c->w->verbs[k], text);
			fprintf(f, "%s\t%s\t%s\n", c->w->name, c->c->name, text);
		}
	}
	return !f || fclose(f) != 0 ? place_complain(path) : 0;
}

int hand_over(const char *to, const struct cell *cells, size_t n)
{
	char path[PATH_MAX + 64], text[2 * PATH_MAX];
	unsigned patience = spawn_patience;
	int r;

	snprintf(path, sizeof(path), "%s/commands", place.dir);
	if (write_commands(path, cells, n) < 0)
		return -1;
	snprintf(text, sizeof(text), "%s %s", to, path);
	spawn_forget_words();
	spawn_patience = 600;
	r = spawn_run(text, -1, STDOUT_FILENO, NULL);
	spawn_patience = patience;
	if (r < 0) {
		spawn_last_words(text, sizeof(text));
		fprintf(stderr, "bench: %s: %s\n", to, text);
	}
	return r;
}
