# SPDX-License-Identifier: Apache-2.0
# Turns constants.tsv into C: the names as one text, a hash table over them, the values, and the values
# that some architectures have instead. No pointers, as in syscalls.awk.
BEGIN {
	FS = "\t"
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	split("x86_64 x86 x32 arm aarch64 mips mips64 mips64n32 parisc parisc64 ppc ppc64 riscv64 s390 " \
		"s390x loongarch64 m68k sh", list, " ")
	for (i = 1; i in list; i++)
		bit[list[i]] = 2 ^ (i - 1)
	SLOTS = 8192
}
/^#/ { next }
$1 == "known" {
	count = split($2, where, ",")
	for (k = 1; k <= count; k++)
		known += bit[where[k]]
	next
}
{
	h = 0
	for (i = 1; i <= length($1); i++)
		h = (h * 33 + code[substr($1, i, 1)]) % 16777216
	for (h = h % SLOTS; h in slot; h = (h + 1) % SLOTS)
		;
	slot[h] = ++n
	name[n] = $1
	value[n] = $2
	from[n] = others + 0
	for (i = 3; i <= NF; i++) {
		split($i, side, "=")
		count = split(side[1], where, ",")
		mask = 0
		for (k = 1; k <= count; k++)
			mask += bit[where[k]]
		other[others++] = sprintf("{%s, 0x%x, %d}", side[2] == "-" ? 0 : side[2] "u", mask,
			side[2] == "-")
	}
}
END {
	print "/* Made from spec/data/constants.tsv; do not edit. */"
	printf "enum { CONSTANTS = %d, CONSTANT_SLOTS = %d, CONSTANT_COLUMNS = 0x%x };\n", n, SLOTS, known
	print "static const char constant_text[] ="
	for (i = 1; i <= n; i++) {
		printf "\t\"%s\\0\"\n", name[i]
		start[i] = at
		at += length(name[i]) + 1
	}
	print "\t;\nstatic const struct constant_row constant_rows[] = {"
	for (i = 1; i <= n; i++)
		printf "\t{%su, %d, %d},\n", value[i], start[i], from[i]
	printf "\t{0, 0, %d},\n};\nstatic const struct constant_other constant_others[] = {\n", others
	for (i = 0; i < others; i++)
		print "\t" other[i] ","
	print "\t{0, 0, 0},\n};\nstatic const uint16_t constant_slot[CONSTANT_SLOTS] = {"
	for (i = 0; i < SLOTS; i++)
		printf "%d,%s", slot[i], i % 16 != 15 ? " " : "\n"
	print "};"
}
