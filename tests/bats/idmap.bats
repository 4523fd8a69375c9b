#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# A directory whose filesystem can be seen with other ids, with a file of user 5, group 6 in it.
volume() {
	VOLUME="$T/volume"
	mkdir -p "$VOLUME"
	case $(stat -f -c %T "$T") in
	ext2/ext3 | xfs | btrfs) ;;
	*)
		# A tmpfs can be since 6.3.
		mount -t tmpfs volume "$VOLUME" && later umount "$VOLUME"
		sort -VC <<< "6.3"$'\n'"$(uname -r)" || skip "no filesystem here can have its ids mapped"
		;;
	esac
	echo hello > "$VOLUME/file"
	chown 5:6 "$VOLUME/file"
}

# with_user [JQ-FILTER]: a user namespace; its root is 100000 and 200000 on the host.
with_user() {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}]
		| .mounts |= map(select(.type != "mqueue")) '"${1-}"
	chown -R 100000:200000 "$BUNDLE/rootfs"
}

# add_mount OPTIONS-JSON [FURTHER-MEMBERS]: the volume on /v.
add_mount() {
	config '.mounts += [{destination: "/v", source: $v, options: '"$1"'} + '"${2-"{}"}"']' \
		--arg v "$VOLUME"
}

maps() { # UID-INSIDE UID-OUTSIDE GID-INSIDE GID-OUTSIDE
	echo "{uidMappings: [{containerID: $1, hostID: $2, size: 10}],
		gidMappings: [{containerID: $3, hostID: $4, size: 10}]}"
}

OWNERS='stat -c "%u:%g" /v/file; touch /v/new && stat -c "%u:%g" /v/new'

owner() {
	stat -c %u:%g "$VOLUME/$1"
}

@test "without idmap the files of a bind belong to nobody the user namespace knows" {
	volume
	bundle
	with_user
	add_mount '["bind"]'
	script 'stat -c "%u:%g" /v/file; touch /v/new || echo refused'
	run jr run -b "$BUNDLE" "$ID"
	says "65534:65534"
	says refused
}

@test "idmap without mappings shows files as the container's user namespace has them, both ways" {
	volume
	chown 0:0 "$VOLUME"
	bundle
	with_user
	add_mount '["bind", "idmap"]'
	script "$OWNERS"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'5:6\n0:0' ]
	[ "$(owner file)" = 5:6 ]
	[ "$(owner new)" = 0:0 ]
}

@test "the mappings of a mount's own count, with and without a user namespace" {
	volume
	chown 5:6 "$VOLUME"
	bundle
	add_mount '["bind", "idmap"]' "$(maps 5 700 6 800)"
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	script "$OWNERS; chown 702:803 /v/file"
	run jr run -b "$BUNDLE" "$ID"
	says "700:800"
	# Root is in no mapping: it can look, and make nothing.
	[[ "$output" == *"/v/new"* ]]
	[ ! -e "$VOLUME/new" ]
	[ "$(owner file)" = 7:9 ]

	chown 5:6 "$VOLUME/file"
	bundle
	with_user
	# The option may be left out: newer configs need not say it (runc and crun take it so).
	add_mount '["bind"]' "$(maps 5 100000 6 200000)"
	script "$OWNERS"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'0:0\n0:0' ]
	[ "$(owner new)" = 5:6 ]
}

@test "the same volume under other ids twice: each mount has its own" {
	volume
	bundle
	add_mount '["bind", "idmap"]' "$(maps 5 70 6 80)"
	add_mount '["bind", "idmap"]' "$(maps 0 40 0 60) + {destination: \"/w\"}"
	add_mount '["bind"]' '{destination: "/x"}'
	script 'stat -c %u:%g /v/file /w/file /x/file'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'70:80\n45:66\n5:6' ]
}

@test "idmap is for the mount alone, ridmap for what is mounted beneath, too" {
	volume
	mkdir "$VOLUME/sub" "$T/other"
	cp -a "$VOLUME/file" "$T/other/"
	if [ "$(stat -f -c %T "$T/other")" != "$(stat -f -c %T "$VOLUME")" ]; then
		mount --bind "$VOLUME" "$VOLUME/sub"
	else
		mount --bind "$T/other" "$VOLUME/sub"
	fi
	later umount "$VOLUME/sub"
	bundle
	add_mount '["rbind", "idmap"]' "$(maps 5 70 6 80)"
	add_mount '["rbind", "ridmap"]' "$(maps 5 70 6 80) + {destination: \"/w\"}"
	script 'stat -c %u:%g /v/file /v/sub/file /w/file /w/sub/file'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'70:80\n5:6\n70:80\n70:80' ]
}

@test "crun's form of the option: ids of the host, or with @ ids of the container" {
	volume
	bundle
	add_mount '["bind", "idmap=uids=5-70-1#0-90-2;gids=6-80-1"]'
	script 'stat -c %u:%g /v/file; stat -c %u /v'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'70:80\n90' ]

	bundle
	with_user
	add_mount '["bind", "idmap=uids=@5-33-1;gids=@6-44-1"]'
	add_mount '["bind", "idmap=uids=5-100033-1;gids=6-200044-1"]' '{destination: "/w"}'
	# What is not said is as in the user namespace.
	add_mount '["bind", "idmap=uids=@5-33-1"]' '{destination: "/x"}'
	script 'stat -c %u:%g /v/file /w/file /x/file'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = $'33:44\n33:44\n33:6' ]
}

@test "the other options of a mount hold together with mapped ids" {
	volume
	bundle
	add_mount '["bind", "idmap", "ro", "noexec"]' "$(maps 0 0 0 0)"
	script 'grep " /v " /proc/self/mountinfo; touch /v/new'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "ro,noexec"
	[[ "$output" == *"Read-only"* ]]
	[ ! -e "$VOLUME/new" ]
}

@test "a new filesystem can have its ids mapped as well" {
	sort -VC <<< "6.3"$'\n'"$(uname -r)" || skip "the ids of a tmpfs can be mapped since 6.3"
	bundle
	with_user
	mkdir "$BUNDLE/rootfs/fs"
	echo old > "$BUNDLE/rootfs/fs/file"
	chown -R 100005:200006 "$BUNDLE/rootfs/fs"
	config '.mounts += [
		{destination: "/t", type: "tmpfs", source: "t", options: ["idmap", "uid=3", "gid=4", "mode=777"]},
		{destination: "/fs", type: "tmpfs", source: "t", options: ["ridmap", "tmpcopyup", "ro"]},
		{destination: "/u", type: "tmpfs", source: "t", options: ["uid=3", "gid=4"]}]'
	script 'stat -c %u:%g:%a /t; touch /t/x && stat -c %u:%g /t/x; stat -c %u:%g /u /fs/file
		touch /fs/new || echo refused; grep " / /fs " /proc/self/mountinfo'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	echo "$output"
	[[ "$output" == $'3:4:777\n0:0\n3:4\n5:6\n'*$'refused\n'*" / /fs ro,"*",idmapped"* ]]
}

@test "ids as the user namespace of a path has them" {
	volume
	unshare --user --kill-child sleep 1000 3>&- &
	local holder=$!
	disown
	later kill -KILL $holder
	wait_for 10 sh -c "[ \"\$(readlink /proc/$holder/ns/user)\" != '$(readlink /proc/self/ns/user)' ]"
	echo "0 200000 1000" > "/proc/$holder/gid_map"
	echo "0 100000 1000" > "/proc/$holder/uid_map"
	bundle
	with_user
	config 'del(.linux.uidMappings, .linux.gidMappings)
		| .linux.namespaces |= map(if .type == "user" then .path = $p else . end)' \
		--arg p "/proc/$holder/ns/user"
	add_mount '["bind", "idmap"]'
	script "stat -c %u:%g /v/file"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = 5:6 ]
}

@test "what cannot be mapped is refused with the place and the reason" {
	volume
	bundle
	add_mount '["bind", "idmap"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "neither has the mount mappings nor the container a user namespace"
	[[ "$output" == *"mounts[7].options[1]"* ]]

	bundle
	add_mount '["bind", "idmap"]' '{uidMappings: [{containerID: 0, hostID: 1, size: 1}]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7].uidMappings"
	[[ "$output" == *"go together"* ]]

	# The kernel's own filesystems have no owners to speak of.
	bundle
	VOLUME=/proc/sys add_mount '["bind", "idmap"]' "$(maps 0 1 0 1)"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7]"
	[[ "$output" == *"map the ids of a mount (filesystem type 0x9fa0): Invalid argument"*"Fix:"* ]]

	bundle
	config '.mounts += [{destination: "/v", type: "ramfs", source: "v", options: ["idmap"]}
		+ '"$(maps 0 1 0 1)"']'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7]"
	[[ "$output" == *"map the ids"*"Invalid argument"* ]]

	bundle
	config '.mounts += [{destination: "/p", type: "proc", source: "p", options: ["idmap"]}
		+ '"$(maps 0 1 0 1)"']'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "ids cannot be mapped in a filesystem of type proc"
}

@test "nothing is left of the processes and namespaces that the mapping took" {
	volume
	bundle
	add_mount '["bind", "idmap"]' "$(maps 0 1 0 1)"
	script 'ls -l /proc/1/fd | sed "s/.*-> //"'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[[ "$output" != *"user:["* ]]
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	local pid
	pid=$(jr state "$ID" | jq .pid)
	# Whoever is in a user namespace that is not ours would have been left behind.
	[ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ]
	[ "$(pgrep -f -- "--root $STATES" | wc -l)" -eq 0 ]
	jr delete --force "$ID"
}

@test "features says that ids of mounts can be mapped" {
	run jr features
	says ""
	[ "$(jq .linux.mountExtensions.idmap.enabled <<< "$output")" = true ]
	[ "$(jq '[.mountOptions[] | select(. == "idmap" or . == "ridmap" or . == "copy-symlink"
		or . == "src-nofollow" or . == "dest-nofollow")] | length' <<< "$output")" = 5 ]
}
