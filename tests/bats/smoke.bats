#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "a busybox bundle runs and its output comes through" {
	bundle
	script 'echo hello from $(hostname)'
	run jr run -b "$BUNDLE" "$ID-one"
	says "hello from jailrt"
}

@test "create, start, state, kill, delete" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID-two"
	is_status "$ID-two" created
	jr start "$ID-two"
	is_status "$ID-two" running
	jr kill "$ID-two" KILL
	wait_for 10 is_status "$ID-two" stopped
	jr delete "$ID-two"
	run jr state "$ID-two"
	fails_with 1 "container does not exist"
}
