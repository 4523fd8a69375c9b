#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signals on their way to the program: which it begins with, which kill it, which jailrt passes on.
load helpers
load life

# Signals that end a process, by number.
FATAL="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 24 25 26 27 29 30 31 34 35 50 64"

# A caller with an odd set of signals.
odd() {
	env --ignore-signal=QUIT,INT,PIPE,HUP,TSTP,CHLD --block-signal=USR1,USR2,TERM,CHLD,RTMIN+3 "$@"
}

untouched="SigBlk: 0000000000000000
SigIgn: 0000000000000000"

# masks PID: what it blocks and ignores.
masks() {
	tr '\t' ' ' < "/proc/$1/status" | grep -E '^Sig(Blk|Ign)'
}

# foreground ARGUMENTS: jailrt, with its pid in $RUNNER (a function's $! is a shell's).
foreground() {
	"$JAILRT" --root "$STATES" "$@" 3>&- &
	RUNNER=$!
}

# ended: waits for $RUNNER, whose status is in $CODE.
ended() {
	CODE=0
	wait "$RUNNER" || CODE=$?
}

@test "whatever the caller ignores or blocks, the program begins with signals as they are by default" {
	bundle
	command_is sleep 1000
	odd env | grep -q PATH
	odd "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID"
	odd "$JAILRT" --root "$STATES" start "$ID"
	wait_for 10 runs "$(pid_of "$ID")" sleep
	same "$(masks "$(pid_of "$ID")")" "$untouched"
	odd "$JAILRT" --root "$STATES" exec -d --pid-file pid "$ID" sleep 1000 3>&-
	wait_for 10 runs "$(cat pid)" sleep
	same "$(masks "$(cat pid)")" "$untouched"
	run odd "$JAILRT" --root "$STATES" exec "$ID" grep -E '^Sig(Blk|Ign)' /proc/self/status
	same "$(tr '\t' ' ' <<< "$output")" "$untouched"
	command_is grep -E '^Sig(Blk|Ign)' /proc/self/status
	run odd "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID-run"
	same "$(tr '\t' ' ' <<< "$output")" "$untouched"
	command_is sleep 1000
	odd "$JAILRT" --root "$STATES" run -d -b "$BUNDLE" "$ID-d" 3>&-
	wait_for 10 runs "$(pid_of "$ID-d")" sleep
	same "$(masks "$(pid_of "$ID-d")")" "$untouched"
}

@test "hooks begin with signals as they are by default" {
	bundle
	command_is true
	cat > hook <<-EOF
		#!/bin/sh
		tr '\t' ' ' < /proc/self/status | grep -E '^Sig(Blk|Ign)' > "$T/masks"
	EOF
	chmod 755 hook
	config '.hooks.createRuntime = [{path: $p}] | .hooks.poststop = [{path: $p}]' --arg p "$T/hook"
	odd "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID"
	same "$(cat masks)" "$untouched"
	rm masks
	odd "$JAILRT" --root "$STATES" delete "$ID"
	same "$(cat masks)" "$untouched"
}

@test "a caller that ignores SIGCHLD gets the program's status, and the container is deleted" {
	bundle
	script 'exit 7'
	run env --ignore-signal=CHLD "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	same "$status" 7
	same "$output" ""
	same "$(jr list -q)" ""
	command_is sleep 1000
	started "$ID"
	run env --ignore-signal=CHLD "$JAILRT" --root "$STATES" exec "$ID" sh -c 'exit 8'
	same "$status" 8
	run env --ignore-signal=CHLD "$JAILRT" --root "$STATES" ps "$ID"
	says sleep
}

# bats test_tags=slow
@test "a first process that dies by a signal gives run 128 and the signal, for each that ends one" {
	bundle
	# The first process of a pid namespace is safe from all but KILL and its own faults.
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	command_is sleep 1000
	local n
	for n in $FATAL; do
		foreground run --pid-file pid --report report -b "$BUNDLE" "$ID"
		wait_for 10 is_status "$ID" running
		wait_for 10 runs "$(cat pid)" sleep
		kill -"$n" "$(cat pid)"
		ended
		same "$CODE" $((128 + n))
		same "$(jq .signal report)" "$n"
		[ ! -e "$STATES/$ID" ]
		rm pid report
	done
}

@test "PID 1 of a pid namespace that is killed gives 137, and is safe from what it does not handle" {
	bundle
	command_is sleep 1000
	foreground run --pid-file pid -b "$BUNDLE" "$ID"
	wait_for 10 is_status "$ID" running
	wait_for 10 runs "$(cat pid)" sleep
	local n
	for n in 1 2 3 6 10 11 12 13 14 15 34; do
		jr kill "$ID" "$n"
	done
	kill -TERM "$RUNNER"
	is_status "$ID" running
	jr kill "$ID" KILL
	ended
	same "$CODE" 137
}

@test "a fault of the program itself ends PID 1 by its signal" {
	bundle '.process.rlimits += [{type: "RLIMIT_STACK", soft: 1048576, hard: 1048576}]'
	script 'f() { f; }; f'
	run jr run -b "$BUNDLE" "$ID"
	same "$status" 139
}

@test "signals that stop do not end run, and the program goes on when continued" {
	bundle
	script 'trap "exit 9" USR1; echo ready; while :; do sleep 0.05; done'
	foreground run --pid-file pid -b "$BUNDLE" "$ID" > out
	wait_for 10 grep -q ready out
	is_stopped() { grep -q '^State:.T' "/proc/$(cat pid)/status"; }
	jr kill "$ID" STOP
	wait_for 10 is_stopped
	is_status "$ID" running
	kill -0 "$RUNNER"
	jr kill "$ID" CONT
	jr kill "$ID" USR1
	ended
	same "$CODE" 9
}

@test "signals to run go on to the program, which may handle them" {
	bundle
	script 'for s in HUP INT QUIT TERM USR1 USR2 ALRM WINCH CONT URG PWR; do
			trap "echo $s" $s
		done
		trap "exit 5" VTALRM
		echo ready
		while :; do sleep 0.02; done'
	foreground run -b "$BUNDLE" "$ID" > out
	wait_for 10 grep -q ready out
	local s
	for s in HUP INT QUIT TERM USR1 USR2 ALRM WINCH CONT URG PWR; do
		kill -"$s" "$RUNNER"
		wait_for 10 grep -q -x "$s" out
	done
	kill -VTALRM "$RUNNER"
	ended
	same "$CODE" 5
}

@test "a program that does not handle a signal to run ends by it, also a real-time one" {
	bundle
	# With a pid namespace its first process would be safe from what it does not handle.
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	command_is sleep 1000
	local n
	for n in 1 2 3 10 12 14 15 34 64; do
		foreground run --pid-file pid -b "$BUNDLE" "$ID"
		wait_for 10 is_status "$ID" running
		wait_for 10 runs "$(cat pid)" sleep
		kill -"$n" "$RUNNER"
		ended
		same "$CODE" $((128 + n))
		rm pid
	done
}

@test "a signal to run that comes during set-up is not lost: it gives up, and nothing is left" {
	bundle
	command_is sleep 1000
	waiting_hook createRuntime
	local s
	for s in HUP INT QUIT TERM; do
		rm -f waiting
		# Not with & alone: the shell lets those ignore INT and QUIT.
		env --default-signal=INT,QUIT "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" 2> err 3>&- &
		RUNNER=$!
		wait_for 10 there waiting
		is_status "$ID" creating
		kill -"$s" "$RUNNER"
		ended
		same "$CODE" 1
		grep -q "given up at signal $(kill -l "$s"), during set-up" err
		[ ! -e "$STATES/$ID" ]
		same "$(cgroups_of "$ID")" ""
	done
}

@test "a signal to exec that comes before the program runs reaches it all the same" {
	traced
	bundle
	command_is sleep 1000
	started "$ID"
	# Each execve takes a second, and is held in it.
	strace -f -o calls -e trace=execve -e inject=execve:delay_enter=1000000 \
		"$JAILRT" --root "$STATES" exec --pid-file pid "$ID" sleep 1000 3>&- &
	local tracer=$! code=0
	wait_for 20 test -s pid
	kill -TERM "$(pgrep -P "$tracer" -x jailrt | head -n 1)"
	runs "$(cat pid)" jailrt
	wait "$tracer" || code=$?
	same "$code" 143
}

@test "a program that ignores SIGTERM ends by SIGKILL, and by delete --force" {
	bundle
	script 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	foreground run -b "$BUNDLE" "$ID" > out
	wait_for 10 grep -q ready out
	kill -TERM "$RUNNER"
	jr kill "$ID" TERM
	sleep 0.3
	is_status "$ID" running
	jr kill "$ID" KILL
	ended
	same "$CODE" 137
	foreground run -b "$BUNDLE" "$ID-2" > out
	wait_for 10 grep -q ready out
	jr delete --force "$ID-2"
	ended
	same "$CODE" 137
}

@test "when run itself is killed its program ends with it" {
	bundle
	command_is sleep 1000
	foreground run --pid-file pid -b "$BUNDLE" "$ID"
	wait_for 10 is_status "$ID" running
	wait_for 10 runs "$(cat pid)" sleep
	kill -KILL "$RUNNER"
	wait_for 10 gone "$(cat pid)"
	ended
	same "$CODE" 137
	is_status "$ID" stopped
	jr delete "$ID"
}
