#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input at nsjail's door: one clear error, 255, and nothing is left behind.
load helpers
load life
load nsjail

# refused_with WORDS: the last nj was, with one reason, which holds the words, and made nothing.
refused_with() {
	local reasons
	ends 255 "" || return 1
	logged "$1" || return 1
	reasons=$(grep -c '^\[[EF]\]' <<< "$(grep -v -e "Couldn't parse cmdline options" -e "Couldn't launch the child process" <<< "$log")")
	same "$reasons" 1 || { echo "$log"; return 1; }
	same "$(ls -A "$STATES" 2>/dev/null)" ""
}

# cfg TEXT WORDS: a config of that text (printf's escapes).
cfg() {
	printf '%b' "$1" > "$T/j.cfg"
	nj -C "$T/j.cfg" -- /bin/echo ran
	refused_with "$2" || { echo "config: $1"; return 1; }
}

@test "text that is none: separators, lists, comments, quotes, escapes" {
	cfg '' 'j.cfg is empty'
	cfg 'name: "x",, mode: ONCE' 'j.cfg:1:11'
	cfg 'envar: ["A=1", ]' 'j.cfg:1:16'
	cfg 'envar: ["A=1" "B=2"' 'j.cfg:1:'
	cfg 'mount [ { dst: "/" }, ]' 'j.cfg:1:23'
	cfg 'name: "x"\nname: "y"' 'j.cfg:2:1): given twice'
	cfg 'exec_bin { path: "/a" } exec_bin { path: "/b" }' 'given twice'
	cfg '// comment' 'j.cfg:1:1'
	cfg '/* comment */' 'j.cfg:1:1'
	cfg 'name: "a\nb"' 'j.cfg:1:7'
	cfg 'name: "a\\qb"' 'j.cfg:1:9'
	cfg 'name: "a\\eb"' 'j.cfg:1:9'
	cfg 'name: word' 'j.cfg:1:7'
	cfg 'name "x"' 'j.cfg:1:6'
	cfg 'name: "x' 'j.cfg:1:7'
	cfg 'mount { dst: "/"' 'j.cfg:1:'
	cfg 'mount { dst: "/" >' 'j.cfg:1:18'
	cfg '\xef\xbb\xbfname: "x"' 'j.cfg:1:1'
	cfg 'name: "x"\0' 'j.cfg:1:10'
	cfg '1: "x"' 'j.cfg:1:1'
	cfg '[a.b]: 1' 'j.cfg:1:1'
	cfg 'Name: "x"' "j.cfg:1:1: unknown key 'Name'"
	cfg 'hostnam: "x"' "did you mean 'hostname'"
	cfg 'chroot_dir: "/"' 'j.cfg:1:1'
}

@test "values that are none: numbers, truth, words of a list, what is required" {
	cfg 'time_limit: 1.5' 'j.cfg:1:13'
	cfg 'time_limit: 1e3' 'j.cfg:1:13'
	cfg 'time_limit: 5s' 'j.cfg:1:'
	cfg 'time_limit: -1' 'j.cfg:1:13'
	cfg 'time_limit: 4294967296' 'j.cfg:1:13'
	cfg 'time_limit: 08' 'j.cfg:1:'
	cfg 'rlimit_as: 18446744073709551616' 'j.cfg:1:12'
	cfg 'nice_level: 2147483648' 'j.cfg:1:13'
	cfg 'pass_fd: "3"' 'j.cfg:1:10'
	cfg 'keep_env: TRUE' 'j.cfg:1:11'
	cfg 'keep_env: yes' 'j.cfg:1:11'
	cfg 'keep_env: 2' 'j.cfg:1:11'
	cfg 'mode: once' 'j.cfg:1:7'
	cfg 'mode: "ONCE"' 'j.cfg:1:7'
	cfg 'mode: 4' 'j.cfg:1:7'
	cfg 'log_level: LOUD' 'j.cfg:1:12'
	cfg 'mount { src: "/" }' "'dst' is missing"
	cfg 'exec_bin { arg: "x" }' "'path' is missing"
	cfg 'mount: "/"' 'j.cfg:1:8'
	cfg 'name { }' 'j.cfg:1:6'
}

@test "JSON: the same, with the place" {
	cfg '{"hostname": 5}' 'j.cfg:1:14'
	cfg '{"nonesuch": "x", "hostname": "y"}' "j.cfg:1:2"
	cfg '{"mount": [{"src": "/"}]}' "'dst' is missing"
	cfg '{"timeLimit": "x"}' 'j.cfg:1:15'
	cfg '{"hostname": "x"' 'j.cfg:1:'
	cfg '{"hostname": "x"} trailing' 'j.cfg:1:'
	cfg '{"mode": "once"}' 'j.cfg:1:10'
	cfg '{"mount": [{"dst": "/x", "srcContent": "=!"}]}' 'j.cfg:1:40'
	cfg '[1]' 'j.cfg:1:1'
}

@test "what the values mean together is wrong" {
	cfg 'uidmap { inside_id: "nobody-of-that-name" }' "j.cfg:1:21): 'nobody-of-that-name' is neither a name nor an id"
	cfg 'uidmap { inside_id: "-1" }' "neither a name nor an id"
	cfg 'gidmap { outside_id: "x" }' "neither a name nor an id"
	cfg 'cap: "CAP_NOTHING"' "unknown capability 'CAP_NOTHING'"
	cfg 'cgroup_mem_max: 1000000 cgroup_mem_memsw_max: 5 cgroup_mem_swap_max: 5' "say the same; give one"
	cfg 'seccomp_policy_file: "/etc/passwd" seccomp_string: "DEFAULT ALLOW"' "two policies; give one"
	cfg 'seccomp_string: "ALLOW { reed } DEFAULT KILL"' "seccomp_string[0]:1:9"
	cfg 'seccomp_policy_file: "/nowhere/policy"' "No such file or directory"
	cfg 'rlimit_as: 18446744073709551615' 'j.cfg:1:12): 18446744073709551615 times 1048576 bytes'
	cfg 'mount { src: "/none/such" dst: "/x" is_bind: true }' "mount[0] ($T/j.cfg:1:7): "
	cfg 'mount { dst: "/x" fstype: "nonsense" }' "mount[0] ($T/j.cfg:1:7): "
	cfg 'mode: LISTEN bindhost: "nowhere.example"' "'nowhere.example' is no IPv6 or IPv4 address"
	cfg 'mode: LISTEN port: 65536' 'port'
	nj -C "$T/none.cfg" -- /bin/true
	refused_with "none.cfg"
	nj -C "$T" -- /bin/true
	refused_with "is no regular file"
}

@test "a config of 10 MB: a good one works, a bad one is told at its end" {
	{
		printf 'mount { src: "%s" dst: "/" is_bind: true }\n' "$ROOTFS"
		yes 'description: "as long as it is wide, and of no use to anybody at all; but it is allowed"' | head -n 120000
	} > big.cfg
	[ "$(stat -c %s big.cfg)" -gt 10000000 ]
	nj -q -C big.cfg -- /bin/echo fine
	ends 0 fine
	echo 'description: "' >> big.cfg
	nj -C big.cfg -- /bin/echo ran
	refused_with "big.cfg:120002:14"
	head -c 10M /dev/urandom > noise.cfg
	nj -C noise.cfg -- /bin/echo ran
	refused_with "noise.cfg:"
}

# bats test_tags=slow
@test "100,000 mounts: refused with the place, and all are gone again" {
	{
		printf 'mount { src: "%s" dst: "/" is_bind: true }\n' "$ROOTFS"
		yes 'mount { src: "/tmp" dst: "/tmp" is_bind: true }' | head -n 100000
	} > many.cfg
	local before
	before=$(wc -l < /proc/self/mountinfo)
	# As many as there may be fds, or mounts.
	nj -q -C many.cfg -- /bin/echo ran
	refused_with "mount["
	[[ "$log" == *"Too many open files"* || "$log" == *"No space left on device"* ]]
	same "$(wc -l < /proc/self/mountinfo)" "$before"
}

@test "a mount source that vanishes while the jail runs: it runs on; the next one is refused" {
	mkdir src
	echo here > src/file
	cat > jail.cfg <<-EOF
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
		mount { src: "$T/src" dst: "/tmp" is_bind: true }
	EOF
	mkfifo go
	door -q -C jail.cfg -- /bin/sh -c 'echo begun; read a; [ -e /tmp/file ] || echo gone; ls /tmp | wc -l' > out < go &
	local pid=$!
	exec 9> go
	wait_for 10 grep -q begun out
	rm -r src
	echo >&9
	exec 9>&-
	wait $pid && status=0 || status=$?
	same "$status $(tr '\n' ' ' < out)" "0 begun gone 0 "
	nj -C jail.cfg -- /bin/echo ran
	refused_with "mount[1]"
	logged "$T/src"
	# RERUN ends at the first that cannot be; LISTEN turns that connection away and goes on.
	mkdir src
	nj -q -C jail.cfg -Mr -B "$T:/home" -- /bin/rm -r /home/src
	ends 255
	logged "$T/src"
	mkdir src
	serves -C jail.cfg -Ml --port 0 -- /bin/echo served
	same "$(cat < "/dev/tcp/127.0.0.1/$PORT")" served
	rmdir src
	same "$(cat < "/dev/tcp/127.0.0.1/$PORT")" ""
	grep -q "^\[E\].*mount\[1\].*$T/src" listen
	grep -q "Couldn't launch the child process" listen
	mkdir src
	same "$(cat < "/dev/tcp/127.0.0.1/$PORT")" served
	kill -TERM $NJ
	wait $NJ
	same "$(ls -A "$STATES")" ""
}

@test "a port in use, one that cannot be, and one that only root may have" {
	serves --chroot "$ROOTFS" -- /bin/cat
	nj -Ml --port "$PORT" --chroot "$ROOTFS" -- /bin/cat
	refused_with "listen on [::]:$PORT: Address already in use"
	printf 'mode: LISTEN port: %s bindhost: "127.0.0.1"\nmount { src: "%s" dst: "/" is_bind: true }\n' "$PORT" "$ROOTFS" > jail.cfg
	nj -C jail.cfg -- /bin/cat
	refused_with "127.0.0.1"
	logged "Address already in use"
	run jr run --config jail.cfg "$ID" -- /bin/cat
	fails_with 1 "Address already in use"
	# Who was there first serves on.
	exec 9<> "/dev/tcp/127.0.0.1/$PORT"
	echo still >&9
	read -r -t 10 line <&9
	same "$line" still
	exec 9>&-
	nj -Ml --port 0 --bindhost 192.0.2.77 --chroot "$ROOTFS" -- /bin/cat
	refused_with "192.0.2.77"
}

@test "a log file that cannot be opened, by option and by config" {
	nj --log /nonexistent/log --chroot "$ROOTFS" -- /bin/echo ran
	refused_with "/nonexistent/log"
	nj --log "$T" --chroot "$ROOTFS" -- /bin/echo ran
	refused_with "Is a directory"
	printf 'log_file: "/nonexistent/log"\nmount { src: "%s" dst: "/" is_bind: true }\n' "$ROOTFS" > jail.cfg
	nj -C jail.cfg -- /bin/echo ran
	refused_with "/nonexistent/log"
	[ ! -e /nonexistent ]
}

@test "an interface that does not exist" {
	local line
	for line in 'macvlan_iface: "nothere0"' 'iface_own: "nothere0"'; do
		printf 'mount { src: "%s" dst: "/" is_bind: true }\n%s\n' "$ROOTFS" "$line" > jail.cfg
		nj -C jail.cfg -- /bin/echo ran
		refused_with "${line%%:*}"
	done
}
