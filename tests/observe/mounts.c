/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe.h"

/* The mounts, by /proc/self/mountinfo; the second one on the same place is "PLACE#2". */

enum { MOUNTS = 256 };

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Options in the order of the alphabet: theirs has no meaning. */
static const char *sorted(char *options, char *to)
{
	char *v[64], *rest = options, *word;
	size_t n = 0;

	while (n < 64 && (word = strsep(&rest, ",")))
		v[n++] = word;
	qsort(v, n, sizeof(*v), compare);
	*to = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(to, i ? "," : "");
		strcat(to, v[i]);
	}
	return to;
}

static int times_seen(const char *place)
{
	static char *seen[MOUNTS];
	static size_t n;
	int times = 1;

	for (size_t i = 0; i < n; i++)
		times += !strcmp(seen[i], place);
	if (n < MOUNTS)
		seen[n++] = strdup(place);
	return times;
}

/* The peer groups have numbers, which mean nothing; that there are any means all. */
static const char *propagation(const char *fields)
{
	bool shared = strstr(fields, "shared:"), slave = strstr(fields, "master:");

	if (strstr(fields, "unbindable"))
		return "unbindable";
	return shared ? slave ? "shared and slave" : "shared" : slave ? "slave" : "private";
}

static void observe_mount(char *line)
{
	char *v[6], *rest = line, *separator = strstr(line, " - "), name[4200], text[4096];
	char *type, *source, *super, place[4100];
	int times;

	if (!separator)
		return;
	*separator = '\0';
	super = separator + 3;
	type = strsep(&super, " ");
	source = strsep(&super, " ");
	for (size_t i = 0; i < 6; i++) {
		if (!(v[i] = strsep(&rest, " ")))
			return;
	}
	times = times_seen(v[4]);
	snprintf(place, sizeof(place), times > 1 ? "%s#%d" : "%s", v[4], times);
#define SAY(what, ...) \
	(snprintf(name, sizeof(name), "mount %s " what, place), say(name, __VA_ARGS__))
	SAY("type", "%s", type);
	SAY("root", "%s", v[3]);
	SAY("source", "%s", source);
	SAY("options", "%s", sorted(v[5], text));
	SAY("super", "%s", super ? sorted(super, text) : "");
	SAY("propagation", "%s", propagation(rest ? rest : ""));
#undef SAY
}

void observe_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	static char line[16384];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		observe_mount(line);
	}
	if (f)
		fclose(f);
}
