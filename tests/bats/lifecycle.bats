#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

@test "create returns when all is set up but the program is not executed" {
	bundle '.hostname = "inside" | .process.user = {uid: 1000, gid: 1000} | .process.cwd = "/tmp"'
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	local p proc
	p=$(pid_of "$ID")
	proc=/proc/$p
	# It is not jailrt's own file that it leads to, and not the program's yet.
	same "$(stat -L -c %s "$proc/exe")" 0
	same "$(awk '/^Uid/ { print $2 $3 $4 $5 }' "$proc/status")" 1000100010001000
	same "$(awk '/^NoNewPrivs/ { print $2 }' "$proc/status")" 1
	same "$(awk '/^CapEff/ { print $2 }' "$proc/status")" 0000000020000420
	same "$(readlink "$proc/cwd")" /tmp
	same "$(nsenter -t "$p" -u hostname)" inside
	same "$(stat -L -c %i "$proc/root/bin/busybox")" "$(stat -c %i "$BUNDLE/rootfs/bin/busybox")"
	grep -q ' /proc .* - proc ' "$proc/mountinfo"
	grep -q "/$ID\$" "$proc/cgroup"
	jr start "$ID"
	same "$(pid_of "$ID")" "$p"
	wait_for 10 runs "$p" sleep
	same "$(stat -L -c %i "$proc/exe")" "$(stat -c %i "$BUNDLE/rootfs/bin/busybox")"
	same "$(awk '/^Max open files/ { print $4 }' "$proc/limits")" 1024
}

@test "the program does nothing before start, and runs after it" {
	bundle '.root.readonly = false'
	script 'echo ran >> /root/ran; exec sleep 100'
	jr create -b "$BUNDLE" "$ID"
	is_status "$ID" created
	[ ! -e "$BUNDLE/rootfs/root/ran" ]
	jr start "$ID"
	wait_for 10 there "$BUNDLE/rootfs/root/ran"
}

@test "state shows each status, its keys in their order" {
	bundle '.annotations = {"org.example.a": "b"}'
	command_is sleep 100
	waiting_hook createRuntime
	jr create -b "$BUNDLE" "$ID" 3>&- &
	local creator=$! keys='["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]'
	wait_for 10 there "$T/waiting"
	same "$(jr state "$ID" | jq -c keys_unsorted)" "$keys"
	same "$(jr state "$ID" | jq -c '[.status, .pid]')" '["creating",0]'
	touch "$T/go"
	wait "$creator"
	same "$(status_of "$ID")" created
	same "$(jr state "$ID" | jq -c '[.id, .bundle, .rootfs, .owner, .annotations, .ociVersion]')" \
		"[\"$ID\",\"$BUNDLE\",\"$BUNDLE/rootfs\",\"root\",{\"org.example.a\":\"b\"},\"1.3.0\"]"
	kill -0 "$(pid_of "$ID")"
	jr start "$ID"
	same "$(status_of "$ID")" running
	kill -0 "$(pid_of "$ID")"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	same "$(jr state "$ID" | jq -c keys_unsorted)" "$keys"
	same "$(pid_of "$ID")" 0
}

@test "state is indented, its time is RFC 3339, and without annotations there is no such key" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	jr state "$ID" > state
	same "$(sed -n 2p state)" '  "ociVersion": "1.3.0",'
	same "$(jq -c 'has("annotations")' state)" false
	local created
	created=$(jq -r .created state)
	[[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z$ ]]
	[ $(($(date +%s) - $(date -d "$created" +%s))) -lt 3600 ]
}

@test "state does not hang on a created container whose process is stopped" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	local p
	p=$(pid_of "$ID")
	kill -STOP "$p"
	for _ in 1 2 3 4 5 6 7 8; do
		same "$(timeout 20 "$JAILRT" --root "$STATES" state "$ID" | jq -r .status)" created
	done
	kill -CONT "$p"
	jr start "$ID"
	wait_for 10 runs "$p" sleep
}

@test "many who look at a created container do not get in the way of start" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	many 20 jr state "$ID" > shown 3>&- &
	local lookers=$!
	jr start "$ID"
	wait "$lookers"
	same "$(how_many 0)" 20
	same "$(jq -r .status shown | sort -u | grep -v -e created -e running)" ""
	is_status "$ID" running
}

@test "only a created container can be started" {
	bundle
	command_is sleep 100
	started "$ID"
	run jr start "$ID"
	fails_with 1 "cannot start a container that is running"
	is_status "$ID" running
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr start "$ID"
	fails_with 1 "cannot start a container that has stopped"
	run jr start "$ID-none"
	fails_with 1 "container does not exist"
}

@test "a start socket that nobody listens on any more makes no created container" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	local p
	p=$(pid_of "$ID")
	kill -KILL "$p"
	wait_for 10 is_status "$ID" stopped
	[ -S "$STATES/$ID/start" ]
	run jr start "$ID"
	fails_with 1 "has stopped"
	jr delete "$ID"
	[ ! -e "$STATES/$ID" ]
}

@test "a start that comes while create is at work waits for it" {
	bundle
	command_is sleep 100
	waiting_hook createRuntime
	jr create -b "$BUNDLE" "$ID" 3>&- &
	local creator=$!
	wait_for 10 there "$T/waiting"
	jr start "$ID" 3>&- &
	local starter=$!
	touch "$T/go"
	wait "$creator"
	wait "$starter"
	is_status "$ID" running
}

@test "a program that cannot be executed is the failure of create, and nothing is left" {
	bundle
	command_is no-such-program
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 'exec: "no-such-program": executable file not found in $PATH'
	command_is /etc/passwd
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 'exec: "/etc/passwd": permission denied'
	[ ! -e "$STATES/$ID" ]
	same "$(cgroups_of "$ID")" ""
}

@test "the container lives on when its bundle is gone" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	mv "$BUNDLE/config.json" "$T/elsewhere"
	jr start "$ID"
	run jr exec "$ID" echo still here
	says "still here"
	mv "$BUNDLE" "$T/other"
	is_status "$ID" running
	jr delete --force "$ID"
}

@test "delete removes a created container, and its process with it" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	local p
	p=$(pid_of "$ID")
	[ -n "$(cgroups_of "$ID")" ]
	jr delete "$ID"
	gone "$p"
	same "$(cgroups_of "$ID")" ""
	[ ! -e "$STATES/$ID" ]
}

@test "delete refuses a running container, and with --force ends it" {
	bundle
	command_is sleep 100
	started "$ID"
	local p
	p=$(pid_of "$ID")
	run jr delete "$ID"
	fails_with 1 "not stopped: running"
	kill -0 "$p"
	is_status "$ID" running
	jr delete --force "$ID"
	gone "$p"
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "delete of a stopped container needs no force; of an unknown one only force succeeds" {
	bundle
	command_is sleep 100
	started "$ID"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
	run jr delete "$ID"
	fails_with 1 "container does not exist"
	run jr delete --force "$ID"
	says ""
	same "$output" ""
}

@test "without a pid namespace, delete --force also ends what the program left behind" {
	bundle 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'sleep 100 & exec sleep 200'
	started "$ID"
	two_there() { [ "$(jr ps -f json "$ID" | jq length)" = 2 ]; }
	wait_for 10 two_there
	local pids p
	pids=$(jr ps -f json "$ID" | jq '.[]')
	jr delete --force "$ID"
	for p in $pids; do
		gone "$p"
	done
}

@test "the state is nobody else's to read: configs hold secrets" {
	bundle
	command_is sleep 1000
	umask 0
	jr create -b "$BUNDLE" "$ID"
	same "$(stat -c %a "$STATES/$ID")" 700
	same "$(find "$STATES/$ID" -type f -printf '%m\n' | sort -u)" 600
}
