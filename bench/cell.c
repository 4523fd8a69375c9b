/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

enum { TEXT = 16384, RUNS_A_SLOT = 8, SLOTS = 64 };

/* --- command lines ------------------------------------------------------------------------------- */

struct fill {
	const struct contestant *c;
	const struct workload *w;
	const char *program, *id;
};

static bool with_cgroup(const struct fill *f)
{
	return f->w->cgroups == CGROUPS_OWN ||
	       (f->w->cgroups == CGROUPS_ANY && f->c->dialect == &dialect_oci &&
		       !f->c->has_manager);
}

static void fill_cgroup(const struct fill *f, char *ret, size_t size)
{
	size_t n = 0;

	if (with_cgroup(f))
		n = (size_t)snprintf(ret, size, "--cgroup %s", f->id);
	for (size_t i = 0; i < place.n_hierarchies && n < size; i++)
		n += (size_t)snprintf(ret + n, size - n, " --hierarchy %s=%s",
			place.hierarchies[i].name, place.hierarchies[i].dir);
}

static void fill_word(const struct fill *f, const char *word, char *ret, size_t size)
{
	*ret = '\0';
	if (!strcmp(word, "exe"))
		snprintf(ret, size, "%s", f->c->exe);
	else if (!strcmp(word, "states"))
		snprintf(ret, size, "%s", f->c->states);
	else if (!strcmp(word, "manager") && f->c->has_manager)
		snprintf(
			ret, size, "--cgroup-manager=%s", with_cgroup(f) ? "cgroupfs" : "disabled");
	else if (!strcmp(word, "bundle"))
		snprintf(ret, size, "%s/bundle-%s%s", place.dir, f->program,
			f->w->no_net ? "-no-net" : "");
	else if (!strcmp(word, "rootfs"))
		snprintf(ret, size, "%s", place.rootfs);
	else if (!strcmp(word, "program"))
		snprintf(ret, size, "%s", f->program);
	else if (!strcmp(word, "id"))
		snprintf(ret, size, "%s", f->id);
	else if (!strcmp(word, "net") && !f->w->no_net)
		snprintf(ret, size, "%s",
			f->c->dialect == &dialect_bwrap ? "--unshare-net" : "--net");
	else if (!strcmp(word, "cgroup"))
		fill_cgroup(f, ret, size);
}

/* The command line of a verb. */
static void command(const struct fill *f, enum verb verb, char *ret)
{
	const char *s = f->c->dialect->verbs[verb];
	char word[32];
	size_t n = 0;

	while (*s && n < TEXT - 1) {
		size_t len = strcspn(s, "{");

		n += (size_t)snprintf(ret + n, TEXT - n, "%.*s", (int)len, s);
		s += len;
		if (!*s || n >= TEXT)
			break;
		len = strcspn(++s, "}");
		snprintf(word, sizeof(word), "%.*s", (int)len, s);
		s += len + 1;
		fill_word(f, word, ret + n, TEXT - n);
		n += strlen(ret + n);
	}
}

bool cell_can(const struct contestant *c, const struct workload *w)
{
	const struct dialect *d = c->dialect;

	for (size_t i = 0; i < COUNT(w->verbs) && w->verbs[i]; i++) {
		if (!d->verbs[w->verbs[i]])
			return false;
	}
	if (w->cgroups == CGROUPS_OWN)
		return d->can_have_cgroup && place.n_hierarchies;
	if (w->cgroups == CGROUPS_NONE)
		return d->can_have_none && (d != &dialect_oci || c->has_manager);
	return true;
}

/* Ids end in four characters that copies replace; each contestant has its own, as its cgroups are. */
static void name_id(const struct contestant *c, unsigned slot, char *ret, size_t size)
{
	snprintf(ret, size, "bench-%s-%d-%cxxx", c->name, getpid(), 'a' + slot % 26);
	if (slot >= 26)
		snprintf(ret + strlen(ret) - 2, 3, "%02u", slot % 100);
}

/* --- a container that waits ---------------------------------------------------------------------- */

/* Up to the byte that the program writes when it runs. */
static int await_program(int out)
{
	char byte;
	ssize_t n;

	do
		n = read(out, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

struct pipes {
	int in[2], out[2];
};

static int open_pipes(struct pipes *p)
{
	if (pipe2(p->in, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(p->out, O_CLOEXEC) < 0) {
		close(p->in[0]);
		close(p->in[1]);
		return -1;
	}
	return 0;
}

static int begin_container(struct cell *c, const struct fill *f)
{
	char text[TEXT];
	struct pipes p;
	int r;

	if (open_pipes(&p) < 0)
		return -1;
	command(f, VERB_CREATE, text);
	r = spawn_run(text, p.in[0], p.out[1], NULL);
	close(p.in[0]);
	close(p.out[1]);
	c->feed = p.in[1];
	if (!r) {
		command(f, VERB_START, text);
		r = spawn_run(text, -1, -1, NULL);
	}
	if (!r)
		r = await_program(p.out[0]);
	close(p.out[0]);
	return r;
}

void cell_reap(double *cpu)
{
	struct spawned s;

	while (spawn_wait(-1, &s) > 0) {
		if (cpu)
			*cpu += s.cpu;
	}
}

void cell_clean(const struct contestant *c, const struct workload *w)
{
	struct fill f = {.c = c, .w = w, .program = "true"};
	unsigned slots = w->at_a_time ? w->at_a_time : 1;
	char text[TEXT], id[64];

	f.id = id;
	for (unsigned i = 0; c->dialect->verbs[VERB_CLEAN] && i < slots; i++) {
		name_id(c, i, id, sizeof(id));
		command(&f, VERB_CLEAN, text);
		(void)spawn_run(text, -1, -1, NULL); /* most often there is nothing */
	}
	cell_reap(NULL);
}

static int put_out(struct cell *c)
{
	c->out = true;
	spawn_last_words(c->why, sizeof(c->why));
	return -1;
}

/* A list that leaves out the copies would be fast for no good reason. */
static int check_list(struct cell *c, const struct fill *f)
{
	static char out[1 << 20];
	char text[TEXT];
	unsigned lines = 0;

	if (c->w->verbs[0] != VERB_LIST)
		return 0;
	command(f, VERB_LIST, text);
	if (spawn_read(text, out, sizeof(out)) < 0)
		return put_out(c);
	for (const char *s = out; (s = strchr(s, '\n')); s++)
		lines++;
	if (lines >= c->w->containers)
		return 0;
	c->out = true;
	snprintf(c->why, sizeof(c->why), "its list of %u containers has %u lines", c->w->containers,
		lines);
	return -1;
}

int cell_prepare(struct cell *c)
{
	char id[64];
	struct fill f = {.c = c->c, .w = c->w, .program = "wait", .id = id};

	c->feed = -1;
	name_id(c->c, 0, id, sizeof(id));
	spawn_forget_words();
	if (!c->w->containers)
		return 0;
	if (begin_container(c, &f) < 0 ||
		place_copy_state(c->c->states, id, c->w->containers - 1) < 0)
		return put_out(c);
	return check_list(c, &f);
}

void cell_finish(struct cell *c)
{
	char id[64], text[TEXT];
	struct fill f = {.c = c->c, .w = c->w, .program = "wait", .id = id};

	name_id(c->c, 0, id, sizeof(id));
	if (c->w->containers)
		place_remove_copies(c->c->states, id, c->w->containers - 1);
	if (c->feed >= 0) {
		close(c->feed);
		c->feed = -1;
		command(&f, VERB_CLEAN, text);
		(void)spawn_run(text, -1, -1, NULL); /* it may not be whole */
	}
}

/* --- samples ------------------------------------------------------------------------------------- */

struct sample {
	double wall, cpu;
};

static int sample_time(const struct cell *c, const struct fill *f, struct sample *ret)
{
	static char texts[COUNT(c->w->verbs)][TEXT];
	double begin, cpu = 0;
	int r = 0;

	for (size_t i = 0; i < COUNT(texts) && c->w->verbs[i]; i++)
		command(f, c->w->verbs[i], texts[i]);
	begin = spawn_clock();
	for (size_t i = 0; !r && i < COUNT(texts) && c->w->verbs[i]; i++) {
		r = spawn_run(texts[i], -1, -1, &cpu);
		/* The container ends by itself: who watches it sees that, then deletes it. */
		if (c->w->verbs[i] == VERB_START)
			cell_reap(&cpu);
	}
	*ret = (struct sample){spawn_clock() - begin, cpu};
	return r;
}

/* As many at once as asked for, each slot anew as soon as its run has ended. */
static int sample_rate(const struct cell *c, struct fill *f, struct sample *ret)
{
	static char texts[SLOTS][TEXT];
	unsigned n = c->w->at_a_time, total = n * RUNS_A_SLOT, begun = 0, ended = 0;
	double begin, cpu = 0;
	pid_t pids[SLOTS] = {0};
	char id[64];
	int failed = 0;

	f->id = id;
	for (unsigned i = 0; i < n; i++) {
		name_id(c->c, i, id, sizeof(id));
		command(f, VERB_RUN, texts[i]);
	}
	begin = spawn_clock();
	for (; begun < n; begun++)
		pids[begun] = spawn_begin(texts[begun], -1, -1);
	while (ended < total) {
		struct spawned s;
		unsigned i = 0;

		if (spawn_wait(-1, &s) <= 0)
			return -1;
		cpu += s.cpu;
		while (i < n && pids[i] != s.pid)
			i++;
		if (i == n)
			continue; /* an orphan of somebody's */
		failed += s.status != 0;
		ended++;
		pids[i] = begun < total ? spawn_begin(texts[i], -1, -1) : 0;
		begun += begun < total;
	}
	*ret = (struct sample){total * 1e3 / (spawn_clock() - begin), cpu / total};
	return failed ? -1 : 0;
}

/* VmHWM of a process, in KiB. */
static double peak_memory(pid_t pid)
{
	char path[64], line[256];
	double kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "VmHWM:", 6))
			kib = strtod(line + 6, NULL);
	}
	if (f)
		fclose(f);
	return kib;
}

static int sample_memory(const struct cell *c, struct fill *f, struct sample *ret)
{
	char text[TEXT];
	struct spawned s;
	struct pipes p;
	pid_t pid;
	int r;

	(void)c;
	f->program = "wait";
	command(f, VERB_RUN, text);
	if (open_pipes(&p) < 0)
		return -1;
	pid = spawn_begin(text, p.in[0], p.out[1]);
	close(p.in[0]);
	close(p.out[1]);
	r = pid < 0 ? -1 : await_program(p.out[0]);
	*ret = (struct sample){.wall = r ? -1 : peak_memory(pid)};
	close(p.in[1]);
	close(p.out[0]);
	if (pid > 0 && spawn_wait(pid, &s) > 0 && s.status)
		r = -1;
	return r || ret->wall < 0 ? -1 : 0;
}

static int add(struct samples *s, const struct sample *x)
{
	double *wall = realloc(s->wall, (s->n + 1) * sizeof(*wall));
	double *cpu = wall ? realloc(s->cpu, (s->n + 1) * sizeof(*cpu)) : NULL;

	if (wall)
		s->wall = wall;
	if (!cpu)
		return -1;
	s->cpu = cpu;
	s->wall[s->n] = x->wall;
	s->cpu[s->n++] = x->cpu;
	return 0;
}

int cell_sample(struct cell *c, enum mode mode, bool keep)
{
	char id[64];
	struct fill f = {.c = c->c, .w = c->w, .program = "true", .id = id};
	struct sample x;
	int r;

	name_id(c->c, 0, id, sizeof(id));
	spawn_forget_words();
	r = c->w->measure == MEASURE_RATE     ? sample_rate(c, &f, &x)
	    : c->w->measure == MEASURE_MEMORY ? sample_memory(c, &f, &x)
					      : sample_time(c, &f, &x);
	if (!r)
		return keep ? add(&c->samples[mode], &x) : 0;
	c->failures++;
	if (!keep)
		put_out(c); /* what fails at the warm-up already takes no part */
	else
		spawn_last_words(c->why, sizeof(c->why));
	if (!c->w->containers)
		cell_clean(c->c, c->w);
	return -1;
}
