/* SPDX-License-Identifier: Apache-2.0 */
#include "bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"
#include "sd_bus.h"

#define LIBRARY	    "libsystemd.so.0"
#define SERVICE	    "org.freedesktop.systemd1"
#define OBJECT_PATH "/org/freedesktop/systemd1"
#define INTERFACE   "org.freedesktop.systemd1.Manager"
#define NO_UNIT	    "org.freedesktop.systemd1.NoSuchUnit"
#define IS_THERE    "org.freedesktop.systemd1.UnitExists"

enum { PATIENCE_S = 30 };

struct bus {
	struct sd_bus_library lib;
	struct sd_bus *connection;
	bool user;
	char job[256]; /* whose end is waited for */
	char result[64]; /* and how it ended; empty: not yet */
};

/* --- the connection ------------------------------------------------------------------------------ */

static int load(struct sd_bus_library *lib, struct err *e)
{
	static const struct {
		size_t offset;
		const char *name;
	} functions[] = {
#define ROW(result, name, parameters) {offsetof(struct sd_bus_library, name), "sd_bus_" #name},
		SD_BUS_FUNCTIONS(ROW)
#undef ROW
	};
	/* Never closed: the library keeps things of threads and of exits. */
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle && i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(handle, functions[i].name);

		if (!f)
			return err_set(e, ENOSYS, "%s has no %s", LIBRARY, functions[i].name);
		memcpy((char *)lib + functions[i].offset, &f, sizeof(f));
	}
	if (handle)
		return 0;
	err_set(e, ENOENT, "the systemd cgroup manager needs %s: %s", LIBRARY, dlerror());
	return err_fix(e, "install it (package libsystemd0), or use --cgroup-manager cgroupfs");
}

static int no_bus(const struct bus *s, int code, struct err *e)
{
	err_sys(e, code, "reach systemd on the %s bus", s->user ? "user's" : "system");
	if (s->user)
		return err_fix(e,
			"XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS has to name the bus of your "
			"session (loginctl enable-linger starts one); or use --cgroup-manager "
			"cgroupfs");
	return err_fix(e, "systemd and D-Bus have to run; or use --cgroup-manager cgroupfs");
}

void bus_close(struct bus *s)
{
	if (s && s->connection)
		s->lib.flush_close_unref(s->connection);
	free(s);
}

int bus_open(bool user, struct bus **ret, struct err *e)
{
	struct bus *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_memory(e);
	s->user = user;
	r = load(&s->lib, e);
	if (r >= 0) {
		r = user ? s->lib.open_user(&s->connection) : s->lib.open_system(&s->connection);
		if (r < 0)
			r = no_bus(s, -r, e);
	}
	if (r < 0) {
		bus_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* What systemd says is the cause. */
static int refused(const struct bus *s, int code, struct sd_bus_error *error, const char *doing,
	const char *unit, struct err *e)
{
	if (error->message)
		err_set(e, code, "systemd (%s): %s '%s': %s", s->user ? "user" : "system", doing,
			unit, error->message);
	else
		err_sys(e, code, "systemd (%s): %s '%s'", s->user ? "user" : "system", doing, unit);
	s->lib.error_free(error);
	return -code;
}

static int get_text(
	struct bus *s, const char *name, struct pool *pool, const char **ret, struct err *e)
{
	struct sd_bus_error error = {0};
	char *text;
	int r = s->lib.get_property_string(
		s->connection, SERVICE, OBJECT_PATH, INTERFACE, name, &error, &text);

	if (r < 0) {
		s->lib.error_free(&error);
		return no_bus(s, -r, e);
	}
	*ret = pool_text(pool, text);
	free(text);
	return *ret ? 0 : err_memory(e);
}

int bus_probe(struct bus *s, struct pool *pool, uint32_t *ret_version, const char **ret_cgroup,
	struct err *e)
{
	const char *text;
	uint64_t v;

	TRY(get_text(s, "Version", pool, &text, e));
	text += strcspn(text, "0123456789"); /* "v252.1-1" in some builds */
	if (fmt_u64(text, strspn(text, "0123456789"), &v) < 0 || v > UINT32_MAX)
		return err_set(e, EPROTO, "systemd's version is '%.60s'", text);
	*ret_version = (uint32_t)v;
	TRY(get_text(s, "ControlGroup", pool, &text, e));
	*ret_cgroup = strcmp(text, "/") ? text : "";
	return 0;
}

/* --- messages ------------------------------------------------------------------------------------ */

struct message {
	const struct sd_bus_library *lib;
	struct sd_bus_message *m;
};

static void unref(struct message *m)
{
	if (m->m)
		m->lib->message_unref(m->m);
}

static int new_call(struct bus *s, const char *method, struct message *ret)
{
	ret->lib = &s->lib;
	return s->lib.message_new_method_call(
		s->connection, &ret->m, SERVICE, OBJECT_PATH, INTERFACE, method);
}

/* "0a1b": bytes. */
static int append_bytes(const struct message *m, const char *hex)
{
	unsigned char bytes[1024] = {0};
	size_t n = strlen(hex) / 2;

	if (n > sizeof(bytes))
		return -E2BIG;
	for (size_t i = 0; i < 2 * n; i++) {
		unsigned digit = hex[i] <= '9' ? (unsigned)(hex[i] - '0')
					       : (unsigned)((hex[i] | 0x20) - 'a' + 10);

		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | (digit & 15));
	}
	return m->lib->message_append_array(m->m, 'y', bytes, n);
}

static int append_words(const struct message *m, const char *words)
{
	char word[NAME_MAX + 1];

	TRY(m->lib->message_open_container(m->m, 'a', "s"));
	while (*(words += strspn(words, " "))) {
		size_t n = strcspn(words, " ");

		if (fmt_put(word, sizeof(word), "%.*s", (int)n, words) >= sizeof(word))
			return -E2BIG;
		TRY(m->lib->message_append(m->m, "s", word));
		words += n;
	}
	return m->lib->message_close_container(m->m);
}

/* "char-pts", as systemd calls a driver of /proc/devices. */
static int name_driver(const char *devices, char type, const char *major, char *to, size_t size)
{
	const char *s = strstr(devices, type == 'b' ? "Block devices:" : "Character devices:");
	size_t n = strlen(major);

	for (s = s ? strchr(s, '\n') : NULL; s && s[1] && s[1] != '\n'; s = strchr(s + 1, '\n')) {
		const char *number = s + 1 + strspn(s + 1, " ");

		if (strncmp(number, major, n) || number[n] != ' ')
			continue;
		number += n + 1;
		fmt_put(to, size, "%s-%.*s", type == 'b' ? "block" : "char",
			(int)strcspn(number, "\n"), number);
		return 0;
	}
	return -ENOENT;
}

/* "c:1:3:rwm", "c:136:*:rw", "b:*:*:m". */
static int append_device(const struct message *m, char *word, const char *devices)
{
	char *major = strchr(word, ':'), *minor = major ? strchr(major + 1, ':') : NULL;
	char *access = minor ? strchr(minor + 1, ':') : NULL, name[128];
	bool block = *word == 'b';

	if (!access)
		return -EINVAL;
	*major++ = *minor++ = *access++ = '\0';
	if (*major == '*')
		fmt_put(name, sizeof(name), "%s-*", block ? "block" : "char");
	else if (*minor != '*')
		fmt_put(name, sizeof(name), "/dev/%s/%s:%s", block ? "block" : "char", major,
			minor);
	else if (name_driver(devices, *word, major, name, sizeof(name)) < 0)
		return 0; /* no driver has it: there is nothing to be opened */
	return m->lib->message_append(m->m, "(ss)", name, access);
}

static int append_devices(const struct message *m, const char *words)
{
	char word[64], devices[16384];

	if (fd_read_small(AT_FDCWD, "/proc/devices", devices, sizeof(devices)) < 0)
		devices[0] = '\0';
	TRY(m->lib->message_open_container(m->m, 'a', "(ss)"));
	while (*(words += strspn(words, " "))) {
		size_t n = strcspn(words, " ");

		if (fmt_put(word, sizeof(word), "%.*s", (int)n, words) >= sizeof(word))
			return -E2BIG;
		TRY(append_device(m, word, devices));
		words += n;
	}
	return m->lib->message_close_container(m->m);
}

static int append_value(const struct message *m, const char *type, const char *value)
{
	uint64_t v = 0;

	if (!strcmp(type, "ay"))
		return append_bytes(m, value);
	if (!strcmp(type, "as"))
		return append_words(m, value);
	if (!strcmp(type, "a(ss)"))
		return append_devices(m, value);
	if (*type == 's')
		return m->lib->message_append(m->m, type, value);
	if (*type == 'b')
		return m->lib->message_append(m->m, type, !strcmp(value, "true"));
	TRY(fmt_u64(value, strlen(value), &v));
	/* Smaller ones are passed as int. */
	if (*type == 't' || *type == 'x')
		return m->lib->message_append(m->m, type, v);
	return m->lib->message_append(m->m, type, (unsigned)v);
}

/* "NAME=TYPE:VALUE" */
static int append_property(const struct message *m, const char *text)
{
	char name[64], type[8];
	size_t n = strcspn(text, "="), t;

	if (fmt_put(name, sizeof(name), "%.*s", (int)n, text) >= sizeof(name) || !text[n])
		return -EINVAL;
	text += n + 1;
	t = strcspn(text, ":");
	if (fmt_put(type, sizeof(type), "%.*s", (int)t, text) >= sizeof(type) || !text[t])
		return -EINVAL;
	TRY(m->lib->message_open_container(m->m, 'r', "sv"));
	TRY(m->lib->message_append(m->m, "s", name));
	TRY(m->lib->message_open_container(m->m, 'v', type));
	TRY(append_value(m, type, text + t + 1));
	TRY(m->lib->message_close_container(m->m));
	return m->lib->message_close_container(m->m);
}

/* pid 0: none. */
static int append_properties(const struct message *m, const struct texts *all, pid_t pid)
{
	TRY(m->lib->message_open_container(m->m, 'a', "(sv)"));
	list_each (i, *all)
		TRY(append_property(m, all->v[i]));
	if (pid)
		TRY(m->lib->message_append(m->m, "(sv)", "PIDs", "au", 1, (uint32_t)pid));
	return m->lib->message_close_container(m->m);
}

static int call(
	struct bus *s, const struct message *m, struct message *reply, struct sd_bus_error *error)
{
	reply->lib = &s->lib;
	return s->lib.call(s->connection, m->m, PATIENCE_S * 1000000ULL, error, &reply->m);
}

/* --- jobs ---------------------------------------------------------------------------------------- */

static int job_removed(struct sd_bus_message *m, void *arg, struct sd_bus_error *error)
{
	struct bus *s = arg;
	const char *job, *unit, *result;
	uint32_t id;

	(void)error;
	if (s->lib.message_read(m, "uoss", &id, &job, &unit, &result) < 0 || strcmp(job, s->job))
		return 0;
	fmt_put(s->result, sizeof(s->result), "%s", result);
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int await_job(struct bus *s, const char *unit, struct err *e)
{
	uint64_t end = now_us() + PATIENCE_S * 1000000ULL;

	while (!*s->result) {
		int r = s->lib.process(s->connection, NULL);
		uint64_t now = now_us();

		if (r == 0 && now >= end) {
			err_set(e, ETIMEDOUT, "systemd has not done its job on '%s' in %d s", unit,
				PATIENCE_S);
			return err_fix(e, "'systemctl list-jobs' shows what it waits for");
		}
		if (r == 0)
			r = s->lib.wait(s->connection, end - now);
		if (r < 0 && r != -EINTR)
			return err_sys(e, -r, "wait for systemd's job on '%s'", unit);
	}
	return 0;
}

/* A call that gives a job, waited for. *error: what systemd has against it. */
static int run_job(struct bus *s, const struct message *m, const char *unit,
	struct sd_bus_error *error, struct err *e)
{
	own(unref) struct message reply = {0};
	struct sd_bus_slot *slot = NULL;
	const char *job;
	int r;

	/* Before the call, or the signal could be missed. */
	r = s->lib.match_signal(s->connection, &slot, SERVICE, OBJECT_PATH, INTERFACE, "JobRemoved",
		job_removed, s);
	if (r < 0)
		return err_sys(e, -r, "listen to systemd");
	s->job[0] = s->result[0] = '\0';
	r = call(s, m, &reply, error);
	if (r >= 0)
		r = s->lib.message_read(reply.m, "o", &job);
	if (r >= 0) {
		fmt_put(s->job, sizeof(s->job), "%s", job);
		r = await_job(s, unit, e);
	} else {
		err_sys(e, -r, "ask systemd"); /* its own words come from the caller */
	}
	s->lib.slot_unref(slot);
	return r;
}

/* --- units --------------------------------------------------------------------------------------- */

/* Forgets a unit that failed; nobody minds where there is none. */
static void reset_failed(struct bus *s, const char *unit)
{
	own(unref) struct message m = {0}, reply = {0};
	struct sd_bus_error error = {0};

	if (new_call(s, "ResetFailedUnit", &m) >= 0 && s->lib.message_append(m.m, "s", unit) >= 0)
		(void)call(s, &m, &reply, &error); /* there may be no such unit any more */
	s->lib.error_free(&error);
}

static int build_start(struct bus *s, const char *unit, const struct texts *properties, pid_t pid,
	struct message *m, struct err *e)
{
	int r = new_call(s, "StartTransientUnit", m);

	if (r >= 0)
		r = s->lib.message_append(m->m, "ss", unit, "replace");
	if (r >= 0)
		r = append_properties(m, properties, pid);
	if (r >= 0)
		r = s->lib.message_append(m->m, "a(sa(sv))", 0);
	return r < 0 ? err_sys(e, -r, "tell systemd of the unit '%s'", unit) : 0;
}

int bus_start(
	struct bus *s, const char *unit, const struct texts *properties, pid_t pid, struct err *e)
{
	for (bool again = false;; again = true) {
		own(unref) struct message m = {0};
		struct sd_bus_error error = {0};
		int r;

		TRY(build_start(s, unit, properties, pid, &m, e));
		r = run_job(s, &m, unit, &error, e);
		if (r >= 0)
			break;
		/* What is left of an earlier one that failed is in the way. */
		if (error.name && !strcmp(error.name, IS_THERE) && !again) {
			s->lib.error_free(&error);
			reset_failed(s, unit);
			continue;
		}
		return error.name ? refused(s, -r, &error, "start the unit", unit, e) : r;
	}
	if (!strcmp(s->result, "done"))
		return 0;
	return err_set(e, EIO, "systemd could not start the unit '%s': its job ended with '%s'",
		unit, s->result);
}

int bus_set(struct bus *s, const char *unit, const struct texts *properties, struct err *e)
{
	own(unref) struct message m = {0}, reply = {0};
	struct sd_bus_error error = {0};
	int r = new_call(s, "SetUnitProperties", &m);

	if (r >= 0)
		r = s->lib.message_append(m.m, "sb", unit, 1);
	if (r >= 0)
		r = append_properties(&m, properties, 0);
	if (r < 0)
		return err_sys(e, -r, "tell systemd of the unit '%s'", unit);
	r = call(s, &m, &reply, &error);
	return r < 0 ? refused(s, -r, &error, "set properties of the unit", unit, e) : 0;
}

int bus_join(struct bus *s, const char *unit, const char *below, pid_t pid, struct err *e)
{
	own(unref) struct message m = {0}, reply = {0};
	struct sd_bus_error error = {0};
	int r = new_call(s, "AttachProcessesToUnit", &m);

	if (r >= 0)
		r = s->lib.message_append(m.m, "ssau", unit, below, 1, (uint32_t)pid);
	if (r < 0)
		return err_sys(e, -r, "tell systemd of the unit '%s'", unit);
	r = call(s, &m, &reply, &error);
	return r < 0 ? refused(s, -r, &error, "put a process into the unit", unit, e) : 0;
}

int bus_stop(struct bus *s, const char *unit, struct err *e)
{
	own(unref) struct message m = {0};
	struct sd_bus_error error = {0};
	int r = new_call(s, "StopUnit", &m);

	if (r >= 0)
		r = s->lib.message_append(m.m, "ss", unit, "replace");
	if (r < 0)
		return err_sys(e, -r, "tell systemd of the unit '%s'", unit);
	r = run_job(s, &m, unit, &error, e);
	if (r < 0 && error.name && strcmp(error.name, NO_UNIT))
		return refused(s, -r, &error, "stop the unit", unit, e);
	if (r < 0 && !error.name)
		return r;
	s->lib.error_free(&error);
	reset_failed(s, unit);
	return 0;
}
