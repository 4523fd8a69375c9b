/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"
#include "life.h"

/* All containers, in order. Most of a look is the kernel's, so two threads share many of them. */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_names(int root, struct pool *pool, struct texts *to, struct err *e)
{
	int copy = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int r = 0;

	if (!d)
		return err_sys(e, errno, "list the containers");
	while (!r && (entry = readdir(d))) {
		const char **v;

		/* What cannot be an id is not ours. */
		if (entry->d_name[0] == '.' || state_check_id(entry->d_name, NULL) < 0)
			continue;
		v = pool_grow(pool, to->v, to->n, sizeof(*v));
		if (!v) {
			r = err_memory(e);
			break;
		}
		to->v = v;
		v[to->n] = pool_text(pool, entry->d_name);
		r = v[to->n++] ? 0 : err_memory(e);
	}
	closedir(d);
	return r;
}

/* --- looking -------------------------------------------------------------------------------------- */

/* So many are looked at by one thread before they are shown: their states are in memory until then. */
enum { SHARE = 64 };

struct look {
	int r;
	struct state *state;
	enum status status;
	const char *why; /* of a failure */
};

struct share {
	int root;
	const char *const *names;
	size_t n;
	struct pool pool;
	struct look v[SHARE];
};

static void *look_at_share(void *arg)
{
	struct share *s = arg;

	for (size_t i = 0; i < s->n; i++) {
		struct look *k = &s->v[i];
		struct err e;

		k->r = state_look(s->root, s->names[i], &s->pool, &k->state, &k->status, &e);
		k->why = k->r < 0 ? pool_text(&s->pool, e.text) : NULL;
	}
	return NULL;
}

static bool has_help(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 1;
}

/* --- showing ---------------------------------------------------------------------------------------- */

typedef int show_fn(const struct state *state, enum status status, void *arg);

/* One that is being removed at this moment, or is damaged, does not spoil the list. */
static int show(struct share *s, show_fn *fn, void *arg)
{
	int r = 0;

	for (size_t i = 0; i < s->n && !r; i++) {
		const struct look *k = &s->v[i];

		if (k->r >= 0)
			r = fn(k->state, k->status, arg);
		else if (k->r != -ENOENT)
			log_warning("container '%s': %s", s->names[i], k->why ? k->why : "");
	}
	pool_done(&s->pool);
	return r;
}

static size_t take(struct share *s, int root, const struct texts *names, size_t at)
{
	s->root = root;
	s->names = names->v + at;
	s->n = names->n - at < SHARE ? names->n - at : SHARE;
	return at + s->n;
}

static int show_all(
	struct life *l, const struct texts *names, show_fn *fn, void *arg, struct err *e)
{
	struct share *own = POOL_NEW(&l->pool, struct share),
		     *other = POOL_NEW(&l->pool, struct share);
	bool help = names->n > SHARE && has_help(), helped;
	pthread_t helper;
	size_t at = 0;
	int r = 0;

	if (!own || !other)
		return err_memory(e);
	while (at < names->n && !r) {
		at = take(own, l->root, names, at);
		at = take(other, l->root, names, at);
		helped = help && other->n && !thread_start(look_at_share, other, &helper);
		look_at_share(own);
		r = show(own, fn, arg);
		if (helped)
			pthread_join(helper, NULL);
		else
			look_at_share(other);
		if (!r)
			r = show(other, fn, arg);
		else
			pool_done(&other->pool);
	}
	return r;
}

int life_list(struct life *l, show_fn *fn, void *arg, struct err *e)
{
	bool given = l->o.root != NULL;
	const char *root = life_root(l, e);
	struct texts names = {0};

	if (!root)
		return -ENOMEM;
	l->root = state_open_root(root, false, e);
	/* The default place is made with the first container; one that was named must be there. */
	if (l->root == -ENOENT && !given)
		return 0;
	TRY(l->root);
	TRY(read_names(l->root, &l->pool, &names, e));
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), compare_names);
	return show_all(l, &names, fn, arg, e);
}
