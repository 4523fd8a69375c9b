/* SPDX-License-Identifier: Apache-2.0 */
/* caller: what is asked of the lists first, what of the system, and what the probe finds. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../spec/caller.h"
#include "../../spec/names.h"
#include "tap.h"

static const char *env_v[] = {"HOME=/h", "EMPTY=", "HOMER=x", "A=1", "A=2"};
static struct pair users_v[] = {{"web", "33"}, {"root", "7"}, {"bad", "x"}, {"huge", "4294967296"}};
static struct pair paths_v[] = {{"/d", "dir"}, {"/f", "file"}};
static struct caller_limit limit = {"RLIMIT_NOFILE", 5, true, 6, true};
static struct caller_limit *limits_v[] = {&limit};

static struct caller make(bool live)
{
	return (struct caller){
		.env = {env_v, 5},
		.users = {users_v, 4},
		.groups = {users_v, 1},
		.paths = {paths_v, 2},
		.limits = {limits_v, 1},
		.live = live,
	};
}

static void variables_are_found_whole(void)
{
	const struct caller c = make(false);

	is_text(caller_env(&c, "HOME"), "/h");
	is_text(caller_env(&c, "HOMER"), "x");
	is_text(caller_env(&c, "EMPTY"), "");
	is_text(caller_env(&c, "A"), "1");
	ok(!caller_env(&c, "HOM"));
	ok(!caller_env(&c, ""));
	ok(!caller_env(&c, "HOME=/h"));
}

static void names_are_looked_up(void)
{
	const struct caller dead = make(false), live = make(true);
	uint32_t id = 1;

	is_int(caller_user(&dead, "web", &id), 0);
	is_int(id, 33);
	is_int(caller_user(&dead, "bad", &id), -ENOENT);
	is_int(caller_user(&dead, "huge", &id), -ENOENT);
	is_int(caller_user(&dead, "daemon", &id), -ENOENT);
	is_int(id, 33); /* untouched by a failure */
	is_int(caller_group(&dead, "root", &id), -ENOENT);
	/* The lists go first; the system is asked for the rest. */
	is_int(caller_user(&live, "root", &id), 0);
	is_int(id, 7);
	is_int(caller_group(&live, "root", &id), 0);
	is_int(id, 0);
	is_int(caller_user(&live, "no such user", &id), -ENOENT);
}

static void limits_are_found(void)
{
	const struct caller c = make(false);
	uint64_t soft = 0, hard = 0;

	is_int(caller_rlimit(&c, "RLIMIT_NOFILE", &soft, &hard), 0);
	is_int(soft, 5);
	is_int(hard, 6);
	is_int(caller_rlimit(&c, "RLIMIT_CORE", &soft, &hard), -ENOENT);
}

static void kinds_of_paths(void)
{
	const struct caller dead = make(false), live = make(true);

	is_int(caller_path_kind(&dead, "/d"), CALLER_PATH_DIR);
	is_int(caller_path_kind(&dead, "/f"), CALLER_PATH_FILE);
	is_int(caller_path_kind(&dead, "/"), CALLER_PATH_NONE);
	is_int(caller_path_kind(&live, "/"), CALLER_PATH_DIR);
	is_int(caller_path_kind(&live, "/dev/null"), CALLER_PATH_FILE);
	is_int(caller_path_kind(&live, "/no/such"), CALLER_PATH_NONE);
	is_int(caller_path_kind(&live, "/f"), CALLER_PATH_FILE);
}

static void the_probe_finds_this_process(void)
{
	own_pool struct pool pool = {0};
	struct caller c;
	struct rlimit r;
	struct err e;
	uint64_t soft, hard;
	cpu_set_t one;

	ok(!setenv("TEST_CALLER", "yes", 1));
	ok(!chdir("/usr"));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ok(!sched_setaffinity(0, sizeof(one), &one));
	is_int(caller_probe(&c, &pool, &e), 0);
	ok(c.live);
	is_int(c.uid, geteuid());
	is_int(c.gid, getegid());
	is_int(c.cpus, 1);
	is_text(c.cwd, "/usr");
	is_text(caller_env(&c, "TEST_CALLER"), "yes");
	is_int(c.limits.n, rlimit_words.n);
	ok(!getrlimit(RLIMIT_NOFILE, &r));
	is_int(caller_rlimit(&c, "RLIMIT_NOFILE", &soft, &hard), 0);
	ok(soft == r.rlim_cur && hard == r.rlim_max);
}

int main(void)
{
	run(variables_are_found_whole);
	run(names_are_looked_up);
	run(limits_are_found);
	run(kinds_of_paths);
	run(the_probe_finds_this_process);
	return tap_done();
}
