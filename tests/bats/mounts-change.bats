#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts add and mounts remove: what is mounted in a container that runs.
load helpers
load life

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

# file JSON [JQ-OPTIONS]: writes mounts.json.
file() {
	jq -n "$@" > "$T/mounts.json"
}

# mounted DESTINATION: that line of the container's mountinfo.
mounted() {
	awk -v at="$1" '$5 == at' "/proc/$(pid_of "$ID")/mountinfo"
}

@test "mounts add: binds with their options, files, new filesystems; mounts remove takes them out" {
	mkdir -p data/inner
	echo inside > data/name
	echo file > one
	sleeper
	started "$ID"
	mount -t tmpfs inner data/inner
	later umount "$T/data/inner"
	touch data/inner/deep
	file '{mounts: [
		{destination: "/mnt/data", type: "bind", source: $t, options: ["rbind", "ro", "nosuid", "noexec"]},
		{destination: "/tmp/one", source: ($t + "/../one"), options: ["bind", "ro"]},
		{destination: "/tmp/own", type: "tmpfs", source: "tmpfs", options: ["size=64k", "mode=700"]},
		{destination: "/tmp/proc", type: "proc", source: "proc"},
		{destination: "/tmp/queue", type: "mqueue", source: "mqueue", options: ["nosuid", "nodev", "noexec"]}]}' \
		--arg t "$T/data"
	config '.root.readonly = false'
	jr delete --force "$ID"
	started "$ID"
	jr mounts add "$ID" mounts.json
	same "$(jr exec "$ID" cat /mnt/data/name /tmp/one | paste -sd' ')" "inside file"
	jr exec "$ID" test -e /mnt/data/inner/deep
	run jr exec "$ID" touch /mnt/data/new
	fails_with 1 "Read-only"
	[[ "$(mounted /mnt/data)" == *"ro,nosuid,noexec"* ]]
	same "$(jr exec "$ID" sh -c 'stat -c %a /tmp/own; df -k /tmp/own | tail -n 1 | tr -s " " | cut -d" " -f2' | paste -sd' ')" "700 64"
	# The container's own processes, not the host's.
	same "$(jr exec "$ID" cat /tmp/proc/1/comm)" sleep
	grep -qF "$BUNDLE/rootfs" /proc/self/mountinfo && return 1
	jr mounts remove "$ID" mounts.json
	local at
	for at in /mnt/data /mnt/data/inner /tmp/one /tmp/own /tmp/proc /tmp/queue; do
		same "$(mounted $at)" ""
	done
	[ -e data/inner/deep ]
	run jr mounts remove "$ID" mounts.json
	fails_with 1 "mounts[4] (mounts.json"
	[[ "$output" == *"nothing is mounted on '/tmp/queue'"* ]]
}

@test "mounts add: a list alone, and stdin; relative sources are the bundle's" {
	sleeper '.root.readonly = false'
	mkdir "$BUNDLE/here"
	touch "$BUNDLE/here/it"
	started "$ID"
	file '[{destination: "/tmp/here", source: "here", options: ["bind"]}]'
	jr mounts add "$ID" - < mounts.json
	jr exec "$ID" test -e /tmp/here/it
	jr mounts remove "$ID" - < mounts.json
	run jr exec "$ID" test -e /tmp/here/it
	[ "$status" -eq 1 ]
}

@test "mounts add: all or none; the failure names its place" {
	sleeper '.root.readonly = false'
	started "$ID"
	file '{mounts: [{destination: "/tmp/a", type: "tmpfs"}, {destination: "/tmp/b", type: "tmpfs"},
		{destination: "/tmp/c", type: "tmpfs", options: ["size=nonsense"]}]}'
	run jr mounts add "$ID" mounts.json
	fails_with 1 "mounts[2] (mounts.json:"
	same "$(mounted /tmp/a)$(mounted /tmp/b)$(mounted /tmp/c)" ""
	is_status "$ID" running
}

@test "mounts add: bad files are refused, each with its place, and nothing is mounted" {
	local before
	sleeper
	started "$ID"
	before=$(cat "/proc/$(pid_of "$ID")/mountinfo")
	local json text
	while IFS='|' read -r json text; do
		echo "$json" > mounts.json
		run jr mounts add "$ID" mounts.json
		fails_with 1 "$text"
	done <<-'EOF2'
		{"mounts": [{"type": "tmpfs"}]}|destination
		{"mounts": [{"destination": "/tmp/x"}]}|neither a 'type'
		{"mounts": [{"destination": "/", "type": "tmpfs"}]}|the root of a container stays
		{"mounts": [{"destination": "/../.", "type": "tmpfs"}]}|the root of a container stays
		{"mounts": [{"destination": "/tmp", "source": "/no/such", "options": ["bind"]}]}|No such file
		{"mounts": [{"destination": "/tmp", "type": "cgroup"}]}|cgroups cannot be mounted
		{"mounts": [{"destination": "/tmp", "type": "nosuchfs"}]}|nosuchfs
		{"mounts": [{"destination": "/tmp", "source": "/tmp", "options": ["bind", "nonsense"]}]}|nonsense
		{"mount": []}|mount
		{"mounts": []}|there are no mounts
		[]|there are no mounts
		{"mounts": [|not JSON
		3|object
	EOF2
	run jr mounts add "$ID" no-such-file
	fails_with 1 "no-such-file"
	run jr mounts put "$ID" mounts.json
	fails_with 1 "'put': add or remove"
	run jr mounts add "$ID"
	fails_with 1 "an argument is missing"
	same "$(cat "/proc/$(pid_of "$ID")/mountinfo")" "$before"
}

@test "mounts add and remove: only in a container that runs, and that has mounts of its own" {
	file '{mounts: [{destination: "/tmp", type: "tmpfs"}]}'
	run jr mounts add "$ID" mounts.json
	fails_with 1 "container does not exist"
	sleeper
	jr create -b "$BUNDLE" "$ID"
	run jr mounts add "$ID" mounts.json
	fails_with 1 "container that is created"
	jr start "$ID"
	jr pause "$ID"
	run jr mounts add "$ID" mounts.json
	fails_with 1 "container that is paused"
	jr resume "$ID"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr mounts remove "$ID" mounts.json
	fails_with 1 "container not running"
}

@test "mounts add: symlinks of the container lead nowhere outside of it" {
	sleeper '.root.readonly = false'
	ln -s "$T/outside" "$BUNDLE/rootfs/absolute"
	ln -s ../../../../../../../../../../..$T/outside "$BUNDLE/rootfs/up"
	ln -s /proc/1/root "$BUNDLE/rootfs/magic"
	mkdir outside
	started "$ID"
	file '[{destination: "/absolute/a", type: "tmpfs"}, {destination: "/up/b", type: "tmpfs"}]'
	jr mounts add "$ID" mounts.json
	[ -z "$(ls outside)" ]
	[ -n "$(mounted "$T/outside/a")" ]
	[ -n "$(mounted "$T/outside/b")" ]
	same "$(grep -c "$T/outside" /proc/self/mountinfo)" 0
	jr mounts remove "$ID" mounts.json
	same "$(mounted "$T/outside/a")$(mounted "$T/outside/b")" ""
	file '[{destination: "/magic/c", type: "tmpfs"}]'
	run jr mounts add "$ID" mounts.json
	[ "$status" -eq 1 ]
	# The container's own /proc may lie: what is taken out is found without it.
	jr exec "$ID" sh -c 'mkdir /tmp/m'
	file '[{destination: "/tmp/m", type: "tmpfs"}, {destination: "/proc", type: "tmpfs"}]'
	jr mounts add "$ID" mounts.json
	jr mounts remove "$ID" mounts.json
	same "$(mounted /tmp/m)" ""
}

@test "mounts add: in a user namespace, also idmapped and from folders that are root's alone" {
	sleeper '.root.readonly = false | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BUNDLE"
	mkdir -p secret/data
	echo text > secret/data/file
	chmod 700 secret
	started "$ID"
	file '[{destination: "/tmp/data", source: ($t + "/secret/data"), options: ["bind"]},
		{destination: "/tmp/own", type: "tmpfs"}]' --arg t "$T"
	jr mounts add "$ID" mounts.json
	same "$(jr exec "$ID" cat /tmp/data/file)" text
	same "$(jr exec "$ID" stat -c %u /tmp/own)" 0
	jr exec "$ID" touch /tmp/own/x
	jr mounts remove "$ID" mounts.json
	same "$(mounted /tmp/data)" ""
}

@test "mounts add: where mount_setattr is blocked it is refused, and nothing is mounted" {
	sleeper
	started "$ID"
	file '[{destination: "/tmp", type: "tmpfs"}]'
	run "$(dirname "$JAILRT")/deny" ENOSYS mount_setattr "$JAILRT" --root "$STATES" mounts add "$ID" mounts.json
	fails_with 1 "mount_setattr"
	same "$(mounted /tmp)" ""
}
