/* SPDX-License-Identifier: Apache-2.0 */
/* convert: what goes where, and what the other side has no words for. */
#include <errno.h>

#include "../../runtime/base/fmt.h"
#include "convert_test.h"

/* --- what stands where -------------------------------------------------------------------------------- */

/* Without blanks. */
static const char *dense(const char *text, struct pool *pool)
{
	char *copy = pool_text(pool, text ? text : err.text), *to = copy;

	for (const char *c = copy; *c; c++) {
		if (*c != ' ' && *c != '\n')
			*to++ = *c == '"' ? '\'' : *c;
	}
	*to = '\0';
	return copy;
}

static const struct {
	const char *text, *want, *not ;
} placed[] = {
	{"hostname: 'h'", "'hostname':'h'", NULL},
	{"hostname: 'h' clone_newuts: false", "'jail'", "'hostname'"},
	{"envar: 'A=1' envar: 'B' envar: 'C=2'", "'env':['C=2']", "'env':['A"},
	{"envar: 'A=1' envar: 'B' envar: 'C=2'", "'envar':['A=1','B']", NULL},
	{"envar: 'A=1' envar: 'C=2'", "'env':['A=1','C=2']", "envar"},
	{"cap: 'CAP_KILL'", "'ambient':['CAP_KILL']", "'cap':"},
	{"keep_caps: true cap: 'CAP_KILL'", "'keep_caps':true", "capabilities"},
	{"disable_rl: true", "'process':{'cwd':'/','noNew", "rlimit"},
	{"rlimit_as: 1", "'RLIMIT_AS','soft':1048576,'hard':1048576", "rlimit_as"},
	{"rlimit_as_type: INF", "'RLIMIT_AS','soft':18446744073709551615,", "rlimit_as"},
	{"rlimit_as_type: HARD", "'rlimit_as_type':'HARD'", "RLIMIT_AS"},
	{"uidmap { inside_id: '1' outside_id: '2' count: 3 } gidmap { inside_id: '4' "
	 "outside_id: '5' }",
		"'uidMappings':[{'containerID':1,'hostID':2,'size':3}]", "uidmap"},
	{"uidmap { inside_id: '1' outside_id: '2' } gidmap { inside_id: '4' outside_id: "
	 "'5' }",
		"'user':{'uid':1,'gid':4}", "gidmap"},
	{"uidmap { inside_id: 'web' outside_id: '2' }", "'inside_id':'web'", "'user':{"},
	{"clone_newuser: false uidmap { inside_id: '1' outside_id: '1' } gidmap { "
	 "inside_id: "
	 "'4' outside_id: '4' } gidmap { inside_id: '7' outside_id: '7' }",
		"'user':{'uid':1,'gid':4,'additionalGids':[7]}", "Mappings"},
	{"mount { src: '/r' dst: '/' is_bind: true rw: true }", "'root':{'path':'/r'}", "'mount':"},
	{"mount { src: '/r' dst: '/' is_bind: true }",
		"'mount':[{'src':'/r','dst':'/','is_bind':true}]", "'root'"},
	{"mount { src: '/a' dst: '/b' is_bind: true nosuid: true }",
		"{'destination':'/b','source':'/a','options':['rbind','nosuid','rro']}", NULL},
	{"mount { dst: '/b' fstype: 'tmpfs' options: 'size=5,noatime' rw: true } mount { "
	 "dst: "
	 "'/x' src: '/y' is_symlink: true } mount { dst: '/c' fstype: 'tmpfs' }",
		"'mounts':[{'destination':'/c','type':'tmpfs','options':['ro']}]", NULL},
	{"mount_proc: true", "'mounts':[{'destination':'/proc','type':'proc','source':'proc',",
		NULL},
	{"cgroup_mem_max: 9 cgroup_mem_swap_max: 1", "'memory':{'limit':9,'swap':10}", "cgroup_"},
	{"cgroup_pids_max: 9 cgroup_cpu_ms_per_sec: 5",
		"'cpu':{'quota':5000,'period':1000000},'pids':{'limit':9}", "cgroup_"},
	{"exec_bin { path: '/x' arg: 'y' }", "'args':['/x','y']", "exec_bin"},
	{"exec_bin { path: '/x' arg0: 'y' }", "'exec_bin':{'path':'/x','arg0':'y'}", "args"},
	{"time_limit: 0", "'bare':true", NULL},
	{"name: 'n'", "'jail':{'name':'n','time_limit':600,'nice_level':19", NULL},
	{"disable_no_new_privs: true", "'bare'", "noNewPrivileges"},
	{"disable_no_new_privs: true seccomp_string: 'DEFAULT ALLOW'", "'noNewPrivileges':true",
		NULL},
	{"mode: LISTEN port: 5", "'mode':'LISTEN','port':5", NULL},
};

static void what_the_spec_can_say_is_not_in_the_object(void)
{
	for (size_t i = 0; i < ARRAY_LEN(placed); i++) {
		own_pool struct pool pool = {0};
		const char *got = dense(as_oci(placed[i].text, false, &pool), &pool);

		has_text(got, placed[i].want);
		tap_check(!placed[i].not || !strstr(got, placed[i].not ), TAP_HERE, "'%s' in '%s'",
			placed[i].not, got);
	}
}

/* With ' for ". */
static const char *quoted(const char *text, struct pool *pool)
{
	char *copy = pool_printf(pool, "{'ociVersion':'1.0.0',%s}", text);

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return copy;
}

#define ROOT "'root':{'path':'rootfs'},"
#define USER "'linux':{'namespaces':[{'type':'user'},{'type':'mount'}],"

static void containers_as_nsjail_has_them(void)
{
	static const struct {
		const char *text, *want;
	} all[] = {
		{ROOT "'process':{'cwd':'/w','args':['x','y'],'env':['A=1']}",
			"mount{src:'/bundle/rootfs'dst:'/'is_bind:truerw:true}"},
		{ROOT "'process':{'cwd':'/w','args':['x','y'],'env':['A=1']}",
			"exec_bin{path:'x'arg:'y'}"},
		{ROOT "'process':{'cwd':'/w','env':['A=1']}", "cwd:'/w'time_limit:0nice_level:0"
							      "envar:'A=1'disable_no_new_privs:true"
							      "disable_rl:trueclone_newnet:false"},
		{ROOT "'process':{'cwd':'/'}", "mount{src:'/dev/null'dst:'/dev/null'is_bind:true"},
		{ROOT "'process':{'cwd':'/'}", "mount{src:'/proc/self/fd'dst:'/dev/fd'"},
		{ROOT "'mounts':[{'destination':'/a','source':'d','options':['rbind','ro','nosuid',"
		      "'rprivate','noatime']}]",
			"mount{src:'/bundle/d'dst:'/a'options:'noatime'is_bind:truenosuid:true}"},
		{ROOT "'mounts':[{'destination':'/a','type':'tmpfs','source':'tmpfs','options':"
		      "['ro','rw','size=5']}]",
			"mount{src:'tmpfs'dst:'/a'fstype:'tmpfs'options:'rw,size=5'rw:true}"},
		{ROOT USER "'uidMappings':[{'containerID':0,'hostID':100,'size':10}],'gidMappings':"
			   "[{'containerID':0,'hostID':200,'size':10}]},"
			   "'process':{'cwd':'/','user':{'uid':3,'gid':0}}",
			"uidmap{inside_id:'3'outside_id:'103'count:7}uidmap{inside_id:'0'outside_"
			"id:"
			"'100'count:3}gidmap{inside_id:'0'outside_id:'200'count:10}"},
		{ROOT "'process':{'cwd':'/','user':{'uid':3,'gid':4,'additionalGids':[5]}}",
			"gidmap{inside_id:'4'outside_id:'4'}gidmap{inside_id:'5'outside_id:'5'}"},
		{ROOT "'linux':{'namespaces':[{'type':'uts'}],'resources':{'memory':{'limit':5,"
		      "'swap':7},'cpu':{'quota':2000,'period':1000000},'pids':{'limit':3}}}",
			"hostname:''"},
		{ROOT "'linux':{'resources':{'memory':{'limit':5,'swap':7},'cpu':{'quota':2000,"
		      "'period':1000000},'pids':{'limit':3}}}",
			"cgroup_mem_max:5cgroup_mem_memsw_max:7cgroup_pids_max:3cgroup_cpu_ms_per_"
			"sec:2"},
		{ROOT "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':"
		      "['ptrace'],'action':'SCMP_ACT_ERRNO','errnoRet':1}]}},"
		      "'process':{'cwd':'/','noNewPrivileges':true}",
			"ptrace"},
		{ROOT "'jail':{'mode':'RERUN','time_limit':4}", "mode:RERUN"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		own_pool struct pool pool = {0};

		has_text(dense(as_nsjail(quoted(all[i].text, &pool), false, &pool), &pool),
			all[i].want);
	}
}

static void what_nsjail_cannot_say(void)
{
	static const struct {
		const char *text, *want;
	} all[] = {
		{"'domainname':'d'", "domainname (f:1:61): an nsjail config cannot say this"},
		{"'annotations':{'a':'b'}", "annotations.a (f:1:67): an nsjail"},
		{"'hooks':{'poststop':[{'path':'/x'}]}", "hooks (f:1:56): an nsjail"},
		{"'process':{'cwd':'/','terminal':true}", "process.terminal ("},
		{"'process':{'cwd':'/','user':{'uid':0,'gid':0,'umask':18}}",
			"process.user.umask ("},
		{"'process':{'cwd':'/','capabilities':{'bounding':['CAP_KILL']}}",
			"process.capabilities (f:1:84): five sets that are not the same: an "
			"nsjail"},
		{"'process':{'cwd':'/','rlimits':[{'type':'RLIMIT_DATA','soft':1,'hard':1}]}",
			"process.rlimits[0] ("},
		{"'process':{'cwd':'/','rlimits':[{'type':'RLIMIT_AS','soft':1,'hard':2}]}",
			"a hard limit that is not the soft one"},
		{"'process':{'cwd':'/','rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1}]}",
			"some limits as the caller has them"},
		{"'process':{'cwd':'/','scheduler':{'policy':'SCHED_FIFO','priority':5}}",
			"process.scheduler ("},
		{"'mounts':[{'destination':'/a','source':'/b','options':['bind']}]",
			"mounts[0] (f:1:58): a bind without what is mounted beneath"},
		{"'mounts':[{'destination':'/a','source':'/b','options':['rbind','rslave']}]",
			"mounts[0].options[1] ("},
		{"'mounts':[{'destination':'/a','type':'cgroup','source':'cgroup'}]",
			"a mount of the container's cgroup"},
		{"'linux':{'namespaces':[{'type':'network','path':'/n'}]}",
			"linux.namespaces[0].path (f:1:96): a namespace that is joined"},
		{"'linux':{'sysctl':{'net.ipv4.ip_forward':'1'}}",
			"linux.sysctl.net.ipv4.ip_forward ("},
		{"'linux':{'maskedPaths':['/proc/kcore']}", "linux.maskedPaths[0] ("},
		{"'linux':{'cgroupsPath':'/a'}", "linux.cgroupsPath ("},
		{"'linux':{'rootfsPropagation':'rshared'}", "linux.rootfsPropagation ("},
		{"'linux':{'resources':{'cpu':{'shares':5}}}", "linux.resources.cpu.shares ("},
		{"'linux':{'resources':{'cpu':{'quota':50000,'period':100000}}}",
			"linux.resources.cpu.quota ("},
		{"'linux':{'resources':{'devices':[{'allow':false}]}}",
			"linux.resources.devices[0] ("},
		{"'linux':{'intelRdt':{'closID':'x'}}", "linux.intelRdt ("},
	};
	char text[512];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		own_pool struct pool pool = {0};

		fmt_put(text, sizeof(text), ROOT "%s", all[i].text);
		err = (struct err){0};
		tap_check(
			!as_nsjail(quoted(text, &pool), false, &pool), TAP_HERE, "taken: %s", text);
		has_text(err.text, all[i].want);
		is_int(err.code, ENOTSUP);
		tap_check(as_nsjail(quoted(text, &pool), true, &pool) != NULL, TAP_HERE,
			"lossy: %s", text);
		has_text(warnings, "left out, as an nsjail config cannot say it");
	}
}

int main(void)
{
	log_to(hear, NULL, LOG_WARNING);
	run(what_the_spec_can_say_is_not_in_the_object);
	run(containers_as_nsjail_has_them);
	run(what_nsjail_cannot_say);
	return tap_done();
}
