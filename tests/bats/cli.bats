#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line: options, help, words of failure, exit statuses, logs, and where states are.
load helpers
load life

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

# both ARGUMENTS: stdout in $out, stderr in $err, the exit status in $status.
both() {
	status=0
	"$@" > "$T/out" 2> "$T/err" || status=$?
	out=$(cat "$T/out")
	err=$(cat "$T/err")
}

COMMANDS="create start run exec pause resume update events kill delete state list ps wait plan spec features help"

@test "the version's lines: name and version, commit, spec, features" {
	both "$JAILRT" --version
	same "$status" 0
	[[ $(sed -n 1p <<< "$out") =~ ^jailrt\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[[ $(sed -n 2p <<< "$out") == "commit: "?* ]]
	same "$(sed -n 3p <<< "$out")" "spec: 1.3.0"
	[[ $(sed -n 4p <<< "$out") == +*CAP* ]]
	same "$err" ""
	same "$("$JAILRT" -v)" "$out"
	same "$("$JAILRT" --root "$STATES" --debug -v)" "$out"
}

@test "called as runc or crun it has that name, and no other one" {
	local name
	for name in runc crun; do
		ln -s "$JAILRT" "$name"
		[[ $("./$name" --version | head -n 1) == "$name version "* ]]
		both "./$name" --root "$STATES" state "$ID-none"
		same "$status" 1
		[[ $err == "$name: state $ID-none: container does not exist"* ]]
	done
	ln -s "$JAILRT" other
	[[ $(./other --version | head -n 1) == "jailrt version "* ]]
}

@test "--help, -h and help show all commands and global options, on stdout, with status 0" {
	both "$JAILRT" --help
	same "$status" 0
	same "$err" ""
	local command option
	[[ $(head -n 1 <<< "$out") == "usage: jailrt "* ]]
	for command in $COMMANDS; do
		grep -q "^  $command  *[a-z]" <<< "$out"
	done
	for option in --root --log --log-format --debug --cgroup-manager --systemd-cgroup --version --help; do
		grep -q -e "$option" <<< "$out"
	done
	same "$("$JAILRT" -h)" "$out"
	same "$("$JAILRT" help)" "$out"
}

@test "without a command there is the same help, and a failure" {
	both "$JAILRT"
	same "$status" 1
	same "$out" "$("$JAILRT" --help)"
}

@test "each command has help: its usage, what it does, and all its options with their letters" {
	local command
	for command in $COMMANDS; do
		both "$JAILRT" "$command" --help
		same "$status" 0
		same "$err" ""
		[[ $(head -n 1 <<< "$out") == "usage: jailrt $command [OPTIONS]"* ]]
		[ -n "$(sed -n 3p <<< "$out")" ]
		grep -q '^  -h, --help ' <<< "$out"
		# Each option's line has words behind it, or on the line below.
		same "$(grep -A 1 -E '^  (-.,|   ) --' <<< "$out" | grep -c '^ *$')" 0
		same "$("$JAILRT" "$command" -h)" "$out"
		same "$("$JAILRT" help "$command")" "$out"
	done
	"$JAILRT" kill --help | grep -q '^  -a, --all '
	"$JAILRT" delete --help | grep -q '^  -f, --force '
	"$JAILRT" exec --help | grep -q '^  -e, --env NAME=VALUE '
	"$JAILRT" create --help | grep -q '^  -b, --bundle DIR '
}

@test "help wants nothing else to be right: neither arguments nor a state directory" {
	both jr create -h
	same "$status" 0
	both jr run -b /none -h
	same "$status" 0
	[ ! -e "$STATES" ]
}

@test "an unknown command is told, with help or without" {
	both jr nonsense
	same "$status" 1
	same "$out" ""
	same "$err" "jailrt: unknown command 'nonsense'. Fix: 'jailrt --help' lists the commands"
	both jr nonsense --help
	same "$status" 1
	[[ $err == *"unknown command 'nonsense'"* ]]
	both jr help nonsense
	same "$status" 1
	[[ $err == *"unknown command 'nonsense'"* ]]
	both jr ""
	same "$status" 1
	[[ $err == *"unknown command ''"* ]]
}

@test "an unknown option is told, with what it is like" {
	local command
	for command in $COMMANDS; do
		both jr "$command" --nonsense x y
		[ "$status" -eq 1 ] || same "$command $status" "exec 255"
		same "$out" ""
		[[ $err == "jailrt: $command: unknown option '--nonsense'"* ]]
	done
	both jr --nonsense list
	same "$status" 1
	[[ $err == "jailrt: unknown option '--nonsense'"* ]]
	both jr list --fromat json
	[[ $err == *"unknown option '--fromat'. Fix: did you mean --format?"* ]]
	both jr list -x
	[[ $err == *"unknown option '-x'"* ]]
	both jr list -qx
	[[ $err == *"unknown option '-qx'"* ]]
	both jr --rot "$STATES" list
	[[ $err == *"did you mean --root?"* ]]
}

@test "options: long with = or a word, short together or with their value, -- ends them" {
	sleeper
	jr create --bundle="$BUNDLE" --pid-file="$T/pid" "$ID"
	same "$(cat pid)" "$(pid_of "$ID")"
	jr create -b"$BUNDLE" "$ID-2"
	jr create -b="$BUNDLE" "$ID-3"
	same "$(jr list -qf json)" "$ID
$ID-2
$ID-3"
	jr list -fjson | jq -e 'length == 3'
	both jr list --format
	[[ $err == *"option --format requires an argument"* ]]
	both jr list -f
	[[ $err == *"option --format requires an argument"* ]]
	both jr list --quiet=perhaps
	same "$status" 1
	[[ $err == *"--quiet"* ]]
	jr state -- "$ID" > /dev/null
	jr delete --force -- "$ID-2"
	jr create -b "$BUNDLE" -- "-$ID"
	same "$(jr state -- "-$ID" | jq -r .id)" "-$ID"
	jr delete --force -- "-$ID"
}

@test "global options stand before the command, and are no options of commands" {
	sleeper
	both "$JAILRT" list --root "$STATES"
	same "$status" 1
	[[ $err == "jailrt: list: unknown option '--root'"* ]]
	both jr create --debug -b "$BUNDLE" "$ID"
	same "$status" 1
	[[ $err == *"unknown option '--debug'"* ]]
	"$JAILRT" --root="$STATES" --log /dev/null --log-format=json --rootless=auto --cgroup-manager cgroupfs \
		create -b "$BUNDLE" "$ID"
	is_status "$ID" created
	both jr --cgroup-manager nonsense list
	same "$status" 1
	[[ $err == *"--cgroup-manager"*nonsense* ]]
	both "$JAILRT" --root
	same "$status" 1
	[[ $err == *"option --root requires an argument"* ]]
}

@test "missing and superfluous arguments are told with the usage" {
	local command
	for command in start kill delete state ps wait; do
		both jr "$command"
		same "$status" 1
		[[ $err == "jailrt: $command: an argument is missing. Fix: usage: jailrt $command [OPTIONS] CONTAINER"* ]]
	done
	for command in start delete state wait; do
		both jr "$command" a b
		same "$status" 1
		[[ $err == "jailrt: $command: too many arguments. Fix: usage: "* ]]
	done
	both jr create
	same "$status" 1
	[[ $err == *"the container's id is missing"* ]]
}

@test "an unknown container is status 1 with the same words for each command, and 255 for exec" {
	local command
	for command in start kill delete state ps wait; do
		both jr "$command" "$ID-none"
		same "$status" 1
		same "$out" ""
		same "$err" "jailrt: $command $ID-none: container does not exist: '$ID-none'"
	done
	both jr exec "$ID-none" true
	same "$status" 255
	same "$err" "jailrt: exec $ID-none: container does not exist: '$ID-none'"
	[ ! -e "$STATES" ]
}

@test "ids that no container can have are told as that" {
	sleeper
	local id
	for id in "" . .. a/b /a ../x "a b" $'a\nb' a:b 'a*' "$(printf 'x%.0s' {1..256})" "$(printf 'x%.0s' {1..2000})"; do
		both jr create -b "$BUNDLE" -- "$id"
		same "$status" 1
		[[ $err == *"container id"* ]]
		both jr state -- "$id"
		same "$status" 1
		[[ $err == *"container id"* ]]
		both jr delete --force -- "$id"
		same "$status" 1
	done
	[ ! -e "$STATES" ] || same "$(ls -A "$STATES")" ""
	id=$ID$(printf 'x%.0s' {1..255})
	id=${id:0:255}
	jr create -b "$BUNDLE" "$id"
	same "$(status_of "$id")" created
	same "$(jr list -q)" "$id"
	jr delete "$id"
	id="${ID}_A-z0+9."
	jr create -b "$BUNDLE" "$id"
	jr delete "$id"
}

@test "what commands print goes to stdout, failures to stderr, in one line that says who and why" {
	sleeper
	both jr create -b "$BUNDLE" "$ID"
	same "$out$err" ""
	both jr start "$ID"
	same "$out$err" ""
	both jr state "$ID"
	same "$err" ""
	both jr kill "$ID" KILL
	same "$out$err" ""
	both jr start "$ID"
	same "$status$out" 1
	same "$(wc -l < "$T/err")" 1
	[[ $err == "jailrt: start $ID: "* ]]
	wait_for 10 is_status "$ID" stopped
	both jr delete "$ID"
	same "$out$err" ""
}

@test "a full stdout is a failure of what prints, and tells so" {
	sleeper
	jr create -b "$BUNDLE" "$ID"
	local command
	for command in "state $ID" list "list -q" "list -f json" "ps $ID" "ps -f json $ID" features --version \
		--help "plan -b $BUNDLE"; do
		status=0
		jr $command > /dev/full 2> err || status=$?
		[ "$status" -ne 0 ] || { echo "$command: 0"; return 1; }
	done
}

@test "--log appends a failure as text, or as JSON, beside stderr" {
	both jr --log log state "$ID-none"
	same "$status" 1
	[[ $err == *"does not exist"* ]]
	[[ $(cat log) =~ ^time=\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\"\ level=error\ msg=\".*does\ not\ exist ]]
	both jr --log log --log-format text state "$ID-none"
	same "$(wc -l < log)" 2
	both jr --log json --log-format json state 'a"b'
	same "$(wc -l < json)" 1
	same "$(jq -r .level json)" error
	same "$(jq -r .msg json)" "${err#jailrt: }"
	jq -e '.time | fromdate > 0' json
	both jr --log-format json --log json delete "$ID-none"
	same "$(jq -s -c 'map(.level)' json)" '["error","error"]'
	same "$(stat -c %a log)" 600
}

@test "warnings go to the log as such; a success writes nothing there" {
	sleeper '.unknown_thing = 1'
	jr --log json --log-format json create -b "$BUNDLE" "$ID" 2> err
	same "$(jq -c .level json)" '"warning"'
	grep -q '^jailrt: warning: .*unknown_thing' err
	: > json
	jr --log json --log-format json start "$ID"
	same "$(cat json)" ""
	jr --log json --log-format json --log-level error plan -b "$BUNDLE" > out 2> err
	same "$(cat json err)" ""
}

@test "a log that cannot be written, or of an unknown format, is a failure before anything is done" {
	sleeper
	both jr --log "$T/none/log" create -b "$BUNDLE" "$ID"
	same "$status" 1
	[[ $err == *"'$T/none/log'"*"No such file or directory"* ]]
	both jr --log-format xml create -b "$BUNDLE" "$ID"
	same "$status" 1
	[[ $err == *"unknown log format 'xml': text or json"* ]]
	both jr --log-level loud create -b "$BUNDLE" "$ID"
	same "$status" 1
	[[ $err == *"log level 'loud'"* ]]
	[ ! -e "$STATES" ]
}

@test "--debug has the lowest level in the log, in both formats" {
	sleeper
	jr --debug --log text --log-format text create -b "$BUNDLE" "$ID" 2> /dev/null
	grep -q 'level=debug' text
	jr --debug --log json --log-format json delete "$ID" 2> /dev/null
	grep -q '"level":"debug"' json
	jq -e .msg json > /dev/null
	# Without it there is none.
	jr --log text2 create -b "$BUNDLE" "$ID" 2> err
	same "$(cat text2 err)" ""
	jr --log-level debug --log text2 delete "$ID" 2> err
	grep -q 'level=debug' text2
	grep -q '^jailrt: debug: ' err
}

@test "--root holds the states, is made with its parents, and keeps containers apart" {
	sleeper
	"$JAILRT" --root "$T/a/b/c" create -b "$BUNDLE" "$ID"
	later "$JAILRT" --root "$T/a/b/c" delete --force "$ID"
	[ -f "a/b/c/$ID/state.json" ]
	same "$(stat -c %a "a/b/c/$ID")" 700
	same "$(jr state "$ID" 2>&1 || true)" "jailrt: state $ID: container does not exist: '$ID'"
	same "$("$JAILRT" --root "$T/a/b/c" list -q)" "$ID"
	# A relative one is one too.
	cd a
	same "$("$JAILRT" --root b/c state "$ID" | jq -r .status)" created
	cd ..
	touch file
	both "$JAILRT" --root "$T/file" create -b "$BUNDLE" "$ID-2"
	same "$status" 1
	[[ $err == *"state directory '$T/file': Not a directory"* ]]
}

@test "who is not root has states in XDG_RUNTIME_DIR; root has them in /run whatever that says" {
	local home
	home=$(mktemp -d /tmp/jailrt-test.XXXXXX)
	later rm -rf "$home"
	chown 1000 "$home"
	plain() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
	cp -a "$ROOTFS" "$home/rootfs"
	cd "$home"
	plain "$JAILRT" spec --rootless
	jq '.process.terminal = false | .process.args = ["sleep", "1000"]' config.json > "$T/new"
	cp "$T/new" config.json
	plain env XDG_RUNTIME_DIR="$home" "$JAILRT" create "$ID"
	later env XDG_RUNTIME_DIR="$home" setpriv --reuid 1000 --regid 1000 --clear-groups "$JAILRT" delete --force "$ID"
	[ -f "$home/jailrt/$ID/state.json" ]
	same "$(plain env XDG_RUNTIME_DIR="$home" "$JAILRT" list -f json | jq -r '.[0].owner')" \
		"$(getent passwd 1000 | cut -d : -f 1 | grep . || echo 1000)"
	same "$(XDG_RUNTIME_DIR="$home" "$JAILRT" list -q | grep -c -x -F "$ID")" 0
	plain env XDG_RUNTIME_DIR="$home" "$JAILRT" delete --force "$ID"
	[ ! -e "$home/jailrt/$ID" ]
}

@test "run exits with the program's status, failures of its own are 1, of exec 255" {
	bundle
	local n
	for n in 0 1 2 127 137 254 255; do
		script "exit $n"
		both jr run -b "$BUNDLE" "$ID"
		same "$status$out$err" "$n"
	done
	command_is none
	both jr run -b "$BUNDLE" "$ID"
	same "$status" 1
	both jr run -b "$T/none" "$ID"
	same "$status" 1
	command_is sleep 1000
	started "$ID"
	for n in 0 1 2 127 137 254 255; do
		both jr exec "$ID" sh -c "exit $n"
		same "$status$out$err" "$n"
	done
	both jr exec "$ID" none
	same "$status" 255
	[ -n "$err" ]
}
