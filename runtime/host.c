/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/sys.h"

static const struct field host_hierarchy_rows[] = {
	FIELD_TEXT(host_hierarchy, mount, "where it is mounted", .flags = FIELD_REQUIRED),
	FIELD_TEXTS(host_hierarchy, also, "where else it is, or a part of it"),
	FIELD_TEXT(host_hierarchy, own, "the caller's cgroup in it", .flags = FIELD_REQUIRED),
	FIELD_TEXTS(host_hierarchy, controllers, "its controllers"),
	FIELD_BOOL(host_hierarchy, v2, "it is the cgroup v2 hierarchy", .dflt = "false"),
	FIELD_BOOL(host_hierarchy, writable, "the caller may make cgroups below its own",
		.dflt = "true"),
};
static TABLE(host_hierarchy);

static const struct field host_rows[] = {
	FIELD_U32(host, kernel, "kernel version, major * 1000 + minor", .dflt = "6001"),
	FIELD_U32(host, uid, "effective user id", .dflt = "0"),
	FIELD_BOOL(host, privileged, "has CAP_SYS_ADMIN", .dflt = "true"),
	FIELD_BOOL(host, in_userns, "is not in the first user namespace", .dflt = "false"),
	FIELD_BOOL(host, initramfs, "the root cannot be pivoted away from", .dflt = "false"),
	FIELD_BOOL(host, clone3, "clone3(2) is there", .dflt = "true"),
	FIELD_BOOL(host, mount_setattr, "mount_setattr(2) is there", .dflt = "true"),
	FIELD_BOOL(host, apparmor, "AppArmor is enabled", .dflt = "false"),
	FIELD_BOOL(host, selinux, "SELinux is enabled", .dflt = "false"),
	FIELD_U32(host, last_cap, "the kernel's last capability", .dflt = "40"),
	FIELD_OBJECTS(host, hierarchies, host_hierarchy, "cgroup hierarchies"),
	FIELD_TEXT(host, resctrl, "where the resctrl filesystem is mounted"),
	FIELD_U32(host, systemd, "version of the systemd that makes cgroups", .dflt = "0"),
	FIELD_BOOL(host, systemd_user, "it is the user's own", .dflt = "false"),
	FIELD_TEXT(host, systemd_root, "its cgroup"),
};
TABLE(host);

/* --- cgroup hierarchies ------------------------------------------------------------------------ */

/* Cuts the next field off a line, at a blank. */
static char *cut(char **line)
{
	char *field = *line, *end = strchrnul(field, ' ');

	*line = *end ? end + 1 : end;
	*end = '\0';
	return field;
}

/* mountinfo writes blank, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* Super options that are no controllers. */
static bool is_plain_option(const char *s)
{
	static const char *const plain[] = {"rw", "ro", "xattr", "noprefix", "clone_children",
		"cpuset_v2_mode", "nsdelegate", "memory_recursiveprot", "memory_localevents",
		"favordynmods", "memory_hugetlb_accounting", "pids_localevents"};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (!strcmp(s, plain[i]))
			return true;
	}
	return !strncmp(s, "release_agent=", 14);
}

static int add_words(struct texts *to, const char *from, char separator, struct pool *pool)
{
	while (*from) {
		size_t n = (size_t)(strchrnul(from, separator) - from);
		char *word = pool_copy(pool, from, n);
		const char **v = pool_grow(pool, to->v, to->n, sizeof(*v));

		if (!word || !v)
			return -ENOMEM;
		to->v = v;
		if (n && !is_plain_option(word))
			to->v[to->n++] = word;
		from += n + (from[n] == separator);
	}
	return 0;
}

static int add_hierarchy(struct host *host, struct pool *pool, const char *root, const char *mount,
	const char *options, bool v2)
{
	struct host_hierarchy *h = POOL_NEW(pool, struct host_hierarchy);
	void *v = pool_grow(pool, host->hierarchies.v, host->hierarchies.n, sizeof(void *));
	char path[PATH_MAX], words[512];

	if (!h || !v)
		return -ENOMEM;
	host->hierarchies.v = v;
	host->hierarchies.v[host->hierarchies.n++] = h;
	h->mount = pool_text(pool, mount);
	h->own = pool_text(pool, root); /* the mount's own root, until /proc/self/cgroup is read */
	h->v2 = v2;
	h->has_v2 = h->has_writable = true;
	if (!h->mount || !h->own)
		return -ENOMEM;
	if (!v2)
		return add_words(&h->controllers, options, ',', pool);
	fmt_put(path, sizeof(path), "%s/cgroup.controllers", mount);
	if (fd_read_small(AT_FDCWD, path, words, sizeof(words)) < 0)
		return 0;
	words[strcspn(words, "\n")] = '\0';
	return add_words(&h->controllers, words, ' ', pool);
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list) {
		size_t len = strcspn(list, ",");

		if (len == n && !memcmp(list, word, n))
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

/* Of several mounts of one hierarchy the first counts: later ones are binds of parts. */
static struct host_hierarchy *known_hierarchy(const struct host *host, const char *options, bool v2)
{
	list_each (i, host->hierarchies) {
		struct host_hierarchy *h = host->hierarchies.v[i];

		if (h->v2 != v2)
			continue;
		if (v2 || (h->controllers.n && has_word(options, h->controllers.v[0])))
			return h;
	}
	return NULL;
}

static int add_mount(struct host_hierarchy *h, struct pool *pool, const char *mount)
{
	const char **v = pool_grow(pool, h->also.v, h->also.n, sizeof(*v));
	const char *copy = pool_text(pool, mount);

	if (!v || !copy)
		return -ENOMEM;
	h->also.v = v;
	h->also.v[h->also.n++] = copy;
	return 0;
}

static int add_resctrl(struct host *host, struct pool *pool, char *line)
{
	char *mount;

	for (int i = 0; i < 4; i++)
		cut(&line); /* mount id, parent, device, root */
	mount = cut(&line);
	unescape(mount);
	host->resctrl = host->resctrl ? host->resctrl : pool_text(pool, mount);
	return host->resctrl ? 0 : -ENOMEM;
}

static int read_mount_line(struct host *host, struct pool *pool, char *line)
{
	char *root, *mount, *type, *options;
	struct host_hierarchy *known;
	bool v2;

	if (strstr(line, " - resctrl "))
		return add_resctrl(host, pool, line);
	type = strstr(line, " - cgroup");
	if (!type)
		return 0;
	type += 3;
	cut(&line); /* mount id */
	cut(&line); /* parent */
	cut(&line); /* device */
	root = cut(&line);
	mount = cut(&line);
	line = type;
	type = cut(&line);
	cut(&line); /* source */
	options = cut(&line);
	v2 = !strcmp(type, "cgroup2");
	if (!v2 && strcmp(type, "cgroup"))
		return 0;
	unescape(root);
	unescape(mount);
	known = known_hierarchy(host, options, v2);
	if (known)
		return add_mount(known, pool, mount);
	return add_hierarchy(host, pool, root, mount, options, v2);
}

/* The caller's cgroup as the mount shows it: what is above the mount's root is cut off. */
static const char *below_root(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (n > 1 && !strncmp(path, root, n) && (path[n] == '/' || !path[n]))
		path += n;
	return *path ? path : "/";
}

static void read_own_line(struct host *host, struct pool *pool, char *line)
{
	char *controllers = strchr(line, ':'), *path;
	bool v2;

	if (!controllers)
		return;
	controllers++;
	path = strchr(controllers, ':');
	if (!path)
		return;
	*path++ = '\0';
	v2 = !*controllers;
	list_each (i, host->hierarchies) {
		struct host_hierarchy *h = host->hierarchies.v[i];

		if (h->v2 != v2)
			continue;
		if (v2 || (h->controllers.n && has_word(controllers, h->controllers.v[0]))) {
			const char *own = pool_text(pool, below_root(path, h->own));

			h->own = own ? own : h->own;
			return;
		}
	}
}

static int each_line(int (*fn)(struct host *, struct pool *, char *), struct host *host,
	struct pool *pool, char *text)
{
	for (char *end; *text; text = end) {
		end = strchrnul(text, '\n');
		if (*end)
			*end++ = '\0';
		TRY(fn(host, pool, text));
	}
	return 0;
}

static int own_line(struct host *host, struct pool *pool, char *line)
{
	read_own_line(host, pool, line);
	return 0;
}

static int probe_cgroups(struct host *host, struct pool *pool, struct err *e)
{
	own_pool struct pool scratch = {0};
	struct bytes text;
	char path[PATH_MAX];

	TRY(fd_read_file(AT_FDCWD, "/proc/self/mountinfo", 64 << 20, &scratch, &text, e));
	if (each_line(read_mount_line, host, pool, text.data) < 0)
		return err_memory(e);
	TRY(fd_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 20, &scratch, &text, e));
	if (each_line(own_line, host, pool, text.data) < 0)
		return err_memory(e);
	list_each (i, host->hierarchies) {
		struct host_hierarchy *h = host->hierarchies.v[i];

		fmt_put(path, sizeof(path), "%s%s", h->mount, h->own);
		/* The root of a user namespace may be anybody. */
		h->writable = (!host->uid && !host->in_userns) || !access(path, W_OK);
	}
	return 0;
}

/* --- the rest ---------------------------------------------------------------------------------- */

static uint32_t kernel_version(void)
{
	struct utsname u;
	uint64_t major_ = 0, minor_ = 0;
	const char *dot;
	size_t n;

	uname(&u);
	n = strspn(u.release, "0123456789");
	(void)fmt_u64(u.release, n, &major_); /* 0 when it is no number: the oldest there is */
	dot = u.release + n + (u.release[n] == '.');
	(void)fmt_u64(dot, strspn(dot, "0123456789"), &minor_);
	return (uint32_t)(major_ * 1000 + minor_);
}

static bool has_sys_admin(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {0};

	return !syscall(SYS_capget, &h, d) && d[0].effective & 1u << CAP_SYS_ADMIN;
}

/* The first user namespace maps every id to itself. */
static bool in_user_namespace(void)
{
	char map[64];
	uint64_t v[3] = {1, 1, 1};
	char *at = map;

	if (fd_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
		return false;
	for (int i = 0; i < 3; i++) {
		size_t n;

		at += strspn(at, " ");
		n = strspn(at, "0123456789");
		(void)fmt_u64(at, n, &v[i]);
		at += n;
	}
	return v[0] || v[1] || v[2] != UINT32_MAX;
}

/*
 * pivot_root cannot replace the filesystem the kernel booted with (rootfs): a ramfs or tmpfs that is
 * its own parent. A tmpfs root that was switched to has another parent, which the call itself tells;
 * here only the type is looked at, and the doer of a pivot falls back by itself.
 */
static bool on_initramfs(void)
{
	struct statfs fs;

	return !statfs("/", &fs) && fs.f_type == RAMFS_MAGIC;
}

static bool has_apparmor(void)
{
	char text[8];

	return fd_read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text,
		       sizeof(text)) > 0 &&
	       text[0] == 'Y';
}

/* Before a policy is loaded everything is of the context "kernel". */
static bool has_selinux(void)
{
	struct statfs fs;
	char text[256];

	return !statfs("/sys/fs/selinux", &fs) && (uint32_t)fs.f_type == SELINUX_MAGIC &&
	       fd_read_small(AT_FDCWD, "/proc/self/attr/current", text, sizeof(text)) > 0 &&
	       strcmp(text, "kernel");
}

static uint32_t last_capability(void)
{
	uint32_t n = CAP_LAST_CAP; /* of the headers, and near the kernel's */

	while (n && prctl(PR_CAPBSET_READ, n) < 0)
		n--;
	while (n < 63 && prctl(PR_CAPBSET_READ, n + 1) >= 0)
		n++;
	return n;
}

int host_probe(struct host *host, struct pool *pool, struct err *e)
{
	*host = (struct host){
		.kernel = kernel_version(),
		.has_kernel = true,
		.uid = geteuid(),
		.has_uid = true,
		.privileged = has_sys_admin(),
		.has_privileged = true,
		.in_userns = in_user_namespace(),
		.has_in_userns = true,
		.initramfs = on_initramfs(),
		.has_initramfs = true,
		.clone3 = sys_clone3(NULL, 0) != -ENOSYS,
		.has_clone3 = true,
		.mount_setattr = sys_mount_setattr(-1, "", 0, NULL, 0) != -ENOSYS,
		.has_mount_setattr = true,
		.apparmor = has_apparmor(),
		.has_apparmor = true,
		.selinux = has_selinux(),
		.has_selinux = true,
		.last_cap = last_capability(),
		.has_last_cap = true,
	};
	return probe_cgroups(host, pool, e);
}

const struct host_hierarchy *host_controller(const struct host *host, const char *controller)
{
	list_each (i, host->hierarchies) {
		const struct host_hierarchy *h = host->hierarchies.v[i];

		for (size_t j = 0; j < h->controllers.n; j++) {
			if (!strcmp(h->controllers.v[j], controller))
				return h;
		}
	}
	return NULL;
}

const char *host_layout(const struct host *host)
{
	bool v1 = false, v2 = false;

	list_each (i, host->hierarchies) {
		v1 = v1 || !host->hierarchies.v[i]->v2;
		v2 = v2 || host->hierarchies.v[i]->v2;
	}
	return v1 && v2 ? "hybrid" : v1 ? "v1" : v2 ? "v2" : "none";
}
