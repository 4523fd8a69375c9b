#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What an nsjail config says of the log, behind our own door.
load helpers
load life
load nsjail

# jail_is LINES: an nsjail config; its root is the busybox one.
jail_is() {
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n%s\n' "$ROOTFS" "$1" > "$T/jail.cfg"
}


service_pid() {
	pgrep -f -- "--root $STATES run --config jail.cfg $ID"
}

stop_service() {
	kill $(service_pid) 2> /dev/null || true
}

@test "log_level: what is said, unless the command line says so" {
	jail_is 'mode: RERUN'
	run timeout -s TERM 1 "$JAILRT" --root "$STATES" run --config jail.cfg -- true
	[[ "$output" != *"Executing"* ]]
	jail_is 'mode: RERUN log_level: INFO'
	run timeout -s TERM 1 "$JAILRT" --root "$STATES" run --config jail.cfg -- true
	[[ "$output" == *"info: Executing 'true' for '[STANDALONE MODE]'"* ]]
	[[ "$output" != *"debug:"* ]]
	run timeout -s TERM 1 "$JAILRT" --root "$STATES" --log-level error run --config jail.cfg -- true
	[[ "$output" != *"Executing"* ]]
	jail_is 'log_level: DEBUG'
	run jr run --config jail.cfg -- true
	says "debug: "
	jail_is 'log_level: ERROR'
	run jr run --config jail.cfg --set uidmap='{"inside_id": "5"}' -- true
	[[ "$output" != *"debug: "* && "$output" != *"info: "* ]]
	run jr run --config jail.cfg --set log_level=DEBUG -- true
	says "debug: "
}

@test "log_file: messages are appended there, the reason of a failure too" {
	echo before > "$T/log.txt"
	jail_is 'log_level: DEBUG log_file: "log.txt"'
	run jr run --config jail.cfg "$ID" -- true
	same "$status" 0
	same "$(head -n 1 log.txt)" before
	grep -q "level=debug msg=\"'$ID': the program runs\"" log.txt
	run jr run --config jail.cfg "$ID" -- /bin/nothing
	fails_with 1 "/bin/nothing"
	grep -q 'level=error msg="run .*/bin/nothing' log.txt
	rm log.txt
	jr create --config jail.cfg "$ID" true
	same "$(stat -c %a log.txt)" 640
	grep -q "all is set up" log.txt
	jr delete --force "$ID"
	# The command line is heard, not the config.
	rm log.txt
	run jr --log "$T/other.txt" --log-format json --log-level debug run --config jail.cfg "$ID" -- true
	[ ! -e log.txt ]
	grep -q '"level":"debug"' other.txt
	run jr run --config jail.cfg --set log_file="$T/set.txt" "$ID" -- true
	same "$status" 0
	grep -q "level=debug" set.txt
}

@test "log_file of a jail in the background has all that is said of it" {
	jail_is "log_file: \"$T/log.txt\" log_level: INFO daemon: true mode: LISTEN port: 0"
	later stop_service
	jr run --config jail.cfg "$ID" -- cat 3>&-
	wait_for 10 grep -qs 'Listening on' log.txt
	local pid
	pid=$(service_pid)
	kill -TERM "$pid"
	wait_for 10 gone "$pid"
	grep -q 'Server stops due to fatal signal (15) caught' log.txt
}

@test "log_fd: messages go to the caller's fd, which the program does not get" {
	jail_is 'log_fd: 9 log_level: DEBUG'
	jr run --config jail.cfg "$ID" -- sh -c 'ls /proc/self/fd; echo stolen >&9' 9> nine > out 2> err || true
	grep -q "level=debug msg=\"'$ID': the program runs\"" nine
	not grep -q stolen nine
	same "$(tr '\n' ' ' < out)" "0 1 2 3 "
	jail_is 'log_fd: 2'
	run jr run --config jail.cfg "$ID" -- true
	says "root on the host"
	same "$(grep -c 'root on the host' <<< "$output")" 1
}

@test "a log that cannot be opened is an error with its place, and nothing is made" {
	jail_is 'log_file: "/none/log"'
	run jr run --config jail.cfg "$ID" -- echo ran
	fails_with 1 "log_file (jail.cfg:3:"
	fails_with 1 "open '/none/log': No such file or directory"
	[[ "$output" != *ran* ]]
	jail_is "log_file: \"$T\""
	run jr run --config jail.cfg "$ID" -- echo ran
	fails_with 1 "Is a directory"
	run jr create --config jail.cfg "$ID" true
	fails_with 1 "Is a directory"
	# An fd is no more than a wish: all is on stderr, too.
	for fd in 77 -1; do
		jail_is "log_fd: $fd"
		run jr run --config jail.cfg "$ID" -- echo ran
		says "warning: log_fd (jail.cfg:3:"
		says "fd $fd is not open; messages go to stderr alone"
		says ran
	done
	jail_is 'log_level: LOUD'
	run jr run --config jail.cfg "$ID" -- echo ran
	fails_with 1 "unknown value 'LOUD'"
	same "$(jr list -q)" ""
}
