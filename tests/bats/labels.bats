#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AppArmor profiles and SELinux labels where there is neither; with AppArmor: apparmor.bats.
load helpers
load life

apparmor_is_on() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]
}

selinux_is_on() {
	[ -e /sys/fs/selinux/enforce ] && [ "$(tr -d '\0' < /proc/self/attr/current)" != kernel ]
}

@test "without AppArmor a profile is refused with its place, and nothing is left" {
	! apparmor_is_on || skip "AppArmor is enabled on this machine"
	bundle '.process.apparmorProfile = "some-profile"'
	command_is true
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.apparmorProfile ($BUNDLE/config.json:"
	fails_with 1 "AppArmor is not enabled, and the profile 'some-profile' is asked for. Fix: "
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "AppArmor is not enabled"
	[ ! -e "$STATES/$ID" ]
}

@test "an empty profile or label asks for nothing, and unconfined is what it is without AppArmor" {
	bundle '.process.apparmorProfile = "" | .process.selinuxLabel = "" | .linux.mountLabel = ""'
	command_is echo ran
	run jr run -b "$BUNDLE" "$ID"
	same "$output" ran
	config '.process.apparmorProfile = "unconfined"'
	run jr run -b "$BUNDLE" "$ID"
	same "$output" ran
}

@test "exec is refused a profile and a label, too" {
	! apparmor_is_on && ! selinux_is_on || skip "AppArmor or SELinux is enabled on this machine"
	bundle
	command_is sleep 1000
	started "$ID"
	run jr exec --apparmor some-profile "$ID" true
	fails_with 255 "AppArmor is not enabled, and the profile 'some-profile' is asked for"
	run jr exec --process-label a:b:c:s0 "$ID" true
	fails_with 255 "SELinux is not enabled, and the label 'a:b:c:s0' is asked for"
	jq '.process | .apparmorProfile = "p" | .args = ["true"]' "$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID"
	fails_with 255 "apparmorProfile (process.json:"
	run jr exec --apparmor "" --process-label "" "$ID" echo ran
	same "$output" ran
}

@test "without SELinux labels are refused with their place" {
	! selinux_is_on || skip "SELinux is enabled on this machine"
	bundle '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "process.selinuxLabel ($BUNDLE/config.json:"
	fails_with 1 "SELinux is not enabled, and the label 'system_u:system_r:container_t:s0:c1,c2' is asked for"
	config 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.mountLabel ($BUNDLE/config.json:"
	fails_with 1 "SELinux is not enabled, and the label 'system_u:object_r:container_file_t:s0' is asked for"
}

@test "the kind of the mounts' context is one of four words" {
	bundle '.annotations["run.oci.mount_context_type"] = "contexts"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "run.oci.mount_context_type"
	fails_with 1 "'contexts' is none of context, fscontext, defcontext and rootcontext"
	config '.annotations["run.oci.mount_context_type"] = "rootcontext"'
	command_is true
	run jr run -b "$BUNDLE" "$ID"
	says ""
}

@test "features knows both modules" {
	run "$JAILRT" features
	same "$(jq -c '[.linux.apparmor.enabled, .linux.selinux.enabled]' <<< "$output")" "[true,true]"
}
