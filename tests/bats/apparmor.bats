#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.apparmorProfile and exec --apparmor where AppArmor is enabled: the emulated machine, or this one.
load helpers
load life

apparmor_is_on() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] &&
		grep -qs ' /sys/kernel/security securityfs ' /proc/mounts && command -v apparmor_parser > /dev/null
}

needs_apparmor() {
	apparmor_is_on || skip "needs AppArmor, its securityfs and apparmor_parser"
}

# Two profiles, which deny writing below one folder each, in the kernel while this file's tests run: to compile
# one takes an emulated machine its time.
setup_suite_file() {
	export PROFILE=jailrt-test-$BASHPID
	local folder
	apparmor_is_on || return 0
	for folder in tmp root; do
		cat <<-END
			profile $PROFILE-$folder flags=(attach_disconnected,mediate_deleted) {
			  file,
			  capability,
			  network,
			  mount,
			  signal,
			  unix,
			  deny /$folder/** w,
			}
		END
	done > "$BATS_FILE_TMPDIR/profiles"
	apparmor_parser --skip-cache -r "$BATS_FILE_TMPDIR/profiles"
}

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/profiles" ] || apparmor_parser --skip-cache -R "$BATS_FILE_TMPDIR/profiles"
}

# Prints the confinement, and which of two folders may be written to; a child of the program's does the latter.
TRIES='cat /proc/self/attr/current; for d in tmp root; do (: > /$d/x) 2> /dev/null && echo $d; done; true'

# confined PROFILE WRITABLE: what the last `run` of TRIES has said.
confined() {
	same "$status" 0
	same "$(tr '\n' ' ' <<< "$output")" "$1 $2 "
}

@test "the program is confined by the profile, and so are its children" {
	needs_apparmor
	bundle '.root.readonly = false | .process.apparmorProfile = $p' --arg p "$PROFILE-tmp"
	script "$TRIES"
	run jr run -b "$BUNDLE" "$ID"
	confined "$PROFILE-tmp (enforce)" root
	# Neither new privileges nor a user namespace are a way around it.
	config '.process.noNewPrivileges = false | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	run jr run -b "$BUNDLE" "$ID"
	confined "$PROFILE-tmp (enforce)" root
	config '.process.apparmorProfile = "unconfined"'
	run jr run -b "$BUNDLE" "$ID"
	confined unconfined "tmp root"
}

@test "exec has the container's profile, or that of --apparmor or of its process file" {
	needs_apparmor
	bundle '.root.readonly = false | .process.apparmorProfile = $p' --arg p "$PROFILE-tmp"
	command_is sleep 1000
	started "$ID"
	same "$(cat "/proc/$(pid_of "$ID")/attr/current")" "$PROFILE-tmp (enforce)"
	run jr exec "$ID" sh -c "$TRIES"
	confined "$PROFILE-tmp (enforce)" root
	run jr exec --apparmor "$PROFILE-root" "$ID" sh -c "$TRIES"
	confined "$PROFILE-root (enforce)" tmp
	jq '.process | .apparmorProfile = $p | .args = ["sh", "-c", $s]' --arg p "$PROFILE-root" --arg s "$TRIES" \
		"$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID"
	confined "$PROFILE-root (enforce)" tmp
}

@test "a profile that is not loaded refuses the start and the exec, and nothing is left" {
	needs_apparmor
	bundle '.process.apparmorProfile = "no-such-profile"'
	command_is touch /tmp/ran
	config '.root.readonly = false'
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "process.apparmorProfile ($BUNDLE/config.json:"
	fails_with 1 "set the apparmor label to 'exec no-such-profile': No such file or directory. Fix: load that profile"
	[ ! -e "$STATES/$ID" ]
	[ ! -e "$BUNDLE/rootfs/tmp/ran" ]
	config 'del(.process.apparmorProfile)'
	command_is sleep 1000
	started "$ID"
	run jr exec --apparmor no-such-profile "$ID" touch /tmp/ran
	fails_with 255 "load that profile into the kernel first"
	[ ! -e "$BUNDLE/rootfs/tmp/ran" ]
	is_status "$ID" running
}

@test "a mount over /proc/self/attr takes no profile away" {
	needs_apparmor
	bundle '.root.readonly = false | .process.apparmorProfile = $p
		| .mounts += [{destination: "/proc/self/attr", type: "tmpfs", source: "tmpfs"}]' --arg p "$PROFILE-tmp"
	script '(: > /tmp/x) 2> /dev/null && echo wrote'
	run jr run -b "$BUNDLE" "$ID"
	# Refused, or started confined.
	[[ "$output" != *wrote* ]]
	[ ! -e "$BUNDLE/rootfs/tmp/x" ]
	[ "$status" -ne 0 ]
}
