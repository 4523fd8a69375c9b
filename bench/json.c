/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* Raw results: every sample, and what became of the targets. bench/docs reads it. */

static void text(FILE *f, const char *s)
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

static void member(FILE *f, const char *name, const char *value, const char *after)
{
	fprintf(f, "\"%s\": ", name);
	text(f, value);
	fputs(after, f);
}

static void numbers(FILE *f, const char *name, const double *v, size_t n, const char *after)
{
	fprintf(f, "\"%s\": [", name);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%.4f", i ? ", " : "", v[i]);
	fprintf(f, "]%s", after);
}

static const char *mode_name(enum mode mode)
{
	return mode == MODE_IDLE ? "idle" : "back-to-back";
}

static void put_cell(FILE *f, const struct cell *c, enum mode mode, bool first)
{
	const struct samples *s = &c->samples[mode];
	const struct unit *u = &units[c->w->measure];

	fprintf(f, "%s\n\t\t{", first ? "" : ",");
	member(f, "workload", c->w->name, ", ");
	member(f, "contestant", c->c->name, ", ");
	if (c->out) {
		member(f, "does_not_run", c->why, "}");
		return;
	}
	member(f, "mode", mode_name(mode), ", ");
	member(f, "unit", u->unit, ", ");
	if (c->w->base)
		member(f, "base", c->w->base, ", ");
	fprintf(f, "\"failures\": %u, \"median\": %.4f, \"p10\": %.4f, \"p90\": %.4f, ",
		c->failures, report_median(c, mode), report_quantile(s->wall, s->n, 0.1),
		report_quantile(s->wall, s->n, 0.9));
	if (u->side)
		numbers(f, u->side, s->cpu, s->n, ", ");
	if (u->side && !strcmp(u->side, "rss_kib"))
		numbers(f, "rss_file_kib", s->file, s->n, ", ");
	numbers(f, "values", s->wall, s->n, "}");
}

static void put_judged(FILE *f, const struct judged *j, bool first)
{
	char words[256];

	target_text(j, words, sizeof(words));
	fprintf(f, "%s\n\t\t{", first ? "" : ",");
	member(f, "goal", target_goal(j->target), ", ");
	member(f, "workload", target_workload(j->target), ", ");
	member(f, "target", words, ", ");
	if (j->peer)
		member(f, "peer", j->peer, ", ");
	if (target_other(j->target))
		member(f, "other", target_other(j->target), ", ");
	for (int mode = 0; mode < MODES; mode++) {
		if (j->has[mode])
			fprintf(f, "\"%s\": %.4f, ", mode_name(mode), j->values[mode]);
	}
	member(f, "verdict", verdicts[j->verdict], "}");
}

static void put_machine(FILE *f, const struct results *r)
{
	char date[64];
	time_t now = time(NULL);
	struct utsname u;

	uname(&u);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	member(f, "date", date, ",\n\t");
	member(f, "kernel", u.release, ",\n\t");
	member(f, "machine", u.machine, ",\n\t");
	member(f, "cgroup", place.v2 ? "v2" : place.hidden ? "hybrid" : "v1", ",\n\t");
	fprintf(f, "\"load\": %.2f,\n\t\"cpus\": %ld,\n\t\"contestants\": [", place.load,
		sysconf(_SC_NPROCESSORS_ONLN));
	for (size_t i = 0; i < r->n_contestants; i++) {
		fprintf(f, "%s\n\t\t{", i ? "," : "");
		member(f, "name", r->contestants[i].name, ", ");
		member(f, "version", r->contestants[i].version, ", ");
		member(f, "path", r->contestants[i].exe, "}");
	}
}

void json_write(FILE *f, const struct results *r)
{
	static struct judged judged[JUDGED];
	size_t n = targets_judge(r, judged);
	bool first = true;

	fprintf(f, "{\n\t");
	put_machine(f, r);
	fprintf(f, "\n\t],\n\t\"targets\": [");
	for (size_t i = 0; i < n; i++)
		put_judged(f, &judged[i], !i);
	fprintf(f, "\n\t],\n\t\"results\": [");
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct cell *c = &r->cells[i];

		for (int mode = 0; mode < MODES; mode++) {
			if (!c->samples[mode].n && (mode || !c->out || !*c->why))
				continue;
			put_cell(f, c, mode, first);
			first = false;
		}
	}
	fprintf(f, "\n\t]\n}\n");
}
