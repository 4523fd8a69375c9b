#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nsjail's fields of the network: interfaces that are moved, the macvlan, rules. What is the host's network to
# jailrt is a namespace of the test's own, $HOST.
load helpers
load life
load nsjail

# A plain user has to reach the program and the tests' folders.
setup_suite_file() {
	local dir=$BATS_FILE_TMPDIR
	cp "$JAILRT" "$BATS_FILE_TMPDIR/jailrt"
	while [ "$dir" != /tmp ] && [ "$dir" != / ]; do
		chmod a+x "$dir"
		dir=$(dirname "$dir")
	done
}

# as_user COMMAND: of jailrt's, without root's rights.
as_user() {
	chmod a+x "$T"
	mkdir -pm 777 "$T/nobody"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_FILE_TMPDIR/jailrt" --root "$T/nobody/states" "$@"
}

# host: $HOST, with e0, which the jails get a macvlan of, and w0 at hand; behind e0 is the world, 10.1.0.1.
host() {
	HOST="$ID-host"
	ip netns add "$HOST"
	later ip netns delete "$HOST"
	in_host ip link add e0 type veth peer name world 2>/dev/null || skip "this kernel has no veth devices"
	in_host ip link add w0 type veth peer name w0-peer
	in_host ip link set lo up
	in_host ip link set e0 up
	in_host ip link set world up
	in_host ip addr add 10.1.0.1/24 dev world
	in_host ip addr add fd01::1/64 dev world nodad
}

in_host() {
	nsenter --net="/run/netns/$HOST" "$@"
}

# devices: names in $HOST.
devices() {
	in_host ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | paste -sd' '
}

# A namespace goes some time after the jail.
devices_are() {
	[ "$(devices)" = "$1" ]
}

# with FIELDS: a config of them, whose root is the host's, for its programs.
with() {
	printf 'mount { src: "/" dst: "/" is_bind: true }\nmount { src: "%s" dst: "%s" is_bind: true rw: true }\n%s\n' \
		"$T" "$T" "$1" > jail.cfg
}

MACVLAN='macvlan_iface: "e0" macvlan_vs_ip: "10.1.0.2" macvlan_vs_gw: "10.1.0.1"'

# ours COMMAND, theirs COMMAND: in a jail of the config, by either door.
ours() {
	run in_host "$JAILRT" --root "$STATES" run --config jail.cfg "$ID" -- "$@"
}

theirs() {
	status=0
	output=$(in_host "$JAILRT" --root "$STATES" nsjail -q --config jail.cfg -- "$@" 2> "$T/log") || status=$?
	log=$(cat "$T/log")
}

# has WORDS: a line of the output holds them.
has() {
	grep -qF -- "$1" <<< "$output" || { echo "no '$1' in: $output / ${log-}"; return 1; }
}

has_not() {
	not grep -qF -- "$1" <<< "$output"
}

# world: listens in $HOST on ports of both families, which is all that the tests connect to.
world() {
	cat > world.py <<-'EOF2'
		import socket, sys, time
		kept = []
		for port in map(int, sys.argv[1:]):
		    s = socket.socket(socket.AF_INET6)
		    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
		    s.bind(("::", port))
		    s.listen(64)
		    kept.append(s)
		print("ready", flush=True)
		time.sleep(1000)
	EOF2
	nsenter --net="/run/netns/$HOST" python3 world.py "$@" > listening 2>&1 3>&- &
	later kill_and_wait $!
	wait_for 20 grep -q ready listening
	cat > try.py <<-'EOF2'
		# Each argument is [udp:]ADDRESS-PORT[-SOURCE PORT][%DEVICE]: what becomes of a connection to it?
		import errno, os, socket, sys
		def say(word):
		    kind = socket.SOCK_DGRAM if word.startswith("udp:") else socket.SOCK_STREAM
		    where, _, device = word.removeprefix("udp:").partition("%")
		    address, port, *source = where.split("-")
		    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
		    s.settimeout(float(os.environ.get("PATIENCE", 20)))
		    try:
		        if device:
		            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
		        if source:
		            s.bind(("", int(source[0])))
		        s.connect((address, int(port)))
		        if kind == socket.SOCK_DGRAM:
		            s.send(b"x")
		        return "ok"
		    except OSError as e:
		        return errno.errorcode.get(e.errno, str(e))
		print(" ".join(say(w) for w in sys.argv[1:]))
	EOF2
}

@test "iface_own: the interface is the jail's under its name, down, without its addresses" {
	host
	in_host ip addr add 10.9.0.1/24 dev w0
	in_host ip link set w0 up
	with 'iface_own: "w0"'
	ours sh -c 'ip -o addr; ip -o link'
	says ": w0@"
	has_not "10.9.0.1"
	[[ "$(grep ': w0@' <<< "$output")" == *"state DOWN"* ]]
	# A veth device goes with the namespace that it was moved to, and takes its peer along.
	wait_for 20 devices_are "e0 lo world"
	in_host ip link add w0 type veth peer name w0-peer
	in_host ip link add w1 type veth peer name w1-peer
	with 'clone_newuser: false iface_own: "w0"'
	status=0
	output=$(in_host "$JAILRT" --root "$STATES" nsjail -q --config jail.cfg --iface_own w1 -- /bin/sh -c 'ip -o link' 2>&1) || status=$?
	says ": w0@"
	has ": w1@"
	wait_for 20 devices_are "e0 lo world"
}

@test "iface_own: whoever may can set it up inside" {
	host
	with 'iface_own: "w0" keep_caps: true'
	in_host ip link set w0-peer up
	in_host ip addr add 10.9.0.1/24 dev w0-peer
	ours sh -c 'ip addr add 10.9.0.2/24 dev w0; ip link set w0 up; exec busybox ping -c1 -W5 10.9.0.1'
	says "1 packets received"
}

@test "macvlan: vs is up, with address, netmask, broadcast, MAC, mode and the default route" {
	host
	with "$MACVLAN"' macvlan_vs_nm: "255.255.254.0" macvlan_vs_ma: "02:00:00:00:00:07" macvlan_vs_mo: "Bridge"'
	ours sh -c 'ip -d -j addr show dev vs; ip route'
	says '"local":"10.1.0.2","prefixlen":23,"broadcast":"10.1.1.255"'
	has '"UP"'
	has '"address":"02:00:00:00:00:07"'
	has '"mode":"bridge"'
	has "default via 10.1.0.1 dev vs"
	theirs /bin/sh -c 'ip -d -j addr show dev vs; ip route'
	[ "$status" -eq 0 ]
	has '"mode":"bridge"'
	has "default via 10.1.0.1 dev vs"
	same "$(devices)" "e0 lo w0 w0-peer world"
}

@test "macvlan: what it says is heard, and the modes are those of the kernel" {
	local mode
	host
	world 2000
	for mode in private vepa bridge; do
		with "$MACVLAN macvlan_vs_mo: \"$mode\""
		ours sh -c "ip -d link show dev vs; exec python3 $T/try.py 10.1.0.1-2000"
		says "macvlan mode $mode"
		has ok
	done
	# This one is alone on its device.
	with 'macvlan_iface: "w0" macvlan_vs_ip: "10.9.0.2" macvlan_vs_gw: "0.0.0.0" macvlan_vs_mo: "passthru"'
	ours ip -d link show dev vs
	says "macvlan mode passthru"
	# Without a gateway what is beyond the network is beyond reach.
	with 'macvlan_iface: "e0" macvlan_vs_ip: "10.1.0.2" macvlan_vs_gw: "0.0.0.0"'
	ours python3 "$T/try.py" 10.1.0.1-2000 10.2.0.1-2000
	says "ok ENETUNREACH"
}

@test "macvlan: with the address 0.0.0.0 it is left alone, and down" {
	host
	with 'macvlan_iface: "e0" macvlan_vs_ip: "0.0.0.0"'
	ours ip -o addr show dev vs
	same "$output" "$(grep warning <<< "$output")"
	ours ip -o link show dev vs
	says "state DOWN"
}

@test "macvlan by options, as root without a user namespace, and in place of the caller" {
	host
	for mode in --disable_clone_newuser -Mo -Me "--user 9999 --group 9999"; do
		status=0
		output=$(in_host "$JAILRT" --root "$STATES" nsjail -q $mode --chroot / -I e0 --macvlan_vs_ip 10.1.0.9 --macvlan_vs_nm 255.255.0.0 \
			--macvlan_vs_gw 10.1.7.7 --macvlan_vs_ma 02:00:00:00:00:09 --macvlan_vs_mo vepa -- /bin/sh -c 'ip -d addr show dev vs; ip route' 2>&1) || status=$?
		says "inet 10.1.0.9/16 brd 10.1.255.255"
		has "02:00:00:00:00:09"
		has "mode vepa"
		has "default via 10.1.7.7 dev vs"
	done
	same "$(devices)" "e0 lo w0 w0-peer world"
}

@test "macvlan and own interfaces by the options of older releases, and by today's" {
	host
	status=0
	output=$(in_host "$JAILRT" --root "$STATES" nsjail -q --chroot / --iface e0 --iface_vs_ip 10.1.0.9 --iface_vs_nm 255.255.0.0 \
		--iface_vs_gw 10.1.7.7 --iface_vs_ma 02:00:00:00:00:09 -- /bin/sh -c 'ip -d addr show dev vs; ip route' 2>&1) || status=$?
	says "inet 10.1.0.9/16 brd 10.1.255.255"
	has "02:00:00:00:00:09"
	has "default via 10.1.7.7 dev vs"
	has "option --iface is deprecated: use --macvlan_iface"
	has "option --iface_vs_gw is deprecated: use --macvlan_vs_gw"
	output=$(in_host "$JAILRT" --root "$STATES" nsjail -q --chroot / --iface_own w0 -- /bin/sh -c 'ip -o link' 2>&1) || status=$?
	says ": w0@"
}

@test "rules: a range of source ports" {
	host
	world 2000
	with "$MACVLAN"' traffic_rule { proto: TCP sport: 3000 sport_end: 3002 }'
	ours python3 "$T/try.py" 10.1.0.1-2000-2999 10.1.0.1-2000-3000 10.1.0.1-2000-3002 10.1.0.1-2000-3003
	says "ok EINVAL EINVAL ok"
}

@test "modes LISTEN and RERUN: each jail has its own" {
	local i
	host
	door() { exec nsenter --net="/run/netns/$HOST" "$JAILRT" --root "$STATES" nsjail "$@"; }
	with "$MACVLAN"' mode: LISTEN traffic_rule { dst_ip: "10.1.0.7" }'
	serves --config jail.cfg -- /bin/sh -c 'ip -o -4 addr show dev vs | grep -o "inet [^ ]*"; ip rule | grep -c blackhole; cat > /dev/null'
	for i in 1 2 3 4; do
		in_host /bin/busybox nc 127.0.0.1 "$PORT" < /dev/null > "out$i" 2>&1 3>&- &
	done
	for i in 1 2 3 4; do
		wait_for 20 eval "[ \"\$(paste -sd' ' out$i)\" = 'inet 10.1.0.2/24 1' ]"
	done
	# The MAC address of a jail is taken until its namespace is gone.
	door -q --config jail.cfg -Mr --macvlan_vs_ma 02:00:00:00:00:07 -- /bin/sh -c 'ip -o link show dev vs | grep -o "ether [^ ]*"' > again 2>&1 &
	later kill_and_wait $!
	wait_for 20 eval '[ "$(grep -c "ether 02:00:00:00:00:07" again)" -ge 4 ]'
	same "$(grep -c "\[E\]" again)" 0
}

@test "rules: what is dropped or refused is so at once, by protocol, ports and addresses" {
	host
	world 2000 2001 2002 2003
	with "$MACVLAN"' traffic_rule { proto: TCP dport: 2000 }
		traffic_rule { proto: TCP dport: 2001 dport_end: 2002 action: REJECT }
		traffic_rule { proto: TCP sport: 3000 }
		traffic_rule { dst_ip: "10.1.0.128/25" }'
	ours python3 "$T/try.py" 10.1.0.1-{2000..2003} udp:10.1.0.1-2000 10.1.0.1-2003-3000 10.1.0.1-2003-3001 udp:10.1.0.129-7
	says "EINVAL ENETUNREACH ENETUNREACH ok ok EINVAL ok EINVAL"
	theirs /usr/bin/python3 "$T/try.py" 10.1.0.1-{2000..2003} udp:10.1.0.1-2000
	same "$output" "EINVAL ENETUNREACH ENETUNREACH ok ok"
	# What the jail says to itself is not looked at.
	with 'macvlan_iface: "e0" macvlan_vs_ip: "10.1.0.3" macvlan_vs_gw: "10.1.0.1"
		traffic_rule { src_ip: "10.1.0.3" action: REJECT } traffic_rule { proto: UDP } traffic_rule { dst_ip: "127.0.0.0/8" }'
	ours python3 "$T/try.py" 10.1.0.1-2000 127.0.0.1-1 10.1.0.3-1
	says "ENETUNREACH ECONNREFUSED ECONNREFUSED"
}

@test "rules: a socket that is bound to an interface, for which routing makes an exception, is no way round" {
	host
	world 2000 2001
	with "$MACVLAN"' traffic_rule { proto: TCP dport: 2000 action: REJECT } traffic_rule { proto: UDP dport: 2000 action: REJECT }
		traffic_rule { proto: UDP dport: 2001 }'
	ours python3 "$T/try.py" 10.1.0.1-2000 10.1.0.1-2000%vs 10.1.0.1-2001%vs udp:10.1.0.1-2000%vs udp:10.1.0.1-2001%vs udp:10.1.0.1-2002%vs
	says "ENETUNREACH ECONNREFUSED ok EPERM EPERM ok"
	with "$MACVLAN"' traffic_rule { proto: TCP dport: 2000 }'
	ours env PATIENCE=2 python3 "$T/try.py" 10.1.0.1-2000%vs
	says "timed out"
}

@test "rules: a range up to the last port, which routing has no rule for; ports of all protocols" {
	host
	world 2000 2001 65535
	with "$MACVLAN"' traffic_rule { dport: 2001 dport_end: 65535 action: REJECT }'
	ours python3 "$T/try.py" 10.1.0.1-2000 10.1.0.1-2001 10.1.0.1-65535 udp:10.1.0.1-2000 udp:10.1.0.1-2001 udp:10.1.0.1-65535
	says "ok ENETUNREACH ECONNREFUSED ok ENETUNREACH EPERM"
	with "$MACVLAN"' traffic_rule { proto: TCP dport: 2001 dport_end: 65535 action: ALLOW } traffic_rule { action: REJECT }'
	ours python3 "$T/try.py" 10.1.0.1-2000 10.1.0.1-2001 10.1.0.1-65535 udp:10.1.0.1-2001
	says "ECONNREFUSED ok ok EPERM"
}

@test "rules: our door goes by the list, nsjail's asks the last one first, and says so" {
	host
	world 443 444
	with "$MACVLAN"' traffic_rule { proto: TCP dport: 443 action: ALLOW } traffic_rule { proto: TCP action: REJECT }'
	ours python3 "$T/try.py" 10.1.0.1-443 10.1.0.1-443%vs 10.1.0.1-444 10.1.0.1-444%vs
	says "ok ok ENETUNREACH ECONNREFUSED"
	has_not "is asked before"
	theirs /usr/bin/python3 "$T/try.py" 10.1.0.1-443 10.1.0.1-443%vs 10.1.0.1-444 10.1.0.1-444%vs
	same "$status $output" "0 ENETUNREACH ECONNREFUSED ENETUNREACH ECONNREFUSED"
	logged "traffic_rule[1] is asked before traffic_rule[0], as nsjail does"
	# The same numbers as the kernel would have given.
	theirs /bin/ip rule
	has "32765:	from all ipproto tcp dport 443 lookup main"
	has "32764:	from all ipproto tcp unreachable"
	with "$MACVLAN"' traffic_rule { proto: TCP action: REJECT } traffic_rule { proto: TCP dport: 443 action: ALLOW }'
	theirs /usr/bin/python3 "$T/try.py" 10.1.0.1-443 10.1.0.1-443%vs 10.1.0.1-444 10.1.0.1-444%vs
	same "$status $output" "0 ok ok ENETUNREACH ECONNREFUSED"
}

@test "rules: a family of addresses each; neighbours are found whatever they say" {
	host
	world 2000 2001
	with "$MACVLAN"' keep_caps: true traffic_rule { ip_family: IPV6 dst_ip: "fd01::/64" proto: TCP dport: 2001 action: ALLOW }
		traffic_rule { ip_family: IPV6 action: REJECT } traffic_rule { proto: ICMP }'
	ours sh -c "ip addr add fd01::2/64 dev vs nodad; python3 $T/try.py fd01::1-2000 fd01::1-2001 fd01::1-2000%vs 10.1.0.1-2000 udp:fd01::1-1%vs
		busybox ping -c1 -W5 10.1.0.1 2>&1; busybox ping -c1 -W5 fd01::1 2>&1"
	has "ENETUNREACH ok ENETUNREACH ok ENETUNREACH"
	has "sendto: Invalid argument"
	has "sendto: Network is unreachable"
}

@test "rules: interfaces that packets go out by and come in by" {
	local port
	host
	world 2000
	with "$MACVLAN"' traffic_rule { oif: "none" } traffic_rule { iif: "lo" proto: UDP action: REJECT } traffic_rule { oif: "vs" proto: TCP dport: 2000 action: ALLOW }
		traffic_rule { oif: "vs" action: REJECT }'
	ours python3 "$T/try.py" 10.1.0.1-2000 10.1.0.1-2000%vs udp:10.1.0.1-2000 10.1.0.1-2001 127.0.0.1-1
	says "ok ok ENETUNREACH ECONNREFUSED ECONNREFUSED"
	with "$MACVLAN"' traffic_rule { oif: "lo" proto: UDP }'
	ours python3 "$T/try.py" 10.1.0.1-2000 udp:10.1.0.1-1 127.0.0.1-1 udp:127.0.0.1-1
	says "ok ok ECONNREFUSED EPERM"
	# What comes in.
	with "$MACVLAN"' traffic_rule { iif: "vs" proto: TCP dport: 2001 action: REJECT }'
	in_host "$JAILRT" --root "$STATES" run --config jail.cfg "$ID" -- \
		python3 "$T/world.py" 2000 2001 > inside 2>&1 3>&- &
	later kill_and_wait $!
	wait_for 20 grep -q ready inside
	in_host ip neigh flush all # the jail before had another MAC address
	run in_host python3 try.py 10.1.0.2-2000 10.1.0.2-2001
	says "ok ECONNREFUSED"
	jr kill "$ID" KILL
}

@test "rules of a plain user's jail are there, and its program cannot take them away" {
	with 'traffic_rule { dst_ip: "1.2.3.4" } clone_newuser: true'
	run as_user run --config jail.cfg -- \
		sh -c 'ip rule; ip rule del priority 32765 2>&1; ip rule; nft flush ruleset 2>&1'
	same "$(grep -c "32765:	from all to 1.2.3.4 blackhole" <<< "$output")" 2 || { echo "$output"; return 1; }
	same "$(grep -c "Operation not permitted" <<< "$output")" 2
}

@test "rules: as nft shows them" {
	with 'keep_caps: true traffic_rule { proto: UDP dst_ip: "10.0.0.0/9" dport: 80 dport_end: 85 action: REJECT }
		traffic_rule { ip_family: IPV6 src_ip: "fe80::/10" proto: ICMPV6 }'
	run jr run --config jail.cfg -- nft list table inet jailrt
	says 'oifname != "lo" ip daddr 10.0.0.0/9 udp dport 80-85 reject with icmpx no-route'
	has 'oifname != "lo" meta l4proto ipv6-icmp ip6 saddr fe80::/10 drop'
	has 'type filter hook output priority filter; policy accept;'
}

@test "thousands of rules" {
	local n
	{
		printf 'keep_caps: true\nmount { src: "/" dst: "/" is_bind: true }\n'
		for ((n = 0; n < 3000; n++)); do
			echo "traffic_rule { dst_ip: \"10.$((n / 256)).$((n % 256)).0/24\" }"
		done
	} > jail.cfg
	run jr run --config jail.cfg -- sh -c 'ip rule | grep -c blackhole; nft list table inet jailrt | grep -c "daddr.*drop"'
	says "3000
3000"
}

@test "what cannot be is one error with its place, and the interfaces are where they were" {
	local all='lo e0 w0 w0-peer world' line want
	host
	while IFS='|' read -r line want; do
		echo "$line"
		with "$line"
		ours true
		fails_with 1 "(jail.cfg:3:"
		fails_with 1 "$want"
		same "$(grep -c jailrt: <<< "$(grep -v warning: <<< "$output")")" 1
		theirs /bin/true
		[ "$status" -eq 255 ]
		logged "$want"
	done <<-'EOF2'
		iface_own: "none"|network device 'none': No such device
		iface_own: "lo"|move the network device 'lo'
		macvlan_iface: "none"|network device 'none': No such device
		macvlan_iface: "lo"|make a macvlan 'vs' of the network device 'lo'
		macvlan_iface: "sixteen-bytes-xx"|cannot be the name of a network device
		macvlan_iface: "e0" clone_newnet: false|the jail's network is the host's
		iface_own: "e0" clone_newnet: false|the jail's network is the host's
		traffic_rule { dport: 1 } clone_newnet: false|the jail's network is the host's
		macvlan_iface: "e0" macvlan_vs_ip: "10.1.0.300"|'10.1.0.300' is no IPv4 address
		macvlan_iface: "e0" macvlan_vs_nm: "255.0.255.0"|is no netmask
		macvlan_iface: "e0" macvlan_vs_ma: "02:00"|is no MAC address
		macvlan_iface: "e0" macvlan_vs_mo: "promisc"|is no mode of a macvlan
		macvlan_iface: "e0" macvlan_vs_gw: "10.1.0.1"|is not in the network
		traffic_rule { dst_ip: "fd00::1" }|a rule is for one family
		traffic_rule { proto: ICMP dport: 1 }|a protocol that has none
	EOF2
	in_host ip link show e0 > /dev/null
	[ ! -e "$STATES/$ID" ]
}

@test "only root has interfaces to give" {
	with 'macvlan_iface: "e0"'
	run as_user run --config jail.cfg -- true
	fails_with 1 "macvlan_iface (jail.cfg:3:16): a macvlan cannot be made without privilege on the host"
	with 'iface_own: "e0"'
	run as_user run --config jail.cfg -- true
	fails_with 1 "iface_own[0] (jail.cfg:3:12): a network device cannot be moved without privilege on the host"
}
