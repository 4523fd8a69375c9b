/* SPDX-License-Identifier: Apache-2.0 */
/* nsjail: every row of every table, its help and default, written and read back; removed names. */
#include <errno.h>

#include "../../runtime/base/fmt.h"
#include "../../spec/bind.h"
#include "../../spec/json.h"
#include "../../spec/nsjail.h"
#include "../../spec/textproto.h"
#include "../../spec/set.h"
#include "../../spec/walk.h"
#include "tap.h"

static const struct {
	const struct table *table;
	size_t rows;
} tables[] = {
	{&table_nsjail_config, 103},
	{&table_nsjail_id_map, 4},
	{&table_nsjail_mount, 15},
	{&table_nsjail_exe, 4},
	{&table_nsjail_traffic_rule, 11},
	{&table_nsjail_nstun_rule, 11},
	{&table_nsjail_pasta, 18},
	{&table_nsjail_user_net, 25},
};

#define tables_each(i, t)                              \
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) \
		for (const struct table *t = tables[i].table; t; t = NULL)

/* One document at a time. */
static struct pool pool;
static struct nsjail_config *config;
static struct origin origin;
static struct err err;

static int parse_text(const char *text, size_t len)
{
	pool_done(&pool);
	config = NULL;
	err = (struct err){0};
	return nsjail_read(text, len, "f", &pool, &config, &origin, &err);
}

static int parse(const char *text)
{
	return parse_text(text, strlen(text));
}

enum form { TEXT, JSON_CAMEL, JSON_SNAKE };

static void put(const struct table *t, const void *object, enum form form, struct str *out)
{
	struct textproto_writer text;
	struct json_writer json;

	str_done(out);
	textproto_writer_init(&text, out);
	json_writer_init(&json, out, 1);
	is_int(walk(t, object, form == JSON_CAMEL ? WALK_CAMEL : 0,
		       form == TEXT ? &text.sink : &json.sink, &err),
		0);
}

static void tables_are_complete(void)
{
	tables_each(i, t)
	{
		tap_check(t->n == tables[i].rows, TAP_HERE, "%s has %zu rows", t->name, t->n);
		ok(!t->open);
		row_each (f, t) {
			size_t len = f->help ? strlen(f->help) : 0;

			tap_check(len > 5 && len < 100 && f->help[len - 1] != '.', TAP_HERE,
				"%s.%s: help '%s'", t->name, f->key, f->help ? f->help : "");
			tap_check(
				field_find(t, f->key) == f, TAP_HERE, "%s is there twice", f->key);
			ok(f->kind != FIELD_KIND_ENUM || f->words->n > 1);
			for (size_t w = 0; f->words && w < f->words->n; w++)
				is_int(f->words->v[w].value, w);
			/* What is not an integer has neither bounds nor a unit. */
			ok(f->kind <= FIELD_KIND_U64 || (!f->unit && !f->min && !f->max));
			ok(f->kind != FIELD_KIND_BOOL || (!f->unit && !f->max));
		}
	}
}

static const char *flagged(unsigned flag)
{
	static struct str list;

	str_done(&list);
	tables_each(i, t)
	{
		row_each (f, t) {
			if (f->flags & flag)
				str_addf(&list, "%s%s", list.len ? " " : "", f->key);
		}
	}
	return str_text(&list);
}

static void flags_are_right(void)
{
	is_text(flagged(FIELD_REQUIRED), "dst path");
	is_text(flagged(FIELD_INERT), "name description");
	is_text(flagged(FIELD_NOT_YET), "");
	is_text(flagged(FIELD_TIGHTEN), "time_limit seccomp_profile");
	flagged(0);
}

static void defaults_parse(void)
{
	tables_each(i, t)
	{
		own_pool struct pool p = {0};
		void *object = pool_alloc(&p, t->size);

		row_each (f, t) {
			if (!f->dflt)
				continue;
			tap_check(
				!field_set(f, object, f->dflt, &p, &err), TAP_HERE, "%s", err.text);
			ok(field_present(f, object));
		}
	}
}

static void defaults_are_those_of_nsjail(void)
{
	is_int(parse("mount { dst: '/a' } uidmap {} user_net { pasta {} } exec_bin { path: 'x' }"),
		0);
	is_int(field_defaults(&table_nsjail_config, config, &pool, &err), 0);
	is_int(config->mode, NSJAIL_MODE_ONCE);
	is_text(config->hostname, "NSJAIL");
	is_text(config->cwd, "/");
	ok(config->time_limit == 600 && config->nice_level == 19 && !config->has_nice_level);
	ok(config->rlimit_as == 4096 && config->rlimit_as_type == NSJAIL_RLIMIT_VALUE);
	ok(config->rlimit_nofile == 32 && config->rlimit_fsize == 1 && config->rlimit_cpu == 600);
	is_int(config->rlimit_nproc_type, NSJAIL_RLIMIT_SOFT);
	is_int(config->rlimit_memlock, 64);
	is_int(config->cgroup_mem_swap_max, -1);
	is_text(config->cgroup_cpu_mount, "/sys/fs/cgroup/cpu");
	ok(config->clone_newnet && config->clone_newuser && config->clone_newcgroup);
	ok(!config->clone_newtime && !config->keep_env && !config->mount_proc);
	is_int(config->log_level, NSJAIL_LOG_INFO);
	is_text(config->macvlan_vs_mo, "private");
	ok(config->mount.v[0]->mandatory && !config->mount.v[0]->rw);
	is_int(config->uidmap.v[0]->count, 1);
	is_text(config->user_net->ip4, "10.255.255.2");
	is_int(config->user_net->backend, NSJAIL_BACKEND_NSTUN);
	ok(config->user_net->pasta->map_gw && !config->user_net->pasta->enable_dns);
	is_text(config->user_net->pasta->tcp_map_in, "none");
	/* These are told from one another by being absent. */
	ok(!config->log_file && !config->has_oom_score_adj && !config->mount.v[0]->src);
	ok(!config->user_net->ip && !config->user_net->has_enable && !config->exec_bin->arg0);
}

static int read_back(const struct table *t, struct str *text, enum form form, void *object)
{
	struct origin o = {.file = "back"};
	struct bind b;

	bind_init(&b, t, object, &o, &pool, form == TEXT ? BIND_PROTO_TEXT : BIND_PROTO_JSON);
	return (form == TEXT ? textproto_read : json_read)(
		str_text(text), text->len, "back", &b.sink, &err);
}

/* Written and read in each form, an object comes back as it was: the same text in the same form. */
static void check_identity(const struct table *t, const void *object, const char *what)
{
	own_str struct str text = {0}, again = {0};

	for (enum form form = TEXT; form <= JSON_SNAKE; form++) {
		void *copy = pool_alloc(&pool, t->size);

		put(t, object, form, &text);
		tap_check(!read_back(t, &text, form, copy), TAP_HERE, "%s %s: %s", t->name, what,
			err.text);
		for (enum form other = TEXT; other <= JSON_SNAKE; other++) {
			put(t, object, other, &text);
			put(t, copy, other, &again);
			tap_check(!strcmp(str_text(&text), str_text(&again)), TAP_HERE,
				"%s %s:\n%s, not\n%s", t->name, what, str_text(&again),
				str_text(&text));
		}
	}
}

static void *new_object(const struct table *t)
{
	void *object = pool_alloc(&pool, t->size);

	row_each (f, t) {
		if (f->flags & FIELD_REQUIRED)
			is_int(field_set(f, object, "", &pool, &err), 0);
	}
	return object;
}

static const char *const integers[] = {"0", "1", "2147483647", "-2147483648", "4294967295",
	"9223372036854775807", "-9223372036854775808", "18446744073709551615"};
static const char *const texts[] = {
	"", "a b", "\"q\" 'q' \\ \n\t\r\x01\x7f", "\xc3\xa9\xf0\x9f\x98\x80", "#{}[]<>,;"};

static void check_sample(const struct table *t, const struct field *f, const char *value)
{
	void *object = new_object(t);

	if (f->kind == FIELD_KIND_TEXT)
		*(const char **)field_at(f, object) = NULL;
	if (field_set(f, object, value, &pool, &err) < 0)
		is_int(err.code, ERANGE); /* a sample for a wider integer */
	else
		check_identity(t, object, f->key);
}

static void check_row(const struct table *t, const struct field *f)
{
	void *object = new_object(t);

	switch (f->kind) {
	case FIELD_KIND_ENUM:
		for (size_t i = 0; i < f->words->n; i++)
			check_sample(t, f, f->words->v[i].name);
		return;
	case FIELD_KIND_BOOL:
		check_sample(t, f, "true");
		check_sample(t, f, "false");
		return;
	case FIELD_KIND_TEXT:
	case FIELD_KIND_BYTES:
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			check_sample(t, f, texts[i]);
		return;
	case FIELD_KIND_TEXTS:
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			is_int(field_set(f, object, texts[i], &pool, &err), 0);
		break;
	case FIELD_KIND_I32S:
		for (size_t i = 0; i < 4; i++)
			is_int(field_set(f, object, integers[i], &pool, &err), 0);
		break;
	case FIELD_KIND_OBJECT:
		*(void **)field_at(f, object) = new_object(f->table);
		break;
	case FIELD_KIND_OBJECTS:
		for (size_t i = 0; i < 3; i++) {
			struct list *l = field_at(f, object);

			l->v = pool_grow(&pool, l->v, l->n, sizeof(*l->v));
			l->v[l->n++] = new_object(f->table);
		}
		break;
	default:
		for (size_t i = 0; i < ARRAY_LEN(integers); i++)
			check_sample(t, f, integers[i]);
		return;
	}
	check_identity(t, object, f->key);
}

static void each_row_written_is_read_back(void)
{
	tables_each(i, t)
	{
		row_each (f, t) {
			pool_done(&pool);
			check_row(t, f);
		}
	}
}

static void all_bytes_are_read_back(void)
{
	struct nsjail_mount *m;

	pool_done(&pool);
	m = new_object(&table_nsjail_mount);
	m->src_content = (struct bytes){pool_alloc(&pool, 1025), 1024};
	for (size_t i = 0; i < 1024; i++)
		m->src_content.data[i] = (char)(i < 512 ? i : i * 7 >> 2);
	check_identity(&table_nsjail_mount, m, "src_content");
}

static void removed_fields_have_a_way_on(void)
{
	char text[128], camel[64];
	size_t n = 0;

	for (const struct nsjail_removed *r = nsjail_removed; r->name; r++, n++) {
		ok(strlen(r->instead) > 2);
		tables_each(i, t)
			tap_check(!field_find(t, r->name), TAP_HERE, "%s is a field", r->name);
		fmt_put(text, sizeof(text), "%s: 1", r->name);
		is_int(parse(text), -EINVAL);
		has_text(err.text, "unknown key");
		has_text(err.fix, r->instead);
		field_camel(camel, sizeof(camel), r->name);
		fmt_put(text, sizeof(text), "{\"%s\": 1}", camel);
		is_int(parse(text), -EINVAL);
		has_text(err.fix, r->instead);
	}
	is_int(n, 18);
	ok(nsjail_removed_find("chroot_dir") && !nsjail_removed_find("cwd"));
	is_int(parse("mount { dst: '' is_ro: true }"), -EINVAL);
	has_text(err.fix, "'is_ro' was removed from nsjail; use rw");
	is_int(parse("{\"mode\":\"STANDALONE_ONCE\"}"), -EINVAL);
	is_text(err.fix, "write ONCE");
	is_int(parse("rlimit_ass: 1"), -EINVAL);
	is_text(err.fix, "");
}

int main(void)
{
	run(tables_are_complete);
	run(flags_are_right);
	run(defaults_parse);
	run(defaults_are_those_of_nsjail);
	run(each_row_written_is_read_back);
	run(all_bytes_are_read_back);
	run(removed_fields_have_a_way_on);
	pool_done(&pool);
	return tap_done();
}
