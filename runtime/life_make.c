/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/user.h"
#include "do/cgroup.h"
#include "life.h"

/* Making a container: its state file, the machine that carries its plan out, and what it hands over. */

/* --- the state file ---------------------------------------------------------------------------------- */

static const char *now_text(struct pool *pool)
{
	struct timespec t;
	char text[24];

	clock_gettime(CLOCK_REALTIME, &t);
	fmt_utc(text, t.tv_sec);
	return pool_printf(pool, "%s.%09ldZ", text, t.tv_nsec);
}

static const char *owner_name(struct pool *pool)
{
	uid_t uid = geteuid();
	char name[256];

	if (!uid)
		return "root";
	if (user_name(uid, name, sizeof(name)) < 0)
		return pool_printf(pool, "%u", (unsigned)uid);
	return pool_text(pool, name);
}

static int copy_hooks(
	const struct jail_hooks *from, struct list *to, struct pool *pool, struct err *e)
{
	to->v = pool_array(pool, from->n + 1, sizeof(*to->v));
	if (!to->v)
		return err_memory(e);
	list_each (i, *from) {
		struct oci_hook *h = POOL_NEW(pool, struct oci_hook);

		if (!h)
			return err_memory(e);
		h->path = from->v[i].path;
		h->args = from->v[i].args;
		h->env = from->v[i].env;
		h->timeout = from->v[i].timeout;
		h->has_timeout = from->v[i].timeout != 0;
		to->v[to->n++] = h;
	}
	if (!to->n)
		to->v = NULL;
	return 0;
}

static uint64_t own_namespaces(const struct jail *jail)
{
	uint64_t flags = 0;

	for (int kind = 0; kind < NS_KINDS; kind++) {
		if (jail_has_own(jail, (enum ns_kind)kind))
			flags |= ns_names[kind].flag;
	}
	return flags;
}

static int add_text(struct texts *to, const char *text, struct pool *pool, struct err *e)
{
	const char **v = pool_grow(pool, to->v, to->n, sizeof(*v));

	if (!v || !text)
		return err_memory(e);
	to->v = v;
	to->v[to->n++] = text;
	return 0;
}

/* What is in a group stands before it: it is removed first. */
static int list_rdt(const struct life *l, struct state *s, struct pool *pool, struct err *e)
{
	for (size_t i = 0; i < l->plan.n; i++) {
		const struct step_rdt *a = l->plan.v[i].args;
		const struct step_rdt_enter *enter = l->plan.v[i].args;

		if (l->plan.v[i].kind == STEP_RDT_ENTER)
			s->resctrl = enter->groups;
		if (l->plan.v[i].kind != STEP_RDT)
			continue;
		if (a->monitor)
			TRY(add_text(&s->resctrl_own,
				pool_printf(
					pool, "%s%s/mon_groups/%s", a->mount, a->group, a->monitor),
				pool, e));
		if (a->own)
			TRY(add_text(&s->resctrl_own, pool_printf(pool, "%s%s", a->mount, a->group),
				pool, e));
	}
	return 0;
}

/* The cgroups that the plan will make: written down before they are there, so that delete finds them. */
static bool is_listed(const struct state *s, const char *path)
{
	list_each (i, s->cgroups) {
		if (!strcmp(s->cgroups.v[i], path))
			return true;
	}
	return false;
}

static int list_cgroups(const struct life *l, struct state *s, struct pool *pool, struct err *e)
{
	for (size_t i = 0; i < l->plan.n; i++) {
		const struct step_cgroup *a = l->plan.v[i].args;
		const struct step_unit *unit = l->plan.v[i].args;
		const char **v;

		if (l->plan.v[i].kind == STEP_UNIT)
			s->unit = unit->name;
		if (l->plan.v[i].kind != STEP_CGROUP || a->inner)
			continue;
		v = pool_grow(pool, s->cgroups.v, s->cgroups.n, sizeof(*v));
		if (!v)
			return err_memory(e);
		s->cgroups.v = v;
		v[s->cgroups.n] = pool_printf(pool, "%s%s", a->mount, a->path);
		if (!v[s->cgroups.n])
			return err_memory(e);
		s->cgroups.n += !is_listed(s, v[s->cgroups.n]);
		if (a->v2)
			OPT_SET(s, cgroup_v2, true);
	}
	return 0;
}

/* Of the config, or else the caller's own, which the program inherits. */
static struct rlimit limit_of(const struct jail_rlimits *all, int resource)
{
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};

	(void)getrlimit(resource, &r); /* cannot fail so */
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].resource == resource)
			r = all->v[i].limit;
	}
	return r;
}

/* Whether any verdict of the program ends who makes the call. */
static bool kills(const struct step_seccomp *s)
{
	for (size_t i = 0; i < s->length; i++) {
		uint32_t action = s->program[i].k & SECCOMP_RET_ACTION_FULL;

		if (s->program[i].code == (BPF_RET | BPF_K) &&
			(action == SECCOMP_RET_KILL_PROCESS || action == SECCOMP_RET_KILL_THREAD ||
				action == SECCOMP_RET_TRAP))
			return true;
	}
	return false;
}

/* What will be asked when it has ended by a signal. */
static void note_limits(const struct life *l, struct state *s)
{
	const struct jail_rlimits *all = &l->loaded.jail.process.rlimits;
	struct rlimit cpu = limit_of(all, RLIMIT_CPU), fsize = limit_of(all, RLIMIT_FSIZE);

	/* To the kernel none at all is one second. */
	if (cpu.rlim_cur != RLIM_INFINITY)
		OPT_SET(s, cpu_soft, cpu.rlim_cur ? cpu.rlim_cur : 1);
	if (cpu.rlim_max != RLIM_INFINITY)
		OPT_SET(s, cpu_hard, cpu.rlim_max ? cpu.rlim_max : 1);
	if (fsize.rlim_cur != RLIM_INFINITY)
		OPT_SET(s, fsize, true);
	for (size_t i = 0; i < l->plan.n; i++) {
		if (l->plan.v[i].kind == STEP_SECCOMP && kills(l->plan.v[i].args))
			OPT_SET(s, filter_kills, true);
	}
}

struct report_limits life_limits(const struct state *s)
{
	return s ? (struct report_limits){s->cpu_soft, s->cpu_hard, s->fsize, s->filter_kills}
		 : (struct report_limits){0};
}

static int first_state(struct life *l, struct err *e)
{
	const struct jail *jail = &l->loaded.jail;
	struct state *s = POOL_NEW(&l->pool, struct state);
	uint64_t started = 0;

	if (!s)
		return err_memory(e);
	l->state = s;
	(void)state_process_start(
		getpid(), &started); /* 0: then a recorded creator counts as dead */
	OPT_SET(s, version, STATE_VERSION);
	OPT_SET(s, complete, false);
	s->ociVersion = jail->notes.version;
	s->id = l->o.id;
	s->bundle = l->loaded.bundle;
	s->rootfs = jail->root.path ? jail->root.path : "";
	s->created = now_text(&l->pool);
	s->owner = owner_name(&l->pool);
	OPT_SET(s, creator, getpid());
	OPT_SET(s, creator_started, started);
	s->annotations = jail->notes.annotations;
	OPT_SET(s, namespaces, own_namespaces(jail));
	s->config = l->loaded.origin.file;
	OPT_SET(s, dialect, (int32_t)l->loaded.dialect);
	if (l->o.compat)
		OPT_SET(s, compat, l->o.compat);
	s->args = l->o.args;
	s->sets = l->o.set;
	s->profiles = l->o.syscall_profile;
	if (jail->service.time_limit)
		OPT_SET(s, time_limit, jail->service.time_limit);
	if (!jail->service.hold)
		OPT_SET(s, at_once, true);
	if (jail->process.terminal)
		OPT_SET(s, terminal, true);
	s->listener = jail->filter.listener;
	s->listener_metadata = jail->filter.metadata;
	if (l->relays)
		OPT_SET(s, relays, true);
	if (l->o.no_new_keyring)
		OPT_SET(s, no_new_keyring, true);
	note_limits(l, s);
	TRY(copy_hooks(&jail->hooks[HOOK_POSTSTART], (struct list *)&s->poststart, &l->pool, e));
	TRY(copy_hooks(&jail->hooks[HOOK_POSTSTOP], (struct list *)&s->poststop, &l->pool, e));
	TRY(list_rdt(l, s, &l->pool, e));
	return list_cgroups(l, s, &l->pool, e);
}

/*
 * The policy of an nsjail config and profiles are in files that may change: exec is to be under the filter
 * that the jail was made with. An OCI config alone holds its own, and exec compiles it anew.
 */
static int keep_filter(const struct life *l, struct err *e)
{
	for (size_t i = 0; i < l->plan.n; i++) {
		const struct step_seccomp *s = l->plan.v[i].args;

		if (l->plan.v[i].kind != STEP_SECCOMP)
			continue;
		if (fd_replace_file(l->dir, STATE_FILTER, (const char *)s->program,
			    s->length * sizeof(*s->program), 0600, e) < 0)
			return err_add(e, "keep the filter of '%s'", l->o.id);
	}
	return 0;
}

static int claim(struct life *l, struct err *e)
{
	TRY(life_open_root(l, true, e));
	l->dir = state_claim(l->root, l->o.id, e);
	TRY(l->dir);
	l->claimed = true;
	TRY(state_write(l->dir, l->state, e));
	if (fd_replace_file(l->dir, "config", l->loaded.text.data, l->loaded.text.len, 0600, e) < 0)
		return err_add(e, "keep the config of '%s'", l->o.id);
	if (l->loaded.dialect == DIALECT_NSJAIL || l->loaded.oci->jail || l->o.syscall_profile.n ||
		l->loaded.jail.filter.profiles.n)
		TRY(keep_filter(l, e));
	return life_notify_prepare(l, e);
}

/* Takes back what was made of a container that does not come to be; e keeps its words. */
void life_unclaim(struct life *l)
{
	struct err mine;

	if (l->begun) {
		parent_abort(&l->parent);
		parent_done(&l->parent);
		l->begun = false;
	}
	if (l->claimed && state_remove(l->root, l->o.id, l->dir, &mine) < 0)
		log_warning("%s", mine.text);
	l->claimed = false;
}

/* --- making ------------------------------------------------------------------------------------------ */

/* runc's rules: a terminal that nobody holds would be lost, and one that is not there cannot be sent. */
static int check_terminal(const struct life *l, bool detached, struct err *e)
{
	bool terminal = l->loaded.jail.process.terminal;

	if (terminal && detached && !l->o.console_socket) {
		err_set(e, EINVAL, "a terminal is wanted, and nobody would hold it");
		return err_fix(e, "give --console-socket, or set process.terminal to false");
	}
	if (!terminal && l->o.console_socket) {
		err_set(e, EINVAL, "--console-socket is given, and no terminal is wanted");
		return err_fix(e, "set process.terminal to true");
	}
	return 0;
}

int life_check_fds(const struct life *l, struct err *e)
{
	for (uint32_t fd = 3; fd < 3 + l->o.preserve_fds; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		/* What is closed by exec was opened by ourselves: the log, say. */
		if (flags < 0 || flags & FD_CLOEXEC)
			return err_set(e, EBADF, "--preserve-fds %u: fd %u is not open",
				l->o.preserve_fds, fd);
	}
	return 0;
}

static int check_root(const struct life *l, struct err *e)
{
	const struct jail_root *r = &l->loaded.jail.root;
	own_fd int fd = -1;

	if (r->kind != ROOT_DIR)
		return 0;
	fd = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	return origin_fail(l->loaded.jail.origin, r->at, e, errno, "root filesystem '%s': %s",
		r->path, err_word(errno));
}

/* Who watches is the one that runs the jail, as long as it does. */
static int check_watch(const struct life *l, bool detached, struct err *e)
{
	const struct jail_filter *f = &l->loaded.jail.filter;

	if (!f->watch || !detached)
		return 0;
	origin_fail(l->loaded.jail.origin, f->at_watch, e, EINVAL,
		"nobody is left to watch the system calls of a container that is left alone");
	return err_fix(e, "run it in the foreground, or without seccomp_unotify");
}

int life_claim(struct life *l, struct err *e)
{
	const struct jail_notes *n = &l->loaded.jail.notes;

	TRY(life_hook_texts(n->version, n->id, n->bundle, &n->annotations, &l->pool, &l->texts, e));
	TRY(life_open_hook_files(&n->annotations, &l->texts, e));
	TRY(first_state(l, e));
	return claim(l, e);
}

static int begin(struct life *l, bool hold, struct err *e)
{
	own_fd int start = -1;

	TRY(life_claim(l, e));
	if (!hold)
		TRY(life_notify_listen(l, e));
	if (hold) {
		start = state_listen_start(l->dir, e);
		TRY(start);
	}
	l->begun = true;
	l->phase = LIFE_MAKING;
	TRY(parent_begin(&l->parent, &l->plan, &l->texts, start, -1, e));
	l->parent.systemd = l->systemd;
	memcpy(l->parent.run.stdio, l->stdio, sizeof(l->stdio));
	(void)take_fd(&start);
	return 0;
}

int life_check_id(const struct life *l, struct err *e)
{
	if (!l->o.id)
		return err_set(e, EINVAL, "the container's id is missing");
	return state_check_id(l->o.id, e);
}

int life_prepare(struct life *l, bool hold, struct err *e)
{
	TRY(life_check_id(l, e));
	TRY(life_load(l, e));
	TRY(check_terminal(l, hold || l->o.detach, e));
	TRY(life_check_fds(l, e));
	TRY(check_root(l, e));
	TRY(check_watch(l, hold || l->o.detach, e));
	if (hold || l->o.detach)
		TRY(state_can_hold(e));
	if (l->o.report) {
		l->report_fd = report_open(l->o.report, l->o.preserve_fds, e);
		TRY(l->report_fd);
	}
	TRY(life_watch_prepare(l, e));
	return l->shares_plan ? 0 : life_make_plan(l, hold, e);
}

int life_begin(struct life *l, bool hold, struct err *e)
{
	int r;

	TRY(life_prepare(l, hold, e));
	r = begin(l, hold, e);
	if (r < 0)
		life_unclaim(l);
	return r;
}
