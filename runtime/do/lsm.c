/* SPDX-License-Identifier: Apache-2.0 */
#include "lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"

/* Since 5.8 each module may have a folder of its own; without, the first module has the file. */
static int open_attribute(int proc, const struct step_label *s, struct err *e)
{
	char path[64];
	int fd;

	fmt_put(path, sizeof(path), "self/attr/%s/%s", s->module, s->file);
	fd = fd_open(proc, path, O_WRONLY, 0, e);
	if (fd != -ENOENT)
		return fd;
	fmt_put(path, sizeof(path), "self/attr/%s", s->file);
	return fd_open(proc, path, O_WRONLY, 0, e);
}

static int explain(int code, const struct step_label *s, struct err *e)
{
	err_sys(e, code, "set the %s %s to '%s'", s->module,
		strcmp(s->file, "exec") ? "label of keys" : "label", s->value);
	if (code == ENOENT)
		return err_fix(e, "load that profile into the kernel first (apparmor_parser)");
	if (code == EINVAL)
		return err_fix(e, "the kernel's policy does not know it");
	return -code;
}

int lsm_label(int proc, const struct step_label *s, struct err *e)
{
	own_fd int fd = open_attribute(proc, s, e);
	struct statfs fs;
	ssize_t n;

	TRY(fd);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, ENODEV, "the attributes of the process are no files of procfs");
	do
		n = write(fd, s->value, strlen(s->value));
	while (n < 0 && errno == EINTR);
	return n < 0 ? explain(errno, s, e) : 0;
}
