#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# Mount targets, devices and masks in a directory that somebody exchanges for a symlink to the host all the
# while: CVE-2021-30465, CVE-2024-45310, CVE-2025-31133, CVE-2025-52565.

# Thousands of creations take their minutes.
setup_suite_file() {
	export BATS_TEST_TIMEOUT=1200
}

RACE="$(dirname "$JAILRT")/race"

# raced: a bundle whose /shared is a directory of the host where a racer exchanges "target", a directory, for
# "link", a symlink to the host's marker; the container's mounts and files go through it.
raced() {
	marker "$T/marker"
	bundle '.root.readonly = false
		| .linux.maskedPaths = ["/shared/target/masked", "/shared/target/null"]
		| .linux.readonlyPaths = ["/shared/target/ro"]
		| .process.cwd = "/shared/target/cwd/deep"
		| .linux.devices = [{path: "/shared/target/device", type: "c", major: 1, minor: 3}]
		| .mounts += [{destination: "/shared", source: $s, options: ["bind"]},
			{destination: "/shared/target/tmpfs", type: "tmpfs", source: "marker-raced"},
			{destination: "/shared/target/new/a/b", type: "tmpfs", source: "marker-raced"},
			{destination: "/shared/target/bind/c", source: "/etc", options: ["bind", "ro"]},
			{destination: "/shared/target/copied", source: $l, options: ["bind", "copy-symlink"]},
			{destination: "/shared/target/plain", source: "/etc/hostname", options: ["bind", "dest-nofollow"]}]' \
		--arg s "$T/shared" --arg l "$T/a-link"
	mkdir -p "$T/shared/target"/{masked,ro}
	touch "$T/shared/target/null"
	# An absolute one: before the container has its own root that is the host's for a careless look-up.
	ln -s "$MARKER" "$T/shared/link"
	ln -s nowhere "$T/a-link"
	command_is true
}

# Where the racer stopped does not matter.
nothing_outside() {
	unmarked
	not grep -F marker-raced /proc/self/mountinfo
	[ -z "$(find "$T" -path "$BUNDLE" -prune -o -path "$T/shared" -prune -o -name cwd -print -o -name device -print)" ]
}

# Both sides of the race were met: some look-ups came to the directory, and some to the symlink, which leads
# to a place of that name beneath the container's own root.
both_sides() {
	[ -n "$(find "$T/shared" -name cwd)" ]
	[ -n "$(find "$BUNDLE/rootfs$MARKER" -mindepth 1)" ]
}

@test "a hundred creations in one process against a racer leave nothing on the host" {
	raced
	export RACE_ID="$ID"
	run "$RACE" 100 "$BUNDLE" "$STATES" "$T/shared"
	says "made"
	[[ "$output" != "made 0 "* ]]
	both_sides
	nothing_outside
}

# bats test_tags=slow
@test "10,000 creations in one process against a racer leave nothing on the host" {
	local creations=10000
	# Under sanitizers that would take longer than anybody waits.
	[ -z "$SAN" ] || creations=1000
	raced
	export RACE_ID="$ID"
	run "$RACE" "$creations" "$BUNDLE" "$STATES" "$T/shared"
	says "made"
	echo "# $output" >&3
	both_sides
	[[ "$output" =~ made\ ([0-9]+)\ refused\ ([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" -gt 0 ]
	[ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -eq "$creations" ]
	nothing_outside
}

# bats test_tags=slow
@test "1,000 runs by the command line against a racer leave nothing on the host" {
	local i ran=0
	raced
	python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_PATH | os.O_DIRECTORY)
# With the parent gone this ends, too: PR_SET_PDEATHSIG, SIGKILL.
libc.prctl(1, 9)
while libc.renameat2(fd, b"target", fd, b"link", 2) == 0:
    pass
' "$T/shared" 3>&- &
	local racer=$!
	disown
	later kill -KILL $racer
	for ((i = 0; i < 1000; i++)); do
		! jr run -b "$BUNDLE" "$ID-$i" > /dev/null 2>&1 || ran=$((ran + 1))
	done
	# The racer must have been at it to the end.
	kill -0 $racer
	kill -KILL $racer
	echo "# $ran of 1000 came through" >&3
	[ "$ran" -gt 0 ]
	both_sides
	nothing_outside
}
