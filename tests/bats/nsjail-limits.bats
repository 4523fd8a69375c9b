#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits of nsjail configs that are neither resource limits nor cgroups'.
load helpers
load life

# jail_is LINES: an nsjail config; its root is the busybox one, read-only.
jail_is() {
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n%s\n' "$ROOTFS" "$1" > "$T/jail.cfg"
}

@test "the nice value is the config's, and 19 without one" {
	jail_is 'nice_level: 18'
	run jr run --config jail.cfg -- /bin/cut -d ' ' -f 19 /proc/self/stat
	same "${lines[-1]}" 18
	jail_is ''
	run jr run --config jail.cfg -- /bin/cut -d ' ' -f 19 /proc/self/stat
	same "${lines[-1]}" 19
}

@test "as many CPUs as the config allows, and all without a word" {
	[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"
	jail_is 'max_cpus: 1'
	run jr run --config jail.cfg -- /bin/nproc
	same "${lines[-1]}" 1
	jail_is ''
	run jr run --config jail.cfg -- /bin/nproc
	same "${lines[-1]}" "$(nproc)"
}
