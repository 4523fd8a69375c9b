/* SPDX-License-Identifier: Apache-2.0 */
#include "kafel_names.h"

#include <string.h>

#include "../runtime/base/fmt.h"
#include "../runtime/base/own.h"

struct entry_row {
	uint16_t call, entry; /* in arg_text: the name in unistd.h, the kernel's */
	uint32_t columns;
};

struct args_row {
	uint16_t entry, first; /* first: in arg_names */
	uint32_t columns;
	uint16_t widths; /* two bits each */
	uint16_t n;
};

struct alias_row {
	uint16_t entry, alias;
	uint8_t arg, old;
};

struct constant_row {
	uint64_t value;
	uint32_t name,
		others; /* others: the first in constant_others; they end where the next begin */
};

struct constant_other {
	uint64_t value;
	uint32_t columns;
	bool none;
};

#include "constants.inc"
#include "syscall-args.inc"

/* The hash that the awk scripts lay the tables out by. */
static uint32_t hash(const char *name)
{
	uint32_t h = 0;

	for (const char *c = name; *c; c++)
		h = (h * 33 + (unsigned char)*c) & 0xffffff;
	return h;
}

/* Byte orders and n32 of one machine have one column. */
static const char *column_name(const struct arch *arch)
{
	static const char *const twins[][2] = {
		{"mipsel", "mips"},
		{"mipsel64", "mips64"},
		{"mipsel64n32", "mips64n32"},
		{"ppc64le", "ppc64"},
		{"sheb", "sh"},
	};

	for (size_t i = 0; i < ARRAY_LEN(twins); i++) {
		if (!strcmp(twins[i][0], arch->name))
			return twins[i][1];
	}
	return arch->name;
}

struct kafel_machine kafel_machine(const struct arch *arch)
{
	const char *name = column_name(arch), *c = arg_columns;
	uint32_t bit = 1;

	for (; *c; c += strlen(c) + 1, bit <<= 1) {
		if (!strcmp(c, name))
			return (struct kafel_machine){arch, bit};
	}
	return (struct kafel_machine){arch, 0};
}

/* --- calls ------------------------------------------------------------------------------------- */

/* The row where the kernel calls a call otherwise than unistd.h; NULL when it does not. */
static const struct entry_row *row_of_call(uint32_t column, const char *name)
{
	for (uint32_t h = hash(name) % ARRAY_LEN(by_call_slot); by_call_slot[h];
		h = (h + 1) % ARRAY_LEN(by_call_slot)) {
		const struct entry_row *row = &entry_rows[by_call_slot[h] - 1];

		if (row->columns & column && !strcmp(arg_text + row->call, name))
			return row;
	}
	return NULL;
}

static const struct entry_row *row_of_entry(uint32_t column, const char *name)
{
	for (uint32_t h = hash(name) % ARRAY_LEN(by_entry_slot); by_entry_slot[h];
		h = (h + 1) % ARRAY_LEN(by_entry_slot)) {
		const struct entry_row *row = &entry_rows[by_entry_slot[h] - 1];

		if (row->columns & column && !strcmp(arg_text + row->entry, name))
			return row;
	}
	return NULL;
}

int kafel_call(const struct kafel_machine *m, const char *name, bool strict, struct kafel_call *ret)
{
	const struct entry_row *row = row_of_entry(m->column, name);
	int64_t number;

	if (row) {
		ret->number = (uint32_t)arch_call(m->arch, arg_text + row->call);
		ret->kernel = arg_text + row->entry;
		return 0;
	}
	row = row_of_call(m->column, name);
	if (row && strict)
		return CALL_UNKNOWN;
	number = arch_call(m->arch, name);
	if (number < 0)
		return (int)number;
	ret->number = (uint32_t)number;
	ret->kernel = row ? arg_text + row->entry : name;
	return 0;
}

struct kafel_call kafel_call_of(const struct kafel_machine *m, uint32_t number)
{
	const char *name = arch_call_name(m->arch, number);
	const struct entry_row *row = name ? row_of_call(m->column, name) : NULL;

	return (struct kafel_call){number, row ? arg_text + row->entry : name};
}

const char *kafel_call_nearest(const struct kafel_machine *m, const char *name, bool strict)
{
	const struct entry_row *row = row_of_call(m->column, name);
	const char *near = row ? name : arch_call_nearest(m->arch, name);

	if (near && strict) {
		row = row_of_call(m->column, near);
		near = row ? arg_text + row->entry : near;
	}
	return near;
}

/* --- arguments --------------------------------------------------------------------------------- */

bool kafel_args(const struct kafel_machine *m, const char *kernel, struct kafel_args *ret)
{
	/* x32 has 64-bit registers, and the kernel takes them whole. */
	bool narrow = !m->arch->wide && !m->arch->bit;

	if (!kernel)
		return false;
	for (uint32_t h = hash(kernel) % ARRAY_LEN(by_args_slot); by_args_slot[h];
		h = (h + 1) % ARRAY_LEN(by_args_slot)) {
		const struct args_row *row = &args_rows[by_args_slot[h] - 1];

		if (!(row->columns & m->column) || strcmp(arg_text + row->entry, kernel) != 0)
			continue;
		ret->n = row->n;
		for (unsigned i = 0; i < row->n; i++) {
			unsigned width = row->widths >> (2 * i) & 3;

			ret->name[i] = arg_text + arg_names[row->first + i];
			ret->wide[i] = width == 2 || (!width && !narrow);
		}
		return true;
	}
	return false;
}

int kafel_arg_alias(const char *kernel, const char *name, bool strict)
{
	for (uint32_t h = hash(kernel) % ARRAY_LEN(by_alias_slot); by_alias_slot[h];
		h = (h + 1) % ARRAY_LEN(by_alias_slot)) {
		const struct alias_row *row = &alias_rows[by_alias_slot[h] - 1];

		if ((row->old || !strict) && !strcmp(arg_text + row->entry, kernel) &&
			!strcmp(arg_text + row->alias, name))
			return row->arg;
	}
	return -1;
}

/* --- constants --------------------------------------------------------------------------------- */

bool kafel_constant(const struct kafel_machine *m, const char *name, uint64_t *ret)
{
	if (!(m->column & CONSTANT_COLUMNS))
		return false;
	for (uint32_t h = hash(name) % CONSTANT_SLOTS; constant_slot[h];
		h = (h + 1) % CONSTANT_SLOTS) {
		const struct constant_row *row = &constant_rows[constant_slot[h] - 1];

		if (strcmp(constant_text + row->name, name) != 0)
			continue;
		*ret = row->value;
		for (uint32_t i = row->others; i < row[1].others; i++) {
			if (!(constant_others[i].columns & m->column))
				continue;
			*ret = constant_others[i].value;
			return !constant_others[i].none;
		}
		return true;
	}
	return false;
}

const char *kafel_constant_nearest(const struct kafel_machine *m, const char *name)
{
	const char *best = NULL;
	size_t len = strlen(name);
	unsigned least = 3;
	uint64_t value;

	for (size_t i = 0; i < CONSTANTS; i++) {
		const char *candidate = constant_text + constant_rows[i].name;
		size_t n = strlen(candidate);
		unsigned d;

		if (n + least <= len || len + least <= n)
			continue; /* as far apart as that at least */
		d = fmt_distance(candidate, name);
		if (d < least && d * 2 < len && kafel_constant(m, candidate, &value)) {
			least = d;
			best = candidate;
		}
	}
	return best;
}
