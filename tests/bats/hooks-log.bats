#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# jailrt-hook-log and jailrt-hook-debug.
load helpers
load life

HOOKS="$(dirname "$JAILRT")/hooks"
KINDS="prestart createRuntime createContainer startContainer poststart poststop"

# with_hook NAME: the bundle has the hook, of all kinds; the container finds it and its file in /hooks.
with_hook() {
	local kind dir
	mkdir -p "$T/hooks"
	cp "$HOOKS/jailrt-hook-$1" "$T/hooks/"
	config '.mounts += [{destination: "/hooks", source: $s, options: ["bind", "rw"]}]' --arg s "$T/hooks"
	for kind in $KINDS; do
		dir=$T/hooks
		[ $kind != startContainer ] || dir=/hooks
		config '.hooks[$k] += [{path: "\($d)/jailrt-hook-\($n)", args: ["hook", "--stage", $k, "--file", "\($d)/file"]}]' \
			--arg k $kind --arg d "$dir" --arg n "$1"
	done
}

# The hook that is static is also for a container without any library; under sanitizers it is not static.
static_hook() {
	no_san "hooks are not static with sanitizers"
}

# state ID: what a runtime tells.
state() {
	jq -n --arg id "$1" '{ociVersion: "1.2.0", id: $id, status: "creating", pid: 77, bundle: "/b"}'
}

@test "log: a line of each stage, in order, with time, pid, status and bundle" {
	local pid kinds before after
	static_hook
	bundle
	with_hook log
	command_is sleep 1000
	before=$(date +%s.%N)
	started "$ID"
	pid=$(pid_of "$ID")
	jr delete --force "$ID"
	after=$(date +%s.%N)
	same "$(jq -r .stage hooks/file | paste -sd' ')" "$KINDS"
	same "$(jq -r .id hooks/file | sort -u)" "$ID"
	same "$(jq -r .bundle hooks/file | sort -u)" "$BUNDLE"
	same "$(jq -r .status hooks/file | paste -sd' ')" "creating creating creating created running stopped"
	# Those in the container's pid namespace are told its number there.
	same "$(jq -c .pid hooks/file | paste -sd' ')" "$pid $pid 1 1 $pid null"
	same "$(jq -c 'keys' hooks/file | sort -u)" '["bundle","id","pid","stage","status","time"]'
	same "$(jq -r .time hooks/file | sort)" "$(jq -r .time hooks/file)"
	jq -r .time hooks/file | while read -r t; do
		[[ "$t" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z$ ]]
		awk -v t="$(date -d "$t" +%s.%N)" -v a="$before" -v b="$after" 'BEGIN { exit !(a <= t && t <= b) }'
	done
	same "$(stat -c %a hooks/file)" 600
}

@test "log: hundreds of hooks at once leave whole lines" {
	local i n pids=()
	state "$(printf 'x%.0s' {1..3000})" > state.json
	for i in {1..8}; do
		(for ((n = 0; n < 60; n++)); do
			"$HOOKS/jailrt-hook-log" --stage poststart --file "$T/log" < state.json || touch "$T/failed"
		done) 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ ! -e failed ]
	same "$(wc -l < log)" 480
	same "$(jq -r '.stage + (.id | length | tostring)' log | sort | uniq -c | awk '{ print $1, $2 }')" "480 poststart3000"
}

@test "log: what an id brings cannot break the line" {
	state $'a"b\\c\nd\te' > state.json
	"$HOOKS/jailrt-hook-log" --stage poststop --file "$T/log" < state.json
	same "$(wc -l < log)" 1
	same "$(jq -r .id log)" $'a"b\\c\nd\te'
}

@test "log: settings from the environment; annotations only where allowed" {
	bundle '.annotations = {"org.jailrt-hooks.log.file": $f}' --arg f "$T/log"
	config '.hooks = {createRuntime: [{path: $p, args: ["log", "--annotations", "file"],
		env: ["JAILRT_LOG_STAGE=createRuntime"]}]}' --arg p "$HOOKS/jailrt-hook-log"
	command_is true
	jr run -b "$BUNDLE" "$ID"
	same "$(jq -r .stage log)" createRuntime
	config '.hooks.createRuntime[0].args = ["log"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the annotation org.jailrt-hooks.log.file: not allowed"
}

@test "log: bad input fails the create with one clear message" {
	local options text
	mkdir dir
	mkfifo fifo
	echo host > target
	ln -s target link
	while IFS='|' read -r options text; do
		bundle
		config '.hooks = {createRuntime: [{path: $p, args: (["log"] + ($o | split(" ")))}]}' \
			--arg p "$HOOKS/jailrt-hook-log" --arg o "${options//@/$T}"
		script 'echo the program ran'
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "exit status 1: jailrt-hook-log: $ID: "
		fails_with 1 "$text"
		[[ "$output" != *"the program ran"* ]]
	done <<-'END'
		--stage createRuntime|--file is needed
		--file @/log|--stage is needed
		--file log --stage createRuntime|'log' is no absolute path
		--file @/log --stage create|--stage
		--file @/dir --stage createRuntime|Is a directory
		--file @/fifo --stage createRuntime|/fifo
		--file @/link --stage createRuntime|Too many levels of symbolic links
		--file /dev/null --stage createRuntime|'/dev/null' is no regular file
		--file @/none/log --stage createRuntime|No such file
		--file @/log --file @/log2 --stage createRuntime|given already by --file
		--file @/log --stage createRuntime -x|unknown option '-x'
	END
	same "$(cat target)" host
	[ ! -e log ]
	# A full disk: the line is not there by half.
	mkdir small
	mount -t tmpfs -o size=4k x small
	later umount "$T/small"
	head -c 4000 /dev/zero > small/log
	state "$(printf 'x%.0s' {1..500})" > state.json
	run "$HOOKS/jailrt-hook-log" --stage poststop --file "$T/small/log" < state.json
	fails_with 1 "small/log"
}

# section STAGE NAME: of the dump.
section() {
	awk -v stage="=== $ID $1:" -v name="--- $2" 'index($0, "=== ") == 1 { on = index($0, stage) == 1; in_it = 0; next }
		/^--- / { in_it = on && $0 == name; next } in_it' "$T/hooks/file"
}

@test "debug: the container as it is at each stage" {
	local kind ns pid
	static_hook
	bundle '.process.env += ["MARK=of the container"] | .process.capabilities |= map_values(["CAP_KILL", "CAP_CHOWN"])
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}] | .process.oomScoreAdj = 321'
	with_hook debug
	command_is sleep 1000
	MARK="of the caller" jr create -b "$BUNDLE" "$ID"
	pid=$(pid_of "$ID")
	jr start "$ID"
	for ns in mnt net pid uts ipc; do
		readlink "/proc/$pid/ns/$ns" > "ns.$ns"
	done
	jr delete --force "$ID"
	same "$(grep '^=== ' hooks/file | cut -d' ' -f3 | paste -sd' ')" \
		"prestart: createRuntime: createContainer: startContainer: poststart: poststop:"
	for kind in createRuntime createContainer startContainer poststart; do
		for ns in mnt net pid uts ipc; do
			section $kind "namespaces and places" | grep -qxF "ns/$ns: $(cat ns.$ns)"
		done
		same "$(section $kind state | jq -r .id)" "$ID"
		[ -n "$(section $kind cgroup)" ]
		section $kind cgroup | grep -q "/$ID\$"
	done
	# Before the root is changed the host's mounts are there, behind it only the container's.
	section createContainer mountinfo | grep -qF " $BUNDLE/rootfs "
	same "$(section startContainer mountinfo | awk '{ print $5 }' | grep -c -F "$BUNDLE")" 0
	section startContainer mountinfo | grep -qF " /hooks "
	# Once the program runs it is what the config says.
	section poststart limits | grep -qE "^Max open files +77 +88 "
	same "$(section poststart oom_score_adj)" 321
	section poststart environ | grep -qx "MARK=of the container"
	section createContainer environ | grep -qx "MARK=of the caller"
	same "$(section poststart "ids and capabilities" | grep CapEff)" "CapEff: CAP_CHOWN CAP_KILL"
	grep -qx "=== $ID poststop: no process" hooks/file
	same "$(section poststop mountinfo)" ""
	same "$(section poststop state | jq -r .status)" stopped
}

@test "debug: without a /proc it says so; printed, it goes where hooks print to" {
	static_hook
	bundle '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .annotations["run.oci.hooks.stdout"] = $f' --arg f "$T/printed"
	mkdir hooks
	cp "$HOOKS/jailrt-hook-debug" hooks/
	config '.mounts += [{destination: "/hooks", source: $s, options: ["bind", "ro"]}]
		| .hooks = {startContainer: [{path: "/hooks/jailrt-hook-debug", args: ["debug", "-s", "startContainer"]}]}' \
		--arg s "$T/hooks"
	command_is true
	jr run -b "$BUNDLE" "$ID"
	grep -q "(open '/proc/self/mountinfo': No such file or directory)" printed ||
		grep -q "/proc/self/mountinfo.*No such file" printed
	grep -q "=== $ID startContainer: /proc/self" printed
	run "$HOOKS/jailrt-hook-debug" --stage prestart --file relative < <(state x)
	fails_with 1 "'relative' is no absolute path"
	run "$HOOKS/jailrt-hook-debug" < <(state x)
	fails_with 1 "--stage is needed"
	not "$HOOKS/jailrt-hook-debug" -s prestart < <(state x) > /dev/full 2> err
	grep -q "No space left" err
}

@test "an environment with line breaks does not forge a line of the dump" {
	static_hook
	bundle '.process.env += ["X=a\n--- limits"]'
	with_hook debug
	command_is sleep 1000
	started "$ID"
	jr delete --force "$ID"
	section poststart environ | grep -qxF 'X=a\012--- limits'
}

@test "install puts the hooks where the documents say" {
	make -s -C "$BATS_TEST_DIRNAME/../.." -o all DESTDIR="$T/to" PREFIX=/usr install > /dev/null
	same "$(ls "$T/to/usr/libexec/jailrt" | paste -sd' ')" "jailrt-hook-debug jailrt-hook-log jailrt-hook-net jailrt-net jailrt-systemd"
	local hook
	for hook in "$T"/to/usr/libexec/jailrt/jailrt-hook-*; do
		same "$(stat -c %a "$hook")" 755
		run "$hook" --help
		says "usage: $(basename "$hook") "
	done
	# And away again, but for what is not jailrt's.
	touch "$T/to/usr/share/jailrt/seccomp-profiles/own.policy"
	make -s -C "$BATS_TEST_DIRNAME/../.." DESTDIR="$T/to" PREFIX=/usr uninstall > /dev/null 2>&1
	same "$(find "$T/to" -not -type d)" "$T/to/usr/share/jailrt/seccomp-profiles/own.policy"
	[ ! -e "$T/to/usr/libexec/jailrt" ]
}
