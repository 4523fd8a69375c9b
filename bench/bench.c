/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONTESTANTS = 16, WARM_UP = 2, IDLE_MS = 50, SLOW_MS = 2000 };

volatile sig_atomic_t bench_stop;

static void on_signal(int sig)
{
	(void)sig;
	bench_stop = 1;
}

/* What the environment says; `make bench` hands it through. */
struct setup {
	unsigned rounds, few, least; /* few: of what takes long; least: whatever it takes */
	double seconds; /* that all may take; what is left is shared out */
	const char *only, *names; /* workloads, contestants: patterns; NULL: all */
	const char *json;
	const char *instead; /* what runs instead of measuring (hand.c) */
	struct contestant contestants[CONTESTANTS];
	size_t n;
};

/* Whether word is one of a list's words or patterns (fnmatch(3)), which semicolons part. */
static bool listed(const char *list, const char *word)
{
	char copy[1024], *save = NULL;

	if (!list || !*list)
		return true;
	snprintf(copy, sizeof(copy), "%s", list);
	for (char *s = strtok_r(copy, ";", &save); s; s = strtok_r(NULL, ";", &save)) {
		if (!fnmatch(s, word, 0))
			return true;
	}
	return false;
}

/* --- contestants --------------------------------------------------------------------------------- */

static bool find_program(const char *name, char *ret, size_t size)
{
	static const char *const dirs[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

	for (size_t i = 0; i < COUNT(dirs); i++) {
		snprintf(ret, size, "%s/%s", dirs[i], name);
		if (!access(ret, X_OK))
			return true;
	}
	return false;
}

static int add(struct setup *s, const char *name, const char *exe, const struct dialect *d)
{
	struct contestant *c = &s->contestants[s->n];
	char command[PATH_MAX + 32], text[16384];

	if (!listed(s->names, name))
		return 0;
	if (s->n == CONTESTANTS || strlen(name) >= sizeof(c->name) || strchr(exe, ' ')) {
		fprintf(stderr, "bench: too many contestants, or '%s' has a long name or a blank\n",
			name);
		return -1;
	}
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->exe, sizeof(c->exe), "%s", exe);
	c->dialect = d;
	if (d != &dialect_floor && d != &dialect_nsjail) {
		snprintf(command, sizeof(command), "%s --version", exe);
		if (spawn_read(command, -1, text, sizeof(text)) < 0)
			return fprintf(stderr, "bench: '%s' does not run\n", command), -1;
		snprintf(c->version, sizeof(c->version), "%.*s", (int)strcspn(text, "\n"), text);
		if (!strncmp(c->version, "jailrt ", 7))
			c->dialect = &dialect_jailrt;
		snprintf(command, sizeof(command), "%s --help", exe);
		if (spawn_read(command, -1, text, sizeof(text)) < 0)
			return -1;
		c->has_manager = strstr(text, "--cgroup-manager") != NULL;
	}
	s->n++;
	return 0;
}

static int add_found(struct setup *s, const char *name, const struct dialect *d)
{
	char exe[PATH_MAX];

	if (!find_program(name, exe, sizeof(exe))) {
		fprintf(stderr, "bench: %s is not installed, and takes no part\n", name);
		return 0;
	}
	return add(s, name, exe, d);
}

/* "name=/path name=/path": runtimes with the command line of runc; those called nsjail… with nsjail's. */
static int add_extra(struct setup *s, const char *list)
{
	char copy[8192], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list ? list : "");
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *path = strchr(w, '=');

		if (!path || path[1] != '/' || access(path + 1, X_OK) < 0) {
			fprintf(stderr, "bench: BENCH_EXTRA: '%s' is not name=/path/of/program\n",
				w);
			return -1;
		}
		*path++ = '\0';
		if (add(s, w, path, strncmp(w, "nsjail", 6) ? &dialect_oci : &dialect_nsjail) < 0)
			return -1;
	}
	return 0;
}

static int add_all(struct setup *s, const char *jailrt, const char *floor)
{
	if (add(s, "jailrt", jailrt, &dialect_jailrt) < 0 ||
		add_found(s, "crun", &dialect_oci) < 0 || add_found(s, "runc", &dialect_oci) < 0 ||
		add_found(s, "bwrap", &dialect_bwrap) < 0 ||
		add(s, "floor", floor, &dialect_floor) < 0 ||
		add_extra(s, getenv("BENCH_EXTRA")) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		struct contestant *c = &s->contestants[i];

		snprintf(c->states, sizeof(c->states), "%.4000s/states-%s", place.dir, c->name);
		if (place_make_dir(c->states) < 0)
			return -1;
	}
	return 0;
}

/* --- a workload ---------------------------------------------------------------------------------- */

static void idle(void)
{
	const struct timespec t = {.tv_nsec = IDLE_MS * 1000000L};

	nanosleep(&t, NULL);
}

/* Each once a round, in another order each time, so that nobody always runs in the same one's wake. */
static void shuffle(size_t *order, size_t n)
{
	static uint32_t seed = 1;

	for (size_t i = n; i > 1; i--) {
		size_t j, t = order[i - 1];

		seed = seed * 1664525 + 1013904223;
		j = (size_t)(seed >> 16) % i;
		order[i - 1] = order[j];
		order[j] = t;
	}
}

/* Once is enough of what takes seconds; nobody chooses by the rest of its digits. */
static bool is_slow(const struct cell *c)
{
	const struct samples *s = &c->samples[MODE_BUSY];

	return c->w->measure == MEASURE_TIME && s->n && s->wall[0] > SLOW_MS;
}

static void run_round(struct cell *cells, size_t n, enum mode mode)
{
	size_t order[CONTESTANTS];

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	shuffle(order, n);
	for (size_t i = 0; i < n && !bench_stop; i++) {
		struct cell *c = &cells[order[i]];

		if (c->out || is_slow(c))
			continue;
		if (mode == MODE_IDLE)
			idle();
		(void)cell_sample(c, mode, true); /* failures are counted in the cell */
	}
}

/* A few rounds, and then as many as there is time for; one at least. */
static void run_rounds(
	const struct setup *s, struct cell *cells, enum mode mode, unsigned rounds, double until)
{
	double begin = spawn_clock(), hard = until + (until > begin ? until - begin : 0);

	for (unsigned round = 0; round < rounds && !bench_stop; round++) {
		double now = spawn_clock();

		if ((round >= s->least && now > until) || (round && now > hard))
			break;
		run_round(cells, s->n, mode);
	}
}

/* What is measured once needs no warming up, and cannot be told apart from it. */
static bool is_once(const struct workload *w)
{
	return w->measure == MEASURE_LIMIT || w->measure == MEASURE_LISTENER;
}

/* Who fails is out. */
static void warm_up(struct cell *c)
{
	enum mode mode = c->w->measure == MEASURE_RATE ? MODE_IDLE : MODE_BUSY; /* a few will do */

	for (int k = 0; k < WARM_UP && !c->out && !is_once(c->w) && !bench_stop; k++) {
		double begin = spawn_clock();

		if (cell_sample(c, mode, false) < 0 || spawn_clock() - begin < SLOW_MS)
			continue;
		if (c->w->measure == MEASURE_TIME)
			(void)cell_sample(c, mode, true); /* the only one */
		return;
	}
}

static void prepare(const struct setup *s, const struct workload *w, struct cell *cells)
{
	for (size_t i = 0; i < s->n; i++) {
		struct cell *c = &cells[i];

		*c = (struct cell){.w = w, .c = &s->contestants[i], .feed = -1};
		c->out = !cell_can(c->c, w);
		if (c->out || bench_stop || cell_prepare(c) < 0)
			continue;
		warm_up(c);
	}
}

static void run_workload(
	const struct setup *s, const struct workload *w, struct cell *cells, double until)
{
	unsigned rounds = w->part ? s->rounds / w->part : s->rounds;
	double begin = spawn_clock();

	if (rounds < s->few)
		rounds = s->rounds < s->few ? s->rounds : s->few;
	if (is_once(w))
		rounds = 1;
	prepare(s, w, cells);
	if (s->instead) {
		rounds = 0;
		if (!bench_stop && hand_over(s->instead, cells, s->n) < 0)
			bench_stop = 1;
	}
	if (w->measure == MEASURE_TIME || w->measure == MEASURE_RATE) {
		run_rounds(s, cells, MODE_BUSY, rounds, begin + (until - begin) / 2);
		run_rounds(s, cells, MODE_IDLE, (rounds + 1) / 2, until);
	} else {
		run_rounds(s, cells, MODE_BUSY, rounds, until);
	}
	for (size_t i = 0; i < s->n; i++)
		cell_finish(&cells[i]);
	cell_reap(NULL);
}

/* --- all of them --------------------------------------------------------------------------------- */

static int write_json(const struct setup *s, const struct results *r)
{
	FILE *f = s->json ? fopen(s->json, "we") : NULL;

	if (!s->json)
		return 0;
	if (f)
		json_write(f, r);
	if (!f || fclose(f) != 0) {
		perror(s->json);
		return -1;
	}
	printf("raw results: %s\n", s->json);
	return 0;
}

static void free_results(struct results *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		for (int mode = 0; mode < MODES; mode++) {
			free(r->cells[i].samples[mode].wall);
			free(r->cells[i].samples[mode].cpu);
			free(r->cells[i].samples[mode].file);
		}
	}
	free(r->cells);
}

/* A workload may take what is left, shared among those that are left, and half as much again: most take less. */
static int run_all(const struct setup *s)
{
	struct results r = {s->contestants, s->n, calloc(n_workloads * s->n, sizeof(*r.cells)), 0};
	double begin = spawn_clock(), end = begin + s->seconds * 1e3;
	size_t left = 0;
	int failed;

	if (!r.cells)
		return -1;
	for (size_t i = 0; i < n_workloads; i++)
		left += listed(s->only, workloads[i].name);
	if (!s->instead)
		report_machine(stdout, s->contestants, s->n);
	for (size_t i = 0; i < n_workloads && !bench_stop; i++) {
		double now = spawn_clock();

		if (!listed(s->only, workloads[i].name))
			continue;
		run_workload(s, &workloads[i], r.cells + r.n_cells,
			now + (end - now) / (double)left-- * 1.5);
		r.n_cells += s->n;
		if (!bench_stop && !s->instead)
			report_workload(stdout, &r);
	}
	if (!bench_stop && !s->instead) {
		report_targets(stdout, &r);
		printf("%.0f s\n", (spawn_clock() - begin) / 1e3);
	}
	/* What was interrupted is no result. */
	failed = bench_stop ? -1 : s->instead ? 0 : write_json(s, &r);
	free_results(&r);
	return failed;
}

static unsigned quick_or_full(unsigned quick, unsigned full)
{
	const char *is_quick = getenv("QUICK");

	return is_quick && *is_quick ? quick : full;
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
	const char *value = getenv(name);

	return value && atoi(value) > 0 ? (unsigned)atoi(value) : otherwise;
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction act = {.sa_handler = on_signal};

	for (size_t i = 0; i < COUNT(signals); i++)
		sigaction(signals[i], &act, NULL);
}

int main(int argc, char **argv)
{
	static struct setup s;
	int r;

	if (argc != 5 || argv[1][0] != '/') {
		fprintf(stderr, "usage: bench /path/to/jailrt FLOOR PAYLOAD DATA (see "
				"docs/performance.md)\n");
		return 2;
	}
	if (geteuid()) {
		fprintf(stderr, "bench: only root can do all that is measured\n");
		return 1;
	}
	s.rounds = from_environment("ROUNDS", quick_or_full(6, 100));
	s.few = quick_or_full(2, 5);
	s.least = quick_or_full(1, 3);
	spawn_patience = quick_or_full(8, 60);
	s.seconds = from_environment("BENCH_SECONDS", quick_or_full(90, 800));
	s.only = getenv("ONLY");
	s.names = getenv("CONTESTANTS");
	s.json = getenv("BENCH_JSON");
	s.instead = getenv("BENCH_INSTEAD");
	catch_signals();
	r = place_make(argv[3]) < 0 || bundle_begin(argv[1], argv[4]) < 0 ||
	    add_all(&s, argv[1], argv[2]) < 0 || run_all(&s) < 0;
	bundle_end();
	place_remove();
	return r || bench_stop ? 1 : 0;
}
