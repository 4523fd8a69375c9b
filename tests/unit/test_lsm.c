/* SPDX-License-Identifier: Apache-2.0 */
/* lsm: where a label is written. That the kernel takes it: tests/bats/labels.bats. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/do/lsm.h"
#include "tap.h"

static struct err err;
static const struct step_label label = {.module = "apparmor", .file = "exec", .value = "exec x"};

/* A folder with self/attr/FILE in it, as procfs has it. */
static int folder(char path[], const char *file)
{
	int dir;

	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(dir, "self", 0755);
	(void)mkdirat(dir, "self/attr", 0755);
	(void)mkdirat(dir, "self/attr/apparmor", 0755);
	close(openat(dir, file, O_WRONLY | O_CREAT, 0644));
	return dir;
}

static void only_procfs_is_written_to(void)
{
	static const char *const files[] = {"self/attr/apparmor/exec", "self/attr/exec"};

	for (size_t i = 0; i < 2; i++) {
		char path[] = "/tmp/test_lsm.XXXXXX", command[64];
		int dir = folder(path, files[i]);
		struct stat st;

		if (!ok(dir >= 0))
			return;
		is_int(lsm_label(dir, &label, &err), -ENODEV);
		has_text(err.text, "are no files of procfs");
		ok(!fstatat(dir, files[i], &st, 0));
		is_int(st.st_size, 0);
		close(dir);
		snprintf(command, sizeof(command), "rm -r '%s'", path);
		is_int(system(command), 0);
	}
}

static void a_missing_file_is_told(void)
{
	char path[] = "/tmp/test_lsm.XXXXXX", command[64];
	int dir = folder(path, "self/attr/other");

	is_int(lsm_label(dir, &label, &err), -ENOENT);
	has_text(err.text, "self/attr/exec");
	close(dir);
	snprintf(command, sizeof(command), "rm -r '%s'", path);
	is_int(system(command), 0);
}

int main(void)
{
	run(only_procfs_is_written_to);
	run(a_missing_file_is_told);
	return tap_done();
}
