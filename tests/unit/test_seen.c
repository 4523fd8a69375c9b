/* SPDX-License-Identifier: Apache-2.0 */
/* seen: what is noted adds up, is sorted, has the form that scripts read, and is limited. */
#include "../../runtime/base/fmt.h"
#include "../../runtime/seen.h"
#include "tap.h"

static struct err err;

static void path(
	struct seen *s, const char *call, const char *arg, const char *name, enum seen_mode mode)
{
	const char *v[] = {arg};
	const struct seen_call c = {call, {v, arg != NULL}};
	const struct seen_path p = {name, SEEN_REGULAR, SEEN_NONEXISTENT, mode};

	seen_lock(s);
	seen_add_path(s, &c, &p);
	seen_unlock(s);
}

static void peer(struct seen *s, enum seen_family family, const char *endpoint, uint32_t port)
{
	const struct seen_call c = {.name = "connect"};
	const struct seen_peer p = {family, endpoint, *endpoint == '/' ? endpoint : NULL, port};

	seen_lock(s);
	seen_add_peer(s, &c, &p);
	seen_unlock(s);
}

static void the_same_adds_up_and_all_is_sorted(void)
{
	struct seen *s = seen_new();
	own_str struct str out = {0};

	path(s, "openat", "dirfd=3", "/b", SEEN_RDONLY);
	path(s, "stat", NULL, "/a", SEEN_UNSPECIFIED);
	path(s, "openat", "dirfd=3", "/b", SEEN_WRONLY);
	path(s, "openat", "dirfd=4", "/b", SEEN_RDONLY);
	peer(s, SEEN_IPV4, "10.0.0.2", 80);
	peer(s, SEEN_IPV4, "10.0.0.2", 22);
	peer(s, SEEN_IPV4, "10.0.0.1", 80);
	peer(s, SEEN_UNIX, "/run/x\n", 0);
	is_int(seen_text(s, &out, &err), 0);
	is_text(str_text(&out),
		"fs_access {\n  path: \"/a\"\n  jail_type: REGULAR\n  main_type: NONEXISTENT\n"
		"  mode: UNSPECIFIED\n  count: 1\n  syscall {\n    name: \"stat\"\n    count: 1\n  "
		"}\n"
		"  exists_in_jail: true\n  exists_in_main: false\n}\n"
		"fs_access {\n  path: \"/b\"\n  jail_type: REGULAR\n  main_type: NONEXISTENT\n"
		"  mode: RDWR\n  count: 3\n"
		"  syscall {\n    name: \"openat\"\n    args: \"dirfd=3\"\n    count: 2\n  }\n"
		"  syscall {\n    name: \"openat\"\n    args: \"dirfd=4\"\n    count: 1\n  }\n"
		"  exists_in_jail: true\n  exists_in_main: false\n}\n"
		"net_access {\n  type: IPV4\n  endpoint: \"10.0.0.1\"\n  count: 1\n"
		"  syscall {\n    name: \"connect\"\n    count: 1\n  }\n  port: 80\n}\n"
		"net_access {\n  type: IPV4\n  endpoint: \"10.0.0.2\"\n  count: 1\n"
		"  syscall {\n    name: \"connect\"\n    count: 1\n  }\n  port: 22\n}\n"
		"net_access {\n  type: IPV4\n  endpoint: \"10.0.0.2\"\n  count: 1\n"
		"  syscall {\n    name: \"connect\"\n    count: 1\n  }\n  port: 80\n}\n"
		"net_access {\n  type: UNIX\n  endpoint: \"/run/x\\n\"\n  socket_path: "
		"\"/run/x\\n\"\n"
		"  count: 1\n  syscall {\n    name: \"connect\"\n    count: 1\n  }\n}\n");
	seen_drop(s);
}

static void without_events_there_is_no_report(void)
{
	struct seen *s = seen_new(), *other = seen_hold(s);
	own_str struct str out = {0};

	seen_drop(other);
	is_int(seen_text(s, &out, &err), 0);
	is_int((long long)out.len, 0);
	seen_add_unread(s);
	is_int(seen_text(s, &out, &err), 0);
	is_text(str_text(&out), "# 1 calls could not be read\n");
	seen_drop(s);
}

static void a_jail_cannot_fill_it_without_end(void)
{
	struct seen *s = seen_new();
	own_str struct str out = {0};
	char name[4000], tail[64];
	size_t entries = 0;

	for (int i = 0; i < SEEN_ENTRIES + 10; i++) {
		fmt_put(name, sizeof(name), "/%d", i);
		path(s, "stat", NULL, name, SEEN_UNSPECIFIED);
	}
	path(s, "stat", NULL, "/7", SEEN_UNSPECIFIED); /* what is there is counted on */
	is_int(seen_text(s, &out, &err), 0);
	for (const char *at = str_text(&out); (at = strstr(at, "fs_access {")); at++)
		entries++;
	is_int((long long)entries, SEEN_ENTRIES);
	has_text(str_text(&out), "count: 2");
	has_text(str_text(&out), "# 10 further calls are not in this list: it is full\n");
	seen_drop(s);

	s = seen_new();
	str_done(&out);
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 5000; i++) {
		fmt_put(tail, sizeof(tail), "%08d", i);
		memcpy(name + 100, tail, 8);
		path(s, "stat", NULL, name, SEEN_UNSPECIFIED);
	}
	for (int i = 0; i < SEEN_SYSCALLS + 5; i++) {
		fmt_put(tail, sizeof(tail), "fd=%d", i);
		memcpy(name + 100, "00000000", 8);
		path(s, "open", tail, name, SEEN_RDONLY);
	}
	is_int(seen_text(s, &out, &err), 0);
	ok(out.len < (size_t)SEEN_BYTES * 2);
	has_text(str_text(&out), " further calls are not in this list: it is full\n");
	seen_drop(s);
}

int main(void)
{
	run(the_same_adds_up_and_all_is_sorted);
	run(without_events_there_is_no_report);
	run(a_jail_cannot_fill_it_without_end);
	return tap_done();
}
