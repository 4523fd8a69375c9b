/* SPDX-License-Identifier: Apache-2.0 */
#include "mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

#include "fmt.h"
#include "own.h"
#include "path.h"
#include "sys.h"

/* f_flags of statfs(2); the C library's names for them are those of another call. */
enum {
	F_RDONLY = 0x0001,
	F_NOSUID = 0x0002,
	F_NODEV = 0x0004,
	F_NOEXEC = 0x0008,
	F_NOATIME = 0x0400,
	F_NODIRATIME = 0x0800,
	F_NOSYMFOLLOW = 0x2000,
};

/* The call is not there, or a filter that does not know it says so. */
static bool missing(int r)
{
	return r == -ENOSYS || r == -EPERM;
}

/* --- attributes -------------------------------------------------------------------------------- */

static unsigned long old_flags(uint64_t attributes)
{
	unsigned long f = 0;

	f |= attributes & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0;
	f |= attributes & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0;
	f |= attributes & MOUNT_ATTR_NODEV ? MS_NODEV : 0;
	f |= attributes & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0;
	f |= attributes & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0;
	f |= attributes & MOUNT_ATTR_NOSYMFOLLOW ? 256 : 0; /* MS_NOSYMFOLLOW */
	if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		f |= MS_NOATIME;
	if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME)
		f |= MS_STRICTATIME;
	return f;
}

static uint64_t present_attributes(int mount)
{
	struct statfs fs;
	uint64_t a = 0;

	if (fstatfs(mount, &fs) < 0)
		return 0;
	a |= fs.f_flags & F_RDONLY ? MOUNT_ATTR_RDONLY : 0;
	a |= fs.f_flags & F_NOSUID ? MOUNT_ATTR_NOSUID : 0;
	a |= fs.f_flags & F_NODEV ? MOUNT_ATTR_NODEV : 0;
	a |= fs.f_flags & F_NOEXEC ? MOUNT_ATTR_NOEXEC : 0;
	a |= fs.f_flags & F_NOATIME ? MOUNT_ATTR_NOATIME : 0;
	a |= fs.f_flags & F_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0;
	a |= fs.f_flags & F_NOSYMFOLLOW ? MOUNT_ATTR_NOSYMFOLLOW : 0;
	return a;
}

/* mount(2) changes the one mount only, and takes all flags anew: those that are there stay. */
static int change_by_mount(int mount, const struct mnt_change *c, struct err *e)
{
	char path[32];
	uint64_t attributes;
	int r = 0;

	if (c->recursive && (c->set || c->clear)) {
		err_set(e, ENOSYS, "recursive mount attributes need mount_setattr(2)");
		return err_fix(
			e, "use a kernel of 5.12 or newer, and let no filter refuse the call");
	}
	if (c->set || c->clear) {
		attributes = (present_attributes(mount) & ~c->clear) | c->set;
		r = sys_mount(NULL, path_of_fd(path, mount), NULL,
			MS_REMOUNT | MS_BIND | old_flags(attributes), NULL);
	}
	if (!r && c->propagation)
		r = sys_mount(NULL, path_of_fd(path, mount), NULL,
			(unsigned long)c->propagation | (c->recursive ? MS_REC : 0), NULL);
	return r < 0 ? err_sys(e, -r, "change mount attributes") : 0;
}

int mnt_change(int mount, const struct mnt_change *c, struct err *e)
{
	struct mount_attr attr = {
		.attr_set = c->set,
		.attr_clr = c->clear,
		.propagation = c->propagation,
	};
	int r;

	if (!c->set && !c->clear && !c->propagation)
		return 0;
	/* The kernel wants all access time bits cleared where one of them is set. */
	if (attr.attr_set & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	attr.attr_clr &= ~(attr.attr_set & ~(uint64_t)MOUNT_ATTR__ATIME);
	r = sys_mount_setattr(
		mount, "", AT_EMPTY_PATH | (c->recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr));
	if (missing(r))
		return change_by_mount(mount, c, e);
	return r < 0 ? err_sys(e, -r, "change mount attributes") : 0;
}

/* --- binds ------------------------------------------------------------------------------------- */

int mnt_clone(int dir, const char *path, bool recursive, bool link, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int r;

	flags |= recursive ? AT_RECURSIVE : 0;
	flags |= *path ? 0 : AT_EMPTY_PATH;
	flags |= link ? AT_SYMLINK_NOFOLLOW : 0;
	r = sys_open_tree(dir, path, flags);
	return r < 0 ? err_sys(e, -r, "open the mount tree '%s'", path) : r;
}

int mnt_attach(int mount, const struct mnt_target *to, struct err *e)
{
	int r = sys_move_mount(
		mount, "", to->fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? err_sys(e, -r, "mount on '%s'", to->path) : 0;
}

/* What is mounted on the target now; the target's fd still is of what it covers. */
static int look_again(const struct mnt_target *to, struct err *e)
{
	return path_open(to->root, to->path, O_PATH | (to->link ? O_NOFOLLOW : 0), 0, e);
}

static int bind_by_mount(int source, bool recursive, const struct mnt_target *to, struct err *e)
{
	char from[32], onto[32];
	int r = sys_mount(path_of_fd(from, source), path_of_fd(onto, to->fd), NULL,
		MS_BIND | (recursive ? MS_REC : 0), NULL);

	if (r < 0)
		return err_sys(e, -r, "bind on '%s'", to->path);
	return look_again(to, e);
}

int mnt_bind(int source, bool recursive, const struct mnt_target *to, struct err *e)
{
	own_fd int tree = mnt_clone(source, "", recursive, false, e);
	int r;

	if (missing(tree))
		return bind_by_mount(source, recursive, to, e);
	TRY(tree);
	r = mnt_attach(tree, to, e);
	if (missing(r))
		return bind_by_mount(source, recursive, to, e);
	return r < 0 ? r : take_fd(&tree);
}

/* --- ids --------------------------------------------------------------------------------------- */

int mnt_map_ids(int mount, int userns, bool deep, struct err *e)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns,
	};
	int r = sys_mount_setattr(
		mount, "", AT_EMPTY_PATH | (deep ? AT_RECURSIVE : 0), &attr, sizeof(attr));
	struct statfs fs = {0};

	if (r >= 0)
		return 0;
	(void)fstatfs(mount, &fs); /* for the words only */
	err_sys(e, -r, "map the ids of a mount (filesystem type 0x%lx)", (unsigned long)fs.f_type);
	if (r == -ENOSYS)
		return err_fix(e,
			"use a kernel of 5.12 or newer, and let no filter refuse mount_setattr(2)");
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return err_fix(e,
			"this kernel cannot do it for this filesystem%s: change the owners of "
			"the files instead",
			deep ? ", or for one mounted beneath it" : "");
	if (r == -EPERM)
		return err_fix(e,
			"the ids of a mount can be mapped once, and by the root of the user "
			"namespace that its filesystem was mounted in");
	return r;
}

/* --- filesystems ------------------------------------------------------------------------------- */

static bool add_word(char *data, size_t size, const char *word)
{
	size_t n = strlen(data);

	return fmt_put(data + n, size - n, "%s%s", n ? "," : "", word) < size - n;
}

static int mount_by_mount(const struct mnt_fs *fs, const struct mnt_target *to, struct err *e)
{
	char data[4096] = "", path[32];
	int r;

	for (size_t i = 0; i < fs->n_options; i++) {
		if (!add_word(data, sizeof(data), fs->options[i]))
			return err_set(e, E2BIG, "the options are longer than 4095 bytes");
	}
	r = sys_mount(fs->source, path_of_fd(path, to->fd), fs->type,
		(unsigned long)fs->super | old_flags(fs->attributes), data);
	if (r < 0)
		return err_sys(e, -r, "mount '%s' on '%s'", fs->type, to->path);
	return look_again(to, e);
}

/* What the filesystem itself says of the failure: "e tmpfs: Bad value for 'size'". */
static int config_error(int context, const char *type, int code, struct err *e)
{
	char text[256];
	ssize_t n = read(context, text, sizeof(text) - 1);

	if (n <= 2)
		return err_sys(e, code, "mount '%s'", type);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_sys(e, code, "mount '%s': %s", type, text + 2);
}

static int set_option(int context, const char *option)
{
	const char *value = strchr(option, '=');
	char key[128], bare[256];
	size_t n;

	if (!value)
		return sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0);
	if (fmt_put(key, sizeof(key), "%.*s", (int)(value - option), option) >= sizeof(key))
		return -EINVAL;
	value++;
	n = strlen(value);
	/* mount(2) takes a label with commas in quotes; here nothing needs them. */
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		fmt_put(bare, sizeof(bare), "%.*s", (int)n - 2, value + 1);
		value = bare;
	}
	return sys_fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

static int configure(int context, const struct mnt_fs *fs)
{
	static const struct {
		uint64_t flag;
		const char *word;
	} words[] = {{MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"}, {MS_MANDLOCK, "mand"},
		{MS_LAZYTIME, "lazytime"}};

	if (fs->source)
		TRY(sys_fsconfig(context, FSCONFIG_SET_STRING, "source", fs->source, 0));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (fs->super & words[i].flag)
			TRY(sys_fsconfig(context, FSCONFIG_SET_FLAG, words[i].word, NULL, 0));
	}
	if (fs->attributes & MOUNT_ATTR_RDONLY)
		TRY(sys_fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0));
	for (size_t i = 0; i < fs->n_options; i++)
		TRY(set_option(context, fs->options[i]));
	return sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* fsconfig(2) takes no value longer than 255 bytes and knows not all flags. */
static bool needs_mount(const struct mnt_fs *fs)
{
	for (size_t i = 0; i < fs->n_options; i++) {
		if (strlen(fs->options[i]) > 250)
			return true;
	}
	return fs->super & ~(uint64_t)(MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME);
}

int mnt_new(const struct mnt_fs *fs, struct err *e)
{
	own_fd int context = needs_mount(fs) ? -ENOSYS : sys_fsopen(fs->type, FSOPEN_CLOEXEC);
	int r;

	if (context < 0)
		return err_sys(e, -context, "mount '%s'", fs->type);
	r = configure(context, fs);
	if (r < 0)
		return config_error(context, fs->type, -r, e);
	r = sys_fsmount(context, FSMOUNT_CLOEXEC, (unsigned)fs->attributes);
	return r < 0 ? err_sys(e, -r, "mount '%s'", fs->type) : r;
}

int mnt_mount(const struct mnt_fs *fs, const struct mnt_target *to, struct err *e)
{
	own_fd int mount = mnt_new(fs, e);
	int r = mount < 0 ? mount : mnt_attach(mount, to, e);

	/* Where it was a real refusal, mount(2) says so as well. */
	if (missing(r))
		return mount_by_mount(fs, to, e);
	return r < 0 ? r : take_fd(&mount);
}
