/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"

/* --- statistics ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Between the two samples that lie around it. */
double report_quantile(const double *v, size_t n, double q)
{
	double at = q * (double)(n ? n - 1 : 0), result = 0;
	size_t i = (size_t)at;
	double *sorted = malloc((n + 1) * sizeof(*sorted));

	if (n && sorted) {
		memcpy(sorted, v, n * sizeof(*v));
		qsort(sorted, n, sizeof(*sorted), compare);
		result = sorted[i];
		if (i + 1 < n)
			result += (at - (double)i) * (sorted[i + 1] - sorted[i]);
	}
	free(sorted);
	return result;
}

double report_median(const struct cell *c, enum mode mode)
{
	return report_quantile(c->samples[mode].wall, c->samples[mode].n, 0.5);
}

const struct cell *report_find(const struct results *r, const char *workload, const char *name)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct cell *c = &r->cells[i];

		if (!strcmp(c->w->name, workload) && !strcmp(c->c->name, name) && !c->out &&
			c->samples[0].n)
			return c;
	}
	return NULL;
}

/* --- the table ----------------------------------------------------------------------------------- */

void report_machine(FILE *f, const struct contestant *c, size_t n)
{
	struct utsname u;

	uname(&u);
	fprintf(f, "Linux %s %s, %ld CPUs, load %.2f, cgroup %s%s\n", u.release, u.machine,
		sysconf(_SC_NPROCESSORS_ONLN), place.load, place.v2 ? "v2" : "v1",
		place.hidden ? " (the v2 mount beside it is hidden from all)" : "");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "  %-10s %s (%s)\n", c[i].name, c[i].version, c[i].exe);
	fprintf(f,
		"\nTimes are milliseconds, cpu is user+system with children; /jailrt and /floor: "
		"how "
		"many times as\nmuch as theirs; adds: what is more than without it. The bench runs "
		"what takes part in turn, each\nround in another order.\n\n%-22s|%-53s|%s\n%-22s|",
		"", " back to back", " after 50 ms of idle", "");
	for (int mode = 0; mode < MODES; mode++)
		fprintf(f, "%8s%8s%8s%8s%7s%7s%7s%s", "median", "p10", "p90", "cpu", "/jailrt",
			"/floor", "adds", mode ? "\n" : "|");
	fflush(f);
}

static void print_ratio(FILE *f, double value, const struct cell *to, enum mode mode)
{
	double base = to ? report_median(to, mode) : 0;

	if (base > 0)
		fprintf(f, "%7.2f", value / base);
	else
		fprintf(f, "%7s", "-");
}

static void print_mode(FILE *f, const struct results *r, const struct cell *c, enum mode mode)
{
	const struct cell *base = c->w->base ? report_find(r, c->w->base, c->c->name) : NULL;
	const struct samples *s = &c->samples[mode];
	int digits = units[c->w->measure].digits;

	if (!s->n)
		return;
	for (int i = 0; i < 3; i++) {
		static const double quantiles[] = {0.5, 0.1, 0.9};

		fprintf(f, "%8.*f", digits, report_quantile(s->wall, s->n, quantiles[i]));
	}
	if (units[c->w->measure].side)
		fprintf(f, "%8.2f", report_quantile(s->cpu, s->n, 0.5));
	else
		fprintf(f, "%8s", "-");
	print_ratio(f, report_median(c, mode), report_find(r, c->w->name, "jailrt"), mode);
	print_ratio(f, report_median(c, mode), report_find(r, c->w->name, "floor"), mode);
	if (base && base->samples[mode].n)
		fprintf(f, "%7.*f", digits, report_median(c, mode) - report_median(base, mode));
	else
		fprintf(f, "%7s", "-");
}

static void print_judged(FILE *f, const struct judged *j)
{
	char text[256];

	target_text(j, text, sizeof(text));
	fprintf(f, "%s: %s", text, verdicts[j->verdict]);
	for (int mode = 0; mode < MODES; mode++) {
		if (j->has[mode])
			fprintf(f, ", %.2f%s", j->values[mode], mode ? " after idle" : "");
	}
	fprintf(f, "\n");
}

void report_workload(FILE *f, const struct results *r)
{
	static struct judged judged[JUDGED];
	const struct cell *cells = r->cells + r->n_cells - r->n_contestants;
	const struct workload *w = cells[0].w;
	const struct unit *u = &units[w->measure];
	size_t n;

	fprintf(f, "%s%s%s%s\n", w->name, w->measure == MEASURE_TIME ? "" : ", ",
		w->measure == MEASURE_TIME ? "" : u->unit,
		u->side && !strcmp(u->side, "rss_kib") ? " (VmHWM; in the column cpu: VmRSS)" : "");
	for (size_t i = 0; i < r->n_contestants; i++) {
		const struct cell *c = &cells[i];

		if (c->out && !*c->why)
			continue;
		fprintf(f, "  %-20s|", c->c->name);
		if (c->out) {
			fprintf(f, " does not run: %s\n", c->why);
			continue;
		}
		print_mode(f, r, c, MODE_BUSY);
		fprintf(f, "|");
		print_mode(f, r, c, MODE_IDLE);
		if (c->failures)
			fprintf(f, "  %u failed: %s", c->failures, c->why);
		fprintf(f, "\n");
	}
	n = targets_judge(r, judged);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(target_workload(judged[i].target), w->name))
			continue;
		fprintf(f, "  target: ");
		print_judged(f, &judged[i]);
	}
	fflush(f);
}

void report_targets(FILE *f, const struct results *r)
{
	static struct judged judged[JUDGED];
	size_t n = targets_judge(r, judged), counts[MISSED + 1] = {0};

	for (size_t i = 0; i < n; i++)
		counts[judged[i].verdict]++;
	fprintf(f, "\ntargets: %zu met, %zu missed, %zu not measured\n", counts[MET],
		counts[MISSED], counts[NOT_MEASURED]);
	for (size_t i = 0; i < n; i++) {
		if (judged[i].verdict != MISSED)
			continue;
		fprintf(f, "  %s: ", target_workload(judged[i].target));
		print_judged(f, &judged[i]);
	}
}
