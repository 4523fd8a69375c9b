/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdt: what is written to a resctrl filesystem, here a directory that looks like one: as in the kernel,
 * a new group has its files at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_fake_group(int dir, const char *path, mode_t mode);
#define mkdirat make_fake_group
/* The functions are static, and make_fake_group is to be called, so the file itself is here. */
#include "../../runtime/do/rdt.c"
#undef mkdirat
#include "tap.h"

static struct err err;
static char top[] = "/tmp/rdt.XXXXXX";
static const char *refuse; /* this file is not made */

static const char *at(const char *path)
{
	static char full[4][512];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(full[turn], sizeof(full[turn]), "%s%s", top, path);
	return full[turn];
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static const char *get(const char *path)
{
	static char text[2][512];
	static int turn;
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text[turn = !turn], 511);

	close(fd);
	if (n < 0)
		return "(none)";
	text[turn][n] = '\0';
	return text[turn];
}

static int make_fake_group(int dir, const char *path, mode_t mode)
{
	static const char *const files[] = {"tasks", "schemata"};
	char full[512];

	if (mkdirat(dir, path, mode) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		snprintf(full, sizeof(full), "%s/%s", path, files[i]);
		if (!refuse || strcmp(refuse, files[i]))
			put(full, "");
	}
	if (!strstr(path, "mon_groups")) {
		snprintf(full, sizeof(full), "%s/mon_groups", path);
		ok(!mkdir(full, 0755));
	}
	return 0;
}

static void clean(void)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf %s; mkdir -p %s/mon_groups %s/info", top, top,
		top);
	ok(!system(command));
	put(at("/schemata"), "    L3:0=ffff;1=ffff\n    MB:0=100;1=100\n");
	put(at("/tasks"), "");
	refuse = NULL;
	err = (struct err){0};
}

/* --- lines --------------------------------------------------------------------------------------- */

static void lines_that_are_there(void)
{
	static const char have[] = "    MB:0=100;1= 50\n    L3:0=00ff;1=f\nL2CODE:7=1\n";
	static const struct {
		const char *want;
		bool is;
	} all[] = {
		{"L3:0=ff;1=f\n", true},
		{"L3:0=FF\n", true},
		{"L3: 1=0f ; 0=ff\n", true},
		{"L3:1=f;0=00ff;\nMB:1=50\nL2CODE:7=1\n", true},
		{"l3:0=ff\n", true},
		{"MB:0=100", true},
		{"L3:0=fe\n", false},
		{"L3:2=ff\n", false},
		{"L3:0=ff;1=e\n", false},
		{"L2:7=1\n", false},
		{"L3CODE:0=ff\n", false},
		{"MB:0=10\n", false},
		{"MB:0=1000\n", false},
		{"L3:0=ff\nMB:0=99\n", false},
		{"L3:0=\n", false},
		/* A value of another line is none of this. */
		{"MB:7=1\n", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tap_check(says(have, all[i].want) == all[i].is, TAP_HERE, "'%s'", all[i].want);
	ok(!says("", "L3:0=f\n"));
	ok(says("", ""));
}

/* --- groups -------------------------------------------------------------------------------------- */

static int make(struct step_rdt s, unsigned *made)
{
	err = (struct err){0};
	s.mount = top;
	return rdt_make(&s, made, &err);
}

static void a_group_of_its_own(void)
{
	struct step_rdt s = {.mount = top,
		.group = "/web",
		.own = true,
		.monitor = "web",
		.schemata = "L3:0=f\nMB:0=50\n"};
	unsigned made;

	clean();
	is_int(make(s, &made), 0);
	is_int(made, RDT_MADE_GROUP | RDT_MADE_MONITOR);
	is_text(get(at("/web/schemata")), "L3:0=f\nMB:0=50\n");
	is_int(access(at("/web/mon_groups/web/tasks"), F_OK), 0);
	/* One that is there is somebody else's. */
	is_int(make(s, &made), -EEXIST);
	is_int(made, 0);
	is_text(get(at("/web/schemata")), "L3:0=f\nMB:0=50\n");
}

static void lines_are_written_in_one_write_or_the_start_fails(void)
{
	struct step_rdt s = {.mount = top, .group = "/web", .own = true, .schemata = "L3:0=f\n"};
	unsigned made;

	clean();
	refuse = "schemata";
	put(at("/info/last_cmd_status"), "Mask out of range\n");
	is_int(make(s, &made), -ENOENT);
	is_int(made, RDT_MADE_GROUP);
	has_text(err.text, "give the resctrl group its schemata");
	is_text(err.fix, "the kernel says: Mask out of range");
	put(at("/info/last_cmd_status"), "ok\n");
}

static void a_named_group(void)
{
	struct step_rdt s = {.mount = top, .group = "/gold"};
	unsigned made;

	clean();
	is_int(make(s, &made), -ENOENT);
	is_text(err.text, "there is no resctrl group 'gold'");
	s.schemata = "L3:0=f\n";
	is_int(make(s, &made), 0);
	is_int(made, RDT_MADE_GROUP);
	is_text(get(at("/gold/schemata")), "L3:0=f\n");
	/* Another with the same lines shares it, one with others does not. */
	s.schemata = "L3:0=0f\n";
	is_int(make(s, &made), 0);
	is_int(made, 0);
	is_text(get(at("/gold/schemata")), "L3:0=f\n");
	s.schemata = "L3:0=ff\n";
	is_int(make(s, &made), -EEXIST);
	is_text(err.text, "the resctrl group 'gold' is there and has other schemata");
	s.schemata = NULL;
	is_int(make(s, &made), 0);
	/* It is not taken back. */
	is_int(rdt_unmake(&s, RDT_MADE_GROUP, &err), 0);
	is_int(access(at("/gold/tasks"), F_OK), 0);
}

static void the_root_group(void)
{
	struct step_rdt s = {.mount = top, .group = "", .schemata = "MB:1=100\n", .monitor = "m"};
	unsigned made;

	clean();
	is_int(make(s, &made), 0);
	is_int(made, RDT_MADE_MONITOR);
	is_int(access(at("/mon_groups/m/tasks"), F_OK), 0);
	s.schemata = "MB:1=10\n";
	is_int(make(s, &made), -EEXIST);
	is_text(err.text, "the resctrl group '/' is there and has other schemata");
}

static void monitoring_that_is_not_there(void)
{
	struct step_rdt s = {.mount = top, .group = "", .monitor = "m"};
	unsigned made;

	clean();
	is_int(rmdir(at("/mon_groups")), 0);
	is_int(make(s, &made), -ENOENT);
	is_text(err.fix, "the CPU cannot monitor groups");
}

static void entering(void)
{
	const char *dirs[] = {at("/web"), at("/web/mon_groups/web")};
	struct step_rdt make_web = {.mount = top, .group = "/web", .own = true, .monitor = "web"};
	struct step_rdt_enter s = {.groups = {.v = dirs, .n = 2}};
	unsigned made;

	clean();
	is_int(rdt_enter(5, &s, &err), -ENOENT);
	has_text(err.text, "enter the resctrl group");
	s.optional = true;
	is_int(rdt_enter(5, &s, &err), 0);
	is_int(make(make_web, &made), 0);
	s.optional = false;
	is_int(rdt_enter(1234, &s, &err), 0);
	is_text(get(at("/web/tasks")), "1234");
	is_text(get(at("/web/mon_groups/web/tasks")), "1234");
}

static void other_lines_for_a_group_in_use(void)
{
	struct step_rdt make_web = {
		.mount = top, .group = "/web", .own = true, .schemata = "L3:0=f\n"};
	char old[64];
	unsigned made;

	clean();
	is_int(rdt_change(top, at("/web"), "L3:0=3\n", old, sizeof(old), &err), -ENOENT);
	is_int(make(make_web, &made), 0);
	put(at("/web/schemata"), "L3:0=f\n");
	is_int(rdt_change(top, at("/web"), "L3:0=3\n", old, sizeof(old), &err), 0);
	is_text(old, "L3:0=f\n");
	is_text(get(at("/web/schemata")), "L3:0=3\n");
	/* What is to be given back needs no copy. */
	is_int(rdt_change(top, at("/web"), old, NULL, 0, &err), 0);
	is_text(get(at("/web/schemata")), "L3:0=f\n");
	is_int(unlink(at("/web/schemata")), 0);
	is_int(rdt_change(top, at("/web"), old, NULL, 0, &err), -ENOENT);
	has_text(err.text, "give the resctrl group its schemata");
}

static void removing(void)
{
	clean();
	is_int(mkdir(at("/web"), 0755), 0);
	is_int(rdt_remove(at("/web"), &err), 0);
	is_int(access(at("/web"), F_OK), -1);
	is_int(rdt_remove(at("/web"), &err), 0);
	/* What is no empty group is not. */
	ok(rdt_remove(top, &err) < 0);
	has_text(err.text, "remove the resctrl group");
}

int main(void)
{
	char command[64];

	ok(mkdtemp(top) != NULL);
	run(lines_that_are_there);
	run(a_group_of_its_own);
	run(lines_are_written_in_one_write_or_the_start_fails);
	run(a_named_group);
	run(the_root_group);
	run(monitoring_that_is_not_there);
	run(entering);
	run(other_lines_for_a_group_in_use);
	run(removing);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	ok(!system(command));
	return tap_done();
}
