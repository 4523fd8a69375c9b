#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The plan as the command shows it. What is in it: tests/golden.
load helpers
load life

@test "a plan is printed in its order, and nothing is done" {
	bundle '.mounts += [{destination: "/volume", type: "tmpfs", source: "x"}]'
	command_is echo ran
	run jr plan -b "$BUNDLE"
	says 'parent clone'
	# One line a step, the process first; the program is the last one.
	same "$(grep -vcE '^(parent|mid|init) +[a-z-]+( |$)' <<< "$output")" 0
	[[ "${lines[-1]}" == "init   exec "*"echo"*"ran"* ]]
	[[ "${output%%/volume*}" == *"init   root "* && "${output#*/volume}" == *"init   pivot "* ]]
	[ ! -e "$BUNDLE/rootfs/volume" ]
	[ ! -e "$STATES/$ID" ]
	same "$(cgroups_of "$ID")" ""
	same "$(jr plan "$BUNDLE")" "$output"
}

@test "as JSON each step has its place" {
	bundle '.hostname = "box"'
	jr plan --json -b "$BUNDLE" > plan.json
	same "$(jq length plan.json)" "$(jr plan -b "$BUNDLE" | wc -l)"
	same "$(jq -r '[.[] | .step] | index("hostname") != null' plan.json)" true
	same "$(jq -c '[.[] | select(.step == "hostname")] | map(.value)' plan.json)" '["box"]'
	same "$(jq -c '[.[] | select(.step == "mount" and .target == "/proc") | .side]' plan.json)" '["init"]'
	# The first mount of the config stands where it says.
	local line
	line=$(jq -r '[.[] | select(.target == "/proc")][0] | [.. | strings | select(test("config.json:[0-9]+"))][0]' plan.json)
	line=$(sed -n 's/.*config.json:\([0-9]*\).*/\1/p' <<< "$line")
	sed -n "$line,$((line + 3))p" "$BUNDLE/config.json" | grep -q '"destination": "/proc"'
}

@test "options of the config are those of run, and what run refuses is refused" {
	bundle '.process.unknown = 1'
	command_is echo ran
	run jr plan --set hostname=other -b "$BUNDLE"
	says "init   hostname value=other"
	run jr plan --strict -b "$BUNDLE"
	fails_with 1 "unknown"
	jq '.hostname = "file"' "$BUNDLE/config.json" > other.json
	run jr plan -b "$BUNDLE" --config other.json
	says "init   hostname value=file"
	run jr plan --bundle "$BUNDLE" -- printf x
	says "init   exec"
	[[ "${lines[-1]}" == *printf* && "${lines[-1]}" != *ran* ]]
	config '.hostname = "x" * 65'
	run jr plan -b "$BUNDLE"
	fails_with 1 "a host name longer than 64 bytes"
}
