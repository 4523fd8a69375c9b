#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# capabilities JQ-OBJECT: the five sets, the missing ones empty; names without CAP_.
capabilities() {
	config ".process.capabilities = ($1 | map_values(map(\"CAP_\" + .)))"
}

# sets: what the program sees, as "Inh Prm Eff Bnd Amb".
sets() {
	command_is grep ^Cap /proc/self/status
	run jr run -b "$BUNDLE" "$ID"
	says CapAmb
	SETS=$(sed -n 's/^Cap\(Inh\|Prm\|Eff\|Bnd\|Amb\):\t0*\([0-9a-f]\)/\2/p' <<< "$output" | tr '\n' ' ')
}

# CHOWN is 1, KILL 20 and SYS_CHROOT 40000 in these numbers.

@test "root has what the bounding set allows, and no more" {
	bundle
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN", "KILL"], effective: ["CHOWN", "KILL"]}'
	sets
	[ "$SETS" = "0 21 21 21 0 " ]
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN"], effective: ["CHOWN"],
		inheritable: ["CHOWN"]}'
	sets
	[ "$SETS" = "1 1 1 21 0 " ]
	# As the kernel has it, root's exec gains what is bounded, unless it is told to gain nothing.
	config '.process.noNewPrivileges = false'
	sets
	[ "$SETS" = "1 21 21 21 0 " ]
}

@test "another user has what is ambient, and no more" {
	bundle '.process.user = {uid: 1000, gid: 1000}'
	capabilities '{bounding: ["CHOWN", "KILL", "SYS_CHROOT"], permitted: ["CHOWN", "KILL"],
		effective: ["CHOWN", "KILL"], inheritable: ["CHOWN", "KILL"], ambient: ["KILL"]}'
	sets
	[ "$SETS" = "21 20 20 40021 20 " ]
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN", "KILL"],
		effective: ["CHOWN", "KILL"], inheritable: ["CHOWN"]}'
	sets
	[ "$SETS" = "1 0 0 21 0 " ]
}

@test "without capabilities in the config there are none, for root neither" {
	bundle 'del(.process.capabilities)'
	sets
	[ "$SETS" = "0 0 0 0 0 " ]
	capabilities '{bounding: []}'
	sets
	[ "$SETS" = "0 0 0 0 0 " ]
}

@test "all that the caller has can be given" {
	local all
	all=$(sed -n 's/^CapEff:\t0*//p' /proc/self/status)
	bundle
	config '.process.capabilities |= with_entries(.value = $c)' --argjson c "$(capsh --decode="$all" |
		sed 's/.*=//' | tr 'a-z' 'A-Z' | jq -R 'split(",")')"
	config '.process.capabilities.inheritable = .process.capabilities.bounding
		| .process.capabilities.ambient = .process.capabilities.bounding'
	sets
	[ "$SETS" = "$all $all $all $all $all " ]
}

@test "what the caller does not have is refused, with what to do" {
	bundle
	capabilities '{bounding: ["SYS_TIME"], permitted: ["SYS_TIME"], effective: ["SYS_TIME"]}'
	run capsh --drop=cap_sys_time -- -c 'exec "$@"' sh "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "process.capabilities"
	fails_with 1 "set the capabilities: Operation not permitted"
	fails_with 1 "Fix: leave out the capabilities that the caller itself does not have"
}

@test "capabilities are used: with CAP_CHOWN root can give files away, without it not" {
	bundle '.root.readonly = false'
	script 'touch /tmp/x && chown 5 /tmp/x && stat -c %u /tmp/x'
	capabilities '{bounding: ["CHOWN"], permitted: ["CHOWN"], effective: ["CHOWN"]}'
	run jr run -b "$BUNDLE" "$ID"
	says 5
	rm "$BUNDLE/rootfs/tmp/x"
	capabilities '{bounding: ["KILL"], permitted: ["KILL"], effective: ["KILL"]}'
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ "$output" == *"Operation not permitted"* ]]
}

@test "an unknown capability is left out with a warning, the others are given" {
	bundle
	capabilities '{bounding: ["CHOWN", "FLY"], permitted: ["CHOWN"], effective: ["CHOWN"]}'
	sets
	[ "$SETS" = "0 1 1 1 0 " ]
	says "warning: process.capabilities.bounding[1]"
	says "unknown capability 'CAP_FLY' is left out"
}

@test "what is effective must be permitted, and what is not inheritable is never ambient" {
	bundle '.process.user = {uid: 1000, gid: 1000}'
	capabilities '{bounding: ["CHOWN"], effective: ["CHOWN"]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.capabilities.effective"
	fails_with 1 "cannot be effective without being permitted"
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN", "KILL"], effective: [],
		inheritable: ["KILL"], ambient: ["CHOWN", "KILL"]}'
	sets
	[ "$SETS" = "20 20 20 21 20 " ]
}

@test "a user namespace gives capabilities inside of it, the same way" {
	bundle '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 2000}]
		| .linux.gidMappings = .linux.uidMappings | .root.readonly = false'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN", "KILL"], effective: ["CHOWN", "KILL"]}'
	sets
	[ "$SETS" = "0 21 21 21 0 " ]
	config '.process.user = {uid: 1000, gid: 1000}'
	sets
	[ "$SETS" = "0 0 0 21 0 " ]
}

@test "noNewPrivileges keeps set-user-id programs from gaining anything" {
	bundle '.root.path = "/" | .process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true'
	mkdir src
	cp /usr/bin/id src/id
	chmod 4755 src/id
	config '.mounts += [{destination: "/mnt", source: $s, options: ["bind"]}]' --arg s "$T/src"
	script '/mnt/id -u; grep NoNewPrivs /proc/self/status'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = 1000 ]
	[[ "${lines[1]}" =~ 1$ ]]
	config '.process.noNewPrivileges = false'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" =~ 0$ ]]
}

@test "what the caller hands on, inheritable and ambient, is not the program's" {
	bundle '.process.user = {uid: 1000, gid: 1000}'
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN", "KILL"], effective: ["CHOWN", "KILL"]}'
	command_is grep ^Cap /proc/self/status
	local by=(setpriv --inh-caps +chown,+kill --ambient-caps +chown,+kill)
	run "${by[@]}" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says "CapInh:	0000000000000000"
	says "CapAmb:	0000000000000000"
	says "CapEff:	0000000000000000"
	# Inheritable by the config, ambient by nobody but the caller.
	capabilities '{bounding: ["CHOWN", "KILL"], permitted: ["CHOWN", "KILL"], effective: ["CHOWN", "KILL"],
		inheritable: ["CHOWN"]}'
	run "${by[@]}" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says "CapInh:	0000000000000001"
	says "CapAmb:	0000000000000000"
	says "CapEff:	0000000000000000"
	# Root's are not taken away by becoming another user.
	config '.process.user = {uid: 0, gid: 0}'
	run "${by[@]}" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says "CapInh:	0000000000000001"
	says "CapAmb:	0000000000000000"
}
