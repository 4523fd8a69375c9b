#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where an nsjail config has the jail's cgroups made.
load helpers
load life
load nsjail

# with LINES: an nsjail config with the busybox root.
with() {
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n%s\n' "$ROOTFS" "$1" > "$T/jail.cfg"
}

remove_parents() {
	find /sys/fs/cgroup -depth -type d -path "*/$ID*" -exec rmdir {} \; 2>/dev/null || true
}

# where CONTROLLER: the jail's own cgroup in that hierarchy, as /proc has it.
where() {
	grep ":$1:" <<< "$output" | cut -d: -f3-
}

setup_v1() {
	[ -e /sys/fs/cgroup/pids/tasks ] || skip "no v1 controller pids here"
}

@test "cgroup_pids_mount: the mount that is named, or a group in it, is the one that is used" {
	setup_v1
	later remove_parents
	mkdir mnt
	mount -t cgroup -o pids none "$T/mnt"
	later umount "$T/mnt"
	with "cgroup_pids_max: 7 cgroup_pids_mount: '$T/mnt' cgroup_pids_parent: '$ID/by-mount' clone_newcgroup: false"
	nj -q --config jail.cfg -- /bin/cat /proc/self/cgroup
	ends 0
	[[ "$(where pids)" == "/$ID/by-mount/NSJAIL."* ]]
	there "/sys/fs/cgroup/pids/$ID/by-mount"
	mkdir "/sys/fs/cgroup/pids/$ID-service"
	with "cgroup_pids_max: 7 cgroup_pids_mount: '/sys/fs/cgroup/pids/$ID-service' clone_newcgroup: false"
	jr run --config jail.cfg "$ID-x" -- cat /proc/self/cgroup > out
	output=$(cat out)
	same "$(where pids)" "/$ID-service/NSJAIL/$ID-x"
	# Each controller has its own; and the limit is there.
	with "cgroup_pids_max: 7 cgroup_pids_parent: '$ID/p' cgroup_mem_max: 67108864 cgroup_mem_parent: '$ID/m' clone_newcgroup: false"
	nj -q --config jail.cfg -- /bin/cat /proc/self/cgroup
	[[ "$(where pids)" == "/$ID/p/NSJAIL."* ]]
	[[ "$(where memory)" == "/$ID/m/NSJAIL."* ]]
	rmdir "/sys/fs/cgroup/pids/$ID-service/NSJAIL"
	remove_parents
	same "$(cgroups_of "$ID")" ""
}

@test "a mount that is none of the controller's is an error with its place, in both doors" {
	setup_v1
	local line at
	while IFS='|' read -r line at; do
		with "$line"
		nj --config jail.cfg -- /bin/echo ran
		ends 255 ""
		logged "$at"
		run jr run --config jail.cfg "$ID" -- echo ran
		fails_with 1 "$at"
		fails_with 1 "(jail.cfg:3:"
	done <<-END
		cgroup_pids_max: 7 cgroup_pids_mount: "/sys/fs/cgroup/memory"|'/sys/fs/cgroup/memory' is not in a mount of the cgroup controller 'pids', which is at '/sys/fs/cgroup/pids'
		cgroup_mem_max: 67108864 cgroup_mem_mount: "/tmp"|'/tmp' is not in a mount of the cgroup controller 'memory'
		cgroup_pids_max: 7 cgroup_pids_mount: "pids"|'pids' is no absolute path
		cgroup_pids_max: 7 use_cgroupv2: true cgroupv2_mount: "/tmp"|cgroupv2_mount
	END
	same "$(jr list -q)$(cgroups_of "$ID")" ""
	nj --chroot "$ROOTFS" --cgroup_pids_max 7 --cgroup_pids_mount /none -- /bin/true
	ends 255
	logged "'/none' is not in a mount of the cgroup controller 'pids'"
	# Where nothing is limited it does not matter.
	nj -q --chroot "$ROOTFS" --cgroup_pids_mount /none --cgroupv2_mount /none -- /bin/true
	ends 0
}

@test "detect_cgroupv2 says what it has found, and the limits hold" {
	setup_v1
	nj --chroot "$ROOTFS" --detect_cgroupv2 -- /bin/true
	ends 0
	logged "] Detected cgroups version: 1"
	logged "cgroupv2:false"
	[ -e /sys/fs/cgroup/unified/cgroup.procs ] || skip "no cgroup v2 here"
	nj --chroot "$ROOTFS" --detect_cgroupv2 --cgroupv2_mount /sys/fs/cgroup/unified -- /bin/true
	ends 0
	logged "] Detected cgroups version: 2"
	logged "cgroupv2:true"
	# What v2 does not keep here v1 does.
	nj -q --chroot "$ROOTFS" --use_cgroupv2 --cgroupv2_mount /sys/fs/cgroup/unified --cgroup_pids_max 3 -- \
		/bin/sh -c 'sh -c "sh -c \"sh -c true; true\"; true"; true'
	[[ "$log" == *"fork"* ]]
}
