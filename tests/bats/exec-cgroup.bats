#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroups

# own FILTER: lines of /proc/self/cgroup of the last output, without their numbers.
own() {
	grep -E "$1" <<< "$output" | cut -d: -f2-
}

# below FILE: makes the cgroup SUB below the one that has FILE.
below() {
	local dir
	dir=$(dirname "$(cg "$1")")
	mkdir -p "$dir/$2"
	later rmdir "$dir/$2"
}

@test "exec enters the container's cgroups" {
	sleeper
	run jr exec "$ID" cat /proc/self/cgroup
	[ "$output" = "$(cat "/proc/$(jr state "$ID" | jq .pid)/cgroup")" ]
}

@test "exec --cgroup enters a cgroup below, of the controllers named, several with one option" {
	needs_keeper v1 pids
	needs_keeper v1 cpu
	sleeper
	below pids.max sub/lower
	below pids.max sub
	below cpu.shares other
	later jr delete --force "$ID"
	run jr exec --cgroup pids:sub/lower "$ID" cat /proc/self/cgroup
	[[ "$(own ':pids:')" == "pids:"*"/$ID/sub/lower" ]]
	[[ "$(own ':cpu(,|:)')" == *"/$ID" ]]
	run jr exec --cgroup pids:/sub --cgroup cpu:other "$ID" cat /proc/self/cgroup
	[[ "$(own ':pids:')" == *"/$ID/sub" ]]
	[[ "$(own ':cpu(,|:)')" == *"/$ID/other" ]]
	mkdir "$(dirname "$(cg pids.max)")/other"
	run jr exec --cgroup cpu,pids:other "$ID" cat /proc/self/cgroup
	[[ "$(own ':pids:')" == *"/$ID/other" ]]
	[[ "$(own ':cpu(,|:)')" == *"/$ID/other" ]]
	run jr exec --cgroup pids:/ "$ID" cat /proc/self/cgroup
	[[ "$(own ':pids:')" == *"/$ID" ]]
}

@test "exec --cgroup without a controller is for all of them" {
	local dir
	sleeper
	for dir in $(cgroups_of "$ID"); do
		mkdir "$dir/sub"
		# A v1 cpuset is of no use before it has both.
		[ ! -e "$dir/sub/cpuset.cpu_exclusive" ] ||
			{ cat "$dir/cpuset.cpus" > "$dir/sub/cpuset.cpus"; cat "$dir/cpuset.mems" > "$dir/sub/cpuset.mems"; }
	done
	run jr exec --cgroup sub "$ID" cat /proc/self/cgroup
	[ "$(own "$ID" | grep -c "/$ID/sub\$")" = "$(cgroups_of "$ID" | wc -l)" ]
	[ "$(own "$ID" | grep -vc "/$ID/sub\$")" = 0 ]
}

@test "a cgroup that is not there, not below, or of no controller is refused" {
	sleeper
	run jr exec --cgroup nowhere "$ID" true
	fails_with 255 "--cgroup: "
	fails_with 255 "No such file or directory"
	run jr exec --cgroup ../.. "$ID" true
	fails_with 255 "is not below the container's cgroup"
	run jr exec --cgroup pids:sub/../.. "$ID" true
	fails_with 255 "is not below the container's cgroup"
	run jr exec --cgroup nonsense:/ "$ID" true
	fails_with 255 "no cgroup of a controller 'nonsense'"
}

@test "exec follows a first process that has moved below its cgroup (cgroup v2)" {
	local dir pid
	needs_keeper v2 hugetlb
	sleeper '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	dir=$(dirname "$(cg hugetlb.2MB.max)")
	pid=$(jr state "$ID" | jq .pid)
	mkdir "$dir/init"
	echo "$pid" > "$dir/init/cgroup.procs"
	echo +hugetlb > "$dir/cgroup.subtree_control"
	run jr exec "$ID" cat /proc/self/cgroup
	[ "$status" = 0 ]
	[[ "$(own '^0::')" == ":"*"/$ID/init" ]]
}
