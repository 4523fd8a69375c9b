#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Fields of nsjail configs that have no topic of their own elsewhere.
load helpers
load life
load nsjail

# with FIELDS: a config of them, with the busybox root.
with() {
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n%s\n' "$ROOTFS" "$1" > jail.cfg
}

@test "personality: each of its fields sets its bit" {
	local row
	while read -r field bit; do
		with "$field: true"
		nj -q --config jail.cfg -- /bin/cat /proc/self/personality
		ends 0 "$bit"
		nj -q --config jail.cfg "--$field" -- /bin/cat /proc/self/personality
		ends 0 "$bit"
	done <<-'EOF2'
		persona_addr_compat_layout 00200000
		persona_addr_limit_3gb 08000000
		persona_addr_no_randomize 00040000
	EOF2
	# The kernel takes this one off again at the exec of a program that does not need it.
	with "persona_read_implies_exec: true persona_mmap_page_zero: true"
	run jr plan --config jail.cfg -- true
	says "init   personality value=5242880"
}

@test "clone_newtime: a time namespace of its own, none without it" {
	local outside
	outside=$(readlink /proc/self/ns/time)
	with "clone_newtime: true"
	nj -q --config jail.cfg -- /bin/readlink /proc/self/ns/time
	ends 0
	[ "$output" != "$outside" ]
	nj -q --chroot "$ROOTFS" --enable_clone_newtime -- /bin/readlink /proc/self/ns/time
	[ "$output" != "$outside" ]
	nj -q --chroot "$ROOTFS" -- /bin/readlink /proc/self/ns/time
	same "$output" "$outside"
}

@test "disable_tsc: who reads the time stamp counter is killed" {
	[ "$(uname -m)" = x86_64 ] || skip "x86 only"
	cat > tsc.c <<< 'int main(void) { unsigned lo, hi; __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)); return 7; }'
	gcc -static -o tsc tsc.c
	with 'disable_tsc: true'
	nj -q --config jail.cfg -R "$T:/tmp" -- /tmp/tsc
	ends 139
	nj -q --chroot "$ROOTFS" -R "$T:/tmp" -- /tmp/tsc
	ends 7
	nj -q --chroot "$ROOTFS" -R "$T:/tmp" --disable_tsc -- /tmp/tsc
	ends 139
}

@test "use_core_scheduling: is there, or the start fails and says why" {
	with 'use_core_scheduling: true'
	nj -q --config jail.cfg -- /bin/echo runs
	[ "$status $output" = "0 runs" ] || { ends 255 "" && logged "core scheduling"; }
	nj -q --chroot "$ROOTFS" --use_core_scheduling -- /bin/echo runs
	[ "$status $output" = "0 runs" ] || { ends 255 "" && logged "CONFIG_SCHED_CORE"; }
}

@test "limits by type: rlimit_msgqueue_type, rlimit_rtprio_type, rlimit_core_type" {
	with 'rlimit_msgqueue: 4096 rlimit_msgqueue_type: VALUE rlimit_rtprio: 0 rlimit_rtprio_type: VALUE rlimit_core_type: HARD'
	nj -q --config jail.cfg -- /bin/grep -E 'msgqueue|realtime priority|core file' /proc/self/limits
	ends 0
	[[ "$output" =~ "Max msgqueue size         4096                 4096" ]]
	[[ "$output" =~ "Max realtime priority     0                    0" ]]
	with 'rlimit_msgqueue: 4096'
	nj -q --config jail.cfg -- /bin/grep msgqueue /proc/self/limits
	[[ "$output" != *" 4096 "* ]] # its type is SOFT
}

@test "is_dir says what to make for a mount, prefix_dst_env where it is" {
	mkdir dir
	printf 'x' > file
	cat > jail.cfg <<-EOF
		mount { src: "$ROOTFS/bin" dst: "/bin" is_bind: true }
		mount { src: "$T/file" dst: "/f" is_bind: true is_dir: false }
		mount { dst: "/made" fstype: "tmpfs" is_dir: true }
		mount { src: "$T/dir" prefix_dst_env: "WHERE" dst: "/below" is_bind: true }
	EOF
	WHERE=/deep nj -q --config jail.cfg -- /bin/sh -c '[ -f /f ] && [ -d /made ] && [ -d /deep/below ]'
	ends 0
	nj -q --config jail.cfg -- /bin/true
	ends 255
	logged "'WHERE' is not set"
}

@test "no_pivotroot: another way to the same root" {
	with 'no_pivotroot: true'
	nj -q --config jail.cfg -- /bin/sh -c 'ls /bin/busybox; ls -d /../bin'
	ends 0 "$(printf '/bin/busybox\n/../bin')"
	nj -q --no_pivotroot --chroot "$ROOTFS" -- /bin/ls /bin/busybox
	ends 0 /bin/busybox
}

@test "use_newidmap: maps by the helpers, of ids that are the caller's" {
	grep -q "^root:" /etc/subuid 2>/dev/null || {
		[ -e /etc/subuid ] && cp /etc/subuid subuid.before && later cp "$T/subuid.before" /etc/subuid || later rm -f /etc/subuid
		[ -e /etc/subgid ] && cp /etc/subgid subgid.before && later cp "$T/subgid.before" /etc/subgid || later rm -f /etc/subgid
		echo 'root:300000:65536' >> /etc/subuid
		echo 'root:300000:65536' >> /etc/subgid
	}
	local u g
	u=$(sed -n 's/^root:\([0-9]*\):.*/\1/p' /etc/subuid | head -1)
	g=$(sed -n 's/^root:\([0-9]*\):.*/\1/p' /etc/subgid | head -1)
	with "uidmap { inside_id: '0' outside_id: '$u' count: 1 use_newidmap: true } gidmap { inside_id: '0' outside_id: '$g' count: 1 use_newidmap: true }"
	nj -q --config jail.cfg -- /bin/sh -c 'cat /proc/self/uid_map | tr -s " "'
	ends 0 " 0 $u 1"
	nj -q --chroot "$ROOTFS" -U "0:$u:1" -G "0:$g:1" -- /bin/sh -c 'cat /proc/self/gid_map | tr -s " "'
	ends 0 " 0 $g 1"
}

remove_parents() {
	find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} \; 2>/dev/null || true
}

# quota: of the jail's cgroup, as the host has it.
quota() {
	find /sys/fs/cgroup -path "*/$ID/*" \( -name cpu.cfs_quota_us -o -name cpu.max \) -exec cat {} + 2>/dev/null
}

@test "cgroup_cpu_ms_per_sec and cgroup_mem_parent: in the kernel's own words, and gone behind it" {
	with "cgroup_cpu_ms_per_sec: 300 cgroup_mem_max: 33554432 cgroup_mem_parent: '$ID' cgroup_cpu_parent: '$ID' cgroupv2_mount: '/sys/fs/cgroup/$ID'"
	later remove_parents
	door -q --config jail.cfg -- /bin/sleep 70 &
	local pid=$!
	later kill_and_wait $pid
	wait_for 10 eval '[ -n "$(quota)" ]'
	[[ "$(quota)" == *300000* ]]
	kill -TERM $pid
	wait $pid || true
	[[ "$(quota)" != *300000* ]]
	# The parent stays, as nsjail's has to be there before.
	remove_parents
	same "$(cgroups_of "$ID")" ""
}

@test "cgroup_cpu_ms_per_sec alone, and cgroup_pids_max alone" {
	later remove_parents
	local limit
	for limit in 'cgroup_cpu_ms_per_sec: 300' 'cgroup_pids_max: 12'; do
		with "$limit cgroup_cpu_parent: '$ID' cgroup_pids_parent: '$ID' cgroupv2_mount: '/sys/fs/cgroup/$ID'"
		door -q --config jail.cfg -- /bin/sleep 70 &
		local pid=$!
		later kill_and_wait $pid
		wait_for 10 eval 'is_status "$(jr list -q)" running'
		case $limit in
		*cpu*) [[ "$(quota)" == *300000* ]] ;;
		*) find /sys/fs/cgroup -path "*/$ID/*" -name pids.max -exec cat {} + | grep -qx 12 ;;
		esac
		kill -TERM $pid
		wait $pid || true
	done
	remove_parents
}
