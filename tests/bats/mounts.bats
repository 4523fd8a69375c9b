#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# mounts JSON...: added to the config's, in this order.
mounts() {
	local m
	for m in "$@"; do
		config ".mounts += [$m]"
	done
}

@test "mounts are made in the order of the config" {
	bundle
	mounts '{destination: "/a", type: "tmpfs", source: "one"}' \
		'{destination: "/a/b", type: "tmpfs", source: "two"}' \
		'{destination: "/c/d", type: "tmpfs", source: "three"}' \
		'{destination: "/c", type: "tmpfs", source: "four"}'
	script 'sed -n "s/.* - tmpfs \(one\|two\|three\|four\) .*/\1/p" /proc/self/mountinfo; ls /c'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	# The last one hides what is beneath it, and is empty.
	[ "${lines[*]}" = "one two three four" ]
}

@test "directories and files are bound, and are those of the host" {
	bundle
	mkdir src
	echo first > src/file
	mounts '{destination: "/dir", source: "'"$T"'/src", options: ["bind"]}' \
		'{destination: "/file", source: "'"$T"'/src/file", type: "bind"}' \
		'{destination: "/etc/passwd", source: "'"$T"'/src/file", options: ["bind"]}'
	script 'cat /file /dir/file /etc/passwd; echo second > /dir/file; cat /file'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "first first first second" ]
	[ "$(cat src/file)" = second ]
	[ "$(head -c 5 "$BUNDLE/rootfs/etc/passwd")" = root: ]
}

@test "rbind takes along what is mounted beneath the source, bind does not" {
	bundle
	mkdir -p src/sub
	touch src/sub/beneath
	mounts '{destination: "/flat", source: "'"$T"'/src", options: ["bind"]}' \
		'{destination: "/deep", source: "'"$T"'/src", options: ["rbind"]}' \
		'{destination: "/typed", source: "'"$T"'/src", type: "rbind"}'
	script 'ls /flat/sub; ls /deep/sub; ls /typed/sub'
	run unshare --mount sh -c 'mount -t tmpfs tmpfs src/sub && touch src/sub/above && exec "$@"' \
		sh "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "beneath above above" ]
}

@test "a relative source is taken from the bundle, wherever the caller stands" {
	bundle
	mkdir "$BUNDLE/data" "$T/data"
	echo bundle > "$BUNDLE/data/whose"
	echo caller > "$T/data/whose"
	mounts '{destination: "/data", source: "data", options: ["bind"]}'
	command_is cat /data/whose
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = bundle ]
}

@test "a relative destination means relative to the root" {
	bundle '.process.cwd = "/tmp"'
	mounts '{destination: "a/../b", type: "tmpfs", source: "here"}'
	script 'grep " - tmpfs here" /proc/self/mountinfo | cut -d" " -f5'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = /b ]
}

@test "targets that are missing are made: files for files, directories for all else" {
	bundle
	echo content > file
	mounts '{destination: "/new/dir/deep", type: "tmpfs", source: "tmpfs"}' \
		'{destination: "/new/file/here", source: "'"$T"'/file", options: ["bind"]}'
	script 'stat -c "%F %a %n" /new/dir; cat /new/file/here'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = "directory 755 /new/dir" ]
	[ "${lines[1]}" = content ]
	[ -f "$BUNDLE/rootfs/new/file/here" ]
	[ -d "$BUNDLE/rootfs/new/dir/deep" ]
}

@test "a source that is missing, or of another kind than its target, is named" {
	bundle
	mounts '{destination: "/data", source: "'"$T"'/none", options: ["bind"]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7]"
	fails_with 1 "'$T/none': No such file or directory"
	config '.mounts[7].source = "/etc/passwd" | .mounts[7].destination = "/tmp"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/etc/passwd' is not a directory, and '/tmp' is one"
	config '.mounts[7].source = "/etc" | .mounts[7].destination = "/bin/busybox"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/bin/busybox' is not a directory, and '/etc' is one"
	config '.mounts[7].options += ["size=5m"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7].options[1]"
	fails_with 1 "'size=5m' is no option of a mount"
	config 'del(.mounts[7].source, .mounts[7].options[1])'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "a bind without 'source'"
	config '.mounts[7] = {destination: "/data", source: "/etc"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "neither a 'type' nor the option bind or rbind"
	config '.mounts[7].destination = ""'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7].destination"
	config '.mounts[7] = {destination: "/data", type: "nofs", source: "x"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mount 'nofs'"
	fails_with 1 "No such device"
	config '.mounts[7] = {destination: "/bin/busybox/x", type: "tmpfs", source: "x"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/bin/busybox/x': Not a directory"
}

# The host's folder that symlinks of the image point at: nothing may come to be in it.
make_outside() {
	mkdir "$T/outside"
	touch "$T/outside/untouched"
}

outside_is_untouched() {
	[ "$(ls "$T/outside")" = untouched ]
}

@test "a target that a symlink leads out of the root lands inside of it" {
	bundle
	make_outside
	echo content > file
	ln -s "$T/outside" "$BUNDLE/rootfs/absolute"
	ln -s ../../../../../../../../../../../..$T/outside "$BUNDLE/rootfs/relative"
	ln -s "$T/outside/jailrt-landed" "$BUNDLE/rootfs/file"
	mounts '{destination: "/absolute/jailrt-landed", type: "tmpfs", source: "one"}' \
		'{destination: "/relative/second", type: "tmpfs", source: "two"}' \
		'{destination: "/file", type: "tmpfs", source: "three"}'
	script 'grep -E " - tmpfs (one|two|three)" /proc/self/mountinfo | cut -d" " -f5'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = "$T/outside/jailrt-landed" ]
	[ "${lines[1]}" = "$T/outside/second" ]
	[ "${lines[2]}" = "$T/outside/jailrt-landed" ]
	[ -d "$BUNDLE/rootfs$T/outside/jailrt-landed" ]
	outside_is_untouched
}

@test "so does one at the end of a chain of symlinks, by .. and by absolute names" {
	bundle
	make_outside
	mkdir -p "$BUNDLE/rootfs/a/b"
	ln -s ../../../c "$BUNDLE/rootfs/a/b/one"
	ln -s /a/two "$BUNDLE/rootfs/c"
	ln -s ../../..$T/../outside/jailrt-landed/.. "$BUNDLE/rootfs/a/two"
	mounts '{destination: "/a/b/../b/one/jailrt-landed", type: "tmpfs", source: "one"}'
	script 'grep -E " - tmpfs one" /proc/self/mountinfo | cut -d" " -f5'
	run jr run -b "$BUNDLE" "$ID"
	echo "$output"
	outside_is_untouched
	# It may be refused, since the last link goes over a name that is not there; it may not get out.
	[ "$status" -eq 1 ] || [[ "${lines[0]}" == */jailrt-landed ]]
	ln -sfn ../../..$T/../outside "$BUNDLE/rootfs/a/two"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = "$(dirname "$T")/outside/jailrt-landed" ]
	outside_is_untouched
}

@test "symlinks that go round in a circle are an error" {
	bundle
	ln -s loop2 "$BUNDLE/rootfs/loop1"
	ln -s loop1 "$BUNDLE/rootfs/loop2"
	mounts '{destination: "/loop1/x", type: "tmpfs", source: "one"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/loop1/x': Too many levels of symbolic links"
}

@test "/proc and /sys as symlinks are refused, and /dev as one stays inside" {
	local dir
	for dir in proc sys; do
		bundle
		rmdir "$BUNDLE/rootfs/$dir"
		mkdir "$BUNDLE/rootfs/other"
		ln -s other "$BUNDLE/rootfs/$dir"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "'/$dir' is a symlink, not a directory"
		rm "$BUNDLE/rootfs/$dir"
		touch "$BUNDLE/rootfs/$dir"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "'/$dir' is a file, not a directory"
	done
	bundle
	make_outside
	rmdir "$BUNDLE/rootfs/dev"
	ln -s "$T/outside" "$BUNDLE/rootfs/dev"
	command_is ls -d "$T/outside/null" /dev/null
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "/dev/null $T/outside/null" ]
	outside_is_untouched
}

@test "a read-only tmpfs takes the mounts and files that come later, and is closed then" {
	bundle
	mounts '{destination: "/m", type: "tmpfs", source: "m", options: ["ro", "size=64k", "mode=755"]}' \
		'{destination: "/m/sub/deep", type: "tmpfs", source: "deep"}' \
		'{destination: "/m/file", source: "/etc/passwd", options: ["bind", "ro"]}'
	config '.linux.devices = [{path: "/m/dev/null", type: "c", major: 1, minor: 3}]'
	script 'ls /m; touch /m/x; touch /m/sub/deep/y && echo >/m/dev/null && echo good'
	run jr run -b "$BUNDLE" "$ID"
	says good
	[[ "$output" == *"touch: /m/x: Read-only file system"* ]]
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = "dev file sub" ]
}

@test "tmpcopyup begins with what the tmpfs covers, and leaves the image as it is" {
	bundle
	mkdir -p "$BUNDLE/rootfs/data/sub"
	echo text > "$BUNDLE/rootfs/data/sub/file"
	chown 3:4 "$BUNDLE/rootfs/data/sub/file" "$BUNDLE/rootfs/data"
	chmod 4755 "$BUNDLE/rootfs/data/sub/file"
	touch -d @1000000000 "$BUNDLE/rootfs/data/sub/file"
	ln -s sub/file "$BUNDLE/rootfs/data/link"
	mkfifo "$BUNDLE/rootfs/data/fifo"
	chmod 1770 "$BUNDLE/rootfs/data/sub"
	chmod 2751 "$BUNDLE/rootfs/data"
	mounts '{destination: "/data", type: "tmpfs", source: "up", options: ["tmpcopyup"]}'
	config '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
	script 'cd /data; cat link; stat -c "%a %u:%g %Y %F" sub/file; readlink link
		stat -c "%F %u:%g" . fifo; stat -c %a sub .; echo more >> sub/file; rm link'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = text ]
	[ "${lines[1]}" = "4755 3:4 1000000000 regular file" ]
	[ "${lines[2]}" = sub/file ]
	[ "${lines[3]}" = "directory 3:4" ]
	[ "${lines[4]}" = "fifo 0:0" ]
	[ "${lines[5]} ${lines[6]}" = "1770 2751" ]
	config '.mounts[-1].options += ["mode=711"]'
	script 'stat -c %a /data'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = 711 ]
	[ "$(cat "$BUNDLE/rootfs/data/link")" = text ]
	config '.mounts[-1] = {destination: "/data", source: "/etc", options: ["bind", "tmpcopyup"]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "tmpcopyup is for tmpfs only"
}

@test "remount changes what is mounted there" {
	bundle
	mounts '{destination: "/m", type: "tmpfs", source: "m"}' \
		'{destination: "/m", source: "m", options: ["remount", "bind", "ro", "nosuid"]}' \
		'{destination: "/n", type: "tmpfs", source: "n", options: ["noexec"]}' \
		'{destination: "/n", type: "tmpfs", source: "n", options: ["remount", "nodev"]}'
	script 'grep -E " /[mn] " /proc/self/mountinfo | cut -d" " -f6'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = ro,nosuid,relatime ]
	# As mount_setattr(2) has it, and unlike mount(2), what is not spoken of stays.
	[ "${lines[1]}" = rw,nodev,noexec,relatime ]
	config '.mounts[8].options = ["remount", "size=5m"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[8].options[1]"
	fails_with 1 "'size=5m' is no option of a mount"
}

@test "a remount changes what is beneath only by the words that say so" {
	bundle
	mkdir -p src/sub
	mounts '{destination: "/m", source: "'"$T"'/src", options: ["rbind", "rro"]}' \
		'{destination: "/m", source: "x", options: ["remount", "rnoexec", "rw", "rshared"]}'
	script 'grep -E " /m" /proc/self/mountinfo'
	run unshare --mount sh -c 'mount -t tmpfs tmpfs src/sub && exec "$@"' \
		sh "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[[ "${lines[0]}" == *" /m rw,noexec,relatime shared:"* ]]
	[[ "${lines[1]}" == *" /m/sub ro,noexec,relatime shared:"* ]]
}

@test "an overlay whose lowerdir is longer than 255 bytes is mounted" {
	local i lower= long
	bundle
	long=$(printf 'x%.0s' {1..60})
	for i in 1 2 3 4 5 6; do
		mkdir -p "$T/$long$i"
		touch "$T/$long$i/layer$i"
		lower+="${lower:+:}$T/$long$i"
	done
	mkdir up work
	[ ${#lower} -gt 400 ]
	mounts '{destination: "/o", type: "overlay", source: "overlay", options: ["ro", "nosuid",
		"lowerdir='"$lower"'", "upperdir='"$T"'/up", "workdir='"$T"'/work"]}'
	script 'ls /o; touch /o/x; grep " /o " /proc/self/mountinfo'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]:0:6}" = "layer1 layer2 layer3 layer4 layer5 layer6" ]
	[[ "${lines[6]}" == *"Read-only file system" ]]
	[[ "${lines[7]}" == *" ro,nosuid,relatime "* ]]
}

@test "a read-only root cannot be written to, and another keeps what is written" {
	bundle
	script 'touch /etc/mark /tmp/mark'
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ "$output" == *"/etc/mark: Read-only file system"* ]]
	[ ! -e "$BUNDLE/rootfs/etc/mark" ]
	config '.root.readonly = false'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ -e "$BUNDLE/rootfs/etc/mark" ]
}

@test "--no-pivot changes the root without pivot_root" {
	bundle
	script 'ls /; touch /x; ls /../..'
	traced
	run strace -f -e trace=pivot_root,chroot -o "$T/calls" \
		"$JAILRT" --root "$STATES" run --no-pivot -b "$BUNDLE" "$ID"
	says "touch: /x: Read-only file system"
	[ "$(printf '%s ' "${lines[@]}")" = "$(ls "$ROOTFS" | tr '\n' ' ')touch: /x: Read-only file system $(
		ls "$ROOTFS" | tr '\n' ' ')" ]
	grep -q 'chroot("\.") *= 0' "$T/calls"
	[ "$(grep -c pivot_root "$T/calls")" = 0 ]
	run strace -f -e trace=pivot_root,chroot -o "$T/calls" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says "touch: /x: Read-only file system"
	grep -q 'pivot_root(.*= 0' "$T/calls"
}
