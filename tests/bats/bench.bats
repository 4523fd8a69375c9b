# SPDX-License-Identifier: Apache-2.0
# The floor that the bench measures against must make the jail that it is compared with.
load helpers
load life

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

@test "the bench's floor loads a filter, mounts many times, fills the environment" {
	local floor="$BENCH/floor --net"
	mkdir -p rootfs source
	touch source/mark
	cp -a "$ROOTFS"/. rootfs/
	mkdir -p rootfs/m/000{0,1,2}
	"$JAILRT" seccomp compile <(echo 'ERRNO(7) { mkdir, mkdirat } DEFAULT ALLOW') > filter
	run $floor --filter filter --binds 3 --variables 5 run "$PWD/rootfs" /bin/sh -c \
		'grep -c Seccomp:.2 /proc/self/status; ls /m/*/mark; env | grep -c ^V; mkdir /tmp/x'
	same "${lines[*]:0:4}" "1 /m/0000/mark /m/0001/mark /m/0002/mark"
	[ "${lines[4]}" -ge 1 ] # all have one name
	[[ "${lines[5]}" == *"Argument list too long"* ]]
}

@test "the bench's floor makes nsjail's jails: ids, mounts, limits, no capabilities" {
	run "$BENCH/floor" host /bin/sh -c 'grep CapBnd /proc/self/status; id -u; touch /x; echo 1 > /proc/sysrq-trigger'
	same "${lines[0]#*:}" "$(printf '\t0000000000000000')"
	same "${lines[1]}" 0
	[[ "${lines[2]}" == *"Read-only file system"* && "${lines[3]}" == *"annot create"* ]]
	run "$BENCH/floor" nine /bin/sh -c 'id -u; echo $PWD; ls / | tr "\n" " "; ulimit -n; touch /tmp/x /app/x && touch /usr/x'
	same "${lines[*]:0:3}" "1000 /app app bin dev lib lib64 proc tmp usr 128"
	[[ "${lines[3]}" == *"Read-only file system"* ]]
}

# bench: as make runs it, in this test's folder.
bench() {
	(become_bench)
}

become_bench() {
	export TMPDIR="$T" BENCH_JSON="$T/bench.json"
	exec "$BENCH/bench" "$JAILRT" "$BENCH/floor" "$BENCH/payload" "$BATS_TEST_DIRNAME/../data"
}

# of WORKLOAD CONTESTANT: its first median.
of() {
	jq -e --arg w "$1" --arg c "$2" \
		'first(.results[] | select(.workload == $w and .contestant == $c)) | .median' bench.json
}

# bats test_tags=slow
@test "the bench measures every workload, and says so as a table and as JSON" {
	no_san "nothing is measured"
	local row
	ROUNDS=1 CONTESTANTS="jailrt;floor" bench > table
	for row in run "run, profile, cold" create+start+delete exec state kill delete "list of 10000" \
		"starts a second, 64 at a time" "run, 2000 mounts" "run, environment of 1 MiB" \
		"jail of nine mounts" "smallest memory limit" "memory of a listener with 1000 jails" \
		"memory of a created container" "memory of exec" "a call with arguments, profile"; do
		grep -q "^$row" table
		jq -e --arg row "$row" '[.results[] | select(.workload == $row and .contestant == "jailrt")] |
			length > 0 and all(.failures == 0 and (.values | length) > 0 and .median > 0)' bench.json
	done
	jq -e '[.results[] | select(.does_not_run)] == []' bench.json
	jq -e '.targets | any(.verdict == "not measured") and any(.verdict != "not measured")' bench.json
}

@test "the bench judges: what is slow misses its target, what is not there is not measured" {
	no_san "nothing is measured"
	printf '#!/bin/sh\n[ "$1" = --version ] && exec echo "crun version 1.99"\nexec %s "$@"\n' "$JAILRT" > newer
	sed 's/^exec \S*jailrt/sleep 1; &/; s/1.99/1.8/' newer > older
	sed 's/^exec \S*jailrt/sleep 0.3; &/; s/crun version 1.99/jailrt version 9/' newer > slow
	chmod 755 newer older slow
	ROUNDS=2 ONLY=state CONTESTANTS="jailrt;newer;older" BENCH_EXTRA="older=$T/older" bench > table
	grep -q 'target: at most 0.30 × older: met' table
	JAILRT="$T/slow" ROUNDS=2 ONLY="run;memory of state" CONTESTANTS="jailrt;newer" BENCH_EXTRA="newer=$T/newer" \
		bench > table
	grep -q 'target: at most 0.40 × newer: missed' table
	grep -q 'target: at most 0.30 × crun < 1.27: not measured' table
	grep -q 'target: at most 1535 KiB: ' table
	same "$(jq -r '[.targets[] | select(.workload == "exec" and .verdict != "not measured")] | length' bench.json)" 0
}

@test "the bench takes an nsjail by its path, with nsjail's command line" {
	no_san "nothing is measured"
	ln -s "$JAILRT" nsjail
	ROUNDS=1 ONLY="jail of*;memory of a listener*" CONTESTANTS="jailrt;nsjail-x" BENCH_EXTRA="nsjail-x=$T/nsjail" bench > table
	jq -e '[.results[] | select(.contestant == "nsjail-x") | .workload] | unique | length == 4' bench.json
	jq -e '[.results[] | select(.does_not_run)] == []' bench.json
	jq -e '[.targets[] | select(.peer == "nsjail-x" and .verdict != "not measured")] | length == 2' bench.json
}

@test "the bench that is interrupted leaves nothing, and no results" {
	no_san "nothing is measured"
	ROUNDS=500 ONLY="exec, cgroups" CONTESTANTS="jailrt;floor" become_bench > table &
	local pid=$!
	wait_for 20 eval "[ \"\$(cgroups_of bench-jailrt-)\" ]"
	sleep 0.5
	kill -TERM $pid
	wait $pid && false || same $? 1
	same "$(find "$T" -name 'jailrt-bench*')" ""
	[ ! -e bench.json ]
	same "$(cgroups_of "bench-jailrt-$pid") $(cgroups_of "bench-floor-$pid")" " "
}

# bats test_tags=slow
@test "the bench's trace: phases of a run, a few of them told, all together what it took" {
	no_san "nothing is measured"
	(unset BENCH_JSON; BENCH_INSTEAD="$BATS_TEST_DIRNAME/../../bench/trace $T/trace.json 3" ONLY="run, cgroups" \
		CONTESTANTS="jailrt;floor" become_bench) > table
	grep -q '^mounts ' table
	jq -e '.[0].workload == "run, cgroups" and (.[0].programs | keys == ["floor", "jailrt"])' trace.json
	jq -e '.[0].programs[] | (.phases | map(select(.ms > 0) | .phase)) as $seen |
		(["cgroups", "birth of the child", "mounts", "devices"] - $seen == []) and .system_calls > 100 and
		([.phases[].ms] | add) <= .wall_ms * 1.5 and ([.phases[].ms] | add) >= .wall_ms * 0.5' trace.json
}

@test "the bench's page: what it says comes from the results, with reasons for what is missed alone" {
	cat > bench.json <<-'END'
	{"date": "2026-01-02T03:04:05Z", "kernel": "6.1", "machine": "x86_64", "cgroup": "v2", "load": 0.5, "cpus": 2,
	 "contestants": [{"name": "jailrt", "version": "jailrt version 9", "path": "/j"}, {"name": "floor", "version": "", "path": "/f"}],
	 "targets": [
	  {"goal": "g", "workload": "run", "target": "at most 1.50 × floor", "peer": "floor", "back-to-back": 1.8, "idle": 1.2, "verdict": "missed"},
	  {"goal": "g", "workload": "exec", "target": "at most 0.45 × crun", "verdict": "not measured"}],
	 "results": [
	  {"workload": "run", "contestant": "jailrt", "mode": "back-to-back", "unit": "ms", "failures": 0, "median": 1.84, "p10": 1.7,
	   "p90": 2.5, "cpu_ms": [1.5, 1.6], "values": [1.8, 1.88]},
	  {"workload": "run", "contestant": "floor", "mode": "back-to-back", "unit": "ms", "failures": 0, "median": 1.02, "p10": 1,
	   "p90": 1.2, "cpu_ms": [1, 1], "values": [1.0, 1.04]},
	  {"workload": "exec", "contestant": "floor", "does_not_run": "a <reason>"}]}
	END
	cat > trace.json <<-'END'
	[{"date": "2026-01-02T03:04:05Z", "workload": "run", "rounds": 3, "programs": {
	  "jailrt": {"wall_ms": 1.9, "system_calls": 700, "processes": 2, "phases": [{"phase": "mounts", "ms": 1.25}],
	   "slowest_calls": [{"call": "clone3", "ms": 0.25}]},
	  "floor": {"wall_ms": 1.1, "system_calls": 200, "processes": 2, "phases": [{"phase": "mounts", "ms": 0.5}],
	   "slowest_calls": []}}}]
	END
	mkdir out
	"$BATS_TEST_DIRNAME/../../bench/docs" bench.json trace.json out
	grep -q '0 met, 1 missed, 1 not measured' out/performance.md
	grep -q '| run | at most 1.50 × floor | 1.80 | 1.20 | \*\*missed\*\* |' out/performance.md
	grep -q '^- \*\*run\*\*.* Traced (run): +0.75 ms beside the floor; mounts +0.75\.' out/performance.md
	not grep -q '^- \*\*exec' out/performance.md
	grep -q '^| run | 1.84 | 1.02 |' out/performance.md
	not grep -q '{[a-z]*}' out/performance.md # each place is filled
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' out/performance.svg
	grep -q 'jailrt, run: 1.84 ms' out/performance.svg
}
