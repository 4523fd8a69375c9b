/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../../runtime/base/own.h"
#include "../../runtime/unit.h"
#include "tap.h"

static struct pool pool;
static struct err err;

/* --- names --------------------------------------------------------------------------------------- */

static void cgroups_paths_name_units(void)
{
	static const struct {
		const char *path;
		bool user;
		const char *name, *slice, *cgroup;
	} v[] = {
		{NULL, false, "jailrt-web.scope", "system.slice", "/system.slice/jailrt-web.scope"},
		{NULL, true, "jailrt-web.scope", "user.slice", "/user.slice/jailrt-web.scope"},
		{":runc:x", false, "runc-x.scope", "system.slice", "/system.slice/runc-x.scope"},
		{":runc:x", true, "runc-x.scope", "user.slice", "/user.slice/runc-x.scope"},
		{"machine.slice:libpod:0a", true, "libpod-0a.scope", "machine.slice",
			"/machine.slice/libpod-0a.scope"},
		{"a-b-c.slice:p:n", false, "p-n.scope", "a-b-c.slice",
			"/a.slice/a-b.slice/a-b-c.slice/p-n.scope"},
		{"-.slice:p:n", false, "p-n.scope", "-.slice", "/p-n.scope"},
		{"system.slice::n", false, "n.scope", "system.slice", "/system.slice/n.scope"},
		{"system.slice:p:x-y.slice", false, "x-y.slice", "system.slice",
			"/x.slice/x-y.slice"},
		/* What systemd would not take in a name, and what could be a file in a cgroup. */
		{":p:a+b c", false, "p-a\\x2bb\\x20c.scope", "system.slice",
			"/system.slice/p-a\\x2bb\\x20c.scope"},
		{":memory:", false, NULL, NULL, NULL},
		{"::memory", false, "memory.scope", "system.slice", "/system.slice/_memory.scope"},
		{"::_x", false, "_x.scope", "system.slice", "/system.slice/__x.scope"},
		{"cpu-x.slice:p:n", false, "p-n.scope", "cpu-x.slice",
			"/_cpu.slice/cpu-x.slice/p-n.scope"},
		/* errors */
		{"/a/b", false, NULL, NULL, NULL},
		{"a.slice:b", false, NULL, NULL, NULL},
		{"a.slice:b:c:d", false, NULL, NULL, NULL},
		{"a:b:c", false, NULL, NULL, NULL},
		{".slice:b:c", false, NULL, NULL, NULL},
		{"a-.slice:b:c", false, NULL, NULL, NULL},
		{"-a.slice:b:c", false, NULL, NULL, NULL},
		{"a--b.slice:b:c", false, NULL, NULL, NULL},
		{"a/b.slice:b:c", false, NULL, NULL, NULL},
		{":b:x/../y.slice", false, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct unit u = {0};
		int r = unit_make(v[i].path, "web", v[i].user, &pool, &u, &err);

		if (!v[i].name) {
			is_int(r, -EINVAL);
			continue;
		}
		is_int(r, 0);
		is_text(u.name, v[i].name);
		is_text(u.slice, v[i].slice);
		is_text(u.path, v[i].cgroup);
		is_int(u.is_slice, strstr(v[i].name, ".slice") != NULL);
	}
}

static void names_have_an_end(void)
{
	char id[300];
	struct unit u;

	memset(id, 'x', sizeof(id));
	id[242] = '\0';
	is_int(unit_make(NULL, id, false, &pool, &u, &err), 0);
	is_int((int)strlen(u.name), 255);
	id[242] = 'x';
	id[243] = '\0';
	is_int(unit_make(NULL, id, false, &pool, &u, &err), -ENAMETOOLONG);
}

/* --- properties ---------------------------------------------------------------------------------- */

static void annotations_are_properties(void)
{
	static const struct {
		const char *name, *value, *property;
	} v[] = {
		{"TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec=t:123456789"},
		{"TimeoutStopUSec", "5", "TimeoutStopUSec=t:5"},
		{"TimeoutStopSec", "uint64 5", "TimeoutStopUSec=t:5000000"},
		{"TimeoutStopSec", "int32 10", "TimeoutStopUSec=t:10000000"},
		{"TimeoutStopSec", "1.5", "TimeoutStopUSec=t:1500000"},
		{"RuntimeMaxSec", "double 0.0000019", "RuntimeMaxUSec=t:1"},
		{"CollectMode", "'inactive-or-failed'", "CollectMode=s:inactive-or-failed"},
		{"CollectMode", " \"inactive\" ", "CollectMode=s:inactive"},
		{"DefaultDependencies", "true", "DefaultDependencies=b:true"},
		{"KillSignal", "37", "KillSignal=i:37"},
		{"KillSignal", "int32 37", "KillSignal=i:37"},
		{"After", "['a.service', \"b.service\"]", "After=as:a.service b.service"},
		{"After", "[]", "After=as:"},
		{"After", "@as []", "After=as:"},
		{"Description", "'it: has = all'", "Description=s:it: has = all"},
		/* no values of their types */
		{"TimeoutStopUSec", "-1", NULL},
		{"TimeoutStopUSec", "5 6", NULL},
		{"TimeoutStopUSec", "1.5", NULL},
		{"TimeoutStopSec", "99999999999999", NULL},
		{"TimeoutStopUSec", "", NULL},
		{"TimeoutStopUSec", "uint64", NULL},
		{"CollectMode", "inactive", NULL},
		{"CollectMode", "'inactive", NULL},
		{"CollectMode", "'a' 'b'", NULL},
		{"CollectMode", "'a\\'b'", NULL},
		{"DefaultDependencies", "1", NULL},
		{"KillSignal", "2147483648", NULL},
		{"After", "['a b']", NULL},
		{"After", "['a' 'b']", NULL},
		{"After", "['a',", NULL},
		{"After", "'a'", NULL},
		{"After", "['']", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const char *property = NULL;
		int r = unit_property(v[i].name, v[i].value, &pool, &property, &err);

		is_int(r, v[i].property ? 0 : -EINVAL);
		if (v[i].property)
			is_text(property, v[i].property);
	}
}

/* What runs something, loosens a limit or reaches other units is not an annotation's to set. */
static void other_properties_are_refused(void)
{
	static const char *const names[] = {"ExecStart", "ExecStartPre", "ExecStopPost",
		"MemoryMax", "TasksMax", "CPUQuota", "Delegate", "DeviceAllow", "DevicePolicy",
		"Slice", "PIDs", "Wants", "Requires", "OnFailure", "BindsTo", "Conflicts", "User",
		"", "Sec", "USec", "StopSec", "TimeoutStop", "timeoutstopusec", "TimeoutStopUSecx"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *property;

		is_int(unit_property(names[i], "true", &pool, &property, &err), -EPERM);
	}
}

static void lists_are_masks(void)
{
	is_text(unit_mask("0", &pool), "01");
	is_text(unit_mask("0-2,5", &pool), "27");
	is_text(unit_mask("8", &pool), "0001");
	is_text(unit_mask("1,63", &pool), "0200000000000080");
	is_text(unit_mask("", &pool), "");
	ok(!unit_mask("a", &pool));
	ok(!unit_mask("1-", &pool));
	ok(!unit_mask("2-1", &pool));
	ok(!unit_mask("1;2", &pool));
	ok(!unit_mask("8192", &pool));
}

int main(void)
{
	run(cgroups_paths_name_units);
	run(names_have_an_end);
	run(annotations_are_properties);
	run(other_properties_are_refused);
	run(lists_are_masks);
	pool_done(&pool);
	return tap_done();
}
