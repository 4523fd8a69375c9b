#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

rlimits() {
	config ".process.rlimits = $1"
}

# rlimit NAME: the line of /proc/self/limits in the last output, as "soft hard".
rlimit() {
	sed -n "s/^$1  *\([^ ]*\)  *\([^ ]*\).*/\1 \2/p" <<< "$output"
}

@test "soft and hard limits are those of the config" {
	bundle
	rlimits '[{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 4096},
		{type: "RLIMIT_CPU", soft: 30, hard: 60},
		{type: "RLIMIT_FSIZE", soft: 1048576, hard: 2097152},
		{type: "RLIMIT_STACK", soft: 1048576, hard: 8388608},
		{type: "RLIMIT_AS", soft: 1073741824, hard: 1073741825},
		{type: "RLIMIT_DATA", soft: 1073741824, hard: 1073741825},
		{type: "RLIMIT_NPROC", soft: 500, hard: 501},
		{type: "RLIMIT_LOCKS", soft: 50, hard: 51},
		{type: "RLIMIT_SIGPENDING", soft: 60, hard: 61},
		{type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192},
		{type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000},
		{type: "RLIMIT_RSS", soft: 1000000, hard: 2000000}]'
	no_san "the address space is limited"
	command_is cat /proc/self/limits
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$(rlimit 'Max open files')" = "100 200" ]
	[ "$(rlimit 'Max core file size')" = "0 4096" ]
	[ "$(rlimit 'Max cpu time')" = "30 60" ]
	[ "$(rlimit 'Max file size')" = "1048576 2097152" ]
	[ "$(rlimit 'Max stack size')" = "1048576 8388608" ]
	[ "$(rlimit 'Max address space')" = "1073741824 1073741825" ]
	[ "$(rlimit 'Max data size')" = "1073741824 1073741825" ]
	[ "$(rlimit 'Max processes')" = "500 501" ]
	[ "$(rlimit 'Max file locks')" = "50 51" ]
	[ "$(rlimit 'Max pending signals')" = "60 61" ]
	[ "$(rlimit 'Max locked memory')" = "4096 8192" ]
	[ "$(rlimit 'Max msgqueue size')" = "1000 2000" ]
	[ "$(rlimit 'Max resident set')" = "1000000 2000000" ]
}

@test "limits are enforced by the kernel" {
	bundle '.root.readonly = false'
	# The shell itself needs a few descriptors from 10 on.
	rlimits '[{type: "RLIMIT_FSIZE", soft: 1000, hard: 1000}, {type: "RLIMIT_NOFILE", soft: 20, hard: 20}]'
	script 'exec 19</ && echo open; exec 20</; echo open too'
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ "${lines[0]}" = open ]
	[[ "$output" == *"Bad file descriptor"* && "$output" != *"open too"* ]]
	script 'trap "" XFSZ; head -c 2000 /dev/zero > /tmp/x; ls -l /tmp/x | tr -s " " | cut -d" " -f5'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[-1]}" = 1000 ]
}

@test "what the config does not speak of stays as the caller has it" {
	bundle
	rlimits '[]'
	command_is cat /proc/self/limits
	run prlimit --nofile=77:88 --core=5:6 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "$(rlimit 'Max open files')" = "77 88" ]
	[ "$(rlimit 'Max core file size')" = "5 6" ]
}

@test "a hard limit above the caller's is refused without the right to raise it, with what to do" {
	bundle
	rlimits '[{type: "RLIMIT_NOFILE", soft: 10, hard: 100}]'
	run prlimit --nofile=50:50 capsh --drop=cap_sys_resource -- -c 'exec "$@"' sh \
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "process.rlimits[0]"
	fails_with 1 "set RLIMIT_NOFILE to 10:100: Operation not permitted"
	fails_with 1 "Fix: a hard limit is raised by CAP_SYS_RESOURCE only"
	rlimits '[{type: "RLIMIT_CORE", soft: "NONE", hard: "NONE"}]'
	# jq would round it.
	sed -i 's/"NONE"/18446744073709551615/' "$BUNDLE/config.json"
	run prlimit --core=50:50 capsh --drop=cap_sys_resource -- -c 'exec "$@"' sh \
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "set RLIMIT_CORE to unlimited:unlimited"
}

@test "a hard limit is raised where the caller may" {
	needs_capability CAP_SYS_RESOURCE 24
	bundle
	rlimits '[{type: "RLIMIT_NOFILE", soft: 90, hard: 100}]'
	command_is cat /proc/self/limits
	run prlimit --nofile=50:50 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "$(rlimit 'Max open files')" = "90 100" ]
}

@test "limits that contradict each other, or are none, are refused with their place" {
	bundle
	rlimits '[{type: "RLIMIT_NOFILE", soft: 5, hard: 5}, {type: "RLIMIT_NOFILE", soft: 6, hard: 6}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.rlimits[1]"
	fails_with 1 "a second limit of type RLIMIT_NOFILE"
	rlimits '[{type: "RLIMIT_CORE", soft: 6, hard: 5}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the soft limit is above the hard one"
	rlimits '[{type: "RLIMIT_SPEED", soft: 6, hard: 6}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.rlimits[0].type"
	rlimits '[{type: "RLIMIT_CORE", soft: -1, hard: 6}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.rlimits[0].soft"
}

@test "oomScoreAdj is set, and left alone when the config has none" {
	local own
	own=$(cat /proc/self/oom_score_adj)
	bundle ".process.oomScoreAdj = $((own + 100))"
	command_is cat /proc/self/oom_score_adj
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = $((own + 100)) ]
	config 'del(.process.oomScoreAdj)'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = "$own" ]
	config '.process.oomScoreAdj = 1001'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.oomScoreAdj"
}

@test "oomScoreAdj is set in a user namespace, too" {
	local own
	own=$(cat /proc/self/oom_score_adj)
	bundle ".process.oomScoreAdj = $((own + 100)) | .root.readonly = false | .linux.namespaces += [{type: \"user\"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
	command_is cat /proc/self/oom_score_adj
	run jr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 $((own + 100))"
	script 'sleep 1000'
	jr run -d -b "$BUNDLE" "$ID"
	jr exec "$ID" cat /proc/self/oom_score_adj > inside
	same "$(cat inside)" "$((own + 100))"
}

@test "lowering oomScoreAdj is refused without the right to, with what to do" {
	bundle '.process.oomScoreAdj = -900'
	run capsh --drop=cap_sys_resource -- -c 'exec "$@"' sh "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "set oom_score_adj to -900"
	fails_with 1 "Fix: it is lowered by CAP_SYS_RESOURCE only"
}

@test "kernel parameters of the container's namespaces are set, and those of the host stay" {
	local forward shm queue
	forward=$(cat /proc/sys/net/ipv4/ip_forward) shm=$(cat /proc/sys/kernel/shmmni)
	queue=$(cat /proc/sys/fs/mqueue/msg_max)
	bundle ".linux.sysctl = {\"net.ipv4.ip_forward\": \"$((1 - forward))\", \"kernel.shmmni\": \"77\",
		\"fs.mqueue.msg_max\": \"33\", \"net/ipv4/conf/lo/forwarding\": \"1\",
		\"net.ipv4.ping_group_range\": \"5 6\", \"kernel.domainname\": \"param\"}"
	script 'cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmni fs/mqueue/msg_max \
		net/ipv4/conf/lo/forwarding net/ipv4/ping_group_range kernel/domainname'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$(tr '\t\n' '  ' <<< "$output")" = "$((1 - forward)) 77 33 1 5 6 param " ]
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = "$forward" ]
	[ "$(cat /proc/sys/kernel/shmmni)" = "$shm" ]
	[ "$(cat /proc/sys/fs/mqueue/msg_max)" = "$queue" ]
}

@test "kernel parameters of the whole machine, or of the host's namespaces, are refused" {
	local name
	for name in kernel.pid_max vm.swappiness kernel.core_pattern fs.file-max kernel/sysrq; do
		bundle ".linux.sysctl = {\"$name\": \"1\"}"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "linux.sysctl"
		fails_with 1 "belongs to no namespace"
	done
	bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .linux.namespaces |= map(select(.type != "network"))'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "would be the host's without a namespace of type network"
	bundle '.linux.sysctl = {"kernel.shmmni": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "would be the host's without a namespace of type ipc"
	bundle '.linux.sysctl = {"kernel.hostname": "x"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the host name is set by 'hostname'"
	bundle '.linux.sysctl = {"net/../kernel/pid_max": "1"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "is no kernel parameter"
	bundle '.linux.sysctl = {"net.ipv4.no_such": "1"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.sysctl"
	fails_with 1 "net/ipv4/no_such"
	bundle '.linux.sysctl = {"net.ipv4.ip_forward": "junk"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "net/ipv4/ip_forward"
	fails_with 1 "Invalid argument"
}

@test "kernel parameters are set in a user namespace, too" {
	bundle '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "80", "kernel.shmmni": "55"}'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	script 'cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/shmmni'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "80 55" ]
}

@test "LINUX32 makes the machine look like a 32-bit one" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	bundle '.linux.personality = {domain: "LINUX32"}'
	command_is uname -m
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = i686 ]
	config '.linux.personality.domain = "LINUX"'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = x86_64 ]
	config '.linux.personality.flags = ["X"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.personality.flags"
	config '.linux.personality = {domain: "SUN"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.personality.domain"
}
