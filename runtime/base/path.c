/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "fmt.h"
#include "own.h"
#include "sys.h"

enum { LINKS_MOST = 40, RETRIES = 128, DEPTH_MOST = 512 };

/*
 * The walk by hand. dirs is the chain of directories from the root to where we are: ".." goes back
 * along it, so it can never leave the root whatever is renamed meanwhile. A symlink's text is put in
 * front of what is left of the path.
 */
struct walk {
	int root;
	int dirs[64];
	int depth;
	int links;
	char rest[PATH_MAX];
};

static void walk_done(struct walk *w)
{
	while (w->depth > 0)
		close(w->dirs[--w->depth]);
}

static int walk_here(const struct walk *w)
{
	return w->depth ? w->dirs[w->depth - 1] : w->root;
}

static int walk_link(struct walk *w, int link, const char *after)
{
	char target[PATH_MAX], next[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (++w->links > LINKS_MOST)
		return -ELOOP;
	if (fmt_put(next, sizeof(next), "%s/%s", target, after) >= sizeof(next))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		walk_done(w);
	memcpy(w->rest, next, strlen(next) + 1);
	return 0;
}

static int walk_push(struct walk *w, int *dir)
{
	if (w->depth == (int)ARRAY_LEN(w->dirs))
		return -ENAMETOOLONG;
	w->dirs[w->depth++] = take_fd(dir);
	return 0;
}

/* The next component of w->rest; false at the end. One that is too long stays so, for open to refuse. */
static bool walk_next(struct walk *w, char name[static NAME_MAX + 2], const char **after)
{
	char *s = w->rest;
	size_t n;

	s += strspn(s, "/");
	n = strcspn(s, "/");
	if (!n)
		return false;
	*after = s + n;
	if (n > NAME_MAX)
		n = NAME_MAX + 1;
	memcpy(name, s, n);
	name[n] = '\0';
	return true;
}

static int walk_final(const struct walk *w, const char *name, int flags, mode_t mode)
{
	int fd = openat(walk_here(w), name, flags | O_NOFOLLOW | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

enum { WALK_ON = INT_MIN }; /* neither an fd nor an errno */

/* Goes one component on: WALK_ON, or the fd or failure that ends the walk. */
static int walk_step(struct walk *w, const char *name, const char *after, int flags, mode_t mode)
{
	bool last = !after[strspn(after, "/")];
	own_fd int at = -1;
	struct stat st;
	int r;

	if (!strcmp(name, "..") || !strcmp(name, ".")) {
		if (name[1] && w->depth)
			close(w->dirs[--w->depth]);
		memmove(w->rest, after, strlen(after) + 1);
		return WALK_ON;
	}
	at = openat(walk_here(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 && errno == ENOENT && last && (flags & O_CREAT))
		return walk_final(w, name, flags, mode);
	if (at < 0 || fstat(at, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && !(last && (flags & O_NOFOLLOW))) {
		r = walk_link(w, at, after);
		return r < 0 ? r : WALK_ON;
	}
	if (!S_ISDIR(st.st_mode)) {
		if (!last)
			return -ENOTDIR;
		if ((flags & O_PATH) && !(flags & O_DIRECTORY))
			return take_fd(&at);
		return walk_final(w, name, flags, mode);
	}
	memmove(w->rest, after, strlen(after) + 1);
	r = walk_push(w, &at);
	return r < 0 ? r : WALK_ON;
}

static int walk_open(struct walk *w, int flags, mode_t mode)
{
	char name[NAME_MAX + 2];
	const char *after;
	int r;

	while (walk_next(w, name, &after)) {
		r = walk_step(w, name, after, flags, mode);
		if (r != WALK_ON)
			return r;
	}
	return walk_final(w, ".", flags & ~(O_CREAT | O_EXCL), mode);
}

static int open_by_hand(int root, const char *path, int flags, mode_t mode)
{
	own(walk_done) struct walk w = {.root = root};

	if (strlen(path) >= sizeof(w.rest))
		return -ENAMETOOLONG;
	memcpy(w.rest, path, strlen(path) + 1);
	return walk_open(&w, flags, mode);
}

static int open_in_root(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int r = -EAGAIN;

	/* EAGAIN: something was renamed during a ".."; it may have been an attack, so ask again. */
	for (int i = 0; i < RETRIES && (r == -EAGAIN || r == -EINTR); i++)
		r = sys_openat2(root, *path ? path : "/", &how);
	/* A filter around us may answer EPERM for a call that it does not know. */
	if (r == -ENOSYS || r == -EPERM)
		return open_by_hand(root, path, flags, mode);
	return r;
}

int path_open(int root, const char *path, int flags, mode_t mode, struct err *e)
{
	int r = open_in_root(root, path, flags, mode);

	return r < 0 ? err_sys(e, -r, "'%s'", path) : r;
}

/* 0: made; 1: something of that name is there already. */
static int make_one(int dir, const char *name, bool file)
{
	int r;

	if (file)
		r = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);
	else
		r = mkdirat(dir, name, 0755);
	if (r < 0)
		return errno == EEXIST ? 1 : -errno;
	if (file)
		close(r);
	return 0;
}

/*
 * path[0..start) is a directory in which name is a symlink to something that is not there. Puts the
 * link's text in its place: what it points at, within the root, is what has to be made.
 */
static int splice_link(int dir, const char *name, char path[PATH_MAX], size_t start, size_t end)
{
	char target[PATH_MAX], spliced[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
	size_t len;

	if (n < 0)
		return errno == EINVAL ? 0 : -errno; /* made by somebody meanwhile: look again */
	target[n] = '\0';
	len = fmt_put(spliced, sizeof(spliced), "%.*s%s%s", target[0] == '/' ? 0 : (int)start, path,
		target, path + end);
	if (len >= sizeof(spliced))
		return -ENAMETOOLONG;
	memcpy(path, spliced, len + 1);
	return 0;
}

/*
 * Makes path[start..end) in the directory that the kernel finds for what stands before it. 1: there may
 * be more to make, and path may be rewritten; -ENOENT: that directory is not there.
 */
static int make_component(int root, char path[PATH_MAX], size_t start, size_t end, bool file)
{
	own_fd int dir = -1;
	char part[PATH_MAX];
	int r;

	memcpy(part, path, start);
	part[start] = '\0';
	dir = open_in_root(root, part, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return dir;
	memcpy(part, path + start, end - start);
	part[end - start] = '\0';
	r = make_one(dir, part, file && !path[end + strspn(path + end, "/")]);
	if (r == 1)
		r = splice_link(dir, part, path, start, end);
	return r < 0 ? r : 1;
}

/* 1: made the first component of path that is missing, there may be more to make; 0: nothing is missing. */
static int make_first_missing(int root, char path[PATH_MAX], bool file)
{
	size_t end = 0, start;

	for (;;) {
		own_fd int found = -1;
		char part[PATH_MAX];

		start = end + strspn(path + end, "/");
		end = start + strcspn(path + start, "/");
		if (start == end)
			return 0;
		memcpy(part, path, end);
		part[end] = '\0';
		found = open_in_root(root, part, O_PATH, 0);
		if (found == -ENOENT)
			return make_component(root, path, start, end, file);
		if (found < 0)
			return found;
	}
}

/* As a rule all but the last component are there; only else they are looked for one by one. */
static int make_missing(int root, char path[PATH_MAX], bool file)
{
	const char *slash = strrchr(path, '/');
	size_t start = slash ? (size_t)(slash - path) + 1 : 0;
	int r = make_component(root, path, start, strlen(path), file);

	return r == -ENOENT ? make_first_missing(root, path, file) : r;
}

int path_make(int root, const char *path, bool file, struct err *e)
{
	char rest[PATH_MAX];
	size_t len = strlen(path);
	int fd, r;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(rest))
		return err_sys(e, ENAMETOOLONG, "'%.100s…'", path);
	memcpy(rest, path, len);
	rest[len] = '\0';
	/* A step makes a component or follows a link; more than this is a loop or somebody's game. */
	for (int i = 0; i < DEPTH_MOST; i++) {
		fd = open_in_root(root, path, O_PATH, 0);
		if (fd != -ENOENT)
			return fd < 0 ? err_sys(e, -fd, "'%s'", path) : fd;
		r = make_missing(root, rest, file);
		if (r < 0)
			return err_sys(e, -r, "make '%s'", path);
	}
	return err_sys(e, ELOOP, "make '%s'", path);
}

int path_open_parent(int root, const char *path, bool make, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	int fd;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_set(e, EINVAL, "'%s' names no file", path);
	if (fmt_put(parent, sizeof(parent), "%.*s", (int)(name - path), path) >= sizeof(parent))
		return err_sys(e, ENAMETOOLONG, "'%.100s…'", path);
	if (make)
		fd = path_make(root, *parent ? parent : "/", false, e);
	else
		fd = path_open(root, *parent ? parent : "/", O_PATH | O_DIRECTORY, 0, e);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

static size_t join_part(char *dst, size_t size, size_t len, const char *path)
{
	while (*path && len < size) {
		size_t n = strcspn(path, "/");

		if (n == 2 && !memcmp(path, "..", 2)) {
			while (len && dst[--len] != '/')
				;
		} else if (n && !(n == 1 && *path == '.')) {
			if (len + n + 2 > size) /* '/', the part, NUL */
				return size;
			dst[len++] = '/';
			memcpy(dst + len, path, n);
			len += n;
		}
		path += n;
		path += *path == '/';
	}
	return len;
}

int path_join(char *dst, size_t size, const char *base, const char *path)
{
	size_t len = 0;

	if (path[0] != '/')
		len = join_part(dst, size, len, base);
	len = join_part(dst, size, len, path);
	if (len + (len ? 1 : 2) > size)
		return -ENAMETOOLONG;
	if (!len)
		dst[len++] = '/';
	dst[len] = '\0';
	return 0;
}

bool path_beneath(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true;
	return !strncmp(dir, path, n) && (!path[n] || path[n] == '/');
}

const char *path_of_fd(char buf[static 32], int fd)
{
	fmt_put(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}
