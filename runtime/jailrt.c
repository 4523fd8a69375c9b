/* SPDX-License-Identifier: Apache-2.0 */
#include "jailrt.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../spec/json.h"
#include "../spec/nsjail_jail.h"
#include "../spec/origin.h"
#include "base/fd.h"
#include "base/log.h"
#include "life.h"
#include "serve.h"

#define PUBLIC __attribute__((visibility("default")))

struct jailrt {
	struct life life;
	struct err err;
	struct str text;
	struct i32s pids;
	struct serve serve;
	bool serves; /* more than one jail, or nsjail's way of one */
	bool deletes; /* jailrt_end deletes: it was made by run */
};

PUBLIC struct jailrt *jailrt_new(void)
{
	struct jailrt *j = calloc(1, sizeof(*j));

	if (j)
		life_init(&j->life);
	return j;
}

PUBLIC void jailrt_free(struct jailrt *j)
{
	if (!j)
		return;
	if (j->serves)
		serve_done(&j->serve);
	life_done(&j->life);
	str_done(&j->text);
	free(j);
}

PUBLIC const char *jailrt_error(const struct jailrt *j)
{
	return j->err.text;
}

PUBLIC const char *jailrt_fix(const struct jailrt *j)
{
	return j->err.fix;
}

PUBLIC int jailrt_set(struct jailrt *j, const char *field, const char *value)
{
	return life_set(&j->life, field, value, &j->err);
}

PUBLIC const char *jailrt_get(struct jailrt *j, const char *field)
{
	const struct field *f = field_find(&table_life_options, field);
	const struct loaded *loaded = &j->life.loaded;
	const void *object = &j->life.o, *at;

	/* Of an nsjail config that is loaded, or of a bundle's jail object, a field. */
	if (!f && (loaded->nsjail || (loaded->oci && loaded->oci->jail))) {
		f = field_find(&table_nsjail_config, field);
		object = loaded->nsjail ? loaded->nsjail : loaded->oci->jail;
	}
	at = f ? field_at(f, object) : NULL;
	if (!f || !field_present(f, object))
		return NULL;
	switch (f->kind) {
	case FIELD_KIND_TEXT:
		return *(const char *const *)at;
	case FIELD_KIND_BOOL:
		return *(const bool *)at ? "true" : NULL;
	case FIELD_KIND_U32:
		return pool_printf(&j->life.pool, "%u", *(const uint32_t *)at);
	case FIELD_KIND_I32:
		return pool_printf(&j->life.pool, "%d", *(const int32_t *)at);
	case FIELD_KIND_ENUM:
		return words_name(f->words, (uint64_t) * (const int32_t *)at);
	default:
		return NULL;
	}
}

PUBLIC const char *jailrt_place(struct jailrt *j, const char *field)
{
	const struct loaded *l = &j->life.loaded;
	const struct field *f = l->nsjail ? field_find(&table_nsjail_config, field) : NULL;
	char where[512] = "";
	const char *copy;

	if (f)
		origin_describe(&l->origin, field_at(f, l->nsjail), where, sizeof(where));
	copy = pool_text(&j->life.pool, *where ? where : field);
	return copy ? copy : field;
}

PUBLIC int jailrt_load(struct jailrt *j)
{
	return life_load(&j->life, &j->err);
}

PUBLIC int jailrt_plan(struct jailrt *j, int json, const char **ret_text)
{
	str_done(&j->text);
	TRY(life_plan(&j->life, json, &j->text, &j->err));
	*ret_text = str_text(&j->text);
	return 0;
}

PUBLIC int jailrt_create(struct jailrt *j)
{
	TRY(life_begin(&j->life, true, &j->err));
	return life_reach(&j->life, LIFE_LEFT, &j->err);
}

PUBLIC int jailrt_start(struct jailrt *j)
{
	return life_start(&j->life, &j->err);
}

PUBLIC int jailrt_kill(struct jailrt *j)
{
	return life_kill(&j->life, &j->err);
}

PUBLIC int jailrt_delete(struct jailrt *j)
{
	return life_delete(&j->life, &j->err);
}

PUBLIC int jailrt_run_begin(struct jailrt *j)
{
	const struct life *l = &j->life;
	enum service_mode mode;

	TRY(life_check_id(l, &j->err));
	TRY(life_load(&j->life, &j->err));
	mode = l->loaded.jail.service.mode;
	if (mode == SERVICE_EXECVE)
		return life_become(&j->life, &j->err);
	j->serves = mode == SERVICE_RERUN || mode == SERVICE_LISTEN ||
		    l->o.compat != NSJAIL_DOOR_OURS;
	if (j->serves)
		return serve_begin(&j->serve, &j->life, &j->err);
	TRY(life_begin(&j->life, false, &j->err));
	j->deletes = !l->o.keep;
	return 0;
}

PUBLIC int jailrt_signal(struct jailrt *j, int sig)
{
	if (!j->serves)
		return 0;
	if (sig == SIGUSR1 || sig == SIGQUIT)
		serve_tell(&j->serve);
	else if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP)
		serve_stop(&j->serve, sig);
	return 1;
}

PUBLIC const char *jailrt_cause(const struct jailrt *j)
{
	return j->life.report.cause;
}

PUBLIC int jailrt_checkpoint(struct jailrt *j)
{
	return life_checkpoint(&j->life, &j->err);
}

PUBLIC int jailrt_restore_begin(struct jailrt *j)
{
	TRY(life_restore_begin(&j->life, &j->err));
	j->deletes = !j->life.o.detach;
	return 0;
}

PUBLIC int jailrt_exec_begin(struct jailrt *j)
{
	int r = life_exec_begin(&j->life, &j->err);

	return r < 0 ? r : 0;
}

PUBLIC int jailrt_fd(const struct jailrt *j)
{
	return j->serves ? serve_fd(&j->serve) : life_fd(&j->life);
}

PUBLIC int jailrt_step(struct jailrt *j)
{
	enum life_phase before = j->life.phase;
	int r;

	if (j->serves) {
		r = serve_step(&j->serve, &j->err);
		TRY(r);
		return r == LIFE_ENDED ? JAILRT_ENDED : JAILRT_AGAIN;
	}
	r = life_step(&j->life, &j->err);
	TRY(r);
	if (j->life.phase == before)
		return JAILRT_AGAIN;
	switch (j->life.phase) {
	case LIFE_CREATED:
		return JAILRT_CREATED;
	case LIFE_RUNNING:
		return JAILRT_RUNNING;
	case LIFE_ENDED:
		return JAILRT_ENDED;
	default:
		return JAILRT_AGAIN;
	}
}

PUBLIC int jailrt_end(struct jailrt *j, int *ret_status)
{
	struct life *l = &j->life;
	struct err deleting;
	int r = life_watch_tell(l, &j->err);

	*ret_status = l->status;
	if (l->report_fd >= 0 && report_write(&l->report, l->report_fd, &deleting) < 0 && r >= 0) {
		j->err = deleting;
		r = -deleting.code;
	}
	/* It is deleted in any case; the failure that came first is the one to be told. */
	if (j->deletes && l->state && life_delete(l, &deleting) < 0 && r >= 0) {
		j->err = deleting;
		r = -deleting.code;
	}
	return r;
}

static int wait_for_end(struct jailrt *j, int *ret_status)
{
	int r = 0;

	while (r != JAILRT_ENDED) {
		r = jailrt_step(j);
		TRY(r);
		if (r != JAILRT_AGAIN)
			continue;
		r = fd_wait(jailrt_fd(j), -1);
		if (r < 0)
			return err_sys(&j->err, -r, "wait");
		r = JAILRT_AGAIN;
	}
	return jailrt_end(j, ret_status);
}

PUBLIC int jailrt_run(struct jailrt *j, int *ret_status)
{
	TRY(jailrt_run_begin(j));
	return wait_for_end(j, ret_status);
}

PUBLIC int jailrt_exec(struct jailrt *j, int *ret_status)
{
	TRY(jailrt_exec_begin(j));
	return wait_for_end(j, ret_status);
}

PUBLIC int jailrt_wait(struct jailrt *j, int *ret_status)
{
	TRY(life_wait(&j->life, &j->err));
	*ret_status = j->life.status;
	return 0;
}

PUBLIC int jailrt_pid(const struct jailrt *j)
{
	const struct conn *c = j->serves ? j->serve.conns : NULL;

	return c && c->has_life ? c->life.pid : j->life.pid;
}

PUBLIC int jailrt_console(const struct jailrt *j)
{
	return j->life.console;
}

PUBLIC int jailrt_state(struct jailrt *j, const char **ret_json)
{
	str_done(&j->text);
	TRY(life_view(&j->life, &j->text, &j->err));
	*ret_json = str_text(&j->text);
	return 0;
}

PUBLIC int jailrt_mounts(struct jailrt *j, int add)
{
	return life_mounts(&j->life, add, &j->err);
}

PUBLIC int jailrt_pause(struct jailrt *j)
{
	return life_pause(&j->life, &j->err);
}

PUBLIC int jailrt_resume(struct jailrt *j)
{
	return life_resume(&j->life, &j->err);
}

PUBLIC int jailrt_update(struct jailrt *j)
{
	return life_update(&j->life, &j->err);
}

PUBLIC int jailrt_events(struct jailrt *j, int (*fn)(const char *json, void *arg), void *arg)
{
	return life_events(&j->life, fn, arg, &j->err);
}

struct list_call {
	int (*fn)(const struct jailrt_entry *entry, void *arg);
	void *arg;
};

/* Of what fn is called with, it sees the first member. */
struct listed {
	struct jailrt_entry entry;
	const struct state *state;
	enum status status;
	struct str json;
};

static void listed_done(struct listed *l)
{
	str_done(&l->json);
}

static int list_one(const struct state *s, enum status status, void *arg)
{
	const struct list_call *c = arg;
	own(listed_done) struct listed l = {
		.entry =
			{
				.id = s->id,
				.status = status_names[status],
				.bundle = s->bundle,
				.rootfs = s->rootfs ? s->rootfs : "",
				.created = s->created ? s->created : "",
				.owner = s->owner ? s->owner : "",
				.version = s->ociVersion ? s->ociVersion : "",
				.pid = status == STATUS_STOPPED ? 0 : s->pid,
			},
		.state = s,
		.status = status,
	};

	return c->fn(&l.entry, c->arg);
}

PUBLIC const char *jailrt_entry_json(const struct jailrt_entry *entry)
{
	struct listed *l = (struct listed *)entry;
	struct json_writer w;

	str_done(&l->json);
	json_writer_init(&w, &l->json, 0);
	return state_send(l->state, l->status, &w.sink, NULL) < 0 ? "" : str_text(&l->json);
}

PUBLIC int jailrt_list(
	struct jailrt *j, int (*fn)(const struct jailrt_entry *entry, void *arg), void *arg)
{
	struct list_call c = {fn, arg};

	return life_list(&j->life, list_one, &c, &j->err);
}

PUBLIC int jailrt_pids(struct jailrt *j, const int **ret_pids, size_t *ret_n)
{
	j->pids = (struct i32s){0};
	TRY(life_pids(&j->life, &j->pids, &j->err));
	*ret_pids = j->pids.v;
	*ret_n = j->pids.n;
	return 0;
}

struct log_call {
	void (*fn)(int level, const char *text, void *arg);
	void *arg;
};

static void pass_on(enum log_level level, const char *text, void *arg)
{
	const struct log_call *c = arg;

	c->fn((int)level, text, c->arg);
}

PUBLIC void jailrt_log(void (*fn)(int level, const char *text, void *arg), void *arg, int level)
{
	static struct log_call call; /* goes with the log sink, of which there is one */

	call = (struct log_call){fn, arg};
	log_to(fn ? pass_on : NULL, &call, (enum log_level)level);
}

PUBLIC const char *jailrt_version(void)
{
	return JAILRT_VERSION;
}
