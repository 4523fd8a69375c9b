#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# On a machine with cgroup v2 alone.
load ../bats/helpers
load ../bats/life

resources() {
	config ".linux.resources = $1"
}

# of FILE: of the cgroup of container $ID.
of() {
	cat "/sys/fs/cgroup/$ID/$1"
}

@test "limits are in the files of v2, in its units" {
	bundle
	resources '{memory: {limit: 67108864, swap: 100663296, reservation: 33554432}, pids: {limit: 55},
		cpu: {quota: 50000, period: 200000, shares: 1024, cpus: "0", mems: "0"}}'
	command_is sleep 1000
	started "$ID"
	same "$(of memory.max) $(of memory.swap.max) $(of memory.low)" "67108864 33554432 33554432"
	same "$(of pids.max)" 55
	same "$(of cpu.max)" "50000 200000"
	same "$(of cpu.weight)" 100
	same "$(of cpuset.cpus) $(of cpuset.mems)" "0 0"
	same "$(of cgroup.procs)" "$(pid_of "$ID")"
	jr delete --force "$ID"
	[ ! -e "/sys/fs/cgroup/$ID" ]
}

@test "init is born in its cgroup, exec joins it" {
	bundle
	command_is sleep 1000
	jr plan "$BUNDLE" | grep -q 'clone who=init .*cgroup='
	started "$ID"
	jr exec -d --pid-file pid "$ID" sleep 1000 3>&-
	same "$(grep -c . "/sys/fs/cgroup/$ID/cgroup.procs")" 2
	same "$(cat "/proc/$(cat pid)/cgroup")" "0::/$ID"
}

@test "a container killed for its memory says so" {
	bundle
	resources '{memory: {limit: 16777216, swap: 16777216}}'
	script 'dd if=/dev/zero of=/dev/null bs=64M count=1'
	run jr run --report "$T/report" -b "$BUNDLE" "$ID"
	same "$status" 137
	same "$(jq -r .cause report)" oom
	[ "$(jq .memory_peak_bytes report)" -gt 8000000 ]
}

@test "the limit of processes is kept" {
	bundle
	resources '{pids: {limit: 3}}'
	script 'sleep 5 & sleep 5 & sleep 5 & sleep 5 & wait'
	run jr run --report "$T/report" -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ "$output" == *fork* ]]
	same "$(jq -r .cause report)" pids_limit
}

@test "device rules are a BPF program, and hold" {
	bundle '.root.readonly = false | .process.capabilities.bounding += ["CAP_MKNOD"]
		| .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]'
	resources '{devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rm"}]}'
	script 'mknod /tmp/fuse c 10 229 && echo made; true < /tmp/fuse && echo read; true 2>/dev/null > /tmp/fuse || echo no write
		mknod /tmp/loop b 7 0; true 2>/dev/null < /tmp/loop || echo no loop; echo > /dev/null && echo null'
	run jr run -b "$BUNDLE" "$ID"
	same "${lines[*]}" "made read no write no loop null"
}

@test "inside, the container's own cgroup is the root, and shows its limits" {
	bundle
	resources '{memory: {limit: 67108864}}'
	script 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max; ls -d /sys/fs/cgroup/init || echo alone'
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup")) | .mounts +=
		[{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"]}]'
	run jr run -b "$BUNDLE" "$ID"
	same "${lines[0]} ${lines[1]}" "0::/ 67108864"
	same "${lines[-1]}" alone
}

@test "unified takes any key of v2" {
	bundle
	resources '{unified: {"memory.high": "50331648", "pids.max": "44", "cpu.weight": "77"}}'
	command_is sleep 1000
	started "$ID"
	same "$(of memory.high) $(of pids.max) $(of cpu.weight)" "50331648 44 77"
	resources '{unified: {"memory.no_such": "1"}}'
	run jr run -b "$BUNDLE" "$ID-other"
	fails_with 1 "linux.resources.unified"
	fails_with 1 "memory.no_such"
	[ ! -e "/sys/fs/cgroup/$ID-other" ]
}

@test "delete removes cgroups that the container made beneath its own" {
	bundle '.mounts |= map(select(.destination != "/sys/fs/cgroup"))
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	script 'mkdir -p /sys/fs/cgroup/a/b && echo 0 > /sys/fs/cgroup/a/b/cgroup.procs; echo ready; sleep 1000'
	jr run -b "$BUNDLE" "$ID" > out 3>&- &
	local runner=$!
	wait_for 60 grep -q ready out
	[ -d "/sys/fs/cgroup/$ID/a/b" ]
	jr delete --force "$ID"
	[ ! -e "/sys/fs/cgroup/$ID" ]
	wait "$runner" || true
}

@test "hard limits are raised and the OOM score is lowered by who may" {
	bundle '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2000, hard: 3000}] | .process.oomScoreAdj = -500'
	script 'ulimit -Hn; cat /proc/self/oom_score_adj'
	run prlimit --nofile=500:500 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	same "${lines[*]}" "3000 -500"
	# In a user namespace, too, as far as the parent may.
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
	run prlimit --nofile=500:500 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	same "${lines[*]}" "3000 -500"
}

@test "what this kernel or processor has not is refused: resctrl, core scheduling" {
	bundle '.linux.intelRdt = {closID: "group", l3CacheSchema: "L3:0=f"}'
	if ! grep -q ' - resctrl ' /proc/self/mountinfo; then
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "linux.intelRdt ($BUNDLE/config.json:"
		fails_with 1 "no resctrl filesystem is mounted"
		[ ! -e "/sys/fs/cgroup/$ID" ]
	fi
	echo 'use_core_scheduling: true' > core.cfg
	run jr run --config core.cfg -- /bin/true
	fails_with 1 "core.cfg:1:1: have CPU cores to oneself (core scheduling): "
}
