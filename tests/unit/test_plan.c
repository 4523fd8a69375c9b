/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: the rules that hold of every plan hold of all golden ones and of those of exec, and notice when
 * a step stands in the wrong place; what a plan says of limits; memory that runs out.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "../golden_case.h"
#include "../plan_rules.h"
#include "tap.h"

static struct rules rules;
static struct err err;

/* --- golden plans ------------------------------------------------------------------------------- */

/* Calls fn for each golden case that is a plan; returns how many there are. */
static int each_case(void (*fn)(const char *name, struct golden_case *c))
{
	DIR *d = opendir("tests/golden");
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d))) {
		own(golden_done) struct golden_case c = {0};
		own_fd int dir = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY);

		if (de->d_name[0] == '.' || dir < 0 || faccessat(dir, "host", F_OK, 0) < 0 ||
			golden_make(dir, &c, &err) < 0)
			continue;
		fn(de->d_name, &c);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static void check_rules(const char *name, struct golden_case *c)
{
	const char *broken = plan_broken(&c->plan, 0, &rules);

	tap_check(!broken, name, "%s", broken ? broken : "");
}

static void golden_plans_keep_the_rules(void)
{
	ok(each_case(check_rules) > 70);
}

/* The same jail and host make the same plan: nothing of the machine goes into it. */
static void check_again(const char *name, struct golden_case *c)
{
	own_plan struct plan again = {0};
	own_str struct str one = {0}, two = {0};

	is_int(plan_make(&c->loaded.jail, &c->host, &again, &err), 0);
	is_int(plan_text(&c->plan, &one, &err), 0);
	is_int(plan_text(&again, &two, &err), 0);
	tap_check(!strcmp(str_text(&one), str_text(&two)), name, "two plans of one jail differ");
}

static void a_plan_is_a_function(void)
{
	each_case(check_again);
}

/* What reads the container's keys is under its policy: its keyring has the program's label from the start. */
static void check_keyring(const char *name, struct golden_case *c)
{
	own_plan struct plan plan = {0};
	own_str struct str text = {0};
	const char *label, *keyring;

	if (strcmp(name, "label-selinux") != 0)
		return;
	c->loaded.jail.process.keyring = "_ses.x";
	is_int(plan_make(&c->loaded.jail, &c->host, &plan, &err), 0);
	is_int(plan_text(&plan, &text, &err), 0);
	label = strstr(str_text(&text), "label module=selinux file=keycreate value=");
	keyring = strstr(str_text(&text), "keyring value=_ses.x");
	ok(label && keyring && label < keyring);
}

static void a_new_keyring_has_the_label(void)
{
	ok(each_case(check_keyring) > 70);
}

/* --- the rules notice --------------------------------------------------------------------------- */

static size_t moved, noticed;

static void move(struct plan *p, size_t from, size_t to)
{
	struct step s = p->v[from];

	memmove(p->v + from, p->v + from + 1, (p->n - from - 1) * sizeof(s));
	memmove(p->v + to + 1, p->v + to, (p->n - to - 1) * sizeof(s));
	p->v[to] = s;
}

/* Steps that have a place of their own, and one where they must not be. */
static void misplace(const char *name, struct golden_case *c)
{
	static const struct {
		enum step_kind kind;
		bool to_end; /* just before exec; otherwise to the front */
	} wrong[] = {
		{STEP_ROOT, false},
		{STEP_ROOT, true},
		{STEP_PIVOT, false},
		{STEP_PIVOT, true},
		{STEP_EXEC, false},
		{STEP_USER, false},
		{STEP_USER, true},
		{STEP_CAPABILITIES, false},
		{STEP_CREATED, false},
		{STEP_LIMITS, false},
		{STEP_CLONE, true},
		{STEP_ID_MAP, true},
		{STEP_BECOME, true},
		{STEP_MOUNT, true},
		{STEP_BIND, true},
		{STEP_CGROUP, true},
		{STEP_CGROUP_SET, false},
		{STEP_WAIT_START, false},
	};

	for (size_t w = 0; w < ARRAY_LEN(wrong); w++) {
		struct plan p = c->plan;
		size_t at = 0;

		while (at < p.n && p.v[at].kind != wrong[w].kind)
			at++;
		if (at == p.n)
			continue;
		p.v = malloc(p.n * sizeof(*p.v));
		memcpy(p.v, c->plan.v, p.n * sizeof(*p.v));
		move(&p, at, wrong[w].to_end ? p.n - 2 : 0);
		moved++;
		if (plan_broken(&p, 0, &rules))
			noticed++;
		else
			tap_check(false, name, "%s at the %s is not noticed",
				step_kinds[wrong[w].kind].name, wrong[w].to_end ? "end" : "front");
		free(p.v);
	}
}

static void a_step_in_the_wrong_place_is_noticed(void)
{
	each_case(misplace);
	ok(moved > 500);
	is_int(noticed, moved);
}

static void remove_each(const char *name, struct golden_case *c)
{
	static const enum step_kind needed[] = {
		STEP_CLONE, STEP_ROOT, STEP_PIVOT, STEP_CREATED, STEP_EXEC, STEP_CAPABILITIES};

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		struct plan p = c->plan;
		size_t at = 0;

		while (at < p.n && p.v[at].kind != needed[i])
			at++;
		if (at == p.n)
			continue;
		p.v = malloc(p.n * sizeof(*p.v));
		memcpy(p.v, c->plan.v, p.n * sizeof(*p.v));
		memmove(p.v + at, p.v + at + 1, (--p.n - at) * sizeof(*p.v));
		tap_check(plan_broken(&p, 0, &rules), name, "a plan without %s is not noticed",
			step_kinds[needed[i]].name);
		free(p.v);
	}
}

static void a_missing_step_is_noticed(void)
{
	each_case(remove_each);
}

/* --- exec --------------------------------------------------------------------------------------- */

static void plans_of_exec(const char *name, struct golden_case *c)
{
	const char *v1[] = {"/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/pids/x"};
	const char *v2[] = {"/sys/fs/cgroup/x"};
	const struct plan_target targets[] = {
		{.namespaces = 0x20000000, .cgroups = {.v = v1, .n = 2}},
		{.namespaces = 0x7c020080, .cgroups = {.v = v2, .n = 1}, .v2 = true},
		{.namespaces = 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		own_plan struct plan p = {0};
		const char *broken;

		if (!tap_check(!plan_exec(&c->loaded.jail, &c->host, &targets[i], &p, &err), name,
			    "%s", err.text))
			continue;
		broken = plan_broken(&p, 1, &rules);
		tap_check(!broken, name, "%s", broken ? broken : "");
		/* It makes nothing that the container has already. */
		for (size_t j = 0; j < p.n; j++) {
			enum step_kind kind = p.v[j].kind;

			ok(kind != STEP_ROOT && kind != STEP_MOUNT && kind != STEP_ID_MAP &&
				kind != STEP_HOSTNAME && kind != STEP_SYSCTL && kind != STEP_HOOK &&
				kind != STEP_CGROUP_SET && kind != STEP_PIVOT &&
				kind != STEP_UNSHARE);
		}
		is_int(p.has_mid, true);
		is_int(p.joins, true);
		is_int(p.v[p.n - 1].kind, STEP_EXEC);
	}
}

static void exec_joins_and_makes_nothing(void)
{
	each_case(plans_of_exec);
}

/* The last line of a plan that has a word in it. */
static const char *line_with(const struct plan *p, const char *word, struct str *out)
{
	const char *at, *found = "";

	str_done(out);
	if (plan_text(p, out, &err) < 0)
		return err.text;
	for (char *line = out->data, *end; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		at = strstr(line, word);
		found = at ? line : found;
	}
	return found;
}

/* Where only systemd may put a process into the container's cgroup, none is born there. */
static void systemd_puts_exec_into_its_unit(void)
{
	static const struct {
		const char *cgroup, *line;
	} v[] = {
		{"/m/user.slice/p-x.scope", "parent unit-join name=p-x.scope below=\"\""},
		{"/m/user.slice/p-x.scope/a/b", "parent unit-join name=p-x.scope below=/a/b"},
	};
	struct host_hierarchy v2 = {.mount = "/m", .own = "/", .v2 = true};
	struct host_hierarchy *hierarchies[] = {&v2};
	const struct host host = {.uid = 5, .clone3 = true, .hierarchies = {hierarchies, 1}};
	const char *args[] = {"x"};
	struct jail jail;

	jail_init(&jail);
	jail.process.args = (struct texts){args, 1};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const char *cgroups[] = {v[i].cgroup};
		const struct plan_target target = {
			.cgroups = {.v = cgroups, .n = 1}, .v2 = true, .unit = "p-x.scope"};
		own_plan struct plan p = {0};
		own_str struct str out = {0};
		const char *broken;

		is_int(plan_exec(&jail, &host, &target, &p, &err), 0);
		is_text(line_with(&p, "unit-join", &out), v[i].line);
		is_text(line_with(&p, "clone who=mid", &out), "parent clone who=mid namespaces=[]");
		broken = plan_broken(&p, 1, &rules);
		is_text(broken ? broken : "", "");
	}
}

/* Init has no procfs of the host's to write them to; they come with its birth. */
static void exec_is_labelled_before_birth(void)
{
	const struct host host = {.uid = 0, .privileged = true, .clone3 = true, .apparmor = true};
	const struct plan_target target = {.namespaces = 0x20000};
	own_plan struct plan p = {0};
	own_str struct str out = {0};
	const char *args[] = {"x"};
	struct jail jail;
	size_t label = 0, join = 0;

	jail_init(&jail);
	jail.process.args = (struct texts){args, 1};
	jail.process.apparmor = "confined";
	is_int(plan_exec(&jail, &host, &target, &p, &err), 0);
	is_text(line_with(&p, "label", &out),
		"mid    label module=apparmor file=exec value=\"exec confined\"");
	for (size_t i = 0; i < p.n; i++) {
		label = p.v[i].kind == STEP_LABEL ? i : label;
		join = p.v[i].kind == STEP_JOIN ? i : join;
	}
	ok(label && label < join);
}

/* update tells systemd, when the container has a unit, and only of what it has words for. */
static void update_sets_properties(void)
{
	struct host_hierarchy v2 = {.mount = "/m", .own = "/", .v2 = true};
	struct host_hierarchy *hierarchies[] = {&v2};
	const char *controllers[] = {"cpu", "memory", "pids"}, *dir = "/m/x.scope";
	const struct host host = {
		.privileged = true, .systemd = 252, .hierarchies = {hierarchies, 1}};
	const struct jail_paths cgroups = {.v = &dir, .n = 1};
	struct jail jail;

	v2.controllers = (struct texts){controllers, 3};
	for (int round = 0; round < 3; round++) {
		own_plan struct plan p = {0};
		own_str struct str out = {0};

		jail_init(&jail);
		if (round < 2) {
			jail.cgroup.pids = (struct limit){true, 7};
			jail.cgroup.cpu_quota = (struct limit){true, 15000};
			jail.cgroup.cpu_period = (struct limit){true, 100000};
		} else {
			jail.cgroup.cpu_burst = (struct limit){true, 7};
		}
		is_int(plan_update(&jail, &host, &cgroups, round ? "x.scope" : NULL, &p, &err), 0);
		is_text(line_with(&p, "unit-set", &out),
			round == 1 ? "parent unit-set name=x.scope "
				     "properties=[\"CPUQuotaPerSecUSec=t:150000\","
				     "\"CPUQuotaPeriodUSec=t:100000\",\"TasksMax=t:7\"]"
				   : "");
	}
}

/* --- numbers ------------------------------------------------------------------------------------ */

/* config-linux.md: shares 2 … 262144 as weights 1 … 10000, the usual 1024 as the usual 100. */
static const char *weight_for(int64_t shares)
{
	static char value[32];
	struct host_hierarchy v2 = {.mount = "/m", .own = "/", .v2 = true, .writable = true};
	struct host_hierarchy *hierarchies[] = {&v2};
	const char *controllers[] = {"cpu"};
	const struct host host = {.privileged = true,
		.last_cap = 40,
		.clone3 = true,
		.hierarchies = {hierarchies, 1}};
	const char *args[] = {"x"};
	struct jail jail;
	own_plan struct plan p = {0};

	v2.controllers = (struct texts){controllers, 1};
	jail_init(&jail);
	jail.process.args = (struct texts){args, 1};
	jail.cgroup.cpu_shares = (struct limit){true, shares};
	if (plan_make(&jail, &host, &p, &err) < 0)
		return err.text;
	value[0] = '\0';
	for (size_t i = 0; i < p.n; i++) {
		const struct step_cgroup_set *s = p.v[i].args;

		if (p.v[i].kind == STEP_CGROUP_SET)
			fmt_put(value, sizeof(value), "%s", s->value);
	}
	return value;
}

static void shares_become_weights(void)
{
	long before = 0;

	is_text(weight_for(2), "1");
	is_text(weight_for(1024), "100");
	is_text(weight_for(262144), "10000");
	is_text(weight_for(512), "59");
	is_text(weight_for(2048), "174");
	for (int64_t shares = 2; shares <= 262144; shares = shares * 9 / 8 + 1) {
		long weight = atol(weight_for(shares));

		ok(weight >= before && weight >= 1 && weight <= 10000);
		before = weight;
	}
}

/* --- memory ------------------------------------------------------------------------------------- */

/* A place for a thousand steps, and then none: the plan fails, and nothing is lost. */
static void out_of_memory_is_an_error(void)
{
	const struct host host = {.privileged = true, .last_cap = 40};
	const char *args[] = {"x"};
	struct rlimit before, now;
	struct jail jail;
	own_plan struct plan p = {0};
	int r;

	jail_init(&jail);
	jail.process.args = (struct texts){args, 1};
	jail.cgroup.manager = CGROUP_DISABLED;
	jail.n_sysctls = 2000000;
	jail.sysctls = calloc(jail.n_sysctls, sizeof(*jail.sysctls));
	for (size_t i = 0; i < jail.n_sysctls; i++)
		jail.sysctls[i] = (struct jail_sysctl){"net/x", "1", NULL};
	ok(!getrlimit(RLIMIT_AS, &before));
#ifdef __SANITIZE_ADDRESS__
	free(jail.sysctls); /* its shadow takes all the address space there is */
	return;
#endif
	now = (struct rlimit){160 << 20, before.rlim_max};
	ok(!setrlimit(RLIMIT_AS, &now));
	r = plan_make(&jail, &host, &p, &err);
	ok(!setrlimit(RLIMIT_AS, &before));
	is_int(r, -ENOMEM);
	is_text(err.text, "out of memory");
	free(jail.sysctls);
}

int main(void)
{
	run(golden_plans_keep_the_rules);
	run(a_plan_is_a_function);
	run(a_new_keyring_has_the_label);
	run(a_step_in_the_wrong_place_is_noticed);
	run(a_missing_step_is_noticed);
	run(exec_joins_and_makes_nothing);
	run(systemd_puts_exec_into_its_unit);
	run(exec_is_labelled_before_birth);
	run(update_sets_properties);
	run(shares_become_weights);
	run(out_of_memory_is_an_error);
	return tap_done();
}
