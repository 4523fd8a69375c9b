# SPDX-License-Identifier: Apache-2.0
# Turns syscalls.tsv into C: the names as one text, a hash table over them, and a row of numbers per
# column. No pointers, so that nothing has to be relocated when the program starts.
BEGIN {
	FS = "\t"
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	SLOTS = 2048
}
/^#/ { next }
!columns {
	columns = NF - 1
	for (i = 2; i <= NF; i++)
		column[i - 2] = $i
	next
}
{
	h = 0
	for (i = 1; i <= length($1); i++)
		h = (h * 33 + code[substr($1, i, 1)]) % 16777216
	for (h = h % SLOTS; h in slot; h = (h + 1) % SLOTS)
		;
	slot[h] = ++calls
	name[calls] = $1
	for (i = 2; i <= NF; i++)
		number[calls, i - 2] = $i == "-" ? -1 : $i
}
END {
	print "/* Made from spec/data/syscalls.tsv; do not edit. */"
	printf "enum { CALLS = %d, CALL_SLOTS = %d };\n", calls, SLOTS
	print "static const char call_text[] ="
	at = 0
	for (i = 1; i <= calls; i++) {
		printf "\t\"%s\\0\"\n", name[i]
		start[i] = at
		at += length(name[i]) + 1
	}
	print "\t;\nstatic const uint16_t call_start[CALLS] = {"
	for (i = 1; i <= calls; i++)
		printf "%d,%s", start[i], i % 16 ? " " : "\n"
	print "};\nstatic const uint16_t call_slot[CALL_SLOTS] = {"
	for (i = 0; i < SLOTS; i++)
		printf "%d,%s", slot[i], i % 16 != 15 ? " " : "\n"
	print "};"
	for (c = 0; c < columns; c++) {
		printf "static const int32_t numbers_%s[CALLS] = {\n", column[c]
		for (i = 1; i <= calls; i++)
			printf "%d,%s", number[i, c], i % 16 ? " " : "\n"
		print "};"
	}
}
