#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# devices LIST: makes these nodes, in a root that is not read-only.
devices() {
	config ".root.readonly = false | .linux.devices = $1"
}

# rules LIST: the device rules, for a program that may make nodes.
rules() {
	config ".linux.resources.devices = $1 | .root.readonly = false"
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"])'
}

# Makes a node of /dev/kmsg, which no container has, and opens it for reading and for writing.
TRY_KMSG='mknod /tmp/k c 1 11 && echo made
	dd if=/tmp/k count=0 2>&1 | grep -q "not permitted" && echo "no read" || echo "read"
	dd of=/tmp/k count=0 conv=notrunc </dev/null 2>&1 | grep -q "not permitted" && echo "no write" ||
		echo "write"
	rm /tmp/k'

# on_v2 COMMAND...: where cgroup v2 is all there is. Devices then are kept by a BPF program.
on_v2() {
	unshare --mount sh -c 'umount -lR /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
		exec "$@"' sh "$@"
}

# kmsg_is WORDS: what TRY_KMSG finds, with the machine's cgroups and with v2.
kmsg_is() {
	kmsg_here_is "$1"
	kmsg_on_v2_is "$1"
}

kmsg_here_is() {
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "$1" ] || { echo "'${lines[*]}', not '$1'"; return 1; }
}

kmsg_on_v2_is() {
	run on_v2 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "$1" ] || { echo "v2: '${lines[*]}', not '$1'"; return 1; }
}

@test "every container has the standard nodes and links, and they work" {
	bundle
	script 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" null zero full random urandom tty
		for l in fd stdin stdout stderr ptmx; do readlink $l; done
		echo x > null; head -c 2 zero | wc -c; head -c 3 urandom | wc -c; echo x > full
		ls console'
	run jr run -b "$BUNDLE" "$ID"
	local name i=0
	for name in null:3 zero:5 full:7 random:8 urandom:9; do
		[ "${lines[$((i++))]}" = "${name%:*} character special file 1:${name#*:} 666 0:0" ]
	done
	[ "${lines[5]}" = "tty character special file 5:0 666 0:0" ]
	[ "${lines[*]:6:5}" = "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx" ]
	[ "${lines[11]} ${lines[12]}" = "2 3" ]
	[[ "${lines[13]}" == *"No space left on device"* ]]
	[[ "${lines[14]}" == *"No such file or directory"* ]]
}

@test "further nodes are made with their numbers, modes and owners" {
	bundle
	devices '[{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 8576, uid: 5, gid: 6},
		{path: "/opt/new/disk", type: "b", major: 7, minor: 3, fileMode: 416, gid: 7},
		{path: "/dev/pipe", type: "p", fileMode: 292, uid: 8},
		{path: "/dev/unbuffered", type: "u", major: 1, minor: 5},
		{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 146}]'
	script 'stat -c "%F %t:%T %a %u:%g" /dev/fuse /opt/new/disk /dev/pipe /dev/unbuffered /dev/null'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = "character special file a:e5 600 5:6" ]
	[ "${lines[1]}" = "block special file 7:3 640 0:7" ]
	[ "${lines[2]}" = "fifo 0:0 444 8:0" ]
	[ "${lines[3]}" = "character special file 1:5 666 0:0" ]
	[ "${lines[4]}" = "character special file 1:3 222 0:0" ]
}

@test "a mode of another type is refused with its place" {
	bundle
	devices '[{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 25008}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.devices[0].fileMode"
	fails_with 1 "the mode of another type than 'c'"
}

@test "a file that is there already must be the same device" {
	bundle
	devices '[{path: "/opt/null", type: "c", major: 1, minor: 3}]'
	command_is stat -c %t:%T /opt/null
	mkdir "$BUNDLE/rootfs/opt"
	mknod "$BUNDLE/rootfs/opt/null" c 1 3
	run jr run -b "$BUNDLE" "$ID"
	says 1:3
	rm "$BUNDLE/rootfs/opt/null"
	mknod "$BUNDLE/rootfs/opt/null" c 1 5
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.devices[0]"
	fails_with 1 "'/opt/null' is there already and is another kind of file"
	rm "$BUNDLE/rootfs/opt/null"
	ln -s /dev/null "$BUNDLE/rootfs/opt/null"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/opt/null' is there already and is another kind of file"
	rm "$BUNDLE/rootfs/opt/null"
	touch "$BUNDLE/rootfs/opt/null"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/opt/null' is there already and is another kind of file"
	[ -f "$BUNDLE/rootfs/opt/null" ]
}

@test "a node that cannot be is refused with its place" {
	bundle
	devices '[{path: "/dev/x", type: "c"}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.devices[0]"
	fails_with 1 "'major' and 'minor' are needed"
	devices '[{path: "/dev/x", type: "x", major: 1, minor: 1}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.devices[0].type"
	devices '[{path: "/dev/..", type: "p"}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.devices[0].path"
}

@test "with the host's /dev bound nothing is made in it" {
	local before
	bundle
	mkdir hostdev
	cp -a /dev/null /dev/tty hostdev/
	before=$(ls -l hostdev)
	config '.mounts |= (map(select(.destination | startswith("/dev") | not))
		+ [{destination: "/dev", source: $d, options: ["bind"]}])' --arg d "$T/hostdev"
	script 'echo x > /dev/null; ls /dev'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "null tty" ]
	[ "$(ls -l hostdev)" = "$before" ]
}

@test "devices that no rule allows can be made, and not opened" {
	bundle
	rules '[{allow: false, access: "rwm"}]'
	script "$TRY_KMSG"
	kmsg_is "made no read no write"
	config 'del(.linux.resources)'
	kmsg_is "made no read no write"
}

@test "a rule allows the device, type and access that it names" {
	bundle
	script "$TRY_KMSG"
	rules '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "rw"}]'
	kmsg_is "made read write"
	rules '[{allow: true, type: "c", major: 1, minor: 11, access: "r"}]'
	kmsg_is "made read no write"
	rules '[{allow: true, type: "c", major: 1, minor: 11, access: "w"}]'
	kmsg_is "made no read write"
	rules '[{allow: true, type: "c", major: 1, minor: 12, access: "rwm"}]'
	kmsg_is "made no read no write"
	rules '[{allow: true, type: "b", major: 1, minor: 11, access: "rwm"}]'
	kmsg_is "made no read no write"
	rules '[{allow: true, type: "c", major: 1, access: "rw"}]'
	kmsg_is "made read write"
	rules '[{allow: true, type: "c", major: -1, minor: 11}]'
	kmsg_is "made read write"
	rules '[{allow: true, access: "rwm"}]'
	kmsg_is "made read write"
}

@test "a later rule overrides an earlier one" {
	local kmsg='type: "c", major: 1, minor: 11'
	bundle
	script "$TRY_KMSG"
	rules "[{allow: true, $kmsg, access: \"rw\"}, {allow: false, $kmsg, access: \"w\"}]"
	kmsg_is "made read no write"
	rules "[{allow: false, $kmsg, access: \"rw\"}, {allow: true, $kmsg, access: \"rw\"}]"
	kmsg_is "made read write"
	rules "[{allow: true, $kmsg}, {allow: false}]"
	kmsg_is "made no read no write"
	rules "[{allow: true}, {allow: false, $kmsg, access: \"rw\"}]"
	kmsg_is "made no read no write"
	rules "[{allow: true}, {allow: false, $kmsg, access: \"rw\"}, {allow: true, type: \"c\", major: 1}]"
	kmsg_is "made read write"
	rules "[{allow: true, $kmsg, access: \"rw\"}, {allow: false, type: \"c\", major: 1}]"
	kmsg_is "made no read no write"
	rules "[{allow: true, type: \"c\", major: 1}, {allow: false, type: \"c\", access: \"rw\"}]"
	kmsg_is "made no read no write"
}

@test "a rule that takes a part of what an earlier one allows is enforced or refused" {
	bundle
	script "$TRY_KMSG"
	rules '[{allow: true, type: "c", major: 1, access: "rw"},
		{allow: false, type: "c", major: 1, minor: 11, access: "w"}]'
	kmsg_on_v2_is "made read no write"
	[ -d /sys/fs/cgroup/devices ] || skip "without cgroup v1"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.devices"
	fails_with 1 "'deny c 1:11 w' is for a part of what an earlier rule is for"
	rules '[{allow: true, access: "rwm"}, {allow: false, type: "c", major: 1},
		{allow: true, type: "c", minor: 11}]'
	kmsg_on_v2_is "made read write"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'allow c *:11 rwm' is for a part of what an earlier rule is for"
}

@test "whatever the rules say, the standard devices can be used" {
	bundle
	rules '[{allow: true, type: "c", major: 1}, {allow: false, type: "c"}, {allow: false, type: "b"}]'
	script 'echo x > /dev/null && head -c 1 /dev/zero | wc -c; echo x > /dev/full
		mknod /tmp/z c 1 5 && mknod /tmp/b b 7 0 && head -c 2 /tmp/z | wc -c; rm /tmp/z /tmp/b'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]} ${lines[2]}" = "1 2" ]
	[[ "${lines[1]}" == *"No space left on device"* ]]
	run on_v2 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	[ "${lines[0]} ${lines[2]}" = "1 2" ]
	[[ "${lines[1]}" == *"No space left on device"* ]]
}

@test "rules that cannot be are refused with their place" {
	bundle
	rules '[{allow: true, major: 1, minor: 3}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.devices[0]"
	fails_with 1 "a device number needs the type c or b"
	rules '[{allow: false, access: "r"}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "a rule for all devices must be for rwm"
	rules '[{allow: true, type: "c", major: -2}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.devices[0].major"
	fails_with 1 "-2 is not between -1 and 4294967295"
	rules '[{allow: true, type: "c", major: 1, minor: 3, access: "rx"}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.devices[0].access"
	rules '[{type: "c", major: 1, minor: 3}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.devices[0]"
	fails_with 1 "allow"
}

@test "in a user namespace the nodes are the host's own, bound" {
	bundle '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	devices '[{path: "/dev/kmsg", type: "c", major: 1, minor: 11}, {path: "/dev/pipe", type: "p"}]'
	script 'cd /dev; stat -c "%F %t:%T %u" null kmsg; echo x > null; head -c 2 zero | wc -c
		stat -c "%F %u" pipe; grep -c " /dev/\(null\|kmsg\) .* - devtmpfs " /proc/self/mountinfo
		echo x > kmsg; mknod /tmp/z c 1 5; readlink stdin'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = "character special file 1:3 65534" ]
	[ "${lines[1]}" = "character special file 1:b 65534" ]
	[ "${lines[2]}" = 2 ]
	[ "${lines[3]}" = "fifo 0" ]
	[ "${lines[4]}" = 2 ]
	[[ "${lines[5]}" == *"kmsg: "* ]]
	[[ "${lines[6]}" == *"Operation not permitted"* ]]
	[ "${lines[7]}" = /proc/self/fd/0 ]
	config '.linux.devices[0].minor = 12'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.devices[0]"
	fails_with 1 "the host's '/dev/kmsg' is not device 1:12"
}
