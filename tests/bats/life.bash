# SPDX-License-Identifier: Apache-2.0
# For the tests of the life cycle and the command line, loaded behind helpers.

pid_of() {
	jr state "$1" | jq .pid
}

# started NAME: a container of $BUNDLE that runs.
started() {
	jr create -b "$BUNDLE" "$1"
	jr start "$1"
}

# gone PID: no such process, or only what its parent has not taken note of yet.
gone() {
	! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

# runs PID NAME: the process is executed, by that name.
runs() {
	[ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]
}

# same A B: for what should be equal; says what is not.
same() {
	[ "$1" = "$2" ] || { printf 'is:     %s\nshould: %s\n' "$1" "$2"; return 1; }
}

there() {
	[ -e "$1" ]
}

# waiting_hook KIND: the next container's hook of that kind makes $T/waiting, and ends when $T/go is made.
waiting_hook() {
	cat > "$T/hook" <<-EOF
		#!/bin/sh
		cat > "$T/waiting.new"
		mv "$T/waiting.new" "$T/waiting"
		while [ -d "$T" ] && [ ! -e "$T/go" ]; do sleep 0.05; done
	EOF
	chmod 755 "$T/hook"
	config '.hooks[$kind] = [{path: $path}]' --arg kind "$1" --arg path "$T/hook"
}

# many N COMMAND: N of them at once; their exit status is in the lines of $T/many.
many() {
	local n=$1 i pids=() command=("${@:2}")
	: > "$T/many"
	: > "$T/many.err"
	for ((i = 0; i < n; i++)); do
		{ "${command[@]}" 2>> "$T/many.err" && echo 0 >> "$T/many" || echo $? >> "$T/many"; } 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# how_many STATUS: of the commands of the last many ended so.
how_many() {
	grep -c -x "$1" "$T/many" || true
}

# A process whose network namespace is new: $!. It does not forward, also where the machine, whose settings new
# namespaces begin with, does.
new_net() {
	unshare --net sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward; exec sleep 1000' 3>&- &
	disown
	later kill $!
	wait_for 10 runs $! sleep
}

# For setup_suite_file: a jailrt that an ordinary user can come to, $BATS_FILE_TMPDIR/jailrt.
jailrt_for_users() {
	local dir=$BATS_FILE_TMPDIR
	while [ "$dir" != / ] && [[ "$dir" == "${BATS_RUN_TMPDIR}"* ]]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
	cp "$JAILRT" "$BATS_FILE_TMPDIR/jailrt"
	chmod 755 "$BATS_FILE_TMPDIR/jailrt"
}
