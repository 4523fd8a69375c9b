#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroups

limits() {
	config '.linux.resources = ({devices: .linux.resources.devices} + '"$1"')'
}

@test "memory, reservation and swap are those of the config" {
	needs_keeper any memory
	sleeper '.linux.resources.memory = {limit: 67108864, reservation: 33554432, swap: 134217728}'
	holds memory.limit_in_bytes=67108864 memory.max=67108864
	holds memory.soft_limit_in_bytes=33554432 memory.low=33554432
	holds memory.memsw.limit_in_bytes=134217728 memory.swap.max=67108864
}

@test "swappiness, TCP memory, waiting in place of dying, counting beneath: on cgroup v1" {
	needs_keeper v1 memory
	sleeper '.linux.resources.memory = {swappiness: 17, kernelTCP: 1048576, disableOOMKiller: true,
		useHierarchy: true}'
	holds memory.swappiness=17
	holds memory.kmem.tcp.limit_in_bytes=1048576
	value memory.oom_control | grep -qx 'oom_kill_disable 1'
	holds memory.use_hierarchy=1
}

@test "what only cgroup v1 has is refused where v2 keeps memory" {
	needs_keeper v2 memory
	local field
	for field in '{swappiness: 17}' '{kernelTCP: 1048576}' '{disableOOMKiller: true}'; do
		bundle ".linux.resources.memory = $field"
		refused linux.resources.memory "cgroup v2 has no such limit"
	done
}

@test "what engines write who want nothing is no limit" {
	sleeper '.linux.resources += {memory: {disableOOMKiller: false, useHierarchy: false, kernelTCP: 0,
			kernel: 0, checkBeforeUpdate: false, limit: 0, swap: 0, reservation: 0},
		cpu: {shares: 0, quota: 0, period: 0, burst: 0, idle: 0, realtimePeriod: 0,
			realtimeRuntime: 0, cpus: "", mems: ""},
		blockIO: {weight: 0, leafWeight: 0, weightDevice: [], throttleReadBpsDevice: []},
		hugepageLimits: [], network: {classID: 0, priorities: []}, rdma: {}}'
	is_status "$ID" running
}

@test "shares, quota, period, burst and idle are those of the config" {
	needs_keeper any cpu
	sleeper '.linux.resources.cpu = {shares: 512, quota: 20000, period: 50000, burst: 10000}'
	holds cpu.shares=512 cpu.weight=59
	if [ "$(keeper cpu)" = v1 ]; then
		holds cpu.cfs_quota_us=20000
		holds cpu.cfs_period_us=50000
	else
		holds cpu.max="20000 50000"
	fi
	holds cpu.cfs_burst_us=10000 cpu.max.burst=10000
	holds cpu.idle=0
	jr delete --force "$ID"
	sleeper '.linux.resources.cpu = {idle: 1}'
	holds cpu.idle=1
}

@test "the CPU quota is felt inside" {
	needs_keeper any cpu
	sleeper '.linux.resources.cpu = {quota: 5000, period: 100000}'
	jr exec "$ID" sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done'
	[ "$(value cpu.stat | awk '$1 == "nr_throttled" { print $2 }')" -gt 0 ]
}

@test "CPUs and memory nodes are those of the config, and the process sees them" {
	needs_keeper any cpuset
	sleeper '.linux.resources.cpu = {cpus: "0", mems: "0"}'
	holds cpuset.cpus=0
	holds cpuset.mems=0
	run jr exec "$ID" grep -E '^(Cpus|Mems)_allowed_list' /proc/self/status
	[ "${lines[0]##*[[:space:]]}" = 0 ]
	[ "${lines[1]##*[[:space:]]}" = 0 ]
	jr delete --force "$ID"
	bundle '.linux.resources.cpu = {cpus: "4000"}'
	refused linux.resources.cpu cpuset.cpus
}

@test "real-time limits are those of the config, on cgroup v1" {
	needs_keeper v1 cpu
	ls /sys/fs/cgroup/*/cpu.rt_runtime_us > /dev/null 2>&1 || skip "this kernel has no real-time limits"
	sleeper '.linux.resources.cpu = {realtimePeriod: 500000, realtimeRuntime: 1000}'
	holds cpu.rt_period_us=500000
	holds cpu.rt_runtime_us=1000
	jr delete --force "$ID"
	bundle '.linux.resources.cpu = {realtimePeriod: 1000, realtimeRuntime: 2000}'
	refused linux.resources.cpu cpu.rt_runtime_us
}

@test "the limit of tasks holds, and 0 is one" {
	needs_keeper any pids
	bundle '.linux.resources.pids = {limit: 2}'
	script 'cat /bin/busybox > /dev/null; (true | true | true) 2>&1; echo end'
	run jr run -b "$BUNDLE" "$ID"
	[[ "$output" == *"an't fork"* ]]
	sleeper '.linux.resources.pids = {limit: 0}'
	holds pids.max=0
	run jr exec "$ID" true
	jr delete --force "$ID"
	sleeper '.linux.resources.pids = {limit: -1}'
	holds pids.max=max
}

@test "block I/O: the weight" {
	needs_keeper any blkio io
	sleeper '.linux.resources.blockIO = {weight: 300}'
	if [ "$(keeper blkio io)" = v1 ]; then
		holds blkio.weight=300 blkio.bfq.weight=300
	else
		holds io.bfq.weight="default 300" io.weight="default 2930"
	fi
}

# A disk that limits can be set for.
disk() {
	local d
	for d in /sys/block/*; do
		case $d in */loop* | */ram* | */zram* | */sr* | */fd*) continue ;; esac
		[ -e "$d/dev" ] && { cat "$d/dev"; return; }
	done
	skip "there is no disk here"
}

@test "block I/O: bytes and operations a second, by device" {
	needs_keeper any blkio io
	local dev
	dev=$(disk)
	case $dev in *:*) ;; *) skip "there is no disk here" ;; esac
	bundle
	config '.linux.resources.blockIO = {throttleReadBpsDevice: [$d + {rate: 1048576}],
		throttleWriteBpsDevice: [$d + {rate: 2097152}], throttleReadIOPSDevice: [$d + {rate: 100}],
		throttleWriteIOPSDevice: [$d + {rate: 200}]}' \
		--argjson d "{\"major\": ${dev%:*}, \"minor\": ${dev#*:}}"
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	holds blkio.throttle.read_bps_device="$dev 1048576" \
		io.max="$dev rbps=1048576 wbps=2097152 riops=100 wiops=200"
	if [ "$(keeper blkio io)" = v1 ]; then
		holds blkio.throttle.write_bps_device="$dev 2097152"
		holds blkio.throttle.read_iops_device="$dev 100"
		holds blkio.throttle.write_iops_device="$dev 200"
	fi
	jr delete --force "$ID"
	bundle '.linux.resources.blockIO.throttleReadBpsDevice = [{major: 4000, minor: 1, rate: 5}]'
	refused "linux.resources.blockIO.throttleReadBpsDevice[0]" "4000:1"
}

@test "huge pages, with reservations, whichever cgroup keeps them" {
	needs_keeper any hugetlb
	sleeper '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	holds hugetlb.2MB.limit_in_bytes=4194304 hugetlb.2MB.max=4194304
	holds hugetlb.2MB.rsvd.limit_in_bytes=4194304 hugetlb.2MB.rsvd.max=4194304
	# All processes are in that cgroup, also those of exec.
	run jr exec "$ID" cat /proc/self/cgroup
	[ "$output" = "$(cat "/proc/$(jr state "$ID" | jq .pid)/cgroup")" ]
	jr delete --force "$ID"
	bundle '.linux.resources.hugepageLimits = [{pageSize: "3MB", limit: 1}]'
	refused "linux.resources.hugepageLimits[0]" hugetlb.3MB
}

@test "block I/O: weights by device, and against child cgroups, or the limit is named" {
	needs_keeper any blkio io
	local dev field row
	dev=$(disk)
	case $dev in *:*) ;; *) skip "there is no disk here" ;; esac
	for row in 'weightDevice: [$d + {weight: 300}]|io.bfq.weight blkio.weight_device blkio.bfq.weight_device' \
		'weightDevice: [$d + {leafWeight: 200}]|blkio.leaf_weight_device' 'leafWeight: 200|blkio.leaf_weight'; do
		bundle
		field=${row%%|*}
		config ".linux.resources.blockIO = {$field}" \
			--argjson d "{\"major\": ${dev%:*}, \"minor\": ${dev#*:}}"
		command_is sleep 1000
		if jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1; then
			# The kernel has the file: then it has the number.
			for file in ${row#*|} io.weight; do
				! cg "$file" > /dev/null 2>&1 || value "$file"
			done | grep -qE "(^| )(300|200|2930)$"
			jr delete --force "$ID"
		else
			grep -qE "linux.resources.blockIO[A-Za-z.0-9[]*]? .*($(tr ' ' '|' <<< "${row#*|}")|cgroup v2 has no such limit)" out
		fi
	done
}

@test "classes and priorities of network packets are those of the config" {
	needs_keeper v1 net_cls
	needs_keeper v1 net_prio
	sleeper '.linux.resources.network = {classID: 1048577, priorities: [{name: "lo", priority: 5}]}'
	holds net_cls.classid=1048577
	value net_prio.ifpriomap | grep -qx 'lo 5'
}

@test "a controller that this machine does not have is named, with its field" {
	local row missing=0
	for row in 'net_cls network = {classID: 1} linux.resources.network' \
		'net_prio network = {priorities: [{name: "lo", priority: 1}]} linux.resources.network.priorities[0]' \
		'rdma rdma = {mlx5_1: {hcaHandles: 1, hcaObjects: 2}} linux.resources.rdma.mlx5_1'; do
		[ "$(keeper "${row%% *}")" = none ] || continue
		missing=1
		bundle ".linux.resources.$(sed 's/^[^ ]* //; s/ [^ ]*$//' <<< "$row")"
		refused "${row##* }" "this machine has no cgroup controller '${row%% *}'"
	done
	[ "$missing" = 1 ] || skip "this machine has them all"
}

@test "values that are none are refused with their place" {
	local row
	for row in 'memory.limit -2' 'memory.swappiness 101' 'memory.limit 18446744073709551615' \
		'cpu.idle 2' 'cpu.period 999' 'cpu.quota 999' 'cpu.cpus "0;1"' 'cpu.shares -1' \
		'blockIO.weight 1001' 'pids.limit "x"' 'network.classID 4294967296'; do
		bundle
		# As text: jq would round the large ones.
		sed -i "s/\"resources\": {/\"resources\": {\"${row%%.*}\": {\"$(
			sed 's/[^.]*\.\([^ ]*\) .*/\1/' <<< "$row")\": ${row#* }},/" "$BUNDLE/config.json"
		refused "linux.resources.${row%% *} (" config.json
	done
	bundle '.linux.resources.hugepageLimits = [{pageSize: "2/MB", limit: 1}]'
	refused "linux.resources.hugepageLimits[0].pageSize"
	bundle '.linux.resources.memory = {limit: 67108864, swap: 33554432}'
	refused linux.resources.memory.swap "less than memory alone"
}

@test "unified: any file of cgroup v2, and no other" {
	needs_keeper v2 hugetlb
	sleeper '.linux.resources.unified = {"hugetlb.2MB.max": "2097152", "cgroup.max.depth": "7"}'
	holds hugetlb.2MB.max=2097152
	holds cgroup.max.depth=7
	jr delete --force "$ID"
	bundle '.linux.resources.unified = {"hugetlb.nonsense": "1"}'
	refused 'linux.resources.unified' hugetlb.nonsense
	bundle '.linux.resources.unified = {"../x": "1"}'
	refused linux.resources.unified "is no file of a cgroup"
	bundle '.linux.resources.unified = {"nonsense.max": "1"}'
	refused linux.resources.unified "no cgroup controller 'nonsense'"
}

@test "unified is refused for a controller of cgroup v1" {
	needs_keeper v1 memory
	bundle '.linux.resources.unified = {"memory.high": "1000000"}'
	refused linux.resources.unified "is for cgroup v2"
}

@test "limits without cgroups are refused" {
	local field
	for field in 'memory: {swappiness: 1}' 'cpu: {burst: 1}' 'blockIO: {weight: 10}' \
		'hugepageLimits: [{pageSize: "2MB", limit: 0}]' 'rdma: {x: {hcaHandles: 1}}' \
		'network: {classID: 1}'; do
		bundle ".linux.resources += {$field}"
		run jr --cgroup-manager disabled run -b "$BUNDLE" "$ID"
		fails_with 1 "limits were asked for, and cgroups are disabled"
	done
}
