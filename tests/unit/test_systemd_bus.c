/* SPDX-License-Identifier: Apache-2.0 */
/* bus: what it is told, and what its answers mean; the library is one that writes all down. */

/* The library is a member of a struct that nobody else sees, so the file itself is here. */
#include "../../runtime/systemd/bus.c"
#include <stdarg.h>

#include "../../runtime/base/str.h"
#include "tap.h"

static struct pool pool;
static struct err err;

/* --- the library --------------------------------------------------------------------------------- */

/* What was asked, in words; and what comes back. */
static struct str said;
static struct {
	const char *error[4]; /* of each call in turn; NULL: it goes well */
	const char *jobs[4], *results[4]; /* of the signals in turn */
	int calls, signals;
	sd_bus_handler *handler;
	void *arg;
} fake;

static int fake_new(struct sd_bus *b, struct sd_bus_message **ret, const char *to, const char *path,
	const char *interface, const char *member)
{
	(void)b;
	ok(!strcmp(to, SERVICE) && !strcmp(path, OBJECT_PATH) && !strcmp(interface, INTERFACE));
	str_addf(&said, "%s%s(", said.len ? "; " : "", member);
	*ret = (struct sd_bus_message *)&said;
	return 0;
}

static int fake_append(struct sd_bus_message *m, const char *types, ...)
{
	va_list ap;

	(void)m;
	va_start(ap, types);
	for (const char *t = types; *t; t++) {
		if (*t == 's')
			str_addf(&said, "%s ", va_arg(ap, const char *));
		else if (*t == 't')
			str_addf(&said, "%llu ", (unsigned long long)va_arg(ap, uint64_t));
		else if (strchr("buia", *t))
			str_addf(&said, "%u ", va_arg(ap, unsigned));
		else if (*t == 'v')
			str_addf(&said, "<%s> ", va_arg(ap, const char *));
		/* The count says how many follow; here it is one or none. */
		if (*t == 'a' && t[1] == '(')
			break;
		for (int i = 0; *t == 'v' && i < 2; i++)
			str_addf(&said, "%u ", va_arg(ap, unsigned));
	}
	va_end(ap);
	return 0;
}

static int fake_append_array(struct sd_bus_message *m, char type, const void *data, size_t size)
{
	(void)m;
	ok(type == 'y');
	for (size_t i = 0; i < size; i++)
		str_addf(&said, "%02x", ((const unsigned char *)data)[i]);
	str_addc(&said, ' ');
	return 0;
}

static int fake_open(struct sd_bus_message *m, char type, const char *contents)
{
	(void)m;
	str_addf(&said, "%c{%s: ", type, contents);
	return 0;
}

static int fake_close(struct sd_bus_message *m)
{
	(void)m;
	str_addc(&said, '}');
	return 0;
}

static int fake_call(struct sd_bus *b, struct sd_bus_message *m, uint64_t usec,
	struct sd_bus_error *error, struct sd_bus_message **reply)
{
	int n = fake.calls++;

	(void)b;
	(void)m;
	ok(usec == 30000000);
	str_addc(&said, ')');
	*reply = NULL;
	if (n < 4 && fake.error[n]) {
		*error = (struct sd_bus_error){fake.error[n], "no such thing", 0};
		return -EBADR;
	}
	*reply = (struct sd_bus_message *)&fake;
	return 0;
}

static int fake_read(struct sd_bus_message *m, const char *types, ...)
{
	va_list ap;

	(void)m;
	va_start(ap, types);
	if (!strcmp(types, "o")) {
		*va_arg(ap, const char **) = "/job/1";
	} else {
		ok(!strcmp(types, "uoss"));
		*va_arg(ap, uint32_t *) = 1;
		*va_arg(ap, const char **) = fake.jobs[fake.signals];
		*va_arg(ap, const char **) = "x.scope";
		*va_arg(ap, const char **) = fake.results[fake.signals];
	}
	va_end(ap);
	return 0;
}

static int fake_match(struct sd_bus *b, struct sd_bus_slot **ret, const char *from,
	const char *path, const char *interface, const char *member, sd_bus_handler *handler,
	void *arg)
{
	(void)b;
	(void)from;
	(void)path;
	(void)interface;
	ok(!strcmp(member, "JobRemoved"));
	fake.handler = handler;
	fake.arg = arg;
	*ret = NULL;
	return 0;
}

static int fake_process(struct sd_bus *b, struct sd_bus_message **ret)
{
	(void)b;
	(void)ret;
	if (fake.signals == 4 || !fake.jobs[fake.signals])
		return -ECONNRESET;
	fake.handler(NULL, fake.arg, NULL);
	fake.signals++;
	return 1;
}

static int fake_wait(struct sd_bus *b, uint64_t usec)
{
	(void)b;
	(void)usec;
	return -ECONNRESET;
}

static struct sd_bus_slot *fake_slot_unref(struct sd_bus_slot *slot)
{
	return slot;
}

static struct sd_bus_message *fake_message_unref(struct sd_bus_message *m)
{
	return m;
}

static void fake_error_free(struct sd_bus_error *error)
{
	*error = (struct sd_bus_error){0};
}

static int fake_property(struct sd_bus *b, const char *to, const char *path, const char *interface,
	const char *member, struct sd_bus_error *error, char **ret)
{
	(void)b;
	(void)to;
	(void)path;
	(void)interface;
	(void)error;
	*ret = strdup(!strcmp(member, "Version") ? "v252.39-1~deb12u1" : "/");
	return *ret ? 0 : -ENOMEM;
}

static struct bus bus = {
	.lib = {.message_new_method_call = fake_new,
		.message_append = fake_append,
		.message_append_array = fake_append_array,
		.message_open_container = fake_open,
		.message_close_container = fake_close,
		.message_read = fake_read,
		.message_unref = fake_message_unref,
		.call = fake_call,
		.match_signal = fake_match,
		.slot_unref = fake_slot_unref,
		.process = fake_process,
		.wait = fake_wait,
		.error_free = fake_error_free,
		.get_property_string = fake_property},
};

static void begin(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.jobs[0] = "/job/1";
	fake.results[0] = "done";
	str_done(&said);
}

/* --- tests --------------------------------------------------------------------------------------- */

static const char *properties[] = {"Description=s:a: b=c", "Delegate=b:true", "MemoryMax=t:5",
	"KillSignal=i:37", "AllowedCPUs=ay:0702", "After=as:a.service b.service", "Before=as:"};
static const struct texts all = {properties, ARRAY_LEN(properties)}, none;

static void a_unit_is_told_with_its_properties(void)
{
	begin();
	is_int(bus_start(&bus, "x.scope", &all, 42, &err), 0);
	is_text(str_text(&said),
		"StartTransientUnit(x.scope replace a{(sv): "
		"r{sv: Description v{s: a: b=c }}r{sv: Delegate v{b: 1 }}"
		"r{sv: MemoryMax v{t: 5 }}r{sv: KillSignal v{i: 37 }}"
		"r{sv: AllowedCPUs v{ay: 0702 }}"
		"r{sv: After v{as: a{s: a.service b.service }}}r{sv: Before v{as: a{s: }}}"
		"PIDs <au> 1 42 }0 )");
}

static void devices_are_named_as_systemd_does(void)
{
	const char *v[] = {"DeviceAllow=a(ss):c:1:3:rwm c:*:*:m b:*:*:m c:1:*:r b:8:1:w c:511:*:r"};
	const struct texts l = {v, 1};

	begin();
	is_int(bus_set(&bus, "x.scope", &l, &err), 0);
	is_text(str_text(&said),
		"SetUnitProperties(x.scope 1 a{(sv): r{sv: DeviceAllow v{a(ss): a{(ss): "
		"/dev/char/1:3 rwm char-* m block-* m char-mem r /dev/block/8:1 w }}}})");
}

static void properties_without_sense_are_errors(void)
{
	static const char *const bad[] = {
		"", "X", "X=t", "X=t:", "X=t:a", "X=toolongatype:1", "DeviceAllow=a(ss):c:1"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct texts l = {(const char **)&bad[i], 1};

		begin();
		ok(bus_set(&bus, "x.scope", &l, &err) < 0);
		is_int(fake.calls, 0);
	}
}

/* Other jobs end meanwhile; and not every job ends well. */
static void the_job_is_waited_for(void)
{
	begin();
	fake.jobs[0] = "/job/2";
	fake.results[0] = "failed";
	fake.jobs[1] = "/job/1";
	fake.results[1] = "done";
	is_int(bus_start(&bus, "x.scope", &none, 0, &err), 0);
	is_int(fake.signals, 2);
	begin();
	fake.results[0] = "timeout";
	is_int(bus_start(&bus, "x.scope", &none, 0, &err), -EIO);
	has_text(err.text, "'timeout'");
	begin();
	fake.jobs[0] = NULL;
	is_int(bus_start(&bus, "x.scope", &none, 0, &err), -ECONNRESET);
}

/* What failed before is forgotten once; what is there still is another's. */
static void a_unit_that_is_there(void)
{
	begin();
	fake.error[0] = IS_THERE;
	is_int(bus_start(&bus, "x.scope", &none, 0, &err), 0);
	is_text(str_text(&said),
		"StartTransientUnit(x.scope replace a{(sv): }0 ); ResetFailedUnit(x.scope ); "
		"StartTransientUnit(x.scope replace a{(sv): }0 )");
	begin();
	fake.error[0] = fake.error[2] = IS_THERE;
	is_int(bus_start(&bus, "x.scope", &none, 0, &err), -EBADR);
	has_text(err.text, "'x.scope': no such thing");
	is_int(fake.calls, 3);
}

static void stopping(void)
{
	begin();
	is_int(bus_stop(&bus, "x.scope", &err), 0);
	is_text(str_text(&said), "StopUnit(x.scope replace ); ResetFailedUnit(x.scope )");
	begin();
	fake.error[0] = NO_UNIT;
	fake.error[1] = NO_UNIT;
	is_int(bus_stop(&bus, "x.scope", &err), 0);
	begin();
	fake.error[0] = "org.freedesktop.DBus.Error.AccessDenied";
	is_int(bus_stop(&bus, "x.scope", &err), -EBADR);
	has_text(err.text, "stop the unit 'x.scope': no such thing");
}

static void joining(void)
{
	begin();
	is_int(bus_join(&bus, "x.scope", "/a", 42, &err), 0);
	is_text(str_text(&said), "AttachProcessesToUnit(x.scope /a 1 42 )");
}

static void probing(void)
{
	const char *cgroup;
	uint32_t version;

	is_int(bus_probe(&bus, &pool, &version, &cgroup, &err), 0);
	is_int(version, 252);
	is_text(cgroup, "");
}

int main(void)
{
	run(a_unit_is_told_with_its_properties);
	run(devices_are_named_as_systemd_does);
	run(properties_without_sense_are_errors);
	run(the_job_is_waited_for);
	run(a_unit_that_is_there);
	run(stopping);
	run(joining);
	run(probing);
	str_done(&said);
	pool_done(&pool);
	return tap_done();
}
