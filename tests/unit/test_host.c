/* SPDX-License-Identifier: Apache-2.0 */
/* host: the kernel's texts about cgroups, read line by line; and a probe of this machine. */
#include <stdlib.h>

/* The readers are static, so the file itself is here. */
#include "../../runtime/host.c"
#include "tap.h"

static struct pool pool;

/* Reads a mountinfo and a /proc/self/cgroup. */
static struct host *parse(const char *mounts, const char *own)
{
	struct host *h = POOL_NEW(&pool, struct host);

	is_int(each_line(read_mount_line, h, &pool, pool_text(&pool, mounts)), 0);
	is_int(each_line(own_line, h, &pool, pool_text(&pool, own)), 0);
	return h;
}

#define V1(path, words) "30 25 0:26 / " path " rw,nosuid shared:9 - cgroup cgroup rw," words "\n"

static void all_of_v1(void)
{
	const struct host *h = parse("20 1 8:1 / / rw - ext4 /dev/sda rw\n" V1(
					     "/sys/fs/cgroup/systemd", "xattr,name=systemd")
					     V1("/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct")
						     V1("/sys/fs/cgroup/memory", "memory"),
		"3:memory:/user/x\n2:cpu,cpuacct:/y\n1:name=systemd:/z\n0::/ignored\n");

	is_int(h->hierarchies.n, 3);
	is_text(host_layout(h), "v1");
	is_text(host_controller(h, "cpuacct")->mount, "/sys/fs/cgroup/cpu,cpuacct");
	is_text(host_controller(h, "cpuacct")->own, "/y");
	is_text(host_controller(h, "memory")->own, "/user/x");
	is_text(host_controller(h, "name=systemd")->own, "/z");
	ok(!host_controller(h, "pids"));
	ok(!host_controller(h, "xattr") && !host_controller(h, "rw"));
	is_int(host_controller(h, "cpu")->controllers.n, 2);
}

static void v2_alone_and_beside_v1(void)
{
	const char *v2 = "29 25 0:26 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 "
			 "rw,nsdelegate\n";
	const struct host *h = parse(v2, "0::/a/b c\n");

	is_int(h->hierarchies.n, 1);
	is_text(host_layout(h), "v2");
	ok(h->hierarchies.v[0]->v2);
	is_text(h->hierarchies.v[0]->own, "/a/b c");
	h = parse(pool_printf(&pool, "%s%s", v2, V1("/sys/fs/cgroup/pids", "pids")),
		"1:pids:/p\n0::/a\n");
	is_text(host_layout(h), "hybrid");
	is_text(host_layout(parse("", "")), "none");
}

/* Of several mounts of a hierarchy the first counts: later ones are parts of it, bound somewhere. */
static void a_second_mount_is_passed_over(void)
{
	const struct host *h = parse(V1("/sys/fs/cgroup/pids", "pids") V1("/other",
					     "pids") "31 1 0:3 / /c rw - cgroup2 x rw\n32 1 0:3 /q "
						     "/d rw - cgroup2 x rw\n",
		"1:pids:/p\n0::/a\n");

	is_int(h->hierarchies.n, 2);
	is_text(h->hierarchies.v[0]->mount, "/sys/fs/cgroup/pids");
	is_text(h->hierarchies.v[1]->mount, "/c");
}

/* In a container the mount shows a part of the hierarchy; the caller's path begins with that part. */
static void the_mounts_root_is_cut_off(void)
{
	const char *mounts =
		"30 25 0:26 /docker/abc /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n";

	is_text(parse(mounts, "1:pids:/docker/abc/x\n")->hierarchies.v[0]->own, "/x");
	is_text(parse(mounts, "1:pids:/docker/abc\n")->hierarchies.v[0]->own, "/");
	is_text(parse(mounts, "1:pids:/docker/abcd\n")->hierarchies.v[0]->own, "/docker/abcd");
	is_text(parse(mounts, "1:pids:/elsewhere\n")->hierarchies.v[0]->own, "/elsewhere");
}

static void escapes_and_odd_lines(void)
{
	const struct host *h = parse("30 25 0:26 / /sys/a\\040b\\134c rw - cgroup cgroup rw,pids\n"
				     "short line - cgroup\n"
				     " - cgroup2\n"
				     "30 25 0:26 / /x rw - cgroupx cgroup rw,cpu\n"
				     "\n",
		"1:pids:/p\nno colon\n:\n::\n1:x\n");

	is_text(h->hierarchies.v[0]->mount, "/sys/a b\\c");
	is_text(host_controller(h, "pids")->own, "/p");
	ok(!host_controller(h, "cpu"));
}

/* Any bytes: no reader may go past the end of its line. */
static void noise(void)
{
	static const char bits[] = " -:\\/,=0a\n";
	char text[64];

	srand(3);
	for (int round = 0; round < 20000; round++) {
		own_pool struct pool scratch = {0};
		struct host h = {0};
		size_t n = (size_t)rand() % sizeof(text);
		char *line = pool_alloc(&scratch, n + 24);

		for (size_t i = 0; i < n; i++)
			text[i] = bits[(size_t)rand() % (sizeof(bits) - 1)];
		memcpy(line, text, n);
		fmt_put(line + n, 24, "%s", rand() % 2 ? " - cgroup a b" : " - cgroup2 a");
		ok(each_line(read_mount_line, &h, &scratch, line) == 0);
		memcpy(line, text, n);
		ok(each_line(own_line, &h, &scratch, line) == 0);
	}
}

static void this_machine(void)
{
	own_pool struct pool scratch = {0};
	struct host h;
	struct err e;

	is_int(host_probe(&h, &scratch, &e), 0);
	ok(h.kernel >= 4000 && h.kernel < 100000);
	is_int(h.uid, geteuid());
	ok(h.last_cap >= 36 && h.last_cap < 64);
	is_int(h.privileged, has_sys_admin());
	list_each (i, h.hierarchies) {
		is_int(h.hierarchies.v[i]->mount[0], '/');
		is_int(h.hierarchies.v[i]->own[0], '/');
		ok(h.hierarchies.v[i]->v2 || h.hierarchies.v[i]->controllers.n);
	}
}

int main(void)
{
	run(all_of_v1);
	run(v2_alone_and_beside_v1);
	run(a_second_mount_is_passed_over);
	run(the_mounts_root_is_cut_off);
	run(escapes_and_odd_lines);
	run(noise);
	run(this_machine);
	pool_done(&pool);
	return tap_done();
}
