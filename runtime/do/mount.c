/* SPDX-License-Identifier: Apache-2.0 */
#include "mount.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../spec/names.h"
#include "../base/copy.h"
#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/mnt.h"
#include "../base/path.h"
#include "../base/sys.h"

static int open_target(int root, const char *path, bool file, struct mnt_target *ret, struct err *e)
{
	int fd = path_make(root, path, file, e);

	*ret = (struct mnt_target){.fd = fd, .root = root, .path = path};
	return fd;
}

static bool is_dir(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISDIR(st.st_mode);
}

/* --- filesystems ------------------------------------------------------------------------------- */

/* Opens a target that no symlink may lead to: a directory made component by component. */
static int open_plain_target(int root, const char *path, struct mnt_target *ret, struct err *e)
{
	own_fd int dir = -1, fd = -1;
	const char *name;
	struct stat st;

	dir = path_open_parent(root, path, true, &name, e);
	TRY(dir);
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, errno, "make '%s'", path);
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "'%s'", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "'%s' is %s, not a directory", path,
			S_ISLNK(st.st_mode) ? "a symlink" : "a file");
	*ret = (struct mnt_target){.fd = fd, .root = root, .path = path};
	return take_fd(&fd);
}

static int set_propagation(int mount, uint64_t how, bool recursive, struct err *e)
{
	const struct mnt_change c = {.propagation = how, .recursive = recursive};

	return mnt_change(mount, &c, e);
}

static int set_label(int mount, const char *label, struct err *e)
{
	char path[32];

	if (syscall(SYS_setxattr, path_of_fd(path, mount), "security.selinux", label,
		    strlen(label) + 1, 0) < 0)
		return err_sys(e, errno, "label the mount '%s'", label);
	return 0;
}

static struct mnt_fs fs_of(const struct step_mount *s)
{
	return (struct mnt_fs){
		.type = s->type,
		.source = s->source,
		.options = s->options.v,
		.n_options = s->options.n,
		.super = s->super,
		.attributes = s->attributes,
	};
}

int mount_new(const struct step_mount *s, int ids, struct err *e)
{
	const struct mnt_fs fs = fs_of(s);
	own_fd int mount = mnt_new(&fs, e);

	TRY(mount);
	if (ids >= 0)
		TRY(mnt_map_ids(mount, ids, false, e));
	return take_fd(&mount);
}

/* Puts what the parent opened onto the target, and returns an fd of it. */
static int attach_tree(int tree, const struct mnt_target *to, struct err *e)
{
	int mount;

	TRY(mnt_attach(tree, to, e));
	mount = dup(tree);
	return mount < 0 ? err_sys(e, errno, "keep the mount's fd") : mount;
}

/* A tmpfs that begins as what it covers has its mode, too, unless the config gives one. */
static int copy_mode(const struct step_mount *s, int covered, int mount, struct err *e)
{
	struct stat st;

	list_each (i, s->options) {
		if (!strncmp(s->options.v[i], "mode=", 5))
			return 0;
	}
	if (fstat(covered, &st) < 0 || fchmodat(mount, ".", st.st_mode & 07777, 0) < 0)
		return err_sys(e, errno, "copy the mode of '%s'", s->target);
	return 0;
}

int mount_fs(int root, const struct step_mount *s, int tree, struct err *e)
{
	const struct mnt_fs fs = fs_of(s);
	own_fd int target = -1, covered = -1, mount = -1;
	struct mnt_target to;

	target = s->no_links ? open_plain_target(root, s->target, &to, e)
			     : open_target(root, s->target, false, &to, e);
	TRY(target);
	if (s->copy_up) {
		covered = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (covered < 0)
			return err_sys(e, errno, "'%s'", s->target);
	}
	mount = tree >= 0 ? attach_tree(tree, &to, e) : mnt_mount(&fs, &to, e);
	TRY(mount);
	if (s->label)
		TRY(set_label(mount, s->label, e));
	if (s->copy_up) {
		TRY(copy_tree(covered, mount, e));
		TRY(copy_mode(s, covered, mount, e));
	}
	if (s->propagation)
		TRY(set_propagation(mount, s->propagation, s->recursive, e));
	return take_fd(&mount);
}

/* --- binds ------------------------------------------------------------------------------------- */

static int change_bind(int mount, const struct step_bind *s, struct err *e)
{
	const struct mnt_change deep = {
		.set = s->deep,
		.clear = s->deep_clear,
		.recursive = true,
	};
	const struct mnt_change top = {.set = s->attributes, .clear = s->clear};

	TRY(mnt_change(mount, &deep, e));
	TRY(mnt_change(mount, &top, e));
	return set_propagation(mount, s->propagation, s->propagation_deep, e);
}

static bool is_link(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISLNK(st.st_mode);
}

static bool make_file(const struct step_bind *s, int source)
{
	return s->make == MOUNT_GUESS ? !is_dir(source) : s->make == MOUNT_IS_FILE;
}

/* Opens a target whose last component is taken as it is, a symlink or not. */
static int open_link_target(
	int root, const char *path, bool file, struct mnt_target *ret, struct err *e)
{
	own_fd int dir = -1, made = -1, fd = -1;
	const char *name;

	dir = path_open_parent(root, path, true, &name, e);
	TRY(dir);
	/* What is there already is taken; another failure shows below. */
	if (file)
		made = openat(dir, name, O_CREAT | O_EXCL | O_CLOEXEC | O_WRONLY, 0644);
	else
		(void)mkdirat(dir, name, 0755);
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "'%s'", path);
	*ret = (struct mnt_target){.fd = fd, .root = root, .path = path, .link = true};
	return take_fd(&fd);
}

/* A symlink as the source has it, in place of a mount. */
static int copy_link(int root, const struct step_bind *s, int source, struct err *e)
{
	char text[PATH_MAX], there[PATH_MAX];
	ssize_t n = readlinkat(source, "", text, sizeof(text) - 1), m;
	own_fd int dir = -1;
	const char *name;

	if (n < 0)
		return err_sys(e, errno, "read the symlink '%s'", s->source);
	text[n] = '\0';
	dir = path_open_parent(root, s->target, true, &name, e);
	TRY(dir);
	if (symlinkat(text, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, errno, "make the symlink '%s'", s->target);
	m = readlinkat(dir, name, there, sizeof(there));
	if (m == n && !memcmp(text, there, (size_t)n))
		return 0;
	return err_set(
		e, EEXIST, "'%s' is there already and is no symlink to '%s'", s->target, text);
}

static int open_source(const struct step_bind *s, struct err *e)
{
	bool link = s->links & (MOUNT_LINK_COPY | MOUNT_LINK_SOURCE);

	return fd_open(AT_FDCWD, s->source, O_PATH | (link ? O_NOFOLLOW : 0), 0, e);
}

int mount_bind(int root, const struct step_bind *s, int tree, struct err *e)
{
	own_fd int opened = -1, target = -1, mount = -1;
	struct mnt_target to;
	int source = tree;

	if (tree < 0)
		source = opened = open_source(s, e);
	TRY(source);
	if (s->links & MOUNT_LINK_COPY && is_link(source))
		return copy_link(root, s, source, e);
	target = s->links & MOUNT_LINK_TARGET
			 ? open_link_target(root, s->target, make_file(s, source), &to, e)
			 : open_target(root, s->target, make_file(s, source), &to, e);
	TRY(target);
	if (is_dir(target) != is_dir(source))
		return err_set(e, ENOTDIR, "'%s' is not a directory, and '%s' is one",
			is_dir(target) ? s->source : s->target,
			is_dir(target) ? s->target : s->source);
	mount = tree < 0 ? mnt_bind(source, s->recursive, &to, e) : attach_tree(tree, &to, e);
	TRY(mount);
	TRY(change_bind(mount, s, e));
	return take_fd(&mount);
}

int mount_change(int root, const struct step_attributes *s, int mount, struct err *e)
{
	const struct mnt_change c = {
		.set = s->attributes,
		.clear = s->clear,
		.propagation = s->propagation,
		.recursive = s->recursive,
	};
	own_fd int found = -1;

	if (mount >= 0)
		return mnt_change(mount, &c, e);
	found = path_open(root, s->path, O_PATH, 0, e);
	TRY(found);
	return mnt_change(found, &c, e);
}

int mount_remove(int root, int proc, const struct step_path *s, struct err *e)
{
	own_fd int at = path_open(root, s->path, O_PATH, 0, e);
	char link[32];

	TRY(at);
	fmt_put(link, sizeof(link), "self/fd/%d", at);
	if (fchdir(proc) < 0)
		return err_sys(e, errno, "enter the host's /proc");
	if (!sys_umount2(link, MNT_DETACH))
		return 0;
	return errno == EINVAL ? err_set(e, EINVAL, "nothing is mounted on '%s'", s->path)
			       : err_sys(e, errno, "unmount '%s'", s->path);
}

/* --- cgroups ----------------------------------------------------------------------------------- */

static int mount_fresh(int root, const struct step_cgroup_mount *s, struct err *e)
{
	const struct mnt_fs fs = {
		.type = "cgroup2",
		.source = "cgroup",
		.attributes = s->attributes,
	};
	own_fd int target = -1, mount = -1;
	struct mnt_target to;

	target = open_target(root, s->target, false, &to, e);
	TRY(target);
	mount = mnt_mount(&fs, &to, e);
	return mount < 0 ? mount : 0;
}

static int bind_cgroup(
	int root, const char *source, const char *target, uint64_t attributes, struct err *e)
{
	const struct step_bind bind = {
		.source = source,
		.target = target,
		.attributes = attributes,
	};
	own_fd int mount = mount_bind(root, &bind, -1, e);

	return mount < 0 ? mount : 0;
}

static int link_cgroup(int dir, const char *link, struct err *e)
{
	const char *blank = strchr(link, ' ');
	char name[128];

	if (!blank || (size_t)(blank - link) >= sizeof(name))
		return err_set(e, EINVAL, "'%s' is no link", link);
	memcpy(name, link, (size_t)(blank - link));
	name[blank - link] = '\0';
	if (symlinkat(blank + 1, dir, name) < 0 && errno != EEXIST)
		return err_sys(e, errno, "link '%s'", name);
	return 0;
}

/* v1: a small tmpfs with a directory for each hierarchy. */
static int mount_hierarchies(int root, const struct step_cgroup_mount *s, struct err *e)
{
	static const char *const mode[] = {"mode=755"};
	const struct mnt_fs fs = {
		.type = "tmpfs",
		.source = "cgroup",
		.options = mode,
		.n_options = 1,
		.attributes = s->attributes & ~(uint64_t)MOUNT_ATTR_RDONLY,
	};
	const struct mnt_change close_it = {.set = s->attributes & MOUNT_ATTR_RDONLY};
	own_fd int target = -1, mount = -1;
	struct mnt_target to;
	char path[512];

	target = open_target(root, s->target, false, &to, e);
	TRY(target);
	mount = mnt_mount(&fs, &to, e);
	TRY(mount);
	list_each (i, s->names) {
		fmt_put(path, sizeof(path), "%s/%s", s->target, s->names.v[i]);
		TRY(bind_cgroup(root, s->sources.v[i], path, s->attributes, e));
	}
	list_each (i, s->links)
		TRY(link_cgroup(mount, s->links.v[i], e));
	return mnt_change(mount, &close_it, e);
}

int mount_cgroups(int root, const struct step_cgroup_mount *s, struct err *e)
{
	if (s->fresh)
		return mount_fresh(root, s, e);
	if (s->names.n)
		return mount_hierarchies(root, s, e);
	return bind_cgroup(root, s->sources.n ? s->sources.v[0] : "", s->target, s->attributes, e);
}

/* --- a file with given content ------------------------------------------------------------------ */

/* For a moment the file's tmpfs is mounted on the host's /dev, in this mount namespace: a bind takes only
 * from what is mounted somewhere. Nobody else looks there meanwhile. */
static int bind_file(int keeper, const struct mnt_target *to, struct err *e)
{
	own_fd int top = fd_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, e);
	own_fd int dev = fd_open(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY, 0, e);
	const struct mnt_target moment = {.fd = dev, .root = top, .path = "/dev"};
	own_fd int source = -1, mount = -1;

	TRY(top);
	TRY(dev);
	TRY(mnt_attach(keeper, &moment, e));
	source = fd_open(keeper, "content", O_PATH, 0, e);
	mount = source < 0 ? source : mnt_bind(source, false, to, e);
	if (sys_umount2("/dev", MNT_DETACH) < 0)
		return err_sys(e, errno, "put away the tmpfs of a file's content");
	TRY(mount);
	return take_fd(&mount);
}

int mount_content(int root, const struct step_content *s, struct err *e)
{
	const struct mnt_fs fs = {.type = "tmpfs", .source = "content"};
	const struct mnt_change c = {.set = s->attributes};
	own_fd int target = -1, keeper = -1, file = -1, mount = -1;
	struct mnt_target to;

	target = open_target(root, s->target, true, &to, e);
	TRY(target);
	keeper = mnt_new(&fs, e);
	TRY(keeper);
	file = fd_open(keeper, "content", O_CREAT | O_EXCL | O_WRONLY, 0644, e);
	TRY(file);
	TRY(fd_write_all(file, s->content.data, s->content.len, e));
	mount = bind_file(keeper, &to, e);
	TRY(mount);
	(void)unlinkat(keeper, "content", 0); /* it lives on in the bind; its name serves nobody */
	return mnt_change(mount, &c, e);
}

/* --- hiding ------------------------------------------------------------------------------------ */

/*
 * All directories are hidden behind one empty tmpfs: *shared is its mount, made when the first one is
 * met. Where mounts cannot be made detached each directory gets one of its own.
 */
static int mask_dir(const struct mnt_target *to, int *shared, struct err *e)
{
	static const char *const mode[] = {"mode=755"};
	const struct mnt_fs fs = {
		.type = "tmpfs",
		.source = "masked",
		.options = mode,
		.n_options = ARRAY_LEN(mode),
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      MOUNT_ATTR_NOEXEC,
	};
	own_fd int mount = -1;

	if (*shared < 0) {
		*shared = mnt_mount(&fs, to, e);
		return *shared < 0 ? *shared : 0;
	}
	mount = mnt_bind(*shared, false, to, e);
	return mount < 0 ? mount : 0;
}

/* The host's own /dev/null, proven to be it: the jail's may be anything. */
static int mask_file(const struct mnt_target *to, struct err *e)
{
	own_fd int null = fd_open(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW, 0, e);
	own_fd int mount = -1;

	TRY(null);
	if (!fd_is_char_device(null, 1, 3))
		return err_set(e, ENODEV, "the host's /dev/null is not the null device");
	mount = mnt_bind(null, false, to, e);
	return mount < 0 ? mount : 0;
}

static int mask(int root, const char *path, int *shared, struct err *e)
{
	own_fd int at = path_open(root, path, O_PATH, 0, e);
	const struct mnt_target to = {.fd = at, .root = root, .path = path};

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	TRY(at);
	return is_dir(at) ? mask_dir(&to, shared, e) : mask_file(&to, e);
}

int mount_mask(int root, const struct step_paths *s, struct err *e)
{
	own_fd int shared = -1;

	list_each (i, s->paths)
		TRY(mask(root, s->paths.v[i], &shared, e));
	return 0;
}

static int make_readonly(int root, const char *path, struct err *e)
{
	const struct mnt_change c = {.set = MOUNT_ATTR_RDONLY, .recursive = true};
	const struct mnt_change top = {.set = MOUNT_ATTR_RDONLY};
	own_fd int at = path_open(root, path, O_PATH, 0, e);
	const struct mnt_target to = {.fd = at, .root = root, .path = path};
	own_fd int mount = -1;
	int r;

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	TRY(at);
	mount = mnt_bind(at, true, &to, e);
	TRY(mount);
	r = mnt_change(mount, &c, e);
	/* On old kernels the path itself, as runtimes then did. */
	return r == -ENOSYS ? mnt_change(mount, &top, e) : r;
}

int mount_readonly(int root, const struct step_paths *s, struct err *e)
{
	list_each (i, s->paths)
		TRY(make_readonly(root, s->paths.v[i], e));
	return 0;
}
