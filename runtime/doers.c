/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "do/caps.h"
#include "do/cgroup.h"
#include "do/dev.h"
#include "do/exec.h"
#include "do/limits.h"
#include "do/lsm.h"
#include "do/mount.h"
#include "do/ns.h"
#include "do/root.h"
#include "do/sched.h"
#include "do/seccomp.h"
#include "do/self.h"
#include "do/spawn.h"
#include "do/talk.h"
#include "run.h"

/* What each kind of step does; the arguments are of the kind's struct (step.h). */

/* --- before the child --------------------------------------------------------------------------- */

static int do_open_ns(struct run *r, const struct step *s, struct err *e)
{
	const struct step_open_ns *a = s->args;
	const char *type = words_name(&ns_flag_words, a->namespace);

	return r->slots[a->slot] = ns_open(a->path, a->namespace, type, e);
}

static int do_id_space(struct run *r, const struct step *s, struct err *e)
{
	const struct step_id_space *a = s->args;

	return r->slots[a->slot] = ns_id_space(r->proc, a->uids, a->gids, e);
}

static int do_filesystem(struct run *r, const struct step *s, struct err *e)
{
	const struct step_mount *a = s->args;

	return r->slots[a->slot] = mount_new(a, r->slots[a->ids], e);
}

static int do_tree(struct run *r, const struct step *s, struct err *e)
{
	const struct step_tree *a = s->args;
	int tree = root_tree(a, a->has_ids ? r->slots[a->ids] : -1, e);

	if (tree == -ENOENT && a->optional)
		return 0;
	/* Where there are no detached trees the child finds the source by itself, if it may. */
	if (tree == -ENOSYS && !a->has_ids)
		return 0;
	return r->slots[a->slot] = tree;
}

/* --- namespaces --------------------------------------------------------------------------------- */

static int do_forget_self(struct run *r, const struct step *s, struct err *e)
{
	(void)s;
	TRY(self_forget(r->proc, r->self, e));
	own_close(&r->self);
	return 0;
}

static int do_join(struct run *r, const struct step *s, struct err *e)
{
	const struct step_join *a = s->args;
	int fd = r->slots[a->slot], ret;

	if (fd < 0)
		return 0; /* joined in the first round */
	ret = ns_join(fd, a->namespaces, a->keep_groups, e);
	if (ret == -EPERM && a->retry)
		return 0;
	if (ret < 0)
		return err_add(e, "%s namespace", words_name(&ns_flag_words, a->namespaces));
	own_close(&r->slots[a->slot]);
	return 0;
}

static int do_unshare(struct run *r, const struct step *s, struct err *e)
{
	const struct step_unshare *a = s->args;

	(void)r;
	return ns_unshare(a->namespaces, e);
}

static int do_clock(struct run *r, const struct step *s, struct err *e)
{
	const struct step_clock *a = s->args;

	return ns_clock(r->proc, a->clock, a->seconds, a->nanoseconds, e);
}

static int do_cgroup_enter(struct run *r, const struct step *s, struct err *e)
{
	const struct step_cgroup_enter *a = s->args;

	list_each (i, a->slots) {
		int *fd = &r->slots[a->slots.v[i]];

		if (*fd >= 0)
			TRY(cgroup_enter(*fd, e));
		own_close(fd);
	}
	return 0;
}

static int do_session(struct run *r, const struct step *s, struct err *e)
{
	(void)s;
	/* The shell's leader of a job, which the caller itself may be, has to stay where it is. */
	if (r->plan->itself && getpid() == getpgid(0))
		return 0;
	return setsid() < 0 ? err_sys(e, errno, "make a session") : 0;
}

static int do_label(struct run *r, const struct step *s, struct err *e)
{
	return lsm_label(r->proc, s->args, e);
}

/* Else the program could read the keys of whoever started it (keyrings(7)). */
static int do_keyring(struct run *r, const struct step *s, struct err *e)
{
	const struct step_text *a = s->args;

	(void)r;
	if (syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, a->value) >= 0)
		return 0;
	/* A kernel without keys has none to be read. */
	return errno == ENOSYS ? 0 : err_sys(e, errno, "join a session keyring of its own");
}

static int do_become(struct run *r, const struct step *s, struct err *e)
{
	const struct step_ids *a = s->args;
	struct step_ids ids = *a;

	(void)r;
	ids.keep_groups = true;
	return caps_become(&ids, e);
}

static int do_loopback(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	(void)s;
	return ns_loopback(e);
}

/* --- filesystem --------------------------------------------------------------------------------- */

static int root_of(const struct run *r)
{
	const struct plan *p = r->plan;

	return p->root >= 0 ? r->slots[p->root] : -1;
}

/* Keeps a mount's fd where a later step wants it. */
static int keep(struct run *r, bool has_slot, int slot, int mount)
{
	own_fd int fd = mount;

	if (mount < 0)
		return mount;
	if (has_slot)
		r->slots[slot] = take_fd(&fd);
	return 0;
}

/* The jail does without what may fail, and the parent tells. */
static int unless_optional(
	struct run *r, const struct step *s, bool optional, int ret, struct err *e)
{
	struct talk_message m = {.type = TALK_WARN, .step = (uint32_t)(s - r->plan->v)};

	if (ret >= 0 || !optional)
		return ret;
	m.err = *e;
	return talk_send(r->talk[RUN_CHILD_END(SIDE_INIT)], &m, -1, e);
}

static int do_propagation(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return root_propagate(s->args, e);
}

static int do_root(struct run *r, const struct step *s, struct err *e)
{
	const struct step_root *a = s->args;
	int root = root_make(a, a->has_tree ? r->slots[a->tree] : -1, e);

	return r->slots[a->slot] = root;
}

static int do_mount(struct run *r, const struct step *s, struct err *e)
{
	const struct step_mount *a = s->args;
	int tree = a->has_tree ? r->slots[a->tree] : do_inner_proc(r, a, e);
	int ret = tree < -1 ? tree
			    : keep(r, a->has_slot, a->slot, mount_fs(root_of(r), a, tree, e));

	return unless_optional(r, s, a->optional, ret, e);
}

static int do_bind(struct run *r, const struct step *s, struct err *e)
{
	const struct step_bind *a = s->args;
	int tree = a->has_tree ? r->slots[a->tree] : -1;
	int ret = keep(r, a->has_slot, a->slot, mount_bind(root_of(r), a, tree, e));

	return unless_optional(r, s, a->optional, ret, e);
}

static int do_cgroup_mount(struct run *r, const struct step *s, struct err *e)
{
	return mount_cgroups(root_of(r), s->args, e);
}

static int do_content(struct run *r, const struct step *s, struct err *e)
{
	const struct step_content *a = s->args;

	return unless_optional(r, s, a->optional, mount_content(root_of(r), a, e), e);
}

static int do_link(struct run *r, const struct step *s, struct err *e)
{
	const struct step_link *a = s->args;

	return unless_optional(r, s, a->optional, dev_link(root_of(r), a, e), e);
}

static int do_device(struct run *r, const struct step *s, struct err *e)
{
	return dev_node(root_of(r), s->args, e);
}

static int do_console(struct run *r, const struct step *s, struct err *e)
{
	const struct step_console *a = s->args;
	struct talk_message m = {.type = TALK_SLOT, .slot = a->slot};
	own_fd int master = dev_terminal(a->bind ? root_of(r) : -1, a, e);

	TRY(master);
	return talk_send(r->talk[RUN_CHILD_END(SIDE_INIT)], &m, master, e);
}

static int do_mask(struct run *r, const struct step *s, struct err *e)
{
	return mount_mask(root_of(r), s->args, e);
}

static int do_readonly(struct run *r, const struct step *s, struct err *e)
{
	return mount_readonly(root_of(r), s->args, e);
}

static int do_make_dir(struct run *r, const struct step *s, struct err *e)
{
	const struct step_path *a = s->args;
	own_fd int dir = path_make(root_of(r), a->path, false, e);

	return dir < 0 ? err_add(e, "working directory") : 0;
}

static int do_attributes(struct run *r, const struct step *s, struct err *e)
{
	const struct step_attributes *a = s->args;

	return mount_change(root_of(r), a, a->has_slot ? r->slots[a->slot] : -1, e);
}

static int do_pivot(struct run *r, const struct step *s, struct err *e)
{
	const struct step_pivot *a = s->args;

	return root_switch(a, r->slots[a->slot], e);
}

static int do_chroot(struct run *r, const struct step *s, struct err *e)
{
	const struct step_path *a = s->args;

	(void)r;
	return root_chroot(a->path, e);
}

/* --- names, parameters, limits ------------------------------------------------------------------ */

static int do_hostname(struct run *r, const struct step *s, struct err *e)
{
	const struct step_text *a = s->args;

	(void)r;
	if (sethostname(a->value, strlen(a->value)) < 0)
		return err_sys(e, errno, "set the host name '%.80s'", a->value);
	return 0;
}

static int do_domainname(struct run *r, const struct step *s, struct err *e)
{
	const struct step_text *a = s->args;

	(void)r;
	if (setdomainname(a->value, strlen(a->value)) < 0)
		return err_sys(e, errno, "set the domain name '%.80s'", a->value);
	return 0;
}

static int do_sysctl(struct run *r, const struct step *s, struct err *e)
{
	const struct step_sysctl *a = s->args;
	char path[PATH_MAX];

	if (fmt_put(path, sizeof(path), "sys/%s", a->path) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "the name of the kernel parameter is too long");
	return fd_write_text(r->proc, path, a->value, e);
}

static int do_oom_score(struct run *r, const struct step *s, struct err *e)
{
	return limits_oom_score(r->proc, 0, s->args, e);
}

static int do_nice(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return limits_nice(((const struct step_number *)s->args)->value, e);
}

static int do_scheduler(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return sched_set(0, s->args, e);
}

static int do_affinity(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return sched_affinity(s->args, e);
}

static int do_io_priority(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return sched_set_io(0, s->args, e);
}

static int do_cpus(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return limits_cpus(((const struct step_number *)s->args)->value, e);
}

static int do_memory_policy(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return sched_memory(s->args, e);
}

static int do_personality(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return limits_personality(((const struct step_number *)s->args)->value, e);
}

static int do_raise_limits(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return limits_raise(0, s->args, e);
}

static int do_limits(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return limits_set(s->args, e);
}

/* --- the process -------------------------------------------------------------------------------- */

static int do_stdio(struct run *r, const struct step *s, struct err *e)
{
	return dev_stdio(root_of(r), r->null, s->args, e);
}

static int do_cwd(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return exec_enter(s->args, e);
}

static int do_umask(struct run *r, const struct step *s, struct err *e)
{
	(void)e;
	r->umask = ((const struct step_mode *)s->args)->value;
	return 0;
}

static int do_own_stdio(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return exec_own_stdio(s->args, e);
}

static int do_user(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return caps_become(s->args, e);
}

static int do_capabilities(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	return caps_set(s->args, e);
}

static int do_no_new_privs(struct run *r, const struct step *s, struct err *e)
{
	(void)r;
	(void)s;
	return caps_no_new_privs(e);
}

static int do_find(struct run *r, const struct step *s, struct err *e)
{
	return exec_find(s->args, r->found, e);
}

/* A hook in the container's namespaces is told its process id there. */
static int do_hook(struct run *r, const struct step *s, struct err *e)
{
	const struct step_hook *a = s->args;
	bool starting = a->hook == HOOK_START_CONTAINER;
	char pid[16];
	struct spawn spawn = {
		.path = a->path,
		.argv = (char *const *)a->args.v,
		.envp = a->inherit_env ? NULL : (char *const *)a->env.v,
		.input = {r->state.head, starting ? "created" : "creating", r->state.middle, pid,
			r->state.tail},
		.out = r->state.out,
	};

	fmt_put(pid, sizeof(pid), "%d", (int)getpid());
	if (spawn_run(&spawn, a->timeout, e) < 0)
		return err_add(e, "error running %s hook #%u",
			words_name(&hook_words, (uint64_t)a->hook), a->number);
	return 0;
}

/* It is set when all else is done; what that will need is made before limits are in the way. */
static int do_seccomp(struct run *r, const struct step *s, struct err *e)
{
	r->filter = s->args;
	return r->words_fd = seccomp_words(&r->words, e);
}

static int set_filter(void *arg, struct err *e)
{
	struct run *r = arg;
	struct talk_message m = {.type = TALK_SLOT};
	int fd;

	if (!r->filter)
		return 0;
	fd = seccomp_set(r->filter, e);
	TRY(fd);
	if (!r->filter->has_slot)
		return 0;
	m.slot = r->filter->slot;
	return talk_send(r->talk[RUN_CHILD_END(SIDE_INIT)], &m, fd, e);
}

/*
 * What ends the connection from now on is the program running, or dying as a program. Where start was killed
 * that let a created container go, nobody is left to hear it; it goes on all the same.
 */
static int tell_launch(struct run *r, struct err *e)
{
	const struct talk_message m = {.type = TALK_GO, .step = (uint32_t)r->plan->n};
	int done = talk_send(r->talk[RUN_CHILD_END(SIDE_INIT)], &m, r->words_fd, e);

	return r->released && (done == -EPIPE || done == -ECONNRESET) ? 0 : done;
}

static int do_exec(struct run *r, const struct step *s, struct err *e)
{
	const struct step_exec *a = s->args;
	const struct exec_last last = {set_filter, r};

	/* Becoming another user took the signal off; a jail in the foreground goes with who runs it. */
	if (!r->released && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, errno, "ask for the signal of the parent's death");
	TRY(tell_launch(r, e));
	umask(r->umask);
	return exec_program(a, a->has_slot ? r->slots[a->slot] : -1, r->found, r->proc, &last, e);
}

doer *const doers[STEP_KINDS] = {
	[STEP_OPEN_NS] = do_open_ns,
	[STEP_OPEN_FILE] = do_open_file,
	[STEP_ID_SPACE] = do_id_space,
	[STEP_TREE] = do_tree,
	[STEP_FILESYSTEM] = do_filesystem,
	[STEP_FORGET_SELF] = do_forget_self,
	[STEP_JOIN] = do_join,
	[STEP_UNSHARE] = do_unshare,
	[STEP_CLOCK] = do_clock,
	[STEP_AFFINITY] = do_affinity,
	[STEP_CGROUP_ENTER] = do_cgroup_enter,
	[STEP_SESSION] = do_session,
	[STEP_LABEL] = do_label,
	[STEP_KEYRING] = do_keyring,
	[STEP_BECOME] = do_become,
	[STEP_LOOPBACK] = do_loopback,
	[STEP_NET_ADDRESS] = do_net_address,
	[STEP_NET_FILTER] = do_net_filter,
	[STEP_NET_RULE] = do_net_rule,
	[STEP_PROPAGATION] = do_propagation,
	[STEP_ROOT] = do_root,
	[STEP_MOUNT] = do_mount,
	[STEP_BIND] = do_bind,
	[STEP_CGROUP_MOUNT] = do_cgroup_mount,
	[STEP_CONTENT] = do_content,
	[STEP_LINK] = do_link,
	[STEP_DEVICE] = do_device,
	[STEP_CONSOLE] = do_console,
	[STEP_MASK] = do_mask,
	[STEP_READONLY] = do_readonly,
	[STEP_MAKE_DIR] = do_make_dir,
	[STEP_ATTRIBUTES] = do_attributes,
	[STEP_PIVOT] = do_pivot,
	[STEP_CHROOT] = do_chroot,
	[STEP_HOSTNAME] = do_hostname,
	[STEP_DOMAINNAME] = do_domainname,
	[STEP_SYSCTL] = do_sysctl,
	[STEP_OOM_SCORE] = do_oom_score,
	[STEP_NICE] = do_nice,
	[STEP_SCHEDULER] = do_scheduler,
	[STEP_IO_PRIORITY] = do_io_priority,
	[STEP_CPUS] = do_cpus,
	[STEP_MEMORY_POLICY] = do_memory_policy,
	[STEP_PERSONALITY] = do_personality,
	[STEP_CORE_SCHED] = do_core_sched,
	[STEP_NO_TSC] = do_no_tsc,
	[STEP_RAISE_LIMITS] = do_raise_limits,
	[STEP_STDIO] = do_stdio,
	[STEP_CWD] = do_cwd,
	[STEP_UMASK] = do_umask,
	[STEP_OWN_STDIO] = do_own_stdio,
	[STEP_USER] = do_user,
	[STEP_CAPABILITIES] = do_capabilities,
	[STEP_NO_NEW_PRIVS] = do_no_new_privs,
	[STEP_FIND] = do_find,
	[STEP_HOOK] = do_hook,
	[STEP_WAIT_START] = do_wait_start,
	[STEP_LIMITS] = do_limits,
	[STEP_WATCH] = do_watch,
	[STEP_SECCOMP] = do_seccomp,
	[STEP_EXEC] = do_exec,
};
