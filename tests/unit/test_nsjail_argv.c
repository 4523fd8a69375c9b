/* SPDX-License-Identifier: Apache-2.0 */
/* nsjail_argv: a config as a command line, which read again is the same config; for many made-up ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../spec/nsjail_argv.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "tap.h"

static struct pool pool;
static struct err err;

static struct nsjail_config *read_config(const char *text, struct origin *origin)
{
	struct nsjail_config *doc = NULL;

	pool_done(&pool);
	err = (struct err){0};
	is_int(nsjail_read(text, strlen(text), "f", &pool, &doc, origin, &err), 0);
	return doc;
}

static const char *line_of(const char *text, bool lossy)
{
	static struct str out;
	struct origin origin;
	struct texts words;

	str_done(&out);
	if (nsjail_argv(read_config(text, &origin), &origin, lossy, &pool, &words, &err) < 0)
		return err.text;
	for (size_t i = 0; i < words.n; i++)
		str_addf(&out, "%s%s", i ? " " : "", words.v[i]);
	return str_text(&out);
}

static void lines(void)
{
	static const struct {
		const char *text, *want;
	} all[] = {
		{"hostname: 'h' exec_bin { path: '/x' arg: 'a' }",
			"--hostname h --disable_proc -- /x a"},
		{"mount_proc: true exec_bin { path: '/x' arg0: 'n' arg: 'a' exec_fd: true }",
			"--execute_fd --exec_file /x -- n a"},
		{"mode: LISTEN port: 80 mount_proc: true", "--port 80 --mode listen"},
		{"port: 80 mount_proc: true", "--port 80 --mode once"},
		{"rlimit_as: 5 rlimit_nproc: 6 rlimit_nproc_type: VALUE rlimit_cpu_type: INF "
		 "mount_proc: true",
			"--rlimit_as 5 --rlimit_cpu inf --rlimit_nproc 6"},
		{"clone_newnet: false clone_newpid: true keep_env: true keep_caps: false "
		 "mount_proc: true",
			"--keep_env --disable_clone_newnet"},
		{"uidmap { inside_id: '1' } gidmap { inside_id: '0' outside_id: 'g' count: 3 "
		 "use_newidmap: true } mount_proc: true",
			"--user 1::1 --gid_mapping 0:g:3"},
		{"mount_proc: true mount { src: '/a' dst: '/b' is_bind: true }",
			"--bindmount_ro /a:/b"},
		{"mount_proc: true mount { src: '/a' dst: '/b' is_bind: true noexec: true }",
			"--bindmount /a:/b:ro,noexec"},
		{"mount_proc: true mount { dst: '/b' fstype: 'tmpfs' rw: true options: 'size=1' "
		 "nodev: true }",
			"--mount none:/b:tmpfs:size=1,nodev"},
		{"mount_proc: true mount { src: '/t' dst: '/l' is_symlink: true }",
			"--symlink /t:/l"},
		{"mount_proc: true user_net { }", "--user_net"},
		{"mount_proc: true log_fd: 3 log_level: FATAL", "--log_fd 3 --really_quiet"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		is_text(line_of(all[i].text, false), all[i].want);
}

static void what_cannot_be_said(void)
{
	static const struct {
		const char *text, *want;
	} all[] = {
		{"name: 'n'", "name (f:1:7): no option says this: name"},
		{"mount { dst: '/x' src_content: 'y' }", "a mount with src_content"},
		{"mount { src: '/a' dst: '/x' is_bind: true mandatory: false }",
			"a mount that is not mandatory"},
		{"mount { src: '/a:b' dst: '/x' is_bind: true }", "a mount with a colon"},
		{"mount { src: '/a' prefix_src_env: 'H' dst: '/x' is_bind: true }", "a prefix"},
		{"log_level: ERROR", "log_level ERROR"},
		{"rlimit_nproc: 5", "a value that its type does not use"},
		{"user_net { ip4: '1.2.3.4' }", "settings of user_net"},
		{"traffic_rule { dst_ip: '1.2.3.4' }", "traffic_rule"},
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		has_text(line_of(all[i].text, false), all[i].want);
		is_int(err.code, ENOTSUP);
		fmt_put(text, sizeof(text), "%s hostname: 'h'", all[i].text);
		is_text(line_of(text, true), "--hostname h --disable_proc");
	}
}

/* --- round trips ----------------------------------------------------------------------------------- */

static unsigned dice(unsigned n)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static const char *const scalars[] = {"hostname: 'a b'", "cwd: '/w'", "time_limit: 7",
	"mode: RERUN", "max_conns: 3", "bindhost: '::1'", "nice_level: -3", "oom_score_adj: -9",
	"keep_env: true", "envar: 'A=b=c'", "envar: 'B'", "cap: 'CAP_KILL'", "pass_fd: 7",
	"silent: true", "rlimit_as: 99", "rlimit_stack_type: INF", "rlimit_core_type: SOFT",
	"clone_newnet: false", "clone_newtime: true", "persona_addr_limit_3gb: true",
	"uidmap { inside_id: 'u' outside_id: '5' count: 2 }",
	"gidmap { inside_id: '1' outside_id: '2' count: 3 use_newidmap: true }",
	"mount { src: '/a' dst: '/b' is_bind: true }",
	"mount { src: '/c' dst: '/d' is_bind: true rw: true }",
	"mount { src: 'none' dst: '/e' fstype: 'tmpfs' options: 'size=4k' rw: true }",
	"mount { src: '/t' dst: '/l' is_symlink: true }", "seccomp_string: 'DEFAULT ALLOW'",
	"cgroup_mem_max: 18", "cgroup_mem_swap_max: 0", "cgroupv2_mount: '/x'",
	"use_cgroupv2: true", "iface_no_lo: true", "macvlan_vs_ip: '1.2.3.4'",
	"user_net { backend: NSTUN }", "disable_tsc: true", "no_pivotroot: true"};

static void put_config(const struct nsjail_config *doc, struct str *out)
{
	struct textproto_writer w;

	textproto_writer_init(&w, out);
	is_int(walk(&table_nsjail_config, doc, WALK_OPEN, &w.sink, &err), 0);
}

/* What reading a command line adds that the config did not say, as it has the same meaning. */
static void normalise(struct nsjail_config *d)
{
	d->has_mount_proc = false;
	for (size_t i = 0; i < d->mount.n; i++)
		d->mount.v[i]->has_rw = d->mount.v[i]->rw;
	d->has_rlimit_as_type = d->has_rlimit_as_type && d->rlimit_as_type != NSJAIL_RLIMIT_VALUE;
	for (size_t i = 0; i < d->mount.n; i++) {
		if (d->mount.v[i]->options && !*d->mount.v[i]->options)
			d->mount.v[i]->options = NULL;
	}
}

static void round_trips(void)
{
	static const struct caller nobody = {.cwd = "/"};
	int same = 0;

	for (int n = 0; n < 500; n++) {
		own_str struct str text = {0}, before = {0}, after = {0};
		struct nsjail_config *doc;
		struct nsjail_args args;
		struct origin origin;
		struct texts words;
		bool used[ARRAY_LEN(scalars)] = {0};

		for (unsigned i = dice(12); i > 0; i--) {
			unsigned k = dice(ARRAY_LEN(scalars));

			if (!used[k])
				str_addf(&text, "%s\n", scalars[k]);
			used[k] = true;
		}
		str_add(&text, "exec_bin { path: '/x' arg: '-a' }");
		doc = read_config(str_text(&text), &origin);
		normalise(doc);
		put_config(doc, &before);
		if (nsjail_argv(doc, &origin, false, &pool, &words, &err) < 0 ||
			nsjail_args_read(
				(int)words.n, (char **)words.v, &nobody, &pool, &args, &err) < 0)
			continue;
		normalise(args.doc);
		put_config(args.doc, &after);
		same += !strcmp(str_text(&before), str_text(&after));
		if (strcmp(str_text(&before), str_text(&after)))
			is_text(str_text(&after), str_text(&before));
	}
	is_int(same, 500);
}

int main(void)
{
	log_to(NULL, NULL, LOG_WARNING);
	run(lines);
	run(what_cannot_be_said);
	run(round_trips);
	pool_done(&pool);
	return tap_done();
}
