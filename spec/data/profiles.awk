# SPDX-License-Identifier: Apache-2.0
# Turns the policies of seccomp-profiles/ into C: each file as one text, with its name.
FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	sub(/^seccomp-profiles\//, "", name)
	sub(/\.policy$/, "", name)
	printf "\t{\"%s\",\n", name
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\t\"%s\\n\"\n", $0
}
END {
	print "\t},"
}
