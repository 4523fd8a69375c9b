/* SPDX-License-Identifier: Apache-2.0 */
/* oci_more: the jail object of a bundle, what it takes and what it leaves to the spec. */
#include <errno.h>
#include <linux/mount.h>
#include <sys/mount.h>

#include "../../runtime/base/log.h"
#include "../../spec/load.h"
#include "../../spec/oci_jail.h"
#include "tap.h"

static struct pool pool;
static struct origin origin;
static struct err err;
static struct jail jail;
static struct caller caller;

static void hear_nothing(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)text;
	(void)arg;
}

/* What stands beside the version, with ' for ". */
static int make(const char *rest)
{
	char *text = pool_printf(&pool, "{'ociVersion':'1.0.2',%s}", rest);
	struct oci_config *doc;

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	err = (struct err){0};
	if (!tap_check(!oci_read(text, strlen(text), "f", true, &pool, &doc, &origin, &err),
		    TAP_HERE, "%s", err.text))
		return -EDOM;
	return oci_jail(doc, &origin, &caller, "/bundle", NULL, &pool, &jail, &err);
}

#define ROOT	"'root':{'path':'r'},"
#define NS(...) "'linux':{'namespaces':[{'type':'mount'}]" __VA_ARGS__ "},"
#define PROCESS "'process':{'cwd':'/','args':['x']},"

static void what_only_it_can_say(void)
{
	is_int(make(ROOT NS() PROCESS
		       "'jail':{'mode':'LISTEN','port':7,'bindhost':'::1','max_conns':3,"
		       "'silent':true,'skip_setsid':true,'pass_fd':[5],'nice_level':3,"
		       "'disable_tsc':true,'use_core_scheduling':true,'no_pivotroot':true,"
		       "'persona_addr_no_randomize':true,'forward_signals':true,"
		       "'iface_no_lo':true,'keep_caps':true,'name':'n'}"),
		0);
	is_int(jail.service.mode, SERVICE_LISTEN);
	is_int(jail.service.port, 7);
	is_text(jail.service.address, "::1");
	is_int(jail.service.max_conns, 3);
	is_int(jail.service.time_limit, 0);
	ok(jail.service.forward_signals && jail.root.no_pivot && !jail.net.loopback);
	ok(jail.process.stdio_null && !jail.process.new_session && jail.process.no_tsc);
	ok(jail.process.core_sched && jail.process.caps.inherit);
	ok(jail.process.nice.set && jail.process.nice.v == 3);
	is_int(jail.process.pass_fds.n, 1);
	is_int(jail.process.personality, 0x0040000);
	is_text(jail.notes.name, "n");
}

/* nsjail's defaults are not those of a container. */
static void an_empty_one_changes_nothing(void)
{
	is_int(make(ROOT NS() PROCESS "'jail':{}"), 0);
	is_int(jail.service.time_limit, 0);
	is_int(jail.process.rlimits.n, 0);
	ok(!jail.process.nice.set && jail.process.umask.set && jail.process.find_home);
	ok(jail.process.new_session && jail.process.make_cwd && !jail.bare);
	is_int(jail.devices.n, 6);
	is_int(jail.cgroup.manager, CGROUP_FS);
}

static void bare(void)
{
	is_int(make(ROOT NS() PROCESS "'jail':{'bare':true}"), 0);
	ok(!jail.process.umask.set && !jail.process.find_home && !jail.process.make_cwd);
	ok(!jail.process.own_stdio && jail.bare);
	is_int(jail.devices.n + jail.devices.n_links, 0);
	is_int(jail.cgroup.manager, CGROUP_DISABLED);
	is_int(jail.cgroup.n_devices, 0);
	is_int(make(ROOT NS(",'resources':{'pids':{'limit':5}}") PROCESS "'jail':{'bare':true}"),
		0);
	is_int(jail.cgroup.manager, CGROUP_FS);
	ok(jail.cgroup.required);
}

static void a_root_of_its_own(void)
{
	is_int(make(NS() PROCESS "'mounts':[{'destination':'/b','type':'tmpfs'}],'jail':{'mount':["
				 "{'dst':'/','fstype':'tmpfs','rw':true},"
				 "{'src':'/x','dst':'/a','is_symlink':true}]}"),
		0);
	is_int(jail.root.kind, ROOT_TMPFS);
	is_int(jail.root.propagation, MS_PRIVATE | MS_REC);
	is_int(jail.mounts.n, 2);
	is_text(jail.mounts.v[0].target, "/a");
	is_text(jail.mounts.v[1].target, "/b");
	is_int(make(NS() PROCESS "'jail':{'mount':[{'src':'/r','dst':'/','is_bind':true}]}"), 0);
	is_int(jail.root.kind, ROOT_DIR);
	ok(jail.root.readonly && jail.root.readonly_deep);
	is_int(make(PROCESS "'jail':{'mount':[{'src':'/','dst':'/','is_bind':true,'rw':true}]}"),
		0);
	is_int(jail.root.kind, ROOT_HOST);
	ok(!jail.root.path);
}

static void lists_go_together(void)
{
	static const char *env[] = {"A=caller", "B=caller"};

	caller.env = (struct texts){env, 2};
	is_int(make(ROOT NS() "'process':{'cwd':'/','env':['A=1','C=3']},"
			      "'jail':{'keep_env':true,'envar':['D=4']}"),
		0);
	is_int(jail.process.env.n, 4);
	is_text(jail.process.env.v[0], "A=1");
	is_text(jail.process.env.v[1], "B=caller");
	is_text(jail.process.env.v[2], "D=4");
	is_text(jail.process.env.v[3], "C=3");
	is_int(make(ROOT NS() "'process':{'cwd':'/','rlimits':[{'type':'RLIMIT_AS','soft':1,'hard':"
			      "2}]},'jail':{'rlimit_nproc_type':'SOFT'}"),
		0);
	is_int(jail.process.rlimits.n, 2);
	is_int(jail.process.rlimits.v[1].resource, RLIMIT_NPROC);
}

static void ids_by_name(void)
{
	static struct pair users[] = {{"web", "33"}};

	caller.users = (struct pairs){users, 1};
	is_int(make(ROOT "'linux':{'namespaces':[{'type':'mount'},{'type':'user'}]}," PROCESS
			 "'jail':{'uidmap':[{'inside_id':'web'}],'gidmap':[{'inside_id':'5',"
			 "'outside_id':'6','use_newidmap':true}]}"),
		0);
	is_int(jail.process.uid, 33);
	is_int(jail.process.gid, 5);
	is_int(jail.ids.uids.v[0].inside, 33);
	ok(jail.ids.gids.helper && !jail.ids.uids.helper);
}

static void refusals(void)
{
	static const struct {
		const char *rest, *want;
	} all[] = {
		{ROOT NS() PROCESS "'jail':{'hostname':'x'}", "jail.hostname (f:1:139): the "},
		{ROOT NS() PROCESS "'jail':{'clone_newnet':false}",
			"jail.clone_newnet (f:1:143): "},
		{ROOT NS() PROCESS "'jail':{'rlimit_as':5}", "jail.rlimit_as ("},
		{ROOT NS() PROCESS "'jail':{'rlimit_as_type':'INF'}", "jail.rlimit_as_type ("},
		{ROOT NS() PROCESS "'jail':{'cap':['CAP_KILL']}", "jail.cap[0] ("},
		{ROOT NS() PROCESS "'jail':{'exec_bin':{'path':'/x'}}",
			"jail.exec_bin (f:1:139): this and process.args"},
		{ROOT NS() PROCESS "'jail':{'mount':[{'dst':'/','fstype':'tmpfs'}]}",
			"jail.mount[0] (f:1:137): this and root"},
		{ROOT PROCESS "'jail':{'mount':[{'dst':'/x','fstype':'tmpfs'}]}",
			"jail.mount[0] (f:1:95): mounts without a mount namespace"},
		{NS() PROCESS "'jail':{'mount':[{'dst':'/x','fstype':'tmpfs'}]}",
			"f: 'root' is missing"},
		{NS() PROCESS "'jail':{}", "f: 'root' is missing"},
		{ROOT NS() "'process':{'cwd':'/','env':['A=1']},'jail':{'envar':['A']}",
			"jail.envar[0] (f:1:138): this and process.env[0]"},
		{ROOT NS() "'process':{'cwd':'/','terminal':true},'jail':{'silent':true}",
			"jail.silent (f:1:140): this and process.terminal"},
		{ROOT NS() "'process':{'cwd':'/','capabilities':{}},'jail':{'keep_caps':true}",
			"this and process.capabilities"},
		{ROOT NS() "'process':{'cwd':'/','user':{'uid':1,'gid':1}},"
			   "'jail':{'uidmap':[{}]}",
			"jail.uidmap[0] (f:1:150): this and process.user"},
		{ROOT NS() "'process':{'cwd':'/','scheduler':{'policy':'SCHED_OTHER'}},"
			   "'jail':{'nice_level':1}",
			"this and process.scheduler"},
		{ROOT NS() "'process':{'cwd':'/','rlimits':[{'type':'RLIMIT_AS','soft':1,'hard':2}]"
			   "},'jail':{'rlimit_as_type':'HARD'}",
			"this and process.rlimits[0]"},
		{ROOT NS(",'seccomp':{'defaultAction':'SCMP_ACT_ALLOW'}") PROCESS
			"'jail':{'seccomp_string':['DEFAULT ALLOW']}",
			"jail.seccomp_string[0] (f:1:191): this and linux.seccomp"},
		{ROOT NS(",'cgroupsPath':'/a','resources':{'pids':{'limit':5}}") PROCESS
			"'jail':{'cgroup_pids_parent':'b'}",
			"this and the parent group of the jail object"},
		{ROOT "'linux':{'namespaces':[{'type':'user','path':'/n'}]}," PROCESS
		      "'jail':{'uidmap':[{}]}",
			"the user namespace that is joined has its mappings"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tap_check(make(all[i].rest) == -EINVAL, TAP_HERE, "taken: %s", all[i].rest);
		has_text(err.text, all[i].want);
	}
}

int main(void)
{
	log_to(hear_nothing, NULL, LOG_ERROR);
	caller.cwd = "/";
	caller.cpus = 4;
	run(what_only_it_can_say);
	run(an_empty_one_changes_nothing);
	run(bare);
	run(a_root_of_its_own);
	run(lists_go_together);
	run(ids_by_name);
	run(refusals);
	pool_done(&pool);
	return tap_done();
}
