#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The bench on a machine with cgroup v2 alone: nothing is hidden, and who makes cgroups is born in them.
load ../bats/helpers

@test "the bench's floor is born in a cgroup with the controllers that jailrt's has" {
	local bench=${JAILRT%/*}/bench
	bundle
	script 'cat /proc/self/cgroup /sys/fs/cgroup/cgroup.controllers'
	jr run -b "$BUNDLE" "$ID" > ours
	"$bench/floor" --net --cgroup "$ID" --hierarchy "=/sys/fs/cgroup" run "$BUNDLE/rootfs" /bin/sh -c \
		'cat /proc/self/cgroup /sys/fs/cgroup/cgroup.controllers' > floors
	diff ours floors
	grep -q memory floors
}

@test "the bench measures on cgroup v2 as it is" {
	local bench=${JAILRT%/*}/bench
	ROUNDS=1 ONLY="exec, cgroups" CONTESTANTS="jailrt;floor;crun" BENCH_JSON="$T/bench.json" \
		TMPDIR="$T" "$bench/bench" "$JAILRT" "$bench/floor" "$bench/payload" \
		"$BATS_TEST_DIRNAME/../data" > table
	grep -q 'cgroup v2' table
	jq '.results[] | select(.does_not_run)' bench.json
	jq -e '.cgroup == "v2" and ([.results[] | select(.does_not_run)] == []) and
		([.results[] | select(.workload == "exec, cgroups") | .contestant] | unique == ["crun", "floor", "jailrt"])' \
		bench.json
}
