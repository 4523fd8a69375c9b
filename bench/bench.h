/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H
/*
 * bench: what contestants need for workloads, measured in turn in one run.
 *
 * A workload is a row (tables.c): which verbs one sample is made of, what must be there before. A
 * contestant speaks a dialect: a row of command lines, one a verb. What a workload is for a contestant
 * is a cell, which holds its samples. bench.c goes through the table; place.c, bundle.c and states.c
 * make what is measured in; words.c makes command lines; cell.c, sample.c and memory.c take samples;
 * spawn.c runs programs; targets.c judges; report.c prints, json.c writes; hand.c lets bench/trace in.
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
	VERB_SIGNAL, /* one that changes nothing */
	VERB_DELETE,
	VERB_EXEC,
	VERB_STATE,
	VERB_LIST,
	VERB_HOST, /* as nsjail: the whole host, read-only */
	VERB_NINE, /* as nsjail: a config of nine mounts */
	VERB_LISTEN, /* as nsjail: a jail for each connection */
	VERB_CLEAN, /* delete whatever there is */
	VERBS
};

struct dialect {
	const char *name;
	bool oci, can_have_cgroup, can_have_none;
	/* Words in braces are filled in (words.c); NULL: it has no such verb. */
	const char *verbs[VERBS];
};

extern const struct dialect dialect_jailrt, dialect_oci, dialect_bwrap, dialect_nsjail,
	dialect_floor;

enum measure {
	MEASURE_TIME, /* of the verbs, one after the other */
	MEASURE_RATE, /* how many runs a second, so many at a time */
	MEASURE_PEAK, /* memory of the verb's own process, when it ends */
	MEASURE_WAITING, /* memory of the runtime's process while the container waits */
	MEASURE_INIT, /* memory of a created container's first process */
	MEASURE_LISTENER, /* memory of the process that holds a thousand jails */
	MEASURE_LIMIT, /* the smallest memory limit that ten runs of ten survive */
	MEASURE_CALL, /* what one system call takes in the container */
	MEASURES
};

/* How the measures are shown. */
struct unit {
	const char *unit,
		*side; /* of what is measured, and of what is kept beside it (NULL: nothing) */
	int digits;
};
extern const struct unit units[MEASURES];

/* What the config has that `spec` does not write. */
enum extra {
	EXTRA_NONE,
	EXTRA_PROFILE, /* an engine's default seccomp profile */
	EXTRA_FILTER, /* a profile that is a long program */
	EXTRA_MOUNTS,
	EXTRA_ENV,
	EXTRAS
};
enum { MANY_MOUNTS = 2000, MANY_VARIABLES = 1024, MANY_JAILS = 1000 };

enum cgroups { CGROUPS_ANY, CGROUPS_NONE, CGROUPS_OWN };

struct workload {
	const char *name;
	enum measure measure;
	enum verb before[3], verbs[4]; /* before: is not measured */
	const char *program; /* NULL: true */
	enum extra extra;
	bool no_net, cold; /* cold: caches that runtimes keep are emptied before each sample */
	enum cgroups cgroups;
	unsigned
		containers; /* how many wait meanwhile: one real one, the others copies of its state */
	unsigned at_a_time; /* for rates */
	unsigned part; /* takes 1/part of the rounds, but a few; 0: all */
	const char *base; /* the workload without what this one is about: the difference is told */
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
	double *wall, *cpu; /* what is measured, and what is kept beside it (struct unit) */
	double *file; /* of memory: what of it are pages of files */
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

/* All that was measured, in the order of the tables: n_contestants cells a workload. */
struct results {
	const struct contestant *contestants;
	size_t n_contestants;
	struct cell *cells;
	size_t n_cells;
};

int cell_prepare(struct cell *c);
int cell_sample(struct cell *c, enum mode mode, bool keep);
void cell_finish(struct cell *c);
/* Waits for all orphans of what was run, so not while a container waits; their CPU time is added. */
void cell_reap(double *cpu);
/* What is left of the containers of a contestant. */
void cell_clean(const struct contestant *c, const struct workload *w);
bool cell_can(const struct contestant *c, const struct workload *w);

/* --- words.c ------------------------------------------------------------------------------------- */

enum { WORDS_TEXT = 16384 };

struct fill {
	const struct contestant *c;
	const struct workload *w;
	const char *program, *id, *bundle; /* bundle NULL: that of the workload */
	unsigned port;
};

/* The command line of a verb. */
void words_fill(const struct fill *f, enum verb verb, char ret[static WORDS_TEXT]);
/* What is to be its stdin, when the command line says so; else -1. */
int words_stdin(const struct fill *f, const char *text);
/* Ids end in four characters that copies replace; each contestant has its own, as its cgroups are. */
void words_id(const struct contestant *c, unsigned slot, char *ret, size_t size);

/* --- sample.c, memory.c -------------------------------------------------------------------------- */

struct sample {
	double wall, cpu, file;
};

struct pipes {
	int in[2], out[2];
};

int sample_take(const struct cell *c, enum mode mode, struct fill *f, struct sample *ret);
int sample_open_pipes(struct pipes *p);
/* Up to the byte that the program writes when it runs. */
int sample_await(int out);

int memory_peak(const struct cell *c, struct fill *f, struct sample *ret);
int memory_waiting(const struct cell *c, struct fill *f, struct sample *ret);
int memory_init(const struct cell *c, struct fill *f, struct sample *ret);
int memory_listener(const struct cell *c, struct fill *f, struct sample *ret);
int memory_limit(const struct cell *c, struct fill *f, struct sample *ret);

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
	double load; /* of the machine, before any work of ours; 0 where it is not known */
	int errors; /* where contestants write their messages */
};

extern struct place place;

int place_make(const char *payload);
void place_remove(void);
int place_make_dir(const char *path);
char *place_read(const char *path, size_t *ret_len);
int place_write(const char *path, const char *text, size_t len, mode_t mode);
int place_complain(const char *what);

/* --- bundle.c ------------------------------------------------------------------------------------ */

/* Reads what bundles are made of; data is the folder of configs that come with the tests. */
int bundle_begin(const char *jailrt, const char *data);
void bundle_end(void);
/* Makes PLACE/bundle-PROGRAM-EXTRA[-no-net], unless it is there. */
int bundle_make(const char *program, enum extra extra, bool net);
void bundle_name(const char *program, enum extra extra, bool net, char *ret, size_t size);
/* PLACE/bundle-limit: a run of /bin/true with so much memory. */
int bundle_limit(unsigned kib);
/* The file that goes with an extra: a filter, or bubblewrap's arguments. */
void bundle_file(enum extra extra, const char *what, char *ret, size_t size);

/* --- states.c ------------------------------------------------------------------------------------ */

/* Copies of the state of a waiting container, under names of their own, and their removal. */
int states_copy(const char *states, const char *id, unsigned copies);
void states_remove(const char *states, const char *id, unsigned copies);
/* All that there is, with the caches that runtimes keep beside states. */
int states_empty(const char *states);

/* --- spawn.c ------------------------------------------------------------------------------------- */

struct spawned {
	pid_t pid;
	int status;
	double cpu; /* ms of it and those that it waited for */
};

/* Programs that take longer than so many seconds are killed, and have failed. */
extern unsigned spawn_patience;

double spawn_clock(void); /* ms */
/* Runs text, split at blanks. in, out: -1 is /dev/null. */
pid_t spawn_begin(const char *text, int in, int out);
/* As a process that is traced, and stops before its first instruction. */
pid_t spawn_begin_traced(const char *text, int in, int out);
/* pid -1: whoever ends next, also orphans of what was run. 0: nobody is left. */
int spawn_wait(pid_t pid, struct spawned *ret);
/* Begins, waits; the CPU time is added. 0: it ended with 0. */
int spawn_run(const char *text, int in, int out, double *cpu);
/* The start of what text writes to stdout. 0: it ended with 0; 1: otherwise. */
int spawn_read(const char *text, int in, char *ret, size_t size);
/* Between the two, spawn_impatient says whether it takes too long, and calls that block end by EINTR. */
void spawn_be_patient(void);
bool spawn_impatient(void);
void spawn_be_calm(void);
/* The last line that a contestant wrote to stderr. */
void spawn_last_words(char *ret, size_t size);
void spawn_forget_words(void);

/* --- hand.c -------------------------------------------------------------------------------------- */

/* Runs a program with a file's name as its last argument: workload, contestant, command, with tabs between. */
int hand_over(const char *to, const struct cell *cells, size_t n);

/* --- targets.c, report.c, json.c ----------------------------------------------------------------- */

enum verdict { NOT_MEASURED, MET, MISSED };

/* One target, judged beside one peer. */
struct judged {
	const struct target *target;
	const char *peer; /* NULL: none of the kind took part */
	double values[MODES];
	bool has[MODES];
	enum verdict verdict;
};

enum { JUDGED = 256 };

/* Judges all that can be judged from what there is; returns how many. */
size_t targets_judge(const struct results *r, struct judged ret[static JUDGED]);
const char *target_workload(const struct target *t);
/* "at most 1.50 × floor" */
void target_text(const struct judged *j, char *ret, size_t size);
/* The target in the table of the goals that it is a part of. */
const char *target_goal(const struct target *t);
/* The workload that it is compared with; NULL: the same. */
const char *target_other(const struct target *t);
extern const char *const verdicts[];

void report_machine(FILE *f, const struct contestant *c, size_t n);
/* The cells of the last workload, and the targets that are about it. */
void report_workload(FILE *f, const struct results *r);
void report_targets(FILE *f, const struct results *r);
double report_quantile(const double *v, size_t n, double q);
double report_median(const struct cell *c, enum mode mode);
/* The cell of a workload and a contestant that has samples; NULL: there is none. */
const struct cell *report_find(const struct results *r, const char *workload, const char *name);
void json_write(FILE *f, const struct results *r);

extern volatile sig_atomic_t bench_stop;

#endif
