/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

bool cell_can(const struct contestant *c, const struct workload *w)
{
	const struct dialect *d = c->dialect;

	for (size_t i = 0; i < COUNT(w->verbs) && w->verbs[i]; i++) {
		if (!d->verbs[w->verbs[i]])
			return false;
	}
	/* Runtimes alone set limits of memory and start what waits. */
	if ((w->measure == MEASURE_LIMIT || w->measure == MEASURE_PEAK) && !d->oci)
		return false;
	if (w->cgroups == CGROUPS_OWN)
		return d->can_have_cgroup && place.n_hierarchies &&
		       (d != &dialect_floor || w->verbs[0] != VERB_NINE);
	if (w->cgroups == CGROUPS_NONE && w->verbs[0] < VERB_HOST)
		return d->can_have_none && (!d->oci || c->has_manager);
	return true;
}

static struct fill fill_of(const struct cell *c, const char *id)
{
	return (struct fill){
		.c = c->c, .w = c->w, .program = c->w->program ? c->w->program : "true", .id = id};
}

/* --- a container that waits ---------------------------------------------------------------------- */

static int begin_container(struct cell *c, const struct fill *f)
{
	char text[WORDS_TEXT];
	struct pipes p;
	int r;

	if (sample_open_pipes(&p) < 0)
		return -1;
	words_fill(f, VERB_CREATE, text);
	r = spawn_run(text, p.in[0], p.out[1], NULL);
	close(p.in[0]);
	close(p.out[1]);
	c->feed = p.in[1];
	if (!r) {
		words_fill(f, VERB_START, text);
		r = spawn_run(text, -1, -1, NULL);
	}
	if (!r)
		r = sample_await(p.out[0]);
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
	char text[WORDS_TEXT], id[64];

	f.id = id;
	for (unsigned i = 0; c->dialect->verbs[VERB_CLEAN] && i < slots; i++) {
		words_id(c, i, id, sizeof(id));
		words_fill(&f, VERB_CLEAN, text);
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
	enum { MOST = 1 << 22 };
	char text[WORDS_TEXT], *out;
	unsigned lines = 0;

	if (c->w->verbs[0] != VERB_LIST)
		return 0;
	out = malloc(MOST);
	words_fill(f, VERB_LIST, text);
	if (!out || spawn_read(text, -1, out, MOST) != 0) {
		free(out);
		return put_out(c);
	}
	for (const char *s = out; (s = strchr(s, '\n')); s++)
		lines++;
	free(out);
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
	struct fill f = fill_of(c, id);

	c->feed = -1;
	words_id(c->c, 0, id, sizeof(id));
	spawn_forget_words();
	if (c->w->containers)
		f.program = "wait";
	if (c->c->dialect->oci && bundle_make(f.program, c->w->extra, !c->w->no_net) < 0)
		return put_out(c);
	if (!c->w->containers)
		return 0;
	if (begin_container(c, &f) < 0 || states_copy(c->c->states, id, c->w->containers - 1) < 0)
		return put_out(c);
	return check_list(c, &f);
}

void cell_finish(struct cell *c)
{
	char id[64], text[WORDS_TEXT];
	struct fill f = fill_of(c, id);

	words_id(c->c, 0, id, sizeof(id));
	if (c->w->containers)
		states_remove(c->c->states, id, c->w->containers - 1);
	if (c->feed >= 0) {
		close(c->feed);
		c->feed = -1;
		words_fill(&f, VERB_CLEAN, text);
		(void)spawn_run(text, -1, -1, NULL); /* it may not be whole */
	}
}

/* --- samples ------------------------------------------------------------------------------------- */

static int add(struct samples *s, const struct sample *x)
{
	double **lists[] = {&s->wall, &s->cpu, &s->file};
	const double values[] = {x->wall, x->cpu, x->file};

	for (size_t i = 0; i < COUNT(lists); i++) {
		double *list = realloc(*lists[i], (s->n + 1) * sizeof(*list));

		if (!list)
			return -1;
		list[s->n] = values[i];
		*lists[i] = list;
	}
	s->n++;
	return 0;
}

int cell_sample(struct cell *c, enum mode mode, bool keep)
{
	char id[64];
	struct fill f = fill_of(c, id);
	struct sample x = {0, 0, 0};
	int r = 0;

	words_id(c->c, 0, id, sizeof(id));
	spawn_forget_words();
	if (c->w->cold)
		r = states_empty(c->c->states);
	r = r ? r : sample_take(c, mode, &f, &x);
	if (!r)
		return keep ? add(&c->samples[mode], &x) : 0;
	if (bench_stop)
		keep = true; /* it was interrupted: that says nothing about it */
	c->failures++;
	if (!keep)
		put_out(c); /* what fails at the warm-up already takes no part */
	else
		spawn_last_words(c->why, sizeof(c->why));
	if (!c->w->containers)
		cell_clean(c->c, c->w);
	return -1;
}
