#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices that are moved into the container. All of it happens in network namespaces that
# the test makes.
load helpers
load life

# host: a network namespace $HOST, as the machine's is to jailrt; with a device v0, and v1 at its other end.
host() {
	HOST="$ID-host"
	ip netns add "$HOST"
	later ip netns delete "$HOST"
	ip -n "$HOST" link set lo up
	veth v0
}

# veth NAME: a device of $HOST, whose other end is called NAME-peer.
veth() {
	ip -n "$HOST" link add "$1" type veth peer name "$1-peer" 2>/dev/null || skip "this kernel has no veth devices"
	ip -n "$HOST" link set "$1-peer" up
}

# in_host COMMAND: ip netns exec would hide the cgroups.
in_host() {
	nsenter --net="/run/netns/$HOST" "$@"
}

hosted() {
	in_host "$JAILRT" --root "$STATES" "$@"
}

# devices: names in $HOST.
devices() {
	ip -n "$HOST" -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | paste -sd' '
}

# inside COMMAND: ip in the container's network namespace.
inside() {
	nsenter --net="/proc/$(pid_of "$ID")/ns/net" ip "$@"
}

running() {
	command_is sleep 1000
	hosted create -b "$BUNDLE" "$ID"
	hosted start "$ID"
}

@test "the device is the container's, up, with its permanent global addresses and no others" {
	host
	ip -n "$HOST" addr add 10.5.0.2/24 brd + dev v0
	ip -n "$HOST" addr add 10.5.0.3/24 dev v0
	ip -n "$HOST" addr add 10.6.0.1 peer 10.6.0.2/32 dev v0
	ip -n "$HOST" addr add 10.7.0.1/16 dev v0 scope link
	ip -n "$HOST" addr add 10.8.0.1/16 dev v0 valid_lft 1000 preferred_lft 1000
	ip -n "$HOST" addr add fd00:5::2/64 dev v0 nodad
	ip -n "$HOST" link set v0 up
	bundle '.linux.netDevices = {v0: {}}'
	running
	same "$(devices)" "lo v0-peer"
	same "$(inside -j addr show dev v0 | jq -r '.[0].addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen) \(.address // "") \(.broadcast // "")"' | sed 's/ *$//' | sort | paste -sd';')" \
		"10.5.0.2/24  10.5.0.255;10.5.0.3/24;10.6.0.1/32 10.6.0.2;fd00:5::2/64"
	same "$(inside -j addr show dev v0 | jq -r '[.[0].addr_info[] | select(.scope == "link" and .family == "inet")] | length')" 0
	[[ "$(inside -j link show dev v0 | jq -c '.[0].flags')" == *'"UP"'* ]]
	# Both ends hear each other.
	ip -n "$HOST" addr add 10.5.0.1/24 dev v0-peer
	run in_host /bin/busybox ping -c1 -W5 10.5.0.2
	says "1 packets received"
}

@test "it may have another name there, also one with a free number" {
	host
	veth v1
	veth v2
	bundle '.linux.netDevices = {v0: {name: "eth0"}, v1: {name: "eth%d"}, v2: {name: "x%dy"}}'
	running
	same "$(inside -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | paste -sd' ')" "eth0 eth1 lo x0y"
	same "$(devices)" "lo v0-peer v1-peer v2-peer"
}

@test "the lowest free number counts, also where the device is called so already" {
	host
	ip -n "$HOST" link set v0 name eth0
	bundle '.linux.netDevices = {eth0: {name: "eth%d"}}'
	running
	same "$(inside -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | paste -sd' ')" "eth0 lo"
}

@test "a joined namespace: a name that is taken there is an error, and the device stays" {
	host
	ip netns add "$ID-other"
	later ip netns delete "$ID-other"
	ip -n "$ID-other" link add v0 type veth peer name other-peer
	bundle '.linux.namespaces |= map(if .type == "network" then .path = $p else . end) | .linux.netDevices = {v0: {}}' \
		--arg p "/run/netns/$ID-other"
	run hosted run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.netDevices.v0"
	fails_with 1 "the network namespace has a device 'v0' already"
	same "$(devices)" "lo v0 v0-peer"
	config '.linux.netDevices.v0.name = "free"'
	running
	same "$(devices)" "lo v0-peer"
	[[ "$(ip -n "$ID-other" -o link)" == *" free@"* ]]
	# What is in a joined namespace stays in it.
	jr delete --force "$ID"
	[[ "$(ip -n "$ID-other" -o link)" == *" free@"* ]]
}

@test "in a user namespace, too; and hooks find it there" {
	host
	ip -n "$HOST" addr add 10.5.0.2/24 dev v0
	printf '#!/bin/sh\nexec nsenter --net=/proc/$(jq .pid)/ns/net ip -o addr show dev in0 > "%s/hooked"\n' "$T" > hook
	chmod 755 hook
	bundle '.linux.netDevices = {v0: {name: "in0"}} | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .hooks.createRuntime = [{path: $h}]' --arg h "$T/hook"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	running
	[[ "$(cat hooked)" == *"10.5.0.2/24"* ]]
	[[ "$(inside -o addr show dev in0)" == *"10.5.0.2/24"* ]]
}

@test "with a namespace whose clocks are set, a process more is between" {
	host
	bundle '.linux.netDevices = {v0: {}} | .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 100}}'
	running
	same "$(devices)" "lo v0-peer"
	[[ "$(inside -o link)" == *" v0@"* ]]
}

@test "a device that is not there, or cannot be moved, is an error with its place, and nothing is left" {
	host
	bundle '.linux.netDevices = {"no-such-dev": {}}'
	run hosted run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.netDevices.no-such-dev"
	fails_with 1 "network device 'no-such-dev': No such device"
	config '.linux.netDevices = {lo: {name: "lo2"}}'
	run hosted run -b "$BUNDLE" "$ID"
	fails_with 1 "move the network device 'lo' as 'lo2'"
	same "$(devices)" "lo v0 v0-peer"
	[ ! -e "$STATES/$ID" ]
	config '.linux.netDevices = {v0: {}}'
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
	run hosted run -b "$BUNDLE" "$ID"
	fails_with 1 "the container's network namespace is the caller's own"
}

@test "without a network namespace, with a name that is none, or twice the same: refused before anything is made" {
	local bad
	bundle '.linux.netDevices = {v0: {}} | .linux.namespaces |= map(select(.type != "network"))'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "network devices, and no network namespace to move them to"
	for bad in '{"a/b": {}}' '{v0: {name: "sixteen-bytes-xx"}}' '{v0: {name: "a b"}}' '{v0: {name: ".."}}' \
		'{v0: {name: "a%s"}}' '{v0: {name: "a%d%d"}}' '{v0: {name: "a:1"}}' '{v0: {name: "x"}, v1: {name: "x"}}' \
		'{"v%d": {}}'; do
		bundle ".linux.netDevices = $bad"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "linux.netDevices"
	done
}
