/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../spec/json.h"
#include "../spec/user_net.h"
#include "../spec/walk.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "parent.h"

/* The program beside the jail that carries its packets. */

/* Beside our own program, as it is built, or where it is installed. */
static void find_program(const struct run *r, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlinkat(r->proc, "self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash && fmt_put(path, size, "%.*s/%s", (int)(slash - self), self, JAILRT_NET) < size &&
		!access(path, X_OK))
		return;
	fmt_put(path, size, "%s/%s", JAILRT_LIBEXEC, JAILRT_NET);
}

/*
 * Those that carried packets for jails before are nobody's children. Where we are the first process of a pid
 * namespace, as in containers, they become ours, and would be left for ever.
 */
static void reap_strays(int proc)
{
	char path[32], name[32];

	while (getpid() == 1) {
		siginfo_t si = {0};
		size_t len = strlen(JAILRT_NET_SERVER);

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || !si.si_pid)
			return;
		fmt_put(path, sizeof(path), "%d/comm", (int)si.si_pid);
		if (fd_read_small(proc, path, name, sizeof(name)) < 0 ||
			strncmp(name, JAILRT_NET_SERVER, len) || name[len] != '\n')
			return; /* somebody waits for that one */
		(void)waitpid(si.si_pid, NULL, 0); /* it has ended: this does not wait */
	}
}

/* It has no environment: what it is to know is in the text on its stdin. */
int parent_user_net(struct parent *p, const struct user_net *a, struct err *e)
{
	own_str struct str text = {0};
	struct json_writer w;
	char path[PATH_MAX], pid[16];
	char *argv[] = {JAILRT_NET, pid, NULL}, *envp[] = {NULL};
	struct spawn s = {.path = path, .argv = argv, .envp = envp, .cwd = "/"};

	reap_strays(p->run.proc);
	json_writer_init(&w, &text, 0);
	TRY(walk(&table_user_net, a, 0, &w.sink, e));
	TRY(str_check(&text, e));
	find_program(&p->run, path, sizeof(path));
	fmt_put(pid, sizeof(pid), "%d", (int)p->pid[SIDE_INIT]);
	s.input[0] = str_text(&text);
	if (spawn_begin(&s, &p->spawned, e) < 0)
		return err_fix(e, "install %s, which comes with jailrt", JAILRT_NET);
	return 0;
}
