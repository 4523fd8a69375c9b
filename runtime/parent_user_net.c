/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../spec/json.h"
#include "../spec/user_net.h"
#include "../spec/walk.h"
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

/* It has no environment: what it is to know is in the text on its stdin. */
int parent_user_net(struct parent *p, const struct user_net *a, struct err *e)
{
	own_str struct str text = {0};
	struct json_writer w;
	char path[PATH_MAX], pid[16];
	char *argv[] = {JAILRT_NET, pid, NULL}, *envp[] = {NULL};
	struct spawn s = {.path = path, .argv = argv, .envp = envp, .cwd = "/"};

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
