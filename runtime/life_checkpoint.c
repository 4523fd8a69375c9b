/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "life_criu.h"

static int check_dumpable(struct life *l, struct err *e)
{
	enum status status = state_status(l->dir, l->state);

	if (status == STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running: no such process");
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return err_set(
			e, EBUSY, "cannot checkpoint a container that is %s", status_names[status]);
	return 0;
}

/* "ADDRESS:PORT"; an address of IPv6 in brackets or not. */
static int put_page_server(struct criu_call *c, struct err *e)
{
	const char *text = c->l->o.page_server, *colon = text ? strrchr(text, ':') : NULL;
	char address[256];
	uint64_t port;

	if (!text)
		return 0;
	if (!colon || colon == text || fmt_u64(colon + 1, strlen(colon + 1), &port) < 0 || !port ||
		port > 65535 ||
		fmt_put(address, sizeof(address), "%.*s", (int)(colon - text), text) >=
			sizeof(address))
		return err_set(e, EINVAL, "--page-server: '%s' is not ADDRESS:PORT", text);
	criu_put_page_server(&c->request, address, (uint32_t)port);
	return 0;
}

static int put_status_fd(struct criu_call *c, struct err *e)
{
	const struct life_options *o = &c->l->o;
	int fd = (int)o->status_fd, flags;

	if (!o->has_status_fd)
		return 0;
	flags = fcntl(fd, F_GETFD);
	/* What is closed by exec was opened by ourselves: the log, say. */
	if (flags < 0 || flags & FD_CLOEXEC)
		return err_set(e, EBADF, "--status-fd %d: it is not open", fd);
	return criu_put_fd(&c->request, CRIU_STATUS_FD, fd, e);
}

/* Images before these: criu looks for them from the directory of the new ones. */
static int put_parent(struct criu_call *c, struct err *e)
{
	const char *path = c->l->o.parent_path;
	struct stat st;

	if (c->l->o.pre_dump || path)
		criu_put_number(&c->request, CRIU_TRACK_MEM, 1);
	if (!path)
		return 0;
	if (*path == '/') {
		err_set(e, EINVAL, "--parent-path: '%s' is absolute", path);
		return err_fix(e, "give it as seen from the directory of --image-path");
	}
	if (fstatat(c->images, path, &st, 0) < 0)
		return err_sys(e, errno, "--parent-path '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return err_sys(e, ENOTDIR, "--parent-path '%s'", path);
	criu_put_text(&c->request, CRIU_PARENT_IMG, path);
	return 0;
}

/* The directory that freezes all of it at once. */
static void put_freezer(struct criu_call *c)
{
	const struct texts *all = &c->l->state->cgroups;
	char path[4096];

	list_each (i, *all) {
		fmt_put(path, sizeof(path), "%s/%s", all->v[i],
			c->l->state->has_cgroup_v2 ? "cgroup.freeze" : "freezer.state");
		if (!access(path, W_OK)) {
			criu_put_text(&c->request, CRIU_FREEZE_CGROUP, all->v[i]);
			return;
		}
	}
}

/* Namespaces that it joined are not its own: restore brings others. */
static int name_namespaces(struct criu_call *c, struct err *e)
{
	static const struct {
		enum ns_kind kind;
		const char *name;
	} known[] = {{NS_NET, "extRootNetNS"}, {NS_PID, "extRootPidNS"}};
	const struct jail *jail = &c->l->loaded.jail;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *file = ns_names[known[i].kind].file;
		char path[64], text[96];
		struct stat st;

		if (jail->ns[known[i].kind].how != NS_JOIN)
			continue;
		fmt_put(path, sizeof(path), "/proc/%d/ns/%s", c->l->state->pid, file);
		if (stat(path, &st) < 0)
			return err_sys(e, errno, "'%s'", path);
		fmt_put(text, sizeof(text), "%s[%llu]:%s", file, (unsigned long long)st.st_ino,
			known[i].name);
		criu_put_text(&c->request, CRIU_EXTERNAL, text);
	}
	return 0;
}

static int prepare(struct criu_call *c, struct err *e)
{
	const struct state *s = c->l->state;

	criu_put_number(&c->request, CRIU_PID, (uint64_t)s->pid);
	if (s->rootfs && *s->rootfs)
		criu_put_text(&c->request, CRIU_ROOT, s->rootfs);
	put_freezer(c);
	TRY(put_page_server(c, e));
	TRY(put_status_fd(c, e));
	TRY(put_parent(c, e));
	TRY(name_namespaces(c, e));
	TRY(criu_name_mounts(c, e));
	return criu_name_stdio(c, e);
}

static int hear(const char *action, pid_t pid, int fd, void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	own_close(&fd); /* there is none */
	log_debug("criu: %s, process %d", action, (int)pid);
	return 0;
}

static int dump(struct criu_call *c, struct err *e)
{
	struct criu criu;
	int r;

	TRY(criu_begin(c->program, &c->request, &criu, e));
	r = criu_run(&criu, &c->request, hear, NULL, NULL, e);
	/* After a pre-dump it waits for the next. */
	criu_end(&criu);
	if (r < 0) {
		err_add(e, "write the container to '%s'", c->log_folder);
		return criu_call_explain(c, e);
	}
	return kept_write(c->images, &c->kept, e);
}

int life_checkpoint(struct life *l, struct err *e)
{
	own(criu_call_done) struct criu_call c = {.images = -1, .work = -1, .null = -1};
	bool goes_on = l->o.leave_running || l->o.pre_dump;

	TRY(life_open(l, true, e));
	TRY(check_dumpable(l, e));
	TRY(life_load_copy(l, e));
	TRY(criu_check_network(l, e));
	TRY(criu_call_begin(
		&c, l, l->o.pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, &l->state->annotations, e));
	TRY(prepare(&c, e));
	TRY(dump(&c, e));
	if (goes_on)
		return 0;
	/* As runc and crun do: what was written to files is no container any more, and its name is free. */
	l->o.force = true;
	return life_delete(l, e);
}
