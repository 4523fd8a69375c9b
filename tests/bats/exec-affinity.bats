#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.execCPUAffinity: the CPUs of what exec runs.
load helpers
load life

setup_suite_file() {
	[ "$(nproc --all)" -ge 2 ] || skip "needs two CPUs"
}

# container FILTER: one that runs and does nothing.
container() {
	bundle "$@"
	command_is sleep 1000
	started "$ID"
}

cpus() {
	jr exec "$@" "$ID" grep Cpus_allowed_list /proc/self/status | tr -dc '0-9,-'
}

@test "exec runs on the final CPUs, the container's first process on all" {
	container '.process.execCPUAffinity = {final: "1"}'
	same "$(cpus)" 1
	same "$(grep Cpus_allowed_list "/proc/$(pid_of "$ID")/status" | tr -dc '0-9,-')" \
		"$(grep Cpus_allowed_list /proc/self/status | tr -dc '0-9,-')"
}

@test "the initial CPUs are left when the container's cgroup has others" {
	[ -d /sys/fs/cgroup/cpuset ] || grep -q cpuset /sys/fs/cgroup/cgroup.controllers || skip "no cpuset controller"
	container '.linux.resources.cpu = {cpus: "0", mems: "0"} | .process.execCPUAffinity = {initial: "1"}'
	# Set in the cgroup, or before exec is on its own, it would be refused.
	same "$(cpus)" 0
	jr delete --force "$ID"
	container '.linux.resources.cpu = {cpus: "0-1", mems: "0"} | .process.execCPUAffinity = {initial: "1", final: "0"}'
	same "$(cpus)" 0
	same "$(grep Cpus_allowed_list /proc/$$/status | tr -dc '0-9,-')" \
		"$(grep Cpus_allowed_list /proc/self/status | tr -dc '0-9,-')"
}

@test "the process file of exec has CPUs of its own" {
	container '.process.execCPUAffinity = {final: "1"}'
	jq '.process | .execCPUAffinity = {initial: "1", final: " 0 "} | .args = ["grep", "Cpus_allowed_list", "/proc/self/status"]' \
		"$BUNDLE/config.json" > process.json
	same "$(jr exec --process process.json "$ID" | tr -dc '0-9,-')" 0
}

@test "CPUs that are not there for it are an error with the place" {
	[ -d /sys/fs/cgroup/cpuset ] || grep -q cpuset /sys/fs/cgroup/cgroup.controllers || skip "no cpuset controller"
	container '.linux.resources.cpu = {cpus: "0", mems: "0"} | .process.execCPUAffinity = {final: "1"}'
	run jr exec "$ID" true
	fails_with 255 "process.execCPUAffinity.final"
	fails_with 255 "run on the CPUs 1: none of them is there for it"
	jq '.process | .execCPUAffinity = {initial: "8000"} | .args = ["true"]' "$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID"
	fails_with 255 "process.json"
	fails_with 255 "run on the CPUs 8000: none of them is there for it"
}

@test "what is no list of CPUs is refused by run already" {
	local bad
	for bad in 1- , 0,,1 3-1 0-8192 99999999999999999999999 ' ' 1-2-3; do
		bundle '.process.execCPUAffinity = {final: $b}' --arg b "$bad"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.execCPUAffinity.final"
		config '.process.execCPUAffinity = {initial: $b}' --arg b "$bad"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.execCPUAffinity.initial"
	done
}
