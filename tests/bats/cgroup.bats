#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# The controllers of cgroup v1, as the host's files have them.

needs_v1() {
	local controller
	for controller in "$@"; do
		[ -e "/sys/fs/cgroup/$controller/tasks" ] || skip "no v1 controller $controller here"
	done
}

# own CONTROLLER: the cgroup of who asks.
own() {
	awk -F: -v c="$1" '{ n = split($2, v, ","); for (i = 1; i <= n; i++) if (v[i] == c) print $3 }' \
		"/proc/${2:-self}/cgroup"
}

# cg CONTROLLER [PATH]: the directory of a cgroup below our own, of the container's when no path is given.
cg() {
	local below
	below=$(own "$1")
	echo "/sys/fs/cgroup/$1${below%/}/${2:-$ID}"
}

# of CONTROLLER FILE: what the container's file says.
of() {
	cat "$(cg "$1")/$2"
}

resources() {
	config ".linux.resources += $1"
}

@test "limits of memory, cpu, cpus and pids are in the kernel's files, and the process is where they are" {
	needs_v1 memory cpu cpuset pids
	local controller
	bundle
	resources '{memory: {limit: 67108864, swap: 100663296, reservation: 33554432},
		cpu: {shares: 512, quota: 50000, period: 200000, cpus: "0", mems: "0"}, pids: {limit: 30}}'
	command_is sleep 1000
	started "$ID"
	same "$(of memory memory.limit_in_bytes)" 67108864
	same "$(of memory memory.memsw.limit_in_bytes)" 100663296
	same "$(of memory memory.soft_limit_in_bytes)" 33554432
	same "$(of cpu cpu.shares)" 512
	same "$(of cpu cpu.cfs_quota_us)" 50000
	same "$(of cpu cpu.cfs_period_us)" 200000
	same "$(of cpuset cpuset.cpus)" 0
	same "$(of cpuset cpuset.mems)" 0
	same "$(of pids pids.max)" 30
	for controller in memory cpu cpuset pids devices freezer; do
		same "$(of $controller cgroup.procs)" "$(pid_of "$ID")"
		same "$(own $controller "$(pid_of "$ID")")" "$(own $controller | sed 's,/$,,')/$ID"
	done
	same "$(jr exec "$ID" grep Cpus_allowed_list /proc/self/status | cut -f2)" 0
}

@test "limits that are not given leave the kernel's own, and -1 says that there is none" {
	needs_v1 memory cpu pids
	local most
	most=$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
	bundle
	command_is sleep 1000
	started "$ID"
	same "$(of memory memory.limit_in_bytes)" "$most"
	same "$(of cpu cpu.cfs_quota_us)" -1
	same "$(of pids pids.max)" max
	resources '{memory: {limit: -1, swap: -1}, cpu: {quota: -1}, pids: {limit: -1}}'
	local ID=$ID-none
	started "$ID"
	same "$(of memory memory.limit_in_bytes)" "$most"
	same "$(of memory memory.memsw.limit_in_bytes)" "$most"
	same "$(of cpu cpu.cfs_quota_us)" -1
	same "$(of pids pids.max)" max
}

@test "a program that takes more memory than it may is killed, and the others go on" {
	needs_v1 memory
	no_san "memory is limited"
	bundle '.root.readonly = false'
	resources '{memory: {limit: 33554432, swap: 33554432}}'
	script 'dd if=/dev/zero of=/dev/null bs=8M count=1 && echo enough > /tmp/small
		dd if=/dev/zero of=/dev/null bs=64M count=1; echo $? > /tmp/big.new; mv /tmp/big.new /tmp/big
		exec sleep 1000'
	started "$ID"
	wait_for 30 there "$BUNDLE/rootfs/tmp/big"
	same "$(cat "$BUNDLE/rootfs/tmp/small")" enough
	same "$(cat "$BUNDLE/rootfs/tmp/big")" 137
	same "$(of memory memory.oom_control | grep oom_kill' ')" "oom_kill 1"
	[ "$(of memory memory.max_usage_in_bytes)" -le 33554432 ]
	is_status "$ID" running
}

@test "a first process that takes more memory than it may ends the container by signal 9" {
	needs_v1 memory
	no_san "memory is limited"
	bundle
	resources '{memory: {limit: 33554432, swap: 33554432}}'
	command_is dd if=/dev/zero of=/dev/null bs=64M count=1
	run jr run -b "$BUNDLE" "$ID"
	same "$status" 137
	resources '{memory: {limit: 268435456, swap: 268435456}}'
	run jr run -b "$BUNDLE" "$ID"
	same "$status" 0
}

@test "a program fits into one megabyte: setting it up is not counted against it" {
	needs_v1 memory
	no_san "memory is limited"
	bundle
	resources '{memory: {limit: 1048576}}'
	script 'echo fits; exec sleep 1000'
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	wait_for 20 grep -q fits out
	same "$(of memory memory.limit_in_bytes)" 1048576
	same "$(of memory cgroup.procs)" "$(pid_of "$ID")"
}

@test "a fork above the limit of processes is refused, one below it is not" {
	needs_v1 pids
	bundle '.root.readonly = false'
	resources '{pids: {limit: 6}}'
	script 'for i in 1 2 3 4; do sleep 1000 & echo "started $i"; done > /tmp/few; wait
		exec sleep 1000'
	started "$ID"
	wait_for 10 grep -qs "started 4" "$BUNDLE/rootfs/tmp/few"
	same "$(of pids pids.current)" 5
	same "$(of pids pids.events)" "max 0"
	same "$(jr exec "$ID" echo one more)" "one more"
	jr delete --force "$ID"
	script 'for i in 1 2 3 4 5 6 7 8; do sleep 1000 & echo "started $i"; done'
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ "$output" == *"started 5"* && "$output" == *"can't fork"* && "$output" != *"started 6"* ]]
}

@test "a program that computes without end gets no more than its part of a processor" {
	needs_v1 cpu cpuacct
	local before after used wall
	bundle
	resources '{cpu: {quota: 10000, period: 100000}}'
	script 'while :; do :; done'
	started "$ID"
	wait_for 20 throttled
	before=$(date +%s%N) used=$(of cpuacct cpuacct.usage)
	sleep 1
	after=$(date +%s%N) used=$(($(of cpuacct cpuacct.usage) - used))
	wall=$((after - before))
	echo "used $used ns of $wall"
	[ $((used * 4)) -lt "$wall" ]
	[ "$used" -gt 0 ]
}

throttled() {
	[ "$(of cpu cpu.stat | awk '$1 == "nr_throttled" { print $2 }')" -gt 3 ]
}

@test "a process that is executed in a container is counted in its cgroup" {
	needs_v1 memory pids
	bundle
	command_is sleep 1000
	started "$ID"
	jr exec "$ID" cat /proc/self/cgroup > inside
	same "$(grep -c "/$ID\$" inside)" "$(grep -c "/$ID\$" "/proc/$(pid_of "$ID")/cgroup")"
	[ "$(grep -c "/$ID\$" inside)" -ge 2 ]
}

@test "a cgroup path is from the mount when it is absolute, below the caller's cgroup when it is not" {
	needs_v1 memory pids
	bundle
	command_is sleep 1000
	later rmdir_cgroups "$ID-up"
	config '.linux.cgroupsPath = $p' --arg p "/$ID-up/inner"
	started "$ID"
	same "$(cat "/sys/fs/cgroup/memory/$ID-up/inner/cgroup.procs")" "$(pid_of "$ID")"
	same "$(own pids "$(pid_of "$ID")")" "/$ID-up/inner"
	[ ! -e "$(cg memory)" ]
	jr delete --force "$ID"
	[ ! -e "/sys/fs/cgroup/memory/$ID-up/inner" ]
	later rmdir_cgroups "$ID-down"
	config '.linux.cgroupsPath = $p' --arg p "$ID-down/inner"
	started "$ID"
	same "$(cat "$(cg memory "$ID-down/inner")/cgroup.procs")" "$(pid_of "$ID")"
	jr delete --force "$ID"
	[ ! -e "$(cg memory "$ID-down/inner")" ]
}

rmdir_cgroups() {
	find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + 2> /dev/null || true
}

@test "the cgroup is gone with the container, with all that was made and moved beneath it" {
	needs_v1 memory pids
	bundle '(.mounts[] | select(.type == "cgroup") | .options) |= map(select(. != "ro"))'
	script 'cd /sys/fs/cgroup; mkdir -p pids/a/b/c memory/x/y && sleep 1000 & cd /sys/fs/cgroup
		while [ ! -d memory/x/y ]; do :; done
		echo 1 > pids/a/b/tasks && echo 1 > memory/x/tasks && echo moved; cat /proc/self/cgroup'
	run jr run -b "$BUNDLE" "$ID"
	says moved
	same "$(grep -c -e "pids:.*/$ID/a/b\$" -e "memory:.*/$ID/x\$" <<< "$output")" 2
	same "$(cgroups_of "$ID")" ""
	script "$(jq -r '.process.args[2]' "$BUNDLE/config.json"); exec sleep 1000"
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	wait_for 10 grep -q "/$ID/a/b\$" out
	[ -d "$(cg pids)/a/b/c" ]
	jr delete --force "$ID"
	same "$(cgroups_of "$ID")" ""
}

@test "without a pid namespace what the program left running is ended, and its cgroup removed" {
	needs_v1 pids
	local pid
	bundle '.linux.namespaces |= map(select(.type != "pid")) | .root.readonly = false'
	# The host's procfs shows it.
	script 'sleep 1000 > /dev/null 2>&1 & echo $! > /tmp/pid'
	jr run -b "$BUNDLE" "$ID"
	pid=$(cat "$BUNDLE/rootfs/tmp/pid")
	wait_for 10 gone "$pid"
	same "$(cgroups_of "$ID")" ""
}

@test "without cgroups the container stays in the caller's, and limits are refused with their place" {
	bundle
	command_is sleep 1000
	jr --cgroup-manager disabled create -b "$BUNDLE" "$ID"
	jr start "$ID"
	same "$(cat "/proc/$(pid_of "$ID")/cgroup")" "$(cat /proc/self/cgroup)"
	same "$(cgroups_of "$ID")" ""
	resources '{pids: {limit: 5}}'
	run jr --cgroup-manager disabled create -b "$BUNDLE" "$ID-limit"
	fails_with 1 "linux.resources.pids (" # with its place
	fails_with 1 "limits were asked for, and cgroups are disabled"
}

# without_mount CONTROLLER COMMAND: where the controller is not mounted.
without_mount() {
	unshare --mount --propagation private sh -c 'umount "/sys/fs/cgroup/$1" && shift && exec "$@"' \
		sh "$@"
}

@test "a limit whose controller the machine lacks is refused by the controller's name" {
	needs_v1 memory cpu cpuset pids
	local controller limit
	bundle
	while read -r controller limit; do
		config ".linux.resources = $limit"
		run without_mount "$controller" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "linux.resources."
		fails_with 1 "config.json:"
		fails_with 1 "this machine has no cgroup controller '$controller'"
	done <<-'EOF'
		memory {memory: {limit: 33554432}}
		cpu {cpu: {quota: 10000}}
		cpuset {cpu: {cpus: "0"}}
		pids {pids: {limit: 10}}
	EOF
	# What nothing is asked of need not be there.
	config '.linux.resources = {pids: {limit: 10}}'
	command_is echo fine
	run without_mount memory "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says fine
}

@test "a value that the kernel refuses is told with its place, and nothing is left" {
	needs_v1 cpu cpuset
	bundle
	resources '{cpu: {quota: 9000000000000000}}'
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.cpu"
	fails_with 1 "cpu.cfs_quota_us"
	same "$(cgroups_of "$ID")" ""
	resources '{cpu: {cpus: "4095"}}'
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.cpu"
	fails_with 1 "cpuset.cpus"
	same "$(cgroups_of "$ID")" ""
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "a cgroup that holds processes already is not taken, and not harmed" {
	needs_v1 pids
	local pid
	bundle
	command_is sleep 1000
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	started "$ID"
	pid=$(pid_of "$ID")
	# A container that was made after all would hold the pipe that its words come through.
	run sh -c '"$@" > out 2>&1 < /dev/null; s=$?; cat out; exit $s' sh \
		"$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID-second"
	fails_with 1 "linux.cgroupsPath"
	fails_with 1 "the cgroup is in use by process $pid"
	is_status "$ID" running
	same "$(cat "/sys/fs/cgroup/pids/$ID/cgroup.procs")" "$pid"
	run jr state "$ID-second"
	fails_with 1 "container does not exist"
}

@test "an empty cgroup that somebody made before is used" {
	needs_v1 pids
	bundle
	mkdir "/sys/fs/cgroup/pids/$ID-empty"
	later rmdir_cgroups "$ID-empty"
	config '.linux.cgroupsPath = $p' --arg p "/$ID-empty"
	resources '{pids: {limit: 7}}'
	command_is sleep 1000
	started "$ID"
	same "$(cat "/sys/fs/cgroup/pids/$ID-empty/pids.max")" 7
	same "$(cat "/sys/fs/cgroup/pids/$ID-empty/cgroup.procs")" "$(pid_of "$ID")"
}
