/* SPDX-License-Identifier: Apache-2.0 */
/* parent: what it believes of its children, in which order, and what it does not. */
#include <limits.h>
#include <stdlib.h>

/* What takes the messages is static, so the file itself is here. */
#include "../../runtime/parent.c"
#include "tap.h"

static const struct step_clone birth_of_mid = {.who = SIDE_MID}, birth_of_init = {.who = SIDE_INIT};
static const struct step_text name = {.value = "x"};
static const struct step_console console = {.slot = 1};
static const struct step_exec program;
static const struct jail jail;

enum { CLONE_MID, UNSHARE, CLONE_INIT, HOSTNAME, CONSOLE, CREATED, EXEC, STEPS };

static struct step steps[] = {
	[CLONE_MID] = {STEP_CLONE, SIDE_PARENT, NULL, &birth_of_mid},
	[UNSHARE] = {STEP_UNSHARE, SIDE_MID, NULL, &name},
	[CLONE_INIT] = {STEP_CLONE, SIDE_MID, NULL, &birth_of_init},
	[HOSTNAME] = {STEP_HOSTNAME, SIDE_INIT, NULL, &name},
	[CONSOLE] = {STEP_CONSOLE, SIDE_INIT, NULL, &console},
	[CREATED] = {STEP_CREATED, SIDE_PARENT, NULL, NULL},
	[EXEC] = {STEP_EXEC, SIDE_INIT, NULL, &program},
};
static const struct plan plan = {.v = steps,
	.n = STEPS,
	.slots = 2,
	.root = -1,
	.console = 1,
	.has_mid = true,
	.jail = &jail};

static struct parent p;
static struct err err;

/* As it is once mid was born and has the turn. */
static void mid_is_born(void)
{
	err = (struct err){0};
	is_int(parent_begin(&p, &plan, NULL, -1, -1, &err), 0);
	p.at = UNSHARE;
	p.go_sent = true;
}

static void all_is_over(void)
{
	memset(p.pid, 0, sizeof(p.pid)); /* nobody was really born */
	parent_done(&p);
}

static void say(enum side side, struct talk_message m, int fd)
{
	is_int(talk_send(p.run.talk[RUN_CHILD_END(side)], &m, fd, &err), 0);
}

static void be_born(pid_t pid)
{
	own_fd int pidfd = sys_pidfd_open(getpid(), 0);

	say(SIDE_MID, (struct talk_message){.type = TALK_BORN, .pid = pid}, pidfd);
}

static void a_start_in_order(void)
{
	mid_is_born();
	is_int(parent_step(&p, &err), PARENT_WAIT);
	be_born(getpid());
	is_int(parent_step(&p, &err), PARENT_WAIT);
	is_int(p.pid[SIDE_INIT], getpid());
	is_int(p.at, HOSTNAME);
	say(SIDE_INIT, (struct talk_message){.type = TALK_SLOT, .slot = 1}, 0);
	say(SIDE_INIT, (struct talk_message){.type = TALK_GO, .step = CREATED}, -1);
	is_int(parent_step(&p, &err), PARENT_CREATED);
	ok(p.run.slots[1] >= 0);
	say(SIDE_INIT, (struct talk_message){.type = TALK_GO, .step = STEPS}, -1);
	is_int(parent_step(&p, &err), PARENT_WAIT);
	ok(p.launched);
	own_close(&p.run.talk[RUN_CHILD_END(SIDE_INIT)]);
	is_int(parent_step(&p, &err), PARENT_RUNNING);
	all_is_over();
}

/* Mid may be put off between giving birth and saying so, and init be quicker. */
static void init_is_not_heard_before_its_birth(void)
{
	mid_is_born();
	say(SIDE_INIT, (struct talk_message){.type = TALK_GO, .step = CREATED}, -1);
	is_int(parent_step(&p, &err), PARENT_WAIT);
	is_int(p.at, UNSHARE);
	be_born(getpid());
	is_int(parent_step(&p, &err), PARENT_CREATED);
	is_int(p.pid[SIDE_INIT], getpid());
	all_is_over();
}

static void births_are_proven(void)
{
	mid_is_born();
	be_born(getpid() + 1);
	is_int(parent_step(&p, &err), -EPROTO);
	is_text(err.text, "an unexpected birth");
	is_int(p.pid[SIDE_INIT], 0);
	all_is_over();
	mid_is_born();
	say(SIDE_MID, (struct talk_message){.type = TALK_BORN, .pid = getpid()}, 0);
	is_int(parent_step(&p, &err), -EPROTO); /* standard input is nobody */
	all_is_over();
	mid_is_born();
	say(SIDE_MID, (struct talk_message){.type = TALK_BORN, .pid = getpid()}, -1);
	is_int(parent_step(&p, &err), -EPROTO);
	all_is_over();
	mid_is_born();
	be_born(getpid());
	be_born(getpid());
	is_int(parent_step(&p, &err), -EPROTO);
	all_is_over();
	mid_is_born();
	be_born(getpid());
	is_int(parent_step(&p, &err), PARENT_WAIT);
	say(SIDE_INIT, (struct talk_message){.type = TALK_BORN, .pid = getpid()}, 0);
	is_int(parent_step(&p, &err), -EPROTO);
	all_is_over();
}

static void nobodys_steps_are_passed_over(void)
{
	static const struct {
		enum side side;
		uint32_t step;
		int want;
	} all[] = {
		{SIDE_MID, UNSHARE - 1, -EPROTO}, /* back */
		{SIDE_MID, HOSTNAME + 1, -EPROTO}, /* beyond init's */
		{SIDE_MID, STEPS, -EPROTO}, /* launched, by mid */
		{SIDE_MID, STEPS + 1, -EPROTO},
		{SIDE_MID, UINT32_MAX, -EPROTO},
		{SIDE_INIT, CLONE_MID, -EPROTO},
		{SIDE_INIT, EXEC, -EPROTO}, /* beyond the parent's */
		{SIDE_INIT, STEPS, -EPROTO},
		{SIDE_INIT, UINT32_MAX, -EPROTO},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		mid_is_born();
		if (all[i].side == SIDE_INIT) {
			be_born(getpid());
			is_int(parent_step(&p, &err), PARENT_WAIT);
		}
		say(all[i].side, (struct talk_message){.type = TALK_GO, .step = all[i].step}, -1);
		tap_check(parent_step(&p, &err) == all[i].want, TAP_HERE, "row %zu", i);
		is_text(err.text, "a process is out of step");
		all_is_over();
	}
}

static void only_the_awaited_fd_is_taken(void)
{
	static const int slots[] = {0, 2, -1, INT_MAX, INT_MIN};
	struct plan without = plan;

	for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
		mid_is_born();
		be_born(getpid());
		is_int(parent_step(&p, &err), PARENT_WAIT);
		say(SIDE_INIT, (struct talk_message){.type = TALK_SLOT, .slot = slots[i]}, 0);
		is_int(parent_step(&p, &err), -EPROTO);
		is_text(err.text, "an unexpected fd");
		all_is_over();
	}
	mid_is_born();
	be_born(getpid());
	is_int(parent_step(&p, &err), PARENT_WAIT);
	say(SIDE_INIT, (struct talk_message){.type = TALK_SLOT, .slot = 1}, -1);
	is_int(parent_step(&p, &err), -EPROTO); /* and none came */
	all_is_over();
	/* Without a terminal no slot is waited for: not the one of number -1 either. */
	without.console = -1;
	is_int(parent_begin(&p, &without, NULL, -1, -1, &err), 0);
	p.at = UNSHARE;
	p.go_sent = true;
	be_born(getpid());
	is_int(parent_step(&p, &err), PARENT_WAIT);
	say(SIDE_INIT, (struct talk_message){.type = TALK_SLOT, .slot = -1}, 0);
	is_int(parent_step(&p, &err), -EPROTO);
	all_is_over();
}

static void a_failure_is_handed_on_with_its_step(void)
{
	mid_is_born();
	say(SIDE_MID,
		(struct talk_message){
			.type = TALK_FAIL, .step = UNSHARE, .err = {EDOM, "words", "fix"}},
		-1);
	is_int(parent_step(&p, &err), -EDOM);
	is_text(err.text, "words");
	is_text(err.fix, "fix");
	is_int(p.failed_at, UNSHARE);
	all_is_over();
	mid_is_born();
	say(SIDE_MID,
		(struct talk_message){
			.type = TALK_FAIL, .step = UINT32_MAX, .err = {EDOM, "words", ""}},
		-1);
	is_int(parent_step(&p, &err), -EDOM);
	all_is_over();
}

static void a_warning_ends_nothing(void)
{
	mid_is_born();
	say(SIDE_MID,
		(struct talk_message){.type = TALK_WARN, .step = 99, .err = {EDOM, "words", ""}},
		-1);
	is_int(parent_step(&p, &err), PARENT_WAIT);
	is_int(p.at, UNSHARE);
	all_is_over();
}

int main(void)
{
	run(a_start_in_order);
	run(init_is_not_heard_before_its_birth);
	run(births_are_proven);
	run(nobodys_steps_are_passed_over);
	run(only_the_awaited_fd_is_taken);
	run(a_failure_is_handed_on_with_its_step);
	run(a_warning_ends_nothing);
	return tap_done();
}
