/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static bool with_cgroup(const struct fill *f)
{
	return f->w->cgroups == CGROUPS_OWN ||
	       (f->w->cgroups == CGROUPS_ANY && f->c->dialect->oci && !f->c->has_manager);
}

static void fill_cgroup(const struct fill *f, char *ret, size_t size)
{
	size_t n = 0;

	if (with_cgroup(f))
		n = (size_t)snprintf(ret, size, "--cgroup %s", f->id);
	for (size_t i = 0; i < place.n_hierarchies && n < size; i++)
		n += (size_t)snprintf(ret + n, size - n, " --hierarchy %s=%s",
			place.hierarchies[i].name, place.hierarchies[i].dir);
}

/* What a config would say: for the floor by options, for bubblewrap by its stdin. */
static void fill_extra(const struct fill *f, char *ret, size_t size)
{
	char file[PATH_MAX + 64];
	bool filter = f->w->extra == EXTRA_PROFILE || f->w->extra == EXTRA_FILTER;

	if (f->w->extra == EXTRA_NONE)
		return;
	if (f->c->dialect == &dialect_bwrap)
		snprintf(ret, size, "%s", filter ? "--seccomp 0" : "--args 0");
	else if (filter)
		snprintf(ret, size, "--filter %s",
			(bundle_file(f->w->extra, "filter", file, sizeof(file)), file));
	else if (f->w->extra == EXTRA_MOUNTS)
		snprintf(ret, size, "--binds %d", MANY_MOUNTS);
	else
		snprintf(ret, size, "--variables %d", MANY_VARIABLES);
}

int words_stdin(const struct fill *f, const char *text)
{
	bool filter = strstr(text, " --seccomp 0 ") != NULL;
	char file[PATH_MAX + 64];

	if (!filter && !strstr(text, " --args 0 "))
		return -1;
	bundle_file(f->w->extra, filter ? "filter" : "args", file, sizeof(file));
	return open(file, O_RDONLY | O_CLOEXEC);
}

static void fill_bundle(const struct fill *f, char *ret, size_t size)
{
	if (f->bundle)
		snprintf(ret, size, "%s", f->bundle);
	else
		bundle_name(f->program, f->w->extra, !f->w->no_net, ret, size);
}

static void fill_net(const struct fill *f, char *ret, size_t size)
{
	if (!f->w->no_net)
		snprintf(ret, size, "%s",
			f->c->dialect == &dialect_bwrap ? "--unshare-net" : "--net");
}

static void fill_word(const struct fill *f, const char *word, char *ret, size_t size)
{
	*ret = '\0';
	if (!strcmp(word, "exe"))
		snprintf(ret, size, "%s", f->c->exe);
	else if (!strcmp(word, "states"))
		snprintf(ret, size, "%s", f->c->states);
	else if (!strcmp(word, "manager") && f->c->has_manager)
		snprintf(
			ret, size, "--cgroup-manager=%s", with_cgroup(f) ? "cgroupfs" : "disabled");
	else if (!strcmp(word, "bundle"))
		fill_bundle(f, ret, size);
	else if (!strcmp(word, "rootfs"))
		snprintf(ret, size, "%s", place.rootfs);
	else if (!strcmp(word, "program"))
		snprintf(ret, size, "%s", f->program);
	else if (!strcmp(word, "id"))
		snprintf(ret, size, "%s", f->id);
	else if (!strcmp(word, "net"))
		fill_net(f, ret, size);
	else if (!strcmp(word, "cgroup"))
		fill_cgroup(f, ret, size);
	else if (!strcmp(word, "extra"))
		fill_extra(f, ret, size);
	else if (!strcmp(word, "port"))
		snprintf(ret, size, "%u", f->port);
	else if (!strcmp(word, "nine"))
		snprintf(ret, size, "%s/nine%s.cfg", place.dir, with_cgroup(f) ? "-cgroups" : "");
}

void words_fill(const struct fill *f, enum verb verb, char ret[static WORDS_TEXT])
{
	const char *s = f->c->dialect->verbs[verb];
	char word[32];
	size_t n = 0;

	while (*s && n < WORDS_TEXT - 1) {
		size_t len = strcspn(s, "{");

		n += (size_t)snprintf(ret + n, WORDS_TEXT - n, "%.*s", (int)len, s);
		s += len;
		if (!*s || n >= WORDS_TEXT)
			break;
		len = strcspn(++s, "}");
		snprintf(word, sizeof(word), "%.*s", (int)len, s);
		s += len + 1;
		fill_word(f, word, ret + n, WORDS_TEXT - n);
		n += strlen(ret + n);
	}
}

void words_id(const struct contestant *c, unsigned slot, char *ret, size_t size)
{
	snprintf(ret, size, "bench-%s-%d-%cxxx", c->name, getpid(), 'a' + slot % 26);
	if (slot >= 26)
		snprintf(ret + strlen(ret) - 2, 3, "%02u", slot % 100);
}
