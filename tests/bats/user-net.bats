#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# user_net: a jail's network through a process of the host. The "host" of these tests is a network namespace
# of their own, with a "world" behind it: nothing leaves the machine.
load helpers
load life
load nsjail

at_host() {
	nsenter --net="/proc/$HOST/ns/net" "$@"
}

# host_jailrt ARGUMENTS &: in the background, so that $! is jailrt's own.
host_jailrt() {
	exec nsenter --net="/proc/$HOST/ns/net" "$JAILRT" --root "$STATES" "$@"
}

at_world() {
	nsenter --net="/proc/$WORLD/ns/net" "$@"
}

# host: $HOST, 192.0.2.2 and 2001:db8::2, and $WORLD, 192.0.2.1 and 2001:db8::1.
host() {
	new_net
	HOST=$!
	new_net
	WORLD=$!
	at_host ip link set lo up
	at_world ip link set lo up
	at_host ip link add w0 type veth peer name w1 netns "/proc/$WORLD/ns/net"
	at_host ip addr add 192.0.2.2/24 dev w0
	at_host ip addr add 2001:db8::2/64 dev w0 nodad
	at_world ip addr add 192.0.2.1/24 dev w1
	at_world ip addr add 2001:db8::1/64 dev w1 nodad
	at_world ip addr add 198.51.100.1/32 dev lo
	at_world ip addr add 2001:db8:1::1/128 dev lo nodad
	at_host ip link set w0 up
	at_world ip link set w1 up
	at_host ip route add default via 192.0.2.1
	at_host ip -6 route add default via 2001:db8::1
	at_host sh -c 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
	wait_for 10 at_host sh -c 'ip -6 route get 2001:db8::1 | grep -q w0'
}

# servers WHERE WHAT...: WHERE is at_host or at_world; their log is $T/WHERE.log.
servers() {
	local where=$1
	shift
	# Not by the function: what is killed is to be the servers themselves.
	local net=$HOST
	[ "$where" = at_host ] || net=$WORLD
	nsenter --net="/proc/$net/ns/net" python3 "$BATS_TEST_DIRNAME/net-servers.py" "$T/$where.log" "$@" 3>&- &
	disown
	later kill $!
	wait_for 20 grep -qs ready "$T/$where.log"
}

# net_is: user_net of the lines on stdin; the jail has the host's files, and the tests' scripts in /mnt.
net_is() {
	{
		printf 'mount { src: "/" dst: "/" is_bind: true }\n'
		printf 'mount { src: "%s" dst: "/mnt" is_bind: true }\n' "$BATS_TEST_DIRNAME"
		printf 'mount_proc: true\ntime_limit: 60\nrlimit_as: 8192\n'
		cat
	} > "$T/net.cfg"
}

# in_jail COMMAND...: its output.
in_jail() {
	run at_host timeout -k 1 60 "$JAILRT" --root "$STATES" run --config "$T/net.cfg" "${OPTIONS[@]}" -- "$@"
	output=$(grep -v "warning: the jail's user 0 is root on the host: map another" <<< "$output" || true)
}

# asks QUESTION...: of the jail's; the answers are in ${lines[@]}.
asks() {
	in_jail /usr/bin/python3 /mnt/net-ask.py "$@"
	[ "$status" -eq 0 ] || { echo "status $status: $output"; return 1; }
	mapfile -t lines <<< "$output"
}

# answers LINE...: all of the last asks.
answers() {
	same "$(printf '%s\n' "${lines[@]}")" "$(printf '%s\n' "$@")"
}

helpers_of_tests() {
	pgrep -x jailrt-net-jail | while read -r pid; do
		[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink "/proc/$HOST/ns/net")" ] || echo "$pid"
	done
}

no_helpers() {
	local pid
	for pid in $(helpers_of_tests); do
		gone "$pid" || return 1
	done
}

@test "an empty user_net gives the jail the world, by IPv4 and IPv6" {
	host
	servers at_world tcp/192.0.2.1/80/web tcp/2001:db8::1/80/web6 udp/192.0.2.1/53/dns udp/2001:db8::1/53/dns6
	net_is <<< 'user_net { }'
	asks half/192.0.2.1/80/a tcp/2001:db8::1/80/b udp/192.0.2.1/53/c udp/2001:db8::1/53/d
	answers "web got a from 192.0.2.2" "web6 got b from 2001:db8::2" "dns got c from 192.0.2.2" \
		"dns6 got d from 2001:db8::2"
	asks tcp/192.0.2.1/81/a udp/192.0.2.1/54/a tcp/2001:db8::1/81/a fetch/192.0.2.1/80/3000000
	answers ECONNREFUSED ECONNREFUSED ECONNREFUSED 3000000
	wait_for 5 no_helpers
}

@test "the jail's device has nsjail's addresses, and an empty one switches its family off" {
	host
	net_is <<< 'user_net { }'
	in_jail /bin/sh -c 'ip -o addr show dev eth0; ip route; ip -6 route show default'
	says "inet 10.255.255.2 peer 10.255.255.1/32"
	says "inet6 fc00::2/128"
	says "default dev eth0 scope link"
	says "default dev eth0 metric 1024"
	net_is <<< 'user_net { ip4: "10.7.0.2" gw4: "10.7.0.1" ip6: "" ns_iface: "net7" }'
	in_jail /bin/sh -c 'ip -o addr show dev net7; ip -6 route show default'
	says "inet 10.7.0.2 peer 10.7.0.1/32"
	not grep -q "inet6 fc00" <<< "$output"
	not grep -q "default dev" <<< "$output"
	net_is <<< 'user_net { ip4: "" }'
	in_jail ip route
	same "$output" ""
}

@test "the host itself and what is next to it stay out of reach unless a rule says so" {
	host
	servers at_host tcp/127.0.0.1/80/loop udp/127.0.0.1/53/loop tcp/::1/80/loop6
	at_host ip addr add 169.254.169.254/32 dev lo
	servers at_world tcp/192.0.2.1/80/web
	rm at_host.log
	servers at_host tcp/169.254.169.254/80/metadata
	net_is <<< 'user_net { }'
	asks tcp/10.255.255.1/80/a udp/10.255.255.1/53/b tcp/fc00::1/80/c tcp/192.0.2.1/80/d
	answers ECONNREFUSED ECONNREFUSED ECONNREFUSED "web got d from 192.0.2.2"
	asks tcp/169.254.169.254/80/a
	answers silence
	net_is <<< 'user_net { rule4 { dst_ip: "169.254.169.254" } }'
	asks tcp/169.254.169.254/80/a
	answers "metadata got a from 169.254.169.254"
}

@test "DROP is silence and REJECT an answer, the first rule that matches counts" {
	host
	servers at_world tcp/192.0.2.1/80/web tcp/192.0.2.1/81/web udp/192.0.2.1/53/dns udp/192.0.2.1/54/dns \
		tcp/2001:db8::1/80/web6 udp/2001:db8::1/53/dns6
	net_is <<-'EOF'
		user_net {
			rule4 { proto: TCP dst_ip: "192.0.2.0/24" dport: 80 action: ALLOW }
			rule4 { proto: UDP dport: 50 dport_end: 53 action: REJECT }
			rule4 { proto: UDP action: DROP }
			rule4 { action: REJECT }
			rule6 { proto: TCP action: REJECT }
			rule6 { dst_ip: "2001:db8::/32" action: DROP }
		}
	EOF
	asks tcp/192.0.2.1/80/a tcp/192.0.2.1/81/b udp/192.0.2.1/53/c udp/192.0.2.1/54/d \
		tcp/2001:db8::1/80/e udp/2001:db8::1/53/f
	answers "web got a from 192.0.2.2" ECONNREFUSED ECONNREFUSED silence ECONNREFUSED silence
}

@test "a rule can look at the jail's own port" {
	host
	servers at_world tcp/192.0.2.1/80/web
	net_is <<< 'user_net { rule4 { sport: 1 sport_end: 65535 proto: TCP action: REJECT } }'
	asks tcp/192.0.2.1/80/a
	answers ECONNREFUSED
	net_is <<< 'user_net { rule4 { sport: 7 proto: TCP action: REJECT } rule4 { src_ip: "10.9.9.9" action: DROP } }'
	asks tcp/192.0.2.1/80/a
	answers "web got a from 192.0.2.2"
}

@test "REDIRECT leads elsewhere, also to the host itself, and the jail does not see it" {
	host
	servers at_world tcp/192.0.2.1/80/web udp/192.0.2.1/53/dns
	servers at_host tcp/127.0.0.1/8080/own udp/127.0.0.1/5353/own tcp/::1/8080/own6 udp/::1/5353/own6
	net_is <<-'EOF'
		user_net {
			rule4 { proto: TCP dport: 1080 action: REDIRECT redirect_ip: "127.0.0.1" redirect_port: 8080 }
			rule4 { proto: TCP dst_ip: "198.51.100.0/24" action: REDIRECT redirect_ip: "192.0.2.1" redirect_port: 80 }
			rule4 { proto: UDP action: REDIRECT redirect_ip: "127.0.0.1" redirect_port: 5353 }
			rule6 { proto: TCP action: REDIRECT redirect_ip: "::1" redirect_port: 8080 }
			rule6 { proto: UDP action: REDIRECT redirect_ip: "::1" redirect_port: 5353 }
		}
	EOF
	asks tcp/192.0.2.1/1080/a tcp/198.51.100.7/443/b udp/192.0.2.1/53/c udp/203.0.113.9/9/d \
		tcp/2001:db8::1/80/e udp/2001:db8::1/53/f tcp/192.0.2.1/80/g fetch/198.51.100.7/443/2000000
	answers "own got a from 127.0.0.1" "web got b from 192.0.2.2" "own got c from 127.0.0.1" \
		"own got d from 127.0.0.1" "own6 got e from ::1" "own6 got f from ::1" \
		"web got g from 192.0.2.2" 2000000
}

@test "what is refused where a REDIRECT leads is refused to the jail" {
	host
	net_is <<-'EOF'
		user_net {
			rule4 { proto: TCP action: REDIRECT redirect_ip: "127.0.0.1" redirect_port: 9 }
			rule4 { proto: UDP action: REDIRECT redirect_ip: "127.0.0.1" redirect_port: 9 }
		}
	EOF
	asks tcp/192.0.2.1/80/a udp/192.0.2.1/80/a
	answers ECONNREFUSED ECONNREFUSED
}

@test "ENCAP_SOCKS5 takes TCP and UDP of both families through the proxy, which alone reaches the world" {
	host
	servers at_world tcp/198.51.100.1/80/web udp/198.51.100.1/53/dns tcp/2001:db8:1::1/80/web6 udp/2001:db8:1::1/53/dns6 \
		socks5/192.0.2.1/1080/proxy
	net_is <<-'EOF'
		user_net {
			rule4 { action: ENCAP_SOCKS5 redirect_ip: "192.0.2.1" redirect_port: 1080 }
			rule6 { action: ENCAP_SOCKS5 redirect_ip: "192.0.2.1" redirect_port: 1080 }
		}
		keep_caps: true
	EOF
	at_host ip route del default
	at_host ip -6 route del default
	asks tcp/198.51.100.1/80/a udp/198.51.100.1/53/b tcp/2001:db8:1::1/80/c udp/2001:db8:1::1/53/d \
		half/198.51.100.1/80/e fetch/198.51.100.1/80/3000000 tcp/198.51.100.1/81/f
	answers "web got a from 198.51.100.1" "dns got b from 198.51.100.1" "web6 got c from 2001:db8:1::1" \
		"dns6 got d from 2001:db8:1::1" "web got e from 198.51.100.1" 3000000 ECONNRESET
	grep -x "socks5 connect 198.51.100.1 80" at_world.log
	grep -x "socks5 connect 2001:db8:1::1 80" at_world.log
	grep -x "socks5 datagram 198.51.100.1 53" at_world.log
	grep -x "socks5 datagram 2001:db8:1::1 53" at_world.log
	in_jail busybox ping -c 1 -W 1 192.0.2.1
	fails_with 1 "100% packet loss"
	wait_for 5 grep -x "socks5 association ended" at_world.log
}

@test "ENCAP_CONNECT takes TCP through the proxy, and UDP goes nowhere" {
	host
	servers at_world tcp/198.51.100.1/80/web udp/198.51.100.1/53/dns tcp/2001:db8:1::1/80/web6 connect/192.0.2.1/3128/proxy \
		refuse/192.0.2.1/3129/no udp/192.0.2.1/53/dns
	net_is <<-'EOF'
		user_net {
			rule4 { dst_ip: "203.0.113.0/24" action: ENCAP_CONNECT redirect_ip: "192.0.2.1" redirect_port: 3129 }
			rule4 { dst_ip: "203.0.114.0/24" action: ENCAP_CONNECT redirect_ip: "192.0.2.1" redirect_port: 9 }
			rule4 { action: ENCAP_CONNECT redirect_ip: "192.0.2.1" redirect_port: 3128 }
			rule6 { proto: TCP action: ENCAP_CONNECT redirect_ip: "192.0.2.1" redirect_port: 3128 }
		}
	EOF
	asks tcp/198.51.100.1/80/a udp/192.0.2.1/53/b tcp/2001:db8:1::1/80/c half/198.51.100.1/80/d \
		fetch/198.51.100.1/80/3000000 tcp/203.0.113.1/80/e tcp/203.0.114.1/80/f tcp/198.51.100.1/81/g
	answers "web got a from 198.51.100.1" silence "web6 got c from 2001:db8:1::1" "web got d from 198.51.100.1" \
		3000000 ECONNRESET ECONNRESET ECONNRESET
	grep -x "connect 198.51.100.1:80" at_world.log
	grep -x 'connect \[2001:db8:1::1\]:80' at_world.log
	grep -x refused at_world.log
}

@test "an echo is carried, and answered by the gateway; rules hold for it" {
	host
	net_is <<< 'keep_caps: true user_net { }'
	in_jail /bin/sh -c 'for a in 192.0.2.1 10.255.255.1 2001:db8::1 fc00::1; do busybox ping -c 1 -W 2 $a; done'
	same "$(grep -c ' 0% packet loss' <<< "$output")" 4
	net_is <<< 'keep_caps: true user_net { rule4 { proto: ICMP action: DROP } rule6 { proto: ICMP action: REJECT } }'
	in_jail /bin/sh -c 'for a in 192.0.2.1 10.255.255.1 2001:db8::1; do busybox ping -c 1 -W 1 $a; done'
	same "$(grep -c '100% packet loss' <<< "$output")" 3
	net_is <<< 'keep_caps: true user_net { rule4 { proto: ICMP action: REDIRECT redirect_ip: "192.0.2.1" }
		rule6 { proto: ICMP action: REDIRECT redirect_ip: "2001:db8::1" } }'
	in_jail busybox ping -c 1 -W 2 203.0.113.77
	says "64 bytes from 203.0.113.77"
	in_jail busybox ping -c 2 -W 2 2001:db8:77::1
	says "64 bytes from 2001:db8:77::1"
	says " 0% packet loss"
}

@test "HOST_TO_GUEST opens a port of the host to the jail, and answers pass all rules" {
	host
	net_is <<-'EOF'
		user_net {
			rule4 { direction: HOST_TO_GUEST proto: TCP dport: 8080 action: REDIRECT redirect_port: 80 }
			rule4 { direction: HOST_TO_GUEST proto: UDP dport: 5353 src_ip: "127.0.0.1" action: REDIRECT redirect_port: 53 }
			rule4 { action: DROP }
			rule6 { direction: HOST_TO_GUEST proto: TCP dport: 8080 action: REDIRECT redirect_port: 80 }
			rule6 { action: DROP }
		}
		keep_caps: true
	EOF
	host_jailrt run --config net.cfg -- /bin/sh -c '
		/usr/bin/python3 /mnt/net-ask.py serve-tcp/0.0.0.0/80/2 & /usr/bin/python3 /mnt/net-ask.py serve-udp/0.0.0.0/53/1 &
		wait' > served 2>&1 3>&- &
	local jail=$!
	wait_for 20 sh -c '[ "$(grep -c serving served)" = 2 ]'
	same "$(at_world python3 "$BATS_TEST_DIRNAME/net-ask.py" tcp/192.0.2.2/8080/a)" "jail got a from 192.0.2.1"
	same "$(at_host python3 "$BATS_TEST_DIRNAME/net-ask.py" udp/127.0.0.1/5353/b)" "jail got b from 10.255.255.1"
	same "$(at_world python3 "$BATS_TEST_DIRNAME/net-ask.py" udp/192.0.2.2/5353/c)" ECONNREFUSED
	same "$(at_host python3 "$BATS_TEST_DIRNAME/net-ask.py" tcp/127.0.0.1/8080/d)" "jail got d from 10.255.255.1"
	wait $jail
	same "$(grep -c served served)" 2
}

@test "RERUN opens its port again for each jail" {
	host
	net_is <<< 'mode: RERUN user_net { rule4 { direction: HOST_TO_GUEST proto: TCP dport: 8080 src_ip: "127.0.0.1" action: REDIRECT } }'
	host_jailrt run --config net.cfg -- /bin/echo once more > rerun 2>&1 3>&- &
	later kill_and_wait $!
	wait_for 30 eval '[ "$(grep -c "once more" rerun)" -ge 4 ]'
	not grep -i "in use" rerun
}

@test "a port that is taken is an error, with its place, and leaves nothing" {
	host
	servers at_host tcp/127.0.0.1/8080/own
	net_is <<< 'user_net { rule4 { direction: HOST_TO_GUEST proto: TCP dport: 8080 src_ip: "127.0.0.1" action: REDIRECT } }'
	in_jail true
	fails_with 1 "net.cfg:6:10)"
	fails_with 1 "listen on 127.0.0.1 port 8080 of the host: Address already in use"
	run jr list -q
	same "$output" ""
	wait_for 5 no_helpers
}

@test "who carries the packets is nobody, without capabilities, files and new privileges" {
	host
	net_is <<< 'user_net { }'
	host_jailrt run --config net.cfg -- /bin/sleep 100 3>&- &
	later kill_and_wait $!
	wait_for 10 eval '[ -n "$(helpers_of_tests)" ] && grep -q "^Seccomp:.2" /proc/$(helpers_of_tests)/status'
	local status="/proc/$(helpers_of_tests)/status"
	same "$(awk '/^(Uid|Gid|CapPrm|CapBnd|CapAmb|NoNewPrivs|Seccomp):/ { printf "%s%s ", $1, $2 }' "$status")" \
		"Uid:65534 Gid:65534 CapPrm:0000000000000000 CapBnd:0000000000000000 CapAmb:0000000000000000 NoNewPrivs:1 Seccomp:2 "
	not ls "/proc/$(helpers_of_tests)/root/etc"
}

@test "it ends with the jail, also when jailrt is killed" {
	host
	net_is <<< 'user_net { }'
	host_jailrt run --config net.cfg -- /bin/sleep 100 3>&- &
	local jail=$!
	later kill_and_wait $jail
	wait_for 10 eval '[ -n "$(helpers_of_tests)" ] && grep -q "^Seccomp:.2" /proc/$(helpers_of_tests)/status'
	kill -KILL $jail
	wait_for 5 no_helpers
}

@test "a jail that is created has its network when it is started, and loses it with delete" {
	host
	servers at_world tcp/192.0.2.1/80/web
	net_is <<< 'user_net { }'
	at_host "$JAILRT" --root "$STATES" create --config net.cfg "$ID" -- /bin/sh -c \
		'/usr/bin/python3 /mnt/net-ask.py tcp/192.0.2.1/80/a; sleep 100' > created 2>&1 3>&-
	[ -n "$(helpers_of_tests)" ]
	jr start "$ID"
	wait_for 20 grep -q "web got a from 192.0.2.2" created
	run jr exec "$ID" /usr/bin/python3 /mnt/net-ask.py tcp/192.0.2.1/80/b
	says "web got b from 192.0.2.2"
	jr delete --force "$ID"
	wait_for 5 no_helpers
}

@test "a jail with such a network is not checkpointed" {
	host
	net_is <<< 'user_net { }'
	at_host "$JAILRT" --root "$STATES" create --config net.cfg "$ID" -- /bin/sleep 100 > /dev/null 2>&1 3>&-
	jr start "$ID"
	run jr checkpoint --image-path "$T/image" "$ID"
	fails_with 1 "criu cannot keep a network that a process outside of the container carries"
	not there "$T/image"
}

@test "nsjail's door: --user_net, and a network for each connection of LISTEN" {
	host
	servers at_world tcp/192.0.2.1/80/web
	run at_host "$JAILRT" --root "$STATES" nsjail -q -Mo --chroot / --user_net --rlimit_as inf -- \
		/usr/bin/python3 "$BATS_TEST_DIRNAME/net-ask.py" tcp/192.0.2.1/80/a
	says "web got a from 192.0.2.2"
	run at_host "$JAILRT" --root "$STATES" nsjail -q -Mo --chroot / --use_pasta --rlimit_as inf -- \
		/usr/bin/python3 "$BATS_TEST_DIRNAME/net-ask.py" tcp/192.0.2.1/80/old
	says "web got old from 192.0.2.2"
	says "option --use_pasta is deprecated"
	run at_host "$JAILRT" --root "$STATES" nsjail -q -Mo --chroot / --user_net --disable_clone_newnet -- /bin/true
	fails_with 255 "there is no network namespace to give it to"
	run at_host "$JAILRT" --root "$STATES" nsjail -q -Me --chroot / --user_net -- /bin/true
	fails_with 255 "nobody is left to look after the network in mode EXECVE"
	run at_host "$JAILRT" --root "$STATES" run --set user_net.backend=NSTUN -- \
		/bin/bash -c 'exec 5<>/dev/tcp/192.0.2.1/80; echo a >&5; cat <&5'
	says "web got a from 192.0.2.2"
	host_jailrt nsjail -Ml --bindhost 127.0.0.1 --port 0 --log "$T/listen" --chroot / --user_net \
		--rlimit_as inf -- /usr/bin/python3 "$BATS_TEST_DIRNAME/net-ask.py" tcp/192.0.2.1/80/b 3>&- &
	later kill_and_wait $!
	wait_for 10 grep -q 'Listening on' listen
	local port
	port=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
	for _ in 1 2 3; do
		same "$(at_host timeout 20 socat - "TCP:127.0.0.1:$port" < /dev/null | tail -n 1)" "web got b from 192.0.2.2"
	done
	wait_for 5 no_helpers
}

@test "pasta carries the packets where it is asked for" {
	host
	servers at_world tcp/192.0.2.1/80/web udp/2001:db8::1/53/dns6
	net_is <<< 'user_net { backend: PASTA pasta { nat: true } }'
	asks tcp/192.0.2.1/80/a udp/2001:db8::1/53/b fetch/192.0.2.1/80/100000
	answers "web got a from 192.0.2.2" "dns6 got b from 2001:db8::2" 100000
	net_is <<< 'clone_newuser: false user_net { backend: PASTA pasta { enable_udp: false ip6_enabled: false } }'
	asks tcp/192.0.2.1/80/a udp/2001:db8::1/53/b
	answers "web got a from 192.0.2.2" ENETUNREACH
	net_is <<< 'user_net { enable: true ip: "10.8.0.2" gw: "10.8.0.1" ns_iface: "old0" }'
	in_jail ip -o -4 addr show dev old0
	says "inet 10.8.0.2/24"
	wait_for 5 no_helpers
	not pgrep -g "$(pgrep -d, -x pasta || echo 0)" -x pasta
}

@test "pasta forwards a port of the host" {
	host
	net_is <<< 'user_net { backend: PASTA pasta { tcp_map_in: "8080:80" } } keep_caps: true'
	at_host "$JAILRT" --root "$STATES" run --config net.cfg -- \
		/usr/bin/python3 /mnt/net-ask.py serve-tcp/0.0.0.0/80/1 > served 2>&1 3>&- &
	local jail=$!
	wait_for 20 grep -q serving served
	[[ "$(at_world python3 "$BATS_TEST_DIRNAME/net-ask.py" tcp/192.0.2.2/8080/a)" == "jail got a from "* ]]
	wait $jail
}

@test "without pasta, with one that fails, or one that dies, there is no jail" {
	host
	net_is <<< 'user_net { backend: PASTA }'
	run at_host env PATH=/nowhere "$JAILRT" --root "$STATES" run --config net.cfg -- /bin/true
	fails_with 1 "net.cfg:6:10)"
	fails_with 1 "pasta is not installed. Fix: apt-get install passt"
	run at_host env NSJAIL_PASTA_PATH=/nowhere/pasta "$JAILRT" --root "$STATES" run --config net.cfg -- /bin/true
	fails_with 1 "start '/nowhere/pasta': No such file or directory"
	printf '#!/bin/sh\necho it does not like that >&2\nexit 3\n' > false-pasta
	chmod 755 false-pasta
	run at_host env NSJAIL_PASTA_PATH="$T/false-pasta" "$JAILRT" --root "$STATES" run --config net.cfg -- /bin/true
	fails_with 1 "pasta ended: it does not like that"
	net_is <<< 'user_net { backend: PASTA pasta { tcp_map_in: "x:y" } }'
	in_jail true
	fails_with 1 "pasta ended"
	run jr list -q
	same "$output" ""
	net_is <<< 'user_net { backend: PASTA }'
	host_jailrt run --config net.cfg -- /bin/sleep 100 3>&- &
	local jail=$! helper pid status=0
	wait_for 10 eval 'helper=$(helpers_of_tests); [ -n "$helper" ] && pid=$(pgrep -P "$helper" -f pasta)'
	sleep 0.5
	kill -KILL "$(pgrep -P "$helper" -f pasta)"
	wait $jail || status=$?
	same "$status" 137
}

@test "a plain user's jail has a network, too" {
	host
	servers at_world tcp/192.0.2.1/80/web
	local dir=$T programs="$BATS_FILE_TMPDIR/programs"
	while [[ "$dir" == "$BATS_RUN_TMPDIR"* ]]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
	mkdir -m 755 "$programs"
	cp "$JAILRT" "$(dirname "$JAILRT")/jailrt-net" "$BATS_TEST_DIRNAME/net-ask.py" "$programs/"
	install -d -o 54321 -m 700 "$T/ustates"
	net_is <<< "mount { src: \"$programs\" dst: \"/opt\" is_bind: true } user_net { }"
	grep -v /mnt net.cfg > user.cfg
	chmod 644 user.cfg
	run at_host setpriv --reuid 54321 --regid 54321 --clear-groups --bounding-set=-all --inh-caps=-all \
		"$programs/jailrt" --root "$T/ustates" run --config user.cfg -- \
		/usr/bin/python3 /opt/net-ask.py tcp/192.0.2.1/80/a
	says "web got a from 192.0.2.2"
	sed 's/user_net { }/user_net { backend: PASTA }/' user.cfg > pasta.cfg
	run at_host setpriv --reuid 54321 --regid 54321 --clear-groups --bounding-set=-all --inh-caps=-all \
		"$programs/jailrt" --root "$T/ustates" run --config pasta.cfg -- \
		/usr/bin/python3 /opt/net-ask.py tcp/192.0.2.1/80/a
	says "web got a from 192.0.2.2"
	wait_for 5 no_helpers
}

@test "nsjail's sample configs with a network start, with the network that they say" {
	local samples="$BATS_TEST_DIRNAME/../data/nsjail/configs" f
	host
	servers at_world tcp/192.0.2.1/81/web udp/192.0.2.1/9/dns
	for f in test-nstun test-redirect test-socks5 test-pasta-nat; do
		echo "$f"
		run at_host "$JAILRT" --root "$STATES" nsjail -q --config "$samples/$f.cfg" --rlimit_as inf -- /bin/bash -c \
			'exec 5<>/dev/tcp/192.0.2.1/81 && echo a >&5 && cat <&5'
		# Nobody is a proxy here: what is to go through one goes nowhere.
		if [ "$f" = test-socks5 ]; then
			fails_with 1 "Connection reset"
		else
			says "web got a from 192.0.2.2"
		fi
	done
	run at_host "$JAILRT" --root "$STATES" nsjail -q --config "$samples/test-redirect.cfg" --cap CAP_NET_RAW -- \
		/bin/busybox ping -c 1 -W 2 198.51.100.77
	says "64 bytes from 198.51.100.77"
}

@test "twenty clients of LISTEN have a network each, and none is left" {
	host
	servers at_world tcp/192.0.2.1/80/web
	host_jailrt nsjail -Ml --bindhost 127.0.0.1 --port 0 --log "$T/listen" --chroot / --user_net --rlimit_as inf -- \
		/bin/bash -c 'read x; exec 5<>/dev/tcp/192.0.2.1/80 && echo "$x" >&5 && cat <&5' 3>&- &
	later kill_and_wait $!
	wait_for 10 grep -q 'Listening on' listen
	local port i pids=()
	port=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
	for i in {1..20}; do
		at_host timeout 60 socat -t 60 - "TCP:127.0.0.1:$port" <<< "client $i" > "answer.$i" 2>&1 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in {1..20}; do
		grep -q "web got client $i from 192.0.2.2" "answer.$i" || { cat "answer.$i"; false; }
	done
	wait_for 10 no_helpers
}

@test "where jailrt is the first process, as in a container, those that carried packets are not left as zombies" {
	host
	nsenter --net="/proc/$HOST/ns/net" unshare --pid --fork --mount-proc --kill-child "$JAILRT" --root "$STATES" nsjail -Ml \
		--bindhost 127.0.0.1 --port 0 --log "$T/listen" --chroot / --user_net -- /bin/echo served > /dev/null 2>&1 3>&- &
	later kill_and_wait $!
	wait_for 10 grep -q 'Listening on' listen
	local port first
	port=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
	first=$(pgrep -P $!)
	same "$(awk '/^NSpid:/ { print $3 }' "/proc/$first/status")" 1
	for _ in 1 2 3 4 5 6; do
		same "$(at_host timeout 20 socat - "TCP:127.0.0.1:$port" < /dev/null | tail -n 1)" served
		sleep 0.3
	done
	[ "$(ps -o stat= --ppid "$first" | grep -c Z)" -le 2 ]
}

# told WORDS...: what the jail's pasta was told holds each of them. "-" stands in front of what it must not hold.
told() {
	local words
	for words; do
		case $words in
		not:*) [[ " $(cat "$T/told") " != *" ${words#not:} "* ]] ;;
		*) [[ " $(cat "$T/told") " == *" $words "* ]] ;;
		esac || { cat "$T/told"; echo "$words"; return 1; }
	done
}

@test "pasta is told what each field says, in both generations" {
	host
	cat > tells <<-END
		#!/bin/bash
		echo "\$*" > $T/told
		args=" \$* "
		dev=\${args##* -I } dev=\${dev%% *}
		nsenter --net="/proc/\${!#}/ns/net" sh -c "ip link add \$dev type veth peer name peer
			ip addr add 10.255.255.2/24 dev \$dev; ip link set \$dev up; ip link set peer up"
		exec sleep 1000
	END
	chmod 755 tells
	local fields words
	while IFS='|' read -r fields words; do
		echo "$fields"
		net_is <<< "user_net { $fields }"
		run at_host env NSJAIL_PASTA_PATH="$T/tells" "$JAILRT" --root "$STATES" run --config net.cfg -- /bin/true
		[ "$status" -eq 0 ] || { echo "$output"; return 1; }
		IFS=, read -ra words <<< "$words"
		told "${words[@]}"
	done <<-'END'
		backend: PASTA|--no-dhcp,--no-dhcpv6,--no-ra,--config-net,-I eth0,-a 10.255.255.2,-a fc00::2,-t none,-U none
		backend: PASTA ns_iface: "net0" ip4: "10.1.0.2" gw4: "10.1.0.1"|-I net0,-a 10.1.0.2,-g 10.1.0.1
		backend: PASTA ip6: "fd00::2" gw6: "fd00::1"|-a fd00::2,-g fd00::1
		backend: PASTA pasta { enable_tcp: false }|--no-tcp,not:--no-udp
		backend: PASTA pasta { enable_udp: false enable_icmp: false }|--no-udp,--no-icmp,not:--no-tcp
		backend: PASTA pasta { ip6_enabled: false mask4: "255.255.0.0" }|-4,-n 255.255.0.0,not:fc00::2
		backend: PASTA pasta { enable_ip4_dhcp: true enable_dns: true }|--dhcp-dns,not:--no-dhcp
		backend: PASTA pasta { enable_ip6_dhcp: true }|not:--no-dhcpv6
		backend: PASTA pasta { enable_ip6_ra: true }|not:--no-ra
		backend: PASTA pasta { dns_forward: "1.1.1.1" map_gw: false }|--dns-forward 1.1.1.1,--no-map-gw
		backend: PASTA pasta { tcp_map_in: "80:8080" udp_map_in: "53" }|-t 80:8080,-u 53
		backend: PASTA pasta { tcp_map_out: "81" udp_map_out: "54" }|-T 81,-U 54
		enable: true ip: "10.1.0.2" gw: "10.1.0.1" mask: "255.255.0.0"|-a 10.1.0.2,-g 10.1.0.1,-n 255.255.0.0
		enable: true tcp_ports: "8080" udp_ports: "53" no_map_gw: true|-t 8080,-u 53,--no-map-gw
		enable: true enable_tcp: false enable_icmp: false dns_forward: "1.1.1.1"|--no-tcp,--no-icmp,--dns-forward 1.1.1.1
		enable: true enable_ip4_dhcp: true enable_dns: true enable_udp: false|--dhcp-dns,--no-udp,not:--no-dhcp
		enable: true enable_ip6_dhcp: true enable_ip6_ra: true|not:--no-dhcpv6,not:--no-ra
	END
}
