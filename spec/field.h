/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_FIELD_H
#define JAILRT_FIELD_H
/*
 * field: every name a user can type is one row in one table.
 *
 * A table describes a C struct: a row for each member, with its key, kind, bounds, default, unit and
 * help. Parsing (bind.h), writing (walk.h), defaults (set.h), help and manual pages are loops over them.
 * The row macros compile only where the member has the type that its kind needs, and take the
 * member's name as the key, so that a name is spelt once:
 *
 *	struct oci_user {
 *		OPT(uint32_t, uid);
 *		struct u32s additionalGids;
 *	};
 *	static const struct field oci_user_rows[] = {
 *		FIELD_U32(oci_user, uid, "user id in the container"),
 *		FIELD_U32S(oci_user, additionalGids, "supplementary group ids"),
 *	};
 *	TABLE(oci_user);
 *
 * Presence: a scalar has a bool beside it (OPT); text, bytes, lists, maps and objects are present
 * when their pointer is not NULL (an empty list that was given has v != NULL and n == 0).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../runtime/base/err.h"
#include "../runtime/base/fd.h"
#include "../runtime/base/pool.h"

enum field_kind {
	FIELD_KIND_BOOL,
	FIELD_KIND_I32,
	FIELD_KIND_U32,
	FIELD_KIND_MODE, /* uint32_t: permissions; only written, in octal, as text */
	FIELD_KIND_I64,
	FIELD_KIND_U64,
	FIELD_KIND_ENUM, /* int32_t: one of words */
	FIELD_KIND_MASK, /* uint64_t: any of words, written as a list of their names */
	FIELD_KIND_TEXT, /* const char *, without NUL inside */
	FIELD_KIND_BYTES, /* struct bytes */
	FIELD_KIND_TEXTS, /* struct texts */
	FIELD_KIND_I32S, /* struct i32s */
	FIELD_KIND_U32S, /* struct u32s */
	FIELD_KIND_OBJECT, /* struct X * */
	FIELD_KIND_OBJECTS, /* LIST_OF(struct X) */
	FIELD_KIND_MAP, /* struct pairs: text to text */
	FIELD_KIND_MAP_OBJECTS, /* LIST_OF(struct X), where X begins with const char *key */
	FIELD_KIND_SKIP, /* no member: known, and of no meaning on Linux */
};

enum field_flags {
	FIELD_REQUIRED = 1, /* its object is not valid without it */
	FIELD_NOT_YET = 2, /* read, but nothing enforces it yet: a jail with it does not start */
	FIELD_INERT = 4, /* read and kept; has no effect by its own definition (a description) */
	FIELD_TIGHTEN = 8, /* an annotation may set it: it can only make a jail stricter */
};

struct word {
	const char *name;
	uint64_t value;
};

struct words {
	const struct word *v;
	size_t n;
};

#define WORDS(id) const struct words id = {id##_rows, ARRAY_LEN(id##_rows)}

/* The value of a name, or the name of a value: 0 / the name, or -ENOENT / NULL. */
int words_find(const struct words *w, const char *name, uint64_t *ret);
const char *words_name(const struct words *w, uint64_t value);
/* The name nearest to a misspelt one, or NULL when none is near. */
const char *words_nearest(const struct words *w, const char *name);

struct texts {
	const char **v;
	size_t n;
};

struct i32s {
	int32_t *v;
	size_t n;
};

struct u32s {
	uint32_t *v;
	size_t n;
};

struct pair {
	const char *key, *value;
};

struct pairs {
	struct pair *v;
	size_t n;
};

/* A list of objects. All such lists have the layout of struct list. */
struct list {
	void **v;
	size_t n;
};

#define LIST_OF(type)     \
	struct {          \
		type **v; \
		size_t n; \
	}

#define list_each(i, list) for (size_t i = 0; i < (list).n; i++)

/*
 * The first member of an object of a document. A complaint names a value by its address, and an object
 * must not have that of its first value.
 */
#define OBJECT char object_

#define OPT(type, name) \
	type name;      \
	bool has_##name

/* Sets a scalar and its presence. */
#define OPT_SET(object, name, v) ((object)->name = (v), (object)->has_##name = true)

/* Says what is wrong with a text, or NULL. */
typedef const char *field_check(const char *text);

struct field {
	const char *key;
	/* Small: the start code relocates each page of rows for each process, needed or not. */
	enum field_kind kind : 8;
	unsigned flags : 8;
	uint16_t offset;
	uint16_t has; /* offset of the presence bool; NO_HAS where the pointer tells */
	const struct table *table;
	const struct words *words;
	field_check *check;
	int64_t min; /* with max: bounds of an integer, both given; both 0: those of its type */
	uint64_t max;
	const char *dflt; /* as a user would write it */
	const char *unit;
	const char *help;
};

struct table {
	const char *name;
	size_t size;
	const struct field *rows;
	size_t n;
	bool open; /* unknown keys are passed over with a warning (OCI), not refused */
};

#define NO_HAS	       UINT16_MAX

#define row_each(f, t) for (const struct field *f = (t)->rows; f < (t)->rows + (t)->n; f++)

/* 0, or no program: the member's type is not the kind's. */
#define FIELD_TYPE_(T, m, type)                                                             \
	(0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct T *)0)->m), type) \
				 ? 1                                                        \
				 : -1]))
#define FIELD_LIST_(T, m, U) (FIELD_TYPE_(T, m.n, size_t) + FIELD_TYPE_(T, m.v, struct U **))
#define FIELD_KEY_(U)	     (0 * sizeof(char[offsetof(struct U, key) ? -1 : 1]))

#define FIELD_ROW_(T, m, k, check_, has_, help_, ...)                                              \
	{                                                                                          \
		.key = #m, .kind = (k), .offset = offsetof(struct T, m) + (check_), .has = (has_), \
		.help = (help_), ##__VA_ARGS__                                                     \
	}
#define FIELD_SCALAR_(T, m, k, type, help_, ...)                                         \
	FIELD_ROW_(T, m, k, FIELD_TYPE_(T, m, type), offsetof(struct T, has_##m), help_, \
		##__VA_ARGS__)
#define FIELD_PLAIN_(T, m, k, type, help_, ...) \
	FIELD_ROW_(T, m, k, FIELD_TYPE_(T, m, type), NO_HAS, help_, ##__VA_ARGS__)

#define FIELD_BOOL(T, m, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_BOOL, bool, help_, ##__VA_ARGS__)
#define FIELD_I32(T, m, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_I32, int32_t, help_, ##__VA_ARGS__)
#define FIELD_U32(T, m, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_U32, uint32_t, help_, ##__VA_ARGS__)
#define FIELD_MODE(T, m, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_MODE, uint32_t, help_, ##__VA_ARGS__)
#define FIELD_I64(T, m, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_I64, int64_t, help_, ##__VA_ARGS__)
#define FIELD_U64(T, m, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_U64, uint64_t, help_, ##__VA_ARGS__)
#define FIELD_ENUM(T, m, words_, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_ENUM, int32_t, help_, .words = &(words_), ##__VA_ARGS__)
#define FIELD_MASK(T, m, words_, help_, ...) \
	FIELD_SCALAR_(T, m, FIELD_KIND_MASK, uint64_t, help_, .words = &(words_), ##__VA_ARGS__)
#define FIELD_TEXT(T, m, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_TEXT, const char *, help_, ##__VA_ARGS__)
#define FIELD_BYTES(T, m, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_BYTES, struct bytes, help_, ##__VA_ARGS__)
#define FIELD_TEXTS(T, m, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_TEXTS, struct texts, help_, ##__VA_ARGS__)
#define FIELD_I32S(T, m, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_I32S, struct i32s, help_, ##__VA_ARGS__)
#define FIELD_U32S(T, m, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_U32S, struct u32s, help_, ##__VA_ARGS__)
#define FIELD_MAP(T, m, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_MAP, struct pairs, help_, ##__VA_ARGS__)
#define FIELD_OBJECT(T, m, U, help_, ...) \
	FIELD_PLAIN_(T, m, FIELD_KIND_OBJECT, struct U *, help_, .table = &table_##U, ##__VA_ARGS__)
#define FIELD_OBJECTS(T, m, U, help_, ...)                                        \
	FIELD_ROW_(T, m, FIELD_KIND_OBJECTS, FIELD_LIST_(T, m, U), NO_HAS, help_, \
		.table = &table_##U, ##__VA_ARGS__)
#define FIELD_MAP_OBJECTS(T, m, U, help_, ...)                                                 \
	FIELD_ROW_(T, m, FIELD_KIND_MAP_OBJECTS, FIELD_LIST_(T, m, U) + FIELD_KEY_(U), NO_HAS, \
		help_, .table = &table_##U, ##__VA_ARGS__)
#define FIELD_SKIP(name_, help_)                                                        \
	{                                                                               \
		.key = (name_), .kind = FIELD_KIND_SKIP, .has = NO_HAS, .help = (help_) \
	}

/* The table of struct T, from the rows in T_rows. OPEN_TABLE passes unknown keys over. */
#define TABLE_(T, ...)                              \
	const struct table table_##T = {.name = #T, \
		.size = sizeof(struct T),           \
		.rows = T##_rows,                   \
		.n = ARRAY_LEN(T##_rows),           \
		##__VA_ARGS__}
#define TABLE(T)      TABLE_(T)
#define OPEN_TABLE(T) TABLE_(T, .open = true)

const struct field *field_find(const struct table *t, const char *key);
/* The key nearest to an unknown one, or NULL. */
const char *field_nearest(const struct table *t, const char *key);

static inline void *field_at(const struct field *f, const void *object)
{
	return (char *)object + f->offset;
}

bool field_present(const struct field *f, const void *object);

/* "persona_addr_limit_3gb" to "personaAddrLimit3gb": protobuf's JSON name. Cut when size is short. */
void field_camel(char *dst, size_t size, const char *key);

#endif
