/* SPDX-License-Identifier: Apache-2.0 */
/* state: ids, the directory, the file, and what is looked at to tell a container's status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/base/fmt.h"
#include "../../runtime/state.h"
#include "../../spec/json.h"
#include "tap.h"

static char folder[] = "/tmp/test_state.XXXXXX";
static int root = -1, dir = -1;
static struct pool pool;
static struct err err;

/* --- ids and directories ------------------------------------------------------------------------ */

static void ids(void)
{
	static const char *const good[] = {"a", "A-b_c.d+e", "0", "..x", ".x", "x..", "-"};
	static const char *const bad[] = {
		"", ".", "..", "a/b", "/", "a b", "a\n", "\xc3\xa9", "a\\", "a:b", "a\x7f", "*"};
	char id[2001];

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		tap_check(!state_check_id(good[i], &err), TAP_HERE, "'%s' is refused", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tap_check(
			state_check_id(bad[i], &err) == -EINVAL, TAP_HERE, "'%s' is taken", bad[i]);
	memset(id, 'x', sizeof(id));
	id[255] = '\0';
	is_int(state_check_id(id, &err), 0);
	id[255] = 'x';
	id[256] = '\0';
	is_int(state_check_id(id, &err), -EINVAL);
	id[256] = 'x';
	id[2000] = '\0';
	is_int(state_check_id(id, &err), -EINVAL);
	ok(strlen(err.text) < 400);
}

static void roots(void)
{
	char path[128];
	int fd;

	is_int(state_open_root("", true, &err), -ENOENT);
	is_int(state_open_root("", false, &err), -ENOENT);
	fmt_put(path, sizeof(path), "%s/a/b//c", folder);
	is_int(state_open_root(path, false, &err), -ENOENT);
	fd = state_open_root(path, true, &err);
	ok(fd >= 0);
	close(fd);
	fmt_put(path, sizeof(path), "%s/a/b/c", folder);
	ok(!rmdir(path));
	fmt_put(path, sizeof(path), "%s/file", folder);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	is_int(state_open_root(path, true, &err), -ENOTDIR);
	unlink(path);
	fmt_put(path, sizeof(path), "%s/a/b", folder);
	ok(!rmdir(path));
	fmt_put(path, sizeof(path), "%s/a", folder);
	ok(!rmdir(path));
	/* A relative one is below the working directory. */
	ok(!chdir(folder));
	fd = state_open_root("rel/x", true, &err);
	ok(fd >= 0);
	close(fd);
	ok(!rmdir("rel/x") && !rmdir("rel"));
}

static void an_id_is_taken_once(void)
{
	int fd = state_claim(root, "one", &err), other;

	ok(fd >= 0);
	is_int(state_claim(root, "one", &err), -EEXIST);
	has_text(err.text, "already exists");
	other = state_open(root, "one", false, &err);
	ok(other >= 0);
	/* It is locked for who claimed it. */
	is_int(flock(other, LOCK_EX | LOCK_NB), -1);
	close(other);
	is_int(state_remove(root, "one", fd, &err), 0);
	is_int(state_open(root, "one", false, &err), -ENOENT);
	has_text(err.text, "container does not exist: 'one'");
	close(fd);
}

/* Who waited for the lock of a container that was deleted meanwhile is told so. */
static void a_deleted_one_is_not_there_for_who_waited(void)
{
	int fd = state_claim(root, "two", &err), status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err mine;

		close(fd); /* a copy of the locked one */
		_exit(state_open(root, "two", true, &mine) == -ENOENT ? 0 : 1);
	}
	usleep(50000);
	is_int(state_remove(root, "two", fd, &err), 0);
	close(fd);
	ok(waitpid(pid, &status, 0) == pid);
	is_int(status, 0);
}

static void a_link_is_not_followed(void)
{
	ok(!symlinkat(folder, root, "link"));
	ok(state_open(root, "link", false, &err) < 0);
	is_int(state_claim(root, "link", &err), -EEXIST);
	unlinkat(root, "link", 0);
}

/* --- the file ----------------------------------------------------------------------------------- */

static int read_text(const char *text, struct state **ret)
{
	err = (struct err){0};
	is_int(fd_replace_file(dir, "state.json", text, strlen(text), 0600, &err), 0);
	return state_read(dir, "x", &pool, ret, &err);
}

static void what_is_written_is_read(void)
{
	struct state s = {.id = "x",
			     .bundle = "/b",
			     .namespaces = 0x20000000,
			     .has_namespaces = true},
		     *t;

	OPT_SET(&s, version, STATE_VERSION);
	OPT_SET(&s, started, UINT64_MAX);
	OPT_SET(&s, pid, 7);
	is_int(state_write(dir, &s, &err), 0);
	is_int(state_read(dir, "x", &pool, &t, &err), 0);
	is_text(t->id, "x");
	ok(t->started == UINT64_MAX && t->pid == 7 && t->namespaces == 0x20000000);
	ok(!t->complete && !t->has_complete);
}

static void damaged_files_are_refused(void)
{
	static const char *const all[] = {"", "{", "[]", "null", "{}", "{\"version\":1}",
		"{\"version\":1,\"id\":\"x\"}", "{\"version\":1,\"id\":\"x\",\"bundle\":7}",
		"{\"version\":0,\"id\":\"x\",\"bundle\":\"b\"}",
		"{\"version\":-1,\"id\":\"x\",\"bundle\":\"b\"}", "{\"id\":\"x\",\"bundle\":\"b\"}",
		"{\"version\":1,\"id\":\"x\",\"bundle\":\"b\",\"pid\":\"7\"}",
		"{\"version\":1,\"id\":\"x\",\"bundle\":\"b\",\"unheard\":1}",
		"{\"version\":1,\"id\":\"x\",\"bundle\":\"b\",\"pid\":99999999999}",
		"{\"version\":1,\"id\":\"x\",\"bundle\":\"b\"}x"};
	struct state *s;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tap_check(read_text(all[i], &s) < 0, TAP_HERE, "'%s' is taken", all[i]);
		tap_check(err.text[0] && err.fix[0] && err.code, TAP_HERE, "'%s': %s", all[i],
			err.text);
	}
	unlinkat(dir, "state.json", 0);
	is_int(state_read(dir, "x", &pool, &s, &err), -EBADMSG);
	has_text(err.text, "damaged");
}

static void a_newer_version_is_named(void)
{
	struct state *s;

	is_int(read_text("{\"version\":2,\"id\":\"x\",\"bundle\":\"b\"}", &s), -EPROTO);
	has_text(err.text, "version 2");
	has_text(err.fix, "newer program");
}

/* --- looking ------------------------------------------------------------------------------------ */

/* A process with a name that looks like the end of a stat line. */
static pid_t odd_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, "x) Z 1 2 3 (");
		pause();
		_exit(0);
	}
	return pid;
}

static void the_start_time_of_a_process(void)
{
	uint64_t own, again, of_child;
	pid_t pid = odd_child();

	is_int(state_process_start(getpid(), &own), 0);
	is_int(state_process_start(getpid(), &again), 0);
	ok(own == again && own > 0);
	usleep(30000); /* until it has its odd name */
	is_int(state_process_start(pid, &of_child), 0);
	ok(of_child >= own);
	/* What is left of a process is none. */
	kill(pid, SIGKILL);
	for (int i = 0; i < 500 && !state_process_start(pid, &again); i++)
		usleep(10000);
	is_int(state_process_start(pid, &again), -ESRCH);
	waitpid(pid, NULL, 0);
	is_int(state_process_start(pid, &again), -ESRCH);
	is_int(state_process_start(-1, &again), -ESRCH);
	is_int(state_process_start(0x7fffffff, &again), -ESRCH);
}

static void the_status_is_looked_at(void)
{
	struct state s = {.complete = false};
	uint64_t started;
	int sock, fd;
	pid_t pid = odd_child();

	is_int(state_process_start(pid, &started), 0);
	s.creator = pid;
	s.creator_started = started;
	is_int(state_status(dir, &s), STATUS_CREATING);
	s.creator_started = started + 1; /* another process by now */
	is_int(state_status(dir, &s), STATUS_STOPPED);
	s.complete = true;
	s.pid = pid;
	s.started = started;
	is_int(state_status(dir, &s), STATUS_RUNNING);
	sock = state_listen_start(dir, &err);
	ok(sock >= 0);
	is_int(state_status(dir, &s), STATUS_CREATED);
	close(sock);
	is_int(state_status(dir, &s), STATUS_RUNNING);
	unlinkat(dir, "start", 0);
	fd = state_open_process(&s, &err);
	ok(fd >= 0);
	own_close(&fd);
	s.started++;
	is_int(state_status(dir, &s), STATUS_STOPPED);
	is_int(state_open_process(&s, &err), -ESRCH);
	s.started--;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	is_int(state_status(dir, &s), STATUS_STOPPED);
	is_int(state_open_process(&s, &err), -ESRCH);
	s.pid = -1;
	is_int(state_open_process(&s, &err), -ESRCH);
}

static void what_is_shown(void)
{
	own_str struct str out = {0};
	struct state s = {.ociVersion = "1.0.0",
		.id = "x",
		.bundle = "/b",
		.rootfs = "/r",
		.created = "c",
		.pid = 7,
		.has_pid = true};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	is_int(state_send(&s, STATUS_RUNNING, &w.sink, &err), 0);
	is_text(str_text(&out), "{\"ociVersion\":\"1.0.0\",\"id\":\"x\",\"pid\":7,\"status\":"
				"\"running\",\"bundle\":\"/"
				"b\",\"rootfs\":\"/r\",\"created\":\"c\",\"owner\":\"\"}");
	str_done(&out);
	json_writer_init(&w, &out, 0);
	is_int(state_send(&s, STATUS_STOPPED, &w.sink, &err), 0);
	has_text(str_text(&out), "\"pid\":0,\"status\":\"stopped\"");
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	root = state_open_root(folder, false, &err);
	run(ids);
	run(roots);
	run(an_id_is_taken_once);
	run(a_deleted_one_is_not_there_for_who_waited);
	run(a_link_is_not_followed);
	dir = state_claim(root, "c", &err);
	run(what_is_written_is_read);
	run(damaged_files_are_refused);
	run(a_newer_version_is_named);
	run(the_start_time_of_a_process);
	run(the_status_is_looked_at);
	run(what_is_shown);
	(void)state_remove(root, "c", dir, &err);
	close(dir);
	close(root);
	rmdir(folder);
	pool_done(&pool);
	return tap_done();
}
