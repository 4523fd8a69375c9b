#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroups

# all_limits: what all files of the container's cgroups say that an update could change.
all_limits() {
	local dir
	for dir in $(cgroups_of "$ID"); do
		(cd "$dir" && grep -s . memory.*limit_in_bytes memory.max memory.low memory.swap.max cpu.shares \
			cpu.cfs_* cpu.idle cpu.weight cpu.max* cpu.rt_* cpuset.cpus cpuset.mems pids.max \
			blkio.*weight* blkio.throttle.*_device io.max hugetlb.*.max) || true
	done
}

# changes_nothing [ARGUMENTS]: an update that fails; its words are in $output.
changes_nothing() {
	local before
	before=$(all_limits)
	[ -n "$before" ]
	run jr update "$@" "$ID"
	[ "$status" -eq 1 ] || { echo "status $status: $output"; return 1; }
	diff <(echo "$before") <(all_limits)
}

@test "each option changes its file" {
	needs_keeper any memory
	sleeper '.linux.resources += {memory: {limit: 67108864, swap: 134217728}, pids: {limit: 10}}'
	jr update --memory 50M --memory-reservation 20m --memory-swap 100MiB "$ID"
	holds memory.limit_in_bytes=52428800 memory.max=52428800
	holds memory.soft_limit_in_bytes=20971520 memory.low=20971520
	holds memory.memsw.limit_in_bytes=104857600 memory.swap.max=52428800
	jr update --cpu-share 512 --cpu-quota 20000 --cpu-period 50000 --cpu-burst 10000 "$ID"
	holds cpu.shares=512 cpu.weight=59
	holds cpu.cfs_quota_us=20000 cpu.max="20000 50000"
	holds cpu.cfs_period_us=50000 cpu.max="20000 50000"
	holds cpu.cfs_burst_us=10000 cpu.max.burst=10000
	jr update --cpuset-cpus 0 --cpuset-mems 0 --pids-limit=33 "$ID"
	holds cpuset.cpus=0
	holds cpuset.mems=0
	holds pids.max=33
	jr update --cpu-idle 1 "$ID"
	holds cpu.idle=1
	jr update --cpu-idle 0 --cpu-burst 0 "$ID"
	holds cpu.idle=0
	holds cpu.cfs_burst_us=0 cpu.max.burst=0
	jr update --pids-limit -1 "$ID"
	holds pids.max=max
}

@test "options that need a kernel of their own: real-time, I/O weight, TCP memory" {
	needs_keeper v1 memory
	sleeper
	ls /sys/fs/cgroup/*/cpu.rt_runtime_us > /dev/null 2>&1 || skip "this kernel has no real-time limits"
	jr update --cpu-rt-period 500000 --cpu-rt-runtime 1000 "$ID"
	holds cpu.rt_period_us=500000
	holds cpu.rt_runtime_us=1000
	jr update --blkio-weight 400 "$ID"
	holds blkio.weight=400 blkio.bfq.weight=400
	jr update --kernel-memory-tcp 1M --kernel-memory 5M "$ID"
	holds memory.kmem.tcp.limit_in_bytes=1048576
}

@test "what is not given stays as it is" {
	needs_keeper any cpu
	sleeper '.linux.resources += {cpu: {quota: 20000, period: 50000, shares: 512}, pids: {limit: 10}}'
	jr update --cpu-quota 10000 "$ID"
	holds cpu.cfs_period_us=50000 cpu.max="10000 50000"
	holds cpu.shares=512 cpu.weight=59
	holds pids.max=10
	jr update --cpu-period 40000 "$ID"
	holds cpu.cfs_quota_us=10000 cpu.max="10000 40000"
	jr update "$ID"
	holds pids.max=10
}

@test "a file or stdin has a resources object, whose zeros leave alone what is there" {
	sleeper '.linux.resources += {pids: {limit: 10}, cpu: {shares: 512}}'
	echo '{"pids": {"limit": 20}, "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": ""},
		"memory": {"limit": 0, "swap": 0, "reservation": 0, "kernel": 0, "kernelTCP": 0},
		"blockIO": {"weight": 0}, "devices": []}' > "$T/r.json"
	jr update -r "$T/r.json" "$ID"
	holds pids.max=20
	holds cpu.shares=512 cpu.weight=59
	jq '.pids.limit = 30' "$T/r.json" | jr update --resources - "$ID"
	holds pids.max=30
	jr update --resources="$T/r.json" --pids-limit 40 "$ID"
	holds pids.max=40
}

@test "limits grow and shrink together, whichever must come first" {
	needs_keeper v1 memory
	sleeper '.linux.resources += {memory: {limit: 67108864, swap: 67108864},
		cpu: {quota: 20000, period: 100000, burst: 20000}}'
	jr update --memory 128M --memory-swap 128M "$ID"
	holds memory.limit_in_bytes=134217728
	holds memory.memsw.limit_in_bytes=134217728
	jr update --memory 32M --memory-swap 32M "$ID"
	holds memory.limit_in_bytes=33554432
	holds memory.memsw.limit_in_bytes=33554432
	jr update --cpu-quota 40000 --cpu-burst 40000 "$ID"
	jr update --cpu-quota 10000 --cpu-burst 5000 "$ID"
	holds cpu.cfs_burst_us=5000
	holds cpu.cfs_quota_us=10000
	# No limit of memory takes that of both away.
	jr update --memory -1 "$ID"
	[ "$(value memory.memsw.limit_in_bytes)" -gt 134217728 ]
	[ "$(value memory.limit_in_bytes)" -gt 134217728 ]
}

@test "a value that is none changes nothing" {
	sleeper '.linux.resources += {pids: {limit: 10}, memory: {limit: 67108864}}'
	local row
	for row in '--memory 5X' '--memory -2' '--memory 1.5G' '--memory 99999999999999999999' '--memory 9P9' \
		'--pids-limit many' '--cpu-quota 999' '--cpu-period 1' '--cpu-idle 2' '--cpu-share -5' \
		'--cpuset-cpus 0;1' '--blkio-weight 1001' '--memory 64M --memory-swap 32M' \
		'--l3-cache-schema L3:0=f' '--resources /nonexistent'; do
		changes_nothing --pids-limit 20 $row
	done
	for row in '{"pids": {"limit": "x"}}' '{"pids": {"limit": 5}' '[]' '' '{"pids": {"limit": 5}, "pids": {}}' \
		'{"pids": {"limit": 5}, "hugepageLimits": [{"pageSize": "x", "limit": 0}]}' \
		'{"pids": {"limit": 5}, "unified": {"a/b": "1"}}'; do
		changes_nothing -r - <<< "$row"
	done
	holds pids.max=10
	changes_nothing --pids-limit 20 --cpu-idle 2
	fails_with 1 "--cpu-idle"
	changes_nothing -r - <<< '{"memory": {"swappiness": 500}}'
	fails_with 1 "memory.swappiness (stdin:1:"
}

@test "what the kernel refuses takes back all that was written before it" {
	needs_keeper v1 cpu
	sleeper '.linux.resources += {pids: {limit: 10}, memory: {limit: 67108864},
		cpu: {quota: 20000, period: 100000, shares: 512, cpus: "0"}}'
	# Hierarchies are gone through in their order; some are before, some behind the one that fails.
	changes_nothing --pids-limit 20 --memory 32M --cpu-share 100 --cpuset-cpus 4000
	fails_with 1 "cpu"
	fails_with 1 "cpuset.cpus"
	changes_nothing --pids-limit 20 --memory 32M --cpu-share 100 --cpu-burst 900000 --cpuset-cpus 0-1
	fails_with 1 "cpu.cfs_burst_us"
	changes_nothing --pids-limit 20 --cpu-share 100 --memory-swap 16M
	fails_with 1 "memory.memsw.limit_in_bytes"
	changes_nothing -r - <<< '{"pids": {"limit": 20},
		"blockIO": {"throttleReadBpsDevice": [{"major": 4000, "minor": 1, "rate": 5}]}}'
	fails_with 1 "blockIO.throttleReadBpsDevice[0] (stdin:2:"
}

@test "a limit below what is in use is refused when that is asked for" {
	needs_keeper any memory
	no_san "memory is limited"
	bundle '.linux.resources.memory = {limit: 134217728}'
	script 'head -c 20000000 /dev/zero > /dev/shm/x; echo up; sleep 1000'
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	wait_for 20 grep -q up "$T/out"
	changes_nothing -r - <<< '{"memory": {"limit": 8388608, "checkBeforeUpdate": true}, "pids": {"limit": 9}}'
	fails_with 1 "more than the limit of 8388608"
	jr update -r - "$ID" <<< '{"memory": {"limit": 100663296, "checkBeforeUpdate": true}}'
	holds memory.limit_in_bytes=100663296 memory.max=100663296
}

@test "a new limit holds for what runs already" {
	needs_keeper any pids
	bundle
	script 'echo up; while [ ! -e /run/go ]; do sleep 0.1; done; (true | true | true) 2>&1; echo end'
	config '.root.readonly = false'
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	wait_for 10 grep -q up "$T/out"
	jr update --pids-limit 2 "$ID"
	touch "$BUNDLE/rootfs/run/go"
	wait_for 10 is_status "$ID" stopped
	grep -q "an't fork" "$T/out"
}

@test "device rules are changed; what engines write who have none in mind leaves them" {
	bundle
	config '.root.readonly = false | .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 200, access: "rw"}]
		| .linux.devices = [{path: "/dev/one", type: "c", major: 10, minor: 200},
			{path: "/dev/two", type: "c", major: 10, minor: 229}]'
	script 'while :; do echo x > /dev/null || echo denied; done'
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	can() { jr exec "$ID" sh -c ": < /dev/$1" 2>&1 | grep -q 'not permitted' && return 1 || true; }
	can one
	not can two
	echo '{"devices": [{"allow": false, "access": "rwm"}], "pids": {"limit": 50}}' | jr update -r - "$ID"
	holds pids.max=50
	can one
	echo '{"devices": [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}' | jr update -r - "$ID"
	not can one
	can two
	can null
	# What was allowed before and after was so all the time.
	not grep -q denied "$T/out"
}

@test "huge pages, and a controller that the container has no cgroup of" {
	needs_keeper v2 hugetlb
	sleeper '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	jr update -r - "$ID" <<< '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	holds hugetlb.2MB.max=2097152
	jr update -r - "$ID" <<< '{"unified": {"hugetlb.2MB.max": "max"}}'
	holds hugetlb.2MB.max=max
	jr delete --force "$ID"
	[ "$(keeper pids)" = v1 ] || skip "the container has all controllers"
	sleeper
	changes_nothing -r - <<< '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	fails_with 1 "hugepageLimits[0] (stdin:1:"
	fails_with 1 "the container has no cgroup with the controller 'hugetlb'"
}

@test "created and paused containers are updated, stopped and unknown ones are not" {
	needs_keeper any pids
	bundle
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	jr update --pids-limit 11 "$ID"
	holds pids.max=11
	jr pause "$ID"
	jr update --pids-limit 12 "$ID"
	holds pids.max=12
	is_status "$ID" paused
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr update --pids-limit 13 "$ID"
	fails_with 1 "container not running"
	run jr update --pids-limit 13 "$ID-none"
	fails_with 1 "container does not exist"
}

@test "a limit for a container without a cgroup is refused" {
	bundle 'del(.linux.resources)'
	command_is sleep 1000
	jr --cgroup-manager disabled run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	run jr update --pids-limit 5 "$ID"
	fails_with 1 "the container has no cgroup with the controller 'pids'"
}

@test "update --kernel-memory: accepted with a warning, and without effect" {
	sleeper
	local before
	before=$(cat $(find /sys/fs/cgroup -path "*/$ID/memory.*limit_in_bytes" -o -path "*/$ID/memory.max") /dev/null)
	run jr update --kernel-memory 5M "$ID"
	says "warning: --kernel-memory has no effect"
	[ "$(cat $(find /sys/fs/cgroup -path "*/$ID/memory.*limit_in_bytes" -o -path "*/$ID/memory.max") /dev/null)" = "$before" ]
}

@test "update --l3-cache-schema, --mem-bw-schema: refused where resctrl is not mounted, and lines of the wrong kind everywhere" {
	sleeper '.linux.resources += {pids: {limit: 10}}'
	run jr update --l3-cache-schema MB:0=50 --pids-limit 20 "$ID"
	fails_with 1 "--l3-cache-schema: 'MB:0=50' is no line of that kind"
	run jr update --mem-bw-schema L3:0=f --pids-limit 20 "$ID"
	fails_with 1 "--mem-bw-schema: 'L3:0=f' is no line of that kind"
	holds pids.max=10
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "resctrl is mounted on this machine"
	run jr update --l3-cache-schema L3:0=f --pids-limit 20 "$ID"
	fails_with 1 "--l3-cache-schema: no resctrl filesystem is mounted. Fix: mount -t resctrl"
	run jr update --mem-bw-schema MB:0=50 --pids-limit 20 "$ID"
	fails_with 1 "--mem-bw-schema: no resctrl filesystem is mounted"
	holds pids.max=10
}
