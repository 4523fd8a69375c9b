#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

three() {
	local name
	bundle
	command_is sleep 1000
	for name in one two three; do
		jr run -d -b "$BUNDLE" "$ID-$name" < /dev/null > "$T/out" 2>&1
	done
}

@test "kill --regex sends the signal to all containers whose id matches" {
	three
	jr kill --regex "^$ID-(one|two)\$" KILL
	wait_for 10 is_status "$ID-one" stopped
	wait_for 10 is_status "$ID-two" stopped
	is_status "$ID-three" running
	jr kill -a -r 'thr.e$' KILL
	wait_for 10 is_status "$ID-three" stopped
}

@test "delete --regex deletes them, running ones by force only; a failure does not keep the others" {
	three
	jr kill "$ID-three" KILL
	wait_for 10 is_status "$ID-three" stopped
	run jr delete --regex .
	fails_with 1 "'$ID-one'"
	fails_with 1 "not stopped: running"
	run jr state "$ID-three"
	fails_with 1 "does not exist"
	is_status "$ID-two" running
	jr delete --force --regex "^$ID-t"
	run jr list -q
	[ "$output" = "$ID-one" ]
	jr delete -f -r .
	run jr list -q
	[ "$output" = "" ]
}

@test "an expression that matches nothing does nothing, one that is none is refused" {
	three
	jr delete --force --regex '^nobody$'
	[ "$(jr list -q | wc -l)" = 3 ]
	run jr kill --regex 'a(' KILL
	fails_with 1 "a("
	is_status "$ID-one" running
}
