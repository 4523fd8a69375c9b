#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers written to files by criu and made of them again, where the kernel can do that.
load ../bats/helpers
load ../bats/life

# counter [JQ-FILTER…]: a container that says one number after another, and takes a file called end for its end.
# A network of its own takes criu many programs to write down, which takes time here: it has none.
counter() {
	bundle '.root.readonly = false | .process.cwd = "/tmp"
		| .linux.namespaces |= map(select(.type != "network"))'
	[ $# -eq 0 ] || config "$@"
	script 'n=0; while [ ! -e end ]; do n=$((n + 1)); echo $n; echo $n > now; sleep 0.1; done; exit 7'
}

now() {
	cat "$BUNDLE/rootfs/tmp/now"
}

counts_beyond() {
	local n
	n=$(now) && [ -n "$n" ] && [ "$n" -gt "$1" ]
}

# checkpoint_of ID OPTIONS…
checkpoint_of() {
	jr checkpoint --image-path "$T/images" "${@:2}" "$1" || { tail -n 20 "$T/images/dump.log"; return 1; }
}

# restore_as ID OPTIONS…
restore_as() {
	jr restore -b "$BUNDLE" --image-path "$T/images" "${@:2}" "$1" 3>&- || { tail -n 20 "$T/images/restore.log"; return 1; }
}

# said FILE: what comes through a pipe called pipe is there.
said() {
	rm -f pipe
	mkfifo pipe
	cat pipe > "$1" 3>&- &
}

# far FILE: takes the master of a terminal from the socket $T/console; what it says is in FILE at the end.
far() {
	rm -f console
	PATIENCE=300 python3 "$BATS_TEST_DIRNAME/../bats/terminal.py" receive "$T/console" "$T/$1" 3>&- &
	wait_for 60 test -S console
}

@test "checkpoint and restore: a counter goes on where it was, with its mounts, limits, cgroup and stdio" {
	local before pid
	mkdir data
	echo volume > data/name
	echo file > one
	counter '.mounts += [{destination: "/data", type: "bind", source: $d, options: ["rbind", "ro"]},
		{destination: "/one", type: "bind", source: ($d + "/../one"), options: ["bind"]}]
		| .linux.resources.memory.limit = 67108864 | .linux.resources.pids.limit = 44
		| .hooks.poststop = [{path: "/usr/bin/touch", args: ["touch", $d + "/poststop"]}]
		| .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "jq .pid > " + $d + "/hook"]}]
		| .annotations = {"some.key": "value"} | .linux.namespaces += [{type: "network"}]' --arg d "$T/data"
	said out1
	jr run -d -b "$BUNDLE" "$ID" > pipe < /dev/null
	wait_for 60 counts_beyond 5
	checkpoint_of "$ID"
	# As with runc and crun the name is free again.
	same "$(jr list -q)" ""
	[ -e data/poststop ]
	[ ! -e "/sys/fs/cgroup/$ID" ]
	before=$(now)
	sleep 1
	same "$(now)" "$before"
	said out2
	restore_as "${ID}r" -d --pid-file pid > pipe < /dev/null
	pid=$(pid_of "${ID}r")
	same "$(cat pid)" "$pid"
	same "$(cat data/hook)" "$pid"
	is_status "${ID}r" running
	same "$(jr state "${ID}r" | jq -r '.annotations["some.key"]')" value
	wait_for 60 counts_beyond $((before + 3))
	# Not one number was left out, and what is said goes to the new stdout.
	same "$(cat out1 out2 | head -n $((before + 2)))" "$(seq $((before + 2)))"
	same "$(head -n 1 out2)" $((before + 1))
	same "$(cat "/proc/$pid/cgroup")" "0::/${ID}r"
	same "$(cat "/sys/fs/cgroup/${ID}r/memory.max" "/sys/fs/cgroup/${ID}r/pids.max" | paste -sd' ')" "67108864 44"
	same "$(jr exec "${ID}r" sh -c 'cat /data/name /one /proc/self/cgroup; touch /data/x 2>/dev/null || echo read-only; [ -s /proc/kcore ] || echo masked' | paste -sd' ')" \
		"volume file 0::/ read-only masked"
	jr pause "${ID}r"
	is_status "${ID}r" paused
	jr resume "${ID}r"
	jr exec "${ID}r" touch /tmp/end
	wait_for 60 is_status "${ID}r" stopped
	jr delete "${ID}r"
	grep -q "$BUNDLE" /proc/self/mountinfo && return 1
	[ ! -e "/sys/fs/cgroup/${ID}r" ]
}

@test "checkpoint --leave-running after --pre-dump: it goes on; restore in the foreground exits as the program" {
	local before
	counter
	jr run -d -b "$BUNDLE" "$ID" > /dev/null < /dev/null 2> /dev/null
	wait_for 60 counts_beyond 2
	jr checkpoint --image-path "$T/first" --pre-dump "$ID"
	is_status "$ID" running
	jr pause "$ID"
	checkpoint_of "$ID" --leave-running --parent-path ../first
	[ "$(readlink images/parent)" = ../first ]
	is_status "$ID" paused
	before=$(now)
	jr delete --force "$ID"
	touch "$BUNDLE/rootfs/tmp/end"
	run jr restore -b "$BUNDLE" --image-path "$T/images" "$ID" < /dev/null
	[ "$status" -eq 7 ] || { echo "status $status: $output"; return 1; }
	same "$(jr list -q)" ""
	counts_beyond $((before - 1))
}

@test "checkpoint and restore: a terminal comes back with its master, a joined network is joined again" {
	local before pid
	ip netns add "$ID"
	later ip netns delete "$ID"
	counter '.process.terminal = true
		| .linux.namespaces += [{type: "network", path: "/run/netns/\($id)"}]' --arg id "$ID"
	far said1
	jr run -d --console-socket "$T/console" -b "$BUNDLE" "$ID" < /dev/null
	wait_for 60 counts_beyond 2
	checkpoint_of "$ID"
	before=$(now)
	far said2
	restore_as "$ID" -d --console-socket "$T/console" < /dev/null
	wait_for 60 counts_beyond $((before + 3))
	pid=$(pid_of "$ID")
	same "$(stat -Lc %i "/proc/$pid/ns/net")" "$(stat -Lc %i "/run/netns/$ID")"
	jr delete --force "$ID"
	# Whoever holds the master is told of the end.
	wait_for 60 test -e said2
	grep -q "^$((before + 2))" said2
	same "$(cat said2.name)" /dev/ptmx
}

@test "restore of images that criu cannot read: its errors and its log are named, and nothing is left" {
	counter
	mkdir images
	run restore_as "$ID" -d < /dev/null
	fails_with 1 "criu"
	same "$(jr list -q)" ""
	[ ! -e "/sys/fs/cgroup/$ID" ]
}
