#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# jail_is: an nsjail config of the lines on stdin; its root is the busybox one, read-only.
jail_is() {
	{
		printf 'mount { src: "%s" dst: "/" is_bind: true }\n' "$ROOTFS"
		printf 'mount { dst: "/tmp" fstype: "tmpfs" rw: true }\nmount_proc: true\n'
		cat
	} > "$T/jail.cfg"
}

# jail ARGUMENTS: of run. Whoever is root and maps nobody else is warned of it each time.
jail() {
	run timeout -k 1 60 "$JAILRT" --root "$STATES" run "$@"
	output=$(grep -v "warning: the jail's user 0 is root on the host: map another" <<< "$output" || true)
}

jailed() {
	jail --config "$T/jail.cfg" -- "$@"
}

# limits: of the last output, as in limits.bats.
rlimit() {
	sed -n "s/^$1  *\([^ ]*\)  *\([^ ]*\).*/\1 \2/p" <<< "$output"
}

@test "the command behind -- runs, and its status is jailrt's" {
	jail_is < /dev/null
	jailed /bin/sh -c 'echo "$0 $1"; exit 7' name 'a b'
	same "$status $output" "7 name a b"
	jailed /bin/sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
	same "$status" 139
	jailed sh -c 'echo found along the path'
	says "found along the path"
	run jr list -q
	same "$output" ""
	jail --config jail.cfg "$ID" -- /bin/hostname
	says NSJAIL
}

@test "the config's own command runs where none is given, and one that is given replaces it" {
	jail_is <<< 'exec_bin { path: "/bin/busybox" arg: "echo" arg: "from the config" }'
	jail --config jail.cfg
	same "$status $output" "0 from the config"
	jail_is <<< 'exec_bin { path: "/bin/busybox" arg0: "/x/echo" arg: "by its name" }'
	jail --config jail.cfg
	same "$status $output" "0 by its name"
	jailed /bin/echo given
	same "$status $output" "0 given"
	jail_is < /dev/null
	jail --config jail.cfg
	fails_with 1 "missing"
}

@test "namespaces are new unless the config shares them" {
	local ns list
	list='for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done'
	eval "$list" > outside
	jail_is < /dev/null
	jailed sh -c "$list"
	same "$(comm -12 <(sort outside) <(sort <<< "$output"))" ""
	jail_is <<-'EOF'
		clone_newnet: false
		clone_newipc: false
		clone_newuts: false
		clone_newcgroup: false
	EOF
	jailed sh -c "$list"
	same "$(comm -12 <(sort outside) <(sort <<< "$output") | sed 's/:.*//' | tr '\n' ' ')" "cgroup ipc net uts "
}

@test "the host name is the config's, and only the jail's" {
	local before
	before=$(hostname)
	jail_is <<< 'hostname: "inside"'
	jailed hostname
	same "$output" inside
	same "$(hostname)" "$before"
	jail_is <<< "hostname: \"$(printf 'x%.0s' {1..65})\""
	jailed hostname
	fails_with 1 hostname
}

@test "ids are mapped by number and by name, one and many" {
	mkdir -m 777 shared
	jail_is <<-EOF
		uidmap { inside_id: "1000" outside_id: "100000" }
		gidmap { inside_id: "2000" outside_id: "nogroup" }
		mount { src: "$T/shared" dst: "/home" is_bind: true rw: true }
	EOF
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
	jailed sh -c 'id -u; id -g; touch /home/file; cat /proc/self/uid_map | tr -s " "'
	same "$output" "$(printf '1000\n2000\n 1000 100000 1')"
	same "$(stat -c %u:%G shared/file)" 100000:nogroup
	jail_is <<-'EOF'
		uidmap { inside_id: "0" outside_id: "100000" count: 10 }
		uidmap { inside_id: "50" outside_id: "0" }
		gidmap { inside_id: "0" outside_id: "100000" count: 10 }
	EOF
	jailed sh -c 'id -u; cat /proc/self/uid_map | tr -s " "'
	same "$output" "$(printf '0\n 0 100000 10\n 50 0 1')"
	jail_is <<< 'uidmap { inside_id: "0" outside_id: "no-such-user" }'
	jailed true
	fails_with 1 "uidmap[0]"
	fails_with 1 "'no-such-user' is neither a name nor an id"
}

@test "mounts are of the kind, with the words, and as writable as the config has them" {
	mkdir -p dir/sub
	echo text > dir/file
	jail_is <<-EOF
		mount { dst: "/home" fstype: "tmpfs" rw: true options: "size=65536,mode=700" noexec: true }
		mount { src: "$T/dir" dst: "/home/ro" is_bind: true nosuid: true nodev: true }
		mount { src: "$T/dir" dst: "/home/rw" is_bind: true rw: true }
		mount { src: "$T/dir/file" dst: "/home/file" is_bind: true }
		mount { src_content: "made here\n" dst: "/home/made" }
		mount { src: "/home/made" dst: "/home/link" is_symlink: true }
		mount { src: "$T/missing" dst: "/home/missing" is_bind: true mandatory: false }
		mount { prefix_src_env: "WHERE" src: "/sub" dst: "/home/by-env" is_bind: true rw: true }
	EOF
	WHERE=$T/dir jailed sh -c 'cd /home; cat ro/file file made link
		echo x > ro/new || echo refused; echo x > file || echo refused; echo x > made || echo refused
		echo x > rw/new && echo x > by-env/new && ls -A missing
		cp /bin/busybox big || echo too big; echo "echo ran" > prog; chmod 755 prog; ./prog || echo no exec
		echo x > /root/x || echo read-only root
		awk "\$5 ~ /home/ { print \$5, \$6 }" /proc/self/mountinfo'
	[ "$(grep -c '^text$' <<< "$output")" -eq 2 ]
	[ "$(grep -c '^made here$' <<< "$output")" -eq 2 ]
	[ "$(grep -c '^refused$' <<< "$output")" -eq 3 ]
	[[ "$output" == *"too big"* && "$output" == *"no exec"* && "$output" == *"read-only root"* ]]
	[[ "$output" == *"/home/ro ro,nosuid,nodev,"* ]]
	[[ "$output" == *"/home/rw rw,"* ]]
	[[ "$output" == *"/home rw,"*noexec* ]]
	[ -e dir/new ] && [ -e dir/sub/new ]
	jail_is <<< "mount { src: \"$T/missing\" dst: \"/home\" is_bind: true }"
	jailed true
	fails_with 1 "mount[2]"
	fails_with 1 "jail.cfg:4:"
	fails_with 1 "No such file or directory"
}

@test "without a mount on / the root is an empty file system, and read-only" {
	cat > jail.cfg <<-EOF
		mount { src: "$ROOTFS/bin" dst: "/bin" is_bind: true }
		cwd: "/bin"
	EOF
	jailed /bin/sh -c 'ls -A /; pwd; mkdir /new || echo refused'
	same "$(tail -n 1 <<< "$output")" refused
	same "$(head -n 2 <<< "$output" | tr '\n' ' ')" "bin /bin "
}

@test "without a mount namespace the jail is in the host's tree, and mounts are refused" {
	printf 'clone_newns: false\ncwd: "%s"\n' "$T" > jail.cfg
	echo mark > mark
	jailed /bin/sh -c 'cat mark; readlink /proc/self/ns/mnt'
	same "$output" "$(printf 'mark\n%s' "$(readlink /proc/self/ns/mnt)")"
	printf 'clone_newns: false\nmount_proc: true\n' > jail.cfg
	jailed /bin/true
	fails_with 1 "mounts need clone_newns"
}

@test "limits are in the config's units, both soft and hard; those of other types are the caller's" {
	no_san "the address space is limited"
	jail_is <<-'EOF'
		rlimit_as: 512
		rlimit_core: 1
		rlimit_cpu: 11
		rlimit_fsize: 2
		rlimit_nofile: 40
		rlimit_nproc: 500 rlimit_nproc_type: VALUE
		rlimit_stack: 4 rlimit_stack_type: VALUE
		rlimit_memlock: 32 rlimit_memlock_type: VALUE
		rlimit_msgqueue: 777
	EOF
	run prlimit --msgqueue=1234:5678 --core=2097152:2097152 \
		"$JAILRT" --root "$STATES" run --config jail.cfg -- cat /proc/self/limits
	says ""
	same "$(rlimit 'Max address space')" "536870912 536870912"
	same "$(rlimit 'Max core file size')" "1048576 1048576"
	same "$(rlimit 'Max cpu time')" "11 11"
	same "$(rlimit 'Max file size')" "2097152 2097152"
	same "$(rlimit 'Max open files')" "40 40"
	same "$(rlimit 'Max processes')" "500 500"
	same "$(rlimit 'Max stack size')" "4194304 4194304"
	same "$(rlimit 'Max locked memory')" "32768 32768"
	# A value without its type says nothing.
	same "$(rlimit 'Max msgqueue size')" "1234 1234"
}

@test "without a word on limits they are nsjail's own, and none with disable_rl" {
	no_san "the address space is limited"
	jail_is < /dev/null
	jailed cat /proc/self/limits
	same "$(rlimit 'Max address space')" "4294967296 4294967296"
	same "$(rlimit 'Max core file size')" "0 0"
	same "$(rlimit 'Max cpu time')" "600 600"
	same "$(rlimit 'Max file size')" "1048576 1048576"
	same "$(rlimit 'Max open files')" "32 32"
	jail_is <<< 'disable_rl: true'
	run prlimit --nofile=77:88 --cpu=900:1000 "$JAILRT" --root "$STATES" run --config jail.cfg -- cat /proc/self/limits
	same "$(rlimit 'Max open files')" "77 88"
	same "$(rlimit 'Max cpu time')" "900 1000"
}

@test "the time limit ends the jail with all that is in it, and the report names it" {
	jail_is <<< 'time_limit: 1'
	jail --config jail.cfg --report "$T/report" -- sh -c 'echo begun; sleep 1000; echo on'
	same "$status $output" "137 begun"
	same "$(jq -r .cause report)" time_limit
	same "$(jq '.wall_ms >= 1000' report)" true
	jail --config jail.cfg --report "$T/report" -- sh -c 'exit 3'
	same "$status" 3
	same "$(jq -r .cause report)" exited
}

@test "directory and environment are the config's alone" {
	jail_is <<-'EOF'
		cwd: "/home"
		envar: "A=one"
		envar: "FROM_CALLER"
		envar: "A=two words"
		envar: "MISSING_HERE"
	EOF
	FROM_CALLER=mine OTHER=secret jailed sh -c 'pwd; tr "\0" "\n" < /proc/$$/environ | sort'
	same "$(grep -v 'MISSING_HERE' <<< "$output")" "$(printf '/home\nA=two words\nFROM_CALLER=mine')"
	jail_is <<< 'keep_env: true envar: "A=b"'
	A=a OTHER=secret jailed sh -c 'echo "$A $OTHER"'
	same "$output" "b secret"
	jail_is <<< 'cwd: "/no/such"'
	jailed true
	fails_with 1 "/no/such"
}

@test "capabilities are only those that are listed, or all that there are" {
	local bounding
	show='sed -n "s/^\(Cap...\|NoNewPrivs\):.//p" /proc/self/status | tr "\n" " "'
	jail_is < /dev/null
	jailed sh -c "$show"
	same "$output" "$(printf '0000000000000000 %.0s' 1 2 3 4 5)1 "
	jail_is <<< 'cap: "CAP_NET_RAW" cap: "CAP_SYS_PTRACE" disable_no_new_privs: true'
	jailed sh -c "$show"
	same "$output" "$(printf '0000000000082000 %.0s' 1 2 3 4 5)0 "
	jail_is <<< 'keep_caps: true'
	jailed sh -c 'sed -n "s/^CapEff:.//p" /proc/self/status'
	[ $((16#$output & 16#202000)) -eq $((16#202000)) ]
	jail_is <<< 'cap: "CAP_NO_SUCH"'
	jailed true
	fails_with 1 "cap[0]"
	fails_with 1 "unknown capability 'CAP_NO_SUCH'"
}

@test "cgroup limits are enforced, and their cgroups removed" {
	[ -e /sys/fs/cgroup/pids/tasks ] || skip "no v1 controller pids here"
	jail_is <<-'EOF'
		cgroup_pids_max: 4
		cgroup_mem_max: 50000000
		mount { dst: "/dev" fstype: "tmpfs" }
		mount { src: "/dev/null" dst: "/dev/null" is_bind: true rw: true }
	EOF
	jail --config jail.cfg "$ID" -- sh -c 'cut -d: -f2- /proc/self/cgroup
		for i in 1 2 3 4 5 6; do sleep 1000 & echo "started $i"; done'
	[[ "$output" == *"started 3"* && "$output" == *"can't fork"* && "$output" != *"started 4"* ]]
	same "$(cgroups_of "$ID")" ""
}

@test "standard output, session and descriptors are as the config has them" {
	jail_is <<< 'silent: true'
	jailed sh -c 'echo words; echo words >&2; exit 3'
	same "$status $output" "3 "
	jail_is <<< 'stderr_to_null: true'
	jailed sh -c 'echo out; echo err >&2'
	same "$output" out
	jail_is < /dev/null
	jailed sh -c 'cut -d" " -f6 /proc/1/stat'
	same "$output" 1
	jail_is <<< 'skip_setsid: true'
	jailed sh -c 'cut -d" " -f6 /proc/1/stat'
	same "$output" 0
	jail_is <<< 'pass_fd: 7'
	jail --config jail.cfg -- sh -c 'cat <&7; cat <&8' 7<<< passed 8<<< kept
	[[ "$output" == passed*"8: "* && "$output" != *kept* ]]
}

@test "a policy in kafel is enforced, from the config and from a file with an include" {
	jail_is <<-'EOF'
		seccomp_string: "ERRNO(28) { mkdir, mkdirat }"
		seccomp_string: "DEFAULT ALLOW"
	EOF
	jailed sh -c 'mkdir /tmp/x; grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status'
	says "No space left on device"
	says "Seccomp:	2"
	says "NoNewPrivs:	1"
	mkdir policies
	echo 'POLICY disk { ERRNO(28) { mkdir, mkdirat } }' > policies/disk.kafel
	printf '#include "disk.kafel"\nUSE disk DEFAULT ALLOW\n' > policies/all.kafel
	jail_is <<< "seccomp_policy_file: \"$T/policies/all.kafel\""
	jailed mkdir /tmp/x
	fails_with 1 "No space left on device"
	jail_is <<< 'seccomp_string: "KILL_PROCESS { mkdir, mkdirat } DEFAULT ALLOW"'
	jailed mkdir /tmp/x
	[ "$status" -eq 159 ]
}

@test "exec is under the filter that the jail was made with, wherever its file has gone" {
	echo 'ERRNO(28) { mkdir, mkdirat } DEFAULT ALLOW' > gone.kafel
	jail_is <<< "seccomp_policy_file: \"$T/gone.kafel\""
	jr run --config jail.cfg --detach "$ID" -- sleep 100 > /dev/null 2>&1
	rm gone.kafel
	run jr exec "$ID" sh -c 'mkdir /tmp/x; grep ^Seccomp: /proc/self/status'
	says "No space left on device"
	says "Seccomp:	2"
	echo 'DEFAULT ALLOW' > gone.kafel
	run jr exec "$ID" mkdir /tmp/x
	fails_with 1 "No space left on device"
	run jr delete --force "$ID"
}

@test "a policy that cannot be is refused with its place" {
	jail_is <<< 'seccomp_string: "ALLOW { reed } DEFAULT KILL"'
	jailed true
	fails_with 1 "seccomp_string[0]:1:9"
	fails_with 1 "reed"
	fails_with 1 "read"
	jail_is <<< 'seccomp_policy_file: "/no/policy"'
	jailed true
	fails_with 1 "seccomp_policy_file"
	fails_with 1 "No such file or directory"
	jail_is <<-'EOF'
		seccomp_policy_file: "/etc/passwd"
		seccomp_string: "DEFAULT ALLOW"
	EOF
	jailed true
	fails_with 1 "two policies; give one"
}

@test "the two dialects are told apart by what a file holds, JSON too" {
	jail_is < /dev/null
	cat > jail.json <<-EOF
		{"mount": [{"src": "$ROOTFS", "dst": "/", "isBind": true}, {"dst": "/tmp", "fstype": "tmpfs"}],
		 "hostname": "json", "timeLimit": 100}
	EOF
	jail --config jail.json -- hostname
	same "$status $output" "0 json"
	bundle '.hostname = "oci"'
	command_is hostname
	cp "$BUNDLE/config.json" "$BUNDLE/other.cfg"
	jail --config "$BUNDLE/other.cfg" -b "$BUNDLE" "$ID"
	same "$status $output" "0 oci"
	echo '{"hostname": "x", "something": 1}' > neither.json
	jail --config neither.json -- true
	fails_with 1 "neither.json:1:"
	fails_with 1 "neither an OCI config (it has no 'ociVersion') nor an nsjail config (it has 'something')"
}

@test "what is wrong in a config is told with line and column" {
	local text word at
	while IFS='|' read -r at text word; do
		jail_is <<< "$text"
		jailed true
		fails_with 1 "jail.cfg:$at:"
		fails_with 1 "$word"
	done <<-'EOF'
		4|hostnam: "x"|did you mean
		4|hostname: 5|hostname
		4|time_limit: -1|time_limit
		4|time_limit: "5"|time_limit
		4|clone_newnet: maybe|clone_newnet
		4|mode: SOMETIMES|mode
		5|mount { src: "/"|expected a field name or '}'
		4|hostname: "x|the string does not end
		4|hostname: "x" hostname: "y"|hostname
	EOF
	jail --config missing.cfg -- true
	fails_with 1 "missing.cfg"
	fails_with 1 "No such file or directory"
}
