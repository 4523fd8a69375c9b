#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# crun's options for symlinks at the ends of a bind.

# A symlink on the host to a file there; what it points at means something else in the container.
link_on_host() {
	mkdir -p "$T/host"
	echo "of the host" > "$T/host/real"
	ln -s real "$T/host/link"
}

# add_bind DESTINATION SOURCE OPTION...
add_bind() {
	local options
	options=$(printf '"%s",' "${@:3}")
	config '.mounts += [{destination: $d, source: $s, options: ["bind", '"${options%,}"']}]' \
		--arg d "$1" --arg s "$2"
}

# both: each test with and without a user namespace: the parent or the child opens the source then.
with_user() {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}]
		| .mounts |= map(select(.type != "mqueue"))'
	chown -hR 100000:200000 "$BUNDLE/rootfs"
}

@test "copy-symlink makes the symlink anew; what is no symlink is bound" {
	local user
	link_on_host
	for user in : with_user; do
		bundle '.root.readonly = false'
		add_bind /new/link "$T/host/link" copy-symlink
		add_bind /there "$T/host/link" copy-symlink
		add_bind /file "$T/host/real" copy-symlink
		ln -s real "$BUNDLE/rootfs/there"
		echo "of the container" > "$BUNDLE/rootfs/new-real"
		$user
		script 'readlink /new/link; readlink /there; cat /file; grep -c " /new/link \| /there " /proc/self/mountinfo'
		run jr run -b "$BUNDLE" "$ID"
		[ "$output" = $'real\nreal\nof the host\n0' ] || { echo "$output"; return 1; }
		[ "$(readlink "$BUNDLE/rootfs/new/link")" = real ]
	done
}

@test "copy-symlink replaces nothing that is there" {
	local there
	link_on_host
	for there in "touch T" "mkdir T" "ln -s other T" "ln -s real2 T" "ln -s rea T"; do
		bundle
		add_bind /there "$T/host/link" copy-symlink
		${there/T/"$BUNDLE/rootfs/there"}
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "'/there' is there already and is no symlink to 'real'"
		[[ "$output" == *"mounts[7]"* ]]
	done
}

@test "copy-symlink goes to its place within the rootfs, wherever symlinks lead" {
	link_on_host
	mkdir "$T/outside"
	bundle '.root.readonly = false'
	ln -s "$T/outside" "$BUNDLE/rootfs/out"
	ln -s ../../../../../../"$T/outside" "$BUNDLE/rootfs/up"
	add_bind /out/link "$T/host/link" copy-symlink
	add_bind /up/link2 "$T/host/link" copy-symlink
	script true
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ -z "$(ls -A "$T/outside")" ]
	[ "$(readlink "$BUNDLE/rootfs/$T/outside/link")" = real ]
}

@test "src-nofollow binds the symlink itself" {
	local user
	link_on_host
	for user in : with_user; do
		bundle
		add_bind /at "$T/host/link" src-nofollow
		add_bind /followed "$T/host/link" rw
		echo "of the container" > "$BUNDLE/rootfs/real"
		echo covered > "$BUNDLE/rootfs/at"
		$user
		script 'readlink /at; cat /at /followed; readlink /followed || echo none'
		run jr run -b "$BUNDLE" "$ID"
		says ""
		[ "$output" = $'real\nof the container\nof the host\nnone' ]
		[ "$(cat "$BUNDLE/rootfs/at")" = covered ]
	done
}

@test "dest-nofollow covers the symlink itself, and what it points at stays in sight" {
	local user
	link_on_host
	for user in : with_user; do
		bundle
		add_bind /at "$T/host/real" dest-nofollow
		add_bind /both "$T/host/link" src-nofollow dest-nofollow
		add_bind /missing/dir "$T/host" dest-nofollow
		echo "of the container" > "$BUNDLE/rootfs/target"
		ln -s target "$BUNDLE/rootfs/at"
		ln -s target "$BUNDLE/rootfs/both"
		$user
		script 'cat /at /target; readlink /at || echo none; readlink /both; cat /missing/dir/link'
		run jr run -b "$BUNDLE" "$ID"
		says ""
		[ "$output" = $'of the host\nof the container\nnone\nreal\nof the host' ]
		[ "$(readlink "$BUNDLE/rootfs/at")" = target ]
	done
}

@test "without dest-nofollow the target of the symlink is what is covered" {
	link_on_host
	bundle
	add_bind /at "$T/host/real" rw
	echo "of the container" > "$BUNDLE/rootfs/target"
	ln -s target "$BUNDLE/rootfs/at"
	script 'cat /at /target; readlink /at'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'of the host\nof the host\ntarget' ]
}

@test "the options exclude each other where they make no sense" {
	link_on_host
	bundle
	add_bind /at "$T/host/link" copy-symlink dest-nofollow
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "copy-symlink goes with neither src-nofollow nor dest-nofollow"
	bundle
	config '.mounts += [{destination: "/t", type: "tmpfs", source: "t", options: ["src-nofollow"]}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "are for binds only"
	bundle
	ln -s nowhere "$BUNDLE/rootfs/at"
	mkdir "$T/host/dir"
	add_bind /at "$T/host/dir" dest-nofollow
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7]"
}
