/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "base/own.h"

/* systemd's longest name of a unit. */
enum { NAME_MOST = 255 };

/* --- names --------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\";

/* What may not stand in a name becomes \xNN, as systemd-escape writes it. */
static const char *escape(const char *text, struct pool *pool)
{
	char *out = pool_alloc(pool, strlen(text) * 4 + 1), *to = out;

	for (; out && *text; text++) {
		if (strchr(good, *text))
			*to++ = *text;
		else
			to += fmt_put(to, 5, "\\x%02x", (unsigned)(unsigned char)*text);
	}
	return out;
}

/*
 * The names of files in a cgroup are not free for cgroups below it: systemd puts a '_' in front of what
 * could be one.
 */
static const char *file_prefix(const char *name)
{
	static const char *const taken[] = {"cgroup", "cpu", "cpuacct", "cpuset", "io", "blkio",
		"memory", "devices", "pids", "bpf-firewall", "bpf-devices", "bpf-foreign",
		"bpf-socket-bind", "bpf-restrict-network-interfaces"};

	if (*name == '_' || *name == '.')
		return "_";
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		size_t n = strlen(taken[i]);

		if (!strncmp(name, taken[i], n) && name[n] == '.')
			return "_";
	}
	return "";
}

/* The directory NAME below path; NULL without memory. */
static const char *below(const char *path, const char *name, struct pool *pool)
{
	return path && name ? pool_printf(pool, "%s/%s%s", path, file_prefix(name), name) : NULL;
}

static int check_slice(const char *slice, struct err *e)
{
	size_t n = strlen(slice);

	if (!strcmp(slice, "-.slice"))
		return 0;
	if (n > NAME_MOST || n <= 6 || !ends_with(slice, ".slice") || *slice == '-' ||
		slice[n - 7] == '-' || strstr(slice, "--") || slice[strspn(slice, good)])
		return err_set(
			e, EINVAL, "'%.300s' is no name of a slice, such as system.slice", slice);
	return 0;
}

/* "a-b.slice" is "/a.slice/a-b.slice": each '-' is a level. */
static const char *slice_path(const char *slice, struct pool *pool)
{
	const char *path = "";

	if (!strcmp(slice, "-.slice"))
		return path;
	for (const char *s = slice; (s = strchr(s, '-')); s++)
		path = below(path, pool_printf(pool, "%.*s.slice", (int)(s - slice), slice), pool);
	return below(path, slice, pool);
}

/* The three parts of a cgroupsPath. */
static int split(const char *text, struct pool *pool, char *part[3], struct err *e)
{
	char *copy = pool_text(pool, text);

	if (!copy)
		return err_memory(e);
	for (int i = 0; i < 3; i++) {
		part[i] = copy;
		copy = copy ? strchr(copy, ':') : NULL;
		if ((copy != NULL) != (i < 2)) {
			err_set(e, EINVAL, "'%.300s' is not slice:prefix:name", text);
			return err_fix(e,
				"this is what a cgroup path is for the systemd cgroup manager: "
				"change it, or use --cgroup-manager cgroupfs");
		}
		if (copy)
			*copy++ = '\0';
	}
	return *part[2] ? 0 : err_set(e, EINVAL, "'%.300s': the unit has no name", text);
}

static int name_scope(
	const char *prefix, const char *name, struct pool *pool, struct unit *u, struct err *e)
{
	prefix = escape(prefix, pool);
	name = escape(name, pool);
	if (!prefix || !name)
		return err_memory(e);
	u->name = pool_printf(pool, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	if (!u->name)
		return err_memory(e);
	if (strlen(u->name) > NAME_MOST)
		return err_set(
			e, ENAMETOOLONG, "the name of the unit '%.300s' is too long", u->name);
	u->path = below(slice_path(u->slice, pool), u->name, pool);
	return u->path ? 0 : err_memory(e);
}

int unit_make(const char *cgroups_path, const char *id, bool user, struct pool *pool,
	struct unit *ret, struct err *e)
{
	char *part[3] = {"", "jailrt", (char *)id};
	struct unit u;

	if (cgroups_path)
		TRY(split(cgroups_path, pool, part, e));
	u = (struct unit){.slice = *part[0] ? part[0] : user ? "user.slice" : "system.slice"};
	TRY(check_slice(u.slice, e));
	u.is_slice = ends_with(part[2], ".slice");
	if (u.is_slice) {
		u.name = part[2];
		TRY(check_slice(u.name, e));
		u.path = slice_path(u.name, pool);
	} else {
		TRY(name_scope(part[1], part[2], pool, &u, e));
	}
	if (!u.path)
		return err_memory(e);
	*ret = u;
	return 0;
}

/* --- properties ---------------------------------------------------------------------------------- */

const char unit_annotation[] = "org.systemd.property.";

static const struct {
	const char *name, *type; /* a D-Bus signature */
} allowed[] = {
	{"After", "as"},
	{"Before", "as"},
	{"CollectMode", "s"},
	{"DefaultDependencies", "b"},
	{"Description", "s"},
	{"Documentation", "as"},
	{"FinalKillSignal", "i"},
	{"KillSignal", "i"},
	{"ManagedOOMMemoryPressure", "s"},
	{"ManagedOOMMemoryPressureLimit", "u"},
	{"ManagedOOMSwap", "s"},
	{"OOMPolicy", "s"},
	{"RuntimeMaxUSec", "t"},
	{"RuntimeRandomizedExtraUSec", "t"},
	{"SendSIGHUP", "b"},
	{"SendSIGKILL", "b"},
	{"TimeoutStopUSec", "t"},
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* 'text' or "text", without escapes: where it ends, or NULL. */
static const char *read_quoted(const char *s, struct pool *pool, char **ret)
{
	const char *end = *s == '\'' || *s == '"' ? strchr(s + 1, *s) : NULL;

	if (!end || memchr(s, '\\', (size_t)(end - s)))
		return NULL;
	*ret = pool_copy(pool, s + 1, (size_t)(end - s - 1));
	return *ret ? end + 1 : NULL;
}

static const char *read_text(const char *s, struct pool *pool)
{
	char *text;

	s = read_quoted(s, pool, &text);
	return s && !*skip_blanks(s) ? text : NULL;
}

/* ['a', 'b']: as words with blanks between them, which none of them may hold. */
static const char *read_list(const char *s, struct pool *pool)
{
	const char *all = "";
	char *text;

	if (!strncmp(s, "@as", 3))
		s = skip_blanks(s + 3);
	if (*s != '[')
		return NULL;
	s = skip_blanks(s + 1);
	while (all && *s != ']') {
		s = read_quoted(s, pool, &text);
		if (!s || !*text || strpbrk(text, " \t\n"))
			return NULL;
		all = pool_printf(pool, "%s%s%s", all, *all ? " " : "", text);
		s = skip_blanks(s);
		if (*s == ',')
			s = skip_blanks(s + 1);
		else if (*s != ']')
			return NULL;
	}
	return *skip_blanks(s + 1) ? NULL : all;
}

/* "5", "uint64 5", and of seconds also "1.5": a number of millionths then. */
static int read_number(const char *s, bool seconds, uint64_t *ret)
{
	static const char *const types[] = {
		"byte ", "int16 ", "uint16 ", "int32 ", "uint32 ", "int64 ", "uint64 ", "double "};
	size_t n;
	uint64_t v;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!strncmp(s, types[i], strlen(types[i]))) {
			s = skip_blanks(s + strlen(types[i]));
			break;
		}
	}
	n = strspn(s, "0123456789");
	if (fmt_u64(s, n, &v) < 0 || (seconds && v > UINT64_MAX / 1000000))
		return -EINVAL;
	v *= seconds ? 1000000 : 1;
	s += n;
	if (seconds && *s == '.') {
		uint64_t unit = 100000;

		for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10) {
			if (__builtin_add_overflow(v, (uint64_t)(*s - '0') * unit, &v))
				return -EINVAL;
		}
	}
	*ret = v;
	return *skip_blanks(s) ? -EINVAL : 0;
}

static const char *read_value(const char *type, const char *s, bool seconds, struct pool *pool)
{
	uint64_t v, most = *type == 'i' ? INT32_MAX : *type == 'u' ? UINT32_MAX : UINT64_MAX;

	s = skip_blanks(s);
	if (*type == 'a')
		return read_list(s, pool);
	if (*type == 's')
		return read_text(s, pool);
	if (*type == 'b')
		return !strcmp(s, "true") || !strcmp(s, "false") ? s : NULL;
	if (read_number(s, seconds, &v) < 0 || v > most)
		return NULL;
	return pool_printf(pool, "%llu", (unsigned long long)v);
}

/* A property of microseconds can be given in seconds: TimeoutStopSec for TimeoutStopUSec. */
static bool is_named(const char *property, const char *name, bool *ret_seconds)
{
	size_t n = strlen(name);

	*ret_seconds = false;
	if (!strcmp(property, name))
		return true;
	*ret_seconds = ends_with(property, "USec") && n > 3 && ends_with(name, "Sec") &&
		       strlen(property) == n + 1 && !strncmp(property, name, n - 3);
	return *ret_seconds;
}

int unit_property(
	const char *name, const char *value, struct pool *pool, const char **ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		const char *text;
		bool seconds;

		if (!is_named(allowed[i].name, name, &seconds))
			continue;
		text = read_value(allowed[i].type, value, seconds, pool);
		if (!text)
			return err_set(e, EINVAL,
				"'%.200s' is no value of type '%s' in GVariant's text form", value,
				allowed[i].type);
		*ret = pool_printf(pool, "%s=%s:%s", allowed[i].name, allowed[i].type, text);
		return *ret ? 0 : err_memory(e);
	}
	err_set(e, EPERM, "an annotation may not set the property '%.100s'", name);
	return err_fix(e, "docs/systemd.md lists those that it may");
}

/* --- masks --------------------------------------------------------------------------------------- */

enum { MASK_BITS = 8192 };

static int read_range(const char **s, uint64_t range[2])
{
	size_t n = strspn(*s, "0123456789");

	if (fmt_u64(*s, n, &range[0]) < 0)
		return -EINVAL;
	*s += n;
	range[1] = range[0];
	if (**s == '-') {
		n = strspn(++*s, "0123456789");
		if (fmt_u64(*s, n, &range[1]) < 0)
			return -EINVAL;
		*s += n;
	}
	if (range[1] >= MASK_BITS || range[0] > range[1])
		return -ERANGE;
	return 0;
}

const char *unit_mask(const char *list, struct pool *pool)
{
	unsigned char mask[MASK_BITS / 8] = {0};
	uint64_t range[2];
	size_t bytes = 0;
	char *text;

	while (*list) {
		if (read_range(&list, range) < 0 || (*list && *list != ','))
			return NULL;
		for (uint64_t i = range[0]; i <= range[1]; i++)
			mask[i / 8] |= (unsigned char)(1u << i % 8);
		bytes = range[1] / 8 + 1 > bytes ? range[1] / 8 + 1 : bytes;
		list += *list == ',';
	}
	text = pool_alloc(pool, bytes * 2 + 1);
	for (size_t i = 0; text && i < bytes; i++)
		fmt_put(text + 2 * i, 3, "%02x", (unsigned)mask[i]);
	return text;
}
