#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# Root filesystems whose paths lead elsewhere: what is made for the container must not reach the host.

# image_link PATH TARGET: in the rootfs, PATH is a symlink to it.
image_link() {
	rm -rf "$BUNDLE/rootfs$1"
	mkdir -p "$(dirname "$BUNDLE/rootfs$1")"
	ln -s "$2" "$BUNDLE/rootfs$1"
}

no_mounts_on() {
	config '.mounts |= map(select(.destination | startswith($d) | not))' --arg d "$1"
}

# CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867
@test "/proc or /sys as a symlink, or beneath one, is refused, and nothing is made where it leads" {
	local dir target
	marker "$T/marker"
	for dir in /proc /sys; do
		for target in "$MARKER" ../../../../../../../../..$MARKER "$MARKER/new" ./x . /; do
			bundle '.root.readonly = false'
			image_link $dir "$target"
			script 'echo the program ran'
			run jr run -b "$BUNDLE" "$ID"
			fails_with 1 "'$dir' is a symlink, not a directory"
			[[ "$output" != *"the program ran"* ]]
			unmarked
		done
	done
	bundle '.root.readonly = false | (.mounts[] | select(.destination == "/proc")).destination = "/a/proc"'
	image_link /a "$MARKER"
	run jr run -b "$BUNDLE" "$ID"
	unmarked
	[ -z "$(grep "$MARKER" /proc/self/mountinfo)" ]
}

# CVE-2025-52881, CVE-2025-62596
@test "what is mounted over /proc does not catch what is written to the kernel" {
	needs_capability CAP_SYS_ADMIN 21
	bundle
	mkdir "$T/fake" "$T/fake/self" "$T/fake/net"
	echo 0 > "$T/trap"
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "0 5"}
		| .process.oomScoreAdj = 500
		| .mounts += [{destination: "/proc/sys/net/ipv4/ip_forward", source: $t, options: ["bind"]},
			{destination: "/proc/self/oom_score_adj", source: $t, options: ["bind"]},
			{destination: "/proc/self/attr", type: "tmpfs", source: "x"},
			{destination: "/p", type: "proc", source: "p"}]' --arg t "$T/trap"
	with_capabilities CAP_SYS_ADMIN
	script 'cat /p/sys/net/ipv4/ip_forward /p/sys/net/ipv4/ping_group_range /p/self/oom_score_adj'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'1\n0\t5\n500' ]
	[ "$(cat "$T/trap")" = 0 ]
	# And all of /proc by something else.
	config '(.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", source: $f, options: ["bind"]}
		| .mounts |= map(select(.destination | startswith("/proc/") | not))' --arg f "$T/fake"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'1\n0\t5\n500' ]
	[ -z "$(find "$T/fake" -type f)" ]
}

@test "a kernel parameter whose path has dots or symlinks cannot leave its directory" {
	local before name
	before=$(cat /proc/sys/kernel/core_pattern)
	for name in net/../kernel/core_pattern net.ipv4...kernel.core_pattern ../../etc/x net//../x \
		kernel.core_pattern kernel.sysrq; do
		bundle '.linux.sysctl = {($n): "1"}' --arg n "$name"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "sysctl"
	done
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
}

# CVE-2026-41579, CVE-2026-47766
@test "/dev as a symlink to the host: nothing is made, removed or bound there" {
	local target
	marker "$T/marker"
	touch "$MARKER/ptmx" "$MARKER/null" "$MARKER/console" "$MARKER/fd"
	MARKED=$(list_marker)
	for target in "$MARKER" ../../../../../../../../../..$MARKER; do
		bundle '.root.readonly = false | .linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3}]'
		no_mounts_on /dev
		image_link /dev "$target"
		script 'ls -l /dev/'
		run jr run -b "$BUNDLE" "$ID"
		says null
		unmarked
		[ -c "$BUNDLE/rootfs$MARKER/x" ]
		bundle
		image_link /dev "$target"
		run jr run -b "$BUNDLE" "$ID"
		unmarked
	done
}

# CVE-2026-88265, CVE-2025-31133, CVE-2025-62161
@test "/dev/null as a symlink is not opened, given away, or bound" {
	local target core
	core=$(cat /proc/sys/kernel/core_pattern)
	marker "$T/marker"
	for target in "$MARKER/file" /marked /proc/sys/kernel/core_pattern; do
		bundle '.root.readonly = false | .linux.maskedPaths = ["/proc/uptime"] | .process.user.uid = 1000'
		no_mounts_on /dev
		image_link /dev/null "$target"
		echo untouched > "$BUNDLE/rootfs/marked"
		script 'echo overwritten'
		run jr run -b "$BUNDLE" "$ID" 0<&- 1>&-
		[ "$status" -ne 0 ]
		[ "$(cat "$BUNDLE/rootfs/marked")" = untouched ]
		[ "$(stat -c %u "$BUNDLE/rootfs/marked")" = 0 ]
		unmarked
	done
	# With /dev the image's own, and nothing to be made in it.
	bundle '.root.readonly = false | .linux.maskedPaths = ["/proc/uptime"] | .process.user.uid = 1000'
	mkdir "$BUNDLE/dev"
	no_mounts_on /dev
	config '.mounts += [{destination: "/dev", source: "dev", options: ["bind"]}]'
	ln -s /marked "$BUNDLE/dev/null"
	echo untouched > "$BUNDLE/rootfs/marked"
	script 'stat -c "%F %t:%T" /proc/uptime > /tmp/out'
	"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" 0<&- 1>&- 2>&-
	[ "$(cat "$BUNDLE/rootfs/tmp/out")" = "character special file 1:3" ]
	[ "$(cat "$BUNDLE/rootfs/marked")" = untouched ]
	[ "$(stat -c %u "$BUNDLE/rootfs/marked")" = 0 ]
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$core" ]
}

# CVE-2026-88264, CVE-2025-52565
@test "/dev/console as a symlink, a directory or a fifo is no way out for a terminal" {
	marker "$T/marker"
	local target
	for target in "$MARKER/file" "$MARKER/new" ../../../../../../../../..$MARKER/new /proc/sysrq-trigger; do
		bundle '.process.terminal = true | .root.readonly = false'
		config '.mounts |= map(select(.destination != "/dev"))'
		mkdir -p "$BUNDLE/rootfs/dev/pts"
		image_link /dev/console "$target"
		script 'echo the program ran'
		run env script -qec "'$JAILRT' --root '$STATES' run -b '$BUNDLE' '$ID'" /dev/null
		[[ "$output" == *"'/dev/console' is a symlink"* ]]
		[[ "$output" != *"the program ran"* ]]
		unmarked
	done
}

@test "a terminal is not taken from a /dev/pts that is the image's" {
	bundle '.process.terminal = true | .root.readonly = false
		| .mounts |= map(select(.destination != "/dev/pts" and .destination != "/dev"))'
	mkdir -p "$BUNDLE/rootfs/dev/pts"
	mknod "$BUNDLE/rootfs/dev/pts/ptmx" c 5 2
	script 'echo the program ran'
	run env script -qec "'$JAILRT' --root '$STATES' run -b '$BUNDLE' '$ID'" /dev/null
	[[ "$output" == *"open a terminal"* || "$output" == *"not a devpts' own"* ]] || { echo "$output"; return 1; }
	[[ "$output" != *"the program ran"* ]]
	ln -sf /dev/ptmx "$BUNDLE/rootfs/dev/pts/ptmx"
	run env script -qec "'$JAILRT' --root '$STATES' run -b '$BUNDLE' '$ID'" /dev/null
	[[ "$output" != *"the program ran"* && "$output" == *"jailrt: run"* ]]
	rm "$BUNDLE/rootfs/dev/pts/ptmx"
	echo "no terminal" > "$BUNDLE/rootfs/dev/pts/ptmx"
	run env script -qec "'$JAILRT' --root '$STATES' run -b '$BUNDLE' '$ID'" /dev/null
	[[ "$output" == *"'/dev/pts/ptmx' is not a devpts' own"* ]]
}

# CVE-2019-18837, CVE-2024-45310
@test "targets of every kind of mount stay in the rootfs, and nothing is made outside" {
	local link
	marker "$T/marker"
	for link in "$MARKER" ../../../../../../../../../..$MARKER /hop; do
		bundle '.root.readonly = false | .linux.maskedPaths = ["/out/file", "/out/dir"]
			| .linux.readonlyPaths = ["/out/file"]
			| .process.cwd = "/out/cwd/deep"
			| .linux.devices = [{path: "/out/dev/x", type: "c", major: 1, minor: 3}]
			| .mounts += [{destination: "/out/tmpfs", type: "tmpfs", source: "x"},
				{destination: "/out/bind/deep", source: "/etc", options: ["bind", "ro"]},
				{destination: "/out/file2", source: "/etc/hostname", options: ["bind"]},
				{destination: "/out/cgroup", type: "cgroup", source: "c", options: ["ro"]},
				{destination: "/out/new/a/b", type: "tmpfs", source: "x", options: ["tmpcopyup"]}]'
		ln -s "$link" "$BUNDLE/rootfs/out"
		ln -s "$MARKER" "$BUNDLE/rootfs/hop"
		script 'ls /out/; pwd'
		run jr run -b "$BUNDLE" "$ID"
		says cgroup
		unmarked
		[ -d "$BUNDLE/rootfs$MARKER/tmpfs" ]
	done
}

@test "hundreds of mounts and ranges of ids are all there" {
	# CVE-2021-43784: more than 64 KiB of what the child is told.
	local deep
	deep=$(printf 'd%.0s' {1..100})
	bundle '.root.readonly = false | .mounts += [range(700) |
		{destination: "/m/\($d)-\(.)", type: "tmpfs", source: "x", options: ["mode=7\(. % 8)5"]}]
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [range(200) | {containerID: (. * 2), hostID: (100000 + . * 5), size: 2}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "mqueue"))' --arg d "$deep"
	chown -hR 100000:100000 "$BUNDLE/rootfs"
	script "ls /m | wc -l; stat -c %a /m/$deep-0 /m/$deep-699; grep -c ' /m/' /proc/self/mountinfo
		wc -l < /proc/self/uid_map; tail -n 1 /proc/self/uid_map"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]} ${lines[1]} ${lines[2]} ${lines[3]} ${lines[4]}" = "700 705 735 700 200" ]
	[[ "${lines[5]}" =~ ^\ *398\ +100995\ +2$ ]]
}

# In a folder that somebody made, "self/attr" and "sys" would be what that one likes.
@test "a /proc of the host's that is no procfs is refused, though all in it leads to one" {
	bundle
	script 'echo the program ran'
	mkdir false real
	run unshare --mount sh -c 'mount -t proc proc real && mount -t tmpfs x false &&
		for f in real/*; do ln -s "$0/$f" false; done && mount --rbind false /proc && exec "$@"' "$T" \
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "/proc is no procfs"
	[[ "$output" != *"the program ran"* ]]
}
