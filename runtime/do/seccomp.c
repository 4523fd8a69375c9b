/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/own.h"
#include "../base/sys.h"

int seccomp_words(struct err **ret, struct err *e)
{
	static const struct err none;
	own_fd int fd = sys_memfd_create("jailrt-words", 1 /* MFD_CLOEXEC */);
	void *page;

	if (fd < 0)
		return err_sys(e, -fd, "make a memory file");
	if (write(fd, &none, sizeof(none)) != sizeof(none))
		return err_sys(e, errno, "make a memory file");
	page = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return err_sys(e, errno, "map a memory file");
	*ret = page;
	return take_fd(&fd);
}

int seccomp_read_words(int fd, struct err *e)
{
	struct err words;

	if (fd < 0)
		return 0;
	if (pread(fd, &words, sizeof(words), 0) != sizeof(words))
		return err_set(e, EPROTO, "the last words of init cannot be read");
	if (!words.code)
		return 0;
	words.text[sizeof(words.text) - 1] = words.fix[sizeof(words.fix) - 1] = '\0';
	if (words.code < 0 || words.code > 4095)
		words.code = EPROTO;
	if (e)
		*e = words;
	return -words.code;
}

static int explain(int code, const struct step_seccomp *s, struct err *e)
{
	err_sys(e, code, "set the system call filter");
	if (code == EACCES)
		return err_fix(e, "set no_new_privs, or start it with CAP_SYS_ADMIN");
	if (code == EBUSY)
		return err_fix(e, "a filter from outside has a listener already: only one may");
	if (code == EINVAL && s->flags)
		return err_fix(e, "this kernel may not know one of the flags: leave it out");
	return -code;
}

int seccomp_set(const struct step_seccomp *s, struct err *e)
{
	const struct sock_fprog program = {
		.len = (unsigned short)s->length, .filter = (struct sock_filter *)s->program};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, s->flags, &program);

	return r < 0 ? explain(errno, s, e) : (int)r;
}
