/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bench.h"

struct place place = {.errors = -1};
static bool made; /* the directory */

int place_complain(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return -1;
}

int place_make_dir(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? place_complain(path) : 0;
}

/* --- small files --------------------------------------------------------------------------------- */

char *place_read(const char *path, size_t *ret_len)
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

int place_write(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)len ? 0 : place_complain(path);
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
		return place_complain(unified);
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

/* On v2, up to where cgroups get controllers: the caller may sit where none are passed on. */
static void go_up(char *path)
{
	char file[2048];

	while (strcmp(path, "/")) {
		char *last = strrchr(path, '/'), *text;
		bool passes;

		snprintf(file, sizeof(file), "/sys/fs/cgroup%s/cgroup.subtree_control", path);
		text = place_read(file, NULL);
		passes = text && strlen(text) > 1;
		free(text);
		if (passes)
			return;
		last[last == path] = '\0';
	}
}

static int find_hierarchies(void)
{
	char *mounts = place_read("/proc/self/mountinfo", NULL), *save = NULL;
	char *cgroups = place_read("/proc/self/cgroup", NULL), own[1024];
	struct statfs fs;

	if (!mounts || !cgroups)
		return place_complain("/proc/self");
	(void)getloadavg(&place.load, 1);
	place.v2 = !statfs("/sys/fs/cgroup", &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
	if (place.v2) {
		own_path(cgroups, "", own, sizeof(own));
		go_up(own);
		add_hierarchy("/sys/fs/cgroup", "", own);
	}
	for (char *l = strtok_r(mounts, "\n", &save); l && !place.v2;
		l = strtok_r(NULL, "\n", &save))
		add_from_mount(l, cgroups);
	free(mounts);
	free(cgroups);
	return 0;
}

/* --- the place ----------------------------------------------------------------------------------- */

/* The mount points are there before: nobody pays for being the first. */
static int make_rootfs(const char *payload)
{
	static const char *const dirs[] = {"", "/bin", "/proc", "/dev", "/sys", "/m"};
	static const char *const programs[] = {"true", "wait", "calls", "looks"};
	char path[PATH_MAX + 64];
	size_t len;
	char *text = place_read(payload, &len);
	int r = text ? 0 : place_complain(payload);

	for (size_t i = 0; !r && i < COUNT(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", place.rootfs, dirs[i]);
		r = place_make_dir(path);
	}
	for (size_t i = 0; !r && i < COUNT(programs); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", place.rootfs, programs[i]);
		r = place_write(path, text, len, 0755);
	}
	free(text);
	return r;
}

/* Cgroups of a bench that was killed: words_id says how they are named. */
static void sweep(const struct hierarchy *h)
{
	char path[PATH_MAX + 300];
	struct dirent *entry;
	DIR *d = opendir(h->dir);

	while (d && (entry = readdir(d))) {
		const char *dash = strrchr(entry->d_name, '-');
		pid_t pid;

		if (strncmp(entry->d_name, "bench-", 6) || !dash)
			continue;
		while (--dash > entry->d_name && *dash != '-')
			;
		pid = (pid_t)strtol(dash + 1, NULL, 10);
		if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", h->dir, entry->d_name);
		(void)rmdir(path); /* somebody may still be in it */
	}
	if (d)
		closedir(d);
}

/*
 * All that is mounted here is mounted for us alone, and gone with us. Orphaned containers become our
 * children: that is how an engine's monitor keeps them, and their CPU time is found.
 */
int place_make(const char *payload)
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
		return place_complain("a mount namespace");
	made = mkdtemp(place.dir);
	if (!made || mount("tmpfs", place.dir, "tmpfs", 0, "mode=755") < 0)
		return place_complain(place.dir);
	snprintf(path, sizeof(path), "%s/errors", place.dir);
	place.errors = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	snprintf(place.rootfs, sizeof(place.rootfs), "%.4000s/rootfs", place.dir);
	if (place.errors < 0)
		return place_complain(path);
	if (hide_unified() < 0 || find_hierarchies() < 0 || make_rootfs(payload) < 0)
		return -1;
	for (size_t i = 0; i < place.n_hierarchies; i++)
		sweep(&place.hierarchies[i]);
	return 0;
}

void place_remove(void)
{
	if (!made)
		return;
	if (umount2(place.dir, MNT_DETACH) < 0 || rmdir(place.dir) < 0)
		place_complain(place.dir);
}
