#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many containers, one after the other and at once: all of them work, and nothing of them is left.
load helpers
load life

KINDS="pid mnt uts ipc net"

# note_namespaces PID: keeps which it is in.
note_namespaces() {
	local kind
	for kind in $KINDS; do
		readlink "/proc/$1/ns/$kind"
	done >> "$T/namespaces"
}

# A namespace lives on with a process, a mount or an fd. What is mounted in any says whose it is; numbers
# of namespaces are given away again.
no_mounts_left() {
	not grep -l -s -F "$T/" /proc/[0-9]*/mountinfo
}

nobody() {
	not pgrep -f -- "--root $STATES" > /dev/null
}

all_gone() {
	local p
	for p in $(cat "$T/pids"); do
		gone "$p" || return 1
	done
}

nothing_left() {
	wait_for 30 all_gone
	wait_for 30 nobody
	wait_for 30 no_mounts_left
	same "$(ls -A "$STATES")" ""
	same "$(cgroups_of "$ID")" ""
}

# begin COMMAND: a bundle that runs it.
begin() {
	bundle
	command_is "$@"
	: > pids
	: > namespaces
}

# bats test_tags=slow
@test "200 containers created, started and deleted in a row leave nothing behind" {
	begin sleep 1000
	local i p
	for ((i = 0; i < 200; i++)); do
		jr create --pid-file pid -b "$BUNDLE" "$ID-$i"
		p=$(cat pid)
		jr start "$ID-$i"
		echo "$p" >> pids
		kill -0 "$p"
		jr delete --force "$ID-$i"
	done
	nothing_left
}

# bats test_tags=slow
@test "200 containers that end by themselves, run one after the other, all give their status" {
	begin true
	local i code
	for ((i = 0; i < 200; i++)); do
		code=0
		jr run -b "$BUNDLE" "$ID" -- sh -c "exit $i" || code=$?
		same "$code" "$i"
	done
	nothing_left
}

# bats test_tags=slow
@test "50 containers at once are all created, run beside each other, and are all deleted" {
	begin sleep 1000
	local i p
	of_each() {
		local i pids=() failed=0
		for ((i = 0; i < 50; i++)); do
			"$JAILRT" --root "$STATES" "${@//@/$ID-$i}" 2>> err 3>&- &
			pids+=($!)
		done
		for i in "${pids[@]}"; do
			wait "$i" || failed=$((failed + 1))
		done
		cat err
		same "$failed" 0
	}
	of_each create -b "$BUNDLE" @
	same "$(jr list -f json | jq -c 'map(.status) | unique')" '["created"]'
	of_each start @
	same "$(jr list -f json | jq -c '[length, (map(.status) | unique)]')" '[50,["running"]]'
	jr list -f json | jq '.[].pid' > pids
	same "$(sort -u pids | wc -l)" 50
	for p in $(cat pids); do
		wait_for 10 runs "$p" sleep
		note_namespaces "$p"
	done
	# Each has its own mounts, and namespaces.
	same "$(grep -l -s -F "$T/" /proc/[0-9]*/mountinfo | wc -l)" 50
	same "$(sort -u namespaces | wc -l)" 250
	of_each exec @ true
	of_each kill @ KILL
	all_stopped() { [ "$(jr list -f json | jq -c 'map(.status) | unique')" = '["stopped"]' ]; }
	wait_for 30 all_stopped
	of_each delete @
	nothing_left
}

# bats test_tags=slow
@test "50 runs at once all give their output and status, and leave nothing" {
	begin true
	local i pids=() code
	for ((i = 0; i < 50; i++)); do
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID-$i" -- sh -c "echo said $i; exit $((i + 10))" \
			> "out.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for ((i = 0; i < 50; i++)); do
		code=0
		wait "${pids[i]}" || code=$?
		same "$code $(cat "out.$i")" "$((i + 10)) said $i"
	done
	nothing_left
}

# bats test_tags=slow
@test "100 execs in a row in one container leave no process and no zombie in it" {
	begin sleep 1000
	started "$ID"
	local i
	for ((i = 0; i < 100; i++)); do
		same "$(jr exec "$ID" echo "$i")" "$i"
	done
	alone() { [ "$(jr ps -f json "$ID")" = "[$(pid_of "$ID")]" ]; }
	wait_for 10 alone
	jr delete --force "$ID"
	nothing_left
}
