#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "the program runs as the user, group and groups of the config" {
	bundle '.process.user = {uid: 1000, gid: 50, additionalGids: [60, 70]}'
	script 'grep -E "^(Uid|Gid|Groups):" /proc/self/status | tr "\t" " "'
	run setpriv --groups 4,5 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = "Uid: 1000 1000 1000 1000" ]
	[ "${lines[1]}" = "Gid: 50 50 50 50" ]
	[ "${lines[2]}" = "Groups: 60 70 " ]
	config 'del(.process.user)'
	run setpriv --groups 4,5 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]} ${lines[1]}" = "Uid: 0 0 0 0 Gid: 0 0 0 0" ]
	[ "${lines[2]}" = "Groups:  " ]
}

@test "ids that are none never become root" {
	local id
	for id in 4294967295 4294967296 -1 1.5 '"1000"'; do
		bundle ".process.user.uid = $id"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.user.uid"
		config ".process.user = {uid: 1, gid: $id}"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.user.gid"
		config ".process.user = {uid: 1, gid: 1, additionalGids: [2, $id]}"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.user.additionalGids[1]"
	done
}

@test "the file mode mask is 0022, whatever the caller's, or that of the config" {
	bundle
	script 'umask; touch /tmp/x; stat -c %a /tmp/x'
	config '.root.readonly = false'
	umask 0077
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "0022 644" ]
	rm "$BUNDLE/rootfs/tmp/x"
	config '.process.user.umask = 23' # 027
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "0027 640" ]
	rm "$BUNDLE/rootfs/tmp/x"
	config '.process.user.umask = 0'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "0000 666" ]
	config '.process.user.umask = 512'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.user.umask"
}

@test "files that are made for the container do not have the caller's mask" {
	bundle '.mounts += [{destination: "/new/dir", type: "tmpfs", source: "x"}] | .process.cwd = "/made"
		| .linux.devices = [{path: "/dev/all", type: "c", major: 1, minor: 3, fileMode: 438}]
		| .root.readonly = false'
	script 'stat -c %a /new/dir/.. /made /dev/all /dev/null'
	umask 0077
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "755 755 666 666" ]
}

@test "the working directory is that of the config, and made when it is missing" {
	bundle '.process.cwd = "/tmp"'
	command_is pwd
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = /tmp ]
	config '.process.cwd = "/made/for/it"'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = /made/for/it ]
	ln -s /tmp "$BUNDLE/rootfs/link"
	config '.process.cwd = "/link"'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = /tmp ]
}

@test "a working directory that cannot be one is an error" {
	bundle '.process.cwd = "/bin/busybox"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.cwd"
	fails_with 1 "Not a directory"
	config '.process.cwd = "tmp"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'tmp' is not an absolute path"
	config 'del(.process.cwd)'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "cwd"
}

@test "no working directory leads out of the container through an open file" {
	local fd path
	bundle
	command_is sh -c 'pwd; ls'
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		config ".process.cwd = \"/proc/self/fd/$fd\""
		run jr run -b "$BUNDLE" "$ID" 13< / 14< "$T"
		fails_with 1 "process.cwd"
		fails_with 1 "working directory"
	done
	for path in /proc/self/cwd /proc/self/root /proc/1/root /proc/1/cwd /proc/self/fd/13/..; do
		config ".process.cwd = \"$path\""
		run jr run -b "$BUNDLE" "$ID" 13< /
		fails_with 1 "working directory"
	done
	ln -s /proc/self/fd/13 "$BUNDLE/rootfs/link"
	config '.process.cwd = "/link"'
	run jr run -b "$BUNDLE" "$ID" 13< /
	fails_with 1 "working directory"
}

@test "the environment is that of the config, and HOME" {
	bundle '.process.env = ["PATH=/bin", "A=1", "B=two words=x", "EMPTY="]'
	command_is env
	run env OUTSIDE=1 HOME=/outside "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "$(sort <<< "$output" | tr '\n' ';')" = "A=1;B=two words=x;EMPTY=;HOME=/root;PATH=/bin;" ]
	config 'del(.process.env) | .process.args = ["/bin/env"]'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = HOME=/root ]
}

@test "HOME is that of the user in the image, unless the config has one" {
	bundle
	script 'echo $HOME'
	config '.process.user = {uid: 1000, gid: 1000}'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = /home/user ]
	config '.process.user = {uid: 1001, gid: 1000}'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = / ]
	config '.process.env += ["HOME=/given"]'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = /given ]
	config '.process.env[-1] = "HOMER=x" | .process.user.uid = 1000'
	# Lines that are comments, too long or not whole are passed over.
	{
		echo '# user'
		printf 'x:%05000d:1000:1::/wrong:/bin/sh\n' 1
		echo 'y:x:10000:1::/wrong:/bin/sh'
		echo 'y:x:1000'
	} > "$BUNDLE/rootfs/etc/passwd"
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = / ]
	rm "$BUNDLE/rootfs/etc/passwd"
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = / ]
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = / ]
}

@test "the program is looked for along the container's PATH" {
	bundle '.process.env = ["PATH=/none::/opt/first:/opt/second:/bin"] | .process.cwd = "/"'
	mkdir -p "$BUNDLE/rootfs/opt/first/both" "$BUNDLE/rootfs/opt/second"
	printf '#!/bin/sh\necho first' > "$BUNDLE/rootfs/opt/first/prog"
	printf '#!/bin/sh\necho second' > "$BUNDLE/rootfs/opt/second/prog"
	printf '#!/bin/sh\necho both' > "$BUNDLE/rootfs/opt/second/both"
	chmod 755 "$BUNDLE"/rootfs/opt/second/*
	command_is prog
	# What cannot be executed is passed over.
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = second ]
	chmod 755 "$BUNDLE/rootfs/opt/first/prog"
	run env PATH="/opt/second:$PATH" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	[ "$output" = first ]
	command_is both
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = both ]
	# Without one there is a usual one.
	config '.process.env = []'
	command_is env
	run jr run -b "$BUNDLE" "$ID"
	says HOME=/root
	# A name with a slash is a path, from the working directory.
	config '.process.cwd = "/opt"'
	command_is second/prog
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = second ]
}

@test "arguments reach the program as they are" {
	bundle
	command_is sh -c 'for a; do echo "<$a>"; done' zero "" " b " "*" '$HOME' $'tab\there' "ä"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'<>\n< b >\n<*>\n<$HOME>\n<tab\there>\n<ä>' ]
}

# fails_at_create TEXT: create fails so, with the words that engines look for, and leaves nothing.
fails_at_create() {
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "unable to start container process: exec: $1"
	run jr state "$ID"
	fails_with 1 "container does not exist"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "unable to start container process: exec: $1"
}

@test "a program that is missing or cannot be executed fails create, in the words of runc" {
	bundle
	command_is nope
	fails_at_create '"nope": executable file not found in $PATH'
	command_is ""
	fails_at_create '"": executable file not found in $PATH'
	command_is /bin/nope
	fails_at_create '"/bin/nope": stat /bin/nope: no such file or directory'
	command_is /etc/passwd/x
	fails_at_create '"/etc/passwd/x": stat /etc/passwd/x: not a directory'
	command_is /etc/passwd
	fails_at_create '"/etc/passwd": permission denied'
	command_is /etc
	fails_at_create '"/etc": is a directory: permission denied'
	ln -s loop "$BUNDLE/rootfs/loop"
	command_is /loop
	fails_at_create '"/loop": '
}

@test "a program that only the user may not execute fails create" {
	bundle '.process.user = {uid: 1000, gid: 1000}'
	printf '#!/bin/sh\necho ran' > "$BUNDLE/rootfs/prog"
	chmod 700 "$BUNDLE/rootfs/prog"
	command_is /prog
	fails_at_create '"/prog": permission denied'
	config '.process.user = {uid: 0, gid: 0}'
	run jr run -b "$BUNDLE" "$ID"
	says ran
}

@test "a program without its interpreter, and none at all, are failures that are told" {
	bundle
	printf '#!/bin/none\necho' > "$BUNDLE/rootfs/prog"
	printf 'junk' > "$BUNDLE/rootfs/junk"
	chmod 755 "$BUNDLE/rootfs/prog" "$BUNDLE/rootfs/junk"
	command_is /prog
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "unable to start container process: exec /prog: no such file or directory"
	command_is /junk
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "unable to start container process: exec /junk: exec format error"
	jr create -b "$BUNDLE" "$ID-d"
	run jr start "$ID-d"
	fails_with 1 "unable to start container process: exec /junk: exec format error"
	config '.process.args = []'
	run jr create -b "$BUNDLE" "$ID-e"
	fails_with 1 "args: the program to run is missing"
	config 'del(.process)'
	run jr create -b "$BUNDLE" "$ID-e"
	fails_with 1 "'process' is missing"
}
