/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

/*
 * Copies of states. A runtime reads a copy as it reads the state of the one real container: the same files
 * with the same words but for the id, and a process that runs.
 */

enum { FILES = 16 };

/* The regular files of a state; sockets and fifos belong to the one real container. */
struct state {
	char name[FILES][256], *text[FILES];
	size_t len[FILES], n;
};

/* The name of a copy is as long as the id: files keep their sizes, and lengths in them stay true. */
static void name_copy(char *ret, size_t size, const char *id, unsigned number)
{
	snprintf(ret, size, "%.*s%04u", (int)strlen(id) - 4, id, number);
}

static int read_state(const char *dir, struct state *ret)
{
	char path[PATH_MAX + 400];
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && ret->n < FILES && (entry = readdir(d))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		snprintf(ret->name[ret->n], sizeof(ret->name[0]), "%s", entry->d_name);
		ret->text[ret->n] = place_read(path, &ret->len[ret->n]);
		if (!ret->text[ret->n++])
			break;
	}
	if (d)
		closedir(d);
	return d ? 0 : place_complain(dir);
}

static void free_state(struct state *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->text[i]);
}

/* In the text itself: each next copy replaces the last one's name. */
static void rename_in(char *text, size_t len, const char *old, const char *name)
{
	size_t n = strlen(old);

	for (char *s = text; (s = memmem(s, (size_t)(text + len - s), old, n)); s += n)
		memcpy(s, name, n);
}

int states_copy(const char *states, const char *id, unsigned copies)
{
	char dir[PATH_MAX + 64], path[PATH_MAX + 400], name[64], old[64];
	struct state s = {.n = 0};
	int r;

	snprintf(dir, sizeof(dir), "%s/%s", states, id);
	r = copies ? read_state(dir, &s) : 0;
	snprintf(old, sizeof(old), "%s", id);
	for (unsigned i = 0; i < copies && !r; i++) {
		name_copy(name, sizeof(name), id, i);
		snprintf(dir, sizeof(dir), "%s/%s", states, name);
		r = place_make_dir(dir);
		for (size_t k = 0; k < s.n && !r; k++) {
			snprintf(path, sizeof(path), "%s/%s", dir, s.name[k]);
			rename_in(s.text[k], s.len[k], old, name);
			r = s.text[k] ? place_write(path, s.text[k], s.len[k], 0600) : -1;
		}
		memcpy(old, name, sizeof(old));
	}
	free_state(&s);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	return where->level ? remove(path) : 0;
}

int states_empty(const char *states)
{
	return nftw(states, remove_one, 8, FTW_DEPTH | FTW_PHYS) < 0 ? -1 : 0;
}

void states_remove(const char *states, const char *id, unsigned copies)
{
	char dir[PATH_MAX + 64], name[64];

	for (unsigned i = 0; i < copies; i++) {
		name_copy(name, sizeof(name), id, i);
		snprintf(dir, sizeof(dir), "%s/%s", states, name);
		(void)states_empty(dir); /* all goes with the tmpfs at last */
		(void)rmdir(dir);
	}
}
