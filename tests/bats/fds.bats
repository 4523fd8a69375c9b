#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which files of the caller, and none of jailrt's own, a container holds open.
load helpers
load life

# fds_of PID: their numbers, in one line.
fds_of() {
	ls "/proc/$1/fd" | sort -n | tr '\n' ' '
}

is_program() {
	runs "$1" sleep
}

@test "no fd of the caller reaches the program of run, create or exec but 0, 1 and 2" {
	bundle
	command_is sleep 100
	exec 5</etc/passwd 6</ 77</etc/passwd 250</etc
	jr create -b "$BUNDLE" "$ID"
	jr start "$ID"
	jr exec -d --pid-file pid "$ID" sleep 100
	wait_for 10 is_program "$(cat pid)"
	same "$(fds_of "$(cat pid)")" "0 1 2 "
	wait_for 10 is_program "$(pid_of "$ID")"
	same "$(fds_of "$(pid_of "$ID")")" "0 1 2 "
	jr run -d -b "$BUNDLE" "$ID-d"
	wait_for 10 is_program "$(pid_of "$ID-d")"
	same "$(fds_of "$(pid_of "$ID-d")")" "0 1 2 "
	jr run -b "$BUNDLE" "$ID-f" 3>&- &
	local runner=$!
	wait_for 10 is_status "$ID-f" running
	wait_for 10 is_program "$(pid_of "$ID-f")"
	same "$(fds_of "$(pid_of "$ID-f")")" "0 1 2 "
	exec 5<&- 6<&- 77<&- 250<&-
	jr kill "$ID-f" KILL
	wait "$runner" || same $? 137
}

@test "a created container holds no directory of the host open, and no procfs of its own kind" {
	bundle
	command_is sleep 100
	exec 6</ 77</etc
	jr create -b "$BUNDLE" "$ID"
	exec 6<&- 77<&-
	local p fd
	p=$(pid_of "$ID")
	for fd in $(fds_of "$p"); do
		[ "$fd" -gt 2 ] || continue
		[[ $(readlink "/proc/$p/fd/$fd") == socket:* ]]
	done
	# exec in a created container: what runs there may look at it.
	run jr exec "$ID" sh -c 'for f in /proc/1/fd/*; do [ ! -d "$f/" ] || echo "directory $f"; done'
	same "$output" ""
}

@test "with stdin, stdout and stderr closed nothing of jailrt's own takes their place" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID" <&- >&- 2>&-
	local p fd
	p=$(pid_of "$ID")
	for fd in 0 1 2; do
		same "$(readlink "/proc/$p/fd/$fd")" /dev/null
	done
	jr start "$ID" <&- >&- 2>&-
	wait_for 10 is_program "$p"
	for fd in 0 1 2; do
		same "$(readlink "/proc/$p/fd/$fd")" /dev/null
	done
	jr exec -d --pid-file "$T/pid" "$ID" sleep 100 <&- >&- 2>&-
	wait_for 10 is_program "$(cat pid)"
	same "$(fds_of "$(cat pid)")" "0 1 2 "
	same "$(readlink "/proc/$(cat pid)/fd/0")" /dev/null
	# Words of a failure do not land in a file that happens to have the number.
	run sh -c '"$1" --root "$2" state none 2>&- >&- <&-; echo $?' sh "$JAILRT" "$STATES"
	same "$output" 1
}

@test "--preserve-fds hands on as many fds from 3 on, and what is in them can be read" {
	bundle
	echo three > three
	echo four > four
	echo five > five
	script 'cat <&3; cat <&4; cat <&5'
	run jr run --preserve-fds 2 -b "$BUNDLE" "$ID" 3<three 4<four 5<five
	same "${lines[*]:0:2}" "three four"
	[[ "${lines[2]}" == *"5: Bad file descriptor"* ]]
	script 'cat <&3'
	run jr run -b "$BUNDLE" "$ID" 3<three
	[[ "$output" == *"3: Bad file descriptor"* ]]
	command_is sleep 100
	jr run -d --preserve-fds 2 -b "$BUNDLE" "$ID" 3<three 4<four 5<five 8<five
	wait_for 10 is_program "$(pid_of "$ID")"
	same "$(fds_of "$(pid_of "$ID")")" "0 1 2 3 4 "
}

@test "--preserve-fds of create: the fds are there after start, from another shell" {
	bundle
	echo three > three
	script 'cat <&3 > /dev/shm/out; exec sleep 100'
	jr create --preserve-fds 1 -b "$BUNDLE" "$ID" 3<three
	rm three
	jr start "$ID"
	said() { [ "$(jr exec "$ID" cat /dev/shm/out 2>/dev/null)" = three ]; }
	wait_for 10 said
}

@test "--preserve-fds of exec hands them on too" {
	bundle
	command_is sleep 100
	started "$ID"
	echo three > three
	run jr exec --preserve-fds 1 "$ID" sh -c 'cat <&3' 3<three
	same "$output" three
	run jr exec "$ID" sh -c 'cat <&3' 3<three
	[ "$status" -ne 0 ]
}

@test "--preserve-fds refuses an fd that is not open, in run, create and exec" {
	bundle
	command_is sleep 100
	run jr run --preserve-fds 2 -b "$BUNDLE" "$ID" 3</etc/passwd 4<&-
	fails_with 1 "fd 4 is not open"
	run jr create --preserve-fds 2 -b "$BUNDLE" "$ID" 3</etc/passwd 4<&-
	fails_with 1 "fd 4 is not open"
	[ ! -e "$STATES/$ID" ]
	started "$ID"
	run jr exec --preserve-fds 2 "$ID" true 3</etc/passwd 4<&-
	fails_with 255 "fd 4 is not open"
}

@test "--preserve-fds does not hand on what jailrt opened itself" {
	bundle
	command_is sleep 100
	run jr --log "$T/log" run --preserve-fds 1 -b "$BUNDLE" "$ID" 3>&- 4>&-
	fails_with 1 "fd 3 is not open"
	started "$ID"
	run jr --log "$T/log" exec --preserve-fds 1 "$ID" true 3>&- 4>&-
	fails_with 255 "fd 3 is not open"
}

@test "hooks get no fd of the caller but their own stdio" {
	bundle
	command_is true
	cat > "$T/hook" <<-EOF
		#!/bin/sh
		ls /proc/self/fd > "$T/fds"
		ls -l /proc/self/fd/ > "$T/fds.long"
	EOF
	chmod 755 "$T/hook"
	config '.hooks.createRuntime = [{path: $p}] | .hooks.poststart = [{path: $p}]' --arg p "$T/hook"
	run jr run -b "$BUNDLE" "$ID" 6</ 77</etc/passwd
	says ""
	# 3 is what ls opened.
	same "$(tr '\n' ' ' < fds)" "0 1 2 3 "
}

@test "without close_range(2) no fd of the caller reaches the program either" {
	traced
	bundle
	# The 3 is what ls itself opens.
	command_is ls /proc/self/fd
	exec 6</ 77</etc 250</etc
	run strace -f -o "$T/calls" -e trace=close_range -e inject=close_range:error=ENOSYS \
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	exec 6<&- 77<&- 250<&-
	same "$status $(paste -sd' ' <<< "$output")" "0 0 1 2 3"
	grep -q 'close_range(3.*INJECTED' calls
}
