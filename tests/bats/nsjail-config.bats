#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a field of an nsjail config does, and the option that sets it: seen from inside the jail, or on the host.
load helpers
load life
load nsjail

# with FIELDS: a config of them, with the busybox root.
with() {
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n%s\n' "$ROOTFS" "$1" > jail.cfg
}

# both FIELDS OPTIONS COMMAND…: $said is what it says in a jail of the config, and then of the options.
both() {
	with "$1"
	nj -q --config jail.cfg -u 5:5 -g 5:5 -- "${@:3}"
	said=$output
	nj -q --chroot "$ROOTFS" -u 5:5 -g 5:5 $2 -- "${@:3}"
}

# listens [OPTIONS]: what jail.cfg says, and that is on a port: $PORT, as $NJ.
listens() {
	rm -f listen
	door --config jail.cfg --log "$T/listen" "$@" &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 grep -q 'Listening on' listen
	PORT=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
}

# talk PYTHON: with connect() and rest() of talk.py.
talk() {
	PORT=$PORT STATES=$STATES python3 "$BATS_TEST_DIRNAME/talk.py" <<< "$1"
}

reached() {
	(exec 9<> "/dev/tcp/$1/$PORT") 2> /dev/null
}

@test "name and description change nothing" {
	with 'name: "a name" description: "line 1" description: "line 2"'
	jr plan --config jail.cfg -- /bin/true > named
	with ''
	jr plan --config jail.cfg -- /bin/true > nameless
	cmp named nameless
	with 'name: "a name" description: "line 1" description: "line 2"'
	nj -q --config jail.cfg -u 5:5 -g 5:5 -- /bin/hostname
	ends 0 NSJAIL
}

@test "port and bindhost: LISTEN is there, and nowhere else" {
	local port
	with 'mode: LISTEN bindhost: "127.0.0.1"'
	listens -- /bin/cat
	not reached ::1
	reached 127.0.0.1
	port=$PORT
	kill_and_wait $NJ
	with "mode: LISTEN port: $port bindhost: '::1'"
	listens -- /bin/cat
	same "$PORT" "$port"
	reached ::1
	not reached 127.0.0.1
	kill_and_wait $NJ
	with 'mode: LISTEN bindhost: "::1"'
	listens --bindhost 127.0.0.1 --port "$port" -- /bin/cat
	same "$PORT" "$port"
	reached 127.0.0.1
	not reached ::1
	with "port: $port"
	nj --config jail.cfg -- /bin/echo once # the field alone does not make it a service
	ends 0 once
	logged "port: nothing listens, as mode is not LISTEN"
}

@test "max_conns and max_conns_per_ip of a config" {
	with 'mode: LISTEN max_conns: 1'
	listens -- /bin/cat
	run talk "
	a = connect(); a.sendall(b'x'); a.recv(1)
	print(rest(connect('::1')))"
	same "$output" "b''"
	grep -q 'max_conns limit reached: 1' listen
	kill_and_wait $NJ
	with 'mode: LISTEN max_conns_per_ip: 1'
	listens -- /bin/cat
	run talk "
	a = connect(); a.sendall(b'x'); a.recv(1)
	print(rest(connect()))
	b = connect('::1'); b.sendall(b'y'); print(b.recv(1))"
	same "$output" "$(printf "b''\nb'y'")"
	grep -q 'max_conns_per_ip limit reached: 1' listen
}

@test "forward_signals of a config: the program gets the signal, and is not killed by it" {
	with "forward_signals: true mount { src: '$T' dst: '/tmp' is_bind: true rw: true }"
	door -q --config jail.cfg -- /bin/sh -c \
		'trap "echo trapped > /tmp/trapped; exit 0" TERM; touch /tmp/ready; while :; do sleep 0.1; done' &
	local pid=$!
	wait_for 10 there ready
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status $(cat trapped)" "143 trapped"
}

@test "log_fd, log_file and log_level of a config" {
	with "log_file: '$T/log.txt'"
	nj --config jail.cfg -u 5:5 -g 5:5 -- /bin/echo out
	ends 0 out
	same "$log" ""
	grep -q 'exited with status: 0' log.txt
	with 'log_fd: 8'
	jr nsjail --config jail.cfg -- /bin/true 8> eight
	grep -q 'exited with status: 0' eight
	with 'log_level: DEBUG'
	nj --config jail.cfg -- /bin/true
	logged '[D]['
	with 'log_level: WARNING'
	nj --config jail.cfg -- /bin/true
	not_logged '[I]['
	logged '[W]['
	with 'log_level: ERROR'
	nj --config jail.cfg -- /bin/true
	same "$log" ""
	nj --config jail.cfg -- /bin/nothing
	logged '[E]['
	with 'log_level: FATAL'
	nj --config jail.cfg -- /bin/nothing
	ends 255
	not_logged '[E]['
}

@test "the same in JSON: fields in both spellings, names by number" {
	cat > jail.json <<-EOF
		{"logLevel": 4, "mode": 1, "rlimit_nofile": "21", "rlimitFsizeType": "SOFT",
		 "mount": [{"src": "$ROOTFS", "dst": "/", "isBind": true}, {"srcContent": "aGVyZQo=", "dst": "/etc/group"}],
		 "exec_bin": {"path": "/bin/sh", "arg": ["-c", "ulimit -n; cat /etc/group"]}}
	EOF
	nj --config jail.json
	ends 0 "$(printf '21\nhere')"
	same "$log" ""
}

@test "oom_score_adj and nice_level" {
	both 'oom_score_adj: 321 nice_level: 18' '--oom_score_adj 321 --nice_level 18' \
		/bin/sh -c 'cat /proc/self/oom_score_adj; cut -d" " -f19 /proc/self/stat'
	same "$said" "$(printf '321\n18')"
	ends 0 "$(printf '321\n18')"
}

@test "max_cpus and disable_no_new_privs" {
	both 'max_cpus: 1 disable_no_new_privs: true' '--max_cpus 1 --disable_no_new_privs' \
		/bin/sh -c 'nproc; sed -n "s/^NoNewPrivs:.//p" /proc/self/status'
	same "$said" "$(printf '1\n0')"
	ends 0 "$(printf '1\n0')"
	nj -q --chroot "$ROOTFS" -u 5:5 -g 5:5 -- /bin/sed -n 's/^NoNewPrivs:.//p' /proc/self/status
	ends 0 1
}

@test "keep_caps and cap by option" {
	nj -Q --chroot "$ROOTFS" --keep_caps -- /bin/sed -n 's/^CapEff:.//p' /proc/self/status
	[ $((16#$output & 16#202000)) -eq $((16#202000)) ]
	nj -Q --chroot "$ROOTFS" --cap CAP_NET_RAW --cap CAP_KILL -- /bin/sed -n 's/^CapEff:.//p' /proc/self/status
	ends 0 0000000000002020
	nj -Q --chroot "$ROOTFS" -- /bin/sed -n 's/^CapEff:.//p' /proc/self/status
	ends 0 0000000000000000
}

# A 32-bit program without a C library, which says what its personality is.
says_personality() {
	cat > says.c <<-'EOF2'
		static int call(int n, long a, long b, long c)
		{
			int r;
			__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
			return r;
		}
		void _start(void)
		{
			char text[16];
			int fd = call(5, (long)"/proc/self/personality", 0, 0);

			call(4, 1, (long)text, call(3, fd, (long)text, sizeof(text)));
			call(1, 0, 0, 0);
		}
	EOF2
	gcc -m32 -nostdlib -static -fno-pie -no-pie -fno-stack-protector -o says says.c
	chmod 755 "$T"
}

@test "personality: page 0 is mapped, and what is readable is executable" {
	[ "$(uname -m)" = x86_64 ] || skip "x86 only"
	both 'persona_mmap_page_zero: true' --persona_mmap_page_zero /bin/cat /proc/self/personality
	same "$said" 00100000
	ends 0 00100000
	# The kernel takes this one off again for programs of 64 bits.
	says_personality
	both "persona_read_implies_exec: true mount { src: '$T' dst: '/tmp' is_bind: true }" \
		"--persona_read_implies_exec -R $T:/tmp" /tmp/says
	same "$said" 00400000
	ends 0 00400000
}

# limited NAME WORD TITLE OPTIONS-OF-PRLIMIT: $by_type is the limit where rlimit_NAME_type is the word, $by_option where an option has it.
limited() {
	local name=$1 type=$2 title=$3
	shift 3
	with "rlimit_${name}_type: $type log_level: ERROR"
	prlimit "$@" "$JAILRT" --root "$STATES" nsjail --config jail.cfg -- /bin/cat /proc/self/limits > limits 2>&1 || cat limits
	by_type=$(sed -n "s/^$title  *\([^ ]*\)  *\([^ ]*\).*/\1 \2/p" limits)
	prlimit "$@" "$JAILRT" --root "$STATES" nsjail -Q --chroot "$ROOTFS" "--rlimit_$name" "${type,,}" \
		-- /bin/cat /proc/self/limits > limits 2>&1 || cat limits
	by_option=$(sed -n "s/^$title  *\([^ ]*\)  *\([^ ]*\).*/\1 \2/p" limits)
}

@test "each limit by type and by word: the caller's soft one, its hard one, or none" {
	no_san "the address space is limited"
	local name soft hard title
	while read -r name soft hard title; do
		limited "$name" SOFT "$title" "--$name=$soft:$hard"
		same "$name $by_type, $by_option" "$name $soft $soft, $soft $soft"
		limited "$name" HARD "$title" "--$name=$soft:$hard"
		same "$name $by_type, $by_option" "$name $hard $hard, $hard $hard"
		# None: where the caller has one itself, nobody in the jail may have more.
		if [ "$(ulimit_of "$name")" = unlimited ]; then
			limited "$name" INF "$title" "--$name=$soft:unlimited"
			same "$name $by_type, $by_option" "$name unlimited unlimited, unlimited unlimited"
		fi
		limited "$name" INF "$title" "--$name=$soft:$hard"
		same "$name $by_type, $by_option" "$name , "
	done <<-'EOF2'
		as 4294967296 8589934592 Max address space
		core 1048576 2097152 Max core file size
		cpu 100 200 Max cpu time
		fsize 1048576 2097152 Max file size
		nofile 64 128 Max open files
		nproc 4000 5000 Max processes
		stack 4194304 8388608 Max stack size
		memlock 65536 131072 Max locked memory
		msgqueue 4096 8192 Max msgqueue size
		rtprio 0 0 Max realtime priority
	EOF2
}

# ulimit_of NAME: our own hard one.
ulimit_of() {
	prlimit --"$1" --noheadings --output HARD
}

@test "each limit by a number in its unit" {
	no_san "the address space is limited"
	nj -Q --chroot "$ROOTFS" --rlimit_as 512 --rlimit_core 1 --rlimit_cpu 11 --rlimit_fsize 2 --rlimit_nofile 40 \
		--rlimit_nproc 500 --rlimit_stack 4 --rlimit_memlock 32 --rlimit_rtprio 0 --rlimit_msgqueue 777 \
		-- /bin/sh -c 'sed "s/  */ /g" /proc/self/limits | cut -d" " -f2-6'
	ends 0
	local line
	for line in 'address space 536870912 536870912' 'core file size 1048576 1048576' 'cpu time 11 11' \
		'file size 2097152 2097152' 'open files 40 40' 'processes 500 500' 'stack size 4194304 4194304' \
		'locked memory 32768 32768' 'realtime priority 0 0' 'msgqueue size 777 777'; do
		[[ "$output" == *"$line"* ]] || { echo "not '$line': $output"; false; }
	done
	prlimit --nofile=77:88 --cpu=900:1000 "$JAILRT" --root "$STATES" nsjail -Q --chroot "$ROOTFS" --disable_rlimits \
		-- /bin/sh -c 'ulimit -Hn; ulimit -t; ulimit -Ht' > limits
	same "$(tr '\n' ' ' < limits)" "88 900 1000 "
}

@test "clone_new: each namespace is the caller's where the config or an option says so" {
	local ns list
	list='for n in user mnt pid net ipc uts cgroup time; do echo "$n $(readlink /proc/self/ns/$n)"; done'
	eval "$list" > outside
	for ns in user:user ns:mnt pid:pid net:net ipc:ipc uts:uts cgroup:cgroup; do
		printf 'mount { src: "/" dst: "/" is_bind: true } clone_new%s: false\n' "${ns%:*}" > jail.cfg
		nj -Q --config jail.cfg -- /bin/sh -c "$list"
		ends 0
		same "$ns $(comm -12 <(sort outside) <(sort <<< "$output") | cut -d' ' -f1 | tr '\n' ' ')" "$ns $(shared "${ns#*:}")"
		nj -Q --chroot / --disable_proc "--disable_clone_new${ns%:*}" -- /bin/sh -c "$list"
		ends 0
		same "$ns $(comm -12 <(sort outside) <(sort <<< "$output") | cut -d' ' -f1 | tr '\n' ' ')" "$ns $(shared "${ns#*:}")"
	done
}

# Time namespaces are not new unless they are asked for.
shared() {
	printf '%s\n' "$1" time | sort | tr '\n' ' '
}

@test "iface_no_lo: the loopback interface is down" {
	both 'iface_no_lo: true' --iface_no_lo /bin/ifconfig lo
	[[ "$said" == *LOOPBACK* && "$said" != *"UP LOOPBACK"* && "$said" != *127.0.0.1* ]]
	[[ "$output" == *LOOPBACK* && "$output" != *"UP LOOPBACK"* ]]
	both '' '' /bin/ifconfig lo
	[[ "$said" == *127.0.0.1*"UP LOOPBACK"* ]]
	[[ "$output" == *127.0.0.1*"UP LOOPBACK"* ]]
}

# logs PROGRAM OPTIONS: it makes a call that its jail forbids, and the kernel's log has that.
logs() {
	nj -q --config jail.cfg -u 5:5 -g 5:5 "${@:2}" -- "/tmp/$1"
	ends 1
	dmesg | grep -q "type=1326 .* comm=\"$1\""
}

@test "seccomp_log: the kernel logs what the policy refuses, and nothing without it" {
	dmesg > /dev/null 2>&1 || skip "the kernel's log is not to be read here"
	local first=mk${RANDOM}a second=mk${RANDOM}b
	gcc -static -o $first -x c - <<< '#include <sys/stat.h>
		int main(void) { return mkdir("/never", 0700) != 0; }'
	cp $first $second
	chmod 755 "$T"
	with "mount { src: '$T' dst: '/tmp' is_bind: true } seccomp_string: 'ERRNO(1) { mkdir, mkdirat } DEFAULT ALLOW'"
	not logs $first
	# The kernel writes only so many of these lines a second.
	wait_for 20 logs $first --seccomp_log
	with "seccomp_log: true mount { src: '$T' dst: '/tmp' is_bind: true } seccomp_string: 'ERRNO(1) { mkdir, mkdirat } DEFAULT ALLOW'"
	wait_for 20 logs $second
}

@test "seccomp_policy and seccomp_string by option, a line each" {
	printf 'ERRNO(28) { mkdir, mkdirat }\nDEFAULT ALLOW\n' > policy
	nj -q --chroot "$ROOTFS" -T /tmp -u 5:5 -g 5:5 -P policy -- /bin/mkdir /tmp/x
	ends 1
	logged "No space left on device"
	nj -q --chroot "$ROOTFS" -T /tmp -u 5:5 -g 5:5 --seccomp_string 'ERRNO(28) { mkdir, mkdirat }' \
		--seccomp_string 'DEFAULT ALLOW' -- /bin/mkdir /tmp/x
	ends 1
	logged "No space left on device"
}

@test "a policy comes with no_new_privs, whatever disable_no_new_privs says" {
	with 'disable_no_new_privs: true seccomp_string: "ERRNO(28) { mkdir } DEFAULT ALLOW"'
	nj -q --config jail.cfg -u 5:5 -g 5:5 -- /bin/sed -n 's/^NoNewPrivs:.//p' /proc/self/status
	ends 0 1
}

@test "the text format: lists, separators, quotes, parts of strings, numbers of any base" {
	cat > jail.cfg <<-EOF2
		rlimit_nofile: 0x20 rlimit_cpu: 010; keep_env: t, silent: 0 # words behind it
		hostname: 'a' "b\x63" mount: [ { src: "$ROOTFS" dst: '/' is_bind: 1 }, < dst: "/tmp" fstype: "tmpfs" > ]
		exec_bin: { path: "/bin/sh" arg: '-c' arg: 'hostname; ulimit -n; ulimit -t; echo \$KEPT; touch /tmp/x' }
	EOF2
	KEPT=kept nj -Q --config jail.cfg
	ends 1 "$(printf 'abc\n32\n8\nkept')"
	echo '{}' > jail.json
	nj -Q --config jail.json -R "$ROOTFS/bin:/bin" -- /bin/echo nothing is needed
	ends 0 "nothing is needed"
}

@test "maps of the config and of the options are one list" {
	printf 'mount { src: "%s" dst: "/" is_bind: true } mount_proc: true uidmap { inside_id: "1000" outside_id: "5" }\n' "$ROOTFS" > jail.cfg
	nj -Q --config jail.cfg -u 0:6 -- /bin/sh -c 'id -u; tr -s " " < /proc/self/uid_map'
	ends 0 "$(printf '1000\n 1000 5 1\n 0 6 1')"
	nj --config jail.cfg -u 1234:5 -- /bin/true # the same user outside, twice
	ends 255
}

@test "bare: a bundle whose jail object says so gets nothing that nobody asked for" {
	bundle '.mounts |= map(select(.destination == "/proc")) | .root.readonly = false | .jail = {bare: true}'
	script 'ls -A /dev | wc -l'
	run jr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 0"
	config 'del(.jail)'
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] && [ "$output" -ge 6 ] # null, zero, full, random, urandom, tty and so on
	with 'bare: false'
	nj --config jail.cfg -- /bin/true
	ends 255
	logged "an nsjail config is always bare"
}
