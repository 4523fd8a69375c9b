/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_devices: the BPF program of device rules, run here by a small interpreter over many rules and
 * devices, against the rule in one sentence: of each access the last rule that speaks of it decides,
 * and what no rule speaks of is denied. And the kernel's verifier takes it, where there is BPF.
 */
#include <stdlib.h>

/* The functions are static, so the file itself is here. */
#include "../../runtime/do/cgroup_devices.c"
#include "tap.h"

static struct err err;

/* --- the interpreter ---------------------------------------------------------------------------- */

struct device {
	char type;
	uint32_t major, minor, access;
};

/* What the kernel hands to the program (struct bpf_cgroup_dev_ctx). */
static uint32_t load_word(const struct device *d, int16_t off)
{
	uint32_t type = d->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

	return off == 0 ? d->access << 16 | type : off == 4 ? d->major : d->minor;
}

/* 0 or 1; -1 when the program is not a proper one. */
static int interpret(const struct program *p, const struct device *d)
{
	uint64_t r[11] = {0};
	bool set[11] = {[1] = true};

	for (size_t at = 0; at < p->n; at++) {
		const struct bpf_insn *i = &p->v[at];
		uint64_t k = (uint64_t)(int64_t)i->imm;

		if (i->code == (BPF_JMP | BPF_EXIT))
			return set[0] && r[0] < 2 ? (int)r[0] : -1;
		if (i->code == (BPF_LDX | BPF_MEM | BPF_W)) {
			if (i->src_reg != 1)
				return -1;
			r[i->dst_reg] = load_word(d, i->off);
		} else if (i->code == (BPF_ALU64 | BPF_MOV | BPF_X)) {
			if (!set[i->src_reg])
				return -1;
			r[i->dst_reg] = r[i->src_reg];
		} else if (i->code == (BPF_ALU64 | BPF_MOV | BPF_K)) {
			r[i->dst_reg] = k;
		} else if (!set[i->dst_reg]) {
			return -1;
		} else if (i->code == (BPF_ALU64 | BPF_AND | BPF_K)) {
			r[i->dst_reg] &= k;
		} else if (i->code == (BPF_ALU64 | BPF_RSH | BPF_K)) {
			r[i->dst_reg] >>= k;
		} else if (i->code == (BPF_JMP | BPF_JNE | BPF_K) ||
			   i->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			bool equal = r[i->dst_reg] == k;

			if (i->off < 0)
				return -1; /* a loop */
			if (equal == (i->code == (BPF_JMP | BPF_JEQ | BPF_K)))
				at += (size_t)i->off;
			continue;
		} else {
			return -1;
		}
		set[i->dst_reg] = true;
	}
	return -1; /* fell off the end */
}

static bool assemble(const struct texts *rules, struct program *p)
{
	struct rule r;

	p->n = 0;
	emit_begin(p);
	for (size_t i = rules->n; i-- > 0;) {
		if (read_rule(rules->v[i], &r, &err) < 0)
			return false;
		emit_rule(p, &r);
	}
	emit_return(p, 0);
	return p->n < INSNS_MOST;
}

/* --- the sentence ------------------------------------------------------------------------------- */

static bool speaks_of(const struct rule *r, const struct device *d, uint32_t access)
{
	return (r->type == 'a' || r->type == d->type) &&
	       (r->major < 0 || r->major == (int64_t)d->major) &&
	       (r->minor < 0 || r->minor == (int64_t)d->minor) && (r->access & access);
}

static int expected(const struct texts *rules, const struct device *d)
{
	for (uint32_t bit = 1; bit <= 4; bit <<= 1) {
		bool allowed = false;
		struct rule r;

		if (!(d->access & bit))
			continue;
		list_each (i, *rules) {
			(void)read_rule(rules->v[i], &r, &err); /* assemble has read it */
			if (speaks_of(&r, d, bit))
				allowed = r.allow;
		}
		if (!allowed)
			return 0;
	}
	return 1;
}

/* --- rules and devices --------------------------------------------------------------------------- */

static const char *const default_rules[] = {"deny a *:* rwm", "allow c *:* m", "allow b *:* m",
	"allow c 1:3 rwm", "allow c 1:5 rwm", "allow c 5:0 rwm", "allow c 136:* rwm"};

static void check_all_devices(const struct texts *rules, const char *what)
{
	static const uint32_t numbers[] = {0, 1, 2, 3, 5, 8, 10, 136, 229, 4095, 1048575};
	static struct program p;

	if (!tap_check(assemble(rules, &p), TAP_HERE, "%s: %s", what, err.text))
		return;
	for (int type = 0; type < 2; type++)
		for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
			for (size_t j = 0; j < ARRAY_LEN(numbers); j++)
				for (uint32_t access = 1; access < 8; access++) {
					const struct device d = {
						type ? 'b' : 'c', numbers[i], numbers[j], access};

					tap_check(interpret(&p, &d) == expected(rules, &d),
						TAP_HERE, "%s: %c %u:%u access %u is %d", what,
						d.type, d.major, d.minor, access,
						interpret(&p, &d));
				}
}

static void the_usual_rules(void)
{
	const struct texts rules = {(const char **)default_rules, ARRAY_LEN(default_rules)};
	const struct device null = {'c', 1, 3, 7}, kmem = {'c', 1, 2, BPF_DEVCG_ACC_READ},
			    make_kmem = {'c', 1, 2, BPF_DEVCG_ACC_MKNOD}, disk = {'b', 8, 0, 6};
	static struct program p;

	ok(assemble(&rules, &p));
	is_int(interpret(&p, &null), 1);
	is_int(interpret(&p, &kmem), 0);
	is_int(interpret(&p, &make_kmem), 1);
	is_int(interpret(&p, &disk), 0);
	check_all_devices(&rules, "the usual rules");
}

static void no_rule_denies_all(void)
{
	check_all_devices(&(struct texts){0}, "no rule");
}

static void a_later_rule_overrides(void)
{
	const char *lists[][4] = {
		{"allow a *:* rwm", "deny c 1:3 w", "allow c 1:* w"},
		{"deny a *:* rwm", "allow a *:* rwm", "deny b *:* rwm"},
		{"allow c 1:3 r", "allow c 1:3 w", "allow c 1:3 m"},
		{"allow a *:* rwm", "deny c *:3 r", "deny c 1:* w", "allow c 1:3 r"},
		{"deny c *:* m", "allow c *:* rw"},
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct texts rules = {lists[i], 0};

		while (rules.n < 4 && lists[i][rules.n])
			rules.n++;
		check_all_devices(&rules, lists[i][0]);
	}
}

/* Any list of rules over few numbers, so that they meet. */
static void random_rules(void)
{
	static const char *const numbers[] = {"*", "1", "3", "8", "1048575"};
	static const char *const accesses[] = {"r", "w", "m", "rw", "rm", "wm", "rwm"};
	static char texts[16][48];
	const char *list[16];
	char what[32];

	srand(7);
	for (int round = 0; round < 60; round++) {
		struct texts rules = {list, (size_t)(rand() % 16)};

		for (size_t i = 0; i < rules.n; i++) {
			char type = "abc"[rand() % 3];

			fmt_put(texts[i], sizeof(texts[i]), "%s %c %s:%s %s",
				rand() % 2 ? "allow" : "deny", type,
				type == 'a' ? "*" : numbers[rand() % 5],
				type == 'a' ? "*" : numbers[rand() % 5],
				type == 'a' ? "rwm" : accesses[rand() % 7]);
			list[i] = texts[i];
		}
		fmt_put(what, sizeof(what), "round %d", round);
		check_all_devices(&rules, what);
	}
}

static void bad_rules_are_refused(void)
{
	static const char *const bad[] = {"", "allow", "allow ", "allow c", "allow c ", "allow c 1",
		"allow c 1:", "allow c 1:3", "allow c x:3 r", "allow c :3 r", "allow c 1:3r",
		"allow cc 1:3 r", "allow c 18446744073709551616:3 r"};
	struct rule r;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		tap_check(read_rule(bad[i], &r, &err) < 0, TAP_HERE, "'%s' is taken", bad[i]);
}

static void too_many_rules_are_an_error(void)
{
	enum { MANY = 2000 };
	static const char *list[MANY];
	const struct step_cgroup_devices step = {.rules = {list, MANY}, .v2 = true};

	for (size_t i = 0; i < MANY; i++)
		list[i] = "allow c 1:3 rwm";
	is_int(cgroup_devices(-1, &step, &err), -E2BIG);
	has_text(err.text, "too many device rules");
	is_int(cgroup_devices(-1, &(struct step_cgroup_devices){.rules = {list, 2}}, &err), -EBADF);
}

/* The verifier: whatever the rules, the program is one. */
static void the_kernel_takes_the_program(void)
{
	const char *lists[][3] = {{"allow a *:* rwm"}, {"deny a *:* rwm"},
		{"deny a *:* rwm", "allow c 1:3 rwm"},
		{"allow c 1:* r", "deny b *:3 m", "allow a *:* rwm"}};
	const struct texts usual = {(const char **)default_rules, ARRAY_LEN(default_rules)};
	static struct program p;

	for (size_t i = 0; i <= ARRAY_LEN(lists); i++) {
		struct texts rules = i < ARRAY_LEN(lists) ? (struct texts){lists[i], 0} : usual;
		int r;

		while (i < ARRAY_LEN(lists) && rules.n < 3 && lists[i][rules.n])
			rules.n++;
		ok(assemble(&rules, &p));
		/* It is loaded, and then not attached: no cgroup is meant. */
		r = load_and_attach(-1, &p, &err);
		if (strstr(err.text, "load the BPF") && (r == -EPERM || r == -ENOSYS)) {
			printf("# no BPF here: %s\n", err.text);
			return;
		}
		tap_check(strstr(err.text, "attach the BPF"), TAP_HERE, "%zu: %s", i, err.text);
	}
}

int main(void)
{
	run(the_usual_rules);
	run(no_rule_denies_all);
	run(a_later_rule_overrides);
	run(random_rules);
	run(bad_rules_are_refused);
	run(too_many_rules_are_an_error);
	run(the_kernel_takes_the_program);
	return tap_done();
}
