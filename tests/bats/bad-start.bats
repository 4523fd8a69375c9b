#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is right in itself, and cannot be done: the failure is told to the user of create, and all that was
# made is gone again.
load helpers
load life
load bad

# bats test_tags=slow
@test "a program that is missing or cannot be executed, in the words that engines look for" {
	good_bundle
	printf 'x' > "$BUNDLE/rootfs/plain"
	with '.process.args = ["nosuch"]' 'unable to start container process: exec: "nosuch": executable file not found in $PATH'
	with '.process.args = ["/bin/nosuch"]' "no such file or directory"
	with '.process.args = ["/plain"]' "permission denied"
	with '.process.args = ["/etc"]' 'exec: "/etc": is a directory: permission denied'
	with '.process.args = ["/plain/x"]' "not a directory"
	with '.process.args = [""]' 'exec: "": executable file not found in $PATH'
	cp good.json "$BUNDLE/config.json"
	command_is sleep 100
	started "$ID"
	run jr exec "$ID" nosuch
	fails_with 255 'executable file not found in $PATH'
	run jr exec "$ID" /etc/passwd
	fails_with 255 "permission denied"
}

@test "a root filesystem that is missing, a file, or a loop" {
	good_bundle
	with '.root.path = "nowhere"' "root filesystem '$BUNDLE/nowhere': No such file or directory"
	with '.root.path = "config.json"' "root filesystem '$BUNDLE/config.json': Not a directory"
	ln -s loop "$BUNDLE/loop"
	with '.root.path = "loop"' "Too many levels of symbolic links"
	mkfifo "$BUNDLE/fifo"
	with '.root.path = "fifo"' "Not a directory"
}

@test "a namespace to join that is none, is of another kind, or is not there" {
	good_bundle
	with '.linux.namespaces[0].path = "/nowhere"' "open '/nowhere': No such file or directory"
	with '.linux.namespaces[0].path = "/etc/passwd"' "'/etc/passwd' is no namespace"
	with '.linux.namespaces[0].path = "/proc/self/ns/net"' "of another type than"
	mkfifo "$T/fifo"
	with ".linux.namespaces[0].path = \"$T/fifo\"" "'$T/fifo' is no namespace"
}

@test "a mount that cannot be made is told by its number, and those before it are gone" {
	good_bundle
	with '.mounts += [{destination: "/tmp", type: "nosuchfs", source: "x"}]' "mounts[7] ($BUNDLE/config.json:"
	with '.mounts += [{destination: "/tmp", type: "bind", source: "/nowhere", options: ["bind"]}]' \
		"open '/nowhere': No such file or directory"
	with '.mounts += [{destination: "/tmp", type: "tmpfs", options: ["bogus=1"]}]' "Unknown parameter 'bogus'"
	with '.mounts += [{destination: "/etc/passwd/x", type: "tmpfs"}]' "mounts[7] ("
}

@test "a mount destination that is a symlink out of the root lands inside, or is refused" {
	good_bundle
	mkdir "$T/outside"
	ln -s "$T/outside" "$BUNDLE/rootfs/out"
	ln -s ../../../../../../../../../../../.."$T/outside" "$BUNDLE/rootfs/up"
	config '.root.readonly = false | .mounts += [
		{destination: "/out", type: "tmpfs", source: "t"}, {destination: "/up", type: "tmpfs", source: "t"}]'
	script 'touch /out/mark /up/mark; grep -c " - tmpfs t " /proc/self/mountinfo'
	run jr run -b "$BUNDLE" "$ID"
	[ ! -e "$T/outside/mark" ]
	[ "$(ls -A "$T/outside")" = "" ]
	if [ "$status" -eq 0 ]; then
		same "$output" 2
	else
		fails_with 1 "mounts["
	fi
}

@test "hooks that do not exist: before start the container is gone, at start it is stopped" {
	good_bundle
	local kind
	for kind in prestart createRuntime createContainer; do
		with ".hooks = {$kind: [{path: \"/nowhere\"}]}" \
			"hooks.$kind[0] ($BUNDLE/config.json:"
	done
	with '.hooks = {prestart: [{path: "/etc/passwd"}]}' "Permission denied"
	mkfifo "$T/fifo"
	with ".hooks = {prestart: [{path: \"$T/fifo\"}]}" "Permission denied"
	cp good.json "$BUNDLE/config.json"
	config '.hooks = {startContainer: [{path: "/nowhere"}]}'
	jr create -b "$BUNDLE" "$ID"
	run jr start "$ID"
	fails_with 1 "startContainer"
	is_status "$ID" stopped
}

@test "an id in use: the one who has it is not touched" {
	good_bundle
	command_is sleep 100
	started "$ID"
	run jr create -b "$BUNDLE" "$ID"
	one_error 1 "container with given ID already exists"
	run jr run -b "$BUNDLE" "$ID"
	one_error 1 "container with given ID already exists"
	is_status "$ID" running
}

@test "files of a hostile root: a FIFO as passwd, as the program, as a mount's place, as /dev/null" {
	good_bundle
	rm "$BUNDLE/rootfs/etc/passwd"
	mkfifo "$BUNDLE/rootfs/etc/passwd" "$BUNDLE/rootfs/prog"
	command_is true
	run timeout 60 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	with '.process.args = ["/prog"]' "permission denied"
	chmod 755 "$BUNDLE/rootfs/prog"
	cp good.json "$BUNDLE/config.json"
	command_is /prog
	run timeout 60 "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID"
	one_error 1 "permission denied"
	rm -r "$BUNDLE/rootfs/dev"
	mkdir "$BUNDLE/rootfs/dev"
	mkfifo "$BUNDLE/rootfs/dev/null"
	cp good.json "$BUNDLE/config.json"
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	run timeout 60 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	one_error 1 "'/dev/null' is there already and is another kind of file"
}

@test "a process.json for exec that cannot be read, or is none" {
	good_bundle
	command_is sleep 100
	started "$ID"
	run jr exec -p nowhere.json "$ID"
	fails_with 255 "nowhere.json"
	mkfifo fifo
	run timeout 60 "$JAILRT" --root "$STATES" exec -p fifo "$ID"
	fails_with 255 "'fifo' is no regular file"
	echo '{"cwd": "/", "args": [' > p.json
	run jr exec -p p.json "$ID"
	fails_with 255 "p.json:1:22: not JSON"
	echo '{"cwd": "/", "args": ["true"], "user": {"uid": -1}}' > p.json
	run jr exec -p p.json "$ID"
	fails_with 255 "user.uid (p.json:1:48)"
	is_status "$ID" running
}
