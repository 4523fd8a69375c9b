/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "life_criu.h"

/* What of a container is the host's: mounts and stdio, when it is dumped and when it is restored. */

static int add_text(struct texts *to, const char *text, struct pool *pool, struct err *e)
{
	const char **v = pool_grow(pool, to->v, to->n, sizeof(*v));

	if (!v || !text)
		return err_memory(e);
	to->v = v;
	to->v[to->n++] = text;
	return 0;
}

/* --- mountinfo (proc_pid_mountinfo(5)) ----------------------------------------------------------------- */

struct entry {
	uint64_t id, parent;
	const char *device, *root, *at, *type;
	const char *key; /* its name in the images; NULL: it is the container's own */
};

struct entries {
	struct entry *v;
	size_t n;
};

/* "\040" for a blank and so on. */
static char *next_word(char **s)
{
	char *word = *s, *to = word, *from = word;

	for (; *from && *from != ' '; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*s = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static bool read_line(char *line, struct entry *ret)
{
	char *id = next_word(&line), *parent = next_word(&line);

	*ret = (struct entry){0};
	ret->device = next_word(&line);
	ret->root = next_word(&line);
	ret->at = next_word(&line);
	while (*line && strcmp(next_word(&line), "-"))
		;
	ret->type = next_word(&line);
	return !fmt_u64(id, strlen(id), &ret->id) &&
	       !fmt_u64(parent, strlen(parent), &ret->parent) && *ret->type;
}

static int read_entries(const char *file, struct pool *pool, struct entries *ret, struct err *e)
{
	struct bytes text;
	char *next;

	own_fd int fd = fd_open(AT_FDCWD, file, O_RDONLY, 0, e);

	TRY(fd);
	TRY(fd_read_all(fd, 16 << 20, pool, &text, e));
	for (char *line = text.data; *line; line = next) {
		struct entry *v = pool_grow(pool, ret->v, ret->n, sizeof(*v));

		if (!v)
			return err_memory(e);
		ret->v = v;
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		ret->n += read_line(line, &ret->v[ret->n]);
	}
	return 0;
}

static struct entry *find_entry(const struct entries *all, uint64_t id)
{
	list_each (i, *all) {
		if (all->v[i].id == id)
			return &all->v[i];
	}
	return NULL;
}

static uint64_t mount_of_fd(const char *fdinfo)
{
	char text[512];
	const char *s;
	uint64_t id;

	if (fd_read_small(AT_FDCWD, fdinfo, text, sizeof(text)) < 0)
		return 0;
	s = strstr(text, "mnt_id:");
	s = s ? s + 7 + strspn(s + 7, " \t") : "";
	return fmt_u64(s, strspn(s, "0123456789"), &id) ? 0 : id;
}

/* --- dumping: mounts ------------------------------------------------------------------------------------ */

/* The targets of the config's binds: what is mounted there is known by the target's name. */
static void name_binds(struct criu_call *c, int root, struct entries *all)
{
	const struct jail *jail = &c->l->loaded.jail;

	list_each (i, jail->mounts) {
		const struct jail_mount *m = &jail->mounts.v[i];
		struct entry *entry;
		char info[64];
		own_fd int fd = -1;

		if (m->kind != MOUNT_BIND)
			continue;
		fd = path_open(root, m->target, O_PATH, 0, NULL);
		if (fd < 0)
			continue;
		fmt_put(info, sizeof(info), "/proc/self/fdinfo/%d", fd);
		entry = find_entry(all, mount_of_fd(info));
		if (entry && strcmp(entry->at, "/"))
			entry->key = m->target;
	}
}

static const struct entry *root_of(const struct entries *all)
{
	list_each (i, *all) {
		if (!strcmp(all->v[i].at, "/"))
			return &all->v[i];
	}
	return NULL;
}

static bool is_mounted(const struct entries *all, const char *device)
{
	list_each (i, *all) {
		if (!strcmp(all->v[i].device, device))
			return true;
	}
	return false;
}

static bool is_kernels(const char *type)
{
	return !strcmp(type, "proc") || !strcmp(type, "sysfs") || !strcmp(type, "mqueue");
}

/* What lies beneath a bind came with it; /dev/null over a masked file, and devices, are the host's. */
static bool is_hosts(const struct criu_call *c, const struct entries *all,
	const struct entries *host, const struct entry *m)
{
	const struct entry *root = root_of(all), *parent = find_entry(all, m->parent);

	if (!root || m == root)
		return false;
	if (parent && parent->key)
		return true;
	/* A part of the container's own root, bound over itself to be read-only. */
	if (!strcmp(m->device, root->device) && path_beneath(root->root, m->root))
		return false;
	/* criu makes the container's own view of cgroups. */
	if (!strcmp(m->type, "cgroup2") && jail_has_own(&c->l->loaded.jail, NS_CGROUP))
		return false;
	/* One that shows a namespace shared with the host is the same there, and can be made anew. */
	if (is_kernels(m->type) && !jail_has_own(&c->l->loaded.jail, NS_USER))
		return false;
	return is_mounted(host, m->device);
}

int criu_name_mounts(struct criu_call *c, struct err *e)
{
	struct pool *pool = &c->l->pool;
	struct entries all = {0}, host = {0};
	char path[64];
	own_fd int root = -1;

	if (!jail_has_own(&c->l->loaded.jail, NS_MOUNT))
		return 0;
	fmt_put(path, sizeof(path), "/proc/%d/root", c->l->state->pid);
	root = fd_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, e);
	TRY(root);
	fmt_put(path, sizeof(path), "/proc/%d/mountinfo", c->l->state->pid);
	TRY(read_entries(path, pool, &all, e));
	TRY(read_entries("/proc/self/mountinfo", pool, &host, e));
	name_binds(c, root, &all);
	list_each (i, all) {
		struct entry *m = &all.v[i];

		if (!m->key && is_hosts(c, &all, &host, m))
			m->key = m->at;
		if (!m->key)
			continue;
		criu_put_pair(&c->request, CRIU_EXT_MNT, m->at, m->key);
		TRY(add_text(&c->kept.mounts, m->key, pool, e));
	}
	return 0;
}

/* --- dumping: stdio --------------------------------------------------------------------------------------- */

/* criu's name for an fd of the container's first process that the host has to give again; NULL: none. */
static const char *name_fd(struct criu_call *c, const struct entries *all, int fd)
{
	int pid = c->l->state->pid;
	char path[64], target[PATH_MAX];
	uint64_t mount;
	struct stat st;
	ssize_t n;

	fmt_put(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0 || stat(path, &st) < 0)
		return "";
	target[n] = '\0';
	if (S_ISFIFO(st.st_mode) && !strncmp(target, "pipe:", 5))
		return pool_text(&c->l->pool, target);
	if (S_ISSOCK(st.st_mode) || target[0] != '/')
		return "";
	fmt_put(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	mount = mount_of_fd(path);
	if (!mount || find_entry(all, mount))
		return "";
	if (S_ISCHR(st.st_mode) && (major(st.st_rdev) == 4 || major(st.st_rdev) == 5 ||
					   (major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143)))
		return c->l->o.shell_job
			       ? ""
			       : pool_printf(&c->l->pool, "tty[%lx:%lx]", (unsigned long)st.st_rdev,
					 (unsigned long)st.st_dev);
	return pool_printf(&c->l->pool, "file[%llx:%llx]%s", (unsigned long long)mount,
		(unsigned long long)st.st_ino,
		S_ISREG(st.st_mode)				     ? " file"
		: S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? " null"
								     : "");
}

static const char *key_of(struct pool *pool, const char *name)
{
	return pool_copy(pool, name, strcspn(name, " "));
}

int criu_name_stdio(struct criu_call *c, struct err *e)
{
	struct entries all = {0};
	char path[64];

	fmt_put(path, sizeof(path), "/proc/%d/mountinfo", c->l->state->pid);
	TRY(read_entries(path, &c->l->pool, &all, e));
	for (int fd = 0; fd < 3; fd++) {
		const char *name = name_fd(c, &all, fd);

		TRY(add_text(&c->kept.stdio, name, &c->l->pool, e));
		name = key_of(&c->l->pool, name);
		if (!name)
			return err_memory(e);
		if (*name && strncmp(name, "pipe:", 5))
			criu_put_text(&c->request, CRIU_EXTERNAL, name);
	}
	return 0;
}

/* --- restoring -------------------------------------------------------------------------------------------- */

/* The host's directory of a cgroup mount that is made of binds. */
static const char *cgroup_source(struct life *l, const char *key)
{
	for (size_t i = 0; i < l->plan.n; i++) {
		const struct step_cgroup_mount *a = l->plan.v[i].args;

		if (l->plan.v[i].kind != STEP_CGROUP_MOUNT || a->fresh)
			continue;
		if (!a->names.n && a->sources.n && !strcmp(a->target, key))
			return a->sources.v[0];
		list_each (k, a->names) {
			size_t n = strlen(a->target);

			if (!strncmp(a->target, key, n) && key[n] == '/' &&
				!strcmp(key + n + 1, a->names.v[k]))
				return a->sources.v[k];
		}
	}
	return NULL;
}

static bool is_in(const struct jail_paths *paths, const char *path)
{
	list_each (i, *paths) {
		if (!strcmp(paths->v[i], path))
			return true;
	}
	return false;
}

static bool is_device(const struct jail_devices *devices, const char *path)
{
	list_each (i, *devices) {
		if (!strcmp(devices->v[i].path, path))
			return true;
	}
	return false;
}

/* In a user namespace the host's /proc and /sys are bound where it has no namespace of its own to show. */
static const char *host_source(const struct jail_mount *m)
{
	if (m->kind == MOUNT_BIND)
		return m->source;
	if (m->kind != MOUNT_FS)
		return NULL;
	return !strcmp(m->type, "proc") ? "/proc" : !strcmp(m->type, "sysfs") ? "/sys" : NULL;
}

/* What the config says that a name of the images is on this host; NULL: it knows of no such thing. */
static const char *source_of(struct life *l, const char *key)
{
	const struct jail *jail = &l->loaded.jail;
	const struct jail_mount *best = NULL;
	const char *cgroup = cgroup_source(l, key);

	if (cgroup)
		return cgroup;
	if (is_in(&jail->masked, key))
		return "/dev/null";
	list_each (i, jail->mounts) {
		const struct jail_mount *m = &jail->mounts.v[i];

		if (host_source(m) && path_beneath(m->target, key) &&
			(!best || strlen(m->target) >= strlen(best->target)))
			best = m;
	}
	if (best)
		return pool_printf(&l->pool, "%s%s", host_source(best), key + strlen(best->target));
	return is_device(&jail->devices, key) ? key : NULL;
}

/* Images of another runtime: its names are the targets. */
static int guess_mounts(struct criu_call *c, struct err *e)
{
	const struct jail *jail = &c->l->loaded.jail;

	list_each (i, jail->mounts) {
		if (jail->mounts.v[i].kind == MOUNT_BIND)
			TRY(add_text(&c->kept.mounts, jail->mounts.v[i].target, &c->l->pool, e));
	}
	list_each (i, jail->masked)
		TRY(add_text(&c->kept.mounts, jail->masked.v[i], &c->l->pool, e));
	return 0;
}

/* The places to mount on, in a root that may be a new one. What is made in other mounts criu makes. */
static int make_target(struct life *l, int root, size_t i, struct err *e)
{
	const struct jail_mounts *all = &l->loaded.jail.mounts;
	const struct jail_mount *m = &all->v[i];
	own_fd int fd = -1;
	struct stat st;
	bool file;

	for (size_t k = 0; k < i; k++) {
		if (path_beneath(all->v[k].target, m->target))
			return 0;
	}
	if (m->kind == MOUNT_SYMLINK || m->kind == MOUNT_REMOUNT)
		return 0;
	file = m->kind == MOUNT_BIND && !stat(m->source, &st) && !S_ISDIR(st.st_mode);
	fd = path_make(root, m->target, file, e);
	return fd < 0 ? fd : 0;
}

int criu_give_mounts(struct criu_call *c, struct err *e)
{
	struct life *l = c->l;
	const char *path = l->loaded.jail.root.path;
	own_fd int root = -1;
	int r = kept_read(c->images, &l->pool, &c->kept, e);

	if (r == -ENOENT)
		r = guess_mounts(c, e);
	TRY(r);
	if (l->loaded.jail.root.kind != ROOT_DIR)
		return 0;
	root = fd_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, e);
	TRY(root);
	list_each (i, l->loaded.jail.mounts)
		TRY(make_target(l, root, i, e));
	list_each (i, c->kept.mounts) {
		const char *key = c->kept.mounts.v[i], *source = source_of(l, key);

		if (!source)
			return err_set(e, ENOENT,
				"what was mounted on '%s' was the host's, and the config has "
				"nothing "
				"there",
				key);
		criu_put_pair(&c->request, CRIU_EXT_MNT, key, source);
	}
	return 0;
}

/* What was /dev/null is that again; what was a file can only be a file, since criu wants its position. */
static int give_fd(struct criu_call *c, int fd, const char *name, struct err *e)
{
	const char *key = key_of(&c->l->pool, name), *kind = strchrnul(name, ' ');
	struct stat st;

	if (!key)
		return err_memory(e);
	if (!strcmp(kind, " null"))
		return criu_put_inherited(&c->request, key, c->null, e);
	if (!strcmp(kind, " file") && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		err_set(e, EINVAL, "fd %d was a file when the container was written, and is none",
			fd);
		return err_fix(e, "redirect it to a file that is as long as it was then");
	}
	return criu_put_inherited(&c->request, key, fd, e);
}

int criu_give_stdio(struct criu_call *c, struct err *e)
{
	c->null = fd_open(AT_FDCWD, "/dev/null", O_RDWR, 0, e);
	TRY(c->null);
	for (size_t fd = 0; fd < c->kept.stdio.n && fd < 3; fd++) {
		if (*c->kept.stdio.v[fd])
			TRY(give_fd(c, (int)fd, c->kept.stdio.v[fd], e));
	}
	return 0;
}
