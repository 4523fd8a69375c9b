/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert: an nsjail config as a config.json and back gives the same plans; for the golden cases, and for
 * thousands of configs made up from the tables. What is refused is refused in all forms.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "../../runtime/base/fmt.h"
#include "../golden_case.h"
#include "convert_test.h"

/* --- what a document comes to ------------------------------------------------------------------------ */

/* Of the service there is nothing in a plan. */
static void put_service(const struct jail *jail, struct str *out)
{
	const struct jail_service *s = &jail->service;

	str_addf(out, "mode %d on %s %u, %u and %u, %llu ms, signals %d, background %d, name %s\n",
		s->mode, s->address, s->port, s->max_conns, s->max_conns_per_ip,
		(unsigned long long)s->time_limit, s->forward_signals, s->background,
		jail->notes.name ? jail->notes.name : "");
	list_each (i, jail->filter.profiles)
		str_addf(out, "profile %s\n", jail->filter.profiles.v[i]);
}

/* The plan, or NULL where there is none. */
static const char *plan_of(const char *text, enum dialect dialect, const struct caller *caller,
	const struct host *host, struct pool *pool)
{
	const struct bytes bytes = {(char *)text, strlen(text)};
	const struct load_request q = {.bundle = "/bundle",
		.config = "f",
		.text = &bytes,
		.known = true,
		.strict = true,
		.dialect = dialect};
	struct loaded *l = POOL_NEW(pool, struct loaded);
	own_plan struct plan plan = {0};
	own_str struct str out = {0};

	err = (struct err){0};
	if (load(&q, caller, pool, l, &err) < 0)
		return NULL;
	l->jail.notes.id = "ID";
	put_service(&l->jail, &out);
	if (plan_make(&l->jail, host, &plan, &err) < 0)
		return NULL;
	is_int(plan_text(&plan, &out, &err), 0);
	return pool_text(pool, str_text(&out));
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void show(const char *what, const char *text)
{
	printf("# --- %s\n# ", what);
	for (const char *c = text ? text : err.text; *c; c++) {
		putchar(*c);
		if (*c == '\n')
			printf("# ");
	}
	putchar('\n');
}

/* What the made-up configs have to come to now and then, or little is proved. */
static const char *const wanted[] = {"open-file", "cgroup-set", "id-map", "no-setgroups",
	"loopback", "net-device", "macvlan", "net-address", "net-rule", "mount", "bind", "content",
	"link", "attributes", "chroot", "hostname", "nice", "cpus", "personality",
	"core-scheduling", "no-tsc", "stdio-to-null", "capabilities", "watch", "seccomp",
	"oom-score", "pivot", "limits"};
static bool seen[ARRAY_LEN(wanted)];

static void look_for_wanted(const char *plan)
{
	char step[32];

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		fmt_put(step, sizeof(step), " %s", wanted[i]);
		seen[i] = seen[i] || strstr(plan, step);
	}
}

/* There and back: 1 a plan, the same of all three; 0 none of any; -1 they differ. */
static int round_trip(const char *text, const struct caller *caller, const struct host *host)
{
	own_pool struct pool pool = {0};
	const char *first = plan_of(text, DIALECT_NSJAIL, caller, host, &pool);
	const char *oci = as_oci(text, false, &pool), *back, *second, *third;

	if (!oci) {
		if (!first)
			return 0;
		show("not converted", text);
		show("because", NULL);
		return -1;
	}
	second = plan_of(oci, DIALECT_OCI, caller, host, &pool);
	if (!same(first, second)) {
		show("config", text);
		show("its plan", first);
		show("config.json", oci);
		show("its plan", second);
		return -1;
	}
	back = as_nsjail(oci, false, &pool);
	third = back ? plan_of(back, DIALECT_NSJAIL, caller, host, &pool) : NULL;
	if (!same(first, third) || (first && !back)) {
		show("config", text);
		show("its plan", first);
		show("back again", back);
		show("its plan", third);
		return -1;
	}
	/* From then on nothing changes any more. */
	oci = back ? as_oci(back, false, &pool) : NULL;
	if (first && (!oci || !same(back, as_nsjail(oci, false, &pool)))) {
		show("back again", back);
		show("once more", oci ? as_nsjail(oci, false, &pool) : NULL);
		return -1;
	}
	if (first)
		look_for_wanted(first);
	return first != NULL;
}

/* --- golden cases ------------------------------------------------------------------------------------ */

static void golden_cases(void)
{
	DIR *d = opendir("tests/golden");
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d))) {
		own(golden_done) struct golden_case c = {0};
		own_fd int dir = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY);
		struct bytes text;

		if (strncmp(de->d_name, "nsjail-", 7) != 0 || dir < 0 ||
			fd_read_file(dir, "config.cfg", 1 << 20, &c.pool, &text, NULL) < 0)
			continue;
		(void)golden_make(dir, &c, &err); /* the caller and the host are what is wanted */
		tap_check(round_trip(text.data, &c.caller, &c.host) >= 0, de->d_name, "differs");
		n++;
	}
	if (d)
		closedir(d);
	ok(n > 40);
}

/* --- configs that are made up ------------------------------------------------------------------------- */

static unsigned dice(unsigned n)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

/* What texts are taken from; of others there are a few letters. */
static const struct vocabulary {
	const char *key;
	const char *words[12];
} vocabulary[] = {
	{"hostname", {"h", "", "a-b"}},
	{"cwd", {"/", "/tmp", "/a/../b", "w/x"}},
	{"bindhost", {"::1", "127.0.0.1"}},
	{"envar", {"A=1", "B", "A=2", "HOME", "D=x=y", "HOME=/h", "B=3", "E=", "TERM", "A"}},
	{"cap", {"CAP_KILL", "CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_CHOWN"}},
	{"seccomp_string", {"POLICY a { KILL { ptrace } } USE a DEFAULT ALLOW"}},
	{"seccomp_profile", {"no-network"}},
	{"cgroup_mem_parent", {"NSJAIL", "X"}},
	{"cgroup_pids_parent", {"NSJAIL", "X"}},
	{"cgroup_cpu_parent", {"NSJAIL", "X"}},
	{"cgroup_net_cls_parent", {"NSJAIL", "X"}},
	{"cgroup_mem_mount", {"/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/x", "rel"}},
	{"cgroup_pids_mount", {"/sys/fs/cgroup/pids", "/sys/fs/cgroup/pids/x"}},
	{"cgroup_cpu_mount", {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}},
	{"cgroupv2_mount", {"/sys/fs/cgroup", "/sys/fs/cgroup/jails"}},
	{"src", {"/srv", "/usr", "rel", "/a//b", "", "/", "none"}},
	{"dst", {"/a", "/a/b", "rel/c", "/tmp", "/tmp/x", "/", "//", "/proc", "/dev"}},
	{"fstype", {"tmpfs", "tmpfs", "tmpfs", "proc", "sysfs", "cgroup2", "bind", ""}},
	{"options", {"size=1k", "ro", "nosuid,size=4k", "suid", "rw,noatime", "rro", "sync",
			    "idmap=x", "defaults", "rslave", "relatime,,mode=700", "nodev,exec"}},
	{"prefix_src_env", {"HOME", "HOME", "NONE", ""}},
	{"prefix_dst_env", {"HOME", "HOME", "NONE", ""}},
	{"inside_id", {"", "0", "5", "1000", "builder", "nobody"}},
	{"outside_id", {"", "0", "1000", "100000", "builder"}},
	{"path", {"/bin/sh", "sh", "./x"}},
	{"iface_own", {"eth1", "wg0", "eth2"}},
	{"macvlan_iface", {"eth0"}},
	{"macvlan_vs_ip", {"192.168.0.7", "0.0.0.0"}},
	{"macvlan_vs_nm", {"255.255.0.0"}},
	{"macvlan_vs_gw", {"192.168.0.1", "0.0.0.0"}},
	{"macvlan_vs_ma", {"02:00:00:00:00:01"}},
	{"macvlan_vs_mo", {"private", "bridge"}},
	{"src_ip", {"10.0.0.0/8", "192.168.0.1"}},
	{"dst_ip", {"10.0.0.0/8", "192.168.0.1"}},
	{"ip4", {"10.255.255.2", ""}},
	{"gw4", {"10.255.255.1"}},
	{"ip6", {"fc00::2", ""}},
	{"gw6", {"fc00::1"}},
	{"ns_iface", {"eth0", "net1"}},
	{"redirect_ip", {"10.255.255.1"}},
};

static const char *word_for(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(vocabulary); i++) {
		unsigned n = 0;

		if (strcmp(vocabulary[i].key, key) != 0)
			continue;
		while (n < 12 && vocabulary[i].words[n])
			n++;
		return vocabulary[i].words[dice(n)];
	}
	return dice(2) ? "x y" : "/some/where";
}

static int64_t number_for(const struct field *f)
{
	static const int64_t all[] = {0, 1, 3, 7, 64, 100, 600, 4096};

	if (!strcmp(f->key, "nice_level"))
		return (int64_t)dice(40) - 20;
	if (!strcmp(f->key, "oom_score_adj"))
		return (int64_t)dice(2001) - 1000;
	if (!strcmp(f->key, "cgroup_mem_swap_max"))
		return (int64_t)dice(4) - 1;
	if (!strcmp(f->key, "cgroup_mem_memsw_max"))
		return 4096 + dice(3);
	return f->kind == FIELD_KIND_I32 && dice(3) == 0 ? -(int64_t)dice(9) : all[dice(8)];
}

static void put_object(const struct table *t, struct str *out);

static void put_value(const struct field *f, struct str *out)
{
	str_addf(out, "%s", f->key);
	switch (f->kind) {
	case FIELD_KIND_BOOL:
		str_addf(out, ": %s ", dice(3) ? "true" : "false");
		return;
	case FIELD_KIND_ENUM:
		str_addf(out, ": %s ", f->words->v[dice((unsigned)f->words->n)].name);
		return;
	case FIELD_KIND_OBJECT:
	case FIELD_KIND_OBJECTS:
		str_add(out, " { ");
		put_object(f->table, out);
		str_add(out, "} ");
		return;
	case FIELD_KIND_TEXT:
	case FIELD_KIND_TEXTS:
	case FIELD_KIND_BYTES:
		str_addf(out, ": '%s' ", word_for(f->key));
		return;
	default:
		str_addf(out, ": %lld ", (long long)number_for(f));
	}
}

/* Most mounts are such that they can be; the others are anything. */
static bool put_likely_mount(struct str *out)
{
	static const char *const flags[] = {"rw: true", "nosuid: true", "nodev: true",
		"noexec: true", "mandatory: false", "is_dir: true", "mandatory: true", "rw: false"};
	unsigned kind = dice(8);

	if (kind == 0)
		return false;
	str_addf(out, "dst: '%s' ", word_for("dst"));
	if (kind == 1)
		str_add(out, "src: '/x' is_symlink: true ");
	else if (kind == 2)
		str_add(out, "src_content: 'abc' ");
	else if (kind < 6)
		str_addf(out, "src: '/srv%s' is_bind: true ", dice(4) ? "" : "/b");
	else
		str_addf(out, "fstype: '%s' ", word_for("fstype"));
	if (dice(3) == 0)
		str_addf(out, "options: '%s' ", word_for("options"));
	for (unsigned i = 0; i < ARRAY_LEN(flags) - 2; i++) {
		if (dice(i < 4 ? 3 : 12) == 0)
			str_addf(out, "%s ", flags[i]);
	}
	return true;
}

static void put_object(const struct table *t, struct str *out)
{
	if (t == &table_nsjail_mount && put_likely_mount(out))
		return;
	row_each (f, t) {
		bool list = f->kind == FIELD_KIND_TEXTS || f->kind == FIELD_KIND_OBJECTS ||
			    f->kind == FIELD_KIND_I32S;
		unsigned n = f->flags & FIELD_REQUIRED || dice(4) == 0;

		for (unsigned i = 0; i < n + (n && list ? dice(3) : 0); i++)
			put_value(f, out);
	}
}

/* How often a field is there, in 100. */
static unsigned chance(const struct field *f)
{
	static const struct {
		const char *key;
		unsigned chance;
	} all[] = {{"exec_bin", 97}, {"mount", 60}, {"clone_newns", 3}, {"seccomp_policy_file", 1},
		{"cgroup_mem_memsw_max", 2}, {"cgroup_mem_swap_max", 2}, {"clone_newuser", 15},
		{"uidmap", 30}, {"gidmap", 30}, {"bare", 1}, {"use_cgroupv2", 3},
		{"traffic_rule", 2}, {"iface_own", 3}, {"macvlan_iface", 3}, {"seccomp_unotify", 4},
		{"user_net", 4}};

	if (f->flags & FIELD_NOT_YET)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!strcmp(all[i].key, f->key))
			return all[i].chance;
	}
	return 8;
}

static void make_up(struct str *out)
{
	row_each (f, &table_nsjail_config) {
		bool list = f->kind == FIELD_KIND_TEXTS || f->kind == FIELD_KIND_OBJECTS ||
			    f->kind == FIELD_KIND_I32S;

		if (dice(100) >= chance(f))
			continue;
		put_value(f, out);
		for (unsigned i = list ? dice(4) : 0; i; i--)
			put_value(f, out);
	}
}

static bool read_case(const char *host, const char *caller, struct golden_case *c)
{
	char path[256];

	fmt_put(path, sizeof(path), "tests/golden/hosts/%s.json", host);
	if (golden_table(AT_FDCWD, path, &table_host, &c->host, &c->pool, &err) < 0)
		return false;
	fmt_put(path, sizeof(path), "tests/golden/callers/%s.json", caller);
	return golden_table(AT_FDCWD, path, &table_caller, &c->caller, &c->pool, &err) >= 0;
}

/* For a longer search SEED begins elsewhere in the sequence, and TRIES is how many. */
static void there_and_back(void)
{
	static const struct {
		const char *host, *caller;
	} places[] = {{"v2", "root"}, {"v1", "root"}, {"hybrid", "root"}, {"user", "user"},
		{"old", "root"}, {"delegated", "user"}};
	int plans = 0, tries = getenv("TRIES") ? atoi(getenv("TRIES")) : 6000;

	for (int skip = getenv("SEED") ? atoi(getenv("SEED")) : 0; skip; skip--)
		dice(2);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		own(golden_done) struct golden_case c = {0};

		ok(read_case(places[i].host, places[i].caller, &c));
		for (int n = 0; tap_ok && n < tries / (int)ARRAY_LEN(places); n++) {
			own_str struct str text = {0};
			int r;

			make_up(&text);
			r = round_trip(str_text(&text), &c.caller, &c.host);
			tap_check(r >= 0, places[i].host, "%s differs", places[i].caller);
			plans += r > 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		tap_check(seen[i], TAP_HERE, "no plan with %s", wanted[i]);
	/* Enough of them are configs that can be. */
	tap_check(plans > tries / 4, TAP_HERE, "%d plans of %d", plans, tries);
}

int main(void)
{
	log_to(hear, NULL, LOG_WARNING);
	run(golden_cases);
	run(there_and_back);
	return tap_done();
}
