#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a jailrt process has of memory at the most, from its first instruction on: less than 1.5 MiB.
load helpers
load life

# small PID
small() {
	local kib
	kib=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status")
	echo "$1: $kib KiB"
	[ "$kib" -gt 100 ] && [ "$kib" -lt 1536 ]
}

only_static() {
	[ -z "$SAN" ] || skip "sanitizers need more"
	not grep -qaF /ld- "$JAILRT" || skip "the C library has no archive here: jailrt is dynamic"
}

# has_made PID: its child is the program.
has_made() {
	runs "$(pgrep -P "$1")" sleep
}

@test "a run that waits" {
	only_static
	bundle
	command_is sleep 100
	"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" > /dev/null 3>&- &
	wait_for 10 has_made $!
	small $!
	jr kill "$ID" KILL
	wait $! || true
}

@test "the init of a container that is created, and of one with a profile and limits" {
	only_static
	bundle '.linux.resources.pids.limit = 20'
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID-one"
	small "$(pid_of "$ID-one")"
	jr create --seccomp-profile default -b "$BUNDLE" "$ID-two"
	small "$(pid_of "$ID-two")"
}

@test "it has no interpreter, and is at another address each time" {
	only_static
	bundle
	command_is sleep 100
	local i
	for i in 1 2 3; do
		jr create -b "$BUNDLE" "$ID-$i"
		sed -n '1s/-.*//p' "/proc/$(pid_of "$ID-$i")/maps" >> addresses
		not grep -E '/(ld|libc)[-.]' "/proc/$(pid_of "$ID-$i")/maps"
	done
	[ "$(sort -u addresses | wc -l)" -gt 1 ]
}
