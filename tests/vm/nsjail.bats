#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nsjail configs on a machine with cgroup v2 alone, and a v1 hierarchy beside it.
load ../bats/helpers
load ../bats/life
load ../bats/nsjail

# with FIELDS: a config of them, with the busybox root.
with() {
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n%s\n' "$ROOTFS" "$1" > jail.cfg
}

# jailed [OPTIONS]: the jail of jail.cfg runs, as $NJ, and $GROUP is its group.
jailed() {
	door -q --config jail.cfg "$@" -- /bin/sleep 100 &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 30 eval '[ -n "$(jr list -q)" ]'
	wait_for 30 is_status "$(jr list -q)" running
	GROUP=/sys/fs/cgroup$(cut -d: -f3 "/proc/$(pid_of "$(jr list -q)")/cgroup" | tail -n 1)
}

ended() {
	kill -TERM $NJ
	wait $NJ || true
	[ ! -e "$GROUP" ]
}

@test "cgroup limits of nsjail on v2: in its files, in the group that cgroupv2_mount names" {
	with 'cgroup_mem_max: 67108864 cgroup_mem_swap_max: 1048576 cgroup_pids_max: 12 cgroup_cpu_ms_per_sec: 300 use_cgroupv2: true'
	jailed
	same "$(cat "$GROUP/memory.max") $(cat "$GROUP/memory.swap.max")" "67108864 1048576"
	same "$(cat "$GROUP/pids.max") $(cat "$GROUP/cpu.max")" "12 300000 1000000"
	ended
	later rmdir "/sys/fs/cgroup/$ID"
	with "cgroup_mem_max: 67108864 cgroup_mem_memsw_max: 134217728 detect_cgroupv2: true cgroupv2_mount: '/sys/fs/cgroup/$ID'"
	jailed
	[[ "$GROUP" == "/sys/fs/cgroup/$ID/"* ]]
	same "$(cat "$GROUP/memory.max") $(cat "$GROUP/memory.swap.max")" "67108864 67108864"
	ended
	with ''
	jailed --use_cgroupv2 --cgroup_pids_max 13 --cgroupv2_mount "/sys/fs/cgroup/$ID"
	[[ "$GROUP" == "/sys/fs/cgroup/$ID/"* ]]
	same "$(cat "$GROUP/pids.max")" 13
	ended
	jailed --detect_cgroupv2 --cgroup_mem_max 33554432
	same "$(cat "$GROUP/memory.max")" 33554432
	ended
}

@test "classes of packets, in the v1 hierarchy beside it" {
	mkdir net_cls
	mount -t cgroup -o net_cls none net_cls || skip "this kernel has no cgroup net_cls"
	later umount "$T/net_cls"
	later rmdir "$T/net_cls/$ID"
	local options
	for options in config option; do
		with "cgroup_net_cls_classid: 0x10002 cgroup_net_cls_mount: '$T/net_cls' cgroup_net_cls_parent: '$ID'"
		set --
		[ $options = config ] || {
			with ''
			set -- --cgroup_net_cls_classid 0x10002 --cgroup_net_cls_mount "$T/net_cls" --cgroup_net_cls_parent "$ID"
		}
		jailed "$@"
		same "$(cat net_cls/"$ID"/*/net_cls.classid)" 65538
		same "$(cat net_cls/"$ID"/*/cgroup.procs)" "$(pid_of "$(jr list -q)")"
		kill -TERM $NJ
		wait $NJ || true
		not there net_cls/"$ID"/*/
	done
}
