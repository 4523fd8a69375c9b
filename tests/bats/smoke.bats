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
	is_status two created
	jr start two
	is_status two running
	jr kill two KILL
	wait_for 10 is_status two stopped
	jr delete two
	run jr state two
	fails_with 1 "container does not exist"
}
