/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum { SLOTS = 64, RUNS = 32, RUNS_A_SLOT = 2 };

int sample_open_pipes(struct pipes *p)
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

int sample_await(int out)
{
	char byte;
	ssize_t n;

	spawn_be_patient();
	do
		n = read(out, &byte, 1);
	while (n < 0 && errno == EINTR && !spawn_impatient());
	spawn_be_calm();
	return n == 1 ? 0 : -1;
}

/* --- time ---------------------------------------------------------------------------------------- */

static int run_verb(const struct fill *f, const char *text, double *cpu)
{
	int in = words_stdin(f, text), r = spawn_run(text, in, -1, cpu);

	if (in >= 0)
		close(in);
	return r;
}

/* The verbs, one after the other. */
static int run_verbs(const struct fill *f, const enum verb *verbs, size_t n, struct sample *ret)
{
	static char texts[4][WORDS_TEXT];
	double begin, cpu = 0;
	int r = 0;

	for (size_t i = 0; i < n && verbs[i]; i++)
		words_fill(f, verbs[i], texts[i]);
	begin = spawn_clock();
	for (size_t i = 0; !r && i < n && verbs[i]; i++) {
		r = run_verb(f, texts[i], &cpu);
		/* The container ends by itself: who watches it sees that, then deletes it. */
		if (verbs[i] == VERB_START)
			cell_reap(&cpu);
	}
	*ret = (struct sample){spawn_clock() - begin, cpu, 0};
	return r;
}

/* As many at once as asked for, each slot anew as soon as its run has ended; or, in the other mode, once. */
static int sample_rate(const struct cell *c, enum mode mode, struct fill *f, struct sample *ret)
{
	static char texts[SLOTS][WORDS_TEXT];
	unsigned n = c->w->at_a_time, total = n * RUNS_A_SLOT, begun = 0, ended = 0;
	double begin, cpu = 0;
	pid_t pids[SLOTS] = {0};
	char id[64];
	int failed = 0;

	total = mode == MODE_IDLE ? n : total < RUNS ? RUNS : total;
	f->id = id;
	for (unsigned i = 0; i < n; i++) {
		words_id(c->c, i, id, sizeof(id));
		words_fill(f, VERB_RUN, texts[i]);
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
	*ret = (struct sample){total * 1e3 / (spawn_clock() - begin), cpu / total, 0};
	return failed ? -1 : 0;
}

/* The program in the container measures itself. */
static int sample_call(struct fill *f, struct sample *ret)
{
	char text[WORDS_TEXT], out[64];
	int in, r;

	words_fill(f, VERB_RUN, text);
	in = words_stdin(f, text);
	r = spawn_read(text, in, out, sizeof(out));
	if (in >= 0)
		close(in);
	if (r)
		return -1;
	*ret = (struct sample){strtod(out, NULL) / 1e3, 0, 0};
	return ret->wall > 0 ? 0 : -1;
}

/* --- all of them --------------------------------------------------------------------------------- */

int sample_take(const struct cell *c, enum mode mode, struct fill *f, struct sample *ret)
{
	const struct workload *w = c->w;
	struct sample before;

	if (run_verbs(f, w->before, COUNT(w->before), &before) < 0)
		return -1;
	switch (w->measure) {
	case MEASURE_RATE:
		return sample_rate(c, mode, f, ret);
	case MEASURE_PEAK:
		return memory_peak(c, f, ret);
	case MEASURE_WAITING:
		return memory_waiting(c, f, ret);
	case MEASURE_INIT:
		return memory_init(c, f, ret);
	case MEASURE_LISTENER:
		return memory_listener(c, f, ret);
	case MEASURE_LIMIT:
		return memory_limit(c, f, ret);
	case MEASURE_CALL:
		return sample_call(f, ret);
	default:
		return run_verbs(f, w->verbs, COUNT(w->verbs), ret);
	}
}
