/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DO_EXEC_H
#define JAILRT_DO_EXEC_H
/*
 * exec: from the finished jail to the program.
 *
 * For between clone and exec. The words of failures are those that engines look for (they are runc's):
 * a missing program is "executable file not found in $PATH" or "no such file or directory".
 */
#include <limits.h>

#include "../base/err.h"
#include "../step.h"

/* Enters the working directory beneath "/", made when it is missing and s wants that. */
int exec_enter(const struct step_cwd *s, struct err *e);

/* Finds the program and makes sure that the caller may execute it. */
int exec_find(const struct step_find *s, char ret[static PATH_MAX], struct err *e);

/* Gives pipes, sockets and terminals on 0, 1 and 2 to the user, who could not open them again else. */
int exec_own_stdio(const struct step_ids *s, struct err *e);

/* Marks all fds from first on close-on-exec. proc is an fd of the host's procfs. */
int exec_close_fds(int proc, unsigned first, struct err *e);

/* What is done by the very last call before the program is executed. */
struct exec_last {
	int (*fn)(void *arg, struct err *e);
	void *arg;
};

/*
 * Becomes the program: the file that is open as fd, or -1: s->file, or found, what exec_find found. Returns
 * only when that fails.
 */
int exec_program(const struct step_exec *s, int fd, const char *found, int proc,
	const struct exec_last *last, struct err *e);

#endif
