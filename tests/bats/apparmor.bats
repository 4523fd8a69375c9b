#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.apparmorProfile and exec --apparmor where AppArmor is enabled: the emulated machine, or this one.
load helpers
load life

needs_apparmor() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] ||
		skip "AppArmor is not enabled on this machine"
	command -v apparmor_parser > /dev/null || skip "needs apparmor_parser"
	grep -qs ' /sys/kernel/security securityfs ' /proc/mounts || skip "no securityfs is mounted"
}

# profile NAME FOLDER: one that denies writing below the folder, in the kernel until the test ends.
profile() {
	cat > "$T/$1.profile" <<-END
		profile $1 flags=(attach_disconnected,mediate_deleted) {
		  file,
		  capability,
		  network,
		  mount,
		  signal,
		  unix,
		  deny $2/** w,
		}
	END
	apparmor_parser --skip-cache -r "$T/$1.profile"
	later apparmor_parser --skip-cache -R "$T/$1.profile"
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
	bundle '.root.readonly = false | .process.apparmorProfile = $p' --arg p "$ID-tmp"
	profile "$ID-tmp" /tmp
	script "$TRIES"
	run jr run -b "$BUNDLE" "$ID"
	confined "$ID-tmp (enforce)" root
	# Neither new privileges nor a user namespace are a way around it.
	config '.process.noNewPrivileges = false | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	run jr run -b "$BUNDLE" "$ID"
	confined "$ID-tmp (enforce)" root
	config '.process.apparmorProfile = "unconfined"'
	run jr run -b "$BUNDLE" "$ID"
	confined unconfined "tmp root"
}

@test "exec has the container's profile, or that of --apparmor or of its process file" {
	needs_apparmor
	bundle '.root.readonly = false | .process.apparmorProfile = $p' --arg p "$ID-tmp"
	profile "$ID-tmp" /tmp
	profile "$ID-root" /root
	command_is sleep 1000
	started "$ID"
	same "$(cat "/proc/$(pid_of "$ID")/attr/current")" "$ID-tmp (enforce)"
	run jr exec "$ID" sh -c "$TRIES"
	confined "$ID-tmp (enforce)" root
	run jr exec --apparmor "$ID-root" "$ID" sh -c "$TRIES"
	confined "$ID-root (enforce)" tmp
	jq '.process | .apparmorProfile = $p | .args = ["sh", "-c", $s]' --arg p "$ID-root" --arg s "$TRIES" \
		"$BUNDLE/config.json" > process.json
	run jr exec --process process.json "$ID"
	confined "$ID-root (enforce)" tmp
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
		| .mounts += [{destination: "/proc/self/attr", type: "tmpfs", source: "tmpfs"}]' --arg p "$ID-tmp"
	profile "$ID-tmp" /tmp
	script '(: > /tmp/x) 2> /dev/null && echo wrote'
	run jr run -b "$BUNDLE" "$ID"
	# Refused, or started confined.
	[[ "$output" != *wrote* ]]
	[ ! -e "$BUNDLE/rootfs/tmp/x" ]
	[ "$status" -ne 0 ]
}
