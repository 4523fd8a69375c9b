#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# CPU and I/O scheduling of the container's processes.
load helpers
load life

# policy_of PID: policy, real-time priority and nice value, as the kernel has them.
policy_of() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $39, $38, $17 }'
}

# scheduled SCHEDULER-JSON: a container that runs with it; without a cgroup, since on cgroup v1 one of its
# own has no real-time CPU time. PID is its process.
scheduled() {
	bundle ".process.scheduler = $1"
	command_is sleep 1000
	jr --cgroup-manager disabled create -b "$BUNDLE" "$ID"
	jr start "$ID"
	PID=$(pid_of "$ID")
}

# allows POLICY-NUMBER: skips where this machine does not give the policy to anybody.
allows() {
	python3 -c 'import os, sys; os.sched_setscheduler(0, int(sys.argv[1]), os.sched_param(int(sys.argv[2])))' "$@" ||
		skip "this machine does not allow the policy"
}

@test "each scheduling policy is that of the program, with its nice value or priority" {
	local name
	allows 1 7
	for name in OTHER=0 BATCH=3; do
		scheduled "{policy: \"SCHED_${name%=*}\", nice: 4}"
		same "$(policy_of "$PID")" "${name#*=} 0 4"
		jr delete --force "$ID"
	done
	scheduled '{policy: "SCHED_IDLE"}'
	same "$(policy_of "$PID")" "5 0 $(nice)"
	jr delete --force "$ID"
	for name in FIFO=1 RR=2; do
		scheduled "{policy: \"SCHED_${name%=*}\", priority: 7}"
		same "$(policy_of "$PID" | cut -d' ' -f1,2)" "${name#*=} 7"
		jr delete --force "$ID"
	done
}

@test "deadline scheduling has its runtime, deadline and period" {
	scheduled '{policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 20000000, period: 30000000}'
	run chrt -p "$PID"
	says "SCHED_DEADLINE"
	says "1000000/20000000/30000000"
}

@test "the flag to reset on fork: children are ordinary again" {
	allows 1 7
	bundle '.process.scheduler = {policy: "SCHED_FIFO", priority: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	script 'cat /proc/self/stat; true'
	run jr --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	says ""
	same "$(sed 's/.*) //' <<< "$output" | awk '{ print $39, $38 }')" "0 0"
	config 'del(.process.scheduler.flags)'
	run jr --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	says ""
	same "$(sed 's/.*) //' <<< "$output" | awk '{ print $39, $38 }')" "1 5"
}

@test "in a user namespace, and as another user without capabilities, it is set all the same" {
	allows 1 7
	bundle '.process.scheduler = {policy: "SCHED_FIFO", priority: 3} | .process.user = {uid: 5, gid: 5}
		| .process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 2} | .process.capabilities = {}
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	command_is sleep 1000
	jr --cgroup-manager disabled create -b "$BUNDLE" "$ID"
	jr start "$ID"
	PID=$(pid_of "$ID")
	same "$(policy_of "$PID" | cut -d' ' -f1,2)" "1 3"
	same "$(ionice -p "$PID")" "realtime: prio 2"
}

@test "the I/O priority is that of the program" {
	bundle '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	command_is ionice
	run jr run -b "$BUNDLE" "$ID"
	says ""
	same "$output" "best-effort: prio 6"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 0}'
	run jr run -b "$BUNDLE" "$ID"
	same "$output" "realtime: prio 0"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
	command_is sleep 1000
	started "$ID"
	run ionice -p "$(pid_of "$ID")"
	same "$output" "idle"
}

@test "exec is scheduled as the config says, or as its own process file does" {
	bundle '.process.scheduler = {policy: "SCHED_BATCH", nice: 3} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 1}'
	command_is sleep 1000
	started "$ID"
	run jr exec "$ID" sh -c 'cat /proc/self/stat; ionice'
	says ""
	same "$(sed 's/.*) //' <<< "${lines[0]}" | awk '{ print $39, $17 }')" "3 3"
	same "${lines[1]}" "best-effort: prio 1"
	jq '.process | .scheduler = {policy: "SCHED_IDLE"} | del(.ioPriority) | .args = ["cat", "/proc/self/stat"]' \
		"$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID"
	says ""
	same "$(sed 's/.*) //' <<< "$output" | awk '{ print $39 }')" 5
}

@test "what the kernel refuses is an error with its place, and nothing is left" {
	bundle '.process.scheduler = {policy: "SCHED_ISO"}'
	command_is true
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.scheduler"
	fails_with 1 "SCHED_ISO"
	fails_with 1 "Fix: this kernel does not know the policy"
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 30000000, deadline: 20000000, period: 10000000}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "set the scheduling policy SCHED_DEADLINE"
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 5}'
	run setpriv --bounding-set -sys_nice --inh-caps -sys_nice "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "process.scheduler"
	fails_with 1 "Fix: it takes CAP_SYS_NICE"
	config 'del(.process.scheduler) | .process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 5}
		| .linux.namespaces = [{type: "mount"}, {type: "pid"}, {type: "user"}, {type: "ipc"}, {type: "uts"}]
		| del(.linux.resources, .linux.cgroupsPath) | .mounts |= map(select(.type | IN("proc", "tmpfs")))'
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	mkdir -m 777 user
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$JAILRT" --root "$T/user" --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	fails_with 1 "process.ioPriority"
	fails_with 1 "set the I/O priority IOPRIO_CLASS_RT:5"
	fails_with 1 "Fix: it takes CAP_SYS_NICE or CAP_SYS_ADMIN"
}

@test "values that go with no policy, class or range are refused before anything is made" {
	local bad
	for bad in '.scheduler = {policy: "SCHED_FIFO", priority: 100}' '.scheduler = {policy: "SCHED_RR"}' \
		'.scheduler = {policy: "SCHED_OTHER", priority: 1}' '.scheduler = {policy: "SCHED_OTHER", nice: 20}' \
		'.scheduler = {policy: "SCHED_IDLE", period: 5}' '.scheduler = {policy: "SCHED_DEADLINE", period: 5}' \
		'.scheduler = {policy: "SCHED_NONE"}' '.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_X"]}' \
		'.scheduler = {}' '.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}' \
		'.ioPriority = {class: "IOPRIO_CLASS_BE", priority: -1}' '.ioPriority = {class: "BE"}' '.ioPriority = {}'; do
		bundle ".process |= ($bad)"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.${bad:1:6}"
	done
}
