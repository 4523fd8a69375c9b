#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Options of create and run that no other file is about, and those that are taken for others' sake.
load helpers
load life

@test "--keep leaves the container behind when its program has ended" {
	bundle
	script 'exit 3'
	run jr run --keep -b "$BUNDLE" "$ID"
	same "$status" 3
	is_status "$ID" stopped
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "already exists"
	jr delete "$ID"
	run jr run -b "$BUNDLE" "$ID"
	same "$status" 3
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "--set sets fields of the config, of the container and of what exec runs in it" {
	bundle
	command_is sleep 1000
	jr create --set hostname=other --set process.env=A=b=c --set process.user.umask=7 \
		--set 'process.args=1000' -b "$BUNDLE" "$ID"
	jr start "$ID"
	same "$(jr exec "$ID" sh -c 'hostname; echo $A; umask' | tr '\n' ' ')" "other b=c 0007 "
	wait_for 10 runs "$(pid_of "$ID")" sleep
	same "$(tr '\0' ' ' < "/proc/$(pid_of "$ID")/cmdline")" "sleep 1000 1000 "
	run jr run --set root.readonly=perhaps -b "$BUNDLE" "$ID-2"
	fails_with 1 "--set root.readonly=perhaps"
	run jr run --set hostnam=x -b "$BUNDLE" "$ID-2"
	fails_with 1 "unknown field 'hostnam' (did you mean 'hostname'?)"
}

@test "--strict makes an unknown key an error, which else is a warning" {
	bundle '.process.umasks = 1 | .process.args = ["echo", "ran"]'
	run jr run -b "$BUNDLE" "$ID"
	says ran
	says "warning"
	says umasks
	run jr run --strict -b "$BUNDLE" "$ID"
	fails_with 1 "process"
	fails_with 1 "umasks"
	[[ "$output" != *ran* ]]
	config 'del(.process.umasks)'
	run jr run --strict -b "$BUNDLE" "$ID"
	same "$output" ran
}

@test "--config is another file than the bundle's, for create and run" {
	bundle
	command_is echo first
	jq '.process.args = ["echo", "second"] | .root.path = $r' --arg r "$BUNDLE/rootfs" "$BUNDLE/config.json" > other.json
	run jr run -b "$BUNDLE" -f other.json "$ID"
	same "$output" second
	run jr run --config "$T/other.json" "$ID"
	same "$output" second
	jr create --config other.json "$ID" > out
	jr start "$ID"
	wait_for 10 grep -qx second out
}

@test "what is for other systems is passed over, in silence" {
	bundle '.windows = {layerFolders: ["c:\\x"]} | .solaris = {milestone: "x"} | .vm = {kernel: {path: "/x"}}
		| .zos = {namespaces: []} | .freebsd = {jail: {}}
		| .process.commandLine = "cmd.exe" | .process.user.username = "Administrator"
		| .linux.resources.memory = {kernel: 4096}'
	script 'echo ran as $(id -u)'
	run jr run --strict -b "$BUNDLE" "$ID"
	same "$output" "ran as 0"
}

@test "the root filesystem may have an absolute path, or a relative one" {
	bundle
	mv "$BUNDLE/rootfs" "$T/elsewhere"
	echo here > "$T/elsewhere/mark"
	command_is cat /mark
	local path
	for path in "$T/elsewhere" ../elsewhere; do
		config '.root.path = $p' --arg p "$path"
		run jr run -b "$BUNDLE" "$ID"
		same "$output" here
	done
}

@test "options of others that change nothing are taken, with one dash or two" {
	bundle
	command_is echo ran
	local way
	for way in true false auto; do
		run jr --rootless "$way" run --no-subreaper -b "$BUNDLE" "$ID"
		same "$output" ran
		run jr --rootless="$way" run -no-subreaper -b "$BUNDLE" "$ID"
		same "$output" ran
	done
	command_is sleep 1000
	jr create -no-subreaper -b "$BUNDLE" "$ID"
	is_status "$ID" created
}

@test "limits of a group that the container has not are refused by update, and the container goes on" {
	bundle
	command_is sleep 1000
	started "$ID"
	local option
	for option in '--l3-cache-schema L3:0=f' '--mem-bw-schema MB:0=20'; do
		run jr update $option "$ID"
		fails_with 1 "jailrt: update $ID: "
		fails_with 1 "${option%% *}"
	done
	# Without effect, as with runc: the kernel has no such limit any more.
	run jr update --kernel-memory 5M "$ID"
	says ""
	is_status "$ID" running
}

@test "help lists commands and options, and fields, as tables" {
	local command option
	run "$JAILRT" help --format markdown
	says '| `create --bundle` | `-b` | DIR | '
	says '| `--rootless` |  | auto\|true\|false | '
	# Each option of the help is in the list, and no line has more or fewer cells.
	for command in create exec update; do
		for option in $("$JAILRT" "$command" --help | sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p'); do
			says "| \`$command --$option\` |"
		done
	done
	same "$(sed 's/\\|//g' <<< "$output" | tr -dc '|\n' | sort -u)" "|||||"
	run "$JAILRT" help --format markdown start
	says '| `start --report` |'
	[[ "$output" != *'`create`'* ]]
	run "$JAILRT" help fields
	says '| `process.user.uid` |'
	run "$JAILRT" help --format nonsense
	fails_with 1 "unknown format 'nonsense'"
}

@test "--pid-file has the first process's id, as digits alone" {
	bundle
	command_is sleep 1000
	jr create --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	same "$(od -An -c pid | tr -d ' ')" "$(pid_of "$ID")"
	echo left-over > pid2
	jr run -d --pid-file pid2 -b "$BUNDLE" "$ID-2" > out 2>&1 < /dev/null
	same "$(od -An -c pid2 | tr -d ' ')" "$(pid_of "$ID-2")"
	run jr run --pid-file "$T/none/pid" -b "$BUNDLE" "$ID-3"
	fails_with 1 "$T/none/"
	run jr state "$ID-3"
	fails_with 1 "container does not exist"
}

@test "--detach returns while the program runs, with its output where it was" {
	bundle
	script 'echo begun; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo on; sleep 1000'
	config '.root.readonly = false'
	jr run --detach -b "$BUNDLE" "$ID" > out 2>&1 < /dev/null
	is_status "$ID" running
	touch "$BUNDLE/rootfs/tmp/go"
	wait_for 10 grep -qx on out
	same "$(paste -sd' ' out)" "begun on"
}

@test "an annotation of jailrt's can only make the container stricter" {
	bundle '.annotations = {"org.jailrt.time_limit": "1"}'
	command_is sleep 1000
	run timeout 60 "$JAILRT" --root "$STATES" run --report "$T/report" -b "$BUNDLE" "$ID"
	same "$status" 137
	same "$(jq -r .cause report)" time_limit
	local row
	for row in cap=CAP_SYS_ADMIN disable_no_new_privs=true cgroup_mem_max=1 nonsense=1; do
		bundle ".annotations = {\"org.jailrt.${row%%=*}\": \"${row#*=}\"}"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "annotations.org.jailrt.${row%%=*}"
		fails_with 1 "'${row%%=*}' cannot be set by an annotation"
	done
	bundle '.annotations = {"org.jailrt.time_limit": "soon"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'soon' is no value for time_limit"
}
