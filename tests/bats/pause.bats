#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroups

# A container that counts in a file, by a child of its first process.
counter() {
	bundle '.root.readonly = false'
	script '(while :; do i=$((i + 1)); echo $i > /tmp/new; mv /tmp/new /tmp/n; sleep 0.02; done) & wait'
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	wait_for 10 test -s "$BUNDLE/rootfs/tmp/n"
}

count() {
	cat "$BUNDLE/rootfs/tmp/n"
}

counts_on() {
	[ "$(count)" != "$1" ]
}

freezer() {
	dirname "$(cg freezer.state 2> /dev/null || cg cgroup.freeze)"
}

is_frozen() {
	case $(cat "$(freezer)"/freezer.state "$(freezer)"/cgroup.events 2> /dev/null) in
	FROZEN | *"frozen 1"*) true ;;
	*) false ;;
	esac
}

@test "a paused container stands still, all of it, and goes on when it is resumed" {
	local before
	counter
	jr pause "$ID"
	is_status "$ID" paused
	is_frozen
	before=$(count)
	sleep 0.5
	[ "$(count)" = "$before" ]
	run jr list
	[[ "${lines[1]}" == "$ID "*" paused "* ]]
	jr resume "$ID"
	is_status "$ID" running
	wait_for 10 counts_on "$before"
}

@test "pause and resume say when there is nothing to do" {
	sleeper
	run jr resume "$ID"
	fails_with 1 "container not paused: running"
	jr pause "$ID"
	run jr pause "$ID"
	fails_with 1 "container not running or created: paused"
	is_status "$ID" paused
	jr resume "$ID"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr pause "$ID"
	fails_with 1 "container not running"
	run jr resume "$ID"
	fails_with 1 "container not paused: stopped"
	run jr pause "$ID-none"
	fails_with 1 "container does not exist"
}

@test "a created container can be paused, and is started only when it is resumed" {
	bundle
	script 'echo up > /tmp/up; sleep 1000'
	config '.root.readonly = false'
	jr create -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	jr pause "$ID"
	is_status "$ID" paused
	run jr start "$ID"
	fails_with 1 "cannot start a container that is paused"
	jr resume "$ID"
	is_status "$ID" created
	jr start "$ID"
	wait_for 10 test -s "$BUNDLE/rootfs/tmp/up"
}

@test "exec in a paused container is refused" {
	sleeper
	jr pause "$ID"
	# What was begun after all would stand still, and hold the pipe that its words come through.
	run sh -c 'timeout -k 1 20 "$@" > out 2>&1; s=$?; cat out; exit $s' sh "$JAILRT" --root "$STATES" exec "$ID" true
	fails_with 255 "cannot exec in a paused container"
	fails_with 255 "--ignore-paused"
	[ "$(wc -l < "$(cg cgroup.procs)")" = 1 ]
}

@test "exec --ignore-paused runs as soon as the container is resumed" {
	local pid
	sleeper
	jr pause "$ID"
	jr exec --ignore-paused "$ID" sh -c 'echo done' > "$T/exec.out" 2>&1 3>&- < /dev/null &
	pid=$!
	wait_for 10 eval '[ "$(wc -l < "$(freezer)/cgroup.procs")" -gt 1 ]'
	[ ! -s "$T/exec.out" ]
	is_status "$ID" paused
	jr resume "$ID"
	wait "$pid"
	[ "$(cat "$T/exec.out")" = done ]
}

@test "SIGKILL ends a paused container, other signals wait for it to be resumed" {
	bundle
	script 'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	wait_for 10 grep -q up "$T/out"
	jr pause "$ID"
	jr kill "$ID" TERM
	sleep 0.3
	is_status "$ID" paused
	jr resume "$ID"
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
	sleeper
	jr pause "$ID"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
	sleeper
	jr pause "$ID"
	jr kill --all "$ID" KILL
	wait_for 10 is_status "$ID" stopped
}

@test "a paused container is deleted by force only" {
	sleeper
	jr pause "$ID"
	run jr delete "$ID"
	fails_with 1 "paused"
	jr delete --force "$ID"
	[ -z "$(cgroups_of "$ID")" ]
}

@test "pausing again and again, while its processes come and go, loses none" {
	local i
	counter
	for i in 1 2 3 4 5 6 7 8 9 10; do
		jr pause "$ID"
		is_frozen
		jr resume "$ID"
	done
	i=$(count)
	wait_for 10 counts_on "$i"
}

@test "a container without a cgroup cannot be paused, and is told so" {
	bundle 'del(.linux.resources)'
	command_is sleep 1000
	jr --cgroup-manager disabled run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	run jr pause "$ID"
	fails_with 1 "no cgroup with a freezer"
	is_status "$ID" running
}
