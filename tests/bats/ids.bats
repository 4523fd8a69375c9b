#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Names of containers, and the directory that their states are in.
load helpers
load life

# refused ID TEXT: no command takes it, and nothing is made.
refused() {
	local command
	for command in "create -b $BUNDLE" "run -b $BUNDLE" start state kill delete "delete --force" ps; do
		run jr $command -- "$1"
		fails_with 1 "$2"
	done
	run jr exec -- "$1" true
	fails_with 255 "$2"
	same "$(ls -A "$STATES" 2>/dev/null)" ""
}

@test "an empty id is refused by every command" {
	bundle
	refused "" "container id is empty"
}

@test "ids that are paths or hold odd characters are refused by every command" {
	bundle
	local id
	for id in . .. ../x a/b / 'a b' 'a
b' $'a\tb' 'ä' 'a*' 'a:b' 'a@b' '~' $'\x7f'; do
		refused "$id" "invalid container id"
	done
	[ ! -e "$T/x" ]
}

@test "an id of 2000 characters is refused, one of 255 works" {
	bundle
	refused "$(printf '%2000s' | tr ' ' a)" "longer than 255"
	refused "$(printf '%256s' | tr ' ' a)" "longer than 255"
	# A cgroup's name may be as long as that too.
	local id
	id=$(printf '%s%*s' "$ID" $((255 - ${#ID})) | tr ' ' a)
	command_is true
	jr run -b "$BUNDLE" "$id"
	jr create -b "$BUNDLE" "$id"
	is_status "$id" created
	jr delete "$id"
}

@test "all the letters that an id may have work through the whole life" {
	bundle
	command_is sleep 100
	local id
	for id in "$ID+_.-" "$ID..." "..$ID" "+$ID" "_$ID" "0$ID" "$ID.json"; do
		started "$id"
		is_status "$id" running
		run jr exec "$id" echo in
		says in
		jr kill "$id" KILL
		wait_for 10 is_status "$id" stopped
		jr delete "$id"
	done
}

@test "an id with a leading dash works behind --" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" -- "-$ID"
	same "$(jr state -- "-$ID" | jq -r .id)" "-$ID"
	jr start -- "-$ID"
	run jr exec -- "-$ID" echo in
	says in
	same "$(jr list -q)" "-$ID"
	jr ps -f json -- "-$ID" | jq -e 'length == 1'
	jr kill -- "-$ID" KILL
	stopped() { [ "$(jr state -- "-$ID" | jq -r .status)" = stopped ]; }
	wait_for 10 stopped
	jr delete -- "-$ID"
	run jr state "-$ID"
	fails_with 1 "unknown option"
}

@test "an id in use is refused by create and run, and its container is not touched" {
	bundle
	command_is sleep 100
	started "$ID"
	local p
	p=$(pid_of "$ID")
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "container with given ID already exists"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "container with given ID already exists"
	is_status "$ID" running
	same "$(pid_of "$ID")" "$p"
	kill -0 "$p"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "container with given ID already exists"
}

@test "--root moves the states, and is made when it is missing" {
	bundle
	command_is sleep 100
	"$JAILRT" --root "$T/a/b/c" create -b "$BUNDLE" "$ID"
	[ -f "$T/a/b/c/$ID/state.json" ]
	same "$(stat -c %a "$T/a/b/c/$ID")" 700
	run jr state "$ID"
	fails_with 1 "container does not exist"
	[ ! -e "/run/jailrt/$ID" ]
	[ ! -e "$STATES" ]
	"$JAILRT" --root="$T/a/b/c" delete "$ID"
	[ ! -e "$T/a/b/c/$ID" ]
}

@test "a relative --root is of the caller's directory, and so is a relative bundle" {
	bundle
	command_is sleep 100
	"$JAILRT" --root states create -b bundle1 "$ID"
	[ -f "$T/states/$ID/state.json" ]
	same "$(jr state "$ID" | jq -r .bundle)" "$BUNDLE"
	(cd / && jr start "$ID")
	is_status "$ID" running
}

@test "without --root states are in /run/jailrt" {
	bundle
	command_is sleep 100
	local out
	# A /run of its own, for the host's is not ours to change.
	out=$(unshare --mount sh -e -c '
		mount -t tmpfs none /run
		"$1" list
		test ! -e /run/jailrt
		"$1" create -b "$2" "$3"
		ls "/run/jailrt/$3/state.json"
		stat -c %a /run/jailrt
		"$1" list -q
		"$1" delete "$3"' sh "$JAILRT" "$BUNDLE" "$ID")
	same "$(sed 1d <<< "$out")" "/run/jailrt/$ID/state.json
711
$ID"
}

@test "a root that is no directory, or may not be made, is a clear error" {
	bundle
	echo x > file
	run "$JAILRT" --root "$T/file" create -b "$BUNDLE" "$ID"
	fails_with 1 "'$T/file': Not a directory"
	run "$JAILRT" --root /proc/nowhere create -b "$BUNDLE" "$ID"
	fails_with 1 "'/proc/nowhere'"
	run "$JAILRT" --root "$T/none" list
	fails_with 1 "'$T/none': No such file or directory"
	run "$JAILRT" --root "$T/none" state "$ID"
	fails_with 1 "container does not exist"
	[ ! -e "$T/none" ]
}

@test "the same id under two roots: the second is refused its cgroup, and the first one lives" {
	bundle
	command_is sleep 100
	started "$ID"
	local p
	p=$(pid_of "$ID")
	run "$JAILRT" --root "$T/other" create -b "$BUNDLE" "$ID"
	fails_with 1 "the cgroup is in use by process $p"
	"$JAILRT" --root "$T/other" delete --force "$ID"
	kill -0 "$p"
	is_status "$ID" running
	run jr exec "$ID" echo in
	says in
}
