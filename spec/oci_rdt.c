/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../runtime/base/str.h"
#include "oci_jail.h"

/* linux.intelRdt (config-linux.md "IntelRdt"): a group of resctrl and its lines. */

static int check_group(struct oci_load *l, const struct oci_intel_rdt *o)
{
	static const char *const taken[] = {".", "..", "info", "mon_groups", "mon_data"};
	const char *group = o->closID;

	if (!group || !*group || !strcmp(group, "/"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		if (!strcmp(group, taken[i]))
			return OCI_FAIL(l, &o->closID, "'%s' cannot be a group", group);
	}
	if (strpbrk(group, "/\n") || strlen(group) > 255)
		return OCI_FAIL(l, &o->closID, "'%s' cannot be the name of a group", group);
	return 0;
}

/* Without those that begin with but; NULL: with all. */
static void add_lines(struct str *to, const char *text, const char *but)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		if (n && (!but || strncmp(text, but, strlen(but))))
			str_addf(to, "%.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

int oci_load_rdt(struct oci_load *l)
{
	const struct oci_intel_rdt *o = l->os->intelRdt;
	struct jail_rdt *rdt = &l->jail->rdt;
	own_str struct str lines = {0};

	if (!o)
		return 0;
	TRY(check_group(l, o));
	/* Memory bandwidth is memBwSchema's, or that of schemata, which come later. */
	add_lines(&lines, o->l3CacheSchema, "MB:");
	add_lines(&lines, o->memBwSchema, NULL);
	list_each (i, o->schemata)
		add_lines(&lines, o->schemata.v[i], NULL);
	TRY(str_check(&lines, l->e));
	*rdt = (struct jail_rdt){
		.set = true,
		.group = o->closID && *o->closID ? o->closID : NULL,
		.monitor = o->enableMonitoring,
		.at = o,
	};
	if (!lines.len)
		return 0;
	rdt->schemata = pool_text(l->pool, lines.data);
	return rdt->schemata ? 0 : err_memory(l->e);
}
