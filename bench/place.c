/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bench.h"

struct place place = {.errors = -1};

static int complain(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return -1;
}

int place_make_dir(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? complain(path) : 0;
}

/* --- small files --------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, size = 1 << 20;
	char *text = malloc(size);
	ssize_t n = -1;

	while (fd >= 0 && text && len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return text;
}

static int write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)len ? 0 : complain(path);
}

/* --- the view of the host ------------------------------------------------------------------------ */

/*
 * crun does not run where cgroup v1 and v2 are mounted side by side. The v2 mount of such a host has no
 * controllers: it is taken out of sight of all alike. An empty tmpfs takes its place, for what
 * contestants write there would otherwise stay in the tmpfs of /sys/fs/cgroup, under the host's mount.
 */
static int hide_unified(void)
{
	static const char unified[] = "/sys/fs/cgroup/unified";
	struct statfs fs;

	if (statfs(unified, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return 0;
	if (umount2(unified, MNT_DETACH) < 0 || mount("tmpfs", unified, "tmpfs", 0, "mode=755") < 0)
		return complain(unified);
	place.hidden = true;
	return 0;
}

/* The caller's path in the hierarchy that has the controller, from /proc/self/cgroup. */
static void own_path(const char *cgroups, const char *controllers, char *ret, size_t size)
{
	char copy[4096], *save = NULL;

	snprintf(ret, size, "/");
	snprintf(copy, sizeof(copy), "%s", cgroups);
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(l, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		const char *found;
		size_t n;

		if (!path)
			continue;
		n = strcspn(list + 1, ",:");
		*path++ = '\0';
		if (!n) {
			if (!*controllers)
				snprintf(ret, size, "%s", path);
			continue;
		}
		list[1 + n] = '\0';
		found = strstr(controllers, list + 1);
		if (found && (found[n] == ',' || !found[n]))
			snprintf(ret, size, "%s", path);
	}
}

static void add_hierarchy(const char *at, const char *name, const char *path)
{
	struct hierarchy *h = &place.hierarchies[place.n_hierarchies];

	if (place.n_hierarchies == COUNT(place.hierarchies))
		return;
	place.n_hierarchies++;
	snprintf(h->name, sizeof(h->name), "%s", name);
	snprintf(h->dir, sizeof(h->dir), "%s%s", at, strcmp(path, "/") ? path : "");
}

/* mountinfo: "36 31 0:30 ROOT AT OPTIONS … - cgroup SOURCE rw,cpu,cpuacct" */
static void add_from_mount(char *line, const char *cgroups)
{
	char *tail = strstr(line, " - cgroup "), *super, *fields[5], *save = NULL, own[1024];

	if (!tail)
		return;
	super = strrchr(tail, ' ') + 1;
	*tail = '\0';
	for (size_t i = 0; i < COUNT(fields); i++) {
		fields[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!fields[i])
			return;
	}
	own_path(cgroups, super, own, sizeof(own));
	/* In a container only a part of the hierarchy is mounted, and we are at its top. */
	add_hierarchy(fields[4], strrchr(fields[4], '/') + 1, strcmp(fields[3], "/") ? "/" : own);
}

static int find_hierarchies(void)
{
	char *mounts = read_file("/proc/self/mountinfo", NULL), *save = NULL;
	char *cgroups = read_file("/proc/self/cgroup", NULL), own[1024];
	struct statfs fs;

	if (!mounts || !cgroups)
		return complain("/proc/self");
	place.v2 = !statfs("/sys/fs/cgroup", &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
	if (place.v2) {
		own_path(cgroups, "", own, sizeof(own));
		add_hierarchy("/sys/fs/cgroup", "", own);
	}
	for (char *l = strtok_r(mounts, "\n", &save); l && !place.v2;
		l = strtok_r(NULL, "\n", &save))
		add_from_mount(l, cgroups);
	free(mounts);
	free(cgroups);
	return 0;
}

/* --- bundles ------------------------------------------------------------------------------------- */

static int edit(char **text, const char *what, const char *with)
{
	char *at = strstr(*text, what), *edited;

	if (!at || asprintf(&edited, "%.*s%s%s", (int)(at - *text), *text, with,
			   at + strlen(what)) < 0) {
		fprintf(stderr, "bench: no '%s' in the config that 'jailrt spec' made\n", what);
		return -1;
	}
	free(*text);
	*text = edited;
	return 0;
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

/* Older peers refuse a newer version than their own; nothing here needs one. */
static int make_bundle(const char *spec, const char *program, bool net)
{
	char dir[PATH_MAX + 64], path[PATH_MAX + 128], with[PATH_MAX + 64];
	char *text = strdup(spec), *version = text ? strstr(text, "\"ociVersion\": \"1.") : NULL;
	int r;

	if (version)
		memcpy(version, "\"ociVersion\": \"1.0.0\"", 21);
	snprintf(dir, sizeof(dir), "%s/bundle-%s%s", place.dir, program, net ? "" : "-no-net");
	snprintf(path, sizeof(path), "%s/config.json", dir);
	snprintf(with, sizeof(with), "\"path\": \"%s\"", place.rootfs);
	r = place_make_dir(dir) < 0 || edit(&text, "\"path\": \"rootfs\"", with) < 0 ||
	    edit(&text, "\"terminal\": true", "\"terminal\": false") < 0;
	snprintf(with, sizeof(with), "\"/bin/%s\"", program);
	r = r || edit(&text, "\"sh\"", with) < 0 ||
	    (!net && cut_object(text, "\"type\": \"network\"") < 0) ||
	    write_file(path, text, strlen(text), 0644) < 0;
	free(text);
	return r ? -1 : 0;
}

static int make_bundles(const char *jailrt)
{
	char command[2 * PATH_MAX + 32], path[PATH_MAX + 64];
	char *spec;
	int r;

	snprintf(command, sizeof(command), "%s spec --bundle %s", jailrt, place.dir);
	if (spawn_run(command, -1, -1, NULL) < 0) {
		fprintf(stderr, "bench: '%s' failed\n", command);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/config.json", place.dir);
	spec = read_file(path, NULL);
	if (!spec)
		return complain(path);
	r = make_bundle(spec, "true", true) < 0 || make_bundle(spec, "true", false) < 0 ||
	    make_bundle(spec, "wait", true) < 0;
	free(spec);
	return r ? -1 : 0;
}

/* The mount points are there before: nobody pays for being the first. */
static int make_rootfs(const char *payload)
{
	static const char *const dirs[] = {"", "/bin", "/proc", "/dev", "/sys"};
	static const char *const programs[] = {"true", "wait"};
	char path[PATH_MAX + 64];
	size_t len;
	char *text = read_file(payload, &len);
	int r = text ? 0 : complain(payload);

	for (size_t i = 0; !r && i < COUNT(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", place.rootfs, dirs[i]);
		r = place_make_dir(path);
	}
	for (size_t i = 0; !r && i < COUNT(programs); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", place.rootfs, programs[i]);
		r = write_file(path, text, len, 0755);
	}
	free(text);
	return r;
}

/* --- all of it ----------------------------------------------------------------------------------- */

/*
 * All that is mounted here is mounted for us alone, and gone with us. Orphaned containers become our
 * children: that is how an engine's monitor keeps them, and their CPU time is found.
 */
int place_make(const char *jailrt, const char *payload)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX + 64];

	snprintf(place.dir, sizeof(place.dir), "%s/jailrt-bench.XXXXXX", tmp ? tmp : "/tmp");
	if (strchr(place.dir, ' ')) {
		fprintf(stderr, "bench: TMPDIR may hold no blank\n");
		return -1;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || unshare(CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return complain("a mount namespace");
	if (!mkdtemp(place.dir) || mount("tmpfs", place.dir, "tmpfs", 0, "mode=755") < 0)
		return complain(place.dir);
	snprintf(path, sizeof(path), "%s/errors", place.dir);
	place.errors = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	snprintf(place.rootfs, sizeof(place.rootfs), "%.4000s/rootfs", place.dir);
	if (place.errors < 0)
		return complain(path);
	return hide_unified() < 0 || find_hierarchies() < 0 || make_rootfs(payload) < 0 ||
			       make_bundles(jailrt) < 0
		       ? -1
		       : 0;
}

void place_remove(void)
{
	if (umount2(place.dir, MNT_DETACH) < 0 || rmdir(place.dir) < 0)
		complain(place.dir);
}

/* --- copies of states ---------------------------------------------------------------------------- */

/* The name of a copy is as long as the id: files keep their sizes, and lengths in them stay true. */
static void name_copy(char *ret, size_t size, const char *id, unsigned number)
{
	snprintf(ret, size, "%.*s%04u", (int)strlen(id) - 4, id, number);
}

static int copy_file(const char *from, const char *to, const char *id, const char *name)
{
	size_t len, n = strlen(id);
	char *text = read_file(from, &len), *s;
	int r;

	if (!text)
		return complain(from);
	for (s = text; (s = memmem(s, (size_t)(text + len - s), id, n)); s += n)
		memcpy(s, name, n);
	r = write_file(to, text, len, 0600);
	free(text);
	return r;
}

/* Of each regular file in states/id; what else is there (sockets) belongs to the one real container. */
static int each_file(const char *states, const char *id, const char *name, bool remove_it)
{
	char dir[PATH_MAX + 64], from[PATH_MAX + 400], to[PATH_MAX + 400];
	struct dirent *entry;
	int r = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", states, remove_it ? name : id);
	d = opendir(dir);
	while (d && r >= 0 && (entry = readdir(d))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(from, sizeof(from), "%s/%s", dir, entry->d_name);
		snprintf(to, sizeof(to), "%s/%s/%s", states, name, entry->d_name);
		r = remove_it ? unlink(to) : copy_file(from, to, id, name);
	}
	if (d)
		closedir(d);
	return d ? r : -1;
}

int place_copy_state(const char *states, const char *id, unsigned copies)
{
	char dir[PATH_MAX + 64], name[64];

	for (unsigned i = 0; i < copies; i++) {
		name_copy(name, sizeof(name), id, i);
		snprintf(dir, sizeof(dir), "%s/%s", states, name);
		if (place_make_dir(dir) < 0 || each_file(states, id, name, false) < 0)
			return -1;
	}
	return 0;
}

void place_remove_copies(const char *states, const char *id, unsigned copies)
{
	char dir[PATH_MAX + 64], name[64];

	for (unsigned i = 0; i < copies; i++) {
		name_copy(name, sizeof(name), id, i);
		snprintf(dir, sizeof(dir), "%s/%s", states, name);
		(void)each_file(states, id, name, true); /* all goes with the tmpfs at last */
		(void)rmdir(dir);
	}
}
