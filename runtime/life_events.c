/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "../spec/json.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "do/cgroup.h"
#include "life.h"

/* --- the interval ---------------------------------------------------------------------------------------- */

/* As Go writes it: "5s", "1m30s", "250ms"; a number alone is of seconds. In ms. */
static int read_interval(const char *text, int *ret, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t us;
	} units[] = {{"ms", 1000}, {"us", 1}, {"µs", 1}, {"h", 3600000000}, {"m", 60000000},
		{"s", 1000000}};
	const char *s = text;
	uint64_t sum = 0, v;

	while (*s) {
		size_t n = strspn(s, "0123456789"), unit = 0;

		if (fmt_u64(s, n, &v) < 0 || v > 1000000000)
			break;
		s += n;
		while (unit < ARRAY_LEN(units) &&
			strncmp(s, units[unit].name, strlen(units[unit].name)) != 0)
			unit++;
		if (*s && unit == ARRAY_LEN(units))
			break;
		sum += v * (*s ? units[unit].us : 1000000);
		s += *s ? strlen(units[unit].name) : 0;
	}
	if (*s || sum < 1000 || sum / 1000 > INT_MAX)
		return err_set(e, EINVAL, "--interval: '%s' is no time such as 5s or 500ms", text);
	*ret = (int)(sum / 1000);
	return 0;
}

/* --- running out of memory ------------------------------------------------------------------------------- */

struct oom_watch {
	int fd; /* -1: nobody tells */
	bool v2;
	char file[PATH_MAX];
	uint64_t kills;
};

/* cgroup v1: an eventfd that the kernel counts up. */
static int watch_v1(const char *dir, struct oom_watch *w)
{
	own_fd int control = -1, event = -1;
	char path[PATH_MAX], text[64];

	fmt_put(w->file, sizeof(w->file), "%s/memory.oom_control", dir);
	control = open(w->file, O_RDONLY | O_CLOEXEC);
	event = control < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return -ENOENT;
	fmt_put(path, sizeof(path), "%s/cgroup.event_control", dir);
	fmt_put(text, sizeof(text), "%d %d", event, control);
	if (fd_write_text(AT_FDCWD, path, text, NULL) < 0)
		return -ENOENT;
	w->fd = take_fd(&event);
	return 0;
}

static int watch_v2(const char *dir, struct oom_watch *w)
{
	fmt_put(w->file, sizeof(w->file), "%s/memory.events", dir);
	if (cgroup_number(dir, "memory.events", "oom_kill", &w->kills) < 0)
		return -ENOENT;
	w->fd = open(w->file, O_RDONLY | O_CLOEXEC);
	w->v2 = true;
	return w->fd < 0 ? -ENOENT : 0;
}

static void watch_memory(const struct life *l, struct oom_watch *w)
{
	w->fd = -1;
	list_each (i, l->state->cgroups) {
		if (!watch_v1(l->state->cgroups.v[i], w) || !watch_v2(l->state->cgroups.v[i], w))
			return;
	}
	log_debug("nobody tells when container '%s' runs out of memory", l->o.id);
}

/* Whether it ran out since the last call. */
static bool ran_out(struct oom_watch *w)
{
	char text[1024];
	const char *at;
	uint64_t v;
	ssize_t n;

	/* The eventfd counts the removal of the cgroup, too. */
	if (!w->v2)
		return fd_read(w->fd, &v, sizeof(v)) == (ssize_t)sizeof(v) &&
		       !access(w->file, F_OK);
	n = pread(w->fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "oom_kill ");
	if (!at || fmt_u64(at + 9, strspn(at + 9, "0123456789"), &v) < 0 || v <= w->kills)
		return false;
	w->kills = v;
	return true;
}

/* --- the loop -------------------------------------------------------------------------------------------- */

struct events {
	struct life *l;
	int (*fn)(const char *json, void *arg);
	void *arg;
};

static int send_event(const struct events *ev, const char *type, bool data, struct err *e)
{
	own_str struct str out = {0};

	str_addf(&out, "{\"type\":\"%s\",\"id\":", type);
	json_quote(&out, ev->l->o.id, strlen(ev->l->o.id));
	if (data) {
		str_add(&out, ",\"data\":");
		TRY(life_stats(ev->l, &out, e));
	}
	str_addc(&out, '}');
	TRY(str_check(&out, e));
	return ev->fn(out.data, ev->arg);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int loop(
	const struct events *ev, int pidfd, struct oom_watch *w, int interval, struct err *e)
{
	int64_t next = now_ms() + interval;

	for (;;) {
		struct pollfd p[2] = {{.fd = pidfd, .events = POLLIN},
			{.fd = w->fd, .events = w->v2 ? POLLPRI : POLLIN}};
		int64_t left = next - now_ms();
		int r = poll(p, 2, left > 0 ? (int)left : 0);

		if (r < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for events");
		if (r < 0)
			continue;
		if (p[1].revents && ran_out(w)) {
			r = send_event(ev, "oom", false, e);
			if (r)
				return r;
		}
		if (p[0].revents)
			return 0;
		if (now_ms() < next)
			continue;
		next += interval;
		r = send_event(ev, "stats", true, e);
		if (r)
			return r;
	}
}

int life_events(struct life *l, int (*fn)(const char *json, void *arg), void *arg, struct err *e)
{
	const struct events ev = {l, fn, arg};
	struct oom_watch w = {.fd = -1};
	own_fd int pidfd = -1;
	int interval = 5000, r;

	if (l->o.interval)
		TRY(read_interval(l->o.interval, &interval, e));
	TRY(life_open(l, false, e));
	pidfd = state_open_process(l->state, e);
	if (pidfd == -ESRCH)
		return err_set(e, ESRCH, "container not running: '%s'", l->o.id);
	TRY(pidfd);
	if (l->o.stats)
		return send_event(&ev, "stats", true, e);
	watch_memory(l, &w);
	r = loop(&ev, pidfd, &w, interval, e);
	own_close(&w.fd);
	return r;
}
