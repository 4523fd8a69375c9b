/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "observe.h"

static char kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFLNK:
		return 'l';
	}
	return '?';
}

/* "c 0666 0:0 1:3"; links: where to. */
static void describe(int folder, const char *name, const struct stat *st, char *to, size_t size)
{
	char target[512] = "", device[32] = "";
	ssize_t n;

	if (S_ISLNK(st->st_mode) && (n = readlinkat(folder, name, target, sizeof(target) - 1)) > 0)
		target[n] = '\0';
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		snprintf(device, sizeof(device), "%u:%u", major(st->st_rdev), minor(st->st_rdev));
	/* A masked file: its owner is the host's affair. */
	if (*device && !strncmp(name, "masked", 6)) {
		snprintf(to, size, "%c %s", kind_of(st->st_mode), device);
		return;
	}
	snprintf(to, size, "%c %04o %u:%u %s%s", kind_of(st->st_mode), st->st_mode & 07777,
		st->st_uid, st->st_gid, device, target);
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

static void observe_folder(const char *path)
{
	struct dirent **all = NULL;
	int n = scandir(path, &all, not_dots, alphasort), folder = open(path, O_PATH | O_DIRECTORY);
	char name[512], text[1024];
	struct stat st;

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "file %s/%s", strcmp(path, "/") ? path : "",
			all[i]->d_name);
		if (fstatat(folder, all[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			snprintf(text, sizeof(text), "(%s)", word_of(errno));
		else
			describe(folder, all[i]->d_name, &st, text, sizeof(text));
		say(name, "%s", text);
	}
	close(folder);
}

/* Descriptors by what they are; the folder that is read here is none of those that were there. */
static void observe_descriptors(void)
{
	char name[64], path[64], target[512];
	struct stat st;

	for (int fd = 0; fd < 64; fd++) {
		ssize_t n;

		snprintf(name, sizeof(name), "descriptor %d", fd);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (fstat(fd, &st) < 0 || (n = readlink(path, target, sizeof(target) - 1)) < 0)
			continue;
		target[n] = '\0';
		/* "pipe:[1234]" */
		target[strcspn(target, "[")] = '\0';
		say(name, "%c %s %#o", kind_of(st.st_mode), target,
			fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH));
	}
}

/* What masked and read-only paths are about: is it there, what can be read and opened for writing. */
static void observe_path(const char *path)
{
	char name[128], c;
	struct statvfs fs;
	struct stat st;
	int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), reading = in < 0 ? errno : 0;
	int out = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK), writing = out < 0 ? errno : 0;
	const char *has = "";

	snprintf(name, sizeof(name), "path %s", path);
	if (stat(path, &st) < 0 || statvfs(path, &fs) < 0) {
		say(name, "(%s)", word_of(errno));
		return;
	}
	if (S_ISREG(st.st_mode) && in >= 0)
		has = read(in, &c, 1) > 0 ? " contents" : " empty";
	if (S_ISDIR(st.st_mode)) {
		struct dirent **all = NULL;

		has = scandir(path, &all, not_dots, alphasort) > 0 ? " entries" : " empty";
	}
	say(name, "%c%s read %s write %s%s", kind_of(st.st_mode), has, word_of(reading),
		word_of(writing), fs.f_flag & ST_RDONLY ? " read-only" : "");
	close(in);
	close(out);
}

void observe_files(void)
{
	static const char *const folders[] = {"/", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue",
		"/sys/fs/cgroup", "/copied", "/data"};
	static const char *const paths[] = {"/proc/acpi", "/proc/asound", "/proc/kcore",
		"/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
		"/proc/sched_debug", "/proc/scsi", "/proc/interrupts", "/sys/firmware",
		"/sys/fs/selinux", "/sys/dev/block", "/proc/bus", "/proc/fs", "/proc/irq",
		"/proc/sys", "/proc/sys/kernel/msgmax", "/proc/sysrq-trigger", "/sys/devices",
		"/sys/fs/cgroup", "/dev/null", "/dev/tty", "/masked-file", "/masked-folder",
		"/read-only", "/read-only/file"};
	struct stat st;
	char text[1024];

	observe_descriptors();
	if (!stat("/", &st)) {
		describe(AT_FDCWD, "/", &st, text, sizeof(text));
		say("file /", "%s", text);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		observe_folder(folders[i]);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		observe_path(paths[i]);
}
