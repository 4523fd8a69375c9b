/* SPDX-License-Identifier: Apache-2.0 */
#include "rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"

/* --- lines of schemata: "L3:0=ff;1=f0" ----------------------------------------------------------- */

/* A part of a text. */
struct part {
	const char *s;
	size_t n;
};

/* Cuts off what stands before the separator, without blanks around it. */
static struct part cut(const char **text, const char *separator)
{
	const char *s = *text + strspn(*text, " \t");
	size_t n = strcspn(s, separator), whole = n;

	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	*text = s + whole + (s[whole] != '\0');
	return (struct part){s, n};
}

static bool same(struct part a, struct part b)
{
	return a.n == b.n && !strncasecmp(a.s, b.s, a.n);
}

/* "0ff" is "ff". */
static struct part without_zeros(struct part p)
{
	while (p.n > 1 && *p.s == '0') {
		p.s++;
		p.n--;
	}
	return p;
}

/* Whether the line's value for a domain ("0=ff") is among these. */
static bool has_value(const char *values, const char *end, struct part domain, struct part value)
{
	while (values < end) {
		struct part d = cut(&values, "=\n"), v = cut(&values, ";\n");

		if (same(d, domain))
			return same(without_zeros(v), without_zeros(value));
	}
	return false;
}

/* Where the values of a resource ("L3") begin in the file, or NULL. */
static const char *find_resource(const char *have, struct part resource)
{
	while (*have) {
		const char *line = have;
		struct part r = cut(&line, ":\n");

		if (same(r, resource))
			return line;
		have = strchrnul(have, '\n');
		have += *have == '\n';
	}
	return NULL;
}

/* Whether the file says all that the lines do. */
static bool says(const char *have, const char *want)
{
	while (*want) {
		const char *end = strchrnul(want, '\n'), *values;
		struct part resource = cut(&want, ":\n");

		values = find_resource(have, resource);
		if (!values)
			return false;
		while (want < end) {
			struct part d = cut(&want, "=\n"), v = cut(&want, ";\n");

			if (!has_value(values, strchrnul(values, '\n'), d, v))
				return false;
		}
		want = end + (*end == '\n');
	}
	return true;
}

/* --- groups -------------------------------------------------------------------------------------- */

/* The kernel says there what was wrong with the last write. */
static int explain_write(const char *mount, struct err *e)
{
	char path[PATH_MAX], text[256];

	fmt_put(path, sizeof(path), "%s/info/last_cmd_status", mount);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) <= 0 || !strncmp(text, "ok", 2))
		return -e->code;
	text[strcspn(text, "\n")] = '\0';
	return err_fix(e, "the kernel says: %s", text);
}

static int write_lines(int dir, const struct step_rdt *s, struct err *e)
{
	if (fd_write_text(dir, "schemata", s->schemata, e) >= 0)
		return 0;
	err_add(e, "give the resctrl group its schemata");
	return explain_write(s->mount, e);
}

static int compare_lines(int dir, const struct step_rdt *s, struct err *e)
{
	char have[4096];
	ssize_t n = fd_read_small(dir, "schemata", have, sizeof(have));

	if (n < 0)
		return err_sys(e, (int)-n, "read the schemata of the resctrl group");
	if (says(have, s->schemata))
		return 0;
	err_set(e, EEXIST, "the resctrl group '%s' is there and has other schemata",
		*s->group ? s->group + 1 : "/");
	return err_fix(e, "name another group, or ask for what it has");
}

/* 1: it is new. */
static int make_group(const char *path, const struct step_rdt *s, struct err *e)
{
	const char *name = *s->group ? s->group + 1 : "/";
	struct stat st;

	if (!*s->group)
		return 0;
	if (!s->own && !s->schemata) {
		if (!stat(path, &st) && S_ISDIR(st.st_mode))
			return 0;
		err_set(e, ENOENT, "there is no resctrl group '%s'", name);
		return err_fix(e, "make it, or say what its schemata are to be");
	}
	if (!mkdirat(AT_FDCWD, path, 0755))
		return 1;
	if (errno == EEXIST && !s->own)
		return 0;
	if (errno == ENOSPC)
		return err_set(e, ENOSPC,
			"make the resctrl group '%s': the CPU has no class of "
			"service left",
			name);
	return err_sys(e, errno, "make the resctrl group '%s'", name);
}

static int make_monitor(const char *group, const struct step_rdt *s, struct err *e)
{
	char path[PATH_MAX];

	fmt_put(path, sizeof(path), "%s/mon_groups/%s", group, s->monitor);
	if (!mkdirat(AT_FDCWD, path, 0755))
		return 0;
	err_sys(e, errno, "make the monitoring group '%s'", s->monitor);
	return e && e->code == ENOENT ? err_fix(e, "the CPU cannot monitor groups") : -e->code;
}

int rdt_make(const struct step_rdt *s, unsigned *ret_made, struct err *e)
{
	char path[PATH_MAX];
	own_fd int dir = -1;
	int made;

	*ret_made = 0;
	if (fmt_put(path, sizeof(path), "%s%s", s->mount, s->group) >= sizeof(path))
		return err_sys(e, ENAMETOOLONG, "resctrl group");
	made = make_group(path, s, e);
	TRY(made);
	*ret_made = made ? RDT_MADE_GROUP : 0;
	dir = fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
	TRY(dir);
	if (s->schemata)
		TRY(made ? write_lines(dir, s, e) : compare_lines(dir, s, e));
	if (!s->monitor)
		return 0;
	TRY(make_monitor(path, s, e));
	*ret_made |= RDT_MADE_MONITOR;
	return 0;
}

int rdt_change(const char *mount, const char *path, const char *lines, char *old, size_t size,
	struct err *e)
{
	const struct step_rdt s = {.mount = mount, .schemata = lines};
	own_fd int dir = fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
	ssize_t n;

	TRY(dir);
	n = old ? fd_read_small(dir, "schemata", old, size) : 0;
	if (n < 0)
		return err_sys(e, (int)-n, "read the schemata of the resctrl group");
	return write_lines(dir, &s, e);
}

int rdt_remove(const char *dir, struct err *e)
{
	if (unlinkat(AT_FDCWD, dir, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove the resctrl group '%s'", dir);
	return 0;
}

int rdt_unmake(const struct step_rdt *s, unsigned made, struct err *e)
{
	char path[PATH_MAX];

	fmt_put(path, sizeof(path), "%s%s/mon_groups/%s", s->mount, s->group,
		s->monitor ? s->monitor : "");
	if (made & RDT_MADE_MONITOR)
		TRY(rdt_remove(path, e));
	fmt_put(path, sizeof(path), "%s%s", s->mount, s->group);
	return made & RDT_MADE_GROUP && s->own ? rdt_remove(path, e) : 0;
}

int rdt_enter(pid_t pid, const struct step_rdt_enter *s, struct err *e)
{
	char path[PATH_MAX], number[16];

	fmt_put(number, sizeof(number), "%d", (int)pid);
	list_each (i, s->groups) {
		int r;

		fmt_put(path, sizeof(path), "%s/tasks", s->groups.v[i]);
		r = fd_write_text(AT_FDCWD, path, number, e);
		if (r < 0 && !(r == -ENOENT && s->optional))
			return err_add(e, "enter the resctrl group '%s'", s->groups.v[i]);
	}
	return 0;
}
