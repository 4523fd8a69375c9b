#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# A mount namespace that stands for the host's, with all its mounts shared as systemd has it, and a shared
# volume with a mount in it: $T/volume and $T/volume/sub. `host COMMAND...` does something there.
begin_host() {
	mkdir -p "$T/volume"
	unshare --mount --propagation private sh -c 'mount --make-rshared / && mount -t tmpfs volume "$1/volume" &&
		mkdir "$1/volume/sub" "$1/volume/new" "$1/volume/inner" && mount -t tmpfs sub "$1/volume/sub" &&
		echo > "$1/held"; exec sleep 1000' sh "$T" 3>&- &
	HOLDER=$!
	disown
	later kill -KILL $HOLDER
	wait_for 10 test -e "$T/held"
}

host() {
	nsenter --mount --target "$HOLDER" -- env -C "$T" "$@"
}

# start_in_host: runs the bundle there as container $ID, until it is killed.
start_in_host() {
	command_is sleep 1000
	host "$JAILRT" --root "$STATES" run -d -b "$BUNDLE" "$ID" > /dev/null
}

# What mountinfo of the container says of the sharing of the mount at PATH: "shared master", "" and so on.
sharing() {
	jr exec "$ID" cat /proc/self/mountinfo | awk -v p="$1" '$5 == p' | tail -n 1 |
		sed -n 's/^\([^ ]* \)\{6\}\(.*\)- .*/\2/p' | sed 's/:[0-9]*//g; s/ *$//'
}

volume() {
	config '.mounts += [{destination: "/volume", source: $s, options: $o}]' --arg s "$T/volume" \
		--argjson o "$(printf '%s\n' "$@" | jq -R . | jq -s .)"
}

# words LIST: of a table below: "a+b" are two, "-" is none.
words() {
	[ "$1" = - ] || echo "${1//+/ }"
}

@test "each word of propagation is set on the mount, the recursive ones on all beneath" {
	local word top sub
	begin_host
	while read -r word top sub; do
		bundle
		volume rbind "$word"
		start_in_host
		echo "$word: '$(sharing /volume)', '$(sharing /volume/sub)'"
		[ "$(sharing /volume)" = "$(words "$top")" ]
		[ "$(sharing /volume/sub)" = "$(words "$sub")" ]
		jr delete --force "$ID"
	done <<-'EOF2'
		private - master
		rprivate - -
		shared shared+master master
		rshared shared+master shared+master
		slave master master
		rslave master master
		unbindable unbindable master
		runbindable unbindable unbindable
	EOF2
}

# mounted SIDE: makes a mount in the volume there, and says who sees it.
mounted_outside() {
	host mount -t tmpfs new volume/new
	host touch volume/new/mark
	jr exec "$ID" test -e /volume/new/mark && echo "the container sees it" || echo "the container does not"
}

mounted_inside() {
	jr exec --cap CAP_SYS_ADMIN "$ID" mount -t tmpfs inner /volume/inner
	jr exec "$ID" touch /volume/inner/mark
	host test -e volume/inner/mark && echo "the host sees it" || echo "the host does not"
}

@test "the propagation of a cgroup mount is that of each hierarchy" {
	begin_host
	bundle '(.mounts[] | select(.type == "cgroup").options) += ["rprivate"]'
	start_in_host
	[ "$(sharing /sys/fs/cgroup)" = "" ]
	local inner=$(jr exec "$ID" awk '$5 ~ "^/sys/fs/cgroup/" { print $5; exit }' /proc/self/mountinfo)
	[ -z "$inner" ] || [ "$(sharing "$inner")" = "" ]
}

@test "a private volume passes mounts on in neither direction" {
	begin_host
	bundle '.linux.rootfsPropagation = "rshared"'
	volume rbind rprivate
	start_in_host
	[ "$(mounted_outside)" = "the container does not" ]
	[ "$(mounted_inside)" = "the host does not" ]
}

@test "a slave volume gets the host's mounts, and keeps its own" {
	begin_host
	bundle
	volume rbind rslave
	start_in_host
	[ "$(mounted_outside)" = "the container sees it" ]
	[ "$(mounted_inside)" = "the host does not" ]
}

@test "a shared volume in a shared root passes mounts on in both directions" {
	begin_host
	bundle '.linux.rootfsPropagation = "rshared"'
	volume rbind rshared
	start_in_host
	[ "$(mounted_outside)" = "the container sees it" ]
	[ "$(mounted_inside)" = "the host sees it" ]
}

@test "what is mounted for the container is not seen by the host, however its root is shared" {
	local how before
	begin_host
	before=$(host cat /proc/self/mountinfo)
	for how in shared rshared slave rslave private rprivate unbindable runbindable ""; do
		bundle '.linux.rootfsPropagation = $h' --arg h "$how"
		volume rbind
		start_in_host
		[ "$(host cat /proc/self/mountinfo)" = "$before" ] || { echo "$how"; false; }
		jr delete --force "$ID"
		[ "$(host cat /proc/self/mountinfo)" = "$before" ]
	done
}

@test "the root has the propagation of the config, and is a slave without one" {
	local how want
	begin_host
	while read -r how want; do
		bundle
		[ "$how" = none ] || config '.linux.rootfsPropagation = $h' --arg h "$how"
		start_in_host
		echo "$how: '$(sharing /)', /proc '$(sharing /proc)'"
		[ "$(sharing /)" = "$(words "$want")" ]
		jr delete --force "$ID"
	done <<-'EOF2'
		none master
		slave master
		private -
		shared shared
		unbindable unbindable
		rprivate -
	EOF2
	bundle '.linux.rootfsPropagation = "sideways"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.rootfsPropagation"
	fails_with 1 "'sideways'"
}

@test "an unbindable root cannot be bound inside" {
	bundle '.linux.rootfsPropagation = "unbindable"
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	script 'mount -o bind / /tmp; mount -o bind /etc /tmp'
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ "${lines[0]}" == *"Invalid argument"* ]]
	[[ "${lines[1]}" == *"Invalid argument"* ]]
	config '.linux.rootfsPropagation = "private"'
	run jr run -b "$BUNDLE" "$ID"
	says ""
}

@test "what the host mounts in the root later is seen with a slave root, and not with a private one" {
	local how
	begin_host
	for how in slave private; do
		bundle '.linux.rootfsPropagation = $h' --arg h "$how"
		mkdir "$BUNDLE/rootfs/late"
		start_in_host
		host mount -t tmpfs late "$BUNDLE/rootfs/late"
		host touch "$BUNDLE/rootfs/late/mark"
		if [ $how = slave ]; then
			jr exec "$ID" test -e /late/mark
		else
			run jr exec "$ID" test -e /late/mark
			[ "$status" -eq 1 ]
		fi
		host umount "$BUNDLE/rootfs/late"
		jr delete --force "$ID"
	done
}
