/* SPDX-License-Identifier: Apache-2.0 */
/* oci_jail: what a config.json comes to mean, value by value, for a given caller. */
#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../spec/load.h"
#include "../../spec/oci_jail.h"
#include "tap.h"

static struct pool pool;
static struct origin origin;
static struct err err;
static struct jail jail;
static struct caller caller;
static char warnings[2048];

static void take_log(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	fmt_put(warnings + strlen(warnings), sizeof(warnings) - strlen(warnings), "%s\n", text);
}

/* The config is that text, with ' for ", and what every config must have around it. */
static int make(const char *process, const char *linux_, const char *more)
{
	struct oci_config *doc;
	char *text = pool_printf(&pool,
		"{'ociVersion':'1.0.2','root':{'path':'rootfs'},'process':{'cwd':'/"
		"','args':['x']%s%s},"
		"'linux':{%s}%s%s}",
		*process ? "," : "", process, linux_, *more ? "," : "", more);

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	err = (struct err){0};
	warnings[0] = '\0';
	if (!tap_check(!oci_read(text, strlen(text), "f", true, &pool, &doc, &origin, &err),
		    TAP_HERE, "%s", err.text))
		return -EDOM;
	return oci_jail(doc, &origin, &caller, "/bundle", NULL, &pool, &jail, &err);
}

static void a_small_config(void)
{
	is_int(make("", "", ""), 0);
	is_int(jail.root.kind, ROOT_DIR);
	is_text(jail.root.path, "/bundle/rootfs");
	ok(!jail.root.readonly);
	is_int(jail.root.propagation, MS_SLAVE | MS_REC);
	for (int i = 0; i < NS_KINDS; i++)
		is_int(jail.ns[i].how, NS_SHARE);
	is_text(jail.process.cwd, "/");
	ok(jail.process.make_cwd && jail.process.search_path && jail.process.new_session);
	ok(!jail.process.no_new_privs && !jail.process.terminal && jail.process.umask.v == 0022);
	is_int(jail.process.uid, 0);
	for (int i = 0; i < CAP_SETS; i++)
		is_int(jail.process.caps.set[i], 0);
	is_int(jail.devices.n, 6);
	is_int(jail.devices.n_links, 5);
	is_int(jail.service.time_limit, 0);
	is_text(jail.notes.version, "1.0.2");
	is_text(jail.notes.bundle, "/bundle");
	ok(!jail.cgroup.required && !jail.cgroup.path);
}

static void paths_are_made_absolute(void)
{
	is_int(make("", "",
		       "'mounts':[{'destination':'a/../b','source':'s','options':['bind']},"
		       "{'destination':'/c//d/.','source':'/x/../y','options':['rbind']},"
		       "{'destination':'/e','source':'s','type':'tmpfs'}]"),
		0);
	is_text(jail.mounts.v[0].target, "/b");
	is_text(jail.mounts.v[0].source, "/bundle/s");
	is_text(jail.mounts.v[1].target, "/c/d");
	is_text(jail.mounts.v[1].source, "/x/../y"); /* the kernel resolves it, symlinks and all */
	is_text(jail.mounts.v[2].source, "s");
	ok(!jail.mounts.v[0].recursive && jail.mounts.v[1].recursive);
}

static void later_options_win(void)
{
	const struct jail_mount *m;

	is_int(make("", "",
		       "'mounts':[{'destination':'/a','source':'/"
		       "s','options':['bind','ro','rw','noexec',"
		       "'rnosuid','rsuid','noatime','strictatime','rshared','private']}]"),
		0);
	m = &jail.mounts.v[0];
	is_int(m->attrs.set, MOUNT_ATTR_NOEXEC | MOUNT_ATTR_STRICTATIME);
	ok(m->attrs.clear & MOUNT_ATTR_RDONLY && !(m->attrs.clear & MOUNT_ATTR_NOEXEC));
	is_int(m->deep.set, 0);
	is_int(m->deep.clear, MOUNT_ATTR_NOSUID);
	is_int(m->propagation, MS_PRIVATE);
}

static void remount_needs_no_order(void)
{
	is_int(make("", "",
		       "'mounts':[{'destination':'/a','options':['remount','bind','ro']},"
		       "{'destination':'/a','options':['rbind','remount','ro']}]"),
		0);
	is_int(jail.mounts.v[0].kind, MOUNT_REMOUNT);
	is_int(jail.mounts.v[1].kind, MOUNT_REMOUNT);
}

static void capabilities(void)
{
	is_int(make("'capabilities':{'bounding':['CAP_CHOWN','CAP_CHOWN','CAP_NO_SUCH','cap_kill'],"
		    "'permitted':['CAP_KILL'],'inheritable':['CAP_KILL'],'ambient':['CAP_KILL',"
		    "'CAP_CHOWN']}",
		       "", ""),
		0);
	is_int(jail.process.caps.set[CAP_BOUNDING], 1);
	is_int(jail.process.caps.set[CAP_PERMITTED], 1 << 5);
	is_int(jail.process.caps.set[CAP_AMBIENT], 1 << 5); /* the other is not inheritable */
	is_int(jail.process.caps.set[CAP_EFFECTIVE], 0);
	has_text(warnings, "unknown capability 'CAP_NO_SUCH' is left out");
	has_text(warnings, "unknown capability 'cap_kill' is left out");
	has_text(warnings, "process.capabilities.bounding[2]");
}

static void memory_and_cpu(void)
{
	const struct jail_cgroup *c = &jail.cgroup;

	is_int(make("",
		       "'resources':{'memory':{'limit':5,'swap':-1,'reservation':0},'cpu':{'quota':"
		       "-1,"
		       "'shares':1,'period':1000},'pids':{'limit':-1}}",
		       ""),
		0);
	ok(c->memory.set && c->memory.v == 5);
	ok(c->memory_swap.set && c->memory_swap.v == INT64_MAX);
	ok(!c->memory_low.set);
	ok(c->cpu_quota.set && c->cpu_quota.v == INT64_MAX);
	is_int(c->cpu_shares.v, 2);
	is_int(c->cpu_period.v, 1000);
	ok(c->pids.set && c->pids.v == INT64_MAX);
	ok(c->required);
	is_int(make("", "'resources':{'memory':{'limit':-2}}", ""), -EINVAL);
	has_text(err.text, "linux.resources.memory.limit (f:1:");
	is_int(make("", "'resources':{'cpu':{'quota':999}}", ""), -EINVAL);
	is_int(make("", "'resources':{'cpu':{'period':1000001}}", ""), -EINVAL);
}

static void device_rules(void)
{
	const struct jail_cgroup *c = &jail.cgroup;

	is_int(make("",
		       "'resources':{'devices':[{'allow':true,'type':'c','major':10,'access':'rw'}]"
		       "}",
		       ""),
		0);
	/* All is denied first, though no rule says so. */
	ok(!c->devices[0].allow && c->devices[0].type == 'a');
	ok(c->devices[1].allow && c->devices[1].major == 10 && c->devices[1].minor == -1);
	is_int(c->devices[1].access, DEVICE_READ | DEVICE_WRITE);
	is_int(c->n_devices, 2 + 11);
	ok(!c->required); /* engines write them always; where they cannot be kept, user namespaces can */
	is_int(make("", "'resources':{'devices':[{'allow':false}]}", ""), 0);
	is_int(c->n_devices, 1 + 11);
	is_int(c->devices[0].access, DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD);
}

static void devices(void)
{
	is_int(make("",
		       "'devices':[{'path':'dev/../dev/null','type':'p','fileMode':4480},"
		       "{'path':'/dev/x','type':'u','major':1,'minor':9,'uid':7}]",
		       ""),
		0);
	is_int(jail.devices.n, 7); /* the standard null gives way */
	is_text(jail.devices.v[0].path, "/dev/null");
	is_int(jail.devices.v[0].mode, S_IFIFO | 0600);
	is_int(jail.devices.v[1].mode, S_IFCHR | 0666);
	is_int(jail.devices.v[1].uid, 7);
	is_int(make("", "'devices':[{'path':'/','type':'p'}]", ""), -EINVAL);
	is_int(make("", "'devices':[{'path':'/dev/x','type':'c','major':1}]", ""), -EINVAL);
}

static void ids_of_a_plain_user(void)
{
	caller = (struct caller){.uid = 1000, .gid = 100, .cwd = "/"};
	is_int(make("", "'namespaces':[{'type':'user'}]", ""), 0);
	ok(jail.ids.uids.n == 1 && jail.ids.uids.v[0].outside == 1000);
	ok(jail.ids.gids.n == 1 && jail.ids.gids.v[0].outside == 100);
	ok(!jail.ids.uids.helper && !jail.ids.gids.helper);
	is_int(make("",
		       "'namespaces':[{'type':'user'}],'uidMappings':[{'containerID':5,'hostID':"
		       "1000,"
		       "'size':1}],'gidMappings':[{'containerID':0,'hostID':101,'size':1}]",
		       ""),
		0);
	ok(!jail.ids.uids.helper); /* its own id, under another name */
	ok(jail.ids.gids.helper); /* somebody else's */
	caller = (struct caller){.cwd = "/"};
	is_int(make("",
		       "'namespaces':[{'type':'user'}],'uidMappings':[{'containerID':0,'hostID':1,"
		       "'size':9}],'gidMappings':[{'containerID':0,'hostID':1,'size':9}]",
		       ""),
		0);
	ok(!jail.ids.uids.helper && !jail.ids.gids.helper);
}

static void namespaces(void)
{
	is_int(make("", "'namespaces':[{'type':'network','path':''},{'type':'pid','path':'/p'}]",
		       ""),
		0);
	is_int(jail.ns[NS_NET].how, NS_NEW);
	is_int(jail.ns[NS_PID].how, NS_JOIN);
	is_text(jail.ns[NS_PID].path, "/p");
	ok(jail.net.loopback);
	is_int(make("", "'namespaces':[{'type':'network','path':'/n'}]", ""), 0);
	ok(!jail.net.loopback); /* somebody else's interface */
}

static void hooks(void)
{
	is_int(make("", "",
		       "'hooks':{'prestart':[{'path':'/a','timeout':3}],'poststop':[{'path':'/"
		       "b','env':[]},"
		       "{'path':'/c','args':['c','d']}]}"),
		0);
	is_int(jail.hooks[HOOK_PRESTART].n, 1);
	is_int(jail.hooks[HOOK_PRESTART].v[0].timeout, 3);
	ok(jail.hooks[HOOK_PRESTART].v[0].inherit_env);
	ok(!jail.hooks[HOOK_POSTSTOP].v[0].inherit_env);
	is_int(jail.hooks[HOOK_POSTSTOP].n, 2);
	is_int(jail.hooks[HOOK_POSTSTOP].v[1].args.n, 2);
	is_int(jail.hooks[HOOK_CREATE_RUNTIME].n, 0);
}

static void annotations_only_tighten(void)
{
	is_int(make("", "",
		       "'jail':{'time_limit':10},'annotations':{'org.jailrt.time_limit':'60'}"),
		0);
	is_int(jail.service.time_limit, 10000);
	is_int(make("", "", "'jail':{'time_limit':10},'annotations':{'org.jailrt.time_limit':'3'}"),
		0);
	is_int(jail.service.time_limit, 3000);
	is_int(make("", "", "'jail':{'time_limit':10},'annotations':{'org.jailrt.time_limit':'0'}"),
		0);
	is_int(jail.service.time_limit, 10000);
	is_int(make("", "", "'annotations':{'org.jailrt.time_limit':'3'}"), 0);
	is_int(jail.service.time_limit, 3000);
	is_int(make("", "", "'annotations':{'org.jailrt.time_limit':'-3'}"), -EINVAL);
	is_int(make("", "", "'annotations':{'org.jailrt.':'3'}"), -EINVAL);
	is_int(make("", "", "'annotations':{'org.jailrtx':'3'}"), 0);
	is_int(make("", "", "'annotations':{'org.jailrt.clone_newuser':'false'}"), -EINVAL);
	has_text(err.text, "'clone_newuser' cannot be set by an annotation");
}

/* What an annotation may set must be taken over from there: a row that is only marked would be lost. */
static void every_tightening_row_is_carried_out(void)
{
	row_each (f, &table_nsjail_config) {
		if (f->flags & FIELD_TIGHTEN)
			ok(!strcmp(f->key, "time_limit") || !strcmp(f->key, "seccomp_profile"));
	}
	/* An annotation adds to what the jail object says. */
	is_int(make("", "",
		       "'jail':{'seccomp_profile':['a','b']},'annotations':"
		       "{'org.jailrt.seccomp_profile':'c'}"),
		0);
	is_int(jail.filter.profiles.n, 3);
	is_text(jail.filter.profiles.v[1], "b");
	is_text(jail.filter.profiles.v[2], "c");
	row_each (f, &table_oci_config)
		ok(!(f->flags & FIELD_TIGHTEN));
}

static void parameters_of_the_kernel(void)
{
	is_int(make("", "'sysctl':{'net.ipv4.ip_forward':'1','net/ipv4/conf/a.b/x':'2'}", ""), 0);
	is_text(jail.sysctls[0].path, "net/ipv4/ip_forward");
	is_text(jail.sysctls[1].path, "net/ipv4/conf/a.b/x");
	is_int(make("", "'sysctl':{'/proc/sys/x':'1'}", ""), -EINVAL);
	is_int(make("", "'sysctl':{'net/..':'1'}", ""), -EINVAL);
}

static void versions(void)
{
	static const char *const bad[] = {"", "1", "2.0.0", "0.5.0-dev", "x.1", "-1.0", "1x.0",
		".1", "18446744073709551617.0"};
	struct oci_config doc;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		doc = (struct oci_config){.ociVersion = bad[i]};
		tap_check(
			oci_jail(&doc, &origin, &caller, "/b", NULL, &pool, &jail, &err) == -EINVAL,
			TAP_HERE, "'%s' is taken", bad[i]);
	}
}

int main(void)
{
	log_to(take_log, NULL, LOG_DEBUG);
	caller.cwd = "/";
	run(a_small_config);
	run(paths_are_made_absolute);
	run(later_options_win);
	run(remount_needs_no_order);
	run(capabilities);
	run(memory_and_cpu);
	run(device_rules);
	run(devices);
	run(ids_of_a_plain_user);
	run(namespaces);
	run(hooks);
	run(annotations_only_tighten);
	run(every_tightening_row_is_carried_out);
	run(parameters_of_the_kernel);
	run(versions);
	pool_done(&pool);
	return tap_done();
}
