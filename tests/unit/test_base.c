/* SPDX-License-Identifier: Apache-2.0 */
/* base: text and numbers, errors, ownership, memory, log. Paths and files are in test_path.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "../../runtime/base/err.h"
#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/own.h"
#include "../../runtime/base/pool.h"
#include "../../runtime/base/str.h"
#include "tap.h"

/* What fmt_put makes, next to what snprintf does: for conversions that both know. */
#define same_as_libc(...)                                                    \
	({                                                                   \
		char ours_[128], theirs_[128];                               \
		size_t len_ = fmt_put(ours_, sizeof(ours_), __VA_ARGS__);    \
		int libc_ = snprintf(theirs_, sizeof(theirs_), __VA_ARGS__); \
		is_text(ours_, theirs_) && is_int(len_, libc_);              \
	})

static void fmt_conversions(void)
{
	same_as_libc("plain");
	same_as_libc("%s|%5s|%.2s|%.*s|%.0s", "abc", "de", "fgh", 1, "ij", "k");
	same_as_libc("%c%c", 'x', 'y');
	same_as_libc("%d %i %d %d", 0, -1, INT_MAX, INT_MIN);
	same_as_libc("%u %x %o", UINT_MAX, 0xbeefu, 0755u);
	same_as_libc("%5d|%05d|%03o|%02x", 42, -42, 7u, 3u);
	same_as_libc("%ld %lu %lld %llu", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX);
	same_as_libc("%zu %hu %hhu", SIZE_MAX, (unsigned short)7, (unsigned char)8);
	same_as_libc("100%% of %s%%", "it");
}

static void fmt_oddities(void)
{
	char text[64];
	const char *volatile none = NULL;
	const char *unknown = "%f %q %", *unfinished = "%5";

	fmt_put(text, sizeof(text), "%s", none);
	is_text(text, "(null)");
	/* Not what a compiler lets through; it must come out as it stands. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	fmt_put(text, sizeof(text), unknown);
	is_text(text, "%f %q %");
	fmt_put(text, sizeof(text), unfinished);
	is_text(text, "%5");
#pragma GCC diagnostic pop
}

static void fmt_truncation(void)
{
	char text[8] = "1234567";

	is_int(fmt_put(text, 4, "abcdef"), 6);
	is_text(text, "abc");
	is_int(text[4], '5');
	is_int(fmt_put(text, 1, "%d", 12345), 5);
	is_text(text, "");
	is_int(fmt_put(NULL, 0, "%s%s", "ab", "cde"), 5);
}

static void fmt_lists(void)
{
	static const char *const bad[] = {
		"", " ", ",", "1,", ",1", "1-", "-1", "3-1", "1--2", "1 2", "0x1", "1-2-3", "1;2"};
	uint64_t v[2] = {0};

	is_int(fmt_list("0-2, 5 ,64 - 65,127", v, 128), 0);
	ok(v[0] == 0x27 && v[1] == 0x8000000000000003);
	is_int(fmt_list("128", v, 128), -ERANGE);
	is_int(fmt_list("0-128", v, 128), -ERANGE);
	is_int(fmt_list("99999999999999999999999", v, 128), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(fmt_list(bad[i], v, 128), -EINVAL);
}

static void fmt_numbers(void)
{
	uint64_t u = 7;
	int64_t i = 7;

	is_int(fmt_u64("18446744073709551615", 20, &u), 0);
	ok(u == UINT64_MAX);
	is_int(fmt_u64("18446744073709551616", 20, &u), -ERANGE);
	is_int(fmt_u64("99999999999999999999999", 23, &u), -ERANGE);
	ok(u == UINT64_MAX);
	is_int(fmt_u64("0012", 4, &u), 0);
	is_int(u, 12);
	for (const char *const *bad =
			(const char *const[]){"", "-1", "+1", " 1", "1 ", "0x1", "1a", NULL};
		*bad; bad++) {
		is_int(fmt_u64(*bad, strlen(*bad), &u), -EINVAL);
		is_int(u, 12);
	}
	is_int(fmt_i64("-9223372036854775808", 20, &i), 0);
	ok(i == INT64_MIN);
	is_int(fmt_i64("9223372036854775807", 19, &i), 0);
	ok(i == INT64_MAX);
	is_int(fmt_i64("9223372036854775808", 19, &i), -ERANGE);
	is_int(fmt_i64("-9223372036854775809", 20, &i), -ERANGE);
	is_int(fmt_i64("-", 1, &i), -EINVAL);
	is_int(fmt_i64("--1", 3, &i), -EINVAL);
	is_int(fmt_i64("12", 1, &i), 0);
	is_int(i, 1);
}

static void fmt_distances(void)
{
	char longer[80];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	is_int(fmt_distance("", ""), 0);
	is_int(fmt_distance("", "abc"), 3);
	is_int(fmt_distance("mount", "mount"), 0);
	is_int(fmt_distance("Mount", "mOUNT"), 0);
	is_int(fmt_distance("mount", "mounts"), 1);
	is_int(fmt_distance("mount", "muont"), 1);
	is_int(fmt_distance("mount", "mourn"), 2);
	is_int(fmt_distance("kitten", "sitting"), 3);
	is_int(fmt_distance("ab", "ba"), 1);
	is_int(fmt_distance("abc", "xyz"), 3);
	is_int(fmt_distance(longer, "x"), 79);
	is_int(fmt_distance(longer + 16, longer + 16), 0);
}

static void err_words(void)
{
	struct err e;

	is_int(err_set(&e, EINVAL, "no %s", "name"), -EINVAL);
	is_int(e.code, EINVAL);
	is_text(e.text, "no name");
	is_text(e.fix, "");
	is_int(err_fix(&e, "write %d", 1), -EINVAL);
	is_int(err_fix(&e, "write 2"), -EINVAL);
	is_text(e.fix, "write 1");
	is_int(err_add(&e, "mounts[%d]", 3), -EINVAL);
	is_text(e.text, "mounts[3]: no name");
	is_int(err_sys(&e, ENOENT, "open '%s'", "/x"), -ENOENT);
	is_text(e.text, "open '/x': No such file or directory");
	is_text(e.fix, "");
	is_int(err_memory(&e), -ENOMEM);
	is_text(err_name(EPERM), "EPERM");
	is_text(err_name(99999), "E?");
	is_text(err_word(EPERM), "Operation not permitted");
	is_text(err_word(99999), "Unknown error");
	is_int(err_set(NULL, EINVAL, "nobody listens"), -EINVAL);
	is_int(err_sys(NULL, EPERM, "nobody listens"), -EPERM);
	ok(err_add(NULL, "x") < 0 && err_fix(NULL, "x") < 0);
}

/* The front stays whole, the tail of the cause goes; nothing is written past the end. */
static void err_truncation(void)
{
	struct {
		struct err e;
		char guard[16];
	} g;
	char big[2048], front[600];

	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memset(front, 'f', sizeof(front) - 1);
	front[sizeof(front) - 1] = '\0';
	memset(g.guard, 'g', sizeof(g.guard));
	is_int(err_set(&g.e, EINVAL, "%s", big), -EINVAL);
	is_int(strlen(g.e.text), sizeof(g.e.text) - 1);
	err_add(&g.e, "name");
	is_int(strlen(g.e.text), sizeof(g.e.text) - 1);
	ok(!strncmp(g.e.text, "name: bbb", 9));
	err_add(&g.e, "%s", front);
	is_int(strlen(g.e.text), sizeof(g.e.text) - 1);
	is_int(strspn(g.e.text, "f"), 509);
	ok(!strncmp(g.e.text + 509, ": name: bbb", 11));
	for (int i = 0; i < 20; i++)
		err_add(&g.e, "%s", front);
	is_int(strlen(g.e.text), sizeof(g.e.text) - 1);
	err_sys(&g.e, EPERM, "%s", big);
	err_fix(&g.e, "%s", big);
	is_int(strlen(g.e.fix), sizeof(g.e.fix) - 1);
	ok(!memcmp(g.guard, "gggggggggggggggg", 16));
}

static int try_it(int r)
{
	TRY(r);
	return r + 1;
}

static void err_try(void)
{
	is_int(try_it(-ENOENT), -ENOENT);
	is_int(try_it(5), 6);
}

static void str_grows(void)
{
	own_str struct str s = {0};
	struct err e;

	is_text(str_text(&s), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%d,", i);
	is_int(s.len, 10 * 2 + 90 * 3 + 900 * 4);
	is_int(strlen(s.data), s.len);
	str_add(&s, "end");
	str_addc(&s, '!');
	str_addn(&s, "\0x", 2);
	is_int(str_check(&s, &e), 0);
	ok(!memcmp(s.data + s.len - 6, "end!\0x", 7));
	str_done(&s);
	ok(!s.data && !s.len && !s.cap);
	s.broken = true;
	str_add(&s, "lost");
	is_int(s.len, 0);
	is_int(str_check(&s, &e), -ENOMEM);
}

static void pool_memory(void)
{
	own_pool struct pool p = {0};
	char *before = NULL, *at;

	for (size_t size = 0; size < 3000; size += 7) {
		at = pool_alloc(&p, size);
		ok(at && (uintptr_t)at % _Alignof(max_align_t) == 0);
		for (size_t i = 0; at && i < size; i++)
			tap_check(!at[i], TAP_HERE, "byte %zu of %zu is not zero", i, size);
		if (at)
			memset(at, 0xff, size);
		ok(size < 8 || at != before);
		before = at;
	}
	at = pool_alloc(&p, 1 << 20);
	ok(at && !at[0] && !at[(1 << 20) - 1]);
	ok(!pool_alloc(&p, SIZE_MAX));
	ok(!pool_array(&p, SIZE_MAX / 2, 4));
	is_text(pool_text(&p, "abc"), "abc");
	is_text(pool_printf(&p, "%s-%d", "x", 5), "x-5");
	at = pool_copy(&p, "a\0b", 3);
	ok(at && !memcmp(at, "a\0b", 4));
	is_text(pool_copy(&p, NULL, 0), "");
}

static void pool_arrays(void)
{
	own_pool struct pool p = {0};
	uint32_t *v = NULL;

	for (uint32_t n = 0; n < 1000; n++) {
		uint32_t *grown = pool_grow(&p, v, n, sizeof(*v));

		if (!ok(grown))
			return;
		ok(n == 0 || n < 4 || (n & (n - 1)) ? grown == v || n == 0 : grown != v);
		v = grown;
		v[n] = n * 3;
	}
	for (uint32_t n = 0; n < 1000; n++)
		tap_check(v[n] == n * 3, TAP_HERE, "element %u is lost", n);
}

static void remember(enum log_level level, const char *text, void *arg)
{
	str_addf(arg, "%d:%s;", (int)level, text);
}

static void log_sink(void)
{
	own_str struct str s = {0};

	log_warning("to nobody");
	log_to(remember, &s, LOG_INFO);
	log_warning("a %d", 1);
	log_info("b");
	log_debug("c");
	log_to(NULL, NULL, LOG_DEBUG);
	log_warning("to nobody");
	is_text(str_text(&s), "1:a 1;2:b;");
}

static void own_release_and_take(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), kept;
	char *text = strdup("x"), *taken;

	{
		own_fd int a = fd;
		own_fd int b = dup(fd);
		own_free char *c = text;

		kept = take_fd(&b);
		taken = take_ptr(&c);
		ok(b == -1 && !c);
		ok(a == fd);
	}
	ok(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
	ok(fcntl(kept, F_GETFD) >= 0);
	is_text(taken, "x");
	close(kept);
	free(taken);
}

static void same_date(time_t t)
{
	char text[24], want[24];
	struct tm tm;

	fmt_utc(text, t);
	gmtime_r(&t, &tm);
	strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
	is_text(text, want);
}

static void fmt_dates(void)
{
	/* Of 1600 (a leap year), 1800, 1900, 1970, 2000 and 2100. */
	static const time_t years[] = {
		-11676096000, -5364662400, -2208988800, 0, 946684800, 4102444800};
	const time_t last = 253402300799; /* 9999-12-31 */

	for (time_t t = years[0]; t < last; t += 99999989) /* a prime: any month, day and hour */
		same_date(t);
	for (size_t i = 0; i < ARRAY_LEN(years); i++) {
		for (time_t t = years[i]; t < years[i] + 800 * 86400; t += 43199)
			same_date(t);
	}
	same_date(last);
}

int main(void)
{
	run(fmt_conversions);
	run(fmt_oddities);
	run(fmt_truncation);
	run(fmt_numbers);
	run(fmt_lists);
	run(fmt_dates);
	run(fmt_distances);
	run(err_words);
	run(err_truncation);
	run(err_try);
	run(str_grows);
	run(pool_memory);
	run(pool_arrays);
	run(log_sink);
	run(own_release_and_take);
	return tap_done();
}
