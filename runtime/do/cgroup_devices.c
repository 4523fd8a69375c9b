/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "cgroup.h"

/* A rule as the plan writes it: "deny c 10:200 rwm", "*" for any number, a for all types. */
struct rule {
	bool allow;
	char type;
	int64_t major, minor; /* -1: any */
	uint32_t access; /* BPF_DEVCG_ACC_… */
};

static const char *read_number(const char *s, int64_t *ret)
{
	size_t n = strspn(s, "0123456789");
	uint64_t v = 0;

	*ret = -1;
	if (*s == '*')
		return s + 1;
	if (fmt_u64(s, n, &v) < 0)
		return NULL;
	*ret = (int64_t)v;
	return s + n;
}

static int read_rule(const char *text, struct rule *r, struct err *e)
{
	const char *s = strchr(text, ' ');

	*r = (struct rule){.allow = text[0] == 'a'};
	if (!s || !s[1] || s[2] != ' ')
		return err_set(e, EINVAL, "'%s' is no device rule", text);
	r->type = s[1];
	s = read_number(s + 3, &r->major);
	s = s && *s == ':' ? read_number(s + 1, &r->minor) : NULL;
	if (!s || *s != ' ')
		return err_set(e, EINVAL, "'%s' is no device rule", text);
	for (s++; *s; s++)
		r->access |= *s == 'r'	 ? BPF_DEVCG_ACC_READ
			     : *s == 'w' ? BPF_DEVCG_ACC_WRITE
					 : BPF_DEVCG_ACC_MKNOD;
	return 0;
}

/* --- v1 ---------------------------------------------------------------------------------------- */

/*
 * A v1 cgroup has one answer for all devices and a list of exceptions from it. What is written to its files
 * changes the list, and does nothing, without a word, where an exception would have to be cut in two. So
 * the list is made up here, and rules that no list can express are refused.
 */
struct list_v1 {
	bool allow; /* what is no exception */
	struct rule *v; /* exceptions */
	size_t n;
};

static bool same(int64_t a, int64_t b)
{
	return a < 0 || b < 0 || a == b;
}

static bool overlap(const struct rule *a, const struct rule *b)
{
	return a->type == b->type && same(a->major, b->major) && same(a->minor, b->minor) &&
	       a->access & b->access;
}

static bool covers(const struct rule *a, const struct rule *b)
{
	return (a->major < 0 || a->major == b->major) && (a->minor < 0 || a->minor == b->minor);
}

static int take_rule(struct list_v1 *l, const struct rule *r, const char *text, struct err *e)
{
	if (r->type == 'a') {
		l->allow = r->allow;
		l->n = 0;
	} else if (r->allow != l->allow) {
		l->v[l->n++] = *r;
		return 0;
	}
	for (size_t i = 0; i < l->n; i++) {
		if (!overlap(&l->v[i], r))
			continue;
		if (!covers(r, &l->v[i])) {
			err_set(e, ENOTSUP, "'%s' is for a part of what an earlier rule is for",
				text);
			return err_fix(e, "cgroup v1 cannot do that: name the devices one by one");
		}
		l->v[i].access &= ~r->access;
	}
	return 0;
}

static int write_v1(int dir, bool allow, const char *text, struct err *e)
{
	int r = fd_write_text(dir, allow ? "devices.allow" : "devices.deny", text, e);

	return r == -EPERM && allow ? err_fix(e, "the cgroup above does not allow this device") : r;
}

static const char *number(char buf[static 24], int64_t n)
{
	fmt_put(buf, 24, n < 0 ? "*" : "%lld", (long long)n);
	return buf;
}

static int write_exception(int dir, bool allow, const struct rule *r, struct err *e)
{
	char text[64], major[24], minor[24];

	if (!r->access)
		return 0;
	fmt_put(text, sizeof(text), "%c %s:%s %s%s%s", r->type, number(major, r->major),
		number(minor, r->minor), r->access & BPF_DEVCG_ACC_READ ? "r" : "",
		r->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
		r->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
	return write_v1(dir, allow, text, e);
}

static int make_list(
	const struct step_cgroup_devices *s, struct pool *pool, struct list_v1 *l, struct err *e)
{
	struct rule r;

	*l = (struct list_v1){.allow = true, .v = pool_array(pool, s->rules.n, sizeof(*l->v))};
	if (!l->v)
		return err_memory(e);
	list_each (i, s->rules) {
		TRY(read_rule(s->rules.v[i], &r, e));
		TRY(take_rule(l, &r, s->rules.v[i], e));
	}
	return 0;
}

static int set_v1(int dir, const struct step_cgroup_devices *s, struct err *e)
{
	own_pool struct pool pool = {0};
	struct list_v1 l;

	TRY(make_list(s, &pool, &l, e));
	TRY(write_v1(dir, l.allow, "a", e));
	for (size_t i = 0; i < l.n; i++)
		TRY(write_exception(dir, !l.allow, &l.v[i], e));
	return 0;
}

/* What the new list has of the accesses that an old exception allows. */
static uint32_t still_allowed(const struct list_v1 *l, const struct rule *old)
{
	uint32_t access = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct rule *r = &l->v[i];

		if (r->type == old->type && r->major == old->major && r->minor == old->minor)
			access |= r->access;
	}
	return access;
}

/* Lists of what is allowed: the new ones are added before the old ones are taken away. */
static int change_list(int dir, const struct list_v1 *l, const char *now, struct err *e)
{
	char line[80];
	struct rule old;

	for (size_t i = 0; i < l->n; i++)
		TRY(write_exception(dir, true, &l->v[i], e));
	for (; *now; now += strcspn(now, "\n"), now += *now == '\n') {
		fmt_put(line, sizeof(line), "allow %.*s", (int)strcspn(now, "\n"), now);
		TRY(read_rule(line, &old, e));
		old.access &= ~still_allowed(l, &old);
		TRY(write_exception(dir, false, &old, e));
	}
	return 0;
}

static int update_v1(int dir, const struct step_cgroup_devices *s, struct err *e)
{
	own_pool struct pool pool = {0};
	struct bytes now;
	struct list_v1 l;

	TRY(make_list(s, &pool, &l, e));
	TRY(fd_read_file(dir, "devices.list", 1 << 20, &pool, &now, e));
	/* A cgroup that allows all, now or then, shows no list that could be changed. */
	if (l.allow || now.data[0] == 'a')
		return set_v1(dir, s, e);
	return change_list(dir, &l, now.data, e);
}

/* --- v2 ---------------------------------------------------------------------------------------- */

enum { INSNS_MOST = 4096 };

struct program {
	struct bpf_insn v[INSNS_MOST];
	size_t n;
};

static void emit(
	struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	if (p->n < INSNS_MOST)
		p->v[p->n++] = (struct bpf_insn){code, dst, src, off, imm};
}

static void emit_return(struct program *p, int32_t value)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

enum { PENDING = BPF_REG_6, TYPE = BPF_REG_2, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

/* Loads the fields of struct bpf_cgroup_dev_ctx. */
static void emit_begin(struct program *p)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, TYPE, BPF_REG_1, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, PENDING, TYPE, 0, 0);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, PENDING, 0, 0, 16);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, MAJOR, BPF_REG_1, 4, 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, MINOR, BPF_REG_1, 8, 0);
}

/*
 * The last rule that speaks of an access decides it. So the rules are tried from the last to the first
 * with the accesses that nobody has decided yet: a rule that denies one of them ends it, one that
 * allows takes its own away, and when none is left all were allowed.
 */
static void emit_rule(struct program *p, const struct rule *r)
{
	size_t first = p->n;

	if (r->type != 'a')
		emit(p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0,
			r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major >= 0)
		emit(p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, 0, (int32_t)r->major);
	if (r->minor >= 0)
		emit(p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, 0, (int32_t)r->minor);
	if (r->allow) {
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, PENDING, 0, 0, (int32_t)~r->access);
		emit(p, BPF_JMP | BPF_JNE | BPF_K, PENDING, 0, 2, 0);
		emit_return(p, 1);
	} else {
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_7, PENDING, 0, 0);
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_7, 0, 0, (int32_t)r->access);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_7, 0, 2, 0);
		emit_return(p, 0);
	}
	/* What does not match goes on with the next rule. */
	for (size_t i = first;
		i < p->n && p->v[i].off == 0 && p->v[i].code == (BPF_JMP | BPF_JNE | BPF_K); i++)
		p->v[i].off = (int16_t)(p->n - i - 1);
}

static int load_and_attach(int dir, const struct program *p, struct err *e)
{
	union bpf_attr load = {0}, attach = {0};
	own_fd int fd = -1;

	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.insns = (uint64_t)(uintptr_t)p->v;
	load.insn_cnt = (uint32_t)p->n;
	load.license = (uint64_t)(uintptr_t) "Apache-2.0";
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (fd < 0) {
		err_sys(e, errno, "load the BPF program of the device rules");
		return err_fix(e, "it needs CAP_BPF or CAP_SYS_ADMIN, and before Linux 5.11 a high "
				  "RLIMIT_MEMLOCK");
	}
	attach.target_fd = (uint32_t)dir;
	attach.attach_bpf_fd = (uint32_t)fd;
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
		return err_sys(e, errno, "attach the BPF program of the device rules");
	return 0;
}

static int set_v2(int dir, const struct step_cgroup_devices *s, struct err *e)
{
	struct program p = {.n = 0};
	struct rule r;

	emit_begin(&p);
	for (size_t i = s->rules.n; i-- > 0;) {
		TRY(read_rule(s->rules.v[i], &r, e));
		emit_rule(&p, &r);
	}
	emit_return(&p, 0);
	if (p.n == INSNS_MOST)
		return err_set(e, E2BIG, "too many device rules");
	return load_and_attach(dir, &p, e);
}

enum { PROGRAMS_MOST = 64 };

static int list_programs(int dir, uint32_t ids[static PROGRAMS_MOST], struct err *e)
{
	union bpf_attr query = {0};

	query.query.target_fd = (uint32_t)dir;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	query.query.prog_ids = (uint64_t)(uintptr_t)ids;
	query.query.prog_cnt = PROGRAMS_MOST;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) < 0)
		return err_sys(e, errno, "list the BPF programs of the device rules");
	return (int)query.query.prog_cnt;
}

static int detach(int dir, uint32_t id, struct err *e)
{
	union bpf_attr open = {0}, attr = {0};
	own_fd int fd = -1;

	open.prog_id = id;
	fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &open, sizeof(open));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (fd < 0 || syscall(SYS_bpf, BPF_PROG_DETACH, &attr, sizeof(attr)) < 0)
		return err_sys(e, errno, "detach the BPF program of the old device rules");
	return 0;
}

/* Meanwhile both hold: an access needs the word of all programs. */
static int update_v2(int dir, const struct step_cgroup_devices *s, struct err *e)
{
	uint32_t old[PROGRAMS_MOST];
	int n = list_programs(dir, old, e);

	TRY(n);
	TRY(set_v2(dir, s, e));
	for (int i = 0; i < n; i++)
		TRY(detach(dir, old[i], e));
	return 0;
}

int cgroup_devices_update(int dir, const struct step_cgroup_devices *s, struct err *e)
{
	int r = s->v2 ? update_v2(dir, s, e) : update_v1(dir, s, e);

	return r < 0 ? err_add(e, "device rules") : 0;
}

int cgroup_devices(int dir, const struct step_cgroup_devices *s, struct err *e)
{
	int r = s->v2 ? set_v2(dir, s, e) : set_v1(dir, s, e);

	if (s->optional && (r == -EPERM || r == -EACCES))
		return 0;
	return r < 0 ? err_add(e, "device rules") : 0;
}
