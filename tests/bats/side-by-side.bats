#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=host
# The same bundles under jailrt, runc and crun on cgroup v1; on v2: tests/vm/side-by-side.bats.
load helpers
load life
load side-by-side

LAYOUT=v1
# crun takes no v1 with a cgroup2 beside it that has controllers; mounts are shared, as on most hosts. The null device
# is a copy, since crun gives it to the root of a user namespace.
HOST=(unshare --mount --propagation private sh -c 'null=/dev/null-$$ && mknod -m 666 "$null" c 1 3 || exit
	trap "rm $null" EXIT
	mount --bind "$null" /dev/null && mount --make-rshared / || exit
	for m in $(awk "/ - cgroup2 / { print \$5 }" /proc/self/mountinfo); do umount "$m" || exit; done; "$@"' sh)

@test "what jailrt spec writes" {
	observed
	alike spec
}

@test "what runc spec and crun spec write" {
	local tool
	for tool in runc crun; do
		observed
		rm "$BUNDLE/config.json"
		(cd "$BUNDLE" && $tool spec)
		config '.process.terminal = false | .linux.cgroupsPath = $p' --arg p "/$ID"
		alike "$tool spec"
	done
}

engine() {
	observed
	engine_config "$1"
	alike "$1"
}

@test "podman's configs" {
	engine podman-run
	engine podman-run-2
}

@test "docker's and buildah's configs" {
	engine docker-run
	engine buildah-run
}

@test "containerd's configs" {
	engine ctr-run
	engine cri-sandbox
	engine cri-container
}

@test "ids, groups and umask" {
	observed '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 7, 1001], umask: 63}'
	alike user
	observed '.process.user = {uid: 1000, gid: 1000} | .process.capabilities |= map_values(["CAP_KILL"])
		| .process.capabilities.inheritable = ["CAP_KILL"] | .process.capabilities.ambient = ["CAP_KILL"]'
	alike "user with ambient"
}

@test "capabilities" {
	observed '.process.capabilities = {}'
	alike "no capabilities"
	observed '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_NET_RAW"], permitted: ["CAP_CHOWN", "CAP_NET_RAW"],
		effective: ["CAP_CHOWN"], inheritable: ["CAP_NET_RAW"], ambient: ["CAP_NET_RAW"]}
		| .process.noNewPrivileges = false'
	alike capabilities
	observed 'del(.process.capabilities)'
	alike "capabilities left out"
}

@test "limits, OOM score, environment, current directory" {
	observed '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_STACK", soft: 4194304, hard: 8388608}, {type: "RLIMIT_NPROC", soft: 500, hard: 600}]
		| .process.oomScoreAdj = 300 | .process.env = ["A=1", "PATH=/bin", "EMPTY=", "SPACE=a b"] | .process.cwd = "/var/made/here"'
	alike process
	observed 'del(.process.env, .process.rlimits) | .process.oomScoreAdj = 0'
	alike "process of nothing"
}

@test "environment of a user with a home, and one without" {
	observed '.process.user = {uid: 1000, gid: 1000}'
	alike "home of a user"
	observed '.process.user = {uid: 4711, gid: 4711} | .process.env += ["HOME="]'
	alike "home of nobody"
}

@test "scheduling" {
	observed '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} | .process.scheduler = {policy: "SCHED_BATCH", nice: 4}'
	alike scheduling
	observed '.linux.personality = {domain: "LINUX32"}'
	alike personality
}

@test "each namespace left out" {
	local kind
	for kind in pid network ipc uts cgroup; do
		observed '.linux.namespaces |= map(select(.type != $k)) | if $k == "uts" then del(.hostname) else . end
			| if $k == "network" then .mounts |= map(if .type == "sysfs" then {destination: "/sys", type: "bind", source: "/sys",
				options: ["rbind", "nosuid", "noexec", "nodev", "ro"]} else . end) else . end
			| .mounts |= map(select(.destination != "/sys/fs/cgroup"))' --arg k $kind
		alike "without $kind"
	done
}

@test "namespaces joined by path" {
	unshare --net --ipc --uts sleep 1000 3>&- &
	local pid=$! kind
	later kill "$pid"
	wait_for 10 sh -c "[ \$(readlink /proc/$pid/ns/net) != \$(readlink /proc/self/ns/net) ]"
	observed '.linux.namespaces |= map(if .type == "network" then .path = "/proc/\($p)/ns/net"
		elif .type == "ipc" then .path = "/proc/\($p)/ns/ipc" elif .type == "uts" then .path = "/proc/\($p)/ns/uts" else . end)
		| del(.hostname)' --arg p "$pid"
	LABELS=$(for kind in net ipc uts; do echo "$kind=$(stat -Lc %i "/proc/$pid/ns/$kind")=joined"; done)
	export LABELS
	alike joined
}

@test "a user namespace, and the cgroup namespace" {
	observed '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}, {containerID: 5000, hostID: 300000, size: 10}]
		| .process.user = {uid: 0, gid: 0, additionalGids: [5003]}'
	chmod o+x "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	chown -hR 100000:200000 "$BUNDLE/pristine"
	alike userns
	observed '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
	alike cgroupns
}

@test "host name, domain name, kernel parameters" {
	observed '.hostname = "a.host" | .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096",
		"net.ipv4.ping_group_range": "0 10", "fs.mqueue.msg_max": "20"}'
	alike names
	observed '.domainname = "a.domain"'
	alike domainname
}

@test "masked and read-only paths" {
	observed '.linux.maskedPaths += ["/masked-file", "/masked-folder", "/not-there"]
		| .linux.readonlyPaths += ["/read-only", "/not-there", "/proc/sysrq-trigger"] | .root.readonly = false'
	alike masked
	observed 'del(.linux.maskedPaths, .linux.readonlyPaths) | .root.readonly = false'
	alike "nothing masked"
}

@test "binds and their options" {
	observed '.mounts += [
		{destination: "/b/plain", type: "bind", source: $in, options: ["bind"]},
		{destination: "/b/ro", type: "bind", source: $in, options: ["rbind", "ro"]},
		{destination: "/b/strict", type: "none", source: $in, options: ["bind", "nosuid", "nodev", "noexec", "noatime", "nodiratime"]},
		{destination: "/b/loose", source: $in, options: ["bind", "rw", "suid", "dev", "exec", "strictatime"]},
		{destination: "/b/file", type: "bind", source: ($in + "/file"), options: ["bind", "ro"]},
		{destination: "b/relative", type: "bind", source: "in/folder", options: ["rbind"]}]
		| .root.readonly = false'
	alike binds
}

@test "propagation of mounts" {
	local how
	observed '.mounts += [{destination: "/p/shared", type: "bind", source: $in, options: ["bind", "shared"]},
		{destination: "/p/rslave", type: "bind", source: $in, options: ["rbind", "rslave"]},
		{destination: "/p/private", type: "bind", source: $in, options: ["bind", "private"]},
		{destination: "/p/unbindable", type: "bind", source: $in, options: ["bind", "unbindable"]},
		{destination: "/p/none", type: "bind", source: $in, options: ["bind"]}] | .root.readonly = false'
	alike propagation
	for how in private rprivate slave rslave unbindable shared rshared; do
		observed '.linux.rootfsPropagation = $h' --arg h $how
		alike "rootfs $how"
	done
}

@test "file systems, their options, and tmpcopyup" {
	observed '.root.readonly = false | .mounts += [
		{destination: "/t/a", type: "tmpfs", source: "name", options: ["size=64k", "mode=700", "nr_inodes=100", "noexec"]},
		{destination: "/t/b", type: "tmpfs", source: "tmpfs", options: ["ro", "nosuid", "relatime"]},
		{destination: "/t/c", type: "tmpfs", source: "tmpfs", options: ["sync", "dirsync", "lazytime"]},
		{destination: "/t/p", type: "proc", source: "proc", options: ["nosuid"]},
		{destination: "/t/d", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0600", "mode=0600"]}]'
	alike "file systems"
	observed '.root.readonly = false | .mounts += [{destination: "/masked-folder", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
	alike tmpcopyup
}

@test "recursive mount options" {
	observed '.root.readonly = false | .mounts += [
		{destination: "/r/a", type: "bind", source: $in, options: ["rbind", "rro", "rnosuid", "rnodev"]},
		{destination: "/r/b", type: "bind", source: $in, options: ["rbind", "rnoexec", "rnoatime"]}]'
	alike recursive
}

@test "id-mapped mounts" {
	observed '.root.readonly = false | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/data", type: "bind", source: $in, options: ["bind"],
			uidMappings: [{containerID: 0, hostID: 100000, size: 65536}], gidMappings: [{containerID: 0, hostID: 100000, size: 65536}]}]'
	chmod o+x "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	chown -hR 100000:100000 "$BUNDLE/pristine"
	alike idmapped
}

@test "devices, made and allowed" {
	observed '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 432, uid: 3, gid: 4},
			{path: "/dev/sub/loop", type: "b", major: 7, minor: 0}, {path: "/dev/fifo", type: "p", fileMode: 384}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"},
			{allow: true, type: "b", major: 7, access: "r"}]'
	alike devices
	observed '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_MKNOD"]) | del(.linux.resources)'
	alike "no device rules"
	observed '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .linux.resources.devices = [{allow: true, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 11, access: "rwm"}]'
	alike "devices but one"
}

@test "limits of memory, processors and tasks" {
	observed '.linux.resources += {memory: {limit: 134217728, reservation: 67108864, swap: 268435456, swappiness: 30, disableOOMKiller: true},
		cpu: {shares: 512, quota: 50000, period: 200000, cpus: "0", mems: "0"}, pids: {limit: 77}}'
	alike resources
	observed '.linux.resources += {memory: {limit: -1}, pids: {limit: -1}, cpu: {shares: 0, quota: -1}}'
	alike "resources of none"
	observed '.linux.resources += {memory: {limit: 67108864}, cpu: {burst: 10000, quota: 50000, period: 100000, idle: 1}}'
	alike "burst and idle"
}

@test "limits of block devices" {
	local device
	device=$(lsblk -dno MAJ:MIN 2> /dev/null | head -n 1)
	[ -n "$device" ] || skip "no block device here"
	observed '.linux.resources += {blockIO: {throttleReadBpsDevice: [{major: $a, minor: $b, rate: 1048576}],
		throttleWriteIOPSDevice: [{major: $a, minor: $b, rate: 100}]}}' --argjson a "${device%:*}" --argjson b "$(tr -d ' ' <<< "${device#*:}")"
	alike blkio
}

# crun takes a path that is not absolute from the root of the hierarchy.
@test "where the cgroup is when nothing is said, and when it is a relative path" {
	observed 'del(.linux.cgroupsPath)'
	alike "cgroup of no path" runc
	observed '.linux.cgroupsPath = $p' --arg p "$ID-a/b"
	later find /sys/fs/cgroup -depth -type d -path "*/$ID-a*" -exec rmdir '{}' ';'
	alike "cgroup of a relative path" runc
}

@test "seccomp" {
	local action
	for action in ERRNO KILL_PROCESS LOG TRAP; do
		observed '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
			syscalls: [{names: ["acct", "swapon"], action: $a},
			{names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 99, args: [{index: 0, value: 40, op: "SCMP_CMP_EQ"}]},
			{names: ["unshare"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 268435456, valueTwo: 268435456, op: "SCMP_CMP_MASKED_EQ"}]}]}' \
			--arg a "SCMP_ACT_$action"
		alike "seccomp $action"
	done
	observed '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], flags: ["SECCOMP_FILTER_FLAG_LOG"],
		syscalls: [{names: ["bpf"], action: "SCMP_ACT_ERRNO"}]} | .process.noNewPrivileges = false
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	alike "seccomp with a flag"
}

@test "descriptors that are handed on" {
	no_san "it is compared as it is installed" # with fd 3, by which a skip is told, as it is
	observed
	PASS_FDS="3 4 5" OPTIONS="--preserve-fds 2" alike "preserve-fds" 3< /dev/null 4< "$BUNDLE/in/file" 5<> "$BUNDLE/in/file"
}

@test "no keyring, no pivot" {
	observed
	OPTIONS="--no-new-keyring" alike "no new keyring"
	observed
	OPTIONS="--no-pivot" alike "no pivot"
}

@test "a terminal" {
	observed '.process.terminal = true | .process.consoleSize = {height: 30, width: 100}'
	TERMINAL=1 alike terminal
}

@test "a rootless bundle, for its user" {
	local dir
	for dir in "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"; do chmod o+x "$dir"; done
	observed
	rm "$BUNDLE/config.json"
	chmod 777 "$BUNDLE"
	(cd "$BUNDLE" && setpriv --reuid 54321 --regid 54321 --clear-groups runc spec --rootless)
	chown -hR 54321:54321 "$BUNDLE"
	config '.process.terminal = false'
	install -m 755 "$JAILRT" "$T/jailrt"
	mkdir -m 777 "$T/own"
	JAILRT="$T/jailrt" PREFIX="setpriv --reuid 54321 --regid 54321 --clear-groups env HOME=$T/own XDG_RUNTIME_DIR=$T/own" alike rootless
}

@test "whatever is listed as different is so" {
	none_unused
}
