/* SPDX-License-Identifier: Apache-2.0 */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fmt.h"
#include "own.h"

#define GETENT "/usr/bin/getent"

extern char **environ;

/* NAME:x:ID:… : a user's and a group's line begin alike. What is none (a comment, "+") is passed over. */
static bool split(char *line, char **ret_name, uint32_t *ret_id)
{
	char *password = strchr(line, ':'), *id = password ? strchr(password + 1, ':') : NULL;
	uint64_t v;

	if (!id || *line == '#' || *line == '+' || *line == '-' || line == password)
		return false;
	*password = '\0';
	id++;
	if (fmt_u64(id, strcspn(id, ":\n"), &v) < 0 || v > UINT32_MAX)
		return false;
	*ret_name = line;
	*ret_id = (uint32_t)v;
	return true;
}

/* The first line with that name, or with name NULL that id. */
struct wanted {
	const char *name;
	uint32_t id;
	char *found; /* its name, for size bytes; NULL: not wanted */
	size_t size;
};

static int search(FILE *f, struct wanted *w)
{
	own_free char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0) {
		uint32_t id;
		char *name;

		if (!split(line, &name, &id) || (w->name ? !!strcmp(name, w->name) : id != w->id))
			continue;
		w->id = id;
		return !w->found || fmt_put(w->found, w->size, "%s", name) < w->size ? 0 : -ENOENT;
	}
	return -ENOENT;
}

static int search_file(const char *path, struct wanted *w)
{
	FILE *f = fopen(path, "re");
	int r = f ? search(f, w) : -ENOENT;

	if (f)
		fclose(f);
	return r;
}

static pid_t start_getent(const char *database, const char *key, int out)
{
	char *const argv[] = {(char *)"getent", (char *)"--", (char *)database, (char *)key, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions))
		return -1;
	if (posix_spawn_file_actions_adddup2(&actions, out, 1) ||
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0) ||
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0) ||
		posix_spawn(&pid, GETENT, &actions, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int ask_getent(const char *database, const char *key, struct wanted *w)
{
	int pipe[2], r;
	pid_t pid;
	FILE *f;

	if (access(GETENT, X_OK) < 0 || pipe2(pipe, O_CLOEXEC) < 0)
		return -ENOENT;
	pid = start_getent(database, key, pipe[1]);
	close(pipe[1]);
	f = fdopen(pipe[0], "r");
	r = f && pid > 0 ? search(f, w) : -ENOENT;
	if (f)
		fclose(f);
	else
		close(pipe[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

static int find(const char *path, const char *database, const char *name, uint32_t *ret)
{
	struct wanted w = {.name = name};
	/* getent takes a number for an id: who has it would have to be called so to be found. */
	bool number = !name[strspn(name, "0123456789")];

	if (search_file(path, &w) < 0 && (number || ask_getent(database, name, &w) < 0))
		return -ENOENT;
	*ret = w.id;
	return 0;
}

int user_find(const char *name, uint32_t *ret)
{
	return find("/etc/passwd", "passwd", name, ret);
}

int user_find_group(const char *name, uint32_t *ret)
{
	return find("/etc/group", "group", name, ret);
}

int user_name(uint32_t uid, char *ret, size_t size)
{
	struct wanted w = {.id = uid, .found = ret, .size = size};
	char key[16];

	fmt_put(key, sizeof(key), "%u", (unsigned)uid);
	return search_file("/etc/passwd", &w) < 0 && ask_getent("passwd", key, &w) < 0 ? -ENOENT
										       : 0;
}
