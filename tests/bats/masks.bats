#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# masked LIST: the masked paths, besides none, in a root that can be written to.
masked() {
	config ".linux.maskedPaths = $1 | .root.readonly = false"
}

@test "a masked file is the null device, and what is under it cannot be reached" {
	bundle
	mkdir "$BUNDLE/rootfs/data"
	echo secret > "$BUNDLE/rootfs/data/secret"
	masked '["/data/secret", "/proc/uptime"]'
	script 'stat -c "%F %t:%T" /data/secret /proc/uptime; cat /data/secret /proc/uptime
		echo changed > /data/secret; rm /data/secret; mv /data/secret /data/moved'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = "character special file 1:3" ]
	[ "${lines[1]}" = "character special file 1:3" ]
	[[ "${lines[2]}" == *"Resource busy"* || "${lines[2]}" == *"Device or resource busy"* ]]
	[[ "$output" != *secret\ *secret* ]]
	[ "$(cat "$BUNDLE/rootfs/data/secret")" = secret ]
}

@test "masked directories are empty and read-only" {
	bundle
	mkdir -p "$BUNDLE/rootfs/data/sub" "$BUNDLE/rootfs/more"
	touch "$BUNDLE/rootfs/data/sub/file" "$BUNDLE/rootfs/more/file"
	masked '["/data", "/more", "/proc/bus"]'
	script 'for d in /data /more /proc/bus; do ls -A $d | wc -l; touch $d/x; done'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]} ${lines[2]} ${lines[4]}" = "0 0 0" ]
	[[ "${lines[1]}" == *"/data/x: Read-only file system" ]]
	[[ "${lines[3]}" == *"/more/x: Read-only file system" ]]
	[[ "${lines[5]}" == *"/proc/bus/x: Read-only file system" ]]
	[ -e "$BUNDLE/rootfs/data/sub/file" ]
}

@test "what is missing needs no mask, and is not made" {
	bundle
	masked '["/none", "/bin/busybox/x", "/proc/none/at/all", "/proc/uptime"]'
	script 'ls -d /none /proc/none; cat /proc/uptime | wc -c'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[-1]}" = 0 ]
	[[ "${lines[0]}" == *"/none: No such file or directory"* ]]
	[ ! -e "$BUNDLE/rootfs/none" ]
}

@test "a mask goes where symlinks lead to inside of the root" {
	bundle
	echo inner > "$BUNDLE/rootfs/inner"
	mkdir "$T/outside"
	echo outer > "$T/outside/file"
	mkdir -p "$BUNDLE/rootfs$T/outside"
	echo inner > "$BUNDLE/rootfs$T/outside/file"
	ln -s "$T/outside/file" "$BUNDLE/rootfs/link"
	ln -s ../../../../inner "$BUNDLE/rootfs/up"
	masked '["/link", "/up"]'
	script "cat /inner /link /up $T/outside/file; stat -c '%t:%T' /inner $T/outside/file"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "1:3 1:3" ]
	[ "$(cat "$T/outside/file")" = outer ]
}

@test "paths of masks and read-only ones are absolute" {
	bundle
	masked '["proc/uptime"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.maskedPaths[0]"
	fails_with 1 "'proc/uptime' is not an absolute path"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["/proc/sys", "../x"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.readonlyPaths[1]"
	fails_with 1 "'../x' is not an absolute path"
}

@test "the null device of the image does not matter for masks" {
	local target
	# The image's /dev is taken as it is when it is bound there.
	for target in /proc/sys/kernel/core_pattern /etc/passwd /dev/zero; do
		bundle
		mkdir "$BUNDLE/dev"
		ln -s $target "$BUNDLE/dev/null"
		masked '["/proc/uptime", "/proc/timer_list"]'
		config '.mounts |= (map(select(.destination | startswith("/dev") | not))
			+ [{destination: "/dev", source: "dev", options: ["bind"]}])'
		script 'stat -c "%F %t:%T" /proc/uptime /proc/timer_list; readlink /dev/null'
		run jr run -b "$BUNDLE" "$ID"
		says ""
		[ "${lines[0]}" = "character special file 1:3" ]
		[ "${lines[1]}" = "character special file 1:3" ]
		[ "${lines[2]}" = "$target" ]
	done
}

@test "a null device of the image that is none is an error where it should be the container's" {
	local before
	before=$(cat /proc/sys/kernel/core_pattern)
	bundle '.mounts |= map(select(.destination | startswith("/dev") | not))'
	ln -s /proc/sys/kernel/core_pattern "$BUNDLE/rootfs/dev/null"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/dev/null' is there already and is another kind of file"
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
}

@test "read-only paths cannot be written to, and what is beside them can" {
	bundle '.linux.readonlyPaths = ["/data/ro", "/data/file", "/none"] | .root.readonly = false'
	mkdir -p "$BUNDLE/rootfs/data/ro" "$BUNDLE/rootfs/data/rw"
	touch "$BUNDLE/rootfs/data/file"
	script 'cd /data; touch ro/x; echo > file; touch rw/x && ls rw; ls -d /none'
	run jr run -b "$BUNDLE" "$ID"
	[[ "${lines[0]}" == *"ro/x: Read-only file system" ]]
	[[ "${lines[1]}" == *"file: Read-only file system" ]]
	[ "${lines[2]}" = x ]
	[[ "${lines[3]}" == *"/none: No such file or directory" ]]
}

@test "what is mounted beneath a read-only path is read-only too" {
	bundle '.linux.readonlyPaths = ["/data"] | .mounts += [
		{destination: "/data/sub", type: "tmpfs", source: "x"},
		{destination: "/data/sub/deep", type: "tmpfs", source: "x"}]'
	script 'touch /data/x; touch /data/sub/x; touch /data/sub/deep/x'
	run jr run -b "$BUNDLE" "$ID"
	[ "${#lines[@]}" = 3 ]
	[[ "${lines[0]}" == *"/data/x: Read-only file system" ]]
	[[ "${lines[1]}" == *"/data/sub/x: Read-only file system" ]]
	[[ "${lines[2]}" == *"/data/sub/deep/x: Read-only file system" ]]
}

@test "a path can be masked beneath a read-only one" {
	bundle '.linux.readonlyPaths = ["/proc/sys"] | .linux.maskedPaths = ["/proc/sys/kernel/hostname"]
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	script 'cat /proc/sys/kernel/hostname | wc -c; echo x > /proc/sys/kernel/domainname'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" == *"Read-only file system"* ]]
}

@test "the usual masks of the config hold against root" {
	local path
	bundle '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO", "CAP_SYS_ADMIN"])'
	script 'for p; do if [ -d "$p" ]; then ls -A "$p"; else stat -c %t:%T "$p"; fi; done'
	config '.process.args += ["sh"]'
	for path in $(jq -r '.linux.maskedPaths[]' "$BUNDLE/config.json"); do
		[ ! -e "$path" ] || config '.process.args += [$p]' --arg p "$path"
	done
	run jr run -b "$BUNDLE" "$ID"
	says 1:3
	[ -z "$(grep -v '^1:3$' <<< "$output")" ]
	script 'for p; do echo x 2>&1 > $p; done; echo end'
	config '.process.args += ["sh", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname", "/proc/irq/x"]'
	run jr run -b "$BUNDLE" "$ID"
	says "/proc/sys/vm/drop_caches: Read-only file system"
	says "/proc/sys/kernel/hostname: Read-only file system"
	says "/proc/irq/x: "
	[ "${#lines[@]}" = 4 ]
}

@test "a null device of the host that is none is refused: it would be in the way of writers, not of readers" {
	bundle '.linux.maskedPaths = []'
	script 'echo the program ran'
	echo text > false-null
	run unshare --mount sh -c 'mount --bind "$0/false-null" /dev/null && exec "$@"' "$T" \
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "/dev/null is not the null device"
	[[ "$output" != *"the program ran"* ]]
	[ "$(cat false-null)" = text ]
}
