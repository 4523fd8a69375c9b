/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafel: random policies, against an evaluator of their own that knows nothing of the compiler.
 *
 * KAFEL_POLICIES says how many (2,000), KAFEL_SEED which. Each policy is made as a tree here, written as
 * text with blanks, comments and constants by chance, compiled, and asked for the verdicts of calls whose
 * arguments lie near its numbers.
 */
#include <stdlib.h>

#include "kafel_test.h"

/* --- chance ------------------------------------------------------------------------------------ */

static uint64_t state;

static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)(draw() % n);
}

/* --- policies ---------------------------------------------------------------------------------- */

struct call_row {
	const char *name;
	uint32_t number;
	unsigned n;
	const char *args[6];
	bool wide[6];
};

/* x86-64, as tracefs tells them. */
static const struct call_row calls[] = {
	{"read", 0, 3, {"fd", "buf", "count"}, {false, true, true}},
	{"mmap", 9, 6, {"addr", "len", "prot", "flags", "fd", "off"},
		{true, true, true, true, true, true}},
	{"ioctl", 16, 3, {"fd", "cmd", "arg"}, {false, false, true}},
	{"socket", 41, 3, {"family", "type", "protocol"}, {false, false, false}},
	{"newuname", 63, 1, {"name"}, {true}},
	{"fcntl", 72, 3, {"fd", "cmd", "arg"}, {false, false, true}},
	{"openat", 257, 4, {"dfd", "filename", "flags", "mode"}, {false, true, false, false}},
};

enum op { NUMBER, ARGUMENT, BITAND, BITOR, EQ, NE, LT, LE, GT, GE, NOT, AND, OR };

struct node {
	enum op op;
	uint64_t number;
	unsigned arg;
	struct node *a, *b;
};

struct filter {
	const struct call_row *call;
	bool by_number, declared, foreign; /* foreign: ON another architecture */
	struct node *when;
};

struct block {
	struct policy *use;
	uint32_t action;
	struct filter filters[3];
	unsigned n;
};

struct policy {
	struct block blocks[5];
	unsigned n;
};

struct world {
	struct pool *pool;
	struct policy policies[3], top;
	unsigned n;
	uint32_t otherwise;
	bool has_otherwise;
	uint64_t numbers[64]; /* that occur */
	unsigned n_numbers;
	struct str text;
	struct {
		char name[8];
		uint64_t value;
	} constants[4];
	unsigned n_constants;
};

static uint64_t draw_number(struct world *w)
{
	static const uint64_t edges[] = {0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x100000001, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffff00000000, UINT64_MAX - 1, UINT64_MAX};
	uint64_t n;

	switch (below(5)) {
	case 0:
		n = below(16);
		break;
	case 1:
		n = 1ull << below(64);
		break;
	case 2:
		n = w->n_numbers ? w->numbers[below(w->n_numbers)] + below(3) - 1 : 5;
		break;
	case 3:
		n = draw() >> below(60);
		break;
	default:
		n = edges[below(ARRAY_LEN(edges))];
	}
	if (w->n_numbers < ARRAY_LEN(w->numbers))
		w->numbers[w->n_numbers++] = n;
	return n;
}

static struct node *draw_value(struct world *w, unsigned n_args, unsigned depth)
{
	struct node *x = POOL_NEW(w->pool, struct node);

	if (depth && below(3) == 0) {
		x->op = below(2) ? BITAND : BITOR;
		x->a = draw_value(w, n_args, depth - 1);
		x->b = draw_value(w, n_args, depth - 1);
	} else if (n_args && below(5) < 3) {
		x->op = ARGUMENT;
		x->arg = below(n_args);
	} else {
		x->op = NUMBER;
		x->number = draw_number(w);
	}
	return x;
}

static struct node *draw_test(struct world *w, unsigned n_args, unsigned depth)
{
	struct node *x = POOL_NEW(w->pool, struct node);
	unsigned kind = depth ? below(6) : 5;

	x->op = kind == 0 ? NOT : kind == 1 ? AND : kind == 2 ? OR : EQ + below(6);
	if (x->op >= NOT) {
		x->a = draw_test(w, n_args, depth - 1);
		x->b = x->op == NOT ? NULL : draw_test(w, n_args, depth - 1);
	} else {
		x->a = draw_value(w, n_args, 3);
		x->b = draw_value(w, n_args, 2);
	}
	return x;
}

static uint32_t draw_action(void)
{
	static const uint32_t plain[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_USER_NOTIF,
		SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS};
	static const uint32_t data[] = {SECCOMP_RET_ERRNO, SECCOMP_RET_TRAP, SECCOMP_RET_TRACE};

	return below(2) ? plain[below(ARRAY_LEN(plain))] : data[below(3)] | below(5);
}

static void draw_policy(struct world *w, struct policy *p, unsigned usable)
{
	for (p->n = 0; p->n < 1 + below(4); p->n++) {
		struct block *b = &p->blocks[p->n];

		*b = (struct block){.action = draw_action()};
		if (usable && below(3) == 0) {
			b->use = &w->policies[below(usable)];
			continue;
		}
		for (b->n = 0; b->n < below(4); b->n++) {
			struct filter *f = &b->filters[b->n];

			*f = (struct filter){.call = &calls[below(ARRAY_LEN(calls))]};
			f->by_number = below(8) == 0;
			f->declared = f->by_number || below(6) == 0;
			f->foreign = below(12) == 0;
			if (below(4))
				f->when = draw_test(w, f->call->n, below(4));
		}
	}
}

/* --- as text ----------------------------------------------------------------------------------- */

static void gap(struct world *w)
{
	static const char *const gaps[] = {" ", " ", " ", "  ", "\n", "\t", " /* c */ ", " // c\n"};

	str_add(&w->text, gaps[below(ARRAY_LEN(gaps))]);
}

static void put(struct world *w, const char *word)
{
	str_add(&w->text, word);
	gap(w);
}

static void put_number(struct world *w, uint64_t n)
{
	static const char *const forms[] = {"%llu", "0x%llx", "0x%llX", "0%llo"};

	for (unsigned i = 0; i < w->n_constants && below(2); i++) {
		if (w->constants[i].value == n) {
			put(w, w->constants[i].name);
			return;
		}
	}
	if (n > UINT64_MAX / 2 && below(2)) {
		str_addf(&w->text, "-%llu", (unsigned long long)-n);
	} else if (n && below(8) == 0) {
		str_add(&w->text, "0b");
		for (int i = 63 - __builtin_clzll(n); i >= 0; i--)
			str_addc(&w->text, '0' + (n >> i & 1));
	} else {
		unsigned form = below(n ? 4 : 2);
		char buf[40];

		snprintf(buf, sizeof(buf), forms[form], (unsigned long long)n);
		str_add(&w->text, buf);
	}
	gap(w);
}

/* How tightly it binds; a weaker one within a stronger needs parentheses. */
static unsigned strength(const struct node *x)
{
	switch (x->op) {
	case NUMBER:
	case ARGUMENT:
		return 6;
	case BITAND:
		return 5;
	case BITOR:
		return 4;
	case NOT:
		return 3;
	case AND:
		return 1;
	case OR:
		return 0;
	default:
		return 2;
	}
}

static void put_node(struct world *w, const struct filter *f, const struct node *x, unsigned need)
{
	static const char *const words[] = {[BITAND] = "&",
		[BITOR] = "|",
		[EQ] = "==",
		[NE] = "!=",
		[LT] = "<",
		[LE] = "<=",
		[GT] = ">",
		[GE] = ">=",
		[AND] = "&&"};
	bool parentheses = strength(x) < need || below(6) == 0;
	char name[8];

	if (parentheses)
		put(w, "(");
	if (x->op == NUMBER) {
		put_number(w, x->number);
	} else if (x->op == ARGUMENT) {
		fmt_put(name, sizeof(name), "own%u", x->arg);
		put(w, f->declared ? name : f->call->args[x->arg]);
	} else if (x->op == NOT) {
		put(w, "!");
		put_node(w, f, x->a, 2);
	} else {
		unsigned own = strength(x), left = own == 2 ? 4 : own;

		put_node(w, f, x->a, left);
		put(w, x->op == OR ? (below(2) ? "||" : ",") : words[x->op]);
		/* A comma binds less than "||", so what follows "||" must not be one. */
		put_node(w, f, x->b, own == 2 ? 4 : own + 1);
	}
	if (parentheses)
		put(w, ")");
}

static void put_filter(struct world *w, const struct filter *f)
{
	if (f->by_number)
		str_addf(&w->text, "SYSCALL[%u] ", f->call->number);
	else
		put(w, f->call->name);
	if (f->declared) {
		for (unsigned i = 0; i < f->call->n; i++)
			str_addf(&w->text, "%sown%u", i ? ", " : "(", i);
		put(w, ")");
	}
	if (f->foreign)
		put(w, below(2) ? "ON arm64" : "ON { I386, mips }");
	else if (below(10) == 0)
		put(w, "ON { amd64, arm }");
	if (!f->when && below(2))
		return;
	put(w, "{");
	if (f->when)
		put_node(w, f, f->when, 0);
	put(w, "}");
}

static void put_action(struct world *w, uint32_t action)
{
	char buf[32];

	action_text(action, buf);
	put(w, action == SECCOMP_RET_KILL_THREAD && below(2) ? (below(2) ? "KILL" : "DENY") : buf);
}

static void put_policy(struct world *w, const struct policy *p, bool top)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct block *b = &p->blocks[i];

		if (i && (!top || below(2)))
			put(w, ",");
		if (b->use) {
			str_addf(&w->text, "USE p%u", (unsigned)(b->use - w->policies));
			gap(w);
			continue;
		}
		put_action(w, b->action);
		put(w, "{");
		for (unsigned k = 0; k < b->n; k++) {
			if (k)
				put(w, ",");
			put_filter(w, &b->filters[k]);
		}
		put(w, "}");
	}
}

static void draw_world(struct world *w)
{
	w->n_constants = below(4);
	for (unsigned i = 0; i < w->n_constants; i++) {
		w->constants[i].value = draw_number(w);
		fmt_put(w->constants[i].name, sizeof(w->constants[i].name), "C%u", i);
		str_addf(&w->text, "#define C%u 0x%llx", i,
			(unsigned long long)w->constants[i].value);
		gap(w);
	}
	w->n = below(4);
	for (unsigned i = 0; i < w->n; i++) {
		draw_policy(w, &w->policies[i], i);
		str_addf(&w->text, "POLICY p%u {", i);
		put_policy(w, &w->policies[i], false);
		put(w, "}");
	}
	w->has_otherwise = below(4);
	w->otherwise = w->has_otherwise ? draw_action() : SECCOMP_RET_KILL_THREAD;
	draw_policy(w, &w->top, w->n);
	put_policy(w, &w->top, true);
	if (w->has_otherwise) {
		put(w, "DEFAULT");
		put_action(w, w->otherwise);
	}
}

/* --- what it means ----------------------------------------------------------------------------- */

/* A value while it is evaluated: what is left of it after folding, and its value for a call. */
struct part {
	uint64_t value;
	bool number; /* nothing but a number is left */
	bool wide; /* by an argument or a number in it */
	int only; /* the argument that is all of it; or -1 */
};

static struct part value_of(
	const struct filter *f, const struct node *x, const struct rule_call *call, bool exact)
{
	struct part a, b, k;
	bool and = x->op == BITAND;

	if (x->op == NUMBER)
		return (struct part){x->number, true, x->number >> 32 != 0, -1};
	if (x->op == ARGUMENT)
		return (struct part){call->args[x->arg], false,
			(f->declared && !exact) || f->call->wide[x->arg], (int)x->arg};
	a = value_of(f, x->a, call, exact);
	b = value_of(f, x->b, call, exact);
	k = a.number ? a : b;
	if (k.number && !(a.number && b.number)) {
		if (k.value == (and? 0 : UINT64_MAX))
			return k;
		if (k.value == (and? UINT64_MAX : 0))
			return a.number ? b : a;
	}
	k.value = and? a.value & b.value : a.value | b.value;
	k.number = a.number && b.number;
	k.wide = k.number ? k.value >> 32 != 0 : a.wide || b.wide;
	k.only = -1;
	return k;
}

static bool holds(
	const struct filter *f, const struct node *x, const struct rule_call *call, bool exact)
{
	struct part a, b;
	uint64_t mask;

	if (x->op == NOT)
		return !holds(f, x->a, call, exact);
	if (x->op == AND)
		return holds(f, x->a, call, exact) && holds(f, x->b, call, exact);
	if (x->op == OR)
		return holds(f, x->a, call, exact) || holds(f, x->b, call, exact);
	a = value_of(f, x->a, call, exact);
	b = value_of(f, x->b, call, exact);
	mask = a.wide || b.wide ? UINT64_MAX : UINT32_MAX;
	a.value &= mask;
	b.value &= mask;
	switch (x->op) {
	case EQ:
		return a.value == b.value;
	case NE:
		return a.value != b.value;
	case LT:
		return a.value < b.value;
	case LE:
		return a.value <= b.value;
	case GT:
		return a.value > b.value;
	default:
		return a.value >= b.value;
	}
}

/* exact: arguments that the policy names are as wide as the kernel's (friendly). */
static bool decides(const struct policy *p, const struct rule_call *call, bool exact, uint32_t *ret)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct block *b = &p->blocks[i];

		if (b->use && decides(b->use, call, exact, ret))
			return true;
		for (unsigned k = 0; !b->use && k < b->n; k++) {
			const struct filter *f = &b->filters[k];

			if (f->foreign || f->call->number != call->number ||
				(f->when && !holds(f, f->when, call, exact)))
				continue;
			*ret = b->action;
			return true;
		}
	}
	return false;
}

static uint32_t meaning(const struct world *w, const struct rule_call *call, bool friendly)
{
	uint32_t verdict = w->otherwise;

	if (call->arch != AUDIT_ARCH_X86_64)
		return SECCOMP_RET_KILL_THREAD;
	if (friendly && call->number >> 30 == 1)
		return SECCOMP_RET_KILL_THREAD;
	(void)decides(&w->top, call, friendly, &verdict);
	return verdict;
}

/* --- the test ---------------------------------------------------------------------------------- */

static void draw_call(struct world *w, struct rule_call *call)
{
	call->arch = below(40)	? AUDIT_ARCH_X86_64
		     : below(2) ? AUDIT_ARCH_I386
				: AUDIT_ARCH_AARCH64;
	call->number = calls[below(ARRAY_LEN(calls))].number;
	if (below(20) == 0)
		call->number = (uint32_t)(call->number + below(3) - 1) |
			       (below(2) ? 0x40000000 : 0);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t n = w->n_numbers ? w->numbers[below(w->n_numbers)] : draw();

		switch (below(6)) {
		case 0:
			n += below(3) - 1;
			break;
		case 1:
			n ^= 1ull << below(64);
			break;
		case 2:
			n = (uint32_t)n | draw() << 32;
			break;
		case 3:
			n = i ? call->args[below(i)] : draw();
			break;
		}
		call->args[i] = n;
	}
}

static bool try_policy(struct world *w, bool friendly)
{
	own_case struct kafel_case c;
	struct kafel_how how = {.strict = !friendly};

	if (!is_int(kafel_make(&c, w->text.data, w->text.len, &how), 0)) {
		printf("# %s\n", c.e.text);
		return false;
	}
	for (int i = 0; i < 50; i++) {
		struct rule_call call;
		uint32_t got, want;

		draw_call(w, &call);
		got = kafel_verdict(&c, &call);
		want = meaning(w, &call, friendly);
		if (got == want)
			continue;
		printf("# call 0x%x of 0x%x:", call.number, call.arch);
		for (int k = 0; k < 6; k++)
			printf(" 0x%" PRIx64, call.args[k]);
		printf(" is 0x%x, not 0x%x\n", got, want);
		return ok(got == want);
	}
	return true;
}

static void print_lines(const char *text)
{
	for (const char *c = text; *c; c++)
		printf(c == text ? "#| %c" : *c == '\n' ? "%c#| " : "%c", *c);
	printf("\n");
}

static void random_policies_mean_what_they_say(void)
{
	const char *n = getenv("KAFEL_POLICIES"), *seed = getenv("KAFEL_SEED");
	long policies = n ? atol(n) : 2000, bad = 0;
	uint64_t first = seed ? strtoull(seed, NULL, 0) : 1;

	for (long i = 0; i < policies && bad < 5; i++) {
		own_pool struct pool pool = {0};
		struct world w = {.pool = &pool};

		state = first + (uint64_t)i * 0x10001;
		draw_world(&w);
		if (!try_policy(&w, i % 3 == 0)) {
			printf("# policy %ld of seed %llu, %s:\n", i, (unsigned long long)first,
				i % 3 ? "strict" : "friendly");
			print_lines(w.text.data);
			bad++;
		}
		str_done(&w.text);
	}
}

int main(void)
{
	run(random_policies_mean_what_they_say);
	return tap_done();
}
