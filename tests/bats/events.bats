#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroups

@test "events --stats is one line of JSON with what the cgroups count" {
	needs_keeper any pids
	sleeper '.linux.resources += {pids: {limit: 77}, memory: {limit: 67108864}}'
	run jr events --stats "$ID"
	says '"type":"stats"'
	[ "${#lines[@]}" = 1 ]
	[ "$(jq -r '[.type, .id, (.data | type)] | join(" ")' <<< "$output")" = "stats $ID object" ]
	[ "$(jq -c '.data | keys' <<< "$output")" = \
		'["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]' ]
	[ "$(jq '.data.pids | .current, .limit' <<< "$output" | xargs)" = "1 77" ]
	[ "$(jq '.data.memory.usage.limit' <<< "$output")" = 67108864 ]
	[ "$(jq '.data.memory.usage.usage' <<< "$output")" -gt 0 ]
	[ "$(jq '.data.memory.raw | length' <<< "$output")" -gt 10 ]
	[ "$(jq '.data.cpu.usage | .total > 0 and has("kernel") and has("user")' <<< "$output")" = true ]
}

# The kernel settles accounts of memory also of who is paused: once both agree.
same_usage() {
	[ "$(jr events --stats "$ID" | jq .data.memory.usage.usage)" = "$(value "$1")" ]
}

@test "the numbers are those of the cgroup files, unlimited ones whole" {
	needs_keeper any memory
	sleeper '.linux.resources.cpu = {cpus: "0", mems: "0"}'
	jr pause "$ID"
	run jr events --stats "$ID"
	says stats
	if [ "$(keeper memory)" = v1 ]; then
		# jq rounds numbers of this size.
		[[ "$output" == *"\"limit\":$(value memory.limit_in_bytes)"* ]]
		wait_for 20 same_usage memory.usage_in_bytes
		[ "$(jq .data.memory.usage.max <<< "$output")" = "$(value memory.max_usage_in_bytes)" ]
		[ "$(jq -c .data.cpuset.cpus <<< "$output")" = "[0]" ]
		[ "$(jq .data.cpu.usage.total <<< "$output")" = "$(value cpuacct.usage)" ]
		[ "$(jq '.data.cpu.usage.percpu | add' <<< "$output")" = "$(value cpuacct.usage)" ]
	else
		[[ "$output" == *'"limit":18446744073709551615'* ]]
		wait_for 20 same_usage memory.current
	fi
}

@test "throttling is counted" {
	needs_keeper any cpu
	sleeper '.linux.resources.cpu = {quota: 5000, period: 100000}'
	jr exec "$ID" sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done'
	run jr events --stats "$ID"
	[ "$(jq '.data.cpu.throttling | .periods > 0 and .throttledPeriods > 0 and .throttledTime > 0' \
		<<< "$output")" = true ]
}

@test "the keys are those of runc" {
	command -v runc > /dev/null || skip "runc is not installed"
	local keys='[paths(scalars) | map(if type == "number" then 0 else . end) | join(".")] | unique |
		map(select(test("cache|usage.usage|\\.max$|kernel|psi|blkio") | not)) | .[]'
	sleeper
	later runc --root "$T/runc" delete --force "$ID-r"
	runc --root "$T/runc" run -d -b "$BUNDLE" "$ID-r" < /dev/null > "$T/out" 2>&1 || skip "runc cannot run here"
	runc --root "$T/runc" events --stats "$ID-r" > "$T/theirs"
	jr events --stats "$ID" > "$T/ours"
	diff <(jq -r "$keys" "$T/theirs") <(jq -r "$keys" "$T/ours")
}

@test "events come at the interval until the container ends" {
	local pid
	sleeper
	jr events --interval 50ms "$ID" > "$T/events" 2>&1 3>&- < /dev/null &
	pid=$!
	wait_for 20 eval '[ "$(wc -l < "$T/events")" -ge 3 ]'
	jr kill "$ID" KILL
	wait "$pid"
	[ "$(jq -r .type "$T/events" | sort -u)" = stats ]
	[ "$(jq -r .id "$T/events" | sort -u)" = "$ID" ]
}

@test "running out of memory is an event, also when it is the end" {
	needs_keeper any memory
	no_san "memory is limited"
	local pid
	bundle '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	script 'while [ ! -e /run/go ]; do sleep 0.1; done; exec tail /dev/zero'
	config '.root.readonly = false'
	jr run -d -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	"$JAILRT" --root "$STATES" events --interval 1h "$ID" > "$T/events" 2>&1 3>&- < /dev/null &
	pid=$!
	# What came before it began to watch is not told.
	wait_for 20 eval "ls -l /proc/$pid/fd | grep -q -e eventfd -e memory.events"
	touch "$BUNDLE/rootfs/run/go"
	wait "$pid"
	[ "$(head -n 1 "$T/events" | jq -c .)" = "{\"type\":\"oom\",\"id\":\"$ID\"}" ]
}

@test "events ends when its reader has gone" {
	sleeper
	timeout 60 "$JAILRT" --root "$STATES" events --interval 10ms "$ID" 3>&- < /dev/null | head -n 1 > "$T/one"
	[ "$(jq -r .type "$T/one")" = stats ]
	is_status "$ID" running
}

@test "events of what does not run, and intervals that are none, are refused" {
	bundle
	command_is true
	jr create -b "$BUNDLE" "$ID" < /dev/null > "$T/out" 2>&1
	jr events --stats "$ID" | jq -e '.type == "stats"'
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr events --stats "$ID"
	fails_with 1 "container not running"
	run jr events "$ID-none"
	fails_with 1 "container does not exist"
	local i
	for i in 0 0s -1s 5x s "" 1.2.3s 99999999999999h; do
		run jr events --interval "$i" "$ID"
		fails_with 1 "is no time such as"
	done
}
