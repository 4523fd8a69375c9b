# SPDX-License-Identifier: Apache-2.0
# Turns syscall-args.tsv into C: one text of all names, rows of offsets into it, hash tables of the rows
# by name. No pointers, so that nothing has to be relocated when the program starts.
BEGIN {
	FS = "\t"
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	split("x86_64 x86 x32 arm aarch64 mips mips64 mips64n32 parisc parisc64 ppc ppc64 riscv64 s390 " \
		"s390x loongarch64 m68k sh", list, " ")
	for (i = 1; i in list; i++)
		bit[list[i]] = 2 ^ (i - 1)
	columns = i - 1
	length_of_text = 0
}
function text(s) {
	if (!(s in at)) {
		at[s] = length_of_text
		length_of_text += length(s) + 1
		texts[++n_texts] = s
	}
	return at[s]
}
function mask(s,   parts, n, i, m) {
	if (s == "*")
		return 2 ^ columns - 1
	n = split(s, parts, ",")
	m = 0
	for (i = 1; i <= n; i++)
		m += bit[parts[i]]
	return m
}
# 0: as wide as a register, 1: 32 bits, 2: 64 bits
function width(type) {
	if (type ~ /\*/ || type ~ /(^| )(long|size_t|ssize_t|off_t|old_sigset_t|aio_context_t|uintptr_t|__sighandler_t)$/ || type ~ /^cap_user/)
		return 0
	return type ~ /(loff_t|u64)$/ ? 2 : 1
}
# Rows of one name stand behind each other, in the order they have in the data.
function hash(slots, table, name, row,   h, i) {
	h = 0
	for (i = 1; i <= length(name); i++)
		h = (h * 33 + code[substr(name, i, 1)]) % 16777216
	for (h = h % slots; (table, h) in slot; h = (h + 1) % slots)
		;
	slot[table, h] = row
}
function print_slots(slots, table,   i) {
	printf "static const uint16_t %s_slot[%d] = {\n", table, slots
	for (i = 0; i < slots; i++)
		printf "%d,%s", slot[table, i], i % 16 != 15 ? " " : "\n"
	print "};"
}
/^#/ { next }
$1 == "entry" {
	entry[++entries] = sprintf("{%d, %d, 0x%x}", text($2), text($3), mask($4))
	hash(512, "by_call", $2, entries)
	hash(512, "by_entry", $3, entries)
}
$1 == "args" {
	widths = 0
	for (i = 4; i <= NF; i++) {
		match($i, /:/)
		if (i == 4)
			first[args + 1] = n_names
		name[n_names++] = text(substr($i, 1, RSTART - 1))
		widths += width(substr($i, RSTART + 1)) * 4 ^ (i - 4)
	}
	arg[++args] = sprintf("{%d, %d, 0x%x, 0x%x, %d}", text($2), NF > 3 ? first[args] : 0, mask($3),
		widths, NF - 3)
	hash(2048, "by_args", $2, args)
}
$1 == "alias" {
	alias[++aliases] = sprintf("{%d, %d, %d, %d}", text($3), text($5), $4, $2 == "kafel")
	hash(2048, "by_alias", $3, aliases)
}
END {
	print "/* Made from spec/data/syscall-args.tsv; do not edit. */"
	print "static const char arg_columns[] ="
	for (i = 1; i <= columns; i++)
		printf "\t\"%s\\0\"\n", list[i]
	print "\t;\nstatic const char arg_text[] ="
	for (i = 1; i <= n_texts; i++)
		printf "\t\"%s\\0\"\n", texts[i]
	print "\t;"
	printf "static const struct entry_row entry_rows[%d] = {\n", entries
	for (i = 1; i <= entries; i++)
		print "\t" entry[i] ","
	printf "};\nstatic const uint16_t arg_names[%d] = {\n", n_names
	for (i = 0; i < n_names; i++)
		printf "%d,%s", name[i], i % 16 != 15 ? " " : "\n"
	printf "};\nstatic const struct args_row args_rows[%d] = {\n", args
	for (i = 1; i <= args; i++)
		print "\t" arg[i] ","
	printf "};\nstatic const struct alias_row alias_rows[%d] = {\n", aliases
	for (i = 1; i <= aliases; i++)
		print "\t" alias[i] ","
	print "};"
	print_slots(512, "by_call")
	print_slots(512, "by_entry")
	print_slots(2048, "by_args")
	print_slots(2048, "by_alias")
}
