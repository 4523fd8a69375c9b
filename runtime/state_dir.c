/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "state.h"

/* The directory of a container: that it is there is what makes an id taken, and who has it locked may change it. */

int state_check_id(const char *id, struct err *e)
{
	static const char good[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";

	if (!*id)
		return err_set(e, EINVAL, "container id is empty");
	if (strlen(id) > 255)
		return err_set(e, EINVAL, "container id is longer than 255 bytes");
	if (!strcmp(id, ".") || !strcmp(id, "..") || id[strspn(id, good)]) {
		err_set(e, EINVAL, "invalid container id '%.300s'", id);
		return err_fix(e, "use letters, digits, and _ + - . only");
	}
	return 0;
}

/* mkdir -p: what is above the last directory is the system's. */
static int make_dirs(const char *path, struct err *e)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return err_sys(e, ENAMETOOLONG, "'%.200s…'", path);
	for (const char *s = path + (*path == '/');; s++) {
		if (*s && *s != '/')
			continue;
		memcpy(part, path, (size_t)(s - path));
		part[s - path] = '\0';
		if (mkdir(part, *s ? 0755 : 0711) < 0 && errno != EEXIST)
			return err_sys(e, errno, "make '%s'", part);
		if (!*s)
			return 0;
	}
}

int state_open_root(const char *root, bool make, struct err *e)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		TRY(make_dirs(root, e));
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_sys(e, errno, "state directory '%s'", root) : fd;
}

static int in_use(const char *id, struct err *e)
{
	return err_set(e, EEXIST, "container with given ID already exists: '%s'", id);
}

static bool is_linked(int dir)
{
	struct stat st;

	return !fstat(dir, &st) && st.st_nlink;
}

int state_claim(int root, const char *id, struct err *e)
{
	/*
	 * Before it is locked, who deletes by force may take it for one that a creator left who was killed,
	 * and yet another creator may make it again.
	 */
	for (;;) {
		own_fd int dir = -1;

		if (mkdirat(root, id, 0700) < 0)
			return errno == EEXIST
				       ? in_use(id, e)
				       : err_sys(e, errno, "make the state directory of '%s'", id);
		dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0 && errno == ENOENT)
			continue;
		if (dir < 0 || flock(dir, LOCK_EX) < 0) {
			int code = errno;

			(void)unlinkat(root, id, AT_REMOVEDIR); /* ours, and empty */
			return err_sys(e, code, "lock the container '%s'", id);
		}
		if (!is_linked(dir))
			continue;
		return faccessat(dir, STATE_FILE, F_OK, 0) ? take_fd(&dir) : in_use(id, e);
	}
}

/* Another command may be at work; one that hangs must not hang us. */
static int lock(int dir, const char *id, struct err *e)
{
	enum { PATIENCE_MS = 10000 };

	for (int waited = 0; flock(dir, LOCK_EX | LOCK_NB) < 0; waited += 10) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, errno, "lock the container '%s'", id);
		if (waited >= PATIENCE_MS)
			return err_set(
				e, EBUSY, "another command is at work on the container '%s'", id);
		sys_pause_ms(10);
	}
	return 0;
}

static int no_such(const char *id, struct err *e)
{
	return err_set(e, ENOENT, "container does not exist: '%s'", id);
}

int state_check_there(int dir, const char *id, struct err *e)
{
	return is_linked(dir) ? 0 : no_such(id, e);
}

int state_lock(int dir, const char *id, struct err *e)
{
	TRY(lock(dir, id, e));
	/* Who had the lock before may have deleted it. */
	return state_check_there(dir, id, e);
}

int state_open(int root, const char *id, bool lock_it, struct err *e)
{
	own_fd int dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return no_such(id, e);
	if (dir < 0)
		return err_sys(e, errno, "open the state of '%s'", id);
	TRY(lock_it ? state_lock(dir, id, e) : state_check_there(dir, id, e));
	return take_fd(&dir);
}

static int remove_files(int dir, const char *id, int depth, struct err *e);

/* A container that could make its read-only folder writable may have left anything in it. */
static int remove_folder(int dir, const char *name, const char *id, int depth, struct err *e)
{
	own_fd int fd = fd_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);

	TRY(fd);
	if (depth > 32)
		return err_set(e, ELOOP, "the folders of container '%s' are too deep", id);
	TRY(remove_files(fd, id, depth + 1, e));
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove '%s' of container '%s'", name, id);
	return 0;
}

static int remove_file(int dir, const char *name, const char *id, int depth, struct err *e)
{
	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return 0;
	if (errno == EISDIR)
		return remove_folder(dir, name, id, depth, e);
	return err_sys(e, errno, "remove '%s' of container '%s'", name, id);
}

/* Also the temporary file that a creator leaves who was killed in the middle of a write. */
static int remove_files(int dir, const char *id, int depth, struct err *e)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	/* Without an fd for the list it is made empty by heart; if that is not all, rmdir tells. */
	if (!d) {
		own_close(&copy);
		(void)unlinkat(dir, STATE_FILE, 0);
		(void)unlinkat(dir, START_SOCKET, 0);
		(void)unlinkat(dir, "config", 0);
		return 0;
	}
	while (!r && (entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = remove_file(dir, entry->d_name, id, depth, e);
	}
	closedir(d);
	return r;
}

bool state_is_empty(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		own_close(&copy);
		return false;
	}
	while (n < 3 && readdir(d))
		n++;
	closedir(d);
	return n == 2; /* itself, and where it is */
}

int state_remove(int root, const char *id, int dir, struct err *e)
{
	TRY(remove_files(dir, id, 0, e));
	if (unlinkat(root, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove the state directory of '%s'", id);
	return 0;
}
