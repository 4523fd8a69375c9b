#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# jailrt-hook-net. The "host" of these tests is a network namespace of their own, with a "world" behind it;
# the machine's own devices and rules are not touched.
load helpers
load life

HOOK="$(dirname "$JAILRT")/hooks/jailrt-hook-net"

# host: $HOST with loopback, and $WORLD, where 192.0.2.2 is; the host is 192.0.2.1 to it.
host() {
	new_net
	HOST=$!
	new_net
	WORLD=$!
	at_host ip link set lo up
	at_host ip link add w0 type veth peer name w1 netns "/proc/$WORLD/ns/net"
	at_host ip addr add 192.0.2.1/24 dev w0
	at_host ip link set w0 up
	at_world ip addr add 192.0.2.2/24 dev w1
	at_world ip link set w1 up
}

at_host() {
	nsenter --net="/proc/$HOST/ns/net" "$@"
}

at_world() {
	nsenter --net="/proc/$WORLD/ns/net" "$@"
}

hjr() {
	at_host "$JAILRT" --root "$STATES" "$@"
}

# net OPTION…: the bundle has the hook, for createRuntime and poststop.
net() {
	local list
	list=$(printf '%s\n' jailrt-hook-net "$@" | jq -R . | jq -s .)
	config '.hooks.createRuntime += [{path: $p, args: $a}] | .hooks.poststop += [{path: $p, args: $a}]' \
		--arg p "$HOOK" --argjson a "$list"
}

# can_ping: the container may.
can_ping() {
	config '.process.capabilities |= map_values(. + ["CAP_NET_RAW"])'
}

# What the hook made on the host.
made() {
	at_host ip -br link | grep -o '^jr[^@ ]*' || true
	at_host nft list tables | grep jailrt || true
}

nothing_made() {
	same "$(made)" ""
}

# listen PORT: in the world, tells whoever comes which address they have.
listen() {
	# No function: its process is the one that later ends.
	nsenter --net="/proc/$WORLD/ns/net" python3 -c '
import socket, sys
s = socket.create_server(("", int(sys.argv[1])), family=socket.AF_INET)
print("ready", flush=True)
while True:
    c, a = s.accept()
    c.sendall((a[0] + "\n").encode())
    c.close()' "$1" > listening 2>&1 3>&- &
	disown
	later kill $!
	wait_for 20 grep -q ready listening
}

@test "point-to-point: address, default route, loopback, a way to the host; delete removes it" {
	host
	bundle
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --mtu 1400
	can_ping
	script 'ip addr; ip route; ping -c 1 -W 5 10.7.0.1; ping -c 1 127.0.0.1; sleep 1000'
	hjr run -d -b "$BUNDLE" "$ID" > out 2>&1
	wait_for 20 grep -q "127.0.0.1 ping statistics" out
	grep -q "inet 10.7.0.2/32 .*eth0" out
	grep -qE "eth0.*UP.* mtu 1400" out
	grep -q "default via 10.7.0.1 dev eth0" out
	[ "$(grep -c "1 packets received" out)" -eq 2 ]
	same "$(made | wc -l)" 1
	at_host ip addr show dev "$(made)" | grep -q "inet 10.7.0.1 peer 10.7.0.2/32"
	hjr delete --force "$ID"
	nothing_made
}

@test "IPv6 beside IPv4, and another name of the device" {
	host
	bundle
	net -a 10.7.0.2/24 -a fd07::2/64 -g 10.7.0.1 -g fd07::1 --interface net0
	can_ping
	script 'ip -6 route; ip addr show dev net0; ping6 -c 1 -W 5 fd07::1; ping -c 1 -W 5 10.7.0.1'
	run hjr run -b "$BUNDLE" "$ID"
	says "inet6 fd07::2/64"
	says "inet 10.7.0.2/24"
	says "default via fd07::1 dev net0"
	same "$(grep -c "1 packets received" <<< "$output")" 2 || { echo "$output"; return 1; }
	nothing_made
}

@test "on a bridge containers reach each other, and what is on it" {
	local n
	host
	at_host ip link add br0 type bridge
	at_host ip addr add 10.8.0.1/24 dev br0
	at_host ip link set br0 up
	for n in 2 3; do
		bundle
		net --bridge br0 --address 10.8.0.$n/24 --gateway 10.8.0.1
		can_ping
		command_is sleep 1000
		hjr run -d -b "$BUNDLE" "$ID-$n" > "out$n" 2>&1
	done
	same "$(made | wc -l)" 2
	same "$(at_host ip -br link show master br0 | wc -l)" 2
	run hjr exec "$ID-2" sh -c 'ping -c 1 -W 5 10.8.0.3 && ping -c 1 -W 5 10.8.0.1 && ip route'
	says "default via 10.8.0.1 dev eth0"
	hjr delete --force "$ID-2"
	same "$(made | wc -l)" 1
	hjr delete --force "$ID-3"
	nothing_made
	# The bridge is not the hook's.
	at_host ip link show br0 > /dev/null
}

@test "NAT: the world sees the host's address; without, the container's" {
	host
	listen 7000
	at_host sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
	bundle
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --nat
	command_is nc 192.0.2.2 7000
	run hjr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 192.0.2.1"
	nothing_made
	# The world must know the way back.
	at_world ip route add 10.7.0.0/24 via 192.0.2.1
	config '.hooks = {}'
	net --address 10.7.0.2/32 --gateway 10.7.0.1
	run hjr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 10.7.0.2"
	nothing_made
}

@test "NAT is a table of the container's own, behind a bridge, too, and goes with it" {
	local other
	host
	listen 7000
	at_host ip link add br0 type bridge
	at_host ip addr add 10.8.0.1/24 dev br0
	at_host ip link set br0 up
	at_host nft add table inet others
	bundle
	net --bridge br0 --address 10.8.0.2/24 --gateway 10.8.0.1 --nat --forward enable
	command_is sleep 1000
	hjr run -d -b "$BUNDLE" "$ID-2" > out 2>&1
	config '.hooks = {}'
	net --bridge br0 --address 10.8.0.3/24 --gateway 10.8.0.1 --nat --forward enable
	hjr run -d -b "$BUNDLE" "$ID-3" > out 2>&1
	same "$(at_host nft list tables | grep -c jailrt)" 2
	run hjr exec "$ID-3" nc 192.0.2.2 7000
	same "$output" 192.0.2.1
	# Neighbours are not translated for.
	hjr exec -d "$ID-2" sh -c 'nc -l -p 80 -e sh -c "echo \$NCAT_REMOTE_ADDR; netstat -tn | grep :80"' 3>&-
	wait_for 10 hjr exec "$ID-2" sh -c 'netstat -tln | grep -q :80'
	run hjr exec "$ID-3" nc 10.8.0.2 80
	says "10.8.0.3:"
	hjr delete --force "$ID-2"
	same "$(at_host nft list tables | grep -c jailrt)" 1
	hjr delete --force "$ID-3"
	same "$(at_host nft list tables)" "table inet others"
	same "$(at_host cat /proc/sys/net/ipv4/ip_forward)" 1
}

@test "NAT on a host that does not forward is refused, or turned on where that was asked for" {
	host
	bundle
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --nat
	script 'echo the program ran'
	run hjr run -b "$BUNDLE" "$ID"
	fails_with 1 "the host does not forward"
	fails_with 1 "--forward enable"
	[[ "$output" != *"the program ran"* ]]
	nothing_made
	config '.hooks = {}'
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward leave
	run hjr run -b "$BUNDLE" "$ID"
	says "the program ran"
	same "$(at_host cat /proc/sys/net/ipv4/ip_forward)" 0
	config '.hooks = {}'
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward enable
	run hjr run -b "$BUNDLE" "$ID"
	says "the program ran"
	same "$(at_host cat /proc/sys/net/ipv4/ip_forward)" 1
	nothing_made
}

@test "settings come from the environment and from annotations that are allowed" {
	host
	bundle '.annotations = {"org.jailrt-hooks.net.address": "10.7.0.9/32,fd07::9/128"}'
	net --annotations address,mtu
	config '.hooks |= map_values(map(.env = ["JAILRT_NET_GATEWAY=10.7.0.1,fd07::1", "JAILRT_NET_INTERFACE=lan"]))'
	script 'ip addr show dev lan'
	run hjr run -b "$BUNDLE" "$ID"
	says "inet 10.7.0.9/32"
	says "inet6 fd07::9/128"
	nothing_made
	config '.annotations["org.jailrt-hooks.net.nat"] = "true"'
	run hjr run -b "$BUNDLE" "$ID"
	fails_with 1 "the annotation org.jailrt-hooks.net.nat: not allowed"
	config '.annotations = {"org.jailrt-hooks.net.adress": "10.7.0.9/32"}'
	run hjr run -b "$BUNDLE" "$ID"
	fails_with 1 "there is no setting 'adress'"
	config '.annotations = {"org.jailrt-hooks.net.address": "10.7.0.9/32"} | .hooks = {}'
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --annotations address
	run hjr run -b "$BUNDLE" "$ID"
	fails_with 1 "the annotation org.jailrt-hooks.net.address: given already by --address"
	nothing_made
}

@test "bad input: one clear message, no container, nothing left" {
	local options text
	host
	at_host ip link add notbridge type veth peer name other
	while IFS='|' read -r options text; do
		bundle
		net $options
		script 'echo the program ran'
		echo "with $options"
		run hjr run -b "$BUNDLE" "$ID"
		fails_with 1 "error running createRuntime hook #0: exit status 1: jailrt-hook-net: $ID: "
		fails_with 1 "$text"
		[[ "$output" != *"the program ran"* ]]
		run hjr state "$ID"
		fails_with 1 "does not exist"
		nothing_made
	done <<-'EOF2'
		|--address is needed
		--address 10.7.0.2|'10.7.0.2' is no address with a prefix
		--address 10.7.0.2/33 --gateway 10.7.0.1|'10.7.0.2/33' is no address with a prefix
		--address 10.7.0.2/0 --gateway 10.7.0.1|is no address with a prefix
		--address 10.7.0.2/24x --gateway 10.7.0.1|is no address with a prefix
		--address 10.7.0.256/24 --gateway 10.7.0.1|is no address with a prefix
		--address fd07::g/64 --gateway fd07::1|is no address with a prefix
		--address 10.7.0.2/24;reboot --gateway 10.7.0.1|is no address with a prefix
		--address 10.7.0.2/24 --address 10.7.0.3/24 --gateway 10.7.0.1|are of one family
		--address 10.7.0.2/24|--gateway is needed for '10.7.0.2'
		--address 10.7.0.2/24 --gateway 10.7.0.1/24|'10.7.0.1/24' is no address
		--address 10.7.0.2/24 --gateway fd07::1|has no address of its family
		--address 10.7.0.2/24 --gateway 10.7.0.2|is the container's own address
		--address 10.7.0.2/24 --bridge nobridge|there is no bridge 'nobridge'
		--address 10.7.0.2/24 --bridge notbridge|master notbridge
		--address 10.7.0.2/24 --bridge a/b|'a/b' is no name of a device
		--address 10.7.0.2/24 --bridge notbridge --nat|--gateway is needed for '10.7.0.2' with --nat
		--address 10.7.0.2/24 --gateway 10.7.0.1 --interface lo|'lo' is no name of a device
		--address 10.7.0.2/24 --gateway 10.7.0.1 --interface abcdefghijklmnop|is no name of a device
		--address 10.7.0.2/24 --gateway 10.7.0.1 --mtu 67|--mtu
		--address 10.7.0.2/24 --gateway 10.7.0.1 --mtu 1500x|--mtu
		--address 10.7.0.2/24 --gateway 10.7.0.1 --forward maybe|--forward
		--address 10.7.0.2/24 --gateway 10.7.0.1 --forword check|did you mean --forward
		--address 10.7.0.2/24 --gateway 10.7.0.1 more|unexpected argument 'more'
		--address 0.0.0.0/24 --gateway 10.7.0.1|is no address with a prefix
		--address 224.0.0.1/24 --gateway 10.7.0.1|is no address with a prefix
		--address ::/64 --gateway fd07::1|is no address with a prefix
		--address 10.7.0.2/24 --gateway 0.0.0.0|'0.0.0.0' is no address
	EOF2
}

@test "a container without a network namespace of its own is refused" {
	host
	bundle 'del(.linux.namespaces[] | select(.type == "network")) | .mounts |= map(select(.type != "sysfs"))'
	net --address 10.7.0.2/32 --gateway 10.7.0.1
	command_is true
	run hjr run -b "$BUNDLE" "$ID"
	fails_with 1 "network namespace is the one that this hook is in"
	nothing_made
}

@test "with a user namespace, too" {
	host
	bundle '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "mqueue"))'
	chown -hR 100000:100000 "$BUNDLE/rootfs"
	net --address 10.7.0.2/32 --gateway 10.7.0.1
	script 'ip addr show dev eth0'
	run hjr run -b "$BUNDLE" "$ID"
	says "inet 10.7.0.2/32"
	nothing_made
}

@test "a container that died before its start, or was never begun, leaves nothing" {
	host
	bundle
	net --address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward enable
	command_is sleep 1000
	hjr create -b "$BUNDLE" "$ID" > out 2>&1
	same "$(made | wc -l)" 2
	kill -KILL "$(pid_of "$ID")"
	wait_for 10 is_status "$ID" stopped
	hjr delete "$ID"
	nothing_made
	# A later hook fails: poststop removes what the first one made.
	config '.hooks.createRuntime += [{path: "/bin/false"}]'
	run hjr run -b "$BUNDLE" "$ID"
	fails_with 1 "error running createRuntime hook #1"
	nothing_made
	# The process is gone when the hook looks for it.
	run at_host "$HOOK" --address 10.7.0.2/32 --gateway 10.7.0.1 --nat <<< \
		"{\"id\": \"$ID\", \"status\": \"creating\", \"pid\": 4194304, \"bundle\": \"/b\"}"
	fails_with 1 "the container's network namespace"
	nothing_made
}

# told STATUS PID OPTION…: the hook as some runtime would call it.
told() {
	local state="{\"ociVersion\": \"1.2.0\", \"id\": \"$ID\", \"status\": \"$1\", \"pid\": $2, \"bundle\": \"/b\"}"
	shift 2
	at_host "$HOOK" "$@" <<< "$state"
}

@test "called twice it is there once; removed twice it is gone; what is left over is replaced" {
	local pid o=(--address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward enable)
	host
	new_net
	pid=$!
	told creating $pid "${o[@]}"
	told creating $pid "${o[@]}"
	same "$(made | wc -l)" 2
	same "$(nsenter --net="/proc/$pid/ns/net" ip -br addr show dev eth0 | awk '{ print $3 }')" 10.7.0.2/32
	# The next container of the name finds what the last one left, and takes its place.
	new_net
	told creating $! "${o[@]}"
	same "$(made | wc -l)" 2
	not nsenter --net="/proc/$pid/ns/net" ip link show eth0 2> /dev/null
	told stopped 0 "${o[@]}"
	nothing_made
	told stopped 0 "${o[@]}"
	nothing_made
}

@test "a device of that name in the container is an error, and nothing is left" {
	host
	new_net
	nsenter --net="/proc/$!/ns/net" ip link add eth0 type veth peer name x
	run told creating $! --address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward enable
	fails_with 1 "File exists"
	nothing_made
}

@test "what was made is removed also when the settings can no longer be read" {
	local pid bad
	host
	new_net
	pid=$!
	for bad in "--address nonsense" "--no-such-option" "--interface ../x"; do
		told creating $pid --address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward enable
		run told stopped 0 $bad
		[ "$status" -eq 1 ]
		nothing_made
	done
}

@test "without nft, without rights, with no state: told in one line, nothing left" {
	local o=(--address 10.7.0.2/32 --gateway 10.7.0.1 --nat --forward enable)
	host
	new_net
	local state="{\"id\": \"$ID\", \"status\": \"creating\", \"pid\": $!, \"bundle\": \"/b\"}"
	run at_host unshare --mount sh -c 'mount --bind /dev/null "$(command -v nft || echo /usr/sbin/nft)" && exec "$@"' \
		- "$HOOK" "${o[@]}" <<< "$state"
	fails_with 1 "there is no program 'nft'. Fix: install nftables"
	nothing_made
	run at_host setpriv --bounding-set -net_admin "$HOOK" --address 10.7.0.2/32 --gateway 10.7.0.1 <<< "$state"
	fails_with 1 "Operation not permitted. Fix: it takes CAP_NET_ADMIN"
	nothing_made
	for state in '' '{' '[]' '{"id": "x"}' '{"id": 5, "status": "creating", "bundle": "/"}' \
		'{"id": "x", "status": "creating", "pid": "1", "bundle": "/"}' "$(printf '[%.0s' {1..1000})"; do
		run at_host "$HOOK" "${o[@]}" <<< "$state"
		[ "$status" -eq 1 ]
		same "${#lines[@]}" 1
		[[ "$output" == jailrt-hook-net:* ]]
	done
	nothing_made
}

@test "the hook is runc's as well" {
	host
	bundle
	net --address 10.7.0.2/32 --gateway 10.7.0.1
	can_ping
	script 'ip addr show dev eth0; ping -c 1 -W 5 10.7.0.1'
	run at_host runc --root "$T/runc" run -b "$BUNDLE" "$ID" < /dev/null
	says "1 packets received"
	says "inet 10.7.0.2/32"
	nothing_made
}
