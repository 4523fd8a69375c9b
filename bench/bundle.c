/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static char *spec, *profile, *long_filter; /* texts of JSON */

/* --- texts --------------------------------------------------------------------------------------- */

static int edit(char **text, const char *what, const char *with)
{
	char *at = *text ? strstr(*text, what) : NULL, *edited;

	if (!at || asprintf(&edited, "%.*s%s%s", (int)(at - *text), *text, with,
			   at + strlen(what)) < 0) {
		fprintf(stderr, "bench: no '%s' in the config that 'jailrt spec' made\n", what);
		return -1;
	}
	free(*text);
	*text = edited;
	return 0;
}

static int insert_behind(char **text, const char *what, const char *more)
{
	char *with;
	int r = asprintf(&with, "%s%s", what, more);

	if (r < 0)
		return -1;
	r = edit(text, what, with);
	free(with);
	return r;
}

/* From the brace before the text to the one behind it, and a comma. */
static int cut_object(char *text, const char *what)
{
	char *at = strstr(text, what), *end;

	if (!at) {
		fprintf(stderr, "bench: no '%s' in the config that 'jailrt spec' made\n", what);
		return -1;
	}
	end = strchr(at, '}') + 1;
	while (at > text && *at != '{')
		at--;
	end += strspn(end, ", \n");
	memmove(at, end, strlen(end) + 1);
	return 0;
}

/* A copy of the object behind "name": in a text whose strings have no braces. */
static char *find_object(const char *text, const char *name)
{
	const char *at = strstr(text, name), *end;
	int depth = 0;

	at = at ? strchr(at, '{') : NULL;
	for (end = at; end && *end; end++) {
		depth += (*end == '{') - (*end == '}');
		if (!depth)
			return strndup(at, (size_t)(end - at) + 1);
	}
	fprintf(stderr, "bench: no object %s\n", name);
	return NULL;
}

/* --- what a config has more than `spec` writes --------------------------------------------------- */

/* Each piece is printed by put; sep goes between them, and behind the last one, too. */
static char *repeat(unsigned n, void (*put)(FILE *f, unsigned i))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (unsigned i = 0; f && i < n; i++)
		put(f, i);
	if (!f || fclose(f) != 0)
		return NULL;
	return text;
}

static void put_value(FILE *f, const char *call, unsigned value)
{
	fprintf(f,
		"{\"names\": [\"%s\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1, \"args\": "
		"[{\"index\": 0, \"value\": %u, \"op\": \"SCMP_CMP_EQ\"}]}, ",
		call, value);
}

/*
 * A few values of the first argument of each call that the engine's profile allows, all different, and some
 * more of the call that is measured: near 4,096 instructions, whoever compiles it.
 */
static void put_values(FILE *f)
{
	enum { EACH = 4, MEASURED = 60 };
	char *copy = strdup(profile), *list, *save = NULL;
	unsigned value = 1000000;

	list = copy ? strstr(copy, "\"_llseek\"") : NULL; /* it begins the long one */
	if (list)
		*strchr(list, ']') = '\0';
	for (char *s = list ? strtok_r(list, "\", ", &save) : NULL; s;
		s = strtok_r(NULL, "\", ", &save)) {
		for (int i = 0; i < EACH; i++, value += 2)
			put_value(f, s, value);
	}
	for (int i = 0; i < MEASURED; i++, value += 2)
		put_value(f, "personality", value);
	free(copy);
}

static void put_mount(FILE *f, unsigned i)
{
	fprintf(f,
		"{\"destination\": \"/m/%04u\", \"type\": \"bind\", \"source\": \"%s/source\", "
		"\"options\": [\"rbind\"]}, ",
		i, place.dir);
}

static void put_variable(FILE *f, unsigned i)
{
	fprintf(f, "\"V%04u=%01018u\", ", i, i); /* 1 KiB with its NUL */
}

static void put_mount_argument(FILE *f, unsigned i)
{
	fprintf(f, "--bind%c%s/source%c/m/%04u%c", 0, place.dir, 0, i, 0);
}

static void put_variable_argument(FILE *f, unsigned i)
{
	fprintf(f, "--setenv%cV%04u%c%01018u%c", 0, i, 0, i, 0);
}

static int add_extra(char **text, enum extra extra)
{
	char *more = NULL;
	int r = 0;

	if (extra == EXTRA_NONE)
		return 0;
	if (extra == EXTRA_PROFILE || extra == EXTRA_FILTER) {
		r = asprintf(&more, "\n\"seccomp\": %s,",
			extra == EXTRA_PROFILE ? profile : long_filter);
		r = r < 0 ? -1 : insert_behind(text, "\"linux\": {", more);
	} else if (extra == EXTRA_MOUNTS) {
		more = repeat(MANY_MOUNTS, put_mount);
		r = more ? insert_behind(text, "\"mounts\": [", more) : -1;
	} else {
		more = repeat(MANY_VARIABLES, put_variable);
		r = more ? insert_behind(text, "\"env\": [", more) : -1;
	}
	free(more);
	return r;
}

static int make_mount_points(void)
{
	char path[PATH_MAX + 64];
	int r = 0;

	for (unsigned i = 0; i < MANY_MOUNTS && !r; i++) {
		snprintf(path, sizeof(path), "%s/m/%04u", place.rootfs, i);
		r = place_make_dir(path);
	}
	return r;
}

/* --- bundles ------------------------------------------------------------------------------------- */

void bundle_name(const char *program, enum extra extra, bool net, char *ret, size_t size)
{
	static const char *const names[EXTRAS] = {
		[EXTRA_NONE] = "",
		[EXTRA_PROFILE] = "-profile",
		[EXTRA_FILTER] = "-filter",
		[EXTRA_MOUNTS] = "-mounts",
		[EXTRA_ENV] = "-env",
	};

	snprintf(ret, size, "%s/bundle-%s%s%s", place.dir, program, names[extra],
		net ? "" : "-no-net");
}

/* Older peers refuse a newer version than their own; nothing here needs one. */
static int write_bundle(
	const char *dir, const char *program, enum extra extra, bool net, char *text)
{
	char path[PATH_MAX + 128], with[PATH_MAX + 64];
	char *version = text ? strstr(text, "\"ociVersion\": \"1.") : NULL;
	int r;

	if (version)
		memcpy(version, "\"ociVersion\": \"1.0.0\"", 21);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	snprintf(with, sizeof(with), "\"path\": \"%s\"", place.rootfs);
	r = place_make_dir(dir) < 0 || edit(&text, "\"path\": \"rootfs\"", with) < 0 ||
	    edit(&text, "\"terminal\": true", "\"terminal\": false") < 0;
	snprintf(with, sizeof(with), "\"/bin/%s\"", program);
	r = r || edit(&text, "\"sh\"", with) < 0 ||
	    (!net && cut_object(text, "\"type\": \"network\"") < 0) ||
	    add_extra(&text, extra) < 0 || place_write(path, text, strlen(text), 0644) < 0;
	free(text);
	return r ? -1 : 0;
}

int bundle_make(const char *program, enum extra extra, bool net)
{
	char dir[PATH_MAX + 64];

	bundle_name(program, extra, net, dir, sizeof(dir));
	if (!access(dir, F_OK))
		return 0;
	if (extra == EXTRA_MOUNTS && make_mount_points() < 0)
		return -1;
	return write_bundle(dir, program, extra, net, strdup(spec));
}

int bundle_limit(unsigned kib)
{
	char dir[PATH_MAX + 64], more[128];
	char *text = strdup(spec);

	snprintf(dir, sizeof(dir), "%s/bundle-limit", place.dir);
	snprintf(more, sizeof(more), "\"memory\": {\"limit\": %u},", kib * 1024);
	if (insert_behind(&text, "\"resources\": {", more) < 0) {
		free(text);
		return -1;
	}
	return write_bundle(dir, "true", EXTRA_NONE, true, text);
}

/* --- files beside them --------------------------------------------------------------------------- */

void bundle_file(enum extra extra, const char *what, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s-%d", place.dir, what, extra);
}

static int write_profile(const char *jailrt, enum extra extra, const char *text)
{
	char json[PATH_MAX + 64], filter[PATH_MAX + 64], command[3 * PATH_MAX];
	int fd, r;

	bundle_file(extra, "profile", json, sizeof(json));
	bundle_file(extra, "filter", filter, sizeof(filter));
	if (place_write(json, text, strlen(text), 0644) < 0)
		return -1;
	fd = open(filter, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	snprintf(command, sizeof(command), "%s seccomp compile %s", jailrt, json);
	r = fd < 0 ? -1 : spawn_run(command, -1, fd, NULL);
	if (fd >= 0)
		close(fd);
	return r < 0 ? fprintf(stderr, "bench: '%s' failed\n", command), -1 : 0;
}

static int write_arguments(enum extra extra, unsigned n, void (*put)(FILE *f, unsigned i))
{
	char file[PATH_MAX + 64];
	FILE *f;

	bundle_file(extra, "args", file, sizeof(file));
	f = fopen(file, "we");
	for (unsigned i = 0; f && i < n; i++)
		put(f, i);
	return !f || fclose(f) != 0 ? place_complain(file) : 0;
}

/* The config that is published, and the same without the lines about cgroups. */
static int write_nine(const char *data)
{
	char path[2 * PATH_MAX], *text;
	int r;

	snprintf(path, sizeof(path), "%s/nsjail/blog-python-sandbox.cfg", data);
	text = place_read(path, NULL);
	if (!text)
		return place_complain(path);
	snprintf(path, sizeof(path), "%s/nine-cgroups.cfg", place.dir);
	r = place_write(path, text, strlen(text), 0644);
	for (char *s = text; (s = strstr(s, "\ncgroup_"));)
		s[1] = '#';
	snprintf(path, sizeof(path), "%s/nine.cfg", place.dir);
	r = r ? r : place_write(path, text, strlen(text), 0644);
	free(text);
	return r;
}

static int read_spec(const char *jailrt)
{
	char command[2 * PATH_MAX + 32], path[PATH_MAX + 64];

	snprintf(command, sizeof(command), "%s spec --bundle %s", jailrt, place.dir);
	if (spawn_run(command, -1, -1, NULL) < 0) {
		fprintf(stderr, "bench: '%s' failed\n", command);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/config.json", place.dir);
	spec = place_read(path, NULL);
	return spec ? 0 : place_complain(path);
}

static char *make_long_filter(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": "
		   "[\"SCMP_ARCH_X86_64\"], \"syscalls\": [");
	put_values(f);
	fseek(f, -2, SEEK_CUR); /* the last comma */
	fprintf(f, "]}");
	return fclose(f) ? NULL : text;
}

/* The profile is what podman wrote into a config. */
static int read_profiles(const char *data)
{
	char path[2 * PATH_MAX], *config;

	snprintf(path, sizeof(path), "%s/engine-configs/podman-run.config.json", data);
	config = place_read(path, NULL);
	profile = config ? find_object(config, "\"seccomp\"") : NULL;
	if (!config)
		place_complain(path);
	long_filter = profile ? make_long_filter() : NULL;
	free(config);
	return long_filter ? 0 : -1;
}

int bundle_begin(const char *jailrt, const char *data)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/source", place.dir);
	if (place_make_dir(path) < 0 || read_spec(jailrt) < 0 || read_profiles(data) < 0)
		return -1;
	return write_profile(jailrt, EXTRA_PROFILE, profile) < 0 ||
			       write_profile(jailrt, EXTRA_FILTER, long_filter) < 0 ||
			       write_arguments(EXTRA_MOUNTS, MANY_MOUNTS, put_mount_argument) < 0 ||
			       write_arguments(EXTRA_ENV, MANY_VARIABLES, put_variable_argument) < 0
		       ? -1
		       : write_nine(data);
}

void bundle_end(void)
{
	free(spec);
	free(profile);
	free(long_filter);
}
