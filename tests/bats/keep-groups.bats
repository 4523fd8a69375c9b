#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The annotation run.oci.keep_original_groups.
load helpers
load life

GROUPS_OF='sed -n "s/^Groups:[[:blank:]]*//p" /proc/self/status'

# with_groups ARGUMENTS: jailrt, of a caller in the groups 4 and 5.
with_groups() {
	setpriv --groups 4,5 "$JAILRT" --root "$STATES" "$@"
}

userns() {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

@test "the caller's supplementary groups stay, and stay away without it or with 0" {
	bundle '.annotations["run.oci.keep_original_groups"] = "1" | .process.user = {uid: 7, gid: 8}'
	script "$GROUPS_OF"
	run with_groups run -b "$BUNDLE" "$ID"
	same "$output" "4 5 "
	config '.annotations["run.oci.keep_original_groups"] = "0" | .process.user.additionalGids = [9]'
	run with_groups run -b "$BUNDLE" "$ID"
	same "$output" "9 "
	config 'del(.annotations)'
	run with_groups run -b "$BUNDLE" "$ID"
	same "$output" "9 "
}

@test "in a user namespace they stay, seen from outside as what they are" {
	bundle '.annotations["run.oci.keep_original_groups"] = "1"'
	userns
	command_is sleep 1000
	with_groups create -b "$BUNDLE" "$ID"
	jr start "$ID"
	same "$(grep Groups "/proc/$(pid_of "$ID")/status" | tr -s '\t ' ' ')" "Groups: 4 5 "
	config 'del(.annotations)'
	with_groups create -b "$BUNDLE" "$ID-2"
	same "$(grep Groups "/proc/$(pid_of "$ID-2")/status" | tr -s '\t ' ' ')" "Groups: "
}

@test "exec keeps those of its own caller, with a process file and in a user namespace too" {
	bundle '.annotations["run.oci.keep_original_groups"] = "1"'
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID"
	jr start "$ID"
	same "$(with_groups exec "$ID" sh -c "$GROUPS_OF")" "4 5 "
	jq --arg s "$GROUPS_OF" '.process | .args = ["sh", "-c", $s]' "$BUNDLE/config.json" > process.json
	same "$(with_groups exec --process process.json "$ID")" "4 5 "
	bundle '.annotations["run.oci.keep_original_groups"] = "1"'
	userns
	command_is sleep 1000
	started "$ID-2"
	same "$(with_groups exec "$ID-2" sh -c "$GROUPS_OF")" "65534 65534 "
}
