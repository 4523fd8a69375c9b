/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "../spec/json.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "do/cgroup.h"
#include "life.h"

/*
 * What a container's cgroups count, in the shape and with the keys of `runc events`, which monitoring
 * programs read. Zero is left out where runc does, and so is what nobody counts.
 */
struct stats {
	const struct texts *cgroups;
	struct str *out;
	struct pool *pool;
};

/* --- reading ------------------------------------------------------------------------------------------- */

/* All of a file, from the first cgroup that has it; NULL: none has. */
static const char *read_file(const struct stats *s, const char *file)
{
	char path[PATH_MAX];
	struct bytes text;

	list_each (i, *s->cgroups) {
		if (fmt_put(path, sizeof(path), "%s/%s", s->cgroups->v[i], file) < sizeof(path) &&
			fd_read_file(AT_FDCWD, path, 4 << 20, s->pool, &text, NULL) >= 0)
			return text.data;
	}
	return NULL;
}

/* A number of a file, or the one behind key; "max" is UINT64_MAX as in runc. 0: there is none. */
static uint64_t number(const struct stats *s, const char *file, const char *key)
{
	const char *text = read_file(s, file);
	size_t n = key ? strlen(key) : 0;
	uint64_t v;

	for (; key && text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (!strncmp(text, key, n) && text[n] == ' ')
			break;
	}
	if (!text || (key && !*text))
		return 0;
	text += n + (key != NULL);
	if (!strncmp(text, "max", 3))
		return UINT64_MAX;
	return fmt_u64(text, strspn(text, "0123456789"), &v) < 0 ? 0 : v;
}

/* --- writing ------------------------------------------------------------------------------------------- */

static void put_key(struct str *out, const char *key)
{
	char last = out->len ? out->data[out->len - 1] : '{';

	str_addf(out, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", key);
}

static void put_open(struct str *out, const char *key)
{
	put_key(out, key);
	str_addc(out, '{');
}

static void put_number(struct str *out, const char *key, uint64_t v)
{
	put_key(out, key);
	str_addf(out, "%llu", (unsigned long long)v);
}

static void put_unless_zero(struct str *out, const char *key, uint64_t v)
{
	if (v)
		put_number(out, key, v);
}

/* --- CPU ------------------------------------------------------------------------------------------------ */

/* Blank-separated numbers; of lines, the column (from 0), without the line of headings. */
static void put_numbers(struct str *out, const char *key, const char *text)
{
	size_t n;

	put_key(out, key);
	str_addc(out, '[');
	for (; *(text += strspn(text, " \n")); text += n) {
		n = strcspn(text, " \n");
		str_addf(out, "%s%.*s", out->data[out->len - 1] == '[' ? "" : ",", (int)n, text);
	}
	str_addc(out, ']');
}

static void put_column(struct str *out, const char *key, const char *text, int column)
{
	put_key(out, key);
	str_addc(out, '[');
	for (text = strchrnul(text, '\n'); *text && text[1]; text = strchrnul(text + 1, '\n')) {
		const char *s = text + 1;

		for (int i = 0; i < column; i++) {
			s += strcspn(s, " \n");
			s += *s == ' ';
		}
		str_addf(out, "%s%.*s", out->data[out->len - 1] == '[' ? "" : ",",
			(int)strspn(s, "0123456789"), s);
	}
	str_addc(out, ']');
}

static void put_usage_v1(const struct stats *s)
{
	const char *percpu = read_file(s, "cpuacct.usage_percpu");
	const char *all = read_file(s, "cpuacct.usage_all");

	put_unless_zero(s->out, "total", number(s, "cpuacct.usage", NULL));
	if (percpu)
		put_numbers(s->out, "percpu", percpu);
	if (all) {
		put_column(s->out, "percpu_kernel", all, 2);
		put_column(s->out, "percpu_user", all, 1);
	}
	put_number(s->out, "kernel", number(s, "cpuacct.usage_sys", NULL));
	put_number(s->out, "user", number(s, "cpuacct.usage_user", NULL));
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full …" */
static void put_pressure(const struct stats *s, const char *file)
{
	const char *text = read_file(s, file);

	if (!text || (strncmp(text, "some ", 5) && strncmp(text, "full ", 5)))
		return;
	put_open(s->out, "psi");
	while (*text) {
		char word[8];

		fmt_put(word, sizeof(word), "%.*s", (int)strcspn(text, " "), text);
		put_open(s->out, word);
		for (text += strcspn(text, " \n"); *text == ' '; text += strcspn(text, " \n")) {
			size_t n = strcspn(++text, "=\n");
			char key[16];

			fmt_put(key, sizeof(key), "%.*s", (int)n, text);
			text += n + (text[n] == '=');
			put_key(s->out, key);
			str_addn(s->out, text, strspn(text, "0123456789."));
		}
		text += *text == '\n';
		str_addc(s->out, '}');
	}
	str_addc(s->out, '}');
}

static void put_cpu(const struct stats *s)
{
	bool v1 = read_file(s, "cpuacct.usage") != NULL;
	bool us = !read_file(s, "cpu.cfs_quota_us");

	put_open(s->out, "cpu");
	put_open(s->out, "usage");
	if (v1) {
		put_usage_v1(s);
	} else {
		put_unless_zero(s->out, "total", number(s, "cpu.stat", "usage_usec") * 1000);
		put_number(s->out, "kernel", number(s, "cpu.stat", "system_usec") * 1000);
		put_number(s->out, "user", number(s, "cpu.stat", "user_usec") * 1000);
	}
	str_addc(s->out, '}');
	put_open(s->out, "throttling");
	put_unless_zero(s->out, "periods", number(s, "cpu.stat", "nr_periods"));
	put_unless_zero(s->out, "throttledPeriods", number(s, "cpu.stat", "nr_throttled"));
	put_unless_zero(s->out, "throttledTime",
		us ? number(s, "cpu.stat", "throttled_usec") * 1000
		   : number(s, "cpu.stat", "throttled_time"));
	str_addc(s->out, '}');
	put_pressure(s, "cpu.pressure");
	str_addc(s->out, '}');
}

/* "0-2,7" as 0,1,2,7. */
static void put_set(struct str *out, const char *key, const char *text)
{
	size_t n;

	if (!text || !text[strspn(text, " \n")])
		return;
	put_key(out, key);
	str_addc(out, '[');
	for (; *text && *text != '\n'; text += n + (text[n] == ',')) {
		uint64_t from, to;
		size_t digits = strspn(text, "0123456789");

		n = strcspn(text, ",\n");
		if (fmt_u64(text, digits, &from) < 0)
			break;
		to = from;
		if (text[digits] == '-' && fmt_u64(text + digits + 1, n - digits - 1, &to) < 0)
			break;
		for (; from <= to && to < 65536; from++)
			str_addf(out, "%s%llu", out->data[out->len - 1] == '[' ? "" : ",",
				(unsigned long long)from);
	}
	str_addc(out, ']');
}

static void put_cpuset(const struct stats *s)
{
	static const char *const numbers[] = {"cpu_exclusive", "mem_hardwall", "mem_exclusive",
		"memory_migrate", "memory_spread_page", "memory_spread_slab", "memory_pressure",
		"sched_load_balance"};
	const char *level = read_file(s, "cpuset.sched_relax_domain_level");
	char file[64];

	put_open(s->out, "cpuset");
	put_set(s->out, "cpus", read_file(s, "cpuset.cpus"));
	put_set(s->out, "mems", read_file(s, "cpuset.mems"));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		fmt_put(file, sizeof(file), "cpuset.%s", numbers[i]);
		put_number(s->out, numbers[i], number(s, file, NULL));
	}
	put_key(s->out, "sched_relax_domain_level");
	str_addn(s->out, level ? level : "0", level ? strspn(level, "-0123456789") : 1);
	str_addc(s->out, '}');
}

/* --- memory --------------------------------------------------------------------------------------------- */

static void put_amount(const struct stats *s, const char *key, const uint64_t v[4])
{
	put_open(s->out, key);
	put_number(s->out, "limit", v[0]);
	put_unless_zero(s->out, "usage", v[1]);
	put_unless_zero(s->out, "max", v[2]);
	put_number(s->out, "failcnt", v[3]);
	str_addc(s->out, '}');
}

static void put_amount_v1(const struct stats *s, const char *key, const char *what)
{
	static const char *const words[4] = {
		"limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt"};
	uint64_t v[4];
	char file[64];

	for (int i = 0; i < 4; i++) {
		fmt_put(file, sizeof(file), "memory.%s%s", what, words[i]);
		v[i] = number(s, file, NULL);
	}
	put_amount(s, key, v);
}

/* The swap of v2 is counted with the memory, as v1 does and readers expect. */
static void put_memory_v2(const struct stats *s)
{
	const uint64_t none[4] = {0};
	const uint64_t memory[4] = {number(s, "memory.max", NULL),
		number(s, "memory.current", NULL), number(s, "memory.peak", NULL),
		number(s, "memory.events", "max")};
	uint64_t swap[4] = {number(s, "memory.swap.max", NULL),
		number(s, "memory.swap.current", NULL), number(s, "memory.swap.peak", NULL),
		number(s, "memory.swap.events", "fail")};

	swap[0] = swap[0] > UINT64_MAX - memory[0] ? UINT64_MAX : swap[0] + memory[0];
	swap[1] += memory[1];
	put_unless_zero(s->out, "cache", number(s, "memory.stat", "file"));
	put_amount(s, "usage", memory);
	put_amount(s, "swap", swap);
	put_amount(s, "kernel", none);
	put_amount(s, "kernelTCP", none);
}

static void put_memory(const struct stats *s)
{
	const char *stat = read_file(s, "memory.stat");

	put_open(s->out, "memory");
	if (read_file(s, "memory.limit_in_bytes")) {
		put_unless_zero(s->out, "cache", number(s, "memory.stat", "cache"));
		put_amount_v1(s, "usage", "");
		put_amount_v1(s, "swap", "memsw.");
		put_amount_v1(s, "kernel", "kmem.");
		put_amount_v1(s, "kernelTCP", "kmem.tcp.");
	} else {
		put_memory_v2(s);
	}
	if (stat && *stat) {
		put_open(s->out, "raw");
		while (*stat) {
			size_t n = strcspn(stat, " \n"), end = strcspn(stat, "\n");
			char key[64];

			fmt_put(key, sizeof(key), "%.*s", (int)n, stat);
			put_key(s->out, key);
			str_addn(s->out, stat + n + 1, end > n ? end - n - 1 : 0);
			stat += end + (stat[end] == '\n');
		}
		str_addc(s->out, '}');
	}
	put_pressure(s, "memory.pressure");
	str_addc(s->out, '}');
}

/* --- block devices -------------------------------------------------------------------------------------- */

static void put_entry(
	struct str *out, const char *device, const char *op, size_t op_len, const char *value)
{
	uint64_t major = 0, minor = 0;
	size_t n = strspn(device, "0123456789");

	(void)fmt_u64(device, n, &major); /* lines that begin otherwise are not handed here */
	(void)fmt_u64(device + n + 1, strspn(device + n + 1, "0123456789"), &minor);
	str_addf(out, "%s{", out->data[out->len - 1] == '[' ? "" : ",");
	put_unless_zero(out, "major", major);
	put_unless_zero(out, "minor", minor);
	if (op_len) {
		put_key(out, "op");
		str_addf(out, "\"%.*s\"", (int)op_len, op);
	}
	put_key(out, "value");
	str_addn(out, value, strspn(value, "0123456789"));
	str_addc(out, '}');
}

/* "8:0 Read 4096", or "8:0 17" without an operation. */
static void put_lines_v1(struct str *out, const char *text)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t n = strcspn(text, " \n"), op;
		const char *word = text + n + 1;

		if (text[n] != ' ' || !memchr(text, ':', n))
			continue;
		op = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
		put_entry(out, text, word, op, word + op + (op > 0));
	}
}

static void put_blkio_v1(const struct stats *s)
{
	static const char *const rows[][4] = {
		{"ioServiceBytesRecursive", "bfq.io_service_bytes_recursive",
			"io_service_bytes_recursive", "throttle.io_service_bytes_recursive"},
		{"ioServicedRecursive", "bfq.io_serviced_recursive", "io_serviced_recursive",
			"throttle.io_serviced_recursive"},
		{"ioQueueRecursive", "bfq.io_queued_recursive", "io_queued_recursive", NULL},
		{"ioServiceTimeRecursive", "bfq.io_service_time_recursive",
			"io_service_time_recursive", NULL},
		{"ioWaitTimeRecursive", "bfq.io_wait_time_recursive", "io_wait_time_recursive",
			NULL},
		{"ioMergedRecursive", "bfq.io_merged_recursive", "io_merged_recursive", NULL},
		{"ioTimeRecursive", "bfq.time_recursive", "time_recursive", NULL},
		{"sectorsRecursive", "bfq.sectors_recursive", "sectors_recursive", NULL},
	};
	char file[64];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (int k = 1; k < 4 && rows[i][k]; k++) {
			const char *text;

			fmt_put(file, sizeof(file), "blkio.%s", rows[i][k]);
			text = read_file(s, file);
			/* That of a scheduler that is not at work says no more than a total of 0. */
			if (!text || !strchr(text, ':'))
				continue;
			put_key(s->out, rows[i][0]);
			str_addc(s->out, '[');
			put_lines_v1(s->out, text);
			str_addc(s->out, ']');
			break;
		}
	}
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void put_blkio_v2(const struct stats *s, const char *key, const char *const words[3])
{
	static const char *const ops[3] = {"Read", "Write", "Discard"};
	const char *text = read_file(s, "io.stat");

	if (!text || !*text)
		return;
	put_key(s->out, key);
	str_addc(s->out, '[');
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t end = strcspn(text, "\n");

		for (int i = 0; i < 3; i++) {
			const char *at = memmem(text, end, words[i], strlen(words[i]));

			if (at)
				put_entry(s->out, text, ops[i], strlen(ops[i]),
					at + strlen(words[i]));
		}
	}
	str_addc(s->out, ']');
}

static void put_blkio(const struct stats *s)
{
	static const char *const bytes[3] = {" rbytes=", " wbytes=", " dbytes="};
	static const char *const ios[3] = {" rios=", " wios=", " dios="};

	put_open(s->out, "blkio");
	put_blkio_v1(s);
	put_blkio_v2(s, "ioServiceBytesRecursive", bytes);
	put_blkio_v2(s, "ioServicedRecursive", ios);
	put_pressure(s, "io.pressure");
	str_addc(s->out, '}');
}

/* --- the rest -------------------------------------------------------------------------------------------- */

static void put_page_size(const struct stats *s, const char *size, size_t n, bool v1)
{
	char file[128], key[32];
	const char *const words[3] = {v1 ? "usage_in_bytes" : "current",
		v1 ? "max_usage_in_bytes" : NULL, v1 ? "failcnt" : "events"};
	uint64_t v[3] = {0};

	for (int i = 0; i < 3; i++) {
		fmt_put(file, sizeof(file), "hugetlb.%.*s.%s", (int)n, size,
			words[i] ? words[i] : "");
		if (words[i])
			v[i] = number(s, file, !v1 && i == 2 ? "max" : NULL);
	}
	fmt_put(key, sizeof(key), "%.*s", (int)n, size);
	put_open(s->out, key);
	put_unless_zero(s->out, "usage", v[0]);
	put_unless_zero(s->out, "max", v[1]);
	put_number(s->out, "failcnt", v[2]);
	str_addc(s->out, '}');
}

/* Which sizes there are, the names of the files tell. */
static void put_huge_pages(const struct stats *s)
{
	put_open(s->out, "hugetlb");
	list_each (i, *s->cgroups) {
		DIR *d = opendir(s->cgroups->v[i]);
		struct dirent *entry;

		while (d && (entry = readdir(d))) {
			const char *size = entry->d_name + 8;
			size_t n;

			if (strncmp(entry->d_name, "hugetlb.", 8))
				continue;
			n = strcspn(size, ".");
			if (!strcmp(size + n, ".usage_in_bytes") || !strcmp(size + n, ".current"))
				put_page_size(s, size, n, size[n + 1] == 'u');
		}
		if (d)
			closedir(d);
	}
	str_addc(s->out, '}');
}

static void put_pids(const struct stats *s)
{
	uint64_t limit = number(s, "pids.max", NULL);

	put_open(s->out, "pids");
	put_unless_zero(s->out, "current", number(s, "pids.current", NULL));
	put_unless_zero(s->out, "limit", limit == UINT64_MAX ? 0 : limit);
	str_addc(s->out, '}');
}

int life_stats(const struct life *l, struct str *out, struct err *e)
{
	own_pool struct pool pool = {0};
	const struct stats s = {&l->state->cgroups, out, &pool};

	str_addc(out, '{');
	put_cpu(&s);
	put_cpuset(&s);
	put_memory(&s);
	put_pids(&s);
	put_blkio(&s);
	put_huge_pages(&s);
	put_open(out, "intel_rdt");
	str_add(out, "},\"network_interfaces\":null}");
	return str_check(out, e);
}
