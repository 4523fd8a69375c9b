# SPDX-License-Identifier: Apache-2.0
# containerd, with its own client.
engine_about='containerd with ctr'
engine_peers='runc crun'
. "$here/containerd.bash"

engine_versions() {
	containerd --version | awk '{ print $1, $3 }'
}

engine_begin() {
	containerd_begin
	docker_archive "$W/bb.tar" localhost/bb:latest '{"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]}'
	ctr image import "$W/bb.tar"
	ctr run --rm localhost/bb:latest first true
}

engine_reset() {
	local id
	for id in $(ctr task ls -q); do
		ctr task rm --force "$id"
	done
	for id in $(ctr container ls -q); do
		ctr container rm "$id"
	done
}

engine_left() { containerd_left; }

IMAGE=localhost/bb:latest

# run OPTIONS…; ends in IMAGE ID [COMMAND…].
run() {
	ctr run --runc-binary "$(command -v "$RT")" "$@"
}

# runs OPTIONS… -- COMMAND…: in the foreground.
runs() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	run --rm "${options[@]}" "$IMAGE" "$N" "$@"
}

# up OPTIONS…: in the background, doing nothing until it is told to end.
SLEEPER='trap "exit 3" TERM; while :; do sleep 1000 & wait $!; done'
up() {
	run --detach "$@" "$IMAGE" "$N" sh -c "$SLEEPER" > up.out
}

engine_benched='ctr run --rm IMAGE ID true'
engine_bench() {
	runs -- true
}

pid() {
	ctr task ls | awk -v n="$N" '$1 == n { print $2 }'
}

# cgroup CONTROLLER FILE…: of the container; ctr's own configuration shows it no cgroups.
cgroup() {
	cgroup_says "$(pid)" "$@"
}

status() {
	ctr task ls | awk -v n="$N" '$1 == n { print $3 }'
}

scenario run 'a program runs, its output and status come back'
s_run() {
	runs -- echo hello
	code runs -- sh -c 'exit 7'
	echo in | runs -- head -n 1
	runs --null-io -- echo nothing
}

scenario run-missing 'a program that is not there, or may not be run'
s_run_missing() {
	refuses 'executable file not found in $PATH' runs -- nosuch
	refuses 'no such file or directory' runs -- /nosuch
	refuses 'permission denied' runs -- /etc/passwd
	refuses 'permission denied' runs -- /etc
}

scenario world 'what a container sees of itself'
s_world() {
	runs -- sh -c 'id; pwd; env | sort; umask; cd /dev; stat -c "%N %F %a %t:%T" *; cd /; ls /proc/self/fd | wc -l
		grep -E "^(Cap|NoNewPrivs|Seccomp:|Sig[BC]|ShdPnd)" /proc/self/status
		cat /proc/self/limits /proc/self/oom_score_adj /proc/1/comm
		awk "{ print \$5, \$6 }" /proc/self/mountinfo | grep -vE "/proc/(keys|timer|sched|acpi|latency)|firmware"
		for f in /proc/keys /proc/timer_list /proc/sysrq-trigger; do cat $f 2>&1 | wc -c; done
		ip -o link | wc -l; (echo x > /proc/sys/kernel/hostname) 2>&1 || true' 2>&1
}

scenario tty 'a terminal, its size and its name'
s_tty() {
	# ctr sets the size once the program runs already.
	tty ctr run --runc-binary "$(command -v "$RT")" --rm -t "$IMAGE" "$N" \
		sh -c 'sleep 1; stty size; tty; exit 4' ||
		echo "exit $?"
}

scenario detach-exec 'a container in the background, exec and its status'
s_detach_exec() {
	up
	status
	code ctr task exec --exec-id e1 "$N" sh -c 'id; pwd; exit 5'
	ctr task exec --exec-id e2 --cwd /tmp --user 1000 "$N" sh -c 'id; pwd; grep Cap /proc/self/status'
	echo in | ctr task exec --exec-id e3 "$N" head -n 1
	# ctr may lose the last words of what ends at once.
	tty ctr task exec -t --exec-id e4 "$N" sh -c 'tty; test -t 0 && echo terminal; sleep 1'
	refuses 'executable file not found in $PATH' ctr task exec --exec-id e6 "$N" nosuch
	refuses 'permission denied' ctr task exec --exec-id e7 "$N" /etc/passwd
}

scenario kill 'signals by name and number, and the status afterwards'
s_kill() {
	up
	ctr task kill -s TERM "$N"
	until_ok 5 eval '[ "$(status)" = STOPPED ]'
	code ctr task rm "$N"
	ctr container rm "$N"
	up
	ctr task kill -s 9 "$N"
	until_ok 5 eval '[ "$(status)" = STOPPED ]'
	refuses 'not found' ctr task kill -s 9 "$N"
	code ctr task rm "$N"
	ctr container rm "$N"
	up
	ctr task exec --exec-id e1 --detach "$N" sleep 1000
	ctr task kill --all -s KILL "$N"
	until_ok 5 eval '[ "$(status)" = STOPPED ]'
	code ctr task rm "$N"
	ctr container rm "$N"
	up
	code ctr task rm --force "$N"
}

scenario pause 'pause, resume, and what is refused meanwhile'
s_pause() {
	up
	ctr task pause "$N"
	status
	cgroup freezer freezer.state
	refuses paused timeout 10 ctr task exec --exec-id e1 "$N" true
	ctr task resume "$N"
	status
	ctr task exec --exec-id e2 "$N" echo back
}

scenario ps 'the processes of a container'
s_ps() {
	local pid
	up
	pid=$(pid)
	ctr task exec --exec-id e1 --detach "$N" sleep 1000
	until_ok 5 eval '[ "$(ctr task ps "$N" | wc -l)" -ge 4 ]'
	ctr task ps "$N" | awk -v p="$pid" '$1 == p { print "first" } $2 != "-" && /e1/ { print "exec" }'
	ctr task ps "$N" | wc -l
}

scenario metrics 'limits and use, as the daemon reads them'
s_metrics() {
	up --memory-limit 67108864 --cpus 0.5
	ctr task metrics --format json "$N" |
		jq -c '[.. | objects | select(has("memory"))][0] | .pids, .memory.usage.limit, (.memory.usage.usage > 0)'
	cgroup memory memory.limit_in_bytes
	cgroup cpu cpu.cfs_quota_us cpu.shares
}

scenario cpu 'shares, quota and period'
s_cpu() {
	up --cpu-shares 300 --cpu-quota 20000 --cpu-period 50000
	cgroup cpu cpu.shares cpu.cfs_quota_us cpu.cfs_period_us
}

scenario cgroup 'a cgroup of a given name, and none'
s_cgroup() {
	up --cgroup "/engines/$N"
	grep -o "/engines/$N" "/proc/$(pid)/cgroup" | sort -u
	code ctr task rm --force "$N"
	ctr container rm "$N"
	find /sys/fs/cgroup -path "*/engines/$N"
	rmdir /sys/fs/cgroup/engines /sys/fs/cgroup/*/engines 2>/dev/null || true
}

scenario oom 'too much memory: killed, and told so'
s_oom() {
	local events
	ctr events > events &
	events=$!
	code runs --memory-limit 16777216 -- sh -c \
		'sleep 0.5; tail -c 60m /dev/zero > /dev/null; echo $?; sleep 0.5; exit 9' 2> oom.err
	until_ok 5 grep -o '/tasks/oom' events
	kill "$events"
	grep -o '/tasks/oom' events | sort -u
}

scenario events 'what the daemon tells of a life'
s_events() {
	local events
	ctr events > events &
	events=$!
	up
	ctr task exec --exec-id e1 "$N" true
	ctr task pause "$N"
	ctr task resume "$N"
	ctr task kill -s KILL "$N"
	until_ok 5 grep -q '/tasks/exit.*"exit_status":137' events
	ctr task rm "$N" || true
	until_ok 5 grep -q /tasks/delete events
	kill "$events"
	grep -o '/tasks/[a-z-]*' events
}

scenario seccomp 'the default profile, and one from a file'
s_seccomp() {
	runs --seccomp -- sh -c 'grep Seccomp: /proc/self/status; unshare -U true 2>&1 || echo refused'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' > profile.json
	runs --seccomp --seccomp-profile "$PWD/profile.json" -- sh -c 'mkdir /a 2>&1 || echo refused'
}

scenario user 'a user, groups and ids from a configuration'
s_user() {
	ctr oci spec | jq '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 2000]} | .process.args =
		["sh", "-c", "id; grep Cap /proc/self/status; touch /tmp/mine && stat -c %u:%g:%a /tmp/mine"] |
		.process.env = ["PATH=/bin"] | .process.terminal = false | .root.readonly = false |
		.root.path = "'"$W/rootfs"'" | .linux.cgroupsPath = "/default/'"$N"'" | .process.user.umask = 63' > spec.json
	run --rm --config spec.json "$N"
}

scenario cwd-env 'a directory and an environment'
s_cwd_env() {
	runs --cwd /tmp/made/here --env A=b --env C= -- sh -c 'pwd; env | sort'
	echo 'FROM_FILE=yes' > list
	runs --env-file list -- sh -c 'echo $FROM_FILE'
}

scenario mounts 'bind mounts, read-only ones and a tmpfs'
s_mounts() {
	mkdir data
	echo there > data/file
	runs --mount "type=bind,src=$PWD/data,dst=/data,options=rbind:ro" -- \
		sh -c 'cat /data/file; touch /data/x 2>&1 || echo refused'
	runs --mount "type=bind,src=$PWD/data,dst=/data,options=rbind:rw" -- touch /data/made
	ls data
	runs --mount 'type=tmpfs,src=tmpfs,dst=/t,options=size=1m' -- sh -c 'df /t | tail -n 1'
	refuses 'no such file or directory' \
		runs --mount "type=bind,src=$PWD/nosuch,dst=/data,options=rbind" -- true
}

scenario read-only 'a root filesystem that is not written to'
s_read_only() {
	runs --read-only -- sh -c 'touch /x 2>&1 || echo refused; touch /dev/shm/x && echo written'
}

scenario rootfs 'a folder instead of an image'
s_rootfs() {
	run --rm --rootfs "$W/rootfs" "$N" /bin/sh -c 'echo from a folder; pwd'
}

scenario namespaces 'the network, pids and names of another container; of the host'
s_namespaces() {
	local pid
	up
	pid=$(pid)
	run --rm --with-ns "network:/proc/$pid/ns/net" --with-ns "pid:/proc/$pid/ns/pid" \
		--with-ns "ipc:/proc/$pid/ns/ipc" "$IMAGE" "$N-2" sh -c '
		for n in net pid ipc; do readlink /proc/1/ns/$n; readlink /proc/self/ns/$n; done | uniq -c | wc -l
		cat /proc/1/comm'
	is "$(readlink /proc/self/ns/net)" "$(run --rm --net-host "$IMAGE" "$N-3" readlink /proc/self/ns/net)"
}

scenario userns 'a user namespace of its own'
s_userns() {
	runs --uidmap 0:100000:65536 --gidmap 0:100000:65536 --remap-labels -- \
		sh -c 'cat /proc/self/uid_map /proc/self/gid_map; id; stat -c %u:%g /bin'
}

scenario capabilities 'more, fewer, all of them'
s_capabilities() {
	runs --cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN -- grep Cap /proc/self/status
	runs --allow-new-privs -- grep NoNew /proc/self/status
	runs --device /dev/fuse -- sh -c 'stat -c %F:%t:%T /dev/fuse; dd if=/dev/fuse of=/dev/null count=0 2>&1'
	runs -- sh -c 'mknod /f c 10 229 && dd if=/f of=/dev/null count=0 2>&1 || echo refused'
}

scenario privileged 'every capability and device there is'
s_privileged() {
	runs --privileged -- grep CapEff /proc/self/status
}

scenario checkpoint 'a checkpoint (CRIU)'
s_checkpoint() {
	up
	ctr task checkpoint "$N"
}

scenario absent 'what is not there cannot be asked'
s_absent() {
	refuses 'not found' ctr task kill nosuch
	refuses 'not found' ctr task pause nosuch
	up
	refuses 'already exists' up
	ctr task kill -s KILL "$N"
	until_ok 5 eval '[ "$(status)" = STOPPED ]'
	refuses '' ctr task pause "$N"
	refuses '' ctr task resume "$N"
	refuses '' timeout 10 ctr task exec --exec-id e1 "$N" true
}

scenario killed-runtime 'a container whose init is killed from outside'
s_killed_runtime() {
	up
	kill -KILL "$(pid)"
	until_ok 5 eval '[ "$(status)" = STOPPED ]'
	code ctr task rm "$N"
}

# The peer is measured by a tenth: what is asked is that nothing goes wrong, not how long it takes.
scenario load '200 runs in a row, each with a status of its own'
takes_up_to 300
s_load() {
	local i want=0 n=20
	[ "$RT" != jailrt ] || n=200
	for ((i = 0; i < n; i++)); do
		want=$((i % 250))
		exits "$want" run --rm "$IMAGE" "$N-$i" sh -c "exit $want" || return 1
	done
	echo done
	ctr task ls -q
	ctr container ls -q
}
