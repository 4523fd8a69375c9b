# SPDX-License-Identifier: Apache-2.0
# For the tests of nsjail's door, loaded behind helpers and life.

# nj ARGUMENTS: nsjail's door, with what it says apart: $status, $output, $log. It is quiet unless told.
nj() {
	status=0
	output=$(jr nsjail "$@" 2> "$T/log") || status=$?
	log=$(cat "$T/log")
}

# ends STATUS [OUTPUT]: how the last nj did.
ends() {
	[ "$status" -eq "$1" ] || { echo "status $status, not $1: $output / $log"; return 1; }
	[ $# -lt 2 ] || [ "$output" = "$2" ] || { echo "'$output', not '$2'; $log"; return 1; }
}

# logged TEXT: among what the last nj said on the side.
logged() {
	[[ "$log" == *"$1"* ]] || { echo "not logged: '$1' in: $log"; return 1; }
}

not_logged() {
	[[ "$log" != *"$1"* ]] || { echo "logged: '$1' in: $log"; return 1; }
}

# door ARGUMENTS &: in the background, so that $! is the door's own.
door() {
	exec "$JAILRT" --root "$STATES" nsjail "$@"
}

# serves OPTIONS -- COMMAND: listens on a port of the kernel's choice, in $PORT, as $NJ; its log is $T/listen.
serves() {
	rm -f "$T/listen"
	door -Ml --port 0 --log "$T/listen" "$@" &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 grep -q 'Listening on' "$T/listen"
	PORT=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' "$T/listen")
}

kill_and_wait() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
