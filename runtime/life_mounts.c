/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "../spec/oci_jail.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/sys.h"
#include "life.h"

/* Mounts of a container that runs: added, all of them or none, and removed. */

static int check(struct life *l, struct err *e)
{
	enum status status = state_status(l->dir, l->state);

	if (status == STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running: no such process");
	if (status != STATUS_RUNNING)
		return err_set(e, EBUSY, "cannot change the mounts of a container that is %s",
			status_names[status]);
	if (!(l->state->namespaces & CLONE_NEWNS))
		return err_set(e, ENOTSUP,
			"the container has no mounts of its own: it shares "
			"those of the host");
	return 0;
}

static int read_mounts(struct life *l, struct origin *origin, struct err *e)
{
	bool in = !strcmp(l->o.mounts_file, "-");
	const char *name = in ? "stdin" : l->o.mounts_file;
	struct oci_mounts *doc;
	struct bytes text;

	if (in)
		TRY(fd_read_all(0, 32 << 20, &l->pool, &text, e));
	else
		TRY(fd_read_file(AT_FDCWD, name, 32 << 20, &l->pool, &text, e));
	TRY(oci_read_mounts(text.data, text.len, name, &l->pool, &doc, origin, e));
	if (!doc->mounts.n)
		return err_set(e, EINVAL, "%s: there are no mounts in it", name);
	return oci_jail_mounts(l->loaded.oci, doc, origin, &l->caller, l->state->bundle, &l->pool,
		&l->loaded.jail, e);
}

/* The root as its first process has it; that process is held, so the pid is still its own. */
static int open_root(const struct state *s, struct err *e)
{
	own_fd int pidfd = -1, root = -1;
	char path[48];

	fmt_put(path, sizeof(path), "/proc/%d/root", s->pid);
	root = fd_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, e);
	TRY(root);
	pidfd = state_open_process(s, e);
	TRY(pidfd);
	return take_fd(&root);
}

static int carry_out(struct life *l, bool add, struct err *e)
{
	own_fd int pidfd = state_open_process(l->state, e), root = -1;
	int r;

	TRY(pidfd);
	root = open_root(l->state, e);
	TRY(root);
	plan_done(&l->plan); /* of an earlier call */
	TRY(plan_mount_change(&l->loaded.jail, &l->host, l->state->namespaces, add, &l->plan, e));
	l->begun = true;
	l->phase = LIFE_MAKING;
	TRY(parent_begin(&l->parent, &l->plan, NULL, -1, pidfd, e));
	(void)take_fd(&pidfd);
	l->parent.run.slots[l->plan.root] = take_fd(&root);
	r = life_reach(l, LIFE_ENDED, e);
	TRY(r);
	if (!WIFEXITED(l->status) || WEXITSTATUS(l->status))
		return err_set(e, ECHILD, "the process that does it was killed");
	return 0;
}

/* How many of the mounts had been made when a step failed. */
static size_t count_made(const struct life *l, size_t failed_at)
{
	const struct jail_mounts *all = &l->loaded.jail.mounts;
	size_t n = 0;

	for (size_t i = 0; i < failed_at && i < l->plan.n; i++) {
		const struct step *s = &l->plan.v[i];

		if (s->side == SIDE_INIT && n < all->n && s->at == all->v[n].at)
			n++;
	}
	return n;
}

/* The failure that came first is the one to be told. */
static void undo(struct life *l)
{
	size_t made = count_made(l, l->parent.failed_at);
	struct err mine;

	l->loaded.jail.mounts.n = made;
	if (made && carry_out(l, false, &mine) < 0)
		log_warning("take back the mounts that were made: %s", mine.text);
}

int life_mounts(struct life *l, bool add, struct err *e)
{
	struct origin *origin = POOL_NEW(&l->pool, struct origin);

	if (!origin)
		return err_memory(e);
	TRY(life_open(l, true, e));
	TRY(check(l, e));
	TRY(life_load_copy(l, e));
	TRY(read_mounts(l, origin, e));
	TRY(host_probe(&l->host, &l->pool, e));
	if (carry_out(l, add, e) >= 0)
		return 0;
	if (add)
		undo(l);
	return -e->code;
}
