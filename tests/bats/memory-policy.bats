#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.memoryPolicy, and what else holds of all processes of the container.
load helpers
load life

setup_suite_file() {
	[ -e /proc/self/numa_maps ] || skip "this kernel is built without NUMA"
}

# policy PROCESS: that of its stack, as the kernel shows it; the first word behind the address.
policy() {
	sed -n 's/^[0-9a-f]* \(.*\) stack.*/\1/p' "/proc/$1/numa_maps"
}

# with_policy MODE FLAGS NODES: what a program under it sees of itself.
with_policy() {
	config '.linux.memoryPolicy = {mode: $m, flags: ($f | split(" "))} | if $n != "" then .linux.memoryPolicy.nodes = $n else . end' \
		--arg m "MPOL_$1" --arg f "$2" --arg n "$3"
	run jr run -b "$BUNDLE" "$ID"
}

@test "each mode is that of the program" {
	bundle
	script 'sed -n "s/^[0-9a-f]* \(.*\) stack.*/\1/p" /proc/self/numa_maps'
	with_policy DEFAULT "" ""
	same "$output" default
	with_policy PREFERRED "" 0
	same "$output" prefer:0
	with_policy BIND "" " 0 "
	same "$output" bind:0
	with_policy INTERLEAVE "" 0-0
	same "$output" interleave:0
	with_policy LOCAL "" ""
	same "$output" local
	with_policy PREFERRED_MANY "" 0
	same "$output" "prefer (many):0"
	with_policy WEIGHTED_INTERLEAVE "" 0
	if [ "$status" -ne 0 ]; then
		fails_with 1 "set the memory policy MPOL_WEIGHTED_INTERLEAVE"
	else
		same "$output" "weighted interleave:0"
	fi
}

@test "each flag is that of the program" {
	bundle
	script 'sed -n "s/^[0-9a-f]* \(.*\) stack.*/\1/p" /proc/self/numa_maps'
	with_policy BIND MPOL_F_STATIC_NODES 0
	same "$output" bind=static:0
	with_policy BIND MPOL_F_RELATIVE_NODES 0
	same "$output" bind=relative:0
	with_policy BIND MPOL_F_NUMA_BALANCING 0
	says "bind"
	says "balancing"
}

@test "it holds of what exec runs too, and as the kernel shows it from outside" {
	bundle '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0"} | .linux.personality = {domain: "LINUX32"}'
	command_is sleep 1000
	started "$ID"
	same "$(policy "$(pid_of "$ID")")" interleave:0
	run jr exec "$ID" sh -c 'grep stack /proc/self/numa_maps'
	says " interleave:0 "
	jq '.process | .args = ["sh", "-c", "grep stack /proc/self/numa_maps; uname -m"]' "$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID"
	says " interleave:0 "
	# The personality is not the process file's either.
	[ "$(uname -m)" != x86_64 ] || same "${lines[1]}" i686
}

@test "in a user namespace, and as another user" {
	bundle '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"} | .process.user = {uid: 5, gid: 5}
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	command_is grep stack /proc/self/numa_maps
	run jr run -b "$BUNDLE" "$ID"
	says " bind:0 "
}

@test "what the kernel refuses is an error with its place" {
	bundle
	command_is true
	with_policy BIND "" 1000
	fails_with 1 "linux.memoryPolicy"
	fails_with 1 "set the memory policy MPOL_BIND on nodes 1000: Invalid argument. Fix: the nodes may not be there"
	with_policy BIND "" ""
	fails_with 1 "MPOL_BIND on nodes (none)"
	with_policy LOCAL "" 0
	fails_with 1 "MPOL_LOCAL on nodes 0"
	with_policy BIND "MPOL_F_STATIC_NODES MPOL_F_RELATIVE_NODES" 0
	fails_with 1 "set the memory policy"
}

@test "what is no policy is refused before anything is made" {
	bundle '.linux.memoryPolicy = {mode: "MPOL_NEAR"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.memoryPolicy.mode"
	fails_with 1 "unknown value 'MPOL_NEAR'"
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", flags: ["MPOL_F_X"]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.memoryPolicy.flags"
	config '.linux.memoryPolicy = {nodes: "0"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the mode is missing"
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'0-' is no list of memory nodes"
}

@test "a flag of the personality is refused: the spec defines none" {
	bundle '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.personality.flags[0]"
	fails_with 1 "'ADDR_NO_RANDOMIZE': the runtime-spec defines no flag of a personality"
	config '.linux.personality.flags = []'
	command_is true
	run jr run -b "$BUNDLE" "$ID"
	says ""
}

@test "features lists modes and flags" {
	run "$JAILRT" features
	same "$(jq -c '.linux.memoryPolicy.flags' <<< "$output")" '["MPOL_F_STATIC_NODES","MPOL_F_RELATIVE_NODES","MPOL_F_NUMA_BALANCING"]'
	same "$(jq '.linux.memoryPolicy.modes | length' <<< "$output")" 7
}
