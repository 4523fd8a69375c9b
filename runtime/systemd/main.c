/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jailrt-systemd: asks systemd for units, as jailrt tells it on stdin (runtime/do/systemd_wire.h), and ends
 * with the end of that. A program of its own, because libsystemd can be loaded by a dynamic one only.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"
#include "../do/systemd_wire.h"
#include "bus.h"

struct question {
	const char *verb;
	struct texts args;
};

static struct texts from(const struct texts *t, size_t first)
{
	return (struct texts){.v = t->v + first, .n = t->n - first};
}

static pid_t to_pid(const char *text)
{
	uint64_t v;

	return fmt_u64(text, strlen(text), &v) < 0 ? 0 : (pid_t)v;
}

static int open_bus(struct bus **bus, const struct texts *args, struct systemd_answer *a)
{
	own_pool struct pool pool = {0};
	const char *cgroup;

	if (strcmp(args->v[0], JAILRT_VERSION)) {
		err_set(&a->err, EPROTO, "%s is of version %s, and jailrt of %s", SYSTEMD_PROGRAM,
			JAILRT_VERSION, args->v[0]);
		return err_fix(&a->err, "install the two of the same version");
	}
	TRY(bus_open(!strcmp(args->v[1], "user"), bus, &a->err));
	TRY(bus_probe(*bus, &pool, &a->version, &cgroup, &a->err));
	fmt_put(a->cgroup, sizeof(a->cgroup), "%s", cgroup);
	return 0;
}

static int answer(struct bus **bus, const struct question *q, struct systemd_answer *a)
{
	static const struct {
		const char *verb;
		size_t least;
	} verbs[] = {{"open", 2}, {"start", 2}, {"set", 1}, {"join", 3}, {"stop", 1}};
	const struct texts *args = &q->args;
	struct texts rest;
	size_t i = 0;

	while (i < ARRAY_LEN(verbs) && strcmp(q->verb, verbs[i].verb))
		i++;
	if (i == ARRAY_LEN(verbs) || args->n < verbs[i].least || !*bus == !!i)
		return err_set(&a->err, EPROTO, "%s was asked to '%s'", SYSTEMD_PROGRAM, q->verb);
	switch (i) {
	case 0:
		return open_bus(bus, args, a);
	case 1:
		rest = from(args, 2);
		return bus_start(*bus, args->v[0], &rest, to_pid(args->v[1]), &a->err);
	case 2:
		rest = from(args, 1);
		return bus_set(*bus, args->v[0], &rest, &a->err);
	case 3:
		return bus_join(*bus, args->v[0], args->v[1], to_pid(args->v[2]), &a->err);
	default:
		return bus_stop(*bus, args->v[0], &a->err);
	}
}

static bool read_whole(void *to, size_t size)
{
	for (char *at = to; size;) {
		ssize_t n = fd_read(0, at, size);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_question(struct pool *pool, struct question *ret)
{
	uint32_t len;
	char *text;

	*ret = (struct question){0};
	if (!read_whole(&len, sizeof(len)) || !len || len > SYSTEMD_QUESTION_LARGEST)
		return false;
	text = pool_array(pool, len, 1);
	if (!text || !read_whole(text, len) || text[len - 1])
		return false;
	ret->verb = text;
	for (const char *s = text + strlen(text) + 1; s < text + len; s += strlen(s) + 1) {
		const char **v = pool_grow(pool, ret->args.v, ret->args.n, sizeof(*v));

		if (!v)
			return false;
		ret->args.v = v;
		v[ret->args.n++] = s;
	}
	return true;
}

int main(void)
{
	static const int outlived[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	struct bus *bus = NULL;

	/* Who stops the service that we are part of lets jailrt clean up, and that needs us. */
	for (size_t i = 0; i < ARRAY_LEN(outlived); i++)
		(void)signal(outlived[i], SIG_IGN);
	for (;;) {
		own_pool struct pool pool = {0};
		struct systemd_answer a = {0};
		struct question q;

		if (!read_question(&pool, &q))
			break;
		a.code = answer(&bus, &q, &a);
		if (fd_write_all(0, &a, sizeof(a), NULL) < 0)
			break;
	}
	bus_close(bus);
	return 0;
}
