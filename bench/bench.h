/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H
/*
 * bench: what contestants need for workloads, measured in turn in one run.
 *
 * A workload is a row (tables.c): which verbs one sample is made of, what must be there before. A
 * contestant speaks a dialect: a row of command lines, one a verb. What a workload is for a contestant
 * is a cell, which holds its samples. bench.c goes through the table, place.c makes the place to
 * measure in, cell.c takes samples, spawn.c runs programs, report.c prints.
 */
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* --- tables.c ------------------------------------------------------------------------------------ */

enum verb {
	VERB_NONE,
	VERB_RUN,
	VERB_CREATE,
	VERB_START,
	VERB_DELETE,
	VERB_EXEC,
	VERB_STATE,
	VERB_LIST,
	VERB_CLEAN, /* delete whatever there is */
	VERBS
};

struct dialect {
	const char *name;
	bool can_have_cgroup, can_have_none;
	/* Words in braces are filled in (cell.c); NULL: it has no such verb. */
	const char *verbs[VERBS];
};

extern const struct dialect dialect_oci, dialect_bwrap, dialect_floor;

enum measure {
	MEASURE_TIME, /* of the verbs, one after the other */
	MEASURE_RATE, /* how many runs a second, so many at a time */
	MEASURE_MEMORY, /* VmHWM of the runtime's process while the container waits */
};

enum cgroups { CGROUPS_ANY, CGROUPS_NONE, CGROUPS_OWN };

struct target {
	const char *peer;
	double bound; /* jailrt's part of the peer's: at most; for rates: at least */
};

struct workload {
	const char *name;
	enum measure measure;
	enum verb verbs[4];
	bool no_net;
	enum cgroups cgroups;
	unsigned
		containers; /* how many wait meanwhile: one real one, the others copies of its state */
	unsigned at_a_time; /* for rates */
	unsigned part; /* takes 1/part of the rounds, but a few; 0: all */
	struct target targets[2];
};

extern const struct workload workloads[];
extern const size_t n_workloads;

/* --- contestants and cells ----------------------------------------------------------------------- */

struct contestant {
	char name[32], exe[PATH_MAX], version[128];
	const struct dialect *dialect;
	bool has_manager; /* the option --cgroup-manager */
	char states[PATH_MAX];
};

enum mode { MODE_BUSY, MODE_IDLE, MODES };

struct samples {
	double *wall, *cpu; /* ms; rates per second, KiB */
	size_t n;
};

struct cell {
	const struct workload *w;
	const struct contestant *c;
	struct samples samples[MODES];
	unsigned failures;
	bool out; /* it does not take part: why */
	char why[256];
	int feed; /* the waiting container's stdin; -1: none */
};

int cell_prepare(struct cell *c);
int cell_sample(struct cell *c, enum mode mode, bool keep);
void cell_finish(struct cell *c);
/* Waits for all orphans of what was run, so not while a container waits; their CPU time is added. */
void cell_reap(double *cpu);
/* What is left of the containers of a contestant. */
void cell_clean(const struct contestant *c, const struct workload *w);
bool cell_can(const struct contestant *c, const struct workload *w);

/* --- place.c ------------------------------------------------------------------------------------- */

struct hierarchy {
	char name[128], dir[PATH_MAX];
};

struct place {
	char dir[PATH_MAX]; /* a tmpfs of our own */
	char rootfs[PATH_MAX];
	struct hierarchy hierarchies[32];
	size_t n_hierarchies;
	bool v2, hidden;
	int errors; /* where contestants write their messages */
};

extern struct place place;

/* Bundles are PLACE/bundle-PROGRAM[-no-net]. */
int place_make(const char *jailrt, const char *payload);
void place_remove(void);
/* Copies of the state of a waiting container, under names of their own, and their removal. */
int place_copy_state(const char *states, const char *id, unsigned copies);
void place_remove_copies(const char *states, const char *id, unsigned copies);
int place_make_dir(const char *path);

/* --- spawn.c ------------------------------------------------------------------------------------- */

struct spawned {
	pid_t pid;
	int status;
	double cpu; /* ms of it and those that it waited for */
};

double spawn_clock(void); /* ms */
/* Runs text, split at blanks. in, out: -1 is /dev/null. */
pid_t spawn_begin(const char *text, int in, int out);
/* pid -1: whoever ends next, also orphans of what was run. 0: nobody is left. */
int spawn_wait(pid_t pid, struct spawned *ret);
/* Begins, waits; the CPU time is added. 0: it ended with 0. */
int spawn_run(const char *text, int in, int out, double *cpu);
/* The start of what text writes to stdout. */
int spawn_read(const char *text, char *ret, size_t size);
/* The last line that a contestant wrote to stderr. */
void spawn_last_words(char *ret, size_t size);
void spawn_forget_words(void);

/* --- report.c ------------------------------------------------------------------------------------ */

void report_machine(FILE *f, const struct contestant *c, size_t n);
/* The cells of one workload. */
void report_workload(FILE *f, const struct cell *cells, size_t n);
void report_json(
	FILE *f, const struct contestant *c, size_t n_c, const struct cell *cells, size_t n);
double report_quantile(const double *v, size_t n, double q);

extern volatile sig_atomic_t bench_stop;

#endif
