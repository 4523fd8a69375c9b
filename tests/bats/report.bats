#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# reported FILTER VALUE: what jq finds in the report.
reported() {
	same "$(jq -c "$1" "$T/report")" "$2"
}

# One line that is one object.
one_object() {
	same "$(wc -l < "$T/report")" 1
	jq -e 'type == "object"' "$T/report" > /dev/null
}

# rooted: everything may be written in the container, and no limit is in the way.
roomy() {
	bundle '.root.readonly = false | del(.process.rlimits)'
}

@test "a program that exits is reported with its status and plausible figures" {
	roomy
	# Half a second of computing and 20 MB of memory, whatever the machine.
	script 'dd if=/dev/zero of=/dev/null bs=20M count=20 2>/dev/null; sleep 0.3; exit 7'
	local before after
	before=$(date +%s%3N)
	run jr run --report report -b "$BUNDLE" "$ID"
	after=$(date +%s%3N)
	same "$status" 7
	one_object
	reported .id "\"$ID\""
	reported .cause '"exited"'
	reported .exit_status 7
	reported 'has("signal")' false
	reported 'has("error")' false
	reported '.wall_ms >= 300' true
	reported ".wall_ms <= $((after - before))" true
	reported '.memory_peak_bytes > 20000000 and .memory_peak_bytes < 200000000' true
	reported '.user_us + .system_us > 0' true
	reported ".user_us + .system_us <= 2000 * $((after - before))" true
	reported .oom_kills 0
	reported .pids_refused 0
}

@test "processor time is that of the program: much for one that computes, little for one that sleeps" {
	roomy
	script 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done'
	jr run --report report -b "$BUNDLE" "$ID"
	local busy idle
	busy=$(jq '.user_us + .system_us' report)
	script 'sleep 0.5'
	jr run --report report -b "$BUNDLE" "$ID"
	idle=$(jq '.user_us + .system_us' report)
	echo "busy $busy idle $idle"
	[ "$busy" -gt $((idle * 3)) ]
}

@test "a program that is killed is reported with the signal" {
	bundle
	command_is sleep 100
	jr run --report report -b "$BUNDLE" "$ID" 3>&- &
	local runner=$! code=0
	wait_for 10 is_status "$ID" running
	jr kill "$ID" KILL
	wait "$runner" || code=$?
	same "$code" 137
	one_object
	reported '[.cause, .signal, .signal_name]' '["signaled",9,"SIGKILL"]'
	reported 'has("exit_status")' false
}

@test "a program that ends by a fault of its own is reported with that signal" {
	roomy
	config '.process.rlimits = [{type: "RLIMIT_STACK", soft: 1048576, hard: 1048576}]'
	script 'f() { f; }; f'
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 139
	reported '[.cause, .signal, .signal_name]' '["signaled",11,"SIGSEGV"]'
}

@test "the time limit of an nsjail config is the cause time_limit" {
	bundle
	cat > jail.cfg <<-EOF
		mode: ONCE
		time_limit: 1
		mount { src: "$BUNDLE/rootfs" dst: "/" is_bind: true }
		exec_bin { path: "/bin/sleep" arg: "100" }
	EOF
	run jr run --report report -f jail.cfg "$ID"
	same "$status" 137
	one_object
	reported '[.cause, .signal]' '["time_limit",9]'
	reported '.wall_ms >= 1000' true
	run jr list -q
	same "$output" ""
}

@test "RLIMIT_CPU is the cause cpu_limit, at the soft and at the hard limit" {
	roomy
	config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 10}]'
	# PID 1 would not die by a signal that it does not expect: the kernel's kill at the hard limit ends it.
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'while :; do :; done'
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 152
	reported '[.cause, .signal_name]' '["cpu_limit","SIGXCPU"]'
	# The kernel counts whole ticks for the limit, and what is reported exactly.
	reported '.user_us + .system_us >= 900000' true
	config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 1}]'
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 137
	reported '[.cause, .signal_name]' '["cpu_limit","SIGKILL"]'
}

@test "a memory limit is the cause oom" {
	no_san "limits of memory"
	roomy
	config '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	command_is tail /dev/zero
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 137
	reported '[.cause, .signal_name]' '["oom","SIGKILL"]'
	reported '.oom_kills >= 1' true
	reported '.memory_peak_bytes > 16000000 and .memory_peak_bytes <= 33554432' true
}

@test "a limit of tasks is the cause pids_limit" {
	roomy
	config '.linux.resources.pids = {limit: 3}'
	script 'sleep 5 & sleep 5 & sleep 5 & sleep 5 & exit 0'
	run jr run --report report -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	reported .cause '"pids_limit"'
	reported '.pids_refused >= 1' true
	reported .exit_status "$status"
}

@test "a limit of file size is the cause fsize" {
	roomy
	config '.process.rlimits = [{type: "RLIMIT_FSIZE", soft: 1000, hard: 1000}]'
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	command_is dd if=/dev/zero of=/root/big bs=100k count=1
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 153
	reported '[.cause, .signal_name]' '["fsize","SIGXFSZ"]'
	same "$(stat -c %s "$BUNDLE/rootfs/root/big")" 1000
}

@test "a system call that the filter ends the program for is the cause seccomp, also of a detached container" {
	roomy
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	command_is mkdir /root/x
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 159
	reported '[.cause, .signal_name]' '["seccomp","SIGSYS"]'
	jr run -d --report "$T/report" -b "$BUNDLE" "$ID"
	wait_for 10 reported_there
	reported '[.cause, .signal_name]' '["seccomp","SIGSYS"]'
	jr delete "$ID"
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_TRAP"'
	run jr run --report report -b "$BUNDLE" "$ID"
	reported '[.cause, .signal_name]' '["seccomp","SIGSYS"]'
}

@test "a signal that somebody sends is no limit: without one, or with time left, it is signaled" {
	roomy
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	local sig
	for sig in SYS XFSZ XCPU; do
		script "kill -$sig \$\$; sleep 10"
		run prlimit --cpu=unlimited --fsize=unlimited "$JAILRT" --root "$STATES" run --report report -b "$BUNDLE" "$ID"
		[ "$status" -gt 128 ]
		reported '[.cause, .signal_name]' "[\"signaled\",\"SIG$sig\"]"
	done
	# The caller's limit is the program's, too.
	script "kill -XFSZ \$\$; sleep 10"
	run prlimit --cpu=500 --fsize=1000000 "$JAILRT" --root "$STATES" run --report report -b "$BUNDLE" "$ID"
	reported '[.cause, .signal_name]' '["fsize","SIGXFSZ"]'
	# A filter that ends nobody does not either.
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}
		| .process.rlimits = [{type: "RLIMIT_CPU", soft: 100, hard: 100}]'
	script "kill -XCPU \$\$; sleep 10"
	run jr run --report report -b "$BUNDLE" "$ID"
	reported '[.cause, .signal_name]' '["signaled","SIGXCPU"]'
	jr run -d --report "$T/report" -b "$BUNDLE" "$ID"
	wait_for 10 reported_there
	reported '[.cause, .signal_name]' '["signaled","SIGXCPU"]'
	jr delete "$ID"
}

@test "a set-up that fails is the cause setup, with step, words and errno" {
	bundle
	command_is no-such-program
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 1
	one_object
	reported '[.cause, .step, .errno_name]' '["setup","find","ENOENT"]'
	reported '.error | contains("executable file not found in $PATH")' true
	reported 'has("exit_status") or has("signal")' false
	config '.mounts += [{destination: "/x", type: "nonsense", source: "none"}]'
	run jr run --report report -b "$BUNDLE" "$ID"
	same "$status" 1
	reported '[.cause, .step, .errno_name]' '["setup","mount","ENODEV"]'
	reported '.error | contains("mounts[7]")' true
}

@test "--report fd:N writes to the caller's fd, which the program does not get" {
	bundle
	script 'ls /proc/self/fd | tr "\n" " "'
	run jr run --report fd:9 -b "$BUNDLE" "$ID" 9>report
	same "$output" "0 1 2 3 "
	one_object
	reported .cause '"exited"'
	run jr run --report fd:9 --preserve-fds 1 -b "$BUNDLE" "$ID" 3</etc/passwd 9>report
	same "$output" "0 1 2 3 4 "
	one_object
}

@test "--report refuses fds that the container has too, and what is no open fd" {
	bundle
	script 'touch /dev/shm/ran'
	local fd
	for fd in 0 1 2; do
		run jr run --report "fd:$fd" -b "$BUNDLE" "$ID"
		fails_with 1 "fd $fd is the container's too"
	done
	run jr run --report fd:4 --preserve-fds 2 -b "$BUNDLE" "$ID" 3>x 4>x
	fails_with 1 "fd 4 is the container's too"
	run jr run --report fd:77 -b "$BUNDLE" "$ID"
	fails_with 1 "fd 77"
	for fd in fd: fd:x fd:1x fd:-1 fd:4294967299 fd:99999999999999999999; do
		run jr run --report "$fd" -b "$BUNDLE" "$ID"
		fails_with 1 "$fd"
	done
	run jr run --report fd:9 -b "$BUNDLE" "$ID" 9</etc/passwd
	fails_with 1 "fd 9: it is not open for writing"
	[ ! -e "$STATES/$ID" ]
}

@test "a report that cannot be written is an error before the container runs" {
	bundle '.root.readonly = false'
	script 'touch /root/ran'
	run jr run --report "$T/none/report" -b "$BUNDLE" "$ID"
	fails_with 1 "report: open '$T/none/report': No such file or directory"
	run jr run --report "$T" -b "$BUNDLE" "$ID"
	fails_with 1 "report: open '$T': Is a directory"
	run jr run -d --report "$T/none/report" -b "$BUNDLE" "$ID"
	fails_with 1 "$T/none/report"
	jr create -b "$BUNDLE" "$ID"
	run jr start --report "$T/none/report" "$ID"
	fails_with 1 "report: open '$T/none/report'"
	is_status "$ID" created
	[ ! -e "$BUNDLE/rootfs/root/ran" ]
	jr start "$ID"
}

@test "a report that cannot be written at the end is told, and the container is deleted all the same" {
	bundle
	command_is true
	run jr run --report /dev/full -b "$BUNDLE" "$ID"
	fails_with 1 "report: write: No space left on device"
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "the container cannot reach the report, nor who writes it" {
	roomy
	# Of root in the host's own pid namespace: the hardest case.
	script 'for p in /proc/[0-9]*; do for f in $p/fd/*; do
		case $(readlink $f) in *report*) echo "$f"; echo stolen > $f;; esac
		done; done 2>/dev/null; echo looked'
	run jr run --report "$T/report" -b "$BUNDLE" "$ID"
	same "$output" looked
	one_object
	reported .cause '"exited"'
}

reported_there() {
	[ -s "$T/report" ]
}

@test "start --report of a detached container reports its end, and start returns at once" {
	bundle
	script 'trap "exit 3" TERM; while :; do sleep 0.05; done'
	jr create -b "$BUNDLE" "$ID"
	jr start --report "$T/report" "$ID"
	is_status "$ID" running
	[ ! -s report ]
	wait_for 10 runs "$(pid_of "$ID")" sh
	jr kill "$ID" TERM
	wait_for 10 reported_there
	one_object
	reported '[.id, .cause, .exit_status]' "[\"$ID\",\"exited\",3]"
	reported '.wall_ms >= 0 and has("memory_peak_bytes") and has("user_us")' true
	jr delete "$ID"
}

@test "who writes the report of a detached container holds up nobody" {
	bundle
	command_is sleep 100
	# The command substitution ends when nobody has the pipe any more; the fifth fd is another one.
	out=$(jr run -d --report "$T/report" -b "$BUNDLE" "$ID" </dev/null 5>&1 >/dev/null 2>/dev/null)
	same "$out" ""
	jr exec "$ID" true
	jr kill "$ID" 0 || true
	jr delete --force "$ID"
	wait_for 10 reported_there
	reported '[.cause, .signal_name]' '["signaled","SIGKILL"]'
	# delete removes the cgroups only when they have been read.
	reported 'has("memory_peak_bytes") and has("pids_refused")' true
}

@test "wait ID --report tells how a detached container ended, and exits as it did" {
	bundle
	script 'trap "exit 3" TERM; while :; do sleep 0.05; done'
	started "$ID"
	sleep 0.3
	jr wait --report "$T/report" "$ID" 3>&- &
	local waiter=$! code=0
	wait_for 10 runs "$(pid_of "$ID")" sh
	wait_for 10 there report
	jr kill "$ID" TERM
	wait "$waiter" || code=$?
	same "$code" 3
	one_object
	reported '[.cause, .exit_status]' '["exited",3]'
	# From the start on, not from when somebody began to wait.
	reported '.wall_ms >= 300' true
	reported 'has("memory_peak_bytes") and has("user_us")' true
}

@test "wait alone exits with 128 + the signal, also when the container is deleted meanwhile" {
	bundle
	command_is sleep 100
	started "$ID"
	jr wait "$ID" 3>&- &
	local one=$! code=0
	jr wait --report "$T/report" "$ID" 3>&- &
	local two=$!
	wait_for 10 there report
	jr delete --force "$ID"
	wait "$one" || code=$?
	same "$code" 137
	wait "$two" || code=$?
	same "$code" 137
	reported '[.cause, .signal_name, has("memory_peak_bytes")]' '["signaled","SIGKILL",true]'
}

@test "wait of a container that has ended or is unknown is an error" {
	bundle
	command_is true
	started "$ID"
	wait_for 10 is_status "$ID" stopped
	run jr wait "$ID"
	fails_with 1 "container not running"
	run jr wait "$ID-none"
	fails_with 1 "container does not exist"
}

@test "the time limit of a detached container is kept, and reported" {
	bundle
	cat > jail.cfg <<-EOF
		mode: ONCE
		time_limit: 1
		mount { src: "$BUNDLE/rootfs" dst: "/" is_bind: true }
		exec_bin { path: "/bin/sleep" arg: "100" }
	EOF
	jr run -d --report "$T/report" -f jail.cfg "$ID"
	is_status "$ID" running
	wait_for 20 reported_there
	reported .cause '"time_limit"'
	is_status "$ID" stopped
}
