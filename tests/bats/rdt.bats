#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.intelRdt. What is written to resctrl: tests/unit/test_rdt.c; here what this machine can show.
load helpers
load life

resctrl() {
	awk '$0 ~ / - resctrl / { print $5; exit }' /proc/self/mountinfo
}

@test "without resctrl it is refused with its place, and nothing is left" {
	local rdt
	[ -z "$(resctrl)" ] || skip "resctrl is mounted on this machine"
	for rdt in '{}' '{closID: "/"}' '{closID: "x", schemata: ["L3:0=f"]}' '{enableMonitoring: true}' '{memBwSchema: "MB:0=50"}' \
		'{l3CacheSchema: "L3:0=f"}'; do
		bundle ".linux.intelRdt = $rdt"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "linux.intelRdt ($BUNDLE/config.json:"
		fails_with 1 "no resctrl filesystem is mounted. Fix: mount -t resctrl"
		[ ! -e "$STATES/$ID" ]
	done
}

@test "a group's name that is none, and lines that are none" {
	local bad
	for bad in '{closID: ".."}' '{closID: "a/b"}' '{closID: "info"}' '{closID: "mon_groups"}' '{closID: "a\nb"}'; do
		bundle ".linux.intelRdt = $bad"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "linux.intelRdt.closID"
	done
	bundle '.linux.intelRdt = {memBwSchema: "L3:0=f"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.intelRdt.memBwSchema"
}

@test "with resctrl the container has a group of its own while it is there" {
	local mount
	mount=$(resctrl)
	[ -n "$mount" ] || skip "no resctrl is mounted on this machine"
	bundle '.linux.intelRdt = {}'
	command_is sleep 1000
	started "$ID"
	grep -qx "$(pid_of "$ID")" "$mount/$ID/tasks"
	jr exec --detach --pid-file pid "$ID" sleep 1000
	grep -qx "$(cat pid)" "$mount/$ID/tasks"
	jr delete --force "$ID"
	[ ! -e "$mount/$ID" ]
}

@test "features knows intelRdt, with schemata and monitoring" {
	run "$JAILRT" features
	same "$(jq -c '.linux.intelRdt' <<< "$output")" '{"enabled":true,"schemata":true,"monitoring":true}'
}
