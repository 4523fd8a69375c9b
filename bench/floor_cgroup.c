/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "floor.h"

static void write_at(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		floor_die(file);
	close(fd);
}

/* Nobody can enter a new cpuset of cgroup v1 before it has something. */
static void fill_cpuset(const struct floor_hierarchy *h, int dir)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	int parent = open(h->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < 2; i++) {
		char text[4096];
		int fd = openat(parent, files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = read(fd, text, sizeof(text) - 1);

		if (n < 0)
			floor_die(files[i]);
		text[n] = '\0';
		close(fd);
		write_at(dir, files[i], text);
	}
	close(parent);
}

/* What the bundle's one rule, "none", means by the runtime-spec: none but the default devices. */
static void fill_devices(int dir)
{
	static const char *const allowed[] = {
		"c *:* m",
		"b *:* m",
		"c 1:3 rwm",
		"c 1:5 rwm",
		"c 1:7 rwm",
		"c 1:8 rwm",
		"c 1:9 rwm",
		"c 5:0 rwm",
		"c 5:1 rwm",
		"c 5:2 rwm",
		"c 136:* rwm",
	};
	int fd = openat(dir, "devices.allow", O_WRONLY | O_CLOEXEC);

	write_at(dir, "devices.deny", "a");
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		if (write(fd, allowed[i], strlen(allowed[i])) < 0)
			floor_die("devices.allow");
	}
	close(fd);
}

static void make_one(const struct floor_jail *j, struct floor_hierarchy *h)
{
	int dir;

	if (mkdir(h->path, 0755) < 0)
		floor_die(h->path);
	dir = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!strcmp(h->name, "cpuset"))
		fill_cpuset(h, dir);
	if (!strcmp(h->name, "devices"))
		fill_devices(dir);
	if (j->v2) {
		h->tasks = dir; /* what clone3 takes */
		return;
	}
	h->tasks = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
	if (h->tasks < 0)
		floor_die(h->path);
	close(dir);
}

void floor_cgroups_make(struct floor_jail *j)
{
	for (size_t i = 0; j->cgroup && i < j->n; i++)
		make_one(j, &j->hierarchies[i]);
}

void floor_cgroups_open(struct floor_jail *j)
{
	for (size_t i = 0; j->cgroup && i < j->n; i++) {
		struct floor_hierarchy *h = &j->hierarchies[i];
		char path[600];

		snprintf(path, sizeof(path), "%s/tasks", h->path);
		h->tasks = open(j->v2 ? h->path : path,
			(j->v2 ? O_RDONLY | O_DIRECTORY : O_WRONLY) | O_CLOEXEC);
		if (h->tasks < 0)
			floor_die(path);
	}
}

void floor_cgroups_enter(const struct floor_jail *j)
{
	for (size_t i = 0; j->cgroup && !j->v2 && i < j->n; i++) {
		if (write(j->hierarchies[i].tasks, "0", 1) < 0)
			floor_die(j->hierarchies[i].path);
	}
}

void floor_cgroups_remove(const struct floor_jail *j)
{
	for (size_t i = 0; j->cgroup && i < j->n; i++) {
		if (rmdir(j->hierarchies[i].path) < 0)
			floor_die(j->hierarchies[i].path);
	}
}
