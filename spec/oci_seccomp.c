/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "../runtime/base/log.h"
#include "oci_jail.h"
#include "profile.h"

/* What the config, and annotations that crun brought into use, say of the system call filter. */

static int load_flags(struct oci_load *l, const struct oci_seccomp *doc, uint32_t *ret)
{
	list_each (i, doc->flags) {
		uint64_t flag;

		if (words_find(&oci_seccomp_flag_words, doc->flags.v[i], &flag) < 0)
			return OCI_FAIL(l, doc->flags.v[i], "'%s' is no flag of seccomp(2)",
				doc->flags.v[i]);
		/* It is for processes with several threads: init has but one. */
		if (flag != SECCOMP_FILTER_FLAG_TSYNC)
			*ret |= (uint32_t)flag;
	}
	return 0;
}

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* RFC 4648, section 4; -EINVAL when it is none. */
static int decode(const char *text, struct pool *pool, struct bytes *ret)
{
	size_t n = strlen(text);
	char *out = pool_alloc(pool, n / 4 * 3 + 1);

	if (!out)
		return -ENOMEM;
	if (n % 4)
		return -EINVAL;
	ret->len = 0;
	for (size_t i = 0; i < n; i += 4) {
		unsigned word = 0, pad = 0;

		for (size_t j = 0; j < 4; j++) {
			bool end = i + 4 == n && j >= 2 && text[i + j] == '=';
			int d = end ? 0 : digit(text[i + j]);

			if (d < 0 || (pad && !end))
				return -EINVAL;
			pad += end;
			word = word << 6 | (unsigned)d;
		}
		for (size_t j = 0; j < 3 - pad; j++)
			out[ret->len++] = (char)(word >> (16 - 8 * j));
	}
	ret->data = out;
	return 0;
}

/* A finished program, which counts instead of linux.seccomp. */
static int load_program(struct oci_load *l, const struct pair *a)
{
	struct jail_filter *f = &l->jail->filter;
	int r = decode(a->value, l->pool, &f->program);

	if (r == -ENOMEM)
		return err_memory(l->e);
	if (r < 0)
		return OCI_FAIL(l, a->value, "%s is not in base64", a->key);
	if (!f->program.len || f->program.len % sizeof(struct sock_filter))
		return OCI_FAIL(l, a->value, "%s: %zu bytes are no number of BPF instructions",
			a->key, f->program.len);
	f->at = a->value;
	return 0;
}

static int load_listener(struct oci_load *l, const struct oci_seccomp *doc)
{
	struct jail_filter *f = &l->jail->filter;

	f->listener = doc->listenerPath && *doc->listenerPath ? doc->listenerPath : NULL;
	f->metadata = doc->listenerMetadata;
	if (!f->listener && f->metadata && *f->metadata)
		return OCI_FAIL(l, &doc->listenerMetadata,
			"metadata for an agent, and linux.seccomp.listenerPath is missing");
	if (f->listener && *f->listener != '/')
		return OCI_FAIL(l, &doc->listenerPath, "'%s' is not an absolute path", f->listener);
	return 0;
}

int oci_load_seccomp(struct oci_load *l)
{
	const struct oci_seccomp *doc = l->os->seccomp;
	const struct pair *raw = oci_annotation(l, "run.oci.seccomp_bpf_data");
	const struct pair *fail = oci_annotation(l, "run.oci.seccomp_fail_unknown_syscall");
	const struct profile_options options = {
		.fail_unknown = fail && strcmp(fail->value, "0") != 0};
	struct jail_filter *f = &l->jail->filter;
	struct rules *rules;

	if (doc) {
		TRY(load_flags(l, doc, &f->flags));
		TRY(load_listener(l, doc));
	}
	if (raw)
		return load_program(l, raw);
	if (!doc)
		return 0;
	rules = POOL_NEW(l->pool, struct rules);
	if (!rules)
		return err_memory(l->e);
	TRY(profile_rules(doc, l->origin, &options, l->pool, rules, l->e));
	f->rules = rules;
	f->at = doc;
	return 0;
}
