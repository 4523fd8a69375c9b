/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../runtime/base/fmt.h"
#include "profile.h"

const struct policy_text policy_texts[] = {
#include "profiles.inc"
};
const size_t policy_texts_n = ARRAY_LEN(policy_texts);

/* --- texts ---------------------------------------------------------------------------------------- */

static int json_rules(const struct bytes *text, const char *file,
	const struct policy_options *options, struct pool *pool, struct rules *ret, struct err *e)
{
	const struct profile_options o = {.archs = options->archs, .n_archs = options->n_archs};
	struct origin *origin = POOL_NEW(pool, struct origin);
	struct oci_config *config;
	struct oci_seccomp *doc;

	if (!origin)
		return err_memory(e);
	if (!memmem(text->data, text->len, "\"ociVersion\"", 12)) {
		TRY(oci_read_seccomp(text->data, text->len, file, pool, &doc, origin, e));
		return profile_rules(doc, origin, &o, pool, ret, e);
	}
	TRY(oci_read(text->data, text->len, file, false, pool, &config, origin, e));
	if (!config->linux || !config->linux->seccomp)
		return err_set(e, EINVAL, "%s: it has no linux.seccomp", file);
	return profile_rules(config->linux->seccomp, origin, &o, pool, ret, e);
}

static int own_texts(struct pool *pool, struct kafel_options *to, struct err *e)
{
	struct kafel_text *v = pool_array(pool, policy_texts_n, sizeof(*v));

	if (!v)
		return err_memory(e);
	for (size_t i = 0; i < policy_texts_n; i++) {
		const struct policy_text *p = &policy_texts[i];

		v[i] = (struct kafel_text){
			pool_printf(pool, "%s.policy", p->name), p->text, strlen(p->text)};
		if (!v[i].file)
			return err_memory(e);
	}
	to->own = v;
	to->n_own = policy_texts_n;
	return 0;
}

/* folder: where includes are looked for; NULL: among our own policies. */
static int kafel_of(const struct kafel_text *text, const char *folder,
	const struct policy_options *options, struct pool *pool, struct rules *ret, struct err *e)
{
	const struct arch *native = arch_native();
	const struct arch *const *archs = options->n_archs ? options->archs : &native;
	struct kafel_options o = {
		.strict = options->strict, .include = &folder, .n_include = folder != NULL};
	struct kafel_notes notes = {0};

	if (!folder)
		TRY(own_texts(pool, &o, e));
	TRY(kafel_rules(
		text, 1, archs, options->n_archs ? options->n_archs : 1, &o, pool, ret, &notes, e));
	kafel_tell_warnings(&notes);
	return 0;
}

int policy_rules(const struct bytes *text, const char *file, const struct policy_options *options,
	struct pool *pool, struct rules *ret, struct err *e)
{
	const char *slash = strrchr(file, '/');
	const char *folder = slash ? pool_printf(pool, "%.*s", (int)(slash - file), file) : ".";
	const struct kafel_text one = {file, text->data, text->len};

	if (text->data[strspn(text->data, " \t\r\n")] == '{')
		return json_rules(text, file, options, pool, ret, e);
	if (!folder)
		return err_memory(e);
	return kafel_of(&one, slash == file ? "/" : folder, options, pool, ret, e);
}

/* --- names ---------------------------------------------------------------------------------------- */

static const struct policy_text *find(const char *name)
{
	for (size_t i = 0; i < policy_texts_n; i++) {
		if (!strcmp(policy_texts[i].name, name) && !strchr(name, '/'))
			return &policy_texts[i];
	}
	return NULL;
}

bool policy_is_own(const char *name)
{
	return find(name) != NULL;
}

static const char *nearest(const char *name)
{
	const char *best = NULL;
	unsigned least = 4, d;

	for (size_t i = 0; i < policy_texts_n; i++) {
		d = fmt_distance(policy_texts[i].name, name);
		if (!strchr(policy_texts[i].name, '/') && d < least) {
			least = d;
			best = policy_texts[i].name;
		}
	}
	return best;
}

static int unknown(const char *name, struct err *e)
{
	const char *near = nearest(name);

	err_set(e, ENOENT, "there is no seccomp profile '%s'%s%s%s", name,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return err_fix(e,
		"'jailrt seccomp list' shows those of jailrt; others are files NAME.policy "
		"or NAME.json in " POLICY_FOLDER);
}

/* Those who may say a name may not all say which file is read. */
static bool is_name(const char *name)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

	return *name && *name != '.' && !name[strspn(name, letters)];
}

int policy_by_name(const char *name, const struct policy_options *options, struct pool *pool,
	struct rules *ret, struct err *e)
{
	static const char *const endings[] = {"policy", "json"};
	const struct policy_text *own = find(name);
	struct bytes text;

	if (own) {
		const struct kafel_text one = {own->name, own->text, strlen(own->text)};

		return kafel_of(&one, NULL, options, pool, ret, e);
	}
	for (size_t i = 0; is_name(name) && i < ARRAY_LEN(endings); i++) {
		const char *path = pool_printf(pool, "%s/%s.%s", POLICY_FOLDER, name, endings[i]);
		int r = path ? fd_read_file(AT_FDCWD, path, POLICY_MOST, pool, &text, e)
			     : err_memory(e);

		if (r >= 0)
			return policy_rules(&text, path, options, pool, ret, e);
		if (r != -ENOENT)
			return r;
	}
	return unknown(name, e);
}

const char *policy_summary(const struct policy_text *p, struct pool *pool)
{
	const char *s = p->text;
	size_t n;

	if (!strncmp(s, "// ", 3))
		s += 3;
	n = strcspn(s, "\n");
	return pool_copy(pool, s, n);
}
