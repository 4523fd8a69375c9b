#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kill: names and numbers of signals, whom they reach, and in which states.
load helpers
load life

# talker: a container that writes the number of each signal it gets, a line each, to $BUNDLE/rootfs/got.
talker() {
	bundle '.root.readonly = false' "$@"
	script 'for s in 1 2 3 10 12 14 15 23 28 34 35 63 64; do trap "echo $s >> /got" $s; done
		echo ready >> /got
		while :; do sleep 0.02; done'
	started "$ID"
	GOT=$BUNDLE/rootfs/got
	wait_for 10 got ready
}

got() {
	grep -q -x "$1" "$GOT"
}

# counts N WORD: the word stands there so often.
counts() {
	[ "$(grep -c -x "$2" "$GOT")" = "$1" ]
}

without_pid_namespace='del(.linux.namespaces[] | select(.type == "pid"))'

@test "signals have names, with SIG and without, in capitals or not, and numbers" {
	talker
	local form n
	while read -r form n; do
		: > "$GOT"
		jr kill "$ID" "$form"
		wait_for 10 got "$n"
		same "$(cat "$GOT")" "$n"
	done <<-EOF
		TERM 15
		SIGTERM 15
		term 15
		sigterm 15
		SigTerm 15
		15 15
		HUP 1
		1 1
		SIGINT 2
		QUIT 3
		SIGUSR1 10
		10 10
		usr2 12
		ALRM 14
		URG 23
		SIGWINCH 28
		34 34
		RTMIN 34
		SIGRTMIN+1 35
		rtmin+1 35
		RTMAX-1 63
		SIGRTMAX 64
		64 64
	EOF
}

@test "without a signal it is TERM" {
	talker
	: > "$GOT"
	jr kill "$ID"
	wait_for 10 got 15
	same "$(cat "$GOT")" 15
}

@test "what is no signal is refused, and nothing is sent" {
	talker
	: > "$GOT"
	local form
	for form in "" SIG FOO SIGFOO SIGSIGTERM 0 65 99999999999999999999 1x 0x1 "TERM " " 15" 1.5 RTMIN+31 \
		RTMAX-31 RTMIN+ RTMIN-1 RTMAX+1; do
		run jr kill "$ID" "$form"
		fails_with 1 "unknown signal '$form'"
	done
	run jr kill "$ID" TERM KILL
	fails_with 1 "too many arguments"
	run jr kill
	fails_with 1 "an argument is missing"
	is_status "$ID" running
	same "$(cat "$GOT")" ""
}

@test "kill reaches the first process alone, --all and -a each process once" {
	bundle '.root.readonly = false'
	script 'talk() { trap "echo $1 >> /got" USR1; echo ready $1 >> /got; while :; do sleep 0.02; done; }
		talk child & talk first'
	started "$ID"
	GOT=$BUNDLE/rootfs/got
	wait_for 10 got "ready child"
	wait_for 10 got "ready first"
	: > "$GOT"
	jr kill "$ID" USR1
	wait_for 10 got first
	sleep 0.3
	same "$(cat "$GOT")" first
	local form
	for form in "--all $ID USR1" "-a $ID USR1" "$ID USR1 --all" "$ID -a USR1"; do
		: > "$GOT"
		# The sleep of each gets it too, and dies of it: what comes next shows that they go on.
		jr kill $form
		wait_for 10 got child
		wait_for 10 got first
		sleep 0.3
		same "$(sort "$GOT")" "child
first"
	done
}

@test "--all reaches the processes of a container without cgroups of its own" {
	bundle '.root.readonly = false'
	script '(trap "echo child >> /got" USR1; echo ready >> /got; while :; do sleep 0.02; done) &
		trap "echo first >> /got" USR1; while :; do sleep 0.02; done'
	"$JAILRT" --root "$STATES" --cgroup-manager disabled create -b "$BUNDLE" "$ID"
	jr start "$ID"
	same "$(cgroups_of "$ID")" ""
	GOT=$BUNDLE/rootfs/got
	wait_for 10 got ready
	jr kill --all "$ID" USR1
	wait_for 10 got child
	wait_for 10 got first
	jr kill --all "$ID" KILL
	wait_for 10 is_status "$ID" stopped
}

@test "--all KILL ends each process of a container that shares its pid namespace" {
	bundle "$without_pid_namespace"
	script 'sleep 1000 & sleep 1001 & exec sleep 1002'
	started "$ID"
	three() { [ "$(jr ps -f json "$ID" | jq length)" = 3 ]; }
	wait_for 10 three
	local pids p
	pids=$(jr ps -f json "$ID" | jq '.[]')
	jr kill --all "$ID" KILL
	for p in $pids; do
		wait_for 10 gone "$p"
	done
	wait_for 10 is_status "$ID" stopped
}

@test "in a container that shares its pid namespace, kill without --all ends the first process alone" {
	bundle "$without_pid_namespace"
	script 'sleep 1000 & exec sleep 1002'
	started "$ID"
	two() { [ "$(jr ps -f json "$ID" | jq length)" = 2 ]; }
	wait_for 10 two
	local first other
	first=$(pid_of "$ID")
	other=$(jr ps -f json "$ID" | jq --argjson p "$first" '.[] | select(. != $p)')
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	kill -0 "$other"
	same "$(jr ps -f json "$ID")" "[$other]"
	# What is left behind is still reached with --all, though the container has stopped.
	jr kill --all "$ID" KILL
	wait_for 10 gone "$other"
}

@test "a created container can be killed, and is stopped then" {
	bundle
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID"
	local p
	p=$(pid_of "$ID")
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	gone "$p"
	run jr start "$ID"
	fails_with 1 "has stopped"
	jr delete "$ID"
}

@test "TERM to a created container that shares its pid namespace ends it" {
	bundle "$without_pid_namespace"
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID"
	jr kill "$ID"
	wait_for 10 is_status "$ID" stopped
}

@test "a container that is being created has nobody to be killed yet" {
	bundle
	command_is sleep 1000
	waiting_hook createRuntime
	jr create -b "$BUNDLE" "$ID" 3>&- &
	local creator=$!
	wait_for 10 there "$T/waiting"
	run jr kill "$ID" KILL
	fails_with 1 "container not running"
	touch "$T/go"
	wait "$creator"
	is_status "$ID" created
}

@test "a stopped container is not running, and with --all that is no error" {
	bundle
	command_is true
	started "$ID"
	wait_for 10 is_status "$ID" stopped
	local signal
	for signal in "" TERM KILL 9; do
		run jr kill "$ID" $signal
		fails_with 1 "container not running: no such process"
		jr kill --all "$ID" $signal
	done
}

@test "an unknown container is told, with --all too" {
	run jr kill "$ID-none"
	fails_with 1 "kill $ID-none: container does not exist: '$ID-none'"
	run jr kill --all "$ID-none" KILL
	fails_with 1 "container does not exist"
	run jr kill ../x
	fails_with 1 "invalid container id"
}

@test "a first process that ignores TERM lives on, and ends by KILL" {
	bundle
	script 'trap "" TERM; echo ready > /dev/shm/ready; while :; do sleep 0.05; done'
	started "$ID"
	wait_for 10 jr exec "$ID" test -e /dev/shm/ready
	local p
	p=$(pid_of "$ID")
	jr kill "$ID" TERM
	jr kill --all "$ID" TERM
	sleep 0.3
	kill -0 "$p"
	is_status "$ID" running
	jr kill "$ID" KILL
	wait_for 10 gone "$p"
}

@test "killing the first process of a pid namespace ends all of the container" {
	bundle
	script 'sleep 1000 & sleep 1001 & wait'
	started "$ID"
	three() { [ "$(jr ps -f json "$ID" | jq length)" = 3 ]; }
	wait_for 10 three
	local pids p
	pids=$(jr ps -f json "$ID" | jq '.[]')
	jr kill "$ID" KILL
	for p in $pids; do
		wait_for 10 gone "$p"
	done
	same "$(jr ps -f json "$ID")" "[]"
}
