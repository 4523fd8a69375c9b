#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

KINDS="prestart createRuntime createContainer startContainer poststart poststop"

# A folder that the host has as $LOG and the container as /log, with a hook in it that writes down there
# what it was told and where it is.
with_log() {
	bundle "$@"
	LOG=$T/log
	mkdir "$LOG"
	config '.mounts += [{destination: "/log", source: $s, options: ["bind", "rw"]}]' --arg s "$LOG"
	cat > "$LOG/hook" <<-'EOF'
		#!/bin/sh
		log=${0%/*}
		echo "$1" >> "$log/order"
		cat > "$log/$1.state"
		pwd > "$log/$1.cwd"
		tr '\0' '\n' < /proc/self/environ > "$log/$1.env"
		tr '\0' '\n' < /proc/$$/cmdline > "$log/$1.args"
		for ns in pid mnt net uts ipc; do readlink /proc/self/ns/$ns; done > "$log/$1.ns"
		stat -c %d:%i / > "$log/$1.root"
	EOF
	chmod 755 "$LOG/hook"
}

# hook KIND: one more hook of that kind, which writes down.
hook() {
	local path
	path=$(log_of "$1")/hook
	config '.hooks[$k] += [{path: $p, args: [$p, $k]}]' --arg k "$1" --arg p "$path"
}

# shell_hook KIND TEXT: one more hook of that kind that runs the text.
shell_hook() {
	config '.hooks[$k] += [{path: "/bin/sh", args: ["sh", "-c", $t]}]' --arg k "$1" --arg t "$2"
}

# log_of KIND: how a hook of that kind calls the log's folder.
log_of() {
	[ "$1" = startContainer ] && echo /log || echo "$LOG"
}

order() {
	tr '\n' ' ' < "$LOG/order"
}

told() {
	jq -r "$2" "$LOG/$1.state"
}

namespaces_of() {
	local ns
	for ns in pid mnt net uts ipc; do
		readlink "/proc/$1/ns/$ns"
	done
}

@test "all kinds of hooks run in the order of the life cycle, and of the config" {
	local kind
	with_log
	for kind in poststop poststart startContainer createContainer createRuntime prestart; do
		hook $kind
		shell_hook $kind "echo $kind-second >> $(log_of $kind)/order"
	done
	script 'echo program >> /log/order; exec sleep 1000'
	jr create -b "$BUNDLE" "$ID"
	same "$(order)" "prestart prestart-second createRuntime createRuntime-second \
createContainer createContainer-second "
	jr start "$ID"
	wait_for 10 grep -q program "$LOG/order"
	same "$(sed 1,6d "$LOG/order" | grep -v poststart | tr '\n' ' ')" \
		"startContainer startContainer-second program "
	same "$(grep poststart "$LOG/order" | tr '\n' ' ')" "poststart poststart-second "
	: > "$LOG/order"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	same "$(order)" ""
	jr delete "$ID"
	same "$(order)" "poststop poststop-second "
}

@test "run has them all, and so has a container that is deleted by force" {
	local kind
	with_log
	for kind in $KINDS; do hook "$kind"; done
	command_is true
	jr run -b "$BUNDLE" "$ID"
	same "$(order)" "prestart createRuntime createContainer startContainer poststart poststop "
	: > "$LOG/order"
	jr create -b "$BUNDLE" "$ID"
	jr delete --force "$ID"
	same "$(order)" "prestart createRuntime createContainer poststop "
}

@test "each hook is told the state on its standard input, with the status of its time" {
	local kind
	with_log '.annotations = {"org.example.key": "a \"quoted\" value", other: ""}'
	for kind in $KINDS; do hook "$kind"; done
	command_is sleep 1000
	started "$ID"
	local pid
	pid=$(pid_of "$ID")
	jr delete --force "$ID"
	for kind in $KINDS; do
		same "$(told $kind .id)" "$ID"
		same "$(told $kind .bundle)" "$BUNDLE"
		same "$(told $kind .ociVersion)" "$(jq -r .ociVersion "$BUNDLE/config.json")"
		same "$(told $kind '.annotations["org.example.key"]')" 'a "quoted" value'
		same "$(told $kind '.annotations.other')" ""
	done
	same "$(for kind in $KINDS; do told $kind .status; done | tr '\n' ' ')" \
		"creating creating creating created running stopped "
	for kind in prestart createRuntime poststart; do
		same "$(told $kind .pid)" "$pid"
	done
	# Those in the container's pid namespace are told the number there.
	same "$(told createContainer .pid)" 1
	same "$(told startContainer .pid)" 1
	same "$(told poststop '.pid // 0')" 0
}

@test "hooks of the runtime are in the caller's namespaces, those of the container in its own" {
	local kind
	with_log
	for kind in $KINDS; do hook "$kind"; done
	command_is sleep 1000
	started "$ID"
	namespaces_of "$(pid_of "$ID")" > inside
	namespaces_of self > outside
	jr delete --force "$ID"
	same "$(comm -12 <(sort inside) <(sort outside))" ""
	for kind in prestart createRuntime poststart poststop; do
		cmp "$LOG/$kind.ns" outside
		same "$(cat "$LOG/$kind.root")" "$(stat -c %d:%i /)"
		same "$(cat "$LOG/$kind.cwd")" "$BUNDLE"
	done
	for kind in createContainer startContainer; do
		cmp "$LOG/$kind.ns" inside
	done
	# One before the root is changed, the other one after.
	same "$(cat "$LOG/createContainer.root")" "$(stat -c %d:%i /)"
	same "$(cat "$LOG/startContainer.root")" "$(stat -c %d:%i "$BUNDLE/rootfs")"
}

@test "a hook's arguments and environment are those of the config, else its path and the caller's" {
	with_log
	config '.hooks.prestart = [{path: $p, args: ["name", "prestart", "a b", ""], env: ["A=1", "B=x y"]}] |
		.hooks.poststop = [{path: $p, args: ["name", "poststop"]}]' --arg p "$LOG/hook"
	command_is true
	MARK=ours jr run -b "$BUNDLE" "$ID"
	same "$(sort "$LOG/prestart.env")" "$(printf 'A=1\nB=x y')"
	# A script is given the interpreter's name and its own path in place of the first one.
	same "$(sed 1,2d "$LOG/prestart.args" | tr '\n' '|')" "prestart|a b||"
	grep -q '^MARK=ours$' "$LOG/poststop.env"
	config '.hooks = {createContainer: [{path: $p}]}' --arg p "$LOG/alone"
	printf '#!/bin/sh\necho "$# $0" > "${0%%/*}/alone.args"' > "$LOG/alone"
	chmod 755 "$LOG/alone"
	jr run -b "$BUNDLE" "$ID"
	same "$(cat "$LOG/alone.args")" "0 $LOG/alone"
}

@test "a hook has no descriptor but its standard ones" {
	local kind
	with_log
	for kind in $KINDS; do
		shell_hook $kind "exec > $(log_of $kind)/$kind.fds; ls /proc/self/fd"
	done
	command_is true
	jr run --report report -b "$BUNDLE" "$ID" 7< /dev/null
	# The third one is that of the listing itself.
	for kind in $KINDS; do
		same "$kind $(tr '\n' ' ' < "$LOG/$kind.fds")" "$kind 0 1 2 3 "
	done
}

@test "what hooks prepare is there for the program, and nowhere else" {
	with_log
	mkdir "$BUNDLE/rootfs/mnt" "$T/given"
	echo given > "$T/given/file"
	shell_hook createRuntime 'pid=$(jq .pid) && nsenter --net=/proc/$pid/ns/net sh -c "echo 1 > /proc/sys/net/ipv4/conf/lo/forwarding"'
	shell_hook createContainer "mount --bind $T/given $BUNDLE/rootfs/mnt"
	# What is mounted for the container is there already.
	shell_hook createContainer "ls -d $BUNDLE/rootfs/proc/self/ns $BUNDLE/rootfs/dev/null | wc -l > $LOG/seen"
	script 'cat /proc/sys/net/ipv4/conf/lo/forwarding /mnt/file'
	before=$(cat /proc/sys/net/ipv4/conf/lo/forwarding)
	run jr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 1
given"
	same "$(cat "$LOG/seen")" 2
	same "$(cat /proc/sys/net/ipv4/conf/lo/forwarding)" "$before"
	[ ! -e "$BUNDLE/rootfs/mnt/file" ]
}

@test "a hook may ask for the state of the container that it is of" {
	with_log
	shell_hook createRuntime "$JAILRT --root $STATES state $ID > $LOG/create"
	shell_hook poststart "$JAILRT --root $STATES state $ID > $LOG/start"
	command_is sleep 1000
	started "$ID"
	same "$(jq -r .status "$LOG/create")" creating
	same "$(jq -r .status "$LOG/start")" running
	same "$(jq .pid "$LOG/start")" "$(pid_of "$ID")"
}

@test "a hook that fails ends the start: what it said is told, no further hook and no program runs" {
	local kind ran
	while read -r kind ran; do
		rm -rf "$T/log"
		with_log
		for k in $KINDS; do hook "$k"; done
		shell_hook "$kind" 'echo "sorry,"; echo "no $((1 + 1)) things" >&2; exit 3'
		hook "$kind"
		script 'echo program >> /log/order'
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "hooks.$kind[1] ("
		fails_with 1 "error running $kind hook #1: exit status 3: sorry, no 2 things"
		# As the specification has it, a container that was begun is ended with its poststop hooks.
		same "$(order)" "$ran poststop "
		run jr state "$ID"
		fails_with 1 "container does not exist"
		same "$(cgroups_of "$ID")" ""
	done <<-'EOF'
		prestart prestart
		createRuntime prestart createRuntime
		createContainer prestart createRuntime createContainer
		startContainer prestart createRuntime createContainer startContainer
	EOF
}

@test "a hook that fails at create leaves nothing, one that fails at start a stopped container" {
	with_log
	shell_hook createContainer 'exit 1'
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "error running createContainer hook #0"
	run jr state "$ID"
	fails_with 1 "container does not exist"
	same "$(cgroups_of "$ID")" ""
	config '.hooks = {}'
	shell_hook startContainer 'kill -9 $$'
	hook poststop
	script 'echo program >> /log/order'
	jr create -b "$BUNDLE" "$ID"
	run jr start "$ID"
	fails_with 1 "error running startContainer hook #0: killed by signal 9"
	wait_for 10 is_status "$ID" stopped
	[ ! -e "$LOG/order" ]
	jr delete "$ID"
	same "$(order)" "poststop "
}

@test "a poststart hook that fails is an error, and the container is ended" {
	local pid
	with_log
	shell_hook poststart 'exit 4'
	hook poststart
	hook poststop
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID"
	pid=$(pid_of "$ID")
	run jr start "$ID"
	fails_with 1 "error running poststart hook #0: exit status 4"
	wait_for 10 gone "$pid"
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
	same "$(order)" "poststop "
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "error running poststart hook #0: exit status 4"
	same "$(order)" "poststop poststop "
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "a poststop hook that fails is a warning: the others run, and the container is deleted" {
	with_log
	shell_hook poststop 'echo words; exit 5'
	hook poststop
	command_is true
	jr create -b "$BUNDLE" "$ID"
	run jr delete "$ID"
	says "error running poststop hook #0: exit status 5: words"
	same "$(order)" "poststop "
	run jr state "$ID"
	fails_with 1 "container does not exist"
	run jr run -b "$BUNDLE" "$ID"
	says "error running poststop hook #0: exit status 5: words"
}

# bats test_tags=slow
@test "a hook that takes longer than its timeout is killed, and has failed" {
	local kind pid
	for kind in createRuntime createContainer startContainer poststart; do
		rm -rf "$T/log"
		with_log
		shell_hook $kind "echo \$\$ > $(log_of $kind)/pid; exec sleep 1234"
		config '.hooks[$k][0].timeout = 1' --arg k $kind
		command_is sleep 1000
		run timeout 60 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "error running $kind hook #0"
		fails_with 1 killed
		[ -s "$LOG/pid" ]
		case $kind in createRuntime | poststart) wait_for 10 gone "$(cat "$LOG/pid")" ;; esac
	done
	config '.hooks = {}'
	shell_hook poststop "echo \$\$ > $LOG/pid; exec sleep 1234"
	config '.hooks.poststop[0].timeout = 1'
	jr create -b "$BUNDLE" "$ID"
	run timeout 60 "$JAILRT" --root "$STATES" delete "$ID"
	says "error running poststop hook #0: killed after 1 s"
	wait_for 10 gone "$(cat "$LOG/pid")"
}

# bats test_tags=slow
@test "a hook that ends in time is not disturbed by its timeout" {
	with_log
	hook createRuntime
	config '.hooks.createRuntime[0].timeout = 2'
	shell_hook createRuntime 'sleep 3'
	command_is echo fine
	run jr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 fine"
}

@test "a hook program that is not there, or is none, is told with its place" {
	local kind at
	with_log
	echo text > "$LOG/text"
	for kind in prestart createRuntime createContainer startContainer; do
		config '.hooks = {($k): [{path: "/no/such/hook"}]}' --arg k $kind
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "error running $kind hook #0: start '/no/such/hook': No such file or directory"
		fails_with 1 "hooks.$kind[0]"
		config '.hooks = {($k): [{path: $p}]}' --arg k $kind --arg p "$LOG/text"
		[ $kind != startContainer ] || config '.hooks.startContainer[0].path = "/log/text"'
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "Permission denied"
	done
	config '.hooks = {prestart: [{path: "relative/hook"}]}'
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "hooks.prestart[0]"
	fails_with 1 "relative/hook"
}
