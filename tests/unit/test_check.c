/* SPDX-License-Identifier: Apache-2.0 */
/* check: the rules of any jail, one broken at a time; what is not supported yet; what is missing. */
#include <errno.h>
#include <stdlib.h>

#include "../../runtime/base/fmt.h"
#include "../../spec/bind.h"
#include "../../spec/check.h"
#include "../../spec/json.h"
#include "../../spec/oci.h"
#include "tap.h"

static struct pool pool;
static struct err err;
static struct jail jail;

static void begin(void)
{
	jail_init(&jail);
	err = (struct err){0};
}

static int check(void)
{
	return check_jail(&jail, &err);
}

/* --- names and parameters ----------------------------------------------------------------------- */

static void a_new_jail_is_good(void)
{
	begin();
	is_int(check(), 0);
}

static void names_need_a_namespace_and_are_short(void)
{
	char name[66];

	memset(name, 'x', sizeof(name));
	name[64] = '\0';
	begin();
	jail.hostname = "";
	is_int(check(), 0);
	jail.hostname = name;
	is_int(check(), -EINVAL);
	has_text(err.text, "the host name would be the host's");
	jail.ns[NS_UTS].how = NS_JOIN;
	is_int(check(), 0);
	jail.ns[NS_UTS].how = NS_NEW;
	is_int(check(), 0);
	name[64] = 'x';
	name[65] = '\0';
	is_int(check(), -EINVAL);
	has_text(err.text, "a host name longer than 64 bytes");
	jail.hostname = NULL;
	jail.domainname = name;
	is_int(check(), -EINVAL);
	has_text(err.text, "a domain name longer");
}

static void parameters_belong_to_a_namespace(void)
{
	static const struct {
		const char *path;
		enum ns_kind owner; /* NS_KINDS: none */
	} all[] = {
		{"net/ipv4/ip_forward", NS_NET},
		{"kernel/shmmax", NS_IPC},
		{"kernel/msgmni", NS_IPC},
		{"kernel/sem", NS_IPC},
		{"kernel/shm_rmid_forced", NS_IPC},
		{"fs/mqueue/msg_max", NS_IPC},
		{"kernel/domainname", NS_UTS},
		{"user/max_net_namespaces", NS_USER},
		{"kernel/semx", NS_KINDS},
		{"kernel/panic", NS_KINDS},
		{"vm/swappiness", NS_KINDS},
		{"netx/y", NS_KINDS},
		{"fs/mqueue", NS_KINDS},
		{"", NS_KINDS},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct jail_sysctl s = {.path = all[i].path, .value = "1"};

		begin();
		jail.sysctls = &s;
		jail.n_sysctls = 1;
		for (int kind = 0; kind < NS_KINDS; kind++) {
			jail.ns[kind].how = NS_NEW;
			tap_check((check() == 0) == ((int)all[i].owner == kind), TAP_HERE,
				"'%s' with only a namespace of type %s", s.path,
				ns_names[kind].word);
			jail.ns[kind].how = NS_SHARE;
		}
	}
	begin();
	jail.ns[NS_UTS].how = NS_NEW;
	jail.sysctls = &(struct jail_sysctl){.path = "kernel/hostname", .value = "x"};
	jail.n_sysctls = 1;
	is_int(check(), -EINVAL);
	has_text(err.text, "'hostname'");
}

/* --- ids ---------------------------------------------------------------------------------------- */

static struct id_range ranges[400];

static void with_user_namespace(size_t n)
{
	begin();
	jail.ns[NS_USER].how = NS_NEW;
	jail.ids.uids = (struct id_map){.v = ranges, .n = n};
	jail.ids.gids = (struct id_map){.v = ranges, .n = n};
}

static void ids_must_be_mapped(void)
{
	uint32_t group = 109;

	ranges[0] = (struct id_range){10, 1000, 5};
	ranges[1] = (struct id_range){100, 2000, 10};
	with_user_namespace(2);
	is_int(check(), -EINVAL); /* user 0 */
	jail.process.uid = jail.process.gid = 10;
	is_int(check(), 0);
	jail.process.uid = 14;
	is_int(check(), 0);
	jail.process.uid = 15;
	is_int(check(), -EINVAL);
	has_text(err.text, "user 15 is not mapped");
	jail.process.uid = 109;
	jail.process.gid = 9;
	is_int(check(), -EINVAL);
	has_text(err.text, "group 9 is not mapped");
	jail.process.gid = 100;
	jail.process.groups = (struct u32s){&group, 1};
	is_int(check(), 0);
	group = 110;
	is_int(check(), -EINVAL);
	has_text(err.text, "group 110 is not mapped");
	jail.process.keep_ids = true;
	is_int(check(), 0);
	jail.process.keep_ids = false;
	jail.ns[NS_USER].how = NS_JOIN; /* what is mapped there is not known */
	is_int(check(), 0);
}

static void ranges_must_not_overlap(void)
{
	static const struct {
		struct id_range a, b;
		bool good;
	} all[] = {
		{{0, 100, 10}, {10, 110, 10}, true},
		{{10, 110, 10}, {0, 100, 10}, true},
		{{0, 100, 10}, {9, 200, 10}, false},
		{{9, 200, 10}, {0, 100, 10}, false},
		{{0, 100, 10}, {20, 109, 10}, false},
		{{0, 100, 10}, {20, 91, 10}, false},
		{{0, 100, 10}, {20, 90, 10}, true},
		{{0, 100, 10}, {0, 300, 1}, false},
		{{0, 0, 4294967294}, {4294967294, 4294967294, 1}, true},
		{{0, 0, 4294967294}, {4294967293, 4294967294, 1}, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		ranges[0] = all[i].a;
		ranges[1] = all[i].b;
		with_user_namespace(2);
		tap_check((check() == 0) == all[i].good, TAP_HERE, "row %zu: %s", i, err.text);
	}
}

static void the_kernel_takes_so_many_ranges(void)
{
	for (uint32_t i = 0; i < 400; i++)
		ranges[i] = (struct id_range){i * 2, i * 2, 1};
	with_user_namespace(340);
	is_int(check(), 0);
	with_user_namespace(341);
	is_int(check(), -EINVAL);
	has_text(err.text, "341 ranges");
}

static void clocks_and_paths(void)
{
	const char *paths[] = {"/a", "b"};

	begin();
	jail.time.boottime.set = true;
	is_int(check(), -EINVAL);
	jail.ns[NS_TIME].how = NS_JOIN;
	is_int(check(), -EINVAL);
	jail.ns[NS_TIME].how = NS_NEW;
	is_int(check(), 0);
	jail.masked = (struct jail_paths){.v = paths, .n = 1};
	jail.readonly = (struct jail_paths){.v = paths, .n = 1};
	is_int(check(), 0);
	jail.readonly.n = 2;
	is_int(check(), -EINVAL);
	has_text(err.text, "'b' is not an absolute path");
}

/* --- not yet ------------------------------------------------------------------------------------ */

static int supported(const char *process, const char *linux_)
{
	struct oci_config *doc;
	struct origin *origin = POOL_NEW(&pool, struct origin);
	char *text = pool_printf(&pool,
		"{'ociVersion':'1.0.2',\n'process':{'cwd':'/'%s%s},\n'linux':{%s}}",
		*process ? "," : "", process, linux_);

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	err = (struct err){0};
	if (oci_read(text, strlen(text), "f", true, &pool, &doc, origin, &err) < 0) {
		tap_check(false, TAP_HERE, "%s", err.text);
		return -EDOM;
	}
	return check_supported(&table_oci_config, doc, origin, &err);
}

static void what_asks_for_nothing_is_taken(void)
{
	is_int(supported("", ""), 0);
	is_int(supported("'apparmorProfile':'','selinuxLabel':'','scheduler':null",
		       "'mountLabel':''"),
		0);
	is_int(supported("", "'seccomp':null,'netDevices':{},'intelRdt':{},'memoryPolicy':{}"), 0);
	is_int(supported("",
		       "'resources':{'memory':{'kernelTCP':0,'disableOOMKiller':false,"
		       "'useHierarchy':false,'kernel':7},'cpu':{'idle':0,'burst':0},"
		       "'blockIO':{'weight':0,'weightDevice':[]},'hugepageLimits':[],'rdma':{},"
		       "'network':{'classID':0,'priorities':[]}}"),
		0);
}

/* --- missing ------------------------------------------------------------------------------------ */

static void what_was_made_later_must_be_complete(void)
{
	struct oci_process process = {0};
	struct oci_root root = {0};
	struct oci_config doc = {.ociVersion = "1.0.0", .process = &process};
	const struct origin origin = {.file = "f", .table = &table_oci_config, .root = &doc};

	err = (struct err){0};
	is_int(check_complete(&table_oci_config, &doc, &origin, &err), -EINVAL);
	is_text(err.text, "process (f): 'cwd' is missing");
	process.cwd = "/";
	is_int(check_complete(&table_oci_config, &doc, &origin, &err), 0);
	doc.root = &root;
	is_int(check_complete(&table_oci_config, &doc, &origin, &err), -EINVAL);
	is_text(err.text, "root (f): 'path' is missing");
	doc.root = NULL;
	doc.ociVersion = NULL;
	is_int(check_complete(&table_oci_config, &doc, &origin, &err), -EINVAL);
	has_text(err.text, "'ociVersion' is missing");
}

int main(void)
{
	run(a_new_jail_is_good);
	run(names_need_a_namespace_and_are_short);
	run(parameters_belong_to_a_namespace);
	run(ids_must_be_mapped);
	run(ranges_must_not_overlap);
	run(the_kernel_takes_so_many_ranges);
	run(clocks_and_paths);
	run(what_asks_for_nothing_is_taken);
	run(what_was_made_later_must_be_complete);
	pool_done(&pool);
	return tap_done();
}
