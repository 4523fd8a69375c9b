# SPDX-License-Identifier: Apache-2.0
# What tests of limits share: the cgroup files of the container $ID, on cgroup v1, v2 and hybrid hosts.

# cg FILE [ID]: the path of a file, in whichever of the container's cgroups has it.
cg() {
	local dir
	while read -r dir; do
		if [ -e "$dir/$1" ] && [ "${dir##*/}" = "${2:-$ID}" ]; then
			echo "$dir/$1"
			return
		fi
	done <<< "$(cgroups_of "${2:-$ID}")"
	echo "no cgroup of ${2:-$ID} has a file $1" >&2
	return 1
}

value() {
	cat "$(cg "$1")"
}

# holds FILE=VALUE...: the first of the files that is there says so (v1 and v2 have names of their own).
holds() {
	local pair path
	for pair; do
		path=$(cg "${pair%%=*}" 2>/dev/null) || continue
		[ "$(cat "$path")" = "${pair#*=}" ] && return
		echo "${pair%%=*} is '$(cat "$path")', not '${pair#*=}'"
		return 1
	done
	echo "none of these files is there: $*"
	return 1
}

# keeper CONTROLLER: v1, v2 or none.
keeper() {
	local mount
	if awk '{ sub(/.* - /, ""); print $1, $3 }' /proc/self/mountinfo |
		grep -q "^cgroup .*\b$1\b"; then
		echo v1
		return
	fi
	mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	if [ -n "$mount" ] && grep -qw "${2:-$1}" "$mount/cgroup.controllers"; then
		echo v2
	else
		echo none
	fi
}

# needs_keeper v1|v2|any CONTROLLER [NAME-ON-V2]
needs_keeper() {
	local k
	k=$(keeper "$2" "${3:-$2}")
	case $1:$k in
	*:none) skip "this machine has no cgroup controller $2" ;;
	any:* | v1:v1 | v2:v2) ;;
	*) skip "the cgroup controller $2 is one of cgroup $k here" ;;
	esac
}

# sleeper [JQ-FILTER]: a container $ID that runs and does nothing.
sleeper() {
	bundle "${1:-.}"
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" > "$T/sleeper.out" 2>&1 < /dev/null ||
		{ cat "$T/sleeper.out"; return 1; }
}

# refused TEXT...: run is refused, each of the texts in its words, and nothing is left.
refused() {
	local text
	run jr run -b "$BUNDLE" "$ID"
	for text; do
		fails_with 1 "$text"
	done
	[ -z "$(cgroups_of "$ID")" ]
}
