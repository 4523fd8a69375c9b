/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path and fd: look-ups beneath a root that lays traps, first as the kernel does them (openat2),
 * then by hand; and files read, written and replaced.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/base/fmt.h"
#include "../../runtime/base/own.h"
#include "../../runtime/base/path.h"
#include "tap.h"

static char base[64];
static int root = -1;

static int remove_tree(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *de; d && (de = readdir(d));) {
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
			remove_tree(fd, de->d_name);
	}
	if (d)
		closedir(d);
	return unlinkat(dir, name, d ? AT_REMOVEDIR : 0);
}

/* base/outside is what nothing may reach; base/root is the root of the look-ups. */
static bool make_root(void)
{
	strcpy(base, "/tmp/jailrt-test.XXXXXX");
	if (!ok(mkdtemp(base)))
		return false;
	int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file;

	mkdirat(dir, "root", 0755);
	mkdirat(dir, "outside", 0755);
	file = openat(dir, "outside/secret", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	close(file);
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	close(dir);
	return ok(file >= 0 && root >= 0);
}

static void remove_root(void)
{
	close(root);
	root = -1;
	is_int(remove_tree(AT_FDCWD, base), 0);
}

static bool there(const char *path, mode_t type)
{
	struct stat st;

	return !fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) && (st.st_mode & S_IFMT) == type;
}

static int outside_count(void)
{
	char path[96];
	int n = 0;

	fmt_put(path, sizeof(path), "%s/outside", base);
	DIR *d = opendir(path);

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static int open_close(const char *path, int flags, struct err *e)
{
	own_fd int fd = path_open(root, path, flags, 0644, e);

	return fd < 0 ? fd : 0;
}

static int make_close(const char *path, bool file, struct err *e)
{
	own_fd int fd = path_make(root, path, file, e);

	return fd < 0 ? fd : 0;
}

static void path_opens_beneath(void)
{
	char absolute[128];
	struct err e;

	if (!make_root())
		return;
	fmt_put(absolute, sizeof(absolute), "%s/outside/secret", base);
	mkdirat(root, "dir", 0755);
	close(openat(root, "dir/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	symlinkat("/dir/file", root, "absolute");
	symlinkat("../../../dir/file", root, "dir/up");
	symlinkat(absolute, root, "escape");
	symlinkat("../outside/secret", root, "escape2");
	symlinkat("chain2", root, "chain1");
	symlinkat("/chain3", root, "chain2");
	symlinkat("dir/up", root, "chain3");
	symlinkat("loop2", root, "loop1");
	symlinkat("loop1", root, "loop2");
	is_int(open_close("dir/file", O_RDONLY, &e), 0);
	is_int(open_close("/dir//./file", O_RDONLY, &e), 0);
	is_int(open_close("../../dir/../dir/file", O_RDONLY, &e), 0);
	is_int(open_close("absolute", O_RDONLY, &e), 0);
	is_int(open_close("dir/up", O_RDONLY, &e), 0);
	is_int(open_close("chain1", O_RDONLY, &e), 0);
	is_int(open_close("", O_PATH, &e), 0);
	is_int(open_close("escape", O_RDONLY, &e), -ENOENT);
	has_text(e.text, "'escape': No such file");
	is_int(open_close("escape2", O_RDONLY, &e), -ENOENT);
	is_int(open_close("loop1", O_RDONLY, &e), -ELOOP);
	is_int(open_close("dir/file/x", O_RDONLY, &e), -ENOTDIR);
	is_int(open_close("absolute", O_PATH | O_NOFOLLOW, &e), 0);
	remove_root();
}

static void path_makes_beneath(void)
{
	char absolute[128];
	struct err e;

	if (!make_root())
		return;
	is_int(make_close("a/b/c", false, &e), 0);
	ok(there("a/b/c", S_IFDIR));
	is_int(make_close("/a/b/file", true, &e), 0);
	ok(there("a/b/file", S_IFREG));
	is_int(make_close("a/b/file", false, &e), 0); /* what exists is taken as it is */
	is_int(make_close("d/e//", false, &e), 0);
	ok(there("d/e", S_IFDIR));
	is_int(make_close("../../f/../g", false, &e), 0);
	ok(there("g", S_IFDIR));
	is_int(make_close("/", false, &e), 0);
	is_int(make_close("a/b/file/x", false, &e), -ENOTDIR);
	/* Links that dangle: what they point at is made, inside. */
	symlinkat("/x/y", root, "dangling");
	symlinkat("../../../outside/new", root, "up");
	fmt_put(absolute, sizeof(absolute), "%s/outside/new", base);
	symlinkat(absolute, root, "escape");
	symlinkat("loop", root, "loop");
	is_int(make_close("dangling/z", false, &e), 0);
	ok(there("x/y/z", S_IFDIR));
	is_int(make_close("up", true, &e), 0);
	ok(there("outside/new", S_IFREG));
	is_int(make_close("escape/deep", false, &e), 0);
	ok(there(absolute + 1, S_IFDIR));
	is_int(make_close("loop/x", false, &e), -ELOOP);
	is_int(outside_count(), 1);
	remove_root();
}

static void path_finds_parents(void)
{
	const char *name = NULL;
	struct err e;
	int fd;

	if (!make_root())
		return;
	fd = path_open_parent(root, "/a/b/file", true, &name, &e);
	ok(fd >= 0 && there("a/b", S_IFDIR) && !there("a/b/file", S_IFREG));
	is_text(name, "file");
	close(fd);
	fd = path_open_parent(root, "top", false, &name, &e);
	ok(fd >= 0);
	is_text(name, "top");
	close(fd);
	is_int(path_open_parent(root, "no/x", false, &name, &e), -ENOENT);
	is_int(path_open_parent(root, "a/", false, &name, &e), -EINVAL);
	is_int(path_open_parent(root, "a/..", false, &name, &e), -EINVAL);
	is_int(path_open_parent(root, ".", false, &name, &e), -EINVAL);
	is_int(path_open_parent(root, "", false, &name, &e), -EINVAL);
	is_text(name, "top");
	remove_root();
}

static const char *joined(const char *dir, const char *path)
{
	static char text[64];

	return path_join(text, sizeof(text), dir, path) < 0 ? "too long" : text;
}

static void path_texts(void)
{
	char small[8], buf[32];

	is_text(joined("/a/b", "c"), "/a/b/c");
	is_text(joined("/a/b", "../c"), "/a/c");
	is_text(joined("/a/b", "/c//d/./e/"), "/c/d/e");
	is_text(joined("/a", "../../../b"), "/b");
	is_text(joined("/", ""), "/");
	is_text(joined("/a", ".."), "/");
	is_text(joined("/a/...", "..x/.y"), "/a/.../..x/.y");
	is_text(joined("//a//", "."), "/a");
	is_int(path_join(small, sizeof(small), "/", "abcde"), 0);
	is_text(small, "/abcde");
	is_int(path_join(small, sizeof(small), "/", "abcdefg"), -ENAMETOOLONG);
	is_int(path_join(small, sizeof(small), "/abcdefgh", "x"), -ENAMETOOLONG);
	ok(path_beneath("/a", "/a"));
	ok(path_beneath("/a", "/a/b"));
	ok(!path_beneath("/a", "/ab"));
	ok(!path_beneath("/a/b", "/a"));
	ok(path_beneath("/", "/anything"));
	is_text(path_of_fd(buf, 12), "/proc/self/fd/12");
}

/* --- files ----------------------------------------------------------------------------------- */

static void fd_replaces_files(void)
{
	own_pool struct pool p = {0};
	struct bytes b = {0};
	struct stat st;
	struct err e;

	if (!make_root())
		return;
	is_int(fd_replace_file(root, "state", "one", 3, 0600, &e), 0);
	is_int(fd_replace_file(root, "state", "second", 6, 0600, &e), 0);
	is_int(fd_read_file(root, "state", 100, &p, &b, &e), 0);
	is_text(b.data, "second");
	is_int(b.len, 6);
	is_int(fstatat(root, "state", &st, 0), 0);
	is_int(st.st_mode & 0777, 0600);
	/* A failure leaves the old one, and nothing beside it. */
	mkdirat(root, "full", 0755);
	close(openat(root, "full/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	ok(fd_replace_file(root, "full", "x", 1, 0600, &e) < 0);
	has_text(e.text, "'full': rename");
	ok(there("full/x", S_IFREG));
	ok(fd_replace_file(root, "no/state", "x", 1, 0600, &e) < 0);
	own_fd int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(dup(dir));

	for (struct dirent *de; d && (de = readdir(d));)
		tap_check(!strcmp(de->d_name, "state") || !strcmp(de->d_name, "full") ||
				  !strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."),
			TAP_HERE, "%s is left behind", de->d_name);
	closedir(d);
	remove_root();
}

static void fd_reads_files(void)
{
	own_pool struct pool p = {0};
	static char big[100000];
	struct bytes b = {0};
	struct err e;
	char small[8];

	if (!make_root())
		return;
	memset(big, 'x', sizeof(big));
	fd_replace_file(root, "big", big, sizeof(big), 0644, &e);
	is_int(fd_read_file(root, "big", sizeof(big), &p, &b, &e), 0);
	is_int(b.len, sizeof(big));
	ok(b.data && !memcmp(b.data, big, sizeof(big)) && !b.data[sizeof(big)]);
	b.len = 1;
	is_int(fd_read_file(root, "big", sizeof(big) - 1, &p, &b, &e), -EFBIG);
	is_text(e.text, "'big': longer than 99999 bytes");
	is_int(b.len, 1);
	is_int(fd_read_file(root, "none", 10, &p, &b, &e), -ENOENT);
	fd_replace_file(root, "empty", "", 0, 0644, &e);
	is_int(fd_read_file(root, "empty", 10, &p, &b, &e), 0);
	ok(b.data && !b.len && !b.data[0]);
	is_int(fd_read_small(root, "big", small, sizeof(small)), 7);
	is_text(small, "xxxxxxx");
	is_int(fd_read_small(root, "empty", small, sizeof(small)), 0);
	is_int(fd_read_small(root, "none", small, sizeof(small)), -ENOENT);
	is_int(fd_read_file(AT_FDCWD, "/proc/self/status", 1 << 16, &p, &b, &e), 0);
	ok(b.len > 100);
	is_int(fd_write_text(root, "empty", "text", &e), 0);
	is_int(fd_read_small(root, "empty", small, sizeof(small)), 4);
	is_text(small, "text");
	remove_root();
}

static void fd_kinds_and_waits(void)
{
	own_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int null = open("/dev/null", O_PATH | O_CLOEXEC);
	struct err e;
	char c;
	int ends[2];

	ok(fd_is_proc_root(proc));
	ok(!fd_is_proc_root(self) && !fd_is_proc_root(null));
	ok(fd_is_char_device(null, 1, 3));
	ok(!fd_is_char_device(null, 1, 5) && !fd_is_char_device(proc, 1, 3));
	if (!ok(!pipe2(ends, O_CLOEXEC)))
		return;
	is_int(fd_wait(ends[0], 0), 0);
	is_int(fd_wait(ends[0], 10), 0);
	is_int(fd_write_all(ends[1], "x", 1, &e), 0);
	is_int(fd_wait(ends[0], -1), 1);
	is_int(fd_read(ends[0], &c, 1), 1);
	close(ends[1]);
	is_int(fd_wait(ends[0], -1), 1);
	is_int(fd_read(ends[0], &c, 1), 0);
	close(ends[0]);
	is_int(fd_read(-1, &c, 1), -EBADF);
	is_int(fd_open(AT_FDCWD, "/no/such", O_RDONLY, 0, &e), -ENOENT);
	is_text(e.text, "open '/no/such': No such file or directory");
}

/* From here on openat2 is a call that the kernel does not know, so that look-ups go by hand. */
static void forget_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};

	is_int(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	is_int(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	is_int(syscall(SYS_openat2, -1, "", NULL, 0), -1);
	is_int(errno, ENOSYS);
}

int main(void)
{
	run(path_opens_beneath);
	run(path_makes_beneath);
	run(path_finds_parents);
	run(path_texts);
	run(fd_replaces_files);
	run(fd_reads_files);
	run(fd_kinds_and_waits);
	run(forget_openat2);
	run(path_opens_beneath);
	run(path_makes_beneath);
	run(path_finds_parents);
	return tap_done();
}
