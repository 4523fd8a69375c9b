# SPDX-License-Identifier: Apache-2.0
# The floor that the bench measures against must make the jail that it is compared with.
load helpers

BENCH=${JAILRT%/*}/bench

# What a program can see of its jail: where it is mounted and how, devices, identity, network. Not whether
# a read-only mount's filesystem is so too: the mount is what is asked for.
look='sed "s/^[^ ]* [^ ]* [^ ]* //; s/ - \([^ ]*\) [^ ]* r[ow]/ - \1 /" /proc/self/mountinfo | sort
grep -E "^(Cap|NoNewPrivs|Uid|Gid|Groups)" /proc/self/status
ls -l /dev | awk "{ print \$1, \$3, \$4, \$5, \$6, \$NF }" | grep -v "^total"
hostname; pwd; echo $$; ulimit -n; cat /sys/class/net/*/flags
ls /proc/acpi /sys/firmware; wc -c < /proc/keys
touch /x /proc/sys/kernel/hostname /proc/irq/x 2>&1'

@test "the bench's floor makes the jail that jailrt makes of the same bundle" {
	bundle 'del(.mounts[] | select(.type == "cgroup"))'
	script "$look"
	jr --cgroup-manager disabled run -b "$BUNDLE" one > ours || true
	grep -q '/dev/mqueue' ours
	"$BENCH/floor" --net run "$BUNDLE/rootfs" /bin/sh -c "$look" > floors || true
	diff ours floors
}

@test "the bench's floor without --net stays in the caller's network" {
	bundle
	run "$BENCH/floor" --no-net run "$BUNDLE/rootfs" /bin/readlink /proc/self/ns/net
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
	run "$BENCH/floor" --net run "$BUNDLE/rootfs" /bin/readlink /proc/self/ns/net
	says 'net:['
	[ "$output" != "$(readlink /proc/self/ns/net)" ]
}

@test "the bench's floor puts its jail into cgroups and removes them" {
	local pids=/sys/fs/cgroup/pids
	[ -d "$pids" ] || skip "no cgroup v1 hierarchy of pids"
	bundle
	run "$BENCH/floor" --cgroup "floor-$$" --hierarchy "pids=$pids" run "$BUNDLE/rootfs" \
		/bin/sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/pids/cgroup.procs'
	says ":pids:/floor-$$"
	[ "${lines[-1]}" -ge 1 ] # itself is a member of what it sees
	[ ! -e "$pids/floor-$$" ]
}

@test "the bench's floor creates, starts, executes, shows and deletes" {
	local floor="$BENCH/floor --net" pid
	bundle
	$floor create "$T/c" "$BUNDLE/rootfs" /bin/sleep 100
	pid=$(cat "$T/c/pid")
	[ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$BENCH/floor")" ] # not yet the program
	$floor start "$T/c"
	wait_for 10 grep -qx sleep "/proc/$pid/comm"
	run $floor exec "$T/c" /bin/hostname
	says jailrt
	run $floor exec "$T/c" /bin/readlink /proc/1/ns/mnt
	[ "$output" = "$(readlink "/proc/$pid/ns/mnt")" ]
	run $floor state "$T/c"
	says '"status":"running"'
	run $floor list "$T"
	fails_with 1 "" # what is there beside it is no container
	kill -KILL "$pid"
	wait_for 10 test ! -e "/proc/$pid"
	$floor delete "$T/c"
	[ ! -e "$T/c" ]
}

# bats test_tags=slow
@test "the bench measures every workload, and says so as a table and as JSON" {
	no_san "nothing is measured"
	local out="$T/bench.json" row
	ROUNDS=1 CONTESTANTS="jailrt;floor" BENCH_JSON="$out" BENCH_EXTRA="again=$JAILRT" \
		TMPDIR="$T" "$BENCH/bench" "$JAILRT" "$BENCH/floor" "$BENCH/payload" > table
	for row in run create+start+delete exec state "list of 1000" "memory of a waiting run"; do
		grep -q "^$row" table
		jq -e --arg row "$row" '[.results[] | select(.workload == $row and .contestant == "jailrt")] |
			length > 0 and all(.failures == 0 and (.values | length) > 0 and .median > 0)' "$out"
	done
	jq -e '[.results[] | select(.does_not_run)] == []' "$out"
}
