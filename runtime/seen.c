/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../spec/textproto.h"
#include "../spec/walk.h"

/* --- the report's form ------------------------------------------------------------------------------ */

struct seen_syscall {
	const char *name;
	struct texts args;
	OPT(uint64_t, count);
};

struct seen_fs {
	const char *path;
	OPT(int32_t, jail_type);
	OPT(int32_t, main_type);
	OPT(int32_t, mode);
	OPT(uint64_t, count);
	LIST_OF(struct seen_syscall) syscall;
	OPT(bool, exists_in_jail);
	OPT(bool, exists_in_main);
};

struct seen_net {
	OPT(int32_t, type);
	const char *endpoint, *socket_path;
	OPT(uint64_t, count);
	LIST_OF(struct seen_syscall) syscall;
	OPT(uint32_t, port);
};

struct seen_stat {
	LIST_OF(struct seen_fs) fs_access;
	LIST_OF(struct seen_net) net_access;
};

static const struct word file_words_rows[] = {
	{"UNKNOWN", SEEN_UNKNOWN},
	{"NONEXISTENT", SEEN_NONEXISTENT},
	{"REGULAR", SEEN_REGULAR},
	{"DIR", SEEN_DIR},
	{"CHR", SEEN_CHR},
	{"BLK", SEEN_BLK},
	{"FIFO", SEEN_FIFO},
	{"LINK", SEEN_LINK},
	{"SOCK", SEEN_SOCK},
};
static WORDS(file_words);

static const struct word mode_words_rows[] = {
	{"UNSPECIFIED", SEEN_UNSPECIFIED},
	{"RDONLY", SEEN_RDONLY},
	{"WRONLY", SEEN_WRONLY},
	{"RDWR", SEEN_RDWR},
};
static WORDS(mode_words);

static const struct word family_words_rows[] = {
	{"UNKNOWN", SEEN_FAMILY_UNKNOWN},
	{"IPV4", SEEN_IPV4},
	{"IPV6", SEEN_IPV6},
	{"UNIX", SEEN_UNIX},
	{"NETLINK", SEEN_NETLINK},
};
static WORDS(family_words);

static const struct field seen_syscall_rows[] = {
	FIELD_TEXT(seen_syscall, name, "of the call"),
	FIELD_TEXTS(seen_syscall, args, "its other arguments"),
	FIELD_U64(seen_syscall, count, "how often it was made so"),
};
static TABLE(seen_syscall);

static const struct field seen_fs_rows[] = {
	FIELD_TEXT(seen_fs, path, "as the jail names it, absolute"),
	FIELD_ENUM(seen_fs, jail_type, file_words, "what it is there"),
	FIELD_ENUM(seen_fs, main_type, file_words, "what the host has by that name"),
	FIELD_ENUM(seen_fs, mode, mode_words, "how it was opened"),
	FIELD_U64(seen_fs, count, "how often it was named"),
	FIELD_OBJECTS(seen_fs, syscall, seen_syscall, "the calls that did"),
	FIELD_BOOL(seen_fs, exists_in_jail, "it is there"),
	FIELD_BOOL(seen_fs, exists_in_main, "the host has it"),
};
static TABLE(seen_fs);

static const struct field seen_net_rows[] = {
	FIELD_ENUM(seen_net, type, family_words, "of addresses"),
	FIELD_TEXT(seen_net, endpoint, "address"),
	FIELD_TEXT(seen_net, socket_path, "of a unix socket"),
	FIELD_U64(seen_net, count, "how often it was named"),
	FIELD_OBJECTS(seen_net, syscall, seen_syscall, "the calls that did"),
	FIELD_U32(seen_net, port, "of the address"),
};
static TABLE(seen_net);

static const struct field seen_stat_rows[] = {
	FIELD_OBJECTS(seen_stat, fs_access, seen_fs, "files"),
	FIELD_OBJECTS(seen_stat, net_access, seen_net, "peers"),
};
static TABLE(seen_stat);

/* --- holding it --------------------------------------------------------------------------------------- */

struct seen {
	atomic_int holders;
	pthread_mutex_t lock;
	struct pool pool;
	struct seen_stat stat;
	size_t bytes;
	uint64_t left_out, unread;
};

struct seen *seen_new(void)
{
	struct seen *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->holders = 1;
	(void)pthread_mutex_init(&s->lock, NULL); /* cannot fail without attributes */
	return s;
}

struct seen *seen_hold(struct seen *s)
{
	atomic_fetch_add(&s->holders, 1);
	return s;
}

void seen_drop(struct seen *s)
{
	if (!s || atomic_fetch_sub(&s->holders, 1) > 1)
		return;
	pool_done(&s->pool);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void seen_lock(struct seen *s)
{
	pthread_mutex_lock(&s->lock);
}

void seen_unlock(struct seen *s)
{
	pthread_mutex_unlock(&s->lock);
}

/* --- entries ------------------------------------------------------------------------------------------ */

/* False when it would go beyond what a jail may fill. */
static bool take_bytes(struct seen *s, size_t n)
{
	if (s->bytes + n > SEEN_BYTES)
		return false;
	s->bytes += n;
	return true;
}

static bool same_args(const struct texts *a, const struct texts *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++) {
		if (strcmp(a->v[i], b->v[i]))
			return false;
	}
	return a->n == b->n;
}

static struct seen_syscall *new_syscall(struct seen *s, const struct seen_call *call)
{
	struct seen_syscall *new;
	size_t bytes = sizeof(*new) + sizeof(void *) * 2;

	list_each (i, call->args)
		bytes += strlen(call->args.v[i]) + 1 + sizeof(char *);
	if (!take_bytes(s, bytes))
		return NULL;
	new = POOL_NEW(&s->pool, struct seen_syscall);
	if (!new)
		return NULL;
	new->name = call->name;
	new->args.v = pool_array(&s->pool, call->args.n + 1, sizeof(char *));
	for (; new->args.v &&new->args.n < call->args.n; new->args.n++) {
		new->args.v[new->args.n] = pool_text(&s->pool, call->args.v[new->args.n]);
		if (!new->args.v[new->args.n])
			return NULL;
	}
	return new->args.v ? new : NULL;
}

/* calls: the LIST_OF(struct seen_syscall) of an entry. */
static void count_call(struct seen *s, struct list *calls, const struct seen_call *call)
{
	struct seen_syscall *new;
	void **v;

	list_each (i, *calls) {
		struct seen_syscall *c = calls->v[i];

		if (!strcmp(c->name, call->name) && same_args(&c->args, &call->args)) {
			c->count++;
			return;
		}
	}
	new = calls->n < SEEN_SYSCALLS ? new_syscall(s, call) : NULL;
	v = new ? pool_grow(&s->pool, calls->v, calls->n, sizeof(*v)) : NULL;
	if (!v) {
		s->left_out++;
		return;
	}
	OPT_SET(new, count, 1);
	calls->v = v;
	calls->v[calls->n++] = new;
}

/* Makes room in a sorted list, at the place. */
static bool insert(struct seen *s, struct list *to, size_t at, void *new)
{
	void **v = pool_grow(&s->pool, to->v, to->n, sizeof(*v));

	if (!v)
		return false;
	to->v = v;
	memmove(v + at + 1, v + at, (to->n - at) * sizeof(*v));
	v[at] = new;
	to->n++;
	return true;
}

/* Where it is, or where it belongs. */
static size_t find(const struct list *in, const void *what,
	int (*compare)(const void *entry, const void *what), bool *ret_found)
{
	size_t low = 0, high = in->n;

	*ret_found = false;
	while (low < high && !*ret_found) {
		size_t middle = (low + high) / 2;
		int c = compare(in->v[middle], what);

		*ret_found = c == 0;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

static bool is_full(const struct seen *s)
{
	return s->stat.fs_access.n + s->stat.net_access.n >= SEEN_ENTRIES;
}

static int compare_path(const void *entry, const void *what)
{
	return strcmp(
		((const struct seen_fs *)entry)->path, ((const struct seen_path *)what)->path);
}

static struct seen_fs *new_path(struct seen *s, const struct seen_path *p, size_t at)
{
	struct list *all = (struct list *)&s->stat.fs_access;
	size_t len = strlen(p->path) + 1;
	struct seen_fs *f;

	if (is_full(s) || !take_bytes(s, sizeof(*f) + len + 2 * sizeof(void *)))
		return NULL;
	f = POOL_NEW(&s->pool, struct seen_fs);
	if (!f)
		return NULL;
	f->path = pool_text(&s->pool, p->path);
	if (!f->path || !insert(s, all, at, f))
		return NULL;
	return f;
}

void seen_add_path(struct seen *s, const struct seen_call *call, const struct seen_path *p)
{
	struct list *all = (struct list *)&s->stat.fs_access;
	bool found;
	size_t at = find(all, p, compare_path, &found);
	struct seen_fs *f = found ? all->v[at] : new_path(s, p, at);

	if (!f) {
		s->left_out++;
		return;
	}
	/* What it was when it was named last; a file that was read and written was both. */
	OPT_SET(f, jail_type, p->in_jail);
	OPT_SET(f, main_type, p->in_main);
	OPT_SET(f, mode, (int32_t)((unsigned)f->mode | p->mode));
	OPT_SET(f, exists_in_jail, p->in_jail > SEEN_NONEXISTENT);
	OPT_SET(f, exists_in_main, p->in_main > SEEN_NONEXISTENT);
	OPT_SET(f, count, f->count + 1);
	count_call(s, (struct list *)&f->syscall, call);
}

static int compare_peer(const void *entry, const void *what)
{
	const struct seen_net *n = entry;
	const struct seen_peer *p = what;
	int c = n->type - (int)p->family;

	if (!c)
		c = strcmp(n->endpoint, p->endpoint);
	return c ? c : (n->port > p->port) - (n->port < p->port);
}

static struct seen_net *new_peer(struct seen *s, const struct seen_peer *p, size_t at)
{
	struct list *all = (struct list *)&s->stat.net_access;
	struct seen_net *n;

	if (is_full(s) ||
		!take_bytes(s, sizeof(*n) + 2 * (strlen(p->endpoint) + 1 + sizeof(void *))))
		return NULL;
	n = POOL_NEW(&s->pool, struct seen_net);
	if (!n)
		return NULL;
	OPT_SET(n, type, p->family);
	n->endpoint = pool_text(&s->pool, p->endpoint);
	if (p->socket_path)
		n->socket_path = pool_text(&s->pool, p->socket_path);
	if (p->port)
		OPT_SET(n, port, p->port);
	if (!n->endpoint || !insert(s, all, at, n))
		return NULL;
	return n;
}

void seen_add_peer(struct seen *s, const struct seen_call *call, const struct seen_peer *p)
{
	struct list *all = (struct list *)&s->stat.net_access;
	bool found;
	size_t at = find(all, p, compare_peer, &found);
	struct seen_net *n = found ? all->v[at] : new_peer(s, p, at);

	if (!n) {
		s->left_out++;
		return;
	}
	OPT_SET(n, count, n->count + 1);
	count_call(s, (struct list *)&n->syscall, call);
}

void seen_add_unread(struct seen *s)
{
	s->unread++;
}

/* --- the report --------------------------------------------------------------------------------------- */

int seen_text(struct seen *s, struct str *out, struct err *e)
{
	struct textproto_writer w;
	int r;

	seen_lock(s);
	textproto_writer_init(&w, out);
	r = walk(&table_seen_stat, &s->stat, WALK_OPEN, &w.sink, e);
	if (s->left_out)
		str_addf(out, "# %llu further calls are not in this list: it is full\n",
			(unsigned long long)s->left_out);
	if (s->unread)
		str_addf(out, "# %llu calls could not be read\n", (unsigned long long)s->unread);
	seen_unlock(s);
	TRY(r);
	return str_check(out, e);
}
