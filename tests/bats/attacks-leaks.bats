#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# What a container could get by being given too much: fds, directories, capabilities, ids, cgroups.

# CVE-2024-21626
@test "no number in /proc/self/fd is a working directory that leads out" {
	local n dir
	bundle
	with_host_programs
	for n in {3..20}; do
		for dir in /proc/self/fd/$n /proc/self/fd/$n/../../.. /proc/thread-self/fd/$n; do
			config '.process.cwd = $d' --arg d "$dir"
			# Our caller leaves directories of the host open, too.
			run jr run -b "$BUNDLE" "$ID" 7< / 11< /sys/fs/cgroup
			[ "$status" -ne 0 ] || { echo "$dir: $output"; return 1; }
			[[ "$output" == *"working directory"* || "$output" == *"No such file"* ]]
		done
	done
}

# CVE-2024-21626
@test "exec with such a working directory, as an option or from a process file, is refused" {
	local n
	bundle
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	for n in {3..20}; do
		run jr exec --cwd "/proc/self/fd/$n" "$ID" sh -c 'echo the program ran' 7< / 11< /sys/fs/cgroup
		fails_with 255 "working directory"
		[[ "$output" != *"the program ran"* ]]
	done
	jq '.process | .cwd = "/proc/self/fd/7" | .args = ["sh", "-c", "echo the program ran"]' \
		"$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID" 7< /
	fails_with 255 "working directory"
	[[ "$output" != *"the program ran"* ]]
	jr delete --force "$ID"
}

@test "a jail's working directory is not what a number in /proc/self/fd leads to" {
	local n
	for n in 7 11; do
		printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\ncwd: "/proc/self/fd/%s"\n' \
			"$ROOTFS" $n > jail.cfg
		run jr run --config jail.cfg -- /bin/echo the program ran 7< / 11< "$T"
		fails_with 1 "the working directory '/proc/self/fd/$n' is outside of the jail"
		[[ "$output" != *"the program ran"* ]]
	done
}

@test "a symlink in the image to an fd is no working directory either" {
	bundle
	ln -s /proc/self/fd/7 "$BUNDLE/rootfs/work"
	ln -s /proc/1/fd/7 "$BUNDLE/rootfs/work1"
	local dir
	for dir in /work /work1 /work/x; do
		config '.process.cwd = $d' --arg d "$dir"
		run jr run -b "$BUNDLE" "$ID" 7< /
		[ "$status" -ne 0 ]
		[[ "$output" == *"working directory"* ]]
	done
}

@test "all fds of the first process are its stdio, in the container's eyes and the host's" {
	bundle
	# Another process looks: a shell that lists its own fds has one more.
	script 'ls -l /proc/1/fd; sleep 1000'
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1 7< / 11< /sys/fs/cgroup
	local pid
	pid=$(pid_of "$ID")
	wait_for 10 grep -q " 2 -> " out
	[ "$(ls "/proc/$pid/fd" | sort -n | tr '\n' ' ')" = "0 1 2 " ]
	not grep -E " ([3-9]|[1-9][0-9]+) -> " out
	[ "$(readlink "/proc/$pid/cwd")" = "$(readlink "/proc/$pid/root")" ]
	jr delete --force "$ID"
}

# CVE-2022-24769, CVE-2022-29162, CVE-2022-27649, CVE-2022-27650, CVE-2022-27651, CVE-2025-27612
@test "nothing is inheritable unless the config says so, neither with exec --cap" {
	bundle 'del(.process.capabilities.inheritable)'
	script 'grep CapInh /proc/self/status; sleep 1000'
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	wait_for 10 grep -q CapInh out
	grep -qE "CapInh:\s0000000000000000" out
	run jr exec --cap CAP_CHOWN --cap CAP_SYS_ADMIN "$ID" grep Cap /proc/self/status
	says CapInh
	[[ "$output" =~ CapInh:[[:space:]]0000000000000000 ]]
	# CAP_CHOWN is bit 0, CAP_SYS_ADMIN bit 21: what was asked for is there.
	[[ "$output" =~ CapEff:[[:space:]]00000000[0-9a-f]{2}2[0-9a-f]{4}[13579bdf] ]]
	run jr exec -u 1000 --cap CAP_CHOWN "$ID" grep CapInh /proc/self/status
	[[ "$output" =~ CapInh:[[:space:]]0000000000000000 ]]
	jr delete --force "$ID"
}

# CVE-2026-30892
@test "exec -u takes whole numbers in range and nothing else" {
	local user
	bundle
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	for user in 1x x1 "1 " " 1" +1 -1 0x10 1.0 1e3 "" : 1: :1 1:2:3 1:x 1:-1 1:2x 4294967295 4294967296 \
		1:4294967295 1:4294967296 18446744073709551616 99999999999999999999 $'1\n' 1,2 root; do
		run jr exec -u "$user" "$ID" id -u
		[ "$status" -ne 0 ] || { echo "'$user' was taken: $output"; return 1; }
		[[ "$output" != 0* ]]
	done
	for user in 1 0001 4294967294 1:2 7:4294967294; do
		run jr exec -u "$user" "$ID" sh -c 'grep -E "^(Uid|Gid)" /proc/self/status'
		says Uid
		local uid=${user%%:*} gid=0
		[[ "$user" != *:* ]] || gid=${user#*:}
		[ "$(awk '/Uid/ { print $2, $3, $4, $5 }' <<< "$output")" = \
			"$((10#$uid)) $((10#$uid)) $((10#$uid)) $((10#$uid))" ]
		[ "$(awk '/Gid/ { print $2 }' <<< "$output")" = "$gid" ]
	done
	jr delete --force "$ID"
}

# CVE-2026-46680
@test "ids that are no ids are refused wherever they stand, with the place" {
	local filter
	for filter in '.process.user.uid = 4294967296' '.process.user.uid = 4294967295' '.process.user.uid = -1' \
		'.process.user.gid = 4294967295' '.process.user.gid = 4294967296' '.process.user.gid = -1' \
		'.process.user.additionalGids = [4294967295]' '.process.user.additionalGids = [-1]' \
		'.process.user.uid = 1.5' '.process.user.uid = "0"' '.process.user.uid = 1e3' \
		'.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3, uid: 4294967296}]'; do
		bundle "$filter"
		script 'id -u'
		# jq writes 1e3 as 1000: put it back.
		[[ "$filter" != *1e3 ]] || sed -i 's/"uid": 1000/"uid": 1e3/' "$BUNDLE/config.json"
		run jr run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ] || { echo "$filter: $output"; return 1; }
		[[ "$output" == *"config.json:"* ]] || { echo "$filter: $output"; return 1; }
	done
}

# CVE-2023-25809
@test "without a cgroup namespace the container sees its own cgroups, and no other" {
	local other
	bundle
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID-other" > out 2>&1
	bundle 'del(.linux.namespaces[] | select(.type == "cgroup"))
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))
			+ [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	with_capabilities CAP_DAC_OVERRIDE
	script 'find /sys/fs/cgroup -name "*-other*" -o -name release_agent; find /sys/fs/cgroup -name cgroup.procs | wc -l
		cd /sys/fs/cgroup; for d in */; do [ ! -e "$d/../cgroup.procs" ] || echo out; done
		true'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	echo "$output"
	[[ "$output" != *-other* && "$output" != *release_agent* && "$output" != *$'\nout'* ]]
	[ "${lines[0]}" -ge 1 ]
	jr delete --force "$ID-other"
}

@test "the cgroup mount of the usual config cannot be written to" {
	bundle
	with_capabilities CAP_DAC_OVERRIDE
	jq -e '.mounts[] | select(.type == "cgroup")' "$BUNDLE/config.json" > cgroup
	grep -q '"ro"' cgroup
	script 'for f in $(find /sys/fs/cgroup -name cgroup.procs); do echo $$ > "$f" && echo "written $f"; done
		mkdir $(dirname "$f")/x && echo made; mkdir /sys/fs/cgroup/x && echo made; true'
	run jr run -b "$BUNDLE" "$ID"
	says "Read-only"
	[[ "$output" != *written* && "$output" != *made* ]]
}

@test "the caller's own cgroups can be seen by a container without any, and not changed" {
	bundle '.mounts |= map(select(.destination != "/sys/fs/cgroup"))
		+ [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw", "nosuid"]}]'
	script 'ls -A /sys/fs/cgroup | head -n 1; sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \(\/sys\/fs\/cgroup[^ ]*\) \(rw[^ ]*\) .*/open: \1 \2/p" \
		/proc/self/mountinfo'
	run jr --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	says ""
	[ -n "$output" ]
	[[ "$output" != *open:* ]]
}

@test "in a cgroup namespace the root is the container's cgroup, for mounts of its own, too" {
	bundle '.linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique
		| .linux.seccomp = null | .process.noNewPrivileges = false | .root.readonly = false'
	config 'del(.linux.seccomp)'
	with_host_programs
	with_capabilities CAP_SYS_ADMIN CAP_DAC_OVERRIDE
	script 'cut -d: -f3 /proc/self/cgroup | sort -u; cut -d: -f3 /proc/1/cgroup | sort -u
		mkdir -p /m
		if [ -e /sys/fs/cgroup/cgroup.controllers ]; then mount -t cgroup2 x /m
		else mount -t cgroup -o freezer x /m; fi
		echo mounted; ls /m; ls -d /m/.. ; find /m -name "*'"$ID"'*" -o -name release_agent'
	run jr run -b "$BUNDLE" "$ID"
	says mounted
	[ "${lines[0]}" = / ]
	[ "${lines[1]}" = / ]
	[[ "$output" == *cgroup.procs* ]]
	[[ "$output" != *"$ID"* && "$output" != *release_agent* ]]
}

@test "a cgroup path cannot climb out" {
	local path
	for path in ../../x /../x /a/../../x a/../b ..; do
		bundle '.linux.cgroupsPath = $p' --arg p "$path"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "holds '..'"
	done
}

# CVE-2020-5291
@test "jailrt is installed without a set-user-id bit, and needs none" {
	make -s -C "$BATS_TEST_DIRNAME/../.." -o all DESTDIR="$T/install" PREFIX=/usr install > /dev/null 2>&1 ||
		install -D -m 755 "$JAILRT" "$T/install/usr/bin/jailrt"
	[ "$(stat -c %a "$T/install/usr/bin/jailrt")" = 755 ]
	[ -z "$(find "$T/install" -perm /6000)" ]
}
