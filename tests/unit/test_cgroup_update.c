/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_update: all of several writes or none. Plain files of a folder stand for those of a cgroup; one
 * that cannot be opened for what the kernel refuses. And what puts back the old value of each kind of file.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The functions are static, so the file itself is here. */
#include "../../runtime/do/cgroup_update.c"
#include "tap.h"

static struct pool pool;
static struct err err;

/* --- what puts a value back ------------------------------------------------------------------------ */

static void old_values(void)
{
	static const struct {
		const char *file, *value, *now, *old;
	} all[] = {
		{"memory.max", "5", "max\n", "max"},
		{"pids.max", "max", "10\n", "10"},
		{"cpu.max", "50000 100000", "max 100000\n", "max 100000"},
		{"cpu.max", "50000", "max 100000\n", "max 100000"},
		{"cpuset.cpus", "0", "\n", ""},
		{"cpuset.cpus", "0", "", "\n"},
		{"memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "0"},
		{"memory.oom_control", "1", "oom_kill_disable 1\nunder_oom 0\n", "1"},
		{"io.max", "8:16 rbps=1", "8:0 rbps=5 wbps=max riops=max wiops=max\n",
			"8:16 rbps=max wbps=max riops=max wiops=max"},
		{"io.max", "8:0 rbps=1", "8:16 rbps=3\n8:0 rbps=5 wbps=max\n",
			"8:0 rbps=5 wbps=max"},
		{"io.max", "8:0 rbps=1", "", "8:0 rbps=max wbps=max riops=max wiops=max"},
		{"io.weight", "50", "default 100\n8:0 200\n", "default 100"},
		{"io.weight", "8:0 50", "default 100\n8:0 200\n", "8:0 200"},
		{"io.bfq.weight", "8:0 50", "default 100\n", "8:0 default"},
		{"io.bfq.weight", "default 7", "default 100\n", "default 100"},
		{"blkio.bfq.weight", "300", "100\n", "100"},
		{"blkio.bfq.weight_device", "8:0 300", "", "8:0 0"},
		{"blkio.throttle.read_bps_device", "8:0 300", "8:0 7\n8:1 9\n", "8:0 7"},
		{"blkio.throttle.read_bps_device", "8:0 300", "18:0 7\n", "8:0 0"},
		{"net_prio.ifpriomap", "lo 5", "eth0 0\nlo 3\n", "lo 3"},
		{"rdma.max", "mlx hca_handle=1", "mlx hca_handle=max hca_object=max\n",
			"mlx hca_handle=max hca_object=max"},
		{"hugetlb.2MB.max", "0", "max\n", "max"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const char *old = old_text(all[i].file, all[i].value, all[i].now, &pool);

		tap_check(old && !strcmp(old, all[i].old), TAP_HERE, "%s %s: '%s', not '%s'",
			all[i].file, all[i].value, old, all[i].old);
	}
}

/* --- all or none ----------------------------------------------------------------------------------- */

static char folder[] = "/tmp/test_update.XXXXXX";
static int dir;

static void put(const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	is_int(fd_write_all(fd, text, strlen(text), &err), 0);
	close(fd);
}

/* Writes to plain files do not cut them: what is looked at is what was written last, at the front. */
static const char *got(const char *name)
{
	static char text[64];

	is_int(fd_read_small(dir, name, text, sizeof(text)) >= 0, 1);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static struct cgroup_change change(const struct step_cgroup_set *s)
{
	return (struct cgroup_change){.dir = dir, .set = s};
}

static void all_are_written(void)
{
	static const struct step_cgroup_set a = {.file = "a", .value = "22"};
	static const struct step_cgroup_set b = {
		.file = "gone", .value = "33", .or_file = "b", .or_value = "44"};
	static const struct step_cgroup_set c = {.file = "gone", .value = "33", .if_there = true};
	struct cgroup_change v[] = {change(&a), change(&b), change(&c)};
	size_t failed;

	put("a", "11\n");
	put("b", "12\n");
	is_int(cgroup_update(v, 3, &pool, &failed, &err), 0);
	is_int((int)failed, 3);
	is_text(got("a"), "22");
	is_text(got("b"), "44");
	cgroup_update_undo(v, 3);
	is_text(got("a"), "11");
	is_text(got("b"), "12");
	ok(faccessat(dir, "gone", F_OK, 0) < 0);
}

static void a_failure_puts_all_back(void)
{
	static const struct step_cgroup_set a = {.file = "a", .value = "22"};
	static const struct step_cgroup_set bad = {.file = "gone", .value = "33"};
	static const struct step_cgroup_set b = {.file = "b", .value = "44"};
	struct cgroup_change v[] = {change(&a), change(&bad), change(&b)};
	size_t failed;

	put("a", "11\n");
	put("b", "12\n");
	is_int(cgroup_update(v, 3, &pool, &failed, &err), -ENOENT);
	is_int((int)failed, 1);
	has_text(err.text, "gone");
	is_text(got("a"), "11");
	is_text(got("b"), "12");
}

static void use_above_the_limit_is_refused(void)
{
	static const struct step_cgroup_set a = {.file = "a", .value = "22"};
	static const struct step_cgroup_set low = {.file = "b", .value = "99", .usage = "use"};
	static const struct step_cgroup_set high = {.file = "b", .value = "100", .usage = "use"};
	static const struct step_cgroup_set none = {.file = "b", .value = "max", .usage = "use"};
	static const struct step_cgroup_set uncounted = {
		.file = "b", .value = "1", .usage = "gone"};
	struct cgroup_change v[] = {change(&a), change(&low)};
	struct cgroup_change good[] = {change(&high), change(&none), change(&uncounted)};
	size_t failed;

	put("a", "11\n");
	put("b", "12\n");
	put("use", "100\n");
	is_int(cgroup_update(v, 2, &pool, &failed, &err), -EBUSY);
	is_int((int)failed, 1);
	has_text(err.text, "'use' is 100 already, more than the limit of 99");
	is_text(got("a"), "11");
	is_text(got("b"), "12");
	is_int(cgroup_update(good, 3, &pool, &failed, &err), 0);
}

int main(void)
{
	dir = open(mkdtemp(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	run(old_values);
	run(all_are_written);
	run(a_failure_puts_all_back);
	run(use_above_the_limit_is_refused);
	for (const char *name = "a\0b\0use\0"; *name; name += strlen(name) + 1)
		unlinkat(dir, name, 0);
	close(dir);
	rmdir(folder);
	pool_done(&pool);
	return tap_done();
}
