/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
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

static double median(const struct cell *c, enum mode mode)
{
	return report_quantile(c->samples[mode].wall, c->samples[mode].n, 0.5);
}

static const struct cell *find(const struct cell *cells, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(cells[i].c->name, name) && !cells[i].out && cells[i].samples[0].n)
			return &cells[i];
	}
	return NULL;
}

/* --- the table ----------------------------------------------------------------------------------- */

void report_machine(FILE *f, const struct contestant *c, size_t n)
{
	struct utsname u;
	double load = 0;

	uname(&u);
	(void)getloadavg(&load, 1); /* 0 where it is not known */
	fprintf(f, "Linux %s %s, %ld CPUs, load %.2f, cgroup %s%s\n", u.release, u.machine,
		sysconf(_SC_NPROCESSORS_ONLN), load, place.v2 ? "v2" : "v1",
		place.hidden ? " (the v2 mount beside it is hidden from all)" : "");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "  %-10s %s (%s)\n", c[i].name, c[i].version, c[i].exe);
	fprintf(f,
		"\nTimes are milliseconds, cpu is user+system with children; /jailrt and /floor: "
		"how "
		"many times as\nmuch as theirs. The bench runs what takes part in turn, each round "
		"in "
		"another order.\n\n%-22s|%-45s|%s\n%-22s|",
		"", " back to back", " after 50 ms of idle", "");
	for (int mode = 0; mode < MODES; mode++)
		fprintf(f, "%8s%8s%8s%7s%7s%7s%s", "median", "p10", "p90", "cpu", "/jailrt",
			"/floor", mode ? "\n" : "|");
	fflush(f);
}

static void print_ratio(FILE *f, double value, const struct cell *to, enum mode mode)
{
	double base = to ? median(to, mode) : 0;

	if (base > 0)
		fprintf(f, "%7.2f", value / base);
	else
		fprintf(f, "%7s", "-");
}

static void print_mode(FILE *f, const struct cell *c, enum mode mode, const struct cell *us,
	const struct cell *floor)
{
	const struct samples *s = &c->samples[mode];
	int digits = c->w->measure == MEASURE_TIME ? 2 : 0;

	if (!s->n)
		return;
	for (int i = 0; i < 3; i++) {
		static const double quantiles[] = {0.5, 0.1, 0.9};

		fprintf(f, "%8.*f", digits, report_quantile(s->wall, s->n, quantiles[i]));
	}
	if (c->w->measure == MEASURE_MEMORY)
		fprintf(f, "%7s", "-");
	else
		fprintf(f, "%7.2f", report_quantile(s->cpu, s->n, 0.5));
	print_ratio(f, median(c, mode), us, mode);
	print_ratio(f, median(c, mode), floor, mode);
}

static void print_target(FILE *f, const struct workload *w, const struct target *t,
	const struct cell *us, const struct cell *peer)
{
	bool rate = w->measure == MEASURE_RATE;

	fprintf(f, "  target: %s %.2f x %s:", rate ? "at least" : "at most", t->bound, t->peer);
	if (!us || !peer) {
		fprintf(f, " not measured\n");
		return;
	}
	for (int mode = 0; mode < MODES && us->samples[mode].n && peer->samples[mode].n; mode++) {
		double ratio = median(us, mode) / median(peer, mode);
		bool met = rate ? ratio >= t->bound : ratio <= t->bound;

		fprintf(f, "%s %.2f %s%s", mode ? "," : "", ratio, met ? "met" : "MISSED",
			mode ? " after idle" : "");
	}
	fprintf(f, "\n");
}

void report_workload(FILE *f, const struct cell *cells, size_t n)
{
	static const char *const units[] = {
		[MEASURE_TIME] = "", [MEASURE_RATE] = ", 1/s", [MEASURE_MEMORY] = ", KiB"};
	const struct cell *us = find(cells, n, "jailrt"), *floor = find(cells, n, "floor");
	const struct workload *w = cells[0].w;

	fprintf(f, "%s%s\n", w->name, units[w->measure]);
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &cells[i];

		if (c->out && !*c->why)
			continue;
		fprintf(f, "  %-20s|", c->c->name);
		if (c->out) {
			fprintf(f, " does not run: %s\n", c->why);
			continue;
		}
		print_mode(f, c, MODE_BUSY, us, floor);
		fprintf(f, "|");
		print_mode(f, c, MODE_IDLE, us, floor);
		if (c->failures)
			fprintf(f, "  %u failed: %s", c->failures, c->why);
		fprintf(f, "\n");
	}
	for (size_t i = 0; i < COUNT(w->targets) && w->targets[i].peer; i++)
		print_target(f, w, &w->targets[i], us, find(cells, n, w->targets[i].peer));
	fflush(f);
}

/* --- raw results --------------------------------------------------------------------------------- */

static void json_text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void json_member(FILE *f, const char *name, const char *value, const char *after)
{
	fprintf(f, "\"%s\": ", name);
	json_text(f, value);
	fputs(after, f);
}

static void json_numbers(FILE *f, const char *name, const double *v, size_t n, const char *after)
{
	fprintf(f, "\"%s\": [", name);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%.4f", i ? ", " : "", v[i]);
	fprintf(f, "]%s", after);
}

static void json_cell(FILE *f, const struct cell *c, enum mode mode, bool first)
{
	static const char *const units[] = {
		[MEASURE_TIME] = "ms", [MEASURE_RATE] = "1/s", [MEASURE_MEMORY] = "KiB"};
	const struct samples *s = &c->samples[mode];

	fprintf(f, "%s\n\t\t{", first ? "" : ",");
	json_member(f, "workload", c->w->name, ", ");
	json_member(f, "contestant", c->c->name, ", ");
	if (c->out) {
		json_member(f, "does_not_run", c->why, "}");
		return;
	}
	json_member(f, "mode", mode ? "idle" : "back-to-back", ", ");
	json_member(f, "unit", units[c->w->measure], ", ");
	fprintf(f, "\"failures\": %u, \"median\": %.4f, ", c->failures, median(c, mode));
	json_numbers(f, "values", s->wall, s->n, ", ");
	json_numbers(f, "cpu_ms", s->cpu, s->n, "}");
}

void report_json(
	FILE *f, const struct contestant *c, size_t n_c, const struct cell *cells, size_t n)
{
	char date[64];
	time_t now = time(NULL);
	struct utsname u;
	bool first = true;

	uname(&u);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	fprintf(f, "{\n\t");
	json_member(f, "date", date, ",\n\t");
	json_member(f, "kernel", u.release, ",\n\t");
	json_member(f, "machine", u.machine, ",\n\t");
	json_member(f, "cgroup", place.v2 ? "v2" : place.hidden ? "hybrid" : "v1", ",\n\t");
	fprintf(f, "\"cpus\": %ld,\n\t\"contestants\": [", sysconf(_SC_NPROCESSORS_ONLN));
	for (size_t i = 0; i < n_c; i++) {
		fprintf(f, "%s\n\t\t{", i ? "," : "");
		json_member(f, "name", c[i].name, ", ");
		json_member(f, "version", c[i].version, ", ");
		json_member(f, "path", c[i].exe, "}");
	}
	fprintf(f, "\n\t],\n\t\"results\": [");
	for (size_t i = 0; i < n; i++) {
		for (int mode = 0; mode < MODES; mode++) {
			if (!cells[i].samples[mode].n && (mode || !cells[i].out || !*cells[i].why))
				continue;
			json_cell(f, &cells[i], mode, first);
			first = false;
		}
	}
	fprintf(f, "\n\t]\n}\n");
}
