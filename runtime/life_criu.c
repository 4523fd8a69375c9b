/* SPDX-License-Identifier: Apache-2.0 */
#include "life_criu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../spec/bind.h"
#include "../spec/json.h"
#include "../spec/origin.h"
#include "../spec/walk.h"
#include "base/fd.h"
#include "base/fmt.h"

#define KEPT_FILE "jailrt.json"

static const struct field kept_rows[] = {
	FIELD_TEXTS(kept, mounts, "targets of mounts that are the host's"),
	FIELD_TEXTS(kept, stdio, "criu's names of stdin, stdout and stderr"),
};
static OPEN_TABLE(kept);

int kept_write(int images, const struct kept *k, struct err *e)
{
	own_str struct str out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	TRY(walk(&table_kept, k, 0, &w.sink, e));
	str_addc(&out, '\n');
	TRY(str_check(&out, e));
	return fd_replace_file(images, KEPT_FILE, out.data, out.len, 0600, e);
}

int kept_read(int images, struct pool *pool, struct kept *ret, struct err *e)
{
	struct origin origin = {.file = KEPT_FILE};
	struct bytes text;
	struct bind b;

	TRY(fd_read_file(images, KEPT_FILE, 16 << 20, pool, &text, e));
	bind_init(&b, &table_kept, ret, &origin, pool, BIND_OCI);
	return json_read(text.data, text.len, KEPT_FILE, &b.sink, e);
}

/* --- the program and its folders -------------------------------------------------------------------- */

static const char *find_program(struct life *l)
{
	const char *name = l->o.criu && *l->o.criu ? l->o.criu : "criu", *s = getenv("PATH");
	char path[PATH_MAX];

	if (strchr(name, '/'))
		return !access(name, X_OK) ? name : NULL;
	for (s = s ? s : ""; *s; s += *s == ':') {
		size_t n = strcspn(s, ":");

		if (n && fmt_put(path, sizeof(path), "%.*s/%s", (int)n, s, name) < sizeof(path) &&
			!access(path, X_OK))
			return pool_text(&l->pool, path);
		s += n;
	}
	return NULL;
}

static int open_folder(const char *option, const char *path, bool make, struct err *e)
{
	char part[PATH_MAX];
	int fd;

	if (fmt_put(part, sizeof(part), "%s", path) >= sizeof(part))
		return err_sys(e, ENAMETOOLONG, "--%s", option);
	for (char *s = part + 1; make && *part; s++) {
		char end = *s;

		if (end && end != '/')
			continue;
		*s = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_sys(e, errno, "--%s: make '%s'", option, part);
		*s = end;
		if (!end)
			break;
	}
	fd = fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, e);
	return fd < 0 ? err_add(e, "--%s", option) : fd;
}

static int open_folders(struct criu_call *c, bool dump, struct err *e)
{
	const struct life_options *o = &c->l->o;
	/* As with runc. */
	const char *images = o->image_path ? o->image_path : "checkpoint";

	c->images = open_folder("image-path", images, dump, e);
	TRY(c->images);
	TRY(criu_put_folder(&c->request, CRIU_IMAGES_DIR_FD, images, e));
	c->log_folder = o->work_path ? o->work_path : images;
	if (!o->work_path)
		return 0;
	c->work = open_folder("work-path", o->work_path, true, e);
	TRY(c->work);
	return criu_put_folder(&c->request, CRIU_WORK_DIR_FD, o->work_path, e);
}

/* --- options ------------------------------------------------------------------------------------------ */

enum { DUMPS = 1, RESTORES = 2 };

#define SWITCH(member, option, when)                                              \
	{                                                                         \
		offsetof(struct life_options, member),                            \
			offsetof(struct life_options, has_##member), option, when \
	}
static const struct {
	size_t at, has;
	enum criu_option option;
	unsigned when;
} switches[] = {
	SWITCH(leave_running, CRIU_LEAVE_RUNNING, DUMPS),
	SWITCH(tcp_established, CRIU_TCP_ESTABLISHED, DUMPS | RESTORES),
	SWITCH(tcp_skip_in_flight, CRIU_TCP_SKIP_IN_FLIGHT, DUMPS),
	SWITCH(tcp_close, CRIU_TCP_CLOSE, RESTORES),
	SWITCH(ext_unix_sk, CRIU_EXT_UNIX_SK, DUMPS | RESTORES),
	SWITCH(shell_job, CRIU_SHELL_JOB, DUMPS | RESTORES),
	SWITCH(file_locks, CRIU_FILE_LOCKS, DUMPS | RESTORES),
	SWITCH(link_remap, CRIU_LINK_REMAP, DUMPS),
	SWITCH(lazy_pages, CRIU_LAZY_PAGES, DUMPS | RESTORES),
	SWITCH(auto_dedup, CRIU_AUTO_DEDUP, DUMPS | RESTORES),
};
#undef SWITCH

static void put_switches(struct criu_call *c, unsigned when)
{
	const char *o = (const char *)&c->l->o;

	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		if (switches[i].when & when && *(const bool *)(o + switches[i].has) &&
			*(const bool *)(o + switches[i].at))
			criu_put_number(&c->request, switches[i].option, 1);
	}
}

/* Of all namespaces criu can make that of networks alone without its content. */
static int put_empty(struct criu_call *c, struct err *e)
{
	uint64_t flags = 0;

	list_each (i, c->l->o.empty_ns) {
		if (strcmp(c->l->o.empty_ns.v[i], "network"))
			return err_set(e, EINVAL,
				"--empty-ns: '%s' cannot be restored without its content: only "
				"'network' can",
				c->l->o.empty_ns.v[i]);
		flags |= ns_names[NS_NET].flag;
	}
	if (flags)
		criu_put_number(&c->request, CRIU_EMPTY_NS, flags);
	return 0;
}

/* What the annotation names, or what the administrator has for a runtime of that kind; "": none. */
static int put_config(struct criu_call *c, const struct pairs *annotations, struct err *e)
{
	static const char *const known[] = {
		"/etc/criu/jailrt.conf", "/etc/criu/runc.conf", "/etc/criu/crun.conf"};
	const char *file = NULL;

	for (size_t i = 0; i < annotations->n; i++) {
		if (!strcmp(annotations->v[i].key, "org.criu.config"))
			file = annotations->v[i].value;
	}
	for (size_t i = 0; !file && i < ARRAY_LEN(known); i++)
		file = access(known[i], R_OK) ? NULL : known[i];
	if (!file || !*file)
		return 0;
	if (access(file, R_OK) < 0)
		return err_sys(e, errno, "org.criu.config: '%s'", file);
	criu_put_text(&c->request, CRIU_CONFIG_FILE, file);
	return 0;
}

static int put_options(struct criu_call *c, const struct pairs *annotations, struct err *e)
{
	const struct life_options *o = &c->l->o;
	struct criu_request *q = &c->request;
	bool restore = q->action == CRIU_RESTORE;

	criu_put_number(q, CRIU_LOG_LEVEL, 4);
	criu_put_text(q, CRIU_LOG_FILE, c->log);
	criu_put_number(q, CRIU_NOTIFY_SCRIPTS, 1);
	criu_put_number(q, CRIU_ORPHAN_PTS_MASTER, 1);
	criu_put_number(q, CRIU_MANAGE_CGROUPS, 1);
	criu_put_number(q, CRIU_MANAGE_CGROUPS_MODE,
		(uint64_t)(o->has_manage_cgroups_mode ? o->manage_cgroups_mode : CGROUPS_SOFT));
	if (o->has_network_lock)
		criu_put_number(q, CRIU_NETWORK_LOCK, (uint64_t)o->network_lock);
	put_switches(c, restore ? RESTORES : DUMPS);
	q->shell_job = o->shell_job;
	TRY(put_empty(c, e));
	return put_config(c, annotations, e);
}

/* --- a call ------------------------------------------------------------------------------------------- */

void criu_call_done(struct criu_call *c)
{
	criu_request_done(&c->request);
	own_close(&c->images);
	own_close(&c->work);
	own_close(&c->null);
}

int criu_call_begin(struct criu_call *c, struct life *l, enum criu_action action,
	const struct pairs *annotations, struct err *e)
{
	c->l = l;
	c->images = c->work = c->null = -1;
	c->request.action = action;
	c->log = action == CRIU_RESTORE ? "restore.log" : "dump.log";
	if (life_is_rootless()) {
		err_set(e, EPERM, "only root can have processes written to files and made of them");
		return err_fix(e, "run as root, outside of user namespaces");
	}
	c->program = find_program(l);
	if (!c->program) {
		err_set(e, ENOENT, "%s is not installed", l->o.criu ? l->o.criu : "criu");
		return err_fix(e, "apt-get install criu");
	}
	TRY(open_folders(c, action != CRIU_RESTORE, e));
	return put_options(c, annotations, e);
}

int criu_check_network(const struct life *l, struct err *e)
{
	const struct jail_net *net = &l->loaded.jail.net;

	if (!net->user)
		return 0;
	return origin_fail(l->loaded.jail.origin, net->at_user, e, ENOTSUP,
		"criu cannot keep a network that a process outside of the container carries");
}

/* The lines that tell of errors; criu's last one, "Dumping FAILED", says nothing new. */
static void add_errors(const char *log, char *to, size_t size)
{
	size_t used = 0;

	for (const char *s = log; (s = strstr(s, "Error (")) != NULL;) {
		const char *text = strstr(s, "): ");
		size_t n = strcspn(s, "\n");

		text = text && text < s + n ? text + 3 : s;
		n -= (size_t)(text - s);
		if (n && memmem(text, n, "FAILED", 6) == NULL && used + n + 3 < size)
			used += fmt_put(
				to + used, size - used, "%s%.*s", used ? "; " : "", (int)n, text);
		s = text + n;
	}
}

int criu_call_explain(const struct criu_call *c, struct err *e)
{
	/* Before it has a log. */
	if (e->code == EBADRQC)
		return err_fix(e,
			"this criu does not know one of the options: use a newer one, or do "
			"without");
	own_pool struct pool pool = {0};
	char errors[700] = "";
	struct bytes log;

	if (fd_read_file(c->work >= 0 ? c->work : c->images, c->log, 64 << 20, &pool, &log, NULL) <
		0)
		return -e->code;
	add_errors(log.data, errors, sizeof(errors));
	if (errors[0])
		err_set(e, e->code, "%s: %s", pool_printf(&pool, "%s", e->text), errors);
	return err_fix(e, "look into the log '%s/%s'", c->log_folder, c->log);
}
